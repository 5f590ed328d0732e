"""Counts of how schemas are used, in memory, and their way to whoever keeps them."""

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
from reyna.fit.keywords import MAPS, RULES

LOG: Final = logging.getLogger(__name__)
DAY: Final = 86_400  # seconds
MOST: Final = 20_000  # users x versions x days that are counted at the same time; some 300 bytes each
OFTEN: Final = 3.0  # seconds between two tellings; with PATIENCE, what a crash can lose stays below ten
PATIENCE: Final = 5.0  # seconds for one telling
AT_ONCE: Final = 500  # uses in one telling

Key = tuple[str, str, str, int]  # user, schema, version, days since 1970


class Counts:
    """What was counted since it was last taken. Counting is an addition in a dictionary, and never refuses.

    There is room for `most` keys; what comes beyond is not counted, so that an outage cannot fill the memory. The day
    is looked up when counts are taken, which is every few seconds: asking the clock would take longer than counting.
    """

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.time) -> None:
        self._most, self._clock = most, clock
        self._validations: dict[Key, int] = {}
        self._blobs: dict[Key, int] = {}
        self._failures: dict[Key, int] = {}
        self._rules: dict[Key, dict[str, int]] = {}
        self._day = 0
        self.look_at_the_day()

    def look_at_the_day(self) -> None:
        """What is counted from now on belongs to the day that it is now."""
        self._day = int(self._clock() // DAY)

    def validated(self, user_id: str, schema_id: str, version: str) -> None:
        _add(self._validations, (user_id, schema_id, version, self._day), self._most)

    def stored(self, user_id: str, schema_id: str, version: str) -> None:
        """A new blob was stored."""
        _add(self._blobs, (user_id, schema_id, version, self._day), self._most)

    def failed(self, user_id: str, schema_id: str, version: str, errors: Iterable[DataError]) -> None:
        """A validation, counted by `validated`, failed."""
        key = (user_id, schema_id, version, self._day)
        _add(self._failures, key, self._most)
        if key in self._failures:
            rules = self._rules.setdefault(key, {})
            for rule in {_rule(error) for error in errors}:
                rules[rule] = rules.get(rule, 0) + 1

    def take(self, limit: int = AT_ONCE) -> list[Use]:
        """At most so many of what was counted, which is then no longer here."""
        self.look_at_the_day()
        keys = list({**self._validations, **self._blobs, **self._failures})[:limit]
        return [_use(key, self._taken(key)) for key in keys]

    def _taken(self, key: Key) -> Counted:
        return Counted(
            validations=self._validations.pop(key, 0),
            failures=self._failures.pop(key, 0),
            rules=self._rules.pop(key, {}),
            blobs=self._blobs.pop(key, 0),
        )


class Teller:
    """Tells every few seconds what was counted, in batches; one that was not acknowledged is told again as it was.

    `tell` is given a name for the batch, by which a repeat is recognised, and what was counted.
    """

    def __init__(self, counts: Counts, tell: Callable[[str, list[Use]], Awaitable[None]], often: float = OFTEN) -> None:
        self._counts, self._tell, self._often = counts, tell, often
        self._batch: tuple[str, list[Use]] | None = None
        self._telling = asyncio.Lock()
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._loop = asyncio.create_task(self._on(), name="counts of use")

    async def stop(self) -> None:
        """Tells what is left, unless nobody hears it."""
        if self._loop is not None:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        await self.tell()

    async def tell(self) -> bool:
        """Whether everything that was counted so far was acknowledged."""
        self._counts.look_at_the_day()
        async with self._telling:
            while self._batch or (uses := self._counts.take()):
                self._batch = self._batch or (new_id("count"), uses)
                try:
                    async with asyncio.timeout(PATIENCE):
                        await self._tell(*self._batch)
                except (Fault, Conflict, TimeoutError) as error:
                    LOG.info("Counts of use are kept for later: %s", error)
                    return False
                except Refusal as refusal:  # trying again would not help
                    LOG.error("Counts of use were refused: %s", refusal.detail)
                self._batch = None
            return True

    async def _on(self) -> None:
        while True:
            await asyncio.sleep(self._often)
            try:
                await self.tell()
            except Exception:  # whatever it was, the next round comes
                LOG.exception("Telling counts of use broke")


def _add(counts: dict[Key, int], key: Key, most: int) -> None:
    found = counts.get(key)
    if found is not None:
        counts[key] = found + 1
    elif len(counts) < most:
        counts[key] = 1


def _use(key: Key, counted: Counted) -> Use:
    user_id, schema_id, version, day = key
    date = datetime.fromtimestamp(day * DAY, UTC).date().isoformat()
    return Use(user_id=user_id, schema_id=schema_id, version=version, day=date, counted=counted)


def _rule(error: DataError) -> str:
    """The keyword that failed: `false` is a schema that nothing fits, `data` what could not even be asked about."""
    if error.schema_path is None:
        return "data"
    way = error.schema_path.split("/")
    return way[-1] if way[-1] in RULES and way[-2] not in MAPS else "false"
