"""`backprop gates`: the gate library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from backprop.cli.answer import answer_options, chosen_format, show_grid, show_json

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The gates whose names begin like a word, for the shell."""
    from click.shell_completion import CompletionItem

    from backprop.gates import NAMES

    return [CompletionItem(name, help=gate.says) for name, gate in NAMES.items() if name.startswith(incomplete)]


@click.command("gates")
@click.argument("name", required=False, shell_complete=complete)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the output.")
@answer_options("table", "plain", "json", "csv", "markdown")
def command(name: str | None, color: str, digits: int, format_: str | None, json_: bool, output: str | None) -> None:
    """List the gates, or show one in full: local gradients, domain, kinks, and an example that is run.

    \b
    backprop gates
    backprop gates tanh
    """
    from backprop.show import reference
    from backprop.show.grid import Column, Grid

    chosen = chosen_format(format_, json_, output)
    if name is not None:
        gate = reference.find(name)
        if chosen == "json":
            show_json(reference.gate_object(gate, full=True), output)
        else:
            columns = [Column("", "name", False), Column("", "", False)]
            show_grid(Grid(columns, [list(fact) for fact in reference.page(gate)]), chosen, output, color)
    elif chosen == "json":
        show_json([reference.gate_object(gate) for gate in reference.library()], output)
    else:
        show_grid(
            reference.flat_grid() if chosen in ("csv", "markdown") else reference.library_grid(), chosen, output, color
        )
