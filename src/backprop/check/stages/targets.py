"""What the names in a backward pass stand for: gradients of stages, local derivatives, forward values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from backprop.circuit import Circuit
from backprop.errors import Problem, did_you_mean, nearest
from backprop.library.stages import Names

GRADIENT_NAMES = ("d{}", "d_{}", "grad_{}", "{}_grad", "d{out}d{}", "d{out}_d{}", "d{out}_{}", "g{}", "delta_{}")


class Target(NamedTuple):
    """What a name stands for: the "gradient" of a stage, the "local" derivative of one stage in another, a "forward"
    value."""

    kind: str
    wire: int
    of: int = -1


class Vocabulary:
    """The names that a pass has for what is in a circuit; `wires` has those of forward values."""

    def __init__(self, circuit: Circuit, names: Names) -> None:
        self.circuit, self.names = circuit, names
        self.wires = {name: wire for wire, name in names.names.items()}

    def target(self, name: str) -> Target | None:
        """What a line's name stands for; None for a helper of the user's own."""
        if name in self.wires:
            return Target("forward", self.wires[name])
        out = self.names.text(self.circuit.output)
        for form in GRADIENT_NAMES:
            before, _, after = form.replace("{out}", out).partition("{}")
            inner = name[len(before) : len(name) - len(after)]
            if name.startswith(before) and name.endswith(after) and inner in self.wires:
                return Target("gradient", self.wires[inner])
        for split in re.finditer("_?d", name[2:]):
            top, bottom = name[1 : split.start() + 2], name[split.end() + 2 :]
            if name[0] == "d" and top in self.wires and bottom in self.wires:
                return Target("local", self.wires[bottom], self.wires[top])
        return None

    def above(self) -> Iterator[str]:
        """What the gradient on the output may be called: dout, and by the output, which `return out` names again."""
        wire = self.circuit.output
        yield f"d{self.names.text(wire)}"
        while self.circuit.gates[wire].name == "identity":
            (wire,) = self.circuit.inputs[wire]
            yield f"d{self.names.text(wire)}"
        if "out" not in self.wires:
            yield "dout"

    def helper_remark(self, name: str, read: bool) -> str | None:
        """A helper's name that looks like the gradient of a stage, but is none: a slip, or a line nobody reads."""
        if not name.startswith("d") or len(name) < 2:
            return None
        near = nearest(name, [f"d{known}" for known in self.wires])
        if near is None and read:
            return None
        meant = f" (did you mean {near}?)" if near else ""
        return f"{name} is the gradient of no stage{meant}: it is taken for a helper"

    def no_such_claim(self, name: str) -> Problem:
        known = [*self.wires, *(f"d{known}" for known in self.wires)]
        meant = name.replace("∂", "d").replace("/", "_")  # df/dx is written df_dx, as in a column of `map`
        otherwise = f"it is d and the name of a stage: d{next(iter(self.wires))}"
        hint = f"did you mean {meant}?" if self.target(meant) else did_you_mean(name, known, otherwise)
        return Problem("name", f"{name} is neither a gradient nor a stage of this circuit", hint=hint)
