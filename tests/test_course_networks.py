"""Networks as exercises have them, in whatever words: what is offered for them, and what is judged."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from textwrap import dedent

import pytest

from backprop_cli import main

LIKE = re.compile(r"give options, like (.*), or all in a file")


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["backprop", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


OFFERED = {  # what is offered, and what is judged with it
    "widths of layers under a name that tells nothing": ("""
        class Red:
            def __init__(self, anchos):
                self.cuantas = len(anchos)
                self.pesos, self.sesgos = [], []
                for i in range(self.cuantas - 1):
                    self.pesos.append(np.random.randn(anchos[i], anchos[i + 1]))
                    self.sesgos.append(np.zeros((1, anchos[i + 1])))
            def forward(self, X):
                salidas = [X]
                for W, b in zip(self.pesos, self.sesgos):
                    salidas.append(1 / (1 + np.exp(-(salidas[-1] @ W + b))))
                return salidas
            def backward(self, X, y, salidas):
                de_pesos, de_sesgos, delta = [], [], salidas[-1] - y
                for i in reversed(range(self.cuantas - 1)):
                    de_pesos.insert(0, salidas[i].T @ delta / len(X))
                    de_sesgos.insert(0, delta.sum(axis=0, keepdims=True) / len(X))
                    if i > 0:
                        delta = delta @ self.pesos[i].T * salidas[i] * (1 - salidas[i])
                return de_pesos, de_sesgos
    """, {"pesos[0]", "pesos[1]", "sesgos[0]", "sesgos[1]"}),
    "numbers of units between two sizes": ("""
        class Layer:
            def __init__(self, inner, outer):
                self.params = {"weight": np.random.randn(outer, inner), "bias": np.zeros(outer)}
                self.grads = {"weight": None, "bias": None}
            def forward(self, x):
                self.x = x
                return x @ self.params["weight"].T + self.params["bias"]
            def backward(self, dout):
                self.grads["weight"] = dout.T @ self.x
                self.grads["bias"] = dout.sum(axis=0)
                return dout @ self.params["weight"]
        class Net:
            def __init__(self, n_inputs, n_hidden, n_classes):
                self.layers, last = [], n_inputs
                for one in n_hidden:
                    self.layers.append(Layer(last, one))
                    last = one
                self.layers.append(Layer(last, n_classes))
            def forward(self, x):
                for layer in self.layers:
                    x = layer.forward(x)
                return x
            def backward(self, dout):
                for layer in reversed(self.layers):
                    dout = layer.backward(dout)
                return dout
    """, {f"layers[{place}].params['{name}']" for place in range(4) for name in ("weight", "bias")} | {"x"}),
}  # fmt: skip


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_offered_for_a_network_judges_all_of_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    text, names = OFFERED[name]
    file = tmp_path / "red.py"
    file.write_text(f"import numpy as np\n{dedent(text)}")
    last = re.findall(r"class (\w+)", text)[-1]
    assert run(monkeypatch, "check", f"{file}:{last}") == 2
    offered = LIKE.search(capfd.readouterr().err)
    assert offered is not None
    run(monkeypatch, "check", f"{file}:{last}", *shlex.split(offered[1]), "--seed", "1")
    assert {*re.findall(r"^(\S+) +\S+ +ok$", capfd.readouterr().out, re.MULTILINE)} == names
