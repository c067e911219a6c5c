"""Prices, quantities and money: exact decimals at the edge, integers inside.

Never a binary float: a float that reaches this module is refused.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

MONEY_SCALE: Final = 4
"""Amounts are integers of 10^-4 of the currency unit: per-share fees such as 0.0035 stay exact, cents do
too."""

MINOR_PER_UNIT: Final = 10**MONEY_SCALE

MAX_INTEGER: Final = 2**62
"""Every integer of a record fits in 63 bits, so that the compiled core can hold it in a signed 64-bit
field."""

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?", re.ASCII)


class NotExact(ValueError):
    """The text is no plain decimal number, or the number is no whole multiple of the increment."""


def parse_decimal(text: str) -> Decimal:
    """Read a plain decimal such as `"12.50"`.

    ASCII digits only; no exponent, sign `+`, NaN, infinity, negative zero or leading zeros.
    Raises NotExact otherwise.
    """
    if not isinstance(text, str) or _DECIMAL.fullmatch(text) is None:
        raise NotExact(f"{text!r} is not a plain decimal number")
    number = Decimal(text)
    if number.is_zero() and text.startswith("-"):
        raise NotExact("negative zero is not a number anyone means")
    return number


def to_units(number: Decimal, increment: Decimal) -> int:
    """How many increments a number is. Raises NotExact when it is not a whole multiple of the increment."""
    units, rest = divmod(number, increment)
    if rest != 0:
        raise NotExact(f"{number} is not a multiple of {increment}")
    return int(units)


def from_units(units: int, increment: Decimal) -> Decimal:
    """The number that so many increments make, with the increment's own number of decimals."""
    return Decimal(units) * increment


def format_units(units: int, increment: Decimal) -> str:
    """As `from_units`, as text with the increment's number of decimals: `format_units(15001, 0.01) ==
    "150.01"`."""
    return format(Decimal(units) * increment, "f")


def money_to_minor(amount: Decimal) -> int:
    """An amount of money in minor units. Raises NotExact when it is finer than they are."""
    scaled = amount * MINOR_PER_UNIT
    whole = int(scaled)
    if scaled != whole:
        raise NotExact(f"{amount} has more than {MONEY_SCALE} decimals")
    return whole


def format_money(amount_minor: int) -> str:
    """Money as text: at least two decimals, more only where they are not zero (`"12.50"`, `"0.0035"`)."""
    sign = "-" if amount_minor < 0 else ""
    units, fraction = divmod(abs(amount_minor), MINOR_PER_UNIT)
    digits = f"{fraction:0{MONEY_SCALE}d}"
    while len(digits) > 2 and digits.endswith("0"):
        digits = digits[:-1]
    return f"{sign}{units}.{digits}"


def divide_half_even(numerator: int, denominator: int) -> int:
    """Integer division rounded half to even: the one rounding rule of money here."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return quotient
