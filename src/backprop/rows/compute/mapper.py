"""The one function that every way of mapping calls: from a batch of columns to a batch of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from math import prod
from typing import Any

from backprop.errors import Problem
from backprop.errors.spelling import option
from backprop.library.values import as_value, is_truth
from backprop.numbers.shapes import shape_of
from backprop.rows.compute.column_names import Called
from backprop.rows.compute.plan import Asked, Plan
from backprop.rows.compute.program import Met, Program, program

Array = Any  # np.ndarray of float64, its first axis counts rows; of objects where rows differ in shape (see columns)
Value = Any  # a float, or np.ndarray of float64

ENGINES = ("auto", "numpy", "jit")
MOST_NUMBERS = 1 << 21  # of rows with arrays that are in memory together
#: rows times what steps weigh: from there on the tenth of a second for the compiler is gained
WORTH_COMPILING = 5 * 10**8
WEIGHTS = {"sin": 40, "cos": 40, "hypot": 80, "erf": 140, "erfc": 140}  # what a loop gains on them; on most others, 1


class Tally:
    """What was remarkable in many rows: a text, how many rows, and the first one, counted from 0."""

    def __init__(self) -> None:
        self.rows: dict[str, Met] = {}

    def add(self, text: str, count: int, first: int) -> None:
        before, earliest = self.rows.get(text, (0, first))
        if count:
            self.rows[text] = (before + count, min(earliest, first))

    def join(self, other: Mapping[str, Met], offset: int = 0) -> None:
        """Add what was found in rows that begin `offset` rows further down."""
        for text, (count, first) in other.items():
            self.add(text, count, first + offset)


class Mapper:
    """Value and gradients of a formula for every row: columns in, columns out.

    `wrt` names the variables whose gradients are wanted, those of the columns if it is None; variables that are `given`
    are the same in every row, numbers or arrays. `upstream` is the gradient on the output, which an output that is no
    number needs. With `stages`, every intermediate variable and its gradient has columns as well; with `hessian`, the
    second derivatives. `inputs` are the names of the columns that it needs, `outputs` those that it makes: the output's
    name, then `df_dx` for each variable. `arrays` says whether there are vectors and matrices, in the formula or given:
    only then may columns hold them. `shadowed` are names of constants (e, pi, …) that are columns, `called` says what
    names of the formula are called in the table; names in backticks need no word about it.
    It can be pickled: what travels is the text and the options.
    """

    def __init__(
        self,
        text: str,
        *,
        wrt: Iterable[str] | None = None,
        given: Mapping[str, Value] | None = None,
        upstream: Value | None = None,
        ties: str = "both",
        expand: bool = False,
        stages: bool = False,
        hessian: bool = False,
        notes: bool = False,
        engine: str = "auto",
        threads: int = 1,
        source: str | None = None,
        shadowed: Iterable[str] = (),
        called: Mapping[str, str] | None = None,
    ) -> None:
        if engine not in ENGINES:
            raise Problem("option", f"there is no engine {engine}", hint=f"one of {', '.join(ENGINES)}")
        self.text = text
        self.called = dict(called or {})
        self.names = Called(text, self.called)
        variable = self.names.variable
        self.wrt = None if wrt is None else [variable(name) for name in wrt]
        self.given = {  # what is true and false stays so: as an index it chooses
            variable(name): value if is_truth(value) else as_value(name, value) for name, value in (given or {}).items()
        }
        self.upstream = None if upstream is None else as_value("upstream", upstream)
        self.ties, self.expand, self.engine, self.threads, self.source = ties, expand, engine, threads, source
        self.stages, self.hessian, self.notes = stages, hessian, notes
        self.shadowed = [variable(name) for name in shadowed]  # names of constants that are columns
        self.done = 0  # rows so far
        self.flowing = False  # whether rows come batch by batch
        self.remark = ""  # why the formula is not compiled, where that was asked for
        self.ranks: dict[str, int] = {}  # how deep the lists of each column are that is read, once that is known
        with self.names.problems():
            self.plan = Plan(Asked(**{name: getattr(self, name) for name in Asked._fields}))
        self.arrays = self.plan.arrays
        self.variables = [name for name in self.plan.base.variables if name not in self.given]
        self.inputs = [self.names.column(name) for name in self.variables]
        twice = next((name for index, name in enumerate(self.inputs) if name in self.inputs[:index]), None)
        if twice is not None:
            raise Problem("variable", f"two names of the formula are the column {twice}", hint="use one of them")
        #: columns that would not be read, as their names have a value already, or are those of others
        self.hidden = {self.names.column(name): name for name in (*self.plan.listed, *self.given)}
        typed = {self.names.name(variable): variable for variable in self.variables}
        self.hidden |= {name: variable for name, variable in typed.items() if name not in self.inputs}
        self.outputs = list(self.plan.outputs)
        if self.arrays and engine == "jit":
            self.remark = "a formula with vectors or matrices is computed with NumPy"

    def __getstate__(self) -> dict[str, Any]:
        options = "text wrt given upstream ties expand stages hessian notes engine threads source shadowed called"
        return {name: getattr(self, name) for name in options.split()}

    def __setstate__(self, options: dict[str, Any]) -> None:
        self.__init__(options.pop("text"), **options)  # type: ignore[misc]

    @property
    def without_lists(self) -> str:
        """Why a formula of numbers alone takes no lists."""
        if self.upstream is None:
            return f"of a list the output is one too: sum(…) it, or give {option('--upstream')}"
        return "of a list the output is one too, and the upstream is a number: give one in the shape of the output"

    def fingerprint(self) -> str:
        """A short text that is another one for another formula, or other options that change what comes out."""
        import hashlib
        import json

        names = ["text", "wrt", "given", "ties", "expand", "stages", "hessian"]
        names += [name for name in ("shadowed", "called") if getattr(self, name)]
        names += ["upstream"] * (self.upstream is not None)
        options = [getattr(self, name) for name in names]
        said = json.dumps(options, sort_keys=True, default=lambda array: array.tolist())
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def __call__(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """The columns of the outputs, from those of the inputs (float64 arrays of one length)."""
        return self.run(columns)[0]

    def run(
        self,
        columns: Mapping[str, Array],
        rows: int | None = None,
        missing: Any = None,
        failed: dict[int, str] | None = None,
    ) -> tuple[dict[str, Array], dict[str, Met]]:
        """The columns of the outputs; and what was remarkable, in how many rows, and in which one first.

        `rows` is needed only where there is no column to count; `missing` are rows of which nothing is remarked. Rows
        whose arrays do not fit the formula are put into `failed`, with the reason; without it, the first is a Problem.
        """
        inputs = [columns[name] for name in self.inputs]
        count = len(inputs[0]) if inputs else rows or 0
        self.done += count
        if self.arrays:
            found, met = self.run_arrays(inputs, count, missing, failed)
        else:
            found, met = self.run_numbers(inputs, count)
        results = dict(zip(self.outputs, found, strict=True))
        tally = Tally()
        for text, (times, first) in zip(self.plan.watches, met, strict=True):
            tally.add(text, times, first)
        if self.notes:
            not_finite(results, tally, missing, failed)
        return results, tally.rows

    def run_few(self, columns: Mapping[str, Any], rows: int) -> tuple[dict[str, list[float]], dict[str, Met]] | None:
        """The same as `run` for a few rows of numbers, in lists, where that can be done without NumPy; else None."""
        from backprop.rows.compute.few import numbers

        if self.arrays or self.engine == "jit" or self.few_kernel is None or not numbers(columns):
            return None
        found = self.few_kernel.run([columns[name] for name in self.inputs], rows)
        if found is None:
            return None
        self.done += rows
        tally = Tally()
        for text, (times, first) in zip(self.plan.watches, found[1], strict=True):
            tally.add(text, times, first)
        return dict(zip(self.outputs, found[0], strict=True)), tally.rows

    def begin(self) -> None:
        """A table begins, whose rows come batch by batch: what they give does not depend on what came before it."""
        self.done, self.flowing = 0, True

    def run_numbers(self, inputs: list[Array], count: int) -> tuple[list[Array], list[Met]]:
        """The results of rows of numbers. The last digits of a compiled program may be others than NumPy's: it takes
        over at one row, however a table is cut into batches."""
        left = self.first_compiled - (self.done - count)
        if not self.flowing or self.engine != "auto" or not 0 < left < count:
            found, met = self.kernel(self.done).run(inputs, count, threads=self.threads)
            return found, met
        import numpy as np

        from backprop.rows.compute.numpy_engine import joined

        parts = [(self.numpy_kernel, 0, left), (self.compiled_kernel, left, count)]
        runs = [
            kernel.run([column[start:stop] for column in inputs], stop - start, threads=self.threads)
            for kernel, start, stop in parts
        ]
        columns = [np.concatenate(pieces) for pieces in zip(*(found for found, _ in runs), strict=True)]
        before, behind = (met for _, met in runs)
        return columns, [
            joined([here, (count, left + first)]) for here, (count, first) in zip(before, behind, strict=True)
        ]

    def run_arrays(
        self, inputs: list[Array], count: int, missing: Any, failed: dict[int, str] | None
    ) -> tuple[list[Array], list[Met]]:
        """The results of rows with arrays, and what the watches met."""
        wrong: dict[int, str] = {}
        found, met = self.array_kernel.run(inputs, count, wrong, missing, self.threads)
        if wrong and failed is None:
            first = min(wrong)
            raise Problem("row", f"row {first + 1}: {wrong[first]}")
        if failed is not None:
            failed.update(wrong)
        return found, met

    def shapes(self, columns: Mapping[str, tuple[int | None, ...]]) -> dict[str, tuple[int | None, ...]]:
        """The shapes of the outputs from those of the columns, None for lengths that differ from row to row.

        What the shape of a stage is, only the rows say: it is not there.
        """
        known: dict[str, tuple[int | None, ...]] = {
            variable: columns[name]
            for variable, name in zip(self.variables, self.inputs, strict=True)
            if name in columns
        }
        known |= {name: shape_of(value) for name, value in self.given.items()}
        found: dict[str, tuple[int | None, ...]] = {self.plan.output: shape_of(self.upstream)}
        found |= {output: known[name] for output, name in self.plan.of_variable.items()}
        for block in self.plan.blocks:
            found |= {
                self.plan.second(block.variable, other): known[block.variable] + known[other] for other in block.wires
            }
        return found

    def rows_at_once(self, shapes: Mapping[str, tuple[int, ...]]) -> int:
        """How many rows whose columns have these shapes, with what comes out for them, memory easily holds."""
        outputs = self.shapes(shapes).values()
        numbers = sum(prod(length or 1 for length in shape) for shape in (*shapes.values(), *outputs))
        return max(1, MOST_NUMBERS // max(1, numbers))

    # ── engines ──

    @cached_property
    def array_kernel(self) -> Any:
        from backprop.rows.compute.array_engine import ArrayKernel

        return ArrayKernel(self.plan, self.variables, self.given)

    def kernel(self, rows: int) -> Any:
        """The program, ready to run: compiled where that was asked for, or where so many rows in all are worth it."""
        by_numpy = self.engine == "numpy" or (self.engine == "auto" and rows <= self.first_compiled)
        return self.numpy_kernel if by_numpy else self.compiled_kernel

    @cached_property
    def first_compiled(self) -> int:
        """The row from which on the compiled program computes, where nobody asked for one of the two."""
        weight = sum(WEIGHTS.get(step.gate, 1) for step in self.numpy_kernel.program.steps)
        return -(-WORTH_COMPILING // max(1, weight))

    @cached_property
    def few_kernel(self) -> Any:
        from backprop.rows.compute.few import kernel

        return kernel(self.program(choosing=False))

    @cached_property
    def numpy_kernel(self) -> Any:
        from backprop.rows.compute.numpy_engine import NumpyKernel

        return NumpyKernel(self.program(choosing=False))

    @cached_property
    def compiled_kernel(self) -> Any:
        """The compiled program, or NumPy's where something is missing for it."""
        from backprop.rows.compute.llvm_engine import LlvmKernel, missing

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


def not_finite(results: dict[str, Array], tally: Tally, missing: Any, failed: dict[int, str] | None) -> None:
    """Count the rows whose results are not finite, column by column."""
    import numpy as np

    from backprop.rows.compute import columns

    with np.errstate(all="ignore"):
        for name, column in results.items():
            if columns.has_finite_sum(column):
                continue
            wrong = columns.not_finite(column)
            if missing is not None:
                wrong[missing] = False
            if failed:
                wrong[list(failed)] = False
            count = int(np.count_nonzero(wrong))
            tally.add(f"{name} is not finite", count, int(wrong.argmax()) if count else 0)
