"""The limit of open files: raised as far as the process may, whatever it was started with."""

import asyncio
import resource
import sys
from typing import Final

import pytest

from reyna.app.lifecycle import FEW_OPEN_FILES, MAX_OPEN_FILES, MAX_OPEN_FILES_MACOS

ASKING: Final = """
import logging, resource, sys
from reyna.app.lifecycle import raise_open_file_limit
logging.basicConfig(format="%(message)s")
most = int(sys.argv[1])

def set_limit(what, limits):
    if limits[0] > most:
        raise ValueError("current limit exceeds maximum limit")
    resource.setrlimit(what, limits)

raise_open_file_limit(set_limit if most else None)
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""
HARD: Final = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # what these tests were started with; nothing goes beyond
ROOM: Final = MAX_OPEN_FILES if HARD == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, HARD)


async def room_made(soft: int, hard: int, *, system_allows: int = 0) -> tuple[tuple[int, ...], str]:
    """The limits of a new process, started with these, once it has made room; and what it logged."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", 'ulimit -Sn "$1" && ulimit -Hn "$2" && exec "$3" -c "$4" "$5"', "sh"),
        *(str(soft), "unlimited" if hard == resource.RLIM_INFINITY else str(hard)),
        *(sys.executable, ASKING, str(system_allows)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, logged = await process.communicate()
    assert process.returncode == 0, logged.decode()
    return tuple(map(int, said.split())), logged.decode()


async def test_the_usual_limit_is_raised_as_far_as_a_process_may() -> None:
    assert await room_made(256, HARD) == ((ROOM, HARD), "")


async def test_a_limit_that_cannot_be_raised_far_is_raised_that_far() -> None:
    assert await room_made(256, 1_500) == ((1_500, 1_500), "")


@pytest.mark.parametrize(("soft", "hard"), [(256, 300), (300, 300)])
async def test_where_there_is_little_room_the_log_says_so(soft: int, hard: int) -> None:
    limits, logged = await room_made(soft, hard)
    assert limits == (300, 300)
    assert logged == "Only 300 files may be open, and each device needs one: raise the limit (ulimit -Hn)\n"


async def test_who_has_more_room_keeps_it() -> None:
    assert await room_made(ROOM, HARD) == ((ROOM, HARD), "")


async def test_a_system_that_allows_less_than_it_says_gives_what_it_allows() -> None:
    assert await room_made(256, HARD, system_allows=MAX_OPEN_FILES_MACOS) == (
        (min(MAX_OPEN_FILES_MACOS, ROOM), HARD),
        "",
    )


async def test_a_system_that_allows_nothing_more_hinders_no_start() -> None:
    limits, logged = await room_made(256, HARD, system_allows=1)
    assert limits == (256, HARD)
    assert logged.startswith("Only 256 files")
    assert limits[0] < FEW_OPEN_FILES
