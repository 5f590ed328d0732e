"""Routes of files: a whole one up, and any range of one down."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from email.utils import format_datetime
from typing import Annotated, Any, Final, TypeAlias

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, HeaderParameter
from litestar.response import Stream

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Refusal
from reyna.domain.files.file import FileInfo, NewUpload, cut_into_parts
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.state.files.files import Files
from reyna.services.state.files.uploads import Uploads
from reyna.services.state.routes.dependencies import Content
from reyna.transport.http import RUN_TOKEN, CurrentCaller, Cursor, JsonRequest, Limit
from reyna.transport.http.content.byte_ranges import matches_tag, parse_range, range_still_applies
from reyna.transport.http.content.request_body import drain, read_sent_file
from reyna.transport.http.content.safe_headers import content_headers

Range: TypeAlias = Annotated[str | None, HeaderParameter(name="Range")]
IfRange: TypeAlias = Annotated[str | None, HeaderParameter(name="If-Range")]
IfNoneMatch: TypeAlias = Annotated[str | None, HeaderParameter(name="If-None-Match")]


@post("/files", request_max_body_size=None, opt=RUN_TOKEN)
async def create_file(
    request: JsonRequest, content: Content, caller: CurrentCaller, name: FromQuery[str | None] = None
) -> FileInfo:
    """Keep a file: the body is its content, or a form with one file in it. It is stored while it arrives, and may be
    large. The same content again is the same file, under the name that it had first. Its media type is found in the
    content. What a blob refers to is kept; what nothing refers to is removed after some time."""
    sent = await read_sent_file(request, name)
    try:
        return await _store(content.uploads, caller, NewUpload(name=sent.name, size=sent.size), sent.content)
    except Refusal:
        with suppress(Refusal):
            await drain(sent.content)
        raise


@get("/files", opt=RUN_TOKEN)
async def files(
    content: Content, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[FileInfo]:
    """Your files, newest first."""
    return await content.files.list(caller, limit=limit, cursor=cursor)


@get("/files/{id:str}/meta", opt=RUN_TOKEN)
async def file_facts(content: Content, caller: CurrentCaller, id: FromPath[str]) -> FileInfo:
    """The facts about a file: its name, size, media type and hash."""
    return await content.files.get(caller, id)


@get("/files/{id:str}", opt=RUN_TOKEN, media_type="application/octet-stream")
async def file_content(
    request: JsonRequest,
    content: Content,
    caller: CurrentCaller,
    id: FromPath[str],
    wanted: Range = None,
    if_range: IfRange = None,
    if_none_match: IfNoneMatch = None,
) -> Response[Any]:
    """The content of a file, or the range of it that the header names. Of several ranges, the whole is sent. A browser
    shows images (but SVG), audio, video, PDF and plain text, and downloads everything else."""
    file = await content.files.get(caller, id)
    tag, modified = f'"{file.sha256}"', format_datetime(file.created_at, usegmt=True)
    headers = content_headers(file.media_type, file.name) | {
        "etag": tag,
        "last-modified": modified,
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
    }
    if matches_tag(if_none_match, tag):
        return Response(b"", status_code=304, headers=headers)
    part = parse_range(wanted, file.size) if range_still_applies(if_range, tag, modified) else None
    start, end = part or (0, file.size)
    headers["content-length"] = str(end - start)
    if part is not None:
        headers["content-range"] = part.header(file.size)
    body = _read(content.files, caller, id, start, start if request.is_head else end)
    return Stream(body(), status_code=200 if part is None else 206, headers=headers, media_type=file.media_type)


def _read(files: Files, caller: Caller, id: str, start: int, end: int) -> Callable[[], AsyncIterator[bytes]]:
    async def read() -> AsyncIterator[bytes]:
        at = start
        while at < end:
            part = await files.read(caller, id, at, end)
            if not part:
                raise Fault(f"{id} ends too early.")
            yield part
            at += len(part)

    return read


async def _store(uploads: Uploads, caller: Caller, new: NewUpload, content: AsyncIterator[bytes]) -> FileInfo:
    """Stores the content as it arrives, and gives up what was stored when it does not arrive as a whole."""
    upload = await uploads.begin(caller, new)
    try:
        async for part in cut_into_parts(content):
            upload = await uploads.append(caller, upload.id, upload.offset, part)
        return await uploads.finish(caller, upload.id)
    except BaseException:
        with suppress(Refusal, Fault):
            await uploads.cancel(caller, upload.id)
        raise


routes: Final = [create_file, files, file_facts, file_content]
