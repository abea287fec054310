"""A PostgreSQL server of the tests' own, from Debian's package: on a socket in a temporary folder, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder of the newest server that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def missing() -> str:
    """Why there can be no server here, or nothing."""
    if programs() is None:
        return "PostgreSQL is not installed (apt-get install postgresql)"
    if os.geteuid() == 0 and not plain_user():
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return ""


def plain_user() -> str:
    """A user that the server can run as where we are root."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), "")


@contextmanager
def server() -> Iterator[str]:
    """A running server: the folder of its socket. It is stopped whatever happens."""
    binaries = programs()
    assert binaries is not None
    folder = tempfile.mkdtemp(prefix="backprop-postgres-", dir="/tmp")  # the path of a socket must be short
    user = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam(plain_user())
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": folder}
    options = {"cwd": folder, "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, **user}
    process = None
    try:
        data = f"{folder}/data"
        initdb = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "backprop", "-E", "UTF8", "--no-sync"]
        subprocess.run(initdb, check=True, **options)
        settings = ["-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off"]
        process = subprocess.Popen([binaries / "postgres", "-D", data, *settings], **options)
        wait_for(process, [str(binaries / "pg_isready"), "-q", "-h", folder])
        yield folder
    finally:
        if process is not None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(process: subprocess.Popen, ready: list[str]) -> None:
    """Wait until the server answers."""
    import time

    for _ in range(600):
        if subprocess.run(ready).returncode == 0:
            return
        assert process.poll() is None, "the server did not start"
        time.sleep(0.05)
    raise AssertionError("the server did not start within 30 seconds")
