"""Layers that take the mean over the examples in the gradients of their weights, with a mistake beside that."""

from __future__ import annotations

import pytest

from conftest import Check

LINEAR = """
import numpy as np

def linear_forward(A, W, b):
    Z = W @ A + b
    return Z, (A, W, b)

def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = 1 / m * np.dot(dZ, A.T)
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA = np.dot(W.T, dZ)
    return dA, dW, db
"""
LAYER = """
import numpy as np

class Gate:
    def __init__(self, size):
        self.params = {"W": np.random.randn(size, size), "V": np.random.randn(size, size)}

    def forward(self, X):
        self.X = X
        self.left, self.right = np.tanh(X @ self.params["W"]), np.tanh(X @ self.params["V"])
        return self.left * self.right

    def backward(self, dout):
        N = dout.shape[0]
        dleft = dout * self.right * (1 - self.left ** 2)
        dright = dout * self.left * (1 - self.right ** 2)
        self.grads = {}
        self.grads["W"] = self.X.T @ dleft / N
        self.grads["V"] = self.X.T @ dright / N
        return dleft @ self.params["W"].T + dright @ self.params["V"].T
"""
GIVEN = {
    LINEAR: {
        "A": [[0.3, -1.2, 0.7, 1.4], [1.1, 0.4, -0.5, -0.2], [0.6, 0.9, -1.3, 0.8]],
        "W": [[0.5, -1.0, 0.3], [0.2, 0.8, -0.6], [1.2, -0.4, 0.7]],
        "b": [[0.1], [-0.3], [0.4]],
    },
    LAYER: {"X": [[0.3, -1.2, 0.7], [1.1, 0.4, -0.5]], "size": 3},
}
MISTAKES = {
    (LINEAR, "dA = np.dot(W.T, dZ)", "dA = np.dot(W, dZ)"): ["A"],
    (LINEAR, "dW = 1 / m * np.dot(dZ, A.T)", "dW = 1 / m * np.dot(dZ, -A.T)"): ["W"],
    (LAYER, "dleft = dout * self.right", "dleft = dout * self.left"): ["params['W']", "X"],
    (LAYER, "dleft @ self.params['W'].T +", "dleft @ self.params['W'] +"): ["X"],
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_mistake_is_told_and_not_the_mean(check: Check, mistake: tuple[str, str, str]) -> None:
    """All gradients were wrong by the number of examples then, and the line was another or not known."""
    text, right, wrong = (one.replace("'W'", '"W"') for one in mistake)
    found = check("layer.py", GIVEN[mistake[0]], {"layer.py": text})
    assert found["verdict"] == "ok", found
    assert right in text
    bad = text.replace(right, wrong)
    found = check("layer.py", GIVEN[mistake[0]], {"layer.py": bad})
    assert sorted(one["name"] for one in found["gradients"] if one["verdict"] == "wrong") == sorted(MISTAKES[mistake])
    (line,) = found["lines"]
    assert wrong in bad.splitlines()[line["line"] - 1], line
    assert "mean over" in " ".join(found["remarks"])


def test_a_division_that_some_weights_have_alone_is_no_mean(check: Check) -> None:
    """Of two weights the gradient of one is divided: that is the mistake, with another one or without."""
    alone = LINEAR.replace("keepdims=True) / m", "keepdims=True)")
    both = alone.replace("dA = np.dot(W.T, dZ)", "dA = np.dot(W, dZ)")
    for text, wrong in ((alone, {"W"}), (both, {"W", "A"})):
        found = check("layer.py", GIVEN[LINEAR], {"layer.py": text})
        assert {one["name"] for one in found["gradients"] if one["verdict"] == "wrong"} == wrong, found


def test_a_mean_beside_the_slope_of_a_penalty(check: Check) -> None:
    decayed = LAYER.replace("@ dleft / N", "@ dleft / N + 0.3 * self.params['W']")
    found = check("layer.py", GIVEN[LAYER], {"layer.py": decayed})
    assert found["verdict"] == "ok", found
    text = decayed.replace("return dleft @", "return 2 * dleft @")
    found = check("layer.py", GIVEN[LAYER], {"layer.py": text})
    assert [one["name"] for one in found["gradients"] if one["verdict"] == "wrong"] == ["X"], found
    (line,) = found["lines"]
    assert text.splitlines()[line["line"] - 1].strip().startswith("return 2 * dleft")
