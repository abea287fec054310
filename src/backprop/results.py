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
from backprop.errors import Problem, no_variable
from backprop.library.values import as_value, decoded

if TYPE_CHECKING:
    from backprop.check.backward_pass import Verdicts
    from backprop.check.handwritten import Verdict
    from backprop.check.numerical import Comparison
    from backprop.library.nudge import Nudge
    from backprop.show.grid import Grid

Value = library.Value
Form = Literal["svg", "wires", "lanes", "html", "dot", "mermaid", "tikz"]
Layout = Literal["plain", "csv", "markdown", "latex", "html"]
Target = Literal["python", "numpy", "torch", "jax", "c", "javascript", "sql", "latex", "markdown"]
Bundle = dict[str, str]  # kinds of content (MIME types), each with its text

MOST_DRAWN = 120  # gates of a circuit that is drawn beside its table
KINDS = {"svg": "image/svg+xml", "html": "text/html"}


class Shown(str):
    """A text that a notebook shows as what it is: a picture, Markdown, a page, or itself."""

    kind: str = "text/plain"
    rich: str = ""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        """What a notebook shows."""
        return {"text/plain": str(self), **({self.kind: self.rich or str(self)} if self.kind != "text/plain" else {})}

    def __repr__(self) -> str:
        return str(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a file, as UTF-8; a picture also as .png."""
        from pathlib import Path

        if self.kind == KINDS["svg"] and Path(path).suffix.lower() == ".png":
            from backprop.draw.png import png, size_of

            Path(path).write_bytes(png(self, size_of(self), system_fonts=True))
        else:
            Path(path).write_text(self, encoding="utf-8")


def shown(text: str, kind: str = "text/plain", rich: str = "") -> Shown:
    """A text of a kind; `rich` is what is shown in its place where that can be shown."""
    made = Shown(text)
    made.kind, made.rich = kind, rich
    return made


LAYOUTS = {"plain": "text/plain", "csv": "text/csv", "markdown": "text/markdown", "latex": "text/latex"}
LAYOUTS["html"] = KINDS["html"]


def laid_out(grid: Grid, form: str) -> Shown:
    """A table as text of a kind."""
    from backprop.show import text

    if form not in LAYOUTS:
        raise Problem("option", f"a table is one of {', '.join(LAYOUTS)}, and not {form!r}")
    render: Callable[[Grid], str] = getattr(text, form)
    return shown(render(grid), LAYOUTS[form])


class Table:
    """What shows itself as a table, in a notebook and as a text."""

    def _grid(self) -> Grid:
        raise NotImplementedError

    def table(self, form: Layout = "plain") -> Shown:
        """The table as text: "plain", "csv", "markdown", "latex" or "html"."""
        return laid_out(self._grid(), form)

    def __repr__(self) -> str:
        from backprop.show.text import plain

        return plain(self._grid()).strip("\n")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        """What a notebook shows: the table."""
        from backprop.show.text import html

        return {"text/plain": repr(self), "text/html": html(self._grid())}


class Check(Table):
    """What a check of gradients against numerical ones found.

    `comparisons` has one for each gradient: name, gradient, numerical, error, verdict and remark; those at random
    points stand behind those at the point itself. `verdict` is that on the whole: "ok", "wrong" or "kink".
    """

    def __init__(self, comparisons: Sequence[Comparison]) -> None:
        self.comparisons = list(comparisons)

    @property
    def verdict(self) -> str:
        """The worst of all verdicts, or "ok"."""
        from backprop.check.report import overall

        return overall(one.verdict for one in self.comparisons)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.verdict != "wrong"

    def _grid(self) -> Grid:
        from backprop.check.report import comparison_grid

        return comparison_grid(self.comparisons, 6)


class Judged(Table):
    """What was said of a backward pass of yours, or of numbers.

    `lines` has a judgement for each line: line, name, yours, expected, verdict, cause and advice. `remarks` are about
    the pass as a whole, `missing` are the variables whose gradient no line computes. `verdict` is that on the whole:
    "ok", "wrong" or "incomplete".
    """

    def __init__(self, verdicts: Verdicts, claims: bool) -> None:
        self.lines, self.remarks, self.missing = verdicts.lines, verdicts.remarks, verdicts.missing
        self._claims = claims

    @property
    def verdict(self) -> str:
        """The worst of all verdicts, or "ok"."""
        from backprop.check.report import overall

        return overall([*(one.verdict for one in self.lines), *("incomplete" for _ in self.missing)])

    @property
    def ok(self) -> bool:
        """Whether all is there, and right."""
        return self.verdict == "ok"

    def _grid(self) -> Grid:
        from backprop.check.report import lines_grid

        return lines_grid(self.lines, 6, claims=self._claims)


class JudgedCode(Table):
    """What was said of backward passes in code of yours.

    `passes` has one for each: name, verdict, gradients (name, error, verdict and remark), lines (line, advice, and what
    to `write` instead) and remarks. `verdict` is that on the whole: "ok", "wrong" or "incomplete".
    """

    def __init__(self, passes: Sequence[Verdict]) -> None:
        self.passes = list(passes)

    @property
    def verdict(self) -> str:
        """The worst of all verdicts, or "ok"."""
        from backprop.check.pass_report import overall

        return overall(self.passes)

    @property
    def ok(self) -> bool:
        """Whether all is there, and right."""
        return self.verdict == "ok"

    def _grid(self) -> Grid:
        from backprop.check.pass_report import passes_grid

        return passes_grid(self.passes)

    def __repr__(self) -> str:
        from backprop.check.pass_report import lines_text

        return f"{super().__repr__()}\n{lines_text(self.passes)}".rstrip("\n")


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

    def _grid(self) -> Grid:
        from backprop.show import reference

        return reference.library_grid() if self._gate is None else reference.gate_grid(self._gate)


class Evaluation(library.Evaluation):
    """What an evaluation found; a notebook shows its table and its circuit.

    `value` is the output, `gradients` its derivative in each variable, in order of first appearance; `stages` are all
    intermediate variables, the inputs first; `notes` say where a tie or a kink decided, what is not finite and why, and
    where a gradient ended. `output` is the name of the output. `draw`, `explain`, `check`, `nudge` and `code` do what
    the commands of these names do; `judge` what `check` does with a backward pass of yours, `why_nan` what `--why-nan`.
    """

    def table(self, form: Layout = "plain", *, digits: int = 6, local: bool = False, full: bool = False) -> Shown:
        """The table of all stages as text: "plain", "csv", "markdown", "latex" or "html". `local` adds the local
        gradients, `full` shows large arrays whole; CSV has all digits."""
        from backprop.show.grid import stages_grid

        csv = form == "csv"
        one_line = form in ("csv", "markdown", "latex")
        grid = stages_grid(self, digits=None if csv else digits, local=local, full=full or csv, one_line=one_line)
        return laid_out(grid, form)

    def json(self) -> Shown:
        """The answer as the object that `backprop eval --json` prints."""
        from backprop.show.objects import evaluation_object, written

        return shown(written(evaluation_object(self)), "application/json")

    def draw(
        self, form: Form = "svg", *, fold: bool = False, rounds: bool = False, values: bool = True, blank: bool = False,
        theme: str = "light",
    ) -> Shown:  # fmt: skip
        """The circuit: as a picture ("svg"), in characters ("wires", "lanes"), as a page to step through ("html"), or
        as text for other tools ("dot", "mermaid", "tikz"). `fold` draws named stages and sums as one gate each,
        `rounds` every round of a loop in code; without `values` the gates stand alone; `blank` makes the picture a
        worksheet with boxes to fill in; `theme` is "light", "dark" or "print". What it draws has
        `save("circuit.svg")`; a picture also as .png."""
        from importlib import import_module

        from backprop.draw.rounds import rolled
        from backprop.draw.scene import scene

        if form == "html":
            from backprop.draw.page import page

            return shown(page(self), "text/html")
        drawn = scene(self.run, self.names, fold=fold, wrt=self.gradients)
        drawn = drawn if rounds else rolled(drawn).scene
        if form == "svg":
            from backprop.draw.boxes import picture
            from backprop.draw.svg import Options, svg
            from backprop.show.palette import PALETTES

            if theme not in PALETTES:
                raise Problem("option", f"theme is one of {', '.join(PALETTES)}, and not {theme!r}")
            placed = picture(drawn, values=values, blank=blank)
            return shown(svg(placed, Options(values, blank, theme)), KINDS["svg"])
        if blank:
            raise Problem("option", f"a worksheet is a picture, and not {form}", hint='draw("svg", blank=True)')
        if form in ("wires", "lanes"):
            from backprop.draw.terminal import Screen, draw

            return shown(draw(drawn, Screen(100), form=form, values=values)[0])
        if form not in ("dot", "mermaid", "tikz"):
            known = "svg, wires, lanes, html, dot, mermaid, tikz"
            raise Problem("option", f"a circuit is drawn as one of {known}, and not as {form!r}")
        return shown(getattr(import_module(f"backprop.draw.{form}"), form)(drawn, values=values))

    def explain(self, *names: str, digits: int = 6, brief: bool = False) -> Shown:
        """The forward and the backward pass, step by step; of some variables only, if they are named. `brief` leaves
        the forward pass out."""
        from backprop.library.explain import tell
        from backprop.show import explanation

        self._known(names)
        story = tell(self.run, self.names, names or None)
        told = explanation.plain(story, digits=digits, brief=brief)
        return shown(told, "text/markdown", explanation.markdown(story, digits=digits, brief=brief))

    def why_nan(self) -> Shown:
        """Where a number that is not finite came from, what it did to the rest, and how to avoid it."""
        from backprop.library.whynan import text_of, why

        return shown(text_of(why(self.run, self.names)))

    def check(self, *, stages: bool = False, random: int = 0, seed: int = 0) -> Check:
        """The gradients against numerical ones: of the inputs, or of all stages; at so many random points too."""
        from backprop.check.gradients import at_random, check

        circuit = self.run.circuit
        wires = [circuit.variables[name] for name in self.gradients]
        if stages:
            inputs = set(circuit.variables.values())
            wires += [wire for wire in self.names.shown() if circuit.active[wire] and wire not in inputs]
        found = list(check(self.run, self.names, wires))
        for _, more in at_random(self.run, self.names, wires, random, seed):
            found += more
        return Check(found)

    def judge(self, backward: str | None = None, /, **claims: float | str) -> Judged:
        """Judge a backward pass of your own, as lines like `dx = …` and `dx += …`; or numbers, to the digits that they
        are written with: `judge(dx=-4, dz="3.0")`."""
        from backprop.check.backward_pass import judge
        from backprop.check.lines import claim_lines, read_claim, read_lines

        if (backward is None) == (not claims):
            raise Problem("option", "judge takes a backward pass, or claims", hint="judge(dx=-4)")
        if backward is not None:
            lines = read_lines(backward, "the backward pass")
        else:
            lines = claim_lines([read_claim(f"{name}={number}") for name, number in claims.items()])
        found = judge(self.run, self.names, lines)
        return Judged(found._replace(missing=[name for name in found.missing if name in self.gradients]), bool(claims))

    def nudge(self, **steps: Value) -> Nudge:
        """What moving variables by these steps does, against what the gradient predicts: `nudge(x=0.1).actual`."""
        from backprop.library.nudge import nudge

        self._known(steps)
        return nudge(self.run, self.names, {name: as_value(f"the step of {name}", x) for name, x in steps.items()})

    def code(
        self, to: Target = "python", *, name: str | None = None, table: str | None = None, dialect: str = "duckdb",
        main: bool = False, jvp: bool = False, dtype: Literal["float64", "float32"] = "float64",
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

    def _known(self, names: Iterable[str]) -> None:
        """Raise a Problem for a name that is no variable's."""
        variables = self.run.circuit.variables
        for name in names:
            if name not in variables:
                raise no_variable(name, [*variables])

    def __str__(self) -> str:
        from backprop.show.grid import stages_grid
        from backprop.show.text import plain

        return plain(stages_grid(self)).rstrip("\n")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        """What a notebook shows: the table of all stages, the notes, and the circuit where it is not too large."""
        from backprop.show.grid import stages_grid
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


class Compiled(library.Compiled):
    """A formula, parsed once, to be evaluated at many points.

    `ties` chooses the subgradient at ties and kinks (see `--ties`), `expand` opens gates that have a definition.
    """

    _kind = Evaluation
    if TYPE_CHECKING:

        def evaluate(
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
        self, to: Target = "python", *, name: str | None = None, table: str | None = None, dialect: str = "duckdb",
        main: bool = False, jvp: bool = False, dtype: Literal["float64", "float32"] = "float64",
    ) -> Shown:  # fmt: skip
        """The forward and the backward pass as a program for any point. `name` is what its function is called; `table`
        and `dialect` are for SQL, `main` asks for a main program in C, `jvp` for JAX's derivatives forward, and `dtype`
        is NumPy's."""
        circuit = self.circuit()
        return written(
            circuit, to, list(circuit.variables), self.ties, None, None, name=name, table=table, dialect=dialect,
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
    for option, its in (("table", "sql"), ("main", "c"), ("jvp", "jax")):
        if more[option] and to != its:
            raise Problem("option", f"{option} goes with {its}, and not with {to}")
    request = Request(circuit, wrt=wrt, ties=ties, at=at, upstream=upstream, **more)
    return shown(write(request, to), "text/markdown" if to == "markdown" else "text/plain")


def compile(text: str, *, ties: str = "both", expand: bool = False) -> Compiled:
    """Parse a formula once, to evaluate it many times: `compile("(x+y)*z").evaluate(x=-2, y=5, z=-4)`.

    Raises a Problem for whatever is wrong with the text.
    """
    return Compiled(text, ties=ties, expand=expand)


def evaluate(
    text: str,
    variables: Mapping[str, Value] | None = None,
    /,
    *,
    ties: str = "both",
    expand: bool = False,
    upstream: Value | None = None,
    wrt: Iterable[str] | None = None,
    **more: Value,
) -> Evaluation:
    """Value and gradients of a formula at a point: `evaluate("(x+y)*z", x=-2, y=5, z=-4).gradients["x"]` is -4.0.

    The point is a mapping, keywords, or both (keywords win). Raises a Problem for whatever is wrong with it.
    """
    return Compiled(text, ties=ties, expand=expand).evaluate({**(variables or {}), **more}, upstream=upstream, wrt=wrt)


def reference(name: str | None = None) -> Reference:
    """The gates, or the one of a name in full: local gradients, domain, kinks, and an example that is run.

    `reference("tanh").gates[0]["local_gradients"]` is {"x": "sech(x)^2"}. Raises a Problem for a name that no gate has.
    """
    return Reference(name)


def trace(
    code: Callable[..., object] | PathLike[str] | str, given: Mapping[str, Any] | None = None, /, *, name: str = "",
    outputs: Iterable[str] | None = None, upstream: Value | None = None, ties: str = "both", expand: bool = False,
    seed: int = 0, **more: Any,
) -> Evaluation:  # fmt: skip
    """A forward pass in code of your own at a point, as an evaluation: `trace(attention, q=q, k=k, v=v).draw()`.

    The code, which is read and never run, is a function or a class, a file's `Path`, or text; `name` says which
    function of several is meant, `outputs` which of its results. What it takes is a mapping, keywords, or both; `seed`
    is that of random numbers in it. Raises a Problem for what is not understood.
    """
    from backprop.library.traced import meant
    from backprop.library.traced import trace as traced
    from backprop.python.entry import Runner, arguments_from
    from backprop.python.source import Code, part_of

    text, source = source_of(code)
    read = Code([part_of(text, source)])
    arguments = {key: arguments_from(value) for key, value in {**(given or {}), **more}.items()}
    runner = Runner(read, meant(read, name or getattr(code, "__name__", ""), source), arguments, seed)
    above = None if upstream is None else as_value("upstream", upstream)
    chosen = None if outputs is None else list(outputs)
    compiled, found = traced(runner, name, outputs=chosen, upstream=above, ties=ties, expand=expand, kind=Compiled)
    answer = compiled.evaluate(found.at, upstream=above)
    assert isinstance(answer, Evaluation)
    return answer


def judge(
    *code: Callable[..., object] | PathLike[str] | str, upstream: Value | None = None, seed: int = 0, **given: Any
) -> JudgedCode:
    """Judge backward passes in code of your own, which is read and never run: `judge(affine_forward, affine_backward,
    x=x, w=w, b=b).ok`.

    The code is functions or classes, a file's `Path`, or text; `given` are the arguments of the forward pass.
    `upstream` is the gradient on the output; without it, it is random, by the seed. Raises a Problem for what is not
    understood.
    """
    from backprop.check.cure import with_lines
    from backprop.check.handwritten import Judge
    from backprop.python.entry import Runner, arguments_from
    from backprop.python.pairs import pairs_in
    from backprop.python.source import Code, part_of

    read = Code([part_of(*source_of(one)) for one in code])
    pairs = pairs_in(read)
    if not pairs:
        raise Problem("name", "there is no pair of a forward and a backward pass in this code")
    arguments = {name: arguments_from(value) for name, value in given.items()}
    above = None if upstream is None else as_value("upstream", upstream)
    judged = []
    for pair in pairs:
        runner = Runner(read, pair, arguments, seed)
        if missing := runner.missing():
            raise Problem("variable", f"{pair.name} takes {', '.join(missing)}, which is not given")
        judge = Judge(runner, above, seed)
        judged.append(with_lines(judge, judge.judge()))
    return JudgedCode(judged)


def source_of(code: Callable[..., object] | PathLike[str] | str) -> tuple[str, str]:
    """The text of code, and where it is from."""
    if isinstance(code, str):
        path, _, name = code.partition(":")  # as on the command line
        if path.endswith((".py", ".ipynb")) and (name.isidentifier() or not name):
            hint = f'give its path: pathlib.Path("{path}")' + (f', name="{name}"' if name else "")
            raise Problem("value", f"{code} is the name of a file, and no code", hint=hint)
        return code, "code.py"
    if isinstance(code, PathLike):
        try:
            with open(code, "rb") as file:
                return decoded(file.read(), str(code)), str(code)
        except OSError as error:
            raise Problem("file", f"cannot read {code}: {error.strerror or error}") from None
    from inspect import getsource
    from textwrap import dedent

    try:
        return dedent(getsource(code)), f"{code.__name__}.py"
    except (TypeError, OSError):
        name = getattr(code, "__name__", type(code).__name__)
        hint = "give a function of a file or a notebook, a file's Path, or a text"
        raise Problem("value", f"the source of {name} is not known", hint=hint) from None
