"""Writes the entries of an export, and the manifest that lists them all."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any, Final, Self

import msgspec

from reyna.services.state.transfer.exports.zip_stream import ZipStream
from reyna.services.state.transfer.layout.entry_names import MANIFEST
from reyna.services.state.transfer.layout.facts import FORMAT, FORMAT_VERSION, ArchiveEntry, Counts

SPOOL_BYTES: Final = 1024 * 1024  # of a list that is held in memory, before it goes to a temporary file
READ_BYTES: Final = 64 * 1024


class LineSpool:
    """The lines of a JSON list, kept until their entry is written."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - __exit__
        self._is_empty = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, item: Any) -> None:
        """Adds an item as one line."""
        self._file.write((b"" if self._is_empty else b",\n") + b"    " + msgspec.json.encode(item))
        self._is_empty = False

    async def document(self, head: dict[str, Any], key: str) -> AsyncIterator[bytes]:
        """Yields a JSON object with the fields of `head`, and with the lines as its last field, `key`."""
        fields = "".join(f"  {_json(name)}: {_json(value)},\n" for name, value in head.items())
        yield f"{{\n{fields}  {_json(key)}: [\n".encode()
        self._file.seek(0)
        while chunk := self._file.read(READ_BYTES):
            yield chunk
        yield (b"" if self._is_empty else b"\n") + b"  ]\n}\n"


class ArchiveWriter:
    """Writes entries one after the other. Each method yields the next bytes of the archive."""

    def __init__(self) -> None:
        self._zip, self._entries = ZipStream(), LineSpool()
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.__exit__()
        self._entries.__exit__()

    async def add(self, path: str, content: bytes) -> AsyncIterator[bytes]:
        """Yields an entry whose content is at hand."""
        self._entries.add(ArchiveEntry(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest()))
        async for chunk in self._zip.add(path, content):
            yield chunk

    async def add_stream(
        self, path: str, content: AsyncIterable[bytes], *, size: int = 0, compressed: bool = True
    ) -> AsyncIterator[bytes]:
        """Yields an entry whose content arrives."""
        digest = _Digest(content)
        async for chunk in self._zip.add_stream(path, digest.pass_on(), size=size, compressed=compressed):
            yield chunk
        self._entries.add(ArchiveEntry(path=path, size=digest.size, sha256=digest.hash.hexdigest()))

    async def add_list(self, path: str, head: dict[str, Any], key: str, items: Iterable[Any]) -> AsyncIterator[bytes]:
        """Yields an entry that is a JSON object with a list of these items."""
        with LineSpool() as lines:
            for item in items:
                lines.add(item)
            async for chunk in self.add_stream(path, lines.document(head, key)):
                yield chunk

    async def close(self, bucket: str | None, *, revisions: bool) -> AsyncIterator[bytes]:
        """Yields the manifest and the end of the archive."""
        head = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "bucket": bucket,
            "revisions": revisions,
            "counts": Counts(**self.counts),
        }
        async for chunk in self._zip.add_stream(MANIFEST, self._entries.document(head, "entries")):
            yield chunk
        async for chunk in self._zip.close():
            yield chunk


class _Digest:
    """Counts and hashes what passes."""

    def __init__(self, content: AsyncIterable[bytes]) -> None:
        self._content, self.size, self.hash = content, 0, hashlib.sha256()

    async def pass_on(self) -> AsyncIterator[bytes]:
        async for chunk in self._content:
            self.size += len(chunk)
            self.hash.update(chunk)
            yield chunk


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
