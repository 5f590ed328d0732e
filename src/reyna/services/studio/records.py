"""Records of the studio: accounts, sessions, API keys, failed attempts, the installation, and webhooks."""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from reyna.domain.caller import KeyAccess, Scope
from reyna.domain.webhooks.delivery import StoredDelivery
from reyna.domain.webhooks.webhook import StoredWebhook
from reyna.ports.store import Collection
from reyna.storage.idempotency import idempotency_collection

Role = Literal["owner", "admin", "member"]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A user who can sign in; without a password only by link. `id` and `user_id` are the same.

    Since `disabled_at`, if it is set, nobody signs in to it, and its API keys are refused.
    """

    id: str
    user_id: str
    email: str
    name: str
    password_hash: str | None = None
    role: Role = "member"
    disabled_at: datetime | None = None
    revision: int = 1
    created_at: datetime


class EmailAddress(msgspec.Struct, frozen=True, kw_only=True):
    """The owner of an e-mail address. The record belongs to the system, since it is read before anybody is signed
    in."""

    id: str  # the normalized address
    user_id: str
    owner_id: str
    revision: int = 1


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session, a one-time sign-in link, an API key in one of its texts, or an invitation to register, whose owner is
    the system.

    `id` is the SHA-256 of the token, which itself is not stored; `email` is the address that an invitation is for, if
    any, and `access` what a key may do. A link that `resets` takes the password away. `address` and `agent` are where a
    session was started, `last_used_at` is right to some minutes.
    """

    id: str
    user_id: str
    owner_id: str
    kind: Literal["session", "link", "invitation", "key"]
    email: str | None = None
    access: KeyAccess | None = None
    resets: bool = False
    address: str | None = None
    agent: str | None = None
    last_used_at: datetime | None = None
    revision: int = 1
    created_at: datetime
    expires_at: datetime


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key as its owner sees it. Its texts are sessions of the kind `key`: one, or two during the grace of a
    rotation, which ends at `grace_ends_at`; `token_ids` are their ids, the present one first.

    `hint` is the beginning of the present text. `expires_at` None means never, `last_used_at` is right to the minute.
    """

    id: str
    user_id: str
    name: str
    scopes: tuple[Scope, ...]
    bucket_ids: tuple[str, ...] | None = None
    hint: str
    token_ids: tuple[str, ...]
    revision: int = 1
    created_at: datetime
    rotated_at: datetime | None = None
    grace_ends_at: datetime | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One act in the audit log of a user; `previous` is the hash of the entry before it (`audit/audit_chain.py`)."""

    id: str  # the number with leading zeros
    user_id: str
    number: int
    at: datetime
    who: str
    key: str | None
    action: str
    target: str | None
    address: str | None
    outcome: str
    previous: str
    hash: str
    revision: int = 1


class AuditHead(msgspec.Struct, frozen=True, kw_only=True):
    """The number and the hash of the last entry in the audit log of a user, sealed."""

    id: str
    user_id: str
    number: int
    hash: str
    seal: str
    revision: int = 1


class FailedAttempts(msgspec.Struct, frozen=True, kw_only=True):
    """The times at which attempts of one name failed or began, the oldest first; `id` is the SHA-256 of the name."""

    id: str
    user_id: str
    moments: tuple[datetime, ...]
    revision: int = 1
    expires_at: datetime


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """The identity of this studio among others on the same host, shared by all its copies; `key` signs device
    tokens."""

    id: str
    user_id: str
    name: str
    key: str
    revision: int = 1


USERS: Final = Collection("studio.users", Account, ("email",))
EMAILS: Final = Collection("studio.emails", EmailAddress)
SESSIONS: Final = Collection("studio.sessions", Session, ("owner_id", "expires_at"))
KEYS: Final = Collection("studio.keys", ApiKey, ("created_at",))
AUDIT: Final = Collection("studio.audit", AuditEntry, ("at",))
AUDIT_HEADS: Final = Collection("studio.audit_heads", AuditHead)
REQUESTS: Final = idempotency_collection("studio.requests")
FAILED_ATTEMPTS: Final = Collection("studio.tries", FailedAttempts, ("expires_at",))
INSTALLATION: Final = Collection("studio.installation", Installation)
WEBHOOKS: Final = Collection("studio.webhooks", StoredWebhook, ("created_at",))
DELIVERIES: Final = Collection(
    "studio.webhook_deliveries", StoredDelivery, ("webhook_id", "number", "event_id", "status", "due_at")
)
COLLECTIONS: Final[tuple[Collection[Any], ...]] = (
    USERS,
    EMAILS,
    SESSIONS,
    KEYS,
    AUDIT,
    AUDIT_HEADS,
    REQUESTS,
    FAILED_ATTEMPTS,
    INSTALLATION,
    WEBHOOKS,
    DELIVERIES,
)
