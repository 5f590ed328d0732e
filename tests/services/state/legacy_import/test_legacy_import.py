"""What somebody may rely on who brings in the files of an older system."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from reyna.domain.blob import BlobChange
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, TooMuch
from reyna.domain.schema import NewSchema
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.legacy_import.lines import blob_id, fields_of
from reyna.services.state.legacy_import.reader import MAX_LINE_BYTES, import_lines
from reyna.services.state.legacy_import.report import Report
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder
from tests.services.state.trash.test_trash import announced

Body = dict[str, Any]


def a_line(id: str = "1", **more: Any) -> Body:
    return {"id": id, "content": f"The ship sailed, {id}."} | more


def file_of(*lines: Any, piece: int = 1000) -> AsyncIterator[bytes]:
    """The lines as the bytes of a file, in pieces that end anywhere; what is bytes already stays as it is."""
    text = b"\n".join(line if isinstance(line, bytes) else msgspec.json.encode(line) for line in lines)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(text), piece):
            yield text[start : start + piece]

    return pieces()


async def brought_in(
    state: State, caller: Caller, *lines: Any, maps: tuple[str, ...] = (), dry: bool = False
) -> Report:
    return await import_lines(state.legacy_import, caller, file_of(*lines), fields_of(maps), dry_run=dry)


async def buckets_of(store: Store, caller: Caller) -> dict[str, Bucket]:
    """By name; no two may have the same one."""
    found = await store.find(BUCKETS, caller.user_id)
    by_name = {bucket.name: bucket for bucket in found}
    assert len(by_name) == len(found)
    return by_name


async def test_fixed_fields_become_buckets_and_a_chapter_stands_under_its_book(
    store: Store, state: State, ana: Caller
) -> None:
    lines = [
        a_line("1", book_id="book-123", chapter_id="chapter-456", conversation_id="conv-789"),
        a_line("2", book_id="book-123", chapter_id="chapter-456"),
        a_line("3", book_id="book-123", book_title="Storms"),
        a_line("4"),
    ]
    report = await brought_in(state, ana, *lines)
    assert (report.lines, report.created, report.buckets, report.placed) == (4, 4, 3, 6)
    buckets = await buckets_of(store, ana)
    assert {name: bucket.type for name, bucket in buckets.items()} == {
        "Storms": "book", "chapter-456": "chapter", "conv-789": "conversation",
    }  # fmt: skip
    assert buckets["chapter-456"].parent_bucket_id == buckets["Storms"].id
    assert buckets["conv-789"].parent_bucket_id is None
    first = await state.blobs.get(ana, blob_id(ana.user_id, "1"))
    assert set(first.bucket_ids) == {bucket.id for bucket in buckets.values()}
    assert (first.data, first.author_kind, first.revision) == ({"content": "The ship sailed, 1."}, "import", 1)
    in_book = await state.blobs.list(ana, bucket_id=buckets["Storms"].id)
    assert [blob.data["content"][-2] for blob in in_book.items] == ["1", "2", "3"]


async def test_the_same_file_again_changes_nothing(store: Store, state: State, ana: Caller) -> None:
    lines = [a_line(str(number), book_id=number % 3, chapter_id=str(number % 9)) for number in range(700)]
    first = await brought_in(state, ana, *lines)
    events = len(await store.list_unsent(before=datetime.max.replace(tzinfo=UTC), limit=10_000))
    again = await brought_in(state, ana, *lines)
    assert (first.created, first.already_there, first.buckets) == (700, 0, 12)
    assert (again.created, again.already_there, again.buckets, again.placed) == (0, 700, 0, 0)
    assert len(await store.list_unsent(before=datetime.max.replace(tzinfo=UTC), limit=10_000)) == events
    assert await store.count(BLOBS, ana.user_id) == 700
    assert await store.count(PLACEMENTS, ana.user_id) == first.placed == 1400


async def test_two_at_once_bring_in_every_line_once(store: Store, state: State, ana: Caller) -> None:
    lines = [a_line(str(number), book_id=number % 3, chapter_id=str(number % 9)) for number in range(600)]
    reports = await asyncio.gather(*(brought_in(state, ana, *lines) for _ in range(2)))
    assert [report.created + report.already_there for report in reports] == [600, 600]
    assert sum(report.created for report in reports) == await store.count(BLOBS, ana.user_id) == 600
    assert sum(report.buckets for report in reports) == await store.count(BUCKETS, ana.user_id) == 12


async def test_a_dry_run_writes_nothing_and_counts_the_same(store: Store, state: State, ana: Caller) -> None:
    lines: list[Any] = [
        a_line(str(number % 550), chapter_id=str(number % 9), **({"book_id": number % 2} if number % 5 else {}))
        for number in range(600)
    ]
    lines += [b"{", a_line("x", schema_id="poem-v1"), a_line("y", parent_id="y"), a_line("7", content="another")]
    dry = await brought_in(state, ana, *lines, dry=True)
    assert await store.count(BLOBS, ana.user_id) == await store.count(BUCKETS, ana.user_id) == 0
    assert await announced(store) == []
    real = await brought_in(state, ana, *lines)
    assert dry == msgspec.structs.replace(real, dry_run=True)
    assert (real.created, real.already_there, real.skipped, real.rejected, real.kept_whole) == (552, 50, 1, 1, 1)
    assert real.buckets == await store.count(BUCKETS, ana.user_id)


@pytest.mark.parametrize("order", [1, -1])
async def test_a_chapter_that_is_named_without_its_book_is_still_one_chapter(
    store: Store, state: State, ana: Caller, order: int
) -> None:
    alone = [a_line(str(number), chapter_id="c") for number in range(300)]
    whole = [a_line(f"b{number}", chapter_id="c", chapter_title="Storm", book_id="b") for number in range(3)]
    await brought_in(state, ana, *[*alone, *whole][::order])
    buckets = await buckets_of(store, ana)
    assert buckets.keys() == {"Storm", "b"}
    assert buckets["Storm"].parent_bucket_id == buckets["b"].id
    assert await store.count(PLACEMENTS, ana.user_id, {"bucket_id": buckets["Storm"].id}) == 303


async def test_chapter_one_of_two_books_is_two_chapters(store: Store, state: State, ana: Caller) -> None:
    lines = [a_line(f"{book}-{number}", book_id=book, chapter_id=1) for book in ("a", "b") for number in range(2)]
    await brought_in(state, ana, *lines)
    again = await brought_in(state, ana, *lines, a_line("new", book_id="b", chapter_id=1))
    assert (again.created, again.buckets) == (1, 0)
    books = {bucket.id: bucket.name for bucket in await store.find(BUCKETS, ana.user_id, {"type": "book"})}
    chapters = await store.find(BUCKETS, ana.user_id, {"type": "chapter"})
    assert sorted(books[chapter.parent_bucket_id or ""] for chapter in chapters) == ["a", "b"]
    counts = {books[c.parent_bucket_id or ""]: (await state.buckets.get(ana, c.id)).blob_count for c in chapters}
    assert counts == {"a": 2, "b": 3}


async def test_a_chapter_that_its_writer_has_moved_stays_where_it_is(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    await brought_in(state, ana, a_line("1", chapter_id="c"))
    shelf = await anas.bucket("shelf")
    chapter = (await buckets_of(store, ana))["c"]
    await state.buckets.move(ana, chapter.id, under=shelf.id)
    await brought_in(state, ana, a_line("2", chapter_id="c", book_id="b"))
    buckets = await buckets_of(store, ana)
    assert buckets["c"].parent_bucket_id == shelf.id
    await state.buckets.move(ana, buckets["b"].id, under=chapter.id)
    await state.buckets.move(ana, chapter.id, under=None)
    await brought_in(state, ana, a_line("3", chapter_id="c", book_id="b"))
    assert (await buckets_of(store, ana))["c"].parent_bucket_id is None


async def test_any_field_can_become_buckets(store: Store, state: State, ana: Caller) -> None:
    line = a_line("1", album_id=7, album_name="Echoes", track_id=1, book_id="b", label_id="l")
    report = await brought_in(state, ana, line, maps=("album_id=album", "track_id=track:album_id", "book_id="))
    buckets = await buckets_of(store, ana)
    assert {name: bucket.type for name, bucket in buckets.items()} == {"Echoes": "album", "1": "track"}
    assert buckets["1"].parent_bucket_id == buckets["Echoes"].id
    assert report.unmapped == {"book_id": 1, "label_id": 1}


@pytest.mark.parametrize("entry", ["album_id", "=album", "album_id=\u202eab", "book_id=book:chapter_id", "a_id=a:a_id"])
async def test_a_mapping_that_makes_no_sense_is_refused(entry: str) -> None:
    with pytest.raises(Invalid) as refused:
        fields_of([entry])
    assert refused.value.errors[0].path == "/map"


async def test_what_a_line_also_says_is_kept_beside_its_text(state: State, ana: Caller) -> None:
    line = a_line("1", book_id="b", mood={"a.b": [1]}, created_at="2019-05-04T12:00:00+02:00", title="Storm")
    await brought_in(state, ana, line)
    blob = await state.blobs.get(ana, blob_id(ana.user_id, "1"))
    assert blob.data == {"content": "The ship sailed, 1.", "title": "Storm"}
    assert blob.legacy == {"id": "1", "book_id": "b", "mood": {"a.b": [1]}, "created_at": "2019-05-04T12:00:00+02:00"}
    assert blob.created_at == blob.updated_at == datetime(2019, 5, 4, 10, tzinfo=UTC)
    changed = await state.blobs.change(ana, blob.id, BlobChange(data={"content": "It sank."}, base_revision=1))
    assert (changed.legacy, changed.created_at) == (blob.legacy, blob.created_at)


async def test_a_child_may_come_before_its_parent_or_without_it(state: State, ana: Caller) -> None:
    lines = [a_line("child", parent_id="parent"), *(a_line(str(n)) for n in range(300)), a_line("parent")]
    await brought_in(state, ana, *lines, a_line("orphan", parent_id="nobody"))
    parent = await state.blobs.get(ana, blob_id(ana.user_id, "parent"))
    assert parent.derived_ids == (blob_id(ana.user_id, "child"),)
    lineage = await state.lineage.get(ana, parent.derived_ids[0])
    assert [kin.id for kin in lineage.ancestors] == [parent.id]
    orphan = await state.blobs.get(ana, blob_id(ana.user_id, "orphan"))
    assert orphan.parent_id == blob_id(ana.user_id, "nobody")
    assert (await state.lineage.get(ana, orphan.id)).ancestors == ()


async def test_lines_that_come_from_each_other_are_parted(state: State, ana: Caller) -> None:
    far = [a_line(str(number)) for number in range(300)]
    ring = [a_line("a", parent_id="c"), a_line("b", parent_id="a"), *far, a_line("c", parent_id="b")]
    report = await brought_in(state, ana, *ring, a_line("self", parent_id="self"))
    assert [(note.id, note.what) for note in report.notes] == [("c", "parted"), ("self", "parted")]
    assert report.created == 304
    parents = {id: (await state.blobs.get(ana, blob_id(ana.user_id, id))).parent_id for id in ("a", "b", "c", "self")}
    assert parents == {"a": blob_id(ana.user_id, "c"), "b": blob_id(ana.user_id, "a"), "c": None, "self": None}
    kept = (await state.blobs.get(ana, blob_id(ana.user_id, "c"))).legacy
    assert isinstance(kept, dict) and kept["parent_id"] == "b"


async def test_what_does_not_fit_its_schema_is_kept_whole_and_told(state: State, ana: Caller) -> None:
    lines = [
        a_line("long", content="x" * 1_000_001, book_id="b"),
        a_line("poem", schema_id="poem-v1"),
        {"id": "empty"},
        a_line("much", extra="x" * 70_000),
    ]
    report = await brought_in(state, ana, *lines)
    assert (report.created, report.kept_whole, report.rejected, report.placed) == (4, 4, 0, 1)
    assert [(note.line, note.id, note.what) for note in report.notes] == [
        (1, "long", "kept_whole"), (2, "poem", "kept_whole"), (3, "empty", "kept_whole"), (4, "much", "kept_whole"),
    ]  # fmt: skip
    blob = await state.blobs.get(ana, blob_id(ana.user_id, "poem"))
    assert (blob.schema_id, blob.data["line"]) == ("legacy-v1", lines[1])
    assert "poem-v1" in blob.data["reason"]
    assert (await brought_in(state, ana, *lines)).already_there == 4


async def test_what_cannot_be_read_or_kept_is_told_by_its_line_and_the_rest_goes_on(state: State, ana: Caller) -> None:
    lines = [
        b'{"id": "torn", "content": ',
        b"",
        b"[1, 2]",
        b"\xff\xfe",
        a_line("nul", content="a\0b"),
        b'{"id": "long", "content": "' + b"x" * MAX_LINE_BYTES + b'"}',
        a_line("good"),
        b'{"id": "deep", "content": ' + b"[" * 200 + b"]" * 200 + b"}",
        b"[" * 100_000,
    ]
    report = await import_lines(state.legacy_import, ana, file_of(*lines, piece=65_536), fields_of(()))
    assert (report.lines, report.created, report.rejected) == (8, 1, 7)
    assert report.left_out == (1, 3, 4, 5, 6, 8, 9)
    assert all(note.reason for note in report.notes)
    assert [blob.data["content"] for blob in (await state.blobs.list(ana)).items] == ["The ship sailed, good."]


async def test_another_text_under_the_same_id_is_never_dropped_silently(state: State, ana: Caller) -> None:
    report = await brought_in(state, ana, a_line("1"), a_line("1"), a_line("1", content="quite another"))
    assert (report.created, report.already_there, report.skipped, report.left_out) == (1, 1, 1, (3,))
    blob = await state.blobs.get(ana, blob_id(ana.user_id, "1"))
    await state.blobs.change(ana, blob.id, BlobChange(data={"content": "edited since"}, base_revision=1))
    again = await brought_in(state, ana, a_line("1"))
    assert (again.already_there, again.skipped) == (1, 0)
    assert (await state.blobs.get(ana, blob.id)).data == {"content": "edited since"}


async def test_a_line_without_an_id_is_brought_in_once(state: State, ana: Caller) -> None:
    line = {"content": "no name", "book_id": "b"}
    assert (await brought_in(state, ana, line, line)).created == 1
    assert (await brought_in(state, ana, dict(reversed(line.items())))).already_there == 1


async def test_earlier_versions_become_revisions(state: State, ana: Caller) -> None:
    versions = [
        {"number": 2, "content": "second", "created_at": 1_500_000_000},
        {"number": 1, "data": {"content": "first"}, "created_at": 1_400_000_000_000},
        {"number": 3, "content": "third"},
    ]
    line = a_line("1", content="third", revisions=versions, updated_at={"$date": "2020-01-01T00:00:00Z"})
    report = await brought_in(state, ana, line, a_line("2", revisions="lost in a dump"))
    assert (report.created, report.revisions) == (2, 2)
    id = blob_id(ana.user_id, "1")
    kept = (await state.revisions.list(ana, id)).items
    assert [(one.number, one.author_kind) for one in kept] == [(3, "import"), (2, "import"), (1, "import")]
    texts = [(await state.revisions.get(ana, id, number)).data["content"] for number in (1, 2, 3)]
    assert texts == ["first", "second", "third"]
    assert [one.created_at.year for one in kept] == [2020, 2017, 2014]
    changed = await state.blobs.change(ana, id, BlobChange(data={"content": "fourth"}, base_revision=3))
    assert changed.revision == 4
    odd = await state.blobs.get(ana, blob_id(ana.user_id, "2"))
    assert isinstance(odd.legacy, dict) and odd.legacy["revisions"] == "lost in a dump"


async def test_what_a_database_has_exported_is_understood(state: State, ana: Caller) -> None:
    line = {
        "_id": {"$oid": "65a1"},
        "data": '{"content": "in JSON"}',
        "created_at": {"$date": {"$numberLong": "1400000000000"}},
        "processor_id": "GPT Expander 2",
    }
    never = {"id": None, "_id": "null", "content": "x", "created_at": {"$date": {"$numberLong": "9" * 5000}}}
    await brought_in(state, ana, line, {"id": "plain", "data": "just text"}, never)
    assert (await state.blobs.get(ana, blob_id(ana.user_id, "null"))).data == {"content": "x"}
    blob = await state.blobs.get(ana, blob_id(ana.user_id, "65a1"))
    assert (blob.data, blob.created_at.year, blob.processor_id) == ({"content": "in JSON"}, 2014, "legacy")
    assert isinstance(blob.legacy, dict) and blob.legacy["processor_id"] == "GPT Expander 2"
    assert (await state.blobs.get(ana, blob_id(ana.user_id, "plain"))).data == {"content": "just text"}


async def test_a_blob_whose_bucket_is_in_the_trash_comes_in_without_that_place(
    store: Store, state: State, ana: Caller
) -> None:
    await brought_in(state, ana, a_line("1", book_id="b", chapter_id="c"))
    book = (await buckets_of(store, ana))["b"]
    await state.trash.trash_bucket(ana, book.id)
    report = await brought_in(state, ana, a_line("1", book_id="b"), a_line("2", book_id="b", chapter_id="c"))
    assert (report.created, report.already_there, report.placed) == (1, 1, 0)
    assert [note.what for note in report.notes] == ["not_placed", "not_placed"]
    assert (await state.blobs.get(ana, blob_id(ana.user_id, "1"))).trashed_at is not None
    assert (await state.blobs.get(ana, blob_id(ana.user_id, "2"))).bucket_ids == ()


async def test_all_that_is_told_of_it_says_that_it_was_an_import(store: Store, state: State, ana: Caller) -> None:
    await brought_in(state, ana, a_line("1", chapter_id="c"))
    await brought_in(state, ana, a_line("2", chapter_id="c", book_id="b", chapter_title="Storm"))
    events = await announced(store)
    types = [event.type.removesuffix(".text-input-v1") for event in events]
    expected = ["bucket.created", "blob.created", "bucket.created", "bucket.moved", "bucket.updated", "blob.created"]
    assert types == expected
    assert {event.data["cause"] for event in events} == {"import"}
    assert len(events[-1].data["bucket_ids"]) == 2


async def test_bo_migrates_the_same_file_beside_ana(store: Store, state: State, ana: Caller, bo: Caller) -> None:
    lines = [a_line(str(number), book_id="b") for number in range(10)]
    for user in (ana, bo):
        assert (await brought_in(state, user, *lines)).created == 10
    assert await store.count(BLOBS, ana.user_id) == await store.count(BLOBS, bo.user_id) == 10
    assert blob_id(ana.user_id, "1") != blob_id(bo.user_id, "1")


async def test_a_type_whose_metadata_is_closed_gets_none_and_one_that_demands_more_is_refused(
    store: Store, state: State, schemas: Schemas, ana: Caller
) -> None:
    closed = {"type": "object", "additionalProperties": False}
    await schemas.versions.register(ana, NewSchema(name="folder", kind="bucket", json_schema=closed))
    await schemas.versions.register(ana, NewSchema(name="case", kind="bucket", json_schema={"required": ["judge"]}))
    lines = [a_line("1", folder_id="f"), a_line("2", folder_id="f", book_id="b")]
    maps = ("folder_id=folder:book_id",)
    for _ in range(2):
        await brought_in(state, ana, *lines, maps=maps)
    buckets = await buckets_of(store, ana)
    assert (buckets["f"].metadata, buckets["f"].parent_bucket_id) == ({}, buckets["b"].id)
    with pytest.raises(Invalid):
        await brought_in(state, ana, a_line("1"), maps=("case_id=case",))


async def test_names_are_made_fit_for_buckets(store: Store, state: State, ana: Caller) -> None:
    lines = [a_line("1", book_id="b", book_title=" A\n  long\tname " + "x" * 300), a_line("2", book_id="\x01")]
    await brought_in(state, ana, *lines)
    names = sorted(await buckets_of(store, ana))
    assert [len(name) for name in names] == [200, 8]
    assert names[0].startswith("A long name xxx")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("\u202ekoob", "koob"),
        ("\u200b", "b"),
        ("a\x07b", "a b"),
        ("🇩🇪" * 101, "🇩🇪" * 100),
        (f"x{'🇩🇪' * 100}", f"x{'🇩🇪' * 99}"),
    ],
)
async def test_a_name_that_cannot_be_shown_is_replaced_and_told_once(
    store: Store, state: State, ana: Caller, title: str, name: str
) -> None:
    lines = [a_line(str(number), book_id="b", book_title=title) for number in range(3)]
    report = await brought_in(state, ana, *lines)
    assert [*await buckets_of(store, ana)] == [name]
    assert [(note.line, note.what) for note in report.notes] == [(1, "renamed")]
    assert report.created == 3
    again = await brought_in(state, ana, *lines)
    assert (again.already_there, again.notes) == (3, ())


@pytest.mark.parametrize("title", [" Cafe\u0301\n  noir ", "हि\u200cन्दी", "👨‍👩‍👧"])
async def test_another_normal_form_and_white_space_are_no_other_name(state: State, ana: Caller, title: str) -> None:
    assert (await brought_in(state, ana, a_line("1", book_id="b", book_title=title))).notes == ()


async def test_a_type_of_an_import_is_any_short_text(store: Store, state: State, ana: Caller) -> None:
    await brought_in(state, ana, a_line("1", book_id="b"), maps=("book_id=Книга (old)",))
    assert [bucket.type for bucket in (await buckets_of(store, ana)).values()] == ["Книга (old)"]


async def test_a_report_tells_the_reasons_of_the_first_hundred_and_the_numbers_of_all(
    state: State, ana: Caller
) -> None:
    report = await brought_in(state, ana, *[b"torn"] * 250)
    assert (len(report.notes), len(report.left_out), report.rejected) == (100, 250, 250)
    assert [note.line for note in report.notes] == [*range(1, 101)]


async def test_a_full_quota_stops_it_with_what_was_done_and_more_room_lets_it_go_on(
    store: Store, schemas: Schemas, ana: Caller
) -> None:
    lines = [a_line(str(number), book_id=number % 2) for number in range(700)]
    with pytest.raises(TooMuch) as refused:
        await brought_in(State(store, schemas, allowed={"blobs": 600}), ana, *lines)
    assert (refused.value.facts["what"], refused.value.facts["report"]["created"]) == ("blobs", 500)
    state = State(store, schemas, allowed={"blobs": 700})
    report = await brought_in(state, ana, *lines)
    assert (report.created, report.already_there) == (200, 500)
    assert (await state.quota.usage(ana)).used["blobs"] == 700
    assert (await state.quota.usage(ana)).used["buckets"] == 2


async def test_what_was_brought_in_is_listed_by_its_times_and_in_the_order_of_the_file_where_they_are_the_same(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    await anas.note("there before")
    lines = [
        a_line("old", content="old", created_at="2012-05-04"),
        *(a_line(f"same {number:03}", content=str(number), created_at=1_600_000_000) for number in range(300)),
        a_line("new", content="new", created_at="2022-05-04"),
        *(a_line(f"without {number}", content=f"without {number}") for number in range(3)),
    ]
    await brought_in(state, ana, *lines)
    await anas.note("written since")
    found: list[str] = []
    page = await state.blobs.list(ana, limit=200)
    found += [blob.data["content"] for blob in page.items]
    page = await state.blobs.list(ana, limit=200, cursor=page.next_cursor)
    found += [blob.data["content"] for blob in page.items]
    assert found[:6] == ["written since", "without 2", "without 1", "without 0", "there before", "new"]
    assert found[6:] == [*map(str, reversed(range(300))), "old"]


async def test_a_time_that_cannot_be_read_is_named_with_its_line_and_kept_as_it_was(state: State, ana: Caller) -> None:
    report = await brought_in(
        state,
        ana,
        a_line("1", created_at="03/04/2021"),
        a_line("2", created_at="1612123112345", updated_at="whenever"),
        a_line("3", revisions=[{"content": "first", "created_at": "long ago"}]),
        a_line("4", created_at="1612-05-04"),
        a_line("5", created_at="2999-05-04"),
    )
    assert (report.created, report.undated) == (5, 3)
    assert [(note.line, note.what) for note in report.notes] == [
        (1, "undated"), (2, "undated"), (3, "undated"), (4, "odd_time"), (5, "odd_time"),
    ]  # fmt: skip
    assert "created_at '03/04/2021' does not say which part of it is the month" in report.notes[0].reason
    assert "created_at of revision 1" in report.notes[2].reason
    first = await state.blobs.get(ana, blob_id(ana.user_id, "1"))
    assert first.created_at.year >= 2026
    assert isinstance(first.legacy, dict) and first.legacy["created_at"] == "03/04/2021"
    assert (await state.blobs.get(ana, blob_id(ana.user_id, "2"))).created_at.year == 2021
    assert (await state.blobs.get(ana, blob_id(ana.user_id, "4"))).created_at.year == 1612
