"""What the library gives to people: evaluations that show themselves in notebooks, and tell, check, draw and write.

>>> import backprop
>>> result = backprop.evaluate("(x+y)*z", x=-2, y=5, z=-4)
>>> result.check().verdict
'ok'
>>> print(result.explain("z", brief=True))
backward 1. f = q1 * z has gradient 1. Multiply swaps and scales: dz = q1 × 1 = 3.
meaning: the circuit wants z higher, with a force of 3: z + 0.1 changes f by about 0.3
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from backprop import library
from backprop.draw import writer
from backprop.draw.notebook import (
    KINDS,
    Bundle,
    Layout,
    Shown,
    Table,
    Theme,
    as_json,
    digits_of,
    laid_out,
    shown,
)
from backprop.errors import Problem, one_of
from backprop.errors.expected import helped, helpful, whole
from backprop.library.nudge import Nudge, nudge
from backprop.library.values import as_value
from backprop.show import nudged
from backprop.show.grid import stages_grid
from backprop.show.objects import evaluation_object, story_object, why_object

if TYPE_CHECKING:
    from backprop.check.gradients.numerical import Comparison
    from backprop.check.passes.verdict import Verdict
    from backprop.check.stages.judge import Verdicts
    from backprop.show.grid import Grid

Value = library.Value
Form = Literal["svg", "wires", "lanes", "html", "dot", "mermaid", "tikz"]
Telling = Literal["plain", "markdown", "latex", "json"]
Target = Literal["python", "numpy", "torch", "jax", "c", "javascript", "sql", "latex", "markdown"]
Ties = Literal["both", "split", "first"]
Precision = Literal["float64", "float32"]

MOST_DRAWN = 120  # gates of a circuit that is drawn beside its table


class Checked(Table):
    """What was found right or wrong: a table of it, and a verdict on the whole."""

    def _verdicts(self) -> list[str]:
        raise NotImplementedError

    @property
    def verdict(self) -> str:
        """The worst of all verdicts, or "ok"."""
        from backprop.check.report import overall

        return overall(self._verdicts())

    @property
    def ok(self) -> bool:
        """Whether all is there, and nothing wrong."""
        return self.verdict not in ("wrong", "incomplete")


@helpful
class Check(Checked):
    """What a check of gradients against numerical ones found.

    `comparisons` has one for each gradient: name, gradient, numerical, error, verdict and remark; those at random
    points stand behind those at the point itself. `verdict` is that on the whole: "ok", "wrong" or "kink".
    """

    def __init__(self, comparisons: Sequence[Comparison], random: dict[str, Any] | None = None) -> None:
        self.comparisons = list(comparisons)
        self._here, self._random = self.comparisons, random

    @classmethod
    def at_random(
        cls, here: Sequence[Comparison], points: list[tuple[dict[str, float], list[Comparison]]], seed: int
    ) -> Check:
        """A check that was made at random points, too."""
        from backprop.check.report import random_object

        found = cls([*here, *(one for _, more in points for one in more)], random_object(points, seed))
        found._here = list(here)
        return found

    def _verdicts(self) -> list[str]:
        return [one.verdict for one in self.comparisons]

    def _grid(self, digits: int | None = 6) -> Grid:
        from backprop.check.report import comparison_grid

        return comparison_grid(self.comparisons, digits)

    def _object(self) -> dict[str, Any]:
        from backprop.check.report import numerical_object

        return numerical_object(self._here, self._random)


@helpful
class Judged(Checked):
    """What was said of a backward pass of yours, or of numbers.

    `lines` has a judgement for each line: line, name, yours, expected, verdict, cause and advice. `remarks` are about
    the pass as a whole, `missing` are the variables whose gradient no line computes. `verdict` is that on the whole:
    "ok", "wrong" or "incomplete".
    """

    def __init__(self, verdicts: Verdicts, claims: bool) -> None:
        self.lines, self.remarks, self.missing = verdicts.lines, verdicts.remarks, verdicts.missing
        self._claims = claims

    def _verdicts(self) -> list[str]:
        return [*(one.verdict for one in self.lines), *("incomplete" for _ in self.missing)]

    def _grid(self, digits: int | None = 6) -> Grid:
        from backprop.check.report import lines_grid

        return lines_grid(self.lines, digits, claims=self._claims)

    def _object(self) -> dict[str, Any]:
        from backprop.check.report import lines_object

        return lines_object(self.lines, self.remarks, self.missing)


@helpful
class JudgedCode(Checked):
    """What was said of backward passes in code of yours.

    `passes` has one for each: name, verdict, gradients (name, error, verdict and remark), lines (line, advice, and what
    to `write` instead) and remarks. `left_out` says which passes were not judged, for want of arguments. `verdict` is
    that on the whole: "ok", "wrong" or "incomplete".
    """

    def __init__(self, passes: Sequence[Verdict], left_out: Sequence[str] = ()) -> None:
        self.passes, self.left_out = list(passes), list(left_out)

    def _verdicts(self) -> list[str]:
        return [one.verdict for one in self.passes]

    def _grid(self, digits: int | None = 6) -> Grid:
        from backprop.check.pass_report import passes_grid

        return passes_grid(self.passes)

    def _object(self) -> dict[str, Any]:
        from backprop.check.pass_report import passes_object

        return passes_object(self.passes, self.left_out)

    def __repr__(self) -> str:
        from backprop.check.pass_report import lines_text

        return f"{super().__repr__()}\n{lines_text(self.passes)}".rstrip("\n")


@helpful
class Reference(Table):
    """The gate library, or one gate of it.

    `gates` has an object for each, with the members that `backprop gates --json` writes: name, family, written,
    aliases, inputs, local_gradients, domain, kink, says, …
    """

    def __init__(self, name: str | None) -> None:
        from backprop.show import reference

        self._gate = None if name is None else reference.find(name)
        shown = reference.library() if self._gate is None else [self._gate]
        self.gates: list[dict[str, Any]] = [reference.gate_object(gate, full=name is not None) for gate in shown]

    def _grid(self, digits: int | None = 6) -> Grid:
        from backprop.show import reference

        return reference.library_grid() if self._gate is None else reference.gate_grid(self._gate)

    def _object(self) -> Any:
        return self.gates if self._gate is None else self.gates[0]

    def table(self, form: Layout = "plain", *, digits: int = 6, color: bool = False) -> Shown:
        """The table as text: "plain", "csv", "markdown", "latex" or "html"; as CSV and Markdown a row for each gate.
        With `color` a plain one is painted for a terminal."""
        from backprop.show.reference import flat_grid

        flat = self._gate is None and form in ("csv", "markdown")
        return laid_out(flat_grid() if flat else self._grid(), form, color)


@helpful
class Nudged(Nudge):
    """A step and what it does, which shows itself as `backprop nudge` does.

    `predicted` is gradient × step, `actual` the change itself. `holds_until` is the part of the step up to which the
    prediction is within 1 % (inf if it holds as far as was looked), and `ends_at` says what ends it: a kink, by name,
    or None.
    """

    def table(self, *, digits: int = 6) -> Shown:
        """What was predicted, what came, and how far the prediction holds, as text."""
        return shown(nudged.text_of(self, digits_of(digits)))

    def json(self) -> Shown:
        """The answer as the object that `backprop nudge --json` prints."""
        return as_json(nudged.object_of(self))

    def __repr__(self) -> str:
        return self.table().rstrip("\n")

    __str__ = __repr__


@helpful
class Evaluation(library.Evaluation):
    """What an evaluation found; a notebook shows its table and its circuit.

    `value` is the output, `gradients` its derivative in each variable, in order of first appearance; `stages` are all
    intermediate variables, the inputs first; `notes` say where a tie or a kink decided, what is not finite and why, and
    where a gradient ended. `output` is the name of the output. `draw`, `explain`, `check`, `nudge` and `code` do what
    the commands of these names do; `judge` what `check` does with a backward pass of yours, `why_nan` what `--why-nan`.
    """

    def table(
        self, form: Layout = "plain", *, digits: int = 6, local: bool = False, full: bool = False, rounds: bool = False,
        color: bool = False,
    ) -> Shown:  # fmt: skip
        """The table of all stages as text: "plain", "csv", "markdown", "latex" or "html". `local` adds the local
        gradients, `full` shows large arrays whole, and `rounds` every round of a loop in code, not the first and the
        last alone; CSV has all of them, with all digits, and with `color` a plain one is painted for a terminal."""
        from backprop.library.rounds import left_out

        digits_of(digits)
        csv = form == "csv"
        one_line = form in ("csv", "markdown", "latex")
        left = () if rounds or csv else left_out(self.run, self.names)
        grid = stages_grid(
            self, digits=None if csv else digits, local=local, full=full or csv, one_line=one_line, rounds=left
        )
        return laid_out(grid, form, color)

    def json(self) -> Shown:
        """The answer as the object that `backprop eval --json` prints."""
        return as_json(evaluation_object(self))

    def draw(
        self, form: Form = "svg", *, fold: bool = False, rounds: bool = False, values: bool = True, blank: bool = False,
        theme: Theme = "light", width: int = 100, color: bool = False,
    ) -> Shown:  # fmt: skip
        """The circuit: as a picture ("svg"), in characters ("wires", "lanes"), as a page to step through ("html"), or
        as text for other tools ("dot", "mermaid", "tikz"). `fold` draws named stages and sums as one gate each,
        `rounds` every round of a loop in code; without `values` the gates stand alone; `blank` makes the picture a
        worksheet with boxes to fill in; `theme` is "light", "dark" or "print", and `width` that of a drawing in
        characters, which `color` paints for a terminal. What it draws has `save("circuit.svg")`, a picture also .png.
        """
        from backprop.draw.rounds import rolled
        from backprop.draw.scene import scene

        if form == "html":
            from backprop.draw.page import page

            return shown(page(self), "text/html")
        drawn = scene(self.run, self.names, fold=fold, wrt=self.gradients)
        drawn = drawn if rounds else rolled(drawn).scene
        if form in ("svg", "tikz"):
            from backprop.draw.boxes import Options, picture
            from backprop.show.palette import PALETTES

            one_of("theme", PALETTES, theme)
            placed = picture(drawn, values=values, blank=blank)
            return shown(writer(form)(placed, Options(values, blank, theme)), KINDS.get(form, "text/plain"))
        if blank:
            raise Problem("option", f"a worksheet is a picture, and not {form}", hint='draw("svg", blank=True)')
        if form in ("wires", "lanes"):
            from backprop.draw.terminal import Screen, draw

            return shown(draw(drawn, Screen(width, color), form=form, values=values)[0])
        if form not in ("dot", "mermaid"):
            known = "svg, wires, lanes, html, dot, mermaid, tikz"
            raise Problem("option", f"a circuit is drawn as one of {known}, and not as {form!r}")
        return shown(writer(form)(drawn, values=values))

    def explain(
        self, *names: str, form: Telling = "plain", digits: int = 6, brief: bool = False, rounds: bool = False,
        color: bool = False,
    ) -> Shown:  # fmt: skip
        """The forward and the backward pass, step by step; of some variables only, if they are named. It is told as
        text ("plain", with `color` painted for a terminal), as "markdown" or "latex", or as the object of "json";
        `brief` leaves the forward pass out, and `rounds` has every round of a loop in code."""
        from backprop.library.explain import tell
        from backprop.library.rounds import left_out
        from backprop.show import explanation

        digits_of(digits)
        self.run.circuit.expect_variables(names)
        left = () if rounds or form == "json" else left_out(self.run, self.names)
        story = tell(self.run, self.names, names or None, left, digits)
        if one_of("an explanation", ("plain", "markdown", "latex", "json"), form) == "json":
            return as_json(story_object(story))
        painted = {"colour": color} if form == "plain" else {}
        told = getattr(explanation, form)(story, digits=digits, brief=brief, **painted)
        rich = told if form == "latex" else explanation.markdown(story, digits=digits, brief=brief)
        return shown(told, f"text/{'latex' if form == 'latex' else 'markdown'}", rich)

    def why_nan(self, form: Literal["plain", "json"] = "plain") -> Shown:
        """Where a number that is not finite came from, what it did to the rest, and how to avoid it: as text, or as the
        object of "json"."""
        from backprop.library.whynan import text_of, why

        answer = why(self.run, self.names)
        told = one_of("the answer", ("plain", "json"), form) == "plain"
        return shown(text_of(answer)) if told else as_json(why_object(answer))

    def check(self, *, stages: bool = False, random: int = 0, seed: int = 0) -> Check:
        """The gradients against numerical ones: of the inputs, or of all stages; at so many random points too."""
        from backprop.check.gradients.compare import at_random, check, wires_of

        wires = wires_of(self.run, self.names, self.gradients, stages)
        whole("random", random)
        whole("seed", seed)
        here = list(check(self.run, self.names, wires))
        points = list(at_random(self.run, self.names, wires, random, seed)) if random else []
        return Check.at_random(here, points, seed) if random else Check(here)

    def judge(self, backward: str | None = None, /, **claims: float | str) -> Judged:
        """Judge a backward pass of your own, as lines like `dx = …` and `dx += …`; or numbers, to the digits that they
        are written with: `judge(dx=-4, dz="3.0")`."""
        from backprop.check.stages.judge import judge
        from backprop.check.stages.lines import claim_lines, read_claim, read_lines

        if (backward is None) == (not claims):
            raise Problem("option", "judge takes a backward pass, or claims", hint="judge(dx=-4)")
        if backward is not None:
            if not isinstance(backward, str):
                raise Problem("value", f"a backward pass is a text, and not {type(backward).__name__}", hint='"dx = y"')
            lines = read_lines(backward, "the backward pass")
        else:
            lines = claim_lines([read_claim(f"{name}={number}") for name, number in claims.items()])
        found = judge(self.run, self.names, lines)
        return Judged(found._replace(missing=[name for name in found.missing if name in self.gradients]), bool(claims))

    def nudge(self, **steps: Value) -> Nudged:
        """What moving variables by these steps does, against what the gradient predicts: `nudge(x=0.1).actual`."""
        if not steps:
            raise Problem(
                "option", "there is no step", hint=f"for example nudge({next(iter(self.gradients), 'x')}=0.1)"
            )
        self.run.circuit.expect_variables(steps)
        moves = {name: as_value(f"the step of {name}", step) for name, step in steps.items()}
        return Nudged(*nudge(self.run, self.names, moves))

    def code(
        self, to: Target = "python", *, name: str | None = None, table: str | None = None, dialect: str = "duckdb",
        main: bool = False, jvp: bool = False, dtype: Precision = "float64",
    ) -> Shown:  # fmt: skip
        """The forward and the backward pass as a program that tests itself at this point. `name` is what its function
        is called; `table` and `dialect` are for SQL, `main` asks for a main program in C, `jvp` for JAX's derivatives
        forward, and `dtype` is NumPy's."""
        circuit = self.run.circuit
        at = {name: self.run.values[wire] for name, wire in circuit.variables.items()}
        upstream = self.run.upstream
        above = None if isinstance(upstream, float) and upstream == 1.0 else upstream
        return written(
            circuit, to, list(self.gradients), self.run.ties, at, above, name=name, table=table, dialect=dialect,
            main=main, jvp=jvp, dtype=dtype,
        )  # fmt: skip

    def hessian(self, *, wrt: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
        """The second derivatives here: `hessian()["x"]["y"]`, with the shape of x and behind it that of y."""
        compiled, at, _ = self._asked
        return compiled.hessian(at, wrt=wrt)

    def jacobian(self, *, wrt: Iterable[str] | None = None) -> dict[str, Any]:
        """The derivative of every element of the output here, in its shape and behind it that of the variable."""
        compiled, at, _ = self._asked
        return compiled.jacobian(at, wrt=wrt)

    def jvp(self, **direction: Value) -> Value:
        """The derivative of the output along a direction."""
        compiled, at, _ = self._asked
        return compiled.jvp(direction, at)

    def hvp(self, **direction: Value) -> dict[str, Value]:
        """The second derivatives times a direction, for every variable."""
        compiled, at, _ = self._asked
        return compiled.hvp(direction, at)

    def __str__(self) -> str:
        from backprop.show.text import plain

        return plain(stages_grid(self)).rstrip("\n")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        """What a notebook shows: the table of all stages, the notes, and the circuit where it is not too large."""
        from backprop.show.text import escaped, html

        notes = "".join(f"<p>note: {escaped(note.message)}</p>\n" for note in self.notes)
        drawn = str(self.draw()) if len(self.stages) <= MOST_DRAWN else ""
        beside = embedded(drawn) if drawn else ""
        bundle = {"text/plain": str(self), "text/html": html(stages_grid(self)) + notes + beside}
        return {**bundle, KINDS["svg"]: drawn} if drawn else bundle


def embedded(svg: str) -> str:
    """A picture for HTML: as an image, so that its styles are its own."""
    from base64 import b64encode

    return f'<img alt="the circuit" src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}">\n'


@helpful
class Compiled(library.Compiled):
    """A formula, parsed once, to be evaluated at many points.

    `ties` chooses the subgradient at ties and kinks (see `--ties`), `expand` opens gates that have a definition.
    """

    _kind = Evaluation
    if TYPE_CHECKING:

        def evaluate(  # type: ignore[override]
            self,
            variables: Mapping[str, Value] | None = None,
            /,
            *,
            upstream: Value | None = None,
            wrt: Iterable[str] | None = None,
            **more: Value,
        ) -> Evaluation: ...

        def forward(self, variables: Mapping[str, Value] | None = None, /, **more: Value) -> Evaluation: ...

    def code(
        self, to: Target = "python", *, wrt: Iterable[str] | None = None, name: str | None = None,
        upstream: Value | None = None, table: str | None = None, dialect: str = "duckdb", main: bool = False,
        jvp: bool = False, dtype: Precision = "float64",
    ) -> Shown:  # fmt: skip
        """The forward and the backward pass as a program for any point. `wrt` limits its gradients, `name` is what its
        function is called, `upstream` the gradient on the output; `table` and `dialect` are for SQL, `main` asks for a
        main program in C, `jvp` for JAX's derivatives forward, and `dtype` is NumPy's."""
        circuit = self.circuit()
        return written(
            circuit, to, self._chosen(circuit, wrt), self.ties, None, upstream, name=name, table=table, dialect=dialect,
            main=main, jvp=jvp, dtype=dtype,
        )  # fmt: skip

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        """What a notebook shows: the formula, and what it needs."""
        needs = f"variables: {', '.join(self.variables) or 'none'}"
        return {"text/plain": f"{self.program.text.strip()}\n{needs}"}


def written(circuit: Any, to: str, wrt: list[str], ties: str, at: Any, upstream: Any, **more: Any) -> Shown:
    """A program in a target language."""
    from backprop.emit import TARGETS, Request, write

    if to not in TARGETS:
        raise Problem("option", f"a program is written in one of {', '.join(TARGETS)}, and not in {to!r}")
    one_of("dtype", ("float64", "float32"), more["dtype"])
    for option, its in (("table", "sql"), ("main", "c"), ("jvp", "jax")):
        if more[option] and to != its:
            raise Problem("option", f"{option} goes with {its}, and not with {to}")
    request = Request(circuit, wrt=wrt, ties=ties, at=at, upstream=upstream, **more)
    return shown(write(request, to), "text/markdown" if to == "markdown" else "text/plain")


@helped
def compile(text: str, *, ties: Ties = "both", expand: bool = False) -> Compiled:
    """Parse a formula once, to evaluate it many times: `compile("(x+y)*z").evaluate(x=-2, y=5, z=-4)`.

    Raises a Problem for whatever is wrong with the text.
    """
    return Compiled(text, ties=ties, expand=expand)


@helped
def evaluate(
    text: str,
    variables: Mapping[str, Value] | None = None,
    /,
    *,
    ties: Ties = "both",
    expand: bool = False,
    upstream: Value | None = None,
    wrt: Iterable[str] | None = None,
    **more: Value,
) -> Evaluation:
    """Value and gradients of a formula at a point: `evaluate("(x+y)*z", x=-2, y=5, z=-4).gradients["x"]` is -4.0.

    The point is a mapping, keywords, or both (keywords win). Raises a Problem for whatever is wrong with it.
    """
    return Compiled(text, ties=ties, expand=expand).evaluate(variables, upstream=upstream, wrt=wrt, **more)


@helped
def reference(name: str | None = None) -> Reference:
    """The gates, or the one of a name in full: local gradients, domain, kinks, and an example that is run.

    `reference("tanh").gates[0]["local_gradients"]` is {"x": "sech(x)^2"}. Raises a Problem for a name that no gate has.
    """
    return Reference(name)


@helped
def trace(
    code: Callable[..., object] | PathLike[str] | str, given: Mapping[str, Any] | None = None, /, *, name: str = "",
    outputs: Iterable[str] | None = None, upstream: Value | None = None, ties: Ties = "both", expand: bool = False,
    seed: int = 0, **more: Any,
) -> Evaluation:  # fmt: skip
    """A forward pass in code of your own at a point, as an evaluation: `trace(attention, q=q, k=k, v=v).draw()`.

    The code, which is read and never run, is a function or a class, a file's `Path`, or text; `name` says which
    function of several is meant, `outputs` which of its results. What it takes is a mapping, keywords, or both; `seed`
    is that of random numbers in it. Raises a Problem for what is not understood.
    """
    from backprop.library.traced import runner_of
    from backprop.library.traced import trace as traced

    runner = runner_of(code, {**(given or {}), **more}, name, seed)
    above = None if upstream is None else as_value("upstream", upstream)
    chosen = None if outputs is None else list(outputs)
    compiled, found = traced(runner, name, outputs=chosen, upstream=above, ties=ties, expand=expand, kind=Compiled)
    answer = compiled.evaluate(found.at, upstream=above)
    assert isinstance(answer, Evaluation)
    return answer


@helped
def judge(
    *code: Callable[..., object] | PathLike[str] | str, name: str | None = None, upstream: Value | None = None,
    seed: int = 0, wrt: Iterable[str] | None = None, **given: Any,
) -> JudgedCode:  # fmt: skip
    """Judge backward passes in code of your own, which is read and never run: `judge(affine_forward, affine_backward,
    x=x, w=w, b=b).ok`.

    The code is functions or classes, a file's `Path`, or text, of which `name` says which one is meant; `given` are the
    arguments of the forward pass, and `wrt` the gradients that are wanted. `upstream` is the gradient on the output;
    without it, it is random, by the seed. A pass for which something is not given is left out, if another can be
    judged. Raises a Problem for what is not understood.
    """
    from backprop.check.all_passes import judged
    from backprop.library.traced import source_of
    from backprop.python.inputs.given import arguments_from
    from backprop.python.pairs.pairs import pairs_in
    from backprop.python.texts.source import Code, part_of

    read = Code([part_of(*source_of(one)) for one in code])
    pairs = pairs_in(read, name)
    if not pairs:
        raise Problem("name", "there is no pair of a forward and a backward pass in this code")
    arguments = {name: arguments_from(value) for name, value in given.items()}
    above = None if upstream is None else as_value("upstream", upstream)
    chosen = None if wrt is None else list(wrt)
    found = judged(read, pairs, arguments, above, seed, chosen, whole=name is None)
    return JudgedCode(found.verdicts, found.left_out)
