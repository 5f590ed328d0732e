"""What a writer may rely on when a schema gets a new major and content goes along."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleRevision
from reyna.domain.event import DECODER, LIVE_SUBJECTS, Event
from reyna.domain.schema import NewSchema, Upgrade, UpgradeStep
from reyna.ports.bus import ReceivedMessage
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.reactions import follow_upgrades
from reyna.services.state.records import BLOBS, UpgradeTask
from reyna.services.state.service import State
from reyna.services.state.upgrades.upgrades import NewUpgrade
from reyna.storage.outbox.relay import Relay
from tests.services.state.conftest import ContentBuilder
from tests.services.state.interleaved_store import InterleavedStore
from tests.services.state.revisions.test_revisions import listed, saved
from tests.support.times import FAR_FUTURE

LETTER: dict[str, Any] = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
TO_BODY = Upgrade(steps=(UpgradeStep(do="rename", path="/text", to="body"),))
WITH_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {"body": {"type": "string", "maxLength": 20}},
    "required": ["body"],
    "additionalProperties": False,
}
TO_PARTS = Upgrade(
    patch=({"op": "add", "path": "/parts", "value": []}, {"op": "move", "from": "/body", "path": "/parts/-"})
)
WITH_PARTS: dict[str, Any] = {"type": "object", "required": ["parts"], "properties": {"parts": {"type": "array"}}}


@pytest.fixture
async def letters(schemas: Schemas, ana: Caller) -> Schemas:
    """`letter` in three majors, each with an upgrade from the one before."""
    await registered(schemas, ana, LETTER, None)
    await registered(schemas, ana, WITH_BODY, TO_BODY)
    await registered(schemas, ana, WITH_PARTS, TO_PARTS)
    return schemas


async def registered(schemas: Schemas, caller: Caller, json_schema: Any, upgrade: Upgrade | None) -> str:
    return (
        await schemas.versions.register(caller, NewSchema(name="letter", json_schema=json_schema, upgrade=upgrade))
    ).id


async def letter(state: State, caller: Caller, text: Any = "Dear Bo", *buckets: str) -> Blob:
    return await state.blobs.create(caller, NewBlob(schema_id="letter-v1", data={"text": text}, bucket_ids=buckets))


async def announced(store: Store) -> list[Event]:
    return [DECODER.decode(message.body) for message in await store.list_unsent(before=FAR_FUTURE, limit=10_000)]


async def worked_off(state: State, caller: Caller, task: UpgradeTask) -> UpgradeTask:
    house = Caller(user_id=caller.user_id, kind="house")
    while (task := await state.upgrades.advance(house, task.id)).finished_at is None:
        pass
    return task


async def asked(state: State, caller: Caller, to: str = "letter-v2") -> UpgradeTask:
    return await state.upgrades.request(caller, NewUpgrade(from_="letter-v1", to=to))


# --- one blob, when it is read ---


async def test_a_letter_is_upgraded_when_it_is_read_and_the_old_revision_stays(
    letters: Schemas, store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    chapter = await anas.bucket()
    old = await letter(state, ana, "Dear Bo", chapter.id)
    read = await state.upgrades.upgrade_blob(ana, old.id, 2)
    assert (read.data, read.schema_id, read.revision, read.author_kind) == (
        {"body": "Dear Bo"},
        "letter-v2",
        2,
        "upgrade",
    )
    assert await state.blobs.get(ana, old.id) == read
    before = await state.revisions.get(ana, old.id, 1)
    assert (before.data, before.schema_id, before.author_kind) == ({"text": "Dear Bo"}, "letter-v1", "user")
    event = (await announced(store))[-1]
    assert event.type == "blob.updated.letter-v2"
    assert event.data["cause"] == "upgrade"
    assert event.data["bucket_ids"] == [chapter.id]


async def test_reading_it_so_again_changes_nothing(letters: Schemas, store: Store, state: State, ana: Caller) -> None:
    old = await letter(state, ana)
    once = await state.upgrades.upgrade_blob(ana, old.id, 3)
    assert once.data == {"parts": ["Dear Bo"]}
    told = len(await announced(store))
    assert await state.upgrades.upgrade_blob(ana, old.id, 3) == once
    assert len(await announced(store)) == told


async def test_an_upgrade_is_no_news_to_what_was_derived(letters: Schemas, state: State, ana: Caller) -> None:
    source = await letter(state, ana)
    worker = Caller(user_id=ana.user_id, kind="processor", processor_id="p", run_id="run-1")
    new = NewBlob(processor_id="p", schema_id="text-input-v1", data={"content": "more"}, parent_id=source.id)
    made = await state.blobs.create(worker, new, parent_revision=1)
    upgraded = await state.upgrades.upgrade_blob(ana, source.id, 2)
    assert not (await state.blobs.get(ana, made.id)).stale
    await saved(state, ana, upgraded, {"body": "Dear all"})
    assert (await state.blobs.get(ana, made.id)).stale


async def test_an_older_revision_comes_back_with_the_schema_it_had(letters: Schemas, state: State, ana: Caller) -> None:
    old = await letter(state, ana)
    await state.upgrades.upgrade_blob(ana, old.id, 2)
    back = await state.trash.restore_blob(ana, old.id, 1)
    assert (back.schema_id, back.data, back.revision) == ("letter-v1", {"text": "Dear Bo"}, 3)
    assert (await state.upgrades.upgrade_blob(ana, old.id, 2)).data == {"body": "Dear Bo"}
    assert [one.schema_id for one in await listed(state, ana, old.id)] == [
        "letter-v2", "letter-v1", "letter-v2", "letter-v1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("major", "words"), [(1, "older"), (0, "older"), (-3, "older"), (4, "no schema"), (9, "no schema")]
)
async def test_a_major_it_cannot_be_in_is_refused_by_name(
    letters: Schemas, state: State, ana: Caller, major: int, words: str
) -> None:
    blob = await state.upgrades.upgrade_blob(ana, (await letter(state, ana)).id, 2)
    with pytest.raises(Invalid, match=words) as refused:
        await state.upgrades.upgrade_blob(ana, blob.id, major)
    assert refused.value.errors[0].path == "/schema_version"
    assert (await state.blobs.get(ana, blob.id)).revision == 2


async def test_without_an_upgrade_it_stays_and_says_what_is_missing(
    schemas: Schemas, state: State, ana: Caller
) -> None:
    await registered(schemas, ana, LETTER, None)
    old = await letter(state, ana)
    await registered(schemas, ana, WITH_BODY, None)
    with pytest.raises(Invalid, match="letter-v2 has no upgrade"):
        await state.upgrades.upgrade_blob(ana, old.id, 2)
    await schemas.upgrades.change(ana, "letter-v2", TO_BODY)
    assert (await state.upgrades.upgrade_blob(ana, old.id, 2)).data == {"body": "Dear Bo"}


async def test_what_would_not_fit_is_refused_with_every_place_and_stays(
    letters: Schemas, state: State, ana: Caller
) -> None:
    old = await letter(state, ana, "far too long for the second major")
    with pytest.raises(Invalid) as refused:
        await state.upgrades.upgrade_blob(ana, old.id, 2)
    assert [error.path for error in refused.value.errors] == ["/data/body"]
    assert await state.blobs.get(ana, old.id) == old


async def test_what_is_in_the_trash_is_not_upgraded_before_it_is_back(
    letters: Schemas, state: State, ana: Caller
) -> None:
    old = await letter(state, ana)
    await state.trash.trash_blob(ana, old.id)
    with pytest.raises(Conflict, match="trash"):
        await state.upgrades.upgrade_blob(ana, old.id, 2)
    await state.trash.restore_blob(ana, old.id)
    assert (await state.upgrades.upgrade_blob(ana, old.id, 2)).schema_id == "letter-v2"


async def test_bo_upgrades_nothing_of_anas(letters: Schemas, state: State, ana: Caller, bo: Caller) -> None:
    old = await letter(state, ana)
    task = await asked(state, ana)
    with pytest.raises(Invalid):
        await asked(state, bo)
    for attempt in (
        state.upgrades.upgrade_blob(bo, old.id, 2),
        state.upgrades.get(bo, task.id),
        state.upgrades.cancel(bo, task.id),
        state.upgrades.advance(Caller(user_id=bo.user_id, kind="house"), task.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await state.upgrades.list(bo)).items == ()
    with pytest.raises(Forbidden):
        await state.upgrades.advance(ana, task.id)


async def test_a_writer_who_saves_at_that_moment_is_upgraded_too(letters: Schemas, ana: Caller) -> None:
    store = InterleavedStore()
    state = State(store, letters)
    old = await letter(state, ana)
    store.meanwhile("state.blobs", lambda: saved(state, ana, old, {"text": "Dear all"}))
    read = await state.upgrades.upgrade_blob(ana, old.id, 2)
    assert (read.data, read.revision) == ({"body": "Dear all"}, 3)


async def test_a_device_that_saves_the_old_form_too_late_loses_nothing(
    letters: Schemas, state: State, ana: Caller
) -> None:
    old = await letter(state, ana)
    await state.upgrades.upgrade_blob(ana, old.id, 2)
    with pytest.raises(StaleRevision) as refused:
        await state.blobs.change(ana, old.id, BlobChange(data={"text": "typed on the train"}, base_revision=1))
    kept = await state.revisions.get(ana, old.id, refused.value.facts["kept_as"])
    assert (kept.data, kept.schema_id) == ({"text": "typed on the train"}, "letter-v1")
    back = await state.trash.restore_blob(ana, old.id, kept.id)
    assert (back.schema_id, back.data) == ("letter-v1", {"text": "typed on the train"})


# --- all of them ---


async def test_all_letters_of_one_user_are_upgraded_and_nobody_elses(
    letters: Schemas, store: Store, state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    await letters.versions.register(bo, NewSchema(name="letter", json_schema=LETTER))
    bos = await letter(state, bo)
    note = await anas.note()
    olds = [await letter(state, ana, f"Letter {number}") for number in range(120)]
    task = await asked(state, ana, "letter-v3")
    assert (task.status, task.total, task.done) == ("requested", 120, 0)
    done = await worked_off(state, ana, task)
    assert (done.status, done.total, done.done, done.failed, done.errors) == ("completed", 120, 120, 0, ())
    for number, old in enumerate(olds):
        now = await state.blobs.get(ana, old.id)
        assert (now.schema_id, now.data, now.revision) == ("letter-v3", {"parts": [f"Letter {number}"]}, 2)
    assert await state.blobs.get(ana, note.id) == note
    assert await state.blobs.get(bo, bos.id) == bos
    events = await announced(store)
    assert [event.type for event in events if event.type.startswith("upgrade")] == [
        "upgrade.requested",
        "upgrade.completed",
    ]
    assert sum(event.type == "blob.updated.letter-v3" for event in events) == 120
    assert (await state.upgrades.list(ana)).items == (done,)


async def test_what_cannot_be_upgraded_is_left_and_told_of(letters: Schemas, state: State, ana: Caller) -> None:
    bad = [await letter(state, ana, f"{number}: far too long for the second major") for number in range(30)]
    good = await letter(state, ana)
    done = await worked_off(state, ana, await asked(state, ana))
    assert (done.status, done.total, done.done, done.failed) == ("completed", 31, 1, 30)
    assert [failure.blob_id for failure in done.errors] == [blob.id for blob in sorted(bad, key=lambda b: b.id)][:20]
    assert "/data/body" in done.errors[0].message
    assert await state.blobs.get(ana, bad[0].id) == bad[0]
    assert (await state.blobs.get(ana, good.id)).schema_id == "letter-v2"


async def test_the_trash_is_left_out(letters: Schemas, state: State, ana: Caller) -> None:
    thrown, kept = await letter(state, ana), await letter(state, ana)
    await state.trash.trash_blob(ana, thrown.id)
    done = await worked_off(state, ana, await asked(state, ana))
    assert (done.total, done.done) == (1, 1)
    assert (await state.trash.restore_blob(ana, thrown.id)).schema_id == "letter-v1"
    assert (await state.blobs.get(ana, kept.id)).schema_id == "letter-v2"


async def test_what_was_upgraded_stays_and_the_rest_is_left_when_it_is_called_off(
    letters: Schemas, store: Store, state: State, ana: Caller
) -> None:
    for number in range(60):
        await letter(state, ana, f"Letter {number}")
    task = await asked(state, ana)
    house = Caller(user_id=ana.user_id, kind="house")
    assert (await state.upgrades.advance(house, task.id)).done == 50
    off = await state.upgrades.cancel(ana, task.id)
    assert (off.status, off.done, off.total) == ("cancelled", 50, 60)
    assert await state.upgrades.advance(house, task.id) == off
    assert await store.count(BLOBS, ana.user_id, {"schema_id": "letter-v1"}) == 10
    with pytest.raises(Conflict):
        await state.upgrades.cancel(ana, task.id)
    assert (await announced(store))[-1].type == "upgrade.cancelled"


async def test_a_letter_that_is_changed_at_that_moment_is_upgraded_as_it_is_then(letters: Schemas, ana: Caller) -> None:
    async def meanwhile(act: Callable[[State, Blob], Awaitable[object]]) -> tuple[State, Blob, UpgradeTask]:
        store = InterleavedStore()
        state = State(store, letters)
        olds = [await letter(state, ana, str(number)) for number in range(5)]
        task = await asked(state, ana)
        store.meanwhile("state.upgrades", lambda: act(state, olds[2]))
        return state, olds[2], await worked_off(state, ana, task)

    state, one, done = await meanwhile(lambda state, old: saved(state, ana, old, {"text": "new"}))
    assert (done.done, done.failed, (await state.blobs.get(ana, one.id)).data) == (5, 0, {"body": "new"})
    state, one, done = await meanwhile(lambda state, old: state.trash.trash_blob(ana, old.id))
    assert (done.done, done.total, (await state.blobs.get(ana, one.id)).schema_id) == (4, 4, "letter-v1")
    state, one, done = await meanwhile(lambda state, old: state.upgrades.upgrade_blob(ana, old.id, 2))
    assert (done.done, done.total, (await state.blobs.get(ana, one.id)).revision) == (4, 4, 2)


async def test_a_way_that_is_not_there_is_refused_by_field(letters: Schemas, state: State, ana: Caller) -> None:
    for from_, to, path in (
        ("letter-v1", "text-input-v2", "/to"),
        ("letter-v1", "letter-v4", "/to"),
        ("letter-v2", "letter-v1", "/to"),
        ("letter-v2", "letter-v2", "/to"),
        ("letter", "letter-v2", "/from"),
        ("letter-v1", "letter-v2\n", "/to"),
        ("Letter-v1", "Letter-v2", "/from"),
    ):
        with pytest.raises(Invalid) as refused:
            await state.upgrades.request(ana, NewUpgrade(from_=from_, to=to))
        assert refused.value.errors[0].path == path


async def test_a_second_task_on_the_same_letters_is_refused_until_the_first_has_ended(
    letters: Schemas, state: State, ana: Caller
) -> None:
    await letter(state, ana)
    task = await asked(state, ana)
    with pytest.raises(Conflict) as refused:
        await asked(state, ana, "letter-v3")
    assert refused.value.facts["current"] == task
    await worked_off(state, ana, task)
    assert (await asked(state, ana, "letter-v3")).total == 0


async def test_a_request_that_comes_twice_makes_one_task(letters: Schemas, state: State, ana: Caller) -> None:
    new = NewUpgrade(from_="letter-v1", to="letter-v2")
    assert await state.upgrades.request(ana, new, key="k") == await state.upgrades.request(ana, new, key="k")
    assert len((await state.upgrades.list(ana)).items) == 1


async def test_two_copies_at_one_task_upgrade_each_letter_once(letters: Schemas, store: Store, ana: Caller) -> None:
    copies = [State(store, letters) for _ in range(2)]
    olds = [await letter(copies[0], ana, str(number)) for number in range(130)]
    task = await asked(copies[0], ana)
    ended = await asyncio.gather(*(worked_off(state, ana, task) for state in copies))
    assert {(one.status, one.done, one.total, one.failed) for one in ended} == {("completed", 130, 130, 0)}
    assert {(await copies[0].blobs.get(ana, old.id)).revision for old in olds} == {2}


async def test_a_task_is_worked_off_by_the_service_and_devices_hear_how_far_it_is(
    letters: Schemas, store: Store, ana: Caller
) -> None:
    bus = MemoryBus()
    relay = Relay(store, bus)
    await relay.start()
    state = State(relay, letters)
    heard: asyncio.Queue[ReceivedMessage] = asyncio.Queue()
    following = await follow_upgrades(bus, state.upgrades)
    listening = await bus.listen(f"{LIVE_SUBJECTS}.{ana.user_id}.upgrade.*", heard.put_nowait)
    try:
        for number in range(80):
            await letter(state, ana, str(number))
        task = await asked(state, ana)
        kinds: list[str] = []
        while not kinds or kinds[-1] != "completed":
            kinds.append((await asyncio.wait_for(heard.get(), 30)).subject.rpartition(".")[2])
        assert {"requested", "progress", "completed"} == {*kinds}
        assert (await state.upgrades.get(ana, task.id)).done == 80
    finally:
        await listening.stop()
        await following.stop()
        await relay.stop()


async def test_a_task_for_which_there_is_no_room_ends_and_says_so(letters: Schemas, store: Store, ana: Caller) -> None:
    state = State(store, letters, allowed={"bytes": 60})
    olds = [await letter(state, ana) for _ in range(3)]  # of 18 bytes, and of 21 in the third major
    ended = await worked_off(state, ana, await asked(state, ana, "letter-v3"))
    assert (ended.status, ended.done) == ("failed", 0)
    assert "quota" in (ended.error or "")
    assert await state.blobs.get(ana, olds[0].id) == olds[0]
    assert (await state.upgrades.upgrade_blob(ana, olds[0].id, 3)).schema_id == "letter-v3"
