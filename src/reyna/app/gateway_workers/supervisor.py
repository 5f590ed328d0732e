"""The gateway workers of a main process: started, restarted when they die, and stopped with it."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from reyna.app.gateway_workers import READY, Assignment
from reyna.domain.errors import CannotStart
from reyna.embedded.server_process import BACK_OFF_SECONDS, STEADY_SECONDS, wrap_command

START_TIMEOUT_SECONDS: Final = 60.0
STOP_TIMEOUT_SECONDS: Final = 10.0  # for requests under way and messages in flight; then it is killed
COMMAND: Final = (sys.executable, "-P", "-m", "reyna.app.gateway_workers.process")
log: Final = structlog.get_logger("reyna.app.gateway_workers")


class GatewayWorkers:
    """The gateway workers of one main process."""

    def __init__(self, workers: Sequence["GatewayWorker"]) -> None:
        self._workers = workers

    async def start(self, assignments: Sequence[Assignment]) -> None:
        """Returns when each listens. Raises CannotStart."""
        await _all(worker.start(assignment) for worker, assignment in zip(self._workers, assignments, strict=True))

    async def stop(self) -> None:
        """Returns when all have ended; harmless when none runs."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))


@asynccontextmanager
async def spawn_gateway_workers(count: int) -> AsyncIterator[GatewayWorkers]:
    """Spawns so many processes, which load the program while the main process starts, and ends them in the end."""
    workers = [GatewayWorker() for _ in range(count)]
    together = GatewayWorkers(workers)
    try:
        await _all(worker.spawn() for worker in workers)
        yield together
    finally:
        await together.stop()


class GatewayWorker:
    """One gateway worker under supervision."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None

    async def spawn(self) -> asyncio.subprocess.Process:
        """Starts a process that waits for its assignment, and returns it."""
        # A session of its own keeps Ctrl-C for the main process, which stops all in order; the wrapper ends the worker
        # when the main process is killed. Settings with passwords go through a pipe, which nobody else reads.
        self._process = await asyncio.create_subprocess_exec(
            *wrap_command(COMMAND, signal.SIGTERM, None),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        return self._process

    async def start(self, assignment: Assignment) -> None:
        """Returns when the process that was spawned listens. Raises CannotStart."""
        if self._process is None:
            raise CannotStart(f"gateway worker {assignment.number} was not spawned")
        await self._assign(self._process, assignment)
        supervision = self._supervise(self._process, assignment)
        self._supervisor = asyncio.create_task(supervision, name=f"supervise gateway worker {assignment.number}")

    async def stop(self) -> None:
        """Returns when it has ended in good order, or was killed."""
        if self._supervisor:
            self._supervisor.cancel()
            await asyncio.wait({self._supervisor})
        await self._end()

    async def _assign(self, process: asyncio.subprocess.Process, assignment: Assignment) -> None:
        """Returns when it listens. Raises CannotStart, and then leaves no process behind."""
        try:
            async with asyncio.timeout(START_TIMEOUT_SECONDS):
                answer = await _ask(process, assignment)
        except TimeoutError:
            answer = f"it did not start within {START_TIMEOUT_SECONDS:g} s"
        if answer != READY:
            await self._end()
            why = answer or f"it ended at once (code {process.returncode})"
            raise CannotStart(f"gateway worker {assignment.number}: {why}")

    async def _supervise(self, process: asyncio.subprocess.Process, assignment: Assignment) -> None:
        """Starts it again whenever it dies."""
        loop, attempt = asyncio.get_running_loop(), 0
        while True:
            started_at = loop.time()
            code = await process.wait()
            if loop.time() - started_at > STEADY_SECONDS:
                attempt = 0
            log.error("died", gateway_worker=assignment.number, code=code)
            process, attempt = await self._restart(assignment, attempt)
            log.warning("restarted", gateway_worker=assignment.number, pid=process.pid)

    async def _restart(self, assignment: Assignment, attempt: int) -> tuple[asyncio.subprocess.Process, int]:
        """Tries until it listens; returns it with the number of attempts so far."""
        while True:
            await asyncio.sleep(BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS) - 1)])
            attempt += 1
            try:
                process = await self.spawn()
                await self._assign(process, assignment)
            except (CannotStart, OSError) as error:
                log.error("did not restart", gateway_worker=assignment.number, attempt=attempt, why=str(error))
            else:
                return process, attempt

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_SECONDS)
        except TimeoutError:
            log.warning("a gateway worker is killed, since it did not stop", pid=process.pid)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _ask(process: asyncio.subprocess.Process, assignment: Assignment) -> str:
    """Returns the line with which the worker answers its assignment; empty when it has ended before."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        return "it has no pipes"
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has ended; what it printed says why
        stdin.write(assignment.encode())
        await stdin.drain()
    stdin.close()
    return (await stdout.readline()).decode(errors="replace").strip()


async def _all(coroutines: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Waits for all; when one fails, the others are cancelled before its error is raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
