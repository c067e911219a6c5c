"""Any trader, any slicing of time, any moment of a restore: the same market (a property test)."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator_engine.core.commands import CancelOrder, Command, FlattenPosition, MassCancel, ReplaceOrder
from simulator_engine.core.reasons import Side, TimeInForce
from simulator_engine.market.exchange import Exchange
from tests.engine.market.exchanges import opened, order, restored

SYMBOLS = ("ACME", "HELX", "LUMA", "PIKE", "VOLT")

ACTION = st.tuples(
    st.sampled_from(("market", "limit", "cancel", "replace", "mass", "flatten", "step")),
    st.sampled_from(SYMBOLS),
    st.sampled_from((Side.BUY, Side.SELL)),
    st.integers(min_value=1, max_value=900),
    st.integers(min_value=-4, max_value=12),
    st.integers(min_value=0, max_value=1_500_000_000),
)
Action = tuple[str, str, Side, int, int, int]


def _command(exchange: Exchange, number: int, action: Action) -> Command:
    kind, symbol, side, quantity, distance, _ = action
    touch = exchange.venue.best_bid(symbol) if side is Side.BUY else exchange.venue.best_ask(symbol)
    assert touch is not None
    price = f"{(touch[0] - side.sign * distance) / 100:.2f}"
    name, earlier = f"order-{number}", f"order-{quantity % max(1, number)}"
    if kind == "limit":
        return order(number, symbol, side, quantity, price, TimeInForce.GOOD_TILL_CANCEL)
    if kind == "cancel":
        return CancelOrder(request_id=name, client_order_id=earlier)
    if kind == "replace":
        return ReplaceOrder(request_id=name, original_client_order_id=earlier, quantity=str(quantity), price=price)
    if kind == "mass":
        return MassCancel(request_id=name, symbol=symbol)
    if kind == "flatten":
        return FlattenPosition(request_id=name, symbol=symbol)
    return order(number, symbol, side, quantity)


@given(actions=st.lists(ACTION, min_size=1, max_size=12), slices=st.integers(1, 40), cut=st.integers(0, 11))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_lived_replayed_and_restored_are_one(actions: list[Action], slices: int, cut: int) -> None:
    lived = opened()
    journal: list[tuple[int, Command]] = []
    for number, action in enumerate(actions):
        if action[0] == "step":
            lived.step()
            continue
        until = lived.sim_time_ns + action[5]
        while not lived.advance(until, slices):
            pass
        command = _command(lived, number, action)
        journal.append((lived.sim_time_ns, command))
        lived.handle(command)
    replayed = opened()
    for index, (when, command) in enumerate(journal):
        if index == cut:
            replayed = restored(replayed.snapshot())
        assert replayed.advance(when, 1 << 40)
        replayed.handle(command)
    assert replayed.advance(lived.sim_time_ns, 1 << 40)
    assert replayed.event_hash == lived.event_hash
    assert replayed.snapshot() == lived.snapshot()
