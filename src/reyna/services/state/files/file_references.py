"""The references of blobs to files, which are written with the blobs."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.errors import DataError, Invalid
from reyna.domain.json.data import encode_json
from reyna.ports.store import Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.files.file_records import FILES, REFERENCES, FileReference
from reyna.services.state.files.file_slots import Slot, files_at
from reyna.storage.chunks import chunks

MENTION: Final = re.compile(rb"file-[0-7][0-9a-hjkmnp-tv-z]{25}")
MARK: Final = b"file-"  # found far faster than the whole of an id
USABLE: Final = {"collecting": False}


class FileSchema(Protocol):
    """The places of a schema at which a file must be."""

    @property
    def file_slots(self) -> tuple[Slot, ...]: ...


class FileReferences:
    """Finds the files that data names. Every mention of one of the user's files keeps it, wherever it stands; where the
    schema wants a file, it must be there."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def steps(
        self, user_id: str, blob_id: str, schema: FileSchema, data: Any, body: bytes, before: Any = None
    ) -> list[Step]:
        """Returns the steps that write the references of new data of a blob; `body` is the data as JSON, `before` the
        data that it replaces, whose files are not asked for again.

        Raises Invalid for a file that is not there, or is another user's.
        """
        if MARK not in body and not schema.file_slots:
            return []
        wanted = files_at(data, schema.file_slots)
        mentioned = {id.decode() for id in MENTION.findall(body)}
        usable = await self._find_usable(user_id, sorted(mentioned))
        known = files_at(before, schema.file_slots) if before is not None else {}
        missing = [(id, path) for id, path in wanted.items() if id not in usable and id not in known]
        if missing:
            errors = [DataError(path=f"/data{path}", message=f"there is no file {id!r}") for id, path in missing]
            raise Invalid(f"There is no file {missing[0][0]!r} of yours.", errors=errors)
        return _steps_of(user_id, blob_id, sorted(usable))

    async def mention_steps(self, blobs: Iterable[Blob]) -> list[Step]:
        """Returns the steps that write the references of new blobs to those of their files that are there."""
        steps: list[Step] = []
        for blob in blobs:
            body = encode_json(blob.data)
            if MARK in body and (mentioned := {id.decode() for id in MENTION.findall(body)}):
                usable = await self._find_usable(blob.user_id, sorted(mentioned))
                steps += _steps_of(blob.user_id, blob.id, sorted(usable))
        return steps

    async def _find_usable(self, user_id: str, ids: Sequence[str]) -> set[str]:
        """Returns those of the files that are there; one that is about to be collected is revived."""
        found: set[str] = set()
        for some in chunks(ids):
            for id, collecting in await self._store.select(FILES, user_id, ("id", "collecting"), {"id": some}):
                if not collecting or await self._revive(user_id, id):
                    found.add(id)
        return found

    async def _revive(self, user_id: str, id: str) -> bool:
        file = await self._store.get(FILES, user_id, id)
        if file is None:
            return False
        revived = replace(file, collecting=False, unused_since=datetime.now(UTC), revision=file.revision + 1)
        try:
            await self._store.write(Put(FILES, revived, expects=file.revision))
        except RequirementNotMet:  # it is gone, or somebody else has revived it
            now = await self._store.get(FILES, user_id, id)
            return now is not None and not now.collecting
        return True


def blobs_in(steps: Iterable[Step]) -> list[Blob]:
    """Returns the blobs that these steps write."""
    return [step.record for step in steps if isinstance(step, Put) and isinstance(step.record, Blob)]


def _steps_of(user_id: str, blob_id: str, file_ids: Iterable[str]) -> list[Step]:
    steps: list[Step] = []
    for id in file_ids:
        reference = FileReference(id=f"{blob_id}:{id}", user_id=user_id, blob_id=blob_id, file_id=id)
        steps += [Require(FILES, user_id, id, USABLE), Put(REFERENCES, reference, expects=None)]
    return steps
