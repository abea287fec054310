"""How well hand-written passes are read and judged: `python -m tests.pairs [--half tuned] [--only WORD]`."""

from __future__ import annotations

import argparse
from collections import Counter
from contextlib import suppress
from itertools import combinations
from time import process_time

from tests.pairs import Mistake, Pair, pairs
from tests.pairs.judged import Judged, judged

from backprop.errors import Problem


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("tuned", "unseen", "held"))
    parser.add_argument("--only", default="", help="a part of the name")
    parser.add_argument("--kinds", default="right,one,two")
    parser.add_argument("--quiet", action="store_true", help="totals only")
    parser.add_argument("--every", type=int, default=1, help="every so many")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs")
    asked = parser.parse_args()
    print(f"seed {asked.seed}")
    chosen = [one for one in pairs(asked.seed) if asked.half in (None, one.half) and asked.only in one.name][
        :: asked.every
    ]
    counts: Counter[str] = Counter()
    times: list[float] = []
    for pair in chosen:
        if "right" in asked.kinds:
            tell_right(pair, counts, times, asked.quiet)
        if "one" in asked.kinds:
            for one in pair.mistakes:
                tell_mistakes(pair, [one], counts, times, asked.quiet)
        two = first_two(pair) if "two" in asked.kinds else []
        if two:
            tell_mistakes(pair, two, counts, times, asked.quiet)
    times.sort()
    print()
    for name, count in sorted(counts.items()):
        print(f"{count:5}  {name}")
    if times:
        slow = f"of ten the slowest {times[-1 - len(times) // 10]:.2f}, the slowest {times[-1]:.2f}"
        print(f"seconds of the processor: median {times[len(times) // 2]:.2f}, {slow}")


def first_two(pair: Pair) -> list[Mistake]:
    """The first two mistakes that can stand together, in two lines; none where there are no such."""
    for some in combinations(pair.mistakes, 2):
        with suppress(AssertionError):  # one stands in the place of the other
            text, lines = pair.planted(*some)
            if len(set(lines)) == 2 and all(one.wrong in text for one in some):
                return list(some)
    return []


def attempt(pair: Pair, text: str, times: list[float]) -> Judged | str:
    started = process_time()
    try:
        found: Judged | str = judged(pair, text)
    except Problem as problem:
        found = f"not read: {problem.message} (line {problem.line})"
    except Exception as error:  # a mistake of ours
        found = f"CRASH {type(error).__name__}: {error}"[:150]
    times.append(process_time() - started)
    return found


def tell_right(pair: Pair, counts: Counter[str], times: list[float], quiet: bool) -> None:
    found = attempt(pair, pair.code, times)
    said = found if isinstance(found, str) else found.verdict
    key = "not read" if isinstance(found, str) else "WRONG" if said == "wrong" else said
    counts[f"right: {key}"] += 1
    if key != "ok" and not quiet:
        print(f"{pair.name}: right, and said to be {said}", "" if isinstance(found, str) else found.remarks)


def tell_mistakes(pair: Pair, mistakes: list, counts: Counter[str], times: list[float], quiet: bool) -> None:
    text, lines = pair.planted(*mistakes)
    what = "one" if len(mistakes) == 1 else "two"
    found = attempt(pair, text, times)
    counts[f"{what}: all"] += 1
    told = []
    if isinstance(found, str):
        told.append(found)
    else:
        if found.verdict != "wrong":
            told.append(f"said to be {found.verdict}")
        blamed = sorted({line for line, _, _ in found.lines})
        if blamed == sorted(set(lines)):
            counts[f"{what}: the right lines and no other"] += 1
        else:
            told.append(f"lines {blamed} for {lines}")
        right = [(cause, write) for line, cause, write in found.lines if line in lines]
        if len(right) == len(mistakes) and all(write is not None for _, write in right):
            counts[f"{what}: with a proven cure"] += 1
        elif not told:
            told.append("without a cure")
        if what == "one" and len(right) == 1:
            if right[0][0] in mistakes[0].causes:
                counts["one: named"] += 1
            else:
                told.append(f"{right[0][0]} for {' '.join(mistakes[0].causes)}")
        if told:
            told += [f"write {write!r}" for _, _, write in found.lines]
            told += [one for one in found.remarks if "random" not in one]
    if told and not quiet:
        print(
            f"{pair.name}: {' and '.join(one.wrong for one in mistakes)}: {'; '.join(told)} [{times[-1]:.1f} s]",
            flush=True,
        )


main()
