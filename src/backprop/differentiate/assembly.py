"""Operations on arrays whose shapes are known, each made once.

Gates that are spelt by others are opened, equal operations are made once, and what hangs on shapes and numbers alone is
known beforehand. Where two arrays are equal in no element, as a rule looks for what is infinite, they are taken to be
so, and compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate import functions
from backprop.differentiate.algebra import spliced
from backprop.differentiate.derive import Derived
from backprop.differentiate.growing import slice_of
from backprop.gates import CONSTANT, GATES, INPUT, Gate
from backprop.numbers import arrays, elementwise
from backprop.numbers.linear import product_plan
from backprop.numbers.shapes import Shape, shape_of

Array = Any  # float or np.ndarray of float64

EQUAL, WHERE, MULTIPLY = GATES["equal"], GATES["where"], GATES["multiply"]
ADD, SUBTRACT = GATES["add"], GATES["subtract"]
TRANSPOSE, RESHAPE, MATMUL = GATES["transpose"], GATES["reshape"], GATES["matmul"]
LIKE, IDENTITY, SUM = GATES["like"], GATES["identity"], GATES["sum"]
SPREADING = {GATES[name] for name in ("unbroadcast", "like", "reshape_like")}


class Assembly:
    """Operations on arrays whose shapes are known, each made once: a circuit, and its values at the point it is made
    for."""

    def __init__(self, assuming: bool) -> None:
        self.circuit = Circuit()
        self.assuming = assuming
        self.values: list[Array] = []
        self.fixed: set[int] = set()  # the wires that are the same at every point
        self.seen: dict[tuple[Gate, tuple[int, ...]], int] = {}
        self.known: dict[object, int] = {}  # the wires of numbers, and of what stands in for shapes
        self.assumed: list[tuple[int, int]] = []  # the wires that are taken to be equal in no element

    def take(self, derived: Derived, at: Mapping[str, Array]) -> dict[int, int]:
        """Make what the value and the gradients of a derived circuit need; where each of its wires is now."""
        circuit, repeated = derived.circuit, repetitions(derived)
        wires: dict[int, int] = {}
        for name, wire in circuit.variables.items():
            wires[wire] = self.circuit.add_variable(name)
            self.values.append(at[name])
        for wire in circuit.ancestors([derived.value, *derived.gradients.values()]):
            gate, inputs = circuit.gates[wire], circuit.inputs[wire]
            if gate is CONSTANT:
                wires[wire] = self.constant(circuit.constants[wire])
            elif (chain := unchained(circuit, wire, repeated.get(wire, 0))) is not None:
                how, before, piece = chain
                made, sources = circuit.gates[piece], [wires[source] for source in circuit.inputs[piece]]
                many = self.times(made, sources, wires[piece], float(repeated[wire]))
                if before is None:
                    wires[wire] = many
                else:  # a sum that began by a share that was taken off is a difference
                    wires[wire] = self.put(how, (wires[before], many) if how is gate else (many, wires[before]))
            elif gate is not INPUT:
                wires[wire] = self.put(gate, tuple([wires[source] for source in inputs]))
        return wires

    def times(self, gate: Gate, sources: list[int], wire: int, times: float) -> int:
        """A share that is sent several times; of a product, the gradient from above is multiplied."""
        if gate.name == "einsum":
            return self.put(gate, (self.put(MULTIPLY, (self.constant(times), sources[0])), *sources[1:]))
        return self.put(MULTIPLY, (wire, self.constant(times)))

    def shape(self, wire: int) -> Shape:
        return shape_of(self.values[wire])

    def constant(self, value: Array) -> int:
        """The wire of what is the same at every point."""
        key = repr(value) if isinstance(value, float) else id(value)
        if key not in self.known:
            self.known[key] = wire = self.circuit.add_constant(value)
            self.values.append(value)
            self.fixed.add(wire)
        return self.known[key]

    def standing_in(self, wire: int) -> int:
        """Something of the same shape, where nothing else is asked for: nobody has to keep the array."""
        shape = self.shape(wire)
        key = "shape", shape
        if key not in self.known:
            self.known[key] = self.constant(np.broadcast_to(0.0, shape) if shape else 0.0)
        return self.known[key]

    def put(self, gate: Gate, sources: tuple[int, ...]) -> int:
        """The wire of a gate's result: known, found, opened, or added."""
        if gate.shaped_by:
            place = gate.arguments.index(gate.shaped_by)
            stop = len(sources) if gate.variadic and place == len(gate.arguments) - 1 else place + 1
            sources = (*sources[:place], *map(self.standing_in, sources[place:stop]), *sources[stop:])
        if not gate.mixes and len(sources) > 1:
            sources = self.unstretched(sources)
        key = gate, sources
        if key not in self.seen:
            found = self.same(gate, sources)
            if found is None and not all(source in self.fixed for source in sources):
                found = self.opened(gate, sources)
            self.seen[key] = self.added(gate, sources) if found is None else found
        return self.seen[key]

    def added(self, gate: Gate, sources: tuple[int, ...]) -> int:
        """The wire of a gate's result, as it stands; a constant, where nothing it hangs on varies."""
        value = functions.forward(gate, len(sources), True)(*[self.values[source] for source in sources])
        if all(source in self.fixed for source in sources):
            return self.constant(value)
        if gate is EQUAL and self.assuming and np.size(value) and not np.any(value):
            self.assumed.append((self.before(sources[0]), self.before(sources[1])))
            return self.constant(np.broadcast_to(0.0, value.shape))
        wire = self.circuit.add(gate, sources)
        self.values.append(value)
        return wire

    def before(self, wire: int) -> int:
        """What a wire is stretched from; itself, where it is not stretched."""
        stretched = self.circuit.gates[wire] is LIKE and np.size(self.values[wire]) > 0
        return self.circuit.inputs[wire][0] if stretched else wire

    def unstretched(self, sources: tuple[int, ...]) -> tuple[int, ...]:
        """The inputs of a gate that stretches them itself, where the others tell the shape."""
        before = tuple(map(self.before, sources))
        same = np.broadcast_shapes(*map(self.shape, before)) == np.broadcast_shapes(*map(self.shape, sources))
        return before if same else sources

    def same(self, gate: Gate, sources: tuple[int, ...]) -> int | None:
        """A wire that has the value of a gate's result already, or None."""
        if gate is IDENTITY:
            return sources[0]
        if gate in SPREADING:
            return sources[0] if self.shape(sources[0]) == self.shape(sources[1]) else None
        if gate is WHERE and sources[0] in self.fixed:
            mask = np.not_equal(self.values[sources[0]], 0)
            found = sources[1] if mask.all() else None if mask.any() else sources[2]
            whole = np.broadcast_shapes(*map(self.shape, sources))
            return found if found is not None and self.shape(found) == whole else None
        if gate is MULTIPLY:
            for one, other in (sources, sources[::-1]):
                if one in self.fixed and np.all(np.equal(self.values[one], 1.0)):
                    whole = np.broadcast_shapes(self.shape(one), self.shape(other))
                    return other if self.shape(other) == whole else None
        return None

    def opened(self, gate: Gate, sources: tuple[int, ...]) -> int | None:
        """A gate by others, as it is computed, too; None where it is not."""
        way = getattr(self, f"opened_{gate.name}", None)
        if way is not None:
            found: int | None = way(gate, *sources)
            return found
        text = spelling(gate) if all(np.size(self.values[source]) for source in sources) else ""
        if not text:
            return None
        return spliced(template(text, gate.names(len(sources)), gate), sources, self.constant, self.put)

    def opened_tril(self, gate: Gate, wire: int) -> int | None:
        """A triangle is chosen by a mask."""
        if len(self.shape(wire)) < 2:
            return None
        inside = functions.forward(gate, 1, True)(np.ones(self.shape(wire)[-2:]))
        return self.put(WHERE, (self.constant(inside), wire, self.constant(0.0)))

    opened_triu = opened_tril

    def opened_unbroadcast(self, gate: Gate, wire: int, to: int) -> int | None:
        given, shape = self.shape(wire), self.shape(to)
        lead = len(given) - len(shape)
        if lead < 0 or any(own not in (1, one) for one, own in zip(given[lead:], shape, strict=True)):
            return None  # a mask may be smaller
        stretched = [axis for axis in range(lead, len(given)) if shape[axis - lead] != given[axis]]
        axes = (*range(lead), *stretched)
        found = self.put(SUM.with_options({"axis": axes}), (wire,))
        return self.turned(found, None, shape) if shape else found

    def opened_matmul_left(self, gate: Gate, h: int, B: int, A: int) -> int | None:
        matrices = len(self.shape(A)) > 1 and len(self.shape(B)) > 1
        return self.put(MATMUL, (h, self.put(TRANSPOSE, (B,)))) if matrices else None

    def opened_matmul_right(self, gate: Gate, A: int, h: int, B: int) -> int | None:
        matrices = len(self.shape(A)) > 1 and len(self.shape(B)) > 1
        return self.put(MATMUL, (self.put(TRANSPOSE, (A,)), h)) if matrices else None

    def opened_spread(self, gate: Gate, wire: int, to: int) -> int:
        """What was summed up, with the axes that it lost, and stretched."""
        axis, shape = gate.settings["axis"], list(self.shape(to))
        if axis is not None and not gate.settings["keepdims"] and shape:
            for one in axis if isinstance(axis, tuple) else (axis,):
                shape[one] = 1
            wire = self.turned(wire, None, shape)
        return self.put(LIKE, (wire, to))

    def opened_einsum(self, gate: Gate, *sources: int) -> int | None:
        """An einsum is one product, of matrices or element by element."""
        subscripts = gate.settings["subscripts"]
        plan = None if "..." in subscripts else product_plan(subscripts, tuple(map(self.shape, sources)))
        if plan is None:
            return None
        one, other = sources[::-1] if plan.turned else sources
        left, right = self.turned(one, plan.left, plan.left_shape), self.turned(other, plan.right, plan.right_shape)
        if plan.elementwise:
            return self.put(MULTIPLY, (left, right))
        found = self.turned(self.put(MATMUL, (left, right)), None, plan.shape)
        return found if plan.back is None else self.turned(found, plan.back, None)

    def opened_part(self, gate: Gate, h: int, x: int, start: int) -> int:
        return self.put(slice_of(gate, self.shape(x), int(self.values[start])), (h,))

    def turned(self, wire: int, axes: Sequence[int] | None, shape: Sequence[int] | None) -> int:
        """A wire with its axes in another order, and then in another shape."""
        if axes is not None and list(axes) != sorted(axes):
            wire = self.put(TRANSPOSE.with_options({"axes": tuple(axes)}), (wire,))
        if shape is not None and tuple(shape) != self.shape(wire):
            wire = self.put(RESHAPE.with_options({"shape": tuple(shape)}), (wire,))
        return wire


def spelling(gate: Gate) -> str:
    """The text by which a gate is computed on arrays, or "" where it has a function of its own, or needs numbers."""
    own = arrays.function(gate.name) is not None
    if gate.mixes:
        return gate.exact if gate.opens or not own else ""
    return "" if own else elementwise.spelling(gate, None)


def repetitions(derived: Derived) -> dict[int, int]:
    """The sums in which an input that a stage takes several times has got one share as many times; how many. A run adds
    them at once."""
    found: dict[int, int] = {}
    latest: dict[int, tuple[int, int, int]] = {}  # by the wire it goes to: from where, which share, how many times
    for share in derived.shares:
        sender, piece, times = latest.get(share.to, (-1, -1, 0))
        again = (sender, piece) == (share.sender, share.piece) and not derived.circuit.gates[sender].routes
        latest[share.to] = share.sender, share.piece, times + 1 if again else 1
        if again:
            found[share.total] = times + 1
    return found


def unchained(circuit: Circuit, wire: int, times: int) -> tuple[Gate, int | None, int] | None:
    """By which gate a share is added several times, to what, if to anything, and the share. None where that is not how
    the sum is made."""
    gate, inputs = circuit.gates[wire], circuit.inputs[wire]
    if times < 2 or gate not in (ADD, SUBTRACT):
        return None
    (before, piece), left = inputs, times - 1
    while left and circuit.gates[before] is gate and circuit.inputs[before][1] == piece:
        before, left = circuit.inputs[before][0], left - 1
    if left == 0:
        return gate, before, piece
    if left > 1 or gate is SUBTRACT:
        return None
    if circuit.gates[before] is SUBTRACT and circuit.inputs[before][0] == piece:
        return SUBTRACT, circuit.inputs[before][1], piece
    return (gate, None, piece) if before == piece else None
