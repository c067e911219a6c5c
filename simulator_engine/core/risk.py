"""Pre-trade rules over the account and the market: says every rule that an order would break. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from simulator_engine.core import tickets
from simulator_engine.core.accounts import Account
from simulator_engine.core.commands import ReplaceOrder, SubmitOrder
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.market_data import Tape
from simulator_engine.core.orders import Order, OrderBookOfRecord
from simulator_engine.core.reasons import MarketPhase, OrderType, RejectCode, Side, TradingState
from simulator_engine.core.records import SelfMatch
from simulator_engine.core.tickets import Judgement, Refused, Ticket, grouped

_BASIS: Final = 10_000
_R = RejectCode

_VERDICTS: Final = {
    RejectCode.STALE_ORDER: "the order came later than it was good for",
    RejectCode.CONNECTION_QUALITY: "the connection is too poor for an order that adds risk",
    RejectCode.RATE_LIMIT: "too many orders in too short a time",
}


@dataclass(frozen=True, slots=True)
class VenueRules:
    """What holds for everybody: how far a market order may walk the book, and who yields to itself."""

    market_collar_basis_points: int = 500
    self_match: SelfMatch = SelfMatch.CANCEL_TAKER


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an order asks of the account: open lots at a limit, in the place of the order that it replaces."""

    instrument: Instrument
    side: Side
    limit_ticks: int
    lots: int
    replaced: Order | None = None
    reduce_only: bool = False
    closing: bool = False


class RiskGate:
    """The rules over one account's state. `tapes` gives the reference prices."""

    def __init__(
        self,
        *,
        instruments: Mapping[str, Instrument],
        tapes: Mapping[str, Tape],
        account: Account,
        orders: OrderBookOfRecord,
        rules: VenueRules,
    ) -> None:
        self._instruments = instruments
        self._tapes = tapes
        self._account = account
        self._orders = orders
        self._rules = rules

    def judge_new(
        self, command: SubmitOrder, *, phase: MarketPhase, best_opposite: int | None, closing: bool = False
    ) -> Judgement:
        """All rules for a new order; a verdict that came with it is the only one.

        `closing` judges a flatten order: without limits of size, and as if the symbol's orders were canceled.
        """
        broken = self._check_id(command.request_id)
        instrument = self._instruments.get(command.symbol)
        if instrument is None:
            broken.append(Refused(_R.UNKNOWN_SYMBOL, f"{command.symbol} is not traded here"))
            return _with_verdict(command, Judgement(None, broken))
        broken.extend(tickets.unsupported(command))
        lots = tickets.read_quantity(instrument, command.quantity, broken, unlimited=closing)
        price = tickets.read_price(instrument, command, broken)
        self._check_phase(phase, broken)
        reference = self._tapes[command.symbol].reference_ticks
        if reference <= 0:
            broken.append(Refused(_R.NO_REFERENCE_PRICE, f"{command.symbol} has no reference price yet"))
        no_price = price is None and command.order_type is not OrderType.MARKET
        if lots is None or no_price or reference <= 0:
            return _with_verdict(command, Judgement(None, broken, lots, price))
        limit = self.collar(reference, command.side) if price is None else price
        if price is not None:
            self._check_band(instrument, price, reference, broken)
        if not closing:
            self._check_size(instrument, limit, lots, broken)
            most = instrument.max_open_orders
            if len(self._orders.live(symbol=instrument.symbol)) >= most:
                broken.append(Refused(_R.ORDER_EXCEEDS_LIMIT, f"{most} orders are open, the most allowed"))
        if command.post_only and price is not None and _crosses(command.side, price, best_opposite):
            broken.append(Refused(_R.WOULD_TAKE, "a post-only order would trade at once"))
        wish = _Wish(instrument, command.side, limit, lots, reduce_only=command.reduce_only, closing=closing)
        self._check_account(wish, broken)
        return _with_verdict(command, Judgement(Ticket(instrument, lots, price, limit), broken, lots, price))

    def judge_replace(
        self, order: Order, command: ReplaceOrder, *, phase: MarketPhase, best_opposite: int | None
    ) -> Judgement:
        """All rules for new terms of a live order; the ticket's quantity is the new total."""
        broken = self._check_id(command.request_id)
        instrument = self._instruments[order.symbol]
        if command.stop_price is not None:
            broken.append(Refused(_R.UNSUPPORTED_ORDER_CHARACTERISTIC, f"a {order.order_type} order has no stop price"))
        total: int | None = order.quantity_lots
        if command.quantity is not None:
            total = tickets.read_quantity(instrument, command.quantity, broken, filled_lots=order.cum_lots)
        price: int | None = order.limit_ticks
        if command.price is not None:
            price = tickets.price_ticks(instrument, command.price, broken)
        if total is None or price is None:
            return Judgement(None, broken)
        judgement = Judgement(Ticket(instrument, total, price, price), broken, total, price)
        if total == order.quantity_lots and price == order.limit_ticks:
            broken.append(Refused(_R.NO_CHANGE, "the new terms are the old ones"))
        leaves = total - order.cum_lots - order.canceled_lots
        if leaves <= 0:
            if order.cum_lots == 0:
                broken.append(Refused(_R.INCORRECT_QUANTITY, "that much was taken off the order already"))
            return judgement
        self._check_phase(phase, broken)
        if command.price is not None:
            self._check_band(instrument, price, self._tapes[order.symbol].reference_ticks, broken)
        self._check_size(instrument, price, total, broken)
        if order.post_only and _crosses(order.side, price, best_opposite):
            broken.append(Refused(_R.WOULD_TAKE, "a post-only order would trade at once"))
        self._check_account(
            _Wish(instrument, order.side, price, leaves, replaced=order, reduce_only=order.reduce_only), broken
        )
        return judgement

    def collar(self, reference: int, side: Side) -> int:
        """The worst price that a market order may trade at."""
        width = reference * self._rules.market_collar_basis_points // _BASIS
        return reference + width if side == Side.BUY else max(1, reference - width)

    # -- rules -------------------------------------------------------------------------------------------------

    def _check_id(self, request_id: str) -> list[Refused]:
        if not tickets.well_formed_id(request_id):
            text = "client_order_id is 1–64 of A–Z a–z 0–9 . _ : -"
            return [Refused(_R.UNSUPPORTED_ORDER_CHARACTERISTIC, text)]
        if self._orders.find(request_id) is not None:
            return [Refused(_R.DUPLICATE_ORDER, f"{request_id} was used before")]
        return []

    def _check_phase(self, phase: MarketPhase, broken: list[Refused]) -> None:
        if phase is MarketPhase.HALT:
            broken.append(Refused(_R.HALTED, "trading is halted"))
        elif phase is not MarketPhase.CONTINUOUS:
            broken.append(Refused(_R.MARKET_CLOSED, "the market is closed"))

    def _check_band(self, instrument: Instrument, price: int, reference: int, broken: list[Refused]) -> None:
        width = reference * instrument.price_collar_basis_points // _BASIS
        low, high = max(1, reference - width), reference + width
        if not low <= price <= high:
            band = f"{instrument.format_price(low)}–{instrument.format_price(high)}"
            broken.append(Refused(_R.PRICE_OUTSIDE_BAND, f"{instrument.format_price(price)} is outside {band}"))

    def _check_size(self, instrument: Instrument, limit: int, lots: int, broken: list[Refused]) -> None:
        notional = instrument.notional_minor(limit, lots)
        low, high = instrument.min_notional_minor, instrument.max_notional_minor
        if not low <= notional <= high:
            allowed = f"{grouped(low)} to {grouped(high)}"
            broken.append(Refused(_R.NOTIONAL_OUT_OF_RANGE, f"worth {grouped(notional)}, allowed are {allowed}"))
        most = self._account.terms.max_order_notional_minor
        if most is not None and notional > most:
            broken.append(Refused(_R.ORDER_EXCEEDS_LIMIT, f"worth {grouped(notional)}, your limit is {grouped(most)}"))

    def _check_account(self, wish: _Wish, broken: list[Refused]) -> None:
        """What the account allows."""
        account, instrument = self._account, wish.instrument
        symbol, replaced = instrument.symbol, wish.replaced
        held = account.held_lots(symbol)
        open_lots = 0 if wish.closing else self._orders.open_lots(symbol, wish.side)
        if replaced is not None:
            open_lots -= replaced.leaves_lots
        reduces = wish.side is Side.SELL and wish.lots + open_lots <= held
        if account.state is TradingState.HALTED:
            broken.append(Refused(_R.TRADING_HALTED_BY_RISK, "the account may only cancel"))
        elif account.state is TradingState.REDUCING and not reduces:
            broken.append(Refused(_R.TRADING_HALTED_BY_RISK, "the account may only reduce its positions"))
        if wish.side is Side.SELL:
            if not reduces:
                quantity = instrument.format_quantity
                text = f"sells {quantity(wish.lots)}, holds {quantity(held)}"
                if open_lots:
                    text += f" of which {quantity(open_lots)} in open orders"
                broken.append(Refused(_R.SHORT_SELL_NOT_PERMITTED, text))
            return
        if wish.reduce_only:
            broken.append(Refused(_R.ORDER_EXCEEDS_LIMIT, "reduce-only, and there is nothing that a buy would reduce"))
        self._check_limits(wish, held + open_lots, broken)
        needed = account.needed_minor(
            instrument,
            wish.side,
            wish.limit_ticks,
            wish.lots,
            numerator=0 if replaced is None else replaced.fee_numerator,
            charged=0 if replaced is None else replaced.fee_charged_minor,
        )
        has = account.buying_power_minor + (0 if replaced is None else replaced.reserved_minor)
        if wish.closing:
            has += sum(order.reserved_minor for order in self._orders.live(symbol=symbol))
        if needed > has:
            broken.append(Refused(_R.INSUFFICIENT_BUYING_POWER, f"needs {grouped(needed)}, has {grouped(has)}"))

    def _check_limits(self, wish: _Wish, held: int, broken: list[Refused]) -> None:
        """The account's own limits on what adds risk. `held` counts open buys."""
        terms, account, instrument = self._account.terms, self._account, wish.instrument
        if terms.position_limit_minor is not None:
            value = instrument.notional_minor(wish.limit_ticks, held + wish.lots)
            if value > terms.position_limit_minor:
                text = f"the position would be worth {grouped(value)}, limit {grouped(terms.position_limit_minor)}"
                broken.append(Refused(_R.POSITION_LIMIT, text))
        if terms.exposure_limit_minor is not None:
            value = instrument.notional_minor(wish.limit_ticks, wish.lots) + self._exposure_minor(wish.replaced)
            if value > terms.exposure_limit_minor:
                text = f"all positions would be worth {grouped(value)}, limit {grouped(terms.exposure_limit_minor)}"
                broken.append(Refused(_R.EXPOSURE_LIMIT, text))
        most_lost = terms.daily_loss_limit_minor
        if most_lost is not None and account.day_loss_minor >= most_lost:
            lost = grouped(account.day_loss_minor)
            broken.append(Refused(_R.DAILY_LOSS_LIMIT, f"lost {lost} today, the limit is {grouped(most_lost)}"))

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


def _with_verdict(command: SubmitOrder, judgement: Judgement) -> Judgement:
    """A verdict passed before the command was stamped stands alone."""
    if command.verdict is not None:
        text = _VERDICTS.get(command.verdict, "refused before it reached the venue")
        judgement.broken = [Refused(command.verdict, text)]
    return judgement


def _crosses(side: Side, price: int, best_opposite: int | None) -> bool:
    if best_opposite is None:
        return False
    return price >= best_opposite if side is Side.BUY else price <= best_opposite
