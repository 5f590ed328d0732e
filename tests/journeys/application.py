"""Applications for the journeys: real processes on free ports, with the real servers below them."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from reyna.app.addresses import running_addresses
from reyna.embedded.nats import Nats
from reyna.embedded.server_process import wrap_command
from reyna.embedded.tcp_ports import free_ports
from tests.embedded.conftest import wait_until_ended
from tests.journeys.people import TIMEOUT_SECONDS, Person

SERVICES: Final = ("schemas", "state", "processors", "studio")
REYNA: Final = (sys.executable, "-m", "reyna")
WORKER: Final = (sys.executable, str(Path(__file__).with_name("worker_process.py")))
READY: Final = "is ready"
_numbers = count(1)


class ApplicationProcess:
    """One process of an application; `printed_lines` is its output, and `log` the file with its log."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name, self.printed_lines = name, list[str]()
        self.log = folder / f"{name}.log"
        self.command, self.environment, self._folder = command, dict(environment), folder
        self._ready = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        assert self._process is not None, f"{self.name} was never started"
        return self._process

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Returns when it prints that it is ready."""
        self.printed_lines.clear()
        self._ready.clear()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *wrap_command(self.command, signal.SIGTERM, None),  # it does not outlive a test run that is killed
                env=self.environment,
                cwd=self._folder,
                stdout=PIPE,
                stderr=log,
                start_new_session=True,  # a group of its own, so that it can be killed as one
            )
        self._reading = asyncio.create_task(self._read_output(self._process))
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait([ready, self._reading], timeout=TIMEOUT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if not self._ready.is_set():
            raise AssertionError(f"{self.name} did not come up: {self.log.read_text()[-2000:]}")

    async def _read_output(self, process: Process) -> None:
        assert process.stdout
        async for line in process.stdout:
            self.printed_lines.append(line.decode().strip())
            if "Ctrl-C stops it" in self.printed_lines[-1] or self.printed_lines[-1].startswith(f"{self.name} {READY}"):
                self._ready.set()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to its whole process group, as a terminal does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    async def wait(self) -> int:
        """Returns the exit code when the process has ended and its output is read."""
        code = await self.process.wait()
        if self._reading is not None:
            await self._reading
        return code


class Application:
    """The processes of one application, its home folder and its ports.

    `processes` are `up` alone, or the four services and a worker; `environment` is that of all of them.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        services: Sequence[str] = (),
        reyna: Sequence[str] = REYNA,
    ) -> None:
        self.folder, self.home = folder, folder / "home"
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        own = {"REYNA_HOME": str(self.home), "REYNA_PORT": str(self.ports["studio"]), "REYNA_PASSWORD_HASH": "light"}
        own["REYNA_EMBEDDINGS"] = "off"  # a process that the other tests would wait for
        own |= {f"REYNA_{name.upper()}_PORT": str(self.ports[name]) for name in SERVICES if name != "studio"}
        self.environment = without_settings(os.environ) | own | dict(environment)
        self.link: str | None = None  # the token of the sign-in link that this start has printed
        self.nats: Nats | None = None  # where a test controls the nats-server itself
        commands: dict[str, Sequence[str]] = {name: (*reyna, "serve", name) for name in services}
        commands |= {"worker": WORKER} if services else {"up": (*reyna, "up")}
        self.processes = {
            name: ApplicationProcess(name, command, self.environment, folder) for name, command in commands.items()
        }

    @property
    def address(self) -> str:
        """The URL of the studio."""
        return self.url_of("studio")

    @property
    def nats_url(self) -> str:
        if url := self.environment.get("REYNA_NATS_URL"):
            return url
        addresses = running_addresses(self.home)
        assert addresses is not None
        return addresses.nats_url

    def url_of(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def process_for(self, service: str) -> ApplicationProcess:
        """Returns the process that runs this service."""
        return self.processes.get(service) or self.processes["up"]

    async def start(self) -> None:
        """Starts all processes at once, as a machine does that boots, and then the worker."""
        await asyncio.gather(*(process.start() for name, process in self.processes.items() if name != "worker"))
        if worker := self.processes.get("worker"):
            await worker.start()
        printed = [
            line.partition("/signin#")[2] for line in self.process_for("studio").printed_lines if "/signin#" in line
        ]
        self.link = printed[-1] if printed else None

    async def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stops all processes as Ctrl-C does."""
        running = {name: process for name, process in self.processes.items() if process.runs}
        for process in running.values():
            process.send(number)
        codes = await asyncio.gather(*(process.wait() for process in running.values()))
        assert dict(zip(running, codes, strict=True)) == dict.fromkeys(running, 0)

    async def kill(self) -> None:
        """`kill -9` of every process of the application and of every server it has started, at once."""
        running = [process for process in self.processes.values() if process.runs]
        for process in running:
            process.send(signal.SIGKILL)
        servers = processes_of(self.home)
        for pid in servers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.gather(*(process.wait() for process in running), *(wait_until_ended(pid) for pid in servers))

    async def person(self, name: str, *, expands: bool | None = False) -> Person:
        """Registers a new user of this name; the address is new every time."""
        email = f"{name}-{next(_numbers)}@journeys.example"
        return await Person.register(self.address, email, expands=expands)


def processes_of(home: Path) -> list[int]:
    """Returns the processes with this home, servers and their children included: they inherit the environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # not ours to see, or gone by now
            if f"REYNA_HOME={home}\0".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("REYNA_")}
