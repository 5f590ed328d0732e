"""The caller of a verb, and what the API key that it came with may do."""

from typing import Final, Literal

import msgspec

from reyna.domain.errors import Forbidden

SYSTEM_USER_ID: Final = "house"  # owner of what belongs to no user: system schemas, registered processors, sessions
Scope = Literal["read", "write", "processors", "admin"]
SCOPES_WITHIN: Final[dict[Scope, frozenset[Scope]]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "processors": frozenset({"read", "processors"}),
    "admin": frozenset({"read", "write", "processors", "admin"}),
}
"""The scopes that each scope includes."""


class MissingScope(Forbidden):
    """This API key does not have the scope that is needed here."""


class OutsideOfKey(Forbidden):
    """An API key that is limited to buckets cannot do this."""


class KeyAccess(msgspec.Struct, frozen=True, kw_only=True):
    """The access of an API key: its scopes, and the buckets below which it reaches things, None for everything."""

    key_id: str
    scopes: tuple[Scope, ...]
    bucket_ids: tuple[str, ...] | None = None

    def allows(self, scope: Scope) -> bool:
        return any(scope in SCOPES_WITHIN[own] for own in self.scopes)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The user whose records are accessed (`user_id`), the kind of caller, and the connection it acts for."""

    user_id: str
    kind: Literal["user", "processor", "import", "house"] = "user"
    processor_id: str | None = None  # set when a processor acts for the user
    run_id: str | None = None  # the run it acts in
    origin: str | None = None  # "<connection>:<request_id>", so that a device knows its own echo
    address: str | None = None  # where the request came from, for the audit
    access: KeyAccess | None = None  # of the API key that it came with; None for everything that the user may

    @property
    def name(self) -> str:
        """The author that is recorded with what the caller creates."""
        return self.processor_id or self.user_id

    @property
    def bucket_ids(self) -> tuple[str, ...] | None:
        """The buckets below which the caller reaches things, or None when it is not limited to any."""
        return None if self.access is None else self.access.bucket_ids

    def check_scope(self, scope: Scope) -> None:
        """Raises MissingScope when the caller came with an API key that does not have this scope."""
        if self.access is not None and not self.access.allows(scope):
            raise MissingScope(f"This API key does not have the scope `{scope}`.", scope=scope)


def system_caller() -> Caller:
    """Returns the caller for the application's own work, such as registering system schemas and processors."""
    return Caller(user_id=SYSTEM_USER_ID, kind="house")
