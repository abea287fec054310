"""The whole table of what is to be fast: every line with its bar, and the peers of the same run.

    python bench/all.py [--quick] [--only startup,loop] [--start PYTHON]

Each program of this folder that has lines in the table is a process of its own (`figures` in it yields them), one after
the other. With --quick it takes two minutes. `--start` is the Python of an environment in which backprop was installed
by pip, for the lines on the start: an editable installation has a finder that starts slower. What takes longer than its
time, or fails, says so in its line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from machine import Figure, machine

HERE = Path(__file__).parent
# The programs with lines in the table, and how many seconds each of them has in a quick run.
PROGRAMS = {
    "startup": 40, "loop": 30, "second": 40, "tensor": 40, "routes": 80, "growth": 50,
}  # fmt: skip
CALL = "import json, sys; from {0} import figures; [print(json.dumps(one), flush=True) for one in figures({1})]"


def lines_of(program: str, python: str, quick: bool) -> None:
    """Print the lines of a program as they come."""
    code = CALL.format(program, quick)
    limit = PROGRAMS[program] * (1 if quick else 10)
    process = subprocess.Popen([python, "-c", code], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    started, error = time.monotonic(), ""
    try:
        out, err = process.communicate(timeout=limit)
        error = (err.decode().strip().splitlines() or ["it failed"])[-1] if process.returncode else ""
    except subprocess.TimeoutExpired:
        process.kill()
        out, _ = process.communicate()
        error = f"stopped after {limit} seconds"
    for line in out.decode().splitlines():
        print(shown(Figure(*json.loads(line))), flush=True)
    if error:
        print(f"| {program}.py | {error} | | | |")
    print(f"{program}: {time.monotonic() - started:.0f} s", file=sys.stderr)


def shown(one: Figure) -> str:
    """A line of the table."""
    reached = one.value >= one.bar if one.at_least else one.value <= one.bar
    bar = f"at {'least' if one.at_least else 'most'} {one.bar:g}"
    return f"| {one.what} | {one.value:.3g} {one.unit} | {bar} | {'yes' if reached else 'no'} | {one.beside} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds: two minutes")
    parser.add_argument("--only", default=",".join(PROGRAMS), help="which programs, by their names")
    parser.add_argument("--start", default=sys.executable, metavar="PYTHON", help="where backprop was installed by pip")
    options = parser.parse_args()
    print(machine() + "\n")
    print("| what | measured | bar | reached | beside it |\n|---|---:|---:|---|---|")
    for program in options.only.split(","):
        lines_of(program, options.start if program == "startup" else sys.executable, options.quick)


if __name__ == "__main__":
    main()
