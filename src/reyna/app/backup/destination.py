"""The destination of backups, a folder or a URL, and the passphrase that opens it."""

from pathlib import Path
from typing import Final

from reyna.domain.errors import CannotStart
from reyna.ports.files import FileStorage

SETTING: Final = "REYNA_BACKUP_URL"
MAX_PASSPHRASE_BYTES: Final = 4_096


def open_destination(place: str) -> FileStorage:
    """Returns the storage at a folder of this machine, which is created, or at a URL. Raises CannotStart."""
    from reyna.adapters.objectstore.storage import open_by_url, open_local  # not for a process without backups

    if "://" in place:
        return open_by_url(place, setting=SETTING)
    return open_local(Path(place).expanduser().absolute(), SETTING)


def read_passphrase(path: Path) -> str:
    """Returns the first line of the file. Raises CannotStart."""
    try:
        with path.expanduser().open("rb") as file:
            line = file.readline(MAX_PASSPHRASE_BYTES + 1).decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise CannotStart(f"the file of the passphrase, {path}, cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CannotStart(f"the file of the passphrase, {path}, is no text in UTF-8") from None
    if not line:
        raise CannotStart(f"the file of the passphrase, {path}, has an empty first line")
    return line
