"""Double entry over USER, VENUE (all other participants) and FEES, and the trader's netted positions.
Integers only.

Every fill books legs that sum to zero per asset, so Σ cash and Σ positions never change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from simulator_engine.core.events import LedgerLeg
from simulator_engine.core.quantities import divide_half_even
from simulator_engine.core.reasons import Side

USER: Final = "USER"
VENUE: Final = "VENUE"
FEES: Final = "FEES"


class UnbalancedEntry(Exception):
    """An entry's legs do not sum to zero: a defect, nothing is booked."""


@dataclass(slots=True)
class Position:
    """A netted position. `cost_minor` is signed like `quantity_lots`: average price = cost ÷ quantity.

    `realized_pnl_minor` is before fees; they are counted apart in `fees_minor`.
    """

    quantity_lots: int = 0
    cost_minor: int = 0
    realized_pnl_minor: int = 0
    fees_minor: int = 0

    def apply(self, side: Side, lots: int, notional_minor: int) -> int:
        """Net a fill of `lots` worth `notional_minor`; returns the profit that it realised.

        Adding averages; reducing leaves the average and realises; through zero realises the whole old side,
        and what is left starts at the fill's price.
        """
        signed = side.sign * lots
        held = self.quantity_lots
        if held == 0 or (held > 0) == (signed > 0):
            self.quantity_lots = held + signed
            self.cost_minor += side.sign * notional_minor
            return 0
        closed = min(abs(held), lots)
        # A fill's notional is price × lots, so its part for the closed lots is whole.
        closed_notional = (
            notional_minor // lots * closed
            if notional_minor % lots == 0
            else divide_half_even(notional_minor * closed, lots)
        )
        released = self.cost_minor if closed == abs(held) else divide_half_even(self.cost_minor * closed, abs(held))
        # A long's sale brings proceeds − cost; a short's cover its (negative) cost back, less the price paid.
        realized = -side.sign * closed_notional - released
        self.quantity_lots = held + signed
        self.cost_minor -= released
        if closed < lots:
            self.cost_minor = side.sign * (notional_minor - closed_notional)
        self.realized_pnl_minor += realized
        return realized


class Ledger:
    """Balances by account and asset; an asset is a currency or a symbol."""

    def __init__(self) -> None:
        self._balances: dict[tuple[str, str], int] = {}

    def open(self, account: str, asset: str, amount: int) -> None:
        """An opening balance, before the first entry."""
        key = (account, asset)
        self._balances[key] = self._balances.get(key, 0) + amount

    def book(self, legs: tuple[LedgerLeg, ...]) -> None:
        """Book one entry. Raises UnbalancedEntry, with nothing booked, unless its legs sum to zero per
        asset."""
        sums: dict[str, int] = {}
        for leg in legs:
            sums[leg.asset] = sums.get(leg.asset, 0) + leg.amount
        if any(sums.values()):
            raise UnbalancedEntry(f"legs leave {sums}")
        for leg in legs:
            key = (leg.account, leg.asset)
            self._balances[key] = self._balances.get(key, 0) + leg.amount

    def balance(self, account: str, asset: str) -> int:
        return self._balances.get((account, asset), 0)

    def total(self, asset: str) -> int:
        """Σ over all accounts: constant for the life of a session."""
        return sum(amount for (_, held), amount in self._balances.items() if held == asset)

    def to_state(self) -> list[list[Any]]:
        return [[account, asset, amount] for (account, asset), amount in sorted(self._balances.items())]

    def load_state(self, rows: list[list[Any]]) -> None:
        self._balances = {(a, b): int(amount) for a, b, amount in rows}


def fill_legs(
    *, symbol: str, currency: str, side: Side, lots: int, notional_minor: int, fee_minor: int
) -> tuple[LedgerLeg, ...]:
    """The entry of one fill of the trader's: cash against the venue's participants, the fee, and the lots."""
    paid = side.sign * notional_minor
    legs = [LedgerLeg(USER, currency, -paid - fee_minor, is_cash=True), LedgerLeg(VENUE, currency, paid, is_cash=True)]
    if fee_minor:
        legs.append(LedgerLeg(FEES, currency, fee_minor, is_cash=True))
    legs.append(LedgerLeg(USER, symbol, side.sign * lots, is_cash=False))
    legs.append(LedgerLeg(VENUE, symbol, -side.sign * lots, is_cash=False))
    return tuple(legs)
