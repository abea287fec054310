"""Random circuits, as the property tests and the benches want them: text that is smooth and finite at its point."""

from __future__ import annotations

import random

UNARY = ("sin", "cos", "tanh", "sigmoid", "exp", "atan", "softplus", "square", "erf", "asinh")


def random_expression(gates: int, seed: int, variables: int = 4) -> tuple[str, dict[str, float]]:
    """A program of that many stages, each on one or two earlier ones, and a point. Values stay near 1."""
    dice = random.Random(seed)
    names = [f"x{i}" for i in range(variables)]
    point = {name: dice.uniform(-1.5, 1.5) for name in names}
    lines, known = [], list(names)
    for number in range(gates):
        a, b = dice.choice(known[-8:]), dice.choice(known)
        kind = dice.random()
        if kind < 0.4:
            text = f"{dice.choice(UNARY)}(0.5*{a})"
        elif kind < 0.9:
            text = f"{a} {dice.choice('+-*')} {b}"
        else:
            text = f"{a} / (1.5 + {b}^2)"
        lines.append(f"s{number} = 0.5*({text})")
        known.append(f"s{number}")
    return "; ".join([*lines, " + ".join(known[-3:])]), point
