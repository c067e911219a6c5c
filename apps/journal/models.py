"""The log of record: commands, what came of them, the batches that brought them, and snapshots of the whole.

Rows are only ever added (snapshots beyond the kept ones are removed); one module writes them, appending.py.
"""

from __future__ import annotations

from django.db import models

from apps.simulator_sessions.models import SimulatorSession


class JournalBatch(models.Model):
    """One append: a commit's worth of commands and reports. `hash` chains it to the batch before.

    `record_hash` is the tip of the commands' own chain after it; `event_hash` the engine's running hash at
    `event_count`, which a restore must reach again.
    """

    session = models.ForeignKey(SimulatorSession, on_delete=models.CASCADE, related_name="+")
    epoch = models.PositiveBigIntegerField()
    first_command_seq = models.PositiveBigIntegerField()
    last_command_seq = models.PositiveBigIntegerField()
    first_event_seq = models.PositiveBigIntegerField()
    last_event_seq = models.PositiveBigIntegerField()
    sim_time_ns = models.BigIntegerField()
    event_count = models.PositiveBigIntegerField()
    event_hash = models.BinaryField()
    content_hash = models.BinaryField()
    record_hash = models.BinaryField()
    prev_hash = models.BinaryField()
    hash = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "journal batches"
        constraints = [
            models.UniqueConstraint(
                fields=["session", "last_command_seq", "last_event_seq"], name="one_batch_per_position"
            ),
        ]


class JournalRecord(models.Model):
    """A command as it was stamped. Its `hash` covers all its fields and the hash of the one before."""

    session = models.ForeignKey(SimulatorSession, on_delete=models.CASCADE, related_name="+")
    command_seq = models.PositiveBigIntegerField()
    epoch = models.PositiveBigIntegerField()
    sim_time_ns = models.BigIntegerField()
    event_index = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=24)
    request_id = models.CharField(max_length=128, null=True)
    body_hash = models.BinaryField()
    body = models.BinaryField()
    event_hash = models.BinaryField(help_text="The engine's running hash after the batch that held it.")
    prev_hash = models.BinaryField()
    hash = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "command_seq"], name="one_record_per_command_seq"),
            models.UniqueConstraint(fields=["session", "request_id"], name="one_record_per_request_id"),
        ]


class EventLogEntry(models.Model):
    """A report to the trader, as it was and will be delivered: `body` byte for byte. `caused_by` 0: a participant."""

    session = models.ForeignKey(SimulatorSession, on_delete=models.CASCADE, related_name="+")
    event_seq = models.PositiveBigIntegerField()
    stream = models.CharField(max_length=16)
    stream_seq = models.PositiveBigIntegerField()
    type = models.CharField(max_length=32)
    caused_by = models.PositiveBigIntegerField()
    sim_time_ns = models.BigIntegerField()
    wall_time_ms = models.BigIntegerField()
    epoch = models.PositiveBigIntegerField()
    body = models.BinaryField()
    legs = models.BinaryField(default=b"", help_text="The ledger's legs as compact JSON, or empty.")

    class Meta:
        verbose_name_plural = "event log entries"
        constraints = [
            models.UniqueConstraint(fields=["session", "event_seq"], name="one_entry_per_event_seq"),
            models.UniqueConstraint(fields=["session", "stream", "stream_seq"], name="one_entry_per_stream_seq"),
        ]


class Snapshot(models.Model):
    """A session's whole state after a command. `name` not empty: saved by the trader, and kept for good."""

    session = models.ForeignKey(SimulatorSession, on_delete=models.CASCADE, related_name="+")
    command_seq = models.PositiveBigIntegerField()
    event_seq = models.PositiveBigIntegerField()
    sim_time_ns = models.BigIntegerField()
    epoch = models.PositiveBigIntegerField()
    engine_version = models.CharField(max_length=40)
    state_hash = models.CharField(max_length=128)
    sha256 = models.BinaryField()
    size = models.PositiveBigIntegerField()
    name = models.CharField(max_length=120, blank=True)
    data = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["session", "-command_seq", "-id"], name="snapshot_newest")]
