"""The table of stages as cells: what stands where, and in which role. How it looks is decided by who draws it."""

from __future__ import annotations

from backprop.errors.light import TYPE_CHECKING, Any, Iterable, NamedTuple, Sequence
from backprop.language.printer import number_text
from backprop.library import Evaluation
from backprop.numbers.shapes import shape_code, shape_of

if TYPE_CHECKING:
    from backprop.library.rounds import LeftOut


class Column(NamedTuple):
    """A column: its heading, the role of its cells, whether they are numbers to be aligned on the decimal point."""

    heading: str
    role: str
    numeric: bool


class Grid(NamedTuple):
    """Columns and rows of texts."""

    columns: list[Column]
    rows: list[list[str]]

    @property
    def headed(self) -> bool:
        """Whether any column has a heading: a list of facts has none, and is no table to be ruled."""
        return any(column.heading for column in self.columns)


MOST_ELEMENTS = 100  # of an array that is shown whole
MOST_COMPARED = 12  # of one that is shown whole beside another
ARRAYS = ("[", "norm ")  # what the text of an array begins with
EDGE = 3  # how many elements a shortened array shows at each end, as NumPy does


def stages_grid(
    evaluation: Evaluation, *, digits: int | None = 6, local: bool = False, full: bool = False, one_line: bool = False,
    rounds: Sequence[LeftOut] = (),
) -> Grid:  # fmt: skip
    """The table of an evaluation: a row for each stage, and one for all in `rounds` that are left out. `digits` are
    significant ones; None keeps all.

    `local` adds the local gradients. The gradient of a constant is left empty, and so is that of an input that `wrt`
    left out. Where there are arrays, a column has their shapes; `full` shows them whole, `one_line` without line
    breaks.
    """
    shaped = any(shape_of(stage.value) for stage in evaluation.stages)
    columns = [
        Column("stage", "name", False),
        Column("gate", "expression", False),
        *([Column("shape", "expression", False)] if shaped else []),
        Column("value", "value", True),
        Column("gradient", "gradient", True),
    ]
    if local:
        columns.append(Column("local gradients", "local", False))
    rows = []
    unsaid = {wire: one for one in rounds for wire in one.wires}
    for stage in evaluation.stages:
        if stage.wire in unsaid:
            if stage.wire == unsaid[stage.wire].wires[0]:
                rows.append(["…", unsaid[stage.wire].told()] + [""] * (len(columns) - 2))
            continue
        row = [stage.name, stage.expression]
        if shaped:
            row.append(shape_code(shape_of(stage.value)))
        row += [cell(value, digits, full=full, one_line=one_line) for value in (stage.value, stage.gradient)]
        if local:
            pairs = zip(stage.inputs, stage.local_gradients, strict=True)
            texts = ((name, cell(partial, digits, full=full, one_line=True)) for name, partial in pairs)
            row.append(", ".join(f"{name}: {text}" for name, text in texts if text))
        rows.append(row)
    return Grid(columns, rows)


def matrix_grid(
    title: str, blocks: Iterable[tuple[str, Any]], *, digits: int | None, full: bool, one_line: bool
) -> Grid:
    """A table of named values beside the stages: the blocks of a Hessian, a Jacobian, a product with a direction."""
    columns = [Column(title, "name", False), Column("shape", "expression", False), Column("value", "gradient", True)]
    rows = [
        [name, shape_code(shape_of(value)), cell(value, digits, full=full, one_line=one_line)] for name, value in blocks
    ]
    if not any(row[1] for row in rows):
        return Grid([columns[0], columns[2]], [[row[0], row[2]] for row in rows])
    return Grid(columns, rows)


def cell(value: Any, digits: int | None, *, full: bool = False, one_line: bool = False) -> str:
    """A number, or an array: a matrix with a line for each row, a large one shortened."""
    if value is None or not shape_of(value):
        return number(value, digits)
    import numpy as np

    whole = full or value.size <= MOST_ELEMENTS
    visible = value
    for axis, size in enumerate(value.shape):
        if not whole and size > 2 * EDGE:
            visible = np.take(visible, [*range(EDGE), *range(size - EDGE, size)], axis=axis)
    most = max((len(number(float(x), digits)) for x in visible.ravel()), default=0)
    width = 0 if one_line or value.ndim == 1 else most
    if not value.size:
        return f"[] ({shape_code(value.shape)})"
    text = np.array2string(
        value,
        threshold=value.size + 1 if whole else 1,
        edgeitems=EDGE,
        max_line_width=10**9,
        separator=", " if one_line or value.ndim == 1 else "  ",
        formatter={"float_kind": lambda x: number(float(x), digits).rjust(width)},
    )
    lines = [line.rstrip() for line in text.split("\n")]
    return " ".join(line.strip() for line in lines if line) if one_line else "\n".join(lines)


def measured(value: Any, digits: int | None) -> str:
    """A number, or an array: a large one by its norm and its shape."""
    if value is None or not shape_of(value) or value.size <= MOST_COMPARED or digits is None:
        return cell(value, digits)
    import numpy as np

    return f"norm {number(float(np.linalg.norm(value)), digits)} ({shape_code(value.shape)})"


def furthest(one: Any, other: Any, digits: int | None) -> str:
    """Where two arrays that are shown by their norms differ most; "" where there is no such place."""
    if digits is None or not shape_of(one) or shape_of(one) != shape_of(other) or one.size <= MOST_COMPARED:
        return ""
    import numpy as np

    difference = np.abs(one - other)
    if not np.nanmax(difference, initial=0.0) > 0:
        return ""
    place = np.unravel_index(np.nanargmax(difference), difference.shape)
    where = ", ".join(str(index) for index in place)
    here, there = (number(float(array[place]), digits) for array in (one, other))
    return f"it is furthest off at [{where}]: {here} for {there}"


def number(value: float | None, digits: int | None) -> str:
    """A number for people: rounded to significant digits, and without the sign of a zero."""
    if value is None:
        return ""
    if digits is None:
        return number_text(value)
    mantissa, exponential, exponent = f"{value + 0.0:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponential else mantissa


def aligned(texts: Iterable[str]) -> list[str]:
    """Numbers padded on both sides so that their decimal points stand below each other; arrays stay as they are."""
    texts = list(texts)
    parts = [("", "") if text.startswith(ARRAYS) else split_number(text) for text in texts]
    before = max((len(whole) for whole, _ in parts), default=0)
    after = max((len(rest) for _, rest in parts), default=0)
    padded = [whole.rjust(before) + rest.ljust(after) for whole, rest in parts]
    return [text if text.startswith(ARRAYS) else number for text, number in zip(texts, padded, strict=True)]


def split_number(text: str) -> tuple[str, str]:
    """A number in front of its decimal point (or exponent), and from there on."""
    for place, character in enumerate(text):
        if character in ".e":
            return text[:place], text[place:]
    return text, ""
