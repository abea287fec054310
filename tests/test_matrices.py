"""Matrices of NumPy's, `np.matrix` and `np.asmatrix`: `*` is their product, and they keep two axes."""

from __future__ import annotations

import pytest

from conftest import Check

PRODUCT = """
import numpy as np

def product_forward(A, B):
    A, B = np.matrix(A), np.asmatrix(B)
    out = 1 / (1 + np.exp(-A * B))
    return out, (A, B, out)

def product_backward(dout, cache):
    A, B, out = cache
    G = np.multiply(np.multiply(out, 1 - out), dout)
    return G * B.T, A.T * G
"""
OUTER = """
import numpy as np

def weigh_forward(W, x):
    return np.dot(W, x)

def weigh_backward(dz, W, x):
    dW = np.asarray(np.dot(np.transpose(np.asmatrix(dz)), np.asmatrix(x)))
    return dW, np.dot(W.T, dz)
"""
ROWS = """
import numpy as np

def rows_forward(A):
    M = np.asmatrix(A)
    return np.asarray(np.multiply(M, M).sum(axis=1))[:, 0] * 3, M

def rows_backward(dout, M):
    return 6 * np.asarray(M) * dout[:, None]
"""
FLAT = """
import numpy as np

def flat_forward(A, w):
    M = np.asmatrix(A)
    return (M * np.asmatrix(w).T).A1, (M, w)

def flat_backward(dout, cache):
    M, w = cache
    return np.outer(dout, w), (M.T * np.asmatrix(dout).T).A.ravel()
"""
A = [[0.4, -1.2, 0.7], [1.1, 0.3, -0.5]]


@pytest.mark.parametrize(
    ("text", "given", "right", "wrong"),
    [
        (PRODUCT, {"A": A, "B": [[0.2], [-0.6], [1.3]]}, "return G *", "return -G *"),
        (OUTER, {"W": A, "x": [0.2, -0.6, 1.3]}, "(W.T, dz)", "(W.T, 2 * dz)"),
        (ROWS, {"A": A}, "6 *", "3 *"),
        (FLAT, {"A": A, "w": [0.2, -0.6, 1.3]}, "np.outer(dout, w)", "np.outer(dout, -w)"),
    ],
)
def test_passes_of_matrices_are_judged(
    check: Check, text: str, given: dict[str, object], right: str, wrong: str
) -> None:
    assert check("matrix.py", given, {"matrix.py": text})["verdict"] == "ok"
    found = check("matrix.py", given, {"matrix.py": text.replace(right, wrong)})
    assert found["verdict"] == "wrong"
    assert [right in line["write"] for line in found["lines"]] == [True], found


@pytest.mark.parametrize("line", ["M = M ** 2", "M *= M"])
def test_what_else_matrices_do_otherwise_is_refused(check: Check, line: str) -> None:
    text = ROWS.replace("    return np.asarray(np.mul", f"    {line}\n    return np.asarray(np.mul")
    found = check("matrix.py", {"A": [[1.0, 0.5], [0.2, -0.3]]}, {"matrix.py": text})
    assert "matrix is not read" in str(found) or "not read in place" in str(found), found
