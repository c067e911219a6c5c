"""Where the core's output becomes events: market data for all, reports and ledger entries for the trader.

The other participants have no books of their own here: together they are the VENUE account, so every sum is
kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from simulator_engine.core.accounts import Account, AccountTerms
from simulator_engine.core.events import Event, ExecutionReport, LedgerLeg, LevelChanged, TradePrinted
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.ledger import fill_legs
from simulator_engine.core.market_data import Tape
from simulator_engine.core.matching import MatchingCore
from simulator_engine.core.orders import Order, OrderBookOfRecord
from simulator_engine.core.reasons import (
    CancelReason,
    ExecType,
    LastLiquidity,
    MarketPhase,
    OrderType,
    OrdStatus,
    RejectCode,
    Side,
)
from simulator_engine.core.records import (
    BUY,
    CANCELED,
    EVENT,
    LEVEL,
    NO_DIGEST,
    REDUCED,
    REJECTED,
    SELL,
    TRADE,
    EndReason,
    EventKind,
    OutputEvent,
    event_record,
    symbol_field,
)

PARTICIPANTS_FROM: Final = 1 << 32
"""Order ids below are the trader's, 1, 2, 3…; those of the other participants start here."""

USER_OWNER: Final = 1

ParticipantFill = tuple[int, str, int, Side, int, int]
"""(owner, symbol, order_id, the order's own side, price_ticks, lots)."""

TakerTrade = tuple[int, str, Side, int, int]
"""(owner, symbol, side that took, last price in ticks, lots taken by the whole order)."""

_SIDES: Final = (Side.BUY, Side.SELL)
_TRADE_KIND: Final = int(EventKind.TRADE_PRINTED)
_LEVEL_KIND: Final = int(EventKind.LEVEL_CHANGED)
_PACK: Final = EVENT.pack


class Listing:
    """One instrument on the floor."""

    __slots__ = ("field", "index", "instrument", "symbol", "tape")

    def __init__(self, index: int, instrument: Instrument) -> None:
        self.index = index
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.field = symbol_field(instrument.symbol)
        self.tape = Tape(instrument)


class Floor:
    """The state of one venue, and how a step of the core changes it.

    `outbox` takes the trader's events and the venue's announcements in order, and public ones too when
    `record_public`; `records` takes the fixed-width record of every event, public ones always.
    """

    def __init__(
        self, *, instruments: tuple[Instrument, ...], terms: AccountTerms, core: MatchingCore, record_public: bool
    ) -> None:
        self.core = core
        self.listings = {one.symbol: Listing(index, one) for index, one in enumerate(instruments)}
        self.instruments = {one.symbol: one for one in instruments}
        self.account = Account.open(terms, self.instruments)
        self.orders = OrderBookOfRecord()
        self.phase = MarketPhase.CLOSED
        self.date = ""
        self.record_public = record_public
        self.outbox: list[Event] = []
        self.records: list[bytes] = []
        self.event_count = 0
        self.fills: list[ParticipantFill] = []
        self.taker_trades: list[TakerTrade] = []
        self.next_order_id = 1
        self.next_participant_id = PARTICIPANTS_FROM
        self.next_execution_id = 1
        self.touched = False
        """True when the account or a position changed and has not been announced yet."""
        self._touched_symbols: list[str] = []

    def publish(self, event: Event) -> None:
        self.outbox.append(event)
        self.records.append(event_record(event))
        self.event_count += 1

    # -- the core's output -----------------------------------------------------------------------------------

    def absorb(
        self,
        listing: Listing,
        outs: list[OutputEvent],
        now: int,
        ended: tuple[ExecType, CancelReason] = (ExecType.CANCELED, CancelReason.REQUESTED),
    ) -> None:
        """Take in one step of the core. `ended` says why a requested cancel ends the trader's order."""
        records, tape, field = self.records, listing.tape, listing.field
        taken = taken_price = taken_side = taker = 0
        for out in outs:
            kind, side, reason, _, _, order_id, owner, other_id, other_owner, price, lots, remaining = out
            if kind == LEVEL:
                if side == BUY:
                    tape.dirty_bids[price] = (lots, remaining)
                else:
                    tape.dirty_asks[price] = (lots, remaining)
                tape.level_changes += 1
                self.event_count += 1
                records.append(_PACK(_LEVEL_KIND, side, 0, 0, 0, field, now, price, lots, remaining, NO_DIGEST))
                if self.record_public:
                    self.outbox.append(LevelChanged(listing.symbol, _SIDES[side], price, lots, remaining, now))
            elif kind == TRADE:
                taken += lots
                taken_price, taken_side, taker = price, side, owner
                user = 1 if order_id < PARTICIPANTS_FROM or other_id < PARTICIPANTS_FROM else 0
                number = tape.trade(price, lots, side, user, now)
                self.event_count += 1
                records.append(_PACK(_TRADE_KIND, side, 0, user, 0, field, now, price, lots, number, NO_DIGEST))
                if self.record_public:
                    self.outbox.append(TradePrinted(listing.symbol, number, price, lots, _SIDES[side], now, bool(user)))
                if order_id < PARTICIPANTS_FROM:
                    self._fill(listing, self.orders.by_id(order_id), price, lots, now, maker=False)
                else:
                    self.fills.append((owner, listing.symbol, order_id, _SIDES[side], price, lots))
                if other_id < PARTICIPANTS_FROM:
                    self._fill(listing, self.orders.by_id(other_id), price, lots, now, maker=True)
                else:
                    self.fills.append((other_owner, listing.symbol, other_id, _SIDES[1 - side], price, lots))
            elif order_id < PARTICIPANTS_FROM:
                if kind == CANCELED:
                    self._end(listing, self.orders.by_id(order_id), reason, lots, now, ended)
                elif kind == REDUCED:
                    self._restate(listing, self.orders.by_id(order_id), lots, now)
                elif kind == REJECTED:
                    raise AssertionError(f"the core refused {out}, which the rules had passed")
        if taken:
            self.taker_trades.append((taker, listing.symbol, _SIDES[taken_side], taken_price, taken))

    def settle(self, now: int) -> None:
        """Announce the positions and the account, once each, when the step changed them."""
        if not self.touched:
            return
        self.touched = False
        for symbol in self._touched_symbols:
            self.publish(self.account.position_updated(symbol, now))
        self._touched_symbols.clear()
        self.publish(self.account.updated(now))

    def discard_announcements(self) -> None:
        """Forget what was touched: another state has taken this one's place."""
        self.touched = False
        self._touched_symbols.clear()

    # -- the trader's orders ---------------------------------------------------------------------------------

    def report(
        self,
        order: Order,
        exec_type: ExecType,
        now: int,
        *,
        last_lots: int = 0,
        last_price: int | None = None,
        liquidity: LastLiquidity | None = None,
        fee: int = 0,
        text: str = "",
        reject_code: RejectCode | None = None,
        ahead: int = -1,
        raw_quantity: str | None = None,
        raw_price: str | None = None,
        legs: tuple[LedgerLeg, ...] = (),
    ) -> None:
        """Publish an execution report with the order's state as it is now."""
        standing = self.standing(order, exec_type, now, self.take_execution_id())
        self.publish(
            replace(
                standing,
                last_lots=last_lots,
                last_price_ticks=last_price,
                last_liquidity=liquidity,
                fee_minor=fee,
                reject_code=reject_code,
                text=text,
                quantity_ahead_lots=ahead,
                raw_quantity=raw_quantity,
                raw_price=raw_price,
                legs=legs,
            )
        )

    def take_execution_id(self) -> int:
        """The next number of a report; each is given once."""
        number = self.next_execution_id
        self.next_execution_id = number + 1
        return number

    @staticmethod
    def standing(order: Order, exec_type: ExecType, now: int, execution_id: int) -> ExecutionReport:
        """An order's terms and state as they are now, without a fill, a refusal or a ledger entry."""
        return ExecutionReport(
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            original_client_order_id=order.previous_client_order_id,
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            quantity_lots=order.quantity_lots,
            price_ticks=order.price_ticks,
            stop_price_ticks=order.stop_price_ticks,
            status=order.status,
            exec_type=exec_type,
            cum_lots=order.cum_lots,
            leaves_lots=order.leaves_lots,
            cum_notional_minor=order.cum_notional_minor,
            sim_time_ns=now,
            execution_id=execution_id,
            working=not order.status.terminal,
            post_only=order.post_only,
            reduce_only=order.reduce_only,
        )

    def hold(self, order: Order) -> None:
        """Bring the order's reservation up to date with its open lots."""
        if self.account.reserve(order, self.instruments[order.symbol]):
            self.touched = True

    def _fill(self, listing: Listing, order: Order, price: int, lots: int, now: int, *, maker: bool) -> None:
        instrument = listing.instrument
        notional = instrument.notional_minor(price, lots)
        order.cum_lots += lots
        order.cum_notional_minor += notional
        left = order.quantity_lots - order.cum_lots - order.canceled_lots
        order.move(ExecType.TRADE, OrdStatus.PARTIALLY_FILLED if left else OrdStatus.FILLED)
        fee = self.account.charge(order, notional, lots, maker=maker)
        legs = fill_legs(
            symbol=order.symbol,
            currency=self.account.terms.currency,
            side=order.side,
            lots=lots,
            notional_minor=notional,
            fee_minor=fee,
        )
        self.account.settle(order, lots, notional, fee, legs)
        self.hold(order)
        self.touched = True
        if order.symbol not in self._touched_symbols:
            self._touched_symbols.append(order.symbol)
        if not left:
            self.orders.retire(order)
        self.report(
            order,
            ExecType.TRADE,
            now,
            last_lots=lots,
            last_price=price,
            liquidity=LastLiquidity.ADDED if maker else LastLiquidity.REMOVED,
            fee=fee,
            ahead=self.core.quantity_ahead(listing.index, order.order_id) if maker else -1,
            legs=legs,
        )

    def _end(
        self, listing: Listing, order: Order, reason: int, lots: int, now: int, ended: tuple[ExecType, CancelReason]
    ) -> None:
        exec_type, text = ended
        if reason != EndReason.REQUESTED:
            exec_type, text = ExecType.CANCELED, self._why(listing, order, reason)
        order.canceled_lots += lots
        order.move(exec_type, OrdStatus.EXPIRED if exec_type is ExecType.EXPIRED else OrdStatus.CANCELED)
        self.orders.retire(order)
        self.hold(order)
        self.report(order, exec_type, now, text=text.value)

    def _why(self, listing: Listing, order: Order, reason: int) -> CancelReason:
        if reason == EndReason.SELF_MATCH:
            return CancelReason.SELF_MATCH_PREVENTION
        if reason == EndReason.UNFILLED_FOK:
            return CancelReason.UNFILLED_FOK
        if order.order_type is OrderType.MARKET:
            more = self.core.best(listing.index, SELL if order.side is Side.BUY else BUY)
            return CancelReason.UNFILLED_MARKET if more is None else CancelReason.OUTSIDE_COLLAR
        return CancelReason.UNFILLED_IOC

    def _restate(self, listing: Listing, order: Order, lots: int, now: int) -> None:
        """Self-match prevention took lots off an order that lives on."""
        order.canceled_lots += lots
        order.move(ExecType.RESTATED, order.status)
        self.hold(order)
        ahead = self.core.quantity_ahead(listing.index, order.order_id)
        self.report(order, ExecType.RESTATED, now, text=CancelReason.SELF_MATCH_PREVENTION.value, ahead=ahead)
