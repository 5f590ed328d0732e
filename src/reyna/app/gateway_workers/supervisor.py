"""The gateway workers of a main process: started, restarted when they die, and stopped with it."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog

from reyna.app.gateway_workers import READY, Assignment
from reyna.domain.errors import CannotStart
from reyna.embedded.server_process import BACK_OFF_SECONDS, STEADY_SECONDS, wrap_command

START_TIMEOUT_SECONDS: Final = 60.0
STOP_TIMEOUT_SECONDS: Final = 10.0  # for requests under way and messages in flight; then it is killed
COMMAND: Final = (sys.executable, "-P", "-m", "reyna.app.gateway_workers.process")
log: Final = structlog.get_logger("reyna.app.gateway_workers")


@asynccontextmanager
async def run_gateway_workers(assignments: Sequence[Assignment]) -> AsyncIterator[None]:
    """Runs them inside this block, which begins when all listen. Raises CannotStart."""
    workers = [GatewayWorker(assignment) for assignment in assignments]
    starts = [asyncio.create_task(worker.start()) for worker in workers]
    try:
        await asyncio.gather(*starts)
        yield
    finally:
        for start in starts:  # when one fails, the others are cancelled
            start.cancel()
        await asyncio.gather(*starts, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in workers))


class GatewayWorker:
    """One gateway worker under supervision."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when it listens. Raises CannotStart, and then leaves no process behind."""
        process = await self._launch()
        self._supervisor = asyncio.create_task(self._supervise(process), name=f"supervise {self._name}")

    async def stop(self) -> None:
        """Returns when it has ended in good order, or was killed."""
        if self._supervisor:
            self._supervisor.cancel()
            await asyncio.wait({self._supervisor})
        await self._end()

    @property
    def _name(self) -> str:
        return f"gateway worker {self._assignment.number}"

    async def _launch(self) -> asyncio.subprocess.Process:
        # A session of its own keeps Ctrl-C for the main process, which stops all in order; the wrapper ends the worker
        # when the main process is killed. Settings with passwords go through a pipe, which nobody else reads.
        process = self._process = await asyncio.create_subprocess_exec(
            *wrap_command(COMMAND, signal.SIGTERM, None),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_SECONDS):
                answer = await _assign(process, self._assignment)
        except TimeoutError:
            answer = f"it did not start within {START_TIMEOUT_SECONDS:g} s"
        except BaseException:
            await self._end()
            raise
        if answer != READY:
            await self._end()
            raise CannotStart(f"{self._name}: {answer or f'it ended at once (code {process.returncode})'}")
        return process

    async def _supervise(self, process: asyncio.subprocess.Process) -> None:
        """Starts it again whenever it dies."""
        loop, attempt = asyncio.get_running_loop(), 0
        while True:
            started_at = loop.time()
            code = await process.wait()
            if loop.time() - started_at > STEADY_SECONDS:
                attempt = 0
            log.error("died", gateway_worker=self._assignment.number, code=code)
            process, attempt = await self._restart(attempt)
            log.warning("restarted", gateway_worker=self._assignment.number, pid=process.pid)

    async def _restart(self, attempt: int) -> tuple[asyncio.subprocess.Process, int]:
        """Tries until it listens; returns it with the number of attempts so far."""
        while True:
            await asyncio.sleep(BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS) - 1)])
            attempt += 1
            try:
                return await self._launch(), attempt
            except (CannotStart, OSError) as error:
                log.error("did not restart", gateway_worker=self._assignment.number, attempt=attempt, why=str(error))

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_SECONDS)
        except TimeoutError:
            log.warning("killed, since it did not stop", gateway_worker=self._assignment.number)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _assign(process: asyncio.subprocess.Process, assignment: Assignment) -> str:
    """Returns the line with which the worker answers its assignment; empty when it has ended before."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        return "it has no pipes"
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has ended; what it printed says why
        stdin.write(assignment.encode())
        await stdin.drain()
    stdin.close()
    return (await stdout.readline()).decode(errors="replace").strip()
