"""Changing one user's settings. Each write may carry the version that it is based on, and is refused when overtaken."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from django.db.models import F, Model, QuerySet

from apps.accounts.models import User
from apps.audit import services as audit
from apps.common.problems import Conflict, NotFound, Problem
from apps.profiles import selectors
from apps.profiles.models import Layout, PortfolioConfiguration, Preferences

LARGEST_DOCUMENT_BYTES = 65_536
MOST_LAYOUTS = 50
MOST_CONFIGURATIONS = 50

M = TypeVar("M", bound=Model)


def _check_size(document: Any) -> None:
    size = len(orjson.dumps(document))
    if size > LARGEST_DOCUMENT_BYTES:
        raise Problem(f"It has {size} bytes; the limit is {LARGEST_DOCUMENT_BYTES}.", code="PAYLOAD_TOO_LARGE")


def save_preferences(*, user: User, body: dict[str, Any], based_on: int | None, now: datetime) -> Preferences:
    """Replaces the preferences. Raises 413 beyond 64 KiB, 412 when ``based_on`` is no longer the version."""
    _check_size(body)
    with transaction.atomic():
        # The first save of several at once makes the row; the others find it.
        row, created = Preferences.objects.get_or_create(
            user=user, defaults={"body": body, "version": 1, "updated_at": now}
        )
        if created:
            if based_on not in (None, 0):
                raise Problem(code="PRECONDITION_FAILED")
            return row
        changed = Preferences.objects.filter(user=user)
        if based_on is not None:
            changed = changed.filter(version=based_on)
        if not changed.update(body=body, version=F("version") + 1, updated_at=now):
            raise Problem(code="PRECONDITION_FAILED")
        row.refresh_from_db()
    return row


def _create(model: type[M], *, user: User, most: int, now: datetime, **values: Any) -> M:
    try:
        with transaction.atomic():
            if model._default_manager.filter(user=user).count() >= most:
                raise Problem(f"At most {most}; delete one first.", code="QUOTA_EXCEEDED")
            return model._default_manager.create(user=user, created_at=now, updated_at=now, **values)
    except IntegrityError:
        raise Conflict("There is one of that name already.", code="DUPLICATE_NAME") from None


def _update(rows: QuerySet[M], *, pk: UUID, based_on: int | None, now: datetime, values: Mapping[str, Any]) -> None:
    wanted = rows.filter(pk=pk)
    try:
        with transaction.atomic():
            matching = wanted if based_on is None else wanted.filter(version=based_on)
            if matching.update(version=F("version") + 1, updated_at=now, **values):
                return
    except IntegrityError:
        raise Conflict("There is one of that name already.", code="DUPLICATE_NAME") from None
    raise Problem(code="PRECONDITION_FAILED") if wanted.exists() else NotFound()


def create_layout(*, user: User, name: str, layout: dict[str, Any], now: datetime) -> Layout:
    """Raises 409 for a name in use, 413 beyond 64 KiB, 429 beyond the quota."""
    _check_size(layout)
    return _create(Layout, user=user, most=MOST_LAYOUTS, now=now, name=name, layout=layout)


def change_layout(
    *, user: User, layout_id: UUID, name: str, layout: dict[str, Any], based_on: int | None, now: datetime
) -> Layout:
    """Replaces name and layout. Raises 404, 409 for a name in use, 412 when overtaken, 413 beyond 64 KiB."""
    _check_size(layout)
    rows = selectors.layouts(user=user)
    _update(rows, pk=layout_id, based_on=based_on, now=now, values={"name": name, "layout": layout})
    return selectors.get_layout(user=user, layout_id=layout_id)


def delete_layout(*, user: User, layout_id: UUID) -> None:
    """Raises 404 when it is not there or not the user's."""
    if not selectors.layouts(user=user).filter(pk=layout_id).delete()[0]:
        raise NotFound()


def create_portfolio_configuration(*, user: User, values: Mapping[str, Any], now: datetime) -> PortfolioConfiguration:
    """Raises 409 for a name in use, 429 beyond the quota."""
    with transaction.atomic():
        row = _create(PortfolioConfiguration, user=user, most=MOST_CONFIGURATIONS, now=now, **values)
        _audit("created", row.pk, user=user, after={"name": row.name, **row.as_account()}, now=now)
    return row


def change_portfolio_configuration(
    *, user: User, configuration_id: UUID, values: Mapping[str, Any], based_on: int | None, now: datetime
) -> PortfolioConfiguration:
    """Replaces all of it. Raises 404, 409 for a name in use, 412 when overtaken."""
    with transaction.atomic():
        before = selectors.get_portfolio_configuration(user=user, configuration_id=configuration_id)
        rows = selectors.portfolio_configurations(user=user)
        _update(rows, pk=configuration_id, based_on=based_on, now=now, values=values)
        row = selectors.get_portfolio_configuration(user=user, configuration_id=configuration_id)
        _audit(
            "changed",
            row.pk,
            user=user,
            before={"name": before.name, **before.as_account()},
            after={"name": row.name, **row.as_account()},
            now=now,
        )
    return row


def delete_portfolio_configuration(*, user: User, configuration_id: UUID, now: datetime) -> None:
    """Raises 404. Sessions made from it keep their copy."""
    with transaction.atomic():
        row = selectors.get_portfolio_configuration(user=user, configuration_id=configuration_id)
        selectors.portfolio_configurations(user=user).filter(pk=row.pk).delete()
        _audit("deleted", row.pk, user=user, before={"name": row.name, **row.as_account()}, now=now)


def _audit(what: str, pk: UUID, *, user: User, now: datetime, before: Any = None, after: Any = None) -> None:
    audit.record(
        action=f"portfolio_configuration.{what}",
        object_type="portfolio_configuration",
        object_id=pk,
        actor_id=user.pk,
        before=before,
        after=after,
        now=now,
    )
