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


def perceptron(sizes: list[int], seed: int = 1) -> tuple[str, dict[str, float]]:
    """A network of tanh layers with a squared loss: every unit is used by all units of the next layer."""
    dice = random.Random(seed)
    current = [f"x{i}" for i in range(sizes[0])]
    point = {name: round(dice.uniform(-1, 1), 2) for name in current}
    lines = []
    for layer, count in enumerate(sizes[1:], 1):
        following = []
        for unit in range(count):
            terms = []
            for i, name in enumerate(current):
                weight = f"w{layer}_{unit}{i}"
                point[weight] = round(dice.uniform(-1, 1), 2)
                terms.append(f"{weight}*{name}")
            point[f"b{layer}_{unit}"] = round(dice.uniform(-1, 1), 2)
            lines.append(f"h{layer}_{unit} = tanh({' + '.join(terms)} + b{layer}_{unit})")
            following.append(f"h{layer}_{unit}")
        current = following
    return "; ".join([*lines, "loss = " + " + ".join(f"({name} - 0.5)^2" for name in current)]), point


def tangle(gates: int, seed: int = 3) -> tuple[str, dict[str, float]]:
    """Stages on random earlier ones, some of them far back: many long wires."""
    dice = random.Random(seed)
    point = {name: round(dice.uniform(0.2, 1.5), 2) for name in "abcdefgh"}
    known, lines, used = list(point), [], set()
    for number in range(gates):
        left, right = dice.choice(known[-10:]), dice.choice(known[-24:])
        operator = dice.choice(["+", "*", "-", "max"])
        text = f"max({left}, {right})" if operator == "max" else f"{left} {operator} {right}"
        if dice.random() < 0.2:
            text = f"tanh({text})"
        lines.append(f"t{number} = {text}")
        known.append(f"t{number}")
        used |= {left, right}
    free = [name for name in known if name.startswith("t") and name not in used]
    text = "; ".join([*lines, "out = " + " + ".join(free)])
    return text, {name: value for name, value in point.items() if name in used}


STAGED = (
    "sigy = 1/(1 + exp(-1*y)); num = x + sigy; sigx = 1/(1 + exp(-1*x)); "
    "xpy = x + y; den = sigx + xpy^2; f = num*(1/den)",
    {"x": 3.0, "y": -4.0},
)

# How many crossings a picture of them may have.
REFERENCES = {
    "staged": (*STAGED, 3),
    "perceptron-60": (*perceptron([3, 4, 2]), 44),
    "tangle-60": (*tangle(40), 120),
    "perceptron-450": (*perceptron([6, 10, 8, 2]), 997),
    "tangle-450": (*tangle(330), 1504),
}


def random_program(seed: int) -> tuple[str, dict[str, float]]:
    """A circuit of any kind and size up to 80 gates."""
    dice = random.Random(seed)
    gates = dice.choice([1, 2, 3, 6, 10, 20, 40, 80])
    if dice.random() < 0.5:
        return tangle(gates, seed)
    return random_expression(gates, seed, dice.choice([1, 2, 4, 7]))


def random_tree(gates: int, seed: int) -> tuple[str, dict[str, float]]:
    """An expression in which nothing is used twice."""
    dice = random.Random(seed)
    count = 0

    def leaf() -> str:
        nonlocal count
        count += 1
        return f"x{count}"

    parts = [leaf() for _ in range(gates + 1)]
    while len(parts) > 1:
        left = parts.pop(dice.randrange(len(parts)))
        right = parts.pop(dice.randrange(len(parts)))
        text = dice.choice([f"({left} + {right})", f"({left} * {right})", f"max({left}, {right})"])
        parts.append(f"tanh({text})" if dice.random() < 0.3 else text)
    return parts[0], {f"x{i}": dice.uniform(-1, 1) for i in range(1, count + 1)}
