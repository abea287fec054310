"""What stopped the reading of code as it stands in public: whole notebooks, other names, other folders."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backprop_cli import main


Check = Callable[..., dict[str, Any]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """What `backprop check` says of a file in a folder, in JSON: its judgement or its error."""

    def checked(words: str, given: dict[str, Any], **files: str) -> dict[str, Any]:
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "inputs.json").write_text(json.dumps(given))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["backprop", "check", "-f", *words.split(), "--vars", "inputs.json", "--json"])
        with contextlib.suppress(SystemExit):
            main()
        said = capsys.readouterr()
        found: dict[str, Any] = json.loads(said.out or said.err)
        return found

    return checked


def notebook(*cells: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})


def test_what_a_notebook_computes_beside_a_pass_is_left_alone(tmp_path: Path, check: Check) -> None:
    """The other cells may compute for long, also into names that are parameters of the pass."""
    (tmp_path / "work.ipynb").write_text(notebook(
        "import numpy as np\nSCALE = 3.0\nTWICE = 2 * SCALE",
        "def slow(n):\n    for i in range(n):\n        pass\n    return n",
        "def scale_forward(x):\n    return x * TWICE, x",
        "def scale_backward(g, cache):\n    return g * TWICE",
        "x = slow(10**9)\nout, cache = scale_forward(x)",
    ))  # fmt: skip
    assert check("work.ipynb", {"x": [1.0, 2.0]})["verdict"] == "ok"
