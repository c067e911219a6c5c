"""Figures of the running product, of one column: orders, click to fill, session start, memory and processor time."""

from __future__ import annotations

import json
import statistics
import threading
import time
from decimal import Decimal
from typing import Any

import psutil
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from benchmarks.quick_http import QuickClient
from benchmarks.report import Figure, milliseconds
from tests.support.api_client import ApiClient, Json
from tests.support.live_server import LiveServer, ProductionServer

SEQUENTIAL_ORDERS = 300
CLICKS = 150
STARTS = 6
THROUGHPUT_SECONDS = 6.0
THROUGHPUT_CLIENTS = 4
WATCH_SECONDS = 10.0


class Bench:
    """One trader at one running server. In production REST is measured at the web process, past the edge."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.rest_url = server.url
        self.headers: dict[str, str] = {}
        if isinstance(server, ProductionServer):
            self.rest_url = f"http://127.0.0.1:{server.web_port}"
            self.headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
        self.database = "PostgreSQL" if server.column == "production" else "SQLite"
        self.client = ApiClient(server.url).sign_up()

    def quick(self, client: ApiClient) -> QuickClient:
        return QuickClient(self.rest_url, access=client.access, headers=self.headers)

    def resting_order(self, instrument: Json, price: str) -> Json:
        lot = Decimal(instrument["lot_size"])
        return ApiClient.order_body(instrument["symbol"], "BUY", str(lot), price=price)

    def orders(self, request_floor_ms: float, insert_floor_ms: float) -> list[Figure]:
        """Order POST → 201, one at a time and then as many as go."""
        session_id = self.client.start_session()["id"]
        instrument, price = resting(self.client, session_id)
        quick = self.quick(self.client)
        path = f"/api/v1/sessions/{session_id}/orders"
        seconds = []
        for number in range(SEQUENTIAL_ORDERS):
            body = self.resting_order(instrument, price)
            status, answer, taken = quick.call("POST", path, body)
            assert status == 201, (status, answer)
            seconds.append(taken)
            if number % 50 == 49:
                quick.call("DELETE", path, None)  # stay below the limit of open orders
        p50, p99 = milliseconds(seconds[20:])
        quick.close()
        self.client.stop_session(session_id)
        rate = self.throughput()
        goal = "≤ 5 ms" if self.database == "PostgreSQL" else "≤ 3 ms"
        floor = f"trivial request {request_floor_ms:.2f} ms + fenced insert {insert_floor_ms:.2f} ms"
        return [
            Figure(self.database, "order POST → 201, p50", p50, "ms", goal, floor),
            Figure(self.database, "order POST → 201, p99", p99, "ms"),
            Figure(self.database, f"orders/s, {THROUGHPUT_CLIENTS} traders at once", rate, "/s", "≥ 500 a core"),
        ]

    def throughput(self) -> float:
        """Acknowledged orders a second of several traders, each with a session of their own."""
        done: list[int] = []
        ready = threading.Barrier(THROUGHPUT_CLIENTS + 1)

        def trade() -> None:
            client = ApiClient(self.server.url).sign_up()
            session_id = client.start_session()["id"]
            instrument, price = resting(client, session_id)
            quick = self.quick(client)
            path = f"/api/v1/sessions/{session_id}/orders"
            count = 0
            ready.wait(60)
            deadline = time.monotonic() + THROUGHPUT_SECONDS
            while time.monotonic() < deadline:
                status, _, _ = quick.call("POST", path, self.resting_order(instrument, price))
                count += status == 201
                if count % 50 == 49:
                    quick.call("DELETE", path, None)
            done.append(count)
            client.stop_session(session_id)

        threads = [threading.Thread(target=trade, daemon=True) for _ in range(THROUGHPUT_CLIENTS)]
        for thread in threads:
            thread.start()
        ready.wait(60)
        for thread in threads:
            thread.join(THROUGHPUT_SECONDS + 60)
        return sum(done) / THROUGHPUT_SECONDS

    def click_to_fill(self) -> list[Figure]:
        """Market order as a frame → its fill as a frame, over one WebSocket."""
        session_id = self.client.start_session()["id"]
        instrument, _ = resting(self.client, session_id)
        address = self.server.url.replace("http", "ws", 1)
        seconds = []
        with connect(
            f"{address}/ws/v1/sessions/{session_id}",
            subprotocols=[Subprotocol("tradesim.v1")],
            origin=Origin(self.server.url),
            compression=None,
        ) as socket:
            hello = {"op": "hello", "ticket": self.client.ticket(session_id), "streams": [{"name": "orders"}]}
            socket.send(json.dumps(hello))
            for number in range(CLICKS):
                side = "BUY" if number % 2 == 0 else "SELL"
                body = ApiClient.order_body(instrument["symbol"], side, instrument["lot_size"])
                started = time.perf_counter()
                socket.send(json.dumps({"op": "order.submit", "id": str(number), "body": body}))
                if wait_for_fill(socket, body["client_order_id"]):
                    seconds.append(time.perf_counter() - started)
        self.client.stop_session(session_id)
        p50, p99 = milliseconds(seconds)
        return [
            Figure(self.database, "click → fill over WebSocket, p50", p50, "ms", "≤ 1 ms + commit"),
            Figure(self.database, "click → fill over WebSocket, p99", p99, "ms", "≤ 5 ms + commit"),
        ]

    def starts(self) -> list[Figure]:
        """POST /sessions → the first market frame; the very first start includes the zygote's."""
        seconds = []
        for _ in range(STARTS):
            started = time.perf_counter()
            session_id = self.client.start_session()["id"]
            symbol = self.client.instruments(session_id)[0]["symbol"]
            with self.client.stream(session_id, "quotes", f"book:{symbol}") as stream:
                stream.wait_for(lambda frame: str(frame.get("stream", "")).startswith(("quotes", "book:")))
            seconds.append(time.perf_counter() - started)
            self.client.stop_session(session_id)
        return [
            Figure(self.database, "session start → first tick, cold", seconds[0] * 1000, "ms", "≤ 800 ms"),
            Figure(self.database, "session start → first tick, p50", statistics.median(seconds[1:]) * 1000, "ms"),
        ]

    def resources(self) -> list[Figure]:
        """Memory and processor time of one simulator, unwatched and then watched on everything."""
        session_id = self.client.start_session()["id"]
        simulator = psutil.Process(self.server.simulator_pids(session_id)[-1])
        idle_cpu = cpu_percent(simulator)
        idle_memory = own_memory_mib(simulator)
        symbols = [item["symbol"] for item in self.client.instruments(session_id)]
        streams = ["orders", "account", "session", "quotes"]
        streams += [f"{kind}:{symbol}" for symbol in symbols for kind in ("book", "trades")]
        with self.client.stream(session_id, *streams) as stream:
            stream.wait_for_type("heartbeat")
            watched_cpu = cpu_percent(simulator)
            watched_memory = own_memory_mib(simulator)
        self.client.stop_session(session_id)
        return [
            Figure(self.database, "memory of an idle session (own pages)", idle_memory, "MiB", "≤ 12 MiB"),
            Figure(self.database, "memory of a watched session", watched_memory, "MiB"),
            Figure(self.database, "processor, idle session at 1×", idle_cpu, "% of a core"),
            Figure(self.database, f"processor, watched ({len(symbols)} symbols)", watched_cpu, "% of a core", "≤ 1 %"),
        ]


def resting(client: ApiClient, session_id: str) -> tuple[Json, str]:
    """The first instrument and a buying price far below its market."""
    instrument = client.instruments(session_id)[0]
    tick = Decimal(instrument["tick_size"])
    last = Decimal(instrument["last_price"] or instrument["previous_close"])
    return instrument, str((last * Decimal("0.95") / tick).to_integral_value() * tick)


def wait_for_fill(socket: Any, order_id: str) -> bool:
    """Reads until the order is filled; False when it was refused or cancelled instead."""
    while True:
        frame = json.loads(socket.recv(timeout=10))
        if frame.get("type") == "heartbeat":
            socket.send(json.dumps({"op": "pong", "t": frame.get("data", {}).get("t")}))
        data = frame.get("data") or {}
        if frame.get("stream") == "orders" and data.get("client_order_id") == order_id:
            if frame["type"] == "order.filled":
                return True
            if frame["type"] in {"order.rejected", "order.canceled", "order.expired"}:
                return False


def cpu_percent(process: psutil.Process) -> float:
    """Processor time over some seconds of wall time, in percent of one core."""
    before = process.cpu_times()
    started = time.monotonic()
    threading.Event().wait(WATCH_SECONDS)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return 100 * used / (time.monotonic() - started)


def own_memory_mib(process: psutil.Process) -> float:
    """Pages that only this process has: what one more session costs."""
    return float(process.memory_full_info().uss) / 2**20
