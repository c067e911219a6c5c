"""Who is asking, from where, under which request id: carried by the context of the call, never passed by
hand.
"""

import ipaddress
import re
import secrets
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._:-]{8,64}$")


@dataclass(frozen=True, slots=True)
class CallContext:
    request_id: str = ""
    address: str = ""
    user_agent: str = ""
    sid: str = ""


_OUTSIDE = CallContext()
_current: ContextVar[CallContext] = ContextVar("call_context", default=_OUTSIDE)


def current() -> CallContext:
    """The context of this call; an empty one outside requests."""
    return _current.get()


def enter(context: CallContext) -> Token[CallContext]:
    """Makes ``context`` the current one; hand the token to :func:`leave`."""
    return _current.set(context)


def leave(token: Token[CallContext]) -> None:
    _current.reset(token)


def note_sid(sid: str) -> None:
    """Adds the login session, once it is known, for the audit."""
    _current.set(replace(_current.get(), sid=sid))


def new_request_id() -> str:
    return secrets.token_hex(16)


def chosen_request_id(offered: str) -> str:
    """The caller's own X-Request-Id when it is harmless, else a new one."""
    return offered if _REQUEST_ID.match(offered) else new_request_id()


def client_address(request: HttpRequest) -> str:
    """The caller's address. X-Forwarded-For is believed only for as many hops as there are proxies of
    ours.
    """
    address = request.META.get("REMOTE_ADDR") or ""
    hops = settings.TRUSTED_PROXY_COUNT
    if hops > 0:
        forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        if len(forwarded) >= hops:
            address = forwarded[-hops]
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


def is_allowed(address: str, networks: list[str]) -> bool:
    """Whether ``address`` lies in one of the networks."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in ipaddress.ip_network(network, strict=False) for network in networks)
