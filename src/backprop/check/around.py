"""Cures that go around a name: led back over the line that gives the name its value.

A line can often be made right by writing out what it should have read, and then nobody reads the name any more. Where
the name's own line says nearly what was written out, that line is the faulty one, or is wrong, too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from backprop.check.derive import likeness
from backprop.check.differs import names
from backprop.check.edits import Edit
from backprop.check.look import Line
from backprop.check.search import Cure, Search, idle, put
from backprop.check.several import alike
from backprop.python.gradients import is_gradient

LIKE = 0.4  # how much a part of a cure is like the line that the name has its value from
MOST_PARTS = 4  # of a cure that are tried instead of a name


def led_back(search: Search, cures: Sequence[Cure]) -> list[Cure]:
    """The cures, or such as make everything right as well and go around no name."""
    if all(names(one.line.statement) <= names(one.edit.statements[-1]) for one in cures):
        return list(cures)  # none goes around a name: no run is needed to know
    before = put(cures)
    around = idle(search.derivation(before).trace, before) - idle(search.derivation({}).trace, {})
    for writer in search.lines:
        if writer.statement not in around or writer.statement in before or writer.visits > 1:
            continue
        for place, cure in enumerate(cures):
            for more in instead_of(cure, writer):
                found = [*cures[:place], *more, *cures[place + 1 :]]
                if search.judge.all_right(put(found)):
                    return found
    return list(cures)


def instead_of(cure: Cure, writer: Line) -> Iterator[list[Cure]]:
    """What a cure becomes that reads a name again: by itself where the name holds a part of it already, else with a
    cure of the line that gives the name its value."""
    new = cure.edit.statements[-1]
    name, old = assigned(writer.statement)
    if old is None or cure.edit.adds or name not in names(cure.line.statement) or name in names(new):
        return
    value = getattr(new, "value", None)
    parts = {ast.unparse(one): one for one in ast.walk(value) if isinstance(one, ast.expr)} if value is not None else {}
    ranked = sorted(
        ((likeness(text, ast.unparse(old)), text) for text, one in parts.items() if is_whole(one)), reverse=True
    )
    held = cure.line.value(name)
    for like, text in ranked[:MOST_PARTS]:
        read = rewritten(cure, text, name)
        part = cure.line.value(text)
        if is_gradient(part) and is_gradient(held) and alike([part], [held]):
            yield [read]
        elif like > LIKE:
            made = ast.parse(f"{name} = {text}").body
            yield [Cure(writer, Edit(made, ast.unparse(made[0]), None, cure.cost), cure.cost, frozenset()), read]


def assigned(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    """The name that a statement gives a value, and the value; None where it does something else."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, statement.value
    return "", None


def is_whole(tree: ast.expr) -> bool:
    """Whether a part of an expression is more than a name or a number, and can be read alone."""
    return not isinstance(tree, ast.Name | ast.Constant | ast.Slice | ast.Tuple | ast.Attribute)


def rewritten(cure: Cure, text: str, name: str) -> Cure:
    """A cure with a name wherever a text stands in it."""

    class Naming(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if isinstance(node, ast.expr) and ast.unparse(node) == text:
                return ast.Name(name, ast.Load())
            return self.generic_visit(node)

    statement = ast.parse(ast.unparse(Naming().visit(ast.parse(cure.edit.text)))).body
    return cure._replace(edit=cure.edit._replace(statements=statement, text=ast.unparse(statement[0])))
