"""How each processor does, as told by its workers' beats and by the events of its runs."""

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from reyna.domain.event import Event
from reyna.domain.processor import Beat, Health

BEAT_SUBJECTS: Final = "reyna.beat"
SILENCE: Final = timedelta(seconds=45)  # three missed beats; shorter flaps on a busy laptop
REMEMBERED: Final = 1_000  # ended runs per processor that the rates are computed from
COUNTED: Final = frozenset({"completed", "refused", "failed"})  # a cancelled run says nothing about its processor


class Vitals:
    """What one copy of the service has heard; every copy hears the same, so every copy knows the same."""

    def __init__(self) -> None:
        self._beats: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
        self._waiting: defaultdict[str, set[str]] = defaultdict(set)
        self._started: dict[str, datetime] = {}
        self._ended: defaultdict[str, deque[bool]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._seconds: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))

    def hear_beat(self, beat: Beat, now: datetime) -> None:
        self._beats[beat.processor_id][beat.worker_id] = now

    def hear_event(self, event: Event) -> None:
        """An event `processor.<action>.<processor>`; others say nothing about health and are passed over."""
        words = event.type.split(".")
        if len(words) != 3 or words[0] != "processor":
            return
        _, action, processor_id = words
        run_id = event.data["run_id"]
        if action == "requested":
            self._waiting[processor_id].add(run_id)
            return
        self._waiting[processor_id].discard(run_id)
        if action == "started":
            self._started[run_id] = event.time
            return
        started = self._started.pop(run_id, None)
        if action in COUNTED:
            self._ended[processor_id].append(action == "completed")
        if action == "completed" and started is not None:
            self._seconds[processor_id].append((event.time - started).total_seconds())

    def health(self, processor_id: str, now: datetime) -> Health:
        beats = self._beats.get(processor_id, {})
        ended = self._ended.get(processor_id, ())
        seconds = sorted(self._seconds.get(processor_id, ()))
        return Health(
            live_workers=sum(now - beat < SILENCE for beat in beats.values()),
            last_beat=max(beats.values(), default=None),
            queue_length=len(self._waiting.get(processor_id, ())),
            success_rate=sum(ended) / len(ended) if ended else None,
            p50=percentile(seconds, 50),
            p95=percentile(seconds, 95),
        )


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The smallest value that at least so many percent do not exceed (nearest-rank method); None of nothing."""
    return ordered[ceil(len(ordered) * percent / 100) - 1] if ordered else None
