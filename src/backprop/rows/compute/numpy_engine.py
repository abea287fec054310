"""The program of a circuit on NumPy arrays: some rows at a time, into buffers that are used again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backprop.gates import GATES
from backprop.numbers.elementwise import half_power, one_by_one, ufunc
from backprop.rows.compute.program import Met, Program, Step

CHUNK = 32_768  # rows at once, at most: so many numbers of a column are quickly computed with
FEWEST = 8_192  # and at least: in fewer, the calls cost more than the work
ROOM = 524_288  # numbers in all buffers together: more leave the cache
BLOCK = 64  # rows: parts begin at a multiple, which is one of what a compiled loop takes at once

Array = NDArray[np.float64]
Call = Callable[[], Any]
Guard = tuple[int, bool] | None


class Place(NamedTuple):
    """Where a wire's numbers are: in a column, a number, a buffer (of numbers or of booleans), or in a result."""

    kind: str  # "input", "number", "buffer", "mask", "output"
    number: int


class Kernel:
    """A program, ready to run. One may run in several threads at once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        made = {step.out for step in program.steps}
        self.computed = sorted({wire for wire in program.outputs if wire in made})

    def run(
        self, columns: Sequence[Array], rows: int, *, threads: int = 1, out: Sequence[Array] | None = None
    ) -> tuple[list[Array], list[Met]]:
        """The columns of the outputs, and for each watch how many rows it met and the first of them (-1 for none).

        `columns` are those of the inputs, in order. An output that is an input is that very column. With `out`, the
        results that are computed are written into these arrays.
        """
        results = list(out) if out is not None else [np.empty(rows) for _ in self.computed]
        met = each_part(rows, threads, lambda first, last: self.part(columns, results, first, last, threads))
        return self.outputs(columns, rows, results), [joined(counts) for counts in zip(*met, strict=True)]

    def part(self, columns: Sequence[Array], results: list[Array], first: int, last: int, threads: int) -> list[Met]:
        """Run over some rows; what the watches met."""
        raise NotImplementedError

    def outputs(self, columns: Sequence[Array], rows: int, results: list[Array]) -> list[Array]:
        inputs = {wire: index for index, wire in enumerate(self.program.inputs.values())}
        found = []
        for wire in self.program.outputs:
            if wire in inputs:
                found.append(columns[inputs[wire]][:rows])
            elif wire in self.program.numbers:
                found.append(np.full(rows, self.program.numbers[wire]))
            else:
                found.append(results[self.computed.index(wire)])
        return found


class NumpyKernel(Kernel):
    """The program on NumPy's functions; each thread has buffers of its own."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.places, self.buffers, self.masks = allocate(program, self.computed)
        self.functions = [function_of(step, program, self.places) for step in program.steps]
        self.columns = {wire for wire, place in self.places.items() if place.kind in ("input", "output")}
        self.moving = [n for n, step in enumerate(program.steps) if self.columns & {*step.sources, step.out}]

    def part(self, columns: Sequence[Array], results: list[Array], first: int, last: int, threads: int) -> list[Met]:
        """Run over some rows, chunk by chunk; what the watches met."""
        met = [(0, -1)] * len(self.program.watches)
        size = min(self.rows_at_once(threads), last - first)
        at = self.buffers_for(size)
        calls: list[tuple[Call, Guard]] = []
        with np.errstate(all="ignore"):
            for start in range(first, last, size or 1):
                stop = min(start + size, last)
                fresh = not calls
                if stop - start < size:  # the last few rows
                    at, fresh = self.buffers_for(stop - start), True
                self.point(at, columns, results, start, stop)
                if fresh:
                    calls = [self.call(number, at) for number in range(len(self.functions))]
                else:
                    for number in self.moving:
                        calls[number] = self.call(number, at)
                for call, guard in calls:
                    if guard is None or not skipped(at[guard[0]], guard[1]):
                        call()
                for index, wire in enumerate(self.program.watches):
                    met[index] = joined((met[index], rows_met(at[wire], start)))
        return met

    def rows_at_once(self, threads: int) -> int:
        """How many rows a chunk has: of threads, one waits for the interpreter's lock in between two operations."""
        fit = max(FEWEST, min(CHUNK, ROOM // (self.buffers or 1) // BLOCK * BLOCK))
        return 2 * fit if threads > 1 else fit

    def buffers_for(self, size: int) -> list[Any]:
        """For each wire its number, or its buffer for so many rows; None for what is a column."""
        buffers = [np.empty(size) for _ in range(self.buffers)]
        masks = [np.empty(size, dtype=bool) for _ in range(self.masks)]
        homes: dict[str, list[Any]] = {"buffer": buffers, "mask": masks}
        at: list[Any] = [None] * self.program.size
        for wire, (kind, index) in self.places.items():
            at[wire] = self.program.numbers[wire] if kind == "number" else homes[kind][index] if kind in homes else None
        return at

    def point(self, at: list[Any], columns: Sequence[Array], results: list[Array], start: int, stop: int) -> None:
        """Point the wires of columns at their part of these rows."""
        for wire in self.columns:
            kind, index = self.places[wire]
            at[wire] = (columns if kind == "input" else results)[index][start:stop]

    def call(self, number: int, at: list[Any]) -> tuple[Call, Guard]:
        """A step as a call that needs nothing more: threads wait for all that is done between two array operations."""
        _, sources, out, guard = self.program.steps[number]
        return partial(self.functions[number], *[at[source] for source in sources], at[out]), guard


def each_part(rows: int, threads: int, run: Callable[[int, int], list[Met]]) -> list[list[Met]]:
    """What came of each part of the rows: as many parts as threads, done at once, the first of them by this one."""
    threads = min(threads, -(-rows // CHUNK)) or 1
    bounds = [*(rows * part // threads // BLOCK * BLOCK for part in range(threads)), rows]
    parts = [(first, last) for first, last in zip(bounds, bounds[1:], strict=False) if first < last]
    if len(parts) < 2:
        return [run(0, rows)]
    others = [pool(threads - 1).submit(run, *part) for part in parts[1:]]
    return [run(*parts[0]), *(other.result() for other in others)]


@cache
def pool(threads: int) -> Any:
    """Threads that stay, for as long as the process does."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(threads)


def joined(counts: Sequence[Met]) -> Met:
    """How often something was met in all, and where first."""
    return sum(count for count, _ in counts), next((first for count, first in counts if count), -1)


def rows_met(mask: Array, start: int) -> Met:
    count = int(np.count_nonzero(mask))
    return (count, start + int(np.argmax(mask))) if count else (0, -1)


def skipped(mask: Array, side: bool) -> bool:
    """Whether no row of the chunk is on a side of a mask."""
    count = np.count_nonzero(mask)
    return bool(count == 0 if side else count == mask.size)


# ── buffers ──


def allocate(program: Program, computed: list[int]) -> tuple[dict[int, Place], int, int]:
    """A place for every wire. A buffer is free again after the last step that reads it; that step may write into it."""
    places = {wire: Place("input", index) for index, wire in enumerate(program.inputs.values())}
    places |= {wire: Place("number", 0) for wire in program.numbers}
    places |= {wire: Place("output", index) for index, wire in enumerate(computed)}
    last = {source: number for number, step in enumerate(program.steps) for source in step.sources}
    last |= dict.fromkeys(program.watches, len(program.steps))
    free: dict[str, list[int]] = {"buffer": [], "mask": []}
    total = {"buffer": 0, "mask": 0}
    for number, step in enumerate(program.steps):
        ending = {source for source in step.sources if last[source] == number and places[source].kind in free}
        for source in ending - in_the_way(step):
            free[places[source].kind].append(places[source].number)
        if step.out not in places:
            kind = "mask" if step.out in program.masks else "buffer"
            if not free[kind]:
                free[kind].append(total[kind])
                total[kind] += 1
            places[step.out] = Place(kind, free[kind].pop())
        for source in ending & in_the_way(step):
            free[places[source].kind].append(places[source].number)
    return places, total["buffer"], total["mask"]


def in_the_way(step: Step) -> set[int]:
    """The sources that a step still reads after it has begun to write."""
    if step.gate == "where":
        return set(step.sources[:2])
    return set(step.sources) if step.gate == "power below" else set()


# ── steps ──


def function_of(step: Step, program: Program, places: dict[int, Place]) -> Callable[..., Any]:
    """The function of a step; it takes the sources, and where it writes."""
    own = OWN.get(step.gate)
    function = ufunc(step.gate)
    if step.gate == "where":
        return choosing_into if places[step.sources[2]] == places[step.out] else chosen
    if own is not None:
        return own
    if function is not None:
        compares = step.gate in GATES and GATES[step.gate].compares
        mixed = (
            isinstance(function, np.ufunc) and not compares and any(source in program.masks for source in step.sources)
        )
        return partial(function, dtype=float) if mixed else function
    return partial(applied, one_by_one(step.gate, len(step.sources)))


def applied(function: Callable[..., Array], *places: Any) -> None:
    """A function that has no `out=`."""
    *sources, out = places
    out[...] = function(*sources)


def chosen(mask: Array, x: Any, y: Any, out: Array) -> None:
    """A `where`, without a look at the masked rows where all agree."""
    count = np.count_nonzero(mask)
    np.copyto(out, x if count == mask.size else y)
    if 0 < count < mask.size:
        np.copyto(out, x, where=mask)


def choosing_into(mask: Array, x: Any, y: Any, out: Array) -> None:
    """A `where` whose `out` is `y` already."""
    if np.count_nonzero(mask):
        np.copyto(out, x, where=mask)


def power(base: Any, exponent: Any, out: Array) -> None:
    if isinstance(exponent, float) and exponent == 0.5:
        half_power(base, out)
    else:
        np.power(base, exponent, out, dtype=float)


def power_below(above: Array, base: Array, exponent: float, out: Array) -> None:
    """x^(c-1) from x^c: the quotient by x, save in rows where that is near 0, infinite or negative."""
    np.divide(above, base, out)
    if not (above.min(initial=1.0) > 1e-280 and above.max(initial=1.0) < 1e280):
        np.float_power(base, exponent, out, where=~((above > 1e-280) & (above < 1e280)))  # never the root


def named_out(function: Callable[..., Any]) -> Callable[..., None]:
    """A function whose `out` goes by its name alone, as NumPy has it of maximum and minimum."""

    def written(x: Any, y: Any, out: Array) -> None:
        function(x, y, out=out)

    return written


def number_of(mask: Array, out: Array) -> None:
    np.copyto(out, mask)


OWN: dict[str, Callable[..., Any]] = {
    "and": np.logical_and,
    "or": np.logical_or,
    "power": power,
    "power below": power_below,
    "number of": number_of,
    "max": named_out(np.maximum),
    "min": named_out(np.minimum),
}
