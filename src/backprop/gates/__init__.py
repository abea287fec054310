"""THE TABLE: every gate, one row each."""

from __future__ import annotations

from itertools import chain

from backprop.gates import elementwise, mixing
from backprop.gates.plumbing import PLUMBING
from backprop.gates.row import TIES, Gate

__all__ = ["CONSTANT", "CONSTANTS", "ELEMENTWISE", "FAMILIES", "GATES", "INPUT", "NAMES", "TIES", "Gate"]

FAMILIES: dict[str, list[Gate]] = {**elementwise.FAMILIES, **mixing.FAMILIES, "plumbing": PLUMBING}
GATES: dict[str, Gate] = {gate.name: gate for gate in chain.from_iterable(FAMILIES.values())}
for _family, _gates in FAMILIES.items():
    for _gate in _gates:
        _gate.family = _family

# The gates that act element by element, on numbers as on arrays.
ELEMENTWISE: dict[str, Gate] = {name: gate for name, gate in GATES.items() if not gate.mixes}

# Every name that a call of the user's may have, aliases included.
NAMES: dict[str, Gate] = {
    name: gate for gate in GATES.values() if not gate.plumbing for name in (gate.name, *gate.aliases)
}

# What has no inputs: a variable of the user's, and a number.
INPUT = Gate("input", "")
CONSTANT = Gate("constant", "")

CONSTANTS: dict[str, float] = {
    "pi": 3.141592653589793,
    "π": 3.141592653589793,
    "e": 2.718281828459045,
    "tau": 6.283185307179586,
    "τ": 6.283185307179586,
    "inf": float("inf"),
    "nan": float("nan"),
}
