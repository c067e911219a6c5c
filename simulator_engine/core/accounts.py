"""The trader's account: its terms, its cash, what its open orders hold back, and its positions.

Integers only. CASH is what can be had now: no shorts, buying power = cash − reserved. Other kinds go beside
it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator_engine.core.events import AccountUpdated, LedgerLeg, PositionUpdated
from simulator_engine.core.fees import NO_FEES, FeeSchedule
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.ledger import USER, VENUE, Ledger, Position
from simulator_engine.core.orders import Order
from simulator_engine.core.reasons import Side, TradingState


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """What the trader starts with and may do. Amounts in minor units; a limit that is None does not apply.

    `holdings` are (symbol, lots, price in ticks paid). `daily_loss_limit_minor` bounds a day's realised loss
    with fees; `position_limit_minor` the value of one symbol's position with the orders that would add to it;
    `exposure_limit_minor` the same over all symbols. Raises ValueError for terms that mean nothing.
    """

    currency: str
    starting_cash_minor: int
    kind: str = "CASH"
    fees: FeeSchedule = NO_FEES
    holdings: tuple[tuple[str, int, int], ...] = ()
    max_order_notional_minor: int | None = None
    position_limit_minor: int | None = None
    exposure_limit_minor: int | None = None
    daily_loss_limit_minor: int | None = None

    def __post_init__(self) -> None:
        if self.kind != "CASH":
            raise ValueError(f"no account of kind {self.kind!r} here")
        if self.starting_cash_minor < 0:
            raise ValueError("starting cash is below zero")
        if any(lots <= 0 or price <= 0 for _, lots, price in self.holdings):
            raise ValueError("a holding of a cash account is above zero, at a price above zero")


@dataclass(slots=True)
class Account:
    """The account at work. `reserved_minor` is always the sum of its open orders' reservations."""

    terms: AccountTerms
    ledger: Ledger
    reserved_minor: int = 0
    realized_pnl_minor: int = 0
    fees_minor: int = 0
    day_start_net_minor: int = 0
    state: TradingState = TradingState.ACTIVE
    positions: dict[str, Position] = field(default_factory=dict)

    @classmethod
    def open(cls, terms: AccountTerms, instruments: dict[str, Instrument]) -> Account:
        """A new account with its opening balances. Raises ValueError for holdings of an unknown symbol."""
        ledger = Ledger()
        account = cls(terms=terms, ledger=ledger)
        ledger.open(USER, terms.currency, terms.starting_cash_minor)
        for symbol, lots, price_ticks in terms.holdings:
            if symbol not in instruments:
                raise ValueError(f"holding of {symbol!r}, which is not traded here")
            ledger.open(USER, symbol, lots)
            ledger.open(VENUE, symbol, -lots)
            account.position(symbol).apply(Side.BUY, lots, instruments[symbol].notional_minor(price_ticks, lots))
        return account

    @property
    def cash_minor(self) -> int:
        return self.ledger.balance(USER, self.terms.currency)

    @property
    def buying_power_minor(self) -> int:
        return self.cash_minor - self.reserved_minor

    @property
    def day_loss_minor(self) -> int:
        """What today's trading has lost, realised and with fees; below zero when it gained."""
        return self.day_start_net_minor - (self.realized_pnl_minor - self.fees_minor)

    def position(self, symbol: str) -> Position:
        """The position in a symbol, made on first use."""
        found = self.positions.get(symbol)
        if found is None:
            found = self.positions[symbol] = Position()
        return found

    def held_lots(self, symbol: str) -> int:
        found = self.positions.get(symbol)
        return 0 if found is None else found.quantity_lots

    # -- reservations ----------------------------------------------------------------------------------------

    def needed_minor(
        self, instrument: Instrument, side: Side, limit_ticks: int, lots: int, *, numerator: int = 0, charged: int = 0
    ) -> int:
        """What open lots must hold back: for a buy their cost at the limit and the fee still to come.

        A sale of what is held needs nothing: its fee never exceeds its proceeds.
        """
        if side is Side.SELL or lots <= 0:
            return 0
        notional = instrument.notional_minor(limit_ticks, lots)
        fees = self.terms.fees
        # A rebate already earned is not lent against.
        fee = fees.total(max(numerator, 0) + fees.worst_numerator(notional, lots)) - max(charged, 0)
        return notional + max(fee, 0)

    def reserve(self, order: Order, instrument: Instrument) -> bool:
        """Hold back exactly what the order's open lots need now; True when that changed."""
        needed = self.needed_minor(
            instrument,
            order.side,
            order.limit_ticks,
            order.leaves_lots,
            numerator=order.fee_numerator,
            charged=order.fee_charged_minor,
        )
        change = needed - order.reserved_minor
        order.reserved_minor = needed
        self.reserved_minor += change
        return change != 0

    # -- fills -----------------------------------------------------------------------------------------------

    def charge(self, order: Order, notional_minor: int, lots: int, *, maker: bool) -> int:
        """The fee of one fill: what brings the order's fee up to date, never above a sale's proceeds."""
        fees = self.terms.fees
        order.fee_numerator += fees.numerator(notional_minor, lots, maker=maker)
        fee = fees.total(order.fee_numerator) - order.fee_charged_minor
        if order.side is Side.SELL:
            fee = min(fee, notional_minor)
        order.fee_charged_minor += fee
        return fee

    def settle(self, order: Order, lots: int, notional_minor: int, fee_minor: int, legs: tuple[LedgerLeg, ...]) -> None:
        """Book one fill's legs and net it into the position."""
        self.ledger.book(legs)
        position = self.position(order.symbol)
        self.realized_pnl_minor += position.apply(order.side, lots, notional_minor)
        position.fees_minor += fee_minor
        self.fees_minor += fee_minor

    def open_day(self) -> None:
        self.day_start_net_minor = self.realized_pnl_minor - self.fees_minor

    # -- views -----------------------------------------------------------------------------------------------

    def updated(self, sim_time_ns: int) -> AccountUpdated:
        return AccountUpdated(
            currency=self.terms.currency,
            cash_minor=self.cash_minor,
            reserved_minor=self.reserved_minor,
            buying_power_minor=self.buying_power_minor,
            realized_pnl_minor=self.realized_pnl_minor,
            fees_minor=self.fees_minor,
            state=self.state,
            sim_time_ns=sim_time_ns,
        )

    def position_updated(self, symbol: str, sim_time_ns: int) -> PositionUpdated:
        position = self.position(symbol)
        return PositionUpdated(
            symbol=symbol,
            quantity_lots=position.quantity_lots,
            cost_minor=position.cost_minor,
            realized_pnl_minor=position.realized_pnl_minor,
            fees_minor=position.fees_minor,
            sim_time_ns=sim_time_ns,
        )

    def to_state(self) -> list[object]:
        return [
            self.reserved_minor,
            self.realized_pnl_minor,
            self.fees_minor,
            self.day_start_net_minor,
            self.state.value,
            [
                [symbol, p.quantity_lots, p.cost_minor, p.realized_pnl_minor, p.fees_minor]
                for symbol, p in sorted(self.positions.items())
            ],
            self.ledger.to_state(),
        ]

    def load_state(self, state: list[Any]) -> None:
        reserved, realized, fees, day_start, word, positions, ledger = state
        self.reserved_minor, self.realized_pnl_minor = reserved, realized
        self.fees_minor, self.day_start_net_minor = fees, day_start
        self.state = TradingState(word)
        self.positions = {str(symbol): Position(*numbers) for symbol, *numbers in positions}
        self.ledger.load_state(ledger)
