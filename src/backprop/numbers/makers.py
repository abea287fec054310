"""Arrays that are made out of a few numbers: zeros(2, 3), linspace(0, 1, 5), randn(5, 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from backprop.errors import Problem
from backprop.numbers.memory import check_memory
from backprop.numbers.shapes import MOST_AXES

Maker = Callable[..., Any]


def sizes(name: str, shape: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape, given as zeros(2, 3) or zeros([2, 3]), that the machine can hold."""
    found = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
    for size in found:
        if not isinstance(size, int) or size < 0:
            raise Problem("value", f"the size of an array is a whole number from 0 on, and not {size}")
    if len(found) > MOST_AXES:
        raise Problem("size", f"{name} of {len(found)} sizes: an array has at most {MOST_AXES} axes")
    elements = prod([max(size, 1) for size in found], start=1.0)  # where one is 0, the others must still be sizes
    check_memory(elements, f"{name}({', '.join(f'{size:,}' for size in found)})")
    return tuple(found)


def zeros(*shape: Any) -> Any:
    import numpy as np

    return np.zeros(sizes("zeros", shape))


def ones(*shape: Any) -> Any:
    import numpy as np

    return np.ones(sizes("ones", shape))


def eye(rows: Any, columns: Any = None) -> Any:
    import numpy as np

    height, width = sizes("eye", (rows, rows if columns is None else columns))
    return np.eye(height, width)


def arange(*bounds: Any) -> Any:
    """From a start (0) to a stop, which is left out, by a step (1)."""
    import numpy as np

    if not 1 <= len(bounds) <= 3:
        raise TypeError
    start, stop, step = (0, *bounds, 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    if step == 0:
        raise Problem("value", "the step of arange is 0, so it never ends")
    check_memory(max(0.0, (stop - start) / step), f"arange({', '.join(map(str, bounds))})")
    return np.arange(start, stop, step, dtype=float)


def linspace(start: Any, stop: Any, count: Any = 50) -> Any:
    """So many numbers from a start to a stop, both of them included."""
    import numpy as np

    (many,) = sizes("linspace", (count,))
    return np.linspace(start, stop, many)


MAKERS: Mapping[str, Maker] = {"zeros": zeros, "ones": ones, "eye": eye, "arange": arange, "linspace": linspace}


RANDOM = ("randn", "rand", "randint")


def makers(random: Any) -> Mapping[str, Maker]:
    """All makers, the random ones included, which draw from `random.generator`: randn (normal), rand (between 0 and
    1), and randint (whole numbers, from 0 or the first one on, up to the next one, which is left out)."""

    def randint(low: Any, high: Any = None, size: Any = ()) -> Any:
        bounds = (0, low) if high is None else (low, high)
        if broken := [one for one in bounds if not isinstance(one, int)]:
            raise Problem("value", f"randint draws between whole numbers, and {broken[0]} is none")
        if bounds[0] >= bounds[1]:
            raise Problem("value", f"randint draws whole numbers from {bounds[0]} on below {bounds[1]}: there is none")
        return random.generator.integers(*bounds, sizes("randint", (size,))).astype(float)

    return {
        **MAKERS,
        "randn": lambda *shape: random.generator.standard_normal(sizes("randn", shape)),
        "rand": lambda *shape: random.generator.random(sizes("rand", shape)),
        "randint": randint,
    }
