"""What is right, by PyTorch and by differences of its values; a number counts as wrong only where both exclude it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch

from .case import Program
from .torchlike import value

Array = np.ndarray
STEP = 1e-4
SECOND_STEP = 2e-3


class Truth:
    """A program with inputs in one row of numbers, so that they can be moved one by one."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = list(program.at)
        self.shapes = [np.shape(program.at[name]) for name in self.names]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        parts = [np.asarray(program.at[name], dtype=float).reshape(-1) for name in self.names]
        self.start = np.concatenate(parts) if parts else np.zeros(0)

    def tensors(self, flat: torch.Tensor) -> dict[str, torch.Tensor]:
        pieces = torch.split(flat, self.sizes)
        return {name: piece.reshape(shape) for name, piece, shape in zip(self.names, pieces, self.shapes, strict=True)}

    def output(self, flat: torch.Tensor) -> torch.Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return value(self.program.statements, self.tensors(flat))

    def at(self, flat: Array) -> float:
        """The value at a point; nan where a mask picks another number of elements there, and shapes no longer fit."""
        try:
            with torch.no_grad():
                return float(self.output(torch.tensor(flat)))
        except RuntimeError:
            return np.nan

    def gradient(self, flat: Array | None = None) -> Array:
        point = torch.tensor(self.start if flat is None else flat, requires_grad=True)
        out = self.output(point)
        if not out.requires_grad:
            return np.zeros(len(self.start))
        return torch.autograd.grad(out, point)[0].numpy()

    def jacobian(self) -> Array:
        found = torch.autograd.functional.jacobian(self.output, torch.tensor(self.start))
        return found.reshape(-1, len(self.start)).numpy()

    def hessian(self) -> Array:
        return torch.autograd.functional.hessian(self.output, torch.tensor(self.start)).numpy()

    def moved(self, *moves: tuple[int, float]) -> float:
        flat = self.start.copy()
        for place, step in moves:
            flat[place] += step
        return self.at(flat)

    def slope(self, i: int) -> float:
        """The slope in one input, nan where there is a kink or where it cannot be told."""
        h = STEP * max(1e-2, min(1.0, abs(self.start[i])) if self.start[i] else 1.0)
        slopes = []
        for step in (h, h / 2):
            right = (self.moved((i, step)) - self.moved()) / step
            left = (self.moved() - self.moved((i, -step))) / step
            slopes.append((left + right) / 2)
            if not abs(left - right) <= 5e-2 * max(abs(left), abs(right), 2e-2):
                return np.nan
        return slopes[1] if agree(*slopes, 1e-4) else np.nan

    def edge_slope(self, i: int) -> float:
        """The slope from inside, at the end of a domain: on the other side the program has no value."""
        found = []
        for sign in (1.0, -1.0):
            slopes = [(self.moved((i, sign * h)) - self.moved()) / (sign * h) for h in (1e-6, 1e-7)]
            if not np.all(np.isfinite(slopes)):
                continue
            if not agree(*slopes, 1e-3):
                return np.nan  # a jump, and no end of the domain
            found.append(slopes[1])
        return found[0] if found and agree(found[0], found[-1], 1e-3) else np.nan

    def twice(self) -> Array | None:
        """The Hessian by differences of values alone; None where f has none.

        Its entries must not hang on the step, and along any direction it must say how the slope changes: at a tie of
        two parabolas each entry exists, and the Hessian does not.
        """
        count = len(self.start)
        unit = np.eye(count)
        found = np.zeros((count, count))
        for i in range(count):
            if np.isnan(self.slope(i)):
                return None
            for j in range(i + 1):
                both = [self.curvature(unit[i], unit[j], h) for h in (SECOND_STEP, SECOND_STEP / 2)]
                if not agree(*both, 0.05):
                    return None
                found[i, j] = found[j, i] = both[1]
        dice = np.random.default_rng(0)
        for _ in range(6):
            direction = dice.standard_normal(count)
            direction /= np.linalg.norm(direction)
            size = max(1e-2, np.max(abs(found)))
            for sign in (1.0, -1.0):  # from one side alone, too: |x| x has two second derivatives at 0
                if not abs(self.bend(sign * direction) - direction @ found @ direction) <= 0.05 * size:
                    return None
        return found

    def curvature(self, one: Array, other: Array, h: float) -> float:
        """The second difference in two directions."""
        at, x = self.at, self.start
        up, down = x + h * one, x - h * one
        return (at(up + h * other) - at(up - h * other) - at(down + h * other) + at(down - h * other)) / (4 * h * h)

    def bend(self, direction: Array, h: float = SECOND_STEP / 2) -> float:
        """The second derivative along a direction, from that side alone."""
        f0, f1, f2, f3 = (self.at(self.start + k * h * direction) for k in range(4))
        return (2 * f0 - 5 * f1 + 4 * f2 - f3) / (h * h)

    def hangs_on(self, i: int) -> bool:
        """Whether the value is another for some other number in one place, however far away; where it is infinite for
        either sign, for 0."""
        far = [self.moved((i, step)) for step in (-3.0, -1.0, 1.0, 10.0, -self.start[i])]
        return not np.array_equal(far, [self.moved()] * len(far), equal_nan=True)

    def steady(self) -> bool:
        """Whether the value stays where the inputs move by a few last digits: no step is here."""
        dice = np.random.default_rng(0)
        moves = [dice.uniform(-1, 1, self.start.shape) for _ in range(4)]
        near = [self.at(self.start * (1 + 1e-11 * move)) for move in moves]
        beside = [self.at(self.start + 1e-7 * move) for move in moves]  # 0 moves, too, and so does its square
        here = self.moved()
        return all(agree(x, here, 1e-8) for x in near) and all(agree(x, here, 1e-3) for x in beside)


def agree(a: float, b: float, to: float) -> bool:
    return bool(abs(a - b) <= to * max(abs(a), abs(b), 1e-3))


def flat(names: list[str], gradients: dict[str, Any]) -> Array:
    parts = [np.asarray(gradients[name], dtype=float).reshape(-1) for name in names]
    return np.concatenate(parts) if parts else np.zeros(0)


def sensitivity(truth: Truth, clean: Array, dice: np.random.Generator) -> Array:
    """How far PyTorch's own gradient moves where the inputs move by a few last digits: what nobody can know better."""
    worst = np.zeros_like(clean)
    for _ in range(8):
        moved = truth.start * (1 + 1e-11 * dice.uniform(-1, 1, truth.start.shape))
        try:
            with np.errstate(all="ignore"):
                worst = np.fmax(worst, abs(truth.gradient(moved) - clean))
        except torch.linalg.LinAlgError:  # beside a jump, where a matrix is singular
            return np.full_like(clean, np.inf)
    return worst
