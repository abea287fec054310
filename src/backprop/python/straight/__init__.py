"""Python that is read, never run: straight-line code becomes a program of the same kind as a text in our own language.

Python's own parser makes the tree; nothing of it is executed. What can be read: assignments (`q = x + y`, `x, y = 1,
2`, `dx += dq`), one function body or the top level, arithmetic, `**`, `@`, comparisons, `a if c else b`, the functions
of math and numpy (`np.exp`, `math.log`), methods (`A.sum(axis=0)`, `A.dot(B)`, `A.T`), indexing, lists of numbers.
Functions whose body is one `return` are gates of the user's own. A name that is set to a plain number once (`x = -2`)
is an input whose value is that number, as in the listings of the course notes. All else is a Problem with its place.
"""

from __future__ import annotations

from backprop.language.program import Program
from backprop.python.straight.statements import Helper, Statements
from backprop.python.straight.trees import on_numbers
from backprop.python.values.meter import check_length, unread


def read_python(
    text: str, source: str | None = None, *, repeated: bool = False, helper: Helper = lambda statement: None
) -> Program:
    """The program that a Python text is.

    A name that is assigned again becomes a stage of its own (`h`, `h_2`, …), unless `repeated`: then statements are
    kept as they stand, `+=` as the kind "accumulate". `program.given` has the inputs that the text sets to plain
    numbers. `helper` knows functions without reading them: it gives the gate that a statement at the top defines, ""
    for a part of such a function, None for anything else. Raises a Problem of kind "syntax" or "name" with the place of
    what cannot be read.
    """
    check_length(text, source)
    reader = Statements(text, source, repeated, helper)
    try:
        reader.module(on_numbers(reader.tree()))
    except RecursionError as error:
        raise unread(error, source) from None
    return reader.program


def is_python(source: str | None) -> bool:
    """Whether a text came from a file of Python's."""
    return bool(source and source.endswith(".py"))
