"""The line that is blamed: where values are put away unread, entries are left as they are, lines are forgotten, and
names stand beside a cache."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from tests.pairs import Pair
from tests.pairs.judged import judged

from backprop.check.cures.search import Search
from backprop.check.passes.judge import Judge
from backprop.python.pairs.pairs import pairs_in
from backprop.python.pairs.rounds import training
from backprop.python.runs.runner import Runner
from backprop.python.texts.source import Code, part_of

RANDOM = np.random.default_rng(3)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape)


def wrong_lines(code: str, inputs: dict[str, object]) -> list[tuple[int, str | None, str | None]]:
    return judged(Pair("", "", inputs, "", code, []), code).lines


def test_two_values_that_are_put_away_unread_are_added_to() -> None:
    code = """
def spring_forward(place, speed, k):
    energy = 0.0
    kept = []
    for step in range(4):
        force = -k[0] * place + k[1] * speed
        kept.append((place, speed, force))
        speed = speed + 0.2 * force
        place = place + 0.2 * speed
        energy = energy + place ** 2 + 0.3 * speed ** 2 + 0.1 * force ** 2
    return energy, (kept, place, speed, k)

def spring_backward(denergy, cache):
    kept, place, speed, k = cache
    dplace, dspeed = 0.0, 0.0
    dk = [0.0, 0.0]
    for old_place, old_speed, force in reversed(kept):
        dplace += denergy * 2 * place
        dspeed += denergy * 0.6 * speed
        dforce = denergy * 0.2 * force
        dspeed = 0.2 * dplace
        dforce = 0.2 * dspeed
        dplace -= k[0] * dforce
        dspeed += k[1] * dforce
        dk[0] -= dforce * old_place
        dk[1] += dforce * old_speed
        place, speed = old_place, old_speed
    return dplace, dspeed, dk
"""
    assert wrong_lines(code, {"place": 0.7, "speed": -0.4, "k": np.array([1.3, -0.6])}) == [
        (21, "overwrites", "dspeed += 0.2 * dplace"),
        (22, "overwrites", "dforce += 0.2 * dspeed"),
    ]


CHAIN = """
import numpy as np

def chain_forward(weight):
    way = np.zeros((4, 3))
    way[0, 0] = weight[0, 0]
    way[0, 1] = weight[0, 1]
    for t in range(1, 4):
        for s in range(3):
            before = way[t - 1, s]
            if s > 0:
                before = before + way[t - 1, s - 1]
            way[t, s] = before * weight[t, s]
    both = way[3, 2] + way[3, 1]
    return np.log(both), (weight, way, both)

def chain_backward(dout, cache):
    weight, way, both = cache
    dweight, dway = np.zeros((4, 3)), np.zeros((4, 3))
    dboth = dout / both
    dway[3, 2] = dboth
    dway[3, 1] = dboth
    for t in range(3, 0, -1):
        for s in range(3):
            dweight[t, s] += dway[t, s] * way[t, s] / weight[t, s]
            back = dway[t, s] * weight[t, s]
            dway[t - 1, s] += back
            if s > 0:
                dway[t - 1, s - 1] += back
    dweight[0, 0] += dway[0, 0]
    dweight[0, 1] += dway[0, 1]
    return dweight
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("dway[3, 1] = dboth", "dway[3, 1] = 0", 22),
        ("dway[3, 1] = dboth", "dway[3, 1] = dout", 22),
        ("dweight[0, 1] += dway[0, 1]", "pass", 31),
    ],
)
def test_an_entry_that_nothing_else_changes_holds_what_is_due(right: str, wrong: str, line: int) -> None:
    weight = np.random.default_rng(4).uniform(0.5, 1.5, (4, 3))
    ((number, _, write),) = wrong_lines(CHAIN.replace(right, wrong), {"weight": weight})
    assert (number, write) == (line, right)


def test_a_line_that_is_forgotten_beside_its_like_is_put_behind_it() -> None:
    code = CHAIN.replace("    dweight[0, 1] += dway[0, 1]\n", "")
    weight = np.random.default_rng(4).uniform(0.5, 1.5, (4, 3))
    ((number, cause, write),) = wrong_lines(code, {"weight": weight})
    assert (number, cause, write) == (30, "missing-share", "dweight[0, 1] += dway[0, 1]")


DENSITY = """
import numpy as np

def density_forward(z, y):
    n = z.shape[1] // 2
    spread = np.exp(z[:, n:])
    gap = (y - z[:, :n]) / spread
    return 0.5 * (gap ** 2).sum() + np.log(spread).sum(), (spread, gap)

def density_backward(dout, cache):
    spread, gap = cache
    dm = -dout * gap / spread
    dspread = dout * (1 - gap ** 2) / spread
    dl = dspread * spread
    return np.concatenate([dm, dl], axis=1)
"""


def test_a_line_that_only_renames_is_to_blame_for_what_it_lacks() -> None:
    """It may be made up for where the name is read; that line is not the one that says nothing of its own."""
    code = DENSITY.replace("dl = dspread * spread", "dl = dspread")
    inputs = {"z": normal(3, 4), "y": normal(3, 2)}
    assert [(line, write) for line, _, write in wrong_lines(code, inputs)] == [(14, "dl = dspread * spread")]


def test_a_quotient_that_is_divided_once_too_little_gets_the_square() -> None:
    code = """
import numpy as np

def overlap_forward(a, b):
    both, all_of_it = (a * b).sum(axis=1), a.sum(axis=1) + b.sum(axis=1)
    out = both / (all_of_it + 1.0)
    return out, (a, b, both, all_of_it)

def overlap_backward(dout, cache):
    a, b, both, all_of_it = cache
    dboth = dout / (all_of_it + 1.0)
    dall = -dout * both / (all_of_it + 1.0)
    return dboth[:, None] * b + dall[:, None], dboth[:, None] * a + dall[:, None]
"""
    inputs = {"a": RANDOM.uniform(0.2, 1, (3, 4)), "b": RANDOM.uniform(0.2, 1, (3, 4))}
    assert wrong_lines(code, inputs) == [(12, "wrong-point", "dall = -dout * both / (all_of_it + 1.0) ** 2")]


def test_a_number_may_stand_in_place_of_one_for_each_row() -> None:
    code = """
import numpy as np

def entropy_forward(p):
    q = p / p.sum(axis=1, keepdims=True)
    h = -(q * np.log(q)).sum(axis=1)
    return h, (p, q, h)

def entropy_backward(dout, cache):
    p, q, h = cache
    slope = -(np.log(q) + 1)
    return dout[:, None] * slope / p.sum(axis=1, keepdims=True)
"""
    inputs = {"p": np.random.default_rng(2).uniform(0.3, 1.5, (3, 4))}
    ((line, cause, write),) = wrong_lines(code, inputs)
    assert (line, cause, write) == (11, "wrong-point", "slope = -(np.log(q) + h[:, None])")


def test_what_a_list_hands_on_is_made_where_it_has_a_name() -> None:
    code = """
import numpy as np

class Widths:
    def __init__(self, centre, width):
        self.params = [centre, width]

    def forward(self, x):
        centre, width = self.params
        self.gap = x[:, None] - centre
        self.beta = np.exp(-2 * width)
        self.out = np.exp(-0.5 * self.beta * self.gap ** 2)
        return self.out

    def backward(self, dout):
        dpower = dout * self.out
        dbeta = -0.5 * (dpower * self.gap ** 2).sum(axis=0)
        dwidth = dbeta * self.beta
        dgap = -dpower * self.beta * self.gap
        dcentre = dgap.sum(axis=0)
        self.grads = [dcentre, dwidth]
        return dgap.sum(axis=1)
"""
    lines = wrong_lines(code, {"x": normal(4), "centre": normal(3), "width": 0.3 * normal(3)})
    assert [line for line, _, _ in lines] == [20, 18]
    assert all(write is not None for _, _, write in lines)


CELL = """
import numpy as np

def cell_forward(x, keep, mem, w):
    z = np.tanh(x @ w)
    gate = 1 / (1 + np.exp(-(x + keep)))
    mem = gate * mem + z * keep
    out = mem * np.cos(keep)
    return out, mem, (x, keep, gate, mem, z, w)

def cell_backward(dout, dmem, cache):
    x, keep, gate, mem, z, w = cache
    dmem = dmem + dout * np.cos(keep)
    dkeep = dmem * z - dout * mem * np.sin(keep)
    dgate = dmem * (mem - z * keep) / gate
    da = dgate * gate * (1 - gate)
    dz = dmem * keep * (1 - z ** 2)
    return da + dz @ w.T, dkeep + da, dmem * gate, x.T @ dz

def chain_forward(xs, keep, w):
    mem = np.ones_like(keep)
    outs, kept = [], []
    for x in xs:
        keep, mem, cache = cell_forward(x, keep, mem, w)
        outs.append(keep)
        kept.append(cache)
    return np.array(outs), kept

def chain_backward(douts, kept):
    dxs = np.zeros_like(douts)
    dw = np.zeros_like(kept[0][-1])
    dkeep, dmem = np.zeros_like(douts[0]), np.zeros_like(douts[0])
    for t in reversed(range(len(kept))):
        dxs[t], dkeep, dmem, part = cell_backward(douts[t] + dkeep, dmem, kept[t])
        dw += part
    return dxs, dkeep, dw
"""


def test_names_beside_a_cache_are_known_in_every_round() -> None:
    """`keep, mem, cache = cell_forward(…)`: what such a line gives a name is what the gradient of that name is of."""
    pair = Pair("", "", {"xs": normal(4, 2, 3), "keep": normal(2, 3), "w": normal(3, 3)}, "", CELL, [])
    code = Code([part_of(CELL.replace("douts[t] + dkeep, dmem", "douts[t], dmem"), "code.py")])
    judge = Judge(Runner(code, pairs_in(code)[-1], pair.inputs))
    search = Search(judge)
    search.reaches(search.sense({}), {})
    derivation = search.derivation({})
    suspects = [one.lineno for one in derivation.trace.visits if derivation.is_suspect(one, frozenset())]
    assert suspects == [34]


RIDGE = """
import numpy as np

def ridge(A, goal, w, REG):
    off = A @ w - goal
    loss = 0.5 * np.mean(off ** 2) + REG * np.sum(w ** 2)
    dw = A.T @ off / len(goal) + 2 * REG * w
    return loss, dw
"""


@pytest.mark.parametrize("name", ["reg", "lam", "weight_decay", "l2_reg"])
@pytest.mark.parametrize("none", [0.0, 0])
def test_a_penalty_of_weight_0_hides_nothing(name: str, none: float) -> None:
    """Where its weight is 0 the slope of the penalty is forgotten without a trace: it is tried with some."""
    right = RIDGE.replace("REG", name)
    inputs = {"A": normal(5, 3), "goal": normal(5), "w": normal(3), name: none}
    assert judged(Pair("", "", inputs, "", right, []), right).verdict == "ok"
    code = right.replace(f" + 2 * {name} * w", "")
    found = judged(Pair("", "", inputs, "", code, []), code)
    assert found.verdict == "wrong"
    assert [line for line, _, _ in found.lines] == [7]


def test_how_many_there_are_of_something_is_no_root() -> None:
    """Of four channels in two groups there are two in each, which is also the root of four."""
    code = """
import numpy as np

def groups_forward(x):
    N, C, L = x.shape
    G = 2
    xg = x.reshape(N, G, -1)
    centred = xg - xg.mean(axis=2, keepdims=True)
    size = (centred ** 2).mean(axis=2, keepdims=True)
    return (centred * size).reshape(N, C, L), (centred, size, (N, C, L), G)

def groups_backward(dout, cache):
    centred, size, (N, C, L), G = cache
    M = C * L
    dg = dout.reshape(N, G, -1)
    dsize = (dg * centred).sum(axis=2, keepdims=True)
    dcentred = dg * size + 2 * centred * dsize / M
    dx = dcentred - dcentred.sum(axis=2, keepdims=True) / M
    return dx.reshape(N, C, L)
"""
    assert [write for _, _, write in wrong_lines(code, {"x": normal(3, 4, 5)})] == ["M = C // G * L"]


def test_a_number_that_stands_for_an_array_is_not_misnamed() -> None:
    """The slope of a mean is the same everywhere: `dscore = -dout / n` is right, and no second line is looked for."""
    code = """
import numpy as np

def score_forward(p, t):
    hit, whole = (p * t).sum(axis=1), p.sum(axis=1) + t.sum(axis=1)
    score = hit / whole
    return (1 - score).mean(), (p, t, hit, whole, score)

def score_backward(dout, cache):
    p, t, hit, whole, score = cache
    dscore = -dout / len(p)
    dhit = dscore / whole
    dwhole = -dscore * score / whole
    dp = dhit[:, None] * t
    return dp
"""
    pair = Pair("", "", {"p": RANDOM.uniform(0.2, 1, (3, 4)), "t": RANDOM.uniform(0.2, 1, (3, 4))}, "", code, [])
    parts = Code([part_of(code, "code.py")])
    search = Search(Judge(Runner(parts, pairs_in(parts)[0], pair.inputs)))
    search.reaches(search.sense({}), {})
    derivation = search.derivation({})
    assert [one.lineno for one in derivation.trace.visits if derivation.is_suspect(one, frozenset())] == [14]


def test_what_a_choice_takes_off_may_be_forgotten() -> None:
    code = """
import numpy as np

def chosen_forward(z, pick):
    top = z.max(axis=1)
    whole = top + np.log(np.exp(z - top[:, None]).sum(axis=1))
    return (whole - z[np.arange(len(z)), pick]).sum(), (z, pick, whole)

def chosen_backward(dloss, cache):
    z, pick, whole = cache
    dz = dloss * np.exp(z - whole[:, None])
    pass
    return dz
"""
    inputs = {"z": normal(4, 3), "pick": np.array([2, 0, 1, 1])}
    assert wrong_lines(code, inputs) == [(12, "missing-share", "dz[np.arange(len(z)), pick] -= dloss")]


RATINGS = """
import math

def odds(a):
    return 1.0 / (1.0 + math.exp(-a))

def rating_grad(ratings, home, games, wins, prior=0.1):
    grad = [0.0] * len(ratings)
    grad_home = 0.0
    for g in range(len(games)):
        i, j = games[g]
        p = odds(ratings[i] - ratings[j] + home)
        err = p - wins[g]
        grad[i] += err
        grad[j] -= err
        grad_home += err
    for k in range(len(ratings)):
        grad[k] += prior * ratings[k]
    return grad, grad_home
"""


def test_two_places_of_a_game_are_no_cost() -> None:
    """A function that gives gradients alone has no forward pass: nothing of it is judged, and nothing is wrong."""
    (rating_grad,) = [one for one in ast.parse(RATINGS).body if getattr(one, "name", "") == "rating_grad"]
    assert isinstance(rating_grad, ast.FunctionDef)
    assert training(rating_grad) is None
    assert pairs_in(Code([part_of(RATINGS, "ratings.py")])) == []


TANK = """
import numpy as np

class Tank:
    def __init__(self, valves):
        self.valves = valves

    def forward(self, rain):
        level = np.zeros(rain.shape[1])
        self.kept, levels = [], []
        for t in range(rain.shape[0]):
            inlet = np.tanh(rain[t] + self.valves[0] * level)
            outlet = np.tanh(1.0 + self.valves[1] * level)
            filled = level * outlet + inlet
            lid = np.tanh(0.5 + self.valves[2] * filled)
            self.kept.append((inlet, outlet, lid, level, filled))
            level = filled
            levels.append(lid * filled)
        return np.stack(levels)

    def backward(self, dlevels):
        self.dvalves = np.zeros_like(self.valves)
        drain = np.zeros_like(dlevels)
        dlevel_next = np.zeros_like(dlevels[0])
        for t in range(len(self.kept) - 1, -1, -1):
            inlet, outlet, lid, level, filled = self.kept[t]
            dlid = dlevels[t] * filled * (1 - lid ** 2)
            dlevel = dlevel_next + dlevels[t] * lid + dlid * self.valves[2]
            dinlet = dlevel * (1 - inlet ** 2)
            doutlet = dlevel * level * (1 - outlet ** 2)
            self.dvalves[0] += (dinlet * level).sum(axis=0)
            self.dvalves[1] += (doutlet * level).sum(axis=0)
            self.dvalves[2] += (dlid * filled).sum(axis=0)
            drain[t] = dinlet
            dlevel_next = dlevel * outlet + dinlet * self.valves[0] + doutlet * self.valves[1]
        return drain
"""


def test_what_a_round_hands_on_with_two_shares_less_is_suspected_and_derived_whole() -> None:
    """Of what stands in `self.valves`, the backward pass reads no entry but the last one any more."""
    right = "dlevel * outlet + dinlet * self.valves[0] + doutlet * self.valves[1]"
    text = TANK.replace(right, "dlevel * outlet")
    code = Code([part_of(text, "code.py")])
    search = Search(Judge(Runner(code, pairs_in(code)[0], {"rain": normal(3, 2), "valves": normal(3, 2)})))
    reaches = {one.line.number: one.line for one in search.reaches(search.sense({}), {})}
    derivation = search.derivation({})
    suspects = [one.lineno for one in derivation.trace.visits if derivation.is_suspect(one, frozenset())]
    number = text.split("\n").index("            dlevel_next = dlevel * outlet") + 1
    assert suspects == [number]
    line = reaches[number]
    texts = [text for _, text in derivation.plans(line, line.atoms(search.read))]
    assert f"dlevel_next = {right}" in texts


def test_an_index_lacks_one_where_shares_are_added_at_it() -> None:
    code = """
import numpy as np

def bent_forward(x, knots):
    left = np.floor(x).astype(int)
    part = x - left
    y = (1 - part) * knots[left] + part * knots[left + 1]
    return y, (left, part, knots)

def bent_backward(dy, cache):
    left, part, knots = cache
    dknots = np.zeros_like(knots)
    np.add.at(dknots, left, dy * (1 - part))
    np.add.at(dknots, left + 1, dy * part)
    dx = dy * (knots[left + 1] - knots[left])
    return dx, dknots
"""
    inputs = {"x": 3 * RANDOM.random(6), "knots": normal(4)}
    assert wrong_lines(code, inputs) == []
    lacks = code.replace("dknots, left + 1,", "dknots, left,")
    assert wrong_lines(lacks, inputs) == [(14, "wrong-point", "np.add.at(dknots, left + 1, dy * part)")]
    more = code.replace("dknots, left,", "dknots, left + 1,")
    assert wrong_lines(more, inputs) == [(13, "wrong-point", "np.add.at(dknots, left, dy * (1 - part))")]
