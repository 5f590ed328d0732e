"""The bulk part: many operations, each by its own verb, all in one write and undone as one."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, DataError, Invalid, Refusal, TooLarge, TooMuch
from reyna.domain.json.data import MAX_BLOB_BYTES
from reyna.domain.requests.idempotency import Key, KeyReused
from reyna.domain.requests.operation import ALIAS, ActionResult, NewBulk, alias_of, resolve_aliases, result_fields
from reyna.ports.store import Put, Require, RequirementNotMet, Step, Store
from reyna.services.content_actions import ContentParts, perform_action
from reyna.services.state.files.file_records import REFERENCES
from reyna.services.state.history.journal import changes_of
from reyna.services.state.history.journal_entries import act_steps, new_act
from reyna.services.state.records import BLOBS, JOURNAL, REVISIONS, Act, ActPart, Several, Trashing
from reyna.services.state.structure.tree_counter import TREE_BUSY
from reyna.services.state.trash.trash_units import TrashUnits
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind
from reyna.storage.unit_of_work import UnitOfWork
from reyna.transport.rpc import long_running

MAX_BULK_OPERATIONS: Final = 1000
MAX_BULK_RECORDS: Final = 100_000  # in one write, where operations copy and trash whole buckets
MAX_BULK_BYTES: Final = 128 * 1024 * 1024  # of data that is added, which is held in memory
MAX_BULK_ATTEMPTS: Final = 5  # of the whole, when others were faster with something that it needs
MAX_ACT_BYTES: Final = 2 * MAX_BLOB_BYTES  # what undoing needs to know; MongoDB's documents end at 16 MiB


class ChangedItem(msgspec.Struct, frozen=True, kw_only=True):
    """The id and revision of what an operation created or changed; the rest can be read."""

    id: str
    revision: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outcome of one operation: when `ok` the `result`, by the same word as on the socket, or else the refusal.

    `index` is its place among the operations. `kept_as` is the revision under which a save that came too late is kept.
    """

    index: int
    ok: bool
    result: dict[str, ChangedItem] | msgspec.UnsetType = msgspec.UNSET
    code: str | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET
    detail: str | msgspec.UnsetType = msgspec.UNSET
    errors: tuple[DataError, ...] | msgspec.UnsetType = msgspec.UNSET
    kept_as: str | msgspec.UnsetType = msgspec.UNSET


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """One for each operation, in their order; `entry_id` is the journal's, null when no structure was changed."""

    results: tuple[Outcome, ...]
    entry_id: str | None


async def _repeat_outcomes(part: "Bulk", caller: Caller, request: IdempotencyRecord) -> Outcomes:
    try:
        return msgspec.convert(request.answer, Outcomes)
    except msgspec.ValidationError as other:
        raise KeyReused(key=request.id) from other


class Bulk:
    """The verb that applies many operations."""

    def __init__(
        self,
        store: Store,
        clock: LogicalClock,
        idempotency_keys: IdempotencyKeys,
        units: TrashUnits,
        parts_on: Callable[[Store], ContentParts],
    ) -> None:
        """`parts_on` builds the parts that operations call, on another store."""
        self._store, self._clock, self._units, self._parts_on = store, clock, units, parts_on
        self.idempotency_keys = idempotency_keys

    @long_running
    @idempotent("", _repeat_outcomes)
    @retry_when_clock_is_behind
    async def apply(self, caller: Caller, new: NewBulk, *, key: Key = None) -> Outcomes:
        """Applies up to 1,000 operations in one write, one after the other as far as they can tell.

        `atomic`: the first refusal refuses all of them and names its `index`. Otherwise what is refused leaves nothing
        behind, and the rest is done. A save that came too late is kept as a revision in either case. A second request
        with the same `key` is answered with the outcomes of the first, without what was said of data that did not fit.
        Raises Invalid for more operations, or for names given twice, and TooMuch for more than 100,000 records, 128 MiB
        of data, or 8 MiB of what undoing needs to know.
        """
        _check_operations(new)
        for _ in range(MAX_BULK_ATTEMPTS):
            staged = UnitOfWork(self._store)
            results = await self._apply_each(caller, staged, new)
            acts = staged.take_records(JOURNAL, caller.user_id)
            act = _join_acts(self._clock, caller, acts) if acts else None
            outcomes = Outcomes(results=tuple(results), entry_id=act.id if act else None)
            steps: list[Step] = [*staged.steps(), *(act_steps(self._clock, act) if act else [])]
            steps += self.idempotency_keys.steps(caller, key, outcomes.entry_id or "", _repeatable_answer(outcomes))
            if not steps:
                return outcomes
            try:
                await self._store.write(*steps, messages=staged.messages())
            except RequirementNotMet:
                await self.idempotency_keys.check_unused(caller, key)
                continue
            await self._sweep_after(caller, acts)
            return outcomes
        raise Conflict(TREE_BUSY)

    async def _apply_each(self, caller: Caller, staged: UnitOfWork, new: NewBulk) -> list[Outcome]:
        """Returns the outcome of each; raises the first refusal when they are all or nothing."""
        parts = self._parts_on(staged)
        made: dict[str, str] = {}
        results: list[Outcome] = []
        for index, operation in enumerate(new.operations):
            if not new.atomic:
                staged.savepoint()
            try:
                done = await perform_action(parts, caller, resolve_aliases(operation, made))
            except Refusal as refusal:
                late = await self._late_save_steps(caller, staged, refusal)
                if new.atomic:
                    await self._keep_late_saves(refusal, late)
                    raise _refusal_of_all(refusal, index) from refusal
                staged.rollback()
                await staged.write(*late)
                results.append(_refused_outcome(index, refusal))
                continue
            if done is not None and (name := alias_of(operation)) is not None:
                made[name] = done.id
            results.append(Outcome(index=index, ok=True, result=_result_of(done)))
            _check_weight(caller, staged)
        return results

    async def _late_save_steps(self, caller: Caller, staged: UnitOfWork, refusal: Refusal) -> list[Put]:
        """Returns the step that keeps a late save, however the rest ends: no text that was sent is lost."""
        kept_as = refusal.facts.get("kept_as")
        kept = None if kept_as is None else await staged.get(REVISIONS, caller.user_id, kept_as)
        if kept is None:
            return []
        references = await staged.find(REFERENCES, caller.user_id, {"blob_id": kept.blob_id})
        return [Put(REVISIONS, kept), *(Put(REFERENCES, reference, expects=None) for reference in references)]

    async def _keep_late_saves(self, refusal: Refusal, late: list[Put]) -> None:
        """Keeps the late save, unless it is of a blob that was to be made here, and is not made either."""
        blobs = [Require(BLOBS, put.record.user_id, put.record.blob_id) for put in late]
        try:
            await self._store.write(*blobs, *late)
        except RequirementNotMet:
            del refusal.facts["kept_as"]

    async def _sweep_after(self, caller: Caller, acts: list[Act]) -> None:
        for act in acts:
            for change in changes_of(act):
                if isinstance(change, Trashing) and change.out:
                    await self._units.sweep(caller, change.trash_id)


def _check_operations(new: NewBulk) -> None:
    if len(new.operations) > MAX_BULK_OPERATIONS:
        raise Invalid.at(
            "/operations", f"are more than {MAX_BULK_OPERATIONS:,}", expected=f"at most {MAX_BULK_OPERATIONS:,}"
        )
    names: set[str] = set()
    for index, operation in enumerate(new.operations):
        name = alias_of(operation)
        if name is None:
            continue
        if not ALIAS.fullmatch(name):
            raise Invalid.at(f"/operations/{index}/as", "is not a name", expected=f"{ALIAS.pattern}")
        if name in names:
            raise Invalid.at(f"/operations/{index}/as", f"{name!r} is taken", expected="a name of its own")
        names.add(name)


def _check_weight(caller: Caller, staged: UnitOfWork) -> None:
    if (
        staged.changed_record_count() > MAX_BULK_RECORDS
        or staged.increment_of(caller.user_id, "bytes") > MAX_BULK_BYTES
    ):
        most = f"{MAX_BULK_RECORDS:,} records or {MAX_BULK_BYTES:,} bytes of data"
        raise TooMuch(f"This writes more than {most} at once: do it in parts.")


def _join_acts(order: LogicalClock, caller: Caller, acts: list[Act]) -> Act:
    """Returns one act for all of these."""
    parts = tuple(
        ActPart(act=act.act, name=act.name, change=act.change) for act in acts if not isinstance(act.change, Several)
    )
    act = new_act(order, caller, "bulk", Several(parts=parts))
    if len(msgspec.json.encode(act)) > MAX_ACT_BYTES:
        raise TooLarge("This changes more at once than could be undone as one: do it in parts.", allowed=MAX_ACT_BYTES)
    return act


def _refusal_of_all(refusal: Refusal, index: int) -> Refusal:
    """Returns the refusal of the whole bulk for one operation, which its message and paths name."""
    at = f"/operations/{index}"
    errors = [msgspec.structs.replace(error, path=f"{at}{error.path}") for error in refusal.errors]
    return type(refusal)(f"Operation {index}: {refusal.detail}", errors=errors, **refusal.facts | {"index": index})


def _refused_outcome(index: int, refusal: Refusal) -> Outcome:
    return Outcome(
        index=index,
        ok=False,
        code=refusal.code,
        reason=refusal.reason,
        detail=refusal.detail,
        errors=refusal.errors or msgspec.UNSET,
        kept_as=refusal.facts.get("kept_as", msgspec.UNSET),
    )


def _repeatable_answer(outcomes: Outcomes) -> Any:
    """Returns what a repeat is answered with, without messages that quote data: no purge would look for it here."""
    results = tuple(
        one if one.errors is msgspec.UNSET else msgspec.structs.replace(one, errors=msgspec.UNSET, detail=msgspec.UNSET)
        for one in outcomes.results
    )
    return msgspec.to_builtins(msgspec.structs.replace(outcomes, results=results))


def _result_of(done: ActionResult) -> dict[str, ChangedItem]:
    found: dict[str, Any] = result_fields(done)
    return {word: ChangedItem(id=noun.id, revision=noun.revision) for word, noun in found.items()}
