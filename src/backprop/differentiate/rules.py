"""Rules made into small functions: how a run computes a gate and its gradients, without walking an expression.

A rule is text in the program's own language (see gates); here its circuit becomes one Python expression over the
functions of an arithmetic. Only text from the table is compiled, never the user's.
"""

from __future__ import annotations

import re
from functools import cache

from backprop.circuit.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate.functions import arithmetic, compiled, mentioned, python
from backprop.errors import Problem
from backprop.gates import Gate
from backprop.gates.row import added
from backprop.language import parse
from backprop.language.printer import unparse_node

TYPE_CHECKING = False  # typing would be a large part of a plain run
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


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
