"""A server as a child process: started, watched, started again when it dies, ended with us."""

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

import msgspec
import structlog

from reyna.config import CannotStart
from reyna.embedded.ear import Ear
from reyna.embedded.home import Home
from reyna.embedded.leash import NO_NAMESPACE
from reyna.embedded.leftovers import end_leftover

LEASH: Final = Path(__file__).with_name("leash.py")
BACK_OFF: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 15.0)  # seconds before each new attempt; the last one for ever
STEADY: Final = 60.0  # seconds after which a death is a new story and the back-off starts over
PATIENCE: Final = 120.0  # seconds until ready: PostgreSQL may have a long log to replay after a crash
GRACE: Final = 3.0  # seconds to end by itself; with the harder signal after it a stop stays below 5 s
LAST_WORDS: Final = 0.5  # seconds to hear what a dead server printed, while a child of its own holds the line
LAST_LINES: Final = 12  # enough to see why a server died
TELLING: Final = ("FATAL", "PANIC", "[FTL]", "rror")  # of those, the line that says it

log = structlog.get_logger("reyna.embedded")


class DidNotStart(CannotStart):
    """A server did not come up; the last lines of what it printed say why."""

    def __init__(self, name: str, why: str, said: Sequence[str] = ()) -> None:
        self.name, self.said = name, tuple(said)
        telling = [line for line in said if any(word in line for word in TELLING)] or list(said)
        super().__init__(f"{name} {why}: {telling[-1]}" if telling else f"{name} {why}")


class NamespaceForbidden(DidNotStart):
    """The server refuses root, and this system refuses the way around it."""

    CODE: ClassVar = NO_NAMESPACE

    def __init__(self, name: str) -> None:
        super().__init__(
            name,
            "does not run as root, and this system forbids user namespaces: start as an ordinary user, "
            "or set REYNA_POSTGRES_URL to a server of your own",
        )


async def _nothing() -> None:
    """What most servers need before a start."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How to run a server.

    `prepare` is awaited before every start. The server is ready when it has printed `says` and `check` returns;
    `check` raises OSError while it is not. `ends` asks it to end in good order, `ends_now` at once but safely.
    `inside` is the uid it sees itself as (see leash.py), None for our own. `argv` names a path in the home: by that
    a later start recognises it. `environment` holds defaults: what is set for us counts more.
    """

    name: str
    argv: Sequence[str]
    says: str
    check: Callable[[], Awaitable[None]]
    prepare: Callable[[], Awaitable[None]] = _nothing
    ends: signal.Signals = signal.SIGTERM
    ends_now: signal.Signals = signal.SIGKILL
    inside: int | None = None
    environment: Mapping[str, str] = {}


def leashed(command: Sequence[str], ends: signal.Signals, inside: int | None) -> list[str]:
    """The command, made to get the signal `ends` when we end, and to see itself as uid `inside` if that is given."""
    uid = "-" if inside is None else str(inside)
    return [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(ends)), uid, *command]


class Child:
    """One server under supervision. `restarted` is set when it is back after it had died."""

    def __init__(self, home: Home, recipe: Recipe) -> None:
        self.restarted = asyncio.Event()
        self._home, self._recipe = home, recipe
        self._process: asyncio.subprocess.Process | None = None
        self._said: deque[str] = deque(maxlen=LAST_LINES)
        self._announced = asyncio.Event()
        self._ear: Ear | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the server itself; None while it is not running."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Returns when the server is ready. Raises DidNotStart, and then nothing of it is left running."""
        await end_leftover(self._home, self._recipe.name, (self._recipe.ends, self._recipe.ends_now, signal.SIGKILL))
        process = await self._launch()
        log.info("started", server=self._recipe.name, pid=process.pid)
        self._keeper = asyncio.create_task(self._keep(process), name=f"keep {self._recipe.name}")

    async def stop(self) -> None:
        """Returns when the server has ended, within 5 s."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
            self._keeper = None
        await self._end()

    async def _launch(self) -> asyncio.subprocess.Process:
        await self._recipe.prepare()
        process = await self._spawn()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ready(process)
        except TimeoutError:
            await self._end()
            raise DidNotStart(self._recipe.name, f"was not ready within {PATIENCE:.0f} s", self._said) from None
        except BaseException:
            await self._end()
            raise
        return process

    async def _spawn(self) -> asyncio.subprocess.Process:
        recipe = self._recipe
        self._announced.clear()
        self._said.clear()
        self._ear = Ear(self._hear)
        try:
            # Forked by the thread of this loop: the kernel ties the child's life to that thread, which is the right
            # one, because when it ends nobody supervises any more. A session of its own keeps Ctrl-C for us alone.
            self._process = await asyncio.create_subprocess_exec(
                *leashed(recipe.argv, recipe.ends, recipe.inside),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self._ear.mouth,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                env={**recipe.environment, **os.environ},
            )
        finally:
            self._ear.given()
        self._home.keep(f"{recipe.name}.pid", f"{self._process.pid}\n")
        return self._process

    def _hear(self, line: str) -> None:
        self._said.append(line)
        log.debug("said", server=self._recipe.name, line=line)
        if self._recipe.says in line:
            self._announced.set()

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        """Announced and answering, or else DidNotStart."""
        ended = asyncio.create_task(process.wait())
        ready = asyncio.create_task(self._answering())
        try:
            await asyncio.wait({ended, ready}, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise await self._post_mortem(ended.result())
            ready.result()
        finally:
            ended.cancel()
            ready.cancel()
            await asyncio.wait({ended, ready})

    async def _answering(self) -> None:
        await self._announced.wait()
        while True:
            try:
                return await self._recipe.check()
            except OSError:  # announced a moment before it answers
                await asyncio.sleep(0.02)

    async def _post_mortem(self, code: int) -> DidNotStart:
        await self._hear_out()
        if code == NamespaceForbidden.CODE and self._recipe.inside is not None:
            return NamespaceForbidden(self._recipe.name)
        return DidNotStart(self._recipe.name, f"ended at once (code {code})", self._said)

    async def _hear_out(self) -> None:
        """Hear the rest of what a dead server printed."""
        if self._ear:
            await self._ear.hear_out(LAST_WORDS)

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        loop, attempt = asyncio.get_running_loop(), 0
        while True:
            began = loop.time()
            code = await process.wait()
            if loop.time() - began > STEADY:
                attempt = 0
            await self._hear_out()
            log.error("died", server=self._recipe.name, code=code, last=list(self._said))
            process, attempt = await self._revive(attempt)
            log.warning("restarted", server=self._recipe.name, pid=process.pid)
            self.restarted.set()

    async def _revive(self, attempt: int) -> tuple[asyncio.subprocess.Process, int]:
        """Try until it is up again; returns it, and the number of attempts so far."""
        while True:
            await self._end()
            await asyncio.sleep(BACK_OFF[min(attempt, len(BACK_OFF) - 1)])
            attempt += 1
            try:
                return await self._launch(), attempt
            except (CannotStart, OSError) as error:
                log.error("did not restart", server=self._recipe.name, attempt=attempt, why=str(error))

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        for sign, patience in ((self._recipe.ends, GRACE), (self._recipe.ends_now, 1.0), (signal.SIGKILL, None)):
            if process.returncode is not None:
                break
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(sign)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), patience)
        await self._hear_out()
        (self._home.path / f"{self._recipe.name}.pid").unlink(missing_ok=True)
        self._process = self._ear = None
