"""A formula on the rows of a table, as what is made small: the mean, or the sum, of its value in every row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np

from backprop.circuit import Circuit
from backprop.differentiate import rules, run_arrays
from backprop.differentiate.derive import derive
from backprop.differentiate.growing import Growing
from backprop.errors import Problem
from backprop.gates import GATES
from backprop.gates.row import TWICE
from backprop.library import Compiled, Value
from backprop.numbers.shapes import Shape, shape_of
from backprop.optimize.objective import SIDE, Objective, check_number, largest, may_stop
from backprop.optimize.parameters import Array, Places
from backprop.optimize.rowsums import RowSums
from backprop.optimize.squares import squares

ADD, MULTIPLY, SUM = GATES["add"], GATES["multiply"], GATES["sum"]


class Table(Objective):
    """The formula in every row of `columns`."""

    by_row = True

    def __init__(
        self, compiled: Compiled, columns: Mapping[str, Array], at: Mapping[str, Value], wrt: Sequence[str],
        *, maximize: bool, total: bool,
    ) -> None:  # fmt: skip
        super().__init__(*compiled._circuit([*columns, *at]), at, wrt, compiled.ties, maximize)
        self.columns = dict(columns)
        self.rows = len(next(iter(columns.values())))
        self.fixed = {name: value for name, value in at.items() if name not in wrt}
        self.total = total
        self.factor = self.sign * (1.0 if total else 1.0 / self.rows)
        self.shapes = self.shapes_of(self.circuit)
        check_number(self.shapes[self.circuit.output], "in a row, ")

    # ── the value and its slope ──

    @cached_property
    def sums(self) -> RowSums:
        """The sums of the value, and of its gradients."""
        derived = self.derived(self.circuit, self.circuit.output, self.shapes)
        wires = [derived.value, *(derived.gradients[name] for name in self.parameters.names)]
        return self.rowsums(derived.circuit, wires)

    def __call__(self, x: Array) -> tuple[float, Array]:
        return self.scaled(self.sums(self.parameters.viewed(x)), self.rows)

    def batch(self, x: Array, rows: Places) -> tuple[float, Array]:
        """The value and the gradient of some rows."""
        return self.scaled(self.sums(self.parameters.viewed(x), rows), len(rows))

    def scaled(self, sums: list[Any], rows: int) -> tuple[float, Array]:
        factor = self.sign * (1.0 if self.total else 1.0 / rows)
        gradient = np.empty(self.parameters.size)
        for found, where in zip(sums[1:], self.parameters.slices.values(), strict=True):
            gradient[where] = found if isinstance(found, float) or not found.ndim else found.ravel()
        gradient *= factor
        return factor * float(sums[0]), gradient

    def value(self, x: Array) -> float:
        found = self.value_sums(self.parameters.viewed(x))
        return self.sign * float(found[0]) / (1 if self.total else self.rows)

    @cached_property
    def value_sums(self) -> RowSums:
        return RowSums(self.circuit, [self.circuit.output], self.columns, self.fixed, self.shapes)

    def hvp(self, x: Array, direction: Array) -> Array:
        names = {name: f"{name} →" for name in self.parameters.names}
        along = {names[name]: value for name, value in self.parameters.unpack(direction).items()}
        with np.errstate(all="ignore"):
            return self.scaled([0.0, *self.second(self.parameters.viewed(x) | along)], self.rows)[1]

    @cached_property
    def second(self) -> RowSums:
        """The sums of the Hessian times a direction: the slope of the gradient's product with it."""
        first = derive(self.circuit, self.parameters.names, ties=SIDE, shapes=self.shapes, again=True)
        growing = Growing(first.circuit)
        product = None
        for name in self.parameters.names:
            step = growing.circuit.add_variable(f"{name} →")
            term = growing.put(MULTIPLY, (first.gradients[name], step))
            if self.parameters.shapes[name]:
                term = growing.put(SUM, (term,))
            product = term if product is None else growing.put(ADD, (product, term))
        assert product is not None
        circuit = growing.circuit
        steps = {f"{name} →": self.at[name] for name in self.parameters.names}
        shapes = self.shapes_of(circuit, steps)
        derived = derive(circuit, self.parameters.names, output=product, ties=TWICE[SIDE], shapes=shapes)
        return self.rowsums(derived.circuit, [derived.gradients[name] for name in self.parameters.names], steps)

    # ── circuits on rows ──

    def derived(self, circuit: Circuit, output: int, shapes: Sequence[Shape]) -> Any:
        return derive(circuit, self.parameters.names, output=output, ties=self.ties, shapes=shapes)

    def rowsums(
        self, circuit: Circuit, wires: Sequence[int], more: Mapping[str, Value] | None = None, kept: Sequence[int] = ()
    ) -> RowSums:
        return RowSums(circuit, wires, self.columns, self.fixed, self.shapes_of(circuit, more), kept)

    def shapes_of(self, circuit: Circuit, more: Mapping[str, Value] | None = None) -> list[Shape]:
        """The shape of each stage in a row. Raises a Problem where shapes do not fit."""
        at = {**self.row(0), **(more or {})}
        values = run_arrays.evaluate(circuit, {name: at[name] for name in circuit.variables})
        return [shape_of(value) for value in values]

    def row(self, number: int) -> dict[str, Value]:
        first = {name: column[number] for name, column in self.columns.items()}
        return {**self.at, **{name: value if np.ndim(value) else float(value) for name, value in first.items()}}

    # ── accounts ──

    def point(self, x: Array) -> dict[str, Value]:
        return self.row(self.telling(x)) | self.parameters.unpack(x)

    def telling(self, x: Array) -> int:
        """The first row whose value, or gradient, is no number, counted from 0; the first row, where there is none."""
        sums, parameters = self.sums, self.parameters.viewed(x)
        for start in range(0, self.rows, sums.size):
            rows = np.arange(start, min(start + sums.size, self.rows))
            if all(np.isfinite(found).all() for found in sums(parameters, rows)):
                continue
            for row in rows:
                if not all(np.isfinite(found).all() for found in sums(parameters, np.array([row]))):
                    return int(row)
        return 0

    def where(self, x: Array) -> str:
        return f" in row {self.telling(x) + 1:,}"

    def flows(self, x: Array) -> Iterator[tuple[int, float, float]]:
        circuit = self.circuit
        derived = self.derived(circuit, circuit.output, self.shapes)
        for wire, gate in enumerate(circuit.gates):
            if not (circuit.active[wire] and wire in derived.of and may_stop(gate, len(circuit.inputs[wire]))):
                continue
            (source,) = circuit.inputs[wire]
            sums = self.rowsums(derived.circuit, [], kept=[source, wire, derived.of[wire]])
            parameters = self.parameters.viewed(x)
            at, out, above = (sums.each(parameters, one) for one in (source, wire, derived.of[wire]))
            (local,) = rules.array_partials(gate, 1, self.ties, (True,))(at, out)
            yield wire, largest(above), 0.0 if local is None else largest(local)

    def flips(self, x: Array, other: Array) -> dict[int, int]:
        circuit, found = self.circuit, {}
        for wire, gate in enumerate(circuit.gates):
            if not gate.kink or gate.flat or gate.mixes or not circuit.active[wire]:
                continue
            sources = list(circuit.inputs[wire])
            sums = self.rowsums(circuit, [], kept=[*sources, wire])
            sides = rules.piece(gate, len(sources), True)
            here, there = (
                [side(*(sums.each(self.parameters.viewed(point), one) for one in (*sources, wire))) for side in sides]
                for point in (x, other)
            )
            changed = [np.not_equal(one, two) for one, two in zip(here, there, strict=True)]
            rows = np.logical_or.reduce([np.broadcast_to(one, (self.rows, *one.shape[1:])) for one in changed])
            count = int(rows.reshape(self.rows, -1).any(axis=1).sum())
            if count:
                found[wire] = count
        return found

    # ── least squares ──

    def residuals(self, x: Array) -> tuple[Array, Array]:
        parameters = self.parameters.viewed(x)
        residuals, slopes = [], []
        for factor, sums, value, gradients in self.squares:
            residuals.append(factor * sums.each(parameters, value))
            blocks = [sums.each(parameters, wire).reshape(self.rows, -1) for wire in gradients]
            slopes.append(factor * np.hstack(blocks))
        return np.concatenate(residuals), np.vstack(slopes)

    @cached_property
    def squares(self) -> list[tuple[float, RowSums, int, list[int]]]:
        found = []
        for square in squares(self.circuit, self.circuit.output):
            if self.shapes[square.wire]:
                told = "least-squares of a table takes the square of a number in every row"
                raise self.circuit.locate(Problem("option", told), square.wire)
            derived = self.derived(self.circuit, square.wire, self.shapes)
            gradients = [derived.gradients[name] for name in self.parameters.names]
            sums = self.rowsums(derived.circuit, [], kept=[derived.value, *gradients])
            found.append((sqrt(square.times), sums, derived.value, gradients))
        return found
