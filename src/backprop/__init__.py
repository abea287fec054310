"""backprop: a gradient calculator. Every intermediate value and gradient of a formula, as the course notes draw them.

>>> import backprop
>>> result = backprop.evaluate("(x+y)*z", x=-2, y=5, z=-4)
>>> result.value, result.gradients
(-12.0, {'x': -4.0, 'y': -4.0, 'z': 3.0})
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; typing would be the heaviest import here
if TYPE_CHECKING:
    from backprop.errors import Problem
    from backprop.optimize import Minimum, minimize
    from backprop.results import (
        Check,
        Compiled,
        Evaluation,
        Judged,
        JudgedCode,
        Nudged,
        Reference,
        compile,
        evaluate,
        judge,
        reference,
        trace,
    )
    from backprop.rows.mapping import map, map_files

__version__ = "0.2.0"
__all__ = [
    "Check", "Compiled", "Evaluation", "Judged", "JudgedCode", "Minimum", "Nudged", "Problem", "Reference", "compile",
    "evaluate", "judge", "map", "map_files", "minimize", "reference", "trace",
]  # fmt: skip

# What is looked for here, and an evaluation has.
_ANSWERS = ("check", "code", "draw", "explain", "hessian", "hvp", "jacobian", "jvp", "nudge", "why_nan")

_HOMES = dict.fromkeys(__all__, "backprop.results")
_HOMES |= dict.fromkeys(("Minimum", "minimize"), "backprop.optimize")
_HOMES |= dict.fromkeys(("map", "map_files"), "backprop.rows.mapping")
_HOMES["Problem"] = "backprop.errors"


def __getattr__(name: str) -> object:
    """Import what is asked for: the command line needs only a part of the package."""
    if name not in _HOMES:
        raise AttributeError(f"module 'backprop' has no attribute {name!r}{meant(name)}", name="")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def meant(name: str) -> str:
    """What may be meant by a name that there is not; what Python itself asks for is none of somebody's."""
    from backprop.errors import nearest

    if name in _ANSWERS:
        return f": it is of an answer: evaluate(…).{name}(…)"
    near = None if name[:2] == "__" else nearest(name, __all__)
    return f": did you mean {near}?" if near else ""


def __dir__() -> list[str]:
    """What there is, for TAB and help()."""
    return sorted([*__all__, *(name for name in globals() if name[:2] == "__")])
