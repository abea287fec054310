"""A circuit on arrays as one function: what a loop that evaluates it again and again, at arrays of the same shapes,
calls.

It is the derived circuit, with a wire for every gradient, as an assembly of operations on arrays: gates that are spelt
by others are opened, equal operations are made once, and what hangs on shapes and numbers alone is known beforehand.
Nothing is kept that nobody reads any more. An operation that NumPy writes where it is told to writes into an operand
that nobody reads after it. The answers are the same bits as those of a run, but for the sign of a 0 where nothing
flows.

Where two arrays are equal in no element, as a rule looks for what is infinite, they are taken to be so, and compared.
Where they are not, where a gradient is not finite, and where a gate cannot take its inputs, `run` has the word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate import functions, run_arrays
from backprop.differentiate.algebra import spliced
from backprop.differentiate.derive import Derived, derive
from backprop.differentiate.growing import slice_of
from backprop.errors import Problem
from backprop.gates import CONSTANT, GATES, INPUT, Gate
from backprop.numbers import arrays, elementwise
from backprop.numbers.buffers import LARGE, Pool, chosen, pooled
from backprop.numbers.linear import product, product_plan
from backprop.numbers.shapes import Mismatch, Shape, shape_of

Array = Any  # float or np.ndarray of float64
Answer = tuple[Array, dict[str, Array]]  # the value, and the gradient of each variable that was asked for
Planned = Callable[[Mapping[str, Array]], Answer | None]  # None where run has the word
PAYS = 10  # what it costs to make the function, in runs of the circuit
MOST_PLANS = 8  # functions of a circuit, for shapes that change
MOST_STAGES = 5_000
RAISED = Mismatch, ValueError, IndexError, TypeError, MemoryError, Problem

EQUAL, WHERE, MULTIPLY = GATES["equal"], GATES["where"], GATES["multiply"]
ADD, SUBTRACT = GATES["add"], GATES["subtract"]
TRANSPOSE, RESHAPE, MATMUL = GATES["transpose"], GATES["reshape"], GATES["matmul"]
LIKE, IDENTITY, SUM = GATES["like"], GATES["identity"], GATES["sum"]
SPREADING = {GATES[name] for name in ("unbroadcast", "like", "reshape_like")}
# Gates whose inputs need no check any more, in NumPy's words.
DIRECT = {
    "reshape": "{0}.reshape({shape})",
    "transpose": "{0}.transpose({axes})",
    "sum": "np.add.reduce({0}, axis={axis}, keepdims={keepdims})",
    "max_of": "np.maximum.reduce({0}, axis={axis}, keepdims={keepdims})",
    "min_of": "np.minimum.reduce({0}, axis={axis}, keepdims={keepdims})",
    "matmul": "product({0}, {1})",
}


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


def layout(value: Array) -> object:
    """The shape of a value, and how it lies in memory: so lies what is computed from it, and in that order it is summed
    up."""
    return (value.shape, value.strides) if isinstance(value, np.ndarray) else ()


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


class Writer:
    """The lines of the function, and what they call."""

    def __init__(self, assembly: Assembly, value: int, gradients: Mapping[str, int]) -> None:
        self.assembly, self.circuit = assembly, assembly.circuit
        self.value, self.gradients = value, gradients
        self.scope: dict[str, Any] = {"np": np, "chosen": chosen, "product": product}
        needed = self.circuit.ancestors(
            [value, *gradients.values(), *(one for pair in assembly.assumed for one in pair)]
        )
        order = [wire for wire in needed if self.circuit.inputs[wire]]
        self.roots = self.memory(order)
        self.order = self.sooner(order)
        self.checks: dict[int, list[tuple[int, int]]] = {}  # what is assumed, by the place where it can be looked for
        self.last = self.last_reads()
        self.masks = self.conditions([value, *gradients.values()])

    # ── who reads what, and whose memory it is ──

    def sooner(self, order: list[int]) -> list[int]:
        """The operations in an order in which one that may write into an operand comes after the others that read it,
        where those are ready and no larger."""
        inputs, values = self.circuit.inputs, self.assembly.values
        readers: dict[int, list[int]] = {}  # of what lies in some memory
        for wire in order:
            for root in {root for source in inputs[wire] for root in self.roots[source]}:
                readers.setdefault(root, []).append(wire)
        done: dict[int, None] = {}
        for wire in order:
            for source in inputs[wire] if self.ufunc(wire) is not None else ():
                size = np.size(values[source])
                for other in readers[source] if size >= LARGE and self.roots[source] == {source} else ():
                    ready = all(one in done or not inputs[one] for one in inputs[other])
                    if other > wire and ready and np.size(values[other]) <= size:
                        done[other] = None
            done[wire] = None
        return list(done)

    def memory(self, order: Iterable[int]) -> dict[int, frozenset[int]]:
        """The wires in whose memory each wire may lie: its own, where it is a new array."""
        found: dict[int, frozenset[int]] = {}
        for wire in self.circuit.variables.values():
            found[wire] = frozenset([wire])
        for wire in order:
            for source in self.circuit.inputs[wire]:
                found.setdefault(source, frozenset([source]))
            lies = [found[source] for source in self.circuit.inputs[wire]]
            found[wire] = frozenset([wire]) if self.is_new(wire) else frozenset[int]().union(*lies)
        return found

    def is_new(self, wire: int) -> bool:
        """Whether an operation makes an array of its own, that can be written to."""
        gate, value = self.circuit.gates[wire], self.assembly.values[wire]
        if not isinstance(value, np.ndarray) or not value.ndim:
            return True  # a number is no memory
        taken = [self.assembly.values[source] for source in self.circuit.inputs[wire]]
        if any(np.may_share_memory(value, one) for one in taken):
            return False  # max(x, x) is x itself
        return bool(value.flags.writeable and (gate.fresh or not gate.mixes))

    def last_reads(self) -> dict[int, int]:
        """For each wire in whose memory others lie, the place of the last operation that reads any of them."""
        found: dict[int, int] = {}
        for place, wire in enumerate(self.order):
            for source in (wire, *self.circuit.inputs[wire]):
                for root in self.roots[source]:
                    found[root] = place
        places = {wire: place for place, wire in enumerate(self.order)}
        for pair in self.assembly.assumed:
            place = max(places.get(wire, -1) for wire in pair)  # of inputs: before all operations
            self.checks.setdefault(place, []).append(pair)
            for root in {root for wire in pair for root in self.roots.get(wire, ())}:
                found[root] = max(found.get(root, place), place)
        for wire in (self.value, *self.gradients.values()):
            for root in self.roots.get(wire, (wire,)):
                found[root] = len(self.order)
        return found

    def conditions(self, results: Iterable[int]) -> set[int]:
        """The comparisons that nothing but choices asks: they can be true and false, and no numbers."""
        found = {wire for wire in self.order if self.circuit.gates[wire].compares} - {*results}
        for wire in self.order:
            inputs = self.circuit.inputs[wire]
            found -= {*(inputs[1:] if self.circuit.gates[wire] is WHERE else inputs)}
        return found - {one for pair in self.assembly.assumed for one in pair}

    def ufunc(self, wire: int) -> Any:
        """The function of a gate that NumPy writes where it is told to, or None."""
        gate = self.circuit.gates[wire]
        function = None if gate.mixes or gate.variadic else arrays.function(gate.name)
        found = getattr(function, "ufunc", None)
        return found if found is not None and len(self.circuit.inputs[wire]) == found.nin else None

    # ── lines ──

    def function(self) -> Planned:
        """The function, compiled."""
        lines = [f"{self.name(wire)} = at[{name!r}]" for name, wire in self.circuit.variables.items()]
        lines += map(self.assumption, self.checks.get(-1, ()))
        for place, wire in enumerate(self.order):
            lines += self.operation(place, wire)
        lines.append(f"return {self.result(self.value)}, {{{self.results()}}}")
        exec("\n    ".join(["def function(at):", *lines]), self.scope)
        made: Planned = self.scope["function"]
        return made

    def assumption(self, pair: tuple[int, int]) -> str:
        one, other = map(self.name, pair)
        return f"if np.equal({one}, {other}).any(): return None"

    def name(self, wire: int) -> str:
        """What a wire is called in the lines."""
        if wire in self.assembly.fixed:
            self.scope[f"k{wire}"] = self.assembly.values[wire]
            return f"k{wire}"
        return f"q{wire}"

    def condition(self, wire: int) -> str:
        """What the condition of a choice is called, which is true and false."""
        if wire in self.assembly.fixed:
            self.scope[f"m{wire}"] = np.not_equal(self.assembly.values[wire], 0)
            return f"m{wire}"
        return self.name(wire)

    def operation(self, place: int, wire: int) -> list[str]:
        """The line of an operation, and one that forgets what nobody reads any more."""
        gate, sources = self.circuit.gates[wire], self.circuit.inputs[wire]
        arguments, function, value = list(map(self.name, sources)), self.ufunc(wire), self.assembly.values[wire]
        free = [source for source in sources if self.is_free(source, place, value)]
        if gate is WHERE and (sources[0] in self.masks or sources[0] in self.assembly.fixed):
            function, arguments[0] = chosen, self.condition(sources[0])
            arguments += [self.name(sources[1])] if sources[1] in free else []
        elif function is not None:
            arguments += [self.name(source) for source in free[:1]]
            if not free and np.size(value) >= LARGE:  # as it asks for memory, so it lies there
                function = functions.forward(gate, len(sources), True)
        else:
            function = functions.forward(gate, len(sources), True)
            function = function.truths if wire in self.masks else function  # type: ignore[attr-defined]
        self.scope[f"f{wire}"] = function
        call = self.direct(wire, arguments) or f"f{wire}({', '.join(arguments)})"
        lines = [f"q{wire} = {call}", *map(self.assumption, self.checks.get(place, ()))]
        ended = {source for source in sources if all(self.last[root] <= place for root in self.roots[source])}
        gone = [self.name(source) for source in ended if source not in self.assembly.fixed]
        return [*lines, f"{' = '.join(gone)} = None"] if gone else lines

    def direct(self, wire: int, arguments: list[str]) -> str:
        """A gate in NumPy's own words, or "" where it has none, or takes numbers."""
        gate, inputs = self.circuit.gates[wire], self.circuit.inputs[wire]
        text = DIRECT.get(gate.name, "")
        if (
            not text
            or not all(self.assembly.shape(source) for source in inputs)
            or gate.settings.get("axes", ()) is None
        ):
            return ""
        return text.format(*arguments, **gate.settings)

    def is_free(self, wire: int, place: int, result: Array) -> bool:
        """Whether an operation may write its result into the memory of what it reads: it would lie there, too."""
        value, roots = self.assembly.values[wire], self.roots[wire]
        if not shape_of(value) or layout(value) != layout(result) or not value.flags.writeable:
            return False
        return all(self.circuit.inputs[root] and self.last[root] <= place for root in roots)

    # ── results, which are nobody else's ──

    def result(self, wire: int) -> str:
        """A value as it is handed out: a number, or an array that nobody else has."""
        shape, roots = self.assembly.shape(wire), self.roots.get(wire, frozenset([wire]))
        if not shape:
            return f"float({self.name(wire)})"
        readers = [one for one in (self.value, *self.gradients.values()) if self.roots.get(one, {one}) & roots]
        own = all(self.circuit.inputs[root] and root not in self.assembly.fixed for root in roots)
        if own and len(readers) == 1 and self.assembly.values[wire].flags.writeable:
            return self.name(wire)
        return f"np.array({self.name(wire)})"

    def results(self) -> str:
        return ", ".join(f"{name!r}: {self.result(wire)}" for name, wire in self.gradients.items())
