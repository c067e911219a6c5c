"""Projections: what a batch does to the rows, and that repeats and late-comers do nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.orders import selectors
from apps.orders.models import Execution, Order, OrderAlias
from apps.orders.projection import project
from tests.apps.facts import cancel_rejected, command, execution, make_session, order_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(make_user):
    return make_session(make_user())


def apply(session, records=(), reports=()):
    project(session_id=session.id, records=records, reports=reports, committed_at=timezone.now())


def rows(session):
    return {
        "orders": list(Order.objects.order_by("order_id").values()),
        "aliases": list(OrderAlias.objects.order_by("client_order_id").values()),
        "executions": list(Execution.objects.order_by("event_seq").values()),
    }


def accepted_then_filled(session):
    return [
        execution(session.id, 1, "a", caused_by=1, caused_by_request="a"),
        execution(
            session.id, 2, "a", caused_by=1, event="order.filled", execution_type="TRADE",
            status="PARTIALLY_FILLED", cum="4", last_quantity="4", last_price="10.00", fee="0.02",
        ),
        execution(
            session.id, 3, "a", event="order.filled", execution_type="TRADE", status="FILLED", cum="10",
            last_quantity="6", last_price="10.00", fee="0.03",
        ),
    ]  # fmt: skip


def test_an_order_stands_as_its_newest_report_left_it(session):
    apply(session, [command(1, "a")], accepted_then_filled(session))
    order = Order.objects.get()
    assert str(order.order_id) == order_number(session.id, 1)
    assert (order.status, order.cum_quantity, order.leaves_quantity) == ("FILLED", 10, 0)
    assert (order.seq, order.event_seq, order.first_event_seq) == (3, 3, 1)
    assert [row.fee for row in Execution.objects.order_by("seq")] == [None, Decimal("0.02"), Decimal("0.03")]
    alias = OrderAlias.objects.get()
    assert (alias.state, alias.order_id, bytes(alias.body_hash)) == ("BORNE", order.order_id, b"h" * 32)


def test_a_repeated_batch_changes_nothing(session):
    apply(session, [command(1, "a")], accepted_then_filled(session))
    before = rows(session)
    apply(session, [command(1, "a")], accepted_then_filled(session))
    assert rows(session) == before


def test_an_older_report_never_overwrites_a_newer_one(session):
    first, second, third = accepted_then_filled(session)
    apply(session, [], [third])
    apply(session, [], [first, second])
    order = Order.objects.get()
    assert (order.status, order.seq) == ("FILLED", 3)
    assert Execution.objects.count() == 3


def test_batch_by_batch_gives_the_same_order_as_all_at_once(session, make_user):
    apply(session, [command(1, "a")], accepted_then_filled(session))
    whole = selectors.order_dict(Order.objects.get())
    Order.objects.all().delete()
    for report in accepted_then_filled(session):
        apply(session, [], [report])
    parts = selectors.order_dict(Order.objects.get())
    for moment in ("created_at", "updated_at"):
        whole.pop(moment), parts.pop(moment)
    assert parts == whole


def test_all_ids_of_an_order_lead_to_it(session):
    apply(session, [command(1, "a")], [execution(session.id, 1, "a", caused_by=1, caused_by_request="a")])
    replaced = execution(
        session.id, 2, "b", caused_by=2, caused_by_request="b", event="order.replaced",
        execution_type="REPLACED", original_client_order_id="a",
    )  # fmt: skip
    apply(session, [command(2, "b", kind="replace")], [replaced])
    by_old = selectors.find_order(session_id=session.id, client_order_id="a")
    by_new = selectors.find_order(session_id=session.id, client_order_id="b")
    assert by_old == by_new
    assert by_new.client_order_id == "b"


def test_a_refused_replacement_uses_up_its_id_and_belongs_to_no_order(session):
    apply(session, [command(1, "a")], accepted_then_filled(session))
    apply(session, [command(2, "b", kind="replace")], [cancel_rejected(4, "b", "a")])
    assert OrderAlias.objects.get(client_order_id="b").state == "REFUSED"
    assert selectors.find_order(session_id=session.id, client_order_id="b") is None
    assert Order.objects.get().status == "FILLED"


def test_a_claim_is_kept_with_its_hash_when_the_order_arrives(session):
    OrderAlias.objects.create(
        session=session, client_order_id="a", state="CLAIMED", body_hash=b"mine", created_at=timezone.now()
    )
    apply(session, [command(1, "a", body_hash=b"journal")], accepted_then_filled(session)[:1])
    alias = OrderAlias.objects.get()
    assert (alias.state, bytes(alias.body_hash)) == ("BORNE", b"mine")


def test_the_shown_order_is_the_venues_own_text(session):
    report = execution(session.id, 1, "a", quantity="123456789012345678", price="0.123456789012345678")
    apply(session, [], [report])
    shown = selectors.order_dict(Order.objects.get())
    assert shown["quantity"] == "123456789012345678"
    assert shown["price"] == "0.123456789012345678"


def test_a_large_batch_takes_one_statement_a_table(session):
    reports = [
        execution(session.id, n, f"o{n}", number=n, caused_by=n, caused_by_request=f"o{n}") for n in range(1, 21)
    ]
    with CaptureQueriesContext(
        connection,
    ) as captured:
        apply(session, [command(n, f"o{n}") for n in range(1, 21)], reports)
    assert len(captured) == 3
    assert Order.objects.count() == 20


def test_more_rows_than_a_statement_holds_are_all_written(session):
    reports = [execution(session.id, n, f"o{n}", number=n) for n in range(1, 101)]
    apply(session, [], reports)
    assert Order.objects.count() == Execution.objects.count() == OrderAlias.objects.count() == 100
