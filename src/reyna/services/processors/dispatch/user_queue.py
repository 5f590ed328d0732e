"""The held runs of one user for one processor: the next ones in memory, the rest in the store."""

from bisect import insort
from typing import Final, NamedTuple

MAX_KNOWN_RUNS: Final = 64  # of one user and processor in memory, however many are held


class HeldRun(NamedTuple):
    """A held run; `order` is its position among those of its user and processor."""

    order: str
    run_id: str


class UserQueue:
    """`has_more` tells that the store may hold runs that come after those known here."""

    def __init__(self) -> None:
        self._known: list[HeldRun] = []
        self.has_more = False

    @property
    def is_empty(self) -> bool:
        return not self._known and not self.has_more

    @property
    def is_to_be_read(self) -> bool:
        """True when the next run is known to the store only."""
        return not self._known and self.has_more

    def add(self, held: HeldRun) -> None:
        if any(held.run_id == known.run_id for known in self._known):
            return
        if self.has_more and (not self._known or held > self._known[-1]):
            return  # it is read from the store when its turn is near
        insort(self._known, held)
        if len(self._known) > MAX_KNOWN_RUNS:
            self._known.pop()
            self.has_more = True

    def add_page(self, page: list[HeldRun], *, has_more: bool) -> None:
        """Adds the first held runs of the store; `has_more` tells that there are others behind them."""
        if self.is_to_be_read:
            self.has_more = False
        for held in page:
            self.add(held)
        self.has_more = self.has_more or has_more

    def take(self) -> str:
        """Removes the next run and returns its id."""
        return self._known.pop(0).run_id

    def discard(self, run_id: str) -> None:
        self._known = [known for known in self._known if known.run_id != run_id]
