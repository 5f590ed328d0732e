"""The small files of the home that a backup contains: secrets, passwords, and the workers that have credentials."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from reyna.domain.errors import CannotStart
from reyna.embedded.home import Home

MAX_FILE_BYTES: Final = 1024**2
# What belongs to one machine or one start; the data folders of the servers are copied through the servers.
NOT_COPIED: Final = frozenset({"lock", "servers.json", "socket-folder"})
NOT_COPIED_SUFFIXES: Final = (".pid", ".log")
INNER_FILES: Final = ("nats/workers.json",)


def list_home_files(home: Path) -> Iterator[tuple[str, bytes]]:
    """Yields the name below the home and the content of each file. Raises CannotStart."""
    try:
        top = sorted(entry.name for entry in os.scandir(home)) if home.is_dir() else []
        for name in (*top, *INNER_FILES):
            path = home / name
            if name in NOT_COPIED or name.startswith(".") or name.endswith(NOT_COPIED_SUFFIXES):
                continue
            if path.exists() and stat.S_ISREG((found := path.lstat()).st_mode) and found.st_size <= MAX_FILE_BYTES:
                yield name, path.read_bytes()
    except OSError as error:
        raise CannotStart(f"cannot read {error.filename}: {error.strerror}; see REYNA_HOME") from None


def write_home_file(home: Home, name: str, content: bytes) -> None:
    """Writes a file of a backup. Raises CannotStart for a name that leads outside of the home."""
    parts = Path(name).parts
    if not parts or len(parts) > 2 or any(part in ("..", "/") for part in parts):
        raise CannotStart(f"the backup has a file of the home with the name {name!r}")
    if len(parts) == 2:
        home.folder(parts[0])
    home.write(name, content.decode())
