"""Rules made into small functions: how a run computes a gate and its gradients, without walking an expression.

A rule is text in the program's own language (see gates); here its circuit becomes one Python expression over the
functions of an arithmetic. Only text from the table is compiled, never the user's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from math import inf, nan
from types import ModuleType
from typing import Any

from backprop.circuit.circuit import Circuit
from backprop.circuit.lower import template
from backprop.errors import Problem
from backprop.gates import CONSTANT, Gate
from backprop.gates.row import added
from backprop.language import parse
from backprop.language.printer import unparse_node
from backprop.numbers import floats

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


def arithmetic(on_arrays: bool) -> ModuleType:
    """The module with the functions of the gates."""
    if not on_arrays:
        return floats
    from backprop.numbers import arrays

    return arrays


def python(
    circuit: Circuit, scope: dict[str, Any], on_arrays: bool = False, spelt: Mapping[str, str | float] | None = None
) -> str:
    """A circuit as a Python expression in its variables' names; what it calls is put into `scope`.

    `spelt` has what stands for a variable instead of its name: other text, or a number, with which is computed at once.
    """
    operators = {} if on_arrays else OPERATORS
    texts: list[str | float] = []
    for wire, gate in enumerate(circuit.gates):
        sources = [texts[source] for source in circuit.inputs[wire]]
        if gate is CONSTANT:
            value = circuit.constants[wire]  # an array is the value of an option, and no part of what is computed
            texts.append(value if isinstance(value, float) else "")
        elif not sources:
            name = circuit.names[wire]
            texts.append(name if spelt is None else spelt.get(name, name))
        elif spelt and (folded := fold(gate, sources)) is not None:
            texts.append(folded)
        else:
            form = operators.get(gate.name)
            if form is None:
                name = f"{gate.name}_{len(scope)}"
                scope[name] = forward(gate, len(sources), on_arrays)
                form = f"{name}({', '.join('{}' for _ in sources)})"
            texts.append(form.format(*map(operand, sources)))
    return operand(texts[circuit.output])


def mentioned(text: str, parameters: tuple[str, ...]) -> tuple[str, ...]:
    """The parameters that a rule mentions: of a gate of a thousand inputs, each rule has but a few in scope."""
    if len(parameters) < 8:
        return parameters
    words = set(re.findall(r"\w+", text))
    return tuple([name for name in parameters if name in words])


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
    if gate.name == "where" and isinstance(sources[0], float):
        return sources[1] if sources[0] else sources[2]
    if gate.name == "multiply" and 1.0 in numbers:
        return sources[1 - sources.index(1.0)]
    if gate.name in ("power", "divide") and sources[1] == 1.0:
        return sources[0]
    return None


def compiled(parameters: tuple[str, ...], body: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """A function of the parameters."""
    made: Callable[..., Any] = eval(f"lambda {', '.join(parameters)}: {body}", {"inf": inf, "nan": nan, **scope})
    return made


@cache
def forward(gate: Gate, count: int, on_arrays: bool = False) -> Callable[..., Any]:
    """The function of a gate: the arithmetic's own, or else its definition compiled."""
    own = arithmetic(on_arrays).function(gate.name)
    if own is not None:
        return partial(own, **gate.settings) if gate.settings else own
    if on_arrays and not gate.mixes and floats.function(gate.name) is not None:
        return spelt_on_arrays(gate, count)
    scope: dict[str, Any] = {}
    parameters = gate.names(count)
    return compiled(parameters, python(template(gate.definition, parameters, gate), scope, on_arrays), scope)


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
def staged(text: str, parameters: tuple[str, ...]) -> Callable[..., Any]:
    """A text as a function on arrays, stage by stage: nothing is computed twice, or kept when it is not needed."""
    circuit = template(text, parameters)
    needed = [wire for wire in circuit.ancestors([circuit.output]) if circuit.inputs[wire]]
    functions = [forward(circuit.gates[wire], len(circuit.inputs[wire]), True) for wire in needed]
    last = {source: wire for wire in needed for source in circuit.inputs[wire]}
    values: list[Any] = [circuit.constants.get(wire) for wire in range(len(circuit.gates))]
    ending = [[source for source in {*circuit.inputs[wire]} if last[source] == wire] for wire in needed]

    def function(*inputs: Any) -> Any:
        at = values.copy()
        for wire, value in zip(circuit.variables.values(), inputs, strict=True):
            at[wire] = value
        for wire, compute, ended in zip(needed, functions, ending, strict=True):
            at[wire] = compute(*[at[source] for source in circuit.inputs[wire]])
            for source in ended:
                at[source] = None
        return at[circuit.output]

    return function


def rule_texts(gate: Gate, count: int, ties: str, wanted: tuple[bool, ...], textbook: bool = False) -> list[str | None]:
    """The partials of a gate for `count` inputs: None for one that is not wanted, or where nothing is sent ("0").

    With `textbook`, they are spelt to be read.
    """
    texts: list[str | None] = []
    rules = (gate.textbook if textbook else ()) or gate.rules(count, ties)
    for name, rule, wants in zip(gate.names(count), rules, wanted, strict=True):
        if wants and rule is None:
            raise Problem("rule", f"{gate.signature()} has no derivative in {name}", hint=f"give {name} as a number")
        texts.append(rule if wants and rule != "0" else None)
    return texts


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
    return re.sub(r"-\((\d[^()]*)\)", r"-\1", text)  # -(3) is written so that it is a gate and no literal


@cache
def partials(gate: Gate, count: int, ties: str, wanted: tuple[bool, ...]) -> Callable[..., tuple[float | None, ...]]:
    """From a gate's inputs and its output to its local gradients; None where none is wanted, 0.0 where it is flat."""
    scope: dict[str, Any] = {}
    parameters = (*gate.names(count), "out")
    texts = [
        "None" if not wants else "0.0" if text is None else f"float({python(template(text, parameters), scope)})"
        for text, wants in zip(rule_texts(gate, count, ties, wanted), wanted, strict=True)
    ]
    return compiled(parameters, f"({', '.join(texts)},)", scope)


@cache
def backward(gate: Gate, count: int, ties: str, wanted: tuple[bool, ...]) -> Callable[..., tuple[float | None, ...]]:
    """From the gradient from above, a gate's inputs and its output to what is sent to each input.

    None means that nothing is sent at all: the input is a constant, the gate is flat there, or it is a branch that was
    not taken. That is more than 0: 0 times an infinite slope further down would be nan.
    """
    scope: dict[str, Any] = {}
    parameters = (*gate.names(count), "out")
    texts = []
    for text in rule_texts(gate, count, ties, wanted):
        if text is None:
            texts.append("None")
        elif gate.routes:
            texts.append(f"g * p if (p := {python(template(text, parameters), scope)}) else None")
        else:
            texts.append(sent(python(template(text, parameters), scope)))
    return compiled(("g", *parameters), f"({', '.join(texts)},)", scope)


def sent(partial: str) -> str:
    """Gradient from above times local gradient; times 1 and -1 is spared."""
    return {"1.0": "g", "(-1.0)": "-g"}.get(partial, f"g * {partial}")


Literals = tuple[float | None, ...]


@cache
def array_rules(
    gate: Gate, count: int, ties: str, wanted: tuple[bool, ...], literals: Literals = (), same: tuple[int, ...] = ()
) -> Callable[..., tuple[Any, ...]]:
    """The rules of a gate as one function on arrays, None where nothing is wanted or sent.

    For a gate that acts element by element, and does not route, from (g, inputs, out) to g times the partials; for one
    that routes, to the partials alone; for one that mixes elements, to the gradients themselves. `literals` has the
    numbers among the inputs, None for the others; `same` has for each input the first one that is the same wire: what
    they get by one and the same rule is computed once, and the first gets it as many times.
    """
    scope: dict[str, Any] = {}
    names = gate.names(count)
    parameters = ("g", *names, "out")
    texts = rule_texts(gate, count, ties, wanted)
    times = [1] * count
    if same and not gate.routes:
        share(texts, times, names, same)
    numbers = {name: number for name, number in zip(names, literals, strict=False) if number is not None}
    bodies = []
    for text, number_of_times in zip(texts, times, strict=True):
        if text is None:
            bodies.append("None")
        elif gate.mixes:
            spelt = {"g": f"({float(number_of_times)} * g)"} if number_of_times > 1 else None
            bodies.append(python(template(text, mentioned(text, parameters), gate), scope, True, spelt))
        else:
            body = python(template(text, mentioned(text, parameters), gate), scope, True, numbers)
            scope["times"] = arithmetic(True).function("multiply")
            if not gate.routes:
                body = {"1.0": "g", "(-1.0)": "-g"}.get(body, f"times(g, {body})")
            bodies.append(f"times({body}, {float(number_of_times)})" if number_of_times > 1 else body)
    return compiled(parameters, f"({', '.join(bodies)},)", scope)


@cache
def reach(gate: Gate, count: int, ties: str, wanted: tuple[bool, ...]) -> Callable[..., tuple[Any, ...]]:
    """The rules by which a mask of what is alive in a gate that mixes elements goes back to its inputs."""
    if not gate.reach:
        return array_rules(gate, count, ties, wanted)
    scope: dict[str, Any] = {}
    parameters = ("g", *gate.names(count), "out")
    bodies = [
        python(template(text or "", parameters, gate), scope, True) if wants else "None"
        for text, wants in zip(gate.reach, wanted, strict=True)
    ]
    return compiled(parameters, f"({', '.join(bodies)},)", scope)


def share(texts: list[str | None], times: list[int], names: tuple[str, ...], same: tuple[int, ...]) -> None:
    """Where inputs are one wire and their rules one text, let the first of them have it as many times."""
    first: dict[tuple[int, str], int] = {}
    for place, text in enumerate(texts):
        if text is None:
            continue
        for name, original in zip(names, same, strict=True):
            text = re.sub(rf"\b{name}\b", names[original], text)
        owner = first.setdefault((same[place], text), place)
        if owner != place:
            texts[place] = None
            times[owner] += 1


@cache
def array_partials(
    gate: Gate, count: int, ties: str, wanted: tuple[bool, ...], literals: Literals = ()
) -> Callable[..., tuple[Any, ...]]:
    """The local gradients of an element-wise gate on arrays; None where none is wanted, 0.0 where it is flat."""
    scope: dict[str, Any] = {}
    names = gate.names(count)
    parameters = (*names, "out")
    numbers = {name: number for name, number in zip(names, literals, strict=False) if number is not None}
    texts = [
        "None" if not wants else "0.0" if text is None else python(template(text, parameters), scope, True, numbers)
        for text, wants in zip(rule_texts(gate, count, ties, wanted), wanted, strict=True)
    ]
    return compiled(parameters, f"({', '.join(texts)},)", scope)


@cache
def condition(text: str, gate: Gate, count: int, on_arrays: bool = False) -> Callable[..., Any]:
    """A gate's domain or kink as a function of its inputs and output."""
    scope: dict[str, Any] = {}
    parameters = (*gate.names(count), "out")
    return compiled(parameters, python(template(text, parameters, gate), scope, on_arrays), scope)


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


def of_stage(circuit: Circuit, wire: int, make: Callable[..., Callable[..., Any]], ties: str, *more: Any) -> Any:
    """What `make` (backward, array_rules, …) makes of a stage's gate; a gate without a rule is named with its place."""
    try:
        return make(circuit.gates[wire], len(circuit.inputs[wire]), ties, *more)
    except Problem as problem:
        raise circuit.locate(problem, wire) from None
