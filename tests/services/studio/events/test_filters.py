"""A device that asked for some buckets hears whenever something comes into them or leaves them, by whatever act."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final

import pytest

from reyna.domain.blob import NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.requests import operation
from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import bearer, create_account
from tests.services.studio.fake_websocket import FakeDevice, connect
from tests.services.studio.harness import StudioHarness, studio_harness

NOTE: Final = {"content": "The ship sailed into the storm."}
FROM, TO = {"old", "inner"}, {"new", "target"}


class Shelves:
    """old > inner > leaf, new > target, other, apart; `note` is in inner, `shared` in leaf and other, `deep` in leaf.

    One device listens to each of them, and to nothing else.
    """

    def __init__(self, harness: StudioHarness, signed_in: SignedIn) -> None:
        self.state, self.caller = harness.state, Caller(user_id=signed_in.user.id)
        self.ids: dict[str, str] = {}
        self.lines: dict[str, FakeDevice] = {}
        self.heard: dict[str, list[str]] = {}
        self.harness, self._signed_in = harness, signed_in

    async def bucket(self, name: str, under: str | None = None) -> str:
        new = NewBucket(name=name, type="shelf", parent_bucket_id=under and self.ids[under])
        self.ids[name] = (await self.state.buckets.create(self.caller, new)).id
        return self.ids[name]

    async def blob(self, name: str, *places: str) -> str:
        new = NewBlob(schema_id="text-input-v1", data=NOTE, bucket_ids=tuple(self.ids[place] for place in places))
        self.ids[name] = (await self.state.blobs.create(self.caller, new)).id
        return self.ids[name]

    async def fill(self) -> None:
        for name, under in (("old", None), ("inner", "old"), ("leaf", "inner")):
            await self.bucket(name, under)
        for name, under in (("new", None), ("target", "new"), ("other", None), ("apart", None)):
            await self.bucket(name, under)
        await self.blob("note", "inner")
        await self.blob("deep", "leaf")
        await self.blob("shared", "leaf", "other")

    async def listen(self, stack: AsyncExitStack, name: str) -> None:
        device = await stack.enter_async_context(connect(self.harness.websocket_app, bearer(self._signed_in)))
        await device.wait_until_live()
        await device.request({"action": "subscribe", "buckets": [self.ids[name]]})
        self.lines[name] = device

    async def who_heard(self) -> set[str]:
        """The devices that heard something since the last time."""
        for name, device in self.lines.items():
            device.send_message({"action": "ping"})
            self.heard[name] = [frame["type"] for frame in (await device.frames_until("ok"))[:-1]]
        return {name for name, types in self.heard.items() if types}


@pytest.fixture
async def shelves() -> AsyncIterator[Shelves]:
    async with studio_harness() as harness, AsyncExitStack() as stack:
        shelves = Shelves(harness, await create_account(harness))
        await shelves.fill()
        for name in ("old", "inner", "leaf", "new", "target", "other", "apart"):
            await shelves.listen(stack, name)
        yield shelves


Act = Callable[[Shelves], Awaitable[Any]]
MOVE_LEAF: Final[Act] = lambda s: s.state.buckets.move(s.caller, s.ids["leaf"], under=s.ids["target"])  # noqa: E731
MOVE_INNER: Final[Act] = lambda s: s.state.buckets.move(s.caller, s.ids["inner"], under=s.ids["new"])  # noqa: E731
TO_ROOT: Final[Act] = lambda s: s.state.buckets.move(s.caller, s.ids["inner"], under=None)  # noqa: E731
PLACE: Final[Act] = lambda s: s.state.placements.place(s.caller, s.ids["target"], s.ids["note"])  # noqa: E731
TAKE_OUT: Final[Act] = lambda s: s.state.placements.take_out(s.caller, s.ids["inner"], s.ids["note"])  # noqa: E731
TRASH_NOTE: Final[Act] = lambda s: s.state.trash.trash_blob(s.caller, s.ids["note"])  # noqa: E731
RESTORE_NOTE: Final[Act] = lambda s: s.state.trash.restore_blob(s.caller, s.ids["note"])  # noqa: E731
TRASH_LEAF: Final[Act] = lambda s: s.state.trash.trash_bucket(s.caller, s.ids["leaf"])  # noqa: E731
TRASH_INNER: Final[Act] = lambda s: s.state.trash.trash_bucket(s.caller, s.ids["inner"])  # noqa: E731
RESTORE_INNER: Final[Act] = lambda s: s.state.trash.restore_bucket(s.caller, s.ids["inner"])  # noqa: E731
RESTORE_ELSEWHERE: Final[Act] = lambda s: s.state.trash.restore_bucket(  # noqa: E731
    s.caller, s.ids["inner"], under=s.ids["target"]
)
PURGE: Final[Act] = lambda s: s.state.purging.purge(s.caller)  # noqa: E731
COPY: Final[Act] = lambda s: s.state.copies.copy_bucket(s.caller, s.ids["inner"], under=s.ids["target"], deep=True)  # noqa: E731
LINKS: Final[Act] = lambda s: s.state.copies.copy_bucket(s.caller, s.ids["leaf"], under=s.ids["target"], deep=False)  # noqa: E731
UNDO: Final[Act] = lambda s: s.state.journal.undo(s.caller)  # noqa: E731
REDO: Final[Act] = lambda s: s.state.journal.redo(s.caller)  # noqa: E731
CREATE_BLOB: Final[Act] = lambda s: s.blob("new note", "target")  # noqa: E731
CREATE_BUCKET: Final[Act] = lambda s: s.bucket("new bucket", "target")  # noqa: E731


async def bulk(s: Shelves) -> None:
    operations = (
        operation.MoveBucket(bucket_id=s.ids["leaf"], parent_bucket_id=s.ids["target"]),
        operation.TakeOutBlob(bucket_id=s.ids["inner"], blob_id=s.ids["note"]),
    )
    await s.state.bulk.apply(s.caller, operation.NewBulk(atomic=True, operations=operations))


BELOW = {"leaf"}
CASES: Final[dict[str, tuple[list[Act], set[str]]]] = {
    "a bucket moves": ([MOVE_LEAF], FROM | TO | BELOW),
    "a move is undone": ([MOVE_LEAF, UNDO], FROM | TO | BELOW),
    "a move is done again": ([MOVE_LEAF, UNDO, REDO], FROM | TO | BELOW),
    "a subtree moves": ([MOVE_INNER], FROM | {"new"} | BELOW),
    "a subtree becomes a root": ([TO_ROOT], FROM | BELOW),
    "many at once": ([bulk], FROM | TO | BELOW),
    "many at once are undone": ([bulk, UNDO], FROM | TO | BELOW),
    "a blob is placed": ([PLACE], TO),
    "placing is undone": ([PLACE, UNDO], TO),
    "a blob is taken out": ([TAKE_OUT], FROM),
    "taking out is undone": ([TAKE_OUT, UNDO], FROM),
    "a blob goes to the trash": ([TRASH_NOTE], FROM),
    "a blob comes back": ([TRASH_NOTE, RESTORE_NOTE], FROM),
    "a blob that stands in two places goes to the trash": ([PLACE, TRASH_NOTE], FROM | TO),
    "a blob that stands in two places comes back": ([PLACE, TRASH_NOTE, RESTORE_NOTE], FROM | TO),
    "a blob is purged": ([TRASH_NOTE, PURGE], FROM),
    "a bucket goes to the trash": ([TRASH_LEAF], FROM | BELOW),
    "trashing a bucket is undone": ([TRASH_LEAF, UNDO], FROM | BELOW),
    "a subtree goes to the trash": ([TRASH_INNER], FROM | BELOW),
    "a subtree comes back": ([TRASH_INNER, RESTORE_INNER], FROM | BELOW),
    "a subtree comes back elsewhere": ([TRASH_INNER, RESTORE_ELSEWHERE], TO | {"inner"} | BELOW),
    "a subtree is purged": ([TRASH_INNER, PURGE], FROM | BELOW),
    "a subtree is copied": ([COPY], TO),
    "a copy is undone": ([COPY, UNDO], TO),
    "a bucket is copied with links": ([LINKS], TO),
    "a blob is made": ([CREATE_BLOB], TO),
    "a bucket is made": ([CREATE_BUCKET], TO),
    "what was made deep down changes again": ([MOVE_LEAF, TRASH_LEAF], TO | BELOW),
}


@pytest.mark.parametrize("case", CASES)
async def test_who_held_it_and_who_holds_it_hear_and_nobody_else(shelves: Shelves, case: str) -> None:
    acts, concerned = CASES[case]
    for before in acts[:-1]:
        await before(shelves)
    await shelves.who_heard()
    await acts[-1](shelves)
    assert await shelves.who_heard() == concerned


@pytest.mark.parametrize(
    ("acts", "told"), [([TRASH_LEAF], "bucket.blob.removed"), ([TRASH_LEAF, UNDO], "bucket.blob.added")]
)
async def test_a_blob_that_also_stands_elsewhere_leaves_its_bucket_and_comes_back(
    shelves: Shelves, acts: list[Act], told: str
) -> None:
    for act in acts:
        await shelves.who_heard()
        await act(shelves)
    await shelves.who_heard()
    assert shelves.heard["leaf"].count(told) == 1
    assert shelves.heard["other"] == []


async def test_who_asks_for_a_bucket_in_the_trash_hears_that_it_comes_back(shelves: Shelves) -> None:
    await TRASH_INNER(shelves)
    await shelves.lines["apart"].request({"action": "subscribe", "buckets": [shelves.ids["leaf"]]})
    await shelves.who_heard()
    await RESTORE_INNER(shelves)
    assert "apart" in await shelves.who_heard()


async def test_a_replay_tells_both_too(shelves: Shelves) -> None:
    position = await shelves.harness.bus.position()
    await MOVE_LEAF(shelves)
    for name, device in shelves.lines.items():
        device.send_message({"action": "resume", "cursor": f"{position.epoch}-{position.last}"})
        replayed = (await device.frames_until("resumed"))[-1]["replayed"]
        assert replayed == (1 if name in FROM | TO | BELOW else 0), name


async def test_too_many_buckets_are_refused_by_name(shelves: Shelves) -> None:
    refused = await shelves.lines["apart"].request({"action": "subscribe", "buckets": ["bucket-1"] * 1_001})
    assert [error["path"] for error in refused["errors"]] == ["/buckets"]
