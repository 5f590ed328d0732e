"""Objects in whatever obstore reaches: a directory of this machine, or a bucket of an object store."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from reyna.adapters.outage import Outage
from reyna.domain.errors import CannotStart, Fault, Unavailable
from reyna.ports.files import ObjectMissing, StoredObject

LOCAL_SCHEME: Final = "file"
FILES_SETTING: Final = "REYNA_FILES_URL"
REQUEST_TIMEOUT: Final = timedelta(seconds=60)  # of one request to an object store
RETRY_TIMEOUT: Final = timedelta(seconds=20)  # of all repetitions of a request
MAX_RETRIES: Final = 3
PARALLEL_DELETES: Final = 8
PROBE_KEY: Final = ".reyna-probe"  # need not be there: the answer that it is missing is an answer


class ObjectFiles:
    """A FileStorage on one store of obstore. `folder` is that of a local one, whose objects are written to the disk
    before they are acknowledged."""

    def __init__(self, store: Any, name: str, folder: Path | None = None) -> None:
        self._store, self._folder = store, folder
        self._outage = Outage(name)

    async def put(self, key: str, content: bytes) -> None:
        with self._translate_errors(key):
            await obstore.put_async(self._store, key, content, use_multipart=False)
            if self._folder is not None:
                await asyncio.to_thread(_sync, self._folder, key)

    async def read(self, key: str, start: int, length: int) -> bytes:
        if length == 0:
            return b""
        with self._translate_errors(key):
            content = bytes(await obstore.get_range_async(self._store, key, start=start, length=length))
        if len(content) != length:
            raise ObjectMissing(f"{key} ends at byte {start + len(content)}.")
        return content

    async def delete(self, keys: Sequence[str]) -> None:
        slots = asyncio.Semaphore(PARALLEL_DELETES)

        async def delete_one(key: str) -> None:
            async with slots:
                try:
                    with self._translate_errors(key):
                        await obstore.delete_async(self._store, key)
                except ObjectMissing:
                    return

        await asyncio.gather(*map(delete_one, keys))
        if self._folder is not None:
            await asyncio.to_thread(_remove_empty_folders, self._folder, keys)

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        with self._translate_errors(prefix):
            async for page in obstore.list(self._store, prefix=prefix or None):
                for found in page:
                    yield StoredObject(found["path"], found["size"], found["last_modified"].timestamp())

    async def check(self) -> None:
        try:
            with self._translate_errors(PROBE_KEY):
                await obstore.head_async(self._store, PROBE_KEY)
        except ObjectMissing:
            return

    @contextmanager
    def _translate_errors(self, key: str) -> Iterator[None]:
        """Raises ObjectMissing for what is not there, and Unavailable for what the storage cannot do now."""
        try:
            yield
        except FileNotFoundError as error:
            self._outage.end()
            raise ObjectMissing(f"There is no object {key}.") from error
        except (BaseError, OSError) as error:
            if "Requested range was invalid" in str(error) or "InvalidRange" in str(error):
                raise ObjectMissing(f"{key} is too short.") from error
            self._outage.report(_first_line(error))
            raise Unavailable("The storage of files cannot be reached. Try again in a moment.") from error
        else:
            self._outage.end()


def open_local(folder: Path, setting: str = FILES_SETTING) -> ObjectFiles:
    """Returns the storage in this directory, which is created. Raises CannotStart, which names the setting."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return ObjectFiles(LocalStore(folder), f"the directory {folder}", folder)
    except (BaseError, OSError) as error:
        raise CannotStart(f"{setting}: {folder} cannot be used: {_first_line(error)}") from None


def open_by_url(url: str, config: Mapping[str, str] = {}, setting: str = FILES_SETTING) -> ObjectFiles:
    """Returns the storage at a URL such as `s3://bucket/path`. Keys and regions come from the environment, under the
    names that the tools of each provider use (AWS_*, GOOGLE_*, AZURE_*). Raises CannotStart, which names the
    setting."""
    if (parts := urlsplit(url)).scheme == LOCAL_SCHEME:
        return open_local(Path(parts.path), setting)
    retries: Any = {"max_retries": MAX_RETRIES, "retry_timeout": RETRY_TIMEOUT}
    options: Any = {"timeout": REQUEST_TIMEOUT, "allow_http": True}  # an endpoint of your own may be at home
    given: Any = dict(config) or None
    try:
        store = from_url(url, config=given, retry_config=retries, client_options=options)
    except (BaseError, ValueError, TypeError) as error:
        raise CannotStart(f"{setting}: {_first_line(error)}") from None
    return ObjectFiles(store, f"{parts.scheme}://{parts.hostname}{parts.path}")


def _sync(folder: Path, key: str) -> None:
    """Writes a file and the names on the way to it from the cache of the operating system to the disk."""
    path = folder / key
    for each in (path, *path.parents):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if each == folder:
            return


def _remove_empty_folders(folder: Path, keys: Sequence[str]) -> None:
    for path in {(folder / key).parent for key in keys}:
        if path == folder:
            continue
        try:
            path.rmdir()
        except OSError:  # it is not empty, or gone
            continue


def _first_line(error: BaseException) -> Fault:
    """Returns the error without what obstore says for its own developers."""
    return Fault(str(error).partition("\n")[0] or type(error).__name__)
