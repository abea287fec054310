"""`minimize` on problems with known answers: those of textbooks, and NIST's nonlinear regressions.

The data and certified values of NIST's Statistical Reference Datasets (all of lower and of average difficulty) are in
nist.json; the others are from Moré, Garbow and Hillstrom (ACM TOMS 7, 1981), and from the usual collections.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.optimize

import backprop
from backprop.library import Compiled
from backprop.library.values import Value
from backprop.optimize.objective import Formula

NIST = json.loads((Path(__file__).parent / "nist.json").read_text())


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("name", NIST)
def test_nist(name: str, start: int) -> None:
    """The certified parameters, to six digits."""
    problem = NIST[name]
    found = backprop.minimize(
        problem["formula"], problem["starts"][start], data=problem["columns"], method="least-squares", total=True,
        tolerance=1e-10,
    )  # fmt: skip
    assert found.converged, found.why
    assert found.parameters == pytest.approx(problem["certified"], rel=1e-6)
    assert found.value == pytest.approx(problem["sum_of_squares"], rel=1e-6, abs=1e-14)


class Problem(NamedTuple):
    """A formula, where it starts, its least value, and where that is (if it is told)."""

    formula: str
    at: dict[str, Value]
    least: float
    there: dict[str, Value] | None = None


BARD = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39]
KOWALIK = [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]
STEPS = [4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]
GAUSSIAN = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989]
U = np.arange(1.0, 16)
T = np.arange(1.0, 21) / 5

PROBLEMS = {
    "Rosenbrock": Problem("100*(y-x^2)^2 + (1-x)^2", {"x": -1.2, "y": 1}, 0, {"x": 1, "y": 1}),
    "Rosenbrock, 10": Problem(
        "sum(100*(w[1:] - w[:-1]^2)^2 + (1 - w[:-1])^2)", {"w": np.zeros(10)}, 0, {"w": np.ones(10)}
    ),
    "Beale": Problem(
        "(1.5 - x*(1-y))^2 + (2.25 - x*(1-y^2))^2 + (2.625 - x*(1-y^3))^2", {"x": 1, "y": 1}, 0, {"x": 3, "y": 0.5}
    ),
    "Powell's singular": Problem(
        "(a+10*b)^2 + 5*(c-d)^2 + (b-2*c)^4 + 10*(a-d)^4", {"a": 3, "b": -1, "c": 0, "d": 1}, 0
    ),
    "Wood": Problem(
        "100*(b-a^2)^2 + (1-a)^2 + 90*(d-c^2)^2 + (1-c)^2 + 10*(b+d-2)^2 + 0.1*(b-d)^2",
        {"a": -3, "b": -1, "c": -3, "d": -1}, 0, {"a": 1, "b": 1, "c": 1, "d": 1},
    ),
    "helical valley": Problem(
        "100*(z - 10*atan2(y, x)/(2*pi))^2 + 100*(sqrt(x^2+y^2) - 1)^2 + z^2", {"x": -1, "y": 0, "z": 0}, 0,
        {"x": 1, "y": 0, "z": 0},
    ),
    "Freudenstein and Roth": Problem(
        "(-13 + x + ((5-y)*y - 2)*y)^2 + (-29 + x + ((y+1)*y - 14)*y)^2", {"x": 0.5, "y": -2}, 48.98425367924,
        {"x": 11.41277900, "y": -0.8968052533},
    ),
    "Jennrich and Sampson": Problem(
        "sum((2 + 2*t - (exp(t*x) + exp(t*y)))^2)", {"x": 0.3, "y": 0.4, "t": np.arange(1.0, 11)}, 124.3621823556
    ),
    "Bard": Problem(
        "sum((y - (a + u/(v*b + w*c)))^2)",
        {"a": 1, "b": 1, "c": 1, "y": BARD, "u": U, "v": 16 - U, "w": np.minimum(U, 16 - U)}, 8.214877306578e-3,
    ),
    "Kowalik and Osborne": Problem(
        "sum((y - a*(u^2 + u*b)/(u^2 + u*c + d))^2)",
        {"a": 0.25, "b": 0.39, "c": 0.415, "d": 0.39, "y": KOWALIK, "u": STEPS}, 3.0750560385e-4,
    ),
    "Brown and Dennis": Problem(
        "sum(((a + t*b - exp(t))^2 + (c + d*sin(t) - cos(t))^2)^2)", {"a": 25, "b": 5, "c": -5, "d": -1, "t": T},
        85822.201626356,
    ),
    "Gaussian": Problem(
        "sum((a*exp(-b*(t-c)^2/2) - y)^2)",
        {"a": 0.4, "b": 1, "c": 0, "t": (8 - np.arange(1.0, 16)) / 2, "y": [*GAUSSIAN, *GAUSSIAN[-2::-1]]},
        1.12793276961e-8,
    ),
    "Himmelblau": Problem("(x^2+y-11)^2 + (x+y^2-7)^2", {"x": 1, "y": 1}, 0, {"x": 3, "y": 2}),
    "Booth": Problem("(x+2*y-7)^2 + (2*x+y-5)^2", {"x": 0, "y": 0}, 0, {"x": 1, "y": 3}),
    "Matyas": Problem("0.26*(x^2+y^2) - 0.48*x*y", {"x": 4, "y": -2}, 0, {"x": 0, "y": 0}),
    "three-hump camel": Problem("2*x^2 - 1.05*x^4 + x^6/6 + x*y + y^2", {"x": 0.3, "y": 0.4}, 0, {"x": 0, "y": 0}),
    "Goldstein and Price": Problem(
        "(1 + (x+y+1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2))"
        " * (30 + (2*x-3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2))",
        {"x": -0.1, "y": -0.9}, 3, {"x": 0, "y": -1},
    ),
    "McCormick": Problem(
        "sin(x+y) + (x-y)^2 - 1.5*x + 2.5*y + 1", {"x": 0, "y": 0}, -1.913222954981,
        {"x": -0.5471975512, "y": -1.5471975512},
    ),
    "Trid, 6": Problem(
        "sum((w-1)^2) - sum(w[1:]*w[:-1])", {"w": np.zeros(6)}, -50, {"w": [6, 10, 12, 12, 10, 6]}
    ),
    "Styblinski and Tang, 4": Problem(
        "sum(w^4 - 16*w^2 + 5*w)/2", {"w": np.full(4, -2.5)}, -156.66466281509, {"w": np.full(4, -2.90353402777)}
    ),
}  # fmt: skip

MOVING = "abcdwxyz"
NUMBERS = {"y": {"Bard", "Kowalik and Osborne", "Gaussian"}, "w": {"Bard"}}


def moving(name: str) -> list[str]:
    """The parameters of a problem; its other variables are data."""
    return [one for one in PROBLEMS[name].at if one in MOVING and name not in NUMBERS.get(one, ())]


PEERS = {"newton": "Newton-CG", "trust-region": "trust-ncg", "bfgs": "BFGS", "l-bfgs": "L-BFGS-B"}


@pytest.mark.parametrize("method", PEERS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_known_answers_in_no_more_steps_than_scipy(name: str, method: str) -> None:
    """The least value to six digits, and where it is; in each problem in at most one and a half times as many steps as
    SciPy's method of this kind takes, and a few, where that does not give up."""
    problem = PROBLEMS[name]
    found: Any = backprop.minimize(problem.formula, problem.at, wrt=moving(name), method=method, tolerance=1e-7)
    assert found.converged, found.why
    assert found.value == pytest.approx(problem.least, rel=1e-6, abs=1e-8)
    for one, value in (problem.there or {}).items():
        np.testing.assert_allclose(found.parameters[one], value, rtol=1e-5, atol=1e-5)
    formula = Formula(Compiled(problem.formula), problem.at, moving(name), maximize=False)
    needs = {"hessp": lambda x, v: formula.hvp(x, v)} if method in ("newton", "trust-region") else {}
    option = {"newton": {"xtol": 1e-12}, "l-bfgs": {"gtol": 1e-7, "ftol": 0.0}}.get(method, {"gtol": 1e-7})
    peer = scipy.optimize.minimize(formula, formula.start, jac=True, method=PEERS[method], options=option, **needs)
    if peer.fun <= problem.least + 1e-6 * (1 + abs(problem.least)):
        assert found.steps <= 1.5 * peer.nit + 3, (found.steps, peer.nit)
