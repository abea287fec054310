"""`minimize` on a table against the same loop written by hand in NumPy: Adam on a logistic regression.

    OPENBLAS_NUM_THREADS=1 python bench/programs/minimize.py

10^5 rows of 20 features, 20 epochs of batches of 256. And: value and gradient of a whole step against the engine of
`map` on the same rows, with its sums.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import backprop
from backprop.library import Compiled
from backprop.optimize.table import Table
from backprop.rows.compute.mapper import Mapper

ROWS, FEATURES, EPOCHS, BATCH = 100_000, 20, 20, 256
RATE, BETA1, BETA2, EPS = 0.01, 0.9, 0.999, 1e-8


def data() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    X = random.standard_normal((ROWS, FEATURES))
    y = (random.random(ROWS) < 1 / (1 + np.exp(-(X @ random.standard_normal(FEATURES))))).astype(float)
    return X, y


def by_hand(X: Any, y: Any) -> Any:
    """As somebody writes it who knows NumPy, and the gradient."""
    w, b = np.zeros(FEATURES), 0.0
    mw, vw, mb, vb = np.zeros(FEATURES), np.zeros(FEATURES), 0.0, 0.0
    random = np.random.default_rng(1)
    t = 0
    losses = []
    for _ in range(EPOCHS):
        order = random.permutation(ROWS)
        loss = 0.0
        for start in range(0, ROWS, BATCH):
            rows = order[start : start + BATCH]
            Xb, yb = X[rows], y[rows]
            z = Xb @ w + b
            loss += float(np.sum(np.logaddexp(0, z) - yb * z))
            d = (1 / (1 + np.exp(-z)) - yb) / len(rows)
            dw, db = Xb.T @ d, d.sum()
            t += 1
            mw = BETA1 * mw + (1 - BETA1) * dw
            vw = BETA2 * vw + (1 - BETA2) * dw * dw
            mb = BETA1 * mb + (1 - BETA1) * db
            vb = BETA2 * vb + (1 - BETA2) * db * db
            w = w - RATE * (mw / (1 - BETA1**t)) / (np.sqrt(vw / (1 - BETA2**t)) + EPS)
            b = b - RATE * (mb / (1 - BETA1**t)) / (np.sqrt(vb / (1 - BETA2**t)) + EPS)
        losses.append(loss / ROWS)
    return w, b


def by_backprop(X: Any, y: Any) -> Any:
    found = backprop.minimize(
        "bce_with_logits(w @ x + b, y)", {"w": np.zeros(FEATURES), "b": 0.0}, data={"x": X, "y": y}, method="adam",
        rate=RATE, batch=BATCH, epochs=EPOCHS, seed=1,
    )  # fmt: skip
    return found.parameters["w"], found.parameters["b"]


def best(one: Callable[[], Any], other: Callable[[], Any], times: int) -> tuple[float, float]:
    """The shortest times of two, which take turns, in seconds of this process."""
    found: list[list[float]] = [[], []]
    for _ in range(times):
        for work, seconds in zip((one, other), found, strict=True):
            began = time.process_time()
            work()
            seconds.append(time.process_time() - began)
    return min(found[0]), min(found[1])


def main() -> None:
    X, y = data()
    (w, b), (own, own_b) = by_hand(X, y), by_backprop(X, y)
    np.testing.assert_allclose([*own, own_b], [*w, b], rtol=1e-9)
    hand, ours = best(lambda: by_hand(X, y), lambda: by_backprop(X, y), 5)
    print(f"Adam, {EPOCHS} epochs: by hand {hand:.2f} s, minimize {ours:.2f} s, {ours / hand:.2f} times")
    for text, at, columns in (
        ("bce_with_logits(w @ x + b, y)", {"w": w, "b": float(b)}, {"x": X, "y": y}),
        ("(a*exp(-c*x) - y)^2", {"a": 1.0, "c": 0.1}, {"x": X[:, 0], "y": y}),
    ):
        mapper = Mapper(text, given=at, wrt=list(at))
        table = Table(Compiled(text), columns, at, list(at), maximize=False, total=True)
        engine, step = best(lambda m=mapper, c=columns: m(c), lambda t=table: t(t.start), 10)  # type: ignore[misc]
        times = f"the engine alone {engine * 1e3:.1f} ms, minimize {step * 1e3:.1f} ms, {step / engine:.2f} times"
        print(f"a step, {text}: {times}")


if __name__ == "__main__":
    main()
