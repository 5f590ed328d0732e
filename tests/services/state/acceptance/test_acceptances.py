"""What a writer may rely on when a text is accepted."""

from typing import Final

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.event import DECODER
from reyna.services.state.service import State
from tests.services.state.acceptance.conftest import EXPANDED, NOTE, PARTS, Accepting, kinds, texts
from tests.services.state.conftest import ContentBuilder
from tests.support.times import FAR_FUTURE

LINES: Final = NOTE.split("\n\n")


async def test_the_first_acceptance_makes_a_text_beside_the_note(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    chapter, draft = await anas.bucket(), await anas.bucket("Draft")
    note = await anas.note(NOTE, chapter.id, draft.id)
    after = await anas.note("What comes next.", chapter.id)
    accepting = Accepting(state, ana, note)
    derived = await accepting.derive()
    accepted = await accepting.accept(derived)
    assert (accepted.schema_id, accepted.revision, accepted.processor_id) == ("edited-text-v1", 1, "user-input")
    assert accepted.data["content"] == EXPANDED
    assert (accepted.parent_id, accepted.stale, accepted.author_kind) == (note.id, False, "user")
    assert set(accepted.bucket_ids) == {chapter.id, draft.id}
    listed = (await state.blobs.list(ana, bucket_id=chapter.id)).items
    assert [blob.id for blob in listed] == [note.id, accepted.id, after.id]
    assert await state.blobs.get(ana, accepted.id) == accepted


async def test_nothing_is_overwritten(state: State, ana: Caller, accepting: Accepting) -> None:
    derived = await accepting.derive()
    await accepting.accept(derived, 1)
    await accepting.accept(derived)
    for blob in (accepting.note, derived):
        there = await state.blobs.get(ana, blob.id)
        assert (there.data, there.revision) == (blob.data, 1)


async def test_each_paragraph_says_where_it_is_from(accepting: Accepting) -> None:
    derived = await accepting.derive()
    accepted = await accepting.accept(derived, 2)
    assert texts(accepted) == [LINES[0], PARTS[1], LINES[2]]
    first, second, _ = [entry["from"] for entry in accepted.data["paragraphs"]]
    assert first | {"at": ""} == {
        "kind": "person", "blob_id": accepting.note.id, "revision": 1, "paragraph": 1, "at": "",
    }  # fmt: skip
    assert second | {"at": ""} == {
        "kind": "model", "blob_id": derived.id, "revision": 1, "paragraph": 2, "processor": "text-expansion",
        "model": "small-1", "at": "",
    }  # fmt: skip
    assert second["at"].endswith("Z")


async def test_every_acceptance_is_a_revision_that_can_be_gone_back_to(
    state: State, ana: Caller, accepting: Accepting
) -> None:
    derived = await accepting.derive()
    made = [await accepting.accept(derived, 1), await accepting.accept(derived, 3), await accepting.accept(derived)]
    assert [blob.revision for blob in made] == [1, 2, 3]
    assert [kinds(blob).count("model") for blob in made] == [1, 2, 3]
    for blob in made:
        back = await state.trash.restore_blob(ana, blob.id, blob.revision)
        assert back.data == blob.data
    assert back.revision == 6


async def test_undo_is_about_structure_and_leaves_the_accepted_text_alone(
    state: State, anas: ContentBuilder, ana: Caller, accepting: Accepting
) -> None:
    bucket = await anas.bucket()
    accepted = await accepting.accept(await accepting.derive())
    await state.journal.undo(ana)
    assert (await state.buckets.get(ana, bucket.id)).trashed_at is not None
    assert (await state.blobs.get(ana, accepted.id)).data == accepted.data


async def test_the_same_acceptance_again_makes_no_revision(accepting: Accepting) -> None:
    derived = await accepting.derive()
    assert await accepting.accept(derived, 2) == await accepting.accept(derived, 2)
    assert await accepting.accept(derived) == await accepting.accept(derived)
    assert (await accepting.accept(derived, 1, 2)).revision == 2


async def test_another_version_takes_the_place_of_the_first_one(accepting: Accepting) -> None:
    one, other = await accepting.derive(), await accepting.derive(EXPANDED.replace("Marta", "Old Marta"))
    await accepting.accept(one)
    accepted = await accepting.accept(other, 2)
    assert texts(accepted) == [PARTS[0], PARTS[1].replace("Marta", "Old Marta"), PARTS[2]]
    assert [entry["from"]["blob_id"] for entry in accepted.data["paragraphs"]] == [one.id, other.id, one.id]


async def test_what_a_person_changes_afterwards_is_theirs(accepting: Accepting) -> None:
    accepted = await accepting.accept(await accepting.derive())
    edited = await accepting.edit(accepted, EXPANDED.replace("burned her palms", "slid through her hands"))
    assert kinds(edited) == ["model", "person", "model"]
    assert "blob_id" not in edited.data["paragraphs"][1]["from"]
    assert await accepting.edit(edited, edited.data["content"]) == edited
    swapped = await accepting.edit(edited, "\n\n".join([PARTS[2], "New.", PARTS[0]]))
    assert kinds(swapped) == ["model", "person", "model"]
    assert [entry["from"].get("paragraph") for entry in swapped.data["paragraphs"]] == [3, None, 1]


async def test_what_a_person_wrote_meanwhile_is_not_replaced_by_a_paragraph(accepting: Accepting) -> None:
    derived = await accepting.derive()
    mine = PARTS[1].replace("burned her palms", "slid through her hands")
    await accepting.edit(await accepting.accept(derived), EXPANDED.replace(PARTS[1], mine))
    accepted = await accepting.accept(derived, 2)
    assert texts(accepted) == [PARTS[0], mine, PARTS[1], PARTS[2]]
    assert kinds(accepted) == ["model", "person", "model", "model"]


async def test_an_edited_text_takes_what_was_made_of_it_as_a_revision_of_its_own(accepting: Accepting) -> None:
    accepted = await accepting.edit(await accepting.accept(await accepting.derive()), "Mine.\n\nMine too.")
    shorter = await accepting.derive("Mine, shorter.\n\nMine too.", of=accepted, schema_id="edited-text-v1")
    again = await accepting.accept(shorter, 1, of=accepted)
    assert (again.id, again.revision) == (accepted.id, 3)
    assert (texts(again), kinds(again)) == (["Mine, shorter.", "Mine too."], ["model", "person"])
    from_note = await accepting.accept(shorter)
    assert (from_note.id, texts(from_note)) == (accepted.id, ["Mine, shorter.", "Mine too."])


async def test_an_accepted_text_is_stale_when_the_note_has_changed_since(
    state: State, ana: Caller, accepting: Accepting
) -> None:
    old = await accepting.derive()
    accepted = await accepting.accept(old)
    await accepting.edit(accepting.note, NOTE + "\n\nNobody followed.")
    assert (await state.blobs.get(ana, accepted.id)).stale
    new = await accepting.derive(EXPANDED + "\n\nNobody followed her out.")
    partly = await accepting.accept(new, 4)
    assert (texts(partly)[3], partly.stale) == ("Nobody followed her out.", True)
    assert not (await accepting.accept(new)).stale
    assert (await accepting.accept(old)).stale


async def test_what_a_person_changed_in_the_derived_text_is_theirs(accepting: Accepting) -> None:
    derived = await accepting.derive()
    text = "\n\n".join([PARTS[0], "I know better.", PARTS[2]])
    change = BlobChange(merge_patch={"expanded": text}, base_revision=1)
    await accepting.state.blobs.change(accepting.caller, derived.id, change)
    accepted = await accepting.accept(derived)
    assert kinds(accepted) == ["model", "person", "model"]
    assert accepted.data["paragraphs"][1]["from"]["revision"] == 2


async def test_what_names_its_model_is_the_models_whoever_stored_it(
    state: State, ana: Caller, accepting: Accepting
) -> None:
    data = {"original": "x", "expanded": PARTS[0], "expansion_ratio": 1}
    for model, kind in ((None, "person"), ("small-1", "model")):
        stored = data | ({"model": model} if model else {})
        new = NewBlob(schema_id="expanded-text-v1", data=stored, parent_id=accepting.note.id)
        accepted = await accepting.accept(await state.blobs.create(ana, new))
        assert kinds(accepted) == [kind]
        assert "processor" not in accepted.data["paragraphs"][0]["from"]


async def test_devices_hear_of_it_as_of_any_other_blob(store: MemoryStore, accepting: Accepting) -> None:
    derived = await accepting.derive()
    await accepting.accept(derived, 1)
    await accepting.accept(derived)
    messages = await store.list_unsent(before=FAR_FUTURE, limit=100)
    events = [DECODER.decode(message.body) for message in messages][-2:]
    assert [event.type for event in events] == ["blob.created.edited-text-v1", "blob.updated.edited-text-v1"]
    assert all(event.data["cause"] == "accept" and event.data["accepted_blob_id"] == derived.id for event in events)
