"""The dialects of SQL: how each says a gate so that the answer is a number where the database would raise.

In the forms, {0} and {1} are the gate's inputs, names or numbers where they stand more than once; INF and NAN are
written as the dialect writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from backprop.errors import Problem, did_you_mean, lacking

SAME = "sqrt cbrt sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh abs floor ceil trunc exp log10"
WORDS = {**{name: name for name in SAME.split()}, "log": "ln"}

DUCKDB = WORDS | {
    "log2": "log2", "exp2": "power(2, {0})", "gamma": "gamma", "lgamma": "lgamma", "round": "round_even({0}, 0)",
    "power": "power({0}, {1})",
    "mod": "CASE WHEN {0} % {1} <> 0 AND ({0} % {1} < 0) <> ({1} < 0) THEN {0} % {1} + {1} ELSE {0} % {1} END",
}  # fmt: skip

WAVES = ("sin", "cos", "tan")

# What raises elsewhere: exp and power out of range, a logarithm or a root of a number below 0, a sine of infinity.
GUARDED = WORDS | {
    "round": "round",
    "exp": "CASE WHEN {0} < -745.13 THEN 0 WHEN {0} <= 709.782712893384 THEN exp({0}) ELSE {0} * INF END",
    "exp2": "CASE WHEN {0} < -1074 THEN 0 WHEN {0} < 1024 THEN power(2, {0}) ELSE {0} * INF END",
    "log": "CASE WHEN {0} > 0 THEN ln({0}) WHEN {0} = 0 THEN -INF ELSE NAN END",
    "log10": "CASE WHEN {0} > 0 THEN log10({0}) WHEN {0} = 0 THEN -INF ELSE NAN END",
    "sqrt": "CASE WHEN {0} < 0 THEN NAN ELSE sqrt({0}) END",
    **{name: f"CASE WHEN abs({{0}}) < INF THEN {name}({{0}}) ELSE NAN END" for name in WAVES},
    **{name: f"CASE WHEN abs({{0}}) <= 1 THEN {name}({{0}}) ELSE NAN END" for name in ("asin", "acos", "atanh")},
    "acosh": "CASE WHEN {0} < 1 THEN NAN ELSE acosh({0}) END",
    # atan2 tells 0 from -0: it is pi or -pi
    "divide": "CASE WHEN {1} = 0 THEN {0} * (atan2({1}, -1) * INF) ELSE {0} / {1} END",
    "one over": "CASE WHEN {1} = 0 THEN atan2({1}, -1) * INF ELSE {0} / {1} END",
    "square": "CASE WHEN abs({0}) > 1e-150 THEN {0} * {0} ELSE 0 * {0} END",
    "power": "CASE WHEN {0} = 0 THEN CASE WHEN {1} < 0 THEN INF ELSE power({0}, {1}) END "
    "WHEN {0} < 0 AND {1} <> floor({1}) THEN NAN WHEN {1} * ln(abs({0})) < -745.13 THEN 0 "
    "WHEN {1} * -ln(abs({0})) < -709.782712893384 "
    "THEN CASE WHEN {0} < 0 AND 2 * floor({1} / 2) <> {1} THEN -INF ELSE INF END ELSE power({0}, {1}) END",
    "whole power": "power({0}, {1})",
    "whole power below 0": "CASE WHEN {0} = 0 THEN INF ELSE power({0}, {1}) END",
    "broken power": "CASE WHEN {0} < 0 THEN NAN ELSE power({0}, {1}) END",
    "broken power below 0": "CASE WHEN {0} > 0 THEN power({0}, {1}) WHEN {0} = 0 THEN INF ELSE NAN END",
}

# There is no infinity that a wave must be kept from; who has a cube root, and how halves are rounded, nobody knows.
ELSEWHERE = {name: form for name, form in GUARDED.items() if name not in ("cbrt", "round")} | {w: w for w in WAVES}

KEYWORDS = (  # of PostgreSQL and of DuckDB, as their own lists say
    "all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint binary "
    "bit boolean both by case cast char character check coalesce collate collation column columns "
    "concurrently constraint create cross current_catalog current_date current_role current_schema "
    "current_time current_timestamp current_user dec decimal default deferrable desc describe distinct do "
    "else end except exists extract false fetch float for foreign freeze from full generated glob grant "
    "greatest group grouping grouping_id having ilike in initially inner inout int integer intersect "
    "interval into is isnull join lambda lateral leading least left like limit localtime localtimestamp "
    "map national natural nchar none normalize not notnull null nullif numeric offset on only or order "
    "out outer overlaps overlay pivot pivot_longer pivot_wider placing position positional precision "
    "primary qualify real references returning right row select semi session_user setof show similar "
    "smallint some struct substring summarize symmetric table tablesample then time timestamp to trailing "
    "treat trim true try_cast tuple union unique unpack unpivot user using values varchar variadic "
    "verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces "
    "xmlparse xmlpi xmlroot xmlserialize xmltable "
)
RESERVED = frozenset(KEYWORDS.split())


class Dialect(NamedTuple):
    """How a database speaks.

    `row` is the whole row of a table that was selected as one column, opened again ("" where there is no such thing).
    `fence` keeps the stages of a query apart, where the planner would else copy a stage into each of its uses (it
    costs a tenth of `AS MATERIALIZED`, which stores every row). `stored` asks for every stage to be stored, for the
    same reason. `ordered` says that not-a-number is a number like others: equal to itself, and the largest.
    """

    name: str
    words: Mapping[str, str]
    infinity: str = "'Infinity'::float8"
    nan: str = "'NaN'::float8"
    row: str = ""
    fence: str = ""
    stored: bool = False
    ordered: bool = True


NATIVE = {
    "duckdb": Dialect("duckdb", DUCKDB, row="{0}.*"),
    "postgres": Dialect("postgres", GUARDED, row="({0}).*", fence="OFFSET 0"),
}


def dialect(name: str) -> Dialect:
    """A dialect by its name. Raises a Problem of kind "option" for one that nobody knows, or that needs SQLGlot."""
    name = {"postgresql": "postgres", "pg": "postgres"}.get(name.lower(), name.lower())
    if name in NATIVE:
        return NATIVE[name]
    try:
        from sqlglot import Dialects
    except ImportError:
        raise lacking(f"the dialect {name}", "SQLGlot", "sql", "duckdb and postgres need nothing") from None
    known = [member.value for member in Dialects if member.value]
    if name not in known:
        all_of_them = sorted({*known, *NATIVE})
        hint = did_you_mean(name, all_of_them, f"there are {', '.join(all_of_them)}")
        raise Problem("option", f"there is no dialect {name}", hint=hint)
    return Dialect(name, ELSEWHERE, infinity="NULL", nan="NULL", stored=name == "sqlite", ordered=False)


def translated(query: str, name: str) -> str:
    """A query of PostgreSQL's in another dialect. Raises a Problem of kind "target" for what that cannot say."""
    import logging

    from sqlglot import ErrorLevel, exp, parse_one
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        tree = parse_one(query, dialect="postgres")
        for choice in tree.find_all(exp.Greatest, exp.Least):
            choice.set("ignore_nulls", False)  # here, null is a number that is not finite, and stays so
        if name == "sqlite":  # its columns have no types: a number that is chosen stays whole, and 1 / 3 would be 0
            for number in tree.find_all(exp.Literal):
                if number.is_int:
                    number.set("this", f"{number.this}.0")
        text = tree.sql(name, pretty=True, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise Problem("target", f"{name} cannot say this: {str(error).splitlines()[0]}") from None
    return f"{text};\n"
