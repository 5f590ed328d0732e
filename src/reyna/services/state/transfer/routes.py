"""The routes that take content out and bring it in."""

from contextlib import suppress
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Refusal
from reyna.domain.files.file import NewUpload, Upload, cut_into_parts
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.state.files.uploads import Uploads
from reyna.services.state.routes.dependencies import Content
from reyna.services.state.transfer.exports.library_export import LibraryExport
from reyna.services.state.transfer.imports.task import ImportFormat, NewImport, TransferTask
from reyna.transport.http import CurrentCaller, Cursor, JsonRequest, Limit
from reyna.transport.http.content.request_body import SentFile, drain, read_sent_file
from reyna.transport.http.content.safe_headers import content_headers

ARCHIVE_TYPE: Final = "application/zip"
ARCHIVE_NAME: Final = "reyna-export.zip"


@get("/export", media_type=ARCHIVE_TYPE)
async def export(
    content: Content, caller: CurrentCaller, bucket_id: FromQuery[str | None] = None, revisions: FromQuery[bool] = False
) -> Response[Any]:
    """Everything that you keep, or a bucket with all below it, as a ZIP archive: folders in the order of the buckets,
    texts as Markdown with front matter, everything else as JSON, files, your own schemas, and with `revisions` every
    earlier revision. What is in the trash is left out. `manifest.json`, the last entry, counts what there is and lists
    every entry with its SHA-256: an archive without it is not whole."""
    body = await LibraryExport(content, caller, bucket_id, revisions=revisions).begin()
    return Stream(body, headers=content_headers(ARCHIVE_TYPE, ARCHIVE_NAME), media_type=ARCHIVE_TYPE)


@post("/import", status_code=202, request_max_body_size=None)
async def import_archive(
    request: JsonRequest,
    content: Content,
    caller: CurrentCaller,
    format: FromQuery[ImportFormat] = "auto",
    bucket_id: FromQuery[str | None] = None,
    atomic: FromQuery[bool] = False,
    name: FromQuery[str | None] = None,
) -> TransferTask:
    """Bring in an archive: one that was exported here, or texts of another program. The body is the file, or a form
    with one file in it; it is stored while it arrives, and imported in the background: the answer is the task. An
    import that is repeated makes nothing twice. With `atomic`, all of it or nothing is brought in."""
    sent = await read_sent_file(request, name)
    try:
        upload = await _receive(content.uploads, caller, sent)
    except Refusal:
        with suppress(Refusal):
            await drain(sent.content)
        raise
    new = NewImport(upload_id=upload.id, name=sent.name, format=format, bucket_id=bucket_id, atomic=atomic)
    try:
        return await content.imports.request(caller, new)
    except Refusal:
        with suppress(Refusal, Fault):
            await content.uploads.cancel(caller, upload.id)
        raise


@get("/tasks")
async def tasks(
    content: Content, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[TransferTask]:
    """Your imports, newest first."""
    return await content.imports.list(caller, limit=limit, cursor=cursor)


@get("/tasks/{id:str}")
async def task(content: Content, caller: CurrentCaller, id: FromPath[str]) -> TransferTask:
    """The progress of an import, and at its end the report: what was made, and everything that was not understood."""
    return await content.imports.get(caller, id)


async def _receive(uploads: Uploads, caller: Caller, sent: SentFile) -> Upload:
    """Stores the body as it arrives, and gives up what was stored when it does not arrive as a whole."""
    upload = await uploads.begin(caller, NewUpload(name=sent.name, size=sent.size))
    try:
        async for part in cut_into_parts(sent.content):
            upload = await uploads.append(caller, upload.id, upload.offset, part)
    except BaseException:
        with suppress(Refusal, Fault):
            await uploads.cancel(caller, upload.id)
        raise
    return upload


routes: Final = [export, import_archive, tasks, task]
