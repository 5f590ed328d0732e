"""A server as a supervised child process: started, watched, restarted when it dies, stopped with the studio."""

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

from reyna.domain.errors import CannotStart
from reyna.embedded.exec_wrapper import NO_NAMESPACE
from reyna.embedded.home import Home
from reyna.embedded.orphan_cleanup import end_former_server
from reyna.embedded.output_pipe import OutputPipe

EXEC_WRAPPER: Final = Path(__file__).with_name("exec_wrapper.py")
BACK_OFF_SECONDS: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 15.0)  # before each restart; the last one repeats
STEADY_SECONDS: Final = 60.0  # of running, after which the back-off starts over
START_TIMEOUT_SECONDS: Final = 120.0  # PostgreSQL may have a long log to replay after a crash
STOP_TIMEOUT_SECONDS: Final = 3.0  # with the harder signals after it a stop stays below 5 s
DRAIN_TIMEOUT_SECONDS: Final = 0.5  # for the output of a dead server, whose own children may hold the pipe
MAX_LAST_LINES: Final = 12  # enough to see why a server died
ERROR_MARKS: Final = ("FATAL", "PANIC", "[FTL]", "rror")  # in the line that names the error

log = structlog.get_logger("reyna.embedded")


class DidNotStart(CannotStart):
    """A server did not start; the last lines of its output say why."""

    def __init__(self, name: str, why: str, output: Sequence[str] = ()) -> None:
        self.name, self.output = name, tuple(output)
        errors = [line for line in output if any(mark in line for mark in ERROR_MARKS)] or list(output)
        super().__init__(f"{name} {why}: {errors[-1]}" if errors else f"{name} {why}")


class NamespaceForbidden(DidNotStart):
    """The server refuses to run as root, and this system refuses a user namespace."""

    CODE: ClassVar = NO_NAMESPACE

    def __init__(self, name: str) -> None:
        super().__init__(
            name,
            "does not run as root, and this system forbids user namespaces: start as an ordinary user, "
            "or set REYNA_POSTGRES_URL to a server of your own",
        )


async def _prepare_nothing() -> None:
    """Does nothing, which is enough for most servers."""


class ServerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The description of a server.

    `prepare` is awaited before every start. The server is ready when it has printed `ready_line` and `check` returns;
    `check` raises OSError while it is not. `stop_signal` stops it in good order, `urgent_signal` at once but safely.
    `inner_uid` is the uid that it sees itself as (see exec_wrapper.py), None for our own. `argv` names a path in the
    home, by which a later start recognises the server. `environment` holds defaults: our own environment takes
    precedence.
    """

    name: str
    argv: Sequence[str]
    ready_line: str
    check: Callable[[], Awaitable[None]]
    prepare: Callable[[], Awaitable[None]] = _prepare_nothing
    stop_signal: signal.Signals = signal.SIGTERM
    urgent_signal: signal.Signals = signal.SIGKILL
    inner_uid: int | None = None
    environment: Mapping[str, str] = {}


def wrap_command(command: Sequence[str], death_signal: signal.Signals, inner_uid: int | None) -> list[str]:
    """Returns the command in the exec wrapper: it gets `death_signal` when we end, and sees itself as `inner_uid`."""
    uid = "-" if inner_uid is None else str(inner_uid)
    return [sys.executable, "-I", "-S", str(EXEC_WRAPPER), str(os.getpid()), str(int(death_signal)), uid, *command]


class ServerProcess:
    """One server under supervision. `restarted` is set when it is ready again after it had died."""

    def __init__(self, home: Home, spec: ServerSpec) -> None:
        self.restarted = asyncio.Event()
        self._home, self._spec = home, spec
        self._process: asyncio.subprocess.Process | None = None
        self._last_lines: deque[str] = deque(maxlen=MAX_LAST_LINES)
        self._ready_line_seen = asyncio.Event()
        self._output: OutputPipe | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The pid of the server itself; None while it is not running."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Returns when the server is ready. Raises DidNotStart, and then leaves no process behind."""
        spec = self._spec
        await end_former_server(self._home, spec.name, (spec.stop_signal, spec.urgent_signal, signal.SIGKILL))
        process = await self._launch()
        log.info("started", server=spec.name, pid=process.pid)
        self._supervisor = asyncio.create_task(self._supervise(process), name=f"supervise {spec.name}")

    async def stop(self) -> None:
        """Returns when the server has ended, within 5 s."""
        if self._supervisor:
            self._supervisor.cancel()
            await asyncio.wait({self._supervisor})
            self._supervisor = None
        await self._end()

    async def _launch(self) -> asyncio.subprocess.Process:
        await self._spec.prepare()
        process = await self._spawn()
        try:
            async with asyncio.timeout(START_TIMEOUT_SECONDS):
                await self._wait_until_ready(process)
        except TimeoutError:
            await self._end()
            why = f"was not ready within {START_TIMEOUT_SECONDS:.0f} s"
            raise DidNotStart(self._spec.name, why, self._last_lines) from None
        except BaseException:
            await self._end()
            raise
        return process

    async def _spawn(self) -> asyncio.subprocess.Process:
        spec = self._spec
        self._ready_line_seen.clear()
        self._last_lines.clear()
        self._output = OutputPipe(self._on_line)
        try:
            # Forked by the thread of this loop: the kernel ties the child's life to that thread, which is the right
            # one, because when it ends nobody supervises any more. A session of its own keeps Ctrl-C for us alone.
            self._process = await asyncio.create_subprocess_exec(
                *wrap_command(spec.argv, spec.stop_signal, spec.inner_uid),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self._output.write_end,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                env={**spec.environment, **os.environ},
            )
        finally:
            self._output.close_write_end()
        self._home.write(f"{spec.name}.pid", f"{self._process.pid}\n")
        return self._process

    def _on_line(self, line: str) -> None:
        self._last_lines.append(line)
        log.debug("said", server=self._spec.name, line=line)
        if self._spec.ready_line in line:
            self._ready_line_seen.set()

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        """Returns when the server is ready. Raises DidNotStart when it ends before."""
        ended = asyncio.create_task(process.wait())
        ready = asyncio.create_task(self._check_until_ready())
        try:
            await asyncio.wait({ended, ready}, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise await self._explain_exit(ended.result())
            ready.result()
        finally:
            ended.cancel()
            ready.cancel()
            await asyncio.wait({ended, ready})

    async def _check_until_ready(self) -> None:
        await self._ready_line_seen.wait()
        while True:
            try:
                return await self._spec.check()
            except OSError:  # a server may print its line a moment before it answers
                await asyncio.sleep(0.02)

    async def _explain_exit(self, code: int) -> DidNotStart:
        await self._drain_output()
        if code == NamespaceForbidden.CODE and self._spec.inner_uid is not None:
            return NamespaceForbidden(self._spec.name)
        return DidNotStart(self._spec.name, f"ended at once (code {code})", self._last_lines)

    async def _drain_output(self) -> None:
        """Reads the rest of the output of a dead server."""
        if self._output:
            await self._output.drain(DRAIN_TIMEOUT_SECONDS)

    async def _supervise(self, process: asyncio.subprocess.Process) -> None:
        """Restarts the server whenever it dies."""
        loop, attempt = asyncio.get_running_loop(), 0
        while True:
            started_at = loop.time()
            code = await process.wait()
            if loop.time() - started_at > STEADY_SECONDS:
                attempt = 0
            await self._drain_output()
            log.error("died", server=self._spec.name, code=code, last=list(self._last_lines))
            process, attempt = await self._restart(attempt)
            log.warning("restarted", server=self._spec.name, pid=process.pid)
            self.restarted.set()

    async def _restart(self, attempt: int) -> tuple[asyncio.subprocess.Process, int]:
        """Tries until the server is ready; returns it with the number of attempts so far."""
        while True:
            await self._end()
            await asyncio.sleep(BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS) - 1)])
            attempt += 1
            try:
                return await self._launch(), attempt
            except (CannotStart, OSError) as error:
                log.error("did not restart", server=self._spec.name, attempt=attempt, why=str(error))

    async def _end(self) -> None:
        """Ends the process with harder and harder signals."""
        process, spec = self._process, self._spec
        if process is None:
            return
        signals = ((spec.stop_signal, STOP_TIMEOUT_SECONDS), (spec.urgent_signal, 1.0), (signal.SIGKILL, None))
        for number, timeout in signals:
            if process.returncode is not None:
                break
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), timeout)
        await self._drain_output()
        (self._home.path / f"{spec.name}.pid").unlink(missing_ok=True)
        self._process = self._output = None
