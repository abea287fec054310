"""The gate library as a reference: one page per gate, made from its row, with an example that is run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from math import isfinite
from typing import Any, NamedTuple

from backprop.differentiate import functions, rules
from backprop.errors import Problem, enumerated, nearest
from backprop.gates import FAMILIES, GATES, NAMES, Gate
from backprop.language import parse
from backprop.language.printer import OPERATORS, infix
from backprop.library import Compiled, Evaluation
from backprop.library.values import parse_value
from backprop.show.grid import Column, Grid, cell, number
from backprop.show.objects import number as json_number

FRAMEWORKS = ("PyTorch", "JAX", "autograd", "TensorFlow")
SHORTEST = 3  # letters of a word that is looked for in the names of gates and families
TRIED = (0.5, 2.0, -1.0, 1.0, 3.0)  # numbers for an example, the first that are in the domain


class Example(NamedTuple):
    """A gate at a point: the text, the point, what evaluating it gives, and the call that is in the text."""

    text: str
    at: dict[str, Any]
    evaluation: Evaluation
    call: str


def find(name: str) -> Gate:
    """The gate with a name, an alias or a symbol (`tanh`, `ln`, `*`)."""
    if not isinstance(name, str):
        raise Problem("name", f"a gate has a name, which {name!r} is not", hint='reference("tanh")')
    symbols = {operator.symbol: gate for gate, operator in OPERATORS.items() if gate != "negate"}
    gate = NAMES.get(name) or GATES.get(symbols.get(name, ""))
    if gate is None:
        word = name.partition("(")[0].strip()
        alike = [one.name for one in library() if word.lower() in one.name or word.lower() in one.family]
        near = enumerated(alike) if len(word) >= SHORTEST and alike else nearest(word, NAMES)
        hint = f"did you mean {near}?" if near else "`backprop gates` lists them all"
        raise Problem("name", f"there is no gate {name}", hint=hint)
    return gate


def written(gate: Gate) -> str:
    """How a gate is written: `x + y`, or as a call."""
    if gate.name in OPERATORS:
        return infix(gate.name, gate.arguments)
    return gate.signature()


def library() -> list[Gate]:
    """The gates that a user may call, in their families."""
    return [gate for gate in GATES.values() if not gate.plumbing]


def local_gradients(gate: Gate) -> list[tuple[str, str]]:
    """Each input of a gate, and the rule of its local gradient; of a gate that mixes elements, of what is sent."""
    if gate.variadic and not gate.mixes:
        return [(gate.arguments[0], f"1 where {gate.arguments[0]} is the chosen one, else 0")]
    count = 2 if gate.variadic else len(gate.arguments)
    names = gate.names(count)
    texts = (
        gate.reads or gate.plain or ((RULE_OF_THE_CALL,) * count if callable(gate.vjp) else gate.rules(count, "both"))
    )
    return [
        (name, "none" if not text else text if can_be_typed(text) else NO_FORMULA)
        for name, text in zip(names, texts, strict=False)
    ]


RULE_OF_THE_CALL = "depends on the call"
NO_FORMULA = "no formula of a line: it is what it does, turned round"


def can_be_typed(rule: str) -> bool:
    """Whether a rule has no gates that only rules use."""
    if rule == RULE_OF_THE_CALL:
        return True
    program = parse(rule)
    return all(op != "call" or call.name in NAMES for op, call in zip(program.ops, program.operands, strict=True))


def example(gate: Gate) -> Example | None:
    """A point in the domain of a gate, away from its kinks, where the first input that is not flat gets something."""
    if gate.mixes:
        return array_example(gate)
    found = list(islice(number_examples(gate), 20))
    return next((one for one in found if flows(gate, one)), found[0] if found else None)


def flows(gate: Gate, shown: Example) -> bool:
    """Whether the first input that is not flat gets a gradient."""
    rules_of = dict(zip(gate.arguments, gate.partials, strict=False))
    slopes = [slope for name, slope in shown.evaluation.gradients.items() if rules_of.get(name) != "0"]
    return bool(slopes) and slopes[0] != 0


def number_examples(gate: Gate) -> Iterator[Example]:
    """A gate at the points that are tried, where they are in its domain and on no kink."""
    names = gate.names(2) if gate.variadic else gate.arguments
    free = [name for name in names if name not in gate.defaults]
    text = infix(gate.name, list(names if gate.variadic else free))
    for numbers in product(TRIED, repeat=len(free)):
        at = dict(zip(free, numbers, strict=True))
        inputs = [at.get(name, gate.defaults.get(name, 0.0)) for name in names]
        out = functions.forward(gate, len(names))(*inputs)
        inside = not gate.domain or rules.condition(gate.domain, gate, len(names))(*inputs, out)
        if not inside or not isfinite(out) or (gate.kink and rules.kink(gate, len(names))(*inputs, out)):
            continue
        try:
            yield Example(text, at, Compiled(text).evaluate(at), text)
        except Problem:  # no rule for this input: it stands in the text as a number
            fixed = {name: value for name, value in at.items() if gate.partials[names.index(name)] is None}
            with_numbers = infix(gate.name, [f"{fixed[name]:g}" if name in fixed else name for name in free])
            free_at = {name: x for name, x in at.items() if name not in fixed}
            yield Example(with_numbers, free_at, Compiled(with_numbers).evaluate(free_at), with_numbers)


CALLS = {  # of more than inputs, or of what sums to 1
    "index": "x[0]", "reshape": "reshape(x, 4)", "einsum": 'einsum("ij,jk->ik", x1, x2)', "softmax": "softmax(x)[0, 1]",
}  # fmt: skip
MATRIX, VECTOR, LONGER, SHARES = "[[2, 1], [1, 3]]", "[1, 2]", "[1, 2, 4]", "[[0.5, 0.5], [0.25, 0.75]]"
TARGETS = {  # what an input of that name, or that of one gate, is compared with
    "t": "[[1, 0], [0, 1]]", "hinge y": "[[1, -1], [-1, 1]]", "mse y": SHARES, "huber y": SHARES,
}  # fmt: skip


def array_example(gate: Gate) -> Example | None:
    """A gate on small arrays, one where its first input gets something and there is nothing to note if there is one."""
    found = list(array_examples(gate))

    def is_plain(shown: Example) -> bool:
        return not shown.evaluation.notes and bool(next(iter(shown.evaluation.gradients.values())).any())

    return next(filter(is_plain, found), found[0] if found else None)


def array_examples(gate: Gate) -> Iterator[Example]:
    """A gate on small arrays in its domain, the output made a number where it is none."""
    from numpy import isfinite

    names = gate.names(2) if gate.variadic else [name for name in gate.arguments if name not in gate.defaults]
    call = CALLS.get(gate.name) or infix(gate.spelling, list(names))
    variables = Compiled(call).variables
    targets = (TARGETS.get(f"{gate.name} {name}", TARGETS.get(name)) for name in names)
    choices = ((target,) if target else (MATRIX, VECTOR, LONGER, SHARES) for target in targets)
    for texts in product(*choices):
        at = {name: parse_value(text, name) for name, text in zip(names, texts, strict=True) if name in variables}
        for text in (call, f"sum({call})"):
            try:
                found = Compiled(text).evaluate(at)
            except Problem:
                continue
            if all(isfinite(number).all() for number in (found.value, *found.gradients.values())):
                yield Example(text, at, found, call)
                break


def command(shown: Example) -> str:
    import shlex

    options = " ".join(f"--{name} {shlex.quote(cell(x, 6, one_line=True))}" for name, x in shown.at.items())
    text = shlex.quote(shown.text) if '"' in shown.text else f'"{shown.text}"'
    return f"backprop eval {text} {options}"


# ── the whole library ──


def library_grid() -> Grid:
    """A row for each gate, in families."""
    columns = [
        Column("gate", "name", False), Column("local gradients", "local", False), Column("what it does", "", False)
    ]  # fmt: skip
    rows: list[list[str]] = []
    for name, gates in FAMILIES.items():
        gates = [gate for gate in gates if not gate.plumbing]
        if gates:
            rows += [["", "", ""]] if rows else []
            rows += [[f"── {name} ──", "", ""]]
            rows += [[written(gate), "; ".join(rule for _, rule in shortened(gate)), gate.says] for gate in gates]
    return Grid(columns, rows)


def shortened(gate: Gate) -> list[tuple[str, str]]:
    """The local gradients, as text books spell them where that is shorter; a long rule is left to the gate's page."""
    pairs = local_gradients(gate)
    if gate.textbook:
        pairs = [(name, text or "none") for (name, _), text in zip(pairs, gate.textbook, strict=True)]
    return [(name, rule if len(rule) <= 40 else "…") for name, rule in pairs]


def flat_grid() -> Grid:
    """The library for CSV: a row for each gate, and nothing between families."""
    columns = [
        Column(heading, "", False) for heading in ("gate", "family", "written", "local gradients", "domain", "says")
    ]
    rows = [
        [
            gate.name,
            gate.family,
            written(gate),
            "; ".join(rule for _, rule in local_gradients(gate)),
            gate.domain,
            gate.says,
        ]
        for gate in library()
    ]
    return Grid(columns, rows)


# ── one gate ──


def gate_grid(gate: Gate) -> Grid:
    return Grid([Column("", "name", False), Column("", "", False)], [list(fact) for fact in page(gate)])


def page(gate: Gate) -> list[tuple[str, str]]:
    """A gate in full, as pairs of a heading and a text."""
    shown = example(gate)
    facts = [("gate", f"{written(gate)}   ({gate.family})"), ("does", gate.says)]
    if gate.options:
        facts.append(("options", ", ".join(f"{name}={value}" for name, value in gate.settings.items())))
    if gate.aliases:
        facts.append(("also", ", ".join(gate.aliases)))
    if gate.definition and can_be_typed(gate.definition):
        facts.append(("is", gate.definition))
    plain = "   (without options)" if gate.plain and gate.options else ""
    facts += [(f"d/d{name}", rule + plain) for name, rule in local_gradients(gate)]
    if gate.textbook:
        facts += [("in books", ", ".join(rule or "" for rule in gate.textbook))]
    facts.append(("domain", gate.needs or "all numbers"))
    if gate.kink:
        facts.append(("kink", "where several inputs are equal" if gate.variadic else f"at {gate.kink}"))
    if gate.frameworks:
        answers = ", ".join(
            f"{name} {slope}" for name, slope in zip(FRAMEWORKS, gate.frameworks, strict=True) if slope != "-"
        )
        facts.append(("slope there", f"{answers}; backprop {here(gate)}"))
    if shown is not None:
        facts.append(("example", command(shown)))
        outcome = ", ".join(f"d{name} = {cell(x, 6, one_line=True)}" for name, x in shown.evaluation.gradients.items())
        value = cell(shown.evaluation.value, 6, one_line=True)
        facts.append(("", f"{shown.evaluation.output} = {value}, {outcome}"))
    return facts


def here(gate: Gate) -> str:
    """What this program answers at the kink, under the rule for ties that is the default and the others."""
    if gate.variadic:
        return "1,1 (ties split: 0.5,0.5; first: 1,0)"
    at = at_kink(gate)
    answers = {}
    for ties in ("both", "split", "first"):
        out = functions.forward(gate, len(at))(*at)
        wanted = tuple(i < (len(at) - len(gate.defaults) if gate.name != "clip" else 1) for i in range(len(at)))
        slopes = rules.partials(gate, len(at), ties, wanted)(*at, out)
        answers[ties] = ",".join(number(slope, 5) for slope in slopes if slope is not None)
    default = answers.pop("both")
    others = "; ".join(f"{ties}: {slope}" for ties, slope in answers.items() if slope != default)
    return f"{default} (ties {others})" if others else default


def at_kink(gate: Gate) -> list[float]:
    """A point on the kink of a gate, found among small whole numbers."""
    names = gate.arguments
    for numbers in product((0.0, 1.0, 3.0, 2.0), repeat=len(names)):
        inputs = [gate.defaults.get(name, x) for name, x in zip(names, numbers, strict=True)]
        out = functions.forward(gate, len(names))(*inputs)
        if (names != ("x", "lo", "hi") or inputs[1] < inputs[2]) and rules.kink(gate, len(names))(*inputs, out):
            return inputs
    raise AssertionError(f"no kink of {gate.name} found")


def gate_object(gate: Gate, full: bool = False) -> dict[str, Any]:
    """A row of the table for programs; with `full`, its example too."""
    found: dict[str, Any] = {
        "name": gate.name, "family": gate.family, "written": written(gate), "aliases": list(gate.aliases),
        "inputs": list(gate.arguments), "defaults": dict(gate.defaults), "definition": gate.definition or None,
        "local_gradients": dict(local_gradients(gate)), "domain": gate.domain or None, "needs": gate.needs or None,
        "kink": gate.kink or None, "says": gate.says,
        "frameworks": dict(zip(FRAMEWORKS, gate.frameworks, strict=False)) or None,
    }  # fmt: skip
    shown = example(gate) if full else None
    if shown is not None:
        found["example"] = {
            "expression": shown.text, "at": {name: json_number(x) for name, x in shown.at.items()},
            "value": json_number(shown.evaluation.value),
            "gradients": {name: json_number(x) for name, x in shown.evaluation.gradients.items()},
        }  # fmt: skip
    return found
