"""The forward pass of a function that is read, as a program of our own: traced at a point.

The tape knows every element of every array by a number. Here the numbers that an operation makes are those of a
statement's result, so that views, writes through indices and moved elements need nothing of their own: what an array
holds is told by the numbers of its elements, and is a gather of the results that they are of. What hung on values
otherwise (a branch, an argmax, a mask as index) is as it was at the point.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.python.arrays import Tensor
from backprop.python.entry import Runner
from backprop.python.tape import (
    ADDING,
    EXTREMES,
    MOVES,
    PRODUCTS,
    SAME,
    SUMS,
    Tape,
    added_places,
    is_fraction,
)  # fmt: skip

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^", ast.MatMult: "@",
}  # fmt: skip
NAMED = (
    "sqrt cbrt exp exp2 expm1 log log1p log2 log10 sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh arctanh "
    "maximum minimum hypot logaddexp erf erfc sigmoid relu softplus silu abs"
)
FUNCTIONS = {name: name for name in NAMED.split()}
FUNCTIONS |= {
    "absolute": "abs", "fabs": "abs", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "expit": "sigmoid",
}  # fmt: skip
INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "true_divide": "/", "power": "^", "pow": "^",
    "sub": "-", "mul": "*", "div": "/", "float_power": "^",
}  # fmt: skip
FORMULAS = {"square": "{}^2", "reciprocal": "1/{}", "negative": "-{}", "neg": "-{}", "rsqrt": "1/sqrt({})"}
MOST_WRITTEN = 100_000  # elements of constants and gathers in one program


class Trace(Tape):
    """A tape that writes a program: `lines` are its statements."""

    def __init__(self, taken: set[str]) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.starts: list[int] = []  # the first number of each result
        self.results: list[tuple[str, tuple[int, ...]]] = []
        self.taken = taken
        self.written = 0

    def result(self, name: str, shape: tuple[int, ...]) -> Any:
        """Numbers for the elements of a result."""
        ids = self.new(shape)
        self.starts.append(int(ids.reshape(-1)[0]) if ids.size else self.count)
        self.results.append((name, shape))
        return ids

    def input(self, name: str, value: Any) -> None:
        self.put(value, self.result(name, np.shape(value)))

    def statement(self, expression: str, shape: tuple[int, ...]) -> tuple[str, Any]:
        """A new statement: its name, and the numbers of what it makes."""
        number = len(self.lines) + 1
        name = f"q{number}"
        while name in self.taken:
            name += "_"
        self.lines.append(f"{name} = {expression}")
        return name, self.result(name, shape)

    # ── what an array holds ──

    def text(self, value: Any, ids: Any) -> str:
        """A value as a word of the program: a name, or a constant."""
        array = np.asarray(getattr(value, "values", value), dtype=float).view(np.ndarray)
        ids = np.broadcast_to(ids, array.shape)
        if not ids.any():
            return self.constant(array)
        places = np.searchsorted(self.starts, np.unique(ids[ids > 0]), side="right") - 1
        used = sorted({int(place) for place in places})
        name, shape = self.results[used[0]]
        whole = np.arange(int(np.prod(shape))).reshape(shape) + self.starts[used[0]]
        if len(used) == 1 and ids.shape == shape and np.array_equal(ids, whole):
            return name
        if len(used) == 1 and np.array_equal(ids.reshape(-1), whole.reshape(-1)):
            return self.shaped(name, array.shape)
        if len(used) == 1 and ids.ndim == 2 and np.array_equal(ids, whole.T):
            return self.statement(f"{name}.T", ids.shape)[0]
        return self.gathered(array, ids, used)

    def gathered(self, array: Any, ids: Any, used: list[int]) -> str:
        """Elements of several results, and constants among them, in a new order."""
        pieces, offsets, length = [], {}, 0
        for place in used:
            name, shape = self.results[place]
            size = int(np.prod(shape))
            offsets[place] = length - self.starts[place]
            pieces.append(f"reshape({name}, [{size}])")
            length += size
        flat, fixed = ids.reshape(-1), array.reshape(-1)
        constants = fixed[flat == 0]
        if constants.size:
            pieces.append(self.constant(constants))
        order, next_constant = [], length
        for one in flat.tolist():
            if one == 0:
                order.append(next_constant)
                next_constant += 1
            else:
                order.append(one + offsets[bisect_right(self.starts, one) - 1])
        self.bounded(len(order))
        joined = pieces[0] if len(pieces) == 1 else f"concat({', '.join(pieces)}, axis=0)"
        name, _ = self.statement(joined, (next_constant,))
        if array.ndim == 0:
            return self.statement(f"{name}[{order[0]}]", ())[0]
        name, _ = self.statement(f"{name}[[{', '.join(map(str, order))}]]", flat.shape)
        return self.shaped(name, array.shape)

    def shaped(self, name: str, shape: tuple[int, ...]) -> str:
        if not shape:
            return self.statement(f"sum({name})", ())[0]
        return self.statement(f"reshape({name}, [{', '.join(map(str, shape))}])", shape)[0]

    def constant(self, array: Any) -> str:
        self.bounded(array.size)
        text = str(array.tolist())
        return f"({text})" if text.startswith("-") else text

    def bounded(self, size: int) -> None:
        self.written += size
        if self.written > MOST_WRITTEN:
            raise Problem("size", f"traced, this has more than {MOST_WRITTEN} elements that are written out")

    # ── operations ──

    def made(self, expression: str, out: Any) -> None:
        value = getattr(out, "values", out)
        self.put(value, self.statement(expression, np.shape(value))[1])

    def hangs(self, out: Any, parts: list[tuple[Any, Any]]) -> None:
        if np.any(parts[0][0]):  # a sign is all that comes this way
            self.made(f"-{self.text(-np.asarray(out), parts[0][0])}", out)

    def binary(self, kind: type[ast.operator], a: Any, b: Any, ids_a: Any, ids_b: Any, out: Any) -> None:
        if not is_fraction(out):
            return
        if not (np.any(ids_a) or np.any(ids_b)):
            self.put(out, np.zeros(np.shape(out), np.int64))
            return
        if kind not in OPERATORS:
            raise refused(kind.__name__)
        self.made(f"{self.text(a, ids_a)} {OPERATORS[kind]} {self.text(b, ids_b)}", out)

    def called(
        self, name: str, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], out: Any
    ) -> None:
        ids = [self.ids(one) for one in given]
        if name in SAME or name in MOVES or not any(np.any(one) for one in ids):
            super().called(name, function, given, named, out)
            return
        if not is_fraction(getattr(out, "values", out)):
            return  # a comparison, an argmax: as it is at the point
        words = [self.text(one, numbers) for one, numbers in zip(given, ids, strict=True) if np.any(numbers)]
        if name in ("var", "std") and "correction" not in named and not isinstance(given[0], Tensor):
            self.made(self.spread(name, words[0], given, named), out)
        elif name in SUMS or (name in EXTREMES and function is not np.maximum and function is not np.minimum):
            self.made(self.reduction(name, words[0], given, named), out)
        elif "where" in named or len(given) > 2:
            raise refused(name)
        elif len(given) == 2 and (name in INFIX or name in PRODUCTS or name in FUNCTIONS):
            left, right = (self.text(one, numbers) for one, numbers in zip(given, ids, strict=True))
            infix = "@" if name in PRODUCTS and np.ndim(given[0]) and np.ndim(given[1]) else INFIX.get(name)
            infix = "*" if name in PRODUCTS and infix is None else infix
            self.made(f"{left} {infix} {right}" if infix else f"{FUNCTIONS[name]}({left}, {right})", out)
        elif len(given) == 1 and (name in FORMULAS or name in FUNCTIONS):
            self.made(FORMULAS[name].format(words[0]) if name in FORMULAS else f"{FUNCTIONS[name]}({words[0]})", out)
        else:
            raise refused(name)

    def reduction(self, name: str, word: str, given: tuple[Any, ...], named: dict[str, Any]) -> str:
        """A sum, a mean, or the largest of some."""
        if "where" in named or "initial" in named or len(given) > 2:
            raise refused(name)
        axis = given[1] if len(given) > 1 else named.get("axis", named.get("dim"))
        axis = 0 if axis is None and name.endswith(".reduce") else axis
        gate = {"amax": "max", "amin": "min", "add.reduce": "sum", "maximum.reduce": "max"}.get(name, name)
        if axis is None and not named.get("keepdims"):
            return f"{gate}({word})"
        axes = range(np.ndim(given[0])) if axis is None else np.atleast_1d(axis).tolist()
        kept = int(bool(named.get("keepdims", named.get("keepdim"))))
        text = word
        for one in sorted((one % np.ndim(given[0]) for one in axes), reverse=True):
            text = f"{gate}({text}, axis={one}, keepdims={kept})"
        return text

    def spread(self, name: str, word: str, given: tuple[Any, ...], named: dict[str, Any]) -> str:
        """NumPy's variance, or its root."""
        if set(named) - {"axis", "keepdims"}:
            raise refused(name)
        centre = self.reduction("mean", word, given, {**named, "keepdims": True})
        squares = self.reduction("mean", f"({word} - {centre})^2", given, named)
        return f"sqrt({squares})" if name == "std" else squares

    def wrote(self, name: str, given: tuple[Any, ...], before: Any, named: dict[str, Any]) -> None:
        if name not in ADDING:
            super().wrote(name, given, before, named)
        elif np.any(self.ids(given[0])) or np.any(self.ids(given[2])):
            added_places(name, given)
            raise refused(name)


def refused(name: str) -> Problem:
    return Problem("syntax", f"{name} of what depends on an input cannot be traced to gates yet")


def traced(runner: Runner, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The program of a forward pass at a point, and the values of its inputs; entries of dictionaries as `d_key`."""
    run = runner.interpreter()
    point: dict[str, Any] = {}
    trace = Trace(set(runner.parameters))
    with np.errstate(all="ignore"):
        scope = runner.code.loaded(run, runner.pair.forward is None)
        arguments = runner.prepared(given)
        run.libraries.tape = trace
        for path in runner.paths(arguments):
            value = arguments[path[0]] if len(path) == 1 else arguments[path[0]][path[1]]
            point["_".join(path)] = np.array(value, dtype=float) if np.ndim(value) else float(value)
            trace.input("_".join(path), value)
        try:
            output = runner.forward(run, scope, arguments).outputs[0]
        except Problem as problem:
            raise problem if problem.spans else run.problem(problem.kind, problem.message, problem.hint) from None
    last = trace.text(output, trace.ids(output))
    text = "\n".join([*trace.lines, f"f = {last}" if "f" not in trace.taken else f"out = {last}"])
    return text, {name: value for name, value in point.items() if name in ast_names(text)}


def ast_names(text: str) -> set[str]:
    """The words of a program."""
    return set("".join(one if one.isalnum() or one == "_" else " " for one in text).split())
