"""The leases that a copy of the service knows of, and when each of them is over."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from reyna.domain.event import Event
from reyna.domain.processing.lease import LEASE
from reyna.domain.processing.run import ENDED, Run


class WatchedLease(NamedTuple):
    """A run of this user that a worker holds until `ends_at`, as far as is known."""

    user_id: str
    run_id: str
    ends_at: datetime


class LeaseWatch:
    """A view: kept up to date by the writes of this copy, and by the events of the others.

    It may be behind, since the other copies extend leases without an event: a run is read again before it is judged.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._leases: dict[str, WatchedLease] = {}  # by run

    def record(self, run: Run) -> None:
        """Records a run as this copy has written or read it."""
        if run.status == "running" and run.worker_id is not None and run.lease_ends_at is not None:
            self._leases[run.id] = WatchedLease(run.user_id, run.id, run.lease_ends_at)
        else:
            self._leases.pop(run.id, None)

    def record_found(self, run: Run) -> None:
        """Records a run as it was found at a start: a worker that could not beat meanwhile has the time of a lease."""
        self.record(run)
        if (lease := self._leases.get(run.id)) is not None:
            self._leases[run.id] = lease._replace(ends_at=max(lease.ends_at, self._clock() + LEASE))

    def record_event(self, event: Event) -> None:
        """Records that a worker has started or ended a run, maybe with another copy; ignores every other event."""
        words, run_id = event.type.split("."), str(event.data.get("run_id"))
        if len(words) != 3 or words[0] != "processor" or event.data.get("scope") != "user":
            return
        if words[1] in ENDED:
            self._leases.pop(run_id, None)
        elif words[1] == "started":  # just now, since it is heard live
            self._leases.setdefault(run_id, WatchedLease(event.userid, run_id, self._clock() + LEASE))

    def forget(self, run_id: str) -> None:
        self._leases.pop(run_id, None)

    def list_over(self, limit: int) -> list[WatchedLease]:
        """Returns leases that are over, those that ended first in front."""
        now = self._clock()
        return sorted((one for one in self._leases.values() if one.ends_at <= now), key=lambda one: one.ends_at)[:limit]
