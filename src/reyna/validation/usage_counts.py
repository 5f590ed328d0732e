"""Counts the use of schemas in memory, and reports the counts to the schema service."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from reyna.domain.errors import Conflict, DataError, Fault, Refusal
from reyna.domain.ids import new_id
from reyna.domain.usage import Counted, Use
from reyna.validation.keywords import ASSERTION_KEYWORDS, SCHEMA_MAP_KEYWORDS

LOG: Final = logging.getLogger(__name__)
DAY_SECONDS: Final = 86_400  # seconds
MAX_COUNTED_KEYS: Final = 20_000  # users x versions x days; about 300 bytes each
REPORT_INTERVAL_SECONDS: Final = 3.0  # with the timeout, a crash loses less than ten seconds of counts
REPORT_TIMEOUT_SECONDS: Final = 5.0  # for one report
MAX_REPORTED_USES: Final = 500  # in one report

CounterKey = tuple[str, str, str, int]  # user, schema, version, days since 1970


class UsageCounter:
    """The counts since they were last taken. Counting is one addition in a dictionary, and never raises.

    At most `max_keys` keys are counted, so that an outage cannot fill the memory. The day is updated when counts
    are taken, every few seconds, because reading the clock would take longer than counting.
    """

    def __init__(self, max_keys: int = MAX_COUNTED_KEYS, clock: Callable[[], float] = time.time) -> None:
        self._max_keys, self._clock = max_keys, clock
        self._validations: dict[CounterKey, int] = {}
        self._blobs: dict[CounterKey, int] = {}
        self._failures: dict[CounterKey, int] = {}
        self._rules: dict[CounterKey, dict[str, int]] = {}
        self._day = 0
        self.update_day()

    def update_day(self) -> None:
        """Counts for the current day from now on."""
        self._day = int(self._clock() // DAY_SECONDS)

    def count_validation(self, user_id: str, schema_id: str, version: str) -> None:
        _add(self._validations, (user_id, schema_id, version, self._day), self._max_keys)

    def count_stored_blob(self, user_id: str, schema_id: str, version: str) -> None:
        """Counts a new blob."""
        _add(self._blobs, (user_id, schema_id, version, self._day), self._max_keys)

    def count_failure(self, user_id: str, schema_id: str, version: str, errors: Iterable[DataError]) -> None:
        """Counts a failure of a validation that `count_validation` has counted."""
        key = (user_id, schema_id, version, self._day)
        _add(self._failures, key, self._max_keys)
        if key in self._failures:
            rules = self._rules.setdefault(key, {})
            for rule in {_rule(error) for error in errors}:
                rules[rule] = rules.get(rule, 0) + 1

    def take(self, limit: int = MAX_REPORTED_USES) -> list[Use]:
        """Removes and returns at most `limit` counts."""
        self.update_day()
        keys = list({**self._validations, **self._blobs, **self._failures})[:limit]
        return [_use(key, self._pop(key)) for key in keys]

    def _pop(self, key: CounterKey) -> Counted:
        return Counted(
            validations=self._validations.pop(key, 0),
            failures=self._failures.pop(key, 0),
            rules=self._rules.pop(key, {}),
            blobs=self._blobs.pop(key, 0),
        )


class UsageReporter:
    """Reports the counts every few seconds, in batches. A batch without an acknowledgement is sent again unchanged.

    `report` receives the id of the batch, by which a repeat is recognised, and the counts.
    """

    def __init__(
        self,
        counts: UsageCounter,
        report: Callable[[str, list[Use]], Awaitable[None]],
        interval_seconds: float = REPORT_INTERVAL_SECONDS,
    ) -> None:
        self._counts, self._report, self._interval_seconds = counts, report, interval_seconds
        self._batch: tuple[str, list[Use]] | None = None
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="counts of use")

    async def stop(self) -> None:
        """Reports the remaining counts, if the schema service can be reached."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def flush(self) -> bool:
        """Returns whether every count so far was acknowledged."""
        self._counts.update_day()
        async with self._lock:
            while self._batch or (uses := self._counts.take()):
                self._batch = self._batch or (new_id("count"), uses)
                try:
                    async with asyncio.timeout(REPORT_TIMEOUT_SECONDS):
                        await self._report(*self._batch)
                except (Fault, Conflict, TimeoutError) as error:
                    LOG.info("Counts of use are kept for later: %s", error)
                    return False
                except Refusal as refusal:  # a repeat would be refused too
                    LOG.error("Counts of use were refused: %s", refusal.detail)
                self._batch = None
            return True

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval_seconds)
            try:
                await self.flush()
            except Exception:  # the next round tries again
                LOG.exception("Telling counts of use broke")


def _add(counts: dict[CounterKey, int], key: CounterKey, max_keys: int) -> None:
    found = counts.get(key)
    if found is not None:
        counts[key] = found + 1
    elif len(counts) < max_keys:
        counts[key] = 1


def _use(key: CounterKey, counted: Counted) -> Use:
    user_id, schema_id, version, day = key
    date = datetime.fromtimestamp(day * DAY_SECONDS, UTC).date().isoformat()
    return Use(user_id=user_id, schema_id=schema_id, version=version, day=date, counted=counted)


def _rule(error: DataError) -> str:
    """Returns the keyword that failed: `false` for a schema that nothing fits, `data` for data that cannot be
    validated."""
    if error.schema_path is None:
        return "data"
    way = error.schema_path.split("/")
    return way[-1] if way[-1] in ASSERTION_KEYWORDS and way[-2] not in SCHEMA_MAP_KEYWORDS else "false"
