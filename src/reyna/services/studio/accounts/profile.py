"""The profile of the caller: account, usage and quota."""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from reyna.domain.caller import Caller
from reyna.services.studio.accounts.accounts import Accounts
from reyna.services.studio.accounts.users import User

if TYPE_CHECKING:
    from reyna.services.processors.service import Processors
    from reyna.services.state.service import State


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """Blobs, the bytes of their data and buckets that are kept, the trash included, files with their bytes, and the
    runs of today (UTC)."""

    blobs: int
    bytes: int
    buckets: int
    runs: int
    files: int = 0
    file_bytes: int = 0


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """The account and the usage of the caller; `quota` holds the limits that are set, by the names of `usage`."""

    user: User
    usage: Used
    quota: dict[str, int]


class Profile:
    """Collects what a user sees of their own account."""

    def __init__(self, accounts: Accounts, state: "State", processors: "Processors") -> None:
        self._accounts, self._state, self._processors = accounts, state, processors

    async def get(self, caller: Caller) -> Me:
        """Returns the caller's account with usage and quota."""
        user, stored, runs = await asyncio.gather(
            self._accounts.get(caller), self._state.quota.usage(caller), self._processors.runs.usage(caller)
        )
        return Me(user=user, usage=Used(**stored.used, **runs.used), quota=stored.allowed | runs.allowed)
