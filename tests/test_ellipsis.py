"""`...` in an index and in the subscripts of einsum, as in NumPy: value, gradient, Hessian, and every program."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from conftest import in_process
from programs import function

INDICES = [
    "..., 0",
    "0, ...",
    "..., 1, :",
    "..., None",
    "None, ..., 1",
    "..., ::-1",
    "::-1, ...",
    "0, ..., 1",
    "..., [0, 2]",
]
INDICES += ["..., 1:, 0", "...", "0, 1, 2, ...", "None, ::-1, ..., ::-1"]
EINSUMS = [
    ("...ij,...jk->...ik", (2, 2), (2, 2)),
    ("...ij,...jk->...ik", (2, 2), (3, 2, 2)),
    ("...ij,...jk->...ik", (3, 1, 2, 2), (1, 2, 2, 2)),
    ("...ij,...jk", (3, 2, 2), (2, 2)),
    ("i...,ij->j...", (2, 3, 2), (2, 5)),
    ("i...,...->...", (2, 3), (4, 3)),
    ("i...j,...j->...i", (2, 2, 1, 3), (4, 3)),
    ("...i->...", (3, 4)),
    ("...ii->...i", (2, 3, 3)),
    ("i...i->...", (3, 2, 3)),
]


def arrays(shapes: tuple[tuple[int, ...], ...]) -> dict[str, Any]:
    random = np.random.default_rng(1)
    return {name: np.round(random.normal(size=shape), 3) for name, shape in zip("AB", shapes, strict=False)}


@pytest.mark.parametrize("index", INDICES)
def test_an_index_as_numpy_has_it(index: str) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    places = eval(f"np.s_[{index}]", {"np": np})
    found = backprop.evaluate(f"sum(x[{index}]^2)", x=x)
    expected = np.zeros_like(x)
    np.add.at(expected, places, 2 * x[places])
    assert found.value == np.sum(x[places] ** 2)
    np.testing.assert_array_equal(found.gradients["x"], expected)


@pytest.mark.parametrize(("subscripts", "shapes"), [(one, shapes) for one, *shapes in EINSUMS])
def test_einsum_as_torch_has_it(subscripts: str, shapes: Any) -> None:
    torch = pytest.importorskip("torch")
    at = arrays(shapes)
    program = backprop.compile(f'sum(sin(einsum("{subscripts}", {", ".join(at)})))')
    tensors = [torch.tensor(value, requires_grad=True) for value in at.values()]

    def function(*inputs: Any) -> Any:
        return torch.sin(torch.einsum(subscripts, *inputs)).sum()

    found, blocks = program.evaluate(at), program.hessian(at)
    expected = torch.autograd.functional.hessian(function, tuple(tensors))
    for i, (name, slope) in enumerate(zip(at, torch.autograd.grad(function(*tensors), tensors), strict=True)):
        np.testing.assert_allclose(found.gradients[name], slope, atol=1e-12)
        for j, other in enumerate(at):
            np.testing.assert_allclose(blocks[name][other], expected[i][j], atol=1e-12)


TEXTS = [(f"sum(A[{index}]^2)", ((2, 3, 4),)) for index in INDICES[:6] + INDICES[-1:]]
TEXTS += [(f'sum(einsum("{one}", {", ".join("AB"[: len(shapes)])})^2)', tuple(shapes)) for one, *shapes in EINSUMS[2:]]


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_a_program_of_all_of_them_tests_itself(target: str, tmp_path: Path) -> None:
    pytest.importorskip(target)
    terms, at = [], {}
    for number, (text, shapes) in enumerate(TEXTS):
        terms.append(re.sub(r"\b([AB])\b", rf"\g<1>{number}", text))
        at.update({f"{name}{number}": value.tolist() for name, value in arrays(shapes).items()})
    (tmp_path / "at.json").write_text(json.dumps(at))
    (tmp_path / "f.bp").write_text(" + ".join(terms))
    found = in_process(f"backprop code -f f.bp --vars at.json --to {target} -o p.py", tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    function((tmp_path / "p.py").read_text(), "__main__")


@pytest.mark.parametrize(("text", "shapes"), TEXTS[:4] + TEXTS[-4:])
def test_map_and_what_is_printed(text: str, shapes: Any, tmp_path: Path) -> None:
    at = arrays(shapes)
    given = json.dumps({name: value.tolist() for name, value in at.items()}) + "\n"
    row = json.loads(in_process(f"backprop map '{text}'", tmp_path, given).stdout)
    found = backprop.evaluate(text, at)
    for name in at:
        np.testing.assert_allclose(row[f"df_d{name}"], found.gradients[name], rtol=1e-12)
    assert backprop.compile(text).evaluate(at).value == found.value


def test_python_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(
        'import numpy as np\nL = np.sum(A[..., 0] ** 2) + np.einsum("...ij,...jk->...ik", A, A).sum()\n'
    )
    found = in_process("backprop eval -f f.py --A '[[1,2],[3,4]]' --json", tmp_path)
    assert json.loads(found.stdout)["value"] == 10 + 54
    assert "ok" in in_process("backprop check -f f.py --A '[[1,2],[3,4]]'", tmp_path).stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sum(A[..., ...])", "one ... at most"),
        ("sum(A[..., 5])", "no index 5 in dimension 2"),
        ("sum(A[0, 0, 0, 0, ...])", "given 4 indices"),
        ("A + ...", "only in an index"),
        ('sum(einsum("...i->i", A))', "in the output, too"),
        ('sum(einsum("...ijkl->...", A))', "stands for nothing"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    with pytest.raises(backprop.Problem) as caught:
        backprop.evaluate(text, A=np.ones((2, 3, 4)))
    assert message in caught.value.message


def test_places_beyond_a_million_are_told_with_all_their_digits() -> None:
    """What is told can be typed in again."""
    result = backprop.evaluate("sum(reshape(x, [1, 1234567])[0, 1234565:1234567])", x=np.ones(1234567))
    told = [stage.expression for stage in result.stages]
    assert told[1:3] == ["reshape(x, shape=[1, 1234567])", "q1[0, 1234565:1234567]"]
