"""`map` and `map_files`: value and gradients of every row, of a table in memory or of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, get_args, overload

from backprop.errors import Problem, one_of
from backprop.errors.expected import helped, named, whole
from backprop.errors.spelling import option
from backprop.library import Compiled

if TYPE_CHECKING:
    from typing import Unpack

    from backprop.rows.compute.mapper import Mapper
    from backprop.rows.tables.batch import Report
    from backprop.rows.tables.options import Options, Seen

Value = Any  # a number, an array, or nested lists
Frame = TypeVar("Frame")
Place = str | PathLike[str]
Formula = str | Callable[..., object]  # a text, or a function of numbers, which is read and never run
Form = Literal["jsonl", "csv", "tsv", "parquet", "arrow"]
Errors = Literal["fail", "skip", "null"]
FORMS, ERRORS = get_args(Form), get_args(Errors)


class Wanted(TypedDict, total=False):
    """What is wanted of every row: `wrt` names the variables whose gradients are (those of the columns, if nothing is
    said), `upstream` is the gradient on an output that is no number; `stages` adds every intermediate variable with
    its gradient, `hessian` the second derivatives. `ties` and `expand` are those of `evaluate`; `kernel` and `threads`
    say how it is computed."""

    wrt: Iterable[str] | None
    upstream: Value | None
    ties: Literal["both", "split", "first"]
    expand: bool
    stages: bool
    hessian: bool
    kernel: Literal["auto", "numpy", "jit"]
    threads: int


# ── tables in memory ──


@overload
def map(
    formula: Formula, table: list[dict[str, Any]], given: Mapping[str, Value] | None = None, /, *,
    rename: Mapping[str, str] | None = None, only_new: bool = False, **wanted: Unpack[Wanted],
) -> list[dict[str, Any]]: ...  # fmt: skip
@overload
def map(
    formula: Formula, table: Mapping[str, Any], given: Mapping[str, Value] | None = None, /, *,
    rename: Mapping[str, str] | None = None, only_new: bool = False, **wanted: Unpack[Wanted],
) -> dict[str, Any]: ...  # fmt: skip
@overload
def map(
    formula: Formula, table: Frame, given: Mapping[str, Value] | None = None, /, *,
    rename: Mapping[str, str] | None = None, only_new: bool = False, **wanted: Unpack[Wanted],
) -> Frame: ...  # fmt: skip
@helped
def map(
    formula: Formula, table: Any, given: Mapping[str, Value] | None = None, /, *,
    rename: Mapping[str, str] | None = None, only_new: bool = False, **wanted: Unpack[Wanted],
) -> Any:  # fmt: skip
    """Value and gradients of a formula for every row of a table: `map("x*y", {"x": [1, 2], "y": [3, 4]})["df_dx"]`.

    The formula is a text, or a function of numbers of yours, which is read and never run.
    The table is columns by name, a list of rows, or a data frame of Polars, pandas or Arrow; what comes back is one of
    the same kind, with columns added, or with `only_new` of those alone. Where a number is missing there is no result.
    Variables that are `given` are the same in every row; the others are columns, which `rename` may call otherwise in
    the formula: `{"Length (mm)": "length"}`. Further options: `wrt`, the variables whose gradients are wanted;
    `upstream`, the gradient on an output that is no number; `stages` and `hessian`, which add intermediate variables
    and second derivatives; `ties` and `expand`, those of `evaluate`; `kernel` ("auto", "numpy" or "jit") and `threads`.
    Raises a Problem for whatever is wrong.
    """
    if isinstance(table, str | PathLike):
        hint = f'write backprop.map_files("{formula}", "{os.fspath(table)}", "gradients.csv")'
        raise Problem("value", "map takes a table, and not the name of a file", hint=hint)
    from backprop.rows.tables import memory

    names = memory.names_of(table)
    mapper = mapper_given(formula, given or {}, lambda: names, called=inverse(rename), **wanted)
    return memory.mapped(mapper, table, names, only_new)


def inverse(rename: Mapping[str, str] | None) -> dict[str, str]:
    """What names of a formula are called in the table."""
    return {name: column for column, name in named("rename", rename or {}, '{"Length (mm)": "length"}').items()}


def mapper_given(formula: Formula, given: Mapping[str, Value], head: Callable[[], list[str]], **more: Any) -> Mapper:
    """The function of columns of a formula, or of a function of yours."""
    if more.get("threads") is not None:
        whole("threads", more["threads"], 1)
    if not callable(formula):
        if not isinstance(formula, str):
            raise Problem("value", f"an expression is a text or a function, and not {type(formula).__name__}")
        return mapper_of(formula, given, head, **more)
    from backprop.library.traced import formula_of_numbers, runner_of

    name = getattr(formula, "__name__", "the code")
    text = formula_of_numbers(runner_of(formula, given), name, head())
    used = set(Compiled(text).variables)
    mapper = mapper_of(text, {key: value for key, value in given.items() if key in used}, head, **more)
    if mapper.arrays:
        raise works_on_arrays(name, "backprop.trace(…).code('numpy') writes a program")
    return mapper


def works_on_arrays(name: str, hint: str) -> Problem:
    """The problem that a function is no formula of numbers: of rows of lists it may be another one."""
    message = f"{name} works on arrays: its formula is known for one shape alone, and not for all rows"
    return Problem("option", message, hint=hint)


def mapper_of(
    formula: str, given: Mapping[str, Value], head: Callable[[], list[str]],
    *, called: Mapping[str, str], usable: Mapping[str, Value] | None = None, ties: str = "both", expand: bool = False,
    source: str | None = None, kernel: str = "auto", threads: int | None = None, **wanted: Any,
) -> Mapper:  # fmt: skip
    """The function of columns for a table whose columns `head` names. Of what is `usable` that counts which the formula
    uses; `called` says what names of the formula are called in the table."""
    from backprop.rows.compute.column_names import Called, as_columns, may_differ
    from backprop.rows.compute.mapper import Mapper

    called = as_columns(formula, called, head() if may_differ(formula) else ())
    names = Called(formula, called)
    with names.problems():
        compiled = Compiled(names.text, ties=ties, expand=expand, source=source)
    used = compiled.variables_given(usable or {})
    at = {name: value for name, value in (usable or {}).items() if name in used}
    at |= {names.variable(name): value for name, value in given.items()}
    constants = frozenset(compiled.circuit(at).labels.values())
    wanting = [name for name in constants if name not in names.columns and name not in at]
    columns = head() if wanting else []  # a column that is called like a constant (e, pi) stands for it
    return Mapper(
        formula, given=compiled.point(at), ties=ties, expand=expand, source=source, engine=kernel,
        threads=threads or os.cpu_count() or 1, called=called,
        shadowed=[*(name for name in columns if name in wanting), *(constants & names.columns.keys())], **wanted,
    )  # fmt: skip


# ── files ──


@helped
def map_files(
    formula: Formula, sources: Place | Sequence[Place], target: Place, given: Mapping[str, Value] | None = None, /, *,
    rename: Mapping[str, str] | None = None, only_new: bool = False, total: bool = False,
    errors: Errors = "fail", errors_to: Place | None = None, null_values: Iterable[str] = (),
    source_format: Form | None = None, target_format: Form | None = None, delimiter: str | None = None,
    decimal_comma: bool = False, header: bool = True, encoding: str | None = None, engine: str = "local",
    scheduler: str | None = None, resume: bool = False, seen: Seen | None = None, **wanted: Unpack[Wanted],
) -> Report:  # fmt: skip
    """Value and gradients of a formula for every row of files, in a file that is written whole or not at all; of a
    folder, in a folder: `map_files("x*y", "points.csv", "gradients.csv").rows`.

    "-" is standard input, or output: rows go out as they come. Suffixes say what the files are, or the formats do:
    "jsonl", "csv", "tsv", "parquet", "arrow". `total` writes the sums over all rows alone. A bad row ends it, or with
    `errors` is skipped or null; `errors_to` collects them. `null_values` are texts that stand for nothing; `delimiter`,
    `decimal_comma`, `header` and `encoding` say how text is written. `engine`, `scheduler` and `resume` are for the
    parts of a folder; `seen` is called as it goes on. The other options are those of `map`. The report counts `rows`
    and `bad` ones, and `told` says what was remarkable.
    Raises a Problem for whatever is wrong.
    """
    from backprop.rows.tables.options import Options, nothing

    one_of("errors", ERRORS, errors)
    for name, form in (("source_format", source_format), ("target_format", target_format)):
        if form is not None:
            one_of(name, FORMS, form)
    if delimiter is not None and len(delimiter) != 1:
        raise Problem("option", f"a delimiter is one character, and not {delimiter!r}")
    paths = [os.fspath(path) for path in ([sources] if isinstance(sources, str | PathLike) else sources)]
    options = Options(
        source_format, target_format, total, errors, None if errors_to is None else os.fspath(errors_to),
        ("", *null_values), only_new, delimiter, decimal_comma, header, encoding,
    )  # fmt: skip
    if not paths:
        raise Problem("value", "there are no files to map")
    place = os.fspath(target)
    files = Files(paths, None if place == "-" else place, options)
    mapper = mapper_given(formula, given or {}, files.head, called=inverse(rename), notes=True, **wanted)
    failures: list[str] = []
    report = files.mapped(mapper, engine, scheduler, resume, seen or nothing, failures.append)
    if failures:
        raise Problem("file", failures[0], status=1)
    return report


class Files:
    """Files that are mapped into one, or to standard output for None; or a folder, into a folder."""

    def __init__(self, paths: list[str], target: str | None, options: Options) -> None:
        from backprop.rows.tables.files import expanded

        self.roots = [path for path in paths if os.path.isdir(path)]
        self.sources = expanded(paths, options.source_format, target)
        self.target = target
        self.options = options
        self.options = options._replace(roots=tuple(self.roots), spread=self.into_folder)
        self.parts = ""  # how many were done

    def head(self) -> list[str]:
        """The columns of the first table."""
        from backprop.rows.tables.heads import names_of

        return names_of(self.sources[0], self.options)

    @property
    def are_text(self) -> bool:
        """Whether all of what is read is text."""
        from backprop.rows.tables.files import TEXT

        return all(self.options.source(source) in TEXT for source in self.sources)

    @property
    def into_folder(self) -> bool:
        """Whether an output part is written for each input part."""
        target = self.target
        if target is None or self.options.total:
            return False
        if target.endswith(os.sep) or os.path.isdir(target):
            return True
        return bool(self.roots) and "." not in os.path.basename(target)

    def mapped(
        self, mapper: Mapper, engine: str, scheduler: str | None, resume: bool, seen: Seen,
        failed: Callable[[str], None],
    ) -> Report:  # fmt: skip
        """What was done; of parts that could not be, `failed` is told."""
        if scheduler is not None and engine == "local":
            message = f"{option('--scheduler')} needs an {option('--engine')} that has a cluster"
            raise Problem("option", message, hint=f"{option('--engine', 'dask')}, or spark")
        if self.into_folder:
            return self.mapped_parts(mapper, engine, scheduler, resume, seen, failed)
        if engine != "local" or resume:
            flag = option("--resume" if resume else "--engine")
            raise Problem("option", f"{flag} is for folders: give one to read, and one to write")
        from backprop.rows.pipeline import map_files

        return map_files(mapper, self.sources, self.target, self.options, seen)

    def mapped_parts(
        self, mapper: Mapper, engine: str, scheduler: str | None, resume: bool, seen: Seen,
        failed: Callable[[str], None],
    ) -> Report:  # fmt: skip
        """An output part for each input part, by whoever is asked for."""
        from backprop.rows import engines, folders
        from backprop.rows.tables.batch import Report
        from backprop.rows.tables.files import noted
        from backprop.rows.tables.locks import owned

        folder, report, failures = self.target or "", Report(), 0
        with owned(folder), self.options.collected(again=resume) as collected:
            runs = engines.engine(engine)
            jobs, before = folders.jobs(self.sources, folder, mapper, self.options, resume, self.roots)
            work = engines.PartWork(mapper, self.options)
            with noted(os.path.abspath(folder)) as note:
                for number, (job, done) in enumerate(runs(jobs, work, scheduler), 1):
                    if done.report is None:
                        failures += 1
                        failed(done.failure if job.source in done.failure else f"{job.source}: {done.failure}")
                        continue
                    report.join(done.report)
                    if collected is not None:
                        collected.write(done.report.collected)
                        collected.flush()
                    note(job.target, done.report.rows, job.fingerprint)
                    seen(report, number, len(jobs))
        self.parts = f"{len(jobs) - failures} of {len(jobs)} parts" + (f", {before} done before" if before else "")
        return report
