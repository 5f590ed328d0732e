"""The API keys of a user: verbs to create, list, rotate and revoke them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Protocol, get_args

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller, Scope
from reyna.domain.errors import Conflict, Invalid, NotFound, TooMuch
from reyna.domain.event import Event
from reyna.domain.ids import Id, new_id
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import DEFAULT_LIMIT, Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.text.names import normalize_name
from reyna.ports.store import RequirementNotMet
from reyna.services.studio.keys.key_store import KeyStore
from reyna.services.studio.keys.key_text import hint_of, key_text_of
from reyna.services.studio.records import ApiKey
from reyna.services.studio.sign_in.session_store import session_id_of
from reyna.services.studio.sign_in.sessions import Sessions
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent

MAX_KEYS: Final = 100  # of one user
MAX_KEY_BUCKETS: Final = 100  # that one key is limited to
DEFAULT_SCOPES: Final[tuple[Scope, ...]] = ("read", "write", "processors")
DEFAULT_GRACE_SECONDS: Final = 24 * 3600  # in which the text before a rotation is still good
MAX_GRACE_SECONDS: Final = 30 * 24 * 3600
ALL_SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to create. Without `buckets` it reaches everything of its user, with them only what is in or below them."""

    name: str
    scopes: tuple[Scope, ...] = DEFAULT_SCOPES
    buckets: tuple[Id, ...] | None = None
    expires_at: datetime | None = None


class KeyRotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The seconds in which the earlier text of the key is still good."""

    grace_seconds: Annotated[int, msgspec.Meta(ge=0, le=MAX_GRACE_SECONDS)] = DEFAULT_GRACE_SECONDS


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An API key without its text. `hint` is how it begins; `buckets` null means that it is limited to none."""

    id: str
    name: str
    hint: str
    scopes: tuple[Scope, ...]
    buckets: tuple[str, ...] | None
    created_at: datetime
    rotated_at: datetime | None
    grace_ends_at: datetime | None
    expires_at: datetime | None
    last_used_at: datetime | None


class IssuedKey(KeyInfo, frozen=True, kw_only=True):
    """An API key with its text, which is shown this once."""

    key: str


class BucketLookup(Protocol):
    """Tells whether a bucket is there. Raises NotFound."""

    def __call__(self, caller: Caller, id: str) -> Awaitable[object]: ...


async def _repeat_issue(keys: "ApiKeys", caller: Caller, record: IdempotencyRecord) -> IssuedKey:
    """Returns the answer to the first request: the text is not stored, but follows from the id of the key."""
    info = msgspec.convert(record.answer, KeyInfo)
    return IssuedKey(**msgspec.structs.asdict(info), key=keys.text_of(caller, info.id, info.rotated_at))


class ApiKeys:
    """Creates, lists, rotates and revokes the API keys of each user."""

    def __init__(
        self,
        records: KeyStore,
        sessions: Sessions,
        find_bucket: BucketLookup,
        secret: bytes,
        clock: Callable[[], datetime],
        idempotency_keys: IdempotencyKeys,
    ) -> None:
        """`secret` is that of the installation, from which the texts of keys follow; it is in no database."""
        self._records, self._sessions, self._find_bucket = records, sessions, find_bucket
        self._secret, self._clock, self.idempotency_keys = secret, clock, idempotency_keys

    @idempotent("key", _repeat_issue)
    async def create(self, caller: Caller, new: NewKey, *, key: Key = None) -> IssuedKey:
        """Creates a key and returns it with its text. Raises Invalid, NotFound for a bucket, and TooMuch above 100
        keys."""
        await self.idempotency_keys.check_unused(caller, key)
        name, now = normalize_name(new.name), self._clock()
        await self._check(caller, new, now)
        id = new_id("key")
        text = self.text_of(caller, id, None)
        created = ApiKey(
            id=id,
            user_id=caller.user_id,
            name=name,
            scopes=tuple(scope for scope in ALL_SCOPES if scope in new.scopes),
            bucket_ids=None if new.buckets is None else tuple(dict.fromkeys(new.buckets)),
            hint=hint_of(text),
            token_ids=(session_id_of(text),),
            created_at=now,
            expires_at=new.expires_at,
        )
        info = key_info(created)
        once = self.idempotency_keys.steps(caller, key, id, info)
        try:
            await self._records.create(created, once, _event(caller, created, "created"))
        except RequirementNotMet:
            raise Conflict("The same request was made at the same moment. Try again.") from None
        return _issued(info, text)

    async def list(self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[KeyInfo]:
        """Returns one page of the keys, newest first, expired ones included."""
        after = decode_cursor(cursor, datetime, str)
        found = await self._records.list(caller.user_id, after, check_limit(limit) + 1)
        items = tuple(key_info(one) for one in found[:limit])
        more = encode_cursor(items[-1].created_at, items[-1].id) if len(found) > limit else None
        return Page(items=items, next_cursor=more)

    @idempotent("key", _repeat_issue)
    async def rotate(
        self, caller: Caller, id: str, rotation: KeyRotation = KeyRotation(), *, key: Key = None
    ) -> IssuedKey:
        """Gives the key a new text and returns it; the earlier one ends after the grace. Raises NotFound, and Conflict
        for a key that has expired."""
        await self.idempotency_keys.check_unused(caller, key)
        now, there = self._clock(), await self._get(caller, id)
        if there.expires_at is not None and there.expires_at <= now:
            raise Conflict("This key has expired. Create another one.", id=id)
        text = self.text_of(caller, id, now)
        grace_ends_at = now + timedelta(seconds=rotation.grace_seconds) if rotation.grace_seconds else None
        if grace_ends_at is not None and there.expires_at is not None:
            grace_ends_at = min(grace_ends_at, there.expires_at)
        kept = there.token_ids[:1] if grace_ends_at is not None else ()
        rotated = replace(
            there,
            hint=hint_of(text),
            token_ids=(session_id_of(text), *kept),
            rotated_at=now,
            grace_ends_at=grace_ends_at,
            revision=there.revision + 1,
        )
        info = key_info(rotated)
        once = self.idempotency_keys.steps(caller, key, id, info)
        try:
            await self._records.rotate(there, rotated, once, _event(caller, rotated, "rotated"))
        except RequirementNotMet:
            raise Conflict("This key was changed at the same moment. Try again.", id=id) from None
        await self._end(caller, [token_id for token_id in there.token_ids if token_id not in kept])
        self._sessions.check_soon()  # the sockets of the earlier text end sooner by now
        return _issued(info, text)

    async def revoke(self, caller: Caller, id: str) -> None:
        """Removes the key: it is refused at once, and its sockets are closed. Raises NotFound."""
        there = await self._get(caller, id)
        try:
            await self._records.delete(there, _event(caller, there, "revoked"))
        except RequirementNotMet:
            raise Conflict("This key was changed at the same moment. Try again.", id=id) from None
        await self._end(caller, there.token_ids)

    def text_of(self, caller: Caller, id: str, rotated_at: datetime | None) -> str:
        """Returns the text of a key of the caller since it was rotated last. No verb: it returns a secret."""
        since = "" if rotated_at is None else rotated_at.astimezone(UTC).isoformat()
        return key_text_of(self._secret, f"{caller.user_id} {id} {since}")

    async def _get(self, caller: Caller, id: str) -> ApiKey:
        if (key := await self._records.get(caller.user_id, id)) is None:
            raise NotFound("There is no API key of yours under this id.", id=id)
        return key

    async def _end(self, caller: Caller, token_ids: Sequence[str]) -> None:
        await self._sessions.shut_out(caller.user_id, token_ids)

    async def _check(self, caller: Caller, new: NewKey, now: datetime) -> None:
        if not new.scopes:
            raise Invalid.at("/scopes", "name at least one scope", expected=", ".join(ALL_SCOPES))
        if new.expires_at is not None and (new.expires_at.tzinfo is None or new.expires_at <= now):
            raise Invalid.at("/expires_at", "is not in the future", expected="a later time with its zone, or null")
        if new.buckets is not None:
            if not 1 <= len(new.buckets) <= MAX_KEY_BUCKETS:
                raise Invalid.at("/buckets", f"names 1 to {MAX_KEY_BUCKETS} buckets, or is null")
            if "admin" in new.scopes:
                raise Invalid.at("/scopes", "a key that is limited to buckets cannot have the scope admin")
            for bucket_id in new.buckets:
                await self._find_bucket(caller, bucket_id)
        if await self._records.count(caller.user_id) >= MAX_KEYS:
            raise TooMuch(f"There are {MAX_KEYS} API keys of yours. Revoke one that you do not need.")


def key_info(key: ApiKey) -> KeyInfo:
    """Returns what the owner of the key sees of it."""
    return KeyInfo(
        id=key.id,
        name=key.name,
        hint=key.hint,
        scopes=key.scopes,
        buckets=key.bucket_ids,
        created_at=key.created_at,
        rotated_at=key.rotated_at,
        grace_ends_at=key.grace_ends_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )


def _issued(info: KeyInfo, text: str) -> IssuedKey:
    return IssuedKey(**msgspec.structs.asdict(info), key=text)


def _event(caller: Caller, key: ApiKey, change: str) -> Event:
    return Event.now("key.changed", caller, {"key_id": key.id, "change": change}, about=key.id)
