"""A folder of 200 parts on Dask and on Spark, with workers that are killed, stopped and short of memory.

    python bench/programs/cluster.py [--engines dask,spark] [--parts 200] [--rows 2000]
    python bench/programs/cluster.py --plan 50 [--cores 32] [--rate 60]

Each cluster is a real one: processes of its own on this machine (Spark's `local-cluster`; needs Java and
`pip install ".[dask,spark,table]"`). Meanwhile a worker is killed, one stands still for some seconds, and one gets less
memory than the work takes (with Spark: an executor and its Python, which get no more than they have; Linux). What comes
out must be byte for byte what this machine alone writes. Spark's own route, `mapInArrow`, must give the same numbers.

`--plan` runs nothing: it tells how long so many gigabytes take, simulated from a rate (megabytes that a core reads in a
second, see bench/RESULTS.md), where one core in ten is four times as slow and one in twenty dies half-way.
"""

from __future__ import annotations

import argparse
import heapq
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FORMULA = "(x+sigmoid(y))/(sigmoid(x)+(x+y)**2)"
BACKPROP = [str(Path(sys.executable).parent / "backprop"), "map", FORMULA]
SPEED = 0.25  # seconds between two looks
STILL = 5.0  # seconds that a process stands still

SCHEDULER = """
import asyncio, sys
from distributed import Client, Nanny, Scheduler
def fill():
    import sys
    sys.filled = bytearray(b"x") * (1 << 30)
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        async with Nanny(scheduler.address, nthreads=1), Nanny(scheduler.address, nthreads=1), \\
                Nanny(scheduler.address, nthreads=1, memory_limit="500MB") as little:
            print(scheduler.address, flush=True)
            async with Client(scheduler.address, asynchronous=True) as client:
                await asyncio.sleep(1)
                await client.run(fill, workers=[little.worker_address], on_error="ignore")
                await scheduler.finished()
if __name__ == "__main__":
    asyncio.run(main())
"""
IN_ARROW = """
import sys
from pyspark.sql import SparkSession
from backprop.rows import arrow_mapper
session = SparkSession.builder.master(sys.argv[1]).config("spark.ui.enabled", "false").getOrCreate()
session.sparkContext.setLogLevel("OFF")
frame = session.read.parquet(sys.argv[2])
add = arrow_mapper(sys.argv[4])
frame.mapInArrow(add, add.schema(frame.schema)).write.parquet(sys.argv[3])
"""


def make(folder: Path, parts: int, rows: int) -> None:
    """Parts of CSV and of Parquet, with the same rows."""
    import polars as pl

    dice = random.Random(3)
    for form in ("csv", "parquet"):
        (folder / form).mkdir(parents=True)
    for part in range(parts):
        columns = {name: [dice.gauss(0, 1) for _ in range(rows)] for name in "xy"}
        frame = pl.DataFrame({"id": range(part * rows, (part + 1) * rows), **columns})
        frame.write_csv(folder / "csv" / f"part-{part:04}.csv")
        frame.write_parquet(folder / "parquet" / f"part-{part:04}.parquet")


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def below(pid: int) -> list[tuple[int, str]]:
    """All processes that one has started, and those that they have: number and command."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    found, known = [], {pid}
    for own, parent, command in sorted(rows, key=lambda row: int(row[0])):
        if int(parent) in known:
            known.add(int(own))
            found.append((int(own), command))
    return found


def starved(process: int) -> None:
    """Let a process have no more memory than it has: what it asks for now, it does not get."""
    import resource

    pages = int(Path(f"/proc/{process}/statm").read_text().split()[0])
    resource.prlimit(process, resource.RLIMIT_AS, (pages * resource.getpagesize(), resource.RLIM_INFINITY))


def stopped(process: int) -> None:
    """Let a process stand still for a while."""
    os.kill(process, signal.SIGSTOP)
    time.sleep(STILL)
    os.kill(process, signal.SIGCONT)


def killed(process: int) -> None:
    """Kill a process, as the system does where memory is short."""
    os.kill(process, signal.SIGKILL)


def disturbed(
    running: subprocess.Popen[bytes], root: int, troubles: list[tuple[str, Callable[[int], None]]], out: Path
) -> list[str]:
    """While a run is going on, make trouble for a process of each kind; what was done to them."""
    done: list[str] = []
    left = list(troubles)
    while running.poll() is None:
        time.sleep(SPEED)
        parts = len(written(out)) if out.is_dir() else 0
        processes = [pid for pid, command in below(root) if left and left[0][0] in command]
        if not (parts and processes and left):
            continue
        kind, trouble = left.pop(0)
        process = processes[-1]  # the one that began last
        trouble(process)
        time.sleep(1 if trouble is not starved else STILL)
        ended = "" if any(process == pid for pid, _ in below(root)) else " and ended"
        done.append(f"{kind} {trouble.__name__}{ended} after {parts} parts")
    return done


@contextmanager
def dask_cluster(log: Path) -> Iterator[tuple[str, int]]:
    """Two workers, and one whose memory is filled after a while, so that it is ended: the address, and whose children
    they are."""
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-c", SCHEDULER], stdout=subprocess.PIPE, stderr=file)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip(), process.pid
    finally:
        process.terminate()
        process.wait()


def run(
    engine: str, source: Path, out: Path, address: str, root: int | None,
    troubles: list[tuple[str, Callable[[int], None]]],
) -> None:  # fmt: skip
    """One run that is disturbed; it must end well."""
    start = time.monotonic()
    command = [*BACKPROP, f"{source}/", "-o", f"{out}/", "--engine", engine, "--scheduler", address, "--verbose"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE)
    done = disturbed(running, root or running.pid, troubles, out)
    assert running.stderr is not None
    said = running.stderr.read().decode().strip().splitlines()
    print(f"{engine}: {time.monotonic() - start:.0f} s; {'; '.join(done) or 'nothing was done to it'}")
    print(f"  {said[-1] if said else ''}", flush=True)
    assert running.returncode == 0, said


def on_dask(folder: Path, wanted: dict[str, bytes]) -> None:
    log = folder / "log"
    with dask_cluster(log) as (address, root):
        run("dask", folder / "csv", folder / "dask", address, root, [("spawn_main", killed), ("spawn_main", stopped)])
    print(f"  ended for want of memory: {log.read_text().count('memory budget')}")
    assert written(folder / "dask") == wanted, "Dask wrote something else"


def on_spark(folder: Path, wanted: dict[str, bytes]) -> None:
    import pyspark

    os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    master = "local-cluster[3,1,1024]"
    executor, python = "CoarseGrainedExecutor", "pyspark.daemon"
    troubles = [(executor, killed), (python, killed), (executor, stopped), (executor, starved), (python, starved)]
    run("spark", folder / "csv", folder / "spark", master, None, troubles)
    assert written(folder / "spark") == wanted, "Spark wrote something else"
    command = [sys.executable, "-c", IN_ARROW, master, str(folder / "parquet"), str(folder / "arrow"), FORMULA]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    subprocess.run([*BACKPROP, f"{folder / 'parquet'}/", "-o", f"{folder / 'one.parquet'}"], check=True)
    import polars as pl

    ours, theirs = pl.read_parquet(folder / "one.parquet"), pl.read_parquet(folder / "arrow" / "*.parquet")
    assert theirs.sort("id").equals(ours.sort("id")), "mapInArrow gave other numbers"
    print("mapInArrow: the same numbers", flush=True)


PART = 256  # megabytes
TASK = 0.05  # seconds that a part takes beside its rows: to be sent, opened and renamed
AGAIN = 60.0  # seconds until a worker that died is back


def plan(megabytes: float, cores: int, rate: float, trouble: bool, seed: int = 1) -> float:
    """The seconds of a run, part by part: each goes to the core that is free first."""
    dice = random.Random(seed)
    slow = [4.0 if trouble and dice.random() < 0.1 else 1.0 for _ in range(cores)]
    parts = max(1, round(megabytes / PART))
    each = TASK + megabytes / parts / rate
    half = each * parts / cores / 2
    dies = {core: half * (0.5 + dice.random()) for core in range(cores) if trouble and dice.random() < 0.05}
    free = [(0.0, core) for core in range(cores)]
    end, left = 0.0, parts
    while left:
        start, core = heapq.heappop(free)
        stop = start + each * slow[core]
        if core in dies and start <= dies[core] < stop:  # its part is begun again by another one
            heapq.heappush(free, (dies.pop(core) + AGAIN, core))
            continue
        left, end = left - 1, max(end, stop)
        heapq.heappush(free, (stop, core))
    return end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default="dask,spark")
    parser.add_argument("--parts", type=int, default=200)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--plan", type=float, metavar="GIGABYTES")
    parser.add_argument("--cores", type=int, default=32)
    parser.add_argument("--rate", type=float, default=60.0)
    options = parser.parse_args()
    if options.plan:
        times = [plan(options.plan * 1000, options.cores, options.rate, trouble) for trouble in (False, True)]
        print(f"{options.plan:g} GB on {options.cores} cores: {times[0]:.0f} s, with trouble {times[1]:.0f} s")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, options.parts, options.rows)
        subprocess.run([*BACKPROP, f"{folder / 'csv'}/", "-o", f"{folder / 'here'}/"], check=True)
        wanted = written(folder / "here")
        for engine in options.engines.split(","):
            {"dask": on_dask, "spark": on_spark}[engine](folder, wanted)
    print(f"{options.parts} parts: the same bytes everywhere")


if __name__ == "__main__":
    main()
