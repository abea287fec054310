"""The curvature at a point, from products of the Hessian with directions."""

from __future__ import annotations

from math import isfinite

import numpy as np

from backprop.errors import Problem
from backprop.optimize.objective import Objective
from backprop.optimize.parameters import Array, Mask, Places, norm

End = tuple[float, Array]  # a curvature, and its direction among all elements

MANY = 64  # elements of which the whole Hessian is looked at; of more, what a few products with it show


def free_of(x: Array, gradient: Array, lower: Array, upper: Array) -> Mask:
    """Which elements no bound holds."""
    return ~(((x <= lower) & (gradient > 0)) | ((x >= upper) & (gradient < 0)))


def hessian_of(objective: Objective, x: Array, places: Places) -> Array:
    """The Hessian in some of the elements."""
    columns = []
    for place in places:
        direction = np.zeros(len(x))
        direction[place] = 1.0
        columns.append(objective.hvp(x, direction)[places])
    found = np.array(columns).reshape(len(places), len(places))
    return (found + found.T) / 2


def ends_of_curvature(objective: Objective, x: Array, free: Mask) -> list[End]:
    """The smallest and the largest curvature among free elements, with their directions; none if unknown."""
    places = np.flatnonzero(free)
    if not len(places):
        return []
    try:
        if len(places) <= MANY:
            return extremes(hessian_of(objective, x, places), places, len(x))
        return extremes_of_many(objective, x, free)
    except (Problem, np.linalg.LinAlgError):
        return []


def extremes_of_many(objective: Objective, x: Array, free: Mask) -> list[End]:
    """Both ends of the spectrum, by power iteration: first of H, then of H minus its largest eigenvalue."""
    random = np.random.default_rng(0)

    def strongest(shift: float) -> End:
        direction = random.standard_normal(len(x)) * free
        value = 0.0
        for _ in range(30):
            direction = direction / (norm(direction) or 1.0)
            product = objective.hvp(x, direction) * free - shift * direction
            value = float(direction @ product)
            direction = product
        return value + shift, direction / (norm(direction) or 1.0)

    first = strongest(0.0)
    ends = sorted([first, strongest(first[0])], key=lambda end: end[0])
    return ends if all(isfinite(value) for value, _ in ends) else []


def extremes(hessian: Array, places: Places, size: int) -> list[tuple[float, Array]]:
    """The smallest and the largest eigenvalue, with their directions among all elements."""
    if not np.isfinite(hessian).all():
        return []
    values, vectors = np.linalg.eigh(hessian)
    found = []
    for place in (0, -1):
        direction = np.zeros(size)
        direction[places] = vectors[:, place]
        found.append((float(values[place]), direction))
    return found
