"""A terminal of a width, in which a line of shell runs: what it shows, escapes and all."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

from conftest import BIN

REDRAWN = re.compile(r"[^\n]*\r\x1b\[K")  # what a line was before it is drawn anew; how often, hangs on the machine


def screen(command: str, width: int, folder: Path, **more: str) -> str:
    """What a terminal so many columns wide shows of a command, both streams as they come."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "LANG": "C.UTF-8", "HOME": str(folder), "TERM": "xterm",
        "NO_COLOR": "1", "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **more,
    }  # fmt: skip
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the terminal is gone when the process is
            break
        if not part:
            break
        shown += part
    os.close(ours)
    process.wait()
    return REDRAWN.sub("", shown.decode().replace("\r\n", "\n"))


# Makes the terminal the one whose Ctrl-C reaches the program that follows. A program of its own, not `pty.fork` or
# `preexec_fn`: tests do not fork (conftest.py).
# What is ignored where the tests are run (Ctrl-C, of a job in the background) would be ignored by it, too.
LEADER = """import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])"""


def in_front(program: str, *words: str, columns: int = 80, **options: Any) -> tuple[subprocess.Popen[bytes], int]:
    """A program in the foreground of a terminal of its own, so wide, and our end of the terminal; options of Popen."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (20, columns))
    leader = [sys.executable, "-c", LEADER, program, *words]
    process = subprocess.Popen(leader, **{"stdin": theirs, "stdout": theirs, "stderr": theirs, **options})
    os.close(theirs)
    return process, ours
