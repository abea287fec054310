"""Inputs for every gate that mixes elements: shapes that broadcast, are empty, have a dimension of 1."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from backprop.circuit import Circuit
from backprop.gates import GATES


class Fixed(NamedTuple):
    """An input in which nothing is differentiated: an index, classes."""

    value: Any


class Case(NamedTuple):
    """A gate with options and inputs: a shape stands for random numbers, a Fixed for an input that is constant."""

    gate: str
    options: dict[str, Any]
    inputs: tuple[Any, ...]


def positive(*shape: int) -> np.ndarray:
    """Positive definite matrices."""
    root = np.random.default_rng(5).standard_normal(shape)
    return root @ np.swapaxes(root, -1, -2) + 2 * np.eye(shape[-1])


def case(gate: str, *inputs: Any, **options: Any) -> Case:
    return Case(gate, options, inputs)


REDUCTION_SHAPES = [
    ((3, 4), {}),
    ((3, 4), {"axis": 0}),
    ((3, 4), {"axis": -1, "keepdims": 1}),
    ((1, 4), {"axis": 0}),
    ((2, 3, 2), {"axis": 1}),
    ((5,), {}),
]
PAIRS = [
    ((4,), (4,)),
    ((3, 4), (4,)),
    ((4,), (4, 2)),
    ((3, 4), (4, 2)),
    ((1, 4), (4, 1)),
    ((2, 3, 4), (4, 2)),
    ((2, 3, 4), (2, 4, 3)),
    ((2, 1, 3, 4), (5, 4, 2)),
    ((3,), (2, 3, 2)),
    ((2, 3, 2), (2,)),
]
PRODUCTS = [  # the shapes of two factors, and of their product
    ((4,), (4,), ()), ((3, 4), (4,), (3,)), ((4,), (4, 2), (2,)), ((3, 4), (4, 2), (3, 2)),
    ((2, 3, 4), (2, 4, 2), (2, 3, 2)),
]  # fmt: skip
SLICE = ("slice", None, None, None)
REVERSED = ("slice", None, None, -1)
PART = ("slice", 1, 3, None)

CASES = [
    *(
        case(gate, shape, **options)
        for gate in ("sum", "mean", "max_of", "min_of", "var", "std", "norm", "logsumexp")
        for shape, options in REDUCTION_SHAPES
    ),
    *(case(gate, (2, 3, 2), axis=(-3, 2)) for gate in ("sum", "mean", "max_of", "var", "norm", "logsumexp")),
    *(case(gate, (3, 4), axis=0, ddof=1) for gate in ("var", "std")),
    *(case("sum", shape, **options) for shape, options in [((0,), {}), ((0, 3), {"axis": 0}), ((3, 0), {"axis": 0})]),
    case("norm", (0,)),
    case("logsumexp", np.array([[1e4, 1e4 - 1], [-1e4, 3.0]]), axis=1),
    *(case("prod", shape, **options) for shape, options in REDUCTION_SHAPES),
    case("prod", np.array([2.0, 0.0, 3.0])),
    case("prod", np.array([[2.0, 0.0, 3.0, 0.0], [1.0, 2.0, 0.0, 4.0]]), axis=1),
    case("prod", (0,)),
    *(
        case(gate, shape, **options)
        for gate in ("cumsum", "cumprod")
        for shape, options in [
            ((4,), {}),
            ((3, 4), {}),
            ((3, 4), {"axis": 1}),
            ((3, 4), {"axis": 0, "reverse": 1}),
            ((1,), {"axis": 0}),
            ((0,), {"axis": 0}),
        ]
    ),
    case("cumprod", np.array([2.0, 0.0, 3.0, 0.0, 5.0])),
    *(
        case(gate, shape, **options)
        for gate in ("softmax", "log_softmax")
        for shape, options in [
            ((4,), {}),
            ((3, 4), {}),
            ((3, 4), {"axis": 0}),
            ((3, 1), {}),
            ((3, 4), {"axis": None}),
            ((0, 3), {}),
        ]
    ),
    case("index", (4,), at=(1,)),
    case("index", (4,), at=(-1,)),
    case("index", (4,), at=(PART,)),
    case("index", (4, 3), at=(REVERSED, 1)),
    case("index", (4, 3), at=(SLICE, PART)),
    case("index", (4, 3), Fixed(2.0), at=("wire",)),
    case("index", (4, 3), Fixed(np.array([0.0, 2.0, 2.0])), at=("wire",)),
    case("index", (4, 3), Fixed(np.array([0.0, 1.0, 1.0])), Fixed(np.array([2.0, 0.0, 0.0])), at=("wire", "wire")),
    case("index", (4, 3), at=((0, 2, 2),)),
    case("index", (4, 0), at=(1,)),
    case("gather", (4, 3), at=(1,)),
    case("scatter", (3,), Fixed(np.zeros((4, 3))), at=(1,)),
    case("scatter", (3, 3), Fixed(np.zeros((4, 3))), Fixed(np.array([0.0, 2.0, 2.0])), at=("wire",)),
    *(case("stack", (2, 3), (2, 3), axis=axis) for axis in (0, 1, -1)),
    case("stack", (), (), ()),
    *(
        case("concat", *inputs, axis=axis)
        for *inputs, axis in [((2,), (3,), 0), ((2, 3), (1, 3), 0), ((2, 3), (2, 1), -1), ((0, 3), (2, 3), 0)]
    ),
    case("take", (2, 3), place=1, axis=1),
    case("untake", (2,), Fixed(np.zeros((2, 3))), place=1, axis=1),
    case("starts", (2, 3), (1, 3), (2, 3), axis=0),
    case("part", (5,), Fixed(np.zeros(3)), Fixed(2.0), axis=0),
    case("part", (2, 5), Fixed(np.zeros((2, 2))), Fixed(1.0), axis=-1),
    case("whole", (3,), Fixed(np.zeros(5)), Fixed(2.0), axis=0),
    case("transpose", (3, 4)),
    case("transpose", (4,)),
    case("transpose", (2, 3, 4)),
    case("transpose", (2, 3, 4), axes=(2, 0, 1)),
    case("transpose", (2, 3, 4), axes=(-1, 0, 1)),
    case("reshape", (3, 4), shape=(2, 6)),
    *(case("reshape", (3, 4), shape=shape) for shape in (-1, (-1,))),
    case("reshape", (0, 4), shape=(4, 0)),
    case("diag", (3,)),
    case("diag", (3, 3)),
    case("diag", (2, 3)),
    case("tril", (3, 3)),
    case("tril", (2, 3, 3), k=-1),
    case("triu", (3, 4), k=1),
    case("sort", (5,)),
    case("sort", (3, 4), axis=0),
    case("sort", (1,)),
    *(case("matmul", *pair) for pair in PAIRS),
    case("matmul", (0, 4), (4, 2)),
    case("matmul", (3, 0), (0, 2)),
    case("dot", (4,), (4,)),
    case("dot", (3, 4), (4,)),
    *(case("matmul_left", h, b, Fixed(np.ones(a))) for a, b, h in PRODUCTS),
    *(case("matmul_right", a, h, Fixed(np.ones(b))) for a, b, h in PRODUCTS),
    case("outer", (3,), (4,)),
    case("outer", (1,), (0,)),
    case("cross", (3,), (3,)),
    case("cross", (4, 3), (3,)),
    *(
        case("einsum", *shapes, subscripts=text)
        for text, *shapes in [
            ("ij,jk->ik", (3, 4), (4, 2)),
            ("ij,jk", (3, 4), (4, 2)),
            ("ij->ji", (3, 4)),
            ("ij->", (3, 4)),
            ("ij->i", (3, 4)),
            ("ii->i", (3, 3)),
            ("ii->", (3, 3)),
            ("i,j->ij", (3,), (2,)),
            ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
            ("ij,ij->", (3, 4), (3, 4)),
            ("ij,jk->i", (3, 4), (4, 2)),
            ("ij,jk,kl->il", (2, 3), (3, 2), (2, 4)),
            ("iij,j->i", (3, 3, 2), (2,)),
            ("kij,nj->nki", (2, 3, 3), (4, 3)),
            ("i,i->i", (3,), (3,)),
            ("ij,jk->ik", (3, 0), (0, 2)),
        ]
    ),
    *(
        case("conv1d", x, w, **options)
        for x, w, options in [
            ((6,), (3,), {}),
            ((6,), (3,), {"stride": 2, "padding": 1}),
            ((2, 6), (3, 2, 3), {}),
            ((2, 2, 7), (3, 2, 3), {"stride": 3, "padding": 2}),
        ]
    ),
    *(
        case("conv2d", x, w, **options)
        for x, w, options in [
            ((4, 5), (2, 3), {}),
            ((2, 4, 5), (3, 2, 2, 3), {"stride": 2, "padding": 1}),
            ((2, 1, 4, 4), (1, 1, 3, 3), {"padding": 1}),
        ]
    ),
    case("conv1d_left", (4,), (3,), Fixed(np.ones(6)), stride=1, padding=0),
    case("conv1d_right", (6,), (4,), Fixed(np.ones(3)), stride=1, padding=0),
    case("conv2d_left", (3, 3), (2, 3), Fixed(np.ones((4, 5))), stride=1, padding=0),
    case("conv2d_right", (4, 5), (3, 3), Fixed(np.ones((2, 3))), stride=1, padding=0),
    case("trace", (3, 3)),
    case("trace", (2, 3, 3)),
    *(case(gate, shape) for gate in ("det", "inv", "cofactor") for shape in [(3, 3), (2, 3, 3)]),
    *(case(gate, positive(1, 1)) for gate in ("det", "inv", "cofactor")),
    *(case("cofactor_slope", shape, shape) for shape in [(3, 3), (2, 3, 3)]),
    *(case(gate, positive(*shape)) for gate in ("logdet", "cholesky") for shape in [(1, 1), (3, 3), (2, 3, 3)]),
    case("solve", positive(3, 3), (3,)),
    case("solve", positive(3, 3), (3, 2)),
    case("solve", positive(2, 3, 3), (2, 3, 2)),
    case("solve", positive(3, 3, 3), (3,)),
    case("solve", positive(3, 3, 3), (3, 3)),
    case("solve", positive(3, 3), (2, 3, 2)),
    case("solve", positive(2, 3, 3), (3, 2)),
    *(case("mse", *pair) for pair in [((4,), (4,)), ((3, 4), (4,)), ((), ()), ((), (2, 3)), ((3, 1), (1, 4))]),
    *(case("huber", *pair, Fixed(1.0)) for pair in [((4,), (4,)), ((3, 4), (4,)), ((), ())]),
    case("huber", (4,), (4,), np.array(0.7)),
    case("bce", np.array([0.2, 0.7, 0.5]), np.array([0.1, 1.0, 0.6])),
    case("bce_with_logits", (4,), (4,)),
    case("bce_with_logits", (3, 4), ()),
    case("cross_entropy", (3, 4), Fixed(np.array([0.0, 3.0, 1.0]))),
    case("cross_entropy", (4,), Fixed(2.0)),
    case("cross_entropy", (3, 4), (3, 4)),
    case("hinge", (4,), Fixed(np.array([1.0, -1.0, 1.0, -1.0]))),
    case("hinge", (3, 4), (4,)),
    case("unbroadcast", (3, 4), Fixed(np.zeros((1, 4)))),
    case("unbroadcast", (3, 4), Fixed(0.0)),
    case("like", (4,), Fixed(np.zeros((3, 4)))),
    case("spread", (3,), Fixed(np.zeros((3, 4))), axis=1),
    case("expand", (3,), axis=1),
    case("expand", (3,), axis=(0, -1)),
    case("reshape_like", (3, 4), Fixed(np.zeros(12))),
    *(case(gate, (3, 3)) for gate in ("ones_like", "zeros_like", "count", "rows")),
    case("coincide", (3, 3), subscripts="ii"),
    *(case("first", (3, 3, 2), axis=axis) for axis in (0, (0, -1))),
    case("centred", (3, 4), axis=1),
    case("column", (2, 3), Fixed(np.zeros(3))),
    case("column", (2, 3), Fixed(np.zeros((3, 2)))),
    case("uncolumn", (2, 3, 1), Fixed(np.zeros(3))),
    case("uncolumn", (2, 3), Fixed(np.zeros((3, 2)))),
    case("undiag", (3, 3), Fixed(np.zeros(3))),
    case("undiag", (2,), Fixed(np.zeros((2, 3)))),
    case("unsort", (4,), Fixed(np.array([3.0, 1.0, 4.0, 2.0])), axis=-1),
    case("resort", (4,), Fixed(np.array([3.0, 1.0, 4.0, 2.0])), axis=-1),
    case("shift", (3, 4), by=1, axis=1),
    case("shift", (3, 4), by=-1, axis=0),
    case("scan", (4,), (4,), axis=0),
    case("scan", (3, 4), (3, 4), axis=1, reverse=1),
    case("one_hot", (3, 4), Fixed(np.zeros((3, 4)))),
    case("match", (3, 4), Fixed(np.zeros((3, 4)))),
    case("match", (3, 4), Fixed(np.zeros(3))),
]


def label(case: Case) -> str:
    """What pytest calls a case."""
    shapes = "-".join(
        "x".join(map(str, value if isinstance(value, tuple) else np.shape(value))) or "number"
        for value in map(inner, case.inputs)
    )
    return f"{case.gate}-{shapes}-{','.join(f'{name}={value}' for name, value in case.options.items())}"


def inner(value: Any) -> Any:
    return np.asarray(value.value) if isinstance(value, Fixed) else value


def built(case: Case) -> tuple[Circuit, dict[str, Any]]:
    """A circuit of the gate, summed up with random weights to a number, and a point for it."""
    random = np.random.default_rng(11)
    circuit, at, wires = Circuit(), {}, []
    for place, given in enumerate(case.inputs):
        if isinstance(given, Fixed):
            value = given.value if isinstance(given.value, float) else np.asarray(given.value, dtype=float)
            wires.append(circuit.add_constant(value))
            continue
        value = random.standard_normal(given) if isinstance(given, tuple) else given
        at[f"x{place}"] = value if np.ndim(value) else float(value)
        wires.append(circuit.add_variable(f"x{place}"))
    from backprop.differentiate.run import evaluate

    circuit.output = circuit.add(GATES[case.gate].with_options(case.options), tuple(wires))
    shape = np.shape(evaluate(circuit, at)[circuit.output])
    circuit.plans.clear()
    weights = circuit.add_constant(random.standard_normal(shape))
    circuit.output = circuit.add(GATES["sum"], (circuit.add(GATES["multiply"], (circuit.output, weights)),))
    circuit.names[circuit.output] = "f"
    return circuit, at


# In PyTorch and JAX, where parts begin is a list of whole numbers, which is indexed and no more.
ON_TENSORS = [case for case in CASES if case.gate != "starts"]
