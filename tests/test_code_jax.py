"""JAX programs that `backprop code` writes are run, and say what `eval` says: of every gate, at every point."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop.circuit import Circuit
from backprop.differentiate.run import run
from backprop.emit import Request, write
from backprop.errors import Problem
from backprop.library import Compiled
from programs import (
    CASES,
    NO_NUMBERS,
    STAGED,
    assert_close,
    assert_same,
    by_program,
    check_format,
    function,
    program,
    tensor_programs,
)
from programs import Case as CaseOfNumbers
from seeds import SEED
from tensor_cases import ON_TENSORS as TENSOR_CASES
from tensor_cases import Case, built, label

jax = pytest.importorskip("jax", reason="JAX is not installed: pip install jax")
jnp = jax.numpy
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)  # it takes longer to compile than to run

BATCH = 64  # points at once: JAX compiles each operation once for this shape, and not for each program
SMALLEST = 2.2250738585072014e-308  # numbers below are 0 to XLA


def called(backprop: Any, inputs: list[Any], upstream: Any = None, whole: bool = False) -> tuple[Any, list[Any]]:
    """What a program's function says of its inputs, by JAX's own backward pass; compiled as a `whole`, which costs less
    where no two programs have operations of the same shape."""

    def both(*given: Any) -> tuple[Any, Any]:
        value, pullback = jax.vjp(backprop, *given)
        return value, pullback(jnp.ones_like(value) if upstream is None else jnp.asarray(upstream))

    value, gradients = (jax.jit(both) if whole else both)(*[jnp.asarray(x) for x in inputs])
    assert all(found.dtype == jnp.float64 for found in (value, *gradients))
    return np.asarray(value), [np.asarray(gradient) for gradient in gradients]


def flushed(case: CaseOfNumbers) -> CaseOfNumbers:
    """The case as XLA sees it, to which a number below the normal range is 0."""
    return case[0], {name: 0.0 if 0 < abs(x) < SMALLEST else x for name, x in case[1].items()}


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


def run_at(
    circuit: Circuit,
    at: dict[str, Any],
    point: dict[str, Any] | None,
    ties: str = "both",
    main: bool = True,
    **more: Any,
) -> None:
    """The program for these shapes (with a point, as a `main` program with its own test), or for any, against the
    calculator."""
    result = run(circuit, at, ties=ties, **more)
    upstream = more.get("upstream")
    source = write(Request(circuit, at=point, ties=ties, upstream=None if point is None else upstream), "jax")
    backprop = function(source, "program" if point is None or not main else "__main__")
    value, gradients = called(backprop, [at[name] for name in circuit.variables], upstream, whole=True)
    sizes = [np.max(np.abs(x)[np.isfinite(x)], initial=0.0) for x in result.values]
    assert_close(value, result.value, max(sizes))
    for gradient, expected in zip(gradients, result.gradients().values(), strict=True):
        assert_close(gradient, expected, max(sizes))


FIRST = {case.gate: case for case in reversed(TENSOR_CASES)}
TESTED = frozenset(map(id, TENSOR_CASES[::9]))  # whose programs run their own test, too, operation by operation


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", TENSOR_CASES, ids=label)
def test_gates_that_mix_elements(case: Case) -> None:
    circuit, at = built(case)
    run_at(circuit, at, None if case is FIRST[case.gate] else at, main=id(case) in TESTED)


@pytest.mark.parametrize("ties", ["split", "first"])
def test_ties_in_arrays(ties: str) -> None:
    at = {"A": np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]), "b": np.array([1.0, 2.0, 3.0])}
    for text in ("sum(max(A, axis=1)) + min(b)", "sum(max(A, b) * b) + hinge(A, b)"):
        point = {name: at[name] for name in Compiled(text).variables}
        run_at(Compiled(text).circuit(point), point, None, ties)


def test_random_programs_over_arrays() -> None:
    for text, at in tensor_programs(SEED, 6):
        with np.errstate(all="ignore"):
            circuit = Compiled(text).circuit(at)
            run_at(circuit, at, None)


@pytest.mark.parametrize(("text", "at"), [*NO_NUMBERS[1:4], *NO_NUMBERS[5:]])
def test_an_output_that_is_no_number_has_a_gradient_from_above(text: str, at: dict[str, Any]) -> None:
    circuit = Compiled(text).circuit(at)
    forward = Compiled(text).forward(at).value
    upstream = np.linspace(-1, 2, np.size(forward)).reshape(np.shape(forward))
    for point in (None, at):
        run_at(circuit, at, point, upstream=upstream)


def test_it_works_under_jit_and_vmap_and_grad() -> None:
    backprop = function(program(STAGED, "jax"))
    x, y = np.array([3.0, -1.0, 0.5]), np.array([-4.0, 2.0, 0.0])
    both = jax.jit(jax.vmap(jax.value_and_grad(backprop, argnums=(0, 1))))
    value, gradients = both(y, x)  # in order of first appearance
    for i in range(3):
        found = [float(number[i]) for number in (value, *gradients)]
        assert_same((STAGED, {"y": float(y[i]), "x": float(x[i])}), found)
    text = "h = relu(X @ W + b); f = mean((h - y)^2)"
    at = {"X": np.arange(6.0).reshape(2, 3), "W": np.eye(3), "b": np.array([0.1, -5.0, 1.0]), "y": np.ones((2, 3))}
    circuit = Compiled(text).circuit(at)
    gradients = jax.jit(jax.grad(function(program(text, "jax")), argnums=(0, 1, 2, 3)))(*at.values())
    for gradient, expected in zip(gradients, run(circuit, at).gradients().values(), strict=True):
        assert_close(gradient, expected)


STRETCHED = [
    "x * y", "(x + y) * z", "y - x", "where(x > y, z, x * y)", "x^y", "clip(x, y, z)", "max(x, y) * floor(z)",
    "min(x, y, z)", "mod(x, y)", "h = sigmoid(x) / y; h * h + z", "where(x > 0, y, 2)", "atan2(x, y)",
]  # fmt: skip


@pytest.mark.parametrize("text", STRETCHED)
@pytest.mark.parametrize("shapes", [((3,), (), (2, 1)), ((), (2, 1), (2, 3)), ((1, 3), (3,), (1,))], ids=str)
def test_inputs_of_different_shapes_get_gradients_of_their_own(text: str, shapes: list[tuple[int, ...]]) -> None:
    random = np.random.default_rng(2)
    at = {name: random.uniform(0.2, 0.9, shape) for name, shape in zip("xyz", shapes, strict=True)}
    at = {name: at[name] for name in Compiled(text).variables}
    with_arrays = Compiled(text).circuit(at)
    value = Compiled(text).forward(at).value
    upstream = random.uniform(-1, 1, np.shape(value)) if np.shape(value) else 0.7
    result = run(with_arrays, at, upstream=upstream)
    backprop = function(write(Request(Compiled(text).circuit()), "jax"))
    value, gradients = called(backprop, list(at.values()), upstream, whole=True)
    assert_close(value, result.value)
    for gradient, expected in zip(gradients, result.gradients().values(), strict=True):
        assert_close(gradient, expected)


@pytest.mark.parametrize("text", ["reciprocal(x) * y", "x^3 * y^2", "y^9 * 10^9 * y + x", "1 / y + y^-1 + x"])
def test_whole_numbers_are_calculated_with_as_floats(text: str) -> None:
    """JAX itself differentiates for floats only, but others may stand beside them."""
    backprop = function(program(text, "jax"))
    expected = Compiled(text).evaluate(x=2.0, y=30.0)
    names = list(expected.gradients)
    for y in (30, np.int32(30), np.uint8(30), jnp.array(30)):
        for plain in (backprop, jax.jit(backprop)):
            at = {"x": 2.0, "y": y}
            value, gradient = jax.value_and_grad(plain, argnums=names.index("x"))(*[at[name] for name in names])
            assert_close(value, expected.value)
            assert_close(gradient, expected.gradients["x"])
            assert_close(plain(*[2 if name == "x" else y for name in names]), expected.value)


def test_numbers_beside_arrays_of_few_bits_leave_them_as_they_are() -> None:
    x = jnp.ones(3, dtype=jnp.bfloat16)
    gradient = jax.grad(lambda x: jnp.sum(function(program("x * y", "jax"))(x, 2.0)))(x)
    assert gradient.dtype == jnp.bfloat16


def test_what_is_not_asked_for_is_not_said_to_be_0() -> None:
    circuit = Compiled("x * y").circuit()
    backprop = function(write(Request(circuit, wrt=["x"], at={"x": 2.0, "y": 3.0}), "jax"), "__main__")
    assert jax.grad(backprop)(2.0, 3.0) == 3.0
    assert np.isnan(jax.grad(backprop, argnums=1)(2.0, 3.0))


def test_an_unused_input_has_gradient_0() -> None:
    backprop = function(program("unused = sin(z); f = x * y", "jax"))
    assert [float(found) for found in called(backprop, [1.0, 2.0, 3.0])[1]] == [0.0, 3.0, 2.0]


def test_a_self_test_can_fail(tmp_path: Path) -> None:
    source = program(STAGED, "jax", {"x": 3.0, "y": -4.0})
    function(source, "__main__")
    value = re.search(r"\d+\.\d{5,}(?=[,\]])", source)
    assert value
    with pytest.raises(AssertionError):
        function(source.replace(value[0], "7.5"), "__main__")


def test_it_is_formatted_as_ruff_does(tmp_path: Path) -> None:
    for number, (text, at) in enumerate(CASES[-100:]):
        for point in (None, at):
            (tmp_path / f"p{number}_{point is None}.py").write_text(program(text, "jax", point))
    for number, case in enumerate(TENSOR_CASES):
        circuit, at = built(case)
        (tmp_path / f"t{number}.py").write_text(write(Request(circuit, at=at), "jax"))
    check_format(tmp_path)


@pytest.mark.parametrize(("text", "at", "point"), [
    (STAGED, {"x": 3.0, "y": -4.0}, False),
    ("gelu(x)*s + erf(x)", {"x": np.array([0.5, -1.0]), "s": 2.0}, False),
    ("gelu(x)*s + erf(x)", {"x": np.array([0.5, -1.0]), "s": 2.0}, True),
    ("sum(softmax(W @ x)^2)", {"W": np.array([[1.0, 2.0], [0.5, -1.0]]), "x": np.array([0.3, 0.7])}, False),
    ("tanh(W @ x) + x", {"W": np.array([[1.0, 2.0], [0.5, -1.0]]), "x": np.array([0.3, 0.7])}, False),
    ("tanh(W @ x) + x", {"W": np.array([[1.0, 2.0], [0.5, -1.0]]), "x": np.array([0.3, 0.7])}, True),
])  # fmt: skip
def test_a_custom_jvp_goes_forward_and_back_and_twice(text: str, at: dict[str, Any], point: bool) -> None:
    circuit = Compiled(text).circuit(at)
    names, upstream = list(circuit.variables), None
    shape = np.shape(Compiled(text).forward(at).value)
    if point and shape:
        upstream = np.ones(shape)
    source = write(Request(circuit, at=at if point else None, upstream=upstream, jvp=True), "jax")
    assert "@jax.custom_jvp" in source
    backprop, places = function(source, "__main__" if point else "program"), tuple(range(len(names)))
    inputs = [jnp.asarray(at[name]) for name in names]
    result = run(circuit, at, upstream=np.ones(shape) if shape else None)

    def total(*given: Any) -> Any:
        return jnp.sum(backprop(*given))

    for derivative in (jax.jacfwd, jax.grad):
        found_all = jax.jit(derivative(total, places))(*inputs)
        for found, wanted in zip(found_all, result.gradients().values(), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)
    if not shape:
        second = jax.jit(jax.hessian(backprop, places))(*inputs)
        expected = Compiled(text).hessian(at)
        for place, name in enumerate(names):
            for other, found in enumerate(second[place]):
                np.testing.assert_allclose(found, expected[name][names[other]], rtol=1e-9, atol=1e-12)


def test_a_custom_jvp_needs_all_gradients() -> None:
    with pytest.raises(Problem, match="needs all gradients"):
        write(Request(Compiled("x*y").circuit(), wrt=["x"], jvp=True), "jax")
