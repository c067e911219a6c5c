"""The shapes of scenarios on the wire, for the OpenAPI document."""

from rest_framework import serializers


class FeeScheduleSerializer(serializers.Serializer):
    slug = serializers.CharField()
    title = serializers.CharField()
    maker_basis_points = serializers.CharField(help_text="A negative rate is a rebate.")
    taker_basis_points = serializers.CharField()
    per_lot = serializers.CharField()
    minimum = serializers.CharField()


class AccountPresetSerializer(serializers.Serializer):
    slug = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField()
    starting_cash = serializers.CharField()


class ScenarioSerializer(serializers.Serializer):
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    lesson = serializers.CharField()
    difficulty = serializers.CharField()
    kind = serializers.CharField(help_text="synthetic or history")
    currency = serializers.CharField()
    default_date = serializers.CharField()
    dates = serializers.BooleanField(help_text="Whether the trader may choose a day: see its days.")
    symbols = serializers.ListField(child=serializers.CharField())
    fees = FeeScheduleSerializer()
    account_presets = AccountPresetSerializer(many=True)


class ScenarioListSerializer(serializers.Serializer):
    results = ScenarioSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ScenarioInstrumentSerializer(serializers.Serializer):
    symbol = serializers.CharField()
    name = serializers.CharField()
    sector = serializers.CharField()
    currency = serializers.CharField()
    tick_size = serializers.CharField()
    lot_size = serializers.CharField()
    min_quantity = serializers.CharField()
    max_quantity = serializers.CharField()
    min_notional = serializers.CharField()
    max_notional = serializers.CharField()
    price_collar_basis_points = serializers.IntegerField()
    max_open_orders = serializers.IntegerField()
    shortable = serializers.BooleanField()
    previous_close = serializers.CharField()


class VenueRulesSerializer(serializers.Serializer):
    order_types = serializers.ListField(child=serializers.CharField())
    times_in_force = serializers.ListField(child=serializers.CharField())
    priority = serializers.CharField()
    market_order_collar_basis_points = serializers.IntegerField()
    self_match_prevention = serializers.CharField()
    reject_codes = serializers.ListField(child=serializers.CharField())


class PhaseHoursSerializer(serializers.Serializer):
    phase = serializers.CharField()
    to = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field]:
        # "from" is a word of the language, so it cannot be written as an attribute.
        fields = super().get_fields()
        return {"phase": fields["phase"], "from": serializers.CharField(), "to": fields["to"]}


class ScenarioCalendarSerializer(serializers.Serializer):
    exchange = serializers.CharField()
    timezone = serializers.CharField()
    open = serializers.CharField()
    close = serializers.CharField()
    start_after_open_minutes = serializers.IntegerField()


class SeedPolicySerializer(serializers.Serializer):
    minimum = serializers.CharField()
    maximum = serializers.CharField()
    default = serializers.CharField()
    text = serializers.CharField()


class ScenarioDetailSerializer(ScenarioSerializer):
    date = serializers.CharField(help_text="The day that the instruments are listed for.")
    instruments = ScenarioInstrumentSerializer(many=True)
    venue_rules = VenueRulesSerializer()
    phases = PhaseHoursSerializer(many=True)
    calendar = ScenarioCalendarSerializer()
    participants = serializers.CharField()
    seed_policy = SeedPolicySerializer()


class PlayableDaySerializer(serializers.Serializer):
    date = serializers.DateField()
    symbols = serializers.ListField(child=serializers.CharField())


class PlayableDayListSerializer(serializers.Serializer):
    results = PlayableDaySerializer(many=True)
    next = serializers.CharField(allow_null=True)
