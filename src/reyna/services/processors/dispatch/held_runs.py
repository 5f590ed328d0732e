"""The held runs of a user as the store has them, in the order of their queues."""

from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from reyna.domain.processing.run import Run, queue_order
from reyna.ports.store import NOT_NULL, Store
from reyna.services.processors.dispatch.user_queue import MAX_KNOWN_RUNS, HeldRun
from reyna.services.processors.records import RUNS

MAX_OPEN_RUNS: Final = 1_000  # of one user that are counted as in flight after a start


class HeldPage(NamedTuple):
    """The first held runs of a user for one processor."""

    processor_id: str
    runs: list[HeldRun]
    has_more: bool


async def list_held(store: Store, user_id: str, processor_id: str) -> HeldPage:
    """Returns the first held runs of this user and processor."""
    found = await _find(store, user_id, f"{processor_id} ")
    return _page_of(processor_id, found)


async def walk_held(store: Store, user_id: str) -> AsyncIterator[HeldPage]:
    """Yields the first held runs of this user for each processor."""
    after = ""
    while found := await _find(store, user_id, after):
        for processor_id in dict.fromkeys(run.processor_id for run in found):
            yield _page_of(processor_id, found)
        if len(found) <= MAX_KNOWN_RUNS:
            return
        after = f"{found[-1].processor_id}!"  # which sorts behind all of that processor: they have a space there


async def list_open(store: Store, user_id: str) -> list[Run]:
    """Returns runs of this user that are handed out or at work."""
    running = await store.find(RUNS, user_id, {"status": "running"}, limit=MAX_OPEN_RUNS)
    where = {"status": "requested", "queue_position": None}
    return [*running, *await store.find(RUNS, user_id, where, limit=MAX_OPEN_RUNS)]


async def _find(store: Store, user_id: str, after: str) -> list[Run]:
    return await store.find(
        RUNS,
        user_id,
        {"queue_position": NOT_NULL},
        order=("queue_position",),
        after=(after, ""),
        limit=MAX_KNOWN_RUNS + 1,
    )


def _page_of(processor_id: str, found: Sequence[Run]) -> HeldPage:
    mine = [
        HeldRun(queue_order(run.priority, run.requested_at), run.id)
        for run in found
        if run.processor_id == processor_id
    ]
    has_more = len(found) > MAX_KNOWN_RUNS and found[-1].processor_id == processor_id
    return HeldPage(processor_id, mine, has_more)
