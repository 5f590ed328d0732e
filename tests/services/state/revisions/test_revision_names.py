"""What a writer may rely on about names of revisions."""

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.event import DECODER
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import NAMES
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder
from tests.services.state.interleaved_store import InterleavedStore
from tests.services.state.revisions.test_revisions import listed, saved
from tests.support.times import FAR_FUTURE


async def test_a_revision_is_found_again_by_its_name(state: State, anas: ContentBuilder, ana: Caller) -> None:
    note = await saved(state, ana, await anas.note("one"), {"content": "two"}, {"content": "three"})
    named = await state.revisions.rename(ana, note.id, 1, "  First draft ")
    assert (named.number, named.name, named.data) == (1, "First draft", {"content": "one"})
    await state.revisions.rename(ana, note.id, 3, "As sent")
    for limit in (50, 1):
        found = await listed(state, ana, note.id, named=True, limit=limit)
        assert [(one.number, one.name, one.data["content"]) for one in found] == [
            (3, "As sent", "three"),
            (1, "First draft", "one"),
        ]
    await saved(state, ana, note, {"content": "four"})
    assert [one.name for one in await listed(state, ana, note.id)] == [None, "As sent", None, "First draft"]
    assert (await state.revisions.get(ana, note.id, 3)).name == "As sent"


async def test_a_name_is_changed_and_taken_away(store: Store, state: State, anas: ContentBuilder, ana: Caller) -> None:
    note = await anas.note()
    await state.revisions.rename(ana, note.id, 1, "Draft")
    assert (await state.revisions.rename(ana, note.id, 1, "Final")).name == "Final"
    assert (await state.revisions.rename(ana, note.id, 1, None)).name is None
    assert await listed(state, ana, note.id, named=True) == []
    assert await store.count(NAMES, ana.user_id) == 0
    assert (await state.revisions.rename(ana, note.id, 1, None)).name is None
    assert (await state.revisions.rename(ana, note.id, 1, "Again")).name == "Again"


async def test_every_device_is_told_of_a_name_once(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    chapter = await anas.bucket()
    note = await anas.note("one", chapter.id)
    for name in ("Draft", "Draft", None, None):
        await state.revisions.rename(ana, note.id, 1, name)
    events = [DECODER.decode(message.body) for message in await store.list_unsent(before=FAR_FUTURE, limit=1000)]
    named = [event for event in events if event.type == "blob.named.text-input-v1"]
    assert [(event.data["blob_id"], event.data["number"], event.data["name"]) for event in named] == [
        (note.id, 1, "Draft"),
        (note.id, 1, None),
    ]
    assert named[0].data["bucket_ids"] == [chapter.id]


async def test_a_name_is_printable_and_neither_empty_nor_endless(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note()
    assert (await state.revisions.rename(ana, note.id, 1, "ü" * 200)).name == "ü" * 200
    for name in ("", "   ", "x" * 201, "a\nb", "a\x7fb", "\ud800"):
        with pytest.raises(Invalid):
            await state.revisions.rename(ana, note.id, 1, name)


async def test_only_what_is_there_and_ones_own_is_named(
    state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    note = await anas.note()
    for caller, id, number in ((bo, note.id, 1), (ana, note.id, 2), (ana, "blob-nowhere", 1)):
        with pytest.raises(NotFound):
            await state.revisions.rename(caller, id, number, "Draft")
    await state.trash.trash_blob(ana, note.id)
    assert (await state.revisions.rename(ana, note.id, 1, "What it was")).name == "What it was"


async def test_of_two_devices_that_name_at_once_the_later_one_is_heard(ana: Caller, schemas: Schemas) -> None:
    store = InterleavedStore()
    mine = State(store, schemas)
    note = await ContentBuilder(mine, ana).note()
    store.meanwhile("state.names", lambda: mine.revisions.rename(ana, note.id, 1, "From the phone"))
    assert (await mine.revisions.rename(ana, note.id, 1, "From the desk")).name == "From the desk"
    assert (await mine.revisions.get(ana, note.id, 1)).name == "From the desk"
