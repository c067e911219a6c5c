"""The shapes of profiles on the wire. Shape only: rules are the services'."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.common.fields import DecimalStringField, StrictSerializer

_SYMBOL = r"^[A-Z0-9][A-Z0-9._-]{0,15}$"
# Far above any sensible account and far below what the engine's integers can hold.
_MOST_MONEY = 10**12
_MOST_QUANTITY = 10**12
_LEAST = Decimal("0.00000001")


class JSONObjectField(serializers.JSONField):
    """Any JSON object."""

    default_error_messages = {"not_a_dict": "Must be a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("not_a_dict")
        return super().to_internal_value(data)


class LayoutInputSerializer(StrictSerializer):
    name = serializers.CharField(max_length=80)
    layout = JSONObjectField()


class LayoutSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    layout = serializers.DictField()
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class LayoutListSerializer(serializers.Serializer):
    results = LayoutSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class HoldingSerializer(StrictSerializer):
    symbol = serializers.RegexField(_SYMBOL)
    quantity = DecimalStringField(places=8, minimum=_LEAST, maximum=_MOST_QUANTITY)
    average_price = DecimalStringField(places=8, minimum=_LEAST, maximum=_MOST_MONEY)


class LimitsSerializer(StrictSerializer):
    """Each is optional; what is left out does not apply."""

    max_order_notional = DecimalStringField(places=4, minimum=0, maximum=_MOST_MONEY, required=False)
    position_limit = DecimalStringField(places=4, minimum=0, maximum=_MOST_MONEY, required=False)
    exposure_limit = DecimalStringField(places=4, minimum=0, maximum=_MOST_MONEY, required=False)
    daily_loss_limit = DecimalStringField(places=4, minimum=0, maximum=_MOST_MONEY, required=False)


class PortfolioConfigurationInputSerializer(StrictSerializer):
    name = serializers.CharField(max_length=80)
    currency = serializers.RegexField(r"^[A-Z]{3,8}$", default="USD")
    starting_cash = DecimalStringField(places=4, minimum=0, maximum=_MOST_MONEY)
    holdings = HoldingSerializer(many=True, required=False, default=list, max_length=100)  # type: ignore[call-arg]
    limits = LimitsSerializer(required=False, default=dict)
    benchmark = serializers.RegexField(_SYMBOL, required=False, allow_null=True, default=None)

    def validate_holdings(self, value: list[dict[str, Any]]) -> list[dict[str, str]]:
        symbols = [holding["symbol"] for holding in value]
        if len(set(symbols)) != len(symbols):
            raise serializers.ValidationError("A symbol appears twice.", code="duplicate")
        return [
            {
                "symbol": holding["symbol"],
                "quantity": format(holding["quantity"], "f"),
                "average_price": format(holding["average_price"], "f"),
            }
            for holding in value
        ]

    def validate_limits(self, value: dict[str, Any]) -> dict[str, str]:
        return {name: format(amount, "f") for name, amount in value.items()}

    def validate_benchmark(self, value: str | None) -> str:
        return value or ""


class HoldingOutputSerializer(serializers.Serializer):
    symbol = serializers.CharField()
    quantity = serializers.CharField()
    average_price = serializers.CharField()


class LimitsOutputSerializer(serializers.Serializer):
    max_order_notional = serializers.CharField(required=False)
    position_limit = serializers.CharField(required=False)
    exposure_limit = serializers.CharField(required=False)
    daily_loss_limit = serializers.CharField(required=False)


class PortfolioConfigurationSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    currency = serializers.CharField()
    starting_cash = serializers.CharField()
    holdings = HoldingOutputSerializer(many=True)
    limits = LimitsOutputSerializer()
    benchmark = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class PortfolioConfigurationListSerializer(serializers.Serializer):
    results = PortfolioConfigurationSerializer(many=True)
    next = serializers.CharField(allow_null=True)
