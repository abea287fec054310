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

from backprop.gates.row import Gate, Rule, Traits, Words
from backprop.gates.writers import (
    BELOW,
    CENTRED,
    REACHES,
    REACHES_ALL,
    REACHES_MATRIX,
    REDUCED,
    SPREAD,
    TOTAL,
    concat_rules,
    concat_shares,
    cumprod_rules,
    cumsum_rules,
    cumulated_reach,
    einsum_rules,
    index_rules,
    prod_rules,
    stack_rules,
    transpose_rules,
    unsorted,
)

PIECES = [
    Gate(
        "index", "x i...",
        Rule(vjp=index_rules, routes=True),
        Words("routes the gradient to the elements that were taken; the others get nothing"),
        options="at=",
    ),
    Gate(
        "stack", "x...",
        Rule(vjp=stack_rules, linear=True),
        Words("hands each input its own slice of the gradient"),
        options="axis=0",
    ),
    Gate(
        "concat", "x...",
        Rule(vjp=concat_rules, shares=concat_shares, linear=True, pieces="parts"),
        Words("hands each input its own part of the gradient", aliases="concatenate"),
        options="axis=0",
    ),
    Gate(
        "transpose", "x",
        Rule(vjp=transpose_rules, linear=True),
        Words("turns the gradient back"),
        options="axes=none",
    ),
    Gate(
        "reshape", "x",
        Rule(vjp="reshape_like(g, x)", linear=True),
        Words("puts the gradient back into the input's shape"),
        options="shape=",
    ),
    Gate(
        "diag", "x",
        Rule(vjp="undiag(g, x)", routes=True),
        Words("routes the gradient to the diagonal, or reads it off there", plain="diag(g)"),
    ),
    Gate(
        "tril", "x",
        Rule(vjp="tril(g, k=k)", routes=True),
        Words("passes the gradient on and below the diagonal"),
        Traits(shape="x", stacks=True, fresh=True),
        options="k=0",
    ),
    Gate(
        "triu", "x",
        Rule(vjp="triu(g, k=k)", routes=True),
        Words("passes the gradient on and above the diagonal"),
        Traits(shape="x", stacks=True, fresh=True),
        options="k=0",
    ),
    Gate(
        "sort", "x",
        Rule(
            vjp=unsorted, linear=True, arranges=True,
            reach=unsorted,  # the values say where each element goes
        ),
        Words("sends each gradient back to where its element came from", reads="unsort(g, x, axis=axis)"),
        Traits(shape="x"),
        options="axis=-1",
    ),
]  # fmt: skip


def extreme(name: str, aliases: str) -> Gate:
    """The row of the largest or smallest element."""
    chosen = "(x == spread(out, x, axis=axis, keepdims=keepdims))"
    above = "spread(g, x, axis=axis, keepdims=keepdims)"
    equal = f"sum({chosen}, axis=axis, keepdims=keepdims)"
    return Gate(
        f"{name}_of",
        "x",
        Rule(
            vjp=f"where({chosen}, {above}, 0)",
            ties_split=f"where({chosen}, spread(g / {equal}, x, axis=axis, keepdims=keepdims), 0)",
            ties_first=f"where(first({chosen}, axis=axis), {above}, 0)",
            routes=True,
            kink=f"{equal} > 1",
        ),
        Words(
            f"routes the gradient to the {'largest' if name == 'max' else 'smallest'} element; the others get nothing",
            aliases=aliases,
            spelling=name,
            plain="where(x == out, g, 0)",
        ),
        Traits(sign="kept"),
        options=REDUCED,
    )


REDUCTIONS = [
    Gate(
        "sum", "x",
        Rule(vjp=SPREAD.format("g"), linear=True),
        Words("distributes: hands its gradient to every element, unchanged", plain="g + 0*x"),
        Traits(fresh=True, sign="kept"),
        options=REDUCED,
    ),
    Gate(
        "mean", "x",
        Rule(
            vjp=SPREAD.format("g / count(x, axis=axis)"), linear=True,
            definition="sum(x, axis=axis, keepdims=keepdims) / count(x, axis=axis)",
        ),
        Words("distributes: hands every element an equal share of its gradient", plain="g / count(x) + 0*x"),
        Traits(fresh=True, sign="kept", opens=True),
        options=REDUCED,
    ),
    Gate(
        "prod", "x",
        Rule(vjp=prod_rules, reach=REACHES),
        Words("scales by the product of all the other elements"),
        Traits(fresh=True, sign="kept"),
        options=REDUCED,
    ),
    extreme("max", "amax"),
    extreme("min", "amin"),
    Gate(
        "var", "x",
        Rule(
            vjp=f"{SPREAD.format('2 * g / (count(x, axis=axis) - ddof)')} * {CENTRED}", reach=REACHES,
            definition=f"sum({CENTRED}^2, axis=axis, keepdims=keepdims) / (count(x, axis=axis) - ddof)",
        ),
        Words(
            "scales by twice the distance from the mean, over the count", needs="more elements than ddof",
            plain="2 * g / count(x) * (x - mean(x))",
        ),
        Traits(sign="never negative"),
        options=REDUCED + " ddof=0",
    ),
    Gate(
        "std", "x",
        Rule(
            vjp=f"{SPREAD.format('g / where(out == 0, 1, out) / (count(x, axis=axis) - ddof)')} * {CENTRED}",
            reach=REACHES, kink="(out == 0) * (count(x, axis=axis) > 1)",  # of a single element it is 0 everywhere
            squared=f"{SPREAD.format('2 * g / (count(x, axis=axis) - ddof)')} * {CENTRED}",
            definition="sqrt(var(x, axis=axis, keepdims=keepdims, ddof=ddof))",
        ),
        Words(
            "scales by the distance from the mean over the deviation and the count; 0 where all are equal",
            needs="more elements than ddof", plain="g / where(out == 0, 1, out) / count(x) * (x - mean(x))",
        ),
        Traits(sign="never negative"),
        options=REDUCED + " ddof=0",
    ),
    Gate(
        "norm", "x",
        Rule(
            vjp=f"{SPREAD.format('g')} * (x / {SPREAD.format('where(out == 0, 1, out)')})", kink="out == 0",
            cusp="out == 0", reach=REACHES, squared=f"{SPREAD.format('2 * g')} * x",
            definition="sqrt(sum(x^2, axis=axis, keepdims=keepdims))",
        ),
        Words(
            "shares the gradient along the direction of x: never more than it got",
            plain="g * (x / where(out == 0, 1, out))",
        ),
        Traits(sign="never negative"),
        options=REDUCED,
    ),
    Gate(
        "logsumexp", "x",
        Rule(
            vjp=f"{SPREAD.format('g')} * where({SPREAD.format('out')} == -inf, 0, "
            f"softmax(where({SPREAD.format('out')} == -inf, 0, x), axis=axis))",
            reach=REACHES, definition="log(sum(exp(x), axis=axis, keepdims=keepdims))",
            exact=f"{BELOW}max(log({TOTAL}) + most, axis=axis, keepdims=keepdims)",
        ),
        Words(
            "a soft max: shares the gradient between the elements, in parts that add up to 1", plain="g * exp(x - out)",
            instead_of="log(sum(exp(x)))",
        ),
        Traits(opens=True),
        options=REDUCED,
    ),
    Gate(
        "cumsum", "x",
        Rule(vjp=cumsum_rules, linear=True),
        Words("each element gets the sum of the gradients from it on"),
        options="axis=none reverse=0",
    ),
    Gate(
        "cumprod", "x",
        Rule(vjp=cumprod_rules, reach=cumulated_reach),
        Words("each element gets the gradients from it on, times the other factors"),
        options="axis=none reverse=0",
    ),
    Gate(
        "softmax", "x",
        Rule(
            vjp="out * (g - sum(g * out, axis=axis, keepdims=1))", reach=REACHES_ALL,
            definition="exp(x - logsumexp(x, axis=axis, keepdims=1))",
            exact=f"{BELOW}exp(below) / {TOTAL}",
        ),
        Words("turns scores into probabilities; its gradients add up to 0", instead_of="exp(x) / sum(exp(x))"),
        Traits(shape="x", fresh=True, sign="never negative", opens=True),
        options="axis=-1",
    ),
    Gate(
        "log_softmax", "x",
        Rule(
            vjp="g - softmax(x, axis=axis) * sum(g, axis=axis, keepdims=1)", reach=REACHES_ALL,
            definition="x - logsumexp(x, axis=axis, keepdims=1)",
            exact=f"{BELOW}below - log({TOTAL})",
        ),
        Words("the log of softmax, with all its digits", instead_of="log(softmax(x))"),
        Traits(shape="x", fresh=True, opens=True),
        options="axis=-1",
    ),
]  # fmt: skip

PRODUCTS = [
    Gate(
        "matmul", "A B",
        Rule(vjp=("matmul_left(g, B, A)", "matmul_right(A, g, B)"), linear=True),
        Words(
            "swaps, as multiply does: each matrix gets the gradient times the other, turned so that the shapes fit",
            reads=("g @ B.T", "A.T @ g"),
        ),
        Traits(broadcasts=True, fresh=True),
    ),
    Gate(
        "dot", "x y",
        Rule(vjp=("matmul_left(g, y, x)", "matmul_right(x, g, y)"), linear=True, definition="x @ y"),
        Words("swaps and scales: each vector gets the gradient times the other one", reads=("g @ y.T", "x.T @ g")),
        Traits(broadcasts=True, fresh=True),
    ),
    Gate(
        "outer", "x y",
        Rule(vjp=("g @ y", "x @ g"), linear=True),
        Words("every product of an element of x with one of y"),
        Traits(fresh=True),
    ),
    Gate(
        "cross", "x y",
        Rule(vjp=("cross(y, g)", "cross(g, x)"), reach=("sum(g, axis=-1, keepdims=1) + zeros_like(g)",) * 2),
        Words("the vector at right angles to both"),
        Traits(broadcasts=True),
    ),
    Gate(
        "einsum", "x...",
        Rule(vjp=einsum_rules, linear=True),
        Words("swaps output and operand: each gets the gradient times the others"),
        Traits(fresh=True),
        options="subscripts=",
    ),
    Gate(
        "conv1d", "x w",
        Rule(
            vjp=(
                "conv1d_left(g, w, x, stride=stride, padding=padding)",
                "conv1d_right(x, g, w, stride=stride, padding=padding)",
            ),
            linear=True,
        ),
        Words("slides w over x; each gets the gradient slid over the other"),
        Traits(fresh=True),
        options="stride=1 padding=0",
    ),
    Gate(
        "conv2d", "x w",
        Rule(
            vjp=(
                "conv2d_left(g, w, x, stride=stride, padding=padding)",
                "conv2d_right(x, g, w, stride=stride, padding=padding)",
            ),
            linear=True,
        ),
        Words("slides w over x; each gets the gradient slid over the other"),
        Traits(fresh=True),
        options="stride=1 padding=0",
    ),
]  # fmt: skip

HALF = "((tril(out.T @ g) + tril(out.T @ g, k=-1)) / 2)"
MATRICES = [
    Gate(
        "trace", "A",
        Rule(vjp="triu(tril(spread(g, A, axis=[-2, -1])))", routes=True),
        Words("hands its gradient to every element of the diagonal"),
        Traits(stacks=True),
    ),
    Gate(
        "det", "A",
        Rule(vjp="spread(g, A, axis=[-2, -1]) * cofactor(A)", reach="spread(g, A, axis=[-2, -1])"),
        Words("scales by the cofactors", plain="g * out * inv(A).T"),
        Traits(stacks=True, terms="prod(norm(A, axis=-1), axis=-1)"),
    ),
    Gate(
        "logdet", "A",
        Rule(
            vjp="spread(g, A, axis=[-2, -1]) * inv(A).T", reach="spread(g, A, axis=[-2, -1])",
            definition="log(det(A))",
        ),
        Words("scales by the inverse, turned", needs="a matrix with det > 0", plain="g * inv(A).T"),
        Traits(domain="det(A) > 0", stacks=True),
    ),
    Gate(
        "inv", "A",
        Rule(vjp="-(out.T @ g @ out.T)", reach=REACHES_MATRIX),
        Words("scales by minus the inverse from both sides, turned", needs="a matrix that is not singular"),
        Traits(domain="det(A) != 0", shape="A", stacks=True),
    ),
    Gate(
        "solve", "A B",
        Rule(
            vjp=(
                "-(solve(A.T, column(g, B)) @ column(out, B).T)",
                "uncolumn(solve(A.T, column(g, B)), B)",
            ),
            reach=(
                "sum(column(g, B), axis=[-2, -1], keepdims=1) + zeros_like(A)",
                "uncolumn(sum(column(g, B), axis=-2, keepdims=1) + zeros_like(column(g, B)), B)",
            ),
            definition="inv(A) @ B",
        ),
        Words(
            "solves the turned system for the gradient", needs="a matrix that is not singular",
            reads=("-(solve(A.T, g) @ out.T)", "solve(A.T, g)"),
        ),
        Traits(domain="det(A) != 0", broadcasts=True),
    ),
    Gate(
        "cholesky", "A",
        Rule(vjp=f"(inv(out).T @ ({HALF} + {HALF}.T) @ inv(out)) / 2", reach=REACHES_MATRIX),
        Words(
            "reads A as (A + A.T)/2, so its gradient is symmetric",
            needs="a symmetric matrix that is positive definite",
        ),
        Traits(domain="det(A) > 0", shape="A", stacks=True),
    ),
]  # fmt: skip

LOSSES = [
    Gate(
        "mse", "x y",
        Rule(vjp=("2 * g * (x - y) / count(x - y)", "2 * g * (y - x) / count(x - y)"), definition="mean((x - y)^2)"),
        Words("mean squared error: scales by twice the residual over the count"),
        Traits(shape="number", broadcasts=True, sign="never negative"),
    ),
    Gate(
        "bce", "p t",
        Rule(
            vjp=(
                # A class that is ruled out and did not occur adds nothing: no 0/0 at p = t = 0, nor at p = t = 1.
                "g * ((1 - t) / where((t == 1) * (p == 1), 1, 1 - p) - t / where((t == 0) * (p == 0), 1, p)) "
                "/ count(p + t)",
                "-g * logit(p) / count(p + t)",
            ),
            again=(  # which t moves without end there
                "g * (where((t == 1) * (p == 1), sqrt(1 - t), (1 - t) / (1 - p)) "
                "- where((t == 0) * (p == 0), sqrt(t), t / p)) / count(p + t)",
                "-g * logit(p) / count(p + t)",
            ),
            definition="-mean(xlogy(t, p) + (1 - t) * log1p(-where((t == 1) * (p >= 1), 0, p)))",
        ),
        Words("binary cross-entropy of probabilities p and targets t", needs="probabilities between 0 and 1"),
        Traits(domain="min((p >= 0) * (p <= 1))", shape="number", broadcasts=True),
    ),
    Gate(
        "bce_with_logits", "z t",
        Rule(
            vjp=("g * ((1 - t) * sigmoid(z) - t * sigmoid(-z)) / count(z + t)", "-g * z / count(z + t)"),
            definition="mean(softplus(z) - z * t)",
            # a loss that is infinite, and never comes, counts for nothing
            exact="one = softplus(-z); none = softplus(z); mean("
            "where((t == 0) * (one == inf), 0, t * one) + where((t == 1) * (none == inf), 0, (1 - t) * none))",
        ),
        Words(
            "binary cross-entropy of scores: scales by probability minus target",
            textbook=("g * (sigmoid(z) - t) / count(z + t)", "-g * z / count(z + t)"),
        ),
        Traits(shape="number", broadcasts=True),
    ),
    Gate(
        "cross_entropy", "z t",
        Rule(
            vjp=(
                "g * (softmax(z) * sum(one_hot(t, z), axis=-1, keepdims=1) - one_hot(t, z)) / rows(z)",
                "match(-g * log_softmax(z) / rows(z), t)",
            ),
            exact="hot = one_hot(t, z); -sum(where(hot == 0, 0, hot * log_softmax(z))) / rows(z)",
        ),
        Words(
            "softmax and its loss; t are classes (0, 1, …) or probabilities: scales by probability minus target",
            plain=(
                "g * (softmax(z) * sum(t, axis=-1, keepdims=1) - t) / count(z, axis=0)",
                "-g * log_softmax(z) / count(z, axis=0)",
            ),
        ),
        Traits(shape="number"),
    ),
    Gate(
        "hinge", "s y",
        Rule(
            vjp=("where(y * s < 1, -g * y / count(s * y), 0)", "where(y * s < 1, -g * s / count(s * y), 0)"),
            ties_split=(
                "where(y * s <= 1, ((y * s < 1) + 1) / 2 * -g * y / count(s * y), 0)",
                "where(y * s <= 1, ((y * s < 1) + 1) / 2 * -g * s / count(s * y), 0)",
            ),
            ties_first=("where(y * s <= 1, -g * y / count(s * y), 0)", "where(y * s <= 1, -g * s / count(s * y), 0)"),
            kink="y * s == 1", cusp="y * s == 1", bends="y * s", definition="mean(relu(1 - y * s))",
        ),
        Words("mean of max(0, 1 - y s), for targets y of 1 and -1: flat where the margin is kept"),
        Traits(shape="number", broadcasts=True),
    ),
    Gate(
        "huber", "x y delta=1",
        Rule(
            vjp=(
                "g * clip(x - y, -delta, delta) / count(x - y)",
                "g * clip(y - x, -delta, delta) / count(x - y)",
                "sum(g * max(abs(x - y) - delta, 0) / count(x - y))",
            ),
            cusp="abs(x - y) == delta",  # whose slopes are those of the rule: nan comes of its clip and max
            definition="mean(clip(x - y, -delta, delta) * (x - y - clip(x - y, -delta, delta) / 2))",
            exact="mean(where(abs(x - y) <= delta, (x - y)^2 / 2, "
            "where(delta < 0, nan, delta) * (abs(x - y) - delta / 2)))",
        ),
        Words("squares small residuals, and takes large ones as they are: scales by the residual, clipped"),
        Traits(domain="delta >= 0", shape="number", broadcasts=True),
    ),
]  # fmt: skip

FAMILIES = {
    "pieces of arrays": PIECES,
    "reductions": REDUCTIONS,
    "products": PRODUCTS,
    "matrices": MATRICES,
    "losses": LOSSES,
}
