"""NumPy programs that `backprop code` writes are run, and say what `eval` says: of every gate, at every point."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop.check.stages.judge import judge
from backprop.check.stages.lines import read_lines
from backprop.circuit import Circuit
from backprop.differentiate.run import evaluate, run
from backprop.emit import Request, write
from backprop.errors import Problem
from backprop.gates import GATES
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
    gate_cases,
    program,
    tensor_programs,
    try_random_circuits,
    try_ties,
)
from seeds import SEED
from tensor_cases import CASES as TENSOR_CASES
from tensor_cases import Case, built, label


def called(source: str, *inputs: Any, name: str = "program") -> tuple[Any, dict[str, Any]]:
    """What a program says of its inputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: tuple[Any, dict[str, Any]] = function(source, name)(*inputs)
        return found


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
            assert [np.shape(number) for number in numbers] == [(3,)] * len(numbers)
            assert_same((text, {name: x * scale for name, x in at.items()}), [float(number[i]) for number in numbers])


def test_the_gradient_from_above_may_be_whole_numbers() -> None:
    _, gradients = called(program("-x[1:]", "numpy"), [3, 4, 5], np.array([1, 2], dtype=np.uint8))
    np.testing.assert_array_equal(gradients["x"], [0.0, -1.0, -2.0])


CONSTANT = [
    "y - x",
    "x",
    "-x",
    "x + x + x",
    "max(x, y) * floor(z)",
    "mod(x, y)",
    "f = x; 2 * f - y / 4 + f",
    "k = 1 / 0; k * x",
]


@pytest.mark.parametrize("text", CONSTANT)
@pytest.mark.parametrize("given", [[2, 3, 1], [0.5, 2.5], [[True]], 3, 0.5], ids=str)
def test_constant_gradients_have_the_shapes_of_their_inputs(text: str, given: Any) -> None:
    at = {name: np.array(given, dtype=float) for name in Compiled(text).variables}
    result = run(Compiled(text).circuit(at), at, upstream=np.ones(np.shape(given)) if np.shape(given) else None)
    value, gradients = called(program(text, "numpy"), *[np.array(given)] * len(at))
    assert_close(value, result.value)
    for name, gradient in result.gradients().items():
        assert_close(gradients[name], gradient)
        assert np.asarray(gradients[name]).dtype == float


@pytest.mark.parametrize("given", [2, -3, np.array([2, 3, 1]), np.array([[2], [200]], dtype=np.uint8), [1, 0]], ids=str)
def test_whole_numbers_are_calculated_with_as_floats(given: Any) -> None:
    texts = [
        "reciprocal(x) * y",
        "x^3 * y",
        "1 / x + x^-1",
        "x^9 * 10^9 * x",
        "y - x * 2",
        *by_program([*gate_cases()]),
    ]
    for text in texts:
        if "polygamma" in text:
            continue
        at = {name: np.array(given, dtype=float) for name in Compiled(text).variables}
        with np.errstate(all="ignore"):
            result = run(Compiled(text).circuit(at), at, upstream=np.ones(np.shape(given)) if np.shape(given) else None)
        value, gradients = called(program(text, "numpy"), *[given] * len(at))
        assert_close(value, result.value)
        for name, gradient in result.gradients().items():
            assert_close(gradients[name], gradient)


@pytest.mark.parametrize("text", ["x^2", "x^2 * x^3 / x", "exp(x) * x^4", "sum([[x, 1], [x^2, x]] @ [x, 2])"])
def test_what_overflows_is_inf_and_raises_nothing(text: str) -> None:
    found = Compiled(text).evaluate(x=1e200)
    for point in (None, {"x": 1e200}):
        value, gradients = called(program(text, "numpy", point), 1e200, name="__main__")
        np.testing.assert_equal([value, gradients["x"]], [found.value, found.gradients["x"]])


SHAPES = [((), ()), ((), (3,)), ((3,), (2, 3)), ((2, 1), (3,)), ((1, 3), (2, 1)), ((2, 3), (2, 3)), ((0,), (2, 0))]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize(
    "text",
    ["x + y", "x - 2*y + x*x", "x^2 + x*y", "exp(x)*y + y", "max(x, y)", "where(x > y, x*y, sin(x)) + relu(y)", STAGED],
)
def test_an_element_wise_formula_takes_inputs_of_any_shapes(text: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    random = np.random.default_rng(1)
    text = f"z = y; f = {text}" if "y" not in text else text
    at = {name: random.standard_normal(shape) for name, shape in zip("xy", shapes, strict=True)}
    names = list(Compiled(text).variables)
    value, gradients = called(program(text, "numpy"), *(at[name] for name in names))
    given = {name: at[name] if shape else float(at[name]) for name, shape in zip("xy", shapes, strict=True)}
    upstream = np.ones(np.shape(value)) if np.shape(value) else None
    found = Compiled(text).evaluate(given, upstream=upstream)
    assert_close(value, found.value)
    for name, gradient in found.gradients.items():
        assert_close(gradients[name], gradient)


@pytest.mark.parametrize("to", ["python", "numpy", "torch", "jax"])
@pytest.mark.parametrize("text", ["x * y", "x @ y"])
def test_an_upstream_that_is_an_array_needs_the_point(text: str, to: str) -> None:
    with pytest.raises(Problem, match="needs the point"):
        write(Request(Compiled(text).circuit(), upstream=np.array([1.0, 2.0])), to)


@pytest.mark.parametrize("text", ["k = 1 - 1; z = 1 / k; f = z * x", "1 / 0 + x", "0^-1 * x", "(x - 1)^0.5 / (x * 0)"])
def test_plain_numbers_raise_nothing(text: str) -> None:
    found = Compiled(text).evaluate(x=0.5)
    for point in (None, {"x": 0.5}):
        value, gradients = called(program(text, "numpy", point), 0.5)
        np.testing.assert_equal([value, gradients["x"]], [found.value, found.gradients["x"]])


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
    run_both(circuit, at)


def test_ties_in_arrays() -> None:
    try_ties(run_both)


def test_random_programs_over_arrays() -> None:
    try_random_circuits(run_both, 100)


@pytest.mark.parametrize(("text", "at"), NO_NUMBERS[:5])
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


def points() -> list[tuple[str, dict[str, Any]]]:
    """Some programs over numbers, and over arrays."""
    return [*CASES[::25], *tensor_programs(SEED + 1, 25), ("c = [1, 1 / 3, 2, 3, 1 / 7, 5]; sum(c * x)", {"x": 2.0})]


def test_numpy_is_formatted_as_ruff_does(tmp_path: Path) -> None:
    for number, (text, at) in enumerate(points()):
        circuit = Compiled(text).circuit(at)
        for point in (None, at):
            (tmp_path / f"p{number}_{point is None}.py").write_text(write(Request(circuit, at=point), "numpy"))
    for case in TENSOR_CASES:
        circuit, at = built(case)
        (tmp_path / f"{re.sub(r'[^a-z0-9]', '_', label(case))}.py").write_text(write(Request(circuit), "numpy"))
    check_format(tmp_path)


def test_a_program_with_a_point_tests_itself(tmp_path: Path) -> None:
    at = {"W": np.array([[1.0, 2.0], [3.0, 4.5]]), "x": np.array([0.1, 0.2]), "y": 0.3}
    source = write(Request(Compiled("sum((W @ x - y)^2)").circuit(at), at=at), "numpy")
    (tmp_path / "right.py").write_text(source)
    done = subprocess.run([sys.executable, "-W", "error", tmp_path / "right.py"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    body, test = source.split("if __name__")
    expected = re.findall(r"\d\.\d{5,}", test)
    assert expected
    for number in expected:
        (tmp_path / "wrong.py").write_text(f"{body}if __name__{test.replace(number, '7.5')}")
        assert subprocess.run([sys.executable, tmp_path / "wrong.py"], capture_output=True).returncode == 1


def test_what_is_not_taken_warns_nobody(tmp_path: Path) -> None:
    at = {"x": np.array([-1.0, 0.0, 4.0])}
    source = write(Request(Compiled("sum(where(x > 0, log(x), x))").circuit(at), at=at), "numpy")
    (tmp_path / "program.py").write_text(source)
    done = subprocess.run([sys.executable, "-W", "error", tmp_path / "program.py"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_known_shapes_are_said_as_a_person_would() -> None:
    at = {"W": np.ones((5, 10)), "X": np.ones((10, 3)), "b": np.ones((5, 1)), "v": np.ones(3)}
    source = write(Request(Compiled("D = W @ X + b; L = sum(D^2 * v)").circuit(at), at=at), "numpy")
    for line in ("# for W: 5x10, X: 10x3, b: 5x1, v: a vector of 3", "db = np.sum(dD, axis=1, keepdims=True)"):
        assert line in source
    for line in ("dW = dD @ X.T", "dX = W.T @ dD", "dv = np.sum(", "axis=0)"):
        assert line in source
    assert "unbroadcast" not in source
    assert "def unbroadcast(" in write(Request(Compiled("D = W @ X + b; L = sum(D^2 * v)").circuit()), "numpy")


def test_what_holds_a_gradient_is_not_added_to_behind_its_back() -> None:
    x = np.array([1.0, 2.0])
    given = x.copy()
    _, gradients = called(program("sum(x * y) + sum(y)", "numpy"), x, x)
    np.testing.assert_array_equal(x, given)
    np.testing.assert_array_equal(gradients["y"], given + 1)


@pytest.mark.parametrize("to", ["python", "numpy"])
def test_what_is_written_can_be_read_back_and_is_right(to: str) -> None:
    """Every gate, and programs in which no two shares are alike or cancel (which nobody can tell apart)."""
    texts = [
        STAGED, "where(x > y, sqrt(x), y) * x", "h = relu(x) * sigmoid(y); h + h * x", "max(x, y, 0.5) * clip(x, 0, 1)",
        "q = x * y; exp(q) / (1 + q^2) + log(x + 3)",
    ]  # fmt: skip
    cases = [(text, {"x": 0.3, "y": -0.7}) for text in texts]
    cases += [case for case in by_gate() if all(map(math.isfinite, case[1].values()))]
    for text, at in cases:
        evaluation = Compiled(text).evaluate(at)
        if not all(map(math.isfinite, evaluation.run.values)):
            continue
        for point in (None, at):
            lines = read_lines(program(text, to, point), "written.py")
            verdicts = judge(evaluation.run, evaluation.names, lines).lines
            assert {line.verdict for line in verdicts} <= {"ok"}, (text, at, verdicts)


def by_gate() -> list[tuple[str, dict[str, float]]]:
    """One case for each gate on numbers."""
    return [cases[0] for cases in by_program([*gate_cases()]).values()]


ARRAYS = {
    "sum((W @ x - y)^2)": {"W": [[1, 2], [3, 4.5]], "x": [0.1, 0.2], "y": 0.3},
    "h = tanh(W @ X + b); L = cross_entropy(h, t)": {
        "W": [[1, 2], [3, 4]], "X": [[1, 2], [0.3, 0.4]], "b": [0.2, 1], "t": [0, 1]
    },
    "s = softmax(z); f = s[1] * s[0] + prod(z) + sum(sort(z)[0:2])": {"z": [1, 2, -1]},
    "sum(max(A, axis=1) * y) + norm(A) + sum(concat(A, A)^2) + det(A)": {"A": [[1, 2], [4, 5]], "y": [1, 2]},
    'sum(conv1d(x, w)) + sum(cumsum(x)^2) + sum(einsum("i,j->ij", x, w))': {"x": [1, 2, 3], "w": [1, 2]},
    "logsumexp(A[:, 1:3]) + sum(mean(A, axis=-1)^2) + sum(std(A, axis=0))": {"A": [[1, 2, 4], [3, 5, 7]]},
    "bce(p, t) + bce_with_logits(z, t) + hinge(z, t) + huber(z, t)": {"p": [0.2, 0.7], "z": [1, -2.5], "t": [0, 1]},
    "trace(inv(A)) + logdet(A) + sum(A.T @ A) + sum(reshape(A, [4])[i])": {"A": [[2, 1], [0.5, 3]], "i": 2},
}  # fmt: skip


@pytest.mark.parametrize("text", ARRAYS)
def test_arrays_can_be_read_back(text: str) -> None:
    at = ARRAYS[text]
    compiled = Compiled(text)
    evaluation = compiled.evaluate(at)
    for point in (None, at):
        source = write(Request(compiled.circuit(at), at=point), "numpy")
        verdicts = judge(evaluation.run, evaluation.names, read_lines(source, "written.py")).lines
        assert {line.verdict for line in verdicts} == {"ok"}, (verdicts, source)
        wrong = re.sub(r"(    d\w+ = )(?!np\.zeros)(.*?)(  # )", r"\1\2 * 2\3", source, count=1)
        verdicts = judge(evaluation.run, evaluation.names, read_lines(wrong, "written.py")).lines
        assert "wrong" in {line.verdict for line in verdicts}, wrong


def test_a_helper_that_was_changed_is_not_trusted() -> None:
    source = write(Request(Compiled("sum(softmax(x) * y)").circuit()), "numpy")
    read_lines(source, "written.py")
    with pytest.raises(Problem, match="softmax"):
        read_lines(source.replace("np.exp(x - ", "np.exp(2 * x - "), "written.py")


@pytest.mark.parametrize("point", [False, True])
@pytest.mark.parametrize("case", TENSOR_CASES[::4], ids=label)
def test_arrays_in_single_precision(case: Case, point: bool) -> None:
    circuit, at = built(case)
    shape = np.shape(evaluate(circuit, at)[circuit.output])
    above = [np.ones(shape)] if shape else []
    upstream = above[0] if point and above else None
    source = write(Request(circuit, at=at if point else None, dtype="float32", upstream=upstream), "numpy")
    value, gradients = called(source, *at.values(), *above)
    result = run(circuit, at, upstream=np.ones(shape) if shape else None)
    expected = [result.value, *result.gradients().values()]
    for found, wanted in zip([value, *gradients.values()], expected, strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("text", ["gelu(x)*y + (x > y)*x", "digamma(y) + x", "x + y", "max(x, y)", "2*x + 0*y"])
def test_numbers_in_single_precision(text: str) -> None:
    at = {"x": 0.5, "y": 1.25}
    for point in (None, at):
        source = write(Request(Compiled(text).circuit(), at=point, dtype="float32"), "numpy")
        given = [at[name] for name in Compiled(text).variables]
        value, gradients = called(source, *given, name="program" if point is None else "__main__")
        assert {found.dtype for found in (value, *gradients.values())} == {np.dtype(np.float32)}
        found = Compiled(text).evaluate(at)
        np.testing.assert_allclose([value, *gradients.values()], [found.value, *found.gradients.values()], rtol=1e-5)
