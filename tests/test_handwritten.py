"""Hand-written passes as people write them, judged on the command line by what comes out of them."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from backprop.check.passes.verdict import CAUSES
from backprop.cli import progress
from backprop.python.texts.source import uses_torch
from conftest import in_process
from test_python_reader import PAIRS
from test_schemas import schema


def check(folder: Path, words: str, given: Any = None, **files: str) -> CompletedProcess[str]:
    """`backprop check` in a folder with these files."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    if given is not None:
        (folder / "inputs.json").write_text(json.dumps(given))
        words += " --vars inputs.json"
    return in_process(f"backprop check {words}", folder)


def answer(done: CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    schema("check").validate(found)
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_a_right_pair_is_ok(name: str, tmp_path: Path) -> None:
    forward, backward, given, wanted = PAIRS[name]
    done = check(tmp_path, "-f forward.py --backward backward.py --json", given, forward=forward, backward=backward)
    found = answer(done)
    assert (done.returncode, found["verdict"]) == (0, "ok"), done.stderr
    assert {one["name"] for one in found["gradients"]} == set(wanted.split())
    assert all(one["verdict"] == "ok" and one["error"] < 1e-8 for one in found["gradients"])
    assert found["lines"] == []


PLANTED = {
    "a cache and a shape": ("axis=0", "axis=1", "b"),
    "a mask and a mode in a dictionary": ("g[a <= 0] = 0", "pass", "a"),
    "a loss whose backward pass takes no upstream": ("d /= p.shape[0]", "pass", "z"),
    "a class": ("params[0].T", "params[0]", "x"),
    "slices of one array, and two outputs": ("1 - a**2", "1 + a**2", "x w"),
    "steps in time": ("dout[:, t, :] + dh", "dout[:, t, :]", "x h0 w u"),
    "parameters and gradients in dictionaries": (" + 2 * reg * params['W']", "", "params.W"),
    "windows": ("k] += dout", "k] = dout", "line"),
    "an autograd Function": ("(g - unit", "(g + unit", "x"),
    "stages in torch that are no functions": ("] += de", "] = de", "table"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_mistake_makes_the_gradients_wrong_that_hang_on_it(name: str, tmp_path: Path) -> None:
    forward, backward, given, _ = PAIRS[name]
    right, wrong, names = PLANTED[name]
    assert backward.count(right) == 1
    planted = backward.replace(right, wrong)
    done = check(tmp_path, "-f forward.py --backward backward.py --json", given, forward=forward, backward=planted)
    found = answer(done)
    assert (done.returncode, found["verdict"]) == (1, "wrong"), done.stderr
    assert {one["name"] for one in found["gradients"] if one["verdict"] == "wrong"} == set(names.split())
    (line,) = found["lines"]
    number = planted[: planted.index(wrong, backward.index(right))].count("\n") + 1
    assert (line["line"], line["verdict"]) == (number, "wrong")
    original = backward.splitlines()[number - 1].strip()
    assert ast.dump(ast.parse(line["write"])) == ast.dump(ast.parse(original))


def test_a_faulty_line_is_told_with_its_cause(tmp_path: Path) -> None:
    forward = "import numpy as np\ndef f_forward(x, w):\n    h = np.tanh(x * w)\n    return h, (x, w, h)\n"
    wrong = "def f_backward(dh, kept):\n    x, w, h = kept\n    da = dh * (1 + h**2)\n    return da * w, da * x\n"
    done = check(tmp_path, "f.py --seed 1", {"x": [0.5, -0.3], "w": [1.5, 2.0]}, f=forward + wrong)
    told = (
        "line 7 of f_backward: the sign is turned\ninstead of `da = dh * (1 + h**2)` write:\n    da = dh * (1 - h**2)"
    )
    assert told in done.stdout
    words = [*causes_in(schema("check").schema)]
    assert words
    assert all({*CAUSES, "stale", None} == {*some} for some in words)


def causes_in(tree: Any) -> Iterator[list[str | None]]:
    """The words for a cause, wherever a schema has them."""
    for key, one in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        if key == "cause" and "enum" in one:
            yield one["enum"]
        yield from causes_in(one)


TWO = """
import numpy as np
def scale_forward(x, w):
    return x * w, (x, w)
def scale_backward(dout, cache):
    x, w = cache
    return dout * w, dout * x
def relu_forward(x):
    return np.maximum(x, 0), x
def relu_backward(dout, cache):
    return dout * (cache > 0)
def other_forward(q):
    return q
def other_backward(dout):
    return dout
"""


def test_all_pairs_of_a_file_are_judged_under_their_names(tmp_path: Path) -> None:
    done = check(tmp_path, "layers.py --json --seed 1", {"x": [1.0, -2], "w": [3.0, 4]}, layers=TWO)
    found = answer(done)
    assert [(one["name"], one["verdict"]) for one in found["passes"]] == [
        ("scale_forward", "ok"),
        ("relu_forward", "ok"),
    ]
    assert found["remarks"] == ["other_forward is left out: it takes q, which is not given"]
    assert "the gradient on the output is random (--seed 1)" in done.stderr


def test_of_some_variables_only_passes_that_have_them_are_judged(tmp_path: Path) -> None:
    """No pass is ok of which nothing was looked at."""
    given = {"x": [1.0, -2], "w": [3.0, 4]}
    found = answer(check(tmp_path, "layers.py --json --seed 1 --wrt w", given, layers=TWO))
    assert [one["name"] for one in found["gradients"]] == ["w"]
    assert "relu_forward is left out: it has no gradient of w" in found["remarks"]
    done = check(tmp_path, "layers.py --seed 1 --wrt zz", given, layers=TWO)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no pass has a gradient of zz" in done.stderr


def test_where_nothing_can_be_judged_the_hint_says_what_all_of_it_takes(tmp_path: Path) -> None:
    done = check(tmp_path, "layers.py", layers=TWO)
    assert done.returncode == 2
    assert "scale_forward takes x, w, which are not given" in done.stderr
    assert "--x 'randn(3)' --w 'randn(3)' --q 'randn(3)'" in done.stderr


OPEN = """
import numpy as np
def line_forward(x, w):
    return x @ w, (x, w)
def line_backward(dout, cache):
    x, w = cache
    dx, dw = None, None
    # TODO: the gradients
    {body}
    return dx, dw
"""


@pytest.mark.parametrize(
    ("body", "told", "gradients"),
    [
        ("pass", "line_backward is not written yet: line 7", {}),
        ("raise NotImplementedError", "line_backward is not written yet: line 9", {}),
        ("assert dx.shape == x.shape", "line_backward is not written yet: line 7", {}),
        ("for row in range(None): dx = dout @ w.T", "line_backward is not written yet: line 9", {}),
        ("for row in reversed(range(None)): dw, dx = dx[row]", "line_backward is not written yet: line 9", {}),
        ("dx = dout @ w.T; dw = x.T @ dout; dw += None", "line_backward is not written yet: line 9", {}),
        ("n, m = None; dx, dw = n * dout, x.T @ dout", "line_backward is not written yet: line 9", {}),
        ("dx, dw = np.zeros_like(x), np.zeros_like(w)", "line_backward is not written yet: line 9", {}),
        ("dx = dout @ w.T", "line 7", {"x": "ok", "w": "missing"}),
        ("dx, dw = dout @ w.T, np.zeros_like(w)", "line 9", {"x": "ok", "w": "missing"}),
        ("dx, dw = dout @ w.T, x.T @ dout", "", {"x": "ok", "w": "ok"}),
        ("dx, dw = dout @ w.T, x @ dout.T", "", {"x": "ok", "w": "wrong"}),
    ],
)
def test_what_is_not_written_yet_is_neither_right_nor_wrong(
    body: str, told: str, gradients: dict[str, str], tmp_path: Path
) -> None:
    given = {"x": [[1.0, -2], [0.5, 3]], "w": [[3.0, 4], [2, -1]]}
    done = check(tmp_path, "layers.py --seed 1", given, layers=OPEN.format(body=body))
    assert told in done.stdout + done.stderr
    found = answer(check(tmp_path, "layers.py --seed 1 --json", given))
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == gradients
    whole = "incomplete" if told else "wrong" if "wrong" in gradients.values() else "ok"
    assert (done.returncode, found["verdict"]) == (int(whole != "ok"), whole)


def test_what_heirs_are_to_write_is_not_waited_for(tmp_path: Path) -> None:
    text = """
class Module:
    def forward(self, x):
        pass
    def backward(self, g):
        pass
class Flat(Module):
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(x.shape[0], -1)
    def backward(self, g):
        g = g.reshape(self.shape)  # TODO: in place?
        return g
class Masked(Module):
    def masked(self, x):
        return x
    def backward(self, g):
        return g
"""
    found = answer(check(tmp_path, "layers.py --x '[[[1.0, 2.0]]]' --json", layers=text))
    assert (found["verdict"], [one["name"] for one in found["gradients"]]) == ("ok", ["x"])


def test_what_is_made_of_layers_of_which_none_are_given_has_no_verdict(tmp_path: Path) -> None:
    text = """
class Twice:
    def forward(self, x):
        return 2 * x
    def backward(self, g):
        return 2 * g
class Chain:
    def __init__(self, *layers):
        self.layers = list(layers)
    def forward(self, x):
        for one in self.layers:
            x = one.forward(x)
        return x
    def backward(self, g):
        for one in reversed(self.layers):
            g = one.backward(g)
        return g
"""
    done = check(tmp_path, "layers.py --x '[1.0, 2.0]' --seed 1", layers=text)
    assert (done.returncode, "Chain is left out: it is made of layers" in done.stderr) == (0, True)
    alone = check(tmp_path, "layers.py:Chain --x '[1.0, 2.0]'")
    assert (alone.returncode, alone.stdout) == (2, "")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            'raise RuntimeError("steps have no gradient")',
            "Step is left out: its backward pass only raises an error: line 16",
        ),
        ('raise RuntimeError("not implemented")', "Step.backward is not written yet: line 16"),
        ("raise NotImplementedError", "Step.backward is not written yet: line 16"),
        ("return NotImplemented", "Step.backward is not written yet: line 16"),
        ("pass", "Step.backward is not written yet: line 16"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("base", ["", "(torch.autograd.Function)"])
def test_a_pass_without_a_gradient_beside_others_is_told(base: str, body: str, told: str, tmp_path: Path) -> None:
    text = """
import torch
class Flat{base}:
    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        return x.reshape(-1)
    @staticmethod
    def backward(ctx, g):
        return g.reshape(ctx.shape)
class Step{base}:
    @staticmethod
    def forward(ctx, x):
        return torch.floor(x)
    @staticmethod
    def backward(ctx, g): {body}
"""
    if not base:  # the methods of an object
        text = text.replace("    @staticmethod\n", "#\n").replace("(ctx, ", "(self, ").replace("ctx.", "self.")
    layers = text.format(base=base, body=body)
    done = check(tmp_path, "layers.py --x '[[1.5, 2.5]]'", layers=layers)
    assert told in done.stderr
    assert done.returncode == int("not written" in told)
    alone = check(tmp_path, "layers.py:Step --x '[[1.5, 2.5]]'", layers=layers)
    assert (told in alone.stderr, alone.returncode > 0) == (True, True)


def test_a_text_is_no_array_and_an_output_that_hangs_on_nothing_no_function(tmp_path: Path) -> None:
    done = check(tmp_path, "layers.py:relu_forward --x foo", layers=TWO)
    assert (done.returncode, "np.maximum cannot be computed of a text" in done.stderr) == (2, True)
    assert "x is a text: give numbers, like --x 'randn(4,3)'" in done.stderr
    fixed = "import numpy as np\ndef f_loss(w):\n    return np.zeros(3).sum(), 0 * w\n"
    done = check(tmp_path, "fixed.py --w '[1.5, 2.5]' --backward fixed.py:f_loss", fixed=fixed)
    assert (done.returncode, "its output hangs on no input" in done.stderr) == (2, True), done.stdout
    done = check(tmp_path, "script.py", script="x = 3.0\ny = 4.0 * 2.0\ndx = 0.0\n")
    assert (done.returncode, "hangs on no input: there is no gradient" in done.stderr) == (2, True)


def test_a_file_that_holds_a_backward_pass_alone_asks_for_the_other_file(tmp_path: Path) -> None:
    files = {
        "back": "def line_backward(d, cache):\n    x, w = cache\n    return d * w, d * x\n",
        "forth": "def line_forward(x, w):\n    return x * w, (x, w)\n",
    }
    alone = check(tmp_path, "back.py", **files)
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "line_backward is a backward pass, and back.py has no forward pass to it" in alone.stderr
    assert "give both files: -f FORWARD.py --backward back.py" in alone.stderr
    assert check(tmp_path, "-f forth.py --backward back.py --x 2 --w 3").returncode == 0


@pytest.mark.parametrize("name", ["line_backward", "line_backward_slow", "grads_of_line"])
@pytest.mark.parametrize("asked", ["forth.py", "forth.py:line_forward"])
def test_the_backward_pass_of_the_file_that_is_given_is_judged(tmp_path: Path, name: str, asked: str) -> None:
    right = "def line_backward(d, cache):\n    x, w = cache\n    return d * w, d * x\n"
    forth = "def line_forward(x, w):\n    return x * w, (x, w)\n"
    for own in ("", right.replace("d * w", "d * x")):
        for text, status in ((right, 0), (right.replace("d * x", "d"), 1)):
            files = {"forth": f"{forth}{own}", "back": text.replace("line_backward", name)}
            assert check(tmp_path, f"-f {asked} --backward back.py --x 2 --w 3", **files).returncode == status


WANTING = """import numpy as np
def forward(x, w, y, mode, cfg, rows):
    N, D = x.shape
    if mode == 'valid':
        return np.zeros(rows)
    z = x.dot(w) * cfg['scale']
    return z[np.arange(N), y]
def backward(dout, cache):
    return dout
"""


@pytest.mark.parametrize("command", ["check layers.py", "eval -f layers.py:forward"])
def test_the_hint_for_what_is_missing_fits_the_text(command: str, tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text(WANTING)
    done = in_process(f"backprop {command}", tmp_path)
    assert done.returncode == 2
    wanted = """--x 'randn(4,3)' --w 'randn(3,3)' --y '[0,2,1,1]' --mode 'valid' --cfg '{"scale": 1}' --rows '3'"""
    assert wanted in done.stderr


LOSS = """import numpy as np
def cost(w, x, y):
    e = x @ w - y
    grad = x.T @ e
    return 0.5 * e @ e / len(y), {}
"""
LEAST_SQUARES = {"x": [[1.0, 2], [3, 4], [5, 7]], "w": [0.5, -1], "y": [1.0, 2, 3]}


@pytest.mark.parametrize(
    ("returned", "verdict"),
    [("grad / len(y)", "ok"), ("-grad / len(y)", "wrong"), ("2 * grad", "wrong"), ("1 / len(y) * grad", "ok")],
)
def test_a_gradient_is_one_where_it_is_only_scaled(returned: str, verdict: str, tmp_path: Path) -> None:
    done = check(tmp_path, "layers.py --json", LEAST_SQUARES, layers=LOSS.format(returned))
    assert answer(done)["verdict"] == verdict


def test_a_gradient_without_a_name_is_judged_where_it_is_said_to_be_one(tmp_path: Path) -> None:
    """And where it is not, the answer says that it was not looked at."""
    wrong = LOSS.format("x.T @ e")
    done = check(tmp_path, "layers.py", LEAST_SQUARES, layers=wrong)
    assert "no backward pass of layers.py was judged: these are backprop's own gradients" in done.stderr
    done = check(tmp_path, "-f layers.py:cost --backward layers.py:cost --json", LEAST_SQUARES, layers=wrong)
    assert answer(done)["verdict"] == "wrong"


SOLVED = """import numpy as np
from scipy.optimize import minimize, check_grad
def energy(w, x, y):
    r = x @ w - y
    return r @ r
def derived(w, x, y):
    return 2 * x.T @ (x @ w - y)
def compute_cost(w, x, y):
    return np.mean((x @ w - y)**2)
def compute_gradient(w, x, y):
    dj_dw = x.T @ (x @ w - y)
    return 2 * dj_dw / len(y)
def both(w, x, y):
    r = x @ w - y
    return r @ r, 2 * x.T @ r
def numeric_gradient(f, at):
    return np.array([f(at)])
"""


@pytest.mark.parametrize(
    ("solves", "judged"),
    [
        ("", ["compute_cost"]),
        ("minimize(energy, np.zeros(2), args=(X, Y), jac=derived)", ["energy"]),
        ("print(check_grad(energy, derived, np.zeros(2), X, Y))", ["energy"]),
        ("minimize(both, np.zeros(2), (X, Y), jac=True)", ["both"]),
        ("minimize(both, np.zeros(2), (X, Y), 'BFGS', True)", ["both"]),
    ],
)
def test_a_pair_is_what_a_solver_is_given_or_alike_by_name(solves: str, judged: list[str], tmp_path: Path) -> None:
    found = answer(check(tmp_path, "layers.py --json", LEAST_SQUARES, layers=SOLVED + solves))
    passes = found.get("passes", [found | {"name": judged[0]}])
    assert [(one["name"], one["verdict"]) for one in passes] == [(name, "ok") for name in judged]
    assert "no gradient comes out for x" in str(found["remarks"])
    wrong = SOLVED.replace("2 * ", "3 * ") + solves
    found = answer(check(tmp_path, "layers.py --json", LEAST_SQUARES, layers=wrong))
    assert found["verdict"] == "wrong"


SLOPES_OF = """import numpy as np
def tanh(x):
    return np.tanh(x)
def tanh_prime({name}):
    return {slope}
"""


@pytest.mark.parametrize(
    ("name", "slope", "write"),
    [
        ("y", "1 - y", "return 1 - y ** 2"),  # y is what came out
        ("z", "1 - z", "return 1 - z ** 2"),
        ("z", "1 + np.tanh(z)**2", "return 1 - np.tanh(z)**2"),  # z is what went in
        ("a", "1 + a**2", "return 1 - a**2"),  # nearer with what went in, and the cure tells
        ("x", "1 + np.tanh(x)**2", "return 1 - np.tanh(x)**2"),
    ],
)
def test_what_a_slope_takes_is_what_a_cure_is_proven_with(name: str, slope: str, write: str, tmp_path: Path) -> None:
    text = SLOPES_OF.format(name=name, slope=slope)
    found = answer(check(tmp_path, "layers.py --json", {"x": [0.5, -1.25, 2.0]}, layers=text))
    assert [one["write"] for one in found["lines"]] == [write]


def test_a_slope_is_not_that_of_a_mean_by_chance(tmp_path: Path) -> None:
    """Of two elements, the mean of squares has the slope x."""
    text = "def square(x):\n    return x**2\ndef d_square(u):\n    return u\n"
    found = answer(check(tmp_path, "layers.py --json", {"x": [0.5, -1.25]}, layers=text))
    assert [one["write"] for one in found["lines"]] == ["return 2 * u"]


METHODS = """import numpy as np
class Fit:
    def __init__(self, d):
        self.theta = 0.1 * np.arange(d)
    def cost(self, X, y):
        e = X @ self.theta - y
        return 0.5 * np.sum(e**2), X.T @ e
    def plain(self, X, y):
        return np.sum((X @ self.theta - y)**2)
"""


def test_a_loss_is_told_where_every_error_is_zero_at_the_start(tmp_path: Path) -> None:
    script = """import numpy as np
X = np.array([[0.5, 1.0], [-1.0, 2.0]])
w = np.zeros(2)
err = X @ w - np.zeros(2)
dw = X.T @ err / len(X)
"""
    assert answer(check(tmp_path, "layers.py --json", layers=script))["verdict"] == "ok"
    refused = check(tmp_path, "layers.py", layers=script.replace("X.T", "-X.T"))
    assert "none that is usual fits" in refused.stderr
    both = """def forward(X, w):
    return X @ w
def backward(X, w, y):
    return X.T @ (forward(X, w) - y)
"""
    given = {"X": [[0.5, 1.0], [-1.0, 2.0]], "w": [0.0, 0.0], "y": [0.0, 0.0]}
    found = answer(check(tmp_path, "layers.py --json", given, layers=both))
    assert [one["verdict"] for one in found["gradients"] if one["name"] == "w"] == ["ok"]


def test_a_method_is_named_and_its_gradient_may_be_that_of_a_weight(tmp_path: Path) -> None:
    given = {"X": LEAST_SQUARES["x"], "y": LEAST_SQUARES["y"], "d": 2}
    both = "-f layers.py:Fit.cost --backward layers.py:Fit.cost --json"
    found = answer(check(tmp_path, both, given, layers=METHODS))
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("theta", "ok")]
    found = answer(check(tmp_path, both, given, layers=METHODS.replace("X.T @ e", "2 * X.T @ e")))
    assert [(one["line"], one["verdict"]) for one in found["lines"]] == [(7, "wrong")]
    done = in_process("backprop eval -f layers.py:Fit.plain --vars inputs.json --json", tmp_path)
    assert json.loads(done.stdout)["gradients"].keys() == {"X", "y", "theta"}
    done = in_process("backprop eval -f layers.py:Fit --vars inputs.json", tmp_path)
    assert "name one of its methods: layers.py:Fit.cost, layers.py:Fit.plain" in done.stderr
    assert (
        "name one of them: layers.py:Fit" in in_process("backprop check layers.py --vars inputs.json", tmp_path).stderr
    )


@pytest.mark.parametrize("name", ["dist", "diff", "data", "dims"])
def test_a_word_that_begins_like_a_gradient_is_none(name: str, tmp_path: Path) -> None:
    text = f"def score(x, w):\n    {name} = ((x - w)**2).sum()\n    return (x * w).sum(), {name}\n"
    done = check(tmp_path, "layers.py", {"x": [1.0, 2], "w": [3.0, 5]}, layers=text)
    assert (done.returncode, "WRONG" in done.stdout) == (0, False)
    assert "no backward pass" in done.stderr


@pytest.mark.parametrize(
    "words", ["layers.py:relu_forward", "-f layers.py:relu_backward", "-f layers.py --backward layers.py:relu_backward"]
)
def test_one_of_a_file_is_named(words: str, tmp_path: Path) -> None:
    done = check(tmp_path, f'{words} --x "[1, -2]" --upstream "[3, 5]" --json', layers=TWO)
    assert (done.returncode, answer(done)["gradients"][0]["name"]) == (0, "x")


def test_an_input_without_a_gradient_makes_it_incomplete(tmp_path: Path) -> None:
    text = (
        "def f_forward(x, w):\n    return x * w, (x, w)\ndef f_backward(dout, cache):\n"
        "    x, w = cache\n    return dout * w, None\n"
    )
    done = check(tmp_path, "layers.py --json", {"x": [1.5], "w": [3.0]}, layers=text)
    found = answer(done)
    assert (done.returncode, found["verdict"]) == (1, "incomplete")
    assert [one["verdict"] for one in found["gradients"]] == ["ok", "missing"]


def test_a_function_that_returns_its_loss_and_gradients(tmp_path: Path) -> None:
    text = (
        "import numpy as np\ndef hinge(z, y):\n    n = z.shape[0]\n    right = z[np.arange(n), y][:, np.newaxis]\n"
        "    margins = np.maximum(0, z - right + 1)\n    margins[np.arange(n), y] = 0\n    loss = np.sum(margins) / n\n"
        "    dz = (margins > 0).astype(float)\n    dz[np.arange(n), y] -= np.sum(dz, axis=1)\n"
        "    dz /= n\n    return loss, dz\n"
    )
    given = {"z": [[1.0, 2.5, 0.2], [0.3, -1, 0.7]], "y": [0, 2]}
    assert check(tmp_path, "loss.py", given, loss=text).returncode == 0
    assert check(tmp_path, "loss.py", given, loss=text.replace("dz /= n\n", "pass\n")).returncode == 1


def test_a_backward_pass_that_numpy_stops_is_wrong(tmp_path: Path) -> None:
    text = (
        "def f_forward(x, w):\n    return x @ w, (x, w)\ndef f_backward(dout, cache):\n"
        "    x, w = cache\n    return dout @ w, x.T @ dout\n"
    )
    done = check(tmp_path, "layers.py --json", {"x": [[1.5, 2, 1]], "w": [[3.0, 1], [2, 2], [0, 1]]}, layers=text)
    found = answer(done)
    assert (done.returncode, found["verdict"]) == (1, "wrong")
    assert any("the backward pass stops in line 5" in remark for remark in found["remarks"])


@pytest.mark.parametrize("kink", ["np.maximum(x, 0)", "np.abs(x)"])
def test_at_a_kink_nothing_is_called_wrong(kink: str, tmp_path: Path) -> None:
    slope = "(x > 0)" if "max" in kink else "np.sign(x)"
    text = (
        f"import numpy as np\ndef f_forward(x):\n    return {kink}, x\ndef f_backward(dout, x):\n"
        f"    return dout * {slope}\n"
    )
    done = check(tmp_path, "layers.py", {"x": [0.0, 1.0, -2.0]}, layers=text)
    assert done.returncode == 0, done.stdout
    assert "1 element was not tested: it is at a kink" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f_forward(x):\n    return open(x)\ndef f_backward(d):\n    return d\n", "open is not read here"),
        (
            "def f_forward(x):\n    return x * 2\ndef f_backward(d, memory):\n    return d * memory\n",
            "nothing says what memory of f_backward is",
        ),
        ("def f_forward(x):\n    return x * 2\ndef f_backward(d):\n    while True:\n        pass\n", "takes more than"),
        (
            "def f_forward(x):\n    return None\ndef f_backward(d):\n    return d\n",
            "returns no number and no array",
        ),
    ],
)
def test_what_is_not_understood_exits_with_2(text: str, message: str, tmp_path: Path) -> None:
    done = check(tmp_path, "layers.py", {"x": [1.0, 2]}, layers=text)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


TOWER = """def tower(x, n):
    return x if n == 0 else tower(x * 2, n - 1)
def f_forward(x):
    return tower(x, 5), x
def f_backward(dout, x):
    return dout * 32
"""


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        ("depth=4", "more than 4 calls inside each other"),
        ("steps=9", "this takes more than 9 steps"),
        ("elements=1", "an array of 2 elements is more than 1"),
    ],
)
def test_a_bound_ends_what_is_beyond_it_and_can_be_raised(bound: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(TOWER)
    asked = "backprop check f.py --x '[0.5,1.5]'"
    assert in_process(asked, tmp_path).returncode == 0
    ended = in_process(f"{asked} --bound {bound}", tmp_path)
    assert ended.returncode == 2
    assert message in ended.stderr
    hint = f"--bound {bound}0"
    assert f"hint: to go on: {hint}" in ended.stderr
    name = bound.partition("=")[0]
    assert in_process(f"{asked} --bound {bound} --bound {name}=100000", tmp_path).returncode == 0
    assert in_process(f"backprop eval -f f.py:f_forward --x 2 --bound {bound}0000", tmp_path).returncode == 0
    assert "did you mean" in in_process(f"{asked} --bound {name[:-1]}=3", tmp_path).stderr


def test_a_recursion_may_be_as_deep_as_in_python(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(TOWER.replace("5", "700").replace("* 2,", "* 1.01,").replace("32", "1.01 ** 700"))
    assert in_process("backprop check f.py --x 0.5", tmp_path).returncode == 0


def test_a_file_beside_is_read(tmp_path: Path) -> None:
    helper = "import numpy as np\ndef squash(z):\n    return 1 / (1 + np.exp(-z))\n"
    text = (
        "from helper import squash\ndef f_forward(x):\n    out = squash(x)\n    return out, out\n"
        "def f_backward(dout, out):\n    return dout * out * (1 - out)\n"
    )
    assert check(tmp_path, "layers.py", {"x": [1.0, -2]}, layers=text, helper=helper).returncode == 0
    (tmp_path / "helper.py").unlink()
    done = check(tmp_path, "layers.py", {"x": [1.0, -2]}, layers=text)
    assert done.returncode == 2
    assert "helper.squash is imported from elsewhere" in done.stderr


def test_reading_code_needs_no_scipy(tmp_path: Path) -> None:
    text = "def half_forward(x):\n    return x / 2, x\n\n\ndef half_backward(dout, cache):\n    return dout / 2\n"
    (tmp_path / "l.py").write_text(text)
    code = "import sys; sys.modules['scipy'] = None; from backprop.cli import main; main(sys.argv[1:])"
    words = [sys.executable, "-c", code, "check", "l.py", "--x", "[1.0, 2.0]"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "ok" in done.stdout) == (0, True), done.stderr


def test_a_mistake_that_the_inputs_hide_shows_at_others(tmp_path: Path) -> None:
    """None of these inputs is above the upper bound, so the line that is missing is not missed here."""
    (tmp_path / "clamp.py").write_text(
        "import numpy as np\n\ndef clamp_forward(x):\n    out = np.clip(x, -1, 1)\n    return out, x\n\n"
        "def clamp_backward(dout, x):\n    dx = dout.copy()\n    dx[x < -1] = 0\n    return dx\n"
    )
    done = in_process('backprop check clamp.py --x "[0.5, 0.2, -3, 0.7, -0.6, 0.8]" --seed 2', tmp_path)
    assert done.returncode == 1
    assert "every gradient is right at these inputs, which hide a mistake: it shows at others" in done.stderr


def test_where_the_forward_pass_is_not_finite_others_are_tested(tmp_path: Path) -> None:
    text = (
        "import numpy as np\n\ndef f_forward(x):\n    return np.log(x), x\n\n"
        "def f_backward(dout, x):\n    return dout / x\n"
    )
    done = check(tmp_path, "f.py", {"x": [1, -2.5, 3]}, f=text)
    assert "nothing of it could be tested" in done.stdout
    assert "the forward pass is not finite at these inputs\n" in done.stderr
    done = check(tmp_path, "f.py", {"x": [1, 0, 3]}, f=text)
    assert done.returncode == 0
    assert "the forward pass is not finite at these inputs: the gradients were tested at others" in done.stderr
    done = check(tmp_path, "f.py", {"x": [1, 0, 3]}, f=text.replace("dout / x", "dout * x"))
    assert "    return dout / x\n" in done.stdout


@pytest.mark.parametrize(
    ("text", "torch"),
    [
        ("F, C = w.shape\nout = x.transpose(2, 0, 1)", False),  # F is a number of filters
        ("out = F.relu(x)", True),
        ("out = x.sum(1, keepdim=True)", True),
        ("out = x.t() @ w", True),
        ("out = np.sum(x, keepdims=True)", False),
    ],
)
def test_torch_is_known_by_what_only_torch_has(text: str, torch: bool) -> None:
    assert uses_torch([ast.parse(text)], []) is torch


def test_what_takes_long_is_told_meanwhile(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MOMENT", 0.0)
    told = ""
    with progress.waiting("judging", True):
        while not re.search(r"judging  \d+ s", told):
            told += capsys.readouterr().err
    assert capsys.readouterr().err.endswith("\r\x1b[K")  # the line is taken away


NET = """
import numpy as np
class Net:
    def __init__(self, size, classes):
        self.params = {"W": np.random.randn(size, classes), "b": np.zeros(classes)}
    def loss(self, X, y=None, reg=0.0):
        W, b = self.params["W"], self.params["b"]
        scores = X @ W + b
        if y is None:
            return scores
        e = np.exp(scores)
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean() + reg * np.sum(W * W)
        p[np.arange(len(y)), y] -= 1
        grads = {"W": X.T @ p / len(y) + reg * W, "b": p.sum(axis=0) / len(y)}
        return loss, grads
"""


def test_a_net_is_asked_for_labels_and_says_what_a_weight_of_zero_hides(tmp_path: Path) -> None:
    done = check(tmp_path, "net.py", net=NET)
    assert (done.returncode, "--y '[0,2,1,1]'" in done.stderr) == (2, True)
    given = {"X": [[1.0, 2, -1], [0.5, -2, 1]], "y": [0, 1], "size": 3, "classes": 2}
    assert "reg is 0 unless given" in check(tmp_path, "net.py", given, net=NET).stderr
    for words in ("net.py", "net.py:Net.loss"):  # the method is the pass that the class is
        done = check(tmp_path, f"{words} --json", {**given, "reg": 0.6}, net=NET)
        assert [one["verdict"] for one in answer(done)["gradients"]] == ["wrong", "ok"]
        assert "unless given" not in done.stderr


TWICE = """
def scale_forward(x, mode):
    if mode != "train":
        raise ValueError("no such mode: %s" % mode)
    return 3.0 * x, x
def scale_backward(dout, cache):
    return 3.0 * dout
def scale_backward_alt(dout, cache):
    return 2.0 * dout
"""


def test_passes_of_one_forward_pass_have_names_of_their_own_and_notes_are_said_once(tmp_path: Path) -> None:
    done = check(tmp_path, "layers.py", {"x": [1.0, 2.0], "mode": "train"}, layers=TWICE)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [(row[0], row[-1]) for row in rows[1:3]] == [("scale_backward", "ok"), ("scale_backward_alt", "WRONG")]
    assert done.stderr.count("is random") == 1
    assert "no such mode: tran" in check(tmp_path, "layers.py", {"x": 1.0, "mode": "tran"}, layers=TWICE).stderr


def test_a_bias_of_zeros_before_a_softmax_is_no_size(tmp_path: Path) -> None:
    """All of it moved alike, the softmax stays what it is."""
    text = """
import numpy as np
def loss(x, y, b):
    e = np.exp(x + b)
    p = e / np.sum(e)
    db = np.zeros_like(b)
    db += p
    db[y] -= 1
    return -np.log(p[y]), db
"""
    done = check(tmp_path, "loss.py --json", {"x": [1.0, 2.0, 0.5], "y": 1, "b": [0, 0, 0]}, loss=text)
    assert answer(done)["verdict"] == "ok"


@pytest.mark.parametrize(("value", "wrong"), [(0.5, "reg * w"), (2.0, "2 * w")])
def test_a_cure_is_none_for_one_value_of_a_setting_alone(value: float, wrong: str, tmp_path: Path) -> None:
    """Twice 0.5 is 1, and twice 2 its square."""
    text = f"""
import numpy as np
def loss(w, x, reg):
    dw = x + {wrong}
    return np.sum(x * w) + reg * np.sum(w * w), dw
"""
    given = {"w": [1.0, -2.0, 0.5], "x": [0.4, 1.0, 3.0], "reg": value}
    done = check(tmp_path, "loss.py --json", given, loss=text)
    (line,) = answer(done)["lines"]
    namespace: dict[str, Any] = {"w": 1.5, "x": 0.3, "reg": 0.7}
    exec(line["write"], namespace)
    assert namespace["dw"] == pytest.approx(0.3 + 2 * 0.7 * 1.5)


def test_what_only_shows_how_it_is_used_is_no_statement_and_what_is_given_no_output(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        f'{NET}\nif __name__ == "__main__":\n    y = np.array([0, 1])\n    net = Net(3, 2)\n'
    )
    given = "--X '[[1, 2]]' --y '[0]' --size 2 --classes 2 --reg 0.5"
    for words, hint in (("net.py", "name one of them: net.py:Net"), ("net.py:Net", "net.py:Net.loss")):
        done = in_process(f"backprop eval -f {words} {given}", tmp_path)
        assert (done.returncode, hint in done.stderr) == (2, True)
    assert in_process(f"backprop eval -f net.py:Net.loss {given} --wrt X", tmp_path).returncode == 0
    (tmp_path / "script.py").write_text('if __name__ == "__main__":\n    y = 2.0\n')
    done = in_process("backprop eval -f script.py --y 1", tmp_path)
    assert (done.returncode, "is not run" in done.stderr) == (2, True)


def test_a_gradient_from_above_of_another_shape_is_told_the_right_one(tmp_path: Path) -> None:
    text = """
def pair_forward(x):
    return 2.0 * x, 3.0 * x, None
def pair_backward(da, db, cache):
    return 2.0 * da + 3.0 * db
"""
    done = check(tmp_path, "layers.py --x '[[1, 2]]' --upstream 1", layers=text)
    hint = "--upstream 'randn(2,1,2)'"
    assert (done.returncode, hint in done.stderr) == (2, True)
    assert check(tmp_path, f"layers.py --x '[[1, 2]]' {hint}", layers=text).returncode == 0
