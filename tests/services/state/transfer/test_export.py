"""What somebody finds in the archive of a library."""

import hashlib
from typing import Any

import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder
from tests.services.state.transfer.conftest import LibraryBuilder, entries_of, export_bytes


async def exported(state: State, caller: Caller, bucket_id: str | None = None, **more: Any) -> dict[str, bytes]:
    return entries_of(await export_bytes(state, caller, bucket_id, **more))


async def test_the_folders_follow_the_buckets_in_order_and_are_safe_names(
    state: State, library: LibraryBuilder, ana: Caller
) -> None:
    made = await library.build()
    found = await exported(state, ana)
    image = f"files/Cover {chr(233)} ({made['image']}).png"
    assert sorted(found) == sorted([
        "README.md",
        "library/01 The Storm Book/01 Chapter Zero/bucket.json",
        "library/01 The Storm Book/02 Chapter One/01 A refrain.md",
        "library/01 The Storm Book/02 Chapter One/02 Opening.md",
        "library/01 The Storm Book/02 Chapter One/bucket.json",
        "library/01 The Storm Book/03 Chapter Two/bucket.json",
        "library/01 The Storm Book/04 Derived.md",
        "library/01 The Storm Book/bucket.json",
        "library/02 Songs \u266a/02 recipe-v1.json",
        "library/02 Songs \u266a/bucket.json",
        "unplaced/01 Loose end.md",
        "unplaced/02 reyna not ours.md",
        image,
        "files/index.json",
        f"revisions/{made['first'].id}.jsonl",
        "schemas/recipe-v1/1.0.0.json",
        "manifest.json",
    ])  # fmt: skip
    assert found[image].startswith(b"\x89PNG")


async def test_a_text_is_markdown_under_front_matter_that_says_all_else(
    state: State, library: LibraryBuilder, ana: Caller
) -> None:
    made = await library.build()
    text = (await exported(state, ana))["library/01 The Storm Book/02 Chapter One/02 Opening.md"].decode()
    assert text.startswith('---\nstyle: "dark"\ntitle: "Opening"\nreyna:\n')
    assert f'  id: "{made["first"].id}"\n' in text
    assert text.endswith("\n---\n\n# The sea\n\nIt raged all night.\n")


async def test_a_blob_in_three_buckets_is_stored_once_and_listed_in_each(
    state: State, library: LibraryBuilder, ana: Caller
) -> None:
    made = await library.build()
    found = await exported(state, ana)
    path = "library/01 The Storm Book/02 Chapter One/01 A refrain.md"
    assert b'also_in: ["The: Storm/Book? / Chapter Two","Songs \xe2\x99\xaa"]' in found[path]
    songs = msgspec.json.decode(found["library/02 Songs \u266a/bucket.json"])
    assert songs["bucket"]["metadata"] == {"b": 1.5, "a": [None, True]}
    assert [(item["position"], item["path"], item.get("label")) for item in songs["items"]] == [
        (1, path, "chorus"),
        (2, "library/02 Songs \u266a/02 recipe-v1.json", None),
    ]
    book = msgspec.json.decode(found["library/01 The Storm Book/bucket.json"])
    assert [item["kind"] for item in book["items"]] == ["bucket", "bucket", "bucket", "blob"]
    assert [item["id"] for item in book["items"][:2]] == [made["last"].id, made["one"].id]


async def test_the_manifest_comes_last_and_proves_that_nothing_is_missing(
    state: State, library: LibraryBuilder, ana: Caller
) -> None:
    await library.build()
    found = await exported(state, ana)
    assert [*found][-1] == "manifest.json"
    manifest = msgspec.json.decode(found.pop("manifest.json"))
    assert {entry["path"]: (entry["size"], entry["sha256"]) for entry in manifest["entries"]} == {
        path: (len(content), hashlib.sha256(content).hexdigest()) for path, content in found.items()
    }
    assert manifest["counts"] == {
        "buckets": 5, "blobs": 6, "places": 6, "revisions": 3, "files": 1, "file_bytes": 308, "schemas": 1,
    }  # fmt: skip


async def test_revisions_are_there_on_request_with_names_and_late_saves(
    state: State, library: LibraryBuilder, ana: Caller
) -> None:
    made = await library.build()
    path = f"revisions/{made['first'].id}.jsonl"
    assert path not in await exported(state, ana, revisions=False)
    lines = [msgspec.json.decode(line) for line in (await exported(state, ana))[path].splitlines()]
    assert [(line["number"], line.get("name"), "late_id" in line) for line in lines] == [
        (2, "Second draft", False),
        (1, None, True),
        (1, None, False),
    ]
    assert lines[1]["data"]["content"] == "Too late."


async def test_the_same_library_gives_the_same_bytes(state: State, library: LibraryBuilder, ana: Caller) -> None:
    await library.build()
    assert await export_bytes(state, ana) == await export_bytes(state, ana)


async def test_a_bucket_is_exported_with_all_below_it_and_what_it_needs(
    state: State, library: LibraryBuilder, ana: Caller
) -> None:
    made = await library.build()
    found = await exported(state, ana, made["songs"].id, revisions=False)
    assert [path for path in found if path.startswith("library/")] == [
        "library/01 Songs \u266a/01 A refrain.md",
        "library/01 Songs \u266a/02 recipe-v1.json",
        "library/01 Songs \u266a/bucket.json",
    ]
    assert any(made["image"] in path for path in found)
    assert not any(path.startswith("unplaced/") for path in found)
    assert "schemas/recipe-v1/1.0.0.json" in found


async def test_nobody_elses_content_is_in_it(
    state: State, library: LibraryBuilder, bos: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    made = await library.build()
    await bos.note("Bo's own")
    assert b"Bo's own" not in b"".join((await exported(state, ana)).values())
    assert [*await exported(state, bo)] == ["README.md", "unplaced/01 Bo's own.md", "manifest.json"]
    with pytest.raises(NotFound):
        await export_bytes(state, bo, made["book"].id)


async def test_a_bucket_in_the_trash_is_refused_and_an_empty_library_is_an_archive(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    assert [*await exported(state, ana)] == ["README.md", "manifest.json"]
    bucket = await anas.bucket()
    await state.trash.trash_bucket(ana, bucket.id)
    with pytest.raises(Conflict):
        await export_bytes(state, ana, bucket.id)


async def test_many_blobs_of_many_sizes_keep_their_order(state: State, anas: ContentBuilder, ana: Caller) -> None:
    bucket = await anas.bucket()
    for number in range(120):
        await anas.note(f"{number} " + "x" * (1000 * (number % 7)), bucket.id)
    big = await anas.note("big " + "y" * 900_000, bucket.id)
    found = [path for path in await exported(state, ana) if path.endswith(".md") and path.startswith("library")]
    assert [path.split("/")[2].removesuffix(".md").split(" ")[:2] for path in found] == [
        *([f"{number + 1:03d}", str(number)] for number in range(120)),
        ["121", "big"],
    ]
    assert big.size > 900_000


async def test_buckets_nested_without_end_go_into_a_folder_of_their_own(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    under: str | None = None
    for number in range(60):
        under = (await anas.bucket(f"Level {number} of many", under)).id
    found = await exported(state, ana)
    assert max(len(path) for path in found) < 700
    assert sum(path.startswith("deep/") for path in found) > 10
