"""Values of the forward pass in the words of the backward pass: under a name, or as the forward pass makes them."""

from __future__ import annotations

import ast
import copy
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.check.chain_rule.terms import Term, Terms, name, number
from backprop.check.passes.quantities import Failed, Room, Story
from backprop.check.passes.trace import Visit
from backprop.python.values.scope import Library

DEEPEST = 5  # lines of the forward pass that are written out inside each other


class Words(Terms):
    """What a line may call values of the forward pass."""

    def __init__(self, story: Story, visit: Visit, atoms: dict[str, Any], torch: bool) -> None:
        super().__init__(story, visit, atoms, torch)
        self.rooms: dict[int, Room] = {}

    def room(self, visit: Visit) -> Room:
        if id(visit) not in self.rooms:
            self.rooms[id(visit)] = Room(self.story.trace, visit)
        return self.rooms[id(visit)]

    def value(self, tree: ast.expr, room: Room, depth: int) -> Term:
        """A value of the forward pass, in the words of the backward pass."""
        value = room.value(tree)
        if (found := self.told(value)) is not None:
            return found
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
