"""A loop: value and all gradients of one formula at one point after the other, beside the peers.

    python bench/programs/loop.py [--quick]

Microseconds of an evaluation, the best of rounds that alternate between the programs, and times that of the program
that `backprop code --to python` writes: a plain function, without names to look up or values to check. Peers that are
not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from circuit import micrograd_gate
from machine import Figure, machine
from rows import FORMULAS, names_of

Pass = Callable[[dict[str, float]], Any]


def ours(formula: str) -> Pass:
    import backprop

    compiled = backprop.compile(formula)

    def once(at: dict[str, float]) -> Any:
        found = compiled.evaluate(at)
        return found.value, found.gradients

    return once


def emitted(formula: str) -> Pass:
    import backprop

    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(str(backprop.compile(formula).code("python")), scope)
    function = scope["backprop"]
    return lambda at: function(*at.values())


def of_peer(formula: str, scope: dict[str, Any], leaf: Callable[[float], Any], result: Callable[[Any], float]) -> Pass:
    code = compile(formula, "<formula>", "eval")

    def once(at: dict[str, float]) -> Any:
        leaves = {name: leaf(value) for name, value in at.items()}
        out = eval(code, scope, leaves)
        out.backward()
        return result(out), {name: result(x.grad) for name, x in leaves.items()}

    return once


def torch_(formula: str) -> Pass:
    import torch

    torch.set_num_threads(1)
    scope = {name: getattr(torch, name) for name in ("exp", "log", "sin", "tanh", "sigmoid")}
    return of_peer(
        formula, scope, lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True), lambda x: float(x.item())
    )


def micrograd(formula: str) -> Pass:
    from micrograd.engine import Value

    scope = {
        "exp": micrograd_gate(math.exp, lambda _, y: y),
        "log": micrograd_gate(math.log, lambda x, _: 1 / x),
        "sin": micrograd_gate(math.sin, lambda x, _: math.cos(x)),
        "tanh": micrograd_gate(math.tanh, lambda _, y: 1 - y * y),
        "sigmoid": micrograd_gate(lambda x: 1 / (1 + math.exp(-x)), lambda _, y: y * (1 - y)),
    }
    return of_peer(formula, scope, Value, lambda x: float(getattr(x, "data", x)))


def casadi(formula: str) -> Pass:
    import casadi

    names = names_of(formula)
    scope = {name: getattr(casadi, name) for name in ("exp", "log", "sin", "tanh")}
    scope["sigmoid"] = lambda x: 1 / (1 + casadi.exp(-x))
    symbols = [casadi.SX.sym(name) for name in names]
    out = eval(formula, scope, dict(zip(names, symbols, strict=True)))
    function = casadi.Function("f", symbols, [out, *(casadi.gradient(out, symbol) for symbol in symbols)])

    def once(at: dict[str, float]) -> Any:
        value, *gradients = function(*at.values())
        return float(value), {name: float(g) for name, g in zip(at, gradients, strict=True)}

    return once


PROGRAMS: dict[str, Callable[[str], Pass]] = {
    "backprop": ours, "code --to python": emitted, "micrograd": micrograd, "casadi": casadi, "torch": torch_,
}  # fmt: skip


BARS = {"(x+y)*z": 1.2, "neuron": 2.0, "staged": 2.5, "100 gates": 12.0}  # µs


class Timed:
    """A formula, measured: the best microseconds of each program, and which of them give another answer."""

    def __init__(self, formula: str, programs: list[str], rounds: int) -> None:
        dice = random.Random(1)
        names = names_of(formula)
        points = [{name: dice.gauss(1.0, 0.5) for name in names} for _ in range(200)]
        passes = {name: PROGRAMS[name](formula) for name in programs}
        expected = passes["backprop"](points[0])
        self.best = dict.fromkeys(programs, math.inf)
        for _ in range(rounds):
            for name, once in passes.items():
                start = time.perf_counter()
                for at in points:
                    once(at)
                self.best[name] = min(self.best[name], (time.perf_counter() - start) / len(points) * 1e6)
        self.others = [name for name, once in passes.items() if not agrees(once(points[0]), expected)]


def agrees(found: Any, expected: Any) -> bool:
    """Whether value and gradients are the same."""
    value, gradients = found
    return math.isclose(value, expected[0], rel_tol=1e-9) and all(
        math.isclose(g, expected[1][x], rel_tol=1e-6) for x, g in gradients.items()
    )


def installed() -> list[str]:
    """The programs that can be measured here."""
    return [name for name in PROGRAMS if name in ("backprop", "code --to python") or importlib.util.find_spec(name)]


def figures(quick: bool) -> Iterator[Figure]:
    """The lines of the loop, for all.py."""
    for title, formula in FORMULAS.items():
        found = Timed(formula, installed(), 5 if quick else 25)
        beside = ", ".join(f"{name} {best:.2f}" for name, best in found.best.items() if name != "backprop")
        yield Figure(f"`Compiled.evaluate` at {title}", found.best["backprop"], "µs", BARS[title], beside)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds")
    options = parser.parse_args()
    print(machine() + "\n")
    programs = installed()
    print(f"{'formula':12}{'gates':>6}" + "".join(f"{name:>26}" for name in programs))
    for title, formula in FORMULAS.items():
        import backprop

        found = Timed(formula, programs, 5 if options.quick else 25)
        cells = []
        for name, best in found.best.items():
            times = best / found.best["code --to python"]
            cells.append(f"{best:.2f} µs, {times:.2f}" + (", ANOTHER ANSWER" if name in found.others else ""))
        gates = sum(map(bool, backprop.compile(formula).circuit().inputs))
        print(f"{title:12}{gates:>6}" + "".join(f"{cell:>26}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
