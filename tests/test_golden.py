"""The command line, case by case: a folder each, with `cmd` and what it must print (`out`, `err`, `status`).

`pytest --update` rewrites the expectations; the diff is the review. A case may have files that its command reads.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conftest import in_process, is_plain, shell

CASES = sorted(path.parent for path in (Path(__file__).parent / "golden").glob("*/cmd"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case: Path, update: bool) -> None:
    command = (case / "cmd").read_text()
    lines = [line.strip() for line in re.findall(r"""(?:'[^']*'|"[^"]*"|[^;\n'"])+""", command.strip())]
    runs = [in_process(line, case) for line in lines] if all(map(is_plain, lines)) else [shell(command, case)]
    status = runs[-1].returncode
    found = {
        "out": "".join(done.stdout for done in runs),
        "err": "".join(done.stderr for done in runs),
        "status": f"{status}\n" if status else "",
    }
    if update:
        for name, text in found.items():
            if text:
                (case / name).write_text(text)
            else:
                (case / name).unlink(missing_ok=True)
    expected = {name: (case / name).read_text() if (case / name).exists() else "" for name in found}
    assert found == expected
    assert "Traceback" not in found["err"]
    if "--json" in command and status == 2:
        assert set(json.loads(found["err"])["error"]) == {"kind", "message", "line", "column", "hint"}
