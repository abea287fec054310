"""A sample of the pairs in the styles that people write: `python -m tests.pairs` goes through all of them."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.pairs import Mistake, Pair, pairs
from tests.pairs.judged import judged

from backprop.check.passes import slopes
from backprop.check.passes.judge import Judge
from backprop.check.passes.sensitivity import Sense
from backprop.check.passes.slopes import compared
from backprop.check.passes.trace import Trace
from backprop.python.pairs.pairs import pairs_in
from backprop.python.runs.runner import Runner
from backprop.python.texts.source import Code, part_of
from backprop.python.values.tape import Tape
from conftest import in_process

PAIRS = {one.name: one for one in pairs()}
SAMPLE = [
    "relu by mask", "softmax loss with its gradient", "course listing of the sigmoid circuit", "safe logarithm",
    "cube with setup_context", "value engine with an expression", "mask layer", "time affine and softmax over time",
    "two layer net loss and grads", "embedding object", "generator of layers", "instance norm with try",
]  # fmt: skip


@pytest.mark.parametrize("name", SAMPLE)
def test_a_right_pair_is_ok(name: str) -> None:
    assert judged(PAIRS[name], PAIRS[name].code).verdict == "ok"


ONE = [
    ("relu by mask", 0), ("softmax loss with its gradient", 0), ("clipped activation", 0), ("embedding object", 1),
    ("value engine with an expression", 0), ("value engine with an expression", 1), ("mean squared error", 1),
    ("three layers in one go", 0), ("straight softmax", 0), ("triangular weights", 0), ("multi head split", 0),
    ("deep net with loops over a list of weights", 1), ("coursera model with a list of sizes and relu", 0),
    ("graph convolution", 1), ("mixture of two experts", 1), ("batched attention by einsum", 1),
    ("focal loss binary", 0), ("margin ranking with anchors", 1), ("cosine of rows by norms", 1),
    ("crossentropy over time with mask dict", 0), ("block with a gelu and its slope as helpers", 2),
    ("layers with activations and slopes as methods", 0), ("relu between two bounds", 1),
    ("logistic regression whose first weight does not decay", 0),
]  # fmt: skip


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("name", "which"), ONE)
def test_a_planted_mistake_is_found_in_its_line_with_a_cure(name: str, which: int) -> None:
    pair = PAIRS[name]
    mistake = pair.mistakes[which]
    text, (line,) = pair.planted(mistake)
    found = judged(pair, text)
    assert [one for one, _, _ in found.lines] == [line]
    _, cause, write = found.lines[0]
    assert cause in mistake.causes
    assert write is not None
    assert judged(pair, "\n".join(put(text.splitlines(), line, write))).verdict == "ok"


def put(lines: list[str], number: int, write: str) -> list[str]:
    """The text with another line, as deep as the old one."""
    old = lines[number - 1]
    return [*lines[: number - 1], old[: len(old) - len(old.lstrip())] + write, *lines[number:]]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "name",
    [
        "relu by mask", "softmax loss with its gradient", "mask layer", "multi head split",
        "activations chosen by a name", "custom function with two saved", "rnn many to one", "gated cell",
        "layer norm over features", "attention by hand", "softmin with a sum beside", "mean over what is there",
        "scaled softplus object", "layernorm with a compact formula", "loss and gradient of weighted regression",
    ],
)  # fmt: skip
def test_two_mistakes_on_one_way_are_both_found(name: str) -> None:
    pair = PAIRS[name]
    text, lines = pair.planted(*pair.mistakes)
    assert sorted(line for line, _, _ in judged(pair, text).lines) == sorted(lines)


SWEPT = [
    "attention", "groupnorm of images", "lstm step", "one dimensional convolution", "cosine similarity", "log sum exp",
    "gathered rows", "straight softmax", "max pooling by reshape", "word embedding", "prelu object",
    "weight normalisation",
]  # fmt: skip


FUNCTIONS = [one for one in PAIRS.values() if not one.forward and any(word in one.name for word in SWEPT)]


@pytest.mark.parametrize("pair", FUNCTIONS, ids=lambda one: one.name)
def test_a_sweep_through_the_forward_pass_is_what_differences_say(pair: Pair) -> None:
    from backprop.check.passes.judge import Judge

    code = Code([part_of(pair.code, "code.py")])
    judge = Judge(Runner(code, pairs_in(code)[-1], dict(pair.inputs)))
    slopes = judge.points[0].slopes
    assert all(one.exact for one in slopes.values()), [path for path, one in slopes.items() if not one.exact]
    swept = judge.runner.swept(judge.binding.given, judge.binding.upstream, judge.paths)
    assert all(compared(swept[path], one).verdict == "ok" for path, one in slopes.items())


def test_what_a_line_gives_is_told_by_a_sweep_through_the_backward_pass() -> None:
    from backprop.check.passes.judge import Judge
    from backprop.check.passes.sensitivity import Sense

    pair = PAIRS["affine then relu"]
    text, _ = pair.planted(Mistake("db = np.sum(da, axis=0)", "db = np.sum(dout, axis=0)", ()))
    code = Code([part_of(text, "code.py")])
    judge = Judge(Runner(code, pairs_in(code)[0], dict(pair.inputs)))
    judge.judge()
    sense = Sense(judge, judge.points[0], {})
    assert sense.told
    assert set(sense.bad) == {("b",)}
    reached = {ast.unparse(one): sense.reaches(one) for one in sense.trace.visits if sense.is_affine(one)}
    assert reached["da = dout * (a > 0)"] == {("x",), ("w",)}
    assert reached["db = np.sum(dout, axis=0)"] == {("b",)}


@pytest.mark.parametrize("line", [
    "np.put_along_axis(q, t[:, None], 0.9, axis=1)", "np.put_along_axis(q, t[:, None], values=0.9, axis=1)",
    "np.fill_diagonal(q, val=0.9)", "q[range(3), t] = 0.9",
])  # fmt: skip
def test_what_is_written_by_name_hides_no_line(line: str) -> None:
    code = f"""import numpy as np
def loss_forward(x, t):
    q = np.full_like(x, 0.1)
    {line}
    return np.sum(q * x ** 2), (q, x)
def loss_backward(g, cache):
    q, x = cache
    dx = g * q * x
    return dx
"""
    pair = Pair("", "", {"x": np.arange(1.0, 10.0).reshape(3, 3), "t": np.array([2, 0, 1])}, "", code, [])
    assert [one[:2] for one in judged(pair, code).lines] == [(8, "factor")]
    text = Code([part_of(code, "code.py")])
    judge = Judge(Runner(text, pairs_in(text)[-1], pair.inputs))
    assert Sense(judge, judge.points[0], {}).told


def test_numbers_of_elements_follow_views_and_writes() -> None:
    tape = Tape()
    a = np.arange(6.0).reshape(2, 3)
    ids = tape.leaf(a)
    assert (tape.ids(a[:, ::-1].T) == ids[:, ::-1].T).all()
    tape.put_at(a, (0, slice(None)), 1.0)
    assert (tape.ids(a)[0] == 0).all()
    assert (tape.ids(a)[1] == ids[1]).all()
    assert (Trace().tape.ids(a) == 0).all()


@pytest.mark.parametrize("small", ["1e-7", "1e-12"])
def test_a_small_number_that_a_backward_pass_leaves_out_is_no_mistake(small: str) -> None:
    text = (
        "import numpy as np\ndef soft(x):\n    e = np.exp(x - x.max(1, keepdims=True))\n"
        "    return e / e.sum(1, keepdims=True)\n"
        f"def ce_forward(x, t):\n    p = soft(x)\n    return -np.sum(t * np.log(p + {small})), (p, t)\n"
        "def ce_backward(dl, kept):\n    p, t = kept\n    return dl * (p - t)\n"
    )
    random = np.random.default_rng(1)
    pair = Pair("", "", {"x": random.normal(size=(3, 4)), "t": np.eye(4)[[0, 2, 1]]}, "", text, [])
    assert judged(pair, text).verdict == "ok"
    assert judged(pair, text.replace("(p - t)", "(p - t) / 3")).verdict == "wrong"


def test_layers_that_return_nothing_and_losses_without_an_upstream() -> None:
    text = (
        "import numpy as np\nclass Square:\n    def forward(self, inputs):\n        self.inputs = inputs\n"
        "        self.output = inputs ** 2\n    def backward(self, dvalues):\n"
        "        self.dinputs = 2 * self.inputs * dvalues\n"
        "class Loss:\n    def forward(self, y_pred, y_true):\n        return np.mean((y_true - y_pred) ** 2, axis=-1)\n"
        "    def backward(self, dvalues, y_true):\n        n, m = len(dvalues), len(dvalues[0])\n"
        "        self.dinputs = -2 * (y_true - dvalues) / m / n\n"
    )
    random = np.random.default_rng(1)
    for inputs in ({"inputs": random.normal(size=(3, 4))},
                   {"y_pred": random.normal(size=(3, 4)), "y_true": random.normal(size=(3, 4))}):  # fmt: skip
        pair = Pair("", "", inputs, "", text, [])
        assert judged(pair, text).verdict == "ok"
        assert judged(pair, text.replace("2 * ", "3 * ").replace("-2", "-3")).verdict == "wrong"


def test_json_tells_what_a_line_gives_and_should_give_and_in_which_round(tmp_path: Path) -> None:
    text = (
        "import numpy as np\ndef f_forward(x, w):\n    out = np.zeros(3)\n    for t in range(3):\n"
        "        out[t] = x[t] * w\n    return out, (x, w)\ndef f_backward(dout, kept):\n    x, w = kept\n"
        "    dx, dw = dout * w, 0.0\n    for t in range(3):\n        dw = dout[t] * x[t]\n    return dx, dw\n"
    )
    (tmp_path / "code.py").write_text(text)
    done = in_process('backprop check code.py --x "[1, 2, 4]" --w 3 --upstream "[1, 10, 100]" --json', tmp_path)
    (line,) = json.loads(done.stdout)["lines"]
    assert (line["line"], line["iteration"]) == (11, 1)
    assert (line["yours"], line["expected"]) == (20.0, 21.0)


def test_the_chain_rule_says_a_line_in_the_names_of_the_user() -> None:
    from backprop.check.cures.search import Search
    from backprop.check.passes.judge import Judge

    pair = PAIRS["single head attention"]
    right = "dx = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T"
    text, (number,) = pair.planted(Mistake(right, "dx = dq @ Wq.T", ()))
    code = Code([part_of(text, "code.py")])
    judge = Judge(Runner(code, pairs_in(code)[0], dict(pair.inputs)))
    judge.judge()
    search = Search(judge)
    lines = search.reaches(search.sense({}), {})
    (line,) = [one.line for one in lines if one.line.number == number]
    told = [text for _, text in search.derivation({}).suspected(line, line.atoms(search.read))]
    assert sorted(right.split()) in [sorted(text.split()) for text in told]


def test_no_derived_line_goes_around_another_mistake() -> None:
    pair = PAIRS["three layers in one go"]
    text, lines = pair.planted(*pair.mistakes)
    assert sorted(line for line, _, _ in judged(pair, text).lines) == sorted(lines)


def test_a_sweep_that_is_wrong_in_many_elements_is_measured_in_all_of_them() -> None:
    start = np.linspace(-1.0, 1.0, 12)

    def objective(given: dict[str, Any]) -> tuple[float, float]:
        return float(np.sin(given["x"]).sum()), float(np.abs(np.sin(given["x"])).sum())

    told = slopes.of_sweep(np.cos(start) + 0.01 * (-1.0) ** np.arange(12), 0.0)
    found = slopes.measured_where(objective, {"x": start}, ("x",), told, np.cos(start))
    assert np.allclose([one.slope for one in found.probes], np.cos(start), rtol=1e-9)


def test_slopes_of_a_function_without_a_rule_are_those_of_turned_arrays_too() -> None:
    """`reshape(-1)` of such a one is a copy: nothing was moved, every slope was 0, and all was measured by hand."""
    text = (
        "import numpy as np\ndef turned_forward(x):\n    return np.einsum('ij->j', (x * x).T), x\n"
        "def turned_backward(dout, x):\n    return 2 * x * dout[:, None]\n"
    )
    x, code = np.arange(6.0).reshape(3, 2), Code([part_of(text, "code.py")])
    runner = Runner(code, pairs_in(code)[0], {"x": x})
    (found,) = runner.swept({"x": x}, [np.ones(3)], [("x",)]).values()
    assert np.allclose(found, 2 * x)


@pytest.mark.parametrize(
    ("returned", "taken", "forward"),
    [
        ("loss, (h, y)", "x, w, y, cache", "surrogate"),
        ("loss", "x, w, y, cache", "policy_forward"),  # nothing that is kept comes from there
        ("loss, (h, y)", "dh, cache", "policy_forward"),
    ],
)
def test_a_backward_pass_is_of_the_loss_around_its_forward_pass_where_it_takes_what_that_takes(
    returned: str, taken: str, forward: str
) -> None:
    code = f"""
def policy_forward(x, w):
    return x @ w

def surrogate(x, w, y):
    h = policy_forward(x, w)
    loss = ((h - y) ** 2).sum()
    return {returned}

def policy_backward({taken}):
    return x, w
"""
    (pair,) = pairs_in(Code([part_of(code, "code.py")]))
    assert pair.forward is not None
    assert pair.forward.name == forward


def test_a_function_that_returns_a_loss_and_gradients_named_by_a_g_is_both_passes() -> None:
    code = """
import numpy as np
def fit(W, b, x, y):
    gW, gb = 0.1 * W, np.zeros_like(b)
    loss = 0.05 * (W ** 2).sum()
    for i in range(len(y)):
        e = W[i] * x[i] + b[i] - y[i]
        loss += 0.5 * e ** 2
        gW[i] += e * x[i]
        gb[i] += e
    return loss, gW, gb
"""
    inputs = {"W": np.array([0.5, -1.0]), "b": np.ones(2), "x": np.array([2.0, 3.0]), "y": np.array([0.3, 0.1])}
    assert judged(Pair("", "", inputs, "", code, []), code).verdict == "ok"
