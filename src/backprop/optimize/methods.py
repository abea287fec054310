"""The update rules, as textbooks write them: from the gradient `g` at `x`, in the `t`-th update, to the next `x`.

Each is its equations in the program's own language, which `--explain` prints with the numbers of a step, and which the
updates are, on the flat vector of all parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from backprop.optimize.minimum import Settings
from backprop.optimize.parameters import Array


class Method(NamedTuple):
    """A rule of descent. What begins at 0 and is carried from one update to the next is its `state`, and `settings` are
    its numbers, by the letters that they have in the equations."""

    says: str
    rules: tuple[str, ...]
    usual_rate: float
    state: tuple[str, ...] = ()
    settings: Mapping[str, float] = {}
    faster: str = ""  # the last of the rules, spelt with an operation less for each element


METHODS = {
    "descent": Method("A step against the gradient.", ("x = x - rate*g",), 0.1),
    "momentum": Method(
        "A velocity that the gradients push, and friction slows down.",
        ("v = mu*v + g", "x = x - rate*v"), 0.01, ("v",), {"mu": 0.9},
    ),
    "nesterov": Method(
        "Momentum that looks ahead: the step is taken with the velocity as it will be after the next push.",
        ("v = mu*v + g", "x = x - rate*(g + mu*v)"), 0.01, ("v",), {"mu": 0.9},
    ),
    "rmsprop": Method(
        "Each element's step is divided by the root of the mean square of its latest gradients.",
        ("s = alpha*s + (1 - alpha)*g^2", "x = x - rate*g/(sqrt(s) + eps)"), 0.01, ("s",), {"alpha": 0.99, "eps": 1e-8},
    ),
    "adam": Method(
        "Momentum over RMSprop, both corrected for having begun at 0.",
        ("m = beta1*m + (1 - beta1)*g", "v = beta2*v + (1 - beta2)*g^2",
         "x = x - rate*(m/(1 - beta1^t))/(sqrt(v/(1 - beta2^t)) + eps)"),
        0.01, ("m", "v"), {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        "x = x - rate/(1 - beta1^t)*m/(sqrt(v/(1 - beta2^t)) + eps)",
    ),
}  # fmt: skip


class Updates:
    """The updates of a method, one after the other."""

    def __init__(self, method: Method, size: int, numbers: Mapping[str, float]) -> None:
        begins = {name: np.zeros(size) for name in method.state}
        self.names: dict[str, Any] = {"sqrt": np.sqrt, **numbers, **begins}
        rules = [*method.rules[:-1], method.faster or method.rules[-1]]
        self.code = compile("\n".join(rules).replace("^", "**"), "the rules of a method", "exec")

    def __call__(self, x: Array, gradient: Array, rate: float, t: int) -> Array:
        """The next point."""
        self.names |= {"x": x, "g": gradient, "rate": rate, "t": t}
        exec(self.code, self.names)
        found: Array = self.names["x"]
        return found


def numbers_of(settings: Settings) -> dict[str, float]:
    """The numbers of a rule: its own, and what was given."""
    return {**METHODS[settings.method].settings, **settings.numbers} if settings.method in METHODS else {}


def rate_of(settings: Settings) -> float:
    """The rate that was given, or the usual one."""
    return METHODS[settings.method].usual_rate if settings.rate is None else settings.rate
