"""The time to an answer: whole processes against `python -c pass`, by CPU and by wall, paired.

    python bench/startup.py [--rounds 15] [--quick]

Run it with the Python of an environment in which backprop is installed from its wheel or source (not editable, which
adds a finder of its own), at rest. Peers are one-line programs that compute the same value and gradients; those that
are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import pty
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from machine import machine

PROGRAM = str(Path(sys.executable).parent / "backprop")
QUESTION = [PROGRAM, "eval", "(x+y)*z", "--x", "-2", "--y", "5", "--z", "-4"]
FLOOR = [sys.executable, "-c", "pass"]
PEERS = {
    "micrograd": "from micrograd.engine import Value as V\n"
    "x,y,z=V(-2.),V(5.),V(-4.);f=(x+y)*z;f.backward();print(f.data,x.grad,y.grad,z.grad)",
    "autograd": "from autograd import value_and_grad\nprint(value_and_grad(lambda v:(v[0]+v[1])*v[2])([-2.,5.,-4.]))",
    "sympy": "from sympy import *\nx,y,z=symbols('x y z');f=sympify('(x+y)*z');s={x:-2,y:5,z:-4}\n"
    "print(f.subs(s),[f.diff(v).subs(s) for v in (x,y,z)])",
    "jax": "import jax\njax.config.update('jax_enable_x64',True)\n"
    "print(jax.value_and_grad(lambda x,y,z:(x+y)*z,argnums=(0,1,2))(-2.,5.,-4.))",
    "torch": "import torch\nx,y,z=[torch.tensor(v,dtype=torch.float64,requires_grad=True) for v in (-2.,5.,-4.)]\n"
    "f=(x+y)*z;f.backward();print(f,x.grad,y.grad,z.grad)",
}
SLOW = {"sympy", "jax", "torch"}


def in_a_pipe(command: list[str]) -> tuple[float, float]:
    """CPU and wall seconds of a process that writes into a pipe."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.read()
    return finished(process, start)


def on_a_terminal(command: list[str]) -> tuple[float, float]:
    """The same for one that writes to a terminal."""
    ours, theirs = pty.openpty()
    start = time.perf_counter()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        while os.read(ours, 65536):
            pass
    except OSError:  # the terminal is gone when the process is
        pass
    os.close(ours)
    return finished(process, start)


def finished(process: subprocess.Popen[bytes], start: float) -> tuple[float, float]:
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{process.args}: exit {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall


def ratios(run: Callable[[list[str]], tuple[float, float]], command: list[str], rounds: int) -> tuple[float, float]:
    """Median over paired rounds of CPU and wall over those of the bare interpreter, after one warm-up."""
    run(command)
    in_a_pipe(FLOOR)
    pairs = []
    for _ in range(rounds):
        floor, mine = in_a_pipe(FLOOR), run(command)
        pairs.append((mine[0] / floor[0], mine[1] / floor[1]))
    return statistics.median(cpu for cpu, _ in pairs), statistics.median(wall for _, wall in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="few rounds, no slow peers")
    options = parser.parse_args()
    rounds = 5 if options.quick else options.rounds
    print(machine() + "\n")
    print(f"{'times `python -c pass`':44}{'CPU':>8}{'wall':>8}")

    def row(name: str, figures: tuple[float, float]) -> None:
        print(f"{name:44}{figures[0]:8.2f}{figures[1]:8.2f}", flush=True)

    row("backprop eval … --json", ratios(in_a_pipe, [*QUESTION, "--json"], rounds))
    row("backprop eval …, in a pipe", ratios(in_a_pipe, QUESTION, rounds))
    row("backprop eval …, on a terminal", ratios(on_a_terminal, QUESTION, rounds))
    for name, program in PEERS.items():
        if importlib.util.find_spec(name) is None:
            print(f"{name + ', a line of Python':44}{'not installed':>16}")
        elif not (options.quick and name in SLOW):
            few = max(3, rounds // 5) if name in SLOW else rounds
            row(name + ", a line of Python", ratios(in_a_pipe, [sys.executable, "-c", program], few))


if __name__ == "__main__":
    main()
