"""Sums over the rows of a table, of stages of a circuit: a list of array operations that is made once.

What hangs on the columns alone is computed once, for the whole table; what hangs on the parameters alone, once a step.
The sum over the rows of a product is one product of matrices: the terms, one for each row, are never made.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import partial
from itertools import chain
from math import prod
from typing import Any

import numpy as np

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate import functions, run_arrays, run_rows
from backprop.errors import Problem
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.numbers import rowwise
from backprop.numbers.arrays import unbroadcast
from backprop.numbers.rowwise import Rows, raised
from backprop.numbers.shapes import Mismatch, Shape, shape_of
from backprop.optimize.parameters import Array

Call = Callable[..., Array]
Summand = Callable[[list[Any], int], Array]  # from the values of the stages, and how many rows there are

FAILURES = (Mismatch, ValueError, IndexError, TypeError)  # of rows that do not go together
COMBINED: dict[str, Call] = {"add": operator.add, "subtract": operator.sub, "negate": operator.neg}  # of sums, sums
CHUNK = 1 << 15  # numbers in the largest array that is made for rows that are computed together: it stays in the cache


class RowSums:
    """The sums of some `wires` over rows; `shapes` are those of each stage in one row."""

    def __init__(
        self, circuit: Circuit, wires: Sequence[int], columns: Mapping[str, Array], fixed: Mapping[str, Any],
        shapes: Sequence[Shape], kept: Iterable[int] = (),
    ) -> None:  # fmt: skip
        circuit, same = folded(circuit, shapes)
        wires = [same.get(wire, wire) for wire in wires]
        self.circuit, self.shapes, self.same = circuit, shapes, same
        self.rows = len(next(iter(columns.values()))) if columns else 0
        variables = circuit.variables
        self.moving = [name for name in variables if name not in columns and name not in fixed]
        self.by_row = varying(circuit, [variables[name] for name in variables if name in columns])
        self.by_step = circuit.descendants([variables[name] for name in self.moving])
        made = [self.summed(wire) for wire in wires]
        self.summands = [summand for _, summand in made]
        self.kept = [same.get(wire, wire) for wire in kept]
        needed = set(self.kept).union(*(sources for sources, _ in made))
        order = circuit.ancestors(needed)
        self.start: list[Any] = [None] * len(circuit)
        self.columns: dict[int, Array] = {}
        at = {name: Rows(column) for name, column in columns.items()} | dict(fixed)
        self.prepare(order, needed, at)
        self.calls = [
            (self.call(wire), wire, circuit.inputs[wire]) for wire in order
            if self.by_step[wire] and circuit.gates[wire] is not INPUT
        ]  # fmt: skip
        largest = max((prod(shapes[wire]) for _, wire, _ in self.calls if self.by_row[wire]), default=1)
        self.size = max(1, CHUNK // max(1, largest))

    def prepare(self, order: list[int], needed: set[int], at: Mapping[str, Any]) -> None:
        """Compute what no parameter changes, and is asked for by what they change."""
        circuit = self.circuit
        edge = {source for wire in order if self.by_step[wire] for source in circuit.inputs[wire]} | needed
        edge = {wire for wire in edge if not self.by_step[wire] and wire in set(order)}
        try:
            with np.errstate(all="ignore"):
                found = run_rows.evaluate(circuit, edge, at, self.rows)
        except FAILURES as error:
            raise uneven() from error
        for wire, value in found.items():
            if isinstance(value, Rows):
                self.columns[wire] = np.ascontiguousarray(value.array)
            else:
                self.start[wire] = value
            if self.by_row[wire] and not isinstance(value, Rows):
                self.by_row[wire] = 0

    def values(self, parameters: Mapping[str, Any], rows: Any) -> tuple[list[Any], int]:
        """The values of the stages in some rows (a slice, or their numbers)."""
        values = list(self.start)
        for name in self.moving:
            values[self.circuit.variables[name]] = parameters[name]
        count = self.rows
        if isinstance(rows, slice):
            for wire, column in self.columns.items():
                values[wire] = column[rows]
            count = len(range(*rows.indices(self.rows)))
        else:
            for wire, column in self.columns.items():
                values[wire] = column.take(rows, 0)
            count = len(rows)
        for function, wire, sources in self.calls:
            if len(sources) == 2:
                left, right = sources
                values[wire] = function(count, values[left], values[right])
            else:
                values[wire] = function(count, *[values[source] for source in sources])
        return values, count

    def __call__(self, parameters: Mapping[str, Any], rows: Any = None) -> list[Any]:
        """The sums; over all rows if none are named. Raises a Problem where a stage differs in shape between rows."""
        try:
            return self.summed_up(parameters, rows)
        except FAILURES as error:
            raise uneven() from error

    def summed_up(self, parameters: Mapping[str, Any], rows: Any) -> list[Any]:
        if rows is not None and len(rows) <= self.size:
            values, count = self.values(parameters, rows)
            return [summand(values, count) for summand in self.summands]
        total: list[Any] = []
        length = self.rows if rows is None else len(rows)
        for start in range(0, length, self.size):
            part = slice(start, min(start + self.size, length))
            values, count = self.values(parameters, part if rows is None else rows[part])
            found = [summand(values, count) for summand in self.summands]
            total = [one + other for one, other in zip(total, found, strict=True)] if total else found
        return total

    def each(self, parameters: Mapping[str, Any], wire: int) -> Array:
        """The value of a stage that was `kept`, in every row."""
        wire = self.same.get(wire, wire)
        pieces = []
        for start in range(0, self.rows, self.size):
            values, count = self.values(parameters, slice(start, start + self.size))
            pieces.append(np.broadcast_to(values[wire], (count, *self.shapes[wire])) if not self.by_row[wire] else
                          raised(values[wire], len(self.shapes[wire])))  # fmt: skip
        return np.concatenate(pieces)

    # ── a stage as a call ──

    def call(self, wire: int) -> Call:
        """The function of a stage: of how many rows there are, and of its inputs."""
        sources = self.circuit.inputs[wire]
        moving = [bool(self.by_row[source]) for source in sources]
        return call_of(self.circuit.gates[wire], moving, [self.shapes[source] for source in sources])

    # ── sums ──

    def kind(self, wire: int) -> str:
        """What a sum over rows can be drawn into."""
        gate, inputs = self.circuit.gates[wire], self.circuit.inputs[wire]
        if not self.by_row[wire] or gate in (INPUT, CONSTANT):
            return ""
        if gate.name in COMBINED and len({self.shapes[source] for source in inputs}) == 1:
            return "linear"
        if gate.name == "unbroadcast":
            return "unbroadcast"
        moving = [bool(self.by_row[source]) for source in inputs[:2]]
        shapes = [self.shapes[source] for source in inputs[:2]]
        if gate.name == "multiply" and all(moving) and (shapes[0] == shapes[1] == () or () in shapes):
            return "product"
        if gate.name == "multiply" and moving.count(True) == 1:
            own = shapes[moving.index(True)]
            return "scaled" if own == self.shapes[wire] else ""
        if gate.name in ("matmul_left", "matmul_right") and all(moving):
            h, other = (0, 1) if gate.name == "matmul_left" else (1, 0)
            if len(shapes[other]) == 1 and len(shapes[h]) <= 1 and len(self.shapes[wire]) == len(shapes[h]) + 1:
                return "outer" if shapes[h] else "product"
        if gate.name == "outer" and all(moving):
            return "outer"
        return ""

    def summed(self, wire: int) -> tuple[list[int], Summand]:
        """How the sum of a stage over rows is made, and the stages whose values it is made from."""
        kind, inputs, shape = self.kind(wire), self.circuit.inputs[wire], self.shapes[wire]
        if kind == "linear":
            sources, parts = zip(*map(self.summed, inputs), strict=True)
            combined = COMBINED[self.circuit.gates[wire].name]
            return [*chain(*sources)], lambda values, count: combined(*[part(values, count) for part in parts])
        if kind == "unbroadcast":
            (its, inner), like = self.summed(inputs[0]), np.zeros(shape)
            return its, lambda values, count: unbroadcast(inner(values, count), like)
        if kind == "scaled":
            scale, moving = sorted(inputs, key=lambda source: self.by_row[source])
            its, inner = self.summed(moving)
            return [scale, *its], lambda values, count: values[scale] * inner(values, count)
        if kind in ("product", "outer"):
            left, right = inputs[:2]
            return [left, right], partial(product_sum, left, right, shape)
        if not self.by_row[wire]:
            return [wire], lambda values, count: count * values[wire]
        return [wire], partial(plain_sum, wire, shape)


def plain_sum(wire: int, shape: Shape, values: list[Any], count: int) -> Any:
    return values[wire].sum(0).reshape(shape) if shape else values[wire].sum()


def product_sum(left: int, right: int, shape: Shape, values: list[Any], count: int) -> Any:
    """The sum over rows of the products, or outer products, of two arrays with a row in each row."""
    a, b = values[left], values[right]
    if a.ndim == b.ndim == 1:
        return a @ b
    if a.ndim > 1 and b.ndim > 1:
        return a.reshape(count, -1).T @ b.reshape(count, -1)
    thin, wide = (a, b) if a.ndim == 1 else (b, a)
    return (thin @ wide.reshape(count, -1)).reshape(shape)


def folded(circuit: Circuit, shapes: Sequence[Shape]) -> tuple[Circuit, dict[int, int]]:
    """The circuit with what shapes alone say as constants; and the stages that are others, times or divided by 1."""
    found = copy(circuit)
    found.gates, found.inputs, found.constants = list(circuit.gates), list(circuit.inputs), dict(circuit.constants)
    found.plans = {}
    same: dict[int, int] = {}
    for wire, (gate, sources) in circuit.stages():
        if of_shapes(gate):
            ones = [np.ones(shapes[source]) if shapes[source] else 1.0 for source in sources]
            found.gates[wire], found.inputs[wire] = CONSTANT, ()
            found.constants[wire] = functions.forward(gate, len(sources), True)(*ones)
            continue
        found.inputs[wire] = sources = tuple([same.get(source, source) for source in sources])
        if gate.name in ("divide", "multiply") and shapes[sources[0]] == shapes[wire]:
            other = found.constants.get(sources[1])
            if isinstance(other, float) and other == 1.0:
                same[wire] = sources[0]
    return found, same


def uneven() -> Problem:
    """The problem that a stage has another shape in one row than in another."""
    told = "in some rows a stage has another shape than in others, and all rows are computed together"
    return Problem("shape", told, hint="for example where(x > 0, x, 0) in place of x[x > 0]")


# ── functions of stages ──


def varying(circuit: Circuit, variables: Iterable[int]) -> bytearray:
    """Which stages differ from row to row if some variables do: what looks at shapes alone does not."""
    found = bytearray(len(circuit))
    for wire in variables:
        found[wire] = 1
    for wire, (gate, sources) in circuit.stages():
        if sources and not of_shapes(gate):
            found[wire] = max([found[source] for source in sources])
    return found


def of_shapes(gate: Gate) -> bool:
    """Whether a gate looks at the shapes of its inputs alone."""
    return gate.flat and gate.mixes and rowwise.function(gate.name) is None


def call_of(gate: Gate, moving: Sequence[bool], shapes: Sequence[Shape]) -> Call:
    """The function of a gate: of how many rows there are, and of its inputs, some of which are `moving` from row to
    row."""
    if not any(moving):
        return counted(functions.forward(gate, len(shapes), True))
    if not gate.mixes:
        most = max(map(len, shapes))
        short = [rows and len(shape) < most for rows, shape in zip(moving, shapes, strict=True)]
        function = functions.forward(gate, len(shapes), True)
        return aligned(function, short, most) if any(short) else counted(function)
    own = rowwise.function(gate.name)
    if of_shapes(gate):
        value = functions.forward(gate, len(shapes), True)(*map(np.ones, shapes))
        return lambda count, *inputs: value
    if gate.name in ("sum", "mean", "prod") and shapes == [()]:
        return lambda count, x: x
    known = product(gate, moving, shapes)
    if known is not None:
        return known
    along = run_rows.behind_rows(gate, max(map(len, shapes)))
    if own is None and along is not None and all(moving):
        return counted(functions.forward(along, len(shapes), True))
    if own is None and along is None and gate.exact and not gate.settings and not gate.stacks:
        return defined(gate, moving, shapes)
    return generic(gate, moving)


def defined(gate: Gate, moving: Sequence[bool], shapes: Sequence[Shape]) -> Call:
    """A gate as its row says it."""
    names = gate.names(len(shapes))
    circuit = template(gate.exact, names, gate)
    with np.errstate(all="ignore"):
        ones = {name: np.ones(shape) if shape else 1.0 for name, shape in zip(names, shapes, strict=True)}
        inner = [shape_of(value) for value in run_arrays.evaluate(circuit, ones)]
    by_row = varying(circuit, [circuit.variables[name] for name, rows in zip(names, moving, strict=True) if rows])
    start: list[Any] = [circuit.constants.get(wire) for wire in range(len(circuit))]
    calls = [
        (call_of(one, [bool(by_row[place]) for place in sources], [inner[place] for place in sources]), wire, sources)
        for wire, (one, sources) in circuit.stages() if sources
    ]  # fmt: skip
    places = [circuit.variables[name] for name in names]

    def call(count: int, *inputs: Array) -> Array:
        values = list(start)
        for place, value in zip(places, inputs, strict=True):
            values[place] = value
        for function, wire, sources in calls:
            values[wire] = function(count, *[values[source] for source in sources])
        found: Array = values[circuit.output]
        return found

    return call


def counted(function: Callable[..., Array]) -> Call:
    """A function that does not care how many rows there are."""
    return lambda count, *inputs: function(*inputs)


def aligned(function: Callable[..., Array], short: Sequence[bool], rank: int) -> Call:
    """An element-wise function, some inputs of which need dimensions between that of the rows and their own."""

    def call(count: int, *inputs: Array) -> Array:
        return function(*[raised(x, rank) if lower else x for x, lower in zip(inputs, short, strict=True)])

    return call


def generic(gate: Gate, moving: Sequence[bool]) -> Call:
    """A gate by the engine of `map`."""

    def call(count: int, *inputs: Array) -> Array:
        given = [Rows(x) if rows else x for x, rows in zip(inputs, moving, strict=True)]
        found = run_rows.applied(gate, given, count)
        return found.array if isinstance(found, Rows) else np.broadcast_to(found, (count, *shape_of(found)))

    return call


def product(gate: Gate, moving: Sequence[bool], shapes: Sequence[Shape]) -> Call | None:
    """A product of vectors and matrices, where one factor is the same in all rows: one product for all of them."""
    ranks = tuple([len(shape) for shape in shapes[:2]])
    first, second = moving[:2] if len(moving) > 1 else (False, False)
    if gate.name in ("matmul", "dot"):
        if first and not second and ranks[0] == 1 and ranks[1] <= 2:
            return lambda count, X, w: X @ w
        if second and not first and ranks[1] == 1 and ranks[0] <= 2:
            return lambda count, A, X: X @ A.T
        if first and second and ranks == (1, 1):
            return lambda count, X, Y: np.einsum("ij,ij->i", X, Y)
    if gate.name == "matmul_right" and second and not first and ranks == (2, 1):
        return lambda count, A, H, B: H @ A
    if gate.name == "matmul_left" and first and not second:
        if ranks == (1, 2):
            return lambda count, H, B, A: H @ B.T
        if ranks == (0, 1) and len(shapes[2]) == 1:
            return lambda count, h, b, A: h[:, None] * b
    return None
