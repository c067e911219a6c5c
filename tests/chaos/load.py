"""Traders under load who write down everything they are told: orders, cancels, and stubborn retries when
unsure."""

from __future__ import annotations

import random
import threading
import time
from decimal import Decimal
from typing import Any

import httpx

from tests.chaos.history import Diary
from tests.support.api_client import ApiClient, Json

GIVE_UP_SECONDS = 60.0


class Trader(threading.Thread):
    """Places and cancels orders in one session until told to stop. Every unknown outcome is asked again,
    same id."""

    def __init__(
        self,
        client: ApiClient,
        session_id: str,
        diary: Diary,
        *,
        seed: int,
        stop: threading.Event,
        pause: float = 0.0,
    ) -> None:
        super().__init__(name=f"trader-{seed}", daemon=True)
        self.client = ApiClient(client.base_url)
        self.client.use(client.access)
        self.session_id = session_id
        self.diary = diary
        self.random = random.Random(seed)
        self.stop_event = stop
        self.pause = pause
        self.sent = 0
        self.failure: BaseException | None = None
        self.instruments = client.instruments(session_id)
        self.prices = {
            instrument["symbol"]: Decimal(instrument["last_price"] or instrument["previous_close"])
            for instrument in self.instruments
        }

    def run(self) -> None:
        resting: list[str] = []
        try:
            while not self.stop_event.is_set():
                body = self.make_order()
                self.sent += 1
                if self.settle(body) and body["type"] == "LIMIT":
                    resting.append(body["client_order_id"])
                if len(resting) > 5:
                    self.try_cancel(resting.pop(self.random.randrange(len(resting))))
                if self.pause:
                    self.stop_event.wait(self.pause)
        except BaseException as error:
            self.failure = error

    def make_order(self) -> Json:
        instrument = self.random.choice(self.instruments)
        tick, lot = Decimal(instrument["tick_size"]), Decimal(instrument["lot_size"])
        symbol = instrument["symbol"]
        quantity = str(lot * self.random.randint(1, 5))
        kind = self.random.random()
        if kind < 0.35:
            return ApiClient.order_body(symbol, "BUY", quantity)
        if kind < 0.45:
            return ApiClient.order_body(symbol, "SELL", quantity)
        if kind < 0.5:
            return ApiClient.order_body(symbol, "BUY", "0", price=str(tick))  # the venue refuses it
        away = tick * self.random.randint(0, 60)
        price = (self.prices[symbol] / tick).to_integral_value() * tick - away
        return ApiClient.order_body(symbol, "BUY", quantity, price=str(max(price, tick)))

    def settle(self, body: Json) -> bool:
        """Sends until the answer is definite and writes it down. → whether the order was acknowledged."""
        order_id = body["client_order_id"]
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            answer = self.ask("POST", f"/sessions/{self.session_id}/orders", json=body)
            if answer is None:
                continue
            if answer.status_code in {200, 201}:
                self.diary.acknowledged[order_id] = answer.json()
                return answer.json()["status"] not in {"REJECTED", "CANCELED", "FILLED", "EXPIRED"}
            problem = answer.json()
            if answer.status_code == 409 and problem["code"] == "DUPLICATE_ORDER":
                raise AssertionError(f"the same body was taken for another: {problem}")
            if answer.status_code in {409, 429, 503, 504, 502, 500, 202}:
                time.sleep(0.05)
                continue
            if answer.status_code == 422:
                self.diary.refused_by_venue[order_id] = problem
                return False
            self.diary.refused_by_platform[order_id] = problem
            return False
        self.diary.unsettled.add(order_id)
        return False

    def try_cancel(self, order_id: str) -> None:
        self.ask("DELETE", f"/sessions/{self.session_id}/orders/{order_id}")

    def ask(self, method: str, path: str, **kwargs: Any) -> httpx.Response | None:
        """One request; None when the connection broke, which says nothing about what happened."""
        try:
            return self.client.request(method, path, timeout=15, **kwargs)
        except httpx.HTTPError:
            time.sleep(0.05)
            return None


def check_traders(traders: list[Trader]) -> None:
    for trader in traders:
        trader.join(GIVE_UP_SECONDS + 5)
        assert not trader.is_alive(), f"{trader.name} is stuck"
        if trader.failure is not None:
            raise trader.failure
