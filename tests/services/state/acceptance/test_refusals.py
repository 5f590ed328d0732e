"""Acceptances that are refused, repeated, or made by two devices at once."""

import asyncio

import pytest
from msgspec.structs import replace

from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleRevision
from reyna.domain.requests.acceptance import NewAcceptance
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.service import State
from tests.services.state.acceptance.conftest import EXPANDED, NOTE, PARTS, Accepting, kinds, texts
from tests.services.state.conftest import ContentBuilder
from tests.services.state.interleaved_store import InterleavedStore

LINES = NOTE.split("\n\n")


async def test_a_blob_that_was_not_made_of_this_note_is_refused(anas: ContentBuilder, accepting: Accepting) -> None:
    derived, other = await accepting.derive(), await anas.note("Another note.")
    accepted = await accepting.accept(derived)
    for of, blob in ((other, derived), (accepting.note, other), (accepting.note, accepting.note), (derived, derived)):
        with pytest.raises(Invalid) as refused:
            await accepting.accept(blob, of=of)
        assert refused.value.errors[0].path == "/derived_blob_id"
    with pytest.raises(Invalid):
        await accepting.accept(accepted)


async def test_what_another_user_has_is_not_found(state: State, bo: Caller, accepting: Accepting) -> None:
    derived = await accepting.derive()
    bos = await state.blobs.create(bo, NewBlob(schema_id="text-input-v1", data={"content": "Bo's."}))
    for note_id in (accepting.note.id, bos.id):
        with pytest.raises(NotFound):
            await state.acceptances.accept(bo, note_id, NewAcceptance(derived_blob_id=derived.id))
    with pytest.raises(NotFound) as missing:
        await accepting.accept(bos)
    assert missing.value.facts["field"] == "derived_blob_id"


@pytest.mark.parametrize("paragraphs", [(0,), (4,), (1, 4), (-1,)])
async def test_a_number_of_no_paragraph_is_refused(accepting: Accepting, paragraphs: tuple[int, ...]) -> None:
    derived = await accepting.derive()
    with pytest.raises(Invalid) as refused:
        await accepting.accept(derived, *paragraphs)
    assert refused.value.errors[0].path == f"/paragraphs/{len(paragraphs) - 1}"
    assert refused.value.errors[0].expected == "1 to 3"
    with pytest.raises(Invalid):
        new = NewAcceptance(derived_blob_id=derived.id, paragraphs=())
        await accepting.state.acceptances.accept(accepting.caller, accepting.note.id, new)


async def test_what_holds_no_text_is_refused(state: State, ana: Caller, accepting: Accepting) -> None:
    pitch = NewBlob(schema_id="pitch-v1", data={"title": "Sea"}, parent_id=accepting.note.id)
    with pytest.raises(Invalid, match=r"pitch-v1 holds no text"):
        await accepting.accept(await state.blobs.create(ana, pitch))
    with pytest.raises(Invalid, match=r"its text is empty"):
        await accepting.accept(await accepting.derive(" \n\n "))


async def test_nothing_is_accepted_out_of_the_trash_or_into_it(state: State, ana: Caller, accepting: Accepting) -> None:
    derived = await accepting.derive()
    accepted = await accepting.accept(derived)
    for blob in (accepting.note, derived, accepted):
        await state.trash.trash_blob(ana, blob.id)
        with pytest.raises(Conflict, match=r"is in the trash") as refused:
            await accepting.accept(derived)
        assert refused.value.facts["current"].id == blob.id
        await state.trash.restore_blob(ana, blob.id)
    assert (await accepting.accept(derived)).id == accepted.id


async def test_a_purged_text_is_made_anew(state: State, ana: Caller, accepting: Accepting) -> None:
    derived = await accepting.derive()
    accepted = await accepting.accept(derived)
    await state.trash.trash_blob(ana, accepted.id)
    await state.purging.purge(ana, accepted.id)
    again = await accepting.accept(derived)
    assert (again.id, again.revision) == (accepted.id, 1)


async def test_a_processor_accepts_nothing(state: State, ana: Caller, accepting: Accepting) -> None:
    derived = await accepting.derive()
    worker = replace(ana, kind="processor", processor_id="text-expansion", run_id="run-1")
    with pytest.raises(Forbidden):
        await state.acceptances.accept(worker, accepting.note.id, NewAcceptance(derived_blob_id=derived.id))


async def test_an_acceptance_of_a_text_that_has_changed_since_is_refused_with_the_present_one(
    accepting: Accepting,
) -> None:
    derived = await accepting.derive()
    accepted = await accepting.accept(derived, 1, base_revision=0)
    assert (await accepting.accept(derived, 2, base_revision=1)).revision == 2
    for base in (0, 1, 7):
        with pytest.raises(StaleRevision) as refused:
            await accepting.accept(derived, 3, base_revision=base)
        assert refused.value.facts["current"].revision == 2
    assert accepted.id == refused.value.facts["current"].id


async def test_two_devices_that_accept_at_once_lose_nothing(store: Store, schemas: Schemas, ana: Caller) -> None:
    """The later one is applied to what the earlier one made."""
    devices = [State(store, schemas) for _ in range(3)]
    note = await ContentBuilder(devices[0], ana).note(NOTE)
    each = [Accepting(state, ana, note) for state in devices]
    derived = await each[0].derive()
    await asyncio.gather(*(one.accept(derived, number + 1) for number, one in enumerate(each)))
    accepted = await each[0].accept(derived)
    assert (accepted.data["content"], accepted.revision) == (EXPANDED, 3)


async def test_what_a_person_saves_at_the_same_moment_stays(schemas: Schemas, ana: Caller) -> None:
    store = InterleavedStore()
    state = State(store, schemas)
    accepting = Accepting(state, ana, await ContentBuilder(state, ana).note(NOTE))
    derived = await accepting.derive()
    accepted = await accepting.accept(derived, 1)
    mine = accepted.data["content"] + "\n\nMine."
    store.meanwhile("state.blobs", lambda: accepting.edit(accepted, mine))
    both = await accepting.accept(derived, 3)
    assert texts(both) == [PARTS[0], LINES[1], PARTS[2], "Mine."]
    assert kinds(both) == ["model", "person", "model", "person"]


async def test_a_repeated_request_is_answered_as_the_first_time(accepting: Accepting) -> None:
    derived = await accepting.derive()
    first = await accepting.accept(derived, 1, key="try-1")
    second = await accepting.accept(derived, 2, key="try-2")
    assert await accepting.accept(derived, 1, key="try-1") == first
    await accepting.edit(second, "Mine.")
    assert await accepting.accept(derived, 2, key="try-2") == second


async def test_a_late_save_of_an_accepted_text_is_kept_as_a_persons(state: State, accepting: Accepting) -> None:
    accepted = await accepting.accept(await accepting.derive())
    await accepting.edit(accepted, EXPANDED + "\n\nFirst.")
    with pytest.raises(StaleRevision) as refused:
        change = BlobChange(data={"content": EXPANDED + "\n\nSecond."}, base_revision=1)
        await state.blobs.change(accepting.caller, accepted.id, change)
    kept = await state.revisions.get(accepting.caller, accepted.id, refused.value.facts["kept_as"])
    assert [entry["from"]["kind"] for entry in kept.data["paragraphs"]] == ["model", "model", "model", "person"]
