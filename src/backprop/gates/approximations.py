"""Special functions from elementary gates, for languages that have no word for them.

Each is a text in the program's own language: without loops, nan and inf where the gate has them, and so guarded that
a branch that is not taken stays within the range of numbers, too. Sources: W. J. Cody, Rational Chebyshev
approximations for the error function (Math. Comp. 23, 1969); C. Lanczos's approximation of gamma with P. Godfrey's
coefficients (2001); M. J. Wichura, Algorithm AS 241 (Appl. Stat. 37, 1988); asymptotic series, recurrences and
reflections from DLMF 5.5, 5.7, 5.11 and 5.15.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import factorial


def polynomial(x: str, coefficients: Sequence[float]) -> str:
    """Horner's scheme, from the constant up."""
    text = repr(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        text = f"{coefficient!r} + {x} * ({text})"
    return f"({text})"


# ── the error function and its inverse ──

BODY = (
    (3.20937758913846947e3, 3.77485237685302021e2, 1.13864154151050156e2, 3.1611237438705656, 1.85777706184603153e-1),
    (2.84423683343917062e3, 1.28261652607737228e3, 2.44024637934444173e2, 2.36012909523441209e1, 1.0),
)
MIDDLE = (
    (
        1.23033935479799725e3, 2.05107837782607147e3, 1.71204761263407058e3, 8.81952221241769090e2,
        2.98635138197400131e2, 6.61191906371416295e1, 8.88314979438837594, 5.64188496988670089e-1,
        2.15311535474403846e-8,
    ),
    (
        1.23033935480374942e3, 3.43936767414372164e3, 4.36261909014324716e3, 3.29079923573345963e3,
        1.62138957456669019e3, 5.37181101862009858e2, 1.17693950891312499e2, 1.57449261107098347e1, 1.0,
    ),
)  # fmt: skip
TAIL = (
    (
        6.58749161529837803e-4, 1.60837851487422766e-2, 1.25781726111229246e-1, 3.60344899949804439e-1,
        3.05326634961232344e-1, 1.63153871373020978e-2,
    ),
    (
        2.33520497626869185e-3, 6.05183413124413191e-2, 5.27905102951428412e-1, 1.87295284992346725,
        2.56852019228982242, 1.0,
    ),
)  # fmt: skip


def ratio(x: str, polynomials: tuple[Sequence[float], Sequence[float]]) -> str:
    """One polynomial over another."""
    above, below = polynomials
    return f"{polynomial(x, above)} / {polynomial(x, below)}"


# exp(-y^2) is taken in two factors, of a y cut off behind its fourth binary digit and of the rest: so no digit is lost.
ERROR_FUNCTION = f"""\
near = where(abs(x) <= 0.46875, x, 0)
body = near * {ratio("(near * near)", BODY)}
y = max(min(abs(x), 27), 0.46875)
z = 1 / (y * y)
shape = where(y <= 4, {ratio("y", MIDDLE)}, (0.5641895835477563 - z * {ratio("z", TAIL)}) / y)
cut = floor(y * 16) / 16
tail = where(abs(x) > 27, 0, exp(-cut * cut) * exp(-(y - cut) * (y + cut)) * shape)
"""
ERF = f"{ERROR_FUNCTION}where(abs(x) <= 0.46875, body, sign(x) * (1 - tail))"
ERFC = f"{ERROR_FUNCTION}where(abs(x) <= 0.46875, 1 - body, where(x < 0, 2 - tail, tail))"

CENTRE = (
    (
        3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
        4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
    ),
    (
        1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
        3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
    ),
)  # fmt: skip
FLANK = (
    (
        1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
        1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
    ),
    (
        1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
        1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ),
)  # fmt: skip
END = (
    (
        6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ),
    (
        1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
        1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ),
)  # fmt: skip

# The quantile of the normal distribution at (1 + x) / 2, over sqrt(2).
ERFINV = f"""\
inner = where(abs(x) <= 0.85, x / 2, 0)
r = 0.180625 - inner * inner
s = sqrt(-log(where(abs(x) < 1, (1 - abs(x)) / 2, 0.5)))
far = where(s <= 5, {ratio("(s - 1.6)", FLANK)}, {ratio("(s - 5)", END)})
quantile = where(abs(x) <= 0.85, inner * {ratio("r", CENTRE)}, sign(x) * far)
where(abs(x) < 1, quantile * 0.7071067811865476, where(abs(x) == 1, x * inf, nan))
"""

# ── gamma and its logarithm ──

LANCZOS = (
    57.156235665862923517, -59.597960355475491248, 14.136097974741747174, -0.49191381609762019978,
    0.33994649984811888699e-4, 0.46523628927048575665e-4, -0.98374475304879564677e-4, 0.15808870322491248884e-3,
    -0.21026444172410488319e-3, 0.21743961811521264320e-3, -0.16431810653676389022e-3, 0.84418223983852743293e-4,
    -0.26190838401581408670e-4, 0.36899182659531622704e-5,
)  # fmt: skip
FRACTIONS = " + ".join(f"{c!r} / (a + {k})" if k else f"{c!r} / a" for k, c in enumerate(LANCZOS)).replace("+ -", "- ")
SERIES = f"2.5066282746310007 * (0.9999999999999971 + {FRACTIONS})"
LARGEST_GAMMA = 171.62437695  # beyond it, gamma overflows

GAMMA = f"""\
reflected = where(x < 0.5, 1 - x, x)
a = min(reflected, {LARGEST_GAMMA})
t = a + 4.2421875
half = t^(a / 2 - 0.25)
right = where(reflected > {LARGEST_GAMMA}, inf, half * exp(-t) * ({SERIES}) * half)
left = pi / (sinpi(where(x < 0.5, x, 0.5)) * right)
where(x == 0, 1 / x, where((x < 0) * (x == floor(x)), nan, where(x < 0.5, left, right)))
"""

# (-1)^k (zeta(k) - 1) / k: the Taylor coefficients of lgamma around 2, which is 0 there and has no digits to lose.
AROUND_2 = (
    0.42278433509846713, 0.3224670334241132, -0.06735230105319809, 0.020580808427784546, -0.007385551028673986,
    0.0028905103307415234, -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357936,
    9.945751278180853e-05, -4.492623673813314e-05, 2.0507212775670694e-05, -9.439488275268395e-06,
    4.374866789907487e-06, -2.039215753801366e-06, 9.55141213040742e-07, -4.492469198764566e-07,
    2.1207184805554667e-07, -1.00432248239681e-07, 4.769810169363981e-08, -2.2711094608943164e-08,
)  # fmt: skip

LGAMMA = f"""\
a = where(x < 0.5, 1 - x, x)
t = a + 4.2421875
far = (a - 0.5) * (log(t) - 1) - 4.7421875 + log({SERIES})
rest = where(abs(a - 1) < 0.25, a - 1, where(abs(a - 2) < 0.25, a - 2, 0))
series = rest * {polynomial("rest", AROUND_2)}
right = where(abs(a - 1) < 0.25, series - log1p(rest), where(abs(a - 2) < 0.25, series, far))
left = log(pi / abs(sinpi(where(x < 0.5, x, 0.5)))) - right
where((x == inf) + (x <= 0) * (x == floor(x)), inf, where(abs(x) < 1e-300, -log(abs(x)), where(x < 0.5, left, right)))
"""

# ── digamma and its derivatives ──

BERNOULLI = (  # B(2), B(4), …
    (1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510), (43867, 798), (-174611, 330),
)  # fmt: skip

DIGAMMA_SHIFT = 10
DIGAMMA = f"""\
a = where(x <= 0, 1 - x, x)
high = a + {DIGAMMA_SHIFT}
u = 1 / high
shifted = {" + ".join(f"1 / (a + {k})" for k in range(DIGAMMA_SHIFT)).replace(" + 0)", ")")}
series = u * u * {polynomial("(u * u)", [b / (c * 2 * k) for k, (b, c) in enumerate(BERNOULLI[:8], 1)])}
right = log(high) - 0.5 * u - series - shifted
tangent = sinpi(x) / cospi(x)
left = where(tangent == 0, nan, right - pi / tangent)
where(x == 0, -1 / x, where(x < 0, left, right))
"""

MOST_POLYGAMMA = 100  # the highest order that is written out


def polygamma(order: float) -> str:
    """The polygamma function of a whole order up to MOST_POLYGAMMA, and nan of a broken one; else "".

    Where a = x (or 1 - x below 0), the terms up to a + shift are summed, and the rest by the asymptotic series.
    """
    if not (order >= 0 and order == order // 1):
        return "nan * n * x"
    if order == 0:
        return "digamma(x)"
    if order > MOST_POLYGAMMA:
        return ""
    n = int(order)
    shift = 12 + n
    powers = " + ".join(f"(1 / (a + {k}))^{n + 1}" for k in range(shift)).replace("(a + 0)", "a")
    rising = [b * factorial(2 * k + n - 1) / (c * factorial(2 * k)) for k, (b, c) in enumerate(BERNOULLI, 1)]
    tail = f"{factorial(n) / 2!r} + u * {polynomial('(u * u)', rising)}"
    series = f"{float(factorial(n - 1))!r} + u * ({tail})"
    sign = "" if n % 2 else "-"
    pole = "inf" if n % 2 else "where(x == 0, -1 / x, nan)"
    return f"""
        a = where(x < 0, 1 - x, x)
        u = 1 / (a + {shift})
        right = {sign}({float(factorial(n))!r} * ({powers}) + u^{n} * ({series}))
        cotangent = cospi(x) / sinpi(x)
        left = {"-" if n % 2 else ""}right - pi^{n + 1} * {cotangent_derivative(n)}
        where(x == floor(x), where(x > 0, right, where(x == -inf, nan, {pole})), where(x < 0, left, right))
    """


def cotangent_derivative(order: int) -> str:
    """The derivative of cot by its argument, as a polynomial in cot: of c^k it is -k c^(k-1) (1 + c^2)."""
    coefficients = [0, 1]
    for _ in range(order):
        lowered = [k * c for k, c in enumerate(coefficients)][1:]
        coefficients = [-(a + b) for a, b in zip([*lowered, 0, 0], [0, 0, *lowered], strict=True)]
    odd = order % 2 == 0  # then it has odd powers only, else even ones
    text = polynomial("(cotangent * cotangent)", [float(c) for c in coefficients[odd::2]])
    return f"cotangent * {text}" if odd else text


DEFINITIONS = {"erf": ERF, "erfc": ERFC, "erfinv": ERFINV, "gamma": GAMMA, "lgamma": LGAMMA, "digamma": DIGAMMA}
OF_ORDER: dict[str, Callable[[float], str]] = {"polygamma": polygamma}  # one for each first input
