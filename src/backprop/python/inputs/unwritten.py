"""Passes that still wait to be written, as an assignment hands them out: `dx = None`, `pass`, `raise
NotImplementedError`, zeros under a mark."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import NamedTuple

from backprop.python.inputs.examples import root
from backprop.python.names import MOST_KEPT, parameter_names
from backprop.python.pairs.pair import Pair
from backprop.python.texts.functions import inner_functions, is_abstract, left_open, refusal
from backprop.python.texts.source import Code

MARK = re.compile(  # what an assignment says where something is to be written
    r"#.*?(TODO|FIXME|(your|start|own) code|code here|fill (in|this|out|me)|implement|complete (the|this)|\?\?\?)"
    r"|[\"'].*?(your code|code here)",
    re.IGNORECASE,
)
ZEROS = re.compile(
    r"(np|numpy|torch|xp|cp)\.(zeros|empty)(_like)?\(.*\)|0(\.0*)?|\{\}|\[\]|dict\(\)|list\(\)", re.DOTALL
)


class Waiting(NamedTuple):
    """A function that is not written yet, and the line that shows it."""

    function: str
    line: int

    def __str__(self) -> str:
        return f"{self.function} is not written yet: line {self.line}"


class Kept(NamedTuple):
    """What is put under a name in a function: the lines of nothing, of zeros, and of anything else."""

    nothing: list[int]
    zeros: list[int]
    others: list[int]


def waiting(code: Code, pair: Pair) -> Waiting | None:
    """What of a pair is not written yet, so that there is nothing to judge."""
    for one in dict.fromkeys([pair.forward, pair.backward]):
        if one is not None and (line := line_of(code, one)) is not None:
            return Waiting(f"{pair.class_name}.{one.name}".lstrip("."), line)
    return None


def waiting_below(code: Code, pair: Pair) -> Waiting | None:
    """Such a function among those that a pair calls."""
    functions = code.functions()
    called = {node.id for one in (pair.forward, pair.backward) if one is not None for node in ast.walk(one)
              if isinstance(node, ast.Name)}  # fmt: skip
    for name in called & functions.keys():
        if (line := line_of(code, functions[name])) is not None:
            return Waiting(name, line)
    return None


def line_of(code: Code, function: ast.FunctionDef) -> int | None:
    """The line of a function that shows that it is not written yet; None where it is."""
    if refusal(function) is not None:
        return None
    if is_abstract(function):
        return (left_open(function) or function.body)[-1].lineno
    raised = next((one for one in left_open(function) if isinstance(one, ast.Raise) and not told_why(one)), None)
    if raised is not None:
        return raised.lineno
    if ast.unparse(function.body[-1]) in ("return NotImplemented", "return NotImplementedError"):
        return function.body[-1].lineno
    taken = next(filter(takes_nothing, ast.walk(function)), None)
    if isinstance(taken, ast.stmt):
        return taken.lineno
    kept = kept_in(function)
    read = names_needed(function)
    for name, one in kept.items():
        if one.nothing and not one.zeros and not one.others and name in read:
            return one.nothing[-1]
    results = [name for name in results_of(function) if name in kept]
    if not results or len(results) < len(results_of(function)) or {*results} & {*parameter_names(function)}:
        return None
    if any(kept[name].others for name in results):
        return None
    if all(not kept[name].zeros for name in results) or is_marked(code, function):
        return max((line for name in results for line in (*kept[name].nothing, *kept[name].zeros)), default=None)
    return None


def line_of_gradient(code: Code, pair: Pair, name: str) -> int | None:
    """The line in which the gradient of an input is left as it was handed out, while the rest is written."""
    for function in (pair.backward,) if pair.backward is not None else ():
        for key, one in kept_in(function).items():
            left = not one.others and (one.nothing or (one.zeros and is_marked(code, function)))
            if left and name in pair.bases(key.removeprefix("self.")):
                return max([*one.nothing, *one.zeros])
    return None


def is_nothing(tree: ast.AST) -> bool:
    """None, or as many rounds: `range(None)`."""
    inner = tree.args[0] if isinstance(tree, ast.Call) and len(tree.args) == 1 else tree
    return isinstance(inner, ast.Constant) and inner.value is None


def takes_nothing(statement: ast.AST) -> bool:
    """Whether a loop goes over as many rounds, `reversed(range(None))`, or None is taken apart, `n, m = None`, or
    added: `dw += None`."""
    if isinstance(statement, ast.AugAssign):
        return is_nothing(statement.value)
    if isinstance(statement, ast.For):
        calls = [one for one in ast.walk(statement.iter) if isinstance(one, ast.Call)]
        return any(map(is_nothing, [statement.iter, *calls]))
    parted = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple)
    return parted and is_nothing(statement.value)  # type: ignore[attr-defined]


def told_why(statement: ast.Raise) -> bool:
    """Whether an error is given a reason: there is no gradient, and it is not that one is still to be written."""
    return isinstance(statement.exc, ast.Call) and bool(statement.exc.args)


def is_marked(code: Code, function: ast.FunctionDef) -> bool:
    """Whether a function has a mark that something is to be written, or a `pass` beside other statements."""
    if any(isinstance(one, ast.Pass) for one in function.body):
        return True
    part = next((part for part in code.parts if any(one is function for one in ast.walk(part.tree))), None)
    lines = part.source.lines[function.lineno - 1 : function.end_lineno] if part is not None else []
    return any(map(MARK.search, lines))


@lru_cache(MOST_KEPT)
def kept_in(function: ast.FunctionDef) -> dict[str, Kept]:
    """What is put under each name and each attribute in a function and those inside it."""
    found: dict[str, Kept] = {}
    for node in ast.walk(function):
        for target, value in puts(node):
            base = target
            while isinstance(base, ast.Subscript | ast.Starred):  # `dx[i] = …` makes `dx`
                base = base.value
            kept = found.setdefault(ast.unparse(base), Kept([], [], []))
            plain = value if base is target or is_nothing(value) else node  # `Z[i, j] = None`
            if isinstance(plain, ast.Call) and ast.unparse(root(plain)) == ast.unparse(base):
                continue  # `out = out.astype(x.dtype)`
            place = kept.others
            if isinstance(plain, ast.Constant) and is_nothing(plain):
                place = kept.nothing
            elif isinstance(plain, ast.expr) and ZEROS.fullmatch(ast.unparse(plain)):
                place = kept.zeros
            place.append(target.lineno)
    for name in used_in(function):
        if name in found and found[name].zeros:
            found[name].others.append(function.lineno)
    return found


def puts(node: ast.AST) -> list[tuple[ast.expr, ast.AST]]:
    """The targets of a statement, each with what it gets."""
    if isinstance(node, ast.Assign):
        pairs: list[tuple[ast.expr, ast.AST]] = [(one, node.value) for one in node.targets]
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        pairs = [(node.target, node.value)]
    elif isinstance(node, ast.AugAssign | ast.For | ast.NamedExpr | ast.comprehension):
        pairs = [(node.target, node)]
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        pairs = [(node.optional_vars, node)]
    else:
        return []
    found = []
    for target, value in pairs:
        if not isinstance(target, ast.Tuple | ast.List):
            found.append((target, value))
            continue
        several: list[ast.AST] = []
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            several = [*value.elts]
        nothing = is_nothing(value)  # `(a, b) = None`
        pairs += zip(target.elts, several or [value if nothing else node] * len(target.elts), strict=True)
    return found


def used_in(function: ast.FunctionDef) -> set[str]:
    """What a function reads, so that it may be changed there, or under another name: all but what is only handed back,
    put together, or claimed."""
    left = {id(one) for node in ast.walk(function) if isinstance(node, ast.Return | ast.Dict | ast.Assert)
            for one in ast.walk(node)}  # fmt: skip
    nodes = [node for node in ast.walk(function) if id(node) not in left and isinstance(node, ast.Name | ast.Attribute)]
    return {ast.unparse(node) for node in nodes if isinstance(node.ctx, ast.Load)}


def names_needed(function: ast.FunctionDef) -> set[str]:
    """The names whose value must be something, if all of a function is to run: of what an attribute is taken, an
    element, or which is computed with."""
    body = [
        one for one in function.body if isinstance(one, ast.Assign | ast.AugAssign | ast.Assert | ast.Return | ast.Expr)
    ]
    needed: list[ast.expr] = []
    for node in [node for statement in body for node in ast.walk(statement)]:
        if isinstance(node, ast.Attribute | ast.Subscript):
            needed.append(node.value)
        elif isinstance(node, ast.BinOp):
            needed += [node.left, node.right]
    return {one.id for one in needed if isinstance(one, ast.Name)}


def results_of(function: ast.FunctionDef) -> list[str]:
    """The names of what a function returns in the end, which is no cache; those in a dictionary, too."""
    returned = [one for one in function.body if isinstance(one, ast.Return)]
    if len(returned) != 1 or returned[0].value is None or inner_functions(function):
        return []
    value = returned[0].value
    parts = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
    assigned = {ast.unparse(one.targets[0]): one.value for one in function.body if isinstance(one, ast.Assign)}
    found: list[str] = []
    for one in parts:
        meant = assigned.get(one.id) if isinstance(one, ast.Name) else one
        if isinstance(meant, ast.Dict) and meant.values:
            found += [ast.unparse(its) for its in meant.values]
        elif not (isinstance(one, ast.Name) and re.search("cache|mask|mode", one.id)):
            found.append(ast.unparse(one))
    return found
