"""What a pass is given: values as Python has them, and which of them may have gradients."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.python.texts.gradients import Path, leaves, place_of
from backprop.python.values.arrays import Sizes, is_number

SIZES = re.compile(  # names of whole numbers that stay whole
    r"(shape|size|sizes|dims|dimensions|kernel|stride|strides|padding|axes|perm(utation)?|order)$"
)


def is_differentiable(value: Any) -> bool:
    """Whether a value is a fraction or an array of them."""
    if isinstance(value, np.ndarray):
        return bool(value.dtype.kind == "f")
    return is_number(value) and isinstance(value, float | np.floating)


def has_gradient(value: Any) -> bool:
    """Whether a value is differentiable, or a list or a dictionary of what is: the weights of layers."""
    return any(map(is_differentiable, [one for _, one in leaves(value)])) and not numbers_in(value)


def is_row(value: Any) -> bool:
    """Whether a value has several parts in a row: a list, or an array with an axis."""
    return isinstance(value, list | tuple) or bool(np.ndim(value))


def at_path(given: dict[str, Any], path: Path) -> Any:
    """The value of an input, or of an entry of one."""
    try:
        holder, key = place_of(given, path)
        return holder[key]
    except (KeyError, IndexError, TypeError):
        return None


def shape_at(given: dict[str, Any], path: Path) -> tuple[int, ...]:
    """The shape of what stands there; of a list of arrays that are no one array together, none that anything has."""
    try:
        return np.shape(at_path(given, path))
    except ValueError:
        return (-1,)


def arguments_from(value: Any) -> Any:
    """A value of JSON as Python's: lists of numbers are arrays."""
    if isinstance(value, dict):
        return {str(key): arguments_from(one) for key, one in value.items()}
    if isinstance(value, list) and not any(isinstance(one, np.ndarray) for one in value):
        try:
            array = np.array(value)
        except ValueError:
            return [arguments_from(one) for one in value]
        if array.dtype.kind in "biuf":
            return array.astype(float) if array.dtype.kind == "f" or array.size == 0 else array
        return [arguments_from(one) for one in value]
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value.replace("Infinity", "inf"))
    return value


def floated(given: dict[str, Any], works: Callable[[dict[str, Any]], bool]) -> tuple[dict[str, Any], list[str]]:
    """Whole numbers as fractions where the pass can take them: what only indexes, counts or labels stays whole."""
    whole = [name for name, value in given.items() if is_whole(value) and not SIZES.search(name)]
    found, turned = dict(given), list[str]()
    for some in (whole, [name for name in whole if is_no_label(given[name])]):
        tried = {name: as_float(value) if name in some else value for name, value in given.items()}
        if not some or works(tried):
            found, turned = tried, some
            break
    for name in whole:
        tried = {**found, name: as_float(found[name])}
        if name not in turned and works(tried):
            found, turned = tried, [*turned, name]
    return found, turned


def is_no_label(value: Any) -> bool:
    """Whether whole numbers are rather data: in several axes, or all the same, as zeros are."""
    return np.ndim(value) > 1 or (np.size(value) > 1 and np.ptp(value) == 0)


def is_even(value: Any) -> bool:
    """Whether rows in a row are all as long."""
    try:
        return np.ndim(value) >= 0
    except ValueError:
        return False


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, or an array of some."""
    if isinstance(value, np.ndarray):
        return bool(value.dtype.kind in "iu")
    if isinstance(value, list):
        return bool(value) and all(map(is_whole, value)) and is_even(value)
    return isinstance(value, int) and not isinstance(value, bool)


def as_float(value: Any) -> Any:
    if isinstance(value, list):
        return [as_float(one) for one in value]
    return value.astype(float) if isinstance(value, np.ndarray) else float(value)


def sizes(value: Any) -> Any:
    """What a constructor is given: whole numbers in a row are sizes, and a list."""
    is_row = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu"
    return Sizes(value.tolist()) if is_row else value


def numbers_in(value: Any) -> bool:
    """Whether a list holds numbers alone, or lists of them that are equally long: what others have arrays for."""
    if not isinstance(value, list) or not value:
        return False
    if all(isinstance(one, list) for one in value):
        return all(map(numbers_in, value)) and len(set(map(len, value))) == 1
    return all(map(is_number, value))
