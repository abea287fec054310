"""The chain rule through what sums, turns, repeats and joins: the axes that go away come back, and the reverse."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from backprop.check.chain_rule.terms import Named, Sent, Term, name, number
from backprop.check.chain_rule.words import Words
from backprop.check.passes.quantities import Failed, Room
from backprop.numbers.shapes import Shape
from backprop.python.values.tape import is_fraction


class Shapes(Words):
    """The rules of reductions, and of functions that only arrange elements."""

    def back(self, tree: ast.expr, g: Term, room: Room, depth: int) -> Sent:
        """What goes back from an expression to the quantities that it reads."""
        raise NotImplementedError

    def shaped(self, g: Term, shape: Shape, like: ast.expr, room: Room, depth: int) -> Term:
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

    def permuted(self, called: str, operands: list[ast.expr], g: Term, room: Room, depth: int, whole: Shape) -> Sent:
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

    def axes(self, operands: list[ast.expr], named: Named, room: Room) -> tuple[tuple[int, ...], bool]:
        """The axes of a reduction, and whether they are kept."""
        count = np.ndim(room.value(operands[0]))
        axis = room.value(operands[1]) if len(operands) > 1 else None
        for key in ("axis", "dim"):
            axis = room.value(named[key]) if key in named else axis
        kept = any(bool(room.value(named[key])) for key in ("keepdims", "keepdim") if key in named)
        if axis is None:
            return tuple(range(count)), kept
        return tuple(sorted(one % count for one in ((axis,) if isinstance(axis, int) else axis))), kept

    def expanded(self, operands: list[ast.expr], named: Named, g: Term, room: Room, depth: int) -> Term:
        """A gradient on a sum, with the axes that went away, of one element each."""
        axes, kept = self.axes(operands, named, room)
        count = np.ndim(room.value(operands[0]))
        if kept or len(axes) == count or axes == tuple(range(len(axes))) or not g.shape:
            return g
        index = tuple([None if axis in axes else slice(None) for axis in range(count)])
        text = ", ".join("None" if axis in axes else ":" for axis in range(count))
        return self.known(name(f"({g.text})[{text}]"), np.asarray(g.value)[index])

    def reduced(self, called: str, operands: list[ast.expr], named: Named, g: Term, room: Room, depth: int) -> Sent:
        g = self.expanded(operands, named, g, room, depth)
        if called == "mean":
            axes, _ = self.axes(operands, named, room)
            g = self.divide(g, self.count(axes, operands[0], room, depth))
        yield from self.back(operands[0], g, room, depth)

    def spread_of(
        self, called: str, tree: ast.Call, operands: list[ast.expr], named: Named, g: Term, room: Room, depth: int
    ) -> Sent:
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
        count = self.count(axes, base, room, depth)
        if called == "var":
            term = self.divide(self.multiply(self.multiply(number(2), found), g), count)
        else:
            root = self.expanded(operands, named, self.value(tree, room, depth), room, depth)
            term = self.divide(self.divide(self.multiply(g, found), root), count)
        yield from self.back(base, term, room, depth)

    def count(self, axes: tuple[int, ...], base: ast.expr, room: Room, depth: int) -> Term:
        """How many elements there are along some axes, by a name if there is one."""
        inner = np.shape(room.value(base))
        count = int(np.prod([inner[axis] for axis in axes]))
        if count in self.numbers and count > 1:
            return Term(name(self.numbers[count]), count)
        try:
            like = self.value(base, room, depth)
        except Failed:
            return number(count)
        if len(axes) == len(inner) and len(axes) > 1:
            return Term(ast.Attribute(like.tree, "size", ast.Load()), count)
        lengths = [name(f"({like.text}).shape[{axis}]") for axis in axes]
        tree = lengths[0]
        for one in lengths[1:]:
            tree = ast.BinOp(tree, ast.Mult(), one)
        return Term(tree, count)

    def copied(
        self, called: str, operands: list[ast.expr], named: Named, g: Term, room: Room, depth: int, whole: Shape
    ) -> Sent:
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
        self, called: str, parts: ast.Tuple | ast.List, more: list[ast.expr], named: Named, g: Term,
        room: Room, depth: int, whole: Shape,
    ) -> Sent:  # fmt: skip
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
