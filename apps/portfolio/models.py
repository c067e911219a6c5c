"""The double-entry ledger, and the positions and account that follow from the venue's events. Never edited by hand.

Amounts in the ledger are integers, so that their sums are exact on every database.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.db import models

from simulator_engine.core.quantities import MONEY_SCALE

POSITION_SCALE: Final = 8
"""Positions are kept in 10^-8 of a share or coin: the finest lot that a venue lists."""


class LedgerEntry(models.Model):
    """One leg of a double entry. The legs of one event sum to zero for each asset. Append-only.

    `amount_scaled` counts 10^-4 of the currency unit for cash, 10^-8 of a share or coin for positions.
    """

    session = models.ForeignKey(
        "simulator_sessions.SimulatorSession", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    event_seq = models.BigIntegerField()
    leg = models.SmallIntegerField(help_text="Its place among the event's legs.")
    account = models.CharField(max_length=16, help_text="USER, VENUE (the other participants) or FEES.")
    asset = models.CharField(max_length=32, help_text="The currency, or the symbol.")
    is_cash = models.BooleanField()
    amount_scaled = models.BigIntegerField()
    event_type = models.CharField(max_length=32)
    client_order_id = models.CharField(max_length=64, blank=True)
    execution_id = models.CharField(max_length=64, blank=True)
    sim_time = models.DateTimeField()
    at = models.DateTimeField(help_text="When it was made durable, wall time.")

    class Meta:
        ordering = ["-event_seq", "-leg"]
        verbose_name_plural = "ledger entries"
        constraints = [models.UniqueConstraint(fields=["session", "event_seq", "leg"], name="one_entry_per_leg")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount} {self.asset}"

    @property
    def amount(self) -> Decimal:
        """The amount in currency units or shares, exact."""
        return Decimal(self.amount_scaled).scaleb(-(MONEY_SCALE if self.is_cash else POSITION_SCALE))


class Position(models.Model):
    """A position as its newest event left it; `report` is that event's JSON, byte for byte."""

    session = models.ForeignKey(
        "simulator_sessions.SimulatorSession", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    symbol = models.CharField(max_length=32)
    quantity = models.DecimalField(max_digits=38, decimal_places=8)
    cost = models.DecimalField(max_digits=38, decimal_places=4)
    realized_pnl = models.DecimalField(max_digits=38, decimal_places=4)
    fees = models.DecimalField(max_digits=38, decimal_places=4)
    report = models.TextField()
    event_seq = models.BigIntegerField()
    sim_time = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["symbol"]
        constraints = [models.UniqueConstraint(fields=["session", "symbol"], name="one_position_per_symbol")]

    def __str__(self) -> str:
        return f"{self.quantity} {self.symbol}"


class AccountState(models.Model):
    """A session's account as its newest event left it; `report` is that event's JSON, byte for byte."""

    session = models.OneToOneField(
        "simulator_sessions.SimulatorSession", on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    currency = models.CharField(max_length=16)
    cash = models.DecimalField(max_digits=38, decimal_places=4)
    reserved = models.DecimalField(max_digits=38, decimal_places=4)
    buying_power = models.DecimalField(max_digits=38, decimal_places=4)
    realized_pnl = models.DecimalField(max_digits=38, decimal_places=4)
    fees = models.DecimalField(max_digits=38, decimal_places=4)
    state = models.CharField(max_length=16)
    report = models.TextField()
    event_seq = models.BigIntegerField()
    sim_time = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.cash} {self.currency}"
