"""What a quantity of a backward pass may be instead: another one, turned, summed, scaled, or with a share more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import combinations, combinations_with_replacement, permutations
from math import isqrt
from typing import Any, NamedTuple

from backprop.check.edits.forms import Options, counters_in, helpers_in, literals, made_in
from backprop.check.edits.visible import Kind, Visible

SLOPES = (("(1 - {}**2)", 2.6), ("({0} * (1 - {0}))", 2.6), ("({} > 0)", 2.4), ("(1 - {})", 2.7), ("{}**2", 2.8))
SEVERAL_AXES: dict[int, list[Any]] = {2: [(0, 1)], 3: [(0, 1), (0, 2), (1, 2)], 4: [(0, 2, 3), (0, 1, 2), (2, 3)]}
MANY_SIZES = 8  # beyond which products of two are not tried
UPSTREAM = ("dout", "dy", "dh", "grad_output", "upstream", "dnext")
METHODS = (
    "sum", "mean", "dot", "mm", "matmul", "max", "reshape", "view", "transpose", "permute", "flatten", "ravel",
)  # fmt: skip  # that are called on a term
LIKE_OTHERS = 0.3  # how much cheaper it is that an element of a tuple is divided as others beside it are
CHANCE = 1.2  # what a size costs more that may fit by its value here alone
ROOT_OF_SIZE = re.compile(r"sqrt\((float\()?[\w.]+(\.shape)?(\[-?\d+\])?\)|\*\* ?-?\(?(0?\.5|1 ?/ ?2)")
HOLDERS = (ast.Assign, ast.AugAssign, ast.Return, ast.Tuple, ast.Call, ast.keyword, ast.Dict)


def spreads(shape: tuple[int, ...], over: tuple[int, ...]) -> bool:
    """Whether an array of a shape is broadcast to another one."""
    pairs = zip(shape[::-1], over[::-1], strict=False)
    return len(shape) <= len(over) and all(one in (1, length) for one, length in pairs)


class Spot(NamedTuple):
    """A place of an expression in a statement."""

    node: ast.expr
    parent: ast.AST
    field: str
    place: int | None
    depth: int
    role: str  # "value", "index", "function", or the name of a keyword


class Quantity:
    """The edits of a quantity in its place, by what else is visible there."""

    def __init__(self, seen: Visible, spot: Spot) -> None:
        self.seen = seen
        self.node, self.parent, self.role = spot.node, spot.parent, spot.role
        self.kind = seen.kind(spot.node) or Kind("", ())
        self.text = ast.unparse(spot.node)
        length = isinstance(spot.node, ast.Call) and ast.unparse(spot.node.func) == "len"
        self.is_leaf = length or isinstance(spot.node, ast.Name | ast.Attribute | ast.Subscript)
        self.term = self.text if self.is_leaf or isinstance(spot.node, ast.Call) else f"({self.text})"
        self.scales = isinstance(spot.parent, ast.BinOp | ast.AugAssign)  # whether it is a factor

    def all(self) -> Options:
        letter = self.kind.letter
        if letter and self.is_leaf:
            yield from self.others()
        if not letter and isinstance(self.node, ast.Name) and isinstance(self.seen.line.value(self.text), list):
            yield f"{self.text}[::-1]", "wrong-point", 1.5
        if letter == "a" and not self.is_leaf and self.is_handed():
            alike = [other for other, its in self.seen.arrays.items() if its == self.kind and other.isidentifier()]
            yield from ((other, "wrong-point", 1.8) for other in alike)
        if letter == "m":
            yield f"~{self.term}" if self.is_leaf else f"~({self.text})", "wrong-point", 1.5
        if not letter or letter == "i" or self.role == "index":
            return
        if letter == "m":
            yield from self.of_mask() if self.is_term() and self.role == "value" else ()
            return
        if letter == "a" and len(self.kind.shape) > 1:
            yield from self.turned()
        if letter == "k" and isinstance(self.parent, ast.Assign):
            yield from ((f"{self.text} {shift}", "wrong-point", 1.8) for shift in ("- 1", "+ 1"))
        if self.is_leaf and letter in "an" and isinstance(getattr(self.parent, "op", None), ast.Mult):
            alike = [other for other, its in self.seen.atoms.items() if its == self.kind and other != self.text]
            for other in alike:
                yield f"({self.text} - {other})", "missing-share", 2.2
                yield f"({self.text} + {other})", "missing-share", 2.3
            yield f"({self.text} - 1)", "missing-share", 2.2
        if not self.is_term() or letter == "k":
            return
        if not isinstance(self.node, ast.UnaryOp):
            yield f"-{self.term}", "sign", 1.1 if self.is_summand() or isinstance(self.parent, ast.Tuple) else 1.3
        yield from self.summed()
        yield from self.scaled()
        if self.is_summand() or isinstance(self.parent, ast.Call):
            yield from self.with_share()

    def is_handed(self) -> bool:
        """Whether it is computed only to be handed to a function of the text, as what has a name may be, too."""
        called = ast.unparse(self.parent.func).rpartition(".")[2] if isinstance(self.parent, ast.Call) else ""
        return called in helpers_in(self.seen.text) and isinstance(self.node, ast.BinOp | ast.Call)

    def named(self) -> Options:
        """Another name for what is written into, of those that the pass makes itself; or for what has a shape."""
        own = made_in(self.seen.text) if self.role == "target" else self.seen.atoms
        for other, its in self.seen.atoms.items() if self.is_leaf else ():
            if other in own and other != self.text and its.letter == "a" and len(its.shape) == len(self.kind.shape):
                yield other, "wrong-point", 1.8 if its.shape == self.kind.shape else 2.2

    def of_mask(self) -> Options:
        for other, its in self.seen.arrays.items():
            if its.letter == "a" and its.shape == self.kind.shape:
                yield f"{other} * {self.term}", "no-upstream", 1.6
        yield from ((f"{self.term} / {size}", "factor", 1.55) for size in self.seen.sizes)

    def turned(self) -> Options:
        """A matrix turned, or stacks of them where they are multiplied."""
        count, parent = len(self.kind.shape), self.parent
        if count == 2 and isinstance(self.node, ast.Attribute) and self.node.attr == "T":
            yield self.node.value, "transposed", 0.9
        elif count == 2 and getattr(parent, "attr", "") not in ("shape", "T", "size", "ndim"):
            yield f"{self.term}.T", "transposed", 1.15
        calls = isinstance(parent, ast.Call) and ast.unparse(parent.func).endswith(("matmul", "bmm", "solve"))
        if count > 2 and (calls or isinstance(getattr(parent, "op", None), ast.MatMult)):
            axes = [*range(count - 2), count - 1, count - 2]
            turn = "-1, -2" if self.seen.torch else ", ".join(map(str, axes))
            yield f"{self.term}.transpose({turn})", "transposed", 1.15

    def others(self) -> Options:
        """Another quantity of the same kind and shape."""
        (letter, shape), index = self.kind, self.role == "index"
        for other, its in self.seen.atoms.items():
            if other == self.text:
                continue
            if letter == "k" and its.letter == "k":
                if other in self.seen.sizes and not index and self.scales:
                    yield f"{self.seen.library}.sqrt({other})", "factor", 2.0 + self.by_chance(other)
                yield other, "wrong-point" if index else "factor", 1.9
            elif letter == "n":
                yield other, "wrong-point", 2.0 if its.letter in "nk" else 2.3
            elif letter == "a" and its.letter == "n":
                yield other, "wrong-point", 2.3
            elif shape and its.shape == shape:
                yield other, "wrong-point", 1.8 if letter == its.letter else 2.0
            elif shape and (len(its.shape) == len(shape) or its.shape == shape[-len(its.shape) :]):
                yield other, "wrong-point", 2.2
        if letter == "i" and index:
            yield from ((f"{self.text} {shift}", "wrong-point", 1.5) for shift in ("+ 1", "- 1"))
        if letter == "k":
            yield from self.whole_numbers()
            yield from [("1", "factor", 1.9)] if self.role == "value" else ()
        if letter == "n" and not index:
            yield f"(1 - {self.text})", "factor", 1.9
        if letter in "ai" and not index:
            yield f"({self.text} > 0)", "wrong-point", 1.7
            yield f"(1 - {self.text})", "wrong-point", 2.1
        if letter == "a" and not index:
            yield f"{self.text}**2", "wrong-point", 1.8
            yield f"1 / {self.text}", "wrong-point", 2.2
            library = "torch" if self.seen.torch else "np"
            functions = ("tanh", "exp", "sqrt", "log", "sign", "abs")
            yield from ((f"{library}.{name}({self.text})", "wrong-point", 2.5) for name in functions)

    def by_chance(self, size: str) -> float:
        """What it costs more to take a root of a size that is a whole number, where the text has a root of no size: a
        plain number does as well, and at all sizes."""
        value = self.seen.line.value(size)
        whole = isinstance(value, int) and value > 0 and isqrt(value) ** 2 == value
        return CHANCE if whole and not ROOT_OF_SIZE.search(self.seen.text) else 0.0

    def whole_numbers(self) -> Options:
        """What a size or an index may be."""
        text, seen = self.text, self.seen
        if self.role == "value" and self.scales and self.is_counted():
            yield from ((f"({text} // {other})", "factor", 1.5) for other in seen.sizes if other != text)
        elif self.role == "value" and self.scales:
            yield f"{seen.library}.sqrt({text})", "factor", 1.4 + self.by_chance(text)
            yield from ((other, "factor", 2.0) for other in self.counts())
        if isinstance(self.parent, ast.Assign) and text.endswith("]") and ".shape[" in text:  # of all axes but one
            base = text.rpartition(".shape[")[0]
            kind = seen.kind(base)
            axes = range(len(kind.shape) if kind is not None else 0)
            yield from ((f"{base}.size // {base}.shape[{axis}]", "factor", 1.9) for axis in axes)
        if self.role == "value" and not self.scales and isinstance(seen.statement, ast.Assign):
            for other in seen.sizes:
                yield from ((f"{other} {sign} {text}", "factor", 2.1) for sign in ("-", "+", "*", "//"))
            others = [one for one in seen.sizes if one != text and "[" not in one and self.is_leaf]
            for one, two in combinations(others, 2) if len(others) <= MANY_SIZES else ():
                yield f"{text} * {one} * {two}", "factor", 2.15
        if self.role == "index":
            yield from ((f"{text} {shift}", None, 1.5) for shift in ("+ 1", "- 1"))

    def is_counted(self) -> bool:
        """Whether the line gives a whole number: how many there are of something."""
        kind = self.seen.kind(value) if (value := getattr(self.seen.statement, "value", None)) is not None else None
        return kind is not None and kind.letter == "k"

    def counts(self) -> Iterator[str]:
        """What may be counted of each row instead of a size, by which it is divided."""
        divides = isinstance(self.parent, ast.BinOp) and isinstance(self.parent.op, ast.Div)
        over = self.seen.kind(ast.unparse(self.parent)) if divides else None
        for other, its in self.seen.arrays.items() if over is not None else ():
            if its.letter != "m" and spreads(its.shape, over.shape) and its.shape != over.shape:  # type: ignore[union-attr]
                yield other

    def is_term(self) -> bool:
        """Whether a factor may stand beside it."""
        if isinstance(self.parent, ast.BinOp):
            return isinstance(self.parent.op, ast.Add | ast.Sub | ast.MatMult)
        if isinstance(self.parent, ast.Attribute):  # what a method is called on
            return self.parent.attr in METHODS
        return isinstance(self.parent, HOLDERS)

    def is_summand(self) -> bool:
        if isinstance(self.parent, ast.BinOp):
            return isinstance(self.parent.op, ast.Add | ast.Sub)
        return isinstance(self.parent, ast.Assign | ast.AugAssign | ast.Return)

    def summed(self) -> Options:
        count = len(self.kind.shape)
        axes: list[Any] = list(range(count))
        for axis in (*axes, *SEVERAL_AXES.get(count, [])):
            yield f"{self.term}.sum(axis={axis})", "not-summed", 1.4
            yield f"{self.term}.sum(axis={axis}, keepdims=True)", "not-summed", 1.5

    def scaled(self) -> Options:
        """A factor that is missing."""
        term, shape = self.term, self.kind.shape
        yield from ((f"{number} * {term}", "factor", 1.65) for number in ("2", "0.5"))
        yield from ((f"{number} * {term}", "factor", 1.95) for number in literals(self.seen.text))
        for size in self.seen.sizes:
            yield f"{term} / {size}", "factor", 1.55 + self.made_up(size) - self.like_others(size)
            yield f"{term} * {size}", "factor", 1.6 + self.made_up(size) + self.may_be_two(size)
        if len(self.seen.sizes) <= MANY_SIZES:
            pairs = combinations_with_replacement(self.seen.sizes, 2)
            for one, two in pairs:
                yield f"{term} / ({one} * {two})", "factor", 1.75 + max(self.made_up(one), self.made_up(two))
        for number in self.seen.numbers:
            yield f"{term} * {number}", "wrong-point" if number == term else "factor", 1.9
            yield f"{term} / {number}", "factor", 2.0
            yield f"{term} * (1 - {number})", "factor", 2.2
            yield f"{term} / (1 - {number})", "factor", 2.2
            slopes = SLOPES if not shape else ()
            yield from ((f"{term} * {form.format(number)}", "no-local", cost) for form, cost in slopes)
        yield from self.where_counted() if shape else ()
        for text, other in self.seen.arrays.items():
            if other.letter == "i" or len(other.shape) > max(2, len(shape)):
                continue
            far = 0.0 if other.shape == shape else 0.3
            cause = "wrong-point" if text == term else "no-upstream" if text in UPSTREAM else "no-local"
            yield f"{term} * {text}", cause, 1.9 + far
            if not shape and other.letter == "m":
                yield f"{term} * {text}[..., None]", cause, 2.3
            if len(shape) > 1 and other.shape == shape[:-1]:
                yield f"{term} * {text}[..., None]", cause, 2.1
                yield f"{term} / {text}[..., None]", "no-local", 2.4
            if other.letter == "a":
                yield f"{term} / {text}", "no-local", 2.2 + far
                yield from ((f"{term} * {form.format(text)}", "no-local", cost + far) for form, cost in SLOPES)
                library = "torch" if self.seen.torch else "np"
                yield from ((f"{term} * {library}.{name}({text})", "no-local", 2.5 + far) for name in ("sign", "exp"))

    def where_counted(self) -> Options:
        """A mask that is forgotten: where an array has the number of the round."""
        counters = [one for one in counters_in(self.seen.text) if self.seen.atoms.get(one, Kind("", ())).letter == "k"]
        for text, other in self.seen.arrays.items() if counters else ():
            if other.letter == "i" and spreads(other.shape, self.kind.shape):
                yield from ((f"{self.term} * ({text} == {one})", "no-local", 2.0) for one in counters)

    def like_others(self, size: str) -> float:
        """How much cheaper it is that elements beside this one are divided by a size, too."""
        beside = self.parent.elts if isinstance(self.parent, ast.Tuple) else []
        return LIKE_OTHERS if any(ast.unparse(one).endswith(f" / {size}") for one in beside) else 0.0

    def may_be_two(self, size: str) -> float:
        """What it costs more that a size is 2: then the number is meant, as of a square."""
        return 0.1 if self.seen.line.value(size) == 2 else 0.0

    def made_up(self, size: str) -> float:
        """What it costs more that nobody writes a size so here: then it is dearer than a plain 2."""
        return 0.2 if ".shape[" in size and size not in self.seen.text else 0.0

    def with_share(self) -> Options:
        """A share that is missing: a quantity, or a number times one."""
        text, shape, numbers = self.text, self.kind.shape, self.seen.numbers
        for other, its in self.seen.arrays.items():
            if its.letter != "a" or not spreads(its.shape, shape) or other == text:
                continue
            far = 0.0 if its.shape == shape else 0.3
            yield f"{text} + {other}", "missing-share", 1.9 + far
            yield f"{text} - {other}", "missing-share", 2.1 + far
            yield from ((f"{text} + {other} / {size}", "missing-share", 2.4) for size in self.seen.sizes)
            for number in numbers:
                yield f"{text} + {number} * {other}", "missing-share", 2.4
                yield f"{text} + 2 * {number} * {other}", "missing-share", 2.6
        yield f"{text} - 1", "missing-share", 1.9
        for other in numbers if not shape else ():
            yield f"{text} + {other}", "missing-share", 2.1
            yield f"{text} - {other}", "missing-share", 2.2
        if not shape and isinstance(self.parent, ast.stmt):
            for one, two in combinations(numbers, 2):
                yield from ((f"{text} {sign} {one} * {two}", "missing-share", 2.5) for sign in "+-")
            for one, two in permutations(numbers, 2):
                yield f"{text} + {one} / {two}", "missing-share", 2.6
