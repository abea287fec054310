"""Functions of gates that some target has no word for and no definition says, written in the target itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def functions(name: str, folder: str = __name__) -> dict[str, str]:
    """The functions in one file, by their names: those of gates, and what these call.

    Each stands under a comment with its name: `/// digamma`, in Python `# /// digamma`.
    """
    text = files(folder).joinpath(name).read_text(encoding="utf-8")
    parts = re.split(r"^(?:# )?/// (\w+)\n", text, flags=re.MULTILINE)
    return {gate: source.strip() for gate, source in zip(parts[1::2], parts[2::2], strict=True)}


def names_of(helpers: Mapping[str, str]) -> set[str]:
    """The names of the functions that stand under these, also of those that only they call."""
    lines = re.compile(r"^\w[^(\n=]*?(\w+)\(", re.MULTILINE)
    return {*helpers}.union(*map(lines.findall, helpers.values()))
