"""Functions behind their first input, as NumPy, torch and micrograd write them: `(b + a).relu()`, `x.sum(0)`."""

from __future__ import annotations

import numpy as np
import pytest

import backprop

X, Y = [[1.0, 2.0], [3.0, 0.5]], 2.0
MEANT = {
    "(y + 1).relu()": "relu(y + 1)", "x.sum(axis=0).sum()": "sum(sum(x, axis=0))", "x.sum(0).max()": "max(sum(x, 0))",
    "x.max(1).sum()": "sum(max(x, axis=1))", "x.min(-1).sum()": "sum(min(x, axis=-1))",
    "x.max(y).sum()": "sum(max(x, y))", "x.reshape(4, 1).sum()": "sum(reshape(x, [4, 1]))",
    "x.view(-1).sum()": "sum(reshape(x, -1))", "(x.t() @ x).sum()": "sum(x.T @ x)", "x.exp().log().sum()": "sum(x)",
    "f(u) = u^2; y.f()": "y^2", "-y.exp()": "-exp(y)", "y.exp()^2": "exp(y)^2", "2^y.exp()": "2^exp(y)",
    "x[0].sum()": "sum(x[0])", "[1,2].sum()*y": "3*y", "y.pow(2)": "pow(y, 2)", "(y\n + 1).exp()": "exp(y + 1)",
    "x.softmax(-1)[0, 0]": "softmax(x)[0, 0]", "y.clamp(0, 1)": "clip(y, 0, 1)", "np.exp(x).sum()": "sum(exp(x))",
    "x.T.sum()": "sum(x)", "x.transpose(1, 0)[0, 1]": "x[1, 0]", "x .sum ()": "sum(x)",
    "y.exp() + y.sin()": "exp(y) + sin(y)", "a = y.tanh(); y.exp()": "exp(y)", "max(.5, y.exp(), y.sin())": "exp(y)",
    "x.sum() + x.reshape(-1)[1]": "sum(x) + x[0, 1]", "y*.5 + (.25) + y.sin()": "y/2 + 0.25 + sin(y)",
    "x.exp().sum() + (2).log() + x.log().sum()": "sum(exp(x)) + log(2) + sum(log(x))",
}  # fmt: skip


@pytest.mark.parametrize("text", MEANT)
def test_a_method_is_the_function_of_its_name(text: str) -> None:
    found, meant = (backprop.compile(one) for one in (text, MEANT[text]))
    at = {"x": np.array(X), "y": Y}
    runs = [one.evaluate({name: at[name] for name in at if name in one.variables}) for one in (found, meant)]
    assert runs[0].value == pytest.approx(runs[1].value)
    for name in runs[1].gradients:
        np.testing.assert_allclose(runs[0].gradients[name], runs[1].gradients[name])


README = """
a = -4.0
b = 2.0
c = a + b
d = a * b + b**3
c += c + 1
c += 1 + c + (-a)
d += d * 2 + (b + a).relu()
d += 3 * d + (b - a).relu()
e = c - d
f = e**2
g = f / 2.0
g += 10.0 / f
"""


def test_the_example_of_micrograd() -> None:
    run = backprop.compile(README).evaluate()
    assert run.value == pytest.approx(24.70408163265306)
    assert run.gradients == pytest.approx({"a": 138.83381924198252, "b": 645.5772594752186})


REFUSED = {
    "x.foo()": "there is no x.foo here", "x.tahn()": "did you mean .tanh()?", "torch.std(x)": "divides by n - 1",
    "tf.tanh(x)": "without tf.", "x.item()": "delete .item()", "x.shape": "its transpose, x.T",
    "y.exp(": "write ) where it ends",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_no_function_is_called_is_no_method(text: str) -> None:
    with pytest.raises(backprop.Problem) as caught:
        backprop.compile(text)
    assert REFUSED[text] in f"{caught.value.message}; {caught.value.hint}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x.T()", "x.T takes no inputs: write x.T"),
        ("2.exp()", "an input stands in the parentheses: exp(2)"),
        ("2x()", "to multiply, write 2*x"),
    ],
)
def test_a_function_of_nothing_is_no_factor(text: str, hint: str) -> None:
    with pytest.raises(backprop.Problem) as raised:
        backprop.compile(text)
    assert raised.value.hint == hint
