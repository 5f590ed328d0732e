"""The PassageIndex port: vectors of the passages of entries, by which texts are found that mean the same."""

from collections.abc import Sequence
from typing import Protocol

from reyna.domain.search.entry import EntryFilter
from reyna.domain.search.passages import NearPassage, PassageVector, WaitingEntry


class PassageIndex(Protocol):
    """The passages of all users, beside the entries of a search index.

    An entry waits for its vectors from the moment in which its text changed; until then the former ones are kept. What
    leaves the search index leaves this one with it. Every method raises `reyna.domain.errors.Fault` when the index
    cannot be reached.
    """

    async def prepare(self, model: str, dimensions: int) -> None:
        """Keeps vectors of this model from now on. Those of another are removed, and all entries wait anew."""
        ...

    async def take(self) -> WaitingEntry | None:
        """Returns an entry that waits, of one user after the other; copies do not get the same for some minutes."""
        ...

    async def replace(self, entry: WaitingEntry, passages: Sequence[PassageVector]) -> None:
        """Keeps these passages of an entry and no others, unless its text has changed since it was taken."""
        ...

    async def postpone(self, entry: WaitingEntry, seconds: float) -> None:
        """Lets an entry wait for so long."""
        ...

    async def wait_again(self, user_id: str, ids: Sequence[str]) -> None:
        """Lets those of these entries that are there wait for new vectors."""
        ...

    async def find_near(
        self, user_id: str, vector: Sequence[float], filter: EntryFilter, limit: int
    ) -> Sequence[NearPassage]:
        """Returns the nearest passage of each of the entries of this user that are nearest, the nearest first.

        `limit` is the largest number of passages to look at. Nothing is near to a vector of another model.
        """
        ...

    async def count_waiting(self) -> int:
        """Returns how many entries of all users wait for their vectors."""
        ...
