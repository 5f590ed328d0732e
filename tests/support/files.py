"""The parts of the state service that keep files, in memory."""

from reyna.adapters.memory.files import MemoryFiles
from reyna.adapters.memory.store import MemoryStore
from reyna.sdk.files.file_access import FileVerbs, UploadVerbs
from reyna.services.state.files.files import Files
from reyna.services.state.files.parts import PartStorage
from reyna.services.state.files.uploads import Uploads
from reyna.services.state.quota import Quota
from reyna.services.state.records import COLLECTIONS


class FilesInMemory:
    """The two parts on one store."""

    uploads: UploadVerbs
    files: FileVerbs

    def __init__(self) -> None:
        store, parts = MemoryStore(COLLECTIONS), PartStorage(MemoryFiles())
        self.uploads, self.files = Uploads(store, Quota(store, {}), parts), Files(store, parts)
