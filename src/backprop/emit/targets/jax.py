"""JAX: a `custom_vjp` whose forward pass hands its residuals to the backward pass.

A `custom_jvp`, where that is asked for, is made of the same two passes, and so has forward and second derivatives too.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from backprop.emit.helpers import helpers
from backprop.emit.literals import Bracketed, laid_out
from backprop.emit.prelude import functions
from backprop.emit.request import Request
from backprop.emit.target import Text
from backprop.emit.targets.custom import handed_on, returned, saved, unpacked
from backprop.emit.targets.numpy import NumPy
from backprop.emit.targets.pythonic import called, function_text, lines_text, signature
from backprop.emit.targets.torch_words import Torch
from backprop.errors import Problem
from backprop.errors.spelling import option
from backprop.gates import Gate

WORDS = {
    r"(scipy\.special\.|torch\.special\.|torch\.(?=digamma))": "jax.scipy.special.",
    r", dtype=x\.dtype(?=\)$)": "",
    r"torch\.detach": "jax.lax.stop_gradient",
    r"(np|torch)\.": "jnp.",
}


def translated(text: str) -> str:
    """A helper in NumPy's words, or PyTorch's for special functions, in JAX's; comments stay."""
    return "\n".join(line if line.startswith("#") else in_words_of_jax(line) for line in text.split("\n"))


def in_words_of_jax(line: str) -> str:
    for theirs, ours in WORDS.items():
        line = re.sub(rf"(?<![\w.]){theirs}", ours, line)
    return line


class Jax(NumPy):
    """JAX's NumPy."""

    name = "jax"
    title = "JAX"
    module = "jnp"
    opens = True
    words: ClassVar = {
        **{gate: in_words_of_jax(word) for gate, word in NumPy.words.items() if gate not in ("gamma", "erfinv")},
        "abs": "abs", "selu": "jax.nn.selu", "rows": "math.prod(jnp.shape({0})[:-1])",
    }  # fmt: skip
    constants: ClassVar = {value: in_words_of_jax(text) for value, text in NumPy.constants.items()}
    helpers: ClassVar = {
        **{name: translated(source) for name, source in NumPy.helpers.items()},
        **{name: translated(Torch.helpers[name]) for name in ("gamma", "digamma", "powers", "polygamma")},
        **functions("jax_helpers.py"),
    }
    reserved = NumPy.reserved | {"jax", "jnp", "abs", "math", "residuals", *helpers}
    others = NumPy.others | {"inputs"}

    def own(self) -> list[str]:
        return [self.function, *(f"{self.function}_{part}" for part in ("fwd", "bwd", "jvp"))]

    def touched(self, number: Text) -> Text:
        return Text(f"jnp.asarray({number.text})")

    def spell_power(self, *_: object) -> None:
        """A power is one, to the half, too."""

    def item(self, item: Any) -> str:
        """JAX takes no lists as indices."""
        text = super().item(item)
        return f"jnp.array({text})" if text.startswith("[") else text

    def in_place(self, gate: Gate, text: Text) -> bool:
        """Arrays do not change: `+=` makes a new one."""
        return True


def write(request: Request) -> str:
    """The program: its helpers, the function with its two passes, and its test."""
    target = Jax()
    if request.jvp and request.wrt != list(request.circuit.variables):
        hint = f"leave {option('--wrt')} out, or {option('--jvp')}"
        raise Problem("option", "a custom_jvp needs all gradients", hint=hint)
    listing = request.listing(target)
    inputs, name = list(listing.inputs.values()), target.function
    form = "unbroadcast({0}, {1})" if request.alike else "{0}"  # JAX sums nothing back by itself
    unasked = "jnp.full_like({1}, jnp.nan)"
    sent = handed_on(listing, "jnp.zeros_like({1})", unasked, form)
    if request.alike and any(text != "0.0" for text in listing.gradients.values()):
        target.used["unbroadcast"] = None
    functions = [function_text(helper) for helper in helpers(target)]
    kept = saved(listing, sent)
    forward, backward = lines_text(listing.forward_lines()), lines_text(listing.backward_lines())
    residuals = Bracketed("", kept) if len(kept) != 1 else f"({kept[0]},)"
    function = [
        *(f"# {line}" for line in [*request.title(), *request.shape_lines()]),
        f"@jax.custom_{'jvp' if request.jvp else 'vjp'}",
        *signature(name, inputs),
        *laid_out(Bracketed(f"return {name}_fwd", inputs), 4, "[0]"),
    ]
    first = [
        *signature(f"{name}_fwd", inputs),
        *(f"    {name} = 1.0 * jnp.asarray({name})" for name in inputs),  # integers become floats
        *forward,
        *([""] if forward else []),
        *returned([listing.value, residuals], 4),
    ]
    second = [
        *signature(f"{name}_bwd", ["residuals", listing.upstream]),
        *unpacked(kept, "residuals", 4),
        *backward,
        *([""] if backward else []),
        *returned(sent.texts, 4, always=True),
    ]
    blocks = [*functions, *("\n".join(lines) for lines in (function, first, second))]
    blocks.append("\n".join(forward_mode(request, name)) if request.jvp else f"{name}.defvjp({name}_fwd, {name}_bwd)")
    text = "\n\n\n".join(blocks)
    if request.at is not None:
        text += "\n\n" + "\n".join(self_test(request, target))
    imports = ["import math\n"] if "math." in text else []
    return "\n".join([*imports, f"import jax\nimport jax.numpy as jnp\n\n\n{text}\n"])


def forward_mode(request: Request, name: str) -> list[str]:
    """How the output moves with the inputs: along the gradients, or, of an array of outputs, by the transposed pass."""
    lines = [f"@{name}.defjvp", f"def {name}_jvp(primals, tangents):"]
    value = f"    value, residuals = {name}_fwd(*primals)"
    gradients = f"    gradients = {name}_bwd(residuals, jnp.ones_like(value))"
    if not request.arrays:
        stretched = [f"    {each} = jnp.broadcast_arrays(*{each})" for each in ("primals", "tangents")]
        total = "    return value, sum(g * t for g, t in zip(gradients, tangents))"
        return [*lines, *(stretched if len(request.circuit.variables) > 1 else []), value, gradients, total]
    if not request.opens:
        return [*lines, value, gradients, "    return value, sum(jnp.sum(g * t) for g, t in zip(gradients, tangents))"]
    return [
        *lines,
        value,
        f"    backward = lambda above: {name}_bwd(residuals, above)",
        "    return value, jax.linear_transpose(backward, value)(tangents)[0]",
    ]


def self_test(request: Request, target: Jax) -> list[str]:
    """The test at the point: the numbers that the calculator found."""
    assert request.at is not None
    names = list(request.circuit.variables)
    given = [target.literal(request.at[name]) for name in names]
    found = [target.literal(x) for x in (request.value, *request.gradients.values())]
    above = ["jnp.ones_like(value)" if request.upstream is None else target.literal(request.upstream)]
    lines = [
        'if __name__ == "__main__":',
        '    jax.config.update("jax_enable_x64", True)  # without it, 32 bits',
        *laid_out(Bracketed("inputs = ", given, "[", "]"), 4),
        f"    value, pullback = jax.vjp({target.function}, *map(jnp.asarray, inputs))",
        *called("gradients = pullback", above),
    ]
    if request.wrt != names:
        lines.append(f"    gradients = [{', '.join(f'gradients[{names.index(name)}]' for name in request.wrt)}]")
    return [
        *lines,
        *laid_out(Bracketed("expected = ", found, "[", "]"), 4),
        "    for found, number in zip([value, *gradients], map(jnp.asarray, expected)):",
        "        assert found.shape == number.shape",
        "        assert jnp.allclose(found, number, rtol=1e-9, atol=1e-12, equal_nan=True)",
    ]
