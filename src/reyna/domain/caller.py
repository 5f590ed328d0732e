"""Who is asking, right now."""

from typing import Final, Literal

import msgspec

HOUSE: Final = "house"  # owns what belongs to no user: system schemas, registered processors, sessions


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Whose wall we stand behind (`user_id`), in what capacity, and on which connection's behalf."""

    user_id: str
    kind: Literal["user", "processor", "import", "house"] = "user"
    processor_id: str | None = None  # set when a processor acts for the user
    run_id: str | None = None  # the run it acts in
    origin: str | None = None  # "<connection>:<request_id>", so that a device knows its own echo
    address: str | None = None  # where the request came from, for the audit

    @property
    def name(self) -> str:
        """Who goes down as the author of what is made."""
        return self.processor_id or self.user_id


def house() -> Caller:
    """The house itself: registers system schemas and processors, never sees a user's content."""
    return Caller(user_id=HOUSE, kind="house")
