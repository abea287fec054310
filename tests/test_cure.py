"""One planted mistake, its line and its cure: what each mechanism of the judge finds, that no other one does."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from tests.pairs import Pair, pairs
from tests.pairs.judged import judged

from backprop.check.chain_rule.terms import Tidy
from backprop.check.cures.cure import with_lines
from backprop.check.cures.search import Search
from backprop.check.edits.catalogue import plans
from backprop.check.passes.causes import cause_of
from backprop.check.passes.judge import Judge
from backprop.check.passes.sensitivity import Sense
from backprop.python.pairs.pairs import pairs_in
from backprop.python.runs.runner import Runner
from backprop.python.texts.source import Code, part_of
from backprop.python.values.tape import Tape
from conftest import Check

EVERY = [*pairs()]
PAIRS = {one.name: one for one in EVERY}
MECHANISMS = [
    ("coursera two layers", 4, "a return of the loss alone is no cure"),
    ("pad and crop", 1, "a slice that stands elsewhere"),
    ("pad and crop", 2, "what is padded goes back by a slice"),
    ("repeat and tile", 0, "what is there several times goes back as a sum"),
    ("repeat and tile", 1, "what is there several times goes back as a sum"),
    ("stack of gates", 1, "two parts of what is put together exchanged"),
    ("stack of gates", 3, "what is put together from unequal parts is followed"),
    ("split in two", 2, "a name that promises another gradient"),
    ("contrastive pairs", 2, "a cheap edit before what the chain rule says of a later line"),
    ("contrastive pairs", 3, "one array that is returned twice"),
    ("triplet loss", 2, "a mask over a size"),
    ("gru cell", 3, "a share through a function that is called twice"),
    ("variational autoencoder", 0, "a share that is a gradient of another name"),
    ("cosine embedding", 3, "a gradient of another name"),
    ("prelu masks", 0, "a mask in two places"),
    ("discounted sums", 1, "a factor in front of the parentheses"),
    ("fancy rows", 3, "a 1 that is missing"),
    ("deep net over layers", 0, "a round of a loop that is another one"),
    ("spatial groupnorm", 1, "the other length of a shape"),
    ("running product", 0, "an operation without a slope of its own"),
    ("polynomials of lists", 0, "a whole number that is one too many, in lists of unequal lengths"),
    ("polynomials of lists", 1, "lists of numbers are followed"),
    ("instance norm", 3, "a factor that is said as the forward pass says it, however long that is"),
    ("peephole lstm step", 3, "names hold what unchanged lines prove right, whatever they are called"),
    ("ordinal thresholds", 3, "a result is divided as those beside it are"),
    ("cosine transform of blocks", 0, "a matrix turned in all places"),
    ("multi head attention with mask and dropout given", 0, "a name like any other that is called ctx"),
    ("multi head attention with mask and dropout given", 1, "a factor for all that read a name, where it is made"),
    ("gru over time with a dict of caches", 0, "all that a round sends back to the one before it"),
    ("gru over time with a dict of caches", 1, "a sum of shares by its name, and what comes out of an array"),
    ("embedding with a padding index", 0, "a count of each row where a size stands"),
    ("batchnorm of images with running statistics", 0, "the number of elements but for one axis"),
    ("gaussian likelihood through cholesky", 0, "a right gradient may be rough at a point where a cure is tried"),
    ("max pool with a table of winners", 0, "a stride that is forgotten throughout an index"),
    ("distillation with a temperature", 0, "an input that has no gradient hides no line"),
]  # fmt: skip


def test_each_pair_has_a_name_of_its_own() -> None:
    assert len(PAIRS) == len(EVERY)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("name", "which", "why"), MECHANISMS, ids=lambda one: str(one))
def test_the_line_is_named_with_a_cure(name: str, which: int, why: str) -> None:
    pair = PAIRS[name]
    mistake = pair.mistakes[which]
    text, lines = pair.planted(mistake)
    found = judged(pair, text)
    assert [one for one, _, _ in found.lines] == lines, why
    _, cause, write = found.lines[0]
    assert cause in mistake.causes, why
    assert write is not None


@pytest.mark.parametrize(("old", "new", "cause"), [
    ("dx = (a * g) / n", "dx = (a * g - b) / n", "missing-share"),
    ("dx = g * f(a)", "dx = g * f(b)", "wrong-point"),
    ("dx = g @ (p - t)", "dx = g @ (p + t)", "sign"),
    ("dx = dz * w", "dx = dz * x", "wrong-point"),
])  # fmt: skip
def test_what_differs_in_one_place_has_its_name(old: str, new: str, cause: str) -> None:
    assert cause_of(ast.parse(old).body[0], ast.parse(new).body[0]) == cause


def test_what_is_put_together_from_unequal_parts_hangs_on_them() -> None:
    tape = Tape()
    some, more = np.ones((2, 3)), np.ones((2, 1))
    mine, theirs = tape.leaf(some), tape.leaf(more)
    out = np.hstack((some, more))
    tape.called("hstack", np.hstack, ((some, more),), {}, out)
    assert tape.ids(out).tolist() == np.hstack((mine, theirs)).tolist()


@pytest.mark.parametrize(("number", "verdict"), [("0.797885", "ok"), ("0.79", "wrong")])
def test_a_number_of_fewer_digits_is_no_mistake(number: str, verdict: str) -> None:
    code = Code([part_of(f"""import numpy as np
def f_forward(x):
    return np.sin(np.sqrt(2 / np.pi) * x)
def f_backward(dout, x):
    return dout * np.cos({number} * x) * {number}
""", "f.py")])  # fmt: skip
    judge = Judge(Runner(code, pairs_in(code)[0], {"x": np.array([0.3, -1.2])}))
    found = with_lines(judge, judge.judge())
    assert found.verdict == verdict
    assert any("is np.sqrt(2 / np.pi) but for its digits" in one for one in found.remarks) == (verdict == "ok")


@pytest.mark.parametrize(("number", "verdict"), [("0.598413", "ok"), ("0.598423", "wrong"), ("0.5984", "wrong")])
def test_numbers_that_are_rounded_products_of_others_are_no_mistakes(number: str, verdict: str) -> None:
    code = Code([part_of(f"""import numpy as np
def f_forward(x):
    return 0.25 * np.sqrt(2 / np.pi) * x ** 3
def f_backward(dout, x):
    return dout * {number} * x ** 2
""", "f.py")])  # fmt: skip
    judge = Judge(Runner(code, pairs_in(code)[0], {"x": np.array([0.3, -1.2])}))
    found = with_lines(judge, judge.judge())
    assert found.verdict == verdict
    assert any(f"{number} in line 5 is 0.598413420" in one for one in found.remarks) == (verdict == "ok")


def test_lines_that_are_tried_leave_what_was_recorded() -> None:
    """An edit of two lines wrote into an array under the name that its first line gave it."""
    text = (
        "import numpy as np\ndef f_forward(x):\n    return np.exp(x), x\n"
        "def f_backward(g, x):\n    k = 0\n    p = x\n    return g * np.exp(p)\n"
    )
    code = Code([part_of(text, "f.py")])
    judge = Judge(Runner(code, pairs_in(code)[0], {"x": np.array([1.0, 2.0])}))
    trace = Sense(judge, judge.points[0], {}).trace
    statement, visits = next(pair for pair in trace.visits.items() if ast.unparse(pair[0]) == "p = x")
    (tried,) = trace.alone(visits[0], statement, ast.parse("p = x\np[k] -= 1.0").body) or [0.0]
    (again,) = trace.alone(visits[0], statement, ast.parse("p = x").body) or [0.0]
    assert (list(tried), list(again)) == ([0.0, 2.0], [1.0, 2.0])


@pytest.mark.parametrize("rows", [3, 4])
def test_a_cure_that_takes_one_of_two_equal_lengths_says_so(rows: int) -> None:
    text = (
        "import numpy as np\ndef f_forward(x, w):\n    return np.mean(x @ w, axis=0), (x, w)\n"
        "def f_backward(g, cache):\n    x, w = cache\n    N, D = x.shape\n"
        "    g = np.ones((N, 1)) * g\n    return g @ w.T, x.T @ g\n"
    )
    code = Code([part_of(text, "f.py")])
    given = {"x": np.sin(np.arange(3.0 * rows)).reshape(rows, 3), "w": np.cos(np.arange(6.0)).reshape(3, 2)}
    judge = Judge(Runner(code, pairs_in(code)[0], given))
    found = with_lines(judge, judge.judge())
    assert [one.write for one in found.lines] == ["g = np.ones((N, 1)) * g / N"]
    assert any("x has two axes as long as N" in one for one in found.remarks) == (rows == 3)


def test_a_name_that_is_a_length_elsewhere_may_be_an_array() -> None:
    text = (
        "import numpy as np\ndef f_forward(x):\n    return np.tanh(x), x\ndef f_backward(g, x):\n"
        "    n = np.tanh(x)\n    return g * (1 - x * x)\ndef size(x):\n    n = x.shape[0]\n    return n\n"
    )
    code = Code([part_of(text, "f.py")])
    judge = Judge(Runner(code, pairs_in(code)[0], {"x": np.sin(np.arange(9.0)).reshape(3, 3)}))
    assert [one.write for one in with_lines(judge, judge.judge()).lines] == ["return g * (1 - n ** 2)"]


GUARDED = """
import numpy as np
def net_forward(x, w, v, t):
    h = np.tanh(x @ w)
    a = 1 / (1 + np.exp(-(h @ v)))
    return -np.mean(t * np.log(a + 1e-7) + (1 - t) * np.log(1 - a + 1e-7)), (x, w, v, t, h, a)
def net_backward(cache):
    x, w, v, t, h, a = cache
    dz = (a - t) / len(t)
    dv = h.T @ dz
    dp = np.outer(dz, v) * (1 - h ** 2)
    return dp @ w.T, x.T @ dp, dv
"""


@pytest.mark.parametrize(("right", "wrong"), [
    ("dv = h.T @ dz", "dv = 2 * h.T @ dz"),
    ("dp = np.outer(dz, v) * (1 - h ** 2)", "dp = np.outer(dz, v) * (1 - h)"),
])  # fmt: skip
def test_a_mistake_is_found_beside_a_small_number_that_is_left_out(right: str, wrong: str) -> None:
    """Every line that hands on the part of it was blamed, as no other made gradients right to the last digit."""
    random = np.random.default_rng(1)
    given = {"x": random.normal(size=(5, 4)), "w": random.normal(size=(4, 3)), "v": random.normal(size=3)}
    pair = Pair("", "", {**given, "t": np.array([0, 1, 1, 0, 1.0])}, "", GUARDED, [])
    found = judged(pair, GUARDED.replace(right, wrong))
    assert [write for _, _, write in found.lines] == [right]


TIED = """
import numpy as np
def tied_forward(E, W, idx):
    h = E[idx]
    z = np.tanh(h @ W)
    return z @ E.T, (E, W, idx, h, z)
def tied_backward(dout, cache):
    E, W, idx, h, z = cache
    dE = dout.T @ z
    da = dout @ E * (1 - z ** 2)
    dh = da @ W.T
    np.add.at(dE, idx, dh)
    return dE, h.T @ da
"""


def test_no_edit_that_is_tried_writes_into_what_was_recorded() -> None:
    """`np.add.at(z, idx, dh)` in place of the last line left another z behind, of which the chain rule knew nothing."""
    random = np.random.default_rng(1)
    pair = Pair(
        "",
        "",
        {"E": random.normal(size=(5, 3)), "W": random.normal(size=(3, 3)), "idx": np.array([0, 2, 2, 1])},
        "",
        TIED,
        [],
    )
    found = judged(pair, TIED.replace("dE = dout.T @ z", "dE = np.zeros_like(E)"))
    assert [write for _, _, write in found.lines] == ["dE = np.zeros_like(E) + dout.T @ z"]


def both(inputs: str, forward: str, outputs: str, backward: str) -> str:
    return (
        f"import numpy as np\ndef some_forward({inputs}):\n    {forward}\n    return {outputs}\n"
        f"def some_backward(dout, cache):\n    {backward}\n"
    )


SURVIVAL = both(
    "x", "s = np.exp(-np.cumsum(x, axis=1))", "s, s",
    "dc = -dout * cache\n    dx = np.cumsum(dc[:, ::-1], axis=1)[:, ::-1]\n    return dx",
)  # fmt: skip
WINDOWS = both(
    "x", "xr = x.reshape(2, 2, 3, 2)\n    out = xr.max(axis=1).max(axis=2)", "out, (xr, out)",
    "xr, out = cache\n    mask = xr == out[:, None, :, None]\n    dx = dout[:, None, :, None] * mask\n"
    "    return dx.reshape(4, 6)",
)  # fmt: skip
SORTED = both(
    "x", "i = np.argsort(x)", "x[i] ** 2, (i, x)",
    "i, x = cache\n    dx = np.zeros(len(x))\n    dx[i] = 2 * x[i] * dout\n    return dx",
)  # fmt: skip


SHARES = both(
    "x", "p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)", "p, p",
    "p = cache\n    s = (dout * p).sum(-1, keepdims=True)\n    t = dout - s\n    return p * t",
)  # fmt: skip


@pytest.mark.parametrize(("code", "right", "wrong", "shape"), [
    (SHARES, "s = (dout * p).sum(-1, keepdims=True)", "s = (dout * p).sum(-2, keepdims=True)", (4, 3)),
    (SHARES.replace("sum(-1", "sum(axis=-1"), "s = (dout * p).sum(axis=-1, keepdims=True)",
     "s = (dout * p).sum(axis=-2, keepdims=True)", (4, 3)),
    (SURVIVAL, "dx = np.cumsum(dc[:, ::-1], axis=1)[:, ::-1]", "dx = np.cumsum(dc, axis=1)", (2, 4)),
    (SURVIVAL, "dx = np.cumsum(dc[:, ::-1], axis=1)[:, ::-1]", "dx = np.cumsum(dc[:, ::-1], axis=1)", (2, 4)),
    (WINDOWS, "mask = xr == out[:, None, :, None]", "mask = xr >= 0", (4, 6)),
    (SORTED, "dx[i] = 2 * x[i] * dout", "dx = (2 * x[i] * dout)[i]", (5,)),
])  # fmt: skip
def test_sums_from_the_end_masks_of_windows_and_places(
    code: str, right: str, wrong: str, shape: tuple[int, ...]
) -> None:
    pair = Pair("", "", {"x": np.random.default_rng(1).normal(size=shape)}, "", code, [])
    (found,) = judged(pair, code.replace(right, wrong)).lines
    assert ast.dump(ast.parse(found[2])) == ast.dump(ast.parse(right)), found


def test_a_share_that_is_missing_may_be_broadcast() -> None:
    code = both(
        "x",
        "t = np.log(np.exp(x).sum(1, keepdims=True))",
        "t, (x, t)",
        "x, t = cache\n    p = np.exp(x)\n    return p * dout",
    )
    parts = Code([part_of(code, "code.py")])
    judge = Judge(Runner(parts, pairs_in(parts)[0], {"x": np.random.default_rng(1).normal(size=(3, 4))}))
    search = Search(judge)
    search.reaches(search.sense({}), {})
    (line,) = [one for one in search.lines if ast.unparse(one.statement) == "p = np.exp(x)"]
    assert "p = np.exp(x - t)" in {plan.text() for plan in plans(line, line.atoms(search.read))}


@pytest.mark.parametrize(("right", "wrong"), [("x < y", "x > y"), ("x >= y", "x <= y")])
def test_a_comparison_that_is_turned_round_is_turned_back(right: str, wrong: str) -> None:
    code = f"""
import numpy as np

def forward(x, y):
    return np.where({right}, x, 2 * y), (x, y)

def backward(dout, cache):
    x, y = cache
    first = {wrong}
    return dout * first, 2 * dout * ~first
"""
    inputs = {"x": np.array([0.1, 0.9, 0.4]), "y": np.array([0.5, 0.2, 0.7])}
    assert judged(Pair("", "", inputs, "", code, []), code).lines == [(9, "wrong-point", f"first = {right}")]


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("2 * (0.5 * g / s / 6)", "g / s / 6"), ("g * 2 * 3 / 3 * -1", "-(2 * g)"), ("1 / 3 * g * 6", "2 * g"),
        ("0.1 * g * 3", "0.1 * g * 3"),
    ],
)  # fmt: skip
def test_numbers_in_a_product_are_put_together_where_that_is_exact(long: str, short: str) -> None:
    assert ast.unparse(Tidy().visit(ast.parse(long, mode="eval").body)) == short


def test_a_line_to_write_is_spelt_as_the_users_own() -> None:
    text = """
import numpy as np
def bend_forward(x, w):
    h = np.tanh(x @ w)
    return h, (x, w, h)
def bend_backward(dh, cache):
    x, w, h = cache
    dz = dh * (1 + h**2)
    return dz @ w.T, x.T @ dz
"""
    random = np.random.default_rng(1)
    given = {"x": random.normal(size=(3, 4)), "w": random.normal(size=(4, 2))}
    found = judged(Pair("bend", "tuned", given, "", text, []), text)
    assert [write for _, _, write in found.lines] == ["dz = dh * (1 - h**2)"]


def test_a_right_pass_needs_few_runs_of_its_forward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []
    forward_alone = Runner.forward_alone
    monkeypatch.setattr(Runner, "forward_alone", lambda *given: runs.append(1) or forward_alone(*given))
    pair = PAIRS["affine with reshape"]
    assert judged(pair, pair.code).verdict == "ok"
    assert len(runs) < 110  # at the given point each input is looked at by itself, and at others all at once


def test_a_root_that_is_a_whole_number_here_is_no_factor(check: Check) -> None:
    """Of 4 rows the root is 2, which is what is missing."""
    text = (
        "import numpy as np\n"
        "def even_forward(x):\n"
        "    away = x - x.mean(axis=0)\n"
        "    var = np.mean(away ** 2, axis=0)\n"
        "    return away / np.sqrt(var + 1e-5), (away, var)\n"
        "def even_backward(dout, cache):\n"
        "    away, var = cache\n"
        "    N = dout.shape[0]\n"
        "    inv = 1.0 / np.sqrt(var + 1e-5)\n"
        "    dvar = np.sum(dout * away * -0.5 * inv**3, axis=0)\n"
        "    dmean = np.sum(dout * -inv, axis=0)\n"
        "    dx = dout * inv + dvar * away / N + dmean / N\n"
        "    return dx\n"
    )
    point = {"x": [[0.3, -1.2, 0.7], [1.1, 0.4, -0.5], [-0.6, 0.9, 1.3], [0.2, -0.8, 0.5]]}
    (line,) = check("even.py", point, {"even.py": text})["lines"]
    assert (line["line"], line["cause"]) == (12, "factor")
    assert line["write"].count("sqrt") == 0, line
