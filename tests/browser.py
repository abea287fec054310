"""Real tools for the tests of pictures: a browser without a window, and packages of npm. Where they are missing, the
test is skipped and says so."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# What keeps Chromium from looking for its maker's servers; and root has no sandbox.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def npm(package: str, file: str, folder: Path) -> Path:
    """A file of a package from npm, which is installed into a folder on first use."""
    path = folder / "node_modules" / package / file
    if not path.exists():
        if shutil.which("npm") is None:
            pytest.skip(f"there is no npm to get {package} with")
        try:
            done = subprocess.run(
                ["npm", "install", "--silent", "--no-save", "--ignore-scripts", "--prefix", str(folder), package],
                capture_output=True, text=True, timeout=180,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not bring {package} in time")
        if not path.exists():
            pytest.skip(f"npm cannot bring {package}: {done.stderr.strip()[:200]}")
    return path
