"""What happens to users: signing up, logging in, changing themselves. Every change is audited in its
transaction.

No answer here may tell whether an address is known, by its body, its status or its time.
"""

from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts import logins, recent
from apps.accounts.emails import normalise
from apps.accounts.identity import AccessIdentity
from apps.accounts.logins import Pair
from apps.accounts.models import RefreshFamily, Role, User
from apps.audit import services as audit
from apps.common import context, rate_limits, telemetry
from apps.common.problems import Invalid, NotFound, Unauthenticated, field_error

_DEMO_NAME = "Demo Trader"


def authenticate_access_token(token: str, now: datetime) -> AccessIdentity:
    """The person behind an access token (``user``, ``sid``, ``expires_at``). Raises a 401 Problem."""
    return logins.authenticate(token=token, now=now)


def is_login_live(*, sid: Any, now: datetime) -> bool:
    """Whether a login still stands; a socket asks with every heartbeat."""
    return logins.is_live(sid=sid, now=now)


def _check_password(password: str, user: User, *, field: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(
            " ".join(error.messages),
            errors=[
                field_error(field, str(item.code or "invalid"), " ".join(item.messages)) for item in error.error_list
            ],
        ) from None


def sign_up(*, email: str, password: str, display_name: str, now: datetime) -> str:
    """Makes a user unless the address is known; either way the next step, "login". Raises 422 for a weak
    password.
    """
    rate_limits.check("signup-address", context.current().address, fail_closed=True)
    email = normalise(email)
    user = User(email=email, display_name=display_name, created_at=now, password_changed_at=now)
    _check_password(password, user, field="password")
    user.set_password(password)  # before the look-up, so that both answers take as long
    try:
        with transaction.atomic():
            if not User.objects.filter(email=email).exists():
                user.save(force_insert=True)
                audit.record(
                    action="user.signed_up",
                    object_type="user",
                    object_id=user.pk,
                    actor_id=user.pk,
                    after={"role": user.role},
                    now=now,
                )
    except IntegrityError:
        pass  # the same address signed up at this very moment: it is known now
    return "login"


def log_in(*, email: str, password: str, now: datetime) -> Pair:
    """A new login. Raises 429 before any hashing, and one and the same 401 for every other refusal."""
    address = context.current().address
    email = normalise(email)
    rate_limits.check("login-address", address, fail_closed=True)
    rate_limits.check("login-pair", email, address, fail_closed=True)
    user = User.objects.filter(email=email).first()
    if user is None:
        make_password(password)  # as long as a real check takes
        right = False
    else:
        right = user.check_password(password) and user.is_active
    if user is None or not right:
        telemetry.LOGINS.labels(outcome="refused").inc()
        with transaction.atomic():
            audit.record(action="login.refused", object_type="user", object_id=user.pk if user else "", now=now)
        raise Unauthenticated(code="INVALID_CREDENTIALS")
    with transaction.atomic():
        pair = logins.open_family(user=user, now=now)
        User.objects.filter(pk=user.pk).update(last_login=now)
        audit.record(action="login.opened", object_type="login", object_id=pair.sid, actor_id=user.pk, now=now)
    telemetry.LOGINS.labels(outcome="opened").inc()
    return pair


def change_profile(*, user: User, display_name: str, now: datetime, actor: User | None = None) -> User:
    """Sets what a user may set about themselves; ``actor`` when somebody else does it for them."""
    with transaction.atomic():
        before = User.objects.filter(pk=user.pk).values_list("display_name", flat=True).get()
        if before != display_name:
            User.objects.filter(pk=user.pk).update(display_name=display_name)
            transaction.on_commit(partial(recent.forget_user, user.pk))
            audit.record(
                action="user.changed",
                object_type="user",
                object_id=user.pk,
                actor_id=(actor or user).pk,
                before={"display_name": before},
                after={"display_name": display_name},
                now=now,
            )
    user.display_name = display_name
    return user


def change_password(*, user: User, current_password: str, new_password: str, now: datetime) -> Pair:
    """Sets a new password, ends every login of the user, and opens a new one for the caller.

    Raises 422 when the present password is wrong or the new one too weak.
    """
    rate_limits.check("password", str(user.pk), fail_closed=True)
    if not user.check_password(current_password):
        raise Invalid(
            "The present password is wrong.",
            errors=[field_error("current_password", "INVALID_CREDENTIALS", "The present password is wrong.")],
        )
    _check_password(new_password, user, field="new_password")
    digest = make_password(new_password)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(password=digest, password_changed_at=now)
        logins.end_families(user_id=user.pk, reason=RefreshFamily.EndReason.PASSWORD, now=now, actor_id=user.pk)
        pair = logins.open_family(user=user, now=now)
        audit.record(action="user.password_changed", object_type="user", object_id=user.pk, actor_id=user.pk, now=now)
    user.password = digest
    return pair


def sign_out_device(*, user: User, device_id: Any, now: datetime) -> None:
    """Ends one login of the user's, by its id. Raises 404; ending it twice is no error."""
    if not RefreshFamily.objects.filter(pk=device_id, user=user).exists():
        raise NotFound()
    with transaction.atomic():
        logins.end_families(
            user_id=user.pk,
            reason=RefreshFamily.EndReason.SIGNED_OUT,
            now=now,
            actor_id=user.pk,
            only=device_id,
        )


def set_standing(*, user: User, role: str, is_active: bool, actor: User, now: datetime) -> User:
    """Sets role and whether the user may come in at all. Disabling, and a change of role, end every login."""
    with transaction.atomic():
        stored = User.objects.select_for_update().get(pk=user.pk)
        before = {"role": stored.role, "is_active": stored.is_active}
        after = {"role": str(Role(role)), "is_active": is_active}
        if before != after:
            User.objects.filter(pk=user.pk).update(role=role, is_active=is_active)
            transaction.on_commit(partial(recent.forget_user, user.pk))
            logins.end_families(user_id=user.pk, reason=RefreshFamily.EndReason.DISABLED, now=now, actor_id=actor.pk)
            audit.record(
                action="user.standing_changed",
                object_type="user",
                object_id=user.pk,
                actor_id=actor.pk,
                before=before,
                after=after,
                now=now,
            )
    user.role, user.is_active = role, is_active
    return user


def ensure_demo_account(*, email: str, password: str, now: datetime) -> tuple[User, bool]:
    """The demo account with exactly this password, and whether it was made just now. For laptops only."""
    with transaction.atomic():
        user = User.objects.filter(email=normalise(email)).first()
        created = user is None
        if user is None:
            user = User(email=normalise(email), display_name=_DEMO_NAME, created_at=now)
        if created or not user.check_password(password) or not user.is_active:
            user.set_password(password)
            user.is_active = True
            user.email_verified_at = user.email_verified_at or now
            user.password_changed_at = now
            user.save()
            audit.record(
                action="user.demo_prepared",
                object_type="user",
                object_id=user.pk,
                now=now,
                after={"created": created},
            )
    return user, created
