"""What is asked of a minimum, and what was reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from backprop.errors.spelling import said
from backprop.optimize.objective import Objective
from backprop.optimize.path import Path, Step
from backprop.optimize.why import Verdict

Value = Any


class Settings(NamedTuple):
    """How it is done."""

    method: str = "descent"
    rate: float | None = None
    steps: int = 1000
    tolerance: float = 1e-6
    seconds: float | None = None
    decay: str | None = None
    line_search: bool = False
    numbers: Mapping[str, float] = {}  # those of the method, by the letters in its equations
    bounds: Mapping[str, tuple[Value, Value]] = {}
    positive: Sequence[str] = ()
    batch: int | None = None
    epochs: int | None = None
    seed: int | None = None


class Reached:
    """What was reached: `solve.Minimum`, which shows itself, says what is what."""

    def __init__(self, objective: Objective, path: Path, verdict: Verdict, settings: Settings, sign: float) -> None:
        self.objective, self.path, self.settings = objective, path, settings
        self.why, self.reason, self.converged = said(verdict.message), verdict.kind, verdict.converged
        step = best(path, verdict)
        self.step = step
        self.steps = path.last.step if path.last is not None else 0
        self.value = sign * step.value + 0.0
        self.parameters: dict[str, Value] = objective.parameters.unpack(step.x)
        self.gradient: dict[str, Value] = objective.parameters.unpack(sign * step.gradient + 0.0)
        self.sign = sign
        program = objective.names.circuit.program
        self.formula = "" if program is None else " ".join(program.text.strip().replace("\n", "; ").split())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(value={self.value!r}, parameters={self.parameters!r}, why={self.why!r})"


def best(path: Path, verdict: Verdict) -> Step:
    """The point that is the answer: the last one, or the last that is a number where the value grew, or was none."""
    assert path.last is not None
    if verdict.kind not in ("grows", "nan"):
        return path.last
    finite = [step for step in path.all() if isfinite(step.value) and np.isfinite(step.gradient).all()]
    if not finite:
        return path.last
    return finite[-1] if verdict.kind == "nan" else min(finite, key=lambda step: step.value)
