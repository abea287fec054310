"""What a target is asked to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from math import isfinite

from backprop.circuit import Circuit
from backprop.derive import Derived, derive
from backprop.emit.listing import Listing
from backprop.emit.naming import Naming
from backprop.emit.sharing import shared
from backprop.emit.target import Target
from backprop.errors import Problem
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.run import evaluate, run
from backprop.spans import visible
from backprop.syntax.printer import unparse_statement


class Request:
    """A circuit, the gradients that are wanted of it, and the point at which the program tests itself, if there is one.

    `at` has a value for every variable, `upstream` is the gradient on the output.
    """

    def __init__(
        self,
        circuit: Circuit,
        *,
        wrt: Iterable[str] | None = None,
        ties: str = "both",
        at: Mapping[str, float] | None = None,
        upstream: float = 1.0,
    ) -> None:
        if circuit.tensors:
            raise Problem("target", "programs are written for single numbers, and this formula has arrays")
        self.circuit = circuit
        self.wrt = list(circuit.variables) if wrt is None else list(wrt)
        self.ties = ties
        self.at = at
        self.upstream = upstream

    @cached_property
    def derived(self) -> Derived:
        """The circuit with its backward pass from a gradient on the output that is a number."""
        return shared(derive(self.circuit, self.wrt, ties=self.ties, upstream=self.upstream))

    @cached_property
    def values(self) -> list[float]:
        """The value of every wire of the derived circuit at the point."""
        assert self.at is not None
        return evaluate(self.derived.circuit, self.at)

    @cached_property
    def value(self) -> float:
        """The value of the output at the point."""
        assert self.at is not None
        found: float = run(self.circuit, self.at, ties=self.ties, upstream=self.upstream).value
        return found

    @cached_property
    def gradients(self) -> dict[str, float]:
        """The gradients at the point."""
        assert self.at is not None
        found = run(self.circuit, self.at, ties=self.ties, upstream=self.upstream).gradients()
        return {name: found[name] for name in self.wrt}

    @property
    def wild(self) -> bool:
        """Whether the program may meet numbers that are not finite: at its point, or in a branch that is not taken."""
        if self.at is not None and not all(map(isfinite, self.values)):
            return True
        return self.at is None and any(gate.name == "where" for gate in self.circuit.gates)

    def gates(self, derived: Derived) -> set[Gate]:
        """The gates that the program is made of."""
        return set(derived.circuit.gates) - {INPUT, CONSTANT}

    def listing(self, target: Target, derived: Derived | None = None, extra: Iterable[str] = ()) -> Listing:
        """The lines of the program in a target's words. `extra` are names that the frame needs."""
        derived = derived or self.derived
        naming = Naming(target.reserves(self.gates(derived)) | {*extra}, target.spellable, fold=target.folds)
        return Listing(self.circuit, derived, target, naming)

    def title(self) -> list[str]:
        """The program as it was typed, a line for each statement."""
        program = self.circuit.program
        return [] if program is None else [visible(unparse_statement(program, line)) for line in program.statements]
