"""Whatever is refused leaves nothing behind: the memory of the process stays flat."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from reyna.embedded.tcp_ports import free_ports
from tests.transport.http.raw_requests import HOST

REQUESTS: Final = 528
AT_ONCE: Final = 8
WARM: Final = 88  # requests after which everything is there that stays
MANY: Final = b'"ab",' * 25_000  # 125 kB, and more than 2 MB of strings
LEAST: Final = 30_000  # kB that the process may grow; every body that it kept would be 2,000
ANA: Final = {"authorization": "Bearer ana"}
MISFIT: Final = b'{"data":[' + MANY + b'""],"name":1}'
FITS: Final = b'{"data":[' + MANY + b'""],"name":"a"}'


class Served:
    """A process, and its memory."""

    def __init__(self, pid: int, client: httpx.AsyncClient) -> None:
        self.client, self._pid = client, pid

    def kilobytes(self) -> int:
        """What it holds now."""
        lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[Served]:
    (port,) = free_ports(1)
    command = (sys.executable, "-m", "tests.transport.http.sample_process", str(port))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert process.stdout
    assert await process.stdout.readline() == b"open\n"
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=60) as client:
        yield Served(process.pid, client)
    process.kill()
    await process.wait()


# Each keeps another part of a request for a while: path, headers, body, status
REFUSED: Final[list[tuple[str, dict[str, str], bytes, int]]] = [
    ("/things", {}, MISFIT, 401),
    ("/things", {"authorization": "Bearer stranger"}, MISFIT, 401),
    ("/hello", {}, FITS, 413),
    ("/hello", {"origin": "http://elsewhere.test"}, FITS, 403),
    ("/things", ANA, MISFIT, 422),
    ("/things", ANA, FITS[:-2], 422),
    ("/things", ANA | {"content-type": "text/plain"}, FITS, 415),
    ("/judged", ANA, FITS, 409),
    ("/judged?limit=0", ANA, FITS, 422),
    ("/judged?colour=red", ANA, FITS, 422),
    ("/nothing", ANA, FITS, 404),
]


async def test_memory_is_flat_under_refused_requests(served: Served) -> None:
    async def ask(count: int) -> None:
        for number in range(count):
            path, headers, body, status = REFUSED[number % len(REFUSED)]
            answer = await served.client.post(path, content=body, headers=headers)
            assert answer.status_code == status, answer.text

    await asyncio.gather(*(ask(WARM // AT_ONCE) for _ in range(AT_ONCE)))
    before = served.kilobytes()
    await asyncio.gather(*(ask(REQUESTS // AT_ONCE) for _ in range(AT_ONCE)))
    assert served.kilobytes() - before < LEAST
