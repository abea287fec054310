"""What `eval` shows beyond the gradient: --hessian, --jacobian, --direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from backprop.cli.question import Question
from backprop.cli.reading import value_of
from backprop.errors import Problem
from backprop.library import Evaluation
from backprop.library.notes import cusps, note, squares
from backprop.library.values import Value
from backprop.numbers.shapes import all_finite, is_any


class Answer(NamedTuple):
    """A derivative: its name in JSON, the heading of its table, its value there, and its rows here."""

    key: str
    heading: str
    value: Any
    rows: list[tuple[str, Value]]


def answered(
    question: Question, hessian: bool, jacobian: bool, direction: Sequence[str]
) -> tuple[Evaluation, list[Answer]]:
    """The evaluation, and the derivatives beyond the gradient that the options ask for."""
    steps = steps_of(question, direction)
    if hessian and jacobian:
        raise Problem("option", "--hessian or --jacobian, not both")
    evaluation = evaluated(question, jacobian or bool(steps and not hessian))
    found = answers(question, hessian, jacobian, steps, evaluation.output)
    if hessian:
        evaluation.notes.extend(squares(evaluation.run, evaluation.names))
    if hessian and not all(all_finite(value) for answer in found for _, value in answer.rows):
        evaluation.notes.extend(cusps(evaluation.run, evaluation.names))
        lost = [
            name if answer.key == "hessian" else f"{answer.heading} of {name}"
            for answer in found
            for name, value in answer.rows
            if is_any(value != value)
        ]
        if lost and not evaluation.notes:
            message = f"{lost[0]} is nan: on the way to it 0 meets infinity, or a number that is beyond the largest"
            evaluation.notes.append(note("not-finite", message, evaluation.names, evaluation.run.circuit.output))
    return evaluation, found


def steps_of(question: Question, direction: Sequence[str]) -> dict[str, Value]:
    """The direction, by its variables. Raises a Problem of kind "option" or "value"."""
    steps: dict[str, Value] = {}
    for text in direction:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise Problem("option", f"--direction takes a variable and its step, x=[1, 0], and not {text}")
        steps[name.strip()] = value_of(value, f"the direction of {name.strip()}", question.random)
    return steps


def evaluated(question: Question, of_any_shape: bool) -> Evaluation:
    """The evaluation; where derivatives of an output of any shape are asked for, that of the values alone will do."""
    if question.upstream is None and of_any_shape:
        found = question.compiled.forward(question.at)
        if not isinstance(found.value, float):
            return found
    return question.answer()


def answers(question: Question, hessian: bool, jacobian: bool, steps: dict[str, Value], output: str) -> list[Answer]:
    compiled, at = question.compiled, question.at
    if steps and hessian:
        product = compiled.hvp(steps, at)
        return [Answer("hessian_vector_product", "H v", product, list(product.items()))]
    if steps:
        derivative = compiled.jvp(steps, at)
        return [Answer("jacobian_vector_product", "J v", derivative, [(f"d{output}", derivative)])]
    if hessian:
        blocks = compiled.hessian(at, wrt=question.wrt)
        rows = [
            (f"d²{output}/d{x} d{y}" if x != y else f"d²{output}/d{x}²", block)
            for x, row in blocks.items()
            for y, block in row.items()
        ]
        return [Answer("hessian", "Hessian", blocks, rows)]
    if jacobian:
        columns = compiled.jacobian(at, wrt=question.wrt)
        return [Answer("jacobian", "Jacobian", columns, [(f"d{output}/d{x}", block) for x, block in columns.items()])]
    return []
