"""What several tests share: how the program is run as a user runs it, and the flag that rewrites what is expected."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from types import CodeType
from typing import Any, TypeVar
from unittest import mock
from zlib import crc32

import hypothesis
import pytest

from seeds import ASKED, SEED

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
Check = Callable[..., dict[str, Any]]


def refuse_to_fork() -> None:
    """A fork of this process copies whatever threads earlier tests left locked: JAX warns of it, where it is loaded.

    Which tests came before must not decide: none forks (by `os.fork`, `pty.fork`, `preexec_fn`, a pool of processes
    by "fork"), and what does has failed, here as an error that pytest finds ignored.
    """
    raise AssertionError("a test forked its own process: start a program instead")


os.register_at_fork(before=refuse_to_fork)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ASKED or not terminalreporter.config.getoption("--full"):
        terminalreporter.write_line(f"BACKPROP_SEED={SEED}; the slow sweeps are samples without --full")


# Examples, too, are the same for every run, unless another seed is asked for.
hypothesis.settings.register_profile(  # how long an input takes to make is the machine's
    "one seed", derandomize=not ASKED, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("one seed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the expected outputs; the diff is the review")
    parser.addoption("--full", action="store_true", help="slow sweeps whole, where a sample is usual")
    parser.addoption("--missing", metavar="WORDS", help="a test that is skipped for want of anything else has failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With `--missing`, the tools that cannot be had are known: what is skipped for another reason was not tested."""
    report = yield
    return unless_missing(report, item.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file of tests."""
    report = yield
    return unless_missing(report, collector.config)


Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def unless_missing(report: Report, config: pytest.Config) -> Report:
    """The report of something skipped as one of a failure, where what it lacks is none of the missing tools."""
    missing = config.getoption("--missing")
    if report.skipped and missing is not None and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr)
        if not any(word.lower() in reason.lower() for word in missing.split()):
            report.outcome = "failed"
            report.longrepr = f"skipped, and nothing that it needs is missing: {reason}"
    return report


# What a test calls that starts another program, or takes long to import.
STARTS = frozenset([
    "shell", "in_process", "screen", "subprocess", "Popen", "in_front", "on_terminal", "spawn", "torch", "jax",
    "duckdb",
])  # fmt: skip
# Files whose tests sweep over all gates, search for mistakes in many passes, draw and lay out a lot, or begin with a
# large library.
LONG = frozenset([
    "algebra", "blame", "campaign", "code", "code_jax", "code_latex", "code_markdown", "code_numpy", "code_sql",
    "code_torch", "cure", "draw_layout", "draw_page", "large", "masks_as_index", "minimize_problems", "no_warnings",
    "notebook", "pairs", "programs", "pytorch", "real_code", "rules_of_libraries", "table_readers", "work",
    "written_passes",
])  # fmt: skip


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """In the lane for every change, a file with slow tests alone is not even read."""
    return True if config.option.markexpr == "not slow" and is_long(collection_path) else None


def is_long(path: Path) -> bool:
    return path.stem.removeprefix("test_") in LONG


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as slow what starts other programs or takes long: `pytest -m "not slow"` is the lane for every change. Of a
    sweep over thousands of cases some are drawn."""
    if not config.getoption("--full"):
        drawn = [item for item in items if is_drawn(item)]
        config.hook.pytest_deselected(items=[item for item in items if not is_drawn(item)])
        items[:] = drawn
    for item in items:
        if is_long(item.path) or starts_another(item):
            item.add_marker(pytest.mark.slow)


def is_drawn(item: pytest.Item) -> bool:
    """Whether a case is one of those that are run: of `@pytest.mark.sampled(3)` every third, by the seed of all."""
    mark = item.get_closest_marker("sampled")
    return mark is None or crc32(f"{SEED} {item.name}".encode()) % mark.args[0] == 0


def starts_another(item: pytest.Item) -> bool:
    """Whether a test, one of its fixtures, or what they call in the tests' own modules starts another program."""
    assert isinstance(item, pytest.Function)
    fixtures = [made.func for name in item.fixturenames for made in item._fixtureinfo.name2fixturedefs.get(name, ())]
    pending: list[object] = [item.function, *(one for one in fixtures if one.__module__ != "conftest")]
    seen: list[object] = []
    while pending:
        function = pending.pop()
        code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
        if function in seen or code is None:
            continue
        seen.append(function)
        names = names_in(code)
        if names & STARTS:
            return True
        around = getattr(function, "__globals__", {})
        pending += [around[name] for name in names if getattr(around.get(name), "__module__", "") in LOCAL]
    return False


def names_in(code: CodeType) -> set[str]:
    """The names that a function takes from around it, or imports, those of the functions in it included."""
    imported = code.co_consts if "importorskip" in code.co_names else ()
    return {*code.co_names, *imported}.union(*(names_in(one) for one in code.co_consts if isinstance(one, CodeType)))


LOCAL = frozenset(path.stem for path in Path(__file__).parent.glob("*.py"))


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update"))


def shell(command: str, folder: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a line of shell with the program on the PATH, as a user would, away from the tests' own environment."""
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, input=stdin, capture_output=True, text=True, timeout=60
    )


def is_plain(command: str) -> bool:
    """Whether a line is `backprop` and its words alone, and a shell would have nothing else to do with it."""
    bare = re.sub(r"""'[^']*'|"[^"$`\\!]*\"""", "", command.strip())
    return bare.startswith("backprop ") and not re.search(r"[^\w\s.,:=+@%/^-]|\n", bare)


def in_process(
    command: str, folder: Path, stdin: str | bytes = "", together: bool = False
) -> subprocess.CompletedProcess[str]:
    """What a plain command line, `backprop` and its words, says where no shell and no process of its own is wanted: a
    start takes longer than most answers. Both streams `together` are as a terminal shows them, as the standard output.
    """
    from backprop_cli import main

    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    words = shlex.split(command)
    status: object = 0
    with (
        contextlib.chdir(folder),
        tempfile.TemporaryFile("w+", encoding="utf-8") as given,
        mock.patch.multiple(sys, argv=words, stdin=given, stdout=out, stderr=out if together else err),
        mock.patch("gc.freeze"),  # the end of a command, after which this process goes on
    ):
        given.buffer.write(stdin.encode() if isinstance(stdin, str) else stdin)
        given.seek(0)
        try:
            main()
        except SystemExit as end:
            status = end.code
    said = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(words, int(str(status or 0)), *said)


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def seed() -> int:
    return SEED


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """What `backprop check` says of a file in a folder, in JSON: its judgement or its error."""

    from backprop_cli import main

    def checked(words: str, given: dict[str, Any], files: dict[str, str] | None = None) -> dict[str, Any]:
        for name, text in (files or {}).items():
            path = tmp_path / name
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
