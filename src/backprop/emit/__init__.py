"""Programs: the staged forward and backward pass of a circuit in a target language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from copy import copy
from importlib import import_module
from pathlib import PurePath

from backprop.emit.request import Request

__all__ = ["SUFFIXES", "TARGETS", "Request", "suffix_of", "write"]

TARGETS = ("python", "numpy", "torch", "jax", "c", "javascript", "sql", "latex", "markdown")
SUFFIXES = {  # of a file, and the target that it asks for
    ".py": "python", ".c": "c", ".h": "c", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".ts": "javascript", ".d.ts": "javascript", ".d.mts": "javascript", ".d.cts": "javascript",
    ".mts": "javascript", ".cts": "javascript", ".sql": "sql", ".tex": "latex", ".md": "markdown",
}  # fmt: skip

NOBODYS = "called_by_no_other_name"  # a function
PASSED = re.compile(r'"[^"]*"|//.*|#.*')  # texts and remarks
USED = re.compile(r"(?<![.\w])[^\W\d]\w*(?=\()|(?<=^)[^\W\d][^(\n]*", re.MULTILINE)  # calls, and what begins no deeper


def suffix_of(path: str) -> str:
    """The suffix of a file's name, which says what is in it; of `name.d.ts` both."""
    suffixes = [suffix.lower() for suffix in PurePath(path).suffixes]
    both = "".join(suffixes[-2:])
    return both if both in SUFFIXES else "".join(suffixes[-1:])


def write(request: Request, to: str = "python") -> str:
    """The program in one of the TARGETS. Raises a Problem of kind "target" for a gate that cannot be said in it."""
    writer: Callable[[Request], str] = import_module(f"backprop.emit.targets.{to}").write
    text = writer(request)
    if request.name is not None and request.target is not None:
        refuse_used(request, text, writer)
    return text


def refuse_used(request: Request, text: str, writer: Callable[[Request], str]) -> None:
    """Raise a Problem where the program calls something else by the name of its function: the name is there more often
    than another one that stands for it."""
    other = copy(request)
    other.name = NOBODYS
    plain, found = uses(writer(other)), uses(text)
    assert request.target is not None
    assert other.target is not None
    for name, instead in zip(request.target.own(), other.target.own(), strict=True):
        if found[name] > plain[instead]:
            raise request.target.misnamed(name, "has a use for that name")


def uses(program: str) -> Counter[str]:
    """How often each name is used that is no parameter or variable of one function alone."""
    return Counter(name for part in USED.findall(PASSED.sub("", program)) for name in re.findall(r"\w+", part))
