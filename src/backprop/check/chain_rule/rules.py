"""The chain rule: what goes back through an expression of the forward pass to what it reads."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.check.chain_rule.shapes import Shapes
from backprop.check.chain_rule.terms import Sent, Term, name, number
from backprop.check.passes.quantities import NOT_SAID, Failed, Room
from backprop.gates import GATES
from backprop.numbers.shapes import Shape
from backprop.python.values.scope import Library
from backprop.python.values.tape import is_fraction

ALIKE = {
    "absolute": "abs", "fabs": "abs", "arctan": "atan", "arcsin": "asin", "arccos": "acos", "expit": "sigmoid",
}  # fmt: skip  # names of libraries for gates that are called otherwise
BACK = {"atan": "arctan", "asin": "arcsin", "acos": "arccos"}
CALLED = {"multiply": ast.Mult, "add": ast.Add, "subtract": ast.Sub, "divide": ast.Div, "true_divide": ast.Div,
          "power": ast.Pow, "pow": ast.Pow, "mul": ast.Mult, "sub": ast.Sub, "div": ast.Div, "dot": ast.MatMult,
          "matmul": ast.MatMult, "mm": ast.MatMult, "bmm": ast.MatMult}  # fmt: skip
WRITTEN = {"linear": "_0 @ _1.T", "linear with a bias": "_0 @ _1.T + _2", "addmm": "_0 + _1 @ _2",
           "outer": "_0[:, None] * _1[None, :]", "ger": "_0[:, None] * _1[None, :]"}  # fmt: skip  # in operators
SHAPES = ("reshape", "view", "ravel", "flatten", "squeeze", "unsqueeze", "expand_dims")
SAME = ("array", "asarray", "copy", "clone", "float", "astype", "contiguous", "ascontiguousarray")


class Rules(Shapes):
    """The rules of operators, functions and methods."""

    passed: list[Term] | None = None  # the gradients of parts of expressions, where somebody asks

    def back(self, tree: ast.expr, g: Term, room: Room, depth: int) -> Sent:
        """What goes back from an expression to the quantities that it reads."""
        value = room.value(tree)
        if not is_fraction(value):
            return
        shape = np.shape(value)
        part = not isinstance(tree, ast.Name | ast.Attribute | ast.Subscript)  # not a quantity of its own
        if self.passed is not None and g.shape == shape and part:
            self.passed.append(g)
        if isinstance(tree, ast.BinOp):
            yield from self.operation(tree.left, type(tree.op), tree.right, g, room, depth, tree)
        elif isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
            yield from self.back(tree.operand, self.minus(g), room, depth)
        elif isinstance(tree, ast.IfExp):
            yield from self.back(tree.body if room.value(tree.test) else tree.orelse, g, room, depth)
        elif isinstance(tree, ast.Attribute) and tree.attr in ("T", "mT"):
            yield from self.back(tree.value, self.turned(self.spread(g, shape)), room, depth)
        elif isinstance(tree, ast.Call) and not room.is_own(tree):
            yield from self.called(tree, g, room, depth)
        elif isinstance(tree, ast.Subscript) and np.size(room.value(tree.value)) == np.size(value):
            inner = np.shape(room.value(tree.value))
            yield from self.back(
                tree.value, self.shaped(self.spread(g, shape), inner, tree.value, room, depth), room, depth
            )
        else:
            yield tree, g

    def operation(
        self, left: ast.expr, kind: type[ast.operator], right: ast.expr, g: Term, room: Room, depth: int, tree: ast.expr
    ) -> Sent:
        whole = np.shape(room.value(tree))
        a, b = room.value(left), room.value(right)
        if kind is ast.MatMult:
            yield from self.product(left, right, g, room, depth, whole)
            return

        def fitted(term: Term, side: Any) -> Term:
            return self.fit(term, whole, np.shape(side))

        def of(side: ast.expr) -> Term:
            return self.value(side, room, depth)

        def shift() -> Term:
            return self.minus(g) if kind is ast.Sub else g

        def powered() -> Term:
            base, power, own = of(left), room.value(right), of(right)
            told = isinstance(own.tree, ast.Constant)
            if power == 2 and told:
                return self.multiply(self.multiply(number(2), g), base)
            one_less = number(power - 1) if told else Term(ast.BinOp(own.tree, ast.Sub(), ast.Constant(1)), power - 1)
            less = self.binary(base, ast.Pow(), one_less, np.asarray(base.value) ** (power - 1))
            return self.multiply(self.multiply(own, g), less)

        def divided() -> Term:
            divisor = of(right)
            if isinstance(left, ast.Constant):
                square = self.binary(divisor, ast.Pow(), number(2), np.asarray(divisor.value) ** 2)
                return self.minus(self.divide(self.multiply(g, of(left)), square))
            return self.minus(self.divide(self.multiply(g, of(tree)), divisor))

        rules: dict[type[ast.operator], tuple[Callable[[], Term], Callable[[], Term] | None]] = {
            ast.Add: (lambda: g, shift),
            ast.Sub: (lambda: g, None if is_shift(left, right) else shift),
            ast.Mult: (lambda: self.multiply(g, of(right)), lambda: self.multiply(g, of(left))),
            ast.Div: (lambda: self.divide(g, of(right)), divided),
            ast.Pow: (powered, None),
        }
        if kind not in rules or (kind is ast.Pow and np.shape(b)):
            raise Failed
        for side, its, rule in ((left, a, rules[kind][0]), (right, b, rules[kind][1])):
            if is_fraction(its) and rule is not None:
                with suppress(*NOT_SAID):  # one operand may be said where the other one may not
                    yield from self.back(side, fitted(rule(), its), room, depth)

    def product(self, left: ast.expr, right: ast.expr, g: Term, room: Room, depth: int, whole: Shape) -> Sent:
        """A product of matrices, or of stacks of them."""
        a, b = room.value(left), room.value(right)
        g = self.spread(g, whole)
        for mine, other, value in ((left, right, a), (right, left, b)):
            if is_fraction(value):
                with suppress(*NOT_SAID):
                    half = self.half(g, self.value(other, room, depth), np.ndim(value), mine is left)
                    yield from self.back(mine, self.fit(half, half.shape, np.shape(value)), room, depth)

    def half(self, g: Term, other: Term, mine: int, first: bool) -> Term:
        """The gradient of one operand of a product: of the first one, or of the second one."""
        theirs = len(other.shape)
        if mine == 1 and theirs == 1:
            return self.multiply(g, other)
        if mine == 2 and theirs == 1:
            one, two = (g, other) if first else (other, g)
            outer = ast.Call(name(f"{self.library}.outer"), [one.tree, two.tree], [])
            return self.known(outer, np.outer(one.value, two.value))
        one, two = (g, self.turned(other)) if first else (self.turned(other), g)
        if mine == 1 and theirs > 2:
            raise Failed
        if len(one.shape) == 0 or len(two.shape) == 0:
            raise Failed
        return self.binary(one, ast.MatMult(), two, np.matmul(one.value, two.value))

    def called(self, tree: ast.Call, g: Term, room: Room, depth: int) -> Sent:
        """A function of a library, or a method of an array."""
        function = room.value(tree.func)
        if isinstance(function, Library):
            called, operands = function.path[-1], list(tree.args)
        else:
            assert isinstance(tree.func, ast.Attribute)
            called, operands = tree.func.attr, [tree.func.value, *tree.args]
        named = {one.arg: one.value for one in tree.keywords if one.arg}
        whole = np.shape(room.value(tree))
        if not operands:
            raise Failed
        first = operands[0]
        if (written := in_operators(called, operands)) is not None and not named:
            yield from self.back(written, self.spread(g, whole), room, depth)
        elif called in CALLED and len(operands) == 2:
            yield from self.operation(operands[0], CALLED[called], operands[1], g, room, depth, tree)
        elif called in SAME:
            if isinstance(first, ast.List | ast.Tuple):
                raise Failed
            yield from self.back(first, g, room, depth)
        elif called in SHAPES:
            inner = np.shape(room.value(first))
            yield from self.back(first, self.shaped(self.spread(g, whole), inner, first, room, depth), room, depth)
        elif called in ("transpose", "permute", "swapaxes", "moveaxis", "t"):
            yield from self.permuted(called, operands, g, room, depth, whole)
        elif called in ("sum", "mean"):
            yield from self.reduced(called, operands, named, g, room, depth)
        elif called in ("var", "std") and not self.torch:
            yield from self.spread_of(called, tree, operands, named, g, room, depth)
        elif called == "norm" and len(operands) == 1 and "ord" not in named and "p" not in named:
            size = self.expanded(operands, named, self.value(tree, room, depth), room, depth)
            g = self.multiply(self.expanded(operands, named, g, room, depth), self.value(first, room, depth))
            yield from self.back(first, self.divide(g, size), room, depth)
        elif called in ("max", "amax", "min", "amin"):
            g = self.expanded(operands, named, g, room, depth)
            each, found = self.value(first, room, depth), self.value(tree, room, depth)
            hit = ast.Compare(each.tree, [ast.Eq()], [self.expanded(operands, named, found, room, depth).tree])
            mask = Term(hit, self.here.value(hit))
            yield from self.back(first, self.multiply(g, mask), room, depth)
        elif called == "einsum" and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield from self.einsum(first.value, operands[1:], g, room, depth)
        elif called == "cross" and len(operands) == 2 and not named:
            yield from self.crossed(tree, operands, g, room, depth, whole)
        elif called in ("maximum", "minimum"):
            yield from self.larger(called, tree, operands, g, room, depth, whole)
        elif called == "where" and len(operands) == 3:
            yield from self.chosen(operands, g, room, depth, whole)
        elif called == "clip" and len(operands) == 3:
            low, high = (self.value(one, room, depth) for one in operands[1:])
            base = self.value(first, room, depth)
            inside = name(f"(({base.text}) > {low.text}) * (({base.text}) < {high.text})")
            yield from self.back(first, self.multiply(g, Term(inside, self.here.value(inside))), room, depth)
        elif called in ("repeat", "tile", "pad") and not self.torch:
            yield from self.copied(called, operands, named, g, room, depth, whole)
        elif called in ("concatenate", "hstack", "vstack", "stack", "cat") and isinstance(first, ast.Tuple | ast.List):
            yield from self.joined(called, first, operands[1:], named, g, room, depth, whole)
        elif len(operands) == 1 and (slope := self.slope(called, tree, first, room, depth)) is not None:
            yield from self.back(first, self.multiply(g, slope), room, depth)
        else:
            raise Failed

    def slope(self, called: str, tree: ast.Call, first: ast.expr, room: Room, depth: int) -> Term | None:
        """The local gradient of a function of one argument, by the rule of its gate."""
        gate = GATES.get(ALIKE.get(called, called))
        if gate is None or gate.mixes or len(gate.arguments) != 1:
            return None
        rule = (gate.textbook or gate.rules(1, "both"))[0] or ""
        try:
            body = ast.parse(rule.replace("^", "**"), mode="eval").body
        except SyntaxError:
            return None
        chain = self

        class Words(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.AST:
                if node.id == "x":
                    try:
                        return chain.value(first, room, depth).tree
                    except Failed:
                        if called != "relu":
                            raise
                        return chain.value(tree, room, depth).tree
                return chain.value(tree, room, depth).tree if node.id == "out" else node

            def visit_Call(self, node: ast.Call) -> ast.AST:
                self.generic_visit(node)
                inner = getattr(node.func, "id", "")
                node.func = name(f"{chain.library}.{BACK.get(inner, inner)}")
                return node

        made = Words().visit(body)
        return self.known(made, self.here.value(made))

    def einsum(self, text: str, operands: list[ast.expr], g: Term, room: Room, depth: int) -> Sent:
        ins, _, out = text.replace(" ", "").partition("->")
        labels = ins.split(",")
        for place, one in enumerate(operands):
            if not is_fraction(room.value(one)):
                continue
            others = [k for k in range(len(operands)) if k != place]
            if not set(labels[place]) <= set(out).union(*[labels[k] for k in others]):
                raise Failed
            terms = [self.value(operands[k], room, depth) for k in others]
            equation = f"{','.join([out, *[labels[k] for k in others]])}->{labels[place]}"
            arguments = [ast.Constant(equation), g.tree, *[term.tree for term in terms]]
            value = np.einsum(equation, g.value, *[term.value for term in terms])
            made = self.known(ast.Call(name(f"{self.library}.einsum"), arguments, []), value)
            yield from self.back(one, made, room, depth)

    def crossed(self, tree: ast.Call, operands: list[ast.expr], g: Term, room: Room, depth: int, whole: Shape) -> Sent:
        """A product of vectors in space: turned round, it goes back to each of the two."""
        for place, one in enumerate(operands):
            if is_fraction(room.value(one)):
                other = self.value(operands[1 - place], room, depth)
                pair = (other, g) if place == 0 else (g, other)
                made = ast.Call(tree.func, [term.tree for term in pair], [])
                term = self.known(made, np.cross(*[term.value for term in pair]))
                yield from self.back(one, self.fit(term, whole, np.shape(room.value(one))), room, depth)

    def larger(
        self, called: str, tree: ast.Call, operands: list[ast.expr], g: Term, room: Room, depth: int, whole: Shape
    ) -> Sent:
        """`np.maximum`: each gets the gradient where it is the larger one."""
        sign: ast.cmpop = ast.Gt() if called == "maximum" else ast.Lt()
        if all(is_fraction(room.value(one)) and not isinstance(one, ast.Constant) for one in operands):
            yield from self.chosen([ast.Compare(operands[0], [sign], [operands[1]]), *operands], g, room, depth, whole)
            return
        for place, one in enumerate(operands):
            value = room.value(one)
            if not is_fraction(value):
                continue
            other = operands[1 - place]
            theirs = self.value(other, room, depth)
            try:
                mine = self.value(one, room, depth)
            except Failed:  # what comes out is on the same side of the bound
                mine = self.value(tree, room, depth)
            compared = ast.Compare(mine.tree, [sign], [theirs.tree])
            hit = self.known(compared, self.here.value(compared))
            yield from self.back(one, self.fit(self.multiply(g, hit), whole, np.shape(value)), room, depth)

    def chosen(self, operands: list[ast.expr], g: Term, room: Room, depth: int, whole: Shape) -> Sent:
        """`np.where`: the slopes of both branches, chosen by the same mask."""
        mask = self.value(operands[0], room, depth)
        slopes: dict[str, list[tuple[ast.expr, Term] | None]] = {}
        for place, one in enumerate(operands[1:]):
            if not is_fraction(room.value(one)):
                continue
            for leaf, term in self.back(one, number(1.0), room, depth):
                slopes.setdefault(ast.unparse(leaf), [None, None])[place] = leaf, term
        for both in slopes.values():
            leaf = next(one[0] for one in both if one is not None)
            terms = [number(0) if one is None else one[1] for one in both]
            if both[1] is None and terms[0].is_number(1):
                found = self.multiply(g, mask)
            else:
                tree = ast.Call(name(f"{self.library}.where"), [mask.tree, *[one.tree for one in terms]], [])
                slope = self.known(tree, np.where(mask.value, *[one.value for one in terms]))
                found = self.multiply(g, slope)
            yield leaf, self.fit(found, whole, np.shape(room.value(leaf)))


def in_operators(called: str, operands: list[ast.expr]) -> ast.expr | None:
    """The product that a function of a library stands for, written out; None of any other."""
    form = WRITTEN.get("linear with a bias" if called == "linear" and len(operands) == 3 else called)
    places = {f"_{place}": one for place, one in enumerate(operands)}
    tree = ast.parse(form or "_", mode="eval").body
    if {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)} != places.keys():
        return None

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return places[node.id]

    return Put().visit(tree)  # type: ignore[no-any-return]


def is_shift(left: ast.expr, right: ast.expr) -> bool:
    """Whether the largest element is taken off, as before an exp: what goes back through it cancels."""
    if not isinstance(right, ast.Call):
        return False
    called = right.func.attr if isinstance(right.func, ast.Attribute) else getattr(right.func, "id", "")
    return called in ("max", "amax") and ast.unparse(left) in ast.unparse(right)
