"""Rows of vectors and matrices: what many rows at once say is what each row says by itself, on every way in and out."""

from __future__ import annotations

import itertools
import json
import math
import pickle
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.differentiate.derive import derive
from backprop.differentiate.run import run
from backprop.differentiate.run_rows import evaluate
from backprop.errors import Problem
from backprop.numbers.rowwise import Rows
from backprop.rows.compute.mapper import Mapper
from conftest import in_process, shell
from tensor_cases import CASES, Case, built, label
from test_map import needs, rows_of

SEED = 20250611
COUNT = 4  # rows


def same(found: Any, expected: Any, what: object) -> None:
    size = 1 + np.max(np.abs(np.asarray(expected, dtype=float)), initial=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * size, err_msg=str(what))


# ── the gates ──


@pytest.mark.parametrize("case", CASES, ids=label)
def test_every_gate_that_mixes_elements_says_on_rows_what_it_says_at_a_point(case: Case) -> None:
    circuit, at = built(case)
    derived = derive(circuit, arrays=True)
    wanted = [derived.value, *derived.gradients.values()]
    random = np.random.default_rng(SEED)
    for size in range(1, len(at) + 1):
        for lifted in itertools.combinations(at, size):  # the others are the same in every row
            points = [
                {n: x * (1 + 0.01 * random.random(np.shape(x))) if n in lifted else x for n, x in at.items()}
                for _ in range(COUNT)
            ]
            rows = {n: Rows(np.array([point[n] for point in points])) if n in lifted else at[n] for n in at}
            with np.errstate(all="ignore"):
                found = evaluate(derived.circuit, wanted, rows, COUNT)
            for row, point in enumerate(points):
                expected = run(circuit, {n: x if np.ndim(x) else float(x) for n, x in point.items()})
                for wire, value in zip(wanted, [expected.value, *expected.gradients().values()], strict=True):
                    got = found[wire].array[row] if isinstance(found[wire], Rows) else found[wire]
                    same(np.broadcast_to(got, np.shape(value)), value, (lifted, row))


# ── formulas: every row by itself is the oracle ──

W = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]
FORMULAS: dict[str, tuple[dict[str, Any], dict[str, tuple[int, ...]], dict[str, Any]]] = {
    "sigmoid(w @ x) - y": ({"w": [3.0, 4.0]}, {"x": (2,), "y": ()}, {"wrt": ["x", "y", "w"]}),
    "sum((W @ x + b - t)^2)": ({"W": W}, {"x": (3,), "b": (2,), "t": (2,)}, {"wrt": ["x", "W", "b"], "stages": True}),
    "h = relu(W @ x); cross_entropy(h, t)": ({"W": W, "t": 1.0}, {"x": (3,)}, {"stages": True, "wrt": ["x", "W"]}),
    "relu(W @ x)": ({"W": W}, {"x": (3,)}, {"upstream": [1.0, -2.0], "wrt": ["x", "W"]}),
    "x * y": ({"x": [1.0, 2.0, 3.0]}, {"y": ()}, {"upstream": [1.0, 1.0, -1.0], "wrt": ["y", "x"]}),
    "dot(w, [1, x, x^2])": ({"w": [1.0, 2.0, 3.0]}, {"x": ()}, {"stages": True, "wrt": ["x", "w"]}),
    "max(x) + max(x[0], y) + norm(x[1:])": ({}, {"x": (4,), "y": ()}, {"ties": "split"}),
    "trace(A @ A.T) + logsumexp(A[0, :] * c)": ({}, {"A": (2, 3), "c": ()}, {}),
    "n(v, u) = tanh(v @ u); n(x, a) * n(x, b)": ({"b": [0.1, -0.2, 0.3]}, {"x": (3,), "a": (3,)}, {"expand": True}),
    "where(sum(x) > 0, sqrt(abs(sum(x))), 0) * k": ({"k": 2.0}, {"x": (2,)}, {}),
    "mean((x - mean(x))^2) / std(y)": ({}, {"x": (3,), "y": (5,)}, {}),
    "a = 1 + 2; sum(x) * a + b": ({"b": 1.0}, {"x": (2,)}, {"wrt": ["b"]}),
}  # fmt: skip


def columns_of(shapes: dict[str, tuple[int, ...]], count: int) -> dict[str, Any]:
    random = np.random.default_rng(SEED)
    return {name: random.standard_normal((count, *shape)) for name, shape in shapes.items()}


def expected_of(text: str, given: dict[str, Any], row: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """What a row alone says."""
    compiled = backprop.compile(text, ties=options.get("ties", "both"), expand=options.get("expand", False))
    wrt = options.get("wrt", list(row))
    found = compiled.evaluate({**given, **row}, wrt=wrt, upstream=options.get("upstream"))
    expected = {found.output: found.value}
    expected |= {f"d{found.output}_d{name}": found.gradients[name] for name in wrt}
    if options.get("stages"):
        for stage in found.stages:
            if stage.gate != "input" and stage.name != found.output:
                expected[stage.name] = stage.value
                if stage.gradient is not None and f"d{found.output}_d{stage.name}" not in expected:
                    expected[f"d{found.output}_d{stage.name}"] = stage.gradient
    return expected


@pytest.mark.parametrize("text", FORMULAS)
def test_rows_say_what_each_of_them_says_alone(text: str) -> None:
    given, shapes, options = FORMULAS[text]
    columns = columns_of(shapes, 50)
    mapper = Mapper(text, given=given, notes=True, **options)
    assert mapper.inputs == [name for name in backprop.compile(text).variables if name in shapes]
    found = pickle.loads(pickle.dumps(mapper))(columns)
    assert list(found) == mapper.outputs
    for row in range(50):
        expected = expected_of(text, given, {name: columns[name][row] for name in mapper.inputs}, options)
        for name in mapper.outputs:
            same(found[name][row], expected[name], (name, row))


@pytest.mark.parametrize("text", ["sum(x^3 * y)", "w @ x * y", "sum(A @ x) ^ 2 + exp(y)"])
def test_second_derivatives_are_blocks(text: str) -> None:
    given = {"w": [1.0, -2.0]} if "w" in text else {}
    shapes = {"x": (2,), "y": ()} | ({"A": (3, 2)} if "A" in text else {})
    columns = columns_of(shapes, 5)
    mapper = Mapper(text, given=given, hessian=True)
    found = mapper(columns)
    for row in range(5):
        expected = backprop.compile(text).hessian({**given, **{name: columns[name][row] for name in shapes}})
        for i, one in enumerate(mapper.inputs):
            for other in mapper.inputs[i:]:
                same(found[f"d2f_d{one}_d{other}"][row], expected[one][other], (one, other, row))


def test_rows_of_different_lengths_go_together_by_their_shapes() -> None:
    random = np.random.default_rng(SEED)
    sizes = [random.integers(1, 5) for _ in range(200)]
    rows = np.empty(200, dtype=object)
    for place, size in enumerate(sizes):
        rows[place] = random.standard_normal(size)
    y = random.standard_normal(200)
    found, met = Mapper("max(sum(x), y) + log(x[0])", notes=True).run({"x": rows, "y": y})
    for place in range(200):
        with np.errstate(all="ignore"):
            expected = backprop.evaluate("max(sum(x), y) + log(x[0])", x=rows[place], y=y[place])
        same(found["f"][place], expected.value, place)
        same(found["df_dx"][place], expected.gradients["x"], place)
    wrong = [place for place in range(200) if rows[place][0] < 0]
    assert met["f is not finite"] == (len(wrong), wrong[0])


def test_ties_inside_rows_are_counted() -> None:
    x = np.array([[1.0, 2.0], [2.0, 2.0], [3.0, 3.0], [0.0, 1.0]])
    _, met = Mapper("max(x) + sum(abs(x))", notes=True).run({"x": x})
    assert met == {"q1 = max(x) is at a tie": (2, 1), "q2 = abs(x) is at a kink": (1, 3)}


def test_a_branch_that_is_not_taken_sends_exactly_nothing() -> None:
    found = Mapper("sum(where(x > 0, sqrt(x), 0))")({"x": np.array([[0.0, 4.0], [-1.0, 0.0]])})
    assert found["df_dx"].tolist() == [[0.0, 0.25], [0.0, 0.0]]


def test_rows_that_do_not_fit_are_told_apart_from_those_that_do() -> None:
    mapper = Mapper("x[i] * y")
    columns = {"x": np.ones((5, 3)), "i": np.array([0.0, 3.0, 1.0, 0.5, 2.0]), "y": np.arange(5.0)}
    failed: dict[int, str] = {}
    found, _ = mapper.run(columns, failed=failed)
    assert failed == {1: "x is a vector of 3, and has no index 3", 3: "an index is a whole number, and i is not"}
    assert [found["f"][row] for row in (0, 2, 4)] == [0.0, 2.0, 4.0]
    with pytest.raises(Problem, match="row 2: x is a vector of 3, and has no index 3"):
        mapper(columns)


def test_an_output_that_is_no_number_needs_a_gradient_on_it() -> None:
    mapper = Mapper("W @ x", given={"W": W})
    with pytest.raises(Problem, match="the output is a vector of 2, and no single number") as caught:
        mapper.run({"x": np.ones((2, 3))}, failed={})
    assert (
        caught.value.hint.endswith("give upstream=np.ones(2), a vector of 2 like the output; or sum(…) it to a number")
        or caught.value.hint
    )
    assert "jacobian" not in caught.value.hint


def test_a_number_as_upstream_scales_the_gradients() -> None:
    found = Mapper("x * y", upstream=3)({"x": np.array([2.0]), "y": np.array([5.0])})
    assert [column.tolist() for column in found.values()] == [[10.0], [15.0], [6.0]]


def test_no_rows_are_no_problem() -> None:
    found = Mapper("sum(W @ x)", given={"W": W}, wrt=["x", "W"], hessian=True, notes=True)({"x": np.empty((0, 3))})
    assert {len(column) for column in found.values()} == {0}


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from backprop.rows.compute import array_engine

    monkeypatch.setattr(array_engine, "CHUNK", 64)
    columns = columns_of({"x": (3,), "y": ()}, 500)
    text = "max(W @ x) * y + norm(x)"
    one, two = (Mapper(text, given={"W": W}, wrt=["x", "W"], notes=True, threads=n).run(columns) for n in (1, 3))
    for name, column in one[0].items():
        np.testing.assert_array_equal(column, two[0][name])
    assert one[1] == two[1]


# ── ways in and out ──

LOSS = "sum((W @ x + b - t)^2)"
BATCH = [
    {"x": [1.0, 2.0, 3.0], "t": [1.0, -1.0], "id": "a"},
    {"x": [0.5, -0.25, 2.0], "t": [0.0, 4.0], "id": "b"},
    {"x": [4.0, 0.0, -1.5], "t": [2.5, 1.0], "id": "c"},
]


def parameters(folder: Path) -> dict[str, Any]:
    """W and b in a file, as a trained model has them."""
    found: dict[str, Any] = {"W": W, "b": [0.5, -0.5]}
    (folder / "model.json").write_text(json.dumps(found))
    return found


def by_hand(row: dict[str, Any]) -> dict[str, Any]:
    """The loss and its gradients as the notes derive them."""
    w, x = np.array(W), np.array(row["x"])
    residual = w @ x + np.array([0.5, -0.5]) - np.array(row["t"])
    return {"f": residual @ residual, "df_dx": 2 * w.T @ residual, "df_dW": 2 * np.outer(residual, x)}


def write_csv(path: Path, rows: list[dict[str, Any]], separator: str = ",") -> None:
    def cell(value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        return '"' + text.replace('"', '""') + '"' if separator in text else text

    lines = [separator.join(rows[0]), *(separator.join(map(cell, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


def agree(found: dict[str, Any], row: dict[str, Any]) -> None:
    for name, value in by_hand(row).items():
        cell = found[name]
        same(json.loads(cell) if isinstance(cell, str) else cell, value, name)


def test_a_pipe_of_lists(tmp_path: Path) -> None:
    done = in_process("backprop map 'sigmoid(w @ x) - y' --set 'w=[3,4]'", tmp_path, '{"x":[1,2],"y":0.5}\n')
    assert done.stdout == (
        '{"x":[1,2],"y":0.5,"f":0.49998329857815205,"df_dx":[5.01034287318103e-05,6.680457164241374e-05],"df_dy":-1.0}\n'
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("format", ["jsonl", "csv", "tsv"])
def test_text_in_and_out(format: str, tmp_path: Path) -> None:
    import csv

    parameters(tmp_path)
    source = tmp_path / f"t.{format}"
    if format == "jsonl":
        source.write_text("".join(json.dumps(row) + "\n" for row in BATCH))
    else:
        write_csv(source, BATCH, "," if format == "csv" else "\t")
    done = in_process(f"backprop map '{LOSS}' t.{format} --vars model.json --wrt x,W", tmp_path)
    assert done.stderr == ""
    if format == "jsonl":
        found = rows_of(done.stdout)
    else:
        found = list(csv.DictReader(done.stdout.splitlines(), delimiter="," if format == "csv" else "\t"))
    for row, given in zip(found, BATCH, strict=True):
        agree(row, given)
        assert row["id"] == given["id"]
    lines = rows_of(
        in_process(f"backprop map '{LOSS}' t.{format} --vars model.json --wrt x,W --to jsonl", tmp_path).stdout
    )
    for row, given in zip(lines, BATCH, strict=True):
        assert {name: row[name] for name in given} == given
        agree(row, given)


def total() -> dict[str, Any]:
    return {name: sum(by_hand(row)[name] for row in BATCH) for name in ("f", "df_dx", "df_dW")}


def test_the_batch_gradient_of_a_loss(tmp_path: Path) -> None:
    parameters(tmp_path)
    text = "".join(json.dumps(row) + "\n" for row in BATCH)
    (found,) = rows_of(in_process(f"backprop map '{LOSS}' --vars model.json --wrt x,W --sum", tmp_path, text).stdout)
    assert list(found) == ["rows", "f", "df_dx", "df_dW"]
    assert found["rows"] == 3
    for name, value in total().items():
        same(found[name], value, name)


def test_sums_of_arrays_lose_no_digits(tmp_path: Path) -> None:
    numbers = [1e16, 1.0, -1e16, 0.1] * 3000
    text = "".join(f'{{"x":[{x!r},{-x!r},1]}}\n' for x in numbers)
    done = in_process("backprop map 'sum(w * x)' --set 'w=[1,1,1]' --wrt w --sum", tmp_path, text)
    (found,) = rows_of(done.stdout)
    exact = math.fsum(numbers)
    assert abs(reduce(add, numbers) - exact) > 100  # what adding one after the other would say
    assert found["df_dw"] == pytest.approx([exact, -exact, 12000.0], rel=1e-15, abs=0)


def test_sums_need_one_shape(tmp_path: Path) -> None:
    done = in_process("backprop map 'sum(x)' --sum", tmp_path, '{"x":[1,2]}\n{"x":[1]}\n')
    assert done.returncode == 1
    assert "df_dx has other shapes in other rows" in done.stderr
    done = in_process("backprop map 'w * sum(x)' --set w=2 --wrt w --sum", tmp_path, '{"x":[1,2]}\n{"x":[1]}\n')
    assert rows_of(done.stdout) == [{"rows": 2, "f": 8.0, "df_dw": 4.0}]


@needs("polars", "table")
@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_parquet_and_arrow_hold_lists(format: str, fixed: bool, tmp_path: Path) -> None:
    import polars as pl

    parameters(tmp_path)
    frame = pl.DataFrame(BATCH)
    if fixed:
        frame = frame.cast({"x": pl.Array(pl.Float64, 3), "t": pl.Array(pl.Float64, 2)})
    (frame.write_parquet if format == "parquet" else frame.write_ipc)(tmp_path / f"t.{format}")
    done = in_process(f"backprop map '{LOSS}' t.{format} -o out.{format} --vars model.json --wrt x,W", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = (pl.read_parquet if format == "parquet" else pl.read_ipc)(tmp_path / f"out.{format}")
    assert found.drop("f", "df_dx", "df_dW").equals(frame)
    assert found.schema["df_dx"] == (pl.Array(pl.Float64, 3) if fixed else pl.List(pl.Float64))
    assert found.schema["df_dW"] == pl.Array(pl.Float64, (2, 3))
    for row, given in zip(found.to_dicts(), BATCH, strict=True):
        agree(row, given)
    (summed,) = rows_of(
        in_process(f"backprop map '{LOSS}' t.{format} --vars model.json --wrt x,W --sum", tmp_path).stdout
    )
    for name, value in total().items():
        same(summed[name], value, name)
    for row, given in zip(
        rows_of(in_process(f"backprop map '{LOSS}' t.{format} --vars model.json --wrt x,W", tmp_path).stdout),
        BATCH,
        strict=True,
    ):
        agree(row, given)
        assert row["x"] == given["x"]


@needs("polars", "table")
@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.parquet"])
@pytest.mark.parametrize("source", ["t.csv", "t.jsonl", "t.parquet"])
def test_all_ways_say_the_same(source: str, target: str, tmp_path: Path) -> None:
    import csv

    import polars as pl

    rows: list[dict[str, Any]] = [
        {"x": [1.0, 2.0], "A": [[1.0, 0.5], [2.0, 3.0]], "k": 1.0},
        {"x": [-1.0], "A": [[2.0]], "k": 3.0},
        {"x": None, "A": [[2.0]], "k": 3.0},
        {"x": [0.5, 0.25, 4.0], "A": [[1.0, 2.0, 3.0]] * 3, "k": -2.0},
    ]
    if source == "t.csv":
        write_csv(tmp_path / source, [{n: "" if v is None else v for n, v in row.items()} for row in rows])
    elif source == "t.jsonl":
        (tmp_path / source).write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pl.DataFrame(rows).write_parquet(tmp_path / source)
    done = in_process(f"backprop map 'k * (x @ A @ x)' {source} -o {target} --stages", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    if target == "out.csv":
        found: list[dict[str, Any]] = [
            {name: json.loads(cell) if cell else None for name, cell in row.items()}
            for row in csv.DictReader((tmp_path / target).read_text().splitlines())
        ]
    elif target == "out.jsonl":
        found = rows_of((tmp_path / target).read_text())
    else:
        found = pl.read_parquet(tmp_path / target).to_dicts()
    assert [{name: row[name] for name in ("x", "A", "k")} for row in found] == rows
    for row, given in zip(found, rows, strict=True):
        if given["x"] is None:
            assert {row[name] for name in ("f", "df_dk", "df_dx", "df_dA", "q1", "df_dq1")} == {None}
            continue
        expected = expected_of("k * (x @ A @ x)", {}, given, {"stages": True, "wrt": ["k", "x", "A"]})
        for name, value in expected.items():
            same(row[name], value, name)


BAD: dict[str, str] = {
    "[1, 2, 3]": "w is a vector of 2 and x is a vector of 3",
    "[1, null]": "column 'x': expected a number at x[1], got null",
    '[1, "a"]': "column 'x': expected a number at x[1], got \"a\"",
    "[1, [2]]": "column 'x': expected a number at x[1], got [2]",
    "3": "column 'x': expected a list of numbers, got 3",
    "[[1, 2]]": "column 'x': expected a number at x[0], got [1, 2]",
}


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_bad_lists_are_bad_rows(format: str, tmp_path: Path) -> None:
    cells = ["[1, 2]", *BAD, "[3, 4]"]
    if format == "jsonl":
        (tmp_path / "t.jsonl").write_text("".join(f'{{"x": {cell}}}\n' for cell in cells))
    else:
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
        (tmp_path / "t.csv").write_text("x\n" + "\n".join(quoted) + "\n")
    command = f"backprop map 'w @ x' t.{format} --set 'w=[3,4]' --to jsonl"
    done = in_process(command, tmp_path)
    first = 2 if format == "jsonl" else 3
    assert done.returncode == 1
    assert f"t.{format}:" in done.stderr
    done = in_process(f"{command} --errors skip --errors-to bad.jsonl", tmp_path)
    assert done.returncode == 1
    assert [row["f"] for row in rows_of(done.stdout)] == [11.0, 25.0]
    assert "6 bad (left out)" in done.stderr
    collected = sorted(rows_of((tmp_path / "bad.jsonl").read_text()), key=lambda row: row["line"])
    assert [row["line"] for row in collected] == list(range(first, first + len(BAD)))
    for row, message in zip(collected, BAD.values(), strict=True):
        assert message in row["error"]
    kept = rows_of(in_process(f"{command} --errors null", tmp_path).stdout)
    assert [row["f"] for row in kept] == [11.0, *[None] * len(BAD), 25.0]
    for row, message in zip(kept[1:-1], BAD.values(), strict=True):
        assert message in row["_error"]


@pytest.mark.parametrize("first", ['"NA"', "[]", "null", "[1,null]", "[" * 70 + "1" + "]" * 70])
def test_a_first_row_that_is_bad_or_empty_does_not_say_how_deep_lists_are(first: str, tmp_path: Path) -> None:
    table = f'{{"x":{first}}}\n' + '{"x":[[1,2],[3,4]]}\n{"x":[]}\n'
    found = rows_of(in_process("backprop map 'sum(x)' --errors skip --only-new", tmp_path, table).stdout)
    assert found[-2:] == [{"f": 10.0, "df_dx": [[1.0, 1.0], [1.0, 1.0]]}, {"f": 0.0, "df_dx": []}]


@needs("polars", "table")
@pytest.mark.parametrize("rows", ["[]\n[]", "[]\nnull\n[[1,2]]\n[]"])
def test_empty_lists_are_stored_as_lists_of_any_depth(rows: str, tmp_path: Path) -> None:
    table = "".join(f'{{"x":{row}}}\n' for row in rows.split("\n"))
    done = in_process("backprop map 'sum(x)' --from jsonl -o out.parquet", tmp_path, table)
    assert done.stderr == ""
    import polars

    found = polars.read_parquet(tmp_path / "out.parquet")
    assert found["x"].to_list() == [json.loads(row) for row in rows.split("\n")]
    assert found["f"].null_count() == rows.count("null")


@pytest.mark.parametrize("depth", [31, 65, 900, 100_000])
def test_lists_that_are_too_deep_are_bad_rows(depth: int, tmp_path: Path) -> None:
    table = f'{{"x":{"[" * depth}1{"]" * depth}}}\n' + '{"x":[1]}\n'
    done = in_process("backprop map 'sum(x)' --errors skip --errors-to errors.jsonl --only-new", tmp_path, table)
    assert rows_of(done.stdout) == [{"f": 1.0, "df_dx": [1.0]}]
    (error,) = rows_of((tmp_path / "errors.jsonl").read_text())
    assert "deep" in error["error"]


def test_a_ragged_matrix_is_a_bad_row(tmp_path: Path) -> None:
    done = in_process("backprop map 'sum(A)'", tmp_path, '{"A":[[1,2],[3,4]]}\n{"A":[[1,2],[3]]}\n')
    assert "standard input:2: column 'A': expected 2 numbers at A[1], got 1" in done.stderr
    assert done.returncode == 1


@needs("polars", "table")
@pytest.mark.parametrize("target", ["out.parquet", "out.csv", "out.jsonl"])
def test_bad_rows_of_a_parquet_file_are_named_by_their_number(target: str, tmp_path: Path) -> None:
    import polars as pl

    pl.DataFrame({"x": [[1.0, 2.0], [1.0], [None, 1.0], None, [3.0, 4.0]]}).write_parquet(tmp_path / "t.parquet")
    command = f"backprop map 'w @ x' t.parquet -o {target} --set 'w=[3,4]'"
    done = in_process(command, tmp_path)
    assert done.returncode == 1
    assert "t.parquet:3: column 'x': expected a number at x[0], got null" in done.stderr
    assert not (tmp_path / target).exists()
    done = in_process(f"{command} --errors skip --errors-to bad.jsonl", tmp_path)
    assert (done.returncode, "2 bad (left out)" in done.stderr) == (1, True)
    assert sorted(row["line"] for row in rows_of((tmp_path / "bad.jsonl").read_text())) == [2, 3]
    read = {"out.parquet": pl.read_parquet, "out.csv": pl.read_csv, "out.jsonl": pl.read_ndjson}[target]
    assert read(tmp_path / target)["f"].to_list() == [11.0, None, 25.0]
    in_process(f"{command} --errors null", tmp_path)
    found = read(tmp_path / target)
    assert found["f"].to_list() == [11.0, None, None, None, 25.0]
    assert [error is None for error in found["_error"].to_list()] == [True, False, False, True, True]


def test_a_formula_of_numbers_alone_says_what_a_list_would_need(tmp_path: Path) -> None:
    done = in_process("backprop map 'relu(x)'", tmp_path, '{"x":[1,2]}\n')
    assert done.returncode == 1
    assert "column 'x': expected a number, got [1, 2]; of a list the output is one too" in done.stderr
    done = in_process("backprop map 'relu(x)' --errors null --errors-to bad.jsonl", tmp_path, '{"x":[1,2]}\n')
    assert rows_of(done.stdout)[0]["_error"].endswith("sum(…) it, or give --upstream")
    assert rows_of((tmp_path / "bad.jsonl").read_text())[0]["error"].endswith("sum(…) it, or give --upstream")
    done = in_process("backprop map 'relu(x)' --upstream '[1,10]'", tmp_path, '{"x":[1,-2]}\n')
    assert rows_of(done.stdout) == [{"x": [1, -2], "f": [1.0, 0.0], "df_dx": [1.0, 0.0]}]


def test_an_output_without_upstream_is_a_problem_before_the_first_row(tmp_path: Path) -> None:
    done = in_process("backprop map 'relu(W @ x)' --set 'W=[[1,2],[3,4]]' -o out.jsonl", tmp_path, '{"x":[1,2]}\n')
    assert (done.returncode, done.stdout) == (2, "")
    assert "hint: give --upstream 'ones(2)', a vector of 2 like the output" in done.stderr
    assert not list(tmp_path.iterdir())


def test_numbers_that_are_not_finite_are_words_in_lists(tmp_path: Path) -> None:
    text = '{"x":[0,1]}\n{"x":["NaN",1]}\n'
    done = in_process("backprop map 'sum(log(x))'", tmp_path, text)
    assert [row["df_dx"] for row in rows_of(done.stdout)] == [["Infinity", 1.0], ["NaN", 1.0]]
    assert "note: df_dx is not finite in 2 rows, first in row 1" in done.stderr
    again = in_process("backprop map 'sum(df_dx)' --only-new", tmp_path, done.stdout)
    assert [row["f"] for row in rows_of(again.stdout)] == ["Infinity", "NaN"]


def test_asking_for_the_compiler_says_that_arrays_are_not_compiled(tmp_path: Path) -> None:
    done = in_process("backprop map 'sum(x)' --kernel jit --verbose", tmp_path, '{"x":[1,2]}\n')
    assert "note: a formula with vectors or matrices is computed with NumPy" in done.stderr


@pytest.mark.parametrize("source", ["t.jsonl", "t.csv", pytest.param("t.parquet", marks=needs("polars", "table"))])
def test_what_would_be_large_goes_in_parts(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from backprop.rows import pipeline
    from backprop.rows.compute import mapper as module

    rows: list[dict[str, Any]] = [{"x": [float(n), 1.0, -1.0][: 2 if n in (4, 17) else 3], "k": n} for n in range(40)]
    rows[11]["x"] = None
    if source == "t.jsonl":
        (tmp_path / source).write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif source == "t.csv":
        write_csv(tmp_path / source, [{n: "" if v is None else v for n, v in row.items()} for row in rows])
    else:
        import polars as pl

        pl.DataFrame(rows).write_parquet(tmp_path / source)
    target = tmp_path / "out.jsonl"
    written, notes = [], []
    for most in (1 << 21, 30):
        monkeypatch.setattr(module, "MOST_NUMBERS", most)
        for errors in ("null", "skip"):
            mapper = Mapper("sum((W @ x)^2) + abs(k - 20)", given={"W": W}, wrt=["x", "k"], notes=True)
            options = pipeline.Options(errors=errors, errors_to=str(tmp_path / "bad.jsonl"))
            report = pipeline.map_files(mapper, [str(tmp_path / source)], str(target), options)
            written.append(target.read_bytes() + (tmp_path / "bad.jsonl").read_bytes())
            notes.append((report.rows, report.bad, report.tally.rows))
    assert written[:2] == written[2:]
    assert notes[:2] == notes[2:]
    assert notes[1][:2] == (38, 2)
    assert [met for said, met in notes[1][2].items() if "kink" in said] == [(1, 18)]  # of those that are left


@needs("polars", "table")
@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_a_column_that_begins_with_nulls_has_one_type(format: str, tmp_path: Path) -> None:
    import polars as pl

    if format == "jsonl":
        lines = ['{"x":null,"y":1}'] * 30_000 + ['{"x":[1,2],"y":2}']
    else:
        lines = ["x,y", *[",1"] * 30_000, '"[1,2]",2']
    (tmp_path / f"t.{format}").write_text("\n".join(lines) + "\n")
    done = shell(f"cat t.{format} | backprop map 'sum(x) * y' --from {format} -o out.parquet", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert found["x"].to_list()[-2:] == [None, [1.0, 2.0]]
    assert found["df_dx"].to_list()[-2:] == [None, [2.0, 2.0]]


@needs("polars", "table")
def test_parts_of_a_folder(tmp_path: Path) -> None:
    import polars as pl

    parameters(tmp_path)
    (tmp_path / "in").mkdir()
    for part, row in enumerate(BATCH):
        pl.DataFrame([row]).write_parquet(tmp_path / "in" / f"{part}.parquet")
    command = f"backprop map '{LOSS}' in/ -o out/ --vars model.json --wrt x,W --verbose"
    assert "3 of 3 parts" in in_process(command, tmp_path).stderr
    assert "0 of 0 parts, 3 done before" in in_process(f"{command} --resume", tmp_path).stderr
    for part, row in enumerate(BATCH):
        agree(pl.read_parquet(tmp_path / "out" / f"{part}.parquet").to_dicts()[0], row)


@needs("pyarrow", "spark")
@pytest.mark.parametrize("kind", ["list", "fixed", "large"])
def test_record_batches_with_lists(kind: str) -> None:
    import pyarrow

    from backprop.rows import arrow_mapper

    number = pyarrow.float64()
    of = {"list": pyarrow.list_, "fixed": lambda n: pyarrow.list_(n, 3), "large": pyarrow.large_list}[kind]
    add = pickle.loads(pickle.dumps(arrow_mapper(LOSS, given={"W": W, "b": [0.5, -0.5]}, wrt=["x", "W"])))
    for rows in (BATCH, [*BATCH, {"x": None, "t": [1.0, 2.0], "id": "d"}]):
        columns = {name: [row[name] for row in rows] for name in BATCH[0]}
        arrays = [pyarrow.array(columns["x"], of(number)), pyarrow.array(columns["t"]), pyarrow.array(columns["id"])]
        (found,) = add(iter([pyarrow.RecordBatch.from_arrays(arrays, names=["x", "t", "id"])]))
        assert found.schema.field("df_dW").type == pyarrow.list_(pyarrow.list_(number))
        for row, given in zip(found.to_pylist(), rows, strict=True):
            if given["x"] is None:
                assert (row["f"], row["df_dx"], row["df_dW"]) == (None, None, None)
            else:
                agree(row, given)
    assert add.schema("x array<double>, t array<double>, id string") == (
        "x array<double>, t array<double>, id string, `f` double, `df_dx` array<double>, `df_dW` array<array<double>>"
    )
    bad = pyarrow.RecordBatch.from_pydict({"x": [[1.0, 2.0]], "t": [[1.0, 2.0]]})
    with pytest.raises(Problem, match="row 1: W is 2x3 and x is a vector of 2"):
        list(add([bad]))


@needs("pyarrow", "spark")
@pytest.mark.parametrize(
    ("upstream", "hint"), [(None, "or give upstream"), (2.0, "the upstream is a number: give one")]
)
def test_record_batches_with_lists_for_a_formula_of_numbers(upstream: float | None, hint: str) -> None:
    import pyarrow

    from backprop.rows import arrow_mapper

    with pytest.raises(Problem) as found:
        list(arrow_mapper("x^2", upstream=upstream)([pyarrow.RecordBatch.from_pydict({"x": [[1.0, 2.0]]})]))
    assert hint in found.value.hint


@needs("distributed", "dask")
@needs("polars", "table")
def test_a_cluster_maps_lists(tmp_path: Path) -> None:
    import polars as pl

    parameters(tmp_path)
    (tmp_path / "in").mkdir()
    for part, row in enumerate(BATCH):
        pl.DataFrame([row, row]).write_parquet(tmp_path / "in" / f"{part}.parquet")
    done = in_process(f"backprop map '{LOSS}' in/ -o out/ --vars model.json --wrt x,W --engine dask", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for part, row in enumerate(BATCH):
        found = pl.read_parquet(tmp_path / "out" / f"{part}.parquet").to_dicts()
        assert len(found) == 2
        agree(found[1], row)
