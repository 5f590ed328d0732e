"""The home (REYNA_HOME): a private folder in which the embedded servers store everything."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from reyna.domain.errors import CannotStart
from reyna.embedded.secret_file import read_or_create_secret

MAX_LOCK_ATTEMPTS: Final = 3  # a command that only checks the lock holds it for an instant
LOCK_RETRY_SECONDS: Final = 0.05
MAX_DIGITS: Final = 12  # of a number in a file
MAX_PORT: Final = 65_535
MAX_PID: Final = 2**22  # Linux; others stay below


class HomeBusy(CannotStart):
    """Another studio is using this home."""

    def __init__(self, home: Path, pid: int | None) -> None:
        self.home, self.pid = home, pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(f"{home} is in use by {who}: stop it first, or set REYNA_HOME to another folder")


class HomeForeign(CannotStart):
    """The home belongs to another user of this machine."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"{home} does not belong to you: set REYNA_HOME to a folder of your own")


class Home:
    """The folder at `path`, which is created when it is missing; its folders are 0700, its files 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None
        self._create_private(self.path)

    def folder(self, name: str) -> Path:
        """Returns a private folder inside the home, created when it is missing."""
        return self._create_private(self.path / name)

    def secret(self, name: str) -> str:
        """Returns a secret that is created once and stored."""
        return read_or_create_secret(self.path / name)

    def write(self, name: str, text: str) -> Path:
        """Writes a small file, whole or not at all; returns its path."""
        path = self.path / name
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with _translate_errors(path):
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            fresh.replace(path)
        return path

    def read(self, name: str) -> str | None:
        """Returns the text of a file, with replacement characters for other bytes; None when it does not exist.

        Raises CannotStart.
        """
        path = self.path / name
        with _translate_errors(path):
            return path.read_text(encoding="utf-8", errors="replace") if path.exists() else None

    def read_number(self, name: str, *, most: int) -> int | None:
        """Returns the number from 1 to `most` in a file; None when there is none, or something else."""
        text = (self.read(name) or "").strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < MAX_DIGITS else 0
        return number if 1 <= number <= most else None

    def lock(self) -> None:
        """Locks the home for this process until `unlock` or its end. Raises HomeBusy."""
        with _translate_errors(self.path / "lock"):
            held = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        for attempt in range(MAX_LOCK_ATTEMPTS):
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt < MAX_LOCK_ATTEMPTS - 1:
                    time.sleep(LOCK_RETRY_SECONDS)
        else:
            holder = os.pread(held, 20, 0).strip()
            os.close(held)
            raise HomeBusy(self.path, int(holder) if holder.isdigit() else None)
        os.ftruncate(held, 0)
        os.pwrite(held, f"{os.getpid()}\n".encode(), 0)
        self._lock = held

    def is_held(self) -> bool:
        """Returns whether a process, this one included, holds the lock now."""
        with _translate_errors(self.path / "lock"), (self.path / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def holder_pid(self) -> int | None:
        """Returns the process that holds the lock now; None when none does."""
        return self.read_number("lock", most=MAX_PID) if self.is_held() else None

    def unlock(self) -> None:
        if self._lock is not None:
            os.ftruncate(self._lock, 0)  # the file stays: without it two starts could lock two different files
            os.close(self._lock)
            self._lock = None

    def _create_private(self, folder: Path) -> Path:
        """Creates the folder, or makes an existing one private. Raises CannotStart."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CannotStart(f"cannot make the folder {folder}: {error.strerror}; see REYNA_HOME") from None
        found = folder.stat()
        if found.st_uid != os.geteuid():
            raise HomeForeign(folder)
        if found.st_mode & 0o777 != 0o700:
            folder.chmod(0o700)
        return folder


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    """Raises CannotStart, in one line that names the file, when it cannot be used."""
    try:
        yield
    except OSError as error:
        raise CannotStart(f"cannot use {path}: {error.strerror}; see REYNA_HOME") from None
