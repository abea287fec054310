"""PyTorch: a `torch.autograd.Function` that saves what its backward pass needs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backprop.emit.helpers import helpers
from backprop.emit.literals import Bracketed, laid_out
from backprop.emit.request import Request
from backprop.emit.target import Text
from backprop.emit.targets.custom import returned, saved, sent, smooth, unpacked
from backprop.emit.targets.pythonic import called, function_text, lines_text, signature
from backprop.emit.targets.torch_words import Torch

MODEL = re.compile(r"(?<![.\w])number\(")
INDENT = 8
ONCE = """        if torch.is_grad_enabled():  # create_graph=True
            raise RuntimeError("no second derivative: what is saved has no graph")"""


def write(request: Request) -> str:
    """The program: its helpers, the class, the function that applies it, and its test."""
    target = Torch()
    listing = request.listing(target)
    functions = [modelled_helper(function_text(helper)) for helper in helpers(target)]
    inputs = list(listing.inputs.values())
    results = sent(listing, "torch.zeros_like({1})", "None")
    kept = saved(listing, results)
    value = target.tensor(Text(listing.value)).text
    forward = lines_text(listing.forward_lines(), INDENT)
    backward = lines_text(listing.backward_lines(), INDENT)
    lines = [
        *(f"# {line}" for line in [*request.title(), *request.shape_lines()]),
        f"class {target.kind()}(torch.autograd.Function):",
        "    @staticmethod",
        *laid_out(Bracketed("def forward", ["ctx", *inputs]), 4, ":"),
        *modelled([*forward, value], inputs[0] if inputs else None),
        *forward,
        *([""] if forward else []),
        *(laid_out(Bracketed("ctx.save_for_backward", kept), INDENT) if kept else []),
        f"        return {value}",
        "",
        "    @staticmethod",
        *laid_out(Bracketed("def backward", ["ctx", listing.upstream]), 4, ":"),
        ONCE,
        *unpacked(kept, "ctx.saved_tensors", INDENT),
        *modelled([*backward, *results], listing.upstream),
        *backward,
        *([""] if backward else []),
        *(returned(results, INDENT)),
    ]
    applied = [
        *signature(target.function, inputs),
        *laid_out(Bracketed(f"return {target.kind()}.apply", inputs), 4),
    ]
    applied = ["# for tensors: torch.tensor(2.0), and not 2.0", *applied] if inputs else applied
    blocks = [*functions, "\n".join(lines), "\n".join(applied)]
    if request.at is not None:
        blocks.append("\n".join(self_test(request, target)))
    text = "\n\n\n".join(blocks)
    imports = ["import math\n"] if "math." in text else []
    imports += ["from functools import partial\n"] if "partial(" in text else []
    imports += ["\n"] if imports else []
    imports += ["import torch\n"]
    return f"{''.join(imports)}\n\n{text}\n"


def modelled(lines: Sequence[str], model: str | None) -> list[str]:
    """How plain numbers become tensors of the kind of another one, where that is needed."""
    if not any(map(MODEL.search, lines)):
        return []
    maker = f"{model}.new_tensor" if model else "partial(torch.tensor, dtype=torch.float64)"
    return [f"        number = {maker}"]


def modelled_helper(source: str) -> str:
    """A helper likewise: its first parameter is the model."""
    if not MODEL.search(source):
        return source
    head, name, rest = re.split(r"(?<=\()(\w+)", source, maxsplit=1)
    first, _, body = rest.partition(":\n")
    docstring, quotes, body = body.rpartition('"""\n')
    return f"{head}{name}{first}:\n{docstring}{quotes}    number = {name}.new_tensor\n{body}"


def self_test(request: Request, target: Torch) -> list[str]:
    """The test at the point: the numbers that the calculator found, and PyTorch's gradient check."""
    assert request.at is not None
    names = list(request.circuit.variables)
    given = Bracketed("", [target.literal(request.at[name]) for name in names], "[", "]")
    found = Bracketed("", [target.literal(x) for x in (request.value, *request.gradients.values())], "[", "]")
    lines = [
        'if __name__ == "__main__":',
        *laid_out(Bracketed("inputs = ", given.parts, "[", "]"), 4),
        "    inputs = [torch.as_tensor(x, dtype=torch.float64) for x in inputs]",
        f"    value = {target.function}(*[x.requires_grad_() for x in inputs])",
    ]
    wanted = "inputs" if request.wrt == names else f"[{', '.join(f'inputs[{names.index(x)}]' for x in request.wrt)}]"
    above = [] if request.upstream is None else ["upstream"]
    if above:
        upstream = Bracketed("torch.tensor", [target.literal(request.upstream), "dtype=torch.float64"])
        lines += laid_out(Bracketed("upstream = ", [upstream], "", ""), 4)
    if request.wrt:
        lines += called("gradients = torch.autograd.grad", ["value", wanted, *above])
    lines += [
        *laid_out(Bracketed("expected = ", found.parts, "[", "]"), 4),
        f"    for found, number in zip([value{', *gradients' if request.wrt else ''}], expected):",
        "        number = torch.as_tensor(number, dtype=torch.float64)",
        '        close = {"rtol": 1e-9, "atol": 1e-12, "equal_nan": True}',
        "        torch.testing.assert_close(found, number, **close)",
    ]
    return lines + [f"    assert torch.autograd.gradcheck({target.function}, inputs)"] * smooth(request)
