"""`minimize`: the paths of textbooks' methods, and an honest word on why they ended."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.library.values import Value
from backprop.optimize.methods import METHODS
from conftest import BIN, in_process
from terminals import in_front
from test_schemas import schema

# ── the same path as PyTorch's optimisers ──

FORMULAS: list[tuple[str, dict[str, Value], Callable[..., Any], float]] = [
    ("(x-3)^2 + (x*y-1)^2", {"x": 0.5, "y": 1.0}, lambda x, y: (x - 3) ** 2 + (x * y - 1) ** 2, 0.01),
    ("100*(y-x^2)^2 + (1-x)^2", {"x": -1.2, "y": 1.0}, lambda x, y: 100 * (y - x**2) ** 2 + (1 - x) ** 2, 1e-4),
    (
        "sum(tanh(A @ w)^2) + sum((w-1)^2)", {"w": [0.3, -0.2, 0.1], "A": [[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]]},
        lambda w, A: ((A @ w).tanh() ** 2).sum() + ((w - 1) ** 2).sum(), 0.02,
    ),
]  # fmt: skip


def by_pytorch(function: Callable[..., Any], at: dict[str, Value], moving: list[str], method: str, rate: float) -> Any:
    """The points of 100 updates."""
    torch = pytest.importorskip("torch")
    tensors = {name: torch.tensor(value, dtype=torch.float64) for name, value in at.items()}
    parameters = [tensors[name].requires_grad_() for name in moving]
    optimizer = {
        "descent": lambda: torch.optim.SGD(parameters, lr=rate),
        "momentum": lambda: torch.optim.SGD(parameters, lr=rate, momentum=0.9),
        "nesterov": lambda: torch.optim.SGD(parameters, lr=rate, momentum=0.9, nesterov=True),
        "rmsprop": lambda: torch.optim.RMSprop(parameters, lr=rate),
        "adam": lambda: torch.optim.Adam(parameters, lr=rate),
    }[method]()
    points = []
    for _ in range(101):
        points.append(np.concatenate([parameter.detach().numpy().ravel().copy() for parameter in parameters]))
        optimizer.zero_grad()
        function(**tensors).backward()
        optimizer.step()
    return np.array(points)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", FORMULAS, ids=lambda case: case[0])
def test_the_path_is_that_of_pytorch(
    method: str, case: tuple[str, dict[str, Value], Callable[..., Any], float]
) -> None:
    text, at, function, rate = case
    moving = [name for name in at if name != "A"]
    found = backprop.minimize(text, at, method=method, wrt=moving, rate=rate, steps=100, tolerance=0)
    expected = by_pytorch(function, at, moving, method, rate)
    np.testing.assert_allclose([step.x for step in found.path], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_the_equations_say_what_is_done(method: str) -> None:
    """The printed rules, evaluated by the program itself, lead to the same points."""
    kind = METHODS[method]
    found = backprop.minimize("(x-3)^2", x=0.0, method=method, rate=0.05, steps=10, tolerance=0)
    numbers: dict[str, float] = {**kind.settings, **dict.fromkeys(kind.state, 0.0), "rate": 0.05, "x": 0.0}
    for t, step in enumerate(found.path, 1):
        assert step.x[0] == pytest.approx(numbers["x"], rel=1e-13, abs=1e-15)
        numbers |= {"g": step.gradient[0], "t": t}
        for rule in kind.rules:
            name, _, text = rule.partition(" = ")
            compiled = backprop.compile(text)
            numbers[name] = compiled.forward({one: numbers[one] for one in compiled.variables}).value


# ── why it stopped ──

STOPS: list[tuple[str, dict[str, Value], dict[str, Any], str, str]] = [
    ("(x-3)^2 + (x*y-1)^2", {"x": 0, "y": 1}, {"steps": 200}, "converged", "the gradient norm is below 1e-6"),
    ("x^2", {"x": 1}, {"rate": 1.5}, "grows", "below 1 it is not (the curvature along the gradient is 2)"),
    ("x^2", {"x": 1}, {"rate": 1}, "steps", "the rate 1 is too large, it should be below 1"),
    ("x^4", {"x": 10}, {}, "grows", "below 0.00167"),
    ("x^2", {"x": 1}, {"method": "momentum", "rate": 2}, "grows", "below 1.9 it is not"),
    ("(1-x)^2+100*(y-x^2)^2", {"x": -1.2, "y": 1}, {"rate": 0.01}, "grows", "below 0.00133"),
    ("abs(x)", {"x": 1.03}, {}, "kink", "near x = 0, where the gradient in x jumps from -1 to 1"),
    ("abs(x)", {"x": 0}, {}, "kink", "f = abs(x) has a kink at x = 0: the local gradient in use is 0"),
    ("sum(abs(w-[1,2]))", {"w": [0, 0]}, {}, "kink", "q2 = abs(q1)"),
    ("abs(x) + y^2", {"x": 1, "y": 1}, {"method": "newton"}, "kink", "q1 = abs(x)"),
    ("-x^2", {"x": 1}, {}, "unbounded", "falls as far as numbers go"),
    ("x^3", {"x": 1}, {}, "unbounded", "falls as far as numbers go"),
    ("-log(x)", {"x": 1}, {}, "unbounded", "falls as far as numbers go"),
    ("-exp(x)", {"x": 1}, {}, "unbounded", "beyond the largest number"),
    ("x + y", {"x": 1, "y": 1}, {"method": "bfgs"}, "unbounded", "falls as far as numbers go"),
    ("x", {"x": 1}, {"maximize": True}, "unbounded", "grows as far as numbers go"),
    ("x^2 - y^2", {"x": 1, "y": 0}, {}, "saddle", "a saddle: along y the curvature is -2"),
    ("-x^2", {"x": 0}, {}, "saddle", "a maximum: along x the curvature is -2"),
    ("x^2", {"x": 0}, {"maximize": True}, "saddle", "a minimum: along x the curvature is 2, and the value is higher"),
    ("x^3", {"x": 0}, {}, "saddle", "the value is lower where x is smaller"),
    ("x^3 - 3*x*y^2", {"x": 0, "y": 0}, {}, "saddle", "this is a saddle, or an inflection"),
    ("x^4", {"x": 0}, {}, "converged", "the gradient is 0"),
    ("(x-y)^4", {"x": 0, "y": 0}, {}, "converged", "the gradient is 0"),
    ("norm([x, y])", {"x": 1, "y": 1}, {}, "kink", "f = norm(q1) has a kink"),
    ("max(x^2, (x-1)^2)", {"x": 2}, {}, "kink", "near x = 0.5"),
    ("floor(x) + x^2", {"x": 2.3}, {}, "kink", "at a jump of q1 = floor(x): where x is a little smaller, the value is"),
    ("(step(x) - 0.3)^2 + 0.01*x^2", {"x": 1}, {"method": "newton"}, "kink", "at a jump of q1 = step(x)"),
    ("abs(x)", {"x": 1.03}, {"method": "adam", "rate": 0.05}, "kink", "near x = 0"),
    ("abs(x)", {"x": 1.03}, {"method": "momentum", "rate": 0.05}, "kink", "near x = 0"),
    ("x + log(x)", {"x": 3}, {"positive": ["x"]}, "unbounded", "falls on and on as x goes to 0"),
    ("sqrt(x)", {"x": 1}, {"rate": 0.3}, "nan", "f = sqrt(x) is nan: it needs x >= 0"),
    ("log(x)", {"x": -1}, {}, "nan", "not finite at the start"),
    ("relu(x)", {"x": -1}, {}, "plateau", "f = relu(x) is dead, and passes nothing on"),
    ("sum(relu(W@[1,2])) + b^2", {"W": [[-1, -1], [-2, 0]], "b": 1}, {}, "plateau", "is dead, and passes nothing on"),
    ("sigmoid(x)", {"x": -14}, {}, "plateau", "f = sigmoid(x) is saturated"),
    ("sigmoid(x)", {"x": -5}, {}, "plateau", "the 1,000 steps are used up, on a plateau"),
    ("floor(x)^2", {"x": 1.5}, {}, "plateau", "the gradient ends at q1 = floor(x), which is flat"),
    ("3 + 0*x", {"x": 1}, {}, "plateau", "neither slope nor curvature"),
    ("exp(-x)", {"x": 1}, {"rate": 1}, "steps", "the 1,000 steps are used up: the gradient norm is 0.000994"),
    ("(x-3)^2", {"x": 0}, {"seconds": 0}, "seconds", "the 0 seconds are used up"),
]


@pytest.mark.parametrize(("text", "at", "how", "reason", "told"), STOPS, ids=lambda value: str(value)[:30])
def test_it_says_why_it_stopped(text: str, at: dict[str, Value], how: dict[str, Any], reason: str, told: str) -> None:
    found = backprop.minimize(text, at, **how)
    assert (found.reason, found.converged) == (reason, reason == "converged")
    assert told in found.why


@pytest.mark.parametrize("rate", [0.98, 1.02])
def test_the_rate_at_which_it_would_not_grow(rate: float) -> None:
    """A little below the rate that is named it converges, a little above it grows."""
    text, at = "3*x^2 + 0.5*(x+y)^2", {"x": 1, "y": -2}
    told = backprop.minimize(text, at, rate=1.0).why
    limit = float(told.partition("below ")[2].partition(" ")[0])
    assert backprop.minimize(text, at, rate=rate * limit, steps=5000).reason == ("converged" if rate < 1 else "grows")


@pytest.mark.parametrize("method", ["newton", "trust-region", "bfgs", "l-bfgs", "least-squares"])
def test_methods_that_know_the_curvature_solve_rosenbrock(method: str) -> None:
    found = backprop.minimize("100*(y-x^2)^2 + (1-x)^2", x=-1.2, y=1, method=method)
    assert found.converged
    assert found.parameters == pytest.approx({"x": 1, "y": 1}, abs=1e-5)


@pytest.mark.parametrize("method", ["descent", "momentum", "newton", "trust-region", "l-bfgs"])
def test_no_jump_is_seen_behind_a_bound(method: str) -> None:
    rate = {"rate": 0.01} if method in METHODS else {}
    assert backprop.minimize("floor(x) + x^2", x=0.5, bounds={"x": (0, 1)}, method=method, **rate).converged


@pytest.mark.parametrize("method", ["descent", "momentum", "newton", "trust-region", "l-bfgs"])
def test_bounds_hold(method: str) -> None:
    rate = {"rate": 0.01} if method in METHODS else {}
    found = backprop.minimize(
        "(x-2)^2 + (y+1)^2 + x*y/2", x=0, y=3, method=method, bounds={"x": (0, 1)}, positive=["y"], **rate
    )
    assert found.converged, found.why
    assert all(0 <= step.x[0] <= 1 and step.x[1] > 0 for step in found.path)
    assert found.parameters == pytest.approx({"x": 1, "y": 0}, abs=1e-6)


@pytest.mark.parametrize("how", ["inverse:0.1", "exponential:0.01", "step:0.5:100", "cosine"])
def test_decay(how: str) -> None:
    found = backprop.minimize("(x-3)^2", x=0, rate=0.3, decay=how)
    assert found.converged


def test_a_long_path_is_thinned_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from backprop.optimize import path

    monkeypatch.setattr(path, "MOST_STEPS", 100)
    found = backprop.minimize("(x-3)^2", x=0, rate=1e-3, steps=1001, tolerance=0)
    steps = [step.step for step in found.path]
    assert len(steps) <= 102
    assert steps[:2] == [0, 16]
    assert steps[-1] == 1001
    assert backprop.minimize("abs(x)", x=100.03, steps=5000).reason == "kink"


def test_steps_are_seen_as_they_come() -> None:
    seen: list[int] = []
    found = backprop.minimize("(x-3)^2", x=0, steps=4, seen=lambda step: seen.append(step.step))
    assert seen == [0, 1, 2, 3, 4] == [step.step for step in found.path]
    assert found.steps == 4
    assert "stopped: the 4 steps are used up" in found._repr_html_()


def test_ctrl_c_ends_with_what_was_reached() -> None:
    def interrupt(step: Any) -> None:
        if step.step == 3:
            raise KeyboardInterrupt

    found = backprop.minimize("(x-3)^2", x=0, seen=interrupt)
    assert (found.reason, found.why) == ("interrupted", "interrupted after 2 steps")


# ── the command ──


def test_json_lines_are_what_the_schema_says(tmp_path: Path) -> None:
    done = in_process('backprop minimize "sum((w-[1,2])^2) + b^2" --w "zeros(2)" --b 1 --steps 3 --json', tmp_path)
    *steps, end = map(json.loads, done.stdout.splitlines())
    for line in (*steps, end):
        schema("minimize").validate(line)
    assert done.returncode == 1
    assert [step["step"] for step in steps] == [0, 1, 2, 3]
    assert steps[1]["parameters"] == {"w": [0.2, 0.4], "b": 0.8}
    assert (end["reason"], end["converged"], end["steps"]) == ("steps", False, 3)


def test_what_comes_out_goes_in_again(tmp_path: Path) -> None:
    text = '"sum((w-[1,2])^2) + (b-3)^2"'
    first = in_process(f'backprop minimize {text} --w "zeros(2)" --b 1 -o fitted.json -o path.csv', tmp_path)
    assert first.returncode == 0, first.stderr
    again = in_process(f"backprop eval {text} --vars fitted.json --json", tmp_path)
    assert json.loads(again.stdout)["value"] < 1e-12
    resumed = in_process(f"backprop minimize {text} --w '[9,9]' --b 1 --resume fitted.json --json", tmp_path)
    assert json.loads(resumed.stdout.splitlines()[-1])["steps"] == 0
    assert (
        (tmp_path / "path.csv").read_text().startswith("step,value,w[0],w[1],b,gradient norm,step length\n0,9,0,0,1,")
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ('"(x-3)^2" --x 0 --method adm', "there is no method adm\nhint: did you mean adam?"),
        ('"(x-3)^2" --x 0 --rate -1', "the rate must be a number above 0, and not -1"),
        ('"(x-3)^2" --x 0 --seconds -1', "the seconds must be a number from 0 on, and not -1"),
        ('"(x-3)^2" --x 0 --tolerance -1', "the tolerance must be a number from 0 on, and not -1"),
        ('"(x-3)^2" --x 0 --method newton --rate 1', "newton finds the length of its steps itself"),
        ('"(x-3)^2" --x 0 --decay exponental:1', "did you mean exponential?"),
        ('"(x-3)^2" --x 0 --momentum 0.5', "descent has no mu\nhint: it is a number of momentum and nesterov"),
        ('"[x,2]" --x 0', "only a single number can be made small\nhint: make it a number: sum(…) or mean(…)"),
        ('"x" --x 0 -o a.txt', "what should a.txt be?"), ('"3"', "nothing can move"),
        ('"(x-3)^2" --x 3:1', "the lower bound of x is above the upper one"),
        ('"(x-3)^2*y" --x 1:2', "no value for y\n  (x-3)^2*y\n          ^"),
        ('"(x-3)^2" --x 0 --positive y', "y has bounds, and is none of the parameters that move"),
        ('"x*y" --x 0 --y 1 --method least-squares', "least-squares needs a sum of squares\n  x*y\n  ^^^"),
        ('"(x-3" --x 0', "this ( is not closed"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_told_in_a_line(options: str, told: str, tmp_path: Path) -> None:
    done = in_process(f"backprop minimize {options}", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


@pytest.mark.parametrize("method", [*METHODS, "newton"])
def test_the_updates_that_are_told_can_be_typed_in(method: str, tmp_path: Path) -> None:
    """Each equation gives the number beside it, and the last one of a variable where the next update begins."""
    how = f'"(x-3)^2 + (x*y-1)^2 + y^2" --x 1 --y 1 --method {method} --steps 3'
    done = in_process(f"backprop minimize {how} --explain --digits 12", tmp_path)
    equations = [line.split(" = ") for line in done.stdout.splitlines() if line.startswith("    ") and "0" in line]
    told = [(name.strip(), *rest) for name, *rest in equations if len(rest) == 2]
    assert len(told) >= 6
    for _, formula, number in told:
        found = backprop.evaluate(formula) if "solve" not in formula else backprop.compile(formula).forward()
        np.testing.assert_allclose(found.value, json.loads(number), rtol=1e-9, atol=1e-9)
    path = in_process(f"backprop minimize {how} --json", tmp_path)
    last = json.loads(path.stdout.splitlines()[-2])["parameters"]
    for name in ("x", "y"):
        assert float([number for one, _, number in told if one == name][-1]) == pytest.approx(last[name], rel=1e-10)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--method bfgs", "the steps of bfgs are no equation"), ("--json", "--explain tells in words"),
        ("--line-search", "--explain does not tell a line search"),
    ],
)  # fmt: skip
def test_what_is_not_told(options: str, told: str, tmp_path: Path) -> None:
    done = in_process(f'backprop minimize "(x-3)^2" --x 0 --explain {options}', tmp_path)
    assert done.returncode == 2
    assert told in done.stderr


# ── pictures ──


@pytest.mark.parametrize(
    ("text", "at", "how"),
    [
        ("100*(y-x^2)^2 + (1-x)^2", {"x": -1.2, "y": 1}, {"method": "bfgs"}),
        ("sum((w-[1,2])^2) + 0*x", {"w": [0, 0], "x": 1}, {"wrt": ["w"]}), ("(x-3)^2", {"x": 0}, {}),
        ("x^2 + 30*y^2", {"x": 1, "y": 1}, {"rate": 0.04}), ("x^4 + y", {"x": 10, "y": 1}, {}),
        ("log(x) + y", {"x": 1, "y": 0}, {"rate": 1}), ("x*y", {"x": 0, "y": 0}, {}), ("log(x)", {"x": -1}, {}),
        ("sum(max(w, 0.5)^2)", {"w": [3, 2]}, {"maximize": True, "steps": 3}),
    ],
)  # fmt: skip
def test_pictures_are_whole(text: str, at: dict[str, Value], how: dict[str, Any]) -> None:
    from xml.etree import ElementTree

    from backprop.optimize import picture

    found = backprop.minimize(text, at, **how)
    made, size = picture.svg(found)
    ElementTree.fromstring(made)
    assert not re.search(r' (x|y|cx|cy|d)="[^"]*(nan|inf)', made)
    assert ("gradient right" in made) == (found.objective.parameters.size == 2)
    assert made in picture.html(found)
    assert size[1] > 400


def test_a_picture_is_written_by_its_suffix(tmp_path: Path) -> None:
    done = in_process('backprop minimize "x^2+y^2" --x 1 --y 2 -o a.svg -o a.png -o a.html --quiet', tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.html").read_text().startswith("<!DOCTYPE html>")


def test_the_values_stand_under_their_names_whatever_the_order(tmp_path: Path) -> None:
    done = in_process('backprop minimize "y^2 + (x-3)^2" --x 1 --y 2 --steps 0 --json', tmp_path)
    assert json.loads(done.stdout.splitlines()[0])["parameters"] == {"x": 1.0, "y": 2.0}


# ── on a terminal ──


def test_ctrl_c_on_a_terminal(tmp_path: Path) -> None:
    """A live line while it works; then what was reached, and exit status 1."""
    command = [
        "minimize",
        "100*(y-x^2)^2 + (1-x)^2",
        "--x",
        "-1.2",
        "--y",
        "1",
        "--rate",
        "1e-6",
        "--steps",
        "100000000",
    ]
    process, terminal = in_front(str(BIN / "backprop"), *command, "-o", str(tmp_path / "reached.json"))
    seen = b""
    while b"value" not in seen:
        seen += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    try:
        while chunk := os.read(terminal, 4096):
            seen += chunk
    except OSError:  # the terminal is closed
        pass
    os.close(terminal)
    assert process.wait() == 1
    assert "of 100,000,000  value" in seen.decode()
    assert "stopped: interrupted after" in seen.decode()
    assert set(json.loads((tmp_path / "reached.json").read_text())) == {"x", "y"}


def test_a_method_of_scipys_says_how_scipy_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(backprop.Problem, match="this method needs SciPy, which is not installed") as raised:
        backprop.minimize("(x-3)^2", {"x": 0}, method="bfgs")
    assert '".[minimize]"' in raised.value.hint


@pytest.mark.parametrize("method", [name for name in METHODS if name != "least-squares"])  # which is given residuals
@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_the_norm_of_a_gradient_neither_dies_out_nor_overflows(method: str, scale: float) -> None:
    found = backprop.minimize(f"{scale}*(x - 3)^2", x=1, method=method, steps=3)
    assert found.path[0].norm == pytest.approx(4 * scale)
    assert found.converged == (scale < 1 or found.parameters["x"] == 3)
    assert np.isfinite(found.parameters["x"]) or not found.converged
    assert "is 0" not in found.why or found.parameters["x"] == 3
