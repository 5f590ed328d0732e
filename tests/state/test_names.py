"""What a writer may rely on about names of revisions."""

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.event import DECODER
from reyna.ports import Store
from reyna.schemas.service import Schemas
from reyna.state.records import NAMES
from reyna.state.service import State
from tests.moments import SOON
from tests.state.conftest import Made
from tests.state.meanwhile import MeanwhileStore
from tests.state.test_history import listed, saved


async def test_a_revision_is_found_again_by_its_name(state: State, anas: Made, ana: Caller) -> None:
    note = await saved(state, ana, await anas.note("one"), {"content": "two"}, {"content": "three"})
    named = await state.name_revision(ana, note.id, 1, "  First draft ")
    assert (named.number, named.name, named.data) == (1, "First draft", {"content": "one"})
    await state.name_revision(ana, note.id, 3, "As sent")
    for limit in (50, 1):
        found = await listed(state, ana, note.id, named=True, limit=limit)
        assert [(one.number, one.name, one.data["content"]) for one in found] == [
            (3, "As sent", "three"),
            (1, "First draft", "one"),
        ]
    await saved(state, ana, note, {"content": "four"})
    assert [one.name for one in await listed(state, ana, note.id)] == [None, "As sent", None, "First draft"]
    assert (await state.revision(ana, note.id, 3)).name == "As sent"


async def test_a_name_is_changed_and_taken_away(store: Store, state: State, anas: Made, ana: Caller) -> None:
    note = await anas.note()
    await state.name_revision(ana, note.id, 1, "Draft")
    assert (await state.name_revision(ana, note.id, 1, "Final")).name == "Final"
    assert (await state.name_revision(ana, note.id, 1, None)).name is None
    assert await listed(state, ana, note.id, named=True) == []
    assert await store.count(NAMES, ana.user_id) == 0
    assert (await state.name_revision(ana, note.id, 1, None)).name is None
    assert (await state.name_revision(ana, note.id, 1, "Again")).name == "Again"


async def test_every_device_is_told_of_a_name_once(store: Store, state: State, anas: Made, ana: Caller) -> None:
    chapter = await anas.bucket()
    note = await anas.note("one", chapter.id)
    for name in ("Draft", "Draft", None, None):
        await state.name_revision(ana, note.id, 1, name)
    events = [DECODER.decode(message.body) for message in await store.unsent(before=SOON, limit=1000)]
    named = [event for event in events if event.type == "blob.named.text-input-v1"]
    assert [(event.data["blob_id"], event.data["number"], event.data["name"]) for event in named] == [
        (note.id, 1, "Draft"),
        (note.id, 1, None),
    ]
    assert named[0].data["bucket_ids"] == [chapter.id]


async def test_a_name_is_printable_and_neither_empty_nor_endless(state: State, anas: Made, ana: Caller) -> None:
    note = await anas.note()
    assert (await state.name_revision(ana, note.id, 1, "ü" * 200)).name == "ü" * 200
    for name in ("", "   ", "x" * 201, "a\nb", "a\x7fb", "\ud800"):
        with pytest.raises(Invalid):
            await state.name_revision(ana, note.id, 1, name)


async def test_only_what_is_there_and_ones_own_is_named(state: State, anas: Made, ana: Caller, bo: Caller) -> None:
    note = await anas.note()
    for caller, id, number in ((bo, note.id, 1), (ana, note.id, 2), (ana, "blob-nowhere", 1)):
        with pytest.raises(NotFound):
            await state.name_revision(caller, id, number, "Draft")
    await state.trash_blob(ana, note.id)
    assert (await state.name_revision(ana, note.id, 1, "What it was")).name == "What it was"


async def test_of_two_devices_that_name_at_once_the_later_one_is_heard(ana: Caller, schemas: Schemas) -> None:
    store = MeanwhileStore()
    mine = State(store, schemas)
    note = await Made(mine, ana).note()
    store.meanwhile("state.names", lambda: mine.name_revision(ana, note.id, 1, "From the phone"))
    assert (await mine.name_revision(ana, note.id, 1, "From the desk")).name == "From the desk"
    assert (await mine.revision(ana, note.id, 1)).name == "From the desk"
