"""What can be played: scenarios as data, checked on reading, resolved to one session's instruments and rules.

Pure reading of bundled files. A file with an unknown or missing field is refused, never half understood.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from math import sqrt
from typing import Literal

import msgspec
import yaml

from simulator_engine.core.accounts import AccountTerms
from simulator_engine.core.fees import FeeSchedule
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.quantities import money_to_minor, parse_decimal, to_units
from simulator_engine.market import real_bars
from simulator_engine.market.numeric import log
from simulator_engine.market.trading_calendar import TradingCalendar

PRICE_MINOR_PER_UNIT = 10_000
VOLATILITY_BARS = 60
"""How many earlier real bars measure a share's usual daily range and volume."""


class BadScenario(ValueError):
    """A scenario file does not say what a scenario must."""


class UnknownScenario(LookupError):
    """No scenario has this slug."""


class NotPlayable(ValueError):
    """The scenario cannot be played on this date; the text says why, in the trader's words."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class CalendarFile(_Strict, frozen=True, forbid_unknown_fields=True):
    exchange: str
    timezone: str
    open: str
    close: str
    start_after_open_minutes: int
    first_day: str | None = None
    default_day: str | None = None


class FeesFile(_Strict, frozen=True, forbid_unknown_fields=True):
    slug: str
    title: str
    maker_basis_points_hundredths: int
    taker_basis_points_hundredths: int
    per_lot: str
    minimum: str


class AccountFile(_Strict, frozen=True, forbid_unknown_fields=True):
    slug: str
    title: str
    kind: Literal["CASH"]
    starting_cash: str


class InstrumentFile(_Strict, frozen=True, forbid_unknown_fields=True):
    symbol: str
    name: str
    sector: str
    beta: float
    tick_size: str = "0.01"
    lot_size: str = "1"
    previous_close: str | None = None
    daily_volatility: float | None = None
    average_daily_volume: int | None = None


class ScenarioFile(_Strict, frozen=True, forbid_unknown_fields=True):
    slug: str
    title: str
    kind: Literal["synthetic", "history"]
    difficulty: Literal["beginner", "intermediate", "advanced"]
    summary: str
    lesson: str
    currency: str
    calendar: CalendarFile
    fees: FeesFile
    accounts: list[AccountFile]
    participants: Literal["liquid-equity"]
    instruments: list[InstrumentFile]


@dataclass(frozen=True, slots=True)
class FeePreset:
    slug: str
    title: str
    maker_basis_points_hundredths: int
    taker_basis_points_hundredths: int
    per_lot_minor: int
    minimum_minor: int

    def schedule(self) -> FeeSchedule:
        return FeeSchedule(
            maker_basis_points_hundredths=self.maker_basis_points_hundredths,
            taker_basis_points_hundredths=self.taker_basis_points_hundredths,
            per_lot_minor=self.per_lot_minor,
            minimum_minor=self.minimum_minor,
        )


@dataclass(frozen=True, slots=True)
class AccountPreset:
    slug: str
    title: str
    kind: str
    starting_cash_minor: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What the participants know of an instrument: volatility is a daily log return's sd, volume in lots."""

    symbol: str
    sector: str
    daily_volatility: float
    beta: float
    average_daily_volume: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario on one date: all that a session's exchange is made from, besides its seed and account."""

    slug: str
    title: str
    lesson: str
    difficulty: str
    summary: str
    kind: str
    date: str
    currency: str
    calendar: TradingCalendar
    instruments: tuple[Instrument, ...]
    listings: tuple[Listing, ...]
    fees: FeePreset
    account_presets: tuple[AccountPreset, ...]
    participants: str
    order_latency_ms: int = 0

    def account_terms(self, preset: str | None = None) -> AccountTerms:
        """The terms of an account preset (None: the first). Raises LookupError for an unknown one."""
        for one in self.account_presets:
            if preset is None or one.slug == preset:
                return AccountTerms(
                    currency=self.currency,
                    starting_cash_minor=one.starting_cash_minor,
                    kind=one.kind,
                    fees=self.fees.schedule(),
                )
        raise LookupError(preset)


@dataclass(frozen=True, slots=True)
class ScenarioTemplate:
    """A scenario as the catalogue shows it, before a date is chosen. `dates` says whether one must be."""

    slug: str
    title: str
    lesson: str
    difficulty: str
    summary: str
    kind: str
    currency: str
    default_date: str
    dates: bool
    symbols: tuple[tuple[str, str, str], ...]
    """(symbol, name, sector) of every instrument that some date offers."""
    fees: FeePreset
    account_presets: tuple[AccountPreset, ...]
    participants: str


@dataclass(frozen=True, slots=True)
class PlayableDay:
    date: str
    symbols: tuple[str, ...]


@lru_cache(maxsize=1)
def _files() -> dict[str, ScenarioFile]:
    folder = resources.files("simulator_engine.market") / "data" / "scenarios"
    files: dict[str, ScenarioFile] = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            scenario = parse(entry.read_text(encoding="utf-8"))
            files[scenario.slug] = scenario
    return files


def parse(text: str) -> ScenarioFile:
    """A scenario from YAML. Raises BadScenario naming the first fault."""
    try:
        file = msgspec.convert(yaml.safe_load(text), ScenarioFile)
    except (yaml.YAMLError, msgspec.ValidationError) as fault:
        raise BadScenario(str(fault)) from fault
    if not file.instruments or not file.accounts:
        raise BadScenario("a scenario needs instruments and accounts")
    if len({item.symbol for item in file.instruments}) != len(file.instruments):
        raise BadScenario("a symbol appears twice")
    if file.kind == "synthetic":
        if file.calendar.first_day is None:
            raise BadScenario("a synthetic scenario needs calendar.first_day")
        for item in file.instruments:
            if item.previous_close is None or item.daily_volatility is None or item.average_daily_volume is None:
                raise BadScenario(f"{item.symbol}: needs previous_close, daily_volatility, average_daily_volume")
    elif file.calendar.default_day is None:
        raise BadScenario("a history scenario needs calendar.default_day")
    try:
        _fees(file)
        _accounts(file)
        if file.kind == "synthetic":
            for item in file.instruments:
                _synthetic(item, file.currency)
    except (ValueError, ArithmeticError) as fault:
        raise BadScenario(str(fault)) from fault
    return file


def load_catalogue() -> tuple[ScenarioTemplate, ...]:
    """All scenarios, synthetic ones first, then by slug. Raises BadScenario for a bundled file at fault."""
    ordered = sorted(_files().values(), key=lambda file: (file.kind != "synthetic", file.slug))
    return tuple(
        ScenarioTemplate(
            slug=file.slug,
            title=file.title,
            lesson=file.lesson.strip(),
            difficulty=file.difficulty,
            summary=file.summary,
            kind=file.kind,
            currency=file.currency,
            default_date=file.calendar.first_day or file.calendar.default_day or "",
            dates=file.kind == "history",
            symbols=tuple((item.symbol, item.name, item.sector) for item in file.instruments),
            fees=_fees(file),
            account_presets=_accounts(file),
            participants=file.participants,
        )
        for file in ordered
    )


@lru_cache(maxsize=8)
def playable_days(slug: str) -> tuple[PlayableDay, ...]:
    """The days on which a scenario can be played, oldest first, with the symbols listed then.

    A synthetic scenario has one. Real days need an earlier bar of at least one share. Raises UnknownScenario.
    """
    file = _file(slug)
    symbols = tuple(item.symbol for item in file.instruments)
    if file.kind == "synthetic":
        return (PlayableDay(file.calendar.first_day or "", symbols),)
    shares = real_bars.load()
    days = []
    for day in real_bars.trading_days():
        listed = tuple(symbol for symbol in symbols if day in shares[symbol].index)
        if any(shares[symbol].index[day] > 0 for symbol in listed):
            days.append(PlayableDay(day, listed))
    return tuple(days)


@lru_cache(maxsize=32)
def resolve(slug: str, *, date: str | None = None) -> Scenario:
    """A scenario on a date (None: its default). Raises UnknownScenario or NotPlayable."""
    file = _file(slug)
    if file.kind == "synthetic":
        day = file.calendar.first_day or ""
        if date is not None and date != day:
            raise NotPlayable(f"{file.title} has no choice of days; leave the date out.")
        pairs = [_synthetic(item, file.currency) for item in file.instruments]
        days: tuple[str, ...] = ()
    else:
        day = date or file.calendar.default_day or ""
        pairs = _listed(file, day)
        days = real_bars.trading_days()
    return Scenario(
        slug=file.slug,
        title=file.title,
        lesson=file.lesson.strip(),
        difficulty=file.difficulty,
        summary=file.summary,
        kind=file.kind,
        date=day,
        currency=file.currency,
        calendar=TradingCalendar(
            exchange=file.calendar.exchange,
            timezone=file.calendar.timezone,
            open=file.calendar.open,
            close=file.calendar.close,
            start_after_open_minutes=file.calendar.start_after_open_minutes,
            first_day=day,
            days=days,
        ),
        instruments=tuple(instrument for instrument, _ in pairs),
        listings=tuple(listing for _, listing in pairs),
        fees=_fees(file),
        account_presets=_accounts(file),
        participants=file.participants,
    )


def _file(slug: str) -> ScenarioFile:
    try:
        return _files()[slug]
    except KeyError:
        raise UnknownScenario(slug) from None


def _synthetic(item: InstrumentFile, currency: str) -> tuple[Instrument, Listing]:
    assert item.previous_close is not None
    assert item.daily_volatility is not None
    assert item.average_daily_volume is not None
    tick, lot = Decimal(item.tick_size), Decimal(item.lot_size)
    close = to_units(parse_decimal(item.previous_close), tick)
    listing = Listing(item.symbol, item.sector, item.daily_volatility, item.beta, item.average_daily_volume)
    return Instrument(item.symbol, item.name, currency, tick, lot, close), listing


def _listed(file: ScenarioFile, day: str) -> list[tuple[Instrument, Listing]]:
    """The shares listed on a real day, priced as they were counted then. Raises NotPlayable."""
    playable = {entry.date: entry.symbols for entry in playable_days(file.slug)}
    if day not in playable:
        first, last = min(playable), max(playable)
        raise NotPlayable(f"{day} was no trading day with known prices; choose one from {first} to {last}.")
    pairs = []
    for item in file.instruments:
        if item.symbol not in playable[day]:
            continue
        share = real_bars.load()[item.symbol]
        basis = share.index[day]
        tick, lot = Decimal(item.tick_size), Decimal(item.lot_size)
        tick_minor = int(tick * PRICE_MINOR_PER_UNIT)
        past = [share.adjusted(i, basis, tick_minor) for i in range(max(0, basis - VOLATILITY_BARS), basis)]
        today = share.adjusted(basis, basis, tick_minor)
        # A share's first day has no close before it: its own opening price is the reference.
        close = past[-1].close if past else today.open
        measured = past or [today]
        ranges = [log(bar.high / bar.low) if bar.high > bar.low else 0.001 for bar in measured]
        # Parkinson: the mean squared log range is 4 ln 2 times the variance.
        total = 0.0
        for value in ranges:
            total += value * value
        volatility = sqrt(total / len(ranges) / 2.772588722239781)
        volume = sum(bar.volume for bar in measured) // len(measured)
        pairs.append(
            (
                Instrument(item.symbol, item.name, file.currency, tick, lot, close),
                Listing(item.symbol, item.sector, min(0.08, max(0.004, volatility)), item.beta, volume),
            )
        )
    return pairs


def _fees(file: ScenarioFile) -> FeePreset:
    return FeePreset(
        slug=file.fees.slug,
        title=file.fees.title,
        maker_basis_points_hundredths=file.fees.maker_basis_points_hundredths,
        taker_basis_points_hundredths=file.fees.taker_basis_points_hundredths,
        per_lot_minor=money_to_minor(parse_decimal(file.fees.per_lot)),
        minimum_minor=money_to_minor(parse_decimal(file.fees.minimum)),
    )


def _accounts(file: ScenarioFile) -> tuple[AccountPreset, ...]:
    return tuple(
        AccountPreset(item.slug, item.title, item.kind, money_to_minor(parse_decimal(item.starting_cash)))
        for item in file.accounts
    )
