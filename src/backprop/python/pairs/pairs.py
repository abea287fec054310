"""Which forward pass belongs to which backward pass, by their names."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence

from backprop.errors import Problem, nearest
from backprop.errors.spelling import option
from backprop.python.names import parameter_names
from backprop.python.pairs.called_from import handed_results
from backprop.python.pairs.counterparts import (
    AHEAD,
    BACK,
    COMPARES,
    DERIVED,
    NUMERICAL,
    SLOPES,
    costs_with_gradients,
    counterpart,
    gives_all,
    of_slope,
    passes,
    slope_of,
    whole,
)
from backprop.python.pairs.handed import handed_pairs
from backprop.python.pairs.of_classes import (
    class_pair,
    inherited_from,
    inside_class,
    is_left_to_others,
    kept_pairs,
    leaves_open,
    loss_of,
    method_pair,
    methods_of,
    operation,
    pairs_of_class,
    swept_layer,
)
from backprop.python.pairs.pair import Pair, kept_pair
from backprop.python.pairs.rounds import costs_in
from backprop.python.pairs.trained import (
    split_pair,
    trained_beside,
    trained_in_turn,
    training_named,
    training_pairs,
    values_pair,
)
from backprop.python.texts.called import names_in
from backprop.python.texts.functions import is_both, returns
from backprop.python.texts.registered import MARK, handed_back, nondiff
from backprop.python.texts.source import Code, Part

SOLVERS = {  # of scipy.optimize: under which name, or where, the gradient is given
    "minimize": ("jac", 3), "fmin_bfgs": ("fprime", 2), "fmin_cg": ("fprime", 2), "fmin_ncg": ("fprime", 2),
    "fmin_l_bfgs_b": ("fprime", 2), "fmin_tnc": ("fprime", 2), "check_grad": ("grad", 1),
}  # fmt: skip
DIFFERENCES = re.compile(r"(central|finite|forward|numerical?)_diff")  # by which a slope is measured
KERNEL = re.compile(r"(triton|tl|cuda|numba\.cuda|ti|taichi|wp|warp)\.(jit|kernel|autotune|heuristics|func)\b")


def pairs_in(code: Code, forward: str | None = None, backward: str | None = None) -> list[Pair]:
    """The pairs of the text itself, or of those that it imports from where it has none; or the one that is named."""
    if forward is not None:
        chain = handed_named(code, forward) if backward in (None, forward) else []
        return chain or [computed(named(code, forward, backward))]
    if backward is not None:
        found = [pair for pair in all_pairs(code) if backward in (pair.name, getattr(pair.backward, "name", ""))]
        return found or [named(code, backward, backward)]
    every = all_pairs(code)
    found = [pair for pair in every if not (is_kernel(pair.forward) or is_kernel(pair.backward))]
    if every and not found:
        computed(every[0])
    here = {id(node) for node in ast.walk(code.parts[-1].tree)}
    classes = {one.name for one in code.parts[-1].tree.body if isinstance(one, ast.ClassDef)}  # that inherit, it may be
    parts = [(pair, (pair.forward, pair.backward, pair.inside)) for pair in found]
    own = [
        pair for pair, some in parts  # also plain statements
        if not any(some) or not here.isdisjoint(map(id, some)) or (pair.of_object and pair.name in classes)
    ]  # fmt: skip
    return own or found


def handed_named(code: Code, name: str) -> list[Pair]:
    """What a function or a method that trains with other passes hands to them, behind these, by its name."""
    owner, _, method = name.partition(".")
    functions = code.classes().get(owner, {}) if method else code.functions()
    if (method or name) not in functions or name in code.classes():
        return []
    found = all_pairs(code)
    return found if any(pair.handed and pair.name == name for pair in found) else []


def pairs_across(code: Code, forth: Part, back: Part, forward: str | None) -> list[Pair]:
    """The pairs whose backward pass is in a text of its own, whatever else stands in that of the forward pass: those
    that names tell, and else the one that is there, to the one forward pass."""
    here = {id(node) for node in ast.walk(back.tree)}
    every = [pair for pair in all_pairs(code) if forward is None or forward == getattr(pair.forward, "name", "")]
    told = [pair for pair in every if pair.backward is not None and id(pair.backward) in here]
    if told or not (backs := outermost(back, BACK)):
        return told or pairs_in(code, forward)
    forths = [one for one in outermost(forth, AHEAD) if forward in (None, one.name)]
    if len(forths) == len(backs) == 1:
        return [Pair(forths[0].name, "functions", forths[0], backs[0])]
    hint = f"name both: -f FILE:NAME {option('--backward', 'FILE:NAME')}"
    raise Problem("name", f"it is not known of which forward pass {backs[0].name} is the backward pass", hint=hint)


def outermost(part: Part, names: re.Pattern[str]) -> list[ast.FunctionDef]:
    """The functions of such names in a text that no other one there calls; the one that is there, whatever its name."""
    own = [one for one in part.tree.body if isinstance(one, ast.FunctionDef)]
    like = [one for one in own if names.search(one.name)] or (own if len(own) == 1 else [])
    called = {node.id for one in like for node in ast.walk(one) if isinstance(node, ast.Name)}
    return [one for one in like if one.name not in called]


def is_kernel(function: ast.FunctionDef | None) -> bool:
    """Whether a function is compiled for a card, `@triton.jit`, `@cuda.jit`, where it writes through pointers."""
    return any(KERNEL.match(ast.unparse(one)) for one in (function.decorator_list if function is not None else ()))


def computed(pair: Pair) -> Pair:
    """A pair whose arithmetic is in the text. Raises a Problem where a kernel does it."""
    kernel = next((one for one in (pair.forward, pair.backward) if is_kernel(one)), None)
    if kernel is None:
        return pair
    whose = ast.unparse(kernel.decorator_list[-1]).partition("(")[0]
    hint = f"give the function that computes the same on arrays, with its gradient as {option('--backward')}"
    raise Problem("name", f"{kernel.name} is a kernel ({whose}): what it computes is outside what is read", hint=hint)


def all_pairs(code: Code, trains: bool = True) -> list[Pair]:
    """The pairs that the names tell, in the order of the texts, and what `trains`: of other files where this one has
    nothing of its own."""
    functions = code.functions()
    found = registered_pairs(code)
    ruled = {pair.name for pair in found}
    functions = {name: one for name, one in functions.items() if name not in ruled}
    found += vjp_pairs(code, functions) or solver_pairs(code, functions)
    known = {one.name for pair in found for one in (pair.forward, pair.backward) if one is not None}
    found += [
        Pair(forth.name, "functions", forth, back)
        for back in functions.values()
        if back.name not in known
        and not DIFFERENCES.search(back.name)
        and (found_by_name := counterpart(back.name, functions)) is not None
        and not apart(code, forth := whole(found_by_name, back, functions), back)
    ]
    found += called_for(code, functions, {one.name for pair in found for one in (pair.forward, pair.backward) if one})
    inherited = inherited_from(code)
    for name, methods in code.classes().items():
        if leaves_open(methods, name in inherited):
            continue
        if (layer := swept_layer(code, name, methods)) is not None:
            found.append(layer)
        elif all(both := passes(methods)) and both[0] is not None and not trained_in_turn(methods, both[0]):
            found.append(class_pair(name, methods))
        elif several := pairs_of_class(name, methods):
            found += several
        elif (loss := loss_of(name, methods)) is not None:
            found.append(loss)
    found = [pair for pair in found if not is_left_to_others(code, pair)]
    paired = {one.name for pair in found for one in (pair.forward, pair.backward) if one is not None}
    found += [
        Pair(one.name, "both", one, one) for one in functions.values()
        if one.name not in paired and is_both(one) and not COMPARES.search(one.name)
    ]  # fmt: skip
    found += [
        Pair(one.name, "functions", one, back) for one in functions.values()
        if one.name not in paired and (back := returned_backward(one)) is not None
    ]  # fmt: skip
    paired |= {pair.name for pair in found}
    own = code.parts[-1].tree.body
    alone = any(pair.forward in own or any(pair.forward in getattr(one, "body", ()) for one in own) for pair in found)
    for part in (code.parts[-1:] if alone else code.parts) if trains else ():
        found += training_pairs(code, part, paired)
    if trains and found and (script := trained_beside(code)) is not None:
        found.append(script)
    elif trains and (handed := handed_pairs(code, found)):
        inside = {node for one in handed[0].body for node in ast.walk(one)}
        found = [pair for pair in found if pair.inside is None or inside.isdisjoint(ast.walk(pair.inside))]
        found += handed
    if not found and len(code.parts) == 1:
        found = [pair for pair in (values_pair(code), split_pair(code.parts[0])) if pair is not None][:1]
    if all(pair.inside is not None and not pair.owner for pair in found):
        costs = costs_with_gradients(functions)
        slopes = [(cost, back) for name, back in functions.items() if (cost := of_slope(name, functions)) is not None]
        best = costs if found else slopes or costs
        if all(only_steps(pair, costs) for pair in found):
            found = [Pair(cost.name, "functions", cost, back) for cost, back in best]
    judged = {pair.forward for pair in found} | {pair.backward for pair in found}
    by_name = {pair.name for pair in found}  # an operation that only calls one of these is judged with it
    return found + [
        pair for pair in kept_pairs(code)
        if pair.forward not in judged and not (pair.swept and pair.forward and by_name & names_in([pair.forward]))
    ]  # fmt: skip


def only_steps(pair: Pair, costs: Sequence[tuple[ast.FunctionDef, ast.FunctionDef]]) -> bool:
    """Whether a function that trains only takes steps with what one of the gradients of `costs` gives, and computes no
    cost: it is the gradient that is judged."""
    round_of_it = pair.body[pair.start :]
    gradients = {back.name for _, back in costs}
    return bool(gradients & names_in(round_of_it)) and not any(map(costs_in, round_of_it))


def registered_pairs(code: Code) -> list[Pair]:
    """The functions that a library is told a rule of differentiation of."""
    ruled = [(one, handed_back(one)) for name, one in code.functions().items() if name.endswith(MARK)]
    return [Pair(one.name.removesuffix(MARK), "functions", one, back) for one, back in ruled if back is not None]


def returned_backward(function: ast.FunctionDef) -> ast.FunctionDef | None:
    """The backward pass that a function returns beside its result: `return y, backward`."""
    inner = {one.name: one for one in function.body if isinstance(one, ast.FunctionDef)}
    named = [inner[name] for name in returns(function)[1:] if name in inner]
    return next((one for one in named if re.match("back|bwd|vjp|pull|grad", one.name)), None)


def called_for(code: Code, functions: dict[str, ast.FunctionDef], known: Collection[str]) -> list[Pair]:
    """The functions that are gradients by their names and are handed what another one gives: `p = evaluate(x, w)`,
    `compute_gradients(x, y, p, w)`. The cost is another function then, and has what they need inside."""
    found = []
    for back in functions.values():
        if back.name in known or not SLOPES.search(back.name) or NUMERICAL.search(back.name):
            continue
        cost, taken = of_slope(back.name, functions), {*parameter_names(back)}
        if cost is not None and gives_all(cost, back):
            continue
        handed = [*handed_results(tuple(part.tree for part in code.parts), back).items()]
        own = {its.whose: taken - {name for name, one in handed if one.whose == its.whose} for _, its in handed}
        forths = [functions[whose] for whose, rest in own.items() if whose in functions and not DERIVED.search(whose)
                  and rest.intersection(parameter_names(functions[whose]))]  # fmt: skip
        found += [Pair(one.name, "functions", one, back) for one in forths[:1]]
    return found


def apart(code: Code, forth: ast.FunctionDef, back: ast.FunctionDef) -> bool:
    """Whether a function of the user's only happens to have the beginning of the name of one that is imported."""
    own = code.parts[-1].tree.body
    return forth in own and back not in own and not re.search("for|fwd", forth.name)


def solver_pairs(code: Code, functions: dict[str, ast.FunctionDef]) -> list[Pair]:
    """The pairs that a solver of scipy is given: `minimize(f, x, jac=df)`, and one function where it has `jac=True`."""
    found: dict[str, Pair] = {}
    calls = [node for part in code.parts for node in ast.walk(part.tree) if isinstance(node, ast.Call) and node.args]
    for call in calls:
        keyword, place = SOLVERS.get(ast.unparse(call.func).rpartition(".")[2], ("", 0))
        named = {one.arg: one.value for one in call.keywords}
        slope = named.get(keyword, call.args[place] if place < len(call.args) else None)
        forth = functions.get(ast.unparse(call.args[0]))
        if not keyword or forth is None:
            continue
        back = functions.get(ast.unparse(slope)) if slope is not None else None
        if back is not None:
            found[forth.name] = Pair(forth.name, "functions", forth, back, of_solver=True)
        elif isinstance(slope, ast.Constant) and slope.value is True and len(returns(forth)) > 1:
            found[forth.name] = Pair(forth.name, "both", forth, forth)
    return [*found.values()]


def vjp_pairs(code: Code, functions: dict[str, ast.FunctionDef]) -> list[Pair]:
    """The pairs of `f.defvjp(forward, backward)`."""
    found = []
    for part in code.parts:
        for node in part.tree.body:
            call = node.value if isinstance(node, ast.Expr) else None
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr != "defvjp":
                continue
            given = [*call.args, *[one.value for one in call.keywords]]
            names = [one.id for one in given if isinstance(one, ast.Name)]
            if len(names) >= 2 and names[0] in functions and names[1] in functions:
                whose = call.func.value.id if isinstance(call.func.value, ast.Name) else names[0]
                apart = nondiff(functions.get(whose, part.tree))
                found.append(Pair(whose, "vjp", functions[names[0]], functions[names[1]], apart=apart))
    return found


def alone(code: Code, name: str) -> bool:
    """Whether a name is that of a forward pass to which no backward pass belongs."""
    functions, classes = code.functions(), code.classes()
    if handed_named(code, name):
        return False
    name = inside_class(name, classes)
    if name in classes:
        forward, backward = passes(classes[name])
        found = swept_layer(code, name, classes[name]) or loss_of(name, classes[name]) or training_named(code, name)
        return forward is not None and backward is None and found is None
    owner, _, method = name.partition(".")
    if method in classes.get(owner, {}):
        if operation(owner, classes[owner], classes[owner][method]) is not None:
            return False
        paired = (*passes(classes[owner]), *([classes[owner][method]] if is_both(classes[owner][method]) else []))
        return classes[owner][method] not in paired and training_named(code, name) is None
    if name not in functions or counterpart(name, functions) is not None or slope_of(name, functions) is not None:
        return False
    if kept_pair("", functions[name]) is not None or name + MARK in functions:
        return False
    return not any(pair.kind != "class" and name in (pair.name, f"{pair.backward}") for pair in all_pairs(code))


def named(code: Code, forward: str, backward: str | None) -> Pair:
    """The pair of a name or two: functions, a class, or methods of one (`Affine.forward`)."""
    functions, classes = code.functions(), code.classes()
    forward = inside_class(forward, classes)
    ruled = {pair.name: pair for pair in (*vjp_pairs(code, functions), *registered_pairs(code))}
    if backward in (None, forward) and (known := ruled.get(forward, ruled.get(forward.rpartition(".")[2]))):
        return known
    owner, _, method = forward.partition(".")
    own = classes.get(owner, {}).get(method)
    trains = None if backward not in (None, forward) or (own and is_both(own)) else training_named(code, forward)
    if trains is not None and method:
        return trains
    if method in classes.get(owner, {}):
        return method_pair(owner, classes[owner], method, backward)
    if forward in classes and backward in (None, forward):
        methods = classes[forward]
        if (layer := swept_layer(code, forward, methods)) is not None:
            return layer
        missing = [name for name, one in zip(("forward", "backward"), passes(methods), strict=True) if one is None]
        if missing:
            several = pairs_of_class(forward, methods)
            loss = next(iter(several), None) or loss_of(forward, methods) or training_named(code, forward)
            if loss is None:
                raise Problem("name", f"the class {forward} has no {missing[0]}", hint=methods_of(forward, methods))
            return loss
        return class_pair(forward, methods)
    if forward not in functions:
        near = nearest(forward, [*functions, *classes, *[f"{owner}.{one}" for one in classes.get(owner, ())]])
        hint = "; ".join(code.left_out()[:2]) or (f"did you mean {near}?" if near else "")  # a cell may have defined it
        raise Problem("name", f"there is no function {forward}", hint=hint)
    if backward is not None and backward != forward:
        if backward not in functions:
            near = nearest(backward, functions)
            raise Problem("name", f"there is no function {backward}", hint=f"did you mean {near}?" if near else "")
        return Pair(forward, "functions", functions[forward], functions[backward])
    pairs = [pair for pair in all_pairs(code) if pair.kind != "class" and forward in (pair.name, f"{pair.backward}")]
    by_back = counterpart(forward, functions) or of_slope(forward, functions)
    if by_back is not None:
        return Pair(by_back.name, "functions", by_back, functions[forward])
    kept = None if pairs else kept_pair("", functions[forward])
    if kept is not None:
        return kept
    slope = None if pairs else slope_of(forward, functions)
    if slope is not None:
        return Pair(forward, "functions", functions[forward], slope)
    if not pairs and backward == forward and len(returns(functions[forward])) > 1:
        return Pair(
            forward, "both", functions[forward], functions[forward]
        )  # as it is said to be, whatever it is called
    if not pairs:
        hint = f"name it: {option('--backward', 'FILE:NAME')}"
        raise Problem("name", f"no backward pass belongs to {forward}", hint=hint)
    return pairs[0]
