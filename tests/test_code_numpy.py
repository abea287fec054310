"""NumPy programs that `backprop code` writes are run, and say what `eval` says: of every gate, at every point."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.circuit import Circuit
from backprop.emit import Request, write
from backprop.errors import Problem
from backprop.gates import GATES
from backprop.library import Compiled
from backprop.run import run
from programs import CASES, SEED, STAGED, assert_same, by_program, program, tensor_programs
from tensor_cases import CASES as TENSOR_CASES
from tensor_cases import Case, built, label


def function(source: str, name: str = "program") -> Any:
    """The function of a program; with the name of a main program, it tests itself."""
    scope: dict[str, Any] = {"__name__": name}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, where numbers are not finite
        exec(compile(source, "program", "exec"), scope)
    return scope["backprop"]


def called(source: str, *inputs: Any, name: str = "program") -> tuple[Any, dict[str, Any]]:
    """What a program says of its inputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: tuple[Any, dict[str, Any]] = function(source, name)(*inputs)
        return found


def assert_close(found: Any, expected: Any, scale: float = 1.0) -> None:
    """To 1e-13 of the largest element, in the same shape."""
    assert np.shape(found) == np.shape(expected)
    finite = np.abs(np.asarray(expected))[np.isfinite(expected)]
    margin = 1e-13 * max(scale, np.max(finite, initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=margin)


def test_numpy_says_what_eval_says_of_numbers() -> None:
    for text, cases in by_program(CASES).items():
        names = Compiled(text).variables
        generic = function(program(text, "numpy"))
        for i, case in enumerate(cases):
            at = [case[1][name] for name in names]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value, gradients = generic(*at)
            assert_same(case, [float(value), *map(float, gradients.values())])
            if i < 3:
                value, gradients = called(program(text, "numpy", case[1]), *at, name="__main__")
                assert_same(case, [float(value), *map(float, gradients.values())])


def test_a_formula_of_numbers_takes_arrays_of_one_shape() -> None:
    for text, cases in by_program(CASES[-220:]).items():
        if len(cases) > 1 or "polygamma" in text:
            continue
        at = cases[0][1]
        columns = {name: np.array([value, value / 2, value]) for name, value in at.items()}
        value, gradients = called(program(text, "numpy"), *[columns[name] for name in Compiled(text).variables])
        for i, scale in ((0, 1.0), (1, 0.5)):
            numbers = [value, *gradients.values()]
            found = [float(np.broadcast_to(number, 3)[i]) for number in numbers]
            assert_same((text, {name: x * scale for name, x in at.items()}), found)


def test_every_gate_is_tried() -> None:
    tried = {case.gate for case in TENSOR_CASES}
    assert not [name for name, gate in GATES.items() if gate.mixes and name not in tried]


def run_both(circuit: Circuit, at: dict[str, Any], ties: str = "both", scale: float = 1.0) -> None:
    """The program for any shapes, and the one for these, against the calculator."""
    result = run(circuit, at, ties=ties)
    for point in (None, at):
        source = write(Request(circuit, at=point, ties=ties), "numpy")
        inputs = [at[name] for name in circuit.variables]
        value, gradients = called(source, *inputs, name="program" if point is None else "__main__")
        assert_close(value, result.value, scale)
        for name, gradient in result.gradients().items():
            assert_close(gradients[name], gradient, scale)


@pytest.mark.parametrize("case", TENSOR_CASES, ids=label)
def test_gates_that_mix_elements(case: Case) -> None:
    circuit, at = built(case)
    circuit.names[circuit.output] = "f"
    run_both(circuit, at)


@pytest.mark.parametrize("ties", ["split", "first"])
def test_ties_in_arrays(ties: str) -> None:
    at = {"A": np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]), "b": np.array([1.0, 2.0, 3.0])}
    for text in ("sum(max(A, axis=1))", "max(A) + min(b)", "sum(max(A, b) * b)", "hinge(A, b)", "sum(relu(b - 2))"):
        run_both(Compiled(text).circuit(at), {name: at[name] for name in Compiled(text).variables}, ties)


def test_random_programs_over_arrays() -> None:
    for text, at in tensor_programs(SEED, 100):
        circuit = Compiled(text).circuit(at)
        with np.errstate(all="ignore"):
            values = run(circuit, at).values
        scale = max(1.0, *(np.max(np.abs(x)[np.isfinite(x)], initial=0.0) for x in values))
        try:
            run_both(circuit, at, scale=float(scale))
        except AssertionError as error:
            raise AssertionError(f"{text} at {at}: {error}") from error


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("where(x > 0, sqrt(x), 0) + x", {"x": np.array([-1.0, 0.0, 4.0])}),
        ("where(x > y, log(x - y), x / y)", {"x": np.array([-1.0, 0.0, 4.0]), "y": 0.0}),
        ("h = 1 / x; where(x == 0, 2, h)", {"x": np.array([[0.0, 2.0]])}),
        ("W @ x + b", {"W": np.ones((2, 3)), "x": np.array([1.0, 2.0, np.inf]), "b": 1.0}),
        ("max(x, y[1:])", {"x": np.array([1.0, np.nan]), "y": np.array([5.0, 1.0, 0.0])}),
    ],
)
def test_an_output_that_is_no_number_has_a_gradient_from_above(text: str, at: dict[str, Any]) -> None:
    circuit = Compiled(text).circuit(at)
    forward = Compiled(text).forward(at).value
    upstream = np.linspace(-1, 2, np.size(forward)).reshape(np.shape(forward))
    result = run(circuit, at, upstream=upstream)
    for point in (None, at) if circuit.tensors else (at,):
        source = write(Request(circuit, at=point, upstream=upstream if point else None), "numpy")
        inputs = [*(at[name] for name in circuit.variables), upstream]
        value, gradients = called(source, *inputs, name="program" if point is None else "__main__")
        assert_close(value, result.value)
        for name, gradient in result.gradients().items():
            assert_close(gradients[name], gradient)
