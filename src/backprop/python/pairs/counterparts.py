"""Which function is the backward pass of another one, or gives its slope: by their names, and by what they take."""

from __future__ import annotations

import ast
import re

from backprop.python.names import parameter_names, required_names, rest_name
from backprop.python.texts.called import arguments_of
from backprop.python.texts.functions import attributes, is_static, left_for, returns
from backprop.python.texts.gradients import is_of_gradient

BACK = re.compile(  # also as it is misspelt
    r"^(?:(?P<before>backw[ao]rds?|backprop|back|bwd|grad)_(?P<first>\w+)|(?P<second>\w+?)_(?P<after>backw[ao]rds?|"
    r"backprop|back|bwd?|grad|gradient|vjp)(?:_\w+)?|(?P<alone>backw[ao]rds?|backprop|bwd|bptt))$"
)
SLOPE = re.compile(
    r"(?:d_?|deriv(?:ative)?_)(?P<first>\w+)|(?P<second>\w+?)(?:_d|_?(?:prime|der(?:iv(?:ative)?)?|jac(?:obian)?|"
    r"grad(?:ient)?s?))",
    re.IGNORECASE,
)
SLOPES = re.compile(r"grad(?:ient)?s?|deriv(?:ative)?s?|jac(?:obian)?|slope|prime", re.IGNORECASE)  # of a name, whose
DERIVED = re.compile(f"{SLOPES.pattern}|hess|back|bwd", re.IGNORECASE)  # of what is no forward pass
VALUES = ("cost", "loss", "error", "objective", "energy", "function", "func", "value", "f", "J")  # function has these
FORWARD = re.compile(
    r"^_*(?:(?:forward|fwd|feed_?forward|fprop|forw)(?:_?(?:pass|prop\w*|step|impl|cpu))?|propagate)$", re.IGNORECASE
)
BACKWARD = re.compile(
    r"^_*(?:(?:backw[ao]rds?|bwd|bprop|bptt|back_?prop\w*|back)(?:_?(?:pass|prop\w*|step|impl|cpu))?)$", re.IGNORECASE
)
AHEAD = re.compile(r"forward|fwd|feed_?forward|fprop|predict", re.IGNORECASE)  # somewhere in the name of a forward pass
FORTH_OTHERWISE = re.compile(
    r"^_*(?:__call__|call|compute|update_?output|evaluate|(?:compute|calc?|get)_?(?:output|loss|cost))$", re.IGNORECASE
)
BACK_OTHERWISE = re.compile(
    r"^_*(?:(?:compute|calc\w*|get|update)_?grad\w*|gradients?|grad|vjp|der\w*ative|deriv|prime|delta)$", re.IGNORECASE
)
NUMERICAL = re.compile(r"num(?!ber)|check|approx|finite|slow", re.IGNORECASE)  # by which a gradient is only tested
COMPARES = re.compile(
    r"(check|compar|verif|test)\w*grad|grad\w*(check|compar|verif|test)", re.IGNORECASE
)  # of gradients
COSTS = re.compile(
    r"^_*(?:f|fun|func|function|j|loss|cost|energy|objective|nll|log_?lik\w*|neg\w*_log_?lik\w*)"
    r"(?:_?fun(?:c|ction)?)?$",
    re.IGNORECASE,
)
GRADS = re.compile(
    r"^_*(?:\w+_)?(?:g|df|dj|grad(?:ient)?s?|jac(?:obian)?|score|derivative|adjoint|sensitivit(?:y|ies))"
    r"(?:_?fun(?:c|ction)?)?$",
    re.IGNORECASE,
)
SLOPES_OF_COSTS = re.compile(r"^_*(?:d_?loss|diff|delta|prime)$", re.IGNORECASE)  # beside a cost of the same arguments
CHAINS = re.compile(r"(?:prob(?:s|abilit(?:y|ies))?|messages?|algo(?:rithm)?)_*$", re.IGNORECASE)
FORTH = ("{}_forward", "{}_fwd", "forward_{}", "fwd_{}", "{}_f", "{}")


def costs_with_gradients(
    functions: dict[str, ast.FunctionDef],
) -> list[tuple[ast.FunctionDef, ast.FunctionDef]]:
    """The functions that are gradients by their names, each behind the one that it is of: which takes the same, as
    scipy.optimize wants it, `f(x, *args)` and `fprime(x, *args)`, or gives it; of several the one that is a cost by its
    name."""
    found = []
    for back in functions.values():
        plain = GRADS.match(back.name)
        if (plain or SLOPES_OF_COSTS.match(back.name)) and not NUMERICAL.search(back.name):
            others = [one for one in functions.values() if one is not back and not DERIVED.search(one.name)]
            costs = [one for one in others if COSTS.match(one.name)]
            alike = [one for one in others if gives_all(one, back)]
            among = [one for one in alike if one in costs] or (alike or costs if plain else [])
            found += [(among[0], back)] if len(among) == 1 else []
    return found


def gives_all(forth: ast.FunctionDef, back: ast.FunctionDef) -> bool:
    """Whether a function takes or returns all that another one needs, which it does not call."""
    needed = {name for name in required_names(back) if not is_of_gradient(name)}
    taken, given = {*parameter_names(forth)}, {*returns(forth)}
    calls = any(isinstance(one, ast.Name) and one.id == back.name for one in ast.walk(forth))
    return bool(given and needed & taken - {"self"}) and needed <= taken | given and not calls


def counterpart(name: str, functions: dict[str, ast.FunctionDef]) -> ast.FunctionDef | None:
    """The forward function of a backward one."""
    for back, forth in (("backward", "forward"), ("Backward", "Forward"), ("BACKWARD", "FORWARD")):
        turned = name.replace(back, forth)
        if turned != name and turned in functions:
            return functions[turned] if not of_chains(functions[turned], functions.get(name)) else None
    match = BACK.match(name)
    if match is None:  # `reluBackward` of `relu`
        plain = in_words(name)
        return counterpart(plain, {in_words(one): its for one, its in functions.items()}) if plain != name else None
    stem = match["first"] or match["second"]
    forms = (
        (*FORTH, "apply_{}", "compute_{}", "{}_loss", "{}_cost") if re.search("back|bwd", name) else FORTH
    )  # `compute_grad` is of no other
    names = ["forward", "fwd"] if stem is None else [form.format(stem) for form in forms]
    while stem is not None and forms is not FORTH and "_" in stem:  # `backward_pass_with_dropout` of `forward_pass`
        stem = stem.rpartition("_")[0]
        names += [form.format(stem) for form in FORTH[:4]]
    return next((functions[one] for one in names if one in functions and one != name), None)


def of_chains(forth: ast.FunctionDef, back: ast.FunctionDef | None) -> bool:
    """Whether two functions are those of the forward-backward algorithm, which go along a chain from either end: both
    take the same, and are called after probabilities. Neither is a gradient."""
    return back is not None and bool(CHAINS.search(back.name)) and required_names(forth) == required_names(back)


def in_words(name: str) -> str:
    """A name whose words begin with capitals, with underscores between them."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def whole(forth: ast.FunctionDef, back: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> ast.FunctionDef:
    """A forward pass, or the function that calls it and takes and gives what the backward pass has beside that: a loss
    of what `policy_forward` gives is what `policy_backward` goes back through."""
    needed = {one for one in required_names(back) if not is_of_gradient(one)}
    lacking = needed - {*parameter_names(forth), *returns(forth)}
    for one in functions.values() if lacking else ():
        called = {node.id for node in ast.walk(one) if isinstance(node, ast.Name)}
        own = set(parameter_names(one))
        kept = lacking - own  # what it returns beside its result
        around = forth.name in called and back.name not in called and own >= set(parameter_names(forth))
        if around and kept < lacking and 0 < len(kept) < len(returns(one)):
            return one
    return forth


def of_slope(name: str, functions: dict[str, ast.FunctionDef]) -> ast.FunctionDef | None:
    """The function whose slope another one is by its name: `costPrime`, `tanh_deriv`, `d_relu`; or that takes the same
    where its name has `cost` or `loss` in place of a gradient's word: `compute_gradient`, `compute_cost`."""
    match = SLOPE.fullmatch(name)
    stem = (match["first"] or match["second"]) if match is not None else None
    if stem in functions or not SLOPES.search(name):
        return functions.get(stem) if stem is not None and stem != name else None
    meant = [functions[one] for word in VALUES if (one := SLOPES.sub(word, name, count=1)) in functions]
    alike = [one for one in meant if not arguments_of(one).isdisjoint(arguments_of(functions[name]))]
    return alike[0] if alike else None


def slope_of(name: str, functions: dict[str, ast.FunctionDef]) -> ast.FunctionDef | None:
    """The function that gives the slope of another one, by its name."""
    return next((one for one in functions.values() if of_slope(one.name, functions) is functions[name]), None)


def passes(methods: dict[str, ast.FunctionDef]) -> tuple[ast.FunctionDef | None, ast.FunctionDef | None]:
    """The forward and the backward pass among the methods of a class. A `forward` of any arguments only hands them on
    to another one."""
    found = [one for name, one in methods.items() if name == "forward" or FORWARD.match(name)]
    forward = min(found, key=lambda one: (rest_name(one) != "", one.name != "forward"), default=None)
    forward = forward or methods.get("__call__")
    backs = [one for name, one in methods.items() if BACKWARD.match(name) and not only_steps(one, methods)]
    alike = [one for one in backs if forward is not None and one.name in ("backward", f"back{forward.name}")]
    backward = next(iter([*alike, *backs]), None)
    if forward is not None and backward is not None and not left_for(backward, forward, methods):
        keeping = [one for name, one in methods.items() if AHEAD.search(name) and left_for(backward, one, methods)]
        forward = next((one for one in keeping if one is not backward), forward)
    if backward is None:  # a cost, and what gives its slopes; of anything else, where no other method is helped by that
        helpers = set().union(*[attributes(one, ast.Load) for one in methods.values()])
        slopes = [(forth, back) for name, back in methods.items() if (forth := of_slope(name, methods)) is not None]
        own = [one for one in slopes if not is_static(one[0]) and not NUMERICAL.search(one[1].name)
               and (one[1].name not in helpers or COSTS.match(one[0].name))]  # fmt: skip
        own = own or costs_with_gradients(methods)
        forward, backward = own[0] if own else (forward, backward)
    if backward is None:
        others = [one for name, one in methods.items() if FORTH_OTHERWISE.match(name)]
        if forward is None or rest_name(forward):
            forward = min(others, key=lambda one: rest_name(one) != "", default=None)
        backs = [one for name, one in methods.items() if BACK_OTHERWISE.match(name)]
        backward = min(backs, key=lambda one: NUMERICAL.search(one.name) is not None, default=None)
    taken = required_names(backward)[1:] if backward is not None else []
    if forward is None and len(taken) > 1:  # `calc(self, y, t)`
        alike = [one for one in methods.values() if one is not backward and required_names(one)[1:] == taken]
        forward = alike[0] if len(alike) == 1 else None
    return forward, backward


def only_steps(method: ast.FunctionDef, methods: dict[str, ast.FunctionDef]) -> bool:
    """Whether a method needs nothing but what another one leaves, by its name the gradients: `backward(self, rate=0.1)`
    beside `gradient(self, eta)`."""
    others = [one for name, one in methods.items() if BACK_OTHERWISE.match(name) and len(required_names(one)) > 1]
    left = set().union(*[attributes(one, ast.Store) for one in others])
    return len(required_names(method)) == 1 and not left.isdisjoint(attributes(method, ast.Load))
