"""docs/tour.ipynb: its cells are run, what they show is what it holds, and a browser shows it.

`pytest --update` writes the outputs anew. Cells are run as a notebook runs them: the last expression is displayed.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

import backprop
from browser import chromium
from conftest import ROOT

TOUR = ROOT / "docs" / "tour.ipynb"


def outputs(source: str, scope: dict[str, Any]) -> list[dict[str, Any]]:
    """What a cell shows, as a notebook's file has it."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, "<cell>", "exec"), scope)
            value = None if last is None else eval(compile(ast.Expression(last.value), "<cell>", "eval"), scope)
    except backprop.Problem as problem:
        told = problem._render_traceback_()
        return [{"output_type": "error", "ename": "Problem", "evalue": str(problem), "traceback": told}]
    found: list[dict[str, Any]] = []
    if printed.getvalue():
        found.append({"output_type": "stream", "name": "stdout", "text": printed.getvalue()})
    if value is not None:
        bundle = getattr(value, "_repr_mimebundle_", lambda: {"text/plain": repr(value)})()
        found.append({"output_type": "display_data", "metadata": {}, "data": bundle})
    return found


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    """The cells of the notebook, run."""
    scope: dict[str, Any] = {}
    made = []
    for cell in json.loads(TOUR.read_text())["cells"]:
        if cell["cell_type"] == "code":
            cell = {**cell, "outputs": outputs("".join(cell["source"]), scope)}
        made.append(cell)
    return made


def test_the_notebook_holds_what_its_cells_show(cells: list[dict[str, Any]], update: bool) -> None:
    book = json.loads(TOUR.read_text())
    if update:
        TOUR.write_text(json.dumps({**book, "cells": cells}, indent=1, ensure_ascii=False) + "\n")
    assert json.loads(TOUR.read_text())["cells"] == cells


def test_the_tour_shows_all_that_a_result_can(cells: list[dict[str, Any]]) -> None:
    text = "".join("".join(cell["source"]) for cell in cells)
    for word in ("evaluate(", "compile(", ".draw(", ".explain(", ".check(", ".nudge(", ".code(", "Problem"):
        assert word in text
    kinds = {kind for cell in cells for output in cell.get("outputs", []) for kind in output.get("data", {})}
    assert kinds == {"text/plain", "text/html", "text/markdown", "image/svg+xml"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it(cells: list[dict[str, Any]], scheme: str, tmp_path: Path) -> None:
    shown = [
        output["data"].get("text/html") or output["data"].get("image/svg+xml") or ""
        for cell in cells for output in cell.get("outputs", []) if "data" in output
    ]  # fmt: skip
    ground = {"light": "#fff; color:#111", "dark": "#111; color:#eee"}[scheme]
    body = "".join(f"<div class='output'>{html}</div>" for html in shown if html)
    path = tmp_path / "tour.html"
    path.write_text(f"<!doctype html><meta charset='utf-8'><body style='background:{ground}'>{body}</body>")
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 900, "height": 700})
        mistakes: list[str] = []
        tab.on("pageerror", lambda error: mistakes.append(str(error)))
        tab.goto(path.as_uri())
        for kind in ("svg", "img", "table"):
            boxes = [one.bounding_box() for one in tab.query_selector_all(f".output > {kind}")]
            assert boxes
            assert all(box and 20 < box["width"] <= 900 and box["height"] > 20 for box in boxes)
        assert mistakes == []
