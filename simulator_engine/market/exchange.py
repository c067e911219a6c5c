"""One session's whole exchange: the venue, the other participants and the calendar, as a function of
seed and commands.

Simulated time alone moves it; however `advance` is sliced, the same events come. Never a wall clock,
never a thread.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import msgspec

from simulator_engine.core.accounts import AccountTerms
from simulator_engine.core.candles import Candle
from simulator_engine.core.commands import Command, SubmitOrder
from simulator_engine.core.events import Event
from simulator_engine.core.floor import USER_OWNER
from simulator_engine.core.market_data import BookView, DirtyLevels, TradeRow
from simulator_engine.core.preview import Preview
from simulator_engine.core.reasons import Side
from simulator_engine.core.venue import Venue
from simulator_engine.market import charts, schedule
from simulator_engine.market.days import DayTerms, MinuteBuilder, day_terms
from simulator_engine.market.fundamental import STEP_S, Driver
from simulator_engine.market.history import PriceHistory
from simulator_engine.market.participants import Participants
from simulator_engine.market.rng import Stream
from simulator_engine.market.scenarios import Scenario
from simulator_engine.market.schedule import Schedule
from simulator_engine.market.trading_calendar import SECOND_NS

SNAPSHOT_VERSION: Final = 1
WARM_UP_S: Final = 120
"""How long the participants trade before a session's first instant, so that its first tick is a real one."""
STEP_NS: Final = int(STEP_S * SECOND_NS)
USUAL_VOLUME: Final = 3_300_000
"""What the populations trade on a day at size scale 1, in lots."""


class BadSnapshot(ValueError):
    """The bytes are no snapshot of this scenario, seed and engine."""


class Exchange:
    """See the methods. Times are ns since the Unix epoch on the simulated calendar.

    After the day's last instant the next trading day opens at once: `sim_time_ns` then jumps over the
    night, past the instant that `advance` was asked for, and whoever maps wall time to simulated time
    goes on from there.
    """

    def __init__(self, *, scenario: Scenario, seed: int, account: AccountTerms) -> None:
        """For `create` and `restore` only: an exchange that has not opened yet."""
        self._scenario = scenario
        self._seed = seed
        self.venue = Venue(instruments=scenario.instruments, terms=account, record_public=True)
        self._history = PriceHistory(scenario, seed)
        self._schedule = Schedule()
        self._market = Stream.named(seed, "market", "factor")
        self._day = ""
        self._output: list[Event] = []
        self._lived: dict[str, list[Candle]] = {one.symbol: [] for one in scenario.instruments}
        self._opening: dict[str, list[Candle]] = {one.symbol: [] for one in scenario.instruments}
        self.sim_time_ns = 0
        self.event_hash = bytes(16)
        self._participants = [
            Participants(
                index=index,
                symbol=listing.symbol,
                venue=self.venue,
                schedule=self._schedule,
                driver=Driver(
                    stream=Stream.named(seed, listing.symbol, "driver"),
                    value=float(instrument.previous_close_ticks),
                    daily_volatility=listing.daily_volatility,
                    beta=listing.beta,
                ),
                seed=seed,
                scale=listing.average_daily_volume / USUAL_VOLUME,
            )
            for index, (instrument, listing) in enumerate(zip(scenario.instruments, scenario.listings, strict=True))
        ]
        self._index = {one.symbol: index for index, one in enumerate(scenario.instruments)}

    @classmethod
    def create(cls, *, scenario: Scenario, seed: int, account: AccountTerms) -> Exchange:
        """A populated market some minutes after the open of the scenario's day. What led there is not in
        `drain`.
        """
        exchange = cls(scenario=scenario, seed=seed, account=account)
        calendar = scenario.calendar
        start = calendar.start_ns(scenario.date)
        warm = start - WARM_UP_S * SECOND_NS
        exchange._enter_day(scenario.date)
        exchange._run_to(calendar.open_ns(scenario.date), warm)
        exchange._open_market(warm)
        while not exchange.advance(start):
            pass
        exchange._output.clear()
        for symbol in exchange._index:
            exchange.venue.dirty_levels(symbol)
        return exchange

    # -- time ---------------------------------------------------------

    def advance(self, until_ns: int, max_events: int = 10_000) -> bool:
        """Run up to and including `until_ns`; False when it stopped earlier, after about `max_events` entries.

        It never stops inside an instant, so that "everything due until then" says exactly what has happened.
        """
        queue = self._schedule
        done = 0
        while (when := queue.next_ns()) <= until_ns:
            if done >= max_events and when > self.sim_time_ns:
                return False
            self._next()
            done += 1
        if until_ns > self.sim_time_ns:
            self.sim_time_ns = until_ns
        return True

    def step(self) -> None:
        """Move to the next instant at which something happens at the venue, and carry out all that is due in it."""
        before = self.event_count
        while self.event_count == before:
            instant = self._schedule.next_ns()
            while self._schedule.next_ns() == instant:
                self._next()

    def _next(self) -> None:
        when, _, kind, index, a = self._schedule.pop()
        self.sim_time_ns = when
        if kind == schedule.STEP:
            shared = self._market.normal()
            for one in self._participants:
                one.driver.step(shared)
                one.step(when)
            self._schedule.add(when + STEP_NS, schedule.STEP, 0)
        elif kind == schedule.CLOSE:
            self._next_day(when)
        else:
            self._participants[index].act(kind, a, when)
        self._absorb()

    def _absorb(self) -> None:
        """Let the participants see what happened, and take the venue's events into the output and the
        hash.
        """
        venue = self.venue
        fills = venue.take_participant_fills()
        for owner, symbol, order_id, side, price, lots in fills:
            self._participants[self._index[symbol]].filled(owner, order_id, side, price, lots)
        for owner, symbol, side, _, lots in venue.take_taker_trades():
            if owner == USER_OWNER:
                sign = 1 if side is Side.BUY else -1
                self._participants[self._index[symbol]].user_took(sign, lots, self.sim_time_ns)
        records = venue.take_records()
        if records:
            # One link of the chain for each instant's step, which is the same however time is sliced.
            self.event_hash = blake2b(self.event_hash + b"".join(records), digest_size=16).digest()
            self._output += venue.drain()

    # -- the trader ---------------------------------------------------------

    def handle(self, command: Command) -> list[Event]:
        """Carry out the trader's command now; returns what it caused, which `drain` gives too."""
        events = self.venue.handle(command, self.sim_time_ns)
        self._absorb()
        return events

    def preview(self, command: SubmitOrder) -> Preview:
        """What the order would do now; changes nothing."""
        return self.venue.preview(command)

    def drain(self) -> list[Event]:
        """Everything emitted since the last call, in order."""
        events, self._output = self._output, []
        return events

    @property
    def event_count(self) -> int:
        """Events emitted so far, those before the session's first instant included; never falls."""
        return self.venue.event_count

    # -- days ---------------------------------------------------------

    @property
    def date(self) -> str:
        """The simulated trading day."""
        return self._day

    def _terms(self, one: Participants) -> DayTerms:
        listing = self._scenario.listings[one.index]
        return day_terms(self._history, listing, self._seed, one.symbol, self._day)

    def _enter_day(self, day: str) -> None:
        """Set every driver to the day's opening value."""
        self._day = day
        for one in self._participants:
            terms = self._terms(one)
            one.driver.set_volatility(terms.daily_volatility)
            one.day_scale = terms.volume_factor
            last = one.driver.value + 0.5 * one.driver.shift
            one.driver.open_day(value=terms.opening_value(last), plan=terms.plan)

    def _run_to(self, open_ns: int, until_ns: int) -> None:
        """The first minutes of a first day, without a book: values only, kept as candles."""
        builders = [
            MinuteBuilder(open_ns // SECOND_NS, listing, one.day_scale)
            for one, listing in zip(self._participants, self._scenario.listings, strict=True)
        ]
        for one, builder in zip(self._participants, builders, strict=True):
            builder.add(one.driver.value, one.driver.activity)
        for _ in range((until_ns - open_ns) // STEP_NS):
            shared = self._market.normal()
            for one, builder in zip(self._participants, builders, strict=True):
                one.driver.step(shared)
                builder.add(one.driver.value, one.driver.activity)
        for one, builder in zip(self._participants, builders, strict=True):
            self._opening[one.symbol] = builder.candles()

    def _open_market(self, now_ns: int) -> None:
        self.sim_time_ns = now_ns
        venue = self.venue
        for one in self._participants:
            venue.set_reference(one.symbol, max(1, int(one.driver.value + 0.5)))
        venue.open_day(self._day, now_ns)
        for one in self._participants:
            one.open(now_ns)
        self._schedule.add(now_ns + STEP_NS, schedule.STEP, 0)
        self._schedule.add(self._scenario.calendar.close_ns(self._day), schedule.CLOSE, 0)
        self._absorb()

    def _next_day(self, now_ns: int) -> None:
        """Close the day, and open the next trading day at once: the night takes no time."""
        self.venue.close_day(now_ns)
        self._absorb()
        start_s = self._scenario.calendar.open_ns(self._day) // SECOND_NS
        for symbol in self._index:
            today = charts.one_day(self._minutes_of_today(symbol), start_s)
            if today is not None:
                self._lived[symbol].append(today)
        self._schedule.clear()
        for one in self._participants:
            one.close(now_ns)
        self._enter_day(self._scenario.calendar.next_day(self._day))
        self._open_market(self._scenario.calendar.open_ns(self._day))

    # -- reads ---------------------------------------------------------

    def book(self, symbol: str, depth: int) -> BookView:
        return self.venue.book(symbol, depth)

    def trades(self, symbol: str, limit: int) -> list[TradeRow]:
        return self.venue.trades(symbol, limit)

    def dirty_levels(self, symbol: str) -> DirtyLevels:
        return self.venue.dirty_levels(symbol)

    def candles(self, symbol: str, interval_s: int, start_ns: int, end_ns: int, limit: int) -> list[Candle]:
        """The last `limit` candles that start in [start_ns, end_ns), oldest first, those before the
        session included.

        Raises KeyError for an unknown symbol and ValueError for an interval that is not one of
        charts.INTERVALS.
        """
        if interval_s not in charts.INTERVALS:
            raise ValueError(f"no candles of {interval_s} s")
        start_s, end_s = -(-start_ns // SECOND_NS), -(-end_ns // SECOND_NS)
        limit = max(0, limit)
        if interval_s < 60 or limit == 0:
            return self.venue.candles(symbol, interval_s, start_s, end_s, limit)
        if interval_s == charts.DAY_S:
            opened = self._scenario.calendar.open_ns(self._day) // SECOND_NS
            today = charts.one_day(self._minutes_of_today(symbol), opened)
            days = charts.daily_candles(self._history, symbol, self._scenario.calendar, self._lived[symbol], today)
            return [candle for candle in days if start_s <= candle.start_s < end_s][-limit:]
        # Whole candles only: those that start within the span, with all of their minutes.
        start_s += -start_s % interval_s
        end_s += -end_s % interval_s
        lived = self.venue.candles(symbol, 60, start_s, end_s, 1 << 30)
        return charts.intraday_candles(
            self._history,
            symbol,
            interval_s,
            recent=charts.roll_up(self._opening[symbol] + lived, 60),
            start_s=start_s,
            end_s=end_s,
            limit=limit,
        )

    def last_candle(self, symbol: str, interval_s: int) -> Candle | None:
        """The candle that the last trade belongs to, None before the first trade. Cheap: asked at every beat."""
        if interval_s == charts.DAY_S:
            start_s = self._scenario.calendar.open_ns(self._day) // SECOND_NS
            return charts.one_day(self._minutes_of_today(symbol), start_s)
        lived = self.venue.tape(symbol).candles.latest(interval_s)
        if not lived:
            return None
        start_s = lived[-1].start_s - lived[-1].start_s % interval_s
        opening = [] if interval_s < 60 else [one for one in self._opening[symbol] if one.start_s >= start_s]
        return charts.roll_up(opening + lived, interval_s)[-1]

    def previous_close_ticks(self, symbol: str) -> int:
        """The last price of the trading day before the present one."""
        lived = self._lived[symbol]
        return lived[-1].close_ticks if lived else self.venue.instrument(symbol).previous_close_ticks

    def _minutes_of_today(self, symbol: str) -> list[Candle]:
        start_s = self._scenario.calendar.open_ns(self._day) // SECOND_NS
        lived = self.venue.candles(symbol, 60, start_s, 1 << 62, 1 << 30)
        opening = [candle for candle in self._opening[symbol] if candle.start_s >= start_s]
        return charts.roll_up(opening + lived, 60)

    # -- state ---------------------------------------------------------

    def snapshot(self) -> bytes:
        """The whole state; the same state gives the same bytes. What `drain` has not given yet is not in
        it.
        """
        return msgspec.msgpack.encode(
            [
                SNAPSHOT_VERSION,
                self._scenario.slug,
                self._scenario.date,
                str(self._seed),
                self.sim_time_ns,
                self.event_hash,
                self._day,
                self._market.state,
                self._schedule.state(),
                [one.state() for one in self._participants],
                [[candle.row() for candle in self._opening[symbol]] for symbol in self._index],
                [[candle.row() for candle in self._lived[symbol]] for symbol in self._index],
                self.venue.snapshot(),
            ]
        )

    @classmethod
    def restore(cls, *, scenario: Scenario, seed: int, account: AccountTerms, data: bytes) -> Exchange:
        """The exchange that gave this snapshot. Raises BadSnapshot."""
        exchange = cls(scenario=scenario, seed=seed, account=account)
        try:
            exchange._load(data)
        except (msgspec.DecodeError, ValueError, TypeError, KeyError, AssertionError) as fault:
            raise BadSnapshot(str(fault)) from fault
        return exchange

    def _load(self, data: bytes) -> None:
        (
            version,
            slug,
            date,
            seed,
            now,
            event_hash,
            day,
            market,
            queue,
            participants,
            opening,
            lived,
            venue,
        ) = msgspec.msgpack.decode(data, type=list)
        if version != SNAPSHOT_VERSION or (slug, date) != (self._scenario.slug, self._scenario.date):
            raise BadSnapshot(f"a snapshot of {slug} {date}, version {version}")
        if seed != str(self._seed):
            raise BadSnapshot("a snapshot of another seed")
        self.sim_time_ns, self.event_hash, self._day = now, event_hash, day
        self._market.state = market
        self._schedule.load(queue)
        self.venue.restore(venue)
        for one, state in zip(self._participants, participants, strict=True):
            terms = self._terms(one)
            one.driver.set_volatility(terms.daily_volatility)
            one.day_scale = terms.volume_factor
            one.load(state)
            one.driver.resume(terms.plan)
        for symbol, first, later in zip(self._index, opening, lived, strict=True):
            self._opening[symbol] = [Candle(*row) for row in first]
            self._lived[symbol] = [Candle(*row) for row in later]

    def state_hash(self) -> str:
        """Equal for equal states: 32 hexadecimal digits of the snapshot's hash."""
        return blake2b(self.snapshot(), digest_size=16).hexdigest()
