"""Rules made into small functions: how a run computes a gate and its gradients, without walking an expression.

A rule is text in the program's own language (see gates); here its circuit becomes one Python expression over the
functions of an arithmetic. Only text from the table is compiled, never the user's.
"""

from __future__ import annotations

from backprop.circuit.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate.functions import arithmetic, compiled, mentioned, python
from backprop.errors import Problem
from backprop.errors.light import Any, Callable, Mapping, NamedTuple, cache
from backprop.gates import Gate
from backprop.gates.row import Rules, added
from backprop.language import parse
from backprop.language.printer import unparse_node


def rule_texts(gate: Gate, count: int, ties: str, wanted: tuple[bool, ...], textbook: bool = False) -> list[str | None]:
    """The partials of a gate for `count` inputs: None for one that is not wanted, or where nothing is sent ("0").

    With `textbook`, they are spelt to be read.
    """
    return chosen(gate, (gate.textbook if textbook else ()) or gate.rules(count, ties), wanted)


def chosen(gate: Gate, rules: Rules, wanted: tuple[bool, ...]) -> list[str | None]:
    texts: list[str | None] = []
    for name, rule, wants in zip(gate.names(len(wanted)), rules, wanted, strict=True):
        if wants and rule is None:
            raise Problem("rule", f"{gate.signature()} has no derivative in {name}", hint=f"give {name} as a number")
        texts.append(rule if wants and rule != "0" else None)
    return texts


class Texts(NamedTuple):
    """The rules of a gate as they are computed: what they share, by name and in order, and one for each input."""

    shared: dict[str, str]
    rules: list[str | None]


def shared_texts(gate: Gate, count: int, ties: str, wanted: tuple[bool, ...], textbook: bool = False) -> Texts:
    """The same as `rule_texts`, without saying anything again for each of many inputs."""
    if textbook and gate.textbook:
        return Texts({}, chosen(gate, gate.textbook, wanted))
    shared, rules = gate.shared_rules(count, ties)
    return Texts(shared, chosen(gate, rules, wanted))


class Writer:
    """Writes the rules of a gate as the body of a Python function of its inputs and its output."""

    def __init__(self, gate: Gate, texts: Texts, on_arrays: bool = False) -> None:
        self.gate = gate
        self.texts = texts
        self.parameters = (*gate.names(len(texts.rules)), "out")
        self.names = dict.fromkeys(("g", *self.parameters, *texts.shared))
        self.scope: dict[str, Any] = {}
        self.on_arrays = on_arrays

    def python(self, text: str, spelt: Mapping[str, str | float] | None = None, truths: bool = False) -> str:
        """A rule as an expression; with `truths`, one that is a comparison as a mask."""
        circuit = template(text, mentioned(text, self.names), self.gate)
        return python(circuit, self.scope, self.on_arrays, spelt, truths=truths)

    def function(self, bodies: list[str], *before: str, spelt: Mapping[str, float] | None = None) -> Callable[..., Any]:
        """The function of the parameters `before`, the inputs and the output."""
        shared = [f"{name} := {self.python(text, spelt)}" for name, text in self.texts.shared.items()]
        body = f"({', '.join([*shared, *bodies])},)" + (f"[{len(shared)}:]" if shared else "")
        return compiled((*before, *self.parameters), body, self.scope)


def substituted(expression: str, others: dict[str, str | float]) -> str:
    """An expression with other names, or numbers, in place of names. It can be typed in."""
    program = parse(expression)
    for node, op in enumerate(program.ops):
        other = others.get(program.operands[node]) if op == "name" else None
        if other is not None:
            program.operands[node] = other
            program.ops[node] = "name" if isinstance(other, str) else "number"
    text = unparse_node(program, program.statements[-1].value)
    if text.startswith("--"):
        return f"-({text[1:]})"
    if "-(" not in text:
        return text
    import re

    return re.sub(r"-\((\d[^()]*)\)", r"-\1", text)  # -(3) is written so that it is a gate and no literal


@cache
def partials(gate: Gate, count: int, ties: str, wanted: tuple[bool, ...]) -> Callable[..., tuple[float | None, ...]]:
    """From a gate's inputs and its output to its local gradients; None where none is wanted, 0.0 where it is flat."""
    writer = Writer(gate, shared_texts(gate, count, ties, wanted))
    return writer.function(
        [
            "None" if not wants else "0.0" if text is None else f"float({writer.python(text)})"
            for text, wants in zip(writer.texts.rules, wanted, strict=True)
        ]
    )


@cache
def backward(gate: Gate, count: int, ties: str, wanted: tuple[bool, ...]) -> Callable[..., tuple[float | None, ...]]:
    """From the gradient from above, a gate's inputs and its output to what is sent to each input.

    None means that nothing is sent at all: the input is a constant, the gate is flat there, or it is a branch that was
    not taken. That is more than 0: 0 times an infinite slope further down would be nan.
    """
    writer = Writer(gate, shared_texts(gate, count, ties, wanted))
    bodies = []
    for text in writer.texts.rules:
        if text is None:
            bodies.append("None")
        elif gate.routes:
            bodies.append(f"g * p if (p := {writer.python(text)}) else None")
        else:
            bodies.append(sent(writer.python(text)))
    return writer.function(bodies, "g")


def sent(partial: str, g: str = "g") -> str:
    """Gradient from above times local gradient; times 1 and -1 is spared."""
    return {"1.0": g, "(-1.0)": f"-{g}"}.get(partial, f"{g} * {partial}")


Literals = tuple[float | None, ...]


@cache
def array_rules(
    gate: Gate, count: int, ties: str, wanted: tuple[bool, ...], literals: Literals = (), same: tuple[int, ...] = ()
) -> Callable[..., tuple[Any, ...]]:
    """The rules of a gate as one function on arrays, None where nothing is wanted or sent.

    For a gate that acts element by element, and does not route, from (g, inputs, out) to g times the partials; for one
    that routes, to the partials alone (masks, where they are comparisons); for one that mixes elements, to the
    gradients themselves. `literals` has the numbers among the inputs, None for the others; `same` has for each input
    the first one that is the same wire: what they get by one and the same rule is computed once, and the first gets it
    as many times.
    """
    if gate.pieces:
        return in_one_pass(gate, wanted)
    writer = Writer(gate, shared_texts(gate, count, ties, wanted), on_arrays=True)
    names, texts = gate.names(count), writer.texts.rules
    times = [1] * count
    if same and not gate.routes:
        share(texts, times, names, same)
    numbers = {name: number for name, number in zip(names, literals, strict=False) if number is not None}
    writer.scope["times"] = arithmetic(True).function("multiply")
    bodies = []
    for text, number_of_times in zip(texts, times, strict=True):
        if text is None:
            bodies.append("None")
        elif gate.mixes:
            spelt = {"g": f"({float(number_of_times)} * g)"} if number_of_times > 1 else None
            bodies.append(writer.python(text, spelt))
        else:
            body = writer.python(text, numbers, truths=gate.routes)
            if not gate.routes:
                body = {"1.0": "g", "(-1.0)": "-g"}.get(body, f"times(g, {body})")
            bodies.append(f"times({body}, {float(number_of_times)})" if number_of_times > 1 else body)
    return writer.function(bodies, "g", spelt=numbers)


def in_one_pass(gate: Gate, wanted: tuple[bool, ...]) -> Callable[..., tuple[Any, ...]]:
    """The rules of a gate that has a function for what all its inputs get."""
    pieces = arithmetic(True).function(gate.pieces)

    def function(g: Any, *inputs_and_out: Any) -> tuple[Any, ...]:
        found = pieces(g, *inputs_and_out[:-1], **gate.settings)
        return tuple([piece if wants else None for piece, wants in zip(found, wanted, strict=True)])

    return function


@cache
def reach(gate: Gate, count: int, ties: str, wanted: tuple[bool, ...]) -> Callable[..., tuple[Any, ...]]:
    """The rules by which a mask of what is alive in a gate that mixes elements goes back to its inputs."""
    texts, flows = gate.reaches(count, ties)
    if any(flows) or gate.routes:
        return array_rules(gate, count, ties, wanted)
    scope: dict[str, Any] = {}
    parameters = ("g", *gate.names(count), "out")
    bodies = [
        python(template(text or "", parameters, gate), scope, True) if wants else "None"
        for text, wants in zip(texts, wanted, strict=True)
    ]
    return compiled(parameters, f"({', '.join(bodies)},)", scope)


def share(texts: list[str | None], times: list[int], names: tuple[str, ...], same: tuple[int, ...]) -> None:
    """Where inputs are one wire and their rules one text, let the first of them have it as many times."""
    import re

    first: dict[tuple[int, str], int] = {}
    original = {name: names[place] for name, place in zip(names, same, strict=True)}
    for place, text in enumerate(texts):
        if text is None:
            continue
        text = re.sub(r"\w+", lambda word: original.get(word[0], word[0]), text)
        owner = first.setdefault((same[place], text), place)
        if owner != place:
            texts[place] = None
            times[owner] += 1


@cache
def array_partials(
    gate: Gate, count: int, ties: str, wanted: tuple[bool, ...], literals: Literals = (), flat: str = "0.0"
) -> Callable[..., tuple[Any, ...]]:
    """The local gradients of an element-wise gate on arrays; None where none is wanted, `flat` where it is flat."""
    writer = Writer(gate, shared_texts(gate, count, ties, wanted), on_arrays=True)
    numbers = {name: number for name, number in zip(gate.names(count), literals, strict=False) if number is not None}
    bodies = [
        "None" if not wants else flat if text is None else writer.python(text, numbers)
        for text, wants in zip(writer.texts.rules, wanted, strict=True)
    ]
    return writer.function(bodies, spelt=numbers)


@cache
def condition(text: str, gate: Gate, count: int, on_arrays: bool = False) -> Callable[..., Any]:
    """A gate's domain or kink as a function of its inputs and output."""
    scope: dict[str, Any] = {}
    parameters = (*gate.names(count), "out")
    circuit = template(text, mentioned(text, dict.fromkeys(parameters)), gate)
    return compiled(parameters, python(circuit, scope, on_arrays), scope)


@cache
def kink(gate: Gate, count: int, on_arrays: bool = False) -> Callable[..., Any]:
    """Whether a gate sits on its kink, from its inputs and output; for a gate of any number of inputs, on a tie."""
    if not gate.variadic:
        return condition(gate.kink, gate, count, on_arrays)
    return condition(f"{added([f'({name} == out)' for name in gate.names(count)])} > 1", gate, count, on_arrays)


@cache
def piece(gate: Gate, count: int, on_arrays: bool = False) -> tuple[Callable[..., Any], ...]:
    """What is constant on each smooth piece of a gate, as functions of its inputs and output; none for a smooth gate.

    Of a gate of any number of inputs, which of them it chose; of a flat one, its value; else on which side of its kink
    it is: for every `a == b` in the kink, the sign of a - b.
    """
    names = gate.names(count)
    if gate.piece:
        texts = [gate.piece]
    elif not gate.kink:
        texts = []
    elif gate.variadic:
        texts = [f"{name} == out" for name in names]
    elif gate.flat:
        texts = ["out"]
    else:
        program = parse(gate.kink)
        sides = [program.operands[node] for node, op in enumerate(program.ops) if op == "equal"]
        texts = [f"sign(({unparse_node(program, left)}) - ({unparse_node(program, right)}))" for left, right in sides]
    return tuple(condition(text, gate, count, on_arrays) for text in texts)


def of_stage(circuit: Circuit, wire: int, make: Callable[..., Any], ties: str, *more: Any) -> Any:
    """What `make` (backward, array_rules, …) makes of a stage's gate; a gate without a rule is named with its place."""
    try:
        return make(circuit.gates[wire], len(circuit.inputs[wire]), ties, *more)
    except Problem as problem:
        raise circuit.locate(problem, wire) from None
