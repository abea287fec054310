"""Programs: the staged forward and backward pass of a circuit in a target language."""

from __future__ import annotations

from importlib import import_module

from backprop.emit.request import Request

__all__ = ["SUFFIXES", "TARGETS", "Request", "write"]

TARGETS = ("python", "numpy", "torch", "jax", "c", "javascript", "sql", "latex", "markdown")
SUFFIXES = {
    ".py": "python", ".c": "c", ".js": "javascript", ".mjs": "javascript", ".sql": "sql", ".tex": "latex",
    ".md": "markdown",
}  # fmt: skip


def write(request: Request, to: str = "python") -> str:
    """The program in one of the TARGETS. Raises a Problem of kind "target" for a gate that cannot be said in it."""
    text: str = import_module(f"backprop.emit.targets.{to}").write(request)
    return text
