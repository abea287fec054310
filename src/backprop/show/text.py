"""The table as text: for a pipe, a file, Markdown, LaTeX or CSV."""

from __future__ import annotations

from backprop.show.grid import Column, Grid, aligned
from backprop.spans import width


def plain(grid: Grid) -> str:
    """Columns in natural width, two blanks between them, numbers aligned; nothing is cut."""
    cells = [column_cells(grid, place) for place in range(len(grid.columns))]
    lines = ("  ".join(line).rstrip() for line in zip(*cells, strict=True))
    return "\n".join(lines) + "\n"


def column_cells(grid: Grid, place: int) -> list[str]:
    """A column, its heading first, padded to one width."""
    column = grid.columns[place]
    texts = [row[place] for row in grid.rows]
    if column.numeric:
        texts = aligned(texts)
    most = max(width(text) for text in [column.heading, *texts])
    heading = column.heading.rjust(most) if column.numeric else pad(column.heading, most)
    return [heading, *(text.rjust(most) if column.numeric else pad(text, most) for text in texts)]


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
    if not text or column.numeric:
        return text
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")


LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


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
    if column.numeric:
        return {"": "", "nan": "nan", "inf": r"$\infty$", "-inf": r"$-\infty$"}.get(text) or latex_number(text)
    return rf"\texttt{{{''.join(LATEX.get(character, character) for character in text)}}}" if text else ""


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
