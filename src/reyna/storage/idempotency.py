"""Idempotency keys: a request that comes twice because its answer was lost is answered from the first one's result."""

import functools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, cast

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Refusal
from reyna.domain.requests.idempotency import IdempotencyKey, Key, KeyReused, StillRunning, parse_key
from reyna.ports.store import Collection, Delete, Put, RequirementNotMet, Store

KEY_RETENTION: Final = timedelta(days=7)  # a client that asks again does so within minutes
MAX_DELETED_KEYS: Final = 500  # in one write
CLEAN_UP_INTERVAL: Final = timedelta(hours=1)  # of the keys of one user
MAX_CLEAN_UP_TIMES: Final = 10_000  # users whose latest clean-up is remembered
NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
RETRY_AFTER_SECONDS: Final = 1
V = TypeVar("V", bound=Callable[..., Awaitable[Any]])


class IdempotencyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a request with an Idempotency-Key, which is the `id`; `fingerprint` is that of the request."""

    id: str
    user_id: str
    made_id: str
    fingerprint: str = ""
    answer: Any = None  # the answer to a repeat, without what can be read of `made_id` as it was then
    revision: int = 1
    created_at: datetime


def idempotency_collection(name: str) -> Collection[IdempotencyRecord]:
    """Returns the collection in which a service stores its keys."""
    return Collection(name, IdempotencyRecord, ("created_at", "made_id"))


class IdempotencyKeys:
    """The keys of one service. A key belongs to a user; it is stored in the same write as its result, so that no crash
    can come between the two."""

    def __init__(
        self, store: Store, records: Collection[IdempotencyRecord], clock: Callable[[], datetime] | None = None
    ) -> None:
        self._store, self._records, self._clock = store, records, clock or _now
        self._running: dict[tuple[str, str], str] = {}
        self._cleaned_up: dict[str, datetime] = {}  # user -> the latest clean-up

    def steps(self, caller: Caller, key: Key, made_id: str, answer: Any = None) -> list[Put]:
        """Returns the steps that store the key; the write with them fails when the key was used before.

        `answer` is the answer to a repeat. Raises Invalid for a malformed key.
        """
        known = parse_key(key)
        if known is None:
            return []
        record = IdempotencyRecord(
            id=known.text,
            user_id=caller.user_id,
            made_id=made_id,
            fingerprint=known.fingerprint,
            answer=msgspec.to_builtins(answer),
            created_at=self._clock(),
        )
        return [Put(self._records, record)]

    async def find(self, caller: Caller, key: Key, kind: str = "") -> IdempotencyRecord | None:
        """Returns the result that was stored under this key, if any. Raises KeyReused when it is another request's.

        `kind` is the beginning of the result's id, by which keys without a fingerprint are told apart.
        """
        known = parse_key(key)
        if known is None:
            return None
        record = await self._store.get(self._records, caller.user_id, known.text)
        if record is None:
            return None
        if record.fingerprint and known.fingerprint and record.fingerprint != known.fingerprint:
            raise KeyReused(key=known.text)
        if not record.made_id.startswith(kind):
            raise KeyReused(key=known.text)
        return record

    async def check_unused(self, caller: Caller, key: Key) -> None:
        """Raises Conflict when this key was used before; the decorator `idempotent` then answers from its result."""
        if await self.find(caller, key) is not None:
            raise Conflict("This was done before.")

    @contextmanager
    def lock(self, caller: Caller, key: Key) -> Iterator[None]:
        """Holds the key while its request is worked on.

        Raises StillRunning when the same request holds it, KeyReused when another one does.
        """
        known = parse_key(key)
        if known is None:
            yield
            return
        place = caller.user_id, known.text
        running = self._running.get(place)
        if running is not None:
            _refuse(running, known)
        self._running[place] = known.fingerprint
        try:
            yield
        finally:
            del self._running[place]

    async def delete_expired(self, user_id: str) -> int:
        """Deletes the expired keys of this user, at most once an hour; returns the number of deleted keys."""
        deleted, now = 0, self._clock()
        if now - self._cleaned_up.get(user_id, NEVER) < CLEAN_UP_INTERVAL:
            return deleted
        if len(self._cleaned_up) >= MAX_CLEAN_UP_TIMES:
            self._cleaned_up.clear()
        self._cleaned_up[user_id] = now
        while True:
            oldest = await self._store.find(self._records, user_id, order=("created_at",), limit=MAX_DELETED_KEYS)
            expired = [record.id for record in oldest if record.created_at < now - KEY_RETENTION]
            if not expired:
                return deleted
            try:
                await self._store.write(*(Delete(self._records, user_id, id) for id in expired))
            except RequirementNotMet:  # another copy of the service deletes the same keys
                return deleted
            deleted += len(expired)


def idempotent(kind: str, replay: Callable[[Any, Caller, IdempotencyRecord], Awaitable[Any]]) -> Callable[[V], V]:
    """Decorates a verb with a parameter `key` whose result has an id that begins with `kind`.

    While the verb runs, a second call with the same key is refused. A later call is answered by `replay`, from the
    result of the first one, whatever refusal it would get by then. The object has `idempotency_keys`.
    """

    def decorate(verb: V) -> V:
        @functools.wraps(verb)
        async def run_once(self: Any, caller: Caller, *args: Any, key: Key = None, **named: Any) -> Any:
            if key is None:
                return await verb(self, caller, *args, **named)
            keys: IdempotencyKeys = self.idempotency_keys
            with keys.lock(caller, key):
                try:
                    result = await verb(self, caller, *args, key=key, **named)
                except Refusal:
                    record = await keys.find(caller, key, kind)
                    if record is None:
                        raise
                    return await replay(self, caller, record)
                await keys.delete_expired(caller.user_id)
                return result

        return cast(V, run_once)

    return decorate


def _refuse(running: str, known: IdempotencyKey) -> None:
    if running and known.fingerprint and running != known.fingerprint:
        raise KeyReused(key=known.text)
    raise StillRunning(key=known.text, retry_after=RETRY_AFTER_SECONDS)


def _now() -> datetime:
    return datetime.now(UTC)
