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
def convert_to_tensor(value, dtype=None, dtype_hint=None):
    return np.asarray(value) if dtype is None else np.asarray(value).astype(dtype)

def constant(value, dtype=None, shape=None):
    found = convert_to_tensor(value, dtype)
    return found if shape is None else np.broadcast_to(found, shape)

def cast(x, dtype):
    return np.asarray(x).astype(dtype)

def identity(input):
    return np.array(input)

def stop_gradient(input):
    return input

def shape(input, out_type=None):
    return np.array(np.shape(input))

def size(input, out_type=None):
    return np.size(input)

def rank(input):
    return np.ndim(input)

def fill(dims, value):
    return np.full(dims, value)

def clip_by_value(t, clip_value_min, clip_value_max):
    return np.clip(t, clip_value_min, clip_value_max)

def clip(x, min_value, max_value):
    return np.clip(x, min_value, max_value)

def rsqrt(x):
    return 1 / np.sqrt(x)

def reciprocal(x):
    return 1 / x

def divide_no_nan(x, y):
    return np.where(np.equal(y, 0), 0.0, x / np.where(np.equal(y, 0), 1.0, y))

def squared_difference(x, y):
    return (x - y) ** 2

def transpose(a, perm=None, conjugate=False):
    return np.transpose(a, perm)

def concat(values, axis):
    return np.concatenate(values, axis)

def add_n(inputs):
    return sum(inputs)

def tile(input, multiples):
    return np.tile(input, multiples)

def gather(params, indices, axis=0):
    return np.take(params, indices, axis=axis)

def norm(tensor, ord='euclidean', axis=None, keepdims=False):
    return np.sqrt(np.sum(np.square(tensor), axis=axis, keepdims=keepdims))

def reduce_euclidean_norm(input_tensor, axis=None, keepdims=False):
    return norm(input_tensor, axis=axis, keepdims=keepdims)

def reduce_logsumexp(input_tensor, axis=None, keepdims=False):
    return scipy.special.logsumexp(input_tensor, axis=axis, keepdims=keepdims)

def l2_loss(t):
    return np.sum(np.square(t)) / 2

def erf(x):
    return scipy.special.erf(x)

def lgamma(x):
    return scipy.special.gammaln(x)

def digamma(x):
    return scipy.special.digamma(x)

def one_hot(indices, depth, on_value=1.0, off_value=0.0):
    return np.where(np.asarray(indices)[..., None] == np.arange(depth), on_value, off_value)

def cond(pred, true_fn, false_fn):
    return true_fn() if pred else false_fn()

def unstack(value, num=None, axis=0):
    return [one for one in np.moveaxis(value, axis, 0)]
"""
