"""Gates of many inputs: each input costs the same, however many there are."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import numpy as np
import pytest

import backprop
from backprop.circuit import lower
from backprop.differentiate.derive import derive
from backprop.differentiate.run import evaluate, run
from backprop.gates import TIES
from backprop.language import parse

FORMS: dict[str, tuple[Callable[[list[str]], str], bool]] = {
    "max": (lambda names: f"max({', '.join(names)})", False),
    "max of arrays": (lambda names: f"sum(max({', '.join(names)}))", True),
    "concat": (lambda names: f"sum(concat({', '.join(names)}))", True),
    "literal": (lambda names: f"sum([{', '.join(names)}])", False),
    "stack": (lambda names: f"sum(stack({', '.join(names)}))", True),
    "each twice": (lambda names: f"sum([{', '.join([*names, *names])}])", False),
    "methods": (lambda names: "; ".join(["s = 0", *(f"s += {name}.exp()" for name in names), "s"]), False),
}


TARGETS = ("numpy", "torch", "jax", "latex", "markdown")


def work(form: str, ties: str, count: int) -> int:
    """How many calls value and gradients take, of functions of Python and of C."""
    write, arrays = FORMS[form]
    names = [f"x{i}" for i in range(count)]
    at = {name: [1.0, i % 50] if arrays else i % 50 for i, name in enumerate(names)}
    calls = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event.endswith("call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        assert len(backprop.compile(write(names), ties=ties).evaluate(at).gradients) == count
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("form", FORMS)
def test_twice_the_inputs_cost_about_twice(form: str, ties: str) -> None:
    work(form, ties, 401)  # what is made once
    assert work(form, ties, 400) < 2.2 * work(form, ties, 200)  # 4 times, if it went with the square


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("point", [True, False])
def test_twice_the_inputs_make_a_program_of_twice_the_length(form: str, target: str, point: bool) -> None:
    write, arrays = FORMS[form]

    def length(count: int) -> int:
        names = [f"x{i}" for i in range(100, 100 + count)]
        at = {name: [1.0, 2.0] if arrays else 1.0 for name in names}
        compiled = backprop.compile(write(names))
        return len((compiled.evaluate(at) if point else compiled).code(target))

    assert length(240) < 2.3 * length(120)


def test_twice_the_inputs_make_a_table_of_about_twice_the_length() -> None:
    def length(count: int) -> int:
        names = [f"x{i}" for i in range(1000, 1000 + count)]
        return len(str(backprop.evaluate(f"max({', '.join(names)})", dict.fromkeys(names, 1.0))))

    assert length(240) < 2.3 * length(120)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("count", [2, 3, 4, 9, 30])
def test_many_inputs_share_what_a_few_share(ties: str, count: int) -> None:
    names = [f"x{i}" for i in range(count)]
    at = {name: float(min(i, 3 * count // 4)) for i, name in enumerate(names)}
    winners = [name for name in names if at[name] == 3 * count // 4]
    expected = {
        "both": dict.fromkeys(winners, 1.0), "split": dict.fromkeys(winners, 1 / len(winners)),
        "first": {winners[0]: 1.0},
    }[ties]  # fmt: skip
    circuit = lower(parse(f"max({', '.join(names)})"))
    found = run(circuit, at, ties=ties)
    assert {name: g for name, g in found.gradients().items() if g} == expected
    locals_ = found.local_gradients(circuit.output)
    assert {name: g for name, g in zip(names, locals_, strict=True) if g} == expected
    derived = derive(circuit, ties=ties)
    values = evaluate(derived.circuit, at)
    assert {name: values[wire] for name, wire in derived.gradients.items() if values[wire]} == expected
    arrays = backprop.compile(f"sum(max({', '.join(names)}))", ties=ties)
    sums = arrays.evaluate({name: [value, value] for name, value in at.items()}).gradients
    assert {name: g.tolist() for name, g in sums.items() if g.any()} == {name: [g, g] for name, g in expected.items()}


def test_a_concatenation_hands_each_its_own_part() -> None:
    weights = np.arange(12.0).reshape(2, 6)
    compiled = backprop.compile("sum(concat(x, y, x, axis=1)*w)")
    found = compiled.evaluate(x=np.ones((2, 2)), y=np.ones((2, 2)), w=weights, wrt=["x", "y"]).gradients
    assert found["x"].tolist() == (weights[:, :2] + weights[:, 4:]).tolist()
    assert found["y"].tolist() == weights[:, 2:4].tolist()


def test_a_straight_wire_is_one_line_however_many_columns_it_passes() -> None:
    text = "g = x*x\n" + " + ".join(f"sin({i}*g)" for i in range(1, 60))
    paths = str(backprop.evaluate(text, x=1.0).draw()).split('class="wire" d="')[1:]
    assert not any(re.search("H[^C]*H", path.partition('"')[0]) for path in paths)


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_what_is_joined_in_rows_is_as_in_each(axis: int) -> None:
    """Of as many rows as of one: parts lie behind the axis of the rows, and so do their second derivatives."""
    text = f"sum(concat(x, y, x, axis={axis})^3 * concat(y, where(x > 1, x, 0), x, axis={axis}))"
    random = np.random.default_rng(1)
    columns = {name: np.round(random.normal(1.0, size=(3, 2, 2)), 2) for name in "xy"}
    found = backprop.map(text, columns)
    for row in range(3):
        at = {name: column[row] for name, column in columns.items()}
        answer = backprop.evaluate(text, at)
        assert found["f"][row] == pytest.approx(answer.value)
        for name in at:
            np.testing.assert_allclose(found[f"df_d{name}"][row], answer.gradients[name], rtol=1e-12)
    hessian = answer.hessian()["x"]["y"]
    moved = [backprop.evaluate(text, {**at, "y": at["y"] + step}).gradients["x"] for step in (1e-5, -1e-5)]
    np.testing.assert_allclose(np.sum(hessian, axis=(2, 3)), (moved[0] - moved[1]) / 2e-5, rtol=1e-6)
