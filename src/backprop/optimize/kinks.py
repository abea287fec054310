"""Kinks: whether a point is on one, and whether the last steps go back and forth over one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.errors.spelling import both
from backprop.language.printer import number_text, rounded, short
from backprop.library.notes import notes
from backprop.library.nudge import Line
from backprop.optimize.objective import Objective
from backprop.optimize.parameters import Array, norm
from backprop.optimize.path import Path, Step

LARGE = 200  # stages of a circuit, and of a larger one
BESIDE = 1e-6  # of the size of a number: so far away is right beside it
FEW, MANY = 12, 64  # of the last steps are looked at


class Kinks:
    """The kinks of a function, as its path meets them; `sign` is -1 where it is made large, and not small."""

    def __init__(self, objective: Objective, path: Path, sign: float) -> None:
        self.objective, self.path, self.sign = objective, path, sign

    def value(self, x: Array) -> float:
        with np.errstate(all="ignore"):
            return self.objective.value(x)

    def on(self, x: Array) -> str | None:
        """The kink on which the point itself is, where it decided the gradient."""
        if self.objective.by_row:
            return None
        run = self.objective.run(x)
        told = [both(note.message) for note in notes(run, self.objective.names) if note.kind in ("tie", "kink")]
        return f"at a kink: {told[0]}" if told else None

    def jump(self, x: Array, value: float, inside: Callable[[Array], Array]) -> str | None:
        """The jump right beside a point, over which the value is lower; `inside` keeps a point within its bounds."""
        names = self.objective.names
        flat = [wire for wire, gate in enumerate(names.circuit.gates) if gate.flat and (gate.kink or gate.piece)]
        if self.objective.by_row or not flat or len(x) > FEW:
            return None
        for place, size in enumerate(np.maximum(1.0, np.abs(x))):
            for way in (-BESIDE * size, BESIDE * size):
                there = x.copy()
                there[place] += way
                there = inside(there)
                if not self.value(there) < value - 10 * BESIDE * (1 + abs(value)):
                    continue
                line = self.line(x, there)
                here, beside = line.pieces(0.0), line.pieces(1.0)
                for wire in flat:
                    if wire in here and here[wire] != beside[wire]:
                        shown = line.shown(wire)
                        name = self.objective.parameters.elements()[place]
                        less = "lower" if self.sign > 0 else "higher"
                        to = "larger" if way > 0 else "smaller"
                        return f"at a jump of {names.line(shown)}: where {name} is a little {to}, the value is {less}"
        return None

    def between(self) -> str | None:
        """The kink over which the last steps go back and forth."""
        circuit = self.objective.names.circuit
        steps = list(self.path.recent)[-(MANY if len(circuit) < LARGE else FEW) :]
        if not any(gate.kink or gate.piece for gate in circuit.gates):
            return None
        met: dict[int, int] = {}
        found: dict[int, tuple[Line, Step, Step, dict[int, Any]]] = {}
        for before, after in zip(steps, steps[1:], strict=False):
            line = self.line(before.x, after.x)
            here, there = line.pieces(0.0), line.pieces(1.0)
            for stage, piece in here.items():
                if there.get(stage) != piece:
                    met[stage] = met.get(stage, 0) + 1
                    found[stage] = line, before, after, here
        for stage, times in sorted(met.items(), key=lambda item: -item[1]):
            line, before, after, here = found[stage]
            if times < 3:
                continue
            t = line.bisect(0.0, 1.0, lambda t, s=stage, line=line, here=here: line.pieces(t)[s] == here[s])
            between = before.x + t * (after.x - before.x)
            if self.value(between) <= min(before.value, after.value):
                return self.told(line, stage, between, before, after)
        return self.between_tips(steps[-4:])

    def in_rows(self) -> str | None:
        """The gate of a table that is on another side of its kink in some rows after each of the last steps."""
        steps = list(self.path.recent)[-4:]
        if len(steps) < 4:
            return None
        flips = [self.objective.flips(one.x, other.x) for one, other in zip(steps, steps[1:], strict=False)]
        always = [wire for wire in flips[0] if all(wire in others for others in flips)]
        if not always:
            return None
        wire, names = max(always, key=lambda wire: flips[-1][wire]), self.objective.names
        rows = "1 row" if flips[-1][wire] == 1 else f"{flips[-1][wire]:,} rows"
        return f"at kinks of {names.line(wire)}: each step leads over them in {rows}, and the value gets no better"

    def between_tips(self, steps: list[Step]) -> str | None:
        """The tip, like that of a cone, over which each of the last steps leads: there all slopes turn round."""
        for before, after in zip(steps, steps[1:], strict=False):
            both = norm(before.gradient) * norm(after.gradient)
            if not float(before.gradient @ after.gradient) < -0.9 * both:
                return None
        if len(steps) < 4:
            return None
        before, after = steps[-2:]
        low, high = 0.0, 1.0
        for _ in range(100):  # the lowest point of the last step, by thirds
            third = (high - low) / 3
            one, other = (self.value(before.x + t * (after.x - before.x)) for t in (low + third, high - third))
            low, high = (low, high - third) if one < other else (low + third, high)
        there = before.x + low * (after.x - before.x)
        length = float(np.abs(after.x - before.x).max())
        there = np.where(np.abs(there) < 1e-6 * length, 0.0, np.round(there, 10))
        return self.on(there)

    def told(self, line: Line, stage: int, there: Array, before: Step, after: Step) -> str:
        names, shown = line.names, line.shown(stage)
        place = int(np.abs(before.gradient - after.gradient).argmax())
        name = self.objective.parameters.elements()[place]
        one, other = sorted([self.sign * float(before.gradient[place]), self.sign * float(after.gradient[place])])
        size = max(abs(float(before.x[place])), abs(float(after.x[place])))
        at = rounded(there[place]) if abs(there[place]) > 1e-9 * size else 0.0
        nice = there.copy()
        nice[place] = at
        used = self.on(nice)
        more = f"; {used.removeprefix('at a kink: ')}" if used else ""
        return (
            f"at a kink of {names.line(shown)}: the steps go back and forth over it, near "
            f"{name} = {number_text(at)}, where the gradient in {name} jumps from {short(one, 3)} to {short(other, 3)}"
            f"{more}"
        )

    def line(self, start: Array, end: Array) -> Line:
        steps = self.objective.parameters.unpack(end - start)
        return Line(self.objective.run(start), self.objective.names, steps)
