"""Storage of earlier revisions: each compressed against the one that followed it, and now and then one whole.

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
from reyna.ports.store import Put
from reyna.services.state.records import REVISIONS, StoredRevision

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

P = ParamSpec("P")
T = TypeVar("T")

SPAN_REVISIONS: Final = 16  # read together; every second span ends in a whole one, of large data every one
LARGE_DATA_BYTES: Final = 256 * 1024  # above which compressing takes so long that others want to be served meanwhile
ZSTD_LEVEL: Final = 6  # of zstd: a chapter in 0.1 ms, 4 MiB in 50 ms; more costs much time and saves little
MIN_WINDOW_LOG: Final = 10  # the smallest window of zstd, as a power of two
MIN_PREFIX_BYTES: Final = 8  # of a prefix that zstd takes
Setting = zstd.CompressionParameter


def is_whole(number: int, size: int) -> bool:
    """Returns whether this revision is stored by itself."""
    return number % (SPAN_REVISIONS if size > LARGE_DATA_BYTES else 2 * SPAN_REVISIONS) == 0


def span_of(number: int, newest: int) -> range:
    """Returns the revisions to read together: this one and those above it, below the newest."""
    return range(number, min(-(-number // SPAN_REVISIONS) * SPAN_REVISIONS + 1, newest))


async def superseding_step(blob: Blob, successor: Blob) -> Put:
    """Returns the step that stores a blob as a revision, to be written with the blob that takes its place."""
    kept = _stored_record(blob)
    if is_whole(blob.revision, blob.size):
        return Put(REVISIONS, _with_body(kept, await run_in_thread_if_large(blob.size, compress, blob.data)))
    if successor.data is blob.data:  # it only went to the trash, or came back
        return Put(REVISIONS, msgspec.structs.replace(kept, against=successor.revision))
    body = await run_in_thread_if_large(max(blob.size, successor.size), compress, blob.data, successor.data)
    return Put(REVISIONS, msgspec.structs.replace(kept, packed=body, against=successor.revision))


async def late_save_step(mine: Blob, base_revision: int, author: str) -> Put:
    """Returns the step that stores a save that came too late, beside the other revisions."""
    kept = msgspec.structs.replace(
        _stored_record(mine), id=f"{mine.id}:{new_id('revision')}", number=base_revision, conflict=True, author=author
    )
    return Put(REVISIONS, _with_body(kept, await run_in_thread_if_large(mine.size, compress, mine.data)))


def current_revision(blob: Blob, name: str | None = None) -> Revision:
    """Returns the newest revision, which is the blob itself."""
    return to_revision(_stored_record(blob), blob.data, blob.schema_id, name)


def to_revision(kept: StoredRevision, data: Any, schema_id: str, name: str | None = None) -> Revision:
    """Returns the revision with its data; `schema_id` is the blob's, for one that was stored before it could change."""
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


def read_data(line: Iterable[StoredRevision], wanted: Iterable[int], blob: Blob) -> dict[int, Any]:
    """Returns the data of the wanted revisions, out of their chain up to a whole one or to the blob.

    Raises Fault when one of them is missing, or is not what was written.
    """
    by_number = {kept.number: kept for kept in line}
    found: dict[int, Any] = {}
    at, body = 0, b""  # the one that was unpacked last
    for number in sorted({*wanted}, reverse=True):
        chain: list[StoredRevision] = []
        while (above := chain[-1].against if chain else number) != at:
            if above == blob.revision:
                at, body = above, stored_json(blob.data)
            elif (kept := by_number.get(above)) is None:
                raise Fault(f"Revision {above} of {blob.id} is missing.")
            elif kept.against == 0:
                at, body = above, whole_json(kept)
            else:
                chain.append(kept)
        for kept in reversed(chain):
            at, body = kept.number, decompress(kept.packed, body) if kept.packed else body
        found[number] = msgspec.json.decode(body)
    return found


def whole_json(kept: StoredRevision) -> bytes:
    """Returns the JSON of a revision that is stored whole; before revisions were compressed, all were."""
    return decompress(kept.packed) if kept.data is msgspec.UNSET else stored_json(kept.data)


def stored_json(data: Any) -> bytes:
    """Returns the data as the JSON that is compressed, and that others are compressed against.

    It must be the same to the byte for ever, or what was compressed against it cannot be read: so Python writes it,
    whose numbers and strings in JSON are part of the language.
    """
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=msgspec.to_builtins).encode()


def compress(data: Any, following: Any = msgspec.UNSET) -> bytes:
    """Returns the data, compressed by itself or against the data of the following revision."""
    body = stored_json(data)
    prefix = b"" if following is msgspec.UNSET else stored_json(following)
    together = len(body) + len(prefix)  # the window that lets the end of the one refer to the start of the other
    options: dict[int, int] = {
        Setting.compression_level: ZSTD_LEVEL,
        Setting.checksum_flag: True,
        Setting.window_log: max(MIN_WINDOW_LOG, together.bit_length()),
        Setting.enable_long_distance_matching: together > LARGE_DATA_BYTES,
    }
    return zstd.compress(body, options=options, zstd_dict=_zstd_prefix(prefix))


def decompress(body: bytes, following: bytes = b"") -> bytes:
    """Returns the JSON that was compressed. Raises Fault when the body is damaged."""
    try:
        return zstd.decompress(body, zstd_dict=_zstd_prefix(following))
    except zstd.ZstdError as error:
        raise Fault("A revision that was kept cannot be read any more.") from error


def is_same_json(one: Any, other: Any) -> bool:
    """Returns whether both are the same JSON: to Python, 1, 1.0 and true are equal."""
    return bool(one == other) and _sorted(one) == _sorted(other)


async def run_in_thread_if_large(size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls the function, in a thread when it works on many bytes, and returns its result."""
    if size <= LARGE_DATA_BYTES:
        return function(*args, **kwargs)
    return await asyncio.to_thread(function, *args, **kwargs)


def _sorted(data: Any) -> bytes:
    return msgspec.json.encode(data, order="deterministic")


def _zstd_prefix(content: bytes) -> Any:
    return zstd.ZstdDict(content, is_raw=True).as_prefix if len(content) >= MIN_PREFIX_BYTES else None


def _with_body(kept: StoredRevision, body: bytes) -> StoredRevision:
    return msgspec.structs.replace(kept, packed=body)


def _stored_record(blob: Blob) -> StoredRevision:
    return StoredRevision(
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
