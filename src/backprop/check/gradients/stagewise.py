"""The gradients of very many stages against numerical ones, in one sweep.

Each gate is probed by itself, and the numerical slopes are put together from the output down, as the chain rule says:
no rule of differentiation has a part in it. A stage at which that does not come to the same as the backward pass, or
where a gate has no slope to be measured, is compared by itself, with all that comes after it.
"""

from __future__ import annotations

from math import isfinite

from backprop.check.gradients.estimate import OF_A_GATE, Estimate, central, size
from backprop.check.gradients.numerical import STEP, Comparison, changes, judged
from backprop.check.gradients.probe import EPSILON, Probe
from backprop.circuit import Circuit
from backprop.differentiate.run import Run
from backprop.errors.light import TYPE_CHECKING
from backprop.gates import Gate
from backprop.library.stages import Names

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

METHOD = "slopes of each gate, from the output down"
EXACT = 1e-13  # how well the complex step knows the slope of a gate


class Stagewise:
    """One sweep. `alone` compares a wire by itself."""

    def __init__(self, result: Run, names: Names, alone: Callable[[int], Comparison]) -> None:
        self.result, self.names, self.alone = result, names, alone
        self.gates: dict[tuple[Gate, int], Run] = {}
        self.known: dict[int, Estimate | None] = {result.circuit.output: Estimate(float(result.upstream), 0.0)}

    def comparisons(self, wanted: set[int]) -> dict[int, Comparison]:
        """What is found of the wires that are wanted."""
        circuit, found = self.result.circuit, {}
        for wire in range(len(circuit) - 1, -1, -1):
            if not circuit.active[wire] and wire not in wanted:
                continue
            estimate = self.known.get(wire, Estimate(0.0, 0.0))
            told = estimate is not None and isfinite(estimate.slope) and isfinite(self.result.values[wire])
            comparison = self.judged(wire, estimate) if estimate is not None and told else None
            if comparison is None or comparison.verdict != "ok":
                comparison = self.alone(wire)
                measured = Estimate(comparison.numerical, 1e-9 * abs(comparison.numerical))
                self.known[wire] = measured if comparison.verdict in ("ok", "wrong") else None
            if wire in wanted:
                found[wire] = comparison
            self.send(wire)
        return found

    def judged(self, wire: int, estimate: Estimate) -> Comparison:
        return judged(self.names.text(wire), self.result.gradient(wire), estimate, METHOD)

    def send(self, wire: int) -> None:
        """What a stage sends to its inputs, by the slopes of its gate."""
        circuit, above = self.result.circuit, self.known.get(wire, Estimate(0.0, 0.0))
        inputs = circuit.inputs[wire]
        for slot, source in enumerate(inputs):
            before = self.known.get(source, Estimate(0.0, 0.0))
            if not circuit.active[source] or before is None:
                continue
            local = None if above is None else self.slope(wire, slot)
            self.known[source] = None if above is None or local is None else plus(before, above, local)

    def slope(self, wire: int, slot: int) -> Estimate | None:
        """The numerical slope of a gate in one of its inputs; None where it cannot be told."""
        circuit, values = self.result.circuit, self.result.values
        inputs = circuit.inputs[wire]
        at = [float(values[source]) for source in inputs]
        probe = Probe(self.one_gate(circuit.gates[wire], at), slot, values=[*at, float(values[wire])])
        exact = probe.complex_slope()
        if exact is not None:
            return Estimate(exact, EXACT * abs(exact))
        here = probe.read(probe.at)
        if not isfinite(here.value) or not isfinite(probe.at) or changes(probe, here, STEP * size(probe.at)):
            return None
        return central(probe, probe.at, here, OF_A_GATE)

    def one_gate(self, gate: Gate, at: list[float]) -> Run:
        """A circuit of one gate, at some point: a probe brings its own."""
        key = gate, len(at)
        if key not in self.gates:
            circuit = Circuit()
            places = tuple([circuit.add_variable(f"x{slot}") for slot in range(len(at))])
            circuit.output = circuit.add(gate, places)
            values: list[Any] = [*at, 0.0]
            run = Run(circuit, values, self.result.ties, None)
            run.upstream, run.sent[circuit.output] = 1.0, 1.0
            self.gates[key] = run
        return self.gates[key]


def plus(before: Estimate, above: Estimate, local: Estimate) -> Estimate:
    """What has arrived at a stage, and one more share."""
    share = above.slope * local.slope
    error = abs(local.slope) * above.error + local.error * abs(above.slope) + 4 * EPSILON * abs(share)
    return Estimate(before.slope + share, before.error + error)
