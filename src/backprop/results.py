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

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from backprop import library
from backprop.errors import Problem, no_variable
from backprop.library.values import as_value

if TYPE_CHECKING:
    from backprop.check.numerical import Comparison
    from backprop.insight.nudge import Nudge
    from backprop.show.grid import Grid

Value = library.Value
Form = Literal["svg", "wires", "lanes", "html", "dot", "mermaid", "tikz"]
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

    def save(self, path: str) -> None:
        """Write it to a file, as UTF-8."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self)


def shown(text: str, kind: str = "text/plain", rich: str = "") -> Shown:
    """A text of a kind; `rich` is what is shown in its place where that can be shown."""
    made = Shown(text)
    made.kind, made.rich = kind, rich
    return made


class Check:
    """What a check of gradients against numerical ones found.

    `comparisons` has one for each gradient: name, gradient, numerical, error, verdict and remark. `verdict` is that on
    the whole: "ok", "wrong" or "kink".
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

    def __repr__(self) -> str:
        from backprop.show.text import plain

        return plain(self._grid()).rstrip("\n")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        """What a notebook shows: the table."""
        from backprop.show.text import html

        return {"text/plain": repr(self), "text/html": html(self._grid())}


class Evaluation(library.Evaluation):
    """What an evaluation found; a notebook shows its table and its circuit.

    `value` is the output, `gradients` its derivative in each variable, in order of first appearance; `stages` are all
    intermediate variables, the inputs first; `notes` say where a tie or a kink decided, what is not finite and why, and
    where a gradient ended. `output` is the name of the output. `draw`, `explain`, `check`, `nudge` and `code` do what
    the commands of these names do.
    """

    def draw(self, form: Form = "svg", *, fold: bool = False, values: bool = True, theme: str = "light") -> Shown:
        """The circuit: as a picture ("svg"), in characters ("wires", "lanes"), as a page to step through ("html"), or
        as text for other tools ("dot", "mermaid", "tikz"). `fold` draws named stages and sums as one gate each; without
        `values` the gates stand alone; `theme` is "light", "dark" or "print"."""
        from importlib import import_module

        from backprop.draw.scene import scene

        if form == "html":
            from backprop.draw.page import page

            return shown(page(self), "text/html")
        drawn = scene(self.run, self.names, fold=fold, wrt=self.gradients)
        if form == "svg":
            from backprop.draw.boxes import picture
            from backprop.draw.svg import Options, svg
            from backprop.show.palette import PALETTES

            if theme not in PALETTES:
                raise Problem("option", f"theme is one of {', '.join(PALETTES)}, and not {theme!r}")
            return shown(svg(picture(drawn, values=values), Options(values, theme=theme)), KINDS["svg"])
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
        from backprop.insight.explain import tell
        from backprop.show import explanation

        self._known(names)
        story = tell(self.run, self.names, names or None)
        told = explanation.plain(story, digits=digits, brief=brief)
        return shown(told, "text/markdown", explanation.markdown(story, digits=digits, brief=brief))

    def check(self, *, stages: bool = False) -> Check:
        """The gradients against numerical ones: of the inputs, or of all stages."""
        from backprop.check.gradients import check

        circuit = self.run.circuit
        wires = [circuit.variables[name] for name in self.gradients]
        if stages:
            inputs = set(circuit.variables.values())
            wires += [wire for wire in self.names.shown() if circuit.active[wire] and wire not in inputs]
        return Check(list(check(self.run, self.names, wires)))

    def nudge(self, **steps: Value) -> Nudge:
        """What moving variables by these steps does, against what the gradient predicts: `nudge(x=0.1).actual`."""
        from backprop.insight.nudge import nudge

        self._known(steps)
        return nudge(self.run, self.names, {name: as_value(f"the step of {name}", x) for name, x in steps.items()})

    def code(self, to: Target = "python", *, table: str | None = None, dialect: str = "duckdb") -> Shown:
        """The forward and the backward pass as a program that tests itself at this point. `table` and `dialect` are for
        SQL."""
        circuit = self.run.circuit
        at = {name: self.run.values[wire] for name, wire in circuit.variables.items()}
        upstream = self.run.upstream
        above = None if isinstance(upstream, float) and upstream == 1.0 else upstream
        return written(circuit, to, list(self.gradients), self.run.ties, at, above, table, dialect)

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

    def code(self, to: Target = "python", *, table: str | None = None, dialect: str = "duckdb") -> Shown:
        """The forward and the backward pass as a program for any point. `table` and `dialect` are for SQL."""
        circuit = self.circuit()
        return written(circuit, to, list(circuit.variables), self.ties, None, None, table, dialect)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        """What a notebook shows: the formula, and what it needs."""
        needs = f"variables: {', '.join(self.variables) or 'none'}"
        return {"text/plain": f"{self.program.text.strip()}\n{needs}"}


def written(
    circuit: Any, to: str, wrt: list[str], ties: str, at: Any, upstream: Any, table: str | None, dialect: str
) -> Shown:
    """A program in a target language."""
    from backprop.emit import TARGETS, Request, write

    if to not in TARGETS:
        raise Problem("option", f"a program is written in one of {', '.join(TARGETS)}, and not in {to!r}")
    request = Request(circuit, wrt=wrt, ties=ties, at=at, upstream=upstream, table=table, dialect=dialect)
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
    **more: Value,
) -> Evaluation:
    """Value and gradients of a formula at a point: `evaluate("(x+y)*z", x=-2, y=5, z=-4).gradients["x"]` is -4.0.

    The point is a mapping, keywords, or both (keywords win). Raises a Problem for whatever is wrong with it.
    """
    return Compiled(text, ties=ties, expand=expand).evaluate({**(variables or {}), **more}, upstream=upstream)
