"""The pages of the manual that the program tells itself: its commands, its gates, the tour, the changes.

`write(FOLDER)` makes them where the site is built; they are never kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click
import plots

from backprop.cli.clicked import commands
from backprop.cli.help import first_sentence
from backprop.gates import FAMILIES, Gate
from backprop.show import reference

ROOT = Path(__file__).parent.parent


def write(folder: Path) -> None:
    """Write the pages into a folder; what is there and the same stays as it is, so that it is not built again."""
    made = dict(pages())
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def pages() -> Iterator[tuple[str, str]]:
    """The name of each page's file, and its text."""
    yield from command_pages()
    yield from gate_pages()
    yield "tour.md", tour(json.loads((ROOT / "docs" / "tour.ipynb").read_text(encoding="utf-8")))
    yield "changes.md", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# ── commands ──


def command_pages() -> Iterator[tuple[str, str]]:
    """A page for each command, and one that lists them."""
    listed = []
    with click.Context(commands, info_name="backprop", **commands.context_settings) as ctx:
        for name in commands.list_commands(ctx):
            command = commands.get_command(ctx, name)
            assert command is not None
            listed.append(
                (f"command-{name}", f"[`backprop {name}`](command-{name}.md)", first_sentence(command.help or ""))
            )
            with click.Context(command, info_name=name, parent=ctx) as inner:
                yield f"command-{name}.md", command_page(command, inner)
    table = row_table(("command", "what it does"), [(link, says) for _, link, says in listed])
    yield "commands.md", f"# Commands\n\n{table}\n\n{contents(name for name, _, _ in listed)}"


def command_page(command: click.Command, ctx: click.Context) -> str:
    """A command: its text, its examples, its options."""
    paragraphs = cleandoc(command.help or "").split("\n\n")
    told = [" ".join(one.split()) for one in paragraphs if not one.startswith("\b")]
    examples = [one.removeprefix("\b\n") for one in paragraphs if one.startswith("\b")]
    usage = f"{ctx.command_path} {' '.join(command.collect_usage_pieces(ctx))}"
    says = getattr(command, "variables_help", "")
    rows = [("--x VALUE", says)] if says else []
    rows += [
        record
        for param in command.get_params(ctx)
        if isinstance(param, click.Option) and (record := param.get_help_record(ctx))
    ]
    options = row_table(("option", "meaning"), [(f"`{words}`", plain(meaning)) for words, meaning in rows])
    parts = [
        f"# backprop {ctx.info_name}", *map(plain, told), fenced(usage), *map(fenced, examples), "## Options", options
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


# ── gates ──


def gate_pages() -> Iterator[tuple[str, str]]:
    """A page for each family of gates, and one that lists them."""
    listed = []
    for family, gates in FAMILIES.items():
        gates = [gate for gate in gates if not gate.plumbing]
        if gates:
            name = "gates-" + family.replace(" ", "-")
            listed.append((name, family, gates))
            yield f"{name}.md", f"# {family.capitalize()}\n\n" + "\n".join(map(gate_part, gates))
    rows = [
        (f"[{family}]({name}.md)", ", ".join(f"[`{gate.spelling}`](#{anchor(gate)})" for gate in gates))
        for name, family, gates in listed
    ]
    told = (
        "Each gate from its row of the table: its rule, where it is defined, and an example that was run when this page"
        " was made. In the pictures the value of a gate is green and its slope red, both over one input (of an array:"
        " over its first element); what is shown, and where the other inputs stay, the caption says."
    )
    table = row_table(("family", "gates"), rows)
    yield "gates.md", f"# Gates\n\n{told}\n\n{table}\n\n{contents(name for name, _, _ in listed)}"


def anchor(gate: Gate) -> str:
    """What links to a gate: a gate on numbers and one on arrays may have one spelling."""
    return f"gate-{gate.name.replace('_', '-')}"


def gate_part(gate: Gate) -> str:
    """A gate: its picture beside its facts."""
    facts = [(heading, text) for heading, text in reference.page(gate) if heading != "gate"]
    told = "\n".join(
        f"<dt>{escape(heading)}</dt><dd>{escape(text) if heading in WORDS else f'<code>{escape(text)}</code>'}</dd>"
        for heading, text in facts
    )
    drawn = plots.figure(gate)
    return (
        f"({anchor(gate)})=\n\n## `{reference.written(gate)}`\n\n"
        f'<div class="gate">\n{drawn}<dl>\n{told}\n</dl>\n</div>\n'
    )


WORDS = ("does", "slope there")  # facts that are told; the others are formulas


# ── the tour ──


def tour(book: dict[str, Any]) -> str:
    """A notebook as a page, with what its cells show."""
    return "\n\n".join(part for cell in book["cells"] for part in cell_parts(cell)) + "\n"


def cell_parts(cell: dict[str, Any]) -> Iterator[str]:
    """A cell: text as it is, code as code, and what it shows in the richest form that there is."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield fenced(source, "python")
    for output in cell["outputs"]:
        data = output.get("data", {})
        if found := data.get("text/html") or data.get("image/svg+xml"):
            yield f'<div class="shown">\n{without_gaps("".join(found))}\n</div>'
        elif told := data.get("text/markdown"):
            yield "".join(told)
        else:
            yield fenced("".join(data.get("text/plain") or output.get("text") or "\n".join(output["traceback"])))


def without_gaps(html: str) -> str:
    """HTML without empty lines, which would end it in Markdown."""
    return "\n".join(line for line in html.splitlines() if line.strip())


# ── Markdown ──


def fenced(text: str, language: str = "text") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def plain(text: str) -> str:
    """A text in which nothing is markup."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")


def row_table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table."""
    lines = [heads, ("---",) * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def contents(names: Iterator[str]) -> str:
    """What stands under a page in the list of pages."""
    return "```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```\n"
