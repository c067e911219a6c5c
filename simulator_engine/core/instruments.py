"""What can be traded, as the venue needs to know it: increments, limits, fees live elsewhere. Immutable."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator_engine.core.quantities import MINOR_PER_UNIT, format_units


@dataclass(frozen=True, slots=True)
class Instrument:
    """One listed instrument of a session.

    `tick_size` and `lot_size` are in currency and in shares (or coins, contracts); everything named `_ticks`
    and `_lots` counts them. `price_collar_basis_points` bounds how far an order's price may be from the
    reference price. Raises ValueError when a tick times a lot is not a whole number of minor units.
    """

    symbol: str
    name: str
    currency: str
    tick_size: Decimal
    lot_size: Decimal
    previous_close_ticks: int
    min_quantity_lots: int = 1
    max_quantity_lots: int = 1_000_000
    min_notional_minor: int = 0
    max_notional_minor: int = 10**15
    price_collar_basis_points: int = 2_000
    max_open_orders: int = 200
    shortable: bool = False

    def __post_init__(self) -> None:
        value = self.tick_size * self.lot_size * MINOR_PER_UNIT
        if value != int(value) or value <= 0:
            raise ValueError(f"{self.symbol}: tick_size × lot_size must be a whole number of minor units")

    @property
    def tick_value_minor(self) -> int:
        """What one lot gains or loses when the price moves by one tick, in minor units."""
        return int(self.tick_size * self.lot_size * MINOR_PER_UNIT)

    def notional_minor(self, price_ticks: int, quantity_lots: int) -> int:
        """Price times quantity in minor units: exact, never rounded."""
        return price_ticks * quantity_lots * self.tick_value_minor

    def format_price(self, price_ticks: int) -> str:
        return format_units(price_ticks, self.tick_size)

    def format_quantity(self, quantity_lots: int) -> str:
        return format_units(quantity_lots, self.lot_size)
