"""What is wrong with a text that is not in the grammar: the row of the catalogue that fits, and the formula cured.

Where no row fits, Lark says what was expected.
"""

from __future__ import annotations

from backprop.errors import Problem, nearest
from backprop.errors.light import Any, Callable, Iterable, cache
from backprop.errors.spans import Span
from backprop.gates import NAMES
from backprop.grammar import grammar_text
from backprop.language.catalogue import MISTAKES, NO_NAMES, Mistake
from backprop.language.hints import FOR_GRADIENTS, Edit, escaped
from backprop.language.lexer import MODULES
from backprop.language.notations import TRACES, rewritten, sum_over_index
from backprop.language.place import SHOWN, Place
from backprop.language.program import Program

Reader = Callable[[str], tuple[Program, list[str], int | None]]  # a text's program, its tokens, where it stops

LONGEST_CURE = 160  # characters of a formula that a hint writes out
LOOKED_AT = 4000  # tokens that Lark, who is in no hurry, is given to explain


def explain(program: Program, tokens: list[str], stopped_at: int, read: Reader) -> Problem:
    """The problem of a text whose token number `stopped_at` cannot stand where it does. `read` reads its cure."""
    place = Place(program, tokens, stopped_at)
    for mistake in MISTAKES:
        if mistake.when(place):
            return problem(place, mistake, readings(place, read))
    return place.problem(f"expected {expected(place)}, and found {place.here}", "", (stopped_at, stopped_at))


def not_a_name(program: Program, tokens: list[str], index: int) -> Problem:
    """The problem of a token that looks like a name and is none, since it holds ² or ½."""
    place = Place(program, tokens, index)
    for mistake in NO_NAMES:
        if mistake.when(place):
            return problem(place, mistake)
    return place.problem(f"{place.word} is not a name", "a name has letters, digits and _ in it", (index, index))


SETTLED = frozenset(
    ["item", "detach", "numpy", "clone", "copy", "float", "double", "cpu", "contiguous"]
)  # change no value


def no_method(program: Program, tokens: list[str], index: int) -> Problem:
    """The problem of `x.foo()`, where there is no function foo, and of `torch.std(x)`, which is another one."""
    place = Place(program, tokens, index)
    name = tokens[index][1:-1].strip()
    if place.name_before == "torch" and name in ("std", "var"):
        hint = f"torch.{name} divides by n - 1: {name}(x) here divides by n"
    elif place.name_before in MODULES:
        hint = f"write {escaped(name)}(…), without {escaped(place.name_before)}."
    elif name in SETTLED:
        hint = f"delete .{name}(): a value is one without it"
    elif name in FOR_GRADIENTS:
        hint = f"gradients are the answer, and not part of the question: delete {escaped(place.operand)}.{name}()"
    else:
        near = nearest(name, functions())
        hint = f"did you mean .{near}()?" if near else "`backprop gates` lists the functions that there are"
    return place.problem(f"there is no {escaped(place.operand)}.{escaped(name)} here", hint, (index, index))


def functions() -> list[str]:
    return list(NAMES)


def not_text(text: str, start: int, source: str | None) -> Problem:
    """The problem of a text with half of a character in it."""
    code = ord(text[start])
    what = f"the byte 0x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"half a character, U+{code:04X}"
    return Problem(
        "syntax",
        f"this is not text: {what} stands in it",
        text=text,
        source=source,
        spans=[Span(start, start + 1)],
        hint="save it as UTF-8",
    )


# ── the cure ──


def problem(place: Place, mistake: Mistake, whole: str = "") -> Problem:
    """A row, said of a place; with the whole formula as it should be, where that is known."""
    hint = mistake.hint if isinstance(mistake.hint, str) else mistake.hint(place)
    found = mistake.where
    where = (place.at + found[0], place.at + found[1]) if isinstance(found, tuple) else found(place)
    said = hint.format(p=place) if hint else ""
    if whole:
        begin, write, _ = said.partition("write ")
        said = f"{begin}{write or ': write '}{whole}"
    return place.problem(mistake.message.format(p=place), said, where)


def readings(place: Place, read: Reader) -> str:
    """The whole formula as it may have been meant, in two ways where it can be read in two."""
    in_two = either_way(place, read)
    return translated(place.program.text, read) if not in_two or sum_over_index(place.program.text) else in_two


def either_way(place: Place, read: Reader) -> str:
    """The whole formula with its mistakes mended; in both ways where it can be read in two."""
    one, other = cured(place, read), cured(place, read, other=True)
    return f"{one}, or {other}" if one and other and one != other else one


def cured(place: Place, read: Reader, other: bool = False) -> str:
    """The whole formula with all its mistakes mended, where they are of kinds with one cure; else nothing."""
    for _ in range(SHOWN):
        mistake = next((mistake for mistake in MISTAKES if mistake.when(place)), None)
        edits = mistake.edits(place) if mistake else []
        edits = (mistake.other(place) or edits) if mistake and other else edits
        text = edited(place, edits)
        if not edits or len(text) > LONGEST_CURE or not text.isprintable():
            return ""
        program, tokens, stopped_at = read(text)
        if stopped_at is None:
            return text
        place = Place(program, tokens, stopped_at)
    return ""


def translated(text: str, read: Reader) -> str:
    """A formula in another notation, in this one, if it can be read then; else nothing."""
    if len(text) > LONGEST_CURE or not any(trace in text for trace in TRACES):
        return ""
    found = rewritten(text)
    program, tokens, stopped_at = read(found)
    if stopped_at is None or found == text:
        return found if found != text else ""
    return either_way(Place(program, tokens, stopped_at), read)


def edited(place: Place, edits: list[Edit]) -> str:
    text = place.program.text
    for first, last, instead in reversed(edits):
        span = place.program.tokens_span(first, first if last is None else last)
        if last is not None:
            behind = text[span.end :]
            text = text[: span.start] + instead + (behind if instead else behind.lstrip(" "))
        elif instead in ("*", "(", " @ ", ", "):
            text = text[: span.start].rstrip(" ") + instead + text[span.start :]
        else:
            text = text[: span.end] + instead + text[span.end :]
    return text


# ── what Lark says ──

VALUE = "a value"
PLAIN = {
    "NAME": VALUE,
    "PLUS": "an operator",
    "RPAR": ")",
    "RSQB": "]",
    "COMMA": "a comma",
    "COLON": "a colon",
    "EQUAL": "=",
    "$END": "the end",
}


def expected(place: Place) -> str:
    """What could have stood here, in plain words."""
    terminals = accepted(place) if place.at < LOOKED_AT else ["NAME" if place.wants_operand else "PLUS"]
    if "NAME" in terminals:
        terminals = [name for name in terminals if name != "PLUS"]
    words = [word for name, word in PLAIN.items() if name in terminals]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "something else"


def accepted(place: Place) -> Iterable[str]:
    """The terminals that Lark would accept in place of the token."""
    from contextlib import suppress

    from lark.exceptions import UnexpectedToken

    program = place.program
    parser = lark().parse_interactive(program.text[: program.tokens_span(place.at, place.at).end])
    with suppress(UnexpectedToken):  # at the very token; the parser stands before it
        parser.exhaust_lexer()
    names: set[str] = parser.accepts()
    return names


@cache
def lark() -> Any:
    """Lark's parser. It takes its time to come, but now nobody is in a hurry."""
    from backprop.grammar.generate import lark_parser

    return lark_parser(grammar_text().decode())
