"""The parts of the state service that an export reads, in this process or over the bus."""

from typing import Protocol

from reyna.domain.blob import Revision
from reyna.domain.caller import Caller
from reyna.domain.files.file import FileInfo
from reyna.domain.requests.page import Page
from reyna.services.state.transfer.exports.verbs import Exports


class RevisionReads(Protocol):
    """The verb that lists the revisions of a blob."""

    async def list(
        self, caller: Caller, id: str, *, named: bool = False, limit: int = 50, cursor: str | None = None
    ) -> Page[Revision]: ...


class FileReads(Protocol):
    """The verbs that read files."""

    async def get(self, caller: Caller, id: str) -> FileInfo: ...

    async def list(self, caller: Caller, *, limit: int = 50, cursor: str | None = None) -> Page[FileInfo]: ...

    async def read(self, caller: Caller, id: str, start: int, end: int) -> bytes: ...


class ExportSource(Protocol):
    """The three parts together."""

    @property
    def exports(self) -> Exports: ...

    @property
    def revisions(self) -> RevisionReads: ...

    @property
    def files(self) -> FileReads: ...
