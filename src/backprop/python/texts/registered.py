"""Rules of differentiation that a library is told of beside a function, as forward passes that return their backward
pass: `custom_gradient` of TensorFlow and JAX, `custom_jvp` of JAX, `defvjp` of autograd.

What is made is Python, of the user's own trees with their places: whoever reads it needs to know no library.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Sequence
from typing import Any

MARK = "'"  # behind the name of a function with its rule, which no name of the user's can have
WORDS = re.compile(r"custom_(gradient|jvp)|defvjp")
ADDED = (
    "def rule(primals, tangents):\n    ans = {name}(*primals)\n    return ans, {parts}"  # of what `defjvps` is given
)
FRESH = ("dy", "dout", "upstream")  # for a gradient from above, whichever is free
TRANSPOSED = """
def backward({above}):
    from jax import linear_transpose
    {given}, = linear_transpose(lambda *tangents: {rule}({apart}({inputs},), tangents)[1], {inputs})({above})
    return {gradients}
"""


def registered(tree: ast.Module) -> list[ast.FunctionDef]:
    """The functions of a text that have a rule, each with its backward pass: `f'` for f."""
    functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
    found: list[ast.FunctionDef] = []
    for function in [one for one in tree.body if isinstance(one, ast.FunctionDef)]:
        if is_decorated(function, "custom_gradient"):
            found += with_gradient(function)
        found += with_inner(function)
        of_rule = next((one for one in function.decorator_list if last_of(one) == "defjvp"), None)
        whose = functions.get(first_of(of_rule)) if of_rule is not None else None
        found += with_tangents(whose, function) if whose is not None else []
    calls = [one.value for one in tree.body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)]
    made = {
        ast.unparse(one.targets[0])
        for one in tree.body
        if isinstance(one, ast.Assign) and last_of(one.value) == "custom_vjp"
    }
    calls = [one for one in calls if ast.unparse(getattr(one.func, "value", one.func)) not in made]
    found += [one for call in calls for one in with_call(call, functions)]
    return [ast.fix_missing_locations(one) for one in found]


def with_call(call: ast.Call, functions: dict[str, ast.FunctionDef]) -> list[ast.FunctionDef]:
    """A rule that a statement hands to its library: `defvjp(f, …)`, `f.defjvp(rule)`. `f.defvjp(forward, backward)` of
    jax has both passes."""
    owner = functions.get(ast.unparse(call.func.value)) if isinstance(call.func, ast.Attribute) else None
    if owner is not None and last_of(call.func) == "defvjp":
        return with_names(call, owner.name)
    if owner is None:
        return with_makers(call, functions) if last_of(call.func) == "defvjp" and len(call.args) > 1 else []
    rule = functions.get(ast.unparse(call.args[0])) if call.args else None
    if last_of(call.func) == "defjvps":
        parts = [
            f"({ast.unparse(one)})(tangents[{place}], ans, *primals)" for place, one in enumerate(call.args)
            if ast.unparse(one) != "None"
        ]  # fmt: skip
        made = ast.parse(ADDED.format(name=owner.name, parts=" + ".join(parts) or "0.0 * ans")).body[0]
        assert isinstance(made, ast.FunctionDef)
        return with_tangents(owner, as_at(made, call))
    return with_tangents(owner, rule) if rule is not None and last_of(call.func) == "defjvp" else []


def handed_back(function: ast.FunctionDef) -> ast.FunctionDef | None:
    """The backward pass of such a function: what it returns, or a function inside it, behind the output."""
    inner = {one.name: one for one in ast.walk(function) if isinstance(one, ast.FunctionDef)}
    last = [one.value.elts[-1] for one in ast.walk(function)
            if isinstance(one, ast.Return) and isinstance(one.value, ast.Tuple) and one.value.elts]  # fmt: skip
    return next((inner[one.id] for one in last if isinstance(one, ast.Name) and one.id in inner), None)


def last_of(tree: ast.expr) -> str:
    """The last word of a dotted name, of a call the function's; of `partial(f, …)` that of f."""
    if isinstance(tree, ast.Call):
        head = last_of(tree.func)
        if head == "getattr" and len(tree.args) > 1 and isinstance(tree.args[1], ast.Constant):
            return str(tree.args[1].value)
        return last_of(tree.args[0]) if head == "partial" and tree.args else head
    return tree.attr if isinstance(tree, ast.Attribute) else tree.id if isinstance(tree, ast.Name) else ""


def is_decorated(function: ast.FunctionDef, name: str) -> bool:
    return any(last_of(one) == name for one in function.decorator_list)


def named_anew(function: ast.FunctionDef) -> ast.FunctionDef:
    """A copy of a function as it is called with its rule, without decorators."""
    copied = copy.deepcopy(function)
    copied.name, copied.decorator_list = function.name + MARK, []
    return copied


class Returning(ast.NodeTransformer):
    """In every `return output, gradient` of a function the gradient as a function of its own."""

    def __init__(self, inner: set[str]) -> None:
        self.inner = inner

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        return node

    def visit_Return(self, node: ast.Return) -> ast.stmt | list[ast.stmt]:
        value = node.value
        if not isinstance(value, ast.Tuple) or len(value.elts) != 2:
            return node
        output, back = value.elts
        if isinstance(back, ast.Name) and back.id in self.inner:
            return node
        if isinstance(back, ast.Lambda):
            made = defined("backward", back.args, back.body, node)
        else:
            outputs = len(output.elts) if isinstance(output, ast.Tuple) else 1
            above = [f"d{place}" for place in range(outputs)] if outputs > 1 else [free_name(back)]
            made = defined("backward", parameters(above), calling(back, *map(name_of, above)), node)
        return [made, ast.copy_location(ast.Return(ast.Tuple([output, name_of("backward")], ast.Load())), node)]


def with_gradient(function: ast.FunctionDef) -> list[ast.FunctionDef]:
    """`@custom_gradient def f(x): …; return y, gradient`."""
    copied = named_anew(function)
    inner = {one.name for one in ast.walk(copied) if isinstance(one, ast.FunctionDef)}
    body = Returning(inner)
    copied.body = [made for one in copied.body for made in listed(body.visit(one))]
    return [copied] if handed_back(copied) is not None else []


def with_inner(function: ast.FunctionDef) -> list[ast.FunctionDef]:
    """A function that ends with a call of one inside it that has its gradient: `return call(x)`, with its inputs."""
    if not inner_rules(function):
        return []
    copied = named_anew(function)
    inner = inner_rules(copied)
    ends = [one.value for one in ast.walk(copied) if isinstance(one, ast.Return) and isinstance(one.value, ast.Call)]
    called = [inner[one.func.id] for one in ends if isinstance(one.func, ast.Name) and one.func.id in inner]
    given = [[ast.unparse(one) for one in end.args] for end in ends if last_of(end.func) in inner]
    names = [one.arg for one in copied.args.args]
    if len(called) != 1 or given[0] != names[: len(given[0])]:
        return []
    one = called[0]
    body = Returning({it.name for it in ast.walk(one) if isinstance(it, ast.FunctionDef)})
    one.decorator_list = [it for it in one.decorator_list if last_of(it) != "custom_gradient"]
    one.body = [made for statement in one.body for made in listed(body.visit(statement))]
    return [copied] if handed_back(one) is not None else []


def inner_rules(function: ast.FunctionDef) -> dict[str, ast.FunctionDef]:
    """The functions inside another one that have their gradients."""
    inner = [one for one in ast.walk(function) if isinstance(one, ast.FunctionDef) and one is not function]
    return {one.name: one for one in inner if is_decorated(one, "custom_gradient")}


def first_of(tree: ast.expr) -> str:
    """The first word of a dotted name, `f` of `f.defjvp` and of `getattr(f, "defjvp")`."""
    head = (
        tree.args[0]
        if isinstance(tree, ast.Call) and last_of(tree.func) in ("getattr", "partial") and tree.args
        else tree
    )
    return ast.unparse(head).partition(".")[0]


def nondiff(function: ast.AST | None) -> tuple[int, ...]:
    """The arguments that a rule names as without a gradient."""
    decorators = function.decorator_list if isinstance(function, ast.FunctionDef) else [function or ast.Pass()]
    for one in (node for decorator in decorators for node in ast.walk(decorator)):
        if isinstance(one, ast.keyword) and one.arg == "nondiff_argnums":
            places = one.value.elts if isinstance(one.value, ast.Tuple | ast.List) else [one.value]
            return tuple([int(place.value) for place in places if isinstance(place, ast.Constant)])  # type: ignore[arg-type]
    return ()


def with_tangents(function: ast.FunctionDef, rule: ast.FunctionDef) -> list[ast.FunctionDef]:
    """`@f.defjvp def rule(primals, tangents): …; return output, tangent`: the backward pass is its transpose. Arguments
    without a gradient come before these."""
    names = [one.arg for one in function.args.args]
    apart = [names[place] for place in nondiff(function) if place < len(names)]
    if len(rule.args.args) != 2 + len(apart) or not is_decorated(function, "custom_jvp"):
        return []
    inputs = [name for name in names if name not in apart]
    own = copy.deepcopy(rule)
    own.name, own.decorator_list = rule.name if rule.name != "_" else "rule", []
    outputs = outputs_of(function, rule)
    above = [f"d{place}" for place in range(outputs)] if outputs > 1 else [free_name(function)]
    text = TRANSPOSED.format(
        above=", ".join(above), given=", ".join(f"{name}_" for name in inputs), rule=own.name,
        apart="".join(f"{name}, " for name in apart), inputs=", ".join(inputs),
        gradients=", ".join("None" if name in apart else f"{name}_" for name in names),
    )  # fmt: skip
    back = ast.parse(text).body[0]
    assert isinstance(back, ast.FunctionDef)
    as_at(back, rule).body.insert(0, own)
    output = calling(name_of(function.name), *map(name_of, names))
    return [around(function.name, function.args, output, back, rule, several=outputs > 1)]


def outputs_of(function: ast.FunctionDef, rule: ast.FunctionDef) -> int:
    """How many results a function returns, as it says itself or its rule does: `return (sin, cos), (dsin, dcos)`."""
    ends = [[node.value for node in one.body if isinstance(node, ast.Return)][-1:] for one in (function, rule)]
    own, told = [end[0] if end else None for end in ends]
    told = told.elts[0] if isinstance(told, ast.Tuple) else told
    return next((len(one.elts) for one in (own, told) if isinstance(one, ast.Tuple)), 1)


def with_names(call: ast.Call, name: str) -> list[ast.FunctionDef]:
    """The passes that `f.defvjp(lambda x: …, lambda kept, g: …)` is given as functions, by whose names it then is."""
    made = []
    for place, one in enumerate(call.args):
        if isinstance(one, ast.Lambda):
            made.append(defined(f"{name}_{('forward', 'backward')[place]}", one.args, one.body, one))
            call.args[place] = ast.copy_location(name_of(made[-1].name), one)
    return made


def with_makers(call: ast.Call, functions: dict[str, ast.FunctionDef]) -> list[ast.FunctionDef]:
    """`defvjp(f, lambda ans, x: lambda g: …, …)`: what makes the gradient of each argument, or None."""
    whose, *given = call.args
    makers = [in_two_steps(one, functions) for one in given]
    function = functions.get(ast.unparse(whose))
    known = [taken_by(one, functions) for one in makers]
    arguments = function.args if function is not None else next((one for one in known if one is not None), None)
    name = last_of(whose)
    if arguments is None or not name:
        return []
    ans, arguments = ("ans", arguments) if function is not None else without_first(arguments)
    names = [one.arg for one in arguments.args]
    asked = next((one.value for one in call.keywords if one.arg == "argnums"), None)
    places = [one.value for one in getattr(asked, "elts", [asked]) if isinstance(one, ast.Constant)]
    by_place = dict(zip(places or range(len(makers)), makers, strict=False))
    above = free_name(call)
    told = [place for place, one in by_place.items() if isinstance(place, int) and not isinstance(one, ast.Constant)]
    plain = max(
        [len(names) - len(arguments.defaults), *[place + 1 for place in told]]
    )  # what has a gradient has a place
    handed = [ast.keyword(one, name_of(one)) for one in names[plain:]]
    first = [name_of(one) for one in names[:plain]]
    whole = [name_of(ans), *first]
    parts = [
        made_gradient(by_place.get(place, ast.Constant(None)), whole, handed, above) for place in range(len(names))
    ]  # fmt: skip
    returned = ast.Tuple(parts, ast.Load()) if len(parts) > 1 else parts[0]
    back = defined("backward", parameters([above]), returned, call)
    return [around(name, arguments, calling(whose, *first, named=handed), back, call, ans)]


def in_two_steps(maker: ast.expr, functions: dict[str, ast.FunctionDef]) -> ast.expr:
    """What takes the gradient from above before the result, `lambda g, ans, x: …`, as what takes it last of all."""
    taken = taken_by(maker, functions)
    if taken is None or [one.arg for one in taken.args[1:2]] != ["ans"]:
        return maker
    above, others = without_first(taken)
    names = [one.arg for one in taken.args]
    value = maker.body if isinstance(maker, ast.Lambda) else calling(maker, *map(name_of, names))
    made = ast.Lambda(others, ast.Lambda(parameters([above]), value))
    return ast.fix_missing_locations(ast.copy_location(made, maker))


def made_gradient(maker: ast.expr, given: list[ast.Name], named: list[ast.keyword], above: str) -> ast.expr:
    """The gradient of one argument: of a maker that calls its arguments as the function does what it gives, of another
    one what it gives when it is called."""
    if isinstance(maker, ast.Constant):
        return maker
    whole = [one.id for one in given] + [one.arg for one in named]
    if isinstance(maker, ast.Lambda) and [one.arg for one in maker.args.args] == whole:
        inner = maker.body
        if isinstance(inner, ast.Lambda) and [one.arg for one in inner.args.args] == [above]:
            return inner.body
        return calling(inner, name_of(above))
    return calling(calling(maker, *given, named=named), name_of(above))


def taken_by(maker: ast.expr, functions: dict[str, ast.FunctionDef]) -> ast.arguments | None:
    """The parameters of what makes a gradient: the result, then those of the function."""
    named = functions.get(ast.unparse(maker))
    found = maker.args if isinstance(maker, ast.Lambda) else named.args if named is not None else None
    return found if found is not None and len(found.args) > 1 else None


def without_first(arguments: ast.arguments) -> tuple[str, ast.arguments]:
    """The first parameter, and the others."""
    others = copy.deepcopy(arguments)
    return others.args.pop(0).arg, others


def around(
    name: str, arguments: ast.arguments, output: ast.expr, back: ast.FunctionDef, at: ast.AST, ans: str = "ans",
    several: bool = False,
) -> ast.FunctionDef:  # fmt: skip
    """A function that computes its output, or several in a tuple, and returns it beside its backward pass."""
    result: ast.expr = ast.Starred(name_of(ans), ast.Load()) if several else name_of(ans)
    body: list[ast.stmt] = [
        ast.Assign([ast.Name(ans, ast.Store())], output), back,
        ast.Return(ast.Tuple([result, name_of(back.name)], ast.Load())),
    ]  # fmt: skip
    made = ast.FunctionDef(name + MARK, copy.deepcopy(arguments), body, [])
    return ast.copy_location(made, at)


def defined(name: str, arguments: ast.arguments, value: ast.expr, at: ast.AST) -> ast.FunctionDef:
    """A function of one expression."""
    returned = ast.copy_location(ast.Return(value), value if hasattr(value, "lineno") else at)
    return ast.copy_location(ast.FunctionDef(name, arguments, [returned], []), at)


def as_at(made: ast.FunctionDef, at: ast.AST) -> ast.FunctionDef:
    """A function that no text has, with the place of what it is made of."""
    for node in ast.walk(made):
        ast.copy_location(node, at)
    return made


def parameters(names: list[str]) -> ast.arguments:
    return ast.arguments([], [ast.arg(one) for one in names], None, [], [], None, [])


def name_of(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def calling(function: ast.expr, *given: ast.expr, named: Sequence[ast.keyword] = ()) -> ast.Call:
    return ast.Call(function, [*given], [*named])


def free_name(tree: ast.AST) -> str:
    """A name for the gradient from above: what the rule itself calls it, else one that it has not."""
    inner = [one.body for one in ast.walk(tree) if isinstance(one, ast.Lambda) and isinstance(one.body, ast.Lambda)]
    own = {one.args.args[0].arg for one in inner if isinstance(one, ast.Lambda) and len(one.args.args) == 1}
    used = {getattr(one, "id", getattr(one, "arg", "")) for one in ast.walk(tree)}
    return next(iter(own)) if len(own) == 1 else next((one for one in FRESH if one not in used), "above")


def listed(made: Any) -> list[ast.stmt]:
    return made if isinstance(made, list) else [made]
