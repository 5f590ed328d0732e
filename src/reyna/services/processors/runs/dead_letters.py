"""The dead letters of a user: runs that were given up, to be replayed or discarded."""

from typing import Any, Final

from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound, Refusal
from reyna.domain.processing.run import DeadLetter, KeptLetter, ReplayReport, RetryOptions, Run
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.ports.store import Delete, RequirementNotMet, Store
from reyna.services.processors.authorization import check_not_processor
from reyna.services.processors.records import DEAD_LETTERS, newest_first
from reyna.services.processors.runs.dead_letter_stream import DeadLetterStream
from reyna.services.processors.runs.run_retry import RunRetry
from reyna.transport.rpc.verbs import long_running

MAX_REPLAYED_LETTERS: Final = 1_000  # by one request


class DeadLetters:
    """The dead letters of each user."""

    def __init__(self, store: Store, run_retry: RunRetry, stream: DeadLetterStream) -> None:
        self._store, self._run_retry, self._stream = store, run_retry, stream

    async def replay(self, caller: Caller, id: str, data: Any = None, options: RetryOptions = RetryOptions()) -> Run:
        """Requests the run again; with `data`, its blob gets that as a new revision first.

        Raises NotFound for the letter or the blob, and Invalid for data that does not fit.
        """
        check_not_processor(caller)
        return await self._run_retry.retry(caller, (await self._get(caller, id)).run_id, options, data)

    @long_running
    async def replay_all(
        self, caller: Caller, processor_id: str | None = None, options: RetryOptions = RetryOptions()
    ) -> ReplayReport:
        """Requests the runs of all letters again, or of those of one processor: at most 1,000, the oldest first.

        A letter whose run cannot be requested is kept, and the report says why.
        """
        check_not_processor(caller)
        where = {} if processor_id is None else {"processor_id": processor_id}
        letters = await self._store.find(
            DEAD_LETTERS, caller.user_id, where, order=("created_at",), limit=MAX_REPLAYED_LETTERS
        )
        replayed, kept = 0, list[KeptLetter]()
        for letter in letters:
            try:
                await self._run_retry.retry(caller, letter.run_id, options)
                replayed += 1
            except Refusal as refusal:
                kept.append(KeptLetter(id=letter.id, run_id=letter.run_id, reason=refusal.detail))
        left = await self._store.count(DEAD_LETTERS, caller.user_id, where)
        return ReplayReport(replayed=replayed, kept=tuple(kept), left=left)

    async def discard(self, caller: Caller, id: str) -> None:
        """Removes the letter; the run stays as it ended. Raises NotFound."""
        check_not_processor(caller)
        letter = await self._get(caller, id)
        event = letter.discarded(caller)
        try:
            await self._store.write(Delete(DEAD_LETTERS, caller.user_id, id), messages=[event.message()])
        except RequirementNotMet:
            raise _no_letter(id) from None
        await self._stream.remove(letter)

    async def list(self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[DeadLetter]:
        """Returns one page of the caller's dead letters, newest first."""
        return await newest_first(
            self._store, DEAD_LETTERS, caller.user_id, {}, by="created_at", limit=limit, cursor=cursor
        )

    async def _get(self, caller: Caller, id: str) -> DeadLetter:
        if letter := await self._store.get(DEAD_LETTERS, caller.user_id, id):
            return letter
        raise _no_letter(id)


def _no_letter(id: str) -> NotFound:
    return NotFound("There is no dead letter of yours under this id.", id=id)
