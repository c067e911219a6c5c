"""Elementary functions that give the same bits on every processor: + − × ÷ √ and exact scaling only.

Never libm's exp, log, tanh or pow, whose last bit depends on the machine's instructions.
"""

from __future__ import annotations

from math import frexp, ldexp, sqrt
from typing import Final

_LN2_HIGH: Final = 6.93147180369123816490e-01
_LN2_LOW: Final = 1.90821492927058770002e-10
_INVERSE_LN2: Final = 1.44269504088896338700
_SQRT_HALF: Final = 0.70710678118654757


def exp(x: float) -> float:
    """e to the x; 0.0 below −700 and the value at 700 above, so that no input overflows."""
    if x > 700.0:
        x = 700.0
    elif x < -700.0:
        return 0.0
    k = int(x * _INVERSE_LN2 + (0.5 if x >= 0.0 else -0.5))
    r = x - k * _LN2_HIGH - k * _LN2_LOW
    # |r| ≤ 0.35: the Taylor series to the 11th power is good to some 1e-14.
    p = 2.505210838544172e-8
    p = 2.7557319223985888e-7 + r * p
    p = 2.7557319223985893e-6 + r * p
    p = 2.4801587301587302e-5 + r * p
    p = 1.9841269841269841e-4 + r * p
    p = 1.3888888888888889e-3 + r * p
    p = 8.3333333333333332e-3 + r * p
    p = 4.1666666666666664e-2 + r * p
    p = 1.6666666666666666e-1 + r * p
    p = 0.5 + r * p
    p = 1.0 + r * p
    p = 1.0 + r * p
    return ldexp(p, k)


def log(x: float) -> float:
    """The natural logarithm of a positive number. Raises ValueError otherwise."""
    if x <= 0.0:
        raise ValueError("log of a number that is not positive")
    m, e = frexp(x)
    if m < _SQRT_HALF:
        m += m
        e -= 1
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    # log m = 2 atanh s; |s| ≤ 0.172, so eight terms reach the last bits.
    p = 5.8823529411764705e-2
    p = 6.6666666666666666e-2 + z * p
    p = 7.6923076923076927e-2 + z * p
    p = 9.0909090909090912e-2 + z * p
    p = 1.1111111111111110e-1 + z * p
    p = 1.4285714285714285e-1 + z * p
    p = 0.2 + z * p
    p = 3.3333333333333331e-1 + z * p
    p = z * p
    return e * _LN2_HIGH + (2.0 * (s + s * p) + e * _LN2_LOW)


def tanh(x: float) -> float:
    """The hyperbolic tangent."""
    if x > 20.0:
        return 1.0
    if x < -20.0:
        return -1.0
    e = exp(x + x)
    return (e - 1.0) / (e + 1.0)


def power_three_quarters(x: float) -> float:
    """x to the 3/4 for x ≥ 0, by two square roots."""
    root = sqrt(x)
    return root * sqrt(root)


def inverse_normal(u: float) -> float:
    """The standard normal's quantile of 0 < u < 1 (Acklam's rational approximation, relative error below
    1.2e-9).
    """
    if u < 0.02425:
        q = sqrt(-2.0 * log(u))
        return _tail(q)
    if u > 0.97575:
        q = sqrt(-2.0 * log(1.0 - u))
        return -_tail(q)
    q = u - 0.5
    r = q * q
    top = -3.969683028665376e01
    top = top * r + 2.209460984245205e02
    top = top * r + -2.759285104469687e02
    top = top * r + 1.383577518672690e02
    top = top * r + -3.066479806614716e01
    top = top * r + 2.506628277459239e00
    bottom = -5.447609879822406e01
    bottom = bottom * r + 1.615858368580409e02
    bottom = bottom * r + -1.556989798598866e02
    bottom = bottom * r + 6.680131188771972e01
    bottom = bottom * r + -1.328068155288572e01
    bottom = bottom * r + 1.0
    return top * q / bottom


def _tail(q: float) -> float:
    top = -7.784894002430293e-03
    top = top * q + -3.223964580411365e-01
    top = top * q + -2.400758277161838e00
    top = top * q + -2.549732539343734e00
    top = top * q + 4.374664141464968e00
    top = top * q + 2.938163982698783e00
    bottom = 7.784695709041462e-03
    bottom = bottom * q + 3.224671290700398e-01
    bottom = bottom * q + 2.445134137142996e00
    bottom = bottom * q + 3.754408661907416e00
    bottom = bottom * q + 1.0
    return top / bottom
