"""The chain rule in the user's own names: what a line of a backward pass should say.

Whatever is there already under a name (a gradient that is right, a value that the forward pass kept, what a later line
sends back) is taken by that name: it is known by its value. The rest is written out from the line of the forward pass
that reads the quantity.
"""

from __future__ import annotations

import ast
from contextlib import suppress
from itertools import combinations
from typing import Any

import numpy as np

from backprop.check.chain_rule.rules import Rules
from backprop.check.chain_rule.terms import Term, name, number, tells
from backprop.check.chain_rule.words import DEEPEST
from backprop.check.passes.closed_forms import Closed
from backprop.check.passes.quantities import CLOSE, NOT_SAID, Failed, Reading, Story
from backprop.check.passes.trace import Visit
from backprop.check.remembered import remembered
from backprop.python.texts.gradients import bases
from backprop.python.values.tape import is_fraction

MOST_READERS = 5  # whose shares are added up in one line


class Chain(Rules):
    """The texts of gradients as they may stand at one visit of a line of the backward pass. `scale`: by which the
    user's gradients are multiplied throughout."""

    def __init__(self, story: Story, visit: Visit, atoms: dict[str, Any], torch: bool, scale: float = 1.0) -> None:
        super().__init__(story, visit, atoms, torch)
        self.scale = scale
        self.doing: set[int] = set()
        self.parts: dict[int, list[Term]] = {}  # the gradients of the parts of an expression
        self.sent: dict[tuple[int, int], Term | None] = {}  # what comes back from a reader; None where it is not said

    def gradient(self, place: int, depth: int = 0) -> Term:
        """The gradient of a quantity: under a name of the user's, or written out."""
        quantity = self.story.quantities[place]
        found = self.named_so(place) if tells(quantity.gradient) else None
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
            if not readers and np.ndim(quantity.gradient) == 0 and quantity.gradient == 1:
                return number(self.scale)
            for form in self.story.closed.get(place, ()):
                with suppress(*NOT_SAID):
                    return self.by_form(form, quantity.value, depth)
            cut = self.story.parts_of(place)
            if cut is not None:
                with suppress(*NOT_SAID):
                    return self.together(*cut, quantity.gradient, depth)
            if not 0 < len(readers) <= MOST_READERS:
                raise Failed
            return self.total(self.shares_of(place, readers, depth), quantity.value)
        finally:
            self.doing.discard(place)

    def named_so(self, place: int) -> Term | None:
        """What holds the gradient of a quantity: of several names the one that says so, `dP` of P where `dq` is as
        large."""
        quantity, known = self.story.quantities[place], self.story.trace.names
        alike: list[Term] = self.atoms.all(self.scale * quantity.gradient)
        for one in alike if len(alike) > 1 else ():
            pairs = [pair for base in bases(one.text) for pair in known.get(base, ())]
            if any(np.array_equal(ids, quantity.ids) for _, ids in pairs):
                return one
        return alike[0] if alike else None

    def divide(self, a: Term, b: Term) -> Term:
        """A quotient. What is multiplied by a number, which divides it later, is not divided by it here."""
        later = self.scale != 1 and a.is_number(self.scale) and np.size(b.value) == 1 and float(b.value) == self.scale
        return number(1.0) if later else super().divide(a, b)

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
        for text, value in self.known_atoms.items():
            if not is_fraction(value) or not np.ndim(value):
                continue
            numbers = self.taken(place, np.shape(value))
            if numbers is not None and np.shape(numbers) == np.shape(gradient):
                found = np.reshape(value, -1)[numbers]
                if np.allclose(found, gradient):
                    return Term(ast.Subscript(name(text), self.story.pieces[place], ast.Load()), found)
        return None

    @remembered
    def taken(self, place: int, shape: tuple[int, ...]) -> Any:
        """Which elements of an array the index takes with which an entry was written; None where it takes none here."""
        with suppress(Failed):
            return self.here.with_value(self.story.pieces[place], np.arange(int(np.prod(shape))).reshape(shape))
        return None

    def shares_of(self, place: int, readers: list[list[Reading]], depth: int = 0) -> list[Term]:
        """What comes back to a quantity: from what is not read but comes out itself, as an entry of an array, from
        several readers together where their sum has a name, and from each of the others."""
        left = self.story.quantities[place].gradient - sum(one[0].share for one in readers)
        comes = float(np.abs(left).max(initial=0.0)) > CLOSE * float(
            np.abs(self.story.quantities[place].gradient).max()
        )
        above = self.told(self.scale * left) if comes else None
        return [*([above] if above is not None else []), *self.shares_from(place, readers, depth)]

    def shares_from(self, place: int, readers: list[list[Reading]], depth: int) -> list[Term]:
        """The same without what comes out itself."""
        for count in range(len(readers), 1, -1) if len(readers) <= MOST_READERS else ():
            for some in combinations(readers, count):
                if (found := self.told(self.scale * sum(one[0].share for one in some))) is not None:
                    rest = [one for one in readers if not any(one is other for other in some)]
                    return [*self.shares_from(place, rest, depth), found]
        return [self.from_reader(place, one) if depth == 0 else self.share(one, depth) for one in readers]

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
        if (found := self.told(whole)) is not None:
            return found
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
                size = float((y.value * y.value).sum(axis=form.axes).flat[0])
                whole = abs(size - round(size)) < 1e-9 * size  # but for rounding
                along = self.divide(along, self.size(round(size), str(round(size))) if whole else number(size))
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
        return self.atoms.find(value) or self.made(value, depth)

    def over(self, a: Term, form: Closed) -> Term:
        """A term over what a quantity was divided by: under whatever name, or as one over it."""
        if not np.all(form.size):  # where rows are equal
            raise Failed
        for size in (form.size, np.squeeze(form.size, axis=form.axes)):
            for named, way in ((size, self.divide), (1 / size, self.multiply)):
                found = self.atoms.find(named)
                fits = found is not None and np.broadcast_shapes(np.shape(size), a.shape) == a.shape
                if fits and np.allclose(np.divide(a.value, size), a.value / form.size):
                    return way(a, found)
        return self.divide(a, self.made(form.size, 0))

    def inner(self, visit: Visit, root: ast.expr, whole: int) -> list[Term]:
        """The gradients of the parts of an expression, which have no name in the forward pass."""
        if whole not in self.parts:
            self.passed = []
            with suppress(*NOT_SAID):
                for _ in self.back(root, self.gradient(whole), self.room(visit), 0):
                    pass
            self.parts[whole], self.passed = self.passed, None
        return self.parts[whole]

    def from_reader(self, place: int, readings: list[Reading]) -> Term:
        """What comes back to a quantity from one of its readers; found once."""
        key = place, id(readings[0])
        if key not in self.sent:
            self.sent[key] = None
            with suppress(*NOT_SAID):
                self.sent[key] = self.share(readings)
        found = self.sent[key]
        if found is None:
            raise Failed
        return found
