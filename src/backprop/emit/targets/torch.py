"""PyTorch: a `torch.autograd.Function` that saves what its backward pass needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backprop.emit.helpers import helpers
from backprop.emit.listing import Listing
from backprop.emit.literals import WIDTH, Bracketed, laid_out
from backprop.emit.request import Request
from backprop.emit.target import Text
from backprop.emit.targets.custom import Sent, handed_on, returned, saved, smooth, unpacked
from backprop.emit.targets.pythonic import called, function_text, lines_text, signature
from backprop.emit.targets.torch_words import NUMBER, Torch

INDENT = 8


def write(request: Request) -> str:
    """The program: its helpers, the class, the function that applies it, and its test."""
    target = Torch()
    listing = request.listing(target)
    functions = [
        function_text(helper, before=modelled([helper.reads], helper.parameters[:1], 4)) for helper in helpers(target)
    ]
    inputs = list(listing.inputs.values())
    sent = handed_on(listing, "torch.zeros_like({1})", "None")
    read = saved(listing, sent)
    same = aliases(listing)
    needed = {same.get(name, name) for name in read}  # an input that comes out cannot be saved as output
    kept = [name for name in [*inputs, *(line.name for line in listing.forward_lines())] if name in needed]
    renamed = {name: same[name] for name in read if name in same}
    computed = [name for name in kept if name not in inputs]
    again = [name for name in computed if name != listing.value]  # what backward makes again where it needs a graph
    value, made = target.tensor(Text(listing.value)).text, target.noted()
    if same.get(listing.value) in kept:
        value = f"{value}.clone()"  # what is saved cannot be what comes out, under another name
    passes = {
        "forward(": forward(listing, value, made, again),
        "setup_context(": context(listing, [*inputs] if computed else kept, computed, again),
        "backward(": backward(target, listing, sent, [*inputs, *computed] if computed else kept, again, renamed),
    }
    lines = [
        *(f"# {line}" for line in [*request.title(), *request.shape_lines()]),
        f"class {target.kind()}(torch.autograd.Function):",
        "    generate_vmap_rule = True",
        *(line for text in passes.values() for line in ["", "    @staticmethod", *text]),
    ]
    applied = [
        *signature(target.function, inputs),
        *laid_out(Bracketed(f"return {target.kind()}.apply", inputs), 4, "[0]" if again else ""),
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


def forward(listing: Listing, value: str, made: frozenset[str], again: list[str]) -> list[str]:
    """The forward pass: its value, for which more names may be read, and what is to be saved of it."""
    inputs, lines = list(listing.inputs.values()), lines_text(listing.forward_lines(), INDENT)
    return [
        *laid_out(Bracketed("def forward", inputs), 4, ":"),
        *modelled([listing.value_reads | made, *(line.reads for line in listing.forward_lines())], inputs),
        *lines,
        *([""] if lines else []),
        *returned([value, *again], INDENT),
    ]


def context(listing: Listing, kept: list[str], computed: list[str], again: list[str]) -> list[str]:
    """What the backward pass gets: inputs, and what the forward pass computed."""
    inputs, outputs = list(listing.inputs.values()), [listing.value, *again]
    both = [name for name in inputs if name in kept], computed
    lines = [
        *(unpacked(inputs, "inputs", INDENT) if both[0] else []),
        *(
            unpacked(outputs, "outputs", INDENT)
            if again
            else [f"        {listing.value} = outputs"]
            if computed
            else []
        ),
        *(laid_out(Bracketed("ctx.mark_non_differentiable", again), INDENT) if again else []),
        *(["        ctx.set_materialize_grads(False)"] if again else []),
        *(laid_out(Bracketed("ctx.save_for_backward", [*both[0], *both[1]]), INDENT) if kept or computed else []),
    ]
    return ["    def setup_context(ctx, inputs, outputs):", *(lines or ["        pass"])]


def aliases(listing: Listing) -> dict[str, str]:
    """The lines that give another name to what has one: what that is called."""
    found: dict[str, str] = {}
    for line in listing.forward_lines():
        if line.reads == {line.text}:
            found[line.name] = found.get(line.text, line.text)
    return found


def backward(
    target: Torch, listing: Listing, sent: Sent, kept: list[str], again: list[str], renamed: dict[str, str]
) -> list[str]:
    """The backward pass. Where its own gradient is asked for, it makes what was saved again, out of the inputs."""
    lines = lines_text(listing.backward_lines(), INDENT)
    inputs = list(listing.inputs.values())
    call = Bracketed(f"outputs = {target.kind()}.forward", inputs)
    beside = f"{' ' * (INDENT + 4)}{', '.join(['_', *again])} = {str(call).removeprefix('outputs = ')}"
    long = [*laid_out(call, INDENT + 4), *unpacked(["_", *again], "outputs", INDENT + 4)]
    once = [  # what was saved beside the inputs has no place in a graph
        f"        if {listing.upstream} is None:",
        f"            return {'None' if len(inputs) == 1 else f'(None,) * {len(inputs)}'}",
        *unpacked(kept, "ctx.saved_tensors", INDENT),
        "        if torch.is_grad_enabled():  # create_graph=True: what was saved has no graph",
        *([beside] if len(beside) <= WIDTH else long),
    ]
    return [
        *laid_out(Bracketed("def backward", ["ctx", listing.upstream, *(["*_"] if again else [])]), 4, ":"),
        *(once if again else unpacked(kept, "ctx.saved_tensors", INDENT)),
        *(f"        {name} = {other}" for name, other in renamed.items()),
        *modelled([sent.reads, *(line.reads for line in listing.backward_lines())], [listing.upstream]),
        *lines,
        *([""] if lines else []),
        *(returned(sent.texts, INDENT)),
    ]


def modelled(reads: Iterable[frozenset[str]], models: Sequence[str], indent: int = INDENT) -> list[str]:
    """How plain numbers become tensors of the kind of the first of some others, where texts read that."""
    if not any(NUMBER in names for names in reads):
        return []
    maker = f"{models[0]}.new_tensor" if models else "partial(torch.tensor, dtype=torch.float64)"
    return [f"{' ' * indent}{NUMBER} = {maker}"]


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
        numbers = [target.literal(request.upstream), "dtype=torch.float64"]
        lines += laid_out(Bracketed("upstream = torch.tensor", numbers), 4)
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
