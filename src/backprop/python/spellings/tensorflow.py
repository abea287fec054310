"""What of TensorFlow may be called: by NumPy's names, of a network by jax's, and else as it is said in Python."""

from __future__ import annotations

FOLDED = ("keras.backend.", "backend.", "experimental.numpy.", "compat.v1.", "compat.v2.", "math.", "nn.", "linalg.")
SAME = (
    "abs", "exp", "expm1", "log", "log1p", "sqrt", "square", "sign", "tanh", "sin", "cos", "tan", "sinh", "cosh",
    "asinh", "acosh", "atanh", "arcsinh", "floor", "ceil", "round", "maximum", "minimum", "zeros_like", "ones_like",
    "zeros", "ones", "reshape", "squeeze", "expand_dims", "stack", "where", "matmul", "tensordot", "einsum",
    "logical_and", "logical_or", "logical_not", "isnan", "isinf", "greater", "greater_equal", "less", "less_equal",
    "equal", "not_equal", "eye", "add", "subtract", "multiply", "divide", "cumsum", "argmax", "argmin",
    "broadcast_to", "trace", "cross", "concatenate", "prod", "sum", "mean", "dot",
)  # fmt: skip
OF_NUMPY = {
    **{name: name for name in SAME},
    "reduce_sum": "sum", "reduce_mean": "mean", "reduce_max": "max", "reduce_min": "min", "reduce_prod": "prod",
    "reduce_any": "any", "reduce_all": "all", "reduce_variance": "var", "reduce_std": "std", "pow": "power",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "truediv": "divide",
    "floordiv": "floor_divide", "negative": "negative", "inv": "linalg.inv", "det": "linalg.det", "max": "max",
    "min": "min", "std": "std", "var": "var", "permute_dimensions": "transpose", "diag": "diag", "range": "arange",
    "math.mod": "mod", "mod": "mod", "floormod": "mod", "reverse": "flip", "roll": "roll", "repeat": "repeat",
}  # fmt: skip
OF_JAX = ("sigmoid", "softplus", "relu", "elu", "silu", "swish", "leaky_relu", "gelu", "softmax", "log_softmax")
TENSORFLOW = """
convert_to_tensor(value, dtype=None, dtype_hint=None) =
    np.asarray(value) if dtype is None else np.asarray(value).astype(dtype)

def constant(value, dtype=None, shape=None):
    found = convert_to_tensor(value, dtype)
    return found if shape is None else np.broadcast_to(found, shape)

cast(x, dtype) = np.asarray(x).astype(dtype)
identity(input) = np.array(input)
stop_gradient(input) = input
shape(input, out_type=None) = np.array(np.shape(input))
size(input, out_type=None) = np.size(input)
rank(input) = np.ndim(input)
fill(dims, value) = np.full(dims, value)
clip_by_value(t, clip_value_min, clip_value_max) = np.clip(t, clip_value_min, clip_value_max)
clip(x, min_value, max_value) = np.clip(x, min_value, max_value)
rsqrt(x) = 1 / np.sqrt(x)
reciprocal(x) = 1 / x
divide_no_nan(x, y) = np.where(np.equal(y, 0), 0.0, x / np.where(np.equal(y, 0), 1.0, y))
squared_difference(x, y) = (x - y) ** 2
transpose(a, perm=None, conjugate=False) = np.transpose(a, perm)
concat(values, axis) = np.concatenate(values, axis)
add_n(inputs) = sum(inputs)
tile(input, multiples) = np.tile(input, multiples)
gather(params, indices, axis=0) = np.take(params, indices, axis=axis)
norm(tensor, ord='euclidean', axis=None, keepdims=False) =
    np.sqrt(np.sum(np.square(tensor), axis=axis, keepdims=keepdims))
reduce_euclidean_norm(input_tensor, axis=None, keepdims=False) = norm(input_tensor, axis=axis, keepdims=keepdims)
reduce_logsumexp(input_tensor, axis=None, keepdims=False) =
    scipy.special.logsumexp(input_tensor, axis=axis, keepdims=keepdims)
l2_loss(t) = np.sum(np.square(t)) / 2
erf(x) = scipy.special.erf(x)
lgamma(x) = scipy.special.gammaln(x)
digamma(x) = scipy.special.digamma(x)
one_hot(indices, depth, on_value=1.0, off_value=0.0) =
    np.where(np.asarray(indices)[..., None] == np.arange(depth), on_value, off_value)
cond(pred, true_fn, false_fn) = true_fn() if pred else false_fn()
unstack(value, num=None, axis=0) = [one for one in np.moveaxis(value, axis, 0)]
"""
