"""The order in which users have their turns: start-time fair queueing (Goyal, Vin, Cheng 1996)."""

from collections.abc import Mapping
from heapq import heappop, heappush
from itertools import count
from typing import Final

MAX_REMEMBERED_USERS: Final = 10_000  # whose last turn is remembered, if it lies behind that of the others


class Turns:
    """The users that wait for a turn. Each turn moves a user on by one over its weight, and the least far comes next.

    A user who comes back after a pause starts where the others are: idle time is neither credited nor punished.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = weights
        self._reached: dict[str, float] = {}  # user -> the point of its next turn
        self._now = 0.0  # the point of the latest turn
        self._waiting: list[tuple[float, int, str]] = []  # a heap
        self._users: set[str] = set()  # in the heap
        self._numbers = count()

    def join(self, user_id: str) -> None:
        """Queues the user, unless it is queued already."""
        if user_id not in self._users:
            self._users.add(user_id)
            heappush(self._waiting, (self._point_of(user_id), next(self._numbers), user_id))

    def next(self) -> str | None:
        """Removes and returns the user whose turn is next; None when nobody waits."""
        if not self._waiting:
            return None
        _, _, user_id = heappop(self._waiting)
        self._users.discard(user_id)
        return user_id

    def take(self, user_id: str) -> None:
        """Gives the user a turn now."""
        self._now = self._point_of(user_id)
        self._reached[user_id] = self._now + 1.0 / self._weights.get(user_id, 1.0)
        if len(self._reached) > MAX_REMEMBERED_USERS:
            self._reached = {user: point for user, point in self._reached.items() if point > self._now}

    def _point_of(self, user_id: str) -> float:
        return max(self._reached.get(user_id, 0.0), self._now)
