"""What is large: a convolution, a network's step, long programs, values on the command line, wide pictures.

    python bench/large.py [--runs 15] [--quick] [--threads 1]

CPU time: medians of runs that are interleaved in one process, and the median of their ratios to the first, run by run:
- conv2d (32 images of 3x32x32, 16 filters of 3x3 and of 5x5) with both gradients, beside PyTorch and NumPy by hand;
- a step of a network (batch 128, 784-256-10) with all gradients, beside NumPy by hand and JAX;
- nested lists of numbers on the command line, beside `json.loads`;
- programs of many named statements, from text to gradients, in processes of their own: µs and bytes a statement;
- `draw` of a fork to many gates, and `check --stages`, as whole processes of growing size.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from circuit import resident
from machine import machine
from tensor import Job, measured, report

MOST_DRAWN = 2500  # gates of a fork: with those that sum them up, the most that are laid out
BATCH, WIDE, HIDDEN, CLASSES = 128, 784, 256, 10
NETWORK = "h = relu(X @ W1 + b1); s = h @ W2 + b2; L = cross_entropy(s, t)"


def convolution_jobs(window: int) -> dict[str, Job]:
    """conv2d as PyTorch has it, as NumPy has it by hand, and ours."""
    import numpy as np

    import backprop

    random, padding = np.random.default_rng(0), window // 2
    x, w = random.standard_normal((32, 3, 32, 32)), random.standard_normal((16, 3, window, window))
    above = random.standard_normal((32, 16, 32, 32))
    compiled = backprop.compile(f"y = conv2d(x, w, padding={padding})")

    def by_hand() -> Any:
        padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
        seen = np.lib.stride_tricks.sliding_window_view(padded, (window, window), axis=(2, 3))
        value = np.moveaxis(np.tensordot(seen, w, ((1, 4, 5), (1, 2, 3))), -1, 1)
        to_w = np.tensordot(above, seen, ((0, 2, 3), (0, 2, 3)))
        to_x = np.zeros_like(padded)
        for i, j in np.ndindex(window, window):
            to_x[:, :, i : i + 32, j : j + 32] += np.moveaxis(np.tensordot(above, w[:, :, i, j], (1, 0)), -1, 1)
        return value, to_x[:, :, padding:-padding, padding:-padding], to_w

    def circuit() -> Any:
        found = compiled.evaluate(x=x, w=w, upstream=above)
        return found.value, found.gradients["x"], found.gradients["w"]

    jobs: dict[str, Job] = {}
    if importlib.util.find_spec("torch") is not None:
        import torch

        inputs = [torch.tensor(value, requires_grad=True) for value in (x, w)]
        seed = torch.tensor(above)

        def by_torch() -> Any:
            value = torch.nn.functional.conv2d(*inputs, padding=padding)
            return value.detach(), *torch.autograd.grad(value, inputs, seed)

        jobs["torch"] = by_torch
    jobs |= {"backprop": circuit, "NumPy, by hand": by_hand}
    for job in jobs.values():
        for got, right in zip(job(), by_hand(), strict=True):
            assert np.allclose(got, right, rtol=1e-9, atol=1e-9)
    return jobs


def network_jobs() -> dict[str, Job]:
    """The value and all gradients of a network's loss; by hand, with buffers that are used again."""
    import numpy as np

    import backprop

    random = np.random.default_rng(0)
    X, t = random.standard_normal((BATCH, WIDE)), random.integers(0, CLASSES, BATCH)
    W1, b1 = 0.05 * random.standard_normal((WIDE, HIDDEN)), 0.1 * random.standard_normal(HIDDEN)
    W2, b2 = 0.1 * random.standard_normal((HIDDEN, CLASSES)), 0.1 * random.standard_normal(CLASSES)
    weights = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    at = {**weights, "X": X, "t": t.astype(float)}
    compiled, rows = backprop.compile(NETWORK), np.arange(BATCH)
    h, dW1, dW2 = np.empty((BATCH, HIDDEN)), np.empty((WIDE, HIDDEN)), np.empty((HIDDEN, CLASSES))

    def by_hand() -> Any:
        np.matmul(X, W1, out=h)
        np.add(h, b1, out=h)
        np.maximum(h, 0, out=h)
        s = h @ W2
        s += b2
        s -= s.max(1, keepdims=True)
        e = np.exp(s)
        total = e.sum(1, keepdims=True)
        loss = -(s[rows, t] - np.log(total[:, 0])).mean()
        e /= total
        e[rows, t] -= 1
        e /= BATCH
        np.matmul(h.T, e, out=dW2)
        dh = e @ W2.T
        dh *= h > 0
        np.matmul(X.T, dh, out=dW1)
        return loss, dW1, dh.sum(0), dW2, e.sum(0)

    def circuit() -> Any:
        found = compiled.evaluate(at, wrt=weights)
        return found.value, *found.gradients.values()

    jobs: dict[str, Job] = {"NumPy, by hand": by_hand, "backprop": circuit}
    if importlib.util.find_spec("jax") is not None:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)

        def loss(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
            s = jax.nn.relu(X @ W1 + b1) @ W2 + b2
            return -jnp.mean(jax.nn.log_softmax(s)[rows, t])

        both = jax.jit(jax.value_and_grad(loss, (0, 1, 2, 3)))

        def by_jax() -> Any:
            value, gradients = jax.block_until_ready(both(W1, b1, W2, b2))
            return value, *gradients

        jobs["jax"] = by_jax
    for job in jobs.values():
        for got, right in zip(job(), by_hand(), strict=True):
            assert np.allclose(got, right, rtol=1e-9, atol=1e-12)
    return jobs


def value_jobs(whole: bool) -> dict[str, Job]:
    """A matrix of 300x300 as text."""
    import numpy as np

    from backprop.library.values import parse_value

    random = np.random.default_rng(0)
    values = random.integers(0, 9, (300, 300)) if whole else random.standard_normal((300, 300))
    text = json.dumps(values.tolist())
    return {"json.loads": lambda: json.loads(text), "backprop": lambda: parse_value(text, "x")}


def statements(count: int) -> None:
    """Evaluate a program of so many named statements, and print what one costs."""
    import backprop

    text = "x0 = a*b\n" + "\n".join(f"x{i} = x{i - 1} + a" for i in range(1, count))
    backprop.evaluate("x0 = a*b\nx1 = x0 + a", a=1.0, b=2.0).gradients  # noqa: B018
    before, start = resident(True), time.process_time()
    found = backprop.evaluate(text, a=1.0, b=2.0)
    assert (found.value, found.gradients["a"]) == (count + 1, count + 1)
    seconds = time.process_time() - start
    print(f"  {count:>9,}  {seconds / count * 1e6:6.2f} µs {(resident(True) - before) / count:6.0f} bytes a statement")


def process(*words: str) -> tuple[float, float]:
    """CPU seconds and MB of one command."""
    with subprocess.Popen([sys.executable, "-m", "backprop", *words], stdout=subprocess.DEVNULL) as running:
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    assert not running.returncode, words
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def growing(sizes: list[int]) -> None:
    """`draw` of a fork, and `check --stages` of a chain."""
    with TemporaryDirectory() as folder:
        path, picture = Path(folder, "program.bp"), str(Path(folder, "fork.svg"))
        for size in [size for size in sizes if size < MOST_DRAWN]:
            lines = [f"y{i} = x*{i + 2}" for i in range(size)]
            path.write_text("\n".join([*lines, "f = " + " + ".join(f"y{i}" for i in range(size))]))
            seconds, memory = process("draw", "-f", str(path), "--x", "1", "--quiet", "-o", picture)
            print(f"  draw of a fork to {size:,} gates     {seconds:6.2f} s {memory:6.0f} MB")
        for size in sizes:
            path.write_text("\n".join(["y0 = x", *(f"y{i} = sin(y{i - 1}) + x" for i in range(1, size // 2))]))
            seconds, memory = process("check", "-f", str(path), "--x", "0.5", "--stages", "--quiet")
            print(f"  check --stages of {size:,} gates     {seconds:6.2f} s {memory:6.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="fewer runs, and smaller programs")
    parser.add_argument("--statements", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--growing", type=int, nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.statements or chosen.growing:
        statements(chosen.statements) if chosen.statements else growing(chosen.growing)
        return
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(chosen.threads)
    if chosen.threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    if importlib.util.find_spec("torch") is not None:
        import torch

        torch.set_num_threads(chosen.threads)
    print(machine() + "\n")
    runs = 5 if chosen.quick else chosen.runs
    for window in (3, 5):
        times = measured(convolution_jobs(window), runs)
        report(f"conv2d, 32x3x32x32, 16 filters of {window}x{window}: value and both gradients", times)
    report(f"a network's step, {BATCH} of {WIDE}-{HIDDEN}-{CLASSES}", measured(network_jobs(), runs))
    for whole in (False, True):
        title = f"300x300 {'whole ' if whole else ''}numbers on the command line"
        report(title, measured(value_jobs(whole), runs))
    print("\nnamed statements, from text to gradients", flush=True)
    for count in (10_000,) if chosen.quick else (100_000, 1_000_000):
        subprocess.run([sys.executable, __file__, "--statements", str(count)], check=True)
    print("\nwide and deep", flush=True)
    sizes = ("500", "1000") if chosen.quick else ("1000", "2000", "4000", "10000")
    subprocess.run([sys.executable, __file__, "--growing", *sizes], check=True)  # from a process that is small itself


if __name__ == "__main__":
    main()
