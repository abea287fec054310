"""Calls: of a gate from the table, of a function of the user's, whose stages are copied, of one that makes arrays."""

from __future__ import annotations

from backprop.circuit.circuit import Circuit, Opened
from backprop.circuit.names import Names
from backprop.errors import nearest
from backprop.gates import CONSTANT, GATES, INPUT
from backprop.language.program import Call

MOST_STAGES = 2_000_000  # a function that calls one that calls one … can double with every line
# What others call an input of a gate.
SAME = {"dim": "axis", "dims": "axis", "axes": "axis", "keepdim": "keepdims", "keep_dims": "keepdims"}


class Calls(Names):
    """Lowers calls."""

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
            from backprop.circuit.settings import configured

            gate, call = configured(self, gate, call, node)
        if not call.keywords and (
            (gate.variadic and len(call.positional) >= max(gate.arity - 1, 1)) or len(call.positional) == gate.arity
        ):
            wires = tuple([self.operand(argument) for argument in call.positional])
        else:
            wires = self.bind(call, gate.arguments, gate.defaults, gate.signature(), node)
        if gate.idempotent:
            wires = tuple(dict.fromkeys(wires))
        if self.expand and gate.definition and not gate.routes:  # what chooses is no sum of parts
            return self.open(self.expand(gate), gate.arguments, wires, node)
        return self.circuit.add(gate, wires, node)

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
                if gate.name == "index":
                    from backprop.circuit.indices import choosing

                    gate = choosing(self, gate, inputs)
                copied[wire] = circuit.add(gate, inputs, origin)
        output = copied[body.output]
        if name and self.outside is None and not self.expand:
            free = dict.fromkeys(copied[wire] for wire in body.variables.values())
            outside = tuple(wire for wire in free if wire not in arguments and wire not in circuit.constants)
            circuit.opened.append(Opened(name, arguments, arguments + outside, range(start, len(circuit)), output))
        return output

    def make(self, call: Call, node: int) -> int:
        """An array that is made out of numbers: zeros(2, 3), randn(5, 10)."""
        if self.makers is None:
            from backprop.numbers.makers import MAKERS

            self.makers = MAKERS
        if call.name not in self.makers:
            from backprop.circuit.unknown import unknown_function

            raise unknown_function(self.program, self.names, self.functions, call, node)
        from backprop.circuit.settings import written_out
        from backprop.circuit.written import made

        arguments = [written_out(self, argument, "the size", call.name, node) for argument in call.positional]
        keywords = {name: written_out(self, value, name, call.name, node) for name, value in call.keywords}
        try:
            value = made(self.program, node, self.makers[call.name], arguments, keywords)
        except TypeError:
            given = f"it is given {len(arguments) + len(keywords)}"
            raise self.arity(call, given, f"like {call.name}(2, 3)", node) from None
        return self.circuit.add_constant(value, node)
