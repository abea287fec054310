"""docs/MINIMIZE.md is output: its commands print what stands below them, and its picture is a real one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import scipy.io.arff

import backprop
from backprop.optimize.picture import svg
from conftest import ROOT
from test_readme import check_page

PAGE = ROOT / "docs" / "MINIMIZE.md"
PICTURE = ROOT / "docs" / "minimize.svg"
IRISES = Path(scipy.io.arff.__path__[0]) / "tests" / "data" / "iris.arff"


@pytest.mark.skipif(shutil.which("jq") is None, reason="the page pipes JSON through jq, which is not installed")
@pytest.mark.skipif(not IRISES.exists(), reason="this SciPy comes without its table of irises")
def test_the_commands_of_the_page_print_what_it_says(update: bool, tmp_path: Path) -> None:
    check_page(PAGE, update, tmp_path)


def test_the_picture_of_the_page_is_a_real_one(update: bool) -> None:
    made, _ = svg(backprop.minimize("x^2 + 30*y^2", x=3, y=1, rate=0.033, steps=100))
    if update:
        PICTURE.write_text(made)
    assert made == PICTURE.read_text()
