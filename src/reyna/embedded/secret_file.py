"""A file with one secret, which is created at the first call."""

import os
import secrets
from pathlib import Path
from typing import Final

from reyna.domain.errors import CannotStart

MIN_SECRET_CHARACTERS: Final = 32


def read_or_create_secret(path: Path) -> str:
    """Returns the secret in this file, which is created when it is missing (0600, and never half written).

    Raises CannotStart when the file cannot be read or created, or holds no secret.
    """
    try:
        if not path.exists():
            _create_secret(path)
        found = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise CannotStart(f"cannot use {path}: {error.strerror}; see REYNA_HOME") from None
    except UnicodeDecodeError:
        found = ""
    if len(found) < MIN_SECRET_CHARACTERS:
        raise CannotStart(f"{path} holds no secret: restore it, or remove it so that a new one is made")
    return found


def _create_secret(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(fresh)  # fails when another process was faster: its secret is used
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
