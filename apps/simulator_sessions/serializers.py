"""The shapes of sessions on the wire. They check shape alone; what can be played is judged by the services."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.simulator_sessions.services import MAX_SEED
from simulator_engine.wire import speed_from_text

SLOWEST, FASTEST = Decimal("0.25"), Decimal(64)
ACTIONS = ("pause", "resume", "step", "speed")


def _speed(value: str) -> str:
    try:
        speed = speed_from_text(value)
    except ValueError as error:
        raise serializers.ValidationError(str(error), code="not_a_decimal") from None
    if not SLOWEST <= speed <= FASTEST:
        raise serializers.ValidationError(f"The speed goes from {SLOWEST} to {FASTEST}.", code="out_of_range")
    return format(speed.normalize(), "f")


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "description": "A preset of the scenario, or a portfolio configuration's id."},
            {
                "type": "object",
                "properties": {
                    "preset": {"type": "string"},
                    "starting_cash": {"type": "string"},
                    "holdings": {"type": "array", "items": {"type": "object"}},
                    "limits": {"type": "object"},
                },
            },
        ]
    }
)
class AccountField(serializers.JSONField):
    pass


class StartSessionSerializer(serializers.Serializer[Any]):
    scenario = serializers.CharField(max_length=64)
    date = serializers.DateField(required=False, allow_null=True, help_text="A day that the scenario can be played on.")
    seed = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_SEED)
    account = AccountField(required=False, allow_null=True)
    speed = serializers.CharField(required=False, max_length=16, default="1", help_text="0.25 to 64, as a decimal.")
    name = serializers.CharField(required=False, allow_blank=True, max_length=120, default="")

    def validate_speed(self, value: str) -> str:
        return _speed(value)


class ClockSerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=ACTIONS)
    speed = serializers.CharField(required=False, max_length=16, help_text="For action speed.")

    def validate_speed(self, value: str) -> str:
        return _speed(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["action"] == "speed" and "speed" not in attrs:
            raise serializers.ValidationError({"speed": ["The speed is missing."]}, code="required")
        return attrs


class SaveSnapshotSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)


class EngineSerializer(serializers.Serializer[Any]):
    core = serializers.CharField(allow_null=True, help_text="Which matching core runs.")


class NextSeqSerializer(serializers.Serializer[Any]):
    orders = serializers.IntegerField()
    account = serializers.IntegerField()
    session = serializers.IntegerField()


class SessionSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    status = serializers.CharField(
        help_text="REQUESTED, LAUNCHING, RESTORING, READY, DRAINING, STOPPED, FAILED or HIBERNATED."
    )
    target = serializers.CharField(help_text="READY, HIBERNATED or STOPPED: what is wanted.")
    cause = serializers.CharField(allow_null=True)
    scenario = serializers.CharField()
    date = serializers.DateField(allow_null=True)
    seed = serializers.IntegerField()
    account = serializers.JSONField()
    epoch = serializers.IntegerField()
    engine_version = serializers.CharField(allow_null=True)
    engine = EngineSerializer()
    phase = serializers.CharField(allow_null=True)
    sim_time = serializers.DateTimeField(allow_null=True)
    speed = serializers.CharField()
    paused = serializers.BooleanField()
    link = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(allow_null=True)
    ready_in_ms = serializers.IntegerField(allow_null=True)
    progress_url = serializers.CharField()


class SessionDetailSerializer(SessionSerializer):
    next_seq = NextSeqSerializer()


class SessionPageSerializer(serializers.Serializer[Any]):
    results = SessionSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class SnapshotSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(allow_null=True)
    command_seq = serializers.IntegerField()
    sim_time = serializers.DateTimeField()
    state_hash = serializers.CharField()
    size = serializers.IntegerField(required=False)
    created_at = serializers.DateTimeField(required=False)


class SnapshotPageSerializer(serializers.Serializer[Any]):
    results = SnapshotSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class InstrumentSerializer(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    name = serializers.CharField()
    tick_size = serializers.CharField()
    lot_size = serializers.CharField()
    currency = serializers.CharField()
    min_quantity = serializers.CharField()
    max_quantity = serializers.CharField()
    shortable = serializers.BooleanField()
    phase = serializers.CharField()
    last_price = serializers.CharField(allow_null=True)
    previous_close = serializers.CharField(allow_null=True)


class InstrumentPageSerializer(serializers.Serializer[Any]):
    results = InstrumentSerializer(many=True)
    next = serializers.CharField(allow_null=True)


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "string"}, {"type": "integer"}]},
    }
)
class LevelsField(serializers.JSONField):
    """Levels as [price, quantity, orders], best first."""


class BookSerializer(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    seq = serializers.IntegerField()
    sim_time = serializers.DateTimeField()
    bids = LevelsField()
    asks = LevelsField()
    checksum = serializers.IntegerField()


class TradeSerializer(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    sim_time = serializers.DateTimeField()
    price = serializers.CharField()
    quantity = serializers.CharField()
    aggressor = serializers.CharField()
    condition = serializers.CharField()
    own = serializers.BooleanField()


class TradePageSerializer(serializers.Serializer[Any]):
    results = TradeSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class CandleSerializer(serializers.Serializer[Any]):
    time = serializers.DateTimeField()
    open = serializers.CharField()
    high = serializers.CharField()
    low = serializers.CharField()
    close = serializers.CharField()
    volume = serializers.CharField()
    trades = serializers.IntegerField()


class CandlePageSerializer(serializers.Serializer[Any]):
    results = CandleSerializer(many=True)
    next = serializers.CharField(allow_null=True)
