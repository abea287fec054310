"""Functions that are read and traced at a point: their gradients against central differences of themselves."""

import json
import shlex

import numpy as np
import pytest

from conftest import in_process

FUNCTIONS = {
    "softmax": """
def run(x, y):
    s = x - np.max(x, axis=1, keepdims=True)
    p = np.exp(s) / np.sum(np.exp(s), axis=1, keepdims=True)
    N = x.shape[0]
    return -np.sum(np.log(p[np.arange(N), y])) / N
""",
    "batchnorm": """
def run(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=0)
    centred = x - mu
    var = np.mean(centred ** 2, axis=0)
    out = gamma * centred / np.sqrt(var + eps) + beta
    return (out ** 3).sum()
""",
    "recurrent": """
def run(x, h, W):
    hs = np.zeros((3, 2))
    for t in range(3):
        h = np.tanh(x[t, :2] + h.dot(W))
        hs[t] = h
    return (hs ** 2).sum()
""",
    "masked": """
def run(x):
    out = x.copy() * 2
    out[x <= 0] = 0
    out[0, 1] += x[1, 1] ** 2
    return np.sum(out * x)
""",
    "layernorm": """
def run(x):
    return np.sum(((x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)) ** 3)
""",
    "dictionary": """
def run(x, W):
    params = {"W1": W}
    return np.maximum(x @ params["W" + str(1)], 0).sum()
""",
    "a number in many places": """
def run(x, s):
    h = x * 1.0
    h[0] = s
    np.add.at(h, ([1, 0, 1], [0, 2, 0]), s)
    return np.sum(h * np.array([[s, s, s], x[0], x[1] * s]))
""",
    "a number that fills": """
def run(x, s):
    t = np.full((2, 3), s / 3)
    t[0, 1] += 1 - s
    return (t * x[:2] * np.full_like(x[:2], s)).sum()
""",
    "attention": """
def run(x, W):
    q = x @ W
    a = q @ x.T / np.sqrt(x.shape[1])
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return ((e / e.sum(axis=-1, keepdims=True)) @ x)[0].sum()
""",
}
X = [[0.3, -1.2, 0.5], [0.7, 0.4, -0.6], [1.1, 0.2, -0.3]]
SQUARE = [[0.1, 0.2, -0.3], [0.4, 0.3, 0.5], [0.2, -0.6, 0.7]]
GIVEN = {
    "softmax": {"x": X, "y": [0, 2, 1]},
    "batchnorm": {"x": X, "gamma": [1.0, 2.0, 0.5], "beta": [0.1, 0.2, 0.3]},
    "recurrent": {"x": X, "h": [0.5, 1.0], "W": [[0.1, 0.2], [0.3, -0.4]]},
    "masked": {"x": X},
    "layernorm": {"x": X},
    "dictionary": {"x": X, "W": SQUARE},
    "a number in many places": {"x": X, "s": 0.5},
    "a number that fills": {"x": X, "s": 0.5},
    "attention": {"x": X, "W": SQUARE},
}


def answer(tmp_path, name, *words):
    (tmp_path / "layers.py").write_text("import numpy as np\n" + FUNCTIONS[name])
    (tmp_path / "in.json").write_text(json.dumps(GIVEN[name]))
    line = ["backprop", words[0], "-f", "layers.py:run", "--vars", "in.json", *words[1:]]
    return in_process(shlex.join(line), tmp_path)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_those_of_the_function(name, tmp_path):
    found = json.loads(answer(tmp_path, name, "eval", "--json").stdout)
    scope = {"np": np}
    exec(FUNCTIONS[name], scope)  # our own text
    point = {key: np.array(value) for key, value in GIVEN[name].items()}
    assert found["value"] == pytest.approx(scope["run"](**point))
    for key, value in point.items():
        if value.dtype.kind != "f":
            assert key not in found["gradients"]
            continue
        for place in np.ndindex(value.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = {**point, key: value.copy()}
                moved[key][place] += step
                ends.append(scope["run"](**moved))
            slope = (ends[0] - ends[1]) / 2e-6
            assert np.array(found["gradients"][key])[place] == pytest.approx(slope, abs=1e-6, rel=1e-6)


@pytest.mark.parametrize(
    "command", [["explain"], ["draw"], ["check"], ["nudge", "--by", "x=0.01"], ["code", "--to", "numpy"]]
)
def test_other_commands_take_it(command, tmp_path):
    assert answer(tmp_path, "softmax", *command).returncode == 0


def test_what_has_no_gate_is_refused_with_its_place(tmp_path):
    (tmp_path / "a.py").write_text("import numpy as np\ndef run(x):\n    return np.sum(np.median(x))\n")
    result = in_process("backprop eval -f a.py:run --x '[[1.5, 2], [0.5, -1]]'", tmp_path)
    assert result.returncode == 2
    assert "np.median(x)" in result.stderr
