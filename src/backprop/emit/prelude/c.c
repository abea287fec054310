#include <math.h>

/// max
static double max(double x, double y) { return x >= y || x != x ? x : y; }

/// min
static double min(double x, double y) { return x <= y || x != x ? x : y; }

/// decay
// A function of its own, and constant to the compiler: exp, which may set
// errno, would be called again for the slope of what has called it before.
#ifdef __GNUC__
__attribute__((const, noinline))
#endif
static double decay(double x) {
  return exp(-x);
}

/// sigmoid
static double sigmoid(double x) {
  double small = decay(fabs(x));
  return (x >= 0.0 ? 1.0 : small) / (1.0 + small);
}

/// softplus
static double softplus(double x) {
  return (x > 0.0 ? x : 0.0) + log1p(decay(fabs(x)));
}

/// tanh_slope
// sech(x)^2: without another exp where t, which is tanh(x), has all its digits.
static double tanh_slope(double x, double t) {
  if (fabs(t) < 0.75)
    return 1.0 - t * t;
  double bell = sech(x);
  return bell * bell;
}

/// from_one
// hypot(1, x), which is fabs(x) to the last digit where x * x might overflow.
static double from_one(double x) {
  return fabs(x) < 1e8 ? sqrt(1.0 + x * x) : fabs(x);
}

/// mod
static double mod(double x, double y) {
  double rest = fmod(x, y);
  return rest != 0.0 && (rest < 0.0) != (y < 0.0) ? rest + y : rest;
}

/// digamma
static double digamma(double x) {
  static const double series[] = {1.0 / 12.0,   -1.0 / 120.0, 1.0 / 252.0,
                                  -1.0 / 240.0, 1.0 / 132.0,  -691.0 / 32760.0,
                                  1.0 / 12.0};
  if (x <= 0.0) {
    if (x == 0.0)
      return -copysign((double)INFINITY, x);
    double tangent = sin_pi(x) / cos_pi(x);
    return tangent != 0.0 ? digamma(1.0 - x) - 3.141592653589793 / tangent
                          : (double)NAN;
  }
  if (!isfinite(x))
    return x;
  double shifted = 0.0;
  while (x < 12.0) {
    shifted -= 1.0 / x;
    x += 1.0;
  }
  double square = 1.0 / x / x, tail = 0.0;
  for (int k = 6; k >= 0; k--)
    tail = (tail + series[k]) * square;
  return log(x) + shifted - 0.5 / x - tail;
}

/// polygamma
// The sum of (a / (a + k))^s over k = 0, 1, ...
static double inverse_powers(double s, double a) {
  static const double coefficients[] = {1.0 / 12.0,
                                        -1.0 / 720.0,
                                        1.0 / 30240.0,
                                        -1.0 / 1209600.0,
                                        1.0 / 47900160.0,
                                        -691.0 / 1307674368000.0,
                                        1.0 / 74724249600.0,
                                        -3617.0 / 10670622842880000.0,
                                        43867.0 / 5109094217170944000.0,
                                        -174611.0 / 802857662698291200000.0};
  double sum = 0.0, start = a;
  for (; start < s + 12.0; start += 1.0) {
    double term = pow(a / start, s);
    sum += term;
    if (term < 1e-18)
      return sum;
  }
  double term = pow(a / start, s), rising = term * (s / start);
  sum += term * (start / (s - 1.0)) + term / 2.0;
  for (int k = 1; k <= 10; k++) {
    sum += coefficients[k - 1] * rising;
    rising *= (s + 2.0 * k - 1.0) / start * ((s + 2.0 * k) / start);
  }
  return sum;
}

// n! times the sum of 1 / (x + k)^(n + 1)
static double factorial_over(double n, double x) {
  if (isinf(x) || isinf(n))
    return isfinite(n) ? 0.0 : (double)NAN;
  double least = fmin(n, 170.0), first = tgamma(least) / pow(x, least);
  for (double k = least; k < n && n < 1e5; k += 1.0)
    first *= k / x;
  if (!(first > 2.3e-308 && first < (double)INFINITY)) {
    double logarithm = lgamma(n) - n * log(x);
    first = logarithm == logarithm ? exp(logarithm) : n > x ? (double)INFINITY : 0.0;
  }
  return first * (n / x * inverse_powers(n + 1.0, x));
}

static double polygamma(double n, double x) {
  if (!(n >= 0.0 && n == floor(n)) || x != x)
    return (double)NAN;
  if (n == 0.0)
    return digamma(x);
  int odd = fmod(n, 2.0) == 1.0;
  double sign = odd ? 1.0 : -1.0;
  if (x > 0.0)
    return sign * factorial_over(n, x);
  if (!isfinite(x))
    return (double)NAN;
  double nearest = rint(x);
  if (x == nearest)
    return odd ? (double)INFINITY : x == 0.0 ? -copysign((double)INFINITY, x) : (double)NAN;
  double rest = fabs(x - nearest);
  double near = factorial_over(n, rest), far = factorial_over(n, 1.0 - rest);
  return (x < nearest ? near + sign * far : sign * near + far) -
         factorial_over(n, 1.0 - x);
}

/// erfinv
static double erfinv(double x) {
  double size = fabs(x), y;
  if (!(size < 1.0))
    return size == 1.0 ? copysign((double)INFINITY, x) : (double)NAN;
  if (size < 0.1) {
    y = 0.886226925452758 * size * (1.0 + 0.2617993877991494 * size * size);
  } else {
    double rest = log((1.0 - size) * (1.0 + size));
    double half = 2.0 / (0.147 * 3.141592653589793) + rest / 2.0;
    y = sqrt(sqrt(half * half - rest / 0.147) - half);
  }
  for (int step = 0; step < 3; step++) {
    double error = size < 0.5 ? erf(y) - size : 1.0 - size - erfc(y);
    error *= 0.886226925452758 * exp(y * y);
    y -= error / (1.0 + y * error);
  }
  return copysign(y, x);
}
