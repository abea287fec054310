"""Lowering: from the AST to stages. Names are looked up here, calls get gates, the user's functions are opened."""

from __future__ import annotations

from itertools import count

from backprop.circuit.circuit import Circuit, Opened
from backprop.errors import Problem, nearest
from backprop.errors.light import cache, cached_property
from backprop.gates import CONSTANT, CONSTANTS, GATES, INPUT, NAMES, Gate
from backprop.gates.row import WORDS
from backprop.language import parse
from backprop.language.program import Call, Program, Statement

TYPE_CHECKING = False  # typing would be a large part of a plain run
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from typing import Any

    Makers = Mapping[str, Callable[..., Any]]

MOST_STAGES = 2_000_000  # a function that calls one that calls one … can double with every line
# What others call an input of a gate.
SAME = {"dim": "axis", "dims": "axis", "axes": "axis", "keepdim": "keepdims", "keep_dims": "keepdims"}
BINARY = {  # no node but an operator has the name of one of these
    gate.name: gate for gate in GATES.values() if gate.arity == 2 and not gate.variadic
}


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
    that hold true and false: as an index they choose. With `expand`, gates that have a
    definition are opened, and the user's functions leave no trace. `makers` are functions that make arrays out of
    numbers (`zeros(2, 3)`). Raises a Problem of kind "name", "arity", "definition" or "shape".
    """
    circuit = Circuit(program)
    lowering = Lowering(circuit, shadowed, expand)
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


TEXTS = ("subscripts",)  # the options that are texts
TRUTHS = ("true", "True", "false", "False")


def template(text: str, parameters: tuple[str, ...], gate: Gate | None = None, expand: bool = False) -> Circuit:
    """The circuit of a rule or a definition of a gate's: its variables are the gate's inputs, `out` and `g`, and the
    gate's options are in scope."""
    return spliced(text, parameters, tuple(gate.settings.items()) if gate is not None else (), expand)


@cache
def spliced(text: str, parameters: tuple[str, ...], settings: tuple[tuple[str, Any], ...], expand: bool) -> Circuit:
    """The circuit of a text from the table, made once."""
    circuit = Circuit(parse(text))
    for name in parameters:
        circuit.add_variable(name)
    lowering = Lowering(circuit, parameters, expand)
    lowering.gates, lowering.settings = {**NAMES, **GATES}, dict(settings)
    lowering.names.update(circuit.variables)
    assert circuit.program is not None
    *steps, result = circuit.program.statements
    for step in steps:
        lowering.statement(step, last=False)
    circuit.output = lowering.expression(result.nodes, result.value)
    return circuit


class Function:
    """A function of the user's: its circuit, whose first variables are its parameters."""

    __slots__ = ("body", "parameters")

    def __init__(self, body: Circuit, parameters: tuple[str, ...]) -> None:
        self.body = body
        self.parameters = parameters

    def signature(self, name: str) -> str:
        return f"{name}({', '.join(self.parameters)})"


class Lowering:
    """The state of lowering one circuit: what each name and each node stands for."""

    def __init__(
        self, circuit: Circuit, shadowed: Collection[str], expand: bool, outside: Lowering | None = None
    ) -> None:
        assert circuit.program is not None
        self.circuit = circuit
        self.program: Program = circuit.program
        self.shadowed = shadowed
        self.masks: Collection[str] = ()  # variables that hold true and false
        self.expand = expand
        self.outside = outside  # where a function's definition stands
        self.names: dict[str, int] = {}  # variables, stages, parameters, constants
        self.functions: dict[str, Function] = outside.functions if outside else {}  # the user's own
        self.times: dict[str, int] = {}  # how often a name was given again
        self.gates: dict[str, Gate] = NAMES  # what a call may name
        self.settings: dict[str, Any] = {}  # the options of the gate whose rule this is
        self.makers: Makers | None = outside.makers if outside else None  # the usual ones, if None
        self.wires: dict[int, int] | list[int] = {} if outside else [-1] * len(self.program.ops)

    # ── statements ──

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

    # ── expressions ──

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
            return self.array(operand, node)
        if op == "index":
            return self.index(operand, node)
        if op in ("slice", "ellipsis", "string"):
            return -1  # part of an index, or of a call; no stage of its own
        return self.circuit.add(GATES[op], tuple(self.operand(source) for source in operand), node)

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

    # ── calls ──

    def call(self, call: Call, node: int) -> int:
        """The wire of a call: of a gate from the table, or of one of the user's functions."""
        function = self.functions.get(call.name)
        if function is not None:
            wires = self.bind(call, function.parameters, {}, function.signature(call.name), node)
            return self.open(function.body, function.parameters, wires, node, call.name)
        gate = self.gates.get(call.name)
        if gate is None:
            return self.make(call, node)
        if gate.reduces and len(call.positional) == 1:
            gate = GATES[gate.reduces]
        if gate.options:
            gate, call = self.configured(gate, call, node)
        if not call.keywords and (
            (gate.variadic and len(call.positional) >= max(gate.arity - 1, 1)) or len(call.positional) == gate.arity
        ):
            wires = tuple([self.operand(argument) for argument in call.positional])
        else:
            wires = self.bind(call, gate.arguments, gate.defaults, gate.signature(), node)
        if gate.idempotent:
            wires = tuple(dict.fromkeys(wires))
        if self.expand and gate.definition and not gate.routes:  # what chooses is no sum of parts
            return self.open(template(gate.definition, gate.arguments, gate, True), gate.arguments, wires, node)
        return self.circuit.add(gate, wires, node)

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

    # ── arrays ──

    def configured(self, gate: Gate, call: Call, node: int) -> tuple[Gate, Call]:
        """A gate with the options that a call gives it, and the call without them.

        Options come by keyword, or by position behind the inputs; a text among the inputs is the first option.
        """
        given: dict[str, int] = {}
        for keyword, value in call.keywords:
            if keyword in given:
                raise self.arity(call, f"it is given {keyword} twice", gate.signature(), node)
            if keyword in gate.options:
                given[keyword] = value
        inputs = [argument for argument in call.positional if self.program.ops[argument] != "string"]
        texts = [argument for argument in call.positional if self.program.ops[argument] == "string"]
        free = [option for option in gate.options if option not in given]
        surplus = texts + ([] if gate.variadic else inputs[gate.arity :])
        if len(surplus) > len(free):
            raise self.arity(call, f"it is given {len(call.positional)}", gate.signature(), node)
        given.update(zip(free, surplus, strict=False))
        settings = {option: self.fixed(value, option, call.name) for option, value in given.items()}
        for option, value in settings.items():
            if isinstance(value, str) != (option in TEXTS):
                kind = "a text" if option in TEXTS else "no text"
                message = f"{option} of {call.name} is {kind}"
                raise self.program.problem("arity", message, [given[option]], f"it is {gate.signature()}")
        missing = [option for option in gate.options if gate.settings[option] == () and option not in settings]
        if missing:
            raise self.arity(call, f"its {missing[0]} is missing", gate.signature(), node)
        keywords = tuple(pair for pair in call.keywords if pair[0] not in gate.options)
        inputs = inputs if gate.variadic else inputs[: gate.arity]
        return gate.with_options(settings), Call(call.name, tuple(inputs), keywords)

    def fixed(self, node: int, option: str, name: str) -> Any:
        """The value of an option, which is known before anything is computed."""
        from backprop.circuit.settings import NotFixed, fixed

        try:
            return fixed(self.program, node, self.settings)
        except NotFixed as wrong:
            message = f"{option} of {name} must be a number that is written out"
            raise self.program.problem("arity", message, [wrong.node], "it cannot be a variable") from None

    def array(self, elements: tuple[int, ...], node: int) -> int:
        """An array literal: a constant where all its elements are, else a stage that stacks them."""
        if self.is_truth(node):
            return self.truth(node)
        wires = tuple(self.operand(element) for element in elements)
        constants = self.circuit.constants
        if all(wire in constants and wire not in self.circuit.names for wire in wires):
            from backprop.circuit.written import array

            values = [constants[wire] for wire in wires]
            return self.circuit.add_constant(array(self.program, elements, values, node), node)
        return self.circuit.add(GATES["stack"], wires, node)

    def is_truth(self, node: int) -> bool:
        """Whether a node is an array of true and false."""
        op, operand = self.program.ops[node], self.program.operands[node]
        if op == "array":
            return bool(operand) and all(map(self.is_truth, operand))
        return op == "name" and operand in TRUTHS and self.wires[node] < 0

    def truth(self, node: int) -> int:
        """An array of true and false is a comparison, and no numbers: as an index it says which elements to take."""
        from backprop.circuit.written import truths

        values = truths(self.program, node, self.settings)
        inputs = self.circuit.add_constant(values), self.circuit.add_constant(0.0)
        return self.circuit.add(GATES["not_equal"], inputs, node)

    def index(self, operand: tuple[int, ...], node: int) -> int:
        """An index: its numbers and slices are fixed and part of the gate, its variables are inputs."""
        from backprop.circuit.settings import NotFixed, fixed

        wires, at = [self.operand(operand[0])], []
        for subscript in operand[1:]:
            if self.is_truth(subscript) and self.wires[subscript] >= 0:
                wires.append(self.wires[subscript])
                at.append("wire")
                continue
            try:
                at.append(fixed(self.program, subscript, self.settings))
            except NotFixed as wrong:
                if self.program.ops[subscript] == "slice":
                    message = "the bounds of a slice must be numbers that are written out"
                    raise self.program.problem("shape", message, [wrong.node]) from None
                wires.append(self.operand(subscript))
                at.append("wire")
        gate = self.choosing(GATES["index"].with_options({"at": tuple(at)}), tuple(wires))
        return self.circuit.add(gate, tuple(wires), node)

    def choosing(self, gate: Gate, inputs: tuple[int, ...]) -> Gate:
        """An index whose inputs choose, where they are masks: a function of the user's learns it when it is called."""
        if gate.name != "index" or "wire" not in gate.settings["at"]:
            return gate
        wires = iter(inputs[1:])
        kinds = [
            ("mask" if self.is_mask(next(wires)) else item) if isinstance(item, str) else item
            for item in gate.settings["at"]
        ]
        return gate.with_options({"at": tuple(kinds)})

    def is_mask(self, wire: int) -> bool:
        """Whether a stage is a comparison, or a product of comparisons: as an index it says which elements to take."""
        gate, inputs = self.circuit.gates[wire], self.circuit.inputs[wire]
        if gate is INPUT:
            return self.circuit.names[wire] in self.masks
        return gate.compares or (gate.name == "multiply" and all(map(self.is_mask, inputs)))

    def make(self, call: Call, node: int) -> int:
        """An array that is made out of numbers: zeros(2, 3), randn(5, 10)."""
        if self.makers is None:
            from backprop.numbers.makers import MAKERS

            self.makers = MAKERS
        if call.name not in self.makers:
            raise self.unknown_function(call, node)
        from backprop.circuit.written import made

        arguments = [self.fixed(argument, "the size", call.name) for argument in call.positional]
        keywords = {name: self.fixed(value, name, call.name) for name, value in call.keywords}
        try:
            value = made(self.program, node, self.makers[call.name], arguments, keywords)
        except TypeError:
            given = f"it is given {len(arguments) + len(keywords)}"
            raise self.arity(call, given, f"like {call.name}(2, 3)", node) from None
        return self.circuit.add_constant(value, node)

    def bind(
        self, call: Call, names: tuple[str, ...], defaults: dict[str, float], signature: str, node: int
    ) -> tuple[int, ...]:
        """The wires of a call's arguments, in the order of the parameters."""
        bound = dict(zip(names, call.positional, strict=False))
        for keyword, value in call.keywords:
            if keyword not in names or keyword in bound:
                known = f"it has no input {keyword}" if keyword not in names else f"it is given {keyword} twice"
                own = [part.partition("=")[0].strip() for part in signature.partition("(")[2].rstrip(")").split(",")]
                same = SAME.get(keyword) if SAME.get(keyword) in own else nearest(keyword, own)
                meant = f"; did you mean {same}?" if same and keyword not in own else ""
                raise self.arity(call, known, f"{signature}{meant}", node)
            bound[keyword] = value
        if len(call.positional) > len(names) or any(name not in bound and name not in defaults for name in names):
            raise self.arity(call, f"it is given {len(call.positional) + len(call.keywords)}", signature, node)
        return tuple(
            self.operand(bound[name]) if name in bound else self.circuit.add_constant(defaults[name], node)
            for name in names
        )

    def open(
        self, body: Circuit, parameters: tuple[str, ...], arguments: tuple[int, ...], node: int, name: str = ""
    ) -> int:
        """Copy a circuit's stages in place of a call; the wire of its output."""
        circuit = self.circuit
        start = len(circuit)
        if start + len(body) > MOST_STAGES:
            raise self.program.problem("size", f"this opens into more than {MOST_STAGES:,} gates", [node])
        copied = {body.variables[parameter]: wire for parameter, wire in zip(parameters, arguments, strict=True)}
        for wire, gate in enumerate(body.gates):
            if wire in copied:
                continue
            origin = body.nodes[wire] if body.program is self.program else node
            if gate is INPUT:  # a name that the function takes from outside
                copied[wire] = self.name(body.names[wire], origin)
            elif gate is CONSTANT:
                copied[wire] = circuit.add_constant(body.constants[wire], origin)
                if wire in body.labels:
                    circuit.labels[copied[wire]] = body.labels[wire]
            else:
                inputs = tuple([copied[source] for source in body.inputs[wire]])
                copied[wire] = circuit.add(self.choosing(gate, inputs), inputs, origin)
        output = copied[body.output]
        if name and self.outside is None and not self.expand:
            free = dict.fromkeys(copied[wire] for wire in body.variables.values())
            outside = tuple(wire for wire in free if wire not in arguments and wire not in circuit.constants)
            circuit.opened.append(Opened(name, arguments, arguments + outside, range(start, len(circuit)), output))
        return output

    def unknown_function(self, call: Call, node: int) -> Problem:
        from backprop.circuit.unknown import unknown_function

        return unknown_function(self.program, self.names, self.functions, call, node)

    def arity(self, call: Call, what: str, signature: str, node: int) -> Problem:
        message = f"{call.name} does not take these inputs: {what}"
        return self.program.problem("arity", message, [node], f"it is {signature}")


def output_names() -> Iterator[str]:
    """What an output without a name is called: the first of these that is free."""
    yield from ("f", "out")
    for number in count(2):
        yield f"out{number}"
