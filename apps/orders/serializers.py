"""The shapes of orders and executions, for the OpenAPI document. Bodies are read by bodies.py, which is stricter."""

from __future__ import annotations

from rest_framework import serializers

from apps.orders.bodies import DEFAULT_GOOD_FOR_MS, MAX_GOOD_FOR_MS
from simulator_engine.core.reasons import ExecType, LastLiquidity, OrderType, OrdStatus, Side, TimeInForce

SIDES = [side.value for side in Side]
ORDER_TYPES = [kind.value for kind in OrderType]
TIMES_IN_FORCE = [time.value for time in TimeInForce]
STATUSES = [status.value for status in OrdStatus]
EXECUTION_TYPES = [kind.value for kind in ExecType]


def _number(**options: object) -> serializers.CharField:
    return serializers.CharField(help_text="Decimal string.", **options)  # type: ignore[arg-type]


def _id(**options: object) -> serializers.RegexField:
    return serializers.RegexField(
        r"^[A-Za-z0-9._:-]{1,64}$",
        help_text="Unique for the life of the session.",
        **options,  # type: ignore[arg-type]
    )


class OrderRequest(serializers.Serializer):
    """A new order. The same id with the same body returns the first result and never a second order."""

    client_order_id = _id()
    symbol = serializers.CharField(max_length=32)
    side = serializers.ChoiceField(choices=SIDES)
    type = serializers.ChoiceField(choices=ORDER_TYPES)
    quantity = _number()
    price = _number(required=False, allow_null=True)
    stop_price = _number(required=False, allow_null=True)
    time_in_force = serializers.ChoiceField(choices=TIMES_IN_FORCE, required=False, default=TimeInForce.DAY.value)
    display_quantity = _number(required=False, allow_null=True)
    min_quantity = _number(required=False, allow_null=True)
    post_only = serializers.BooleanField(required=False, default=False)
    reduce_only = serializers.BooleanField(required=False, default=False)
    good_for_ms = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_GOOD_FOR_MS,
        default=DEFAULT_GOOD_FOR_MS,
        help_text="With sent_at: how long the order is good for; later it is rejected STALE_ORDER.",
    )
    sent_at = serializers.DateTimeField(required=False, allow_null=True, help_text="When the client sent it.")


class ReplaceRequest(serializers.Serializer):
    """New terms. `quantity` is the new total; what is left out stays."""

    client_order_id = _id()
    quantity = _number(required=False, allow_null=True)
    price = _number(required=False, allow_null=True)
    stop_price = _number(required=False, allow_null=True)


class FlattenRequest(serializers.Serializer):
    client_order_id = _id(required=False)


class OrderFacts(serializers.Serializer):
    order_id = serializers.UUIDField(allow_null=True)
    client_order_id = serializers.CharField()
    original_client_order_id = serializers.CharField(allow_null=True)
    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=SIDES)
    type = serializers.ChoiceField(choices=ORDER_TYPES)
    time_in_force = serializers.ChoiceField(choices=TIMES_IN_FORCE)
    quantity = _number()
    price = _number(allow_null=True)
    stop_price = _number(allow_null=True)
    display_quantity = _number(allow_null=True)
    post_only = serializers.BooleanField()
    reduce_only = serializers.BooleanField()
    status = serializers.ChoiceField(choices=STATUSES)
    working = serializers.BooleanField(help_text="False while a stop is held.")
    cum_quantity = _number()
    leaves_quantity = _number()
    average_price = _number(allow_null=True)
    quantity_ahead = _number(allow_null=True)
    reject_code = serializers.CharField(allow_null=True)
    text = serializers.CharField(allow_blank=True)
    sim_time = serializers.CharField()
    seq = serializers.IntegerField(help_text="Its newest report's number on the orders stream.")


class Order(OrderFacts):
    created_at = serializers.CharField()
    updated_at = serializers.CharField()


class Execution(OrderFacts):
    """One report on an order: why (`execution_type`), the state after it, and for a TRADE the fill."""

    execution_id = serializers.CharField()
    execution_type = serializers.ChoiceField(choices=EXECUTION_TYPES, required=False)
    event_type = serializers.CharField(help_text="order.filled, cancel.rejected, …")
    last_quantity = _number(allow_null=True, required=False)
    last_price = _number(allow_null=True, required=False)
    last_liquidity = serializers.ChoiceField(
        choices=[word.value for word in LastLiquidity], allow_null=True, required=False
    )
    fee = _number(allow_null=True, required=False)
    caused_by_request = serializers.CharField(allow_null=True, required=False)
    at = serializers.CharField(help_text="When it was made durable, wall time.")


class Orders(serializers.Serializer):
    results = Order(many=True)
    next = serializers.CharField(allow_null=True)


class Executions(serializers.Serializer):
    results = Execution(many=True)
    next = serializers.CharField(allow_null=True)


class CancelResult(serializers.Serializer):
    client_order_id = serializers.CharField()
    symbol = serializers.CharField()
    accepted = serializers.BooleanField()
    code = serializers.CharField(allow_null=True)
    text = serializers.CharField(allow_blank=True)
    order = Order(allow_null=True)


class CancelResults(serializers.Serializer):
    results = CancelResult(many=True)


class BrokenRule(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()


class Preview(serializers.Serializer):
    """What an order would cost and do, walking the book as it is now. Nothing changes."""

    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=SIDES)
    average_fill_price = _number(allow_null=True)
    worst_price = _number(allow_null=True)
    fill_quantity = _number(allow_null=True)
    resting_quantity = _number(allow_null=True)
    quantity_ahead = _number(allow_null=True)
    notional = _number(allow_null=True)
    estimated_fee = _number(allow_null=True)
    estimated_cost = _number(allow_null=True)
    margin = _number(allow_null=True)
    resulting_position = _number(allow_null=True)
    buying_power = _number(allow_null=True)
    buying_power_after = _number(allow_null=True)
    accepted = serializers.BooleanField()
    broken_rules = BrokenRule(many=True)
