"""Tables that no memory holds: CPU seconds, and memory of the process's own at its peak in the first half of its time
and in the second, beside a tenth of each and beside Polars by hand. Needs Linux.

    python bench/programs/large.py [--gigabytes 5] [--forms csv,parquet] [--folder DIR]

The folder needs room for four times as much. What is large is written once, in pieces, and removed at the end.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from machine import machine
from rows import BY_HAND, FORMULAS

PIECE = 1_000_000  # rows that are made at a time
LOOK = 0.05  # seconds between two looks
WIDTH = {"csv": 46.0, "parquet": 16.5}  # bytes of a row of id, x and y


def pieces(rows: int) -> Iterator[Any]:
    import numpy as np
    import polars as pl

    dice = np.random.default_rng(0)
    for start in range(0, rows, PIECE):
        count = min(PIECE, rows - start)
        columns = {name: dice.normal(size=count) for name in "xy"}
        yield pl.DataFrame({"id": np.arange(start, start + count), **columns})


def make(path: Path, rows: int) -> None:
    """A table of so many rows."""
    import polars as pl
    from polars.io.plugins import register_io_source

    schema = {"id": pl.Int64, "x": pl.Float64, "y": pl.Float64}
    lazy = register_io_source(lambda *_: pieces(rows), schema=schema)
    if path.suffix == ".csv":
        lazy.sink_csv(path)
    else:
        lazy.sink_parquet(path)


class Used(NamedTuple):
    """What a process took: CPU seconds, and megabytes at the peak of the first and of the second half of its time, of
    its own memory alone: what of files and libraries is mapped, the system takes back as it likes."""

    seconds: float
    first: float
    second: float

    @property
    def peak(self) -> str:
        return f"{self.first:.0f}, {self.second:.0f} MB"


def measured(command: list[str]) -> Used:
    """What a process took."""
    process = subprocess.Popen(command)
    held: list[float] = []
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        held.append(own_memory(process.pid))
        time.sleep(LOOK)
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    assert process.returncode == 0, command
    half = len(held) // 2
    return Used(ended[2].ru_utime + ended[2].ru_stime, max(held[:half], default=0.0), max(held[half:], default=0.0))


def own_memory(process: int) -> float:
    """Megabytes that a process has in memory and in no file."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"RssAnon:\s+(\d+)", status)  # none of one that has just ended
    return int(found[1]) / 1024 if found else 0.0


def compared(form: str, gigabytes: float, folder: Path) -> str:
    """A line of the table: ours, and Polars by hand."""
    source, target = folder / f"t.{form}", folder / f"out.{form}"
    rows = round(gigabytes * 1e9 / WIDTH[form])
    measured([sys.executable, __file__, "--make", str(source), str(rows)])
    size = source.stat().st_size
    ours = [str(Path(sys.executable).parent / "backprop"), "map", FORMULAS["staged"], str(source), "-o", str(target)]
    used = []
    for command in ([*ours, "--quiet"], [sys.executable, "-c", BY_HAND, str(source), str(target)]):
        used.append(measured(command))
        target.unlink()
    source.unlink()
    mine, theirs = used
    ratio = f"{mine.seconds / theirs.seconds:.2f} | {size / mine.seconds / 1e6:.0f}"
    times = f"{mine.seconds:.1f} | {theirs.seconds:.1f}"
    return f"| {form} | {size / 1e9:.2f} GB | {times} | {ratio} | {mine.peak} | {theirs.peak} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--forms", default="csv,parquet")
    parser.add_argument("--folder", help="where the tables are made")
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(Path(options.make[0]), int(options.make[1]))
        return
    print(machine() + "\n")
    print("| table | read | map, CPU s | Polars | ratio | MB a second | map, own memory | Polars |")
    print(f"|---|{'---:|' * 7}", flush=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for form in options.forms.split(","):
            for part in (0.1, 1.0):
                print(compared(form, options.gigabytes * part, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
