"""Many rows at once: the programs of array operations, and the function from columns to columns."""

from __future__ import annotations

import math
import pickle
import random
import sys
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.errors import Problem
from backprop.gates import GATES
from backprop.rows.compute.mapper import Mapper
from oracle import ORACLE as ORACLES
from oracle import error

ENGINES = ["numpy", "jit"]
SEED = 20240611


def with_engine(engine: str) -> str:
    if engine == "jit":
        pytest.importorskip("llvmlite", reason="the extra `jit` is not installed")
    return engine


def close(found: float, expected: float, ulps: float = 16, floor: float = 0.0) -> bool:
    if math.isnan(expected) or math.isinf(expected) or math.isnan(found) or math.isinf(found):
        return found == expected or (math.isnan(found) and math.isnan(expected))
    return abs(found - expected) <= ulps * 2.3e-16 * abs(expected) + max(floor, 1e-322)


def columns_of(points: list[tuple[float, ...]], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: np.array([point[i] for point in points], dtype=float) for i, name in enumerate(names)}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", [name for name in GATES if name in ORACLES])
def test_every_gate_says_on_rows_what_it_says_at_a_point(name: str, engine: str) -> None:
    gate = GATES[name]
    points = [point for point in ORACLES[name].points if len(point) == len(ORACLES[name].points[0])][:400]
    names = gate.names(len(points[0]))
    text = f"{name}({', '.join(names)})"
    constant = {n for n, rule in zip(names, gate.rules(len(names), "both"), strict=True) if rule is None}
    wrt = [n for n in names if n not in constant]
    mapper = Mapper(text, engine=with_engine(engine), wrt=wrt, notes=True)
    found = mapper(columns_of(points, names))
    compiled = backprop.compile(text)
    for row, point in enumerate(points):
        try:
            expected = compiled.evaluate(dict(zip(names, point, strict=True)), wrt=wrt)
            gradients = expected.gradients
        except Problem:  # a number stands where there is no derivative
            continue
        # near a zero of the function the C libraries differ in digits that are noise at the size of the inputs
        floor = 4e-16 * min(1.0, max(abs(c) for c in point))
        got, want = found["f"][row], expected.value
        assert close(got, want, 64, floor) or error(name, point, (), got) < 1e-14, (point, got, want)
        for variable in wrt:
            got, want = found[f"df_d{variable}"][row], gradients[variable]
            near = close(got, want, 256, floor * max(1.0, abs(want)))
            assert near or error(name, point, (names.index(variable),), got) < 1e-13, (variable, point, got, want)


@pytest.mark.parametrize("engine", [*ENGINES, "eval"])
@pytest.mark.parametrize("order", [0, 1, 2, 3, 7])
def test_polygamma_of_an_order_that_is_a_number_is_spelt(order: int, engine: str) -> None:
    points = [point for point in ORACLES["polygamma"].points if point[0] == order]
    x = np.array([point[1] for point in points])
    if engine == "eval":
        found = backprop.evaluate(f"sum(polygamma({order}, x))", x=x)
        values = next(stage.value for stage in found.stages if stage.gate == "polygamma")
        gradients = found.gradients["x"]
    else:
        mapper = Mapper(f"polygamma({order}, x)", engine=with_engine(engine))
        values, gradients = mapper({"x": x}).values()
        assert not mapper.remark
    for point, value, gradient in zip(points, values, gradients, strict=True):
        assert error("polygamma", point, (), float(value)) < 1e-13
        assert error("polygamma", point, (1,), float(gradient)) < 1e-13


@pytest.mark.parametrize("name", ["gamma", "lgamma", "digamma", "erfinv"])
def test_special_functions_are_compiled(name: str) -> None:
    mapper = Mapper(f"{name}(x)", engine=with_engine("jit"))
    mapper({"x": np.array([0.3, 0.5])})
    assert not mapper.remark


FORMS = [
    "sigmoid({})", "tanh({})", "exp(sin({}))", "abs({})", "max({}, x)", "min(y, {})", "relu({})", "({})^2", "({})^3",
    "(1 + ({})^2)^0.7", "-({})", "clip({}, -1, 1)", "softplus({})",
]  # fmt: skip


def random_text(dice: random.Random, size: int) -> str:
    if size <= 0:
        return dice.choice(["x", "y", "z", "0.7", "2"])
    kind = dice.random()
    if kind < 0.5:
        left = dice.randrange(size)
        return f"({random_text(dice, left)} {dice.choice('+-*/')} {random_text(dice, size - 1 - left)})"
    inner = random_text(dice, size - 1)
    if kind < 0.6:
        return f"where({inner} > 0.3, sqrt({inner}), {random_text(dice, size // 3)})"
    form = dice.choice(FORMS)
    return form.format(inner)


@pytest.mark.parametrize("engine", ENGINES)
def test_random_formulas_agree_with_one_evaluation_each(engine: str) -> None:
    with_engine(engine)
    dice = random.Random(SEED)
    for _ in range(25):
        text = f"{random_text(dice, 8)} + 0*(x + y + z)"
        points = [tuple(dice.choice([dice.gauss(0, 2), 0.0, 1.0, -1.0]) for _ in "xyz") for _ in range(40)]
        found = Mapper(text, engine=engine)(columns_of(points, ("x", "y", "z")))
        compiled = backprop.compile(text)
        for row, (x, y, z) in enumerate(points):
            expected = compiled.evaluate(x=x, y=y, z=z)
            want = {"f": expected.value, **{f"df_d{n}": g for n, g in expected.gradients.items()}}
            for name, value in want.items():
                got = found[name][row]
                scale = 1e-10 * max(1.0, abs(value)) if math.isfinite(value) else 0.0
                assert close(got, value, 1000, scale), (SEED, text, (x, y, z), name, got, value)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_branch_that_is_not_taken_sends_exactly_nothing(engine: str) -> None:
    mapper = Mapper("where(x > 0, sqrt(x), 0)", engine=with_engine(engine))
    found = mapper({"x": np.array([0.0, -1.0, 4.0])})
    assert found["f"].tolist() == [0.0, 0.0, 2.0]
    assert found["df_dx"].tolist() == [0.0, 0.0, 0.25]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rows", [0, 1, 32_768, 70_001])
def test_chunks_and_threads_change_nothing(engine: str, rows: int) -> None:
    with_engine(engine)
    columns = {name: np.random.default_rng(SEED).normal(size=rows) for name in "xy"}
    text = "a = sigmoid(x) * y; where(x > y, a, tanh(a)) + max(x, y)^0.5"
    one = Mapper(text, engine=engine, threads=1)(columns)
    two = Mapper(text, engine=engine, threads=3)(columns)
    for name, column in one.items():
        assert len(column) == rows
        assert np.array_equal(column, two[name], equal_nan=True)
    if rows:
        alone = Mapper(text, engine=engine)({name: column[-1:] for name, column in columns.items()})
        for name, column in one.items():
            assert np.array_equal(alone[name], column[-1:], equal_nan=True)


def test_the_two_engines_agree_to_a_few_units_in_the_last_place() -> None:
    pytest.importorskip("llvmlite", reason="the extra `jit` is not installed")
    columns = {name: np.random.default_rng(SEED).normal(size=5000) + 2 for name in "xy"}
    text = "(x+sigmoid(y))/(sigmoid(x)+(x+y)^2)"
    ours, theirs = (Mapper(text, engine=engine)(columns) for engine in ENGINES)
    for name, column in ours.items():
        assert np.max(np.abs(column - theirs[name])) / np.max(np.abs(column)) < 4e-15


def test_linear_gates_hand_their_gradient_on_without_a_copy() -> None:
    columns = {name: np.arange(5.0) for name in "xyz"}
    found = Mapper("(x+y)*z", engine="numpy")(columns)
    assert found["df_dx"] is found["df_dy"] or found["df_dx"].base is found["df_dy"].base
    assert np.shares_memory(found["df_dx"], columns["z"])


def test_a_mapper_travels_as_text() -> None:
    mapper = Mapper("(x+y)*b", given={"b": 2}, wrt=["x"], ties="split")
    columns = {"x": np.arange(3.0), "y": np.ones(3)}
    mapper(columns)
    again = pickle.loads(pickle.dumps(mapper))
    assert again.outputs == ["f", "df_dx"]
    assert again.fingerprint() == mapper.fingerprint()
    assert again(columns)["f"].tolist() == [2.0, 4.0, 6.0]
    assert len(pickle.dumps(mapper)) < 500


def test_stages_and_second_derivatives_are_columns() -> None:
    mapper = Mapper("q = x + y; f = q*z", stages=True, hessian=True)
    found = mapper({"x": np.array([-2.0]), "y": np.array([5.0]), "z": np.array([-4.0])})
    values = {name: column[0] for name, column in found.items()}
    assert values == {
        "f": -12.0, "df_dx": -4.0, "df_dy": -4.0, "df_dz": 3.0, "q": 3.0, "df_dq": -4.0,
        "d2f_dx_dx": 0.0, "d2f_dx_dy": 0.0, "d2f_dx_dz": 1.0, "d2f_dy_dy": 0.0, "d2f_dy_dz": 1.0, "d2f_dz_dz": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_ties_and_numbers_that_are_not_finite_are_counted(engine: str) -> None:
    mapper = Mapper("max(x, y) + log(x)", engine=with_engine(engine), notes=True)
    _, met = mapper.run({"x": np.array([1.0, 2.0, 0.0, 3.0]), "y": np.array([0.0, 2.0, -1.0, 3.0])})
    assert met["q1 = max(x, y) is at a tie"] == (2, 1)
    assert met["f is not finite"] == (1, 2)


def test_an_unknown_variable_is_a_problem() -> None:
    with pytest.raises(Problem, match="no variable widht"):
        Mapper("width*x", given={"widht": 1})


def test_the_library_and_eval_stay_light() -> None:
    import subprocess

    code = (
        "import sys, backprop; backprop.evaluate('x*y', x=1, y=2); from backprop.cli import main\n"
        "try: main(['eval', 'x*y', '--x', '1', '--y', '2', '--json'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'polars', 'distributed', 'llvmlite', 'scipy', 'orjson'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
