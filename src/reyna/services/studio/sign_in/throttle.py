"""A throttle for attempts that may fail, counted in the store so that all gateways count together."""

import asyncio
import hashlib
import random
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakValueDictionary

import msgspec
import structlog
from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.errors import Fault, TooMuch
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.studio.records import FAILED_ATTEMPTS, FailedAttempts

FAILURE_WINDOW: Final = timedelta(minutes=15)
MAX_WAITING_ATTEMPTS: Final = 100  # of one name, for the outcome of others
MAX_WRITE_TRIES: Final = 50  # while other gateways write the same counts
MAX_RETRY_PAUSE_SECONDS: Final = 0.02
FULL_CACHE_LIFETIME: Final = timedelta(seconds=1)  # a reached limit is not read again for so long
MAX_CACHED_FULL_NAMES: Final = 10_000
log: Final = structlog.get_logger("reyna.services.studio")


class AttemptLimit(msgspec.Struct, frozen=True):
    """The number of attempts of this name that may fail within the window."""

    name: str
    max_failures: int


class Attempt:
    """An attempt in progress. It counts as failed when `failed` is true; `forgives` are names whose count is reset."""

    __slots__ = ("failed", "forgives")

    def __init__(self) -> None:
        self.failed = False
        self.forgives: tuple[str, ...] = ()


class LimitReached(Exception):
    """Raised while no further attempt of a limit may begin, at most until `until`."""

    def __init__(self, limit: AttemptLimit, until: datetime) -> None:
        self.limit, self.until = limit, until
        super().__init__(limit.name)


class Throttle:
    """Counts failures by name in a sliding window. Attempts in progress are counted as failures until they end."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._in_progress: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)
        self._full_cache: dict[str, tuple[datetime, LimitReached]] = {}

    @asynccontextmanager
    async def attempt(self, *limits: AttemptLimit) -> AsyncIterator[Attempt]:
        """Counts an attempt before it is made, so that a thousand at once are counted too, and removes the count when
        the attempt has not failed. Raises TooMuch when one of the limits is reached."""
        moment = await self._begin(limits)
        attempt = Attempt()
        try:
            yield attempt
        finally:
            await asyncio.shield(self._end(limits, moment, attempt))

    async def _begin(self, limits: Sequence[AttemptLimit]) -> datetime:
        while True:
            try:
                self._check_cache(limits)
                async with self._locked(limits):
                    self._check_cache(limits)
                    moment = await self._count(limits)
                    self._in_progress.update(limit.name for limit in limits)
                    return moment
            except LimitReached as reached:
                await self._wait_for_room(reached)

    def _check_cache(self, limits: Sequence[AttemptLimit]) -> None:
        """Raises LimitReached for a limit that was reached a moment ago: a flood of guesses costs the store nothing."""
        for limit in limits:
            cached = self._full_cache.get(limit.name)
            if cached is None:
                continue
            if self._clock() < cached[0]:
                # A new exception for each attempt: raising one changes it.
                raise LimitReached(cached[1].limit, cached[1].until)
            del self._full_cache[limit.name]

    async def _wait_for_room(self, reached: LimitReached) -> None:
        """Returns when an attempt of this name that is in progress here has ended. Raises TooMuch when there is
        none."""
        name = reached.limit.name
        waiting = self._waiting[name] if self._in_progress[name] else None
        if waiting is not None and len(waiting) >= MAX_WAITING_ATTEMPTS:
            raise TooMuch("Too many attempts at once. Try again in a few seconds.", retry_after=5)
        if waiting is None:
            seconds = max(1, round((reached.until - self._clock()).total_seconds()) + 1)
            minutes = seconds // 60 + 1
            raise TooMuch(f"Too many failed attempts. Try again in {minutes} minutes.", retry_after=seconds)
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(ended)
        await ended

    async def _end(self, limits: Sequence[AttemptLimit], moment: datetime, attempt: Attempt) -> None:
        try:
            if not attempt.failed:
                async with self._locked(limits):
                    await self._uncount(limits, moment, attempt.forgives)
        except Fault as fault:
            log.warning("an attempt stays counted as failed", reason=fault.detail)
        finally:
            for limit in limits:
                self._wake_waiting(limit.name, failed=attempt.failed)

    def _wake_waiting(self, name: str, *, failed: bool) -> None:
        """Lets those go on that wait for the outcome of an attempt of this name."""
        self._in_progress[name] -= 1
        waiting = self._waiting.get(name, deque())
        if not failed:
            self._full_cache.pop(name, None)
        if not self._in_progress[name]:
            del self._in_progress[name]
            self._waiting.pop(name, None)
            wake = len(waiting)
        else:
            wake = 0 if failed else 1
        while wake and waiting:
            ended = waiting.popleft()
            if not ended.done():
                ended.set_result(None)
                wake -= 1

    @asynccontextmanager
    async def _locked(self, limits: Sequence[AttemptLimit]) -> AsyncIterator[None]:
        """Holds the locks of all names, so that this gateway does not race with itself."""
        async with AsyncExitStack() as stack:
            for name in sorted({limit.name for limit in limits}):
                lock = self._locks.get(name)
                if lock is None:
                    lock = self._locks[name] = asyncio.Lock()
                await stack.enter_async_context(lock)
            yield

    async def _count(self, limits: Sequence[AttemptLimit]) -> datetime:
        for _ in range(MAX_WRITE_TRIES):
            moment = self._clock()
            puts = []
            for limit in limits:
                attempts = await self._recent(limit.name, moment)
                if len(attempts.moments) >= limit.max_failures:
                    reached = LimitReached(limit, attempts.moments[0] + FAILURE_WINDOW)
                    self._cache_full(reached, moment)
                    raise reached
                puts.append(_put(attempts, (*attempts.moments, moment), moment))
            if await self._try_write(puts):
                return moment
        raise TooMuch("Too many attempts at once. Try again in a few seconds.", retry_after=5)

    def _cache_full(self, reached: LimitReached, moment: datetime) -> None:
        if len(self._full_cache) >= MAX_CACHED_FULL_NAMES:
            self._full_cache.clear()
        self._full_cache[reached.limit.name] = (moment + FULL_CACHE_LIFETIME, reached)

    async def _uncount(self, limits: Sequence[AttemptLimit], moment: datetime, forgiven: Sequence[str]) -> None:
        for _ in range(MAX_WRITE_TRIES):
            puts = []
            for limit in limits:
                attempts = await self._recent(limit.name, self._clock())
                moments = list(attempts.moments)
                if moment in moments:
                    moments.remove(moment)
                puts.append(_put(attempts, () if limit.name in forgiven else tuple(moments), moment))
            if await self._try_write(puts):
                return

    async def _recent(self, name: str, now: datetime) -> FailedAttempts:
        """Returns the attempts of this name within the window, the oldest first."""
        id = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
        attempts = await self._store.get(FAILED_ATTEMPTS, SYSTEM_USER_ID, id)
        if attempts is None:
            return FailedAttempts(
                id=id, user_id=SYSTEM_USER_ID, moments=(), expires_at=now + FAILURE_WINDOW, revision=0
            )
        return replace(attempts, moments=tuple(moment for moment in attempts.moments if moment > now - FAILURE_WINDOW))

    async def _try_write(self, puts: Sequence[Put]) -> bool:
        """Writes the counts. Returns False, after a random pause, when another gateway was faster."""
        try:
            await self._store.write(*puts)
        except RequirementNotMet:
            await asyncio.sleep(MAX_RETRY_PAUSE_SECONDS * random.random())  # noqa: S311 - nobody gains by guessing it
            return False
        return True


def _put(attempts: FailedAttempts, moments: tuple[datetime, ...], now: datetime) -> Put:
    changed = replace(attempts, moments=moments, expires_at=now + FAILURE_WINDOW, revision=attempts.revision + 1)
    return Put(FAILED_ATTEMPTS, changed, expects=attempts.revision)
