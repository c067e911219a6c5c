"""One trader's day through every door of the product: sign up, trade, lose the simulator, lose the server,
go on.
"""

from __future__ import annotations

import os
import signal
import uuid
from decimal import Decimal
from typing import Any

import pytest

from tests.journeys.money import add_up
from tests.support.api_client import ApiClient, Json, Stream
from tests.support.live_server import LiveServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(240)

FINAL = {"FILLED", "CANCELED", "REJECTED", "EXPIRED"}


def whole_lots(instrument: Json, lots: int) -> str:
    return str(Decimal(instrument["lot_size"]) * lots)


def passive_price(instrument: Json, book: Json, ticks_away: int = 40) -> str:
    """A buying price that many ticks below the best bid: it rests."""
    return str(Decimal(book["bids"][0][0]) - Decimal(instrument["tick_size"]) * ticks_away)


def first_instrument(trader: ApiClient, session_id: str) -> Json:
    return trader.instruments(session_id)[0]


def book_with_both_sides(trader: ApiClient, session_id: str, symbol: str) -> Json:
    book: Json = {}

    def quoted() -> bool:
        nonlocal book
        book = trader.book(session_id, symbol)
        return bool(book["bids"] and book["asks"])

    eventually(quoted, timeout=20)
    return book


def settled(order: Json) -> dict[str, Any]:
    """What must be the same of an order whenever it is asked for."""
    return {key: order[key] for key in order if key not in {"updated_at", "queue_ahead", "quantity_ahead"}}


def test_a_day_of_trading_survives_the_loss_of_simulator_and_server(product: LiveServer, trader: ApiClient) -> None:
    session = trader.start_session()
    session_id = session["id"]
    instruments = trader.instruments(session_id)
    assert len(instruments) >= 5
    instrument = instruments[0]
    symbol = instrument["symbol"]
    start_cash = Decimal(trader.account(session_id)["cash"])
    book = book_with_both_sides(trader, session_id, symbol)
    assert Decimal(book["bids"][0][0]) < Decimal(book["asks"][0][0])

    with trader.stream(session_id, "orders", "account", "session", f"book:{symbol}", resume=True) as stream:
        # A market order is filled from the depth that is there; the fill comes over the socket.
        bought = trader.order_body(symbol, "BUY", whole_lots(instrument, 20))
        answer = trader.submit(session_id, bought)
        assert answer["client_order_id"] == bought["client_order_id"]
        fill = stream.wait_for_type("order.filled", client_order_id=bought["client_order_id"])
        assert Decimal(fill["data"]["last_quantity"]) > 0
        assert Decimal(fill["data"]["last_price"]) > 0

        # A limit order rests, is amended twice and cancelled.
        resting = trader.order_body(symbol, "BUY", whole_lots(instrument, 10), price=passive_price(instrument, book))
        answer = trader.submit(session_id, resting)
        assert answer["status"] == "NEW", answer
        stream.wait_for_type("order.accepted", client_order_id=resting["client_order_id"])
        amended_id = str(uuid.uuid4())
        lower = passive_price(instrument, book, 45)
        amended = trader.amend(session_id, resting["client_order_id"], amended_id, price=lower)
        assert Decimal(amended["price"]) == Decimal(lower)
        stream.wait_for_type("order.replaced", client_order_id=amended_id)
        assert trader.cancel(session_id, amended_id)["status"] == "CANCELED"
        stream.wait_for_type("order.canceled")
        # Any id that the order has borne finds it.
        assert trader.order(session_id, resting["client_order_id"])["status"] == "CANCELED"

        # Two that stay.
        kept_ids = []
        for ticks in (50, 60):
            kept = trader.order_body(
                symbol, "BUY", whole_lots(instrument, 5), price=passive_price(instrument, book, ticks)
            )
            trader.submit(session_id, kept)
            kept_ids.append(kept["client_order_id"])

        check_money(trader, session_id, start_cash)

        # kill -9 of the simulator: the same orders, the same book, the same money, and the stream goes on.
        trader.clock(session_id, "pause")
        before = everything(trader, session_id, symbol, kept_ids)
        seen = len(stream.frames)
        epoch = trader.session(session_id)["epoch"]
        product.kill_simulator(session_id)
        resumed = stream.wait_for_type("session.resumed", timeout_seconds=20, since=seen)
        assert int(resumed["data"]["epoch"]) > int(epoch)
        trader.wait_for_status(session_id, "READY")
        assert everything(trader, session_id, symbol, kept_ids) == before
        check_gapless(stream)

        # The server itself goes and comes back; the page stays open.
        trader.clock(session_id, "resume")
        trader.clock(session_id, "pause")
        before = everything(trader, session_id, symbol, kept_ids)
        connections = stream.connections
        product.restart()
        eventually(lambda: stream.connections > connections, timeout=30)
        trader.wait_until_serving(session_id)
        assert everything(trader, session_id, symbol, kept_ids) == before

        # And it still trades.
        trader.clock(session_id, "resume")
        sold = trader.order_body(symbol, "SELL", whole_lots(instrument, 10))
        trader.submit(session_id, sold)
        stream.wait_for_type("order.filled", client_order_id=sold["client_order_id"])
        for order_id in kept_ids:
            assert trader.cancel(session_id, order_id)["status"] == "CANCELED"
        check_money(trader, session_id, start_cash)
        check_gapless(stream)
    trader.stop_session(session_id)


def everything(trader: ApiClient, session_id: str, symbol: str, order_ids: list[str]) -> dict[str, Any]:
    """All that a trader would compare by eye, and the book's checksum."""
    return {
        "orders": [settled(trader.order(session_id, order_id)) for order_id in order_ids],
        "all": sorted(order["client_order_id"] for order in trader.orders(session_id)),
        "executions": trader.executions(session_id),
        "positions": trader.positions(session_id),
        "account": trader.account(session_id),
        "book": trader.book(session_id, symbol),
    }


def check_money(trader: ApiClient, session_id: str, start_cash: Decimal) -> None:
    """Account, positions and ledger say what the executions add up to, to the last digit."""
    paper = add_up(trader.executions(session_id))

    def agrees() -> bool:
        return Decimal(trader.account(session_id)["cash"]) == start_cash + paper.cash

    eventually(agrees, timeout=5)
    account = trader.account(session_id)
    assert Decimal(account["fees"]) == paper.fees
    held = {p["symbol"]: Decimal(p["quantity"]) for p in trader.positions(session_id) if Decimal(p["quantity"])}
    assert held == {symbol: quantity for symbol, quantity in paper.positions.items() if quantity}


def check_gapless(stream: Stream) -> None:
    """The order stream's numbers rise by one, over reconnections too; what came twice came the same."""
    by_seq: dict[int, Json] = {}
    for frame in stream.of("orders"):
        if frame["type"] == "snapshot":
            continue
        seq = int(frame["seq"])
        data = frame["data"]
        assert by_seq.setdefault(seq, data) == data, f"orders {seq} came with two contents"
    numbers = sorted(by_seq)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), numbers


def test_history_lets_a_trader_trade_a_day_of_2008(trader: ApiClient) -> None:
    days = trader.get("/scenarios/history/days")
    days = days["results"] if isinstance(days, dict) else days
    day = next(entry for entry in days if entry["date"].startswith("2008-10"))
    assert "AAPL" in day["symbols"]
    session = trader.start_session(scenario="history", date=day["date"])
    assert session["sim_time"].startswith(day["date"])
    instrument = next(item for item in trader.instruments(session["id"]) if item["symbol"] == "AAPL")
    candles = trader.get(f"/sessions/{session['id']}/candles", params={"symbol": "AAPL", "interval": "1d", "limit": 30})
    candles = candles["results"] if isinstance(candles, dict) else candles
    assert len(candles) >= 20, "the real bars before the day are on the chart"
    book_with_both_sides(trader, session["id"], "AAPL")
    order = trader.order_body("AAPL", "BUY", whole_lots(instrument, 1))
    with trader.stream(session["id"]) as stream:
        trader.submit(session["id"], order)
        fill = stream.wait_for_type("order.filled", client_order_id=order["client_order_id"])
    previous = Decimal(instrument["previous_close"])
    assert previous / 2 < Decimal(fill["data"]["last_price"]) < previous * 2
    trader.stop_session(session["id"])


def test_a_frozen_simulator_is_replaced_and_never_writes_again(product: LiveServer, trader: ApiClient) -> None:
    session_id = trader.start_session()["id"]
    instrument = first_instrument(trader, session_id)
    book = book_with_both_sides(trader, session_id, instrument["symbol"])
    order = trader.order_body(
        instrument["symbol"], "BUY", whole_lots(instrument, 1), price=passive_price(instrument, book)
    )
    trader.submit(session_id, order)
    epoch = int(trader.session(session_id)["epoch"])
    frozen = product.kill_simulator(session_id, signal.SIGSTOP)
    try:

        def replaced() -> bool:
            now = trader.session(session_id)
            return now["status"] == "READY" and int(now["epoch"]) > epoch

        eventually(replaced, timeout=30)
        assert trader.order(session_id, order["client_order_id"])["status"] == "NEW"
    finally:
        if os.path.exists(f"/proc/{frozen}"):
            os.kill(frozen, signal.SIGCONT)
    eventually(lambda: frozen not in product.simulator_pids(session_id), timeout=20)
    assert trader.cancel(session_id, order["client_order_id"])["status"] == "CANCELED"
    executions = trader.executions(session_id)
    assert [e["execution_type"] for e in executions].count("NEW") == 1
    trader.stop_session(session_id)


def test_hibernate_and_wake_change_nothing(trader: ApiClient) -> None:
    session_id = trader.start_session()["id"]
    instrument = first_instrument(trader, session_id)
    book = book_with_both_sides(trader, session_id, instrument["symbol"])
    order = trader.order_body(
        instrument["symbol"], "BUY", whole_lots(instrument, 1), price=passive_price(instrument, book)
    )
    trader.submit(session_id, order)
    trader.post(f"/sessions/{session_id}/hibernate", expect=(200, 202))
    trader.wait_for_status(session_id, "HIBERNATED")
    trader.post(f"/sessions/{session_id}/wake", expect=(200, 202))
    trader.wait_for_status(session_id, "READY")
    assert trader.order(session_id, order["client_order_id"])["status"] == "NEW"
    assert trader.cancel(session_id, order["client_order_id"])["status"] == "CANCELED"
    trader.stop_session(session_id)
