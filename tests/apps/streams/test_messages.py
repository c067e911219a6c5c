"""What a client may say: parsed strictly, and nothing else gets through."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.streams.messages import (
    Ack,
    BadMessage,
    Hello,
    OrderCommand,
    Pong,
    Subscribe,
    Unsubscribe,
    read,
    read_stream_names,
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"op":"hello","ticket":"t","streams":[{"name":"orders","epoch":3,"last_seq":41},{"name":"book:ACME"}]}',
            Hello("t", {"orders": 41, "book:ACME": None}),
        ),
        ('{"op":"subscribe","streams":["quotes",{"name":"candles:BRK.B:1m"}]}',
         Subscribe({"quotes": None, "candles:BRK.B:1m": None})),
        ('{"op":"unsubscribe","streams":[{"name":"trades:ACME"}]}', Unsubscribe(("trades:ACME",))),
        ('{"op":"pong","t":12}', Pong(12)),
        ('{"op":"pong","t":"now"}', Pong(None)),
        ('{"op":"ack","seq":5}', Ack({"orders": 5})),
        ('{"op":"ack","stream":"account","seq":5}', Ack({"account": 5})),
        ('{"op":"order.submit","id":"1","body":{"a":1}}', OrderCommand("order.submit", "1", {"a": 1})),
    ],
)  # fmt: skip
def test_good_messages(text, message):
    assert read(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "[]", "null", "{}", '{"op":1}', '{"op":"shout"}', '{"op":"hello"}', '{"op":"hello","ticket":1}',
        '{"op":"hello","ticket":"t","streams":{}}', '{"op":"subscribe"}', '{"op":"subscribe","streams":[1]}',
        '{"op":"subscribe","streams":["book"]}', '{"op":"subscribe","streams":["book:../x y"]}',
        '{"op":"subscribe","streams":[{"name":"orders","last_seq":-1}]}',
        '{"op":"subscribe","streams":[{"name":"orders","last_seq":1.5}]}',
        '{"op":"subscribe","streams":[{"name":"orders","last_seq":true}]}',
        '{"op":"ack","seq":"1"}', '{"op":"ack","stream":"quotes","seq":1}',
        '{"op":"order.submit","body":{}}', '{"op":"order.submit","id":"1","body":[]}',
        '{"op":"order.submit","id":"' + "x" * 65 + '","body":{}}',
        '{"op":"pong","op":"ack","seq":1}', '{"op":"ack","seq":NaN}', "[" * 10_000, "\ud800",
        '{"op":"pong","t":"' + "x" * 70_000 + '"}',
        None, b"bytes",
    ],
)  # fmt: skip
def test_bad_messages(text):
    with pytest.raises(BadMessage):
        read(text)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists).map(str)
    )
)
def test_no_text_makes_it_fall_over(text):
    try:
        read(text)
    except BadMessage:
        pass


def test_streams_of_an_address():
    assert read_stream_names("orders,book:ACME") == {"orders": None, "book:ACME": None}
    for text in ("", ",", "books"):
        with pytest.raises(BadMessage):
            read_stream_names(text)
