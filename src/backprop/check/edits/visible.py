"""What is visible at the lines of a backward pass: of which kind and shape names and expressions are there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from backprop.check.remembered import remembered
from backprop.errors import Problem
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.machine import ERRORS
from backprop.python.texts.gradients import bases
from backprop.python.texts.source import as_python_3
from backprop.python.values.frames import Source
from backprop.python.values.meter import Meter, Refusal
from backprop.python.values.scope import Object, Scope

LONGEST_ATOM = 40
MOST_ENTRIES, MOST_OTHERS = 12, 24  # of each kind, and by indices of other lines
FAILED = object()  # the value of an expression that cannot be computed


class Kind(NamedTuple):
    """`letter`: "a" an array of fractions, "m" a mask, "i" an array of whole numbers, "n" a fraction, "k" a whole
    number."""

    letter: str
    shape: tuple[int, ...]


def kind_of(value: Any) -> Kind | None:
    """What an edit may do with a value; None for what is no number."""
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | np.integer):
        return Kind("k", ())
    if isinstance(value, float | np.floating):
        return Kind("n", ())
    if isinstance(value, np.ndarray) and value.dtype.kind in "fbiu":
        return Kind({"f": "a", "b": "m"}.get(value.dtype.kind, "i"), value.shape)
    return None


class Line:
    """A statement that was visited: where it stands, and what was visible at its last visit."""

    def __init__(self, statement: ast.stmt, source: Source, function: str, run: Interpreter, scope: Scope) -> None:
        self.statement, self.source, self.function = statement, source, function
        self.run, self.scope = run, Scope(scope.parent)
        self.scope.names = dict(scope.names)
        self.visits = 1

    @property
    def number(self) -> int:
        return self.statement.lineno

    @remembered
    def kind(self, text: str) -> Kind | None:
        """The kind of an expression there; None where it has no number, or cannot be computed."""
        return kind_of(self.value(text))

    def computes(self, tree: ast.expr) -> bool:
        """Whether an expression can be computed there."""
        return self.value(ast.unparse(tree)) is not FAILED

    def value(self, text: str) -> Any:
        """What an expression is there, or FAILED."""
        self.run.meter = self.run.libraries.meter = Meter(most=1.0)
        try:
            with np.errstate(all="ignore"):
                return self.run.evaluate(ast.parse(text, mode="eval").body, self.scope)
        except (Refusal, Problem, SyntaxError, RecursionError, *ERRORS):
            return FAILED

    def atoms(self, reads: dict[str, None]) -> dict[str, Kind]:
        """The quantities that are visible: names, and what the pass reads of objects and dictionaries."""
        found: dict[str, Kind] = {}
        around: dict[str, Any] = {}
        outer = self.scope.parent
        while outer is not None and outer.parent is not None:  # of functions around it, not of the text
            around = {**outer.names, **around}
            outer = outer.parent
        for name, value in {**around, **self.scope.names}.items():
            kind = None if name.startswith("__") else kind_of(value)
            if kind is not None:
                found[name] = kind
            elif isinstance(value, Object) and (name in ("self", "ctx") or name in around):
                entries = {f"{name}.{key}": kind_of(one) for key, one in value.names.items()}
                found.update({text: one for text, one in entries.items() if one is not None})
            elif isinstance(value, dict) and len(value) < 20:
                entries = {f"{name}[{key!r}]": kind_of(one) for key, one in value.items() if isinstance(key, str)}
                found.update({text: one for text, one in entries.items() if one is not None})
        if not self.function:  # stages that are no function: what the forward pass left is visible, too
            parent = self.scope.parent.names if self.scope.parent is not None else {}
            found.update({name: kind for name, one in parent.items() if (kind := kind_of(one)) is not None})
        for text in (*reads, *self.entries(found)):
            kind = self.kind(text)
            if kind is not None:
                found[text] = kind
        return {text: kind for text, kind in found.items() if not self.is_made_up(text)}

    def is_made_up(self, text: str) -> bool:
        """Whether what is called the gradient of something has that name only here: of a step that gives it none."""
        name = re.match(r"\w*", text)[0]  # type: ignore[index]
        return bool(bases(name)) and name not in self.source.words

    def entries(self, known: dict[str, Kind]) -> list[str]:
        """Entries of arrays by the whole numbers, as counters of loops, and the masks that this line itself takes for
        an index; and by its whole indices, and those of other lines, of arrays of the same shape."""
        subscripts = [one for one in ast.walk(self.statement) if isinstance(one, ast.Subscript)]
        inside = [one.slice for one in subscripts]
        indices = {node.id for one in inside for node in ast.walk(one) if isinstance(node, ast.Name)}
        found = []
        for index in sorted(indices):
            letter, shape = known.get(index, Kind("", ()))
            for text, kind in known.items():
                counted = letter == "k" and 0 < len(kind.shape) < 4
                masked = letter == "m" and kind.shape == shape
                if kind.letter == "a" and is_dotted(text) and (counted or masked):
                    found.append(f"{text}[{index}]")
        counters = [one for one in sorted(indices) if known.get(one, Kind("", ())).letter == "k"]
        between = "][" if "][" in ast.unparse(self.statement) else ", "
        lists = {text: value for text, value in self.scope.names.items() if isinstance(value, list) and value}
        deep = {text: 2 if isinstance(value[0], list) else 1 for text, value in lists.items()}
        deep |= {text: 2 for text, kind in known.items() if text.isidentifier() and len(kind.shape) == 2}
        of_elements = [
            f"{text}[{('][' if text in lists else between).join(places)}]"
            for text, count in deep.items()
            for places in permutations(counters, count)
        ]
        of_elements = [one for one in of_elements if self.kind(one) is not None]
        alike, others = (
            dict.fromkeys(
                f"{text}[{index}]" for whose, index in places for text, kind in known.items()
                if text.isidentifier() and kind.shape and kind == known.get(whose)
            )
            for places in ([place_of(one) for one in subscripts], indices_in(self.source.text) if subscripts else ())
        )  # fmt: skip
        first = sorted(others, key=lambda one: one not in self.source.text)  # what stands in the text as it is
        return [*of_elements[:MOST_ENTRIES], *found[:MOST_ENTRIES], *[*alike][:MOST_ENTRIES], *first[:MOST_OTHERS]]


def place_of(tree: ast.Subscript) -> tuple[str, str]:
    """What an index stands behind, and the index."""
    return ast.unparse(tree.value), ast.unparse(tree.slice)


@cache
def nodes_in(text: str) -> list[ast.AST]:
    """All that stands in a text, also of Python 2; nothing where it cannot be read."""
    for one in (text, as_python_3(text)):
        with suppress(SyntaxError, ValueError, RecursionError):
            return list(ast.walk(ast.parse(one)))
    return []


def blocks_in(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    """The lists of statements that stand one after the other, each with what it is a part of."""
    for node in nodes:
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                yield node, [one for one in block if isinstance(one, ast.stmt)]


@cache
def indices_in(text: str) -> list[tuple[str, str]]:
    """The indices in a text by names, with what they stand behind."""
    found = [one for one in nodes_in(text) if isinstance(one, ast.Subscript)]
    return list(dict.fromkeys(place_of(one) for one in found if any(isinstance(node, ast.Name)
                                                                    for node in ast.walk(one.slice))))  # fmt: skip


@cache
def constant_places(text: str) -> list[tuple[str, str]]:
    """The entries at a number in a text, with what they stand behind: `w[0]`."""
    found = [place_of(one) for one in nodes_in(text) if isinstance(one, ast.Subscript)]
    return [one for one in dict.fromkeys(found) if one[1].isdigit()]


def is_dotted(text: str) -> bool:
    """Whether a text is a name, or an attribute of one."""
    return all(map(str.isidentifier, text.split(".")))


class Visible:
    """What an edit of a line may read, by kind, and its statement, which edits are made of."""

    def __init__(self, line: Line, atoms: dict[str, Kind], statement: ast.stmt) -> None:
        self.line, self.atoms, self.statement = line, atoms, statement
        self.text = line.source.text
        self.torch = "torch" in self.text and "np." not in self.text
        self.library = "math" if "math.sqrt" in self.text else "np"
        self.sizes = [
            text for text, kind in atoms.items() if kind.letter == "k" and "[" not in text and not self.is_started(text)
        ]
        self.sizes += self.lengths()
        self.numbers = [text for text, kind in atoms.items() if kind.letter == "n"]
        self.arrays = {text: kind for text, kind in atoms.items() if kind.shape}

    def is_started(self, text: str) -> bool:
        """Whether a name counts and is at 0, as rounds do of which the first is judged: no factor that is missing."""
        return self.line.visits == 1 and self.line.value(text) == 0

    def lengths(self) -> list[str]:
        """The lengths of arrays that no name stands for, each once: of an array in the line, if one has it; of those
        that an object holds, if there is none."""
        known = {self.line.value(text) for text in self.sizes}
        loads = [ast.unparse(one) for one in ast.walk(getattr(self.statement, "value", None) or ast.Pass())]
        made = {ast.unparse(one) for one in getattr(self.statement, "targets", ())} - {*loads}  # in this line alone
        found: dict[int, str] = {}
        for told in (str.isidentifier, is_dotted):
            texts = [*filter(self.atoms.__contains__, loads), *self.atoms]
            for text in texts if not found and (not known or told is str.isidentifier) else ():
                for place, length in enumerate(self.atoms[text].shape):
                    if length > 1 and length not in known and told(text) and text not in made:
                        found.setdefault(length, f"{text}.shape[{place}]")
        return list(found.values())

    def kind(self, tree: ast.expr | str) -> Kind | None:
        return self.line.kind(tree if isinstance(tree, str) else ast.unparse(tree))

    def of_rows(self) -> list[str]:
        """The arrays that have a number for each row of the matrix that the line gives."""
        whole = self.kind(value) if (value := getattr(self.statement, "value", None)) is not None else None
        if whole is None or len(whole.shape) != 2:
            return []
        return [text for text, its in self.arrays.items() if its.letter == "a" and its.shape == whole.shape[:1]]


class Lines:
    """The lines of a backward pass, in the order of their first visit. It observes a run."""

    def __init__(self) -> None:
        self.found: dict[ast.stmt, Line] = {}

    def __call__(self, run: Interpreter, statement: ast.stmt, scope: Scope) -> None:
        function = next((frame.called for frame in reversed(run.frames) if frame.called), "")
        before = self.found.get(statement)
        self.found[statement] = Line(statement, run.source, function, run, scope)
        self.found[statement].visits += before.visits if before is not None else 0


def reads(lines: list[Line]) -> dict[str, None]:
    """What the pass reads of objects, dictionaries and arrays, as texts: it may stand in other lines, too."""
    found: dict[str, None] = {}
    for line in lines:
        for node in ast.walk(line.statement):
            if not isinstance(node, ast.Attribute | ast.Subscript) or not isinstance(node.ctx, ast.Load):
                continue
            if any(isinstance(inner, ast.Call | ast.BinOp) for inner in ast.walk(node)):
                continue
            text = ast.unparse(node)
            if len(text) < LONGEST_ATOM:
                found[text] = None
    return found
