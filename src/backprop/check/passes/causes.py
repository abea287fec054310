"""What a line says otherwise than the right one: the name of the mistake, by what differs in their texts."""

from __future__ import annotations

import ast
import copy
from collections import Counter

TURNS = ("transpose", "swapaxes", "permute", "t", "moveaxis")
SUMS = ("sum", "mean")
LEAVES = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant)
PRODUCTS = ("dot", "matmul", "mm", "bmm")


def cause_between(old: ast.stmt, new: ast.stmt, above: set[str]) -> str | None:
    """The name of the mistake in a line, given the right one; None where it has none.

    `above` are the names of gradients from above.
    """
    found = cause_of(old, new)
    if found == "no-local" and above & (values_in(new) - values_in(old)):
        return "no-upstream"
    return found


def names(tree: ast.AST) -> set[str]:
    """The names in a tree."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def values_in(tree: ast.AST) -> set[str]:
    """The names whose values a tree takes, not only their shapes."""
    shapes = [
        part
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in ("shape", "size", "ndim"))
        or (isinstance(node, ast.Call) and called(node).endswith("_like"))
        for part in ast.walk(node)
    ]
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in shapes}


def cause_of(old: ast.stmt, new: ast.stmt) -> str | None:
    if type(old) is not type(new):
        scales = any(isinstance(getattr(one, "op", None), ast.Mult | ast.Div) for one in (old, new))
        if isinstance(new, ast.AugAssign):
            return "no-upstream" if scales else "overwrites"
        return "factor" if scales else "counted-twice"
    before, after = getattr(old, "value", None), getattr(new, "value", None)
    if not isinstance(before, ast.expr) or not isinstance(after, ast.expr):
        return None
    if isinstance(before, ast.Constant) and before.value == 0:  # nothing was there yet
        return "missing-share"
    return between(Same().visit(copy.deepcopy(before)), Same().visit(copy.deepcopy(after)))


class Same(ast.NodeTransformer):
    """Sums and means written in one way: `x.sum(axis=0)`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if called(node) not in SUMS or not isinstance(node.func, ast.Attribute):
            return node
        base, arguments = node.func.value, list(node.args)
        if isinstance(base, ast.Name) and base.id in ("np", "torch", "jnp") and arguments:
            base = arguments.pop(0)
        named = [ast.keyword("axis", arguments[0])] if arguments else []
        named += [ast.keyword({"dim": "axis", "keepdim": "keepdims"}.get(one.arg or "", one.arg), one.value)
                  for one in node.keywords]  # fmt: skip
        return ast.Call(ast.Attribute(base, node.func.attr, ast.Load()), [], named)


def between(old: ast.expr, new: ast.expr) -> str | None:
    """The name of what differs in two expressions."""
    if isinstance(new, ast.IfExp) and not isinstance(old, ast.IfExp):
        branches = [one for one in (new.body, new.orelse) if ast.dump(one) != ast.dump(old)]
        return between(old, branches[0]) if len(branches) == 1 else None
    if isinstance(old, ast.Tuple) and isinstance(new, ast.Tuple) and len(old.elts) == len(new.elts):
        pairs = [(a, b) for a, b in zip(old.elts, new.elts, strict=True) if ast.dump(a) != ast.dump(b)]
        return between(*pairs[0]) if len(pairs) == 1 else "not-swapped"
    if of_terms(old) == of_terms(new) or (turns(old) != turns(new) and moved(old) == moved(new)):
        return "transposed"
    mine, right = Counter(map(str, terms(old))), Counter(map(str, terms(new)))
    if mine != right:
        if not mine - right:
            return "missing-share"
        if not right - mine:
            return "counted-twice"
        if Counter(map(flipped, mine)) == right or Counter(map(flipped, mine - right)) == right - mine:
            return "sign"
    return by_factors(old, new) or by_sums(old, new) or by_place(old, new) or by_one_factor(old, new)


def of_terms(tree: ast.AST) -> list[tuple[int, list[str]]]:
    """What each term of a sum computes with, whichever way matrices are turned and multiplied."""
    return sorted((way, plain(one)) for way, one in signed(tree))


def is_turned(old: ast.stmt, new: ast.stmt) -> bool:
    """Whether two lines multiply the same matrices, the other way round or turned."""
    products = any(
        (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult))
        or (isinstance(node, ast.Call) and called(node) in PRODUCTS)
        for node in ast.walk(old)
    )  # fmt: skip
    ordered = any(isinstance(node, ast.Sub | ast.Div | ast.Pow) for node in ast.walk(old))
    return products and not ordered and of_terms(value_of(old)) == of_terms(value_of(new))


def value_of(statement: ast.stmt) -> ast.AST:
    """What a statement computes."""
    return getattr(statement, "value", None) or statement


def by_place(old: ast.expr, new: ast.expr) -> str | None:
    """What differs in the only place where two expressions do: another quantity is read there, or it says more."""
    if any(isinstance(old, kind) and isinstance(new, kind) for kind in (LEAVES, ast.Compare)):
        return "wrong-point"
    if type(old) is not type(new):
        return None
    pairs = []
    for field, one in ast.iter_fields(old):
        other = getattr(new, field)
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            pairs += list(zip(one, other, strict=True))
        elif not isinstance(one, list):
            pairs.append((one, other))
        else:
            return None
    differ = [(a, b) for a, b in pairs if tree_text(a) != tree_text(b)]
    if len(differ) != 1 or not all(isinstance(one, ast.expr) for one in differ[0]):
        return None
    return between(*differ[0])


def tree_text(tree: object) -> str:
    return ast.dump(tree) if isinstance(tree, ast.AST) else repr(tree)


def flipped(text: str) -> str:
    return text[1:] if text.startswith("-") else "-" + text


def by_factors(old: ast.expr, new: ast.expr) -> str | None:
    """A factor more or less in one of the terms."""
    mine, right = terms(old), terms(new)
    less = [one for one in mine if str(one) not in {str(other) for other in right}]
    more = [one for one in right if str(one) not in {str(other) for other in mine}]
    if not less and more:
        return "missing-share"
    if len(less) == len(more) == 1 and type(old) is type(new) and isinstance(old, ast.BinOp):
        inner = by_place(old, new)
        if inner in ("missing-share", "counted-twice", "sign"):
            return inner  # in one of the factors
    if len(less) != 1 or len(more) != 1:
        return "missing-share" if len(more) > len(less) else None
    had, needed = less[0].factors, more[0].factors
    if not had - needed and needed - had:
        more_of = needed - had
        if more_of.keys() <= had.keys():
            return "wrong-point"  # another power of it
        return "factor" if all(is_number(text.lstrip("/")) for text in more_of) else "no-local"
    if not needed - had and had - needed:
        return "factor"
    return None


def by_one_factor(old: ast.expr, new: ast.expr) -> str | None:
    """Another quantity in the place of a factor, in whatever order they stand."""
    mine, right = terms(old), terms(new)
    if len(mine) != 1 or len(right) != 1:
        return None
    had, needed = mine[0].factors, right[0].factors
    return "wrong-point" if (had - needed).total() == (needed - had).total() == 1 < had.total() else None


def by_sums(old: ast.expr, new: ast.expr) -> str | None:
    """Sums along other axes, or sums that are missing."""
    mine, right = sums(old), sums(new)
    if mine == right:
        return None
    whole = (
        new.func.value
        if isinstance(new, ast.Call) and called(new) == "reshape" and isinstance(new.func, ast.Attribute)
        else new
    )
    if not mine and isinstance(whole, ast.Call) and called(whole) in SUMS:
        return "not-summed"
    if sum(mine.values()) == sum(right.values()):
        return "wrong-axis"
    return "not-summed" if sum(right.values()) > sum(mine.values()) and bare(old) == bare(new) else None


def sums(tree: ast.expr) -> Counter[str]:
    """The sums in an expression, by their axes."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in SUMS:
            named = {one.arg: ast.unparse(one.value) for one in node.keywords}
            found[named.get("axis", named.get("dim", ast.unparse(node.args[-1]) if node.args else ""))] += 1
    return found


class Term:
    """One term of a sum: its sign and its factors."""

    def __init__(self, tree: ast.expr, negative: bool) -> None:
        self.factors = Counter(factors(tree))
        negative ^= self.factors.pop("-", 0) % 2 == 1
        self.text = ("-" if negative else "") + " * ".join(sorted(self.factors.elements()))

    def __str__(self) -> str:
        return self.text


def terms(tree: ast.expr) -> list[Term]:
    """The terms of a sum."""
    return [Term(one, way < 0) for way, one in signed(tree)]


def signed(tree: ast.AST, way: int = 1) -> list[tuple[int, ast.expr]]:
    """The terms of a sum with their signs."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Sub):
        return [*signed(tree.left, way), *signed(tree.right, way if isinstance(tree.op, ast.Add) else -way)]
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return signed(tree.operand, -way)
    return [(way, tree)] if isinstance(tree, ast.expr) else []


def factors(tree: ast.expr) -> list[str]:
    """The factors of a product, those below a bar with one before them; a sign is one, too."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult):
        return [*factors(tree.left), *factors(tree.right)]
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div):
        return [*factors(tree.left), *(f"/{one}" for one in factors(tree.right))]
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return ["-", *factors(tree.operand)]
    return [ast.unparse(tree)]


def is_number(text: str) -> bool:
    """Whether a factor is a number, a length, or a plain setting."""
    try:
        float(text)
    except ValueError:
        return ".shape[" in text or "len(" in text or (text.isidentifier() and text.isupper())
    return True


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def plain(tree: ast.AST) -> list[str]:
    """The names in an expression and what is done to them, whichever way matrices are turned and multiplied."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in ("np", "torch"):
            found.append(node.id)
        elif isinstance(node, ast.Attribute) and node.attr not in ("T", *TURNS, *PRODUCTS, "einsum"):
            found.append(node.attr)
        elif isinstance(node, ast.BinOp | ast.UnaryOp) and not isinstance(node.op, ast.MatMult):
            found.append(type(node.op).__name__)
        elif isinstance(node, ast.Constant) and not (isinstance(node.value, str) and "->" in node.value):
            found.append(repr(node.value))
    return sorted(found)


def turns(tree: ast.AST) -> Counter[str]:
    """The turns of arrays in an expression, with their axes."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node) in TURNS]
    return Counter([f"{called(one)}{[ast.unparse(axis) for axis in one.args]}" for one in calls])


def moved(tree: ast.AST) -> list[str]:
    """What an expression computes with, but for how that is turned and shaped."""
    shaped = [
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in (*TURNS, "reshape", "view")
        for one in node.args
        for part in ast.walk(one)
    ]
    kinds = (ast.Name, ast.BinOp, ast.UnaryOp, ast.Subscript, ast.Compare)
    nodes = [node for node in ast.walk(tree) if isinstance(node, kinds) and node not in shaped]
    return sorted(
        [node.id if isinstance(node, ast.Name) else type(getattr(node, "op", node)).__name__ for node in nodes]
    )


def bare(tree: ast.expr) -> list[str]:
    """The same without sums."""
    return [one for one in plain(tree) if one not in SUMS]
