"""Which of the stored blobs would fail a schema that is not registered yet."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final, Protocol

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import DataError, Fault, TooLarge
from reyna.domain.page import Page
from reyna.fit import Fit

MOST: Final = 10_000  # blobs that are looked at, the newest ones
SECONDS: Final = 3.0  # that looking may take; the whole verb must answer within ten
PAGE: Final = 50  # blobs at once; over the bus a page must stay below its largest message
EXAMPLES: Final = 5
ERRORS: Final = 3  # that are shown of each example


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


async def would_fail(content: ContentVerbs, caller: Caller, schema_id: str, fit: Fit) -> Stored:
    """Look at the caller's blobs of this schema, the newest first."""
    checked = failing = 0
    examples: list[Failing] = []
    until = time.monotonic() + SECONDS
    async for blob in _blobs(content, caller, schema_id):
        if blob is None or checked >= MOST or time.monotonic() > until:
            return Stored(checked=checked, failing=failing, examples=tuple(examples), sampled=True)
        checked += 1
        if not _fits(fit, blob):
            failing += 1
            if len(examples) < EXAMPLES:
                examples.append(_example(fit, blob))
        if checked % PAGE == 0:
            await asyncio.sleep(0)  # others are served between two pages
    return Stored(checked=checked, failing=failing, examples=tuple(examples))


async def _blobs(content: ContentVerbs, caller: Caller, schema_id: str) -> AsyncIterator[Blob | None]:
    """Every blob; None when no more of them can be had, although there are more."""
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
        for blob in page.items:
            yield blob
        cursor = page.next_cursor
        if cursor is None:
            return


def _fits(fit: Fit, blob: Blob) -> bool:
    try:
        return fit.fits(blob.data)
    except TooLarge:
        return False


def _example(fit: Fit, blob: Blob) -> Failing:
    try:
        errors = fit.errors(blob.data)[:ERRORS]
    except TooLarge as refusal:
        errors = (DataError(path="", message=refusal.detail),)
    return Failing(blob_id=blob.id, schema_version=blob.schema_version, errors=errors)
