"""Programs and points that `backprop code` is tried with: every gate, and random programs."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import backprop
from backprop.differentiate.run import run
from backprop.emit import Request, write
from backprop.errors import Problem
from backprop.gates import GATES
from backprop.library import Compiled
from circuits import random_expression
from oracle import ORACLE
from seeds import SEED

Case = tuple[str, dict[str, float]]
STAGED = (
    "sigy = 1/(1+exp(-y)); num = x + sigy; sigx = 1/(1+exp(-x)); xpy = x + y; xpysqr = xpy^2; den = sigx + xpysqr; "
    "invden = 1/den; f = num*invden"
)
SPECIAL = (math.inf, -math.inf, math.nan, 0.0, -0.0)


def check_format(folder: Path) -> None:
    """The programs of Python in a folder are laid out as ruff would do it."""
    (folder / "ruff.toml").write_text("")
    command = [sys.executable, "-m", "ruff", "format", "--diff", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[:3000]


def program(text: str, to: str, at: dict[str, float] | None = None, ties: str = "both") -> str:
    circuit = Compiled(text, ties=ties).circuit(at or ())
    return write(Request(circuit, at=at, ties=ties), to)


def function(source: str, name: str = "program") -> Any:
    """The function of a program of Python's; with the name of a main program, it tests itself."""
    scope: dict[str, Any] = {"__name__": name}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, where numbers are not finite
        exec(compile(source, "program", "exec"), scope)
    return scope["backprop"]


def gate_cases() -> Iterator[Case]:
    """Every gate on numbers, at the oracle's points and where its numbers are not finite."""
    for name, gate in GATES.items():
        if name not in ORACLE or gate.mixes:
            continue
        for point in [*ORACLE[name].points, *((value,) * gate.arity for value in SPECIAL)]:
            if name in ("max", "min") and len(point) == 1:
                continue  # of a single input, it is the largest element of an array
            if not all(isinstance(value, float) for value in point):
                continue
            names = "xyzuvw"[: len(point)]
            if name == "polygamma" and point[0] > 100:
                continue  # there the logarithms of the scalar gate cost it its 13th digit
            if name == "polygamma":
                order = int(point[0]) if math.isfinite(point[0]) else 1
                yield f"polygamma({order}, x)", {"x": point[1]}
            else:
                yield f"{name}({', '.join(names)})", dict(zip(names, point, strict=True))


def random_cases(seed: int, count: int) -> Iterator[Case]:
    """Random programs of several named stages, with forks, branches and ties."""
    draw = random.Random(seed)
    unary = [
        "exp",
        "log",
        "sqrt",
        "sin",
        "cos",
        "tanh",
        "sigmoid",
        "relu",
        "abs",
        "square",
        "softplus",
        "atan",
        "silu",
        "erf",
        "log1p",
        "cosh",
        "gelu",
        "elu",
    ]
    for _ in range(count):
        names, lines = ["x", "y", "z"], []
        for i in range(draw.randint(2, 9)):
            a, b, c = (draw.choice(names) for _ in range(3))
            shapes = [
                f"{a} * {b} + {c}", f"({a} - {b}) / {c}", f"{draw.choice(unary)}({a}) * {b}", f"max({a}, {b}, {c})",
                f"-({a} - ({b} - {c}))^2", f"where({a} > {b}, {draw.choice(unary)}({c}), {b})", f"{a}^{b}",
                f"{draw.choice(unary)}({a} + {b}) / (2 - {c})", f"clip({a}, -1, {b})", f"2 * {a} - {b} / 3",
            ]  # fmt: skip
            lines.append(f"s{i} = {draw.choice(shapes)}")
            names.append(f"s{i}")
        lines.append(f"f = {' + '.join(draw.sample(names, 3))}")
        text = "; ".join(lines)
        yield text, {name: round(draw.uniform(-2, 2), 2) for name in Compiled(text).variables}


def smooth_cases(seed: int, count: int) -> Iterator[Case]:
    """Random programs whose values stay near 1, so that no digit is lost on the way."""
    for number in range(count):
        text, at = random_expression(20, seed + number)
        yield text, {name: at[name] for name in Compiled(text).variables}


FORKS: list[Case] = [("q = tan(x); x*y - q", {"x": 0.5, "y": 2.0})]  # what is taken off is a sum

CASES = [*FORKS, *gate_cases(), *random_cases(SEED, 100), *smooth_cases(SEED, 100)]


def expected(case: Case) -> list[float]:
    found = backprop.evaluate(*case)
    return [found.value, *found.gradients.values()]


def assert_same(case: Case, found: list[float]) -> None:
    """Value and gradients to 1e-13. In a random program the last digits of a large intermediate number may show, and
    those of the inputs: beside a pole, another rounding is as good as an input that is one away from it."""
    evaluation = backprop.evaluate(*case)
    wanted = expected(case)
    scale, moved = 1.0, wanted
    if "; f = " in case[0]:
        sizes = [abs(n) for stage in evaluation.stages for n in (stage.value, stage.gradient or 0.0)]
        scale = max([1.0, *filter(math.isfinite, sizes)])
        moved = expected((case[0], {name: x * (1 + 2**-50) for name, x in case[1].items()}))
    assert len(found) == len(wanted)
    for a, b, near in zip(found, wanted, moved, strict=True):
        same = a == b or (a != a and b != b)
        assert same or abs(a - b) <= max(1e-13 * max(scale, abs(b)), 10 * abs(near - b)), (case, found, wanted)


def by_program(cases: list[Case]) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(case[0], []).append(case)
    return found


AT_TIES = {"A": np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]), "b": np.array([1.0, 2.0, 3.0])}
TIED = (
    "sum(max(A, axis=1))",
    "max(A) * max(A, axis=[0, -1]) + min(b)",
    "sum(max(A, b) * b)",
    "hinge(A, b)",
    "sum(relu(b - 2))",
)
NO_NUMBERS: list[tuple[str, dict[str, Any]]] = [  # programs whose output is no number
    ("where(x > 0, sqrt(x), 0) + x", {"x": np.array([-1.0, 0.0, 4.0])}),
    ("where(x > y, log(x - y), x / y)", {"x": np.array([-1.0, 0.0, 4.0]), "y": np.zeros(3)}),
    ("h = 1 / x; where(x == 0, 2, h)", {"x": np.array([[0.0, 2.0]])}),
    ("W @ x + b", {"W": np.ones((2, 3)), "x": np.array([1.0, 2.0, np.inf]), "b": 1.0}),
    ("max(x, y[1:])", {"x": np.array([1.0, np.nan]), "y": np.array([5.0, 1.0, 0.0])}),
    ("k = 1 + 1; where(x > 0, k, 0.01) * exp(k) * x^0.5 + x^-0.5", {"x": np.array([-0.0, 0.0, 2.0])}),
    ("1 / 0 + exp(-1 / 0) + x + (2 > 1) * 0.1", {"x": np.array([1.0])}),
    ("0.1 * (x > 0) + where(x < y, 0.1, 0.7) * (x > 0) * (y > 0)", {"x": np.array([1.0]), "y": np.array([2.0])}),
]


def try_ties(tried: Callable[..., None]) -> None:
    """Try circuits that meet ties."""
    for ties, text in product(("split", "first"), TIED):
        compiled = Compiled(text)
        tried(compiled.circuit(AT_TIES), {name: AT_TIES[name] for name in compiled.variables}, ties)


def try_random_circuits(tried: Callable[..., None], count: int) -> None:
    """Try random circuits on arrays, with the size of the numbers in them; a failure tells which it was."""
    for text, at in tensor_programs(SEED, count):
        circuit = Compiled(text).circuit(at)
        with np.errstate(all="ignore"):
            values = run(circuit, at).values
        scale = max(1.0, *(np.max(np.abs(x)[np.isfinite(x)], initial=0.0) for x in values))
        try:
            tried(circuit, at, scale=float(scale))
        except AssertionError as error:
            raise AssertionError(f"{text} at {at}: {error}") from error


def tensor_programs(seed: int, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Random programs over arrays that broadcast, fork, choose and are put together; the output is a number."""
    draw = random.Random(seed)
    numbers = np.random.default_rng(seed)
    unary = ["tanh", "exp", "relu", "abs", "sin", "sigmoid", "square", "softplus", "-"]
    for _ in range(count):
        shapes: dict[str, tuple[int, ...]] = {"A": (3, 4), "v": (4,), "c": (3, 1), "s": (), "B": (4, 3), "r": (1, 4)}
        lines = []
        for i in range(draw.randint(3, 8)):
            a, b = draw.choice(list(shapes)), draw.choice(list(shapes))
            axis = draw.randrange(max(1, len(shapes[a])))
            texts = [
                f"{draw.choice(unary)}({a})", f"{a} * {b}", f"{a} - {b}", f"{a} / (2 + {b}^2)", f"max({a}, {b})",
                f"where({a} > {b}, sqrt({a} - {b}), {b})", f"{a} @ {b}", f"{a}.T", f"sum({a}, axis={axis})",
                f"mean({a}, axis=-1, keepdims=1)", f"softmax({a})", f"{a}[1]", f"{a}[0:2]", f"max({a}, axis={axis})",
                f"stack({a}, {a} + {b})", f"concat({a}, {a}, axis={axis})", f"cumsum({a}, axis={axis})",
                f"norm({a}, axis={axis})", f"{a} + 2 * {a}", f"prod({a}, axis={axis})", f"sort({a})",
                f"var({a}, axis={axis})", f"[{a}, 2 * {a}]", f"{a} - mean({a})", f"logsumexp({a}, axis={axis})",
            ]  # fmt: skip
            draw.shuffle(texts)
            for text in texts:
                compiled = Compiled(f"f = {text}")
                try:
                    shape = np.shape(compiled.forward({x: np.full(shapes[x], 0.5) for x in compiled.variables}).value)
                except Problem:
                    continue
                if len(shape) <= 3 and np.prod(shape) < 200:
                    lines.append(f"h{i} = {text}")
                    shapes[f"h{i}"] = shape
                    break
        used = draw.sample([f"h{i}" for i in range(len(lines))], min(3, len(lines)))
        text = "; ".join([*lines, f"f = {' + '.join(f'sum({name})' for name in used)}"])
        at = {
            name: numbers.uniform(-1.5, 1.5, shapes[name]) if shapes[name] else round(draw.uniform(-1.5, 1.5), 2)
            for name in Compiled(text).variables
        }
        yield text, at


def assert_close(found: Any, expected: Any, scale: float = 1.0) -> None:
    """To 1e-13 of the largest element, in the same shape."""
    assert np.shape(found) == np.shape(expected)
    finite = np.abs(np.asarray(expected))[np.isfinite(expected)]
    margin = 1e-13 * max(scale, np.max(finite, initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=margin)
