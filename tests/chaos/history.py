"""The offline history checker: what was acknowledged, delivered and stored must tell one story after any
fault.

Reads the database and what the clients wrote down; asks the running product nothing. Each breach is one
sentence.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.chaos.database import Database, Row
from tests.support.api_client import Json

# How far along an order is; a report may never take it back.
PROGRESS = {"PENDING_NEW": 0, "NEW": 1, "PARTIALLY_FILLED": 2, "PENDING_CANCEL": 2, "PENDING_REPLACE": 2}
FINAL = 9


@dataclass
class Diary:
    """What the clients saw: written by them as it happened, never corrected afterwards.

    `opening_cash` is what the account had before the first order; the ledger opens with it, as event 0.
    """

    opening_cash: Decimal
    acknowledged: dict[str, Json] = field(default_factory=dict)
    refused_by_platform: dict[str, Json] = field(default_factory=dict)
    refused_by_venue: dict[str, Json] = field(default_factory=dict)
    unsettled: set[str] = field(default_factory=set)
    frames: list[Json] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)


def check_history(database: Database, session_id: str, diary: Diary) -> list[str]:
    """All breaches of the promises for one session; empty is what every test wants."""
    key = database.key(session_id)
    journal = database.rows(
        "SELECT command_seq, epoch, kind, request_id FROM journal_journalrecord WHERE session_id = ? "
        "ORDER BY command_seq",
        key,
    )
    events = database.rows(
        "SELECT event_seq, stream, stream_seq, type, caused_by, epoch, sim_time_ns, body "
        "FROM journal_eventlogentry WHERE session_id = ? ORDER BY event_seq",
        key,
    )
    ledger = database.rows(
        "SELECT event_seq, leg, account, asset, is_cash, amount_scaled FROM portfolio_ledgerentry "
        "WHERE session_id = ? ORDER BY event_seq, leg",
        key,
    )
    executions = database.rows(
        "SELECT event_seq, seq, event_type, client_order_id, report FROM orders_execution "
        "WHERE session_id = ? ORDER BY event_seq",
        key,
    )
    for event in events:
        event["data"] = json.loads(bytes(event["body"]))
    return [
        *check_numbers(journal, events),
        *check_acknowledged(journal, executions, diary),
        *check_refused(journal, executions, diary),
        *check_ledger(events, ledger),
        *check_orders(events),
        *check_projections(database, key, events, executions, ledger),
        *check_balances(events, ledger, diary.opening_cash),
        *check_delivered(events, diary),
    ]


def check_numbers(journal: list[Row], events: list[Row]) -> list[str]:
    """I8, I9, I12, I17: numbers without gaps, epochs and simulated time that never fall."""
    breaches = []
    if [row["command_seq"] for row in journal] != list(range(1, len(journal) + 1)):
        breaches.append("I8: command numbers have gaps")
    if [row["event_seq"] for row in events] != list(range(1, len(events) + 1)):
        breaches.append("I8: event numbers have gaps")
    for rows, name in ((journal, "commands"), (events, "events")):
        epochs = [row["epoch"] for row in rows]
        if epochs != sorted(epochs):
            breaches.append(f"I12: the epochs of {name} fall")
    times = [row["sim_time_ns"] for row in events]
    if times != sorted(times):
        breaches.append("I17: simulated time runs back in the event log")
    streams: dict[str, list[int]] = defaultdict(list)
    for row in events:
        streams[row["stream"]].append(row["stream_seq"])
    breaches += [
        f"I9: the numbers of stream {name} have gaps"
        for name, numbers in streams.items()
        if numbers != list(range(1, len(numbers) + 1))
    ]
    known = {0, *(row["command_seq"] for row in journal)}
    if any(row["caused_by"] not in known for row in events):
        breaches.append("an event was caused by a command that is not in the journal")
    return breaches


def check_acknowledged(journal: list[Row], executions: list[Row], diary: Diary) -> list[str]:
    """(a), (b), I7: exactly one journal row for each acknowledged id, and exactly one acceptance."""
    rows = Counter(row["request_id"] for row in journal if row["request_id"])
    accepted: Counter[str] = Counter()
    for row in executions:
        if json.loads(row["report"]).get("execution_type") in {"NEW", "REJECTED", "REPLACED"}:
            accepted[row["client_order_id"]] += 1
    breaches = []
    for order_id in diary.acknowledged:
        if rows[order_id] != 1:
            breaches.append(f"(a): acknowledged {order_id} has {rows[order_id]} journal rows")
        if accepted[order_id] != 1:
            breaches.append(f"(b): acknowledged {order_id} was answered {accepted[order_id]} times")
    breaches += [f"I7: {order_id} is in the journal {n} times" for order_id, n in rows.items() if n > 1]
    breaches += [f"(d): {order_id} never converged" for order_id in diary.unsettled]
    return breaches


def check_refused(journal: list[Row], executions: list[Row], diary: Diary) -> list[str]:
    """(e): a definite refusal touched nothing; the venue's own is journaled and has no fill."""
    rows = {row["request_id"] for row in journal}
    filled = {row["client_order_id"] for row in executions if row["event_type"] == "order.filled"}
    breaches = [f"(e): refused {i} is in the journal" for i in diary.refused_by_platform if i in rows]
    breaches += [f"(e): the venue refused {i}, unjournaled" for i in diary.refused_by_venue if i not in rows]
    refused = diary.refused_by_platform.keys() | diary.refused_by_venue.keys()
    breaches += [f"(e): refused {i} was filled" for i in refused & filled]
    return breaches


def check_ledger(events: list[Row], ledger: list[Row]) -> list[str]:
    """I1, I2, I3: the legs of each event sum to zero per asset, and every fill has its legs once."""
    breaches = []
    sums: dict[tuple[int, str], int] = defaultdict(int)
    legs: dict[int, list[Row]] = defaultdict(list)
    for row in ledger:
        sums[row["event_seq"], row["asset"]] += row["amount_scaled"]
        legs[row["event_seq"]].append(row)
    unbalanced = {where: total for where, total in sums.items() if total}
    breaches += [f"I3: event {seq}: the legs in {asset} sum to {n}" for (seq, asset), n in unbalanced.items()]
    fills = {row["event_seq"]: row["data"] for row in events if row["data"].get("execution_type") == "TRADE"}
    for seq, fill in fills.items():
        mine = [row for row in legs[seq] if row["account"] == "USER"]
        side = 1 if fill["side"] == "BUY" else -1
        shares = sum(Decimal(row["amount_scaled"]).scaleb(-8) for row in mine if not row["is_cash"])
        cash = sum(Decimal(row["amount_scaled"]).scaleb(-4) for row in mine if row["is_cash"])
        quantity, price, fee = (Decimal(fill[name]) for name in ("last_quantity", "last_price", "fee"))
        if shares != side * quantity:
            breaches.append(f"I3: fill {seq} of {side * quantity} booked {shares}")
        if cash != -side * quantity * price - fee:
            breaches.append(f"I3: fill {seq}: cash moved {cash}, not {-side * quantity * price - fee}")
    return breaches


def check_orders(events: list[Row]) -> list[str]:
    """I4, I5, I13: quantities add up, no fill is worse than its limit, and no order goes back."""
    breaches = []
    progress: dict[str, int] = defaultdict(int)
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for row in events:
        data = row["data"]
        order_id = data.get("order_id")
        if row["stream"] != "orders" or not order_id or data.get("quantity") is None:
            continue
        quantity, done, left = (Decimal(data[n]) for n in ("quantity", "cum_quantity", "leaves_quantity"))
        step = PROGRESS.get(data["status"], FINAL)
        if step < progress[order_id] and row["type"] != "cancel.rejected":
            breaches.append(f"I13: event {row['event_seq']} takes order {order_id} back to {data['status']}")
        progress[order_id] = max(progress[order_id], step)
        if left < 0 or done + left > quantity or (step < FINAL and done + left != quantity):
            breaches.append(f"I4: event {row['event_seq']}: {done} done and {left} left of {quantity}")
        if data.get("execution_type") == "TRADE":
            filled[order_id] += Decimal(data["last_quantity"])
            worse = 1 if data["side"] == "BUY" else -1
            limit = data.get("price")
            if limit is not None and worse * (Decimal(data["last_price"]) - Decimal(limit)) > 0:
                breaches.append(f"I5: event {row['event_seq']} filled at {data['last_price']} past {limit}")
        if filled[order_id] != done and data["status"] != "REJECTED":
            breaches.append(f"I4: event {row['event_seq']}: {done} done, its fills say {filled[order_id]}")
    return breaches


def check_projections(
    database: Database,
    key: str,
    events: list[Row],
    executions: list[Row],
    ledger: list[Row],
) -> list[str]:
    """I3, I6: orders, positions and account say what the event log and the ledger say."""
    breaches = []
    logged = {row["event_seq"]: bytes(row["body"]) for row in events if row["stream"] == "orders"}
    projected = {row["event_seq"]: str(row["report"]).encode() for row in executions}
    if logged != projected:
        odd = sorted(set(logged) ^ set(projected)) or [seq for seq in logged if logged[seq] != projected[seq]]
        breaches.append(f"executions are not the event log's reports, first at {odd[:5]}")
    moved = sum(row["amount_scaled"] for row in ledger if row["account"] == "USER" and row["is_cash"])
    cash = Decimal(moved).scaleb(-4)
    shares: dict[str, int] = defaultdict(int)
    for row in ledger:
        if row["account"] == "USER" and not row["is_cash"]:
            shares[row["asset"]] += row["amount_scaled"]
    for row in database.rows("SELECT report FROM portfolio_accountstate WHERE session_id = ?", key):
        account = json.loads(row["report"])
        if Decimal(account["cash"]) != cash:
            breaches.append(f"I3: the account has {account['cash']}, the ledger says {cash}")
        if Decimal(account["buying_power"]) < 0:
            breaches.append("I6: buying power is below zero")
    for row in database.rows("SELECT symbol, report FROM portfolio_position WHERE session_id = ?", key):
        held = Decimal(json.loads(row["report"])["quantity"])
        if held != Decimal(shares[row["symbol"]]).scaleb(-8):
            breaches.append(f"I3: the position in {row['symbol']} is {held}, the ledger's another")
    return breaches


def check_balances(events: list[Row], ledger: list[Row], opening_cash: Decimal) -> list[str]:
    """I1, I3 at every moment: each account report shows the opening deposit and all legs so far."""
    moved: dict[int, int] = defaultdict(int)
    for row in ledger:
        if row["account"] == "USER" and row["is_cash"]:
            moved[row["event_seq"]] += row["amount_scaled"]
    cash = Decimal(moved[0]).scaleb(-4)
    breaches = [] if cash == opening_cash else [f"I1: the ledger opens with {cash} instead of {opening_cash}"]
    for event in events:
        cash += Decimal(moved[event["event_seq"]]).scaleb(-4)
        if event["type"] == "account.updated" and Decimal(event["data"]["cash"]) != cash:
            breaches.append(f"I3: event {event['event_seq']} shows {event['data']['cash']}, the ledger says {cash}")
    return breaches


def check_delivered(events: list[Row], diary: Diary) -> list[str]:
    """(c), I9, I10: what was delivered is stored, byte for byte, however often it came."""
    stored = {(row["stream"], row["stream_seq"]): bytes(row["body"]) for row in events}
    breaches = []
    for frame, text in zip(diary.frames, diary.raw, strict=True):
        if frame.get("stream") not in {"orders", "account"} or frame.get("seq") is None:
            continue
        body = stored.get((frame["stream"], int(frame["seq"])))
        if body is None:
            breaches.append(f"I10: {frame['stream']} {frame['seq']} was delivered and is not stored")
        elif body.decode() not in text:
            breaches.append(f"(c): {frame['stream']} {frame['seq']} was delivered with another content")
    return breaches


def sample(breaches: Iterable[str], limit: int = 20) -> str:
    """The first few breaches, for an assertion's message."""
    found: list[Any] = list(breaches)
    return "\n".join(found[:limit] + ([f"… and {len(found) - limit} more"] if len(found) > limit else []))
