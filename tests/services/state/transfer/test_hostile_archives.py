"""Archives of strangers: what is dangerous is refused with one clear line, and nothing of it is written."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Refusal
from reyna.ports.store import Store
from reyna.services.state.records import BLOBS, BUCKETS
from reyna.services.state.service import State
from reyna.services.state.transfer.reading.opened_archive import MAX_ENTRIES, OpenedArchive, decode_text, safe_path
from tests.services.state.transfer.importing import attempt_import, zip_of


def archive_with(info: zipfile.ZipInfo, content: bytes = b"x") -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.md", "A")
        archive.writestr(info, content)
    return sink.getvalue()


def link() -> bytes:
    info = zipfile.ZipInfo("passwords.md")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return archive_with(info, b"/etc/passwd")


def bomb() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.md", "w") as entry:
        for _ in range(300):
            entry.write(bytes(1024 * 1024))
    return sink.getvalue()


def twice() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("a.md", "A")
        archive.writestr("a.md", "B")
    return sink.getvalue()


def with_flag(flag: int) -> bytes:
    content = bytearray(zip_of({"a.md": "A"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(mark) + place
        struct.pack_into("<H", content, at, struct.unpack_from("<H", content, at)[0] | flag)
    return bytes(content)


def overlapping() -> bytes:
    content = bytearray(zip_of({"a.md": "A", "b.md": "B"}))
    struct.pack_into("<I", content, content.rindex(b"PK\x01\x02") + 42, 0)
    return bytes(content)


def lzma() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.md", "A")
    return sink.getvalue()


def damaged() -> bytes:
    content = bytearray(zip_of({"a.md": "The ship sailed into the storm. " * 100}))
    content[50] ^= 0xFF
    return bytes(content)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a path that climbs": (lambda: zip_of({"../../etc/cron.md": "A"}), "leads outside"),
    "a path that climbs with backslashes": (lambda: zip_of({"a\\..\\..\\b.md": "A"}), "leads outside"),
    "an absolute path": (lambda: zip_of({"/etc/passwd.md": "A"}), "leads outside"),
    "a drive": (lambda: zip_of({"C:\\a.md": "A"}), "leads outside"),
    "a link": (link, "is a link"),
    "a bomb": (bomb, "times its size"),
    "two entries of one name": (twice, "two entries"),
    "an encrypted entry": (lambda: with_flag(1), "encrypted"),
    "entries that overlap": (overlapping, "overlap"),
    "another way of packing": (lzma, "packed in a way"),
    "a torn archive": (lambda: zip_of({"a.md": "A" * 100})[:-30], "not a whole ZIP"),
    "a damaged entry": (damaged, "damaged"),
    "nothing that is known": (lambda: zip_of({"a.bin": b"\0\1"}), "No format"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_archive_is_refused_in_one_line(name: str, state: State, store: Store, ana: Caller) -> None:
    build, reason = HOSTILE[name]
    task = await attempt_import(state, ana, build())
    assert task.status == "failed"
    assert task.error is not None and reason in task.error and "\n" not in task.error
    assert await store.find(BLOBS, ana.user_id) == []
    assert len(await store.find(BUCKETS, ana.user_id)) <= 1


def test_a_million_entries_are_refused_before_they_are_read(tmp_path: Path) -> None:
    header = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = header * (MAX_ENTRIES + 1)
    (tmp_path / "many.zip").write_bytes(
        b"PK\x03\x04" + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 9, 9, len(directory), 4, 0)
    )
    with pytest.raises(Refusal, match="entries"):
        OpenedArchive(tmp_path / "many.zip", "many.zip")


def test_names_and_texts_in_other_encodings_are_read(tmp_path: Path) -> None:
    sink = bytearray(zip_of({"xx.md": "A"}))
    (tmp_path / "a.zip").write_bytes(bytes(sink).replace(b"xx.md", "é.md".encode()))
    assert OpenedArchive(tmp_path / "a.zip", "a.zip").paths == ["é.md"]
    assert decode_text("caf\u00e9".encode("cp1252")) == (
        "caf\u00e9",
        "Its text is not UTF-8; it was read as Windows-1252.",
    )
    assert decode_text("caf\u00e9".encode("utf-16")) == ("caf\u00e9", None)
    assert safe_path("./a//b/") == "a/b"
