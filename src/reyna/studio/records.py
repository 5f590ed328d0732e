"""What the studio keeps: accounts and the ways to be known."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from reyna.ports import Collection


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A user who can sign in; without a password only by link. `id` and `user_id` are the same."""

    id: str
    user_id: str
    email: str
    name: str
    password_hash: str | None = None
    revision: int = 1
    created_at: datetime


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Whose an e-mail address is; the house owns it, so that it can be asked for before anyone is known."""

    id: str  # the address, folded
    user_id: str
    owner_id: str
    revision: int = 1


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Someone signed in, or may with a link; `id` is the SHA-256 of the token, which itself is nowhere kept."""

    id: str
    user_id: str
    owner_id: str
    kind: Literal["session", "link"]
    revision: int = 1
    created_at: datetime
    expires_at: datetime


USERS: Final = Collection("studio.users", Account, ("email",))
EMAILS: Final = Collection("studio.emails", Address)
SESSIONS: Final = Collection("studio.sessions", Session, ("owner_id", "expires_at"))
COLLECTIONS: Final = (USERS, EMAILS, SESSIONS)
