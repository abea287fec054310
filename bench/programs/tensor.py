"""Matrices: what the circuit costs beside what must be computed in any case.

    python bench/programs/tensor.py [--runs 15] [--quick] [--threads 1]

CPU milliseconds, medians of runs that are interleaved in one process (the peers in processes of their own):
- `W @ X` with all gradients, beside the same three products by np.matmul(out=);
- the objective of ADBench's Gaussian mixture model (N=1000, d=20, K=25) with all gradients, written as a program in the
  language, beside a reverse pass that was written by hand in NumPy; PyTorch and JAX join where they are installed.
The lines of all.py also have a convolution (32 images of 3x32x32, 16 filters of 5x5) beside PyTorch's, and a step of a
network (128 rows, 784-256-10) beside its passes by hand.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from machine import Figure, machine

N, D, K = 1000, 20, 25
GAMMA, WISHART = 1.0, 0
GMM = """
Q = tril(L, k=-1) + einsum("ki,ij->kij", exp(q), eye(20))
Y = einsum("kij,nj->nki", Q, X) - einsum("kij,kj->ki", Q, mu)
inner = alpha + sum(q, axis=1) - 0.5 * einsum("nki,nki->nk", Y, Y)
prior = 0.5 * gamma^2 * (sum(exp(q)^2) + sum(tril(L, k=-1)^2)) - m * sum(q)
f = sum(logsumexp(inner, axis=1)) - 1000 * logsumexp(alpha) + prior + C
"""
Job = Callable[[], Any]
WARM = 12  # calls ahead of those that are measured


def gmm_constant() -> float:
    """The part of the objective that depends on no parameter."""
    n = D + WISHART + 1
    log_gamma = D * (D - 1) / 4 * math.log(math.pi)
    log_gamma += sum(math.lgamma(0.5 * n + 0.5 * (1 - j)) for j in range(1, D + 1))
    return -N * D * 0.5 * math.log(2 * math.pi) - K * (n * D * math.log(GAMMA / math.sqrt(2)) - log_gamma)


def gmm_data() -> dict[str, Any]:
    """Parameters and points; l are the elements of the strictly lower triangles, L the triangles as one array."""
    import numpy as np

    random = np.random.default_rng(0)
    lower = D * (D - 1) // 2
    rows, columns = np.triu_indices(D, 1)[::-1]
    elements = random.standard_normal((K, lower))
    triangles = np.zeros((K, D, D))
    triangles[:, rows, columns] = elements
    return {
        "alpha": random.standard_normal(K), "mu": random.random((K, D)), "q": random.standard_normal((K, D)),
        "l": elements, "L": triangles, "X": random.standard_normal((N, D)), "rows": rows, "columns": columns,
    }  # fmt: skip


def gmm_by_hand(data: dict[str, Any]) -> Job:
    """Value and gradients by a reverse pass in NumPy that reuses its buffers."""
    import numpy as np

    alpha, mu, q, low, X = (data[name] for name in ("alpha", "mu", "q", "l", "X"))
    rows, columns, diagonal = data["rows"], data["columns"], np.arange(D)
    Q = np.zeros((K, D, D))
    constant = gmm_constant()

    def job() -> Any:
        scale = np.exp(q)
        sums = q.sum(1)
        Q[:, rows, columns] = low
        Q[:, diagonal, diagonal] = scale
        Y = X @ Q.reshape(K * D, D).T
        Y -= np.matmul(Q, mu[:, :, None]).reshape(-1)
        Y3 = Y.reshape(N, K, D)
        inner = (alpha + sums) - 0.5 * np.einsum("nki,nki->nk", Y3, Y3)
        most = inner.max(1, keepdims=True)
        e = np.exp(inner - most)
        s = e.sum(1, keepdims=True)
        top = alpha.max()
        ea = np.exp(alpha - top)
        sa = ea.sum()
        value = constant + (np.log(s) + most).sum() - N * (math.log(sa) + top)
        value += 0.5 * GAMMA**2 * ((scale * scale).sum() + (low**2).sum()) - WISHART * sums.sum()
        r = e / s
        rs = r.sum(0)
        Y3 *= -r[:, :, None]
        column_sums = Y.sum(0)
        dQ = (Y.T @ X).reshape(K, D, D) - column_sums.reshape(K, D, 1) * mu[:, None, :]
        dmu = -np.matmul(column_sums.reshape(K, 1, D), Q)[:, 0]
        dq = dQ[:, diagonal, diagonal] * scale + rs[:, None] + GAMMA**2 * scale * scale - WISHART
        dl = dQ[:, rows, columns] + GAMMA**2 * low
        return value, {"alpha": rs - N * ea / sa, "mu": dmu, "q": dq, "l": dl}

    return job


def gmm_by_circuit(data: dict[str, Any]) -> Job:
    """The same by the program above."""
    import backprop

    compiled = backprop.compile(GMM)
    names = ("alpha", "mu", "q", "L")
    at = {name: data[name] for name in (*names, "X")} | {"gamma": GAMMA, "m": float(WISHART), "C": gmm_constant()}

    def job() -> Any:
        found = compiled.evaluate(at, wrt=names)
        return found.value, found.gradients

    return job


def elements_of(answer: Any, data: dict[str, Any]) -> Any:
    """The answer with the gradient of the triangles' elements in place of that of the triangles."""
    value, gradients = answer
    return value, {**gradients, "l": gradients["L"][:, data["rows"], data["columns"]]}


def gmm_generic(numbers: Any, alpha: Any, mu: Any, q: Any, low: Any, X: Any, place: Any, logsumexp: Any) -> Any:
    """The objective for the peers, as their users write it."""
    scale = numbers.exp(q)
    Q = place(scale, low)
    Y = numbers.einsum("kij,knj->kni", Q, X[None] - mu[:, None, :])
    inner = (alpha + q.sum(1))[:, None] - 0.5 * (Y * Y).sum(2)
    prior = 0.5 * GAMMA**2 * ((scale * scale).sum() + (low**2).sum()) - WISHART * q.sum()
    return gmm_constant() + logsumexp(inner, 0).sum() - N * logsumexp(alpha, 0) + prior


def gmm_by_torch(data: dict[str, Any], threads: int) -> Job:
    import torch

    torch.set_num_threads(threads)
    names = ("alpha", "mu", "q", "l")
    inputs = [torch.tensor(data[name], requires_grad=True) for name in names]
    X, rows, columns = (torch.tensor(data[name].copy()) for name in ("X", "rows", "columns"))
    diagonal = torch.arange(D)

    def place(scale: Any, low: Any) -> Any:
        Q = torch.zeros(K, D, D, dtype=torch.float64)
        Q[:, rows, columns] = low
        Q[:, diagonal, diagonal] = scale
        return Q

    def job() -> Any:
        value = gmm_generic(torch, *inputs, X, place, torch.logsumexp)
        return float(value), dict(zip(names, torch.autograd.grad(value, inputs), strict=True))

    return job


def gmm_by_jax(data: dict[str, Any]) -> Job:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    names = ("alpha", "mu", "q", "l")
    rows, columns, diagonal = data["rows"], data["columns"], jnp.arange(D)

    def place(scale: Any, low: Any) -> Any:
        return jnp.zeros((K, D, D)).at[:, rows, columns].set(low).at[:, diagonal, diagonal].set(scale)

    def objective(*inputs: Any) -> Any:
        return gmm_generic(jnp, *inputs, data["X"], place, lambda x, axis: jax.scipy.special.logsumexp(x, axis=axis))

    both = jax.jit(jax.value_and_grad(objective, argnums=(0, 1, 2, 3)))

    def job() -> Any:
        value, gradients = jax.block_until_ready(both(*(data[name] for name in names)))
        return float(value), dict(zip(names, gradients, strict=True))

    return job


def product_jobs(size: int) -> dict[str, Job]:
    """W @ X with both gradients, and the three products that it cannot do without."""
    import numpy as np

    import backprop

    random = np.random.default_rng(0)
    W, X, above = (random.standard_normal((size, size)) for _ in range(3))
    out = [np.empty((size, size)) for _ in range(3)]
    compiled = backprop.compile("D = W @ X")

    def floor() -> None:
        np.matmul(W, X, out=out[0])
        np.matmul(above, X.T, out=out[1])
        np.matmul(W.T, above, out=out[2])

    def circuit() -> Any:
        found = compiled.evaluate(W=W, X=X, upstream=above)
        return found.value, found.gradients

    value, gradients = circuit()
    floor()
    for got, right in zip((value, gradients["W"], gradients["X"]), out, strict=True):
        assert np.allclose(got, right, rtol=1e-10, atol=1e-9)
    return {"three np.matmul(out=)": floor, "backprop": circuit}


def measured(jobs: dict[str, Job], runs: int) -> dict[str, list[float]]:
    """CPU milliseconds of every job, run by run in turn, in a loop that is under way: what is made once, is made."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        for _ in range(WARM):
            job()
    for _ in range(runs):
        for name, job in jobs.items():
            repeat = 3
            start = time.process_time()
            for _ in range(repeat):
                job()
            times[name].append((time.process_time() - start) / repeat * 1e3)
    return times


def report(title: str, times: dict[str, list[float]]) -> None:
    """A table: the median of each, and the median of its ratios to the first, run by run."""
    print(f"\n{title}")
    first = next(iter(times.values()))
    for name, values in times.items():
        ratio = statistics.median(value / one for value, one in zip(values, first, strict=True))
        print(f"  {name:28} {statistics.median(values):9.2f} ms   {ratio:6.2f}")


def peer(name: str, runs: int, threads: int) -> list[float] | None:
    """A peer in a process of its own."""
    if importlib.util.find_spec(name) is None:
        return None
    command = [sys.executable, __file__, "--peer", name, "--runs", str(runs), "--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode:
        print(f"  {name} failed: {done.stderr.strip().splitlines()[-1]}")
        return None
    found: list[float] = json.loads(done.stdout)
    return found


def agrees(one: Any, other: Any) -> bool:
    import numpy as np

    (value, gradients), (right, expected) = one, other
    close = abs(value - right) <= 1e-9 * abs(right)
    return close and all(np.allclose(gradients[name], expected[name], rtol=1e-8, atol=1e-8) for name in expected)


def convolutions() -> dict[str, Job]:
    """A convolution with both gradients; the first is PyTorch's, where it is installed."""
    import numpy as np

    import backprop

    random = np.random.default_rng(0)
    x, w = random.standard_normal((32, 3, 32, 32)), random.standard_normal((16, 3, 5, 5))
    above = random.standard_normal((32, 16, 32, 32))
    compiled = backprop.compile("conv2d(x, w, padding=2)")
    jobs: dict[str, Job] = {}
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)
        inputs = [torch.tensor(one, requires_grad=True) for one in (x, w)]

        def theirs() -> Any:
            found = torch.nn.functional.conv2d(*inputs, padding=2)
            return found.detach().numpy(), torch.autograd.grad(found, inputs, torch.from_numpy(above))

        jobs["torch"] = theirs

    def circuit() -> Any:
        found = compiled.evaluate(x=x, w=w, upstream=above)
        return found.value, [found.gradients[name] for name in "xw"]

    jobs["backprop"] = circuit
    value, gradients = circuit()
    for job in jobs.values():
        right, expected = job()
        assert np.allclose(value, right)
        assert all(np.allclose(one, np.asarray(other)) for one, other in zip(gradients, expected, strict=True))
    return jobs


def network_steps() -> dict[str, Job]:
    """Loss and gradients of a network of two layers, by hand and by the circuit."""
    import numpy as np

    import backprop

    random = np.random.default_rng(0)
    X, Y = random.standard_normal((128, 784)), np.eye(10)[random.integers(0, 10, 128)]
    at = {
        "W1": random.standard_normal((784, 256)) / 28, "b1": np.zeros(256),
        "W2": random.standard_normal((256, 10)) / 16, "b2": np.zeros(10),
    }  # fmt: skip
    text = "h = relu(X @ W1 + b1); z = h @ W2 + b2; f = mean(logsumexp(z, axis=1) - sum(Y*z, axis=1))"
    compiled = backprop.compile(text)

    def by_hand() -> Any:
        a = X @ at["W1"] + at["b1"]
        h = np.maximum(a, 0)
        z = h @ at["W2"] + at["b2"]
        most = z.max(axis=1, keepdims=True)
        e = np.exp(z - most)
        s = e.sum(axis=1, keepdims=True)
        value = float(np.mean((np.log(s) + most)[:, 0] - (Y * z).sum(axis=1)))
        dz = (e / s - Y) / len(X)
        da = (dz @ at["W2"].T) * (a > 0)
        return value, {"W1": X.T @ da, "b1": da.sum(axis=0), "W2": h.T @ dz, "b2": dz.sum(axis=0)}

    def circuit() -> Any:
        found = compiled.evaluate({**at, "X": X, "Y": Y}, wrt=[*at])
        return found.value, found.gradients

    assert agrees(circuit(), by_hand())
    return {"NumPy, by hand": by_hand, "backprop": circuit}


def figures(quick: bool) -> Iterator[Figure]:
    """The lines of matrices, for all.py: times the first of the programs beside us."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    data = gmm_data()
    lines: tuple[tuple[str, dict[str, Job], float], ...] = (
        ("conv2d, 32x3x32x32, 16 filters of 5x5", convolutions(), 1.0),
        ("Gaussian mixture", {"NumPy, by hand": gmm_by_hand(data), "backprop": gmm_by_circuit(data)}, 1.25),
        ("a network's step (128, 784-256-10)", network_steps(), 1.1),
    )
    for what, jobs, bar in lines:
        times = measured(jobs, 7 if quick else 15)
        first = next(iter(times))
        if first != "backprop":
            ratio = statistics.median(a / b for a, b in zip(times["backprop"], times[first], strict=True))
            beside = ", ".join(f"{name} {statistics.median(one):.2f} ms" for name, one in times.items())
            yield Figure(what, ratio, f"× {first}", bar, beside)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="without the products of 2048x2048, and fewer runs")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(chosen.threads)
    if chosen.threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    data = gmm_data()
    if chosen.peer:
        job = gmm_by_torch(data, chosen.threads) if chosen.peer == "torch" else gmm_by_jax(data)
        assert agrees(job(), gmm_by_hand(data)())
        print(json.dumps(measured({chosen.peer: job}, chosen.runs)[chosen.peer]))
        return
    print(machine() + "\n")
    runs = 5 if chosen.quick else chosen.runs
    for size in (512,) if chosen.quick else (512, 2048):
        report(f"W @ X and all gradients, {size}x{size}", measured(product_jobs(size), runs if size < 1000 else 5))
    jobs = {"NumPy, reverse pass by hand": gmm_by_hand(data), "backprop": gmm_by_circuit(data)}
    assert agrees(elements_of(jobs["backprop"](), data), jobs["NumPy, reverse pass by hand"]())
    times = measured(jobs, runs)
    for name in ("torch", "jax"):
        found = peer(name, runs, chosen.threads)
        if found is not None:
            times[name] = found
    report(f"Gaussian mixture, N={N} d={D} K={K}: value and all gradients", times)


if __name__ == "__main__":
    main()
