"""One session as a real process over real gRPC: what it acknowledges is stored, and a crash changes nothing."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from zlib import crc32

import grpc
import grpc.aio
import orjson
import pytest

from simulator_engine.contract.v1 import simulator_pb2
from simulator_engine.runtime.channels import HANDLER_REFUSAL
from tests.support.simulator_process import SimulatorRun, SimulatorSession, a_session
from tests.support.waiting import eventually_async


@pytest.fixture
async def session() -> AsyncIterator[SimulatorSession]:
    async with a_session() as opened:
        yield opened


def limit_buy(symbol: str, price: str, quantity: str = "10") -> simulator_pb2.SubmitOrder:
    return simulator_pb2.SubmitOrder(
        symbol=symbol, side="BUY", type="LIMIT", quantity=quantity, price=price, time_in_force="GTC"
    )


async def a_symbol(run: SimulatorRun) -> str:
    rows = (await run.state("instruments"))["results"]
    return str(rows[0]["symbol"])  # type: ignore[index]


async def far_bid(run: SimulatorRun, symbol: str) -> str:
    """A price that rests: a little below the best bid."""
    book = await run.state("book", symbol=symbol, depth=5)
    return str(book["bids"][-1][0])  # type: ignore[index]


async def test_an_order_is_in_the_journal_when_its_answer_comes(session: SimulatorSession) -> None:
    run = await session.start(1)
    symbol = await a_symbol(run)
    reply = await run.execute("first", submit=limit_buy(symbol, await far_bid(run, symbol)))
    assert reply.outcome == simulator_pb2.APPLIED
    records = [record for batch in session.journal.batches for record in batch.records]
    assert [record.request_id for record in records] == ["first"]
    assert session.journal.last_command_seq == reply.command_seq == 1


async def test_nothing_is_answered_or_shown_before_the_commit(session: SimulatorSession) -> None:
    run = await session.start(1)
    symbol = await a_symbol(run)
    price = await far_bid(run, symbol)
    session.journal.hold_appends = asyncio.Event()
    order = asyncio.ensure_future(run.execute("held", submit=limit_buy(symbol, price)))

    async def stamped() -> bool:
        return session.journal.appends_seen > 0

    await eventually_async(stamped)
    book = asyncio.ensure_future(run.state("book", symbol=symbol, depth=5))
    done, _ = await asyncio.wait({order, book}, timeout=0.4)
    assert not done
    session.journal.hold_appends.set()
    assert (await order).outcome == simulator_pb2.APPLIED
    assert (await book)["symbol"] == symbol


async def test_the_same_request_is_done_once_and_another_body_is_refused(session: SimulatorSession) -> None:
    run = await session.start(1)
    symbol = await a_symbol(run)
    order = limit_buy(symbol, await far_bid(run, symbol))
    replies = await asyncio.gather(*(run.execute("same", submit=order) for _ in range(50)))
    outcomes = [reply.outcome for reply in replies]
    assert outcomes.count(simulator_pb2.APPLIED) == 1
    assert set(outcomes) <= {simulator_pb2.APPLIED, simulator_pb2.IN_PROGRESS, simulator_pb2.REPLAYED}
    other = await run.execute("same", submit=limit_buy(symbol, order.price, "11"))
    assert (other.outcome, other.code) == (simulator_pb2.DUPLICATE, "DUPLICATE_ORDER")
    assert session.journal.last_command_seq == 1


async def test_a_reply_that_was_lost_on_the_way_is_not_a_second_batch(session: SimulatorSession) -> None:
    run = await session.start(1)
    symbol = await a_symbol(run)
    session.journal.lose_replies = 2
    reply = await run.execute("lossy", submit=limit_buy(symbol, await far_bid(run, symbol)))
    assert reply.outcome == simulator_pb2.APPLIED
    assert session.journal.last_command_seq == 1


async def test_without_a_journal_time_stops_and_orders_are_refused_untouched(session: SimulatorSession) -> None:
    run = await session.start(1)
    symbol = await a_symbol(run)
    price = await far_bid(run, symbol)

    async def refused() -> bool:
        try:
            await run.execute(f"away-{time.monotonic_ns()}", submit=limit_buy(symbol, price), timeout=0.5)
        except grpc.aio.AioRpcError as error:
            return HANDLER_REFUSAL in dict(error.trailing_metadata() or ())
        return False

    async def stopped() -> bool:
        before = (await run.state("session"))["sim_time"]
        await asyncio.sleep(0.3)
        return (await run.state("session"))["sim_time"] == before

    count = session.journal.last_command_seq
    # Reads need no commit while nothing waits for one, so the clock can be watched standing still.
    session.journal.away = True
    await eventually_async(stopped)
    await eventually_async(refused)
    assert session.journal.last_command_seq == count
    session.journal.away = False

    async def taken() -> bool:
        try:
            reply = await run.execute(f"back-{time.monotonic_ns()}", submit=limit_buy(symbol, price), timeout=2.0)
        except grpc.aio.AioRpcError:
            return False
        return reply.outcome == simulator_pb2.APPLIED

    await eventually_async(taken)


async def test_a_killed_session_comes_back_as_it_was(session: SimulatorSession) -> None:
    run = await session.start(1)
    symbol = await a_symbol(run)
    for number in range(5):
        await run.execute(f"o{number}", submit=limit_buy(symbol, await far_bid(run, symbol)))
    taken = simulator_pb2.SubmitOrder(symbol=symbol, side="BUY", type="MARKET", quantity="30", time_in_force="IOC")
    await run.execute("taken", submit=taken)
    await run.clock("hold", "pause")
    before, account = await run.state("session"), await run.state("account")
    book = await run.state("book", symbol=symbol, depth=50)
    await run.kill()
    session.journal.epoch = 2
    again = await session.start(2)
    after = await again.state("session")
    assert after["paused"] is True
    if after["event_count"] == before["event_count"]:
        # It stopped below the horizon that had been granted: nothing more has happened.
        assert (after["state_hash"], after["event_hash"]) == (before["state_hash"], before["event_hash"])
        assert await again.state("book", symbol=symbol, depth=50) == book
    assert after["command_seq"] == before["command_seq"]
    assert (await again.state("account"))["cash"] == account["cash"]
    assert str(after["sim_time"]) >= str(before["sim_time"])


@pytest.mark.slow
async def test_it_comes_back_from_a_snapshot_and_past_a_torn_one(session: SimulatorSession) -> None:
    run = await session.start(1, snapshot_every_commands=3)
    symbol = await a_symbol(run)

    async def traded_until_kept(count: int) -> None:
        number = 0
        while len(session.journal.snapshots) < count:
            number += 1
            await run.execute(f"{count}-{number}", submit=limit_buy(symbol, await far_bid(run, symbol), "1"))

    await traded_until_kept(2)
    commands = session.journal.last_command_seq
    await run.kill()
    header, data = session.journal.snapshots[-1]
    session.journal.snapshots[-1] = (header, data[: len(data) // 2])
    session.journal.epoch = 2
    again = await session.start(2)
    assert (await again.state("session"))["command_seq"] == commands


async def test_another_epoch_ends_the_run(session: SimulatorSession) -> None:
    run = await session.start(1)
    session.journal.epoch = 2
    assert await run.exit_code() == 3


async def test_a_frozen_run_that_wakes_after_a_takeover_says_nothing_more(session: SimulatorSession) -> None:
    run = await session.start(1)
    run.signal(signal.SIGSTOP)
    session.journal.epoch = 2
    again = await session.start(2)
    run.signal(signal.SIGCONT)
    assert await run.exit_code() == 3
    assert (await again.state("session"))["command_seq"] == 0


async def test_a_journal_that_tells_another_story_halts_the_session(session: SimulatorSession) -> None:
    run = await session.start(1)
    symbol = await a_symbol(run)
    await run.execute("one", submit=limit_buy(symbol, await far_bid(run, symbol)))
    await run.kill()
    report = next(report for batch in session.journal.batches for report in batch.reports)
    report.body = report.body.replace(b'"BUY"', b'"SELL"')
    session.journal.epoch = 2
    again = await session.start(2, wait=False)
    assert await again.exit_code() == 4
    assert session.journal.released[-1][0] == "HALTED"


async def test_a_drain_leaves_an_empty_tail_and_the_lease(session: SimulatorSession) -> None:
    run = await session.start(1)
    symbol = await a_symbol(run)
    await run.execute("one", submit=limit_buy(symbol, await far_bid(run, symbol)))
    await run.stub.Drain(simulator_pb2.DrainRequest(deadline_seconds=2), metadata=run.metadata)
    assert await run.exit_code() == 0
    assert session.journal.released == [("DRAINED", "")]
    header, _ = session.journal.snapshots[-1]
    assert (header.command_seq, header.event_seq) == (
        session.journal.last_command_seq,
        session.journal.last_event_seq,
    )


async def test_a_call_without_the_token_is_refused(session: SimulatorSession) -> None:
    run = await session.start(1)
    for metadata, code in (
        ((), grpc.StatusCode.UNAUTHENTICATED),
        ((*run.metadata[:1], ("x-session-id", "other"), ("x-epoch", "1")), grpc.StatusCode.FAILED_PRECONDITION),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await run.stub.GetState(simulator_pb2.StateRequest(kind="session"), metadata=metadata)
        assert caught.value.code() == code


async def test_frames_are_numbered_and_lead_from_snapshot_to_the_venues_book(session: SimulatorSession) -> None:
    run = await session.start(1)
    symbol = await a_symbol(run)
    call = run.stub.Subscribe(metadata=run.metadata)
    name = f"book:{symbol}"
    await call.write(simulator_pb2.SubscribeRequest(streams=[name, "orders", "quotes"]))
    held: dict[tuple[str, str], str] = {}
    seq = deltas = 0
    while deltas < 20:
        batch = await asyncio.wait_for(call.read(), 5)
        for frame in batch.frames:
            if frame.stream != name:
                continue
            data = orjson.loads(frame.data)
            if frame.type == "book.snapshot":
                held, seq = {}, frame.seq
            else:
                assert data["prev_seq"] == seq
                seq, deltas = frame.seq, deltas + 1
            for side in ("bids", "asks"):
                for price, quantity, _orders in data[side]:
                    if quantity == "0":
                        held.pop((side, price), None)
                    else:
                        held[side, price] = quantity
            assert checksum(held) == data["checksum"]
    call.cancel()


def checksum(held: dict[tuple[str, str], str]) -> int:
    """The public rule, written again from its description."""
    bids = sorted((row for row in held.items() if row[0][0] == "bids"), key=lambda row: -Decimal(row[0][1]))[:10]
    asks = sorted((row for row in held.items() if row[0][0] == "asks"), key=lambda row: Decimal(row[0][1]))[:10]
    return crc32("|".join(f"{price}:{quantity}" for (_, price), quantity in [*bids, *asks]).encode())


async def test_a_run_that_begins_waits_for_a_journal_that_is_away(session: SimulatorSession) -> None:
    session.journal.away = True
    run = await session.start(1, wait=False)
    with pytest.raises(TimeoutError):
        await run.exit_code(timeout=3.0)
    session.journal.away = False
    await asyncio.wait_for(run.channel.channel_ready(), 20.0)
    symbol = await a_symbol(run)
    assert (await run.execute("a", submit=limit_buy(symbol, await far_bid(run, symbol)))).outcome
