"""An outage of a server, logged once at its beginning and once at its end, however many requests it affects."""

import time

import structlog

log = structlog.get_logger("reyna.outage")


class Outage:
    """The outages of one server, shared by all that send requests to it."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._started_at: float | None = None

    @property
    def is_ongoing(self) -> bool:
        return self._started_at is not None

    def report(self, error: BaseException) -> None:
        """Begins an outage, unless one is going on."""
        if self._started_at is None:
            self._started_at = time.monotonic()
            log.error(
                "is away; what needs it is answered with 503", server=self._server, error=str(error) or repr(error)
            )

    def end(self) -> None:
        """Ends the outage, if there is one."""
        if self._started_at is not None:
            log.warning("is back", server=self._server, seconds=round(time.monotonic() - self._started_at, 1))
            self._started_at = None
