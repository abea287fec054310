/// power
function power(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);
}

/// round
function round(x: number): number {
  const size = Math.abs(x);
  if (!(size < 4503599627370496)) return x;
  return Math.sign(x) * (size + 4503599627370496 - 4503599627370496);
}

/// mod
function mod(x: number, y: number): number {
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
}

/// erf
function erf(x: number): number {
  if (Math.abs(x) > 0.46875) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  const p = [
    1.85777706184603153e-1, 3.1611237438705656, 1.13864154151050156e2,
    3.77485237685302021e2, 3.20937758913846947e3,
  ];
  const q = [
    1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
    2.84423683343917062e3,
  ];
  return (x * polynomial(p, x * x)) / polynomial(q, x * x);
}

/// erfc
function polynomial(coefficients: number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient);
}

// W. J. Cody, Rational Chebyshev approximations for the error function (1969).
function erfc(x: number): number {
  const y = Math.abs(x);
  if (y <= 0.46875) return 1 - erf(x);
  if (x !== x) return x;
  const c = [
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594,
    6.61191906371416295e1, 2.98635138197400131e2, 8.8195222124176909e2,
    1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
  ];
  const d = [
    1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
    1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3,
    3.43936767414372164e3, 1.23033935480374942e3,
  ];
  const p = [
    1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
    1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4,
  ];
  const q = [
    1, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1,
    6.05183413124413191e-2, 2.33520497626869185e-3,
  ];
  const z = 1 / (y * y);
  const scaled =
    y <= 4
      ? polynomial(c, y) / polynomial(d, y)
      : (0.5641895835477562869 - (z * polynomial(p, z)) / polynomial(q, z)) / y;
  const near = Math.trunc(y * 16) / 16;
  const tail =
    y > 27
      ? 0
      : Math.exp(-near * near) * Math.exp(-(y - near) * (y + near)) * scaled;
  return x > 0 ? tail : 2 - tail;
}

/// gamma
function gamma(x: number): number {
  if (x === 0) return 1 / x;
  if (x < 0 && x === Math.floor(x)) return NaN;
  if (x < 0.5) return x < -184 ? 0 * x : Math.PI / (sinpi(x) * gamma(1 - x));
  if (x > 171.7) return Infinity;
  if (x === Math.floor(x)) {
    let product = 1;
    for (let k = 2; k < x; k++) product *= k;
    return product;
  }
  let factor = 1;
  while (x < 20) factor *= x++;
  const z = 1 / (x * x);
  const series =
    (1 / 12 -
      z *
        (1 / 360 -
          z *
            (1 / 1260 -
              z * (1 / 1680 - z * (1 / 1188 - (z * 691) / 360360))))) /
    x;
  const half = Math.pow(x, x / 2 - 0.25);
  return (
    ((half * (Math.exp(-x) * 2.5066282746310002 * half)) / factor) *
    Math.exp(series)
  );
}

/// lgamma
function lgamma(x: number): number {
  if (x !== x) return x;
  if (Math.abs(x) === Infinity || (x <= 0 && x === Math.floor(x)))
    return Infinity;
  if (x < 0.5) {
    if (x > -1e-5 && x < 1e-5)
      return Math.log1p(-0.5772156649015329 * x) - Math.log(Math.abs(x));
    return Math.log(Math.PI / Math.abs(sinpi(x))) - lgamma(1 - x);
  }
  if (x < 20) return Math.log(gamma(x));
  const z = 1 / (x * x);
  const series =
    (1 / 12 -
      z *
        (1 / 360 -
          z *
            (1 / 1260 -
              z * (1 / 1680 - z * (1 / 1188 - (z * 691) / 360360))))) /
    x;
  return (x - 0.5) * (Math.log(x) - 1) + (series - 0.5) + 0.9189385332046727;
}

/// digamma
function digamma(x: number): number {
  if (x <= 0) {
    if (x === 0) return -1 / x;
    const tangent = sinpi(x) / cospi(x);
    return tangent ? digamma(1 - x) - Math.PI / tangent : NaN;
  }
  if (!Number.isFinite(x)) return x;
  let shifted = 0;
  while (x < 12) shifted -= 1 / x++;
  const z = 1 / x / x;
  const tail =
    z *
    (1 / 12 -
      z *
        (1 / 120 -
          z *
            (1 / 252 -
              z * (1 / 240 - z * (1 / 132 - z * (691 / 32760 - z / 12))))));
  return Math.log(x) + shifted - 0.5 / x - tail;
}

/// polygamma
// The sum of (a / (a + k))^s over k = 0, 1, …
function inversePowers(s: number, a: number): number {
  let sum = 0;
  let start = a;
  for (; start < s + 12; start++) {
    const term = Math.pow(a / start, s);
    sum += term;
    if (term < 1e-18) return sum;
  }
  const term = Math.pow(a / start, s);
  sum += term * (start / (s - 1)) + term / 2;
  let rising = term * (s / start);
  const coefficients = [
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
    -3617 / 10670622842880000,
    43867 / 5109094217170944000,
    -174611 / 802857662698291200000,
  ];
  coefficients.forEach((coefficient, i) => {
    sum += coefficient * rising;
    rising *= ((s + 2 * i + 1) / start) * ((s + 2 * i + 2) / start);
  });
  return sum;
}

// n! times the sum of 1 / (x + k)^(n + 1)
function factorialOver(n: number, x: number): number {
  if (Math.abs(x) === Infinity || Math.abs(n) === Infinity)
    return Number.isFinite(n) ? 0 : NaN;
  const least = Math.min(n, 170);
  let first = gamma(least) / Math.pow(x, least);
  for (let k = least; k < n && n < 1e5; k++) first *= k / x;
  if (!(first > 2.3e-308 && first < Infinity)) {
    const logarithm = lgamma(n) - n * Math.log(x);
    first =
      logarithm === logarithm ? Math.exp(logarithm) : n > x ? Infinity : 0;
  }
  return first * ((n / x) * inversePowers(n + 1, x));
}

function polygamma(n: number, x: number): number {
  if (!(n >= 0 && n === Math.floor(n)) || x !== x) return NaN;
  if (n === 0) return digamma(x);
  const odd = n % 2 === 1;
  const sign = odd ? 1 : -1;
  if (x > 0) return sign * factorialOver(n, x);
  if (x === -Infinity) return NaN;
  const nearest = Math.round(x);
  if (x === nearest) return odd ? Infinity : x === 0 ? -1 / x : NaN;
  const rest = Math.abs(x - nearest);
  const near = factorialOver(n, rest);
  const far = factorialOver(n, 1 - rest);
  return (
    (x < nearest ? near + sign * far : sign * near + far) -
    factorialOver(n, 1 - x)
  );
}

/// erfinv
function erfinv(x: number): number {
  const size = Math.abs(x);
  if (!(size < 1)) return size === 1 ? x * Infinity : NaN;
  let y = 0.886226925452758 * size * (1 + 0.2617993877991494 * size * size);
  if (size >= 0.1) {
    const rest = Math.log((1 - size) * (1 + size));
    const half = 2 / (0.147 * Math.PI) + rest / 2;
    y = Math.sqrt(Math.sqrt(half * half - rest / 0.147) - half);
  }
  for (let step = 0; step < 3; step++) {
    const error =
      (size < 0.5 ? erf(y) - size : 1 - size - erfc(y)) *
      0.886226925452758 *
      Math.exp(y * y);
    y -= error / (1 + y * error);
  }
  return x < 0 ? -y : y;
}
