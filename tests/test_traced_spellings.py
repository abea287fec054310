"""Every spelling that `check` reads, traced: the circuit has the value and the gradients of the function."""

import numpy as np
import pytest

from backprop.errors import Problem
from backprop.library import Compiled
from backprop.library.traced import check_moves
from backprop.python.pairs.pair import Pair
from backprop.python.runs.runner import Runner
from backprop.python.spellings.jax import JAX
from backprop.python.spellings.numpy import NUMPY, SCIPY
from backprop.python.spellings.torch import TORCH
from backprop.python.texts.source import Code, part_of
from backprop.python.traced import traced

IMPORTS = {
    "numpy": "import numpy as np\n",
    "scipy": "import numpy as np\nimport scipy.special\n",
    "torch": "import torch\nimport torch.nn.functional as F\n",
    "jax": "import jax\nimport jax.numpy as jnp\n",
}
ROWS = [
    (library, name, row.example)
    for library, table in (("numpy", NUMPY), ("scipy", SCIPY), ("torch", TORCH), ("jax", JAX))
    for name, row in table.items()
]
UNSAID = {  # what no gate says; it is refused with its place
    "nansum", "nanmean", "nanmax", "median", "maximum.accumulate", "interp", "fmod", "heaviside",
    "nanvar", "nanstd", "masked_select", "nanmin", "nanprod", "nancumsum", "nanmedian", "percentile", "quantile",
    "copysign", "nextafter", "partition", "choose", "resize", "minimum.accumulate", "linalg.pinv", "linalg.cond",
    "linalg.eigvalsh",
}  # fmt: skip
POINT = {"x": np.array([[0.31, -0.82, 1.3], [0.74, 0.46, -0.66]]), "v": np.array([0.7, -1.4, 0.9])}


def function(library, example):
    """A function that does what an example does, and adds up all of it with weights."""
    text = example if "f = " in example else f"f = {example}"
    body = "\n    ".join(part.strip() for part in text.split(";"))
    return f"{IMPORTS[library]}def run(x, v, y):\n    {body}\n    return f\n"


def runner_of(text, given):
    code = Code([part_of(text, "layers.py")])
    return Runner(code, Pair("run", "functions", code.functions()["run"], None), given)


@pytest.mark.parametrize(("library", "name", "example"), ROWS)
def test_a_spelling_is_traced(library, name, example):
    runner = runner_of(function(library, example), {**POINT, "y": np.array([0, 2])})
    try:
        before = runner.outputs(runner.given)[0]
    except Problem:
        return  # it gives no array, and so no gradient
    if np.asarray(before).dtype.kind != "f":
        return  # it gives whole numbers, which have none
    if name in UNSAID:
        with pytest.raises(Problem) as refused:
            traced(runner, runner.given)
        assert refused.value.spans
        return
    found = traced(runner, runner.given)
    if not found.at:
        return
    compiled = Compiled(found.text)
    check_moves(compiled, found.at, runner)
    above = np.random.default_rng(1).standard_normal(np.shape(before))
    gradients = compiled.evaluate(found.at, upstream=above if np.ndim(above) else float(above)).gradients
    for key, value in found.at.items():
        for place in np.ndindex(np.shape(value)):
            ends = []
            for step in (1e-6, -1e-6):
                moved = {**runner.given, key: np.array(value)}
                moved[key][place] += step
                ends.append(np.sum(np.asarray(runner.outputs(moved)[0]) * above))
            slope = (ends[0] - ends[1]) / 2e-6
            assert np.asarray(gradients[key])[place] == pytest.approx(slope, abs=1e-7, rel=1e-6), found.text
