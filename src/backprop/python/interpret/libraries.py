"""Calls of what libraries have, and of the methods of arrays: by the tables of spellings, and nothing beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from functools import cache, cached_property
from inspect import signature
from operator import attrgetter, index
from typing import Any

import numpy as np

from backprop.errors import nearest
from backprop.python.interpret import autograd, protocols
from backprop.python.spellings import tensorflow
from backprop.python.spellings.composed import NAMES
from backprop.python.spellings.jax import DEFAULTS, JAX
from backprop.python.spellings.numpy import ALIASES as OF_NUMPY
from backprop.python.spellings.numpy import CONSTANTS, METHODS, NUMPY, RANDOM, RENAMED, SCIPY
from backprop.python.spellings.row import Row, broadcast, of_shape, product, together
from backprop.python.spellings.torch import ALIASES, OF_TENSORS, TORCH, answer
from backprop.python.values.arrays import (
    DTYPES,
    At,
    Device,
    Grid,
    Sizes,
    Tensor,
    as_matrix,
    checked,
    dtype_of,
    made,
    number_of,
    plain,
    settled,
    tensor,
)
from backprop.python.values.meter import Meter, Refusal
from backprop.python.values.scope import NOT_IMPLEMENTED, OTHERS, Builtin, Function, Idle, Library, called
from backprop.python.values.tape import Tape, writes

BY_TEXT = (
    "im2col_cython",  # compiled, and handed out with the assignments of CS231n
    "functools",
    "itertools",
    "operator",
    "copy",
    "einops",
    "tqdm",
    "argparse",
)  # of which every function is said in Python
KNOWN = frozenset([
    "numpy", "torch", "math", "scipy", "autograd", "jax", "random", "warnings", "collections", "weakref", "inspect",
    "time", "typing", "dataclasses", "enum", "numba", "tensorflow", "six", "numbers", "importlib",
    *BY_TEXT,
])  # fmt: skip
DERIVING = ("grad", "value_and_grad", "elementwise_grad", "vjp")  # functions
RANDOM_OF_PYTHON = {"random": "random_sample", "uniform": "uniform", "gauss": "normal", "normalvariate": "normal"}
MATH = frozenset([
    "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "degrees", "erf", "erfc", "exp", "expm1", "fabs",
    "floor", "fmod", "fsum", "hypot", "isclose", "isfinite", "isinf", "isnan", "ldexp", "log", "log10",
    "log1p", "log2", "pow", "radians", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
])  # fmt: skip
FOLDED = ("nn.functional.", "functional.", "special.")  # parts of torch whose functions it has at its top, too
IGNORED = frozenset([
    "manual_seed", "set_grad_enabled", "set_default_dtype", "set_printoptions", "seterr",
    "testing.assert_allclose", "testing.assert_almost_equal", "testing.assert_array_almost_equal",
])  # fmt: skip
UNSEEN = frozenset([
    "device", "requires_grad", "order", "casting", "copy", "subok", "memory_format", "optimize", "inplace",
    "generator",
])  # fmt: skip


OPERATIONS = {  # of which each is the method of an array
    "__gt__": "greater", "__ge__": "greater_equal", "__lt__": "less", "__le__": "less_equal", "__eq__": "equal",
    "__ne__": "not_equal", "__add__": "add", "__sub__": "subtract", "__mul__": "multiply", "__truediv__": "divide",
    "__pow__": "power", "__matmul__": "matmul", "__neg__": "negative",
}  # fmt: skip
VERSIONS = {"torch": "2.4.0", "jax": "0.4.30", "tensorflow": "2.16.0"}  # whose spellings are read; NumPy's own
GENERATORS = ("RandomState", "default_rng", "Generator")  # what they make draws as np.random itself does
OF_GENERATORS = {"integers": "randint", "sample": "random_sample"}
MATRICES = ("matrix", "asmatrix", "mat")
OF_TORCHS_GENERATOR = (
    "Generator",
    "manual_seed",
    "Generator.manual_seed",
)  # each gives one: all numbers are drawn alike
OF_ARGUMENTS = (broadcast, together)  # what is no larger than the arguments
SIZED = frozenset([
    "axis", "axes", "dim", "dtype", "mode", "constant_values", "k", "diagonal", "endpoint", "optimize", "out", "shape",
    "num", "reps", "writeable", "repeats", "pad_width", "num_classes", "fill_value", "indexing", "minlength", "device",
    "strides", "subok", "full_matrices", "stop", "end", "step", "size",
])  # fmt: skip


class Libraries:
    """What a run knows of libraries. Random numbers come from a generator that begins anew with every run."""

    def __init__(self, meter: Meter, seed: int, by_text: Callable[..., Any], run: autograd.Called) -> None:
        self.meter = meter
        self.run = run  # calls whatever can be called
        self.by_text = by_text  # calls a function that is said in Python
        self.seed = index(seed)
        self.random_allowed = True
        self.drew = False
        self.tape: Tape | None = None  # of what hangs on what, where somebody asks

    @cached_property
    def generator(self) -> np.random.RandomState:
        """What random numbers come from; most runs draw none."""
        return np.random.RandomState(self.seed)

    # ── what a path leads to ──

    def member(self, library: Library, name: str) -> Any:
        """`np.name`: a constant, a kind of elements, or a longer path."""
        root = library.path[0]
        if name == "__call__":  # `getattr(ufunc, method)(x)`
            return library
        if library.path == ("jax",) and name in ("numpy", "scipy", "dtypes"):
            return Library((name.replace("dtypes", "numpy"),))
        if library.path == ("numpy",) and name == "math":
            return Library(("math",))
        if root == "math" and name in ("pi", "e", "tau", "inf", "nan"):
            return getattr(math, name)
        if len(library.path) == 1 and name in CONSTANTS:
            return CONSTANTS[name]
        if root in ("numpy", "torch") and name == "newaxis":
            return None
        if library.path == ("numpy",) and name == "cuda":  # of cupy: where something is done, which changes no number
            return Idle(("numpy", "cuda"))
        if name in ("__version__", "full_version") or (*library.path[1:], name) == ("version", "version"):
            return VERSIONS.get(root, np.__version__)
        return Library((*library.path, name))

    def call(self, path: tuple[str, ...], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A function of a library, called."""
        root, name = path[0], ".".join(path[1:])
        if root == "numpy" and len(path) > 1 and (own := protocols.objects_among(arguments, keywords)):
            found = protocols.dispatched(self.run, path, arguments, keywords, own)
            if found is not NOT_IMPLEMENTED:
                return found
            arguments = tuple([protocols.as_arrays(self.run, one) for one in arguments])
        if root in ("math", "random") and name in NAMES[root]:
            return self.by_text(root, name, arguments, keywords)
        if root == "math":
            return self.mathematics(name, arguments)
        if root == "random" and (name == "seed" or name in RANDOM_OF_PYTHON):
            drawn = self.random(RANDOM_OF_PYTHON.get(name, name), arguments, keywords)
            return drawn if drawn is None else float(drawn)
        if path[-1] == "get_array_module":
            return Library(("numpy",))
        if root == "chainer" and path[-1] in ("force_array", "force_type"):  # the array, which comes last
            return self.numpy(NUMPY, "asarray", "np", arguments[int(path[-1] == "force_type") :][:1], {})
        if root == "torch" and name in OF_TORCHS_GENERATOR:
            return Library(("torch", "Generator"))
        if name in IGNORED or root == "warnings":
            return None
        if root == "inspect" and name == "signature" and isinstance(arguments[0], Function):
            function = arguments[0]
            if function.tree.args.kwonlyargs:
                raise Refusal("the signature of what takes some by name alone is not read", "name")
            return self.by_text(root, name, (function.parameters, function.defaults), {})
        if root == "importlib" and name == "import_module" and isinstance(arguments[0], str):
            if arguments[0].partition(".")[0] not in KNOWN:
                raise Refusal(f"{arguments[0]} is not there", "name", raised="ModuleNotFoundError")
            return Library(tuple(arguments[0].split(".")))
        if root == "time":
            return "" if name in ("strftime", "ctime") else float(self.meter.steps)
        if root in BY_TEXT:
            name = path[-1] if root == "tqdm" else name
            return self.by_text(root, self.said(root, name, NAMES[root]), arguments, keywords)
        if root == "numpy" and name.startswith("random."):
            return self.random(name.removeprefix("random."), arguments, keywords)
        if path[-1] in DTYPES and arguments and root == "numpy" and len(path) == 2:
            converted = checked(np.asarray(plain(arguments[0]), dtype=DTYPES[path[-1]]))[()]
            return self.taped("astype", None, arguments, {}, converted)
        if root == "numpy" and name in MATRICES:
            return as_matrix(*arguments[:1])
        if root == "numpy" and name == "ndindex":
            shape = plain(arguments[0] if isinstance(arguments[0], tuple | list) else arguments)
            self.meter.length(product(shape))
            return iter([*np.ndindex(*shape)])
        if root == "numpy" and name.startswith("ndarray.") and arguments:  # a method by its class
            name = name.removeprefix("ndarray.")
            if name not in OPERATIONS:
                return self.method(arguments[0], name, arguments[1:], keywords)
            name = OPERATIONS[name]
        if root == "numpy":
            return self.numpy(NUMPY, name, "np", arguments, keywords)
        if root == "scipy" and name.replace(".", "_") in NAMES[root]:
            return self.by_text(root, name.replace(".", "_"), arguments, keywords)
        if root == "scipy":
            part = "scipy.special" if name.startswith("special.") or "." not in name else "scipy"
            return self.numpy(SCIPY, name.removeprefix("special."), part, arguments, keywords)
        if root == "torch":
            for part in FOLDED:
                name = name.removeprefix(part)
            return self.torch(name, arguments, keywords)
        if root in ("jax", "autograd") and name in DERIVING:
            return self.derived(name, arguments, keywords)
        if root == "autograd" and path[-1] in ("primitive", "notrace_primitive"):
            return arguments[0]  # its gradient stands beside it
        if root == "jax":
            return self.jax(name, arguments, keywords)
        if root == "tensorflow":
            return self.tensorflow(name, arguments, keywords)
        raise Refusal(f"{'.'.join(path)} is not read here", "name")

    def derived(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """What jax and autograd make of a function to have its gradients."""
        function, *how = arguments
        if name == "vjp":
            out, pull = autograd.pulled(self, self.run, function, tuple(how), keywords)
            return out, Builtin("vjp", pull)
        return Builtin(name, autograd.transformed(self, self.run, name, function, tuple(how), keywords))

    def jax(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A function of jax.nn or jax.lax: as torch has it, or NumPy."""
        part, _, short = name.rpartition(".")
        if name in ("lax.stop_gradient", "device_put"):
            return arguments[0]
        if name in ("jit", "custom_vjp", "checkpoint"):
            return arguments[0]
        composed = name.removeprefix("tree_util.").replace(".", "_")
        if composed in NAMES["jax"]:
            return self.by_text("jax", composed, arguments, keywords)
        if part not in ("nn", "lax") or short not in JAX:
            raise Refusal(f"jax.{name} is not read here", "name")
        row = JAX[short]
        given = tuple([self.argument(one) for one in arguments])
        named = {} if len(given) > 1 else dict(DEFAULTS.get(short, {}))
        named.update({key: self.argument(one) for key, one in keywords.items()})
        self.measure(row, given, named)
        return self.result(short, row, given, named, settled)

    def tensorflow(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A function of TensorFlow's, whose results may have names there."""
        for part in tensorflow.FOLDED:
            name = name.removeprefix(part)
        keywords = {"axis" if key == "dim" else key: one for key, one in keywords.items() if key != "name"}
        if name in NAMES["tensorflow"]:
            return self.by_text("tensorflow", name, arguments, keywords)
        if name in tensorflow.OF_JAX:
            return self.jax(f"nn.{name}", arguments, keywords)
        if name not in tensorflow.OF_NUMPY:
            raise Refusal(f"tf.{name} is not read here", "name")
        first = [keywords.pop(key) for key in ("x", "input", "input_tensor") if key in keywords]
        return self.numpy(NUMPY, tensorflow.OF_NUMPY[name], "tf", (*first, *arguments), keywords)

    def joined(self, name: str, key: Any) -> Any:
        """`np.c_[a, b]` and its like, of arrays and numbers."""
        if name == "s_":
            return key
        given = tuple([self.argument(one) for one in (key if isinstance(key, tuple) else (key,))])
        self.meter.room(sum(float(np.size(one)) for one in given))

        def together(*arrays: Any) -> Any:
            return (np.c_ if name == "c_" else np.r_)[arrays]

        return self.taped("joined", together, given, {}, together(*given))

    def changed(self, at: At, name: str, arguments: tuple[Any, ...]) -> Any:
        """`a.at[index].add(v)` and its like: a copy with something done at an index."""
        a, index = at.array, at.index
        if name == "get":
            found = a[index]
            if self.tape is not None:
                self.tape.put(found, self.tape.ids(a)[index])
            return found
        self.meter.room(np.size(a))
        out = self.taped("copy", None, (a,), {}, np.array(a))
        value = plain(arguments[0])
        if name == "set":
            out[index] = value
            if self.tape is not None:
                self.tape.put_at(out, index, value)
        elif name in ("add", "subtract"):
            rows = NUMPY[f"{name}.at"]
            self.result(f"{name}.at", rows, (out, index, value), {}, lambda made: made)
        elif name in ("multiply", "mul", "divide", "min", "max") and self.tape is None:
            own = {"mul": np.multiply, "multiply": np.multiply, "divide": np.divide, "min": np.minimum}
            own.get(name, np.maximum).at(out, index, value)
        else:
            raise Refusal(f".at[].{name} is not read here", "name")
        return out

    def row(self, table: Mapping[str, Row], name: str, library: str) -> Row:
        """The row of a name, or what it might have been."""
        return table[self.said(library, name, table)]

    def said(self, library: str, name: str, known: Collection[str]) -> str:
        """The name of a function, as far as it is known."""
        found = name.replace(".", "_")
        if name in known or found in known:
            return name if name in known else found
        near = nearest(name, known)
        raise Refusal(f"{library}.{name} is not known here", "name", f"did you mean {near}?" if near else "")

    def numpy(
        self,
        table: Mapping[str, Row],
        name: str,
        library: str,
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> Any:
        """A function of NumPy's on data. Kinds of elements are those that are computed with here."""
        if name in ("empty", "zeros") and getattr(keywords.get("dtype"), "name", "") in ("object", "tuple", "list"):
            return self.grid(plain(arguments[0] if arguments else keywords.get("shape")))
        name = OF_NUMPY.get(name, name) if table is NUMPY else name
        if table is NUMPY and name not in table and name.replace(".", "_") in NAMES["numpy"]:
            return self.by_text("numpy", name.replace(".", "_"), arguments, keywords)
        row = self.row(table, name, library)
        arguments, keywords = positional(row.function, arguments, keywords)
        if name.endswith(".at"):  # whose index is a list where it stands between brackets, too
            arguments = tuple([[*one] if isinstance(one, Sizes) else one for one in arguments])
        given = tuple([self.argument(one) for one in arguments])
        if given and given[0] is None and row.size is of_shape:  # as it once was
            given = ((), *given[1:])
        named = {key: dtype_of(one) if key == "dtype" else self.argument(one) for key, one in keywords.items()}
        try:
            self.measure(row, given, named)
            return self.result(name, row, given, named, lambda out: settled(out, *given))
        except (TypeError, ValueError, AttributeError) as error:
            if "keyword argument" in str(error):  # which another version may have
                raise Refusal(f"{library}.{name}: {error}", "name") from None
            if any(
                one is None for one in (*given, *(given[0] if given and isinstance(given[0], list | tuple) else ()))
            ):
                raise Refusal(f"{library}.{name} cannot be computed of None", "value") from None
            raise

    def grid(self, shape: Any) -> Any:
        """Lists of lists in place of an array of objects."""
        lengths = [number_of(one) for one in (shape if isinstance(shape, tuple | list) else [shape])]
        self.meter.length(product(tuple(lengths)))

        def made(rest: list[int]) -> Any:
            return Grid([made(rest[1:]) for _ in range(rest[0])]) if rest else None

        return made(lengths)

    def torch(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A function of torch's, or a method of a tensor."""
        if name == "is_tensor":
            return isinstance(arguments[0], Tensor)
        if name == "autograd.grad":
            return autograd.grad(self.tape, *arguments, **keywords)
        if is_written_back(name) or keywords.get("inplace"):
            others = {key: one for key, one in keywords.items() if key != "inplace"}
            return self.written_back(name.rstrip("_"), arguments, others)
        if name.replace(".", "_") in NAMES["torch"]:
            return self.by_text("torch", name.replace(".", "_"), arguments, keywords)
        row = self.row(TORCH, ALIASES.get(name, name), "torch")
        renamed = {"axis": "dim", "keepdims": "keepdim"}
        named = {renamed.get(key, key): self.argument(one) for key, one in keywords.items() if key not in UNSEEN}
        given = tuple([self.argument(one) for one in arguments])
        for key in ("input", "self"):
            if key in named:
                given = (named.pop(key), *given)
        given, named = positional(row.function, given, named) if row.size not in OF_ARGUMENTS else (given, named)
        self.measure(row, given, named)
        out = self.result(ALIASES.get(name, name), row, given, named, answer)
        return self.asked(out) if keywords.get("requires_grad") is True else out

    def written_back(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """`torch.exp_(a)` and `F.relu(a, inplace=True)`: what the function gives is written into the memory."""
        target = arguments[0]
        target[...] = out = self.torch(name, arguments, keywords)
        if self.tape is not None:
            self.tape.put_at(target, ..., out)
        return target

    def result(
        self, name: str, row: Row, given: tuple[Any, ...], named: dict[str, Any], finished: Callable[[Any], Any]
    ) -> Any:
        """What a function gives; a tape is told of it."""
        name = name.removeprefix("linalg.")
        if self.tape is None:
            return finished(made(row.function(*given, **named)))
        if writes(name) and given and isinstance(given[0], np.ndarray):
            before = np.array(given[0], subok=False)
            out = finished(made(row.function(*given, **named)))
            self.tape.wrote(name, given, before, named)
            return out
        return self.taped(name, row.function, given, named, finished(made(row.function(*given, **named))))

    def taped(self, name: str, function: Any, given: tuple[Any, ...], named: dict[str, Any], out: Any) -> Any:
        if self.tape is not None:
            self.tape.called(name, function, given, named, out)
        return out

    def measure(self, row: Row, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Make sure that there is room for the result."""
        if row.size not in OF_ARGUMENTS:
            unknown = [name for name in named if name not in SIZED]
            if unknown:
                raise Refusal(f"{unknown[0]}= is not read here", "name", "give it by position")
        try:
            size = row.size(given, named)
        except (TypeError, ValueError, IndexError):
            if row.size not in OF_ARGUMENTS:
                raise Refusal("how large the result is cannot be told from these arguments", "value") from None
            size = 0.0  # the function itself says what is wrong with its arguments
        self.meter.room(max(size, product(named["shape"]) if "shape" in named else 0.0))

    def argument(self, value: Any) -> Any:
        """Data, or a kind of elements."""
        if isinstance(value, Idle):
            raise Refusal(f"nobody knows here what {called(value)} gives", "name", OTHERS)
        if isinstance(value, Builtin) or (isinstance(value, Library) and value.path[-1] in DTYPES):
            return dtype_of(value)
        if isinstance(value, Library) and value.path[-1] == "newaxis":
            return None
        if isinstance(value, Sizes):  # JSON has no tuples, for which an axis asks
            return tuple(value)
        if isinstance(value, list | tuple):
            self.meter.length(len(value))
        if isinstance(value, range):
            self.meter.room(len(value))
        return plain(value)

    def mathematics(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name not in MATH:
            near = nearest(name, MATH)
            raise Refusal(f"math.{name} is not known here", "name", f"did you mean {near}?" if near else "")
        given = tuple([plain(one) for one in arguments])
        return self.taped(name, getattr(math, name), given, {}, getattr(math, name)(*given))

    def random(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Random numbers: the same in every run of a forward pass, and none in a backward pass."""
        seed = next(iter(arguments), keywords.get("seed")) if name in ("seed", *GENERATORS) else None
        if not self.random_allowed and seed is None:
            raise Refusal(f"np.random.{name}: a backward pass draws no random numbers")
        if name in ("seed", *GENERATORS):
            self.random_allowed = True  # the same ones, wherever it begins so
            self.generator = np.random.RandomState(0 if seed is None else number_of(seed))
            return None if name == "seed" else Library(("numpy", "random"))
        name = OF_GENERATORS.get(name, name)
        if f"random_{name}" in NAMES["numpy"]:
            return self.by_text("numpy", f"random_{name}", arguments, keywords)
        if name not in RANDOM:
            raise Refusal(f"np.random.{name} is not known here", "name")
        if name != "randint":  # `dtype=` changes none of these numbers
            keywords = {key: one for key, one in keywords.items() if key != "dtype"}
        sizes = [product(plain(arguments))] if name in ("rand", "randn") else []
        given = (
            *(() if name == "randint" else arguments),
            keywords.get("size", 1),
        )  # of whose arguments two are bounds
        given += arguments[2:3]
        sizes += [product(plain(one)) for one in given if isinstance(one, int | tuple | list)]
        self.meter.room(max(sizes, default=1.0))
        self.drew = True
        drawn = getattr(self.generator, name)(
            *[plain(one) for one in arguments], **{key: plain(one) for key, one in keywords.items()}
        )
        return checked(np.asarray(drawn))[()]

    def asked(self, a: Tensor, by: str = "requires_grad_") -> Tensor:
        """A tensor for whose gradient the text asks; beyond what only retains its own, others have theirs."""
        if self.tape is not None:
            self.tape.leaves.append(a if by == "retain_grad" else self.tape.watched(a))
        return a

    # ── methods of arrays ──

    def method(self, a: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """`a.name(…)` of an array or a number of NumPy's."""
        if name in ("item", "tolist"):
            self.meter.length(np.size(a))
            whole = getattr(a, name)(*[number_of(one) for one in arguments])
            return self.taped(name, None, (a,), {}, whole) if np.size(a) == 1 else whole
        if isinstance(a, Tensor):
            return self.tensor_method(a, name, arguments, keywords)
        if name in METHODS:
            return self.numpy(NUMPY, name, "an array has no method: np", (a, *self.spread(name, arguments)), keywords)
        if name == "astype":
            turned = np.asarray(a).astype(dtype_of(arguments[0] if arguments else keywords.get("dtype")))[()]
            return self.taped(name, None, (a,), {}, turned)
        if name in ("copy", "flatten"):
            self.meter.room(np.size(a))
            copied = np.array(a, order="C") if name == "copy" else np.array(a, order="C").reshape(-1)
            return self.taped("copy", None, (a,), {}, copied)
        if name in ("fill", "itemset") and isinstance(a, np.ndarray):
            *place, value = arguments
            at: Any = Ellipsis if not place else self.argument(place[0] if len(place) == 1 else tuple(place))
            if place and np.ndim(a) != 1 and not isinstance(at, tuple):
                at = np.unravel_index(number_of(at), a.shape)
            a[at] = self.argument(value)
            if self.tape is not None:
                self.tape.put_at(a, at, value)
            return None
        if name in ("view", "get") and not arguments:  # of cupy
            return a
        if name == "sort" and isinstance(a, np.ndarray):
            a.sort(axis=number_of(arguments[0]) if arguments else -1)
            return None
        near = nearest(name, METHODS)
        raise Refusal(f"an array's .{name}() is not known here", "name", f"did you mean {near}?" if near else "")

    def spread(self, name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """`a.reshape(2, 3)` and `a.transpose(1, 0)` as the functions take them."""
        if name in ("reshape", "transpose") and arguments and not isinstance(arguments[0], tuple | list | np.ndarray):
            return (arguments,) if arguments[0] is not None else ()
        return arguments

    def tensor_method(self, a: Tensor, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        if name == "size":
            return a.shape[number_of(arguments[0])] if arguments else a.shape
        if name in ("numel", "nelement"):
            return int(a.size)
        if name in ("dim", "ndimension"):
            return a.ndim
        if name == "numpy":
            return a.view(np.ndarray)
        if name in ("requires_grad_", "retain_grad"):
            return self.asked(a, name) if not arguments or arguments[0] else a
        if name == "backward":
            return autograd.backward(self.tape, a, *arguments[:1])
        if name == "is_contiguous":
            return True
        if name == "resize_as_" and np.size(arguments[0]) == a.size:
            a.shape = np.shape(arguments[0])
            return a
        if name in ("new_zeros", "new_ones"):
            return self.torch(name.removeprefix("new_"), arguments, keywords)
        return self.torch(OF_TENSORS.get(name, name), (a, *arguments), keywords)


def is_written_back(name: str) -> bool:
    """Whether a function of torch's is another one that writes into its first argument, without a row of its own."""
    if not name.endswith("_") or is_of_torch(name):
        return False
    plain = name.rstrip("_")
    return is_of_torch(ALIASES.get(plain, plain))


def is_of_torch(name: str) -> bool:
    return name in TORCH or name in NAMES["torch"]


def positional(
    function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with those in their places that are given by the names of the first parameters: what comes out is
    measured by its arguments in order."""
    names = parameters_of(function) if keywords else ()
    meant = {one: RENAMED[one] for one in keywords if one not in names and RENAMED.get(one) in names}
    given, named = [*arguments], {meant.get(key, key): one for key, one in keywords.items()}
    while len(given) < min(2, len(names)) and names[len(given)] in named:
        given.append(named.pop(names[len(given)]))
    return tuple(given), named


@cache
def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The parameters of a function by position; none where it does not tell them."""
    try:
        found = signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple([one.name for one in found if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)])


ATTRIBUTES: dict[str, Callable[[Any], Any]] = {
    "shape": lambda a: a.shape, "ndim": lambda a: a.ndim, "dtype": lambda a: a.dtype, "T": lambda a: a.T,
    "mT": lambda a: np.swapaxes(a, -1, -2), "flat": lambda a: a.reshape(-1), "at": At,
    "data": lambda a: a, "real": lambda a: a,
    "device": lambda _: Device("cpu"),  # an array of NumPy's has one, too
}  # fmt: skip
OF_TENSOR = dict.fromkeys(("is_cuda", "is_sparse", "is_quantized"), lambda _: False)
OF_ARRAY: dict[str, Callable[[Any], Any]] = {
    "size": lambda a: int(a.size), "values": lambda a: a,  # of a table: it is given as one
    **{name: attrgetter(name) for name in ("itemsize", "nbytes", "strides")},
}  # fmt: skip

OF_MATRIX: dict[str, Callable[[Any], Any]] = {**OF_ARRAY, "A": np.asarray, "A1": lambda a: np.asarray(a).reshape(-1)}


def attribute_of_array(a: Any, name: str) -> Any:
    """`a.shape` and its like; None of an unknown name is told from a value by the caller's table of methods."""
    rest = OF_TENSOR if isinstance(a, Tensor) else OF_MATRIX if isinstance(a, np.matrix) else OF_ARRAY
    found = ATTRIBUTES.get(name) or rest.get(name)
    return None if found is None else found(a)


def as_tensor(value: Any) -> Any:
    """Data with all its arrays as tensors."""
    if isinstance(value, np.ndarray):
        return tensor(value)
    if isinstance(value, dict):
        return {key: as_tensor(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([as_tensor(one) for one in value])
    return value
