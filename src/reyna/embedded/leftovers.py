"""What a killed studio may have left running in its home: found again, and ended before the next start."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import structlog

from reyna.embedded.home import Home

PATIENCE: Final = 4.0  # seconds that each signal gets
GLANCE: Final = 0.02  # seconds between two looks at a process of which nothing tells us, as it is not our child

log = structlog.get_logger("reyna.embedded")


async def end_leftover(home: Home, name: str, signs: Sequence[signal.Signals]) -> None:
    """End the server that a former start wrote down as `name`.pid, if it still runs and is truly ours."""
    written = home.kept(f"{name}.pid")
    if written is None:
        return
    pid = int(written) if written.strip().isdigit() else 0

    def is_ours(pid: int) -> bool:  # the number may by now be that of something else
        return f"{home.path}/" in command(pid)

    if pid and is_ours(pid):
        log.warning("ending a leftover", server=name, pid=pid)
        await _end([pid], is_ours, signs)
    (home.path / f"{name}.pid").unlink()


async def end_orphans(folder: Path) -> None:
    """End every process that works in this folder: sessions of a PostgreSQL that was killed above their heads."""

    def works_here(pid: int) -> bool:
        return pid in working_in(folder)

    if orphans := working_in(folder):
        log.warning("ending orphans", folder=str(folder), pids=orphans)
        await _end(orphans, works_here, (signal.SIGQUIT, signal.SIGKILL))


def command(pid: int) -> str:
    """The command line of a process; empty when there is none, or only its ghost."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    asked = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603 - pid is a number


def working_in(folder: Path) -> list[int]:
    """Pids of the processes whose working directory is this folder (Linux; elsewhere none can be told)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # not ours to see, or gone by now
            if (process / "cwd").readlink() == folder:
                found.append(int(process.name))
    return found


async def _end(pids: Iterable[int], lives: Callable[[int], bool], signs: Sequence[signal.Signals]) -> None:
    loop, left = asyncio.get_running_loop(), list(pids)
    for sign in signs:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        until = loop.time() + PATIENCE
        while (left := [pid for pid in left if lives(pid)]) and loop.time() < until:  # noqa: ASYNC110 - not our children
            await asyncio.sleep(GLANCE)
        if not left:
            return
