"""From the journal's description of a session to what the engine needs: scenario, seed, account terms, speed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import orjson

from simulator_engine.contract.v1 import journal_pb2
from simulator_engine.core.accounts import AccountTerms
from simulator_engine.core.quantities import NotExact, money_to_minor, parse_decimal, to_units
from simulator_engine.market.scenarios import NotPlayable, Scenario, UnknownScenario, resolve

_LIMITS = {
    "max_order_notional": "max_order_notional_minor",
    "position_limit": "position_limit_minor",
    "exposure_limit": "exposure_limit_minor",
    "daily_loss_limit": "daily_loss_limit_minor",
}


class BadSpec(ValueError):
    """The session was asked for in terms that no market can be made from; the text says which."""


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """All that determines a session besides its commands."""

    scenario: Scenario
    seed: int
    account: AccountTerms
    speed: Decimal


def plan_session(spec: journal_pb2.SessionSpec) -> SessionPlan:
    """The plan of a stored specification. Raises BadSpec."""
    try:
        scenario = resolve(spec.scenario, date=spec.date or None)
    except (UnknownScenario, NotPlayable) as error:
        raise BadSpec(str(error)) from error
    account = orjson.loads(spec.account) if spec.account else {}
    return SessionPlan(
        scenario=scenario,
        seed=spec.seed,
        account=account_terms(scenario, account),
        speed=Decimal(spec.speed or "1"),
    )


def account_terms(scenario: Scenario, account: dict[str, Any]) -> AccountTerms:
    """The account that a session starts with: the scenario's preset, with what the trader chose laid over it.

    `account` may hold `preset`, `starting_cash`, `holdings` ([{symbol, quantity, price}]) and `limits`
    (max_order_notional, position_limit, exposure_limit, daily_loss_limit), all numbers as decimal texts.
    Raises BadSpec naming the field.
    """
    wanted = account.get("preset")
    presets = {preset.slug for preset in scenario.account_presets}
    if wanted is not None and wanted not in presets:
        raise BadSpec(f"account.preset {wanted!r} is none of {', '.join(sorted(presets))}")
    try:
        terms = scenario.account_terms(wanted)
        if account.get("starting_cash") is not None:
            terms = replace(terms, starting_cash_minor=money_to_minor(parse_decimal(account["starting_cash"])))
        if account.get("holdings"):
            terms = replace(terms, holdings=_holdings(scenario, account["holdings"]))
        limits = {
            _LIMITS[name]: money_to_minor(parse_decimal(value))
            for name, value in (account.get("limits") or {}).items()
            if name in _LIMITS and value is not None
        }
        return replace(terms, **limits)  # type: ignore[arg-type]
    except (NotExact, ValueError, KeyError, TypeError) as error:
        raise BadSpec(f"account: {error}") from error


def _holdings(scenario: Scenario, holdings: list[dict[str, str]]) -> tuple[tuple[str, int, int], ...]:
    instruments = {instrument.symbol: instrument for instrument in scenario.instruments}
    parsed = []
    for holding in holdings:
        instrument = instruments.get(holding["symbol"])
        if instrument is None:
            raise BadSpec(f"account.holdings: {holding['symbol']} is not traded in this scenario")
        lots = to_units(parse_decimal(holding["quantity"]), instrument.lot_size)
        price = (
            to_units(parse_decimal(holding["price"]), instrument.tick_size)
            if holding.get("price") is not None
            else instrument.previous_close_ticks
        )
        parsed.append((instrument.symbol, lots, price))
    return tuple(parsed)
