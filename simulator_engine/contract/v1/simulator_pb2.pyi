from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    APPLIED: _ClassVar[Outcome]
    REFUSED: _ClassVar[Outcome]
    REPLAYED: _ClassVar[Outcome]
    DUPLICATE: _ClassVar[Outcome]
    IN_PROGRESS: _ClassVar[Outcome]
    NOT_APPLIED: _ClassVar[Outcome]
OUTCOME_UNSPECIFIED: Outcome
APPLIED: Outcome
REFUSED: Outcome
REPLAYED: Outcome
DUPLICATE: Outcome
IN_PROGRESS: Outcome
NOT_APPLIED: Outcome

class Command(_message.Message):
    __slots__ = ("request_id", "body_hash", "sent_at_ms", "good_for_ms", "verdict", "submit", "cancel", "replace", "mass_cancel", "flatten", "clock")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BODY_HASH_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    GOOD_FOR_MS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    SUBMIT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    REPLACE_FIELD_NUMBER: _ClassVar[int]
    MASS_CANCEL_FIELD_NUMBER: _ClassVar[int]
    FLATTEN_FIELD_NUMBER: _ClassVar[int]
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    body_hash: bytes
    sent_at_ms: int
    good_for_ms: int
    verdict: str
    submit: SubmitOrder
    cancel: CancelOrder
    replace: ReplaceOrder
    mass_cancel: MassCancel
    flatten: FlattenPosition
    clock: ControlClock
    def __init__(self, request_id: _Optional[str] = ..., body_hash: _Optional[bytes] = ..., sent_at_ms: _Optional[int] = ..., good_for_ms: _Optional[int] = ..., verdict: _Optional[str] = ..., submit: _Optional[_Union[SubmitOrder, _Mapping]] = ..., cancel: _Optional[_Union[CancelOrder, _Mapping]] = ..., replace: _Optional[_Union[ReplaceOrder, _Mapping]] = ..., mass_cancel: _Optional[_Union[MassCancel, _Mapping]] = ..., flatten: _Optional[_Union[FlattenPosition, _Mapping]] = ..., clock: _Optional[_Union[ControlClock, _Mapping]] = ...) -> None: ...

class SubmitOrder(_message.Message):
    __slots__ = ("symbol", "side", "type", "time_in_force", "quantity", "price", "stop_price", "display_quantity", "min_quantity", "post_only", "reduce_only")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    POST_ONLY_FIELD_NUMBER: _ClassVar[int]
    REDUCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    side: str
    type: str
    time_in_force: str
    quantity: str
    price: str
    stop_price: str
    display_quantity: str
    min_quantity: str
    post_only: bool
    reduce_only: bool
    def __init__(self, symbol: _Optional[str] = ..., side: _Optional[str] = ..., type: _Optional[str] = ..., time_in_force: _Optional[str] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ..., stop_price: _Optional[str] = ..., display_quantity: _Optional[str] = ..., min_quantity: _Optional[str] = ..., post_only: _Optional[bool] = ..., reduce_only: _Optional[bool] = ...) -> None: ...

class CancelOrder(_message.Message):
    __slots__ = ("client_order_id",)
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    def __init__(self, client_order_id: _Optional[str] = ...) -> None: ...

class ReplaceOrder(_message.Message):
    __slots__ = ("original_client_order_id", "quantity", "price", "stop_price")
    ORIGINAL_CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    original_client_order_id: str
    quantity: str
    price: str
    stop_price: str
    def __init__(self, original_client_order_id: _Optional[str] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ..., stop_price: _Optional[str] = ...) -> None: ...

class MassCancel(_message.Message):
    __slots__ = ("symbol", "side")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    side: str
    def __init__(self, symbol: _Optional[str] = ..., side: _Optional[str] = ...) -> None: ...

class FlattenPosition(_message.Message):
    __slots__ = ("symbol", "reverse")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    REVERSE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    reverse: bool
    def __init__(self, symbol: _Optional[str] = ..., reverse: _Optional[bool] = ...) -> None: ...

class ControlClock(_message.Message):
    __slots__ = ("action", "speed")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    action: str
    speed: str
    def __init__(self, action: _Optional[str] = ..., speed: _Optional[str] = ...) -> None: ...

class CommandReply(_message.Message):
    __slots__ = ("request_id", "outcome", "code", "text", "command_seq", "first_event_seq", "last_event_seq", "orders")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_SEQ_FIELD_NUMBER: _ClassVar[int]
    FIRST_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    outcome: Outcome
    code: str
    text: str
    command_seq: int
    first_event_seq: int
    last_event_seq: int
    orders: _containers.RepeatedCompositeFieldContainer[OrderAnswer]
    def __init__(self, request_id: _Optional[str] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., code: _Optional[str] = ..., text: _Optional[str] = ..., command_seq: _Optional[int] = ..., first_event_seq: _Optional[int] = ..., last_event_seq: _Optional[int] = ..., orders: _Optional[_Iterable[_Union[OrderAnswer, _Mapping]]] = ...) -> None: ...

class OrderAnswer(_message.Message):
    __slots__ = ("client_order_id", "symbol", "accepted", "code", "text")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    symbol: str
    accepted: bool
    code: str
    text: str
    def __init__(self, client_order_id: _Optional[str] = ..., symbol: _Optional[str] = ..., accepted: _Optional[bool] = ..., code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class PreviewReply(_message.Message):
    __slots__ = ("body",)
    BODY_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    def __init__(self, body: _Optional[bytes] = ...) -> None: ...

class StateRequest(_message.Message):
    __slots__ = ("kind", "symbol", "depth", "interval_seconds", "from_ns", "to_ns", "limit")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FROM_NS_FIELD_NUMBER: _ClassVar[int]
    TO_NS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    symbol: str
    depth: int
    interval_seconds: int
    from_ns: int
    to_ns: int
    limit: int
    def __init__(self, kind: _Optional[str] = ..., symbol: _Optional[str] = ..., depth: _Optional[int] = ..., interval_seconds: _Optional[int] = ..., from_ns: _Optional[int] = ..., to_ns: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class StateReply(_message.Message):
    __slots__ = ("body", "code", "text")
    BODY_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    code: str
    text: str
    def __init__(self, body: _Optional[bytes] = ..., code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class SubscribeRequest(_message.Message):
    __slots__ = ("streams", "snapshot")
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    streams: _containers.RepeatedScalarFieldContainer[str]
    snapshot: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, streams: _Optional[_Iterable[str]] = ..., snapshot: _Optional[_Iterable[str]] = ...) -> None: ...

class Frame(_message.Message):
    __slots__ = ("stream", "seq", "type", "sim_time_ns", "wall_time_ms", "data", "conflation_key")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SIM_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    WALL_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    CONFLATION_KEY_FIELD_NUMBER: _ClassVar[int]
    stream: str
    seq: int
    type: str
    sim_time_ns: int
    wall_time_ms: int
    data: bytes
    conflation_key: str
    def __init__(self, stream: _Optional[str] = ..., seq: _Optional[int] = ..., type: _Optional[str] = ..., sim_time_ns: _Optional[int] = ..., wall_time_ms: _Optional[int] = ..., data: _Optional[bytes] = ..., conflation_key: _Optional[str] = ...) -> None: ...

class FrameBatch(_message.Message):
    __slots__ = ("frames", "epoch", "next_seq")
    class NextSeqEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    NEXT_SEQ_FIELD_NUMBER: _ClassVar[int]
    frames: _containers.RepeatedCompositeFieldContainer[Frame]
    epoch: int
    next_seq: _containers.ScalarMap[str, int]
    def __init__(self, frames: _Optional[_Iterable[_Union[Frame, _Mapping]]] = ..., epoch: _Optional[int] = ..., next_seq: _Optional[_Mapping[str, int]] = ...) -> None: ...

class SnapshotRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class SnapshotReply(_message.Message):
    __slots__ = ("command_seq", "sim_time_ns", "state_hash")
    COMMAND_SEQ_FIELD_NUMBER: _ClassVar[int]
    SIM_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    command_seq: int
    sim_time_ns: int
    state_hash: str
    def __init__(self, command_seq: _Optional[int] = ..., sim_time_ns: _Optional[int] = ..., state_hash: _Optional[str] = ...) -> None: ...

class DrainRequest(_message.Message):
    __slots__ = ("deadline_seconds",)
    DEADLINE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    deadline_seconds: float
    def __init__(self, deadline_seconds: _Optional[float] = ...) -> None: ...

class DrainReply(_message.Message):
    __slots__ = ("command_seq", "state_hash")
    COMMAND_SEQ_FIELD_NUMBER: _ClassVar[int]
    STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    command_seq: int
    state_hash: str
    def __init__(self, command_seq: _Optional[int] = ..., state_hash: _Optional[str] = ...) -> None: ...
