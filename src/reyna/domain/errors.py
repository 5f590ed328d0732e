"""What the house answers when it does not do as asked: refusals, which are final, and faults, which are not."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import msgspec


class DataError(msgspec.Struct, frozen=True, kw_only=True):
    """One place where data does not fit; `path` and `schema_path` are JSON Pointers (RFC 6901)."""

    path: str
    message: str
    expected: str | None = None
    schema_path: str | None = None


BY_REASON: Final[dict[str, "type[Refusal]"]] = {}  # every kind of refusal in this process, wherever it is defined


def _in_words(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class Refusal(Exception):
    """The house said no."""

    code: ClassVar[str]
    status: ClassVar[int]
    reason: ClassVar[str]  # the class in words, such as `stale_revision`: stable, for programs

    def __init_subclass__(cls) -> None:
        cls.reason = _in_words(cls.__name__)
        BY_REASON[cls.reason] = cls

    def __init__(self, detail: str | None = None, *, errors: Sequence[DataError] = (), **facts: Any) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().splitlines()[0]
        self.errors = tuple(errors)
        self.facts = facts
        super().__init__(self.detail)

    def problem(self) -> dict[str, Any]:
        """The wire shape, the same on HTTP, the socket and the bus."""
        body: dict[str, Any] = {"code": self.code, "reason": self.reason, "detail": self.detail}
        if self.errors:
            body["errors"] = self.errors
        return body | self.facts


class NotFound(Refusal):
    """There is nothing of yours under this id."""

    code, status = "not_found", 404


class Conflict(Refusal):
    """This cannot be done to what is there now."""

    code, status = "conflict", 409


class StaleRevision(Conflict):
    """Someone changed this while you were editing. Both versions are kept."""


class AlreadyThere(Conflict):
    """Something of this name is already there."""


class CameInSince(Conflict):
    """Something came into this bucket since. Undone anyway, it goes to the trash along with the bucket."""


class WouldContainItself(Conflict):
    """A bucket cannot be moved into itself or into what it contains."""


class Invalid(Refusal):
    """What was sent does not fit."""

    code, status = "invalid", 422

    @classmethod
    def at(cls, path: str, message: str, *, expected: str | None = None) -> Self:
        """A refusal about one field; `path` is its JSON Pointer."""
        field = path.lstrip("/") or "the document"
        return cls(f"{field}: {message}", errors=[DataError(path=path, message=message, expected=expected)])


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


class Fault(Exception):
    """The house broke. The trace is in the log under `id`, never outside."""

    def __init__(self, detail: str = "Something broke on our side.", *, id: str = "") -> None:
        self.detail, self.id = detail, id
        super().__init__(detail)


class TimedOut(Fault):
    """No answer came in time; whether the work was done is unknown."""


class Unserved(Fault):
    """No copy of the service is running."""


FAMILY: Final = {cls.code: cls for cls in (NotFound, Conflict, Invalid, Forbidden, TooMuch)}


def revived(problem: dict[str, Any]) -> Refusal:
    """The refusal that `problem()` described, as the same class with the same facts."""
    cls = BY_REASON.get(problem.get("reason", "")) or FAMILY[problem["code"]]
    errors = msgspec.convert(problem.get("errors", ()), tuple[DataError, ...])
    facts = {key: value for key, value in problem.items() if key not in {"code", "reason", "detail", "errors"}}
    return cls(problem["detail"], errors=errors, **facts)
