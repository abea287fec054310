"""The tables of the commands that read them: which they are, and how tables of text are written."""

from __future__ import annotations

from typing import Any

from backprop.cli.options import takes, takes_all
from backprop.errors import Problem

text_options = takes_all(
    [
        takes("--null-values", metavar="A,B", help="Texts that stand for nothing, besides the empty one."),
        takes("--delimiter", metavar="CHARACTER", help="What stands between the fields of CSV."),
        takes("--decimal-comma", "comma", is_flag=True, help="CSV whose numbers are 1,5, with ; between the fields."),
        takes("--no-header", is_flag=True, help="CSV without names: its columns are c1, c2, …"),
        takes("--encoding", metavar="NAME", help="The encoding of text that is no UTF-8: latin-1, utf-16, …"),
    ]
)


def tables_of(options: dict[str, Any]) -> list[str]:
    """The files behind the expression; where that stands in a file itself, the first word is one of them, too."""
    if options["file"] is None or options["expression"] is None:
        return list(options["tables"])
    first, options["expression"] = options["expression"], None
    return [first, *options["tables"]]


def read_as(options: dict[str, Any]) -> dict[str, Any]:
    """What these options say to who reads."""
    return {
        "nulls": ("", *options["null_values"].split(",")) if options["null_values"] else ("",),
        "delimiter": delimiter(options["delimiter"]), "comma": options["comma"], "header": not options["no_header"],
        "encoding": options["encoding"],
    }  # fmt: skip


def delimiter(value: str | None) -> str | None:
    """A character between fields; a tab may be written \\t."""
    value = "\t" if value in ("\\t", "tab") else value
    if value is not None and (len(value) != 1 or value in '"\r\n' or not value.isascii()):
        raise Problem("option", f"--delimiter takes one character of ASCII that is no quote, and not {value}")
    return value
