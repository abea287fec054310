"""The program of a circuit on NumPy arrays: 32,768 rows at a time, into buffers that are used again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from backprop.numbers.elementwise import one_by_one, ufunc
from backprop.rows.program import COMPARISONS, Program, Step

CHUNK = 32_768  # rows: fewer and the calls cost more than the work, more and the buffers leave the cache

Array = Any  # np.ndarray of float64, or of bool


class Place(NamedTuple):
    """Where a wire's numbers are: in a column, a number, a buffer (of numbers or of booleans), or in a result."""

    kind: str  # "input", "number", "buffer", "mask", "output"
    number: int


class NumpyKernel:
    """The program, ready to run. One may run in several threads at once: each has buffers of its own."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.places, self.buffers, self.masks = allocate(program)
        self.calls = [bound(step, program) for step in program.steps]
        self.computed = sorted({wire for wire in program.outputs if self.places[wire].kind == "output"})

    def run(
        self, columns: Sequence[Array], rows: int, *, threads: int = 1, out: Sequence[Array] | None = None
    ) -> tuple[list[Array], list[tuple[int, int]]]:
        """The columns of the outputs, and for each watch how many rows it met and the first of them (-1 for none).

        `columns` are those of the inputs, in order. An output that is an input is that very column. With `out`, the
        results that are computed are written into these arrays.
        """
        results = list(out) if out is not None else [np.empty(rows) for _ in self.computed]
        starts = range(0, rows, CHUNK)
        if threads > 1 and len(starts) > 1:
            share = -(-len(starts) // threads)
            parts = [starts[first : first + share] for first in range(0, len(starts), share)]
            met = list(pool(threads).map(lambda part: self.chunks(columns, rows, part, results), parts))
        else:
            met = [self.chunks(columns, rows, starts, results)]
        return self.outputs(columns, rows, results), [joined(counts) for counts in zip(*met, strict=True)]

    def outputs(self, columns: Sequence[Array], rows: int, results: list[Array]) -> list[Array]:
        """The column of each output."""
        found = []
        for wire in self.program.outputs:
            place = self.places[wire]
            if place.kind == "input":
                found.append(columns[place.number][:rows])
            elif place.kind == "number":
                found.append(np.full(rows, self.program.numbers[wire]))
            else:
                found.append(results[place.number])
        return found

    def chunks(self, columns: Sequence[Array], rows: int, starts: range, results: list[Array]) -> list[tuple[int, int]]:
        """Run over some chunks of the rows; what the watches met."""
        size = min(CHUNK, rows)
        buffers = [np.empty(size) for _ in range(self.buffers)]
        masks = [np.empty(size, dtype=bool) for _ in range(self.masks)]
        met = [(0, -1)] * len(self.program.watches)
        at: list[Any] = [None] * self.program.size
        for wire, number in self.program.numbers.items():
            at[wire] = number
        with np.errstate(all="ignore"):
            for start in starts:
                stop = min(start + CHUNK, rows)
                self.bind(at, columns, results, buffers, masks, start, stop)
                for call, sources, out, guard in self.calls:
                    if guard is not None and skipped(at[guard[0]], guard[1]):
                        continue
                    call(*[at[source] for source in sources], at[out])
                for index, wire in enumerate(self.program.watches):
                    met[index] = joined((met[index], rows_met(at[wire], start)))
        return met

    def bind(
        self,
        at: list[Any],
        columns: Sequence[Array],
        results: list[Array],
        buffers: list[Array],
        masks: list[Array],
        start: int,
        stop: int,
    ) -> None:
        """Point each wire at its part of a column, or at its buffer."""
        homes = {"input": (columns, start, stop), "output": (results, start, stop)}
        homes |= {"buffer": (buffers, 0, stop - start), "mask": (masks, 0, stop - start)}
        for wire, (kind, index) in self.places.items():
            if kind != "number":
                arrays, first, last = homes[kind]
                at[wire] = arrays[index][first:last]


@cache
def pool(threads: int) -> Any:
    """Threads that stay, for as long as the process does."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(threads)


def joined(counts: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """How often something was met in all, and where first."""
    return sum(count for count, _ in counts), next((first for count, first in counts if count), -1)


def rows_met(mask: Array, start: int) -> tuple[int, int]:
    count = int(np.count_nonzero(mask))
    return (count, start + int(np.argmax(mask))) if count else (0, -1)


def skipped(mask: Array, side: bool) -> bool:
    """Whether no row of the chunk is on a side of a mask."""
    count = np.count_nonzero(mask)
    return bool(count == 0 if side else count == mask.size)


# ── buffers ──


def allocate(program: Program) -> tuple[dict[int, Place], int, int]:
    """A place for every wire. A buffer is free again after the last step that reads it; that step may write into it."""
    places = {wire: Place("input", index) for index, wire in enumerate(program.inputs.values())}
    places |= {wire: Place("number", 0) for wire in program.numbers}
    made = {step.out for step in program.steps}
    computed = sorted({wire for wire in program.outputs if wire in made})
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


def bound(step: Step, program: Program) -> tuple[Callable[..., Any], tuple[int, ...], int, tuple[int, bool] | None]:
    """A step as a call: the function, its sources, where it writes, and when it may be left out."""
    own = OWN.get(step.gate)
    function = ufunc(step.gate)
    if own is not None:
        call = own
    elif function is not None:
        mixed = step.gate not in COMPARISONS and any(source in program.masks for source in step.sources)
        call = partial(function, dtype=float) if mixed else function
    else:
        call = partial(applied, one_by_one(step.gate, len(step.sources)))
    return call, step.sources, step.out, step.guard


def applied(function: Callable[..., Array], *places: Any) -> None:
    """A function that has no `out=`."""
    *sources, out = places
    out[...] = function(*sources)


def chosen(mask: Array, x: Any, y: Any, out: Array) -> None:
    """A `where`, without a copy where all rows agree and `out` is the branch already."""
    count = np.count_nonzero(mask)
    if count == mask.size:
        np.copyto(out, x)
        return
    if out is not y and not shares(out, y):
        np.copyto(out, y)
    if count:
        np.copyto(out, x, where=mask)


def shares(out: Array, y: Any) -> bool:
    """Whether two views are the same buffer."""
    return isinstance(y, np.ndarray) and out.ctypes.data == y.ctypes.data


def power_below(above: Array, base: Array, exponent: float, out: Array) -> None:
    """x^(c-1) from x^c: the quotient by x, save in rows where that is near 0, infinite or negative."""
    np.divide(above, base, out)
    if not (above.min(initial=1.0) > 1e-280 and above.max(initial=1.0) < 1e280):
        np.power(base, exponent, out, where=~((above > 1e-280) & (above < 1e280)))


def largest(x: Any, y: Any, out: Array) -> None:
    np.maximum(x, y, out=out)


def smallest(x: Any, y: Any, out: Array) -> None:
    np.minimum(x, y, out=out)


def number_of(mask: Array, out: Array) -> None:
    np.copyto(out, mask)


OWN: dict[str, Callable[..., Any]] = {
    "where": chosen,
    "and": np.logical_and,
    "or": np.logical_or,
    "power below": power_below,
    "number of": number_of,
    "max": largest,
    "min": smallest,
}
