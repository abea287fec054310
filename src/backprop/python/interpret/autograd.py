"""Gradients that a text itself asks its library for: sweeps back through a tape."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from backprop.python.names import MOST_KEPT
from backprop.python.values.arrays import Tensor, tensor
from backprop.python.values.meter import Refusal
from backprop.python.values.tape import Tape

ASKING = frozenset(["requires_grad", "requires_grad_", "Parameter"])  # of torch, for gradients to come
Called = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


@lru_cache(MOST_KEPT)
def asks(tree: ast.AST) -> bool:
    """Whether a text asks torch for gradients, for which what comes before has to be on a tape."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr in ASKING)
        or (isinstance(node, ast.keyword) and node.arg in ASKING)
        for node in ast.walk(tree)
    )


def needed(tape: Tape | None) -> Tape:
    if tape is None:
        raise Refusal("nothing here asks for gradients, as by requires_grad", "value")
    return tape


def backward(tape: Tape | None, out: Any, above: Any = None) -> None:
    """`out.backward(above)`: every tensor that asks for its gradient gets what flows back to it added."""
    tape = needed(tape)
    found = tape.sweep([(tape.ids(out), 1.0 if above is None else np.asarray(above))], to_leaves=True)
    for leaf in tape.leaves:
        old = vars(leaf).get("grad")
        gradient = found[tape.ids(leaf)]
        vars(leaf)["grad"] = tensor(gradient if old is None else old + gradient)


def grad(tape: Tape | None, outputs: Any, inputs: Any, grad_outputs: Any = None, **_: Any) -> tuple[Any, ...]:
    """`torch.autograd.grad(outputs, inputs, grad_outputs)`."""
    tape = needed(tape)
    outs = outputs if isinstance(outputs, list | tuple) else (outputs,)
    above = grad_outputs if isinstance(grad_outputs, list | tuple) else (grad_outputs,) * len(outs)
    found = tape.sweep(
        [(tape.ids(out), 1.0 if g is None else np.asarray(g)) for out, g in zip(outs, above, strict=True)],
        to_leaves=True,
    )
    return tuple([tensor(found[tape.ids(one)]) for one in (inputs if isinstance(inputs, list | tuple) else (inputs,))])


def leaf(tape: Tape, value: Any) -> Any:
    """A copy of data whose fractions have numbers of their own."""
    if isinstance(value, dict):
        return {key: leaf(tape, one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([leaf(tape, one) for one in value])
    if not isinstance(value, float | np.floating | np.ndarray):
        return value
    copied: Any = np.array(value, subok=True) if isinstance(value, np.ndarray) else np.float64(value)
    tape.put(copied, tape.ids(value))
    tape.watched(copied)
    return copied


def gradient_at(tape: Tape, found: Any, value: Any) -> Any:
    """The gradients of data, in its form."""
    if isinstance(value, dict):
        return {key: gradient_at(tape, found, one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([gradient_at(tape, found, one) for one in value])
    return tensor(found[tape.ids(value)]) if isinstance(value, Tensor) else found[tape.ids(value)]


def pulled(
    holder: Any, call: Called, function: Any, given: tuple[Any, ...], named: dict[str, Any]
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """A function's result, and what pulls a gradient back to its arguments. `holder` has the run's tape, if any."""
    before = holder.tape
    tape = holder.tape = before or Tape()
    try:
        given = leaf(tape, given)
        out = call(function, given, named)
    finally:
        holder.tape = before

    def pull(above: Any) -> tuple[Any, ...]:
        parts = zip(out, above, strict=True) if isinstance(out, list | tuple) else [(out, above)]
        found = tape.sweep([(tape.ids(one), np.asarray(g)) for one, g in parts], to_leaves=True)
        return gradient_at(tape, found, given)  # type: ignore[no-any-return]

    return out, pull


def transformed(
    holder: Any, call: Called, name: str, function: Any, how: tuple[Any, ...], asked: dict[str, Any]
) -> Callable[..., Any]:
    """`jax.grad(f)`, `jax.value_and_grad(f)`, and `elementwise_grad(f)` of autograd: the function that they give."""
    places = asked.get("argnums", asked.get("argnum", how[0] if how else 0))
    more = asked.get("has_aux", False)

    def gradients(*given: Any, **named: Any) -> Any:
        kept: list[Any] = []

        def first(*data: Any, **others: Any) -> Any:
            out = call(function, data, others)
            kept.extend(out[1:] if more else ())
            return out[0] if more else out

        out, pull = pulled(holder, lambda one, data, others: one(*data, **others), first, given, named)
        if np.size(out) != 1 and name != "elementwise_grad":
            raise Refusal(f"{name} needs a function of one number", "value")
        every = pull(np.ones(np.shape(out)))
        found = tuple([every[place] for place in places]) if isinstance(places, list | tuple) else every[places]
        if name == "value_and_grad":
            return ((out, *kept) if more else out), found
        return (found, *kept) if more else found

    return gradients
