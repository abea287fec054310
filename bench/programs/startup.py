"""The time to an answer: whole processes against `python -c pass`, by CPU and by wall, paired.

    python bench/programs/startup.py [--rounds 15] [--quick]

Run it with the Python of an environment in which backprop is installed from its wheel or source (not editable, which
adds a finder of its own), at rest. Peers are one-line programs that compute the same value and gradients; those that
are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pty
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from machine import Figure, machine

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
TOOLS = {
    "jq": [
        "jq",
        "-cn",
        "--argjson",
        "x",
        "-2",
        "--argjson",
        "y",
        "5",
        "--argjson",
        "z",
        "-4",
        "[($x+$y)*$z,$z,$z,$x+$y]",
    ],
    "node": ["node", "-e", "const [x,y,z]=[-2,5,-4];console.log(JSON.stringify([(x+y)*z,z,z,x+y]))"],
}
WAYS: dict[str, tuple[float, list[str]]] = {  # what is called, and at most how many times the interpreter it may take
    "eval … --json": (2, [*QUESTION[1:], "--json"]),
    "eval …, in a pipe": (3, QUESTION[1:]),
    "eval …, on a terminal": (3, QUESTION[1:]),
    "--version": (3, ["--version"]),
    "--help": (3, ["--help"]),
    "eval --help": (3, ["eval", "--help"]),
    "an error": (3, ["eval", "(x+y"]),
    "explain …": (3, ["explain", *QUESTION[2:]]),
    "check …": (3, ["check", *QUESTION[2:]]),
    "map of one row": (5, ["map", "(x+y)*z", "row.jsonl"]),
}


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
    if process.returncode not in (0, 2):  # 2 is an error that is asked for
        raise SystemExit(f"{process.args}: exit {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall


def figures(quick: bool) -> Iterator[Figure]:
    """The lines of the start, for all.py: by wall time."""
    rounds = 7 if quick else 21
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("row.jsonl").write_text(json.dumps({"x": -2, "y": 5, "z": -4}) + "\n")
        for name, (bar, words) in WAYS.items():
            run = on_a_terminal if "terminal" in name else in_a_pipe
            _, wall = ratios(run, [PROGRAM, *words], rounds)
            beside = peers(rounds) if "--json" in name else ""
            yield Figure(f"`{name}`", wall, "× `python -c pass`", bar, beside)


def peers(rounds: int) -> str:
    """What tools take that answer the same question, and those of the libraries that are quick to import."""
    commands = {name: command for name, command in TOOLS.items() if shutil.which(name)}
    for name, program in PEERS.items():
        if name not in SLOW and importlib.util.find_spec(name):
            commands[name] = [sys.executable, "-c", program]
    return ", ".join(f"{name} {ratios(in_a_pipe, command, rounds)[1]:.2f}" for name, command in commands.items())


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

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("row.jsonl").write_text(json.dumps({"x": -2, "y": 5, "z": -4}) + "\n")
        for name, (_, words) in WAYS.items():
            row(
                f"backprop {name}",
                ratios(on_a_terminal if "terminal" in name else in_a_pipe, [PROGRAM, *words], rounds),
            )
    for name, program in PEERS.items():
        if importlib.util.find_spec(name) is None:
            print(f"{name + ', a line of Python':44}{'not installed':>16}")
        elif not (options.quick and name in SLOW):
            few = max(3, rounds // 5) if name in SLOW else rounds
            row(name + ", a line of Python", ratios(in_a_pipe, [sys.executable, "-c", program], few))


if __name__ == "__main__":
    main()
