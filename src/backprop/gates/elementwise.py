"""The gates that act element by element.

To add a gate, add a row (with an `exact` spelling, or a function of its name in backprop.numbers.floats, where its
definition has not digits enough; and an oracle to tests/oracle.py). Rules are spelt for their digits: `out *
sigmoid(-x)` keeps them all where `(1 - out) * out` has none left at 40, and `sech(x)^2` where `1 - out^2` has none at
20. Where a rule must be guarded, its argument is (`log(where(x == 0, 1, x))`), not its result, or the second derivative
is NaN. A definition may overflow sooner than its gate, and at a kink it follows the kinks of the gates that it is made
of.
"""

from __future__ import annotations

from backprop.gates.row import Gate, Rule, Traits, Words

ARITHMETIC = [
    Gate(
        "add", "x y",
        Rule("1", "1"),
        Words("distributes: hands its gradient to both inputs, unchanged"),
        Traits(commutes=True, sign="kept"),
    ),
    Gate(
        "subtract", "x y",
        Rule("1", "-1"),
        Words("distributes: the second input gets the gradient with its sign turned", aliases="sub"),
    ),
    Gate(
        "multiply", "x y",
        Rule("y", "x"),
        Words("swaps and scales: each input gets the gradient times the other", aliases="mul"),
        Traits(commutes=True, sign="kept"),
    ),
    Gate(
        "divide", "x y",
        Rule("1 / y", "-out / y"),
        Words(
            "scales x by 1/y, and y by minus the output over y: explodes where y is near 0", aliases="div",
            textbook=("1 / y", "-x / y^2"),
        ),
        Traits(domain="y != 0", sign="kept"),
    ),
    Gate(
        "negate", "x",
        Rule("-1"),
        Words("turns the sign of the gradient", aliases="neg negative"),
        Traits(parity="odd"),
    ),
    Gate(
        "power", "x y",
        Rule(
            # 0^y falls from 1 at 0 to 0 beside it, and so without end.
            "y * where(y == 0, where(x == 0, 1, x), x)^(y - 1)", "out * log(where(x == 0, where(y > 0, 1, x), x))",
            # Slopes are agreed at x = 0 for y = 0 and 1; beside it they leave these as steeply as a root leaves 0.
            again=(
                "where((x == 0) * (y == 0), sqrt(y), where((x == 0) * (y == 1), 1 - sqrt(y - 1), y * x^(y - 1)))",
                "where((x == 0) * (y == 0), log(x + y), where((x == 0) * (y == 1), -sqrt(x), "
                "out * log(where(x == 0, where(y > 0, 1, x), x))))",
            ),
        ),
        Words(
            "scales the base by y x^(y-1), and the exponent by the output times log x", aliases="pow",
            needs="a base above 0, or a whole exponent (not a negative one at 0)",
            textbook=("y * x^(y - 1)", "out * log(x)"),
        ),
        Traits(domain="where(x < 0, y == round(y), where(x == 0, y >= 0, 1))"),
    ),
    Gate(
        "square", "x",
        Rule("2 * x", definition="x * x"),
        Words("scales by twice the input: dead at 0"),
        Traits(parity="even", sign="never negative"),
    ),
    Gate(
        "reciprocal", "x",
        Rule("-out * out", definition="1 / x"),
        Words("scales by -1/x²: explodes near 0"),
        Traits(domain="x != 0", parity="odd"),
    ),
    Gate("identity", "x", Rule("1"), Words("passes the gradient on unchanged"), Traits(parity="odd")),
]  # fmt: skip

EXPONENTIALS = [
    Gate("exp", "x", Rule("out"), Words("scales by its own output"), Traits(sign="never negative")),
    Gate(
        "exp2", "x",
        Rule("log(2) * out", definition="exp(x * log(2))"),
        Words("scales by its own output, times log 2"),
        Traits(sign="never negative"),
    ),
    Gate(
        "expm1", "x",
        Rule(
            "exp(x)", definition="exp(x) - 1",
            exact="u = exp(x); where(u == 1, x, where(u - 1 == -1, -1, where(u == inf, u, (u - 1) * (x / "
            "log(u)))))",
        ),
        Words("scales by exp(x); keeps its digits near 0, where exp(x) - 1 loses them"),
    ),
    Gate(
        "log", "x",
        Rule("1 / x"),
        Words("scales by 1/x: explodes near 0", aliases="ln", with_base="log({0})/log({1})"),
        Traits(domain="x > 0"),
    ),
    Gate(
        "log2", "x",
        Rule("1 / log(2) / x", definition="log(x) / log(2)"),
        Words("scales by 1/(x log 2)"),
        Traits(domain="x > 0"),
    ),
    Gate(
        "log10", "x",
        Rule("1 / log(10) / x", definition="log(x) / log(10)"),
        Words("scales by 1/(x log 10)"),
        Traits(domain="x > 0"),
    ),
    Gate(
        "log1p", "x",
        Rule(
            "1 / (1 + x)", definition="log(1 + x)",
            exact="u = 1 + x; where(u == 1, x, where(u == inf, u, log(u) * (x / (u - 1))))",
        ),
        Words("scales by 1/(1+x); keeps its digits near 0"),
        Traits(domain="x > -1"),
    ),
    Gate(
        "sqrt", "x",
        Rule("0.5 / out"),
        Words("scales by 1/(2 sqrt(x)): infinite at 0", textbook="1 / (2 * out)"),
        Traits(domain="x >= 0"),
    ),
    Gate(
        "rsqrt", "x",
        Rule("-0.5 * out / x", definition="1 / sqrt(x)"),
        Words("scales by -1/(2 x sqrt(x)): explodes near 0"),
        Traits(domain="x > 0"),
    ),
    Gate(
        "cbrt", "x",
        Rule("(1 / out)^2 / 3", exact="sign(x) * abs(x)^(1 / 3)"),
        Words("scales by 1/(3 out²): infinite at 0"),
        Traits(parity="odd"),
    ),
    Gate(
        "hypot", "x y",
        Rule(
            # Towards infinity on one side the direction is that side's; on both there is none.
            "where((abs(x) == inf) * (abs(y) < inf), sign(x), x / where(out == 0, 1, out))",
            "where((abs(y) == inf) * (abs(x) < inf), sign(y), y / where(out == 0, 1, out))",
            kink="out == 0", cusp="out == 0",
            squared=("2 * x", "2 * y"), definition="sqrt(x^2 + y^2)",
            exact="big = max(abs(x), abs(y)); where((big == 0) + (big == inf), big, big * sqrt((x / big)^2 + (y "
            "/ big)^2))",
        ),
        Words(
            "shares the gradient along the direction (x, y): never more than it got", frameworks="nan,nan 0.5,0.5 - -",
            textbook=("x / out", "y / out"),
        ),
        Traits(commutes=True, sign="never negative"),
    ),
    Gate(
        "logaddexp", "x y",
        Rule(
            "sigmoid(x - y)", "sigmoid(y - x)", definition="y + softplus(x - y)",
            exact="max(x, y) + where(x == y, log(2), log1p(exp(-abs(x - y))))",
        ),
        Words(
            "a smooth max: shares the gradient between its inputs, in parts that add up to 1",
            instead_of="log(exp(x) + exp(y))",
        ),
        Traits(commutes=True),
    ),
    Gate(
        "xlogy", "x y",
        Rule(
            "log(y)", "where((x == 0) * (y == 0), 0, x / y)",
            again=("log(y)", "where((x == 0) * (y == 0), sqrt(x), x / y)"),  # which leaves 0 as steeply as log(y) does
            exact="where((x == 0) * (y == y), 0, x * log(y))",
        ),
        Words(
            "x log(y), and 0 where x is 0: scales x by log(y), and y by x/y", needs="y > 0", instead_of="x * log(y)",
            textbook=("log(y)", "x / y"),
        ),
        Traits(domain="(y > 0) + (x == 0)"),
    ),
]  # fmt: skip

# Near 0, cos(pi x) - sinc(x) cancels: there its Taylor series stands, with terms enough for |x| < 0.1.
SLOPE_OF_SINC = (
    "where(abs(x) < 0.1, -pi^2 * x / 3 * (1 - (pi * x)^2 / 10 * (1 - (pi * x)^2 / 28 * (1 - (pi * x)^2 / 54 * "
    "(1 - (pi * x)^2 / 88 * (1 - (pi * x)^2 / 130))))), (cospi({}) - out) / {})"
)
TRIGONOMETRY = [
    Gate("sin", "x", Rule("cos(x)"), Words("scales by cos(x): at most as much as it got"), Traits(parity="odd")),
    Gate("cos", "x", Rule("-sin(x)"), Words("scales by -sin(x): at most as much as it got"), Traits(parity="even")),
    Gate("tan", "x", Rule("1 + out^2"), Words("scales by 1 + out²: at least as much as it got"), Traits(parity="odd")),
    Gate(
        "asin", "x",
        Rule("1 / sqrt((1 - x) * (1 + x))"),
        Words("scales by 1/sqrt(1-x²): infinite at ±1", aliases="arcsin", textbook="1 / sqrt(1 - x^2)"),
        Traits(domain="abs(x) <= 1", parity="odd"),
    ),
    Gate(
        "acos", "x",
        Rule("-1 / sqrt((1 - x) * (1 + x))"),
        Words("scales by -1/sqrt(1-x²): infinite at ±1", aliases="arccos", textbook="-1 / sqrt(1 - x^2)"),
        Traits(domain="abs(x) <= 1"),
    ),
    Gate(
        "atan", "x",
        Rule("(1 / hypot(1, x))^2"),
        Words("scales by 1/(1+x²): fades for large inputs", aliases="arctan", textbook="1 / (1 + x^2)"),
        Traits(parity="odd"),
    ),
    Gate(
        "atan2", "y x",
        Rule(
            "where(hypot(x, y) == inf, 0, x / hypot(x, y) / hypot(x, y))",
            "where(hypot(x, y) == inf, 0, -y / hypot(x, y) / hypot(x, y))",
        ),
        Words(
            "the angle of the point (x, y): moves by 1 over its distance, at right angles", aliases="arctan2",
            needs="a point other than (0, 0)", textbook=("x / (x^2 + y^2)", "-y / (x^2 + y^2)"),
        ),
        Traits(domain="hypot(x, y) != 0"),
    ),
    Gate(
        "sinpi", "x",
        Rule(
            "pi * cospi(x)", definition="sin(pi * x)",
            # x modulo 2, and from there to the next quarter turn: both without rounding. The sign of a zero comes
            # from a sum, and not from a branch, in which a program that is differentiated again would lose the slope.
            exact="rest = x - 2 * round(x / 2); quarter = round(2 * rest); angle = pi * (rest - quarter / 2); "
            "where(abs(quarter) == 1, quarter * cos(angle), 0 * x - (abs(quarter) * sin(angle) - sin(angle)))",
        ),
        Words("sin(pi x), exact at whole and half numbers: scales by pi cos(pi x)"),
        Traits(parity="odd"),
    ),
    Gate(
        "cospi", "x",
        Rule(
            "-pi * sinpi(x)", definition="cos(pi * x)",
            exact="rest = x - 2 * round(x / 2); quarter = round(2 * rest); angle = pi * (rest - quarter / 2); "
            "where(abs(quarter) == 1, 0 - quarter * sin(angle), (1 - abs(quarter)) * cos(angle))",
        ),
        Words("cos(pi x), exact at whole and half numbers: scales by -pi sin(pi x)"),
        Traits(parity="even"),
    ),
    Gate(
        "sinc", "x",
        Rule(
            SLOPE_OF_SINC.format("where(abs(x) == inf, 0, x)", "where(x == 0, 1, x)"),
            definition="where(x == 0, 1, sin(pi * x) / (pi * where(x == 0, 1, x)))",
            exact="where(x == 0, 1, where(abs(x) == inf, 0, sinpi(x) / (pi * where(x == 0, 1, x))))",
        ),
        Words(
            "sin(pi x)/(pi x), as NumPy has it: dead at 0, and a fading ripple beside it",
            textbook=SLOPE_OF_SINC.format("x", "x"),
        ),
        Traits(parity="even"),
    ),
]  # fmt: skip

HYPERBOLIC = [
    Gate(
        "sinh", "x",
        Rule("cosh(x)", definition="(exp(x) - exp(-x)) / 2"),
        Words("scales by cosh(x): at least what it got"),
        Traits(parity="odd"),
    ),
    Gate(
        "cosh", "x",
        Rule("sinh(x)", definition="(exp(x) + exp(-x)) / 2"),
        Words("scales by sinh(x): dead at 0"),
        Traits(parity="even"),
    ),
    Gate(
        "tanh", "x",
        Rule("sech(x)^2", definition="2 * sigmoid(2 * x) - 1"),
        Words(
            "scales by 1 - out²: full at 0, and almost none where it is saturated", textbook="1 - out^2",
            instead_of=("(exp(x) - exp(-x)) / (exp(x) + exp(-x))", "(exp(2 * x) - 1) / (exp(2 * x) + 1)"),
        ),
        Traits(parity="odd", saturates=True),
    ),
    Gate(
        "sech", "x",
        Rule("-out * tanh(x)", definition="1 / cosh(x)", exact="small = exp(-abs(x)); 2 * small / (1 + small * small)"),
        Words("1/cosh(x), a bell whose square is what tanh scales by: dead at 0"),
        Traits(parity="even"),
    ),
    Gate(
        "asinh", "x",
        Rule("1 / hypot(1, x)", definition="log(x + sqrt(x^2 + 1))"),
        Words("scales by 1/sqrt(1+x²): fades for large inputs", aliases="arcsinh", textbook="1 / sqrt(1 + x^2)"),
        Traits(parity="odd"),
    ),
    Gate(
        "acosh", "x",
        Rule("rsqrt(x - 1) * rsqrt(x + 1)", definition="log(x + sqrt(x^2 - 1))"),
        Words("scales by 1/sqrt(x²-1): infinite at 1", aliases="arccosh", textbook="1 / sqrt(x^2 - 1)"),
        Traits(domain="x >= 1"),
    ),
    Gate(
        "atanh", "x",
        Rule("1 / ((1 - x) * (1 + x))", definition="(log1p(x) - log1p(-x)) / 2"),
        Words("scales by 1/(1-x²): explodes near ±1", aliases="arctanh", textbook="1 / (1 - x^2)"),
        Traits(domain="abs(x) < 1", parity="odd"),
    ),
]  # fmt: skip

PIECEWISE = [
    Gate(
        "abs", "x",
        Rule("sign(x)", ties_first="where(x >= 0, 1, -1)", kink="x == 0", cusp="x == 0", squared="2 * x"),
        Words(
            "passes the gradient, with its sign turned where the input is negative; nothing at 0",
            aliases="fabs absolute", frameworks="0 1 0 0",
        ),
        Traits(parity="even", sign="never negative", rectifies=True),
    ),
    Gate(
        "sign", "x",
        Rule("0", kink="x == 0", exact="where(x > 0, 1, where(x < 0, -1, 0 * x))"),
        Words("-1, 0 or 1; flat: no gradient passes", aliases="sgn signum", frameworks="0 0 0 0"),
    ),
    Gate(
        "step", "x",
        Rule("0", kink="x == 0", exact="where(x == x, x >= 0, x)"),
        Words("1 from 0 on, else 0; flat: no gradient passes", aliases="heaviside"),
    ),
    Gate("floor", "x", Rule("0", kink="x == out"), Words("to the next whole below; flat: no gradient passes")),
    Gate(
        "ceil", "x",
        Rule("0", kink="x == out", exact="-floor(-x)"),
        Words("to the next whole above; flat: no gradient passes"),
    ),
    Gate(
        "round", "x",
        Rule(
            "0", kink="abs(x - out) == 0.5",
            exact="size = abs(x) + 4503599627370496; where(size < 9007199254740992, sign(x) * (size - "
            "4503599627370496), x)",
        ),
        Words("to the nearest whole, halves to the even one; flat: no gradient passes", aliases="rint"),
        Traits(parity="odd"),
    ),
    Gate(
        "trunc", "x",
        Rule("0", kink="(x == out) * (x != 0)", exact="where(x < 0, -floor(-x), floor(x))"),
        Words("to the next whole towards 0; flat: no gradient passes", aliases="fix"),
        Traits(parity="odd"),
    ),
    Gate(
        "mod", "x y",
        Rule(
            "1", "round((out - x) / y)", kink="out == 0", piece="round((out - x) / y)",
            definition="x - y * floor(x / y)",
            # The quotient times y is taken exactly, as a sum of two numbers (Veltkamp's and Dekker's), so that nothing
            # of the rest is lost; a quotient that was rounded to the next whole is set right.
            exact="n = floor(x / y); a = 134217729 * n; b = 134217729 * y; nh = a - (a - n); yh = b - (b - y); "
            "p = n * y; e = nh * yh - p + nh * (y - yh) + (n - nh) * yh + (n - nh) * (y - yh); r = x - p - e; "
            "q = where((r == 0) + ((r < 0) == (y < 0)), r, r + y); s = where(abs(q) < abs(y), q, q - y); "
            "where((abs(y) == inf) * (abs(x) < inf), where((x == 0) + ((x < 0) == (y < 0)), x, y), s)",
        ),
        Words("passes the gradient to x unchanged; the result has the sign of y", aliases="remainder"),
        Traits(domain="y != 0"),
    ),
    Gate(
        "max", "x...",
        Rule(
            "x == out", ties_split="( x == out ) / ties", ties_first="( x == out ) * ( earlier == 0 )", routes=True,
            kink="ties",
        ),
        Words(
            "routes the gradient to the largest input; the others get nothing", aliases="maximum",
            frameworks="0.5,0.5 0.5,0.5 0.5,0.5 1,0",
        ),
        Traits(commutes=True, idempotent=True, reduces="max_of", sign="kept"),
    ),
    Gate(
        "min", "x...",
        Rule(
            "x == out", ties_split="( x == out ) / ties", ties_first="( x == out ) * ( earlier == 0 )", routes=True,
            kink="ties",
        ),
        Words(
            "routes the gradient to the smallest input; the others get nothing", aliases="minimum",
            frameworks="0.5,0.5 0.5,0.5 0.5,0.5 1,0",
        ),
        Traits(commutes=True, idempotent=True, reduces="min_of", sign="kept"),
    ),
    Gate(
        "clip", "x lo hi",
        Rule(
            # On a bound the bound gets the gradient, somebody must: clip(x, 0, x) is x, and so is clip(x, x, hi).
            "(x > lo) * (x < hi)", "(x <= lo) * (lo < hi)", "max(x, lo) >= hi",
            ties_split=(
                "((x > lo) + (x >= lo)) / 2 * ((x < hi) + (x <= hi)) / 2",
                "((x < lo) + (x <= lo)) / 2 * ((lo < hi) + (lo <= hi)) / 2",
                "((max(x, lo) > hi) + (max(x, lo) >= hi)) / 2",
            ),
            ties_first=("(x >= lo) * (x <= hi)", "(x < lo) * (lo <= hi)", "max(x, lo) > hi"), routes=True,
            kink="(x == lo) * (lo <= hi) + (max(x, lo) == hi)", definition="min(max(x, lo), hi)",
        ),
        Words(
            "routes the gradient to x between the bounds, else to the bound that holds", aliases="clamp",
            frameworks="1 0.5 0 1",
        ),
    ),
    Gate(
        "where", "condition x y",
        Rule("0", "condition != 0", "condition == 0", routes=True, piece="condition != 0"),
        Words("routes the gradient to the branch that is taken; the other one gets exactly nothing"),
    ),
]  # fmt: skip

COMPARISONS = [
    Gate(
        name, "x y",
        Rule("0", "0", kink="x == y"),
        Words(f"1 where x {symbol} y, else 0; flat: no gradient passes"),
        Traits(commutes=name in ("equal", "not_equal")),
    )
    for name, symbol in {
        "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
    }.items()
]  # fmt: skip

BELOW = "where(x > 0, 0, x)"  # whose exponential does not overflow in the branch that is not taken

ACTIVATIONS = [
    Gate(
        "sigmoid", "x",
        Rule(
            "out * sigmoid(-x)", definition="1 / (1 + exp(-x))",
            exact="small = exp(-abs(x)); where(x >= 0, 1, small) / (1 + small)",
            paired=(
                ("small = exp(-abs(x)); where(x >= 0, 1, small) * (1 / (1 + small))",
                 "small = exp(-abs(x)); where(x >= 0, small, 1) * (1 / (1 + small))"),
                ("where(exp(-x) == inf, exp(x), 1 / (1 + exp(-x)))",  # exp(-x) overflows below -709 alone
                 "where(exp(-x) == inf, 1, exp(-x) * sigmoid(x))"),
            ),
        ),
        Words(
            "squashes to (0, 1): passes a quarter at most, and almost nothing where it is saturated",
            aliases="σ expit logistic", textbook="out * (1 - out)", instead_of="exp(x) / (1 + exp(x))",
        ),
        Traits(saturates=True, sign="never negative"),
    ),
    Gate(
        "logsigmoid", "x",
        Rule("sigmoid(-x)", definition="-softplus(-x)", exact="-(max(-x, 0) + log1p(exp(-abs(x))))"),
        Words(
            "log(sigmoid(x)): passes all where x is very negative, almost nothing where it is large",
            aliases="log_sigmoid log_expit",
        ),
    ),
    Gate(
        "relu", "x",
        Rule(
            "x > 0", ties_split="((x > 0) + (x >= 0)) / 2", ties_first="x >= 0", routes=True, kink="x == 0",
            definition="max(x, 0)",
        ),
        Words("passes the gradient where the input is positive; dead elsewhere", frameworks="0 0 - 0"),
        Traits(sign="never negative", rectifies=True),
    ),
    Gate(
        "leaky_relu", "x slope=0.01",
        Rule(
            "where(x > 0, 1, slope)", "where(x > 0, 0, x)",
            ties_split=("where(x > 0, 1, where(x < 0, slope, (1 + slope) / 2))", "where(x > 0, 0, x)"),
            ties_first=("where(x >= 0, 1, slope)", "where(x >= 0, 0, x)"), kink="(x == 0) * (slope != 1)",
            cusp="x == 0", definition="relu(x) + slope * min(0, x)", exact="where(x > 0, x, slope * x)",
        ),
        Words(
            "passes the gradient where the input is positive, a small part of it elsewhere", frameworks="0.01 1 - 0.01",
        ),
        Traits(rectifies=True),
    ),
    Gate(
        "elu", "x alpha=1",
        Rule(
            f"where(x > 0, 1, alpha * exp({BELOW}))", f"expm1({BELOW})",
            ties_split=(f"where(x > 0, 1, where(x < 0, alpha * exp({BELOW}), (1 + alpha) / 2))", f"expm1({BELOW})"),
            ties_first=(f"where(x >= 0, 1, alpha * exp({BELOW}))", "expm1(where(x >= 0, 0, x))"),
            kink="(x == 0) * (alpha != 1)", cusp="x == 0", definition="relu(x) + alpha * expm1(min(0, x))",
            exact=f"where(x > 0, x, alpha * expm1({BELOW}))",
        ),
        Words("passes the gradient where the input is positive, and less and less of it below 0"),
        Traits(rectifies=True),
    ),
    Gate(
        "selu", "x",
        Rule(
            f"where(x > 0, 1.0507009873554805, 1.7580993408473766 * exp({BELOW}))",
            ties_split=f"where(x > 0, 1.0507009873554805, where(x < 0, 1.7580993408473766 * exp({BELOW}), "
            "1.4044001641014285))",
            ties_first=f"where(x >= 0, 1.0507009873554805, 1.7580993408473766 * exp({BELOW}))", kink="x == 0",
            definition="1.0507009873554805 * (relu(x) + 1.6732632423543772 * expm1(min(0, x)))",
            exact=f"where(x > 0, 1.0507009873554805 * x, 1.7580993408473766 * expm1({BELOW}))",
        ),
        Words(
            "an elu that keeps mean and variance (Klambauer et al. 2017, arXiv:1706.02515)",
            frameworks="1.7581 1.7581 - 1.0507",
        ),
    ),
    Gate(
        "softplus", "x",
        Rule("sigmoid(x)", definition="log1p(exp(x))", exact="max(x, 0) + log1p(exp(-abs(x)))"),
        Words("a smooth relu: passes the part sigmoid(x) of the gradient", instead_of="log(exp(x) + 1)"),
        Traits(sign="never negative"),
    ),
    Gate(
        "softsign", "x",
        Rule(
            "(1 / (1 + abs(x)))^2", cusp="x == 0", definition="x / (1 + abs(x))",
            exact="where(abs(x) == inf, sign(x), x / (1 + abs(x)))",
        ),
        Words("squashes to (-1, 1), slowly", textbook="1 / (1 + abs(x))^2"),
        Traits(parity="odd"),
    ),
    Gate(
        "silu", "x",
        Rule(
            "sigmoid(x) + where(out == inf, 0, out) * sigmoid(-x)", definition="x * sigmoid(x)",
            exact="where(x == -inf, -0.0, x * sigmoid(x))",
        ),
        Words(
            "a smooth relu with a dip; its slope is 0 near -1.28", aliases="swish",
            textbook="sigmoid(x) + out * sigmoid(-x)",
        ),
    ),
    Gate(
        "gelu", "x",
        Rule(
            "0.5 * erfc(-x / sqrt(2)) + where(abs(x) == inf, 0, x * exp(-x^2 / 2) / sqrt(2 * pi))",
            definition="0.5 * x * erfc(-x / sqrt(2))",
            exact="where(x == -inf, -0.0, 0.5 * x * erfc(-x / sqrt(2)))",
        ),
        Words(
            "x times the normal distribution at x (Hendrycks and Gimpel, arXiv:1606.08415); its slope is 0 near -0.75",
            textbook="0.5 * erfc(-x / sqrt(2)) + x * exp(-x^2 / 2) / sqrt(2 * pi)",
        ),
    ),
    Gate(
        "mish", "x",
        Rule(
            "tanh(softplus(x)) + where(abs(x) == inf, 0, x) * sigmoid(x) * sech(softplus(x))^2",
            definition="x * tanh(softplus(x))",
            exact="where(x == -inf, -0.0, x * tanh(softplus(x)))",
        ),
        Words(
            "a smooth relu with a dip (Misra, arXiv:1908.08681); its slope is 0 near -1.19",
            textbook="tanh(softplus(x)) + x * sigmoid(x) * sech(softplus(x))^2",
        ),
    ),
    Gate(
        "hardtanh", "x",
        Rule(
            "(x > -1) * (x < 1)", ties_split="((x > -1) + (x >= -1)) / 2 * ((x < 1) + (x <= 1)) / 2",
            ties_first="(x >= -1) * (x <= 1)", routes=True, kink="abs(x) == 1", definition="clip(x, -1, 1)",
        ),
        Words("passes the gradient between -1 and 1; dead elsewhere", aliases="hard_tanh", frameworks="0 1 - -"),
        Traits(parity="odd"),
    ),
    Gate(
        "hardsigmoid", "x",
        Rule(
            "(x > -3) * (x < 3) / 6", ties_split="((x > -3) + (x >= -3)) / 2 * ((x < 3) + (x <= 3)) / 12",
            ties_first="(x >= -3) * (x <= 3) / 6", routes=True, kink="abs(x) == 3",
            definition="clip(x / 6 + 0.5, 0, 1)",
        ),
        Words(
            "passes a sixth of the gradient between -3 and 3; dead elsewhere", aliases="hard_sigmoid",
            frameworks="0 0 - 0",
        ),
    ),
    Gate(
        "logit", "x",
        Rule(
            "1 / x + 1 / (1 - x)", definition="log(x / (1 - x))",
            exact="where((x >= 0.25) * (x <= 0.75), 2 * atanh(2 * x - 1), log(x) - log1p(-x))",
        ),
        Words("undoes sigmoid: scales by at least 4, and explodes near 0 and 1", needs="0 < x < 1"),
        Traits(domain="(x > 0) * (x < 1)"),
    ),
]  # fmt: skip

BELL = "where(abs(x) == inf, 0, 2 / sqrt(pi) * exp(-x^2))"
SPECIAL = [
    Gate(
        "erf", "x",
        Rule(BELL, approximated=True),
        Words("squashes to (-1, 1): scales by a bell curve", textbook="2 / sqrt(pi) * exp(-x^2)"),
        Traits(parity="odd"),
    ),
    Gate(
        "erfc", "x",
        Rule(f"-{BELL}", definition="1 - erf(x)", approximated=True),
        Words(
            "1 - erf(x), with all its digits: scales by the same bell curve, turned",
            textbook="-2 / sqrt(pi) * exp(-x^2)",
        ),
    ),
    Gate(
        "erfinv", "x",
        Rule("sqrt(pi) / 2 * exp(out^2)", approximated=True),
        Words("undoes erf: scales by more and more towards ±1"),
        Traits(domain="abs(x) < 1", parity="odd"),
    ),
    Gate(
        "gamma", "x",
        Rule("out * digamma(x)", approximated=True),
        Words(
            "(x-1)! for whole x: scales by the output times digamma(x)", aliases="Γ tgamma",
            needs="x other than 0, -1, -2, …",
        ),
        Traits(domain="(x > 0) + (x != floor(x))"),
    ),
    Gate(
        "lgamma", "x",
        Rule("digamma(x)", approximated=True),
        Words("log of |gamma(x)|: scales by digamma(x)", aliases="gammaln loggamma", needs="x other than 0, -1, -2, …"),
        Traits(domain="(x > 0) + (x != floor(x))"),
    ),
    Gate(
        "digamma", "x",
        Rule("polygamma(1, x)", approximated=True),
        Words(
            "the slope of lgamma: scales by polygamma(1, x), explodes near its poles", aliases="psi ψ",
            needs="x other than 0, -1, -2, …",
        ),
        Traits(domain="(x > 0) + (x != floor(x))"),
    ),
    Gate(
        "polygamma", "n x",
        Rule(None, "polygamma(n + 1, x)", approximated=True),
        Words(
            "the n-th derivative of digamma: scales by the next one",
            needs="a whole order n >= 0, and x other than 0, -1, -2, …",
        ),
        Traits(domain="(n >= 0) * (n == floor(n)) * ((x > 0) + (x != floor(x)))"),
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
