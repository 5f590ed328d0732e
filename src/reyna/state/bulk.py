"""Many operations at once: each by its own verb, all in one write, and undone as one."""

from typing import Any, Final

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.data import BLOB_BYTES
from reyna.domain.errors import Conflict, DataError, Invalid, Refusal, TooLarge, TooMuch
from reyna.domain.operation import NAME, Done, NewBulk, Verbs, name_given, named, referring
from reyna.ports import Need, Put, Step, Unmet
from reyna.rpc import takes_long
from reyna.state.acts import journalled
from reyna.state.buckets import BUSY
from reyna.state.journal import Journal, changes_of
from reyna.state.records import BLOBS, JOURNAL, REQUESTS, REVISIONS, Act, Part, Several, Trashing
from reyna.state.repeats import USED, remembered
from reyna.state.staged import Staged

MOST: Final = 1000  # operations
MOST_RECORDS: Final = 100_000  # in one write, where operations copy and trash whole buckets
MOST_BYTES: Final = 128 * 1024 * 1024  # of data that is added, which is held in memory
TRIES: Final = 5  # of the whole, when others were faster with something that it needs
ACT_BYTES: Final = 2 * BLOB_BYTES  # what undoing needs to know; MongoDB's documents end at 16 MiB


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation made or changed; the rest of it is there to be asked for."""

    id: str
    revision: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one operation: when `ok` its `result`, by the same word as on the socket, or else why not.

    `index` is its place among the operations. `kept_as` is the revision under which a save that came too late is kept.
    """

    index: int
    ok: bool
    result: dict[str, Made] | msgspec.UnsetType = msgspec.UNSET
    code: str | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET
    detail: str | msgspec.UnsetType = msgspec.UNSET
    errors: tuple[DataError, ...] | msgspec.UnsetType = msgspec.UNSET
    kept_as: str | msgspec.UnsetType = msgspec.UNSET


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """One for each operation, in their order; `entry_id` is the journal's, null when no structure was changed."""

    results: tuple[Outcome, ...]
    entry_id: str | None


class Bulk(Journal):
    """The verb for many."""

    @takes_long
    async def bulk(self, caller: Caller, new: NewBulk, *, key: str | None = None) -> Outcomes:
        """Up to 1,000 operations in one write, one after the other as far as they can tell.

        `atomic`: the first refusal refuses all of them and names its `index`. Otherwise what is refused leaves nothing
        behind, and the rest is done. A save that came too late is kept as a revision in either case. A second request
        with the same `key` is answered with the outcomes of the first, without what was said of data that did not fit.
        Raises Invalid for more operations, or for names given twice, and TooMuch for more than 100,000 records, 128 MiB
        of data, or 8 MiB of what undoing needs to know.
        """
        _check(new)
        for _ in range(TRIES):
            if (before := await self._outcomes_before(caller, key)) is not None:
                return before
            staged = Staged(self._store)
            results = await self._each(caller, staged, new)
            acts = staged.taken(JOURNAL, caller.user_id)
            act = _one(caller, acts) if acts else None
            outcomes = Outcomes(results=tuple(results), entry_id=act.record.id if act else None)
            steps: list[Step] = [*staged.steps(), *([act] if act else [])]
            if not steps:
                return outcomes
            steps += remembered(caller, key, outcomes.entry_id or "", answer=_remembered(outcomes))
            try:
                await self._store.write(*steps, messages=staged.messages())
            except Unmet:
                continue
            await self._sweep_after(caller, acts)
            return outcomes
        raise Conflict(BUSY)

    # --- what the verb above is made of ---

    async def _each(self, caller: Caller, staged: Staged, new: NewBulk) -> list[Outcome]:
        """What became of each; raises the first refusal when they are all or nothing."""
        verbs: Verbs = self._on(staged)
        made: dict[str, str] = {}
        results: list[Outcome] = []
        for index, operation in enumerate(new.operations):
            if not new.atomic:
                staged.mark()
            try:
                done = await referring(operation, made).done(verbs, caller)
            except Refusal as refusal:
                late = await self._late(caller, staged, refusal)
                if new.atomic:
                    await self._keep_late(refusal, late)
                    raise _of_all(refusal, index) from refusal
                staged.back()
                await staged.write(*late)
                results.append(_refused(index, refusal))
                continue
            if done is not None and (name := name_given(operation)) is not None:
                made[name] = done.id
            results.append(Outcome(index=index, ok=True, result=_made(done)))
            _check_weight(caller, staged)
        return results

    async def _late(self, caller: Caller, staged: Staged, refusal: Refusal) -> list[Put]:
        """The step that keeps a save which came too late, however the rest ends: no text that was sent is lost."""
        kept_as = refusal.facts.get("kept_as")
        kept = None if kept_as is None else await staged.get(REVISIONS, caller.user_id, kept_as)
        return [] if kept is None else [Put(REVISIONS, kept)]

    async def _keep_late(self, refusal: Refusal, late: list[Put]) -> None:
        """Unless it is of a blob that was to be made here, and is not made either."""
        blobs = [Need(BLOBS, put.record.user_id, put.record.blob_id) for put in late]
        try:
            await self._store.write(*blobs, *late)
        except Unmet:
            del refusal.facts["kept_as"]

    async def _outcomes_before(self, caller: Caller, key: str | None) -> Outcomes | None:
        """What this key was answered before."""
        request = None if key is None else await self._store.get(REQUESTS, caller.user_id, key)
        if request is None:
            return None
        if request.answer is None:
            raise Conflict(USED)
        return msgspec.convert(request.answer, Outcomes)

    async def _sweep_after(self, caller: Caller, acts: list[Act]) -> None:
        for act in acts:
            for change in changes_of(act):
                if isinstance(change, Trashing) and change.out:
                    await self._sweep(caller, change.trash_id)


def _check(new: NewBulk) -> None:
    if len(new.operations) > MOST:
        raise Invalid.at("/operations", f"are more than {MOST:,}", expected=f"at most {MOST:,}")
    names: set[str] = set()
    for index, operation in enumerate(new.operations):
        name = name_given(operation)
        if name is None:
            continue
        if not NAME.fullmatch(name):
            raise Invalid.at(f"/operations/{index}/as", "is not a name", expected=f"{NAME.pattern}")
        if name in names:
            raise Invalid.at(f"/operations/{index}/as", f"{name!r} is taken", expected="a name of its own")
        names.add(name)


def _check_weight(caller: Caller, staged: Staged) -> None:
    if staged.size() > MOST_RECORDS or staged.added(caller.user_id, "bytes") > MOST_BYTES:
        most = f"{MOST_RECORDS:,} records or {MOST_BYTES:,} bytes of data"
        raise TooMuch(f"This writes more than {most} at once: do it in parts.")


def _one(caller: Caller, acts: list[Act]) -> Put:
    """All of it as one act."""
    parts = tuple(
        Part(act=act.act, name=act.name, change=act.change) for act in acts if not isinstance(act.change, Several)
    )
    act = journalled(caller, "bulk", Several(parts=parts))
    if len(msgspec.json.encode(act.record)) > ACT_BYTES:
        raise TooLarge("This changes more at once than could be undone as one: do it in parts.", allowed=ACT_BYTES)
    return act


def _of_all(refusal: Refusal, index: int) -> Refusal:
    """The refusal of all for the sake of one, which its words and paths name."""
    at = f"/operations/{index}"
    errors = [msgspec.structs.replace(error, path=f"{at}{error.path}") for error in refusal.errors]
    return type(refusal)(f"Operation {index}: {refusal.detail}", errors=errors, **refusal.facts | {"index": index})


def _refused(index: int, refusal: Refusal) -> Outcome:
    return Outcome(
        index=index,
        ok=False,
        code=refusal.code,
        reason=refusal.reason,
        detail=refusal.detail,
        errors=refusal.errors or msgspec.UNSET,
        kept_as=refusal.facts.get("kept_as", msgspec.UNSET),
    )


def _remembered(outcomes: Outcomes) -> Any:
    """What a repeat is told: nothing of what did not fit, in words that quote it; no purge would look for it here."""
    results = tuple(
        one if one.errors is msgspec.UNSET else msgspec.structs.replace(one, errors=msgspec.UNSET, detail=msgspec.UNSET)
        for one in outcomes.results
    )
    return msgspec.to_builtins(msgspec.structs.replace(outcomes, results=results))


def _made(done: Done) -> dict[str, Made]:
    found: dict[str, Any] = named(done)
    return {word: Made(id=noun.id, revision=noun.revision) for word, noun in found.items()}
