"""Whatever two devices do, in whatever order: the tree stays a tree, nothing vanishes, and undo leads back."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import NewBlob
from reyna.domain.bucket import BucketChange, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import CameInSince, Refusal
from reyna.domain.event import Message
from reyna.domain.requests.operation import NewBulk
from reyna.domain.requests.page import Page
from reyna.domain.schema import Schema
from reyna.ports.store import Step
from reyna.services.state.records import BLOBS, BUCKETS, COLLECTIONS, JOURNAL
from reyna.services.state.service import State
from tests.services.state.invariants import assert_sound

ANA = Caller(user_id="user-ana")
ANYTHING = Schema(
    id="text-input-v1", name="text-input", major=1, version="1.0.0", kind="blob", scope="system", json_schema={},
    fingerprint="", created_at=datetime(2026, 1, 1, tzinfo=UTC), created_by="house",
)  # fmt: skip


class AnythingFits:
    """A schema service with one schema, which takes anything."""

    @property
    def versions(self) -> "AnythingFits":
        return self

    async def get(self, caller: Caller, id: str, version: str | None = None) -> Schema:
        return ANYTHING

    async def list(self, caller: Caller, **asked: Any) -> Page[Schema]:
        return Page(items=())


class YieldingStore(MemoryStore):
    """Lets others go first before every write, so that what was read may have changed."""

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        await asyncio.sleep(0)
        await super().write(*steps, messages=messages)


number = st.integers(0, 30)
few = st.integers(0, 6)
operations = st.lists(st.tuples(st.integers(0, 9), few, few, st.booleans()), min_size=1, max_size=6)
MOST = 25  # buckets before nothing more is copied, since a copy of copies doubles what there is
device = st.integers(0, 1)


class Alternating(RuleBasedStateMachine):
    """Two devices of one user, one after the other; after each undo and redo all is as it was then."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = YieldingStore(COLLECTIONS)
        self.devices = [State(self.store, AnythingFits()) for _ in range(2)]
        self.buckets: list[str] = []
        self.blobs: list[str] = []
        self.made: set[str] = set()
        self.seen: list[Any] = []  # how it looked before each act that can be undone now, and at last how it looks
        self.ahead: list[Any] = []  # how it looked after each act that can be done again

    def run(self, verb: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(verb)

    def teardown(self) -> None:
        self.run(self.all_the_way_back())
        self.runner.close()

    async def all_the_way_back(self) -> None:
        while len(self.seen) > 1:
            await self.devices[0].journal.undo(ANA)
            self.seen.pop()
            assert await self.looks() == self.seen[-1]
        with pytest.raises(Refusal):
            await self.devices[0].journal.undo(ANA)
        assert await self.store.count(BUCKETS, "user-ana", {"trashed_at": None}) == 0

    @initialize()
    def some_notes_and_buckets(self) -> None:
        for _ in range(4):
            self.run(self.note(0))
        self.seen = [self.run(self.looks())]
        for under in (0, 0, 1, 2):
            self.act(self.bucket(0, under, False))

    # --- what a device may do ---

    @rule(on=device, under=number, first=st.booleans())
    def create_bucket(self, on: int, under: int, first: bool) -> None:
        self.act(self.bucket(on, under, first))

    @rule(on=device, which=number, under=number, first=st.booleans())
    def move(self, on: int, which: int, under: int, first: bool) -> None:
        self.act(self.moved(on, which, under, first))

    @rule(on=device, which=number, name=st.sampled_from("abc"))
    def rename(self, on: int, which: int, name: str) -> None:
        self.act(self.renamed(on, which, name))

    @rule(on=device, blob=number, bucket=number, first=st.booleans())
    def place(self, on: int, blob: int, bucket: int, first: bool) -> None:
        self.act(self.placed(on, blob, bucket, first))

    @rule(on=device, blob=number, bucket=number)
    def take_out(self, on: int, blob: int, bucket: int) -> None:
        self.act(
            self.devices[on].placements.take_out(ANA, self.bucket_at(bucket) or "", self.blobs[blob % len(self.blobs)])
        )

    @rule(on=device, which=number)
    def trash_bucket(self, on: int, which: int) -> None:
        self.act(self.devices[on].trash.trash_bucket(ANA, self.bucket_at(which) or ""))

    @rule(on=device, which=number, under=number, elsewhere=st.booleans())
    def restore_bucket(self, on: int, which: int, under: int, elsewhere: bool) -> None:
        place: Any = {"under": self.bucket_at(under)} if elsewhere else {}
        self.act(self.devices[on].trash.restore_bucket(ANA, self.bucket_at(which) or "", **place))

    @rule(on=device, blob=number)
    def trash_blob(self, on: int, blob: int) -> None:
        self.act(self.devices[on].trash.trash_blob(ANA, self.blobs[blob % len(self.blobs)]))

    @rule(on=device, blob=number)
    def restore_blob(self, on: int, blob: int) -> None:
        self.act(self.devices[on].trash.restore_blob(ANA, self.blobs[blob % len(self.blobs)]))

    @rule(on=device, which=number, under=number, deep=st.booleans())
    def copy(self, on: int, which: int, under: int, deep: bool) -> None:
        self.act(self.copied(on, which, under, deep))

    @rule(on=device, picks=operations, atomic=st.booleans())
    def bulk(self, on: int, picks: list[tuple[int, int, int, bool]], atomic: bool) -> None:
        self.act(self.many(on, picks, atomic))

    @rule(on=device)
    def undo(self, on: int) -> None:
        if len(self.seen) < 2:
            return
        self.run(self.devices[on].journal.undo(ANA))
        self.ahead.append(self.seen.pop())
        assert self.run(self.looks()) == self.seen[-1]

    @rule(on=device)
    def redo(self, on: int) -> None:
        if not self.ahead:
            with pytest.raises(Refusal):
                self.run(self.devices[on].journal.redo(ANA))
            return
        self.run(self.devices[on].journal.redo(ANA))
        self.seen.append(self.ahead.pop())
        assert self.run(self.looks()) == self.seen[-1]

    # --- what must always be so ---

    @invariant()
    def it_is_a_tree_and_nothing_is_lost(self) -> None:
        self.run(self.check())

    async def check(self) -> None:
        assert await assert_sound(self.store, "user-ana") == self.made
        for described in (await self.devices[0].buckets.list(ANA, limit=200)).items:
            items = (await self.devices[1].placements.list_items(ANA, described.id, limit=200)).items
            assert described.child_count == sum(item.kind == "bucket" for item in items)
            assert described.blob_count == sum(item.kind == "blob" for item in items)

    # --- how it is done ---

    def act(self, verb: Coroutine[Any, Any, Any]) -> None:
        before = self.run(self.store.count(JOURNAL, "user-ana"))
        try:
            self.run(verb)
        except Refusal:
            assert self.run(self.looks()) == self.seen[-1]
        if self.run(self.store.count(JOURNAL, "user-ana")) > before:
            self.seen.append(self.run(self.looks()))
            self.ahead.clear()

    async def looks(self) -> Any:
        """Every live bucket with what stands in it, in order, and the blobs that are not in the trash."""
        device = self.devices[0]
        buckets = [
            (bucket.id, bucket.name, bucket.parent_bucket_id, await self.names_in(bucket.id))
            for bucket in (await device.buckets.list(ANA, limit=200)).items
        ]
        roots = [bucket.id for bucket in (await device.buckets.list(ANA, parent_bucket_id=None, limit=200)).items]
        return sorted(buckets), roots, [blob.id for blob in (await device.blobs.list(ANA, limit=200)).items]

    async def names_in(self, id: str) -> list[str]:
        items = (await self.devices[0].placements.list_items(ANA, id, limit=200)).items
        return [item.bucket.id if item.bucket else item.placement.blob_id if item.placement else "" for item in items]

    def bucket_at(self, place: int) -> str | None:
        """One of the buckets, or none, for the top."""
        place %= len(self.buckets) + 1
        return self.buckets[place] if place < len(self.buckets) else None

    async def bucket(self, on: int, under: int, first: bool) -> None:
        new = NewBucket(name="new", type="scene", parent_bucket_id=self.bucket_at(under))
        made = await self.devices[on].buckets.create(ANA, replace(new, after=None) if first else new)
        self.buckets.append(made.id)
        self.made.add(made.id)

    async def note(self, on: int, *buckets: str) -> None:
        new = NewBlob(schema_id="text-input-v1", data={}, bucket_ids=buckets)
        made = await self.devices[on].blobs.create(ANA, new)
        self.blobs.append(made.id)
        self.made.add(made.id)

    async def moved(self, on: int, which: int, under: int, first: bool) -> None:
        place: Any = {"after": None} if first else {}
        await self.devices[on].buckets.move(ANA, self.bucket_at(which) or "", under=self.bucket_at(under), **place)

    async def copied(self, on: int, which: int, under: int, deep: bool) -> None:
        if await self.store.count(BUCKETS, "user-ana") >= MOST:
            return
        copy = await self.devices[on].copies.copy_bucket(
            ANA, self.bucket_at(which) or "", under=self.bucket_at(under), deep=deep
        )
        self.buckets.append(copy.id)
        await self.note_what_is_new()

    async def many(self, on: int, picks: list[tuple[int, int, int, bool]], atomic: bool) -> None:
        crowded = await self.store.count(BUCKETS, "user-ana") >= MOST
        asked = [self.operation(place, *select) for place, select in enumerate(picks)]
        asked = [one for one in asked if not crowded or one["action"] != "copy_bucket"]
        done = await self.devices[on].bulk.apply(ANA, msgspec.convert({"atomic": atomic, "operations": asked}, NewBulk))
        for one, outcome in zip(asked, done.results, strict=True):
            if outcome.ok and one["action"] in ("create_bucket", "copy_bucket") and isinstance(outcome.result, dict):
                self.buckets.append(outcome.result["bucket"].id)
        await self.note_what_is_new()

    def operation(self, place: int, verb: int, which: int, other: int, first: bool) -> dict[str, Any]:
        bucket, under = self.bucket_at(which) or "", self.bucket_at(other)
        on_bucket = {"bucket_id": bucket}
        on_blob = {"blob_id": self.blobs[other % len(self.blobs)]}
        at = {"after": None} if first else {}
        new = {"name": f"new {place}", "type": "scene", "as": f"b{place}"}
        operations: list[dict[str, Any]] = [
            {"action": "create_bucket", "parent_bucket_id": under} | new | at,
            {"action": "create_bucket", "parent_bucket_id": f"$b{place - 1}"} | new,
            {"action": "move_bucket", "parent_bucket_id": under} | on_bucket | at,
            {"action": "place_blob"} | on_bucket | on_blob | at,
            {"action": "take_out_blob"} | on_bucket | on_blob,
            {"action": "trash_bucket"} | on_bucket,
            {"action": "restore_bucket"} | on_bucket | ({"parent_bucket_id": under} if first else {}),
            {"action": "trash_blob"} | on_blob,
            {"action": "restore_blob"} | on_blob,
            {"action": "copy_bucket", "parent_bucket_id": under, "deep": first, "as": f"b{place}"} | on_bucket,
        ]
        return operations[verb]

    async def note_what_is_new(self) -> None:
        """Nothing of it may vanish from now on."""
        self.made |= {id for (id,) in await self.store.select(BUCKETS, "user-ana", ("id",))}
        self.made |= {id for (id,) in await self.store.select(BLOBS, "user-ana", ("id",))}

    async def renamed(self, on: int, which: int, name: str) -> None:
        bucket = await self.devices[on].buckets.get(ANA, self.bucket_at(which) or "")
        await self.devices[on].buckets.change(ANA, bucket.id, BucketChange(name=name, base_revision=bucket.revision))

    async def placed(self, on: int, blob: int, bucket: int, first: bool) -> None:
        place: Any = {"after": None} if first else {}
        blob_id = self.blobs[blob % len(self.blobs)]
        await self.devices[on].placements.place(ANA, self.bucket_at(bucket) or "", blob_id, **place)


class AtOnce(Alternating):
    """The two devices at the very same moment, writing notes too; what they do may be refused, but not go wrong."""

    @rule(picks=st.lists(st.tuples(st.integers(0, 13), few, few), min_size=2, max_size=8))
    def at_once(self, picks: list[tuple[int, int, int]]) -> None:
        async def together() -> None:
            acts = (self.one(n % 2, *select) for n, select in enumerate(picks))
            done = await asyncio.gather(*acts, return_exceptions=True)
            for error in done:
                if isinstance(error, BaseException) and not isinstance(error, Refusal):
                    raise error

        self.run(together())

    async def one(self, on: int, verb: int, which: int, other: int) -> None:
        device, bucket = self.devices[on], self.bucket_at(which) or ""
        blob = self.blobs[other % len(self.blobs)]
        verbs: list[Callable[[], Coroutine[Any, Any, Any]]] = [
            lambda: self.bucket(on, which, bool(other % 2)),
            lambda: self.note(on, *filter(None, {bucket, self.bucket_at(other)})),
            lambda: self.moved(on, which, other, bool(other % 2)),
            lambda: self.placed(on, other, which, bool(other % 2)),
            lambda: device.placements.take_out(ANA, bucket, blob),
            lambda: device.trash.trash_bucket(ANA, bucket),
            lambda: device.trash.restore_bucket(ANA, bucket),
            lambda: device.trash.trash_blob(ANA, blob),
            lambda: device.trash.restore_blob(ANA, blob),
            lambda: device.journal.undo(ANA),
            lambda: device.journal.redo(ANA),
            lambda: self.copied(on, which, other, bool(other % 2)),
            lambda: self.many(on, [(verb_of, which, other, False) for verb_of in (0, 1, 2, 3, 5, 7)], False),
            lambda: self.many(on, [(verb_of, other, which, True) for verb_of in (3, 2, 4, 9)], True),
        ]
        await verbs[verb]()

    # Undo may now be refused, since notes are written in buckets that it would take away: then there is a way on.

    def act(self, verb: Coroutine[Any, Any, Any]) -> None:
        try:
            self.run(verb)
        except Refusal:
            return

    @rule(on=device)
    def undo(self, on: int) -> None:
        self.act(self.devices[on].journal.undo(ANA))

    @rule(on=device)
    def redo(self, on: int) -> None:
        self.act(self.devices[on].journal.redo(ANA))

    async def all_the_way_back(self) -> None:
        while await self.one_back():
            continue
        await self.check()
        assert all(entry.undone or entry.passed for entry in (await self.devices[0].journal.list(ANA, limit=200)).items)

    async def one_back(self) -> bool:
        """Undo, or undo anyway, or pass over; False when there is nothing left."""
        try:
            await self.devices[0].journal.undo(ANA)
        except Refusal as refusal:
            if "entry_id" not in refusal.facts:
                return False
            way = "anyway" if isinstance(refusal, CameInSince) else "skip"
            try:
                await self.devices[0].journal.undo(ANA, **{way: refusal.facts["entry_id"]})
            except Refusal:
                await self.devices[0].journal.undo(ANA, skip=refusal.facts["entry_id"])
        return True


@pytest.mark.parametrize(
    ("machine", "examples"), [(Alternating, 30), (AtOnce, 40)], ids=["one_after_the_other", "at_once"]
)
def test_whatever_two_devices_do_the_tree_stays_a_tree_and_nothing_vanishes(
    machine: type[Alternating], examples: int
) -> None:
    slow_is_fine = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=slow_is_fine
        ),
    )
