"""Values that may be supposed of inputs: of which shapes they are, and what they may be instead."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from backprop.python.fitting.blanks import MORE_SIZES, ROOTS
from backprop.python.inputs.examples import WEIGHT
from backprop.python.inputs.given import arguments_from
from backprop.python.runs.runner import Runner
from backprop.python.texts.called import names_in
from backprop.python.texts.functions import reached
from backprop.python.values.arrays import is_array

PICTURES = (2, 3, 6, 6)
USUAL = ((3,), (4, 3), (), (4,), (3, 3), (2, 3, 4), PICTURES, (2, 3, 3, 3), (3, 1))  # shapes, where nothing tells more
STRENGTHS = re.compile(  # names of what is a number as a rule
    r"(?i)reg|l[12]|la?m(b?da?|b)?|alpha$|weight_decay|temperature|margin|delta$|tau$|eps|thresh|slope$|low|high|min_|max_|scalar$|(?-i:C)$"
)
LAYERS = ["W1", "b1", "W2", "b2"]  # the keys of a dictionary of weights that are put together
LISTED = ["0", "1"]  # the places of a list
SUMS = frozenset(["sum", "mean", "average", "norm"])
RANDOM = re.compile(r"(randn|rand|1\+rand)\((.*?)\)(/9)?$")
DOMAINS = ("rand({})", "1+rand({})", "randn({})/9")  # above 0, above 1, and near 0
NUMBERS = ("0.6", "1.7", "0.8", "2.6", "1.3")  # so that no two are mixed up, nor twice one with 1
SLOPES = 0.5  # misfits where all shapes fit and a gradient is missing; twice as much where all are wrong
MOST_GROWN = 1000  # elements of an array that is to be larger
FREE = MORE_SIZES[-1]  # a size that others seldom have
Known = dict[str, "str | list[str]"]  # of each parameter the text of its value, or the keys of a dictionary


def trees_of(runner: Runner) -> list[ast.AST]:
    """The passes and what they call: methods of their object, functions, methods of what they make, and so on."""
    functions, classes, methods = runner.code.functions(), runner.code.classes(), runner.methods()
    trees: list[ast.AST] = [one for tree in runner.trees() for one in reached(tree, methods)]
    seen: set[str] = set()
    for names in map(names_in, ([one] for one in trees)):
        for name in sorted(names - seen):
            trees += [functions[name]] if name in functions else [*classes.get(name, {}).values()]
        seen |= names
    return trees


def has_roots(trees: Sequence[ast.AST]) -> bool:
    """Whether something takes a root or a logarithm."""
    words = {getattr(node, "attr", getattr(node, "id", "")) for one in trees for node in ast.walk(one)}
    return not {word.rstrip("_") for word in words}.isdisjoint(ROOTS)


def has_sums(trees: Sequence[ast.AST]) -> bool:
    """Whether something sums over what it is given, as no pass of numbers does."""
    called = {getattr(node.func, "attr", "") for one in trees for node in ast.walk(one) if isinstance(node, ast.Call)}
    return not called.isdisjoint(SUMS)


def is_strength(name: str) -> bool:
    """Whether a parameter is a number by its name; of a setting, also the probability that something is kept."""
    setting, _, last = name.rpartition(".")
    return bool(STRENGTHS.match(last) or (setting and last == "p") or WEIGHT.search(last))


def replaced(known: Known, old: int, new: int | None = None) -> Known:
    """Random arrays of whose axes those of one size have another one, a free one if none is said."""
    shapes = {name: shape_of(one) for name, one in known.items() if isinstance(one, str)}
    size = FREE if new is None else new
    changed = {name: tuple(size if one == old else one for one in its) for name, its in shapes.items() if old in its}
    return {**known, **{name: drawn(shape) for name, shape in changed.items()}}


def grown(known: Known) -> Iterator[Known]:
    """Larger arrays, one at a time, or such of more axes: of pictures, and of series."""
    for name, text in known.items():
        shape, more = shape_of(text) if isinstance(text, str) else (), list[tuple[int, ...]]()
        if len(shape) > 2 and np.prod(shape) < MOST_GROWN:
            more = [(*shape[:2], *[2 * one for one in shape[2:]])]
        elif len(shape) in (1, 2):
            more = [PICTURES, (2, 3, 8)]
        for one in more:
            yield {name: drawn(one)}


def within(domain: str, known: Known) -> Known:
    """The same with random arrays of numbers in a domain."""
    return {
        name: domain.format(found[2]) if isinstance(one, str) and (found := RANDOM.match(one)) else one
        for name, one in known.items()
    }


def listed(known: Known) -> list[tuple[int, ...]]:
    """The shapes that are given as such, `[3,6,5]`, to what is so called."""
    texts = [one for name, one in known.items() if re.search("(shape|dims?|size)$", name) and isinstance(one, str)]
    return [tuple(map(int, re.findall(r"\d+", one))) for one in texts if one.count(",") == 2 and one.startswith("[")]


def is_beside(name: str, other: str) -> bool:
    """Whether two names differ in one letter, as those of two states do: `prev_h` and `prev_c`, `h0` and `c0`."""
    apart = [pair for pair in zip(name, other, strict=False) if pair[0] != pair[1]]
    return len(name) == len(other) > 1 and len(apart) == 1 and "".join(apart[0]).isalpha()


def is_square(value: str | list[str]) -> bool:
    shape = shape_of(value) if isinstance(value, str) else ()
    return len(shape) == 2 and shape[0] == shape[1]


def apart(sizes: tuple[str, ...], known: Known) -> list[str]:
    """Sizes, those first that no other parameter has: between axes of one size mistakes hide."""
    return sorted(sizes, key=[*known.values()].__contains__)


def is_listed(keys: list[str]) -> bool:
    """Whether these are the places of a list, and no keys of a dictionary."""
    return all(one.isdigit() for one in keys)


def with_items(key: Any, sizes: list[int], keys: list[str]) -> Iterator[Any]:
    """What has such an item; of a dictionary other keys may be known."""
    if isinstance(key, str):
        yield LAYERS if re.fullmatch(r"[Wb]\d", key) else [*dict.fromkeys([key, *keys])]
        return
    axes = [one for one in (key if isinstance(key, tuple) else (key,)) if one is not None and one is not Ellipsis]
    if len(axes) > 2:
        yield (*[1] * (len(axes) - 1), 2)  # as a bias of filters has it
    several = len(axes) < 2 and not isinstance(key, tuple)
    shapes = [shape for shape in ((4, 3), (2, 3, 4), (2, 3, 6, 6)) if len(shape) >= len(axes) + several]
    yield from (*shapes[:1], (3,), "[0,2,1,1]", LISTED, *shapes[1:])
    yield from [(size,) for size in sizes]


def of_gates(key: Any, multiples: list[int]) -> Iterator[tuple[int, ...]]:
    """What the first of several gates is cut out of, `W[:, :H]`, `b[:H]`."""
    parts = key if isinstance(key, tuple) else (key,)
    ends = [one.stop if isinstance(one, slice) else None for one in parts]
    free = next((size for size in MORE_SIZES if size not in ends), FREE)
    if all(isinstance(one, slice) for one in parts) and any(type(one) is int and one > 0 for one in ends):
        yield from [tuple(many * one if type(one) is int else free for one in ends) for many in multiples]


def with_axes(count: int, sizes: list[int]) -> Iterator[tuple[int, ...]]:
    """The shapes of so many axes, with some of these sizes: of pictures and filters, channels first or last."""
    if count == 4:
        yield from ((2, 3, 6, 6), (2, 6, 6, 3)) if not sizes else ((2, 3, 3, 3), (3, 3, 3, 2))
        yield from [shape for size in sizes for shape in ((2, size, 3, 3), (3, 3, size, 2), (2, size, 2, 2))]
    elif count == 3:
        yield from ((2, 3, 4), *[shape for size in sizes for shape in ((2, 3, size), (2, size, 3))])
    elif count == 2:
        yield from ((4, 3), *[shape for size in sizes for shape in ((size, 5), (5, size))])
    yield from [shape for shape in USUAL if len(shape) == count]


def picked(base: Any, key: Any, place: int) -> Iterator[str]:
    """Labels that pick from something: as many as other places that stand beside them."""
    if isinstance(base, dict) and base:
        yield str(next(iter(base)))
        return
    beside = [len(one) for one in key if is_array(one) and np.ndim(one)] if isinstance(key, tuple) else []
    shape = base.shape if is_array(base) else (len(base),) if isinstance(base, list | tuple) else ()
    most = shape[place] if place < len(shape) else 3
    labels = [one % max(most, 1) for one in (0, 2, 1, 1, 0, 2)]
    yield str(labels[: beside[0] if beside else 4]).replace(" ", "")
    yield str(min(2, most - 1))  # no 1, which is its own square
    yield str([labels[:2], labels[2:4], labels[4:]]).replace(" ", "")


def parts_of(known: Known, count: int) -> list[tuple[int, ...]]:
    """The first or last axes of what is known that have so many elements."""
    shapes = [shape_of(text) for text in known.values() if isinstance(text, str)]
    parts = [part for one in shapes for axes in range(1, len(one) + 1) for part in (one[:axes], one[-axes:])]
    return [part for part in dict.fromkeys(parts) if np.prod(part) == count]


def labels(shapes: Iterable[tuple[int, ...]]) -> Iterator[str]:
    """Whole numbers of some shapes, as labels and masks have them: zeros and ones, and rows with a single one. Alone it
    is neither, with which nothing would be changed."""
    for one in shapes:
        shape = one[1::-1] if len(one) == 3 and one[2] == 1 else one  # of columns in a list, those side by side
        yield from () if shape else ("2",)
        for made in (np.arange(np.prod(shape, dtype=int)) % 5 != 1, np.eye(shape[-1] if shape else 1)):
            if len(shape) in (1, 2) and (len(shape) == 2 or made.ndim == 1):
                rows = np.resize(made[[0, 2, 1]] if made.shape[0] == 3 and made.ndim == 2 else made, shape)
                yield str(rows.astype(int).tolist()).replace(" ", "")
        if len(shape) == 2 and all(shape) and shape[0] != shape[1]:  # of columns each is an example
            columns = np.eye(shape[0], dtype=int)[:, np.resize((0, 2, 1), shape[1]) % shape[0]]
            yield str(columns.tolist()).replace(" ", "")


def one_hot(rows: int, kinds: int) -> str:
    """Labels as rows with a single one."""
    places = np.resize((0, 2, 1, 1), rows) % kinds
    return str(np.eye(kinds, dtype=int)[places].tolist()).replace(" ", "")


def labels_of_rows(known: Known) -> Iterator[str]:
    """A label for each row of what is known, of three kinds or two, or as rows with a single one."""
    shapes = [shape_of(str(one)) for one in known.values()]
    rows = list(dict.fromkeys(one[0] for least in (2, 1) for one in shapes if len(one) >= least))
    for places in ([0, 2, 1, 1, 0, 2], [0, 1, 1, 0, 1, 0]):
        yield from [str(places[:many]).replace(" ", "") for many in rows if many < 7]
    kinds = [int(one) for one in [*known.values()][::-1] if isinstance(one, str) and one.isdigit()]
    yield from [one_hot(many, size) for many in rows for size in dict.fromkeys(kinds)]


def hiding(
    size: float, known: Known, of_numbers: bool = False, flat: bool = False
) -> tuple[bool, int, bool, int, float]:
    """How good values are, as they are ordered. An axis of 1 hides mistakes, and so does a square, a number alone where
    arrays will do, and a vector where a matrix would (`flat`): where slopes alone are wrong without, they are so, and
    not the values; of all, it may be the values."""
    shapes = [shape_of(one) for one in known.values() if isinstance(one, str)] if size <= 2 * SLOPES else []
    shapes = [shape for shape in shapes if shape[-3:] not in listed(known)]  # which have their axes from there
    ones = sum(shape.count(1) for shape in shapes) + [*known.values()].count("1") * bool(shapes)
    ones += bool(shapes) and not of_numbers and all(one in NUMBERS or one[:1] == "[" for one in known.values())
    ones += flat
    return size > 2 * SLOPES, ones, size == 2 * SLOPES, sum(len(shape) - len({*shape}) for shape in shapes), size


def drawn(shape: tuple[int, ...], kind: str = "", numbers: int = 0) -> str:
    """How a random array is typed, of a number one that is no special one."""
    if not shape:
        return NUMBERS[numbers % len(NUMBERS)]
    return f"{'rand' if kind == 'root' else 'randn'}({','.join(map(str, shape))})"


def is_told(example: str) -> bool:
    """Whether an example is what the text tells, and not what is said where nothing is known."""
    return is_drawn(example) or not RANDOM.match(example)


def is_drawn(example: str) -> bool:
    return len(shape_of(example)) > 1  # in one axis it is what is said where nothing is known


def shape_of(text: str) -> tuple[int, ...]:
    found = RANDOM.match(text)
    return tuple(int(one) for one in found[2].split(",")) if found else ()


def value_of(text: str, name: str = "", wide: float = 1.0) -> Any:
    """What a text stands for; the same in every run, and another for each name: between equal arrays mistakes hide. Of
    numbers that may be below 0 some are, so that what runs with them does with others, too; `wide` ones are larger."""
    shape = shape_of(text)
    if shape:
        random = np.random.default_rng([*shape, *name.encode()])
        if not text.startswith("randn"):
            return random.uniform(size=shape) ** wide**-2 + text.startswith("1+")
        drawn = random.normal(size=shape)
        if drawn.size > 1 and (np.all(drawn > 0) or np.all(drawn < 0)):
            drawn.flat[0] *= -1
        return drawn / 9 if text.endswith("/9") else drawn * wide
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    if isinstance(found, dict):
        return {key: value_of(one, key) if isinstance(one, str) else one for key, one in found.items()}
    if isinstance(found, list) and any(isinstance(one, str) for one in found):
        return [value_of(str(one), str(place)) for place, one in enumerate(found)]
    return arguments_from(found)


def as_json(text: str) -> Any:
    """What a text stands for as an entry of a list or a dictionary, where random arrays are texts."""
    value = value_of(text)
    return text if shape_of(text) else value.tolist() if isinstance(value, np.ndarray) else value
