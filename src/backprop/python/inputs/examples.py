"""What the parameters of a function could be given, told from its text: the hint for somebody who has given nothing."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from backprop.errors import MOST_NAMED
from backprop.errors.spelling import either, flag, setting
from backprop.python.names import rest_name
from backprop.python.spellings.numpy import DRAWN
from backprop.python.spellings.torch import TORCH
from backprop.python.texts.functions import HOLDING
from backprop.python.texts.gradients import RATE
from backprop.python.values.arrays import HELD

SIZES = (4, 3, 5, 6)  # of axes, in the order in which the text names them, so that no two are mixed up
SIZES_OF_PICTURES = (2, 3, 5, 4, 6)  # which passes go through in loops
SMALL, UNNAMED = 2, 3  # of any after these, as of filters, and of those called _
WEIGHT = re.compile(  # of a penalty, or the part that is kept: a number which no name of the forward pass may have
    r"(?i)(^|_)(lamb?da?|lam|reg(ulari[sz]\w*)?|(l[12]_?)?(reg\w*_)?(lambda|strength|penalty)|l[12]|weight_?decay"
    r"|(keep|drop(out)?)_?(p|prob\w*|rate|ratio)?)_?$"
)
COUNTS = re.compile(  # what is called so is a whole number, wherever it goes
    r"(?i)(^|_)(n|num|number|count|len|length|size|dim|dims|units|neurons|features|channels|filters|heads|layers)(_[a-z]+)?$"
    r"|^d_(model|ff|k|v|head|hidden|inner|emb(ed)?|in|out)$"  # of a transformer
)
AXES = ("axis", "dim")
COUNTED = DRAWN | {"zeros", "ones", "full", "empty", "eye", "range", "arange"}
SLOPE = re.compile(r"^d_|^d[A-Z]|^dact|prime|deriv|grad", re.IGNORECASE)  # of a function that is given
PRODUCTS = frozenset(["dot", "matmul", "mm"])
HOLDERS_HAVE = frozenset(  # tensors of any make
    [*HELD, *HOLDING, "requires_grad", "values", "is_cuda", "is_leaf", "grad_fn"]
)
TRAINS = re.compile(r"_*(is_)?train(ing)?(_?mode)?")  # what says whether a backward pass may follow
OPTIONS = frozenset([  # of `check`, which no parameter has for itself
    "set", "vars", "wrt", "output", "upstream", "seed", "ties", "expand", "bound", "strict", "quiet", "color",
    "backward", "claim", "claims", "stages", "random", "digits", "format", "json", "help",
])  # fmt: skip
USUAL = {"eps": "1e-5", "epsilon": "1e-5", "momentum": "0.9", "name": "first"}  # what is called so is the same for all


class Examples:
    """Values for the parameters of some functions, as they are typed. Axes of one name have one size."""

    def __init__(self, functions: Sequence[ast.AST], backs: Sequence[ast.AST] = ()) -> None:
        self.nodes = [node for function in functions for node in ast.walk(function)]
        self.calls = [node for one in (*functions, *backs) for node in ast.walk(one) if isinstance(node, ast.Call)]
        self.sizes: dict[str, int] = {}
        apart = [one.targets[0] for one in self.nodes if isinstance(one, ast.Assign)
                 and isinstance(one.value, ast.Attribute) and one.value.attr == "shape"]  # fmt: skip
        self.of_pictures = any(isinstance(one, ast.Tuple) and len(one.elts) == 4 for one in apart)

    def of(self, name: str) -> str:
        """A value for a parameter: a dictionary with the keys that are read, one of the texts it is compared with, as
        many axes as its shape is taken apart into, places if it only picks elements; else a few random numbers."""
        if name in USUAL and not self.is_noise(name):
            return USUAL[name]
        if keys := self.keys(name):
            return json.dumps(keys)
        if function := self.function(name):
            return function
        if RATE.search(name):
            return "0.1"
        if TRAINS.fullmatch(name):
            return "True"
        if WEIGHT.search(name) and not self.counts(name):
            return "0.7"
        if texts := self.compared(name):
            return texts[0]
        if (count := self.several(name)) is not None and name.endswith("shape"):
            return "3"
        if count is not None:
            return str([[0.5, 1.2], [2.1, 0.3], [1.4, 0.9]][: max(count, 2)] + [0] * -count).replace(" ", "")
        axes, picks = self.axes(name), self.picks(name)
        if axes:
            return whole_numbers(tuple(axes)) if picks else f"randn({','.join(map(str, axes))})"
        if picks:
            return "[0,2,1,1]"
        if any(one.arg in AXES and is_name(one.value, name) for call in self.calls for one in call.keywords):
            return "-1"
        if self.counts(name) or COUNTS.search(name):
            return "3"
        if self.along_axis(name):
            return "randn(4,3)"
        return "randn(3,3)" if self.multiplies(name) else "randn(3)"

    def is_noise(self, name: str) -> bool:
        """Whether what is called as a small number is noise that something spreads: `mean + deviation * eps`."""
        sums = [node for node in self.nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)]
        spread = [one for node in sums for one in (node.left, node.right)
                  if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult)]  # fmt: skip
        return name.startswith("eps") and any(is_name(its, name) for one in spread for its in (one.left, one.right))

    def several(self, name: str) -> int | None:
        """How many inputs a parameter stands for that takes all which are given, `*tensors`; below 0 where so many
        numbers are behind any of them: `*tensors, axis = args`. None where it takes no more than one."""
        if name not in [rest_name(one) for one in self.nodes if isinstance(one, ast.FunctionDef)]:
            return None
        taken = [one.targets[0].elts for one in self.nodes if isinstance(one, ast.Assign)
                 and isinstance(one.targets[0], ast.Tuple) and is_name(one.value, name)]  # fmt: skip
        some = taken[0] if taken else []
        return len(some) if not any(isinstance(one, ast.Starred) for one in some) else 1 - len(some)

    def keys(self, name: str) -> dict[str, str | float]:
        """The texts that a parameter is indexed with, and the fields of what is no array, each with what it could
        hold."""
        found: dict[str, str | float] = {}
        methods = {id(call.func) for call in self.calls}
        for node in self.nodes:
            if isinstance(node, ast.Attribute) and is_name(node.value, name) and is_field(node.attr):
                found |= {} if id(node) in methods else {node.attr: next(iter(self.compared(ast.unparse(node))), 1)}
            if isinstance(node, ast.Subscript) and is_name(node.value, name) and isinstance(node.slice, ast.Constant):
                key = node.slice.value
                if isinstance(key, str) and isinstance(node.ctx, ast.Load):
                    found[key] = next(iter(self.compared(ast.unparse(node))), "train" if key == "mode" else 1)
        counted = any(ast.unparse(one) == f"len({name})" for one in self.calls) and {*found.values()} == {1}
        return {key: place for place, key in enumerate([*found, "a", "b", "c", "d"][:5])} if counted else found

    def function(self, name: str) -> str:
        """A function, where a parameter is called, also under the name of an attribute: of one array, or of an output
        and what it should be; its slope where it is called so."""
        taken = [len(call.args) for call in self.calls if ast.unparse(call.func) in (name, f"self.{name}")]
        if not taken:
            return ""
        slope = bool(SLOPE.search(name))
        if max(taken) < 2:
            return "lambda x: 1 - np.tanh(x)**2" if slope else "np.tanh"
        return "lambda a, b: 2 * (a - b)" if slope else "lambda a, b: np.sum((a - b)**2)"

    def compared(self, text: str) -> list[str]:
        """The texts that an expression, or a name that it is kept under, is compared with."""
        kept = self.kept(text)
        return [
            one.value
            for node in self.nodes if isinstance(node, ast.Compare) and ast.unparse(node.left) in kept
            for one in node.comparators if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]  # fmt: skip

    def kept(self, text: str) -> set[str]:
        """An expression, and the names that it is kept under."""
        return {text} | {
            target.id
            for node in self.nodes if isinstance(node, ast.Assign) and ast.unparse(node.value) == text
            for target in node.targets if isinstance(target, ast.Name)
        }  # fmt: skip

    def axes(self, name: str) -> list[int]:
        """The sizes that the shape of a parameter is taken apart into, `N, D = x.shape`, or read from, `x.shape[1]`."""
        for node in self.nodes:
            if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
                continue
            if ast.unparse(node.value) in (f"{name}.shape", f"{name}.size()", f"np.shape({name})"):
                return [self.size(ast.unparse(one)) for one in node.targets[0].elts]
        kept = self.kept(f"{name}.shape")
        places = [
            int(node.slice.value) for node in self.nodes
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) in kept
            and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)
        ]  # fmt: skip
        most = max(places, default=0)
        return list((SIZES_OF_PICTURES if most > 2 else SIZES)[: most + 1]) if most > 0 else []

    def size(self, axis: str) -> int:
        sizes = SIZES_OF_PICTURES if self.of_pictures else SIZES
        free = [one for one in sizes if one not in self.sizes.values()] or [SMALL]
        return UNNAMED if axis == "_" else self.sizes.setdefault(axis, free[0])

    def picks(self, name: str) -> bool:
        """Whether a parameter, or an element of one, stands in the brackets of something: `scores[np.arange(N), y]`,
        `W[x[n, t]]`, `for n, label in enumerate(y): scores[n, label]`."""
        loops = [one for one in self.nodes if isinstance(one, ast.For | ast.comprehension)]
        names = {name} | {its for one in loops for its, of in elements(one) if is_name(of, name)}
        return any(
            is_name(element_of(one), its)
            for node in self.nodes if isinstance(node, ast.Subscript) for one in parts(node.slice) for its in names
        )  # fmt: skip

    def counts(self, name: str) -> bool:
        """Whether a parameter is a size of what is made: `np.zeros((rows, columns))`, `range(steps)`."""
        calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        making = [one for one in calls if ast.unparse(one.func).rpartition(".")[2] in COUNTED]
        given = [one for call in making for one in call.args]
        given += [one.value for call in making for one in call.keywords if one.arg in ("size", "shape")]
        return any(is_name(one, name) for argument in given for one in parts(argument))

    def along_axis(self, name: str) -> bool:
        """Whether a parameter is summed along an axis, or is the left one of a matrix product."""
        return self.turned(name) or any(
            is_name(one, name)
            for node in self.nodes if isinstance(node, ast.Call) and any(one.arg in AXES for one in node.keywords)
            for one in (getattr(node.func, "value", node), *node.args[:1])
        ) or any(is_name(root(left), name) for left, _ in self.products())  # fmt: skip

    def turned(self, name: str) -> bool:
        """Whether a parameter is made a matrix whatever it was: `x.reshape(-1, n)`, `x.reshape(x.shape[0], -1)`."""
        return any(
            ast.unparse(call.func) == f"{name}.reshape" and len([*parts(ast.Tuple(call.args))]) == 2
            for call in self.calls
        )

    def multiplies(self, name: str) -> bool:
        """Whether a parameter is the right one of a matrix product."""
        return any(
            is_name(one, name) for _, right in self.products() for one in (right, getattr(right, "value", right))
        )

    def products(self) -> Iterator[tuple[ast.expr, ast.expr]]:
        """The two factors of every matrix product: `x @ w.T`, `x.dot(w)`, `np.matmul(x, w)`."""
        for node in self.nodes:
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                yield node.left, node.right
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PRODUCTS:
                factors = [node.func.value, *node.args][-2:]
                yield factors[0], factors[-1]


def whole_numbers(shape: tuple[int, ...]) -> str:
    """Labels of a shape, as they are typed; no two rows in a row are equal."""
    places = np.arange(np.prod(shape, dtype=int))
    return str(((places * 2 + places // max(shape[-1:], default=1)) % 3).reshape(shape).tolist()).replace(" ", "")


def parts(index: ast.expr) -> Iterator[ast.expr]:
    yield from index.elts if isinstance(index, ast.Tuple) else (index,)


def root(node: ast.expr) -> ast.expr:
    """What a method is called of, or an attribute taken: `x` of `x.reshape(3, -1).T`."""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node


def element_of(node: ast.expr) -> ast.expr:
    """What an element is of: `x` of `x[n, t]`."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def elements(loop: ast.For | ast.comprehension) -> list[tuple[str, ast.expr]]:
    """The names that a loop sets to the elements of something, each with that: `n` is no element in `for n, label in
    enumerate(y)`."""
    over, target = loop.iter, loop.target
    by = ast.unparse(over.func) if isinstance(over, ast.Call) else ""
    if by not in ("enumerate", "zip") or not isinstance(over, ast.Call) or not isinstance(target, ast.Tuple):
        return [(target.id, over)] if isinstance(target, ast.Name) else []
    targets = target.elts[1:] if by == "enumerate" else target.elts
    return [(one.id, of) for one, of in zip(targets, over.args, strict=False) if isinstance(one, ast.Name)]


def is_field(name: str) -> bool:
    """Whether an attribute is of something that is neither an array nor a tensor."""
    return not (hasattr(np.ndarray, name) or name in HOLDERS_HAVE or name in TORCH or name.startswith("_"))


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def typed(name: str, value: str) -> str:
    """How a value is given on the command line."""
    return setting(name, value) if name in OPTIONS else flag(name, value)


def give(missing: Mapping[str, str]) -> str:
    """How arguments are given that are not, each with an example of a value."""
    options = " ".join(typed(name, f"'{value}'") for name, value in [*missing.items()][:MOST_NAMED])
    return f"give {either(f'options, like {options}, or all in a file: --vars FILE', 'it as an argument')}"
