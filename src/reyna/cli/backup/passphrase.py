"""The passphrase of backups: from a file, or typed at the terminal."""

import sys
from getpass import getpass
from pathlib import Path

from reyna.app.backup.destination import read_passphrase
from reyna.domain.errors import CannotStart

MISSING = (
    "backups are encrypted: give --passphrase-file, or set REYNA_BACKUP_PASSPHRASE_FILE, to a file with the passphrase"
)


def find_passphrase(given: Path | None, setting: str | None, *, confirm: bool) -> str:
    """Returns the passphrase in the file, or asks for it at a terminal, twice with `confirm`. Raises CannotStart."""
    if (path := given or setting) is not None:
        return read_passphrase(Path(path))
    if not sys.stdin.isatty():
        raise CannotStart(MISSING)
    typed = getpass("Passphrase of the backup: ")
    if confirm and getpass("The same again: ") != typed:
        raise CannotStart("the two passphrases differ")
    return typed
