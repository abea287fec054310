"""What several tests share: how the program is run as a user runs it, and the flag that rewrites what is expected."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the expected outputs; the diff is the review")


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
