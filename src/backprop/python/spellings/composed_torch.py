"""More of torch, said in Python: what torch's manual gives as a formula of other functions.

Where a function stands in the manual: `torch`, `torch.nn.functional` and `torch.linalg`, each under its own name; a
loss ends in `_reduced`, of composed.py. A layer without weights is a function that gives a function,
and one with weights draws them.
"""

ACTIVATIONS = """
hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False) = torch.clamp(input, min_val, max_val)
relu6(input, inplace=False) = torch.clamp(input, 0.0, 6.0)
hardswish(input, inplace=False) = input * torch.clamp(input + 3, 0.0, 6.0) / 6
tanhshrink(input) = input - torch.tanh(input)
softshrink(input, lambd=0.5) =
    torch.where(input > lambd, input - lambd, torch.where(input < -lambd, input + lambd, 0.0 * input))
hardshrink(input, lambd=0.5) = torch.where(torch.abs(input) > lambd, input, 0.0 * input)
threshold(input, threshold, value, inplace=False) = torch.where(input > threshold, input, value + 0.0 * input)
celu(input, alpha=1.0, inplace=False) =
    torch.where(input > 0, input, alpha * torch.expm1(torch.minimum(input, 0.0 * input) / alpha))
softmin(input, dim=None, dtype=None) = torch.softmax(-input, dim)

def prelu(input, weight):
    if weight.numel() > 1:
        weight = weight.reshape(1, -1, *[1] * (input.ndim - 2)) if input.ndim > 1 else weight
    return torch.where(input > 0, input, weight * input)
"""

NETWORKS = """
def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    axes = (0, *range(2, input.ndim))
    shape = (1, -1, *[1] * (input.ndim - 2))
    if training:
        mean = input.mean(axes, keepdim=True)
        var = ((input - mean) ** 2).mean(axes, keepdim=True)
    else:
        mean, var = running_mean.reshape(shape), running_var.reshape(shape)
    out = (input - mean) / torch.sqrt(var + eps)
    out = out if weight is None else out * weight.reshape(shape)
    return out if bias is None else out + bias.reshape(shape)

def instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True,
                  momentum=0.1, eps=1e-5):
    return group_norm(input, input.shape[1], weight, bias, eps)

def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    grouped = input.reshape(input.shape[0], num_groups, -1)
    off = grouped - grouped.mean(2, keepdim=True)
    out = (off / torch.sqrt((off * off).mean(2, keepdim=True) + eps)).reshape(input.shape)
    shape = (1, -1, *[1] * (input.ndim - 2))
    out = out if weight is None else out * weight.reshape(shape)
    return out if bias is None else out + bias.reshape(shape)

def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    squares = input * input
    around = np.pad(squares, [(0, 0), (size // 2, (size - 1) // 2), *[(0, 0)] * (input.ndim - 2)])
    total = sum([around[:, i : i + input.shape[1]] for i in range(size)])
    return input / (k + alpha * total / size) ** beta

def bilinear(input1, input2, weight, bias=None):
    out = torch.einsum("...i,kij,...j->...k", input1, weight, input2)
    return out if bias is None else out + bias

def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    # each number of the input sends the kernel, times itself, to the places that it comes from
    count = input.ndim - 2
    kernel = weight.shape[2:]
    stride, padding, dilation = _each(stride, count), _each(padding, count), _each(dilation, count)
    more = _each(output_padding, count)
    n, per = input.shape[0], weight.shape[1]
    lengths = [(i - 1) * s + d * (k - 1) + 1 + m
               for i, s, d, k, m in zip(input.shape[2:], stride, dilation, kernel, more)]
    out = torch.zeros(n, groups * per, *lengths)
    grouped = input.reshape(n, groups, -1, int(np.prod(input.shape[2:])))
    weights = weight.reshape(groups, -1, per, int(np.prod(kernel)))
    sent = torch.einsum("ngcp,gcok->ngokp", grouped, weights).reshape(n, groups * per, -1, *input.shape[2:])
    for place, offsets in enumerate(np.ndindex(*kernel)):
        where = [slice(o * d, o * d + (i - 1) * s + 1, s)
                 for o, d, i, s in zip(offsets, dilation, input.shape[2:], stride)]
        out[(slice(None), slice(None), *where)] += sent[:, :, place]
    out = out[(slice(None), slice(None), *[slice(p, length - p) for p, length in zip(padding, lengths)])]
    return out if bias is None else out + bias.reshape(1, -1, *[1] * count)

conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1) =
    conv_transpose1d(input, weight, bias, stride, padding, output_padding, groups, dilation)
lp_pool1d lp_pool2d(input, norm_type, kernel_size, stride=None) =
    (_pooled(input, kernel_size, stride, 0, 0.0) ** norm_type).sum(-1) ** (1 / norm_type)

def _adaptive(input, output_size, count, reduction):
    # each number of the output is made of its own part of the input
    sizes = [n if size is None else size for n, size in zip(input.shape[-count:], _each(output_size, count))]
    for axis, size in zip(range(input.ndim - count, input.ndim), sizes):
        n = input.shape[axis]
        parts = [reduction(narrow(input, axis, i * n // size, -(-(i + 1) * n // size) - i * n // size), axis)
                 for i in range(size)]
        input = torch.stack(parts, axis)
    return input

adaptive_avg_pool1d(input, output_size) = _adaptive(input, output_size, 1, torch.mean)
adaptive_avg_pool2d(input, output_size) = _adaptive(input, output_size, 2, torch.mean)
adaptive_max_pool1d(input, output_size) = _adaptive(input, output_size, 1, torch.amax)
adaptive_max_pool2d(input, output_size) = _adaptive(input, output_size, 2, torch.amax)

def _windows2d(lengths, kernel_size, dilation, padding, stride):
    kernel, dilation, padding, stride = [_each(one, 2) for one in (kernel_size, dilation, padding, stride)]
    counts = [(n + 2 * p - d * (k - 1) - 1) // s + 1
              for n, p, d, k, s in zip(lengths, padding, dilation, kernel, stride)]
    return kernel, dilation, padding, stride, counts

def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    kernel, dilation, padding, stride, counts = _windows2d(input.shape[2:], kernel_size, dilation, padding, stride)
    x = np.pad(input, [(0, 0), (0, 0), *[(p, p) for p in padding]])
    found = _windows_of(x, kernel, stride, dilation)
    return found.permute(0, 1, 4, 5, 2, 3).reshape(x.shape[0], -1, counts[0] * counts[1])

def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    size = _each(output_size, 2)
    kernel, dilation, padding, stride, counts = _windows2d(size, kernel_size, dilation, padding, stride)
    parts = input.reshape(input.shape[0], -1, *kernel, *counts)
    out = torch.zeros(input.shape[0], parts.shape[1], *[n + 2 * p for n, p in zip(size, padding)])
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows = slice(i * dilation[0], i * dilation[0] + (counts[0] - 1) * stride[0] + 1, stride[0])
            columns = slice(j * dilation[1], j * dilation[1] + (counts[1] - 1) * stride[1] + 1, stride[1])
            out[:, :, rows, columns] += parts[:, :, i, j]
    return out[:, :, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]]

def pixel_shuffle(input, upscale_factor):
    r, (c, h, w) = upscale_factor, input.shape[-3:]
    x = input.reshape(-1, c // r**2, r, r, h, w).permute(0, 1, 4, 2, 5, 3)
    return x.reshape(*input.shape[:-3], c // r**2, h * r, w * r)

def pixel_unshuffle(input, downscale_factor):
    r, (c, h, w) = downscale_factor, input.shape[-3:]
    x = input.reshape(-1, c, h // r, r, w // r, r).permute(0, 1, 3, 5, 2, 4)
    return x.reshape(*input.shape[:-3], c * r**2, h // r, w // r)

def interpolate(input, size=None, scale_factor=None, mode="nearest"):
    assert mode == "nearest"
    count = input.ndim - 2
    if size is None:
        size = [int(n * s) for n, s in zip(input.shape[2:], _each(scale_factor, count))]
    for axis, new in zip(range(2, input.ndim), _each(size, count)):
        input = torch.index_select(input, axis, torch.as_tensor(np.arange(new) * input.shape[axis] // new))
    return input

pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False) = vector_norm(x1 - x2 + eps, p, -1, keepdim)
cdist(x1, x2, p=2.0) = vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)

def pdist(input, p=2.0):
    rows, columns = np.triu_indices(input.shape[0], 1)
    return vector_norm(input[rows] - input[columns], p, -1)

def gumbel_softmax(logits, tau=1, hard=False, dim=-1):
    noise = -torch.log(-torch.log(rand_like(logits)))
    soft = torch.softmax((logits + noise) / tau, dim)
    return torch.one_hot(soft.argmax(dim), soft.shape[dim]) - soft.detach() + soft if hard else soft
"""

LOSSES = """
def huber_loss(input, target, reduction="mean", delta=1.0):
    off = torch.abs(input - target)
    return _reduced(torch.where(off <= delta, 0.5 * off**2, delta * (off - 0.5 * delta)), reduction)

def poisson_nll_loss(input, target, log_input=True, full=False, eps=1e-8, reduction="mean"):
    loss = torch.exp(input) - target * input if log_input else input - target * torch.log(input + eps)
    if full:
        more = target * torch.log(target) - target + 0.5 * torch.log(2 * np.pi * target)
        loss = loss + torch.where(target > 1, more, 0.0 * target)
    return _reduced(loss, reduction)

def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    var = torch.maximum(var, eps + 0.0 * var)
    loss = 0.5 * (torch.log(var) + (input - target) ** 2 / var) + (0.5 * np.log(2 * np.pi) if full else 0.0)
    return _reduced(loss, reduction)

hinge_embedding_loss(input, target, margin=1.0, reduction="mean") =
    _reduced(torch.where(target == 1, input, torch.relu(margin - input)), reduction)
margin_ranking_loss(input1, input2, target, margin=0.0, reduction="mean") =
    _reduced(torch.relu(-target * (input1 - input2) + margin), reduction)
soft_margin_loss(input, target, reduction="mean") = _reduced(torch.softplus(-target * input), reduction)

def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, reduction="mean"):
    right = input.gather(1, target.unsqueeze(1))
    terms = torch.relu(margin - right + input) ** p
    if weight is not None:
        terms = terms * weight[target].unsqueeze(1)
    others = 1 - torch.one_hot(target, input.shape[1])
    return _reduced((terms * others).sum(1) / input.shape[1], reduction)

def multilabel_soft_margin_loss(input, target, weight=None, reduction="mean"):
    loss = target * torch.softplus(-input) + (1 - target) * torch.softplus(input)
    return _reduced((loss if weight is None else weight * loss).mean(-1), reduction)

def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, reduction="mean"):
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = torch.minimum(far, pairwise_distance(positive, negative, p, eps))
    return _reduced(torch.relu(near - far + margin), reduction)

def cosine_embedding_loss(input1, input2, target, margin=0.0, reduction="mean"):
    alike = cosine_similarity(input1, input2, -1, 0.0)
    return _reduced(torch.where(target == 1, 1 - alike, torch.relu(alike - margin)), reduction)
"""

SHAPES = """
ravel(input) = input.reshape(-1)
reshape_as(input, other) = input.reshape(other.shape)
tile(input, *dims) = np.tile(input, _sizes(dims))
moveaxis movedim(input, source, destination) = np.moveaxis(input, source, destination)
swapdims(input, dim0, dim1) = input.transpose(dim0, dim1)
adjoint(input) = input.transpose(-2, -1)
fliplr(input) = np.fliplr(input)
flipud(input) = np.flipud(input)
rot90(input, k=1, dims=(0, 1)) = np.rot90(input, k, tuple(dims))
atleast_1d(input) = input.reshape(1) if input.ndim == 0 else input
atleast_2d(input) = input.reshape(1, -1) if input.ndim < 2 else input
hstack(tensors) = np.hstack(tensors)
vstack row_stack(tensors) = np.vstack(tensors)
dstack(tensors) = np.dstack(tensors)
column_stack(tensors) = np.column_stack(tensors)

def tensor_split(input, indices_or_sections, dim=0):
    n, cuts = input.shape[dim], indices_or_sections
    if isinstance(cuts, int):
        return input.split([n // cuts + (i < n % cuts) for i in range(cuts)], dim)
    return input.split([b - a for a, b in zip([0, *cuts], [*cuts, n])], dim)

split_with_sizes(input, split_sizes, dim=0) = input.split(split_sizes, dim)

def unflatten(input, dim, sizes):
    dim = dim % input.ndim
    return input.reshape(*input.shape[:dim], *sizes, *input.shape[dim + 1 :])

def Tensor_unfold(input, dimension, size, step):
    found = np.lib.stride_tricks.sliding_window_view(input, size, dimension)
    return found[tuple([slice(None, None, step if i == dimension % input.ndim else 1) for i in range(input.ndim)])]

diagonal(input, offset=0, dim1=0, dim2=1) = np.diagonal(input, offset, dim1, dim2)
diagflat(input, offset=0) = np.diagflat(input, offset)

def diag_embed(input, offset=0):
    n = input.shape[-1] + abs(offset)
    rows = input if offset >= 0 else np.pad(input, [(0, 0)] * (input.ndim - 1) + [(-offset, 0)])
    rows = rows if offset <= 0 else np.pad(rows, [(0, 0)] * (input.ndim - 1) + [(0, offset)])
    places = np.eye(n, k=offset)
    return rows.unsqueeze(-1) * torch.as_tensor(places)

def block_diag(*tensors):
    tensors = [atleast_2d(one) for one in tensors]
    out = torch.zeros(sum([one.shape[0] for one in tensors]), sum([one.shape[1] for one in tensors]))
    row, column = 0, 0
    for one in tensors:
        out[row : row + one.shape[0], column : column + one.shape[1]] = one
        row, column = row + one.shape[0], column + one.shape[1]
    return out

def meshgrid(*tensors, indexing="ij"):
    tensors = tensors[0] if isinstance(tensors[0], (list, tuple)) else tensors
    found = []
    for place, one in enumerate(tensors):
        shape = [len(other) for other in tensors]
        kept = one.reshape([n if i == place else 1 for i, n in enumerate(shape)]).expand(*shape)
        found.append(kept.transpose(0, 1) if indexing == "xy" and len(shape) > 1 else kept)
    return tuple(found)

broadcast_tensors(*tensors) = tuple(np.broadcast_arrays(*tensors))
broadcast_shapes(*shapes) = np.broadcast_arrays(*[np.zeros(one) for one in shapes])[0].shape
take(input, index) = input.reshape(-1)[index]
take_along_dim(input, indices, dim=None) =
    take(input, indices) if dim is None else np.take_along_axis(input, indices, dim)

def sum_to_size(input, *size):
    shape = _sizes(size)
    input = input.sum(tuple(range(input.ndim - len(shape)))) if input.ndim > len(shape) else input
    axes = tuple([i for i, n in enumerate(shape) if n == 1 and input.shape[i] != 1])
    return input.sum(axes, keepdim=True) if axes else input

scatter(input, dim, index, src) = input.clone().scatter_(dim, index, src)
scatter_add(input, dim, index, src) = input.clone().scatter_add_(dim, index, src)
index_add(input, dim, index, source, alpha=1) = input.clone().index_add_(dim, index, source, alpha)
_along(input, dim, index) = tuple([index if i == dim % input.ndim else slice(None) for i in range(input.ndim)])

def index_fill(input, dim, index, value):
    out = input.clone()
    out[_along(input, dim, index)] = value
    return out

def index_copy(input, dim, index, source):
    out = input.clone()
    out[_along(input, dim, index)] = source
    return out

def index_put_(input, indices, values, accumulate=False):
    if accumulate:
        np.add.at(input, tuple(indices), values)
    else:
        input[tuple(indices)] = values
    return input

index_put(input, indices, values, accumulate=False) = index_put_(input.clone(), indices, values, accumulate)

def masked_scatter(input, mask, source):
    out = input.clone()
    out[mask] = source.reshape(-1)[: int(mask.sum())]
    return out

def fill_diagonal_(input, fill_value):
    np.fill_diagonal(input, fill_value)
    return input

new_empty(input, *size, **_) = torch.zeros(*size)
tril_indices(row, col, offset=0) = torch.nonzero(torch.tril(torch.ones(row, col), offset)).t()
triu_indices(row, col, offset=0) = torch.nonzero(torch.triu(torch.ones(row, col), offset)).t()
"""

NUMBERS = """
frac(input) = input - torch.trunc(input)
lerp(input, end, weight) = input + weight * (end - input)
addcmul(input, tensor1, tensor2, value=1) = input + value * tensor1 * tensor2
addcdiv(input, tensor1, tensor2, value=1) = input + value * tensor1 / tensor2
addmv(input, mat, vec, beta=1, alpha=1) = beta * input + alpha * (mat @ vec)
addr(input, vec1, vec2, beta=1, alpha=1) = beta * input + alpha * torch.outer(vec1, vec2)
addbmm(input, batch1, batch2, beta=1, alpha=1) = beta * input + alpha * (batch1 @ batch2).sum(0)
rsub(input, other, alpha=1) = other - alpha * input
clamp_max(input, max) = torch.clamp(input, None, max)
logaddexp2(input, other) = torch.logaddexp(input * np.log(2), other * np.log(2)) / np.log(2)

def logit(input, eps=None):
    x = input if eps is None else torch.clamp(input, eps, 1 - eps)
    return torch.log(x / (1 - x))

nansum(input, dim=None, keepdim=False) = torch.where(torch.isnan(input), 0.0, input).sum(dim, keepdim)

def nanmean(input, dim=None, keepdim=False):
    there = (torch.isnan(input) == False).double()
    return nansum(input, dim, keepdim) / there.sum(dim, keepdim)

count_nonzero(input, dim=None) = (input != 0).long().sum(dim)

def median(input, dim=None, keepdim=False):
    if dim is None:
        return torch.sort(input.reshape(-1)).values[(input.numel() - 1) // 2]
    return kthvalue(input, (input.shape[dim] + 1) // 2, dim, keepdim)

class Found:
    # values and where they stood, as max along an axis has them
    def __init__(self, values, indices):
        self.values, self.indices = values, indices
    def __getitem__(self, place):
        return (self.values, self.indices)[place]
    def __iter__(self):
        return iter((self.values, self.indices))

def kthvalue(input, k, dim=-1, keepdim=False):
    found = torch.sort(input, dim)
    found = [select(one, dim, k - 1) for one in (found.values, found.indices)]
    return Found(*[one.unsqueeze(dim) if keepdim else one for one in found])

msort(input) = torch.sort(input, 0).values
aminmax(input, dim=None, keepdim=False) = torch.amin(input, dim, keepdim), torch.amax(input, dim, keepdim)
std_mean(input, dim=None, unbiased=True, keepdim=False) =
    torch.std(input, dim, unbiased, keepdim), torch.mean(input, dim, keepdim)
var_mean(input, dim=None, unbiased=True, keepdim=False) =
    torch.var(input, dim, unbiased, keepdim), torch.mean(input, dim, keepdim)

def logcumsumexp(input, dim):
    top = input.amax(dim, keepdim=True)
    return torch.log(torch.cumsum(torch.exp(input - top), dim)) + top

def _cumulative(input, dim, pick):
    values, indices = [], []
    for i in range(input.shape[dim]):
        found = pick(narrow(input, dim, 0, i + 1), dim)
        values.append(found.values)
        indices.append(found.indices)
    return Found(torch.stack(values, dim), torch.stack(indices, dim))

cummax(input, dim) = _cumulative(input, dim, torch.max)
cummin(input, dim) = _cumulative(input, dim, torch.min)

def diff(input, n=1, dim=-1):
    for _ in range(n):
        input = narrow(input, dim, 1, input.shape[dim] - 1) - narrow(input, dim, 0, input.shape[dim] - 1)
    return input

def trapezoid(y, x=None, dx=1.0, dim=-1):
    step = dx if x is None else diff(x, 1, dim)
    n = y.shape[dim]
    return (step * (narrow(y, dim, 1, n - 1) + narrow(y, dim, 0, n - 1)) / 2).sum(dim)

trapz(y, x=None, dx=1.0, dim=-1) = trapezoid(y, x, dx, dim)
dist(input, other, p=2) = vector_norm((input - other).reshape(-1), p)

def cov(input, correction=1):
    off = input - input.mean(-1, keepdim=True)
    return off @ off.transpose(-2, -1) / (input.shape[-1] - correction) if input.ndim > 1 else (
        (off * off).sum() / (input.shape[-1] - correction))

def corrcoef(input):
    found = cov(input)
    scale = torch.sqrt(torch.diag(found))
    return found / torch.outer(scale, scale)

numel(input) = input.numel()
searchsorted(sorted_sequence, values, right=False) =
    torch.as_tensor(np.searchsorted(sorted_sequence, values, "right" if right else "left"))
bucketize(input, boundaries, right=False) = searchsorted(boundaries, input, right)
bincount(input, weights=None, minlength=0) = torch.as_tensor(np.bincount(input, weights, minlength))
unique(input, sorted=True) = torch.as_tensor(np.unique(input))
isin(elements, test_elements) = (elements.unsqueeze(-1) == test_elements.reshape(-1)).any(-1)
asarray(value, **_) = torch.as_tensor(value)
scalar_tensor(value, **_) = torch.tensor(value)
logspace(start, end, steps, base=10.0) = base ** torch.linspace(start, end, steps)
"""

MATRICES = """
inner(input, other) = np.inner(input, other)
kron(input, other) = np.kron(input, other)
vdot(input, other) = torch.dot(input, other)
ger(input, vec2) = torch.outer(input, vec2)
linalg_vecdot(x, y, dim=-1) = (x * y).sum(dim)
tensordot(a, b, dims=2) = np.tensordot(a, b, dims)

def linalg_cross(input, other, dim=-1):
    a, b = [[select(one, dim, i) for i in range(3)] for one in (input, other)]
    return torch.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]], dim)

cross(input, other, dim=-1) = linalg_cross(input, other, dim)

def matrix_power(input, n):
    if n < 0:
        return matrix_power(np.linalg.inv(input), -n)
    out = torch.eye(input.shape[-1])
    for _ in range(n):
        out = out @ input
    return out

linalg_matrix_power(A, n) = matrix_power(A, n)

def linalg_multi_dot(tensors):
    out = tensors[0]
    for one in tensors[1:]:
        out = out @ one
    return out

chain_matmul(*matrices) = linalg_multi_dot(matrices)

def cholesky(input, upper=False):
    lower = np.linalg.cholesky(input)
    return lower.transpose(-2, -1) if upper else lower

linalg_cholesky(A, upper=False) = cholesky(A, upper)
logdet(input) = torch.log(np.linalg.det(input))

def slogdet(A):
    found = np.linalg.det(A)
    return torch.sign(found), torch.log(torch.abs(found))

linalg_slogdet(A) = slogdet(A)

def linalg_pinv(A):
    turned = A.transpose(-2, -1)
    if A.shape[-2] >= A.shape[-1]:
        return np.linalg.solve(turned @ A, turned)
    return np.linalg.solve(A @ turned, A).transpose(-2, -1)

pinverse(input) = linalg_pinv(input)
"""

LAYERS = """
nn_Identity(*_, **__) = lambda input: input
nn_Flatten(start_dim=1, end_dim=-1) = lambda input: torch.flatten(input, start_dim, end_dim)
nn_ReLU(inplace=False) = torch.relu
nn_LeakyReLU(negative_slope=0.01, inplace=False) = lambda input: torch.leaky_relu(input, negative_slope)
nn_ELU(alpha=1.0, inplace=False) = lambda input: torch.elu(input, alpha)
nn_GELU(approximate="none") = lambda input: torch.gelu(input, approximate)
nn_Sigmoid() = torch.sigmoid
nn_LogSigmoid() = torch.logsigmoid
nn_Tanh() = torch.tanh
nn_SiLU(inplace=False) = torch.silu
nn_Mish(inplace=False) = torch.mish
nn_Softplus() = torch.softplus
nn_Softmax(dim=None) = lambda input: torch.softmax(input, dim)
nn_LogSoftmax(dim=None) = lambda input: torch.log_softmax(input, dim)
nn_CosineSimilarity(dim=1, eps=1e-8) = lambda x1, x2: cosine_similarity(x1, x2, dim, eps)
nn_MSELoss(reduction="mean") = lambda input, target: torch.mse_loss(input, target, reduction)
nn_L1Loss(reduction="mean") = lambda input, target: l1_loss(input, target, reduction)
nn_SmoothL1Loss(reduction="mean", beta=1.0) = lambda input, target: smooth_l1_loss(input, target, reduction, beta)
nn_HuberLoss(reduction="mean", delta=1.0) = lambda input, target: huber_loss(input, target, reduction, delta)
nn_NLLLoss(weight=None, ignore_index=-100, reduction="mean") =
    lambda input, target: nll_loss(input, target, weight, ignore_index, reduction)
nn_CrossEntropyLoss(weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0) =
    lambda input, target: cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
nn_BCELoss(weight=None, reduction="mean") = lambda input, target: binary_cross_entropy(input, target, weight, reduction)
nn_BCEWithLogitsLoss(weight=None, reduction="mean") =
    lambda input, target: binary_cross_entropy_with_logits(input, target, weight, reduction)
nn_KLDivLoss(reduction="mean", log_target=False) = lambda input, target: kl_div(input, target, reduction, log_target)
nn_Parameter(data, requires_grad=True) = data.requires_grad_() if requires_grad else data
nn_MaxPool2d(kernel_size, stride=None, padding=0) = lambda x: max_pool2d(x, kernel_size, stride, padding)
nn_AvgPool2d(kernel_size, stride=None, padding=0) = lambda x: avg_pool2d(x, kernel_size, stride, padding)

class Linear:
    def __init__(self, weight, bias):
        self.weight, self.bias = nn_Parameter(weight), bias if bias is None else nn_Parameter(bias)

    def __call__(self, x):
        out = x @ self.weight.t()
        return out if self.bias is None else out + self.bias

class Convolution(Linear):
    def __init__(self, weight, bias, *how):
        super().__init__(weight, bias)
        self.how = how

    def __call__(self, x):
        return convolution(x, self.weight, self.bias, *self.how)

nn_Linear(in_features, out_features, bias=True, **_) =
    Linear(randn(out_features, in_features) / in_features, randn(out_features) if bias else None)

def nn_Conv2d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, **_):
    weight = randn(out_channels, in_channels // groups, *_each(kernel_size, 2)) / in_channels
    how = _each(stride, 2), _each(padding, 2), _each(dilation, 2), groups
    return Convolution(weight, randn(out_channels) if bias else None, *how)

class Normal:
    def __init__(self, loc, scale):
        self.loc, self.scale = loc, scale

    def cdf(self, value):
        return 0.5 * (1 + torch.erf((value - self.loc) / (self.scale * 2**0.5)))

    def log_prob(self, value):
        return -(((value - self.loc) / self.scale) ** 2) / 2 - np.log(self.scale * (2 * np.pi) ** 0.5)

distributions_Normal distributions_normal_Normal(loc, scale, **_) = Normal(loc, scale)
cuda_is_available() = False
"""

INITIALISERS = """
def nn_init_calculate_gain(nonlinearity, param=None):
    slope = 0.01 if param is None else param
    leaky = (2 / (1 + slope**2)) ** 0.5
    return {"tanh": 5 / 3, "relu": 2**0.5, "leaky_relu": leaky, "selu": 0.75}.get(nonlinearity, 1.0)

def _fans(tensor):
    field = tensor[0, 0].numel()
    return tensor.shape[1] * field, tensor.shape[0] * field

def _kaiming(tensor, a, mode, nonlinearity):
    fan_in, fan_out = _fans(tensor)
    return nn_init_calculate_gain(nonlinearity, a) / (fan_in if mode == "fan_in" else fan_out) ** 0.5

nn_init_uniform_(tensor, a=0.0, b=1.0, generator=None) = uniform_(tensor, a, b)
nn_init_normal_(tensor, mean=0.0, std=1.0, generator=None) = normal_(tensor, mean, std)

def nn_init_trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    drawn = mean + std * randn_like(tensor)
    for _ in range(20):  # what is out of bounds is drawn again
        drawn = torch.where((drawn < a) | (drawn > b), mean + std * randn_like(tensor), drawn)
    return tensor.copy_(torch.clamp(drawn, a, b))

nn_init_constant_(tensor, val) = tensor.fill_(val)
nn_init_zeros_(tensor) = tensor.fill_(0.0)
nn_init_ones_(tensor) = tensor.fill_(1.0)

def nn_init_xavier_uniform_(tensor, gain=1.0, generator=None):
    bound = gain * (6 / sum(_fans(tensor))) ** 0.5
    return uniform_(tensor, -bound, bound)

nn_init_xavier_normal_(tensor, gain=1.0, generator=None) = normal_(tensor, 0.0, gain * (2 / sum(_fans(tensor))) ** 0.5)

def nn_init_kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    bound = 3**0.5 * _kaiming(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound)

nn_init_kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None) =
    normal_(tensor, 0.0, _kaiming(tensor, a, mode, nonlinearity))
"""

MORE = ACTIVATIONS + NETWORKS + LOSSES + SHAPES + NUMBERS + MATRICES + LAYERS + INITIALISERS
