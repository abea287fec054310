"""Ways in and out that every command line has: help, suffixes, waiting, man pages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from inspect import cleandoc
from pathlib import Path

import click
import pytest
from manual import pages, write

from backprop.cli import main
from backprop.cli.clicked import commands
from backprop.cli.help import continued, first_sentence, options, overview, page, usage
from backprop.cli.options import COMMANDS, SUMMARIES, command_named
from conftest import ROOT, in_process, shell

MAN = ROOT / "docs" / "man"


def test_the_module_is_the_command(tmp_path: Path) -> None:
    done = shell(f"{sys.executable} -m backprop eval x --x 2 --format csv", tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("stage,gate,value,gradient\nx,,2,1\nf,x,2,1\n", "", 0)


def printed(words: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    """What the program prints for some words, all being well."""
    with pytest.raises(SystemExit) as end:
        main(words)
    out, err = capfd.readouterr()
    assert (end.value.code, err) == (0, "")
    return out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_the_same_by_every_way(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    first, *others = [printed(words, capfd) for words in (["help", name], [name, "-h"], [name, "--help"])]
    assert others == [first, first]
    takes_formula = "[EXPRESSION]" in first
    assert ("  --x VALUE  " in first) == takes_formula
    assert "-h, --help" in first


@pytest.mark.parametrize("way", ["help", "-h", "--help"])
def test_the_commands_are_listed_in_whole_sentences(way: str, capfd: pytest.CaptureFixture[str]) -> None:
    text = printed([way], capfd)
    assert "..." not in text.partition("Commands:")[2]
    assert all(f"  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_what_click_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    command = command_named(name)
    assert SUMMARIES[name] == first_sentence(command.help)
    theirs = command_of(f"backprop-{name}")
    ctx = click.Context(theirs, info_name=f"backprop {name}", help_option_names=["-h", "--help"])
    said = [one.get_help_record(ctx) for one in theirs.get_params(ctx) if isinstance(one, click.Option)]
    assert [record for record in said if record] == options(command)
    assert " ".join(theirs.collect_usage_pieces(ctx)) == usage(command)
    formatter = click.HelpFormatter(width=88)
    theirs.format_usage(ctx, formatter)
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(cleandoc(command.help.partition("\b")[0]).strip())
    assert page(command).startswith(formatter.getvalue())
    formatter = click.HelpFormatter(width=88)
    theirs.format_options(ctx, formatter)
    assert page(command).endswith(formatter.getvalue().rstrip("\n"))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_help_fits_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for text in [overview(), *(page(command_named(name)) for name in COMMANDS)]:
        assert max(map(len, text.splitlines())) <= width, text


def test_an_example_goes_on_where_an_option_begins() -> None:
    line = 'backprop eval "a + b" --a -1 --b 2 --json'
    assert continued(line, 60) == [line]
    assert continued(line, 33) == ['backprop eval "a + b" --a -1 \\', "    --b 2 --json"]
    assert continued("a --b c", 4) == ["a \\", "    --b c"]


def test_help_of_what_is_not_there_offers_the_nearest(tmp_path: Path) -> None:
    done = shell("backprop help evl", tmp_path)
    assert (done.stderr, done.returncode) == ("error: there is no command evl\nhint: did you mean eval?\n", 2)


@pytest.mark.parametrize(
    ("command", "known"),
    [
        ("eval x --x 1 -o a.xyz", ".json .csv .md .tex .txt"),
        ("explain x --x 1 -o a.csv", ".json .md .tex .txt"),
        ("check x --x 1 -o a.yaml", ".json .csv .md .tex .txt"),
        ("nudge x --x 1 --by x=1 -o a.md", ".json .txt"),
        ("gates -o a.tex", ".json .csv .md .txt"),
        ("draw x --x 1 -o a.gif", ".svg"),
        ("code x -o a.rs", ".py"),
        ("map x points.jsonl -o a.xls", ".jsonl"),
    ],
)
def test_a_suffix_that_is_not_written_is_an_error(command: str, known: str, tmp_path: Path) -> None:
    (tmp_path / "points.jsonl").write_text('{"x": 1}\n')
    done = shell(f"backprop {command}", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: what should a.")
    assert f"hint: its suffix says: {known}" in done.stderr
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("a.")]


def test_any_name_is_written_where_the_format_is_said_and_without_a_suffix(tmp_path: Path) -> None:
    assert shell("backprop eval x --x 1 -o a.xyz --format csv; backprop eval x --x 1 -o b", tmp_path).returncode == 0
    assert (tmp_path / "a.xyz").read_text().startswith("stage,")
    assert (tmp_path / "b").read_text().startswith("stage ")


@pytest.mark.parametrize(
    ("short", "long"),
    [("code x --to js", "code x --to javascript"), ("draw 3 --as mmd", "draw 3 --as mermaid"),
     ("eval x --x 1 --format md", "eval x --x 1 --format markdown")],
)  # fmt: skip
def test_the_suffix_of_a_form_is_a_short_word_for_it(short: str, long: str, tmp_path: Path) -> None:
    done = shell(f"backprop {short}", tmp_path)
    assert done.returncode == 0
    assert done.stdout == shell(f"backprop {long}", tmp_path).stdout


def test_a_suffix_that_asks_for_more_than_its_form_is_no_word_for_it(tmp_path: Path) -> None:
    assert "and not ts" in shell("backprop code x --to ts", tmp_path).stderr  # TypeScript, which -o a.ts writes


@pytest.mark.parametrize(
    ("word", "says"),
    [("-", "hint: to read one from standard input: -f -"), (".", ". is a folder"), ("./src", "./src is a folder"),
     ("src/", "src/ is a folder"), ("src", "no value for src")],
)  # fmt: skip
def test_what_is_no_expression_is_called_what_it_is(word: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    done = shell(f"backprop eval {word}", tmp_path)
    assert says in done.stderr
    assert done.returncode == 2


@pytest.mark.skipif(shutil.which("script") is None, reason="there is no script(1) to make a terminal")
@pytest.mark.parametrize(
    "command", ["eval -f - --x 1", "eval x --vars -", "eval x --x @-", "map x", "minimize w*x - --w 1"]
)
def test_who_waits_for_the_terminal_says_so(command: str, tmp_path: Path) -> None:
    line = f"(sleep 1; printf '\\004') | script -qec 'backprop {command}' /dev/null"
    assert "this reads standard input, which is the terminal: Ctrl-D ends it" in shell(line, tmp_path).stdout
    assert "standard input, which" not in shell(f"backprop {command} </dev/null 2>&1", tmp_path).stdout


# ── man pages ──


def test_the_man_pages_are_those_of_the_program(update: bool) -> None:
    if update:
        write(MAN)
    made = dict(pages())
    assert {path.name: path.read_text() for path in MAN.glob("*.1")} == made, "pytest --update writes them anew"
    assert set(made) == {"backprop.1", *(f"backprop-{name}.1" for name in COMMANDS)}


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_has_nothing_to_complain_about(tmp_path: Path) -> None:
    for path in MAN.glob("*.1"):
        done = subprocess.run(
            ["man", "--warnings=w", "-l", path], capture_output=True, text=True, check=True,
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "MANWIDTH": "80"},
        )  # fmt: skip
        assert done.stderr == ""
        for param in command_of(path.stem).params:
            assert param.param_type_name == "argument" or all(option in done.stdout for option in param.opts)


def command_of(page: str) -> click.Command:
    """The command of a page's name."""
    name = page.removeprefix("backprop").removeprefix("-")
    found = commands.get_command(click.Context(commands), name) if name else commands
    assert found is not None
    return found


@pytest.mark.parametrize(("formula", "given"), [
    ("x * y", ""), ("sum((x@w)^2)", ""), ("x[0] * y", ""), ("sum(softmax(x, axis=1))", ""), ("mean(s[y == 1])", ""),
    ("norm(A@x - b)", ""), ("sum(conv2d(x, w))", ""), ("a * b * c * sum(d[1:])", ""), ("x @ w", "--x [1,2,3]"),
    ("sum(X@W + b)", "--X ones(4,3)"),
])  # fmt: skip
def test_the_values_that_are_offered_lead_to_an_answer(formula: str, given: str, tmp_path: Path) -> None:
    asked = in_process(f"backprop eval '{formula}' {given}", tmp_path)
    offered = asked.stderr.partition("hint: for example: ")[2]
    assert (asked.returncode, offered[:14]) == (2, "backprop eval ")
    assert in_process(offered, tmp_path).returncode == 0, offered
