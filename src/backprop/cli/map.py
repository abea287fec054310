"""`backprop map`: value and gradients for every row of a table or a stream."""

from __future__ import annotations

import os
import sys
from typing import Any

from backprop.cli.ending import ended_cleanly
from backprop.cli.failures import tell, write_error
from backprop.cli.options import Choice, Range, colour_option, named, takes
from backprop.cli.progress import Progress
from backprop.cli.question import Teller, code_named, no_option, read_expression
from backprop.cli.reading import PROGRAMS, name_of, named_value, names_of, read_text, tell_waiting, value_of
from backprop.cli.shared import expand_option, ties_option
from backprop.cli.table_options import read_as, tables_of, text_options
from backprop.cli.words import Call
from backprop.errors import Problem
from backprop.library import Compiled
from backprop.library.values import Random, read_variables
from backprop.rows.mapping import ERRORS, FORMS


@named(
    "map",
    variables=True,
    several=True,
    variables_help="The same value of x in every row; what is not given is a column of its own name.",
)
@takes("expression")
@takes("tables", count=-1)
@takes("-f", "file", metavar="FILE", help="Read the expression from a file.")
@takes(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="The same value in every row, a number or an array.",
)
@takes("--vars", "variables", metavar="FILE", help="Read such values from a JSON object, which may stand here itself.")
@takes("--rename", "renamed", multiple=True, metavar="COLUMN=NAME", help="What a column is called in the expression.")
@takes("--wrt", metavar="x,y", help="The gradients of these variables only.")
@takes("--upstream", metavar="VALUE", help="The gradient on an output that is no number, in its shape.")
@takes("--seed", type=Range(0), metavar="N", help="The seed of randn, rand and randint in values.")
@ties_option
@expand_option
@takes("--stages", is_flag=True, help="Add every intermediate variable, and its gradient.")
@takes("--hessian", is_flag=True, help="Add the second derivatives.")
@takes("--only-new", is_flag=True, help="Leave the columns of the input out.")
@takes("--sum", "total", is_flag=True, help="Write the sums over all rows alone.")
@takes("--from", "source_format", type=Choice(FORMS), help="What is read, if no suffix says it.")
@takes("--to", "target_format", type=Choice(FORMS), help="What is written, if no suffix says it.")
@takes("-o", "output", metavar="FILE", help="Write to a file or a folder, whole or not at all.")
@takes("--errors", type=Choice(ERRORS), default="fail", help="What to do with bad rows.")
@takes("--errors-to", metavar="FILE", help="Collect bad rows in a file of JSON lines.")
@text_options
@takes(
    "--engine",
    default="local",
    metavar="NAME",
    words=lambda: ("local", "dask"),
    help="Who does the parts of a folder: local, dask, spark, …",
)
@takes("--scheduler", metavar="ADDRESS", help="Where the engine's cluster is.")
@takes("--resume", is_flag=True, help="Do only the parts of a folder that are missing.")
@takes("--kernel", type=Choice(["auto", "numpy", "jit"]), default="auto", help="How rows are computed.")
@takes("--threads", type=Range(1), metavar="N", help="Threads that compute; all cores if not given.")
@takes("--verbose", is_flag=True, help="Say how it went, also where nobody watches.")
@takes("--quiet", is_flag=True, help="Say nothing but errors.")
@colour_option("the messages")
def command(call: Call, **options: Any) -> int:
    """Value and gradients of EXPRESSION for every row of TABLES (standard input if there is none).

    \b
    backprop map "(x+y)*z" points.csv -o gradients.csv
    tail -f live.jsonl | backprop map "sigmoid(x) * y" | jq .df_dx
    backprop map "sum((W @ x + b - t)^2)" data.parquet --vars model.json --wrt W,b --sum
    """
    return Run(call, **options).go()


class Run(Teller):
    """One call of the command."""

    def __init__(self, call: Call, **options: Any) -> None:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices of a row are small
        from backprop.rows.mapping import Files
        from backprop.rows.tables.options import Options
        from backprop.rows.tables.polars import keep_memory

        self.asked, self.quiet, self.color = options, options["quiet"], options["color"]
        self.words = words = call.words
        tables = tables_of(options) or ["-"]
        expression = options["expression"] or ""
        if os.path.isfile(expression) and not expression.endswith(PROGRAMS):
            hint = f"the expression stands first: backprop map '{tables[0]}' {expression}" if tables != ["-"] else ""
            raise Problem("option", f"{expression} is a file, and no expression", hint=hint)
        values = [assignment.partition("=")[2] for assignment in options["assignments"]]
        if ("-" in (options["file"], options["variables"]) or "@-" in [*values, options["upstream"]]) and "-" in tables:
            raise Problem("option", "standard input can hold the rows or something else, not both")
        self.code = code_named(options["expression"], options["file"])
        text, source = ("", None) if self.code else read_expression(options["expression"], options["file"], words)
        self.output: str | None = None if options["output"] == "-" else options["output"]
        self.files = Files(tables, self.output, Options(
            options["source_format"], options["target_format"], options["total"], options["errors"],
            options["errors_to"], only_new=options["only_new"], **read_as(options),
        ))  # fmt: skip
        keep_memory(columns=not self.files.are_text)
        self.mapper = self.make(self.of_code(*self.code) if self.code else text, source)
        if "-" in tables and not self.quiet:
            tell_waiting()
        self.watched = not self.quiet and sys.stderr is not None and sys.stderr.isatty()
        seen_already = self.output is None and sys.stdout is not None and sys.stdout.isatty()
        self.progress = Progress(self.watched and not seen_already)

    def of_code(self, path: str, name: str) -> str:
        """The formula of a function of Python's."""
        from backprop.cli.arguments import runner_for
        from backprop.library.traced import formula_of_numbers

        asked = self.asked
        runner = runner_for(path, name, asked["variables"], asked["assignments"], Random(asked["seed"]))
        return formula_of_numbers(runner, name, self.files.head())

    def make(self, text: str, source: str | None) -> Any:
        """The function of columns, from the options."""
        from backprop.rows.mapping import mapper_of, works_on_arrays

        asked, random = self.asked, Random(self.asked["seed"])
        usable, given = {}, {}
        if asked["variables"] is not None:
            usable = read_variables(read_text(asked["variables"]), name_of(asked["variables"]), random)
        for name, value in map(named_value, asked["assignments"]):
            if self.code and name not in Compiled(text).variables:
                continue  # a setting, of which the formula knows no more
            try:
                given[name] = value_of(value, name, random)
            except Problem as problem:  # of an option that there is not, rather than of a value
                compiled = Compiled(text, source=source)
                raise problem if name in compiled.variables else no_option(compiled, name, given, self.words) from None
        upstream = None if asked["upstream"] is None else value_of(asked["upstream"], "--upstream", random)
        self.told_seed(random, asked["seed"])
        mapper = mapper_of(
            text, given, self.files.head, called=self.renamed(), usable=usable, source=source,
            wrt=names_of(asked["wrt"]), upstream=upstream, ties=asked["ties"], expand=asked["expand"],
            stages=asked["stages"], hessian=asked["hessian"], notes=not self.quiet, kernel=asked["kernel"],
            threads=asked["threads"],
        )  # fmt: skip
        if self.code and mapper.arrays:  # of rows of lists the formula may be another one
            raise works_on_arrays(self.code[1], f"`backprop code -f {':'.join(self.code)} --to numpy` writes a program")
        return mapper

    def renamed(self) -> dict[str, str]:
        """What names of the formula are called in the table, as --rename says."""
        renamed = {}
        for renaming in self.asked["renamed"]:
            column, equals, name = renaming.rpartition("=")
            if not equals or not name.isidentifier():
                hint = "its NAME is that in the expression: --rename 'Culmen Length (mm)=length'"
                raise Problem("option", f"--rename takes COLUMN=NAME, and not {renaming}", hint=hint)
            renamed[name] = column
        return renamed

    def go(self) -> int:
        """Do it; the exit status. Where somebody watches, nothing is left of the line that was drawn."""
        try:
            with ended_cleanly():
                return self.done()
        except KeyboardInterrupt:
            if not self.watched:
                raise
            self.progress.clear()
            kept = "" if self.output is None else f", and nothing of them is in {self.output}"
            kept = ": the parts that are done are kept (--resume does the others)" if self.files.into_folder else kept
            write_error(f"interrupted after {self.progress.rows:,} rows{kept}\n")
            return 130
        finally:
            self.progress.clear()

    def done(self) -> int:
        """Do it; the exit status."""
        asked = self.asked
        failures: list[str] = []

        def failed(why: str) -> None:
            failures.append(why)
            self.progress.clear()
            write_error(f"error: {why}\n")

        report = self.files.mapped(
            self.mapper, asked["engine"], asked["scheduler"], asked["resume"], self.progress, failed
        )
        self.say(report)
        return 1 if failures or report.bad else 0

    # ── what is said ──

    def say(self, report: Any) -> None:
        """The line at the end, and what was remarkable."""
        self.progress.clear()
        if self.quiet:
            return
        if report.bad or self.watched or self.asked["verbose"]:
            done = {"skip": "left out", "null": "kept without results"}.get(self.asked["errors"], "")
            bad = f", {report.bad:,} bad ({done})" if report.bad else ""
            head = f"{self.files.parts}: " if self.files.parts else ""
            tell(f"{head}{report.rows:,} rows in {self.progress.seconds:.1f} s{bad}\n")
        for text in report.told:
            tell(f"note: {text}\n")
        if self.asked["verbose"] and self.mapper.remark:
            tell(f"note: {self.mapper.remark}\n")
