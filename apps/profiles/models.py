"""One user's own settings. ``version`` counts the changes: two open tabs must not silently undo each other."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone


class Preferences(models.Model):
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="preferences"
    )
    body = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


class Layout(models.Model):
    """A named arrangement of the terminal's panels, as the terminal wrote it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="layouts")
    name = models.CharField(max_length=80)
    layout = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="profiles_layout_name")]

    def __str__(self) -> str:
        return self.name


class PortfolioConfiguration(models.Model):
    """What an exchange's account starts with and may do. Sessions copy it: a later change touches none of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="portfolio_configurations"
    )
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=8, default="USD")
    starting_cash = models.DecimalField(max_digits=18, decimal_places=4)
    holdings = models.JSONField(default=list, blank=True)
    limits = models.JSONField(default=dict, blank=True)
    benchmark = models.CharField(max_length=16, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="profiles_portfolio_name"),
            models.CheckConstraint(condition=models.Q(starting_cash__gte=0), name="profiles_portfolio_cash"),
        ]

    def __str__(self) -> str:
        return self.name

    def as_account(self) -> dict[str, Any]:
        """The account as POST /sessions takes it inline: decimal strings throughout, absent limits left out."""
        return {
            "currency": self.currency,
            "starting_cash": money(self.starting_cash),
            "holdings": self.holdings,
            "limits": self.limits,
            "benchmark": self.benchmark or None,
        }


def money(amount: Any) -> str:
    """An amount with at least two decimals and no superfluous ones."""
    whole, _, fraction = format(amount, "f").partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"
