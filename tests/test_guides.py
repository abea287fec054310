"""docs/STUDENTS.md and docs/AUTOGRAD.md are output: their commands print what stands below them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conftest import ROOT
from test_readme import check_page


@pytest.mark.skipif(shutil.which("jq") is None, reason="a page pipes JSON through jq, which is not installed")
@pytest.mark.parametrize("name", ["STUDENTS.md", "AUTOGRAD.md"])
def test_the_commands_of_a_page_print_what_it_says(name: str, update: bool, tmp_path: Path) -> None:
    assert f"docs/{name}" in (ROOT / "README.md").read_text()
    check_page(ROOT / "docs" / name, update, tmp_path)
