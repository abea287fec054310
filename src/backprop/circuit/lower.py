"""Lowering: from the AST to stages. Names are looked up here, calls get gates, the user's functions are opened."""

from __future__ import annotations

from itertools import count

from backprop.circuit.calls import Calls
from backprop.circuit.circuit import Circuit
from backprop.circuit.names import Function, Makers
from backprop.errors.light import Any, Collection, Iterable, Iterator, cache, cached_property
from backprop.gates import CONSTANT, CONSTANTS, GATES, INPUT, NAMES, Gate
from backprop.gates.row import WORDS
from backprop.language import parse
from backprop.language.program import Program, Statement

# No node but an operator has the name of one of these.
BINARY = {gate.name: gate for gate in GATES.values() if gate.arity == 2 and not gate.variadic}


def lower(
    program: Program,
    *,
    shadowed: Collection[str] = (),
    masks: Collection[str] = (),
    expand: bool = False,
    makers: Makers | None = None,
) -> Circuit:
    """The circuit of a program.

    `shadowed` are the names of constants and words (pi, e, None, …) that are variables here, `masks` those of variables
    that hold true and false: as an index they choose. With `expand`, gates that have a definition are opened, and the
    user's functions leave no trace. `makers` are functions that make arrays out of numbers (`zeros(2, 3)`). Raises a
    Problem of kind "name", "arity", "definition" or "shape".
    """
    circuit = Circuit(program)
    lowering = Lowering(circuit, shadowed, definition if expand else None)
    lowering.makers, lowering.masks = makers, masks
    lowering.statements()
    if "string" in program.ops or not WORDS.keys().isdisjoint(
        operand for operand in program.operands if isinstance(operand, str)
    ):
        check_texts(circuit, lowering)
    return circuit


def check_texts(circuit: Circuit, lowering: Lowering) -> None:
    """Texts and words (none, true) are options of gates; nothing can be computed with them."""
    for wire, inputs in enumerate(circuit.inputs):
        if -1 in inputs:
            raise lowering.program.problem("arity", "a text cannot be computed with", [circuit.nodes[wire]])


def template(text: str, parameters: tuple[str, ...], gate: Gate | None = None, expand: bool = False) -> Circuit:
    """The circuit of a rule or a definition of a gate's: its variables are the gate's inputs, `out` and `g`, and the
    gate's options are in scope."""
    return spliced(text, parameters, tuple(gate.settings.items()) if gate is not None else (), expand)


def definition(gate: Gate) -> Circuit:
    """A gate in terms of others."""
    return template(gate.definition, gate.arguments, gate, True)


@cache
def spliced(text: str, parameters: tuple[str, ...], settings: tuple[tuple[str, Any], ...], expand: bool) -> Circuit:
    """The circuit of a text from the table, made once."""
    circuit = Circuit(parse(text))
    for name in parameters:
        circuit.add_variable(name)
    lowering = Lowering(circuit, parameters, definition if expand else None)
    lowering.gates, lowering.settings = {**NAMES, **GATES}, dict(settings)
    lowering.names.update(circuit.variables)
    assert circuit.program is not None
    *steps, result = circuit.program.statements
    for step in steps:
        lowering.named(step.name, step.value, step.nodes)
    circuit.output = lowering.expression(result.nodes, result.value)
    return circuit


class Lowering(Calls):
    """Lowers statements and their expressions."""

    def statements(self) -> None:
        """Add the stages of all statements."""
        statements, given = self.program.statements, self.program.given
        last = len(statements) - 1
        for number, (kind, name, value, start, stop) in enumerate(statements.columns()):
            if kind == "assignment" and name not in given:  # most are, and need no object
                self.named(name, value, range(start, stop))
            else:
                self.statement(statements[number], number == last)

    def statement(self, statement: Statement, last: bool) -> None:
        """Add the stages of a statement and give them its name."""
        if statement.kind == "definition":
            self.definition(statement)
            if last:
                self.applied(statement)
            return
        if statement.kind == "assignment" and statement.name in self.program.given:
            self.check_new(statement.name, statement.nodes)
            self.names[statement.name] = self.circuit.add_variable(statement.name, statement.value)
            return
        if statement.kind == "result" and not last:
            raise self.program.problem(
                "definition",
                "only the last statement may go without a name: it is the output",
                [self.program.tokens_span(*statement.tokens)],
                f"name it: q = {self.program.source_of(statement.value)}",
            )
        self.named(statement.name, statement.value, statement.nodes)

    def named(self, name: str, value: int, made: range) -> None:
        """Add the stages of an expression, and name the last of them; of an output without a name, as it is called."""
        circuit, names = self.circuit, self.names
        start = len(circuit.gates)
        wire = self.expression(made, value)
        if wire >= start and name and name not in names and circuit.inputs[wire] and wire not in circuit.names:
            circuit.names[wire] = name  # most are new, and nothing else
            names[name] = circuit.output = wire
            return
        if wire < 0:
            raise self.program.problem("arity", "a text is no value", [value])
        again = name in names
        if again:
            self.check_new(name, made)
        if wire < start or wire in circuit.names or circuit.gates[wire] in (INPUT, CONSTANT):
            wire = self.copy(wire, value)
        circuit.names[wire] = self.stage_name(name) if again else name or self.output_name()
        for leaf in self.leaves[name] if again else ():  # later lines mean the new one
            self.wires[leaf] = wire
        names[name or circuit.names[wire]] = wire
        circuit.output = wire

    @cached_property
    def leaves(self) -> dict[str, list[int]]:
        """Where each name stands in the program. (Leaves that read alike share one node.)"""
        found: dict[str, list[int]] = {statement.name: [] for statement in self.program.statements}
        for node, op in enumerate(self.program.ops):
            if op == "name":
                found.setdefault(self.program.operands[node], []).append(node)
        return found

    def stage_name(self, name: str) -> str:
        """What the stage of an assignment is called where there is a c already: c_2, c_3 and so on."""
        number = self.times.get(name, 1) + 1
        while (again := f"{name}_{number}") in self.leaves or again in self.names:
            number += 1
        self.times[name] = number
        return again

    def output_name(self) -> str:
        """What an output without a name is called."""
        return next(name for name in output_names() if name not in self.names and name not in self.functions)

    def copy(self, wire: int, node: int) -> int:
        """A stage of its own for what is a bare name or number."""
        if wire in self.circuit.constants and wire not in self.circuit.names:
            return self.circuit.add_constant(self.circuit.constants[wire], node)
        return self.circuit.add(GATES["identity"], (wire,), node)

    def check_new(self, name: str, made: range) -> None:
        """A name that no line has set yet is used in no line above: x = x + 1 may read an input, and set x anew."""
        wire = self.names.get(name)
        if wire is None or self.is_set(wire):
            return
        used = self.circuit.nodes[wire]
        if used not in made:
            setting = next(one for one in self.program.statements if one.nodes == made and one.name == name)
            message = f"{name} is used before it is defined"
            spans = [self.program.name_span(setting), self.program.span(used)]
            raise self.program.problem("definition", message, spans, "put its line above")

    def is_set(self, wire: int) -> bool:
        """Whether a line has set a name that is read, and did not only use it. (An input in the text is set once.)"""
        return wire in self.circuit.names and self.circuit.gates[wire] is not INPUT

    def definition(self, statement: Statement) -> None:
        """Lower a function of the user's into a circuit of its own, from which each call is copied."""
        name, program = statement.name, self.program
        if name in self.functions:
            raise self.program.problem("definition", f"{name}(…) is defined twice", [self.program.name_span(statement)])
        body = Circuit(program)
        inside = Lowering(body, self.shadowed, self.expand, outside=self)
        for node in statement.parameters:
            parameter = program.operands[node]
            if parameter in body.variables:
                raise self.program.problem("definition", f"two parameters are called {parameter}", [node])
            inside.names[parameter] = body.add_variable(parameter, node)
        parameters = tuple(body.variables)
        body.output = inside.expression(statement.nodes, statement.value)
        if body.output < 0:
            raise self.program.problem("arity", "a text is no value", [program.span(statement.value)])
        if body.gates[body.output] in (INPUT, CONSTANT):
            body.output = body.add(GATES["identity"], (body.output,), statement.value)
        self.functions[name] = Function(body, parameters)

    def applied(self, statement: Statement) -> None:
        """The output of a text that ends with a definition: the function of variables that are called as its parameters
        are."""
        function = self.functions[statement.name]
        nodes = dict(zip(function.parameters, statement.parameters, strict=True))
        for name in function.parameters:
            if name in CONSTANTS and name not in self.names:
                self.names[name] = self.circuit.add_variable(name, nodes[name])
        wires = tuple(self.name(name, nodes[name]) for name in function.parameters)
        wire = self.open(function.body, function.parameters, wires, statement.value, statement.name)
        self.circuit.output = wire
        self.circuit.names[wire] = self.output_name()

    def expression(self, made: Iterable[int], value: int) -> int:
        """Add the stages of the nodes that were made for a statement; the wire of its value."""
        ops, operands = self.program.ops, self.program.operands
        circuit, wires, names = self.circuit, self.wires, self.names
        gates, inputs, nodes, active = circuit.gates, circuit.inputs, circuit.nodes, circuit.active
        for node in made:
            op = ops[node]
            gate = BINARY.get(op)
            if gate is not None:  # the hot path
                left, right = operands[node]
                left, right = wires[left], wires[right]
                if left < 0 or right < 0:
                    left, right = map(self.operand, operands[node])  # a text raises here
                wires[node] = len(gates)
                gates.append(gate)
                inputs.append((left, right))
                nodes.append(node)
                active.append(active[left] | active[right])
            elif op == "name" and operands[node] in names:
                wires[node] = names[operands[node]]
            else:
                wires[node] = self.node(node, op)
        wire = wires[value]
        return self.operand(value) if wire < 0 and ops[value] in ("number", "name") else wire

    def node(self, node: int, op: str) -> int:
        """The wire of a node that is no binary operator."""
        operand = self.program.operands[node]
        if op == "name":
            return self.name(operand, node)
        if op == "number":
            return self.circuit.add_constant(operand, node)
        if op == "call":
            return self.call(operand, node)
        if op == "array":
            from backprop.circuit.written import array

            return array(self, operand, node)
        if op == "index":
            from backprop.circuit.indices import index

            return index(self, operand, node)
        if op in ("slice", "ellipsis", "string"):
            return -1  # part of an index, or of a call; no stage of its own
        return self.circuit.add(GATES[op], tuple(self.operand(source) for source in operand), node)


def output_names() -> Iterator[str]:
    """What an output without a name is called: the first of these that is free."""
    yield from ("f", "out")
    for number in count(2):
        yield f"out{number}"
