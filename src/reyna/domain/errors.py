"""The errors of the application: refusals, which are final, and faults, which may be retried."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import msgspec


class DataError(msgspec.Struct, frozen=True, kw_only=True):
    """One place where data does not fit its schema; `path` and `schema_path` are JSON Pointers (RFC 6901)."""

    path: str
    message: str
    expected: str | None = None
    schema_path: str | None = None


BY_REASON: Final[dict[str, "type[Refusal]"]] = {}  # all refusal classes of this process, wherever they are defined


def _to_snake_case(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class Refusal(Exception):
    """This request was refused."""

    code: ClassVar[str]
    status: ClassVar[int]
    reason: ClassVar[str]  # the name of the class, such as `stale_revision`: stable, for programs

    def __init_subclass__(cls) -> None:
        cls.reason = _to_snake_case(cls.__name__)
        BY_REASON[cls.reason] = cls

    def __init__(self, detail: str | None = None, *, errors: Sequence[DataError] = (), **facts: Any) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().splitlines()[0]
        self.errors = tuple(errors)
        self.facts = facts
        super().__init__(self.detail)

    def problem(self) -> dict[str, Any]:
        """Returns the wire format, which is the same on HTTP, the socket and the bus."""
        body: dict[str, Any] = {"code": self.code, "reason": self.reason, "detail": self.detail}
        if self.errors:
            body["errors"] = self.errors
        return body | self.facts


class NotFound(Refusal):
    """There is nothing of yours under this id."""

    code, status = "not_found", 404


class Conflict(Refusal):
    """This is not possible in the present state."""

    code, status = "conflict", 409


class StaleRevision(Conflict):
    """Someone changed this while you were editing. Both versions are kept."""


class AlreadyThere(Conflict):
    """This name is already in use."""


class CameInSince(Conflict):
    """Something was added to this bucket since then. If you undo anyway, it goes to the trash with the bucket."""


class WouldContainItself(Conflict):
    """A bucket cannot be moved into itself or into a bucket inside it."""


class RunningElsewhere(Conflict):
    """Another worker is working on this run."""


class PreconditionFailed(Conflict):
    """The present revision is not one of those in If-Match."""

    status = 412


class Invalid(Refusal):
    """The request does not fit."""

    code, status = "invalid", 422

    @classmethod
    def at(cls, path: str, message: str, *, expected: str | None = None) -> Self:
        """Returns a refusal about one field; `path` is its JSON Pointer."""
        field = path.lstrip("/") or "the document"
        return cls(f"{field}: {message}", errors=[DataError(path=path, message=message, expected=expected)])


class Malformed(Invalid):
    """The request is malformed."""

    status = 400


class UnsupportedMediaType(Invalid):
    """The media type of the body is not supported here."""

    status = 415


class UpgradeRequired(Invalid):
    """This address accepts WebSocket connections only."""

    status = 426


class Forbidden(Refusal):
    """You may not do this."""

    code, status = "forbidden", 403


class NotSignedIn(Forbidden):
    """Sign in first."""

    status = 401


class TooMuch(Refusal):
    """This is more than is allowed."""

    code, status = "too_much", 429


class TooLarge(TooMuch):
    """This is larger than is allowed."""

    status = 413


class SpendingCapReached(TooMuch):
    """Your spending cap of this month is reached. Raise the cap, or wait until the month ends."""


class UnknownPrice(Invalid):
    """The price of this model is not known, so your spending cap cannot be kept. Set a price, or remove the cap."""


class Fault(Exception):
    """Something failed. The trace is in the log under `id`, and never leaves the application."""

    def __init__(self, detail: str = "Something broke on our side.", *, id: str = "") -> None:
        self.detail, self.id = detail, id
        super().__init__(detail)


class Unavailable(Fault):
    """A part of the studio is unavailable. The request may have been done or not: try again in a moment."""

    reason: ClassVar = "unavailable"
    status: ClassVar = 503
    RETRY_AFTER_SECONDS: ClassVar = 2

    def __init__(self, detail: str | None = None, *, id: str = "") -> None:
        super().__init__(detail or (type(self).__doc__ or "").partition("\n")[0], id=id)

    def problem(self) -> dict[str, Any]:
        """Returns the wire format, which is the same on HTTP, the socket and the bus."""
        return {
            "code": "fault",
            "reason": self.reason,
            "detail": self.detail,
            "retry_after": self.RETRY_AFTER_SECONDS,
        }


class TimedOut(Fault):
    """No answer came in time; the work may have been done or not."""


class StorageFull(Unavailable):
    """The disk of the studio is nearly full: nothing new is written until there is room again."""

    reason: ClassVar = "storage_full"
    status: ClassVar = 507
    RETRY_AFTER_SECONDS: ClassVar = 30


class StoringOutputs(Unavailable):
    """The outputs of this run may be being stored at this moment. Until that is settled it does not end otherwise."""

    reason: ClassVar = "storing_outputs"
    RETRY_AFTER_SECONDS: ClassVar = 5


class Gone(Unavailable):
    """The copy of the service that took the request is gone. It may have been done or not: try again in a moment."""


class Unserved(Unavailable):
    """No copy of the service is running."""


class ClockSkew(Fault):
    """The clocks of two machines differ too much for one to accept the other's tokens; `detail` says by how much."""


FAMILY: Final = {cls.code: cls for cls in (NotFound, Conflict, Invalid, Forbidden, TooMuch)}


def refusal_from_problem(problem: dict[str, Any]) -> Refusal:
    """Returns the refusal that `problem()` has described, of the same class and with the same facts."""
    cls = BY_REASON.get(problem.get("reason", "")) or FAMILY[problem["code"]]
    errors = msgspec.convert(problem.get("errors", ()), tuple[DataError, ...])
    facts = {key: value for key, value in problem.items() if key not in {"code", "reason", "detail", "errors"}}
    return cls(problem["detail"], errors=errors, **facts)


# --- errors at the start ---


class CannotStart(Exception):
    """The studio cannot start until something is fixed; the message is one line that says what."""


class WrongSetting(CannotStart):
    """A setting is unknown or has a wrong value."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(f"{name}: {why}")
