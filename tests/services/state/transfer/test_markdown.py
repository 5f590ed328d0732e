"""Folders of Markdown and text, and vaults of Obsidian, come in with all that is in them."""

from typing import Any

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.services.state.service import State
from reyna.services.state.transfer.reading.front_matter import UNREAD, split_front_matter
from tests.services.state.transfer.importing import import_archive, zip_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
VAULT: dict[str, bytes | str] = {
    "My Vault/.obsidian/app.json": "{}",
    "My Vault/Chapter 10.md": "# Ten\n\nLast.",
    "My Vault/Chapter 2.md": "---\ntitle: The Sea\ntags: [storm, ship]\naliases:\n  - Sea\nyear: 1820\n---\n"
    "It raged, see [[Chapter 10|the end]] and ![[cover.png|300]].\n\n#weather `#code`",
    "My Vault/people/Ana.md": "---\ndeep:\n  er: 1\n---\nShe wrote. ![a map](../images/a%20map.png)",
    "My Vault/images/cover.png": PNG,
    "My Vault/images/a map.png": PNG + b"1",
    "My Vault/images/list.csv": "a,b",
    "My Vault/notes.txt": "Plain \u00e9".encode("cp1252"),
}


async def tree_of(state: State, caller: Caller, bucket_id: str) -> list[tuple[int, str]]:
    """The names of buckets and the titles of blobs, in reading order."""
    items = (await state.contents.list(caller, bucket_id, limit=200)).items
    return [(item.depth, _title(item.bucket or item.blob)) for item in items]


def _title(thing: Bucket | Blob | None) -> str:
    if isinstance(thing, Bucket):
        return f"{thing.name}/"
    data: Any = thing.data if thing else {}
    return str(data.get("title") or data.get("file_name"))


async def blob_titled(state: State, caller: Caller, title: str) -> Blob:
    (found,) = [
        blob
        for blob in (await state.blobs.list(caller, limit=200)).items
        if title in (blob.data.get("title"), blob.data.get("file_name"))
    ]
    return found


async def test_a_vault_keeps_its_folders_its_order_and_its_texts(state: State, ana: Caller) -> None:
    report = await import_archive(state, ana, zip_of(VAULT), "Vault.zip")
    assert (report.format, report.buckets, report.files, report.left_out) == ("obsidian", 3, 3, 0)
    assert await tree_of(state, ana, report.bucket_ids[0]) == [
        (0, "My Vault/"),
        (1, "The Sea"),
        (1, "Ten"),
        (1, "notes"),
        (1, "images/"),
        (2, "a map.png"),
        (2, "cover.png"),
        (2, "list.csv"),
        (1, "people/"),
        (2, "Ana"),
    ]
    assert {(note.path, note.what) for note in report.notes} == {
        ("My Vault/.obsidian/app.json", "ignored"),
        ("My Vault/people/Ana.md", "not_understood"),
        ("My Vault/notes.txt", "changed"),
    }


async def test_links_between_notes_stay_and_embedded_files_lead_to_the_file_store(state: State, ana: Caller) -> None:
    await import_archive(state, ana, zip_of(VAULT), "Vault.zip")
    cover, sea = await blob_titled(state, ana, "cover.png"), await blob_titled(state, ana, "The Sea")
    assert (cover.schema_id, cover.data["media_type"]) == ("image-v1", "image/png")
    assert f"see [[Chapter 10|the end]] and ![300](/api/files/{cover.data['file_id']})." in sea.data["content"]
    assert sea.legacy == {
        "source": "My Vault/Chapter 2.md",
        "front_matter": {"tags": ["storm", "ship"], "aliases": ["Sea"], "year": 1820},
        "tags": ["storm", "ship", "weather"],
    }
    map = await blob_titled(state, ana, "a map.png")
    person = await blob_titled(state, ana, "Ana")
    assert f"![a map](/api/files/{map.data['file_id']})" in person.data["content"]
    assert (await blob_titled(state, ana, "notes")).data["content"] == "Plain \u00e9"


async def test_a_single_text_and_a_text_too_long_for_one_blob_come_in_whole(state: State, ana: Caller) -> None:
    report = await import_archive(state, ana, b"# One\n\nText", "one.md")
    assert (report.format, await tree_of(state, ana, report.bucket_ids[0])) == ("markdown", [(0, "one/"), (1, "One")])
    long = "\n\n".join(["word " * 100] * 5000)
    report = await import_archive(state, ana, long.encode(), "long.txt")
    blobs = (await state.blobs.list(ana, bucket_id=report.bucket_ids[0])).items
    assert [blob.data["title"] for blob in blobs] == ["long (1)", "long (2)", "long (3)"]
    assert "\n\n".join(blob.data["content"] for blob in blobs) == long


async def test_a_repeated_import_of_a_folder_makes_nothing_twice(state: State, ana: Caller) -> None:
    await import_archive(state, ana, zip_of(VAULT), "Vault.zip")
    report = await import_archive(state, ana, zip_of(VAULT), "Vault.zip")
    assert (report.buckets, report.blobs, report.already_there) == (0, 0, 7)


def test_front_matter_is_read_as_far_as_it_is_flat() -> None:
    found = split_front_matter(
        "---\na: 'it''s'\nb: \"x: y\"\nc: [1, 2.5]\nd: true\ne:\nf: 2024-01-02 # when\n---\n\nText"
    )
    assert found.fields == {"a": "it's", "b": "x: y", "c": [1, 2.5], "d": True, "e": None, "f": "2024-01-02"}
    assert found.body == "Text"
    assert split_front_matter("---\n") == ({}, "---\n", True)
    assert split_front_matter("---\na: &x [1]\nb: *x\n---\nText").fields == {UNREAD: "a: &x [1]\nb: *x"}
