"""Opens archives of strangers: what would lead outside, unpack without end or read differently elsewhere is refused."""

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from reyna.domain.errors import Invalid, TooLarge

MAX_ENTRIES: Final = 250_000
MAX_DIRECTORY_BYTES: Final = 64 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 100 * 1024**3
MAX_RATIO: Final = 200  # of all unpacked bytes to those of the archive, above FREE_BYTES
FREE_BYTES: Final = 256 * 1024 * 1024  # that may be unpacked from an archive of any size
MAX_DOCUMENT_BYTES: Final = 32 * 1024 * 1024  # of an entry that is read as a whole
MAX_PATH_CHARACTERS: Final = 4096
READABLE_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED, UTF8_NAME = 0x1, 0x800  # flags of an entry
END: Final = struct.Struct("<4s4H2IH")
END_64_LOCATOR: Final = struct.Struct("<4sIQI")
END_64: Final = struct.Struct("<4sQ2H2I4Q")
CENTRAL_BYTES: Final = 46  # of an entry in the directory, without its names
MAX_COMMENT_BYTES: Final = 0xFFFF
TORN: Final = "This is not a whole ZIP archive: it broke off, or was changed."
SYSTEM_NAMES: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".gitignore", ".gitattributes"})
SYSTEM_FOLDERS: Final = frozenset({"__macosx", ".git", ".obsidian", ".trash", ".stfolder"})


class BadArchive(Invalid):
    """This archive cannot be imported."""


class OpenedArchive:
    """The entries of an archive by path, or one file that is no archive as its only entry. Folders are left out.

    Paths have slashes, and no empty or relative parts; `size` is in unpacked bytes.
    """

    def __init__(self, file: Path, name: str) -> None:
        """Raises BadArchive, and TooLarge for one that has too much in it."""
        self._file = file
        self._zip: zipfile.ZipFile | None = None
        self._entries: dict[str, zipfile.ZipInfo] = {}
        if zipfile.is_zipfile(file) or _begins_as_zip(file):
            self._open()
        else:
            self._only = name or "file"
        self.paths = sorted(self._entries) if self._zip is not None else [self._only]

    @property
    def is_zip(self) -> bool:
        return self._zip is not None

    def close(self) -> None:
        if self._zip is not None:
            self._zip.close()

    def size_of(self, path: str) -> int:
        """Returns the unpacked bytes of an entry."""
        return self._entries[path].file_size if self._zip is not None else self._file.stat().st_size

    @property
    def size(self) -> int:
        return sum(map(self.size_of, self.paths))

    def __contains__(self, path: str) -> bool:
        return path in self._entries if self._zip is not None else path == self._only

    def open(self, path: str) -> IO[bytes]:
        """Returns the content of an entry, to be read. Raises BadArchive."""
        if self._zip is None:
            return self._file.open("rb")
        try:
            return self._zip.open(self._entries[path])
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise BadArchive(f"{path} cannot be read: the archive is damaged.") from error

    def read(self, path: str, most: int = MAX_DOCUMENT_BYTES) -> bytes:
        """Returns the whole content of an entry. Raises TooLarge, and BadArchive for a damaged one."""
        if self.size_of(path) > most:
            raise TooLarge(f"{path} has {self.size_of(path):,} bytes; {most:,} can be read as a document.")
        return b"".join(self.read_pieces(path, most + 1))

    def read_pieces(self, path: str, size: int) -> Iterator[bytes]:
        """Yields the content of an entry in pieces of this size."""
        try:
            with self.open(path) as content:
                while piece := content.read(size):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error) as error:
            raise BadArchive(f"{path} cannot be read: the archive is damaged.") from error

    def _open(self) -> None:
        try:
            _check_directory(self._file)
            self._zip = zipfile.ZipFile(self._file)
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, struct.error, EOFError, ValueError, NotImplementedError, OSError) as error:
            if isinstance(error, UnicodeDecodeError):
                raise BadArchive("The archive has names that are not in the encoding that it says.") from error
            raise BadArchive(TORN) from error
        packed, end = self._file.stat().st_size, 0
        total = sum(info.file_size for info in infos)
        if total > MAX_UNPACKED_BYTES or total > max(FREE_BYTES, packed * MAX_RATIO):
            raise TooLarge(f"The archive would unpack to {total:,} bytes, {total // max(packed, 1):,} times its size.")
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise BadArchive("The archive has entries that overlap.")
            end = info.header_offset + info.compress_size
            self._add(info)

    def _add(self, info: zipfile.ZipInfo) -> None:
        path = safe_path(_name_of(info))
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadArchive(f"{path} is a link or a device; only files and folders can be imported.")
        if info.flag_bits & ENCRYPTED:
            raise BadArchive(f"{path} is encrypted. Remove the password of the archive first.")
        if info.is_dir() or kind == stat.S_IFDIR:
            return
        if info.compress_type not in READABLE_METHODS:
            raise BadArchive(f"{path} is packed in a way that is not read here; use plain ZIP (deflate).")
        if path in self._entries:
            raise BadArchive(f"The archive has two entries named {path}.")
        self._entries[path] = info


def safe_path(name: str) -> str:
    """Returns the name of an entry as a path below the archive. Raises BadArchive for one that leads elsewhere."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in name[:100])
    if len(name) > MAX_PATH_CHARACTERS or "\0" in name:
        raise BadArchive(f"The archive has a name that no file can have: {shown}")
    path = unicodedata.normalize("NFC", name.replace("\\", "/"))
    parts = path.rstrip("/").split("/")
    if path.startswith("/") or ".." in parts or ":" in parts[0][1:2]:
        raise BadArchive(f"The archive has an entry that leads outside of it: {shown}")
    return "/".join(part for part in parts if part not in ("", "."))


def is_system_file(path: str) -> bool:
    """Tells whether an entry belongs to an operating system or a program, and holds nothing that a person wrote."""
    parts = path.lower().split("/")
    return parts[-1] in SYSTEM_NAMES or parts[-1].startswith("._") or not SYSTEM_FOLDERS.isdisjoint(parts[:-1])


def decode_text(content: bytes) -> tuple[str, str | None]:
    """Returns a text, and a note when its encoding had to be guessed."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            try:
                return _plain(content.decode(encoding)), None
            except UnicodeDecodeError:
                break
    try:
        return _plain(content.decode()), None
    except UnicodeDecodeError:
        return _plain(content.decode("cp1252", errors="replace")), "Its text is not UTF-8; it was read as Windows-1252."


def _plain(text: str) -> str:
    return text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")


def _name_of(info: zipfile.ZipInfo) -> str:
    """Returns the name of an entry; many programs write UTF-8 without saying so."""
    if info.flag_bits & UTF8_NAME:
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode()
    except UnicodeError:
        return info.orig_filename


def _begins_as_zip(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(4) == b"PK\x03\x04"


def _check_directory(file: Path) -> None:
    """Counts the entries of the directory before it is loaded. Raises BadArchive and TooLarge."""
    size = file.stat().st_size
    with file.open("rb") as content:
        start = max(0, size - MAX_COMMENT_BYTES - END.size - END_64_LOCATOR.size)
        content.seek(start)
        tail = content.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < END.size:
            raise BadArchive(TORN)
        _, _, _, _, count, length, _, _ = END.unpack_from(tail, at)
        locator = tail[at - END_64_LOCATOR.size : at] if at >= END_64_LOCATOR.size else b""
        if locator.startswith(b"PK\x06\x07"):
            content.seek(END_64_LOCATOR.unpack(locator)[2])
            count, length = END_64.unpack(content.read(END_64.size))[7:9]
        if count > MAX_ENTRIES or length > MAX_DIRECTORY_BYTES:
            raise TooLarge(f"The archive has {count:,} entries; {MAX_ENTRIES:,} can be imported at once.")
        if start + at < length:
            raise BadArchive(TORN)
        if locator.startswith(b"PK\x06\x07"):
            at -= END_64.size + END_64_LOCATOR.size
        content.seek(max(start + at - length, 0))
        directory = content.read(length)
    found = place = 0
    while place + CENTRAL_BYTES <= len(directory) and directory.startswith(b"PK\x01\x02", place):
        place += CENTRAL_BYTES + sum(struct.unpack_from("<3H", directory, place + 28))
        found += 1
        if found > MAX_ENTRIES:
            raise TooLarge(f"The archive has more than {MAX_ENTRIES:,} entries, which can be imported at once.")
