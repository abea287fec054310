"""What is computed for every row: the derived circuit, and which of its wires are columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate.derive import derive
from backprop.differentiate.growing import Growing
from backprop.differentiate.smoothed import smoothed
from backprop.errors import Problem
from backprop.gates import INPUT
from backprop.gates.row import TWICE
from backprop.library import Compiled
from backprop.rows.compute.column_names import Called

# Of what was sorted, which elements equal the ones before them, and which get another gradient.
EQUAL = "(out == shift(out, by=1, axis=axis)) * shift(out == out, by=1, axis=axis)"
DIFFER = "g - shift(g, by=1, axis=axis)"
DEFINED = "where((g != g) * (k != k), nan, h)"  # a second derivative, where one of the two gradients is a number


class Asked(NamedTuple):
    """What is asked of every row (see Mapper)."""

    names: Called
    wrt: list[str] | None
    given: Mapping[str, Any]
    upstream: Any
    ties: str
    expand: bool
    stages: bool
    hessian: bool
    notes: bool
    source: str | None
    shadowed: list[str]


class Block(NamedTuple):
    """Second derivatives by arrays: the circuit of the gradient in a variable, derived again.

    `seed` is the gradient on that gradient, `wires` where the gradients in the other variables are.
    """

    variable: str
    circuit: Circuit
    seed: str
    wires: dict[str, int]


class Plan:
    """The derived circuit of what is asked: `wires` has the wire of each output column, `watches` those of each remark.

    With arrays, the second derivatives are `blocks`, whose columns stand behind the others, of the gradients `slopes`;
    `of_variable` says which columns have the shape of which variable, and `seed` is the variable of the circuit that is
    the gradient on the output. `careful` is for rows in which something is not finite: what nobody hears of spoils
    nothing there. Raises a Problem where the formula or an option is wrong.
    """

    def __init__(self, asked: Asked, careful: bool = False) -> None:
        self.asked = asked
        compiled = Compiled(asked.names.text, ties=asked.ties, expand=asked.expand, source=asked.source)
        self.spoken = asked.names
        self.listed = list(compiled.program.given)  # the inputs that have their values in the text
        self.base, self.names = compiled._circuit({**dict.fromkeys(asked.shadowed), **asked.given})
        base = self.base
        self.upstream = asked.upstream
        self.arrays = base.tensors or any(
            not isinstance(value, float | None) for value in (*asked.given.values(), asked.upstream)
        )
        self.wrt = [name for name in base.variables if name not in asked.given] if asked.wrt is None else asked.wrt
        base.expect_variables([*self.wrt, *asked.given])
        twice = next((name for index, name in enumerate(self.wrt) if name in self.wrt[:index]), None)
        if twice is not None:
            raise Problem("option", f"the gradient of {twice} is asked for twice: {','.join(self.wrt)}")
        self.output = base.names[base.output]
        self.seed = self.base.unused("upstream") if self.arrays and self.upstream is not None else None
        above = 1.0 if self.upstream is None else self.upstream if self.seed is None else self.seed
        derived = derive(base, self.wrt, ties=asked.ties, upstream=above, arrays=self.arrays, careful=careful)
        self.circuit = derived.circuit
        self.wires: dict[str, int] = {}
        self.outputs: list[str] = []
        self.of_variable: dict[str, str] = {}
        self.blocks: list[Block] = []
        self.slopes: dict[str, int] = {}
        self.put(self.output, derived.value)
        for name in self.wrt:
            self.put(self.first(name), derived.gradients[name])
            self.of_variable[self.first(name)] = name
        if asked.stages:
            self.add_stages(derived.of)
        if asked.hessian:
            smooth = smoothed(self.circuit, None if self.arrays else [()] * len(self.circuit))
            again = derive(
                smooth, self.wrt, output=derived.value, ties=asked.ties, upstream=above, arrays=self.arrays, again=True,
                careful=careful,
            )  # fmt: skip
            self.circuit, self.slopes = again.circuit, again.gradients
            self.add_hessian(again.gradients, TWICE[asked.ties])
        self.watches: dict[str, tuple[int, ...]] = {}
        if asked.notes:
            self.add_watches(derived.of)

    def first(self, variable: str) -> str:
        """The name of the column of a gradient."""
        return f"d{self.output}_d{self.spoken.name(variable)}"

    def second(self, variable: str, other: str) -> str:
        """The name of the column of a second derivative."""
        return f"d2{self.output}_d{self.spoken.name(variable)}_d{self.spoken.name(other)}"

    def put(self, name: str, wire: int | None) -> None:
        """Name a column; without a wire, it is of a block."""
        if name in self.outputs:
            raise Problem(
                "option", f"two columns of the output would be called {name}", hint="give a stage another name"
            )
        self.outputs.append(name)
        if wire is not None:
            self.wires[name] = wire

    def add_stages(self, of: dict[int, int]) -> None:
        """The value and the gradient of every intermediate variable."""
        base = self.base
        for wire in self.names.shown():
            if base.gates[wire] is not INPUT and wire != base.output:
                name = self.names.names[wire]
                self.put(name, wire)
                if wire in of:
                    self.put(self.first(name), of[wire])

    def add_hessian(self, gradients: dict[str, int], ties: str) -> None:
        """The second derivatives: the circuit derived again, once for each gradient."""
        for index, name in enumerate(self.wrt):
            others = self.wrt[index:]
            if self.arrays:
                seed = self.base.unused("seed")
                again = derive(
                    self.circuit, others, output=gradients[name], ties=ties, upstream=seed, arrays=True, some=True
                )
                self.blocks.append(Block(name, again.circuit, seed, again.gradients))
            else:
                again = derive(self.circuit, others, output=gradients[name], ties=ties)
                growing = Growing(again.circuit)
                scope = [(again.gradients[other], gradients[name], gradients[other]) for other in others]
                found = [growing.splice(template(DEFINED, ("h", "g", "k")), wires) for wires in scope]
                self.circuit = growing.circuit
            for other, wire in zip(others, [None] * len(others) if self.arrays else found, strict=True):
                self.put(self.second(name, other), wire)

    def add_watches(self, of: dict[int, int]) -> None:
        """Where a stage sits on a tie or a kink that decides its gradient."""
        base, growing = self.base, Growing(self.circuit)
        for wire, gate in enumerate(base.gates):
            if not base.active[wire] or wire not in of:
                continue
            if gate.arranges and self.arrays:
                equal = growing.splice(template(EQUAL, ("out",), gate), [wire])
                differ = growing.splice(template(DIFFER, ("g",), gate), [of[wire]])
                self.watch(wire, "a tie", equal, differ)
            if not gate.kink or gate.flat:
                continue
            names = gate.names(len(base.inputs[wire]))
            text = gate.kink
            if gate.variadic:
                if len(names) < 2:
                    continue
                text = f"{' + '.join(f'({name} == out)' for name in names)} > 1"
            scope = [*base.inputs[wire], wire]
            met = growing.splice(template(text, (*names, "out"), gate), scope)
            self.watch(wire, "a tie" if gate.variadic or (gate.mixes and gate.routes) else "a kink", met, of[wire])
        self.circuit = growing.circuit

    def watch(self, wire: int, what: str, *conditions: int) -> None:
        """Tell in which rows a stage is at something: where none of some wires is 0."""
        said = f"{self.names.line(wire)} is at {what}"
        self.watches[self.spoken.told(said)] = conditions
