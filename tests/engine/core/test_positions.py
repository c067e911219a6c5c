"""Positions, profit, fees and the double entry: to the cent."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator_engine.core.accounts import AccountTerms
from simulator_engine.core.events import LedgerLeg
from simulator_engine.core.fees import FeeSchedule
from simulator_engine.core.ledger import FEES, USER, VENUE, Ledger, Position, UnbalancedEntry, fill_legs
from simulator_engine.core.reasons import Side
from tests.engine.core.venues import BUY, MAKER, NOW, SELL, order, quote, reports, units, venue


def test_vector_netting_through_zero() -> None:
    """BUY 100 @ 50, SELL 150 @ 55, BUY 50 @ 52: realised 500 then 150, flat, average 0."""
    position = Position()
    assert position.apply(BUY, 100, units(5000)) == 0
    assert position.apply(SELL, 150, units(8250)) == units(500)
    assert (position.quantity_lots, position.cost_minor) == (-50, -units(2750))
    assert position.apply(BUY, 50, units(2600)) == units(150)
    assert (position.quantity_lots, position.cost_minor) == (0, 0)
    assert position.realized_pnl_minor == units(650)


def test_vector_buying_power() -> None:
    """10 000 cash, buy for 3 000: 7 000 left; then buy for 8 000: refused."""
    made = venue(cash=10_000)
    made.handle(order("a", BUY, 60, "50.00"), NOW)
    assert made.account.buying_power_minor == units(7000)
    report = reports(made.handle(order("b", BUY, 160, "50.00"), NOW))[0]
    assert report.reject_code == "INSUFFICIENT_BUYING_POWER"
    assert report.text == "needs 8 000.00, has 7 000.00"


def test_reducing_keeps_the_average() -> None:
    position = Position()
    position.apply(BUY, 100, units(5000))
    position.apply(BUY, 100, units(5200))
    assert position.apply(SELL, 50, units(2650)) == units(100)
    assert (position.quantity_lots, position.cost_minor) == (150, units(7650))


def test_a_short_is_averaged_and_covered() -> None:
    position = Position()
    position.apply(SELL, 100, units(5000))
    position.apply(SELL, 100, units(5200))
    assert position.apply(BUY, 100, units(5000)) == units(100)
    assert (position.quantity_lots, position.cost_minor) == (-100, -units(5100))


_FILLS = st.lists(st.tuples(st.sampled_from(list(Side)), st.integers(1, 500), st.integers(1, 9_999)), max_size=40)


@settings(max_examples=200, deadline=None)
@given(fills=_FILLS)
def test_profit_and_cost_account_for_every_cent(fills: list[tuple[Side, int, int]]) -> None:
    """realised = what sales brought − what buys cost + what the open position cost; flat means no cost at all."""
    position, cash = Position(), 0
    for side, lots, price in fills:
        notional = lots * price * 100
        position.apply(side, lots, notional)
        cash -= side.sign * notional
        assert position.realized_pnl_minor == cash + position.cost_minor
        if position.quantity_lots == 0:
            assert position.cost_minor == 0
        else:
            assert (position.cost_minor > 0) == (position.quantity_lots > 0)


@settings(max_examples=100, deadline=None)
@given(fills=_FILLS, fee=st.integers(-1000, 1000))
def test_every_entry_balances_and_sums_stay(fills: list[tuple[Side, int, int]], fee: int) -> None:
    ledger = Ledger()
    ledger.open(USER, "USD", units(1000))
    ledger.open(USER, "ACME", 10)
    ledger.open(VENUE, "ACME", -10)
    for side, lots, price in fills:
        ledger.book(
            fill_legs(symbol="ACME", currency="USD", side=side, lots=lots, notional_minor=lots * price, fee_minor=fee)
        )
        assert ledger.total("USD") == units(1000)
        assert ledger.total("ACME") == 0
    assert ledger.balance(FEES, "USD") == fee * len(fills)


def test_an_unbalanced_entry_books_nothing() -> None:
    ledger = Ledger()
    with pytest.raises(UnbalancedEntry):
        ledger.book((LedgerLeg(USER, "USD", 5, is_cash=True), LedgerLeg(VENUE, "USD", -4, is_cash=True)))
    assert ledger.balance(USER, "USD") == 0


# --- fees ----------------------------------------------------------------------------------------------------


def test_maker_and_taker_pay_their_own_rate() -> None:
    made = venue(fees=FeeSchedule(maker_basis_points_hundredths=100, taker_basis_points_hundredths=300))
    quote(made, asks=((5000, 100),))
    taken = reports(made.handle(order("a", BUY, 200, "50.00"), NOW))[1]
    assert taken.fee_minor == units("1.50")
    made.drain()
    made.participant_market("ACME", SELL, 100, MAKER, NOW)
    assert reports(made.drain())[0].fee_minor == units("0.50")
    assert made.account.fees_minor == units("2.00")
    assert made.account.position("ACME").fees_minor == units("2.00")
    assert made.account.realized_pnl_minor == 0
    assert made.account.ledger.balance(FEES, "USD") == units("2.00")


def test_a_rebate_is_paid_to_the_maker() -> None:
    made = venue(cash=5000, fees=FeeSchedule(maker_basis_points_hundredths=-20))
    made.handle(order("a", BUY, 100, "50.00"), NOW)
    made.drain()
    made.participant_market("ACME", SELL, 100, MAKER, NOW)
    assert reports(made.drain())[0].fee_minor == -units("0.10")
    assert made.account.cash_minor == units("0.10")


def test_the_minimum_is_charged_once_an_order() -> None:
    fees = FeeSchedule(per_lot_minor=50, minimum_minor=units(1))
    made = venue(fees=fees)
    quote(made, asks=((5000, 100), (5001, 50), (5002, 100)))
    filled = reports(made.handle(order("a", BUY, 250, "50.02"), NOW))[1:]
    assert [r.fee_minor for r in filled] == [units(1), 0, units("0.25")]


def test_the_fee_of_a_sale_never_exceeds_its_proceeds() -> None:
    made = venue(cash=0, holdings=(("ACME", 1, 5000),), fees=FeeSchedule(minimum_minor=units(100)))
    quote(made, bids=((5000, 1),))
    sold = reports(made.handle(order("a", SELL, 1, "50.00"), NOW))[1]
    assert sold.fee_minor == units(50)
    assert made.account.cash_minor == 0


def test_an_order_reserves_its_fee_too() -> None:
    made = venue(cash=5000, fees=FeeSchedule(taker_basis_points_hundredths=100))
    refused = reports(made.handle(order("a", BUY, 100, "50.00"), NOW))[0]
    assert refused.text == "needs 5 000.50, has 5 000.00"


@settings(max_examples=100, deadline=None)
@given(
    parts=st.lists(st.integers(1, 400), min_size=1, max_size=12),
    price=st.integers(4_500, 5_000),
    taker=st.integers(0, 5000),
    per_lot=st.integers(0, 100),
    minimum=st.integers(0, 50_000),
)
def test_a_fee_does_not_depend_on_how_an_order_was_filled(
    parts: list[int], price: int, taker: int, per_lot: int, minimum: int
) -> None:
    """Many fills cost what one costs, and what was reserved always suffices."""
    fees = FeeSchedule(taker, taker, per_lot, minimum)
    lots = sum(parts)
    needed = lots * price * 100 + fees.total(fees.worst_numerator(lots * price * 100, lots))
    made = venue(cash=f"{needed // 10_000}.{needed % 10_000:04d}", fees=fees)
    made.handle(order("a", BUY, lots, f"{price // 100}.{price % 100:02d}"), NOW)
    for part in parts:
        made.participant_market("ACME", SELL, part, MAKER, NOW, limit_ticks=1)
        assert made.account.buying_power_minor >= 0
    assert made.account.fees_minor == fees.total(fees.numerator(lots * price * 100, lots, maker=True))
    assert made.account.cash_minor == made.account.buying_power_minor == 0


# --- terms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": "MARGIN"},
        {"starting_cash_minor": -1},
        {"holdings": (("ACME", 0, 100),)},
        {"holdings": (("ACME", 5, 0),)},
    ],
)
def test_terms_that_mean_nothing(terms: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        AccountTerms(**{"currency": "USD", "starting_cash_minor": 0, **terms})  # type: ignore[arg-type]


def test_a_holding_must_be_listed() -> None:
    with pytest.raises(ValueError, match="NONE"):
        venue(holdings=(("NONE", 5, 100),))


def test_holdings_are_a_position_at_their_cost() -> None:
    made = venue(cash=0, holdings=(("ACME", 100, 4000),))
    quote(made, bids=((5000, 100),))
    made.handle(order("a", SELL, 100, "50.00"), NOW)
    assert made.account.realized_pnl_minor == units(1000)
    assert made.account.ledger.total("ACME") == 0
