from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AcquireRequest(_message.Message):
    __slots__ = ("session_id", "epoch", "holder", "endpoint", "engine_version")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: int
    holder: str
    endpoint: str
    engine_version: str
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[int] = ..., holder: _Optional[str] = ..., endpoint: _Optional[str] = ..., engine_version: _Optional[str] = ...) -> None: ...

class SessionSpec(_message.Message):
    __slots__ = ("scenario", "date", "seed", "account", "speed", "engine_version")
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    scenario: str
    date: str
    seed: int
    account: bytes
    speed: str
    engine_version: str
    def __init__(self, scenario: _Optional[str] = ..., date: _Optional[str] = ..., seed: _Optional[int] = ..., account: _Optional[bytes] = ..., speed: _Optional[str] = ..., engine_version: _Optional[str] = ...) -> None: ...

class AcquireReply(_message.Message):
    __slots__ = ("spec", "last_command_seq", "last_event_seq", "horizon_ns", "lease_ttl_seconds")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    LAST_COMMAND_SEQ_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    HORIZON_NS_FIELD_NUMBER: _ClassVar[int]
    LEASE_TTL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    spec: SessionSpec
    last_command_seq: int
    last_event_seq: int
    horizon_ns: int
    lease_ttl_seconds: float
    def __init__(self, spec: _Optional[_Union[SessionSpec, _Mapping]] = ..., last_command_seq: _Optional[int] = ..., last_event_seq: _Optional[int] = ..., horizon_ns: _Optional[int] = ..., lease_ttl_seconds: _Optional[float] = ...) -> None: ...

class RenewRequest(_message.Message):
    __slots__ = ("session_id", "epoch", "holder", "horizon_ns", "state", "sim_time_ns", "phase", "speed", "paused", "detail")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    HORIZON_NS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SIM_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: int
    holder: str
    horizon_ns: int
    state: str
    sim_time_ns: int
    phase: str
    speed: str
    paused: bool
    detail: str
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[int] = ..., holder: _Optional[str] = ..., horizon_ns: _Optional[int] = ..., state: _Optional[str] = ..., sim_time_ns: _Optional[int] = ..., phase: _Optional[str] = ..., speed: _Optional[str] = ..., paused: _Optional[bool] = ..., detail: _Optional[str] = ...) -> None: ...

class RenewReply(_message.Message):
    __slots__ = ("horizon_ns",)
    HORIZON_NS_FIELD_NUMBER: _ClassVar[int]
    horizon_ns: int
    def __init__(self, horizon_ns: _Optional[int] = ...) -> None: ...

class Record(_message.Message):
    __slots__ = ("command_seq", "sim_time_ns", "event_index", "kind", "request_id", "body_hash", "body")
    COMMAND_SEQ_FIELD_NUMBER: _ClassVar[int]
    SIM_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    EVENT_INDEX_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BODY_HASH_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    command_seq: int
    sim_time_ns: int
    event_index: int
    kind: str
    request_id: str
    body_hash: bytes
    body: bytes
    def __init__(self, command_seq: _Optional[int] = ..., sim_time_ns: _Optional[int] = ..., event_index: _Optional[int] = ..., kind: _Optional[str] = ..., request_id: _Optional[str] = ..., body_hash: _Optional[bytes] = ..., body: _Optional[bytes] = ...) -> None: ...

class LedgerLeg(_message.Message):
    __slots__ = ("account", "asset", "amount", "is_cash")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    IS_CASH_FIELD_NUMBER: _ClassVar[int]
    account: str
    asset: str
    amount: str
    is_cash: bool
    def __init__(self, account: _Optional[str] = ..., asset: _Optional[str] = ..., amount: _Optional[str] = ..., is_cash: _Optional[bool] = ...) -> None: ...

class Report(_message.Message):
    __slots__ = ("event_seq", "stream", "stream_seq", "type", "caused_by", "sim_time_ns", "wall_time_ms", "body", "legs")
    EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    STREAM_SEQ_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CAUSED_BY_FIELD_NUMBER: _ClassVar[int]
    SIM_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    LEGS_FIELD_NUMBER: _ClassVar[int]
    event_seq: int
    stream: str
    stream_seq: int
    type: str
    caused_by: int
    sim_time_ns: int
    wall_time_ms: int
    body: bytes
    legs: _containers.RepeatedCompositeFieldContainer[LedgerLeg]
    def __init__(self, event_seq: _Optional[int] = ..., stream: _Optional[str] = ..., stream_seq: _Optional[int] = ..., type: _Optional[str] = ..., caused_by: _Optional[int] = ..., sim_time_ns: _Optional[int] = ..., wall_time_ms: _Optional[int] = ..., body: _Optional[bytes] = ..., legs: _Optional[_Iterable[_Union[LedgerLeg, _Mapping]]] = ...) -> None: ...

class AppendRequest(_message.Message):
    __slots__ = ("session_id", "epoch", "first_command_seq", "first_event_seq", "records", "reports", "horizon_ns", "event_hash", "event_count", "sim_time_ns")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FIRST_COMMAND_SEQ_FIELD_NUMBER: _ClassVar[int]
    FIRST_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    HORIZON_NS_FIELD_NUMBER: _ClassVar[int]
    EVENT_HASH_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    SIM_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: int
    first_command_seq: int
    first_event_seq: int
    records: _containers.RepeatedCompositeFieldContainer[Record]
    reports: _containers.RepeatedCompositeFieldContainer[Report]
    horizon_ns: int
    event_hash: bytes
    event_count: int
    sim_time_ns: int
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[int] = ..., first_command_seq: _Optional[int] = ..., first_event_seq: _Optional[int] = ..., records: _Optional[_Iterable[_Union[Record, _Mapping]]] = ..., reports: _Optional[_Iterable[_Union[Report, _Mapping]]] = ..., horizon_ns: _Optional[int] = ..., event_hash: _Optional[bytes] = ..., event_count: _Optional[int] = ..., sim_time_ns: _Optional[int] = ...) -> None: ...

class AppendReply(_message.Message):
    __slots__ = ("fenced", "last_command_seq", "last_event_seq", "repeated_batch", "duplicate_request_id")
    FENCED_FIELD_NUMBER: _ClassVar[int]
    LAST_COMMAND_SEQ_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    REPEATED_BATCH_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    fenced: bool
    last_command_seq: int
    last_event_seq: int
    repeated_batch: bool
    duplicate_request_id: str
    def __init__(self, fenced: _Optional[bool] = ..., last_command_seq: _Optional[int] = ..., last_event_seq: _Optional[int] = ..., repeated_batch: _Optional[bool] = ..., duplicate_request_id: _Optional[str] = ...) -> None: ...

class LoadTailRequest(_message.Message):
    __slots__ = ("session_id", "epoch", "after_command_seq", "after_event_seq")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMAND_SEQ_FIELD_NUMBER: _ClassVar[int]
    AFTER_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: int
    after_command_seq: int
    after_event_seq: int
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[int] = ..., after_command_seq: _Optional[int] = ..., after_event_seq: _Optional[int] = ...) -> None: ...

class TailBatch(_message.Message):
    __slots__ = ("records", "reports", "event_hash", "event_count", "sim_time_ns")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    EVENT_HASH_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    SIM_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[Record]
    reports: _containers.RepeatedCompositeFieldContainer[Report]
    event_hash: bytes
    event_count: int
    sim_time_ns: int
    def __init__(self, records: _Optional[_Iterable[_Union[Record, _Mapping]]] = ..., reports: _Optional[_Iterable[_Union[Report, _Mapping]]] = ..., event_hash: _Optional[bytes] = ..., event_count: _Optional[int] = ..., sim_time_ns: _Optional[int] = ...) -> None: ...

class SnapshotHeader(_message.Message):
    __slots__ = ("session_id", "epoch", "command_seq", "event_seq", "sim_time_ns", "engine_version", "state_hash", "sha256", "name", "size")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    COMMAND_SEQ_FIELD_NUMBER: _ClassVar[int]
    EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    SIM_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: int
    command_seq: int
    event_seq: int
    sim_time_ns: int
    engine_version: str
    state_hash: str
    sha256: bytes
    name: str
    size: int
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[int] = ..., command_seq: _Optional[int] = ..., event_seq: _Optional[int] = ..., sim_time_ns: _Optional[int] = ..., engine_version: _Optional[str] = ..., state_hash: _Optional[str] = ..., sha256: _Optional[bytes] = ..., name: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...

class SnapshotChunk(_message.Message):
    __slots__ = ("header", "data")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    header: SnapshotHeader
    data: bytes
    def __init__(self, header: _Optional[_Union[SnapshotHeader, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...

class PutSnapshotReply(_message.Message):
    __slots__ = ("fenced", "stored")
    FENCED_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    fenced: bool
    stored: bool
    def __init__(self, fenced: _Optional[bool] = ..., stored: _Optional[bool] = ...) -> None: ...

class GetSnapshotRequest(_message.Message):
    __slots__ = ("session_id", "epoch", "before_command_seq", "engine_version")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    BEFORE_COMMAND_SEQ_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: int
    before_command_seq: int
    engine_version: str
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[int] = ..., before_command_seq: _Optional[int] = ..., engine_version: _Optional[str] = ...) -> None: ...

class ReleaseRequest(_message.Message):
    __slots__ = ("session_id", "epoch", "holder", "state", "detail")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: int
    holder: str
    state: str
    detail: str
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[int] = ..., holder: _Optional[str] = ..., state: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class ReleaseReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
