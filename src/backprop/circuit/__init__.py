"""From the AST to a circuit: a flat list of stages in order of evaluation."""

from __future__ import annotations

from backprop.circuit.circuit import Circuit, Opened, reached
from backprop.circuit.lower import lower

__all__ = ["Circuit", "Opened", "lower", "reached"]
