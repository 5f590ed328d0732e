"""The health of each processor, computed from its workers' beats and the events of its runs."""

import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Final, NamedTuple

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.event import Event
from reyna.domain.processing.processor import Beat, Health

LIVE_WORKER_SECONDS: Final = 45.0  # three missed beats; a shorter time flaps on a busy laptop
WORKER_RETENTION_SECONDS: Final = 24 * 3600.0  # without a beat, until a worker is forgotten
MAX_MISSED_BEATS: Final = 2  # after which a worker's runs may be given to another
MAX_ENDED_RUNS: Final = 1_000  # per processor, from which the rates are computed
MAX_KNOWN_WORKERS: Final = 1_000  # of one processor
MAX_BEAT_SECONDS: Final = 60.0  # between two beats, whatever a worker says
MAX_PARALLEL_RUNS: Final = 1_000  # of one worker, whatever it says
MAX_SHOWN_REASONS: Final = 10
RATE_PERIOD_SECONDS: Final = 60
FAULT_ID: Final = re.compile(r" \(fault-\w+\)")  # in a reason: each has its own
RATED_ACTIONS: Final = frozenset({"completed", "failed"})  # a refused or cancelled run says nothing of its processor


ProcessorKey = tuple[str, str]
"""The owner of a processor, and its id."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class LastBeat(NamedTuple):
    """The time of a worker's last beat: `at` on the monotonic clock, `time` for people; `every` is its interval."""

    at: float
    time: datetime
    every: float
    parallel: int


class WorkerHealth:
    """The health of all processors as one copy of the service knows it; every copy receives the same messages.

    `elapsed` is a monotonic clock in seconds, so that setting the wall clock does not change which workers are live.
    """

    def __init__(self, clock: Callable[[], datetime] = utc_now, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._elapsed = clock, elapsed
        self._beats: defaultdict[ProcessorKey, dict[str, LastBeat]] = defaultdict(dict)
        self._waiting: defaultdict[ProcessorKey, set[str]] = defaultdict(set)
        self._started: dict[str, datetime] = {}
        self._ended: defaultdict[ProcessorKey, deque[bool]] = defaultdict(lambda: deque(maxlen=MAX_ENDED_RUNS))
        self._failures: defaultdict[ProcessorKey, deque[tuple[str, str]]] = defaultdict(
            lambda: deque(maxlen=MAX_ENDED_RUNS)
        )  # the user, and the reason
        self._minutes: defaultdict[ProcessorKey, Counter[int]] = defaultdict(Counter)  # runs that ended in each
        self.outcomes: Counter[tuple[str, str]] = Counter()  # of the runs of each processor of the system
        self._seconds: defaultdict[ProcessorKey, deque[float]] = defaultdict(lambda: deque(maxlen=MAX_ENDED_RUNS))

    def record_beat(self, beat: Beat) -> None:
        beats = self._beats[beat.user_id, beat.processor_id]
        if beat.worker_id not in beats:
            _remove_silent_workers(beats, self._elapsed())
            if len(beats) >= MAX_KNOWN_WORKERS:
                return
        every, parallel = min(beat.every, MAX_BEAT_SECONDS), min(max(beat.parallel, 1), MAX_PARALLEL_RUNS)
        beats[beat.worker_id] = LastBeat(self._elapsed(), self._clock(), every, parallel)

    def is_live(self, processor_id: str, worker_id: str, owner: str = SYSTEM_USER_ID) -> bool:
        """Returns True while the worker's beats come as announced: its runs are then not given to another worker."""
        last = self._beats.get((owner, processor_id), {}).get(worker_id)
        return last is not None and self._elapsed() - last.at <= MAX_MISSED_BEATS * last.every

    def capacity_of(self, processor_id: str) -> int:
        """Returns how many runs the live workers of a processor of the system do at a time; 0 while none is known."""
        now, beats = self._elapsed(), self._beats.get((SYSTEM_USER_ID, processor_id), {}).values()
        return sum(last.parallel for last in beats if now - last.at < LIVE_WORKER_SECONDS)

    def record_event(self, event: Event) -> None:
        """Records an event `processor.<action>.<processor>`; ignores every other event."""
        words = event.type.split(".")
        if len(words) != 3 or words[0] != "processor":
            return
        _, action, processor_id = words
        key = (event.userid if event.data.get("scope") == "user" else SYSTEM_USER_ID), processor_id
        run_id = event.data["run_id"]
        if action == "requested":
            self._waiting[key].add(run_id)
            return
        self._waiting[key].discard(run_id)
        if action == "started":
            self._started[run_id] = event.time
        else:
            self._record_end(key, action, event.time, self._started.pop(run_id, None))
            self._count_end(key, action, event)

    def _count_end(self, key: ProcessorKey, action: str, event: Event) -> None:
        minute, minutes = int(event.time.timestamp() // RATE_PERIOD_SECONDS), self._minutes[key]
        minutes[minute] += 1
        for old in [one for one in minutes if one < minute - 1]:
            del minutes[old]
        if action == "failed":
            self._failures[key].append((event.userid, FAULT_ID.sub("", str(event.data.get("error") or ""))))
        if key[0] == SYSTEM_USER_ID:
            self.outcomes[key[1], action] += 1

    def _record_end(self, key: ProcessorKey, action: str, ended: datetime, started: datetime | None) -> None:
        if action in RATED_ACTIONS:
            self._ended[key].append(action == "completed")
        if action == "completed" and started is not None:
            seconds = (ended - started).total_seconds()
            if seconds >= 0:  # negative when a clock was set back in between: the duration is then unknown
                self._seconds[key].append(seconds)

    def list_processors(self) -> list[str]:
        """Returns the processors of the system of which something was heard."""
        keys = {*self._beats, *self._waiting, *self._ended}
        return sorted(id for owner, id in keys if owner == SYSTEM_USER_ID)

    def health_of(self, processor_id: str, owner: str = SYSTEM_USER_ID, *, failed_for: str | None = None) -> Health:
        """Returns the health; with `failed_for`, its failures are those of the runs of this user alone."""
        key = owner, processor_id
        beats = self._beats.get(key, {}).values()
        now, last = self._elapsed(), max(beats, key=lambda beat: beat.at, default=None)
        ended = self._ended.get(key, ())
        seconds = sorted(self._seconds.get(key, ()))
        return Health(
            live_workers=sum(now - beat.at < LIVE_WORKER_SECONDS for beat in beats),
            last_beat=last.time if last else None,
            queue_length=len(self._waiting.get(key, ())),
            success_rate=sum(ended) / len(ended) if ended else None,
            p50=percentile(seconds, 50),
            p95=percentile(seconds, 95),
            runs_per_minute=self._minutes[key][int(self._clock().timestamp() // RATE_PERIOD_SECONDS) - 1],
            failures=self._count_failures(key, failed_for),
        )

    def _count_failures(self, key: ProcessorKey, user_id: str | None) -> dict[str, int]:
        reasons = Counter(reason for user, reason in self._failures.get(key, ()) if user_id in (None, user))
        return dict(reasons.most_common(MAX_SHOWN_REASONS))


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Returns the smallest value that at least so many percent do not exceed (nearest-rank method), None if empty."""
    return ordered[ceil(len(ordered) * percent / 100) - 1] if ordered else None


def _remove_silent_workers(beats: dict[str, LastBeat], now: float) -> None:
    for worker_id in [id for id, last in beats.items() if now - last.at >= WORKER_RETENTION_SECONDS]:
        del beats[worker_id]
