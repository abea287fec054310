"""PyTorch programs that `backprop code` writes are run, and say what `eval` says: of every gate, at every point."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop.circuit import Circuit
from backprop.differentiate.run import run
from backprop.emit import Request, write
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
    try_random_circuits,
    try_ties,
)
from tensor_cases import ON_TENSORS as TENSOR_CASES
from tensor_cases import Case, built, label

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")


def called(backprop: Any, inputs: list[Any], upstream: Any = None) -> tuple[Any, list[Any]]:
    """What a program's function says of its inputs, by PyTorch's own backward pass."""
    tensors = [torch.tensor(np.asarray(x), dtype=torch.float64, requires_grad=True) for x in inputs]
    value = backprop(*tensors)
    above = torch.ones_like(value) if upstream is None else torch.tensor(np.asarray(upstream))
    gradients = torch.autograd.grad(value, tensors, above) if tensors else []
    assert all(found.dtype == torch.float64 for found in (value, *gradients))
    return value.detach().numpy(), [gradient.numpy() for gradient in gradients]


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


def run_named(text: str, point: dict[str, Any]) -> None:
    compiled = Compiled(text)
    at = {name: np.array(point[name]) if isinstance(point[name], list) else point[name] for name in compiled.variables}
    run_both(compiled.circuit(at), at)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("case", TENSOR_CASES, ids=label)
def test_gates_that_mix_elements(case: Case) -> None:
    circuit, at = built(case)
    run_both(circuit, at)


def test_ties_in_arrays() -> None:
    try_ties(run_both)


def test_random_programs_over_arrays() -> None:
    try_random_circuits(run_both, 60)


@pytest.mark.parametrize(("text", "at"), NO_NUMBERS)
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


SMOOTH = [
    (STAGED, {"x": 3.0, "y": -4.0}),
    ("tanh(x) * sigmoid(y) + where(x > y, exp(x), log1p(y))", {"x": 0.3, "y": 1.2}),
    ("h = relu(X @ W + b); mean((h - y)^2)", {"X": (5, 3), "W": (3, 4), "b": (4,), "y": (5, 4)}),
    ("cross_entropy(X @ W, [0, 2])", {"X": (2, 3), "W": (3, 3)}),
    ("sum(softmax(Q @ K.T) @ V)", {"Q": (2, 3), "K": (4, 3), "V": (4, 2)}),
    ("logdet(A @ A.T + 3 * diag([1, 1, 1])) + sum(solve(A @ A.T + diag([2, 3, 4]), b))", {"A": (3, 3), "b": (3,)}),
    ("sum(conv2d(x, w, padding=1)^2)", {"x": (1, 1, 4, 4), "w": (2, 1, 3, 3)}),
    ("norm(x) * prod(x) + sum(cumprod(x) * sort(x))", {"x": (4,)}),
    ("x[1:] * x[[0, 0]] + lgamma(y) + erf(x[0])", {"x": (3,), "y": 2.5}),
]


@pytest.mark.parametrize(("text", "given"), SMOOTH)
def test_it_passes_the_gradient_check(text: str, given: dict[str, Any]) -> None:
    random = np.random.default_rng(3)
    at = {name: random.standard_normal(x) if isinstance(x, tuple) else x for name, x in given.items()}
    shape = np.shape(Compiled(text).forward(at).value)
    circuit = Compiled(text).circuit(at)
    source = write(Request(circuit, at=at, upstream=np.ones(shape) if shape else None), "torch")
    assert "gradcheck(backprop, inputs)" in source
    function(source, "__main__")
    backprop = function(write(Request(circuit), "torch"))
    tensors = [torch.tensor(at[name], dtype=torch.float64, requires_grad=True) for name in circuit.variables]
    assert torch.autograd.gradcheck(backprop, tensors)


def test_the_gradient_check_is_left_out_where_it_would_fail() -> None:
    for text, at in (("relu(x)", {"x": 0.0}), ("max(x, y)", {"x": 1.0, "y": 1.0}), ("log(x)", {"x": 1e-7})):
        source = program(text, "torch", at)
        assert "gradcheck" not in source
        function(source, "__main__")


def test_inputs_of_different_shapes_get_gradients_of_their_own() -> None:
    backprop = function(program("x * w + b", "torch"))
    at = [np.arange(6.0).reshape(2, 3), np.ones(3), 2.0]
    gradients = called(backprop, at, np.ones((2, 3)))[1]
    assert [gradient.shape for gradient in gradients] == [(2, 3), (3,), ()]
    assert gradients[2] == 6.0
    assert gradients[1].tolist() == [3.0, 5.0, 7.0]


def test_an_unused_input_has_gradient_0_and_one_not_asked_for_none() -> None:
    backprop = function(program("unused = sin(z); f = x * y", "torch"))
    assert [float(found) for found in called(backprop, [1.0, 2.0, 3.0])[1]] == [0.0, 3.0, 2.0]
    backprop = function(write(Request(Compiled("x * y").circuit(), wrt=["x"], at={"x": 2.0, "y": 3.0}), "torch"))
    x, y = (torch.tensor(number, requires_grad=True) for number in (2.0, 3.0))
    backprop(x, y).backward()
    assert x.grad == 3.0
    assert y.grad is None


def assert_second(text: str, at: dict[str, float], whole: bool = False) -> None:
    """The second derivatives through PyTorch are the calculator's; not-a-number in a branch not taken may be seen, if
    none is to be missing (`whole`), and where the calculator says that there is none, at a tie or a kink, PyTorch takes
    a side."""
    names = list(Compiled(text).variables)
    tensors = [torch.tensor(at[name], dtype=torch.float64, requires_grad=True) for name in names]
    gradients = torch.autograd.grad(function(program(text, "torch"))(*tensors), tensors, create_graph=True)
    expected = Compiled(text).hessian({name: at[name] for name in names})
    for name, gradient in zip(names, gradients, strict=True):
        rows = (
            torch.autograd.grad(gradient, tensors, retain_graph=True, allow_unused=True)
            if gradient.requires_grad
            else []
        )
        for other, row in zip(names, rows, strict=False):
            found, wanted = 0.0 if row is None else float(row), expected[name][other]
            if whole or not math.isnan(found + wanted):
                assert found == pytest.approx(wanted, rel=1e-8, abs=1e-8), (text, at)


def test_second_derivatives_are_right() -> None:
    for text, at in [
        ("gelu(x)*s + erf(x)", {"x": 0.5, "s": 2.0}),
        ("x*s", {"x": 0.5, "s": 2.0}),
        (STAGED, CASES[0][1]),
    ]:
        assert_second(text, {"x": 0.5, "y": -1.5, **at})
    for gates, points in [
        ("sinpi(x) cospi(x) sinc(x)", (0.0, 0.5, 1.0)), ("gamma(x) lgamma(x) digamma(x)", (2.0, -0.5)),
        ("polygamma(0,x) polygamma(1,x) polygamma(2,x)", (5.5, -0.5)),
        ("gamma(x)*x gamma(x)^2 xlogy(x,3)*x", (1.0, 2.0, 30.0, -0.5)),
        ("elu(x)*x elu(x,2)*x selu(x)*x", (800.0, -3.0)), ("xlogy(x,x+900)*x", (-800.0, -3.0, 2.0)),
    ]:  # fmt: skip
        for text in gates.split():
            for x in points:
                assert_second(text, {"x": x}, whole=True)
    for text, cases in list(by_program(CASES).items())[::5]:
        if Compiled(text).variables:
            assert_second(text, cases[0][1])


@pytest.mark.sampled(4)
@pytest.mark.parametrize("case", TENSOR_CASES, ids=label)
def test_second_derivatives_and_vmap_of_gates_that_mix_elements(case: Case) -> None:
    circuit, at = built(case)
    backprop = function(write(Request(circuit), "torch"))
    tensors = [torch.tensor(np.asarray(at[name]), dtype=torch.float64) for name in circuit.variables]
    places = tuple(range(len(tensors)))
    gradients = torch.func.grad(lambda *x: backprop(*x).sum(), argnums=places)
    upstream = np.ones(np.shape(run(circuit, at).value)) if np.shape(run(circuit, at).value) else None
    expected = run(circuit, at, upstream=upstream).gradients()
    for found, wanted in zip(gradients(*tensors), expected.values(), strict=True):
        assert_close(found.numpy(), wanted)
    if case.gate != "solve":  # of vectors, which PyTorch's own takes for matrices once there are many
        for found, wanted in zip(
            torch.func.vmap(gradients)(*(x[None] for x in tensors)), expected.values(), strict=True
        ):
            assert_close(found[0].numpy(), wanted)
    if all(x.numel() for x in tensors) and case.gate != "std":
        doubles = [x.requires_grad_() for x in tensors]
        assert torch.autograd.gradgradcheck(lambda *x: backprop(*x).sum(), doubles, atol=1e-4, rtol=1e-3)


def test_a_gradient_penalty_and_a_jacobian() -> None:
    def plain(x: Any, s: Any) -> Any:
        return torch.nn.functional.gelu(x) * s + torch.erf(x)

    backprop = function(program("gelu(x)*s + erf(x)", "torch"))
    x, s = torch.linspace(-1, 1, 5, dtype=torch.float64), torch.tensor(2.0, dtype=torch.float64)
    penalties = []
    for each in (plain, backprop):
        a, b = x.clone().requires_grad_(), s.clone().requires_grad_()
        slopes = torch.autograd.grad(each(a, b).sum(), [a, b], create_graph=True)
        penalties.append(torch.autograd.grad(sum((g**2).sum() for g in slopes), [a, b]))
    for found, wanted in zip(*penalties, strict=True):
        torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(torch.func.jacrev(backprop)(x, s), torch.func.jacrev(plain)(x, s))
    batched = torch.func.vmap(torch.func.grad(backprop), in_dims=(0, None))(x, s)
    torch.testing.assert_close(batched, torch.func.vmap(torch.func.grad(plain), in_dims=(0, None))(x, s))


def test_the_gradient_from_above_is_left_as_it_is() -> None:
    backprop = function(program("f = x + y * x + y", "torch"))
    x, y, above = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True), torch.ones(3)
    torch.autograd.grad(backprop(x, y), [x, y], above)
    assert above.tolist() == [1.0, 1.0, 1.0]


def test_exactly_what_the_backward_pass_reads_is_saved() -> None:
    source = program("q = x + y; f = q * z", "torch")
    assert "ctx.save_for_backward(x, y, z, q)" in source  # the inputs, to make q again where its gradient is asked for
    assert "ctx.save_for_backward(x, y)" in program("x * y", "torch")
    assert "save_for_backward" not in program("x + y", "torch")


ALIASES = ["q = identity(a); f = logaddexp(q, c)", "q = identity(c); r = identity(a); f = r/q - a*c*q"]


@pytest.mark.parametrize("text", [*ALIASES, "q = a*c; r = identity(q); s = identity(a); f = r^2/s + q*exp(c)"])
def test_another_name_leaves_the_order_of_what_is_saved(text: str) -> None:
    run_named(text, {"a": 1.5, "c": -1.0})


@pytest.mark.parametrize(
    "text",
    ["f = sum(where(S > 0, A @ where(A > 0, A, A), S))", "f = sum(where(S > 0, logdet(A @ A.T + eye(2)), S))"],
)
def test_a_mask_that_was_stretched_is_counted_in_the_kind_of_the_inputs(text: str) -> None:
    run_named(text, {"S": [[[1.0, -1.0], [2.0, 3.0]], [[1.0, 2.0], [-1.0, 1.0]]], "A": [[1.0, 2.0], [-1.0, 3.0]]})


@pytest.mark.parametrize("text", ["f = sum(A[i]^2)", "f = sum(A[:, i + 1])"])
def test_an_index_that_is_an_input_may_be_asked_for_its_gradient(text: str) -> None:
    run_named(text, {"A": [[1.0, 2.0], [-1.0, 3.0]], "i": [0.0, 0.0]})


def test_a_self_test_can_fail() -> None:
    source = program(STAGED, "torch", {"x": 3.0, "y": -4.0})
    value = re.search(r"\d+\.\d{5,}(?=[,\]])", source)
    assert value
    function(source, "__main__")
    with pytest.raises(AssertionError):
        function(source.replace(value[0], "7.5"), "__main__")


def test_it_says_that_it_takes_tensors() -> None:
    source = program("x * y", "torch")
    assert "# for tensors: torch.tensor(2.0), and not 2.0\ndef backprop(x, y):" in source


@pytest.mark.parametrize(
    "text", ["count(x)^2", "sqrt(count(x))", "count(x)^-1*2", "abs(-count(x)) + 1", "max(count(x), 1)"]
)
def test_a_count_comes_out_as_a_tensor(text: str) -> None:
    x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    value = function(program(text, "torch"))(x)
    value.backward()
    assert value.dtype == torch.float64
    assert float(value.detach()) == pytest.approx(Compiled(text).evaluate(x=[0, 0, 0]).value)
    assert x.grad.tolist() == [0, 0, 0]


def test_constants_alone_are_a_program_too(tmp_path: Path) -> None:
    source = program("2 + 3", "torch", {})
    assert not [line for line in source.split("\n") if line != line.rstrip()]
    assert function(source, "__main__")() == 5.0
    (tmp_path / "program.py").write_text(source)
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "program.py"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0


def test_it_is_formatted_as_ruff_does(tmp_path: Path) -> None:
    for number, (text, at) in enumerate(CASES[-100:]):
        (tmp_path / f"p{number}.py").write_text(program(text, "torch", at))
    for number, case in enumerate(TENSOR_CASES):
        circuit, at = built(case)
        (tmp_path / f"t{number}.py").write_text(write(Request(circuit, at=at), "torch"))
    check_format(tmp_path)
