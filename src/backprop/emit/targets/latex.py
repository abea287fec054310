r"""LaTeX: the derivation, a line for every stage forward and for every gradient backward, by the chain rule.

The rules are those of the textbooks where ours are spelt for their digits: this is read, and not computed. A bracket
\mathbf{1}[...] that is 0 is Iverson's: nothing flows through it, whatever stands behind it.
"""

from __future__ import annotations

import re
from copy import copy
from typing import Any

from backprop.emit.listing import Line, Listing, merged
from backprop.emit.request import Request
from backprop.emit.target import Text
from backprop.emit.targets.tex import Tex
from backprop.emit.targets.texnames import TexNaming, digits, extent, matrix, prose
from backprop.gates import CONSTANT, INPUT
from backprop.language.printer import SUM, rounded
from backprop.library.stages import Names
from backprop.numbers.shapes import shape_code, shape_of

WIDTH = 62  # of a line on the page, in characters
HEAD = r"""\documentclass{article}
\usepackage[margin=2.5cm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\setlength{\jot}{6pt}
\begin{document}
% The derivation begins here: paste it from this line on into a document that loads amsmath."""
TAIL = r"""% The derivation ends here.
\end{document}"""


def write(request: Request) -> str:
    """The document: the formula, both passes and the gradients; with a point, their numbers."""
    circuit = copy(request.circuit)
    circuit.names, circuit.plans = dict(Names(request.circuit, opened=True).names), {}
    derived = request.simplest(request.derived_from(request.above, circuit, textbook=True))
    target = Tex(elementwise=request.arrays)
    reserved = target.reserves(request.gates(derived))
    naming = TexNaming(reserved, circuit.names[circuit.output], "" if request.upstream is None else "L")
    values = request.values_of(derived)
    listing = Listing(circuit, derived, target, naming)
    sections = [("Formula", aligned([broken(f"{name} &= {text}") for name, text in formulas(request, listing)]))]
    if request.at:
        sections.append(("Point", point({listing.inputs[name]: value for name, value in request.at.items()})))
    forward = [
        row(line.name, line.text, str(line.number), None if values is None else values[line.wire])
        for line in listing.forward_lines()
    ]
    sections.append(("Forward pass", aligned(forward)))
    sections.append(("Backward pass", aligned(backward(request, listing, naming, values))))
    if values is not None:
        found = [(listing.value, request.value)]
        found += [(naming.gradient_of(listing.inputs[name]), g) for name, g in request.gradients.items()]
        sections.append(("Result", aligned([[f"{name} &= {number(value, None)}"] for name, value in found])))
    legend = target.legend()
    if legend:
        sections.append(("Notation", [r"\begin{itemize}", *(rf"\item {line}" for line in legend), r"\end{itemize}"]))
    head = [] if request.name is None else ["", rf"\section*{{{prose(request.name)}}}"]
    body = [line for title, lines in sections if lines for line in ("", rf"\subsection*{{{title}}}", *lines)]
    program = [f"% {line}" for line in request.title()]
    return "\n".join([*program, HEAD, *head, *body, "", TAIL]) + "\n"


def formulas(request: Request, listing: Listing) -> list[tuple[str, str]]:
    """The program as it was typed: each of the user's stages, in the names of the others."""
    circuit, target = request.circuit, listing.target
    texts = {wire: target.number(value) for wire, value in circuit.constants.items()}
    found = []
    for wire, gate in enumerate(circuit.gates):
        if gate not in (INPUT, CONSTANT):
            texts[wire] = target.spell(gate, [texts[source] for source in circuit.inputs[wire]], False)
        if wire in circuit.names or (gate not in (INPUT, CONSTANT) and extent(texts[wire].text) > 12 * WIDTH):
            if wire in circuit.names and gate is not INPUT:
                found.append((listing.named[wire], texts[wire].text))
            texts[wire] = Text(listing.named[wire])
    return found


def summand(share: Line) -> str:
    """What is added to others, or taken off: in brackets where it is a sum itself."""
    text = f"({share.text})" if share.operator == "-" and share.level <= SUM else share.text
    return f" {share.operator} {text}"


def backward(request: Request, listing: Listing, naming: TexNaming, values: list[Any] | None) -> list[list[str]]:
    """A row for each gradient, once all that it is made of has arrived."""
    top = naming.gradient_of(listing.named[listing.circuit.output])
    seed = "1" if request.upstream is None else number(request.upstream) if values is not None else ""
    rows = [[f"{top} &= {seed}"]] if seed else []
    stages = {name: stage for stage, name in listing.gradient_names.items()}
    for name, shares in merged(listing.backward_lines()).items():
        text = shares[0].text + "".join(map(summand, shares[1:]))
        text = text.replace(" + -", " - ")
        value = None
        if values is not None:
            value = request.run.gradient(stages[name]) if name in stages else values[shares[-1].wire]
        rows.append(row(name, text, ", ".join(dict.fromkeys(str(share.number) for share in shares)), value))
    nothing = (name for name in request.wrt if listing.circuit.variables[name] not in listing.gradient_names)
    rows += [[f"{naming.gradient_of(listing.inputs[name])} &= 0"] for name in nothing if listing.named]
    return rows


def row(name: str, text: str, tag: str, value: Any) -> list[str]:
    """A row of a pass as lines that fit the page: `name = text = value`, with the numbers of its forward lines."""
    lines = broken(f"{name} &= {text}")
    if value is not None and (shown := number(value)) != text:
        joined = f"{lines[-1]} = {shown}" if shown.startswith(("-", "\\", *"0123456789")) else f"{lines[-1]} {shown}"
        if extent(joined) <= WIDTH + 8:
            lines[-1] = joined
        else:
            lines.append(f"&= {shown}")
    lines[-1] += rf" \tag{{{tag}}}"
    return lines


def broken(text: str) -> list[str]:
    """A line in pieces that fit the page."""
    parts = [finer for piece in pieces(text) for finer in (pieces(piece, True) if extent(piece) > WIDTH else [piece])]
    lines = [parts[0]]
    for piece in parts[1:]:
        if extent(f"{lines[-1]} {piece}") <= WIDTH:
            lines[-1] += f" {piece}"
        else:
            lines.append(rf"&\quad {{}} {piece}")
    return lines


def pieces(text: str, inside: bool = False) -> list[str]:
    """Where a line may be broken: before a plus, minus or factor, `inside` brackets too; and after a comma."""
    found, depth, brackets = [""], 0, 0
    for part in re.split(r"(\\left|\\right|\\begin|\\end|[{}()]| (?=[+-] )|(?<=,) | (?=\\cdot|\\odot))", text):
        depth += (part in ("{", r"\left", r"\begin")) - (part in ("}", r"\right", r"\end"))
        brackets += (part == "(") - (part == ")")
        if part == " " and not depth and (inside or not brackets or found[-1].endswith(",")):
            found.append("")
        else:
            found[-1] += part
    return found


def aligned(rows: list[list[str]]) -> list[str]:
    """Rows, below each other at their equals signs."""
    lines = [line for row in rows for line in row]
    return [r"\begin{align*}", *(f"{line} \\\\" for line in lines[:-1]), *lines[-1:], r"\end{align*}"] if rows else []


def point(at: dict[str, Any]) -> list[str]:
    """The values of the variables: numbers in a line, arrays below each other."""
    if any(shape_of(value) for value in at.values()):
        return aligned([[f"{name} &= {number(value)}"] for name, value in at.items()])
    texts = [f"${name} = {number(value, None)}$" for name, value in at.items()]
    return [r"\begin{flushleft}", *(f"{text}," for text in texts[:-1]), f"{texts[-1]}.", r"\end{flushleft}"]


def number(value: Any, most: int | None = 6) -> str:
    """A number, a small array, or the shape of a larger one."""
    if shape_of(value):
        small = value.ndim <= 2 and 0 < value.size <= 16 and value.shape[-1] <= 6
        shape = shape_code(value.shape).replace("x", r" \times ")
        return matrix(value, 4 if value.shape[-1] > 3 else 6) if small else rf"\text{{an array of }} {shape}"
    return digits(value if most is None else rounded(value, most))
