"""What a trader's own paper would say: cash, positions and fees added up from the executions alone,
exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass
class Paper:
    """Adds up fills from nothing; `cash` is the change in cash."""

    cash: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    positions: dict[str, Decimal] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def book(self, execution: dict[str, Any]) -> None:
        """Books one fill; anything else, and a fill seen before, changes nothing."""
        if execution["execution_type"] != "TRADE" or execution["execution_id"] in self.seen:
            return
        self.seen.add(execution["execution_id"])
        side = 1 if execution["side"] == "BUY" else -1
        quantity = Decimal(execution["last_quantity"])
        fee = Decimal(execution["fee"])
        self.cash -= side * quantity * Decimal(execution["last_price"]) + fee
        self.fees += fee
        symbol = execution["symbol"]
        self.positions[symbol] = self.positions.get(symbol, Decimal(0)) + side * quantity


def add_up(executions: Iterable[dict[str, Any]]) -> Paper:
    paper = Paper()
    for execution in executions:
        paper.book(execution)
    return paper
