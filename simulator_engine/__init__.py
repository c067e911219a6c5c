"""The exchange of one trader: matching, ledger, market, journal client and gRPC service. Never imports Django."""

ENGINE_VERSION = "1"
"""What a snapshot or journal was written by; raised whenever the same inputs could give other events."""
