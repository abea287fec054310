"""What programs share that tell a library's own differentiation a backward pass: what is saved, and sent back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backprop.differentiate.run import evaluate
from backprop.emit.listing import Listing
from backprop.emit.literals import WIDTH, Bracketed, laid_out
from backprop.emit.request import Request
from backprop.errors import Problem
from backprop.numbers.shapes import all_finite

STEP, ABSOLUTE, RELATIVE = 1e-6, 1e-5, 1e-3  # of PyTorch's gradcheck
PART = 8  # names on a line
MOST = 200  # elements; a gradient check of more takes its time


class Sent(NamedTuple):
    """A gradient for each input, as it is handed on, and the names that are read there."""

    texts: list[str]
    reads: frozenset[str]


def saved(listing: Listing, sent: Sent) -> list[str]:
    """What the backward pass reads of the forward pass: inputs and lines by their names, in order."""
    read = sent.reads.union(*(line.reads for line in listing.backward_lines()))
    known = [*listing.inputs.values(), *(line.name for line in listing.forward_lines())]
    return [name for name in known if name in read]


def handed_on(listing: Listing, zeros: str, unasked: str, arrived: str = "{0}") -> Sent:
    """What is sent to each input: {0} in these forms is its gradient, and {1} the input.

    `zeros` is how the gradient of an unused input is written, `unasked` what is not wanted, and `arrived` all others.
    """
    texts, reads = [], listing.gradient_reads
    for name, given in listing.inputs.items():
        text = listing.gradients.get(name)
        form = unasked if text is None else zeros if text == "0.0" else arrived
        texts.append(form.format(text, given))
        reads |= {given} if "{1}" in form else frozenset()
    return Sent(texts, reads)


def returned(texts: Sequence[Bracketed | str], indent: int, *, always: bool = False) -> list[str]:
    """`return dx, dy`: in brackets where that is too long for a line; `always` a tuple, of a single one too."""
    if not texts or (always and len(texts) == 1):
        return [f"{' ' * indent}return ({texts[0]},)" if texts else f"{' ' * indent}return ()"]
    line = f"{' ' * indent}return {', '.join(map(str, texts))}"
    return [line] if len(line) <= WIDTH else laid_out(Bracketed("return ", texts), indent)


def unpacked(names: list[str], source: str, indent: int) -> list[str]:
    """`x, q = residuals`, in parts where there are many; a single name in brackets, with its comma."""
    margin = " " * indent
    if len(names) == 1:
        return [f"{margin}({names[0]},) = {source}"]
    line = f"{margin}{', '.join(names)} = {source}"
    if len(line) <= WIDTH or len(names) < 4:
        return [line] if names else []
    half = len(names) // 2
    parts = [(names[:half], f"{source}[:{half}]"), (names[half:], f"{source}[{half}:]")]
    if len(names) > PART:
        starts = range(0, len(names), PART)
        parts = [(names[i : i + PART], f"{source}[{i}:{i + len(names[i : i + PART])}]") for i in starts]
    return [line for part, slice_of in parts for line in unpacked(part, slice_of, indent)]


def smooth(request: Request) -> bool:
    """Whether PyTorch's gradient check, which goes a small step to both sides, finds the gradients at the point.

    It does not at a kink, or where the slope changes too fast; nor where there is no number.
    """
    assert request.at is not None
    if list(request.circuit.variables) != request.wrt or not request.wrt:
        return False
    gradients, upstream = request.gradients, 1.0 if request.upstream is None else request.upstream
    if not all(map(all_finite, [request.value, *gradients.values()])):
        return False
    import numpy as np

    if sum(np.size(value) for value in request.at.values()) > MOST:
        return False
    for name, value in request.at.items():
        for place in np.ndindex(np.shape(value)):
            sides = []
            for step in (STEP, -STEP):
                moved = np.array(value, dtype=float)
                moved[place] += step
                at = {**request.at, name: moved if np.ndim(value) else float(moved)}
                try:
                    with np.errstate(all="ignore"):
                        sides.append(evaluate(request.circuit, at)[request.circuit.output])
                except Problem:  # an index that is no whole number
                    return False
            slope = float(np.sum(np.subtract(*sides) / (2 * STEP) * upstream))
            error = abs(slope - float(np.asarray(gradients[name])[place]))
            if not error <= (ABSOLUTE + RELATIVE * abs(slope)) / 2:
                return False
    return True
