"""`python -m tests.campaign --minutes N --seed S --only arrays,…`: random programs against oracles, for some time."""

from __future__ import annotations

import argparse
import random
import re
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from types import ModuleType

from .case import Failure, Outcome, Program, Skipped, command
from .noise import is_decided_by_roundings
from .shrink import minimise

PARTS = ("arrays", "second", "scalars", "ends", "text", "routes", "check", "handwritten", "code")
SECONDS = 5.0  # for one program; one of `code` is compiled and run in five languages
ROUNDED = {  # failures that are none where the last digits of the stages decide
    *(("arrays", kind) for kind in ("value", "gradient", "Jacobian")),
    *(("routes", kind) for kind in ("derive", "expand", "map")),
    *(("code", to) for to in ("python", "numpy", "torch", "c", "javascript")),
    ("handwritten", "right, and WRONG"),
}
SHOWN = 20  # failures of a kind that are told; all are counted


class Tally:
    """What came of one part."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.tried, self.failed, self.skipped = 0, 0, 0
        self.shown: Counter[str] = Counter()
        self.told: set[str] = set()
        self.why: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()  # of a part that counts its programs by kind, too

    def add(self, outcome: Outcome) -> None:
        self.tried += 1
        self.failed += isinstance(outcome, Failure)
        self.skipped += isinstance(outcome, Skipped)
        if isinstance(outcome, Skipped):
            self.why[outcome.why] += 1

    def is_news(self, failure: Failure) -> bool:
        """Whether no failure was told that differs in numbers and names alone."""
        form = re.sub(r"-?\d+(\.\d+)?(e-?\d+)?|\b[a-zA-Z]\b|-?inf", "_", f"{failure.kind} {failure.command}")
        form = re.sub(r"[\[\]_, ]+", "_", form.partition("--set")[0])
        news = form not in self.told and self.shown[failure.kind] < SHOWN
        if news:
            self.told.add(form)
            self.shown[failure.kind] += 1
        return news


class TimeUp(BaseException):
    """No problem of the program's: an oracle took too long. (No Exception, which parts of the campaign catch.)"""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Whatever takes longer is given up."""

    def give_up(*_: object) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def judged(module: ModuleType, program: Program) -> Outcome:
    """What comes of a program; a crash that no part expects is a failure, too: of the program or of the campaign."""
    try:
        with limited(SECONDS):
            outcome: Outcome = module.judge(program)
    except TimeUp:
        return Skipped("time")
    except Exception as error:
        part = module.__name__.rpartition(".")[2]
        place = traceback.extract_tb(error.__traceback__)[-1]
        came = f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"
        return Failure(part, f"crash {type(error).__name__}", command(program), came, "an answer")
    if isinstance(outcome, Failure) and (outcome.route, outcome.kind) in ROUNDED and is_decided_by_roundings(program):
        return Skipped("roundings")
    return outcome


def campaign(part: str, seed: object, enough: Callable[[Tally], bool]) -> Iterator[Failure | Tally]:
    """The failures of a part that are news, smallest form first told; at the end its tally."""
    module: ModuleType = import_module(f".parts.{part}", __package__)
    tally = Tally(part)
    programs: Iterator[Program] = module.attempts(random.Random(f"{seed} {part}"))
    while not enough(tally):
        program = next(programs)
        outcome = judged(module, program)
        tally.add(outcome)
        if hasattr(module, "kind"):
            tally.kinds[module.kind(program, outcome)] += 1
        if isinstance(outcome, Failure) and tally.shown[outcome.kind] < SHOWN:
            smaller = minimise(outcome, program, partial(judged, module), getattr(module, "candidates", None))
            if tally.is_news(smaller):
                yield smaller
    yield tally


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="for all parts together")
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(10**9)))
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    asked = parser.parse_args(words)
    parts = asked.only.split(",")
    unknown = set(parts) - set(PARTS)
    if unknown:
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    warnings.simplefilter("ignore")  # NumPy's and PyTorch's, on numbers that are not finite
    print(f"seed {asked.seed}", flush=True)
    tallies = []
    for part in parts:
        try:
            import_module(f".parts.{part}", __package__)  # ahead of the time that is for programs
            end = time.monotonic() + 60 * asked.minutes / len(parts)
            for found in campaign(part, asked.seed, lambda _, end=end: time.monotonic() > end):  # type: ignore[misc]
                if isinstance(found, Failure):
                    print(found.told(), flush=True)
                else:
                    tallies.append(found)
        except ModuleNotFoundError as missing:
            print(f"{part}: left out, for want of {missing.name}")
    print(f"{'route':<12}{'tried':>8}{'failed':>8}{'skipped':>9}  most often skipped for")
    for tally in tallies:
        why = ", ".join(f"{reason} ({count})" for reason, count in tally.why.most_common(3))
        print(f"{tally.part:<12}{tally.tried:>8}{tally.failed:>8}{tally.skipped:>9}  {why}")
        for kind, count in sorted(tally.kinds.items()):
            print(f"  {count:>18}  {kind}")
    return 1 if any(tally.failed for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
