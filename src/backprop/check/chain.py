"""The chain rule in the user's own names: what a line of a backward pass should say.

Whatever is there already under a name (a gradient that is right, a value that the forward pass kept, what a later line
sends back) is taken by that name: it is known by its value. The rest is written out from the line of the forward pass
that reads the quantity.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from backprop.check.story import NOT_SAID, Closed, Failed, Reading, Room, Story, Values
from backprop.check.trace import Visit
from backprop.gates import GATES
from backprop.python.scope import Library
from backprop.python.tape import is_fraction

DEEPEST = 5  # lines of the forward pass that are written out inside each other
MOST_READERS = 5  # whose shares are added up in one line
PLAIN = (0.0, 1.0, -1.0, 2.0, 0.5)  # numbers that tell nothing
ALIKE = {
    "absolute": "abs", "fabs": "abs", "arctan": "atan", "arcsin": "asin", "arccos": "acos", "expit": "sigmoid",
}  # fmt: skip  # names of libraries for gates that are called otherwise
BACK = {"atan": "arctan", "asin": "arcsin", "acos": "arccos"}
CALLED = {"multiply": ast.Mult, "add": ast.Add, "subtract": ast.Sub, "divide": ast.Div, "true_divide": ast.Div,
          "power": ast.Pow, "pow": ast.Pow, "mul": ast.Mult, "sub": ast.Sub, "div": ast.Div, "dot": ast.MatMult,
          "matmul": ast.MatMult, "mm": ast.MatMult, "bmm": ast.MatMult}  # fmt: skip
SHAPES = ("reshape", "view", "ravel", "flatten", "squeeze", "unsqueeze", "expand_dims")
SAME = ("array", "asarray", "copy", "clone", "float", "astype", "contiguous", "ascontiguousarray")


class Term(NamedTuple):
    """An expression, and what it is."""

    tree: ast.expr
    value: Any

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def text(self) -> str:
        return ast.unparse(self.tree)

    def is_number(self, number: float) -> bool:
        return isinstance(self.tree, ast.Constant) and self.tree.value == number


def name(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def number(value: Any) -> Term:
    return Term(ast.Constant(value), value)


class Chain:
    """The texts of gradients as they may stand at one visit of a line of the backward pass."""

    def __init__(self, story: Story, visit: Visit, atoms: dict[str, Any], torch: bool, scale: float = 1.0) -> None:
        self.story, self.torch, self.scale = story, torch, scale
        self.library = "torch" if torch else "np"
        self.from_end = any(one in visit.source.text for one in ("=-1", "(-1", ", -1)"))  # the last axis is called -1
        self.here = Room(story.trace, visit)
        self.rooms: dict[int, Room] = {}
        self.atoms = Values()
        self.numbers: dict[Any, str] = {}
        self.texts = list(atoms)
        for text, value in atoms.items():
            if isinstance(value, int | np.integer) and not isinstance(value, bool):
                self.numbers.setdefault(int(value), text)
            elif tells(value):
                self.atoms.add(value, Term(name(text), np.asarray(value, dtype=float)))
        self.doing: set[int] = set()
        self.passed: list[Term] | None = None  # the gradients of parts of expressions, where somebody asks

    # ── gradients ──

    def gradient(self, place: int, depth: int = 0) -> Term:
        """The gradient of a quantity: under a name of the user's, or written out."""
        quantity = self.story.quantities[place]
        found = self.atoms.find(self.scale * quantity.gradient) if tells(quantity.gradient) else None
        if found is not None:
            return Term(found.tree, found.value)
        if place in self.story.pieces:
            piece = self.piece(place)
            if piece is not None:
                return piece
        if depth > DEEPEST or place in self.doing:
            raise Failed
        self.doing.add(place)
        try:
            readers = self.story.readers(place)
            if not readers and np.ndim(quantity.gradient) == 0 and quantity.gradient == self.scale == 1:
                return number(1.0)
            for form in self.story.closed.get(place, ()):
                with suppress(*NOT_SAID):
                    return self.by_form(form, quantity.value, depth)
            cut = self.story.parts_of(place)
            if cut is not None:
                with suppress(*NOT_SAID):
                    return self.together(*cut, quantity.gradient, depth)
            if not 0 < len(readers) <= MOST_READERS:
                raise Failed
            return self.total([self.share(one, depth) for one in readers], quantity.value)
        finally:
            self.doing.discard(place)

    def together(self, places: list[int], axis: int, gradient: Any, depth: int) -> Term:
        """The gradient of what is read in parts: theirs, put together."""
        terms = [self.gradient(one, depth + 1) for one in places]
        terms = [self.spread(one, np.shape(self.story.quantities[place].value))
                 for one, place in zip(terms, places, strict=True)]  # fmt: skip
        value = np.concatenate([one.value for one in terms], axis)
        if not np.allclose(value, self.scale * gradient, rtol=1e-6):
            raise Failed
        words = ("cat", "dim") if self.torch else ("concatenate", "axis")
        parts = ast.List([one.tree for one in terms], ast.Load())
        keywords = [ast.keyword(words[1], ast.Constant(axis))] if axis else []
        return self.known(ast.Call(name(f"{self.library}.{words[0]}"), [parts], keywords), value)

    def piece(self, place: int) -> Term | None:
        """The gradient of an entry of an array, as the same entry of a gradient."""
        gradient = self.scale * self.story.quantities[place].gradient
        for text in self.texts:
            tree = ast.Subscript(name(text), self.story.pieces[place], ast.Load())
            with suppress(*NOT_SAID):
                value = self.here.value(tree)
                if is_fraction(value) and np.shape(value) == np.shape(gradient) and np.allclose(value, gradient):
                    return Term(tree, value)
        return None

    def total(self, shares: list[Term], like: Any) -> Term:
        """The sum of shares, of the shape of what they are the gradient of."""
        found = shares[0]
        for one in shares[1:]:
            found = self.add(found, one)
        return self.spread(found, np.shape(like))

    def share(self, readings: list[Reading], depth: int = 0) -> Term:
        """What comes back from one reader: under a name of the user's, or by the rule of what is done there."""
        first = readings[0]
        whole = self.scale * first.share  # they are all of the same numbers
        found = self.atoms.find(whole) if tells(whole) else None
        if found is not None:
            return Term(found.tree, found.value)
        room = self.room(first.visit)
        leaves = {one.leaf for one in readings}
        terms = []
        for root, place in {one.root: one.whole for one in readings}.items():
            above = self.gradient(place, depth + 1)
            terms += [term for leaf, term in self.back(root, above, room, depth) if leaf in leaves]
        if not terms:
            raise Failed
        out = terms[0]
        for one in terms[1:]:
            out = self.add(out, one)
        out = self.spread(out, np.shape(room.value(first.leaf)))
        if not np.allclose(out.value, whole, rtol=1e-6, atol=1e-9 * float(np.abs(whole).max(initial=0.0))):
            raise Failed
        return out

    def by_form(self, form: Closed, of: Any, depth: int) -> Term:
        """The gradient of a quantity of which only a well known function is read."""
        y = self.quantity(form.place, depth)
        g = self.gradient(form.place, depth + 1)
        if form.name == "log softmax":
            exp = self.known(ast.Call(name(f"{self.library}.exp"), [y.tree], []), np.exp(y.value))
            out = self.add(g, self.minus(self.multiply(exp, self.summed(g, form.axes, True))))
        elif form.name == "sigmoid":
            out = self.multiply(self.multiply(g, y), self.add(number(1), self.minus(y)))
        elif form.name == "softmax":
            out = self.multiply(y, self.add(g, self.minus(self.summed(self.multiply(g, y), form.axes, True))))
        else:
            mean = form.name == "normal"
            along = self.multiply(y, self.summed(self.multiply(g, y), form.axes, True, mean=mean))
            if not mean:
                along = self.divide(along, number(float((y.value * y.value).sum(axis=form.axes).flat[0])))
            left = self.add(g, self.minus(self.summed(g, form.axes, True, mean=True))) if mean else g
            out = self.over(self.add(left, self.minus(along)), form)
        if not np.allclose(out.value, self.scale * self.gradient_of(of), rtol=1e-6):
            raise Failed
        return out

    def gradient_of(self, value: Any) -> Any:
        return self.story.quantities[self.story.index.find(value)].gradient

    def quantity(self, place: int, depth: int) -> Term:
        """A value of the forward pass, by the name that it has here or as it is made."""
        value = self.story.quantities[place].value
        found = self.atoms.find(value)
        return Term(found.tree, found.value) if found is not None else self.made(value, depth)

    def over(self, a: Term, form: Closed) -> Term:
        """A term over what a quantity was divided by: under whatever name, or as one over it."""
        for size in (form.size, np.squeeze(form.size, axis=form.axes)):
            value = a.value / form.size
            found = self.atoms.find(size)
            if found is not None and np.broadcast_shapes(np.shape(size), a.shape) == a.shape:
                trial = np.divide(a.value, size)
                if np.allclose(trial, value):
                    return self.divide(a, Term(found.tree, found.value))
            found = self.atoms.find(1 / size)
            if found is not None and np.broadcast_shapes(np.shape(size), a.shape) == a.shape:
                trial = np.divide(a.value, size)
                if np.allclose(trial, value):
                    return self.multiply(a, Term(found.tree, found.value))
        return self.divide(a, self.made(form.size, 0))

    def inner(self, visit: Visit, root: ast.expr, whole: int) -> list[Term]:
        """The gradients of the parts of an expression, which have no name in the forward pass."""
        self.passed = []
        with suppress(*NOT_SAID):
            for _ in self.back(root, self.gradient(whole), self.room(visit), 0):
                pass
        found, self.passed = self.passed, None
        return found

    def room(self, visit: Visit) -> Room:
        if id(visit) not in self.rooms:
            self.rooms[id(visit)] = Room(self.story.trace, visit)
        return self.rooms[id(visit)]

    # ── values of the forward pass ──

    def value(self, tree: ast.expr, room: Room, depth: int) -> Term:
        """A value of the forward pass, in the words of the backward pass."""
        value = room.value(tree)
        found = self.atoms.find(value) if tells(value) else None
        if found is not None:
            return Term(found.tree, found.value)
        if isinstance(tree, ast.Constant):
            return Term(tree, value)
        if isinstance(value, int) and not isinstance(value, bool):
            return self.size(value, ast.unparse(tree))
        if not isinstance(value, float | np.ndarray | np.generic) or depth > DEEPEST:
            raise Failed
        if isinstance(tree, ast.Name | ast.Attribute | ast.Subscript) and not isinstance(tree, ast.Subscript):
            if isinstance(tree, ast.Attribute) and tree.attr == "T":
                return self.turned(self.value(tree.value, room, depth))
            same = self.named(tree, value)
            return same if same is not None else self.made(value, depth)
        return self.rebuilt(tree, room, depth, value)

    def named(self, tree: ast.expr, value: Any) -> Term | None:
        """The same name, if it means the same here."""
        try:
            mine = self.here.value(tree)
        except Failed:
            return None
        same = np.shape(mine) == np.shape(value) and np.array_equal(np.asarray(mine), np.asarray(value))
        return Term(tree, value) if same and isinstance(mine, float | np.ndarray | np.generic) else None

    def size(self, value: int, text: str) -> Term:
        """A whole number by a name that it has here."""
        with suppress(Failed, SyntaxError):
            if self.here.value(name(text)) == value:
                return Term(name(text), value)
        return Term(name(self.numbers[value]), value) if value in self.numbers and value > 1 else number(value)

    def made(self, value: Any, depth: int) -> Term:
        """A value that has no name here, as the forward pass makes it."""
        place = self.story.index.find(value)
        for visit, root in self.story.makers.get(place, ()):
            return self.value(root, self.room(visit), depth + 1)
        raise Failed

    def rebuilt(self, tree: ast.expr, room: Room, depth: int, value: Any) -> Term:
        """An expression of the forward pass with what it reads in the words of the backward pass."""
        made = self.reworded(tree, room, depth)
        self.here.value(made)
        return Term(made, value)

    def word(self, node: Any, room: Room, depth: int) -> Any:
        """A part of an expression of the forward pass, in the words of the backward pass."""
        if isinstance(node, ast.expr) and not isinstance(node, ast.Slice | ast.Tuple | ast.List | ast.Starred):
            known = room.value(node)
            if isinstance(known, int | float | np.ndarray | np.generic) and not isinstance(node, ast.Constant):
                return self.value(node, room, depth).tree
            if isinstance(known, Library):
                return node
        return self.reworded(node, room, depth) if isinstance(node, ast.AST) else node

    def reworded(self, tree: Any, room: Room, depth: int) -> Any:
        """The same with its parts in the words of the backward pass."""
        made = copy.copy(tree)
        for field, child in ast.iter_fields(tree):
            if isinstance(child, list):
                setattr(made, field, [self.word(one, room, depth) for one in child])
            elif isinstance(child, ast.AST):
                setattr(made, field, self.word(child, room, depth))
        return made

    # ── arithmetic ──

    def known(self, tree: ast.expr, value: Any) -> Term:
        """A new expression, or the name that its value has here."""
        found = self.atoms.find(value) if tells(value) else None
        return Term(found.tree, found.value) if found is not None else Term(tree, value)

    def binary(self, a: Term, operator: ast.operator, b: Term, value: Any) -> Term:
        return self.known(ast.BinOp(a.tree, operator, b.tree), value)

    def add(self, a: Term, b: Term) -> Term:
        if isinstance(b.tree, ast.UnaryOp) and isinstance(b.tree.op, ast.USub):
            return self.binary(a, ast.Sub(), Term(b.tree.operand, -np.asarray(b.value)), a.value + b.value)
        if isinstance(a.tree, ast.UnaryOp) and isinstance(a.tree.op, ast.USub):
            return self.binary(b, ast.Sub(), Term(a.tree.operand, -np.asarray(a.value)), a.value + b.value)
        return self.binary(a, ast.Add(), b, a.value + b.value)

    def multiply(self, a: Term, b: Term) -> Term:
        if a.is_number(1):
            return b
        if b.is_number(1):
            return a
        return self.binary(a, ast.Mult(), b, np.multiply(a.value, b.value))

    def divide(self, a: Term, b: Term) -> Term:
        return a if b.is_number(1) else self.binary(a, ast.Div(), b, a.value / np.asarray(b.value))

    def minus(self, a: Term) -> Term:
        if isinstance(a.tree, ast.UnaryOp) and isinstance(a.tree.op, ast.USub):
            return Term(a.tree.operand, -np.asarray(a.value))
        return self.known(ast.UnaryOp(ast.USub(), a.tree), -np.asarray(a.value))

    def turned(self, a: Term) -> Term:
        """A matrix with its last two axes exchanged."""
        if a.shape == () or len(a.shape) == 1:
            return a
        value = np.swapaxes(a.value, -1, -2)
        found = self.atoms.find(value)
        if found is not None:
            return Term(found.tree, found.value)
        tree = a.tree
        if isinstance(tree, ast.Attribute) and tree.attr == "T":
            return Term(tree.value, value)
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.MatMult):
            try:
                left, right = (Term(one, self.here.value(one)) for one in (tree.left, tree.right))
                if len(left.shape) > 1 and len(right.shape) > 1:
                    return Term(ast.BinOp(self.turned(right).tree, ast.MatMult(), self.turned(left).tree), value)
            except Failed:
                pass
        if len(a.shape) == 2:
            return Term(ast.Attribute(tree, "T", ast.Load()), value)
        axes = list(range(len(a.shape)))
        axes[-1], axes[-2] = axes[-2], axes[-1]
        return self.method(a, "transpose", [-1, -2] if self.torch else axes, value)

    def method(self, a: Term, called: str, arguments: list[Any], value: Any, **named: Any) -> Term:
        given = [one if isinstance(one, ast.expr) else name(repr(one)) for one in arguments]
        keywords = [ast.keyword(key, name(repr(one))) for key, one in named.items()]
        return self.known(ast.Call(ast.Attribute(a.tree, called, ast.Load()), given, keywords), value)

    def summed(self, a: Term, axes: tuple[int, ...], keep: bool, mean: bool = False) -> Term:
        if not axes:
            return a
        verb, function = ("mean", np.mean) if mean else ("sum", np.sum)
        value = function(a.value, axis=axes, keepdims=keep)
        if len(axes) == len(a.shape) and not keep:
            return self.method(a, verb, [], value)
        axis: Any = axes[0] if len(axes) == 1 else axes
        if self.from_end and axis == len(a.shape) - 1 > 0:
            axis = -1
        words = ("dim", "keepdim") if self.torch else ("axis", "keepdims")
        named = {words[0]: axis, **({words[1]: True} if keep else {})}
        return self.method(a, verb, [], value, **named)

    def spread(self, a: Term, shape: tuple[int, ...]) -> Term:
        """A term that is as large as it should be."""
        if a.shape == shape:
            return a
        value = np.broadcast_to(a.value, shape)
        for text in self.texts:
            try:
                if np.shape(self.here.value(name(text))) == shape:
                    ones = ast.Call(name(f"{self.library}.ones_like"), [name(text)], [])
                    return Term(ast.BinOp(a.tree, ast.Mult(), ones), np.array(value))
            except Failed:
                continue
        return Term(ast.BinOp(a.tree, ast.Mult(), name(f"{self.library}.ones({shape!r})")), np.array(value))

    def fit(self, g: Term, whole: tuple[int, ...], shape: tuple[int, ...]) -> Term:
        """A gradient on what was broadcast, summed up to the shape of an operand."""
        lead = len(whole) - len(shape)
        over = [*range(lead), *(lead + k for k, one in enumerate(shape) if one == 1 and whole[lead + k] > 1)]
        if not over:
            return g
        if g.shape != whole:
            g = self.spread(g, whole)
        kept = tuple([axis for axis in over if axis >= lead])
        if not shape or (lead and not kept) or not lead:
            return self.summed(g, tuple(over), bool(kept) and not lead and bool(shape))
        return self.summed(self.summed(g, tuple(range(lead)), False), tuple([one - lead for one in kept]), True)

    # ── the rules ──

    def back(self, tree: ast.expr, g: Term, room: Room, depth: int) -> Iterator[tuple[ast.expr, Term]]:
        """What goes back from an expression to the quantities that it reads."""
        value = room.value(tree)
        if not is_fraction(value):
            return
        shape = np.shape(value)
        part = not isinstance(tree, ast.Name | ast.Attribute | ast.Subscript)  # not a quantity of its own
        if self.passed is not None and g.shape == shape and part:
            self.passed.append(g)
        if isinstance(tree, ast.BinOp):
            yield from self.operation(tree.left, type(tree.op), tree.right, g, room, depth, tree)
        elif isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
            yield from self.back(tree.operand, self.minus(g), room, depth)
        elif isinstance(tree, ast.IfExp):
            yield from self.back(tree.body if room.value(tree.test) else tree.orelse, g, room, depth)
        elif isinstance(tree, ast.Attribute) and tree.attr in ("T", "mT"):
            yield from self.back(tree.value, self.turned(self.spread(g, shape)), room, depth)
        elif isinstance(tree, ast.Call) and not room.is_own(tree):
            yield from self.called(tree, g, room, depth)
        elif isinstance(tree, ast.Subscript) and np.size(room.value(tree.value)) == np.size(value):
            inner = np.shape(room.value(tree.value))
            yield from self.back(
                tree.value, self.shaped(self.spread(g, shape), inner, tree.value, room, depth), room, depth
            )
        else:
            yield tree, g

    def shaped(self, g: Term, shape: tuple[int, ...], like: ast.expr, room: Room, depth: int) -> Term:
        """A gradient in another shape."""
        if g.shape == shape:
            return g
        value = np.reshape(g.value, shape)
        if not shape:
            return self.method(g, "sum", [], value)
        try:
            source = self.value(like, room, depth)
            lengths: list[Any] = [ast.Attribute(source.tree, "shape", ast.Load())]
        except Failed:
            lengths = list(shape)
        return self.method(g, "reshape", lengths, value)

    def operation(
        self, left: ast.expr, kind: type[ast.operator], right: ast.expr, g: Term, room: Room, depth: int, tree: ast.expr
    ) -> Iterator[tuple[ast.expr, Term]]:
        whole = np.shape(room.value(tree))
        a, b = room.value(left), room.value(right)
        if kind is ast.MatMult:
            yield from self.product(left, right, g, room, depth, whole)
            return

        def fitted(term: Term, side: Any) -> Term:
            return self.fit(term, whole, np.shape(side))

        def of(side: ast.expr) -> Term:
            return self.value(side, room, depth)

        def shift() -> Term:
            return self.minus(g) if kind is ast.Sub else g

        def powered() -> Term:
            base, power = of(left), room.value(right)
            if power == 2:
                return self.multiply(self.multiply(number(2), g), base)
            less = self.binary(base, ast.Pow(), number(power - 1), np.asarray(base.value) ** (power - 1))
            return self.multiply(self.multiply(of(right), g), less)

        def divided() -> Term:
            divisor = of(right)
            if isinstance(left, ast.Constant):
                square = self.binary(divisor, ast.Pow(), number(2), np.asarray(divisor.value) ** 2)
                return self.minus(self.divide(self.multiply(g, of(left)), square))
            return self.minus(self.divide(self.multiply(g, of(tree)), divisor))

        rules: dict[type[ast.operator], tuple[Callable[[], Term], Callable[[], Term] | None]] = {
            ast.Add: (lambda: g, shift),
            ast.Sub: (lambda: g, None if is_shift(left, right) else shift),
            ast.Mult: (lambda: self.multiply(g, of(right)), lambda: self.multiply(g, of(left))),
            ast.Div: (lambda: self.divide(g, of(right)), divided),
            ast.Pow: (powered, None),
        }
        if kind not in rules or (kind is ast.Pow and np.shape(b)):
            raise Failed
        for side, its, rule in ((left, a, rules[kind][0]), (right, b, rules[kind][1])):
            if is_fraction(its) and rule is not None:
                with suppress(*NOT_SAID):  # one operand may be said where the other one may not
                    yield from self.back(side, fitted(rule(), its), room, depth)

    def product(
        self, left: ast.expr, right: ast.expr, g: Term, room: Room, depth: int, whole: tuple[int, ...]
    ) -> Iterator[tuple[ast.expr, Term]]:
        """A product of matrices, or of stacks of them."""
        a, b = room.value(left), room.value(right)
        g = self.spread(g, whole)
        for mine, other, value in ((left, right, a), (right, left, b)):
            if is_fraction(value):
                with suppress(*NOT_SAID):
                    half = self.half(g, self.value(other, room, depth), np.ndim(value), mine is left)
                    yield from self.back(mine, self.fit(half, half.shape, np.shape(value)), room, depth)

    def half(self, g: Term, other: Term, mine: int, first: bool) -> Term:
        """The gradient of one operand of a product: of the first one, or of the second one."""
        theirs = len(other.shape)
        if mine == 1 and theirs == 1:
            return self.multiply(g, other)
        if mine == 2 and theirs == 1:
            one, two = (g, other) if first else (other, g)
            outer = ast.Call(name(f"{self.library}.outer"), [one.tree, two.tree], [])
            return self.known(outer, np.outer(one.value, two.value))
        if mine == 1:
            one, two = (g, self.turned(other)) if first else (self.turned(other), g)
            if theirs > 2:
                raise Failed
        else:
            one, two = (g, self.turned(other)) if first else (self.turned(other), g)
        if len(one.shape) == 0 or len(two.shape) == 0:
            raise Failed
        return self.binary(one, ast.MatMult(), two, np.matmul(one.value, two.value))

    def called(self, tree: ast.Call, g: Term, room: Room, depth: int) -> Iterator[tuple[ast.expr, Term]]:
        """A function of a library, or a method of an array."""
        function = room.value(tree.func)
        if isinstance(function, Library):
            called, operands = function.path[-1], list(tree.args)
        else:
            assert isinstance(tree.func, ast.Attribute)
            called, operands = tree.func.attr, [tree.func.value, *tree.args]
        named = {one.arg: one.value for one in tree.keywords if one.arg}
        whole = np.shape(room.value(tree))
        if not operands:
            raise Failed
        first = operands[0]
        if called in CALLED and len(operands) == 2:
            yield from self.operation(operands[0], CALLED[called], operands[1], g, room, depth, tree)
        elif called in SAME:
            if isinstance(first, ast.List | ast.Tuple):
                raise Failed
            yield from self.back(first, g, room, depth)
        elif called in SHAPES:
            inner = np.shape(room.value(first))
            yield from self.back(first, self.shaped(self.spread(g, whole), inner, first, room, depth), room, depth)
        elif called in ("transpose", "permute", "swapaxes", "moveaxis", "t"):
            yield from self.permuted(called, operands, g, room, depth, whole)
        elif called in ("sum", "mean"):
            yield from self.reduced(called, operands, named, g, room, depth)
        elif called in ("var", "std") and not self.torch:
            yield from self.spread_of(called, tree, operands, named, g, room, depth)
        elif called in ("max", "amax", "min", "amin"):
            g = self.expanded(operands, named, g, room, depth)
            hit = ast.Compare(
                self.value(first, room, depth).tree, [ast.Eq()], [self.largest(tree, operands, room, depth)]
            )
            mask = Term(hit, self.here.value(hit))
            yield from self.back(first, self.multiply(g, mask), room, depth)
        elif called == "einsum" and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield from self.einsum(first.value, operands[1:], g, room, depth)
        elif called in ("maximum", "minimum"):
            yield from self.larger(called, tree, operands, g, room, depth, whole)
        elif called == "where" and len(operands) == 3:
            yield from self.chosen(operands, g, room, depth, whole)
        elif called == "clip" and len(operands) == 3:
            low, high = (self.value(one, room, depth) for one in operands[1:])
            base = self.value(first, room, depth)
            inside = name(f"(({base.text}) > {low.text}) * (({base.text}) < {high.text})")
            yield from self.back(first, self.multiply(g, Term(inside, self.here.value(inside))), room, depth)
        elif called in ("repeat", "tile", "pad") and not self.torch:
            yield from self.copied(called, operands, named, g, room, depth, whole)
        elif called in ("concatenate", "hstack", "vstack", "stack", "cat") and isinstance(first, ast.Tuple | ast.List):
            yield from self.joined(called, first, operands[1:], named, g, room, depth, whole)
        elif len(operands) == 1 and (slope := self.slope(called, tree, first, room, depth)) is not None:
            yield from self.back(first, self.multiply(g, slope), room, depth)
        else:
            raise Failed

    def slope(self, called: str, tree: ast.Call, first: ast.expr, room: Room, depth: int) -> Term | None:
        """The local gradient of a function of one argument, by the rule of its gate."""
        gate = GATES.get(ALIKE.get(called, called))
        if gate is None or gate.mixes or len(gate.arguments) != 1:
            return None
        rule = (gate.textbook or gate.rules(1, "both"))[0] or ""
        try:
            body = ast.parse(rule.replace("^", "**"), mode="eval").body
        except SyntaxError:
            return None
        chain = self

        class Words(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.AST:
                if node.id == "x":
                    try:
                        return chain.value(first, room, depth).tree
                    except Failed:
                        if called != "relu":
                            raise
                        return chain.value(tree, room, depth).tree
                return chain.value(tree, room, depth).tree if node.id == "out" else node

            def visit_Call(self, node: ast.Call) -> ast.AST:
                self.generic_visit(node)
                inner = getattr(node.func, "id", "")
                node.func = name(f"{chain.library}.{BACK.get(inner, inner)}")
                return node

        made = Words().visit(body)
        return self.known(made, self.here.value(made))

    def permuted(
        self, called: str, operands: list[ast.expr], g: Term, room: Room, depth: int, whole: tuple[int, ...]
    ) -> Iterator[tuple[ast.expr, Term]]:
        count = len(whole)
        g = self.spread(g, whole)
        given = [room.value(one) for one in operands[1:]]
        if called in ("t",) or (called in ("transpose", "permute") and not given):
            order = list(range(count))[::-1]
        elif called == "swapaxes" or (called == "transpose" and self.torch and len(given) == 2):
            order = list(range(count))
            order[given[0]], order[given[1]] = order[given[1]], order[given[0]]
        elif called == "moveaxis":
            order = list(np.moveaxis(np.empty(range(count)), given[0], given[1]).shape)
        else:
            order = list(given[0] if isinstance(given[0], tuple | list) else given)
        inverse = [int(one) for one in np.argsort([one % count for one in order])]
        value = np.transpose(g.value, inverse)
        if inverse == [*range(count - 2), count - 1, count - 2]:
            yield from self.back(operands[0], self.turned(g), room, depth)
            return
        verb = "permute" if self.torch else "transpose"
        yield from self.back(operands[0], self.method(g, verb, inverse, value), room, depth)

    def axes(self, operands: list[ast.expr], named: dict[str, ast.expr], room: Room) -> tuple[tuple[int, ...], bool]:
        """The axes of a reduction, and whether they are kept."""
        count = np.ndim(room.value(operands[0]))
        axis = room.value(operands[1]) if len(operands) > 1 else None
        for key in ("axis", "dim"):
            axis = room.value(named[key]) if key in named else axis
        kept = any(bool(room.value(named[key])) for key in ("keepdims", "keepdim") if key in named)
        if axis is None:
            return tuple(range(count)), kept
        return tuple(sorted(one % count for one in ((axis,) if isinstance(axis, int) else axis))), kept

    def expanded(
        self, operands: list[ast.expr], named: dict[str, ast.expr], g: Term, room: Room, depth: int
    ) -> Term:  # fmt: skip
        """A gradient on a sum, with the axes that went away, of one element each."""
        axes, kept = self.axes(operands, named, room)
        count = np.ndim(room.value(operands[0]))
        if kept or len(axes) == count or axes == tuple(range(len(axes))) or not g.shape:
            return g
        index = tuple([None if axis in axes else slice(None) for axis in range(count)])
        text = ", ".join("None" if axis in axes else ":" for axis in range(count))
        return self.known(name(f"({g.text})[{text}]"), np.asarray(g.value)[index])

    def reduced(
        self, called: str, operands: list[ast.expr], named: dict[str, ast.expr], g: Term, room: Room, depth: int
    ) -> Iterator[tuple[ast.expr, Term]]:
        base = operands[0]
        inner = np.shape(room.value(base))
        g = self.expanded(operands, named, g, room, depth)
        if called == "mean":
            axes, _ = self.axes(operands, named, room)
            count = int(np.prod([inner[axis] for axis in axes]))
            g = self.divide(g, self.count(count, axes, base, room, depth))
        yield from self.back(base, g, room, depth)

    def spread_of(
        self, called: str, tree: ast.Call, operands: list[ast.expr], named: dict[str, ast.expr], g: Term, room: Room,
        depth: int,
    ) -> Iterator[tuple[ast.expr, Term]]:  # fmt: skip
        """A variance, or its root."""
        base = operands[0]
        inner = np.asarray(room.value(base))
        axes, _ = self.axes(operands, named, room)
        g = self.expanded(operands, named, g, room, depth)
        centred = inner - inner.mean(axis=axes, keepdims=True)
        found = self.atoms.find(centred)
        if found is None:
            like = self.value(base, room, depth)
            axis = axes[0] if len(axes) == 1 else axes
            found = Term(name(f"({like.text} - ({like.text}).mean(axis={axis!r}, keepdims=True))"), centred)
        count = self.count(int(np.prod([inner.shape[axis] for axis in axes])), axes, base, room, depth)
        if called == "var":
            term = self.divide(self.multiply(self.multiply(number(2), found), g), count)
        else:
            root = self.expanded(operands, named, self.value(tree, room, depth), room, depth)
            term = self.divide(self.divide(self.multiply(g, found), root), count)
        yield from self.back(base, term, room, depth)

    def count(self, count: int, axes: tuple[int, ...], base: ast.expr, room: Room, depth: int) -> Term:
        """A number of elements, by a name if there is one."""
        if count in self.numbers and count > 1:
            return Term(name(self.numbers[count]), count)
        try:
            like = self.value(base, room, depth)
        except Failed:
            return number(count)
        if len(axes) == len(np.shape(room.value(base))) and len(axes) > 1:
            return Term(ast.Attribute(like.tree, "size", ast.Load()), count)
        lengths = [name(f"({like.text}).shape[{axis}]") for axis in axes]
        tree = lengths[0]
        for one in lengths[1:]:
            tree = ast.BinOp(tree, ast.Mult(), one)
        return Term(tree, count)

    def largest(self, tree: ast.Call, operands: list[ast.expr], room: Room, depth: int) -> ast.expr:
        """The largest elements, so that they compare with all."""
        out = self.value(tree, room, depth)
        named = {one.arg: one.value for one in tree.keywords if one.arg}
        return self.expanded(operands, named, out, room, depth).tree

    def einsum(
        self, text: str, operands: list[ast.expr], g: Term, room: Room, depth: int
    ) -> Iterator[tuple[ast.expr, Term]]:
        ins, _, out = text.replace(" ", "").partition("->")
        labels = ins.split(",")
        for place, one in enumerate(operands):
            if not is_fraction(room.value(one)):
                continue
            others = [k for k in range(len(operands)) if k != place]
            if not set(labels[place]) <= set(out).union(*[labels[k] for k in others]):
                raise Failed
            terms = [self.value(operands[k], room, depth) for k in others]
            equation = f"{','.join([out, *[labels[k] for k in others]])}->{labels[place]}"
            arguments = [ast.Constant(equation), g.tree, *[term.tree for term in terms]]
            value = np.einsum(equation, g.value, *[term.value for term in terms])
            made = self.known(ast.Call(name(f"{self.library}.einsum"), arguments, []), value)
            yield from self.back(one, made, room, depth)

    def larger(
        self, called: str, tree: ast.Call, operands: list[ast.expr], g: Term, room: Room, depth: int,
        whole: tuple[int, ...],
    ) -> Iterator[tuple[ast.expr, Term]]:  # fmt: skip
        """`np.maximum`: each gets the gradient where it is the larger one."""
        if all(is_fraction(room.value(one)) and not isinstance(one, ast.Constant) for one in operands):
            sign: ast.cmpop = ast.Gt() if called == "maximum" else ast.Lt()
            yield from self.chosen([ast.Compare(operands[0], [sign], [operands[1]]), *operands], g, room, depth, whole)
            return
        for place, one in enumerate(operands):
            value = room.value(one)
            if not is_fraction(value):
                continue
            other = operands[1 - place]
            theirs = self.value(other, room, depth)
            try:
                mine = self.value(one, room, depth)
            except Failed:  # what comes out is on the same side of the bound
                mine = self.value(tree, room, depth)
            sign = ast.Gt() if called == "maximum" else ast.Lt()
            compared = ast.Compare(mine.tree, [sign], [theirs.tree])
            hit = self.known(compared, self.here.value(compared))
            yield from self.back(one, self.fit(self.multiply(g, hit), whole, np.shape(value)), room, depth)

    def chosen(
        self, operands: list[ast.expr], g: Term, room: Room, depth: int, whole: tuple[int, ...]
    ) -> Iterator[tuple[ast.expr, Term]]:
        """`np.where`: the slopes of both branches, chosen by the same mask."""
        mask = self.value(operands[0], room, depth)
        slopes: dict[str, list[tuple[ast.expr, Term] | None]] = {}
        for place, one in enumerate(operands[1:]):
            if not is_fraction(room.value(one)):
                continue
            for leaf, term in self.back(one, number(1.0), room, depth):
                slopes.setdefault(ast.unparse(leaf), [None, None])[place] = leaf, term
        for both in slopes.values():
            leaf = next(one[0] for one in both if one is not None)
            terms = [number(0) if one is None else one[1] for one in both]
            if both[1] is None and terms[0].is_number(1):
                found = self.multiply(g, mask)
            else:
                tree = ast.Call(name(f"{self.library}.where"), [mask.tree, *[one.tree for one in terms]], [])
                slope = self.known(tree, np.where(mask.value, *[one.value for one in terms]))
                found = self.multiply(g, slope)
            yield leaf, self.fit(found, whole, np.shape(room.value(leaf)))

    def copied(
        self, called: str, operands: list[ast.expr], named: dict[str, ast.expr], g: Term, room: Room, depth: int,
        whole: tuple[int, ...],
    ) -> Iterator[tuple[ast.expr, Term]]:  # fmt: skip
        """What is there several times gets the sum of all; what is padded, the part inside."""
        base, g = operands[0], self.spread(g, whole)
        inner = np.shape(room.value(base))
        if called == "pad":
            widths = np.broadcast_to(np.asarray(room.value(operands[1])), (len(inner), 2))
            cut = [slice(int(first) or None, -int(last) or None) for first, last in widths]
            index = ", ".join(self.slice_text(one) for one in cut)
            yield from self.back(base, self.known(name(f"({g.text})[{index}]"), g.value[tuple(cut)]), room, depth)
            return
        axis = room.value(named["axis"]) if "axis" in named else room.value(operands[2]) if len(operands) > 2 else None
        if called == "repeat":
            flat = inner if axis is not None else (int(np.prod(inner)),)
            axis = (axis or 0) % len(flat)
            lengths = [*flat[: axis + 1], whole[axis] // flat[axis], *flat[axis + 1 :]]
            over = [axis + 1]
        else:
            padded = [*[1] * (len(whole) - len(inner)), *inner]
            lengths = [one for a, b in zip(whole, padded, strict=True) for one in (a // b, b)]
            over = list(range(0, len(lengths), 2))
        term = self.method(g, "reshape", [self.size(one, "").tree for one in lengths], np.reshape(g.value, lengths))
        term = self.summed(term, tuple(over), False)
        yield from self.back(base, self.shaped(term, inner, base, room, depth), room, depth)

    def slice_text(self, cut: slice) -> str:
        """A slice from both ends, with names for its bounds where there are some."""
        lower = "" if cut.start is None else self.size(cut.start, "").text
        upper = "" if cut.stop is None else f"-{self.size(-cut.stop, '').text}"
        return f"{lower}:{upper}"

    def joined(
        self, called: str, parts: ast.Tuple | ast.List, more: list[ast.expr], named: dict[str, ast.expr], g: Term,
        room: Room, depth: int, whole: tuple[int, ...],
    ) -> Iterator[tuple[ast.expr, Term]]:  # fmt: skip
        """Arrays put together: each gets its part back."""
        axis = room.value(more[0]) if more else 0
        for key in ("axis", "dim"):
            axis = room.value(named[key]) if key in named else axis
        axis = {"hstack": min(1, len(whole) - 1), "vstack": 0}.get(called, axis) % len(whole)
        start = 0
        for one in parts.elts:
            value = room.value(one)
            if called == "stack":
                index = ", ".join([*[":"] * axis, str(start)])
                cut: Any = (*[slice(None)] * axis, start)
                start += 1
            else:
                length = np.shape(value)[axis]
                index = ", ".join([*[":"] * axis, f"{start or ''}:{start + length}"])
                cut = (*[slice(None)] * axis, slice(start, start + length))
                start += length
            if is_fraction(value):
                whole_g = self.spread(g, whole)
                piece = self.known(name(f"({whole_g.text})[{index}]"), np.asarray(whole_g.value)[cut])
                yield from self.back(one, piece, room, depth)


def tells(value: Any) -> bool:
    """Whether a value is like no other: no plain number, no array of one number."""
    if isinstance(value, np.ndarray):
        with np.errstate(all="ignore"):  # there may be infinities
            several = value.size == 1 or (value.size > 0 and bool(np.ptp(value.astype(float)) > 0))
        return value.dtype.kind in "fb" and several
    return isinstance(value, float | np.floating) and float(value) not in PLAIN


def is_shift(left: ast.expr, right: ast.expr) -> bool:
    """Whether the largest element is taken off, as before an exp: what goes back through it cancels."""
    if not isinstance(right, ast.Call):
        return False
    called = right.func.attr if isinstance(right.func, ast.Attribute) else getattr(right.func, "id", "")
    return called in ("max", "amax") and ast.unparse(left) in ast.unparse(right)
