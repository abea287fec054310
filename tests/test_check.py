"""The numerical check: right gradients are ok, wrong rules are WRONG, and kinks are neither."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from backprop.check.gradients.compare import at_random, check
from backprop.check.gradients.numerical import Comparison
from backprop.differentiate import rules
from backprop.gates import GATES
from backprop.library import Compiled, Evaluation

UNARY = ["sin", "cos", "tanh", "sigmoid", "exp", "atan", "softplus", "erf", "asinh", "gelu", "square", "silu"]
BINARY = ["{} + {}", "{} * {}", "{} - {}", "{} / (2 + {}^2)", "hypot({}, 1 + {}^2)", "logaddexp({}, {})"]


def found(text: str, **at: float) -> dict[str, Comparison]:
    return compared(Compiled(text).evaluate(at))


def compared(evaluation: Evaluation) -> dict[str, Comparison]:
    wires = evaluation.run.circuit.variables.values()
    return {one.name: one for one in check(evaluation.run, evaluation.names, wires)}


def random_circuit(random: random.Random) -> tuple[str, dict[str, float]]:
    """A smooth expression of three variables, and a point."""
    terms = ["x", "y", "z"]
    for _ in range(random.randint(3, 7)):
        if random.random() < 0.5:
            terms.append(f"{random.choice(UNARY)}({random.choice(terms)})")
        else:
            terms.append("(" + random.choice(BINARY).format(random.choice(terms), random.choice(terms)) + ")")
    text = f"{terms[-1]} + x * y * z"
    return text, {name: random.uniform(-2, 2) for name in "xyz"}


@pytest.mark.parametrize("seed", range(50))
def test_smooth_circuits_agree_to_nine_digits(seed: int) -> None:
    text, at = random_circuit(random.Random(seed))
    for one in found(text, **at).values():
        assert one.verdict == "ok", (text, at, one)
        assert one.error <= 1e-9 or abs(one.gradient - one.numerical) <= 1e-12, (text, at, one)


KINKS = [
    ("max(x, y) + sin(x)", {"x": 1.0, "y": 1.0}),
    ("max(x, y) + sin(x)", {"x": 1.0, "y": 1.0000001}),
    ("max(x, y) + sin(x)", {"x": 1.0, "y": 0.9999999}),
    ("min(x, y)*exp(x)", {"x": 0.5, "y": 0.5}),
    ("abs(x)*y", {"x": 0.0, "y": 3.0}),
    ("abs(x^2 - 1) + y", {"x": 1.0, "y": 0.0}),
    ("relu(x)*y", {"x": 0.0, "y": 2.0}),
    ("relu(x - 3)", {"x": 3.0000001}),
    ("clip(x, 0, 1) + x^2", {"x": 1.0}),
    ("leaky_relu(x)", {"x": 0.0}),
    ("elu(x, alpha=2)", {"x": 0.0}),
    ("hardtanh(x)*y", {"x": -1.0, "y": 2.0}),
    ("hardsigmoid(x)", {"x": 3.0}),
    ("where(x > y, x^2, -y)", {"x": 1.0, "y": 1.0}),
    ("max(x, 2*x, y)", {"x": 0.0, "y": 0.0}),
    ("max(x, x^2) * y", {"x": 1.0, "y": 3.0}),
    ("hypot(x, y)", {"x": 0.0, "y": 0.0}),
    ("m = max(x, y); m*m + relu(m - 2)", {"x": 2.0, "y": 2.0}),
    ("selu(x)", {"x": 1e-9}),
    ("floor(x) + x", {"x": 2.0}),
    ("mod(x, 3)*y", {"x": 6.0, "y": 1.0}),
    ("abs(x) + abs(y) + abs(x - y)", {"x": 0.0, "y": 0.0}),
]  # fmt: skip


@pytest.mark.parametrize("ties", ["both", "split", "first"])
@pytest.mark.parametrize(("text", "at"), KINKS, ids=lambda value: str(value))
def test_a_kink_is_never_called_wrong(text: str, at: dict[str, float], ties: str) -> None:
    for one in compared(Compiled(text, ties=ties).evaluate(at)).values():
        assert one.verdict in ("kink", "ok"), one


@pytest.mark.parametrize(("text", "at"), KINKS[:9], ids=lambda value: str(value))
def test_a_kink_is_named_with_the_slopes_on_both_sides(text: str, at: dict[str, float]) -> None:
    kinks = [one for one in found(text, **at).values() if one.verdict == "kink"]
    assert kinks
    for one in kinks:
        assert one.slopes is not None
        assert one.slopes[0] != pytest.approx(one.slopes[1])
        assert any(gate in one.remark for gate in ("max", "min", "abs", "relu", "clip"))


@pytest.fixture
def planted() -> Iterator[object]:
    """Replace the rule of a gate, and put it back."""
    kept: list[tuple[str, tuple[str | None, ...]]] = []

    def forget() -> None:
        for cached in (rules.partials, rules.backward):
            cached.cache_clear()

    def plant(gate: str, *partials: str) -> None:
        kept.append((gate, GATES[gate].partials))
        GATES[gate].partials = partials
        forget()

    yield plant
    for gate, partials in kept:
        GATES[gate].partials = partials
    forget()


WRONG = [
    ("sin", ("1.1 * cos(x)",), "max(x, y) + sin(x)", {"x": 1.0, "y": 1.0}),
    ("sin", ("-cos(x)",), "max(x, y) + sin(x)", {"x": 1.0, "y": 1.0000001}),
    ("sin", ("1.001 * cos(x)",), "abs(x - 1) + sin(x)", {"x": 1.0}),
    ("relu", ("x < 0",), "relu(x) + x", {"x": 0.0}),
    ("abs", ("2 * sign(x)",), "abs(x)", {"x": 0.0}),
    ("abs", ("-sign(x)",), "abs(x)", {"x": 1e-9}),
    ("max", ("x != out",), "max(x, y)", {"x": 1.0, "y": 1.0}),
    ("exp", ("x",), "relu(x - 1) * y + exp(x)", {"x": 1.0, "y": 2.0}),
    ("tanh", ("1 - x^2",), "tanh(x) + clip(x, 0, 1)", {"x": 1.0}),
    ("multiply", ("x", "y"), "max(x, y) * x", {"x": 2.0, "y": 2.0}),
]


@pytest.mark.parametrize(("gate", "partials", "text", "at"), WRONG, ids=lambda value: str(value))
def test_a_planted_wrong_rule_is_wrong_and_no_kink(
    gate: str, partials: tuple[str, ...], text: str, at: dict[str, float], planted: object
) -> None:
    assert callable(planted)
    planted(gate, *partials)
    assert found(text, **at)["x"].verdict == "wrong"


@pytest.mark.parametrize("gate", [name for name in UNARY if GATES[name].partials and name != "square"])
def test_one_part_in_a_million_is_noticed(gate: str, planted: object) -> None:
    assert callable(planted)
    planted(gate, f"1.000001 * ({GATES[gate].partials[0]})")
    assert found(f"{gate}(x) * 3", x=0.7)["x"].verdict == "wrong"


@pytest.mark.parametrize(
    ("text", "at", "verdict"),
    [
        ("sqrt(x)", {"x": 0.0}, "singular"),
        ("cbrt(x)", {"x": 0.0}, "singular"),
        ("sqrt(x) + 9", {"x": 0.0}, "singular"),
        ("x^(1/2) + 9", {"x": 0.0}, "singular"),
        ("log(x)", {"x": 0.0}, "singular"),
        ("1/x", {"x": 0.0}, "singular"),
        ("x^1.5", {"x": 0.0}, "ok"),
        ("log(x)", {"x": 1e-300}, "ok"),
        ("1e16 + relu(x)", {"x": 2.0}, "imprecise"),
        ("(x/2)^expm1(x)", {"x": 1e-150}, "imprecise"),  # to the complex step, expm1 is 0 here
        ("1e16 + x", {"x": 2.0}, "ok"),
        ("y + 0*x", {"x": 2.0, "y": 1.0}, "ok"),
        ("exp(exp(x))", {"x": 6.0}, "ok"),
    ],
)
def test_special_points(text: str, at: dict[str, float], verdict: str) -> None:
    assert found(text, **at)["x"].verdict == verdict


@pytest.mark.parametrize("rows", [
    [[1, 2, 3], [2, 4, 6], [3, 6, 9]], np.ones((3, 3)), 1e8 * np.outer([0.3, 0.7, -1.1], [0.9, -0.2, 0.4]),
    np.arange(1.0, 17.0).reshape(4, 4), np.stack([np.ones((3, 3)), np.eye(3)]),
])  # fmt: skip
def test_cofactors_that_are_0_but_for_rounding_are_not_wrong(rows: Any) -> None:
    assert compared(Compiled("sum(det(A))").evaluate(A=np.array(rows, float)))["A"].verdict != "wrong"


PLANTED = [
    # A long step is the most exact one, and within it the function is a wave.
    ("mean(sin(x^2)^2)", {"x": [1.21, 0.058, -1.982]}, "x", 2, (1e-6, 1e-3, 0.1)),
    ("cos(gelu(hypot(sin(x), 1 + hypot(x, 1 + x^2)^2)))", {"x": [-1.449]}, "x", 0, (1e-6, 1e-3, 0.1)),
    # A step that is longer still finds, by chance, what is wrong by just so much.
    ("logsumexp(tanh(logaddexp(y, x)))", {"y": [1.152, -1.752, 1.477], "x": [0.402, 0.692, 1.097]}, "x", 1, (1e-3,)),
    ("sum(atan(logsigmoid(logsigmoid(y + y))))", {"y": [0.165, 0.865, 1.5]}, "y", 0, (1e-3,)),
]


@pytest.mark.parametrize(("text", "at", "name", "place", "errors"), PLANTED, ids=[row[0] for row in PLANTED])
def test_a_mistake_is_not_excused_by_how_it_was_measured(
    text: str, at: dict[str, list[float]], name: str, place: int, errors: tuple[float, ...]
) -> None:
    evaluation = Compiled(f"sum({text})").evaluate({name: np.array(x) for name, x in at.items()})
    wire = evaluation.run.circuit.variables[name]
    right = np.array(evaluation.run.gradient(wire))
    for error in errors:
        evaluation.run.sent[wire] = np.where(np.arange(right.size) == place, right * (1 + error), right)
        assert compared(evaluation)[name].verdict == "wrong"


KINKS = [  # text, x, and between what slopes the function turns there
    ("abs(x)*3", 0.0, -3.0, 3.0),
    ("abs(x - 0.1)", 0.1, -1.0, 1.0),
    ("hypot(x, 0)*2", 0.0, -2.0, 2.0),
    ("relu(x)", 0.0, 0.0, 1.0),
    ("max(x, 2*x)", 0.0, 1.0, 2.0),
    ("abs(x)*1e-6", 0.0, -1e-6, 1e-6),
    ("clip(x, 0, 1)*1e9", 1.0, 0.0, 1e9),
]


@pytest.mark.parametrize(("text", "x", "low", "high"), KINKS, ids=[row[0] for row in KINKS])
def test_at_a_kink_only_what_lies_outside_of_its_slopes_is_wrong(text: str, x: float, low: float, high: float) -> None:
    evaluation = Compiled(text).evaluate({"x": x})
    wire, wide = evaluation.run.circuit.variables["x"], high - low
    for outside in (low - wide, low - 0.1 * wide, high + 0.1 * wide, high + 0.6 * wide):
        evaluation.run.sent[wire] = outside
        found = compared(evaluation)["x"]
        assert (found.verdict, found.remark[:41]) == ("wrong", "the slopes on both sides of the kink are ")
    for inside in (low, low + 0.3 * wide, high):
        evaluation.run.sent[wire] = inside
        assert compared(evaluation)["x"].verdict == "kink"


def test_a_spike_among_large_numbers_is_no_flat_ground() -> None:
    found = Compiled("norm(lgamma(x))").evaluate(x=np.array([1e-300, -1.9, 1e8]))
    assert compared(found)["x"].verdict == "imprecise"


def test_random_points_are_those_of_the_seed() -> None:
    evaluation = Compiled("sin(x)*y").evaluate(x=1, y=2)
    wires = list(evaluation.run.circuit.variables.values())
    first, again, other = (
        [at for at, _ in at_random(evaluation.run, evaluation.names, wires, 4, seed)] for seed in (1, 1, 2)
    )
    assert first == again != other
