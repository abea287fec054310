"""What messages, documentation and .ci/run tell people to install is what installs it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from backprop.errors import DISTRIBUTION, install, lacking
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TEXTS = [
    *(ROOT / "src").rglob("*.py"), *(ROOT / "bench").rglob("*.py"), *(ROOT / "docs").glob("*.md"),
    ROOT / "README.md", ROOT / ".ci" / "run",
]  # fmt: skip
EXTRA = re.compile(r"""(?:install|lacking\(.*?)\s.*?["'][\w.-]*\[([\w,]+)\]""")
CALLED = re.compile(r"""(?:install\("(\w+)"\)|lacking\([^"]*"[^"]*", "[^"]*", "(\w+)")""")


def test_the_distribution_has_a_name_of_its_own() -> None:
    assert PROJECT["name"] == DISTRIBUTION != "backprop"
    assert set(PROJECT["scripts"]) == {"backprop"}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_recommends_the_package_of_somebody_else(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\bbackprop\[|pip install [\"']?backprop\b(?!-cli)", text)
    asked = {extra for found in EXTRA.findall(text) for extra in found.split(",")}
    asked |= {extra for pair in CALLED.findall(text) for extra in pair if extra}
    assert asked <= set(PROJECT["optional-dependencies"])


def test_one_function_says_how_an_extra_is_installed() -> None:
    words = [path for path in (ROOT / "src").rglob("*.py") if 'pip install "' in path.read_text()]
    assert {str(path.relative_to(ROOT / "src")) for path in words} <= {"backprop/errors/__init__.py", "backprop_cli.py"}
    assert install("table") == 'pip install ".[table]"'
    problem = lacking("PNG", "resvg-py", "png", "SVG needs nothing")
    assert problem.message == "PNG needs resvg-py, which is not installed"
    assert problem.hint == 'in the checkout of backprop: pip install ".[png]"; SVG needs nothing'


@pytest.mark.parametrize("theirs", ["import a_module_that_is_not_there", "from os import path"])
def test_another_package_in_its_place_is_named_in_one_line(theirs: str, tmp_path: Path) -> None:
    (tmp_path / "backprop").mkdir()
    (tmp_path / "backprop" / "__init__.py").write_text(theirs)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from backprop_cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: another package named backprop")
    assert done.stderr.count("\n") == 1
