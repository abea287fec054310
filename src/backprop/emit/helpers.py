"""Gates that a target has no word for, as functions of the program's own: their definitions in the target's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from backprop.circuit.lower import template
from backprop.emit.listing import Line, straight
from backprop.emit.naming import Naming
from backprop.emit.target import Target, Text
from backprop.gates import CONSTANT, GATES, INPUT, Gate


class Helper(NamedTuple):
    """A function that a program needs: written by hand (`source`), or a gate's definition as lines."""

    gate: Gate
    source: str
    parameters: list[str]
    lines: list[Line]
    result: Text


def helpers(target: Target) -> Iterator[Helper]:
    """The helpers of the program that a target has just written, each behind those that it calls."""
    made: dict[str, Helper] = {}
    begun: set[str] = set()  # erf and erfc call each other
    pending = list(target.used.values())
    while pending:
        gate = pending[-1]
        if gate.name in made:
            pending.pop()
            continue
        target.used = {}
        helper = defined(gate, target)
        missing = [used for used in target.used.values() if used.name not in begun and used is not gate]
        begun.add(gate.name)
        if missing:
            pending += missing
            continue
        pending.pop()
        made[gate.name] = helper
    yield from made.values()


def defined(gate: Gate, target: Target) -> Helper:
    """One helper; what it calls in its turn is in `target.used` afterwards."""
    if gate.name in target.helpers:
        source = target.helpers[gate.name]
        for name in target.helpers:
            if name != gate.name and re.search(rf"(?<![.\w]){name}\(", source):
                target.used[name] = GATES[name]
        for name in ("sinpi", "cospi"):
            if f"{target.word(GATES[name])}(" in source:
                target.used[name] = GATES[name]
        return Helper(gate, source, [], [], Text(""))
    circuit = template(gate.exact, gate.arguments)
    gates = set(circuit.gates) - {INPUT, CONSTANT}
    naming = Naming(target.reserves(gates), target.spellable)
    return Helper(gate, "", *straight(circuit, target, naming))
