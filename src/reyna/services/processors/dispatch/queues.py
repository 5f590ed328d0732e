"""The queues of all processors, as one copy of the service knows them."""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from reyna.domain.event import Event
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import ENDED, Run, queue_order
from reyna.services.processors.dispatch.policy import DispatchPolicy
from reyna.services.processors.dispatch.processor_queue import ProcessorQueue
from reyna.services.processors.dispatch.rate_limiter import RunRateLimiter
from reyna.services.processors.dispatch.user_queue import HeldRun, UserQueue
from reyna.services.processors.worker_health import WorkerHealth

MAX_REMEMBERED_RUNS: Final = 20_000  # that ended lately: a late event about one of them is ignored
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
MAX_RATED_USERS: Final = 10_000  # whose rate is remembered


class Choice(msgspec.Struct, frozen=True):
    """A user whose turn it is, with the run to admit; None when the user's queue has to be read from the store."""

    user_id: str
    run_id: str | None


class DispatchNotice(msgspec.Struct, frozen=True):
    """The message to the other copies of the service that a held run was admitted; it is not stored."""

    run_id: str
    user_id: str
    processor_id: str


class DispatchQueues:
    """Decides how many runs are in flight for each processor, and which held run is admitted next.

    All of it is a view, kept up to date by the writes of this copy and the events of the others. It may be behind: an
    admission is a write on condition that the run is still held, so that a wrong view costs a write and nothing else.
    Runs of a user's own processor are not in it: its workers are that user's, who shares them with nobody.
    """

    def __init__(
        self, policy: DispatchPolicy, worker_health: WorkerHealth, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._policy, self._worker_health, self._elapsed = policy, worker_health, elapsed
        self._queues: dict[str, ProcessorQueue] = {}  # by processor
        self._limited: set[str] = set()  # processors whose limits are known
        self._user_runs: Counter[str] = Counter()  # in flight, of all processors
        self._user_rates: OrderedDict[str, RunRateLimiter] = OrderedDict()
        self._ended: OrderedDict[str, datetime] = OrderedDict()  # run -> the time of its end
        self._on_change: Callable[[str], None] = lambda processor_id: None

    def subscribe(self, on_change: Callable[[str], None]) -> None:
        """Calls `on_change` with a processor when a write of this copy leaves a held run or room for one."""
        self._on_change = on_change

    # --- limits ---

    def knows_limits(self, processor_id: str) -> bool:
        return processor_id in self._limited

    def forget_limits(self) -> None:
        """Has the limits read again, since a processor was registered; until then the former ones hold."""
        self._limited.clear()

    def set_limits(self, processor_id: str, processor: Processor | None) -> None:
        """Applies the limits that a processor was registered with."""
        queue = self.queue(processor_id)
        queue.max_concurrency = processor.max_concurrency if processor else None
        per_minute = processor.max_runs_per_minute if processor else None
        if per_minute is None:
            queue.rate_limiter = None
        elif queue.rate_limiter is None or queue.rate_limiter.per_minute != per_minute:
            queue.rate_limiter = RunRateLimiter(per_minute, self._elapsed)
        self._limited.add(processor_id)

    # --- decisions ---

    def reserve(self, run: Run) -> bool:
        """Returns True when a new run is to be handed out at once, and counts it; False when it is to be held."""
        if run.processor_scope == "user":
            return True
        queue = self.queue(run.processor_id)
        if run.id in queue.in_flight:
            return True
        if queue.held or not self.has_room(run.processor_id) or self._seconds_to_wait(queue, run.user_id) != 0.0:
            return False
        self._ended.pop(run.id, None)
        self._hand_out(queue, run.user_id, run.id)
        return True

    def choose(self, processor_id: str) -> Choice | None:
        """Returns whose turn it is, with the run, which counts as handed out; None when there is no room or no run."""
        queue = self.queue(processor_id)
        queue.wake_rested()
        while self.has_room(processor_id) and (user_id := queue.turns.next()) is not None:
            held = queue.held.get(user_id)
            if held is None:
                continue
            seconds = self._seconds_to_wait(queue, user_id)
            if seconds is None:
                queue.at_limit.add(user_id)
            elif seconds:
                queue.rest(user_id, seconds)
            elif held.is_to_be_read:
                queue.turns.join(user_id)
                return Choice(user_id, None)
            else:
                return self._take(queue, user_id, held)
        return None

    def has_room(self, processor_id: str) -> bool:
        queue = self.queue(processor_id)
        if queue.rate_limiter is not None and queue.rate_limiter.seconds_until_allowed():
            return False
        return len(queue.in_flight) < queue.window(self._worker_health.capacity_of(processor_id))

    def seconds_until_next(self, processor_id: str) -> float | None:
        """Returns the time after which a rate limit allows the next held run; None when none of them waits for that."""
        queue = self.queue(processor_id)
        if not queue.held:
            return None
        if queue.rate_limiter is not None and (seconds := queue.rate_limiter.seconds_until_allowed()):
            return seconds
        return queue.seconds_until_rested()

    # --- facts ---

    def record(self, run: Run) -> None:
        """Records a run as this copy has written or read it."""
        if run.processor_scope == "user":
            return
        queue = self.queue(run.processor_id)
        if run.status not in ENDED:
            self._ended.pop(run.id, None)
        is_paused = run.status == "running" and run.worker_id is None  # until it is delivered again
        if run.queue_position is not None:
            self.remove(run.processor_id, run.user_id, run.id)
            queue.hold(run.user_id, HeldRun(queue_order(run.priority, run.requested_at), run.id))
            self._on_change(run.processor_id)
        elif run.status in ENDED or is_paused:
            ended = None if is_paused else run.finished_at
            self.remove(run.processor_id, run.user_id, run.id, ended=ended, completed=run.status == "completed")
            self._on_change(run.processor_id)
        else:
            queue.discard_held(run.user_id, run.id)
            self._hand_out(queue, run.user_id, run.id)
            if run.status == "running":
                queue.start(run.id)

    def record_event(self, event: Event) -> None:
        """Records an event `processor.<action>.<processor>`, which may be late; ignores every other event."""
        words, run_id = event.type.split("."), str(event.data.get("run_id"))
        if len(words) != 3 or words[0] != "processor" or event.data.get("scope") == "user":
            return
        _, action, processor_id = words
        if action in ENDED:
            self.remove(processor_id, event.userid, run_id, ended=event.time, completed=action == "completed")
        elif run_id in self._ended and action != "requested":
            return
        elif action == "started":
            self.record_admission(DispatchNotice(run_id, event.userid, processor_id))
            self.queue(processor_id).start(run_id)
        elif action == "requested":
            self._record_request(processor_id, run_id, event)

    def record_admission(self, notice: DispatchNotice) -> None:
        """Records a run that another copy has admitted."""
        if notice.run_id not in self._ended:
            queue = self.queue(notice.processor_id)
            queue.discard_held(notice.user_id, notice.run_id)
            self._hand_out(queue, notice.user_id, notice.run_id)

    def add_page(self, processor_id: str, user_id: str, page: list[HeldRun], *, has_more: bool) -> None:
        """Adds held runs as they are read from the store, in the order of their queue."""
        queue = self.queue(processor_id)
        held = queue.held.setdefault(user_id, UserQueue())
        held.add_page([run for run in page if run.run_id not in queue.in_flight], has_more=has_more)
        if held.is_empty:
            del queue.held[user_id]
        else:
            queue.turns.join(user_id)

    def remove(
        self, processor_id: str, user_id: str, run_id: str, *, ended: datetime | None = None, completed: bool = False
    ) -> None:
        """Removes a run that is no longer handed out nor held."""
        queue = self.queue(processor_id)
        queue.discard_held(user_id, run_id)
        if ended is not None:
            self._remember_end(run_id, ended)
        if queue.remove(run_id, completed=completed) is None:
            return
        self._user_runs[user_id] -= 1
        if not self._user_runs[user_id]:
            del self._user_runs[user_id]
        for other_id, other in self._queues.items() if self._policy.max_concurrency is not None else ():
            if user_id in other.at_limit:
                other.at_limit.discard(user_id)
                other.turns.join(user_id)
                self._on_change(other_id)

    # --- for maintenance ---

    def queue(self, processor_id: str) -> ProcessorQueue:
        queue = self._queues.get(processor_id)
        if queue is None:
            queue = self._queues[processor_id] = ProcessorQueue(self._policy, self._elapsed)
        return queue

    def processors_with_held_runs(self) -> list[str]:
        return [id for id, queue in self._queues.items() if queue.held]

    def list_unconfirmed(self, seconds: float, limit: int) -> list[DispatchNotice]:
        """Returns runs in flight about which nothing was heard for so many seconds, and counts them as heard of."""
        now, found = self._elapsed(), list[DispatchNotice]()
        for processor_id, queue in self._queues.items():
            for run_id, run in queue.in_flight.items():
                if len(found) < limit and now - run.since >= seconds:
                    run.since = now
                    found.append(DispatchNotice(run_id, run.user_id, processor_id))
        return found

    def _take(self, queue: ProcessorQueue, user_id: str, held: UserQueue) -> Choice:
        run_id = held.take()
        self._hand_out(queue, user_id, run_id)
        if held.is_empty:
            del queue.held[user_id]
        else:
            queue.turns.join(user_id)
        return Choice(user_id, run_id)

    def _hand_out(self, queue: ProcessorQueue, user_id: str, run_id: str) -> None:
        if run_id in queue.in_flight:
            return
        queue.hand_out(user_id, run_id)
        self._user_runs[user_id] += 1
        if (rate := self._rate_of(user_id)) is not None:
            rate.count()

    def _seconds_to_wait(self, queue: ProcessorQueue, user_id: str) -> float | None:
        """Returns the time until the user's own limits allow one more run; None until one of its runs ends."""
        at_most = self._policy.max_concurrency
        if at_most is not None and self._user_runs.get(user_id, 0) >= at_most:
            return None
        rate = self._rate_of(user_id)
        return rate.seconds_until_allowed() if rate is not None else 0.0

    def _rate_of(self, user_id: str) -> RunRateLimiter | None:
        if self._policy.max_runs_per_minute is None:
            return None
        rate = self._user_rates.get(user_id)
        if rate is None:
            rate = self._user_rates[user_id] = RunRateLimiter(self._policy.max_runs_per_minute, self._elapsed)
            if len(self._user_rates) > MAX_RATED_USERS:
                self._user_rates.popitem(last=False)
        else:
            self._user_rates.move_to_end(user_id)
        return rate

    def _record_request(self, processor_id: str, run_id: str, event: Event) -> None:
        if event.time <= self._ended.get(run_id, LONG_AGO):
            return
        self._ended.pop(run_id, None)
        queue = self.queue(processor_id)
        if run_id in queue.in_flight:
            return
        if not event.data.get("held"):
            self._hand_out(queue, event.userid, run_id)
            return
        priority: Literal["interactive", "bulk"] = "bulk" if event.data.get("priority") == "bulk" else "interactive"
        queue.hold(event.userid, HeldRun(queue_order(priority, event.time), run_id))

    def _remember_end(self, run_id: str, ended: datetime) -> None:
        self._ended[run_id] = ended
        while len(self._ended) > MAX_REMEMBERED_RUNS:
            self._ended.popitem(last=False)
