"""What a measurement was made on: a line that every table begins with."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
PEERS = [
    "numpy",
    "scipy",
    "polars",
    "orjson",
    "llvmlite",
    "torch",
    "jax",
    "numba",
    "numexpr",
    "autograd",
    "casadi",
    "micrograd",
    "sympy",
]


def machine() -> str:
    """Python, the processor, its cores, what else it is doing, and the versions of the peers that are installed."""
    versions = [f"{name} {version(name)}" for name in PEERS if importlib.util.find_spec(name)]
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        text = Path("/proc/cpuinfo").read_text()
        model = next((line.partition(": ")[2] for line in text.splitlines() if line.startswith("model name")), model)
    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {model}, {os.cpu_count()} cores, load {load:.1f}; {', '.join(versions)}"
    )


def put(lines: list[str]) -> None:
    """Replace the section of the results that has the title of the first line, or add it."""
    text = RESULTS.read_text() if RESULTS.exists() else "# Results\n"
    title = lines[0].partition(":")[0].removeprefix("## ")
    body = "\n".join([lines[0], "", machine(), *lines[1:]]).removeprefix("## ").rstrip()
    parts = [part.rstrip() for part in text.split("\n## ")]
    found = [body if part.startswith(title) else part for part in parts]
    RESULTS.write_text("\n\n## ".join(found if body in found else [*found, body]) + "\n")


class Figure(NamedTuple):
    """A line of the table of all.py: what was measured, in which unit, its bar, and what peers took in the same run."""

    what: str
    value: float
    unit: str
    bar: float
    beside: str = ""
    at_least: bool = False  # the bar is a lower one


def print_figures(figures: Callable[[bool], Iterator[Figure]], about: str | None) -> None:
    """Measure, or with --quick less of everything, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less of everything")
    quick = parser.parse_args().quick
    print(machine() + "\n")
    for one in figures(quick):
        print(f"{one.what:36}{one.value:10.2f} {one.unit:22}{one.beside}")
