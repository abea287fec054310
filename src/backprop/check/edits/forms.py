"""What an expression of a backward pass may be instead, by its form: another operator, axis, order or number."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from itertools import combinations
from typing import Any, TypeGuard

from backprop.check.edits.visible import Visible, nodes_in

Options = Iterator[tuple[ast.expr | str, str | None, float]]  # each with its cause and its cost
LIKE = (
    ("sum", "mean", "factor"), ("mean", "sum", "factor"), ("maximum", "minimum", "wrong-point"),
    ("minimum", "maximum", "wrong-point"), ("exp", "log", "wrong-point"), ("log", "exp", "wrong-point"),
    ("sin", "cos", "wrong-point"), ("cos", "sin", "wrong-point"), ("zeros_like", "ones_like", "factor"),
    ("ones_like", "zeros_like", "factor"), ("argmax", "argmin", "wrong-point"),
    ("scatter_", "scatter_add_", "overwrites"), ("tril", "triu", "wrong-point"), ("triu", "tril", "wrong-point"),
    ("max", "min", "wrong-point"), ("min", "max", "wrong-point"), ("max", "sum", "wrong-point"),
    ("clone", "exp", "wrong-point"), ("copy", "exp", "wrong-point"), ("vstack", "hstack", "wrong-axis"),
    ("hstack", "vstack", "wrong-axis"), ("set", "add", "overwrites"), ("ones", "zeros", "counted-twice"),
    ("zeros", "ones", "missing-share"), ("sigmoid", "softmax", "wrong-point"), ("softmax", "sigmoid", "wrong-point"),
    ("tanh", "sigmoid", "wrong-point"), ("sigmoid", "tanh", "wrong-point"),
    ("convolve2d", "correlate2d", "wrong-point"), ("correlate2d", "convolve2d", "wrong-point"),
    ("convolve", "correlate", "wrong-point"), ("correlate", "convolve", "wrong-point"),
)  # fmt: skip
LONGEST_SLICE = 24
STRANGE = 0.45  # what it costs more that a text calls a function nowhere
MOST_HELPERS = 12  # by which another one's call is replaced
MOST_NAMES = 6  # in a sum, of which two are exchanged
COPIES = ("copy", "clone", "item", "detach", "astype")
LIBRARIES = frozenset(["np", "numpy", "torch", "F", "math", "scipy"])
OPPOSITES = {ast.Gt: "<=", ast.LtE: ">", ast.Lt: ">=", ast.GtE: "<", ast.Eq: "!=", ast.NotEq: "=="}
MIRRORED = {ast.Gt: "<", ast.LtE: ">=", ast.Lt: ">", ast.GtE: "<="}
SUMS, PRODUCTS = (ast.Add, ast.Sub), (ast.Mult, ast.Div)


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def factors_of(node: ast.expr) -> list[ast.expr]:
    """The factors of a product of products."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*factors_of(node.left), *factors_of(node.right)]
    return [node]


def cloned(tree: Any) -> Any:
    """A copy of a tree, as `copy.deepcopy` makes one, but fast: what has nothing inside stays what it is."""
    if not isinstance(tree, ast.AST) or not tree._fields:
        return tree
    made = type(tree).__new__(type(tree))
    for name, value in vars(tree).items():
        made.__dict__[name] = [cloned(one) for one in value] if isinstance(value, list) else cloned(value)
    return made


def replaced(tree: Any, others: Mapping[str, ast.expr]) -> Any:
    """A copy of a tree with other expressions wherever some stand, which go by their texts."""

    class Putting(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            other = others.get(ast.unparse(node)) if isinstance(node, ast.expr) else None
            return self.generic_visit(node) if other is None else other

    return Putting().visit(cloned(tree))


@cache
def literals(text: str) -> list[str]:
    """The fractions that a text has, the first ones: a slope, a rate, a small number."""
    found = [
        repr(one.value) for one in nodes_in(text) if isinstance(one, ast.Constant) and isinstance(one.value, float)
    ]
    return list(dict.fromkeys(found))[:8]


@cache
def numbers_in(text: str) -> list[str]:
    """The numbers that a text has, the first ones: a bound."""
    found = [one.value for one in nodes_in(text) if isinstance(one, ast.Constant) and type(one.value) in (int, float)]
    return [repr(one) for one in dict.fromkeys(found)][:8]


@cache
def made_in(text: str) -> set[str]:
    """The names and attributes that a text gives a value of their own."""
    made = [
        one for one in nodes_in(text) if isinstance(one, ast.Assign) and isinstance(one.value, ast.Call | ast.BinOp)
    ]
    return {ast.unparse(goal) for one in made for goal in one.targets}


@cache
def indices_in(text: str) -> list[ast.Tuple]:
    """The indices of several places that a text has."""
    found = [one.slice for one in nodes_in(text) if isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Tuple)]
    return list({ast.unparse(one): one for one in found}.values())[:12]


@cache
def slices_in(text: str) -> list[str]:
    """The slices that a text has, the short ones."""
    found = dict.fromkeys(ast.unparse(one) for one in nodes_in(text) if isinstance(one, ast.Slice))
    return [one for one in found if one != ":" and len(one) < LONGEST_SLICE][:12]


@cache
def counters_in(text: str) -> list[str]:
    """The names that the loops of a text give values."""
    goals = [one for loop in nodes_in(text) if isinstance(loop, ast.For) for one in ast.walk(loop.target)]
    return list(dict.fromkeys(one.id for one in goals if isinstance(one, ast.Name)))


@cache
def helpers_in(text: str) -> dict[str, tuple[int, int]]:
    """The functions and methods that a text has, with how many arguments they take, and how many they need."""
    made = [one for one in nodes_in(text) if isinstance(one, ast.FunctionDef)]
    return {one.name: (len(one.args.args), len(one.args.args) - len(one.args.defaults)) for one in made}


def other_axes(tree: ast.Tuple) -> Iterator[tuple[int, ...]]:
    """Several axes with one more, one less, or another one."""
    try:
        axes = tuple(ast.literal_eval(tree))
    except ValueError:
        return
    for axis in range(5):
        if axis not in axes:
            yield tuple(sorted((*axes, axis)))
            for one in axes:
                yield tuple(sorted((*(other for other in axes if other != one), axis)))
    for one in axes if len(axes) > 1 else ():
        yield tuple(other for other in axes if other != one)


def subscripts(equation: str) -> Iterator[str]:
    """The subscripts of an einsum with two letters of one operand exchanged, or another letter in a place."""
    letters = sorted(set(equation) - set(",->. "))
    for place, letter in enumerate(equation):
        if letter not in letters:
            continue
        for other in letters:
            if other != letter:
                yield equation[:place] + other + equation[place + 1 :]
        for later in range(place + 1, len(equation)):
            if equation[later] not in letters:
                break
            yield equation[:place] + equation[later] + equation[place + 1 : later] + letter + equation[later + 1 :]


def of(node: ast.expr, role: str, seen: Visible) -> Options:
    """What a node may be by its own form."""
    if isinstance(node, ast.BinOp):
        yield from operations(node, seen)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand, *(("sign", 0.9) if role != "index" else ("wrong-point", 1.6))
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
        costs = {MIRRORED.get(type(node.ops[0])): 0.85, OPPOSITES.get(type(node.ops[0])): 1.05}
        yield from (
            (f"({left} {sign} {right})", "wrong-point", costs.get(sign, 1.3))
            for sign in (">", "<", "<=", ">=", "==", "!=")
        )
        yield from ((one, "wrong-point", 1.4) for one in other_bounds(node, left, seen))
        yield node.left, "wrong-point", 1.6
        yield from ((f"({left} == {text})", "wrong-point", 1.9) for text in widened(node.left, seen))
    elif isinstance(node, ast.Call):
        yield from calls(node, seen)
    elif isinstance(node, ast.Slice):
        yield from slices(node, seen)
    elif isinstance(node, ast.Tuple) and role == "index":
        yield from ((one, "wrong-point", 1.7) for one in indices_in(seen.text))


def other_bounds(node: ast.Compare, left: str, seen: Visible) -> Iterator[str]:
    """What is on one side of a bound, and on the other side of another one, as of a clip."""
    sign = MIRRORED.get(type(node.ops[0]))
    kind = seen.kind(node.left)
    if sign is not None and kind is not None and kind.shape:
        old, numbers = ast.unparse(node.comparators[0]), [*seen.numbers, *numbers_in(seen.text)]
        yield from (f"({ast.unparse(node)}) & ({left} {sign} {text})" for text in numbers if text != old)


def widened(like: ast.expr, seen: Visible) -> Iterator[str]:
    """Arrays with new axes, by the indices that a text has, as many as an expression has: the largest of windows."""
    count = len(kind.shape) if (kind := seen.kind(like)) is not None else 0
    widening = [text for one in indices_in(seen.text) if "None" in (text := ast.unparse(one).strip("()"))]
    for name in [name for name, its in seen.arrays.items() if its.letter == "a" and len(its.shape) < count]:
        for index in widening:
            wide = seen.kind(f"{name}[{index}]")
            if wide is not None and len(wide.shape) == count:
                yield f"{name}[{index}]"


def axes(node: ast.expr) -> Options:
    """Other axes than one or several; counted from the end, if the one is."""
    if isinstance(node, ast.Tuple):
        yield from ((repr(axis), "wrong-axis", 1.2) for axis in range(4))
        yield from ((repr(axes), "wrong-axis", 0.9) for axes in other_axes(node))
    elif is_negative(node) or (isinstance(node, ast.Constant) and type(node.value) is int):
        single = (-1, -2, -3, 0, 1, 2, 3) if is_negative(node) else (-1, 0, 1, 2, 3)
        yield from ((repr(one), "wrong-axis", 0.9) for one in single)
        several = (None, (0, 1), (0, 2), (1, 2), (0, 2, 3), (0, 1, 2))
        yield from ((repr(one), "wrong-axis", 1.3) for one in several)


def is_negative(node: ast.expr) -> bool:
    """Whether an axis is written like -1."""
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)


def functions(node: ast.expr, seen: Visible) -> Options:
    """Another function of the library that is like it, or of the text's own that takes as much: the slope's for what it
    is the slope of."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    helpers = helpers_in(seen.text)
    for other in [one for one, takes in helpers.items() if takes == helpers.get(name)][:MOST_HELPERS]:
        if other not in (name, seen.line.function):
            akin = other in name or name in other
            cost = 1.2 if akin else 1.7
            yield renamed(node, other), "wrong-point", cost
    for one, other, cause in LIKE if isinstance(node, ast.Attribute | ast.Name) else ():
        if one == name and (isinstance(node, ast.Attribute) or seen.line.value(other) is not None):
            cost = 1.0 if other in ("argmax", "argmin", "max", "min") else 1.2
            cost += 0.0 if other == "sum" or other in seen.text else STRANGE
            yield renamed(node, other), cause, cost


def renamed(function: ast.expr, name: str) -> ast.expr:
    """A function of another name, of the same object or library."""
    return ast.Attribute(function.value, name, ast.Load()) if isinstance(function, ast.Attribute) else ast.Name(name)


def constants(node: ast.Constant, role: str, seen: Visible) -> Options:
    value = node.value
    if isinstance(value, bool):
        if role in ("keepdims", "keepdim"):
            yield repr(not value), "not-summed", 1.0
    elif isinstance(value, int | float):
        if role in ("axis", "dim"):
            return
        if role == "index":
            cause, cost = ("factor", 1.2) if ".shape[" in ast.unparse(seen.statement) else ("wrong-point", 1.5)
            yield from ((repr(one), cause, cost) for one in (value + 1, value - 1))
            yield from ((text, "wrong-point", 1.6) for text in seen.sizes if text.isidentifier())
        else:
            others = [2 * value, value / 2, -value, value + 1, value - 1, *([1 / value] if value else [])]
            yield from ((repr(one), "factor", 1.5) for one in others)
            if isinstance(value, float):  # the slope of a power: of 0.1 * x**3 it is 3 * 0.1 * x**2
                yield from (
                    (text, "factor", 1.6) for times in (3, 4) for text in (f"{times} * {value}", f"{value} / {times}")
                )
            if isinstance(value, int):
                yield from ((repr(one), "factor", 1.8) for one in range(5) if one not in (value, *others))
            yield from ((text, "factor", 1.75) for text in literals(seen.text))
            named = [*seen.sizes, *(text for text in seen.numbers if "[" not in text)]
            alone = ast.unparse(node) == ast.unparse(getattr(seen.statement, "value", None) or ast.Pass())
            yield from ((text, "wrong-point" if alone else "factor", 1.9) for text in named)
            yield from ((text, "wrong-point", 2.1) for text, its in seen.arrays.items() if len(its.shape) <= 2)
            yield from ((f"{text}[:, None]", "wrong-point", 2.2) for text in seen.of_rows())
            yield from ((f"np.eye({size})", "wrong-point", 2.1) for size in seen.sizes if value == 1 and not seen.torch)
    elif isinstance(value, str) and role == "index":
        keys = {text.rpartition("[")[2].strip("]'\"") for text in seen.atoms if "['" in text}
        yield from ((repr(key), "wrong-point", 1.6) for key in keys if key != value)
    elif isinstance(value, str) and "->" in value:
        yield from ((repr(one), "transposed", 1.3) for one in subscripts(value))
        ins, _, out = value.partition("->")
        yield repr(f"{ins}->{out[::-1]}"), "transposed", 1.0
        yield repr(f"{','.join(ins.split(',')[::-1])}->{out}"), "transposed", 1.2


def operations(node: ast.BinOp, seen: Visible) -> Options:
    left, right = node.left, node.right

    def other(operator: ast.operator) -> ast.BinOp:
        return ast.BinOp(left, operator, right)

    turned = ast.BinOp(right, node.op, left)
    if isinstance(node.op, ast.Add):
        yield other(ast.Sub()), "sign", 1.0
    if isinstance(node.op, ast.Sub):
        yield other(ast.Add()), "sign", 1.0
        yield turned, "sign", 1.05
        kind = seen.kind(right) if isinstance(left, ast.Constant) and left.value == 1 else None
        if kind is not None and kind.letter in "an":
            yield ast.BinOp(left, node.op, ast.BinOp(right, ast.Pow(), ast.Constant(2))), "wrong-point", 1.1  # of tanh
    if isinstance(node.op, ast.Add | ast.Sub):
        yield left, "counted-twice", 1.4
        yield right, "counted-twice", 1.5
        yield other(ast.Mult()), "wrong-point", 1.7
        yield from names_exchanged(node)
    if isinstance(node.op, ast.Mult | ast.Div):
        yield other(ast.Div() if isinstance(node.op, ast.Mult) else ast.Mult()), "factor", 1.2
        yield left, "factor", 1.4
        yield right, "factor", 1.45
    if isinstance(node.op, ast.Mult):
        yield from other_slopes(node, seen)
        if getattr(seen.kind(right), "letter", "") in ("k", "n"):
            yield other(ast.Pow()), "wrong-point", 1.9
    if isinstance(node.op, ast.Div):
        yield turned, "factor", 1.8
        if isinstance(right, ast.BinOp) and not isinstance(right.op, ast.Pow):  # the slope of 1 / x is -1 / x**2
            yield ast.BinOp(left, node.op, ast.BinOp(right, ast.Pow(), ast.Constant(2))), "wrong-point", 1.4
    if isinstance(node.op, ast.MatMult):
        yield turned, "transposed", 1.3
    yield from parentheses(node)
    if isinstance(node.op, ast.Pow):
        squared = ast.unparse(right) == "2"
        yield left, "wrong-point", 1.2 if squared else 1.5
        yield other(ast.Mult()), "wrong-point", 1.7
        if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add | ast.Sub | ast.Mult):
            inner = ast.BinOp(left.right, node.op, right)
            yield ast.BinOp(left.left, left.op, inner), "wrong-point", 1.1  # 1 - h**2 for (1 - h)**2
        for shift in (1,) if squared else (1, -1):
            power: ast.expr = ast.BinOp(right, ast.Add() if shift > 0 else ast.Sub(), ast.Constant(1))
            with suppress(ValueError, TypeError):
                power = expression(repr(ast.literal_eval(right) + shift))
            yield ast.BinOp(left, ast.Pow(), power), "wrong-point", 1.2
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow) and isinstance(node.op, ast.Add | ast.Sub):
        together = ast.BinOp(left, node.op, right.left)
        yield ast.BinOp(together, ast.Pow(), right.right), "wrong-point", 1.3  # (1 - h)**2 for 1 - h**2


def parentheses(node: ast.BinOp) -> Options:
    """A factor of a whole sum that is one of a term, and the other way round; and what stands behind a function's
    parenthesis instead of in it."""
    left, right = node.left, node.right
    for inner, outer in ((left, right), (right, left)):
        first = inner is right
        if is_of_one(inner):
            whole = ast.BinOp(*((outer, node.op, inner.args[0]) if first else (inner.args[0], node.op, outer)))
            yield ast.Call(inner.func, [whole], []), "wrong-point", 1.4
        cause = "factor" if isinstance(outer, ast.Constant) else "wrong-point"
        if not isinstance(inner, ast.BinOp) or (first and isinstance(node.op, ast.Div)):
            continue
        if isinstance(node.op, PRODUCTS) and isinstance(inner.op, SUMS):
            for term, rest in ((inner.right, inner.left), (inner.left, inner.right)):
                scaled = ast.BinOp(*((outer, node.op, term) if first else (term, node.op, outer)))
                both = (rest, inner.op, scaled) if term is inner.right else (scaled, inner.op, rest)
                yield ast.BinOp(*both), cause, 1.25
        if isinstance(node.op, SUMS) and isinstance(inner.op, PRODUCTS):
            for term, factor in ((inner.left, inner.right), (inner.right, inner.left)):
                inside = ast.BinOp(*((outer, node.op, term) if first else (term, node.op, outer)))
                cause = "factor" if isinstance(factor, ast.Constant) else "wrong-point"
                if term is inner.left:
                    yield ast.BinOp(inside, inner.op, factor), cause, 1.35
                elif isinstance(inner.op, ast.Mult):
                    yield ast.BinOp(factor, inner.op, inside), cause, 1.35


def is_of_one(node: ast.expr) -> TypeGuard[ast.Call]:
    """Whether a function of one argument is called."""
    return isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords


def names_exchanged(node: ast.BinOp) -> Options:
    """Two names exchanged in a sum."""
    found = sorted({one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id not in LIBRARIES})
    for one, other in combinations(found if len(found) <= MOST_NAMES else (), 2):
        turned = cloned(node)
        for inner in ast.walk(turned):
            if isinstance(inner, ast.Name) and inner.id in (one, other):
                inner.id = other if inner.id == one else one
        yield turned, "not-swapped", 1.3


def other_slopes(node: ast.BinOp, seen: Visible) -> Options:
    """The slope of tanh where that of the sigmoid stands, and the other way round; the one of softmax for both."""
    factors = factors_of(node)
    keep = "dim=-1, keepdim=True" if seen.torch else "axis=-1, keepdims=True"
    texts = [ast.unparse(one) for one in factors]
    for p, g in (texts, texts[::-1]) if len(texts) == 2 and all(map(str.isidentifier, texts)) else ():
        yield f"{p} * ({g} - ({g} * {p}).sum({keep}))", "missing-share", 2.2
    for text in dict.fromkeys(texts):
        if f"1 - {text}" in texts:
            rest = [one for one in texts if one not in (text, f"1 - {text}")]
            g = " * ".join(f"({one})" if " " in one else one for one in rest)
            if len(rest) == 1:
                yield f"{text} * ({g} - ({g} * {text}).sum({keep}))", "missing-share", 1.5
            yield " * ".join([f"({one})" for one in rest] + [f"(1 - {text} ** 2)"]), "wrong-point", 1.4
        if text.startswith("1 - ") and text.endswith(" ** 2"):
            base = text[4:-5]
            rest = [one for one in texts if one != text]
            yield " * ".join([*(f"({one})" for one in rest), base, f"(1 - {base})"]), "wrong-point", 1.4


def calls(node: ast.Call, seen: Visible) -> Options:
    arguments = [one for one in node.args if not isinstance(one, ast.Starred)]
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if is_of_one(node) and isinstance(whole := node.args[0], ast.BinOp):
        yield ast.BinOp(ast.Call(node.func, [whole.left], []), whole.op, whole.right), "wrong-point", 1.4
        yield ast.BinOp(whole.left, whole.op, ast.Call(node.func, [whole.right], [])), "wrong-point", 1.5
    of_library = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).split(".")[0] in LIBRARIES
    if isinstance(node.func, ast.Attribute) and not of_library:
        yield node.func.value, "not-summed" if name in ("sum", "mean") else None, 3.0 if name in COPIES else 1.8
        if name in ("dot", "matmul", "mm") and len(arguments) == 1:
            method = ast.Attribute(arguments[0], name, ast.Load())
            yield ast.Call(method, [node.func.value], []), "transposed", 1.3
    elif arguments:
        copies = name in ("array", "copy", "asarray", "zeros_like")
        cost = 3.0 if copies else 1.4 if name == "ones_like" else 1.8
        yield arguments[0], "not-summed" if name in ("sum", "mean") else None, cost
    if len(arguments) == 2:
        yield ast.Call(node.func, arguments[::-1], node.keywords), "transposed", 1.3
    if len(arguments) == 3 and name == "where":
        yield ast.Call(node.func, [arguments[0], *arguments[:0:-1]], node.keywords), "wrong-point", 1.3
    if name == "cumsum" and arguments:
        yield from from_the_end(node, arguments[0], seen)
    if name in ("sum", "mean", "max"):
        yield from summing(node, arguments, int(of_library), seen)
    if name == "range":
        for i, one in enumerate(arguments):
            for shift in ("+ 1", "- 1"):
                changed = [*arguments[:i], expression(f"{ast.unparse(one)} {shift}"), *arguments[i + 1 :]]
                yield ast.Call(node.func, changed, []), None, 1.4
        yield f"reversed({ast.unparse(node)})", None, 1.6
    if name == "reversed" and arguments:
        yield arguments[0], None, 1.5


def from_the_end(node: ast.Call, first: ast.expr, seen: Visible) -> Options:
    """Sums that run from the other end: of what is turned round, turned back."""
    kind = seen.kind(node)
    numbers = [one.value for one in (*node.args[1:], *[one.value for one in node.keywords])
               if isinstance(one, ast.Constant) and isinstance(one.value, int)]  # fmt: skip
    if kind is None or not kind.shape or (len(kind.shape) > 1 and len(numbers) != 1):
        return
    axis = sum(numbers) % len(kind.shape)
    turn = f".flip({axis})" if seen.torch else f"[{':, ' * axis}::-1]"
    whole, inner = ast.unparse(node), ast.unparse(first)
    if inner.endswith(turn):
        yield f"{whole}{turn}", "wrong-point", 1.4
    else:
        yield whole.replace(inner, f"({inner}){turn}", 1) + turn, "wrong-point", 1.5


def summing(node: ast.Call, arguments: list[ast.expr], place: int, seen: Visible) -> Options:
    """A sum along other axes, or one that keeps them."""
    named = {one.arg for one in node.keywords}
    along, kept = ("dim", "keepdim") if seen.torch else ("axis", "keepdims")
    keep = ast.keyword(kept, ast.Constant(True))
    keeps = bool(named & {"keepdims", "keepdim"})
    if not named & {"axis", "dim"}:
        backwards = any(map(is_negative, arguments[place : place + 1]))
        for axis in ((-1, -2, 0, 1, 2) if backwards else (0, 1, 2, -1)) + ((0, 1), (0, 2), (1, 2), (0, 2, 3)):
            tree = expression(repr(axis))
            if len(arguments) > place:
                yield ast.Call(node.func, [*arguments[:place], tree], node.keywords), "wrong-axis", 1.0
                continue
            other = [*node.keywords, ast.keyword(along, tree)]
            yield ast.Call(node.func, node.args, other), "wrong-axis", 1.2
            if not keeps:
                yield ast.Call(node.func, node.args, [*other, keep]), "wrong-axis", 1.3
    if not keeps:
        yield ast.Call(node.func, node.args, [*node.keywords, keep]), "not-summed", 1.1
    else:
        less = [one for one in node.keywords if one.arg not in ("keepdims", "keepdim")]
        yield ast.Call(node.func, node.args, less), "not-summed", 1.1


def slices(node: ast.Slice, seen: Visible) -> Options:
    if node.step is not None:
        yield ast.Slice(node.lower, node.upper, None), "wrong-point", 1.1
    else:
        yield ast.Slice(node.lower, node.upper, ast.UnaryOp(ast.USub(), ast.Constant(1))), "wrong-point", 1.8
    others = {ast.unparse(inner) for inner in ast.walk(seen.line.statement) if isinstance(inner, ast.Slice)}
    for text in others - {ast.unparse(node)}:
        yield slice_of(text), "wrong-point", 1.7
    elsewhere = slices_in(seen.text)
    yield from ((slice_of(text), "wrong-point", 1.75) for text in elsewhere if text != ast.unparse(node))
    bounds = [one for one in (node.lower, node.upper) if one is not None]
    if len(bounds) == 1 and node.step is None:  # the other part
        turned = ast.Slice(node.upper, node.lower, None)
        yield turned, "wrong-point", 1.4
        if isinstance(bounds[0], ast.UnaryOp):
            plain = bounds[0].operand
            yield ast.Slice(plain, None, None), "wrong-point", 1.45
            yield ast.Slice(None, plain, None), "wrong-point", 1.45
        else:
            minus = ast.UnaryOp(ast.USub(), bounds[0])
            yield ast.Slice(minus, None, None), "wrong-point", 1.5
            yield ast.Slice(None, minus, None), "wrong-point", 1.5
    for bound in ("lower", "upper"):
        old = getattr(node, bound)
        for new in [f"{ast.unparse(old)} + 1", f"{ast.unparse(old)} - 1", None] if old is not None else ["1", "-1"]:
            changed = ast.Slice(node.lower, node.upper, node.step)
            setattr(changed, bound, None if new is None else expression(new))
            yield changed, None, 1.5


def slice_of(text: str) -> ast.expr:
    tree: Any = expression(f"q[{text}]")
    found: ast.expr = tree.slice
    return found
