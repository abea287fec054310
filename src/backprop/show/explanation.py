"""The story of a run in words: for a terminal or a pipe, as Markdown, or as LaTeX."""

from __future__ import annotations

from backprop.errors.light import TYPE_CHECKING, Any, Callable, Iterable, Iterator
from backprop.library.explain import Backward, Fork, Forward, Sent, Story
from backprop.numbers.shapes import array_text, shape_of
from backprop.show.grid import cell
from backprop.show.text import code, latex_text
from backprop.show.theme import paint

if TYPE_CHECKING:
    from typing import TypeVar

    Number = Callable[[Any], str]
    Words = Callable[[str], str]
    Step = TypeVar("Step", Forward, Backward)

SMALL = 6  # elements of an array that is written out


def numbers(digits: int | None) -> Number:
    """How numbers are written: as in the table of stages."""

    def write(x: Any) -> str:
        shape = shape_of(x)
        if shape and x.size > SMALL:
            return array_text(shape)
        return cell(x, digits, one_line=True)

    return write


def product(sent: Sent, stage: str, gradient: Any, write: Number) -> str:
    """local × gradient = what is sent: `z × 1 = -4`, `(1 - h^2) × 2 = 0.42 × 2 = 0.84`, `dD @ X.T = an array 5x10`."""
    if sent.local is None or shape_of(sent.sent) or shape_of(gradient):
        above = f"d{stage}" if shape_of(gradient) else write(gradient)
        formula = f"{sent.rule} = " if sent.rule else ""
        if sent.local is not None and sent.rule:
            formula = f"{sent.rule if sent.rule.isidentifier() else f'({sent.rule})'} × {above} = "
        elif sent.local is not None and not shape_of(sent.local):
            formula = f"{write(sent.local)} × {above} = "
        return f"{formula}{write(sent.sent)}{f' ({sent.shapes})' if sent.shapes else ''}"
    above, result, local = write(gradient), write(sent.sent), write(sent.local)
    if not sent.rule:
        return f"{local} × {above} = {result}"
    if sent.rule.isidentifier():
        return f"{sent.rule} × {above} = {result}"
    return f"({sent.rule}) × {above} = {local} × {above} = {result}"


def sentence(step: Backward, write: Number, number: Number, quoted: Words = str, prose: Words = str) -> str:
    """A backward step in a sentence, in which formulas are quoted, and its gradient is a number, as the form has it."""
    sends = ", ".join(quoted(f"d{sent.to} = {product(sent, step.stage, step.gradient, write)}") for sent in step.sends)
    head, says = quoted(f"{step.stage} = {step.expression}"), prose(step.says[0].upper() + step.says[1:])
    return f"{head} has gradient {number(step.gradient)}. {says}: {sends}."


def ledger(fork: Fork, write: Number) -> list[str]:
    """The shares of a fork, one a line, and their sum."""
    most = max(len(via) for via, _ in fork.shares)
    lines = [f"    through {via.ljust(most)}  {signed(write(share))}" for via, share in fork.shares]
    return [*lines, f"    d{fork.name} = {write(fork.sum)}"]


def signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def forks_line(fork: Fork, name: str) -> str:
    return f"{name} is used in {len(fork.shares)} places; at a fork the gradients add up:"


def forward_text(step: Forward, write: Number) -> str:
    """A forward step: names, numbers, value."""
    if shape_of(step.value) or ": " in step.numbers:
        given = f" ({step.numbers})" if step.numbers else ""
        return f"{step.stage} = {step.expression}{given} = {write(step.value)}"
    middle = f" = {step.numbers}" if step.numbers not in (step.expression, write(step.value)) else ""
    return f"{step.stage} = {step.expression}{middle} = {write(step.value)}"


def steps_told(
    steps: Iterable[Step], story: Story, say: Callable[[Step], str], word: Words
) -> Iterator[tuple[int, str]]:
    """The steps with their places, each said; for those of rounds that are left out, a `word` with the place 0."""
    before = None
    for place, step in enumerate(steps, 1):
        unsaid = story.left_out.get(step.stage)
        if unsaid is None:
            yield place, say(step)
        elif unsaid is not before:
            yield 0, word(f"… {unsaid.told()}, likewise")
        before = unsaid


def plain(story: Story, *, digits: int | None = 6, brief: bool = False, colour: bool = False) -> str:
    """The story as lines, coloured or not. `brief` leaves out the forward pass and the remarks."""
    write = numbers(digits)
    lines = []
    if not brief:
        for place, text in steps_told(story.forward, story, lambda step: forward_text(step, write), str):
            lines.append(f"{paint(f'forward {place}.', 'value', colour)} {text}" if place else text)
    for place, text in steps_told(story.backward, story, lambda step: sentence(step, write, write), str):
        lines.append(f"{paint(f'backward {place}.', 'gradient', colour)} {text}" if place else text)
    for fork in story.forks:
        lines += [f"{paint('fork:', 'local', colour)} {forks_line(fork, fork.name)}", *ledger(fork, write)]
    if not brief:
        lines += [f"{paint('remark:', 'note', colour)} {remark.message}" for remark in story.remarks]
    lines += [f"{paint('meaning:', 'hint', colour)} {text}" for text in story.meaning]
    return "\n".join(lines) + "\n"


def markdown(story: Story, *, digits: int | None = 6, brief: bool = False) -> str:
    """The story for GitHub and the like; the user's words stand as code."""
    write = numbers(digits)
    lines = []
    if not brief:
        told = steps_told(story.forward, story, lambda step: code(forward_text(step, write)), escaped)
        lines += ["### Forward", "", *numbered(told), ""]
    told = steps_told(story.backward, story, lambda step: sentence(step, write, write, code, escaped), escaped)
    lines += ["### Backward", "", *numbered(told), ""]
    for fork in story.forks:
        lines += [forks_line(fork, f"`{fork.name}`"), ""]
        lines += ["| through | share |", "| --- | ---: |"]
        lines += [f"| `{via}` | {write(share)} |" for via, share in fork.shares]
        lines += [f"| **`d{fork.name}`** | **{write(fork.sum)}** |", ""]
    if story.remarks and not brief:
        lines += ["### Remarks", "", *(f"- {escaped(remark.message)}" for remark in story.remarks), ""]
    lines += ["### Meaning", "", *(f"- {escaped(text)}" for text in story.meaning)]
    return "\n".join(lines) + "\n"


def numbered(texts: Iterable[tuple[int, str]]) -> list[str]:
    """A list that goes on behind what has no number."""
    return [f"{place}. {text}" if place else f"\n{text}\n" for place, text in texts]


def escaped(text: str) -> str:
    """Prose in which stars, underscores and the like are themselves."""
    return "".join(f"\\{c}" if c in "*_`<>[]|~" else c for c in text)


def latex(story: Story, *, digits: int | None = 6, brief: bool = False) -> str:
    """The story for a LaTeX document; it compiles without a package."""
    write = numbers(digits)

    def math(x: Any) -> str:
        return f"${tex_number(write(x))}$"

    lines = []
    if not brief:
        told = steps_told(story.forward, story, lambda step: typed(forward_text(step, write)), latex_text)
        lines += [r"\paragraph{Forward}", *enumerated(told)]
    told = steps_told(story.backward, story, lambda step: sentence(step, write, math, typed, latex_text), latex_text)
    lines += [r"\paragraph{Backward}", *enumerated(told)]
    for fork in story.forks:
        lines += [
            rf"\paragraph{{Fork}} {forks_line(fork, typed(fork.name))}",
            r"\begin{center}\begin{tabular}{lr}",
        ]
        lines += [rf"through {typed(via)} & {math(share)} \\" for via, share in fork.shares]
        lines += [
            r"\hline",
            rf"{typed('d' + fork.name)} & {math(fork.sum)} \\",
            r"\end{tabular}\end{center}",
        ]
    if story.remarks and not brief:
        lines += [r"\paragraph{Remarks}", *items(latex_text(remark.message) for remark in story.remarks)]
    lines += [r"\paragraph{Meaning}", *items(latex_text(text) for text in story.meaning)]
    return "\n".join(lines) + "\n"


def tex_number(text: str) -> str:
    """A number, or the numbers of an array, in mathematics; what an array is said to be stands there as words."""
    import re  # here alone

    if text.endswith("array"):
        return rf"\mbox{{{text}}}"
    text = re.sub(r"e([-+]?\d+)", lambda found: rf" \times 10^{{{int(found[1])}}}", text)
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")


def typed(text: str) -> str:
    return rf"\texttt{{{latex_text(text)}}}"


def enumerated(texts: Iterable[tuple[int, str]]) -> list[str]:
    """A numbered list, in which what has no number of its own stands with its mark, and the numbers go on behind it."""
    entries, due = [], 1
    for place, text in texts:
        if place > due:
            entries.append(rf"\setcounter{{enumi}}{{{place - 1}}}")
        entries.append(rf"\item {text}" if place else rf"\item[] {text}")
        due = place + 1 if place else due
    return listing("enumerate", entries)


def items(texts: Iterable[str]) -> list[str]:
    return listing("itemize", [rf"\item {text}" for text in texts])


def listing(kind: str, entries: list[str]) -> list[str]:
    """A list of LaTeX's; an empty one would not compile."""
    return [rf"\begin{{{kind}}}", *entries, rf"\end{{{kind}}}"] if entries else []
