"""Stored API keys, and the records by which their texts are found."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID, KeyAccess
from reyna.domain.event import Event
from reyna.ports.store import Delete, Put, RequirementNotMet, Step, Store
from reyna.services.studio.records import KEYS, SESSIONS, ApiKey, Session

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)  # the end of a key without one
USE_PRECISION: Final = timedelta(minutes=1)  # a use is noted again only after so long


class KeyStore:
    """Creates, finds, rotates and deletes the records of API keys."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    async def get(self, user_id: str, id: str) -> ApiKey | None:
        return await self._store.get(KEYS, user_id, id)

    async def count(self, user_id: str) -> int:
        return await self._store.count(KEYS, user_id)

    async def list(self, user_id: str, after: tuple[Any, ...] | None, limit: int) -> Sequence[ApiKey]:
        """Returns keys of this user, newest first, from behind the position `after`."""
        return await self._store.find(KEYS, user_id, order=("created_at",), descending=True, after=after, limit=limit)

    async def create(self, key: ApiKey, once: Sequence[Step], event: Event) -> None:
        """Writes a new key with the record of its text. Raises RequirementNotMet."""
        token = Put(SESSIONS, self._token(key, key.token_ids[0], key.expires_at or NEVER))
        await self._store.write(Put(KEYS, key), token, *once, messages=[event.message()])

    async def rotate(self, there: ApiKey, rotated: ApiKey, once: Sequence[Step], event: Event) -> None:
        """Replaces the key; its earlier texts end at the end of the grace or at once. Raises RequirementNotMet."""
        steps: list[Step] = [Put(KEYS, rotated, expects=there.revision)]
        steps.append(Put(SESSIONS, self._token(rotated, rotated.token_ids[0], rotated.expires_at or NEVER)))
        for token_id in there.token_ids:
            record = await self._store.get(SESSIONS, SYSTEM_USER_ID, token_id)
            if record is None:
                continue
            if token_id in rotated.token_ids and rotated.grace_ends_at is not None:
                ending = replace(record, expires_at=rotated.grace_ends_at, revision=record.revision + 1)
                steps.append(Put(SESSIONS, ending, expects=record.revision))
            else:
                steps.append(Delete(SESSIONS, SYSTEM_USER_ID, token_id))
        await self._store.write(*steps, *once, messages=[event.message()])

    async def delete(self, key: ApiKey, event: Event) -> None:
        """Deletes the key with the records of its texts. Raises RequirementNotMet."""
        tokens = [await self._store.get(SESSIONS, SYSTEM_USER_ID, token_id) for token_id in key.token_ids]
        steps = [Delete(SESSIONS, SYSTEM_USER_ID, token.id) for token in tokens if token is not None]
        await self._store.write(Delete(KEYS, key.user_id, key.id), *steps, messages=[event.message()])

    async def note_use(self, user_id: str, key_id: str) -> None:
        """Stores that the key is used now, unless that was stored a moment ago. Where others change the key at the same
        moment, the next use is stored."""
        key, now = await self.get(user_id, key_id), self._clock()
        if key is None or (key.last_used_at is not None and now - key.last_used_at < USE_PRECISION):
            return
        try:
            await self._store.write(
                Put(KEYS, replace(key, last_used_at=now, revision=key.revision + 1), expects=key.revision)
            )
        except RequirementNotMet:
            return

    def _token(self, key: ApiKey, token_id: str, expires_at: datetime) -> Session:
        return Session(
            id=token_id,
            user_id=SYSTEM_USER_ID,
            owner_id=key.user_id,
            kind="key",
            access=KeyAccess(key_id=key.id, scopes=key.scopes, bucket_ids=key.bucket_ids),
            created_at=self._clock(),
            expires_at=expires_at,
        )
