"""Imports archives as the service does, and makes archives."""

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from reyna.domain.caller import Caller
from reyna.domain.files.file import PART_BYTES, NewUpload
from reyna.services.state.service import State
from reyna.services.state.transfer.imports.task import ImportReport, ImportTask, NewImport

ID = re.compile(rb"\b(blob|bucket|task)-[0-9a-hjkmnp-tv-z]{26}\b")
SHA256 = re.compile(rb'"sha256":"[0-9a-f]{64}"')


async def request_import(state: State, caller: Caller, archive: bytes, name: str = "a.zip", **wanted: Any) -> str:
    """Sends an archive and returns the id of the task."""
    upload = await state.uploads.begin(caller, NewUpload(name=name))
    for start in range(0, len(archive), PART_BYTES):
        upload = await state.uploads.append(caller, upload.id, start, archive[start : start + PART_BYTES])
    return (await state.imports.request(caller, NewImport(upload_id=upload.id, name=name, **wanted))).id


async def attempt_import(
    state: State, caller: Caller, archive: bytes, name: str = "a.zip", **wanted: Any
) -> ImportTask:
    """Imports an archive and returns its task, which has ended."""
    return await state.import_worker.run(caller, await request_import(state, caller, archive, name, **wanted))


async def import_archive(
    state: State, caller: Caller, archive: bytes, name: str = "a.zip", **wanted: Any
) -> ImportReport:
    """Imports an archive and returns the report."""
    task = await attempt_import(state, caller, archive, name, **wanted)
    assert task.report is not None, task.error
    return task.report


def zip_of(entries: Mapping[str, bytes | str]) -> bytes:
    """An archive with these entries."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return sink.getvalue()


def without_ids(entries: Mapping[str, bytes]) -> dict[str, bytes]:
    """The entries with each id of a blob or a bucket replaced by its number, in the order in which they come; the
    hashes in the manifest follow from the ids."""
    numbers: dict[bytes, bytes] = {}

    def numbered(text: bytes) -> bytes:
        return ID.sub(lambda found: numbers.setdefault(found[0], b"%s-%d" % (found[1], len(numbers))), text)

    found = {name: numbered(content) for name, content in sorted(entries.items(), key=_without_names)}
    kept = {numbered(name.encode()).decode(): content for name, content in found.items()}
    return kept | {"manifest.json": b"".join(sorted(SHA256.sub(b"", kept["manifest.json"]).splitlines()))}


def _without_names(entry: tuple[str, bytes]) -> tuple[bool, bytes, str]:
    """Sorts what is named after ids to the end."""
    name = entry[0]
    return (
        name.startswith("revisions/") or name == "manifest.json",
        entry[1] if name.startswith("revisions/") else b"",
        name,
    )
