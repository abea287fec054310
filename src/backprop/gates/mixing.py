"""The gates on vectors and matrices, which mix elements.

A rule (`vjp`) is the gradient that an input gets, in the inputs' names, `out`, the gradient from above `g`, and the
gate's options. Broadcasting is undone by the engine, never here. The language is closed under differentiation: the
gates that only rules use (plumbing) have rules too. A gate's function has its name, in backprop.numbers.arrays or
linear.

Sources: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); I. Murray, "Differentiation of the Cholesky decomposition" (arXiv:1602.07527); CS231n's notes on vectorized
operations.
"""

from __future__ import annotations

from backprop.gates.row import Gate, Rules

REDUCED = "axis=none keepdims=0"


def listed(gate: Gate, count: int) -> str:
    """The inputs, as the arguments of a call."""
    return ", ".join(gate.names(count))


# ── rules that depend on how many inputs there are, or on options ──


def index_rules(gate: Gate, count: int) -> Rules:
    return (f"scatter(g, {listed(gate, count)}, at=at)", *["0"] * (count - 1))


def scatter_rules(gate: Gate, count: int) -> Rules:
    names = gate.names(count)
    return (f"gather({', '.join(('g', *names[2:]))}, at=at)", *["0"] * (count - 1))


def stack_rules(gate: Gate, count: int) -> Rules:
    return tuple(f"take(g, place={place}, axis=axis)" for place in range(count))


def concat_rules(gate: Gate, count: int) -> Rules:
    return tuple(f"part(g, {listed(gate, count)}, place={place}, axis=axis)" for place in range(count))


def part_rules(gate: Gate, count: int) -> Rules:
    inputs = ", ".join(gate.names(count)[1:])
    return (f"whole(g, {inputs}, place=place, axis=axis)", *["0"] * (count - 1))


def whole_rules(gate: Gate, count: int) -> Rules:
    inputs = ", ".join(gate.names(count)[1:])
    return (f"part(g, {inputs}, place=place, axis=axis)", *["0"] * (count - 1))


def einsum_rules(gate: Gate, count: int) -> Rules:
    """The gradient of each operand is another einsum: output and operand change places.

    An index that stands in this operand alone was summed over, so a tensor of ones brings it back; one that it has
    twice (`ii->i`) is a diagonal, which a tensor of zeros and ones picks out.
    """
    operands, output = split_subscripts(gate.settings["subscripts"], count)
    names = gate.names(count)
    rules = []
    for place, (name, own) in enumerate(zip(names, operands, strict=True)):
        others = [(names[i], operands[i]) for i in range(count) if i != place]
        fresh = iter(letter for letter in LETTERS if all(letter not in text for text in (*operands, output)))
        wanted = "".join(letter if letter not in own[:i] else next(fresh) for i, letter in enumerate(own))
        known = set(output).union(*(text for _, text in others))
        inputs, texts = ["g", *(other for other, _ in others)], [output, *(text for _, text in others)]
        if not set(wanted) <= known:
            inputs.append(f'coincide({name}, subscripts="{own}")')
            texts.append(wanted)
        rules.append(f'einsum("{",".join(texts)}->{wanted}", {", ".join(inputs)})')
    return tuple(rules)


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def split_subscripts(subscripts: str, count: int) -> tuple[list[str], str]:
    """`ij,jk->ik` as its operands and its output; without an arrow the output has the indices that stand there once."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    operands = left.split(",")
    if not arrow:
        output = "".join(sorted(letter for letter in set(left) - {","} if left.count(letter) == 1))
    return operands, output


def transpose_rules(gate: Gate, count: int) -> Rules:
    axes = gate.settings["axes"]
    if axes is None:
        return ("g.T",)
    inverse = sorted(range(len(axes)), key=lambda i: axes[i] % len(axes))
    return (f"transpose(g, axes=[{', '.join(map(str, inverse))}])",)


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
        "diag", "x", vjp="undiag(g, x)", routes=True, says="routes the gradient to the diagonal, or reads it off there"
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
        reach="unsort(g, x, axis=axis)",  # the values say where each element goes
        shape="x",
        says="sends each gradient back to where its element came from",
    ),
]

SHIFTED = "shift(cumprod({x}, axis={axis}), by=1, fill=1, axis={axis})"
SHIFTED_BACK = "shift(cumprod({x}, axis={axis}, reverse=1), by=-1, fill=1, axis={axis})"


def product_of_others(x: str, axes: tuple[int, ...]) -> str:
    """The product of all the others over some axes: those along the first, times, with it multiplied out, those along
    the rest."""
    first, *rest = axes
    along_first = f"{SHIFTED.format(x=x, axis=first)} * {SHIFTED_BACK.format(x=x, axis=first)}"
    if not rest:
        return along_first
    return f"{along_first} * like({product_of_others(f'prod({x}, axis={first}, keepdims=1)', tuple(rest))}, {x})"


def prod_rules(gate: Gate, count: int) -> Rules:
    """The product of all the others, never out / x: as products from the left and from the right, right at zeros
    too."""
    if gate.settings["axis"] is None:
        flat = "cumprod(reshape(x, [-1]), axis=0{})"
        left, right = flat.format(""), flat.format(", reverse=1")
        others = f"reshape_like(shift({left}, by=1, fill=1, axis=0) * shift({right}, by=-1, fill=1, axis=0), x)"
        return (f"spread(g, x) * {others}",)
    axis = gate.settings["axis"]
    axes = axis if isinstance(axis, tuple) else (axis,)
    return (f"spread(g, x, axis=axis, keepdims=keepdims) * {product_of_others('x', axes)}",)


def along(gate: Gate, rule: str) -> Rules:
    """A rule along an axis; over all elements (axis=none) it is that of the flat array."""
    if gate.settings["axis"] is not None:
        return (rule.format(x="x", axis="axis"),)
    return (f"reshape_like({rule.format(x='reshape(x, [-1])', axis='0')}, x)",)


def cumprod_rules(gate: Gate, count: int) -> Rules:
    """By a recurrence that never divides: S_i = g_i + x_(i+1) S_(i+1), scaled by the product of what stands before."""
    by, turned = (-1, 0) if gate.settings["reverse"] else (1, 1)
    rule = (
        f"shift(out, by={by}, fill=1, axis={{axis}})"
        f" * scan(shift({{x}}, by={-by}, fill=1, axis={{axis}}), g, axis={{axis}}, reverse={turned})"
    )
    return along(gate, rule)


def cumsum_rules(gate: Gate, count: int) -> Rules:
    turned = 0 if gate.settings["reverse"] else 1
    return along(gate, f"cumsum(g, axis={{axis}}, reverse={turned})")


def shift_rules(gate: Gate, count: int) -> Rules:
    return (f"shift(g, by={-gate.settings['by']}, axis=axis)",)


def scan_rules(gate: Gate, count: int) -> Rules:
    by, turned = (-1, 0) if gate.settings["reverse"] else (1, 1)
    back = f"scan(shift(a, by={-by}, axis=axis), g, axis=axis, reverse={turned})"
    return (f"{back} * shift(out, by={by}, axis=axis)", back)


def extreme(name: str, aliases: str) -> Gate:
    """The row of the largest or smallest element."""
    chosen = "(x == spread(out, x, axis=axis, keepdims=keepdims))"
    above = "spread(g, x, axis=axis, keepdims=keepdims)"
    equal = f"sum({chosen}, axis=axis, keepdims=keepdims)"
    return Gate(
        f"{name}_of",
        "x",
        vjp=f"where({chosen}, {above}, 0)",
        ties_split=f"where({chosen}, spread(g / {equal}, x, axis=axis, keepdims=keepdims), 0)",
        ties_first=f"where(first({chosen}, axis=axis), {above}, 0)",
        options=REDUCED,
        routes=True,
        kink=f"{equal} > 1",
        spelling=name,
        aliases=aliases,
        says=f"routes the gradient to the {'largest' if name == 'max' else 'smallest'} element; the others get nothing",
    )


SPREAD = "spread({}, x, axis=axis, keepdims=keepdims)"
CENTRED = "centred(x, axis=axis)"

REDUCTIONS = [
    Gate(
        "sum",
        "x",
        vjp=SPREAD.format("g"),
        options=REDUCED,
        linear=True,
        says="distributes: hands its gradient to every element, unchanged",
    ),
    Gate(
        "mean",
        "x",
        vjp=SPREAD.format("g / count(x, axis=axis)"),
        options=REDUCED,
        linear=True,
        definition="sum(x, axis=axis, keepdims=keepdims) / count(x, axis=axis)",
        says="distributes: hands every element an equal share of its gradient",
    ),
    Gate("prod", "x", vjp=prod_rules, options=REDUCED, says="scales by the product of all the other elements"),
    extreme("max", "amax"),
    extreme("min", "amin"),
    Gate(
        "var",
        "x",
        vjp=f"{SPREAD.format('2 * g / (count(x, axis=axis) - ddof)')} * {CENTRED}",
        options=REDUCED + " ddof=0",
        definition=f"sum({CENTRED}^2, axis=axis, keepdims=keepdims) / (count(x, axis=axis) - ddof)",
        says="scales by twice the distance from the mean, over the count",
    ),
    Gate(
        "std",
        "x",
        vjp=f"{SPREAD.format('g / where(out == 0, 1, out) / (count(x, axis=axis) - ddof)')} * {CENTRED}",
        options=REDUCED + " ddof=0",
        kink="out == 0",
        cusp="(out == 0) * (count(x, axis=axis) > 1)",  # of a single element it is 0 everywhere
        definition="sqrt(var(x, axis=axis, keepdims=keepdims, ddof=ddof))",
        says="scales by the distance from the mean over the deviation and the count; 0 where all are equal",
    ),
    Gate(
        "norm",
        "x",
        vjp=f"{SPREAD.format('g')} * (x / {SPREAD.format('where(out == 0, 1, out)')})",
        options=REDUCED,
        kink="out == 0",
        cusp="out == 0",
        definition="sqrt(sum(x^2, axis=axis, keepdims=keepdims))",
        says="shares the gradient along the direction of x: never more than it got",
    ),
    Gate(
        "logsumexp",
        "x",
        vjp=f"{SPREAD.format('g')} * where({SPREAD.format('out')} == -inf, 0, "
        f"softmax(where({SPREAD.format('out')} == -inf, 0, x), axis=axis))",
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
        says="swaps, as multiply does: each matrix gets the gradient times the other, turned so that the shapes fit",
    ),
    Gate(
        "dot",
        "x y",
        vjp=("matmul_left(g, y, x)", "matmul_right(x, g, y)"),
        reads=("g * y", "g * x"),
        linear=True,
        broadcasts=True,
        definition="x @ y",
        says="swaps and scales: each vector gets the gradient times the other one",
    ),
    Gate("outer", "x y", vjp=("g @ y", "x @ g"), linear=True, says="every product of an element of x with one of y"),
    Gate(
        "cross", "x y", vjp=("cross(y, g)", "cross(g, x)"), broadcasts=True, says="the vector at right angles to both"
    ),
    Gate(
        "einsum",
        "x...",
        vjp=einsum_rules,
        options="subscripts=",
        linear=True,
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

WEIGHED = "spread(sum({} * inv(A).T, axis=[-2, -1]), A, axis=[-2, -1])"
# The slope of det(A) inv(A).T, twice, by the product rule; only a third derivative asks for it, of a matrix that has an
# inverse.
THIRD_OF_DET = (
    f"{WEIGHED.format('h')} * cofactor_slope(g, A) - cofactor_slope(g, A) @ h.T @ inv(A).T"
    f" - {WEIGHED.format('(h @ inv(A) @ g)')} * cofactor(A)"
    " + cofactor(A) @ h.T @ inv(A).T @ g.T @ inv(A).T"
)

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
    Gate("det", "A", vjp="spread(g, A, axis=[-2, -1]) * cofactor(A)", stacks=True, says="scales by the cofactors"),
    Gate(
        "logdet",
        "A",
        vjp="spread(g, A, axis=[-2, -1]) * inv(A).T",
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
        vjp=("-matmul_left(solve(A.T, g), out, A)", "solve(A.T, g)"),
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
        vjp=("g * (sigmoid(z) - t) / count(z + t)", "-g * z / count(z + t)"),
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
        shape="number",
        says="softmax and its loss; t are classes (0, 1, …) or probabilities: scales by probability minus target",
    ),
    Gate(
        "hinge",
        "s y",
        vjp=("where(y * s < 1, -g * y / count(s * y), 0)", "where(y * s < 1, -g * s / count(s * y), 0)"),
        ties_split=(
            "((y * s < 1) + (y * s <= 1)) / 2 * -g * y / count(s * y)",
            "((y * s < 1) + (y * s <= 1)) / 2 * -g * s / count(s * y)",
        ),
        ties_first=("where(y * s <= 1, -g * y / count(s * y), 0)", "where(y * s <= 1, -g * s / count(s * y), 0)"),
        broadcasts=True,
        kink="y * s == 1",
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

CONVOLVED = "stride=1 padding=0"


def convolution_plumbing(name: str) -> list[Gate]:
    """The two gates by which a convolution sends its gradient; the three are each other's rules."""
    settings = "stride=stride, padding=padding"
    return [
        Gate(
            f"{name}_left",
            "h w x",
            vjp=(f"{name}(g, w, {settings})", f"{name}_right(g, h, w, {settings})", "0"),
            options=CONVOLVED,
            linear=True,
            plumbing=True,
            shape="x",
            says="carries the gradient back to where it was read",
        ),
        Gate(
            f"{name}_right",
            "x h w",
            vjp=(f"{name}_left(h, g, x, {settings})", f"{name}(x, g, {settings})", "0"),
            options=CONVOLVED,
            linear=True,
            plumbing=True,
            shape="w",
            says="slides the gradient over x",
        ),
    ]


PLUMBING = [
    Gate(
        "unbroadcast",
        "h x",
        vjp=("like(g, h)", "0"),
        linear=True,
        plumbing=True,
        shape="x",
        says="sums what was stretched back to the shape of x",
    ),
    Gate(
        "like",
        "h x",
        vjp=("unbroadcast(g, h)", "0"),
        linear=True,
        plumbing=True,
        shape="x",
        says="stretches to the shape of x",
    ),
    Gate(
        "spread",
        "h x",
        vjp=("sum(g, axis=axis, keepdims=keepdims)", "0"),
        options=REDUCED,
        linear=True,
        plumbing=True,
        shape="x",
        says="hands what was summed to every element of x",
    ),
    Gate(
        "expand",
        "x",
        vjp="sum(g, axis=axis)",
        options="axis=",
        linear=True,
        plumbing=True,
        says="gives dimensions of 1 to what was summed, where they were",
    ),
    Gate(
        "reshape_like",
        "h x",
        vjp=("reshape_like(g, h)", "0"),
        linear=True,
        plumbing=True,
        shape="x",
        says="puts into the shape of x",
    ),
    Gate("ones_like", "x", vjp="0", plumbing=True, shape="x", says="ones in the shape of x"),
    Gate("zeros_like", "x", vjp="0", plumbing=True, shape="x", says="zeros in the shape of x"),
    Gate("eye_like", "x", vjp="0", plumbing=True, shape="x", says="ones on the diagonal, in the shape of x"),
    Gate(
        "coincide",
        "x",
        vjp="0",
        options="subscripts=",
        plumbing=True,
        shape="x",
        says="1 where equal letters have equal indices",
    ),
    Gate(
        "centred",
        "x",
        vjp="centred(g, axis=axis)",
        options="axis=none",
        linear=True,
        reach="spread(sum(g, axis=axis, keepdims=1), x, axis=axis, keepdims=1)",  # the mean of ones would be taken off
        plumbing=True,
        shape="x",
        says="takes the mean off",
    ),
    Gate(
        "count", "x", vjp="0", options="axis=none", shape="number", says="how many elements a reduction takes together"
    ),
    Gate("rows", "x", vjp="0", plumbing=True, shape="number", says="how many elements there are, the last axis aside"),
    Gate(
        "first",
        "x",
        vjp="0",
        options="axis=none",
        plumbing=True,
        shape="x",
        says="1 at the first element that is not 0",
    ),
    Gate(
        "gather",
        "x i...",
        vjp=index_rules,
        options="at=",
        linear=True,
        plumbing=True,
        says="reads elements that were all put",
    ),
    Gate(
        "scatter",
        "h x i...",
        vjp=scatter_rules,
        options="at=",
        linear=True,
        plumbing=True,
        shape="x",
        says="adds each element to its place in zeros of the shape of x",
    ),
    Gate(
        "take",
        "x",
        vjp="untake(g, x, place=place, axis=axis)",
        options="place= axis=0",
        routes=True,
        plumbing=True,
        says="reads one slice along an axis",
    ),
    Gate(
        "untake",
        "h x",
        vjp=("take(g, place=place, axis=axis)", "0"),
        options="place= axis=0",
        linear=True,
        plumbing=True,
        shape="x",
        says="puts a slice into zeros of the shape of x",
    ),
    Gate(
        "part",
        "h x...",
        vjp=part_rules,
        options="place= axis=0",
        routes=True,
        plumbing=True,
        says="the part of an input in what was joined",
    ),
    Gate(
        "whole",
        "h x...",
        vjp=whole_rules,
        options="place= axis=0",
        linear=True,
        plumbing=True,
        says="puts a part into zeros of the whole",
    ),
    Gate(
        "undiag",
        "h x",
        vjp=("diag(g)", "0"),
        linear=True,
        plumbing=True,
        shape="x",
        says="puts a diagonal back, or reads it off",
    ),
    Gate(
        "unsort",
        "h x",
        vjp=("resort(g, x, axis=axis)", "0"),
        options="axis=-1",
        linear=True,
        plumbing=True,
        shape="x",
        says="puts elements in the order of x",
    ),
    Gate(
        "resort",
        "h x",
        vjp=("unsort(g, x, axis=axis)", "0"),
        options="axis=-1",
        linear=True,
        plumbing=True,
        shape="x",
        says="puts elements in the order that sorts x",
    ),
    Gate(
        "shift",
        "x",
        vjp=shift_rules,
        options="by=1 fill=0 axis=0",
        linear=True,
        plumbing=True,
        shape="x",
        says="moves along an axis",
    ),
    Gate(
        "scan",
        "a b",
        vjp=scan_rules,
        options="axis=0 reverse=0",
        plumbing=True,
        shape="a",
        says="a linear recurrence: y_i = b_i + a_i y_(i-1)",
    ),
    Gate(
        "matmul_left",
        "h B A",
        vjp=("g @ B", "matmul_right(g, h, B)", "0"),
        reads=("g @ B", "g.T @ h", "0"),
        linear=True,
        broadcasts=True,
        plumbing=True,
        says="h @ B.T, also for vectors",
    ),
    Gate(
        "matmul_right",
        "A h B",
        vjp=("matmul_left(h, g, A)", "A @ g", "0"),
        reads=("h @ g.T", "A @ g", "0"),
        linear=True,
        broadcasts=True,
        plumbing=True,
        says="A.T @ h, also for vectors",
    ),
    Gate(
        "cofactor",
        "A",
        vjp="cofactor_slope(g, A)",
        plumbing=True,
        stacks=True,
        shape="A",
        says="the matrix of cofactors: det(A) inv(A).T",
    ),
    Gate(
        "cofactor_slope",
        "h A",
        vjp=("cofactor_slope(g, A)", THIRD_OF_DET),
        plumbing=True,
        stacks=True,
        shape="A",
        says="what cofactor sends to A: how its entries move, times h",
    ),
    Gate(
        "one_hot",
        "t z",
        vjp=("match(g, t)", "0"),
        linear=True,
        plumbing=True,
        stacks=True,
        shape="z",
        says="classes as rows of zeros and a one; probabilities as they are",
    ),
    Gate(
        "match",
        "h t",
        vjp=("match(g, h)", "0"),
        linear=True,
        plumbing=True,
        stacks=True,
        shape="t",
        says="h where it has the shape of t, else zeros in that shape",
    ),
    *convolution_plumbing("conv1d"),
    *convolution_plumbing("conv2d"),
]

FAMILIES = {
    "pieces of arrays": PIECES,
    "reductions": REDUCTIONS,
    "products": PRODUCTS,
    "matrices": MATRICES,
    "losses": LOSSES,
    "plumbing": PLUMBING,
}
