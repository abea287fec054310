"""A circuit as a TikZ picture, laid out as the SVG is, in a document of its own: `pdflatex` makes a page that fits."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.draw.boxes import BLANK, RADIUS, Frame, Options, Pen, Picture, Places, label_of, node_parts
from backprop.draw.layout import Point
from backprop.draw.scene import STAGES, Node
from backprop.show.palette import PALETTES
from backprop.show.text import greek

WHITE = "#ffffff"
ITALIC = r"font=\ttfamily\footnotesize\itshape"
SIGNS = {
    "\\": r"\textbackslash{}", "−": "$-$", "×": r"$\times$", "÷": r"$\div$", "·": r"$\cdot$", "≤": r"$\leq$",
    "≥": r"$\geq$", "≠": r"$\neq$", "∞": r"$\infty$", "Σ": r"$\Sigma$", "_": r"\_", "^": r"\^{}", "%": r"\%",
    "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}", "~": r"\~{}", "<": "$<$", ">": "$>$", "|": "$|$",
    '"': r"\textquotedbl{}", "…": r"\dots{}", "'": "'", "`": r"\`{}",
    **{sign: f"$^{digit}$" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{sign: f"$_{digit}$" for digit, sign in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}  # fmt: skip


def tikz(picture: Picture, options: Options | None = None) -> str:
    """The whole document."""
    options = options or Options()
    colours = PALETTES[options.theme]
    italic = f",{ITALIC}" if options.theme == "print" else ""  # bold, as in the SVG, no typewriter face of TeX has
    names = ("background", "text", "value", "gradient", "gate", "edge", "wire", "faint")
    return "\n".join(
        [
            r"\documentclass[tikz,border=6pt]{standalone}",
            r"\usepackage[T1]{fontenc}",
            *(rf"\definecolor{{bp{name}}}{{HTML}}{{{getattr(colours, name)[1:].upper()}}}" for name in names),
            r"\begin{document}",
            *([r"\pagecolor{bpbackground}"] if colours.background != WHITE else []),
            r"\begin{tikzpicture}[x=0.75pt,y=-0.75pt,line width=0.6pt,bpwire/.style={draw=bpwire},"
            rf"bpvalue/.style={{anchor=base,text=bpvalue}},bpgradient/.style={{anchor=base,text=bpgradient{italic}}},"
            r"every node/.style={inner sep=0pt,font=\ttfamily\footnotesize}]",
            *wires(picture),
            *(part for index in range(len(picture.scene.nodes)) for part in node_parts(picture, index, options, PEN)),
            r"\end{tikzpicture}",
            r"\end{document}",
            "",
        ]
    )


def escaped(text: str) -> str:
    """A text for TeX. Of letters it gets those that every TeX has; of others the code point."""
    return "".join(map(sign, text))


def sign(character: str) -> str:
    if character in SIGNS:
        return SIGNS[character]
    if (character.isascii() and character.isprintable()) or "À" <= character <= "ÿ":
        return character
    return f"${letter}$" if (letter := greek(character)) else f"U+{ord(character):04X}"


def at(x: float, y: float) -> str:
    return f"({x:.1f},{y:.1f})"


def wires(placed: Picture) -> Iterator[str]:
    """The wires of each node on a broad line of the paper's colour, so that one bridges the other; then its forks."""
    for leaving, forks in placed.leaving():
        paths = dict.fromkeys(path(points) for _, points in leaving)
        yield from (rf"\draw[bpbackground,line width=2.6pt] {way};" for way in paths)
        yield from (rf"\draw[bpwire] {way};" for way in paths)
        yield from (rf"\fill[fill=bpwire] {at(x, y)} circle[radius=2.6];" for x, y in forks)


def path(points: list[Point]) -> str:
    x, y = points[0]
    text = at(x, y)
    for x1, y1 in points[1:]:
        middle = (x + x1) / 2
        if abs(y1 - y) < 0.05:
            text += f" -- {at(x1, y)}"
        else:
            text += f" .. controls {at(middle, y)} and {at(middle, y1)} .. {at(x1, y1)}"
        x, y = x1, y1
    return text


def outline(node: Node, frame: Frame, places: Places) -> Iterator[str]:
    """A gate as its box with its symbol, an input as its name."""
    style, x = f"anchor=west,text=bptext,{ITALIC}", places.left
    if node.kind == STAGES:
        size = f"minimum height={1.5 * frame.half:.1f}pt,minimum width={0.75 * (frame.right - frame.left):.1f}pt"
        style, x = f"draw=bpedge,fill=bpgate,text=bptext,rounded corners={0.74 * RADIUS:.1f}pt,{size}", places.centre
    yield written(style, x, places.height, label_of(node))


STYLES = {
    "share": r"anchor=base east,text=bpgradient,font=\ttfamily\tiny\itshape",
    "name": f"anchor=base,text=bpfaint,{ITALIC}", "value": "bpvalue", "gradient": "bpgradient",
}  # fmt: skip


def text(role: str, x: float, y: float, words: str) -> str:
    return written(STYLES[role], x, y, words)


def written(style: str, x: float, y: float, words: str) -> str:
    return rf"\node[{style}] at {at(x, y)} {{{escaped(words)}}};"


def box(x: float, top: float) -> str:
    width, height = BLANK
    return rf"\draw[bpfaint] {at(x - width / 2, top)} rectangle {at(x + width / 2, top + height)};"


def line(start: float, end: float, height: float) -> str:
    return rf"\draw[bpwire] {at(start, height)} -- {at(end, height)};"


PEN = Pen(line, text, box, outline)
