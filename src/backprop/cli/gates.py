"""`backprop gates`: the gate library."""

from __future__ import annotations

from backprop.cli.answer import answer_options, chosen_format, show_grids, show_json
from backprop.cli.options import colour_option, named, takes
from backprop.cli.words import Call


@named("gates")
@takes("name")
@colour_option("the output")
@answer_options("table", "plain", "json", "csv", "markdown")
def command(
    call: Call, name: str | None, color: str, digits: int, format_: str | None, json_: bool, output: str | None
) -> None:
    """List the gates, or show one in full: local gradients, domain, kinks, and an example that is run.

    \b
    backprop gates
    backprop gates tanh
    """
    from backprop.show import reference

    chosen = chosen_format(call, format_, json_, output)
    if name is not None:
        gate = reference.find(name)
        if chosen == "json":
            show_json(reference.gate_object(gate, full=True), output)
        else:
            show_grids([reference.gate_grid(gate)], chosen, output, color)
    elif chosen == "json":
        show_json([reference.gate_object(gate) for gate in reference.library()], output)
    else:
        grid = reference.flat_grid() if chosen in ("csv", "markdown") else reference.library_grid()
        show_grids([grid], chosen, output, color)
