"""The shapes of accounts on the wire. Shape only: rules are the services'."""

import ipaddress
from typing import Any

from rest_framework import serializers

from apps.accounts.api_keys import SCOPES
from apps.accounts.models import ApiKey, Role
from apps.common.fields import EmailField, StrictSerializer

# Longer passwords than the rules allow are refused before they reach the hasher.
_LONGEST_PASSWORD = 256


class SignUpSerializer(StrictSerializer):
    email = EmailField(max_length=254)
    password = serializers.CharField(max_length=_LONGEST_PASSWORD, trim_whitespace=False)
    display_name = serializers.CharField(max_length=80)


class NextStepSerializer(serializers.Serializer):
    next = serializers.ChoiceField(choices=["login", "verify"])


class LoginSerializer(StrictSerializer):
    # No address check: what is no address is nobody's, and answered like that.
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=_LONGEST_PASSWORD, trim_whitespace=False)
    refresh_in = serializers.ChoiceField(choices=["cookie", "body"], default="cookie")


class RefreshSerializer(StrictSerializer):
    refresh = serializers.CharField(max_length=4096, required=False, help_text="Left out when the cookie carries it.")


class UserSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    display_name = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    created_at = serializers.DateTimeField()


class LoginAnswerSerializer(serializers.Serializer):
    access = serializers.CharField()
    access_expires_at = serializers.DateTimeField()
    user = UserSerializer()
    refresh = serializers.CharField(required=False, help_text='Only with refresh_in "body".')
    refresh_expires_at = serializers.DateTimeField(required=False)


class ProfileSerializer(StrictSerializer):
    display_name = serializers.CharField(max_length=80)


class PasswordSerializer(StrictSerializer):
    current_password = serializers.CharField(max_length=_LONGEST_PASSWORD, trim_whitespace=False)
    new_password = serializers.CharField(max_length=_LONGEST_PASSWORD, trim_whitespace=False)
    refresh_in = serializers.ChoiceField(choices=["cookie", "body"], default="cookie")


class DeviceSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    current = serializers.BooleanField(help_text="The one that asks.")
    user_agent = serializers.CharField()
    address = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField()


class DeviceListSerializer(serializers.Serializer):
    results = DeviceSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ApiKeyInputSerializer(StrictSerializer):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SCOPES)), min_length=1, max_length=len(SCOPES)
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    allowed_ips = serializers.ListField(
        child=serializers.CharField(max_length=43), required=False, default=list, max_length=32
    )

    def validate_allowed_ips(self, value: list[str]) -> list[str]:
        try:
            return [str(ipaddress.ip_network(item, strict=False)) for item in value]
        except ValueError:
            raise serializers.ValidationError("Each must be an address or a network.", code="not_an_address") from None

    def validate_expires_at(self, value: Any) -> Any:
        if value is not None and value <= self.context["now"]:
            raise serializers.ValidationError("Must lie ahead.", code="in_the_past")
        return value


class ApiKeySerializer(serializers.ModelSerializer):
    class Meta:
        model = ApiKey
        fields = ["id", "name", "prefix", "scopes", "allowed_ips", "expires_at", "created_at", "last_used_at"]

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(SCOPES)))
    allowed_ips = serializers.ListField(child=serializers.CharField())


class ApiKeyCreatedSerializer(ApiKeySerializer):
    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]

    key = serializers.CharField(help_text="Shown this once.")


class ApiKeyListSerializer(serializers.Serializer):
    results = ApiKeySerializer(many=True)
    next = serializers.CharField(allow_null=True)
