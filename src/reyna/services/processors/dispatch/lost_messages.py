"""The messages of runs that a new bus does not have: work for workers, and dead letters."""

from reyna.domain.event import Message
from reyna.ports.store import Store
from reyna.services.processors.dispatch.held_runs import list_open
from reyna.services.processors.neighbours import TokenSigner
from reyna.services.processors.records import DEAD_LETTERS
from reyna.services.processors.runs.run_store import dead_letter_message, is_handed_out_by_bus, work_message
from reyna.storage.user_pages import user_pages


async def send_lost_messages(store: Store, signer: TokenSigner) -> int:
    """Puts the message of every run that is handed out or at work, and of every dead letter, into the outbox; returns
    their number. For a bus that has lost its streams: a worker that still holds a run loses it to another."""
    sent = 0
    async for users in user_pages(store):
        for user_id in users:
            runs = [run for run in await list_open(store, user_id) if is_handed_out_by_bus(run)]
            messages: list[Message] = [work_message(run, signer) for run in runs]
            messages += [dead_letter_message(letter) for letter in await store.find(DEAD_LETTERS, user_id)]
            if messages:
                await store.write(messages=messages)
            sent += len(messages)
    return sent
