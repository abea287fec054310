"""Shapes in words: which operands do not fit, in which dimension, and which product would."""

from __future__ import annotations

from math import isfinite

from backprop.errors.light import Any, Callable, Sequence

Shape = tuple[int, ...]

MOST_AXES = 64  # of an array: NumPy's own limit


class Mismatch(Exception):
    """A gate cannot take inputs of these shapes.

    `operands` are the places of the inputs that do not fit, all of them if it is empty. In `message` and `hint`, {0},
    {1}, … stand for the inputs as the user calls them.
    """

    def __init__(self, message: str, operands: Sequence[int] = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.operands = tuple(operands)
        self.hint = hint

    def told(self, names: Sequence[str]) -> tuple[str, str]:
        """Message and hint, with the names of the inputs. Braces in subscripts are the user's own."""
        from re import sub

        known = {f"{{{place}}}": name for place, name in enumerate(names)}
        message, hint = (
            sub(r"{\d+}", lambda place: known.get(place[0], place[0]), text) for text in (self.message, self.hint)
        )
        return message, hint


def checked(check: Callable[..., object], function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose inputs and options are checked first: `check` raises a Mismatch."""

    def answering(*inputs: Any, **options: Any) -> Any:
        check(*inputs, **options)
        return function(*inputs, **options)

    return answering


def shape_of(value: object) -> Shape:
    """The shape of a value; () of a number."""
    return getattr(value, "shape", ())


def is_any(mask: Any) -> bool:
    """Whether a mask has an element."""
    return bool(mask.any()) if shape_of(mask) else bool(mask)


def all_finite(value: Any) -> bool:
    """Whether a number, or every element of an array, is finite."""
    if isinstance(value, float):
        return isfinite(value)
    from numpy import isfinite as are_finite

    return bool(are_finite(value).all())


def shape_text(shape: Shape) -> str:
    """A shape in a sentence: `a number`, `a vector of 3`, `5x10`."""
    return f"a vector of {shape[0]}" if len(shape) == 1 else shape_code(shape) or "a number"


def array_text(shape: Shape) -> str:
    """An array in a sentence: `a vector of 3`, `a 5x10 array`."""
    return shape_text(shape) if len(shape) == 1 else f"a {shape_text(shape)} array"


def shape_code(shape: Shape) -> str:
    """A shape in a table: nothing for a number, `3`, `5x10`."""
    return "x".join(map(str, shape))


def broadcast_mismatch(shapes: Sequence[Shape]) -> Mismatch:
    """Why shapes cannot be stretched to one another: the first pair, from the last dimension on, that differs."""
    for left in range(len(shapes)):
        for right in range(left + 1, len(shapes)):
            for back in range(1, min(len(shapes[left]), len(shapes[right])) + 1):
                one, other = shapes[left][-back], shapes[right][-back]
                if one != other and 1 not in (one, other):
                    which = dimension(back, max(len(shapes[left]), len(shapes[right])))
                    message = (
                        f"{{{left}}} is {shape_text(shapes[left])} and {{{right}}} is {shape_text(shapes[right])}: "
                        f"the {which} dimension is {one} in one and {other} in the other"
                    )
                    return Mismatch(message, (left, right), broadcast_hint(shapes[left], shapes[right], left, right))
    return Mismatch(f"these shapes do not fit: {', '.join(map(shape_text, shapes))}")


def broadcast_hint(left: Shape, right: Shape, first: int, second: int) -> str:
    """What would make two shapes fit."""
    if len(left) == 2 and left[::-1] == right:
        return f"{{{first}}}.T has the shape of {{{second}}}"
    small, large, name = (left, right, first) if len(left) < len(right) else (right, left, second)
    if len(small) == 1 and small[0] in large[:-1]:
        column = (small[0], *[1] * (len(large) - 1 - large.index(small[0])))
        return f"to use {{{name}}} as a column: reshape({{{name}}}, [{', '.join(map(str, column))}])"
    return "dimensions fit, counted from the last, where they are equal or one of them is 1"


def dimension(back: int, count: int) -> str:
    """The name of a dimension, counted from the last."""
    return "only" if count == 1 else "last" if back == 1 else ("first" if back == count else f"{back}. last")


# ── dimension analysis, as the course notes teach it ──


def transposed(shape: Shape) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2]) if len(shape) > 1 else shape


def product_shape(left: Shape, right: Shape) -> Shape | None:
    """The shape of `left @ right` for vectors and matrices, None where they do not fit."""
    if not left or not right or len(left) > 2 or len(right) > 2:
        return None
    if left[-1] != right[0]:
        return None
    return (*left[:-1], *right[1:])


def fitting_products(a: str, a_shape: Shape, b: str, b_shape: Shape, target: Shape | None = None) -> list[str]:
    """The products of two matrices, transposed or not, in either order, that have the shape `target` (any, if None)."""
    found = []
    for first, first_shape, second, second_shape in ((a, a_shape, b, b_shape), (b, b_shape, a, a_shape)):
        for left_turned in (False, True) if len(first_shape) == 2 else (False,):
            for right_turned in (False, True) if len(second_shape) == 2 else (False,):
                left = transposed(first_shape) if left_turned else first_shape
                right = transposed(second_shape) if right_turned else second_shape
                shape = product_shape(left, right)
                if shape is not None and (target is None or shape == target):
                    found.append(f"{first}{'.T' * left_turned} @ {second}{'.T' * right_turned}")
    return found


def dimension_analysis(target: str, shape: Shape, a: str, a_shape: Shape, b: str, b_shape: Shape) -> str:
    """How the shapes alone tell a gradient of a product: `dW must be 5x10; dD is 5x3, X is 10x3: only dD @ X.T fits`.

    Empty where no product fits (then the gate is no plain product of matrices).
    """
    found = fitting_products(a, a_shape, b, b_shape, shape)
    if not found:
        return ""
    fits = f"only {found[0]} fits" if len(found) == 1 else f"{' and '.join(found)} fit, so the shapes alone do not tell"
    return f"{target} must be {shape_text(shape)}; {a} is {shape_text(a_shape)}, {b} is {shape_text(b_shape)}: {fits}"


def magnitude(x: Any) -> float:
    """The size of a number, or of the largest element."""
    if x is None:
        return 0.0
    return float(abs(x)) if not shape_of(x) else float(abs(x).max(initial=0.0))


def finite_magnitude(x: Any) -> float:
    """The size of the largest element that is a finite number."""
    if x is None or not shape_of(x):
        return float(abs(x)) if x is not None and isfinite(x) else 0.0
    from numpy import isfinite as are_finite
    from numpy import where

    return float(where(are_finite(x), abs(x), 0.0).max(initial=0.0))


class NoContext:
    """A context in which nothing is otherwise."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


def quiet(arrays: bool) -> Any:
    """NumPy's warnings off, where there are arrays: that numbers are not finite is known."""
    if not arrays:
        return NoContext()
    from numpy import errstate

    return errstate(all="ignore")
