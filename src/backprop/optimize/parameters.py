"""The variables that move, as one vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod, sqrt

import numpy as np
from numpy.typing import NDArray

from backprop.errors import Problem
from backprop.library import Value
from backprop.numbers import carried
from backprop.numbers.shapes import shape_of, shape_text

Array = NDArray[np.float64]


def norm(x: Array) -> float:
    """The root of the sum of squares, also where these overflow or die out."""
    found = sqrt(float(x @ x))
    return found if 1e-140 < found < 1e140 else float(carried.norm(x))  # type: ignore[no-untyped-call]


Mask = NDArray[np.bool_]
Places = NDArray[np.intp]


class Parameters:
    """The names that move, and where each of them stands in the flat vector."""

    def __init__(self, at: Mapping[str, Value], names: Sequence[str]) -> None:
        self.names = list(names)
        self.shapes = {name: shape_of(at[name]) for name in names}
        self.slices: dict[str, slice] = {}
        self.size = 0
        for name in names:
            count = prod(self.shapes[name])
            self.slices[name] = slice(self.size, self.size + count)
            self.size += count
        if not self.size:
            raise Problem("variable", "nothing can move: no variable has an element")

    def pack(self, values: Mapping[str, Value]) -> Array:
        found = np.empty(self.size)
        for name, where in self.slices.items():
            found[where] = np.ravel(values[name])
        return found

    def unpack(self, vector: Array) -> dict[str, Value]:
        """The values by name: floats, and arrays of their own."""
        return self.viewed(vector.copy())

    def viewed(self, vector: Array) -> dict[str, Value]:
        """The same, but with arrays that are parts of the vector."""
        return {
            name: vector[where].reshape(self.shapes[name]) if self.shapes[name] else float(vector[where.start])
            for name, where in self.slices.items()
        }

    def stretched(self, values: Mapping[str, Value], otherwise: float) -> Array:
        """A vector with a number, or an array, for some of the names, and `otherwise` for the rest."""
        found = np.full(self.size, otherwise)
        for name, value in values.items():
            shape = self.shapes[name]
            try:
                found[self.slices[name]] = np.broadcast_to(value, shape).ravel()
            except ValueError:
                told = f"the bound of {name} is {shape_text(shape_of(value))}, and {name} is {shape_text(shape)}"
                raise Problem("shape", told) from None
        return found

    def elements(self) -> list[str]:
        """What each element is called: `x`, `w[0]`, `A[1, 2]`."""
        return [
            name + (f"[{', '.join(map(str, place))}]" if shape else "")
            for name, shape in self.shapes.items()
            for place in np.ndindex(*shape)
        ]
