"""A tape for backward passes that hand gradients on through steps, as straight-through estimators do."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.python.values.tape import Tape

STEPS = frozenset(["floor", "ceil", "trunc", "fix", "sign", "round", "rint"])  # constant between their jumps


class Straight(Tape):
    """A tape on which steps hand gradients on as they are: rounding, a sign, and with `masks` what is made of `x > 0`.
    A backward pass that does so is a straight-through estimator (Bengio, Léonard and Courville, 2013,
    arXiv:1308.3432)."""

    def __init__(self, masks: bool) -> None:
        super().__init__()
        self.masks = masks
        self.any, self.decides = False, False  # whether there was a step; a comparison, or a place by which is chosen
        self.deciding: list[Any] = []  # the numbers of what was stepped, or by which places were found
        self.kinds = "fb" if masks else "f"

    def compared(self, kind: type[ast.cmpop], a: Any, b: Any, out: Any) -> None:
        """The numbers of what is compared are those of the mask."""
        self.decides = self.decides or bool(np.any(self.ids(a)) or np.any(self.ids(b)))
        if self.masks and kind in (ast.Gt, ast.GtE):
            self.put(out, np.broadcast_to(np.maximum(self.ids(a), self.ids(b)), np.shape(out)))

    def put_at(self, base: Any, key: Any, value: Any) -> None:
        """What hangs on nothing, set in part where a mask is true, is made of the mask."""
        ids = self.ids(key) if isinstance(key, np.ndarray) and not self.ids(value).any() else np.zeros(0)
        if ids.any() and ids.shape == np.shape(base) and not self.ids(base).any():
            self.put(base, ids)
        else:
            super().put_at(base, key, value)

    def called(
        self, name: str, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], out: Any
    ) -> None:
        places = np.asarray(getattr(out, "indices", out))  # torch gives them beside an extreme
        ids = [np.ravel(self.ids(one)) for one in given] if places.dtype.kind in "biu" else []
        if any(map(np.any, ids)):
            self.decides = True
            self.deciding += ids if places.dtype.kind == "i" else []
        if name == "where" and len(given) > 2 and not any(self.ids(one).any() for one in given[1:]):
            self.put(out, np.broadcast_to(self.ids(given[0]), np.shape(out)))
        elif name in STEPS:
            own = self.ids(given[0])
            self.any = self.any or bool(own.any())
            self.deciding.append(np.ravel(own))
            self.put(out, own)
        else:
            super().called(name, function, given, named, out)
