"""The clean-up of server processes that a killed studio left in its home, before the next start."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import structlog

from reyna.embedded.home import MAX_PID, Home

SIGNAL_TIMEOUT_SECONDS: Final = 4.0  # for each signal
POLL_SECONDS: Final = 0.02  # between two looks at a process that is not our child

log = structlog.get_logger("reyna.embedded")


async def end_former_server(home: Home, name: str, signals: Sequence[signal.Signals]) -> None:
    """Ends the server that a former start recorded in `name`.pid, if it still runs and belongs to this home."""
    pid = home.read_number(f"{name}.pid", most=MAX_PID)

    def is_ours(pid: int) -> bool:  # the pid may by now be that of another process
        return f"{home.path}/" in command_of(pid)

    if pid and is_ours(pid):
        log.warning("ending a leftover", server=name, pid=pid)
        await _end([pid], is_ours, signals)
    (home.path / f"{name}.pid").unlink(missing_ok=True)


async def end_orphans(folder: Path) -> None:
    """Ends every process whose working directory is this folder, such as the sessions of a killed PostgreSQL."""

    def works_here(pid: int) -> bool:
        return pid in processes_in(folder)

    if orphans := processes_in(folder):
        log.warning("ending orphans", folder=str(folder), pids=orphans)
        await _end(orphans, works_here, (signal.SIGQUIT, signal.SIGKILL))


def command_of(pid: int) -> str:
    """Returns the command line of a process; an empty text when there is none, or only a zombie."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    argv = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout  # noqa: S603 - pid is a number


def processes_in(folder: Path) -> list[int]:
    """Returns the pids of the processes whose working directory is this folder (Linux; none elsewhere)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # another user's, or ended meanwhile
            if (process / "cwd").readlink() == folder:
                found.append(int(process.name))
    return found


async def _end(pids: Iterable[int], is_alive: Callable[[int], bool], signals: Sequence[signal.Signals]) -> None:
    loop, left = asyncio.get_running_loop(), list(pids)
    for number in signals:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = loop.time() + SIGNAL_TIMEOUT_SECONDS
        while (left := [pid for pid in left if is_alive(pid)]) and loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)  # they are not our children, so there is nothing to wait on
        if not left:
            return
