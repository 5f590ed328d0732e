"""The close codes of the WebSocket that the gateway adds to those of the server."""

NOT_SIGNED_IN, ORIGIN_REFUSED, ANOTHER_USER = 4001, 4003, 4011
GOING_AWAY, INTERNAL_ERROR, TRY_AGAIN_LATER = 1001, 1011, 1013  # RFC 6455 registry; the last: a neighbour is not up


class SocketClosed(Exception):
    """Raised to close a socket with this code and reason, or because it was closed with them."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(reason)
