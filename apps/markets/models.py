"""The scenarios as the admin shows them: a copy for people. The engine's catalogue is what sessions are made from."""

from django.db import models
from django.utils import timezone


class ScenarioRecord(models.Model):
    slug = models.SlugField(primary_key=True, max_length=64)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=16)
    difficulty = models.CharField(max_length=16)
    summary = models.TextField()
    lesson = models.TextField()
    currency = models.CharField(max_length=8)
    definition = models.JSONField(help_text="Everything that the catalogue says, as REST answers it.")
    offered = models.BooleanField(default=True, help_text="Off: the catalogue no longer has it.")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "scenario"
        ordering = ["kind", "slug"]

    def __str__(self) -> str:
        return self.title
