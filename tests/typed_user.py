"""A user's program that uses the whole library: mypy --strict finds nothing in it, and it runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import backprop


def at_a_point() -> float:
    result = backprop.evaluate("(x+y)*z", {"x": -2, "y": 5}, z=-4)
    gradient: float = result.gradients["x"]
    for stage in result.stages:
        name: str = stage.name
        print(name, stage.gate, stage.expression, stage.inputs, stage.local_gradients, stage.value, stage.gradient)
    for note in result.notes:
        print(note.kind, note.message)
    print(result.output, result.value, result)
    return gradient


def many_points() -> list[float]:
    compiled: backprop.Compiled = backprop.compile("w*x^2", ties="split", expand=True)
    names: list[str] = compiled.variables
    found = [compiled.evaluate(dict.fromkeys(names, float(x)), wrt=["x"], upstream=1.0) for x in range(4)]
    second: float = compiled.hessian(w=1, x=2)["x"]["x"]
    along: float = compiled.jvp({"x": 1.0}, w=1, x=2)
    product: dict[str, float] = compiled.hvp({"x": 1.0}, w=1, x=2)
    table: dict[str, float] = compiled.jacobian(w=1, x=2)
    print(second, along, product, table, compiled.forward(w=1, x=2).value)
    return [float(one.gradients["x"]) for one in found]


def shown() -> None:
    result = backprop.evaluate("q = x + y; f = max(q, z)", x=1, y=2, z=4)
    picture = result.draw(theme="dark", fold=True)
    with tempfile.TemporaryDirectory() as folder:
        picture.save(str(Path(folder) / "circuit.svg"))
    story: str = result.explain("x", digits=3, brief=True, form="latex")
    second: float = result.hessian(wrt=["x"])["x"]["x"]
    print(second, result.jacobian(), result.jvp(x=1), result.hvp(x=1)["y"], backprop.reference().json())
    program: str = result.code("numpy")
    print(story, program, result.draw("wires", color=True), backprop.compile("x").code("c", upstream=2.0))
    print(result.table(color=True), result.explain(color=True))


def judged() -> bool:
    check: backprop.Check = backprop.evaluate("sin(x)", x=1).check(stages=True, random=2, seed=1)
    for one in check.comparisons:
        print(one.name, one.gradient, one.numerical, one.error, one.verdict, one.remark)
    moved = backprop.evaluate("x^2", x=3).nudge(x=0.5)
    told: backprop.Nudged = moved
    print(told.predicted, told.actual, told.error, told.holds_until, told.ends_at, told.table(digits=3), told.json())
    mine: backprop.Judged = backprop.evaluate("q = x + y; f = q*z", x=1, y=2, z=3).judge(dx=3, dz="3.0")
    for line in mine.lines:
        print(line.name, line.yours, line.expected, line.verdict, line.cause, line.advice, mine.missing, mine.remarks)
    print(backprop.evaluate("log(x)", x=0).why_nan("json"), check.table("csv", digits=3), check.json(), mine.json())
    passes = "def f_forward(x):\n    return x * x, x\ndef f_backward(d, x):\n    return 2 * d * x\n"
    code: backprop.JudgedCode = backprop.judge(passes, name="f_forward", seed=1, wrt=["x"], x=3.0)
    print(code.ok, code.verdict, code.passes, code.left_out, code.table("latex"), mine.verdict)
    return check.ok and check.verdict == "ok" and mine.ok


def squared(w: float) -> float:
    return (w - 2) ** 2


def descended() -> list[float]:
    found: backprop.Minimum = backprop.minimize("(x-3)^2", x=0, rate=0.2)
    print(found.parameters, found.value, found.gradient, found.why, found.converged, found.reason, found.steps)
    print(found.table("csv", digits=3, full=True), found.json(), found.explain(digits=3), found.draw("dark"))
    with tempfile.TemporaryDirectory() as folder:
        found.save(Path(folder) / "fitted.json")
        again = backprop.minimize("(x-3)^2", resume=Path(folder) / "fitted.json", bounds={"x": (0, 4)}, ties="first")
    print(again.value, backprop.minimize(squared, w=1.0, method="newton").steps)
    return [step.value for step in found.path]


def of_rows(folder: str) -> list[float]:
    columns: dict[str, object] = backprop.map("w*x^2", {"x": [1, 2]}, {"w": 3}, wrt=["x"], ties="split")
    rows: list[dict[str, object]] = backprop.map("x^2", [{"x": 1.0}, {"x": 2.0}], only_new=True)
    Path(folder, "in.csv").write_text("x\n1\n")
    report = backprop.map_files("x^2", Path(folder, "in.csv"), Path(folder, "out.csv"), errors="skip", kernel="numpy")
    tanh: backprop.Reference = backprop.reference("tanh")
    print(columns, rows, report.rows, report.bad, report.told, tanh.gates)
    traced: backprop.Evaluation = backprop.trace("def f(x): return x*x", x=3.0)
    table: str = traced.table("csv", local=True) + traced.json() + traced.check().table("latex")
    traced.draw(blank=True).save(Path(folder, "sheet.svg"))
    print(table, traced.code("c", main=True))
    return [float(row["df_dx"]) for row in backprop.map("x^2", [{"x": 1.0}])]


def wrong() -> str:
    try:
        backprop.evaluate("sqrtt(x)", x=1)
    except backprop.Problem as problem:
        return f"{problem.kind} {problem.message} {problem.line} {problem.column} {problem.hint} {problem.excerpt()}"
    return ""


if __name__ == "__main__":
    shown()
    with tempfile.TemporaryDirectory() as made:
        print(at_a_point(), many_points(), judged(), descended(), of_rows(made), wrong())
