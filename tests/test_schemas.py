"""What `--json` prints is what the published schemas say."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from backprop.circuit import Circuit
from backprop.differentiate.run import run
from backprop.gates import GATES, Gate
from backprop.library import Evaluation
from backprop.library.stages import Names
from backprop.show.objects import evaluation_object
from conftest import in_process

GOLDEN = Path(__file__).parent / "golden"


@cache
def schema(name: str) -> jsonschema.Draft202012Validator:
    found: dict[str, object] = json.loads(files("backprop.show.schemas").joinpath(f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


@pytest.mark.parametrize("name", ["eval-json", "eval-staged-json", "eval-vars-stdin"])
def test_golden_outputs_are_valid(name: str) -> None:
    schema("eval").validate(json.loads((GOLDEN / name / "out").read_text()))


@pytest.mark.parametrize(
    "options",
    [
        '"sum(A @ x)" --A "[[1,2],[3,4]]" --x "[inf,1]" --hessian',
        '"A @ x" --A "[[1,2],[3,4]]" --x "[1,1]" --jacobian',
        '"sum(x^3)" --x "randn(3)" --hessian --direction "x=[1,0,0]"', '"x^3" --x "[1,2]" --direction "x=[1,0]"',
        '"W @ X" --W "randn(2,3)" --X "randn(3,2)" --upstream "ones(2,2)" --seed 3', '"sum(x)" --x "[]"',
    ],
)  # fmt: skip
def test_arrays_are_valid(options: str, tmp_path: Path) -> None:
    done = in_process(f"backprop eval {options} --json", tmp_path)
    schema("eval").validate(json.loads(done.stdout))


@pytest.mark.parametrize("name", ["error-missing-json", "error-syntax-json"])
def test_golden_errors_are_valid(name: str) -> None:
    schema("error").validate(json.loads((GOLDEN / name / "err").read_text()))


@pytest.mark.parametrize("gate", [gate for gate in GATES.values() if gate.partials], ids=lambda gate: gate.name)
@pytest.mark.parametrize("value", [0.5, 0.0, -1.0, 1e308, float("inf"), float("nan")])
def test_every_gate_at_every_kind_of_number_is_valid(gate: Gate, value: float) -> None:
    circuit = Circuit()
    smooth = [rule is not None for rule in gate.rules(gate.arity, "both")]
    wires = tuple(
        circuit.add_variable(name) if varies else circuit.add_constant(1.0)
        for name, varies in zip(gate.names(gate.arity), smooth, strict=True)
    )
    circuit.output = circuit.add(gate, wires)
    circuit.names[circuit.output] = "f"
    found = Evaluation(run(circuit, dict.fromkeys(circuit.variables, value)), Names(circuit))
    schema("eval").validate(json.loads(json.dumps(evaluation_object(found), allow_nan=False)))
