"""`backprop minimize`: follow the gradient, down to a minimum."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from backprop.cli.answer import FORMATS, chosen_format, digits_option, format_option, show_grids
from backprop.cli.failures import tell
from backprop.cli.options import Choice, Range, colour_option, named, takes
from backprop.cli.output import write
from backprop.cli.progress import Redrawn, fitting, time_text, width
from backprop.cli.question import Teller, check_names, code_named, compiled_formula, no_option, read_expression
from backprop.cli.reading import name_of, named_value, names_of, read_text, tell_waiting, value_of
from backprop.cli.shared import expand_option, file_option, ties_option, values_option
from backprop.cli.table_options import read_as, tables_of, text_options
from backprop.cli.words import Call
from backprop.errors import Problem
from backprop.errors.spelling import in_shell
from backprop.language import canonical_name
from backprop.library import Compiled
from backprop.library.values import Random, Value, parse_value, read_variables
from backprop.rows.mapping import FORMS
from backprop.show.theme import is_terminal

LETTERS = {"momentum": ("mu",), "smoothing": ("alpha",), "betas": ("beta1", "beta2")}  # of options, in the equations


def methods() -> Sequence[str]:
    from backprop.optimize.solve import ALL_METHODS

    return ALL_METHODS


@named("minimize", variables=True, several=True, usage="[--x START] [--x LOW:HIGH] [OPTIONS]")
@takes("expression")
@takes("tables", count=-1)
@file_option
@takes("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Give any variable its start, or LOW:HIGH.")
@values_option
@takes("--resume", metavar="FILE", help="Start from the parameters that -o wrote.")
@takes("--wrt", metavar="x,y", help="Move these variables only; the others stand still.")
@takes(
    "--method",
    default="descent",
    show_default=True,
    metavar="NAME",
    words=methods,
    help="descent, momentum, nesterov, rmsprop, adam, newton, trust-region, bfgs, l-bfgs or least-squares.",
)
@takes("--rate", metavar="NUMBER", help="The part of the gradient that is a step.")
@takes(
    "--decay",
    metavar="HOW",
    words=lambda: ("inverse:", "exponential:", "step:", "cosine"),
    help="How the rate goes down: inverse:K, exponential:K, step:FACTOR:EVERY, cosine.",
)
@takes("--line-search", is_flag=True, help="Find the length of each step of descent (--rate is the first).")
@takes("--momentum", metavar="MU", help="What is kept of the velocity (momentum, nesterov: 0.9).")
@takes("--betas", metavar="B1,B2", help="What adam keeps of both means (0.9,0.999).")
@takes("--smoothing", metavar="ALPHA", help="What rmsprop keeps of the mean square (0.99).")
@takes("--maximize", is_flag=True, help="Go up, not down.")
@takes("--positive", metavar="x,y", help="Keep these variables above 0.")
@takes(
    "--tolerance",
    metavar="NUMBER",
    default="1e-6",
    show_default=True,
    help="The gradient norm at which it has converged.",
)
@takes("--steps", type=Range(0), metavar="N", help="The most updates.  [default: 1000]")
@takes("--seconds", metavar="NUMBER", help="The most time.")
@takes("--batch", type=Range(1), metavar="N", help="The rows of a table that go into an update; all if not given.")
@takes("--epochs", type=Range(1), metavar="N", help="How often the whole table goes by.")
@takes("--mean", "mean", is_flag=True, help="Make the mean over the rows small, as if nothing is said.")
@takes("--sum", "total", is_flag=True, help="Make the sum over the rows small.")
@takes("--from", "source_format", type=Choice(FORMS), help="What the table is, if no suffix says it.")
@text_options
@takes(
    "--seed",
    type=Range(0),
    metavar="N",
    help="The seed of randn, rand and randint in values, and of the order of rows.",
)
@ties_option
@expand_option
@takes("--explain", is_flag=True, help="Tell the first updates (or --steps of them) with their numbers.")
@takes("--full", is_flag=True, help="Show every step, and large arrays whole.")
@digits_option
@format_option(*FORMATS)
@takes("--json", "json_", is_flag=True, help="Print a line of JSON for each step, as it comes, and why it stopped.")
@takes(
    "-o",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write the parameters (.json), the path (.csv) or its picture (.svg, .png, .html), whole or not at all.",
)
@takes("--quiet", is_flag=True, help="Print no notes.")
@colour_option("the output")
def command(call: Call, **options: Any) -> int:
    """Move the variables of EXPRESSION against its gradient until it is no longer steep: parameter updates.

    \b
    backprop minimize "(x-3)^2 + (x*y-1)^2" --x 0 --y 1 --rate 0.1
    backprop minimize "100*(y-x^2)^2 + (1-x)^2" --x -1.2 --y 1 --method bfgs -o fitted.json

    It exits with 0 only if it converged, with 1 if it stopped for another reason, which it says.
    """
    return Descent(call, options).go()


class Descent(Teller):
    """One call of the command."""

    def __init__(self, call: Call, options: dict[str, Any]) -> None:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices of a step are small
        from backprop.optimize.picture import suffix_of

        self.call, self.options = call, options
        self.words, self.quiet, self.color = call.words, options["quiet"], options["color"]
        self.format = chosen_format(call, options["format_"], options["json_"], None)
        for path in options["outputs"]:
            suffix_of(path)
            folder = os.path.dirname(path) or "."
            if not os.path.isdir(folder):
                raise Problem("file", f"cannot write {path}: there is no folder {folder}", status=1)
        self.random = Random(options["seed"])
        self.tables = tables_of(options)
        if options["mean"] and options["total"]:
            raise Problem("option", "--mean and --sum ask for two values")
        for name, option in (("batch", "--batch"), ("epochs", "--epochs"), ("total", "--sum"), ("mean", "--mean")):
            if options[name] and not self.tables:
                raise Problem("option", f"{option} is for tables, and there is none", hint="EXPRESSION TABLE")
        self.bounds: dict[str, tuple[Value, Value]] = {}
        self.called: dict[str, str] = {}  # what variables are called in the table, where they stand in backticks

    def go(self) -> int:
        """Do it; the exit status."""
        from backprop.optimize import minimize

        compiled, at, wrt = self.point()
        settings = self.settings()
        if self.options["explain"]:
            self.only_told(settings)
        if self.tables:
            settings |= self.data(compiled, at)
        live = Live(self.format != "json" or not is_terminal(sys.stdout), self.most(settings), self.options)
        say = self.json_line(list(at) if wrt is None else wrt, at) if self.format == "json" else None

        def seen(step: Any) -> None:
            if say is not None:
                say(step)
            live(step)

        try:
            found = minimize(compiled, at, wrt=wrt, seen=seen, **settings)
        finally:
            live.clear()
        self.show(found)
        self.write(found)
        return 0 if found.converged else 1

    def only_told(self, settings: dict[str, Any]) -> None:
        """A few updates, in words."""
        from backprop.optimize.equations import FEW, check_told

        if self.format != "table":
            raise Problem("option", f"--explain tells in words, and not as {self.format}")
        check_told(settings["method"], self.options["batch"], settings["line_search"])
        settings["steps"] = FEW if settings["steps"] is None else settings["steps"]

    def most(self, settings: dict[str, Any]) -> int:
        """The most updates that there can be."""
        from backprop.optimize import STEPS

        if settings["steps"] is not None or settings.get("epochs") is None:
            return STEPS if settings["steps"] is None else int(settings["steps"])
        rows = len(next(iter(settings["data"].values())))
        return int(settings["epochs"]) * -(-rows // (settings["batch"] or rows))

    # ── what is asked ──

    def point(self) -> tuple[Compiled, dict[str, Value], list[str] | None]:
        """The formula, where it starts, and what moves."""
        from backprop.optimize import read as read_formula
        from backprop.optimize.start import started

        asked = self.options
        values = [assignment.partition("=")[2] for assignment in asked["assignments"]]
        files = [asked["file"], asked["variables"], asked["resume"], *self.tables]
        if files.count("-") + values.count("-") + values.count("@-") > 1:
            raise Problem("option", "standard input can hold one thing: the expression, a table, --vars, or one value")
        code = code_named(asked["expression"], asked["file"])
        if code is not None and not self.tables and asked["resume"] is None:
            return self.of_code(*code)
        text, source = read_expression(asked["expression"], asked["file"], self.words)
        compiled, self.called = read_formula(
            text, bool(self.tables), lambda text: compiled_formula(text, source, asked["ties"], asked["expand"])
        )
        given = {name: parse_value(value, name) for name, value in compiled.program.given.items()}
        for path in (asked["variables"], asked["resume"]):
            if path is not None:
                read = read_variables(read_text(path), name_of(path), self.random)
                read = {canonical_name(name): value for name, value in read.items()}
                given.update(self.used(read, set(compiled.variables_given({**given, **read})), path))
        resumed = set(given) if asked["resume"] is not None else set()
        written = self.written()
        named = {**given, **written, **self.bounds}
        if not self.tables:
            check_names(compiled, named, self.call)
        for name in named if self.tables else ():
            if name not in compiled.variables_given(named):
                raise no_option(compiled, name, named, self.words)
        given.update({
            name: value_of(value, name, self.random) for name, value in written.items()
            if not (name in resumed and asked["resume"] is not None)
        })  # fmt: skip
        given = started(given, self.bounds)
        self.told_seed(self.random, asked["seed"])
        return compiled, given, names_of(asked["wrt"])

    def of_code(self, path: str, name: str) -> tuple[Compiled, dict[str, Value], Any]:
        """A function of Python's, traced at its start: its formula stays what it is where nothing hangs on values."""
        from backprop.cli.arguments import runner_for
        from backprop.library.traced import formula_anywhere
        from backprop.optimize.start import started

        asked, starts = self.options, self.written()
        middles = started(dict.fromkeys(starts), self.bounds)
        starts = {**{name: repr(value) for name, value in middles.items()}, **starts}
        assignments = tuple([f"{one}={value}" for one, value in starts.items()])
        runner = runner_for(path, name, asked["variables"], assignments, self.random)
        compiled, at = formula_anywhere(runner, name, asked["ties"], asked["expand"])
        return compiled, at, names_of(asked["wrt"])

    def written(self) -> dict[str, str]:
        """The values on the command line; what has a colon is not a start, but bounds."""
        found = {}
        for name, value in map(named_value, self.options["assignments"]):
            parts = split_at_colons(value)
            if len(parts) == 1:
                found[name] = value
            elif len(parts) == 2:
                low, high = (part.strip() for part in parts)
                self.bounds[name] = (
                    parse_value(low, f"{name}'s lower bound", self.random) if low else float("-inf"),
                    parse_value(high, f"{name}'s upper bound", self.random) if high else float("inf"),
                )
            else:
                hint = f"its start and its bounds are two options: --{name} 1 --{name} 0:10"
                raise Problem("option", f"{name} has too many colons: {value}", hint=hint)
        return found

    def settings(self) -> dict[str, Any]:
        """How it is done."""
        asked = self.options
        numbers: dict[str, float] = {}
        for name, letters in LETTERS.items():
            parts = [] if asked[name] is None else asked[name].split(",") if len(letters) > 1 else [asked[name]]
            if len(parts) not in (0, len(letters)):
                raise Problem("option", f"--{name} takes two numbers, and not {asked[name]}", hint="--betas 0.9,0.999")
            for letter, part in zip(letters, parts, strict=False):
                numbers[letter] = number_of(part, f"--{name}")
                if not 0 <= numbers[letter] < 1:
                    raise Problem("option", f"--{name} is a number from 0 up to 1, and not {numbers[letter]:g}")
        return {
            "method": asked["method"].lower(),
            "rate": None if asked["rate"] is None else number_of(asked["rate"], "--rate"),
            "steps": asked["steps"],
            "tolerance": number_of(asked["tolerance"], "--tolerance"),
            "seconds": None if asked["seconds"] is None else number_of(asked["seconds"], "--seconds"),
            "decay": asked["decay"], "line_search": asked["line_search"], "maximize": asked["maximize"],
            "positive": names_of(asked["positive"]) or (), "bounds": self.bounds, "numbers": numbers,
        }  # fmt: skip

    def data(self, compiled: Compiled, at: dict[str, Value]) -> dict[str, Any]:
        """The columns of the tables, and how they go by."""
        from backprop.optimize.reading import columns_of
        from backprop.optimize.start import check_start

        check_start(at, f"--{next(iter(compiled.variables), 'w')} 0")
        asked = self.options
        if "-" in self.tables and not self.quiet:
            tell_waiting()
        columns, missing = columns_of(compiled, self.tables, at, asked["source_format"], self.called, read_as(asked))
        rows = len(next(iter(columns.values())))
        if missing:
            some = "1 row has" if missing == 1 else f"{missing:,} rows have"
            self.told(f"{some} no number in a column that is used: left out")
        if not asked["mean"] and not asked["total"]:
            self.told(f"the value is the mean over {rows:,} rows (--sum adds them up)")
        if asked["batch"] is not None and asked["seed"] is None:
            asked["seed"] = drawn_seed()
            self.told(f"the order of the rows is that of --seed {asked['seed']}")
        how = {"total": asked["total"], "batch": asked["batch"], "epochs": asked["epochs"], "seed": asked["seed"]}
        return {"data": columns, **how}

    # ── what is said ──

    def json_line(self, names: list[str], at: dict[str, Value]) -> Callable[[Any], None]:
        """Prints a step as soon as it is made."""
        from backprop.optimize.parameters import Parameters
        from backprop.optimize.report import step_object

        parameters = Parameters(at, names)
        sign = -1.0 if self.options["maximize"] else 1.0
        return lambda step: write(json.dumps(step_object(parameters, step, sign), ensure_ascii=False) + "\n", None)

    def write(self, found: Any) -> None:
        """The files that were asked for."""
        from backprop.optimize.picture import in_file

        for path in self.options["outputs"]:
            write(in_file(found, path), path)

    def show(self, found: Any) -> None:
        """The table, and why it stopped."""
        from backprop.optimize.report import end_object, parameters_grid, path_grid

        if self.options["explain"]:
            from backprop.optimize.equations import told

            write(told(found, self.options["digits"], in_shell(found.why)), None, prose=True)
            return
        if self.format == "json":
            write(json.dumps(end_object(found), ensure_ascii=False) + "\n", None)
            return
        color, digits = self.options["color"], self.options["digits"]
        if self.format == "csv":
            show_grids([path_grid(found, digits=None, full=True, every_element=True)], "csv", None, color)
            tell(f"stopped: {in_shell(found.why)}\n")
            return
        full, one_line = self.options["full"], self.format in ("markdown", "latex")
        behind = f"stopped: {in_shell(found.why)}\n"
        grids = [
            path_grid(found, digits=digits, full=full),
            parameters_grid(found, digits=digits, full=full, one_line=one_line),
        ]
        shown = [grid for grid in grids if grid is not None]
        for place, grid in enumerate(shown):
            last = place == len(shown) - 1
            below = behind if last else "\n" if not is_terminal(sys.stdout) else ""
            show_grids([grid], self.format, None, color, below)
        if one_line:
            tell(behind)


class Live(Redrawn):
    """The line on a terminal while it works: the step, the value, the gradient norm, and how long it can still take."""

    def __init__(self, free: bool, steps: int, options: dict[str, Any]) -> None:
        super().__init__(free and not options["quiet"] and is_terminal(sys.stderr))
        self.steps, self.sign = steps, -1.0 if options["maximize"] else 1.0

    def __call__(self, step: Any) -> None:
        self.draw(lambda seconds: self.text(step, seconds * (self.steps - step.step) / max(step.step, 1)))

    def text(self, step: Any, left: float) -> str:
        pieces = [
            f"step {step.step:,} of {self.steps:,}", f"value {self.sign * step.value:.6g}",
            f"gradient norm {step.norm:.3g}", f"at most {time_text(left)} left",
        ]  # fmt: skip
        return fitting(pieces, width())


def drawn_seed() -> int:
    """A seed that nobody chose."""
    random = Random(None)
    _ = random.generator
    assert random.seed is not None
    return random.seed


def number_of(text: str, option: str) -> float:
    """A number that an option takes; it may be an expression, like 1/3."""
    value = parse_value(text, option)
    if not isinstance(value, float) or value != value:
        raise Problem("option", f"{option} takes a number, and not {text}")
    return value


def split_at_colons(text: str) -> list[str]:
    """The parts of a text between colons that stand in no brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == ":" and depth == 0 and not text.startswith("@"):
            parts.append("")
        else:
            parts[-1] += character
    return parts
