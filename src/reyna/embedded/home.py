"""REYNA_HOME: one folder, ours alone, in which the embedded servers keep everything."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from reyna.config import CannotStart, kept_secret

TRIES: Final = 3  # of taking the lock: a command that only asks whether it is held holds it for an instant
BETWEEN_TRIES: Final = 0.05  # seconds


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
    """The folder at `path`, made if it is not there; it and its folders are 0700, its files 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None
        self._ours(self.path)

    def folder(self, name: str) -> Path:
        """A folder of ours inside the home."""
        return self._ours(self.path / name)

    def secret(self, name: str) -> str:
        """A secret made up once and kept; the same ever after."""
        return kept_secret(self.path / name)

    def keep(self, name: str, text: str) -> Path:
        """Write a small file, whole or not at all; returns where."""
        path = self.path / name
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
        return path

    def kept(self, name: str) -> str | None:
        """What `keep` wrote, or None."""
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def lock(self) -> None:
        """Hold the home for this process until `unlock` or its end. Raises HomeBusy."""
        held = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        for attempt in range(TRIES):
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt < TRIES - 1:
                    time.sleep(BETWEEN_TRIES)
        else:
            holder = os.pread(held, 20, 0).strip()
            os.close(held)
            raise HomeBusy(self.path, int(holder) if holder.isdigit() else None)
        os.ftruncate(held, 0)
        os.pwrite(held, f"{os.getpid()}\n".encode(), 0)
        self._lock = held

    def is_held(self) -> bool:
        """Whether a process, this one included, holds the home now."""
        with (self.path / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def unlock(self) -> None:
        if self._lock is not None:
            os.ftruncate(self._lock, 0)  # the file stays: removing it would let two starts lock two different files
            os.close(self._lock)
            self._lock = None

    def _ours(self, folder: Path) -> Path:
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
