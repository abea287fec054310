"""TAB in real shells: what is offered, and that nothing is ever typed into the prompt that nobody asked for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import BIN

SHELLS = {
    "bash": ["bash", "--norc", "--noprofile"],
    "zsh": ["zsh", "-f"],
    "fish": ["fish", "--no-config"],
}
SETUP = {
    "bash": 'PS1="> "; eval "$(_BACKPROP_COMPLETE=bash_source backprop)"',
    "zsh": 'PS1="> "; autoload -U compinit; compinit -u -D; eval "$(_BACKPROP_COMPLETE=zsh_source backprop)"',
    "fish": 'function fish_prompt; echo "> "; end; _BACKPROP_COMPLETE=fish_source backprop | source',
}
WAIT = 15.0  # seconds, for a machine that is busy

Screen = Callable[..., str]


@pytest.fixture(params=list(SHELLS))
def tab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Screen]:
    """A function that types into a shell in a terminal, and gives the screen when it shows what is waited for."""
    shell = request.param
    if shutil.which("tmux") is None or shutil.which(shell) is None:
        pytest.skip(f"there is no tmux, or no {shell}")
    (tmp_path / "point.json").write_text('{"x": 2}')
    (tmp_path / "staged.bp").write_text("f = speed*time")
    (tmp_path / "layers.py").write_text("def relu_forward(x):\n    return x\n\nclass Norm:\n    pass\n")
    socket = str(tmp_path / "tmux")
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "LANG": "C.UTF-8", "HOME": str(tmp_path), "TERM": "xterm",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }  # fmt: skip

    def tmux(*words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", socket, "-f", "/dev/null", *words], cwd=tmp_path, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        return done.stdout

    def typed(keys: str, *, shows: str) -> str:
        tmux("send-keys", "-l", keys.rstrip("\t"))
        for _ in range(len(keys) - len(keys.rstrip("\t"))):
            time.sleep(0.2)
            tmux("send-keys", "Tab")
        ends = time.monotonic() + WAIT
        while True:
            screen = tmux("capture-pane", "-p").rstrip()
            if re.search(shows, screen) or time.monotonic() > ends:
                return screen
            time.sleep(0.05)

    tmux("new-session", "-d", "-x", "100", "-y", "40", *SHELLS[shell])
    typed(SETUP[shell] + "; clear; echo rea''dy\r", shows="(?m)^ready")
    typed("clear\r", shows=r"\A> *\Z")
    yield typed
    tmux("kill-server")


def last(screen: str) -> str:
    """The line of the prompt, on which something was typed."""
    return next(line for line in reversed(screen.splitlines()) if line.startswith(">")).removeprefix(">").strip()


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("backprop expl\t", "backprop explain"),
        ("backprop gates softp\t", "backprop gates softplus"),
        ("backprop help nud\t", "backprop help nudge"),
        ("backprop eval 'x*y' --jac\t", "backprop eval 'x*y' --jacobian"),
        ("backprop eval 'height*y' --hei\t", "backprop eval 'height*y' --height"),
        ("backprop eval -f staged.bp --sp\t", "backprop eval -f staged.bp --speed"),
        ("backprop eval x --format la\t", "backprop eval x --format latex"),
        ("backprop eval x --format=la\t", "backprop eval x --format=latex"),
        ("backprop eval 'height*y' --wrt y,h\t", "backprop eval 'height*y' --wrt y,height"),
        ("backprop eval x --vars poi\t", "backprop eval x --vars point.json"),
        ("backprop eval x --vars=poi\t", "backprop eval x --vars=point.json"),
        ("backprop eval x --x @poi\t", "backprop eval x --x @point.json"),
        ("backprop eval x --x=@poi\t", "backprop eval x --x=@point.json"),
        ("backprop eval -f sta\t", "backprop eval -f staged.bp"),
        ("backprop eval 'x*softpl\t", "backprop eval 'x*softplus("),
        ("backprop check layers.py:re\t", "backprop check layers.py:relu_forward"),
        ("backprop check -f layers.py:N\t", "backprop check -f layers.py:Norm"),
    ],
)
def test_tab_completes(tab: Screen, keys: str, line: str) -> None:
    screen = tab(keys, shows=re.escape(line))
    assert last(screen).startswith(line)
    assert len([row for row in screen.splitlines() if row]) == 1


@pytest.mark.parametrize(
    "keys",
    [
        "backprop nonsense \t", "backprop eval 'x*(' --zzz\t", "backprop eval 'x*y z' one two three --zz\t",
        "backprop eval x --format zz\t", "backprop eval --vars --f --zz\t", "backprop eval x -f nothing.bp --zz\t",
        "backprop check nothing.py:\t",
    ],
)  # fmt: skip
def test_no_error_is_typed_into_the_prompt(tab: Screen, keys: str) -> None:
    time.sleep(0.5)
    screen = tab(keys + "#end", shows="#end")
    time.sleep(0.5)
    assert screen.splitlines()[0].removeprefix(">").strip().startswith(keys.rstrip("\t "))
    assert "rror" not in screen
    assert "Traceback" not in screen
