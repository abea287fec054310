"""Do the tests notice? Small mistakes planted in src, one at a time, each tried against the tests of its folder.

    python -m tests.mutations --number 200 --seed 1

Works on a copy of the checkout; what is printed last are the survivors: mistakes that no test noticed. Some change
nothing that anybody could see (a message, a limit, a shortcut that only saves time); the others want a test.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent

# The tests that should notice, by the first part of the path that fits; the golden cases see every command.
TESTS = {
    "check": "test_check test_backward_pass test_verdicts test_handwritten",
    "circuit": "test_syntax test_definitions test_ends test_tensors test_golden",
    "cli": "test_golden test_package",
    "differentiate": "test_second_order test_masks test_algebra test_library test_tensors test_special_points",
    "draw": "test_draw_forms test_draw_layout test_draw_terminal",
    "emit": "test_code test_code_numpy test_code_sql test_code_latex test_code_markdown test_emitted",
    "gates": "test_gates test_special_points test_tensor_points",
    "language": "test_syntax test_mistakes",
    "library": "test_library test_explain test_told_formulas test_causes test_nudge test_tensors",
    "numbers": "test_gates test_special_points test_tensors test_tensor_points test_ends",
    "optimize": "test_minimize",
    "python": "test_python test_python_reader test_handwritten",
    "rows": "test_rows test_rows_vectors test_map test_map_json",
    "show": "test_golden test_reference",
    "": "test_library test_tensors test_special_points test_properties test_golden",
}

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


def mutated(text: str, number: int) -> tuple[str, str]:
    """The text with the node of that number changed, and the change in words."""
    tree = ast.parse(text)
    node = next(each for count, each in enumerate(ast.walk(tree)) if count == number)
    change = swapped(node)
    assert change is not None
    before = ast.unparse(node).splitlines()[0]
    setattr(*change)
    after = ast.unparse(node).splitlines()[0]
    return ast.unparse(ast.fix_missing_locations(tree)), f"line {getattr(node, 'lineno', 0)}: {before}  ->  {after}"


def tests_of(path: Path) -> list[str]:
    """The test files that should notice a mistake in a file of src."""
    inside = path.relative_to(ROOT / "src" / "backprop").as_posix()
    names = next(names for part, names in TESTS.items() if inside.startswith(part))
    return [f"tests/{name}.py" for name in names.split()]


def outcome(copy: Path, tests: list[str], seconds: float) -> str:
    """What the tests of the fast lane say of a copy of the tree: noticed, SURVIVES, or no end within the seconds."""
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "BACKPROP_SEED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", *tests]
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return "no end"  # a loop that no longer ends is noticed by whoever waits; a busy machine is no proof
    return "SURVIVES" if done.returncode == 0 else "noticed"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--number", type=int, default=200)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    options.add_argument("--only", default="", help="files whose path below src/backprop begins so")
    options.add_argument(
        "--seconds", type=float, default=600, help="the longest that the tests of one mistake may take"
    )
    chosen = options.parse_args()
    print(f"seed {chosen.seed}")
    source = ROOT / "src" / "backprop"
    everything = [
        (path, number)
        for path in sorted(source.rglob("*.py"))
        if path.relative_to(source).as_posix().startswith(chosen.only) and "prelude" not in path.parts
        for number in places(path)
    ]
    sample = random.Random(chosen.seed).sample(everything, min(chosen.number, len(everything)))
    survivors: list[str] = []
    endless = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(
            ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", "*.egg-info")
        )
        for count, (path, number) in enumerate(sample, 1):
            there = copy / path.relative_to(ROOT)
            text = there.read_text()
            changed, words = mutated(text, number)
            there.write_text(changed)
            said = outcome(copy, tests_of(path), chosen.seconds)
            there.write_text(text)
            line = f"{path.relative_to(ROOT)} {words}"
            print(f"{count:4} {said:8} {line}", flush=True)
            survivors += [line] * (said == "SURVIVES")
            endless += said == "no end"
    print(f"{len(survivors)} of {len(sample)} survive, {endless} did not end in {chosen.seconds:.0f} s")
    print("\n".join(survivors))


if __name__ == "__main__":
    main()
