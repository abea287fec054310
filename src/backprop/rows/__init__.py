"""A formula on many rows: the derived circuit as a straight list of array operations, and the ways in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop.rows.compute.mapper import Mapper
    from backprop.rows.tables.arrow import arrow_mapper

__all__ = ["Mapper", "arrow_mapper"]

HOME = {"Mapper": "backprop.rows.compute.mapper", "arrow_mapper": "backprop.rows.tables.arrow"}


def __getattr__(name: str) -> Any:
    """What is public, imported when it is asked for: NumPy is heavy."""
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(HOME[name]), name)
