"""`check` on random circuits: their own gradients are never WRONG, and one that is 1e-6 off is.

`python tests/test_check_sampled.py 2000` counts verdicts over so many circuits of each kind.
"""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from backprop.check.gradients.compare import check
from backprop.check.gradients.numerical import Comparison
from backprop.library import Compiled
from backprop.library.stages import Names
from circuits import random_expression
from seeds import SEED

Case = tuple[str, dict[str, float]]

PLANTED = 1e-6  # relative
NOTICEABLE = 1e-2  # a gradient that the circuit, whose values are near 1, does not drown
UNARY = (
    "exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "abs", "square", "softplus", "atan", "silu", "erf",
    "log1p", "cosh", "gelu", "elu", "asinh", "floor", "sign", "lgamma", "reciprocal", "expm1", "cospi", "logsigmoid",
)  # fmt: skip
SPECIAL = (0.0, 1.0, -1.0, 1e-300, -1e-300, 1e300, 1e-310, 1e7, 1e10, -1e16, 1e-8, 40.0, -745.0)


def wild(seed: int, count: int) -> Iterator[Case]:
    """Circuits with kinks, ties and saturation, at points that are ordinary, equal, tiny or huge."""
    draw = random.Random(seed)
    for _ in range(count):
        names, lines = ["x", "y", "z"], []
        for number in range(draw.randint(1, 6)):
            a, b, c = (draw.choice(names) for _ in range(3))
            shapes = [
                f"{a} * {b} + {c}", f"({a} - {b}) / {c}", f"{draw.choice(UNARY)}({a}) * {b}", f"max({a}, {b}, {c})",
                f"{draw.choice(UNARY)}({a})", f"where({a} > {b}, {draw.choice(UNARY)}({c}), {b})", f"{a}^{b}",
                f"hypot({a}, {b})", f"clip({a}, -1, {b})", f"{a} - {b}", f"min({a} * {b}, {b} * {a})", f"mod({a}, {b})",
                f"logaddexp({a}, {b})", f"xlogy({a}, {b})", f"atan2({a}, {b})",
            ]  # fmt: skip
            lines.append(f"s{number} = {draw.choice(shapes)}")
            names.append(f"s{number}")
        text = "; ".join([*lines, f"f = {' + '.join(draw.sample(names[3:], min(2, len(lines))))}"])
        strange = draw.choice((0.0, 0.4, 0.8))
        same = round(draw.uniform(-2, 2), 2)
        point = {
            name: draw.choice((*SPECIAL, same)) if draw.random() < strange else round(draw.uniform(-2, 2), 2)
            for name in Compiled(text).variables
        }
        yield text, point


def smooth(seed: int, count: int) -> Iterator[Case]:
    """Circuits whose values stay near 1."""
    for number in range(count):
        text, at = random_expression(8, seed + number)
        yield text, {name: at[name] for name in Compiled(text).variables}


def verdicts(case: Case, ties: str = "both") -> list[Comparison]:
    text, at = case
    result = Compiled(text, ties=ties).evaluate(at)
    return list(check(result.run, result.names, result.run.circuit.variables.values()))


def planted(case: Case) -> Iterator[Comparison]:
    """What is found of each gradient that is large enough, moved by a millionth of itself."""
    result = Compiled(case[0]).evaluate(case[1]).run
    for wire in result.circuit.variables.values():
        right = result.sent[wire]
        if right is None or abs(right) < NOTICEABLE:
            continue
        result.sent[wire] = right * (1 + PLANTED)
        yield from check(result, Names(result.circuit), [wire])
        result.sent[wire] = right


def is_false_alarm(one: Comparison) -> bool:
    """Whether a gradient that is a number is called WRONG: nan beside a finite slope, where something overflowed on the
    way, is no gradient, and wrong indeed."""
    return one.verdict == "wrong" and math.isfinite(one.gradient)


@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_right_gradients_are_never_wrong(ties: str) -> None:
    for case in [*wild(SEED, 60), *smooth(SEED, 20)]:
        for one in verdicts(case, ties):
            assert not is_false_alarm(one), (SEED, case, one)


DRAWN = [  # where the best difference of all steps was of another piece, of a pole, or of no slope at all
    ("hypot(y, y) + (y - z)/x", {"y": 0.0, "z": 1e10, "x": 1.0}),
    ("hypot(softplus((x - z)/(z*x + y)), z*z + z)", {"z": 1e-310, "x": -1e16, "y": -1.0}),
    ("s = square(z)*y; s^z + atan2(x, s)", {"z": 0.0, "y": 1.87, "x": 0.17}),
    ("s = atan2(z, x); z^s + s", {"z": 0.0, "x": -1e-300}),
    ("silu(y)", {"y": -745.0}),
    ("(z - hypot(z, y))/x + logaddexp(y, z)", {"x": 1e7, "y": 0.0, "z": -1e-300}),
    ("z^y + y", {"z": 0.0, "y": 1.62}),
    ("s0 = max(y, z, z); logsigmoid(mod(x, s0)) + s0", {"y": 1e7, "z": -0.05, "x": 1e10}),
    ("s = cos(x*z + y)*hypot(x, x); atan2(x, s) + hypot(x, x)", {"x": -1e16, "z": 0.0, "y": 1e7}),
]


@pytest.mark.parametrize("case", DRAWN, ids=[text for text, _ in DRAWN])
def test_right_gradients_that_were_once_called_wrong(case: Case) -> None:
    assert not [one for one in verdicts(case) if is_false_alarm(one)]


def test_one_part_in_a_million_is_wrong() -> None:
    found = Counter(one.verdict for case in smooth(SEED, 60) for one in planted(case))
    assert found["wrong"] >= 0.99 * found.total(), (SEED, found)


def measure(count: int) -> None:
    """Print how many verdicts of each kind came of the right gradients and of the planted ones."""
    print("seed", SEED)
    for ties in ("both", "split", "first"):
        found: Counter[str] = Counter()
        for case in wild(SEED, count):
            try:
                for one in verdicts(case, ties):
                    alarm = is_false_alarm(one)
                    found["false alarm" if alarm else one.verdict] += 1
                    if alarm:
                        print("FALSE ALARM", case, one)
            except Exception as error:
                found[f"crash {type(error).__name__}"] += 1
                print("CRASH", case, repr(error)[:200])
        print(f"right, --ties {ties}:", dict(found), flush=True)
    print("right, smooth:", dict(Counter(one.verdict for case in smooth(SEED, count) for one in verdicts(case))))
    print("planted:", dict(Counter(one.verdict for case in smooth(SEED, count) for one in planted(case))))


if __name__ == "__main__":
    measure(int(sys.argv[1]))
