"""The parts of a folder on a Spark cluster: a job of one task each (the extra `spark`).

As on Dask, a task writes its part whole or not at all: one that is done again, because its worker died or was slow,
does no harm. The parts must lie where all workers see them under the same path, and the workers' Python must have this
program.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from backprop.errors import Problem, lacking
from backprop.errors.spelling import option
from backprop.rows.engines import Work
from backprop.rows.together import Done, Job

HERE = "local[*,4]"  # all cores of this machine; what fails is tried 4 times, as on a cluster
AHEAD = 2  # jobs that wait for each core


def spark(jobs: list[Job], work: Work, scheduler: str | None) -> Iterator[tuple[Job, Done]]:
    """Each part as a job, in the order in which they are done. Without an address, on the cores of this machine."""
    context = context_at(scheduler or HERE)

    def done(job: Job) -> Done:
        try:
            found: list[Done] = context.parallelize([job], 1).map(work).collect()
        except Exception as error:  # whatever went wrong over there
            return Done(None, cause(error))
        return found[0]

    try:
        with ThreadPoolExecutor(AHEAD * context.defaultParallelism) as pool:
            of = {pool.submit(done, job): job for job in jobs}
            for future in as_completed(of):
                yield of[future], future.result()
    finally:
        context.stop()


def context_at(address: str) -> Any:
    """A connection to a cluster. Raises a Problem."""
    try:
        from pyspark import SparkConf, SparkContext  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise lacking(option("--engine", "spark"), "PySpark", "spark") from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = SparkConf().setMaster(address).setAppName("backprop map").set("spark.ui.showConsoleProgress", "false")
    try:
        context = SparkContext(conf=settings)
    except Exception as error:  # Java is missing, or nobody answers: py4j has errors of its own
        raise Problem("file", f"cannot reach Spark at {address}: {cause(error)}", status=1) from None
    context.setLogLevel("OFF")  # a worker that dies is the cluster's business
    return context


def cause(error: BaseException) -> str:
    """The line of an error of Java's that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return next((line for line in lines if "Exception: " in line), lines[0]).rpartition("Exception: ")[2]
