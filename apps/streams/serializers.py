"""The shapes of the stream's HTTP side, for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers

from apps.common.fields import StrictSerializer


class StreamTicketRequest(StrictSerializer):
    session = serializers.UUIDField(help_text="The session whose stream is to be opened.")


class StreamTicket(serializers.Serializer):
    ticket = serializers.CharField(help_text="Goes into the socket's hello; works once.")
    expires_in = serializers.IntegerField(help_text="Seconds.")


class StreamFrame(serializers.Serializer):
    """One frame; the same over WebSocket, server-sent events and polling."""

    stream = serializers.CharField(allow_null=True, required=False)
    seq = serializers.IntegerField(allow_null=True, required=False)
    type = serializers.CharField()
    sim_time = serializers.CharField(allow_null=True, required=False)
    wall_time = serializers.CharField(allow_null=True, required=False)
    epoch = serializers.IntegerField(required=False)
    poss_dup = serializers.BooleanField(required=False)
    data = serializers.JSONField(required=False)  # type: ignore[assignment]


class Events(serializers.Serializer):
    frames = StreamFrame(many=True)
    cursor = serializers.CharField(help_text="Pass as after= the next time.")
