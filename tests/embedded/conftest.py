"""A home for each test, and a way to know when a process that is not our child has ended."""

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from reyna.app.addresses import Addresses
from reyna.app.config import Settings
from reyna.app.servers import run_servers
from reyna.embedded.orphan_cleanup import command_of
from tests.embedded.killed_servers import without_a_model

STUDIO: Final = Path(__file__).with_name("killed_servers.py")
PATIENCE: Final = 60.0  # seconds, so that a process that lives on fails its test instead of hanging it
Opens = Callable[..., Awaitable[tuple[asyncio.subprocess.Process, Addresses]]]


@pytest.fixture(scope="session")
async def used_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the servers have run before: making the first database is what takes long."""
    home = tmp_path_factory.mktemp("lived-in") / "home"
    async with run_servers(without_a_model(home)):
        pass
    return home


@pytest.fixture
def home(used_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own, in which the servers have run before."""
    return Path(shutil.copytree(used_home, tmp_path / "home"))


@pytest.fixture
def settings(home: Path) -> Settings:
    """Without a language model, which has tests of its own."""
    return without_a_model(home)


@pytest.fixture
async def open_studio(home: Path) -> AsyncIterator[Opens]:
    """Starts the servers in a process of its own, and returns when they are up."""
    opened = []

    async def start(*wrapper: str) -> tuple[asyncio.subprocess.Process, Addresses]:
        process = await asyncio.create_subprocess_exec(
            *wrapper,
            sys.executable,
            str(STUDIO),
            str(home),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        opened.append(process)
        assert process.stdout
        return process, msgspec.json.decode(await process.stdout.readline(), type=Addresses)

    yield start
    for process in opened:
        await close_studio(process)


async def close_studio(process: asyncio.subprocess.Process) -> None:
    """End a studio of `open_studio` in good order."""
    assert process.stdin
    process.stdin.close()
    await process.wait()


def pids(home: Path) -> dict[str, int]:
    """The servers that run in this home, by name."""
    return {file.stem: int(file.read_text()) for file in home.glob("*.pid")}


def modes(*paths: Path) -> dict[str, tuple[int, int]]:
    """Permission bits and owner of each path that exists."""
    found = {str(path): path.lstat() for path in paths if path.exists()}
    return {path: (stat.S_IMODE(status.st_mode), status.st_uid) for path, status in found.items()}


def paths_in(home: Path) -> list[Path]:
    return [home, *home.rglob("*")]


def command_lines_in(home: Path) -> list[str]:
    """Command lines of all processes that speak of this home."""
    ours = (
        command_of(int(process.name)) for process in Path("/proc").glob("[0-9]*") if int(process.name) != os.getpid()
    )
    return [line for line in ours if str(home) in line]


async def wait_until_ended(pid: int) -> None:
    """Returns when the process has ended; TimeoutError when it lives on."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop.add_reader(watch, over.set)
    try:
        await asyncio.wait_for(over.wait(), PATIENCE)
    finally:
        loop.remove_reader(watch)
        os.close(watch)
