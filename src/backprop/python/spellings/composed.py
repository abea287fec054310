"""Functions of libraries that are said in Python itself: their texts are read as the user's own, so that whatever is
known of the functions that they call (its slopes, its gates) is known of them, too. What is called with a function of
the user's stands here as well. Each is compared with the library itself in the tests.

A function that is one formula is said as such, `neg(a) = -a`, behind its other names if it has some. A dot in a name
is a low line here: `jax.lax.scan` is `lax_scan`. What begins with one is a helper, which no library has.
"""

from __future__ import annotations

import ast
import re
from functools import cache

from backprop.python.spellings.composed_numpy import EINOPS, LIMITS, NUMPY, OF_AUTOGRAD, SCIPY
from backprop.python.spellings.composed_torch import MORE
from backprop.python.spellings.jax import COMPOSED as JAX
from backprop.python.spellings.tensorflow import TENSORFLOW

FUNCTOOLS = """
def partial(function, *first, **names):
    def called(*rest, **more):
        return function(*first, *rest, **{**names, **more})
    return called

def reduce(function, items, *start):
    items = [*start, *items]
    found = items[0]
    for one in items[1:]:
        found = function(found, one)
    return found
"""
ITERTOOLS = """
def product(*given, repeat=1):
    found = [()]
    for items in [list(one) for one in given] * repeat:
        found = [(*first, last) for first in found for last in items]
    return iter(found)

chain(*given) = iter([one for items in given for one in items])
chain_from_iterable(given) = chain(*given)

def combinations(items, count):
    items = list(items)
    if count == 0:
        return iter([()])
    return iter([(one, *rest) for i, one in enumerate(items) for rest in combinations(items[i + 1:], count - 1)])

def zip_longest(*given, fillvalue=None):
    given = [list(one) for one in given]
    longest = max([len(one) for one in given], default=0) if given else 0
    return iter([tuple(one[i] if i < len(one) else fillvalue for one in given) for i in range(longest)])

def accumulate(items):
    found = []
    for one in items:
        found.append(found[-1] + one if found else one)
    return iter(found)
"""
RANDOM = """
randint(a, b) = int(np.random.randint(a, b + 1))
choice(items) = items[int(np.random.randint(len(items)))]
choices(items, k=1) = [choice(items) for _ in range(k)]
sample(items, k) = [[*items][int(i)] for i in np.random.permutation(len(items))[:k]]

def randrange(*bounds):
    return choice(range(*bounds))

def shuffle(items):
    for i in range(len(items) - 1, 0, -1):
        j = randint(0, i)
        items[i], items[j] = items[j], items[i]
"""
OPERATOR = """
add(a, b) = a + b
sub(a, b) = a - b
mul(a, b) = a * b
truediv(a, b) = a / b
neg(a) = -a
matmul(a, b) = a @ b
itemgetter(key) = lambda items: items[key]
"""
TQDM = """
tqdm(items=None, *_, **__) = items
trange(*given, **_) = range(*given)
"""
ARGPARSE = """
class Parser:
    def __init__(self):
        self.found = Parsed()

    def add_argument(self, *names, action=None, default=None, dest=None, type=None, **_):
        name = dest or [*[one for one in names if one.startswith("--")], *names][0]
        while name.startswith("-"):
            name = name[1:]
        if action in ("store_true", "store_false") and default is None:
            default = action == "store_false"
        if isinstance(default, str) and type is not None:
            default = type(default)
        setattr(self.found, name.replace("-", "_"), default)

    def add_argument_group(self, *_, **__):
        return self

    def set_defaults(self, **given):
        for name, value in given.items():
            setattr(self.found, name, value)

    def parse_args(self, *_, **__):
        return self.found

    def parse_known_args(self, *_, **__):
        return self.found, []

class Parsed:
    pass

ArgumentParser(*_, **__) = Parser()
"""
MATH = """
def prod(items, start=1):
    for one in items:
        start = start * one
    return start
"""
COPY = """
def deepcopy(value, memo=None):
    if isinstance(value, dict):
        return {key: deepcopy(one) for key, one in value.items()}
    if isinstance(value, list):
        return [deepcopy(one) for one in value]
    if isinstance(value, tuple):
        return tuple([deepcopy(one) for one in value])
    return np.copy(value) if isinstance(value, np.ndarray) else value

copy(value) = value.copy() if isinstance(value, (dict, list, np.ndarray)) else value
"""
TORCH = """
_sizes(given) = tuple(given[0]) if len(given) == 1 and isinstance(given[0], (list, tuple)) else given
randn(*size, **_) = torch.as_tensor(np.random.standard_normal(_.get("size", _sizes(size))))
rand(*size, **_) = torch.as_tensor(np.random.random_sample(_.get("size", _sizes(size))))
randn_like(input, **_) = torch.as_tensor(np.random.standard_normal(np.shape(input)))
rand_like(input, **_) = torch.as_tensor(np.random.random_sample(np.shape(input)))

def randint(low, high=None, size=None, **_):
    if size is None:
        low, high, size = 0, low, high
    return torch.as_tensor(np.random.randint(low, high, tuple(size)))

randperm(n, **_) = torch.as_tensor(np.random.permutation(n))
bernoulli(input, p=None, **_) = (rand_like(input) < (input if p is None else p)).to(input.dtype)

def normal(mean=0.0, std=1.0, size=None, **_):
    shape = np.shape(mean + std) if size is None else tuple(size)
    return mean + std * torch.as_tensor(np.random.standard_normal(shape))

normal_(input, mean=0.0, std=1.0, **_) = input.copy_(mean + std * randn_like(input))
uniform_(input, a=0.0, b=1.0, **_) = input.copy_(a + (b - a) * rand_like(input))
dropout(input, p=0.5, training=True, inplace=False) = input * (rand_like(input) >= p) / (1 - p) if training else input
new(input, *size) =
    torch.as_tensor(np.array(size[0])) if isinstance(size[0], (list, np.ndarray)) else torch.zeros(*size)
new_tensor(input, value, **_) = torch.tensor(value)
new_full(input, size, value, **_) = torch.full(tuple(size), value)

def narrow(input, dim, start, length):
    return input[tuple([slice(start, start + length) if i == dim % input.ndim else slice(None)
                        for i in range(input.ndim)])]

select(input, dim, index) = input[tuple([index if i == dim % input.ndim else slice(None) for i in range(input.ndim)])]
unbind(input, dim=0) = tuple([select(input, dim, i) for i in range(input.shape[dim])])
equal(input, other) = np.array_equal(input, other)
allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False) = np.allclose(input, other, rtol, atol, equal_nan)
linalg_inv inverse(A) = np.linalg.inv(A)
det linalg_det(A) = np.linalg.det(A)
linalg_solve(A, B) = np.linalg.solve(A, B)

def linalg_norm(A, ord=None, dim=None, keepdim=False):
    if ord is None or ord == "fro":
        return torch.norm(A, 2, dim, keepdim)
    assert A.ndim == 1 or isinstance(dim, int)
    return vector_norm(A, ord, dim, keepdim)

linalg_vector_norm(x, ord=2, dim=None, keepdim=False) = vector_norm(x, ord, dim, keepdim)

def vector_norm(x, ord=2, dim=None, keepdim=False):
    if ord == 1:
        return torch.abs(x).sum(dim, keepdim)
    return torch.norm(x, 2, dim, keepdim) if ord == 2 else (torch.abs(x) ** ord).sum(dim, keepdim) ** (1 / ord)

normalize(input, p=2.0, dim=1, eps=1e-12) = input / vector_norm(input, p, dim, True).clamp_min(eps)
cosine_similarity(x1, x2, dim=1, eps=1e-8) =
    (x1 * x2).sum(dim) / (vector_norm(x1, 2, dim).clamp_min(eps) * vector_norm(x2, 2, dim).clamp_min(eps))
baddbmm(input, batch1, batch2, beta=1, alpha=1) = beta * input + alpha * (batch1 @ batch2)

def glu(input, dim=-1):
    a, b = input.chunk(2, dim)
    return a * torch.sigmoid(b)

embedding(input, weight, **_) = weight[input]

def pad(input, pad, mode="constant", value=None):
    behind = [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    widths = [(0, 0)] * (input.ndim - len(behind)) + behind
    if mode == "constant":
        return np.pad(input, widths, mode="constant", constant_values=0.0 if value is None else value)
    return np.pad(input, widths, mode={"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode])

_each(value, count) = tuple(value) if isinstance(value, (list, tuple)) else (value,) * count

def _windows_of(x, kernel, stride, dilation):
    # (n, c, places, window) of (n, c, lengths)
    count = len(kernel)
    reach = tuple([d * (k - 1) + 1 for k, d in zip(kernel, dilation)])
    found = np.lib.stride_tricks.sliding_window_view(x, reach, tuple(range(2, 2 + count)))
    return found[(slice(None), slice(None), *[slice(None, None, s) for s in stride],
                  *[slice(None, None, d) for d in dilation])]

def convolution(x, weight, bias, stride, padding, dilation, groups):
    kernel = weight.shape[2:]
    count = len(kernel)
    stride, dilation = _each(stride, count), _each(dilation, count)
    if padding == "same":
        widths = [(d * (k - 1) // 2, d * (k - 1) - d * (k - 1) // 2) for k, d in zip(kernel, dilation)]
    else:
        widths = [(p, p) for p in _each(0 if padding == "valid" else padding, count)]
    found = _windows_of(np.pad(x, [(0, 0), (0, 0), *widths]), kernel, stride, dilation)
    n, c, places = found.shape[0], found.shape[1], found.shape[2 : 2 + count]
    rows = np.moveaxis(found, 1, 1 + count).reshape(n, -1, groups, (c // groups) * int(np.prod(kernel)))
    columns = weight.reshape(groups, weight.shape[0] // groups, -1)
    out = rows.transpose(1, 2) @ columns.transpose(1, 2)
    out = out.transpose(2, 3).reshape(n, weight.shape[0], *places)
    return out if bias is None else out + bias.reshape(1, -1, *[1] * count)

conv1d conv2d conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) =
    convolution(input, weight, bias, stride, padding, dilation, groups)

def _pooled(input, kernel_size, stride, padding, value):
    kernel = _each(kernel_size, input.ndim - 2)
    stride = kernel if stride is None else _each(stride, len(kernel))
    widths = [(p, p) for p in _each(padding, len(kernel))]
    x = np.pad(input, [(0, 0), (0, 0), *widths], mode="constant", constant_values=value)
    found = _windows_of(x, kernel, stride, (1,) * len(kernel))
    return found.reshape(*found.shape[: 2 + len(kernel)], -1)

max_pool1d max_pool2d max_pool3d(input, kernel_size, stride=None, padding=0) =
    _pooled(input, kernel_size, stride, padding, float("-inf")).amax(-1)
avg_pool1d avg_pool2d avg_pool3d(input, kernel_size, stride=None, padding=0) =
    _pooled(input, kernel_size, stride, padding, 0.0).mean(-1)
_reduced(loss, reduction) = loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss

def nll_loss(input, target, weight=None, ignore_index=-100, reduction="mean"):
    axis = 1 if input.ndim > 1 else 0
    keep = target != ignore_index
    place = torch.where(keep, target, 0)
    scale = keep.to(input.dtype) if weight is None else weight[place] * keep
    loss = -input.gather(axis, place.unsqueeze(axis)).squeeze(axis) * scale
    return loss.sum() / scale.sum() if reduction == "mean" else _reduced(loss, reduction)

def cross_entropy(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = 1 if input.ndim > 1 else 0
    logs = torch.log_softmax(input, axis)
    if target.ndim == input.ndim:
        classes = input.shape[axis]
        share = target * (1 - label_smoothing) + label_smoothing / classes
        loss = -(share * logs).sum(axis)
        return loss.mean() if reduction == "mean" else _reduced(loss, reduction)
    sharp = nll_loss(logs, target, weight, ignore_index, reduction)
    if label_smoothing == 0:
        return sharp
    keep = target != ignore_index
    smooth = -logs.mean(axis) * keep
    smooth = smooth.sum() / keep.sum() if reduction == "mean" else _reduced(smooth, reduction)
    return (1 - label_smoothing) * sharp + label_smoothing * smooth

def binary_cross_entropy(input, target, weight=None, reduction="mean"):
    loss = -(target * torch.log(input) + (1 - target) * torch.log(1 - input))
    return _reduced(loss if weight is None else weight * loss, reduction)

def binary_cross_entropy_with_logits(input, target, weight=None, reduction="mean"):
    loss = torch.relu(input) - input * target + torch.log1p(torch.exp(-torch.abs(input)))
    return _reduced(loss if weight is None else weight * loss, reduction)

l1_loss(input, target, reduction="mean") = _reduced(torch.abs(input - target), reduction)

def smooth_l1_loss(input, target, reduction="mean", beta=1.0):
    off = torch.abs(input - target)
    return _reduced(torch.where(off < beta, 0.5 * off**2 / beta, off - 0.5 * beta), reduction)

def kl_div(input, target, reduction="mean", log_target=False):
    loss = torch.exp(target) * (target - input) if log_target else torch.xlogy(target, target) - target * input
    return loss.sum() / input.shape[0] if reduction == "batchmean" else _reduced(loss, reduction)

def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    axes = tuple(range(-len(normalized_shape), 0))
    off = input - input.mean(axes, keepdim=True)
    out = off / torch.sqrt((off * off).mean(axes, keepdim=True) + eps)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias

def rms_norm(input, normalized_shape, weight=None, eps=None):
    axes = tuple(range(-len(normalized_shape), 0))
    out = input / torch.sqrt((input * input).mean(axes, keepdim=True) + (2.220446049250313e-16 if eps is None else eps))
    return out if weight is None else out * weight

def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None):
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        attn_mask = torch.tril(torch.ones(scores.shape[-2], scores.shape[-1])) > 0
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(attn_mask == False, float("-inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask
    return dropout(torch.softmax(scores, -1), dropout_p, dropout_p > 0) @ value
"""
INSPECT = """
class Parameter:
    empty = None

    def __init__(self, name, default):
        self.name, self.default = name, default

class Arguments:
    def __init__(self, arguments, parameters):
        self.arguments, self.parameters = arguments, parameters

    def apply_defaults(self):
        given = self.arguments
        self.arguments = {
            name: given[name] if name in given else one.default for name, one in self.parameters.items()
        }

class Signature:
    def __init__(self, parameters):
        self.parameters = parameters

    def bind(self, *given, **named):
        return Arguments({**dict(zip(self.parameters, given)), **named}, self.parameters)

    def bind_partial(self, *given, **named):
        return self.bind(*given, **named)

def signature(names, defaults):
    first = len(names) - len(defaults)
    found = {name: Parameter(name, defaults[i - first] if i >= first else None) for i, name in enumerate(names)}
    return Signature(found)
"""
IM2COL_CYTHON = """
def im2col_cython(x, field_height, field_width, padding, stride):
    N, C, H, W = x.shape
    rows = (H + 2 * padding - field_height) // stride + 1
    columns = (W + 2 * padding - field_width) // stride + 1
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    cols = np.zeros((C, field_height, field_width, rows, columns, N))
    for i in range(field_height):
        for j in range(field_width):
            found = x[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
            cols[:, i, j] = found.transpose(1, 2, 3, 0)
    return cols.reshape(C * field_height * field_width, rows * columns * N)

def col2im_6d_cython(cols, N, C, H, W, HH, WW, pad, stride):
    rows, columns = cols.shape[4:]
    x = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for i in range(HH):
        for j in range(WW):
            there = x[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
            there += cols[:, i, j].transpose(1, 0, 2, 3)
    return x[:, :, pad : H + pad, pad : W + pad]

def col2im_cython(cols, N, C, H, W, field_height, field_width, padding, stride):
    rows = (H + 2 * padding - field_height) // stride + 1
    columns = (W + 2 * padding - field_width) // stride + 1
    cols = cols.reshape(C, field_height, field_width, rows, columns, N).transpose(0, 1, 2, 5, 3, 4)
    return col2im_6d_cython(cols, N, C, H, W, field_height, field_width, padding, stride)
"""
FORMULA = re.compile(r"^(\w+(?: \w+)*)(\(.*?\)) =\s+(.*)", re.MULTILINE)


def defined(formula: re.Match[str]) -> str:
    """A formula as the functions that Python has for it."""
    names, parameters, value = formula.groups()
    return "\n".join([f"def {name}{parameters}:\n    return {value}" for name in names.split()])


COMPOSED = {library: FORMULA.sub(defined, text) for library, text in {
    "functools": FUNCTOOLS, "itertools": ITERTOOLS, "operator": OPERATOR, "math": MATH, "random": RANDOM, "copy": COPY,
    "tqdm": TQDM, "argparse": ARGPARSE, "numpy": LIMITS + NUMPY + OF_AUTOGRAD,
    "scipy": SCIPY, "einops": EINOPS, "jax": JAX, "torch": LIMITS + TORCH + MORE, "inspect": INSPECT,
    "tensorflow": TENSORFLOW, "im2col_cython": IM2COL_CYTHON,
}.items()}  # fmt: skip
NAMES = {
    library: frozenset([line[4:].partition("(")[0] for line in text.splitlines() if re.match("def [^_]", line)])
    for library, text in COMPOSED.items()
}


@cache
def statements_of(library: str) -> dict[str, ast.stmt]:
    """The functions and classes of a library by their names, parsed where one of them is called."""
    defined = (ast.FunctionDef, ast.ClassDef)
    return {one.name: one for one in ast.parse(COMPOSED[library]).body if isinstance(one, defined)}


@cache
def needed(library: str, name: str) -> dict[str, ast.stmt]:
    """A function of a library and all that it calls of its own kind."""
    every, found, pending = statements_of(library), dict[str, ast.stmt](), [name]
    while pending:
        one = pending.pop()
        if one in every and one not in found:
            found[one] = every[one]
            pending += [node.id for node in ast.walk(every[one]) if isinstance(node, ast.Name)]
    return {one: tree for one, tree in every.items() if one in found}
