"""The state of one run, and how it says where it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.python.interpret.libraries import Libraries
from backprop.python.values.frames import Frame, Source, problem_at
from backprop.python.values.meter import Meter
from backprop.python.values.scope import Class, Library, Scope

ERRORS = (
    TypeError, ValueError, KeyError, IndexError, AttributeError, ZeroDivisionError, OverflowError, StopIteration,
    AssertionError, FloatingPointError, np.linalg.LinAlgError, NotImplementedError,
)  # fmt: skip
TEXTUAL = re.compile(r"ufunc '(\w+)' .*(?:dtype\('<U|StrDType|str_)")  # of a text it has no loop
MISMATCH = re.compile(r"core dimension.*\(size (\d+) is different from (\d+)\)", re.DOTALL)
NOT_TAKEN = re.compile(r"unexpected keyword argument|positional argument|multiple values for argument")
Observer = Callable[[Any, ast.stmt, Scope], None]


def kind_of(error: Exception) -> str:
    """The kind of problem that an error is: a mistake of the user's, or that what was called here does not know what it
    is given, as those of the user's own and of arrays say themselves what they do not have."""
    ours = isinstance(error, AttributeError | NotImplementedError) or NOT_TAKEN.search(str(error))
    return "refused" if ours else "shape" if isinstance(error, ValueError) else "value"


def said(error: Exception) -> str:
    """What Python or NumPy says of a mistake; of a product, and of a text among numbers, in words of its own."""
    text = TEXTUAL.search(str(error))
    if text is not None:
        return f"np.{text[1]} cannot be computed of a text"
    sizes = MISMATCH.search(str(error))
    if sizes is None:
        return f"{type(error).__name__}: {error}"[:300]
    return f"this product does not fit: the left one ends in a dimension of {sizes[2]}, which meets one of {sizes[1]}"


@cache
def methods_for(machine: Any, prefix: str) -> list[tuple[type[ast.AST], str]]:
    """The kinds of trees that a class of machines has methods for, and these."""
    return [(getattr(ast, name[len(prefix) :]), name) for name in dir(machine) if name.startswith(prefix)]


class Framed:
    """A frame that the run is in. (A generator would take three times as long, and there are many.)"""

    __slots__ = ("frame", "frames")

    def __init__(self, frame: Frame, frames: list[Frame]) -> None:
        self.frame, self.frames = frame, frames

    def __enter__(self) -> Frame:
        self.frames.append(self.frame)
        return self.frame

    def __exit__(self, *_: object) -> None:
        self.frames.pop()


class Machine:
    """One run. `instead` has statements that are read instead of others, `observer` is told of every statement.

    What the pieces of the interpreter that build on it do for one another is named here, and done there.
    """

    def __init__(
        self, meter: Meter, seed: int = 0, instead: dict[ast.stmt, list[ast.stmt]] | None = None,
        observer: Observer | None = None,
    ) -> None:  # fmt: skip
        self.meter = meter
        self.instead = instead or {}
        self.observer = observer
        self.before: Observer | None = None  # is told of every statement before it is done
        self.returned: Any = None  # what was returned last
        self.raised = ""  # the kind of Python's error that was met last; "" where it was none of Python's
        self.whole_quotients = False  # whether `/` of whole numbers is whole, as it was in Python 2
        self.yielded: list[list[Any] | Callable[[Any], None]] = []  # by the generators that are gone through
        self.libraries = Libraries(meter, seed, self.by_text, self.call)
        self.composed: dict[str, Scope] = {}  # the functions of libraries that are said in Python
        self.outside: tuple[Source, ast.AST | None] | None = None  # where one of these was called that is gone through
        self.frames: list[Frame] = []
        self.source = Source("", None)
        self.imports: dict[tuple[str | None, str], str] = {}  # the file that a module of a file is
        self.files: dict[str, dict[str, Any]] = {}  # and the names that it has
        self.unread: dict[str, str] = {}  # or what is wrong with it
        self.handing: dict[str, dict[str, list[tuple[Source, ast.stmt]]]] = {}  # and how it has those of others
        self.orphans: list[tuple[Class, list[ast.expr], Scope]] = []  # made from classes that were not there yet
        self.asked: list[tuple[Source, ast.stmt]] = []  # of these, those that are being gone through
        self.scopes: dict[str, Scope] = {}  # of the last call of each function
        self.at: ast.AST | None = None  # the operation that is being done, for messages
        mine: Any = type(self)
        self.statements: dict[type[ast.AST], Callable[[Any, Scope], None]] = {
            kind: getattr(self, name) for kind, name in methods_for(mine, "do_")
        }
        self.expressions: dict[type[ast.AST], Callable[[Any, Scope], Any]] = {
            kind: getattr(self, name) for kind, name in methods_for(mine, "of_")
        }

    def evaluate(self, tree: ast.expr, scope: Scope) -> Any:
        raise NotImplementedError

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        raise NotImplementedError

    def by_text(self, library: str, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        raise NotImplementedError

    def statement(self, tree: ast.stmt, scope: Scope) -> None:
        raise NotImplementedError

    def body(self, statements: Iterable[ast.stmt], scope: Scope) -> None:
        raise NotImplementedError

    def place(self) -> tuple[Source, ast.AST | None]:
        """What is being done, in a text of the user's."""
        return self.outside or (self.source, self.at)

    def problem(self, kind: str, message: str, hint: str = "") -> Problem:
        return problem_at(*self.place(), kind, message, hint, self.frames)

    @contextmanager
    def unobserved(self) -> Iterator[None]:
        """A trial of what was done already: nobody is told of its statements, nor of where it stops."""
        seen, frames = (self.observer, self.before), len(self.frames)
        self.observer = self.before = None
        try:
            yield
        finally:
            self.observer, self.before = seen
            del self.frames[frames:]

    def framed(self, frame: Frame) -> Framed:
        return Framed(frame, self.frames if self.outside is None else [])

    def member(self, library: Library, name: str) -> Any:
        raise NotImplementedError
