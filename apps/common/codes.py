"""Every problem code that the platform itself answers with: its status, title, and whether sending again
may help.

The venue's own codes live in simulator_engine.core.reasons and are answered with 422 unless named here.
"""

from typing import NamedTuple


class Meaning(NamedTuple):
    status: int
    title: str
    retryable: bool = False


CODES: dict[str, Meaning] = {
    # the request itself
    "MALFORMED": Meaning(400, "The request could not be read."),
    "PAYLOAD_TOO_LARGE": Meaning(413, "The request is too large."),
    "UNSUPPORTED_MEDIA_TYPE": Meaning(415, "Send JSON."),
    "NOT_ACCEPTABLE": Meaning(406, "We can only answer in JSON."),
    "METHOD_NOT_ALLOWED": Meaning(405, "This address does not do that."),
    "VALIDATION_FAILED": Meaning(422, "Some of the values cannot be accepted."),
    "INVALID_CURSOR": Meaning(400, "This page cursor is not one of ours."),
    # who is asking
    "NOT_AUTHENTICATED": Meaning(401, "Log in first."),
    "TOKEN_INVALID": Meaning(401, "The token is not valid or has expired."),
    "SESSION_REVOKED": Meaning(401, "This login has been ended."),
    "INVALID_CREDENTIALS": Meaning(401, "The e-mail address or the password is wrong."),
    "REFRESH_REUSED": Meaning(401, "This refresh token was used before, so the login has been ended."),
    "REFRESH_SUPERSEDED": Meaning(409, "This refresh token has just been exchanged for a newer one.", True),
    "API_KEY_INVALID": Meaning(401, "The API key is not valid or has expired."),
    "FORBIDDEN": Meaning(403, "You may not do that."),
    "SCOPE_MISSING": Meaning(403, "This API key does not carry the scope that is needed."),
    "ROLE_FORBIDDEN": Meaning(403, "Your role does not include this."),
    "ORIGIN_FORBIDDEN": Meaning(403, "This origin may not do that."),
    "CSRF_FAILED": Meaning(403, "The request did not come from our own page."),
    "NOT_FOUND": Meaning(404, "There is no such thing here."),
    # clashes
    "CONFLICT": Meaning(409, "The request clashes with the present state."),
    "PRECONDITION_FAILED": Meaning(412, "It was changed in the meantime."),
    "VERSION_CONFLICT": Meaning(409, "It was changed in the meantime."),
    "DUPLICATE_NAME": Meaning(409, "There is one of that name already."),
    "DUPLICATE_ORDER": Meaning(409, "This client_order_id was used for another order."),
    "IDEMPOTENCY_MISMATCH": Meaning(409, "This Idempotency-Key was used for another request."),
    "IN_PROGRESS": Meaning(409, "The same request is still being worked on.", True),
    "TOO_LATE_TO_CANCEL": Meaning(409, "The order is already done."),
    "SUPERSEDED": Meaning(409, "The order has been replaced and goes by a newer id."),
    "CONNECTION_QUALITY": Meaning(409, "The connection is too slow for an order that adds risk.", True),
    # limits
    "RATE_LIMITED": Meaning(429, "Too many requests.", True),
    "QUOTA_EXCEEDED": Meaning(429, "The quota is used up."),
    # trouble on our side
    "SESSION_RECOVERING": Meaning(503, "The exchange is starting or recovering; nothing was sent.", True),
    "SESSION_STOPPED": Meaning(409, "This exchange is not running."),
    "SESSION_HALTED": Meaning(503, "The exchange is halted: its records do not agree with each other."),
    "OUTCOME_UNKNOWN": Meaning(504, "The request was sent and no answer came back.", True),
    "JOURNAL_UNAVAILABLE": Meaning(503, "The log of record cannot be written just now.", True),
    "CAPACITY": Meaning(503, "There is no room for another exchange just now.", True),
    "UNAVAILABLE": Meaning(503, "This part of the service is not available just now.", True),
    "INTERNAL_ERROR": Meaning(500, "Something went wrong on our side."),
}


def kebab(code: str) -> str:
    """The problem's ``type``: the code in kebab-case."""
    return code.lower().replace("_", "-")
