"""Serializer fields for our wire: decimal strings in plain ASCII, RFC 3339 in UTC, and bodies without
unknown keys.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

_DECIMAL = re.compile(r"^-?(?:0|[1-9][0-9]{0,17})(?:\.([0-9]{1,18}))?$", re.ASCII)


def parse_decimal(text: object) -> Decimal | None:
    """The exact value of a plain decimal string, or None: no exponent, sign other than a leading minus,
    space,
    leading zero, digit outside ASCII, NaN, infinity or minus zero."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    if not _DECIMAL.match(text) or text.endswith("\n"):
        return None
    value = Decimal(text)
    if value == 0 and text.startswith("-"):
        return None
    return value


def rfc3339(moment: datetime) -> str:
    """``2008-10-10T13:30:00.000000Z``: UTC with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@extend_schema_field({"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$", "example": "12.50"})
class DecimalStringField(serializers.Field):
    """A decimal string on the wire, an exact Decimal inside. Numbers are refused: they would pass through
    a float.
    """

    default_error_messages = {
        "not_a_decimal": 'Send a plain decimal string such as "12.50".',
        "max_places": "At most {places} digits may follow the point.",
        "min_value": "Must be at least {limit}.",
        "max_value": "Must be at most {limit}.",
    }

    def __init__(
        self,
        *,
        places: int = 8,
        minimum: Decimal | int | None = None,
        maximum: Decimal | int | None = None,
        **kwargs: Any,
    ) -> None:
        self.places = places
        self.minimum = None if minimum is None else Decimal(minimum)
        self.maximum = None if maximum is None else Decimal(maximum)
        super().__init__(**kwargs)

    def to_internal_value(self, data: object) -> Decimal:
        value = parse_decimal(data)
        if value is None:
            self.fail("not_a_decimal")
        if -int(value.normalize().as_tuple().exponent) > self.places:
            self.fail("max_places", places=self.places)
        if self.minimum is not None and value < self.minimum:
            self.fail("min_value", limit=self.minimum)
        if self.maximum is not None and value > self.maximum:
            self.fail("max_value", limit=self.maximum)
        return value

    def to_representation(self, value: Any) -> str:
        return format(Decimal(value), "f")


class EmailField(serializers.EmailField):
    """An address; one that is text and no address is wrong (422), not unreadable (400)."""

    def run_validators(self, value: Any) -> None:
        try:
            super().run_validators(value)
        except serializers.ValidationError as error:
            messages = [str(item) for item in error.detail]
            raise serializers.ValidationError(messages, code="not_an_address") from None


class StrictSerializer(serializers.Serializer):
    """Refuses keys that it does not know, so that a misspelt option is never silently ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(str(key) for key in data.keys() - self.fields.keys())
            if unknown:
                raise serializers.ValidationError(
                    {
                        name[:64]: [serializers.ErrorDetail("There is no such field.", "unknown_field")]
                        for name in unknown[:20]
                    }
                )
        return super().to_internal_value(data)
