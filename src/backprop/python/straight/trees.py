"""What Python's own trees say by themselves: what is written out, what is assigned, what is called."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from backprop.errors.spans import Span

MAIN_GUARDS = {"__name__ == '__main__'", "'__main__' == __name__"}


def head(span: Span, text: str) -> Span:
    """The first line of a statement."""
    end = text.find("\n", span.start, span.end)
    return Span(span.start, end if end >= 0 else span.end)


def called(tree: ast.AST) -> str:
    """What Python calls a construct, in words."""
    words = {
        "For": "a loop", "While": "a loop", "If": "an if statement", "With": "a with statement", "ClassDef": "a class",
        "Lambda": "a lambda", "ListComp": "a comprehension", "Dict": "a dictionary", "Try": "a try statement",
        "JoinedStr": "a text",
        "BoolOp": "and, or", "Assign": "an assignment to several names at once", "Return": "an empty return",
        "Delete": "del",
        "Import": "an import", "ImportFrom": "an import", "Assert": "an assert", "Await": "await", "Starred": "*",
    }  # fmt: skip
    name = type(tree).__name__
    return words.get(name, f"{name} of Python's")


def is_aside(statement: ast.stmt) -> bool:
    """What computes nothing: a text, or what is done only when the file is run."""
    return is_docstring(statement) or is_main_guard(statement)


def is_call(tree: ast.expr, name: str) -> bool:
    """Whether this calls a function of that name, of any module."""
    function = tree.func if isinstance(tree, ast.Call) else None
    return getattr(function, "attr", getattr(function, "id", "")) == name


def shaped(tree: ast.expr) -> ast.expr | None:
    """What it is whose shape is asked for: x in `x.shape` and `np.shape(x)`."""
    if isinstance(tree, ast.Attribute) and tree.attr == "shape":
        return tree.value
    return tree.args[0] if isinstance(tree, ast.Call) and is_call(tree, "shape") and len(tree.args) == 1 else None


def places_of(subscript: ast.expr) -> list[ast.expr]:
    """The indices of a subscript, one an axis: `x[0, 1]` has two, `x[[0, 1]]` has one, which is a list."""
    return subscript.elts if isinstance(subscript, ast.Tuple) else [subscript]


def slice_behind_dots(places: list[ast.expr]) -> tuple[int, ast.expr] | None:
    """The axis and the place of one slice of an array, counted from the end: `x[..., 0]`, `x[..., 0, :]`; else None."""
    dots, *rest = places
    whole = [isinstance(place, ast.Slice) and ast.unparse(place) == ":" for place in rest]
    if ast.unparse(dots) != "..." or whole.count(False) != 1:
        return None
    at = whole.index(False)
    return (at - len(rest), rest[at]) if is_literal(rest[at]) else None


def is_written(place: ast.expr) -> bool:
    """Whether an index is written out: a number, a slice, a list of numbers."""
    parts = [place.lower, place.upper, place.step] if isinstance(place, ast.Slice) else [place]
    return all(part is None or is_literal(part) or ast.unparse(part) in ("None", "...") for part in parts)


def place_of(place: ast.expr) -> Any:
    """An index that is written out, as the table of gates has it."""
    if isinstance(place, ast.Slice):
        bounds = (place.lower, place.upper, place.step)
        return ("slice", *(None if bound is None else ast.literal_eval(bound) for bound in bounds))
    value = ast.literal_eval(place)
    return tuple(value) if isinstance(value, list) else value


def elements(tree: ast.expr) -> list[ast.expr]:
    """The elements of a list that is written out; anything else by itself."""
    return tree.elts if isinstance(tree, (ast.List, ast.Tuple)) else [tree]


def is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def is_main_guard(statement: ast.stmt) -> bool:
    """`if __name__ == "__main__":` is what a program does when it is run, and here nothing is."""
    return isinstance(statement, ast.If) and ast.unparse(statement.test) in MAIN_GUARDS and not statement.orelse


def is_truth(tree: ast.expr) -> bool:
    """A list of True and False."""
    if not isinstance(tree, (ast.List, ast.Tuple)) or not tree.elts:
        return False
    return all(is_truth(one) or (isinstance(one, ast.Constant) and isinstance(one.value, bool)) for one in tree.elts)


def is_literal(tree: ast.expr) -> bool:
    """A plain number, or a list of them."""
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, (ast.USub, ast.UAdd)):
        tree = tree.operand
    if isinstance(tree, (ast.List, ast.Tuple)):
        return bool(tree.elts) and all(is_literal(element) for element in tree.elts) and not is_truth(tree)
    return isinstance(tree, ast.Constant) and isinstance(tree.value, (int, float))


def targets(target: ast.expr) -> list[str]:
    """The names that an assignment's left side sets."""
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def assigned(body: Iterable[ast.stmt]) -> list[str]:
    """Every name that is assigned, as often as it is."""
    names: list[str] = []
    for statement in body:
        if isinstance(statement, ast.Assign):
            names += [name for target in statement.targets for name in targets(target)]
        elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
            names += targets(statement.target)
    return names


def on_numbers(tree: ast.Module) -> ast.Module:
    """A script on the values of micrograd as one on numbers: `Value(2.0)` is 2.0, and it ends where it says
    `g.backward()`, of which g is then the output."""
    imported = [one for one in tree.body if isinstance(one, ast.ImportFrom) and one.module == "micrograd.engine"]
    names = {alias.asname or alias.name for one in imported for alias in one.names}
    if not names:
        return tree

    class Opened(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            self.generic_visit(node)
            made = isinstance(node.func, ast.Name) and node.func.id in names and len(node.args) == 1
            return node.args[0] if made else node

    for place, statement in enumerate(tree.body):
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "backward":
            last = assigned(tree.body[:place])[-1:] == [getattr(call.func.value, "id", "")]
            tree.body[place:] = [] if last else [ast.copy_location(ast.Expr(call.func.value), statement)]
            break
    return Opened().visit(tree)  # type: ignore[no-any-return]
