"""The bytes of records: written down here once more, so that no change of them goes unseen."""

from __future__ import annotations

import struct

import pytest

from simulator_engine.core import events as ev
from simulator_engine.core.factory import create_matching_core
from simulator_engine.core.reasons import MarketPhase, Side, TradingState
from simulator_engine.core.records import ADD, BUY, EVENT, INPUT, OUTPUT, SELL, event_record, symbol_field


def test_widths_are_fixed() -> None:
    assert (INPUT.size, OUTPUT.size, EVENT.size) == (48, 72, 64)


def test_a_trade_prints_these_bytes() -> None:
    core = create_matching_core(1)
    batch = INPUT.pack(1, ADD, SELL, 0, 0, 0, 7, 2, 100, 5) + INPUT.pack(2, ADD, BUY, 0, 0, 0, 8, 3, 101, 5)
    printed = core.run(batch)
    expected = [
        (1, 1, 1, 0, 0, 0, 7, 2, 0, 0, 100, 5, 0),
        (2, 7, 1, 0, 0, 0, 0, 0, 0, 0, 100, 5, 1),
        (3, 2, 0, 0, 0, 0, 8, 3, 7, 2, 100, 5, 0),
        (4, 7, 1, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0),
    ]
    assert printed == b"".join(struct.pack("<QBBBBIqqqqqqq", *row) for row in expected)
    assert core.state_hash() == "0e0efe8c1e2082f3579477c529f8796d"


def test_widths_are_checked_at_the_edge() -> None:
    with pytest.raises(struct.error):
        INPUT.pack(1, ADD, BUY, 0, 0, 0, 2**63, 1, 100, 5)


_EVENTS: list[ev.Event] = [
    ev.TradePrinted("ACME", 7, 5000, 10, Side.SELL, 123, True),
    ev.LevelChanged("ACME", Side.BUY, 5000, 10, 2, 123),
    ev.PhaseChanged(MarketPhase.CLOSED, None, 123),
    ev.DayChanged("2026-01-05", 123),
    ev.News("Oil falls", None, 123),
    ev.AccountUpdated("USD", 5, 1, 4, 0, 0, TradingState.ACTIVE, 123),
    ev.PositionUpdated("ACME", 5, 6, 7, 8, 123),
]


@pytest.mark.parametrize("event", _EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_has_one_record(event: ev.Event) -> None:
    record = event_record(event)
    assert len(record) == EVENT.size
    assert record == event_record(event)
    assert record != event_record(ev.News("Oil rises", None, 123))
    assert EVENT.unpack(record)[6] == 123


def test_public_records_hold_all_fields() -> None:
    fields = EVENT.unpack(event_record(_EVENTS[0]))
    assert fields == (1, 1, 0, 1, 0, b"ACME".ljust(16, b"\0"), 123, 5000, 10, 7, bytes(8))


def test_private_records_see_every_field() -> None:
    one = ev.AccountUpdated("USD", 5, 1, 4, 0, 0, TradingState.ACTIVE, 123)
    other = ev.AccountUpdated("USD", 5, 1, 4, 0, 0, TradingState.HALTED, 123)
    assert event_record(one) != event_record(other)


def test_the_digest_is_the_same_everywhere() -> None:
    assert event_record(_EVENTS[4]).hex().endswith(GOLDEN_NEWS)


def test_symbols_have_a_bound() -> None:
    assert symbol_field(None) == b""
    with pytest.raises(ValueError):
        symbol_field("Ä")


GOLDEN_NEWS = "6e1363c10b516c64"
