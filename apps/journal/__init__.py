"""The log of record: the gRPC Journal service, the only writer of journal, event log and snapshots."""
