"""One run of a circuit: the staged forward pass, then the reverse sweep over the same stages."""

from __future__ import annotations

from backprop.circuit import Circuit
from backprop.differentiate import functions, rules
from backprop.errors.light import Any, Callable, Iterable, Mapping, Sequence
from backprop.gates import CONSTANT, INPUT, Gate

Backward = Callable[..., tuple[float | None, ...]]


class Run:
    """Values and gradients of every stage: floats, or arrays where somebody typed one.

    Without an `upstream` (None), no gradient flows. Of arrays, `alive[i]` is a mask of the elements of
    stage i that count, the others being only in branches that were not taken; None is all of them.
    `sent[i]` is the gradient of the output with respect to stage i, or None where nothing arrived: the stage is not
    used, or only in a branch that was not taken. `gradient(i)` reads None as 0.
    """

    __slots__ = ("alive", "arrays", "circuit", "sent", "ties", "upstream", "values")

    def __init__(
        self, circuit: Circuit, values: list[Any], ties: str, upstream: Any, left_out: Iterable[str] = ()
    ) -> None:
        self.circuit = circuit
        self.values = values
        self.ties = ties
        self.upstream = upstream
        self.arrays = has_arrays(circuit, values)
        self.alive: list[Any] = [None] * len(values) if self.arrays else []
        self.sent: list[Any] = [None] * len(values)
        if upstream is not None:
            unwanted = frozenset(circuit.variables[name] for name in left_out)
            self.sent = sweep(circuit, values, ties, {circuit.output: upstream}, 0, unwanted, self.alive)

    @property
    def value(self) -> Any:
        """The value of the output."""
        return plain(self.values[self.circuit.output])

    def gradient(self, wire: int) -> Any:
        """The gradient of the output with respect to a stage, in the shape of the stage; None where no gradient
        flows."""
        if self.upstream is None:
            return None
        sent, value = self.sent[wire], self.values[wire]
        if sent is not None:
            return plain(sent)
        if isinstance(value, float):
            return 0.0
        from numpy import zeros

        return plain(zeros(value.shape))

    def gradients(self) -> dict[str, Any]:
        """The gradient of each variable, in order of first appearance."""
        return {name: self.gradient(wire) for name, wire in self.circuit.variables.items()}

    def differs(self, value: Any, gradients: Mapping[str, Any]) -> bool:
        """Whether this run has found anything else than another one."""
        from numpy import array_equal

        pairs = [
            (self.value, value),
            *((self.gradient(self.circuit.variables[name]), gradients[name]) for name in gradients),
        ]
        return not all(array_equal(one, other, equal_nan=True) for one, other in pairs)

    def local_gradients(self, wire: int) -> tuple[Any, ...]:
        """The local gradient of a stage in each of its inputs; None for an input that is constant, or that the gate
        mixes the elements of: there it would be a matrix for every element."""
        circuit, values = self.circuit, self.values
        inputs, gate = circuit.inputs[wire], circuit.gates[wire]
        if gate.mixes:
            return (None,) * len(inputs)
        wanted = tuple(bool(circuit.active[source]) for source in inputs)
        if not self.arrays:
            return rules.partials(gate, len(inputs), self.ties, wanted)(
                *(values[source] for source in inputs), values[wire]
            )
        from numpy import errstate

        function = rules.array_partials(gate, len(inputs), self.ties, wanted)
        with errstate(all="ignore"):
            found = function(*(values[source] for source in inputs), values[wire])
        return tuple(None if partial is None else plain(partial) for partial in found)

    def gradients_through(self, stages: range, output: int, inputs: tuple[int, ...]) -> tuple[Any, ...]:
        """The local gradients of a call of the user's function: a sweep over its own stages alone."""
        if self.arrays and not isinstance(plain(self.values[output]), float):
            return (None,) * len(inputs)
        sent = sweep(self.circuit, self.values, self.ties, {output: 1.0}, stages.start)
        return tuple(
            (0.0 if sent[wire] is None else plain(sent[wire])) if self.circuit.active[wire] else None for wire in inputs
        )


def pieces(circuit: Circuit, values: Sequence[Any], arrays: bool) -> dict[int, tuple[Any, ...]]:
    """On which of its pieces every gate with a kink is, of those that a variable moves; to be compared with others."""
    found = {}
    for wire, gate in enumerate(circuit.gates):
        if (gate.kink or gate.piece) and circuit.active[wire]:
            inputs = [values[source] for source in circuit.inputs[wire]]
            sides = [side(*inputs, values[wire]) for side in rules.piece(gate, len(inputs), arrays)]
            found[wire] = tuple([side if isinstance(side, float | int) else side.tobytes() for side in sides])
    return found


def sent_by(result: Run, wire: int, g: Any) -> Sequence[Any]:
    """What one stage sends to its inputs, of what is alive or is not 0; an input that it takes twice has a share for
    each time."""
    circuit, inputs = result.circuit, result.circuit.inputs[wire]
    if not result.arrays:
        function = prepared_backward(circuit, result.ties)[wire]
        if function is None:
            return [None] * len(inputs)
        return function(g, *[result.values[source] for source in inputs], result.values[wire])
    alive = None if result.alive[wire] is None else result.alive[wire] | (g != 0)
    if len(set(inputs)) == len(inputs):
        masks = [alive if stage == wire else None for stage in range(len(circuit))]
        sent = sweep(circuit, result.values, result.ties, {wire: g}, wire, alive=masks)
        return [sent[source] for source in inputs]
    alone = Circuit()  # the gate by itself, with an input for each place
    places = tuple([alone.add_variable(f"x{slot}") for slot in range(len(inputs))])
    for slot, source in zip(places, inputs, strict=True):
        alone.active[slot] = circuit.active[source]
    top = alone.add(circuit.gates[wire], places)
    values = [*(result.values[source] for source in inputs), result.values[wire]]
    sent = sweep(alone, values, result.ties, {top: g}, top, alive=[*[None] * top, alive])
    return [sent[place] for place in places]


def sent_through(result: Run, top: int, g: Any, stages: Iterable[int]) -> dict[int, Any]:
    """What arrives at each wire of a gradient on stage `top` that goes back through some stages alone, of which the
    last come first."""
    circuit = result.circuit
    arrived = {top: g}
    for wire in stages:
        if wire not in arrived or not circuit.active[wire] or not circuit.inputs[wire]:
            continue
        for source, piece in zip(circuit.inputs[wire], sent_by(result, wire, arrived[wire]), strict=True):
            if piece is not None:
                arrived[source] = arrived[source] + piece if source in arrived else piece
    return arrived


def run(
    circuit: Circuit, at: Mapping[str, Any], *, ties: str = "both", upstream: Any = None, left_out: Iterable[str] = ()
) -> Run:
    """Evaluate a circuit at a point and sweep back. `at` has a value for every variable of the circuit: floats or
    arrays.

    `upstream` is the gradient on the output, 1 if it is None; of an output that is no number it must be given, in its
    shape. Gradients in variables that are `left_out` need not be computed. Raises a Problem of kind "rule" where a gate
    has no derivative, and of kind "shape" where shapes do not fit.
    """
    values = evaluate(circuit, at)
    if has_arrays(circuit, values) or not isinstance(upstream, float | None):
        from backprop.differentiate.run_arrays import seed_of

        upstream = seed_of(values[circuit.output], upstream)
    return Run(circuit, values, ties, 1.0 if upstream is None else upstream, left_out)


def has_arrays(circuit: Circuit, values: list[Any]) -> bool:
    """Whether a run needs the arithmetic on arrays."""
    return circuit.tensors or any(not isinstance(values[wire], float) for wire in circuit.variables.values())


def plain(value: Any) -> Any:
    """A number as a float; an array as it is."""
    return (
        value
        if isinstance(value, float) and type(value) is float
        else float(value)
        if not getattr(value, "shape", ())
        else value
    )


def evaluate(circuit: Circuit, at: Mapping[str, Any]) -> list[Any]:
    """The forward pass: the value of every stage."""
    if circuit.tensors or any(not isinstance(at[name], float) for name in circuit.variables):
        from backprop.differentiate import run_arrays

        return run_arrays.evaluate(circuit, at)
    values = [0.0] * len(circuit)
    for wire, constant in circuit.constants.items():
        values[wire] = constant
    for name, wire in circuit.variables.items():
        values[wire] = at[name]
    functions = prepared_forward(circuit)
    for wire, function in enumerate(functions):
        if function is not None:
            inputs = circuit.inputs[wire]
            if len(inputs) == 2:
                left, right = inputs
                values[wire] = function(values[left], values[right])
            else:
                values[wire] = function(*[values[source] for source in inputs])
    return values


def sweep(
    circuit: Circuit,
    values: list[Any],
    ties: str,
    seeds: dict[int, Any],
    stop: int = 0,
    left_out: frozenset[int] = frozenset(),
    alive: list[Any] | None = None,
) -> list[Any]:
    """The reverse pass, from the seeds (gradients on some wires) down to stage `stop`: what arrives at every wire."""
    if has_arrays(circuit, values):
        from backprop.differentiate import run_arrays

        return run_arrays.sweep(circuit, values, ties, seeds, stop, left_out, alive)
    sent: Any = [None] * len(values) if stop == 0 else Nothing()
    for wire, seed in seeds.items():
        sent[wire] = seed
    functions, inputs = prepared_backward(circuit, ties), circuit.inputs
    for wire in range(max(seeds), stop - 1, -1):
        g = sent[wire]
        if g is None:
            continue
        function = functions[wire]
        if function is None:
            continue
        sources = inputs[wire]
        if len(sources) == 2:
            left, right = sources
            to_left, to_right = function(g, values[left], values[right], values[wire])
            if to_left is not None:
                before = sent[left]
                sent[left] = to_left if before is None else before + to_left
            if to_right is not None:
                before = sent[right]
                sent[right] = to_right if before is None else before + to_right
        else:
            pieces = function(g, *[values[source] for source in sources], values[wire])
            for source, piece in zip(sources, pieces, strict=True):
                if piece is not None:
                    before = sent[source]
                    sent[source] = piece if before is None else before + piece
    return sent  # type: ignore[no-any-return]


class Nothing(dict[int, "Any"]):
    """What arrives in a sweep over a few stages of many: None where nothing does."""

    def __missing__(self, wire: int) -> None:
        return None


def prepared_forward(circuit: Circuit) -> list[Callable[..., float] | None]:
    """The function of every stage; None for variables and constants. Made once for a circuit."""
    plan = circuit.plans.get("forward")
    if plan is None:
        known: dict[Gate, Callable[..., float] | None] = {INPUT: None, CONSTANT: None}
        for gate, inputs in zip(circuit.gates, circuit.inputs, strict=True):
            if gate not in known:
                known[gate] = functions.forward(gate, len(inputs))
        plan = circuit.plans["forward"] = list(map(known.__getitem__, circuit.gates))
    return plan  # type: ignore[return-value]


def prepared_backward(circuit: Circuit, ties: str) -> list[Backward | None]:
    """The backward function of every stage; None where no variable is above it. Made once for a circuit."""
    plan = circuit.plans.get(ties)
    if plan is None:
        active = circuit.active
        # Known functions by gate: of one input; of two, by which of them vary. Most stages are these.
        unary: dict[Gate, Backward] = {}
        binary: list[dict[Gate, Backward]] = [{}, {}, {}, {}]
        functions: list[Backward | None] = []
        for wire, gate in enumerate(circuit.gates):
            inputs = circuit.inputs[wire]
            if not active[wire] or not inputs:
                functions.append(None)
                continue
            if len(inputs) == 2:
                known = binary[active[inputs[0]] + 2 * active[inputs[1]]]
            else:
                known = unary if len(inputs) == 1 else {}
            if gate not in known:
                known[gate] = backward_of(circuit, wire, ties)
            functions.append(known[gate])
        plan = circuit.plans[ties] = functions
    return plan  # type: ignore[return-value]


def backward_of(circuit: Circuit, wire: int, ties: str) -> Backward:
    """The backward function of one stage."""
    wanted = tuple([bool(circuit.active[source]) for source in circuit.inputs[wire]])
    function: Backward = rules.of_stage(circuit, wire, rules.backward, ties, wanted)
    return function
