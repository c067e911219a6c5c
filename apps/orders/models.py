"""Orders, the ids they have borne and their execution reports: projections of the journal, never edited by hand.

Numbers shown to clients are taken from `report`, the venue's own JSON, byte for byte; the decimal columns serve
search and the admin (SQLite keeps 15 digits of a decimal).
"""

from __future__ import annotations

import uuid

from django.db import models

from simulator_engine.core.reasons import ExecType, OrderType, OrdStatus, Side, TimeInForce


def _choices(words: type) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in words]  # type: ignore[attr-defined]


def _number(**options: object) -> models.DecimalField:
    return models.DecimalField(max_digits=38, decimal_places=8, **options)  # type: ignore[arg-type]


class Order(models.Model):
    """One order as its newest report left it. A report with a lower `event_seq` never overwrites a newer one."""

    order_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(
        "simulator_sessions.SimulatorSession", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    client_order_id = models.CharField(max_length=64, help_text="The id that the order bears now.")
    symbol = models.CharField(max_length=32)
    side = models.CharField(max_length=4, choices=_choices(Side))
    type = models.CharField(max_length=24, choices=_choices(OrderType))
    time_in_force = models.CharField(max_length=3, choices=_choices(TimeInForce))
    quantity = _number(null=True)
    price = _number(null=True)
    stop_price = _number(null=True)
    status = models.CharField(max_length=20, choices=_choices(OrdStatus))
    cum_quantity = _number(null=True)
    leaves_quantity = _number(null=True)
    average_price = _number(null=True)
    quantity_ahead = _number(null=True)
    reject_code = models.CharField(max_length=48, blank=True)
    text = models.TextField(blank=True)
    report = models.TextField(help_text="The newest report's JSON, as it was journaled.")
    seq = models.BigIntegerField(help_text="The newest report's number on the orders stream.")
    event_seq = models.BigIntegerField()
    first_event_seq = models.BigIntegerField()
    sim_time = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-first_event_seq"]
        indexes = [
            models.Index(fields=["session", "-first_event_seq"], name="order_newest_first"),
            models.Index(fields=["session", "status"], name="order_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.symbol} {self.client_order_id} {self.status}"

    @property
    def terminal(self) -> bool:
        return OrdStatus(self.status).terminal


class OrderAlias(models.Model):
    """Every id that a client has used for an order in a session, and what became of it.

    CLAIMED is committed before the command leaves the platform, so that the same id can never be in flight twice;
    the journal's projection turns it into BORNE (the order bears it, or has) or REFUSED (a change that was refused).
    """

    class State(models.TextChoices):
        CLAIMED = "CLAIMED"
        BORNE = "BORNE"
        REFUSED = "REFUSED"

    session = models.ForeignKey(
        "simulator_sessions.SimulatorSession", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    client_order_id = models.CharField(max_length=64)
    order_id = models.UUIDField(null=True, db_index=True)
    state = models.CharField(max_length=8, choices=State.choices)
    body_hash = models.BinaryField(max_length=32, default=b"", help_text="SHA-256 of what was asked under this id.")
    claimed_epoch = models.BigIntegerField(default=0, help_text="The epoch when it was asked for in vain; 0: never.")
    event_seq = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "order id"
        constraints = [
            models.UniqueConstraint(fields=["session", "client_order_id"], name="one_use_of_a_client_order_id")
        ]

    def __str__(self) -> str:
        return f"{self.client_order_id} {self.state}"


class Execution(models.Model):
    """One execution report (or cancel reject), exactly as it was journaled. Append-only."""

    session = models.ForeignKey(
        "simulator_sessions.SimulatorSession", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    event_seq = models.BigIntegerField()
    seq = models.BigIntegerField(help_text="Its number on the orders stream: 1…n without gaps.")
    event_type = models.CharField(max_length=32)
    execution_id = models.CharField(max_length=64)
    execution_type = models.CharField(max_length=40, choices=_choices(ExecType), blank=True)
    order_id = models.UUIDField(null=True, db_index=True)
    client_order_id = models.CharField(max_length=64)
    symbol = models.CharField(max_length=32, blank=True)
    side = models.CharField(max_length=4, blank=True)
    last_quantity = _number(null=True)
    last_price = _number(null=True)
    fee = _number(null=True)
    report = models.TextField()
    sim_time = models.DateTimeField()
    at = models.DateTimeField(help_text="When it was made durable, wall time.")

    class Meta:
        ordering = ["-event_seq"]
        constraints = [
            models.UniqueConstraint(fields=["session", "event_seq"], name="one_execution_per_event"),
            models.UniqueConstraint(fields=["session", "seq"], name="one_execution_per_seq"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.client_order_id}"
