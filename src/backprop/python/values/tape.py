"""What hangs on what in an interpreted run: every element of every array has a number, and each operation says how the
elements that it made hang on those that it read. One sweep back through it gives the gradients of all of them.

NumPy answers what is a view: the numbers lie in memory of the same layout as the elements, and what only moves elements
is done to the numbers, too. A number of 0 stands for what hangs on nothing.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from backprop.differentiate.rules import array_rules
from backprop.gates import GATES
from backprop.python.values.arrays import Tensor
from backprop.python.values.work import ELEMENT, SWEPT, spend

MOVES = frozenset([
    "reshape", "ravel", "flatten", "transpose", "swapaxes", "moveaxis", "squeeze", "expand_dims", "broadcast_to",
    "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack", "split", "array_split", "hsplit", "vsplit",
    "repeat", "tile", "roll", "flip", "fliplr", "flipud", "rot90", "take", "take_along_axis", "pad", "tril", "triu",
    "diag", "diagonal", "diagflat", "atleast_1d", "atleast_2d", "atleast_3d", "append", "where",
    "broadcast_arrays", "rollaxis",
    "view", "permute", "t", "unsqueeze", "expand", "expand_as", "view_as", "cat", "concat", "chunk", "gather",
    "lib.stride_tricks.sliding_window_view", "index_select", "repeat_interleave", "masked_fill", "narrow", "select",
    "unbind", "insert", "delete", "block", "lib.stride_tricks.as_strided", "full", "full_like",
])  # fmt: skip
JOINS = ("concatenate", "stack", "hstack", "vstack", "dstack", "column_stack", "cat", "concat")
SAME = frozenset([
    "copy", "array", "asarray", "ascontiguousarray", "clone", "detach", "contiguous", "cpu", "float", "double", "to",
    "Tensor", "FloatTensor", "from_numpy", "asfortranarray", "asanyarray", "type", "asarray_chkfinite", "real",
    "type_as", "tensor", "as_tensor", "astype", "flatten of an array", "float64", "float32", "item", "nan_to_num",
])  # fmt: skip
ELEMENTWISE = frozenset([
    "abs", "absolute", "fabs", "sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sin", "cos",
    "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "arctanh", "square", "reciprocal",
    "negative", "power", "float_power", "maximum", "minimum", "fmax", "fmin", "add", "subtract", "multiply", "divide",
    "true_divide", "hypot", "logaddexp", "clip", "sinc", "deg2rad", "pow", "sub", "mul", "div", "neg", "rsqrt", "erf",
    "erfc", "sigmoid", "expit", "logit", "relu", "leaky_relu", "softplus", "silu", "gelu", "clamp", "clamp_min",
    "asin", "acos", "atan", "atan2", "xlogy", "gammaln", "elu", "selu", "swish", "log_sigmoid", "degrees", "radians",
    "softsign", "mish", "logsigmoid", "hardsigmoid",
    "arcsinh", "arccosh", "asinh", "acosh", "atanh", "logaddexp2", "copysign", "rad2deg", "ldexp", "erfinv", "lgamma",
    "digamma", "mod", "remainder", "fmod", "positive", "floor", "ceil", "trunc", "sign", "round", "rint",
])  # fmt: skip
BINARY = {"add_": ast.Add, "sub_": ast.Sub, "mul_": ast.Mult, "div_": ast.Div}
SUMS = frozenset(["sum", "mean", "add.reduce"])
VARIANCES = frozenset(["var", "std"])
EXTREMES = frozenset(["max", "min", "amax", "amin", "maximum.reduce"])
ORDERED = frozenset(["sort", "topk"])  # of torch, which tell where each element was
PRODUCTS = frozenset(["dot", "matmul", "mm", "bmm", "mv"])
ADDING = frozenset(["add.at", "subtract.at", "index_add_", "scatter_add_"])
PUTTING = frozenset(["put_along_axis", "fill_diagonal", "scatter_", "copy_", "fill_", "zero_", "masked_fill_"])
WRITTEN = {  # what these may be given by name behind their target
    "put_along_axis": ("indices", "values", "axis"), "fill_diagonal": ("val",), "copy_": ("src",), "fill_": ("value",),
    "index_add_": ("dim", "index", "source"), "scatter_": ("dim", "index", "src", "value"),
    "scatter_add_": ("dim", "index", "src"), "masked_fill_": ("mask", "value"),
}  # fmt: skip
FILLED = frozenset(["zeros_like", "ones_like", "empty_like", "zeros", "ones", "empty"])  # whatever they are given
RULED = ("exp", "log", "sqrt", "tanh", "square", "sigmoid", "relu", "abs", "reciprocal", "rsqrt", "log1p")
# Functions of one argument whose slopes are the table's; of others differences are taken.
RULED_GATES = {**{name: GATES[name] for name in RULED}, "negative": GATES["negate"]}
ALONG = ("softmax", "log_softmax")  # those along an axis
SIZES = {"f": 8, "b": 1}  # in bytes, of elements that may have numbers
MOST_NUDGED = 600  # elements of the inputs of an operation without a rule
STEP, WIDE = 1e-6, 1e-3  # of differences: narrow ones meet few kinks, wide ones are exact


class Entry(NamedTuple):
    """Numbers of what was made, of what it was made from, and the slopes between them, or what pulls gradients back."""

    made: Any
    read: Any
    slope: Any
    pull: Callable[[Any], Any] | None = None


class Tape:
    """The operations of one run, in order."""

    kinds = "f"  # of the elements that have numbers

    def __init__(self) -> None:
        self.count = 1
        self.entries: list[Entry] = []
        self.memory: dict[int, tuple[Any, Any, int]] = {}  # of its owner: it, the numbers of its elements, its address
        self.scalars: dict[int, tuple[Any, int]] = {}
        self.inputs: dict[tuple[str, ...], Any] = {}  # the numbers of what a sweep is for
        self.leaves: list[Any] = []  # for whose gradients the text itself asks
        self.links: set[int] = set()  # the entries by which they hang on what they were made from
        self.lost = False  # whether something was done without a rule, and too large for differences

    # ── numbers ──

    def ids(self, value: Any) -> Any:
        """The numbers of a value's elements, in an array of its shape."""
        if isinstance(value, np.ndarray):
            self.lost |= isinstance(value, np.matrix)  # whose methods keep two axes, which the rules do not know
            place = self.view(value, False)
            return np.zeros(value.shape, np.int64) if place is None else np.array(place)
        if isinstance(value, float | np.generic):
            found = self.scalars.get(id(value))
            return np.int64(found[1] if found is not None and found[0] is value else 0)
        if isinstance(value, list | tuple):
            every = [self.ids(one) for one in value]
            try:
                return np.array(every, dtype=np.int64)
            except ValueError:  # of several shapes: no array, and in a row
                return np.concatenate([np.ravel(one) for one in every])
        return np.int64(0)

    def view(self, a: Any, make: bool) -> Any:
        """The memory of the numbers of an array; None where it has none."""
        if a.dtype.kind not in self.kinds or a.dtype.itemsize != SIZES[a.dtype.kind] or a.size == 0:
            return None
        owner = a
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        if owner.itemsize != a.itemsize:
            return None
        known = self.memory.get(id(owner))
        if known is None:
            if not make:
                return None
            known = self.memory[id(owner)] = owner, np.zeros(owner.size, np.int64), owner.ctypes.data
        if owner is a and a.flags.c_contiguous:
            return known[1].reshape(a.shape)
        wide = 8 // a.itemsize
        first = (a.ctypes.data - known[2]) * wide
        return np.ndarray(a.shape, np.int64, known[1], first, [step * wide for step in a.strides])

    def put(self, value: Any, ids: Any) -> None:
        """Give numbers to the elements of a value."""
        if isinstance(value, np.ndarray):
            place = self.view(value, bool(ids.any()))
            if place is not None:
                place[...] = ids
        elif isinstance(value, float | np.floating):
            self.scalars[id(value)] = value, int(ids)

    def put_at(self, base: Any, key: Any, value: Any) -> None:
        """`base[key] = value`."""
        ids = self.ids(value)
        place = self.view(base, bool(ids.any()))
        if place is not None:
            place[key] = ids

    def new(self, shape: tuple[int, ...]) -> Any:
        size = math.prod(shape)
        self.count += size
        return np.arange(self.count - size, self.count).reshape(shape)

    def leaf(self, value: Any) -> Any:
        """The numbers of a value, of which every element has one."""
        ids = self.ids(value)
        if not ids.all():
            ids = np.where(ids == 0, self.new(ids.shape), ids)
            self.put(value, ids)
        return ids

    def watched(self, value: Any) -> Any:
        """Give a value numbers of its own, which hang on those that it had: its gradient will be asked for."""
        ids = np.array(self.ids(value))
        made = self.new(ids.shape)
        if np.any(ids):
            self.links.add(len(self.entries))
            self.entries.append(Entry(made, ids, np.array(1.0)))
        self.put(value, made)
        return value

    # ── operations ──

    def hangs(self, out: Any, parts: list[tuple[Any, Any]]) -> None:
        """A result, with the numbers of what it hangs on and the slopes, which broadcast to its shape."""
        parts = [(ids, slope) for ids, slope in parts if ids.any()]
        shape = np.shape(out)
        if not parts:
            self.put(out, np.zeros(shape, np.int64))
            return
        made = self.new(shape)
        for ids, slope in parts:
            read = ids if ids.shape == shape else np.broadcast_to(ids, shape)
            self.entries.append(Entry(made, read, np.array(slope, dtype=float)))
        self.put(out, made)

    def binary(self, kind: type[ast.operator], a: Any, b: Any, ids_a: Any, ids_b: Any, out: Any) -> None:
        """`a + b` and its like."""
        if not is_fraction(out):
            return
        if kind is ast.MatMult:
            self.product(a, b, ids_a, ids_b, out)
            return
        x, y, z = (np.asarray(one, dtype=float) for one in (a, b, out))
        slopes: dict[type[ast.operator], tuple[Any, Any]] = {
            ast.Add: (1.0, 1.0), ast.Sub: (1.0, -1.0), ast.Mult: (y, x), ast.Mod: (1.0, 0.0),
        }  # fmt: skip
        if kind is ast.Div:
            slopes[kind] = 1 / y, -z / y
        elif kind is ast.Pow:
            slopes[kind] = y * x ** (y - 1), z * np.log(np.abs(x)) if np.any(ids_b) else 0.0
        of_a, of_b = slopes.get(kind, (0.0, 0.0))
        self.hangs(out, [(ids_a, of_a), (ids_b, of_b)])

    def product(self, a: Any, b: Any, ids_a: Any, ids_b: Any, out: Any) -> None:
        """A product of matrices."""
        x, y = np.array(a, dtype=float, subok=False), np.array(b, dtype=float, subok=False)
        if not (np.any(ids_a) or np.any(ids_b)):
            return
        row, column = x.ndim == 1, y.ndim == 1
        x, ids_a = (x[None, :], ids_a[None, :]) if row else (x, ids_a)
        y, ids_b = (y[:, None], ids_b[:, None]) if column else (y, ids_b)
        whole = (*np.broadcast_shapes(x.shape[:-2], y.shape[:-2]),)
        shape = (*whole, x.shape[-2], y.shape[-1])
        made = self.new(np.shape(out))
        full = made.reshape(shape)
        if np.any(ids_a):
            read = np.broadcast_to(ids_a, (*whole, *ids_a.shape[-2:]))
            self.entries.append(Entry(full, read, None, lambda g: g @ np.swapaxes(y, -1, -2)))
        if np.any(ids_b):
            read = np.broadcast_to(ids_b, (*whole, *ids_b.shape[-2:]))
            self.entries.append(Entry(full, read, None, lambda g: np.swapaxes(x, -1, -2) @ g))
        self.put(out, made)

    def contracted(self, subscripts: str, operands: Sequence[Any], out: Any) -> None:
        """An einsum: the gradient of each operand is another one."""
        gate, count = GATES["einsum"].with_options({"subscripts": subscripts}), len(operands)
        whole = [np.array(one, dtype=float, subok=False) for one in widened(subscripts, operands)]
        values = [*whole, np.array(out, dtype=float)]
        made = self.new(np.shape(out))
        for place, ids in enumerate(widened(subscripts, [*map(self.ids, operands)])):
            if np.any(ids):
                back = array_rules(gate, count, "none", tuple([one == place for one in range(count)]))
                self.entries.append(Entry(made, ids, None, lambda g, p=place, of=back: of(g, *values)[p]))  # type: ignore[misc]
        self.put(out, made)

    def compared(self, kind: type[ast.cmpop], a: Any, b: Any, out: Any) -> None:
        """`a > b` and its like: nothing hangs on it here."""

    def decided(self, values: tuple[Any, ...], out: Any) -> None:
        """Something that is no array was chosen by values."""

    def called_so(self, name: str, value: Any) -> None:
        """The user's text gives a value a name."""

    def called(
        self, name: str, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], out: Any
    ) -> None:
        """A function of a library, whose result is known."""
        ids = [self.ids(one) for one in given]
        parts = [self.ids(one) for one in given[0]] if name in JOINS else ids  # in a list they may be of many shapes
        if name in FILLED or not any(np.any(one) for one in (*ids, *parts)):
            return
        if name in SAME:
            if is_fraction(out):
                self.put(out, ids[0].reshape(np.shape(out)))
        elif name in MOVES:
            self.moved(name, function, given, named, out)
        elif name in ORDERED and hasattr(out, "indices"):
            dim = given[1 if name == "sort" else 2] if len(given) > (1 if name == "sort" else 2) else None
            axis = int(named.get("dim", -1) if dim is None else dim)
            self.put(out.values, np.take_along_axis(ids[0], np.asarray(out.indices), axis))
        elif name in SUMS or name in VARIANCES or (name in EXTREMES and not of_two(given)):
            self.reduced(name, function, given, named, ids[0], out)
        elif name in PRODUCTS and np.ndim(given[0]) and np.ndim(given[1]) and (name != "dot" or np.ndim(given[1]) < 3):
            if is_fraction(out):
                self.product(given[0], given[1], ids[0], ids[1], out)
        elif name in ELEMENTWISE or name in EXTREMES:
            self.sloped(name, function, given, named, ids, out)
        elif is_fraction(out) and (product := summed_product(name, given, named)) is not None:
            self.contracted(*product, out)
        elif name in ALONG and is_fraction(out):
            along: Any = given[1] if len(given) > 1 else named.get("axis", named.get("dim"))
            if along is None and not np.isclose(np.sum(out if name == "softmax" else np.exp(out)), 1):
                along = -1  # as jax has it
            back = array_rules(GATES[name].with_options({"axis": along}), 1, "none", (True,))
            x, y, made = np.array(given[0], dtype=float), np.array(out, dtype=float), self.new(np.shape(out))
            self.entries.append(Entry(made, ids[0], None, lambda g: back(g, x, y)[0]))
            self.put(out, made)
        else:
            self.nudged(function, given, named, ids, out)

    def moved(
        self, name: str, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], out: Any
    ) -> None:
        """What only moves elements moves their numbers."""
        data: tuple[int, ...] = {
            "where": (1, 2),
            "append": (0, 1),
            "insert": (0, 2),
            "full": (1,),
            "full_like": (1,),
        }.get(name, (0,))
        data = tuple(range(len(given))) if name == "broadcast_arrays" else data
        arguments = [self.ids(one) if place in data else one for place, one in enumerate(given)]
        if name == "masked_fill":
            arguments[2] = 0
        if name in JOINS:
            arguments[0] = [self.ids(one) for one in given[0]]
        others = {key: one for key, one in named.items() if key not in ("constant_values", "dtype", "out")}
        found = function(*arguments, **others)
        if isinstance(out, tuple | list):
            for one, numbers in zip(out, found, strict=True):
                self.put(one, numbers)
        else:
            self.put(out, np.asarray(found).astype(np.int64).reshape(np.shape(out)))

    def reduced(
        self, name: str, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], ids: Any, out: Any
    ) -> None:
        """A sum, a mean, a variance, or the largest of some: each result is spread over what it was made from."""
        values = getattr(out, "values", out)
        x = np.asarray(given[0], dtype=float)
        axis = given[1] if len(given) > 1 else named.get("axis", named.get("dim"))
        if isinstance(axis, np.ndarray | bool) or "where" in named or "initial" in named:
            self.nudged(function, given, named, [self.ids(one) for one in given], out)
            return
        if name == "add.reduce" and axis is None:
            axis = 0
        axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(np.asarray(axis)) % max(1, x.ndim))
        kept = tuple(1 if place in axes else length for place, length in enumerate(x.shape))
        made = self.new(np.shape(values))
        over = np.broadcast_to(made.reshape(kept), x.shape)
        if name in EXTREMES:
            hit = x == np.asarray(values, dtype=float).reshape(kept)
            count = hit.sum(axis=axes, keepdims=True)
            slope = np.where(count > 1, np.where(hit, np.nan, 0.0), hit / count)
        elif name in VARIANCES:
            off, spread = x - x.mean(axis=axes, keepdims=True), np.asarray(values, dtype=float).reshape(kept)
            with np.errstate(all="ignore"):  # whatever they were divided by
                slope = (2 if name == "var" else 1) * off * spread / (off * off).sum(axis=axes, keepdims=True)
        else:
            slope = np.array(1.0 if name != "mean" else np.size(values) / max(1, x.size))
        self.entries.append(Entry(over, ids, slope))
        self.put(values, made)

    def sloped(
        self, name: str, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], ids: list[Any],
        out: Any,
    ) -> None:  # fmt: skip
        """An element by element function: its slopes by differences."""
        if not is_fraction(out):
            return
        parts = []
        gate = RULED_GATES.get(name)
        if gate is not None and len(ids) == 1:
            slope = array_rules(gate, 1, "none", (True,))  # at a kink there is none
            self.hangs(out, [(ids[0], slope(1.0, np.array(given[0], dtype=float), np.array(out, dtype=float))[0])])
            return
        for place, one in enumerate(ids):
            if np.any(one):
                x: Any = np.asarray(given[place], dtype=float)
                h: Any = STEP * np.maximum(1.0, np.abs(x))
                if x.ndim == 0:
                    x, h = float(x), float(h)

                def at(step: float, place: int = place, x: Any = x, h: Any = h / STEP) -> Any:
                    found = function(*given[:place], x + step * h, *given[place + 1 :], **named)
                    return np.asarray(found, dtype=float)

                up, down, here = at(STEP), at(-STEP), at(0)
                slope = slope_at(at) / (h / STEP)
                bend = np.abs(up + down - 2 * here) / h > 1e-3 * (1 + np.abs(slope))
                parts.append((one, np.where(bend, np.nan, slope) if bend.any() else slope))
        self.hangs(out, parts)

    def nudged(
        self, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any], ids: list[Any], out: Any
    ) -> None:
        """A function without a rule: its slopes by differences, element by element, once a sweep needs them."""
        if not is_fraction(out):
            return
        copies = [np.array(one, dtype=float) if np.any(ids[place]) else one for place, one in enumerate(given)]
        made = self.new(np.shape(out))
        for place, one in enumerate(ids):
            if not np.any(one):
                continue
            if one.size > MOST_NUDGED:
                self.lost = True
                self.put(out, np.zeros(np.shape(out), np.int64))
                return
            self.entries.append(Entry(made, one, None, puller(function, copies, place, named, np.size(out))))
        self.put(out, made)

    def wrote(self, name: str, given: tuple[Any, ...], before: Any, named: dict[str, Any]) -> None:
        """A function that writes into its first argument."""
        given = (*given, *[named[one] for one in WRITTEN.get(name, ()) if one in named])
        target = given[0]
        place = self.view(target, True)
        if place is None:
            return
        if name in BINARY:
            self.binary(BINARY[name], before, given[1], np.array(place), self.ids(given[1]), target)
        elif name in ADDING:
            index, values, sign = added_places(name, given)
            ids = self.ids(values)
            old, made = np.array(place), self.new(target.shape)
            self.entries.append(Entry(made, old, np.array(1.0)))
            if np.any(ids):
                out = made[index]
                self.entries.append(Entry(out, np.broadcast_to(ids, out.shape), np.array(sign)))
            place[...] = made
        elif name == "masked_fill_":
            place[np.asarray(given[1], dtype=bool)] = 0
        elif name in ("zero_", "fill_", "copy_"):
            place[...] = self.ids(given[1]) if len(given) > 1 else 0
        elif name == "fill_diagonal":
            np.fill_diagonal(place, self.ids(given[1]))
        elif name == "put_along_axis":
            np.put_along_axis(place, np.asarray(given[1]), self.ids(given[2]), given[3] if len(given) > 3 else -1)
        elif name == "scatter_":
            index, values, _ = added_places(name, given)
            place[index] = self.ids(values)

    # ── the sweep ──

    def sweep(self, seeds: list[tuple[Any, Any]], to_leaves: bool = False) -> Any:
        """The gradients of all elements by their numbers, from those of some; `to_leaves` as the text
        asks for them: not beyond its leaves, and with slopes of 0 where there is a kink."""
        spend(SWEPT * len(self.entries) + ELEMENT * self.count)
        found = np.zeros(self.count)
        for ids, gradient in seeds:
            np.add.at(found, ids, gradient)
        with np.errstate(all="ignore"):
            for place in reversed(range(len(self.entries))):
                entry = self.entries[place]
                g = found[entry.made]
                if not np.any(g) or (to_leaves and place in self.links):
                    continue
                slope = np.nan_to_num(entry.slope) if to_leaves and entry.slope is not None else entry.slope
                back = entry.pull(g) if entry.pull is not None else g * slope
                if entry.pull is None:  # at a kink above, which has no slope, what does not move is right all the same
                    back = np.where((g == 0) | ((slope == 0) & np.isnan(g)), 0.0, back)
                np.add.at(found, entry.read, back)
        found[0] = 0.0
        return found


def widened(subscripts: str, operands: Sequence[Any]) -> list[Any]:
    """The operands of an einsum with axes of length 1 as long as those of the same letter, as it takes them."""
    terms = subscripts.partition("->")[0].replace(" ", "").split(",")
    if "." in subscripts or len(terms) != len(operands):
        return [*operands]
    axes = [pair for term, one in zip(terms, operands, strict=True) for pair in zip(term, np.shape(one), strict=False)]
    sizes = dict(sorted(axes, key=lambda pair: pair[1]))
    return [np.broadcast_to(one, [sizes[letter] for letter in term]) if np.ndim(one) == len(term) else one
            for term, one in zip(terms, operands, strict=True)]  # fmt: skip


def reached(tape: Tape, ids: Any) -> Any:
    """Which numbers hang on some of them."""
    found = np.zeros(tape.count, dtype=bool)
    found[ids] = True
    found[0] = False
    for entry in tape.entries:
        hit = found[entry.read]
        if hit.any():
            if entry.pull is None:
                np.logical_or.at(found, entry.made, hit)
            else:
                found[entry.made] = True
    return found


def is_fraction(value: Any) -> bool:
    if isinstance(value, np.ndarray | np.generic):
        return bool(value.dtype.kind == "f")
    return isinstance(value, float)


def of_two(given: tuple[Any, ...]) -> bool:
    """Whether what takes an extreme is given two arrays, as torch's max may be, and compares them by elements."""
    return len(given) > 1 and is_fraction(given[1])


def writes(name: str) -> bool:
    """Whether a function of a library writes into its first argument."""
    return name in BINARY or name in ADDING or name in PUTTING


def slope_at(at: Callable[[float], Any]) -> Any:
    """The slope of a function of a step: by wide differences of the fourth order where narrow ones agree with them."""
    with np.errstate(all="ignore"):
        narrow = (at(STEP) - at(-STEP)) / (2 * STEP)
        wide = (8 * (at(WIDE) - at(-WIDE)) - (at(2 * WIDE) - at(-2 * WIDE))) / (12 * WIDE)
        return np.where(np.abs(wide - narrow) <= 1e-8 * (1 + np.abs(narrow)), wide, narrow)


def summed_product(name: str, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[str, Sequence[Any]] | None:
    """The subscripts and operands of the einsum that a call is; None where it is none, or spelt otherwise."""
    if name == "einsum" and isinstance(given[0], str):
        whole = given[1] if len(given) == 2 and isinstance(given[1], list | tuple) else given[1:]
        return given[0].replace(" ", ""), whole
    if name == "outer" and np.ndim(given[0]) == np.ndim(given[1]) == 1:
        return "a,b->ab", given[:2]
    if name == "tensordot":
        axes = given[2] if len(given) > 2 else named.get("axes", named.get("dims", 2))
        return subscripts_of(np.ndim(given[0]), np.ndim(given[1]), axes), given[:2]
    return None


def subscripts_of(left: int, right: int, axes: Any) -> str:
    """The einsum that a tensordot is of so many axes each: those that are summed have the same letters."""
    if isinstance(axes, int):
        axes = range(left - axes, left), range(axes)
    letters = "abcdefghijklmnopqrstuvwxyz"
    first, second = list(letters[:left]), list(letters[left : left + right])
    for i, j in zip(np.atleast_1d(axes[0]).tolist(), np.atleast_1d(axes[1]).tolist(), strict=True):
        second[j] = first[i]
    rest = [one for one in first if one not in second] + [one for one in second if one not in first]
    return f"{''.join(first)},{''.join(second)}->{''.join(rest)}"


def puller(
    function: Callable[..., Any], given: list[Any], place: int, named: dict[str, Any], count: int
) -> Callable[[Any], Any]:
    """What pulls a gradient back through a function of so many results by differences: nan where it has none so near,
    as a matrix that is no longer positive definite, or `arange` of another length."""
    kept: list[Any] = []

    def jacobian() -> Any:
        x = given[place]
        rows = []
        for element in range(x.size):
            size = max(1.0, abs(float(x.reshape(-1)[element])))

            def at(step: float, element: int = element, size: float = size) -> Any:
                moved = np.array(x, order="C")  # whose elements are in a row
                moved.reshape(-1)[element] += step * size
                try:
                    out = function(*given[:place], moved, *given[place + 1 :], **named)
                except np.linalg.LinAlgError:
                    return np.full(count, np.nan)
                found = np.asarray(getattr(out, "values", out), dtype=float).reshape(-1)
                return found if found.size == count else np.full(count, np.nan)

            rows.append(slope_at(at) / size)
        return np.array(rows)

    def pull(g: Any) -> Any:
        if not kept:
            kept.append(jacobian())
        return (kept[0] @ np.asarray(g).reshape(-1)).reshape(given[place].shape)

    return pull


def added_places(name: str, given: tuple[Any, ...]) -> tuple[Any, Any, float]:
    """Where a function adds what, and with which sign."""
    if name in ("add.at", "subtract.at"):
        index = given[1]
        index = tuple(map(bare, index)) if isinstance(index, tuple) else bare(index)
        return index, given[2], 1.0 if name == "add.at" else -1.0
    target, dim, index, values = given[:4]
    if name == "index_add_":
        return (*[slice(None)] * (dim % np.ndim(target)), bare(index)), values, 1.0
    places = list(np.indices(np.shape(index)))
    places[dim] = bare(index)
    if np.ndim(values):
        values = values[tuple([slice(0, n) for n in np.shape(index)])]
    return tuple(places), values, 1.0


def bare(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Tensor) else value
