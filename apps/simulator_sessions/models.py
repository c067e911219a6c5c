"""A session is the trader's and stable; a run is one process that serves it; a lease says which run may append.

Nothing here acts: services and the reconciler write, and only the reconciler raises an epoch.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from apps.simulator_sessions.lifecycle import ACTIVE_STATUSES, Status, Target


def _choices(values: type[Status] | type[Target]) -> list[tuple[str, str]]:
    return [(value.value, value.value.replace("_", " ").capitalize()) for value in values]


class SimulatorSession(models.Model):
    """A trader's private exchange: what it is made of, what is wanted of it, and where it stands.

    `version` counts the reconciler's steps: a step is claimed by compare-and-swap on it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="simulator_sessions")
    name = models.CharField(max_length=120)
    scenario = models.CharField(max_length=64)
    scenario_date = models.DateField(null=True, blank=True)
    seed = models.BigIntegerField()
    account = models.JSONField(
        default=dict, help_text="Starting cash, fees, holdings and limits, as the engine reads them."
    )
    speed = models.CharField(max_length=16, default="1")
    engine_version = models.CharField(max_length=40, blank=True)

    status = models.CharField(max_length=12, choices=_choices(Status), default=Status.REQUESTED.value)
    target = models.CharField(max_length=12, choices=_choices(Target), default=Target.READY.value)
    cause = models.CharField(max_length=300, blank=True, help_text="Why it failed or is being replaced.")
    version = models.PositiveBigIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Runs in a row that ended before READY held.")
    retry_at = models.DateTimeField(null=True, blank=True)

    idempotency_key = models.CharField(max_length=128, null=True, blank=True)
    request_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    requested_at = models.DateTimeField(help_text="When the present start or wake was asked for.")
    ready_at = models.DateTimeField(null=True, blank=True)
    status_at = models.DateTimeField()
    ready_in_ms = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="session_idempotency_key"),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="session_by_user"),
            models.Index(fields=["status", "target"], name="session_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


class SimulatorRun(models.Model):
    """One process or pod that serves, or served, a session at one epoch. `handle` is the launcher's own note of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(SimulatorSession, on_delete=models.CASCADE, related_name="runs")
    epoch = models.PositiveBigIntegerField()
    status = models.CharField(max_length=12, choices=_choices(Status), default=Status.REQUESTED.value)
    target = models.CharField(max_length=12, choices=_choices(Target), default=Target.READY.value)
    handle = models.JSONField(default=dict, blank=True)
    steps = models.JSONField(default=list, blank=True, help_text="Each step with its message and its time.")
    cause = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    launched_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-epoch"]
        constraints = [
            models.UniqueConstraint(
                fields=["session"],
                condition=models.Q(status__in=sorted(status.value for status in ACTIVE_STATUSES)),
                name="one_active_run_per_session",
            ),
            models.UniqueConstraint(fields=["session", "epoch"], name="one_run_per_epoch"),
        ]

    def __str__(self) -> str:
        return f"run {self.epoch} of {self.session_id}"


class SessionLease(models.Model):
    """Who may append to a session's journal, and how far it has got. Moved only by the fenced statement.

    `horizon_ns` is the simulated time up to which frames may have been shown; `expires_at` is the database's clock.
    """

    session = models.OneToOneField(SimulatorSession, on_delete=models.CASCADE, primary_key=True, related_name="lease")
    epoch = models.PositiveBigIntegerField(default=0)
    holder = models.CharField(max_length=100, blank=True)
    endpoint = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=16, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    last_command_seq = models.PositiveBigIntegerField(default=0)
    last_event_seq = models.PositiveBigIntegerField(default=0)
    horizon_ns = models.BigIntegerField(default=0)
    sim_time_ns = models.BigIntegerField(default=0)
    phase = models.CharField(max_length=24, blank=True)
    speed = models.CharField(max_length=16, blank=True)
    paused = models.BooleanField(default=False)
    renewed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"lease of {self.session_id} at epoch {self.epoch}"
