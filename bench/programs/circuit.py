"""One big circuit: from text to all gradients, beside peers that are handed the circuit as a Python program.

    python bench/programs/circuit.py [--gates 100000] [--quick]

CPU nanoseconds and bytes per gate (leaves included), each case in a process of its own. Peers parse nothing: they build
their graph in a loop over a list of gates, and sweep back. A case that fails or takes over a minute says so.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import math
import random
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from machine import machine

Tape = list[tuple[str, Any, Any]]  # ("var", name, value), ("const", value, 0), (gate, left, right)


class Builder:
    """A circuit as a list of gates and as infix text, made side by side."""

    def __init__(self) -> None:
        self.tape: Tape = []
        self.texts: list[str] = []
        self.leaves: dict[object, int] = {}

    def leaf(self, kind: str, name: Any, value: float) -> int:
        if name not in self.leaves:
            self.leaves[name] = len(self.tape)
            self.tape.append((kind, name, value))
        return self.leaves[name]

    def gate(self, name: str, left: int, right: int = 0) -> int:
        self.tape.append((name, left, right))
        return len(self.tape) - 1


def product(size: int) -> tuple[Tape, str]:
    """Speelpenning's product of as many variables as half the gates."""
    build, dice = Builder(), random.Random(1)
    names = [f"x{i}" for i in range(size // 2)]
    last = build.leaf("var", names[0], 1.0)
    for name in names[1:]:
        last = build.gate("*", last, build.leaf("var", name, 1 + (dice.random() - 0.5) * 1e-3))
    return build.tape, "*".join(names)


def chain(size: int) -> tuple[Tape, str]:
    """y <- sin(y)*1.0001 + x, as deep as a third of the gates."""
    build = Builder()
    x, factor = build.leaf("var", "x", 0.5), build.leaf("const", 1.0001, 1.0001)
    last = x
    for _ in range(size // 3):
        last = build.gate("+", build.gate("*", build.gate("sin", last), factor), x)
    return build.tape, "sin(" * (size // 3) + "x" + ")*1.0001+x" * (size // 3)


def balanced(size: int) -> tuple[Tape, str]:
    """A balanced tree of random operators over 50 variables and literals."""
    build, dice = Builder(), random.Random(2)
    level: list[tuple[int, str]] = []
    for _ in range(size // 2):
        number = dice.randrange(50)
        level.append((build.leaf("var", f"x{number}", 0.9 + number / 250), f"x{number}"))
    while len(level) > 1:
        above = []
        for (a, left), (b, right) in zip(level[::2], level[1::2], strict=False):
            operator = dice.choice("+-*") if len(level) > 64 else "+"
            wire, text = build.gate(operator, a, b), f"{left}{operator}{right}"
            bounded = dice.random() < 0.3
            above.append((build.gate("tanh", wire), f"tanh({text})") if bounded else (wire, f"({text})"))
        level = above + level[len(above) * 2 :]
    return build.tape, level[0][1]


def helmholtz(size: int) -> tuple[Tape, str]:
    """Griewank's Helmholtz energy, sum x log(x/(1-bx)) - xAx/…, with a dense A: about 3 n² gates."""
    build, dice = Builder(), random.Random(3)
    n = max(2, int(math.sqrt(size / 3)))
    x = [build.leaf("var", f"x{i}", 1 / n) for i in range(n)]
    texts: list[str] = []
    wires: list[int] = []
    one = build.leaf("const", 1, 1.0)
    for i in range(n):
        b = round(dice.random(), 3)
        ratio = build.gate("/", x[i], build.gate("-", one, build.gate("*", build.leaf("const", b, b), x[i])))
        wires.append(build.gate("*", x[i], build.gate("log", ratio)))
        texts.append(f"x{i}*log(x{i}/(1-{b}*x{i}))")
        for j in range(n):
            a = round(dice.random(), 2)
            wires.append(build.gate("*", build.gate("*", build.leaf("const", a, a), x[i]), x[j]))
            texts.append(f"{a}*x{i}*x{j}")
    last = wires[0]
    for wire in wires[1:]:
        last = build.gate("+", last, wire)
    return build.tape, "+".join(texts)


FAMILIES: dict[str, Callable[[int], tuple[Tape, str]]] = {
    "product": product, "chain": chain, "balanced": balanced, "helmholtz": helmholtz,
}  # fmt: skip


def resident(peak: bool) -> int:
    """Bytes of memory that the process has now, or had at its peak."""
    field = "VmHWM:" if peak else "VmRSS:"
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))


def play(
    tape: Tape, leaf: Callable[[float], Any], functions: dict[str, Callable[[Any], Any]]
) -> tuple[Any, dict[str, Any]]:
    """The circuit as a program of overloaded numbers."""
    wires: list[Any] = []
    variables: dict[str, Any] = {}
    for gate, a, b in tape:
        if gate in ("var", "const"):
            wires.append(leaf(float(b)))
            if gate == "var":
                variables[a] = wires[-1]
        elif gate == "+":
            wires.append(wires[a] + wires[b])
        elif gate == "*":
            wires.append(wires[a] * wires[b])
        elif gate == "-":
            wires.append(wires[a] - wires[b])
        elif gate == "/":
            wires.append(wires[a] / wires[b])
        else:
            wires.append(functions[gate](wires[a]))
    return wires[-1], variables


def run_backprop(tape: Tape, text: str) -> tuple[float, float]:
    import backprop

    point = {name: value for kind, name, value in tape if kind == "var"}
    found = backprop.evaluate(text, point)
    return found.value, next(iter(found.gradients.values()))


def micrograd_gate(f: Callable[[float], float], slope: Callable[[float, float], float]) -> Callable[[Any], Any]:
    """A function that micrograd lacks, from its value, and its slope at the input and the output."""
    from micrograd.engine import Value

    def apply(x: Any) -> Any:
        out = Value(f(x.data), (x,))

        def backward() -> None:
            x.grad += slope(x.data, out.data) * out.grad

        out._backward = backward
        return out

    return apply


def run_micrograd(tape: Tape, text: str) -> tuple[float, float]:
    from micrograd.engine import Value

    functions = {
        "sin": micrograd_gate(math.sin, lambda x, _: math.cos(x)),
        "tanh": micrograd_gate(math.tanh, lambda _, y: 1 - y * y),
        "log": micrograd_gate(math.log, lambda x, _: 1 / x),
    }
    sys.setrecursionlimit(10**6)  # its backward recurses; with the default limit it fails on all but balanced circuits
    output, variables = play(tape, Value, functions)
    output.backward()
    return output.data, next(iter(variables.values())).grad


def run_torch(tape: Tape, text: str) -> tuple[float, float]:
    import torch

    torch.set_num_threads(1)
    torch.ones(1).sum()
    functions = {"sin": torch.sin, "tanh": torch.tanh, "log": torch.log}
    output, variables = play(tape, lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True), functions)
    output.backward()
    return output.item(), next(iter(variables.values())).grad.item()


LOST = 1e-15  # where tanh is saturated, the peers' 1 - tanh² has no digits left

PEERS = {"backprop": run_backprop, "micrograd": run_micrograd, "torch": run_torch}


def child(peer: str, family: str, size: int) -> None:
    """Measure one case and print it as JSON."""
    tape, text = FAMILIES[family](size)
    small, small_text = FAMILIES[family](40)
    PEERS[peer](small, small_text)  # imports, compiled rules
    gc.collect()
    before, start = resident(False), time.process_time()
    value, gradient = PEERS[peer](tape, text)
    seconds, memory = time.process_time() - start, resident(True) - before
    print(
        json.dumps(
            {
                "gates": len(tape),
                "ns": seconds / len(tape) * 1e9,
                "bytes": memory / len(tape),
                "found": [value, gradient],
            }
        )
    )


def measure(peer: str, family: str, size: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", peer, family, str(size)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return {"error": "over a minute"}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["died"])[-1][:40]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gates", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="10,000 gates")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], options.child[1], int(options.child[2]))
        return
    print(machine() + "\n")
    size = 10_000 if options.quick else options.gates
    print(f"{'circuit':12}{'gates':>10}  {'program':12}{'ns per gate':>12}{'times ours':>12}{'bytes per gate':>16}")
    for family in FAMILIES:
        ours: dict[str, Any] = {}
        for peer in PEERS:
            if importlib.util.find_spec(peer) is None:
                print(f"{family:12}{'':>10}  {peer:12}not installed")
                continue
            found = measure(peer, family, size)
            if "error" in found:
                print(f"{family:12}{'':>10}  {peer:12}{found['error']}")
                continue
            ours = ours or found
            pairs = zip(found["found"], ours["found"], strict=True)
            agree = all(math.isclose(a, b, rel_tol=1e-9, abs_tol=LOST) for a, b in pairs)
            times = found["ns"] / ours["ns"]
            print(
                f"{family:12}{found['gates']:>10,}  {peer:12}{found['ns']:12.0f}{times:12.2f}{found['bytes']:16.0f}"
                + ("" if agree else "  ANOTHER ANSWER"),
                flush=True,
            )


if __name__ == "__main__":
    main()
