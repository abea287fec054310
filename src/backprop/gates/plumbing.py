"""The gates that only rules use: they have rules too, so that the language is closed under differentiation."""

from __future__ import annotations

from backprop.gates.row import Gate, Rule, Traits, Words
from backprop.gates.writers import (
    REACHES_ALL,
    REACHES_MATRIX,
    REDUCED,
    cumulated_reach,
    index_rules,
    scan_rules,
    scatter_rules,
    shift_rules,
)

CONVOLVED = "stride=1 padding=0"


def convolution_plumbing(name: str) -> list[Gate]:
    """The two gates by which a convolution sends its gradient; the three are each other's rules."""
    settings = "stride=stride, padding=padding"
    return [
        Gate(
            f"{name}_left",
            "h w x",
            Rule(vjp=(f"{name}(g, w, {settings})", f"{name}_right(g, h, w, {settings})", "0"), linear=True),
            Words("carries the gradient back to where it was read"),
            Traits(shape="x", fresh=True, shaped_by="x", plumbing=True),
            options=CONVOLVED,
        ),
        Gate(
            f"{name}_right",
            "x h w",
            Rule(vjp=(f"{name}_left(h, g, x, {settings})", f"{name}(x, g, {settings})", "0"), linear=True),
            Words("slides the gradient over x"),
            Traits(shape="w", fresh=True, shaped_by="w", plumbing=True),
            options=CONVOLVED,
        ),
    ]


WEIGHED = "spread(sum({} * inv(A).T, axis=[-2, -1]), A, axis=[-2, -1])"
# The slope of det(A) inv(A).T, twice, by the product rule; only a third derivative asks for it, of a matrix that has an
# inverse.
THIRD_OF_DET = (
    f"{WEIGHED.format('h')} * cofactor_slope(g, A) - cofactor_slope(g, A) @ h.T @ inv(A).T"
    f" - {WEIGHED.format('(h @ inv(A) @ g)')} * cofactor(A)"
    " + cofactor(A) @ h.T @ inv(A).T @ g.T @ inv(A).T"
)

PLUMBING = [
    Gate(
        "unbroadcast", "h x",
        Rule(vjp=("like(g, h)", "0"), linear=True),
        Words("sums what was stretched back to the shape of x"),
        Traits(shape="x", shaped_by="x", plumbing=True),
    ),
    Gate(
        "like", "h x",
        Rule(vjp=("unbroadcast(g, h)", "0"), linear=True),
        Words("stretches to the shape of x"),
        Traits(shape="x", shaped_by="x", plumbing=True),
    ),
    Gate(
        "spread", "h x",
        Rule(vjp=("sum(g, axis=axis, keepdims=keepdims)", "0"), linear=True),
        Words("hands what was summed to every element of x"),
        Traits(shape="x", shaped_by="x", plumbing=True),
        options=REDUCED,
    ),
    Gate(
        "expand", "x",
        Rule(vjp="sum(g, axis=axis)", linear=True),
        Words("gives dimensions of 1 to what was summed, where they were"),
        Traits(plumbing=True),
        options="axis=",
    ),
    Gate(
        "reshape_like", "h x",
        Rule(vjp=("reshape_like(g, h)", "0"), linear=True),
        Words("puts into the shape of x"),
        Traits(shape="x", shaped_by="x", plumbing=True),
    ),
    Gate(
        "ones_like", "x",
        Rule(vjp="0"),
        Words("ones in the shape of x"),
        Traits(shape="x", shaped_by="x", plumbing=True),
    ),
    Gate(
        "zeros_like", "x",
        Rule(vjp="0"),
        Words("zeros in the shape of x"),
        Traits(shape="x", shaped_by="x", plumbing=True),
    ),
    Gate(
        "coincide", "x",
        Rule(vjp="0"),
        Words("1 where equal letters have equal indices"),
        Traits(shape="x", shaped_by="x", plumbing=True),
        options="subscripts=",
    ),
    Gate(
        "centred", "x",
        Rule(
            vjp="centred(g, axis=axis)", linear=True,
            reach=REACHES_ALL,  # the mean of ones would be 0
        ),
        Words("takes the mean off"),
        Traits(shape="x", plumbing=True),
        options="axis=none",
    ),
    Gate(
        "count", "x",
        Rule(vjp="0"),
        Words("how many elements a reduction takes together"),
        Traits(shape="number", shaped_by="x"),
        options="axis=none",
    ),
    Gate(
        "rows", "x",
        Rule(vjp="0"),
        Words("how many elements there are, the last axis aside"),
        Traits(shape="number", shaped_by="x", plumbing=True),
    ),
    Gate(
        "first", "x",
        Rule(vjp="0"),
        Words("1 at the first element that is not 0"),
        Traits(shape="x", plumbing=True),
        options="axis=none",
    ),
    Gate(
        "gather", "x i...",
        Rule(vjp=index_rules, linear=True),
        Words("reads elements that were all put"),
        Traits(plumbing=True),
        options="at=",
    ),
    Gate(
        "scatter", "h x i...",
        Rule(vjp=scatter_rules, linear=True),
        Words("adds each element to its place in zeros of the shape of x"),
        Traits(shape="x", fresh=True, shaped_by="x", plumbing=True),
        options="at=",
    ),
    Gate(
        "take", "x",
        Rule(vjp="untake(g, x, place=place, axis=axis)", routes=True),
        Words("reads one slice along an axis"),
        Traits(plumbing=True),
        options="place= axis=0",
    ),
    Gate(
        "untake", "h x",
        Rule(vjp=("take(g, place=place, axis=axis)", "0"), linear=True),
        Words("puts a slice into zeros of the shape of x"),
        Traits(shape="x", fresh=True, shaped_by="x", plumbing=True),
        options="place= axis=0",
    ),
    Gate(
        "starts", "x...",
        Rule(vjp="0"),
        Words("where each input begins in what was joined"),
        Traits(shaped_by="x", plumbing=True),
        options="axis=0",
    ),
    Gate(
        "part", "h x start",
        Rule(vjp=("whole(g, h, start, axis=axis)", "0", "0"), routes=True),
        Words("the part of an input in what was joined, from where it begins"),
        Traits(shape="x", shaped_by="x", plumbing=True),
        options="axis=0",
    ),
    Gate(
        "whole", "h x start",
        Rule(vjp=("part(g, h, start, axis=axis)", "0", "0"), linear=True),
        Words("puts a part into zeros of the shape of x"),
        Traits(shape="x", fresh=True, shaped_by="x", plumbing=True),
        options="axis=0",
    ),
    Gate(
        "undiag", "h x",
        Rule(vjp=("diag(g)", "0"), linear=True),
        Words("puts a diagonal back, or reads it off"),
        Traits(shape="x", shaped_by="x", plumbing=True),
    ),
    Gate(
        "column", "h x",
        Rule(vjp=("uncolumn(g, x)", "0"), linear=True),
        Words("makes vectors columns, where x is a vector"),
        Traits(shaped_by="x", plumbing=True),
    ),
    Gate(
        "uncolumn", "h x",
        Rule(vjp=("column(g, x)", "0"), linear=True),
        Words("makes columns vectors, where x is a vector"),
        Traits(shaped_by="x", plumbing=True),
    ),
    Gate(
        "unsort", "h x",
        Rule(vjp=("resort(g, x, axis=axis, stage=stage)", "0"), linear=True),
        Words("puts elements in the order of x"),
        Traits(shape="x", plumbing=True),
        options="axis=-1 stage=0",
    ),
    Gate(
        "resort", "h x",
        Rule(vjp=("unsort(g, x, axis=axis, stage=stage)", "0"), linear=True),
        Words("puts elements in the order that sorts x"),
        Traits(shape="x", plumbing=True),
        options="axis=-1 stage=0",
    ),
    Gate(
        "shift", "x",
        Rule(vjp=shift_rules, linear=True),
        Words("moves along an axis"),
        Traits(shape="x", plumbing=True),
        options="by=1 fill=0 axis=0",
    ),
    Gate(
        "scan", "a b",
        Rule(vjp=scan_rules, reach=cumulated_reach),
        Words("a linear recurrence: y_i = b_i + a_i y_(i-1)"),
        Traits(shape="a", plumbing=True),
        options="axis=0 reverse=0",
    ),
    Gate(
        "matmul_left", "h B A",
        Rule(vjp=("g @ B", "matmul_right(g, h, B)", "0"), linear=True),
        Words("h @ B.T, also for vectors", reads=("g @ B", "g.T @ h", "0")),
        Traits(broadcasts=True, fresh=True, shaped_by="A", plumbing=True),
    ),
    Gate(
        "matmul_right", "A h B",
        Rule(vjp=("matmul_left(h, g, A)", "A @ g", "0"), linear=True),
        Words("A.T @ h, also for vectors", reads=("h @ g.T", "A @ g", "0")),
        Traits(broadcasts=True, fresh=True, shaped_by="B", plumbing=True),
    ),
    Gate(
        "cofactor", "A",
        Rule(vjp="cofactor_slope(g, A)", reach=REACHES_MATRIX),
        Words("the matrix of cofactors: det(A) inv(A).T"),
        Traits(shape="A", stacks=True, plumbing=True),
    ),
    Gate(
        "cofactor_slope", "h A",
        Rule(vjp=("cofactor_slope(g, A)", THIRD_OF_DET), reach=(REACHES_MATRIX,) * 2),
        Words("what cofactor sends to A: how its entries move, times h"),
        Traits(shape="A", stacks=True, plumbing=True),
    ),
    Gate(
        "one_hot", "t z",
        Rule(vjp=("match(g, t)", "0"), linear=True),
        Words("classes as rows of zeros and a one; probabilities as they are"),
        Traits(shape="z", stacks=True, shaped_by="z", plumbing=True),
    ),
    Gate(
        "match", "h t",
        Rule(vjp=("match(g, h)", "0"), linear=True),
        Words("h where it has the shape of t, else zeros in that shape"),
        Traits(shape="t", stacks=True, shaped_by="t", plumbing=True),
    ),
    *convolution_plumbing("conv1d"),
    *convolution_plumbing("conv2d"),
]  # fmt: skip
