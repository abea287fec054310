"""An evaluation as the object that `--json` prints (schemas/eval.schema.json)."""

from __future__ import annotations

from math import isfinite
from typing import Any

from backprop.library import Evaluation
from backprop.notes import Note
from backprop.stages import Stage


def evaluation_object(evaluation: Evaluation) -> dict[str, Any]:
    """The whole evaluation, at full precision."""
    program = evaluation.run.circuit.program
    return {
        "expression": "" if program is None else program.text.strip(),
        "output": evaluation.output,
        "value": number(evaluation.value),
        "gradients": {name: number(gradient) for name, gradient in evaluation.gradients.items()},
        "stages": [stage_object(stage) for stage in evaluation.stages],
        "notes": [note_object(note) for note in evaluation.notes],
    }


def stage_object(stage: Stage) -> dict[str, Any]:
    """One stage; an input has neither expression nor inputs."""
    found: dict[str, Any] = {"name": stage.name, "gate": stage.gate}
    if stage.gate != "input":
        found["expression"] = stage.expression
        found["inputs"] = list(stage.inputs)
        found["local_gradients"] = [number(partial) for partial in stage.local_gradients]
    found["value"] = number(stage.value)
    found["gradient"] = number(stage.gradient)
    return found


def note_object(note: Note) -> dict[str, Any]:
    """One note."""
    return {"kind": note.kind, "stage": note.stage, "message": note.message}


def number(value: Any) -> Any:
    """A number as JSON has it; NaN and the infinities, which it has not, as strings; an array as nested lists."""
    if value is None:
        return None
    if not isinstance(value, float):
        return nested(value)
    if isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def nested_numbers(value: Any) -> Any:
    """A number, an array, or a mapping of them."""
    return {name: nested_numbers(inner) for name, inner in value.items()} if isinstance(value, dict) else number(value)


def nested(array: Any) -> Any:
    """An array as nested lists of numbers."""
    from numpy import isfinite as all_finite

    found = array.tolist()
    return found if all_finite(array).all() else spelt(found)


def spelt(value: Any) -> Any:
    return [spelt(item) for item in value] if isinstance(value, list) else number(value)
