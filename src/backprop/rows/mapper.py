"""The one function that every way of mapping calls: from a batch of columns to a batch of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.derive import Growing, derive
from backprop.errors import Problem, nearest
from backprop.gates import INPUT
from backprop.library import Compiled
from backprop.rows.program import Program, program

Array = Any  # np.ndarray of float64

ENGINES = ("auto", "numpy", "jit")
WORTH_COMPILING = 10**8  # rows times operations: from there on the tenth of a second for the compiler is gained


class Tally:
    """What was remarkable in many rows: a text, how many rows, and the first one, counted from 0."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[int, int]] = {}

    def add(self, text: str, count: int, first: int) -> None:
        before, earliest = self.rows.get(text, (0, first))
        if count:
            self.rows[text] = (before + count, min(earliest, first))

    def join(self, other: Mapping[str, tuple[int, int]], offset: int = 0) -> None:
        """Add what was found in rows that begin `offset` rows further down."""
        for text, (count, first) in other.items():
            self.add(text, count, first + offset)


class Mapper:
    """Value and gradients of a formula for every row: columns in, columns out.

    `wrt` limits the gradients to some variables; variables that are `given` are the same number in every row. With
    `stages`, every intermediate variable and its gradient has columns as well; with `hessian`, the second derivatives.
    `inputs` are the names of the columns that it needs, `outputs` those that it makes: the output's name, then
    `df_dx` for each variable. It can be pickled: what travels is the text and the options.
    """

    def __init__(
        self,
        text: str,
        *,
        wrt: Iterable[str] | None = None,
        given: Mapping[str, float] | None = None,
        ties: str = "both",
        expand: bool = False,
        stages: bool = False,
        hessian: bool = False,
        notes: bool = False,
        engine: str = "auto",
        threads: int = 1,
        source: str | None = None,
    ) -> None:
        if engine not in ENGINES:
            raise Problem("option", f"there is no engine {engine}", hint=f"one of {', '.join(ENGINES)}")
        self.text = text
        self.wrt = None if wrt is None else list(wrt)
        self.given = {name: number_of(name, value) for name, value in (given or {}).items()}
        self.ties = ties
        self.expand = expand
        self.stages = stages
        self.hessian = hessian
        self.notes = notes
        self.engine = engine
        self.threads = threads
        self.source = source
        self.done = 0  # rows so far
        self.remark = ""  # why the formula is not compiled, where that was asked for
        self.plan = Plan(self)
        self.inputs = [name for name in self.plan.circuit.variables if name not in self.given]
        self.outputs = list(self.plan.wires)

    def __getstate__(self) -> dict[str, Any]:
        options = (
            "text",
            "wrt",
            "given",
            "ties",
            "expand",
            "stages",
            "hessian",
            "notes",
            "engine",
            "threads",
            "source",
        )
        return {name: getattr(self, name) for name in options}

    def __setstate__(self, options: dict[str, Any]) -> None:
        self.__init__(options.pop("text"), **options)  # type: ignore[misc]

    def fingerprint(self) -> str:
        """A short text that is another one for another formula, or other options that change what comes out."""
        import hashlib
        import json

        names = ("text", "wrt", "given", "ties", "expand", "stages", "hessian")
        said = json.dumps([getattr(self, name) for name in names], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def __call__(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """The columns of the outputs, from those of the inputs (float64 arrays of one length)."""
        return self.run(columns)[0]

    def run(
        self, columns: Mapping[str, Array], rows: int | None = None, missing: Any = None
    ) -> tuple[dict[str, Array], dict[str, tuple[int, int]]]:
        """The columns of the outputs; and what was remarkable, in how many rows, and in which one first.

        `rows` is needed only where there is no column to count; `missing` are rows of which nothing is remarked.
        """
        inputs = [columns[name] for name in self.inputs]
        count = len(inputs[0]) if inputs else rows or 0
        kernel = self.kernel(count)
        self.done += count
        found, met = kernel.run(inputs, count, threads=self.threads)
        results = dict(zip(self.outputs, found, strict=True))
        tally = Tally()
        for text, (times, first) in zip(self.plan.watches, met, strict=True):
            tally.add(text, times, first)
        if self.notes:
            not_finite(results, tally, missing)
        return results, tally.rows

    # ── engines ──

    def kernel(self, rows: int) -> Any:
        """The program, ready to run: compiled where that was asked for, or where it is worth it."""
        if self.engine == "numpy":
            return self.numpy_kernel
        if self.engine == "auto" and (self.done + rows) * len(self.numpy_kernel.program.steps) < WORTH_COMPILING:
            return self.numpy_kernel
        return self.compiled_kernel

    @cached_property
    def numpy_kernel(self) -> Any:
        from backprop.rows.numpy_engine import NumpyKernel

        return NumpyKernel(self.program(choosing=False))

    @cached_property
    def compiled_kernel(self) -> Any:
        """The compiled program, or NumPy's where something is missing for it."""
        from backprop.rows.llvm_engine import LlvmKernel, missing

        made = self.program(choosing=True)
        self.remark = missing(made)
        if not self.remark:
            try:
                return LlvmKernel(made)
            except (RuntimeError, OSError, ImportError) as error:
                self.remark = f"LLVM cannot compile this: {str(error).splitlines()[0]}"
        return self.numpy_kernel

    def program(self, choosing: bool) -> Program:
        """The straight-line program of the plan."""
        plan = self.plan
        return program(
            plan.circuit, plan.wires.values(), given=self.given, watches=plan.watches.values(), choosing=choosing
        )


def number_of(name: str, value: Any) -> float:
    """A value that is the same in every row. Raises a Problem where it is no number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Problem("value", f"{name} is no number: rows are computed with numbers alone") from None


def not_finite(results: dict[str, Array], tally: Tally, missing: Any = None) -> None:
    """Count the rows whose results are not finite, column by column."""
    import numpy as np

    with np.errstate(all="ignore"):
        for name, column in results.items():
            if np.isfinite(column.sum()):
                continue
            wrong = ~np.isfinite(column)
            if missing is not None:
                wrong[missing] = False
            count = int(np.count_nonzero(wrong))
            tally.add(f"{name} is not finite", count, int(wrong.argmax()) if count else 0)


class Plan:
    """The derived circuit of a mapper: `wires` has the wire of each output column, `watches` those of each remark.

    Raises a Problem where the formula or an option is wrong.
    """

    def __init__(self, mapper: Mapper) -> None:
        compiled = Compiled(mapper.text, ties=mapper.ties, expand=mapper.expand, source=mapper.source)
        base, self.names = compiled._circuit(mapper.given)
        self.variables = list(base.variables)
        if base.tensors:
            mixing = next((wire for wire, gate in enumerate(base.gates) if gate.mixes), None)
            span = None if mixing is None else base.span(mixing)
            raise Problem(
                "shape",
                "rows are computed with numbers alone, and there are vectors or matrices here",
                text=compiled.program.text, source=mapper.source, spans=[span] if span else [],
            )  # fmt: skip
        wrt = [name for name in base.variables if name not in mapper.given] if mapper.wrt is None else mapper.wrt
        for name in [*wrt, *mapper.given]:
            if name not in base.variables:
                known = nearest(name, base.variables)
                hint = f"did you mean {known}?" if known else f"its variables are {', '.join(base.variables) or 'none'}"
                raise Problem("variable", f"the expression has no variable {name}", hint=hint)
        self.output = base.names[base.output]
        derived = derive(base, wrt, ties=mapper.ties)
        self.circuit = derived.circuit
        self.wires: dict[str, int] = {}
        self.put(self.output, derived.value)
        for name in wrt:
            self.put(f"d{self.output}_d{name}", derived.gradients[name])
        if mapper.stages:
            self.add_stages(base, derived.of)
        if mapper.hessian:
            self.add_hessian(wrt, derived.gradients, mapper.ties)
        self.watches: dict[str, tuple[int, ...]] = {}
        if mapper.notes:
            self.add_watches(base, derived.of)

    def put(self, name: str, wire: int) -> None:
        """Name a column."""
        if name in self.wires:
            raise Problem(
                "option", f"two columns of the output would be called {name}", hint="give a stage another name"
            )
        self.wires[name] = wire

    def add_stages(self, base: Circuit, of: dict[int, int]) -> None:
        """The value and the gradient of every intermediate variable."""
        for wire in self.names.shown():
            if base.gates[wire] is not INPUT and wire != base.output:
                name = self.names.names[wire]
                self.put(name, wire)
                if wire in of:
                    self.put(f"d{self.output}_d{name}", of[wire])

    def add_hessian(self, wrt: list[str], gradients: dict[str, int], ties: str) -> None:
        """The second derivatives: the circuit derived again, once for each gradient."""
        for index, name in enumerate(wrt):
            again = derive(self.circuit, wrt[index:], output=gradients[name], ties=ties)
            self.circuit = again.circuit
            for other, wire in again.gradients.items():
                self.put(f"d2{self.output}_d{name}_d{other}", wire)

    def add_watches(self, base: Circuit, of: dict[int, int]) -> None:
        """Where a stage sits on a tie or a kink that decides its gradient."""
        growing = Growing(self.circuit)
        for wire, gate in enumerate(base.gates):
            if not gate.kink or gate.flat or not base.active[wire] or wire not in of:
                continue
            names = gate.names(len(base.inputs[wire]))
            text = gate.kink
            if gate.variadic:
                if len(names) < 2:
                    continue
                text = f"{' + '.join(f'({name} == out)' for name in names)} > 1"
            scope = [*base.inputs[wire], wire]
            met = growing.splice(template(text, (*names, "out")), scope)
            what = "a tie" if gate.variadic else "a kink"
            said = f"{self.names.text(wire)} = {self.names.expression(wire)} is at {what}"
            self.watches[said] = (met, of[wire])
        self.circuit = growing.circuit
