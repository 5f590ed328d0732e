"""Static files, looked up by name in a list that is read once; a requested path never reaches the file system."""

import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from reyna.domain.errors import NotFound
from reyna.transport.http.request_head import NOTHING_THERE


class StaticFile(msgspec.Struct, frozen=True):
    """One file in memory, shared by all responses."""

    content: bytes
    media_type: str
    etag: str


@cache
def read_files(folder: Path) -> Mapping[str, StaticFile]:
    """Returns every file below the folder by its relative path."""
    return {path.relative_to(folder).as_posix(): _read(path) for path in folder.rglob("*") if path.is_file()}


def static_files_route(path_prefix: str, folder: Path, headers: Mapping[str, str] = {}) -> Any:
    """Returns a route that serves the files below the folder with these headers."""
    files = read_files(folder)

    @get(f"{path_prefix}/{{path:path}}", include_in_schema=False)
    async def file(path: FromPath[str]) -> Response[bytes]:
        found = files.get(path.lstrip("/"))
        if found is None:
            raise NotFound(NOTHING_THERE)
        return Response(found.content, media_type=found.media_type, headers=dict(headers) | {"etag": found.etag})

    return file


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind.endswith(("javascript", "json"))
    etag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    return StaticFile(content, f"{kind}; charset=utf-8" if is_text else kind, etag)
