"""Reading of a whole bucket: what is missing is refused, and what moves meanwhile is read again later."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Literal

import pytest

from reyna.library.bucket_reading import read_bucket
from reyna.sdk import Bucket, Conflict, NotFound, Refuse, Retry, TreeItem

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class BreakingReader:
    """Reads one bucket, and then raises an error."""

    def __init__(self, error: Exception, *, trashed_at: datetime | None = None) -> None:
        self._error = error
        self._bucket = Bucket(
            id="bucket-1",
            user_id="user-ana",
            name="One",
            type="chapter",
            rank="m",
            created_at=NOW,
            updated_at=NOW,
            trashed_at=trashed_at,
        )

    async def bucket(self, id: str) -> Bucket:
        return self._bucket

    async def tree(self, bucket_id: str, *, kind: Literal["bucket", "blob"] | None = None) -> AsyncIterator[TreeItem]:
        yield TreeItem(depth=0, bucket=self._bucket)
        raise self._error


async def read(reader: BreakingReader) -> list[TreeItem]:
    return [item async for item in read_bucket("bucket-1", reader)]


async def test_a_bucket_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refuse, match="no bucket of yours"):
        await read(BreakingReader(NotFound()))


async def test_a_bucket_in_the_trash_is_refused() -> None:
    with pytest.raises(Refuse, match="in the trash"):
        await read(BreakingReader(Conflict(), trashed_at=NOW))


async def test_a_bucket_that_is_moved_meanwhile_is_read_again_later() -> None:
    with pytest.raises(Retry):
        await read(BreakingReader(Conflict()))
