"""Hand-written backward passes: a single mistake is blamed on its own line, by its own name; what is right is never
blamed.

The mutants are made by passes.py. Here a sample is judged, whose seed is printed; `python tests/passes.py` judges them
all.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from backprop.check.stages import subgradients
from backprop.check.stages.judge import Judgement, judge
from backprop.check.stages.lines import claim_lines, read_claim, read_claims, read_lines
from backprop.errors import Problem
from backprop.library import Compiled
from passes import PASSES, Pass, judged, sample, written

STAGED = PASSES[1]


def lines(forward: str, text: str, suffix: str = ".bp", **at: float) -> list[Judgement]:
    evaluation = Compiled(forward).evaluate(at)
    return judge(evaluation.run, evaluation.names, read_lines(text, f"mine{suffix}")).lines


@pytest.mark.slow
def test_of_400_single_mistakes_every_line_is_blamed_and_nearly_every_cause_named() -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chosen = sample(400, seed)
    named = 0
    for made, mutant, alike in chosen:
        wrong = [line for line in judged(made, mutant.text).lines if line.verdict == "wrong"]
        assert [line.line for line in wrong] == [mutant.line], (seed, mutant, wrong)
        named += wrong[0].cause in alike
    assert len(chosen) == 400
    assert named >= 0.95 * len(chosen), (seed, named)


def reworded(made: Pass, chosen: random.Random) -> tuple[str, str]:
    """A right pass in other words: lines in another order where that changes nothing, terms turned round, our own
    language."""
    text = written(list(made.rows))
    rows = text.splitlines()
    for _ in range(20):
        place = chosen.randrange(len(rows) - 1)
        first, second = rows[place], rows[place + 1]
        a, b = first.split()[0], second.split()[0]
        if a != b and a not in second.split("= ", 1)[1] and b not in first.split("= ", 1)[1]:
            rows[place], rows[place + 1] = second, first
    seen: set[str] = set()
    for place, row in enumerate(rows):
        name, op, value = row.split(" ", 2)
        if op == "+=" and chosen.random() < 0.3:
            rows[place] = f"{name} = {name} + {value}"
        elif op == "=" and name not in seen and chosen.random() < 0.2:
            rows[place] = f"{name} += {value}"
        elif chosen.random() < 0.2:
            rows[place] = f"{name} {op} 0.5 * ({value}) * 2"
        seen.add(name)
    suffix = chosen.choice([".py", ".bp"]) if ".sum(" not in text else ".py"
    return "\n".join(rows) + "\n", suffix


@pytest.mark.parametrize("seed", range(200))
def test_no_line_of_a_right_pass_is_blamed(seed: int) -> None:
    chosen = random.Random(seed)
    made = PASSES[seed % len(PASSES)]
    text, suffix = reworded(made, chosen)
    at = {name: x * chosen.uniform(0.9, 1.1) for name, x in made.at.items()}
    assert {line.verdict for line in judged(made._replace(at=at), text, suffix).lines} == {"ok"}, text


def test_what_inherits_a_mistake_says_so_and_is_told_the_truth() -> None:
    found = lines(STAGED.forward, written(list(STAGED.rows)).replace("-1.0 / den**2", "1.0 / den**2"), **STAGED.at)
    assert [line.line for line in found if line.verdict == "wrong"] == [3]
    inherited = [line for line in found if line.verdict == "inherited"]
    assert [line.name for line in inherited] == ["dsigx", "dxpysqr", "dxpy", "dx", "dy", "dx", "dx", "dy"]
    truth = Compiled(STAGED.forward).evaluate(STAGED.at).gradients
    assert inherited[-1].expected == pytest.approx(truth["y"])
    assert inherited[-2].expected == pytest.approx(truth["x"])


def test_an_overwritten_gradient_tells_what_was_lost() -> None:
    text = written(list(STAGED.rows)).replace("dx += dnum", "dx = dnum")
    wrong = next(line for line in lines(STAGED.forward, text, **STAGED.at) if line.verdict == "wrong")
    assert wrong.cause == "overwrites"
    assert wrong.advice[0] == "exactly the share through `num`; lost: through sigx -0.035762, through xpy +1.583187"
    assert "x is used in 3 places" in wrong.advice[1]
    assert wrong.yours == pytest.approx(0.512144, rel=1e-5)
    assert wrong.expected == pytest.approx(2.059570, rel=1e-5)


def test_a_pass_may_skip_stages_and_use_helpers() -> None:
    text = "s = 1/(1+exp(-x))\ndx = (1 - s)*s * (-num/den^2) + 2*xpy*(-num/den^2) + invden\n"
    assert lines(STAGED.forward, text, **STAGED.at)[-1].verdict == "ok"


@pytest.mark.parametrize(
    ("output", "x", "expected"),
    [("where(x > 0, z, 0)", 0.0, 0.0), ("sum(where(x > 0, z, 0))", [0.0, 4.0], [0.0, np.sqrt(2)])],
)
def test_nothing_is_expected_below_a_branch_that_was_not_taken(output: str, x: Any, expected: Any) -> None:
    """The slope there is infinite, and times 0 it would be nan."""
    found = lines(f"s = 2*x; y = sqrt(s); z = 4*y; f = {output}", "dz = x > 0\nds = 4*dz/(2*y)\ndx = 2*ds\n", x=x)
    assert [one.verdict for one in found] == ["ok", "wrong", "inherited"]
    assert np.allclose(found[-1].expected, expected)


def test_a_gradient_that_goes_on_under_another_spelling_of_its_name_is_read_before_it_is_computed() -> None:
    found = lines("x*y", "dx = y\ngrad_x = grad_x * 2\n", x=2, y=3)
    assert found[1].advice == ["`grad_x` is read before it is computed"]


def test_the_gate_is_named_whose_inputs_are_mixed_up() -> None:
    """Which is not the last gate of the line, after which the line has its name."""
    (found,) = lines("q = a*b + c; f = q*q", "dq = 2*q; da = a*dq", a=2, b=3, c=5)[-1:]
    assert found.advice == ["a multiply swaps its inputs: its gradient goes to each times the other one"]


@pytest.mark.parametrize(
    ("text", "advice"),
    [("dq = x", "reads `x` where `z` is needed"), ("dq = z; dx = y*q", "reads `q` where `dq` is needed")],
)
def test_one_name_in_place_of_another_is_told(text: str, advice: str) -> None:
    assert lines("q = x*y; f = q*z", text, x=2, y=3, z=5)[-1].advice == [advice]


def test_a_listing_of_the_notes_is_judged_whole() -> None:
    text = "x = -2; y = 5; z = -4\nq = x + y\nf = q * z\ndfdz = q\ndfdq = z\ndqdx = 1.0\ndqdy = 1.0\n"
    text += "dfdx = dfdq * dqdx\ndfdy = dfdq * dqdy\n"
    found = lines("q = x + y; f = q*z", text, ".py", x=-2, y=5, z=-4)
    assert {line.verdict for line in found} == {"ok"}
    assert [line.name for line in found][-2:] == ["dfdx", "dfdy"]


def test_numbers_alone_are_judged_to_the_digits_they_have() -> None:
    evaluation = Compiled("(x+y)*z").evaluate(x=-2.001, y=5, z=-4)
    claims = [
        read_claim("dz=3.00"),
        read_claim("dz=2.9991"),
        read_claim("dx=4"),
        read_claim("dx=-4.0"),
        read_claim("f=-12"),
    ]
    verdicts = [judge(evaluation.run, evaluation.names, claim_lines([claim])).lines[0] for claim in claims]
    assert [one.verdict for one in verdicts] == ["ok", "wrong", "wrong", "ok", "wrong"]
    assert verdicts[2].cause == "sign"


CHOICES = [  # claims at a kink, and which of them are no choice, or none beside the others
    ("relu(x)", {"x": 0}, ["dx=0.5"], ""),
    ("relu(x)", {"x": 0}, ["dx=1.0002"], "dx"),
    ("relu(x)", {"x": 1e-12}, ["dx=0"], "dx"),  # next to the kink, and not on it
    ("x * relu(x)", {"x": 0}, ["dx=1"], "dx"),
    ("relu(x) - relu(-x)", {"x": 0}, ["dx=1"], ""),
    ("max(x, y)", {"x": 1, "y": 1}, ["dx=0.5", "dy=0.5"], ""),
    ("max(x, y)", {"x": 1, "y": 1}, ["dx=0", "dy=0"], "dy"),
    ("max(x, y) + relu(z)", {"x": 1, "y": 1, "z": 0}, ["dx=1", "dy=1", "dz=1"], ""),
    ("q = x * y; 3 * relu(q)", {"x": 0, "y": 2}, ["dq=3", "dx=6"], ""),
    ("q = x * y; 3 * relu(q)", {"x": 0, "y": 2}, ["dq=3", "dx=0"], "dx"),
    ("max(x)", {"x": [1, 1, 0]}, ["dx=[0, 1, 0]"], ""),
    ("max(x)", {"x": [1, 1, 0]}, ["dx=[0.5, 0.6, 0]"], "dx"),
    ("sum(abs(x))", {"x": [0] * 6}, ["dx=[1, 1, -1, 0.3, -0.5, 0.9]"], ""),
    ("sum(abs(x))", {"x": [0] * 6}, ["dx=[1, 1, -1, 0.3, -0.5, 1.1]"], "dx"),
    ("norm(x)", {"x": [0, 0]}, ["dx=[0.6, 0.8]"], ""),
    ("norm(x)", {"x": [0, 0]}, ["dx=[0.7, 0.8]"], "dx"),
    ("abs(x) * t[i]", {"x": 0, "t": [3, 4], "i": 1}, ["dx=-4"], ""),  # an index stays where it is
]


@pytest.mark.parametrize(("text", "at", "claims", "wrong"), CHOICES)
def test_a_claim_at_a_kink_may_be_any_subgradient(text: str, at: dict[str, Any], claims: list[str], wrong: str) -> None:
    evaluation = Compiled(text).evaluate(at)
    judged = judge(evaluation.run, evaluation.names, claim_lines([read_claim(claim) for claim in claims])).lines
    assert [one.name for one in judged if one.verdict != "ok"] == wrong.split()


@pytest.mark.parametrize(("share", "verdict"), [(5.0, "ok"), (4.5, "wrong"), (0.3, "wrong")])
def test_equal_shares_of_many_numbers_are_told_by_their_sum(share: float, verdict: str) -> None:
    evaluation = Compiled("1000*max(x)").evaluate(x=np.zeros(200))
    judged = judge(evaluation.run, evaluation.names, claim_lines([read_claim(f"dx={share}*ones(200)")])).lines
    assert [one.verdict for one in judged] == [verdict]


def test_a_claim_that_is_too_far_to_tell_is_not_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subgradients, "STEPS", 1)
    monkeypatch.setattr(subgradients, "FEW", 1)
    evaluation = Compiled("sum(abs(x))").evaluate(x=np.zeros(400))
    random = np.random.default_rng(0).uniform(-1, 1, 400).tolist()
    judged = judge(evaluation.run, evaluation.names, claim_lines([read_claim(f"dx={random}")])).lines
    assert [one.verdict for one in judged] == ["imprecise"]


SIDES = [  # lines of a pass at a kink, and which of them are wrong: beside it, or right on it
    ("relu(x)", {"x": 0}, "dx = (x >= 0) * df", ""),
    ("relu(x)", {"x": 0}, "dx = 0.5 * df", "dx"),
    ("max(x, y)", {"x": 1, "y": 1}, "dx = (x > y) * df; dy = (x <= y) * df", ""),
    ("max(x, y)", {"x": 1, "y": 1}, "dx = (x > y) * df; dy = (x < y) * df", "dx dy"),
    ("relu(x) * y", {"x": 0, "y": 2}, "dq1 = y*df; dx = (x >= 0) * dq1; dy = relu(x) * df", ""),
    ("relu(x) * y", {"x": 0, "y": 2}, "dq1 = y*df; dx = (x >= 0) * dq1; dy = x * df", "dx dy"),
    ("clip(x, x, x)", {"x": 0}, "dx = 2 * df", "dx"),  # on a kink wherever it is
    ("q = x - y; 3 * abs(q)", {"x": 2, "y": 2}, "dq = where(q >= 0, 3, -3) * df; dx = dq; dy = -dq", ""),
]


@pytest.mark.parametrize(("text", "at", "passed", "wrong"), SIDES)
def test_a_pass_at_a_kink_may_take_another_side(text: str, at: dict[str, float], passed: str, wrong: str) -> None:
    judged = lines(text, passed, **at)
    assert {one.verdict for one in judged if one.name not in wrong.split()} <= {"ok"}
    assert bool(wrong) == ("wrong" in {one.verdict for one in judged})


def test_claims_come_from_json_with_their_digits() -> None:
    assert read_claims('{"dx": 2.06, "dy": -1}', "c.json") == [("dx", 2.06, 0.005), ("dy", -1.0, 0.0)]


@pytest.mark.parametrize(
    ("text", "suffix", "message"),
    [
        ("dx = dqq", ".bp", "dqq is not known here"),
        ("x + y", ".bp", "a line of a backward pass has a name"),
        ("for i in x: pass", ".py", "a loop cannot be read here"),
        ("dx = open('f')", ".py", "there is no function open"),
        ("", ".bp", ""),
    ],
)
def test_what_is_not_understood_is_a_problem(text: str, suffix: str, message: str) -> None:
    with pytest.raises(Problem) as caught:
        lines("(x+y)*z", text, suffix, x=1, y=2, z=3)
    assert message in caught.value.message


def test_a_share_may_be_built_in_two_lines() -> None:
    found = lines("q = x*y; f = sin(q)", "dq = 1\ndq *= cos(q)\ndx = y\ndx = dx * dq\ndy = x * dq\n", ".py", x=0.3, y=2)
    assert {line.verdict for line in found} == {"ok"}
    found = lines("q = x*y; f = sin(q)", "dq = 1\ndq *= sin(q)\ndx = y\ndx = dx * dq\ndy = x * dq\n", ".py", x=0.3, y=2)
    assert [line.verdict for line in found] == ["ok", "wrong", "ok", "inherited", "inherited"]


def test_a_pass_in_the_style_of_the_notes_on_arrays() -> None:
    import numpy as np

    text = "N = X.shape[0]\ndS = np.ones_like(S)\ndS /= N\ndW = np.zeros_like(W)\ndW += X.T.dot(dS)\ndX = dS.dot(W.T)\n"
    evaluation = Compiled("S = X @ W; f = sum(mean(S, axis=0))").evaluate(X=np.ones((4, 3)), W=np.eye(3) - 0.5)
    found = judge(evaluation.run, evaluation.names, read_lines(text, "mine.py")).lines
    assert {line.verdict for line in found} == {"ok"}, found


SHARES = [  # the formula, the lines, and which of them are wrong
    ("s0 = 0*x; s2 = y+s0; s4 = x+s2", ["ds4 = 1", "dx = ds4", "ds2 = ds4", "dy = ds2", "ds0 = ds2", "dx += 0.0"], []),
    ("s0 = 0*x; s2 = y+s0; s4 = x+s2", ["ds4 = 1", "dy = ds4", "dx = ds4", "dx = 0.0"], [4]),
    ("s = x + x; f = atan(s)", ["ds = 1/(1+s^2)", "dx = ds", "dx = ds"], [3]),
    ("s = x + x; f = atan(s)", ["ds = 1/(1+s^2)", "dx = ds", "dx += ds"], []),
    ("s = x + x; f = atan(s)", ["ds = 1/(1+s^2)", "dx = ds", "dx += 0"], [3]),
    ("s = x + x; t = asinh(s); u = clip(s, x, t); sin(u)",
     ["du = cos(u)", "ds = where(s > x, 0, 0)", "dx = 0*du", "dt = du", "ds += dt/hypot(1, s)", "dx += ds", "dx += ds"],
     []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines", "wrong"), SHARES)
def test_shares_of_nothing_and_equal_shares(text: str, lines: list[str], wrong: list[int]) -> None:
    compiled = Compiled(text)
    found = compiled.evaluate({name: {"x": 2.2, "y": 2.0}[name] for name in compiled.variables})
    said = judge(found.run, found.names, read_lines("\n".join(lines), "mine.bp")).lines
    assert [line.line for line in said if line.verdict != "ok"] == wrong


def test_a_bare_0_stands_for_zeros_in_the_lines_below() -> None:
    text = "s = x*0; t = cumprod(s); f = mean(t^2)"
    found = Compiled(text).evaluate(x=np.array([1.0, 2.0]))
    read = read_lines("dt = 2*f/2\nds = cumsum(dt)*0\ndx = ds*0", "mine.bp")
    assert judge(found.run, found.names, read).lines[1].verdict == "ok"


def test_a_point_around_at_which_a_mask_chooses_nothing_is_left_out() -> None:
    evaluation = Compiled("f = var(a[a > 1])").evaluate(a=np.array([1.0001, 1.0001]))
    found = judge(evaluation.run, evaluation.names, read_lines("da = 0 * a", "mine.bp")).lines
    assert [line.verdict for line in found] == ["ok"]


@pytest.mark.parametrize("text", ["dq0 = 1\ndc = 2\ndq0 += -1\n", "dq0 = 1\ndc = 2\ndq0 += -1\ndc += 3 * dq0\n"])
def test_a_line_is_right_by_no_gradient_that_it_does_not_read_and_that_later_changes(text: str) -> None:
    found = lines("q0 = relu(c); f = (c - q0) + q0", text, c=1.0)
    assert [line.line for line in found if line.verdict == "wrong"] == [2]


def test_a_small_share_is_judged_beside_large_ones_that_cancel() -> None:
    text = "dc = {}\ndq = -1\ndc -= 1 / c\ndc += q / c\n"
    for share, wrong in [("1", []), ("2", [1]), ("-1", [1])]:
        found = lines("q = c / c; f = c - q", text.format(share), c=1e-8)
        assert [line.line for line in found if line.verdict == "wrong"] == wrong


def test_what_is_infinite_where_it_should_not_be_is_no_matter_of_rounding() -> None:
    found = lines(
        "q = sqrt(c); r = sin(q); f = relu(r)", "dr = 1 + (r > 0)\ndq = dr * cos(q)\ndc = dq / (2 * q)\n", c=0
    )
    assert [one.verdict for one in found] == ["wrong", "inherited", "inherited"]
    assert found[2].yours == np.inf
    assert found[2].expected == 0


def test_an_infinite_slope_that_nothing_comes_through_hides_no_mistake() -> None:
    found = Compiled("q = cbrt(x); p = max(0.2, q); f = mean(p^2)").evaluate(x=np.array([1.0, 0.0]))
    text = "dp = p\ndq = {} + where(q == p, dp, 0)\ndx = where(q == p, q^-2 / 3 * dq, 0)\n"
    for planted, wrong in [(0, []), (1, [2])]:
        read = read_lines(text.format(planted), "mine.bp")
        told = judge(found.run, found.names, read).lines
        assert [line.line for line in told if line.verdict == "wrong"] == wrong


def test_a_name_that_nobody_knows_is_pointed_at_in_its_own_line() -> None:
    with pytest.raises(Problem, match="nope is not known here") as found:
        lines("(x+y)*z", "dx = z; dy = 2*nope; dz = nope", ".bp", x=1, y=2, z=3)
    assert (found.value.line, found.value.column) == (1, 16)
