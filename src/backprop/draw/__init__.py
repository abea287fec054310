"""Circuits as pictures: what is drawn (`scene`), where it stands (`layout`), and how each form spells it."""

from collections.abc import Callable
from importlib import import_module


def writer(form: str) -> Callable[..., str]:
    """What writes a circuit in a form: the function of that name, in the module of that name."""
    write: Callable[..., str] = getattr(import_module(f"backprop.draw.{form}"), form)
    return write
