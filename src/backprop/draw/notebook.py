"""Texts that notebooks show as what they are, and tables that show themselves."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal

from backprop.errors import one_of, unknown_suffix
from backprop.errors.expected import helpful, whole
from backprop.rows.tables.files import put

if TYPE_CHECKING:
    from backprop.show.grid import Grid

Layout = Literal["plain", "csv", "markdown", "latex", "html"]
Theme = Literal["light", "dark", "print"]
Bundle = dict[str, str]  # kinds of content (MIME types), each with its text

KINDS = {"svg": "image/svg+xml", "html": "text/html"}


@helpful
class Shown(str):
    """A text that a notebook shows as what it is: a picture, Markdown, a page, or itself."""

    kind: str = "text/plain"
    rich: str = ""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        """What a notebook shows."""
        return {"text/plain": str(self), **({self.kind: self.rich or str(self)} if self.kind != "text/plain" else {})}

    def __repr__(self) -> str:
        return str(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a file, whole or not at all, as UTF-8; a picture also as .png."""
        from pathlib import Path

        suffix = Path(path).suffix.lower()
        if self.kind == KINDS["svg"] and suffix not in (".svg", ".png"):
            raise unknown_suffix(fspath(path), (".svg", ".png"))
        if suffix == ".png" and self.kind == KINDS["svg"]:
            from backprop.draw.png import png, size_of

            put(png(self, size_of(self), system_fonts=True), fspath(path))
        else:
            put(self.encode(), fspath(path))


def digits_of(digits: int) -> int:
    """Significant digits, as many as a number can have."""
    return whole("digits", digits, 1, 17)


def shown(text: str, kind: str = "text/plain", rich: str = "") -> Shown:
    """A text of a kind; `rich` is what is shown in its place where that can be shown."""
    made = Shown(text)
    made.kind, made.rich = kind, rich
    return made


def as_json(answer: object) -> Shown:
    """An object as the JSON that the command line prints."""
    from backprop.show.objects import written

    return shown(written(answer), "application/json")


LAYOUTS = {"plain": "text/plain", "csv": "text/csv", "markdown": "text/markdown", "latex": "text/latex"}
LAYOUTS["html"] = KINDS["html"]


def laid_out(grid: Grid, form: str, color: bool = False) -> Shown:
    """A table as text of a kind; one in colours is for a terminal."""
    from backprop.show import text

    render: Callable[..., str] = getattr(text, one_of("a table", LAYOUTS, form))
    return shown(render(grid, colour=color) if form == "plain" else render(grid), LAYOUTS[form])


@helpful
class Table:
    """What shows itself as a table, in a notebook and as a text."""

    def _grid(self, digits: int | None = 6) -> Grid:
        raise NotImplementedError

    def _object(self) -> Any:
        raise NotImplementedError

    def table(self, form: Layout = "plain", *, digits: int = 6, color: bool = False) -> Shown:
        """The table as text: "plain", "csv", "markdown", "latex" or "html"; CSV has all digits, and with `color` a
        plain one is painted for a terminal."""
        return laid_out(self._grid(None if form == "csv" else digits_of(digits)), form, color)

    def json(self) -> Shown:
        """The answer as the object that the command prints with `--json`."""
        return as_json(self._object())

    def __repr__(self) -> str:
        from backprop.show.text import plain

        return plain(self._grid()).strip("\n")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        """What a notebook shows: the table."""
        from backprop.show.text import html

        return {"text/plain": repr(self), "text/html": html(self._grid())}
