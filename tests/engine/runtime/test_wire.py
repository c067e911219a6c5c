"""Texts on the wire: times, average prices, commands."""

from decimal import Decimal

import pytest

from simulator_engine import wire
from simulator_engine.contract.v1 import simulator_pb2
from simulator_engine.core import commands
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.reasons import OrderType, RejectCode, Side, TimeInForce

SHARE = Instrument("ACME", "Acme", "USD", Decimal("0.01"), Decimal("1"), 15_000)
COIN = Instrument("COIN", "Coin", "USD", Decimal("0.1"), Decimal("0.001"), 600_000)


def test_times_are_rfc_3339_with_microseconds() -> None:
    assert wire.time_text(1_223_645_400_123_456_789) == "2008-10-10T13:30:00.123456Z"


@pytest.mark.parametrize(
    ("notional_minor", "lots", "instrument", "text"),
    [
        (0, 0, SHARE, None),
        (150_0000 * 100, 100, SHARE, "150.00"),
        (150_0000 * 100 + 150_0100 * 200, 300, SHARE, "150.00666667"),
        (6_0000, 1, COIN, "6000.0"),
    ],
)
def test_an_average_price_is_exact_or_rounded_to_eight_decimals(
    notional_minor: int, lots: int, instrument: Instrument, text: str | None
) -> None:
    assert wire.average_price_text(notional_minor, lots, instrument) == text


def test_a_submit_keeps_what_was_left_out_apart_from_what_is_empty() -> None:
    message = simulator_pb2.Command(
        request_id="a-1",
        verdict="STALE_ORDER",
        submit=simulator_pb2.SubmitOrder(symbol="ACME", side="SELL", type="LIMIT", quantity="10", price="150.01"),
    )
    assert wire.command_from_message(message) == commands.SubmitOrder(
        request_id="a-1",
        symbol="ACME",
        side=Side.SELL,
        order_type=OrderType.LIMIT,
        quantity="10",
        price="150.01",
        time_in_force=TimeInForce.DAY,
        verdict=RejectCode.STALE_ORDER,
    )


@pytest.mark.parametrize(
    "message",
    [
        simulator_pb2.Command(request_id="x"),
        simulator_pb2.Command(request_id="x", submit=simulator_pb2.SubmitOrder(side="LEFT", type="LIMIT")),
        simulator_pb2.Command(request_id="x", clock=simulator_pb2.ControlClock(action="pause")),
    ],
)
def test_what_no_peer_of_ours_sends_is_malformed(message: simulator_pb2.Command) -> None:
    with pytest.raises(wire.Malformed):
        wire.command_from_message(message)
