"""The library: `evaluate` a formula at a point, or compile it once and evaluate it many times (results shows them).

Beside it stands what a run has to say: its stages, notes, the first cause of a nan, the story of its gradients.
"""

from __future__ import annotations

import gc

from backprop.circuit import Circuit, lower
from backprop.differentiate.run import Run, run
from backprop.differentiate.run import evaluate as forward
from backprop.errors import MOST_NAMED, Problem, enumerated, one_of
from backprop.errors.light import TYPE_CHECKING, Any, Iterable, Mapping, cached_property
from backprop.gates import CONSTANTS, TIES
from backprop.gates.row import WORDS
from backprop.language import canonical_name, parse
from backprop.language.program import Program
from backprop.library.notes import Note, nearly, notes, opened_note
from backprop.library.stages import Names, Stage, stages
from backprop.library.values import as_value, is_truth, parse_value
from backprop.numbers.shapes import all_finite, finite_magnitude, quiet, shape_of, shape_text

PAYS = 40  # what it costs to make a function of a circuit, in runs of it
MOST_UNROLLED = 30_000  # stages

if TYPE_CHECKING:
    from backprop.differentiate.planned import Plans
    from backprop.differentiate.unrolled import Unrolled

Value = Any  # a float or an array of float64; of the user's, also nested lists and whatever NumPy makes an array of


class Evaluation:
    """What an evaluation found: `results.Evaluation`, which shows itself, says what is what."""

    _asked: tuple[Compiled, Mapping[str, Value], Value | None]

    def __init__(self, run: Run, names: Names, wrt: Iterable[str] | None = None) -> None:
        self.run = run
        self.names = names
        self.wrt = wrt

    @cached_property
    def run(self) -> Run:
        """Values and gradients of all stages: of a point in a loop, where nobody kept them, when they are asked for."""
        compiled, at, above = self._asked
        circuit, _, at = compiled._at({**at})
        found = run(circuit, at, ties=compiled.ties, upstream=above)
        if found.arrays and found.differs(self.value, self.gradients):
            hint = "ask for the stages before that, or evaluate again"
            raise Problem("value", "an array was changed after it was evaluated, and so the stages are gone", hint=hint)
        return found

    @cached_property
    def names(self) -> Names:
        """What each stage is called."""
        return Names(self.run.circuit)

    @cached_property
    def value(self) -> Value:
        """The value of the output."""
        value = self.run.value
        return value if isinstance(value, float) else self._own([value])[0]

    @property
    def output(self) -> str:
        """The name of the output."""
        return self.run.circuit.names[self.run.circuit.output]

    @cached_property
    def gradients(self) -> dict[str, Value]:
        """The derivative of the output in each variable."""
        variables = self.run.circuit.variables
        names = list(variables if self.wrt is None else self.wrt)
        found = [self.run.gradient(variables[name]) for name in names]
        return dict(zip(names, self._own(found) if self.run.arrays else found, strict=True))

    def _own(self, results: list[Value]) -> list[Value]:
        """Results that lie neither in the user's arrays nor in each other."""
        from backprop.numbers.buffers import apart

        values = self.run.values
        return apart(results, [self.run.upstream, *(values[wire] for wire in self.run.circuit.variables.values())])

    @cached_property
    def stages(self) -> list[Stage]:
        """Every intermediate variable, the inputs first, then in order of evaluation.

        An input that `wrt` left out has no gradient: it was not asked for, and may not have been computed.
        """
        rows = stages(self.run, self.names)
        for row in rows:
            if row.gate == "input" and row.name not in self.gradients:
                row.gradient = None
        return rows

    @cached_property
    def notes(self) -> list[Note]:
        """Remarks on ties, kinks, numbers that are not finite, and gradients that ended."""
        found = notes(self.run, self.names)
        asked = vars(self).get("_asked")  # of a bare run nothing was asked
        if asked and asked[0].expand and not any(one.kind in ("tie", "kink", "jump") for one in found):
            found += self._lost_by_opening()
        return found

    def _lost_by_opening(self) -> list[Note]:
        """A remark where gates have numbers, or digits, that their definitions have not."""
        compiled, at, above = self._asked
        whole = compiled._copied()
        whole.expand = False
        asked = self.run.upstream is not None
        closed = whole.evaluate(at, upstream=above, wrt=self.wrt) if asked else whole.forward(at)
        right, found = [closed.value, *closed.gradients.values()], [self.value, *self.gradients.values()]
        with quiet(self.run.arrays):
            size, slope = (max(map(finite_magnitude, sizes)) for sizes in (closed.run.values, closed.run.sent))
            same = map(nearly, found, right, [size, *[slope] * len(right[1:])])
            if not all(map(all_finite, right)) or all(same):
                return []
        return [opened_note(self.names, all(map(all_finite, found)))]

    def __repr__(self) -> str:
        return f"Evaluation({self.output} = {self.value!r}, gradients={self.gradients!r})"


class Compiled:
    """A formula, parsed once, to be evaluated at many points: see `results.Compiled`."""

    _kind: type[Evaluation] = Evaluation
    _loop: Unrolled | None = None  # the circuit as one function, once a loop evaluates it

    def __init__(self, text: str, *, ties: str = "both", expand: bool = False, source: str | None = None) -> None:
        if not isinstance(text, str):
            raise Problem("value", f"an expression is a text, and not {type(text).__name__}")
        self.ties = one_of("ties", TIES, ties)
        with Uncollected():
            self.program: Program = read(text, source)
        self.expand = expand
        self._circuits: dict[tuple[frozenset[str], frozenset[str]], tuple[Circuit, Names]] = {}

    @property
    def variables(self) -> list[str]:
        """The names that need a value, in order of first appearance."""
        return list(self._circuit(())[0].variables)

    def evaluate(
        self,
        variables: Mapping[str, Value] | None = None,
        /,
        *surplus: Value,
        upstream: Value | None = None,
        wrt: Iterable[str] | None = None,
        **more: Value,
    ) -> Evaluation:
        """Value and gradients at a point, given as a mapping, as keywords, or both (keywords win).

        Values are numbers, nested lists or NumPy arrays; results are floats and arrays of float64, a gradient in the
        shape of its variable. `upstream` is the gradient on the output, in its shape; an output that is no single
        number needs one. `wrt` limits the gradients to some variables. A name of a constant (e, pi, …) that is given
        is a variable. Raises a Problem of kind "variable" where a value is missing or surplus, "value" where it is
        none, "shape" where shapes do not fit, and "rule" where a gate has no derivative.
        """
        if surplus:
            hint = f"values go by their names: {', '.join(f'{name}=…' for name in self.variables[:MOST_NAMED])}"
            raise Problem("option", "evaluate takes a mapping, or values by their names", hint=hint)
        if self._loop is not None and upstream is None and wrt is None:
            plain = isinstance(variables, dict)  # where a name is none, the function finds one that is missing
            at: Mapping[str, Value] = {**variables, **more} if plain else merged(variables, more)  # type: ignore[dict-item]
            answer = self._loop(at)
            if answer is not None:  # as in `_answered`, but without a call
                found = self._kind.__new__(self._kind)
                found.value, found.gradients = answer
                found.wrt, found._asked = None, (self, at, None)
                return found
        circuit, names, at = self._at(merged(variables, more))
        chosen = None if wrt is None else self._wrt(circuit, wrt)
        loop: Unrolled | None = circuit.plans.get("unrolled")  # type: ignore[assignment]
        if loop is not None and upstream is None and (answer := loop(at)) is not None:
            value, gradients = answer
            if chosen is not None:
                gradients = {name: gradients[name] for name in chosen}
            return self._answered(at, value, gradients)
        above = None if upstream is None else as_value("upstream", upstream)
        if (planned := self._planned(circuit, at, chosen, above)) is not None:
            return self._answered(at, *planned, chosen, above)
        left_out = [] if chosen is None else [name for name in circuit.variables if name not in chosen]
        with Uncollected():
            swept = run(circuit, at, ties=self.ties, upstream=above, left_out=left_out)
        if not swept.arrays:
            self._count(circuit)
        found = self._kind(swept, names, chosen)
        found._asked = (self, at, above)
        return found

    def _answered(
        self,
        at: Mapping[str, Value],
        value: Value,
        gradients: dict[str, Value],
        wrt: list[str] | None = None,
        above: Value | None = None,
    ) -> Evaluation:
        """What the one function of the circuit found."""
        found = self._kind.__new__(self._kind)
        found.value, found.gradients, found.wrt, found._asked = value, gradients, wrt, (self, at, above)
        return found

    def _planned(
        self, circuit: Circuit, at: dict[str, Value], wrt: list[str] | None, above: Value | None
    ) -> tuple[Value, dict[str, Value]] | None:
        """What the function of the circuit finds at arrays of these shapes, once they are evaluated often."""
        plans: Plans | None = circuit.plans.get("planned")  # type: ignore[assignment]
        if plans is None:
            if not circuit.tensors and all(isinstance(value, float) for value in at.values()):
                return None
            from backprop.differentiate.planned import Plans

            plans = circuit.plans["planned"] = Plans(circuit, self.ties)
        return plans.answer(at, wrt, above)

    def _count(self, circuit: Circuit) -> None:
        """Make one function of a circuit that is evaluated so often that it pays."""
        plans = circuit.plans
        calls = plans["calls"] = plans.get("calls", 0) + 1  # type: ignore[operator]
        if calls == PAYS and len(circuit) <= MOST_UNROLLED:
            from backprop.differentiate.unrolled import unrolled

            self._loop = plans["unrolled"] = unrolled(circuit, self.ties)

    def forward(self, variables: Mapping[str, Value] | None = None, /, **more: Value) -> Evaluation:
        """The values alone: no gradient flows, so the output may have any shape."""
        circuit, names, at = self._at(merged(variables, more))
        found = self._kind(Run(circuit, forward(circuit, at), self.ties, None), names, [])
        found._asked = (self, at, None)
        return found

    def hessian(
        self, variables: Mapping[str, Value] | None = None, /, *, wrt: Iterable[str] | None = None, **more: Value
    ) -> dict[str, dict[str, Any]]:
        """The second derivatives at a point: `hessian(...)["x"]["y"]`, with the shape of x and behind it that of y.

        One sweep of the derived circuit for each element of each variable. Raises a Problem of kind "shape" where the
        output is no number.
        """
        from backprop.differentiate import second

        circuit, _, at = self._at(merged(variables, more))
        return second.hessian(circuit, at, self._chosen(circuit, wrt), self.ties)

    def jacobian(
        self, variables: Mapping[str, Value] | None = None, /, *, wrt: Iterable[str] | None = None, **more: Value
    ) -> dict[str, Any]:
        """The derivative of every element of the output: `jacobian(...)["x"]` has the shape of the output and behind it
        that of x. One reverse sweep for each element of the output."""
        from backprop.differentiate import second

        circuit, _, at = self._at(merged(variables, more))
        return second.jacobian(circuit, at, self._chosen(circuit, wrt), self.ties)

    def jvp(
        self, direction: Mapping[str, Value], variables: Mapping[str, Value] | None = None, /, **more: Value
    ) -> Value:
        """The derivative of the output along a direction (the Jacobian times it, which is never formed).

        `direction` has values in the shapes of the variables; those it does not name stand still.
        """
        from backprop.differentiate import second

        circuit, _, at = self._at(merged(variables, more))
        return second.jvp(circuit, at, self._direction(circuit, at, direction), self.ties)

    def hvp(
        self, direction: Mapping[str, Value], variables: Mapping[str, Value] | None = None, /, **more: Value
    ) -> dict[str, Value]:
        """The Hessian times a direction, for every variable; the Hessian is never formed."""
        from backprop.differentiate import second

        circuit, _, at = self._at(merged(variables, more))
        return second.hvp(circuit, at, self._direction(circuit, at, direction), self.ties)

    def chosen(self, given: Iterable[str], wrt: Iterable[str]) -> list[str]:
        """The names of `wrt`, each of which must be a variable. Raises a Problem of kind "variable"."""
        return self._wrt(self.circuit(given), wrt)

    def _chosen(self, circuit: Circuit, wrt: Iterable[str] | None) -> list[str]:
        return list(circuit.variables) if wrt is None else self._wrt(circuit, wrt)

    def _direction(self, circuit: Circuit, at: Mapping[str, Value], direction: Mapping[str, Value]) -> dict[str, Value]:
        """A direction in the shapes of the variables."""
        from backprop.errors.expected import named

        found = {}
        for name in self._wrt(circuit, named("a direction", direction, '{"x": 1}')):
            value = as_value(f"the direction of {name}", direction[name])
            if shape_of(value) != shape_of(at[name]):
                step, own = shape_text(shape_of(value)), shape_text(shape_of(at[name]))
                message = f"the direction of {name} is {step}, and {name} is {own}"
                raise Problem("shape", message)
            found[name] = value
        return found

    # ── points ──

    @cached_property
    def listed(self) -> dict[str, Value]:
        """The values of inputs that stand in the text itself: `x = 3; y = -4; f = x*y`."""
        return {name: parse_value(text, name) for name, text in self.program.given.items()}

    def settled(self) -> Compiled:
        """The same formula, in which the numbers that the text sets are no inputs, but stages with a name."""
        from copy import copy

        found = self._copied()
        found.program = copy(self.program)
        found.program.given = {}
        found.__dict__.pop("listed", None)
        return found

    def _copied(self) -> Compiled:
        """The same formula, of which nothing is made yet."""
        from copy import copy

        found = copy(self)
        found._circuits, found._loop = {}, None
        return found

    def point(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """A point, with what the text itself says of inputs that it leaves out."""
        if not self.listed:
            return dict(given)
        used = self._circuit({**self.listed, **given})[0].variables
        return {**{name: value for name, value in self.listed.items() if name in used}, **given}

    def _circuit(self, given: Iterable[str]) -> tuple[Circuit, Names]:
        shadowed = frozenset(name for name in given if name in CONSTANTS or name in WORDS)
        values = given if isinstance(given, dict) else {}
        masks = frozenset(name for name, value in values.items() if is_truth(value))
        key = shadowed, masks
        if key not in self._circuits:
            with Uncollected():
                circuit = lower(self.program, shadowed=shadowed, masks=masks, expand=self.expand)
            self._circuits[key] = circuit, Names(circuit)
        return self._circuits[key]

    def circuit(self, given: Iterable[str] = ()) -> Circuit:
        """The stages. A constant's name that is given is a variable."""
        return self._circuit(given)[0]

    def variables_given(self, given: Iterable[str]) -> list[str]:
        """The names that need a value, if those in `given` have one: a constant's name that is given is a variable."""
        return list(self._circuit(given)[0].variables)

    def _at(self, given: dict[str, Value]) -> tuple[Circuit, Names, dict[str, Value]]:
        given = self.point({canonical_name(name): value for name, value in given.items()})
        circuit, names = self._circuit(given)
        missing = [name for name in circuit.variables if name not in given]
        if missing:
            raise self.missing(missing)
        circuit.expect_variables(given)
        return circuit, names, {name: as_value(name, given[name]) for name in circuit.variables}

    def has_stage(self, name: str) -> bool:
        """Whether the program gives this name to a stage."""
        circuit = self._circuit(())[0]
        return name in circuit.names.values() and name not in circuit.variables

    def missing(self, names: list[str]) -> Problem:
        """The problem that variables have no value, with a caret under each."""
        circuit = self._circuit(())[0]
        shown = [name for name in names if name in circuit.variables][:MOST_NAMED]
        spans = [circuit.span(circuit.variables[name]) for name in shown]
        known = [span for span in spans if span is not None]
        return self.program.problem("variable", f"no value for {enumerated(names)}", known)

    def _wrt(self, circuit: Circuit, wrt: Iterable[str]) -> list[str]:
        from backprop.errors.expected import names

        chosen = list(names("wrt", wrt))
        circuit.expect_variables(chosen)
        return chosen


def merged(variables: Mapping[str, Value] | None, more: dict[str, Value]) -> dict[str, Value]:
    """A point as a mapping, as keywords, or both."""
    if variables is None:
        return more
    if isinstance(variables, dict) and all(type(name) is str for name in variables):
        return {**variables, **more}
    from backprop.errors.expected import named

    return {**named("a point", variables, '{"x": 1, "y": 2}, or x=1, y=2'), **more}


class Uncollected:
    """Without the garbage collector: a large circuit is a million tuples and no cycles, and it would visit them all."""

    def __enter__(self) -> None:
        self.collecting = gc.isenabled()
        gc.disable()

    def __exit__(self, *error: object) -> None:
        if self.collecting:
            gc.enable()


def read(text: str, source: str | None) -> Program:
    """The program that a text is: in the language of this program, or in Python's where it came from a file of that
    kind."""
    if source is None or not source.endswith(".py"):
        program = parse(text, source)
        if any(statement.kind == "assignment" for statement in program.statements):
            from backprop.language.inputs import inputs_in

            program.given = inputs_in(program)
        return program
    from backprop.python.straight import read_python

    return read_python(text, source)
