"""What the search for values costs, by the clock of what is done: a wrong pass, which no values fit, is no reason to
wait, and many passes share what one may cost."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from backprop.check.passes.fitted import ALL_WORK
from backprop.python.values.work import SECOND, now
from backprop_cli import main

WRONG = {
    "a mean for a sum": """
        def layer{0}_forward(x, w, b):
            return x @ w + b, (x, w)
        def layer{0}_backward(dout, cache):
            x, w = cache
            return dout @ w.T, x.T @ dout, dout.mean(axis=0)
    """,
    "a share that is lost": """
        def norm{0}_forward(x, gamma, beta, eps=1e-5):
            spread = np.sqrt(x.var(axis=0) + eps)
            y = (x - x.mean(axis=0)) / spread
            return gamma * y + beta, (y, gamma, spread)
        def norm{0}_backward(dout, cache):
            y, gamma, spread = cache
            dy = dout * gamma
            dx = (dy - (dy * y).mean(axis=0) * y) / spread
            return dx, (dout * y).sum(axis=0), dout.sum(axis=0)
    """,
    "labels that are added": """
        def cost{0}(s, t):
            p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
            n = len(t)
            ds = p.copy()
            ds[np.arange(n), t] += 1
            return -np.log(p[np.arange(n), t]).mean(), ds / n
    """,
    "probabilities with the slope of others": """
        def cost{0}_forward(p, t):
            return -np.sum(t * np.log(p)) / p.shape[0]
        def cost{0}_backward(p, t):
            return -t / p + (1 - t) / (1 - p)
    """,
}


def searched(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> tuple[float, str]:
    """How much is done until values are offered, in seconds of a usual machine, and what is offered."""
    file = tmp_path / "wrong.py"
    file.write_text(f"import numpy as np\n{code}")
    monkeypatch.setattr("sys.argv", ["backprop", "check", str(file)])
    before = now()
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    return (now() - before) / SECOND, capfd.readouterr().err


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_pass_is_offered_values_soon(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    done, told = searched(dedent(WRONG[name].format("")), tmp_path, monkeypatch, capfd)
    assert "give options, like --" in told
    assert "a guess" not in told
    assert done < 1.2, done


def test_many_wrong_passes_share_the_work_of_a_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    every = [dedent(text.format(place)) for place in range(3) for text in WRONG.values()]
    done, told = searched("".join(every), tmp_path, monkeypatch, capfd)
    assert "give options, like --" in told
    assert done < ALL_WORK, done
