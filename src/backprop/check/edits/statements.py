"""What a statement of a backward pass may be instead as a whole: another operator, names exchanged, a line more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeGuard

from backprop.check.edits.beside import forgotten_beside
from backprop.check.edits.forms import (
    LIBRARIES,
    cloned,
    counters_in,
    expression,
    indices_in,
    replaced,
    slices_in,
)
from backprop.check.edits.instead import SLOPES
from backprop.check.edits.visible import Visible, nodes_in
from backprop.check.passes.causes import names
from backprop.check.passes.trace import targets_of

SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
UNTOLD_STRIDE = 0.4  # and that they go by a stride by which nothing in the text goes
MORE_PLACES = 0.03  # what it costs that names are exchanged in one place more
Texts = Iterator[tuple[str, str | None, float]]  # each with its cause and its cost


class Whole:
    """The edits of a statement as a whole; `reads` are the places of its expressions."""

    def __init__(self, seen: Visible, reads: list[ast.expr]) -> None:
        self.seen, self.statement, self.reads = seen, seen.statement, reads

    def all(self) -> Texts:
        if isinstance(self.statement, ast.AugAssign):
            yield from self.of_addition(self.statement)
        if isinstance(self.statement, ast.Assign) and not isinstance(self.statement.targets[0], ast.Tuple):
            yield from self.of_assignment(self.statement)
        if isinstance(self.statement, ast.Assign | ast.AugAssign):
            goal = targets_of(self.statement)[0]
            if not isinstance(goal, ast.Tuple):
                yield from self.masked(ast.unparse(goal), f"{ast.unparse(self.statement)}\n", 3.2)
        if isinstance(self.statement, ast.Return):
            yield from self.slopes(self.statement)
        if isinstance(self.seen.line.statement, ast.For):
            yield from self.behind_loop(self.seen.line.statement)
        yield from self.filled() if isinstance(self.statement, ast.Pass) else self.exchanged()
        yield from self.beside()

    def beside(self) -> Texts:
        """A line that is missing beside one of its kind; in the place of `pass` any of these."""
        forgotten = forgotten_beside(self.seen.text)
        if isinstance(self.statement, ast.Pass):
            yield from ((one, "missing-share", 1.5) for some in forgotten.values() for one in some)
            return
        mine = ast.unparse(self.statement)
        yield from ((f"{mine}\n{one}", "missing-share", 1.6) for one in forgotten.get(mine, ()))

    def of_addition(self, statement: ast.AugAssign) -> Texts:
        target, value = ast.unparse(statement.target), ast.unparse(statement.value)
        signs = isinstance(statement.op, ast.Add | ast.Sub)
        for operator, cost in (("+=", 0.95), ("-=", 1.05), ("=", 1.5), ("*=", 1.5), ("/=", 1.6)):
            cause = "sign" if signs and operator in ("+=", "-=") else "counted-twice" if operator == "=" else "factor"
            yield f"{target} {operator} {value}", cause, cost
        yield "pass", "counted-twice", 2.5
        kind = self.seen.kind(target)
        counts = [text for text, its in self.seen.atoms.items() if its.letter == "k" and text.isidentifier()]
        for place in (
            [*self.places(), *counts] if kind is not None and kind.shape and type(statement.op) in SIGNS else ()
        ):
            yield f"{target}[{place}] {SIGNS[type(statement.op)]}= {value}", "wrong-point", 1.7
        yield from self.of_part(target)
        yield from self.accumulated(statement.target, statement.op, value)

    def of_part(self, target: str) -> Texts:
        """What is added to a part alone, of the same part of what is like it: the weights but for the first one."""
        kind = self.seen.kind(target)
        if kind is None or not kind.shape or "[" in target:
            return
        alike = [ast.unparse(one) for one in self.reads if isinstance(one, ast.Name | ast.Attribute)]
        alike = [one for one in alike if self.seen.kind(one) == kind]
        places = [*slices_in(self.seen.text), *(one for one in self.places() if ":" in one)]
        for place in places if alike else ():
            text = self.replaced({one: f"{one}[{place}]" for one in alike})
            yield f"{target}[{place}]{text.removeprefix(target)}", "wrong-point", 1.5

    def places(self) -> list[str]:
        """The indices of several places that the text has, as they stand between brackets."""
        return [ast.unparse(one).strip("()") for one in indices_in(self.seen.text)]

    def of_assignment(self, statement: ast.Assign) -> Texts:
        goal, value = statement.targets[0], statement.value
        target, text = ast.unparse(goal), ast.unparse(value)
        yield from self.accumulated(goal, ast.Add(), text)
        for operator, cost in (("+=", 0.9), ("-=", 1.5), ("*=", 1.6)):
            yield f"{target} {operator} {text}", "overwrites" if operator == "+=" else None, cost
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            yield f"{target} -= {ast.unparse(value.operand)}", "overwrites", 0.95
        if isinstance(value, ast.Name | ast.Attribute | ast.Subscript):
            yield f"{target} = {text}.{'clone' if self.seen.torch else 'copy'}()", "overwrites", 1.2

        if isinstance(goal, ast.Subscript) and not any(isinstance(one, ast.Name) for one in ast.walk(value)):
            yield from self.counted(goal)
        if self.is_index(value):  # put there what is taken from there, and the other way round
            yield f"{target}[{ast.unparse(value.slice)}] = {ast.unparse(value.value)}", "wrong-point", 1.5
        if self.is_index(goal):
            yield f"{ast.unparse(goal.value)} = {text}[{ast.unparse(goal.slice)}]", "wrong-point", 1.5

    def counted(self, goal: ast.Subscript) -> Texts:
        """Where one number is put into each row, how many of the row there are: what goes back from all others."""
        whole, part = self.seen.kind(goal.value), self.seen.kind(goal)
        for axis in range(len(whole.shape)) if whole is not None and part is not None else ():
            if part.shape == whole.shape[:axis] + whole.shape[axis + 1 :]:  # type: ignore[union-attr]
                of_all = f"{ast.unparse(goal.value)}.sum(axis={axis})"
                yield f"{ast.unparse(goal)} = -{of_all}", "factor", 2.0
                yield f"{ast.unparse(goal)} = {of_all}", "factor", 2.2

    def is_index(self, tree: ast.expr) -> TypeGuard[ast.Subscript]:
        """Whether elements are taken by an array of whole numbers."""
        kind = self.seen.kind(tree.slice) if isinstance(tree, ast.Subscript) else None
        return kind is not None and kind.letter == "i" and bool(kind.shape)

    def accumulated(self, target: ast.expr, operator: ast.operator, value: str) -> Texts:
        """`d[i] += v` with an index that repeats: only `np.add.at` adds up."""
        if not isinstance(target, ast.Subscript) or not isinstance(operator, ast.Add | ast.Sub):
            return
        index = target.slice
        items = index.elts if isinstance(index, ast.Tuple) else [index]
        kinds = [self.seen.kind(one) for one in items if not isinstance(one, ast.Slice)]
        if any(kind is not None and kind.letter == "i" and (kind.shape or not self.seen.torch) for kind in kinds):
            base, at = ast.unparse(target.value), ast.unparse(index)
            if self.seen.torch and isinstance(operator, ast.Add):
                yield f"{base}.index_add_(0, {at}, {value})", "overwrites", 0.8
            elif not self.seen.torch:
                function = "np.add.at" if isinstance(operator, ast.Add) else "np.subtract.at"
                yield f"{function}({base}, {at}, {value})", "overwrites", 0.8

    def slopes(self, statement: ast.Return) -> Texts:
        """What a helper may return: the slope of a well known function, at its input or by its output."""
        kind = self.seen.kind(statement.value) if statement.value is not None else None
        for text, its in self.seen.arrays.items() if kind is not None else ():
            if its.letter == "a" and its.shape == kind.shape:  # type: ignore[union-attr]
                yield from ((f"return {form.format(text)}", "wrong-point", cost) for form, cost in SLOPES)

    def masked(self, target: str, before: str, cost: float) -> Texts:
        """A mask that is forgotten: what is not alive has gradient 0."""
        kind = self.seen.kind(target)
        if kind is None:
            return
        for text, other in self.seen.arrays.items():
            if other.letter == "m":
                yield f"{before}{target}[{text}] = 0", "no-local", cost
                yield f"{before}{target}[~{text}] = 0", "no-local", cost + 0.1
            elif other.letter == "a" and other.shape == kind.shape and text != target:
                yield f"{before}{target}[{text} <= 0] = 0", "no-local", cost
            elif other.letter == "i" and len(other.shape) == 1 and kind.shape[:1] == other.shape:
                yield f"{before}{target}[range({other.shape[0]}), {text}] -= 1", "missing-share", cost + 0.2

    def behind_loop(self, loop: ast.For) -> Texts:
        """A line that is missing behind a loop: what it adds up is the mean of its rounds, or the last round leaves
        something for the first or the last place of an array."""
        rounds = self.seen.line.value(f"len(list({ast.unparse(loop.iter)}))")
        sizes = [one for one in self.seen.sizes if self.seen.line.value(one) == rounds]
        inside = [target for one in ast.walk(loop) if isinstance(one, ast.stmt) for target in targets_of(one)]
        set_there = {one.id for one in inside if isinstance(one, ast.Name)}
        entries = {ast.unparse(one.value) for one in inside if isinstance(one, ast.Subscript)}
        written = sorted(entries & self.seen.arrays.keys())
        before = f"{ast.unparse(self.statement)}\n"
        for target in sorted({*written} | (set_there & self.seen.arrays.keys())):
            yield from ((f"{before}{target} /= {size}", "factor", 1.55) for size in sizes)
        for target in written:
            entry = self.seen.arrays[target].shape[1:]
            for name in sorted(set_there & self.seen.arrays.keys()):
                if self.seen.arrays[name].shape == entry:
                    yield from ((f"{before}{target}[{place}] = {name}", "missing-share", 1.9) for place in (0, -1))

    def filled(self) -> Texts:
        """What may stand in the place of `pass`."""
        for target, kind in self.seen.atoms.items():
            if kind.letter not in ("a", "n") or "[" in target:
                continue
            yield from ((text, cause, cost - 1.6) for text, cause, cost in self.masked(target, "", 3.2))
            for place in [one for one in self.places() if getattr(self.seen.kind(f"{target}[{one}]"), "shape", ())]:
                for number in ("1", *self.seen.numbers):  # what the gradient of a choice lacks
                    yield f"{target}[{place}] -= {number}", "missing-share", 1.7
                    yield f"{target}[{place}] += {number}", "missing-share", 1.75
            for size in self.seen.sizes:
                yield f"{target} /= {size}", "factor", 1.55
                yield f"{target} *= {size}", "factor", 1.6
            for number in self.seen.numbers:
                yield f"{target} *= {number}", "factor", 1.7
                yield f"{target} /= {number}", "factor", 1.8
            for text, other in self.seen.atoms.items():
                if text != target and other.shape == kind.shape and other.letter in ("a", "n"):
                    yield f"{target} += {text}", "missing-share", 1.8
                    yield f"{target} *= {text}", "no-local", 1.9

    def exchanged(self) -> Texts:
        """Two names exchanged, or two of several values or targets."""
        statement = self.statement
        values: list[ast.AST] = [getattr(statement, "value", ast.Pass()), *getattr(statement, "targets", [])]
        values += [one for one in self.reads if isinstance(one, ast.Tuple | ast.List)]
        of_shape = isinstance(values[0], ast.Attribute) and values[0].attr == "shape"  # names are seldom mixed there
        for node in dict.fromkeys(values):
            if isinstance(node, ast.Tuple | ast.List) and 1 < len(node.elts) < 13:
                for i in range(len(node.elts)):
                    for j in range(i + 1, len(node.elts)):
                        node.elts[i], node.elts[j] = node.elts[j], node.elts[i]
                        dear = 0.0 if node is getattr(statement, "value", None) else 1.4 if of_shape else 0.7
                        cause = "transposed" if self.is_place(node) else "not-swapped"
                        yield ast.unparse(statement), cause, 1.2 + dear
                        node.elts[i], node.elts[j] = node.elts[j], node.elts[i]
        yield from self.entries_exchanged()
        yield from self.signs_turned()
        yield from self.summed_together()
        yield from self.strides()
        read = [one.id for one in self.reads if isinstance(one, ast.Name) and one.id not in LIBRARIES]
        known = sorted(set(read))
        for i, one in enumerate(known if not isinstance(statement, ast.Return) else ()):
            for other in known[i + 1 :]:
                if self.are_alike(one, other):
                    cause = "transposed" if self.in_one_place(one, other) else "not-swapped"
                    more = MORE_PLACES * (read.count(one) + read.count(other) - 2)
                    yield self.replaced({one: other, other: one}), cause, 1.05 + more
            for other, kind in self.seen.atoms.items() if read.count(one) > 1 else ():
                if other != one and kind == self.seen.atoms.get(one):
                    yield self.replaced({one: other}), "transposed" if other == f"{one}.T" else "wrong-point", 1.9

    def is_place(self, tree: ast.AST) -> bool:
        """Whether an expression says where in an array something is."""
        return any(one.slice is tree for one in ast.walk(self.statement) if isinstance(one, ast.Subscript))

    def in_one_place(self, one: str, other: str) -> bool:
        """Whether two names are read nowhere but together in indices: rows and columns."""
        within = [node for part in ast.walk(self.statement) if isinstance(part, ast.Subscript)
                  if {one, other} <= names(part.slice) for node in ast.walk(part.slice)]  # fmt: skip
        return all(node in within for node in self.reads if isinstance(node, ast.Name) and node.id in (one, other))

    def are_alike(self, one: str, other: str) -> bool:
        """Whether two names may stand in each other's places: not a number that counts in that of an array."""
        kinds = self.seen.atoms.get(one), self.seen.atoms.get(other)
        return None in kinds or (kinds[0].letter == kinds[1].letter)  # type: ignore[union-attr]

    def signs_turned(self) -> Texts:
        """All signs between terms, where there are several: a rotation that is turned the other way."""
        turned = cloned(self.statement)
        sums = [one for one in ast.walk(turned) if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add | ast.Sub)]
        for one in sums:
            one.op = ast.Sub() if isinstance(one.op, ast.Add) else ast.Add()
        if len(sums) > 1:
            yield ast.unparse(turned), "sign", 1.5

    def summed_together(self) -> Texts:
        """A product that is summed as a whole, where one of its factors is alone: `d * x.sum(axis=0)`."""
        for node in [one for one in self.reads if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult)]:
            for one, other in ((node.left, node.right), (node.right, node.left)):
                inner = summed_in(one)
                if inner is not None and isinstance(one, ast.Call):
                    alike = type(one) is type(other) and axes_of(one) == axes_of(other)
                    for factor in [other, *([summed_in(other)] if alike else [])]:
                        product = ast.BinOp(factor or other, ast.Mult(), inner)
                        whole = replaced(one, {ast.unparse(inner): product})
                        yield self.replaced({ast.unparse(node): ast.unparse(whole)}), "not-summed", 1.2

    def strides(self) -> Texts:
        """Counters that go by a stride throughout an index, as elsewhere in the text, or that do not."""
        places: list[Any] = [one for one in ast.walk(self.statement) if isinstance(one, ast.Subscript)]
        held = {id(one): "slice" for one in places}
        if isinstance(getattr(self.statement, "value", None), ast.Tuple):  # where an index begins: `top, left = i, j`
            places.append(self.statement)
        known, dear = strides_in(self.seen.text), 0.0
        if not known:  # nowhere in the text
            known, dear = self.steps([one for one in places if id(one) in held]), UNTOLD_STRIDE
        for stride, counters in known.items():
            products = {one: f"{one} * {stride}" for one in dict.fromkeys(counters)}
            for place in places:
                field = held.get(id(place), "value")
                index = getattr(place, field)
                texts = {ast.unparse(one) for one in ast.walk(index) if isinstance(one, ast.expr)}
                some = {text: expression(one) for one, text in products.items() if text in texts}
                others = some or {one: expression(text) for one, text in products.items() if one in texts}
                if others:
                    setattr(place, field, replaced(index, others))
                    yield ast.unparse(self.statement), "wrong-point", (1.8 if some else 1.6) + dear
                    setattr(place, field, index)

    def steps(self, places: list[ast.Subscript]) -> dict[str, list[str]]:
        """The whole numbers by which all counters of loops in indices may go, that stand in none yet."""
        inside = set().union(*(names(one.slice) for one in places))
        counters = [one for one in counters_in(self.seen.text) if one in inside]
        sizes = [one for one in self.seen.sizes if one not in inside and self.seen.line.value(one) > 1]
        return dict.fromkeys(sizes, counters) if counters else {}

    def entries_exchanged(self) -> Texts:
        """Two entries of the same array or list exchanged; masks turned over throughout."""
        entries = [ast.unparse(one) for one in self.reads if isinstance(one, ast.Subscript)]
        for i, mine in enumerate(entries):
            for theirs in entries[i + 1 :]:
                if mine != theirs and mine.partition("[")[0] == theirs.partition("[")[0]:
                    yield self.replaced({mine: theirs, theirs: mine}), "not-swapped", 1.1
        masks = [ast.unparse(one) for one in self.reads if self.is_mask(one)]
        for text in dict.fromkeys(masks):
            if masks.count(text) > 1:
                yield self.replaced({text: text[1:] if text.startswith("~") else f"~{text}"}), "wrong-point", 1.4

    def is_mask(self, node: ast.expr) -> bool:
        base = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert) else node
        kind = self.seen.kind(base) if isinstance(base, ast.Name | ast.Attribute) else None
        return kind is not None and kind.letter == "m"

    def replaced(self, texts: dict[str, str]) -> str:
        """The statement with whole expressions replaced where they are read, in one go."""

        class Replacer(ast.NodeTransformer):
            def visit(self, node: ast.AST) -> Any:
                text = ast.unparse(node) if isinstance(node, ast.expr) else ""
                read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
                return expression(texts[text]) if text in texts and read else without_turns(self.generic_visit(node))

        return ast.unparse(Replacer().visit(cloned(self.statement)))


def summed_in(node: ast.expr) -> ast.expr | None:
    """What a call sums, or takes the mean of: `x.sum(axis=0)`, `np.mean(x)`."""
    function = node.func if isinstance(node, ast.Call) else None
    if (
        not isinstance(node, ast.Call)
        or not isinstance(function, ast.Attribute)
        or function.attr not in ("sum", "mean")
    ):
        return None
    of_library = isinstance(function.value, ast.Name) and function.value.id in LIBRARIES
    return function.value if not of_library else node.args[0] if node.args else None


def axes_of(tree: ast.expr) -> list[str]:
    """What a call says by name: along which axes it sums."""
    return sorted(map(ast.unparse, tree.keywords)) if isinstance(tree, ast.Call) else []


def without_turns(tree: ast.AST) -> ast.AST:
    """What is turned twice as it is."""
    inner = tree.value if isinstance(tree, ast.Attribute) and tree.attr == "T" else None
    return inner.value if isinstance(inner, ast.Attribute) and inner.attr == "T" else tree


@cache
def strides_in(text: str) -> dict[str, list[str]]:
    """What the counters of loops are multiplied by in indices of a text, with these counters."""
    counters = counters_in(text)
    indices = [one.slice for one in nodes_in(text) if isinstance(one, ast.Subscript)]
    found: dict[str, list[str]] = {}
    for one in [part for index in indices for part in ast.walk(index)]:
        product = one if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult) else None
        for counter, stride in ((product.left, product.right), (product.right, product.left)) if product else ():
            if isinstance(counter, ast.Name) and counter.id in counters:
                found.setdefault(ast.unparse(stride), []).append(counter.id)
    return found
