"""What may stand where a blank is used, the likely values first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backprop.python.fitting.blanks import MORE_SIZES, Blank, Use, Used
from backprop.python.fitting.objects import Objects
from backprop.python.fitting.supposed import (
    FREE,
    LAYERS,
    LISTED,
    NUMBERS,
    PICTURES,
    USUAL,
    Known,
    apart,
    drawn,
    is_beside,
    is_drawn,
    is_strength,
    labels_of_rows,
    listed,
    of_gates,
    parts_of,
    picked,
    shape_of,
    with_axes,
    with_items,
)
from backprop.python.inputs.examples import whole_numbers
from backprop.python.inputs.given import SIZES as NAMES_OF_SIZES
from backprop.python.inputs.inputs import INPUT
from backprop.python.texts.gradients import is_data
from backprop.python.values.arrays import is_array

NAMES_OF_ORDERS = re.compile(r"(order|perm(utation)?|axes)$")
NAMES_OF_SIDES = re.compile(r"(stride|pad|padding|height|width|window)$")
WEIGHTS = re.compile(r"(?i)(.*[._])?(w|u|v|theta|kernel)(eights?)?([._\d]|[a-z]{0,2}\d*$)")
BIAS = re.compile(r"b(ias(es)?)?\d*")
PLURAL = re.compile(r"(?i:weights|biases|params|layers|activations)$|^[WbU]s$")  # names of lists of arrays, or objects
OF_ENTRY = re.compile(r"\.\d+\.\w+$")  # what an entry of a list has, as a neuron its weights
FLAT = re.compile(r"(?i)param|theta|weights$|vec|^w$|^x0?$")  # names of all weights in a row, which are cut out of it
MULTIPLES = re.compile(  # of a size: 4 * H, and no 0.5 * x
    r"(?<![\w.])([2-6])\s*\*\s*[A-Za-z_]|[A-Za-z_]\w*\s*\*\s*([2-6])(?![\w.])|(?:split|chunk)\([^()]*?\b([2-6])\b"
)
LAST = re.compile(r"(?:\b([2-5])\s*\*\s*\w+|\w+\s*\*\s*([2-5])):\]")  # `a[:, 3 * H:]`: there are four of them
TURNED = re.compile(r"(\w+)(?:['\"]\])?\.(?:T\b|transpose\(|t\(\))")  # what a vector does nothing for
OF_WORDS = re.compile(r"(?i)corpus|tokens$|(^|_)(ids|text)$")  # names of words by their places, of which some are drawn
OF_WIDTHS = re.compile(r"(?i)hidden|units|neuron|widths|arch|arqu|topology|structure")  # names of sizes of layers
PLACE = re.compile(r"(?i)(idx|index|_id)$")
PLACES = re.compile(r"(?i)\w+(2|_to_)(i|id|ix|idx|ind|index)|stoi|vocab(ulary)?")  # names of where each word is
PLACED = '{"a": 0, "b": 1, "c": 2}'
WIDTHS = "[3,4,2]"
WORDS = "[0,2,1,5,3,4,6,7,1,0]"
LONG = 60  # of weights in a row, whose gradient tells how many are needed


class Likely:
    """The values that parameters may have where a run is stopped by one of them. `examples` are what the text tells of
    them, `text` is that of the passes, and `whole` that of all that they call; `objects` may be given as well."""

    def __init__(self, examples: Mapping[str, str], text: str, whole: str, objects: Objects) -> None:
        self.examples, self.text_of_passes, self.objects = {**examples}, text, objects
        self.of_numbers = "math." in text
        self.matrices = {*TURNED.findall(text)}
        self.multiplied: set[str] = set()  # with a matrix: no labels
        self.picking: set[str] = set()  # from something, as places do
        self.lacking: dict[str, list[str]] = {}  # of parameters that are dictionaries, the keys which were missed
        self.columns = False  # whether data of the pass's own come in columns
        self.met: list[tuple[int, ...]] = []  # shapes that weights ask for, which a pass makes itself
        last = [int(one) + 1 for found in LAST.findall(whole) for one in found if one]
        others = [int(one) for found in MULTIPLES.findall(whole) for one in found if one]
        self.multiples = list(dict.fromkeys([*last, *sorted(others, reverse=True)]))

    def candidates(self, used: Used, known: Known) -> Iterator[str | list[str]]:
        """The values that a blank may have, the likely ones first."""
        seen = set()
        numbers = sum(text in NUMBERS for text in known.values())
        for one in self.likely(used, known):
            if isinstance(one, tuple) and any(isinstance(size, Blank) for size in one):
                continue  # a shape that hangs on what is not known yet: `assert x.shape == (n, units)`
            shape = one[::-1] if used.blank.turned and isinstance(one, tuple) else one
            text = shape if isinstance(shape, str | list) else drawn(shape, used.use.kind, numbers)
            if str(text) not in seen:
                seen.add(str(text))
                yield text

    def likely(self, used: Used, known: Known) -> Iterator[Any]:
        """Shapes, and the texts of other values."""
        name, use = used.blank.name, used.use
        example = self.examples.get(name, "")
        other = np.shape(use.other) if is_array(use.other) else ()
        row = use.kind == "picks" and is_array(use.other[0]) and np.ndim(use.other[0]) == 1
        if row and not isinstance(use.other[1], tuple):  # one of them
            yield "2" if len(use.other[0]) > 2 else "0"
        sized = use.kind == "called" and use.other and all(isinstance(one, int | Blank) for one in use.other)
        if sized and ("init" in name or int in map(type, use.other)):  # it draws weights of these sizes
            yield "np.random.randn"
            yield from ["lambda n: np.random.randn(1, n)"] * (len(use.other) == 1)
        if use.kind == "items" and isinstance(use.other, str):  # an object of the user's own
            yield from self.objects.with_method(name, use.other)
        if use.kind == "number" and use.other and example[:1] == "[":  # a place, where it asks whether it is one
            yield "2"
        if PLACES.fullmatch(name) and use.kind == "items":
            yield PLACED
        if use.kind == "rows" and PLACED in known.values():
            yield '["a","c","b","c"]'
        if example[:1] in "{[" and example[1:2] == '"':  # a dictionary with the keys that are read
            yield from [example] * ('"d": ' in example)  # what is counted and turned, as words with their places
            yield list(json.loads(example))
        elif example == "3":
            yield from apart(("3", "2", "4"), known)
        elif example and not example.startswith("randn"):
            yield example
            yield from [example.replace("8,8", one) for one in ("28,28", "32,32")] if "8,8" in example else ()
        if NAMES_OF_ORDERS.search(name):
            yield from ("[1,0]", "[1,2,0]", "[0]")
        elif NAMES_OF_SIDES.search(name):
            yield from [str([side] * use.other).replace(" ", "") for side in (2, 1) if use.kind == "unpacked"]
            yield from ("2", "1", "3", "[2,2]")
        elif name.endswith("shape") or use.kind == "setting":  # or a size that is one
            shapes = [shape_of(str(one)) for one in known.values()]
            yield from [
                str([*one]).replace(" ", "")
                for shape in shapes
                if len(shape) > 1
                for one in (shape[1:], (2, *shape), shape, shape[::-1])
            ]
            yield from ("[3,6,5]", "[3,4,2]", "[6,5]", "3")
        elif NAMES_OF_SIZES.search(name):
            several = re.search(r"(shape|s)$", name)
            yield from ("[3,4,2]", "3", "2", "1") if several else ("3", "2", "1", "[3,4,2]")
        if not NAMES_OF_SIZES.search(name):
            yield from [of_rows for shape in listed(known) for of_rows in ((2, *shape), shape)]
        if use.kind in ("rows", "items") and PLURAL.search(name) and not isinstance(use.other, tuple | str):
            yield from [(3,)] * bool(OF_ENTRY.search(name))
            yield LISTED
        sizes = self.sizes(known)
        if (self.of_numbers or is_strength(name)) and use.kind != "items":
            yield ()
        if use.kind == "compared" and isinstance(use.other, str):
            yield use.other
            return
        elif use.kind == "compared" and type(use.other) is int and PLACE.search(name):  # with another place
            yield str(use.other + 1)
        elif use.kind == "equals":
            yield str(use.other)
            return
        elif use.kind == "settings":  # which all have their defaults, but for those that are read elsewhere
            yield "{}"
            keys = re.findall(rf"\b{re.escape(name)}(?:\[|\.get\()['\"](\w+)['\"][\])]", self.text_of_passes)
            yield from [[*dict.fromkeys(keys)]] * bool(keys)
        elif use.kind == "truth":
            yield from ("True", "False")
        elif use.kind == "called" and not use.other:  # as what draws a sample
            yield from ("lambda: 1", "lambda: 0.6")
        elif use.kind == "counts" or (use.kind == "element" and type(use.other) is int and not is_drawn(example)):
            yield from apart(("3", "2", "4", "1"), known)
        elif use.kind == "parts" and not other:
            yield from ("4", "6", "3", "2") if use.left else ("2", "3", "1", "4")
        elif use.kind == "exponent":
            yield from ("2.0", "3", other[-1:], other)
        elif use.kind == "picks":
            self.picking.add(name)
            yield from picked(*use.other)
        elif use.kind == "reshaped":
            for parted in [*parts_of(known, int(np.prod(use.other))), use.other]:
                yield from (parted, whole_numbers(parted))
        elif use.kind in ("letters", "shape"):
            yield use.other
        elif use.kind == "items":
            if is_data(name) and isinstance(use.other, tuple):  # of each step
                yield from [whole_numbers(one[:2]) for one in map(shape_of, map(str, known.values())) if len(one) > 2]
            is_weight = WEIGHTS.match(name) is not None or BIAS.fullmatch(name) is not None
            yield from of_gates(use.other, self.multiples) if is_weight else ()
            yield from [(LONG,)] * (isinstance(use.other, slice) and bool(FLAT.search(name)))
            yield from with_items(use.other, sizes, self.lacking.get(name, []))
        elif use.kind == "joined":  # lists, as of sizes
            yield from (WIDTHS, "[4]", "[0,2,1,1]")
        elif use.kind == "unpacked":
            yield from ([str(place) for place in range(use.other)], (use.other,), (use.other, 3))
            return
        elif use.kind == "rows":
            yield from [WORDS] if OF_WORDS.search(name) else [WIDTHS] if OF_WIDTHS.search(name) else []
            yield from ((4, 3), (3,), "[0,2,1,1]", WIDTHS, LISTED, LAYERS, (2, 3, 3))  # labels, it may be
        elif use.kind == "product":
            self.multiplied.add(name)
            stacks = self.of_several(name, use, other) if len(other) == 2 else []
            yield from stacks if any(len(shape_of(str(one))) == 3 for one in known.values()) else ()
            yield from self.factors(other, use, sizes, used.blank) if other else self.first_factors(name, use, known)
            yield from stacks
            return
        elif use.kind == "element" and other:
            if 0 in other:  # an empty slice: what is known so far is too small
                return
            yield from () if other[-1] == 1 else (other, other[-1:]) if is_data(name) else (other[-1:],)  # labels
            yield from (other, (*other[:-1], 1), (), (1, *other[1:]), other[:1], (max(other),) * 2)
            return
        elif use.kind == "element" and isinstance(use.other, float) and BIAS.fullmatch(name):  # beside one number
            yield ()
        elif use.kind == "along":
            yield from ("0", "-1", *map(str, range(1, use.other)))
            return
        elif use.kind == "number":  # an array first: what is no number may be taken as well
            yield from (shape_of(example), "2.0", "3")
        elif use.kind == "fields" and is_data(name):
            yield from labels_of_rows(known)
        shape = shape_of(example)
        filters = [one for one in map(shape_of, map(str, known.values())) if len(one) == 4]
        if use.kind == "axis" and use.other < 2 and WEIGHTS.match(name):  # of several gates, beside a state
            yield from [(3, 3 * many) if use.other == 0 else (3 * many, 3) for many in self.multiples]
        if use.kind == "axis" and INPUT.fullmatch(name):  # the pictures that these are for
            yield from [(2, one[place], 6, 6) for one in filters for place in (1, 0)]
        if use.kind == "axis" and (name[:1].isupper() or INPUT.fullmatch(name)):  # a matrix, as one is written
            yield from [one for one in ((4, 3), *((rows, size) for rows in (2, 1) for size in sizes)) if use.other < 2]
        if use.kind == "axis" and BIAS.fullmatch(name):  # as the first or the last axis of the weights before it
            before = [one for one in map(shape_of, map(str, known.values())) if len(one) > 1][-1:]
            yield from [(one[place],) for one in before for place in (0, -1)]
        if use.kind == "axes":
            yield from [shape] * (len(shape) == use.other)
            yield from with_axes(use.other, sizes)
            return
        if use.kind != "axis" or use.other < len(shape):
            yield shape
            yield from self.met
            yield tuple(size + size % 2 for size in shape)  # that can be halved
        least = use.other + 1 if use.kind == "axis" else 0
        usual = sorted(USUAL, key=PICTURES.__eq__) if WEIGHTS.match(name) else USUAL
        yield from [one for one in (*usual, *((size,) for size in sizes), (4, 6)) if len(one) >= least]
        if use.kind == "element" and type(use.other) is int:  # `self.inputs = inputs + 1`, a size
            yield from apart(("3", "2", "4", "1"), known)

    def sizes(self, known: Known) -> list[int]:
        """The sizes of axes so far, the last ones first."""
        texts = [text for text in known.values() if isinstance(text, str)]
        return list(dict.fromkeys(size for text in texts[::-1] for size in shape_of(text)[::-1]))

    def first_factors(self, name: str, use: Use, known: Known) -> Iterator[tuple[int, ...]]:
        """The shapes of what is multiplied with something that is not known yet: of weights several gates, of data as
        many rows as there are of a state, and of a state what another one has."""
        sizes, shapes = self.sizes(known), {one: shape_of(str(its)) for one, its in known.items()}
        gates = [(many * size, size) for many in self.multiples for size in sizes if use.left]
        yield from (
            gates if WEIGHTS.match(name) else [its for one, its in shapes.items() if is_beside(one, name) and its]
        )
        free = next(size for size in (*MORE_SIZES, FREE + 1) if size not in sizes)
        rows = [(its[0], free) for its in shapes.values() if len(its) == 2]
        yield from ((4, 3), *rows, (3, 3), *((size, size) for size in sizes), (3,), (2, 3, 4), *gates)

    def factors(self, other: tuple[int, ...], use: Use, used: list[int], blank: Blank) -> Iterator[tuple[int, ...]]:
        """The shapes of what is multiplied with a matrix or a vector; what has a small letter may be one itself, if it
        is not turned."""
        left, name = use.left, blank.name
        self.columns |= left and other[1:] == (1,)
        inner = other[-2:][0] if left else other[-1]
        if left and len(other) == 1:
            yield (inner,)
        is_small = name.rpartition(".")[2][:1].islower()
        if is_small and len(other) < 3 and not (left or blank.turned or name in self.matrices):
            yield from ((inner, 1), (inner,)) if self.columns else ((inner,), (inner, 1))
        free = [size for size in MORE_SIZES if size not in used and size not in other]
        gates = self.gates(other, use, inner, used) if not left or WEIGHTS.match(name) else []
        sizes = [*gates, *free[:1], *used, inner, 2]
        leads = [other[:-2], ()] if not re.match(r"[WU]", name) else [(), other[:-2]]
        for lead in dict.fromkeys(leads):  # a stack of matrices meets another one, or a single matrix
            yield from [(*lead, size, inner) if left else (*lead, inner, size) for size in sizes]
        yield from ((inner,), (inner, 1))

    def of_several(self, name: str, use: Use, other: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Rows of several, as sentences have them, that are multiplied with a matrix."""
        rows = next(size for size in MORE_SIZES if size not in other)
        return [(2, rows, other[0])] if use.left and not WEIGHTS.match(name) else []

    def gates(self, other: tuple[int, ...], use: Use, inner: int, used: list[int]) -> list[int]:
        """The sizes of what holds several gates: times that of a state. Behind rows of data this is no size of theirs,
        and once there are gates, a square may be beside them."""
        if use.left or len(other) < 2:
            return [many * size for many in self.multiples for size in used]
        states = [one for one in used if one not in other] + [inner]
        found = [many * size for many in self.multiples for size in dict.fromkeys([*states, *used])]
        return [inner, *found] if {*found} & {*used} else found
