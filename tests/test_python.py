"""Python that is read, never run."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from backprop.errors import Problem
from backprop.library import Compiled
from backprop.python.straight import read_python
from backprop.python.straight.names import Names

LISTING = (Path(__file__).parent / "golden" / "eval-python" / "listing.py").read_text()


def compiled(text: str) -> Compiled:
    return Compiled(text, source="listing.py")


def test_a_listing_of_the_notes_is_a_program_with_its_values() -> None:
    program = compiled(LISTING)
    assert program.program.given == {"x": "3", "y": "-4"}
    found = program.evaluate(x=3, y=-4)
    assert found.value == pytest.approx(1.5456448841066441)
    assert found.gradients["x"] == pytest.approx(2.0595697955721652)
    assert found.gradients["y"] == pytest.approx(1.5922327514838093)


def test_a_name_that_is_set_again_and_again_is_numbered_without_a_search() -> None:
    class Asked(set[str]):
        times = 0

        def __contains__(self, name: object) -> bool:
            self.times += 1
            return super().__contains__(name)

    names = Names("", None, False)
    names.taken = asked = Asked({"y", "y_3"})
    assert [names.fresh("y") for _ in range(100)][:4] == ["y", "y_2", "y_4", "y_5"]
    assert asked.times <= 101


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("def f(a, b):\n    'doc'\n    h = a*b\n    h += 1\n    h *= a\n    return h**2\n", {"a": 0.3, "b": 2.0}),
        ("import numpy as np\ny = np.maximum(0, x) + np.sqrt(x)*abs(-x)\n", {"x": 2.0}),
        ("def sig(z): return 1/(1 + math.exp(-z))\nf = sig(a) * sig(2*a)\n", {"a": 0.4}),
        ("f = a if a > b else -b\n", {"a": 1.0, "b": 2.0}),
        ("from math import exp, pi as p\nf = exp(x) * p\n", {"x": 0.5}),
        ("a, b = x + 1, x*2\nf = a*b - x // 3 + x % 2\n", {"x": 4.5}),
        ("f = (+x) ** -2 - (-x)\n", {"x": 1.5}),
        ("f = -x**2 + 2**-x\n", {"x": 1.5}),
    ],
)
def test_python_means_what_it_means(text: str, at: dict[str, float]) -> None:
    scope = {"math": math, "np": np, **at}
    exec(text, scope)
    expected = scope["f"](**at) if callable(scope.get("f")) else scope["f" if "f" in scope else "y"]
    assert compiled(text).evaluate(at).value == pytest.approx(float(expected), rel=1e-14)


def test_arrays_mean_what_they_mean() -> None:
    text = "import numpy as np\nD = W.dot(X)\ns = np.sum(D, axis=0)\nf = (s * D[0, :]).sum() + X.T[0, 1] + W.mean()\n"
    W, X = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4) / 7
    scope = {"np": np, "W": W, "X": X}
    exec(text, scope)
    assert compiled(text).evaluate(W=W, X=X).value == pytest.approx(float(scope["f"]), rel=1e-13)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("for i in range(3):\n    f = i\n", "a loop cannot be read here", 1),
        ("f = x + open('secret')\n", "there is no function open", 9),
        ("import os\nf = 1\n", "nothing is known of os here", 1),
        ("f = __import__('os').system('true')\n", "there is no function __import__", 5),
        ("f = (lambda z: z)(x)\n", "only a function's name can be called here", 6),
        ("f = x +\n", "this is not Python: invalid syntax", 8),
        ("é = x\nf = np.exq(é)\n", "there is no function exq", 5),
        ("f = [i for i in x]\n", "a comprehension cannot be read here", 5),
        ("f = 'text'\n", "'text' is no number", 5),
        ("x.y = 3\n", "only a plain name can be assigned here", 1),
        ("def f(*a):\n    return 1\n", "a function here has plain parameters, and no decorator", 8),
        ("f = x < y < z\n", "only one comparison at a time can be read: a < b", 5),
        ("def f(x):\n    return x, x\n", "a circuit has one output", 12),
        ("\x00", "this is not Python: source code string cannot contain null bytes", None),
        ("f = " + "(" * 300 + "x" + ")" * 300, "this is not Python: too many nested parentheses", None),
        ("pass\n", "there is nothing to compute in this file", None),
    ],
)
def test_anything_else_is_a_problem_with_its_place(text: str, message: str, column: int | None) -> None:
    with pytest.raises(Problem) as caught:
        compiled(text).evaluate(x=1)
    assert message in caught.value.message
    if column is not None:
        assert caught.value.column == column


def test_nothing_is_run(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    for text in (
        f"f = open({str(victim)!r}, 'w')",
        f"import os\nos.mkdir({str(victim)!r})",
        "exit(3)",
        "f = eval('1')",
    ):
        with pytest.raises(Problem):
            read_python(text)
    assert not victim.exists()


def test_a_text_that_is_nested_beyond_reach_is_refused() -> None:
    """From Python 3.14 on its parser reaches as far."""
    text = "f = " + "-(" * 190 + "x" + ")" * 190 + " + x" * 50_000
    if sys.version_info >= (3, 14):
        assert compiled(text).evaluate(x=1).value == 50_001
        return
    with pytest.raises(Problem, match="nested"):
        compiled(text)


def test_a_thousand_terms_are_read() -> None:
    assert compiled("f = " + " + ".join(["x"] * 1000)).evaluate(x=1.0).value == 1000


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("x.max(1)", 4.0),
        ("np.max(x, 1)", 4.0),
        ("np.amin(x, -1)", -4.0),
        ("np.max(x, 1, keepdims=True)", 4.0),
        ("np.maximum(x, 1)", 8.0),
        ("x.max(axis=0)", 5.0),
    ],
)
def test_a_whole_number_behind_an_array_is_the_axis(line: str, value: float) -> None:
    compiled = Compiled(f"import numpy as np\nL = np.sum({line})\n", source="m.py")
    assert compiled.evaluate(x=[[1, 2, -3], [0.5, -1, 2]]).value == value
