"""Derivatives beyond the gradient, all out of reverse sweeps: Jacobians, Hessians, and their products with a
direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backprop.circuit import Circuit
from backprop.differentiate.derive import Derived, derive
from backprop.differentiate.run import evaluate, plain, sweep
from backprop.errors import Problem
from backprop.gates.row import TWICE
from backprop.numbers.shapes import shape_of, shape_text

Value = Any  # a float or an array of float64


def jacobian(circuit: Circuit, at: Mapping[str, Value], wrt: Sequence[str], ties: str) -> dict[str, Value]:
    """The derivative of each element of the output in each variable: the output's shape, and behind it the
    variable's."""
    values = evaluate(circuit, at)
    output = values[circuit.output]
    check_size("Jacobian", [shape_of(output) + shape_of(at[name]) for name in wrt])
    found: dict[str, list[Value]] = {name: [] for name in wrt}
    for seed in unit_seeds(output):
        sent = sweep(circuit, values, ties, {circuit.output: seed})
        for name in wrt:
            found[name].append(arrived(sent, circuit.variables[name], at[name]))
    return {name: stacked(rows, shape_of(output), shape_of(at[name])) for name, rows in found.items()}


def hessian(circuit: Circuit, at: Mapping[str, Value], wrt: Sequence[str], ties: str) -> dict[str, dict[str, Value]]:
    """The second derivatives: a block for each pair of variables, the shape of the one and behind it that of the
    other."""
    check_size("Hessian", [shape_of(at[one]) + shape_of(at[other]) for one in wrt for other in wrt])
    derived, values = derived_at(circuit, at, wrt, ties)
    blocks: dict[str, dict[str, Value]] = {}
    for name in wrt:
        rows: dict[str, list[Value]] = {other: [] for other in wrt}
        for seed in unit_seeds(at[name]):
            sent = sweep_of_some(derived.circuit, values, TWICE[ties], {derived.gradients[name]: seed})
            for other in wrt:
                rows[other].append(arrived(sent, circuit.variables[other], at[other]))
        blocks[name] = {other: stacked(found, shape_of(at[name]), shape_of(at[other])) for other, found in rows.items()}
    return blocks


def hvp(circuit: Circuit, at: Mapping[str, Value], direction: Mapping[str, Value], ties: str) -> dict[str, Value]:
    """The Hessian times a direction: one sweep of the derived circuit, seeded with the direction on the gradients."""
    derived, values = derived_at(circuit, at, list(direction), ties)
    seeds: dict[int, Value] = {}
    for name, step in direction.items():  # two variables may have one gradient wire
        wire = derived.gradients[name]
        seeds[wire] = seeds[wire] + step if wire in seeds else step
    sent = sweep_of_some(derived.circuit, values, TWICE[ties], seeds) if seeds else [None] * len(values)
    return {name: arrived(sent, wire, at[name]) for name, wire in circuit.variables.items()}


def jvp(circuit: Circuit, at: Mapping[str, Value], direction: Mapping[str, Value], ties: str) -> Value:
    """The Jacobian times a direction.

    What a sweep sends to the variables is linear in the gradient on the output; so the sweep of that sweep, seeded with
    the direction, sends the product to where the gradient on the output stands.
    """
    values = evaluate(circuit, at)
    upstream = "upstream"
    while upstream in circuit.variables:
        upstream += "_"
    shapes = [shape_of(value) for value in values]
    derived = derive(circuit, list(direction), ties=ties, upstream=upstream, shapes=shapes)
    output = values[circuit.output]
    both = evaluate(derived.circuit, {**at, upstream: zeros(output)})
    seeds: dict[int, Value] = {}
    for name, step in direction.items():
        wire = derived.gradients[name]
        seeds[wire] = seeds[wire] + step if wire in seeds else step
    sent = sweep(derived.circuit, both, ties, seeds) if seeds else [None] * len(both)
    return arrived(sent, derived.circuit.variables[upstream], output)


def derived_at(circuit: Circuit, at: Mapping[str, Value], wrt: Sequence[str], ties: str) -> tuple[Derived, list[Value]]:
    """The circuit with its backward pass, and the value of every stage of it."""
    values = evaluate(circuit, at)
    shape = shape_of(values[circuit.output])
    if shape:
        message = f"the output is {shape_text(shape)}, and only a single number has a Hessian"
        raise Problem("shape", message, hint="make it a number: sum(…); its first derivatives are --jacobian")
    shapes = [shape_of(value) for value in values]
    derived = derive(circuit, wrt, ties=ties, shapes=shapes if any(shapes) else None, again=True)
    return derived, evaluate(derived.circuit, at)


def sweep_of_some(circuit: Circuit, values: list[Value], ties: str, seeds: dict[int, Value]) -> list[Value | None]:
    """The reverse pass from some elements of the seeds: those that are 0 are not asked for, so no nan comes of them."""
    alive: list[Value | None] = [None] * len(values)
    for wire, seed in seeds.items():
        if shape_of(seed):
            alive[wire] = seed != 0
    return sweep(circuit, values, ties, seeds, alive=alive)


def arrived(sent: Sequence[Value | None], wire: int, value: Value) -> Value:
    """What arrived at a wire, zeros in the shape of its value where nothing did."""
    found = sent[wire]
    return zeros(value) if found is None else plain(found)


def zeros(value: Value) -> Value:
    if not shape_of(value):
        return 0.0
    from numpy import zeros

    return zeros(shape_of(value))


def unit_seeds(value: Value) -> Iterator[Value]:
    """For each element of a value, an array of its shape with a 1 there and 0 elsewhere."""
    if not shape_of(value):
        yield 1.0
        return
    import numpy as np

    for place in np.ndindex(*shape_of(value)):
        seed = np.zeros(shape_of(value))
        seed[place] = 1.0
        yield seed


def stacked(rows: list[Value], first: tuple[int, ...], behind: tuple[int, ...]) -> Value:
    """The rows as one value with the shapes of both."""
    if not first:
        return rows[0]
    import numpy as np

    return np.array(rows, dtype=float).reshape(first + behind)


def check_size(what: str, shapes: Sequence[tuple[int, ...]]) -> None:
    """Refuse a matrix that the machine cannot hold, before it is tried."""
    from math import prod

    from backprop.numbers.memory import check_memory

    elements = sum(map(prod, shapes))
    check_memory(elements, f"the {what}", "a product with a direction never forms it: --direction x=[…]")
