"""The forward pass of a function that is read, as a program of our own: traced at a point.

The tape knows every element of every array by a number. Here the numbers that an operation makes are those of a
statement's result, so that views, writes through indices and moved elements need nothing of their own: what an array
holds is told by the numbers of its elements (assembled.py). Comparisons of arrays are statements, too. What hung on
values otherwise (a branch, an argmax, a mask as index) is as it was at the point, and is kept in a list.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem
from backprop.errors.spans import Span
from backprop.python.assembled import WORD, Assembly
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.runs.runner import Runner
from backprop.python.spellings.as_gates import said
from backprop.python.texts.gradients import Path, place_of
from backprop.python.values.frames import Source
from backprop.python.values.meter import Refusal
from backprop.python.values.tape import ADDING, JOINS, MOVES, ORDERED, SAME, added_places, is_fraction

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "{} + {}", ast.Sub: "{} - {}", ast.Mult: "{} * {}", ast.Div: "{} / {}", ast.Pow: "{} ^ {}",
    ast.MatMult: "{} @ {}", ast.Mod: "mod({}, {})", ast.FloorDiv: "floor({} / {})",
}  # fmt: skip
COMPARISONS: dict[type[ast.AST], str] = {
    ast.Lt: "{} < {}", ast.LtE: "{} <= {}", ast.Gt: "{} > {}", ast.GtE: "{} >= {}", ast.Eq: "{} == {}",
    ast.NotEq: "{} != {}",
}  # fmt: skip
LOGIC: dict[type[ast.AST], str] = {
    ast.BitAnd: "{} * {}", ast.Mult: "{} * {}", ast.BitOr: "max({}, {})", ast.Add: "max({}, {})",
    ast.BitXor: "{} != {}",
}  # fmt: skip
NAMES_OF_COMPARISONS: dict[str, type[ast.AST]] = {
    "less": ast.Lt, "less_equal": ast.LtE, "greater": ast.Gt, "greater_equal": ast.GtE, "equal": ast.Eq,
    "not_equal": ast.NotEq, "lt": ast.Lt, "le": ast.LtE, "gt": ast.Gt, "ge": ast.GtE, "eq": ast.Eq, "ne": ast.NotEq,
}  # fmt: skip
NAMES_OF_LOGIC: dict[str, type[ast.AST]] = {
    "logical_and": ast.BitAnd, "logical_or": ast.BitOr, "logical_xor": ast.BitXor,
}  # fmt: skip
LIKE = frozenset(["zeros_like", "ones_like", "full_like", "empty_like"])  # take a shape alone
SPREAD = frozenset(["pad", "tile", "repeat", "roll"])  # of which parts are taken, as windows are
MOST_DECIDED = 20  # decisions that are told


class Traced(NamedTuple):
    """A program, the point it was traced at, its lines' places in the user's text, and what was decided there."""

    text: str
    at: dict[str, Any]
    source: Source
    spans: list[Span]
    decided: list[str]
    shape: tuple[int, ...]  # of the output
    alike: int  # how many results have it, the output among them


class Trace(Assembly):
    """A tape that writes a program."""

    kinds = "fb"

    def __init__(self, run: Interpreter, script: bool) -> None:
        super().__init__(run)
        self.script = script  # in which a name that is set to what hangs on nothing is an input
        self.at: dict[str, Any] = {}
        self.names: dict[int, str] = {}  # of results, as the user's text has them
        self.decisions: dict[str, None] = {}

    def sweep(self, seeds: list[tuple[Any, Any]], to_leaves: bool = False) -> Any:
        raise Refusal(
            "gradients that the text itself asks for are no program", "name", "give what comes before it alone"
        )

    def watched(self, value: Any) -> Any:
        return value

    def input(self, name: str, value: Any) -> None:
        self.at[name] = np.array(value, dtype=float) if np.ndim(value) else float(value)
        self.names[len(self.results)] = name
        self.put(value, self.result("", np.shape(value)))

    # ── operations ──

    def made(self, formula: str, out: Any) -> None:
        value = getattr(out, "values", out)
        self.put(value, self.statement(formula, np.shape(value))[1])

    def hangs(self, out: Any, parts: list[tuple[Any, Any]]) -> None:
        if np.any(parts[0][0]):  # a sign is all that comes this way
            self.made(f"-{self.text(-np.asarray(out), parts[0][0])}", out)

    def binary(self, kind: type[ast.operator], a: Any, b: Any, ids_a: Any, ids_b: Any, out: Any) -> None:
        truth = is_truth(out)
        if not (np.any(ids_a) or np.any(ids_b)):
            if is_fraction(out) or truth:
                self.put(out, np.zeros(np.shape(out), np.int64))
            return
        formula = (LOGIC if truth else OPERATORS).get(kind)
        if not (is_fraction(out) or truth):
            self.decide(out)
        elif formula is None:
            raise self.refused(kind.__name__)
        else:
            self.made(formula.format(self.text(a, ids_a), self.text(b, ids_b)), out)

    def compared(self, kind: type[ast.AST], a: Any, b: Any, out: Any) -> None:
        ids = self.ids(a), self.ids(b)
        if not any(map(np.any, ids)):
            return
        if is_truth(out):
            self.made(COMPARISONS[kind].format(self.text(a, ids[0]), self.text(b, ids[1])), out)
        else:
            self.decide(out)

    def called(
        self, name: str, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], out: Any
    ) -> None:
        ids = [self.ids(one) for one in given]
        if out is None or not any(map(np.any, ids)) or (name in LIKE and not any(map(np.any, ids[1:]))):
            return
        if is_truth(out) and name in NAMES_OF_COMPARISONS:
            self.compared(NAMES_OF_COMPARISONS[name], given[0], given[1], out)
        elif is_truth(out) and name in NAMES_OF_LOGIC:
            self.made(LOGIC[NAMES_OF_LOGIC[name]].format(*map(self.word, given)), out)
        elif name == "logical_not" and is_truth(out):
            self.made(f"1 - {self.word(given[0])}", out)
        elif name == "where" and len(given) == 3 and np.any(ids[0]) and not named:
            self.made(f"where({', '.join(map(self.word, given))})", out)
        elif name == "masked_fill" and np.any(ids[1]):
            self.made(f"where({self.word(given[1])}, {self.word(given[2])}, {self.word(given[0])})", out)
        elif name in ORDERED and hasattr(out, "indices"):
            self.decide(out)
            super().called(name, function, given, named, out)
        elif name in SAME or name in MOVES:
            self.moves(name, function, given, named, out)
        elif not is_fraction(getattr(out, "values", out)):
            self.decide(out)
        else:
            self.made(self.formula(name, function, given, named), out)

    def moves(
        self, name: str, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], out: Any
    ) -> None:
        """What only moves elements, or changes their kind."""
        one = out[0] if isinstance(out, tuple | list) and out else out
        if isinstance(out, float) and name == "float" and self.ids(given[0]) and out is given[0]:
            return
        if is_truth(one) and name in SAME:
            self.put(one, self.ids(given[0]).reshape(np.shape(one)))
        elif is_truth(one) or is_fraction(one):
            super().called(name, function, given, named, out)
            if name in JOINS or name in SPREAD:
                self.settle(out)
        else:
            self.decide(out)

    def formula(self, name: str, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> str:
        """A call in this program's own language."""
        if function in (np.maximum, np.minimum):
            name = function.__name__
        try:
            return said(name, given, named, self.word)
        except (LookupError, TypeError, ValueError):
            raise self.refused(name) from None

    def refused(self, name: str) -> Problem:
        return self.run.problem("syntax", f"{name} of what depends on an input cannot be traced to gates yet")

    def put_at(self, base: Any, key: Any, value: Any) -> None:
        """`base[key] = value`: by a mask that hangs on an input, one of the two everywhere."""
        hangs = isinstance(key, np.ndarray) and key.dtype.kind == "b" and bool(np.any(self.ids(key)))
        place = self.view(base, True) if hangs and np.ndim(value) == 0 else None
        if place is None:
            self.decided(key if isinstance(key, tuple) else (key,), key)
            super().put_at(base, key, value)
            return
        # the elements that were not chosen are what they were, the others hold the value now
        mask = np.array(key, subok=False).reshape(key.shape + (1,) * (base.ndim - key.ndim))
        chosen = self.text(mask, self.ids(key).reshape(mask.shape))
        old = self.text(base, np.array(place))
        place[...] = self.statement(f"where({chosen}, {self.word(value)}, {old})", np.shape(base))[1]

    def wrote(self, name: str, given: tuple[Any, ...], before: Any, named: dict[str, Any]) -> None:
        if name not in ADDING:
            super().wrote(name, given, before, named)
        elif np.any(self.ids(given[0])) or np.any(self.ids(given[2 if len(given) < 4 else 3])):
            self.added(name, given, before)

    def added(self, name: str, given: tuple[Any, ...], before: Any) -> None:
        """Values that are added into places of an array, several into one where an index stands twice."""
        target, place = given[0], self.view(given[0], True)
        if place is None:
            return
        index, values, sign = added_places(name, given)
        spots = np.arange(target.size).reshape(target.shape)[index]
        numbers = np.broadcast_to(self.ids(values), spots.shape).reshape(-1)
        parts = np.broadcast_to(np.asarray(values, dtype=float), spots.shape).reshape(-1)
        flat = spots.reshape(-1)
        order = np.argsort(flat, kind="stable")
        ranks = np.empty(flat.size, dtype=int)  # of each value among those for the same place
        ranks[order] = np.arange(flat.size) - np.searchsorted(flat[order], flat[order])
        rows = (int(ranks.max(initial=0)) + 1, target.size)
        ids, fixed = np.zeros(rows, dtype=np.int64), np.zeros(rows)
        ids[ranks, flat], fixed[ranks, flat] = numbers, parts
        shape = (rows[0], *target.shape)
        word = self.text(fixed.reshape(shape), ids.reshape(shape))
        old = self.text(before, np.array(place))
        word = self.statement(f"sum({word}, axis=0)", target.shape)[0]
        place[...] = self.statement(f"{old} {'+' if sign > 0 else '-'} {word}", target.shape)[1]

    # ── decisions and names ──

    def decided(self, values: tuple[Any, ...], out: Any) -> None:
        if any(np.any(self.ids(one)) for one in values if not isinstance(one, slice)):
            self.decide(out)

    def decide(self, out: Any) -> None:
        """Something was chosen by values, and stays as it is here."""
        source, tree = self.run.place()
        if tree is None or not hasattr(tree, "lineno"):
            return
        span = source.span(tree)
        what = " ".join(source.text[span.start : span.end].split())
        plain = bool(out) if isinstance(out, bool | np.bool_) else None
        was = f" was {str(plain).lower()}" if plain is not None else ""
        was = f" was {out}" if not was and isinstance(out, int | np.integer) else was
        self.decisions.setdefault(f"line {getattr(tree, 'lineno', 0)}, {what[:60]}{was}")

    def called_so(self, name: str, value: Any) -> None:
        if not (is_fraction(value) or is_truth(value)):
            return
        ids = np.asarray(self.ids(value))
        if self.script and not self.run.frames and not ids.any() and ids.size and name not in self.at:
            if is_fraction(value):
                self.input(name, value)
            return
        if not ids.size or not ids.reshape(-1)[0]:
            return
        place = bisect_right(self.starts, int(ids.reshape(-1)[0])) - 1
        shape = self.results[place].shape
        whole = np.arange(ids.size).reshape(ids.shape) + self.starts[place]
        if ids.shape == shape and np.array_equal(ids, whole):
            self.names.setdefault(place, name)

    # ── the program ──

    def program(self, output: str) -> tuple[str, list[int]]:
        """The statements that the output hangs on, under their names, and which results they are."""
        reached = set(map(int, WORD.findall(output)))
        for place in range(len(self.results) - 1, -1, -1):
            if place in reached:
                reached.update(map(int, WORD.findall(self.results[place].formula)))
        places = [place for place in sorted(reached) if self.results[place].formula]
        own = WORD.fullmatch(output)
        last = int(own.group(1)) if own else -1
        names = {place: self.names[place] for place, one in enumerate(self.results) if not one.formula}
        taken = set(names.values())
        for place in places:
            if place in self.names:
                names[place] = unused(self.names[place], taken)
                taken.add(names[place])
        number = 0
        for place in places:
            if place not in names:
                if place == last:
                    names[place] = unused("f" if "f" not in taken else "out", taken)
                else:
                    number += 1
                    while f"q{number}" in taken:
                        number += 1
                    names[place] = f"q{number}"
                taken.add(names[place])

        def spelt(formula: str) -> str:
            return WORD.sub(lambda found: names[int(found.group(1))], formula)

        lines = [f"{names[place]} = {spelt(self.results[place].formula)}" for place in places]
        if last not in places:
            lines.append(f"{unused('f' if 'f' not in taken else 'out', taken)} = {spelt(output)}")
            places.append(-1)
        return "\n".join(lines), places


def input_name(path: Path) -> str:
    """What an input is called in the program: `d_key` for an entry of a dictionary, `layers_0_W` for a weight."""
    return re.sub(r"\W+", "_", "_".join(path)).strip("_")


def unused(name: str, taken: set[str]) -> str:
    """A name that is not in use: c, c_2, c_3."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def is_truth(value: Any) -> bool:
    """Whether a value is an array of truths."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "b" and value.size > 0


def traced(runner: Runner, given: dict[str, Any], outputs: list[str] | None = None, count: int = 1) -> Traced:
    """The program of a forward pass at a point, and the values of its inputs; entries of dictionaries as `d_key`.

    `outputs` are the names of those results that are wanted, stacked where they are several; else the first `count`.
    """
    run = runner.interpreter()
    trace = Trace(run, runner.pair.forward is None)
    with np.errstate(all="ignore"):
        arguments = runner.prepared(given)
        run.libraries.tape = trace
        for path in runner.paths(arguments):
            holder, key = place_of(arguments, path)
            trace.input(input_name(path), holder[key])
        scope = runner.loaded(run, arguments)
        run.at = None
        try:
            forward = runner.forward(run, scope, arguments)
            chosen = forward.chosen(outputs, count)
            words = [trace.word(one) for one in chosen]
        except Problem as problem:
            raise problem if problem.spans else run.problem(problem.kind, problem.message, problem.hint) from None
    text, places = trace.program(words[0] if len(words) == 1 else f"stack({', '.join(words)})")
    source = runner.part().source
    spans = []
    for place in places:
        result = trace.results[place] if place >= 0 else None
        own = result is not None and result.source is source and hasattr(result.place, "lineno")
        spans.append(source.span(result.place) if own and result is not None and result.place else Span(0, 0))
    at = {name: value for name, value in trace.at.items() if name in words_of(text)}
    shape = np.shape(chosen[0])
    alike = sum(np.shape(one) == shape for one in forward.results if is_fraction(one))
    return Traced(text, at, source, spans, list(trace.decisions)[:MOST_DECIDED], shape, alike)


def words_of(text: str) -> set[str]:
    """The words of a program."""
    return set(re.findall(r"\w+", text))
