"""The parts of a folder on a Dask cluster: a task each, with distributed's futures (the extra `dask`).

A task writes its part whole or not at all, so one that is done again because its worker died does no harm. The parts
must lie where all workers see them under the same path.
"""

from __future__ import annotations

from collections.abc import Iterator

from backprop.errors import Problem, lacking
from backprop.errors.spelling import option
from backprop.rows.engines import Work
from backprop.rows.tables.polars import first_line
from backprop.rows.together import Done, Job

RETRIES = 3


def dask(jobs: list[Job], work: Work, scheduler: str | None) -> Iterator[tuple[Job, Done]]:
    """Each part as a task, in the order in which they are done. Without a scheduler's address, a cluster of our own.

    Its page is on any free port: where one is asked for that is taken, Dask warns."""
    try:
        from distributed import Client, as_completed  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise lacking(option("--engine", "dask"), "distributed", "dask") from None
    quiet()
    try:
        client = Client(scheduler, timeout="30s") if scheduler else Client(dashboard_address=":0")
    except (OSError, ValueError) as error:
        raise Problem("file", f"cannot reach the scheduler {scheduler}: {first_line(error)}", status=1) from None
    with client:
        futures = client.map(work, jobs, pure=False, retries=RETRIES)
        of = {future.key: job for future, job in zip(futures, jobs, strict=True)}
        for future in as_completed(futures):
            try:
                done = future.result()  # waits once more where the worker died after the work was done
            except Exception as error:  # whatever went wrong over there
                done = Done(None, first_line(error))
            yield of[future.key], done


def quiet() -> None:
    """A worker that dies is the cluster's business, and no traceback of ours."""
    import logging

    for name in ("distributed", "distributed.client", "distributed.comm", "distributed.core", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
