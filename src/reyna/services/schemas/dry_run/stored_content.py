"""Checks stored blobs against a schema that is not registered yet, as they are or upgraded to it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import DataError, Fault, Refusal
from reyna.domain.requests.page import Page
from reyna.domain.schema import Upgrade
from reyna.services.schemas.dry_run.reports import Failing, FailingUpgrade, Stored, Upgraded
from reyna.validation.sandbox.sandbox import ValidationSandbox
from reyna.validation.upgrade import apply_upgrade
from reyna.validation.validator import Validator

MAX_CHECKED_BLOBS: Final = 10_000  # the newest ones
MAX_CHECK_SECONDS: Final = 3.0  # the whole verb must answer within ten
PAGE_BLOBS: Final = 50  # a page must stay below the largest message of the bus
MAX_EXAMPLES: Final = 5
MAX_ERRORS_PER_EXAMPLE: Final = 3
MAX_EXAMPLE_BYTES: Final = 4 * 1024  # of data shown in an example
T = TypeVar("T")
DOES_NOT_FIT: Final = (DataError(path="", message="does not fit"),)


class BlobListing(Protocol):
    """The verb of the state service that lists the caller's blobs, the newest first."""

    async def list(
        self, caller: Caller, *, schema_id: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Blob]: ...


class ContentLookup(Protocol):
    """The part of the state service that the schema service uses."""

    @property
    def blobs(self) -> BlobListing: ...


class StoredContent:
    """Checks the content that the caller has stored, as `content` lists it."""

    def __init__(self, content: ContentLookup | None, sandbox: ValidationSandbox) -> None:
        self._content, self._sandbox = content, sandbox

    async def check(self, caller: Caller, schema_id: str | None, validator: Validator) -> Stored | None:
        """Checks the blobs of a schema as they are; None without a state service.

        `schema_id` None means that nothing is registered, so that nothing can be stored.
        """
        if self._content is None:
            return None
        if schema_id is None:
            return Stored(checked=0, failing=0)

        async def check_blob(blob: Blob, shown: bool) -> Failing | None:
            errors = await self._errors(caller, validator, blob.data, shown)
            return Failing(blob_id=blob.id, schema_version=blob.schema_version, errors=errors) if errors else None

        tally = await _Tally(check_blob).of_all(_pages(self._content, caller, schema_id))
        return Stored(
            checked=tally.checked, failing=tally.failing, examples=tuple(tally.examples), sampled=tally.sampled
        )

    async def check_upgrade(
        self, caller: Caller, schema_id: str, upgrade: Upgrade, validator: Validator
    ) -> Upgraded | None:
        """Upgrades copies of the blobs of a schema and checks the result; None without a state service."""
        if self._content is None:
            return None
        check_blob = partial(self._check_upgraded_blob, caller, upgrade, validator)
        tally = await _Tally(check_blob).of_all(_pages(self._content, caller, schema_id))
        return Upgraded(
            schema_id=schema_id,
            checked=tally.checked,
            failing=tally.failing,
            examples=tuple(tally.examples),
            sampled=tally.sampled,
        )

    async def _check_upgraded_blob(
        self, caller: Caller, upgrade: Upgrade, validator: Validator, blob: Blob, shown: bool
    ) -> FailingUpgrade | None:
        after: Any = msgspec.UNSET
        try:
            after = await asyncio.to_thread(apply_upgrade, blob.data, upgrade)  # can take long
            errors = await self._errors(caller, validator, after, shown)
        except Refusal as refusal:
            errors = refusal.errors or (DataError(path="", message=refusal.detail),)
        if not errors:
            return None
        return FailingUpgrade(
            blob_id=blob.id,
            schema_version=blob.schema_version,
            before=_if_short(blob.data),
            after=_if_short(after),
            errors=errors,
        )

    async def _errors(self, caller: Caller, validator: Validator, data: Any, shown: bool) -> tuple[DataError, ...]:
        """Returns the first errors of an example that is shown; of any other, only whether there are errors."""
        body = msgspec.json.encode(data)
        try:
            if not shown:
                return () if await self._sandbox.fits(caller.user_id, validator, data, body) else DOES_NOT_FIT
            errors = await self._sandbox.errors(caller.user_id, validator, data, body, rate_limited=False)
        except Refusal as refusal:  # validation takes too long
            return (DataError(path="", message=refusal.detail),)
        return errors[:MAX_ERRORS_PER_EXAMPLE]


class _Tally(Generic[T]):
    """Counts the blobs that fail. `check_blob` returns an example for one that fails; True asks for a full one."""

    def __init__(self, check_blob: Callable[[Blob, bool], Awaitable[T | None]]) -> None:
        self._check_blob = check_blob
        self.checked = self.failing = 0
        self.examples: list[T] = []
        self.sampled = False

    async def of_all(self, pages: AsyncIterator[Sequence[Blob] | None]) -> "_Tally[T]":
        """Counts until the pages or the time end; `sampled` is True when blobs were left."""
        deadline = time.monotonic() + MAX_CHECK_SECONDS
        async for blobs in pages:
            self.sampled = blobs is None or not await self._add(blobs, deadline)
            if self.sampled:
                break
        return self

    async def _add(self, blobs: Sequence[Blob], deadline: float) -> bool:
        """Returns False when the time or the number of blobs was used up."""
        for blob in blobs:
            if self.checked >= MAX_CHECKED_BLOBS or time.monotonic() > deadline:
                return False
            self.checked += 1
            example = await self._check_blob(blob, len(self.examples) < MAX_EXAMPLES)
            if example is not None:
                self.failing += 1
                if len(self.examples) < MAX_EXAMPLES:
                    self.examples.append(example)
        return True


async def _pages(content: ContentLookup, caller: Caller, schema_id: str) -> AsyncIterator[Sequence[Blob] | None]:
    """Yields every blob page by page, and None when the rest cannot be read."""
    cursor: str | None = None
    limit = PAGE_BLOBS
    while True:
        try:
            page = await content.blobs.list(caller, schema_id=schema_id, limit=limit, cursor=cursor)
        except Fault:
            if limit == 1:
                yield None
                return
            limit = max(1, limit // 4)  # the page may have been too large for one message
            continue
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _if_short(data: Any) -> Any:
    short = data is not msgspec.UNSET and len(msgspec.json.encode(data)) <= MAX_EXAMPLE_BYTES
    return data if short else msgspec.UNSET
