"""A circuit on numbers as one function: what a loop that evaluates it again and again calls.

It is `run`, unrolled: a line for each stage and for each share of a gradient, out of the same texts of the table and in
the same order, so the answers are the same bits. It keeps nothing but them. Where a gate has no finite number to answer
(Python's own functions raise there), and where the point is not one number for each variable, `run` has the word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, nan
from typing import Any

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate import functions, rules
from backprop.gates import CONSTANT, INPUT

Answer = tuple[float, dict[str, float]]  # the value, and the gradient of each variable
Unrolled = Callable[[Mapping[str, Any]], Answer | None]  # None where run has the word
# What is raised where a gate has no finite number to answer, a variable has no value, and a value is no number.
RAISED = ArithmeticError, ValueError, KeyError, TypeError


def unrolled(circuit: Circuit, ties: str) -> Unrolled:
    """The function of a circuit. Raises a Problem of kind "rule" where a gate has no derivative."""
    writer = Writer(circuit, ties)
    for wire in circuit.ancestors([circuit.output]):
        writer.forward(wire)
    for wire in range(circuit.output, -1, -1):
        writer.backward(wire)
    return writer.function()


def number(value: Any) -> float:
    """A number of the user's as a float."""
    if isinstance(value, int | float):
        return float(value)
    raise TypeError


class Writer:
    """The lines of the function, and what they call."""

    def __init__(self, circuit: Circuit, ties: str) -> None:
        self.circuit = circuit
        self.ties = ties
        self.scope: dict[str, Any] = {"inf": inf, "nan": nan, "number": number, "RAISED": RAISED}
        self.lines: list[str] = []
        self.names: dict[int, str] = {wire: f"x{place}" for place, wire in enumerate(circuit.variables.values())}
        # Whether something is sure to arrive at a wire; a wire that is not in here gets nothing.
        self.arrives: dict[int, bool] = {circuit.output: True}

    def forward(self, wire: int) -> None:
        """The value of a stage."""
        circuit = self.circuit
        gate = circuit.gates[wire]
        if gate is CONSTANT:
            self.names[wire] = functions.operand(circuit.constants[wire])
        elif gate is not INPUT:
            text = self.called(wire)
            self.names[wire] = f"v{wire}"
            self.lines.append(f"v{wire} = {text}")

    def called(self, wire: int) -> str:
        """A gate, applied to its inputs."""
        gate, inputs = self.circuit.gates[wire], self.circuit.inputs[wire]
        form = functions.RAISING.get(gate.name)
        if form is None:
            self.scope[f"f{wire}"] = functions.forward(gate, len(inputs), raising=True)
            form = f"f{wire}({', '.join('{}' for _ in inputs)})"
        text = form.format(*[self.names[source] for source in inputs])
        return f"1.0 if {text} else 0.0" if gate.compares else text

    def scope_of(self, wire: int) -> dict[str, str]:
        """What the inputs of a stage are called, and itself."""
        gate, inputs = self.circuit.gates[wire], self.circuit.inputs[wire]
        names = [self.names[source] for source in inputs]
        return dict(zip((*gate.names(len(inputs)), "out"), (*names, self.names.get(wire, "")), strict=True))

    def text(self, text: str, wire: int, scope: dict[str, str]) -> str:
        """A text of the table about a stage."""
        circuit = template(text, functions.mentioned(text, scope), self.circuit.gates[wire])
        return functions.python(circuit, self.scope, spelt=scope, raising=True)

    def backward(self, wire: int) -> None:
        """What a stage sends to its inputs."""
        circuit = self.circuit
        gate, inputs = circuit.gates[wire], circuit.inputs[wire]
        if wire not in self.arrives or not inputs or not circuit.active[wire]:
            return
        wanted = tuple([bool(circuit.active[source]) for source in inputs])
        texts = rules.of_stage(circuit, wire, rules.shared_texts, self.ties, wanted)
        scope = self.scope_of(wire)
        for name, text in texts.shared.items():
            self.lines.append(f"{name}_{wire} = {self.text(text, wire, scope)}")
            scope[name] = f"{name}_{wire}"
        certain = self.arrives[wire]
        block: list[str] = []
        for source, text in zip(inputs, texts.rules, strict=True):
            if text is None:
                continue
            partial = self.text(text, wire, scope)
            if gate.routes:
                block.append(f"if p := {partial}: {self.added(source, f'g{wire} * p', certain=False)}")
            else:
                block.append(self.added(source, rules.sent(partial, f"g{wire}"), certain))
        if certain:
            self.lines += block
        elif block:
            self.lines += [f"if g{wire} is not None:", *(f"    {line}" for line in block)]

    def added(self, wire: int, share: str, certain: bool) -> str:
        """The line that adds a share to what has arrived at a wire."""
        g, before = f"g{wire}", self.arrives.get(wire)
        self.arrives[wire] = certain or bool(before)
        if before is None and not certain:
            self.lines.append(f"{g} = None")
        if before is None:
            return f"{g} = {share}"
        return f"{g} = {g} + {share}" if before else f"{g} = {share} if {g} is None else {g} + {share}"

    def function(self) -> Unrolled:
        variables, output = self.circuit.variables, self.circuit.output
        head = [f"if len(at) != {len(variables)}: return None"]
        for name, wire in variables.items():
            x = self.names[wire]
            head += [f"{x} = at[{name!r}]", f"if {x}.__class__ is not float: {x} = number({x})"]
        pairs = ", ".join(f"{name!r}: {self.gradient(wire)}" for name, wire in variables.items())
        body = [*head, f"g{output} = 1.0", *self.lines, f"return float({self.names[output]}), {{{pairs}}}"]
        text = "\n".join(["def function(at):", " try:", *(f"  {line}" for line in body), " except RAISED: return None"])
        exec(text, self.scope)
        made: Unrolled = self.scope["function"]
        return made

    def gradient(self, wire: int) -> str:
        """What has arrived at a variable, 0 where nothing did."""
        certain = self.arrives.get(wire)
        return "0.0" if certain is None else f"g{wire}" if certain else f"0.0 if g{wire} is None else g{wire}"
