"""The journal part: list, undo and redo the changes of structure, from any device, as far back as they go."""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound, Refusal
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.ports.store import NOT_NULL, Put, RequirementNotMet, Store
from reyna.services.state.history.act_reversal import ActReversal
from reyna.services.state.records import (
    JOURNAL,
    REDO_SKIPPED,
    UNDO_SKIPPED,
    Act,
    ActName,
    Change,
    Fields,
    Placing,
    Several,
    Trashing,
)
from reyna.services.state.structure.tree_counter import MAX_TREE_CHANGE_ATTEMPTS, TREE_BUSY, advance_tree_counter
from reyna.services.state.trash.trash_units import TrashUnits
from reyna.services.state.write import Write
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind
from reyna.transport.rpc import long_running


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One structural change, or `count` of them made as one; `name` is the bucket's at that time. One that was `passed`
    over stays as it is: undo and redo do not come back to it."""

    id: str
    act: ActName
    bucket_id: str | None
    blob_id: str | None
    name: str | None
    count: int = 1
    undone: bool
    passed: bool = False
    by: str
    created_at: datetime


async def _repeat_reversal(part: "Journal", caller: Caller, request: IdempotencyRecord) -> JournalEntry:
    if request.answer is None:
        raise NotFound("What this request was about was purged since.", id=request.made_id)
    return msgspec.convert(request.answer, JournalEntry)


class Journal:
    """The verbs on the journal.

    What an act changed is looked at again before it is taken back: where that was changed meanwhile, undo is refused
    with what stands in the way, and nothing is written. Content is no structure: creating a blob with its first places
    and editing it are not undone here, and a bucket that holds what was created in it since is not taken away unasked.

    Whoever was refused goes on by naming the `entry_id` of the refusal: `skip` passes over that act for good, so that
    the one before it is next; `anyway` sends what came into a bucket since to the trash with it, after CameInSince.
    """

    def __init__(
        self,
        store: Store,
        clock: LogicalClock,
        idempotency_keys: IdempotencyKeys,
        reversal: ActReversal,
        units: TrashUnits,
    ) -> None:
        self._store, self._clock, self._reversal, self._units = store, clock, reversal, units
        self.idempotency_keys = idempotency_keys

    @long_running
    @idempotent("act", _repeat_reversal)
    @retry_when_clock_is_behind
    async def undo(
        self, caller: Caller, *, anyway: str | None = None, skip: str | None = None, key: Key = None
    ) -> JournalEntry:
        """Undoes the last act that is not undone, and returns its entry.

        Raises Conflict when there is none, or something is in the way, or the act that is named is not the last one.
        """
        return await self._reverse(caller, back=True, anyway=anyway, skip=skip, key=key)

    @long_running
    @idempotent("act", _repeat_reversal)
    @retry_when_clock_is_behind
    async def redo(
        self, caller: Caller, *, anyway: str | None = None, skip: str | None = None, key: Key = None
    ) -> JournalEntry:
        """Does again what was undone last, unless something new was done since, and returns its entry.

        Raises Conflict as undo does.
        """
        return await self._reverse(caller, back=False, anyway=anyway, skip=skip, key=key)

    async def list(self, caller: Caller, *, limit: int = 50, cursor: str | None = None) -> Page[JournalEntry]:
        """Returns the changes of structure, newest first; what is undone stands among them, marked."""
        found = await self._store.find(
            JOURNAL,
            caller.user_id,
            order=("number",),
            descending=True,
            after=decode_cursor(cursor, int, str),
            limit=check_limit(limit) + 1,
        )
        more = encode_cursor(found[limit - 1].number, found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(entry_of(act) for act in found[:limit]), next_cursor=more)

    async def _reverse(
        self, caller: Caller, *, back: bool, anyway: str | None, skip: str | None, key: Key
    ) -> JournalEntry:
        for _ in range(MAX_TREE_CHANGE_ATTEMPTS):
            await self.idempotency_keys.check_unused(caller, key)
            counter = await advance_tree_counter(self._store, caller.user_id)
            act = await (self._last_done(caller) if back else self._last_undone(caller))
            if (anyway or skip) not in (None, act.id):
                raise Conflict("Another act is the last one by now. Look at the journal again.", entry_id=act.id)
            try:
                reversed_act, write = await self._build(
                    caller, act, back, anyway=anyway is not None, skip=skip is not None
                )
                marked = Put(JOURNAL, reversed_act, expects=act.revision)
                once = self.idempotency_keys.steps(caller, key, reversed_act.id, entry_of(reversed_act))
                await self._store.write(counter, marked, *once, *write.steps, messages=write.messages)
            except Refusal as refusal:
                if await self._store.count(JOURNAL, caller.user_id, {"id": act.id, "revision": act.revision}):
                    refusal.facts["entry_id"] = act.id
                    raise
                continue  # somebody else reversed_act this very act since it was read
            except RequirementNotMet:
                continue
            if skip is None:
                for change in changes_of(act):
                    if isinstance(change, Trashing) and change.out != back:
                        await self._units.sweep(caller, change.trash_id)
            return entry_of(reversed_act)
        raise Conflict(TREE_BUSY)

    async def _build(self, caller: Caller, act: Act, back: bool, *, anyway: bool, skip: bool) -> tuple[Act, Write]:
        """Returns the act as it then stands in the journal, and what else is written."""
        if skip:
            return replace(act, undone=UNDO_SKIPPED if back else REDO_SKIPPED, revision=act.revision + 1), Write([], [])
        write = await self._reversal.build(caller, act, back, anyway)
        number = self._clock.next(caller.user_id)
        reversed_act = replace(act, undone=number if back else None, revision=act.revision + 1)
        return reversed_act, Write([*write.steps, self._clock.step(caller.user_id, number)], write.messages)

    async def _last_done(self, caller: Caller) -> Act:
        for act in await self._store.find(
            JOURNAL, caller.user_id, {"undone": None}, order=("number",), descending=True, limit=1
        ):
            return act
        raise Conflict("There is nothing to undo.")

    async def _last_undone(self, caller: Caller) -> Act:
        """Returns the act that was undone last. Raises Conflict when there is none, or something new was done since."""
        newest = await self._store.find(JOURNAL, caller.user_id, order=("number",), descending=True, limit=1)
        for act in await self._store.find(
            JOURNAL, caller.user_id, {"undone": NOT_NULL}, order=("undone",), descending=True, limit=1
        ):
            if act.undone is not None and newest[0].number < act.undone:
                return act
        raise Conflict("There is nothing to do again.")


def entry_of(act: Act) -> JournalEntry:
    """Returns the journal entry that shows an act."""
    bucket_id, blob_id = _about(act.change)
    return JournalEntry(
        id=act.id,
        act=act.act,
        bucket_id=bucket_id,
        blob_id=blob_id,
        name=act.name,
        count=len(changes_of(act)),
        undone=act.undone not in (None, UNDO_SKIPPED),
        passed=act.undone in (UNDO_SKIPPED, REDO_SKIPPED),
        by=act.by,
        created_at=act.created_at,
    )


def changes_of(act: Act) -> list[Change]:
    """Returns the changes of an act, in their order."""
    return [part.change for part in act.change.parts] if isinstance(act.change, Several) else [act.change]


def _about(change: Change | Several) -> tuple[str | None, str | None]:
    match change:
        case Fields():
            return change.bucket_id, None
        case Placing():
            place = change.after or change.before
            return (place.bucket_id, place.blob_id) if place else (None, None)
        case Trashing():
            return (change.item_id, None) if change.kind == "bucket" else (None, change.item_id)
        case Several():
            return None, None
