"""How earlier revisions are kept: each as what differs from the one that followed it, and now and then one whole.

A revision is replaced by one that is mostly the same, and both are at hand then. So it is compressed by zstd with the
JSON of the following one for a prefix (what `zstd --patch-from` does), which leaves little more than the edit itself.
To read it, start at the nearest one above it that is whole, which the present one always is, and go down.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, ParamSpec, TypeVar

import msgspec

from reyna.domain.blob import Blob, Revision
from reyna.domain.errors import Fault
from reyna.domain.ids import new_id
from reyna.ports import Put
from reyna.state.records import REVISIONS, KeptRevision

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

P = ParamSpec("P")
T = TypeVar("T")

SPAN: Final = 16  # revisions that are read together; every second span ends in a whole one, of large data every one
LARGE: Final = 256 * 1024  # bytes of JSON above which compressing takes so long that others want to be served meanwhile
LEVEL: Final = 6  # of zstd: a chapter in 0.1 ms, 4 MiB in 50 ms; more costs much time and saves little
NARROWEST: Final = 10  # the smallest window of zstd, as a power of two
SHORTEST: Final = 8  # bytes of a prefix that zstd takes
Setting = zstd.CompressionParameter


def is_whole(number: int, size: int) -> bool:
    """Whether this revision is kept by itself."""
    return number % (SPAN if size > LARGE else 2 * SPAN) == 0


def span_of(number: int, newest: int) -> range:
    """The revisions to read together, this one and those above it, below the newest."""
    return range(number, min(-(-number // SPAN) * SPAN + 1, newest))


async def superseded(blob: Blob, by: Blob) -> Put:
    """The step that keeps a blob as it was when the next revision takes its place: to be written with that one."""
    kept = _kept(blob)
    if is_whole(blob.revision, blob.size):
        return Put(REVISIONS, _whole(kept, await aside(blob.size, packed, blob.data)))
    if by.data is blob.data:  # it only went to the trash, or came back
        return Put(REVISIONS, msgspec.structs.replace(kept, against=by.revision))
    body = await aside(max(blob.size, by.size), packed, blob.data, by.data)
    return Put(REVISIONS, msgspec.structs.replace(kept, packed=body, against=by.revision))


async def refused(mine: Blob, base_revision: int, author: str) -> Put:
    """The step that keeps a save that came too late, beside the line."""
    kept = msgspec.structs.replace(
        _kept(mine), id=f"{mine.id}:{new_id('revision')}", number=base_revision, conflict=True, author=author
    )
    return Put(REVISIONS, _whole(kept, await aside(mine.size, packed, mine.data)))


def present(blob: Blob, name: str | None = None) -> Revision:
    """The newest revision, which the blob itself is."""
    return shown(_kept(blob), blob.data, blob.schema_id, name)


def shown(kept: KeptRevision, data: Any, schema_id: str, name: str | None = None) -> Revision:
    """A revision as it is given out; `schema_id` is the blob's, for one that was kept before it could change."""
    return Revision(
        id=kept.id,
        user_id=kept.user_id,
        blob_id=kept.blob_id,
        number=kept.number,
        name=name,
        data=data,
        size=kept.size,
        schema_id=kept.schema_id or schema_id,
        schema_version=kept.schema_version,
        author=kept.author,
        author_kind=kept.author_kind,
        conflict=kept.conflict,
        revision=kept.revision,
        created_at=kept.created_at,
    )


def read(line: Iterable[KeptRevision], wanted: Iterable[int], blob: Blob) -> dict[int, Any]:
    """The data of the wanted revisions, out of those and the ones above them up to a whole one or to the blob.

    Raises Fault when one of them is missing, or is not what was written.
    """
    by_number = {kept.number: kept for kept in line}
    found: dict[int, Any] = {}
    at, body = 0, b""  # the one that was unpacked last
    for number in sorted({*wanted}, reverse=True):
        chain: list[KeptRevision] = []
        while (above := chain[-1].against if chain else number) != at:
            if above == blob.revision:
                at, body = above, written(blob.data)
            elif (kept := by_number.get(above)) is None:
                raise Fault(f"Revision {above} of {blob.id} is missing.")
            elif kept.against == 0:
                at, body = above, own(kept)
            else:
                chain.append(kept)
        for kept in reversed(chain):
            at, body = kept.number, unpacked(kept.packed, body) if kept.packed else body
        found[number] = msgspec.json.decode(body)
    return found


def own(kept: KeptRevision) -> bytes:
    """The JSON of one that is kept whole; before revisions were compressed, all were, as they are."""
    return unpacked(kept.packed) if kept.data is msgspec.UNSET else written(kept.data)


def written(data: Any) -> bytes:
    """The data as the JSON that is compressed, and that others are compressed against.

    It must be the same to the byte for ever, or what was compressed against it cannot be read: so Python writes it,
    whose numbers and strings in JSON are part of the language.
    """
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=msgspec.to_builtins).encode()


def packed(data: Any, following: Any = msgspec.UNSET) -> bytes:
    """The data, compressed by itself or against the data of the following revision."""
    body = written(data)
    prefix = b"" if following is msgspec.UNSET else written(following)
    together = len(body) + len(prefix)  # the window that lets the end of the one refer to the start of the other
    options: dict[int, int] = {
        Setting.compression_level: LEVEL,
        Setting.checksum_flag: True,
        Setting.window_log: max(NARROWEST, together.bit_length()),
        Setting.enable_long_distance_matching: together > LARGE,
    }
    return zstd.compress(body, options=options, zstd_dict=_prefix(prefix))


def unpacked(body: bytes, following: bytes = b"") -> bytes:
    """The JSON of what was packed so. Raises Fault when it is not what was packed."""
    try:
        return zstd.decompress(body, zstd_dict=_prefix(following))
    except zstd.ZstdError as error:
        raise Fault("A revision that was kept cannot be read any more.") from error


def same(one: Any, other: Any) -> bool:
    """Whether both are the same JSON: to Python, 1, 1.0 and true are equal."""
    return bool(one == other) and _sorted(one) == _sorted(other)


async def aside(size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The work, out of the way of others when it is about this many bytes."""
    if size <= LARGE:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


def _sorted(data: Any) -> bytes:
    return msgspec.json.encode(data, order="deterministic")


def _prefix(content: bytes) -> Any:
    return zstd.ZstdDict(content, is_raw=True).as_prefix if len(content) >= SHORTEST else None


def _whole(kept: KeptRevision, body: bytes) -> KeptRevision:
    return msgspec.structs.replace(kept, packed=body)


def _kept(blob: Blob) -> KeptRevision:
    return KeptRevision(
        id=f"{blob.id}:{blob.revision}",
        user_id=blob.user_id,
        blob_id=blob.id,
        number=blob.revision,
        size=blob.size,
        schema_id=blob.schema_id,
        schema_version=blob.schema_version,
        author=blob.changed_by,
        author_kind=blob.author_kind,
        created_at=blob.updated_at,
    )
