"""One engine over one stream in a fresh process: prints CPU seconds and lots traded. Needs no package but the engine.

Usage: python -m benchmarks.matching_worker ENGINE STREAM
"""

from __future__ import annotations

import gc
import importlib
import json
import pathlib
import resource
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

EVENT = struct.Struct("<BBqqq")
"""kind (1 add, 2 cancel), side (0 buy, 1 sell), order id (1, 2, 3… for adds), price in ticks, lots."""

ADD, CANCEL = 1, 2
Events = list[tuple[int, int, int, int, int]]
Run = Callable[[Events], int]
"""Feeds all events and returns the lots traded, as the engine itself told them."""


def ours_one_by_one(events: Events) -> int:
    from simulator_engine.core.factory import create_matching_core
    from simulator_engine.core.records import TRADE

    process = create_matching_core(1).process
    traded = 0
    for kind, side, order_id, price, lots in events:
        outs = process((kind, side, 0, 0, 0, order_id, 2, price, lots))
        if outs[0][0] == TRADE:
            traded += sum(out[10] for out in outs if out[0] == TRADE)
    return traded


def ours_in_batches(events: Events) -> int:
    """Records in, records out: the packing and the reading of both are in the figure."""
    from simulator_engine.core.factory import create_matching_core
    from simulator_engine.core.records import INPUT, OUTPUT, TRADE

    core, pack = create_matching_core(1), INPUT.pack
    traded = 0
    for start in range(0, len(events), 1000):
        batch = b"".join(
            pack(seq, kind, side, 0, 0, 0, order_id, 2, price, lots)
            for seq, (kind, side, order_id, price, lots) in enumerate(events[start : start + 1000], start + 1)
        )
        for out in OUTPUT.iter_unpack(core.run(batch)):
            if out[1] == TRADE:
                traded += out[11]
    return traded


def venue(events: Events) -> int:
    """The participants' door of a whole venue: tape, candles, event records and the fills told to the market."""
    from decimal import Decimal

    from simulator_engine.core.accounts import AccountTerms
    from simulator_engine.core.instruments import Instrument
    from simulator_engine.core.reasons import Side
    from simulator_engine.core.venue import Venue

    share = Instrument("ACME", "Acme", "USD", Decimal("0.01"), Decimal(1), 15_000)
    made = Venue(instruments=(share,), terms=AccountTerms("USD", 0))
    made.open_day("2026-01-05", 0)
    ids: dict[int, int] = {}
    sides = (Side.BUY, Side.SELL)
    traded = now = 0
    for kind, side, order_id, price, lots in events:
        now += 10_000_000
        if kind == ADD:
            ids[order_id] = made.participant_limit("ACME", sides[side], price, lots, 2, now)
        else:
            made.participant_cancel("ACME", ids[order_id], now)
        made.take_records()
        if made.take_participant_fills():
            traded += sum(trade[4] for trade in made.take_taker_trades())
    return traded


def lightmatchingengine(events: Events) -> int:
    module = importlib.import_module("lightmatchingengine.lightmatchingengine")
    engine = module.LightMatchingEngine()
    sides = (module.Side.BUY, module.Side.SELL)
    traded = 0
    for kind, side, order_id, price, lots in events:
        if kind == ADD:
            order, trades = engine.add_order("ACME", price, lots, sides[side])
            if trades:
                traded += order.cum_qty
        else:
            engine.cancel_order(order_id, "ACME")
    return traded


def pyorderbook(events: Events) -> int:
    book = importlib.import_module("pyorderbook.book").Book()
    module = importlib.import_module("pyorderbook.order")
    make = (module.bid, module.ask)
    orders: dict[int, Any] = {}
    traded = 0
    for kind, side, order_id, price, lots in events:
        if kind == ADD:
            orders[order_id] = order = make[side]("ACME", price, lots)
            book.match(order)
            traded += lots - order.quantity
        else:
            book.cancel(orders[order_id])
    return traded


def liquibook(events: Events) -> int:
    module = importlib.import_module("liquibook")

    class Listener(module.OrderListener):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            module.OrderListener.__init__(self)
            self.traded = 0

        def on_accept(self, order: Any) -> None: ...

        def on_cancel(self, order: Any) -> None: ...

        def on_fill(self, maker: Any, taker: Any, lots: int, cost: int) -> None:
            self.traded += lots
            maker.fill(lots, cost, 0)
            taker.fill(lots, cost, 0)

    book, listener = module.DepthOrderBook(), Listener()
    book.set_symbol("ACME")
    book.set_order_listener(listener)
    plain = module.oc_no_conditions
    orders: dict[int, Any] = {}
    for kind, side, order_id, price, lots in events:
        if kind == ADD:
            orders[order_id] = order = module.SimpleOrder(side == 0, price, lots)
            order.acquire()
            book.add(order, plain)
        else:
            book.cancel(orders[order_id])
    return listener.traded


def pylobo(events: Events) -> int:
    module = importlib.import_module("lobo")
    words = importlib.import_module("lobo.orders")
    trader = importlib.import_module("uuid").UUID(int=1)
    book = module.Book(update_user_map=False)
    told = module.Reports(include_fills=True)
    sides = (words.Side.Buy, words.Side.Sell)
    orders: dict[int, Any] = {}
    traded = 0
    for kind, side, order_id, price, lots in events:
        if kind == ADD:
            done = book.fill(words.LimitOrder(price, lots, trader, sides[side]), told)
            orders[order_id] = done.remaining_order_id
            report = done.report
            if report is not None and report.fills:
                traded += sum(fill.fill_quantity for fill in report.fills)
        else:
            book.cancel(orders[order_id])
    return traded


ENGINES: dict[str, Run] = {
    "ours, one by one": ours_one_by_one,
    "ours, batches of 1000": ours_in_batches,
    "ours, through the venue": venue,
    "pylobo": pylobo,
    "liquibook": liquibook,
    "lightmatchingengine": lightmatchingengine,
    "pyorderbook": pyorderbook,
}


def main() -> None:
    name, path = sys.argv[1:]
    events: Events = list(EVENT.iter_unpack(pathlib.Path(path).read_bytes()))  # type: ignore[arg-type]
    # What is loaded already is no engine's garbage.
    gc.collect()
    gc.freeze()
    started = time.process_time()
    traded = ENGINES[name](events)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "traded": traded, "peak_kib": peak}))


if __name__ == "__main__":
    main()
