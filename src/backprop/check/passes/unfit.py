"""Inputs that a backward pass stops at and that are to blame: fractions for sizes and places, too few
labels, other axes."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.check.passes.losses import targets
from backprop.check.passes.slopes import shape_text
from backprop.errors import Problem, enumerated
from backprop.python.inputs.examples import give
from backprop.python.inputs.given import SIZES, is_differentiable, is_whole
from backprop.python.names import default_of, parameter_names
from backprop.python.runs.runner import Runner

AS_WHOLE = re.compile(r"as an integer|whole number is needed|only integer|of integer")  # of what is no fraction
UNEQUAL = re.compile(r"(\d+) values for (\d+) names")
BEYOND = re.compile(r"index (\d+) is out of bounds")


def refuse_unfit(runner: Runner, problem: Problem, given: dict[str, Any]) -> None:
    """Raise a Problem where a pass that stops does so at an input which is none of its kind."""
    sized = [name for name, one in given.items() if SIZES.search(name) and is_differentiable(one)]
    if sized and AS_WHOLE.search(problem.message):
        raise Problem("value", f"{enumerated(sized)} must hold whole numbers: {problem.message}") from None
    refuse_axes(runner, problem, given)
    refuse_places(runner, problem, given)
    refuse_labels(runner, given)
    refuse_defaults(runner, problem, given)


def refuse_axes(runner: Runner, problem: Problem, given: dict[str, Any]) -> None:
    """Raise a Problem where a backward pass stops at an input that has another number of axes than it takes apart, `n,
    d = x.shape`: it says what it is for, and the forward pass may do with others."""
    names = UNEQUAL.fullmatch(problem.message)
    nodes = [node for one in runner.backs() for node in ast.walk(one) if isinstance(node, ast.Assign)]
    for node in nodes if names else ():
        name = ast.unparse(node.value).removesuffix(".shape")
        if names and node.lineno == problem.line and name in given and name != ast.unparse(node.value):
            axes = "axis" if names[1] == "1" else "axes"
            message = f"{name} has {names[1]} {axes}, and the backward pass takes it apart into {names[2]}"
            raise Problem("shape", message, hint=f"give {name} as many axes as that") from None


def refuse_places(runner: Runner, problem: Problem, given: dict[str, Any]) -> None:
    """Raise a Problem where a backward pass stops at an index which an input is that its output does not hang on: it
    holds fractions, or a place that no axis has. What the output hangs on is no place, and so the pass is wrong."""
    beyond = BEYOND.search(problem.message)
    if beyond is None and not AS_WHOLE.search(problem.message):
        return
    arrays = {name: one for name, one in given.items() if isinstance(one, np.ndarray) and one.size}
    outputs = runner.outputs(given)
    longest = max([size for one in (*outputs, *arrays.values()) for size in np.shape(one)], default=0)
    for name, one in arrays.items():
        unfit = is_differentiable(one)
        if beyond is not None:
            unfit = is_whole(one) and longest <= int(beyond[1]) == one.max()
        places = np.arange(one.size).reshape(one.shape) % 2
        if unfit and goes_on(runner, {**given, name: places}, outputs):
            what = f"holds {beyond[1]}, and no axis is as long" if beyond else "must hold whole numbers"
            hint = give({name: str(places.tolist()).replace(" ", "")})
            raise Problem("value", f"{name} {what}: {problem.message}", hint=hint) from None


def goes_on(runner: Runner, given: dict[str, Any], outputs: list[Any]) -> bool:
    """Whether a pass has the same outputs with something else given, and goes back from them."""
    with suppress(Problem):
        same = all(np.array_equal(a, b) for a, b in zip(runner.outputs(given), outputs, strict=True))
        return same and bool(runner.run(given, [np.ones(np.shape(one)) for one in outputs]).outputs)
    return False


def refuse_labels(runner: Runner, given: dict[str, Any]) -> None:
    """Of a pass that stops, raise a Problem where its labels can be those of no output: there are too few."""
    outputs = [one for one in runner.outputs(given) if np.ndim(one)]
    for name, value in runner.labels().items():
        fits = [one for one in outputs if next(targets(np.asarray(one), value), None) is not None]
        if outputs and np.ndim(value) and not fits:
            message = f"{name} is {shape_text(np.shape(value))}, and the output {shape_text(np.shape(outputs[0]))}"
            raise Problem("shape", message, hint=f"give as much of {name} as comes out, or a place for each row")


def refuse_defaults(runner: Runner, problem: Problem, given: dict[str, Any]) -> None:
    """Raise a Problem where a backward pass stops at a size that its object has unless it is given another, and goes on
    with one that an input has: `batch_size=200`."""
    told = {int(one) for one in re.findall(r"\d+", problem.message)}
    names = [name for one in runner.constructors() for name in parameter_names(one)[1:] if name not in given]
    sizes = {name: default_of(one, name) for one in runner.constructors() for name in names}
    sizes |= {name: one for name, one in runner.of_batch.items() if name not in given}
    asked = [name for name, size in sizes.items() if type(size) is int and size > 1 and size in told]
    there = list(dict.fromkeys(size for one in given.values() if isinstance(one, np.ndarray) for size in one.shape))
    for name in asked if there else ():
        outputs = runner.outputs(given)
        size = next((one for one in there if goes_on(runner, {**given, name: one}, outputs)), None)
        if size is not None:
            message = f"{name} is {sizes[name]} unless it is given, and the backward pass stops: {problem.message}"
            raise Problem("value", message, hint=give({name: str(size)})) from None
