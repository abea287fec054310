"""A circuit on arrays as one function: what a loop that evaluates it again and again, at arrays of the same shapes,
calls.

It is the derived circuit, with a wire for every gradient, as an assembly of operations (`assembly`), whose text is made
once (`assembly_text`). The answers are the same bits as those of a run, but for the sign of a 0 where nothing flows.
Where what the assembly assumes is not so, where a gradient is not finite, and where a gate cannot take its inputs,
`run` has the word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np

from backprop.circuit import Circuit
from backprop.differentiate import run_arrays
from backprop.differentiate.assembly import Array, Assembly
from backprop.differentiate.assembly_text import Answer, Planned, Writer, layout
from backprop.differentiate.derive import derive
from backprop.errors import Problem
from backprop.numbers.buffers import Pool, pooled
from backprop.numbers.shapes import Mismatch, shape_of

PAYS = 10  # what it costs to make the function, in runs of the circuit
MOST_PLANS = 8  # functions of a circuit, for shapes that change
MOST_STAGES = 5_000
RAISED = Mismatch, ValueError, IndexError, TypeError, MemoryError, Problem


class Plans:
    """The functions of a circuit, by what was asked for and in which shapes; a number counts the runs until there is
    one."""

    def __init__(self, circuit: Circuit, ties: str) -> None:
        self.circuit, self.ties = circuit, ties
        self.known: dict[object, int | Planned | None] = {}
        self.failed = 0

    def answer(self, at: Mapping[str, Array], wrt: Sequence[str] | None, above: Array | None) -> Answer | None:
        """Value and gradients, where there is a function that has them."""
        key = None if wrt is None else tuple(wrt), above is not None, tuple(map(layout, at.values()))
        found = self.known.get(key, 0)
        if isinstance(found, int):
            if len(self.known) > MOST_PLANS:
                self.known.clear()
            found = self.known[key] = found + 1
            if found < PAYS or len(self.circuit) > MOST_STAGES:
                return None
            found = self.known[key] = self.made(at, wrt, above)
        if found is None:
            return None
        answer = found(at if above is None else {**at, UPSTREAM: above})
        if answer is None:
            self.failed += 1
            self.known[key] = 0 if self.failed < PAYS else None
        return answer

    def made(self, at: Mapping[str, Array], wrt: Sequence[str] | None, above: Array | None) -> Planned | None:
        """A function, or None where there is none."""
        try:
            return planned(self.circuit, at, wrt, self.ties, above, assuming=self.failed < PAYS // 2)
        except RAISED:
            return None


UPSTREAM = "the gradient from above"  # no variable has such a name


def planned(
    circuit: Circuit,
    at: Mapping[str, Array],
    wrt: Sequence[str] | None,
    ties: str,
    above: Array | None = None,
    *,
    assuming: bool = True,
) -> Planned:
    """The function of a circuit at points of the same shapes. Raises what a run raises."""
    shapes = [shape_of(value) for value in run_arrays.evaluate(circuit, at)]
    upstream = 1.0 if above is None else UPSTREAM
    derived = derive(circuit, wrt, ties=ties, upstream=upstream, shapes=shapes)
    point = at if above is None else {**at, UPSTREAM: above}
    with np.errstate(all="ignore"), pooled(Pool()):
        assembly = Assembly(assuming)
        wires = assembly.take(derived, point)
    names = {name: wires[wire] for name, wire in derived.gradients.items()}
    function = Writer(assembly, wires[derived.value], names).function()
    return in_memory(function, run_arrays.pool_of(circuit))


def in_memory(function: Planned, pool: Pool) -> Planned:
    """A function that takes its memory from a pool."""

    def answer(at: Mapping[str, Array]) -> Answer | None:
        try:
            with np.errstate(all="ignore"), pooled(pool):
                found = function(at)
                return found if found is not None and all(map(is_finite, found[1].values())) else None
        except RAISED:
            return None

    return answer


def is_finite(gradient: Array) -> bool:
    """Whether it surely holds finite numbers alone: of what is not, `run` knows better where it is alive."""
    return isfinite(gradient if isinstance(gradient, float) else np.vdot(gradient, gradient))
