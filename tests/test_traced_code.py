"""Code of the user's own as a question: scripts, notebooks, several outputs, places, decisions, programs written."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from conftest import in_process

LAYER = """import numpy as np


def layer(x, W, b):
    z = x @ W + b
    h = np.tanh(z)
    y = h * (z > 0)
    y[:, 0] += np.sum(x ** 2, axis=1)
    np.add.at(y, ([0, 0, 1], [1, 1, 0]), x[0, 0])
    return y, (x, h)
"""
POINT = {"x": [[0.5, -1.0], [0.3, 0.8]], "W": [[0.2, 0.4], [-0.6, 0.9]], "b": [0.1, -0.2]}
ABOVE = [[0.7, -0.3], [1.1, 0.4]]
BRANCHES = """import numpy as np
def run(x, n):
    if x > 0:
        y = x ** n
    else:
        y = -x
    k = int(np.floor(x))
    return y * k
"""
SCRIPT = """import numpy as np
x = 2.0
W = np.array([[1.0, 2.0], [3.0, 4.0]])
total = 0.0
for i in range(2):
    total += W[i].sum() * x
"""


def backprop(*words):
    return in_process(shlex.join(["backprop", *map(str, words)]), Path.cwd())


def asked(tmp_path, text, name="layers.py"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def layer(tmp_path, command, *words):
    path = asked(tmp_path, LAYER)
    given = [word for key, value in POINT.items() for word in (f"--{key}", value)]
    return backprop(command, "-f", f"{path}:layer", *given, "--upstream", ABOVE, *words)


def slopes():
    """Central differences of the layer itself, which is our own text."""
    scope: dict = {}
    exec(LAYER, scope)
    point = {key: np.array(value) for key, value in POINT.items()}
    for key, value in point.items():
        found = np.zeros_like(value)
        for place in np.ndindex(value.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = {**point, key: value.copy()}
                moved[key][place] += step
                ends.append(np.sum(scope["layer"](**moved)[0] * np.array(ABOVE)))
            found[place] = (ends[0] - ends[1]) / 2e-6
        yield key, found


def test_gradients_of_a_layer(tmp_path):
    found = json.loads(layer(tmp_path, "eval", "--json").stdout)
    for name, slope in slopes():
        assert np.array(found["gradients"][name]) == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_the_program_that_is_written_finds_them_too(target, tmp_path):
    pytest.importorskip(target)
    written = layer(tmp_path, "code", "--to", target)
    assert written.returncode == 0, written.stderr
    exec(written.stdout, {"__name__": "__main__"})  # it compares itself with the gradients at the point
    if target == "numpy":
        scope: dict = {"__name__": "written"}
        exec(written.stdout, scope)
        values = {key: np.array(value) for key, value in POINT.items()}
        _, gradients = scope["backprop"](**values, df=np.array(ABOVE))
        for name, slope in slopes():
            assert gradients[name] == pytest.approx(slope, abs=1e-7)


def test_stages_have_the_names_of_the_text(tmp_path):
    found = json.loads(layer(tmp_path, "eval", "--json").stdout)
    names = [stage["name"] for stage in found["stages"]]
    assert {"z", "h", "y"} < set(names)
    assert found["output"] not in names[:-1]


def test_another_result(tmp_path):
    assert json.loads(layer(tmp_path, "eval", "--json", "--output", "h").stdout)["output"] == "h"
    assert np.shape(json.loads(layer(tmp_path, "eval", "--json", "--output", "h,z", "--upstream", [ABOVE, ABOVE])
                               .stdout)["value"]) == (2, 2, 2)  # fmt: skip
    refused = layer(tmp_path, "eval", "--output", "hh")
    assert refused.returncode == 2
    assert "did you mean h?" in refused.stderr


def test_decisions_are_told(tmp_path):
    path = asked(tmp_path, BRANCHES)
    found = backprop("eval", "-f", f"{path}:run", "--x", 2.5, "--n", 2)
    assert "taken at this point: line 3, x > 0 was true" in found.stderr
    assert "line 7" in found.stderr
    assert "taken" not in backprop("eval", "-f", f"{path}:run", "--x", 2.5, "--n", 2, "--quiet").stderr
    assert json.loads(backprop("eval", "-f", f"{path}:run", "--x", 2.5, "--n", 2, "--json").stdout)["value"] == 12.5


@pytest.mark.parametrize(
    ("command", "problem"), [("map", "layers.py:5:9: TypeError"), ("minimize", "layer has no value for x, W, b")]
)
def test_what_needs_a_formula_refuses_in_a_line(command, problem, tmp_path):
    found = backprop(command, "-f", f"{asked(tmp_path, LAYER)}:layer")
    assert (found.returncode, problem in found.stderr) == (2, True)


@pytest.mark.parametrize("notebook", [False, True])
def test_a_script_without_a_name(notebook, tmp_path):
    text = SCRIPT
    if notebook:
        cells = [{"cell_type": "code", "source": part} for part in ("%matplotlib inline\n", SCRIPT)]
        text = json.dumps({"cells": cells})
    path = asked(tmp_path, text, "script.ipynb" if notebook else "script.py")
    found = json.loads(backprop("eval", path, "--json").stdout)
    assert found["value"] == 20
    assert found["gradients"]["x"] == 10
    assert found["gradients"]["W"] == [[2, 2], [2, 2]]
    assert json.loads(backprop("eval", "-f", path, "--x", 3, "--json").stdout)["value"] == 30


def test_a_listing_of_both_passes_is_its_forward_pass(tmp_path):
    path = asked(tmp_path, "x = 3\ny = -4\nq = x * y\nf = q ** 2\ndq = 2 * q\ndx = dq * y\ndy = dq * x\n")
    found = json.loads(backprop("eval", "-f", path, "--json").stdout)
    assert (found["output"], found["value"], found["gradients"]) == ("f", 144, {"x": 96, "y": -72})


def test_notes_and_errors_point_into_the_file(tmp_path):
    text = "import numpy as np\ndef run(x):\n    y = 2 * x\n    z = np.log(y)\n    return z\n"
    found = backprop("eval", "-f", f"{asked(tmp_path, text)}:run", "--x", 0)
    assert "z = np.log(y)" in backprop("eval", "-f", f"{tmp_path}/layers.py:run", "--x", 0).stderr, found.stderr
    text = text.replace("np.log", "np.interp")
    found = backprop("eval", "-f", f"{asked(tmp_path, text)}:run", "--x", 0)
    assert "layers.py:4:9" in found.stderr


def test_nothing_of_the_file_is_run(tmp_path):
    text = f"open({str(tmp_path / 'made')!r}, 'w')\ndef run(x):\n    return x * 2\n"
    assert backprop("eval", "-f", f"{asked(tmp_path, text)}:run", "--x", 1).returncode == 0
    assert not (tmp_path / "made").exists()


NOTES = """import math
w = [2, -3, -3]
x = [-1, -2]
dot = w[0]*x[0] + w[1]*x[1] + w[2]
f = 1.0 / (1 + math.exp(-dot))
ddot = (1 - f) * f
dx = [w[0] * ddot, w[1] * ddot]
dw = [x[0] * ddot, x[1] * ddot, 1.0 * ddot]
"""


def test_a_listing_of_both_passes_is_judged(tmp_path):
    assert backprop("check", asked(tmp_path, NOTES, "notes.py")).returncode == 0
    wrong = backprop("check", asked(tmp_path, NOTES.replace("w[1] * ddot", "w[0] * ddot"), "notes.py"))
    assert wrong.returncode == 1
    assert "dx = [w[0] * ddot, w[1] * ddot]" in wrong.stdout


def test_constants_among_the_elements_of_a_stage_are_a_where_said_once(tmp_path):
    text = """import numpy as np
def attention(q, k, v):
    scores = q @ k.T
    scores[np.triu(np.ones((3, 3)), 1) == 1] = -np.inf
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v
"""
    given = [word for name in "qkv" for word in (f"--{name}", "randn(3, 2)")]
    path = asked(tmp_path, text)
    done = backprop("eval", "-f", f"{path}:attention", *given, "--upstream", "ones(3, 2)", "--seed", 1, "--json")
    gates = [stage.get("expression", "") for stage in json.loads(done.stdout)["stages"]]
    chosen = [gate for gate in gates if gate.startswith("where")]
    assert [gate.startswith("where([[1, 0, 0], [1, 1, 0], [1, 1, 1]], scores, ") for gate in chosen] == [True]
    assert not any(gate.startswith("concat") for gate in gates)


HEADS = """import numpy as np
class Dense:
    def __init__(self, m, n):
        self.W, self.b = np.linspace(-1, 1, m * n).reshape(m, n), np.zeros(n)
    def __call__(self, x):
        return x @ self.W + self.b
class Attention:
    def __init__(self, d, heads):
        self.heads, self.parts = heads, [Dense(d, d), Dense(d, d)]
        self.gain = np.ones(d)
    def split(self, x):
        return x.reshape(x.shape[0], self.heads, -1).transpose(1, 0, 2)
    def forward(self, x):
        q, k = (self.split(part(x * self.gain)) for part in self.parts)
        out = q @ k.transpose(0, 2, 1) @ k
        return out.swapaxes(0, 1).reshape(x.shape)
"""


def test_the_weights_of_an_object_are_inputs_with_gradients(tmp_path):
    path = asked(tmp_path, HEADS)
    given = ["--x", "randn(3, 4)", "--d", 4, "--heads", 2, "--upstream", "ones(3, 4)", "--seed", 1]
    found = json.loads(backprop("eval", "-f", f"{path}:Attention", *given, "--json").stdout)
    assert set(found["gradients"]) == {"x", "gain", "parts_0_W", "parts_0_b", "parts_1_W", "parts_1_b"}
    exec(backprop("code", "-f", f"{path}:Attention", *given, "--to", "numpy").stdout, {"__name__": "__main__"})


def test_axes_in_another_order_are_said_so(tmp_path):
    path = asked(tmp_path, HEADS)
    given = ["--x", "randn(3, 4)", "--d", 4, "--heads", 2, "--upstream", "ones(3, 4)", "--seed", 1]
    stages = json.loads(backprop("eval", "-f", f"{path}:Attention", *given, "--json").stdout)["stages"]
    turned = [stage["expression"].partition(", ")[2] for stage in stages if stage["gate"] == "transpose"]
    assert turned == ["axes=[1, 0, 2])", "axes=[1, 2, 0])", "axes=[1, 0, 2])", "axes=[1, 0, 2])"]
    assert not any(stage["gate"] == "index" for stage in stages)


PARTS = """import numpy as np
def steps(x, w):
    h, out = np.zeros(2), np.zeros((3, 2))
    for t in range(3):
        h = np.tanh(x[t] * w + h)
        out[t] = h
    return out
def halves(x):
    left, right = np.split(x, 2, axis=1)
    return np.concatenate([left * right, right - left], axis=-1)
def rows(x, places):
    return x[places]
def windows(x, k):
    padded = np.pad(x, 1)
    return np.stack([padded[i:i + k, j:j + k].reshape(-1) for i in range(3) for j in range(2)])
"""


@pytest.mark.parametrize(
    ("name", "given", "last", "longest"),
    [
        ("steps", ["--x", "randn(3, 2)", "--w", "randn(2)"], "[h, h_2, h_3]", 18),
        ("halves", ["--x", "randn(3, 4)"], "concat(q3, q4, axis=1)", 22),
        ("rows", ["--x", "randn(3, 2)", "--places", "[[2, 0], [0, 1]]"], "x[[[2, 0], [0, 1]]]", 22),
        ("windows", ["--x", "randn(2, 3)", "--k", 2], "[q3, q5, q7, q9, q11, q13]", 63),
    ],
)
def test_what_is_put_together_of_parts_is_said_so(name, given, last, longest, tmp_path):
    path = asked(tmp_path, PARTS)
    shape = {"steps": "3, 2", "halves": "3, 4", "rows": "2, 2, 2", "windows": "6, 4"}[name]
    done = backprop("eval", "-f", f"{path}:{name}", *given, "--upstream", f"ones({shape})", "--seed", 1, "--json")
    gates = [stage.get("expression", "") for stage in json.loads(done.stdout)["stages"]]
    assert gates[-1] == last
    assert max(map(len, gates)) <= longest, gates
