"""Marks are a view: neither a simulator nor a cache that is away may keep a trader from what they own."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.cache import cache

from apps.portfolio import marks
from apps.simulator_sessions import gateway as gateways
from tests.apps import gateways as doubles
from tests.apps.facts import make_session

pytestmark = pytest.mark.django_db


def away(*_: object, **__: object) -> None:
    raise ConnectionError("the cache is away")


@pytest.fixture
def session(make_user):
    cache.clear()
    return make_session(make_user())


def test_a_cache_that_is_away_hides_no_mark(session, monkeypatch):
    monkeypatch.setattr(gateways, "get_gateway", doubles.SoundGateway)
    monkeypatch.setattr(cache, "get", away)
    monkeypatch.setattr(cache, "set", away)
    assert marks.marks_of(session=session, symbols=["ACME", "PIKE"]) == {"ACME": Decimal("11.00")}


def test_the_last_marks_serve_while_the_simulator_is_away(session, monkeypatch):
    monkeypatch.setattr(gateways, "get_gateway", doubles.SoundGateway)
    marks.marks_of(session=session, symbols=["ACME"])
    monkeypatch.setattr(gateways, "get_gateway", doubles.RecoveringGateway)
    assert marks.marks_of(session=session, symbols=["ACME"]) == {"ACME": Decimal("11.00")}
