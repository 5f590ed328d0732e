"""Whole houses for the journeys: real processes on free ports, with the real servers under them."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import Final

from reyna.embedded.child import leashed
from reyna.embedded.nats import Nats
from reyna.embedded.servers import running
from tests.embedded.conftest import ended
from tests.journeys.people import LONGEST, Person

SERVICES: Final = ("schemas", "state", "processors", "studio")
REYNA: Final = (sys.executable, "-m", "reyna")
WORKER: Final = (sys.executable, str(Path(__file__).with_name("worker.py")))
READY: Final = "is ready"
_numbers = count(1)


class Part:
    """One process of a house; `said` are the lines it printed, what it logged is in the file `log`."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name, self.said = name, list[str]()
        self.log = folder / f"{name}.log"
        self._command, self._environment, self._folder = command, environment, folder
        self._ready = asyncio.Event()
        self._hearing: asyncio.Task[None] | None = None
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        assert self._process is not None, f"{self.name} was never started"
        return self._process

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Returns when it says that it is ready."""
        self.said.clear()
        self._ready.clear()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *leashed(self._command, signal.SIGTERM, None),  # it does not outlive a test run that is killed
                env=self._environment,
                cwd=self._folder,
                stdout=PIPE,
                stderr=log,
                start_new_session=True,  # a group of its own, so that it can be killed as one
            )
        self._hearing = asyncio.create_task(self._hear(self._process))
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait([ready, self._hearing], timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if not self._ready.is_set():
            raise AssertionError(f"{self.name} did not come up: {self.log.read_text()[-2000:]}")

    async def _hear(self, process: Process) -> None:
        assert process.stdout
        async for line in process.stdout:
            self.said.append(line.decode().strip())
            if "Ctrl-C stops it" in self.said[-1] or self.said[-1].startswith(f"{self.name} {READY}"):
                self._ready.set()

    def send(self, sign: signal.Signals) -> None:
        """To its whole group, as a terminal does to everyone in the foreground."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, sign)

    async def ended(self) -> int:
        """Returns with the exit code when the process and its mouth have ended."""
        code = await self.process.wait()
        if self._hearing is not None:
            await self._hearing
        return code


class House:
    """The processes of one house, its home folder and its doors.

    `parts` are `up` alone, or the four services and a worker. Everything a process of it needs is in `environment`.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], *, services: Sequence[str] = ()) -> None:
        self.folder, self.home = folder, folder / "home"
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        ours = {"REYNA_HOME": str(self.home), "REYNA_PORT": str(self.ports["studio"])}
        ours |= {f"REYNA_{name.upper()}_PORT": str(self.ports[name]) for name in SERVICES if name != "studio"}
        self.environment = without_ours(os.environ) | ours | dict(environment)
        self.link: str | None = None  # the token of the sign-in link that this start has printed
        self.nats: Nats | None = None  # where a test holds the nats-server in its own hand
        commands: dict[str, Sequence[str]] = {name: (*REYNA, "serve", name) for name in services}
        commands |= {"worker": WORKER} if services else {"up": (*REYNA, "up")}
        self.parts = {name: Part(name, command, self.environment, folder) for name, command in commands.items()}

    @property
    def address(self) -> str:
        """Of the studio."""
        return self.door("studio")

    @property
    def nats_url(self) -> str:
        if url := self.environment.get("REYNA_NATS_URL"):
            return url
        addresses = running(self.home)
        assert addresses is not None
        return addresses.nats_url

    def door(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def part(self, service: str) -> Part:
        """The process in which this service lives."""
        return self.parts.get(service) or self.parts["up"]

    async def start(self) -> None:
        """All parts at once, as a machine does that comes up; the worker when there is someone to register with."""
        await asyncio.gather(*(part.start() for name, part in self.parts.items() if name != "worker"))
        if worker := self.parts.get("worker"):
            await worker.start()
        printed = [line.partition("/signin#")[2] for line in self.part("studio").said if "/signin#" in line]
        self.link = printed[-1] if printed else None

    async def stop(self, sign: signal.Signals = signal.SIGINT) -> None:
        """As Ctrl-C does, in good order."""
        running = {name: part for name, part in self.parts.items() if part.runs}
        for part in running.values():
            part.send(sign)
        codes = await asyncio.gather(*(part.ended() for part in running.values()))
        assert dict(zip(running, codes, strict=True)) == dict.fromkeys(running, 0)

    async def kill(self) -> None:
        """`kill -9` of every process of the house and of every server it has started, at once."""
        running = [part for part in self.parts.values() if part.runs]
        for part in running:
            part.send(signal.SIGKILL)
        servers = family(self.home)
        for pid in servers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.gather(*(part.ended() for part in running), *(ended(pid) for pid in servers))

    async def person(self, name: str, *, expands: bool = False) -> Person:
        """A new account of this name; the address is new every time."""
        email = f"{name}-{next(_numbers)}@journeys.example"
        return await Person.register(self.address, email, expands=expands)


def family(home: Path) -> list[int]:
    """Every process that was given this home: servers, and what they have started, inherit the environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # not ours to see, or gone by now
            if f"REYNA_HOME={home}\0".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def without_ours(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("REYNA_")}


def free_ports(count: int) -> list[int]:
    """Different ports that were free a moment ago."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
