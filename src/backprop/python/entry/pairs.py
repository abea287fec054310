"""Which forward pass belongs to which backward pass, by their names."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import NamedTuple

from backprop.errors import Problem, nearest
from backprop.errors.spelling import option
from backprop.python.entry.gradients import bases, is_cost, is_of_gradient, is_word
from backprop.python.entry.rounds import Passes, arguments_of, both_passes, names_in, training
from backprop.python.names import MOST_KEPT, names_set, names_used, parameter_names, required_names, rest_name
from backprop.python.registered import MARK, handed_back, nondiff
from backprop.python.restated import defaults
from backprop.python.source import Code, Part
from backprop.python.values.arrays import HELD

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
SOLVERS = {  # of scipy.optimize: under which name, or where, the gradient is given
    "minimize": ("jac", 3), "fmin_bfgs": ("fprime", 2), "fmin_cg": ("fprime", 2), "fmin_ncg": ("fprime", 2),
    "fmin_l_bfgs_b": ("fprime", 2), "fmin_tnc": ("fprime", 2), "check_grad": ("grad", 1),
}  # fmt: skip
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
    r"^_*(?:(?:compute|calc\w*|get|update)_?grad\w*|gradients?|grad|vjp|der\w*ative|deriv|prime)$", re.IGNORECASE
)
NUMERICAL = re.compile(r"num(?!ber)|check|approx|finite|slow", re.IGNORECASE)  # by which a gradient is only tested
DIFFERENCES = re.compile(r"(central|finite|forward|numerical?)_diff")  # by which a slope is measured
ASKING = frozenset(["isinstance", "id", "len", "type", "str", "repr", "print", "hasattr", "getattr", "super", "vars"])
GOES_BACK = re.compile(r"grad_?(fn|func)|back|vjp|pull")  # a parameter that takes a backward pass
KERNEL = re.compile(r"(triton|tl|cuda|numba\.cuda|ti|taichi|wp|warp)\.(jit|kernel|autotune|heuristics|func)\b")
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
BOTH = re.compile(r"(?:and|with|_)_?(?:grad(?:ient)?s?|jac(?:obian)?)$", re.IGNORECASE)  # `cost_and_grad`, `fAndGrad`
TAKEN = re.compile(r"d[A-Z]|d[bwx]\d*$|grad")  # of parameters, plainly gradients
HOLDING = ("data", "_data", "value", "val", "_value", "array")  # in which objects of other files hold their arrays
SELVES = re.compile(r"_*(self|cls|klass|this|me|ctx|context|s|c|m)?_*", re.IGNORECASE)
UNWRITTEN = re.compile(
    r"\bNotImplemented|\bnot (yet )?implemented|\bTODO\b|\bimplement (this|me|it|the)\b", re.IGNORECASE
)
OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow", ast.MatMult: "matmul",
    ast.USub: "neg",
}  # fmt: skip
FORTH = ("{}_forward", "{}_fwd", "forward_{}", "fwd_{}", "{}_f", "{}")


class Pair(NamedTuple):
    """A forward and a backward pass. `kind` is "functions", "class", "autograd", "vjp" (of a custom_vjp), "both" (one
    function that returns a loss and its gradients), "script" (statements that are no functions, in two texts or one) or
    "values" (statements on objects that know their gradients, up to a call of `.backward()`)."""

    name: str
    kind: str
    forward: ast.FunctionDef | None
    backward: ast.FunctionDef | None
    skip: int = 0  # the first parameters of the forward pass that are no inputs: self, cls, ctx
    setup: ast.FunctionDef | None = None  # of an autograd Function whose forward has no ctx
    apart: tuple[int, ...] = ()  # the inputs of a custom_vjp that have no gradient
    split: int = 0  # of one text, how many statements are the forward pass
    owner: str = ""  # the class whose functions they are, which need no object
    body: tuple[ast.stmt, ...] = ()  # the statements of a script in other order: up to the end of a loop's first round
    line: int = 0  # and where the loop stands, if there is one
    inside: ast.FunctionDef | None = None  # the function that these statements stand in
    start: int = 0  # how many of them stand before the loop, or make the object of a method
    swept: bool = False  # whether the backward pass is that of what a method gives, through all that it was made from
    of_values: str = ""  # the class of what knows its gradients, and is taken and given
    whose: Mapping[str, str] = {}  # gradients in a script whose names tell nothing, and what is updated by them

    def bases(self, name: str) -> tuple[str, ...]:
        """What a name may be the gradient of."""
        return (self.whose[name],) if name in self.whose else bases(name)

    @property
    def title(self) -> str:
        """What the pair is called; of several in a class, each by its method."""
        method = self.forward.name if self.kind == "class" and self.forward is not None else ""
        usual = FORWARD.match(method) or "_" not in method.strip("_")
        return self.name if usual else f"{self.name}.{method}"

    @property
    def of_object(self) -> bool:
        """Whether an object is made first. A "loss" is what "both" is, as a method."""
        return self.kind in ("class", "loss")

    @property
    def class_name(self) -> str:
        """The class whose functions or methods they are; "" of functions of no class."""
        return self.owner or (self.name if self.of_object or self.kind == "autograd" else "")

    @property
    def is_registered(self) -> bool:
        """Whether the backward pass is made of a rule that a library was told."""
        return self.forward is not None and self.forward.name.endswith(MARK)

    @property
    def of_instance(self) -> bool:
        """Whether the methods of an autograd Function are an object's, `forward(self, ctx, x)`."""
        forward = self.forward
        return self.kind == "autograd" and self.skip == 2 and forward is not None and not forward.decorator_list

    @property
    def is_made(self) -> bool:
        """Whether a constructor may take something beside what the forward pass takes."""
        return self.of_object or self.of_instance

    @property
    def is_kept(self) -> bool:
        """Whether the forward pass makes the backward pass, a function without arguments, and leaves it in its result,
        as an operation does on values that know their gradients. It may take that result, or the gradient of it."""
        forward, back = self.forward, self.backward
        if self.swept:
            return True
        if forward is None or back is None or back not in inner_functions(forward):
            return False
        taken = len(required_names(back))
        return not taken or (taken == 1 and kept_pair(self.owner, forward) is not None)

    @property
    def is_slope(self) -> bool:
        """Whether the backward pass is by its name a function that gives slopes, of those inputs that are wanted."""
        name = self.backward.name if self.backward is not None and self.kind == "functions" else ""
        return bool(SLOPES.search(name) or SLOPE.fullmatch(name) or GRADS.match(name))

    @property
    def of_one(self) -> bool:
        """Whether one function returns a loss and its gradients."""
        return self.kind in ("both", "loss")


def pairs_in(code: Code, forward: str | None = None, backward: str | None = None) -> list[Pair]:
    """The pairs of the text itself, or of those that it imports from where it has none; or the one that is named."""
    if forward is not None:
        return [computed(named(code, forward, backward))]
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


def all_pairs(code: Code) -> list[Pair]:
    """The pairs that the names tell, in the order of the texts."""
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
    inherited = inherited_from(code)
    for name, methods in code.classes().items():
        if leaves_open(methods, name in inherited):
            continue
        if (layer := swept_layer(code, name, methods)) is not None:
            found.append(layer)
        elif all(passes(methods)):
            found.append(class_pair(name, methods))
        elif several := pairs_of_class(name, methods):
            found += several
        elif (loss := loss_of(name, methods)) is not None:
            found.append(loss)
    found = [pair for pair in found if not is_left_to_others(code, pair)]
    paired = {one.name for pair in found for one in (pair.forward, pair.backward) if one is not None}
    found += [Pair(one.name, "both", one, one) for one in functions.values() if one.name not in paired and is_both(one)]
    found += [
        Pair(one.name, "functions", one, back) for one in functions.values()
        if one.name not in paired and (back := returned_backward(one)) is not None
    ]  # fmt: skip
    paired |= {pair.name for pair in found}
    found += [pair for part in code.parts for pair in training_pairs(code, part, paired)]
    if not found and len(code.parts) == 1:
        found = [pair for pair in (values_pair(code), split_pair(code.parts[0])) if pair is not None][:1]
    if not found:
        slopes = [(cost, back) for name, back in functions.items() if (cost := of_slope(name, functions)) is not None]
        slopes = slopes or costs_with_gradients(functions)
        found = [Pair(cost.name, "functions", cost, back) for cost, back in slopes]
    judged = {pair.forward for pair in found} | {pair.backward for pair in found}
    by_name = {pair.name for pair in found}  # an operation that only calls one of these is judged with it
    return found + [
        pair for pair in kept_pairs(code)
        if pair.forward not in judged and not (pair.swept and pair.forward and by_name & names_in([pair.forward]))
    ]  # fmt: skip


def registered_pairs(code: Code) -> list[Pair]:
    """The functions that a library is told a rule of differentiation of."""
    ruled = [(one, handed_back(one)) for name, one in code.functions().items() if name.endswith(MARK)]
    return [Pair(one.name.removesuffix(MARK), "functions", one, back) for one, back in ruled if back is not None]


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


def kept_pair(owner: str, forward: ast.FunctionDef) -> Pair | None:
    """Such an operation, if a function or a method is one."""
    inner = {one.name: one for one in inner_functions(forward)}
    kept = [
        inner[one.value.id] for one in ast.walk(forward)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Attribute)
        and isinstance(one.value, ast.Name) and one.value.id in inner
    ]  # fmt: skip
    title = f"{owner}.{forward.name}" if owner else forward.name
    kept = kept or handed_over(forward, inner)
    if owner and kept and (len(required_names(kept[0])) > 1 or rest_name(kept[0])):
        return None  # the class's own way back knows what it takes
    return Pair(title, "functions", forward, kept[0], owner=owner, of_values=owner) if len(kept) == 1 else None


def handed_over(forward: ast.FunctionDef, inner: dict[str, ast.FunctionDef]) -> list[ast.FunctionDef]:
    """The inner functions that are handed to what makes the result, as what goes back from it: `Tensor(y, grad_fn=f)`,
    also where that hangs on something."""
    calls = [node for node in ast.walk(forward) if isinstance(node, ast.Call)]
    given = [one.value for call in calls for one in call.keywords if one.arg and GOES_BACK.search(one.arg)]
    names = {getattr(one.body if isinstance(one, ast.IfExp) else one, "id", "") for one in given}
    return [one for name, one in inner.items() if name in names]


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
    for owner in sorted(said & code.classes().keys()) if not written else ():
        theirs = code.classes()[owner]
        back = next((one for way, one in theirs.items() if BACKWARD.match(way)), None)
        stored = set().union(*[attributes(one, ast.Store) for one in theirs.values()])
        if back is not None and owner != name and not stored.isdisjoint(["grad", "_grad", "gradient"]):
            return Pair(name, "class", forward, back, 1, swept=True, of_values=owner)
    return None


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


def is_replaced(function: ast.FunctionDef) -> bool:
    """Whether a decorator may put another function in the place of this one."""
    return any(ast.unparse(one) not in ("staticmethod", "classmethod") for one in function.decorator_list)


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
    """The pairs of a class that has several, `encoder_forward` and `encoder_backward` beside those of a decoder."""
    pairs = [(counterpart(back.name, methods), back) for back in methods.values()]
    return [Pair(name, "class", forth, back, 1) for forth, back in pairs if forth is not None and not is_static(forth)]


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


def returned_backward(function: ast.FunctionDef) -> ast.FunctionDef | None:
    """The backward pass that a function returns beside its result: `return y, backward`."""
    inner = {one.name: one for one in function.body if isinstance(one, ast.FunctionDef)}
    named = [inner[name] for name in returns(function)[1:] if name in inner]
    return next((one for one in named if re.match("back|bwd|vjp|pull|grad", one.name)), None)


def apart(code: Code, forth: ast.FunctionDef, back: ast.FunctionDef) -> bool:
    """Whether a function of the user's only happens to have the beginning of the name of one that is imported."""
    own = code.parts[-1].tree.body
    return forth in own and back not in own and not re.search("for|fwd", forth.name)


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
            found[forth.name] = Pair(forth.name, "functions", forth, back)
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


def values_pair(code: Code) -> Pair | None:
    """Statements that end with `x.backward()`, where a class, also one that is imported, has such a method."""
    has = any("backward" in methods for methods in code.classes().values())
    body = code.parts[-1].tree.body
    ends = next((place for place, one in enumerate(body) if backward_call(one) is not None), None)
    return Pair("backward", "values", None, None, split=ends) if has and ends else None


def backward_call(statement: ast.stmt) -> str | None:
    """The name of what a statement calls `.backward()` of."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "backward":
        return call.func.value.id if isinstance(call.func.value, ast.Name) else None
    return None


def split_pair(part: Part) -> Pair | None:
    """Statements of which some set gradients of names that were set before, as they stand or in the first round of a
    training loop."""
    found = both_passes(part.tree.body)
    if found is None:
        return None
    body = () if found.body == part.tree.body else tuple(found.body)
    return Pair("", "script", None, None, split=found.split, body=body, line=found.line, whose=found.whose)


def training_pairs(code: Code, part: Part, paired: Collection[str] = ()) -> list[Pair]:
    """The functions of a text, and the methods of its classes, that hold both passes and what they train: each as a
    script of its own. What is `paired` already is none."""
    found = []
    for one in part.tree.body:
        if not isinstance(one, ast.FunctionDef | ast.ClassDef) or one.name in paired:
            continue
        if isinstance(one, ast.FunctionDef):
            steps = any(TAKEN.match(name) for name in required_names(one))  # an optimizer's
            found.append(None if steps else training_pair(part, one, training(one), defaults(one)))
            continue
        methods = code.classes().get(one.name, {})
        known = set().union(*[attributes(method, ast.Store) for method in methods.values()])
        for method in [method for name, method in methods.items() if name != "__init__" and not is_static(method)]:
            if first_parameter(method) == "self" and (passes := training(method, known)) is not None:
                found.append(training_pair(part, method, passes, made(one, methods, method), one))
    return [pair for pair in found if pair is not None]


def training_pair(
    part: Part, function: ast.FunctionDef, passes: Passes | None, first: list[ast.stmt],
    owner: ast.ClassDef | None = None,
) -> Pair | None:  # fmt: skip
    """A function or a method that trains, as a script; `first` is what is done before its statements."""
    if passes is None:
        return None
    whole = function if owner is None else owner
    used = names_used([whole], part.tree.body) - ({function.name} if owner is None else set())
    before = [one for one in part.tree.body if one is owner or not used.isdisjoint(names_set(one))] + first
    pair = Pair(function.name if owner is None else f"{owner.name}.{function.name}", "script", None, None)
    return pair._replace(
        split=len(before) + passes.split, start=len(before) + passes.start, body=(*before, *passes.body),
        line=passes.line, inside=function, owner="" if owner is None else owner.name, whose=passes.whose,
    )  # fmt: skip


def made(owner: ast.ClassDef, methods: dict[str, ast.FunctionDef], method: ast.FunctionDef) -> list[ast.stmt]:
    """What makes the object of a method: `self = Model(rate=rate)`, behind the values of what needs none."""
    start = methods.get("__init__")
    names = parameter_names(start)[1:] if start is not None else []
    call = ast.Call(
        ast.Name(owner.name, ast.Load()), [], [ast.keyword(one, ast.Name(one, ast.Load())) for one in names]
    )
    self = ast.Assign([ast.Name("self", ast.Store())], call)
    ast.fix_missing_locations(ast.copy_location(self, method))
    return [*(defaults(start) if start is not None else []), self, *defaults(method)]


def with_first_round(code: Code, pair: Pair) -> Code:
    """The texts of a pair, in place of a training loop its first round."""
    if not pair.body:
        return code
    whose = [part for part in code.parts for one in part.tree.body
             if (getattr(one, "name", "") == pair.owner if pair.owner else one is pair.inside)]  # fmt: skip
    whose = whose or code.parts[-1:]
    source = copy.copy(whose[0].source)
    source.notes = [*source.notes, *([f"of the loop in line {pair.line} the first round is judged"] * bool(pair.line))]
    return code.of([*[part for part in code.parts if part is not whose[0]], Part(source, ast.Module([*pair.body], []))])


def counterpart(name: str, functions: dict[str, ast.FunctionDef]) -> ast.FunctionDef | None:
    """The forward function of a backward one."""
    for back, forth in (("backward", "forward"), ("Backward", "Forward"), ("BACKWARD", "FORWARD")):
        turned = name.replace(back, forth)
        if turned != name and turned in functions:
            return functions[turned]
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
    if backward is None:  # a cost, and what gives its slopes, which no other method takes as its helper
        helpers = set().union(*[attributes(one, ast.Load) for one in methods.values()])
        slopes = [(forth, back) for name, back in methods.items() if (forth := of_slope(name, methods)) is not None]
        own = [one for one in slopes if not is_static(one[0]) and one[1].name not in helpers]
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
    read, left = (
        set().union(*[attributes(one, how) for one in reached(start, methods)])
        for start, how in ((backward, ast.Load), (forward, ast.Store))
    )
    return read & left


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
    returned, known = returns(function), names_in([function])
    given = arguments_of(function)
    like = [
        one not in given
        and ((is_of_gradient(one) and not is_word(one, known)) or not given.isdisjoint(bases(one)[:1]))  # `gW`
        for one in returned
    ]
    costs = bool(returned) and is_cost(returned[-1])
    if like and like[0] and not costs:
        return False  # gradients alone: a backward pass
    behind = is_cost(returned[0]) and like[1:2] == [True] and all(like[1:-1]) if returned else False
    says_so = bool(BOTH.search(function.name)) and not given.issuperset(returned[:1])
    return len(returned) > 1 and (all(like[1:]) or behind or says_so or (costs and all(like[:-1])))


def returns(function: ast.FunctionDef, count: int | None = None) -> list[str]:
    """The names that a function returns at its end; "" for what has none. Where it returns another `count`, those that
    it returns elsewhere."""
    found = [node for node in function.body if isinstance(node, ast.Return)]
    names = returned_by(found[-1]) if found else []
    if count is None or count == len(names):
        return names
    every = [returned_by(node) for node in ast.walk(function) if isinstance(node, ast.Return)]
    return next((one for one in every if len(one) == count), names)


def returned_by(statement: ast.Return) -> list[str]:
    value = statement.value
    parts = value.elts if isinstance(value, ast.Tuple | ast.List) else [] if value is None else [value]
    return [name_of(one) for one in parts]


def name_of(tree: ast.expr) -> str:
    """A name, the key of an entry, or an attribute; through methods that only turn and copy, and what scales it; of a
    dictionary of gradients "grads"."""
    if isinstance(tree, ast.Dict):
        return "grads" if tree.values and all(is_of_gradient(name_of(one)) for one in tree.values) else ""
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


def inside_class(name: str, classes: Mapping[str, Mapping[str, ast.FunctionDef]]) -> str:
    """The class inside another one that a name stands for: its own, or that of the one around it, which has no backward
    pass and one such class; else the name itself."""
    if name in classes and passes(dict(classes[name]))[1] is not None:
        return name
    found = [one for one in classes if "." in one and name in one.split(".")]
    return found[0] if len(found) == 1 and "." not in name else name


def alone(code: Code, name: str) -> bool:
    """Whether a name is that of a forward pass to which no backward pass belongs."""
    functions, classes = code.functions(), code.classes()
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
        near = nearest(forward, [*functions, *classes])
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


def training_named(code: Code, name: str) -> Pair | None:
    """The pair of a method that trains: of a class, the first."""
    owner, _, method = name.partition(".")
    pairs = [pair for part in code.parts for pair in training_pairs(code, part) if pair.owner == owner]
    return next((one for one in pairs if not method or one.name == name), None)


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
    return found or class_pair(owner, methods)


def script_pair(forward: Part, backward: Part) -> Pair | None:
    """Two texts of plain statements as a pair, if each has some."""
    plain = [
        any(isinstance(one, ast.Assign | ast.AugAssign | ast.For) for one in part.tree.body)
        for part in (forward, backward)
    ]
    return Pair("", "script", None, None) if all(plain) else None
