"""Same seed and commands, same bits: however time is sliced, wherever it runs, across a snapshot too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator_engine.core.commands import MassCancel
from simulator_engine.core.events import LevelChanged, TradePrinted
from simulator_engine.core.reasons import Side, TimeInForce
from simulator_engine.market import schedule
from simulator_engine.market.exchange import BadSnapshot, Exchange
from simulator_engine.market.scenarios import resolve
from tests.engine.market import exchanges
from tests.engine.market.exchanges import SECOND_NS, opened, order, restored, run

GOLDEN = Path(__file__).with_name("golden_open_market_seed_1.json")


def test_golden_tape() -> None:
    """Changed on purpose? `python -m tests.engine.market.exchanges` prints the new one, a new engine version."""
    assert exchanges.fingerprint() == json.loads(GOLDEN.read_text())


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "12345"},
        {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-AVX2_Usable,-FMA_Usable"},
        {"TZ": "Asia/Tokyo", "LC_ALL": "C"},
    ],
    ids=["hash seed 0", "hash seed 12345", "no FMA or AVX2", "another time zone"],
)
def test_golden_tape_in_another_environment(environment: dict[str, str]) -> None:
    assert exchanges.fingerprint_elsewhere(**environment) == json.loads(GOLDEN.read_text())


def test_seeds_differ() -> None:
    assert run(exchanges.make(seed=2), 5).event_hash != run(opened(), 5).event_hash


def test_slicing_does_not_matter() -> None:
    whole, sliced = opened(), opened()
    run(whole, 20)
    until = sliced.sim_time_ns + 20 * SECOND_NS
    while sliced.sim_time_ns < until:
        target = min(until, sliced.sim_time_ns + 33_333_333)
        while not sliced.advance(target, max_events=3):
            pass
    assert sliced.sim_time_ns == whole.sim_time_ns
    assert sliced.event_hash == whole.event_hash
    assert sliced.snapshot() == whole.snapshot()


def test_steps_lead_where_time_leads() -> None:
    stepped, advanced = opened(), opened()
    for _ in range(100):
        count = stepped.event_count
        stepped.step()
        assert stepped.event_count > count
    while not advanced.advance(stepped.sim_time_ns):
        pass
    assert advanced.snapshot() == stepped.snapshot()


def _play(exchange: Exchange, first: int, last: int) -> None:
    """A trader's commands, one every 0.7 s: resting, taking and cancelling."""
    for number in range(first, last):
        run(exchange, 0.7)
        bid = exchange.venue.best_bid("HELX")
        assert bid is not None
        if number % 5 == 4:
            exchange.handle(MassCancel(request_id=f"cancel-{number}"))
        elif number % 2:
            exchange.handle(order(number, "HELX", Side.BUY, 40))
        else:
            price = f"{(bid[0] - number % 3) / 100:.2f}"
            exchange.handle(order(number, "HELX", Side.BUY, 30, price, TimeInForce.GOOD_TILL_CANCEL))


def test_snapshot_and_restore_in_the_middle() -> None:
    straight = opened()
    _play(straight, 0, 12)
    data = straight.snapshot()
    other = restored(data)
    assert other.snapshot() == data
    assert other.state_hash() == straight.state_hash()
    assert (other.event_hash, other.event_count) == (straight.event_hash, straight.event_count)
    straight.drain()
    _play(straight, 12, 30)
    _play(other, 12, 30)
    assert other.drain() == straight.drain()
    assert other.event_hash == straight.event_hash
    assert other.snapshot() == straight.snapshot()


def test_a_silent_user_sees_the_tape_of_a_market_without_one() -> None:
    """Reading, previewing and being refused leave no trace in the market."""
    alone, watched = opened(), opened()
    run(alone, 15)
    for number in range(15):
        run(watched, 1)
        watched.preview(order(number, "ACME", Side.BUY, 100))
        watched.candles("ACME", 60, 0, watched.sim_time_ns, 500)
        watched.book("ACME", 20)
        watched.handle(order(number, "ACME", Side.SELL, 10**9))
    public = (TradePrinted, LevelChanged)
    assert [e for e in watched.drain() if isinstance(e, public)] == [e for e in alone.drain() if isinstance(e, public)]


def test_a_resting_order_alone_changes_only_its_own_level() -> None:
    """Populations do not draw from a stream that the user's order touches."""
    alone, traded = opened(), opened()
    traded.handle(order(1, "VOLT", Side.BUY, 5, "80.00"))
    run(alone, 10)
    run(traded, 10)
    tape = [e for e in alone.drain() if isinstance(e, TradePrinted)]
    assert tape
    assert [e for e in traded.drain() if isinstance(e, TradePrinted)] == tape


@pytest.mark.parametrize(
    ("data", "seed"),
    [(b"", 1), (b"\x93\x01\x02\x03", 1), (b"junk", 1), (None, 2)],
    ids=["empty", "too short", "junk", "another seed"],
)
def test_a_bad_snapshot_is_refused(data: bytes | None, seed: int) -> None:
    with pytest.raises(BadSnapshot):
        restored(exchanges.opening_snapshot() if data is None else data, seed)


def test_a_torn_snapshot_is_refused() -> None:
    data = exchanges.opening_snapshot()
    with pytest.raises(BadSnapshot):
        restored(data[: len(data) // 2])


def test_a_snapshot_of_another_scenario_is_refused() -> None:
    with pytest.raises(BadSnapshot):
        restored(exchanges.opening_snapshot(), scenario=resolve("history"))


@pytest.mark.parametrize("date", ["2012-10-26", "2013-03-01", None])
def test_the_day_after_is_the_same_after_a_restore(date: str | None) -> None:
    """Plans, gaps and volumes of a day are derived, not saved: they must come out equal, on days without a bar too."""
    scenario = resolve("history", date=date) if date else resolve("open-market")
    straight = exchanges.make(3, scenario)
    # Only the close itself is lived through, not the hours before it.
    straight._schedule.clear()
    straight._schedule.add(scenario.calendar.close_ns(scenario.date), schedule.CLOSE, 0)
    straight.step()
    assert straight.date == scenario.calendar.next_day(scenario.date)
    run(straight, 5)
    other = restored(straight.snapshot(), 3, scenario)
    run(straight, 8)
    run(other, 8)
    assert other.event_hash == straight.event_hash
    assert other.snapshot() == straight.snapshot()
    for symbol in straight.venue.instruments:
        for interval in (60, 86_400):
            assert other.candles(symbol, interval, 0, 1 << 62, 50) == straight.candles(symbol, interval, 0, 1 << 62, 50)
