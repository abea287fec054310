"""The house: no two files import each other, and who opens it sees few rooms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from conftest import ROOT

SOURCE = ROOT / "src"
MOST_ROOMS = 20  # with bench/ and grammar/
WANTED_BY_PYTHON = ("py.typed", "__pycache__")


def modules() -> dict[str, Path]:
    """Every module of the package, by its name."""
    found = {}
    for path in (SOURCE / "backprop").rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


IMPORT = re.compile(r"^ *(?:from (backprop[\w.]*) import (\((?:[^)]*)\)|.*)|import (backprop[\w.]*))", re.MULTILINE)


def imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """What of the package a file imports, at its top, inside a function, or for its types alone."""
    for module, names, whole in IMPORT.findall(path.read_text(encoding="utf-8")):
        for name in re.findall(r"(\w+)(?: as \w+)?", names):
            inner = f"{module}.{name}"
            yield inner if inner in known else module
        if whole:
            yield whole


def circles(arrows: dict[str, set[str]]) -> list[str]:
    """The modules that are left once all that import nothing more, and all that nobody imports, are taken away."""
    left = dict(arrows)
    while True:
        wanted = {target for targets in left.values() for target in targets if target in left}
        done = [name for name, targets in left.items() if not targets & left.keys() or name not in wanted]
        if not done:
            return sorted(left)
        for name in done:
            del left[name]


def test_no_two_files_import_each_other() -> None:
    known = modules()
    arrows = {name: {target for target in imported(path, known) if target in known} for name, path in known.items()}
    for name, path in known.items():  # a package's own face may name what is in it
        if path.name == "__init__.py":
            arrows[name] = {target for target in arrows[name] if not target.startswith(f"{name}.")}
    assert circles(arrows) == []


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a"}}) == ["b", "c"]


def test_few_rooms_at_first_glance() -> None:
    rooms = [path.name for path in [*(SOURCE / "backprop").iterdir(), ROOT / "bench", ROOT / "grammar"]]
    rooms = [name for name in rooms if name not in WANTED_BY_PYTHON]
    assert len(rooms) <= MOST_ROOMS, sorted(rooms)
