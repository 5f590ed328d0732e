"""The studio: accounts, and the line to every device."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Refusal
from reyna.domain.event import LIVE_SUBJECTS
from reyna.domain.page import DEFAULT_LIMIT, Page
from reyna.domain.processor import NewInstance
from reyna.ports import Bus, Store
from reyna.rpc import patiently
from reyna.studio import feed
from reyna.studio.accounts import Accounts, Registration, SignedIn, User, now
from reyna.studio.fanout import SESSION_ENDED
from reyna.studio.feed import Happened
from reyna.studio.passwords import Passwords
from reyna.studio.throttle import Throttle

if TYPE_CHECKING:
    from reyna.processors.service import Processors
    from reyna.state.service import State

SWITCHED_ON: Final = ("text-expansion",)  # what a new user finds at work everywhere
PATIENCE: Final = 15  # seconds; services that are started together are all there within a few
log: Final = structlog.get_logger("reyna.studio")


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """Blobs, the bytes of their data and buckets that are kept, the trash included, and the runs of today (UTC)."""

    blobs: int
    bytes: int
    buckets: int
    runs: int


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who I am and what I use; `quota` holds the limits that are set, by the words of `usage`."""

    user: User
    usage: Used
    quota: dict[str, int]


class Studio(Accounts):
    """Accounts with what the rest of the house adds to them."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        state: "State",
        processors: "Processors",
        *,
        passwords: Passwords | None = None,
        throttle: Throttle | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(store, passwords or Passwords(), throttle or Throttle(), clock)
        self._bus, self._state, self._processors = bus, state, processors

    async def register(self, new: Registration) -> SignedIn:
        signed_in = await super().register(new)
        await self.welcome(Caller(user_id=signed_in.user.id))
        return signed_in

    async def first_link(self) -> str | None:
        token = await super().first_link()
        if token is not None:
            session = await self._session(token, "link")
            await self.welcome(Caller(user_id=session.owner_id), patience=PATIENCE)
        return token

    async def welcome(self, caller: Caller, *, patience: int = 0) -> None:
        """Switch on what a new user expects to find; an account without it is still an account.

        `patience` are the seconds to wait for a processor service that is still starting.
        """
        for processor_id in SWITCHED_ON:
            try:
                switch_on = partial(self._processors.create_instance, caller, NewInstance(processor_id=processor_id))
                await patiently(switch_on, seconds=patience)
            except (Refusal, Fault) as error:
                log.warning("not switched on", processor=processor_id, user=caller.user_id, reason=error.detail)

    async def _tell_ended(self, user_id: str, session_ids: list[str]) -> None:
        for session_id in session_ids:
            await self._bus.tell(f"{LIVE_SUBJECTS}.{user_id}.{SESSION_ENDED}", session_id.encode())

    async def me(self, caller: Caller) -> Me:
        user, kept, run = await asyncio.gather(
            self.user(caller), self._state.usage(caller), self._processors.usage(caller)
        )
        return Me(user=user, usage=Used(**kept.used, **run.used), quota=kept.allowed | run.allowed)

    async def events(
        self,
        caller: Caller,
        *,
        since: str | None = None,
        type: str | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page[Happened]:
        """See `feed.events`."""
        return await feed.events(self._bus, caller, since=since, type=type, limit=limit, cursor=cursor)
