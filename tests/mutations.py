"""Do the tests notice? Small mistakes planted in src, one at a time, each tried against the tests that run its line.

    pip install coverage
    python -m tests.mutations --number 200 --seed 1

First the fast lane is run once to see which test runs which line. Then, on a copy of the checkout, each mistake is
tried against those that run it. What is printed last are the survivors: mistakes that none of them noticed. Some change
nothing that anybody could see (a message, a limit, a shortcut that only saves time); the others want a test. Lines that
only tests in processes of their own run are left out, and counted.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import coverage

ROOT = Path(__file__).parent.parent

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


def swapped(node: ast.AST) -> tuple[ast.AST, str, object] | None:
    """The field of a node to change, and what it becomes; None where this kind of node is left alone."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
        return node, "ops", [COMPARISONS[type(node.ops[0])]()]
    if (
        isinstance(node, ast.BinOp)
        and type(node.op) in OPERATORS
        and not isinstance(node.left, ast.Constant | ast.Name)
    ):
        return node, "op", OPERATORS[type(node.op)]()
    if isinstance(node, ast.BoolOp):
        return node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And()
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value < 100:
        return node, "value", node.value + 1
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        return node, "value", not node.value
    if isinstance(node, ast.If):
        return node, "test", ast.UnaryOp(ast.Not(), node.test)
    return None


def places(path: Path) -> Iterator[int]:
    """The numbers, in order of `ast.walk`, of the nodes of a file that can be changed inside functions."""
    tree = ast.parse(path.read_text())
    inside = {id(node) for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) for node in ast.walk(each)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in inside and swapped(node):
            yield number


def mutated(text: str, number: int) -> tuple[str, range, str]:
    """The text with the node of that number changed, the lines of the node, and the change in words."""
    tree = ast.parse(text)
    node = next(each for count, each in enumerate(ast.walk(tree)) if count == number)
    change = swapped(node)
    assert change is not None
    before = ast.unparse(node).splitlines()[0]
    last = node.test if isinstance(node, ast.If) else node
    lines = range(node.lineno, last.end_lineno + 1)  # type: ignore[attr-defined]
    setattr(*change)
    after = ast.unparse(node).splitlines()[0]
    return ast.unparse(ast.fix_missing_locations(tree)), lines, f"line {lines.start}: {before}  ->  {after}"


def lane(copy: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs the fast lane, `words` before it, and the surroundings in which it imports the copy."""
    command = [sys.executable, *words, "-m", "pytest", "-q", "-p", "no:benchmark", "-m", "not slow"]
    seen = {"PYTHONPATH": str(copy / "src"), "BACKPROP_SEED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return command, {**os.environ, **seen}


def runners(copy: Path) -> tuple[coverage.CoverageData, set[str]]:
    """Which test of the fast lane runs which line of the copy: one run under coverage. And those that fail anyway."""
    (copy / "mutations.cfg").write_text(
        "[run]\ndynamic_context = test_function\nsource = src/backprop\ndata_file = mutations.data\n"
    )
    command, environment = lane(copy, "-m", "coverage", "run", "--rcfile=mutations.cfg")
    done = subprocess.run([*command, "-rfE"], cwd=copy, env=environment, capture_output=True, text=True)
    failing = set(re.findall(r"^(?:FAILED|ERROR) ([\w/.:]+)", done.stdout, re.M))
    data = coverage.CoverageData(str(copy / "mutations.data"))
    data.read()
    return data, failing


def tests_of(data: coverage.CoverageData, path: Path, lines: range) -> list[str]:
    """The tests that run these lines of a file, as pytest calls them."""
    contexts = data.contexts_by_lineno(str(path))
    names = {name.removeprefix("tests.") for line in lines for name in contexts.get(line, ()) if name}
    return sorted(
        f"tests/{file}.py::{test.replace('.', '::')}" for file, test in (name.split(".", 1) for name in names)
    )


def outcome(copy: Path, tests: list[str], seconds: float) -> str:
    """What these tests say of the copy: noticed, SURVIVES, no end within the seconds; or that there is none."""
    if not tests:
        return "not run"
    command, environment = lane(copy)
    try:
        done = subprocess.run([*command, "-x", *tests], cwd=copy, env=environment, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return "no end"  # a loop that never ends would be noticed; a busy machine is no proof of one
    return "SURVIVES" if done.returncode == 0 else "noticed"


def tried(
    copy: Path, data: coverage.CoverageData, failing: set[str], path: Path, number: int, seconds: float
) -> tuple[str, str]:
    """What became of one mistake, planted in the copy and taken out again, and the mistake in words."""
    there = copy / path.relative_to(ROOT)
    text = there.read_text()
    changed, lines, words = mutated(text, number)
    there.write_text(changed)
    try:
        said = outcome(copy, [test for test in tests_of(data, there, lines) if test not in failing], seconds)
    finally:
        there.write_text(text)
    return said, f"{path.relative_to(ROOT)} {words}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--number", type=int, default=200)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    options.add_argument("--only", default="", help="files whose path below src/backprop begins so")
    options.add_argument("--seconds", type=float, default=600, help="the longest that one mistake's tests may take")
    chosen = options.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    source = ROOT / "src" / "backprop"
    everything = [
        (path, number)
        for path in sorted(source.rglob("*.py"))
        if path.relative_to(source).as_posix().startswith(chosen.only) and "prelude" not in path.parts
        for number in places(path)
    ]
    sample = random.Random(chosen.seed).sample(everything, min(chosen.number, len(everything)))
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        left = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", "*.egg-info")
        shutil.copytree(ROOT, copy, ignore=left)
        data, failing = runners(copy)
        print("left out, as they fail without a mistake:", *sorted(failing) or ["none"], flush=True)
        for count, (path, number) in enumerate(sample, 1):
            said, line = tried(copy, data, failing, path, number, chosen.seconds)
            print(f"{count:4} {said:8} {line}", flush=True)
            found.setdefault(said, []).append(line)
    print(", ".join(f"{len(lines)} {said}" for said, lines in found.items()))
    print("\n".join(found.get("SURVIVES", [])))


if __name__ == "__main__":
    main()
