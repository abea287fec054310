"""The tables that `backprop code --to markdown` writes: every formula is read back and gives the number beside it."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate.run import evaluate, run
from backprop.emit import Request, write
from backprop.gates import CONSTANT, GATES, INPUT
from backprop.library import Compiled
from programs import CASES, STAGED, assert_same, program
from tensor_cases import CASES as TENSOR_CASES
from tensor_cases import Case as TensorCase
from tensor_cases import built, label

Scope = dict[str, Any]


def tables(document: str) -> dict[str, list[list[str]]]:
    """The rows of each table by its heading, the two lines of its head aside, as GitHub reads them."""
    found: dict[str, list[list[str]]] = {}
    for section in document.split("\n## ")[1:]:
        heading, *lines = section.splitlines()
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")]
        assert len({len(row) for row in rows}) <= 1
        found[heading] = [[cell.strip().strip("`").replace("\\|", "|") for cell in row] for row in rows[2:]]
    return found


def formula(text: str, scope: Scope) -> Any:
    """What a formula comes to, by the calculator itself, in the names of the lines before it."""
    text, scope = without_places(text, dict(scope))
    names = [name for name in scope if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    circuit = template(text, tuple(names))
    return evaluate(circuit, {name: scope[name] for name in names})[circuit.output]


def without_places(text: str, scope: Scope) -> tuple[str, Scope]:
    """`scatter(h, x, at=[0, :])` computed: what rules alone use is no word of the language."""
    while found := list(re.finditer(r"(gather|scatter)\(", text)):
        start = found[-1]
        depth = [place for place in range(start.end(), len(text) + 1) if text[start.end() - 1 : place].count("(")
                 == text[start.end() - 1 : place].count(")")]  # fmt: skip
        inside, _, at = text[start.end() : depth[0] - 1].rpartition(", at=")
        index = template(f"place_{at}", ("place_", *scope))
        gate = index.gates[index.output]
        wires = [formula_of(index, wire, scope) for wire in index.inputs[index.output][1:]]
        stacked = template(f"concat([0], {inside})", tuple(scope))
        given = [formula_of(stacked, wire, scope) for wire in stacked.inputs[stacked.output][1:]]
        circuit = Circuit()
        operands = tuple(circuit.add_constant(value) for value in (*given, *wires))
        circuit.output = circuit.add(GATES[start[1]].with_options(gate.settings), operands)
        name = f"place{len(scope)}_"
        scope[name] = evaluate(circuit, {})[circuit.output]
        text = text[: start.start()] + name + text[depth[0] :]
    return text, scope


def formula_of(circuit: Circuit, wire: int, scope: Scope) -> Any:
    """The value of one stage of a formula."""
    copied: dict[int, int] = {}
    part = Circuit()
    for old in circuit.ancestors([wire]):
        gate = circuit.gates[old]
        if gate is INPUT:
            copied[old] = part.add_constant(scope[circuit.names[old]])
        elif gate is CONSTANT:
            copied[old] = part.add_constant(circuit.constants[old])
        else:
            copied[old] = part.add(gate, tuple(copied[source] for source in circuit.inputs[old]))
    return evaluate(part, {})[copied[wire]]


def close(found: Any, shown: Any) -> bool:
    """Whether a number is the one that is shown, rounded to six digits."""
    found, shown = np.asarray(found, dtype=float), np.asarray(shown, dtype=float)
    return found.shape == shown.shape and np.allclose(found, shown, rtol=6e-6, atol=1e-13, equal_nan=True)


def read_back(document: str, at: Scope, above: Any = 1.0) -> tuple[Any, dict[str, Any]]:
    """The value and the gradients that the formulas of a document come to; each row is checked on the way."""
    sections, scope = tables(document), dict(at)
    for row in sections.get("Forward pass", []) + sections.get("Backward pass", []):
        _, name, text, shown = row
        if "given" in text:
            scope[name] = above
            continue
        name, _, operator = name.removesuffix("=").partition(" ")
        with np.errstate(all="ignore"):
            found = formula(text, scope)
            scope[name] = scope[name] + found if operator == "+" else scope[name] - found if operator == "-" else found
        if shown.startswith("[…"):
            assert shown == f"[… {'x'.join(map(str, np.shape(scope[name])))} …]"
        else:
            assert close(scope[name], formula(shown, {})), (row, scope[name])
    (_, value, _), *gradients = sections["Result"]
    return formula(value, scope), {row[0].split("`")[-1]: formula(row[1], scope) for row in gradients}


def test_every_row_is_what_its_formula_says_and_the_result_is_what_eval_says() -> None:
    for case in CASES:
        document = program(case[0], "markdown", case[1])
        value, gradients = read_back(document, case[1])
        assert_same(case, [value, *gradients.values()])
        evaluation = backprop.evaluate(*case)
        shown = [formula(row[2], {}) for row in tables(document)["Result"]]
        wanted = [evaluation.value, *evaluation.gradients.values()]
        assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(shown, wanted, strict=True))


@pytest.mark.parametrize("case", TENSOR_CASES, ids=label)
def test_every_gate_of_arrays_is_what_its_formula_says(case: TensorCase) -> None:
    circuit, at = built(case)
    wrt = list(at)
    for wire, value in list(circuit.constants.items()):
        if np.size(value) > 12 or not np.size(value):  # too large to be written out, so it becomes a variable
            del circuit.constants[wire]
            circuit.gates[wire], circuit.variables[f"c{wire}"], circuit.names[wire] = INPUT, wire, f"c{wire}"
            at[f"c{wire}"] = value
    circuit.plans.clear()
    found = run(circuit, at)
    value, gradients = read_back(write(Request(circuit, at=at, wrt=wrt), "markdown"), at)
    for name in wrt:
        np.testing.assert_allclose(gradients[name], found.gradients()[name], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(value, found.value, rtol=1e-12)


@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_ties_are_as_asked(ties: str) -> None:
    for text in ("max(x, y)", "relu(x - y)", "abs(x - y) + clip(x, y, 3)", "max([x, y, x])"):
        at = {"x": 2.0, "y": 2.0}
        _, gradients = read_back(program(text, "markdown", at, ties), at)
        assert gradients == backprop.evaluate(text, at, ties=ties).gradients


def test_the_staged_example_is_a_listing_with_the_sums_at_forks() -> None:
    sections = tables(program(STAGED, "markdown", {"x": 3.0, "y": -4.0}))
    assert ["8", "f", "num * invden", "1.54564"] in sections["Forward pass"]
    assert next(row[1:3] for row in sections["Backward pass"] if row[1].startswith("dx")) == ["dxpysqr", "dden"]
    assert ["2", "dx +=", "dnum", "2.05957"] in sections["Backward pass"]
    assert ["gradient in `x", "dx", "2.0595697955721652"] in sections["Result"]


def test_without_a_point_there_are_no_numbers() -> None:
    document = program(STAGED, "markdown")
    assert "value |" not in document.split("## Result")[0]
    assert ["8", "f", "num * invden"] in tables(document)["Forward pass"]


def test_the_gradient_on_the_output_is_a_row_where_it_was_given() -> None:
    at = {"x": np.array([1.0, 2.0, 3.0]), "y": 2.0}
    above = np.array([1.0, -1.0, 0.5])
    request = Request(Compiled("x * y").circuit(at), at=at, upstream=above)
    document = write(request, "markdown")
    _, gradients = read_back(document, at, above)
    np.testing.assert_array_equal(gradients["x"], 2 * above)
    assert gradients["y"] == above @ at["x"]


def test_names_of_all_kinds_stay_code_and_unused_inputs_have_gradient_0() -> None:
    at = {"w_1": 2.0, "θ": 0.5, "dx": 3.0, "x": 1.5, "g": 0.25, "unused": 1.0, "pi": 2.0}
    text = "dy = w_1 * θ; spare = unused; exp(g) + dy * dx * x * dx + pi"
    document = program(text, "markdown", at)
    assert "`dx_`" in document
    assert "`w_1`" in document
    names = {**at, "pi_": at["pi"]}
    _, gradients = read_back(document, names)
    assert gradients == backprop.evaluate(text, at).gradients
    assert gradients["unused"] == 0


def test_a_table_is_one_that_github_renders() -> None:
    document = program("where(x > 0, sqrt(x), max(x, y)) ^ 2", "markdown", {"x": 2.0, "y": 3.0})
    for section in document.split("\n## ")[1:]:
        lines = [line for line in section.splitlines() if line.startswith("|")]
        assert len({len(line) for line in lines}) == 1
        assert re.fullmatch(r"(\| -+:? )+\|", lines[1])
