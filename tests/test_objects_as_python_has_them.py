"""Objects of the user's, asked as Python and NumPy ask them: operators of all kinds, truth, array protocols."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Check

BOX = """
import numpy as np

KNOWN = {}

def means(function):
    def put(own):
        KNOWN[function] = own
        return own
    return put

class Box:
    __array_priority__ = 50
    def __init__(self, inside):
        self.inside = np.asarray(inside)
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__" or ufunc.__name__ == "cosh":
            return NotImplemented
        plain = [one.inside if isinstance(one, Box) else one for one in inputs]
        return Box(getattr(ufunc, method)(*plain, **kwargs))
    def __array_function__(self, func, types, args, kwargs):
        if func not in KNOWN or not all(issubclass(one, Box) for one in types):
            return NotImplemented
        return KNOWN[func](*args, **kwargs)
    def __mul__(self, other):
        return np.multiply(self, other)
    __rmul__ = __mul__

@means(np.sum)
def total(box, axis=None):
    return Box(box.inside.sum(axis=axis))

@means(np.concatenate)
def joined(boxes, axis=0):
    return Box(np.concatenate([one.inside for one in boxes], axis=axis))
"""
PROTOCOLS = (
    BOX
    + """
class Layer:
    def forward(self, x, w):
        self.x, self.w = Box(x), Box(w)
        self.e = np.exp(self.x)
        both = np.concatenate([self.e * self.w, 2.0 * self.x])
        return np.sum(both).inside
    def backward(self, g):
        return g * (self.e * self.w).inside + 2.0 * g, g * self.e.inside
"""
)
LEFT_OF_AN_ARRAY = (
    BOX
    + """
class Layer:
    def forward(self, x, w):
        self.x, self.w = x, Box(w)
        return (x - self.w).inside ** 2
    def backward(self, g):
        slope = 2 * g * (self.x - self.w).inside
        return slope, -slope
"""
)
CONVERTED = """
import numpy as np

class Held:
    def __init__(self, inside):
        self.inside = inside
    def __array__(self, dtype=None):
        return self.inside
    def __len__(self):
        return len(self.inside)

class Layer:
    def forward(self, x):
        self.x = Held(x)
        return np.tanh(self.x) * np.asarray(self.x)
    def backward(self, g):
        t = np.tanh(self.x)
        return g * (t + np.asarray(self.x) * (1 - t ** 2))
"""
BY_ITS_OWN = """
import math
import numpy as np

class Number:
    def __init__(self, value):
        self.value = value
    def exp(self):
        return Number(math.exp(self.value))
    def __abs__(self):
        return Number(abs(self.value))
    def __float__(self):
        return float(self.value)
    def __pos__(self):
        return Number(self.value)
    def __invert__(self):
        return Number(1 / self.value)
    def __mod__(self, other):
        return Number(self.value * other.value)
    def __floordiv__(self, other):
        return Number(self.value / other.value)

class Layer:
    def forward(self, x, y):
        self.x, self.y = x, y
        a, b = Number(x), Number(y)
        return float(np.exp(a) % +b) + float(~a // abs(b))
    def backward(self, g):
        dx = g * (np.exp(self.x) * self.y - 1 / (self.x ** 2 * abs(self.y)))
        dy = g * (np.exp(self.x) - 1 / (self.x * self.y * abs(self.y)))
        return dx, dy
"""
IN_PLACE = """
import numpy as np

class Sum:
    def __init__(self, shape):
        self.data = np.zeros(shape)
        self.steps = []
    def __iadd__(self, other):
        self.data += other
        self.steps.append(other)
        return self
    def __isub__(self, other):
        return self.__iadd__(-other)
    def __add__(self, other):
        raise TypeError("in place alone")
    def __contains__(self, item):
        return any(item is one for one in self.steps)
    def __bool__(self):
        return len(self.steps) > 0

class Layer:
    def forward(self, x, w):
        self.x, self.w = x, w
        total = Sum(x.shape)
        same = total
        if total:
            return x
        product = x * w
        total += product
        total -= w
        assert same is total and product in total
        return same.data if total else x
    def backward(self, g):
        return g * self.w, g * self.x - g
"""
LEFT_TO_THE_OTHER = """
import numpy as np

class Left:
    def __init__(self, x):
        self.x = x
    def __mul__(self, other):
        return NotImplemented
    def __lt__(self, other):
        return NotImplemented
    def __eq__(self, other):
        return NotImplemented

class Right(Left):
    def __rmul__(self, other):
        return self.x * other.x
    def __gt__(self, other):
        return True

class Layer:
    def forward(self, x, y):
        self.x, self.y = x, y
        one, other = Left(x), Right(y)
        assert one < other and one == one and one != other
        return one * other
    def backward(self, g):
        return g * self.y, g * self.x
"""
IN_ORDER = """
from enum import Enum
import numpy as np

class Place(Enum):
    HERE = 1
    THERE = 2

class Step:
    def __init__(self, rank, factor):
        self.rank, self.factor = rank, factor

class Layer:
    def forward(self, x, w, place=Place.HERE):
        assert place in Place and 3 not in Place
        self.x, self.w = x, w
        self.steps = [Step(2, w), Step(1, 2.0), Step(3, 0.5)]
        self.steps.sort(key=lambda one: one.rank, reverse=True)
        return x * self.steps[1].factor + x * self.steps[-1].factor
    def backward(self, g):
        return g * (self.w + 2.0), g * self.x
"""
LISTS_OF_TWO = {"x": [0.5, -1.2], "w": [0.7, 1.1]}
CASES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "protocols": (PROTOCOLS, LISTS_OF_TWO, "g * self.e.inside", "g * self.x.inside"),
    "left of an array": (LEFT_OF_AN_ARRAY, LISTS_OF_TWO, "return slope, -slope", "return slope, slope"),
    "converted": (CONVERTED, {"x": [0.5, -1.2]}, "(1 - t ** 2)", "(1 - t)"),
    "by methods of its own": (BY_ITS_OWN, {"x": 0.5, "y": -1.2}, "self.x ** 2", "self.x"),
    "in place": (IN_PLACE, LISTS_OF_TWO, "g * self.x - g", "g * self.x + g"),
    "in order": (IN_ORDER, LISTS_OF_TWO, "(self.w + 2.0)", "(self.w + 0.5)"),
    "left to the other operand": (
        LEFT_TO_THE_OTHER, {"x": 0.5, "y": -1.2}, "g * self.y, g * self.x", "g * self.x, g * self.y"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_objects_say_of_themselves(check: Check, name: str) -> None:
    text, given, right, wrong = CASES[name]
    assert check("layers.py:Layer", given, {"layers.py": text})["verdict"] == "ok"
    assert text.count(right) == 1
    found = check("layers.py:Layer", given, {"layers.py": text.replace(right, wrong)})
    assert found["verdict"] == "wrong"
    assert [one["line"] for one in found["lines"] if one["verdict"] == "wrong"]


def test_a_function_of_numpy_that_an_object_says_nothing_of_is_no_number(check: Check) -> None:
    text = PROTOCOLS.replace("np.exp(self.x)", "np.cosh(self.x)")
    found = check("layers.py:Layer", LISTS_OF_TWO, {"layers.py": text})
    assert "no __array_ufunc__ says what np.cosh makes of these" in found["error"]["message"]


KEEPING = """
import numpy as np

class Variable:
    def __init__(self, data):
        self.data, self.grad, self.creator = np.asarray(data), None, None
    def backward(self, retain_grad=False):
        if self.grad is None:
            self.grad = np.ones_like(self.data)
        pending = [self.creator]
        while pending:
            function = pending.pop()
            shares = function.backward(function.output.grad)
            for one, share in zip(function.inputs, shares):
                one.grad = share if one.grad is None else one.grad + share
                if one.creator is not None:
                    pending.append(one.creator)
                    pending.sort(key=lambda its: its.rank)
            if not retain_grad:
                function.output.grad = None
    def __mul__(self, other):
        return Product(self, other).output
    def square(self):
        return Product(self, self).output

class Product:
    rank = 1
    def __init__(self, a, b):
        self.inputs = a, b
        self.output = Variable(a.data * b.data)
        self.output.creator = self
    def backward(self, g):
        a, b = self.inputs
        return g * b.data, g * a.data
"""


def test_whether_gradients_are_kept_is_no_gradient(check: Check) -> None:
    given = {"self": [0.5, -1.2, 0.3]}
    assert check("core.py:Variable.square", given, {"core.py": KEEPING})["verdict"] == "ok"
    wrong = KEEPING.replace("return g * b.data, g * a.data", "return g * b.data, -g * a.data")
    assert check("core.py:Variable.square", given, {"core.py": wrong})["verdict"] != "ok"


RETURNED_IN_LISTS = """
import numpy as np

class Stack:
    def __init__(self, sizes):
        self.weights = [np.random.randn(m, n) for m, n in zip(sizes[:-1], sizes[1:])]
        self.biases = [np.zeros(n) for n in sizes[1:]]

    def forward(self, X):
        self.outs = [X]
        for w, b in zip(self.weights, self.biases):
            self.outs.append(np.tanh(self.outs[-1] @ w + b))
        return self.outs[-1]

    def backward(self, dout):
        weight_grads, bias_grads = [None] * len(self.weights), [None] * len(self.weights)
        delta = dout * (1 - self.outs[-1] ** 2)
        for k in range(len(self.weights) - 1, -1, -1):
            weight_grads[k] = self.outs[k].T @ delta
            bias_grads[k] = delta.sum(axis=0)
            delta = delta @ self.weights[k].T * (1 - self.outs[k] ** 2)
        return weight_grads, bias_grads
"""


def test_a_list_of_gradients_that_has_other_shapes_by_mistake_is_no_other_thing(check: Check) -> None:
    """The gradients of the weights were not judged at all then, and the pass was ok for those of the biases."""
    given = {"X": [[0.3, -1.2, 0.7], [1.1, 0.4, -0.5]], "sizes": [3, 4, 2]}
    found = check("net.py:Stack", given, {"net.py": RETURNED_IN_LISTS})
    verdicts = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert verdicts["weights[0]"] == verdicts["weights[1]"] == verdicts["biases[0]"] == "ok", found
    wrong = RETURNED_IN_LISTS.replace("self.outs[k].T @ delta", "self.outs[k].T @ dout")
    found = check("net.py:Stack", given, {"net.py": wrong})
    verdicts = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert [verdicts[one] for one in ("weights[0]", "weights[1]", "biases[0]")] == ["wrong", "wrong", "ok"], found
    (line,) = found["lines"]
    assert wrong.splitlines()[line["line"] - 1].strip() == "weight_grads[k] = self.outs[k].T @ dout", found


GIVEN_TO_OPTIMIZER = """
import numpy as np

class Scale:
    def __init__(self, size):
        self.params = {"gain": np.ones(size), "shift": np.zeros(size)}
        self.optimizer = None

    def forward(self, X):
        self.X = X
        return X * self.params["gain"] + self.params["shift"]

    def backward(self, dout):
        grads = {"dgain": np.sum(dout * self.X, axis=0), "dshift": np.sum(dout, axis=0)}
        dX = dout * self.params["gain"]
        self.optimizer.update(self, grads)
        return dX
"""


@pytest.mark.parametrize("ending", ["self.optimizer.update(self, grads)\n        return dX", "return dX, grads"])
def test_gradients_under_the_keys_of_weights_are_of_these_whatever_their_shape_is(check: Check, ending: str) -> None:
    """They were not judged where a sum goes over another axis, and the layer was ok."""
    text = GIVEN_TO_OPTIMIZER.replace("self.optimizer.update(self, grads)\n        return dX", ending)
    given = {"X": [[0.3, -1.2, 0.7], [1.1, 0.4, -0.5]], "size": 3}
    found = check("net.py:Scale", given, {"net.py": text})
    assert {one["verdict"] for one in found["gradients"]} == {"ok"}, found
    assert len(found["gradients"]) == 3, found
    wrong = text.replace("np.sum(dout * self.X, axis=0)", "np.sum(dout * self.X, axis=1)")
    found = check("net.py:Scale", given, {"net.py": wrong})
    verdicts = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert verdicts == {"params['gain']": "wrong", "params['shift']": "ok", "X": "ok"}, found
    (line,) = found["lines"]
    assert "axis=0" in line["write"], line
