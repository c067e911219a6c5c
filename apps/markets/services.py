"""Brings the admin's copy of the scenarios up to the engine's catalogue. The only writer of ScenarioRecord."""

from django.db import transaction
from django.utils import timezone

from apps.markets import catalogue
from apps.markets.models import ScenarioRecord

_COLUMNS = ("title", "kind", "difficulty", "summary", "lesson", "currency")


def sync_scenarios(*, using: str = "default") -> int:
    """Writes what differs and withdraws what is gone; returns how many rows changed. Running it twice changes none."""
    wanted = {card["slug"]: catalogue.detail(card["slug"]) for card in catalogue.cards()}
    changed = 0
    with transaction.atomic(using=using):
        rows = {row.slug: row for row in ScenarioRecord.objects.using(using).all()}
        for slug, definition in wanted.items():
            row = rows.get(slug)
            if row is not None and row.offered and row.definition == definition:
                continue
            columns = {name: definition[name] for name in _COLUMNS}
            ScenarioRecord(slug=slug, definition=definition, offered=True, changed_at=timezone.now(), **columns).save(
                using=using
            )
            changed += 1
        gone = [slug for slug, row in rows.items() if row.offered and slug not in wanted]
        changed += (
            ScenarioRecord.objects.using(using).filter(slug__in=gone).update(offered=False, changed_at=timezone.now())
        )
    return changed
