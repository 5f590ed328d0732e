"""The open runs that this copy of the service has written lately, so that the next write need not read them."""

from collections import OrderedDict
from typing import Final

from reyna.domain.processing.run import ENDED, Run

MAX_KNOWN_RUNS: Final = 2_000
MAX_SETTINGS: Final = 50  # a run with more of them is read instead


class LatestRuns:
    """The runs as they were after their latest write here; another copy may have written them since."""

    def __init__(self) -> None:
        self._runs: OrderedDict[tuple[str, str], Run] = OrderedDict()  # by user and id

    def get(self, user_id: str, id: str) -> Run | None:
        return self._runs.get((user_id, id))

    def record(self, run: Run) -> None:
        self.remove(run)
        if run.status not in ENDED and not run.held and len(run.settings) <= MAX_SETTINGS:
            self._runs[run.user_id, run.id] = run
            if len(self._runs) > MAX_KNOWN_RUNS:
                self._runs.popitem(last=False)

    def remove(self, run: Run) -> None:
        self._runs.pop((run.user_id, run.id), None)
