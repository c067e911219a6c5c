"""What bad input and trouble get, through the real doors: a stable code and a sentence, and never an
effect.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.journeys.test_trading import book_with_both_sides, passive_price, whole_lots
from tests.support.api_client import ApiClient, Json, RefusedError
from tests.support.live_server import LiveServer

pytestmark = pytest.mark.timeout(180)


class Desk:
    """A signed-in trader with a running session, shared by this module's tests of one column."""

    def __init__(self, trader: ApiClient) -> None:
        self.trader = trader
        self.session_id: str = trader.start_session()["id"]
        self.instrument = trader.instruments(self.session_id)[0]
        self.symbol: str = self.instrument["symbol"]
        self.book = book_with_both_sides(trader, self.session_id, self.symbol)

    def limit(self, **changes: Any) -> Json:
        body = self.trader.order_body(
            self.symbol,
            "BUY",
            whole_lots(self.instrument, 1),
            price=passive_price(self.instrument, self.book),
        )
        return {**body, **changes}

    def post(self, body: Any, **kwargs: Any) -> httpx.Response:
        kwargs = {"json": body, **kwargs} if body is not None else kwargs
        return self.trader.request("POST", f"/sessions/{self.session_id}/orders", **kwargs)


@pytest.fixture(scope="module")
def desk(product: LiveServer) -> Iterator[Desk]:
    with ApiClient(product.url) as client:
        desk = Desk(client.sign_up())
        yield desk
        client.stop_session(desk.session_id)


def check_problem(response: httpx.Response, status: int, code: str | None = None) -> Json:
    assert response.status_code == status, response.text[:1000]
    assert response.headers["content-type"].split(";")[0] == "application/problem+json"
    problem: Json = response.json()
    assert problem["status"] == status
    assert problem["code"] == problem["code"].upper()
    if code is not None:
        assert problem["code"] == code, problem
    assert problem["title"], problem
    assert problem["outcome"] in {"none", "applied", "unknown"}
    assert isinstance(problem["retryable"], bool)
    return problem


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"price": "TICK/2"}, "INVALID_PRICE_INCREMENT"),
        ({"quantity": "0"}, "INCORRECT_QUANTITY"),
        ({"quantity": "999999999999"}, "ORDER_EXCEEDS_LIMIT"),
        ({"symbol": "NOPE"}, "UNKNOWN_SYMBOL"),
    ],
)
def test_a_wrong_order_is_refused_with_the_venues_code(desk: Desk, changes: Json, code: str) -> None:
    if changes.get("price") == "TICK/2":
        half = Decimal(desk.instrument["tick_size"]) / 2
        changes = {"price": str(Decimal(desk.limit()["price"]) + half)}
    account = desk.trader.account(desk.session_id)
    problem = check_problem(desk.post(desk.limit(**changes)), 422, code)
    assert len(problem["detail"]) > 10
    after = desk.trader.account(desk.session_id)
    assert (after["cash"], after["reserved"]) == (account["cash"], account["reserved"])


def test_too_little_cash_names_what_is_needed_and_what_is_there(desk: Desk) -> None:
    cash = Decimal(desk.trader.account(desk.session_id)["buying_power"])
    price = Decimal(desk.limit()["price"])
    lots = int(cash / price / Decimal(desk.instrument["lot_size"])) + 10
    quantity = min(Decimal(lots) * Decimal(desk.instrument["lot_size"]), Decimal(desk.instrument["max_quantity"]))
    if quantity * price <= cash:
        pytest.skip("the account can pay for the largest order of this instrument")
    problem = check_problem(desk.post(desk.limit(quantity=str(quantity))), 422, "INSUFFICIENT_BUYING_POWER")
    assert any(character.isdigit() for character in problem["detail"])


def test_selling_what_one_does_not_hold_is_refused(desk: Desk) -> None:
    body = desk.limit(side="SELL", price=str(Decimal(desk.book["asks"][0][0])))
    check_problem(desk.post(body), 422, "SHORT_SELL_NOT_PERMITTED")


@pytest.mark.parametrize(
    ("kwargs", "status"),
    [
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b'{"quantity": NaN}', "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"[]", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"x=1", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": b'"' + b"x" * 1_100_000 + b'"', "headers": {"Content-Type": "application/json"}}, 413),
        ({"content": b"[" * 5_000, "headers": {"Content-Type": "application/json"}}, 400),
    ],
    ids=["cut-short", "nan", "list", "text", "too-large", "deep"],
)
def test_a_malformed_body_is_refused(desk: Desk, kwargs: Json, status: int) -> None:
    check_problem(desk.post(None, **kwargs), status)


@pytest.mark.parametrize("name", ["symbol", "side", "type", "quantity"])
def test_a_missing_field_is_named(desk: Desk, name: str) -> None:
    body = desk.limit()
    del body[name]
    response = desk.post(body)
    assert response.status_code in {400, 422}
    problem = check_problem(response, response.status_code)
    assert name in str(problem["errors"])


@pytest.mark.parametrize("quantity", ["-0", "1e308", "9223372036854775808", "１０", "NaN", "Infinity", "", " 1", "0x1"])
def test_a_strange_quantity_is_refused(desk: Desk, quantity: str) -> None:
    response = desk.post(desk.limit(quantity=quantity))
    assert response.status_code in {400, 422}, response.text
    check_problem(response, response.status_code)


def test_the_same_id_with_the_same_body_is_replayed_and_with_another_refused(desk: Desk) -> None:
    body = desk.limit()
    first = desk.post(body)
    assert first.status_code == 201
    again = desk.post(body)
    assert again.status_code == 200
    assert again.json()["order_id"] == first.json()["order_id"]
    other = dict(body, quantity=whole_lots(desk.instrument, 2))
    check_problem(desk.post(other), 409, "DUPLICATE_ORDER")
    found = [o for o in desk.trader.orders(desk.session_id) if o["client_order_id"] == body["client_order_id"]]
    assert len(found) == 1
    desk.trader.cancel(desk.session_id, body["client_order_id"])


def test_fifty_times_the_same_order_at_once_is_one_order(desk: Desk) -> None:
    body = desk.limit()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: desk.post(body), range(50)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(201) == 1, statuses
    assert set(statuses) <= {200, 201, 409}, [a.text[:200] for a in answers if a.status_code not in {200, 201, 409}]
    for answer in answers:
        if answer.status_code == 409:
            check_problem(answer, 409, "IN_PROGRESS")
            assert "retry-after" in answer.headers
    executions = [e for e in desk.trader.executions(desk.session_id) if e["client_order_id"] == body["client_order_id"]]
    assert len([e for e in executions if e["execution_type"] == "NEW"]) == 1
    desk.trader.cancel(desk.session_id, body["client_order_id"])


def test_a_venues_refusal_uses_up_its_id(desk: Desk) -> None:
    body = desk.limit(quantity="0")
    first = check_problem(desk.post(body), 422, "INCORRECT_QUANTITY")
    again = check_problem(desk.post(body), 422, "INCORRECT_QUANTITY")
    assert again["code"] == first["code"]
    check_problem(desk.post({**body, "quantity": whole_lots(desk.instrument, 1)}), 409, "DUPLICATE_ORDER")


def test_a_finished_order_can_not_be_cancelled(desk: Desk) -> None:
    body = desk.limit()
    desk.trader.submit(desk.session_id, body)
    desk.trader.cancel(desk.session_id, body["client_order_id"])
    path = f"/sessions/{desk.session_id}/orders/{body['client_order_id']}"
    response = desk.trader.request("DELETE", path, headers={"Idempotency-Key": str(uuid.uuid4())})
    check_problem(response, 409, "TOO_LATE_TO_CANCEL")


def test_an_unknown_order_is_not_found(desk: Desk) -> None:
    path = f"/sessions/{desk.session_id}/orders/{uuid.uuid4()}"
    check_problem(desk.trader.request("GET", path), 404)
    check_problem(desk.trader.request("DELETE", path, headers={"Idempotency-Key": str(uuid.uuid4())}), 404)


SESSION_READS = (
    "", "/instruments", "/book?symbol=X", "/trades?symbol=X", "/candles?symbol=X&interval=1m", "/orders",
    "/executions", "/positions", "/account", "/ledger", "/events?mode=poll&streams=orders",
)  # fmt: skip


@pytest.mark.parametrize("tail", SESSION_READS)
def test_somebody_elses_session_is_not_there(desk: Desk, stranger: ApiClient, tail: str) -> None:
    check_problem(stranger.request("GET", f"/sessions/{desk.session_id}{tail}"), 404)


def test_nothing_can_be_done_to_somebody_elses_session(desk: Desk, stranger: ApiClient) -> None:
    path = f"/sessions/{desk.session_id}"
    body = desk.limit()
    calls: tuple[tuple[str, str, Any], ...] = (
        ("POST", f"{path}/orders", body),
        ("POST", f"{path}/orders/preview", body),
        ("DELETE", f"{path}/orders", None),
        ("POST", f"{path}/clock", {"action": "pause"}),
        ("POST", f"{path}/stop", {}),
        ("POST", "/stream-tickets", {"session": desk.session_id}),
    )
    for method, where, content in calls:
        response = stranger.request(method, where, json=content, headers={"Idempotency-Key": str(uuid.uuid4())})
        check_problem(response, 404)
    assert desk.trader.session(desk.session_id)["status"] == "READY"


@pytest.mark.parametrize(
    "authorization", [None, "Bearer nonsense", "Bearer two words", "Basic eDp5", "Api-Key nonsense"]
)
def test_without_a_valid_token_nothing_is_answered(desk: Desk, nobody: ApiClient, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    for tail in ("", "/orders", "/account"):
        check_problem(nobody.request("GET", f"/sessions/{desk.session_id}{tail}", headers=headers), 401)


def test_a_token_is_dead_after_logout(product: LiveServer) -> None:
    with ApiClient(product.url) as client:
        client.sign_up()
        client.get("/me")
        client.post("/auth/logout", {"refresh": client.refresh}, expect=204)
        check_problem(client.request("GET", "/me"), 401)
        with pytest.raises(RefusedError) as refused:
            client.refresh_tokens()
        assert refused.value.response.status_code == 401


def test_a_replayed_refresh_token_kills_its_family_but_eight_at_once_give_one_pair(
    product: LiveServer,
) -> None:
    with ApiClient(product.url) as client:
        client.sign_up()
        old = client.refresh
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.request("POST", "/auth/refresh", json={"refresh": old}), range(8)))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses.count(200) == 1, statuses
        assert set(statuses) <= {200, 409}
        pair = next(answer.json() for answer in answers if answer.status_code == 200)
        client.use(pair["access"])
        client.get("/me")


def test_an_unknown_route_is_a_problem_too(nobody: ApiClient) -> None:
    response = nobody.request("GET", "/no-such-thing")
    assert response.status_code in {401, 404}
    check_problem(response, response.status_code)


# --- the socket ---


@pytest.mark.parametrize("text", ["{", "[]", '"hello"', '{"op":"no-such-op"}', "\x00"])
def test_a_malformed_frame_is_answered_and_the_third_closes(desk: Desk, text: str) -> None:
    with desk.trader.stream(desk.session_id) as stream:
        stream.wait_for_type("heartbeat")
        stream.send(text)
        error = stream.wait_for_type("error")
        assert error["data"]["code"] == "BAD_MESSAGE", error
        stream.send(text)
        stream.send(text)
        assert stream.wait_until_closed() == 4400


def test_a_ticket_opens_one_socket_only(desk: Desk) -> None:
    ticket = desk.trader.ticket(desk.session_id)
    desk.trader.ticket = lambda _session: ticket  # type: ignore[method-assign]
    try:
        with desk.trader.stream(desk.session_id) as first:
            first.wait_for_type("heartbeat")
            with desk.trader.stream(desk.session_id) as second:
                assert second.wait_until_closed() == 4401
    finally:
        del desk.trader.ticket  # type: ignore[method-assign]


def _read_to_the_end(socket: Any) -> None:
    while True:
        socket.recv(timeout=15)


def test_a_socket_that_says_nothing_is_closed(desk: Desk, product: LiveServer) -> None:
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    address = product.url.replace("http", "ws", 1)
    with connect(
        f"{address}/ws/v1/sessions/{desk.session_id}", subprotocols=["tradesim.v1"], origin=product.url
    ) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            _read_to_the_end(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4408


def test_a_foreign_page_can_not_open_a_socket(desk: Desk, product: LiveServer) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    address = product.url.replace("http", "ws", 1)
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(
            f"{address}/ws/v1/sessions/{desk.session_id}",
            subprotocols=["tradesim.v1"],
            origin="https://evil.example",
        ),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_somebody_elses_stream_is_not_there(desk: Desk, stranger: ApiClient) -> None:
    mine = stranger.start_session()["id"]
    with stranger.stream(mine) as own:
        own.wait_for_type("heartbeat")
    real_ticket = stranger.ticket(mine)
    stranger.ticket = lambda _session: real_ticket  # type: ignore[method-assign]
    try:
        with stranger.stream(desk.session_id) as stream:
            assert stream.wait_until_closed() in {4401, 4404}
    finally:
        del stranger.ticket  # type: ignore[method-assign]
        stranger.stop_session(mine)


def test_an_order_over_the_socket_meets_the_same_rules(desk: Desk) -> None:
    with desk.trader.stream(desk.session_id) as stream:
        good = desk.limit()
        stream.send({"op": "order.submit", "id": "a", "body": good})
        stream.wait_for_type("order.accepted", client_order_id=good["client_order_id"])
        bad = desk.limit(quantity="0")
        stream.send({"op": "order.submit", "id": "b", "body": bad})
        rejected = stream.wait_for_type("order.rejected", client_order_id=bad["client_order_id"])
        assert rejected["data"]["reject_code"] == "INCORRECT_QUANTITY"
    desk.trader.cancel(desk.session_id, good["client_order_id"])
