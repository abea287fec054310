"""Values with which a pass runs, found by running it: a parameter gets one where it is first used, of a kind that fits
there."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem
from backprop.python.fitting.blanks import Blank, Use, Used, Watching
from backprop.python.fitting.likely import LONG, WEIGHTS, WORDS, Likely
from backprop.python.fitting.objects import Objects
from backprop.python.fitting.supposed import (
    DOMAINS,
    FREE,
    NUMBERS,
    Known,
    as_json,
    drawn,
    grown,
    has_roots,
    has_sums,
    hiding,
    is_listed,
    is_square,
    is_told,
    labels,
    replaced,
    shape_of,
    trees_of,
    value_of,
    within,
)
from backprop.python.inputs.examples import whole_numbers
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.runs.runner import NO_SIZE, Runner
from backprop.python.texts.gradients import RATE, is_data, is_gradient
from backprop.python.values.meter import Meter
from backprop.python.values.work import after, now, ticks

MOST_RUNS = 600  # of a forward pass, before the best that was found is taken
MOST_WORK = 8.0  # in seconds of a usual machine
PATIENT = 0.75  # of it, once values run whole, in which none that fit better were found: a wrong pass fits none
MOST_UNLIKELY = 16
MOST_LABELS = 48
MOST_PARTS = 6
MORE_STEPS = 10_000  # once all is right but for what may hide mistakes
MOST_STEPS = 400_000  # of these runs in all
SEVERAL = re.compile(r"(?i)idx|x|input|(\w*_)?(inputs|ids|idxs|indices|tokens|words)")  # names of places, not of one
LACKING = re.compile(r"the dictionary has no '(\w+)'$")
SHORT = re.compile(r"list index out of range|the list has no item")
APART = re.compile(r"\(([\d, ]*)\)(?: and arg \d with shape)? \(([\d, ]*)\)")  # shapes that cannot be broadcast
FACTORS = re.compile(r"shapes \(([\d,]*)\) and \(([\d,]*)\) not aligned")
OUTSIDE = re.compile(r"index (\d+) is out of bounds for axis 0 with size (\d+)")
COLUMNS = re.compile(r"must have same number of dimensions.* 2 dimension")
INTO = re.compile(r"input array from shape \(([\d, ]*)\) into shape")
NOT_READ = re.compile(r"(np|numpy|torch|scipy|jnp|jax|tf)\.[\w.]+ is not (known|read)")
UNDEFINED = re.compile(r"\w+ is not (defined|known: )")
BEYOND = re.compile(r"index \d+ is out of bounds for axis \d with size (\d+)")
NO_INDEX = re.compile(r"only integers.* are valid indices|indices must be of integer")
MEETING = re.compile(r"a dimension of (\d+), which meets one of (\d+)|(\d+) \(dim \d\) != (\d+) \(dim \d\)")
NOTHING = "nothing comes out"
STOPPED = 500.0  # misfits where the backward pass ends in an error; twice as much where none runs
HALFWAY = 1.5 * STOPPED  # misfits up to this tell that the forward pass runs
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
    judged: int = 0  # how many gradients there are, where all are right


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


class Fitting(Likely):
    """A search for values of the parameters that are not given.

    `make` makes the runner of the pass with what it is given; `misfits` says of one that runs how much in it does not
    fit; `examples` are what the text tells of the parameters, and `most` is the work that may be done, in seconds of a
    usual machine.
    """

    def __init__(
        self, make: Callable[[type[Runner], dict[str, Any]], Runner], examples: Mapping[str, str],
        misfits: Callable[[Runner], Misfits] | None = None, most: float = MOST_WORK,
    ) -> None:  # fmt: skip
        runner = make(Runner, {})
        trees = trees_of(runner)
        text, whole = ("\n".join(map(ast.unparse, some)) for some in (runner.trees(), trees))
        super().__init__(examples, text, whole, Objects(runner, [*runner.trees(), *trees]))
        self.make, self.roots, self.sums = make, has_roots(trees), has_sums(trees)
        self.judges, self.misfits = misfits is not None, misfits or (lambda runner: FITS)
        self.runs, self.steps = MOST_RUNS, MOST_STEPS
        self.most, self.start, self.until = most, 0, 0
        self.seen: dict[str, Used | bool | None] = {}
        self.sized: dict[str, float] = {}  # how badly values fit
        self.of_matrices = False  # whether a gradient of a matrix among them was right where another one was not
        self.judged = 0  # of the values that were weighed last
        self.whole = False  # whether `/` of whole numbers is whole, as in Python 2
        self.told: dict[str, str] = {}  # of values that do not fit, the error
        self.unread = ""  # what of a library, or of a file that is not there, is not known, and stopped a run
        self.undefined: Known = {}  # with which a run got as far as a name that nobody defines
        self.best: tuple[float, Known] | None = None
        self.least, self.fitted = hiding(np.inf, {}), False  # how good that is, and whether anything fitted
        self.wide: Known = {}  # what fitted first, and has no axis of 1
        self.shapes_of_outputs: list[tuple[int, ...]] = []

    def found(self) -> dict[str, str]:
        """A text for each parameter, as it is typed."""
        self.start = now()
        self.until = self.ending()
        with np.errstate(all="ignore"):
            any(self.search({}, unlikely) for unlikely in range(MOST_UNLIKELY))
            if not (self.of_numbers or self.fitted or self.sums):  # once more, with numbers first
                self.of_numbers, self.seen, self.runs, self.steps = True, {}, MOST_RUNS // 4, MOST_STEPS // 4
                any(self.search({}, unlikely) for unlikely in range(MOST_UNLIKELY))
            self.best = self.within()
            self.try_of_one()
            self.try_apart()
            self.try_repeated()
            self.try_between()
        known = self.best[1] if self.best is not None else self.undefined
        return {name: self.text(name, known) for name in self.examples}

    def ending(self) -> int:
        """When a search ends unless values are found that fit better than the best so far: soon, once these run whole,
        and later where it took longer to find them."""
        end, late = self.start + ticks(self.most), 4 * now() - 3 * self.start
        return min(end, max(late, after(PATIENT))) if self.runs_whole() else end

    def runs_whole(self) -> bool:
        """Whether values were found with which both passes run to their ends."""
        return self.best is not None and self.best[0] < STOPPED

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

    def try_between(self) -> None:
        """Where two sizes in a list run whole, those of what goes in and comes out, offer one more between them:
        without a layer there, a loop over layers has no round, and its mistakes hide. A mistake may stop the way back
        but for one of the same size as another, or for each."""
        known = self.best[1] if self.best is not None and self.runs_whole() and self.judges else {}
        for name in [name for name, one in known.items() if one == ["0", "1"]]:
            first, last = (str(known.get(f"{name}.{place}", NUMBERS[0])) for place in ("0", "1"))
            ways: list[tuple[float, Known]] = []
            for size in dict.fromkeys([str(FREE), last, first]) if first.isdigit() and last.isdigit() else ():
                between = {f"{name}.0": first, f"{name}.1": size, f"{name}.2": last}
                more: Known = {**known, name: ["0", "1", "2"], **between}
                ways.append((self.misfits(self.make(Runner, self.values(more))).size, more))
                if ways[-1][0] < STOPPED:
                    self.best = ways[-1]
                    return
            self.best = ways[0] if ways and ways[0][0] < HALFWAY else self.best

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
        if used is None and self.told.get(key) == NOTHING:
            return any(self.search({**known, **more}, unlikely) for more in grown(known))
        other = self.of_factors(known) or self.of_one_more(known) if used is None and unlikely > 0 else None
        other = other or (self.of_places(known) if used is None and unlikely > 0 else None)
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
        parts = [one for one, its in known.items() if isinstance(its, list) and is_listed(its)]
        if SHORT.search(told) and parts:  # a list, which may be longer
            longer = [*known[parts[-1]], str(len(known[parts[-1]]))]
            return len(longer) <= MOST_PARTS and self.begun({**known, parts[-1]: longer}, used, unlikely)
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

    def of_one_more(self, known: Known) -> Known | None:
        """The values with as many columns of the one matrix as an error asks for, to which a pass adds one of ones."""
        found = MEETING.search(self.told.get(str(known), ""))
        left, right = [int(one) for one in found.groups() if one] if found else (0, 0)
        shapes = {name: shape_of(one) for name, one in known.items() if isinstance(one, str)}
        names = [name for name, shape in shapes.items() if len(shape) == 2 and shape[1] + 1 == left]
        if len(names) != 1 or right < 2:
            return None
        return {**known, names[0]: drawn((shapes[names[0]][0], right - 1))}

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
        objects = {name: some for name in rest if (some := self.objects.in_place_of(name))}
        rest = [name for name in rest if name not in objects]
        complete: Known = {**{name: self.examples[name] for name in rest}, **known}
        as_outputs = [drawn(shape, numbers=1) for shape in self.shapes_of_outputs]
        free = [name for name in rest if not is_told(self.examples[name])]  # labels, it may be
        others = [{**complete, **dict.fromkeys(free, text)} for text in dict.fromkeys(as_outputs)] if free else []
        of_kinds = [*labels(self.shapes_of_outputs[:1])]
        others += [{**complete, name: one} for name in free if is_data(name) for one in of_kinds]
        for rows, kinds in [shape for shape in self.shapes_of_outputs[:1] if len(shape) == 2]:  # one label for each row
            places = str([int(one) % max(kinds, 1) for one in np.resize((0, 2, 1, 1), rows)]).replace(" ", "")
            others += [{**complete, name: places} for name in rest if complete[name] == "[0,2,1,1]" and rows != 4]
        every = [*others, complete]
        shapes = [shape for shape in map(shape_of, map(str, known.values())) if len(shape) > 1]
        as_lists = [str([*one]).replace(" ", "") for shape in shapes for one in (shape[1:], shape)]
        asked = {name: as_lists for name in rest if name.endswith("shape") and as_lists}  # by the way back alone
        for name, some in (objects | asked).items():
            every = [{**one, name: text} for text in some for one in every]
        unread = [name for name in free if shape_of(self.examples[name]) and not is_data(name)]
        every += [{**one, **dict.fromkeys(unread, "3")} for one in every if unread]  # by the way back, as a number
        return any(self.weighed(one) == 0 for one in every)

    def weighed(self, known: Known, repairs: int = 3) -> float:
        """How badly values of all parameters fit, after what does not has got the shape of its gradient, and what has
        no gradient holds labels."""
        runner = self.make(Runner, self.values(known))
        found = self.misfits(runner)
        self.judged = found.judged
        self.steps -= 2000 + 8 * runner.steps
        flat = any(len(shape_of(str(known.get(name, "")))) < 2 for name in self.multiplied)
        self.of_matrices |= not flat and not found.right.isdisjoint(self.multiplied)
        rank = hiding(found.size, known, self.of_numbers, flat and self.of_matrices)
        self.fitted = self.fitted or not found.size
        self.wide = self.wide or ({} if found.size or rank[1] else known)
        if self.best is None or rank < self.least:
            self.best, self.least = (found.size, known), rank
            self.until = self.ending()
        if not found.finite and self.roots and (positive := within(DOMAINS[0], known)) != known:
            return self.weighed(positive, repairs)
        if found.size <= HIDING and (found.size or rank[1]):
            wider, before = replaced(known, 1), (self.best, self.least)
            size = HIDING if wider == known else self.weighed(wider, 0)
            if self.judged < found.judged:  # with a column alone the gradient of a bias was one
                (self.best, self.least), size = before, HIDING
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
                if name in self.examples and not RATE.search(name) and (is_data(name) or name not in self.multiplied)
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
        if not any(map(np.size, outputs)):  # too small, or of too few axes, so that a loop has no rounds
            self.learn(NOTHING, known)
            return None
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
        self.undefined = self.undefined or (known if UNDEFINED.match(told) else {})
        self.unread = self.unread or (told if NOT_READ.match(told) or UNDEFINED.match(told) else "")

    def values(self, known: Known, wide: float = 1.0) -> dict[str, Any]:
        """The values of the parameters, blank where none is known."""

        def value(name: str) -> Any:
            found = known.get(name)
            if isinstance(found, list):
                entries = {key: value(f"{name}.{key}") for key in found}
                return [*entries.values()] if is_listed(found) else entries
            return Blank(name) if found is None else value_of(found, name, wide)

        return {name: value(name) for name in self.examples}
