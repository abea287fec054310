"""The hint for code that is given nothing: pasted, it leads to a verdict on every gradient, and no further error."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.pairs import Pair, pairs

from backprop_cli import main


def text_of(pair: Pair) -> str:
    return f"{pair.forward}\n\n{pair.code}" if pair.forward else pair.code


KINDS = [  # pairs that need: sizes that belong together, labels, dictionaries and lists of weights, columns, texts
    "lstm step", "softmax with loss", "deep net over layers", "deep net with loops over a list of weights",
    "attention by hand", "linear backward of a course", "one cell of a recurrent net", "word embedding",
    "activations chosen by a name", "naive convolution", "mean over what is there", "groupnorm of images",
    "negative sampling", "cross entropy from probabilities with one hot", "weighted norm in numbers",
    "heads that a width is divided among",
]  # fmt: skip
RIGHT = {pair.name: text_of(pair) for pair in pairs() if pair.half == "tuned"}
RIGHT["heads that a width is divided among"] = """
import numpy as np

class Heads:
    def __init__(self, width, heads, eps):
        assert width % heads == 0
        self.heads, self.eps = heads, eps

    def forward(self, x, v):
        B, T, C = x.shape
        self.shape = x.shape
        self.x = x.reshape(B, T, self.heads, C // self.heads).transpose(0, 2, 1, 3)
        self.v = v
        self.norm = np.sqrt((self.x ** 2).sum(-1, keepdims=True) + self.eps)
        return (self.x / self.norm).transpose(0, 2, 1, 3).reshape(B, T, C) @ v

    def backward(self, dout):
        B, T, C = self.shape
        y = (self.x / self.norm).transpose(0, 2, 1, 3).reshape(B, T, C)
        dv = y.transpose(0, 2, 1) @ dout
        dy = (dout @ self.v.transpose(0, 2, 1)).reshape(B, T, self.heads, -1).transpose(0, 2, 1, 3)
        dx = dy / self.norm - self.x * (dy * self.x).sum(-1, keepdims=True) / self.norm ** 3
        return dx.transpose(0, 2, 1, 3).reshape(B, T, C), dv
"""
LIKE = re.compile(r"give options, like (.*), or all in a file")


@pytest.mark.parametrize("name", KINDS)
def test_what_is_offered_can_be_pasted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "layers.py"
    file.write_text(RIGHT[name])

    def run(*words: str) -> int | str | None:
        monkeypatch.setattr("sys.argv", ["backprop", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0

    assert run("check", str(file)) == 2
    offered = LIKE.search(capfd.readouterr().err)
    assert offered is not None
    assert run("check", str(file), *shlex.split(offered[1]), "--seed", "1") == 0, offered[1]


def test_a_wrong_pass_is_offered_what_it_runs_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    right = RIGHT["lstm step"]
    wrong = right.replace("dprev_c = dnext_c * f", "dprev_c = dnext_c").replace("* (1 - g ** 2)", "")
    assert wrong != right
    (tmp_path / "wrong.py").write_text(wrong)
    monkeypatch.setattr("sys.argv", ["backprop", "check", f"{tmp_path}/wrong.py"])
    with pytest.raises(SystemExit):
        main()
    assert re.search(r"--Wx 'randn\(\d,(\d+)\)' --Wh 'randn\((?!\1)\d,\1\)' --b 'randn\(\1\)'", capfd.readouterr().err)
