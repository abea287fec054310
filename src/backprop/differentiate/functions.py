"""Texts of the table made into functions: the arithmetic of a gate, without walking an expression.

A circuit becomes one Python expression over the functions of an arithmetic. Only text from the table is compiled, never
the user's.
"""

from __future__ import annotations

import math
from math import inf, nan

from backprop.circuit.circuit import Circuit
from backprop.circuit.lower import template
from backprop.errors.light import TYPE_CHECKING, Any, Callable, Mapping, Sequence, cache
from backprop.gates import CONSTANT, Gate
from backprop.numbers import floats

if TYPE_CHECKING:
    from types import ModuleType

# Operators of Python that never raise on floats; everything else goes through the arithmetic's function.
OPERATORS = {
    "add": "({} + {})",
    "subtract": "({} - {})",
    "multiply": "({} * {})",
    "negate": "(-{})",
    "less": "({} < {})",
    "less_equal": "({} <= {})",
    "greater": "({} > {})",
    "greater_equal": "({} >= {})",
    "equal": "({} == {})",
    "not_equal": "({} != {})",
    "where": "({1} if {0} else {2})",
}
# The same numbers, or an error of Python's: operators, and functions by those that always answer.
RAISING = {**OPERATORS, "divide": "({} / {})"}
MATH = "exp exp2 expm1 log log2 log10 sqrt sin cos tan asin acos acosh sinh cosh"
RAISING_FUNCTIONS: dict[Callable[..., float], Callable[..., float]] = {
    floats.power: math.pow,
    **{getattr(floats, name): getattr(math, name) for name in MATH.split()},
}


def arithmetic(on_arrays: bool) -> ModuleType:
    """The module with the functions of the gates."""
    if not on_arrays:
        return floats
    from backprop.numbers import arrays

    return arrays


def python(
    circuit: Circuit,
    scope: dict[str, Any],
    on_arrays: bool = False,
    spelt: Mapping[str, str | float] | None = None,
    raising: bool = False,
    truths: bool = False,
    lines: list[str] | None = None,
) -> str:
    """A circuit as a Python expression in its variables' names; what it calls is put into `scope`.

    `spelt` has what stands for a variable instead of its name: other text, or a number, with which is computed at once.
    With `truths`, on arrays, the result of a comparison is true or false, and no number. With `raising`, on floats,
    nothing is computed at once, and where there is no finite number to answer, it may raise what Python raises there.
    What is used more than once is computed once in `lines` ahead, where these are given.
    """
    operators = {} if on_arrays else RAISING if raising else OPERATORS
    texts: list[str | float] = []
    forks = shared(circuit) if lines is not None else set()
    for wire, gate in enumerate(circuit.gates):
        sources = [texts[source] for source in circuit.inputs[wire]]
        if gate is CONSTANT:
            value = circuit.constants[wire]  # an array is the value of an option, and no part of what is computed
            texts.append(value if isinstance(value, float) else "")
        elif not sources:
            name = circuit.names[wire]
            texts.append(name if spelt is None else spelt.get(name, name))
        elif spelt and not raising and (folded := fold(gate, sources)) is not None:
            texts.append(folded)
        else:
            form = operators.get(gate.name)
            if form is None:
                name = f"{gate.name}_{len(scope)}"
                function = forward(gate, len(sources), on_arrays, raising)
                if truths and wire == circuit.output:
                    function = getattr(function, "truths", function)
                scope[name] = function
                form = f"{name}({', '.join('{}' for _ in sources)})"
            texts.append(form.format(*map(operand, sources)))
        if lines is not None and wire in forks:
            lines.append(f"q{wire} = {texts[wire]}")
            texts[wire] = f"q{wire}"
    return operand(texts[circuit.output])


def shared(circuit: Circuit) -> set[int]:
    """The stages that are used more than once."""
    sources = sorted(source for inputs in circuit.inputs for source in inputs if circuit.inputs[source])
    return {one for one, following in zip(sources, sources[1:], strict=False) if one == following}


def mentioned(text: str, scope: Mapping[str, object]) -> tuple[str, ...]:
    """The names that a rule mentions: of a gate of a thousand inputs, each rule has but a few in scope."""
    if len(scope) < 8:
        return tuple(scope)
    import re

    return tuple([word for word in dict.fromkeys(re.findall(r"\w+", text)) if word in scope])


def operand(text: str | float) -> str:
    """A number as it stands in an expression; other text as it is."""
    if isinstance(text, str):
        return text
    return f"({text!r})" if text < 0 else repr(text)


def fold(gate: Gate, sources: list[str | float]) -> str | float | None:
    """What a stage is because of the numbers among its inputs, or None: a number, or one of its inputs."""
    numbers = [source for source in sources if isinstance(source, float)]
    if gate.mixes or not numbers:
        return None
    if len(numbers) == len(sources):
        return float(forward(gate, len(sources))(*numbers))
    from backprop.differentiate.algebra import HANDED_ON

    return HANDED_ON.passed(Texts(), gate, tuple(sources))


class Texts:
    """Texts and numbers, as the algebra asks about them."""

    def opened(self, text: str | float) -> None:
        return None

    def literal(self, text: str | float) -> float | None:
        return text if isinstance(text, float) else None

    def is_boolean(self, text: str | float) -> bool:
        return False


def compiled(
    parameters: tuple[str, ...], body: str, scope: dict[str, Any], lines: Sequence[str] = ()
) -> Callable[..., Any]:
    """A function of the parameters: what some lines and then an expression compute."""
    scope = {"inf": inf, "nan": nan, **scope}
    if not lines:
        made: Callable[..., Any] = eval(f"lambda {', '.join(parameters)}: {body}", scope)
        return made
    body = "\n    ".join([*lines, f"return {body}"])
    exec(f"def function({', '.join(parameters)}):\n    {body}", scope)
    return scope["function"]  # type: ignore[no-any-return]


@cache
def forward(gate: Gate, count: int, on_arrays: bool = False, raising: bool = False) -> Callable[..., Any]:
    """The function of a gate: the arithmetic's own, or else what its row says (see `python` for `raising`)."""
    own = arithmetic(on_arrays).function(gate.name)
    if own is not None:
        own = RAISING_FUNCTIONS.get(own, own) if raising else own
        return with_settings(own, gate.settings) if gate.settings else own
    if not gate.mixes:
        return spelt_on_arrays(gate, count) if on_arrays else spelt_on_floats(gate, count, raising)
    return staged(gate.exact, gate.names(count), gate)


def with_settings(function: Callable[..., Any], settings: dict[str, Any]) -> Callable[..., Any]:
    """A function whose options are set."""
    from functools import partial

    return partial(function, **settings)


def part(gate: Gate, count: int) -> Callable[..., Any]:
    """The function on arrays of a gate that is a part of another one."""
    if gate.name == "mean":
        from backprop.numbers.arrays import mean_of_part

        return with_settings(mean_of_part, gate.settings)
    return forward(gate, count, True)


def spelt_on_floats(gate: Gate, count: int, raising: bool) -> Callable[..., float]:
    """The function of a gate that Python does not have, by those that it has."""
    scope: dict[str, Any] = {}
    lines: list[str] = []
    names = gate.names(count)
    body = python(template(gate.exact, names), scope, raising=raising, lines=lines)
    return compiled(names, body, scope, lines)


def spelt_on_arrays(gate: Gate, count: int) -> Callable[..., Any]:
    """The function of a gate that NumPy does not have, by those that it has; else element by element."""
    from backprop.numbers import elementwise

    def function(*inputs: Any) -> Any:
        first = float(inputs[0]) if getattr(inputs[0], "ndim", 0) == 0 else None
        text = elementwise.spelling(gate, first)
        if text:
            return staged(text, gate.names(count))(*inputs)
        return elementwise.one_by_one(gate.name, count)(*inputs)[()]

    return function


@cache
def staged(text: str, parameters: tuple[str, ...], gate: Gate | None = None) -> Callable[..., Any]:
    """A text as a function on arrays, stage by stage: nothing is computed twice, or kept when it is not needed. It may
    have the options of a `gate` in scope."""
    circuit = template(text, parameters, gate)
    needed = [wire for wire in circuit.ancestors([circuit.output]) if circuit.inputs[wire]]
    last = {source: wire for wire in needed for source in circuit.inputs[wire]}
    spelt = {wire: repr(value) for wire, value in circuit.constants.items()}
    spelt |= {wire: name for name, wire in circuit.variables.items()}
    scope: dict[str, Any] = {}
    lines, made = [], set(needed)
    for wire in needed:
        scope[f"f{wire}"] = part(circuit.gates[wire], len(circuit.inputs[wire]))
        spelt[wire] = f"q{wire}"
        lines.append(f"q{wire} = f{wire}({', '.join([spelt[source] for source in circuit.inputs[wire]])})")
        lines += [f"q{source} = None" for source in {*circuit.inputs[wire]} & made if last[source] == wire]
    return compiled(parameters, spelt[circuit.output], scope, lines)
