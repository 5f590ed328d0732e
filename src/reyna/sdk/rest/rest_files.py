"""The files of the user, as a run reaches them over HTTPS."""

from collections.abc import AsyncIterable, AsyncIterator
from urllib.parse import quote

from reyna.domain.caller import Caller
from reyna.domain.files.file import FileInfo
from reyna.sdk.rest.studio_client import StudioClient


class RestFiles:
    """Files over HTTPS, with the token of a run."""

    def __init__(self, studio: StudioClient, token: str) -> None:
        self._studio, self._token = studio, token

    async def save(self, caller: Caller, name: str, content: AsyncIterable[bytes]) -> FileInfo:
        file: FileInfo = await self._studio.send(FileInfo, "/files", content, token=self._token, query={"name": name})
        return file

    async def open(self, caller: Caller, id: str) -> AsyncIterator[bytes]:
        async for part in self._studio.receive(f"/files/{quote(id, safe='')}", token=self._token):
            yield part
