"""Functions of libraries that are said in Python: each does what the library's own does, and has its slopes.

In examples x is an array of 2 by 3 numbers, v one of 3, y two labels, m a square matrix and i a stack of 2 pictures
with 4 channels of 4 by 6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop.errors import Problem
from backprop.library import Compiled
from backprop.python.spellings.composed import NAMES
from backprop.python.traced import traced
from backprop.python.values.arrays import tensor
from test_python_reader import read, same
from test_traced_spellings import IMPORTS, runner_of

X = np.array([[0.31, -0.82, 1.3], [0.74, 0.46, -0.66]])
GIVEN: dict[str, Any] = {
    "x": X,
    "v": np.array([0.7, -1.4, 0.9]),
    "y": np.array([2, 0]),
    "m": X @ X.T + np.eye(2),
    "i": np.sin(1.7 * np.arange(192.0)).reshape(2, 4, 4, 6),
}
TORCH = """
F.hardtanh(x, -0.5, 0.6); F.relu(1.0 * x, inplace=True); torch.sigmoid_(2 * x); (x * 2).addcmul_(x, x); F.elu_(1.0 * x)
F.relu6(9 * x); F.hardsigmoid(4 * x); F.hardswish(4 * x); F.softsign(x); F.tanhshrink(x)
F.softshrink(x); F.hardshrink(x, 0.7); F.threshold(x, 0.4, 2.0); F.elu(x, 0.7); F.celu(x, 0.7); F.selu(x); F.mish(x)
F.softplus(4 * x, -1, 2.5); F.softplus(x, beta=3.0)
F.logsigmoid(x); F.softmin(x, dim=1); F.prelu(i, v.new_full((4,), 0.2)); F.prelu(x, v[:1])
F.batch_norm(i, None, None, training=True); F.batch_norm(x, torch.arange(3.0), torch.ones(3), v, v + 1)
F.instance_norm(i); F.group_norm(i, 2, i[0, :, 0, 0], i[1, :, 1, 1]); F.local_response_norm(i, 3)
F.bilinear(x, x, i[:, :3, :3, 3].contiguous()); F.conv3d(i.unsqueeze(1), i[:, :2, :2, :2].unsqueeze(1))
F.conv_transpose1d(x.unsqueeze(0), x.unsqueeze(2)[:, :, :1].tile(1, 1, 2))
F.conv_transpose2d(i, i[0, :, :3, :2].unsqueeze(1), stride=2, padding=1, output_padding=1)
F.conv_transpose2d(i, i[0, :, :2, :2].unsqueeze(1), groups=2, dilation=2); F.avg_pool3d(i.unsqueeze(1), 2)
F.max_pool3d(i.unsqueeze(1), (2, 2, 3)); F.lp_pool1d(i[0], 2, 2); F.lp_pool2d(i, 2, 2); F.adaptive_avg_pool1d(x, 2)
F.adaptive_avg_pool2d(i, (3, None)); F.adaptive_max_pool1d(x, 2); F.adaptive_max_pool2d(i, 3)
F.unfold(i, (2, 3), stride=2, padding=1); v.unfold(0, 2, 1); F.fold(i.reshape(2, 8, 12), (4, 5), 2)
F.pixel_shuffle(i, 2); F.pixel_unshuffle(i, 2); F.interpolate(i, scale_factor=2); F.interpolate(i, size=(3, 5))
F.pairwise_distance(x, v.expand(2, 3)); torch.cdist(x, x + 1); F.pdist(x); F.huber_loss(x, 2 * x, delta=0.5)
F.poisson_nll_loss(x, x * x, full=True); F.poisson_nll_loss(x * x, x * x, False); F.gaussian_nll_loss(x, 2 * x, x * x)
F.hinge_embedding_loss(x, torch.sign(x)); F.margin_ranking_loss(x, v.expand(2, 3), x.sign(), 0.3)
F.soft_margin_loss(x, torch.sign(x).detach()); F.multi_margin_loss(x, y)
F.multi_margin_loss(x, y, 2, 0.5, v.detach()); F.multilabel_soft_margin_loss(x, (x > 0).double())
F.triplet_margin_loss(x, x * x, x + 0.2, swap=True); F.cosine_embedding_loss(x, x * x, torch.tensor([1, -1]))
torch.ravel(x); x.reshape_as(x.t()); torch.tile(v, (2, 2)); torch.moveaxis(i, 1, 3); torch.movedim(i, (0, 1), (2, 3))
x.swapdims(0, 1); x.adjoint(); x.fliplr(); x.flipud(); x.rot90(); torch.atleast_1d(x.sum()); torch.atleast_2d(v)
torch.hstack((x, x)); torch.vstack((x, v)); torch.dstack((x, x)); torch.column_stack((v, v)); torch.row_stack((v, v))
torch.tensor_split(x, 2, dim=1); x.split_with_sizes([1, 2], 1); x.unflatten(1, (1, 3)); i.diagonal(1, 2, 3)
torch.diagflat(v, 1); torch.diag_embed(x, -1); torch.block_diag(x, v); torch.meshgrid(v, v[:2], indexing='ij')
torch.meshgrid(v, v[:2], indexing='xy'); torch.broadcast_tensors(x, v); torch.broadcast_shapes((2, 1), (3,))
torch.take(x, y); torch.take_along_dim(x, y[:, None], 1); x.sum_to_size(1, 3); x.scatter(1, y[:, None], v[:2, None])
x.scatter_add(1, y[:, None], v[:2, None]); x.index_add(1, y, x[:, :2]); x.index_fill(1, y, 3.0)
x.index_copy(1, y, x[:, :2]); x.index_put((y[1:], y[:1]), v[:1]); x.index_put((y * 0, y), v[:2], accumulate=True)
x.masked_scatter(x > 0, v.repeat(2)); x.clone().fill_diagonal_(5.0); x.new_empty(2, 2).zero_()
torch.tril_indices(3, 3); torch.triu_indices(2, 3, 1); x.frac(); torch.lerp(x, v, 0.3)
torch.addcmul(x, v, v, value=0.5); torch.addcdiv(x, v, v * v); torch.addmv(x[:, 0], x, v, alpha=2)
torch.addr(x, y.double(), v); torch.addbmm(m, x.unsqueeze(0), x.t().unsqueeze(0)); torch.rsub(x, v); x.clamp_max(0.4)
torch.logaddexp2(x, v); torch.logit(x.sigmoid()); x.nansum(1); torch.nanmean(x, 0); x.count_nonzero(); x.median()
x.median(1).values; x.kthvalue(2, 1)[0]; x.msort(); x.aminmax(dim=1); torch.std_mean(x, 1)
torch.var_mean(x, dim=0, unbiased=False); x.logcumsumexp(1); x.cummax(1)[1]; (lambda p, q: p)(*x.cummax(1))
x.cummin(1).values; x.diff(); torch.diff(x, 1, 0); torch.trapezoid(x, v.cumsum(0)); torch.trapz(x, dx=0.5)
torch.dist(x, v, 3); torch.cov(x); torch.corrcoef(x); torch.numel(x); torch.searchsorted(v.sort().values, x)
torch.bucketize(x, v.sort().values); torch.bincount(y); torch.unique(y); torch.isin(y, y[:1]); torch.asarray([1.0])
torch.scalar_tensor(2.0); torch.logspace(0, 1, 3); torch.inner(v, v); torch.kron(x, v); torch.vdot(v, v)
torch.ger(v, v); torch.linalg.vecdot(x, v); torch.tensordot(x, x.t(), 1); torch.linalg.cross(x, v.expand(2, 3))
torch.cross(x, v.expand(2, 3), dim=1); torch.matrix_power(m, 3); torch.linalg.matrix_power(m, -1)
torch.linalg.multi_dot((x, x.t(), m)); torch.linalg.cholesky(m); torch.logdet(m); torch.slogdet(m)
torch.linalg.slogdet(m); torch.linalg.pinv(x); torch.pinverse(x.t()); torch.nn.Identity()(x); torch.nn.Flatten()(i)
torch.nn.ReLU()(x); torch.nn.LeakyReLU(0.2)(x); torch.nn.ELU(0.7)(x); torch.nn.GELU()(x); torch.nn.Sigmoid()(x)
torch.nn.LogSigmoid()(x); torch.nn.Tanh()(x); torch.nn.SiLU()(x); torch.nn.Mish()(x); torch.nn.Softplus()(x)
torch.nn.Softmax(dim=1)(x); torch.nn.LogSoftmax(dim=0)(x); torch.nn.CosineSimilarity()(x, x * x)
torch.nn.MSELoss()(x, x * x); torch.nn.L1Loss()(x, 2 * x); torch.nn.SmoothL1Loss()(x, 3 * x)
torch.nn.HuberLoss(delta=0.3)(x, 2 * x); torch.nn.NLLLoss()(x, y)
torch.nn.CrossEntropyLoss(label_smoothing=0.1)(x, y); torch.nn.BCELoss()(x.sigmoid(), x * x / 2)
torch.nn.BCEWithLogitsLoss(reduction='sum')(x, x * x)
torch.nn.KLDivLoss(reduction='batchmean')(x.log_softmax(1), x.softmax(1))
"""
NUMPY = """
np.add.outer(x, v); np.subtract.outer(v, x); np.divide.outer(v, v); np.maximum.outer(v, v); np.minimum.outer(v, v)
np.ediff1d(v); np.kron(x, v); np.kron(v, x); np.gradient(v); np.gradient(v, 0.5); np.cov(x)
np.cov(x, rowvar=False, ddof=0); np.corrcoef(x); np.polyval(v, x); np.vander(v); np.vander(v, 2, increasing=True)
np.extract(x > 0, x); np.compress([True, False, True], x, axis=1); np.block([[x, x], [x, x]]); np.block([v, v])
np.block([[x, x], [v, 2 * v]]); np.piecewise(v, [v < 0, v >= 0], [lambda a: -a, lambda a: a * a])
np.linalg.matrix_power(m, 3); np.linalg.matrix_power(m, -2); np.linalg.multi_dot([x, x.T, m]); np.linalg.slogdet(m)
np.divmod(x, v)
np.convolve(v, v[:2]); np.correlate(v, v[:2], 'same'); np.select([x > 0.5, x > 0], [x, 2 * x], 0.1); np.isscalar(2.0)
np.apply_along_axis(np.sum, axis=1, arr=x); np.vectorize(lambda a, b: a * b)(x, v); np.finfo(float).eps
np.apply_along_axis(np.diagflat, -2, x); np.apply_along_axis(np.diagflat, 1, x); np.apply_along_axis(np.cumsum, 0, x)
np.copyto(z := x.copy(), v); np.putmask(z := x.copy(), x > 0, 2.0); np.place(z := x.copy(), x > 0, v)
"""
SCIPY = """
scipy.special.psi(x * x + 1); scipy.linalg.cholesky(m); scipy.linalg.cholesky(m, lower=True); scipy.linalg.inv(m)
scipy.linalg.cho_solve(scipy.linalg.cho_factor(m), x); scipy.linalg.cho_solve((np.linalg.cholesky(m), True), x[:, 0])
scipy.linalg.lu_solve(scipy.linalg.lu_factor(m[::-1]), x)
scipy.linalg.lu_solve(scipy.linalg.lu_factor(m[::-1]), x[:, 0], trans=1)
scipy.linalg.solve_triangular(m, x); scipy.linalg.solve_triangular(m, x, trans=1, lower=True); scipy.linalg.det(m)
scipy.linalg.solve(m, x); scipy.linalg.norm(x); scipy.spatial.distance.cdist(x, 2 * x + 1)
scipy.spatial.distance.cdist(x, 2 * x, 'sqeuclidean'); scipy.stats.norm.pdf(x, 0.5, 2); scipy.stats.norm.cdf(x)
scipy.stats.norm.logpdf(x, scale=0.7)
"""
LATER = """
np.trapezoid(x, v); np.vecdot(x, v); np.matvec(x, v); np.vecmat(v, x.T); np.matrix_transpose(x); np.unstack(x)
np.linalg.matrix_transpose(x); np.cumulative_sum(x, axis=1); np.cumulative_prod(v); np.acos(x / 9); np.concat([x, x])
"""  # in later versions of NumPy than the lowest
INNER = {  # what draws random numbers, or was there before and is tried elsewhere
    "convolution", "Tensor_unfold", "randn", "rand", "randn_like", "rand_like", "randint", "randperm", "bernoulli",
    "normal", "normal_", "uniform_", "dropout", "gumbel_softmax", "index_put_", "vector_norm", "finfo",
    *[name for name in NAMES["torch"] if name.startswith("nn_init_")],
}  # fmt: skip
OLD = {  # which other tests try
    "nn_Conv2d", "nn_Linear", "nn_MaxPool2d", "nn_AvgPool2d", "nn_Parameter", "distributions_Normal",
    "distributions_normal_Normal", "cuda_is_available", "allclose", "chain_matmul", "equal", "new", "new_tensor",
    "rms_norm", "solve",
}  # fmt: skip


def each_of(text: str) -> list[str]:
    return [part.strip() for line in text.strip().splitlines() for part in line.split(";")]


def test_all_that_is_said_of_torch_is_tried() -> None:
    from test_reader import TORCH as BEFORE

    known = {name.rpartition("linalg_")[2] for name in NAMES["torch"]} - INNER
    tried = TORCH + BEFORE
    untried = {name for name in known if f"{name.replace('nn_', 'nn.')}(" not in tried}
    assert untried == OLD


@pytest.mark.parametrize("example", each_of(TORCH))
def test_torch(example: str) -> None:
    torch = pytest.importorskip("torch")
    theirs = {name: torch.tensor(value) for name, value in GIVEN.items()}
    kind = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    floats = [name for name in GIVEN if name != "y" and name in example.replace("torch", "").replace("linalg", "")]
    leaves = [theirs[name].requires_grad_() for name in floats]
    try:
        out = eval(example, {"torch": torch, "F": torch.nn.functional}, theirs)
    finally:
        torch.set_default_dtype(kind)
    ours = read(f"f = {example}", **{name: tensor(np.array(value)) for name, value in GIVEN.items()})["f"]
    plain = tuple(one.detach() if hasattr(one, "detach") else one for one in out) if isinstance(out, tuple) else out
    assert same([*ours] if isinstance(plain, tuple) else ours, plain.detach() if hasattr(plain, "detach") else plain)
    if not getattr(out, "requires_grad", False):
        return
    gradients = torch.autograd.grad(out.sum(), leaves, allow_unused=True)
    text = f"{IMPORTS['torch']}def run({', '.join(GIVEN)}):\n    return ({example}).sum()\n"
    runner = runner_of(text, {name: np.array(value) for name, value in GIVEN.items()})
    found = traced(runner, runner.given)
    traced_gradients = Compiled(found.text).evaluate(found.at).gradients
    for name, gradient in zip(floats, gradients, strict=True):
        if gradient is not None:
            assert np.asarray(traced_gradients[name]) == pytest.approx(gradient.numpy(), rel=1e-7, abs=1e-9), name


@pytest.mark.parametrize(
    "example",
    [
        "normal_(z, 1.0, 3.0)", "uniform_(z, -2.0, 1.0)", "trunc_normal_(z, std=2.0)", "constant_(z, 0.3)", "ones_(z)",
        "zeros_(z)", "xavier_uniform_(z)", "xavier_normal_(z, gain=2.0)", "kaiming_uniform_(z, a=5**0.5)",
        "kaiming_normal_(z, mode='fan_out', nonlinearity='relu')", "xavier_uniform_(z, init.calculate_gain('tanh'))",
    ],
)  # fmt: skip
def test_weights_are_drawn_as_torch_draws_them(example: str) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    theirs = eval(f"init.{example}", {"init": torch.nn.init, "z": torch.empty(60, 40, 3)}).numpy()
    ours = read(f"from torch.nn import init\nz = torch.empty(60, 40, 3)\nf = init.{example}\ng = z", x=1.0)
    assert np.array_equal(ours["f"], ours["g"])
    assert [ours["f"].mean(), ours["f"].std()] == pytest.approx([theirs.mean(), theirs.std()], rel=0.05, abs=0.05)


@pytest.mark.parametrize("example", [*each_of(NUMPY), *each_of(LATER)])
def test_numpy(example: str) -> None:
    name = example.partition("(")[0].removeprefix("np.")
    if example in each_of(LATER) and "linalg" not in name and not hasattr(np, name):
        pytest.skip("NumPy")
    if "z :=" in example:
        example = f"{example.replace('z := x.copy()', 'z')}"
        theirs = {"np": np, **GIVEN, "z": X.copy()}
        exec(example, theirs)
        assert same(read(example, **{**GIVEN, "z": X.copy()})["z"], theirs["z"])
        return
    theirs = eval(example, {"np": np}, dict(GIVEN))
    assert same(read(f"f = {example}", **GIVEN)["f"], theirs)


@pytest.mark.parametrize("example", each_of(SCIPY))
def test_scipy(example: str) -> None:
    scipy = pytest.importorskip("scipy")
    for module in ("linalg", "special", "stats", "spatial.distance"):
        pytest.importorskip(f"scipy.{module}")
    theirs = eval(example, {"np": np, "scipy": scipy}, dict(GIVEN))
    assert same(read(f"import scipy\nf = {example}", **GIVEN)["f"], theirs)


@pytest.mark.parametrize("name", ["torch.each", "torch.sizes", "np.over", "scipy.slid", "torch._each"])
def test_a_helper_is_no_function_of_a_library(name: str) -> None:
    with pytest.raises(Problem, match="is not known here"):
        read(f"import scipy\nf = {name}(1, 2)")
