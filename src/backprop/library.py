"""The library: `evaluate` a formula at a point, or `compile` it once and evaluate it many times."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

from backprop.circuit import Circuit, lower
from backprop.derive import derive
from backprop.errors import MOST_NAMED, Problem, enumerated, nearest
from backprop.expr import Program
from backprop.gates import CONSTANTS, TIES
from backprop.notes import Note, notes
from backprop.run import Run, run, sweep
from backprop.run import evaluate as forward
from backprop.stages import Names, Stage, stages
from backprop.syntax import canonical_name, parse


class Evaluation:
    """What an evaluation found.

    `value` is the output, `gradients` its derivative in each variable, in order of first appearance; `stages` are all
    intermediate variables, the inputs first; `notes` say where a tie or a kink decided, what is not finite and why, and
    where a gradient ended. `output` is the name of the output.
    """

    def __init__(self, run: Run, names: Names, wrt: Iterable[str] | None = None) -> None:
        self.run = run
        self._names = names
        self._wrt = wrt

    @property
    def value(self) -> float:
        """The value of the output."""
        return self.run.value

    @property
    def output(self) -> str:
        """The name of the output."""
        return self.run.circuit.names[self.run.circuit.output]

    @cached_property
    def gradients(self) -> dict[str, float]:
        """The derivative of the output in each variable."""
        all_gradients = self.run.gradients()
        return all_gradients if self._wrt is None else {name: all_gradients[name] for name in self._wrt}

    @cached_property
    def stages(self) -> list[Stage]:
        """Every intermediate variable, the inputs first, then in order of evaluation."""
        return stages(self.run, self._names)

    @cached_property
    def notes(self) -> list[Note]:
        """Remarks on ties, kinks, numbers that are not finite, and gradients that ended."""
        return notes(self.run, self._names)

    def __repr__(self) -> str:
        return f"Evaluation({self.output} = {self.value!r}, gradients={self.gradients!r})"


class Compiled:
    """A formula, parsed once, to be evaluated at many points.

    `ties` chooses the subgradient at ties and kinks (see `--ties`), `expand` opens gates that have a definition.
    """

    def __init__(self, text: str, *, ties: str = "both", expand: bool = False, source: str | None = None) -> None:
        if ties not in TIES:
            raise Problem("option", f"ties is one of {', '.join(TIES)}, and not {ties!r}")
        with uncollected():
            self.program: Program = parse(text, source)
        self.ties = ties
        self.expand = expand
        self._circuits: dict[frozenset[str], tuple[Circuit, Names]] = {}

    @property
    def variables(self) -> list[str]:
        """The names that need a value, in order of first appearance."""
        return list(self._circuit(())[0].variables)

    def evaluate(
        self,
        variables: Mapping[str, float] | None = None,
        /,
        *,
        upstream: float = 1.0,
        wrt: Iterable[str] | None = None,
        **more: float,
    ) -> Evaluation:
        """Value and gradients at a point, given as a mapping, as keywords, or both (keywords win).

        `upstream` is the gradient on the output; `wrt` limits the gradients to some variables. A name of a constant (e,
        pi, …) that is given is a variable. Raises a Problem of kind "variable" where a value is missing, surplus or no
        number, and of kind "rule" where a gate has no derivative.
        """
        circuit, names, at = self._at({**(variables or {}), **more})
        chosen = None if wrt is None else self._wrt(circuit, wrt)
        with uncollected():
            swept = run(circuit, at, ties=self.ties, upstream=float(upstream))
        return Evaluation(swept, names, chosen)

    def hessian(self, variables: Mapping[str, float] | None = None, /, **more: float) -> dict[str, dict[str, float]]:
        """The second derivatives at a point, `hessian(...)["x"]["y"]`: one sweep of the derived circuit each."""
        circuit, _, at = self._at({**(variables or {}), **more})
        derived = derive(circuit, ties=self.ties)
        values = forward(derived.circuit, at)
        rows = {}
        for name, wire in derived.gradients.items():
            sent = sweep(derived.circuit, values, self.ties, {wire: 1.0}, 0)
            rows[name] = {other: sent[source] or 0.0 for other, source in derived.circuit.variables.items()}
        return rows

    # ── points ──

    def _circuit(self, given: Iterable[str]) -> tuple[Circuit, Names]:
        shadowed = frozenset(name for name in given if name in CONSTANTS)
        if shadowed not in self._circuits:
            with uncollected():
                circuit = lower(self.program, shadowed=shadowed, expand=self.expand)
            self._circuits[shadowed] = circuit, Names(circuit)
        return self._circuits[shadowed]

    def variables_given(self, given: Iterable[str]) -> list[str]:
        """The names that need a value, if those in `given` have one: a constant's name that is given is a variable."""
        return list(self._circuit(given)[0].variables)

    def _at(self, given: dict[str, float]) -> tuple[Circuit, Names, dict[str, float]]:
        given = {canonical_name(name): value for name, value in given.items()}
        circuit, names = self._circuit(given)
        missing = [name for name in circuit.variables if name not in given]
        if missing:
            raise self.missing(missing)
        for name in given:
            if name not in circuit.variables:
                known = nearest(name, circuit.variables)
                hint = f"did you mean {known}?" if known else f"its variables are {enumerated([*circuit.variables])}"
                raise Problem("variable", f"the expression has no variable {name}", hint=hint)
        return circuit, names, {name: self._number(name, given[name]) for name in circuit.variables}

    def missing(self, names: list[str]) -> Problem:
        """The problem that variables have no value, with a caret under each."""
        circuit = self._circuit(())[0]
        shown = [name for name in names if name in circuit.variables][:MOST_NAMED]
        spans = [circuit.span(circuit.variables[name]) for name in shown]
        return Problem(
            "variable",
            f"no value for {enumerated(names)}",
            text=self.program.text,
            source=self.program.source,
            spans=[span for span in spans if span is not None],
        )

    def _wrt(self, circuit: Circuit, wrt: Iterable[str]) -> list[str]:
        chosen = list(wrt)
        for name in chosen:
            if name not in circuit.variables:
                known = nearest(name, circuit.variables)
                hint = f"did you mean {known}?" if known else ""
                raise Problem("variable", f"the expression has no variable {name}", hint=hint)
        return chosen

    def _number(self, name: str, value: float) -> float:
        try:
            return float(value)
        except (TypeError, ValueError):
            raise Problem("value", f"{name} is no number: {value!r}") from None
        except OverflowError:
            raise Problem("value", f"{name} is beyond the largest number, 1.797e308") from None


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector: a large circuit is a million tuples and no cycles, and it would visit them all."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def compile(text: str, *, ties: str = "both", expand: bool = False) -> Compiled:
    """Parse a formula once, to evaluate it many times: `compile("(x+y)*z").evaluate(x=-2, y=5, z=-4)`.

    Raises a Problem for whatever is wrong with the text.
    """
    return Compiled(text, ties=ties, expand=expand)


def evaluate(
    text: str,
    variables: Mapping[str, float] | None = None,
    /,
    *,
    ties: str = "both",
    expand: bool = False,
    upstream: float = 1.0,
    **more: float,
) -> Evaluation:
    """Value and gradients of a formula at a point: `evaluate("(x+y)*z", x=-2, y=5, z=-4).gradients["x"]` is -4.0.

    The point is a mapping, keywords, or both (keywords win). Raises a Problem for whatever is wrong with it.
    """
    return Compiled(text, ties=ties, expand=expand).evaluate({**(variables or {}), **more}, upstream=upstream)
