"""What is found hangs on the work that is done, and not on how fast a machine does it, or what else that does."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from tests.pairs import pairs
from tests.pairs.judged import Judged, judged

from backprop.errors import Problem
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.texts.source import part_of
from backprop.python.values import work
from backprop.python.values.meter import Meter, Refusal
from backprop.python.values.scope import Scope

PAIRS = {one.name: one for one in pairs()}
CLOCKS = [time.process_time, time.monotonic, time.perf_counter, time.time, time.thread_time]


def with_clocks(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    """Give every module clocks that go so many times as fast: in their seconds the machine takes as many more."""
    for name, module in [*sys.modules.items()]:
        if name.partition(".")[0] == "backprop":
            for key, value in [*vars(module).items()]:
                for clock in CLOCKS:
                    if value is clock:
                        monkeypatch.setattr(module, key, lambda clock=clock: factor * clock())


@pytest.mark.parametrize(
    ("name", "mistakes", "part"),
    [
        ("cosine of rows by norms", [1], 1.0),  # with less time another line was blamed
        ("multi head split", [0, 1], 0.2),  # where what is left of it decides
        ("ordinal thresholds", [0, 1], 0.1),  # where it is used up
        ("relu by mask", [], 1.0),
    ],
)
def test_the_report_is_the_same_on_a_fast_machine_and_on_a_slow_one(
    name: str, mistakes: list[int], part: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`part` of the usual work is allowed, so that its end is met soon."""
    monkeypatch.setattr(work, "SECOND", round(part * work.SECOND))
    pair = PAIRS[name]
    text, _ = pair.planted(*[pair.mistakes[one] for one in mistakes])
    found: list[tuple[Judged, int]] = []
    for factor in (0.25, 3.0):
        with monkeypatch.context() as patched:
            with_clocks(patched, factor)
            before = work.now()
            found.append((judged(pair, text), work.now() - before))
    first, second = found
    assert repr(first) == repr(second)


def test_a_run_is_ended_by_its_work_at_the_same_place() -> None:
    part, places = part_of("k = 0\nwhile True:\n    k += 1\n", "code.py"), []
    for _ in range(2):
        run = Interpreter(meter := Meter(most=0.01))
        run.source = part.source
        with pytest.raises(Problem, match=r"longer than 0.01 s on a usual machine"):
            run.body(part.tree.body, Scope())
        places.append(meter.steps)
    assert places[0] == places[1] < 20_000
    with pytest.raises(Refusal, match="on a usual machine"):
        Meter(most=0.01).room(1_000_000)


def test_a_run_that_its_work_bounds_is_not_ended_by_a_slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, bounded = Meter(), Meter(most=4.0)
    start = time.monotonic()
    monkeypatch.setattr("backprop.python.values.meter.monotonic", lambda: start + 60)
    bounded.look()
    with pytest.raises(Refusal, match="longer than 20 s"):
        plain.look()


def test_the_clock_counts_what_each_meter_counted_once() -> None:
    before = work.now()
    first = Meter()
    first.step(100)
    assert work.now() - before == work.ALONE + 100 * work.STEP
    first.step(10)
    second = Meter()
    second.room(7)
    assert work.now() - before == 2 * work.ALONE + 110 * work.STEP + 7 * work.ELEMENT
    work.spend(5)
    assert work.now() - before == 2 * work.ALONE + 110 * work.STEP + 7 * work.ELEMENT + 5


def test_each_thread_has_a_clock_of_its_own() -> None:
    before, seen = work.now(), list[int]()

    def other() -> None:
        work.spend(1000)
        seen.append(work.now())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [1000]
    assert work.now() == before


def test_a_machine_that_is_far_too_slow_ends_the_search_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = PAIRS["ordinal thresholds"]
    text, _ = pair.planted(*pair.mistakes[:2])
    with_clocks(monkeypatch, 1e5)
    found = judged(pair, text)
    assert (found.verdict, found.lines) == ("wrong", [])
    assert "the search for the line was ended: it took too long" in found.remarks
