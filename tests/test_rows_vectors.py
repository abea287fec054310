"""Rows of vectors and matrices: what many rows at once say is what each row says by itself, on every way in and out."""

from __future__ import annotations

import itertools
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.derive import derive
from backprop.errors import Problem
from backprop.numbers.rowwise import Rows
from backprop.rows.array_engine import evaluate
from backprop.rows.mapper import Mapper
from backprop.run import run
from conftest import shell
from tensor_cases import CASES, Case, built, label
from test_map import needs, rows_of

SEED = 20250611
COUNT = 4  # rows


def same(found: Any, expected: Any, what: object) -> None:
    size = 1 + np.max(np.abs(np.asarray(expected, dtype=float)), initial=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * size, err_msg=str(what))


# ── the gates ──


@pytest.mark.parametrize("case", CASES, ids=label)
def test_every_gate_that_mixes_elements_says_on_rows_what_it_says_at_a_point(case: Case) -> None:
    circuit, at = built(case)
    derived = derive(circuit, arrays=True)
    wanted = [derived.value, *derived.gradients.values()]
    random = np.random.default_rng(SEED)
    for size in range(1, len(at) + 1):
        for lifted in itertools.combinations(at, size):  # the others are the same in every row
            points = [
                {n: x * (1 + 0.01 * random.random(np.shape(x))) if n in lifted else x for n, x in at.items()}
                for _ in range(COUNT)
            ]
            rows = {n: Rows(np.array([point[n] for point in points])) if n in lifted else at[n] for n in at}
            with np.errstate(all="ignore"):
                found = evaluate(derived.circuit, wanted, rows, COUNT)
            for row, point in enumerate(points):
                expected = run(circuit, {n: x if np.ndim(x) else float(x) for n, x in point.items()})
                for wire, value in zip(wanted, [expected.value, *expected.gradients().values()], strict=True):
                    got = found[wire].array[row] if isinstance(found[wire], Rows) else found[wire]
                    same(np.broadcast_to(got, np.shape(value)), value, (lifted, row))
