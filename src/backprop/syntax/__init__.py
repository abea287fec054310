"""From text to the AST. Alone knows Lark."""

from __future__ import annotations

from backprop.expr import Program
from backprop.syntax.builder import canonical_name
from backprop.syntax.engine import parse

__all__ = ["Program", "canonical_name", "parse"]
