"""One private venue: all books, the trader's account, and the cheap door for the other participants.

State is a pure function of the calls made, in order; time comes in with each call. Never a clock, a float or
a log.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from simulator_engine.core import state
from simulator_engine.core.accounts import Account, AccountTerms
from simulator_engine.core.candles import Candle
from simulator_engine.core.commands import Command, SubmitOrder
from simulator_engine.core.desk import Desk
from simulator_engine.core.events import AccountUpdated, DayChanged, Event, PhaseChanged, PositionUpdated
from simulator_engine.core.factory import CoreFactory, create_matching_core
from simulator_engine.core.floor import PARTICIPANTS_FROM, Floor, ParticipantFill, TakerTrade
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.market_data import BookView, DirtyLevels, Tape, TradeRow, book_checksum
from simulator_engine.core.orders import Order
from simulator_engine.core.preview import Preview, estimate
from simulator_engine.core.reasons import MarketPhase, Side, TimeInForce, TradingState
from simulator_engine.core.records import (
    ACCEPTED,
    ADD,
    BUY,
    CANCEL,
    CANCELED,
    IMMEDIATE_OR_CANCEL,
    REDUCE,
    REJECTED,
    REST,
    SELL,
    TRADE,
)
from simulator_engine.core.risk import RiskGate, VenueRules


class Venue:
    """The venue of one session.

    `record_public` also puts TradePrinted and LevelChanged objects into `drain()`; without it they go only
    to the market data and to `take_records()`, which cost far less.
    """

    def __init__(
        self,
        *,
        instruments: tuple[Instrument, ...],
        terms: AccountTerms,
        rules: VenueRules | None = None,
        core_factory: CoreFactory = create_matching_core,
        record_public: bool = False,
    ) -> None:
        if len({one.symbol for one in instruments}) != len(instruments):
            raise ValueError("two instruments have one symbol")
        rules = rules or VenueRules()
        core = core_factory(len(instruments))
        self._core = core
        self._process = core.process
        self._floor = Floor(instruments=instruments, terms=terms, core=core, record_public=record_public)
        self._listings = self._floor.listings
        self._gate = RiskGate(
            instruments=self._floor.instruments,
            tapes={symbol: listing.tape for symbol, listing in self._listings.items()},
            account=self._floor.account,
            orders=self._floor.orders,
            rules=rules,
        )
        self._desk = Desk(floor=self._floor, gate=self._gate, rules=rules)

    @property
    def core_name(self) -> str:
        """Which matching core runs."""
        return self._core.name

    # -- the trader ------------------------------------------------------------------------------------------

    def handle(self, command: Command, sim_time_ns: int) -> list[Event]:
        """Carry out a command; returns the events that it caused, which `drain()` gives too."""
        floor = self._floor
        start = len(floor.outbox)
        self._desk.handle(command, sim_time_ns)
        floor.settle(sim_time_ns)
        return floor.outbox[start:]

    def preview(self, command: SubmitOrder) -> Preview:
        """What the order would do now; changes nothing."""
        return estimate(self._floor, command, self._desk.judge(command))

    def set_trading_state(self, trading_state: TradingState, sim_time_ns: int) -> None:
        """What the account may do from now on; announced when it changes."""
        if self._floor.account.state is not trading_state:
            self._floor.account.state = trading_state
            self._floor.touched = True
            self._floor.settle(sim_time_ns)

    @property
    def account(self) -> Account:
        """To read only."""
        return self._floor.account

    def find_order(self, client_order_id: str) -> Order | None:
        """The order that bears, or bore, this id. To read only."""
        return self._floor.orders.find(client_order_id)

    def orders(self) -> list[Order]:
        """All of the trader's orders, oldest first. To read only."""
        return self._floor.orders.all()

    def working_orders(self) -> list[Order]:
        """The trader's live orders, oldest first. To read only."""
        return self._floor.orders.live()

    def positions(self) -> list[PositionUpdated]:
        """Every position that was ever held, by symbol; their time is 0, for they are no event."""
        account = self._floor.account
        return [account.position_updated(symbol, 0) for symbol in sorted(account.positions)]

    def account_updated(self, sim_time_ns: int) -> AccountUpdated:
        """The account as it is."""
        return self._floor.account.updated(sim_time_ns)

    def quantity_ahead(self, order: Order) -> int:
        """Lots before one of the trader's orders at its price; −1 when it does not rest."""
        return self._core.quantity_ahead(self._listings[order.symbol].index, order.order_id)

    # -- the other participants ------------------------------------------------------------------------------

    def participant_limit(
        self, symbol: str, side: Side, price_ticks: int, lots: int, owner: int, sim_time_ns: int, ioc: bool = False
    ) -> int:
        """A limit order of a population (`owner` > 1). Returns its id, 0 when nothing of it rests."""
        floor = self._floor
        if floor.phase is not MarketPhase.CONTINUOUS:
            return 0
        listing = self._listings[symbol]
        order_id = floor.next_participant_id
        floor.next_participant_id = order_id + 1
        code = SELL if side == "SELL" else BUY
        condition = IMMEDIATE_OR_CANCEL if ioc else REST
        outs = self._process((ADD, code, condition, 0, listing.index, order_id, owner, price_ticks, lots))
        floor.absorb(listing, outs, sim_time_ns)
        if floor.touched:
            floor.settle(sim_time_ns)
        # What rests is told last but one, before the change of its level.
        return order_id if len(outs) > 1 and outs[-2][0] == ACCEPTED else 0

    def participant_market(
        self, symbol: str, side: Side, lots: int, owner: int, sim_time_ns: int, limit_ticks: int | None = None
    ) -> int:
        """A market order of a population, within `limit_ticks` or else the venue's collar. Returns the lots
        filled."""
        floor = self._floor
        listing = self._listings[symbol]
        if limit_ticks is None:
            limit_ticks = self._gate.collar(listing.tape.reference_ticks, side)
        if floor.phase is not MarketPhase.CONTINUOUS:
            return 0
        order_id = floor.next_participant_id
        floor.next_participant_id = order_id + 1
        code = SELL if side == "SELL" else BUY
        outs = self._process((ADD, code, IMMEDIATE_OR_CANCEL, 0, listing.index, order_id, owner, limit_ticks, lots))
        floor.absorb(listing, outs, sim_time_ns)
        if floor.touched:
            floor.settle(sim_time_ns)
        filled = 0
        for out in outs:
            if out[0] == TRADE:
                filled += out[10]
        return filled

    def participant_cancel(self, symbol: str, order_id: int, sim_time_ns: int) -> bool:
        """Take a population's order out of the book; False when it rests no more."""
        if order_id < PARTICIPANTS_FROM:
            return False
        listing = self._listings[symbol]
        outs = self._process((CANCEL, 0, 0, 0, listing.index, order_id, 0, 0, 0))
        if outs[0][0] != CANCELED:
            return False
        self._floor.absorb(listing, outs, sim_time_ns)
        return True

    def participant_reduce(self, symbol: str, order_id: int, lots: int, sim_time_ns: int) -> bool:
        """Take lots off a population's order in its place in the queue; False when it rests no more."""
        if order_id < PARTICIPANTS_FROM:
            return False
        listing = self._listings[symbol]
        outs = self._process((REDUCE, 0, 0, 0, listing.index, order_id, 0, 0, lots))
        if outs[0][0] == REJECTED:
            return False
        self._floor.absorb(listing, outs, sim_time_ns)
        return True

    def take_participant_fills(self) -> list[ParticipantFill]:
        """Every fill of a population's order since the last call, resting or taking: (owner, symbol,
        order_id, side, price_ticks, lots) with the order's own side."""
        fills, self._floor.fills = self._floor.fills, []
        return fills

    def take_taker_trades(self) -> list[TakerTrade]:
        """One (owner, symbol, side, last price_ticks, lots) per order that took, the trader's included."""
        trades, self._floor.taker_trades = self._floor.taker_trades, []
        return trades

    # -- cheap reads -----------------------------------------------------------------------------------------

    def best_bid(self, symbol: str) -> tuple[int, int] | None:
        """(price_ticks, lots), None when nobody bids."""
        return self._core.best(self._listings[symbol].index, BUY)

    def best_ask(self, symbol: str) -> tuple[int, int] | None:
        return self._core.best(self._listings[symbol].index, SELL)

    def depth_at(self, symbol: str, side: Side, price_ticks: int) -> int:
        """Lots resting at a price."""
        code = SELL if side == "SELL" else BUY
        return self._core.level(self._listings[symbol].index, code, price_ticks)[0]

    def resting_lots(self, symbol: str, order_id: int) -> int:
        """Open lots of an order in the book, 0 when it rests no more."""
        order = self._core.order(self._listings[symbol].index, order_id)
        return 0 if order is None else order[2]

    def last_price(self, symbol: str) -> int:
        """The last trade's price, or the reference (previous close) before the first."""
        return self._listings[symbol].tape.reference_ticks

    # -- market data -----------------------------------------------------------------------------------------

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """What is listed, by symbol."""
        return self._floor.instruments

    def instrument(self, symbol: str) -> Instrument:
        """Raises KeyError for a symbol that is not traded here."""
        return self._listings[symbol].instrument

    def tape(self, symbol: str) -> Tape:
        """A symbol's public record: last price, the day's range and volume, level changes. To read only."""
        return self._listings[symbol].tape

    def book(self, symbol: str, depth: int) -> BookView:
        """The best `depth` levels of each side."""
        listing = self._listings[symbol]
        bids = tuple(self._core.levels(listing.index, BUY, depth))
        asks = tuple(self._core.levels(listing.index, SELL, depth))
        checksum = book_checksum(listing.instrument, bids, asks)
        return BookView(symbol, listing.tape.level_changes, bids, asks, checksum)

    def dirty_levels(self, symbol: str) -> DirtyLevels:
        """The levels that changed since the last call."""
        return self._listings[symbol].tape.take_dirty()

    def trades(self, symbol: str, limit: int) -> list[TradeRow]:
        """Up to `limit` of the latest public trades, newest first."""
        return self._listings[symbol].tape.last_trades(limit)

    def candles(self, symbol: str, interval_s: int, start_s: int, end_s: int, limit: int) -> list[Candle]:
        """See CandleSeries.between. Raises ValueError for an interval that there is not."""
        return self._listings[symbol].tape.candles.between(interval_s, start_s, end_s, limit)

    # -- the day ---------------------------------------------------------------------------------------------

    @property
    def phase(self) -> MarketPhase:
        return self._floor.phase

    @property
    def date(self) -> str:
        """The simulated trading day, YYYY-MM-DD; empty before the first."""
        return self._floor.date

    def open_day(self, date: str, sim_time_ns: int) -> None:
        """A new trading day begins in continuous trading."""
        floor = self._floor
        floor.date = date
        floor.account.open_day()
        for listing in self._listings.values():
            listing.tape.open_day()
        floor.publish(DayChanged(date, sim_time_ns))
        self.set_phase(MarketPhase.CONTINUOUS, sim_time_ns)

    def close_day(self, sim_time_ns: int) -> None:
        """The day ends: the trader's DAY orders expire, the populations' orders leave, GTC orders stay."""
        floor = self._floor
        for order in floor.orders.live():
            if order.time_in_force is TimeInForce.DAY:
                self._desk.expire(order, sim_time_ns)
        for listing in self._listings.values():
            for order_id in self._core.order_ids(listing.index):
                self.participant_cancel(listing.symbol, order_id, sim_time_ns)
        floor.settle(sim_time_ns)
        self.set_phase(MarketPhase.CLOSED, sim_time_ns)

    def set_phase(self, phase: MarketPhase, sim_time_ns: int) -> None:
        """Move the whole market to a phase; announced when it is another one."""
        if phase is not self._floor.phase:
            self._floor.phase = phase
            self._floor.publish(PhaseChanged(phase, None, sim_time_ns))

    def set_reference(self, symbol: str, price_ticks: int) -> None:
        """The reference price until the next trade, as when a day opens away from the last close."""
        self._listings[symbol].tape.reference_ticks = price_ticks

    def publish(self, event: Event) -> None:
        """An announcement of the scenario's, in its place among the venue's own events."""
        self._floor.publish(event)

    # -- output ----------------------------------------------------------------------------------------------

    @property
    def event_count(self) -> int:
        """Events so far, public and private; never falls."""
        return self._floor.event_count

    def drain(self) -> list[Event]:
        """Events since the last call, in order."""
        events, self._floor.outbox = self._floor.outbox, []
        return events

    def take_records(self) -> list[bytes]:
        """The fixed-width record (records.py) of every event since the last call, in order."""
        records, self._floor.records = self._floor.records, []
        return records

    # -- state -----------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """The whole state as canonical bytes, undrained output left out."""
        return state.dump(self._floor)

    def restore(self, data: bytes) -> None:
        """Take the state of a snapshot of a venue made with the same arguments. Raises state.BadSnapshot."""
        state.load(self._floor, data)

    def state_hash(self) -> str:
        """blake2b of the snapshot, in hexadecimal."""
        return blake2b(self.snapshot(), digest_size=16).hexdigest()
