"""From text to the AST. Alone knows Lark."""

from __future__ import annotations

from backprop.language.builder import canonical_name
from backprop.language.parser import parse
from backprop.language.program import Program

__all__ = ["Program", "canonical_name", "parse"]
