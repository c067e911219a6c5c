"""Reading one user's settings. What is somebody else's does not exist: 404."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from apps.accounts.models import User
from apps.common.problems import NotFound
from apps.profiles.models import Layout, PortfolioConfiguration, Preferences

M = TypeVar("M", bound=Model)


def _own(queryset: QuerySet[M], pk: UUID) -> M:
    row = queryset.filter(pk=pk).first()
    if row is None:
        raise NotFound()
    return row


def get_preferences(*, user: User) -> Preferences:
    """The user's preferences; empty ones of version 0 when none were ever stored."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user, body={}, version=0)


def layouts(*, user: User) -> QuerySet[Layout]:
    return Layout.objects.filter(user=user)


def get_layout(*, user: User, layout_id: UUID) -> Layout:
    return _own(layouts(user=user), layout_id)


def portfolio_configurations(*, user: User) -> QuerySet[PortfolioConfiguration]:
    return PortfolioConfiguration.objects.filter(user=user)


def get_portfolio_configuration(*, user: User, configuration_id: UUID) -> PortfolioConfiguration:
    """The configuration; ``as_account()`` is what a session copies. Raises a 404 Problem."""
    return _own(portfolio_configurations(user=user), configuration_id)
