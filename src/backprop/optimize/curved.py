"""Methods that know the curvature, from products of the Hessian with directions: Newton's, and a trust region."""

from __future__ import annotations

from math import sqrt

import numpy as np

from backprop.optimize.curvature import free_of, hessian_of
from backprop.optimize.objective import Objective
from backprop.optimize.parameters import Array, Mask, norm
from backprop.optimize.watch import Watch

WHOLE = 100  # free elements of which the whole Hessian is made; with more, it is met in products alone
LEAST_CURVATURE = 1e-8  # of the largest: Newton's step takes no smaller one for true
NO_CURVATURE = 1e-6  # of the largest: what is below says nothing on how long a step should be
ENOUGH = 1e-4  # the part of the predicted decrease that a step must bring


def newton(objective: Objective, watch: Watch) -> None:
    """Newton's steps, x - H⁻¹ g, with curvatures downwards turned round, and halved until the value falls enough."""
    x = objective.start
    value, gradient = objective(x)
    while True:
        watch(x, value, gradient)
        free = free_of(x, gradient, watch.lower, watch.upper)
        direction = newton_step(objective, x, gradient, free)
        length = 1.0
        for _ in range(60):
            new = watch.inside(x, x + length * direction)
            found = objective.value(new)
            if found <= value + ENOUGH * float(gradient @ (new - x)) and found < value:
                break
            length /= 2
        else:
            raise watch.stuck(", however short it is")
        x = new
        value, gradient = objective(x)


def newton_step(objective: Objective, x: Array, gradient: Array, free: Mask) -> Array:
    """The solution of H d = -g among the free elements."""
    places = np.flatnonzero(free)
    if len(places) > WHOLE:
        return truncated(objective, x, gradient, free, np.inf)[0]
    hessian = hessian_of(objective, x, places)
    step = np.zeros(len(x))
    if not np.isfinite(hessian).all():
        step[places] = -gradient[places]
        return step
    values, vectors = np.linalg.eigh(hessian)
    most = float(np.abs(values).max(initial=0.0))
    slopes = vectors.T @ gradient[places]
    parts = -slopes / np.maximum(np.abs(values), LEAST_CURVATURE * most) if most else -slopes
    # Where nothing curves upwards, nothing says how far to go: no further than the point is from 0.
    furthest = max(1.0, norm(x))
    vague = values < NO_CURVATURE * most
    parts[vague] = np.clip(parts[vague], -furthest, furthest)
    step[places] = vectors @ parts
    return step


def trust_region(objective: Objective, watch: Watch) -> None:
    """Steps down a model of second order, in a region that grows while the model is right and shrinks where it is
    not."""
    x = objective.start
    value, gradient = objective(x)
    radius = 1.0
    watch(x, value, gradient)
    while True:
        free = free_of(x, gradient, watch.lower, watch.upper)
        step, product = truncated(objective, x, gradient, free, radius)
        new = watch.inside(x, x + step)
        if not np.array_equal(new, x + step):
            step = new - x
            product = objective.hvp(x, step)
        predicted = -float(gradient @ step) - 0.5 * float(step @ product)
        found, there = objective(new)
        part = (value - found) / predicted if predicted > 0 else -1.0
        length = norm(step)
        if not part >= 0.25:
            radius = 0.25 * min(radius, length) if length else 0.25 * radius
        elif part > 0.75 and length >= 0.99 * radius:
            radius = min(2 * radius, 1e10)
        if part > ENOUGH and np.isfinite(there).all():
            x, value, gradient = new, found, there
            watch(x, value, gradient)
        elif radius < 1e-15 * max(1.0, float(np.abs(x).max())):
            raise watch.stuck(", however short it is")


def truncated(objective: Objective, x: Array, gradient: Array, free: Mask, radius: float) -> tuple[Array, Array]:
    """Conjugate gradients down the model, to the edge of the region at most; and the Hessian times that step.

    A direction that curves downwards is followed to the edge (without one, a step against the gradient is enough).
    """
    step, product = np.zeros(len(x)), np.zeros(len(x))
    rest = np.where(free, gradient, 0.0)
    direction = -rest
    size = norm(rest)
    enough = min(0.5, sqrt(size)) * size
    for _ in range(2 * len(x) + 10):
        turned = np.where(free, objective.hvp(x, direction), 0.0)
        curvature = float(direction @ turned)
        squares = float(rest @ rest)
        if not curvature > 0:
            if not np.isfinite(radius):
                return (step, product) if step.any() else (direction, turned)
            t = to_edge(step, direction, radius)
            return step + t * direction, product + t * turned
        t = squares / curvature
        new = step + t * direction
        if float(new @ new) >= radius * radius:
            t = to_edge(step, direction, radius)
            return step + t * direction, product + t * turned
        step, product = new, product + t * turned
        rest = rest + t * turned
        after = float(rest @ rest)
        if sqrt(after) <= enough:
            break
        direction = -rest + after / squares * direction
    return step, product


def to_edge(step: Array, direction: Array, radius: float) -> float:
    """How far along a direction the edge of the region is."""
    a, b = float(direction @ direction), 2 * float(step @ direction)
    c = float(step @ step) - radius * radius
    return (-b + sqrt(max(b * b - 4 * a * c, 0.0))) / (2 * a)
