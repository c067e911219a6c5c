"""Reading the audit: by object, and the verification of the whole chain. Reads only."""

from dataclasses import dataclass

from django.db.models import QuerySet

from apps.audit.chain import GENESIS, digest
from apps.audit.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Verdict:
    """``fault`` is empty when the chain holds; else it says what is wrong, and ``number`` where."""

    entries: int
    head: str
    fault: str = ""
    number: int = 0


def entries_about(*, object_type: str, object_id: object) -> QuerySet[AuditEntry]:
    """Everything done to one object, newest first."""
    return AuditEntry.objects.filter(object_type=object_type, object_id=str(object_id)).order_by("-number")


def verify_chain(*, expected_head: str = "") -> Verdict:
    """Walks the chain from the first entry and stops at the first fault: a gap, a broken link, a changed
    value.

    ``expected_head`` is a head noted earlier: it must still be in the chain, else entries were cut off its
    end.
    """
    previous, count, seen = GENESIS, 0, not expected_head
    for entry in AuditEntry.objects.order_by("number").iterator(chunk_size=1000):
        if entry.number != count + 1:
            return Verdict(count, previous, f"entry {count + 1} is missing", count + 1)
        if entry.prev_hash != previous:
            return Verdict(count, previous, "the link to the entry before is broken", entry.number)
        if digest(entry) != entry.hash:
            return Verdict(count, previous, "a value was changed after it was recorded", entry.number)
        previous, count = entry.hash, entry.number
        seen = seen or previous == expected_head
    if not seen:
        return Verdict(count, previous, "the head noted earlier is gone: entries were cut off", count)
    return Verdict(count, previous)
