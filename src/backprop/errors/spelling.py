"""Options as messages say them: `--ties split` on the command line, `ties="split"` in Python."""

from __future__ import annotations

TYPE_CHECKING = False  # typing would be a large part of a plain run
if TYPE_CHECKING:
    from re import Match

PHRASES = {
    "by --vars or options": "as an argument", "with --vars": "as an argument",
    "eval --jacobian": "compile(…).jacobian()", "are --jacobian": "are those of jacobian()",
    "--direction x=[…]": "jvp({…}), hvp({…})", "--only-new": "only_new=True", "--explain": "explain()",
    "or --to": "or target_format",
    "as in --x 2": "as in x=2",
}  # fmt: skip
NAMES = "ties|rate|wrt|batch|line-search|to|from|method|null-values|name|decay|upstream|seed|table|dtype|jvp|delimiter"
NAMES += "|decimal-comma|errors|engine|scheduler|resume|backward|dialect|main|random|stages|encoding"
VALUE = r"(?!(?:or|and|is|has|does|names|takes|out|gives|shares|needs|for)\b)(?:'[^']*'|[\w.,:-]*\w)"
OPTION = rf"(?<![^\s(])--({NAMES})\b(?: ({VALUE}))?"
LISTS = ("wrt", "null_values")


class Asker:
    """Who asks: somebody in Python, once a name of the library was asked for, unless the command line runs."""

    python = False


def spoken(text: str) -> str:
    """A message with the options spelt as the asker writes them."""
    if not Asker.python or "--" not in text:
        return text
    import re

    for phrase, meant in PHRASES.items():
        text = text.replace(phrase, meant)
    return re.sub(OPTION, as_argument, text)


def as_argument(option: Match[str]) -> str:
    """An option as an argument: `--rate 0.01` is rate=0.01, `--wrt W,b` is wrt=["W", "b"]."""
    name, value = option[1].replace("-", "_"), option[2]
    if value is None:
        return name
    value = value.strip("'")
    if name in LISTS:
        names = ", ".join(f'"{part}"' for part in value.split(","))
        return f"{name}=[{names}]"
    is_number = value.replace(".", "", 1).replace("e", "", 1).isdigit()
    return f"{name}={value}" if is_number else f'{name}="{value}"'
