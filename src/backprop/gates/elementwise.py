"""The gates that act element by element.

To add a gate, add a row (and a function of its name to backprop.numbers.floats, unless its definition has digits
enough; and an oracle to tests/oracle.py). Rules are spelt for their digits: `out * sigmoid(-x)` keeps them all where
`(1 - out) * out` has none left at 40, and `sech(x)^2` where `1 - out^2` has none at 20. Where a rule must be guarded,
its argument is (`log(where(x == 0, 1, x))`), not its result, or the second derivative is NaN. A definition may overflow
sooner than its gate, and at a kink it follows the kinks of the gates that it is made of.
"""

from __future__ import annotations

from backprop.gates.row import Gate

ARITHMETIC = [
    Gate("add", "x y", ("1", "1"), commutes=True, says="distributes: hands its gradient to both inputs, unchanged"),
    Gate(
        "subtract", "x y", ("1", "-1"), aliases="sub",
        says="distributes: the second input gets the gradient with its sign turned",
    ),
    Gate(
        "multiply", "x y", ("y", "x"), aliases="mul",
        commutes=True, says="swaps and scales: each input gets the gradient times the other",
    ),
    Gate(
        "divide", "x y", ("1 / y", "-out / y"), domain="y != 0", aliases="div",
        textbook=("1 / y", "-x / y^2"),
        says="scales x by 1/y, and y by minus the output over y: explodes where y is near 0",
    ),
    Gate("negate", "x", "-1", aliases="neg negative", parity="odd", says="turns the sign of the gradient"),
    Gate(
        "power", "x y",
        ("y * where(y == 0, where(x == 0, 1, x), x)^(y - 1)", "out * log(where(x == 0, where(y >= 0, 1, x), x))"),
        domain="where(x < 0, y == round(y), where(x == 0, y >= 0, 1))",
        needs="a base above 0, or a whole exponent (not a negative one at 0)", aliases="pow",
        textbook=("y * x^(y - 1)", "out * log(x)"),
        says="scales the base by y x^(y-1), and the exponent by the output times log x",
    ),
    Gate("square", "x", "2 * x", definition="x * x", parity="even", says="scales by twice the input: dead at 0"),
    Gate(
        "reciprocal", "x", "-out * out", domain="x != 0", definition="1 / x", parity="odd",
        says="scales by -1/x²: explodes near 0",
    ),
    Gate("identity", "x", "1", parity="odd", says="passes the gradient on unchanged"),
]  # fmt: skip

EXPONENTIALS = [
    Gate("exp", "x", "out", says="scales by its own output"),
    Gate("exp2", "x", "log(2) * out", definition="exp(x * log(2))", says="scales by its own output, times log 2"),
    Gate(
        "expm1", "x", "exp(x)", definition="exp(x) - 1",
        exact="u = exp(x); where(u == 1, x, where(u - 1 == -1, -1, where(u == inf, u, (u - 1) * (x / "
        "log(u)))))",
        says="scales by exp(x); keeps its digits near 0, where exp(x) - 1 loses them",
    ),
    Gate("log", "x", "1 / x", domain="x > 0", aliases="ln", says="scales by 1/x: explodes near 0"),
    Gate("log2", "x", "1 / log(2) / x", domain="x > 0", definition="log(x) / log(2)", says="scales by 1/(x log 2)"),
    Gate("log10", "x", "1 / log(10) / x", domain="x > 0", definition="log(x) / log(10)", says="scales by 1/(x log 10)"),
    Gate(
        "log1p", "x", "1 / (1 + x)", domain="x > -1", definition="log(1 + x)",
        exact="u = 1 + x; where(u == 1, x, where(u == inf, u, log(u) * (x / (u - 1))))",
        says="scales by 1/(1+x); keeps its digits near 0",
    ),
    Gate(
        "sqrt", "x", "0.5 / out", domain="x >= 0", textbook="1 / (2 * out)",
        says="scales by 1/(2 sqrt(x)): infinite at 0",
    ),
    Gate(
        "rsqrt", "x", "-0.5 * out / x", domain="x > 0", definition="1 / sqrt(x)",
        says="scales by -1/(2 x sqrt(x)): explodes near 0",
    ),
    Gate(
        "cbrt", "x", "1 / (3 * out * out)",
        exact="sign(x) * abs(x)^(1 / 3)",
        parity="odd", says="scales by 1/(3 out²): infinite at 0",
    ),
    Gate(
        "hypot", "x y", ("x / where(out == 0, 1, out)", "y / where(out == 0, 1, out)"), kink="out == 0",
        cusp="out == 0", squared=("2 * x", "2 * y"), definition="sqrt(x^2 + y^2)", frameworks="nan,nan 0.5,0.5 - -",
        exact="big = max(abs(x), abs(y)); where((big == 0) + (big == inf), big, big * sqrt((x / big)^2 + (y "
        "/ big)^2))",
        commutes=True, says="shares the gradient along the direction (x, y): never more than it got",
    ),
    Gate(
        "logaddexp", "x y", ("sigmoid(x - y)", "sigmoid(y - x)"), definition="y + softplus(x - y)",
        instead_of="log(exp(x) + exp(y))",
        exact="max(x, y) + where(x == y, log(2), log1p(exp(-abs(x - y))))",
        commutes=True, says="a smooth max: shares the gradient between its inputs, in parts that add up to 1",
    ),
    Gate(
        "xlogy", "x y", ("log(y)", "x / where((x == 0) * (y == 0), 1, y)"), domain="(y > 0) + (x == 0)", needs="y > 0",
        definition="x * log(where((x == 0) * (y <= 0), 1, y))",
        instead_of="x * log(y)",
        says="x log(y), and 0 where x is 0: scales x by log(y), and y by x/y",
    ),
]  # fmt: skip

TRIGONOMETRY = [
    Gate("sin", "x", "cos(x)", parity="odd", says="scales by cos(x): at most as much as it got"),
    Gate("cos", "x", "-sin(x)", parity="even", says="scales by -sin(x): at most as much as it got"),
    Gate("tan", "x", "1 + out^2", parity="odd", says="scales by 1 + out²: at least as much as it got"),
    Gate(
        "asin", "x", "1 / sqrt((1 - x) * (1 + x))", domain="abs(x) <= 1", aliases="arcsin",
        textbook="1 / sqrt(1 - x^2)",
        parity="odd", says="scales by 1/sqrt(1-x²): infinite at ±1",
    ),
    Gate(
        "acos", "x", "-1 / sqrt((1 - x) * (1 + x))", domain="abs(x) <= 1", aliases="arccos",
        textbook="-1 / sqrt(1 - x^2)",
        says="scales by -1/sqrt(1-x²): infinite at ±1",
    ),
    Gate(
        "atan", "x", "(1 / hypot(1, x))^2", aliases="arctan", textbook="1 / (1 + x^2)",
        parity="odd", says="scales by 1/(1+x²): fades for large inputs",
    ),
    Gate(
        "atan2", "y x",
        (
            "where(abs(x) == inf, 0, x) / hypot(x, y) / hypot(x, y)",
            "-where(abs(y) == inf, 0, y) / hypot(x, y) / hypot(x, y)",
        ),
        textbook=("x / (x^2 + y^2)", "-y / (x^2 + y^2)"),
        domain="hypot(x, y) != 0", needs="a point other than (0, 0)", aliases="arctan2",
        says="the angle of the point (x, y): moves by 1 over its distance, at right angles",
    ),
    Gate(
        "sinpi", "x", "pi * cospi(x)", definition="sin(pi * x)",
        exact="rest = x - 2 * round(x / 2); a = abs(rest); b = min(a, 1 - a); sign(rest) * where(b <= 0.25, "
        "sin(pi * b), cos(pi * (0.5 - b)))",
        parity="odd", says="sin(pi x), exact at whole and half numbers: scales by pi cos(pi x)",
    ),
    Gate(
        "cospi", "x", "-pi * sinpi(x)", definition="cos(pi * x)",
        exact="a = abs(x - 2 * round(x / 2)); where(a <= 0.25, cos(pi * a), where(a <= 0.75, sin(pi * (0.5 "
        "- a)), -cos(pi * (1 - a))))",
        parity="even", says="cos(pi x), exact at whole and half numbers: scales by -pi sin(pi x)",
    ),
    Gate(
        "sinc", "x",
        # Near 0, cos(pi x) - sinc(x) cancels: there its Taylor series stands, with terms enough for |x| < 0.1.
        "where(abs(x) < 0.1, -pi^2 * x / 3 * (1 - (pi * x)^2 / 10 * (1 - (pi * x)^2 / 28 * (1 - (pi * x)^2 / 54 * "
        "(1 - (pi * x)^2 / 88 * (1 - (pi * x)^2 / 130))))), (cospi(x) - out) / x)",
        definition="where(x == 0, 1, sin(pi * x) / (pi * where(x == 0, 1, x)))",
        exact="where(x == 0, 1, where(abs(x) == inf, 0, sinpi(x) / (pi * where(x == 0, 1, x))))",
        parity="even", says="sin(pi x)/(pi x), as NumPy has it: dead at 0, and a fading ripple beside it",
    ),
]  # fmt: skip

HYPERBOLIC = [
    Gate(
        "sinh", "x", "cosh(x)", definition="(exp(x) - exp(-x)) / 2", parity="odd",
        says="scales by cosh(x): at least what it got",
    ),
    Gate(
        "cosh", "x", "sinh(x)", definition="(exp(x) + exp(-x)) / 2", parity="even",
        says="scales by sinh(x): dead at 0",
    ),
    Gate(
        "tanh", "x", "sech(x)^2", definition="2 * sigmoid(2 * x) - 1",
        textbook="1 - out^2", saturates=True,
        instead_of=("(exp(x) - exp(-x)) / (exp(x) + exp(-x))", "(exp(2 * x) - 1) / (exp(2 * x) + 1)"),
        parity="odd", says="scales by 1 - out²: full at 0, and almost none where it is saturated",
    ),
    Gate(
        "sech", "x", "-out * tanh(x)", definition="1 / cosh(x)",
        exact="small = exp(-abs(x)); 2 * small / (1 + small * small)",
        parity="even", says="1/cosh(x), a bell whose square is what tanh scales by: dead at 0",
    ),
    Gate(
        "asinh", "x", "1 / hypot(1, x)", aliases="arcsinh", textbook="1 / sqrt(1 + x^2)",
        definition="log(x + sqrt(x^2 + 1))", parity="odd", says="scales by 1/sqrt(1+x²): fades for large inputs",
    ),
    Gate(
        "acosh", "x", "1 / (sqrt(x - 1) * sqrt(x + 1))", domain="x >= 1", aliases="arccosh",
        textbook="1 / sqrt(x^2 - 1)",
        definition="log(x + sqrt(x^2 - 1))", says="scales by 1/sqrt(x²-1): infinite at 1",
    ),
    Gate(
        "atanh", "x", "1 / ((1 - x) * (1 + x))", domain="abs(x) < 1", aliases="arctanh", textbook="1 / (1 - x^2)",
        definition="(log1p(x) - log1p(-x)) / 2", parity="odd", says="scales by 1/(1-x²): explodes near ±1",
    ),
]  # fmt: skip

PIECEWISE = [
    Gate(
        "abs", "x", "sign(x)", ties_first="where(x >= 0, 1, -1)", kink="x == 0", cusp="x == 0",
        squared="2 * x", aliases="fabs absolute", frameworks="0 1 0 0",
        parity="even", says="passes the gradient, with its sign turned where the input is negative; nothing at 0",
    ),
    Gate(
        "sign", "x", "0", kink="x == 0", aliases="sgn signum", frameworks="0 0 0 0",
        exact="where(x > 0, 1, where(x < 0, -1, x))",
        says="-1, 0 or 1; flat: no gradient passes",
    ),
    Gate(
        "step", "x", "0", kink="x == 0", aliases="heaviside",
        exact="where(x >= 0, 1, where(x < 0, 0, x))",
        says="1 from 0 on, else 0; flat: no gradient passes",
    ),
    Gate("floor", "x", "0", kink="x == out", says="to the next whole below; flat: no gradient passes"),
    Gate(
        "ceil", "x", "0", kink="x == out",
        exact="-floor(-x)",
        says="to the next whole above; flat: no gradient passes",
    ),
    Gate(
        "round", "x", "0", kink="abs(x - out) == 0.5", aliases="rint",
        exact="size = abs(x) + 4503599627370496; where(size < 9007199254740992, sign(x) * (size - "
        "4503599627370496), x)",
        parity="odd", says="to the nearest whole, halves to the even one; flat: no gradient passes",
    ),
    Gate(
        "trunc", "x", "0", kink="(x == out) * (x != 0)", aliases="fix",
        exact="where(x < 0, -floor(-x), floor(x))",
        parity="odd", says="to the next whole towards 0; flat: no gradient passes",
    ),
    Gate(
        "mod", "x y", ("1", "round((out - x) / y)"), domain="y != 0", kink="out == 0", aliases="remainder",
        piece="round((out - x) / y)",
        definition="x - y * floor(x / y)",
        # The quotient times y is taken exactly, as a sum of two numbers (Veltkamp's and Dekker's), so that nothing of
        # the rest is lost; a quotient that was rounded to the next whole is set right.
        exact="n = floor(x / y); a = 134217729 * n; b = 134217729 * y; nh = a - (a - n); yh = b - (b - y); p = n * y; "
        "e = nh * yh - p + nh * (y - yh) + (n - nh) * yh + (n - nh) * (y - yh); r = x - p - e; "
        "q = where((r == 0) + ((r < 0) == (y < 0)), r, r + y); s = where(abs(q) < abs(y), q, q - y); "
        "where((abs(y) == inf) * (abs(x) < inf), where((x == 0) + ((x < 0) == (y < 0)), x, y), s)",
        says="passes the gradient to x unchanged; the result has the sign of y",
    ),
    Gate(
        "max", "x...", "x == out", ties_split="( x == out ) / ties", ties_first="( x == out ) * ( earlier == 0 )",
        routes=True, idempotent=True, kink="ties", aliases="maximum", reduces="max_of",
        frameworks="0.5,0.5 0.5,0.5 0.5,0.5 1,0",
        commutes=True, says="routes the gradient to the largest input; the others get nothing",
    ),
    Gate(
        "min", "x...", "x == out", ties_split="( x == out ) / ties", ties_first="( x == out ) * ( earlier == 0 )",
        routes=True, idempotent=True, kink="ties", aliases="minimum", reduces="min_of",
        frameworks="0.5,0.5 0.5,0.5 0.5,0.5 1,0",
        commutes=True, says="routes the gradient to the smallest input; the others get nothing",
    ),
    Gate(
        # On a bound the bound gets the gradient, somebody must: clip(x, 0, x) is x, and so is clip(x, x, hi).
        "clip", "x lo hi", ("(x > lo) * (x < hi)", "(x <= lo) * (lo < hi)", "max(x, lo) >= hi"),
        ties_split=(
            "((x > lo) + (x >= lo)) / 2 * ((x < hi) + (x <= hi)) / 2",
            "((x < lo) + (x <= lo)) / 2 * ((lo < hi) + (lo <= hi)) / 2",
            "((max(x, lo) > hi) + (max(x, lo) >= hi)) / 2",
        ),
        ties_first=("(x >= lo) * (x <= hi)", "(x < lo) * (lo <= hi)", "max(x, lo) > hi"),
        routes=True, kink="(x == lo) + (x == hi)", definition="min(max(x, lo), hi)", aliases="clamp",
        frameworks="1 0.5 0 1", says="routes the gradient to x between the bounds, else to the bound that holds",
    ),
    Gate(
        "where", "condition x y", ("0", "condition != 0", "condition == 0"), routes=True,
        piece="condition != 0",
        says="routes the gradient to the branch that is taken; the other one gets exactly nothing",
    ),
]  # fmt: skip

COMPARISONS = [
    Gate(
        name, "x y", ("0", "0"), kink="x == y", commutes=name in ("equal", "not_equal"),
        says=f"1 where x {symbol} y, else 0; flat: no gradient passes",
    )
    for name, symbol in {
        "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
    }.items()
]  # fmt: skip

ACTIVATIONS = [
    Gate(
        "sigmoid", "x", "out * sigmoid(-x)", aliases="σ expit logistic", definition="1 / (1 + exp(-x))",
        textbook="out * (1 - out)", saturates=True, instead_of="exp(x) / (1 + exp(x))",
        exact="small = exp(-abs(x)); where(x >= 0, 1, small) / (1 + small)",
        says="squashes to (0, 1): passes a quarter at most, and almost nothing where it is saturated",
    ),
    Gate(
        "logsigmoid", "x", "sigmoid(-x)", aliases="log_sigmoid log_expit", definition="-softplus(-x)",
        exact="min(x, 0) - log1p(exp(-abs(x)))",
        says="log(sigmoid(x)): passes all where x is very negative, almost nothing where it is large",
    ),
    Gate(
        "relu", "x", "x > 0", ties_split="((x > 0) + (x >= 0)) / 2", ties_first="x >= 0", routes=True, kink="x == 0",
        squared="2 * out",
        definition="max(x, 0)", frameworks="0 0 - 0",
        says="passes the gradient where the input is positive; dead elsewhere",
    ),
    Gate(
        "leaky_relu", "x slope=0.01", ("where(x > 0, 1, slope)", "where(x > 0, 0, x)"),
        ties_split=("where(x > 0, 1, where(x < 0, slope, (1 + slope) / 2))", "where(x > 0, 0, x)"),
        ties_first=("where(x >= 0, 1, slope)", "where(x > 0, 0, x)"),
        kink="(x == 0) * (slope != 1)", definition="where(x > 0, x, slope * x)",
        frameworks="0.01 1 - 0.01",
        says="passes the gradient where the input is positive, a small part of it elsewhere",
    ),
    Gate(
        "elu", "x alpha=1", ("where(x > 0, 1, alpha * exp(x))", "where(x > 0, 0, expm1(x))"),
        kink="(x == 0) * (alpha != 1)", cusp="x == 0", definition="where(x > 0, x, alpha * expm1(x))",
        says="passes the gradient where the input is positive, and less and less of it below 0",
    ),
    Gate(
        "selu", "x", "where(x > 0, 1.0507009873554805, 1.7580993408473766 * exp(x))", kink="x == 0",
        definition="1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * expm1(x))",
        frameworks="1.7581 1.7581 - 1.0507",
        says="an elu that keeps mean and variance (Klambauer et al. 2017, arXiv:1706.02515)",
    ),
    Gate(
        "softplus", "x", "sigmoid(x)", definition="log1p(exp(x))",
        instead_of="log(exp(x) + 1)",
        exact="max(x, 0) + log1p(exp(-abs(x)))",
        says="a smooth relu: passes the part sigmoid(x) of the gradient",
    ),
    Gate(
        "softsign", "x", "(1 / (1 + abs(x)))^2", definition="x / (1 + abs(x))", textbook="1 / (1 + abs(x))^2",
        exact="where(abs(x) == inf, sign(x), x / (1 + abs(x)))",
        parity="odd", says="squashes to (-1, 1), slowly",
    ),
    Gate(
        "silu", "x", "sigmoid(x) + out * sigmoid(-x)", aliases="swish", definition="x * sigmoid(x)",
        exact="where(x == -inf, 0, x * sigmoid(x))",
        says="a smooth relu with a dip; its slope is 0 near -1.28",
    ),
    Gate(
        "gelu", "x", "0.5 * erfc(-x / sqrt(2)) + x * exp(-x^2 / 2) / sqrt(2 * pi)",
        definition="0.5 * x * erfc(-x / sqrt(2))",
        exact="where(x == -inf, 0, 0.5 * x * erfc(-x / sqrt(2)))",
        says="x times the normal distribution at x (Hendrycks and Gimpel, arXiv:1606.08415); its slope is 0 near -0.75",
    ),
    Gate(
        "mish", "x", "tanh(softplus(x)) + x * sigmoid(x) * sech(softplus(x))^2", definition="x * tanh(softplus(x))",
        exact="where(x == -inf, 0, x * tanh(softplus(x)))",
        says="a smooth relu with a dip (Misra, arXiv:1908.08681); its slope is 0 near -1.19",
    ),
    Gate(
        "hardtanh", "x", "(x > -1) * (x < 1)", ties_split="((x > -1) + (x >= -1)) / 2 * ((x < 1) + (x <= 1)) / 2",
        ties_first="(x >= -1) * (x <= 1)", routes=True, kink="abs(x) == 1", definition="clip(x, -1, 1)",
        aliases="hard_tanh",
        frameworks="0 1 - -", parity="odd", says="passes the gradient between -1 and 1; dead elsewhere",
    ),
    Gate(
        "hardsigmoid", "x", "(x > -3) * (x < 3) / 6",
        ties_split="((x > -3) + (x >= -3)) / 2 * ((x < 3) + (x <= 3)) / 12", ties_first="(x >= -3) * (x <= 3) / 6",
        routes=True, kink="abs(x) == 3", definition="clip(x / 6 + 0.5, 0, 1)", aliases="hard_sigmoid",
        frameworks="0 0 - 0", says="passes a sixth of the gradient between -3 and 3; dead elsewhere",
    ),
    Gate(
        "logit", "x", "1 / x + 1 / (1 - x)", domain="(x > 0) * (x < 1)", needs="0 < x < 1",
        definition="log(x / (1 - x))",
        exact="where((x >= 0.25) * (x <= 0.75), 2 * atanh(2 * x - 1), log(x) - log1p(-x))",
        says="undoes sigmoid: scales by at least 4, and explodes near 0 and 1",
    ),
]  # fmt: skip

SPECIAL = [
    Gate(
        "erf", "x", "2 / sqrt(pi) * exp(-x^2)", approximated=True,
        parity="odd", says="squashes to (-1, 1): scales by a bell curve",
    ),
    Gate(
        "erfc", "x", "-2 / sqrt(pi) * exp(-x^2)", definition="1 - erf(x)", approximated=True,
        says="1 - erf(x), with all its digits: scales by the same bell curve, turned",
    ),
    Gate(
        "erfinv", "x", "sqrt(pi) / 2 * exp(out^2)", domain="abs(x) < 1", approximated=True,
        parity="odd", says="undoes erf: scales by more and more towards ±1",
    ),
    Gate(
        "gamma", "x", "out * digamma(x)", domain="(x > 0) + (x != floor(x))", needs="x other than 0, -1, -2, …",
        aliases="Γ tgamma", approximated=True,
        says="(x-1)! for whole x: scales by the output times digamma(x)",
    ),
    Gate(
        "lgamma", "x", "digamma(x)", domain="(x > 0) + (x != floor(x))", needs="x other than 0, -1, -2, …",
        aliases="gammaln loggamma", approximated=True,
        says="log of |gamma(x)|: scales by digamma(x)",
    ),
    Gate(
        "digamma", "x", "polygamma(1, x)", domain="(x > 0) + (x != floor(x))", needs="x other than 0, -1, -2, …",
        aliases="psi ψ", approximated=True,
        says="the slope of lgamma: scales by polygamma(1, x), explodes near its poles",
    ),
    Gate(
        "polygamma", "n x", (None, "polygamma(n + 1, x)"),
        domain="(n >= 0) * (n == floor(n)) * ((x > 0) + (x != floor(x)))",
        needs="a whole order n >= 0, and x other than 0, -1, -2, …", approximated=True,
        says="the n-th derivative of digamma: scales by the next one",
    ),
]  # fmt: skip

FAMILIES = {
    "arithmetic": ARITHMETIC,
    "exponentials and roots": EXPONENTIALS,
    "trigonometry": TRIGONOMETRY,
    "hyperbolic": HYPERBOLIC,
    "piecewise": PIECEWISE,
    "comparisons": COMPARISONS,
    "activations": ACTIVATIONS,
    "special functions": SPECIAL,
}
