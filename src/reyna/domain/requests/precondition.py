"""The precondition of a change: the revisions of a record that it is meant for."""

from typing import Any

import msgspec

from reyna.domain.errors import PreconditionFailed


class IfMatch(msgspec.Struct, frozen=True):
    """The revisions that a change is meant for; None means any."""

    revisions: tuple[int, ...] | None = None

    def check(self, revision: int | None, **facts: Any) -> None:
        """Raises PreconditionFailed, with these facts, for another revision, or for None, which is no record."""
        if revision is None or (self.revisions is not None and revision not in self.revisions):
            raise PreconditionFailed(**facts)
