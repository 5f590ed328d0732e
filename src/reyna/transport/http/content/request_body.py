"""The body of a request as one file, whole or in a form, which is read as it arrives."""

from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

from litestar.exceptions import HTTPException
from multipart import MultipartError, PushMultipartParser, parse_content_disposition, parse_options_header

from reyna.domain.errors import Invalid, Malformed
from reyna.transport.http.dependencies import JsonRequest
from reyna.transport.http.problems import BODY_ENDED_EARLY

FORM: Final = "multipart/form-data"
MAX_FORM_PARTS: Final = 20
MAX_FIELD_BYTES: Final = 64 * 1024  # of a form, beside its file
NO_FILE: Final = "The form has no file: send one field of type file."
SEVERAL_FILES: Final = "Send one file in a form."


class SentFile(NamedTuple):
    """A file as it is sent: its name, its size where it is known, and its content."""

    name: str
    size: int | None
    content: AsyncIterator[bytes]


async def read_sent_file(request: JsonRequest, name: str | None) -> SentFile:
    """Returns the file that a request sends; `name` goes before the one in its headers. Raises Invalid."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == FORM:
        sent = _FormFile(request, options.get("boundary", ""))
        await sent.begin()
        return SentFile(name or sent.name, None, sent.content())
    length = request.headers.get("content-length")
    return SentFile(name or _name_in(request), None if length is None else int(length), read_body(request))


async def read_body(request: JsonRequest) -> AsyncIterator[bytes]:
    """Yields the body as it arrives. Raises Malformed when it ends early."""
    try:
        async for chunk in request.stream():
            yield chunk
    except HTTPException as gone:  # the client has left
        raise Malformed(BODY_ENDED_EARLY) from gone


async def drain(body: AsyncIterator[bytes]) -> None:
    """Reads the rest of a body: a client that is still sending would never see the answer."""
    async for _ in body:
        continue


class _FormFile:
    """The one file in a form; other fields are passed over."""

    def __init__(self, request: JsonRequest, boundary: str) -> None:
        try:
            self._parser = PushMultipartParser(boundary, max_segment_count=MAX_FORM_PARTS)
        except MultipartError as error:
            raise Malformed(f"The form cannot be read: {error}.") from error
        self._events = self._read_events(read_body(request))
        self.name = ""

    async def begin(self) -> None:
        """Reads up to the content of the file. Raises Invalid when there is none."""
        async for event in self._events:
            if event is not None and not isinstance(event, bytes | bytearray) and event.filename is not None:
                self.name = event.filename
                return
        raise Invalid.at("/file", NO_FILE)

    async def content(self) -> AsyncIterator[bytes]:
        """Yields the content of the file, and reads the rest of the form. Raises Invalid for a second file."""
        is_file = True
        async for event in self._events:
            if event is None:
                is_file = False
            elif isinstance(event, bytes | bytearray):
                if is_file:
                    yield bytes(event)
            elif event.filename is not None:
                raise Invalid.at("/file", SEVERAL_FILES)

    async def _read_events(self, body: AsyncIterator[bytes]) -> AsyncIterator[Any]:
        try:
            async for chunk in body:
                if chunk:
                    for event in self._parser.parse(chunk):
                        yield event
            self._parser.close()
        except MultipartError as error:
            raise Malformed(f"The form cannot be read: {error}.") from error


def _name_in(request: JsonRequest) -> str:
    """Returns the file name in the Content-Disposition of a request, or nothing."""
    header = request.headers.get("content-disposition")
    if not header:
        return ""
    try:
        return parse_content_disposition(header)[2] or ""
    except (MultipartError, ValueError):
        return ""
