"""The latest progress of the runs under way, from their workers' reports to the users' devices; it is not stored."""

from collections import OrderedDict
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.event import Event
from reyna.domain.processing.run import ENDED, Run

MAX_CACHED_BYTES: Final = 32 * 1024 * 1024  # beyond it, the oldest reports are dropped
ENTRY_OVERHEAD_BYTES: Final = 500  # of each cached run


class ProgressReport(msgspec.Struct, frozen=True):
    """A worker's report, without its text, which is decoded when somebody reads the run."""

    run_id: str
    progress: float


class ProgressText(msgspec.Struct, frozen=True):
    """The text of a worker's report."""

    text: str | None = None


class CachedProgress(msgspec.Struct, frozen=True):
    """The latest report about one run."""

    user_id: str
    progress: float
    body: bytes
    ended: bool = False  # a report about it now comes late, unless the run is requested again

    @property
    def size(self) -> int:
        return len(self.body) + ENTRY_OVERHEAD_BYTES


class ProgressCache:
    """The progress that one copy of the service knows; every copy receives the same reports.

    Progress never falls while a run is open.
    """

    def __init__(self) -> None:
        self._latest: OrderedDict[str, CachedProgress] = OrderedDict()  # by run; the latest report at the end
        self._bytes = 0

    def record_report(self, user_id: str, body: bytes) -> None:
        """Records a report that was sent to the devices of this user. Raises msgspec.MsgspecError."""
        report = msgspec.json.decode(body, type=ProgressReport)
        before = self._latest.get(report.run_id)
        if before is not None and before.ended:
            return
        progress = min(max(report.progress, before.progress if before else 0.0), 1.0)
        self._put(report.run_id, CachedProgress(user_id, progress, body))

    def record_event(self, event: Event) -> None:
        """Drops the progress of a run that has ended or is requested again."""
        words, run_id = event.type.split("."), str(event.data.get("run_id"))
        if len(words) != 3 or words[0] != "processor":
            return
        if words[1] in ENDED:
            self._put(run_id, CachedProgress(event.userid, 0.0, b"", ended=True))
        elif words[1] == "requested" and run_id in self._latest and self._latest[run_id].ended:
            self._remove(run_id)

    def with_progress(self, run: Run) -> Run:
        """Returns the run with its latest progress."""
        latest = self._latest_of(run)
        return replace(run, progress=latest.progress) if latest and latest.progress > run.progress else run

    def with_text(self, run: Run) -> Run:
        """Returns the run with its latest progress and the text so far."""
        latest = self._latest_of(run)
        if latest is None:
            return run
        return replace(self.with_progress(run), text=msgspec.json.decode(latest.body, type=ProgressText).text)

    def _latest_of(self, run: Run) -> CachedProgress | None:
        latest = self._latest.get(run.id)
        if latest is None or latest.ended or run.status != "running" or latest.user_id != run.user_id:
            return None
        return latest

    def _put(self, run_id: str, latest: CachedProgress) -> None:
        self._remove(run_id)
        self._latest[run_id] = latest
        self._bytes += latest.size
        while self._bytes > MAX_CACHED_BYTES and len(self._latest) > 1:
            self._remove(next(iter(self._latest)))

    def _remove(self, run_id: str) -> None:
        latest = self._latest.pop(run_id, None)
        if latest is not None:
            self._bytes -= latest.size
