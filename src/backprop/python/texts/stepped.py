"""A way back that leaves what it finds in the entries of a network, as functions on dictionaries of neurons do, with
the function beside it that takes the step: together they are a backward pass."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from backprop.python.names import parameter_names, required_names
from backprop.python.texts.functions import returns
from backprop.python.texts.gradients import RATE
from backprop.python.texts.registered import MARK, as_at

AHEAD, BACK = re.compile(r"_*(feed_?)?(forward|propagate)"), re.compile(r"_*back")
TOGETHER = """
def {forth}({taken}):
    out = {forth}({taken})
    def back({whole}):
        import copy
        def moved(old, new):
            if isinstance(new, dict):
                return {{key: moved(old[key], new[key]) for key in {keys} if key in new}}
            return [moved(*pair) for pair in zip(old, new)] if isinstance(new, list) else old - new
        before = copy.deepcopy({network})
        {back}({handed})
        {update}({stepped})
        return {{"{network}": moved(before, {network})}}
    return out, back
"""


def with_steps(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The forward passes of a text whose way back is two functions, each with these as its backward pass: one leaves
    its errors in entries of the network, `neuron["delta"] = …`, and one takes a step by them, `neuron["weights"][j] -=
    rate * neuron["delta"] * x[j]`. By how much that changes the weights is their gradient, whatever its sign."""
    functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
    for forth in [one for one in functions.values() if AHEAD.match(one.name) and parameter_names(one)]:
        network = parameter_names(forth)[0]
        others = [one for one in functions.values() if one is not forth and parameter_names(one)[:1] == [network]]
        backs = [one for one in others if BACK.match(one.name) and not any(returns(one)) and left_by(one)]
        for back in backs[:1]:
            updates = [(one, keys) for one in others if (keys := stepped_by(one, left_by(back)))]
            if len(updates) == 1 and (made := together(forth, back, *updates[0])) is not None:
                yield as_at(made, back)


def together(
    forth: ast.FunctionDef, back: ast.FunctionDef, update: ast.FunctionDef, keys: set[str]
) -> ast.FunctionDef | None:
    """The forward pass with its way back, in which the rate of the step is 1; None where the step takes what neither
    pass does."""
    taken, needed = parameter_names(forth), required_names(update)
    whole = list(dict.fromkeys([*taken, *required_names(back)]))
    rates = [name for name in needed if RATE.search(name)]
    if len(rates) != 1 or not {*whole} >= {*needed} - {*rates}:
        return None
    text = TOGETHER.format(
        forth=forth.name, back=back.name, update=update.name, network=taken[0], taken=", ".join(taken),
        whole=", ".join(whole), handed=", ".join(required_names(back)), keys=sorted(keys),
        stepped=", ".join("1.0" if name in rates else name for name in needed),
    )  # fmt: skip
    made = ast.parse(text).body[0]
    assert isinstance(made, ast.FunctionDef)
    made.name += MARK
    for node in ast.walk(made):
        if isinstance(node, ast.FunctionDef) and node.name == "back":
            node.name = back.name + MARK
        elif isinstance(node, ast.Name) and node.id == "back":
            node.id = back.name + MARK
    return made


def keys_in(trees: Iterable[ast.AST], context: type[ast.expr_context]) -> set[str]:
    """The texts with which something is indexed, to read or to set it."""
    return {
        str(node.slice.value) for tree in trees for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, context)
        and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    }  # fmt: skip


def left_by(back: ast.FunctionDef) -> set[str]:
    """The keys of the entries in which a way back leaves what it finds: of no other parameter than its first."""
    others = parameter_names(back)[1:]
    nodes = [node for node in ast.walk(back) if isinstance(node, ast.Subscript)]
    return keys_in([node for node in nodes if ast.unparse(node.value) not in others], ast.Store)


def stepped_by(update: ast.FunctionDef, left: set[str]) -> set[str]:
    """The keys of the entries that a function changes by what was left in others."""
    steps = [
        one for one in ast.walk(update) if isinstance(one, ast.AugAssign) and isinstance(one.op, ast.Add | ast.Sub)
    ]
    steps = [one for one in steps if left & keys_in([one.value], ast.Load)]
    return keys_in([one.target for one in steps], ast.Load) | keys_in([one.target for one in steps], ast.Store)
