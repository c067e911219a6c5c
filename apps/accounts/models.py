"""Users, their logins (refresh families) and their API keys. No secret is stored as it was given."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from apps.accounts.emails import normalise


class Role(models.TextChoices):
    TRADER = "trader", "Trader"
    INSTRUCTOR = "instructor", "Instructor"
    SUPPORT = "support", "Support (read-only)"
    ADMIN = "admin", "Administrator"


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalise(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user with a normalised address; without a password none can log in."""
        fields.setdefault("display_name", email.partition("@")[0])
        user = self.model(email=normalise(email), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        fields.update(role=Role.ADMIN, is_superuser=True)
        return self.create_user(email, password, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    display_name = models.CharField(max_length=80)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.TRADER)
    is_active = models.BooleanField(default=True, help_text="Off: every login and API key of this user ends.")
    email_verified_at = models.DateTimeField(null=True, blank=True)
    password_changed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="accounts_user_role_known"),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        self.email = normalise(self.email)

    @property
    def is_staff(self) -> bool:
        """Whether the admin opens for this user."""
        return self.is_superuser or self.role in (Role.SUPPORT, Role.ADMIN)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Administrators may do what the admin offers, support may look; everybody else by explicit
        permission.
        """
        if not self.is_active:
            return False
        if self.is_superuser or self.role == Role.ADMIN:
            return True
        if self.role == Role.SUPPORT and perm.partition(".")[2].startswith("view_"):
            return True
        return super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and (self.is_staff or super().has_module_perms(app_label))


class RefreshFamily(models.Model):
    """One login on one device. Its id is the ``sid`` in every access token; ending it ends them all."""

    class EndReason(models.TextChoices):
        LOGOUT = "logout", "Logged out"
        LOGOUT_ALL = "logout_all", "Logged out everywhere"
        SIGNED_OUT = "signed_out", "Signed out from the list of devices"
        REUSE = "reuse", "A used refresh token was presented again"
        PASSWORD = "password", "Password changed"
        DISABLED = "disabled", "User disabled"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="refresh_families")
    # The digests of the only token that may be exchanged, and of the one before it.
    current_digest = models.CharField(max_length=64)
    previous_digest = models.CharField(max_length=64, blank=True)
    generation = models.PositiveIntegerField(default=1)
    rotated_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField()
    last_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=16, choices=EndReason.choices, blank=True)

    class Meta:
        verbose_name_plural = "refresh families"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["user", "ended_at"], name="accounts_family_user_open")]

    def __str__(self) -> str:
        return str(self.id)


class ApiKey(models.Model):
    """A program's way in: named, scoped, expiring, kept as a digest only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True, help_text="The public part, by which it is found and named.")
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    allowed_ips = models.JSONField(default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                condition=models.Q(revoked_at__isnull=True),
                name="accounts_api_key_name",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
