"""What was meant by the name of a function that there is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from backprop.errors import Problem, nearest
from backprop.errors.spans import Span
from backprop.errors.spelling import either
from backprop.gates import NAMES
from backprop.language.notations import of_whole_arrays, sum_over_index
from backprop.language.program import Call, Program
from backprop.numbers.makers import RANDOM

DERIVATIVES = frozenset(["grad", "gradient", "diff", "differentiate", "deriv", "derivative", "jacobian", "hessian"])
ARRAYS = frozenset(
    ["array", "asarray", "tensor", "Tensor", "Value", "Variable", "float", "float64"]
)  # other languages'
PREFIXES = ("jnp.", "np.", "numpy.", "torch.")
ELSEWHERE = {  # functions of others, for which nothing here stands
    "range": "there are no loops here: an array is written out, [0, 1, 2]",
    "len": "how many elements there are is a number: write it as one",
    "print": "the last line is the output: write its expression alone",
    "argmax": "an index has no gradient: the value that it finds is max(x)",
    "size": "how many elements there are is a number: write it as one",
    "numel": "how many elements there are is a number: write it as one",
    "argmin": "an index has no gradient: the value that it finds is min(x)",
    "detach": "no gradient is held back here: give what has none as a variable of its own",
    "stop_gradient": "no gradient is held back here: give what has none as a variable of its own",
    "Σ": "write sum(x)",
    "median": "of three elements write sort(x)[1], of four mean(sort(x)[1:3])",
    "dropout": "its mask is random: give it as a variable, x * mask",
}
SAID = {  # the same, and what says it here of their inputs
    "cot ctg": "1/tan({0})", "sec": "1/cos({0})", "csc": "1/sin({0})", "coth": "1/tanh({0})", "csch": "1/sinh({0})",
    "acot arccot": "atan(1/({0}))", "asec arcsec": "acos(1/({0}))", "acsc arccsc": "asin(1/({0}))", "tg": "tan({0})",
    "lg": "log10({0})", "lb ld": "log2({0})", "exp10": "10^({0})", "factorial": "gamma({0} + 1)", "int": "trunc({0})",
    "root nthroot": "({0})^(1/({1}))", "beta": "gamma({0})*gamma({1})/gamma({0} + {1})",
    "fmod rem": "({0}) - ({1})*trunc(({0})/({1}))", "erfcx": "exp(({0})^2)*erfc({0})", "bool": "({0}) != 0",
    "deg2rad radians": "({0})*pi/180", "rad2deg degrees": "({0})*180/pi",
    "average avg": "mean({0})", "product": "prod({0})", "variance": "var({0})", "softmin": "softmax(-({0}))",
    "relu6": "clip({0}, 0, 6)", "prelu": "leaky_relu({0}, {1})", "hardswish hard_swish": "({0})*hardsigmoid({0})",
    "tanhshrink": "({0}) - tanh({0})", "l1_loss": "mean(abs({0} - ({1})))", "mse_loss": "mse({0}, {1})",
    "binary_cross_entropy": "bce({0}, {1})", "binary_cross_entropy_with_logits": "bce_with_logits({0}, {1})",
    "huber_loss": "huber({0}, {1})", "cosine_similarity": "dot({0}, {1})/(norm({0})*norm({1}))",
}  # fmt: skip
SHORTEST_WORD = 4  # letters: what is shorter is rather a factor
LONGEST_LINE = 160  # characters of a line that a hint writes out


def unknown_function(
    program: Program, names: Collection[str], functions: Collection[str], call: Call, node: int
) -> Problem:
    """The problem that a program calls what is no function, with what was probably meant."""
    spans = [program.callee_span(node)]
    below = [s for s in program.statements if s.kind == "definition" and s.name == call.name]
    if below:
        itself = node in below[0].nodes
        message = f"{call.name}(…) is defined by itself" if itself else f"{call.name}(…) is used before it is defined"
        hint = "there is no recursion here: a circuit has no loops" if itself else "put its definition above"
        return program.problem("definition", message, [*spans, program.name_span(below[0])], hint)
    if call.name in names:
        message = f"{call.name} is a value, and not a function"
        return program.problem("name", message, spans, f"to multiply, write {product(program, node)}")
    if call.name in RANDOM:
        hint = either(f'give it as a value: --x "{call.name}(…)"', "let NumPy draw it, and give it as a value")
        return program.problem("name", f"{call.name} makes values, and cannot stand in an expression", spans, hint)
    before = program.text[: spans[0].start].rstrip()
    behind = program.text[program.span(node).end :].lstrip()
    over = call.name[0] == "d" and (before.endswith("d/") or (call.name == "d" and behind.startswith("/d")))
    if call.positional and (call.name in DERIVATIVES or over):
        function = program.source_of(call.positional[0])
        hint = f"gradients are the answer, and not part of the question: write {function}"
        return program.problem("name", f"{call.name}(…) is not needed", spans, hint)
    if call.name in ARRAYS and len(call.positional) == 1:
        hint = f"write its value alone: {unwrapped(program, node)}"
        return program.problem("name", f"{call.name}(…) is not needed", spans, hint)
    if sum_over_index(program.text) is not None:
        message = "a sum is over all elements, and has no index"
        return program.problem("name", message, spans, f"write {of_whole_arrays(program.text)}")
    known = nearest(call.name, [*functions, *NAMES])
    hint = ELSEWHERE.get(call.name) or said(program, node) or (f"did you mean {known}?" if known else "")
    if not hint:
        hint = "`backprop gates` lists those that there are"
        if len(call.positional) == 1 and not call.keywords and not before.endswith("."):
            factor = f"to multiply, write {product(program, node)}"
            hint = factor if len(call.name) < SHORTEST_WORD else f"{hint}; {factor}"
    return program.problem("name", f"there is no function {call.name}", spans, hint)


def said(program: Program, node: int) -> str:
    """What says the same as another's function, in its line; "" for one that is not known."""
    call = program.operands[node]
    form = next((form for names, form in SAID.items() if call.name in names.split()), "")
    inputs = [program.source_of(one) for one in call.positional]
    if not form or call.keywords or len(inputs) != 1 + ("{1}" in form):
        return ""
    from re import search, sub

    text = sub(r"(?<!\w)\((\w+)\)", r"\1", form.format(*inputs))  # no brackets round a name
    start, end = program.span(node)
    if module := search(r"[\w.]+\.$", program.text[:start]):
        start = module.start()
    alone = not program.text[:start].strip() and not program.text[end:].strip()
    whole = text if alone or not any(sign in form for sign in "*/^!-+") else f"({text})"
    return f"write {mended(program, {Span(start, end): whole})}"


def product(program: Program, node: int) -> str:
    """`x(x + 1)` as x*(x + 1), with all that stands around it."""
    end = program.callee_span(node).end
    return mended(program, {Span(end, end): "*"})


def unwrapped(program: Program, node: int) -> str:
    """`Value(2.0)` as 2.0, with all that stands around it, and all other such calls there taken off, too."""
    values = {}
    for wrapping in [node, *range(len(program.ops))]:  # the one that was met stands first
        call = program.operands[wrapping]
        if program.ops[wrapping] == "call" and call.name in ARRAYS and len(call.positional) == 1:
            start, end = program.span(wrapping)
            prefix = next((one for one in PREFIXES if program.text[:start].endswith(one)), "")
            values[Span(start - len(prefix), end)] = program.source_of(call.positional[0])
    return mended(program, values)


def mended(program: Program, edits: Mapping[Span, str]) -> str:
    """The line of the first edit, with other texts in places of it; the first alone where the line is long."""
    text = program.text
    (span, instead), *_ = edits.items()
    start, end = text.rfind("\n", 0, span.start) + 1, text.find("\n", span.end) % (len(text) + 1)
    if end - start > LONGEST_LINE:
        return instead if span.end > span.start else f"{text[: span.start].split()[-1]}{instead}(…)"
    line, done = "", start
    for place in sorted(place for place in edits if start <= place.start and place.end <= end):
        if place.start >= done:
            line, done = line + text[done : place.start] + edits[place], place.end
    return line + text[done:end]
