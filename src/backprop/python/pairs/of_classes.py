"""The pairs of a class: its methods, or operations on its objects, which know their gradients."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from backprop.errors import Problem, nearest
from backprop.errors.spelling import option, said
from backprop.python.names import parameter_names, required_names
from backprop.python.pairs.counterparts import BACKWARD, FORWARD, counterpart, passes
from backprop.python.pairs.pair import Pair, kept_pair
from backprop.python.texts.called import names_in
from backprop.python.texts.functions import (
    attributes,
    context_of,
    first_parameter,
    hands_itself_on,
    is_abstract,
    is_both,
    is_replaced,
    is_static,
    keeps,
    leading,
    left_for,
    left_open,
    reached,
    refusal,
    returns,
)
from backprop.python.texts.source import Code


def kept_pairs(code: Code) -> list[Pair]:
    """The operations on values that know their gradients, functions and methods: each leaves its backward pass in its
    result, `out._backward = backward`. An object itself is an input then."""
    operations = [("", one) for one in code.functions().values()]
    operations += [(name, one) for name, methods in code.classes().items() for one in methods.values()]
    classes = code.classes()
    found = [operation(owner, classes.get(owner, {}), one) for owner, one in operations]
    return [*{pair.forward: pair for pair in found[::-1] if pair is not None}.values()][::-1]  # not what is inherited


def operation(owner: str, methods: dict[str, ast.FunctionDef], forward: ast.FunctionDef) -> Pair | None:
    """An operation on values that know their gradients, a function or a method, in whatever way it goes back."""
    return kept_pair(owner, forward) or (swept_pair(owner, methods, forward) if owner else None)


def swept_pair(owner: str, methods: dict[str, ast.FunctionDef], forward: ast.FunctionDef) -> Pair | None:
    """An operation, a method that is called on values which know their gradients, with the method that goes back from
    what it gives: `(a * b).backward()`. What it leaves there may be of any form."""
    start = methods.get("__init__")
    back = next((one for name, one in methods.items() if BACKWARD.match(name)), None)
    plain = start is not None and len(required_names(start)) == 2 and "forward" not in methods
    helps = re.match("_[^_]", forward.name)
    if not plain or helps or back is None or len(required_names(back)) > 2 or forward.decorator_list:
        return None
    stored = set().union(*[attributes(one, ast.Store) for one in methods.values()])
    if forward in (back, start) or stored.isdisjoint(["grad", "_grad", "gradient"]):
        return None
    if not hands_itself_on(forward, methods):
        return None
    return Pair(f"{owner}.{forward.name}", "functions", forward, back, owner=owner, swept=True, of_values=owner)


def swept_layer(code: Code, name: str, methods: dict[str, ast.FunctionDef]) -> Pair | None:
    """A layer of such values: its forward pass takes some, as its first input is said to be, `x: Tensor`, or makes one
    that it leaves its backward pass in, and has none of its own; the way back is that of what it gives."""
    forward, backward = passes(methods)
    given = forward.args.args[1:2] if forward is not None and not is_abstract(forward) else []
    said = {word for one in given if one.annotation is not None for word in names_in([one.annotation])}
    if given and forward is not None and kept_pair("", forward) is not None:
        calls = [node.func for node in ast.walk(forward) if isinstance(node, ast.Call)]
        said |= {one.id for one in calls if isinstance(one, ast.Name)}
    written = backward is not None and not is_abstract(backward)
    skip, applied = 1, methods.get("apply")
    if written and applied is not None and is_static(applied) and (forward is None or is_abstract(forward)):
        forward, skip, written = (
            applied,
            0,
            False,
        )  # it makes such a value itself, and leaves an object of its class there
        said = names_in([applied]) if {name, "isinstance"} <= names_in([applied]) else set()
    for owner in sorted(said & code.classes().keys()) if not written else ():
        theirs = code.classes()[owner]
        back = next((one for way, one in theirs.items() if BACKWARD.match(way)), None)
        stored = set().union(*[attributes(one, ast.Store) for one in theirs.values()])
        if back is not None and owner != name and not stored.isdisjoint(["grad", "_grad", "gradient"]):
            return Pair(name, "class", forward, back, skip, swept=True, of_values=owner)
    return None


def is_left_to_others(code: Code, pair: Pair) -> bool:
    """Whether a pass that does nothing is for heirs to write, or for a decorator to replace. Another one is not written
    yet, or says that there is no gradient."""
    open_ones = [one for one in (pair.forward, pair.backward) if one is not None and is_abstract(one)]
    undone = [one for one in open_ones if not left_open(one) and not (one is pair.backward and refusal(one))]
    if not open_ones or undone or any(is_replaced(one) for one in open_ones):
        return bool(open_ones)
    if not (whose := pair.class_name):
        return False
    own = next((one for one in classes_in(code) if one.name == whose), None)
    inherits = own is not None and any(re.search("ABC|Protocol", ast.unparse(base)) for base in own.bases)
    theirs = own is None or any(one not in own.body for one in open_ones)  # a base's, which has another name for it
    return len(open_ones) > 1 or whose in inherited_from(code) or inherits or theirs


def classes_in(code: Code) -> list[ast.ClassDef]:
    return [one for part in code.parts for one in part.tree.body if isinstance(one, ast.ClassDef)]


def inherited_from(code: Code) -> set[str]:
    """The names of the classes that others inherit from."""
    return {ast.unparse(base).rpartition(".")[2] for one in classes_in(code) for base in one.bases}


def leaves_open(methods: dict[str, ast.FunctionDef], inherited: bool) -> bool:
    """Whether a pass of a class hands on to one that others are to add, or to write: `cls.forward(ctx, x)`, without a
    `forward`; of a class that is inherited from, also to any other method that its heirs have to write."""
    calls = [node.func for one in passes(methods) if one for node in ast.walk(one) if isinstance(node, ast.Call)]
    own = [one.attr for one in calls if isinstance(one, ast.Attribute) and ast.unparse(one.value) in ("cls", "self")]
    known = {*methods}.union(*[attributes(one, ast.Store) for one in methods.values()])
    heirs = {name for name, one in methods.items() if inherited and is_abstract(one) and left_open(one)}
    return any(
        one in heirs
        or ((FORWARD.match(one) or BACKWARD.match(one)) and (one not in known or is_abstract(methods.get(one))))
        for one in own
    )


def pairs_of_class(name: str, methods: dict[str, ast.FunctionDef]) -> list[Pair]:
    """The pairs of a class that has several, `encoder_forward` and `encoder_backward` beside those of a decoder; what
    is read as an attribute is no pass, `layer.grad_bias` beside `layer.bias`."""
    pairs = [(counterpart(back.name, methods), back) for back in methods.values() if not is_property(back)]
    return [Pair(name, "class", forth, back, 1) for forth, back in pairs if forth is not None and not is_static(forth)]


def is_property(method: ast.FunctionDef) -> bool:
    return any(ast.unparse(one).endswith("property") for one in method.decorator_list)


def loss_of(name: str, methods: dict[str, ast.FunctionDef]) -> Pair | None:
    """A method that returns a loss and its gradients, also behind another one that leaves what it reads: `forward(self,
    x)` before `loss_and_grad(self, scores, y)`."""
    found = next((one for one in methods.values() if is_both(one) and not is_static(one)), None)
    if found is None:
        return None
    forward = passes(methods)[0]
    if forward is not None and forward not in reached(found, methods) and left_for(found, forward, methods):
        return Pair(name, "class", forward, found, 1)
    return Pair(name, "loss", found, found, 1)


def class_pair(name: str, methods: dict[str, ast.FunctionDef]) -> Pair:
    """The pair of a class: methods of an object, an autograd Function, or functions that only stand in a class."""
    forward, backward = passes(methods)
    assert forward is not None
    first = first_parameter(forward)
    has_context = context_of(forward) is not None
    if not has_context and not is_static(forward):
        return Pair(name, "class", forward, backward, 1)
    setup = methods.get("setup_context")
    own = backward is not None and (
        first_parameter(backward) != first or len(parameter_names(backward)) == 1 or not keeps(forward, first)
    )
    if setup is None and not has_context and own:
        return Pair(name, "functions", forward, backward, owner=name)
    return Pair(name, "autograd", forward, backward, leading(forward), setup)


def inside_class(name: str, classes: Mapping[str, Mapping[str, ast.FunctionDef]]) -> str:
    """The class inside another one that a name stands for: its own, or that of the one around it, which has no backward
    pass and one such class; else the name itself."""
    if name in classes and passes(dict(classes[name]))[1] is not None:
        return name
    found = [one for one in classes if "." in one and name in one.split(".")]
    return found[0] if len(found) == 1 and "." not in name else name


def methods_of(name: str, methods: dict[str, ast.FunctionDef]) -> str:
    """The hint for a class in which no method is known to be meant."""
    plain = [f"FILE:{name}.{one}" for one in methods if not one.startswith("__")]
    return f"name one of its methods: {', '.join(plain[:3])}" if plain else ""


def method_pair(owner: str, methods: dict[str, ast.FunctionDef], method: str, backward: str | None) -> Pair:
    """The pair of a method of a class, or of two: `Affine.forward`, `Affine.compute_gradients`."""
    back = None if backward is None else backward.rpartition(".")[2]
    if back is not None and back not in methods:
        near = nearest(back, methods)
        raise Problem("name", f"{owner} has no method {back}", hint=f"did you mean {near}?" if near else "")
    if is_both(methods[method]) or (back == method and len(returns(methods[method])) > 1):
        return Pair(owner, "loss", methods[method], methods[method], 1)
    if back is not None:
        return Pair(owner, "class", methods[method], methods[back], 1)
    kept = operation(owner, methods, methods[method])
    if kept is not None:
        return kept
    pairs = pairs_of_class(owner, methods)
    found = next((one for one in pairs if method in (one.name, getattr(one.forward, "name", ""))), None)
    found = found or next((one for one in pairs if method == getattr(one.backward, "name", "")), None)
    if found is None and passes(methods)[0] is None:
        hint = f"name both: -f FILE:{owner}.NAME {option('--backward', f'FILE:{owner}.{method}')}"
        raise Problem("name", f"no forward pass belongs to {owner}.{method}", hint=said(hint))
    return found or class_pair(owner, methods)
