"""The table as text: for a pipe, a file, Markdown, LaTeX or CSV."""

from __future__ import annotations

from backprop.errors.light import Sequence
from backprop.errors.spans import WIDEST, width
from backprop.show.grid import ARRAYS, Column, Grid, aligned
from backprop.show.theme import paint, verdict_word


def plain(grid: Grid, *, colour: bool = False) -> str:
    """Columns in natural width, two blanks between them, numbers aligned; nothing is cut.

    A row is as high as its cells. `colour` is for a terminal that is too narrow for a drawn table.
    """
    columns = [column_cells(grid, place) for place in range(len(grid.columns))]
    lines = [
        line
        for number, row in enumerate(zip(*columns, strict=True))
        if number or grid.headed
        for line in row_lines(grid.columns, row, heading=number == 0, colour=colour)
    ]
    return "\n".join(lines) + "\n"


def row_lines(columns: Sequence[Column], row: Sequence[list[str]], *, heading: bool, colour: bool) -> list[str]:
    """The lines of a row: cells beside each other, each as its lines, which have the width of the column."""
    lines = []
    blanks = [" " * width(cell[0]) for cell in row]
    for line in range(max(len(cell) for cell in row)):
        parts = [cell[line] if line < len(cell) else blank for cell, blank in zip(row, blanks, strict=True)]
        parts[-1] = parts[-1].rstrip()
        painted = (
            paint(part, "heading" if heading else column.role, colour)
            for part, column in zip(parts, columns, strict=True)
        )
        lines.append("  ".join(painted).rstrip())
    return lines


def column_cells(grid: Grid, place: int) -> list[list[str]]:
    """A column, its heading first, padded to one width but for what is wider than any page; each cell as its lines."""
    column = grid.columns[place]
    texts = [row[place] for row in grid.rows]
    if column.numeric:
        texts = aligned(texts)
    cells = [column.heading.split("\n"), *(text.split("\n") for text in texts)]
    most = min(max(width(line) for cell in cells for line in cell), WIDEST)
    arrays = column.numeric and any(text.startswith(ARRAYS) for text in texts)
    right = column.numeric and not arrays
    return [[line.rjust(most) if right else pad(line, most) for line in cell] for cell in cells]


def pad(text: str, most: int) -> str:
    return text + " " * (most - width(text))


def markdown(grid: Grid) -> str:
    """A table that GitHub and others render."""
    lines = [
        [column.heading for column in grid.columns],
        ["---:" if column.numeric else "---" for column in grid.columns],
        *([markdown_cell(text, column) for text, column in zip(row, grid.columns, strict=True)] for row in grid.rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def markdown_cell(text: str, column: Column) -> str:
    """A cell: the user's words as code, so that `w_1 * x_1` keeps its underscores and stars."""
    return text if not text or column.numeric else code(text).replace("|", "\\|")


def code(text: str) -> str:
    """A text as Markdown's code."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def escaped(text: str) -> str:
    """A text for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# Colours that read on light and on dark paper.
HTML = {"value": "color:#1f883d", "gradient": "color:#d1242f", "name": "font-weight:bold"}


def html(grid: Grid) -> str:
    """A table for a notebook."""
    lines = [f"<th>{escaped(column.heading)}</th>" for column in grid.columns]
    rows = [f"<tr>{''.join(lines)}</tr>"]
    for row in grid.rows:
        rows.append(f"<tr>{''.join(map(html_cell, row, grid.columns))}</tr>")
    return "<table>\n" + "\n".join(rows) + "\n</table>\n"


def html_cell(text: str, column: Column) -> str:
    """A cell; an array keeps its lines, and a verdict its colour."""
    style = f"text-align:{'right' if column.numeric else 'left'};white-space:pre;font-family:monospace"
    colour = HTML.get(column.role, "")
    if column.role == "verdict":
        colour = {"ok": HTML["value"], "WRONG": HTML["gradient"]}.get(verdict_word(text)[0], "")
    return f'<td style="{style}{";" if colour else ""}{colour}">{escaped(text)}</td>'


LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "×": r"\ensuremath{\times}", "·": r"\ensuremath{\cdot}", "→": r"\ensuremath{\to}", "±": r"\ensuremath{\pm}",
    "²": r"\ensuremath{^2}", "≥": r"\ensuremath{\ge}", "≤": r"\ensuremath{\le}", "…": r"\ldots{}", "−": "$-$",
}  # fmt: skip


def latex_text(text: str) -> str:
    """A text with the characters that LaTeX reads in its own way, or has no glyph for, spelt out."""
    return "".join(map(latex_character, text))


def latex_character(character: str) -> str:
    """A character that compiles without a package: Greek letters and signs as mathematics, others by their number."""
    if character in LATEX or character.isascii():
        return LATEX.get(character, character)
    letter = greek(character)
    if letter:
        return rf"\ensuremath{{{letter}}}" if len(letter) > 1 else letter
    return character if "\xc0" <= character <= "\xff" else rf"U+{ord(character):04X}"


LIKE_OURS = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧ", "ABEZHIKMNOPTX", strict=True))  # for which TeX has no word


def greek(character: str) -> str:
    """A Greek letter in TeX's mathematics; "" for any other character."""
    if character in LIKE_OURS:
        return rf"\mathrm{{{LIKE_OURS[character]}}}"
    import unicodedata

    kind, _, name = (
        unicodedata.name(character, "").replace("FINAL ", "VAR").replace("LAMDA", "LAMBDA").partition(" LETTER ")
    )
    if not "Γ" <= character <= "ω" or not name or " WITH " in name:
        return ""
    return "o" if name == "OMICRON" else rf"\{name.lower() if 'SMALL' in kind else name.capitalize()}"


def latex(grid: Grid) -> str:
    """A tabular that compiles without a package."""
    layout = "".join("r" if column.numeric else "l" for column in grid.columns)
    lines = [rf"\begin{{tabular}}{{{layout}}}", r"\hline"]
    lines += [latex_row([column.heading for column in grid.columns]), r"\hline"]
    for row in grid.rows:
        lines.append(latex_row([latex_cell(text, column) for text, column in zip(row, grid.columns, strict=True)]))
    return "\n".join([*lines, r"\hline", r"\end{tabular}"]) + "\n"


def latex_row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def latex_cell(text: str, column: Column) -> str:
    """A number in mathematics, so that its minus is one; the user's words in a typewriter face."""
    if text.startswith("["):
        return latex_array(text)
    if column.numeric:
        return {"": "", "nan": "nan", "inf": r"$\infty$", "-inf": r"$-\infty$"}.get(text) or latex_number(text)
    return rf"\texttt{{{latex_text(text)}}}" if text else ""


def latex_array(text: str) -> str:
    """An array, in an environment that needs no package: a vector as a row, a matrix by its rows, others as they
    stand."""
    if text.startswith("[[[") or " (" in text:
        return rf"\texttt{{{''.join(LATEX.get(character, character) for character in text)}}}"
    rows = [[part.strip() for part in row.split(",")] for row in text.strip("[]").split("], [")]
    cells = [[r"\dots" if part == "..." else latex_number(part).strip("$") for part in row] for row in rows]
    lines = r" \\ ".join(" & ".join(row) for row in cells)
    return rf"$\left[\begin{{array}}{{{'r' * max(map(len, cells))}}} {lines} \end{{array}}\right]$"


def latex_number(text: str) -> str:
    mantissa, exponential, exponent = text.partition("e")
    return rf"${mantissa} \times 10^{{{int(exponent)}}}$" if exponential else f"${mantissa}$" if mantissa else ""


def csv(grid: Grid) -> str:
    """RFC 4180, but with lines that end as Unix ends them."""
    import csv as writer
    from io import StringIO

    out = StringIO()
    rows = writer.writer(out, lineterminator="\n")
    rows.writerow([column.heading for column in grid.columns])
    rows.writerows(grid.rows)
    return out.getvalue()
