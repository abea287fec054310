"""What each name and each node of a program stands for: a wire, or an option that is known beforehand."""

from __future__ import annotations

from backprop.circuit.circuit import Circuit
from backprop.errors import Problem
from backprop.errors.light import Any, Callable, Collection, Mapping, NamedTuple
from backprop.gates import CONSTANTS, NAMES, Gate
from backprop.gates.row import WORDS
from backprop.language.program import Call, Program

Makers = Mapping[str, Callable[..., Any]]


class Function(NamedTuple):
    """A function of the user's: its circuit, whose first variables are its parameters."""

    body: Circuit
    parameters: tuple[str, ...]

    def signature(self, name: str) -> str:
        return f"{name}({', '.join(self.parameters)})"


class Names:
    """The state of lowering one circuit."""

    def __init__(
        self,
        circuit: Circuit,
        shadowed: Collection[str],
        expand: Callable[[Gate], Circuit] | None = None,
        outside: Names | None = None,
    ) -> None:
        assert circuit.program is not None
        self.circuit, self.shadowed = circuit, shadowed
        self.program: Program = circuit.program
        self.masks: Collection[str] = ()  # variables that hold true and false
        self.expand = expand  # the circuit of a gate's definition, where gates are opened
        self.outside = outside  # where a function's definition stands
        self.names: dict[str, int] = {}  # variables, stages, parameters, constants
        self.functions: dict[str, Function] = outside.functions if outside else {}  # the user's own
        self.times: dict[str, int] = {}  # how often a name was given again
        self.gates: dict[str, Gate] = NAMES  # what a call may name
        self.settings: dict[str, Any] = {}  # the options of the gate whose rule this is
        self.makers: Makers | None = outside.makers if outside else None  # the usual ones, if None
        self.wires: dict[int, int] | list[int] = {} if outside else [-1] * len(self.program.ops)

    def name(self, name: str, node: int) -> int:
        """What a name stands for: a stage, a variable, a constant, or a variable that is new."""
        wire = self.names.get(name)
        if wire is None:
            taken = self.outside is not None and name in self.outside.names
            if name in self.settings or (name in WORDS and name not in self.shadowed):
                value = self.settings.get(name)
                if isinstance(value, int | float):  # an option that stands in a rule as a number
                    return self.circuit.add_constant(float(value), node)
                return -1
            if name in CONSTANTS and name not in self.shadowed and not taken:
                wire = self.circuit.add_constant(CONSTANTS[name], node)
                self.circuit.labels[wire] = name
            else:
                return self.variable(name, node)
            self.names[name] = wire
        return wire

    def variable(self, name: str, node: int) -> int:
        """The wire of a variable, which is new where nobody has read it yet."""
        if name not in self.names:
            self.names[name] = self.circuit.add_variable(name, node)
        return self.names[name]

    def operand(self, node: int) -> int:
        """The wire of an argument, which is no text and no slice."""
        wire = self.wires[node]
        if wire < 0 and self.program.ops[node] == "name":  # true, None: as an operand it is a name like others
            wire = self.wires[node] = self.variable(self.program.operands[node], node)
        if wire < 0 and self.program.ops[node] == "number":  # first written as the value of an input
            wire = self.wires[node] = self.circuit.add_constant(self.program.operands[node], node)
        if wire < 0:
            raise self.program.problem("arity", "a text cannot be computed with", [node])
        return wire

    def arity(self, call: Call, what: str, signature: str, node: int) -> Problem:
        """The problem that a call is given what it does not take."""
        message = f"{call.name} does not take these inputs: {what}"
        gate = self.gates.get(call.name)
        if gate is not None and gate.with_base and len(call.positional) == 2:
            number, base = map(self.program.source_of, call.positional)
            own = f"{gate.name}{base}"
            meant = f"{own}({number})" if own in self.gates else gate.with_base.format(number, base)
            signature = f"the natural logarithm: write {meant}"
        return self.program.problem("arity", message, [node], f"it is {signature}")
