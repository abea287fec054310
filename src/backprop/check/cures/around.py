"""Cures that go around a name: led back over the line that gives the name its value.

A line can often be made right by writing out what it should have read, and then nobody reads the name any more. Where
the old line is the new one but for its names, what stands in their places is what the names' own lines should say.
Else, where a name's own line says nearly what was written out, that line is the faulty one, or is wrong, too.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from backprop.check.chain_rule.derive import likeness
from backprop.check.cures.search import Cure, Search, idle, put
from backprop.check.cures.several import alike
from backprop.check.edits.catalogue import Edit
from backprop.check.edits.forms import expression, replaced
from backprop.check.edits.visible import Line
from backprop.check.passes.causes import names, signed
from backprop.check.passes.sensitivity import base_name
from backprop.check.passes.trace import targets_of
from backprop.python.texts.gradients import is_gradient

LIKE = 0.4  # how much a part of a cure is like the line that the name has its value from
MOST_PARTS = 4  # of a cure that are tried instead of a name


def led_back(search: Search, cures: Sequence[Cure]) -> list[Cure]:
    """The cures, or such as make everything right as well and go around no name, nor make up where it is read for a
    line that gives a name what another one holds, and no more."""
    before = put(cures)
    copies = {name: one for one in search.lines if one.visits == 1 and one.statement not in before
              if (name := assigned(one.statement)[0]) and isinstance(assigned(one.statement)[1], ast.Name)}  # fmt: skip
    for place, cure in enumerate(cures) if copies else ():
        for more in held_by(cure, copies):
            found = [*cures[:place], *more, *cures[place + 1 :]]
            if search.judge.all_right(put(found)):
                return found
    if all(names(one.line.statement) <= names(one.edit.statements[-1]) for one in cures):
        return list(cures)  # none goes around a name: no run is needed to know
    around = idle(search.derivation(before).trace, before) - idle(search.derivation({}).trace, {})
    writers = [one for one in search.lines if one.statement in around and one.statement not in before]
    named = {name: one for one in writers if (name := assigned(one.statement)[0])}
    for place, cure in enumerate(cures):
        ways = [more for one in writers if one.visits == 1 for more in instead_of(cure, one)]
        for more in (*held_by(cure, named), *ways):
            found = [*cures[:place], *more, *cures[place + 1 :]]
            if search.judge.all_right(put(found)):
                return found
    return list(cures)


def in_one(search: Search, cures: Sequence[Cure]) -> list[Cure]:
    """The cures, of which two that make a name in two steps are one where a line may stay as it is: with
    `dx = g * s` for the first of them and `dx = dx` for `dx = dx * s`, that is `dx = g`."""
    for first in cures:
        for second in cures:
            name, old = assigned(second.line.statement)
            made, later = (assigned(one.edit.statements[-1])[1] for one in (first, second))
            if first is second or old is None or made is None or later is None or name not in names(old):
                continue
            if assigned(first.line.statement)[0] != name or first.line.number > second.line.number:
                continue
            whole = replaced(later, {name: made})
            for found in fits(old, whole, {name}, {}) if name in names(later) else ():
                text = f"{name} = {ast.unparse(found[name])}"
                edit = first.edit._replace(statements=ast.parse(text).body, text=text)
                fewer = [first._replace(edit=edit) if one is first else one for one in cures if one is not second]
                if search.judge.all_right(put(fewer)):
                    return in_one(search, fewer)
    return list(cures)


def shared(search: Search, cures: Sequence[Cure]) -> list[Cure]:
    """The cures, or one of the line that gives a name its value, where several read the same in place of the name, or
    put the same factor behind what they read of it."""
    if missing := scaled_behind(search, cures):
        return missing
    for name, operator, factor, some in factored(cures):
        for line in [one for one in search.lines[::-1] if assigned(one.statement)[0] == name and one.visits == 1]:
            whole = ast.BinOp(assigned(line.statement)[1], operator, factor)  # type: ignore[arg-type]
            own = cure_of(line, f"{name} = {ast.unparse(whole)}", some[0].cost)
            rest = [one for one in cures if one not in some]
            if all(one.line is not line for one in cures) and search.judge.all_right(put([own, *rest])):
                return [own, *rest]
    found = Counter(text for one in cures for text in {*products(one.edit.statements[-1])})
    writers = {name: one for one in search.lines if one.visits == 1 and (name := assigned(one.statement)[0])}
    for text in [one for one, count in found.items() if count > 1]:
        tree = expression(text)
        for name in sorted(names(tree) & writers.keys()):
            line = writers[name]
            mine = next((one for one in cures if one.line is line), None)
            old = assigned(mine.edit.statements[-1] if mine is not None else line.statement)[1]
            if old is None:
                continue
            made = f"{name} = {ast.unparse(replaced(tree, {name: old}))}"
            own = cure_of(line, made, cures[0].cost)
            rest = [rewritten(one, text, name) for one in cures if one is not mine]
            rest = [one for one in rest if one.edit.text != ast.unparse(one.line.statement)]
            if search.judge.all_right(put([own, *rest])):
                return [own, *rest]
    return list(cures)


def factored(cures: Sequence[Cure]) -> Iterator[tuple[str, ast.operator, ast.expr, list[Cure]]]:
    """The names that several cures read that multiply by the same, or divide by it, with that and these cures."""
    found: dict[tuple[type[ast.operator], str], list[tuple[Cure, ast.BinOp]]] = {}
    for one in cures:
        if (new := factor_behind(one)) is not None:
            found.setdefault((type(new.op), ast.unparse(new.right)), []).append((one, new))
    for some in [one for one in found.values() if len(one) > 1]:
        (_, first), alike = some[0], [one for one, _ in some]
        for name in sorted(set.intersection(*[names(new.left) for _, new in some])):
            yield name, first.op, first.right, alike


def scaled_behind(search: Search, cures: Sequence[Cure]) -> list[Cure]:
    """A line that is missing behind the last one that writes into a name: what all cures lack that read it is the same
    factor, which one of them puts there."""
    read = set.intersection(*[names(getattr(one.line.statement, "value", None) or ast.Pass()) for one in cures])
    lacking = {ast.unparse(two): (two.op, two.right) for one in cures if (two := factor_behind(one)) is not None}
    for name in sorted(read) if len(cures) > 1 else ():
        first = min(one.line.number for one in cures)
        writers = [one for one in search.lines if name in map(base_name, targets_of(one.statement))]
        for line in sorted((one for one in writers if one.number < first), key=lambda one: one.number)[-1:]:
            for operator, factor in lacking.values():
                more = ast.AugAssign(ast.Name(name, ast.Store()), operator, factor)
                edit = Edit([line.statement, more], f"{ast.unparse(line.statement)}\n{ast.unparse(more)}", "factor",
                            cures[0].cost, True)  # fmt: skip
                own = [Cure(line, edit, cures[0].cost, cures[0].repaired)]
                if search.judge.all_right(put(own)):
                    return own
    return []


def factor_behind(cure: Cure) -> ast.BinOp | None:
    """What a cure is, where it is what stands in its line times something, or over it."""
    old, new = (getattr(tree, "value", None) for tree in (cure.line.statement, cure.edit.statements[-1]))
    if not isinstance(new, ast.BinOp) or not isinstance(new.op, ast.Mult | ast.Div) or old is None:
        return None
    return new if ast.dump(new.left) == ast.dump(old) else None


def cure_of(line: Line, text: str, cost: float) -> Cure:
    """Another text for a line as its cure."""
    return Cure(line, Edit(ast.parse(text).body, text, None, cost), cost, frozenset())


def products(statement: ast.stmt) -> Iterator[str]:
    """The products and sums in a statement of which a part is a name."""
    for node in ast.walk(statement):
        whole = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.Add | ast.Sub)
        if whole and any(isinstance(one, ast.Name) for one in (node.left, node.right)):  # type: ignore[attr-defined]
            yield ast.unparse(node)


def held_by(cure: Cure, writers: dict[str, Line]) -> Iterator[list[Cure]]:
    """The cures of the lines that give names their values, with which a line may stay as it is."""
    old, new = (getattr(one, "value", None) for one in (cure.line.statement, cure.edit.statements[-1]))
    if cure.edit.adds or old is None or new is None or type(cure.line.statement) is not type(cure.edit.statements[-1]):
        return
    for found in fits(old, new, names(old) & writers.keys(), {}):
        made = []
        for name, tree in found.items():
            held = assigned(writers[name].statement)[1]  # in its own line the name stands for what it gets there
            whole = as_value(tree) if held is None else replaced(as_value(tree), {name: held})
            if not is_held(cure.line, name, tree):
                made.append(cure_of(writers[name], f"{name} = {ast.unparse(whole)}", cure.cost))
        if made:
            yield made


def as_value(tree: ast.expr) -> ast.expr:
    """An expression that may stand by itself, as a slice does not outside of brackets."""
    if not isinstance(tree, ast.Slice):
        return tree
    bounds = [one or ast.Constant(None) for one in (tree.lower, tree.upper, tree.step)]
    return ast.Call(ast.Name("slice"), bounds if tree.step else bounds[:2], [])


def is_held(line: Line, name: str, tree: ast.expr) -> bool:
    """Whether a name has a value already, where a line stands."""
    held, value = line.value(name), line.value(ast.unparse(as_value(tree)))
    return is_gradient(held) and is_gradient(value) and alike([held], [value])


Found = dict[str, ast.expr]
Item = tuple[int, ast.expr]  # a term with its sign, or a factor with its power


def fits(old: ast.AST, new: ast.AST, free: set[str], known: Found) -> Iterator[Found]:
    """What some names must be for one expression to be another one, in whatever order terms and factors stand."""
    if isinstance(old, ast.Name) and old.id in free and isinstance(new, ast.expr):
        if ast.dump(known.get(old.id, new)) == ast.dump(new):
            yield {**known, old.id: new}
    elif not names(old) & free:
        if ast.dump(old) == ast.dump(new):
            yield known
    elif any(isinstance(getattr(old, "op", None), kind) for kind in (ast.Add, ast.Sub, ast.USub)):
        yield from parts_fit(signed(old), signed(new), free, known, ast.Add())
    elif any(isinstance(getattr(old, "op", None), kind) for kind in (ast.Mult, ast.Div)):
        yield from parts_fit(factors(old), factors(new), free, known, ast.Mult())
    elif type(old) is type(new):
        yield from all_fit(parts_of(old), parts_of(new), free, known)


def all_fit(olds: list[ast.AST], news: list[ast.AST], free: set[str], known: Found) -> Iterator[Found]:
    """The same of several expressions, one by one."""
    if len(olds) == len(news):
        if not olds:
            yield known
        for found in fits(olds[0], news[0], free, known) if olds else ():
            yield from all_fit(olds[1:], news[1:], free, found)


def parts_fit(
    olds: list[Item], news: list[Item], free: set[str], known: Found, operator: ast.operator
) -> Iterator[Found]:
    """The same of terms or factors, the plain ones first; a name alone, the last one, is all that is left."""
    if not olds:
        if not news:
            yield known
        return
    (way, first), *rest = sorted(olds, key=lambda one: isinstance(one[1], ast.Name) + bool(names(one[1]) & free))
    if not rest and isinstance(first, ast.Name) and first.id in free and news:
        yield from fits(first, together([(way * its, tree) for its, tree in news], operator), free, known)
        return
    for place, (its, tree) in enumerate(news):
        if its == way:
            for found in fits(first, tree, free, known):
                yield from parts_fit(rest, [*news[:place], *news[place + 1 :]], free, found, operator)


def parts_of(tree: ast.AST) -> list[ast.AST]:
    """What an expression is made of; of names and numbers what they say."""
    found: list[ast.AST] = []
    for field, one in ast.iter_fields(tree):
        for part in one if isinstance(one, list) else [one]:
            is_tree = isinstance(part, ast.AST) and not isinstance(part, ast.expr_context)
            found.append(part if is_tree else ast.Constant(f"{field} {part!r}" if isinstance(part, str | int) else ""))
    return found


def factors(tree: ast.AST, way: int = 1) -> list[Item]:
    """The factors of a product with their powers."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult | ast.Div):
        return [*factors(tree.left, way), *factors(tree.right, way if isinstance(tree.op, ast.Mult) else -way)]
    return [(way, tree)] if isinstance(tree, ast.expr) else []


def together(items: list[Item], operator: ast.operator) -> ast.expr:
    """A sum of terms, or a product of factors."""
    product = isinstance(operator, ast.Mult)
    turned: ast.operator = ast.Div() if product else ast.Sub()
    (way, whole), *rest = sorted(items, key=lambda one: -one[0])
    if way < 0:
        whole = ast.BinOp(ast.Constant(1), turned, whole) if product else ast.UnaryOp(ast.USub(), whole)
    for its, tree in rest:
        whole = ast.BinOp(whole, operator if its > 0 else turned, tree)
    return whole


def instead_of(cure: Cure, writer: Line) -> Iterator[list[Cure]]:
    """What a cure becomes that reads a name again: by itself where the name holds a part of it already, else with a
    cure of the line that gives the name its value."""
    new = cure.edit.statements[-1]
    name, old = assigned(writer.statement)
    if old is None or cure.edit.adds or name not in names(cure.line.statement) or name in names(new):
        return
    value = getattr(new, "value", None)
    parts = {ast.unparse(one): one for one in ast.walk(value) if isinstance(one, ast.expr)} if value is not None else {}
    held = [text for text, one in parts.items() if not isinstance(one, ast.Constant) and is_held(cure.line, name, one)]
    yield from ([rewritten(cure, text, name)] for text in held)
    whole = [text for text, one in parts.items() if is_whole(one) and not held]
    for like, text in sorted(((likeness(text, ast.unparse(old)), text) for text in whole), reverse=True)[:MOST_PARTS]:
        if like > LIKE:
            yield [cure_of(writer, f"{name} = {text}", cure.cost), rewritten(cure, text, name)]


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
    statement = ast.parse(ast.unparse(replaced(ast.parse(cure.edit.text), {text: ast.Name(name, ast.Load())}))).body
    return cure._replace(edit=cure.edit._replace(statements=statement, text=ast.unparse(statement[0])))
