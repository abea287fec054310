"""A plan with arrays on many rows: rows of one shape are computed together (backprop.differentiate.run_rows)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from math import prod
from typing import Any

import numpy as np

from backprop.circuit import Circuit
from backprop.differentiate import run_arrays
from backprop.differentiate.arrangements import agreed, other_arrangements, sorts
from backprop.differentiate.run_rows import evaluate, spread_out
from backprop.errors import Problem
from backprop.errors.spelling import both, said
from backprop.library.values import as_value
from backprop.numbers.rowwise import Rows, Value, each, row_shape
from backprop.numbers.shapes import Mismatch, Shape, shape_of
from backprop.rows.compute.columns import Column, assembled, column_of, has_finite_sum, is_ragged, not_finite
from backprop.rows.compute.numpy_engine import pool
from backprop.rows.compute.plan import Block, Plan
from backprop.rows.compute.program import Met

CHUNK = 1 << 17  # numbers in the largest array of a batch of rows: about what the cache holds
MOST = 32_768  # rows at a time

Part = tuple[Any, list[Column]]  # rows of one shape: which they are, and their columns
Piece = tuple[Any, list[Column], list[Any]]  # which rows, their results, and in which of them each watch is met

Failures = (Mismatch, ValueError, IndexError, TypeError, MemoryError, Problem)


class ArrayKernel:
    """The circuits of a plan on columns of numbers and arrays. Rows whose arrays have the same shapes go together."""

    def __init__(self, plan: Plan, inputs: Sequence[str], given: Mapping[str, Value]) -> None:
        self.plan = plan
        self.inputs = list(inputs)
        self.given = {name: as_value(name, value) for name, value in given.items()}
        self.sizes: dict[tuple[Shape, ...], int] = {}  # for shapes that were seen to fit: how many rows at a time
        self.unfit: Problem | None = None  # why no row has an answer
        self.known: dict[Circuit, dict[int, Value]] = {}

    def run(
        self, columns: Sequence[Column], rows: int, failed: dict[int, str], left_out: Any = None, threads: int = 1
    ) -> tuple[list[Column], list[Met]]:
        """The columns of the outputs, and for each watch how many rows it met and the first of them.

        Rows that are `left_out` have no results, and neither have those that cannot be computed: `failed` says why.
        """
        self.unfit = None
        taken = np.ones(rows, dtype=bool)
        if left_out is not None:
            taken[left_out] = False
        parts = [
            part
            for places, values in together([column_of(column) for column in columns], np.flatnonzero(taken))
            for part in self.shares(places, values, threads)
        ]
        work = partial(self.part, failed=failed)
        found = [piece for pieces in (pool(threads).map if threads > 1 else map)(work, parts) for piece in pieces]
        results = [
            assembled([(places, results[number]) for places, results, _ in found], rows)
            for number in range(len(self.plan.outputs))
        ]
        return results, [
            counted([places[masks[n]] for places, _, masks in found]) for n in range(len(self.plan.watches))
        ]

    def shares(self, places: Any, values: list[Column], threads: int) -> Iterator[Part]:
        """Rows of one shape, shared out between some threads, if there are enough of them and the first one is good."""
        try:
            size = self.size(values) if threads > 1 else len(places)
        except Failures:
            size = len(places)
        share = max(size, -(-len(places) // threads))
        for start in range(0, len(places), share):
            part = slice(start, start + share)
            yield places[part], [column[part] for column in values]

    def part(self, part: Part, failed: dict[int, str]) -> list[Piece]:
        """The results of rows of one shape."""
        with np.errstate(all="ignore"):
            return list(self.computed(*part, failed))

    def computed(self, places: Any, values: list[Column], failed: dict[int, str]) -> Iterator[Piece]:
        """The results of rows of one shape, and in which of them each watch is met; part by part. Where some rows
        cannot be computed, each half is tried by itself."""
        try:
            size = self.size(values)
            if len(places) <= size:
                yield places, *self.at_once(values, len(places))
                return
        except Failures as error:
            if self.unfit is not None:
                raise self.unfit from None
            if len(places) == 1:
                failed[int(places[0])] = self.why(values, error)
                return
            size = -(-len(places) // 2)
        for start in range(0, len(places), size):
            part = slice(start, start + size)
            yield from self.computed(places[part], [column[part] for column in values], failed)

    def size(self, values: list[Column]) -> int:
        """How many rows of these shapes go together. The first one is computed to see whether they fit the formula."""
        shapes = tuple([tuple(column.shape[1:]) for column in values])
        if shapes not in self.sizes:
            plan = self.plan
            at = self.at_first(values)
            with np.errstate(all="ignore"):
                found = run_arrays.evaluate(plan.base, at)
            self.check_output(found[plan.base.output])
            varying = plan.base.descendants([plan.base.variables[name] for name in (*self.inputs, *plan.wrt)])
            largest = max(
                (prod(shape_of(value)) for value, varies in zip(found, varying, strict=True) if varies), default=1
            )
            own = {name: prod(shape_of(value)) for name, value in at.items()}
            blocks = [own[block.variable] * own[other] for block in plan.blocks for other in block.wires]
            largest = max(largest, *blocks, 1)
            self.sizes[shapes] = min(MOST, max(1, CHUNK // largest))
        return self.sizes[shapes]

    def at_first(self, values: list[Column]) -> dict[str, Value]:
        """The variables in the first of some rows."""
        first = {name: column[0] for name, column in zip(self.inputs, values, strict=True)}
        return {**self.given, **{name: value if np.ndim(value) else float(value) for name, value in first.items()}}

    def check_output(self, value: Value) -> None:
        """The output is a number, or has the shape of the gradient on it. If it never was, it will never be."""
        try:
            run_arrays.seed_of(value, self.plan.upstream)
        except Problem as problem:
            if not self.sizes:
                problem.hint = said(both(problem.hint).replace(run_arrays.ALL_OF_IT, ""))
                self.unfit = problem
            raise

    def why(self, values: list[Column], error: Exception) -> str:
        """Why a row cannot be computed."""
        if not isinstance(error, Problem):
            try:
                run_arrays.evaluate(self.plan.base, self.at_first(values))
            except Problem as problem:
                error = problem
        return error.message if isinstance(error, Problem) else str(error)

    @cached_property
    def careful(self) -> ArrayKernel | None:
        """The kernel for rows in which something is not finite; None where it would do the same."""
        plan = Plan(self.plan.asked, careful=True)
        sizes = [[len(each.circuit), *(len(block.circuit) for block in each.blocks)] for each in (plan, self.plan)]
        return None if sizes[0] == sizes[1] else ArrayKernel(plan, self.inputs, self.given)

    def at_once(self, values: list[Column], count: int) -> tuple[list[Column], list[Any]]:
        """The results of some rows of one shape, and in which of them each watch is met. Rows in which something is
        not finite are computed once more, with care for what nobody hears of."""
        results, masks = self.computed_once(values, count)
        if all(map(has_finite_sum, results)) or self.careful is None:
            return results, masks
        wrong = np.logical_or.reduce([not_finite(column) for column in results])
        if wrong.any():
            again, _ = self.careful.computed_once([column[wrong] for column in values], int(np.count_nonzero(wrong)))
            results = [np.array(column) for column in results]
            for column, part in zip(results, again, strict=True):
                column[wrong] = part
        return results, masks

    def computed_once(self, values: list[Column], count: int) -> tuple[list[Column], list[Any]]:
        """The same, of all rows alike."""
        plan = self.plan
        at = {**self.given, **{name: Rows(column) for name, column in zip(self.inputs, values, strict=True)}}
        if plan.seed is not None:
            at[plan.seed] = plan.upstream
        shapes = {name: row_shape(value) for name, value in at.items()}
        watched = [wire for watch in plan.watches.values() for wire in watch]
        wires = [*plan.wires.values(), *plan.slopes.values(), *watched]
        found = evaluate(plan.circuit, wires, at, count, self.same_in_all(plan.circuit))
        results = []
        for name, wire in plan.wires.items():
            value = found[wire]
            shape = shapes[plan.of_variable[name]] if name in plan.of_variable else row_shape(value)
            results.append(spread_out(value, shape, count))
        results += self.blocks(at, shapes, count, found)
        return results, [met([found[wire] for wire in watch], count) for watch in plan.watches.values()]

    def blocks(
        self, at: Mapping[str, Value], shapes: Mapping[str, Shape], count: int, found: Mapping[int, Value]
    ) -> list[Column]:
        """The second derivatives, where the stages were `found`; where elements are sorted, what all orders of equal
        ones agree on."""
        plan, blocks = self.plan, self.plan.blocks
        columns, slopes = [[column for block in blocks for column in self.second(block, at, shapes, count)]], [found]
        for _ in other_arrangements(plan.base, sorts(plan.base) if blocks else ()):
            columns.append([column for block in blocks for column in self.second(block, at, shapes, count)])
            slopes.append(evaluate(plan.circuit, plan.slopes.values(), at, count))
        spread = {
            name: [spread_out(slope[wire], shapes[name], count) for slope in slopes]
            for name, wire in plan.slopes.items()
        }
        pairs = [(block.variable, other) for block in blocks for other in block.wires]
        return [
            agreed([each[place] for each in columns], spread[one], spread[other], rows=1)
            for place, (one, other) in enumerate(pairs)
        ]

    def second(self, block: Block, at: Mapping[str, Value], shapes: Mapping[str, Shape], count: int) -> list[Column]:
        """The second derivatives in one variable and others: the circuit of its gradient, derived, and seeded with a 1
        for one element after the other."""
        own = shapes[block.variable]
        known = self.same_in_all(block.circuit)
        rows: dict[str, list[Column]] = {other: [] for other in block.wires}
        for place in np.ndindex(*own):
            seed: Value = np.zeros(own)
            seed[place] = 1.0
            found = evaluate(
                block.circuit, block.wires.values(), {**at, block.seed: seed if own else 1.0}, count, known
            )
            for other, wire in block.wires.items():
                rows[other].append(spread_out(found[wire], shapes[other], count))
        return [
            np.stack(columns, axis=1).reshape(count, *own, *shapes[other])
            if columns
            else np.empty((count, *own, *shapes[other]))
            for other, columns in rows.items()
        ]

    def same_in_all(self, circuit: Circuit) -> dict[int, Value]:
        """The stages of a circuit that are the same in all rows, computed once."""
        if circuit not in self.known:
            given = [name for name in circuit.variables if name in self.given]
            varying = circuit.descendants([wire for name, wire in circuit.variables.items() if name not in given])
            wires = [wire for wire in range(len(circuit)) if not varying[wire]]
            self.known[circuit] = evaluate(circuit, wires, self.given, 1)
        return self.known[circuit]


def together(columns: Sequence[Column], places: Any) -> Iterator[tuple[Any, list[Column]]]:
    """Rows of one shape, in the order of the first of them: which they are, and their columns."""
    ragged = [column for column in columns if is_ragged(column)]
    if not ragged:
        if len(places):
            whole = not columns or len(places) == len(columns[0])
            yield places, [column if whole else column[places] for column in columns]
        return
    groups: dict[Any, list[int]] = {}
    kinds = zip(*[[shape_of(column[place]) for place in places] for column in ragged], strict=True)
    for place, kind in zip(places.tolist(), kinds, strict=True):
        groups.setdefault(kind, []).append(place)
    for group in groups.values():
        chosen = [column[group] for column in columns]
        yield np.array(group), [np.stack(column) if is_ragged(column) else column for column in chosen]


def met(conditions: Sequence[Value], count: int) -> Any:
    """In which rows there is an element where none of some conditions is 0; those of other shapes count as a whole."""
    values = [np.not_equal(each(value, count), 0) for value in conditions]
    if len({value.shape for value in values}) > 1:
        values = [value.reshape(count, -1).any(axis=1) for value in values]
    every = np.logical_and.reduce(values)
    return every.reshape(count, -1).any(axis=1)


def counted(places: Sequence[Any]) -> Met:
    """How many rows there are in all, and the first of them (-1 for none)."""
    count = sum(map(len, places))
    return count, min((int(part.min()) for part in places if len(part)), default=-1)
