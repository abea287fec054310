"""How a stage is written: its gate with its options, on the names of its inputs; and what stands for a constant."""

from __future__ import annotations

from backprop.errors.light import Any, Sequence
from backprop.gates import GATES, Gate
from backprop.gates.row import option_text
from backprop.language.printer import infix, number_text

MOST_ELEMENTS = 12  # of a constant array that is written out


def call_text(gate: Gate, operands: Sequence[str]) -> str:
    """A stage as a person would write it: `q1 * z`, `sum(A, axis=0)`, `w[-1]`, `einsum("ij,jk->ik", A, B)`."""
    if gate.name == "index":
        return index_text(gate.settings["at"], operands)
    if gate.name in ("gather", "scatter"):
        given = 1 if gate.name == "gather" else 2
        return (
            f"{gate.name}({', '.join(operands[:given])}, at={index_text(gate.settings['at'], ['', *operands[given:]])})"
        )
    usual = GATES[gate.name].settings if gate.name in GATES else gate.settings
    options = {option: value for option, value in gate.settings.items() if value != usual[option]}
    if gate.name == "stack" and not options:
        return f"[{', '.join(operands)}]"
    if not options:
        return infix(gate.spelling, operands)
    if "subscripts" in options:
        return f'{gate.spelling}("{options["subscripts"]}", {", ".join(operands)})'
    texts = [f"{option}={option_text(value)}" for option, value in options.items()]
    return f"{gate.spelling}({', '.join([*operands, *texts])})"


def index_text(at: Sequence[Any], operands: Sequence[str]) -> str:
    """An index: `A[0, :, i]`."""
    wires = iter(operands[1:])
    array = operands[0] if operands[0][:1] != "-" else f"({operands[0]})"
    return f"{array}[{', '.join(next(wires) if item in ('wire', 'mask') else subscript_text(item) for item in at)}]"


def subscript_text(item: Any) -> str:
    if isinstance(item, tuple) and item[:1] == ("slice",):
        start, stop, step = ("" if bound is None else option_text(bound) for bound in item[1:])
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
    return "..." if item is ... else "None" if item is None else option_text(item)


def value_text(value: Any) -> str:
    """A number, or an array as its literal; a large one by its shape."""
    if isinstance(value, float):
        return number_text(value)
    if value.size > MOST_ELEMENTS:
        return f"[… {'x'.join(map(str, value.shape))} …]"
    return listed(value.tolist())


def listed(value: Any) -> str:
    return f"[{', '.join(map(listed, value))}]" if isinstance(value, list) else number_text(value)
