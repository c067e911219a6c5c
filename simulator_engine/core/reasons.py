"""The closed sets of words the venue answers with: sides, types, states, reject codes. FIX 5.0 SP2 words
spelled out."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for BUY, −1 for SELL."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"
    MARKET_IF_TOUCHED = "MARKET_IF_TOUCHED"
    LIMIT_IF_TOUCHED = "LIMIT_IF_TOUCHED"
    TRAILING_STOP = "TRAILING_STOP"
    TRAILING_STOP_LIMIT = "TRAILING_STOP_LIMIT"
    MARKET_TO_LIMIT = "MARKET_TO_LIMIT"
    ICEBERG = "ICEBERG"
    PEGGED = "PEGGED"


class TimeInForce(StrEnum):
    DAY = "DAY"
    GOOD_TILL_CANCEL = "GTC"
    IMMEDIATE_OR_CANCEL = "IOC"
    FILL_OR_KILL = "FOK"
    GOOD_TILL_DATE = "GTD"
    AT_THE_OPENING = "OPG"
    AT_THE_CLOSE = "CLS"


class OrdStatus(StrEnum):
    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"

    @property
    def terminal(self) -> bool:
        return self in _TERMINAL


_TERMINAL = frozenset({OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED})


class ExecType(StrEnum):
    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    TRADE = "TRADE"
    PENDING_CANCEL = "PENDING_CANCEL"
    CANCELED = "CANCELED"
    PENDING_REPLACE = "PENDING_REPLACE"
    REPLACED = "REPLACED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    RESTATED = "RESTATED"
    TRIGGERED_OR_ACTIVATED_BY_SYSTEM = "TRIGGERED_OR_ACTIVATED_BY_SYSTEM"


class LastLiquidity(StrEnum):
    ADDED = "ADDED"
    REMOVED = "REMOVED"
    AUCTION = "AUCTION"


class MarketPhase(StrEnum):
    PRE_OPEN = "PRE_OPEN"
    OPENING_AUCTION = "OPENING_AUCTION"
    CONTINUOUS = "CONTINUOUS"
    VOLATILITY_AUCTION = "VOLATILITY_AUCTION"
    HALT = "HALT"
    CLOSING_AUCTION = "CLOSING_AUCTION"
    CLOSED = "CLOSED"


class TradingState(StrEnum):
    """What an account may do: everything, only reduce its positions, or only cancel."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class RejectCode(StrEnum):
    """Why the venue refused. Stable: other programs branch on these words."""

    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    MARKET_CLOSED = "MARKET_CLOSED"
    HALTED = "HALTED"
    ORDER_EXCEEDS_LIMIT = "ORDER_EXCEEDS_LIMIT"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    DUPLICATE_ORDER = "DUPLICATE_ORDER"
    STALE_ORDER = "STALE_ORDER"
    UNSUPPORTED_ORDER_CHARACTERISTIC = "UNSUPPORTED_ORDER_CHARACTERISTIC"
    INCORRECT_QUANTITY = "INCORRECT_QUANTITY"
    INVALID_PRICE_INCREMENT = "INVALID_PRICE_INCREMENT"
    PRICE_OUTSIDE_BAND = "PRICE_OUTSIDE_BAND"
    NO_REFERENCE_PRICE = "NO_REFERENCE_PRICE"
    NOTIONAL_OUT_OF_RANGE = "NOTIONAL_OUT_OF_RANGE"
    SHORT_SELL_NOT_PERMITTED = "SHORT_SELL_NOT_PERMITTED"
    INSUFFICIENT_BUYING_POWER = "INSUFFICIENT_BUYING_POWER"
    POSITION_LIMIT = "POSITION_LIMIT"
    EXPOSURE_LIMIT = "EXPOSURE_LIMIT"
    DAILY_LOSS_LIMIT = "DAILY_LOSS_LIMIT"
    RATE_LIMIT = "RATE_LIMIT"
    WOULD_TAKE = "WOULD_TAKE"
    WOULD_TRIGGER = "WOULD_TRIGGER"
    MIN_QTY_NOT_MET = "MIN_QTY_NOT_MET"
    CONNECTION_QUALITY = "CONNECTION_QUALITY"
    TRADING_HALTED_BY_RISK = "TRADING_HALTED_BY_RISK"
    TOO_LATE_TO_CANCEL = "TOO_LATE_TO_CANCEL"
    ALREADY_PENDING = "ALREADY_PENDING"
    NO_CHANGE = "NO_CHANGE"
    SUPERSEDED = "SUPERSEDED"
    """A replace named an id that the order no longer bears."""


class CancelReason(StrEnum):
    """Why a live order ended without being filled, as the report's text code."""

    REQUESTED = "REQUESTED"
    UNFILLED_IOC = "UNFILLED_IOC"
    UNFILLED_FOK = "UNFILLED_FOK"
    UNFILLED_MARKET = "UNFILLED_MARKET"
    OUTSIDE_COLLAR = "OUTSIDE_COLLAR"
    SELF_MATCH_PREVENTION = "SELF_MATCH_PREVENTION"
    END_OF_DAY = "END_OF_DAY"
