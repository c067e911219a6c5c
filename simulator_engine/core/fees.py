"""What trading costs: maker and taker rates, a price per lot, a minimum per order. Exact, rounded once per
order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulator_engine.core.quantities import divide_half_even

_RATE_SCALE: Final = 1_000_000
"""A rate is in hundredths of a basis point, so 100 is one basis point and 1 000 000 the whole amount."""


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """Rates in hundredths of a basis point of the notional; a negative maker rate is a rebate.

    An order's fee is the sum over its fills, rounded half to even once on the running sum and never below
    `minimum_minor` once it has traded, so that many small fills cost what one large one would.
    """

    maker_basis_points_hundredths: int = 0
    taker_basis_points_hundredths: int = 0
    per_lot_minor: int = 0
    minimum_minor: int = 0

    def numerator(self, notional_minor: int, lots: int, *, maker: bool) -> int:
        """One fill's exact cost, in millionths of a minor unit; add them up and pass the sum to `total`."""
        rate = self.maker_basis_points_hundredths if maker else self.taker_basis_points_hundredths
        return notional_minor * rate + self.per_lot_minor * lots * _RATE_SCALE

    def worst_numerator(self, notional_minor: int, lots: int) -> int:
        """The most that such a fill can cost, whichever side of the spread it trades on; never negative."""
        rate = max(self.maker_basis_points_hundredths, self.taker_basis_points_hundredths, 0)
        return notional_minor * rate + max(self.per_lot_minor, 0) * lots * _RATE_SCALE

    def total(self, numerator: int) -> int:
        """An order's fee in minor units from the sum of its fills' numerators."""
        fee = divide_half_even(numerator, _RATE_SCALE)
        return max(fee, self.minimum_minor) if self.minimum_minor else fee


NO_FEES: Final = FeeSchedule()
