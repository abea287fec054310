"""Jacobians and Hessians of arrays, beside the peers.

    python bench/programs/second.py [--quick]

Milliseconds of CPU time on one thread, the best of rounds that alternate between the programs, and times the best way
of PyTorch's. Peers that are not installed are left out.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import argparse
import importlib.util
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from machine import Figure, machine

DICE = np.random.default_rng(5)
A = DICE.normal(size=(1000, 1000)) / 30
Pass = Callable[[], Any]


class Task:
    """A formula, its point, which derivative, and the formula in the words of the peers."""

    def __init__(self, kind: str, text: str, at: dict[str, Any], peer: str) -> None:
        self.kind, self.text, self.at, self.peer = kind, text, at, peer


TASKS = {
    "Jacobian 1000x1000 of tanh(A @ x)": Task(
        "jacobian", "tanh(A @ x)", {"A": A, "x": DICE.normal(size=1000)}, "tanh(A @ x)"
    ),
    "Hessian of Rosenbrock's function, 300 variables": Task(
        "hessian", "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)", {"x": DICE.normal(size=300)},
        "(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()",
    ),
    "Hessian of a softmax's log-likelihood, 300 variables": Task(
        "hessian", "logsumexp(A @ x) - sum(x)", {"A": A[:200, :300], "x": DICE.normal(size=300)},
        "log(exp(A @ x).sum()) - x.sum()",
    ),
}  # fmt: skip


def ours(task: Task) -> Pass:
    import backprop

    compiled = backprop.compile(task.text)
    if task.kind == "jacobian":
        return lambda: compiled.jacobian(task.at, wrt="x")["x"]
    return lambda: compiled.hessian(task.at, wrt="x")["x"]["x"]


def torch_(task: Task, way: str) -> Pass:
    import torch

    torch.set_num_threads(1)
    at = {name: torch.tensor(value) for name, value in task.at.items()}
    code = compile(task.peer, "<peer>", "eval")

    def function(x: Any) -> Any:
        return eval(code, {"tanh": torch.tanh, "exp": torch.exp, "log": torch.log, **at, "x": x})

    if way == "autograd":
        call = getattr(torch.autograd.functional, task.kind)
        return lambda: call(function, at["x"])
    made = {"jacobian": torch.func.jacrev, "hessian": torch.func.hessian}[task.kind](function)
    return lambda: made(at["x"])


def jax_(task: Task) -> Pass:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    at = {name: jnp.array(value) for name, value in task.at.items()}
    code = compile(task.peer, "<peer>", "eval")

    def function(x: Any) -> Any:
        return eval(code, {"tanh": jnp.tanh, "exp": jnp.exp, "log": jnp.log, **at, "x": x})

    made = jax.jit({"jacobian": jax.jacrev, "hessian": jax.hessian}[task.kind](function))
    return lambda: np.asarray(made(at["x"]))


def timed(task: Task, rounds: int) -> tuple[dict[str, float], dict[str, bool]]:
    """The best milliseconds of each program, and whether it gives our answer."""
    passes = {"backprop": ours(task)}
    if importlib.util.find_spec("torch"):
        passes["torch.autograd"], passes["torch.func"] = torch_(task, "autograd"), torch_(task, "func")
    if importlib.util.find_spec("jax"):
        passes["JAX's jit"] = jax_(task)
    expected = passes["backprop"]()
    agree = {name: np.allclose(np.asarray(once()), expected, rtol=1e-8) for name, once in passes.items()}
    best = dict.fromkeys(passes, math.inf)
    for _ in range(rounds):
        for name, once in passes.items():
            start = time.process_time()
            once()
            best[name] = min(best[name], (time.process_time() - start) * 1e3)
    return best, agree


def figures(quick: bool) -> Iterator[Figure]:
    """The lines of the second derivatives, for all.py: times the better way of PyTorch's."""
    for title, task in TASKS.items():
        best, _ = timed(task, 3 if quick else 15)
        base = min((best[name] for name in ("torch.autograd", "torch.func") if name in best), default=math.nan)
        beside = ", ".join(f"{name} {one:.1f} ms" for name, one in best.items())
        yield Figure(title, best["backprop"] / base, "× torch", 1.0, beside)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds")
    options = parser.parse_args()
    print(machine() + "\n")
    for title, task in TASKS.items():
        best, agree = timed(task, 3 if options.quick else 15)
        print(title)
        base = best.get("torch.func", best["backprop"])
        for name, found in best.items():
            print(f"  {name:16}{found:10.2f} ms{found / base:8.2f}" + ("" if agree[name] else "  ANOTHER ANSWER"))


if __name__ == "__main__":
    main()
