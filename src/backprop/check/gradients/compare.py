"""The check of gradients: of one wire, of all that were asked for, and at random points around the given one."""

from __future__ import annotations

from math import isfinite, nan

from backprop.check.gradients.numerical import Comparison, compare_number
from backprop.check.gradients.probe import Probe
from backprop.check.gradients.stagewise import Stagewise
from backprop.differentiate.run import Run, run
from backprop.errors import Problem, enumerated
from backprop.errors.light import TYPE_CHECKING
from backprop.library.stages import Names
from backprop.numbers.shapes import Mismatch, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from backprop.check.gradients.jointly import Jointly

LARGER = "give inputs that are larger: no gradient of nothing can be tested"
MANY = 200  # wires: each by itself, all would cost as much as they are, squared


def wires_of(result: Run, names: Names, gradients: Iterable[str], stages: bool) -> list[int]:
    """The wires that are asked about: those of variables, and with `stages` those of all that have a gradient."""
    circuit = result.circuit
    inputs = circuit.variables.values()
    inner = names.shown() if stages else []
    wires = [
        *(circuit.variables[name] for name in gradients),
        *(wire for wire in inner if circuit.active[wire] and wire not in inputs),
    ]
    if not wires:  # and of nothing there is no verdict
        raise Problem("option", "there is no variable to check", hint="only what is given as a value has a gradient")
    if not any(getattr(result.values[wire], "size", 1) for wire in wires):
        have = f"{enumerated([names.text(wire) for wire in wires])} {'has' if len(wires) == 1 else 'have'}"
        raise Problem("value", f"{have} no elements: there is nothing to compare", hint=LARGER)
    return wires


def check(result: Run, names: Names, wires: Iterable[int]) -> Iterator[Comparison]:
    """Compare the gradient of each wire."""
    wires = list(wires)

    def alone(wire: int) -> Comparison:
        return compare(result, names, wire)

    if len(wires) > MANY and (result.arrays or isfinite(result.value)):
        found = sweep_of(result)(result, names, alone).comparisons(set(wires))
        yield from (found[wire] for wire in wires)
    else:
        yield from map(alone, wires)


def sweep_of(result: Run) -> type[Stagewise | Jointly]:
    """What compares very many wires at once."""
    if not result.arrays:
        return Stagewise
    from backprop.check.gradients.jointly import Jointly  # NumPy is heavy

    return Jointly


def compare(result: Run, names: Names, wire: int) -> Comparison:
    """The gradient of one wire against a numerical one."""
    try:
        with quiet(result.arrays):
            if isinstance(result.values[wire], float):
                return compare_number(result, names.text(wire), names, Probe(result, wire))
            from backprop.check.gradients.arrays import compare_array  # NumPy is heavy

            return compare_array(result, names, wire)
    except (Mismatch, ValueError):  # an index, a class or a mask, moved by a little, chooses nothing, or other elements
        remark = "whole numbers that choose: there is no slope to compare with"
        return Comparison(names.text(wire), result.gradient(wire), nan, 0.0, "flat", "none", remark)


def at_random(
    result: Run, names: Names, wires: list[int], count: int, seed: int
) -> Iterator[tuple[dict[str, float], list[Comparison]]]:
    """Check at random points around the given one."""
    return ((at, list(check(there, names, wires))) for at, there in runs_at_random(result, count, seed))


def runs_at_random(result: Run, count: int, seed: int) -> Iterator[tuple[dict[str, float], Run]]:
    """Random points around the given one: each input moved by a normal deviate times its size, at least 1."""
    from random import Random

    random = Random(seed)
    circuit = result.circuit
    for _ in range(count):
        at = {
            name: moved(result.values[wire], lambda x: x + random.gauss(0.0, 1.0) * max(1.0, abs(x)))
            for name, wire in circuit.variables.items()
        }
        yield at, run(circuit, at, ties=result.ties, upstream=result.upstream)


def moved(x: Any, move: Callable[[float], float]) -> Any:
    """A number moved; of an array, every element."""
    if isinstance(x, float):
        return move(x)
    found = x.copy()
    for place in range(x.size):
        found.reshape(-1)[place] = move(float(x.ravel()[place]))
    return found
