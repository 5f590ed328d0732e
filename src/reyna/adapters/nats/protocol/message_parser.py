"""The parser of what NATS sends: nats-py's own, with a short way for complete messages."""

from collections.abc import Awaitable, Callable
from typing import Final

from nats.errors import ProtocolError
from nats.protocol.parser import AWAITING_CONTROL_LINE, Parser

MAX_JOINED_BYTES: Final = 256 * 1024  # of a message in several pieces; a longer one is gathered by nats-py
CRLF: Final = b"\r\n"
MSG: Final = b"MSG "
HMSG: Final = b"HMSG "
WORDS_WITH_REPLY: Final = {MSG: 5, HMSG: 6}  # `MSG subject sid [reply] size`, `HMSG subject sid [reply] size size`


class MessageParser(Parser):
    """nats-py's parser (2.16), which matches each line against all forms and moves the rest of its buffer each time.

    Here complete messages are cut out of what was read, one after the other. Everything else, such as PING and long
    messages that arrive in pieces, goes to nats-py.
    https://docs.nats.io/reference/reference-protocols/nats-protocol
    """

    def __init__(
        self,
        client: object,
        take: Callable[[int, bytes, bytes, bytes, bytes | None], bool],
        process: Callable[[int, bytes, bytes, bytes, bytes | None], Awaitable[None]],
    ) -> None:
        """`take` handles a message (subscription, subject, reply, body, header block) or returns False; then `process`
        handles it."""
        super().__init__(client)
        self._take, self._process = take, process

    async def parse(self, data: bytes = b"") -> None:
        if self.state != AWAITING_CONTROL_LINE or len(self.buf) + len(data) > MAX_JOINED_BYTES:
            await super().parse(data)
            return
        if self.buf:
            data = bytes(self.buf) + data
            self.buf.clear()
        start = 0
        while data.startswith(MSG, start) or data.startswith(HMSG, start):
            line_end = data.find(CRLF, start)
            if line_end < 0:
                break
            operation = HMSG if data.startswith(HMSG, start) else MSG
            words = data[start:line_end].split()
            try:
                sid, size = int(words[2]), int(words[-1])
                header_size = int(words[-2]) if operation is HMSG else 0
            except (ValueError, IndexError):
                raise ProtocolError("nats: malformed MSG") from None
            body = line_end + len(CRLF)
            end = body + size
            if len(data) < end + len(CRLF):
                break
            reply = words[3] if len(words) == WORDS_WITH_REPLY[operation] else b""
            headers = data[body : body + header_size] if header_size else None
            start = end + len(CRLF)
            message = (sid, words[1], reply, data[body + header_size : end], headers)
            if not self._take(*message):
                await self._process(*message)
        if data.startswith((MSG, HMSG), start):
            self.buf.extend(data[start:])  # the rest of it comes with the next read
        elif start < len(data):
            await super().parse(data[start:])
