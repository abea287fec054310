"""PyTorch programs that `backprop code` writes are run, and say what `eval` says: of every gate, at every point."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop.circuit import Circuit
from backprop.emit import Request, write
from backprop.library import Compiled
from backprop.run import run
from programs import CASES, SEED, STAGED, assert_same, by_program, program, tensor_programs
from tensor_cases import CASES as TENSOR_CASES
from tensor_cases import Case, built, label

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")


def function(source: str, name: str = "program") -> Any:
    """The function of a program; with the name of a main program, it tests itself."""
    scope: dict[str, Any] = {"__name__": name}
    exec(compile(source, "program", "exec"), scope)
    return scope["backprop"]


def called(backprop: Any, inputs: list[Any], upstream: Any = None) -> tuple[Any, list[Any]]:
    """What a program's function says of its inputs, by PyTorch's own backward pass."""
    tensors = [torch.tensor(np.asarray(x), dtype=torch.float64, requires_grad=True) for x in inputs]
    value = backprop(*tensors)
    above = torch.ones_like(value) if upstream is None else torch.tensor(np.asarray(upstream))
    gradients = torch.autograd.grad(value, tensors, above) if tensors else []
    assert all(found.dtype == torch.float64 for found in (value, *gradients))
    return value.detach().numpy(), [gradient.numpy() for gradient in gradients]


def assert_close(found: Any, expected: Any, scale: float = 1.0) -> None:
    """To 1e-13 of the largest element, in the same shape."""
    assert np.shape(found) == np.shape(expected)
    finite = np.abs(np.asarray(expected))[np.isfinite(expected)]
    margin = 1e-13 * max(scale, np.max(finite, initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=margin)


def test_torch_says_what_eval_says_of_numbers() -> None:
    for text, cases in by_program(CASES).items():
        names = Compiled(text).variables
        backprop = function(program(text, "torch"))
        columns = [np.array([case[1][name] for case in cases]) for name in names]
        value, gradients = called(backprop, columns)
        for i, case in enumerate(cases):  # many at once: element by element
            assert_same(case, [float(found[i]) for found in (value, *gradients)])
        for case in cases[:2]:  # and one by one, which other code of PyTorch's does
            value, gradients = called(function(program(text, "torch", case[1])), [case[1][name] for name in names])
            assert_same(case, [float(found) for found in (value, *gradients)])


def run_both(circuit: Circuit, at: dict[str, Any], ties: str = "both", scale: float = 1.0) -> None:
    """The program for any shapes, and the one for these, against the calculator."""
    result = run(circuit, at, ties=ties)
    for point in (None, at):
        source = write(Request(circuit, at=point, ties=ties), "torch")
        backprop = function(source, "program" if point is None else "__main__")
        value, gradients = called(backprop, [at[name] for name in circuit.variables])
        assert_close(value, result.value, scale)
        for gradient, expected in zip(gradients, result.gradients().values(), strict=True):
            assert_close(gradient, expected, scale)


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
    for text, at in tensor_programs(SEED, 60):
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
        ("where(x > y, log(x - y), x / y)", {"x": np.array([-1.0, 0.0, 4.0]), "y": np.zeros(3)}),
        ("h = 1 / x; where(x == 0, 2, h)", {"x": np.array([[0.0, 2.0]])}),
        ("W @ x + b", {"W": np.ones((2, 3)), "x": np.array([1.0, 2.0, np.inf]), "b": 1.0}),
        ("max(x, y[1:])", {"x": np.array([1.0, np.nan]), "y": np.array([5.0, 1.0, 0.0])}),
        ("k = 2; where(x > 0, k, 0.01) * exp(k) * x^0.5 + x^-0.5", {"x": np.array([-0.0, 0.0, 2.0])}),
        ("1 / 0 + exp(-1 / 0) + x + (2 > 1) * 0.1", {"x": np.array([1.0])}),
        ("0.1 * (x > 0) + where(x < y, 0.1, 0.7) * (x > 0) * (y > 0)", {"x": np.array([1.0]), "y": np.array([2.0])}),
    ],
)
def test_an_output_that_is_no_number_has_a_gradient_from_above(text: str, at: dict[str, Any]) -> None:
    circuit = Compiled(text).circuit(at)
    forward = Compiled(text).forward(at).value
    upstream = np.linspace(-1, 2, np.size(forward)).reshape(np.shape(forward))
    result = run(circuit, at, upstream=upstream)
    for point in (None, at):
        source = write(Request(circuit, at=point, upstream=None if point is None else upstream), "torch")
        backprop = function(source, "program" if point is None else "__main__")
        value, gradients = called(backprop, [at[name] for name in circuit.variables], upstream)
        assert_close(value, result.value)
        for gradient, expected in zip(gradients, result.gradients().values(), strict=True):
            assert_close(gradient, expected)
