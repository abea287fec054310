"""What a target is asked to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from backprop.circuit import Circuit
from backprop.differentiate.derive import Derived, derive
from backprop.differentiate.growing import ZEROS
from backprop.differentiate.run import Run, evaluate, run
from backprop.emit.fitting import LIKE, fitted, forms
from backprop.emit.listing import Listing
from backprop.emit.naming import Naming
from backprop.emit.sharing import shared, unstretched
from backprop.emit.target import Target
from backprop.errors import Problem
from backprop.errors.spans import visible
from backprop.errors.spelling import option
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.language.printer import unparse_statement
from backprop.library.values import as_value
from backprop.numbers.shapes import all_finite, shape_of, shape_text

UPSTREAM = "upstream "  # the gradient on the output in a circuit that leaves it open: no user's name has a blank


class Request:
    """A circuit, the gradients that are wanted of it, and the point at which the program tests itself, if there is one.

    `at` has a value for every variable, a float or an array; `upstream` is the gradient on the output, likewise, or
    None for 1. `table` is where SQL finds its rows, and `dialect` its way of speaking. `name` is what the function is
    to be called, `form` the suffix of a file that says what kind of program it is, `main` asks for a main program, and
    `jvp` for JAX's derivatives forward. NumPy computes in `dtype`.
    """

    def __init__(
        self,
        circuit: Circuit,
        *,
        wrt: Iterable[str] | None = None,
        ties: str = "both",
        at: Mapping[str, Any] | None = None,
        upstream: Any = None,
        table: str | None = None,
        dialect: str = "duckdb",
        name: str | None = None,
        form: str = "",
        main: bool = False,
        jvp: bool = False,
        dtype: str = "float64",
    ) -> None:
        self.circuit = circuit
        self.wrt = list(circuit.variables) if wrt is None else list(wrt)
        self.ties = ties
        self.at = None if at is None else {name: as_value(name, at[name]) for name in circuit.variables}
        self.upstream = None if upstream is None else as_value("upstream", upstream)
        self.table, self.dialect, self.name, self.form = table, dialect, name, form
        self.main, self.jvp, self.dtype = main, jvp, dtype
        if self.at is None and not isinstance(self.upstream, float | None):
            hint = f"give the inputs, too, as in {option('--x', 2)}: without them, nobody knows the shape of the output"
            raise Problem("option", "an upstream that is an array needs the point", hint=hint)

    @property
    def arrays(self) -> bool:
        """Whether arrays are in the program, or were given to it."""
        given = [*(self.at or {}).values(), 0.0 if self.upstream is None else self.upstream]
        return self.circuit.tensors or any(not isinstance(value, float) for value in given)

    def refuse_arrays(self, title: str) -> None:
        """For a target of single numbers: raise a Problem of kind "target" that says what is an array."""
        if not self.arrays:
            return
        hint = f"arrays can be said in {option('--to', 'numpy')}, torch, jax, latex and markdown"
        for wire, gate in enumerate(self.circuit.gates):
            if gate.mixes or not isinstance(self.circuit.constants.get(wire, 0.0), float):
                what = f"the gate {gate.spelling}" if gate.mixes else "an array"
                problem = Problem("target", f"{title} has single numbers only, and cannot say {what}", hint=hint)
                raise self.circuit.locate(problem, wire)
        known = self.at or {}
        name = next((name for name in self.circuit.variables if not isinstance(known[name], float)), "the upstream")
        raise Problem("target", f"{title} has single numbers only, and {name} is an array", hint=hint)

    @cached_property
    def run(self) -> Run:
        """What the calculator finds at the point."""
        assert self.at is not None
        return run(self.circuit, self.at, ties=self.ties, upstream=self.upstream)

    @cached_property
    def shapes(self) -> list[tuple[int, ...]] | None:
        """The shapes of the stages at the point, where there are arrays."""
        if self.at is None or not self.arrays:
            return None
        return [shape_of(value) for value in self.run.values]

    @cached_property
    def derived(self) -> Derived:
        """The circuit with its backward pass from a gradient on the output that is a number."""
        return shared(self.derived_from(1.0 if self.upstream is None else self.upstream))

    def derived_from(self, upstream: Any, circuit: Circuit | None = None, **more: bool) -> Derived:
        """A circuit (that of the request) with its backward pass from a gradient on the output."""
        return derive(circuit or self.circuit, self.wrt, ties=self.ties, upstream=upstream, shapes=self.shapes, **more)

    @cached_property
    def opens(self) -> bool:
        """Whether the gradient on the output is a parameter: the output is no single number, or may be none."""
        if self.at is not None:
            return shape_of(self.value) != ()
        return self.circuit.tensors and forms(self.circuit)[self.circuit.output] != ()

    def fitted(self, opens: bool) -> tuple[Derived, list[tuple[int, ...]] | None]:
        """For targets with arrays: the circuit with its backward pass, and the shapes of its wires at the point.

        `opens` says whether the gradient on the output is a parameter.
        """
        if opens and self.at is None and self.upstream is not None:
            hint = f"leave {option('--upstream')} out, or give a point that the program tests itself at"
            raise Problem("option", "the gradient on the output is a parameter of this program", hint=hint)
        given: Any = 1.0 if self.upstream is None else self.upstream
        upstream = UPSTREAM if opens else given
        values = None
        for careful in (False, True):  # what nobody hears of is looked after only where it spoils something there
            derived = self.derived_from(upstream, careful=careful)
            if self.at is None:
                break
            values = evaluate(derived.circuit, {**self.at, **({UPSTREAM: given} if opens else {})})
            if all(all_finite(values[wire]) for wire in derived.gradients.values()):
                break
        if self.at is None and (self.circuit.tensors or not opens):
            shaped(derived)
        shapes = None if values is None else [shape_of(value) for value in values]
        return shared(fitted(derived, shapes)), shapes

    @property
    def alike(self) -> bool:
        """Whether this is an element-wise formula of several inputs, whose shapes nobody knows."""
        return self.at is None and not self.circuit.tensors and len(self.circuit.variables) > 1

    @cached_property
    def passes(self) -> Derived:
        """The circuit with its backward pass, from the gradient on the output as a parameter if one was given."""
        return self.simplest(self.derived_from(self.above))

    @property
    def above(self) -> Any:
        """The gradient on the output: a parameter if one was given."""
        return 1.0 if self.upstream is None else UPSTREAM

    def simplest(self, derived: Derived) -> Derived:
        """A derived circuit to be read: each value once, and, where no shape is known, no stretching for nothing."""
        return shared(fitted(derived, None) if self.at is None and self.circuit.tensors else derived)

    def values_of(self, derived: Derived) -> list[Any] | None:
        """The values of every wire of a derived circuit at the point, if there is one.

        They tell which broadcasting did not happen, and need not be undone.
        """
        if self.at is None:
            return None
        values = evaluate(derived.circuit, {**self.at, UPSTREAM: self.upstream})
        unstretched(derived, values)
        return values

    @cached_property
    def values(self) -> list[Any]:
        """The value of every wire of the derived circuit at the point."""
        assert self.at is not None
        return evaluate(self.derived.circuit, self.at)

    @cached_property
    def value(self) -> Any:
        """The value of the output at the point."""
        return self.run.value

    @cached_property
    def gradients(self) -> dict[str, Any]:
        """The gradients at the point."""
        found = self.run.gradients()
        return {name: found[name] for name in self.wrt}

    @property
    def answers(self) -> list[tuple[str, Any]]:
        """The value and the gradients at the point, by what a program calls them."""
        return [("value", self.value), *((f'gradients["{name}"]', one) for name, one in self.gradients.items())]

    @property
    def wild(self) -> bool:
        """Whether the program may meet numbers that are not finite: at its point, or in a branch that is not taken."""
        if self.at is not None:
            found = [*self.run.values, *self.gradients.values()] if self.arrays else self.values
            return not all(map(all_finite, found))
        return any(gate.name == "where" for gate in self.circuit.gates)

    def gates(self, derived: Derived) -> set[Gate]:
        """The gates that the program is made of."""
        return set(derived.circuit.gates) - {INPUT, CONSTANT}

    def listing(self, target: Target, derived: Derived | None = None, extra: Iterable[str] = ()) -> Listing:
        """The lines of the program in a target's words. `extra` are names that the frame needs."""
        shapes = None
        if derived is None and target.arrays:
            derived, shapes = self.fitted(self.opens or target.opens)
        derived = derived or self.derived
        target.function = target.function if self.name is None else self.name
        reserved = target.reserves(self.gates(derived))
        target.refuse(reserved)
        reserved |= {*extra, *target.own()}
        naming = Naming(reserved, target.spellable, fold=target.folds, quoted=target.quoted)
        return Listing(self.circuit, derived, target, naming, shapes)

    def title(self) -> list[str]:
        """The program as it was typed, a line for each statement."""
        program = self.circuit.program
        return [] if program is None else [visible(unparse_statement(program, line)) for line in program.statements]

    def shape_lines(self) -> list[str]:
        """What the shapes of the inputs are, where a program is made for them."""
        if self.shapes is None:
            return []
        names = self.circuit.variables.items()
        return [f"for {', '.join(f'{name}: {shape_text(self.shapes[wire])}' for name, wire in names)}"]


def shaped(derived: Derived) -> None:
    """Give gradients that are plain numbers the shapes of their inputs, which nobody knows yet."""
    circuit = derived.circuit
    known = forms(circuit)
    for name, gradient in list(derived.gradients.items()):
        wire = circuit.variables[name]
        if wire not in derived.of:
            derived.gradients[name] = circuit.add(ZEROS, (wire,))
        elif known[gradient] == ():
            derived.gradients[name] = circuit.add(LIKE, (gradient, wire))
            first = next((place for place, share in enumerate(derived.shares) if share.to == wire), None)
            if first is not None:
                piece = circuit.add(LIKE, (derived.shares[first].piece, wire))
                derived.shares[first] = derived.shares[first]._replace(piece=piece)
