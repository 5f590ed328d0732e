"""The webhooks of each user: verbs to create, list, change and delete them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooMuch
from reyna.domain.ids import MAX_ID_CHARACTERS, new_id
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import DEFAULT_LIMIT, Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.requests.precondition import IfMatch
from reyna.domain.webhooks.webhook import CreatedWebhook, NewWebhook, StoredWebhook, Webhook, WebhookChange
from reyna.ports.store import Delete, Increment, Put, RequirementNotMet, Store
from reyna.services.studio.events.filters import parse_type_filter
from reyna.services.studio.records import WEBHOOKS
from reyna.services.studio.webhooks.http_client import PostWebhook
from reyna.services.studio.webhooks.signing import WebhookSecrets, check_secret, new_secret
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent

MAX_WEBHOOKS: Final = 50  # of one user
WEBHOOKS_SUM: Final = "webhooks"


async def _read_answer(webhooks: "Webhooks", caller: Caller, record: IdempotencyRecord) -> CreatedWebhook:
    stored = msgspec.convert(record.answer, StoredWebhook)
    return stored.with_secret(webhooks.secret_of(stored))


class Webhooks:
    """The webhooks of each user. A secret is shown when it was created, and never again."""

    def __init__(
        self,
        store: Store,
        secrets: WebhookSecrets,
        client: PostWebhook,
        clock: Callable[[], datetime],
        idempotency_keys: IdempotencyKeys,
    ) -> None:
        self._store, self._secrets, self._client, self._clock = store, secrets, client, clock
        self.idempotency_keys = idempotency_keys
        self.on_change: Callable[[str], None] = lambda user_id: None  # called with the user after each change

    async def create(self, caller: Caller, new: NewWebhook, *, key: Key = None) -> CreatedWebhook:
        """Creates a webhook. Raises Invalid for a URL, types or a secret that cannot be, and TooMuch above 50."""
        _check_person(caller)
        return await self._create(caller, new, key=key)

    async def list(self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Webhook]:
        """Returns one page of the caller's webhooks, newest first."""
        found = await self._store.find(
            WEBHOOKS,
            caller.user_id,
            order=("created_at",),
            descending=True,
            after=decode_cursor(cursor, datetime, str),
            limit=check_limit(limit) + 1,
        )
        items, last = found[:limit], found[limit - 1] if len(found) > limit else None
        next_cursor = encode_cursor(last.created_at, last.id) if last else None
        return Page(items=tuple(one.without_secret() for one in items), next_cursor=next_cursor)

    async def get(self, caller: Caller, id: str) -> Webhook:
        """Raises NotFound."""
        return (await self.get_stored(caller.user_id, id)).without_secret()

    async def change(
        self, caller: Caller, id: str, change: WebhookChange, *, if_match: IfMatch | None = None
    ) -> Webhook:
        """Raises NotFound, Invalid and Conflict."""
        _check_person(caller)
        webhook = await self.get_stored(caller.user_id, id)
        if if_match is not None:
            if_match.check(webhook.revision, current=webhook.without_secret())
        given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not msgspec.UNSET}
        if "url" in given:
            await self._client.check_url(given["url"])
        if "types" in given:
            _check_types(given["types"])
        _check_ids(given.get("bucket_ids") or ())
        if secret := given.pop("secret", None):
            given["encrypted_secret"] = self._secrets.encrypt(check_secret(secret), caller.user_id, id)
        if given.get("enabled"):
            given |= {"failing_since": None, "disabled_reason": None}
        changed = replace(webhook, **given)
        if changed == webhook:
            return webhook.without_secret()
        changed = replace(changed, revision=webhook.revision + 1, updated_at=self._clock())
        await self._write(webhook, changed, caller)
        return changed.without_secret()

    async def delete(self, caller: Caller, id: str, *, if_match: IfMatch | None = None) -> None:
        """Deletes a webhook; what was not delivered yet is not. Raises NotFound."""
        _check_person(caller)
        webhook = await self.get_stored(caller.user_id, id)
        if if_match is not None:
            if_match.check(webhook.revision, current=webhook.without_secret())
        event = webhook.changed_event(caller, dropped=True)
        try:
            await self._store.write(
                Delete(WEBHOOKS, caller.user_id, id),
                Increment(caller.user_id, WEBHOOKS_SUM, -1),
                messages=[event.message()],
            )
        except RequirementNotMet:
            raise _no_webhook(id) from None
        self.on_change(caller.user_id)

    async def get_stored(self, user_id: str, id: str) -> StoredWebhook:
        """Raises NotFound. No verb: its first parameter is no caller."""
        webhook = await self._store.get(WEBHOOKS, user_id, id)
        if webhook is None:
            raise _no_webhook(id)
        return webhook

    def secret_of(self, webhook: StoredWebhook) -> str:
        """Raises Invalid when it cannot be read any more."""
        return self._secrets.decrypt(webhook.encrypted_secret, webhook.user_id, webhook.id)

    async def _write(self, webhook: StoredWebhook, changed: StoredWebhook, caller: Caller) -> None:
        put, event = Put(WEBHOOKS, changed, expects=webhook.revision), changed.changed_event(caller)
        try:
            await self._store.write(put, messages=[event.message()])
        except RequirementNotMet:
            raise Conflict("This webhook was changed at the same moment. Try again.", id=webhook.id) from None
        self.on_change(caller.user_id)

    @idempotent("webhook", _read_answer)
    async def _create(self, caller: Caller, new: NewWebhook, *, key: Key = None) -> CreatedWebhook:
        _check_types(new.types)
        _check_ids(new.bucket_ids or ())
        secret = new_secret() if new.secret is None else check_secret(new.secret)
        await self._client.check_url(new.url)
        id, now = new_id("webhook"), self._clock()
        webhook = StoredWebhook(
            id=id,
            user_id=caller.user_id,
            url=new.url,
            types=new.types,
            bucket_ids=new.bucket_ids,
            description=new.description,
            encrypted_secret=self._secrets.encrypt(secret, caller.user_id, id),
            created_at=now,
            updated_at=now,
        )
        try:
            await self._store.write(
                Put(WEBHOOKS, webhook),
                Increment(caller.user_id, WEBHOOKS_SUM, 1, at_most=MAX_WEBHOOKS),
                *self.idempotency_keys.steps(caller, key, id, answer=webhook),
                messages=[webhook.changed_event(caller).message()],
            )
        except RequirementNotMet as unmet:
            if unmet.kind == "increment":
                raise TooMuch(f"You have {MAX_WEBHOOKS} webhooks already. Delete one first.") from None
            await self.idempotency_keys.check_unused(caller, key)
            raise Conflict("This was done at the same moment. Try again.") from None
        self.on_change(caller.user_id)
        return webhook.with_secret(secret)


def _check_person(caller: Caller) -> None:
    if caller.kind == "processor":
        raise Forbidden("A processor cannot change webhooks.")


def _check_types(types: Sequence[str]) -> None:
    if not types:
        raise Invalid.at("/types", "is empty", expected="`*`, or types such as blob.*")
    parse_type_filter(types, "/types")


def _check_ids(bucket_ids: Iterable[str]) -> None:
    if any(len(id) > MAX_ID_CHARACTERS for id in bucket_ids):
        raise Invalid.at(
            "/bucket_ids", "has an id that is too long", expected=f"at most {MAX_ID_CHARACTERS} characters"
        )


def _no_webhook(id: str) -> NotFound:
    return NotFound("There is no webhook of yours under this id.", id=id)
