"""The catalogue: for a line of a backward pass, the lines that may have been meant, each with its cause and its cost.

A cost says how likely a slip is: what takes text away is cheaper than what adds some, a named size cheaper than a
number. Depth in the expression adds a little.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

from backprop.check.look import Kind, Line

COMPOUND = (ast.For, ast.While, ast.If)
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
    ("sin", "cos", "wrong-point"), ("tanh", "sigmoid", "wrong-point"), ("sigmoid", "tanh", "wrong-point"),
)  # fmt: skip
SLOPES = (("(1 - {}**2)", 2.6), ("({0} * (1 - {0}))", 2.6), ("({} > 0)", 2.4), ("(1 - {})", 2.7), ("{}**2", 2.8))
SEVERAL_AXES: dict[int, list[Any]] = {2: [(0, 1)], 3: [(0, 1), (0, 2), (1, 2)], 4: [(0, 2, 3), (0, 1, 2), (2, 3)]}
LONGEST_SLICE = 24
COPIES = ("copy", "clone", "item", "detach", "astype")
LIBRARIES = frozenset(["np", "numpy", "torch", "F", "math", "scipy"])


class Edit(NamedTuple):
    """Statements to be read instead of one, why, and how dear that is. `adds` is a line that is put behind it."""

    statements: list[ast.stmt]
    text: str
    cause: str | None
    cost: float
    adds: bool = False


class Spot(NamedTuple):
    """A place of an expression in a statement."""

    node: ast.expr
    parent: ast.AST
    field: str
    place: int | None
    depth: int
    role: str  # "value", "index", "function", or the name of a keyword


class Plan(NamedTuple):
    """An edit that is not written out yet: its text is made when its turn comes."""

    cost: float
    cause: str | None
    text: Callable[[], str]


def plans(line: Line, atoms: dict[str, Kind]) -> list[Plan]:
    """All edits of a line; some may be the same text."""
    return list(Catalogue(line, atoms).all())


def edit_of(line: Line, plan: Plan, seen: set[str]) -> Edit | None:
    """An edit, written out; None if it was there before, or is no Python."""
    if not seen:
        seen.add(ast.unparse(header(line.statement)))
    try:
        text = plan.text()
        if text in seen:
            return None
        seen.add(text)
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    adds = len(statements) > 1
    if isinstance(line.statement, COMPOUND):
        whole: Any = statements[0]
        whole.body, whole.orelse = line.statement.body, line.statement.orelse
    if adds:
        statements = [line.statement, *statements[1:]]
    return Edit(statements, text, plan.cause, plan.cost, adds)


def header(statement: ast.stmt) -> ast.stmt:
    """A statement with a body, without it."""
    if not isinstance(statement, COMPOUND):
        return statement
    alone: Any = copy.copy(statement)
    alone.body, alone.orelse = [ast.Pass()], []
    return alone  # type: ignore[no-any-return]


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def factors_of(node: ast.expr) -> list[ast.expr]:
    """The factors of a product of products."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*factors_of(node.left), *factors_of(node.right)]
    return [node]


@cache
def nodes_in(text: str) -> list[ast.AST]:
    """All that stands in a text; nothing where it cannot be read."""
    try:
        return list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError):
        return []


@cache
def literals(text: str) -> list[str]:
    """The fractions that a text has, the first ones: a slope, a rate, a small number."""
    found = [
        repr(one.value) for one in nodes_in(text) if isinstance(one, ast.Constant) and isinstance(one.value, float)
    ]
    return list(dict.fromkeys(found))[:8]


@cache
def slices_in(text: str) -> list[str]:
    """The slices that a text has, the short ones."""
    found = dict.fromkeys(ast.unparse(one) for one in nodes_in(text) if isinstance(one, ast.Slice))
    return [one for one in found if one != ":" and len(one) < LONGEST_SLICE][:12]


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


class Catalogue:
    """The edits of one line as texts."""

    def __init__(self, line: Line, atoms: dict[str, Kind]) -> None:
        self.line, self.atoms = line, atoms
        self.statement = copy.deepcopy(header(line.statement))
        self.sizes = [text for text, kind in atoms.items() if kind.letter == "k" and "[" not in text]
        self.sizes += self.lengths(line, atoms)
        self.numbers = [text for text, kind in atoms.items() if kind.letter == "n"]
        self.arrays = {text: kind for text, kind in atoms.items() if kind.shape}
        self.scales = False  # whether the place at hand is a factor
        self.spots = list(self.walk(self.statement, 0, "value"))

    def lengths(self, line: Line, atoms: dict[str, Kind]) -> list[str]:
        """The lengths of arrays that no name stands for, each once."""
        known = {line.value(text) for text in self.sizes}
        found: dict[int, str] = {}
        for text, kind in atoms.items():
            for place, length in enumerate(kind.shape):
                if length > 1 and length not in known and text.isidentifier():
                    found.setdefault(length, f"{text}.shape[{place}]")
        return list(found.values())

    def walk(self, node: ast.AST, depth: int, role: str) -> Iterator[Spot]:
        for field, value in ast.iter_fields(node):
            for index, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(one, ast.AST) or (isinstance(node, COMPOUND) and field not in ("iter", "test")):
                    continue
                inner = self.role(node, field, one, role)
                stored = isinstance(getattr(one, "ctx", None), ast.Store)
                if isinstance(one, ast.expr) and not stored:
                    yield Spot(one, node, field, index, depth, inner)
                yield from self.walk(one, depth + 1, inner)

    def role(self, node: ast.AST, field: str, one: ast.AST, outer: str) -> str:
        if isinstance(node, ast.Subscript) and field == "slice":
            return "index"
        if isinstance(node, ast.Call) and field == "func":
            return "function"
        if isinstance(node, ast.keyword):
            return node.arg or ""
        if outer == "function" and isinstance(node, ast.Attribute):
            return "value"  # what a method is called on
        return "value" if outer == "function" else outer

    def put(self, spot: Spot, new: ast.expr | str) -> str:
        """The statement with another expression in a place."""
        other = expression(new) if isinstance(new, str) else new
        parent: Any = spot.parent
        if spot.place is None:
            setattr(parent, spot.field, other)
        else:
            getattr(parent, spot.field)[spot.place] = other
        try:
            return ast.unparse(self.statement)
        finally:
            if spot.place is None:
                setattr(parent, spot.field, spot.node)
            else:
                getattr(parent, spot.field)[spot.place] = spot.node

    def all(self) -> Iterator[Plan]:
        filling = isinstance(self.statement, ast.Pass)
        for text, cause, cost in [*self.whole(), *(self.filled() if filling else self.exchanged())]:
            yield Plan(cost, cause, partial(str, text))
        for spot in [] if filling else self.spots:
            for new, cause, cost in self.of(spot):
                yield Plan(cost + 0.04 * spot.depth, cause, partial(self.put, spot, new))

    # ── the statement as a whole ──

    def whole(self) -> Iterator[tuple[str, str | None, float]]:
        statement = self.statement
        if isinstance(statement, ast.AugAssign):
            target, value = ast.unparse(statement.target), ast.unparse(statement.value)
            signs = isinstance(statement.op, ast.Add | ast.Sub)
            for operator, cost in (("+=", 0.95), ("-=", 1.05), ("=", 1.5), ("*=", 1.5), ("/=", 1.6)):
                cause = (
                    "sign" if signs and operator in ("+=", "-=") else "counted-twice" if operator == "=" else "factor"
                )
                yield f"{target} {operator} {value}", cause, cost
            yield "pass", "counted-twice", 2.5
            yield from self.accumulated(statement)
        if isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Tuple):
            target, value = ast.unparse(statement.targets[0]), ast.unparse(statement.value)
            yield from self.accumulated(statement)
            for operator, cost in (("+=", 0.9), ("-=", 1.5), ("*=", 1.6)):
                yield f"{target} {operator} {value}", "overwrites" if operator == "+=" else None, cost
            if isinstance(statement.value, ast.UnaryOp) and isinstance(statement.value.op, ast.USub):
                yield f"{target} -= {ast.unparse(statement.value.operand)}", "overwrites", 0.95
            if isinstance(statement.value, ast.Name | ast.Attribute | ast.Subscript):
                yield f"{target} = {value}.{self.copying()}()", "overwrites", 1.2
        if isinstance(statement, ast.Assign | ast.AugAssign):
            goal = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if not isinstance(goal, ast.Tuple):
                yield from self.masked(ast.unparse(goal), f"{ast.unparse(statement)}\n", 3.2)

    def copying(self) -> str:
        return "clone" if "torch" in self.line.source.text and "np." not in self.line.source.text else "copy"

    def accumulated(self, statement: ast.AugAssign | ast.Assign) -> Iterator[tuple[str, str | None, float]]:
        """`d[i] += v` with an index that repeats: only `np.add.at` adds up."""
        target = statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0]
        operator = statement.op if isinstance(statement, ast.AugAssign) else ast.Add()
        if not isinstance(target, ast.Subscript) or not isinstance(operator, ast.Add | ast.Sub):
            return
        index = target.slice
        items = index.elts if isinstance(index, ast.Tuple) else [index]
        kinds = [self.line.kind(ast.unparse(one)) for one in items if not isinstance(one, ast.Slice)]
        if any(kind is not None and kind.letter == "i" for kind in kinds):
            base, value = ast.unparse(target.value), ast.unparse(statement.value)
            function = "np.add.at" if isinstance(operator, ast.Add) else "np.subtract.at"
            yield f"{function}({base}, {ast.unparse(index)}, {value})", "overwrites", 0.8

    def masked(self, target: str, before: str, cost: float) -> Iterator[tuple[str, str | None, float]]:
        """A mask that is forgotten: what is not alive has gradient 0."""
        kind = self.line.kind(target)
        for text, other in self.arrays.items() if kind is not None else ():
            if other.letter == "m":
                yield f"{before}{target}[{text}] = 0", "no-local", cost
                yield f"{before}{target}[~{text}] = 0", "no-local", cost + 0.1
            elif other.letter == "a" and kind is not None and other.shape == kind.shape and text != target:
                yield f"{before}{target}[{text} <= 0] = 0", "no-local", cost
            elif other.letter == "i" and len(other.shape) == 1 and kind is not None and kind.shape[:1] == other.shape:
                yield f"{before}{target}[range({other.shape[0]}), {text}] -= 1", "missing-share", cost + 0.2

    def filled(self) -> Iterator[tuple[str, str | None, float]]:
        """What may stand in the place of `pass`."""
        for target, kind in self.atoms.items():
            if kind.letter != "a" or "[" in target:
                continue
            yield from ((text, cause, cost - 1.6) for text, cause, cost in self.masked(target, "", 3.2))
            for size in self.sizes:
                yield f"{target} /= {size}", "factor", 1.4
                yield f"{target} *= {size}", "factor", 1.6
            for number in self.numbers:
                yield f"{target} *= {number}", "factor", 1.7
                yield f"{target} /= {number}", "factor", 1.8
            for text, other in self.arrays.items():
                if text != target and other.shape == kind.shape:
                    yield f"{target} += {text}", "missing-share", 1.8
                    yield f"{target} *= {text}", "no-local", 1.9

    def exchanged(self) -> Iterator[tuple[str, str | None, float]]:
        """Two names exchanged, or two of several values or targets."""
        statement = self.statement
        values: list[ast.AST] = [getattr(statement, "value", ast.Pass()), *getattr(statement, "targets", [])]
        values += [spot.node for spot in self.spots if isinstance(spot.node, ast.Tuple | ast.List)]
        for node in dict.fromkeys(values):
            if isinstance(node, ast.Tuple | ast.List) and 1 < len(node.elts) < 13:
                for i in range(len(node.elts)):
                    for j in range(i + 1, len(node.elts)):
                        node.elts[i], node.elts[j] = node.elts[j], node.elts[i]
                        dear = 0.7 if node is not getattr(statement, "value", None) else 0.0  # names are seldom mixed
                        yield ast.unparse(statement), "not-swapped", 1.2 + dear
                        node.elts[i], node.elts[j] = node.elts[j], node.elts[i]
        yield from self.entries_exchanged()
        names = sorted(
            {spot.node.id for spot in self.spots if isinstance(spot.node, ast.Name) and spot.role != "function"}
        )
        for i, one in enumerate(names if not isinstance(statement, ast.Return) else ()):
            for other in names[i + 1 :]:
                yield self.renamed({one: other, other: one}), "not-swapped", 1.05
            count = sum(isinstance(spot.node, ast.Name) and spot.node.id == one for spot in self.spots)
            for other, kind in self.atoms.items() if count > 1 else ():
                if other != one and kind == self.atoms.get(one):
                    yield self.renamed({one: other}), "wrong-point", 1.9

    def entries_exchanged(self) -> Iterator[tuple[str, str | None, float]]:
        """Two entries of the same array or list exchanged; masks turned over throughout."""
        entries = [spot for spot in self.spots if isinstance(spot.node, ast.Subscript)]
        for i, one in enumerate(entries):
            for other in entries[i + 1 :]:
                mine, theirs = ast.unparse(one.node), ast.unparse(other.node)
                if mine != theirs and mine.partition("[")[0] == theirs.partition("[")[0]:
                    yield self.replaced({mine: theirs, theirs: mine}), "not-swapped", 1.1
        masks = [ast.unparse(spot.node) for spot in self.spots if self.is_mask(spot.node)]
        for text in dict.fromkeys(masks):
            if masks.count(text) > 1:
                yield self.replaced({text: text[1:] if text.startswith("~") else f"~{text}"}), "wrong-point", 1.4

    def is_mask(self, node: ast.expr) -> bool:
        base = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert) else node
        kind = self.line.kind(ast.unparse(base)) if isinstance(base, ast.Name | ast.Attribute) else None
        return kind is not None and kind.letter == "m"

    def replaced(self, texts: dict[str, str]) -> str:
        """The statement with whole expressions replaced where they are read, in one go."""

        class Replacer(ast.NodeTransformer):
            def visit(self, node: ast.AST) -> Any:
                text = ast.unparse(node) if isinstance(node, ast.expr) else ""
                read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
                return expression(texts[text]) if text in texts and read else self.generic_visit(node)

        return ast.unparse(Replacer().visit(copy.deepcopy(self.statement)))

    def renamed(self, names: dict[str, str]) -> str:
        """The statement with names replaced where they are read."""

        class Renamer(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.AST:
                return expression(names[node.id]) if isinstance(node.ctx, ast.Load) and node.id in names else node

        return ast.unparse(Renamer().visit(copy.deepcopy(self.statement)))

    # ── one expression in it ──

    def of(self, spot: Spot) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        node, role = spot.node, spot.role
        if role == "function":
            yield from self.functions(node)
            return
        if isinstance(node, ast.Constant):
            power = isinstance(spot.parent, ast.BinOp) and isinstance(spot.parent.op, ast.Pow) and spot.field == "right"
            for new, cause, cost in self.constants(node, role):
                yield new, "wrong-point" if power else cause, cost
        if role in ("axis", "dim", "keepdims", "keepdim", "dtype", "axes"):
            if role in ("axis", "dim") and isinstance(node, ast.Tuple):
                yield from ((repr(axis), "wrong-axis", 1.2) for axis in range(4))
                yield from ((repr(axes), "wrong-axis", 0.9) for axes in other_axes(node))
            return
        if isinstance(node, ast.BinOp):
            yield from self.operations(node)
        elif isinstance(node, ast.UnaryOp):
            yield node.operand, *(("sign", 0.9) if spot.role != "index" else ("wrong-point", 1.6))
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
            yield from ((f"({left} {sign} {right})", "wrong-point", 1.3) for sign in (">", "<", "<=", ">=", "==", "!="))
            yield node.left, "wrong-point", 1.6
        elif isinstance(node, ast.Call):
            yield from self.calls(node)
        elif isinstance(node, ast.Slice):
            yield from self.slices(node)
        if not isinstance(node, ast.Slice | ast.Constant):
            yield from self.quantities(spot)

    def functions(self, node: ast.expr) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        if isinstance(node, ast.Attribute):
            for name, other, cause in LIKE:
                if node.attr == name:
                    cost = 1.0 if other in ("argmax", "argmin", "max", "min") else 1.2
                    yield ast.Attribute(node.value, other, ast.Load()), cause, cost

    def constants(self, node: ast.Constant, role: str) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        value = node.value
        if isinstance(value, bool):
            if role in ("keepdims", "keepdim"):
                yield repr(not value), "not-summed", 1.0
        elif isinstance(value, int | float):
            if role in ("axis", "dim"):
                axes = (-1, 0, 1, 2, 3, None, (0, 1), (0, 2), (1, 2), (0, 2, 3), (0, 1, 2))
                yield from ((repr(one), "wrong-axis", 0.9 if isinstance(one, int) else 1.3) for one in axes)
            elif role == "index":
                cause, cost = ("factor", 1.2) if ".shape[" in ast.unparse(self.statement) else ("wrong-point", 1.5)
                yield from ((repr(one), cause, cost) for one in (value + 1, value - 1))
            else:
                others = [2 * value, value / 2, -value, value + 1, value - 1, *([1 / value] if value else [])]
                yield from ((repr(one), "factor", 1.5) for one in others)
                if isinstance(value, int):
                    yield from ((repr(one), "factor", 1.8) for one in range(5) if one not in (value, *others))
                yield from ((text, "factor", 1.75) for text in literals(self.line.source.text))
                named = [*self.sizes, *(text for text in self.numbers if "[" not in text)]
                yield from ((text, "factor", 1.9) for text in named)
                yield from ((text, "factor", 2.1) for text, its in self.arrays.items() if len(its.shape) <= 2)
        elif isinstance(value, str) and role == "index":
            keys = {text.rpartition("[")[2].strip("]'\"") for text in self.atoms if "['" in text}
            yield from ((repr(key), "wrong-point", 1.6) for key in keys if key != value)
        elif isinstance(value, str) and "->" in value:
            yield from ((repr(one), "transposed", 1.3) for one in subscripts(value))
            ins, _, out = value.partition("->")
            yield repr(f"{ins}->{out[::-1]}"), "transposed", 1.0
            yield repr(f"{','.join(ins.split(',')[::-1])}->{out}"), "transposed", 1.2

    def operations(self, node: ast.BinOp) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        left, right = node.left, node.right

        def other(operator: ast.operator) -> ast.BinOp:
            return ast.BinOp(left, operator, right)

        turned = ast.BinOp(right, node.op, left)
        if isinstance(node.op, ast.Add):
            yield other(ast.Sub()), "sign", 1.0
        if isinstance(node.op, ast.Sub):
            yield other(ast.Add()), "sign", 1.0
            yield turned, "sign", 1.05
        if isinstance(node.op, ast.Add | ast.Sub):
            yield left, "counted-twice", 1.4
            yield right, "counted-twice", 1.5
        if isinstance(node.op, ast.Mult | ast.Div):
            yield other(ast.Div() if isinstance(node.op, ast.Mult) else ast.Mult()), "factor", 1.2
            yield left, "factor", 1.4
            yield right, "factor", 1.45
        if isinstance(node.op, ast.Mult):
            yield from self.other_slopes(node)
        if isinstance(node.op, ast.Div):
            yield turned, "factor", 1.8
        if isinstance(node.op, ast.MatMult):
            yield turned, "transposed", 1.3
        yield from self.parentheses(node)
        if isinstance(node.op, ast.Pow):
            yield left, "wrong-point", 1.5
            if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add | ast.Sub | ast.Mult):
                inner = ast.BinOp(left.right, node.op, right)
                yield ast.BinOp(left.left, left.op, inner), "wrong-point", 1.1  # 1 - h**2 for (1 - h)**2
            for shift in (1, -1):
                if isinstance(right, ast.Constant) and isinstance(right.value, int | float):
                    yield ast.BinOp(left, ast.Pow(), ast.Constant(right.value + shift)), "wrong-point", 1.2
        if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow) and isinstance(node.op, ast.Add | ast.Sub):
            together = ast.BinOp(left, node.op, right.left)
            yield ast.BinOp(together, ast.Pow(), right.right), "wrong-point", 1.3  # (1 - h)**2 for 1 - h**2

    def parentheses(self, node: ast.BinOp) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        """A factor of a whole sum that is one of a term, and the other way round."""
        left, right = node.left, node.right
        sums, products = ast.Add | ast.Sub, ast.Mult | ast.Div
        if isinstance(node.op, products):
            for inner, outer, first in ((left, right, False), (right, left, True)):
                if (
                    not isinstance(inner, ast.BinOp)
                    or not isinstance(inner.op, sums)
                    or (first and isinstance(node.op, ast.Div))
                ):
                    continue

                def scaled(term: ast.expr, outer: ast.expr = outer, first: bool = first) -> ast.BinOp:
                    return ast.BinOp(*((outer, node.op, term) if first else (term, node.op, outer)))

                yield ast.BinOp(inner.left, inner.op, scaled(inner.right)), "wrong-point", 1.25
                yield ast.BinOp(scaled(inner.left), inner.op, inner.right), "wrong-point", 1.25
        if isinstance(node.op, sums):
            for term, other in ((left, right), (right, left)):
                if isinstance(term, ast.BinOp) and isinstance(term.op, products):
                    inside = (
                        ast.BinOp(term.left, node.op, other) if term is left else ast.BinOp(other, node.op, term.left)
                    )
                    yield ast.BinOp(inside, term.op, term.right), "wrong-point", 1.35
                    if isinstance(term.op, ast.Mult):
                        inside = (
                            ast.BinOp(term.right, node.op, other)
                            if term is left
                            else ast.BinOp(other, node.op, term.right)
                        )
                        yield ast.BinOp(term.left, term.op, inside), "wrong-point", 1.35

    def other_slopes(self, node: ast.BinOp) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        """The slope of tanh where that of the sigmoid stands, and the other way round."""
        factors = factors_of(node)
        texts = [ast.unparse(one) for one in factors]
        for text in dict.fromkeys(texts):
            if f"1 - {text}" in texts:
                rest = [one for one in texts if one not in (text, f"1 - {text}")]
                yield " * ".join([f"({one})" for one in rest] + [f"(1 - {text} ** 2)"]), "wrong-point", 1.4
            if text.startswith("1 - ") and text.endswith(" ** 2"):
                base = text[4:-5]
                rest = [one for one in texts if one != text]
                yield " * ".join([*(f"({one})" for one in rest), base, f"(1 - {base})"]), "wrong-point", 1.4

    def calls(self, node: ast.Call) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        arguments = [one for one in node.args if not isinstance(one, ast.Starred)]
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        of_library = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).split(".")[0] in LIBRARIES
        if isinstance(node.func, ast.Attribute) and not of_library:
            yield node.func.value, "not-summed" if name in ("sum", "mean") else None, 3.0 if name in COPIES else 1.8
            if name in ("dot", "matmul", "mm") and len(arguments) == 1:
                method = ast.Attribute(arguments[0], name, ast.Load())
                yield ast.Call(method, [node.func.value], []), "transposed", 1.3
        elif arguments:
            copies = name in ("array", "copy", "asarray", "zeros_like", "ones_like")
            yield arguments[0], "not-summed" if name in ("sum", "mean") else None, 3.0 if copies else 1.8
        if len(arguments) == 2:
            yield ast.Call(node.func, arguments[::-1], node.keywords), "transposed", 1.3
        if len(arguments) == 3 and name == "where":
            yield ast.Call(node.func, [arguments[0], *arguments[:0:-1]], node.keywords), "wrong-point", 1.3
        if name in ("sum", "mean", "max"):
            yield from self.summing(node, arguments, 0 if not of_library else 1)
        if name == "range":
            for i, one in enumerate(arguments):
                for shift in ("+ 1", "- 1"):
                    changed = [*arguments[:i], expression(f"{ast.unparse(one)} {shift}"), *arguments[i + 1 :]]
                    yield ast.Call(node.func, changed, []), None, 1.4
            yield f"reversed({ast.unparse(node)})", None, 1.6
        if name == "reversed" and arguments:
            yield arguments[0], None, 1.5

    def summing(
        self, node: ast.Call, arguments: list[ast.expr], place: int
    ) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        """A sum along other axes, or one that keeps them."""
        named = {one.arg for one in node.keywords}
        if not named & {"axis", "dim"}:
            for axis in (0, 1, 2, -1, (0, 1), (0, 2), (1, 2), (0, 2, 3)):
                tree = expression(repr(axis))
                if len(arguments) > place:
                    yield ast.Call(node.func, [*arguments[:place], tree], node.keywords), "wrong-axis", 1.0
                else:
                    yield ast.Call(node.func, node.args, [*node.keywords, ast.keyword("axis", tree)]), "wrong-axis", 1.2
        if not named & {"keepdims", "keepdim"}:
            keep = ast.keyword("keepdims", ast.Constant(True))
            yield ast.Call(node.func, node.args, [*node.keywords, keep]), "not-summed", 1.1
        else:
            less = [one for one in node.keywords if one.arg not in ("keepdims", "keepdim")]
            yield ast.Call(node.func, node.args, less), "not-summed", 1.1

    def slices(self, node: ast.Slice) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        if node.step is not None:
            yield ast.Slice(node.lower, node.upper, None), "wrong-point", 1.1
        else:
            yield ast.Slice(node.lower, node.upper, ast.UnaryOp(ast.USub(), ast.Constant(1))), "wrong-point", 1.8
        others = {ast.unparse(inner) for inner in ast.walk(self.line.statement) if isinstance(inner, ast.Slice)}
        for text in others - {ast.unparse(node)}:
            yield self.slice_of(text), "wrong-point", 1.7
        elsewhere = slices_in(self.line.source.text)
        yield from ((self.slice_of(text), "wrong-point", 1.75) for text in elsewhere if text != ast.unparse(node))
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

    def slice_of(self, text: str) -> ast.expr:
        tree: Any = expression(f"q[{text}]")
        found: ast.expr = tree.slice
        return found

    # ── what a quantity may be instead ──

    def quantities(self, spot: Spot) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        node = spot.node
        text = ast.unparse(node)
        kind = self.line.kind(text)
        if kind is None:
            return
        leaf = isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        self.scales = isinstance(spot.parent, ast.BinOp | ast.AugAssign)
        if leaf:
            yield from self.others(text, kind, spot.role)
        if kind.letter == "m":
            yield f"~{text}" if leaf else f"~({text})", "wrong-point", 1.5
        if kind.letter == "i" or spot.role == "index":
            return
        term = f"{text}" if leaf or isinstance(node, ast.Call) else f"({text})"
        if kind.letter == "m":
            if self.is_term(spot) and spot.role == "value":
                yield from ((f"{other} * {term}", "no-upstream", 1.6) for other in self.like(kind))
                yield from ((f"{term} / {size}", "factor", 1.55) for size in self.sizes)
            return
        if len(kind.shape) == 2 and kind.letter == "a":
            if isinstance(node, ast.Attribute) and node.attr == "T":
                yield node.value, "transposed", 0.9
            elif not isinstance(spot.parent, ast.Attribute) or spot.parent.attr not in ("shape", "T", "size", "ndim"):
                yield f"{term}.T", "transposed", 1.15
        if len(kind.shape) > 2 and kind.letter == "a" and self.multiplies(spot):
            axes = ", ".join(map(str, [*range(len(kind.shape) - 2), len(kind.shape) - 1, len(kind.shape) - 2]))
            turn = "-1, -2" if self.copying() == "clone" else axes
            yield f"{term}.transpose({turn})", "transposed", 1.15
        if not self.is_term(spot) or kind.letter == "k":
            return
        if not isinstance(node, ast.UnaryOp):
            yield f"-{term}", "sign", 1.1 if self.is_summand(spot) or isinstance(spot.parent, ast.Tuple) else 1.3
        yield from self.summed(term, kind)
        yield from self.scaled(term, kind)
        if self.is_summand(spot) or isinstance(spot.parent, ast.Call):
            yield from self.with_share(text, term, kind)

    def multiplies(self, spot: Spot) -> bool:
        """Whether it is an operand of a product of matrices."""
        parent = spot.parent
        if isinstance(parent, ast.Call):
            return ast.unparse(parent.func).endswith(("matmul", "bmm"))
        return isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)

    def others(self, text: str, kind: Kind, role: str) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        """Another quantity of the same kind and shape."""
        for other, its in self.atoms.items():
            if other == text:
                continue
            if kind.letter == "k" and its.letter == "k":
                if other in self.sizes and role != "index" and self.scales:
                    library = "math" if "math.sqrt" in self.line.source.text else "np"
                    yield f"{library}.sqrt({other})", "factor", 2.0
                yield other, "wrong-point" if role == "index" else "factor", 1.9
            elif kind.letter == "n" and its.letter in "nk":
                yield other, "wrong-point", 2.0
            elif kind.shape and its.shape == kind.shape:
                yield other, "wrong-point", 1.8 if kind.letter == its.letter else 2.0
            elif kind.shape and (len(its.shape) == len(kind.shape) or its.shape == kind.shape[-len(its.shape) :]):
                yield other, "wrong-point", 2.2
        if kind.letter == "k" and role == "value" and self.scales:
            library = "math" if "math.sqrt" in self.line.source.text else "np"
            yield f"{library}.sqrt({text})", "factor", 1.4
        if kind.letter == "k" and isinstance(self.statement, ast.Assign) and role == "value" and not self.scales:
            for other in self.sizes:
                yield from ((f"{other} {sign} {text}", "factor", 2.1) for sign in ("-", "+", "*", "//"))
        if kind.letter == "k" and role == "index":
            yield from ((f"{text} {shift}", None, 1.5) for shift in ("+ 1", "- 1"))
        if kind.letter == "n" and role != "index":
            yield f"(1 - {text})", "factor", 1.9
        if kind.letter == "a" and role != "index":
            yield f"({text} > 0)", "wrong-point", 1.7
            yield f"(1 - {text})", "wrong-point", 2.1
            yield f"{text}**2", "wrong-point", 1.8
            yield f"1 / {text}", "wrong-point", 2.2
            library = "torch" if self.copying() == "clone" else "np"
            functions = ("tanh", "exp", "sqrt", "log", "sign", "abs")
            yield from ((f"{library}.{name}({text})", "wrong-point", 2.5) for name in functions)

    def like(self, kind: Kind) -> list[str]:
        """The arrays of fractions that are of a shape."""
        return [text for text, other in self.arrays.items() if other.letter == "a" and other.shape == kind.shape]

    def is_term(self, spot: Spot) -> bool:
        """Whether a factor may stand beside it."""
        parent = spot.parent
        if isinstance(parent, ast.BinOp):
            return isinstance(parent.op, ast.Add | ast.Sub | ast.MatMult)
        kinds = (ast.Assign, ast.AugAssign, ast.Return, ast.Tuple, ast.Call, ast.keyword, ast.Dict)
        if isinstance(parent, ast.Attribute):  # what a method is called on
            return parent.attr in ("sum", "mean", "dot", "mm", "matmul", "max")
        return isinstance(parent, kinds)

    def is_summand(self, spot: Spot) -> bool:
        parent = spot.parent
        if isinstance(parent, ast.BinOp):
            return isinstance(parent.op, ast.Add | ast.Sub)
        return isinstance(parent, ast.Assign | ast.AugAssign | ast.Return)

    def summed(self, term: str, kind: Kind) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        if not kind.shape:
            return
        axes: list[Any] = list(range(len(kind.shape)))
        axes += SEVERAL_AXES.get(len(kind.shape), [])
        for axis in axes:
            yield f"{term}.sum(axis={axis})", "not-summed", 1.4
            yield f"{term}.sum(axis={axis}, keepdims=True)", "not-summed", 1.5

    def scaled(self, term: str, kind: Kind) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        """A factor that is missing."""
        for number, cost in (("2", 1.65), ("0.5", 1.65)):
            yield f"{number} * {term}", "factor", cost
        for size in self.sizes:
            yield f"{term} / {size}", "factor", 1.55
            yield f"{term} * {size}", "factor", 1.6
        for number in self.numbers:
            yield f"{term} * {number}", "factor", 1.9
            yield f"{term} / {number}", "factor", 2.0
            yield f"{term} * (1 - {number})", "factor", 2.2
            yield f"{term} / (1 - {number})", "factor", 2.2
        for text, other in self.arrays.items():
            if other.letter == "i" or len(other.shape) > max(2, len(kind.shape)):
                continue
            far = 0.0 if other.shape == kind.shape else 0.3
            upstream = text in ("dout", "dy", "dh", "grad_output", "upstream", "dnext")
            yield f"{term} * {text}", "no-upstream" if upstream else "no-local", 1.9 + far
            if other.letter == "a":
                yield f"{term} / {text}", "no-local", 2.2 + far
                yield from ((f"{term} * {form.format(text)}", "no-local", cost + far) for form, cost in SLOPES)

    def with_share(self, text: str, term: str, kind: Kind) -> Iterator[tuple[ast.expr | str, str | None, float]]:
        """A share that is missing: a quantity, or a number times one."""
        for other, its in self.arrays.items():
            if its.letter != "a" or its.shape != kind.shape[-len(its.shape) :] or other == text:
                continue
            far = 0.0 if its.shape == kind.shape else 0.3
            yield f"{text} + {other}", "missing-share", 1.9 + far
            yield f"{text} - {other}", "missing-share", 2.1 + far
            for number in self.numbers:
                yield f"{text} + {number} * {other}", "missing-share", 2.4
                yield f"{text} + 2 * {number} * {other}", "missing-share", 2.6
        yield f"{text} - 1", "missing-share", 1.9
        for other in self.numbers if not kind.shape else ():
            yield f"{text} + {other}", "missing-share", 2.1
            yield f"{text} - {other}", "missing-share", 2.2
