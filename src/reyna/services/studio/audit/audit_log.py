"""The audit log of each user: entries are appended, listed and verified, and never changed."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from weakref import WeakValueDictionary

import msgspec
import structlog

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Fault
from reyna.domain.requests.page import DEFAULT_LIMIT, Page, check_limit, decode_cursor, encode_cursor
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.studio.audit.audit_chain import NO_ENTRY, AuditProblem, find_problems, seal, seal_head
from reyna.services.studio.records import AUDIT, AUDIT_HEADS, AuditEntry, AuditHead

MAX_WRITE_TRIES: Final = 50  # while other gateways append to the same log
HEAD_ID: Final = "head"
NUMBER_DIGITS: Final = 12
PAGE_SIZE: Final = 500  # of entries that are verified
log: Final = structlog.get_logger("reyna.services.studio")


class AuditedAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act to be recorded in the log of `user_id`, which is the system where nobody is signed in."""

    user_id: str = SYSTEM_USER_ID
    who: str
    key: str | None = None
    action: str
    target: str | None = None
    address: str | None = None
    outcome: str


class AuditItem(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as its user sees it: `key` is the API key that was used, `from` the network address."""

    at: datetime
    who: str
    key: str | None
    action: str
    target: str | None
    address: str | None = msgspec.field(name="from")
    outcome: str
    hash: str


class AuditLog:
    """Appends to the log of each user, one entry after the other, also from several gateways."""

    def __init__(self, store: Store, secret: bytes, clock: Callable[[], datetime]) -> None:
        self._store, self._secret, self._clock = store, secret, clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._recording: set[asyncio.Task[None]] = set()

    def start_recording(self, act: AuditedAct) -> None:
        """Has an entry appended behind those that were asked for before. Nobody waits for it but who reads the log."""
        recording = asyncio.create_task(self.record(act), name="audit")
        self._recording.add(recording)
        recording.add_done_callback(self._recording.discard)

    async def stop(self) -> None:
        """Returns when everything is recorded."""
        while self._recording:
            await asyncio.wait(self._recording)

    async def record(self, act: AuditedAct) -> None:
        """Appends an entry. An act that is done is not undone because the log cannot be written: that is logged."""
        try:
            await self._append(act)
        except Fault as fault:
            log.error("not in the audit log", action=act.action, user=act.user_id, reason=fault.detail)

    async def list(
        self, caller: Caller, *, since: datetime | None = None, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page[AuditItem]:
        """Returns one page of the entries of the caller, the oldest first, from `since` on."""
        after = decode_cursor(cursor, datetime, str) or (None if since is None else (since, ""))
        await self._wait_for_earlier_acts()
        found = await self._store.find(AUDIT, caller.user_id, order=("at",), after=after, limit=check_limit(limit) + 1)
        more = encode_cursor(found[limit - 1].at, found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(_item(entry) for entry in found[:limit]), next_cursor=more)

    async def verify(self, user_id: str) -> Sequence[AuditProblem]:
        """Returns every entry of the log of this user that was changed, removed or inserted."""
        entries: list[AuditEntry] = []
        await self._wait_for_earlier_acts()
        while True:
            after = (entries[-1].id,) if entries else None
            page = await self._store.find(AUDIT, user_id, after=after, limit=PAGE_SIZE)
            entries += page
            if len(page) < PAGE_SIZE:
                break
        return find_problems(self._secret, user_id, entries, await self._store.get(AUDIT_HEADS, user_id, HEAD_ID))

    async def _wait_for_earlier_acts(self) -> None:
        if self._recording:
            await asyncio.wait([*self._recording])

    async def _append(self, act: AuditedAct) -> None:
        lock = self._locks.get(act.user_id)
        if lock is None:
            lock = self._locks[act.user_id] = asyncio.Lock()
        async with lock:
            for _ in range(MAX_WRITE_TRIES):
                try:
                    return await self._write(act)
                except RequirementNotMet:  # another gateway has appended at the same moment
                    continue
        raise Fault("The audit log is busy.")

    async def _write(self, act: AuditedAct) -> None:
        head = await self._store.get(AUDIT_HEADS, act.user_id, HEAD_ID)
        number = 1 if head is None else head.number + 1
        now = self._clock()
        entry = seal(
            self._secret,
            AuditEntry(
                id=f"{number:0{NUMBER_DIGITS}}",
                user_id=act.user_id,
                number=number,
                at=now.replace(microsecond=now.microsecond // 1000 * 1000),  # as every store keeps it
                who=act.who,
                key=act.key,
                action=act.action,
                target=act.target,
                address=act.address,
                outcome=act.outcome,
                previous=NO_ENTRY if head is None else head.hash,
                hash="",
            ),
        )
        next_head = AuditHead(id=HEAD_ID, user_id=act.user_id, number=number, hash=entry.hash, seal="", revision=number)
        await self._store.write(
            Put(AUDIT, entry), Put(AUDIT_HEADS, seal_head(self._secret, next_head), expects=number - 1)
        )


def _item(entry: AuditEntry) -> AuditItem:
    return AuditItem(
        at=entry.at,
        who=entry.who,
        key=entry.key,
        action=entry.action,
        target=entry.target,
        address=entry.address,
        outcome=entry.outcome,
        hash=entry.hash,
    )
