"""The caller of a verb."""

from typing import Final, Literal

import msgspec

SYSTEM_USER_ID: Final = "house"  # owner of what belongs to no user: system schemas, registered processors, sessions


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The user whose records are accessed (`user_id`), the kind of caller, and the connection it acts for."""

    user_id: str
    kind: Literal["user", "processor", "import", "house"] = "user"
    processor_id: str | None = None  # set when a processor acts for the user
    run_id: str | None = None  # the run it acts in
    origin: str | None = None  # "<connection>:<request_id>", so that a device knows its own echo
    address: str | None = None  # where the request came from, for the audit

    @property
    def name(self) -> str:
        """The author that is recorded with what the caller creates."""
        return self.processor_id or self.user_id


def system_caller() -> Caller:
    """Returns the caller for the application's own work, such as registering system schemas and processors."""
    return Caller(user_id=SYSTEM_USER_ID, kind="house")
