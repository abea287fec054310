"""Which gradient is whose: by position, key, attribute or name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from copy import copy
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np

from backprop.python.values.arrays import is_number

Path = tuple[str, ...]
MOST_ASKED = 4096  # names of which it is known whose they are
DEEPEST = 5  # of containers in each other, in which inputs and gradients are looked for


DATA = frozenset([
    "y", "t", "target", "targets", "targ", "tgt", "label", "labels", "mask", "masks", "y_true", "ytrue", "truth", "yb",
    "onehot", "one_hot", "noise", "eps", "epsilon", "weights_mask", "y_batch", "y_train",
    "real", "actual", "expected", "desired", "true", "y_truth", "ground_truth", "groundtruth", "gt",
])  # fmt: skip  # names of inputs that need no gradient
PREFIXES = (
    "dL_d", "dloss_d", "grad_", "gradient_", "gradients_", "delta_", "nabla_", "d_", "g_", "dL", "grad", "d", "g",
    "dl_d", "dLd", "dlossd", "dfd", "df_d", "dJd", "dJ_d", "dj_d", "dcost_d", "dEd", "dE_d", "doutd", "dout_d",
)  # fmt: skip


WORDS = re.compile("d(?:ata|ec|eg|en|ept|et|ev|ice|ict|iff|im|ist|one|ot|own|raw|ropout|type|ual|ur)")  # that begin so


RATE = re.compile(  # of the steps that a backward pass takes
    r"((^|_)(?i:lr|(learning)?rate|eta|momentum|decay)|[a-z](Lr|LR|Rate|Momentum|Decay))$"
)
LABELS = re.compile(
    r"Y|T|(?i:y_?(true|train|batch)|targets?|labels?|(y_|ground_?)?truth|one_?hot|(expected|desired)(_?outputs?)?"
    r"|(true|target|class|gold|real|correct|expected|desired)_?(labels?|values?|outputs?))"
)  # of these, plainly labels
COST = re.compile(
    r"(?i:(?!d_?(?:loss|cost|mse|nll)_+d)(\w+_)?(loss(es)?|costs?|mse|nll)(_\w*)?)|J"
)  # what may be called a cost in a loop
OF_OUTPUT = re.compile(
    r"(?i:(?:y_?)?(?:hat|preds?|predictions?)|predicted|outs?|outputs?|outgoing|logits|scores|probs?)"
)


def unbatched(name: str) -> str:
    """A name without what says that it is of a part of the data: `X_batch`, `y_pred_batch` are `X` and `y_pred`."""
    return re.sub("(?i)_?(mini_?)?batch_?", "", name)


def is_data(name: str) -> bool:
    """Whether an input has a name of labels, targets or masks."""
    plain = {one.lower().rstrip("_0123456789") for one in (name, unbatched(name))}
    return not plain.isdisjoint(DATA) or (len(name) > 1 and is_label(name))


def is_label(name: str) -> bool:
    """Whether a name is plainly that of labels."""
    return any(LABELS.fullmatch(one) for one in (name, unbatched(name)))


def is_of_output(name: str) -> bool:
    """Whether a name is that of what comes out of a network."""
    return OF_OUTPUT.fullmatch(unbatched(name)) is not None


def is_rate(name: str) -> bool:
    """Whether a name is plainly one of a step's size: eta may be an error from above."""
    return bool(RATE.search(name)) and name != "eta"


@cache
def bases(name: str) -> tuple[str, ...]:
    """What a name may be the gradient of: `dx`, `dfdx`, `grad_x`, `x_grad`, `delta_x` are those of x."""
    found, name = [], name.lstrip("_")
    for prefix in PREFIXES:
        if name.startswith(prefix) and len(name) > len(prefix):
            found.append(name[len(prefix) :])
    for suffix in ("_gradient", "_grad", "_gradients", "_grads", "_bar", "_g"):
        if name.endswith(suffix) and len(name) > len(suffix):
            found.append(name[: -len(suffix)])
    return tuple(found)


def returned_as(name: str) -> str:
    """The name of a gradient that is returned, where it is a quotient of whatever, `dy_dw`, as `dw`. What only has such
    a name may be a slope on the way."""
    return re.sub(r"^_*d_?[a-zA-Z]\w*?_d_?(?=\w)", "d", name)


def is_of_gradient(name: str) -> bool:
    """Whether a name is that of a gradient."""
    return bool(re.match(r"d[A-Z_a-z]|grad|nabla|.*_grad(ient)?s?$", name))


def is_cost(name: str) -> bool:
    return name.lower() in ("loss", "cost", "j")


def is_word(name: str, known: set[str]) -> bool:
    """Whether a name only begins as a gradient's does, `dist`, and not with the name of anything else: `dist` where
    there is an `ist`."""
    return bool(WORDS.match(name)) and not any(base in known for base in bases(name))


def owner(name: str, inputs: Iterable[Path], exact: bool = False) -> Path | None:
    """The input whose gradient a name is; `exact` where the name itself may be the input's, as a key is."""
    return owner_at((name,), tuple(inputs), exact)


@lru_cache(MOST_ASKED)
def owner_at(names: Path, inputs: tuple[Path, ...], exact: bool = False) -> Path | None:
    """The input whose gradient stands under some keys: `dWs`, 1 that of `Ws`, 1; `layers`, 0, `dW` that of `layers`,
    0, `W`; in containers of any name, the last keys tell."""
    known = [path for path in inputs if len(path) >= len(names)]
    for fold in (str, str.lower, singular):
        wanted = [[fold(base) for base in bases(name)] for name in names]
        for same in (True, False) if exact else (False,):
            for path in known:
                keys = [fold(key) for key in path[-len(names) :]]
                alike = [fold(name) == key for name, key in zip(names, keys, strict=True)]
                based = [key.lstrip("_") in some and not key.isdigit() for some, key in zip(wanted, keys, strict=True)]
                if all(alike if same else map(max, alike, based)) and (same or any(based)):
                    return path
    return None


def singular(name: str) -> str:
    """A name without what makes it plural: `weight_gradient` is that of `weights`."""
    return re.sub(r"(?<=[a-z]{2})(?<!s)s$", "", name.lower())


def place_of(given: dict[str, Any], path: Path) -> tuple[Any, Any]:
    """What holds an input, and under which key: an argument, or an entry of a dictionary or a list."""
    holder: Any = given
    for key in path[:-1]:
        holder = holder[int(key) if isinstance(holder, list | tuple) else key]
    return holder, int(path[-1]) if isinstance(holder, list | tuple) else path[-1]


def replaced(holder: Any, path: Path, value: Any) -> Any:
    """A container with another entry somewhere in it; what is not on the way stays the same."""
    if not path:
        return value
    changed = copy(holder)
    key = int(path[0]) if isinstance(holder, list) else path[0]
    changed[key] = replaced(holder[key], path[1:], value)
    return changed


def leaves(value: Any, path: Path = (), deep: int = DEEPEST) -> Iterator[tuple[Path, Any]]:
    """What is in dictionaries and lists, one by one."""
    if isinstance(value, dict | list | tuple) and deep:
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in entries:
            yield from leaves(one, (*path, str(key)), deep - 1)
    else:
        yield path, value


def entries_of(found: dict[Path, Any]) -> dict[Path, Any]:
    """Gradients, those of a list or a dictionary one by one."""
    whole = {path: one for start, value in found.items() for path, one in leaves(value, start)}
    return {path: one for path, one in whole.items() if is_gradient(one)}


def behind_softmax(p: Any, above: Any, axis: int) -> Any:
    """The gradient of what a softmax makes probabilities of along an axis."""
    return p * (above - (p * above).sum(axis=axis, keepdims=True))


def is_gradient(value: Any) -> bool:
    """Whether a value may be a gradient: a number or an array of numbers."""
    return is_number(value) or isinstance(value, np.ndarray)


def by_position(
    values: list[Any],
    names: list[str],
    parameters: list[Path],
    differentiable: list[Path],
    numbers: list[Path],
    shapes: dict[Path, tuple[int, ...]],
) -> dict[Path, Any]:
    """The gradients that a backward pass returns, in the order of the inputs of the forward pass.

    They are as many as the parameters, or as the arrays among them, or as the arrays and numbers; if not, the names
    that are returned tell whose they are, else their shapes, and else the first inputs have one.
    """
    arrays = [path for path in differentiable if path not in numbers]
    named = [owner(name, parameters) for name in names] if len(names) == len(values) else []
    if len(named) == len(values) and all(named) and len(set(named)) == len(named):
        by_name = {path: value for path, value in zip(named, values, strict=True) if path is not None}
        fits = [
            all(is_gradient(one) and fitting(shapes.get(path), one) for path, one in zip(some, values, strict=False))
            for some in (by_name, arrays)
        ]
        if len(values) != len(arrays) or fits == [True, False]:  # `return db, dX`
            return by_name
    for whose in (arrays, parameters, differentiable):
        if len(whose) == len(values) and not otherwise(named, whose, values, shapes):
            return dict(zip(whose, values, strict=True))
    found: dict[Path, Any] = {}
    rest = [path for path in arrays or parameters if path not in named]
    rest.sort(key=lambda path: is_data(path[-1]))  # labels have none where something else may have it
    for place, value in enumerate(values):
        whose_name = named[place] if named else None
        if whose_name is None and rest:
            shape = np.shape(value) if is_gradient(value) else None
            beyond = len(values) > len(parameters)  # some are of what is no parameter: by their shapes alone
            single = [path for path in numbers if path not in (*named, *found)] if shape == () else []
            like = [path for path in (*rest, *single) if shapes.get(path) == shape]
            whose_name = next(iter(like), None if beyond else rest[0])
            rest = [path for path in rest if path != whose_name]
        if whose_name is not None:
            found.setdefault(whose_name, value)
    return found


def fitting(shape: tuple[int, ...] | None, gradient: Any) -> bool:
    """Whether a gradient has a shape, but for axes of length 1 before it, which broadcasting adds by itself."""
    return shape is not None and longer(shape) == longer(np.shape(gradient))


def longer(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without axes of length 1 before all others, which broadcasting adds by itself."""
    return shape[next((place for place, one in enumerate(shape) if one != 1), len(shape)) :]


def otherwise(
    named: list[Path | None], places: list[Path], values: list[Any], shapes: dict[Path, tuple[int, ...]]
) -> bool:
    """Whether names say otherwise than places, and the shapes are on their side: `return dW, db, dh` of h, W and b."""
    own = [np.shape(one) if is_gradient(one) else None for one in values]
    by_place = [shapes.get(path, shape) == shape for path, shape in zip(places, own, strict=True)]
    by_name = [shapes.get(path) == shape for path, shape in zip(named, own, strict=False) if path is not None]
    others = any(path not in (None, place) for path, place in zip(named, places, strict=False))
    enough = len(by_name) > len(values) / 2 or (others and len(by_name) == len(values) / 2)
    return not all(by_place) and enough and all(by_name) and len({*named}) == len(named)


def by_key(entries: dict[Any, Any], inputs: list[Path], exact: bool) -> dict[Path, Any]:
    """The gradients in a dictionary, or in the attributes of an object: each under a name that tells whose it is.

    `exact`: the name may be the input's own, as a key is; an attribute of that name is the input itself.
    """
    found: dict[Path, Any] = {}
    for names, value in leaves(entries):
        whose = owner_at(names, tuple(inputs), exact) if is_gradient(value) else None
        if whose is not None:
            found.setdefault(whose, value)
    return found


class Outcome(NamedTuple):
    """What a pass came to: the outputs, and the gradients by their inputs."""

    outputs: list[Any]
    gradients: dict[Path, Any]
    by: str  # "position", "key", "attribute", "name" or "both" (beside the loss)
    wrote: list[str]  # what of the caller's the backward pass wrote into
