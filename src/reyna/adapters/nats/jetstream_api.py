"""The JetStream API: requests for management, with their errors."""

from typing import Any, Final

import msgspec
from nats.aio.msg import Msg

from reyna.adapters.nats.inbox import Inbox
from reyna.domain.errors import Fault, Unserved

API_SUBJECTS: Final = "$JS.API."
API_TIMEOUT_SECONDS: Final = 5.0
NO_MESSAGE: Final = 10037  # error codes of JetStream
STREAM_NOT_FOUND: Final = 10059
CONSUMER_NOT_FOUND: Final = 10014
ALREADY_GONE: Final = frozenset({NO_MESSAGE, 10043, 10057})  # another copy of the service was faster


class ApiError(msgspec.Struct, frozen=True):
    """An error as JetStream reports it."""

    code: int = 0
    err_code: int = 0
    description: str = ""


class ApiRefused(Fault):
    """JetStream refused a request of the API, for the reason in `error`."""

    def __init__(self, what: str, error: ApiError) -> None:
        self.error = error
        super().__init__(f"{what}: {error.description} ({error.err_code})")


class JetStreamApi:
    """Sends requests to JetStream's API by the end of their subject, such as `STREAM.INFO.EVENTS`."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def call(self, what: str, body: Any = None) -> dict[str, Any]:
        """Returns the answer. Raises ApiRefused, and Fault when there is none."""
        message = await self.request(what, body)
        answer: dict[str, Any] = msgspec.json.decode(message.data)
        if "error" in answer:
            raise ApiRefused(what, msgspec.convert(answer["error"], ApiError))
        return answer

    async def request(self, what: str, body: Any = None, *, timeout: float = API_TIMEOUT_SECONDS) -> Msg:
        """Returns the message that answers. Raises Fault."""
        encoded = msgspec.json.encode(body) if body else b""
        try:
            return await self._inbox.request(API_SUBJECTS + what, encoded, None, timeout=timeout)
        except Unserved:
            raise Fault("JetStream is not there: start nats-server with `-js`, or wait until it is ready.") from None
