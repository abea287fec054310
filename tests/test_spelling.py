"""Options in messages: each as the one who reads it writes it, and in the words of nobody else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import backprop
from backprop.errors import Problem
from backprop.errors.spelling import both, either, in_shell, option, said

SOURCES = Path(backprop.__file__).parent
OPTION = re.compile(r"(?<![\w-])(?<!map )(?<!var\()--[a-z][a-z-]+(?![\w:])|(?<!\w)-o \w+\.")  # and no property of CSS


@pytest.mark.parametrize(
    ("flag", "value", "shell", "python"),
    [
        ("--ties", "split", "--ties split", 'ties="split"'),
        ("--rate", 0.01, "--rate 0.01", "rate=0.01"),
        ("--seed", 1, "--seed 1", "seed=1"),
        ("--wrt", ["W", "b"], "--wrt W,b", 'wrt=["W", "b"]'),
        ("--only-new", True, "--only-new", "only_new=True"),
        ("--upstream", None, "--upstream", "upstream"),
        ("map --to", "csv", "--to csv", 'target_format="csv"'),
        ("-o", "a.svg", "-o a.svg", 'save("a.svg")'),
    ],
)
def test_an_option_is_said_twice(flag: str, value: object, shell: str, python: str) -> None:
    problem = Problem("option", "no", hint=f"with {option(flag, value)}")
    assert (problem.hint, in_shell(problem.hint)) == (f"with {python}", f"with {shell}")
    assert problem.as_json()["hint"] == f"with {shell}"
    again = Problem("option", "no", hint=f"{both(problem.hint)}!")  # a message in another
    assert (again.hint, in_shell(again.hint)) == (f"with {python}!", f"with {shell}!")


def test_what_a_user_wrote_cannot_break_it() -> None:
    assert in_shell(said(f"{either('a', 'b')} \ufdd0x \ufdd2\ufdd1 y\ufdd0")).startswith("a ")


def texts(file: Path) -> list[str]:
    """The texts of a file that may be said: no documentation, and not what stands in option(…) and either(…)."""
    tree = ast.parse(file.read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    data = {id(node) for call in calls if call.func.id in ("option", "either", "qualified") for node in ast.walk(call)}
    data |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in constants if id(node) not in data]


def test_no_message_below_the_command_line_has_an_option_of_its_own() -> None:
    files = [file for file in SOURCES.rglob("*.py") if "cli" not in file.parts and file.name != "spelling.py"]
    found = {f"{file.name}: {text}" for file in files for text in texts(file) if OPTION.search(text)}
    assert found == set()
