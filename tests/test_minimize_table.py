"""`minimize` on the rows of a table: the same paths, in whole and in batches."""

from __future__ import annotations

import itertools
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.cli import main
from backprop.differentiate.derive import derive
from backprop.differentiate.run import run
from backprop.differentiate.run_arrays import evaluate
from backprop.library import Compiled
from backprop.optimize.methods import METHODS
from backprop.optimize.objective import Formula
from backprop.optimize.rowsums import RowSums
from backprop.optimize.table import Table
from conftest import in_process
from tensor_cases import CASES as GATE_CASES
from tensor_cases import Case, built, label

RANDOM = np.random.default_rng(3)
ROWS = 30
X = RANDOM.standard_normal((ROWS, 2))
Y = (RANDOM.random(ROWS) < 1 / (1 + np.exp(-(X @ [1.5, -2.0] + 0.5)))).astype(float)
DATA = {"x1": X[:, 0], "x2": X[:, 1], "y": Y}
LOGISTIC = "z = w @ [x1, x2] + b; bce_with_logits(z, y)"
START: dict[str, Any] = {"w": np.zeros(2), "b": 0.0}

CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("softplus(-y*(w @ x + b))", {"x": X, "y": Y}, {"w": np.array([0.3, -0.2]), "b": 0.1}),
    ("(a*exp(-c*x) - y)^2", {"x": X[:, 0], "y": Y}, {"a": 0.3, "c": 0.5}),
    (
        "h = tanh(W @ x + c); z = v @ h + b; (z - y)^2 + sum(W^2)/10", {"x": X, "y": Y},
        {"W": RANDOM.standard_normal((3, 2)), "c": np.zeros(3), "v": np.ones(3), "b": 0.0},
    ),
    ("h = relu(x @ W); mean((h @ V - t)^2)", {"x": X, "t": 1 - X}, {"W": np.ones((2, 3)), "V": np.ones((3, 2)) / 7}),
    ("sum((outer(w, x) * A - y)^2) + logsumexp(A @ x)", {"x": X, "y": Y}, {"w": np.ones(3), "A": np.ones((3, 2)) / 3}),
    ("max(a*x, c) * y + a^2", {"x": X[:, 0], "y": Y}, {"a": 0.3, "c": 0.1}),
    ("log_softmax(W @ x)[k]", {"x": X, "k": Y}, {"W": RANDOM.standard_normal((2, 2))}),
]  # fmt: skip


@pytest.mark.parametrize("total", [False, True])
@pytest.mark.parametrize(("text", "columns", "at"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_value_slope_and_curvature_are_the_sums_of_those_of_the_rows(
    text: str, columns: dict[str, Any], at: dict[str, Any], total: bool
) -> None:
    compiled = Compiled(text)
    table = Table(compiled, columns, at, list(at), maximize=False, total=total)
    values, slopes, products = [], [], []
    direction = RANDOM.standard_normal(table.parameters.size)
    for row in range(ROWS):
        here = {name: column[row] if column.ndim > 1 else float(column[row]) for name, column in columns.items()}
        formula = Formula(compiled, {**at, **here}, list(at), maximize=False)
        value, slope = formula(formula.start)
        values.append(value)
        slopes.append(slope)
        products.append(formula.hvp(formula.start, direction))
    parts = 1 if total else ROWS
    value, slope = table(table.start)
    assert value == pytest.approx(sum(values) / parts, rel=1e-12)
    assert table.value(table.start) == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(slope, np.sum(slopes, axis=0) / parts, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(
        table.hvp(table.start, direction), np.sum(products, axis=0) / parts, rtol=1e-10, atol=1e-11
    )
    some = np.array([3, 1, 7])
    value, slope = table.batch(table.start, some)
    assert value == pytest.approx(sum(values[row] for row in some) / (1 if total else 3), rel=1e-12)
    np.testing.assert_allclose(slope, sum(slopes[row] for row in some) / (1 if total else 3), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("case", GATE_CASES, ids=label)
def test_sums_over_rows_of_every_gate(case: Case) -> None:
    """With any of a gate's inputs as columns, and the others as parameters."""
    circuit, at = built(case)
    for size in range(1, len(at)):
        for lifted in itertools.combinations(at, size):
            random = np.random.default_rng(7)
            columns = {name: at[name] * (1 + 0.01 * random.random((4, *np.shape(at[name])))) for name in lifted}
            moving = [name for name in at if name not in lifted]
            points = [{name: columns[name][row] if name in lifted else at[name] for name in at} for row in range(4)]
            points = [{name: x if np.ndim(x) else float(x) for name, x in point.items()} for point in points]
            runs = [run(circuit, point) for point in points]
            shapes = [np.shape(value) for value in runs[0].values]
            derived = derive(circuit, moving, shapes=shapes)
            with np.errstate(all="ignore"):
                own = [np.shape(value) for value in evaluate(derived.circuit, points[0])]
                wires = [derived.value, *(derived.gradients[name] for name in moving)]
                found = RowSums(derived.circuit, wires, columns, {}, own)({name: points[0][name] for name in moving})
            expected = [
                sum(one.value for one in runs),
                *(sum(one.gradients()[name] for one in runs) for name in moving),
            ]
            for got, want in zip(found, expected, strict=True):
                scale = 1 + np.max(np.abs(want), initial=0)
                np.testing.assert_allclose(np.reshape(got, np.shape(want)), want, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("method", METHODS)
def test_the_path_is_that_of_pytorch(method: str) -> None:
    torch = pytest.importorskip("torch")
    found = backprop.minimize(LOGISTIC, START, data=DATA, method=method, rate=0.05, steps=100, tolerance=0)
    w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    b = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = {
        "descent": lambda: torch.optim.SGD([w, b], lr=0.05),
        "momentum": lambda: torch.optim.SGD([w, b], lr=0.05, momentum=0.9),
        "nesterov": lambda: torch.optim.SGD([w, b], lr=0.05, momentum=0.9, nesterov=True),
        "rmsprop": lambda: torch.optim.RMSprop([w, b], lr=0.05),
        "adam": lambda: torch.optim.Adam([w, b], lr=0.05),
    }[method]()
    for step in found.path:
        np.testing.assert_allclose(step.x, [*w.tolist(), *b.tolist()], rtol=1e-12, atol=1e-12)
        optimizer.zero_grad()
        z = torch.tensor(X) @ w + b
        torch.nn.functional.binary_cross_entropy_with_logits(z, torch.tensor(Y)).backward()
        optimizer.step()


def test_batches_go_by_as_a_seed_says() -> None:
    def run(seed: int) -> Any:
        return backprop.minimize(LOGISTIC, START, data=DATA, method="adam", batch=8, epochs=5, seed=seed)

    one, again, other = run(1), run(1), run(2)
    assert [step.step for step in one.path] == [0, 4, 8, 12, 16, 20]
    assert one.parameters["b"] == again.parameters["b"] != other.parameters["b"]
    assert one.why.startswith("the 5 epochs are used up")
    assert one.value == pytest.approx(Table(Compiled(LOGISTIC), DATA, START, ["w", "b"], maximize=False, total=False)
                                      .value(one.step.x), rel=1e-14)  # fmt: skip


@pytest.mark.parametrize("method", ["newton", "trust-region", "bfgs", "l-bfgs", "adam"])
def test_logistic_regression(method: str) -> None:
    more = {"rate": 0.1, "steps": 3000} if method == "adam" else {}
    found = backprop.minimize(LOGISTIC, START, data=DATA, method=method, **more)
    assert found.converged, found.why
    best = backprop.minimize(LOGISTIC, START, data=DATA, method="newton", tolerance=1e-12)
    np.testing.assert_allclose(found.parameters["w"], best.parameters["w"], atol=1e-4)


@pytest.mark.parametrize(
    ("text", "start", "how", "reason", "told"),
    [
        ("log(a*x1 + c)", {"a": 0, "c": 1}, {}, "nan", "in row"),
        ("(relu(a*abs(x1) + c) - y)^2 + d^2", {"a": -1, "c": -1, "d": 0}, {}, "plateau", "is dead in all rows"),
        ("(a*x1 - y)^2", {"a": 0}, {"rate": 10}, "grows", "the rate 10 is too large; below"),
        ("abs(a*x1 + c - y)", {"a": 0, "c": 0}, {}, "kink", "at kinks of f = abs(q3): each step leads over them in"),
        ("(max(a*x1, c) - y)^2", {"a": 1, "c": 1}, {"rate": 20}, "grows", "is too large; below"),
        ("a*y", {"a": 0}, {}, "unbounded", "falls as far as numbers go"),
        ("(x1 + y)^2 * a * b", {"a": 0, "b": 0}, {}, "saddle", "a saddle"),
    ],
)
def test_it_says_why_it_stopped(text: str, start: dict[str, Any], how: dict[str, Any], reason: str, told: str) -> None:
    found = backprop.minimize(text, start, data=DATA, **how)
    assert (found.reason, found.converged) == (reason, False), found.why
    assert told in found.why


CSV = "name,x,y\none,1,3.1\ntwo,2,4.9\nthree,3,7.2\n,,\nfour,4,8.8\n"


def test_a_line_is_fitted_to_a_table(tmp_path: Path) -> None:
    (tmp_path / "line.csv").write_text(CSV)
    done = in_process(
        'backprop minimize "(a*x + c - y)^2" line.csv --a 0 --c 0 --method least-squares -o fit.json', tmp_path
    )
    assert done.returncode == 0
    assert "note: 1 row has no number in a column that is used: left out" in done.stderr
    assert "note: the value is the mean over 4 rows (--sum adds them up)" in done.stderr
    slope, offset = np.polyfit([1, 2, 3, 4], [3.1, 4.9, 7.2, 8.8], 1)
    assert json.loads((tmp_path / "fit.json").read_text()) == pytest.approx({"a": slope, "c": offset}, rel=1e-9)
    rows = in_process("backprop map 'a*x + c' line.csv --vars fit.json --errors null --quiet", tmp_path)
    assert rows.stdout.startswith("name,x,y,f,df_dx")


def test_a_bad_row_is_told_without_an_option_that_only_map_has(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\nabc,3\n")
    done = in_process("backprop minimize '(w*x - y)^2' t.csv --w 0", tmp_path)
    assert done.stderr == "error: t.csv:3: column 'x': expected a number, got \"abc\"\n"


def test_a_data_frame_is_a_table() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [[1, 2], [3, -1], [0, 1]], "y": [1, 0, 1], "name": ["a", "b", "c"]})
    found = backprop.minimize("(w @ x - y)^2", {"w": [0, 0]}, data=frame, method="newton")
    best = np.linalg.lstsq([[1, 2], [3, -1], [0, 1]], [1, 0, 1], rcond=None)[0]
    np.testing.assert_allclose(found.parameters["w"], best, rtol=1e-9)
    with pytest.raises(backprop.Problem, match="the data have no column z"):
        backprop.minimize("(w @ x - z)^2", {"w": [0, 0]}, data=frame)
    with pytest.raises(backprop.Problem, match="name"):
        backprop.minimize("(w*name - y)^2", {"w": 0}, data=frame)


def test_tables_of_other_formats_say_the_same(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"x": [1.0, 2.0, None, 4.0], "y": [3.1, 4.9, 7.2, 8.8]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ipc(tmp_path / "t.arrow")
    frame.write_csv(tmp_path / "t.tsv", separator="\t")
    frame.write_ndjson(tmp_path / "t.jsonl")
    given = {"t.parquet": "", "t.arrow": "", "t.tsv": "", "t.jsonl": ""}
    given["- --from jsonl"] = (tmp_path / "t.jsonl").read_text()
    minimized = "backprop minimize '(a*x + c - y)^2' --a 0 --c 0 --method newton --json"
    said = {in_process(f"{minimized} {table}", tmp_path, stdin).stdout for table, stdin in given.items()}
    assert len(said) == 1
    assert json.loads(said.pop().splitlines()[-1])["converged"]


@pytest.mark.parametrize(
    ("table", "cure"),
    [
        (b"x,y\n1,2\nNA,3\n", "--null-values NA"), (b"x;y\n1;2\n", "--delimiter ';'"),
        (b"x;y\n1,0;2\n", "--delimiter ';' --decimal-comma"), (b"x,y,\xe9\n1,2,b\n", "--encoding latin-1"),
        (b"x,y,s\n1,2,\xe9\n", "--encoding latin-1"),
        (b"\xef\xbb\xbfx,y,s,s\r\n1,2,\"a\r\nb\",\r\n,3,,\r\n1,2,3,4", ""),
    ],
)  # fmt: skip
def test_a_table_is_read_as_its_error_says(
    table: bytes, cure: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `map` reads, and what its hints say, holds here, too."""
    (tmp_path / "t.csv").write_bytes(table)
    asked = ["minimize", "(a*x - y)^2", str(tmp_path / "t.csv"), "--a", "0", "--method", "bfgs"]
    said = ""
    for options in ([], shlex.split(cure)) if cure else ([],):
        with pytest.raises(SystemExit) as left:
            main(asked + options)
        said = said or capsys.readouterr().err
    assert left.value.code == 0
    assert all(word in said for word in cure.split()[:2])


def test_columns_hold_vectors(tmp_path: Path) -> None:
    (tmp_path / "v.jsonl").write_text('{"x":[1,2],"y":1}\n{"x":[3,-1],"y":0}\n{"x":[0,1],"y":1}\n')
    done = in_process(
        'backprop minimize "(w @ x - y)^2" v.jsonl --w "zeros(2)" --method newton --json --quiet', tmp_path
    )
    *_, last, end = map(json.loads, done.stdout.splitlines())
    best = np.linalg.lstsq([[1, 2], [3, -1], [0, 1]], [1, 0, 1], rcond=None)[0]
    np.testing.assert_allclose(last["parameters"]["w"], best, rtol=1e-9)
    assert end["converged"]
    done = in_process('backprop minimize "sum(x[x > 0] * a)^2" v.jsonl --a 1 --quiet', tmp_path)
    assert done.returncode == 2
    assert "error: in some rows a stage has another shape than in others" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ('"(a*z - y)^2" line.csv --a 0', "line.csv has no column z"),
        ('"(a*x - y)^2" none.csv --a 0', "cannot read none.csv"),
        ('"(a*x - y)^2" line.csv --a 0 --c 1', "the expression has no variable c"),
        ('"(x - y)^2" line.csv', "nothing can move: no variable has a start"),
        ('"(a*x - y)^2" line.csv --a 0 --wrt y', "y is a column, and has no start"),
        ('"(a*x - y)^2" line.csv --a 0 --method newton --batch 2', "newton takes the whole table in each step"),
        ('"(a*x - y)^2" line.csv --a 0 --mean --sum', "--mean and --sum ask for two values"),
        ('"[a*x, y]" line.csv --a 0', "in a row, the output is a vector of 2"),
        ('"(a-3)^2" line.csv --a 0', "the expression uses no column of the table"),
        ('"(a-3)^2" --a 0 --epochs 3', "--epochs is for tables, and there is none"),
        ('"(a*name - y)^2" line.csv --a 0', "line.csv:2:"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_a_line(options: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "line.csv").write_text(CSV)
    done = in_process(f"backprop minimize {options} --quiet", tmp_path)
    assert (done.returncode in (1, 2), done.stdout) == (True, "")
    assert told in done.stderr


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_column_called_like_a_constant_stands_for_it(form: str, tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"x": [1.0, 2.0], "e": [10.0, 20.0]})
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}[form](tmp_path / f"t.{form}")
    found = backprop.minimize("(a*x - e)^2", {"a": 1.0}, data=str(tmp_path / f"t.{form}"))
    assert found.parameters["a"] == pytest.approx(10, rel=1e-6)
