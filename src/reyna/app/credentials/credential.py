"""A credential as a file: the address of NATS with a user and password of its own, and the token of a processor."""

import os
from pathlib import Path

import msgspec

from reyna.domain.errors import CannotStart


class WorkerCredential(msgspec.Struct, frozen=True, kw_only=True):
    """The address of NATS with user and password, and the `token` that names the processor to the services."""

    processor_id: str
    nats_url: str
    token: str

    def __repr__(self) -> str:
        return f"WorkerCredential({self.processor_id})"


def write_credential(path: Path, credential: WorkerCredential) -> None:
    """Writes the credential into a file that only its owner can read. Raises CannotStart."""
    text = msgspec.json.format(msgspec.json.encode(credential)).decode()
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise CannotStart(f"cannot write {path}: {error.strerror}") from None


def read_credential(path: Path) -> WorkerCredential:
    """Returns the credential in this file. Raises CannotStart."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=WorkerCredential)
    except OSError as error:
        raise CannotStart(f"cannot read the credential {path}: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise CannotStart(f"{path} holds no credential of a worker: {error}") from None
