"""The names that the trees of a text set, read and take."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence, Set
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

DEFINING = (
    ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Try, ast.If,
    ast.AugAssign, ast.Expr,
)  # fmt: skip
MOST_KEPT = 4096  # trees of which it is known what they read
ADDING = frozenset(["append", "extend", "insert", "update", "setdefault", "add", "add_argument", "set_defaults"])


def names_used(
    roots: list[Any], statements: list[ast.stmt], modules: Collection[str] = (),
    placing: Mapping[str, Set[str]] = MappingProxyType({}),
) -> set[str]:  # fmt: skip
    """The names that some trees read, also of modules, and that the statements read which define these."""
    used = {one.name for one in roots if isinstance(one, ast.FunctionDef | ast.ClassDef)}
    pending, left = roots, statements
    while pending:
        used.update(*[free(one, frozenset(modules)) for one in pending])
        pending = [one for one in left if is_used(one, used, placing)]
        left = [one for one in left if not is_used(one, used, placing)]
    return used


def is_used(statement: ast.stmt, used: set[str], placing: Mapping[str, Set[str]]) -> bool:
    """Whether what a statement sets is among the names that are used, or, where it does not compute, the attributes.
    `placing` has what each function reads that may be a decorator and put what it decorates there."""
    names = names_set(statement)
    dotted = isinstance(statement, DEFINING[:4]) and any(f".{name}" in used for name in names)
    by_text = "globals" in used and isinstance(statement, DEFINING[:2])  # globals()[name]
    decorators = statement.decorator_list if isinstance(statement, DEFINING[:2]) else []
    heads = [next((node.id for node in ast.walk(one) if isinstance(node, ast.Name)), "") for one in decorators]
    placed = any(not used.isdisjoint(placing.get(head, ())) for head in heads)
    return "*" in names or dotted or by_text or placed or not names.isdisjoint(used)


@lru_cache(MOST_KEPT)
def free(tree: ast.AST, modules: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names that a tree reads, also of modules, and its attributes with their dots; of functions in it, those that
    they do not set themselves."""
    found: set[str] = set()
    pending: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]
    while pending:
        node, own = pending.pop()
        if isinstance(node, ast.Name) and node.id not in own:
            found.add(node.id)
        elif isinstance(node, ast.Global):
            found.update(node.names)
        elif isinstance(node, ast.alias):
            found.update(node.name.split("."))
        elif isinstance(node, ast.Attribute):
            of_module = isinstance(node.value, ast.Name) and node.value.id in modules
            found.update([f".{node.attr}", node.attr] if of_module else [f".{node.attr}"])
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            body = node.body if isinstance(node.body, list) else [node.body]
            inner = own | own_names(node)
            pending += [(one, inner) for one in body]
            children = [one for one in children if one not in body]
        pending += [(one, own) for one in children]
    return frozenset(found)


@lru_cache(MOST_KEPT)
def own_names(function: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    """The parameters of a function, and what it sets."""
    nodes = list(ast.walk(function))
    parameters = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return frozenset(
        parameters | {one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    )


@cache
def names_set(statement: ast.stmt) -> set[str]:
    """The names that a statement at the top defines, or changes something of."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Try | ast.If):
        return {name for one in inside(statement) for name in names_set(one)}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    targets = [target for one in ast.walk(statement) if isinstance(one, ast.Assign) for target in one.targets]
    targets += [one.target for one in ast.walk(statement) if isinstance(one, ast.AugAssign | ast.AnnAssign)]
    if isinstance(statement, ast.Expr):  # `layers.append(…)`
        call = statement.value if isinstance(statement.value, ast.Call) else None
        adds = call is not None and isinstance(call.func, ast.Attribute) and call.func.attr in ADDING
        targets = [call.func.value] if adds else []  # type: ignore[union-attr]
    changed = {name for target in targets for name in changed_by(target)}
    nodes = [one for one in ast.walk(statement) if isinstance(one, ast.Name)]
    return changed | {one.id for one in nodes if isinstance(one.ctx, ast.Store)}


def changed_by(target: ast.expr) -> list[str]:
    """The names that a target sets or changes something of: of `err[rows, y]` it is `err`, and the rest is read."""
    if isinstance(target, ast.Tuple | ast.List):
        return [name for one in target.elts for name in changed_by(one)]
    if isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
        return changed_by(target.value)
    return [target.id] if isinstance(target, ast.Name) else []


def names_unset(statements: Sequence[ast.stmt], known: Collection[str]) -> list[str]:
    """The names that statements at the top read before one of them sets it, and that are not known, in their order."""
    found: dict[str, None] = {}
    seen = {*known}
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
            seen |= names_set(statement)
            continue
        plain = isinstance(statement, ast.Assign)
        read = statement.value if plain else statement  # type: ignore[attr-defined]
        own = seen if plain or isinstance(statement, ast.AugAssign) else seen | names_set(statement)
        wanted = free(read) - own
        nodes = [node for node in ast.walk(read) if isinstance(node, ast.Name) and node.id in wanted]
        found.update(dict.fromkeys(one.id for one in sorted(nodes, key=lambda one: (one.lineno, one.col_offset))))
        seen |= names_set(statement)
    return [*found]


def inside(statement: ast.stmt) -> list[ast.stmt]:
    """A statement, or in place of a `try` or an `if` what stands in it, what is done otherwise last."""
    if not isinstance(statement, ast.Try | ast.If):
        return [statement]
    handlers = statement.handlers if isinstance(statement, ast.Try) else []
    otherwise = [one for handler in handlers for one in handler.body]
    return [one for first in (*statement.body, *statement.orelse, *otherwise) for one in inside(first)]


def parameter_names(function: ast.FunctionDef) -> list[str]:
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def rest_name(function: ast.FunctionDef | None) -> str:
    """The parameter in which a function takes any number of arguments, `*tensors`; "" where there is none."""
    return function.args.vararg.arg if function is not None and function.args.vararg is not None else ""


def default_of(function: ast.FunctionDef | None, name: str) -> Any:
    """The plain value that a parameter has where nothing is given; ... for another, and where there is none."""
    if function is None:
        return ...
    positional = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    defaults = dict(zip(reversed(positional), reversed(function.args.defaults), strict=False))
    default = defaults.get(name)
    return default.value if isinstance(default, ast.Constant) else ...


def required_names(function: ast.FunctionDef) -> list[str]:
    """The parameters without a default."""
    given = function.args
    positional = [one.arg for one in (*given.posonlyargs, *given.args)]
    named = [one.arg for one, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value is None]
    return [*positional[: len(positional) - len(given.defaults)], *named]
