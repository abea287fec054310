"""Documentation is output: the commands in README.md print what stands below them, and the picture is a real one."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest

import backprop
from backprop.gates import FAMILIES
from backprop.show.grid import stages_grid
from backprop.show.terminal import console, table
from conftest import ROOT, shell

README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "eval.svg"
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def run_block(block: str, folder: Path) -> str:
    """A console block with the output of its commands made anew; both streams, as a terminal shows them."""
    made = []
    for command in re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE):
        done = shell(f"({command}) 2>&1", folder)
        made.append(f"$ {command}\n{done.stdout}")
    return "".join(made)


def check_page(page: Path, update: bool, folder: Path) -> None:
    """Its commands, in a folder with the files that it shows, print what stands below them."""
    text = page.read_text()
    for name, content in re.findall(r"<!-- file: (\S+) -->\n```\w*\n(.*?)```", text, re.DOTALL):
        (folder / name).write_text(content)
    made = CONSOLE.sub(lambda block: f"```console\n{run_block(block[1], folder)}```", text)
    if update:
        page.write_text(made)
    assert made == page.read_text()


def gates_list() -> str:
    """The gates by family, with their other names, as the README lists them."""
    lines = ["| family | gates |", "| --- | --- |"]
    for family, gates in FAMILIES.items():
        listed = ", ".join(
            f"`{gate.spelling}`" + (f" ({', '.join(f'`{alias}`' for alias in gate.aliases)})" if gate.aliases else "")
            for gate in gates
            if not gate.plumbing
        )
        if listed:
            lines.append(f"| {family} | {listed} |")
    return "\n".join(lines)


def test_the_gates_in_the_readme_are_those_of_the_table(update: bool) -> None:
    made = re.sub(
        r"(?s)<!-- gates -->.*<!-- /gates -->",
        lambda _: f"<!-- gates -->\n{gates_list()}\n<!-- /gates -->",
        README.read_text(),
    )
    if update:
        README.write_text(made)
    assert made == README.read_text()


@pytest.mark.skipif(shutil.which("jq") is None, reason="the README pipes JSON through jq, which is not installed")
def test_the_commands_in_the_readme_print_what_it_says(update: bool, tmp_path: Path) -> None:
    check_page(README, update, tmp_path)


def picture() -> str:
    """The staged example as a terminal shows it, as SVG."""
    staged = (ROOT / "tests" / "golden" / "eval-staged" / "staged.bp").read_text()
    grid = stages_grid(backprop.evaluate(staged, x=3, y=-4))
    drawn = console(io.StringIO(), colour=True, width=58, record=True)
    drawn.print(table(grid, colour=True))
    return drawn.export_svg(title="backprop eval -f staged.bp --x 3 --y -4", unique_id="eval")


def test_the_picture_in_the_readme_is_a_real_one(update: bool) -> None:
    if update:
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_text(picture())
    assert PICTURE.read_text() == picture()


def test_every_command_and_option_is_in_the_readme() -> None:
    from backprop.cli.clicked import commands
    from backprop.cli.options import COMMANDS

    text = README.read_text()
    for name in COMMANDS:
        command = commands.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert f"`backprop {name}" in text
        assert command.help
        for option in command.params:
            assert option.param_type_name == "argument" or all(f"`{o}" in text for o in option.opts), option.opts
