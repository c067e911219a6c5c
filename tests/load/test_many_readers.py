"""Many sessions and many tabs at once: everybody hears every order once and in order, a stuck tab harms nobody."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal

import psutil
import pytest

from tests.support.api_client import ApiClient, Stream
from tests.support.live_server import LiveServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(240)

TABS = 12
ORDERS = 60
SESSIONS = 4


def order_numbers(stream: Stream) -> list[int]:
    return sorted({int(frame["seq"]) for frame in stream.of("orders") if frame["type"] != "snapshot"})


def place_many(trader: ApiClient, session_id: str, count: int) -> None:
    symbol = trader.instruments(session_id)[0]["symbol"]
    lowest = trader.book(session_id, symbol)["bids"][-1][0]
    for _ in range(count):
        trader.submit(session_id, trader.order_body(symbol, "BUY", "1", price=str(Decimal(lowest))))


def test_every_tab_hears_every_order_beside_one_that_reads_nothing(product: LiveServer, trader: ApiClient) -> None:
    session_id = trader.start_session()["id"]
    symbol = trader.instruments(session_id)[0]["symbol"]
    names = ("orders", "account", "session", "quotes", f"book:{symbol}", f"trades:{symbol}")
    with ExitStack() as tabs:
        readers = [tabs.enter_context(trader.stream(session_id, *names, resume=True)) for _ in range(TABS)]
        for reader in readers:
            reader.wait_for_type("heartbeat")
        place_many(trader, session_id, ORDERS)
        for reader in readers:
            eventually(
                lambda reader=reader: len(order_numbers(reader)) >= ORDERS, timeout=30, what="all orders on every tab"
            )
            numbers = order_numbers(reader)
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    trader.stop_session(session_id)


def test_sessions_trade_side_by_side_without_meeting(product: LiveServer) -> None:
    traders = [ApiClient(product.url).sign_up() for _ in range(SESSIONS)]
    try:
        sessions = [trader.start_session(seed=number)["id"] for number, trader in enumerate(traders)]
        with ThreadPoolExecutor(SESSIONS) as pool:
            list(pool.map(lambda pair: place_many(*pair, ORDERS // 2), zip(traders, sessions, strict=True)))
        for trader, session_id in zip(traders, sessions, strict=True):
            mine = trader.orders(session_id)
            assert len(mine) == ORDERS // 2
            for other in sessions:
                if other != session_id:
                    assert trader.request("GET", f"/sessions/{other}").status_code == 404
            trader.stop_session(session_id)
    finally:
        for trader in traders:
            trader.close()


def test_a_session_that_nobody_watches_costs_little(product: LiveServer, trader: ApiClient) -> None:
    session_id = trader.start_session()["id"]
    processes = [psutil.Process(pid) for pid in product.simulator_pids(session_id)]
    assert processes
    before = sum(sum(process.cpu_times()[:2]) for process in processes)
    started = time.monotonic()
    with trader.stream(session_id, "orders") as stream:
        # Ten of the server's own heartbeats: a span of its time, not of ours.
        eventually(lambda: sum(frame["type"] == "heartbeat" for frame in stream.frames) >= 10, timeout=30)
    used = sum(sum(process.cpu_times()[:2]) for process in processes) - before
    share = used / (time.monotonic() - started)
    print(f"one idle session: {share:.1%} of a core")
    assert share < 0.5, "an idle session must never keep a core busy"
    trader.stop_session(session_id)
