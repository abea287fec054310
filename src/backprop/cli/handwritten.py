"""Code of the user's own on the command line: which files and functions are meant, what they are given, the answer."""

from __future__ import annotations

import os
import sys
from typing import Any, NamedTuple

from backprop.cli.answer import show_grids, show_json
from backprop.cli.arguments import HINT, arguments, beside
from backprop.cli.failures import note, write_error
from backprop.cli.progress import waiting
from backprop.cli.reading import Meant, meant, names_of, read_text, value_of
from backprop.errors import Problem
from backprop.library import Compiled
from backprop.library.values import Random, read_json
from backprop.show.theme import is_terminal


class Passes(NamedTuple):
    """The code that was found on the command line, as files and pairs, and whether these are all of it."""

    code: Any
    pairs: list[Any]
    whole: bool = False


def passes(
    expression: str | None, file: str | None, backward: str | None, variables: str | None, assignments: tuple[str, ...]
) -> Passes | None:
    """The passes that are asked about; None where the question is about an expression or a straight program.

    Without names, code is meant where its functions are pairs. Two files that can be read as straight programs, line by
    line, are.
    """
    forth, back = meant(file if file is not None else expression), meant(backward)
    if forth is None or (backward is not None and back is None):
        return None
    named = forth.name is not None or (back is not None and back.name is not None)
    notebook = forth.path.endswith(".ipynb") or (back is not None and back.path.endswith(".ipynb"))
    if back is None and not named and not notebook and "def " not in read_text(forth.path):
        return both_passes(forth.path)
    if back is not None and not named and not notebook and straight(forth, back, variables, assignments):
        return None
    try:
        asked = found(forth, back)
        if asked is not None and not named and all(pair.kind == "both" for pair in asked.pairs):
            return None if straight(forth, back, variables, assignments) else asked
    except Problem:
        if named or notebook:
            raise
        return None  # then it is read as a program, whose problem is told
    lone = back_alone(forth.path) if asked is None and back is None and not named else None
    if lone is not None and not straight(forth, back, variables, assignments):
        told = f"{lone} is a backward pass, and {forth.path} has no forward pass to it"
        raise Problem("name", told, hint=f"give both files: -f FORWARD.py --backward {forth.path}")
    return asked


def back_alone(path: str) -> str | None:
    """The first function of a text that defines functions alone, if it is a backward pass by its name."""
    from backprop.library.traced import only_defines
    from backprop.python.pairs.counterparts import BACK
    from backprop.python.texts.source import Code, part_of

    part = part_of(read_text(path), path)
    names = [*Code([part]).functions()] if only_defines(part.tree) else []
    return next((one for one in names[:1] if BACK.match(one) and "back" in one), None)


def both_passes(path: str) -> Passes | None:
    """The two passes of a listing that holds both; None where it is a forward pass alone, or no Python."""
    from backprop.python.pairs.trained import split_pair, values_pair
    from backprop.python.texts.source import Code, part_of

    try:
        code = Code([part_of(read_text(path), path)], beside)
    except Problem:
        return None
    pair = values_pair(code) or split_pair(code.parts[-1])
    return None if pair is None else Passes(code, [pair._replace(name=os.path.basename(path))])


def straight(forward: Meant, backward: Meant | None, variables: str | None, assignments: tuple[str, ...]) -> bool:
    """Whether two files can be read as a program and its lines; without a backward pass, whether the one can."""
    try:
        compiled = Compiled(read_text(forward.path), source=forward.path)
        if backward is None:
            return True
        from backprop.check.stages.judge import judge
        from backprop.check.stages.lines import read_lines

        lines = read_lines(read_text(backward.path), backward.path)
        if {"-", "@-"} & {variables, *(one.partition("=")[2] for one in assignments)}:
            return True  # standard input can be read once only
        given = arguments(variables, assignments, Random(0))
        evaluation = compiled.evaluate({name: as_fraction(given.get(name, 1.0)) for name in compiled.variables})
        judge(evaluation.run, evaluation.names, lines)
    except Problem as problem:
        return problem.kind not in ("syntax", "name", "definition", "arity")
    return True


def as_fraction(value: Any) -> Any:
    """A value for a program."""
    if isinstance(value, str | dict | list | bool) or value is None:
        raise Problem("name", "a program takes numbers alone")
    return float(value) if isinstance(value, int | float) else value.astype(float)


def found(forth: Meant, back: Meant | None) -> Passes | None:
    """The pairs in one or two files."""
    from backprop.python.pairs.pairs import alone, pairs_across, pairs_in
    from backprop.python.pairs.trained import script_pair
    from backprop.python.texts.source import Code, part_of

    parts = [part_of(read_text(forth.path), forth.path)]
    if back is not None and back.path != forth.path:
        parts.append(part_of(read_text(back.path), back.path))
    code = Code(parts, beside)
    if back is None and forth.name is not None and alone(code, forth.name):
        return None
    if len(parts) == 2 and back is not None and back.name is None:
        pairs = pairs_across(code, parts[0], parts[1], forth.name)
    else:
        pairs = pairs_in(code, forth.name, back.name if back is not None else None)
    if not pairs and len(parts) == 2:
        script = script_pair(parts[0], parts[1])
        pairs = [] if script is None else [script._replace(name=os.path.basename(parts[1].source.name or ""))]
    whole = forth.name is None and (back is None or back.name is None)
    return Passes(code, pairs, whole) if pairs else None


def judge_passes(
    asked: Passes, *, variables: str | None, assignments: tuple[str, ...], upstream: str | None, seed: int | None,
    wrt: str | None, count: int | None, quiet: bool, color: str, chosen: str, output: str | None,
) -> int:  # fmt: skip
    """Judge every pass that what is given suffices for, and print the verdicts."""
    from backprop.check import pass_report, report
    from backprop.check.all_passes import judged
    from backprop.check.passes.fitted import Fitted

    given = arguments(variables, assignments, Random(seed))
    above = None if upstream is None else upstream_of(upstream, Random(seed))
    with waiting("judging the passes", not quiet and is_terminal(sys.stderr)):
        found = judged(asked.code, asked.pairs, given, above, seed or 0, names_of(wrt), count or 0, asked.whole)
    never_said = asked.code.never_said(one.partition("=")[0] for one in assignments)
    verdicts, left_out = found.verdicts, [*found.left_out, *never_said]
    if chosen == "json":
        show_json(pass_report.passes_object(verdicts, left_out), output)
    else:
        show_grids([pass_report.passes_grid(verdicts)], chosen, output, color, pass_report.lines_text(verdicts))
    remarks = dict.fromkeys([*(remark for one in verdicts for remark in one.remarks), *left_out])
    for remark in remarks if not quiet else ():
        note(remark, color)
    with waiting("looking for values of the others", not quiet and is_terminal(sys.stderr)):
        commands = [] if quiet or chosen == "json" else Fitted(asked.code, {}, above, seed or 0).commands(found.rest)
    if commands:
        note("with values of their own, these are judged:", color)
        write_error("".join(f"  {one}\n" for one in commands))  # as they are to be typed, so not broken
    return 0 if report.overall(one.verdict for one in verdicts) == "ok" else 1


def upstream_of(text: str, random: Random) -> Any:
    """The gradient on the output; of several outputs, an array of them, which may have several shapes."""
    from backprop.python.inputs.given import arguments_from

    if text.startswith("@") and text.endswith(".json"):
        return arguments_from(read_json(read_text(text[1:]), text[1:], HINT, whole=True))
    return value_of(text, "--upstream", random)
