"""Small mistakes in the program's own source, one at a time: which ones does no test notice?

`python tests/mutations.py [COUNT] [SEED] [MODULE]` tries that many (200) in a copy of the repository, in modules whose
path holds MODULE, each against the test files that name the module, and lists those that survive.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "backprop"
ALWAYS = ["test_gates.py", "test_tensors.py"]  # fast, and they come by most of the engine
BY_FOLDER = {
    "check": ["test_check.py", "test_backward_pass.py"],
    "cli": ["test_golden.py"],
    "draw": ["test_draw_layout.py", "test_draw_forms.py"],
    "emit": ["test_code.py", "test_code_numpy.py"],
    "explain": ["test_explain.py"],
    "rows": ["test_rows.py", "test_map.py"],
    "show": ["test_golden.py"],
    "syntax": ["test_syntax.py", "test_mistakes.py"],
}
SECONDS = 120
OPERATORS = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "*"}
COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.Is: "is not",
    ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip


class Mutation(NamedTuple):
    """A place in a file and what stands there instead."""

    path: Path
    line: int
    start: int
    end: int
    new: str

    def text(self) -> str:
        """The file, changed."""
        lines = self.path.read_bytes().splitlines(keepends=True)
        line = lines[self.line - 1]
        lines[self.line - 1] = line[: self.start] + self.new.encode() + line[self.end :]
        return b"".join(lines).decode()

    def told(self) -> str:
        before = self.path.read_text("utf-8").splitlines()[self.line - 1].strip()
        after = self.text().splitlines()[self.line - 1].strip()
        return f"{self.path.relative_to(ROOT)}:{self.line}\n  - {before}\n  + {after}"


def mutations(path: Path) -> Iterator[Mutation]:
    """Every small mistake in a file: operators, comparisons, and/or, constants."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            yield from between(path, node.left, node.right, OPERATORS[type(node.op)])
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
            yield from between(path, node.left, node.comparators[0], COMPARISONS[type(node.ops[0])])
        elif isinstance(node, ast.BoolOp):
            new = "or" if isinstance(node.op, ast.And) else "and"
            yield from between(path, node.values[0], node.values[1], new)
        elif isinstance(node, ast.Constant) and node.lineno == node.end_lineno:
            changed = {True: "False", False: "True"}.get(node.value) if isinstance(node.value, bool) else None
            if type(node.value) in (int, float):
                changed = repr(node.value + 1)
            if changed is not None and node.end_col_offset is not None:
                yield Mutation(path, node.lineno, node.col_offset, node.end_col_offset, changed)


def between(path: Path, left: ast.expr, right: ast.expr, new: str) -> Iterator[Mutation]:
    """Another operator between two operands on one line, where nothing else stands there."""
    if left.end_lineno != right.lineno or left.end_col_offset is None:
        return
    line = path.read_bytes().splitlines()[right.lineno - 1]
    gap = line[left.end_col_offset : right.col_offset]
    operator = gap.strip()
    if operator and b"(" not in gap and b")" not in gap:
        start = left.end_col_offset + gap.index(operator)
        yield Mutation(path, right.lineno, start, start + len(operator), new)


def tests_of(path: Path) -> list[str]:
    """The test files that come by a module: its folder's, and those that import it."""
    relative = path.relative_to(SOURCE)
    name = ".".join(["backprop", *relative.with_suffix("").parts])
    importing = [file.name for file in (ROOT / "tests").glob("test_*.py") if f"from {name} import" in file.read_text()]
    folder = BY_FOLDER.get(relative.parts[0], ALWAYS)
    return [*dict.fromkeys([*folder, *sorted(importing)[:3]])]


def passes(files: list[str], copy: Path) -> bool:
    """Whether test files pass in the copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    try:
        paths = [str(copy / "tests" / file) for file in files]
        done = subprocess.run([*words, *paths], cwd=copy, env=environment, capture_output=True, timeout=SECONDS)
        return done.returncode == 0
    except subprocess.TimeoutExpired:
        return False


def survives(mutation: Mutation, files: list[str], copy: Path) -> bool:
    """Whether the tests pass, the mistake notwithstanding."""
    place = copy / mutation.path.relative_to(ROOT)
    right = place.read_text("utf-8")
    place.write_text(mutation.text(), "utf-8")
    try:
        return passes(files, copy)
    finally:
        place.write_text(right, "utf-8")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = sys.argv[2] if len(sys.argv) > 2 else str(random.randrange(10**6))
    wanted = sys.argv[3] if len(sys.argv) > 3 else ""
    paths = [path for path in sorted(SOURCE.rglob("*.py")) if wanted in str(path.relative_to(SOURCE))]
    everything = [mutation for path in paths for mutation in mutations(path)]
    chosen = random.Random(seed).sample(everything, min(count, len(everything)))
    print(f"seed {seed}: {len(chosen)} of {len(everything)} mutations", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "repository"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", "__pycache__", "build"))
        left, sound = 0, {}
        for mutation in chosen:
            files = tests_of(mutation.path)
            if tuple(files) not in sound:  # a test that fails anyway notices nothing
                sound[tuple(files)] = [file for file in files if passes([file], copy)]
            if survives(mutation, sound[tuple(files)], copy):
                left += 1
                print(f"survives: {mutation.told()}", flush=True)
    print(f"{len(chosen) - left} noticed, {left} survive")


if __name__ == "__main__":
    main()
