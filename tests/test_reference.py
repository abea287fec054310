"""The gate library, why a NaN is one, completion, and the JSON of the commands."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from math import isfinite
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from backprop.errors import Problem
from backprop.gates import Gate
from backprop.gates.row import option_text
from backprop.library import Compiled
from backprop.library.whynan import Why, text_of, why
from backprop.show import reference
from conftest import in_process, shell

GATES = reference.library()
MIXING = [gate for gate in GATES if gate.mixes and gate.name != "count"]  # which is a constant
WORDS = (reference.NO_FORMULA, reference.RULE_OF_THE_CALL)


def validate(text: str, name: str) -> object:
    schema = json.loads(files("backprop.show.schemas").joinpath(f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    found = json.loads(text)
    jsonschema.validate(found, schema)
    return found


# ── gates ──


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_every_gate_has_a_page(gate: Gate) -> None:
    facts = dict(reference.page(gate))
    assert gate.says in facts["does"]
    if gate.frameworks:
        assert len(gate.frameworks) == len(reference.FRAMEWORKS)
        assert facts["slope there"].startswith("PyTorch")


@pytest.mark.parametrize("gate", [gate for gate in GATES if not gate.mixes], ids=lambda gate: gate.name)
def test_every_example_is_inside_the_domain(gate: Gate) -> None:
    shown = reference.example(gate)
    assert shown is not None
    assert isfinite(shown.evaluation.value)
    assert all(map(isfinite, shown.evaluation.gradients.values()))
    assert not [note for note in shown.evaluation.notes if note.kind in ("tie", "kink", "not-finite")]


@pytest.mark.parametrize("gate", MIXING, ids=lambda gate: gate.name)
def test_in_every_example_on_arrays_something_is_sent(gate: Gate) -> None:
    """Residuals of 0 and labels that are none show nothing of a loss."""
    shown = reference.example(gate)
    assert shown is not None
    assert max(abs(next(iter(shown.evaluation.gradients.values()))).ravel()) > 1e-9
    assert not shown.evaluation.notes


def test_the_slopes_of_the_frameworks_at_the_kink_of_abs() -> None:
    assert reference.find("abs").frameworks == ("0", "1", "0", "0")
    torch = pytest.importorskip("torch")
    for gate, function in {
        "abs": torch.abs,
        "relu": torch.relu,
        "sign": torch.sign,
        "selu": torch.nn.functional.selu,
    }.items():
        x = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
        function(x).backward()
        assert float(reference.find(gate).frameworks[0]) == pytest.approx(float(x.grad), abs=1e-4)


def test_a_gate_is_found_by_its_alias_and_its_symbol() -> None:
    assert reference.find("ln").name == "log"
    assert reference.find("*").name == "multiply"
    with pytest.raises(Problem, match="there is no gate tanhh") as caught:
        reference.find("tanhh")
    assert caught.value.hint == "did you mean tanh?"
    with pytest.raises(Problem) as caught:
        reference.find("soft")
    assert caught.value.hint == "did you mean softplus, softsign, softmax, log_softmax?"
    with pytest.raises(Problem) as caught:
        reference.find("loss")
    assert caught.value.hint.startswith("did you mean mse, bce, ")


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_every_rule_that_is_told_can_be_typed_in(gate: Gate) -> None:
    shown, rules = reference.example(gate), reference.local_gradients(gate)
    if shown is None or all(rule in WORDS or "chosen one" in rule for _, rule in rules):
        return
    run = shown.evaluation.run
    wire = next(wire for wire, each in enumerate(run.circuit.gates) if each.name == gate.name)
    names = gate.names(len(run.circuit.inputs[wire]))
    at = {name: run.values[source] for name, source in zip(names, run.circuit.inputs[wire], strict=True)}
    at |= {"out": run.values[wire], "g": run.sent[wire]}
    for name, rule in rules:
        if rule in WORDS or rule == "none" or name not in shown.evaluation.gradients:
            continue
        for option, value in gate.settings.items():
            rule = re.sub(rf"\b{option}\b(?!=)", option_text(value), rule)
        formula = Compiled(rule)
        typed = formula.forward({free: at[free] for free in formula.variables_given(at)}).value
        typed = typed if gate.mixes else typed * at["g"]
        assert np.allclose(typed, shown.evaluation.gradients[name], rtol=1e-12, atol=1e-15, equal_nan=True), (
            name,
            rule,
        )


# ── why a NaN ──


def asked(text: str, **at: object) -> Why:
    evaluation = Compiled(text).evaluate(at)
    return why(evaluation.run, evaluation.names)


@pytest.mark.parametrize(
    ("text", "at", "better", "gives"),
    [
        ("y*log(1+exp(x))", {"x": 1000.0, "y": 2.0}, "softplus(x)", 1000.0),
        ("y*log(exp(x)+1)", {"x": 1000.0, "y": 2.0}, "softplus(x)", 1000.0),
        ("exp(x)/(1+exp(x))", {"x": 1000.0}, "sigmoid(x)", 1.0),
        ("log(exp(a)+exp(b))", {"a": 1000.0, "b": 2.0}, "logaddexp(a, b)", 1000.0),
        ("(exp(x)-exp(-x))/(exp(x)+exp(-x))", {"x": 800.0}, "tanh(x)", 1.0),
        ("sqrt(x^2+y^2)", {"x": 0.0, "y": 0.0}, "hypot(x, y)", 0.0),
        ("q = sin(x); q*log(q)", {"x": 0.0}, "xlogy(q, q)", 0.0),
        ("log(1 - sigmoid(x))", {"x": 40.0}, "-softplus(x)", -40.0),
        ("log(1/(1+exp(-x)))", {"x": -800.0}, "-softplus(-x)", -800.0),
    ],
)
def test_a_better_spelling_is_offered_and_helps(text: str, at: dict[str, float], better: str, gives: float) -> None:
    found = asked(text, **at)
    assert found.forward or found.backward
    assert [(tip.write, tip.gives) for tip in found.advice] == [(better, gives)]


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("sum(log(softmax(x, axis=0)))", "log_softmax(x, axis=0)"),
        ("sum(log(softmax(x)[:, 1]))", "log_softmax(x)[:, 1]"),
        ("p = softmax(x + 0); sum(log(p[[0, 1], [1, 0]]))", "log_softmax(q1)[[0, 1], [1, 0]]"),
        ("e = exp(x); sum(e / sum(e, axis=1, keepdims=1))", "softmax(x)"),
        ("e = exp(x); sum(e / sum(e, axis=1)[:, None])", "softmax(x)"),
        ("e = exp(x); sum(e / sum(e, axis=0))", "softmax(x, axis=0)"),
        ("e = exp(x); sum(e / sum(e))", "softmax(x, axis=none)"),
        ("e = exp(x); sum(e.T / sum(e, axis=1))", "softmax(x).T"),
        ("sum(log(sum(exp(x), axis=0)))", "logsumexp(x, axis=0)"),
        ("e = exp(x); sum(e / e[0, 1])", None),  # nothing of the table
    ],
)
def test_a_better_spelling_of_arrays_says_the_same(text: str, better: str | None) -> None:
    found = asked(text, x=np.array([[1000.0, 2.0], [3.0, 4.0]]))
    assert [tip.write for tip in found.advice] == ([better] if better else [])


def test_the_chain_leads_from_the_first_to_the_output() -> None:
    found = asked("y*log(1+exp(x))", x=1000.0, y=2.0)
    assert [link.stage for link in found.forward] == ["q1", "q2", "q3", "f"]
    assert found.backward[-1].stage == "x"
    assert "write softplus(x)" in text_of(found)


def test_where_all_is_finite_nothing_is_said() -> None:
    assert text_of(asked("log(1+exp(x))", x=1.0)) == "all values and gradients are finite\n"


def test_arrays_have_chains_too() -> None:
    found = asked("sum(log(1 + exp(x)))", x=np.array([1.0, 1000.0]))
    assert [link.stage for link in found.forward] == ["q1", "q2", "q3", "f"]


# ── the command line ──


@pytest.mark.parametrize(
    ("command", "schema", "status"),
    [
        ('check "max(x,y)+sin(x)" --x 1 --y 1 --random 3 --seed 1', "check", 0),
        ('check "sqrt(x)" --x 0 --stages', "check", 0),
        ('check "sum(W @ x)" --W "[[1, 2], [3, 4]]" --x "[1, 2]"', "check", 0),
        ('check "(x+y)*z" --x -2 --y 5 --z -4 --claim dx=4', "check", 1),
        ('explain "q = x + y; f = q*z" --x -2 --y 5 --z -4', "explain", 0),
        ('explain "sum(tanh(W @ x))" --W "[[1, 2], [3, 4]]" --x "[1, 2]"', "explain", 0),
        ('nudge "max(x,y)*z" --x 4 --y 2 --z 3 --by y=+2.5', "nudge", 0),
        ("gates", "gates", 0),
        ("gates matmul", "gates", 0),
        ('eval "log(1+exp(x))" --x 1000 --why-nan', "why-nan", 0),
    ],
)
def test_json_is_as_published(command: str, schema: str, status: int, tmp_path: Path) -> None:
    done = in_process(f"backprop {command} --json", tmp_path)
    assert done.returncode == status, done.stderr
    validate(done.stdout, schema)


def test_a_backward_pass_that_does_not_fit_in_shape_is_valid_json(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("dD = Y\ndW = dD @ X\ndX = W.T @ dD\n")
    arrays = '--W "[[1,2,3],[4,5,7]]" --X "[[1,2],[3,4],[5,9]]" --Y "[[1,0],[2,1]]"'
    done = in_process(f'backprop check "D = W @ X; f = sum(D * Y)" {arrays} --backward mine.py --json', tmp_path)
    assert done.returncode == 1, done.stderr
    found = validate(done.stdout, "check")
    assert isinstance(found, dict)
    assert [(line["verdict"], line["cause"]) for line in found["lines"]] == [
        ("ok", None), ("wrong", "transposed"), ("ok", None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ('check "x*y" --x 1 --y 2 --backward missing.py', "cannot read missing.py"),
        ('check "x*y" --x 1 --y 2 --claim dz=1', "dz is neither a gradient nor a stage"),
        ('check "x*y" --x 1 --y 2 --claim dx', "a claim is NAME=NUMBER"),
        ('check "x*y" --x 1 --y 2 --claim dx=1 --stages', "--stages and --random belong to the numerical check"),
        ('check "x*y" --x 1', "no value for y"),
        ('explain "x*y" --x 1 --y 2 --of z', "the expression has no variable z"),
        ('nudge "x*y" --x 1 --y 2', "there is no step"),
        ('nudge "x*y" --x 1 --y 2 --by z=1', "the expression has no variable z"),
        ('nudge "x*y" --x 1 --y 2 --by x', "--by takes NAME=STEP"),
        ("gates tanhh", "there is no gate tanhh"),
    ],
)
def test_what_is_asked_wrongly_is_said(command: str, message: str, tmp_path: Path) -> None:
    done = in_process(f"backprop {command}", tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("backprop ex", "explain"),
        ("backprop gates soft", "softplus"),
        ("backprop gates σ", "σ"),
        ("backprop eval x --ties s", "split"),
        ("backprop code --to n", "numpy"),
        ("backprop eval x^2 --format j", "json"),
        ("backprop eval x --x 3 --up", "--upstream"),
        ("backprop minimize x --method l", "l-bfgs"),
        ("backprop minimize x --x 1 --decay c", "cosine"),
    ],
)
def test_the_shell_completes_commands_and_gates(words: str, offered: str, tmp_path: Path) -> None:
    line = f"_BACKPROP_COMPLETE=bash_complete {words}"
    assert f"word\t{offered}\t" in shell(line, tmp_path).stdout


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("log(sum(exp(x)))", "logsumexp(x)"),
        ("y = exp(x) / sum(exp(x)); f = sum(y)", "softmax(x)"),
        ("sum(log(softmax(x)))", "log_softmax(x)"),
    ],
)
def test_spellings_of_arrays_are_known_too(text: str, better: str) -> None:
    found = asked(text, x=np.array([1.0, 1000.0, -3.0]))
    assert [tip.write for tip in found.advice] == [better]
