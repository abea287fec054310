"""docs/STUDENTS.md and docs/AUTOGRAD.md are output: their commands print what stands below them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from conftest import ROOT
from test_readme import CONSOLE, run_block


@pytest.mark.skipif(shutil.which("jq") is None, reason="a page pipes JSON through jq, which is not installed")
@pytest.mark.parametrize("name", ["STUDENTS.md", "AUTOGRAD.md"])
def test_the_commands_of_a_page_print_what_it_says(name: str, update: bool, tmp_path: Path) -> None:
    page = ROOT / "docs" / name
    text = page.read_text()
    assert f"docs/{name}" in (ROOT / "README.md").read_text()
    for file, content in re.findall(r"<!-- file: (\S+) -->\n```\w*\n(.*?)```", text, re.DOTALL):
        (tmp_path / file).write_text(content)
    made = CONSOLE.sub(lambda block: f"```console\n{run_block(block[1], tmp_path)}```", text)
    if update:
        page.write_text(made)
    assert made == page.read_text()
