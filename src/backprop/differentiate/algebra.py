"""One algebra: what may stand for what, as data; one matcher of patterns, and one splicer of templates.

A rewriting is two texts in the program's own language, a pattern and what stands in its place. Whoever builds a circuit
(Growing), a straight-line program (rows.compute) or the expression of a rule (functions) has an Algebra of the lists
that it allows itself, and answers a few questions about its wires (Host).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol, TypeVar

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.gates import CONSTANT, GATES, INPUT, Gate

BITS, ZEROS, DIGITS = "every bit", "all but the sign of a zero", "all digits but the last"
NEGATE = GATES["negate"]
Wire = TypeVar("Wire")


class Rewriting(NamedTuple):
    """What may stand for what, and what of the value it keeps.

    `x` and `y` are any wires, `c` is one that is 0 or 1. A number in a pattern is that very number; in the place of a
    condition it is its truth.
    """

    pattern: str
    result: str
    keeps: str = BITS


# A gate that hands on one of its inputs, because of what the others are.
NEUTRAL = (
    Rewriting("x * 1", "x"),
    Rewriting("x / 1", "x"),
    Rewriting("x^1", "x"),
    Rewriting("where(1, x, y)", "x"),
    Rewriting("where(0, x, y)", "y"),
)
# What the derivation itself adds: a gradient that has not arrived, a mask as a number.
INTRODUCED = (
    Rewriting("x + 0", "x", ZEROS),
    Rewriting("x - 0", "x"),
    Rewriting("where(c, 1, 0)", "c"),
)
# Minus signs are drawn out of an operation, or into it.
SIGNS = (
    Rewriting("x * -1", "-x"),
    Rewriting("-(-x)", "x"),
    Rewriting("(-x) * (-y)", "x * y"),
    Rewriting("(-x) / (-y)", "x / y"),
    Rewriting("(-x) * y", "-(x * y)"),
    Rewriting("(-x) / y", "-(x / y)"),
    Rewriting("x / (-y)", "-(x / y)"),
    Rewriting("x + -y", "x - y"),
    Rewriting("x - -y", "x + y"),
)
PARITY = tuple(
    Rewriting(f"{gate.name}(-x)", f"{'-' if gate.parity == 'odd' else ''}{gate.name}(x)")
    for gate in GATES.values()
    if gate.parity and gate is not NEGATE
)
# Powers with a small whole exponent, which array libraries compute 20 times as slowly as products.
POWERS = (
    Rewriting("x^1", "x"),
    Rewriting("x^2", "square(x)", DIGITS),
    Rewriting("x^3", "square(x) * x", DIGITS),
    Rewriting("x^4", "square(square(x))", DIGITS),
    Rewriting("x^(-1)", "reciprocal(x)", DIGITS),
    Rewriting("x * x", "square(x)"),
    Rewriting("1 / x", "reciprocal(x)"),
    Rewriting("identity(x)", "x"),
)


class Seen(Protocol[Wire]):
    """What a matcher asks about wires."""

    def opened(self, wire: Wire) -> tuple[Gate, Sequence[Wire]] | None:
        """The gate whose result a wire is, and its inputs, where one may look through it."""

    def literal(self, wire: Wire) -> float | None:
        """The number that a wire is."""

    def is_boolean(self, wire: Wire) -> bool:
        """Whether a wire is 0 or 1."""


class Host(Seen[Wire], Protocol[Wire]):
    """What is built: it can be asked, and added to."""

    def constant(self, value: float) -> Wire:
        """The wire of a number."""

    def put(self, gate: Gate, inputs: tuple[Wire, ...]) -> Wire:
        """The wire of a gate's result."""


class Stages:
    """The stages of a circuit, all of which may be looked through."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit

    def opened(self, wire: int) -> tuple[Gate, tuple[int, ...]] | None:
        return self.circuit.gates[wire], self.circuit.inputs[wire]

    def literal(self, wire: int) -> float | None:
        return self.circuit.number(wire)

    def is_boolean(self, wire: int) -> bool:
        return self.circuit.gates[wire].compares


class Compiled(NamedTuple):
    """A rewriting whose texts are circuits. `kinds` says of each input of the pattern's last gate what it must be: the
    name of a gate, "number", or "" for anything."""

    pattern: Circuit
    result: Circuit
    kinds: tuple[str, ...]


class Algebra:
    """The rewritings that somebody allows, the first ones first."""

    def __init__(self, *allowed: Rewriting) -> None:
        self.allowed = allowed
        self.of: dict[Gate, list[Compiled]] | None = None
        self.fitting: dict[tuple[Gate, tuple[str, ...]], list[Compiled]] = {}

    def rewritten(self, host: Host[Wire], gate: Gate, inputs: tuple[Wire, ...]) -> Wire | None:
        """The wire that stands for the result of a gate, by the first rewriting that fits; None: none does."""
        for result, bound in self.found(host, gate, inputs):
            return spliced(result, [bound[wire] for wire in result.variables.values()], host.constant, host.put)
        return None

    def passed(self, host: Seen[Wire], gate: Gate, inputs: tuple[Wire, ...]) -> Wire | None:
        """The same, where nothing may be added: the input that a gate hands on."""
        for result, bound in self.found(host, gate, inputs):
            if result.gates[result.output] is INPUT:
                return bound[result.output]
        return None

    def found(
        self, host: Seen[Wire], gate: Gate, inputs: tuple[Wire, ...]
    ) -> Iterator[tuple[Circuit, dict[int, Wire]]]:
        """The results of the rewritings that fit, with what their variables are."""
        if self.of is None:
            self.of = {}
            for one in map(compiled, self.allowed):
                self.of.setdefault(one.pattern.gates[one.pattern.output], []).append(one)
        if gate in self.of:
            for one in self.candidates(gate, tuple([kind_of(host, wire) for wire in inputs])):
                for order in orders(gate, inputs):
                    bound = match_all(host, order, one.pattern, one.pattern.output, {})
                    if bound is not None:
                        yield one.result, bound
                        break

    def candidates(self, gate: Gate, kinds: tuple[str, ...]) -> list[Compiled]:
        """The rewritings that inputs of such kinds may fit: for most there is none, and nothing is tried."""
        key = gate, kinds
        if key not in self.fitting:
            assert self.of is not None
            self.fitting[key] = [one for one in self.of[gate] if may_fit(one, gate, kinds)]
        return self.fitting[key]


HANDED_ON = Algebra(*NEUTRAL)


def kind_of(host: Seen[Wire], wire: Wire) -> str:
    """What a wire is, as a pattern may ask for it."""
    if host.literal(wire) is not None:
        return "number"
    found = host.opened(wire)
    return "" if found is None else found[0].name


def may_fit(one: Compiled, gate: Gate, kinds: tuple[str, ...]) -> bool:
    """Whether inputs of such kinds may be those of a pattern."""
    return len(one.kinds) == len(kinds) and any(
        all(wanted in ("", kind) for wanted, kind in zip(order, kinds, strict=True))
        for order in orders(gate, one.kinds)
    )


@cache
def compiled(rewriting: Rewriting) -> Compiled:
    """The circuits of a rewriting, over the same variables."""
    names = tuple(sorted(set(re.findall(r"\b[cxy]\b", rewriting.pattern))))
    pattern, result = template(rewriting.pattern, names), template(rewriting.result, names)
    return Compiled(pattern, result, tuple(kind(pattern, wire) for wire in pattern.inputs[pattern.output]))


def kind(pattern: Circuit, wire: int) -> str:
    """What must be at a place of a pattern."""
    gate = pattern.gates[wire]
    return "" if gate is INPUT else "number" if number_of(pattern, wire) is not None else gate.name


def number_of(pattern: Circuit, wire: int) -> float | None:
    """The number at a place of a pattern, which may have a sign."""
    if pattern.gates[wire] is CONSTANT:
        return float(pattern.constants[wire])
    if pattern.gates[wire] is NEGATE and pattern.gates[pattern.inputs[wire][0]] is CONSTANT:
        return -float(pattern.constants[pattern.inputs[wire][0]])
    return None


def orders(gate: Gate, inputs: Sequence[Any]) -> list[Sequence[Any]]:
    """The inputs of a gate, and turned round where that is the same."""
    return [inputs, inputs[::-1]] if gate.commutes and len(inputs) == 2 else [inputs]


# ── the matcher ──


def match(host: Seen[Wire], wire: Wire, pattern: Circuit, node: int, bound: dict[int, Wire]) -> dict[int, Wire] | None:
    """Bind the variables of a pattern so that its node is what a wire is; None where it is not."""
    gate = pattern.gates[node]
    if gate is INPUT:
        if node in bound:
            return bound if bound[node] == wire else None
        if pattern.names[node] == "c" and not host.is_boolean(wire):
            return None
        return {**bound, node: wire}
    number = number_of(pattern, node)
    if number is not None and host.literal(wire) == number:
        return bound
    if gate is CONSTANT:
        return None
    found = host.opened(wire)
    if found is None or found[0] is not gate or len(found[1]) != len(pattern.inputs[node]):
        return None
    for order in orders(gate, found[1]):
        inner = match_all(host, order, pattern, node, bound)
        if inner is not None:
            return inner
    return None


def match_all(
    host: Seen[Wire], wires: Sequence[Wire], pattern: Circuit, node: int, bound: dict[int, Wire]
) -> dict[int, Wire] | None:
    """The same for all inputs of a node, in this order."""
    found: dict[int, Wire] | None = bound
    choice = pattern.gates[node].name == "where"
    for place, (wire, inner) in enumerate(zip(wires, pattern.inputs[node], strict=True)):
        if found is None:
            return None
        truth = number_of(pattern, inner) if choice and place == 0 else None
        if truth is None:
            found = match(host, wire, pattern, inner, found)
        else:
            number = host.literal(wire)
            found = found if number is not None and bool(number) == bool(truth) else None
    return found


# ── the splicer ──


def spliced(
    rule: Circuit,
    scope: Sequence[Wire],
    constant: Callable[[float], Wire],
    put: Callable[[Gate, tuple[Wire, ...]], Wire],
) -> Wire:
    """The stages of a template, with its variables standing for the wires in `scope`; the wire of its result."""
    wires: list[Wire | None] = []
    variables = iter(scope)
    for wire, gate in enumerate(rule.gates):
        if gate is INPUT:
            wires.append(next(variables))
        elif gate is CONSTANT:
            value = rule.constants[wire]  # an array is the value of an option, and no part of what is computed
            wires.append(constant(value) if isinstance(value, float) else None)
        else:
            wires.append(put(gate, tuple([wires[source] for source in rule.inputs[wire]])))  # type: ignore[misc]
    result = wires[rule.output]
    assert result is not None
    return result
