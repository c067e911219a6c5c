"""kill -9 of the simulator at fifty random moments under load: nothing acknowledged is lost, nothing happens
twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import statistics
import threading
import time
from decimal import Decimal

import pytest

from tests.chaos.database import open_database
from tests.chaos.history import Diary, check_history, sample
from tests.chaos.load import Trader, check_traders
from tests.support.api_client import ApiClient
from tests.support.live_server import LiveServer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
TRADERS = 3
# The promise is 2 s on a laptop and 5 s in a cluster at p95; a test machine also carries the load.
SLOWEST_RETURN_SECONDS = 15.0


def refresh_as_needed(client: ApiClient, others: list[Trader], signed_in_at: float) -> float:
    """Access lives for ten minutes; a long run takes a new one well before."""
    if time.monotonic() - signed_in_at < 300:
        return signed_in_at
    client.refresh_tokens()
    for other in others:
        other.client.use(client.access)
    return time.monotonic()


def test_nothing_is_lost_when_killed_under_load(product: LiveServer, trader: ApiClient) -> None:
    chooser = random.Random(20_081_010)
    session_id = trader.start_session()["id"]
    diary = Diary(opening_cash=Decimal(trader.account(session_id)["cash"]))
    stop = threading.Event()
    returns: list[float] = []
    with trader.stream(session_id, "orders", "account", "session", resume=True) as stream:
        traders = [Trader(trader, session_id, diary, seed=n, stop=stop, pause=0.01) for n in range(TRADERS)]
        signed_in_at = time.monotonic()
        for each in traders:
            each.start()
        try:
            for _ in range(KILLS):
                stop.wait(chooser.uniform(0.0, 0.6))
                epoch = int(trader.session(session_id)["epoch"])
                pids = product.simulator_pids(session_id)
                if not pids:
                    eventually(lambda: product.simulator_pids(session_id), timeout=SLOWEST_RETURN_SECONDS)
                    pids = product.simulator_pids(session_id)
                killed_at = time.monotonic()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pids[-1], signal.SIGKILL)
                eventually(
                    lambda epoch=epoch: _ready_above(trader, session_id, epoch),
                    timeout=SLOWEST_RETURN_SECONDS,
                    interval=0.05,
                )
                returns.append(time.monotonic() - killed_at)
                signed_in_at = refresh_as_needed(trader, traders, signed_in_at)
        finally:
            stop.set()
        check_traders(traders)
        # The stream has everything up to the last report.
        last = trader.executions(session_id)
        newest = max((int(report["seq"]) for report in last), default=0)
        eventually(lambda: stream.cursors.get("orders", (0, 0))[1] >= newest, timeout=20)
        diary.frames, diary.raw = list(stream.frames), list(stream.raw)
    trader.clock(session_id, "pause")
    assert product.manage("verify_journal", session_id) is not None
    with open_database(product) as database:
        breaches = check_history(database, session_id, diary)
    assert not breaches, sample(breaches)
    assert len(diary.acknowledged) > KILLS, "the load was too thin to mean anything"
    returns.sort()
    print(
        f"\n{product.column}: {len(returns)} kills, {len(diary.acknowledged)} acknowledged "
        f"orders, back in p50 {statistics.median(returns):.2f} s, p95 {returns[int(len(returns) * 0.95) - 1]:.2f} s"
    )
    trader.stop_session(session_id)


def _ready_above(client: ApiClient, session_id: str, epoch: int) -> bool:
    now = client.session(session_id)
    return now["status"] == "READY" and int(now["epoch"]) > epoch


def test_a_woken_simulator_is_fenced_off(product: LiveServer, trader: ApiClient) -> None:
    """SIGSTOP for ten seconds under load, then SIGCONT: the woken one appends nothing and ends."""
    session_id = trader.start_session()["id"]
    diary = Diary(opening_cash=Decimal(trader.account(session_id)["cash"]))
    stop = threading.Event()
    one = Trader(trader, session_id, diary, seed=99, stop=stop, pause=0.02)
    one.start()
    epoch = int(trader.session(session_id)["epoch"])
    eventually(lambda: len(diary.acknowledged) > 5, timeout=20)
    frozen = product.kill_simulator(session_id, signal.SIGSTOP)
    frozen_at = time.monotonic()
    try:
        eventually(lambda: _ready_above(trader, session_id, epoch), timeout=20, interval=0.05)
        while time.monotonic() - frozen_at < 10:
            stop.wait(0.1)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(frozen, signal.SIGCONT)
    eventually(lambda: not _lives(frozen), timeout=15)
    before = len(diary.acknowledged)
    eventually(lambda: len(diary.acknowledged) > before + 5, timeout=20)
    stop.set()
    check_traders([one])
    product.manage("verify_journal", session_id)
    with open_database(product) as database:
        breaches = check_history(database, session_id, diary)
    assert not breaches, sample(breaches)
    trader.stop_session(session_id)


def _lives(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_server_is_killed_under_load(product: LiveServer, trader: ApiClient) -> None:
    """kill -9 of the processes that serve the browser, three times, with traders at work."""
    session_id = trader.start_session()["id"]
    diary = Diary(opening_cash=Decimal(trader.account(session_id)["cash"]))
    stop = threading.Event()
    with trader.stream(session_id, "orders", "account", "session", resume=True) as stream:
        traders = [Trader(trader, session_id, diary, seed=n, stop=stop, pause=0.02) for n in (5, 6)]
        for each in traders:
            each.start()
        for _ in range(3):
            acknowledged = len(diary.acknowledged)
            eventually(lambda n=acknowledged: len(diary.acknowledged) > n + 5, timeout=60)
            product.kill_server()
            product.stop()
            product.start()
        acknowledged = len(diary.acknowledged)
        eventually(lambda: len(diary.acknowledged) > acknowledged + 5, timeout=60)
        stop.set()
        check_traders(traders)
        newest = max(int(report["seq"]) for report in trader.executions(session_id))
        eventually(lambda: stream.cursors.get("orders", (0, 0))[1] >= newest, timeout=20)
        diary.frames, diary.raw = list(stream.frames), list(stream.raw)
    product.manage("verify_journal", session_id)
    with open_database(product) as database:
        breaches = check_history(database, session_id, diary)
    assert not breaches, sample(breaches)
    trader.stop_session(session_id)
