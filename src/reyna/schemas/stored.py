"""Which of the stored blobs would fail a schema that is not registered yet, as they are or upgraded to it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import DataError, Fault, Refusal
from reyna.domain.page import Page
from reyna.domain.schema import Upgrade
from reyna.fit import Fit
from reyna.fit.upgrade import upgraded

MOST: Final = 10_000  # blobs that are looked at, the newest ones
SECONDS: Final = 3.0  # that looking may take; the whole verb must answer within ten
PAGE: Final = 50  # blobs at once; over the bus a page must stay below its largest message
EXAMPLES: Final = 5
ERRORS: Final = 3  # that are shown of each example
SHOWN: Final = 4 * 1024  # bytes of data shown in an example
T = TypeVar("T")


class ContentVerbs(Protocol):
    """What the schema service asks of the state service."""

    async def blobs(
        self, caller: Caller, *, schema_id: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Blob]: ...


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """A stored blob that would not fit."""

    blob_id: str
    schema_version: str
    errors: tuple[DataError, ...]


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """How many blobs were looked at and how many of them fail; `sampled` says that there are more than that."""

    checked: int
    failing: int
    examples: tuple[Failing, ...] = ()
    sampled: bool = False


class FailingUpgrade(msgspec.Struct, frozen=True, kw_only=True):
    """A stored blob whose upgraded data would not fit, or that cannot be upgraded: then there is no `after`.

    Data of more than 4 KiB is left out.
    """

    blob_id: str
    schema_version: str
    before: Any = msgspec.UNSET
    after: Any = msgspec.UNSET
    errors: tuple[DataError, ...]


class Upgraded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the blobs of `schema_id`, the major before, in a trial: how many fail after the upgrade."""

    schema_id: str
    checked: int
    failing: int
    examples: tuple[FailingUpgrade, ...] = ()
    sampled: bool = False


async def would_fail(content: ContentVerbs, caller: Caller, schema_id: str, fit: Fit) -> Stored:
    """Look at the caller's blobs of this schema as they are, the newest first."""

    def look(blob: Blob, shown: bool) -> Failing | None:
        errors = _errors(fit, blob.data, every=shown)
        return Failing(blob_id=blob.id, schema_version=blob.schema_version, errors=errors) if errors else None

    seen = await _Looking(look).through(content, caller, schema_id)
    return Stored(checked=seen.checked, failing=seen.failing, examples=tuple(seen.examples), sampled=seen.sampled)


async def would_fail_upgraded(
    content: ContentVerbs, caller: Caller, schema_id: str, upgrade: Upgrade, fit: Fit
) -> Upgraded:
    """Upgrade copies of the caller's blobs of this schema, the newest first, and look at what comes out."""

    def look(blob: Blob, shown: bool) -> FailingUpgrade | None:
        after: Any = msgspec.UNSET
        try:
            after = upgraded(blob.data, upgrade)
            errors = _errors(fit, after, every=shown)
        except Refusal as refusal:
            errors = refusal.errors or (DataError(path="", message=refusal.detail),)
        if not errors:
            return None
        return FailingUpgrade(
            blob_id=blob.id,
            schema_version=blob.schema_version,
            before=_shown(blob.data),
            after=_shown(after),
            errors=errors,
        )

    seen = await _Looking(look).through(content, caller, schema_id)
    return Upgraded(
        schema_id=schema_id,
        checked=seen.checked,
        failing=seen.failing,
        examples=tuple(seen.examples),
        sampled=seen.sampled,
    )


class _Looking(Generic[T]):
    """`look` gives what is wrong with a blob; for the first few of them, which are shown, in full."""

    def __init__(self, look: Callable[[Blob, bool], T | None]) -> None:
        self._look = look
        self.checked = self.failing = 0
        self.examples: list[T] = []
        self.sampled = False

    async def through(self, content: ContentVerbs, caller: Caller, schema_id: str) -> "_Looking[T]":
        until = time.monotonic() + SECONDS
        async for blobs in _pages(content, caller, schema_id):
            # in a thread, for a blob may be large and a schema heavy, and others are served meanwhile
            self.sampled = blobs is None or not await asyncio.to_thread(self._page, blobs, until)
            if self.sampled:
                break
        return self

    def _page(self, blobs: Sequence[Blob], until: float) -> bool:
        """Whether there was time and room for all of these."""
        for blob in blobs:
            if self.checked >= MOST or time.monotonic() > until:
                return False
            self.checked += 1
            found = self._look(blob, len(self.examples) < EXAMPLES)
            if found is not None:
                self.failing += 1
                if len(self.examples) < EXAMPLES:
                    self.examples.append(found)
        return True


async def _pages(content: ContentVerbs, caller: Caller, schema_id: str) -> AsyncIterator[Sequence[Blob] | None]:
    """Every blob, page by page; None when no more of them can be had, although there are more."""
    cursor: str | None = None
    limit = PAGE
    while True:
        try:
            page = await content.blobs(caller, schema_id=schema_id, limit=limit, cursor=cursor)
        except Fault:
            if limit == 1:
                yield None
                return
            limit = max(1, limit // 4)  # a page may have been too large for one message
            continue
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _errors(fit: Fit, data: Any, *, every: bool) -> tuple[DataError, ...]:
    """What is wrong, at the first few places; unless `every` is wanted, only whether anything is."""
    try:
        if every:
            return fit.errors(data)[:ERRORS]
        return () if fit.fits(data) else (DataError(path="", message="does not fit"),)
    except Refusal as refusal:  # too much work for this schema
        return (DataError(path="", message=refusal.detail),)


def _shown(data: Any) -> Any:
    return data if data is not msgspec.UNSET and len(msgspec.json.encode(data)) <= SHOWN else msgspec.UNSET
