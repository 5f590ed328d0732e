"""Routes of resumable uploads, in the tus protocol."""

import asyncio
from contextlib import suppress
from typing import Annotated, Any, Final, TypeAlias

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, HeaderParameter

from reyna.domain.caller import Caller
from reyna.domain.errors import Refusal
from reyna.domain.files.file import NewUpload, Upload, cut_into_parts
from reyna.services.state.files.uploads import Uploads, WrongChecksum
from reyna.services.state.routes.dependencies import Content
from reyna.transport.http import RUN_TOKEN, CurrentCaller, JsonRequest
from reyna.transport.http.content import tus
from reyna.transport.http.content.request_body import drain, read_body
from reyna.transport.http.problems import handle_refusal

FILE_ID_HEADER: Final = "reyna-file-id"
TusVersion: TypeAlias = Annotated[str | None, HeaderParameter(name="Tus-Resumable")]
UploadLength: TypeAlias = Annotated[str | None, HeaderParameter(name="Upload-Length")]
UploadOffset: TypeAlias = Annotated[str | None, HeaderParameter(name="Upload-Offset")]
DeferLength: TypeAlias = Annotated[str | None, HeaderParameter(name="Upload-Defer-Length")]
UploadMetadata: TypeAlias = Annotated[str | None, HeaderParameter(name="Upload-Metadata")]
UploadChecksum: TypeAlias = Annotated[str | None, HeaderParameter(name="Upload-Checksum")]


def answer_refusal(request: Any, refusal: Refusal) -> Response[Any]:
    """Returns the response to a refusal, as a client of the protocol expects it."""
    response = handle_refusal(request, refusal)
    response.headers.update(tus.RESUMABLE)
    if isinstance(refusal, tus.UnknownTusVersion):
        response.headers["tus-version"] = tus.VERSION
    if isinstance(refusal, WrongChecksum):
        response.status_code = tus.CHECKSUM_MISMATCH_STATUS
    return response


OPT: Final = RUN_TOKEN | {"options_headers": tus.OPTIONS_HEADERS}
HANDLERS: Final[Any] = {Refusal: answer_refusal}


@post("/files/uploads", request_max_body_size=None, opt=OPT, exception_handlers=HANDLERS)
async def create_upload(
    request: JsonRequest,
    content: Content,
    caller: CurrentCaller,
    version: TusVersion = None,
    length: UploadLength = None,
    defer: DeferLength = None,
    metadata: UploadMetadata = None,
) -> Response[Upload]:
    """Begin an upload that can be interrupted and resumed, in the tus protocol (https://tus.io). `Location` is where
    its content goes; without anything new it expires after a day."""
    tus.check_version(version)
    new = NewUpload(name=tus.parse_name(metadata), size=tus.parse_length(length, defer))
    upload = await content.uploads.begin(caller, new)
    if new.size == 0:
        await content.uploads.finish(caller, upload.id)
        upload = await content.uploads.get(caller, upload.id)
    location = f"{request.scope['path'].rstrip('/')}/{upload.id}"
    return Response(upload, status_code=201, headers=_headers(upload) | {"location": location})


@get("/files/uploads/{id:str}", opt=OPT, exception_handlers=HANDLERS)
async def upload_state(content: Content, caller: CurrentCaller, id: FromPath[str]) -> Response[Upload]:
    """The state of an upload: how much of it is stored, and the file that it became. HEAD answers with the headers."""
    upload = await content.uploads.get(caller, id)
    return Response(upload, headers=_headers(upload))


@patch("/files/uploads/{id:str}", status_code=204, request_max_body_size=None, opt=OPT, exception_handlers=HANDLERS)
async def send_chunk(
    request: JsonRequest,
    content: Content,
    caller: CurrentCaller,
    id: FromPath[str],
    version: TusVersion = None,
    offset: UploadOffset = None,
    length: UploadLength = None,
    checksum: UploadChecksum = None,
) -> Response[None]:
    """Send content of an upload, from its offset on. What arrives before an interruption is kept, unless it comes with
    a checksum. When the last byte is stored, the upload is a file: the header `Reyna-File-Id` has its id."""
    try:
        await content.uploads.get(caller, id)  # nobody hears more than that it is not there
        tus.check_version(version)
        tus.check_chunk_type(request.headers.get("content-type"))
        at, size = tus.parse_number("Upload-Offset", offset), None
        if length is not None:
            size = tus.parse_number("Upload-Length", length)
        upload = await content.uploads.resume(caller, id, at, size)
        upload = await _store_chunk(request, content.uploads, caller, upload, tus.parse_checksum(checksum))
        if upload.size == upload.offset and upload.file_id is None:
            await content.uploads.finish(caller, id)
            upload = await content.uploads.get(caller, id)
    except Refusal:
        with suppress(Refusal):
            await drain(read_body(request))
        raise
    return Response(None, status_code=204, headers=_headers(upload))


@delete("/files/uploads/{id:str}", opt=OPT, exception_handlers=HANDLERS)
async def cancel_upload(
    content: Content, caller: CurrentCaller, id: FromPath[str], version: TusVersion = None
) -> Response[None]:
    """Give an upload up, and remove what is stored of it."""
    await content.uploads.get(caller, id)
    tus.check_version(version)
    await content.uploads.cancel(caller, id)
    return Response(None, status_code=204, headers=tus.RESUMABLE)


async def _store_chunk(
    request: JsonRequest, uploads: Uploads, caller: Caller, upload: Upload, checksum: tus.Checksum | None
) -> Upload:
    """Stores the body behind what is there. Raises WrongChecksum, having dropped it."""
    start = end = upload.offset
    async for part in cut_into_parts(read_body(request)):
        if checksum is not None:
            await asyncio.to_thread(checksum.update, part)
        upload = await uploads.append(caller, upload.id, end, part, unchecked=checksum is not None)
        end += len(part)
    if checksum is None or end == start:
        return upload
    if not checksum.matches():
        await uploads.resume(caller, upload.id, start)
        raise WrongChecksum(offset=start)
    return await uploads.accept(caller, upload.id, end)


def _headers(upload: Upload) -> dict[str, str]:
    became = {} if upload.file_id is None else {FILE_ID_HEADER: upload.file_id}
    return tus.upload_headers(upload.offset, upload.size, upload.expires_at) | became


routes: Final = [create_upload, upload_state, send_chunk, cancel_upload]
