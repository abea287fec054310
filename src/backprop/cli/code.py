"""`backprop code`: the staged forward and backward pass as a program."""

from __future__ import annotations

from typing import Any

from backprop.cli.answer import output_option
from backprop.cli.evaluate import ended
from backprop.cli.options import Choice, named, takes
from backprop.cli.output import write
from backprop.cli.question import check_gates, question
from backprop.cli.shared import shared_options
from backprop.cli.words import Call
from backprop.emit import SUFFIXES, TARGETS, Request, suffix_of
from backprop.emit import write as program
from backprop.errors import Problem, unknown_suffix

MOST = 300_000  # gates: each takes some kilobytes, and a line or two


@named("code", variables=True)
@shared_options
@takes(
    "--to",
    type=Choice(TARGETS, SUFFIXES),
    metavar="LANGUAGE",
    help=f"The language: {', '.join(TARGETS)}; else the suffix of -o says it, or it is python.",
)
@takes("--table", metavar="NAME", help="SQL: the table whose columns are the variables; points, if none is named.")
@takes(
    "--dialect",
    metavar="NAME",
    words=lambda: ("duckdb", "postgres", "sqlite", "mysql", "snowflake"),
    help="SQL: duckdb (the default), postgres, or any that SQLGlot knows.",
)
@takes("--name", metavar="NAME", help="What the function is called: backprop, if nothing is said; SQL: a view.")
@takes("--main", is_flag=True, help="C: a main program that takes the point from its arguments.")
@takes("--jvp", is_flag=True, help="JAX: a custom_jvp, for jvp, jacfwd and hessian too.")
@takes("--dtype", type=Choice(["float64", "float32"]), help="NumPy: the precision; float64, else.")
@output_option
def command(
    call: Call,
    /,
    to: str | None,
    table: str | None,
    dialect: str | None,
    name: str | None,
    main: bool,
    jvp: bool,
    dtype: str | None,
    output: str | None,
    **shared: Any,
) -> int:
    """Write EXPRESSION's forward and backward pass as a program. With a point, the program tests itself there.

    Arrays can be said in NumPy, PyTorch, JAX, LaTeX and Markdown: with a point the program is for the shapes of the
    point, without one for any. Python without a point raises where its math module does, as at 1/0, unless the program
    has a branch.

    \b
    backprop code -f staged.bp
    backprop code "q = x + y; f = q*z" --x -2 --y 5 --z -4 --to c -o staged.c
    backprop code "q = x + y; f = q*z" --to sql --table points
    """
    target = to or chosen_by(output)
    for option, value in (("--table", table), ("--dialect", dialect)):
        if value is not None and target != "sql":
            raise Problem("option", f"{option} goes with --to sql, and not with {target}")
    for flag, given, its in (("--main", main, "c"), ("--jvp", jvp, "jax"), ("--dtype", dtype, "numpy")):
        if given and target != its:
            raise Problem("option", f"{flag} goes with --to {its}, and not with {target}")
    asked = question(call, needs_point=False, **shared)
    compiled = asked.compiled
    circuit = compiled.circuit(asked.at)
    check_gates(circuit, MOST, "a program", "written")
    request = Request(
        circuit,
        wrt=asked.wrt if asked.wrt is None else compiled.chosen(asked.at, asked.wrt),
        ties=compiled.ties,
        at=asked.at if asked.at or not (circuit.variables or table) else None,
        upstream=asked.upstream,
        table=table,
        dialect=dialect or "duckdb",
        name=name,
        form=suffix_of(output or ""),
        main=main,
        jvp=jvp,
        dtype=dtype or "float64",
    )
    write(program(request, target), output)
    if request.at is None:
        return 0
    evaluation = asked.answer()
    return ended(evaluation, asked)


def chosen_by(output: str | None) -> str:
    """The language that an output's name asks for."""
    suffix = suffix_of(output or "")
    if suffix and suffix not in SUFFIXES and not (output or "").startswith("/dev/"):
        raise unknown_suffix(output or "", SUFFIXES, "; or --to")
    return SUFFIXES.get(suffix, "python")
