"""A function of the user's own as a question: its forward pass is traced at the point that is given."""

from __future__ import annotations

from typing import Any

from backprop.cli.words import Call
from backprop.errors import Problem, enumerated
from backprop.library import Compiled
from backprop.library.values import Random

STEP = 1e-5  # so far the inputs are moved to see that the circuit moves as the function does
AT_THE_POINT = ("eval", "explain", "draw")  # what moves the inputs would need to know which decisions were frozen


def traced_question(
    call: Call, named: tuple[str, str], variables: str | None, assignments: tuple[str, ...], random: Random,
    ties: str, expand: bool,
) -> tuple[Compiled, dict[str, Any]]:  # fmt: skip
    """The circuit of a function, and the point. Raises a Problem where a command needs more than one point."""
    from backprop.cli.arguments import arguments, beside
    from backprop.cli.reading import read_text
    from backprop.python.entry import Runner, floated
    from backprop.python.pairs import Pair, class_pair
    from backprop.python.source import Code, part_of
    from backprop.python.traced import traced

    path, name = named
    if call.command.name not in AT_THE_POINT:
        message = f"what {name} computes is traced at one point, and holds there"
        raise Problem("option", message, hint=f"{enumerated(AT_THE_POINT)} take it")
    code = Code([part_of(read_text(path), path)], beside)
    functions, classes = code.functions(), code.classes()
    if name not in functions and name not in classes:
        raise Problem("name", f"{path} has no function and no class {name}")
    if name in classes and "forward" not in classes[name]:
        raise Problem("name", f"the class {name} has no forward")
    pair = class_pair(name, classes[name]) if name in classes else Pair(name, "functions", functions[name], None)
    given = arguments(variables, assignments, random)
    runner = Runner(code, pair, given)
    missing = runner.missing()
    if missing:
        raise Problem("variable", f"{name} has no value for {enumerated(missing)}", hint="give it by --vars or options")

    def works(tried: dict[str, Any]) -> bool:
        try:
            runner.outputs(tried)
        except Problem:
            return False
        return True

    runner.given, _ = floated(runner.given, works)
    text, at = traced(runner, runner.given)
    compiled = Compiled(text, ties=ties, expand=expand, source=None)
    check_moves(compiled, at, runner)
    return compiled, at


def check_moves(compiled: Compiled, at: dict[str, Any], runner: Any) -> None:
    """Raise a Problem where the circuit moves otherwise than the function: a wrong reading is worse than a refusal."""
    import numpy as np

    from backprop.python.arrays import fresh

    ways = np.random.default_rng(0)
    given, moved = fresh(runner.given), {}
    for path in runner.paths(given):
        holder, key = (given, path[0]) if len(path) == 1 else (given[path[0]], path[1])
        name = "_".join(path)
        change = STEP * ways.standard_normal(np.shape(holder[key]))
        holder[key] = holder[key] + (change if np.ndim(change) else float(change))
        if name in at:
            moved[name] = holder[key]
    try:
        before, after = (np.asarray(runner.outputs(one)[0], dtype=float) for one in (runner.given, given))
    except Problem:
        return
    above = np.ones(before.shape) if before.ndim else None
    ours = [np.asarray(compiled.evaluate(point, upstream=above).value, dtype=float) for point in (at, moved)]
    if not np.all(np.isfinite([before, after, *ours])):
        return
    scale = float(np.max(np.abs(before), initial=0.0))
    room = 0.01 * float(np.max(np.abs(after - before), initial=0.0)) + 1e-12 * scale
    if np.max(np.abs(ours[0] - before), initial=0.0) > 1e-9 * scale + 1e-300 or (
        np.max(np.abs((ours[1] - ours[0]) - (after - before)), initial=0.0) > room
    ):
        raise Problem("value", "the circuit that was traced does not move as this function does: it is not answered")
