"""What `--json` prints, as objects: an evaluation, its story, its first nan (schemas/)."""

from __future__ import annotations

from math import isfinite

from backprop.errors.light import TYPE_CHECKING, Any
from backprop.errors.spelling import in_shell

if TYPE_CHECKING:
    from backprop.library import Evaluation
    from backprop.library.explain import Story
    from backprop.library.notes import Note
    from backprop.library.stages import Stage
    from backprop.library.whynan import Link, Why


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
    return {"kind": note.kind, "stage": note.stage, "message": in_shell(note.message)}


def story_object(story: Story) -> dict[str, Any]:
    """The whole story, at full precision."""
    return {
        "output": story.output,
        "value": number(story.value),
        "forward": [
            {"stage": step.stage, "gate": step.gate, "expression": step.expression, "value": number(step.value)}
            for step in story.forward
        ],
        "backward": [
            {
                "stage": step.stage, "gate": step.gate, "expression": step.expression,
                "gradient": number(step.gradient),
                "says": step.says,
                "sends": [
                    {"to": sent.to, "local": number(sent.local), "sent": number(sent.sent)} for sent in step.sends
                ],
            }
            for step in story.backward
        ],
        "forks": [
            {
                "name": fork.name, "shares": [{"via": via, "share": number(share)} for via, share in fork.shares],
                "sum": number(fork.sum),
            }
            for fork in story.forks
        ],
        "remarks": [remark._asdict() for remark in story.remarks],
        "meaning": story.meaning,
    }  # fmt: skip


def why_object(answer: Why) -> dict[str, Any]:
    """The answer as the object that `eval --why-nan --json` prints."""

    def chain(links: list[Link]) -> list[dict[str, Any]]:
        return [{**one._asdict(), "expression": one.expression or None, "number": number(one.number)} for one in links]

    return {
        "cause": answer.cause,
        "forward": chain(answer.forward),
        "backward": chain(answer.backward),
        "advice": [{**tip._asdict(), "gives": number(tip.gives)} for tip in answer.advice],
    }


def written(value: object, ascii_only: bool = False) -> str:
    """An object as JSON spells it, to the byte: the json module is asked only for texts that need an escape. (Its
    import takes as long as a small answer.) Numbers are finite."""
    if isinstance(value, dict):
        members = [f"{written(name, ascii_only)}: {written(one, ascii_only)}" for name, one in value.items()]
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join([written(one, ascii_only) for one in value])}]"
    if isinstance(value, str):
        return f'"{value}"' if is_plain(value, ascii_only) else escaped(value, ascii_only)
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    return float.__repr__(value) if isinstance(value, float) else repr(value)  # NumPy's floats, too


def is_plain(text: str, ascii_only: bool) -> bool:
    """Whether a text stands in JSON as it is."""
    return text.isprintable() and '"' not in text and "\\" not in text and (text.isascii() or not ascii_only)


def escaped(text: str, ascii_only: bool) -> str:
    import json

    return json.dumps(text, ensure_ascii=ascii_only)


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
