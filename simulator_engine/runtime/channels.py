"""gRPC channels between our own services: targets, mutual TLS, and the options that make a dead peer seen soon."""

from __future__ import annotations

from pathlib import Path

import grpc

from simulator_engine.config import TlsFiles

MAX_MESSAGE_BYTES = 64 * 1024 * 1024

HANDLER_REFUSAL = "x-refused"
"""Trailing metadata that our handler sets when it refused an UNAVAILABLE call itself, before doing anything."""

_CHANNEL_OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A stopped process keeps its sockets: without these pings it took a minute to notice.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 2_000),
    ("grpc.http2.ping_timeout_ms", 2_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # Several runs live in one process: a subchannel shared with a dead predecessor would keep its back-off.
    ("grpc.use_local_subchannel_pool", 1),
)

SERVER_OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.so_reuseport", 0),
)


def channel_options(target: str) -> tuple[tuple[str, int | str], ...]:
    """The options of a channel to this target."""
    if target.startswith("unix:"):
        # The path would be sent as the authority, which servers refuse.
        return (("grpc.default_authority", "localhost"), *_CHANNEL_OPTIONS)
    return _CHANNEL_OPTIONS


def channel_credentials(tls: TlsFiles | None) -> grpc.ChannelCredentials | None:
    """Client credentials for mutual TLS, or None for a plain channel."""
    if tls is None:
        return None
    return grpc.ssl_channel_credentials(
        root_certificates=Path(tls.authority).read_bytes(),
        private_key=Path(tls.key).read_bytes(),
        certificate_chain=Path(tls.certificate).read_bytes(),
    )


def server_credentials(tls: TlsFiles | None) -> grpc.ServerCredentials | None:
    """Server credentials that ask the peer for its certificate, or None for a plain port."""
    if tls is None:
        return None
    return grpc.ssl_server_credentials(
        [(Path(tls.key).read_bytes(), Path(tls.certificate).read_bytes())],
        root_certificates=Path(tls.authority).read_bytes(),
        require_client_auth=True,
    )


def call_metadata(*, token: str, session_id: str, epoch: int) -> tuple[tuple[str, str], ...]:
    """What every call between a simulator and the platform carries, both ways."""
    return (
        ("authorization", f"Bearer {token}"),
        ("x-session-id", session_id),
        ("x-epoch", str(epoch)),
    )
