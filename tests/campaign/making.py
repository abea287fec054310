"""Random programs out of the table of gates: any gate, on what other gates made, and behind it what picks elements."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.gates import GATES, Gate
from backprop.library import Compiled

from .case import Program

ATTEMPTS = 25  # at a statement whose shapes fit
LARGEST = 24  # elements of a value: a Hessian by differences has its square
SPECIAL = (0.0, 0.0, 1.0, -1.0, 2.0)

# Where the numbers around are outside of a gate's domain, they are brought into it, most of the time.
INTO = {
    **dict.fromkeys(["log", "log2", "log10", "sqrt", "rsqrt", "gamma", "lgamma", "digamma"], "({}^2 + 0.5)"),
    **dict.fromkeys(["asin", "acos", "atanh", "erfinv", "log1p"], "(0.9 * tanh({}))"),
    **dict.fromkeys(["logit", "bce"], "sigmoid({})"),
    "acosh": "({}^2 + 1.5)",
}
CALLS = {
    "index": ["{a}[0]", "{a}[-1]", "{a}[0:2]", "{a}[::-1]", "{a}[[0, 0]]", "{a}[{a} > 0]", "{a}[0, 0]"],
    "polygamma": ["polygamma(1, {a}^2 + 0.5)"],
    "power": ["({a}^2 + 0.5)^{b}", "{a}^2", "{a}^3"],
    "where": ["where({a} > {b}, {a}, {b})", "where({a} > 0, {b}, {a})"],
    "clip": ["clip({a}, -0.5, 0.5)", "clip({a}, 0, {a})", "clip({a}, -1, {b})"],
    "matmul": ["{a} @ {b}"],
    "reshape": ["reshape({a}, [-1])"],
    "einsum": ['einsum("ij,jk->ik", {a}, {b})', 'einsum("ii->i", {a})', 'einsum("i,j->ij", {a}, {b})'],
    "cholesky": ["cholesky({a} @ transpose({a}) + eye(2))"],
    "logdet": ["logdet({a} @ transpose({a}) + eye(2))"],
    "cross_entropy": [
        "cross_entropy({a}, {b})",
        "cross_entropy({a}, softmax({b}))",
        "cross_entropy({a}, [0, 1])",
        "cross_entropy({a}, 1)",
        "cross_entropy({a}, {b} > 0)",
    ],
    "bce": ["bce(sigmoid({a}), sigmoid({b}))", "bce({a}, {a})", "bce({a}, 1)", "bce({a}, 0)"],
    "huber": ["huber({a}, {b})", "huber({a}, {b}, delta=0.5)"],
    "add": ["{a} + {b}"],
    "subtract": ["{a} - {b}"],
    "multiply": ["{a} * {b}"],
    "divide": ["{a} / ({b}^2 + 1)", "{a} / {b}"],
    "negate": ["-{a}"],
}
CONTEXTS = [
    "sort({q})[0:2]", "sort({q})", "sort({q}, axis=0)[0]", "{q}[0]", "{q}[0:1]", "{q}[{q} > 0]", "max({q}, {o})",
    "max({q}, axis=0)", "min({q})", "relu({q})", "abs({q})", "where({q} > 0, {q}, {o})", "where({o} > 0, {q}, {o})",
    "clip({q}, -0.5, 0.5)", "concat({q}, {q})", "max(0.2, {q})", "stack({q}, {o})", "{q}",
]  # fmt: skip
ENDS = [
    "sum({q})",
    "mean({q}^2)",
    "sum(sin({q}))",
    "norm({q})^2",
    "var({q})",
    "sum({q} * {q})",
    "sum(tanh({q}) * sigmoid({q}))",
]
OPTIONS: dict[str, list[Any]] = {
    "axis": [None, 0, -1, 1], "keepdims": [0, 0, 1], "ddof": [0, 1], "reverse": [0, 1], "k": [-1, 0, 1],
    "stride": [1, 2], "padding": [0, 1],
}  # fmt: skip
PUBLIC = [gate for gate in GATES.values() if not gate.plumbing and gate.name not in ("count", "equal", "not_equal")]

LOSSES = [gate for gate in PUBLIC if gate.family == GATES["bce"].family]


def call(gate: Gate, dice: Random, names: list[str]) -> str:
    """A call of a gate on some of the names."""
    a, b = dice.choice(names), dice.choice(names)
    if gate.name in CALLS:
        return dice.choice(CALLS[gate.name]).format(a=a, b=b)
    symbols = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">="}
    if gate.name in symbols:
        return f"{a} * ({a} {symbols[gate.name]} {b})"
    count = dice.choice([1, 2, 3]) if gate.variadic else len(gate.arguments) - len(gate.defaults)
    into = INTO.get(gate.name, "{}") if dice.random() < 0.8 else "{}"
    inputs = [into.format(dice.choice(names)) for _ in range(count)]
    for option, default in gate.settings.items():
        value = dice.choice(OPTIONS.get(option, [default]))
        if value != default:
            inputs.append(f"{option}={'none' if value is None else value}")
    return f"{gate.spelling}({', '.join(inputs)})".replace("axis=none", "axis=None")


def point(dice: Random) -> dict[str, Any]:
    """Arrays of shapes that fit one another often; numbers near 1, whole ones, ties."""
    n, m = dice.choice([(2, 2), (2, 3), (2, 1), (3, 2), (1, 2)])
    shapes = {"a": (n,), "b": (n,), "A": (n, n), "B": (n, m), "S": (2, n, n), "s": ()}
    if dice.random() < 0.05:
        shapes["b"] = (0,)
    return {name: values(shape, dice) for name, shape in shapes.items()}


def values(shape: tuple[int, ...], dice: Random) -> Any:
    special = dice.choice([0.0, 0.0, 0.3, 1.0])
    chosen = dice.choice([SPECIAL, (0.0, 1.0)])
    flat = [dice.choice(chosen) if dice.random() < special else number(dice) for _ in range(math.prod(shape))]
    if len(flat) > 1 and dice.random() < 0.06:
        flat[dice.randrange(len(flat))] = -math.inf
    return np.array(flat).reshape(shape) if shape else flat[0]


def number(dice: Random) -> float:
    return round(dice.uniform(-1.5, 1.5), 2)


def shape_of(statements: list[tuple[str, str]], at: dict[str, Any]) -> tuple[int, ...] | None:
    """The shape of the last statement's value; None where it is no program."""
    try:
        compiled = Compiled("; ".join(f"{name} = {text}" for name, text in statements))
        return np.shape(compiled.forward({name: at[name] for name in compiled.variables}).value)
    except Problem:
        return None
    except Exception:  # the program is a failure to be told, by whoever tries it
        return (0,)


def array_program(dice: Random, gates: int, ends: bool = True) -> Program:
    """A gate on a gate on … of the inputs, something that picks elements, and a number of it."""
    at = point(dice)
    names, statements = list(at), []
    latest = dice.choice(names)

    def state(texts: list[str]) -> bool:
        nonlocal latest
        for text in texts:
            trial = [*statements, (f"q{len(statements)}", text)]
            shape = shape_of(trial, at)
            if shape is not None and math.prod(shape) <= LARGEST:
                statements.append(trial[-1])
                names.append(trial[-1][0])
                latest = trial[-1][0]
                return True
        return False

    for _ in range(gates):
        state([call(dice.choice(PUBLIC), dice, [latest, latest, *names]) for _ in range(ATTEMPTS)])
        contexts = dice.sample(CONTEXTS, 4)
        if dice.random() < 0.7:
            state([text.format(q=latest, o=dice.choice(list(at))) for text in contexts])
    end = dice.choice(ENDS) if ends else dice.choice(CONTEXTS)
    statements.append(("f", end.format(q=latest, o=dice.choice(list(at)))))
    return used(statements, at)


def alone(dice: Random) -> Program:
    """One gate, at a point of which many numbers are special: the ends of its domain."""
    while True:
        at = point(dice)
        text = call(dice.choice([*PUBLIC, *LOSSES * 4]), dice, list(at))
        statements = [("f", f"sum({text})")]
        if shape_of(statements, at) is not None:
            return used(statements, at)


def used(statements: list[tuple[str, str]], at: dict[str, Any]) -> Program:
    from .shrink import tidy

    return tidy(tuple(statements), at)
