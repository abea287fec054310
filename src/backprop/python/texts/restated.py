"""What a text says in a form of its own, said as others say it: trees with the places of the user's."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping

from backprop.python.names import names_set, names_used, parameter_names, required_names
from backprop.python.texts.registered import MARK, as_at, last_of

BACKWARD = re.compile(r"_*(back(ward|prop|_?propagat\w*)(_pass|_prop\w*|_step|_impl|_fn)?|bwd)")
LIFTED = (ast.FunctionDef, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)
IN_PARTS = "in parts"  # the mark of a backward pass that no text has

OF_CHAINER = """
def retain_inputs(self, indexes):
    self.retained_inputs = indexes
def retain_outputs(self, indexes):
    self.retained_outputs = indexes
def get_retained_inputs(self):
    return tuple([self.inputs[place] for place in self.retained_inputs])
def get_retained_outputs(self):
    return tuple([self.outputs[place] for place in self.retained_outputs])
def apply(self, inputs):
    self.inputs = inputs
    self.outputs = self.output_data = self.forward(inputs)
    return self.outputs
def __call__(self, *inputs):
    return self.apply(inputs)[0]
"""  # what its Functions and FunctionNodes have from their framework
RETAINING = "get_retained_inputs"  # by which such a class is known


def with_framework(tree: ast.ClassDef) -> None:
    """Give a Function of chainer what it has from there."""
    names = {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
    if "backward" in names and any(re.search(r"\bFunction(Node)?$", ast.unparse(base)) for base in tree.bases):
        made = [one for one in ast.parse(OF_CHAINER).body if isinstance(one, ast.FunctionDef) and one.name not in names]
        tree.body += [as_at(one, tree) for one in made]


PASSES = re.compile(r"_*(forward|backward|__call__)(_cpu|_impl)?$")
FORTH = re.compile(
    r"_*(forw|fwd|fprop|feed|propag|call|comput|update_?out|eval|predict|apply|output)"
)  # goes forward itself
HELD = re.compile(r"_*(data|val(ue)?|array)")  # in which the parts of an expression have their arrays
MADE = """
def {name}({taken}):
    {read}
    out = {name}({handed})
    def {back}():
        out.{back}({above})
    return out, {back}
"""


def as_operation(tree: ast.stmt) -> list[ast.FunctionDef]:
    """A class whose objects compute what they stand for as they are made, of the arrays that their parts hold, and know
    how to go back, as the operation that makes one."""
    methods = {one.name: one for one in getattr(tree, "body", ()) if isinstance(one, ast.FunctionDef)}
    start, backs = methods.get("__init__"), [one for one in methods.values() if BACKWARD.fullmatch(one.name)]
    if not isinstance(tree, ast.ClassDef) or start is None or len(backs) != 1 or start.args.vararg is not None:
        return []
    names, taken = parameter_names(start)[1:], required_names(backs[0])[1:]
    read = [
        ast.unparse(node) for node in ast.walk(start) if isinstance(node, ast.Attribute)
        and HELD.fullmatch(node.attr) and isinstance(node.value, ast.Name) and node.value.id in names
    ]  # fmt: skip
    if not read or len(taken) > 1 or any(map(FORTH.match, methods)):
        return []
    above = 'out.grad if hasattr(out, "grad") else out._grad' if taken else ""
    whole = ast.unparse(start.args).partition(",")[2].strip()
    text = MADE.format(
        name=tree.name, taken=whole, read=", ".join(dict.fromkeys(read)), back=backs[0].name, above=above,
        handed=", ".join(f"{one}={one}" for one in names),
    )  # fmt: skip
    made = [one for one in ast.parse(text).body if isinstance(one, ast.FunctionDef)]
    for one in made:
        one.name += MARK
    return [as_at(one, tree) for one in made]


def by_their_names(tree: ast.Module) -> None:
    """Give passes that take anything, and take it apart by names at once, these as their parameters:
    `def forward(ctx, *args): x, w = args`."""
    for node in ast.walk(tree):
        rest = node.args.vararg if isinstance(node, ast.FunctionDef) and PASSES.match(node.name) else None
        if rest is None or not isinstance(node, ast.FunctionDef) or node.args.defaults or node.args.kwonlyargs:
            continue
        for statement in node.body:
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            names = [one.id for one in getattr(target, "elts", ()) if isinstance(one, ast.Name)]
            whole = isinstance(target, ast.Tuple | ast.List) and len(names) == len(target.elts) == len({*names})
            if isinstance(statement, ast.Assign) and whole and ast.unparse(statement.value) == rest.arg:
                node.args.vararg = None
                node.args.args += [ast.copy_location(ast.arg(one), rest) for one in names]
                parts = ast.Tuple([ast.Name(one, ast.Load()) for one in names], ast.Load())
                statement.targets, statement.value = [ast.Name(rest.arg, ast.Store())], parts
                ast.fix_missing_locations(statement)
                break


def as_handed_on(tree: ast.ClassDef) -> None:
    """Give passes that take anything, and only hand it on to another method, the parameters of that one:
    `def backward(self, *args, **kwargs): grad = self.backward_impl(*args, **kwargs)`."""
    methods = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
    for one in methods.values():
        rest, named = one.args.vararg, one.args.kwarg
        if rest is None or not PASSES.match(one.name) or len(one.args.args) != 1 or one.args.kwonlyargs:
            continue
        words = [rest.arg, *([named.arg] if named is not None else [])]
        reads = [node for node in ast.walk(one) if isinstance(node, ast.Name) and node.id in words]
        calls = [
            node
            for node in ast.walk(one)
            if isinstance(node, ast.Call) and [*map(ast.unparse, node.args)] == [f"*{rest.arg}"]
        ]
        whose = (
            methods.get(ast.unparse(calls[0].func).removeprefix(f"{one.args.args[0].arg}."))
            if len(calls) == 1
            else None
        )
        if whose is None or whose is one or whose.args.vararg or whose.args.kwarg or len(reads) != len(words):
            continue
        names = parameter_names(whose)[1:]
        calls[0].args = [ast.copy_location(ast.Name(name, ast.Load()), calls[0]) for name in names]
        calls[0].keywords = []
        first, one.args = one.args.args[0], copy.deepcopy(whose.args)
        one.args.args[0] = first


def as_both(tree: ast.Module) -> None:
    """Return a loss and its gradient where an object is made that holds both: `return Loss(loss, grad, x.model)`."""
    for node in [node for node in ast.walk(tree) if isinstance(node, ast.Return) and isinstance(node.value, ast.Call)]:
        made: ast.Call = node.value  # type: ignore[assignment]
        first = [getattr(one, "id", "") for one in made.args[:2]]
        of_loss = re.search(r"Loss|Cost|Criterion|Result|Output", ast.unparse(made.func))
        if (
            of_loss
            and len(first) == 2
            and first[0] in ("loss", "cost")
            and re.match(r"_*(d_?)?(grad|loss_grad)", first[1])
        ):
            node.value = ast.copy_location(ast.Tuple(made.args[:2], ast.Load()), made)


def as_import(statement: ast.stmt, body: list[ast.stmt]) -> ast.stmt:
    """`from numpy import *` in place of a call that puts the names of NumPy among those of the text, each as it is or
    wrapped: `wrap(np.__dict__, globals())`."""
    given = statement.value.args if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) else []
    words = [ast.unparse(one) for one in given] if len(given) == 2 else ["", ""]
    names = {alias.asname: alias.name for one in body if isinstance(one, ast.Import) for alias in one.names}
    module = names.get(words[0].removesuffix(".__dict__"))
    if words[1] != "globals()" or module is None:
        return statement
    return ast.copy_location(ast.ImportFrom(module, [ast.alias("*", lineno=1, col_offset=0)], 0), statement)


def inner_classes(statement: ast.stmt) -> list[ast.ClassDef]:
    """The classes inside a class or a function that have both passes, each by its whole name: `Mish.F`."""
    found: list[ast.ClassDef] = []
    if not isinstance(statement, ast.ClassDef | ast.FunctionDef):
        return found
    for one in statement.body:
        if isinstance(one, ast.ClassDef):
            names = {inner.name for inner in one.body if isinstance(inner, ast.FunctionDef)}
            if {"forward", "backward"} <= names:
                whole = ast.ClassDef(f"{statement.name}.{one.name}", one.bases, one.keywords, one.body, [])
                found.append(ast.copy_location(whole, one))
    return found


def lifted(statement: ast.stmt, body: list[ast.stmt]) -> list[ast.stmt]:
    """What a function, or a method, defines inside it for a pair that it makes, as if it stood at the top: a class with
    both passes, by its whole name, or a function with its rule, and what these read of it. Nothing where a name of
    theirs has another meaning at the top."""
    functions = [one for one in getattr(statement, "body", ()) if isinstance(one, ast.FunctionDef)]
    found: list[ast.stmt] = []
    for function in [statement] if isinstance(statement, ast.FunctionDef) else functions:
        classes, rules = inner_classes(function), [one for one in function.body if is_rule(one)]
        whose = {one.name.partition(".")[2] for one in classes}
        around = [*defaults(function), *[one for one in function.body if isinstance(one, LIFTED)]]
        used = names_used([*classes, *rules], around) - whose if classes or rules else set()
        around = [one for one in around if one in rules or not used.isdisjoint(names_set(one))]
        names = set().union(*map(names_set, around))
        if names.isdisjoint(set().union(*map(names_set, [*body, *found]))):
            found += [*around, *classes, *[one for one in rules if one not in around]]
    return found


def is_rule(statement: ast.stmt) -> bool:
    """Whether a statement tells a library a rule of differentiation: `f.defvjp(forward, backward)`, `@f.defjvp`."""
    heads = statement.decorator_list if isinstance(statement, ast.FunctionDef) else []
    heads = [statement.value] if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) else heads
    return any(last_of(one) in ("defvjp", "defjvp", "defjvps") for one in heads)


def defaults(function: ast.FunctionDef) -> list[ast.stmt]:
    """The parameters that need no value, set to what they are then."""
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    values = [*zip(positional[len(positional) - len(given.defaults) :], given.defaults, strict=True)]
    values += [
        (name, value) for name, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value is not None
    ]
    return [
        ast.copy_location(ast.fix_missing_locations(ast.Assign([ast.Name(name.arg, ast.Store())], value)), name)
        for name, value in values
    ]


def whole_backward(tree: ast.ClassDef, known: Mapping[str, ast.ClassDef]) -> list[ast.stmt]:
    """The backward pass of a class that has it in parts which take the same, `backward_delta(self, input, delta)` and
    `backward_update_gradient(self, input, delta)`: each is called, the one that returns something at the end. One that
    is inherited may call them itself."""
    methods = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
    parts = [one for name, one in methods.items() if re.match(r"backward_\w", name)]
    taken = {tuple(parameter_names(one)) for one in parts}
    forward = any(re.fullmatch(r"forward(_pass|_prop\w*)?|__call__", name) for name in methods)
    paired = any(one.name.replace("back", "for", 1) in methods for one in parts)
    ends = [one for one in parts if any(isinstance(node, ast.Return) and node.value for node in ast.walk(one))]
    if not forward or paired or len(taken) != 1 or len(ends) > 1 or len(*taken) < 2 or has_backward(tree, known):
        return []
    me, *names = next(iter(taken))
    calls = [f"{me}.{one.name}({', '.join(names)})" for one in parts if one not in ends]
    calls += [f"return {me}.{one.name}({', '.join(names)})" for one in ends]
    made = ast.parse("\n    ".join([f"def backward({', '.join([me, *names])}):", *calls])).body
    for node in (node for one in made for node in ast.walk(one)):
        ast.copy_location(node, parts[0])
        if isinstance(node, ast.FunctionDef):
            node.type_comment = IN_PARTS
    return [*made]


def has_backward(tree: ast.ClassDef, known: Mapping[str, ast.ClassDef], seen: tuple[str, ...] = ()) -> bool:
    """Whether a class has a backward pass in its text, or one that it is made from has."""
    own = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.type_comment != IN_PARTS]
    bases = [ast.unparse(base).rpartition(".")[2] for base in tree.bases]
    above = [known[name] for name in bases if name in known and name not in (tree.name, *seen)]
    return any(BACKWARD.fullmatch(one.name) for one in own) or any(
        has_backward(one, known, (tree.name, *seen)) for one in above
    )
