"""Arrays where it is easy to be wrong: special points, branches that are not taken, shapes that do not fit."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.library.values import parse_value, read_value
from backprop.numbers.shapes import dimension_analysis

INF = float("inf")


@pytest.mark.parametrize(
    ("text", "x", "value", "gradient"),
    [
        ("prod(x)", [2, 0, 3], 0, [0, 6, 0]),
        ("prod(x)", [0, 0, 3], 0, [0, 0, 0]),
        ("norm(x)", [0, 0], 0, [0, 0]),
        ("norm(x)", [3e200, 4e200], 5e200, [0.6, 0.8]),
        ("norm(x)", [3e-200, 4e-200], 5e-200, [0.6, 0.8]),
        ("std(x)", [0.1, 0.1, 0.1], 0, [0, 0, 0]),
        ("var(x)", [1e9, 1e9 + 1], 0.25, [-0.5, 0.5]),
        ("logsumexp(x)", [-INF, -INF], -INF, [0, 0]),
        ("logsumexp(x)", [-INF, 1], 1, [0, 1]),
        ("logsumexp(x)", [1e4, 1e4], 1e4 + np.log(2), [0.5, 0.5]),
        ("logsumexp(x)", [-1e4, -1e4], -1e4 + np.log(2), [0.5, 0.5]),
        ("log_softmax(x)[0]", [-1e4, 0], -1e4, [1, -1]),
        ("cumprod(x)[2]", [2, 0, 3], 0, [0, 6, 0]),
        ("det(reshape(x, [2, 2]))", [1, 2, 2, 4], 0, [4, -2, -2, 1]),
        ("sum(x)", [], 0, []),
        ("prod(x)", [], 1, []),
        ("x[-1]", [1, 2, 3], 3, [0, 0, 1]),
        ("sum(x[::-2])", [1, 2, 3], 4, [1, 0, 1]),
        ("sum(x[[0, 0, 2]])", [1, 2, 3], 5, [2, 0, 1]),
        ("dot(x, x)", [3, 4], 25, [6, 8]),
        ("sum(x > 1)", [1, 2, 3], 2, [0, 0, 0]),
        ("bce_with_logits(x, 1)", [800, -800], 400, [0, -0.5]),
    ],
)
def test_special_points(text: str, x: list[float], value: float, gradient: list[float]) -> None:
    found = backprop.evaluate(text, x=x)
    assert found.value == pytest.approx(value, rel=1e-14, abs=1e-15)
    np.testing.assert_allclose(found.gradients["x"], gradient, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("sum(where(x > 0, sqrt(x), 0))", {"x": [0.0, 4.0]}),
        ("y = sqrt(x); sum(where(x > 0, y, 0))", {"x": [0.0, 4.0]}),
        ("y = sqrt(x); sum(where(m, [y, y], 0))", {"x": [0.0, 4.0], "m": [[0.0, 1.0], [0.0, 1.0]]}),
        ("y = sqrt(x); sum(where(m, y @ eye(2), 0)) + y[1]", {"x": [0.0, 4.0], "m": [0.0, 0.0]}),
        ("y = sqrt(x); s = sum(y); where(c, s, 0)", {"x": [0.0, 4.0], "c": 0.0}),
        ("y = sqrt(x); n = norm(y); where(c, n, y[1])", {"x": [0.0, 4.0], "c": 0.0}),
        ("y = sqrt(x); y[1]", {"x": [0.0, 4.0]}),
        ("y = sqrt(x); y[i]", {"x": [0.0, 4.0], "i": 1.0}),
        ("y = sqrt(x); sum(y[1:].T)", {"x": [0.0, 4.0]}),
        ("y = sqrt(x); max(y)", {"x": [0.0, 4.0]}),
        ("y = sqrt(x); sum(max(y, 1))", {"x": [0.0, 4.0]}),
        ("y = log(x); sum(relu(y))", {"x": [0.0, 4.0]}),
        ("y = sqrt(reshape(x, [2, 1])); sum(where(m, y, 0))", {"x": [0.0, 4.0], "m": [[0.0, 0.0], [1.0, 1.0]]}),
        ("y = sqrt(x); trace(where(m, outer(y, y) + [y, y], 1))", {"x": [0.0, 4.0], "m": [[0.0, 1.0], [1.0, 1.0]]}),
    ],
)
def test_an_element_that_is_not_taken_gets_exactly_nothing(text: str, at: dict[str, Any]) -> None:
    """In the run, and in the derived circuit: sqrt and log have an infinite slope at 0."""
    compiled = backprop.compile(text)
    gradient = compiled.evaluate(at).gradients["x"]
    assert gradient[0] == 0
    assert np.isfinite(gradient).all()
    product = compiled.hvp({"x": [0.0, 1.0]}, at)["x"]
    assert np.isfinite(product[1])
    directional = compiled.jvp({"x": [0.0, 1.0]}, at)
    assert directional == pytest.approx(gradient[1])


@pytest.mark.parametrize(("ties", "gradient"), [("both", [0, 1, 1]), ("split", [0, 0.5, 0.5]), ("first", [0, 1, 0])])
@pytest.mark.parametrize("text", ["max(x)", "-min(-x)", "max(x, axis=0)"])
def test_ties_in_reductions(text: str, ties: str, gradient: list[float]) -> None:
    found = backprop.evaluate(text, x=[1, 3, 3], ties=ties)
    np.testing.assert_array_equal(found.gradients["x"], gradient)
    assert [note.kind for note in found.notes] == ["tie"]


@pytest.mark.parametrize("axis", [[0, 2], [-1, 0], [2]])
@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_ties_over_several_axes(ties: str, axis: list[int]) -> None:
    """As over all elements of each block that is reduced, in their order."""
    x = np.array([[[1.0, 3, 0], [2, 0, 2]], [[3, 3, 1], [2, 2, 1]]])
    found = backprop.evaluate(f"sum(max(x, axis={axis}) * [1, 2])", x=x, ties=ties).gradients["x"]
    for block in (np.s_[:, 0], np.s_[:, 1]) if len(axis) == 2 else (np.s_[0, 0], np.s_[0, 1], np.s_[1, 0], np.s_[1, 1]):
        weight = 1 + block[1]
        alone = backprop.evaluate("max(x)", x=x[block], ties=ties).gradients["x"]
        np.testing.assert_array_equal(found[block], weight * alone)


def test_a_matrix_product_sends_what_the_course_says() -> None:
    random = np.random.default_rng(1)
    W, X, D = random.standard_normal((5, 10)), random.standard_normal((10, 3)), random.standard_normal((5, 3))
    found = backprop.evaluate("D = W @ X", W=W, X=X, upstream=D)
    np.testing.assert_allclose(found.gradients["W"], D @ X.T, rtol=1e-13)
    np.testing.assert_allclose(found.gradients["X"], W.T @ D, rtol=1e-13)


def test_the_hessian_is_symmetric_and_has_a_block_for_each_pair() -> None:
    random = np.random.default_rng(2)
    at = {"W": random.standard_normal((2, 3)), "x": random.standard_normal(3), "b": random.standard_normal(2)}
    compiled = backprop.compile("sum(tanh(W @ x + b)^2) + logsumexp(x) * sum(W)")
    blocks = compiled.hessian(at)
    assert blocks["W"]["x"].shape == (2, 3, 3)
    for one in at:
        for other in at:
            a, b = at[one].size, at[other].size
            left, right = blocks[one][other].reshape(a, b), blocks[other][one].reshape(b, a)
            np.testing.assert_allclose(left, right.T, rtol=1e-10, atol=1e-12)
    step = {name: random.standard_normal(value.shape) for name, value in at.items()}
    product = compiled.hvp(step, at)
    for one in at:
        expected = sum(np.tensordot(blocks[one][other], step[other], step[other].ndim) for other in at)
        np.testing.assert_allclose(product[one], expected, rtol=1e-10, atol=1e-12)


def test_the_jacobian_and_its_product() -> None:
    at = {"x": np.array([1.0, 2.0, 3.0]), "y": 2.0}
    compiled = backprop.compile("[x[0] * x[1], y * sum(x^2)]")
    columns = compiled.jacobian(at)
    np.testing.assert_allclose(columns["x"], [[2, 1, 0], [4, 8, 12]])
    np.testing.assert_allclose(columns["y"], [0, 14])
    np.testing.assert_allclose(compiled.jvp({"x": [1, 0, -1], "y": 0.5}, at), [2, 4 - 12 + 7])


def test_a_product_with_a_direction_never_forms_the_matrix() -> None:
    """The Hessian of 40,000 variables would take 12.8 GB."""
    x = np.linspace(0, 1, 40_000)
    product = backprop.compile("sum(x^3) + sum(x)^2").hvp({"x": np.ones_like(x)}, x=x)
    np.testing.assert_allclose(product["x"], 6 * x + 80_000, rtol=1e-12)


# ── shapes that do not fit ──


@pytest.mark.parametrize(
    ("text", "at", "message", "carets"),
    [
        ("W @ X", {"W": (2, 3), "X": (2, 3)}, "W is 2x3 and X is 2x3", "^   ^"),
        ("x * y + x @ y", {"x": (3,), "y": (1,)}, "x is a vector of 3 and y is a vector of 1", "        ^   ^"),
        ("sum(A + b)", {"A": (3, 2), "b": (3,)}, "the last dimension is 2 in one and 3 in the other", "    ^   ^"),
        ("f = (a + b) * c", {"a": (2,), "b": (2,), "c": (3,)}, "is a vector of 2 and c is", "     ^^^^^    ^"),
        ("sum(A, axis=2)", {"A": (3, 2)}, "has no axis 2", "    ^"),
        ("sum(stack(x, y, axis=2))", {"x": (2,), "y": (2,)}, "has no axis 2", " " * 10 + "^"),
        ("sum(concat(A, 2))", {"A": (3, 2)}, "2 is a number, and only arrays are joined", " " * 14 + "^"),
        ("x[3]", {"x": (3,)}, "has no index 3", "^"),
        ("x[i]", {"x": (3,), "i": ()}, "an index is a whole number", "  ^"),
        ("concat(a, b)", {"a": (2, 2), "b": (2, 3)}, "differ beside axis 0", "       ^  ^"),
        (
            'einsum("ij,jk->ik", A, B)',
            {"A": (2, 3), "B": (2, 3)},
            "the index j is 3 in A and 2 in B",
            " " * 20 + "^  ^",
        ),
        ('einsum("i{j,jk", A, A)', {"A": (1, 1)}, "those of A have { among them", " " * 17 + "^"),
        ('einsum("{0}->", A)', {"A": (2, 3)}, "those of A have { among them", " " * 16 + "^"),
        ('einsum("ijk->i", A)', {"A": (2, 3)}, "its subscripts are ijk", " " * 17 + "^"),
        ("inv(A)", {"A": (2, 3)}, "takes a square matrix", "    ^"),
        ("reshape(x, [2, 2])", {"x": (3,)}, "do not fill 2x2", "        ^"),
        ("mean(x)", {"x": (0,)}, "of nothing is no number", "     ^"),
        ("cross_entropy(x, 0) + sum(y)", {"x": (), "y": (2,)}, "must hold a score for each class", " " * 14 + "^"),
    ],
)
def test_an_error_of_shape_points_at_the_operands(text: str, at: dict[str, Any], message: str, carets: str) -> None:
    random = np.random.default_rng(0)
    with pytest.raises(backprop.Problem) as caught:
        backprop.compile(text).forward({name: random.random(shape) + 0.1 for name, shape in at.items()})
    assert caught.value.kind == "shape"
    assert message in caught.value.message
    assert caught.value.excerpt().split("\n")[1] == carets


@pytest.mark.parametrize(
    "text",
    [
        "reshape(x, [0.5, 2])", "reshape(x, [[1]])", "transpose(x, axes=1)", "cumsum(x, axis=[0])",
        "sort(x, axis=none)", "sum(x, axis=[0, 0])", 'sum(x, axis="a")', 'var(x, ddof="a")',
        "softmax(x, axis=[0, 7])", "tril(x, k=[1])", "stack(x, x, axis=none)", "concat(x, x, axis=[0])",
        'einsum("i;j", x)', "conv1d(x, x, stride=0.5)",
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_a_problem(text: str) -> None:
    with pytest.raises(backprop.Problem) as caught:
        backprop.compile(text).forward(x=[1.0])
    assert caught.value.kind in ("shape", "arity")
    assert caught.value.excerpt()


def test_dimension_analysis_names_the_product_that_fits() -> None:
    told = dimension_analysis("dW", (5, 10), "dD", (5, 3), "X", (10, 3))
    assert told == "dW must be 5x10; dD is 5x3, X is 10x3: only dD @ X.T fits"
    assert "do not tell" in dimension_analysis("dW", (3, 3), "dD", (3, 3), "X", (3, 3))


def test_a_gradient_by_hand_that_does_not_fit_gets_the_analysis() -> None:
    with pytest.raises(backprop.Problem) as caught:
        backprop.compile("D = W @ X; dD = 2 * D; dW = dD @ X; sum(dW)").forward(W=np.ones((5, 10)), X=np.ones((10, 3)))
    assert caught.value.hint == "dW must be 5x10; dD is 5x3, X is 10x3: only dD @ X.T fits"


def test_an_output_that_is_no_number_needs_an_upstream_in_its_shape() -> None:
    compiled = backprop.compile("x^2")
    with pytest.raises(backprop.Problem, match="a vector of 2") as caught:
        compiled.evaluate(x=[1, 2])
    assert all(word in caught.value.hint for word in ("upstream", "jacobian", "sum("))
    with pytest.raises(backprop.Problem, match="the upstream is a vector of 3, and the output is a vector of 2"):
        compiled.evaluate(x=[1, 2], upstream=[1, 2, 3])
    with pytest.raises(backprop.Problem, match="the output is a number"):
        compiled.evaluate(x=1, upstream=[1, 2])
    np.testing.assert_array_equal(compiled.evaluate(x=[1, 2], upstream=[1, 10]).gradients["x"], [2, 40])


# ── values ──


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 1/2]", [1, 0.5]), ("[[1, 2], [3, 4]].T", [[1, 3], [2, 4]]), ("zeros(2, 2)", [[0, 0], [0, 0]]),
        ("ones([2])", [1, 1]), ("eye(2)", [[1, 0], [0, 1]]), ("arange(3)", [0, 1, 2]), ("arange(1, 2, 0.5)", [1, 1.5]),
        ("linspace(0, 1, 3)", [0, 0.5, 1]), ("linspace(0, 49)", [*range(50)]), ("2 * arange(2) + 1", [1, 3]),
        ("[]", []),
    ],
)  # fmt: skip
def test_values_that_are_written_out(text: str, expected: list[float]) -> None:
    np.testing.assert_array_equal(parse_value(text, "x"), expected)


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("x.json", b"[[1, 2], [3, 4]]", [[1, 2], [3, 4]]), ("x.json", b'["NaN", "-Infinity"]', [np.nan, -INF]),
        ("x.csv", b"1,2\n3,4\n", [[1, 2], [3, 4]]), ("x.csv", b"a,b\n1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("x.csv", b"1\n2\n3\n", [1, 2, 3]), ("x.csv", b"1,2,3\n", [1, 2, 3]), ("-", b"1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("-", b" [1, 2]", [1, 2]),
    ],
)  # fmt: skip
def test_values_from_files(path: str, data: bytes, expected: list[float]) -> None:
    np.testing.assert_array_equal(read_value(path, data, "x", path), expected)


def test_values_from_numpy_files_are_never_unpickled(tmp_path: Any) -> None:
    np.save(tmp_path / "x.npy", np.arange(6).reshape(2, 3))
    np.testing.assert_array_equal(
        read_value("x.npy", (tmp_path / "x.npy").read_bytes(), "x", "x"), [[0, 1, 2], [3, 4, 5]]
    )
    np.save(tmp_path / "o.npy", np.array([{}, 1], dtype=object), allow_pickle=True)
    with pytest.raises(backprop.Problem, match="never unpickled"):
        read_value("o.npy", (tmp_path / "o.npy").read_bytes(), "x", "o.npy")


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("x.json", b"[[1, 2], [3]]", "ragged: it begins with a row of 2, and element 1 is a row of 1"),
        ("x.json", b'["one"]', "must hold numbers"), ("x.json", b"[true, 2]", "must hold numbers"),
        ("x.json", b"[1,", "is not JSON"), ("x.csv", b"1,2\n3\n", "line 2: 1 columns, and the first row has 2"),
        ("x.csv", b"1,2\n3,x\n", "line 2: 'x' is no number"), ("x.csv", b"1,\n", "an empty cell"),
        ("x.npy", b"nothing", "is no .npy file"), ("x.txt", b"1", "no .json, .npy or .csv"),
    ],
)  # fmt: skip
def test_files_that_hold_no_value(path: str, data: bytes, message: str) -> None:
    with pytest.raises(backprop.Problem, match=re.escape(message)):
        read_value(path, data, "x", path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1, 2], [3]], "ragged"), (["a"], "must hold numbers"), ([1 + 2j], "complex"), ({}, "no numbers"),
        (np.array(["2020"], dtype="datetime64"), "datetime64"),
    ],
)  # fmt: skip
def test_values_of_the_library_that_are_none(value: Any, message: str) -> None:
    with pytest.raises(backprop.Problem, match=message) as caught:
        backprop.evaluate("sum(x)", x=value)
    assert caught.value.kind == "value"


def test_what_no_machine_can_hold_is_refused_with_its_size() -> None:
    for text in ("zeros(1e9, 1e9)", "arange(1e18)", "randn(1e6, 1e6, 1e6)"):
        with pytest.raises(backprop.Problem, match=r"would take \S+ [TPE]B") as caught:
            parse_value(text, "x")
        assert caught.value.kind == "size"
    for text in ("sum(reshape(x, [-1, 1]) + x)", "sum(outer(x, x))", "sum(reshape(x, [-1, 1]) @ reshape(x, [1, -1]))"):
        with pytest.raises(backprop.Problem, match="1000000x1000000 would take 8 TB") as caught:
            backprop.evaluate(text, x=np.zeros(1_000_000))
        assert caught.value.excerpt()
    with pytest.raises(backprop.Problem, match="the Hessian would take"):
        backprop.compile("sum(x^2)").hessian(x=np.zeros(3_000_000))


def test_a_run_gives_its_memory_back_only_when_nobody_holds_it() -> None:
    compiled = backprop.compile("y = x * 2; z = y @ w; sum(z^2)")
    x, w = np.arange(90_000.0).reshape(300, 300) / 1e4, np.eye(300)
    first = compiled.evaluate(x=x, w=w)
    value, gradient = first.stages[2].value.copy(), first.gradients["x"].copy()
    second = compiled.evaluate(x=x + 1, w=w)
    np.testing.assert_array_equal(first.stages[2].value, value)
    np.testing.assert_array_equal(first.gradients["x"], gradient)
    assert second.gradients["x"][0, 0] == 8 * 1.0


def test_json_holds_everything() -> None:
    from backprop.show.objects import evaluation_object

    found = evaluation_object(backprop.evaluate("sum(x / y)", x=np.ones(2000), y=np.r_[0.0, np.ones(1999)]))
    text = json.dumps(found, allow_nan=False)
    assert len(json.loads(text)["gradients"]["x"]) == 2000
    assert json.loads(text)["gradients"]["x"][0] == "Infinity"


def test_nothing_is_joined_along_no_axis() -> None:
    with pytest.raises(backprop.Problem, match="concat cannot be computed with these options"):
        backprop.evaluate("sum(concat(A, s, axis=none))", A=[[1.0, 2.0]], s=0.5)
