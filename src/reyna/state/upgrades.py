"""Content brought to a later major of its schema: one blob when it is read so, or all of them as a task."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.data import BLOB_BYTES, encoded
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from reyna.domain.ids import is_slug, new_id
from reyna.domain.page import Page, bounded, cursor_of, place_of
from reyna.domain.schema import Schema, Upgrade
from reyna.fit.upgrade import upgraded
from reyna.ports import Put, Step, Unmet
from reyna.rpc import takes_long
from reyna.state.names import Names
from reyna.state.records import BLOBS, UPGRADES, Failure, UpgradeTask
from reyna.state.repeats import made_before, remembered
from reyna.state.shapes import Shape
from reyna.state.subtree import LIVE

TRIES: Final = 5  # at a blob that others write at the same moment
PAGE: Final = 50  # blobs in one write of a task, unless they are large
ERRORS: Final = 20  # failures that a task tells in words
WORDS: Final = 500  # characters of why one failed
ID: Final = re.compile(r"(?P<name>.+)-v(?P<major>[1-9][0-9]{0,8})")


class NewUpgrade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ids of two majors of one schema, `from` the older one."""

    from_: str = msgspec.field(name="from")
    to: str


class Way(msgspec.Struct, frozen=True):
    """The upgrades from one major to another, and what must come out."""

    target: Shape
    upgrades: tuple[Upgrade, ...]

    def taken(self, blob: Blob, by: str) -> Blob:
        """The blob at the end of the way, as its next revision. Raises what `upgraded` raises, and Invalid with every
        place where the result does not fit."""
        data = blob.data
        for upgrade in self.upgrades:
            data = upgraded(data, upgrade)
        size, schema = len(encoded(data)), self.target.schema
        self.target.accept(data, "data")
        return blob.upgraded(data, size=size, schema_id=schema.id, schema_version=schema.version, by=by)

    def attempted(self, blobs: Sequence[Blob], by: str) -> list[Blob | Refusal]:
        """Each at the end of the way, or why it cannot get there."""
        return [self._attempted(blob, by) for blob in blobs]

    def _attempted(self, blob: Blob, by: str) -> Blob | Refusal:
        try:
            return self.taken(blob, by)
        except Refusal as refusal:
            return refusal


class Upgrades(Names):
    """The verbs that upgrade. What is in the trash is left as it is; it is upgraded when it is back and asked for."""

    async def upgraded_blob(self, caller: Caller, id: str, major: int) -> Blob:
        """The blob in this major of its schema. If it is in an older one it is upgraded through all that lie between,
        validated, and kept so, as a new revision; the older one stays.

        Raises Invalid for a major that it cannot be in, by `schema_version`, or by path for data that would not fit
        there, and Conflict when it is in the trash, or when others change it all the time.
        """
        for _ in range(TRIES):
            current = await self._blob(caller, id)
            name, now = _parted(current.schema_id, "schema_id")
            if now == major:
                return await self._described(current)
            if current.trashed_at is not None:
                raise Conflict("This blob is in the trash; restore it first.", current=await self._described(current))
            way = await self._way(caller, name, now, major, "schema_version")
            changed = await asyncio.to_thread(way.taken, current, caller.name)
            if written := await self._replace(caller, current, changed, cause="upgrade"):
                return written
        raise Conflict("This blob is being changed by others without pause. Try again.", blob_id=id)

    async def request_upgrade(self, caller: Caller, new: NewUpgrade, *, key: str | None = None) -> UpgradeTask:
        """Have all blobs of one schema upgraded, in the background. Raises Invalid by field when there is no way, and
        Conflict while another such task is under way."""
        (name, older), (other, major) = _parted(new.from_, "from"), _parted(new.to, "to")
        if name != other:
            raise Invalid.at("/to", "is another schema", expected=f"a later major of {name}")
        await self._way(caller, name, older, major, "to")
        if (made_id := await made_before(self._store, caller, key, "upgrade")) is not None:
            return await self.upgrade(caller, made_id)
        await self._check_alone(caller, new.from_)
        task = UpgradeTask(
            id=new_id("upgrade"),
            user_id=caller.user_id,
            from_=new.from_,
            to=new.to,
            total=await self._store.count(BLOBS, caller.user_id, LIVE | {"schema_id": new.from_}),
            created_at=datetime.now(UTC),
        )
        try:
            once = remembered(caller, key, task.id)
            await self._store.write(Put(UPGRADES, task), *once, messages=[task.event("requested", caller).message()])
        except Unmet:
            return await self.upgrade(caller, await made_before(self._store, caller, key, "upgrade") or task.id)
        return task

    async def upgrades(self, caller: Caller, *, limit: int = 50, cursor: str | None = None) -> Page[UpgradeTask]:
        """Newest first."""
        found = await self._store.find(
            UPGRADES,
            caller.user_id,
            order=("created_at",),
            descending=True,
            after=place_of(cursor, datetime, str),
            limit=bounded(limit) + 1,
        )
        more = cursor_of(found[limit - 1].created_at, found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(found[:limit]), next_cursor=more)

    async def upgrade(self, caller: Caller, id: str) -> UpgradeTask:
        if task := await self._store.get(UPGRADES, caller.user_id, id):
            return task
        raise NotFound(id=id)

    async def cancel_upgrade(self, caller: Caller, id: str) -> UpgradeTask:
        """Leave the rest as it is; what is upgraded stays so. Raises Conflict when it has ended."""
        while True:
            task = await self.upgrade(caller, id)
            if task.finished_at is not None:
                raise Conflict(f"This upgrade has ended: it is {task.status}.", current=task)
            if ended := await self._ended(caller, task, "cancelled"):
                return ended

    # --- a task, page by page ---

    @takes_long
    async def go_on_upgrading(self, caller: Caller, id: str) -> UpgradeTask:
        """The next page of a task, in as many writes as its size asks for, each of which says how far it came: so it
        goes on there after a crash, and never counts a blob twice. Raises Forbidden for all but the house."""
        if caller.kind != "house":
            raise Forbidden("Only the house works off upgrades.")
        task = await self.upgrade(caller, id)
        if task.finished_at is not None:
            return task
        (name, older), (_, major) = _parted(task.from_, "from"), _parted(task.to, "to")
        try:
            way = await self._way(caller, name, older, major, "to")
            return await self._page(caller, task, way)
        except Refusal as refusal:  # an upgrade is not there any more, or there is no room for what comes out
            failed = replace(await self.upgrade(caller, id), error=refusal.detail)
            return await self._ended(caller, failed, "failed") or await self.upgrade(caller, id)

    async def _page(self, caller: Caller, task: UpgradeTask, way: Way) -> UpgradeTask:
        after = None if task.reached is None else (task.reached,)
        where = LIVE | {"schema_id": task.from_}
        page = await self._store.find(BLOBS, caller.user_id, where, after=after, limit=PAGE)
        if not page:
            return await self._ended(caller, task, "completed") or await self.upgrade(caller, task.id)
        for blobs in _portions(page):
            there = await self._portion(caller, task, way, blobs)
            if there is None:  # somebody else wrote: look again
                return await self.upgrade(caller, task.id)
            task = there
        return task

    async def _portion(self, caller: Caller, task: UpgradeTask, way: Way, blobs: Sequence[Blob]) -> UpgradeTask | None:
        """These, in one write; one by one where one of them was changed at that moment."""
        if written := await self._upgraded_together(caller, task, way, blobs):
            return written
        if len(blobs) > 1:
            now: UpgradeTask | None = task
            for blob in blobs:
                now = now and await self._portion(caller, now, way, [blob])
            return now
        fresh = await self._store.find(BLOBS, caller.user_id, LIVE | {"schema_id": task.from_, "id": blobs[0].id})
        return await self._upgraded_together(caller, task, way, fresh, reached=blobs[0].id)

    async def _upgraded_together(
        self, caller: Caller, task: UpgradeTask, way: Way, blobs: Sequence[Blob], *, reached: str | None = None
    ) -> UpgradeTask | None:
        attempts = await asyncio.to_thread(way.attempted, blobs, caller.name)
        failures = [
            Failure(blob_id=blob.id, message=_why(attempt))
            for blob, attempt in zip(blobs, attempts, strict=True)
            if isinstance(attempt, Refusal)
        ]
        changes = [(blob, attempt) for blob, attempt in zip(blobs, attempts, strict=True) if isinstance(attempt, Blob)]
        steps: list[Step] = []
        for blob, changed in changes:
            steps += await self._change(blob, changed)
        further = replace(
            task,
            status="running",
            done=task.done + len(changes),
            failed=task.failed + len(failures),
            errors=(*task.errors, *failures)[:ERRORS],
            reached=reached or blobs[-1].id,
            revision=task.revision + 1,
        )
        described = await self._describe_blobs(caller.user_id, [changed for _, changed in changes])
        messages = [blob.event("updated", caller, cause="upgrade").message() for blob in described]
        try:
            await self._store.write(Put(UPGRADES, further, expects=task.revision), *steps, messages=messages)
        except Unmet:
            return None
        return further

    async def _ended(self, caller: Caller, task: UpgradeTask, status: Any) -> UpgradeTask | None:
        total = task.done + task.failed if status == "completed" else task.total
        ended = replace(task, status=status, total=total, finished_at=datetime.now(UTC), revision=task.revision + 1)
        try:
            await self._store.write(
                Put(UPGRADES, ended, expects=task.revision), messages=[ended.event(status, caller).message()]
            )
        except Unmet:
            return None
        return ended

    async def _check_alone(self, caller: Caller, from_: str) -> None:
        for task in (await self.upgrades(caller, limit=PAGE)).items:
            if task.finished_at is None and task.from_ == from_:
                raise Conflict(f"The blobs of {from_} are being upgraded already.", current=task)

    async def _way(self, caller: Caller, name: str, older: int, major: int, field: str) -> Way:
        schemas = await self._shapes.majors(caller, name)
        upgrades = tuple(_upgrades(name, older, major, schemas, field))
        return Way(await self._shapes.latest(caller, f"{name}-v{major}"), upgrades)


def _upgrades(name: str, older: int, major: int, schemas: Iterable[Schema], field: str) -> Iterable[Upgrade]:
    """Every upgrade on the way; majors that were never registered do not count."""
    between = [schema for schema in schemas if older < schema.major <= major]
    if major < older:
        raise Invalid.at(f"/{field}", f"is older than {name}-v{older}; nothing is turned back", expected=f"> {older}")
    if not between or between[-1].major != major:
        raise Invalid.at(f"/{field}", f"there is no schema {name}-v{major} after {name}-v{older}")
    for schema in between:
        if schema.upgrade is None:
            raise Invalid.at(
                f"/{field}",
                f"{schema.id} has no upgrade from the major before it",
                expected=f"PUT /schemas/{schema.id}/upgrade first",
            )
        yield schema.upgrade


def _parted(schema_id: str, field: str) -> tuple[str, int]:
    found = ID.fullmatch(schema_id)
    if found is None or not is_slug(found["name"]):
        raise Invalid.at(f"/{field}", "is no id of a schema", expected="name and major, such as text-input-v1")
    return found["name"], int(found["major"])


def _portions(blobs: Sequence[Blob]) -> Iterable[list[Blob]]:
    """In order, as many at once as one blob may have bytes, one at least."""
    portion: list[Blob] = []
    for blob in blobs:
        if portion and sum(one.size for one in portion) + blob.size > BLOB_BYTES:
            yield portion
            portion = []
        portion.append(blob)
    yield portion


def _why(refusal: Any) -> str:
    places = "; ".join(f"{error.path or 'the whole'} {error.message}" for error in refusal.errors[:3])
    return (places or refusal.detail)[:WORDS]
