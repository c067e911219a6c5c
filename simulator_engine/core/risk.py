"""Pre-trade rules: reads the trader's decimal texts and says every rule that an order would break. Changes nothing.

Every refusal is a stable code with a sentence that carries the numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from simulator_engine.core.accounts import Account
from simulator_engine.core.commands import ReplaceOrder, SubmitOrder
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.market_data import Tape
from simulator_engine.core.orders import (
    UNSUPPORTED_NOW,
    UNSUPPORTED_TIMES_NOW,
    Order,
    OrderBookOfRecord,
    Refused,
)
from simulator_engine.core.quantities import MAX_INTEGER, NotExact, format_money, parse_decimal, to_units
from simulator_engine.core.reasons import MarketPhase, OrderType, RejectCode, Side, TimeInForce, TradingState
from simulator_engine.core.records import SelfMatch

_CLIENT_ORDER_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_BASIS: Final = 10_000
_R = RejectCode


@dataclass(frozen=True, slots=True)
class VenueRules:
    """What holds for everybody. `market_collar_basis_points` bounds how far a market order may walk the book."""

    market_collar_basis_points: int = 500
    self_match: SelfMatch = SelfMatch.CANCEL_TAKER


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order read into integers. `price_ticks` None for a market order; `limit_ticks` is then its collar."""

    instrument: Instrument
    quantity_lots: int
    price_ticks: int | None
    limit_ticks: int


@dataclass(slots=True)
class Judgement:
    """What the rules say: no `broken` rule means that the order may go to the book.

    `ticket` is None when the text could not be read into numbers; `quantity_lots` and `price_ticks` hold what could.
    """

    ticket: Ticket | None
    broken: list[Refused]
    quantity_lots: int | None = None
    price_ticks: int | None = None


class RiskGate:
    """The rules over one account's state. `tapes` gives the reference prices."""

    def __init__(
        self,
        *,
        instruments: dict[str, Instrument],
        tapes: dict[str, Tape],
        account: Account,
        orders: OrderBookOfRecord,
        rules: VenueRules,
    ) -> None:
        self._instruments = instruments
        self._tapes = tapes
        self._account = account
        self._orders = orders
        self._rules = rules

    # -- new orders --------------------------------------------------------------------------------------------

    def judge_new(
        self, command: SubmitOrder, *, phase: MarketPhase, best_opposite: int | None, closing: bool = False
    ) -> Judgement:
        """All rules for a new order.

        `closing` judges a flatten order: without limits of size, and as if the symbol's orders were canceled.
        """
        broken: list[Refused] = []
        if not isinstance(command.request_id, str) or not _CLIENT_ORDER_ID.fullmatch(command.request_id):
            broken.append(
                (_R.UNSUPPORTED_ORDER_CHARACTERISTIC, "client_order_id is 1–64 of A–Z a–z 0–9 . _ : -")
            )
        elif self._orders.find(command.request_id) is not None:
            broken.append((_R.DUPLICATE_ORDER, f"{command.request_id} was used before"))
        instrument = self._instruments.get(command.symbol)
        if instrument is None:
            broken.append((_R.UNKNOWN_SYMBOL, f"{command.symbol} is not traded here"))
            return Judgement(None, broken)
        broken.extend(_unsupported(command))
        lots = self._read_quantity(instrument, command.quantity, broken, closing=closing)
        price = self._read_price(instrument, command, broken)
        self._check_phase(phase, broken)
        reference = self._tapes[command.symbol].reference_ticks
        if reference <= 0:
            broken.append((_R.NO_REFERENCE_PRICE, f"{command.symbol} has no reference price yet"))
        if lots is None or (price is None and command.order_type is not OrderType.MARKET) or reference <= 0:
            return Judgement(None, broken, lots, price)
        limit = self.collar(reference, command.side) if price is None else price
        ticket = Ticket(instrument, lots, price, limit)
        self._check_band(instrument, price, reference, broken)
        if not closing:
            self._check_size(instrument, limit, lots, broken)
        most = instrument.max_open_orders
        if not closing and len(self._orders.live(symbol=instrument.symbol)) >= most:
            broken.append((_R.ORDER_EXCEEDS_LIMIT, f"{most} orders are open, the most allowed"))
        if command.post_only and price is not None and _crosses(command.side, price, best_opposite):
            broken.append((_R.WOULD_TAKE, "a post-only order would trade at once"))
        self._check_account(
            instrument, command.side, limit, lots, None, command.reduce_only, broken, closing=closing
        )
        return Judgement(ticket, broken, lots, price)

    # -- changes -----------------------------------------------------------------------------------------------

    def judge_replace(
        self, order: Order, command: ReplaceOrder, *, phase: MarketPhase, best_opposite: int | None
    ) -> Judgement:
        """All rules for new terms of a live order; the ticket's quantity is the new total."""
        broken: list[Refused] = []
        instrument = self._instruments[order.symbol]
        if not isinstance(command.request_id, str) or not _CLIENT_ORDER_ID.fullmatch(command.request_id):
            broken.append(
                (_R.UNSUPPORTED_ORDER_CHARACTERISTIC, "client_order_id is 1–64 of A–Z a–z 0–9 . _ : -")
            )
        elif self._orders.find(command.request_id) is not None:
            broken.append((_R.DUPLICATE_ORDER, f"{command.request_id} was used before"))
        if command.stop_price is not None:
            broken.append(
                (_R.UNSUPPORTED_ORDER_CHARACTERISTIC, f"a {order.order_type} order has no stop price")
            )
        total: int | None = order.quantity_lots
        if command.quantity is not None:
            total = self._read_quantity(instrument, command.quantity, broken, total_after=order.cum_lots)
        price: int | None = order.limit_ticks
        if command.price is not None:
            price = _price_ticks(instrument, command.price, broken)
        if total is None or price is None:
            return Judgement(None, broken)
        ticket = Ticket(instrument, total, price, price)
        if total == order.quantity_lots and price == order.limit_ticks:
            broken.append((_R.NO_CHANGE, "the new terms are the old ones"))
        leaves = total - order.cum_lots - order.canceled_lots
        if leaves <= 0:
            if order.cum_lots == 0:
                broken.append((_R.INCORRECT_QUANTITY, "that much was taken off the order already"))
            return Judgement(ticket, broken)
        self._check_phase(phase, broken)
        reference = self._tapes[order.symbol].reference_ticks
        if command.price is not None:
            self._check_band(instrument, price, reference, broken)
        self._check_size(instrument, price, total, broken)
        if order.post_only and _crosses(order.side, price, best_opposite):
            broken.append((_R.WOULD_TAKE, "a post-only order would trade at once"))
        self._check_account(instrument, order.side, price, leaves, order, order.reduce_only, broken)
        return Judgement(ticket, broken)

    def collar(self, reference: int, side: Side) -> int:
        """The worst price that a market order may trade at."""
        width = reference * self._rules.market_collar_basis_points // _BASIS
        return reference + width if side is Side.BUY else max(1, reference - width)

    # -- rules -------------------------------------------------------------------------------------------------

    def _read_quantity(
        self,
        instrument: Instrument,
        text: str,
        broken: list[Refused],
        *,
        closing: bool = False,
        total_after: int | None = None,
    ) -> int | None:
        """The quantity in lots, None when it is no positive whole number of them."""
        try:
            lots = to_units(parse_decimal(text), instrument.lot_size)
        except NotExact:
            broken.append((_R.INCORRECT_QUANTITY, f"quantity {text} is no multiple of {instrument.lot_size}"))
            return None
        if lots <= 0:
            broken.append((_R.INCORRECT_QUANTITY, f"quantity {text} is not above zero"))
            return None
        if total_after is not None and lots <= total_after:
            return lots
        low, high = instrument.min_quantity_lots, instrument.max_quantity_lots
        if lots < low:
            broken.append(
                (
                    _R.INCORRECT_QUANTITY,
                    f"quantity {text} is below {instrument.format_quantity(low)}, the least allowed",
                )
            )
        elif lots > high and not closing:
            broken.append(
                (
                    _R.ORDER_EXCEEDS_LIMIT,
                    f"quantity {text} is above {instrument.format_quantity(high)}, the most allowed",
                )
            )
        # Beyond what a record holds nothing further can be worked out.
        return lots if lots <= MAX_INTEGER // 2 else None

    def _read_price(self, instrument: Instrument, command: SubmitOrder, broken: list[Refused]) -> int | None:
        if command.order_type is OrderType.MARKET:
            if command.price is not None:
                broken.append((_R.UNSUPPORTED_ORDER_CHARACTERISTIC, "a MARKET order has no price"))
            return None
        if command.price is None:
            broken.append((_R.INVALID_PRICE_INCREMENT, f"a {command.order_type} order needs a price"))
            return None
        return _price_ticks(instrument, command.price, broken)

    def _check_phase(self, phase: MarketPhase, broken: list[Refused]) -> None:
        if phase is MarketPhase.HALT:
            broken.append((_R.HALTED, "trading is halted"))
        elif phase is not MarketPhase.CONTINUOUS:
            broken.append((_R.MARKET_CLOSED, "the market is closed"))

    def _check_band(
        self, instrument: Instrument, price: int | None, reference: int, broken: list[Refused]
    ) -> None:
        if price is None:
            return
        width = reference * instrument.price_collar_basis_points // _BASIS
        low, high = max(1, reference - width), reference + width
        if not low <= price <= high:
            band = f"{instrument.format_price(low)}–{instrument.format_price(high)}"
            broken.append((_R.PRICE_OUTSIDE_BAND, f"{instrument.format_price(price)} is outside {band}"))

    def _check_size(self, instrument: Instrument, limit: int, lots: int, broken: list[Refused]) -> None:
        notional = instrument.notional_minor(limit, lots)
        low, high = instrument.min_notional_minor, instrument.max_notional_minor
        if not low <= notional <= high:
            broken.append(
                (
                    _R.NOTIONAL_OUT_OF_RANGE,
                    f"worth {grouped(notional)}, allowed {grouped(low)} to {grouped(high)}",
                )
            )
        most = self._account.terms.max_order_notional_minor
        if most is not None and notional > most:
            broken.append(
                (_R.ORDER_EXCEEDS_LIMIT, f"worth {grouped(notional)}, your limit is {grouped(most)}")
            )

    def _check_account(
        self,
        instrument: Instrument,
        side: Side,
        limit: int,
        leaves: int,
        replaced: Order | None,
        reduce_only: bool,
        broken: list[Refused],
        *,
        closing: bool = False,
    ) -> None:
        """What the account allows for `leaves` open lots, in the place of the order that they replace."""
        account, symbol = self._account, instrument.symbol
        held = account.held_lots(symbol)
        selling = 0 if closing else self._orders.open_lots(symbol, Side.SELL)
        buying = 0 if closing else self._orders.open_lots(symbol, Side.BUY)
        if replaced is not None:
            selling -= replaced.leaves_lots if side is Side.SELL else 0
            buying -= replaced.leaves_lots if side is Side.BUY else 0
        reduces = side is Side.SELL and leaves + selling <= held
        if account.state is TradingState.HALTED:
            broken.append((_R.TRADING_HALTED_BY_RISK, "the account may only cancel"))
        elif account.state is TradingState.REDUCING and not reduces:
            broken.append((_R.TRADING_HALTED_BY_RISK, "the account may only reduce its positions"))
        if side is Side.SELL:
            if not reduces:
                text = f"sells {_q(instrument, leaves)}, holds {_q(instrument, held)}"
                if selling:
                    text += f" of which {_q(instrument, selling)} in open orders"
                broken.append((_R.SHORT_SELL_NOT_PERMITTED, text))
            return
        if reduce_only:
            broken.append(
                (_R.ORDER_EXCEEDS_LIMIT, "reduce-only, and there is nothing that a buy would reduce")
            )
        self._check_limits(instrument, limit, leaves, held + buying, replaced, broken)
        needed = account.needed_minor(
            instrument,
            side,
            limit,
            leaves,
            numerator=0 if replaced is None else replaced.fee_numerator,
            charged=0 if replaced is None else replaced.fee_charged_minor,
        )
        has = account.buying_power_minor + (0 if replaced is None else replaced.reserved_minor)
        if closing:
            has += sum(order.reserved_minor for order in self._orders.live(symbol=symbol))
        if needed > has:
            broken.append((_R.INSUFFICIENT_BUYING_POWER, f"needs {grouped(needed)}, has {grouped(has)}"))

    def _check_limits(
        self,
        instrument: Instrument,
        limit: int,
        leaves: int,
        held: int,
        replaced: Order | None,
        broken: list[Refused],
    ) -> None:
        """The account's own limits on what adds risk. `held` counts open buys."""
        terms = self._account.terms
        if terms.position_limit_minor is not None:
            value = instrument.notional_minor(limit, held + leaves)
            if value > terms.position_limit_minor:
                most = grouped(terms.position_limit_minor)
                broken.append(
                    (_R.POSITION_LIMIT, f"the position would be worth {grouped(value)}, limit {most}")
                )
        if terms.exposure_limit_minor is not None:
            value = instrument.notional_minor(limit, leaves) + self._exposure_minor(replaced)
            if value > terms.exposure_limit_minor:
                most = grouped(terms.exposure_limit_minor)
                broken.append(
                    (_R.EXPOSURE_LIMIT, f"all positions would be worth {grouped(value)}, limit {most}")
                )
        most_lost = terms.daily_loss_limit_minor
        if most_lost is not None and self._account.day_loss_minor >= most_lost:
            lost = grouped(self._account.day_loss_minor)
            broken.append((_R.DAILY_LOSS_LIMIT, f"lost {lost} today, the limit is {grouped(most_lost)}"))

    def _exposure_minor(self, replaced: Order | None) -> int:
        """Positions at their reference price and open buys at their limit."""
        total = 0
        for symbol, position in self._account.positions.items():
            reference = self._tapes[symbol].reference_ticks
            total += self._instruments[symbol].notional_minor(reference, abs(position.quantity_lots))
        for order in self._orders.live(side=Side.BUY):
            if order is not replaced:
                total += self._instruments[order.symbol].notional_minor(order.limit_ticks, order.leaves_lots)
        return total


def grouped(amount_minor: int) -> str:
    """Money for a sentence: thousands set apart by spaces, `"12 340.00"`."""
    whole, _, decimals = format_money(amount_minor).partition(".")
    return f"{int(whole):,}".replace(",", " ") + "." + decimals


def _q(instrument: Instrument, lots: int) -> str:
    return instrument.format_quantity(lots)


def _price_ticks(instrument: Instrument, text: str, broken: list[Refused]) -> int | None:
    try:
        ticks = to_units(parse_decimal(text), instrument.tick_size)
    except NotExact:
        broken.append((_R.INVALID_PRICE_INCREMENT, f"price {text} is no multiple of {instrument.tick_size}"))
        return None
    if ticks <= 0:
        broken.append((_R.INVALID_PRICE_INCREMENT, f"price {text} is not above zero"))
        return None
    if ticks > MAX_INTEGER // 2:
        broken.append((_R.PRICE_OUTSIDE_BAND, f"price {text} is beyond any band"))
        return None
    return ticks


def _crosses(side: Side, price: int, best_opposite: int | None) -> bool:
    if best_opposite is None:
        return False
    return price >= best_opposite if side is Side.BUY else price <= best_opposite


def _unsupported(command: SubmitOrder) -> list[Refused]:
    """The order's characteristics that the venue does not take."""
    reasons: list[str] = []
    if command.order_type in UNSUPPORTED_NOW:
        reasons.append(f"{command.order_type} orders are not taken here")
    if command.time_in_force in UNSUPPORTED_TIMES_NOW:
        reasons.append(f"time in force {command.time_in_force} is not taken here")
    if command.stop_price is not None and command.order_type not in UNSUPPORTED_NOW:
        reasons.append(f"a {command.order_type} order has no stop price")
    if command.display_quantity is not None:
        reasons.append("display_quantity is not taken here")
    if command.min_quantity is not None:
        reasons.append("min_quantity is not taken here")
    at_once = command.order_type is OrderType.MARKET or command.time_in_force in (
        TimeInForce.IMMEDIATE_OR_CANCEL,
        TimeInForce.FILL_OR_KILL,
    )
    if command.post_only and at_once:
        reasons.append("a post-only order must be able to rest")
    return [(_R.UNSUPPORTED_ORDER_CHARACTERISTIC, reason) for reason in reasons]
