"""The real daily bars that ship with the product, exact, and split-adjusted to whichever day is played.

Reads one bundled file, nothing else. Prices are integers of 1/10 000; a dividend is never taken for a split.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from itertools import pairwise

from simulator_engine.core.quantities import divide_half_even

FILE_NAME = "us_stocks_daily.csv.gz"
FILE_SHA256 = "5abadf99b2d394f920120a27de6f0df129859d71d4cfb0bf661bcc99446ab1fd"

_SPLITS = (
    *(Fraction(n, 1) for n in range(2, 21)),
    *(Fraction(1, n) for n in range(2, 21)),
    Fraction(3, 2),
    Fraction(5, 2),
    Fraction(2, 3),
)
"""Ratios in which shares are split or merged; others, such as 10:9, are the marks of large dividends."""


class BadMarketData(Exception):
    """The bundled file is missing, damaged or not in the expected form."""


@dataclass(frozen=True, slots=True)
class RawBar:
    """One day as printed: prices in 1/10 000, volume in shares. `adjusted_close` is the source's own."""

    date: str
    open: int
    high: int
    low: int
    close: int
    volume: int
    adjusted_close: Decimal


@dataclass(frozen=True, slots=True)
class DailyBar:
    """One day in the ticks of an instrument, volume in lots."""

    date: str
    open: int
    high: int
    low: int
    close: int
    volume: int


@dataclass(frozen=True, slots=True)
class ShareHistory:
    """All bars of one share, oldest first. `factors[i]` is what one share of the first day had become."""

    symbol: str
    bars: tuple[RawBar, ...]
    factors: tuple[Fraction, ...]
    index: dict[str, int]

    def adjusted(self, i: int, basis: int, tick_minor: int) -> DailyBar:
        """Bar `i` in ticks, as if the shares had been counted like those of bar `basis`."""
        bar = self.bars[i]
        ratio = self.factors[i] / self.factors[basis]

        def ticks(price: int) -> int:
            return max(1, divide_half_even(price * ratio.numerator, tick_minor * ratio.denominator))

        volume = max(1, divide_half_even(bar.volume * ratio.denominator, ratio.numerator))
        return DailyBar(bar.date, ticks(bar.open), ticks(bar.high), ticks(bar.low), ticks(bar.close), volume)


def split_ratio(before: RawBar, after: RawBar) -> Fraction | None:
    """The split between two days (2 for two shares out of one), or None.

    Two witnesses must agree: the source's adjustment changes by a split's ratio, and so does the raw price.
    """
    change = (Decimal(before.close) / before.adjusted_close) / (Decimal(after.close) / after.adjusted_close)
    if abs(change - 1) < Decimal("0.02"):
        return None
    for ratio in _SPLITS:
        exact = Decimal(ratio.numerator) / Decimal(ratio.denominator)
        if abs(change / exact - 1) < Decimal("0.002"):
            jump = Decimal(before.close) / Decimal(after.open) / exact
            if Decimal("0.6") < jump < Decimal("1.6"):
                return ratio
    return None


def read_file() -> bytes:
    """The bundled file's bytes, checked. Raises BadMarketData."""
    data = (resources.files("simulator_engine.market") / "data" / FILE_NAME).read_bytes()
    if sha256(data).hexdigest() != FILE_SHA256:
        raise BadMarketData(f"{FILE_NAME} is not the file that was shipped")
    return data


@lru_cache(maxsize=1)
def load() -> dict[str, ShareHistory]:
    """All shares of the bundled file. Raises BadMarketData."""
    text = io.StringIO(gzip.decompress(read_file()).decode("ascii"))
    rows: dict[str, list[RawBar]] = {}
    for row in csv.DictReader(text):
        bar = RawBar(
            date=row["Date"],
            open=_minor(row["Open"]),
            high=_minor(row["High"]),
            low=_minor(row["Low"]),
            close=_minor(row["Close"]),
            volume=int(row["Volume"]),
            adjusted_close=Decimal(row["Adj Close"]),
        )
        if not 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high or bar.volume <= 0:
            raise BadMarketData(f"{row['Ticker']} {bar.date}: not a bar")
        rows.setdefault(row["Ticker"], []).append(bar)
    return {symbol: _history(symbol, bars) for symbol, bars in rows.items()}


def _history(symbol: str, bars: list[RawBar]) -> ShareHistory:
    factor = Fraction(1)
    factors = [factor]
    for before, after in pairwise(bars):
        if not before.date < after.date:
            raise BadMarketData(f"{symbol} {after.date}: out of order")
        factor *= split_ratio(before, after) or 1
        factors.append(factor)
    return ShareHistory(symbol, tuple(bars), tuple(factors), {bar.date: i for i, bar in enumerate(bars)})


@lru_cache(maxsize=1)
def trading_days() -> tuple[str, ...]:
    """Every day with a bar of any share, oldest first."""
    return tuple(sorted({bar.date for share in load().values() for bar in share.bars}))


def _minor(text: str) -> int:
    """A price in 1/10 000, rounded half to even where the source is finer."""
    units, _, decimals = text.partition(".")
    if len(decimals) <= 4:
        return int(units) * 10_000 + int(decimals.ljust(4, "0"))
    return divide_half_even(int(units + decimals), 10 ** (len(decimals) - 4))
