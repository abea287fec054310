"""What is shipped, and what a plain run imports."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from conftest import ROOT, shell

# What start-up was measured with. Whoever adds one measures it again (bench/programs/startup.py).
OURS = {
    "", ".__init__", ".circuit", ".circuit.circuit", ".circuit.calls", ".circuit.lower", ".circuit.names", ".cli",
    ".cli.answer", ".cli.evaluate",
    ".cli.options", ".cli.output", ".cli.plain", ".cli.question", ".cli.reading", ".cli.shared",
    ".cli.words", ".differentiate", ".differentiate.functions", ".differentiate.rules", ".differentiate.run",
    ".errors", ".errors.light", ".errors.spans", ".errors.spelling",
    ".gates", ".gates.elementwise", ".gates.mixing", ".gates.plumbing",
    ".gates.row", ".gates.writers", ".language", ".grammar", ".grammar.tables",
    ".language.builder", ".language.calls", ".language.inputs", ".language.lexer", ".language.parser",
    ".language.printer", ".language.program", ".language.tables", ".library", ".library.notes", ".library.stages",
    ".library.values", ".numbers", ".numbers.floats", ".numbers.shapes", ".show", ".show.objects", ".show.theme",
}  # fmt: skip
HEAVY = {
    "re",
    "enum",
    "functools",
    "collections",
    "operator",
    "array",
    "types",
    "lark",
    "click",
    "json",
    "typing",
    "contextlib",
    "rich",
    "numpy",
    "scipy",
    "dataclasses",
    "logging",
    "pathlib",
    "difflib",
    "importlib.resources",
}


def imported(command: str) -> set[str]:
    """The modules that a run of the program imports; those that site has imported (of an editable install) count."""
    words = repr(command.split(" "))
    code = (
        f"import sys; sys.argv = {words}; [sys.modules.pop(name, None) for name in {HEAVY | {'ast', 'random'}}]\n"
        "try:\n from backprop.cli import main; main()\nfinally:\n print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return set(done.stderr.split())


def loaded_by(code: str) -> set[str]:
    """The modules that a line of Python prints."""
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_a_plain_run_imports_what_it_needs_and_no_more() -> None:
    bare = loaded_by("import sys; print(*sys.modules)") - HEAVY
    modules = imported("backprop eval (x+y)*z --x -2 --y 5 --z -4 --json") - bare
    assert not modules & HEAVY
    assert {name.removeprefix("backprop") for name in modules if name.split(".")[0] == "backprop"} <= OURS


def test_a_table_in_a_pipe_needs_no_rich() -> None:
    assert not imported("backprop eval x --x 1") & {"lark", "rich", "numpy", "scipy"}


@pytest.mark.parametrize(
    ("command", "without"),
    [
        ("--help", {"click", "backprop.library"}),
        ("eval --help", {"click"}),
        ("eval (x+y", {"click", "re", "typing", "lark"}),
        ("explain x*y --x 1 --y 2", {"click", "re", "typing", "json"}),
        ("check x*y --x 1 --y 2", {"click", "re", "typing", "json", "ast", "random"}),
        ("eval x --x 1 --color always", {"click", "re", "typing", "rich"}),
    ],
)
def test_a_short_run_imports_little(command: str, without: set[str]) -> None:
    assert not imported(f"backprop {command}") & without


def test_importing_the_library_is_light() -> None:
    modules = loaded_by("import backprop, sys; print(*sys.modules)") - loaded_by("import sys; print(*sys.modules)")
    assert not modules & {*HEAVY, "click", "re", "json"}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = shell(f"python -m build --no-isolation --outdir {folder} {ROOT}", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "would be ignored" not in done.stdout + done.stderr  # a folder that pyproject.toml's packages do not name
    return next(folder.glob("*.whl"))


def test_the_wheel_ships_grammar_schemas_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "backprop/py.typed",
        "backprop/grammar/expression.lark",
        "backprop/grammar/tables.py",
        "backprop/draw/fonts/DejaVuSansMono.ttf",
        "backprop/draw/fonts/LICENSE",
        "backprop/draw/fonts/characters.txt",
        "backprop/draw/page.html",
        "backprop/draw/page.css",
        "backprop/draw/page.js",
        "backprop/show/schemas/eval.schema.json",
        "backprop/show/schemas/error.schema.json",
    } <= names
    assert all(name.startswith(("backprop/", "backprop_cli")) for name in names)
    sources = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*.py")}
    assert sources <= names


def test_the_source_distribution_can_be_tested_from(wheel: Path) -> None:
    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("tests", "docs", "bench", "src", ".ci"):
        ours = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
        made = {"__pycache__", ".hypothesis", "reference"}
        assert {str(path) for path in ours if not made & set(path.parts) and ".egg-info" not in str(path)} <= names
    assert {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "MANIFEST.in"} <= names


def test_the_wheel_runs_out_of_a_zip(wheel: Path, tmp_path: Path) -> None:
    code = "from backprop.cli import main; main(['eval', 'x*y', '--x', '2', '--y', '3', '--format', 'plain'])"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = [{str(wheel)!r}, {site()!r}]; {code}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.endswith("f      x * y      6         1\n")


def site() -> str:
    import click

    return str(Path(click.__file__).parent.parent)
