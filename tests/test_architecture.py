"""docs/ARCHITECTURE.md: what it adds is added to a copy of the tree, and its commands print what stands below them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

PAGE = ROOT / "docs" / "ARCHITECTURE.md"
PART = re.compile(
    r"<!-- (?P<what>file|add|replace): (?P<path>\S+)(?: after: (?P<after>.*?))? -->\n```python\n(?P<text>.*?)```"
    r"|```console\n(?P<commands>.*?)```",
    re.DOTALL,
)
SMALL = re.compile(
    r"\b\de-1\d\b|(?<=\d\.\d{12})\d+"
)  # what is not the same on every processor: errors, and last digits


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources, with every addition of the page."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for part in PART.finditer(PAGE.read_text(encoding="utf-8")):
        if part["what"]:
            change(folder / part["path"], part)
    return folder


def change(path: Path, part: re.Match[str]) -> None:
    """Make one addition; what it stands behind, or in place of, must be there once."""
    if part["what"] == "file":
        path.write_text(part["text"], encoding="utf-8")
        return
    source = path.read_text(encoding="utf-8")
    old = part["after"] + "\n" if part["what"] == "add" else part["text"].split("\n")[0]
    new = old + part["text"] if part["what"] == "add" else part["text"].partition("\n")[2].rstrip("\n")
    assert source.count(old) == 1, (path, old)
    path.write_text(source.replace(old, new), encoding="utf-8")


def run(copy: Path, command: str) -> str:
    """What a command prints with the copy in place of the program."""
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "COLUMNS": "100"}
    script = f'backprop() {{ "{sys.executable}" -m backprop "$@"; }}\n{command}'
    done = subprocess.run(
        ["bash", "-c", script], env=environment, cwd=copy, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_each_addition_does_what_the_page_says(copy: Path, update: bool) -> None:
    text = PAGE.read_text(encoding="utf-8")

    def block(part: re.Match[str]) -> str:
        if part["commands"] is None:
            return part[0]
        commands = re.findall(r"^\$ (.*)$", part["commands"], re.MULTILINE)
        return "```console\n" + "".join(f"$ {command}\n{run(copy, command)}" for command in commands) + "```"

    made = PART.sub(block, text)
    if update:
        PAGE.write_text(made, encoding="utf-8")
    assert SMALL.sub("", made) == SMALL.sub("", text) or update


def test_the_engine_of_the_page_gives_the_gradients_of_the_course() -> None:
    source = re.findall(r"```python\n(from backprop.circuit.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'x': -4.0, 'y': -4.0, 'z': 3.0}"


def test_a_gate_is_one_file_and_a_gate_on_arrays_two() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for title, most in (("Add a gate on numbers", 1), ("Add a gate on arrays", 2)):
        part = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
        assert len(set(re.findall(r"<!-- \w+: (\S+)", part))) == most
