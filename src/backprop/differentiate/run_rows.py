"""A circuit on many rows: arrays whose first axis counts rows, each row of the same shape, a gate at a time.

An element-wise gate takes arrays with the rows in front as it takes any others; a gate that mixes elements has a way of
its own for many rows (backprop.numbers.rowwise), goes along an axis that is counted one further, takes a stack, or is
its definition; and where it is none of these, it is computed row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate import functions
from backprop.gates import CONSTANT, GATES, INPUT, Gate
from backprop.numbers import rowwise
from backprop.numbers.rowwise import Diagonal, Rows, Value, aligned, each, row_shape
from backprop.numbers.shapes import Shape

FunctionOf = Callable[[Gate, int], Callable[..., Any]]  # of a gate with so many inputs
ON_ARRAYS: FunctionOf = partial(functions.forward, on_arrays=True)
MULTIPLY = GATES["multiply"]


def applied(gate: Gate, inputs: Sequence[Value], count: int, function_of: FunctionOf = ON_ARRAYS) -> Value:
    """A gate on many rows. What is the same in every row stays so."""
    forward = function_of(gate, len(inputs))
    if not any(isinstance(x, Rows) for x in inputs):
        return forward(*inputs)
    if gate is MULTIPLY and (found := diagonal(*inputs)) is not None:
        return found
    if not gate.mixes:
        return Rows(forward(*aligned(inputs)))
    own = rowwise.function(gate.name)
    found = None if own is None else own(count, *inputs, **gate.settings)
    if found is not None:
        return found
    if gate.flat and own is None:  # it looks at shapes alone
        return forward(*[x.array[0] if isinstance(x, Rows) else x for x in inputs])
    if gate.stacks:
        return Rows(forward(*[each(x, count) for x in inputs]))
    rank = max(len(row_shape(x)) for x in inputs)
    if not rank and len(inputs) == 1 and gate.settings.get("axis", 0) is None:  # a number is a vector of one
        (numbers,) = inputs
        over_one = function_of(gate.with_options({"axis": 1}), 1)
        return Rows(over_one(each(numbers, count)[:, None]).reshape(count))
    along = behind_rows(gate, rank)
    if along is not None:
        return Rows(function_of(along, len(inputs))(*[each(x, count) for x in inputs]))
    if gate.exact and not gate.settings and own is None:
        return defined(gate, inputs, count)
    return Rows(
        np.stack([forward(*[x.array[row] if isinstance(x, Rows) else x for x in inputs]) for row in range(count)])
    )


def diagonal(x: Value, y: Value) -> Value | None:
    """A product with rows that have one element each, or None."""
    return x.times(y) if isinstance(x, Diagonal) else y.times(x) if isinstance(y, Diagonal) else None


def behind_rows(gate: Gate, rank: int) -> Gate | None:
    """A gate that goes along an axis, with the axis counted behind that of the rows; None for other gates."""
    if "axis" not in gate.settings or not rank:
        return None
    axis = gate.settings["axis"]
    if axis is None:
        return gate.with_options({"axis": tuple(range(1, rank + 1))})
    axes = tuple([one % rank + 1 for one in (axis if isinstance(axis, tuple) else (axis,))])
    return gate.with_options({"axis": axes if isinstance(axis, tuple) else axes[0]})


def defined(gate: Gate, inputs: Sequence[Value], count: int) -> Value:
    """A gate as its row says it."""
    circuit = template(gate.exact, gate.names(len(inputs)), gate)
    at = dict(zip(gate.names(len(inputs)), inputs, strict=True))
    return evaluate(circuit, [circuit.output], at, count, function_of=functions.part)[circuit.output]


def evaluate(
    circuit: Circuit,
    wanted: Iterable[int],
    at: Mapping[str, Value],
    count: int,
    known: Mapping[int, Value] | None = None,
    function_of: FunctionOf = ON_ARRAYS,
) -> dict[int, Value]:
    """The values of some wires in `count` rows. Those that are `known` are not computed again."""
    wanted = set(wanted)
    values: dict[int, Value] = dict(known or {})
    order = circuit.ancestors(wanted)
    last = {source: wire for wire in order for source in circuit.inputs[wire]}
    for wire in order:
        if wire in values:
            continue
        gate, sources = circuit.gates[wire], circuit.inputs[wire]
        if gate is INPUT:
            values[wire] = at[circuit.names[wire]]
        elif gate is CONSTANT:
            values[wire] = circuit.constants[wire]
        else:
            values[wire] = applied(gate, [values[source] for source in sources], count, function_of)
            for source in sources:
                if last[source] == wire and source not in wanted:
                    values.pop(source, None)
    return {wire: values[wire] for wire in wanted}


def spread_out(value: Value, shape: Shape, count: int) -> Any:
    """A value as a column: a value of a shape for each row."""
    if isinstance(value, Rows):
        return np.broadcast_to(rowwise.raised(value.array, len(shape)), (count, *shape))
    return np.broadcast_to(value, (count, *shape))
