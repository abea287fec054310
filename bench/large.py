"""Tables that no memory holds: CPU seconds and memory at its peak, beside a tenth of each and beside Polars by hand.

    python bench/large.py [--gigabytes 5] [--forms csv,parquet] [--folder DIR]

The folder needs room for four times as much. What is large is written once, in pieces, and removed at the end.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from machine import machine
from rows import BY_HAND, FORMULAS

PIECE = 1_000_000  # rows that are made at a time
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


def measured(command: list[str]) -> tuple[float, float]:
    """CPU seconds of a process, and its memory at its peak in megabytes."""
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def compared(form: str, gigabytes: float, folder: Path) -> str:
    """A line of the table: ours, and Polars by hand."""
    source, target = folder / f"t.{form}", folder / f"out.{form}"
    rows = round(gigabytes * 1e9 / WIDTH[form])
    measured([sys.executable, __file__, "--make", str(source), str(rows)])  # a process begins with its parent's peak
    size = source.stat().st_size
    ours = [str(Path(sys.executable).parent / "backprop"), "map", FORMULAS["staged"], str(source), "-o", str(target)]
    cells = []
    for command in ([*ours, "--quiet"], [sys.executable, "-c", BY_HAND, str(source), str(target)]):
        seconds, peak = measured(command)
        cells.append((seconds, peak))
        target.unlink()
    source.unlink()
    (mine, held), (theirs, theirs_held) = cells
    ratio = f"{mine / theirs:.2f} | {size / mine / 1e6:.0f}"
    return (
        f"| {form} | {size / 1e9:.2f} GB | {mine:.1f} | {theirs:.1f} | {ratio} | {held:.0f} MB | {theirs_held:.0f} MB |"
    )


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
    print("| table | read | map, CPU s | Polars | ratio | MB a second | peak of map | of Polars |")
    print(f"|---|{'---:|' * 7}", flush=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for form in options.forms.split(","):
            for part in (0.1, 1.0):
                print(compared(form, options.gigabytes * part, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
