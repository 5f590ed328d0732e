"""Every action of the WebSocket does what it says, and every other device of its user sees it happen."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import pytest

from reyna.domain.blob import Blob, NewBlob
from reyna.domain.bucket import Bucket, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.processing.run import NewRuns, Run
from reyna.services.studio.gateway import protocol
from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import bearer
from tests.services.studio.fake_websocket import FakeDevice, connect
from tests.services.studio.harness import StudioHarness


@dataclass
class Shelf:
    """What Ana has before she acts."""

    book: Bucket
    part: Bucket
    chapter: Bucket
    lost: Bucket  # in the trash
    blank: Bucket  # with nothing in it
    note: Blob  # in the chapter
    thrown: Blob  # in the trash
    expansion: Blob  # of the note
    run: Run


@pytest.fixture
async def shelf(harness: StudioHarness, anas: SignedIn) -> Shelf:
    ana, state = Caller(user_id=anas.user.id), harness.state
    book = await state.buckets.create(ana, NewBucket(name="Book", type="novel"))
    part = await state.buckets.create(ana, NewBucket(name="Part", type="part", parent_bucket_id=book.id))
    chapter = await state.buckets.create(ana, NewBucket(name="Chapter", type="scene", parent_bucket_id=book.id))
    lost = await state.buckets.create(ana, NewBucket(name="Lost", type="scene", parent_bucket_id=book.id))
    blank = await state.buckets.create(ana, NewBucket(name="Blank", type="scene", parent_bucket_id=book.id))
    new = NewBlob(schema_id="text-input-v1", data={"content": "The ship sailed."}, bucket_ids=(chapter.id,))
    note, thrown = await state.blobs.create(ana, new), await state.blobs.create(ana, new)
    data = {"original": "x", "expanded": "The ship sailed on.", "expansion_ratio": 1.3}
    derived = NewBlob(schema_id="expanded-text-v1", data=data, parent_id=note.id)
    expansion = await state.blobs.create(ana, derived)
    await state.trash.trash_blob(ana, thrown.id)
    await state.trash.trash_bucket(ana, lost.id)
    await state.buckets.move(ana, part.id, under=None)
    await state.journal.undo(ana)
    await state.buckets.move(ana, chapter.id, under=part.id)
    (run,) = await harness.processors.runs.request(ana, NewRuns(processor_id="text-expansion", blob_ids=(note.id,)))
    return Shelf(book, part, chapter, lost, blank, note, thrown, expansion, run)


TEXT = {"schema_id": "text-input-v1", "data": {"content": "A storm."}}
ACTIONS: dict[str, tuple[Callable[[Shelf], dict[str, Any]], str | None, str | None]] = {
    # action: what is said, what the answer holds, what the other device hears
    "create_blob": (lambda s: TEXT | {"bucket_ids": [s.book.id]}, "blob", "blob.created"),
    "update_blob": (lambda s: {"blob_id": s.note.id, "data": TEXT["data"], "base_revision": 1}, "blob", "blob.updated"),
    "accept_blob": (
        lambda s: {"blob_id": s.note.id, "derived_blob_id": s.expansion.id, "paragraphs": [1]},
        "blob",
        "blob.created",
    ),
    "name_revision": (lambda s: {"blob_id": s.note.id, "number": 1, "name": "Draft"}, "revision", "blob.named"),
    "trash_blob": (lambda s: {"blob_id": s.note.id}, "blob", "blob.trashed"),
    "restore_blob": (lambda s: {"blob_id": s.thrown.id}, "blob", "blob.restored"),
    "create_bucket": (lambda s: {"name": "New", "type": "scene", "after": None}, "bucket", "bucket.created"),
    "update_bucket": (
        lambda s: {"bucket_id": s.book.id, "name": "Novel", "base_revision": 1},
        "bucket",
        "bucket.updated",
    ),
    "move_bucket": (lambda s: {"bucket_id": s.chapter.id, "parent_bucket_id": None}, "bucket", "bucket.moved"),
    "copy_bucket": (lambda s: {"bucket_id": s.blank.id, "parent_bucket_id": None}, "bucket", "bucket.created"),
    "trash_bucket": (lambda s: {"bucket_id": s.part.id}, "bucket", "bucket.trashed"),
    "restore_bucket": (lambda s: {"bucket_id": s.lost.id}, "bucket", "bucket.restored"),
    "place_blob": (
        lambda s: {"bucket_id": s.book.id, "blob_id": s.note.id, "label": "x"},
        "placement",
        "bucket.blob.added",
    ),
    "take_out_blob": (lambda s: {"bucket_id": s.chapter.id, "blob_id": s.note.id}, None, "bucket.blob.removed"),
    "bulk": (
        lambda s: {"operations": [{"action": "trash_blob", "blob_id": s.note.id}]},
        "results entry_id",
        "blob.trashed",
    ),
    "undo": (lambda s: {}, "entry", "bucket.moved"),
    "redo": (lambda s: {}, "entry", "bucket.moved"),
    "run_processor": (
        lambda s: {"processor_id": "text-expansion", "blob_ids": [s.note.id]},
        "runs",
        "processor.requested",
    ),
    "cancel_run": (lambda s: {"run_id": s.run.id}, "run", "processor.cancelled"),
    "ping": (lambda s: {}, None, None),
    "subscribe": (lambda s: {"types": ["blob.*"], "buckets": [s.book.id]}, None, None),
}
SPOKEN_ELSEWHERE = {"authenticate", "resume"}  # tests of the line itself


def test_every_action_is_among_these() -> None:
    known = {kind.__struct_config__.tag for kind in get_args(protocol.Message)}
    assert known == ACTIONS.keys() | SPOKEN_ELSEWHERE


@pytest.mark.parametrize("action", ACTIONS)
async def test_an_action_is_done_and_seen_on_the_other_device_and_by_nobody_else(
    harness: StudioHarness, anas: SignedIn, bos_device: FakeDevice, shelf: Shelf, action: str
) -> None:
    said, result, event = ACTIONS[action]
    if action == "redo":
        await harness.state.journal.undo(Caller(user_id=anas.user.id))
    async with (
        connect(harness.websocket_app, bearer(anas)) as one,
        connect(harness.websocket_app, bearer(anas)) as other,
    ):
        await one.frames_until("hello")
        await other.wait_until_live()
        one.send_message({"action": action, "request_id": "r"} | said(shelf))
        heard = [await one.next_frame() for _ in range(1 if event is None else 2)]
        (answer,) = [frame for frame in heard if frame["type"] == "ok"]
        assert answer.keys() == {"type", "request_id", *(result or "").split()}
        if event is not None:
            (seen,) = [frame for frame in heard if frame["type"] == event]
            assert seen["origin"] == "r"
            told = await other.next_frame()
            assert told == {field: value for field, value in seen.items() if field != "origin"}
            assert told["cursor"]
            assert told["event_id"].startswith("event-")
        assert (await bos_device.request({"action": "ping", "request_id": "bo"}))["request_id"] == "bo"


NAMES_NOTHING = {"create_bucket", "undo", "redo", "ping", "subscribe"}


@pytest.mark.parametrize("action", sorted(ACTIONS.keys() - NAMES_NOTHING))
async def test_nobody_acts_on_what_is_anothers(bos_device: FakeDevice, shelf: Shelf, action: str) -> None:
    said, _, _ = ACTIONS[action]
    refused = await bos_device.request({"action": action, "request_id": "r"} | said(shelf))
    assert (refused["type"], refused["code"]) == ("error", "not_found")


@pytest.mark.parametrize("action", ["undo", "redo"])
async def test_nobody_undoes_what_another_did(bos_device: FakeDevice, shelf: Shelf, action: str) -> None:
    assert (await bos_device.request({"action": action}))["type"] == "error"


@pytest.mark.parametrize("request_id", ["r", "7", 7, 0])
async def test_an_echo_names_the_request_as_it_was_given(
    harness: StudioHarness, device: FakeDevice, request_id: str | int
) -> None:
    device.send_message({"action": "create_bucket", "name": "Book", "type": "novel", "request_id": request_id})
    heard = {frame["type"]: frame for frame in (await device.next_frame(), await device.next_frame())}
    assert heard["bucket.created"]["origin"] == request_id


async def test_an_action_without_a_request_echoes_no_origin(device: FakeDevice) -> None:
    device.send_message({"action": "create_bucket", "name": "Book", "type": "novel"})
    heard = {frame["type"]: frame for frame in (await device.next_frame(), await device.next_frame())}
    assert "origin" not in heard["bucket.created"]


async def test_a_stale_save_is_refused_with_what_is_there_now(device: FakeDevice, shelf: Shelf) -> None:
    save = {"action": "update_blob", "blob_id": shelf.note.id, "base_revision": 1}
    await device.request(save | {"data": {"content": "Mine."}})
    lost = await device.request(save | {"data": {"content": "Theirs."}})
    assert (lost["code"], lost["reason"], lost["current"]["data"]) == (
        "conflict",
        "stale_revision",
        {"content": "Mine."},
    )


async def test_a_frame_has_every_promised_field(harness: StudioHarness, anas: SignedIn, device: FakeDevice) -> None:
    ana = Caller(user_id=anas.user.id)
    blob = await harness.state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data={"content": "A storm."}))
    frame = await device.next_frame()
    assert {field: frame[field] for field in frame.keys() - {"cursor", "event_id", "schema_version"}} == {
        "type": "blob.created",
        "blob_id": blob.id,
        "bucket_ids": [],
        "processor": "user-input",
        "schema_id": "text-input-v1",
        "parent_id": None,
        "revision": 1,
    }


async def test_progress_is_told_as_it_comes(harness: StudioHarness, anas: SignedIn, device: FakeDevice) -> None:
    told = {
        "run_id": "run-1",
        "processor": "text-expansion",
        "blob_id": "blob-1",
        "progress": 0.4,
        "text": "The mighty",
    }
    await harness.bus.publish_ephemeral(
        f"reyna.live.{anas.user.id}.processor.progress.text-expansion", json.dumps(told | {"type": "x"}).encode()
    )
    assert await device.next_frame() == {"type": "processor.progress"} | told
    far = {"upgrade_id": "upgrade-1", "total": 9, "done": 4}
    await harness.bus.publish_ephemeral(f"reyna.live.{anas.user.id}.upgrade.progress", json.dumps(far).encode())
    assert await device.next_frame() == {"type": "upgrade.progress"} | far
