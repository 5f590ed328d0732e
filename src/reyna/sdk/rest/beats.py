"""Beats from a thread of their own: a processor that blocks the event loop of its worker does not lose its lease."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Final

from reyna.domain.errors import Fault, NotFound, NotSignedIn, Refusal, RunningElsewhere
from reyna.domain.processing.lease import LeaseBeat, LeaseState
from reyna.domain.processing.run import ENDED
from reyna.sdk.rest.studio_client import StudioClient

BEAT_WAIT_SECONDS: Final = 8.0  # that the answer to a beat waits for the end of the run
BEAT_TIMEOUT_SECONDS: Final = 20.0
MIN_BEAT_INTERVAL_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


class BeatThread:
    """Sends beats for each run under way, and calls `on_ended` in the worker's loop when a run is not wanted any more.

    `connect` returns a client for the thread, which has an event loop of its own.
    """

    def __init__(self, connect: Callable[[], StudioClient], worker_id: str, on_ended: Callable[[str], None]) -> None:
        self._connect, self._worker_id, self._on_ended = connect, worker_id, on_ended
        self._worker_loop = asyncio.get_running_loop()
        self._loop = asyncio.new_event_loop()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._thread = threading.Thread(target=self._run, name="beats", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, run_id: str, token: str) -> None:
        """Keeps this run from now on."""
        self._loop.call_soon_threadsafe(self._keep, run_id, token)

    def remove(self, run_id: str) -> None:
        self._loop.call_soon_threadsafe(self._drop, run_id)

    async def stop(self) -> None:
        """Returns when the thread has ended."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._studio = self._connect()
        self._loop.run_forever()
        for task in self._tasks.values():
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks.values(), return_exceptions=True))
        self._loop.run_until_complete(self._studio.close())
        self._loop.close()

    def _keep(self, run_id: str, token: str) -> None:
        self._tasks[run_id] = self._loop.create_task(self._send_beats(run_id, token))

    def _drop(self, run_id: str) -> None:
        if task := self._tasks.pop(run_id, None):
            task.cancel()

    async def _send_beats(self, run_id: str, token: str) -> None:
        beat = LeaseBeat(worker=self._worker_id, wait_seconds=BEAT_WAIT_SECONDS)
        while True:
            sent_at = self._loop.time()
            try:
                state: LeaseState = await self._studio.ask(
                    LeaseState, "POST", f"/runs/{run_id}/beat", beat, token=token, timeout=BEAT_TIMEOUT_SECONDS
                )
                has_ended = state.status in ENDED
            except (RunningElsewhere, NotFound, NotSignedIn) as refusal:
                log.info("%s is not ours any more: %s", run_id, refusal.detail)
                has_ended = True
            except (Fault, Refusal) as error:  # the lease outlasts several of these
                log.info("a beat for %s failed: %s", run_id, error.detail)
                has_ended = False
            if has_ended:
                self._worker_loop.call_soon_threadsafe(self._on_ended, run_id)
                return
            await asyncio.sleep(max(sent_at + MIN_BEAT_INTERVAL_SECONDS - self._loop.time(), 0.0))
