"""Decimal strings: exactly the plain ones."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.fields import parse_decimal


@pytest.mark.parametrize("text", ["0", "1", "-1", "0.5", "12.50", "999999999999999999", "-0.000000000000000001"])
def test_plain_decimals_are_read_exactly(text):
    assert parse_decimal(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "1\n", "+1", "-0", "-0.00", "01", ".5", "5.", "1e5", "1E5", "NaN", "Infinity"],
)
def test_text_in_any_other_shape_is_no_number(text):
    assert parse_decimal(text) is None


@pytest.mark.parametrize(
    "text",
    ["inf", "1_000", "1,5", "１", "٣", "0x10", "--1", "1.2.3", "1" * 19, "0." + "1" * 19, 1, 1.5, None, True, []],
)
def test_everything_else_is_no_number(text):
    assert parse_decimal(text) is None


@settings(max_examples=200)
@given(st.text(max_size=50))
def test_no_text_makes_it_fail(text):
    value = parse_decimal(text)
    assert value is None or format(value, "f").lstrip("-").replace(".", "").isdigit()
