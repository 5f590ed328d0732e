"""What a writer may rely on about where a note stands and what came of it."""

import pytest
from msgspec.structs import replace

from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.ports.store import Put, Store
from reyna.services.state.records import BLOBS
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder


async def derived(state: State, caller: Caller, parent: str, run: str, *, of: int = 1) -> str:
    worker = Caller(user_id=caller.user_id, kind="processor", processor_id="expander", run_id=run)
    new = NewBlob(processor_id="expander", schema_id="text-input-v1", data={"content": run}, parent_id=parent)
    return (await state.blobs.create(worker, new, parent_revision=of)).id


async def test_a_note_shows_every_path_that_leads_to_it(state: State, anas: ContentBuilder, ana: Caller) -> None:
    shelf, album = await anas.bucket("shelf"), await anas.bucket("album")
    book = await anas.bucket("book", shelf.id)
    chapter = await anas.bucket("chapter", book.id)
    note = await anas.note("note", chapter.id, album.id, book.id)
    paths = [[bucket.name for bucket in path] for path in (await state.lineage.paths(ana, note.id)).items]
    assert sorted(paths) == [["album"], ["shelf", "book"], ["shelf", "book", "chapter"]]
    await state.trash.trash_bucket(ana, book.id)
    assert [[bucket.id for bucket in path] for path in (await state.lineage.paths(ana, note.id)).items] == [[album.id]]
    await state.trash.trash_blob(ana, note.id)
    assert (await state.lineage.paths(ana, note.id)).items == ()


async def test_a_lineage_reaches_over_any_distance_and_marks_what_is_stale(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    line = [(await anas.note("source")).id]
    for number in range(5):
        line.append(await derived(state, ana, line[-1], f"run-{number}"))
    aside = await derived(state, ana, line[1], "run-aside")
    await state.blobs.change(ana, line[2], BlobChange(data={"content": "newer"}, base_revision=1))

    middle = await state.lineage.get(ana, line[2])
    assert [(kin.id, kin.distance) for kin in middle.ancestors] == [(line[1], 1), (line[0], 2)]
    assert [(kin.id, kin.distance, kin.stale) for kin in middle.descendants] == [
        (line[3], 1, True),
        (line[4], 2, False),
        (line[5], 3, False),
    ]
    assert not middle.stale
    assert (await state.lineage.get(ana, line[3])).stale
    root = await state.lineage.get(ana, line[0])
    assert {kin.id for kin in root.descendants} == {*line[1:], aside}
    assert {kin.parent_id for kin in root.descendants if kin.distance == 2} == {line[1]}


async def test_a_trashed_relative_is_shown_as_such(state: State, anas: ContentBuilder, ana: Caller) -> None:
    note = await anas.note("source")
    made = await derived(state, ana, note.id, "run-1")
    await state.trash.trash_blob(ana, made)
    (kin,) = (await state.lineage.get(ana, note.id)).descendants
    assert kin.trashed_at is not None


async def test_bo_learns_nothing_of_anas_notes(state: State, anas: ContentBuilder, bo: Caller) -> None:
    note = await anas.note()
    for attempt in (
        state.lineage.paths(bo, note.id),
        state.lineage.get(bo, note.id),
        state.revisions.diff(bo, note.id, since=1),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_two_revisions_are_compared_in_either_direction(state: State, anas: ContentBuilder, ana: Caller) -> None:
    note = await anas.note("one two")
    await state.blobs.change(ana, note.id, BlobChange(data={"content": "one three", "title": "T"}, base_revision=1))
    forth = await state.revisions.diff(ana, note.id, since=1)
    assert [(found.path, found.kind) for found in forth.differences] == [("/content", "changed"), ("/title", "added")]
    back = await state.revisions.diff(ana, note.id, since=2, to=1)
    assert [(found.path, found.kind) for found in back.differences] == [("/content", "changed"), ("/title", "removed")]
    assert (await state.revisions.diff(ana, note.id, since=2, to=2)).differences == ()


async def test_a_note_stored_before_its_data_had_a_revision_makes_stale_what_came_from_an_earlier_one(
    state: State, store: Store, anas: ContentBuilder, ana: Caller
) -> None:
    source = await anas.note("source")
    first = await derived(state, ana, source.id, "run-1")
    await state.blobs.change(ana, source.id, BlobChange(data={"content": "changed"}, base_revision=1))
    kept = await store.get(BLOBS, ana.user_id, source.id)
    assert kept is not None
    await store.write(Put(BLOBS, replace(kept, data_revision=None), expects=None))
    assert (await state.blobs.get(ana, first)).stale
