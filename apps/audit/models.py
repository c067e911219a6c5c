"""One table of facts. Its rows are written by services.record alone and protected by triggers."""

from django.db import models


class AuditEntry(models.Model):
    """Who did what to which object, from where, with the values before and after.

    ``before`` and ``after`` are canonical JSON text, not a JSON column: the chain hashes their exact bytes.
    """

    number = models.BigIntegerField(primary_key=True, help_text="1, 2, 3… without a gap.")
    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=16, help_text="user, anonymous or system")
    actor_id = models.UUIDField(null=True, blank=True, db_index=True)
    action = models.CharField(max_length=64, db_index=True)
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64, db_index=True, blank=True)
    sid = models.CharField(max_length=36, blank=True, help_text="The login on which it was done.")
    address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    request_id = models.CharField(max_length=64, blank=True, db_index=True)
    before = models.TextField(default="null")
    after = models.TextField(default="null")
    prev_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"
