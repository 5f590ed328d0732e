"""The public part of an account."""

from datetime import datetime

import msgspec

from reyna.services.studio.records import Account


class User(msgspec.Struct, frozen=True, kw_only=True):
    """An account as others may see it."""

    id: str
    email: str
    name: str
    created_at: datetime
    has_password: bool


def user_of(account: Account) -> User:
    """Returns what the account shows to the outside."""
    return User(
        id=account.id,
        email=account.email,
        name=account.name,
        created_at=account.created_at,
        has_password=account.password_hash is not None,
    )
