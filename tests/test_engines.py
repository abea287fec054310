"""Engines of values that know their gradients: values that are used more than once, and the order of the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Check = Callable[..., dict[str, Any]]
GIVEN = {"self": 0.7, "other": -1.3}

ENGINE = '''
import math

class Num:
    """A number with its gradient."""
    def __init__(self, data, parts=()):
        self.data, self.parts = data, parts
        self.grad = 0.0
        self._backward = lambda: None

    def __add__(self, other):
        out = Num(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        out = Num(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def exp(self):
        out = Num(math.exp(self.data), (self,))
        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward
        return out

    def backward(self):
        order, seen = [], set()
        def walk(one):
            if one not in seen:
                seen.add(one)
                for part in one.parts:
                    walk(part)
                order.append(one)
        walk(self)
        self.grad = 1.0
        for one in reversed(order):
            one._backward()
'''
WAY_BACK = ENGINE[ENGINE.index("    def backward(self):") :]
EVERY_USE = """    def backward(self):
        self.grad = 1.0
        pending = [self]
        while pending:
            one = pending.pop(0)
            one._backward()
            pending.extend(one.parts)
"""
TOO_EARLY = """    def backward(self):
        self.grad = 1.0
        pending, seen = [self], set()
        while pending:
            one = pending.pop(0)
            if one not in seen:
                seen.add(one)
                one._backward()
                pending.extend(one.parts)
"""
HANDED_ON = """    def backward(self):
        self.grad = 1.0
        self.go()

    def go(self):
        self._backward()
        for part in self.parts:
            part.go()
"""


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in found["passes"]}


def test_an_engine_that_is_right_is_told_no_more_than_its_operations(check: Check) -> None:
    found = check("num.py", GIVEN, {"num.py": ENGINE})
    assert verdicts(found) == {"Num.__add__": "ok", "Num.__mul__": "ok", "Num.exp": "ok"}, found


@pytest.mark.parametrize("line", [
    "self.grad += out.data * out.grad", "other.grad += self.data * out.grad", "self.grad += out.grad",
])  # fmt: skip
def test_a_gradient_that_is_set_where_others_are_added_up(check: Check, line: str) -> None:
    """`x*x`, or `exp(x) + x`, would lose a share, though each operation alone gives its own."""
    text = ENGINE.replace(line, line.replace("+=", "="), 1)
    found = check("num.py", GIVEN, {"num.py": text})
    assert found["verdict"] == "wrong", found
    (place,) = [line for one in found["passes"] for line in one["lines"]]
    assert text.splitlines()[place["line"] - 1].strip() == line.replace("+=", "=")
    assert (place["cause"], place["write"]) == ("overwrites", line)
    assert (place["yours"], place["expected"]) == (None, None)  # where nothing is there yet, both are the same


@pytest.mark.parametrize("spelt", [
    "self.grad = self.grad + out.data * out.grad",
    "self.grad = out.data * out.grad + (self.grad if self.grad is not None else 0)",
])  # fmt: skip
def test_gradients_that_are_added_up_in_other_words(check: Check, spelt: str) -> None:
    text = ENGINE.replace("self.grad += out.data * out.grad", spelt)
    assert check("num.py", GIVEN, {"num.py": text})["verdict"] == "ok"


@pytest.mark.parametrize("way_back", [EVERY_USE, TOO_EARLY, HANDED_ON], ids=["every use", "too early", "recursive"])
def test_a_way_back_that_visits_values_more_than_once_or_too_early(check: Check, way_back: str) -> None:
    """On a value that is used once, all of these are right."""
    text = ENGINE.replace(WAY_BACK, way_back)
    found = check("num.py", GIVEN, {"num.py": text})
    assert verdicts(found).pop("Num.backward") == "wrong", found
    assert [one for name, one in verdicts(found).items() if name != "Num.backward"] == ["ok"] * 3
    (place,) = [line for one in found["passes"] for line in one["lines"]]
    assert place["line"] == 1 + next(at for at, line in enumerate(text.splitlines()) if "def backward" in line)
    assert "topological order" in place["advice"]


def test_an_engine_that_only_sets_gradients(check: Check) -> None:
    """Nothing in it adds up: of a single use each is right, and of two the engine is not."""
    found = check("num.py", GIVEN, {"num.py": ENGINE.replace(".grad += ", ".grad = ")})
    assert {name: one for name, one in verdicts(found).items() if one == "wrong"} == {"Num.backward": "wrong"}
    assert "added up" in next(line["advice"] for one in found["passes"] for line in one["lines"])


def test_an_engine_whose_first_gradient_is_set_by_who_calls_it(check: Check) -> None:
    """Of that nothing is known: `out.grad = 1` stands before `out.backward()`."""
    found = check("num.py", GIVEN, {"num.py": ENGINE.replace("        self.grad = 1.0\n", "")})
    assert "Num.backward" not in verdicts(found), found
