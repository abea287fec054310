"""Gates of many inputs: each input costs the same, however many there are."""

from __future__ import annotations

import re
import time
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
}


def seconds(form: str, ties: str, count: int) -> float:
    """What value and gradients cost."""
    write, arrays = FORMS[form]
    names = [f"x{i}" for i in range(count)]
    at = {name: [1.0, i % 50] if arrays else i % 50 for i, name in enumerate(names)}
    start = time.process_time()
    assert len(backprop.compile(write(names), ties=ties).evaluate(at).gradients) == count
    return time.process_time() - start


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("form", FORMS)
def test_twice_the_inputs_cost_about_twice(form: str, ties: str) -> None:
    seconds(form, ties, 60)
    small = min(seconds(form, ties, count) for count in (201, 202, 203))
    large = min(seconds(form, ties, count) for count in (1601, 1602))
    assert large < 8 * 3 * max(small, 0.005)  # 64 times, if it went with the square


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
