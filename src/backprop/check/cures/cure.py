"""The faulty lines: what makes every gradient right at every point is proof."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from itertools import takewhile
from math import inf
from typing import Any

from backprop.check.cures.around import in_one, led_back, shared
from backprop.check.cures.early import taken_early
from backprop.check.cures.lengths import hidden_lengths, same_lengths
from backprop.check.cures.rounded import but_for_digits
from backprop.check.cures.search import ALIKE, DEAREST, FAR, SECONDS, Cure, Reach, Search, put, words_of
from backprop.check.cures.several import Chained, InOrder, InTurn, Several, Turn, together
from backprop.check.cures.trials import tried
from backprop.check.cures.unread import added_to, handed_on
from backprop.check.edits.catalogue import COMPOUND, header
from backprop.check.edits.visible import Line
from backprop.check.passes.assumed import not_read
from backprop.check.passes.judge import Judge
from backprop.check.passes.means import Means
from backprop.check.passes.meant import FAR as ELSEWHERE
from backprop.check.passes.points import SMALL
from backprop.check.passes.sensitivity import MOST, Sense
from backprop.check.passes.squashed import Given, squashed_by
from backprop.check.passes.trace import Noted, differ
from backprop.check.passes.verdict import Place, Verdict
from backprop.errors import Problem, enumerated
from backprop.python.pairs.unnamed import retold
from backprop.python.runs.runner import Instead, Runner
from backprop.python.texts.gradients import Path
from backprop.python.values.work import SECOND

MOST_MISTAKES = 3
PLAIN_EDIT = 2.2  # the cost of one edit that is tried where several lines are cured already
PLAIN_TURN = 5.2  # what several cures may cost that are not doubted
BRIEF = 0.7  # work, in seconds of a usual machine, for the search of one edit instead of them
FIRST_TURNS = 1.2  # of it in which mistakes are looked for one after the other, before one edit is looked for again
IN_TURN = 3.2  # of it in which mistakes are looked for one after the other
DEAR = 2.3  # cures that cost as much, and two edits are looked for that cost less
PLAINER = 2.5  # of it in which they are, at most
SMALL_NUMBER = re.compile(r"\b\d[\d.]*[eE]-\d+")
GROWN = 0.3  # what each word more than two costs that a line gets, where one edit is held against two
PLAIN_WORDS = {
    "sum", "mean", "axis", "dim", "keepdims", "keepdim", "True", "T", "transpose", "swapaxes", "0", "1", "2", "at",
    "add", "np",
}  # fmt: skip  # what the user's words may need beside those of the right line

Found = tuple[list[Cure], Cure | None]  # the edits that repair everything, and the one that repairs the most


class Solver:
    """The faulty lines of one pass."""

    def __init__(self, judge: Judge) -> None:
        self.judge, self.search = judge, Search(judge)

    def found(self) -> tuple[list[Cure], list[Cure], list[Line]]:
        """The edits that make everything right together, those that would do so elsewhere, and the lines in doubt."""
        sense = self.search.sense({})
        lines = self.search.reaches(sense, {})
        cures, others, doubted = self.proven(sense, lines)
        fewer = shared(self.search, in_one(self.search, cures)) if len(cures) > 1 else cures
        if fewer != cures:
            cures = self.in_words(fewer, lines)
        cures = self.each_alone(cures)
        back = led_back(self.search, cures)
        if back != cures:
            return self.in_words(back, lines), others, doubted
        plain = self.plainer(cures, sense)
        return plain, others if plain is cures else [], doubted

    def plainer(self, cures: list[Cure], sense: Sense) -> list[Cure]:
        """The cures, or two edits that are nearer to what stands there: one line written anew may make up for two."""
        dear = self.score(cures) + sum(map(grown, cures)) if cures and sense.told else 0.0
        left = min(PLAINER, (self.search.end - self.search.now()) / SECOND)
        if dear < (DEAR if len(cures) == 1 else PLAIN_TURN) or left <= 0:
            return cures
        if len(cures) == 1 and self.search.derivation(put(cures)).is_all_right():
            return cures
        two = self.needed(Several(self.search, sense, dear, left).found())
        if len(two) == len(cures) == 1:  # one edit that was weighed against the cure before
            return cures
        return two if two and self.score(two) < dear else cures

    def proven(self, sense: Sense, lines: list[Reach]) -> tuple[list[Cure], list[Cure], list[Line]]:
        """The same, as the searches find it one after the other."""
        cures = self.in_words(Chained(self.search, 1).found({}, lines), lines)
        if cures and not self.search.left_over(put(cures)):
            return self.cheaper(cures, lines, sense), [], []
        if not cures and (reading := handed_on(self.search, sense, lines)):
            return reading, [], []
        scaled = self.search.derivation({}).scaled
        first = ([], None) if cures or scaled else self.brief(lines, sense, DEAREST)
        if self.is_clean(first[0]):
            return first[0][:1], first[0][1:], []
        several = added_to(self.search) if not cures and not first[0] else []
        if several:
            return self.in_words(several, lines), [], []
        apart = self.partly(lines, sense, {}, first[1], MOST_MISTAKES, BRIEF)[0] if not cures and not first[0] else []
        if apart and self.score(apart) < PLAIN_TURN and not any(map(grown, apart)):
            return self.in_words(apart, lines), [], []
        turns = InTurn(self.search, MOST_MISTAKES, FIRST_TURNS)
        turn = None if scaled else turns.found(first[1])
        if turns.waiting and turn is None and not scaled:
            again = self.brief(lines, sense, DEAREST) if not cures else first
            if self.is_clean(again[0]):
                return again[0][:1], again[0][1:], []
            turn = turns.go_on(IN_TURN - FIRST_TURNS)
        if cures and (turn is None or turn.score > self.score(cures)):
            return self.cheaper(cures, lines, sense), [], []
        whole, part = self.single(lines, sense, turn, first)
        if not whole and turn is None and sense.told:  # one edit is nearer than two, and edits that are told are quick
            ended, two = self.search.ended, self.needed(Several(self.search, sense, seconds=IN_TURN).found())
            if two:
                return two, [], []
            self.search.ended = ended
        if not whole and turn is None:
            turn = turns.found_behind(IN_TURN)
        if not whole and turn is not None:
            apart = self.partly(lines, sense, {}, part, MOST_MISTAKES)[0] if turn.score > PLAIN_TURN else []
            return self.in_words(apart if apart and self.score(apart) < turn.score else turn.cures, lines), [], []
        if whole:
            return whole[:1], whole[1:], []
        cures, others, doubted = self.partly(lines, sense, {}, part, MOST_MISTAKES)
        # where sizes come in only at the end, several lines may be changed with the same effect as the faulty one
        if not cures and not scaled:
            cures = self.chained(lines)
            if cures:
                return self.in_words(cures, lines), [], []
        if not cures and scaled:
            cures = self.in_words(self.chained(lines), lines)
            turns = InTurn(self.search, MOST_MISTAKES, IN_TURN)
            turn = turns.found() or turns.found_behind(IN_TURN)
            if turn is not None and (not cures or turn.score < self.score(cures)):
                cures = self.in_words(turn.cures, lines)
        if not cures:
            cures = InOrder(self.search, MOST_MISTAKES).found({})
        if not cures and not self.search.ended:
            self.search.dearest = inf
            cures, others, doubted = self.solved(sense, {}, 1)
        if self.search.ended or self.search.now() > self.search.last:
            self.judge.remarks.append("the search for the line was ended: it took too long")
        return cures, others, [] if cures else doubted

    def brief(
        self, lines: list[Reach], sense: Sense, dearest: float, instead: Instead | None = None, seconds: float = BRIEF
    ) -> Found:
        """One edit that repairs everything, as far as one is found in a short time."""
        end, limit = self.search.end, self.search.dearest
        self.search.dearest = dearest
        found = tried(self.search, lines, sense, instead or {}, seconds)
        self.search.dearest, self.search.end, self.search.ended = limit, end, self.search.now() > end
        return found

    def is_clean(self, whole: list[Cure]) -> bool:
        """Whether an edit that repairs everything leaves nothing: then no other is nearer to what was meant."""
        return bool(whole) and not grown(whole[0]) and not self.search.left_over(put(whole[:1]))

    def single(self, lines: list[Reach], sense: Sense, turn: Turn | None, first: Found) -> Found:
        """One edit that repairs everything, that is nearer to what stands there than what several lines need.

        `first`: what a short search found.
        """
        if turn is None:
            return tried(self.search, lines, sense, {})
        if len(turn.cures) == 1:
            whole, part = self.brief(lines, sense, turn.score + ALIKE)
        elif turn.score <= PLAIN_TURN:
            limit, real = min(turn.score, PLAIN_EDIT), [cure for cure in turn.cures if not does_nothing(cure.edit.text)]
            own = {cure.line: cure.cost + ALIKE for cure in real} if len(real) == 1 else {}  # it alone is nearer
            whole, part = [one for one in first[0] if one.cost <= max(limit, own.get(one.line, 0.0))], first[1]
        else:  # that is doubted
            whole, part = self.brief(lines, sense, FAR, seconds=SECONDS)
        if len(turn.cures) == 1 and any(one.line is turn.cures[0].line for one in whole):
            return whole, part  # found there, too, and beside it what does as well elsewhere
        plain = PLAIN_EDIT if together(turn.cures) > 2 * PLAIN_EDIT else 0.0  # names break ties: they accuse nobody
        dear = turn.score + sum(map(grown, turn.cures))
        return [one for one in whole if one.cost < plain or self.score([one]) + grown(one) < dear], part

    def score(self, cures: list[Cure]) -> float:
        """What cures cost together, and what they leave."""
        return together(cures) + self.search.left_over(put(cures))

    def each_alone(self, cures: list[Cure]) -> list[Cure]:
        """Several cures, each or the edit of another line that is nearer to what stands there where the rest is cured:
        what is one mistake then is looked for as one."""
        for place, cure in enumerate(cures) if len(cures) > 1 else ():
            rest = [*cures[:place], *cures[place + 1 :]]
            others = put(rest)
            sense = self.search.sense(others)
            whole, _ = self.brief(self.search.reaches(sense, others), sense, cure.cost + ALIKE, others)
            own = next((one.cost for one in whole if one.line is cure.line), cure.cost)
            if whole and whole[0].line is not cure.line:
                before, after = (self.search.left_over(put(one)) for one in (cures, [*rest, whole[0]]))
                if whole[0].cost + after <= own + before:
                    cures = [*cures[:place], whole[0], *cures[place + 1 :]]
        return cures

    def cheaper(self, cures: list[Cure], lines: list[Reach], sense: Sense) -> list[Cure]:
        """A cure of the chain rule, or an edit of another line that is much nearer to what stands there."""
        limit, self.search.dearest = self.search.dearest, cures[0].cost - ALIKE
        whole, _ = tried(self.search, lines, sense, {})
        self.search.dearest = limit
        return whole[:1] if whole and self.score(whole[:1]) < cures[0].cost - ALIKE else cures

    def chained(self, lines: list[Reach]) -> list[Cure]:
        """As few derived lines as can be that make everything right together."""
        for most in range(2, MOST_MISTAKES + 1):
            found = Chained(self.search, most).found({}, lines)
            if found:
                return found
        return []

    def in_words(self, cures: list[Cure], lines: list[Reach]) -> list[Cure]:
        """Derived cures in words that are as near to the user's as can be, with the names of the mistakes."""
        found: list[Cure] = []
        for one in cures:
            others = put([cure for cure in cures if cure is not one])
            sense = self.search.sense_here(others)
            own = [reach for reach in lines if reach.line is one.line]
            derived = one.edit.cause is None and sense.bad
            found.append((self.worded(one, own, sense, others) if derived else one).named(sense))
        return self.needed(found)

    def worded(self, cure: Cure, own: list[Reach], sense: Sense, others: Instead) -> Cure:
        """A derived cure, or the cheapest edit that gives the same in no other words than the line's and its own."""
        statement = cure.line.statement
        words = words_of(ast.unparse(header(statement))) | words_of(cure.edit.text) | PLAIN_WORDS
        some = self.search.candidates(own, sense.bad, others)
        for one, edit in self.search.edits(takewhile(lambda one: one.cost <= FAR and not self.search.over(), some)):
            if not words_of(edit.text) <= words:
                continue
            alike = not sense.trace.differ_first(statement, cure.edit.statements, edit.statements)
            if alike and self.judge.all_right({**others, statement: edit.statements}):
                return Cure(cure.line, edit, min(cure.cost, one.cost), sense.bad)
        return cure

    def needed(self, cures: list[Cure]) -> list[Cure]:
        """The cures without those that the others do not need."""
        for one in cures if len(cures) > 1 else ():
            others = [other for other in cures if other is not one]
            if self.judge.all_right(put(others)):
                return self.needed(others)
        return cures

    def solved(
        self, sense: Sense, instead: Instead, most: int, seconds: float = SECONDS
    ) -> tuple[list[Cure], list[Cure], list[Line]]:
        """One mistake, or several of which each shows in gradients of its own; each is looked for so many `seconds`."""
        lines = self.search.reaches(sense, instead)
        whole, part = self.brief(lines, sense, self.search.dearest, instead, seconds)
        return (whole[:1], whole[1:], []) if whole else self.partly(lines, sense, instead, part, most, seconds)

    def partly(
        self, lines: list[Reach], sense: Sense, instead: Instead, part: Cure | None, most: int, seconds: float = SECONDS
    ) -> tuple[list[Cure], list[Cure], list[Line]]:
        """Several mistakes, the first of which is cured by what repairs a part."""
        suspects = [one.line for one in lines if one.moves is not None and one.moves >= sense.bad]
        if part is None or most == 1:
            return [], [], suspects
        more = {**instead, part.line.statement: part.edit.statements}
        rest, _, _ = self.solved(self.search.sense(more), more, most - 1, seconds)
        return ([part, *rest], [], []) if rest else ([], [], suspects)


def does_nothing(text: str) -> bool:
    """Whether a line leaves all as it is: `d = d`."""
    name, _, value = text.partition(" = ")
    return text == "pass" or (name == value and name.isidentifier())


def grown(cure: Cure) -> float:
    """What it costs that a line has more to say than before."""
    old, new = header(cure.line.statement), cure.edit.statements[-1]
    return GROWN * max(0, count_words(new, cure.line.source.text, ast.unparse(old)) - count_words(old) - 2)


def count_words(tree: ast.AST, known: str = "", old: str = "") -> int:
    """The names and numbers in a tree. What stands in a known text, and not in the old one, is one word."""
    if known and isinstance(tree, ast.Call | ast.Subscript):
        text = ast.unparse(tree)
        if text in known and text not in old:
            return 1
    own = isinstance(tree, ast.Name | ast.Attribute | ast.Constant)
    return own + sum(count_words(one, known, old) for one in ast.iter_child_nodes(tree))


def far_fetched(cures: list[Cure]) -> tuple[float, float]:
    """How far cures are from what stands there: how many lines, and what these have more to say."""
    return len(cures) or inf, sum(map(grown, cures))


def with_lines(judge: Judge, verdict: Verdict) -> Verdict:
    """The verdict on a wrong pass with the faulty lines, each with the line to write, or what can be said of them."""
    if verdict.verdict != "wrong":
        return verdict._replace(remarks=[*verdict.remarks, *hidden_lengths(judge)])
    unread = not_read(judge.runner, judge.points, wrong_ones(verdict))
    unread = unread and not_read(judge.runner, judge.surroundings.away(ELSEWHERE), unread)
    if unread:  # the mistake is rather in the forward pass
        told = f"nothing that comes out hangs on {enumerated(['.'.join(one) for one in unread])}"
        verdict = verdict._replace(remarks=[*verdict.remarks, f"{told}: is it left out of the forward pass?"])
        if len(unread) == len(wrong_ones(verdict)):
            return verdict
    solver = Solver(judge)
    right = but_for_digits(solver.search, verdict)
    if right is not None:
        return right
    bare = without_small(judge) if judge.but_for_small else without_clips(judge)  # which would be taken for mistakes
    solver = Solver(bare) if bare is not None else solver
    if early := taken_early(solver.judge):
        return verdict._replace(lines=early)
    cures, others, doubted = solver.found()
    far = far_fetched(cures)
    plain = far[1] == 0.0 and solver.score(cures) < PLAIN_TURN if cures else False
    if far > (1, 0.0) and not plain and not judge.but_for_small and (bare := without_small(judge)) is not None:
        other = Solver(bare)
        other.search.last = solver.search.last  # in what is left of the time for both
        other.search.end = min(other.search.end, other.search.last)
        found = other.found()
        if far_fetched(found[0]) < far:
            solver, (cures, others, doubted) = other, found
    places = [place_of(cure) for cure in cures]
    if cures:
        places = with_values(solver.search, cures, places)
    remarks = list(verdict.remarks)
    remarks += [
        one
        for one in (*judge.remarks, *over_examples(judge, verdict), *before_squashed(judge, verdict))
        if one not in remarks
    ]
    if others:
        listed = "; ".join(f"line {one.line.number}: {written(one)}" for one in others[:2])
        remarks.append(f"also possible: {listed}")
    remarks += dict.fromkeys(told for one in cures for told in same_lengths(one))
    if not cures:
        remarks.append("no edit of the catalogue makes every gradient right, so the line is not known")
        numbers = sorted({line.number for line in doubted})
        if 0 < len(numbers) <= 5:
            remarks.append(f"if it is one line, it is {' or '.join(map(str, numbers))}: all wrong gradients hang on it")
    return verdict._replace(lines=places, remarks=remarks)


def without_small(judge: Judge) -> Judge | None:
    """The judge of the same pass without small numbers, where that runs and is wrong as well."""
    ways = (wrong_as(judge, judge.runner.without_small(SMALL, guards)[0]) for guards in (True, False))
    return next(filter(None, ways), None)


def without_clips(judge: Judge) -> Judge | None:
    """The judge of the same pass without the bounds that gradients are kept in, where that is wrong as well."""
    return wrong_as(judge, judge.runner.without_clips()) if judge.binding.stop is None else None


def wrong_as(judge: Judge, runner: Runner | None) -> Judge | None:
    """The judge of the same pass said otherwise, where that runs and is wrong as well."""
    with suppress(Problem):
        other = None if runner is None else Judge(runner, *judge.asked)
        return other if other is not None and other.judge().verdict == "wrong" else None
    return None


def over_examples(judge: Judge, verdict: Verdict) -> list[str]:
    """A remark where the wrong gradients are the right ones over a size."""
    wrong = wrong_ones(verdict)
    if judge.first is None or not wrong:
        return []
    means = Means(judge.runner, wrong, [(judge.points[0], judge.first)])
    return [means.told] if means.size else []


def wrong_ones(verdict: Verdict) -> list[Path]:
    return [one.path for one in verdict.gradients if one.verdict == "wrong"]


def before_squashed(judge: Judge, verdict: Verdict) -> list[str]:
    """Remarks where a wrong gradient of probabilities is the right one of what a softmax or a sigmoid makes them of: a
    loss may have the slope of the layer before it in it."""
    (here, *_), mine = judge.points, judge.first.gradients if judge.first is not None else {}
    wrong = {path: Given(here.given, here.upstream, mine.get(path)) for path in wrong_ones(verdict)}
    ways = {".".join(path): way for path, one in wrong.items() if (way := squashed_by(judge.runner, [one], path))}
    return [f"{name}: the right gradient of what {way} makes it of: the slope of that is in it"
            for name, way in ways.items()]  # fmt: skip


def with_values(search: Search, cures: list[Cure], places: list[Place]) -> list[Place]:
    """What the faulty lines give, and what they should: where they differ first."""
    judge = search.judge
    wrong, point, noted = search.sense_here({}), judge.points[0], Noted(one.line.statement for one in cures)
    with suppress(Problem):
        judge.runner.run(point.given, point.upstream, put(cures), noted, most=MOST)
    found = []
    for cure, place in zip(cures, places, strict=True):
        statement = cure.line.statement
        for mine, other in zip(wrong.trace.visits.get(statement, []), noted.given[statement], strict=False):
            if mine.values and len(mine.values) == len(other) and differ(mine.values, other):
                yours, expected = (one[0] if len(one) == 1 else None for one in (mine.values, other))
                rounds = mine.rounds[-1] if mine.rounds else None
                place = place._replace(yours=yours, expected=expected, iteration=rounds)
                break
        found.append(place)
    return found


def place_of(cure: Cure) -> Place:
    """The verdict on a line."""
    line, edit = cure.line, cure.edit
    segment = ast.get_source_segment(line.source.text, line.statement) or ""
    old = segment if segment and "\n" not in segment else ast.unparse(header(line.statement)).split("\n", 1)[0]
    old = "".join(around_lambda(line) or old)
    target: Any = line.statement
    goal = target.targets[0] if isinstance(target, ast.Assign) else getattr(target, "target", None)
    name = ast.unparse(goal) if goal is not None and not isinstance(line.statement, COMPOUND) else ""
    behind = f"behind {'the loop ' if isinstance(line.statement, ast.For) else ''}`{old}` a line is missing:"
    advice = behind if edit.adds else f"instead of `{old}` write:"
    return Place(line.function, line.number, None, name, "wrong", edit.cause, advice, written(cure))


def written(cure: Cure) -> str:
    """The line to write, in the user's own words where only a part of it changes."""
    line, text = cure.line, cure.edit.text
    segment = ast.get_source_segment(line.source.text, line.statement) or ""
    if isinstance(line.statement, ast.Return) and not segment.startswith("return"):  # the value of a lambda
        text = text.removeprefix("return ")
    if (parts := around_lambda(line)) is not None:
        return f"{parts[0]}{in_own_words(text, parts[1], line.source.text)}{parts[2]}"
    small = set(SMALL_NUMBER.findall(segment))
    if len(small) == 1:  # lines may be looked for without it
        text = text.replace("+ 0.0", f"+ {small.pop()}")
    if cure.edit.adds:
        return "\n".join(map(ast.unparse, cure.edit.statements[1:]))
    if (step := retold(line.statement, text)) is not None:
        return step
    value = getattr(line.statement, "value", None)
    if value is not None and segment == ast.get_source_segment(line.source.text, value):  # what a call is handed
        return ast.unparse(ast.parse(text).body[0].value)  # type: ignore[attr-defined]
    if isinstance(line.statement, COMPOUND):
        return text.split("\n", 1)[0]
    return in_own_words(spliced(line, text), segment, line.source.text)


def around_lambda(line: Line) -> tuple[str, str, str] | None:
    """The line of the text in which a lambda stands, apart: what is before its value, this, and what is behind it."""
    body = line.statement
    if not isinstance(body, ast.Return) or not hasattr(body, "of_lambda") or body.lineno != body.end_lineno:
        return None
    whole = line.source.text.split("\n")[body.lineno - 1].encode()
    parts = whole[: body.col_offset], whole[body.col_offset : body.end_col_offset], whole[body.end_col_offset :]
    before, value, behind = [one.decode() for one in parts]
    return before.lstrip(), value, behind.rstrip()


def in_own_words(text: str, segment: str, source: str) -> str:
    """A line to write, of which what stands in the user's line is spelt as there, and powers as in the user's text."""
    tight = "**" in source and " ** " not in source
    with suppress(SyntaxError):
        wanted = ast.dump(ast.parse(text))
        parts = [one for one in ast.walk(ast.parse(segment)) if isinstance(one, ast.expr)]
        pairs = [(ast.unparse(one), ast.get_source_segment(segment, one) or "") for one in parts]
        for plain, own in [*pairs, *([(" ** ", "**")] if tight else [])]:
            other = text.replace(plain, own) if "\n" not in own else text
            with suppress(SyntaxError):
                text = other if ast.dump(ast.parse(other)) == wanted else text
    return text


def spliced(line: Line, text: str) -> str:
    """The user's text with only what changed put in, if it then means the same."""
    segment = ast.get_source_segment(line.source.text, line.statement)
    if segment is None or "\n" in segment:
        return text
    try:
        old, new = ast.parse(segment).body[0], ast.parse(text).body[0]
        if type(old) is not type(new):
            return reassigned(segment, old, new, text)
        pair = differing(old, new)
        if pair is None:
            return text
        was, now = pair
        content = segment.encode()
        put = ast.unparse(now)
        start, end = was.col_offset, was.end_col_offset
        places = [(start, end, put), (start, end, f"({put})")]
        if isinstance(now, ast.Tuple):
            places.insert(0, (start, end, put[1:-1]))
        if content[start - 1 : start] + content[end : end + 1] == b"()":
            places.insert(0, (start - 1, end + 1, put))
        for first, last, candidate in places:
            mixed = (content[:first] + candidate.encode() + content[last:]).decode()
            try:
                if ast.dump(ast.parse(mixed).body[0]) == ast.dump(new):
                    return mixed
            except SyntaxError:
                continue
    except (SyntaxError, UnicodeDecodeError, RecursionError):
        return text
    return text


def reassigned(segment: str, old: ast.stmt, new: ast.stmt, text: str) -> str:
    """`a += v` for `a = v` in the user's own words."""
    if not isinstance(old, ast.Assign) or not isinstance(new, ast.AugAssign):
        return text
    target, value = (ast.get_source_segment(segment, one) for one in (old.targets[0], old.value))
    operator = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}.get(type(new.op))
    mixed = f"{target} {operator} {value}"
    return mixed if ast.dump(ast.parse(mixed).body[0]) == ast.dump(new) else text


def differing(old: ast.AST, new: ast.AST) -> tuple[Any, Any] | None:
    """The smallest expressions in which two trees differ."""
    if type(old) is not type(new):
        return (old, new) if isinstance(old, ast.expr) and isinstance(new, ast.expr) else None
    found: list[tuple[Any, Any]] = []
    for field, before in ast.iter_fields(old):
        after = getattr(new, field)
        pairs = list(zip(before, after, strict=False)) if isinstance(before, list) else [(before, after)]
        if isinstance(before, list) and len(before) != len(after):
            found.append((old, new))
            continue
        for one, other in pairs:
            if isinstance(one, ast.AST) and isinstance(other, ast.AST):
                if ast.dump(one) != ast.dump(other):
                    inner = differing(one, other)
                    found.append(inner if inner is not None else (old, new))
            elif one != other:
                found.append((old, new))
    if len(found) == 1 and isinstance(found[0][0], ast.expr):
        return found[0]
    return (old, new) if isinstance(old, ast.expr) and found else None
