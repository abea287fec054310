"""What functions and methods say of themselves: what they return, keep and hand on, whether they are
written at all."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache

from backprop.python.names import MOST_KEPT
from backprop.python.texts.called import GENERIC, arguments_of, names_in, targets
from backprop.python.texts.gradients import bases, is_cost, is_of_gradient, is_word
from backprop.python.values.arrays import HELD

ASKING = frozenset(["isinstance", "id", "len", "type", "str", "repr", "print", "hasattr", "getattr", "super", "vars"])
GOES_BACK = re.compile(r"grad_?(fn|func)|back|vjp|pull")  # a parameter that takes a backward pass
BOTH = re.compile(r"(?:and|with|_)_?(?:grad(?:ient)?s?|jac(?:obian)?)$", re.IGNORECASE)  # `cost_and_grad`, `fAndGrad`
OF_GRADIENTS = re.compile(r"_*([A-Z]\w*)?Grad(ient)?s?([A-Z]\w*)?$")  # a class of records of them
HOLDING = ("data", "_data", "value", "val", "_value", "array")  # in which objects of other files hold their arrays
SELVES = re.compile(r"_*(self|cls|klass|this|me|ctx|context|s|c|m)?_*", re.IGNORECASE)
UNWRITTEN = re.compile(
    r"\bNotImplemented|\bnot (yet )?implemented|\bTODO\b|\bimplement (this|me|it|the)\b", re.IGNORECASE
)
OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow", ast.MatMult: "matmul",
    ast.USub: "neg",
}  # fmt: skip


def hands_itself_on(method: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef], deep: int = 2) -> bool:
    """Whether a method gives something, and hands its own object to what makes it, `Value(y, (self, other))`, puts it
    there, `out.before = self, other`, or has another method do so."""
    nodes = [*ast.walk(method)]
    gives = any(isinstance(one, ast.Return) and one.value is not None for one in nodes)
    calls = [one for one in nodes if isinstance(one, ast.Call)]
    pending = [
        one for call in calls if ast.unparse(call.func) not in ASKING
        for one in [*call.args, *[its.value for its in call.keywords]]
    ]  # fmt: skip
    pending += [
        one.value for one in nodes if isinstance(one, ast.Assign)
        and (isinstance(one.targets[0], ast.Attribute) or isinstance(one.value, ast.IfExp | ast.Tuple))
    ]  # fmt: skip
    for one in pending:
        pending += one.elts if isinstance(one, ast.Tuple | ast.List | ast.Set) else []
        pending += [one.body, one.orelse] if isinstance(one, ast.IfExp) else []
    own = first_parameter(method)
    if any(isinstance(one, ast.Name) and one.id == own for one in pending):
        return gives
    links = [one for one in pending if isinstance(one, ast.Attribute) and GOES_BACK.search(one.attr)]
    if any(
        isinstance(one.value, ast.Name) and one.value.id == own for one in links
    ):  # its own way back: `self.grad_fn`
        return gives
    names = {name for name in methods if any(ast.unparse(one.func) == f"{own}.{name}" for one in calls)}
    names |= {name for name in methods if name in operators_on(own, nodes)}
    others = [methods[name] for name in names if methods[name] is not method] if deep and gives else []
    return any(hands_itself_on(one, methods, deep - 1) for one in others)


def operators_on(name: str, nodes: list[ast.AST]) -> set[str]:
    """The methods by which operators are said of an object of a name: `__sub__` of `self - x`."""
    found = [one for one in nodes if isinstance(one, ast.BinOp | ast.UnaryOp)]
    sides = [(one, one.left if isinstance(one, ast.BinOp) else one.operand, "") for one in found]
    sides += [(one, one.right, "r") for one in found if isinstance(one, ast.BinOp)]
    return {
        f"__{turned}{OPERATORS.get(type(one.op), '')}__" for one, side, turned in sides
        if isinstance(side, ast.Name) and side.id == name
    }  # fmt: skip


@lru_cache(MOST_KEPT)
def inner_functions(function: ast.FunctionDef) -> list[ast.FunctionDef]:
    """The functions inside another one, also in its branches, and none inside these."""
    pending: list[ast.AST] = [*function.body]
    found: list[ast.FunctionDef] = []
    for one in pending:
        if isinstance(one, ast.FunctionDef):
            found.append(one)
        elif not isinstance(one, ast.ClassDef | ast.Lambda):
            pending += ast.iter_child_nodes(one)
    return found


def is_abstract(function: ast.FunctionDef | None) -> bool:
    """Whether a function does nothing, or says that others are to do it."""
    body = function.body if function is not None else [ast.Break()]
    told = [one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    return all(isinstance(one, ast.Pass | ast.Raise) for one in told)


def left_open(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements that stand where something is to be written."""
    return [one for one in function.body if isinstance(one, ast.Pass) or says_unwritten(one)]


def says_unwritten(statement: ast.stmt) -> bool:
    """Whether a statement is the error of something that is still to be written, by its name or its words."""
    error = statement.exc if isinstance(statement, ast.Raise) else None
    return error is not None and bool(UNWRITTEN.search(ast.unparse(error)))


def refusal(function: ast.FunctionDef | None) -> ast.Raise | None:
    """The error that is all that a function does, where it does not say that something is to be written."""
    if function is None or not is_abstract(function) or left_open(function):
        return None
    return next((one for one in function.body if isinstance(one, ast.Raise)), None)


def is_replaced(function: ast.FunctionDef) -> bool:
    """Whether a decorator may put another function in the place of this one."""
    return any(ast.unparse(one) not in ("staticmethod", "classmethod") for one in function.decorator_list)


def held(methods: list[ast.FunctionDef]) -> tuple[str, bool]:
    """The attribute in which a backward pass puts gradients of tensors (`inp.g = out.g @ w.t()`), "" where it has none,
    and whether it takes that of a tensor from there."""
    nodes = [node for method in methods for node in ast.walk(method) if isinstance(node, ast.Attribute)]
    own = [
        node
        for node in nodes
        if node.attr in HELD and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    ]
    if any(isinstance(node.func, ast.Attribute) and node.func.attr == "backward" for method in methods
           for node in ast.walk(method) if isinstance(node, ast.Call)):  # fmt: skip
        return "", False  # torch puts them there
    put = next((node.attr for node in own if isinstance(node.ctx, ast.Store)), "")
    return put, any(node.attr == put and isinstance(node.ctx, ast.Load) for node in own)


def left_for(backward: ast.FunctionDef, forward: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef]) -> set[str]:
    """The attributes that a forward pass sets and a backward pass reads: one that only predicts leaves nothing."""
    read = set().union(*[attributes(one, ast.Load) for one in reached(backward, methods)])
    return read & set().union(*map(written, reached(forward, methods)))


@lru_cache(MOST_KEPT)
def written(method: ast.FunctionDef) -> frozenset[str]:
    """The attributes of `self` that a method sets, or whose entries it sets."""
    entries = [node for node in ast.walk(method) if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)]
    found = {*attributes(method, ast.Store)}
    for entry in entries:
        holder: ast.expr = entry
        while isinstance(holder, ast.Subscript):
            holder = holder.value
        found |= attributes(holder, ast.Load) if isinstance(holder, ast.Attribute) else set()
    return frozenset(found)


@lru_cache(MOST_KEPT)
def attributes(tree: ast.AST, context: type[ast.expr_context]) -> frozenset[str]:
    """The attributes of `self` that are set, or read."""
    return frozenset(
        node.attr for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, context)
        and isinstance(node.value, ast.Name) and node.value.id == "self"
    )  # fmt: skip


def reached(method: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef]) -> list[ast.FunctionDef]:
    """A method, and those of its object that it calls, and these."""
    found = [method]
    for one in found:
        found += [
            methods[name]
            for name in sorted(attributes(one, ast.Load))
            if name in methods and methods[name] not in found
        ]
    return found


def is_static(method: ast.FunctionDef) -> bool:
    """Whether a method needs no object: it says so, or begins with none, as where a decorator of its class says so."""
    if method.args.args and not SELVES.fullmatch(first_parameter(method)) and not method.decorator_list:
        return not keeps(method, first_parameter(method))
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in method.decorator_list)


def context_of(method: ast.FunctionDef) -> int | None:
    """Where a method of an autograd Function takes its context: its first parameter, or the one behind `cls`; that of a
    function without an object may be called `self`, too."""
    names = [one.arg for one in method.args.args[:2]]
    wanted = {"ctx", "context", "self"} if is_static(method) else {"ctx"}
    return next((place for place, name in enumerate(names) if name in wanted), None)


def keeps(method: ast.FunctionDef, name: str) -> bool:
    """Whether a method puts something into one of its parameters, as into a context of whatever name. What holds an
    array is an input, on which it notes something."""
    nodes = [node for node in ast.walk(method) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == name]
    if any(isinstance(node.ctx, ast.Load) and node.attr in HOLDING for node in nodes):
        return False
    return any(isinstance(node.ctx, ast.Store) or node.attr.startswith(("save", "mark")) for node in nodes)


def leading(method: ast.FunctionDef) -> int:
    """How many of its first parameters are no inputs: `self` or `cls`, and `ctx`."""
    place = context_of(method)
    return place + 1 if place is not None else 0 if is_static(method) else 1


def first_parameter(function: ast.FunctionDef) -> str:
    return function.args.args[0].arg if function.args.args else ""


def is_both(function: ast.FunctionDef) -> bool:
    """Whether a function returns a number and what are gradients by their names, or by the function's own; behind a
    loss a state may follow."""
    known, given = names_in([function]), arguments_of(function)
    returned = [name or gradients_of(one, given) for name, one in zip(returns(function), at_end(function), strict=True)]
    like = [
        one not in given
        and ((is_of_gradient(one) and not is_word(one, known)) or not given.isdisjoint(bases(one)[:1]))  # `gW`
        for one in returned
    ]
    costs = bool(returned) and is_cost(returned[-1])
    if like and like[0] and not costs:
        return False  # gradients alone: a backward pass
    behind = is_cost(returned[0]) and like[1:2] == [True] and all(like[1:-1]) if returned else False
    says_so = bool(BOTH.search(function.name)) and not given.issuperset(returned[:1]) and not is_moved(function)
    return len(returned) > 1 and (all(like[1:]) or behind or says_so or (costs and all(like[:-1])))


def is_moved(function: ast.FunctionDef) -> bool:
    """Whether what a function returns first is no loss, but where a gradient takes an argument: `w - rate * grad_w`,
    also under a name."""
    first, given = {*returns(function)[:1]}, arguments_of(function)
    sets = [one for one in ast.walk(function) if isinstance(one, ast.Assign) and not first.isdisjoint(targets(one))]
    ends = [together(one.value)[:1] for one in function.body if isinstance(one, ast.Return)]
    values = [one.value for one in sets] + [value for some in ends for value in some]
    return any(
        isinstance(one, ast.BinOp) and name_of(one.left) in given and any(map(is_of_gradient, names_in([one.right])))
        for one in values
    )


def returns(function: ast.FunctionDef, count: int | None = None) -> list[str]:
    """The names that a function returns at its end; "" for what has none. Where it returns another `count`, those that
    it returns elsewhere, or with what stands together in them: `(h, c), cache`."""
    found = [node for node in function.body if isinstance(node, ast.Return)]
    names = [*map(name_of, at_end(function))]
    if count is None or count == len(names):
        return names
    every = [returned_by(node) for node in ast.walk(function) if isinstance(node, ast.Return)]
    every += [[name_of(one) for part in together(node.value) for one in together(part)] for node in found[-1:]]
    return next((one for one in every if len(one) == count), names)


def returned_by(statement: ast.Return) -> list[str]:
    return [name_of(one) for one in together(statement.value)]


def named_by_callers(tree: ast.Module) -> None:
    """Give what functions return without a name the one that it gets where they are called, if that is one of a
    gradient: `loss, grad = cost(w)` of `return loss, x.T @ delta`."""
    unpacked: dict[str, list[str]] = {}
    for one in ast.walk(tree):
        target = one.targets[0] if isinstance(one, ast.Assign) and isinstance(one.value, ast.Call) else None
        if isinstance(target, ast.Tuple):
            name = ast.unparse(one.value.func).rpartition(".")[2]  # type: ignore[attr-defined]
            unpacked.setdefault(name, [*map(name_of, target.elts)])
    for function in [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name in unpacked]:
        names = unpacked[function.name]
        for one in ast.walk(function):
            values = together(one.value) if isinstance(one, ast.Return) else []
            for value, name in zip(values, names, strict=False) if len(values) == len(names) else ():
                if not name_of(value) and (is_of_gradient(name) or name in GENERIC or name.startswith("g_")):
                    value.handed_as = name  # type: ignore[attr-defined]


def at_end(function: ast.FunctionDef) -> list[ast.expr]:
    """What a function returns at its end."""
    found = [node for node in function.body if isinstance(node, ast.Return)]
    return together(found[-1].value) if found else []


def gradients_of(tree: ast.expr, given: set[str]) -> str:
    """The name of a dictionary that has something new for each of some arguments, `{"W": x.T @ dz}`; else none."""
    if not isinstance(tree, ast.Dict) or not tree.keys:
        return ""
    keys = {one.value if isinstance(one, ast.Constant) else None for one in tree.keys}
    return "grads" if keys <= given and given.isdisjoint(map(name_of, tree.values)) else ""


def together(value: ast.expr | None) -> list[ast.expr]:
    """The values of which something is made that is returned: those of a tuple or a list, or itself."""
    return value.elts if isinstance(value, ast.Tuple | ast.List) else [] if value is None else [value]


def name_of(tree: ast.expr) -> str:
    """A name, the key of an entry, or an attribute; through methods that only turn and copy, and what scales it; of a
    dictionary of gradients "grads"; else what callers call it."""
    if hasattr(tree, "handed_as"):
        return str(tree.handed_as)
    if isinstance(tree, ast.Dict):
        keys = [one.value if isinstance(one, ast.Constant) else "" for one in tree.keys]
        named = [
            str(key) if is_of_gradient(str(key)) else name_of(one) for key, one in zip(keys, tree.values, strict=True)
        ]
        return "grads" if named and all(map(is_of_gradient, named)) else ""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        named = [one.arg or "" for one in tree.keywords] if not tree.args else []
        if OF_GRADIENTS.match(tree.func.id) or (named and all(map(is_of_gradient, named))):
            return "grads"  # a record of them
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Attribute):
        return tree.attr
    if (
        isinstance(tree, ast.Call)
        and len(tree.args) == 1
        and ast.unparse(tree.func).rpartition(".")[2] in ("array", "asarray", "stack", "tuple")
    ):
        return name_of(tree.args[0])
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Attribute):
        return name_of(tree.func.value) if tree.func.attr in ("reshape", "copy", "clone", "view", "item") else ""
    if isinstance(tree, ast.Subscript) and isinstance(tree.slice, ast.Constant) and isinstance(tree.slice.value, str):
        return tree.slice.value
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return name_of(tree.operand)
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult | ast.Div):
        factors = [tree.left, tree.right] if isinstance(tree.op, ast.Mult) else [tree.left]
        return next(filter(is_of_gradient, map(name_of, factors)), "")
    return ""
