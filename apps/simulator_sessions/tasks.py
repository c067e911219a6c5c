"""The reconciler's Celery tasks (a threads pool: gRPC hangs in prefork workers). They speed things up; the sweep
guarantees."""

from __future__ import annotations

import uuid

from celery import shared_task

from apps.common.background import enqueue
from apps.simulator_sessions import reconciling, watching


@shared_task(name="simulator_sessions.reconcile", ignore_result=True)
def reconcile(relist: bool = False) -> None:
    """Look for sessions that want work and hand each one on."""
    watching.ensure_watching()
    for session_id in reconciling.sweep(relist=relist):
        enqueue("simulator_sessions.reconcile_one", session_id=str(session_id))


@shared_task(name="simulator_sessions.reconcile_one", ignore_result=True)
def reconcile_one(session_id: str) -> None:
    """Take every step that this session can take now."""
    watching.ensure_watching()
    reconciling.reconcile_one(uuid.UUID(session_id))
