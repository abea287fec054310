"""The gates on vectors and matrices, which mix elements.

A rule (`vjp`) is the gradient that an input gets, in the inputs' names, `out`, the gradient from above `g`, and the
gate's options. Broadcasting is undone by the engine, never here. A rule that depends on how many inputs there are, or
on options, is written by a function (writers); gates that only rules use stand apart (plumbing). A gate's function has
its name, in backprop.numbers.arrays or linear.

Sources: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); I. Murray, "Differentiation of the Cholesky decomposition" (arXiv:1602.07527); CS231n's notes on vectorized
operations.
"""

from __future__ import annotations

from backprop.gates.row import Gate
from backprop.gates.writers import (
    CENTRED,
    REDUCED,
    SPREAD,
    concat_rules,
    cumprod_rules,
    cumsum_rules,
    einsum_rules,
    index_rules,
    prod_rules,
    stack_rules,
    transpose_rules,
)

PIECES = [
    Gate(
        "index",
        "x i...",
        vjp=index_rules,
        options="at=",
        routes=True,
        says="routes the gradient to the elements that were taken; the others get nothing",
    ),
    Gate(
        "stack",
        "x...",
        vjp=stack_rules,
        options="axis=0",
        linear=True,
        says="hands each input its own slice of the gradient",
    ),
    Gate(
        "concat",
        "x...",
        vjp=concat_rules,
        pieces="parts",
        options="axis=0",
        linear=True,
        aliases="concatenate",
        says="hands each input its own part of the gradient",
    ),
    Gate("transpose", "x", vjp=transpose_rules, options="axes=none", linear=True, says="turns the gradient back"),
    Gate(
        "reshape",
        "x",
        vjp="reshape_like(g, x)",
        options="shape=",
        linear=True,
        says="puts the gradient back into the input's shape",
    ),
    Gate(
        "diag",
        "x",
        vjp="undiag(g, x)",
        plain="diag(g)",
        routes=True,
        says="routes the gradient to the diagonal, or reads it off there",
    ),
    Gate(
        "tril",
        "x",
        vjp="tril(g, k=k)",
        options="k=0",
        routes=True,
        stacks=True,
        shape="x",
        says="passes the gradient on and below the diagonal",
    ),
    Gate(
        "triu",
        "x",
        vjp="triu(g, k=k)",
        options="k=0",
        routes=True,
        stacks=True,
        shape="x",
        says="passes the gradient on and above the diagonal",
    ),
    Gate(
        "sort",
        "x",
        vjp="unsort(g, x, axis=axis)",
        options="axis=-1",
        linear=True,
        arranges=True,
        reach="unsort(g, x, axis=axis)",  # the values say where each element goes
        shape="x",
        says="sends each gradient back to where its element came from",
    ),
]


def extreme(name: str, aliases: str) -> Gate:
    """The row of the largest or smallest element."""
    chosen = "(x == spread(out, x, axis=axis, keepdims=keepdims))"
    above = "spread(g, x, axis=axis, keepdims=keepdims)"
    equal = f"sum({chosen}, axis=axis, keepdims=keepdims)"
    return Gate(
        f"{name}_of",
        "x",
        vjp=f"where({chosen}, {above}, 0)",
        plain="where(x == out, g, 0)",
        ties_split=f"where({chosen}, spread(g / {equal}, x, axis=axis, keepdims=keepdims), 0)",
        ties_first=f"where(first({chosen}, axis=axis), {above}, 0)",
        options=REDUCED,
        routes=True,
        kink=f"{equal} > 1",
        spelling=name,
        aliases=aliases,
        says=f"routes the gradient to the {'largest' if name == 'max' else 'smallest'} element; the others get nothing",
    )


REDUCTIONS = [
    Gate(
        "sum",
        "x",
        vjp=SPREAD.format("g"),
        plain="g + 0*x",
        options=REDUCED,
        linear=True,
        fresh=True,
        says="distributes: hands its gradient to every element, unchanged",
    ),
    Gate(
        "mean",
        "x",
        vjp=SPREAD.format("g / count(x, axis=axis)"),
        plain="g / count(x) + 0*x",
        options=REDUCED,
        linear=True,
        definition="sum(x, axis=axis, keepdims=keepdims) / count(x, axis=axis)",
        fresh=True,
        says="distributes: hands every element an equal share of its gradient",
    ),
    Gate(
        "prod", "x", vjp=prod_rules, options=REDUCED, fresh=True, says="scales by the product of all the other elements"
    ),
    extreme("max", "amax"),
    extreme("min", "amin"),
    Gate(
        "var",
        "x",
        vjp=f"{SPREAD.format('2 * g / (count(x, axis=axis) - ddof)')} * {CENTRED}",
        plain="2 * g / count(x) * (x - mean(x))",
        options=REDUCED + " ddof=0",
        definition=f"sum({CENTRED}^2, axis=axis, keepdims=keepdims) / (count(x, axis=axis) - ddof)",
        says="scales by twice the distance from the mean, over the count",
    ),
    Gate(
        "std",
        "x",
        vjp=f"{SPREAD.format('g / where(out == 0, 1, out) / (count(x, axis=axis) - ddof)')} * {CENTRED}",
        plain="g / where(out == 0, 1, out) / count(x) * (x - mean(x))",
        options=REDUCED + " ddof=0",
        kink="out == 0",
        cusp="(out == 0) * (count(x, axis=axis) > 1)",  # of a single element it is 0 everywhere
        squared=f"{SPREAD.format('2 * g / (count(x, axis=axis) - ddof)')} * {CENTRED}",
        definition="sqrt(var(x, axis=axis, keepdims=keepdims, ddof=ddof))",
        says="scales by the distance from the mean over the deviation and the count; 0 where all are equal",
    ),
    Gate(
        "norm",
        "x",
        vjp=f"{SPREAD.format('g')} * (x / {SPREAD.format('where(out == 0, 1, out)')})",
        plain="g * (x / where(out == 0, 1, out))",
        options=REDUCED,
        kink="out == 0",
        cusp="out == 0",
        squared=f"{SPREAD.format('2 * g')} * x",
        definition="sqrt(sum(x^2, axis=axis, keepdims=keepdims))",
        says="shares the gradient along the direction of x: never more than it got",
    ),
    Gate(
        "logsumexp",
        "x",
        vjp=f"{SPREAD.format('g')} * where({SPREAD.format('out')} == -inf, 0, "
        f"softmax(where({SPREAD.format('out')} == -inf, 0, x), axis=axis))",
        plain="g * exp(x - out)",
        options=REDUCED,
        definition="log(sum(exp(x), axis=axis, keepdims=keepdims))",
        instead_of="log(sum(exp(x)))",
        says="a soft max: shares the gradient between the elements, in parts that add up to 1",
    ),
    Gate(
        "cumsum",
        "x",
        vjp=cumsum_rules,
        options="axis=none reverse=0",
        linear=True,
        says="each element gets the sum of the gradients from it on",
    ),
    Gate(
        "cumprod",
        "x",
        vjp=cumprod_rules,
        options="axis=none reverse=0",
        says="each element gets the gradients from it on, times the other factors",
    ),
    Gate(
        "softmax",
        "x",
        vjp="out * (g - sum(g * out, axis=axis, keepdims=1))",
        options="axis=-1",
        definition="exp(x - logsumexp(x, axis=axis, keepdims=1))",
        instead_of="exp(x) / sum(exp(x))",
        shape="x",
        says="turns scores into probabilities; its gradients add up to 0",
    ),
    Gate(
        "log_softmax",
        "x",
        vjp="g - softmax(x, axis=axis) * sum(g, axis=axis, keepdims=1)",
        options="axis=-1",
        definition="x - logsumexp(x, axis=axis, keepdims=1)",
        instead_of="log(softmax(x))",
        shape="x",
        says="the log of softmax, with all its digits",
    ),
]

PRODUCTS = [
    Gate(
        "matmul",
        "A B",
        vjp=("matmul_left(g, B, A)", "matmul_right(A, g, B)"),
        reads=("g @ B.T", "A.T @ g"),
        linear=True,
        broadcasts=True,
        fresh=True,
        says="swaps, as multiply does: each matrix gets the gradient times the other, turned so that the shapes fit",
    ),
    Gate(
        "dot",
        "x y",
        vjp=("matmul_left(g, y, x)", "matmul_right(x, g, y)"),
        reads=("g @ y.T", "x.T @ g"),
        linear=True,
        broadcasts=True,
        definition="x @ y",
        says="swaps and scales: each vector gets the gradient times the other one",
    ),
    Gate(
        "outer",
        "x y",
        vjp=("g @ y", "x @ g"),
        linear=True,
        fresh=True,
        says="every product of an element of x with one of y",
    ),
    Gate(
        "cross", "x y", vjp=("cross(y, g)", "cross(g, x)"), broadcasts=True, says="the vector at right angles to both"
    ),
    Gate(
        "einsum",
        "x...",
        vjp=einsum_rules,
        options="subscripts=",
        linear=True,
        fresh=True,
        says="swaps output and operand: each gets the gradient times the others",
    ),
    Gate(
        "conv1d",
        "x w",
        vjp=(
            "conv1d_left(g, w, x, stride=stride, padding=padding)",
            "conv1d_right(x, g, w, stride=stride, padding=padding)",
        ),
        options="stride=1 padding=0",
        linear=True,
        says="slides w over x; each gets the gradient slid over the other",
    ),
    Gate(
        "conv2d",
        "x w",
        vjp=(
            "conv2d_left(g, w, x, stride=stride, padding=padding)",
            "conv2d_right(x, g, w, stride=stride, padding=padding)",
        ),
        options="stride=1 padding=0",
        linear=True,
        says="slides w over x; each gets the gradient slid over the other",
    ),
]

HALF = "((tril(out.T @ g) + tril(out.T @ g, k=-1)) / 2)"
MATRICES = [
    Gate(
        "trace",
        "A",
        vjp="spread(g, A, axis=[-2, -1]) * eye_like(A)",
        routes=True,
        stacks=True,
        says="hands its gradient to every element of the diagonal",
    ),
    Gate(
        "det",
        "A",
        vjp="spread(g, A, axis=[-2, -1]) * cofactor(A)",
        plain="g * out * inv(A).T",
        stacks=True,
        says="scales by the cofactors",
    ),
    Gate(
        "logdet",
        "A",
        vjp="spread(g, A, axis=[-2, -1]) * inv(A).T",
        plain="g * inv(A).T",
        domain="det(A) > 0",
        needs="a matrix with det > 0",
        definition="log(det(A))",
        stacks=True,
        says="scales by the inverse, turned",
    ),
    Gate(
        "inv",
        "A",
        vjp="-(out.T @ g @ out.T)",
        domain="det(A) != 0",
        needs="a matrix that is not singular",
        stacks=True,
        shape="A",
        says="scales by minus the inverse from both sides, turned",
    ),
    Gate(
        "solve",
        "A B",
        # A vector is a column, also where a stack of matrices makes a stack of vectors of it.
        vjp=(
            "-(solve(A.T, column(g, B)) @ column(out, B).T)",
            "uncolumn(solve(A.T, column(g, B)), B)",
        ),
        reads=("-(solve(A.T, g) @ out.T)", "solve(A.T, g)"),
        broadcasts=True,
        domain="det(A) != 0",
        needs="a matrix that is not singular",
        definition="inv(A) @ B",
        says="solves the turned system for the gradient",
    ),
    Gate(
        "cholesky",
        "A",
        vjp=f"(inv(out).T @ ({HALF} + {HALF}.T) @ inv(out)) / 2",
        domain="det(A) > 0",
        needs="a symmetric matrix that is positive definite",
        stacks=True,
        shape="A",
        says="reads A as (A + A.T)/2, so its gradient is symmetric",
    ),
]

LOSSES = [
    Gate(
        "mse",
        "x y",
        vjp=("2 * g * (x - y) / count(x - y)", "2 * g * (y - x) / count(x - y)"),
        broadcasts=True,
        definition="mean((x - y)^2)",
        shape="number",
        says="mean squared error: scales by twice the residual over the count",
    ),
    Gate(
        "bce",
        "p t",
        vjp=(
            # A class that is ruled out and did not occur adds nothing: no 0/0 at p = t = 0, nor at p = t = 1.
            "g * ((1 - t) / where((t == 1) * (p == 1), 1, 1 - p) - t / where((t == 0) * (p == 0), 1, p)) "
            "/ count(p + t)",
            "-g * logit(p) / count(p + t)",
        ),
        broadcasts=True,
        domain="min((p >= 0) * (p <= 1))",
        needs="probabilities between 0 and 1",
        definition="-mean(xlogy(t, p) + xlogy(1 - t, 1 - p))",
        shape="number",
        says="binary cross-entropy of probabilities p and targets t",
    ),
    Gate(
        "bce_with_logits",
        "z t",
        vjp=("g * ((1 - t) * sigmoid(z) - t * sigmoid(-z)) / count(z + t)", "-g * z / count(z + t)"),
        textbook=("g * (sigmoid(z) - t) / count(z + t)", "-g * z / count(z + t)"),
        broadcasts=True,
        definition="mean(softplus(z) - z * t)",
        shape="number",
        says="binary cross-entropy of scores: scales by probability minus target",
    ),
    Gate(
        "cross_entropy",
        "z t",
        vjp=(
            "g * (softmax(z) * sum(one_hot(t, z), axis=-1, keepdims=1) - one_hot(t, z)) / rows(z)",
            "match(-g * log_softmax(z) / rows(z), t)",
        ),
        plain=(
            "g * (softmax(z) * sum(t, axis=-1, keepdims=1) - t) / count(z, axis=0)",
            "-g * log_softmax(z) / count(z, axis=0)",
        ),
        shape="number",
        says="softmax and its loss; t are classes (0, 1, …) or probabilities: scales by probability minus target",
    ),
    Gate(
        "hinge",
        "s y",
        vjp=("where(y * s < 1, -g * y / count(s * y), 0)", "where(y * s < 1, -g * s / count(s * y), 0)"),
        ties_split=(
            "where(y * s <= 1, ((y * s < 1) + 1) / 2 * -g * y / count(s * y), 0)",
            "where(y * s <= 1, ((y * s < 1) + 1) / 2 * -g * s / count(s * y), 0)",
        ),
        ties_first=("where(y * s <= 1, -g * y / count(s * y), 0)", "where(y * s <= 1, -g * s / count(s * y), 0)"),
        broadcasts=True,
        kink="y * s == 1",
        cusp="y * s == 1",
        bends="y * s",
        definition="mean(relu(1 - y * s))",
        shape="number",
        says="mean of max(0, 1 - y s), for targets y of 1 and -1: flat where the margin is kept",
    ),
    Gate(
        "huber",
        "x y delta=1",
        vjp=(
            "g * clip(x - y, -delta, delta) / count(x - y)",
            "g * clip(y - x, -delta, delta) / count(x - y)",
            "sum(where(abs(x - y) > delta, g * (abs(x - y) - delta) / count(x - y), 0))",
        ),
        broadcasts=True,
        definition="mean(where(abs(x - y) <= delta, (x - y)^2 / 2, delta * (abs(x - y) - delta / 2)))",
        shape="number",
        says="squares small residuals, and takes large ones as they are: scales by the residual, clipped",
    ),
]

FAMILIES = {
    "pieces of arrays": PIECES,
    "reductions": REDUCTIONS,
    "products": PRODUCTS,
    "matrices": MATRICES,
    "losses": LOSSES,
}
