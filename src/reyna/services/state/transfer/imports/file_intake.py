"""Keeps the files of an archive."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Refusal
from reyna.domain.files.file import PART_BYTES, NewUpload
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.state.files.file_records import FILES
from reyna.services.state.files.uploads import Uploads
from reyna.services.state.transfer.reading.items import IncomingFile
from reyna.services.state.transfer.reading.opened_archive import OpenedArchive

KEPT_FACTS: Final = ("created_at", "created_by", "width", "height", "duration", "peaks")


class FileIntake:
    """Stores files while they are read, with constant memory. The same content is one file."""

    def __init__(self, store: Store, uploads: Uploads, caller: Caller) -> None:
        self._store, self._uploads, self._caller = store, uploads, caller
        self.new_ids: list[str] = []  # of files that were not there before

    async def keep(self, archive: OpenedArchive, planned: IncomingFile) -> None:
        """Stores one file. Raises TooMuch over the quota, and BadArchive."""
        started = datetime.now(UTC)
        new = NewUpload(name=planned.name, size=archive.size_of(planned.path))
        upload = await self._uploads.begin(self._caller, new)
        pieces = archive.read_pieces(planned.path, PART_BYTES)
        try:
            while piece := await asyncio.to_thread(next, pieces, b""):
                upload = await self._uploads.append(self._caller, upload.id, upload.offset, piece)
            file = await self._uploads.finish(self._caller, upload.id)
        except BaseException:
            with suppress(Refusal, Fault):
                await self._uploads.cancel(self._caller, upload.id)
            raise
        if file.created_at >= started:
            self.new_ids.append(file.id)
            await self._restore_facts(file.id, planned.facts)

    async def _restore_facts(self, id: str, facts: dict[str, Any]) -> None:
        """Gives a new file the facts that the archive says of it."""
        known = {name: facts[name] for name in KEPT_FACTS if facts.get(name) is not None}
        file = await self._store.get(FILES, self._caller.user_id, id)
        if not known or file is None:
            return
        with suppress(RequirementNotMet):  # somebody else has changed it at this moment
            await self._store.write(
                Put(FILES, replace(file, revision=file.revision + 1, **known), expects=file.revision)
            )
