"""Options as data in messages, which both who types a command line and who writes Python get to read: a message carries
`--ties split` and `ties="split"` until somebody shows it."""

from __future__ import annotations

from backprop.errors.light import Any
from backprop.errors.spans import visible

OPEN, BETWEEN, CLOSE = "\ufdd0\ufdd1\ufdd2"  # no characters: Unicode keeps them for the inside of programs
LONGEST = 600  # characters of a message; beyond that its middle helps nobody

IN_PYTHON = {  # what is not an argument of the option's own name
    "map --from": "source_format={}", "map --to": "target_format={}", "map -o": "{}", "-o": "save({})",
    "--bound": "backprop.python.values.meter.set_bounds([{}])",
    "--jacobian": "jacobian()", "--direction": "jvp({…}) or hvp({…})", "--explain": "explain()",
}  # fmt: skip


def flag(name: str, value: str) -> str:
    """An option as it is typed, in a command that is offered whole."""
    return f"--{name} {value}"


def setting(name: str, value: str) -> str:
    """A value as it is typed, of what has the name of an option."""
    return flag("set", f"{name}={value}")


class Said(str):
    """A message as Python says it; `both` is what it was made of."""

    both: str


def option(flag: str, value: Any = None) -> str:
    """An option of the command line in a message, with its value: a text, a number, names, or True of a flag. Where two
    commands mean different things by it, the command stands before: `map --to`."""
    typed = "" if value is None or value is True else ",".join(value) if isinstance(value, list) else str(value)
    typed = repr(typed) if typed in list(";\t|") else typed
    python = IN_PYTHON.get(flag, f"{flag.lstrip('-').replace('-', '_')}={{}}")
    said = python.partition("=")[0] if value is None else python.replace("{}", literal(value))
    return either(f"{flag.rpartition(' ')[2]} {typed}".rstrip(), said)


def literal(value: Any) -> str:
    """A value as Python writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, str):
        return '"{}"'.format(repr(value)[1:-1].replace('"', '\\"'))
    return repr(value)


def either(shell: str, python: str) -> str:
    """What the command line says one way in a message, and Python another."""
    return f"{OPEN}{shell}{BETWEEN}{python}{CLOSE}"


def said(text: str) -> str:
    """A message that is made of such texts, and may quote anything, to be shown."""
    if OPEN not in text:
        return text if isinstance(text, Said) else told(text)
    found = Said(told(chosen(text, 2)))
    found.both = text
    return found


def both(message: str) -> str:
    """A message as it was made, to be a part of another one."""
    return message.both if isinstance(message, Said) else message


def in_shell(message: str) -> str:
    """A message as the command line says it."""
    return told(chosen(message.both, 0)) if isinstance(message, Said) else message


def chosen(text: str, which: int) -> str:
    """A message with one side of each of its options: 0 is the command line's, 2 Python's."""
    before, *rest = text.split(OPEN)
    parts = [part.partition(CLOSE) for part in rest]
    return before + "".join(pair.partition(BETWEEN)[which] + behind for pair, _, behind in parts)


def told(text: str) -> str:
    """What a message quotes may be of any length, and hold anything: its middle is left out, and nothing is raw."""
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
    return text if text.isprintable() else "\n".join(map(visible, text.split("\n")))
