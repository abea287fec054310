"""Code of the user's own as a circuit: a forward pass is traced at the point that is given."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from backprop.errors import Problem, did_you_mean, enumerated
from backprop.library import Compiled
from backprop.library.values import file_text

if TYPE_CHECKING:
    from backprop.python.pairs.pair import Pair
    from backprop.python.runs.runner import Runner
    from backprop.python.texts.source import Code
    from backprop.python.traced import Traced

Source = Callable[..., object] | PathLike[str] | str  # a function or a class, a file's path, or text

STEP = 1e-5  # so far the inputs are moved to see that the circuit moves as the function does


def trace(
    runner: Runner, name: str, *, outputs: list[str] | None, upstream: Any, ties: str, expand: bool,
    kind: type[Compiled] = Compiled,
) -> tuple[Compiled, Traced]:  # fmt: skip
    """The circuit of a function that a runner runs, traced at the point that it was given. Raises a Problem."""
    from backprop.python.fitting.fitting import Fitting
    from backprop.python.inputs.examples import give
    from backprop.python.inputs.given import floated
    from backprop.python.traced import traced

    missing = runner.missing()
    if missing:
        what = name or runner.pair.name
        code, pair, given, seed = runner.code, runner.pair, runner.given, runner.seed
        fitting = Fitting(lambda kind, values: kind(code, pair, {**given, **values}, seed), missing)
        raise Problem("variable", f"{what} has no value for {enumerated([*missing])}", hint=give(fitting.found()))

    given = {**weights_of(runner), **runner.given}
    runner.given, turned = floated(given, lambda tried: works(runner.outputs, tried))
    try:
        found = traced(runner, runner.given, outputs)
    except Problem:  # a size that may be a fraction too, as far as the function goes: `arange(n)`
        if not turned:
            raise
        runner.given, _ = floated(given, lambda tried: works(lambda at: traced(runner, at, outputs), tried))
        found = traced(runner, runner.given, outputs)
    if is_above_several(outputs, upstream, found):
        found = traced(runner, runner.given, outputs, len(upstream))
    compiled = kind(found.text, ties=ties, expand=expand, source=None)
    if outputs is None and not is_above_several(outputs, upstream, found):
        check_moves(compiled, found.at, runner)
    compiled.program.stands_in(found.source.text, found.source.name, found.text, found.spans)
    return compiled, found


def as_called(runner: Runner) -> tuple[Runner, list[str]]:
    """The function with what its text itself calls it with, where nothing is given; and what there is to say."""
    from backprop.python.inputs.as_called import AsCalled

    found, _, remarks = AsCalled(runner.code, [runner.pair], runner.seed).completed(runner, runner.given)
    return found, remarks


def weights_of(runner: Runner) -> dict[str, Any]:
    """The arrays that an object has from its start: inputs, too, if what is given suffices to make it."""
    import numpy as np

    if not runner.pair.of_object:
        return {}
    runner.outputs(runner.given)
    return {name: value for name, value in runner.made_of.items() if np.ndim(value)}


def works(run: Callable[[dict[str, Any]], object], tried: dict[str, Any]) -> bool:
    try:
        run(tried)
    except Problem:
        return False
    return True


def formula_of_numbers(runner: Runner, name: str, columns: Sequence[str]) -> str:
    """The formula of a function of numbers, some of which are columns: traced at two points, where it has to be the
    same."""
    from random import Random as Numbers

    from backprop.python.traced import traced

    given = runner.given
    rest = [name for name in runner.parameters_of_rows(list(columns)) if name not in given]
    found = []
    for seed in (1, 2):
        numbers = Numbers(seed)
        runner.given = {**given, **{name: numbers.uniform(0.1, 2.0) for name in rest}}
        found.append(traced(runner, runner.given, None))
    if found[0].decided or found[0].text != found[1].text:
        raise chooses(name, found[0])
    return found[0].text


def formula_anywhere(runner: Runner, name: str, ties: str, expand: bool) -> tuple[Compiled, dict[str, Any]]:
    """The formula of a function, to be used at other points too, and the point at which it was traced."""
    compiled, found = trace(runner, name, outputs=None, upstream=None, ties=ties, expand=expand)
    if found.decided:
        raise chooses(name, found)
    return compiled, dict(found.at)


def chooses(name: str, found: Traced) -> Problem:
    """The problem that code chooses by its values, where its formula is wanted elsewhere, too."""
    why = f": {found.decided[0]}" if found.decided else ""
    message = f"{name} chooses by its values, so that its formula holds at one point alone{why}"
    return Problem("option", message, hint="np.where and np.maximum stay in the formula")


def meant(code: Code, name: str, path: str) -> Pair:
    """The function, the class or the statements that are meant."""
    from backprop.python.pairs.counterparts import passes
    from backprop.python.pairs.of_classes import class_pair, methods_of
    from backprop.python.pairs.pair import Pair
    from backprop.python.pairs.trained import split_pair

    functions, classes = code.functions(), code.classes()
    name = name or only(functions, classes, code)
    if name in classes:
        if passes(classes[name])[0] is None:
            hint = methods_of(name, classes[name]).replace("FILE:", f"{path}:")
            raise Problem("name", f"the class {name} has no forward", hint=hint)
        return class_pair(name, classes[name])
    if name in functions:
        return Pair(name, "functions", functions[name], None)
    owner, _, method = name.partition(".")
    if method in classes.get(owner, {}):
        return Pair(owner, "class", classes[owner][method], None, 1)
    if name:
        hint = did_you_mean(name, [*functions, *classes], "; ".join(code.left_out()))
        raise Problem("name", f"{path} has no function and no class {name}", hint=hint)
    part = code.parts[-1]
    if only_defines(part.tree) and (names := [*functions, *classes]):
        hint = f"name one of them: {', '.join(f'{path}:{one}' for one in names[:3])}"
        raise Problem("name", f"{path} holds functions and classes, and no statements beside them", hint=hint)
    return split_pair(part) or Pair("", "script", None, None, split=len(part.tree.body))


def only_defines(tree: ast.Module) -> bool:
    """Whether a text does nothing but import and define, and show how that is used."""
    from backprop.python.straight.trees import is_main_guard

    defining = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Expr)
    return all(isinstance(one, defining) or is_main_guard(one) for one in tree.body)


def only(functions: dict[str, Any], classes: dict[str, Any], code: Code) -> str:
    """The one function or class of a text that has no statements beside it; "" where there are others."""
    from backprop.python.pairs.counterparts import passes

    names = [*functions, *[name for name, methods in classes.items() if passes(methods)[0] is not None]]
    body = code.parts[-1].tree.body
    plain = any(isinstance(one, ast.Assign | ast.AugAssign | ast.For | ast.With) for one in body)
    return names[0] if len(names) == 1 and not plain else ""


def is_above_several(outputs: Sequence[str] | None, upstream: Any, found: Traced) -> bool:
    """Whether the gradient from above is an array of those of several outputs."""
    import numpy as np

    shape: tuple[int, ...] = np.shape(upstream) if upstream is not None else ()
    own = found.shape
    return outputs is None and len(shape) == len(own) + 1 and shape[1:] == own and shape[0] <= found.alike


def check_moves(compiled: Compiled, at: dict[str, Any], runner: Runner) -> None:
    """Raise a Problem where the circuit moves otherwise than the function: a wrong reading is worse than a refusal."""
    import numpy as np

    from backprop.python.texts.gradients import place_of
    from backprop.python.traced import input_name
    from backprop.python.values.arrays import fresh

    ways = np.random.default_rng(0)
    given, moved = fresh(runner.given), {}
    for path in runner.paths(given):
        holder, key = place_of(given, path)
        name = input_name(path)
        change = STEP * ways.standard_normal(np.shape(holder[key]))
        holder[key] = holder[key] + (change if np.ndim(change) else float(change))
        if name in at:
            moved[name] = holder[key]
    try:
        before, after = (np.asarray(runner.outputs(one)[0], dtype=float) for one in (runner.given, given))
    except Problem:
        return
    above = np.ones(before.shape) if before.ndim else None
    ours = [np.asarray(compiled.evaluate(point, upstream=above).value, dtype=float) for point in (at, {**at, **moved})]
    if not np.all(np.isfinite([before, after, *ours])):
        return
    scale = float(np.max(np.abs(before), initial=0.0))
    room = 0.01 * float(np.max(np.abs(after - before), initial=0.0)) + 1e-12 * scale
    if np.max(np.abs(ours[0] - before), initial=0.0) > 1e-9 * scale + 1e-300 or (
        np.max(np.abs((ours[1] - ours[0]) - (after - before)), initial=0.0) > room
    ):
        raise Problem("value", "the circuit that was traced does not move as this function does: it is not answered")


# ── code that Python holds ──


def runner_of(code: Source, given: Mapping[str, Any], name: str = "", seed: int = 0) -> Runner:
    """What runs a function, with what it is given."""
    from backprop.python.inputs.given import arguments_from
    from backprop.python.runs.runner import Runner
    from backprop.python.texts.source import Code, part_of

    text, source = source_of(code)
    read = Code([part_of(text, source)])
    arguments = {key: arguments_from(value) for key, value in given.items()}
    return Runner(read, meant(read, name or getattr(code, "__name__", ""), source), arguments, seed)


def source_of(code: Source) -> tuple[str, str]:
    """The text of code, and where it is from."""
    if isinstance(code, str):
        path, _, name = code.partition(":")  # as on the command line
        if path.endswith((".py", ".ipynb")) and (name.isidentifier() or not name):
            hint = f'give its path: pathlib.Path("{path}")' + (f', name="{name}"' if name else "")
            raise Problem("value", f"{code} is the name of a file, and no code", hint=hint)
        return code, "code.py"
    if isinstance(code, PathLike):
        return file_text(str(code)), str(code)
    if getattr(code, "__name__", "") == "<lambda>":
        hint = "define it, def f(x): return …, or give its formula as a text"
        raise Problem("value", "a lambda has no name by which it could be found in its file", hint=hint)
    from inspect import getsource
    from textwrap import dedent

    try:
        return dedent(getsource(code)), f"{code.__name__}.py"
    except (TypeError, OSError):
        name = getattr(code, "__name__", type(code).__name__)
        hint = "give a function of a file or a notebook, a file's Path, or a text"
        raise Problem("value", f"the source of {name} is not known", hint=hint) from None
