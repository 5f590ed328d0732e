"""The queue for hashing: bounded, and fair to everybody who waits."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from reyna.domain.errors import TooMuch
from reyna.services.studio.passwords.hash_queue import (
    MAX_WAIT_SECONDS,
    MAX_WAITING_HASHES,
    MAX_WAITING_HASHES_PER_SOURCE,
    HashQueue,
)
from tests.support.concurrency import gather_results


class Hashes:
    """Hashes that end when a test says so; `done` is whose they were, in the order in which they were worked off."""

    def __init__(self, max_wait: float = MAX_WAIT_SECONDS) -> None:
        self.queue = HashQueue(threads=1, max_wait=max_wait)
        self.go = threading.Event()
        self.done: list[str] = []
        self.asked: list[asyncio.Task[None]] = []

    def _work(self, lane: str) -> None:
        assert self.go.wait(20)
        self.done.append(lane)

    async def ask(self, lane: str, count: int = 1) -> None:
        """Returns when so many wait, or have begun."""
        for _ in range(count):
            self.asked.append(asyncio.create_task(self.queue.run(lane, lambda: self._work(lane))))
        await asyncio.sleep(0)

    async def finish(self) -> list[object]:
        self.go.set()
        return list(await gather_results(*self.asked))


@pytest.fixture
async def hashes() -> AsyncIterator[Hashes]:
    hashes = Hashes()
    yield hashes
    await hashes.finish()


async def test_who_comes_after_a_flood_from_elsewhere_waits_for_one_hash(hashes: Hashes) -> None:
    await hashes.ask("guesser", 50)
    await hashes.ask("ana")
    await hashes.finish()
    assert hashes.done.index("ana") <= 2
    assert len(hashes.done) == 51


async def test_sources_take_turns(hashes: Hashes) -> None:
    for source in ("one", "two", "three"):
        await hashes.ask(source, 4)
    await hashes.finish()
    assert hashes.done[1:4] == ["one", "two", "three"]
    assert hashes.done[4:7] == ["one", "two", "three"]


async def test_a_source_that_asks_for_too_much_is_refused_threads(hashes: Hashes) -> None:
    await hashes.ask("guesser", MAX_WAITING_HASHES_PER_SOURCE + 5)
    await hashes.ask("ana")
    answers = await hashes.finish()
    assert sum(isinstance(answer, TooMuch) for answer in answers) == 4  # one was begun
    assert "ana" in hashes.done
    (refused, *_) = [answer for answer in answers if isinstance(answer, TooMuch)]
    assert refused.facts["retry_after"] > 0


async def test_the_queue_is_bounded_whatever_the_number_of_sources(hashes: Hashes) -> None:
    for number in range(MAX_WAITING_HASHES + 50):
        await hashes.ask(f"source {number}")
    answers = await hashes.finish()
    assert sum(isinstance(answer, TooMuch) for answer in answers) == 49


async def test_nobody_waits_for_ever() -> None:
    hashes = Hashes(max_wait=0.05)
    await hashes.ask("ana", 3)
    await asyncio.wait(hashes.asked[1:])
    answers = await hashes.finish()
    assert [isinstance(answer, TooMuch) for answer in answers] == [False, True, True]
    await hashes.ask("ana")
    await hashes.finish()
    assert hashes.done == ["ana", "ana"]


async def test_who_goes_away_gives_up_the_place(hashes: Hashes) -> None:
    await hashes.ask("guesser", 10)
    for task in hashes.asked[1:]:
        task.cancel()
    await hashes.ask("ana")
    await hashes.finish()
    assert hashes.done == ["guesser", "ana"]
    hashes.done.clear()
    await hashes.ask("bo", 3)
    await hashes.finish()
    assert hashes.done == ["bo"] * 3
