"""The count of the files of a user and of their bytes, as the sums should have them."""

from reyna.ports.store import Store
from reyna.services.state.files.file_records import FILES, UPLOADS
from reyna.services.state.integrity.paging import read_pages


async def count_files(store: Store, user_id: str) -> dict[str, int]:
    """Returns the number of files, and their bytes with those of uploads under way."""
    counted = {"files": 0, "file_bytes": 0}
    async for page in read_pages(store, FILES, user_id, ("id", "size")):
        counted["files"] += len(page)
        counted["file_bytes"] += sum(size for _, size in page)
    async for page in read_pages(store, UPLOADS, user_id, ("id", "offset"), {"file_id": None}):
        counted["file_bytes"] += sum(offset for _, offset in page)
    return counted
