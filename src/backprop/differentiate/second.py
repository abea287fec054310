"""Derivatives beyond the gradient, all out of reverse sweeps: Jacobians, Hessians, and their products with a
direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, prod
from typing import Any

from backprop.circuit import Circuit
from backprop.differentiate.arrangements import Blocks, agreed, arrangements, jumping, sorts, steady, untold, varying
from backprop.differentiate.derive import Derived, derive
from backprop.differentiate.run import evaluate, plain, sweep
from backprop.differentiate.smoothed import smoothed
from backprop.errors import Problem
from backprop.errors.spelling import option
from backprop.gates.row import TWICE
from backprop.numbers.shapes import MOST_AXES, shape_of, shape_text

Value = Any  # a float or an array of float64
AT_ONCE = 1 << 22  # elements of the largest stage, for all the sweeps that go together


def jacobian(circuit: Circuit, at: Mapping[str, Value], wrt: Sequence[str], ties: str) -> dict[str, Value]:
    """The derivative of each element of the output in each variable: the output's shape, and behind it the
    variable's."""
    values = evaluate(circuit, at)
    output = values[circuit.output]
    check_size("Jacobian", [shape_of(output) + shape_of(at[name]) for name in wrt])
    if shape_of(output):
        return swept_together(circuit, values, circuit.output, at, wrt, ties)
    left_out = frozenset(wire for name, wire in circuit.variables.items() if name not in wrt)
    sent = sweep(circuit, values, ties, {circuit.output: 1.0}, left_out=left_out)
    return {name: arrived(sent, circuit.variables[name], at[name]) for name in wrt}


def hessian(circuit: Circuit, at: Mapping[str, Value], wrt: Sequence[str], ties: str) -> dict[str, dict[str, Value]]:
    """The second derivatives: a block for each pair of variables, the shape of the one and behind it that of the
    other."""
    check_size("Hessian", [shape_of(at[one]) + shape_of(at[other]) for one in wrt for other in wrt])
    found = [
        carefully(lambda some: second_derivatives(circuit, at, wrt, ties, some)) for _ in arrangements(circuit, at)
    ]
    gradients = {name: [gradient[name] for gradient, _ in found] for name in wrt}
    return {
        one: {
            other: agreed([blocks[one][other] for _, blocks in found], gradients[one], gradients[other])
            for other in wrt
        }
        for one in wrt
    }


def carefully(attempt: Callable[[bool], tuple[dict[str, Value], Blocks]]) -> tuple[dict[str, Value], Blocks]:
    """What is found, and where that is not finite, found again with more care for what is not asked for."""
    found = attempt(False)
    return found if is_finite(found) else attempt(True)


def is_finite(found: Any) -> bool:
    """Whether all numbers in dictionaries and pairs are finite."""
    if isinstance(found, dict | tuple):
        return all(map(is_finite, found.values() if isinstance(found, dict) else found))
    if isinstance(found, float):
        return isfinite(found)
    from numpy import isfinite as are_finite

    return bool(are_finite(found).all())


def second_derivatives(
    circuit: Circuit, at: Mapping[str, Value], wrt: Sequence[str], ties: str, some: bool = False
) -> tuple[dict[str, Value], Blocks]:
    """The gradients, and the blocks of the Hessian."""
    derived, values = derived_at(circuit, at, wrt, ties, some)
    blocks: Blocks = {}
    for name in wrt:
        gradient = derived.gradients[name]
        if shape_of(at[name]):
            blocks[name] = swept_together(derived.circuit, values, gradient, at, wrt, TWICE[ties])
        else:
            sent = sweep_of_some(derived.circuit, values, TWICE[ties], {gradient: 1.0})
            blocks[name] = {other: arrived(sent, circuit.variables[other], at[other]) for other in wrt}
    return {name: values[derived.gradients[name]] for name in wrt}, blocks


def swept_together(
    circuit: Circuit, values: list[Value], output: int, at: Mapping[str, Value], wrt: Sequence[str], ties: str
) -> dict[str, Value]:
    """The derivative of each element of a stage in each variable: the sweeps from all of them, as rows of one.

    The sweep is a circuit of its own, without what nobody asked for; what is the same for all elements is computed
    once. `values` are those of all stages. That an element says nothing of the others is looked after only where
    something is not finite: elsewhere they have got their 0 anyhow.
    """
    import numpy as np

    above, shapes = circuit.unused("upstream"), [shape_of(value) for value in values]
    found: dict[str, Value] = {}
    for some in (False, True):
        derived = derive(circuit, wrt, output=output, ties=ties, upstream=above, shapes=shapes, some=some)
        found = rows_of(derived, above, values, shapes[output], at)
        if all(np.isfinite(rows).all() for rows in found.values()):
            break
    return found


def rows_of(
    derived: Derived, above: str, values: list[Value], shape: tuple[int, ...], at: Mapping[str, Value]
) -> dict[str, Value]:
    """The gradients of a derived circuit for each element of the gradient from above, as many at a time as fit."""
    import numpy as np

    from backprop.differentiate import run_rows
    from backprop.numbers.rowwise import Diagonal

    found = {name: np.empty((prod(shape), *shape_of(at[name]))) for name in derived.gradients}
    varying = derived.circuit.descendants([derived.circuit.variables[name] for name in derived.gradients])
    largest = max((prod(shape_of(value)) for value, varies in zip(values, varying, strict=False) if varies), default=1)
    size = max(1, AT_ONCE // max(1, largest))
    known = dict(enumerate(values))
    for start in range(0, prod(shape), size):
        count = min(size, prod(shape) - start)
        point, wires = {**at, above: Diagonal(np.ones(count), shape, start)}, derived.gradients.values()
        with np.errstate(all="ignore"):
            part = run_rows.evaluate(derived.circuit, wires, point, count, known)
        for name, wire in derived.gradients.items():
            found[name][start : start + size] = run_rows.spread_out(part[wire], shape_of(at[name]), count)
    return {name: rows.reshape(shape + rows.shape[1:]) for name, rows in found.items()}


def hvp(circuit: Circuit, at: Mapping[str, Value], direction: Mapping[str, Value], ties: str) -> dict[str, Value]:
    """The Hessian times a direction: one sweep of the derived circuit, seeded with the direction on the gradients."""
    found = [
        carefully(lambda some: product_with(circuit, at, direction, ties, some)) for _ in arrangements(circuit, at)
    ]
    gradients = {name: [gradient[name] for gradient, _ in found] for name in found[0][0]}
    if all(steady(gradient) for gradient in gradients.values()):
        return found[0][1]
    jumps = {name: jumping(gradient) for name, gradient in gradients.items()}
    meets = any((jumps[name] & (step != 0)).any() for name, step in direction.items())
    products = {name: [each[name] for _, each in found] for name in at}
    return {name: untold(many[0], varying(many) | (jumps.get(name, False) & meets)) for name, many in products.items()}


def product_with(
    circuit: Circuit, at: Mapping[str, Value], direction: Mapping[str, Value], ties: str, some: bool
) -> tuple[dict[str, Value], dict[str, Value]]:
    """The gradients, and the Hessian times a direction."""
    derived, values = derived_at(circuit, at, list(at if sorts(circuit) else direction), ties, some)
    sent = sweep_of_some(derived.circuit, values, TWICE[ties], along(derived, direction))
    products = {name: arrived(sent, wire, at[name]) for name, wire in circuit.variables.items()}
    return {name: values[wire] for name, wire in derived.gradients.items()}, products


def jvp(circuit: Circuit, at: Mapping[str, Value], direction: Mapping[str, Value], ties: str) -> Value:
    """The Jacobian times a direction.

    What a sweep sends to the variables is linear in the gradient on the output; so the sweep of that sweep, seeded with
    the direction, sends the product to where the gradient on the output stands.
    """
    values = evaluate(circuit, at)
    upstream = circuit.unused("upstream")
    shapes = [shape_of(value) for value in values]
    derived = derive(circuit, list(direction), ties=ties, upstream=upstream, shapes=shapes)
    output = values[circuit.output]
    both = evaluate(derived.circuit, {**at, upstream: zeros(output)})
    sent = sweep_of_some(derived.circuit, both, ties, along(derived, direction))
    return arrived(sent, derived.circuit.variables[upstream], output)


def along(derived: Derived, direction: Mapping[str, Value]) -> dict[int, Value]:
    """A direction, on the wires of the gradients: two variables may have one."""
    seeds: dict[int, Value] = {}
    for name, step in direction.items():
        wire = derived.gradients[name]
        seeds[wire] = seeds[wire] + step if wire in seeds else step
    return seeds


def derived_at(
    circuit: Circuit, at: Mapping[str, Value], wrt: Sequence[str], ties: str, some: bool = False
) -> tuple[Derived, list[Value]]:
    """The circuit with its backward pass, and the value of every stage of it."""
    values = evaluate(circuit, at)
    shape = shape_of(values[circuit.output])
    if shape:
        message = f"the output is {shape_text(shape)}, and only a single number has a Hessian"
        hint = f"make it a number: sum(…); its first derivatives are {option('--jacobian')}"
        raise Problem("shape", message, hint=hint)
    shapes = [shape_of(value) for value in values]
    smooth = smoothed(circuit, shapes)
    derived = derive(smooth, wrt, ties=ties, shapes=shapes if any(shapes) else None, again=True, some=some)
    return derived, evaluate(derived.circuit, at)


def sweep_of_some(circuit: Circuit, values: list[Value], ties: str, seeds: dict[int, Value]) -> list[Value | None]:
    """The reverse pass from some elements of the seeds: those that are 0 are not asked for, so no nan comes of them."""
    alive: list[Value | None] = [None] * len(values)
    for wire, seed in seeds.items():
        if shape_of(seed):
            alive[wire] = seed != 0
    asked = {wire: seed for wire, seed in seeds.items() if shape_of(seed) or seed != 0}
    return sweep(circuit, values, ties, asked, alive=alive) if asked else alive


def arrived(sent: Sequence[Value | None], wire: int, value: Value) -> Value:
    """What arrived at a wire, zeros in the shape of its value where nothing did."""
    found = sent[wire]
    return zeros(value) if found is None else plain(found)


def zeros(value: Value) -> Value:
    if not shape_of(value):
        return 0.0
    from numpy import zeros

    return zeros(shape_of(value))


def check_size(what: str, shapes: Sequence[tuple[int, ...]]) -> None:
    """Refuse a matrix that the machine cannot hold, before it is tried."""
    from backprop.numbers.memory import check_memory

    hint = f"a product with a direction never forms it: {option('--direction', 'x=[…]')}"
    axes = max(map(len, shapes), default=0)
    if axes > MOST_AXES:
        message = f"the {what} would have {axes} axes: an array has at most {MOST_AXES}"
        raise Problem("size", message, hint=hint)
    elements = sum(map(prod, shapes))
    check_memory(elements, f"the {what}", hint)
