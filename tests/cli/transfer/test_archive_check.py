"""An export that lacks anything never looks like a backup."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from reyna.cli.transfer.archive_check import check_archive
from reyna.domain.errors import Fault
from reyna.services.state.transfer.layout.facts import FORMAT, ArchiveEntry, ArchiveManifest, Counts

CONTENT = {"README.md": b"Read me", "library/01 a.md": b"a" * 100_000}


def archive(path: Path, content: Mapping[str, bytes] = CONTENT, listed: Mapping[str, bytes] = CONTENT) -> Path:
    entries = tuple(
        ArchiveEntry(path=name, size=len(text), sha256=hashlib.sha256(text).hexdigest())
        for name, text in listed.items()
    )
    manifest = ArchiveManifest(
        format=FORMAT, format_version=1, bucket=None, revisions=False, counts=Counts(blobs=1), entries=entries
    )
    with zipfile.ZipFile(path, "w") as written:
        for name, text in content.items():
            written.writestr(name, text)
        written.writestr("manifest.json", msgspec.json.encode(manifest))
    return path


def ignore(done: int, total: int) -> None:
    assert done <= total


def test_a_whole_archive_passes_and_says_how_far_it_is(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    manifest = check_archive(archive(tmp_path / "a.zip"), lambda done, total: seen.append((done, total)))
    assert (manifest.counts.blobs, seen[-1]) == (1, (100_007, 100_007))


@pytest.mark.parametrize(
    "content", [CONTENT | {"more.md": b""}, {"README.md": b"Read me"}, CONTENT | {"README.md": b"Changed"}]
)
def test_an_archive_that_differs_from_its_manifest_is_refused(tmp_path: Path, content: Mapping[str, bytes]) -> None:
    with pytest.raises(Fault):
        check_archive(archive(tmp_path / "a.zip", content), ignore)


def test_an_archive_that_broke_off_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(Fault):
        check_archive(path, ignore)
