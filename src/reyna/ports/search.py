"""The SearchIndex port: entries for the blobs and buckets of users, found by their words."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

from reyna.domain.search.entry import Candidates, Entry, EntryQuery, EntryText

INDEX_VERSION: Final = 1  # of the way that entries are made: a larger one has every user's index built anew
LoadEntries = Callable[[Sequence[str]], Awaitable[Sequence[Entry]]]


class SearchIndex(Protocol):
    """The entries of all users, always addressed by `user_id` first.

    Every method raises `reyna.domain.errors.Fault` when the index cannot be reached.
    """

    async def refresh(self, user_id: str, ids: Sequence[str], load: LoadEntries) -> None:
        """Replaces the entries of these ids by what `load` returns, and removes those that it does not return.

        Refreshes of one user follow each other, and `load` is called in its turn: an entry never goes back to an
        earlier state, in whatever order the events of its changes arrive.
        """
        ...

    async def search(self, user_id: str, query: EntryQuery) -> Candidates:
        """Returns what the query finds, best first, or the latest first when it is sorted by time or has no words."""
        ...

    async def texts(self, user_id: str, ids: Sequence[str]) -> Mapping[str, EntryText]:
        """Returns the titles and texts of these entries by id."""
        ...

    async def list_ids(self, user_id: str, after: str, limit: int) -> list[str]:
        """Returns the ids of the entries of a user behind `after`, sorted."""
        ...

    async def clear(self, user_id: str) -> None:
        """Removes all entries of a user."""
        ...

    async def version_of(self, user_id: str) -> int:
        """Returns the version in which the index of a user was built whole, 0 when it never was."""
        ...

    async def set_version(self, user_id: str, version: int) -> None:
        """Records that the index of a user has been built whole."""
        ...

    async def check(self) -> None:
        """Returns when the index answers; raises a Fault when it does not (for `/readyz`)."""
        ...
