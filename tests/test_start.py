"""What a short run does without is not missed: tables that Rich would draw, modules that are not imported."""

from __future__ import annotations

import copy
import io
import pickle
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop.cli import main
from backprop.show import terminal
from backprop.show.grid import Column, Grid
from backprop.show.theme import STYLES
from test_plain import lines

TABLES = ("eval", "check", "nudge", "gates", "minimize")
CHARACTERS = [
    one for one in map(chr, chain(range(0x250), range(0x2010, 0x2300))) if one.isprintable() and not one.isspace()
]  # fmt: skip
WORD = st.text(st.sampled_from(CHARACTERS), min_size=1, max_size=6)
NUMBER = st.sampled_from(["1", "-2.5", "", "1e-05", "inf", "10000", "[1, 2]"])
VERDICT = st.sampled_from(["ok", "ok: all", "WRONG: it is", "KINK", "", "12"])


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    columns = draw(st.lists(st.builds(Column, WORD, st.sampled_from([*STYLES]), st.booleans()), min_size=1, max_size=4))
    texts = [NUMBER if one.numeric else VERDICT if one.role == "verdict" else WORD | st.just("") for one in columns]
    return Grid(columns, draw(st.lists(st.tuples(*texts).map(list), max_size=3)))


@settings(deadline=None, max_examples=50)
@given(grids(), st.booleans())
def test_a_plain_table_is_drawn_as_rich_draws_it(grid: Grid, colour: bool) -> None:
    ours = terminal.drawn(grid, io.StringIO(), colour=colour)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal, "is_plain", lambda grid, stream: False)
        assert terminal.drawn(grid, io.StringIO(), colour=colour) == ours


@pytest.mark.parametrize(("folder", "words"), [one for one in lines() if one[1][0] in TABLES], ids=lambda one: str(one))
def test_tables_are_drawn_the_same_by_both(
    folder: Path, words: list[str], capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    shown = []
    for by_rich in (False, True):
        if by_rich:
            monkeypatch.setattr(terminal, "is_plain", lambda grid, stream: False)
        with pytest.raises(SystemExit):
            main([*words, "--color", "always"])
        shown.append(capfdbinary.readouterr())
    assert shown[0] == shown[1]


def test_what_is_not_plain_is_left_to_rich() -> None:
    def plain(text: str, encoding: str = "utf-8") -> bool:
        stream = io.TextIOWrapper(io.BytesIO(), encoding)
        return terminal.is_plain(Grid([Column("f", "name", False)], [[text]]), stream)

    assert plain("β² · x")
    assert not any([plain("数"), plain("a\nb"), plain("x\u0301"), plain("x", "latin-1")])


def test_a_light_named_tuple_is_like_that_of_typing() -> None:
    from backprop.check.gradients.estimate import Estimate

    one = Estimate(1.0, error=0.5)
    slope, error, step = one
    assert (slope, error, step, one.slope, one.error, one.step) == (1.0, 0.5, 0.0, 1.0, 0.5, 0.0)
    assert repr(one) == "Estimate(slope=1.0, error=0.5, step=0.0)"
    assert one._replace(step=2.0) == (1.0, 0.5, 2.0)
    assert pickle.loads(pickle.dumps(one)) == one == copy.copy(one)
    assert type(copy.copy(one)) is Estimate
    with pytest.raises(TypeError):
        Estimate(1.0)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        one.slope = 2.0  # type: ignore[misc]
