import math
from math import copysign, inf, isnan, nan


# fmt: off
def divide(x, y):
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0 or isnan(x) else copysign(inf, x) * copysign(1.0, y)


def total(function, *, at_zero=nan, overflow=inf):
    """A function of math that answers where math raises: `at_zero` at its pole in 0, else nan outside its domain."""

    def answering(x):
        try:
            return function(x)
        except OverflowError:
            return overflow
        except ValueError:
            return at_zero if x == 0 else nan

    return answering


log = total(math.log, at_zero=-inf)


def max_(*inputs):
    """The largest input; nan if one is nan."""
    largest = inputs[0]
    for x in inputs:
        if isnan(x):
            return x
        if x > largest:
            largest = x
    return largest
# fmt: on


# log(max(x, y))
def backprop(x, y):
    # forward pass
    q1 = max_(x, y)  # (1)
    f = log(q1)  # (2)

    # backward pass
    dq1 = divide(1.0, q1)  # (2)
    dx = dq1 if x == q1 else 0.0  # (1)
    dy = dq1 if y == q1 else 0.0  # (1)

    return f, {"x": dx, "y": dy}


if __name__ == "__main__":
    value, gradients = backprop(-1.0, -1.0)
    assert math.isnan(value)
    assert math.isclose(gradients["x"], -1.0, rel_tol=1e-9, abs_tol=1e-12)
    assert math.isclose(gradients["y"], -1.0, rel_tol=1e-9, abs_tol=1e-12)
