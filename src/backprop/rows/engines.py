"""Who does the parts of a folder: this process, or whoever is plugged in.

An engine is a function `engine(jobs, work, scheduler)`: it calls `work(job)` for each job, anywhere and in any order
(both can be pickled), and yields each job with what `work` gave back. Others are found under the entry points
`backprop.engines`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from io import StringIO
from time import monotonic
from typing import TYPE_CHECKING

from backprop.errors import Problem, did_you_mean
from backprop.rows.compute.mapper import Mapper
from backprop.rows.pipeline import map_files
from backprop.rows.tables.files import synced
from backprop.rows.tables.lines import LARGE
from backprop.rows.tables.options import Options, size_of
from backprop.rows.together import Done, Job, bundles, map_together

if TYPE_CHECKING:
    from concurrent.futures import Executor


Work = Callable[..., Done]  # of a job; False behind it says that it is not alone
Engine = Callable[[list[Job], Work, str | None], Iterator[tuple[Job, Done]]]

TOGETHER = 256  # parts
AT_ONCE = 32  # of them that the disk is asked for
MOST_SECONDS = 0.5  # that a part waits for others
OWN = {
    "local": "backprop.rows.engines:local",
    "dask": "backprop.rows.dask_engine:dask",
    "spark": "backprop.rows.spark_engine:spark",
}


class PartWork:
    """The work on one part, as it travels to where it is done. A part that cannot be done is told, not raised."""

    def __init__(self, mapper: Mapper, options: Options) -> None:
        self.mapper = mapper
        self.options = options
        self.read = 0  # bytes of parts, here

    def __call__(self, job: Job, alone: bool = True) -> Done:
        collected = StringIO() if self.options.errors_to else None
        options = self.options._replace(many=self.read >= LARGE, errors_to=collected)
        self.read += size_of(job.source)
        try:
            report = map_files(self.mapper, [job.source], job.target, options, alone=alone)
        except Problem as problem:
            return Done(None, problem.message)
        report.collected = collected.getvalue() if collected else ""
        return Done(report)

    def each(self, jobs: list[Job]) -> Iterator[tuple[Job, Done]]:
        """The work on all parts in their order, here; on small ones together, where that is the same."""
        for bundle in bundles(jobs, self.mapper, self.options):
            done = map_together(bundle, self.mapper, self.options) if len(bundle) > 1 else None
            yield from ((job, self(job, False)) for job in bundle) if done is None else zip(bundle, done, strict=True)


def local(jobs: list[Job], work: PartWork, scheduler: str | None) -> Iterator[tuple[Job, Done]]:
    """One part after the other, in this process. Small ones come to the disk together: alone, each takes longer for
    that than to be made."""
    from concurrent.futures import ThreadPoolExecutor

    waiting: list[tuple[Job, Done]] = []
    start = monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in work.each(jobs):
            waiting.append(done)
            if len(waiting) == TOGETHER or monotonic() - start > MOST_SECONDS:
                yield from on_disk(waiting, pool)
                waiting, start = [], monotonic()
        yield from on_disk(waiting, pool)


def on_disk(parts: list[tuple[Job, Done]], pool: Executor) -> list[tuple[Job, Done]]:
    """Parts, once they are on the disk."""
    paths = [job.target for job, done in parts if done.report is not None]
    list(pool.map(all_synced, [paths[start::AT_ONCE] for start in range(min(AT_ONCE, len(paths)))]))
    return parts


def all_synced(paths: list[str]) -> None:
    for path in paths:
        synced(path)


def engine(name: str) -> Engine:
    """The engine of a name. Raises a Problem of kind "option"."""
    if name in OWN:
        module, _, function = OWN[name].partition(":")
        found: Engine = getattr(import_module(module), function)
        return found
    from importlib.metadata import entry_points

    plugged = {point.name: point for point in entry_points(group="backprop.engines")}
    if name in plugged:
        other: Engine = plugged[name].load()
        return other
    known = list(dict.fromkeys([*OWN, *plugged]))
    hint = did_you_mean(name, known, f"it is {', '.join(known)}")
    raise Problem("option", f"there is no engine {name}", hint=hint)
