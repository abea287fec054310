"""The output as a function of one wire alone: what a numerical derivative is taken of.

It is the forward pass that is run here, gate by gate, on floats or on complex numbers. No rule and no derived circuit
has a part in it, so that it can judge them.
"""

from __future__ import annotations

from backprop.circuit.lower import template
from backprop.differentiate import functions, rules
from backprop.differentiate.run import Run
from backprop.errors.light import TYPE_CHECKING, NamedTuple
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.numbers import complexes
from backprop.numbers.shapes import magnitude, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

Signature = tuple["Any", ...]
EPSILON = 2.220446049250313e-16
SMALLEST = 5e-324  # what is below underflows: no number is known better
LARGE = 1e300
WHOLE = 2.0**53  # from here on, all floats are whole: on which piece a gate is cannot be told
COMPLEX_STEP = 1e-20  # relative


class Reading(NamedTuple):
    """The output at a place, and the pieces of all gates with kinks that it came through."""

    value: float
    pieces: Signature


class Probe:
    """Moves one wire and reads the output. `kinked` are the stages whose pieces are in a reading, in its order.

    Of an array it moves one element (a flat index), or all of it along a `direction`. The output is a number: that of a
    circuit whose output is an array is its product with the gradient from above.
    """

    def __init__(
        self,
        result: Run,
        wire: int,
        *,
        element: int | None = None,
        direction: Any = None,
        values: list[Any] | None = None,
    ) -> None:
        self.result, self.circuit, self.wire = result, result.circuit, wire
        self.values: list[Any] = result.values if values is None else values
        self.element, self.direction = element, direction
        circuit, arrays = result.circuit, result.arrays
        reached = bytearray(len(circuit))
        reached[wire] = 1
        needed = bytearray(len(circuit))
        for stage in circuit.ancestors([circuit.output]):
            needed[stage] = 1
        self.plan: list[tuple[int, Callable[..., Any], tuple[int, ...]]] = []
        self.kinked: list[int] = []
        self.sides: list[tuple[int, Callable[..., Any], tuple[int, ...]]] = []
        for stage in range(wire + 1, circuit.output + 1):
            gate, inputs = circuit.gates[stage], circuit.inputs[stage]
            if not needed[stage] or not any(reached[source] for source in inputs):
                continue
            reached[stage] = 1
            self.plan.append((stage, functions.forward(gate, len(inputs), arrays), inputs))
            for side in rules.piece(gate, len(inputs), arrays):
                self.kinked.append(stage)
                self.sides.append((stage, side, inputs))
        smooth = not self.sides and not arrays
        self.analytic = smooth and all(complex_function(circuit.gates[stage]) for stage, _, _ in self.plan)

    def beside(self, x: float) -> Probe:
        """The same probe where the wire stands elsewhere."""
        return Probe(self.result, self.wire, element=self.element, direction=self.direction, values=self.moved(x))

    def of(self, result: Run) -> Probe:
        """The same probe of the run that was made of its values."""
        return Probe(result, self.wire, element=self.element, direction=self.direction)

    @property
    def at(self) -> float:
        """Where the wire stands: the number, the element, or 0 on the line along the direction."""
        if self.direction is not None:
            return 0.0
        value = self.values[self.wire]
        return float(value if self.element is None else value.ravel()[self.element])

    def put(self, x: float) -> Any:
        """The wire's value at x."""
        value = self.values[self.wire]
        if self.direction is not None:
            return value + x * self.direction
        if self.element is None:
            return x
        changed = value.copy()
        changed.reshape(-1)[self.element] = x
        return changed

    def pick(self, gradient: Any) -> float:
        """What a gradient of the wire says about this probe: the number, the element, or the part along the
        direction."""
        if self.direction is not None:
            return float((gradient * self.direction).sum())
        return float(gradient if self.element is None else gradient.ravel()[self.element])

    def moved(self, x: float) -> list[Any]:
        """All values with the wire at x."""
        values = self.values.copy()
        values[self.wire] = self.put(x)
        for stage, function, inputs in self.plan:
            values[stage] = function(*[values[source] for source in inputs])
        return values

    def read(self, x: float) -> Reading:
        """The output with the wire at x."""
        values = self.moved(x)
        pieces = [side(*[values[s] for s in inputs], values[stage]) for stage, side, inputs in self.sides]
        out = values[self.circuit.output] * self.result.upstream
        value = float(out if isinstance(out, float) else out.sum())
        return Reading(value, tuple([told(piece) for piece in pieces]))

    def is_tied(self) -> bool:
        """Whether a gate on the way, one that sends gradients, sits right on its kink."""
        for stage in dict.fromkeys(self.kinked):
            gate, inputs = self.circuit.gates[stage], self.circuit.inputs[stage]
            if gate.kink and not gate.flat:
                function = rules.kink(gate, len(inputs), self.result.arrays)
                on_kink = function(*[self.values[source] for source in inputs], self.values[stage])
                if on_kink.any() if shape_of(on_kink) else on_kink:
                    return True
        return False

    def sizes(self) -> list[float]:
        """The sizes of the wire and of what the stages on the way read, smallest first: the steps it may take there."""
        wires = {self.wire, *(source for _, _, inputs in self.plan for source in inputs)}
        found = {abs(value) for wire in wires if isinstance(value := self.values[wire], float)}
        return sorted({1.0, abs(self.at) or 1.0, *(size for size in found if 0 < size < 1)})

    def backward_rounding(self) -> float:
        """How far the rounding of the backward pass can move the gradient: what the sizes of all shares add up to,
        which is much where they cancel. Of numbers only; 0 for arrays."""
        result, circuit = self.result, self.circuit
        if result.arrays:
            return 0.0
        shares = {circuit.output: abs(result.upstream)}
        errors = {circuit.output: 0.0}
        for stage, _, inputs in reversed(self.plan):
            share, error = shares.get(stage, 0.0), errors.get(stage, 0.0)
            wanted = tuple([bool(circuit.active[source]) for source in inputs])
            partials = rules.of_stage(circuit, stage, rules.partials, result.ties, wanted)
            found = partials(*[self.values[source] for source in inputs], self.values[stage])
            for source, partial in zip(inputs, found, strict=True):
                if not share or (not partial and circuit.gates[stage].routes):
                    continue  # nothing is sent
                slope = abs(partial or 0.0)
                shares[source] = shares.get(source, 0.0) + slope * share
                rounded = slope * error + (4 * EPSILON * slope + SMALLEST) * share
                errors[source] = errors.get(source, 0.0) + rounded
        return errors.get(self.wire, 0.0)

    def rounding(self, relative: float = EPSILON) -> float:
        """How far rounding each stage on the way, by so much of itself and by what underflows, can move the output: to
        first order, a sum over the stages."""
        result, total = self.result, 0.0
        for stage, _, inputs in self.plan:
            value, gradient = self.values[stage], result.gradient(stage)
            if shape_of(value) == shape_of(gradient):  # beside the point a mask may choose other elements
                sizes = [magnitude(self.values[source]) for source in inputs]
                underflow = SMALLEST * max([1.0, *(size for size in sizes if size < LARGE)])  # scaled in the gate
                total += relative * magnitude(self.terms(stage) * gradient) + underflow * magnitude(gradient)
        return total

    def terms(self, stage: int) -> Any:
        """How large the numbers are that a stage adds up: as large as its value, if its gate says nothing else."""
        gate, inputs = self.circuit.gates[stage], self.circuit.inputs[stage]
        if not gate.terms:
            return self.values[stage]
        size = rules.condition(gate.terms, gate, len(inputs), self.result.arrays)
        return size(*[self.values[source] for source in inputs], self.values[stage])

    def complex_slope(self) -> float | None:
        """The derivative by the complex step; None where a gate is not analytic, or the numbers do not allow it.

        Two steps must agree: at a branch point, as that of sqrt at 0, they do not.
        """
        x = self.at
        if not self.analytic or (x != 0 and abs(x) < 1e-280):
            return None
        first, second = (self.complex_step(size * (abs(x) or 1.0)) for size in (COMPLEX_STEP, 1e-4 * COMPLEX_STEP))
        if first is None or second is None or not abs(first - second) <= 1e-10 * max(abs(first), abs(second)):
            return None
        return first

    def complex_step(self, step: float) -> float | None:
        """The imaginary part of the output, over the step; None on another branch of a function, at an overflow, or
        where a definition has lost the digits of a stage."""
        values: list[Any] = list(self.values)
        values[self.wire] = complex(self.at, step)
        for stage, _, inputs in self.plan:
            function = complex_function(self.circuit.gates[stage])
            assert function is not None
            values[stage] = function(*[values[source] for source in inputs])
            real = self.values[stage]
            if not abs(values[stage].real - real) <= 1e-9 * max(abs(real), 1e-300):
                return None
        return float(values[self.circuit.output].imag / step * self.result.upstream)


def told(piece: Any) -> Any:
    """A piece, to be compared with others; an object that is like no other, where the number does not tell it."""
    if not isinstance(piece, float | int):
        return piece.tobytes()
    return piece if abs(piece) < WHOLE else object()


def complex_function(gate: Gate) -> Callable[..., Any] | None:
    """A gate on complex numbers: its own function, or its definition; None where it is not analytic."""
    own = complexes.FUNCTIONS.get(gate.name)
    if own is not None or gate.kink or gate.piece or gate.variadic or not gate.definition:
        return own
    body = template(gate.definition, gate.arguments)
    if not all(inner in (INPUT, CONSTANT) or complex_function(inner) for inner in body.gates):
        return None

    def defined(*inputs: Any) -> Any:
        values = dict(enumerate(inputs))
        for wire, inner in enumerate(body.gates):
            if inner is CONSTANT:
                values[wire] = body.constants[wire]
            elif inner is not INPUT:
                function = complex_function(inner)
                assert function is not None
                values[wire] = function(*[values[source] for source in body.inputs[wire]])
        return values[body.output]

    return defined
