"""The update rules, as textbooks write them: from the gradient `g` at `x`, in the `t`-th update, to the next `x`.

Each has its equations in the program's own language (`rules`), which `--explain` prints with the numbers of a step, and
the same in NumPy (`update`), on the flat vector of all parameters. What begins at 0 and is carried from one update to
the next is its `state`.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from backprop.optimize.minimum import Settings
from backprop.optimize.parameters import Array


class Method:
    """A rule of descent. `settings` are its numbers, by the letters that they have in the equations."""

    rules: ClassVar[tuple[str, ...]]
    state: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[dict[str, float]] = {}
    usual_rate: ClassVar[float]

    def __init__(self, size: int, **settings: float) -> None:
        self.numbers = {**self.settings, **settings}
        for name in self.state:
            setattr(self, name, np.zeros(size))

    def update(self, x: Array, g: Array, rate: float, t: int) -> Array:
        """The next point."""
        raise NotImplementedError


class Descent(Method):
    """A step against the gradient."""

    rules = ("x = x - rate*g",)
    usual_rate = 0.1

    def update(self, x: Array, g: Array, rate: float, t: int) -> Array:
        return x - rate * g


class Momentum(Method):
    """A velocity that the gradients push, and friction slows down."""

    rules = ("v = mu*v + g", "x = x - rate*v")
    state = ("v",)
    settings: ClassVar[dict[str, float]] = {"mu": 0.9}
    usual_rate = 0.01
    v: Array

    def update(self, x: Array, g: Array, rate: float, t: int) -> Array:
        self.v = self.numbers["mu"] * self.v + g
        return x - rate * self.v


class Nesterov(Momentum):
    """Momentum that looks ahead: the step is taken with the velocity as it will be after the next push."""

    rules = ("v = mu*v + g", "x = x - rate*(g + mu*v)")

    def update(self, x: Array, g: Array, rate: float, t: int) -> Array:
        mu = self.numbers["mu"]
        self.v = mu * self.v + g
        return x - rate * (g + mu * self.v)


class RMSprop(Method):
    """Each element's step is divided by the root of the mean square of its latest gradients."""

    rules = ("s = alpha*s + (1 - alpha)*g^2", "x = x - rate*g/(sqrt(s) + eps)")
    state = ("s",)
    settings: ClassVar[dict[str, float]] = {"alpha": 0.99, "eps": 1e-8}
    usual_rate = 0.01
    s: Array

    def update(self, x: Array, g: Array, rate: float, t: int) -> Array:
        alpha = self.numbers["alpha"]
        self.s *= alpha
        self.s += (1 - alpha) * (g * g)
        return x - rate * g / (np.sqrt(self.s) + self.numbers["eps"])


class Adam(Method):
    """Momentum over RMSprop, both corrected for having begun at 0."""

    rules = (
        "m = beta1*m + (1 - beta1)*g",
        "v = beta2*v + (1 - beta2)*g^2",
        "x = x - rate*(m/(1 - beta1^t))/(sqrt(v/(1 - beta2^t)) + eps)",
    )
    state = ("m", "v")
    settings: ClassVar[dict[str, float]] = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    usual_rate = 0.01
    m: Array
    v: Array

    def update(self, x: Array, g: Array, rate: float, t: int) -> Array:
        beta1, beta2, eps = self.numbers["beta1"], self.numbers["beta2"], self.numbers["eps"]
        self.m *= beta1
        self.m += (1 - beta1) * g
        self.v *= beta2
        self.v += (1 - beta2) * (g * g)
        root = np.sqrt(self.v / (1 - beta2**t))
        root += eps
        return x - (rate / (1 - beta1**t)) * self.m / root


METHODS: dict[str, type[Method]] = {
    "descent": Descent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "adam": Adam,
}


def rate_of(settings: Settings) -> float:
    """The rate that was given, or the usual one."""
    return METHODS[settings.method].usual_rate if settings.rate is None else settings.rate
