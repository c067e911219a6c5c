"""Exchanges for the market's tests, made once where they are only read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache

from simulator_engine.core.commands import SubmitOrder
from simulator_engine.core.reasons import OrderType, Side, TimeInForce
from simulator_engine.market.exchange import Exchange
from simulator_engine.market.scenarios import Scenario, resolve

SECOND_NS = 1_000_000_000
GOLDEN_SECONDS = 120


def open_market() -> Scenario:
    return resolve("open-market")


def make(seed: int = 1, scenario: Scenario | None = None, *, account: str | None = None) -> Exchange:
    chosen = scenario or open_market()
    return Exchange.create(scenario=chosen, seed=seed, account=chosen.account_terms(account))


def restored(data: bytes, seed: int = 1, scenario: Scenario | None = None, *, account: str | None = None) -> Exchange:
    chosen = scenario or open_market()
    return Exchange.restore(scenario=chosen, seed=seed, account=chosen.account_terms(account), data=data)


def run(exchange: Exchange, seconds: float, *, max_events: int = 10_000) -> Exchange:
    until = exchange.sim_time_ns + int(seconds * SECOND_NS)
    while not exchange.advance(until, max_events):
        pass
    return exchange


@cache
def opening_snapshot() -> bytes:
    return make().snapshot()


def opened() -> Exchange:
    """The first instant of `open-market`, seed 1, without paying for its warm-up again."""
    return restored(opening_snapshot())


def order(
    number: int,
    symbol: str,
    side: Side,
    quantity: int,
    price: str | None = None,
    time_in_force: TimeInForce = TimeInForce.DAY,
) -> SubmitOrder:
    return SubmitOrder(
        request_id=f"order-{number}",
        symbol=symbol,
        side=side,
        order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
        quantity=str(quantity),
        price=price,
        time_in_force=time_in_force,
    )


def fingerprint() -> dict[str, object]:
    """What two minutes of `open-market`, seed 1, come to, with a trade of the user's in the middle."""
    exchange = run(make(), GOLDEN_SECONDS / 2)
    exchange.handle(order(1, "ACME", Side.BUY, 500))
    run(exchange, GOLDEN_SECONDS / 2)
    return {
        "event_hash": exchange.event_hash.hex(),
        "event_count": exchange.event_count,
        "prices": {one.symbol: exchange.venue.last_price(one.symbol) for one in open_market().instruments},
    }


def fingerprint_elsewhere(**environment: str) -> dict[str, object]:
    """The same from a fresh process with another environment."""
    code = "import json; from tests.engine.market.exchanges import fingerprint; print(json.dumps(fingerprint()))"
    done = subprocess.run(  # the arguments are this file's own
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    result: dict[str, object] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    print(json.dumps(fingerprint(), indent=1))
