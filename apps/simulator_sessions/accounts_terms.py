"""From what a trader asks for as `account` to what the engine reads: a preset, own terms, or a stored configuration."""

from __future__ import annotations

import uuid
from typing import Any

from apps.common.problems import NotFound, Problem, field_error
from apps.profiles.selectors import get_portfolio_configuration
from simulator_engine.market.scenarios import NotPlayable, Scenario, UnknownScenario, resolve
from simulator_engine.runtime.spec import BadSpec, account_terms

FIELDS = ("preset", "starting_cash", "holdings", "limits", "currency", "benchmark")


def refused(field: str, message: str, code: str = "VALIDATION_FAILED") -> Problem:
    return Problem(message, code=code, status=422, errors=[field_error(field, code, message)])


def resolve_scenario(slug: str, date: str | None) -> Scenario:
    """The scenario on its date. Raises a 422 Problem naming the field."""
    try:
        return resolve(slug, date=date)
    except UnknownScenario:
        raise refused("scenario", f"There is no scenario {slug!r}.", "UNKNOWN_SCENARIO") from None
    except NotPlayable as error:
        raise refused("date", str(error), "NOT_PLAYABLE") from None


def resolve_account(*, user: Any, scenario: Scenario, wanted: Any) -> dict[str, Any]:
    """The account to store with a session, checked against the scenario. Raises a 422 Problem naming the field."""
    terms = _terms(user, wanted)
    unknown = sorted(set(terms) - set(FIELDS))
    if unknown:
        raise refused("account", f"account has no field {unknown[0]!r}; it may hold {', '.join(FIELDS)}.")
    if terms.get("currency", scenario.currency) != scenario.currency:
        raise refused("account", f"{scenario.title} is traded in {scenario.currency}.")
    try:
        account_terms(scenario, terms)
    except BadSpec as error:
        raise refused("account", str(error)) from None
    return terms


def _terms(user: Any, wanted: Any) -> dict[str, Any]:
    if wanted is None:
        return {}
    if isinstance(wanted, dict):
        return {name: value for name, value in wanted.items() if value is not None}
    if not isinstance(wanted, str):
        raise refused("account", "account is an object, a preset's name, or a portfolio configuration's id.")
    try:
        configuration = uuid.UUID(wanted)
    except ValueError:
        return {"preset": wanted}
    try:
        stored = get_portfolio_configuration(user=user, configuration_id=configuration)
    except NotFound:
        raise refused("account", "You have no portfolio configuration of this id.") from None
    return {name: value for name, value in stored.as_account().items() if name in FIELDS and value}
