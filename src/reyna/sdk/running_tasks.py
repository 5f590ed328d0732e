"""The tasks in which a worker's runs are under way, so that they can be cancelled from outside."""

import asyncio
from typing import Any

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.errors import Fault
from reyna.domain.processing.run import Output
from reyna.ports.bus import RetryLater
from reyna.sdk.context import Context
from reyna.sdk.processor import Processor


class RunCancelled(Exception):
    """The user no longer wants this run."""


class RunningTask(msgspec.Struct, frozen=True):
    """The task of one run, and its context."""

    context: Context[Any]
    task: asyncio.Task[list[Output]]


class RunningTasks:
    """Runs a processor's function in a task for each run."""

    def __init__(self, processor: Processor[Any]) -> None:
        self._processor = processor
        self._running: dict[str, RunningTask] = {}  # by run
        self._stopping = False

    def __len__(self) -> int:
        return len(self._running)

    async def run(self, run_id: str, blob: Blob, context: Context[Any]) -> list[Output]:
        """Returns the processor's outputs for this blob.

        Raises RunCancelled after `cancel`, RetryLater after `stop`, and whatever the processor raises.
        """
        if self._stopping:
            raise RetryLater(0.0)
        task = asyncio.create_task(self._processor.run(blob, context))
        self._running[run_id] = RunningTask(context, task)
        try:
            return await task
        except asyncio.CancelledError:
            if context.cancelled:
                raise RunCancelled("It was cancelled.") from None
            if self._stopping:
                raise RetryLater(0.0) from None
            if task.cancelled() and not _is_being_cancelled():
                raise Fault(f"{self._processor.id} cancelled itself.") from None
            task.cancel()
            raise
        finally:
            del self._running[run_id]
            await context.end(send=not context.cancelled)

    def cancel(self, run_id: str) -> None:
        """Cancels the run for its user, if it is under way here."""
        if running := self._running.get(run_id):
            running.context.cancelled = True
            running.task.cancel()

    def stop(self) -> None:
        """Cancels every run, for another worker to take it over; from now on `run` raises RetryLater."""
        self._stopping = True
        for running in list(self._running.values()):
            running.task.cancel()


def _is_being_cancelled() -> bool:
    """Returns True when the current task is cancelled itself, and not only the task that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
