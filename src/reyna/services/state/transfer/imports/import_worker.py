"""Carries imports out, each of them from the start when it broke off."""

import asyncio
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, NotFound, Refusal
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.state.files.file_records import UPLOADS
from reyna.services.state.files.parts import PartStorage
from reyna.services.state.transfer.formats.detection import detect_format
from reyna.services.state.transfer.imports.import_run import ImportParts, ImportRun
from reyna.services.state.transfer.imports.task import TASKS, ImportReport, ImportTask
from reyna.services.state.transfer.reading.opened_archive import OpenedArchive

PROGRESS_INTERVAL_SECONDS: Final = 1.0  # between two writes of how far a task is
ARCHIVE_GONE: Final = "The archive is not there any more: what is sent is kept for a day. Import it again."
BROKE_OFF: Final = (
    "The import broke off several times, and was given up. What it has made so far is there; it is safe to repeat."
)


class ImportWorker:
    """Carries imports out. An attempt that breaks off is made again from the start: what is there already stays."""

    def __init__(self, store: Store, storage: PartStorage, parts: ImportParts) -> None:
        self._store, self._uploads, self._storage, self._parts = store, parts.uploads, storage, parts

    async def run(self, caller: Caller, id: str) -> ImportTask:
        """Carries an import out and returns its task; a refusal is its end. Raises NotFound, and Fault, after which it
        may be run again."""
        task = await self._load(caller, id)
        if task.finished_at is not None:
            return task
        acting = replace(caller, kind="import")
        progress = _TaskProgress(self._store, task)
        await progress.update(status="running", progress=0.0)
        try:
            report = await self._import(acting, task, progress)
        except Refusal as refusal:
            ended = await progress.end(acting, status="failed", error=refusal.detail)
        else:
            ended = await progress.end(acting, status="completed", progress=1.0, report=report)
        with suppress(Refusal, Fault):  # it expires by itself
            await self._uploads.cancel(acting, task.upload_id)
        return ended

    async def give_up(self, caller: Caller, id: str) -> None:
        """Ends an import that breaks off again and again. Raises NotFound."""
        task = await self._load(caller, id)
        if task.finished_at is None:
            await _TaskProgress(self._store, task).end(caller, status="failed", error=BROKE_OFF)

    async def _load(self, caller: Caller, id: str) -> ImportTask:
        if task := await self._store.get(TASKS, caller.user_id, id):
            return task
        raise NotFound(id=id)

    async def _import(self, caller: Caller, task: ImportTask, progress: "_TaskProgress") -> ImportReport:
        with tempfile.TemporaryDirectory(prefix="reyna-import-") as folder:
            file = Path(folder) / "archive"
            await self._fetch(caller, task, file)
            archive = await asyncio.to_thread(OpenedArchive, file, task.name)
            try:
                format = task.format if task.format != "auto" else await asyncio.to_thread(detect_format, archive)
                run = ImportRun(self._parts, caller, task, archive, format, task.created_at)
                return await run.run(progress.advance)
            finally:
                archive.close()

    async def _fetch(self, caller: Caller, task: ImportTask, file: Path) -> None:
        """Writes the archive into a temporary file."""
        upload = await self._store.get(UPLOADS, caller.user_id, task.upload_id)
        if upload is None:
            raise NotFound(ARCHIVE_GONE)
        content = self._storage.content(upload.user_id, upload.id, upload.parts, upload.offset)
        with await asyncio.to_thread(file.open, "wb") as sink:
            async for part in content:
                await asyncio.to_thread(sink.write, part)


class _TaskProgress:
    """Writes how far a task is, now and then."""

    def __init__(self, store: Store, task: ImportTask) -> None:
        self._store, self._task = store, task
        self._written_at = time.monotonic()

    async def advance(self, share: float) -> None:
        """Writes this share of the work, unless the last was written a moment ago."""
        if time.monotonic() - self._written_at >= PROGRESS_INTERVAL_SECONDS:
            await self.update(progress=round(share, 3))

    async def update(self, **changes: Any) -> None:
        """Writes changes of the task."""
        self._written_at = time.monotonic()
        await self._put(None, **changes)

    async def end(self, caller: Caller, **changes: Any) -> ImportTask:
        """Writes the end of the task, with its event, and returns the task."""
        await self._put(caller, finished_at=datetime.now(UTC), **changes)
        return self._task

    async def _put(self, ending: Caller | None, **changes: Any) -> None:
        """Writes the task; where another copy of the service works on it too, what that has written stays."""
        changed = replace(self._task, revision=self._task.revision + 1, **changes)
        messages = []
        if ending is not None:
            messages = [changed.event("completed" if changed.error is None else "failed", ending).message()]
        try:
            await self._store.write(Put(TASKS, changed, expects=self._task.revision), messages=messages)
            self._task = changed
        except RequirementNotMet:
            there = await self._store.get(TASKS, self._task.user_id, self._task.id)
            self._task = there or self._task
            if ending is not None and self._task.finished_at is None:
                await self._put(ending, **changes)
