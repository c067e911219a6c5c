"""Scenarios over REST and in the admin: the engine's own catalogue, translated and never invented."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from apps.markets import services
from apps.markets.models import ScenarioRecord
from simulator_engine.market import scenarios


def test_the_list_is_the_catalogue(anyone):
    answer = anyone.get("/scenarios")
    assert answer.status_code == 200
    assert answer.data["next"] is None
    cards = {card["slug"]: card for card in answer.data["results"]}
    assert list(cards) == [template.slug for template in scenarios.load_catalogue()]
    assert {"open-market", "history"} <= cards.keys()
    assert len(cards["open-market"]["symbols"]) >= 5
    assert cards["open-market"]["dates"] is False
    assert cards["history"]["dates"] is True
    assert all(Decimal(preset["starting_cash"]) > 0 for preset in cards["history"]["account_presets"])


def test_a_scenario_says_all_its_rules(anyone):
    detail = anyone.get("/scenarios/open-market").data
    assert {"MARKET", "LIMIT"} <= set(detail["venue_rules"]["order_types"])
    assert {"DAY", "GTC", "IOC", "FOK"} <= set(detail["venue_rules"]["times_in_force"])
    assert "INSUFFICIENT_BUYING_POWER" in detail["venue_rules"]["reject_codes"]
    assert [item["symbol"] for item in detail["instruments"]] == detail["symbols"]
    for item in detail["instruments"]:
        assert Decimal(item["previous_close"]) % Decimal(item["tick_size"]) == 0
    assert {row["phase"] for row in detail["phases"]} == {"CONTINUOUS", "CLOSED"}
    assert detail["fees"]["taker_basis_points"] == "0.5"
    assert detail["seed_policy"]["maximum"] == str(2**53 - 1)


def test_history_lists_its_days_and_what_was_listed_then(anyone):
    days = anyone.get("/scenarios/history/days").data["results"]
    assert days == sorted(days, key=lambda day: day["date"])
    day = next(day for day in days if day["date"] == "2008-10-10")
    assert "AAPL" in day["symbols"]
    assert "FB" not in day["symbols"]
    detail = anyone.get("/scenarios/history?date=2008-10-10").data
    assert detail["date"] == "2008-10-10"
    assert [item["symbol"] for item in detail["instruments"]] == day["symbols"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/scenarios/no-such", 404, "NOT_FOUND"),
        ("/scenarios/no-such/days", 404, "NOT_FOUND"),
        ("/scenarios/history?date=2008-10-11", 422, "VALIDATION_FAILED"),
        ("/scenarios/open-market?date=2008-10-10", 422, "VALIDATION_FAILED"),
        ("/scenarios/history?date=yesterday", 400, "MALFORMED"),
        ("/scenarios/history?date=２００８-10-10", 400, "MALFORMED"),
    ],
)
def test_bad_questions(anyone, path, status, code):
    answer = anyone.get(path)
    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert answer.data["detail"]


def test_migrating_fills_the_admins_copy_and_syncing_again_changes_nothing(db):
    assert set(ScenarioRecord.objects.values_list("slug", flat=True)) == {
        template.slug for template in scenarios.load_catalogue()
    }
    assert services.sync_scenarios() == 0


def test_syncing_repairs_and_withdraws(db):
    ScenarioRecord.objects.filter(slug="history").update(definition={})
    ScenarioRecord.objects.create(
        slug="gone", title="x", kind="x", difficulty="x", summary="x", lesson="x", currency="x", definition={}
    )
    out = StringIO()
    call_command("sync_scenarios", stdout=out)
    assert out.getvalue() == "2 scenario(s) changed.\n"
    assert ScenarioRecord.objects.get(slug="history").definition["title"]
    assert ScenarioRecord.objects.get(slug="gone").offered is False
