"""A circuit: the stages of a computation, in order of evaluation."""

from __future__ import annotations

from backprop.errors import Problem, no_variable
from backprop.errors.light import Any, Callable, Iterable, Iterator, NamedTuple
from backprop.errors.spans import Span, places
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.language.program import Program


def reached(start: Iterable[Any], onward: Callable[[Any], Iterable[Any]]) -> set[Any]:
    """All that one comes to from some places, these included, where `onward` says what is next to each."""
    found: set[Any] = set()
    pending = list(start)
    while pending:
        place = pending.pop()
        if place not in found:
            found.add(place)
            pending += onward(place)
    return found


class Opened(NamedTuple):
    """A call of one of the user's functions: shown as one gate, though its stages are all in the circuit.

    `inputs` are the wires of its `arguments`, and behind them those that the function takes from outside by name.
    """

    name: str
    arguments: tuple[int, ...]
    inputs: tuple[int, ...]
    stages: range
    output: int


class Circuit:
    """Stages in columns: stage i is `gates[i]` applied to the wires `inputs[i]`, and its result is wire i.

    `constants` and `variables` hold what the stages without inputs are, and `labels` how a constant was spelt (pi);
    `names` are those that the user gave to stages;
    `active[i]` is 1 where stage i depends on a variable, so that a gradient can flow there; `opened` the calls of the
    user's functions. `nodes[i]` is the node of `program` that the stage came from.
    """

    __slots__ = (
        "active", "constants", "gates", "inputs", "labels", "names", "nodes", "opened", "output", "plans", "program",
        "variables",
    )  # fmt: skip

    def __init__(self, program: Program | None = None) -> None:
        self.program = program
        self.gates: list[Gate] = []
        self.inputs: list[tuple[int, ...]] = []
        self.nodes = places("" if program is None else program.text, [])
        self.active = bytearray()
        self.constants: dict[int, Any] = {}  # floats and arrays
        self.variables: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self.labels: dict[int, str] = {}
        self.opened: list[Opened] = []
        self.output = -1
        self.plans: dict[object, object] = {}  # what run has prepared for this circuit

    def __len__(self) -> int:
        return len(self.gates)

    def add(self, gate: Gate, inputs: tuple[int, ...], node: int = -1) -> int:
        """Append a stage and return its wire."""
        active = self.active
        self.gates.append(gate)
        self.inputs.append(inputs)
        self.nodes.append(node)
        # What depends on shapes alone (count, ones_like) varies with no variable.
        shapes_only = gate.flat and gate.mixes
        active.append(max([active[wire] for wire in inputs]) if inputs and not shapes_only else 0)
        return len(self.gates) - 1

    def add_variable(self, name: str, node: int = -1) -> int:
        """Append an input."""
        wire = self.add(INPUT, (), node)
        self.active[wire] = 1
        self.variables[name] = wire
        self.names[wire] = name
        return wire

    def unused(self, name: str) -> str:
        """The name, or the nearest to it that no variable has."""
        while name in self.variables:
            name += "_"
        return name

    def add_constant(self, value: Any, node: int = -1) -> int:
        """Append a number, or an array."""
        wire = self.add(CONSTANT, (), node)
        self.constants[wire] = value
        return wire

    @property
    def tensors(self) -> bool:
        """Whether there are arrays in the circuit even where all variables are numbers."""
        if "tensors" not in self.plans:
            mixing = any(gate.mixes for gate in set(self.gates))
            self.plans["tensors"] = mixing or any(not isinstance(value, float) for value in self.constants.values())
        return bool(self.plans["tensors"])

    def expect_variables(self, names: Iterable[str]) -> None:
        """Raise a Problem for a name that is no variable's."""
        for name in names:
            if name not in self.variables:
                raise no_variable(name, [*self.variables])

    def stages(self) -> Iterator[tuple[int, tuple[Gate, tuple[int, ...]]]]:
        """Each wire with its gate and that one's inputs."""
        return enumerate(zip(self.gates, self.inputs, strict=True))

    def number(self, wire: int) -> float | None:
        """The number that a stage is, if it is one."""
        value = self.constants.get(wire)
        return value if isinstance(value, float) else None

    def span(self, wire: int) -> Span | None:
        """Where in the program's text a stage came from."""
        node = self.nodes[wire]
        return self.program.span(node) if self.program is not None and node >= 0 else None

    def locate(self, problem: Problem, wire: int) -> Problem:
        """The problem with the place of a stage in the text, where it has one."""
        span = self.span(wire)
        if self.program is not None and span is not None:
            problem.text, problem.source, problem.spans = self.program.text, self.program.source, [span]
        return problem

    def hidden(self) -> set[int]:
        """The stages inside opened calls: all but the result of each."""
        return {stage for call in self.opened for stage in call.stages if stage != call.output}

    def users(self) -> list[list[int]]:
        """The stages that take each wire, in order; what takes it twice is there once."""
        found: list[list[int]] = [[] for _ in self.gates]
        for wire, inputs in enumerate(self.inputs):
            for source in dict.fromkeys(inputs):
                found[source].append(wire)
        return found

    def ancestors(self, wires: Iterable[int]) -> list[int]:
        """The stages that some wires depend on, themselves included, in order of evaluation."""
        needed = bytearray(len(self))
        pending = list(wires)
        while pending:
            wire = pending.pop()
            if not needed[wire]:
                needed[wire] = 1
                pending += self.inputs[wire]
        return [wire for wire in range(len(self)) if needed[wire]]

    def descendants(self, wires: Iterable[int]) -> bytearray:
        """Which stages depend on some wires, these included."""
        found = bytearray(len(self))
        for wire in wires:
            found[wire] = 1
        for wire, inputs in enumerate(self.inputs):
            for source in inputs:
                found[wire] |= found[source]
        return found
