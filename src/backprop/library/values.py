"""Values of variables, as they are given: an expression without variables, a file, or a JSON object of names and
values."""

from __future__ import annotations

from math import isinf

from backprop.circuit import lower
from backprop.differentiate.run import evaluate, plain
from backprop.errors import LARGEST, Problem, unreadable
from backprop.errors.light import Any, Callable, Iterable
from backprop.language import parse

Value = Any  # a float or an array of float64


class Random:
    """Where random values come from. `seed` repeats them; without one, one is drawn when the first value is asked
    for."""

    def __init__(self, seed: int | None) -> None:
        self.seed = seed
        self.used = False
        self._generator: Any = None

    @property
    def generator(self) -> Any:
        """NumPy's generator for this seed."""
        if self._generator is None:
            import numpy as np

            if self.seed is None:
                self.seed = int(np.random.SeedSequence().generate_state(1)[0])
            self._generator = np.random.default_rng(self.seed)
            self.used = True
        return self._generator


def parse_value(text: str, name: str, random: Random | None = None) -> Value:
    """What a text stands for: `-2`, `1/3`, `-pi/4`, `[1, 2]`, `randn(5, 10)`. `name` is whose value it is.

    Raises a Problem of kind "value", with the place in the text, or "size".
    """
    if not text.strip():
        raise Problem("value", f"the value of {name} is empty", hint="write a number, or an array like [1, 2]")
    if text[:1] == "[":
        array = plain_array(text)
        if array is not None:
            return array
    try:
        number = float(text)
        if not isinf(number) or "inf" in text.lower():
            return number
    except ValueError:
        pass
    from backprop.numbers.makers import makers

    try:
        circuit = lower(parse(text), makers=makers(random or Random(None)))
        if circuit.variables:
            variable, wire = next(iter(circuit.variables.items()))
            span = circuit.span(wire)
            message = f"the value of {name} must be a number, and {variable} is a variable"
            hint = f"write {TRUTHS.get(variable, 'an expression without names')}"
            raise Problem("value", message, text=text, spans=[span] if span else [], hint=hint)
        value = plain(evaluate(circuit, {})[circuit.output])
        return value != 0 if circuit.gates[circuit.output].compares and not isinstance(value, float) else value
    except Problem as problem:
        raise problem if problem.message.startswith("the value of") else blamed(problem, name) from None


def plain_array(text: str) -> Value | None:
    """Nested lists of plain numbers, which need no formula; None where it is anything else, or has a mistake."""
    if text.strip("[]0123456789.,-+eE \n"):
        return None
    import json

    import numpy as np

    try:
        found = np.array(json.loads(text, parse_int=float), dtype=float)
    except (ValueError, RecursionError):  # a formula says what is wrong, or has more ways to write a number
        return None
    return found if np.isfinite(found).all() else None


def blamed(problem: Problem, name: str) -> Problem:
    """A problem with a value says whose value it is."""
    message = f"the value of {name}: {problem.message}"
    kind = "size" if problem.kind == "size" else "value"
    hint = "" if problem.hint.endswith(("*i", "*j")) else problem.hint
    listed = (problem.text or "").strip("()[]{} ").replace(",", " ").split()
    if len(listed) > 1 and all(is_number(one) for one in listed):
        array = f"for an array, write [{', '.join(listed)}]"
        both = len(listed) == 2 and hint and (problem.text or "")[:1] not in ("[", "{")
        hint = f"{hint}; {array}" if both else array
    return Problem(kind, message, text=problem.text, spans=problem.spans, hint=hint)


TRUTHS = {"True": "1", "true": "1", "False": "0", "false": "0"}  # of other languages


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_truth(value: Any) -> bool:
    """Whether a value is an array of true and false."""
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(one, bool) or is_truth(one) for one in value)
    return getattr(getattr(value, "dtype", None), "kind", "") == "b" and bool(value.ndim)


def as_value(name: str, value: Any) -> Any:
    """A value of the library's user: a float, or an array of float64. `name` is whose value it is."""
    if type(value) is float:
        return value
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            raise Problem("value", f"{name} is beyond the largest number, {LARGEST}") from None
    return as_array(name, value)


def as_array(name: str, value: Any) -> Any:
    """Nested lists or an array as float64; a float where it has no dimension."""
    import numpy as np

    try:
        array = np.asarray(value)
    except ValueError:
        raise ragged(name, value) from None
    if array.dtype.kind not in "fiub":
        if array.dtype.kind == "O" and not isinstance(value, np.ndarray):
            raise ragged(name, value)
        kind = {"c": "complex numbers", "U": "text", "S": "text"}.get(array.dtype.kind, f"{array.dtype}")
        raise Problem("value", f"{name} must hold numbers, and it holds {kind}: {str(value)[:40]}")
    found = array.astype(np.float64, copy=False)
    return found if found.ndim else float(found)


def ragged(name: str, value: Any) -> Problem:
    """The problem that rows are not equally long, with the first that differs."""
    lengths = (
        [len(row) if isinstance(row, list | tuple) else None for row in value]
        if isinstance(value, list | tuple)
        else []
    )
    for place, length in enumerate(lengths):
        if length != lengths[0]:
            row = "a number" if length is None else f"a row of {length}"
            first = "a number" if lengths[0] is None else f"a row of {lengths[0]}"
            return Problem("value", f"{name} is ragged: it begins with {first}, and element {place} is {row}")
    return Problem("value", f"{name} holds no numbers: {str(value)[:60]}")


def read_variables(text: str, source: str, random: Random | None = None) -> dict[str, Value]:
    """The values in a JSON object: numbers, nested lists of them, or strings that are numbers ("NaN", "Infinity") or
    expressions ("1/3").

    Raises a Problem of kind "value" that names the file, and the place or the member that is wrong.
    """
    hint = 'it is an object of names and values, like {"x": -2, "y": 5}'
    found = read_json(text, source, hint)
    if not isinstance(found, dict):
        raise Problem("value", f"{source} holds no JSON object", hint=hint)
    return {name: member(name, value, source, random) for name, value in found.items()}


def read_json(text: str, source: str, hint: str, whole: bool = False) -> Any:
    """A JSON text; `whole` numbers may stay so. Raises a Problem of kind "value" that says where it is none."""
    import json

    try:
        return json.loads(
            text,
            object_pairs_hook=lambda pairs: unique(pairs, source),
            parse_int=lambda digits: int(digits) if whole and len(digits) < 19 else json_number(digits, source),
            parse_float=lambda digits: json_number(digits, source),
        )
    except json.JSONDecodeError as error:
        place = f"(line {error.lineno}, column {error.colno})"
        raise Problem("value", f"{source} is not JSON: {error.msg} {place}", hint=hint) from None
    except RecursionError:
        raise Problem("value", f"{source} is nested too deeply") from None


def json_number(digits: str, source: str) -> float:
    """A number of JSON, as float64; one beyond its range is a mistake here too, and not an infinity."""
    number = float(digits)
    if isinf(number):
        shown = digits if len(digits) < 40 else f"{digits[:36]}…"
        raise Problem("value", f"{source}: {shown} is beyond the largest number, {LARGEST}", hint='write "Infinity"')
    return number


def unique(pairs: Iterable[tuple[str, Any]], source: str) -> dict[str, Any]:
    """The members of a JSON object; a name that stands there twice is a mistake, not a choice."""
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise Problem("value", f"{source} gives {name} twice")
        members[name] = value
    return members


def member(name: str, value: Any, source: str, random: Random | None = None) -> Value:
    if isinstance(value, str):
        return parse_value(value, name, random)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    if is_truth(value):
        import numpy as np

        as_array(name, value)  # or it is ragged
        return np.array(value)
    if isinstance(value, list):
        return nested(name, value, source)
    import json

    shown = json.dumps(value)
    shown = shown if len(shown) <= 40 else shown[:37] + "…"
    raise Problem("value", f"{source}: the value of {name} must be a number, and it is {shown}")


NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def nested(name: str, value: list[Any], source: str) -> Value:
    """Nested lists of numbers as an array; "NaN", "Infinity" and "-Infinity" are numbers too."""

    def number(item: Any) -> Any:
        if isinstance(item, list):
            return [number(inner) for inner in item]
        if isinstance(item, str) and item in NOT_FINITE:
            return NOT_FINITE[item]
        if isinstance(item, bool) or not isinstance(item, int | float):
            import json

            raise Problem("value", f"{source}: {name} must hold numbers, and it holds {json.dumps(item)[:40]}")
        return item

    try:
        return as_array(name, number(value))
    except RecursionError:
        raise Problem("value", f"{source} is nested too deeply") from None


# ── files ──


def read_value(path: str, data: bytes, name: str, source: str) -> Value:
    """The value in a file: .npy (never unpickled), .csv, or JSON; standard input ("-") is what it looks like.

    A CSV file of one column or one row is a vector; a first line of words is a heading. Raises a Problem of kind
    "value" or "file".
    """
    kind = path.rpartition(".")[2].lower() if path != "-" else looks_like(data)
    readers: dict[str, Callable[[bytes, str, str], Value]] = {"npy": read_npy, "csv": read_csv, "json": read_array}
    if kind not in readers:
        raise Problem("file", f"the value of {name}: {source} is no .json, .npy or .csv file")
    return readers[kind](data, name, source)


def looks_like(data: bytes) -> str:
    if data.startswith(b"\x93NUMPY"):
        return "npy"
    start = data.lstrip()[:1]
    return "json" if start in (b"[", b'"') or (b"," not in data and b"\n" not in data.strip()) else "csv"


def file_text(path: str) -> str:
    """The text of a file of the library's user. Raises a Problem of kind "file"."""
    try:
        with open(path, "rb") as file:
            return decoded(file.read(), path)
    except OSError as error:
        raise unreadable(path, error) from None


def decoded(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem("file", f"{source} is not UTF-8 text (byte {error.start + 1})", hint="save it as UTF-8") from None


def read_array(data: bytes, name: str, source: str) -> Value:
    """A number, or nested lists of them, in JSON."""
    found = read_json(
        decoded(data, source), source, "it is a number, or nested lists of numbers, like [[1, 2], [3, 4]]"
    )
    return member(name, found, source)


def read_npy(data: bytes, name: str, source: str) -> Value:
    """An array that NumPy saved."""
    from io import BytesIO

    import numpy as np

    if not data.startswith(b"\x93NUMPY"):
        raise Problem("value", f"the value of {name}: {source} is no .npy file")
    try:
        value = np.load(BytesIO(data), allow_pickle=False)
    except Exception as error:  # NumPy reads the header with a tokenizer, which raises whatever it stumbles over
        pickled = isinstance(error, ValueError) and "allow_pickle" in str(error)
        what = "holds Python objects, which are never unpickled" if pickled else "is a broken .npy file"
        hint = "save it with dtype=float" if pickled else "write it again with numpy.save"
        raise Problem("value", f"the value of {name}: {source} {what}", hint=hint) from None
    return value if is_truth(value) else as_array(name, value)


def read_csv(data: bytes, name: str, source: str) -> Value:
    """Rows of numbers."""
    import csv

    import numpy as np

    rows: list[list[float]] = []
    headed = False
    for line, row in enumerate(csv.reader(decoded(data, source).splitlines()), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if not rows and not headed and not any(map(is_number, cells)):
            headed = True  # only the first line may be a heading
            continue
        for cell in cells:
            if not is_number(cell):
                what = f"{cell!r} is no number" if cell else "an empty cell is no number"
                raise Problem("value", f"the value of {name}: {source}, line {line}: {what}")
        if rows and len(row) != len(rows[0]):
            message = (
                f"the value of {name}: {source}, line {line}: {len(row)} columns, and the first row has {len(rows[0])}"
            )
            raise Problem("value", message)
        rows.append([float(cell) for cell in cells])
    found = np.array(rows, dtype=float).reshape(len(rows), -1 if rows else 0)
    return found.reshape(-1) if 1 in found.shape or not rows else found
