"""Deletes from the journal, and from the answers to repeated requests, what was purged."""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.ports.store import Delete, Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.history.journal import changes_of
from reyna.services.state.records import (
    BLOBS,
    BUCKETS,
    JOURNAL,
    REQUESTS,
    Act,
    Change,
    Fields,
    Placing,
    Several,
    Trashing,
)
from reyna.storage.chunks import chunks

MAX_ACTS_PER_CALL: Final = 1000  # of the journal that are looked through in one call


class JournalCleanup:
    """Cleans up the journal of one store after purges."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def forget_purged(self, caller: Caller, before: int | None = None) -> int | None:
        """Deletes acts that can never be undone nor done again, because their subject was purged.

        Looks through some acts, the newest first; returns the number to go on `before`, None at the end.
        """
        after = None if before is None else (before, "")
        acts = await self._store.find(
            JOURNAL, caller.user_id, order=("number",), descending=True, after=after, limit=MAX_ACTS_PER_CALL
        )
        missing = await self._missing_ids(caller, {id for act in acts for id in _ids_of_act(act)})
        steps = [step for act in acts for step in _forget_steps(act, missing)]
        steps += await self.blank_answer_steps(caller, [step.id for step in steps if isinstance(step, Delete)])
        try:
            await self._store.write(*steps)
        except RequirementNotMet:  # somebody undoes something at this moment: look once more
            return before if before is not None else acts[0].number + 1
        return acts[-1].number if len(acts) == MAX_ACTS_PER_CALL else None

    async def blank_answer_steps(self, caller: Caller, made_ids: Iterable[str]) -> list[Step]:
        """Returns the steps that blank the stored answers about these records: they quote names and metadata."""
        steps: list[Step] = []
        for ids in chunks(made_ids):
            for request in await self._store.find(REQUESTS, caller.user_id, {"made_id": ids}):
                blank = replace(request, answer=None, revision=request.revision + 1)
                steps.append(Put(REQUESTS, blank, expects=request.revision))
        return steps

    async def _missing_ids(self, caller: Caller, ids: set[str]) -> set[str]:
        """Returns those of these ids whose bucket or blob does not exist any more."""
        there: set[str] = set()
        for some in chunks(sorted(ids)):
            blobs = await self._store.select(BLOBS, caller.user_id, ("id",), {"id": some})
            buckets = await self._store.select(BUCKETS, caller.user_id, ("id",), {"id": some})
            there |= {id for (id,) in (*blobs, *buckets)}
        return ids - there


def _ids_of_act(act: Act) -> set[str]:
    """Returns the buckets and blobs without which nothing of an act can be undone or done again."""
    return {id for change in changes_of(act) for id in _ids_of_change(change)}


def _ids_of_change(change: Change) -> set[str]:
    match change:
        case Fields():
            return {change.bucket_id}
        case Placing():
            return {id for place in (change.before, change.after) if place for id in (place.bucket_id, place.blob_id)}
        case Trashing():
            return {change.item_id}


def _forget_steps(act: Act, missing: set[str]) -> list[Step]:
    """Returns the steps that delete an act, or those parts of it, that are about missing records."""
    seen = Require(JOURNAL, act.user_id, act.id, {"revision": act.revision})
    drop: list[Step] = [seen, Delete(JOURNAL, act.user_id, act.id)]
    if not isinstance(act.change, Several):
        return drop if _ids_of_change(act.change) & missing else []
    kept = tuple(part for part in act.change.parts if not _ids_of_change(part.change) & missing)
    if len(kept) == len(act.change.parts):
        return []
    fewer = replace(act, change=replace(act.change, parts=kept), revision=act.revision + 1)
    return [Put(JOURNAL, fewer, expects=act.revision)] if kept else drop
