"""Rows of vectors: value and gradients of a formula for every row, beside the peers, on one thread.

    python bench/programs/vectors.py [--rows 200000] [--quick]

CPU nanoseconds per row, medians of passes that alternate between the programs. Peers that are not installed are left
out (pip install ".[bench]").
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Arrays = dict[str, Any]
Pass = Callable[[], Any]

ONE_THREAD = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
DICE = np.random.default_rng(5)
CHUNK = 4096  # rows at a time, for the peers that would leave the cache with all of them


class Task:
    """A formula, what is the same in every row, the columns, and the formula in the words of the peers."""

    def __init__(self, text: str, given: Arrays, shapes: dict[str, tuple[int, ...]], peer: str, hand: Any) -> None:
        self.text = text
        self.given = given
        self.shapes = shapes
        self.peer = peer
        self.hand = hand


def neuron_by_hand(given: Arrays, x: Any, y: Any) -> tuple[Any, ...]:
    out = 1.0 / (1.0 + np.exp(-(x @ given["w"])))
    return out - y, (out * (1.0 - out))[:, None] * given["w"], np.full(len(y), -1.0)


def linear_by_hand(given: Arrays, x: Any, t: Any) -> tuple[Any, ...]:
    residual = x @ given["W"].T + given["b"] - t
    above = 2.0 * residual
    return np.einsum("ni,ni->n", residual, residual), above @ given["W"], -above


def network_by_hand(given: Arrays, x: Any) -> tuple[Any, ...]:
    z = x @ given["V"].T + given["c"]
    scores = np.maximum(z, 0.0) @ given["W"].T
    scores -= scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    above = np.exp(log_p)
    above[:, 1] -= 1.0
    return -log_p[:, 1], ((above @ given["W"]) * (z > 0)) @ given["V"]


TASKS = {
    "neuron": Task(
        "sigmoid(w @ x) - y", {"w": DICE.normal(size=3)}, {"x": (3,), "y": ()}, "sigmoid(w @ x) - y", neuron_by_hand
    ),
    "linear, squared error": Task(
        "sum((W @ x + b - t)^2)",
        {"W": DICE.normal(size=(3, 10)), "b": np.zeros(3)},
        {"x": (10,), "t": (3,)},
        "((W @ x + b - t) ** 2).sum()",
        linear_by_hand,
    ),
    "16-32-4 network": Task(
        "h = relu(V @ x + c); cross_entropy(W @ h, 1)",
        {"V": DICE.normal(size=(32, 16)), "c": np.zeros(32), "W": DICE.normal(size=(4, 32))},
        {"x": (16,)},
        "-log_softmax(W @ relu(V @ x + c))[1]",
        network_by_hand,
    ),
}


def columns_of(task: Task, rows: int) -> Arrays:
    return {name: DICE.normal(size=(rows, *shape)) for name, shape in task.shapes.items()}


def chunks(columns: Arrays, rows: int) -> list[list[Any]]:
    return [[column[start : start + CHUNK] for column in columns.values()] for start in range(0, rows, CHUNK)]


def run_backprop(task: Task, columns: Arrays, rows: int) -> Pass:
    from backprop.rows.compute.mapper import Mapper

    mapper = Mapper(task.text, given=task.given)
    return lambda: tuple(mapper(columns).values())


def run_numpy(task: Task, columns: Arrays, rows: int) -> Pass:
    def one() -> Any:
        found = [task.hand(task.given, *chunk) for chunk in chunks(columns, rows)]
        return [np.concatenate(parts) for parts in zip(*found, strict=True)]

    return one


def run_jax(task: Task, columns: Arrays, rows: int) -> Pass:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    scope = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu, "log_softmax": jax.nn.log_softmax}
    given = {name: jnp.asarray(value) for name, value in task.given.items()}
    f = eval(f"lambda {', '.join(columns)}: {task.peer}", {**scope, **given})
    compiled = jax.jit(jax.vmap(jax.value_and_grad(f, argnums=tuple(range(len(columns))))))
    inputs = [jnp.asarray(column) for column in columns.values()]
    return lambda: jax.block_until_ready(compiled(*inputs))


def run_torch(task: Task, columns: Arrays, rows: int) -> Pass:
    import torch

    torch.set_num_threads(1)
    scope = {"sigmoid": torch.sigmoid, "relu": torch.relu, "log_softmax": lambda z: torch.log_softmax(z, -1)}
    given = {name: torch.from_numpy(value) for name, value in task.given.items()}
    f = eval(f"lambda {', '.join(columns)}: {task.peer}", {**scope, **given})
    both = torch.vmap(torch.func.grad_and_value(f, argnums=tuple(range(len(columns)))))
    inputs = [[torch.from_numpy(column) for column in chunk] for chunk in chunks(columns, rows)]
    return lambda: [both(*chunk) for chunk in inputs]


PROGRAMS = {"backprop": run_backprop, "numpy by hand": run_numpy, "JAX (jit, vmap)": run_jax, "torch (vmap)": run_torch}
NEEDS = {"JAX (jit, vmap)": "jax", "torch (vmap)": "torch"}


def measured(task: Task, rows: int, passes: int) -> dict[str, float]:
    """CPU nanoseconds per row of each program, measured in turns; what they say is compared first."""
    columns = columns_of(task, rows)
    programs = {
        name: make(task, columns, rows)
        for name, make in PROGRAMS.items()
        if name not in NEEDS or importlib.util.find_spec(NEEDS[name])
    }
    ours, hand = programs["backprop"](), programs["numpy by hand"]()
    for one, other in zip(ours, hand, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    times: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(passes + 1):
        for name, program in programs.items():
            started = time.process_time()
            program()
            if number:  # the first pass compiles and warms up
                times[name].append((time.process_time() - started) / rows * 1e9)
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--quick", action="store_true", help="fewer rows and passes")
    asked = parser.parse_args()
    if os.environ.get("XLA_FLAGS") != ONE_THREAD["XLA_FLAGS"]:  # it is read when the libraries are imported
        sys.exit(subprocess.run([sys.executable, *sys.argv], env={**os.environ, **ONE_THREAD}, check=False).returncode)
    rows, passes = (50_000, 3) if asked.quick else (asked.rows, 7)
    for title, task in TASKS.items():
        found = measured(task, rows, passes)
        print(f"{title}: {task.text}")
        for name, time_per_row in found.items():
            print(f"  {name:18} {time_per_row:9.0f} ns per row   {time_per_row / found['backprop']:6.2f}")


if __name__ == "__main__":
    main()
