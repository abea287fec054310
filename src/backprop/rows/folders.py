"""A folder of parts: what is to be done, and what is done already."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from backprop.errors import Problem, unreadable, unwritable
from backprop.rows.compute.mapper import Mapper
from backprop.rows.tables.files import DONE, TEXT, is_done, part_fingerprint, parts_done
from backprop.rows.tables.locks import remove_dead
from backprop.rows.tables.options import Options
from backprop.rows.tables.packing import bare, suffix_of
from backprop.rows.tables.polars import polars
from backprop.rows.together import Job


def jobs(
    sources: list[str], folder: str, mapper: Mapper, options: Options, resume: bool, roots: Sequence[str] = ()
) -> tuple[list[Job], int]:
    """A job for each part that is missing, and how many are done already; a part in a folder of a root is one in such a
    folder. What a killed run left over is removed."""
    done = parts_done(folder) if resume else {}
    if not resume:
        with suppress(OSError):
            os.unlink(os.path.join(folder, DONE))
    own = options.fingerprint(mapper)
    found, skipped, taken = [], 0, set()
    folders: set[str] = set()
    roots, here = [os.path.abspath(root) for root in roots], os.path.abspath(folder)
    for source in sources:
        source = os.path.abspath(source)  # a worker may stand elsewhere
        name = os.path.join(folder_in(source, roots), part_name(source, options))
        target = os.path.join(here, name)
        if os.path.exists(target) and os.path.samefile(target, source):
            raise Problem(
                "option", f"the output and the input are the same folder: {folder}", hint="give another one with -o"
            )
        if target in taken:
            raise Problem("option", f"two parts would be written to {target}", hint="give another folder")
        taken.add(target)
        cleaned(os.path.dirname(target), folders)
        try:
            fingerprint = part_fingerprint(own, source)
        except OSError as error:
            raise unreadable(source, error, status=1) from None
        if resume and (is_done(folder, name, fingerprint, done) or says_so(target, source, own, options)):
            skipped += 1
        else:
            found.append(Job(source, target, fingerprint))
    return found, skipped


def folder_in(source: str, roots: Sequence[str]) -> str:
    for root in roots:
        if source.startswith(inside := os.path.join(root, "")):
            return os.path.dirname(source.removeprefix(inside))
    return ""


def cleaned(folder: str, known: set[str]) -> None:
    """Make a folder for parts, and remove what a killed run left in it; once. Raises a Problem."""
    if folder in known:
        return
    known.add(folder)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None
    remove_dead(folder, ".*.part")


def says_so(target: str, source: str, fingerprint: str, options: Options) -> bool:
    """Whether a part itself says that it is done: a killed run may not have come to write it down."""
    if not os.path.exists(target) or {options.source(source), options.target(target)} != {"parquet"}:
        return False
    polars()
    from backprop.rows.tables.sinks import made_from

    return made_from(target, source, fingerprint)


def part_name(source: str, options: Options) -> str:
    """What a part of the output is called: text whose source is packed is packed again."""
    name = bare(os.path.basename(source))
    packed = suffix_of(source) if (options.target_format or options.source(source)) in TEXT else ""
    if options.target_format is None:
        return name + packed
    return f"{os.path.splitext(name)[0]}.{options.target_format}{packed}"
