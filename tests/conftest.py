"""What several tests share: how the program is run as a user runs it, and the flag that rewrites what is expected."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the expected outputs; the diff is the review")
    parser.addoption("--full", action="store_true", help="random circuits by the hundred, where a sample is usual")


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


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def seed() -> int:
    """A fresh seed for every run, in the report of a test that fails; BACKPROP_SEED repeats one."""
    chosen = int(os.environ.get("BACKPROP_SEED") or random.SystemRandom().randrange(1 << 30))
    print(f"BACKPROP_SEED={chosen}")
    return chosen
