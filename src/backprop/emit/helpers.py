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

    name: str
    source: str
    parameters: list[str]
    lines: list[Line]
    result: Text
    reads: frozenset[str] = frozenset()

    @property
    def gate(self) -> Gate:
        """The gate whose definition it is."""
        return GATES[self.name]


def helpers(target: Target) -> Iterator[Helper]:
    """The helpers of the program that a target has just written, each behind those that it calls."""
    made: dict[str, Helper] = {}
    begun: set[str] = set()  # erf and erfc call each other
    pending = list(target.used)
    while pending:
        name = pending[-1]
        if name in made:
            pending.pop()
            continue
        target.used = {}
        helper = defined(name, target)
        missing = [used for used in target.used if used not in begun and used != name]
        begun.add(name)
        if missing:
            pending += missing
            continue
        pending.pop()
        made[name] = helper
    target.refuse(target.word(GATES[name]) or name if name in GATES else name for name in made)
    yield from made.values()


def defined(name: str, target: Target) -> Helper:
    """One helper; what it calls in its turn is in `target.used` afterwards."""
    if name in target.helpers:
        source = target.helpers[name]
        for other in target.helpers:
            if other != name and re.search(rf"(?<![.\w]){other}\(", source):
                target.used[other] = None
        for other in ("sinpi", "cospi", "sech"):
            if f"{target.word(GATES[other])}(" in source:
                target.used[other] = None
        return Helper(name, source, [], [], Text(""))
    gate = GATES[name]
    circuit = template(gate.exact, gate.arguments)
    naming = Naming(target.reserves(set(circuit.gates) - {INPUT, CONSTANT}), target.spellable)
    return Helper(name, "", *straight(circuit, target, naming))
