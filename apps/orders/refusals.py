"""The order path's refusals as problems: one function a reason, each with a sentence that a trader understands."""

from __future__ import annotations

from apps.common.problems import Problem

TOO_LATE_TO_CANCEL = "TOO_LATE_TO_CANCEL"
UNKNOWN_ORDER = "UNKNOWN_ORDER"
_STATUS_OF_CODE = {TOO_LATE_TO_CANCEL: 409, UNKNOWN_ORDER: 404}


def unknown_order(client_order_id: str) -> Problem:
    return Problem(
        status=404,
        code=UNKNOWN_ORDER,
        title="Unknown order",
        detail=f"No order of this session has borne the id {client_order_id}.",
    )


def duplicate_order(client_order_id: str) -> Problem:
    return Problem(
        status=409,
        code="DUPLICATE_ORDER",
        title="This id was used for something else",
        detail=f"{client_order_id} was already used in this session with other terms. Send a new order under a new id.",
    )


def in_progress(client_order_id: str) -> Problem:
    return Problem(
        status=409,
        code="IN_PROGRESS",
        title="Still in progress",
        detail=f"{client_order_id} is being worked on at this moment. Ask again in a second.",
        retryable=True,
        outcome="unknown",
        headers={"Retry-After": "1"},
    )


def outcome_unknown(client_order_id: str) -> Problem:
    return Problem(
        status=504,
        code="OUTCOME_UNKNOWN",
        title="The outcome is not known yet",
        detail=(
            f"{client_order_id} was sent to the exchange and its answer was lost. Query it by its id, "
            "or send the same request again: it cannot be done twice."
        ),
        retryable=True,
        outcome="unknown",
    )


def superseded(client_order_id: str, current: str) -> Problem:
    return Problem(
        status=409,
        code="SUPERSEDED",
        title="The order bears another id now",
        detail=f"{client_order_id} was replaced; the order's present id is {current}.",
    )


def poor_connection(client_order_id: str) -> Problem:
    return Problem(
        status=409,
        code="CONNECTION_QUALITY",
        title="The connection is too poor for this order",
        detail=(
            f"{client_order_id} was not sent: this connection is stale, so the prices on screen may be old. "
            "Cancels and reduce-only orders still pass."
        ),
        retryable=True,
    )


def not_sent(code: str, text: str) -> Problem:
    """The session's own process declined before the command was stamped: nothing is journaled, the id is unused."""
    if code == "STALE_ORDER":
        return Problem(status=422, code=code, title="The order came too late.", detail=text)
    return Problem(
        status=503,
        code="SESSION_RECOVERING",
        title="The session is moving or starting",
        detail=text or "The session takes no commands at this moment. Nothing was sent.",
        retryable=True,
        headers={"Retry-After": "1"},
    )


def refused_by_venue(code: str, text: str) -> Problem:
    """A refusal that is journaled: the venue's own code and sentence."""
    return Problem(
        status=_STATUS_OF_CODE.get(code, 422),
        code=code,
        title=f"Refused by the venue: {code.replace('_', ' ').lower()}",
        detail=text,
    )
