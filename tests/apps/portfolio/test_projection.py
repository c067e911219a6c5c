"""The ledger books each event once and in balance; positions and the account follow the newest event."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.journal.receivers import Leg
from apps.portfolio import selectors, services
from apps.portfolio.models import AccountState, LedgerEntry, Position
from apps.portfolio.projection import UnbalancedLegs, project
from tests.apps.facts import account_updated, execution, fill_legs, make_session, position_updated

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(make_user):
    return make_session(make_user(), account={"starting_cash": "1000.00"})


def apply(session, *reports):
    project(session_id=session.id, records=(), reports=reports, committed_at=timezone.now())


def deposit(event_seq=1, amount="1000.00"):
    """The first event; the opening cash is booked with it."""
    return account_updated(event_seq, cash=amount)


def buy(session, event_seq=2):
    fill = execution(
        session.id, event_seq, "a", event="order.filled", execution_type="TRADE", status="FILLED", cum="10",
        last_quantity="10", last_price="12.3456", legs=fill_legs("123.456", "10"),
    )  # fmt: skip
    return (
        fill,
        position_updated(event_seq + 1, quantity="10", cost="123.456"),
        account_updated(event_seq + 2, cash="876.544"),
    )


def test_a_fill_is_booked_and_the_sums_are_the_balances(session):
    apply(session, deposit(), *buy(session))
    sums = selectors.ledger_sums(session_id=session.id)
    assert sums["USER", "USD", True] == Decimal("876.544")
    assert sums["USER", "ACME", False] == 10
    assert services.verify_ledger(session_id=session.id) == []
    call_command("verify_ledger")


def test_a_repeated_or_older_batch_changes_nothing(session):
    apply(session, deposit(), *buy(session))
    before = (list(LedgerEntry.objects.values()), list(Position.objects.values()), list(AccountState.objects.values()))
    apply(session, deposit(), *buy(session))
    apply(session, deposit())
    after = (list(LedgerEntry.objects.values()), list(Position.objects.values()), list(AccountState.objects.values()))
    assert after == before


def test_legs_out_of_balance_are_never_stored(session):
    wrong = (Leg("USER", "USD", Decimal(5), True), Leg("VENUE", "USD", Decimal("-4.9999"), True))
    with pytest.raises(UnbalancedLegs):
        apply(session, account_updated(1, legs=wrong))
    assert not LedgerEntry.objects.exists()


def test_a_leg_finer_than_the_ledger_is_refused_not_rounded(session):
    fine = (Leg("USER", "USD", Decimal("0.00001"), True), Leg("VENUE", "USD", Decimal("-0.00001"), True))
    with pytest.raises(UnbalancedLegs):
        apply(session, account_updated(1, legs=fine))


def test_the_check_names_what_differs(session):
    apply(session, deposit(), *buy(session))
    AccountState.objects.update(cash=Decimal("876.54"))
    faults = services.verify_ledger(session_id=session.id)
    assert faults == ["cash: the ledger says 876.544, the account 876.54"]
    with pytest.raises(CommandError):
        call_command("verify_ledger")


def test_unrealized_profit_and_equity_are_right_to_the_cent(session):
    apply(session, deposit(), *buy(session))
    position, state = Position.objects.get(), AccountState.objects.get()
    mark = Decimal("12.355")
    shown = selectors.position_dict(position, mark)
    assert (shown["unrealized_pnl"], shown["mark_price"]) == ("0.094", "12.355")
    account = selectors.account_dict(state, [position], {"ACME": mark})
    assert (account["equity"], account["unrealized_pnl"], account["cash"]) == ("1000.094", "0.094", "876.544")


def test_without_a_mark_a_position_is_worth_its_cost(session):
    apply(session, deposit(), *buy(session))
    account = selectors.account_dict(AccountState.objects.get(), [Position.objects.get()], {})
    assert (account["equity"], account["unrealized_pnl"]) == ("1000.00", "0.00")


def test_the_ledger_is_listed_newest_first_over_pages(session, login_as):
    apply(session, deposit(), *buy(session))
    api = login_as(session.user)
    first = api.get(f"/sessions/{session.id}/ledger?limit=4")
    assert first.status_code == 200
    rest = api.get(f"/sessions/{session.id}/ledger?limit=4&cursor={first.data['next']}")
    seen = [(row["event_seq"], row["leg"]) for row in first.data["results"] + rest.data["results"]]
    assert seen == [(2, 3), (2, 2), (2, 1), (2, 0), (0, 1), (0, 0)]
    assert rest.data["next"] is None


def test_before_any_event_the_account_is_as_it_was_opened(make_user, login_as):
    holdings = [{"symbol": "ACME", "quantity": "20", "price": "100.00"}]
    session = make_session(make_user(), account={"starting_cash": "500.00", "holdings": holdings}, lease_state="")
    api = login_as(session.user)
    account = api.get(f"/sessions/{session.id}/account").data
    assert (account["cash"], account["buying_power"], account["equity"]) == ("500.00", "500.00", "2500.00")
    (position,) = api.get(f"/sessions/{session.id}/positions").data["results"]
    assert (position["quantity"], position["cost"], position["average_price"]) == ("20", "2000.00", "100")


def test_opening_holdings_are_in_the_ledger_from_the_first_event(make_user):
    holdings = [{"symbol": "ACME", "quantity": "20", "price": "100.00"}]
    session = make_session(make_user(), account={"starting_cash": "500.00", "holdings": holdings})
    apply(session, account_updated(1, cash="500.00"))
    sums = selectors.ledger_sums(session_id=session.id)
    assert sums["USER", "USD", True] == 500
    assert sums["USER", "ACME", False] == 20
    assert services.verify_ledger(session_id=session.id) == []
