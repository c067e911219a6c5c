"""The shapes of the portfolio, for the OpenAPI document. Numbers are decimal strings."""

from __future__ import annotations

from rest_framework import serializers

from simulator_engine.core.reasons import TradingState


def _number(**options: object) -> serializers.CharField:
    return serializers.CharField(help_text="Decimal string.", **options)  # type: ignore[arg-type]


class Position(serializers.Serializer):
    symbol = serializers.CharField()
    quantity = _number()
    average_price = _number(allow_null=True)
    mark_price = _number(allow_null=True)
    unrealized_pnl = _number(allow_null=True)
    realized_pnl = _number()
    fees = _number()
    cost = _number()
    sim_time = serializers.CharField(allow_null=True)
    seq = serializers.IntegerField()
    updated_at = serializers.CharField(allow_null=True)


class Positions(serializers.Serializer):
    results = Position(many=True)
    next = serializers.CharField(allow_null=True)


class Account(serializers.Serializer):
    currency = serializers.CharField()
    cash = _number()
    reserved = _number()
    buying_power = _number()
    equity = _number()
    realized_pnl = _number()
    unrealized_pnl = _number()
    fees = _number()
    state = serializers.ChoiceField(choices=[state.value for state in TradingState])
    sim_time = serializers.CharField(allow_null=True)
    seq = serializers.IntegerField()
    updated_at = serializers.CharField(allow_null=True)


class LedgerLine(serializers.Serializer):
    event_seq = serializers.IntegerField()
    leg = serializers.IntegerField()
    account = serializers.CharField(help_text="USER, VENUE or FEES.")
    asset = serializers.CharField(help_text="The currency, or the symbol.")
    is_cash = serializers.BooleanField()
    amount = _number()
    event_type = serializers.CharField()
    client_order_id = serializers.CharField(allow_null=True)
    execution_id = serializers.CharField(allow_null=True)
    sim_time = serializers.CharField()
    at = serializers.CharField()


class Ledger(serializers.Serializer):
    results = LedgerLine(many=True)
    next = serializers.CharField(allow_null=True)
