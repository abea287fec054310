"""Values with which a pass runs, found by running it: a parameter gets one where it is first used, of a kind that fits
there."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem
from backprop.python.fitting.blanks import MORE_SIZES, Blank, Use, Used, Watching
from backprop.python.fitting.supposed import (
    DOMAINS,
    FREE,
    LAYERS,
    LISTED,
    NUMBERS,
    PICTURES,
    USUAL,
    Known,
    apart,
    as_json,
    drawn,
    has_roots,
    hiding,
    is_beside,
    is_drawn,
    is_listed,
    is_square,
    is_strength,
    is_told,
    labels,
    labels_of_rows,
    listed,
    of_gates,
    parts_of,
    picked,
    replaced,
    shape_of,
    trees_of,
    value_of,
    with_axes,
    with_items,
    within,
)
from backprop.python.inputs.examples import whole_numbers
from backprop.python.inputs.given import SIZES as NAMES_OF_SIZES
from backprop.python.inputs.inputs import INPUT
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.runs.runner import NO_SIZE, Runner
from backprop.python.texts.gradients import is_data, is_gradient
from backprop.python.values.arrays import is_array
from backprop.python.values.meter import Meter
from backprop.python.values.work import after, now

MOST_RUNS = 600  # of a forward pass, before the best that was found is taken
MOST_WORK = 8.0  # in seconds of a usual machine; less where passes beside are looked at, too
LEAST_WORK = 2.0
ALL_WORK = 24.0  # where there are very many passes beside
MOST_UNLIKELY = 16
MOST_LABELS = 48
MORE_STEPS = 10_000  # once all is right but for what may hide mistakes
MOST_STEPS = 400_000  # of these runs in all
NAMES_OF_ORDERS = re.compile(r"(order|perm(utation)?|axes)$")
NAMES_OF_SIDES = re.compile(r"(stride|pad|padding|height|width|window)$")
WEIGHTS = re.compile(r"(?i)(.*[._])?(w|u|v|theta|kernel)(eights?)?([._\d]|[a-z]{0,2}\d*$)")
BIAS = re.compile(r"b(ias(es)?)?\d*")
PLURAL = re.compile(r"(?i:weights|biases|params|layers)$|^[WbU]s$")  # names of lists of arrays
FLAT = re.compile(r"(?i)param|theta|weights$|vec|^w$|^x0?$")  # names of all weights in a row, which are cut out of it
MULTIPLES = re.compile(  # of a size: 4 * H, and no 0.5 * x
    r"(?<![\w.])([2-6])\s*\*\s*[A-Za-z_]|[A-Za-z_]\w*\s*\*\s*([2-6])(?![\w.])|(?:split|chunk)\([^()]*?\b([2-6])\b"
)
LAST = re.compile(r"(?:\b([2-5])\s*\*\s*\w+|\w+\s*\*\s*([2-5])):\]")  # `a[:, 3 * H:]`: there are four of them
TURNED = re.compile(r"(\w+)(?:['\"]\])?\.(?:T\b|transpose\(|t\(\))")  # what a vector does nothing for
OF_WORDS = re.compile(r"(?i)corpus|tokens$|(^|_)(ids|text)$")  # names of words by their places, of which some are drawn
SEVERAL = re.compile(r"(?i)idx|x|input|(\w*_)?(inputs|ids|idxs|indices|tokens|words)")  # names of places, not of one
PLACE = re.compile(r"(?i)(idx|index|_id)$")
PLACES = re.compile(r"(?i)\w+(2|_to_)(i|id|ix|idx|ind|index)|stoi|vocab(ulary)?")  # names of where each word is
PLACED = '{"a": 0, "b": 1, "c": 2}'
WORDS = "[0,2,1,5,3,4,6,7,1,0]"
LACKING = re.compile(r"the dictionary has no '(\w+)'$")
APART = re.compile(r"\(([\d, ]*)\)(?: and arg \d with shape)? \(([\d, ]*)\)")  # shapes that cannot be broadcast
FACTORS = re.compile(r"shapes \(([\d,]*)\) and \(([\d,]*)\) not aligned")
OUTSIDE = re.compile(r"index (\d+) is out of bounds for axis 0 with size (\d+)")
COLUMNS = re.compile(r"must have same number of dimensions.* 2 dimension")
INTO = re.compile(r"input array from shape \(([\d, ]*)\) into shape")
NOT_READ = re.compile(r"(np|numpy|torch|scipy|jnp|jax|tf)\.[\w.]+ is not (known|read)")
BEYOND = re.compile(r"index \d+ is out of bounds for axis \d with size (\d+)")
NO_INDEX = re.compile(r"only integers.* are valid indices|indices must be of integer")
MEETING = re.compile(r"a dimension of (\d+), which meets one of (\d+)|(\d+) \(dim \d\) != (\d+) \(dim \d\)")
LONG = 60  # of weights in a row, whose gradient tells how many are needed
STOPPED = 500.0  # misfits where the backward pass ends in an error; twice as much where none runs
WIDE = 3.0  # times larger random numbers, with which values must fit, too, where a root or a logarithm is taken
HIDING = 0.1  # misfits where all is right, and an axis of 1, or a loss that is no number, may hide that it is not


class Misfits(NamedTuple):
    """How badly a pass fits what it is given, 0 if in every way; of what inputs the gradients have another shape, and
    which; the arrays that have no gradient, as labels have none; and whether the outputs are finite."""

    size: float
    shapes: dict[str, tuple[int, ...]]
    labels: dict[str, tuple[int, ...]]
    finite: bool = True
    right: frozenset[str] = frozenset()  # the inputs whose gradients are right, where others are not


FITS = Misfits(0.0, {}, {})


class Trial(Runner):
    """A pass that is run to see what its parameters may be."""

    interpreting = Watching
    meter: Meter | None = None  # of the last run

    def fills(self, value: Any) -> bool:
        return isinstance(value, Blank) or super().fills(value)

    def outputs_first(self, results: list[Any], names: list[str]) -> tuple[list[Any], list[str]]:
        if results and isinstance(results[0], Blank) and not any(map(is_gradient, results)):  # handed on as it is
            raise Used(results[0], Use("output"))
        return super().outputs_first(results, names)

    def interpreter(self, most: float | None = None) -> Interpreter:
        run = super().interpreter(most)
        run.meter.most_steps, self.meter = MOST_STEPS // 8, run.meter
        return run


class Fitting:
    """A search for values of the parameters that are not given.

    `make` makes the runner of the pass with what it is given; `misfits` says of one that runs how much in it does not
    fit; `examples` are what the text tells of the parameters, and so many passes `beside` are searched as well.
    """

    def __init__(
        self, make: Callable[[type[Runner], dict[str, Any]], Runner], examples: Mapping[str, str],
        misfits: Callable[[Runner], Misfits] | None = None, beside: int = 0,
    ) -> None:  # fmt: skip
        self.make, self.examples = make, {**examples}
        self.judges, self.misfits = misfits is not None, misfits or (lambda runner: FITS)
        self.runs, self.steps, self.until = MOST_RUNS, MOST_STEPS, np.inf
        self.most = max(MOST_WORK * 3 / (3 + beside), min(LEAST_WORK, ALL_WORK / (1 + beside)))
        self.seen: dict[str, Used | bool | None] = {}
        self.sized: dict[str, float] = {}  # how badly values fit
        self.multiples: list[int] = []
        self.multiplied: set[str] = set()  # with a matrix: no labels
        self.picking: set[str] = set()  # from something, as places do
        self.of_matrices = False  # whether a gradient of a matrix among them was right where another one was not
        self.lacking: dict[str, list[str]] = {}  # of parameters that are dictionaries, the keys which were missed
        self.whole = False  # whether `/` of whole numbers is whole, as in Python 2
        self.columns = False  # whether data of the pass's own come in columns
        self.told: dict[str, str] = {}  # of values that do not fit, the error
        self.unread = ""  # what of a library is not known, and stopped a run
        self.met: list[tuple[int, ...]] = []  # shapes that weights ask for, which a pass makes itself
        self.best: tuple[float, Known] | None = None
        self.least, self.fitted = hiding(np.inf, {}), False  # how good that is, and whether anything fitted
        self.wide: Known = {}  # what fitted first, and has no axis of 1
        self.shapes_of_outputs: list[tuple[int, ...]] = []
        runner = make(Runner, {})
        text = self.text_of_passes = "\n".join(map(ast.unparse, runner.trees()))
        self.of_numbers = "math." in text
        self.matrices = {*TURNED.findall(text)}
        trees = trees_of(runner)
        self.roots = has_roots(trees)
        text = "\n".join(map(ast.unparse, trees))
        last = [int(one) + 1 for found in LAST.findall(text) for one in found if one]
        others = [int(one) for found in MULTIPLES.findall(text) for one in found if one]
        self.multiples = list(dict.fromkeys([*last, *sorted(others, reverse=True)]))

    def found(self) -> dict[str, str]:
        """A text for each parameter, as it is typed."""
        self.until = after(self.most)
        with np.errstate(all="ignore"):
            any(self.search({}, unlikely) for unlikely in range(MOST_UNLIKELY))
            if not self.of_numbers and not self.fitted:  # once more, with numbers first
                self.of_numbers, self.seen, self.runs, self.steps = True, {}, MOST_RUNS // 4, MOST_STEPS // 4
                any(self.search({}, unlikely) for unlikely in range(MOST_UNLIKELY))
            self.best = self.within()
            self.try_of_one()
            self.try_apart()
            self.try_repeated()
        known = self.best[1] if self.best is not None else {}
        return {name: self.text(name, known) for name in self.examples}

    def within(self) -> tuple[float, Known] | None:
        """The best that was found, with random numbers in a domain if they fit better, as those above 0 do under a
        root: others may hide a mistake."""
        if self.best is None or not self.roots:
            return self.best
        wrong, best = self.at_worst(self.best[1]), self.best
        for domain in DOMAINS if wrong else ():
            known = within(domain, self.best[1])
            if wrong and (other := self.at_worst(known)) < wrong:
                wrong, best = other, (other, known)
        return best

    def at_worst(self, known: Known) -> float:
        """How badly values fit, whichever random numbers are drawn."""
        return max(self.misfits(self.make(Runner, self.values(known, wide))).size for wide in (1.0, WIDE))

    def try_of_one(self) -> None:
        """Where no values fit, look at those that were found with one axis of 1: a layer may be written for one unit,
        which its backward pass then asserts."""
        known = self.best[1] if self.best is not None and self.best[0] >= STOPPED else {}
        for size in self.sizes(known):
            self.weighed(replaced(known, size, 1))

    def try_apart(self) -> None:
        """Where values fit and two axes of an array have one size, look at those of which one is of another size, also
        that of every vector: between equal axes mistakes hide."""
        fitting = self.best[1] if self.best is not None and not self.best[0] else self.wide
        known = fitting if self.judges else {}
        for name in [name for name, one in known.items() if is_square(one)]:
            size, _ = shape_of(str(known[name]))
            others = {key: one for key, one in known.items() if len(shape_of(str(one))) == 1}
            for text in (f"randn({size},{FREE})", f"randn({FREE},{size})"):
                for more in ({}, replaced(others, size)):
                    if self.weighed({**known, **more, name: text}, 0) == 0:
                        return

    def try_repeated(self) -> None:
        """Where a number alone fits that picks from something, look at several, by what their name says: where these
        fit, but for those that repeat, offer those, whose shares a way back must add up."""
        if self.best is None or self.best[0] or not self.judges:
            return
        for name in [name for name in self.picking if SEVERAL.fullmatch(name)]:
            known = self.best[1]
            several = str(known.get(name)).isdigit() and self.weighed({**known, name: "[0,2,1]"}, 0) == 0
            repeated: Known = {**known, name: "[0,2,1,1]"}
            if several and 0 < (size := self.misfits(self.make(Runner, self.values(repeated))).size) < STOPPED:
                self.best = size, repeated

    def size_of(self, texts: Mapping[str, str]) -> float:
        """How badly some values fit, as they are typed."""
        known: Known = {name: texts[name] for name in self.examples if name in texts}
        key = str(known)
        if key not in self.sized:
            self.sized[key] = self.misfits(self.make(Runner, self.values(known))).size
        return self.sized[key]

    def text(self, name: str, known: Known) -> str:
        value = known.get(name, self.examples[name])
        return value if isinstance(value, str) else json.dumps(self.entries(name, value, known))

    def entries(self, name: str, keys: list[str], known: Known) -> Any:
        """What a dictionary or a list holds, as JSON, which may be another one."""
        found = {key: known.get(f"{name}.{key}", NUMBERS[0]) for key in keys}
        texts = {
            key: as_json(one) if isinstance(one, str) else self.entries(f"{name}.{key}", one, known)
            for key, one in found.items()
        }
        return [*texts.values()] if is_listed(keys) else texts

    def search(self, known: Known, unlikely: int) -> bool:
        """Go on from what is known so far, in all less likely ways that are no more unlikely together; whether the
        search has an end. The likely ways come first so, wherever on them the first wrong step is (W. D. Harvey, M. L.
        Ginsberg, "Limited discrepancy search", 1995)."""
        key = str(known)
        if key not in self.seen:
            if self.runs <= 0 or self.steps <= 0 or now() > self.until:
                return True
            self.runs -= 1
            self.seen[key] = self.tried(known)
            if self.seen[key] is True and self.completed(known):
                return True
        used = self.seen[key]
        if used is None and self.roots and str(positive := within(DOMAINS[0], known)) not in self.seen:
            return self.search(positive, unlikely)
        if used is None and NO_INDEX.search(self.told.get(key, "")):  # the array that was chosen last, and may be one
            arrays = {name: shape_of(str(one)) for name, one in [*known.items()][::-1]}
            short = [(name, its) for name, its in arrays.items() if its and np.prod(its) <= MOST_LABELS]
            short.sort(key=lambda one: WEIGHTS.match(one[0]) is not None)  # which are what is picked from
            return any(self.search({**known, name: whole_numbers(its)}, unlikely) for name, its in short[:1])
        other = self.of_factors(known) or self.of_places(known) if used is None and unlikely > 0 else None
        if other is not None and str(other) not in self.seen:
            return self.search(other, unlikely - 1)
        if not isinstance(used, Used):
            return False
        some = zip(range(unlikely + 1), self.candidates(used, known), strict=False)
        return any(self.begun({**known, used.blank.name: one}, used, unlikely - rank) for rank, one in some)

    def begun(self, known: Known, used: Used, unlikely: int) -> bool:
        """Go on from a value that was chosen last; and if it does not fit, from what its error says in its place."""
        if self.search(known, unlikely):
            return True
        told, name = self.told.get(str(known), ""), used.blank.name
        keyed = [one for one, its in known.items() if isinstance(its, list) and not is_listed(its)]
        if LACKING.search(told) and keyed:  # a dictionary, which may be another one
            root, deep = keyed[-1].partition(".")[0], keyed[-1].count(".")
            alike = [one for one in keyed if one.partition(".")[0] == root and one.count(".") == deep]  # any of them
            more: Known = {one: [*dict.fromkeys([*known[one], *self.lacking[root]])] for one in alike}
            return more != {one: known[one] for one in alike} and self.begun({**known, **more}, used, unlikely)
        shape = shape_of(str(known[name]))
        if len(shape) == 2 and COLUMNS.search(told):  # beside a state, which is a column
            return self.search({**known, name: drawn((*shape, 1))}, unlikely)
        beyond, text = BEYOND.search(told), str(known[name])
        if beyond and text[:1] == "[" and beyond[1] not in ("0", *known.values()):  # labels, of which there are fewer
            fewer = re.sub(r"\d+", lambda one: str(int(one[0]) % int(beyond[1])), text)
            return fewer != text and self.search({**known, name: fewer}, unlikely)
        other = self.broadcast(shape, told, used.use)
        return other is not None and self.search({**known, name: drawn(other)}, unlikely)

    def of_factors(self, known: Known) -> Known | None:
        """The values up to the one matrix that an error names, which is given the size that it should meet, or up to
        the one size that it was made with."""
        found = FACTORS.search(self.told.get(str(known), ""))
        left, right = (tuple(map(int, re.findall(r"\d+", part))) for part in found.groups()) if found else ((), ())
        if len(left) != 2 or left[1] == right[0]:
            return None
        matrices = [name for name, one in known.items() if isinstance(one, str) and shape_of(one) == left]
        names = matrices or [name for name, one in known.items() if one == str(left[1])]
        if len(names) != 1:
            return None
        before = dict(zip(known, [*known.values()][: [*known].index(names[0])], strict=False))
        return {**before, names[0]: drawn((left[0], right[0])) if matrices else str(right[0])}

    def of_places(self, known: Known) -> Known | None:
        """The values with more rows in the weights of which an error says that there are too few, as of words."""
        found = OUTSIDE.search(self.told.get(str(known), ""))
        place, size = map(int, found.groups()) if found else (0, 0)
        short = [name for name, one in known.items() if shape_of(str(one))[:1] == (size,) and WEIGHTS.match(name)]
        if found is None or len(short) != 1 or place > MOST_LABELS:
            return None
        return {**known, short[0]: drawn((max(place + 1, len(WORDS) // 2), *shape_of(str(known[short[0]]))[1:]))}

    def broadcast(self, shape: tuple[int, ...], told: str, use: Use) -> tuple[int, ...] | None:
        """A shape with which what was told not to be broadcast is: of a factor, by the axis that comes out of it."""
        found = APART.search(told) if "broadcast" in told else None
        if not shape or found is None:
            return None
        one, other = ([int(size) for size in part.split(",") if size.strip()] for part in found.groups())
        apart = [{a, b} for a, b in zip(one[::-1], other[::-1], strict=False) if a != b and 1 not in (a, b)]
        places = (
            range(len(shape)) if use.kind != "product" else [max(len(shape) - 2, 0) if use.left else len(shape) - 1]
        )
        fit = [place for place in places if apart and shape[place] in apart[0]]
        if len(fit) != 1:
            return None
        (right,) = apart[0] - {shape[fit[0]]}
        return (*shape[: fit[0]], right, *shape[fit[0] + 1 :])

    def completed(self, known: Known) -> bool:
        """Weigh what a forward pass runs with; whether it fits, with the rest as the examples, or like an output."""
        rest = [name for name in self.examples if name not in known]
        complete: Known = {**{name: self.examples[name] for name in rest}, **known}
        as_outputs = [drawn(shape, numbers=1) for shape in self.shapes_of_outputs]
        free = [name for name in rest if not is_told(self.examples[name])]  # labels, it may be
        others = [{**complete, **dict.fromkeys(free, text)} for text in dict.fromkeys(as_outputs)] if free else []
        of_kinds = [*labels(self.shapes_of_outputs[:1])]
        others += [{**complete, name: one} for name in free if is_data(name) for one in of_kinds]
        for rows, kinds in [shape for shape in self.shapes_of_outputs[:1] if len(shape) == 2]:  # one label for each row
            places = str([int(one) % max(kinds, 1) for one in np.resize((0, 2, 1, 1), rows)]).replace(" ", "")
            others += [{**complete, name: places} for name in rest if complete[name] == "[0,2,1,1]" and rows != 4]
        return any(self.weighed(one) == 0 for one in [*others, complete])

    def weighed(self, known: Known, repairs: int = 3) -> float:
        """How badly values of all parameters fit, after what does not has got the shape of its gradient, and what has
        no gradient holds labels."""
        runner = self.make(Runner, self.values(known))
        found = self.misfits(runner)
        self.steps -= 2000 + 8 * runner.steps
        flat = any(len(shape_of(str(known.get(name, "")))) < 2 for name in self.multiplied)
        self.of_matrices |= not flat and not found.right.isdisjoint(self.multiplied)
        rank = hiding(found.size, known, self.of_numbers, flat and self.of_matrices)
        self.fitted = self.fitted or not found.size
        self.wide = self.wide or ({} if found.size or rank[1] else known)
        if self.best is None or rank < self.least:
            self.best, self.least = (found.size, known), rank
        if not found.finite and self.roots and (positive := within(DOMAINS[0], known)) != known:
            return self.weighed(positive, repairs)
        if found.size <= HIDING and (found.size or rank[1]):
            wider = replaced(known, 1)
            size = HIDING if wider == known else self.weighed(wider, 0)
            self.steps = min(
                self.steps, MORE_STEPS if size <= HIDING else MORE_STEPS * 10
            )  # all of it may be by chance
            return size
        if not found.size or not repairs:
            return found.size
        long = [name for name, one in known.items() if one == drawn((LONG,))] if len(found.shapes) == 1 else []
        others: list[Known] = [{name: drawn(shape)} for name in long for shape in found.shapes.values()]
        others += [{name: drawn(shape) for name, shape in found.shapes.items()}] if found.shapes else []
        if not others:
            rows = [shape_of(one)[:1] for one in known.values() if isinstance(one, str) and len(shape_of(one)) > 1]
            shapes = [*self.shapes_of_outputs, *rows]  # a script has one cost for all of them
            others = [
                {name: one}
                for name, shape in found.labels.items()
                if name in self.examples and name not in self.multiplied
                for one in labels(dict.fromkeys([shape, *shapes]))
            ]
        for other in others:
            if all(known.get(name) == text for name, text in other.items()):
                continue
            if self.weighed({**known, **other}, repairs - 1 if found.shapes else 0) == 0:
                return 0.0
        return found.size

    def tried(self, known: Known) -> Used | bool | None:
        """Where a forward pass is stopped by a blank; True if by none, and None if it ends in an error."""
        runner = self.make(Trial, self.values(known))
        assert isinstance(runner, Trial)
        runner.whole_quotients |= self.whole
        try:
            outputs = runner.outputs(runner.given)
        except Used as used:
            return used
        except Problem as problem:
            self.learn(problem.message, known)
            for name, example in runner.lacks.items() if runner.lacks.keys().isdisjoint(self.examples) else ():
                self.examples[name] = example
                return Used(Blank(name), Use("setting"))
            if self.whole or not NO_SIZE.search(problem.message):
                return None
            self.whole = True  # it may be Python 2, whose own error tells more
            found = self.tried(known)
            self.whole = found is not None or not NO_SIZE.search(self.told[str(known)])
            return found
        finally:
            self.steps -= max(0 if runner.meter is None else runner.meter.steps, 50)
        self.shapes_of_outputs = [np.shape(one) for one in outputs]
        return True

    def learn(self, told: str, known: Known) -> None:
        """Note what an error tells of the values that do not fit."""
        if found := MEETING.search(told):
            left, right = [int(one) for one in found.groups() if one]
            self.met = list(dict.fromkeys([*self.met, (4, right), (left, 4), (left,)]))
        if found := INTO.search(told):  # where room was made for states, in the shape of what they begin with
            self.met = list(dict.fromkeys([*self.met, tuple(int(one) for one in found[1].split(",") if one.strip())]))
        keyed = [name for name, one in known.items() if isinstance(one, list) and not is_listed(one)]
        if (missed := LACKING.search(told)) and keyed:
            keys = self.lacking.setdefault(keyed[-1].partition(".")[0], [])
            keys += [missed[1]] if missed[1] not in keys else []
        self.told[str(known)] = told
        self.unread = self.unread or (told if NOT_READ.match(told) else "")

    def values(self, known: Known, wide: float = 1.0) -> dict[str, Any]:
        """The values of the parameters, blank where none is known."""

        def value(name: str) -> Any:
            found = known.get(name)
            if isinstance(found, list):
                entries = {key: value(f"{name}.{key}") for key in found}
                return [*entries.values()] if is_listed(found) else entries
            return Blank(name) if found is None else value_of(found, name, wide)

        return {name: value(name) for name in self.examples}

    # ── what may stand where a blank is used ──

    def candidates(self, used: Used, known: Known) -> Iterator[str | list[str]]:
        """The values that a blank may have, the likely ones first."""
        seen = set()
        numbers = sum(text in NUMBERS for text in known.values())
        for one in self.likely(used, known):
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
            yield LISTED
        sizes = self.sizes(known)
        if (self.of_numbers or is_strength(name)) and use.kind != "items":
            yield ()
        if use.kind == "compared" and isinstance(use.other, str):
            yield use.other
            return
        elif use.kind == "compared" and type(use.other) is int and PLACE.search(name):  # with another place
            yield str(use.other + 1)
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
        elif use.kind == "letters":
            yield use.other
        elif use.kind == "items":
            if is_data(name) and isinstance(use.other, tuple):  # of each step
                yield from [whole_numbers(one[:2]) for one in map(shape_of, map(str, known.values())) if len(one) > 2]
            is_weight = WEIGHTS.match(name) is not None or BIAS.fullmatch(name) is not None
            yield from of_gates(use.other, self.multiples) if is_weight else ()
            yield from [(LONG,)] * (isinstance(use.other, slice) and bool(FLAT.search(name)))
            yield from with_items(use.other, sizes, self.lacking.get(name, []))
        elif use.kind == "unpacked":
            yield from ([str(place) for place in range(use.other)], (use.other,), (use.other, 3))
            return
        elif use.kind == "rows":
            yield from [WORDS] if OF_WORDS.search(name) else []
            yield from ((4, 3), (3,), "[0,2,1,1]", LISTED, LAYERS, (2, 3, 3))
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
