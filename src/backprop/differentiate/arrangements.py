"""Where elements are sorted, equal ones may stand in any order: a second derivative that hangs on it is none.

It is computed as they came, and with each run of equal elements reflected in a plane that leaves alone what is the same
for all of them. What is linear or quadratic in an order, and not the same in all orders, then turns out another: it is
nan, and so is what lies between two elements whose gradients jump, or are no numbers in the first place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

from backprop.circuit import Circuit
from backprop.differentiate.run import evaluate
from backprop.differentiate.smoothed import meanings
from backprop.numbers.shapes import shape_of

Value = Any  # a float or an array of float64
Blocks = dict[str, dict[str, Value]]


def sorts(circuit: Circuit) -> list[int]:
    """The stages that sort elements that depend on a variable."""
    return [wire for wire, gate in enumerate(circuit.gates) if gate.arranges and circuit.active[wire]]


def with_equals(circuit: Circuit, values: Sequence[Value]) -> list[int]:
    """The stages that sort elements of which some are equal."""
    from backprop.numbers.arrays import equal_neighbours

    axes = {wire: circuit.gates[wire].settings["axis"] for wire in sorts(circuit)}
    return [wire for wire, axis in axes.items() if equal_neighbours(values[wire], axis).any()]


def arrangements(circuit: Circuit, at: Mapping[str, Value]) -> Iterator[None]:
    """Have the same computed once as elements came, and once for each stage that may sort equal ones."""
    yield
    if sorts(circuit):
        yield from other_arrangements(circuit, with_equals(circuit, evaluate(circuit, at)))


def other_arrangements(circuit: Circuit, wires: Sequence[int]) -> Iterator[None]:
    """The same with one after the other of the stages that sort reflected: of two of them together, one may undo what
    the other does."""
    if not wires:
        return
    from backprop.numbers.arrays import REFLECTED

    known = meanings(circuit)
    for stage in dict.fromkeys(known[wire] for wire in wires):
        token = REFLECTED.set(stage)
        try:
            yield
        finally:
            REFLECTED.reset(token)


def agreed(blocks: Sequence[Value], ones: Sequence[Value], others: Sequence[Value], rows: int = 0) -> Value:
    """A block of second derivatives, nan where the orders do not agree on it, or on both gradients that it stands for,
    or where neither of these is a number.

    `ones` and `others` are those gradients, in each order. The first `rows` axes of all of them count rows.
    """
    if len(blocks) == 1 and (steady(ones) or steady(others)):
        return blocks[0]
    if len(blocks) == 1 and not shape_of(blocks[0]):
        return nan
    one, other = jumping(ones), jumping(others)
    lead, own, behind = one.shape[:rows], one.shape[rows:], other.shape[rows:]
    jumps = one.reshape(lead + own + (1,) * len(behind)) & other.reshape(lead + (1,) * len(own) + behind)
    return untold(blocks[0], varying(blocks) | jumps)


def steady(found: Sequence[Value]) -> bool:
    """Whether all of a gradient is a number, and there is one order."""
    value = found[0]
    return len(found) == 1 and bool((value == value).all() if shape_of(value) else value == value)


def jumping(found: Sequence[Value]) -> Any:
    """Which elements of a gradient are no numbers, or not the same in all orders."""
    import numpy as np

    return np.isnan(found[0]) | varying(found)


def untold(value: Value, mask: Any) -> Value:
    """A value, nan where the mask says so."""
    import numpy as np

    found = np.where(mask, np.nan, value)
    return found if shape_of(found) else float(found)


def varying(found: Sequence[Value]) -> Any:
    """Which elements are not the same in all orders, but for rounding."""
    import numpy as np

    first = np.asarray(found[0])
    size = np.max(abs(first), initial=0.0, where=np.isfinite(first))
    with np.errstate(all="ignore"):
        same = [np.isclose(first, one, rtol=1e-9, atol=1e-12 * size, equal_nan=True) for one in found[1:]]
    return ~np.all([np.ones(first.shape, bool), *same], axis=0)
