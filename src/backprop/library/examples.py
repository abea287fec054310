"""Values for variables that have none, as they are typed: an example that leads into no further error."""

from __future__ import annotations

from itertools import product

from backprop.errors import Problem
from backprop.errors.light import Any, Iterator, Mapping
from backprop.library import Compiled
from backprop.library.values import Random, Value, parse_value

FORMS = ("1", "[1,2]", "[[1,2],[3,4]]")
MOST = 600  # points that are tried


def examples_of(compiled: Compiled, given: Mapping[str, Value], missing: list[str]) -> dict[str, str]:
    """A value for each of the names that are missing, with which the formula can be computed: the smallest, and what
    fits the arrays that are given; 1 where none is found."""
    for texts in points(forms(given), len(missing)):
        random = Random(0)
        values = {name: parse_value(text, name, random) for name, text in zip(missing, texts, strict=True)}
        try:
            compiled.evaluate({**given, **values})
        except Problem:
            continue
        return dict(zip(missing, texts, strict=True))
    return dict.fromkeys(missing, FORMS[0])


def forms(given: Mapping[str, Value]) -> list[str]:
    """Numbers, and arrays with axes of 2, or of the sizes that there are."""
    sizes = sorted({size for value in given.values() for size in getattr(value, "shape", ()) if size != 2})[:3]
    vectors = [f"randn({size})" for size in sizes]
    return [
        *FORMS,
        *vectors,
        *(f"randn({rows},{columns})" for rows, columns in product([*sizes, 2], repeat=2) if sizes),
    ]


def points(texts: list[str], count: int) -> Iterator[tuple[Any, ...]]:
    """So many of the texts: all that there are, if they are not too many; else each time one for all."""
    yield from product(texts, repeat=count) if len(texts) ** count <= MOST else ((text,) * count for text in texts)
