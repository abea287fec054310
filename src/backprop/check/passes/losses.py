"""The loss that a backward pass means which takes labels, while no loss stands in the code: found by its gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem, enumerated
from backprop.errors.spelling import option
from backprop.python.inputs.given import at_path
from backprop.python.spellings import special
from backprop.python.texts.gradients import Path


class Loss(NamedTuple):
    """A loss of an output and what it should be: its name, and what it is multiplied with."""

    name: str
    target: Any
    factor: float = 1.0

    def slope(self, output: Any) -> Any:
        """Its gradient on the output."""
        with np.errstate(all="ignore"):
            return self.factor * SLOPES[self.name](np.asarray(output, dtype=float), self.target)


SLOPES: dict[str, Callable[[Any, Any], Any]] = {
    "itself": lambda out, y: np.ones(np.shape(out)),
    "squared error": lambda out, y: out - y,
    "cross-entropy": lambda out, y: -y / out,
    "cross-entropy of yes and no": lambda out, y: (out - y) / (out * (1 - out)),
    "cross-entropy of the softmax": lambda out, y: special.softmax(out, axis=-1) - y,
    "cross-entropy of the softmax of columns": lambda out, y: special.softmax(out, axis=0) - y,
    "cross-entropy of the sigmoid": lambda out, y: special.expit(out) - y,
    "hinge loss": lambda out, y: np.where(y * out < 1, -y, 0.0),
}


def targets(output: Any, labels: Any) -> Iterator[Any]:
    """Labels in the shape of an output: as they are, or numbers of classes as rows or columns of 0 and 1."""
    labels = np.asarray(labels)
    if labels.size == output.size:
        yield labels.reshape(output.shape).astype(float)
    if not np.array_equal(labels, np.round(labels)) or labels.size == 0 or labels.min() < 0:
        return
    for classes, turned in ((output.shape[-1:], False), (output.shape[:1], True)):
        count, flat = next(iter(classes), 0), labels.reshape(-1).astype(int)
        if labels.size * count == output.size and flat.max() < count:
            rows = np.eye(count)[flat]
            yield (rows.T if turned else rows).reshape(output.shape)


def losses(output: Any, labels: dict[str, Any]) -> Iterator[Loss]:
    """What a loss of an output and labels may be, without what it is divided by."""
    for value in labels.values():
        for target in targets(np.asarray(output), value):
            signs = bool(np.all(np.abs(target) == 1))
            fitting = [
                one
                for one in SLOPES
                if one != "itself" and (np.ndim(output) or "softmax" not in one) and (signs or one != "hinge loss")
            ]
            yield from [Loss(name, target) for name in fitting]


class Compared(NamedTuple):
    """The gradients of a backward pass at a point, and beside them those of every loss that it may mean."""

    given: dict[str, Any]
    shape: tuple[int, ...]  # of the output
    gradients: dict[Path, Any]
    swept: list[tuple[Loss, dict[Path, Any]]]

    @property
    def tells(self) -> bool:
        """Whether they tell the losses apart: at a kink there is no slope, gradients of 0, as with weights of 0, are
        those of every loss, and where small weights make all outputs alike, those of one are multiples of another's."""
        kinks = any(np.isnan(one).any() for _, found in self.swept for one in found.values())
        most = max((len(right) for _, _, right in self.fitting()), default=0)
        alike = {loss.name for loss, _, right in self.fitting() if right and len(right) == most}
        return not kinks and all(map(np.any, self.gradients.values())) and len(alike) < 2

    def fitting(self) -> Iterator[tuple[Loss, dict[Path, Any], list[Path]]]:
        """Every loss with what it may be multiplied with, its gradients, and which of the pass's are right for it."""
        for loss, found in self.swept:
            for factor in factors(self.shape):
                wanted = {path: factor * one for path, one in found.items()}
                right = [path for path, one in wanted.items() if close(self.gradients.get(path), one)]
                yield loss._replace(factor=factor), wanted, right


def loss_of(compared: Compared, labels: dict[str, Any]) -> Loss:
    """The loss for which most gradients of a backward pass are right. Raises a Problem where none is: nobody knows then
    what they are to be. Where the loss has a penalty, too, it does not stand in the code."""
    best, most, gradients = None, 0, compared.gradients
    penalties: list[str] = []
    for loss, wanted, right in compared.fitting():
        rest = [path for path in wanted if path not in right]
        penal = [
            ".".join(map(str, one))
            for one in rest
            if follows(gradients.get(one), wanted[one], at_path(compared.given, one))
        ]
        if len(right) > most and not penal:
            best, most = loss, len(right)
        elif penal and len(right) + len(penal) == len(wanted) and not penalties:
            penalties = [loss.name, enumerated(penal)]
    if best is None and not penalties:  # no gradient is right as a whole
        ways = [(loss, wanted) for loss, wanted, _ in compared.fitting()]
        counts = [sum(alike(gradients.get(path), one) for path, one in wanted.items()) for _, wanted in ways]
        best = ways[int(np.argmax(counts))][0] if any(counts) else None
    if best is None:
        hint = f"give its gradient on the output with {option('--upstream', '…')}, or return the loss, too"
        if penalties:
            hint = (
                "the gradients are those of the {} with a penalty on {}: let a function loss return their sum".format(
                    *penalties
                )
            )
        raise Problem(
            "value", f"no loss of {enumerated(list(labels))} stands in the code, and none that is usual fits", hint=hint
        )
    return best


def factors(shape: tuple[int, ...]) -> list[float]:
    """What a loss may be multiplied with: a mean over rows, columns or all elements, a square without its half."""
    sizes = {1, *shape[:1], *shape[-1:], int(np.prod(shape, dtype=int))}
    return [factor / size for size in sorted(sizes) if size for factor in (1.0, 2.0)]


def close(gradient: Any, wanted: Any) -> bool:
    return (
        gradient is not None
        and np.shape(gradient) == np.shape(wanted)
        and bool(np.any(wanted))
        and np.allclose(gradient, wanted, rtol=1e-6, atol=1e-10)
    )


def alike(gradient: Any, wanted: Any) -> int:
    """How many elements of a gradient are what is wanted, where that is not 0."""
    if gradient is None or np.shape(gradient) != np.shape(wanted):
        return 0
    return int(np.sum(np.isclose(gradient, wanted, rtol=1e-6, atol=0.0) & (np.asarray(wanted) != 0)))


def same_slopes(mine: Any, right: Any) -> bool:
    return np.shape(mine) == np.shape(right) and np.allclose(mine, right, rtol=1e-5, atol=1e-9, equal_nan=True)


def is_multiple(gradient: Any, wanted: Any) -> bool:
    """Whether a gradient is what is wanted but for a factor above 0."""
    if np.shape(gradient) != np.shape(wanted) or not np.any(wanted):
        return False
    with np.errstate(invalid="ignore"):
        factor = np.vdot(gradient, wanted) / np.vdot(wanted, wanted)
    return bool(factor > 0) and close(np.asarray(gradient) / factor, wanted)


def follows(gradient: Any, wanted: Any, weights: Any) -> bool:
    """Whether a gradient has a multiple of the weights beside what is wanted: the loss has a penalty then."""
    if gradient is None or np.shape(gradient) != np.shape(wanted) or not np.any(weights):
        return False
    rest = np.asarray(gradient - wanted).ravel()
    own = np.asarray(weights, dtype=float).ravel()
    much = rest @ own / (own @ own)
    return abs(much) > 1e-9 and own.size > 1 and np.allclose(rest, much * own, rtol=1e-6, atol=1e-10)
