"""The engine's catalogue in the words of the wire. Pure translation: no database, no rule of its own."""

from functools import lru_cache
from typing import Any

from apps.common.problems import Invalid, NotFound, field_error
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.quantities import format_money
from simulator_engine.core.reasons import MarketPhase, OrderType, RejectCode, TimeInForce
from simulator_engine.core.risk import VenueRules
from simulator_engine.core.tickets import TIMES_TAKEN, TYPES_TAKEN
from simulator_engine.market import scenarios

LARGEST_SEED = 2**53 - 1  # the largest whole number that every JSON reader keeps exact


def _rate(hundredths: int) -> str:
    """Hundredths of a basis point as basis points: 50 is "0.5"."""
    whole, rest = divmod(abs(hundredths), 100)
    text = f"{whole}.{rest:02d}".rstrip("0").rstrip(".")
    return f"-{text}" if hundredths < 0 else text


def _fees(fees: scenarios.FeePreset) -> dict[str, Any]:
    return {
        "slug": fees.slug,
        "title": fees.title,
        "maker_basis_points": _rate(fees.maker_basis_points_hundredths),
        "taker_basis_points": _rate(fees.taker_basis_points_hundredths),
        "per_lot": format_money(fees.per_lot_minor),
        "minimum": format_money(fees.minimum_minor),
    }


def _card(template: scenarios.ScenarioTemplate) -> dict[str, Any]:
    return {
        "slug": template.slug,
        "title": template.title,
        "summary": template.summary,
        "lesson": template.lesson,
        "difficulty": template.difficulty,
        "kind": template.kind,
        "currency": template.currency,
        "default_date": template.default_date,
        "dates": template.dates,
        "symbols": [symbol for symbol, _, _ in template.symbols],
        "fees": _fees(template.fees),
        "account_presets": [
            {
                "slug": preset.slug,
                "title": preset.title,
                "kind": preset.kind,
                "starting_cash": format_money(preset.starting_cash_minor),
            }
            for preset in template.account_presets
        ],
    }


def _instrument(instrument: Instrument, sector: str) -> dict[str, Any]:
    return {
        "symbol": instrument.symbol,
        "name": instrument.name,
        "sector": sector,
        "currency": instrument.currency,
        "tick_size": str(instrument.tick_size),
        "lot_size": str(instrument.lot_size),
        "min_quantity": instrument.format_quantity(instrument.min_quantity_lots),
        "max_quantity": instrument.format_quantity(instrument.max_quantity_lots),
        "min_notional": format_money(instrument.min_notional_minor),
        "max_notional": format_money(instrument.max_notional_minor),
        "price_collar_basis_points": instrument.price_collar_basis_points,
        "max_open_orders": instrument.max_open_orders,
        "shortable": instrument.shortable,
        "previous_close": instrument.format_price(instrument.previous_close_ticks),
    }


def _venue_rules() -> dict[str, Any]:
    rules = VenueRules()
    return {
        "order_types": [kind.value for kind in OrderType if kind in TYPES_TAKEN],
        "times_in_force": [time.value for time in TimeInForce if time in TIMES_TAKEN],
        "priority": "price, then time",
        "market_order_collar_basis_points": rules.market_collar_basis_points,
        "self_match_prevention": rules.self_match.name,
        "reject_codes": [code.value for code in RejectCode],
    }


def cards() -> list[dict[str, Any]]:
    """Every scenario, in the catalogue's order."""
    return [_card(template) for template in scenarios.load_catalogue()]


def _template(slug: str) -> scenarios.ScenarioTemplate:
    for template in scenarios.load_catalogue():
        if template.slug == slug:
            return template
    raise NotFound("There is no such scenario.")


@lru_cache(maxsize=64)
def detail(slug: str, date: str | None = None) -> dict[str, Any]:
    """One scenario on a date (None: its default). Raises 404, or 422 when that date cannot be played."""
    template = _template(slug)
    try:
        scenario = scenarios.resolve(slug, date=date)
    except scenarios.NotPlayable as refusal:
        raise Invalid(str(refusal), errors=[field_error("date", "NOT_PLAYABLE", str(refusal))]) from None
    sectors = {listing.symbol: listing.sector for listing in scenario.listings}
    calendar = scenario.calendar
    return {
        **_card(template),
        "date": scenario.date,
        "instruments": [_instrument(item, sectors.get(item.symbol, "")) for item in scenario.instruments],
        "venue_rules": _venue_rules(),
        "phases": [
            {"phase": MarketPhase.CONTINUOUS.value, "from": calendar.open, "to": calendar.close},
            {"phase": MarketPhase.CLOSED.value, "from": calendar.close, "to": calendar.open},
        ],
        "calendar": {
            "exchange": calendar.exchange,
            "timezone": calendar.timezone,
            "open": calendar.open,
            "close": calendar.close,
            "start_after_open_minutes": calendar.start_after_open_minutes,
        },
        "participants": scenario.participants,
        "seed_policy": {
            "minimum": "0",
            "maximum": str(LARGEST_SEED),
            "default": "random",
            "text": "The same scenario, date, seed and orders give the same market, event for event.",
        },
    }


def days(slug: str) -> list[dict[str, Any]]:
    """The days on which a scenario can be played, oldest first, with the symbols listed then. Raises 404."""
    _template(slug)
    return [{"date": day.date, "symbols": list(day.symbols)} for day in scenarios.playable_days(slug)]
