"""Tables from wherever they come: `map` by each of its routes, beside Polars by hand and beside itself.

    python bench/programs/routes.py [--quick]

CPU seconds of processes, medians of paired runs: JSON lines against Polars with derivatives by hand; CSV from a pipe,
with --errors skip and with --sum against `-o FILE`; 2,000 small parts against one file; and rows in memory on two
threads against one, by wall time.
"""

from __future__ import annotations

import importlib.util
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from machine import Figure, print_figures
from rows import BY_HAND, FORMULAS, backprop_kernel, columns_of, names_of, seconds

OURS = str(Path(sys.executable).parent / "backprop")
JSON_BY_HAND = BY_HAND.replace("pl.scan_csv(source) if source.endswith(\"csv\") else pl.scan_parquet(source)",
    "pl.scan_ndjson(source)").replace(
    "rows.sink_csv(target) if target.endswith(\"csv\") else rows.sink_parquet(target)", "rows.sink_ndjson(target)"
).replace('"id", ', "")  # fmt: skip
ROUTES = {
    "CSV from a pipe": "cat t.csv | {map} --from csv --to csv > out.csv",
    "CSV with `--errors skip`": "{map} t.csv --errors skip -o out.csv",
    "CSV with `--sum`": "{map} t.csv --sum > out.csv",
}


def against(one: list[str], other: list[str], folder: str, rounds: int) -> tuple[float, float, float]:
    """The median ratio of CPU seconds of two commands, and the seconds of both."""
    pairs = [(seconds(one, folder), seconds(other, folder)) for _ in range(rounds)]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return statistics.median(a / b for a, b in pairs), mine, theirs


def files(rows: int, rounds: int) -> Iterator[Figure]:
    """The routes of tables in files and pipes."""
    import numpy as np
    import polars as pl

    formula = FORMULAS["staged"]
    with tempfile.TemporaryDirectory() as folder:
        dice = np.random.default_rng(0)
        frame = pl.DataFrame({"x": dice.normal(size=rows), "y": dice.normal(size=rows)})
        frame.write_csv(Path(folder, "t.csv"))
        frame.write_ndjson(Path(folder, "t.jsonl"))
        ours = [OURS, "map", formula, "t.jsonl", "-o", "ours.jsonl", "--quiet"]
        theirs = [sys.executable, "-c", JSON_BY_HAND, "t.jsonl", "hand.jsonl"]
        ratio, mine, by_hand = against(ours, theirs, folder, rounds)
        beside = f"{mine:.2f} s, Polars {by_hand:.2f} s; {rows:,} rows"
        yield Figure("JSON lines through `map`", ratio, "× Polars by hand", 1.6, beside)
        base = [OURS, "map", formula, "t.csv", "-o", "base.csv", "--quiet"]
        for what, line in ROUTES.items():
            shell = ["sh", "-c", line.format(map=f"'{OURS}' map '{formula}' --quiet")]
            ratio, mine, plain = against(shell, base, folder, rounds)
            yield Figure(what, ratio, "× `-o FILE`", 1.5, f"{mine:.2f} s, {plain:.2f} s; {rows:,} rows")


def parts(count: int, rows: int, rounds: int) -> Iterator[Figure]:
    """A folder of many small parts, against one file of the same rows. No round writes over what another wrote: ext4
    looks at each file that was removed in the last seconds before it makes a new one."""
    import polars as pl

    with tempfile.TemporaryDirectory() as folder:
        every = range(count * rows)
        frame = pl.DataFrame({"x": [row / 7 for row in every], "y": [row % 9 / 3 for row in every]})
        for form in ("csv", "parquet"):
            write = {"csv": pl.DataFrame.write_csv, "parquet": pl.DataFrame.write_parquet}[form]
            Path(folder, form).mkdir()
            write(frame, Path(folder, f"one.{form}"))
            for part in range(count):
                write(frame[part * rows : (part + 1) * rows], Path(folder, form, f"part-{part:04}.{form}"))
            pairs = []
            for turn in range(rounds + 1):
                both = ((form, f"out-{form}-{turn}/"), (f"one.{form}", f"out-{turn}.{form}"))
                lines = [[OURS, "map", "x*sin(y)", source, "-o", target, "--quiet"] for source, target in both]
                pairs.append((seconds(lines[0], folder), seconds(lines[1], folder)))
            pairs.pop(0)  # in the first run modules were compiled
            mine, alone = (statistics.median(column) for column in zip(*pairs, strict=True))
            beside = f"{mine:.2f} s, {alone:.2f} s; {rows:,} rows each"
            ratio = statistics.median(many / one for many, one in pairs)
            yield Figure(f"{count:,} small parts of {form}", ratio, "× one file", 3, beside)


def threads(rows: int, rounds: int) -> Iterator[Figure]:
    """Two threads against one, on rows in memory; beside it, how much of the columns two read and write in a second:
    where that is what memory gives, no thread makes it more."""
    for engine in ("numpy", *(["jit"] if importlib.util.find_spec("llvmlite") else [])):
        for title in ("staged", "100 gates"):
            columns = columns_of(names_of(FORMULAS[title]), rows)
            size = 8 * rows * (2 * len(columns) + 1) / 1e9  # the inputs, their gradients, and the value
            passes = [backprop_kernel(FORMULAS[title], columns, engine, count) for count in (1, 2)]
            best = [math.inf, math.inf]
            for _ in range(rounds + 1):
                for place, once in enumerate(passes):
                    start = time.perf_counter()
                    once()
                    best[place] = min(best[place], time.perf_counter() - start)
            times = f"{best[0] / rows * 1e9:.1f} ns a row and {best[1] / rows * 1e9:.1f}"
            beside = f"{times}; {size / best[1]:.1f} GB/s; {os.cpu_count()} cores"
            yield Figure(f"two threads, {engine}, {title}", best[0] / best[1], "× as fast as one", 1.6, beside, True)


def figures(quick: bool) -> Iterator[Figure]:
    """The lines of tables, for all.py."""
    rows, rounds = (100_000, 3) if quick else (1_000_000, 7)
    if importlib.util.find_spec("polars"):
        yield from files(rows, rounds)
        yield from parts(*((300, 500, 1) if quick else (2000, 500, 3)))
    yield from threads(1_000_000, rounds)


if __name__ == "__main__":
    print_figures(figures, __doc__)
