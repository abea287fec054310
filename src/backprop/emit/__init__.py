"""Programs: the staged forward and backward pass of a circuit in a target language."""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath

from backprop.emit.request import Request

__all__ = ["SUFFIXES", "TARGETS", "Request", "suffix_of", "write"]

TARGETS = ("python", "numpy", "torch", "jax", "c", "javascript", "sql", "latex", "markdown")
SUFFIXES = {  # of a file, and the target that it asks for
    ".py": "python", ".c": "c", ".h": "c", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".ts": "javascript", ".d.ts": "javascript", ".d.mts": "javascript", ".d.cts": "javascript",
    ".mts": "javascript", ".sql": "sql", ".tex": "latex", ".md": "markdown",
}  # fmt: skip


def suffix_of(path: str) -> str:
    """The suffix of a file's name, which says what is in it; of `name.d.ts` both."""
    suffixes = [suffix.lower() for suffix in PurePath(path).suffixes]
    both = "".join(suffixes[-2:])
    return both if both in SUFFIXES else "".join(suffixes[-1:])


def write(request: Request, to: str = "python") -> str:
    """The program in one of the TARGETS. Raises a Problem of kind "target" for a gate that cannot be said in it."""
    text: str = import_module(f"backprop.emit.targets.{to}").write(request)
    return text
