"""A run as rows: every stage that is shown, with its name, its expression, its value and its gradients."""

from __future__ import annotations

from itertools import count

from backprop.circuit import Circuit, Opened
from backprop.differentiate.run import Run, plain
from backprop.errors.light import Any, Iterator, cached_property
from backprop.errors.spelling import option
from backprop.gates import CONSTANT, GATES, INPUT, Gate
from backprop.language.calls import call_text, value_text

IDENTITY = GATES["identity"]


class Stage:
    """An intermediate variable.

    `inputs` are the names of the stages that it is computed from (literals are none), `local_gradients` its
    derivative in each of them, None where nothing varies; `gradient` is the derivative of the output in this stage,
    None where the stage is a constant.
    """

    __slots__ = ("expression", "gate", "gradient", "inputs", "local_gradients", "name", "value", "wire")

    def __init__(
        self,
        name: str,
        gate: str,
        expression: str,
        inputs: tuple[str, ...],
        local_gradients: tuple[Any, ...],
        value: Any,
        gradient: Any,
        wire: int,
    ) -> None:
        self.name, self.gate, self.expression, self.wire = name, gate, expression, wire
        self.inputs, self.local_gradients = inputs, local_gradients
        self.value, self.gradient = value, gradient

    def __repr__(self) -> str:
        return f"Stage({self.name} = {self.expression or self.gate}: value {self.value!r}, gradient {self.gradient!r})"


class Names:
    """What each shown stage of a circuit is called, and how it is written.

    A call of the user's function is one stage, unless its stages are to be shown (`opened`).
    """

    def __init__(self, circuit: Circuit, *, opened: bool = False) -> None:
        self.circuit = circuit
        self.calls: dict[int, Opened] = {} if opened else {call.output: call for call in circuit.opened}

    @cached_property
    def names(self) -> dict[int, str]:
        """The name of each wire that has one: the user's, and q1, q2, … for the others that are shown."""
        circuit = self.circuit
        names = dict(circuit.names)
        taken = set(names.values())
        free = (name for name in map("q{}".format, count(1)) if name not in taken)
        hidden = circuit.hidden() if self.calls else ()
        for wire, gate in enumerate(circuit.gates):
            if wire not in names and gate is not CONSTANT and wire not in hidden:
                names[wire] = next(free)
        return names

    def shown(self) -> Iterator[int]:
        """The wires that are rows: the inputs, then the stages in order of evaluation."""
        yield from self.circuit.variables.values()
        for wire in range(len(self.circuit)):
            if wire in self.names and self.circuit.gates[wire] is not INPUT:
                yield wire

    def text(self, wire: int) -> str:
        """A wire as an operand: its name, or the number it is."""
        if wire in self.names:
            return self.names[wire]
        if wire in self.circuit.labels:
            return self.circuit.labels[wire]
        if wire in self.circuit.constants:
            return value_text(self.circuit.constants[wire])
        return self.expression(wire)  # a stage inside a function's call

    def line(self, wire: int) -> str:
        """A stage with its name: `q = x + y`."""
        return f"{self.text(wire)} = {self.expression(wire)}"

    def inputs(self, wire: int) -> tuple[int, ...]:
        """The wires that the row of a stage is computed from, numbers included."""
        call = self.calls.get(wire)
        return call.inputs if call is not None else self.circuit.inputs[wire]

    def gate(self, wire: int) -> str:
        """The name of a stage's gate, or of the user's function that it is a call of."""
        call = self.calls.get(wire)
        return call.name if call is not None else self.circuit.gates[wire].spelling

    def expression(self, wire: int) -> str:
        """A stage as it is written: its gate applied to the names of its inputs."""
        circuit, gate = self.circuit, self.circuit.gates[wire]
        call = self.calls.get(wire)
        if call is not None:
            return f"{call.name}({', '.join(map(self.text, call.arguments))})"
        if gate is INPUT:
            return ""
        if gate is CONSTANT:
            return value_text(circuit.constants[wire])
        if gate is IDENTITY:
            return self.text(circuit.inputs[wire][0])
        return call_text(gate, list(map(self.text, self.written(wire, circuit.inputs[wire]))))

    def written(self, wire: int, inputs: tuple[int, ...]) -> tuple[int, ...]:
        """The inputs of a stage without the defaults that were not written: these are not shown."""
        gate, nodes = self.circuit.gates[wire], self.circuit.nodes
        defaults = gate.defaults
        while defaults and inputs and gate.arguments[len(inputs) - 1] in defaults and nodes[inputs[-1]] == nodes[wire]:
            inputs = inputs[:-1]
        return inputs


def stages(run: Run, names: Names) -> list[Stage]:
    return [stage(run, names, wire) for wire in names.shown()]


def stage(run: Run, names: Names, wire: int) -> Stage:
    circuit = run.circuit
    inputs = names.inputs(wire)
    call = names.calls.get(wire)
    if not inputs or not circuit.active[wire]:
        local: tuple[Any, ...] = (None,) * len(inputs)
    elif call is not None:
        local = run.gradients_through(call.stages, call.output, inputs)
    else:
        local = run.local_gradients(wire)
    named = [
        (names.names[source], partial) for source, partial in zip(inputs, local, strict=True) if source in names.names
    ]
    return Stage(
        names.names[wire],
        names.gate(wire),
        names.expression(wire),
        tuple(name for name, _ in named),
        tuple(partial for _, partial in named),
        plain(run.values[wire]),
        run.gradient(wire) if circuit.active[wire] else None,
        wire,
    )


def operand(run: Run, names: Names, wire: int) -> str | float:
    """An input as it stands in a rule: a stage by its name, a constant as its number."""
    value = run.values[wire]
    return names.text(wire) if wire in names.names or not isinstance(value, float) else value


def tie_text(ties: str, equals: str) -> str:
    """Who gets the gradient at a tie, under a rule for ties; `equals` are the "inputs" or "elements" that are equal."""
    if ties == "split":
        return f"the equal {equals} get equal shares of the gradient"
    if ties == "first":
        return f"the first of the equal {equals} gets the whole gradient"
    return (
        f"each of the equal {equals} gets the whole gradient, as in the course notes, which is no subgradient "
        f"(PyTorch and JAX divide it: {option('--ties', 'split')})"
    )


def needs_of(names: Names, gate: Gate, inputs: tuple[int, ...]) -> str:
    """What a gate needs, with the stages' names for its arguments: `it needs q1 > 0` for log's `x > 0`."""
    import re

    wires = dict(zip(gate.names(len(inputs)), inputs, strict=True))
    needed = set(re.findall(r"\w+", gate.needs)) & wires.keys()
    if any(wires[name] in names.circuit.constants for name in needed):  # 0 != 0 would say nothing
        return f"{gate.signature()} needs {gate.needs}"
    scope = {name: names.text(wires[name]) for name in needed}
    return "it needs " + re.sub(r"\w+", lambda word: scope.get(word[0], word[0]), gate.needs)
