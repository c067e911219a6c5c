"""What can be played, and on which days: files refused when they are wrong, real bars exact, splits undone."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from importlib import resources

import pytest

from simulator_engine.market import real_bars
from simulator_engine.market.scenarios import (
    BadScenario,
    NotPlayable,
    UnknownScenario,
    load_catalogue,
    parse,
    playable_days,
    resolve,
)

FOLDER = resources.files("simulator_engine.market") / "data"
OPEN_MARKET = (FOLDER / "scenarios" / "open-market.yaml").read_text()


def test_the_catalogue() -> None:
    catalogue = load_catalogue()
    assert [one.slug for one in catalogue] == ["open-market", "history"]
    for one in catalogue:
        assert one.title
        assert one.lesson
        assert one.summary
        assert one.account_presets[0].starting_cash_minor == 100_000 * 10_000
        assert len(one.symbols) >= 5
        assert any(day.date == one.default_date for day in playable_days(one.slug))
    assert [one.dates for one in catalogue] == [False, True]


def test_account_terms() -> None:
    scenario = resolve("open-market")
    terms = scenario.account_terms()
    assert (terms.currency, terms.starting_cash_minor, terms.kind) == ("USD", 10**9, "CASH")
    assert terms.fees.taker_basis_points_hundredths == 50
    assert scenario.account_terms("cash-10k").starting_cash_minor == 10**8
    with pytest.raises(LookupError):
        scenario.account_terms("nobody's")


@pytest.mark.parametrize(
    ("find", "put", "says"),
    [
        ("difficulty: beginner", "difficulty: beginner\ndifficutly: hard", "unknown field"),
        ("difficulty: beginner", "difficulty: heroic", "Invalid enum value"),
        ("title: Open market\n", "", "title"),
        ('previous_close: "148.20"', 'previous_close: "148.201"', "multiple"),
        ("    daily_volatility: 0.013\n", "", "ACME: needs"),
        ("symbol: HELX", "symbol: ACME", "twice"),
        ('first_day: "2026-03-02"', "first_day: null", "first_day"),
        ('starting_cash: "10000.00"', 'starting_cash: "1e4"', "plain decimal"),
        ("kind: synthetic", "kind: [", "expected"),
    ],
)
def test_a_faulty_file_is_refused(find: str, put: str, says: str) -> None:
    assert find in OPEN_MARKET
    with pytest.raises(BadScenario, match=re.escape(says)):
        parse(OPEN_MARKET.replace(find, put, 1))


def test_unknown_and_unplayable() -> None:
    with pytest.raises(UnknownScenario):
        resolve("no-such")
    with pytest.raises(UnknownScenario):
        playable_days("no-such")
    with pytest.raises(NotPlayable):
        resolve("open-market", date="2008-10-10")
    for date in ("2008-10-11", "2001-09-12", "1999-01-04", "2013-03-02", "2000-03-01", "tomorrow", ""):
        if date:
            with pytest.raises(NotPlayable):
                resolve("history", date=date)


def test_the_file_is_the_one_that_was_shipped() -> None:
    notice = (FOLDER / "NOTICE").read_text()
    digest = sha256(real_bars.read_file()).hexdigest()
    assert digest == real_bars.FILE_SHA256
    assert digest in notice
    assert "public domain" in notice
    assert sum(len(share.bars) for share in real_bars.load().values()) == 12_154


@pytest.mark.parametrize(
    ("date", "listed"),
    [
        ("2000-03-02", ("AAPL", "IBM", "MSFT")),
        ("2004-08-18", ("AAPL", "IBM", "MSFT")),
        ("2004-08-19", ("AAPL", "GOOG", "IBM", "MSFT")),
        ("2012-05-17", ("AAPL", "GOOG", "IBM", "MSFT")),
        ("2012-05-18", ("AAPL", "FB", "GOOG", "IBM", "MSFT")),
        ("2013-03-01", ("AAPL", "FB", "GOOG", "IBM", "MSFT")),
    ],
)
def test_only_shares_listed_on_the_day_are_offered(date: str, listed: tuple[str, ...]) -> None:
    assert tuple(one.symbol for one in resolve("history", date=date).instruments) == listed
    assert next(day.symbols for day in playable_days("history") if day.date == date) == listed


def test_splits_are_found_and_dividends_are_not() -> None:
    found = {}
    for symbol, share in real_bars.load().items():
        for i in range(1, len(share.bars)):
            if share.factors[i] != share.factors[i - 1]:
                found[symbol, share.bars[i].date] = share.factors[i] / share.factors[i - 1]
    # Microsoft's dividend of 2004-11-15, a tenth of its price, is not among them.
    assert found == {
        ("AAPL", "2000-06-21"): Fraction(2),
        ("AAPL", "2005-02-28"): Fraction(2),
        ("MSFT", "2003-02-18"): Fraction(2),
    }


def test_earlier_bars_are_counted_in_the_days_own_shares() -> None:
    share = real_bars.load()["AAPL"]
    split, before = share.index["2005-02-28"], share.index["2005-02-25"]
    assert share.bars[before].close == 889_900
    as_of_split = share.adjusted(before, split, 100)
    assert (as_of_split.close, as_of_split.volume) == (4_450, 2 * share.bars[before].volume)
    assert share.adjusted(before, before, 100).close == 8_899
    # A later day in earlier shares: the price is doubled, so that nothing jumps during a session.
    assert share.adjusted(split, before, 100).close == 2 * 4_486
    # The source's own adjustment, which also takes off dividends, agrees about the two splits before 2013.
    first = share.adjusted(0, len(share.bars) - 1, 100)
    assert abs(Decimal(first.close) / 100 - Decimal("130.31") / 4) < Decimal("0.01")


def test_previous_close_is_the_bar_before() -> None:
    scenario = resolve("history", date="2005-02-28")
    closes = {one.symbol: one.previous_close_ticks for one in scenario.instruments}
    assert closes["AAPL"] == 4_450
    assert closes["IBM"] == 9_280
    # A share's first day has nothing before it but its own opening price.
    first = resolve("history", date="2004-08-19")
    google = next(one for one in first.instruments if one.symbol == "GOOG")
    assert google.previous_close_ticks == real_bars.load()["GOOG"].bars[0].open // 100


def test_the_exchange_keeps_new_yorks_hours_summer_and_winter() -> None:
    calendar = resolve("history").calendar
    hour = 3_600_000_000_000
    assert calendar.open_ns("2008-10-10") % (24 * hour) == 13 * hour + hour // 2
    assert calendar.open_ns("2008-12-10") % (24 * hour) == 14 * hour + hour // 2
    # The United States moved the change from April to March in 2007.
    assert calendar.open_ns("2006-03-20") % (24 * hour) == 14 * hour + hour // 2
    assert calendar.open_ns("2007-03-20") % (24 * hour) == 13 * hour + hour // 2
    assert calendar.close_ns("2008-10-10") - calendar.open_ns("2008-10-10") == 6 * hour + hour // 2


def test_the_next_trading_day() -> None:
    history = resolve("history").calendar
    assert history.next_day("2001-09-10") == "2001-09-17"
    assert history.next_day("2012-10-26") == "2012-10-31"
    assert history.next_day("2013-02-28") == "2013-03-01"
    assert history.next_day("2013-03-01") == "2013-03-04"
    synthetic = resolve("open-market").calendar
    assert synthetic.next_day("2026-03-06") == "2026-03-09"
    hour = 3_600_000_000_000
    assert synthetic.open_ns("2026-03-09") - synthetic.open_ns("2026-03-06") == 71 * hour
