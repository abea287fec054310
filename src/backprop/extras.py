"""What a plain install leaves out, and the words that bring it: the one place that knows them.

The distribution is `backprop-cli`: on PyPI `backprop` is somebody else's package. It is installed from a checkout.
"""

from __future__ import annotations

from backprop.errors import Problem

DISTRIBUTION = "backprop-cli"


def install(extra: str) -> str:
    """The command, typed in the checkout, that installs an extra."""
    return f'pip install ".[{extra}]"'


def need_numpy(what: str = "an array") -> None:
    """Raise the problem that NumPy is not there, before something imports it: on numbers alone all works without."""
    try:
        import numpy  # noqa: F401
    except ImportError:
        raise no_numpy(what) from None


def no_numpy(what: str) -> Problem:
    """The problem that NumPy is not there."""
    return Problem("option", f"{what} needs NumPy, which is not installed", hint="pip install numpy")


def lacking(what: str, package: str, extra: str, otherwise: str = "") -> Problem:
    """The problem that a package of an extra is not there; `otherwise` says what does without it."""
    hint = f"in the checkout of backprop: {install(extra)}"
    return Problem(
        "option", f"{what} needs {package}, which is not installed", hint="; ".join(filter(None, [hint, otherwise]))
    )
