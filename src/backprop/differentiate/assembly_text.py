"""The text of the function that an assembly becomes.

Nothing is kept that nobody reads any more. An operation that NumPy writes where it is told to writes into an operand
that nobody reads after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from backprop.differentiate import functions
from backprop.differentiate.assembly import WHERE, Array, Assembly
from backprop.numbers import arrays
from backprop.numbers.buffers import LARGE, chosen
from backprop.numbers.linear import product
from backprop.numbers.shapes import shape_of

Answer = tuple[Array, dict[str, Array]]  # the value, and the gradient of each variable that was asked for
Planned = Callable[[Mapping[str, Array]], Answer | None]  # None where run has the word
# Gates whose inputs need no check any more, in NumPy's words.
DIRECT = {
    "reshape": "{0}.reshape({shape})",
    "transpose": "{0}.transpose({axes})",
    "sum": "np.add.reduce({0}, axis={axis}, keepdims={keepdims})",
    "max_of": "np.maximum.reduce({0}, axis={axis}, keepdims={keepdims})",
    "min_of": "np.minimum.reduce({0}, axis={axis}, keepdims={keepdims})",
    "matmul": "product({0}, {1})",
}


def layout(value: Array) -> object:
    """The shape of a value, and how it lies in memory: so lies what is computed from it, and in that order it is summed
    up."""
    return (value.shape, value.strides) if isinstance(value, np.ndarray) else ()


class Writer:
    """The lines of the function, and what they call."""

    def __init__(self, assembly: Assembly, value: int, gradients: Mapping[str, int]) -> None:
        self.assembly, self.circuit = assembly, assembly.circuit
        self.value, self.gradients = value, gradients
        self.scope: dict[str, Any] = {"np": np, "chosen": chosen, "product": product}
        needed = self.circuit.ancestors(
            [value, *gradients.values(), *(one for pair in assembly.assumed for one in pair)]
        )
        order = [wire for wire in needed if self.circuit.inputs[wire]]
        self.roots = self.memory(order)
        self.order = self.sooner(order)
        self.checks: dict[int, list[tuple[int, int]]] = {}  # what is assumed, by the place where it can be looked for
        self.last = self.last_reads()
        self.masks = self.conditions([value, *gradients.values()])

    # ── who reads what, and whose memory it is ──

    def sooner(self, order: list[int]) -> list[int]:
        """The operations in an order in which one that may write into an operand comes after the others that read it,
        where those are ready and no larger."""
        inputs, values = self.circuit.inputs, self.assembly.values
        readers: dict[int, list[int]] = {}  # of what lies in some memory
        for wire in order:
            for root in {root for source in inputs[wire] for root in self.roots[source]}:
                readers.setdefault(root, []).append(wire)
        done: dict[int, None] = {}
        for wire in order:
            for source in inputs[wire] if self.ufunc(wire) is not None else ():
                size = np.size(values[source])
                for other in readers[source] if size >= LARGE and self.roots[source] == {source} else ():
                    ready = all(one in done or not inputs[one] for one in inputs[other])
                    if other > wire and ready and np.size(values[other]) <= size:
                        done[other] = None
            done[wire] = None
        return list(done)

    def memory(self, order: Iterable[int]) -> dict[int, frozenset[int]]:
        """The wires in whose memory each wire may lie: its own, where it is a new array."""
        found: dict[int, frozenset[int]] = {}
        for wire in self.circuit.variables.values():
            found[wire] = frozenset([wire])
        for wire in order:
            for source in self.circuit.inputs[wire]:
                found.setdefault(source, frozenset([source]))
            lies = [found[source] for source in self.circuit.inputs[wire]]
            found[wire] = frozenset([wire]) if self.is_new(wire) else frozenset[int]().union(*lies)
        return found

    def is_new(self, wire: int) -> bool:
        """Whether an operation makes an array of its own, that can be written to."""
        gate, value = self.circuit.gates[wire], self.assembly.values[wire]
        if not isinstance(value, np.ndarray) or not value.ndim:
            return True  # a number is no memory
        taken = [self.assembly.values[source] for source in self.circuit.inputs[wire]]
        if any(np.may_share_memory(value, one) for one in taken):
            return False  # max(x, x) is x itself
        return bool(value.flags.writeable and (gate.fresh or not gate.mixes))

    def last_reads(self) -> dict[int, int]:
        """For each wire in whose memory others lie, the place of the last operation that reads any of them."""
        found: dict[int, int] = {}
        for place, wire in enumerate(self.order):
            for source in (wire, *self.circuit.inputs[wire]):
                for root in self.roots[source]:
                    found[root] = place
        places = {wire: place for place, wire in enumerate(self.order)}
        for pair in self.assembly.assumed:
            place = max(places.get(wire, -1) for wire in pair)  # of inputs: before all operations
            self.checks.setdefault(place, []).append(pair)
            for root in {root for wire in pair for root in self.roots.get(wire, ())}:
                found[root] = max(found.get(root, place), place)
        for wire in (self.value, *self.gradients.values()):
            for root in self.roots.get(wire, (wire,)):
                found[root] = len(self.order)
        return found

    def conditions(self, results: Iterable[int]) -> set[int]:
        """The comparisons that nothing but choices asks: they can be true and false, and no numbers."""
        found = {wire for wire in self.order if self.circuit.gates[wire].compares} - {*results}
        for wire in self.order:
            inputs = self.circuit.inputs[wire]
            found -= {*(inputs[1:] if self.circuit.gates[wire] is WHERE else inputs)}
        return found - {one for pair in self.assembly.assumed for one in pair}

    def ufunc(self, wire: int) -> Any:
        """The function of a gate that NumPy writes where it is told to, or None."""
        gate = self.circuit.gates[wire]
        function = None if gate.mixes or gate.variadic else arrays.function(gate.name)
        found = getattr(function, "ufunc", None)
        return found if found is not None and len(self.circuit.inputs[wire]) == found.nin else None

    # ── lines ──

    def function(self) -> Planned:
        lines = [f"{self.name(wire)} = at[{name!r}]" for name, wire in self.circuit.variables.items()]
        lines += map(self.assumption, self.checks.get(-1, ()))
        for place, wire in enumerate(self.order):
            lines += self.operation(place, wire)
        lines.append(f"return {self.result(self.value)}, {{{self.results()}}}")
        exec("\n    ".join(["def function(at):", *lines]), self.scope)
        made: Planned = self.scope["function"]
        return made

    def assumption(self, pair: tuple[int, int]) -> str:
        one, other = map(self.name, pair)
        return f"if np.equal({one}, {other}).any(): return None"

    def name(self, wire: int) -> str:
        """What a wire is called in the lines."""
        if wire in self.assembly.fixed:
            self.scope[f"k{wire}"] = self.assembly.values[wire]
            return f"k{wire}"
        return f"q{wire}"

    def condition(self, wire: int) -> str:
        """What the condition of a choice is called, which is true and false."""
        if wire in self.assembly.fixed:
            self.scope[f"m{wire}"] = np.not_equal(self.assembly.values[wire], 0)
            return f"m{wire}"
        return self.name(wire)

    def operation(self, place: int, wire: int) -> list[str]:
        """The line of an operation, and one that forgets what nobody reads any more."""
        gate, sources = self.circuit.gates[wire], self.circuit.inputs[wire]
        arguments, function, value = list(map(self.name, sources)), self.ufunc(wire), self.assembly.values[wire]
        free = [source for source in sources if self.is_free(source, place, value)]
        if gate is WHERE and (sources[0] in self.masks or sources[0] in self.assembly.fixed):
            function, arguments[0] = chosen, self.condition(sources[0])
            arguments += [self.name(sources[1])] if sources[1] in free else []
        elif function is not None:
            arguments += [self.name(source) for source in free[:1]]
            if not free and np.size(value) >= LARGE:  # as it asks for memory, so it lies there
                function = functions.forward(gate, len(sources), True)
        else:
            function = functions.forward(gate, len(sources), True)
            function = function.truths if wire in self.masks else function  # type: ignore[attr-defined]
        self.scope[f"f{wire}"] = function
        call = self.direct(wire, arguments) or f"f{wire}({', '.join(arguments)})"
        lines = [f"q{wire} = {call}", *map(self.assumption, self.checks.get(place, ()))]
        ended = {source for source in sources if all(self.last[root] <= place for root in self.roots[source])}
        gone = [self.name(source) for source in ended if source not in self.assembly.fixed]
        return [*lines, f"{' = '.join(gone)} = None"] if gone else lines

    def direct(self, wire: int, arguments: list[str]) -> str:
        """A gate in NumPy's own words, or "" where it has none, or takes numbers."""
        gate, inputs = self.circuit.gates[wire], self.circuit.inputs[wire]
        text = DIRECT.get(gate.name, "")
        if (
            not text
            or not all(self.assembly.shape(source) for source in inputs)
            or gate.settings.get("axes", ()) is None
        ):
            return ""
        return text.format(*arguments, **gate.settings)

    def is_free(self, wire: int, place: int, result: Array) -> bool:
        """Whether an operation may write its result into the memory of what it reads: it would lie there, too."""
        value, roots = self.assembly.values[wire], self.roots[wire]
        if not shape_of(value) or layout(value) != layout(result) or not value.flags.writeable:
            return False
        return all(self.circuit.inputs[root] and self.last[root] <= place for root in roots)

    # ── results, which are nobody else's ──

    def result(self, wire: int) -> str:
        """A value as it is handed out: a number, or an array that nobody else has."""
        shape, roots = self.assembly.shape(wire), self.roots.get(wire, frozenset([wire]))
        if not shape:
            return f"float({self.name(wire)})"
        readers = [one for one in (self.value, *self.gradients.values()) if self.roots.get(one, {one}) & roots]
        own = all(self.circuit.inputs[root] and root not in self.assembly.fixed for root in roots)
        if own and len(readers) == 1 and self.assembly.values[wire].flags.writeable:
            return self.name(wire)
        return f"np.array({self.name(wire)})"

    def results(self) -> str:
        return ", ".join(f"{name!r}: {self.result(wire)}" for name, wire in self.gradients.items())
