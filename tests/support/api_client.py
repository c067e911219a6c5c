"""A trader as a program: REST by httpx, the live stream by websockets, in the words of the public contract
alone.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, Self

import httpx
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.support.waiting import eventually

Json = dict[str, Any]
PASSWORD = "correct horse battery staple 42"
DEFAULT_STREAMS = ("orders", "account", "session")


class RefusedError(AssertionError):
    """An answer other than the one asked for; carries the response."""

    def __init__(self, response: httpx.Response, wanted: tuple[int, ...]) -> None:
        request = response.request
        super().__init__(
            f"{request.method} {request.url.path}: {response.status_code} instead of {wanted}: {response.text[:2000]}"
        )
        self.response = response


class ApiClient:
    """One person (or, unsigned, nobody).

    Every call returns the decoded body and insists on the expected status.
    """

    def __init__(self, base_url: str, *, timeout_seconds: float = 30.0, forwarded: bool = False) -> None:
        headers = {"X-Forwarded-Proto": "https"} if forwarded else {}
        self.base_url = base_url
        self.http = httpx.Client(base_url=f"{base_url}/api/v1", timeout=timeout_seconds, headers=headers)
        self.email = ""
        self.access = ""
        self.refresh = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    # --- calls ---

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        return self.http.request(method, path, **kwargs)

    def call(self, method: str, path: str, *, expect: int | tuple[int, ...] = (200, 201), **kwargs: Any) -> Any:
        wanted = (expect,) if isinstance(expect, int) else expect
        response = self.request(method, path, **kwargs)
        if response.status_code not in wanted:
            raise RefusedError(response, wanted)
        return response.json() if response.content else None

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, body: Json | None = None, **kwargs: Any) -> Any:
        return self.call("POST", path, json=body if body is not None else {}, **kwargs)

    # --- who you are ---

    def sign_up(self, *, password: str = PASSWORD) -> Self:
        self.email = f"trader-{secrets.token_hex(6)}@example.test"
        self.post(
            "/auth/signup",
            {"email": self.email, "password": password, "display_name": "Test trader"},
            expect=201,
        )
        return self.log_in(password=password)

    def log_in(self, *, password: str = PASSWORD) -> Self:
        answer = self.post("/auth/login", {"email": self.email, "password": password, "refresh_in": "body"}, expect=200)
        self.use(answer["access"])
        self.refresh = answer["refresh"]
        return self

    def use(self, access: str) -> None:
        self.access = access
        self.http.headers["Authorization"] = f"Bearer {access}"

    def refresh_tokens(self) -> None:
        answer = self.post("/auth/refresh", {"refresh": self.refresh}, expect=200)
        self.use(answer["access"])
        self.refresh = answer.get("refresh", self.refresh)

    # --- your exchange ---

    def start_session(self, *, scenario: str = "open-market", seed: int = 7, **more: Any) -> Json:
        """Asks for a session and waits until it is READY."""
        body = {"scenario": scenario, "seed": seed, "name": "test", **more}
        answer: Json = self.post("/sessions", body, expect=(201, 202), headers={"Idempotency-Key": str(uuid.uuid4())})
        return self.wait_for_status(answer["id"], "READY")

    def session(self, session_id: str) -> Json:
        found: Json = self.get(f"/sessions/{session_id}")
        return found

    def wait_for_status(self, session_id: str, status: str, *, timeout_seconds: float = 30.0) -> Json:
        last: Json = {}

        def reached() -> bool:
            nonlocal last
            last = self.session(session_id)
            assert last["status"] != "FAILED" or status == "FAILED", last
            return bool(last["status"] == status)

        eventually(reached, timeout=timeout_seconds, interval=0.03)
        return last

    def wait_until_serving(self, session_id: str, *, timeout_seconds: float = 30.0) -> None:
        """Returns once the exchange itself answers: until then it says 503 with `outcome: none`."""

        def serving() -> bool:
            answer = self.request("GET", f"/sessions/{session_id}/instruments")
            assert answer.status_code in {200, 502, 503}, answer.text
            return answer.status_code == 200

        eventually(serving, timeout=timeout_seconds, interval=0.05)

    def stop_session(self, session_id: str) -> None:
        self.post(f"/sessions/{session_id}/stop", expect=(200, 202))

    def clock(self, session_id: str, action: str, **more: Any) -> Json:
        found: Json = self.post(
            f"/sessions/{session_id}/clock",
            {"action": action, **more},
            expect=(200, 201),
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        return found

    def instruments(self, session_id: str) -> list[Json]:
        found = self.get(f"/sessions/{session_id}/instruments")
        return list(found["results"] if isinstance(found, dict) else found)

    def book(self, session_id: str, symbol: str, depth: int = 10) -> Json:
        found: Json = self.get(f"/sessions/{session_id}/book", params={"symbol": symbol, "depth": depth})
        return found

    def account(self, session_id: str) -> Json:
        found: Json = self.get(f"/sessions/{session_id}/account")
        return found

    def positions(self, session_id: str) -> list[Json]:
        return self.results(f"/sessions/{session_id}/positions")

    def executions(self, session_id: str, after_seq: int = 0) -> list[Json]:
        return self.results(f"/sessions/{session_id}/executions", params={"after_seq": after_seq})

    def results(self, path: str, *, params: Json | None = None) -> list[Json]:
        """All pages of a list."""
        found: list[Json] = []
        cursor: str | None = None
        while True:
            page = self.get(path, params={**(params or {}), **({"cursor": cursor} if cursor else {})})
            if isinstance(page, list):
                return page
            found += page["results"]
            cursor = page.get("next")
            if not cursor:
                return found

    # --- orders ---

    @staticmethod
    def order_body(
        symbol: str,
        side: str,
        quantity: str,
        *,
        price: str | None = None,
        order_id: str | None = None,
        **more: Any,
    ) -> Json:
        body: Json = {
            "client_order_id": order_id or str(uuid.uuid4()),
            "symbol": symbol,
            "side": side,
            "type": "MARKET" if price is None else "LIMIT",
            "quantity": quantity,
            "time_in_force": "IOC" if price is None else "DAY",
        }
        if price is not None:
            body["price"] = price
        return {**body, **more}

    def submit(self, session_id: str, body: Json, *, expect: int | tuple[int, ...] = 201) -> Json:
        found: Json = self.post(f"/sessions/{session_id}/orders", body, expect=expect)
        return found

    def order(self, session_id: str, order_id: str) -> Json:
        found: Json = self.get(f"/sessions/{session_id}/orders/{order_id}")
        return found

    def orders(self, session_id: str, **params: Any) -> list[Json]:
        return self.results(f"/sessions/{session_id}/orders", params=params)

    def amend(self, session_id: str, order_id: str, new_id: str, **changes: Any) -> Json:
        found: Json = self.call(
            "PATCH",
            f"/sessions/{session_id}/orders/{order_id}",
            json={"client_order_id": new_id, **changes},
            expect=200,
        )
        return found

    def cancel(self, session_id: str, order_id: str, *, expect: int | tuple[int, ...] = 200) -> Json:
        found: Json = self.call(
            "DELETE",
            f"/sessions/{session_id}/orders/{order_id}",
            expect=expect,
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        return found

    # --- live ---

    def ticket(self, session_id: str) -> str:
        return str(self.post("/stream-tickets", {"session": session_id})["ticket"])

    def stream(self, session_id: str, *streams: str, resume: bool = False) -> Stream:
        return Stream(self, session_id, streams or DEFAULT_STREAMS, resume=resume)


class Stream:
    """The live stream, read by a thread. With `resume` a lost socket is opened again.

    `frames` holds every frame received, in order, `raw` the same as text; `cursors` the last seq of each
    lossless stream.
    """

    LOSSLESS = ("orders", "account", "session")

    def __init__(self, client: ApiClient, session_id: str, streams: tuple[str, ...], *, resume: bool) -> None:
        self.client = client
        self.session_id = session_id
        self.streams = streams
        self.resume = resume
        self.frames: list[Json] = []
        self.raw: list[str] = []
        self.cursors: dict[str, tuple[int, int]] = {}
        self.connections = 0
        self.close_code: int | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self._socket: Any = None
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self.connections > 0 or self.close_code is not None, timeout=20)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        if self._socket is not None:
            self._socket.close()
        self._thread.join(10)

    def send(self, message: Json | str) -> None:
        self._socket.send(message if isinstance(message, str) else json.dumps(message))

    def hello(self) -> Json:
        """What a client says first: a fresh ticket, and how far it has got in each stream."""
        wanted = []
        for name in self.streams:
            entry: Json = {"name": name}
            if name in self.cursors:
                entry["epoch"], entry["last_seq"] = self.cursors[name]
            elif name in self.LOSSLESS:
                entry["last_seq"] = 0
            wanted.append(entry)
        return {"op": "hello", "ticket": self.client.ticket(self.session_id), "streams": wanted}

    def _run(self) -> None:
        address = self.client.base_url.replace("http", "ws", 1)
        while not self._stopping:
            code: int | None = None
            try:
                hello = self.hello()
                with connect(
                    f"{address}/ws/v1/sessions/{self.session_id}",
                    subprotocols=[Subprotocol("tradesim.v1")],
                    origin=Origin(self.client.base_url),
                    max_size=2**23,
                    open_timeout=10,
                    close_timeout=2,
                ) as socket:
                    self._read(socket, hello)
                    code = socket.close_code
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
            except (OSError, AssertionError, httpx.HTTPError, WebSocketException):
                code = None if self.resume else 1006  # refused before it was open, or the server is away
            with self._changed:
                self.close_code = code if code is not None else self.close_code
                self._changed.notify_all()
            if not self.resume:
                return
            time.sleep(0.1)

    def _read(self, socket: Any, hello: Json) -> None:
        self._socket = socket
        socket.send(json.dumps(hello))
        with self._changed:
            self.connections += 1
            self._changed.notify_all()
        for text in socket:
            self._take(text)

    def _take(self, text: str) -> None:
        frame = json.loads(text)
        if frame.get("type") == "heartbeat" and "t" in frame.get("data", {}):
            self.send({"op": "pong", "t": frame["data"]["t"]})
        with self._changed:
            self.frames.append(frame)
            self.raw.append(text)
            name = frame.get("stream")
            if name in self.LOSSLESS and frame.get("seq") is not None and frame.get("type") != "snapshot":
                epoch, last = self.cursors.get(name, (0, 0))
                self.cursors[name] = (max(epoch, int(frame.get("epoch", 0))), max(last, int(frame["seq"])))
            self._changed.notify_all()

    # --- what tests ask ---

    def wait_for(self, predicate: Callable[[Json], bool], *, timeout_seconds: float = 15.0, since: int = 0) -> Json:
        """The first frame from position `since` on for which the predicate holds.

        Raises AssertionError when late.
        """
        found: Json | None = None

        def seen() -> bool:
            nonlocal found
            found = next((frame for frame in self.frames[since:] if predicate(frame)), None)
            return found is not None

        with self._changed:
            if not self._changed.wait_for(seen, timeout=timeout_seconds):
                tail = "\n".join(text[:300] for text in self.raw[-15:])
                raise AssertionError(
                    f"no such frame within {timeout_seconds} s (closed: {self.close_code}); last:\n{tail}"
                )
        assert found is not None
        return found

    def wait_for_type(self, kind: str, *, timeout_seconds: float = 15.0, since: int = 0, **data: Any) -> Json:
        """The first frame of a type whose data holds the given values."""
        return self.wait_for(
            lambda frame: frame.get("type") == kind and all(frame.get("data", {}).get(k) == v for k, v in data.items()),
            timeout_seconds=timeout_seconds,
            since=since,
        )

    def wait_until_closed(self, *, timeout_seconds: float = 15.0) -> int:
        with self._changed:
            assert self._changed.wait_for(lambda: self.close_code is not None, timeout=timeout_seconds), "still open"
        assert self.close_code is not None
        return self.close_code

    def of(self, name: str) -> list[Json]:
        return [frame for frame in list(self.frames) if frame.get("stream") == name]
