"""The command line, case by case: a folder each, with `cmd` and what it must print (`out`, `err`, `status`).

`pytest --update` rewrites the expectations; the diff is the review. A case may have files that its command reads.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import shell

CASES = sorted(path.parent for path in (Path(__file__).parent / "golden").glob("*/cmd"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case: Path, update: bool) -> None:
    done = shell((case / "cmd").read_text(), case)
    found = {"out": done.stdout, "err": done.stderr, "status": f"{done.returncode}\n" if done.returncode else ""}
    if update:
        for name, text in found.items():
            if text:
                (case / name).write_text(text)
            else:
                (case / name).unlink(missing_ok=True)
    expected = {name: (case / name).read_text() if (case / name).exists() else "" for name in found}
    assert found == expected
    assert "Traceback" not in done.stderr
    if "--json" in (case / "cmd").read_text() and done.returncode == 2:
        assert set(json.loads(done.stderr)["error"]) == {"kind", "message", "line", "column", "hint"}
