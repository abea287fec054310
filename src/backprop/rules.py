"""Rules made into small functions: how a run computes a gate and its gradients, without walking an expression.

A rule is text in the program's own language (see gates); here its circuit becomes one Python expression over the
functions of an arithmetic. Only text from the table is compiled, never the user's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from backprop.circuit.circuit import Circuit
from backprop.circuit.lower import template
from backprop.errors import Problem
from backprop.gates import CONSTANT, Gate
from backprop.numbers import scalars

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


def python(circuit: Circuit, scope: dict[str, Any]) -> str:
    """A circuit as a Python expression in its variables' names; what it calls is put into `scope`."""
    texts: list[str] = []
    for wire, gate in enumerate(circuit.gates):
        if gate is CONSTANT:
            value = circuit.constants[wire]
            texts.append(f"({value!r})" if value < 0 else repr(value))
        elif not circuit.inputs[wire]:
            texts.append(circuit.names[wire])
        else:
            form = OPERATORS.get(gate.name)
            if form is None:
                scope[f"{gate.name}_"] = forward(gate, len(circuit.inputs[wire]))
                form = f"{gate.name}_({', '.join('{}' for _ in circuit.inputs[wire])})"
            texts.append(form.format(*(texts[source] for source in circuit.inputs[wire])))
    return texts[circuit.output]


def compiled(parameters: tuple[str, ...], body: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """A function of the parameters."""
    made: Callable[..., Any] = eval(f"lambda {', '.join(parameters)}: {body}", scope)
    return made


@cache
def forward(gate: Gate, count: int) -> Callable[..., float]:
    """The function of a gate: the arithmetic's own, or else its definition compiled."""
    own = scalars.function(gate.name)
    if own is not None:
        return own
    scope: dict[str, Any] = {}
    parameters = gate.names(count)
    return compiled(parameters, python(template(gate.definition, parameters), scope), scope)


def rule_texts(gate: Gate, count: int, ties: str, wanted: tuple[bool, ...]) -> list[str | None]:
    """The partials of a gate for `count` inputs: None for one that is not wanted, or where nothing is sent ("0")."""
    texts: list[str | None] = []
    for name, rule, wants in zip(gate.names(count), gate.rules(count, ties), wanted, strict=True):
        if wants and rule is None:
            raise Problem("rule", f"{gate.signature()} has no derivative in {name}", hint=f"give {name} as a number")
        texts.append(rule if wants and rule != "0" else None)
    return texts


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


@cache
def condition(text: str, gate: Gate, count: int) -> Callable[..., float]:
    """A gate's domain or kink as a function of its inputs and output."""
    scope: dict[str, Any] = {}
    parameters = (*gate.names(count), "out")
    return compiled(parameters, python(template(text, parameters), scope), scope)


@cache
def kink(gate: Gate, count: int) -> Callable[..., float]:
    """Whether a gate sits on its kink, from its inputs and output; for a gate of any number of inputs, on a tie."""
    if not gate.variadic:
        return condition(gate.kink, gate, count)
    return condition(f"{' + '.join(f'({name} == out)' for name in gate.names(count))} > 1", gate, count)
