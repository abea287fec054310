"""A formula that is evaluated in a loop becomes one function: it answers the same bits as a run of its circuit."""

from __future__ import annotations

import random
from itertools import product
from math import inf, nan
from typing import Any

import pytest

import backprop
from backprop.circuit import lower
from backprop.differentiate.run import run
from backprop.differentiate.unrolled import unrolled
from backprop.gates import GATES, TIES, Gate
from backprop.language import parse
from backprop.library import PAYS
from circuits import random_expression

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.7, 2.0, 3.3, -2.6, inf, -inf, nan, 1e-320, 1e308, -1e308, 710.0, -746.0]
AROUND = ["{}", "{}*x + {}", "where(x > 0, {}, sqrt(x))", "relu({})*log(x)", "-({} < x)"]
ON_NUMBERS = [gate for gate in GATES.values() if not gate.mixes and gate.arity]


def bits(value: float, gradients: dict[str, float]) -> list[str]:
    return ["nan" if number != number else float.hex(number) for number in (value, *gradients.values())]


def agrees(text: str, ties: str, most: int) -> int:
    """At how many points the function answers, each time as the run does."""
    circuit = lower(parse(text))
    function, names = unrolled(circuit, ties), list(circuit.variables)
    points = list(product(SPECIAL, repeat=len(names))) if len(names) < 4 else []
    dice = random.Random(text)
    points = dice.sample(points, min(most, len(points))) or [
        tuple(dice.choices(SPECIAL, k=len(names))) for _ in range(most)
    ]
    answered = 0
    for point in points:
        at = dict(zip(names, point, strict=True))
        found = function(at)
        if found is not None:
            answered += 1
            expected = run(circuit, at, ties=ties)
            assert bits(*found) == bits(expected.value, expected.gradients()), at
    return answered


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("gate", ON_NUMBERS, ids=lambda gate: gate.name)
def test_every_gate_has_the_bits_of_a_run(gate: Gate, ties: str) -> None:
    for count in (2, 3) if gate.variadic else [gate.arity]:
        rules = gate.rules(count, ties)
        inputs = ["2" if rule is None else name for name, rule in zip("xyzuvw", rules, strict=False)]
        call = f"{gate.name}({', '.join(inputs)})"
        for around in AROUND:
            assert agrees(around.replace("{}", call), ties, 40) or "log(x)" in around


@pytest.mark.parametrize("seed", range(30))
def test_programs_have_the_bits_of_a_run(seed: int) -> None:
    assert agrees(random_expression(1 + 3 * seed, seed)[0], TIES[seed % len(TIES)], 60)


def looping(text: str, **point: Any) -> backprop.Compiled:
    compiled = backprop.compile(text)
    for _ in range(PAYS + 1):
        compiled.evaluate(point)
    assert compiled._loop is not None
    return compiled


def test_a_result_of_a_loop_holds_what_any_result_holds() -> None:
    compiled, alone = looping("q = x + y; max(q, 0)*z", x=1.0, y=2.0, z=3.0), backprop.compile("q = x + y; max(q, 0)*z")
    point = {"x": -2.0, "y": 2.0, "z": -4.0}
    found, expected = compiled.evaluate(point), alone.evaluate(point)
    point["x"] = 7.0  # the result keeps its own
    assert type(found) is backprop.Evaluation
    assert (found.value, found.gradients, found.output) == (expected.value, expected.gradients, expected.output)
    assert (str(found), repr(found)) == (str(expected), repr(expected))
    assert list(map(repr, found.notes)) == list(map(repr, expected.notes)) != []
    assert str(found.check()) == str(expected.check())
    assert str(compiled.evaluate(point, wrt="x")) == str(alone.evaluate(point, wrt="x"))
    assert compiled.evaluate(point, wrt=["z"]).gradients == {"z": 9.0}
    assert compiled.evaluate(point, upstream=2.0).gradients["z"] == 18.0


def test_a_loop_takes_what_any_evaluation_takes() -> None:
    np = pytest.importorskip("numpy")
    compiled = looping("e*x + y", x=1.0, y=2.0)
    for x in (3, np.float64(3), np.array(3.0), True + 2):
        found = compiled.evaluate({"x": x}, y=1)
        assert (found.stages[0].value, type(found.value)) == (3.0, float)
    assert compiled.evaluate(x=np.ones(2), y=1, upstream=[1, 1]).gradients["y"] == 2
    assert compiled.evaluate(x=2, y=1, e=10).gradients == {"e": 2.0, "x": 10.0, "y": 1.0}
    assert compiled.evaluate(x=2, y=1).value != 21
    for point, message in [({"x": 1.0}, "no value for y"), ({"x": 1.0, "z": 2.0}, "no value for y"),
                           ({"x": 1.0, "y": 2.0, "z": 2.0}, "no variable z"), ({"x": "1", "y": 2.0}, "x must hold"),
                           ({"x": 10**400, "y": 1}, "beyond the largest")]:  # fmt: skip
        with pytest.raises(backprop.Problem, match=message):
            compiled.evaluate(point)


def test_where_a_function_of_python_raises_the_run_has_the_word() -> None:
    compiled = looping("x/y + exp(x)", x=1.0, y=2.0)
    found = compiled.evaluate(x=1.0, y=0.0)
    assert found.value == inf
    assert [note.kind for note in found.notes]
    assert compiled.evaluate(x=1000.0, y=1.0).value == inf


def test_numbers_that_the_text_sets_stay_where_they_are() -> None:
    compiled = looping("a = 2; a*x", x=3.0)
    assert compiled.evaluate(x=3.0).gradients == {"a": 3.0, "x": 2.0}
    assert compiled.evaluate(x=3.0, a=5.0).value == 15.0
    assert compiled.settled().evaluate(x=3.0).gradients == {"x": 2.0}
