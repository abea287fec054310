"""Results in notebooks and in Python: what they show of themselves, and what help, TAB and type checkers see."""

from __future__ import annotations

import ast
import json
import pydoc
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import backprop
from conftest import ROOT, in_process

AT = {"x": -2.0, "y": 5.0, "z": -4.0}


class Cells(HTMLParser):
    """The texts of a table's cells, and whether all tags are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.cells[-1] += data


@pytest.fixture(scope="module")
def result() -> backprop.Evaluation:
    return backprop.evaluate("(x+y)*z", AT)


def test_a_result_displays_as_its_table_with_its_circuit(result: backprop.Evaluation) -> None:
    bundle = result._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert bundle["text/plain"] == str(result)
    assert bundle["text/plain"].startswith("stage  gate    value  gradient\nx")
    table = Cells(bundle["text/html"].partition("<img")[0])
    assert [table.cells[0], table.cells[-4:]] == ["x", ["f", "q1 * z", "-12", "1"]]
    assert ET.fromstring(bundle["image/svg+xml"]).tag.endswith("svg")


def test_notes_are_shown_and_escaped() -> None:
    html = backprop.evaluate("where(x < y, x/0, y)", x=1, y=2)._repr_mimebundle_()["text/html"]
    assert "<p>note: " in html
    assert "x &lt; y" in html


def test_a_large_circuit_is_a_table_alone() -> None:
    text = "; ".join(f"a{i} = x*{i}.5 + a{i - 1}" if i else "a0 = x" for i in range(120))
    assert set(backprop.evaluate(text, x=1)._repr_mimebundle_()) == {"text/plain", "text/html"}


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("svg", "<svg"), ("html", "<!doctype html>"), ("dot", "digraph"), ("mermaid", "flowchart"), ("tikz", "\\"),
        ("wires", ""), ("lanes", ""),
    ],
)  # fmt: skip
def test_draw_in_every_form(result: backprop.Evaluation, form: Any, begins: str) -> None:
    drawn = result.draw(form)
    assert drawn.lstrip("% ").lower().startswith(begins) or begins in drawn.lower()[:400]
    kinds = set(drawn._repr_mimebundle_())
    assert kinds == {"text/plain", *({"svg": ["image/svg+xml"], "html": ["text/html"]}.get(form, []))}


def test_draw_saves_and_knows_its_options(result: backprop.Evaluation, tmp_path: Path) -> None:
    result.draw(theme="dark", values=False, fold=True).save(str(tmp_path / "a.svg"))
    assert ET.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")
    for wrong in ({"form": "gif"}, {"theme": "pink"}):
        with pytest.raises(backprop.Problem, match="not"):
            result.draw(**wrong)  # type: ignore[arg-type]


def test_explain_is_text_and_markdown(result: backprop.Evaluation) -> None:
    told = result.explain("z", brief=True)
    assert told.startswith("backward 1. f = q1 * z has gradient 1.")
    assert repr(told) == str(told)
    assert told._repr_mimebundle_()["text/markdown"].startswith("### Backward")
    with pytest.raises(backprop.Problem, match="no variable w"):
        result.explain("w")


def test_check_is_a_table_and_a_verdict(result: backprop.Evaluation) -> None:
    found = result.check(stages=True)
    assert (found.verdict, found.ok) == ("ok", True)
    assert [one.name for one in found.comparisons] == ["x", "y", "z", "q1", "f"]
    assert repr(found).startswith("variable  gradient")
    assert "color:#1f883d" in found._repr_mimebundle_()["text/html"]


def test_a_pass_and_numbers_of_ones_own_are_judged(result: backprop.Evaluation) -> None:
    right = result.judge("dq1 = z\ndx = dq1\ndy = dq1\ndz = x + y")
    assert (right.verdict, right.ok, [line.name for line in right.lines]) == ("ok", True, ["dq1", "dx", "dy", "dz"])
    assert result.judge("dq1 = z\ndx = dq1").missing == ["y", "z"]
    claims = result.judge(dx=-4, dz="-3")
    assert [line.cause for line in claims.lines] == [None, "sign"]
    assert "<table" in claims._repr_mimebundle_()["text/html"]
    assert result.judge(dx="-4.00001").verdict == "wrong"
    with pytest.raises(backprop.Problem, match="judge takes a backward pass, or claims"):
        result.judge()


def square_forward(x: Any) -> Any:
    return x * x, x


def square_backward(dout: Any, cache: Any) -> Any:
    return cache * dout


def test_code_of_ones_own_is_judged(tmp_path: Path) -> None:
    found = backprop.judge(square_forward, square_backward, x=[1.0, 2.0, 3.0])
    assert (found.verdict, [line.write for line in found.passes[0].lines]) == ("wrong", ["return 2 * (cache * dout)"])
    assert "instead of `return cache * dout` write:" in repr(found)
    text = "def f_forward(x):\n    return x**3, x\n\ndef f_backward(dout, x):\n    return 3*x**2*dout\n"
    (tmp_path / "f.py").write_text(text)
    assert backprop.judge(text, x=2.0).ok
    assert backprop.judge(tmp_path / "f.py", x=2.0, upstream=5.0).ok
    with pytest.raises(backprop.Problem, match="f_forward takes x, which is not given"):
        backprop.judge(text)
    with pytest.raises(backprop.Problem, match="there is no pair"):
        backprop.judge("y = 1")


def test_random_points_and_the_cause_of_a_nan(result: backprop.Evaluation) -> None:
    assert len(result.check(random=2, seed=1).comparisons) == 9
    assert "x is 0" in backprop.evaluate("y/x", x=0, y=1).why_nan()


def test_nudge_and_code_do_what_the_commands_do(result: backprop.Evaluation) -> None:
    assert result.nudge(x=0.5).actual == -2.0
    scope: dict[str, Any] = {"__name__": "program"}
    exec(result.code(), scope)
    assert scope["backprop"](-2.0, 5.0, -4.0) == (-12.0, {"x": -4.0, "y": -4.0, "z": 3.0})
    assert "np." in backprop.compile("exp(x)").code("numpy")
    assert "for" in backprop.evaluate("sum(x)*y", x=[1, 2], y=2.0).code("torch")
    with pytest.raises(backprop.Problem, match="not in 'rust'"):
        result.code("rust")  # type: ignore[arg-type]


def test_a_problem_shows_caret_and_hint() -> None:
    with pytest.raises(backprop.Problem) as caught:
        backprop.evaluate("sqrtt(x)", x=1)
    text = "there is no function sqrtt\nsqrtt(x)\n^^^^^\nhint: did you mean sqrt?"
    assert str(caught.value) == text
    assert caught.value._render_traceback_() == [f"backprop.Problem: {text}"]


def test_a_notebook_shows_all_of_it(result: backprop.Evaluation) -> None:
    pytest.importorskip("IPython", reason="IPython is not installed")
    from IPython.core.formatters import DisplayFormatter

    formatter = DisplayFormatter()
    for shown in (result, result.check(), result.draw(), result.explain(), backprop.compile("x")):
        data, _ = formatter.format(shown)
        assert set(data) >= {"text/plain"}
        assert "object at 0x" not in data["text/plain"]


def test_dir_and_help_show_what_there_is() -> None:
    code = "import backprop; backprop.evaluate('x', x=1).check(); print(*dir(backprop))"
    names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in names if name[:2] != "__"} == set(backprop.__all__)  # and no room of the house
    for name in backprop.__all__:
        assert getattr(backprop, name).__doc__
    text = pydoc.plain(pydoc.render_doc(backprop))
    for name in ("evaluate(", "compile(", "draw(", "explain(", "check(", "nudge(", "code("):
        assert name in text
    public = [name for kind in (backprop.Evaluation, backprop.Compiled) for name in dir(kind) if name[0] != "_"]
    assert all(
        pydoc.getdoc(getattr(kind, name))
        for kind in (backprop.Evaluation, backprop.Compiled) for name in public if hasattr(kind, name)
    )  # fmt: skip


USER = ROOT / "tests" / "typed_user.py"


MISUSES = [
    "backprop.evaluate(3)", "backprop.evaluate('x', x=1).draw('gif')", "backprop.evaluate('x', x=1).code('rust')",
    "backprop.compile('x', tie='both')", "backprop.evaluate('x', x=1).values",
    "backprop.compile('x').evaluate(wrt=3)",
    "backprop.evaluate('x', x=1).explain(1)", "backprop.evaluate('x', x=1).check(stage=True)",
    "backprop.evaluate('x', x=1).draw(fold='yes')", "n: int = backprop.compile('x').variables",
    "backprop.map('x', {'x': [1]}, tie='both')", "backprop.map_files('x', 'a.csv')", "backprop.reference(3)",
    "backprop.minimize('x', x=1, method='newtn')", "backprop.evaluate('x', x=1, ties='all')",
    "backprop.evaluate('x', x=1).table('xml')", "backprop.evaluate('x', x=1).draw(theme='blue')",
    "backprop.minimize('x', x=1).save(3)", "backprop.judge('x', seed='a')", "backprop.reference().json('x')",
]  # fmt: skip


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a user's program, and with one that has a mistake in every line but the first."""
    folder = tmp_path_factory.mktemp("programs")
    shutil.copy(USER, folder)
    (folder / "misuse.py").write_text("\n".join(["import backprop", *MISUSES]) + "\n")
    return folder


def only_misuses_are_found(said: str) -> bool:
    """Whether a type checker says something of every misuse, and nothing of the user's program."""
    assert "typed_user" not in said
    assert [misuse for line, misuse in enumerate(MISUSES, 2) if f"misuse.py:{line}:" not in said] == []
    return True


FOR_COMMANDS = {"run", "names", "wrt", "at_random", "chosen", "circuit", "listed", "settled", "point", "has_stage",
                "missing", "variables_given", "count", "index", "steps", "value", "moved"}  # fmt: skip


def test_a_users_program_uses_the_whole_library() -> None:
    used = {node.attr for node in ast.walk(ast.parse(USER.read_text())) if isinstance(node, ast.Attribute)}
    public = [getattr(backprop, name) for name in backprop.__all__ if name != "Problem"]
    classes = [one for one in public if isinstance(one, type)]
    known = {*backprop.__all__, *(name for one in classes for name in dir(one) if not name.startswith("_"))}
    assert known - used - FOR_COMMANDS == set()


def test_a_users_program_runs() -> None:
    subprocess.run([sys.executable, USER], check=True, capture_output=True)


def test_mypy_finds_misuses_and_nothing_else(programs: Path) -> None:
    pytest.importorskip("mypy")
    words = ["--strict", "--no-incremental", "--config-file", "/dev/null", "typed_user.py", "misuse.py"]
    words.append("--follow-imports=silent")  # as an installed library is read: its own functions are another lane's
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words], capture_output=True, text=True, check=False, cwd=programs,
        env={"MYPYPATH": str(ROOT / "src"), "PATH": ""},
    )  # fmt: skip
    assert only_misuses_are_found(done.stdout)


@pytest.mark.skipif(shutil.which("pyright") is None, reason="pyright is not installed")
def test_pyright_finds_them_too(programs: Path) -> None:
    settings = {"extraPaths": [str(ROOT / "src")], "typeCheckingMode": "strict"}
    (programs / "pyrightconfig.json").write_text(json.dumps(settings))
    words = ["pyright", "--pythonpath", sys.executable]
    assert only_misuses_are_found(subprocess.run(words, cwd=programs, capture_output=True, text=True).stdout)


# ── what is asked wrongly ──


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="there is no such path")
def test_what_is_saved_goes_behind_what_standard_output_holds(tmp_path: Path) -> None:
    program = "import backprop; backprop.evaluate('x*2', x=3).table().save('/dev/stdout')"
    (tmp_path / "log").write_text("before\n")
    with open(tmp_path / "log", "a") as log:
        subprocess.run([sys.executable, "-c", program], stdout=log, check=True)
    assert (tmp_path / "log").read_text().startswith("before\nstage")


CODE = "def f_forward(x, y):\n    return x*y, (x, y)\ndef f_backward(d, c):\n    x, y = c\n    return d*y, d*x\n"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("evaluate('x*y', [1, 2])", "a point is a mapping"), ("evaluate('x*y', {1: 2}, y=2)", "a point is a mapping"),
        ("evaluate('x', x=1, wrt=3)", "wrt takes names"), ("compile('x').jvp(1, x=1)", "a direction is a mapping"),
        ("compile('x').code('numpy', dtype='float16')", "dtype is one of"),
        ("evaluate('x', x=1).table(digits=0)", "digits is a whole number from 1 to 17"),
        ("evaluate('x', x=1).draw().save('a.jpg')", "what should a.jpg be"),
        ("evaluate('x', x=1).draw().save('no/a.svg')", "cannot write no/a.svg"),
        ("evaluate('x', x=1).check(random=1.5)", "random is a whole number"),
        ("evaluate('x', x=1).judge(5)", "a backward pass is a text"),
        ("evaluate('x', x=1).nudge()", "there is no step"),
        ("evaluate('x', x=1).explain(form='html')", "an explanation is one of"),
        ("evaluate('x*[1, 2]', x=1)", "give upstream=np.ones(2), a vector of 2"), ("reference(5)", "a gate has a name"),
        ("map('x', {'x': [1]}, threads=0)", "threads is a whole number"),
        ("map(5, {'x': [1]})", "a text or a function"),
        ("minimize('x^2', x=1, steps=2.5)", "steps is a whole number"), ("minimize('x^2', x=1, rate='a')", "rate is a"),
        ("minimize('x^2', x=1, bounds={'x': 3})", "the bounds of x are two"),
        ("minimize('x^2', x=1, method='momentum', numbers={'mu': 2})", "mu is a number from 0 up to 1"),
        ("minimize('(x*a)^2', x=1, data={'a': []})", "there are no rows"),
        ("minimize('(x*a)^2', x=1, data={'a': [1]}, batch=0)", "batch is a whole number from 1"),
        ("minimize('x^2', x=1).save('a.txt')", "its suffix says: .json .csv"),
        ("minimize('x^2', bounds={'x': (-inf, inf)})", "give it a start: x=0"),
        ("minimize('x^2', x=1, resume='no.json')", "cannot read no.json"),
        ("minimize('(w*x)^2', data={'x': [1]})", "needs a start, like w=0"),
        ("judge(CODE)", "f_forward takes x, y, which are not given"),
        ("trace('def f(x): return x')", "give it as an argument"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_a_problem(call: str, told: str) -> None:
    with pytest.raises(backprop.Problem) as caught:
        eval(f"backprop.{call}", {"backprop": backprop, "CODE": CODE, "inf": float("inf")})
    assert told in str(caught.value)


def squared(w: float, b: float = 0.5) -> float:
    return (w * 2 - b) ** 2


def chosen(w: float) -> float:
    return w * w if w > 0 else w


def test_a_function_is_a_formula() -> None:
    assert abs(backprop.minimize(squared, w=0.0).parameters["w"] - 0.25) < 1e-6
    assert list(backprop.map(squared, {"w": [1, 2]}, {"b": 1})["df_dw"]) == [4, 12]
    assert backprop.trace(chosen, w=2.0).hessian() == {"w": {"w": 2}}
    for call in (lambda: backprop.minimize(chosen, w=1.0), lambda: backprop.map(chosen, {"w": [1]})):
        with pytest.raises(backprop.Problem, match="chooses by its values"):
            call()


def test_what_a_descent_writes_is_what_the_command_writes(tmp_path: Path) -> None:
    found = backprop.minimize("(x-3)^2 + y^2", x=0, y=1, steps=3)
    for suffix in ("json", "csv", "svg", "html"):
        found.save(tmp_path / f"ours.{suffix}")
    command = "backprop minimize '(x-3)^2 + y^2' --x 0 --y 1 --steps 3 --json -o a.json -o a.csv -o a.svg -o a.html"
    assert found.json() == in_process(command, tmp_path).stdout.rstrip("\n")
    for suffix in ("json", "csv", "svg", "html"):
        assert (tmp_path / f"ours.{suffix}").read_bytes() == (tmp_path / f"a.{suffix}").read_bytes()
    assert backprop.minimize("(x-3)^2 + y^2", x=9, resume=tmp_path / "a.json", steps=0).value == found.value


def test_answers_are_those_of_the_commands(tmp_path: Path) -> None:
    result = backprop.evaluate("max(x, y)*z", x=4, y=2, z=3)
    at = "'max(x, y)*z' --x 4 --y 2 --z 3"
    for command, text in [
        (f"nudge {at} --by y=2.5", f"{result.nudge(y=2.5)}\n"),
        (f"nudge {at} --by y=2.5 --json", result.nudge(y=2.5).json()),
        (f"check {at} --random 2 --json", result.check(random=2).json()),
        (f"check {at} --claim dx=3 --json", result.judge(dx=3).json()),
        (f"explain {at} --json", result.explain(form="json")),
        (f"explain {at} --format latex", result.explain(form="latex")),
        ("gates tanh --json", backprop.reference("tanh").json()),
        ("gates --format csv", backprop.reference().table("csv")),
        (f"check {at} --digits 3", f"{result.check().table(digits=3)}"),
    ]:  # fmt: skip
        assert in_process(f"backprop {command}", tmp_path).stdout.strip() == text.strip(), command


def test_what_an_answer_has_is_not_looked_for_in_vain_in_the_package() -> None:
    with pytest.raises(AttributeError, match=r"it is of an answer: evaluate\(…\)\.nudge\(…\)"):
        _ = backprop.nudge  # type: ignore[attr-defined]
    for name in backprop._ANSWERS:
        assert callable(getattr(backprop.Evaluation, name)), name
