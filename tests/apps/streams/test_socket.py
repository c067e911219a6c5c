"""The WebSocket door: who gets in, what is said, and how it ends."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid

import orjson
import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.core.cache import cache
from django.utils import timezone

from apps.accounts.logins import log_out
from apps.accounts.models import User
from apps.common.problems import Problem
from apps.simulator_sessions import gateway as gateways
from apps.streams import consumer as consumers
from apps.streams import hub as hubs
from apps.streams import messages, notices, tickets
from apps.streams.routing import websocket_urlpatterns
from tests.apps import gateways as doubles
from tests.apps.facts import make_session
from tests.apps.streaming import ScriptedSource
from tests.support.waiting import eventually_async

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = {"client_order_id": "a-1", "symbol": "ACME", "side": "BUY", "type": "LIMIT", "quantity": "10", "price": "1.00"}


@pytest.fixture
def api(login_as):
    cache.clear()
    return login_as()


@pytest.fixture
def session(api):
    return make_session(api.user)


@pytest.fixture
async def source():
    source = ScriptedSource()
    hub = hubs._hubs[asyncio.get_running_loop()] = hubs.Hub(lambda session_id: source)
    yield source
    await hub.close()


class Socket:
    """One browser tab."""

    def __init__(self, session_id):
        path = f"/ws/v1/sessions/{session_id}"
        self.wire = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path, subprotocols=["tradesim.v1"])
        self.closed = None
        self.frames = []

    async def open(self):
        connected, subprotocol = await self.wire.connect()
        assert connected
        assert subprotocol == "tradesim.v1"
        return self

    async def say(self, message):
        await self.wire.send_to(text_data=message if isinstance(message, str) else orjson.dumps(message).decode())

    async def hear(self, probe, timeout=4.0):
        """The first frame for which the probe holds; heartbeats are answered meanwhile."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            event = await self.wire.receive_output(timeout=max(0.01, deadline - time.monotonic()))
            if event["type"] == "websocket.close":
                self.closed = event["code"]
                raise AssertionError(f"closed with {self.closed}; heard {self.frames[-3:]}")
            body = orjson.loads(event["text"])
            found = None
            for frame in body if isinstance(body, list) else [body]:
                self.frames.append(frame)
                if frame["type"] == "heartbeat":
                    await self.say({"op": "pong", "t": frame["data"]["t"]})
                if found is None and probe(frame):
                    found = frame
            if found is not None:
                return found
        raise AssertionError(f"not heard; last: {self.frames[-5:]}")

    async def until_closed(self, timeout=8.0):
        with pytest.raises(AssertionError):
            await self.hear(lambda frame: False, timeout)
        assert self.closed is not None, "still open"
        return self.closed

    async def leave(self):
        await self.wire.disconnect()


async def ticket_of(api, session):
    answer = await sync_to_async(api.post)("/stream-tickets", {"session": str(session.id)})
    assert answer.status_code == 201, answer.content
    assert answer.data["expires_in"] == 30
    return answer.data["ticket"]


async def enter(api, session, streams=("orders", "session"), **more):
    socket = await Socket(session.id).open()
    names = [name if isinstance(name, dict) else {"name": name, "last_seq": 0} for name in streams]
    await socket.say({"op": "hello", "ticket": await ticket_of(api, session), "streams": names, **more})
    await socket.hear(lambda frame: frame["type"] == "heartbeat")
    return socket


def is_type(name):
    return lambda frame: frame["type"] == name


# --- getting in ---------------------------------------------------------------------------------------------------


async def test_hello_with_a_ticket_opens_the_streams(api, session, source):
    source.commit(count=2)
    socket = await enter(api, session)
    await socket.hear(lambda frame: frame.get("seq") == 2)
    source.commit()
    frame = await socket.hear(lambda frame: frame.get("seq") == 3)
    assert frame["stream"] == "orders"
    assert "poss_dup" not in frame
    beat = await socket.hear(is_type("heartbeat"))
    assert beat["next_seq"] == beat["data"]["next_seq"] == {"orders": 4, "session": 1}
    assert beat["epoch"] == 1
    assert beat["data"]["link"] == "live"
    await socket.leave()


async def test_a_ticket_works_once(api, session, source):
    ticket = await ticket_of(api, session)
    first = await Socket(session.id).open()
    await first.say({"op": "hello", "ticket": ticket, "streams": []})
    await first.hear(is_type("heartbeat"))
    second = await Socket(session.id).open()
    await second.say({"op": "hello", "ticket": ticket, "streams": []})
    assert await second.until_closed() == 4401
    assert second.frames[0]["code"] == "NOT_AUTHENTICATED"
    await first.leave()


async def test_fifty_sockets_with_one_ticket_let_one_in(api, session, source):
    ticket = await ticket_of(api, session)
    passes = await asyncio.gather(
        *(sync_to_async(tickets.redeem, thread_sensitive=False)(ticket=ticket) for _ in range(50))
    )
    assert sum(found is not None for found in passes) == 1


async def test_an_unknown_ticket_is_4401(session, source):
    socket = await Socket(session.id).open()
    await socket.say({"op": "hello", "ticket": "nonsense", "streams": []})
    assert await socket.until_closed() == 4401


async def test_a_ticket_opens_no_other_session(api, login_as, session, source):
    other = await sync_to_async(login_as)()
    foreign = await sync_to_async(make_session)(other.user)
    socket = await Socket(foreign.id).open()
    await socket.say({"op": "hello", "ticket": await ticket_of(api, session), "streams": []})
    assert await socket.until_closed() == 4404
    refused = await sync_to_async(api.post)("/stream-tickets", {"session": str(foreign.id)})
    assert refused.status_code == 404
    unknown = await sync_to_async(api.post)("/stream-tickets", {"session": str(uuid.uuid4())})
    assert unknown.status_code == 404


async def test_silence_is_4408(session, source, monkeypatch):
    monkeypatch.setattr(consumers, "HELLO_SECONDS", 0.05)
    socket = await Socket(session.id).open()
    assert await socket.until_closed() == 4408
    assert socket.frames[0]["code"] == "HELLO_TIMEOUT"


async def test_the_third_malformed_message_closes(api, session, source):
    socket = await enter(api, session)
    for text in ("{", '{"op":"dance"}'):
        await socket.say(text)
        frame = await socket.hear(is_type("error"))
        assert frame["code"] == "BAD_MESSAGE"
    await socket.say('{"op":"hello","ticket":"x","streams":[]}')
    assert await socket.until_closed() == 4400


async def test_logging_out_ends_the_socket_within_five_seconds(api, session, source):
    socket = await enter(api, session)
    started = time.monotonic()
    await sync_to_async(log_out)(refresh=api.refresh, identity=None, now=timezone.now())
    assert await socket.until_closed() == 4401
    assert time.monotonic() - started < 5
    assert socket.frames[-1]["code"] == "SESSION_REVOKED"


async def test_a_disabled_user_is_out_too(api, session, source):
    socket = await enter(api, session)
    await sync_to_async(User.objects.filter(pk=api.user.pk).update)(is_active=False)
    assert await socket.until_closed() == 4401


# --- staying ------------------------------------------------------------------------------------------------------


async def test_the_simulators_death_and_return_leave_the_socket_open(api, session, source):
    socket = await enter(api, session)
    source.commit()
    await socket.hear(lambda frame: frame.get("seq") == 1)
    source.kill()
    await socket.hear(is_type("session.paused"))
    source.restart()
    resumed = await socket.hear(is_type("session.resumed"))
    assert resumed["data"]["epoch"] == 2
    assert resumed["data"]["next_seq"]["orders"] == 2
    source.commit()
    await socket.hear(lambda frame: frame.get("seq") == 2 and frame["stream"] == "orders")
    await socket.leave()


async def test_a_notice_from_another_thread_makes_the_bridge_look_at_once(api, session, source):
    socket = await enter(api, session)
    hubs.hub().bridge(session.id)._truth_seconds = 60.0
    source.kill()
    await socket.hear(is_type("session.paused"))
    await asyncio.sleep(0.2)
    source.restart()
    await asyncio.get_running_loop().run_in_executor(None, lambda: notices.session_changed(session_id=session.id))
    await socket.hear(is_type("session.resumed"), timeout=1.0)
    await socket.leave()


async def test_a_dropped_socket_resumes_where_it_was(api, session, source):
    socket = await enter(api, session)
    source.commit(count=3)
    await socket.hear(lambda frame: frame.get("seq") == 3)
    first_bodies = {f["seq"]: f["data"] for f in socket.frames if f.get("stream") == "orders"}
    await socket.leave()
    source.commit(count=2)
    again = await enter(api, session, streams=[{"name": "orders", "epoch": 1, "last_seq": 1}])
    await again.hear(lambda frame: frame.get("seq") == 5)
    replayed = [frame for frame in again.frames if frame.get("stream") == "orders"]
    assert [frame["seq"] for frame in replayed] == [2, 3, 4, 5]
    assert all(frame["poss_dup"] for frame in replayed)
    assert replayed[0]["data"] == first_bodies[2]
    await again.leave()


@pytest.mark.parametrize("coalesce", [True, False])
async def test_market_frames_come_at_most_each_50_ms(api, session, source, coalesce):
    socket = await enter(api, session, streams=["quotes"], coalesce=coalesce)
    messages, stop = [], time.monotonic() + 0.5
    while time.monotonic() < stop:
        source.tick("quotes", key="quotes:ACME")
        if await socket.wire.receive_nothing(0.003, 0.001):
            continue
        event = await socket.wire.receive_output()
        if '"quote"' in event["text"]:
            messages.append(orjson.loads(event["text"]))
    assert isinstance(messages[0], list) is coalesce
    assert 3 <= len(messages) <= 12
    await socket.leave()


async def test_a_reader_that_acknowledges_nothing_is_closed_with_4428(api, session, source):
    socket = await Socket(session.id).open()
    hello = {"op": "hello", "ticket": await ticket_of(api, session), "streams": [{"name": "orders", "last_seq": 0}]}
    await socket.say(hello)
    while True:
        event = await socket.wire.receive_output(timeout=3)
        if '"heartbeat"' in event["text"]:
            break
    for _ in range(11):
        source.commit(count=100)
        await asyncio.sleep(0.02)
    code = None
    while code is None:
        event = await socket.wire.receive_output(timeout=3)
        if event["type"] == "websocket.close":
            code = event["code"]
        elif '"SLOW_READER"' in event["text"]:
            assert "last_seq" in orjson.loads(event["text"])["data"]
    assert code == 4428


async def test_subscribing_and_leaving(api, session, source):
    socket = await enter(api, session)
    await socket.say({"op": "subscribe", "streams": [{"name": "book:ACME"}]})
    await socket.hear(is_type("book.snapshot"))
    await socket.say({"op": "unsubscribe", "streams": [{"name": "book:ACME"}]})
    await socket.say({"op": "subscribe", "streams": [{"name": "account", "last_seq": 0}]})
    source.commit("account")
    await socket.hear(is_type("account.updated"))
    await socket.leave()


async def test_a_planned_stop_says_goodbye(api, session, source):
    socket = await enter(api, session)
    await consumers.shut_down_all()
    assert await socket.until_closed() == 1012
    assert socket.frames[-1]["type"] == "server_shutdown"


# --- trading ------------------------------------------------------------------------------------------------------


@pytest.fixture
def gateway(monkeypatch):
    double = doubles.SoundGateway()
    monkeypatch.setattr(gateways, "get_gateway", lambda: double)
    return double


async def test_orders_by_socket_go_through_the_same_service(api, session, source, gateway):
    socket = await enter(api, session)
    await socket.say({"op": "order.submit", "id": "1", "body": ORDER})
    ack = await socket.hear(lambda frame: frame.get("id") == "1")
    assert (ack["op"], ack["status"], ack["data"]["status"]) == ("ack", 201, "NEW")
    await socket.say({"op": "order.submit", "id": "2", "body": ORDER})
    again = await socket.hear(lambda frame: frame.get("id") == "2")
    assert (again["op"], again["status"], again["replayed"]) == ("ack", 200, True)
    change = {"original_client_order_id": "a-1", "client_order_id": "a-2", "quantity": "7"}
    await socket.say({"op": "order.replace", "id": "3", "body": change})
    replaced = await socket.hear(lambda frame: frame.get("id") == "3")
    assert (replaced["status"], replaced["data"]["client_order_id"]) == (200, "a-2")
    await socket.say({"op": "order.cancel", "id": "4", "body": {"client_order_id": "a-2"}})
    cancelled = await socket.hear(lambda frame: frame.get("id") == "4")
    assert (cancelled["status"], cancelled["data"]["status"]) == (200, "CANCELED")
    shown = await sync_to_async(api.get)(f"/sessions/{session.id}/orders/a-1")
    assert shown.data["status"] == "CANCELED"
    await socket.leave()


async def test_commands_about_one_order_are_done_in_the_order_said(api, session, source, gateway):
    socket = await enter(api, session)
    change = {"original_client_order_id": "a-1", "client_order_id": "a-2", "quantity": "7"}
    said = [
        {"op": "order.submit", "id": 1, "body": ORDER},
        {"op": "order.submit", "id": 2, "body": ORDER},
        {"op": "order.replace", "id": 3, "body": change},
        {"op": "order.cancel", "id": 4, "body": {"client_order_id": "a-2"}},
    ]
    for message in said:  # none waits for an answer
        await socket.say(message)
    await socket.hear(lambda frame: frame.get("id") == 4)
    answers = [(frame["id"], frame["status"]) for frame in socket.frames if "id" in frame]
    assert answers == [(1, 201), (2, 200), (3, 200), (4, 200)]
    await socket.leave()


async def test_a_refused_command_is_answered_with_its_problem(api, session, source, gateway):
    socket = await enter(api, session)
    await socket.say({"op": "order.submit", "id": 9, "body": {**ORDER, "quantity": 10}})
    error = await socket.hear(lambda frame: frame.get("id") == 9)
    assert (error["op"], error["status"], error["problem"]["code"]) == ("error", 400, "MALFORMED")
    await socket.say({"op": "order.cancel", "id": 10, "body": {"client_order_id": "zzz"}})
    error = await socket.hear(lambda frame: frame.get("id") == 10)
    assert (error["status"], error["problem"]["type"]) == (404, "unknown-order")
    assert gateway.calls == []
    await socket.leave()


async def test_a_stale_link_places_no_order_that_adds_risk(api, session, source, gateway, monkeypatch):
    socket = await enter(api, session)
    monkeypatch.setattr(consumers.LinkQuality, "state", lambda self, *, now: consumers.Link.STALE)
    await socket.say({"op": "order.submit", "id": 1, "body": ORDER})
    error = await socket.hear(lambda frame: frame.get("id") == 1)
    assert (error["status"], error["problem"]["type"]) == (409, "connection-quality")
    await socket.say({"op": "order.submit", "id": 2, "body": {**ORDER, "reduce_only": True}})
    assert (await socket.hear(lambda frame: frame.get("id") == 2))["op"] == "ack"
    await socket.leave()


async def test_the_same_order_fifty_times_at_once_is_one_order(api, session, source, gateway):
    sockets = [await enter(api, session) for _ in range(5)]
    for socket in sockets:
        for n in range(10):
            await socket.say({"op": "order.submit", "id": n, "body": ORDER})
    statuses = []
    for socket in sockets:
        for n in range(10):
            answer = next((f for f in socket.frames if f.get("id") == n), None)
            answer = answer or await socket.hear(lambda frame, n=n: frame.get("id") == n, 10.0)
            statuses.append(answer["status"])
        await socket.leave()
    assert statuses.count(201) == 1
    assert set(statuses) <= {200, 201, 409}
    assert len(gateway.calls) == 1


async def test_a_halted_session_closes_with_4500(api, session, source):
    socket = await enter(api, session)
    source.halted = True
    source.kill(status="FAILED")
    assert await socket.until_closed() == 4500
    assert socket.frames[-1]["code"] == "SESSION_HALTED"


async def test_going_on_beyond_the_rate_is_told_and_then_closed_with_4429(api, session, source, gateway, settings):
    settings.RATE_LIMIT_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "orders": "1/hour"}
    socket = await enter(api, session)
    await socket.say({"op": "order.submit", "id": 0, "body": ORDER})
    await socket.hear(lambda frame: frame.get("op") == "ack")
    await socket.say({"op": "order.submit", "id": 1, "body": {**ORDER, "client_order_id": "o-1"}})
    refused = await socket.hear(lambda frame: frame.get("op") == "error")
    assert (refused["status"], refused["problem"]["code"]) == (429, "RATE_LIMITED")
    for n in range(2, 30):
        await socket.say({"op": "order.submit", "id": n, "body": {**ORDER, "client_order_id": f"o-{n}"}})
    assert await socket.until_closed() == 4429
    assert len(gateway.calls) == 1


async def test_a_reader_that_takes_nothing_at_all_is_let_go(api, session, source, monkeypatch):
    """The server's own send is stuck, as with a full TCP window: the socket must still end."""
    socket = await enter(api, session)
    await socket.hear(lambda frame: "orders" in frame.get("next_seq", {}))

    async def stuck(self, **kwargs):
        await asyncio.Event().wait()

    monkeypatch.setattr(consumers, "FAREWELL_SECONDS", 0.05)
    monkeypatch.setattr(consumers.StreamConsumer, "send", stuck)
    source.commit(count=1_100)
    assert await socket.until_closed() == 4428


async def test_a_simulator_that_does_not_answer_holds_up_no_reader(api, session, source, gateway, monkeypatch):
    """Every command of a frozen run waits for seconds: beats and replays, also of others, go on meanwhile."""
    answers, held = threading.Event(), []

    def frozen(**_):
        held.append(1)
        answers.wait(20.0)
        raise Problem(code="OUTCOME_UNKNOWN", outcome="unknown")

    monkeypatch.setattr(gateway, "submit", frozen)
    socket = await enter(api, session)
    try:
        for n in range(12):
            await socket.say({"op": "order.submit", "id": n, "body": {**ORDER, "client_order_id": f"f-{n}"}})

        async def full():
            return len(held) >= 8  # as many as there are threads for reads

        await eventually_async(full)
        heard = len([frame for frame in socket.frames if frame["type"] == "heartbeat"])
        for _ in range(3):
            await socket.hear(lambda frame: frame["type"] == "heartbeat", 2.5)
        assert len([frame for frame in socket.frames if frame["type"] == "heartbeat"]) >= heard + 3
    finally:
        answers.set()
    await socket.leave()


async def test_a_socket_reads_a_bounded_number_of_streams(api, session, source):
    """Names of what does not exist are kept too: a client that goes on inventing them is refused."""
    socket = await enter(api, session)
    for part in range(3):
        names = [f"book:X{part}N{n}" for n in range(messages.MAX_STREAMS // 2)]
        await socket.say({"op": "subscribe", "streams": names})
    refused = await socket.hear(lambda frame: frame["type"] == "error")
    assert refused["code"] == "BAD_MESSAGE"
    await socket.say({"op": "unsubscribe", "streams": [f"book:X0N{n}" for n in range(messages.MAX_STREAMS // 2)]})
    await socket.say({"op": "subscribe", "streams": ["book:ACME"]})
    await socket.hear(lambda frame: frame["type"] == "book.snapshot")
    await socket.leave()
