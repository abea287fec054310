"""Documentation is output: the commands of every page print what stands below them, pictures are real ones, and the
site is built without a warning.

Pages are run in an empty folder with the files that they show (`<!-- file: NAME -->`); `pytest --update` writes them
anew. docs/ARCHITECTURE.md, which changes the program, has a test of its own.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest
import scipy.io.arff

import backprop
from backprop.cli.clicked import commands
from backprop.cli.options import COMMANDS
from backprop.gates import FAMILIES
from backprop.optimize.picture import svg as path_svg
from backprop.show.grid import stages_grid
from backprop.show.reference import library, written
from backprop.show.terminal import console, table
from browser import chromium
from conftest import ROOT, in_process, is_plain, shell

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *(page for page in sorted(DOCS.glob("*.md")) if page.name != "ARCHITECTURE.md")]
IRISES = Path(scipy.io.arff.__path__[0]) / "tests" / "data" / "iris.arff"
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)

PYTHON = re.compile(r"```pycon\n(.*?)```", re.DOTALL)


def run_block(block: str, folder: Path) -> str:
    """A console block with the output of its commands made anew; both streams, as a terminal shows them."""
    made = []
    for command in re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE):
        plain = is_plain(command)
        done = in_process(command, folder, together=True) if plain else shell(f"({command}) 2>&1", folder)
        made.append(f"$ {command}\n{done.stdout}")
    return "".join(made)


def run_python(block: str, scope: dict[str, Any]) -> str:
    """A block of Python's own console with what it shows made anew."""
    made = []
    for example in doctest.DocTestParser().get_examples(block):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(compile(example.source, "<page>", "single"), scope)
        first, *more = example.source.splitlines()
        made += [f">>> {first}\n", *(f"... {line}".rstrip() + "\n" for line in more), shown.getvalue()]
    return "".join(made)


def check_page(page: Path, update: bool, folder: Path) -> None:
    """Its commands, in a folder with the files that it shows, print what stands below them."""
    text = page.read_text()
    for name, content in re.findall(r"<!-- file: (\S+) -->\n```\w*\n(.*?)```", text, re.DOTALL):
        (folder / name).write_text(content)
    made = CONSOLE.sub(lambda block: f"```console\n{run_block(block[1], folder)}```", text)
    scope: dict[str, Any] = {}
    with contextlib.chdir(folder):
        made = PYTHON.sub(lambda block: f"```pycon\n{run_python(block[1], scope)}```", made)
    if update:
        page.write_text(made)
    assert made == page.read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_print_what_it_says(page: Path, update: bool, tmp_path: Path) -> None:
    text = page.read_text()
    if "| jq" in text and shutil.which("jq") is None:
        pytest.skip("the page pipes JSON through jq, which is not installed")
    if IRISES.name in text and not IRISES.exists():
        pytest.skip("this SciPy comes without its table of irises")
    check_page(page, update, tmp_path)


def test_every_command_and_option_is_in_a_page() -> None:
    text = "".join(page.read_text() for page in PAGES)
    for name in COMMANDS:
        command = commands.get_command(click.Context(commands), name)
        assert command is not None
        assert command.help
        assert f"`backprop {name}" in text
        for option in command.params:
            assert option.param_type_name == "argument" or all(f"`{o}" in text for o in option.opts), option.opts


def gates_list() -> str:
    """The gates by family, with their other names, as the README lists them."""
    lines = ["| family | gates |", "| --- | --- |"]
    for family, gates in FAMILIES.items():
        listed = ", ".join(
            f"`{gate.spelling}`" + (f" ({', '.join(f'`{alias}`' for alias in gate.aliases)})" if gate.aliases else "")
            for gate in gates
            if not gate.plumbing
        )
        if listed:
            lines.append(f"| {family} | {listed} |")
    return "\n".join(lines)


def test_the_gates_in_the_manual_are_those_of_the_table(update: bool) -> None:
    page = DOCS / "LANGUAGE.md"
    made = re.sub(
        r"(?s)<!-- gates -->.*<!-- /gates -->",
        lambda _: f"<!-- gates -->\n{gates_list()}\n<!-- /gates -->",
        page.read_text(),
    )
    if update:
        page.write_text(made)
    assert made == page.read_text()


# ── pictures ──


def staged() -> str:
    """The staged example as a terminal shows it."""
    program = (ROOT / "tests" / "golden" / "eval-staged" / "staged.bp").read_text()
    drawn = console(io.StringIO(), colour=True, width=58, record=True)
    drawn.print(table(stages_grid(backprop.evaluate(program, x=3, y=-4)), colour=True))
    return drawn.export_svg(title="backprop eval -f staged.bp --x 3 --y -4", unique_id="eval")


def way() -> str:
    """A path over contours of the value."""
    return path_svg(backprop.minimize("x^2 + 30*y^2", x=3, y=1, rate=0.033, steps=100))[0]


@pytest.mark.parametrize(("name", "made"), [("eval.svg", staged), ("minimize.svg", way)])
def test_a_picture_is_a_real_one(name: str, made: Callable[[], str], update: bool) -> None:
    if update:
        (DOCS / name).write_text(made())
    assert (DOCS / name).read_text() == made()


# ── the site ──


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual, built; any warning, such as a link to nowhere, is a failure."""
    for needed in ("sphinx", "myst_parser", "furo"):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed (the extra docs)")
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", str(DOCS), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    return folder


def test_the_site_has_every_page_command_and_gate(site: Path) -> None:
    made = {str(page.relative_to(site).with_suffix("")) for page in site.rglob("*.html")}
    assert {page.stem for page in DOCS.glob("*.md")} <= made
    assert {f"reference/command-{name}" for name in COMMANDS} <= made
    pages = "".join(page.read_text() for page in site.glob("reference/gates-*.html"))
    for gate in library():
        assert f'id="gate-{gate.name.replace("_", "-")}"' in pages
        assert f'aria-label="{escape(written(gate))}: value and slope"' in pages


def test_a_browser_shows_pages_in_any_width(site: Path) -> None:
    with chromium() as browser:
        for width, scheme in ((400, "dark"), (1200, "light")):
            tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            mistakes: list[str] = []
            tab.on("pageerror", lambda error, mistakes=mistakes: mistakes.append(str(error)))
            for name in ("index", "EVALUATE", "reference/gates-losses", "reference/command-map", "reference/tour"):
                tab.goto((site / f"{name}.html").as_uri())
                sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                assert tab.evaluate(sideways) <= 0, (name, width)
            tab.goto((site / "reference/gates-piecewise.html").as_uri())
            value = tab.evaluate("getComputedStyle(document.querySelector('.gate .value')).stroke")
            assert value == {"light": "rgb(6, 122, 31)", "dark": "rgb(86, 211, 100)"}[scheme]
            assert mistakes == []


def test_links_of_the_readme_lead_somewhere() -> None:
    for link in re.findall(r"\]\((?!http)(.*?)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / link).exists(), link
