"""Programs that `backprop code` writes are really run, and say what `eval` says."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from shutil import which
from typing import Any

import numpy as np

from backprop.emit import Request, write
from backprop.errors import Problem
from backprop.library import Compiled

from ..case import Failure, Outcome, Program, Skipped, command, short
from ..making import array_program
from .scalars import scalar_program

COMMANDS = {
    "c": ["sh", "-c", "cp program program.c && cc -O1 -std=c11 program.c -lm && ./a.out"],
    "javascript": ["node", "--input-type=module", "-e", "PROGRAM"],
}
NEEDED = {"c": "cc", "javascript": "node"}


def attempts(dice: Random) -> Iterator[Program]:
    while True:
        if dice.random() < 0.4:
            yield scalar_program(dice, dice.choice([1, 2, 4]), dice.choice([0.0, 0.4]))
        else:
            yield array_program(dice, dice.choice([1, 2]))


def in_process(source: str) -> None:
    """A program in Python tests itself when it is the main one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, "program", "exec"), {"__name__": "__main__"})


def in_shell(to: str) -> Callable[[str], None]:
    def run(source: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "program").write_text(source)
            words = [source if word == "PROGRAM" else word for word in COMMANDS[to]]
            done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60)
            if done.returncode:
                raise AssertionError((done.stderr or done.stdout).strip()[-300:] or f"exit {done.returncode}")

    return run


RUNNERS: dict[str, Callable[[str], None]] = {
    "python": in_process,
    "numpy": in_process,
    "torch": in_process,
    **{to: in_shell(to) for to in COMMANDS if which(NEEDED[to])},
}


def judge(program: Program) -> Outcome:
    tried = False
    for to, run in RUNNERS.items():
        try:
            compiled = Compiled(program.text)
            result = compiled.evaluate(program.at)
            if not well_inside(result):
                return Skipped("not finite")
            if at_zero_to_zero(result):
                return Skipped("0^0")
            circuit = compiled.circuit(program.at)
            source = write(Request(circuit, at=dict(program.at), ties="both"), to)
        except Problem:
            continue  # a language may refuse
        except Exception as error:
            shown = command(program, "--to", to, verb="code")
            return Failure("code", f"{to}: writing", shown, f"{type(error).__name__}: {error}", "a program")
        tried = True
        try:
            run(source)
        except Exception as error:
            shown = f"{command(program, '--to', to, verb='code')} | {interpreter(to)}"
            return Failure("code", to, shown, short(f"{type(error).__name__}: {error}"), "it passes its own test")
    return None if tried else Skipped("refused")


def interpreter(to: str) -> str:
    return {"c": "cc -x c - -lm && ./a.out", "javascript": "node --input-type=module -"}.get(
        to, Path(sys.executable).name
    )


def at_zero_to_zero(result: Any) -> bool:
    """Whether there is a power where that jumps: no difference of values is its slope."""
    run = result.run
    pairs = [
        [np.asarray(run.values[source]) for source in inputs]
        for gate, inputs in zip(run.circuit.gates, run.circuit.inputs, strict=True)
        if gate.name == "power"
    ]
    return any(np.any((x == 0) & (y == 0)) for x, y in pairs)


def well_inside(result: Any) -> bool:
    """Whether all numbers are finite and no digit was lost on the way: the programs test to 9 digits."""
    for stage in result.stages:
        for one in (stage.value, 0.0 if stage.gradient is None else stage.gradient):
            if not np.all(np.isfinite(one)) or np.max(abs(np.asarray(one)), initial=0.0) > 1e3:
                return False
    return True
