"""JAX programs that `backprop code` writes are run, and say what `eval` says: of every gate, at every point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop.circuit import Circuit
from backprop.emit import Request, write
from backprop.library import Compiled
from backprop.run import run
from programs import CASES, SEED, STAGED, assert_same, by_program, program, tensor_programs
from programs import Case as CaseOfNumbers
from tensor_cases import CASES as TENSOR_CASES
from tensor_cases import Case, built, label

jax = pytest.importorskip("jax", reason="JAX is not installed: pip install jax")
jnp = jax.numpy
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)  # it takes longer to compile than to run

BATCH = 64  # points at once: JAX compiles each operation once for this shape, and not for each program
SMALLEST = 2.2250738585072014e-308  # numbers below are 0 to XLA


def function(source: str, name: str = "program") -> Any:
    """The function of a program; with the name of a main program, it tests itself."""
    scope: dict[str, Any] = {"__name__": name}
    exec(compile(source, "program", "exec"), scope)
    return scope["backprop"]


def called(backprop: Any, inputs: list[Any], upstream: Any = None) -> tuple[Any, list[Any]]:
    """What a program's function says of its inputs, by JAX's own backward pass."""
    value, pullback = jax.vjp(backprop, *[jnp.asarray(x) for x in inputs])
    gradients = pullback(jnp.ones_like(value) if upstream is None else jnp.asarray(upstream))
    assert all(found.dtype == jnp.float64 for found in (value, *gradients))
    return np.asarray(value), [np.asarray(gradient) for gradient in gradients]


def flushed(case: CaseOfNumbers) -> CaseOfNumbers:
    """The case as XLA sees it, to which a number below the normal range is 0."""
    return case[0], {name: 0.0 if abs(x) < SMALLEST else x for name, x in case[1].items()}


def assert_close(found: Any, expected: Any, scale: float = 1.0) -> None:
    """To 1e-13 of the largest element, in the same shape."""
    assert np.shape(found) == np.shape(expected)
    finite = np.abs(np.asarray(expected))[np.isfinite(expected)]
    margin = 1e-13 * max(scale, np.max(finite, initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=margin)


def test_jax_says_what_eval_says_of_numbers() -> None:
    for text, cases in by_program(CASES).items():
        names = Compiled(text).variables
        backprop = function(program(text, "jax"))
        for start in range(0, len(cases), BATCH):
            some = cases[start : start + BATCH]
            columns = [np.resize([case[1][name] for case in some], BATCH) for name in names]
            value, gradients = called(backprop, columns)
            for i, case in enumerate(some):
                assert_same(flushed(case), [float(found[i]) for found in (value, *gradients)])


def run_both(circuit: Circuit, at: dict[str, Any], ties: str = "both", scale: float = 1.0) -> None:
    """The program for any shapes, and the one for these, against the calculator."""
    result = run(circuit, at, ties=ties)
    for point in (None, at):
        source = write(Request(circuit, at=point, ties=ties), "jax")
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
