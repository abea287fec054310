"""Lines of JSON that a fast parser reads as something else, and a standard input that is closed."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import in_process

COMMAND = [str(Path(sys.executable).parent / "backprop"), "map"]


def mapped(formula: str, text: str, *options: str) -> tuple[int, str, str]:
    done = in_process(shlex.join(["backprop", "map", formula, *options]), Path.cwd(), text)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("other", ["", '{"x":1}\n', '{"x":null}\n'])
def test_minus_zero(other: str) -> None:
    assert '"f":"-Infinity"' in mapped("1/x", other + '{"x":-0}\n')[1].replace("value", "f")


@pytest.mark.parametrize(("row", "message"), [
    ('{"x":1,"y":2,"y":3}', "'y' is there twice"),
    ('{"x":1,"y":2,"z":{"a":1,"a":2}}', "'a' is there twice"),
    ('{"x":1,"y":2,"n":' + "9" * 5000 + "}", "5000 digits"),
], ids=["twice", "within", "long"])  # fmt: skip
def test_a_bad_row(row: str, message: str) -> None:
    code, out, error = mapped("x*y", row + "\n")
    assert code
    assert message in error
    code, out, error = mapped("x*y", '{"x":1,"y":2,"t":"12:30"}\n' + row + "\n", "--errors", "null")
    assert message in out


def test_standard_input_is_closed() -> None:
    done = subprocess.run(f"{' '.join(COMMAND)} x*2 <&-", shell=True, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") <= 2
    assert "internal" not in done.stderr


def test_powers_at_zero() -> None:
    out = mapped("x^6", '{"x":0.0}\n{"x":2.0}\n')[1].splitlines()
    assert '"df_dx":0.0' in out[0]
    assert '"df_dx":192.0' in out[1]


def test_a_table_of_text_is_no_value(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    for text, code in (("a,b\n1,2\n", 0), ("a,b\nc,d\n", 2), ("a,b\n\nc,d\n1,2\n", 2)):
        table.write_text(text)
        done = in_process("backprop eval 'sum(x)' --x @a.csv", tmp_path)
        assert done.returncode == code
        assert not code or "'c' is no number" in done.stderr
