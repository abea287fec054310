"""The whole table of what is to be fast: every line with its bar, and the peers of the same run.

    python bench/all.py [--quick] [--only startup,loop] [--start PYTHON] [--write]

Each program of programs/ that has lines in the table is a process of its own (`figures` in it yields them), one after
the other. With --quick it takes two minutes. `--start` is the Python of an environment in which backprop was installed
by pip, for the lines on the start: an editable installation has a finder that starts slower. Where it is not given,
such an environment is made for as long as it takes. What takes longer than its time, or fails, says so in its line.
`--write` puts the table into bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path

from programs.machine import Figure, machine, put

HERE = Path(__file__).parent
# The programs with lines in the table, and how many seconds each of them has in a quick run.
PROGRAMS = {
    "startup": 40, "loop": 30, "second": 40, "tensor": 40, "routes": 80, "growth": 50, "passes": 60,
}  # fmt: skip
CALL = "import json, sys; from {0} import figures; [print(json.dumps(one), flush=True) for one in figures({1})]"
TITLE = "## The table of what is to be fast: `python bench/all.py{}`"
HEAD = ["| what | measured | bar | reached | beside it |", "|---|---:|---:|---|---|"]


def lines_of(program: str, python: str, quick: bool) -> Iterator[str]:
    """The lines of a program."""
    code = CALL.format(program, quick)
    limit = PROGRAMS[program] * (1 if quick else 10)
    process = subprocess.Popen(
        [python, "-c", code], cwd=HERE / "programs", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    started, error = time.monotonic(), ""
    try:
        out, err = process.communicate(timeout=limit)
        error = (err.decode().strip().splitlines() or ["it failed"])[-1] if process.returncode else ""
    except subprocess.TimeoutExpired:
        process.kill()
        out, _ = process.communicate()
        error = f"stopped after {limit} seconds"
    for line in out.decode().splitlines():
        yield shown(Figure(*json.loads(line)))
    if error:
        yield f"| {program}.py | {error} | | | |"
    print(f"{program}: {time.monotonic() - started:.0f} s", file=sys.stderr)


def shown(one: Figure) -> str:
    """A line of the table."""
    reached = one.value >= one.bar if one.at_least else one.value <= one.bar
    bar = f"at {'least' if one.at_least else 'most'} {one.bar:g}"
    return f"| {one.what} | {one.value:.3g} {one.unit} | {bar} | {'yes' if reached else 'no'} | {one.beside} |"


def installed(folder: str) -> str:
    """The Python of a new environment in which pip has installed this tree."""
    venv.create(folder, with_pip=True)
    python = str(Path(folder, "bin", "python"))
    for what in (["--upgrade", "pip"], [str(HERE.parent)]):
        subprocess.run([python, "-m", "pip", "install", "--quiet", *what], check=True, stderr=subprocess.DEVNULL)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds: two minutes")
    parser.add_argument("--only", default=",".join(PROGRAMS), help="which programs, by their names")
    parser.add_argument("--start", metavar="PYTHON", help="where backprop was installed by pip")
    parser.add_argument("--write", action="store_true", help="put the table into bench/RESULTS.md")
    options = parser.parse_args()
    lines = [TITLE.format(" --quick" if options.quick else ""), "", *HEAD]
    print("\n".join([machine(), "", *HEAD]))
    with tempfile.TemporaryDirectory() as folder:
        for program in options.only.split(","):
            python = options.start or installed(folder) if program == "startup" else sys.executable
            for line in lines_of(program, python, options.quick):
                print(line, flush=True)
                lines.append(line)
    if options.write:
        put(lines)


if __name__ == "__main__":
    main()
