"""Static files, looked up by name in a list that is read once; a requested path never reaches the file system."""

import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from reyna.domain.errors import NotFound
from reyna.transport.http.request_head import NOTHING_THERE

ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}  # content coding -> the end of its file's name; the smaller one first


class StaticFile(msgspec.Struct, frozen=True):
    """One file in memory, shared by all responses; `encoded` is its content in each coding that was built beside it."""

    content: bytes
    media_type: str
    etag: str
    encoded: dict[str, bytes]


@cache
def read_files(folder: Path) -> Mapping[str, StaticFile]:
    """Returns every file below the folder by its relative path; `page.js.br` is `page.js` in another coding."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: _read(path, paths, name) for name, path in paths.items() if not _is_encoded(name, paths)}


def static_files_route(path_prefix: str, folder: Path, headers: Mapping[str, str] = {}) -> Any:
    """Returns a route that serves the files below the folder with these headers, in a coding that the client takes."""
    files = read_files(folder)

    @get(f"{path_prefix}/{{path:path}}", include_in_schema=False)
    async def file(request: Request[Any, Any, Any], path: FromPath[str]) -> Response[bytes]:
        found = files.get(path.lstrip("/"))
        if found is None:
            raise NotFound(NOTHING_THERE)
        coding = chosen_encoding(request.headers.get("accept-encoding", ""), found.encoded)
        if coding is None:
            own = {"etag": f'"{found.etag}"'}
        else:
            own = {"etag": f'"{found.etag}-{coding}"', "content-encoding": coding}
        if found.encoded:
            own["vary"] = "Accept-Encoding"
        content = found.content if coding is None else found.encoded[coding]
        return Response(content, media_type=found.media_type, headers=dict(headers) | own)

    return file


def chosen_encoding(accepted: str, available: Mapping[str, bytes]) -> str | None:
    """Returns the coding that an Accept-Encoding header prefers (RFC 9110, 12.5.3); None for the plain content."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weights[name] = _weight(parameters)
    rest = weights.get("*", 0.0)
    wanted = [coding for coding in available if weights.get(coding, rest) > 0]
    return max(wanted, key=lambda coding: weights.get(coding, rest), default=None)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _is_encoded(name: str, names: Mapping[str, Path]) -> bool:
    return any(name.endswith(suffix) and name.removesuffix(suffix) in names for suffix in ENCODINGS.values())


def _read(path: Path, paths: Mapping[str, Path], name: str) -> StaticFile:
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind.endswith(("javascript", "json"))
    etag = hashlib.blake2b(content, digest_size=12).hexdigest()
    beside = {coding: paths.get(f"{name}{suffix}") for coding, suffix in ENCODINGS.items()}
    encoded = {coding: found.read_bytes() for coding, found in beside.items() if found is not None}
    return StaticFile(content, f"{kind}; charset=utf-8" if is_text else kind, etag, encoded)
