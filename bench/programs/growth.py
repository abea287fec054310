"""What grows: statements, inputs of a gate, stages that are checked, nodes that are drawn, values of the command line.

    python bench/programs/growth.py [--quick]

CPU time, the best of a few runs; of the commands, of one. "n to 2n" is how many times as long twice as many take:
2 is linear, 4 is quadratic.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

from machine import Figure, print_figures

import backprop
from backprop.circuit import lower
from backprop.language import parse
from backprop.library import Compiled
from backprop.library.values import parse_value

OURS = str(Path(sys.executable).parent / "backprop")


def best(function: Callable[[], object], rounds: int) -> float:
    """The least of the CPU seconds of a few calls."""
    found = math.inf
    for _ in range(rounds):
        start = time.process_time()
        function()
        found = min(found, time.process_time() - start)
    return found


def statements(count: int) -> str:
    """A program of so many named statements."""
    return "\n".join(["a0 = x + y", *(f"a{i} = a{i - 1} * x" for i in range(1, count))])


def maximum(count: int) -> Callable[[], object]:
    compiled = backprop.compile(f"max({', '.join(f'x{i}' for i in range(count))})")
    at = {f"x{i}": float(i) for i in range(count)}
    return lambda: compiled.evaluate(at).gradients


def joined(count: int) -> Callable[[], object]:
    compiled = backprop.compile(f"sum(concat({', '.join(f'x{i}' for i in range(count))})^2)")
    at = {f"x{i}": [float(i), 1.0] for i in range(count)}
    return lambda: compiled.evaluate(at).gradients


def literal(count: int) -> Callable[[], object]:
    compiled = backprop.compile(f"sum([{', '.join(f'x{i}' for i in range(count))}]^2)")
    at = {f"x{i}": float(i) for i in range(count)}
    return lambda: compiled.evaluate(at).gradients


def checked(count: int) -> Callable[[], object]:
    compiled = backprop.compile(f"sum(concat({', '.join(f'x{i}' for i in range(count))})^2)")
    found = compiled.evaluate({f"x{i}": [float(i), 1.0] for i in range(count)})
    return lambda: found.check(stages=True)


def written(count: int, form: str) -> Callable[[], object]:
    compiled = backprop.compile(f"sum({form.format(', '.join(f'x{i}' for i in range(count)))})")
    return lambda: compiled.code("numpy")


def lines(count: int) -> Callable[[], object]:
    text = "y = 0\n" + "".join(f"y += x*{i}.5\n" for i in range(count))
    return lambda: Compiled(text, source="lines.py")


def grown(make: Callable[[int], Callable[[], object]], count: int, ahead: int = 12) -> tuple[float, float]:
    """How many times as long twice as many take, and the seconds of these; without the first runs, which prepare: so
    many that a circuit on arrays has become one function."""
    times = []
    for many in (count, 2 * count):
        run = make(many)
        for _ in range(ahead):
            run()
        times.append(best(run, 3))
    return times[1] / times[0], times[1]


def process(words: list[str], folder: str) -> tuple[float, float]:
    """CPU seconds of a command, and the most memory that any so far has had, in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([OURS, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024


def figures(quick: bool) -> Iterator[Figure]:
    """The lines of what grows, for all.py."""
    rounds, count = (2, 20_000) if quick else (5, 100_000)
    text = statements(count)
    seconds = best(lambda: lower(parse(text)), rounds)
    yield Figure(f"named statements ({count:,})", seconds / count * 1e6, "µs a statement", 4)
    tracemalloc.start()
    circuit = lower(parse(text))
    size = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    assert len(circuit) > count
    yield Figure("the same, memory", size, "bytes a statement", 600)
    for what, make, many in (("max", maximum, 500), ("concat", joined, 250), ("array literals", literal, 500)):
        ratio, seconds = grown(make, many if quick else 4 * many)
        yield Figure(f"{what} of n inputs, n to 2n", ratio, "times", 2.5, f"{seconds * 1e3:.1f} ms")
    for what, names in (("concat", "concat({})^2"), ("max", "max({})")):
        ratio, seconds = grown(lambda count, names=names: written(count, names), 250 if quick else 1000, 1)
        yield Figure(f"`code` of {what} of n inputs, n to 2n", ratio, "times", 2.5, f"{seconds * 1e3:.0f} ms")
    ratio, seconds = grown(checked, 400 if quick else 1600, 0)
    yield Figure("`check` of concat of n arrays, n to 2n", ratio, "times", 2.5, f"{seconds * 1e3:.0f} ms")
    ratio, seconds = grown(lines, 1000 if quick else 10_000, 1)
    yield Figure("n lines of y += …, n to 2n", ratio, "times", 2.5, f"{seconds * 1e3:.0f} ms")
    values = json.dumps([[i + j / 7 for j in range(100)] for i in range(200 if quick else 1000)])
    ours, theirs = best(lambda: parse_value(values, "x"), rounds), best(lambda: json.loads(values), rounds)
    yield Figure("values on the command line", ours / theirs, "× json.loads", 3, f"{len(values):,} characters")
    with tempfile.TemporaryDirectory() as folder:
        many = 2_000 if quick else 10_000
        chain = "\n".join(["a0 = x*y", *(f"a{i} = sin(a{i - 1}) + x" for i in range(1, many // 2))])
        Path(folder, "chain.bp").write_text(chain)
        seconds, memory = process(["check", "-f", "chain.bp", "--x", "0.5", "--y", "2", "--stages", "--quiet"], folder)
        beside = f"{seconds:.1f} s for {many:,} stages, {memory:.0f} MB"
        yield Figure("`check --stages`", seconds / many * 1e4, "s per 10,000 stages", 5, beside)
        times = []
        for size in (200, 400) if quick else (1000, 2000):
            fork = " + ".join(f"sin(x*{i + 1})" for i in range(size))
            Path(folder, "fork.bp").write_text(fork)
            times.append(process(["draw", "-f", "fork.bp", "--x", "1", "-o", "fork.svg", "--quiet"], folder)[0])
        floor = process(["eval", "x", "--x", "1"], folder)[0]
        beside = f"{times[1]:.1f} s; {os.cpu_count()} cores"
        yield Figure("`draw` of a fork, n to 2n", (times[1] - floor) / (times[0] - floor), "times", 2.5, beside)


if __name__ == "__main__":
    print_figures(figures, __doc__)
