"""The files part: the facts about files, and their content."""

from datetime import datetime

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.files.file import FileInfo
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.ports.store import Store
from reyna.services.state.files.file_records import FILES, StoredFile
from reyna.services.state.files.parts import PartStorage
from reyna.transport.rpc import long_running


class Files:
    """The verbs on files."""

    def __init__(self, store: Store, parts: PartStorage) -> None:
        self._store, self._parts = store, parts

    async def get(self, caller: Caller, id: str) -> FileInfo:
        """Returns the facts about a file. Raises NotFound."""
        return (await self._load(caller, id)).info()

    async def list(self, caller: Caller, *, limit: int = 50, cursor: str | None = None) -> Page[FileInfo]:
        """Returns the files of the user, newest first."""
        found = await self._store.find(
            FILES,
            caller.user_id,
            order=("created_at",),
            descending=True,
            after=decode_cursor(cursor, datetime, str),
            limit=check_limit(limit) + 1,
        )
        last = found[limit - 1] if len(found) > limit else None
        more = None if last is None else encode_cursor(last.created_at, last.id)
        return Page(items=tuple(file.info() for file in found[:limit]), next_cursor=more)

    @long_running
    async def read(self, caller: Caller, id: str, start: int, end: int) -> bytes:
        """Returns bytes of a file from `start` on, at most 3 MiB, up to `end` at most. Raises NotFound and Invalid."""
        file = await self._load(caller, id)
        if not 0 <= start <= end <= file.size:
            raise Invalid.at("/start", "is outside of the file", expected=f"0 to {file.size}")
        return await self._parts.read(file.user_id, file.upload_id, file.parts, start, end)

    async def _load(self, caller: Caller, id: str) -> StoredFile:
        if (file := await self._store.get(FILES, caller.user_id, id)) is None:
            raise NotFound(id=id)
        return file
