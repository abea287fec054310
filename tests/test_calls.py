"""Calls of the library that do not fit: each is a problem that says what would."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

import backprop

POINT = {"x": 1.0, "y": 2.0}
TABLE = {"x": [1.0], "y": [2.0]}
CIRCUIT: Any = backprop.compile("x*y")
RESULT: Any = CIRCUIT.evaluate(POINT)
LIBRARY: Any = backprop
CODE = "def f(x): return x"


CALLS: list[tuple[Callable[[], object], str, str]] = [
    (lambda: LIBRARY.evaluate("x*y", 1, 2), "at most 2 arguments without a name, and not 3", "as in x=1"),
    (lambda: LIBRARY.evaluate(x=1), "evaluate needs text", "evaluate(text)"),
    (lambda: LIBRARY.evaluate("x*y", POINT, upstrem=1), "no variable upstrem", "did you mean upstream?"),
    (lambda: LIBRARY.compile("x", tie="split"), "compile has no option tie", "did you mean ties?"),
    (lambda: LIBRARY.compile("x", "split"), "at most 1 argument without a name", 'ties="split"'),
    (lambda: CIRCUIT.evaluate(1, 2), "evaluate takes a mapping", "x=…, y=…"),
    (lambda: CIRCUIT.hessian(1, 2), "hessian takes at most 1 argument without a name, and not 2", "as in x=1"),
    (lambda: CIRCUIT.code("c", name=5), "name takes a text, and not 5", ""),
    (lambda: RESULT.draw("svg", "dark"), "draw takes at most 1 argument", 'theme="dark"'),
    (lambda: RESULT.draw(them="dark"), "draw has no option them", "did you mean theme?"),
    (lambda: RESULT.draw().save(5), "path takes a file's name, and not 5", ""),
    (lambda: RESULT.explain(5), "names takes a text, and not 5", ""),
    (lambda: RESULT.check(5), "check takes no argument without a name", "random=5"),
    (lambda: LIBRARY.minimize("(x-3)^2", {"x": 0}, "adam"), "at most 2 arguments", 'method="adam"'),
    (lambda: LIBRARY.minimize("(x-3)^2", x=0, metod="adam"), "no variable metod", "did you mean method?"),
    (lambda: LIBRARY.minimize("(x-3)^2", x=0, resume=5), "resume takes a file's name, and not 5", ""),
    (lambda: LIBRARY.minimize("(x-3)^2", x=0, bounds=5), "bounds takes a mapping of names to values, and not 5", ""),
    (lambda: LIBRARY.minimize("(x-3)^2", x=0, seen=5), "seen takes a function, and not 5", ""),
    (lambda: LIBRARY.map("x*y"), "map needs table", "map(formula, table)"),
    (lambda: LIBRARY.map("x*y", TABLE, wrt=5), "wrt takes names, and not 5", ""),
    (lambda: LIBRARY.map("x*y", TABLE, onlynew=True), "map has no option onlynew", "did you mean only_new?"),
    (lambda: LIBRARY.map_files("x*y", 5, "b.csv"), "sources takes a file's name or files, and not 5", ""),
    (lambda: LIBRARY.trace(CODE, x=1, outputs=5), "outputs takes names, and not 5", ""),
    (lambda: LIBRARY.trace(lambda x: x, x=1), "a lambda has no name", "def f(x)"),
    (lambda: LIBRARY.trace(CODE, x=1, seed="a"), "seed takes a whole number, and not 'a'", ""),
    (lambda: LIBRARY.judge(CODE, x=1, name=5), "name takes a text, and not 5", ""),
]


@pytest.mark.parametrize(("call", "message", "hint"), CALLS)
def test_what_does_not_fit_is_told(call: Callable[[], object], message: str, hint: str) -> None:
    with pytest.raises(backprop.Problem) as caught:
        call()
    assert (message in caught.value.message, hint in caught.value.hint) == (True, True)


def test_a_name_that_is_not_there_is_near_another() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'evalute': did you mean evaluate\?$"):
        LIBRARY.evalute("x")


def test_what_fails_in_a_function_of_the_users_is_theirs() -> None:
    def seen(step: object) -> None:
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        backprop.minimize("(x-3)^2", x=0, seen=seen)


def test_rows_go_through_as_a_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"x": 1}\n{"x": 3}\n')
    out = TextIOWrapper(BytesIO())
    with rows.open() as coming, monkeypatch.context() as patched:
        patched.setattr("sys.stdin", coming)
        patched.setattr("sys.stdout", out)
        assert backprop.map_files("x^2", "-", "-").rows == 2
    assert out.buffer.getvalue().splitlines() == [b'{"x": 1,"f":1.0,"df_dx":2.0}', b'{"x": 3,"f":9.0,"df_dx":6.0}']


def test_a_program_for_any_point_has_the_gradient_on_its_output() -> None:
    scope: dict[str, Any] = {}
    exec(backprop.compile("x*y").code(upstream=3), scope)
    assert scope["backprop"](5.0, 7.0) == (35.0, {"x": 21.0, "y": 15.0})


SHOWN = {"table": RESULT.table, "story": RESULT.explain, "check": RESULT.check().table}
SHOWN["wires"] = partial(RESULT.draw, "wires")


@pytest.mark.parametrize("what", SHOWN)
def test_what_is_shown_is_painted_if_it_is_asked_for(what: str) -> None:
    painted, plain = SHOWN[what](color=True), SHOWN[what](color=False)
    assert ("\x1b[" in painted, "\x1b[" in plain) == (True, False)
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == plain
