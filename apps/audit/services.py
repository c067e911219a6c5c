"""The only writer of the audit: one row for each change, in the transaction of the change itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.audit.chain import GENESIS, canonical, digest
from apps.audit.models import AuditEntry
from apps.common import context

# Any constant would do: it names "the audit's chain" among PostgreSQL's advisory locks. It is held until the
# transaction ends, so that two transactions never take the same place in the chain.
_CHAIN_LOCK = 0x7261_6469_7475


def record(
    *,
    action: str,
    object_type: str,
    object_id: object = "",
    now: datetime,
    actor_id: UUID | None = None,
    before: Any = None,
    after: Any = None,
) -> AuditEntry:
    """Appends one entry and returns it; it commits and rolls back with the caller's transaction.

    ``action`` is "<object>.<past participle>", such as "user.disabled". Without ``actor_id`` the actor is
    "anonymous" inside a
    request and "system" outside. Call it last in the transaction: it holds the chain's lock until the end.
    Address, device, login and request id come from the context of the call.
    ``before`` and ``after`` are JSON values and must never hold a secret.
    """
    call = context.current()
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
        last = AuditEntry.objects.order_by("-number").values_list("number", "hash").first()
        entry = AuditEntry(
            number=(last[0] if last else 0) + 1,
            at=now,
            actor_kind="user" if actor_id else "anonymous" if call.request_id else "system",
            actor_id=actor_id,
            action=action,
            object_type=object_type,
            object_id=str(object_id),
            sid=call.sid,
            address=call.address,
            user_agent=call.user_agent,
            request_id=call.request_id,
            before=canonical(before),
            after=canonical(after),
            prev_hash=last[1] if last else GENESIS,
        )
        entry.hash = digest(entry)
        entry.save(force_insert=True)
    return entry
