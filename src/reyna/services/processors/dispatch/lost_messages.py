"""The messages of runs that a new bus does not have: work for workers, and dead letters."""

from collections.abc import AsyncIterator
from typing import Final

from reyna.domain.event import Message
from reyna.ports.store import Store
from reyna.services.processors.dispatch.held_runs import list_open
from reyna.services.processors.neighbours import TokenSigner
from reyna.services.processors.records import DEAD_LETTERS
from reyna.services.processors.runs.run_store import dead_letter_message, is_handed_out_by_bus, work_message

USERS_PER_PAGE: Final = 200


async def send_lost_messages(store: Store, signer: TokenSigner) -> int:
    """Puts the message of every run that is handed out or at work, and of every dead letter, into the outbox; returns
    their number. For a bus that has lost its streams: a worker that still holds a run loses it to another."""
    sent = 0
    async for user_id in _list_users(store):
        runs = [run for run in await list_open(store, user_id) if is_handed_out_by_bus(run)]
        messages: list[Message] = [work_message(run, signer) for run in runs]
        messages += [dead_letter_message(letter) for letter in await store.find(DEAD_LETTERS, user_id)]
        if messages:
            await store.write(messages=messages)
        sent += len(messages)
    return sent


async def _list_users(store: Store) -> AsyncIterator[str]:
    after: str | None = None
    while users := await store.list_users(after, USERS_PER_PAGE):
        for user_id in users:
            yield user_id
        after = users[-1]
