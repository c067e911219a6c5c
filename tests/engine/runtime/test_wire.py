"""Texts on the wire: times, average prices, commands."""

from decimal import Decimal
from uuid import UUID

import orjson
import pytest

from simulator_engine import wire
from simulator_engine.contract.v1 import simulator_pb2
from simulator_engine.core import commands
from simulator_engine.core.accounts import AccountTerms
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.reasons import OrderType, RejectCode, Side, TimeInForce
from simulator_engine.core.venue import Venue

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


def test_a_refused_cancel_shows_the_order_as_it_stands() -> None:
    venue = Venue(instruments=(SHARE,), terms=AccountTerms(currency="USD", starting_cash_minor=10**9))
    venue.open_day("2026-03-02", 1)
    venue.handle(
        commands.SubmitOrder("o", "ACME", Side.BUY, OrderType.LIMIT, "10", "149.00", time_in_force=TimeInForce.DAY), 2
    )
    venue.handle(commands.CancelOrder("c1", "o"), 3)
    refused = venue.handle(commands.CancelOrder("c2", "o"), 4)[0]
    described = wire.describe(refused, venue.instruments, session=UUID(int=1), stream_seq=4, caused_by_request="c2")
    assert described is not None
    stream, kind, body, legs = described
    assert (stream, kind, legs) == ("orders", "cancel.rejected", ())
    shown = orjson.loads(body)
    terms = {key: shown[key] for key in ("side", "type", "quantity", "price", "cum_quantity", "leaves_quantity")}
    assert terms == {
        "side": "BUY",
        "type": "LIMIT",
        "quantity": "10",
        "price": "149.00",
        "cum_quantity": "0",
        "leaves_quantity": "0",
    }
    assert (shown["status"], shown["reject_code"]) == ("CANCELED", "TOO_LATE_TO_CANCEL")
    assert (shown["client_order_id"], shown["original_client_order_id"], shown["seq"]) == ("c2", "o", 4)
    assert shown["order_id"] == wire.order_id(UUID(int=1), 1)
