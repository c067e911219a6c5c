"""A venue's whole state as canonical bytes and back. The same state gives the same bytes; nothing of it is
derived.

What waits to be drained is output, not state, and is left out: a snapshot is taken when the output was taken.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Final

import orjson

from simulator_engine.core.floor import Floor
from simulator_engine.core.reasons import MarketPhase, Side

VERSION: Final = 1


class BadSnapshot(ValueError):
    """The bytes are no snapshot of this venue."""


def dump(floor: Floor) -> bytes:
    """The state of the floor."""
    return orjson.dumps(
        [
            VERSION,
            [
                [listing.symbol, str(listing.instrument.tick_size), str(listing.instrument.lot_size)]
                for listing in floor.listings.values()
            ],
            floor.phase.value,
            floor.date,
            floor.event_count,
            floor.next_order_id,
            floor.next_participant_id,
            floor.next_execution_id,
            [
                [owner, symbol, number, side.value, price, lots]
                for owner, symbol, number, side, price, lots in floor.fills
            ],
            [[owner, symbol, side.value, price, lots] for owner, symbol, side, price, lots in floor.taker_trades],
            floor.account.to_state(),
            floor.orders.to_state(),
            [listing.tape.to_state() for listing in floor.listings.values()],
            b64encode(floor.core.snapshot()).decode("ascii"),
        ]
    )


def load(floor: Floor, data: bytes) -> None:
    """Put a state into a floor made with the same instruments. Raises BadSnapshot for anything else."""
    try:
        version, listed, *rest = orjson.loads(data)
        (
            phase, date, event_count, next_order_id, next_participant_id, next_execution_id, fills, taken,
            account, orders, tapes, core,
        ) = rest  # fmt: skip
        here = [
            [one.symbol, str(one.instrument.tick_size), str(one.instrument.lot_size)] for one in floor.listings.values()
        ]
        if version != VERSION or listed != here:
            raise BadSnapshot("a snapshot of another venue, or of another version")
        floor.core.restore(b64decode(core, validate=True))
        floor.account.load_state(account)
        floor.orders.load_state(orders)
        for listing, state in zip(floor.listings.values(), tapes, strict=True):
            listing.tape.load_state(state)
        floor.phase, floor.date, floor.event_count = MarketPhase(phase), date, event_count
        floor.next_order_id, floor.next_participant_id = next_order_id, next_participant_id
        floor.next_execution_id = next_execution_id
        floor.fills = [
            (owner, symbol, number, Side(side), price, lots) for owner, symbol, number, side, price, lots in fills
        ]
        floor.taker_trades = [(owner, symbol, Side(side), price, lots) for owner, symbol, side, price, lots in taken]
    except BadSnapshot:
        raise
    except (ValueError, TypeError, KeyError, AssertionError) as error:
        raise BadSnapshot("the snapshot cannot be read") from error
    floor.outbox.clear()
    floor.records.clear()
    floor.discard_announcements()
