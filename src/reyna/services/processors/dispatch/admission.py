"""The admission of held runs: each is handed to workers when its turn comes, exactly once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, NotFound, Refusal
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import Run
from reyna.ports.store import Store
from reyna.services.processors.dispatch.held_runs import list_held
from reyna.services.processors.dispatch.queues import Choice, DispatchNotice, DispatchQueues
from reyna.services.processors.neighbours import ProcessorBus
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore, RunUpdate

DISPATCH_SUBJECTS: Final = "reyna.dispatch"
MAX_PARALLEL_ADMISSIONS: Final = 32  # of one processor, which share a transaction
FindProcessor = Callable[[str], Awaitable[Processor]]
log: Final = structlog.get_logger("reyna.services.processors")


class Admission:
    """Admits held runs while there is room: their messages to workers are published by the same write.

    Several copies of the service may choose the same run; the write of one of them succeeds.
    """

    def __init__(
        self, store: Store, runs: RunStore, queues: DispatchQueues, find_processor: FindProcessor, bus: ProcessorBus
    ) -> None:
        self._store, self._runs, self._queues, self._bus = store, runs, queues, bus
        self._find_processor = find_processor
        self._filling: dict[str, asyncio.Task[None]] = {}  # by processor
        self._again: set[str] = set()  # processors whose queue changed while it was being filled
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._stopped = False
        queues.subscribe(self.fill_soon)

    def fill_soon(self, processor_id: str) -> None:
        """Admits runs of this processor in the background, if some are held."""
        if self._stopped or not self._queues.queue(processor_id).held:
            return
        if processor_id in self._filling:
            self._again.add(processor_id)
            return
        task = asyncio.create_task(self._fill_in_background(processor_id), name=f"admit {processor_id}")
        self._filling[processor_id] = task

    def fill_later(self, processor_id: str, seconds: float) -> None:
        """Admits runs of this processor after a while, unless that is planned already."""
        if not self._stopped and processor_id not in self._timers and self._queues.queue(processor_id).held:
            loop = asyncio.get_running_loop()
            self._timers[processor_id] = loop.call_later(seconds, self._on_timer, processor_id)

    async def fill(self, processor_id: str) -> None:
        """Admits held runs of this processor until there is no room or none is left. Raises Fault."""
        await self._read_limits(processor_id)
        while choices := self._choose(processor_id):
            await asyncio.gather(*(self._follow(processor_id, choice) for choice in choices))
        if (seconds := self._queues.seconds_until_next(processor_id)) is not None:
            self.fill_later(processor_id, max(seconds, 0.001))

    async def wait_until_filled(self) -> None:
        """Returns when no run is being admitted."""
        while self._filling:
            await asyncio.wait(self._filling.values())

    async def stop(self) -> None:
        self._stopped = True
        for timer in self._timers.values():
            timer.cancel()
        await self.wait_until_filled()

    def _choose(self, processor_id: str) -> list[Choice]:
        """Returns the next runs, or one user whose queue is to be read before there can be a next one."""
        choices: list[Choice] = []
        while len(choices) < MAX_PARALLEL_ADMISSIONS and (choice := self._queues.choose(processor_id)):
            if choice.run_id is None:
                return choices or [choice]
            choices.append(choice)
        return choices

    async def _follow(self, processor_id: str, choice: Choice) -> None:
        if choice.run_id is None:
            page = await list_held(self._store, choice.user_id, processor_id)
            self._queues.add_page(processor_id, choice.user_id, page.runs, has_more=page.has_more)
        else:
            await self._admit(DispatchNotice(choice.run_id, choice.user_id, processor_id))

    async def _admit(self, notice: DispatchNotice) -> None:
        caller = Caller(user_id=notice.user_id, kind="house")

        def decide(run: Run) -> RunUpdate | None:
            if run.queue_position is None:
                return None
            admitted = lifecycle.admit(run)
            return RunUpdate(admitted, (self._runs.work_message(admitted),))

        try:
            self._queues.record(await self._runs.update(caller, notice.run_id, decide))
        except (NotFound, Conflict):
            self._queues.remove(notice.processor_id, notice.user_id, notice.run_id)
            return
        except Fault:
            self._queues.remove(notice.processor_id, notice.user_id, notice.run_id)
            self._queues.add_page(notice.processor_id, notice.user_id, [], has_more=True)
            raise
        with suppress(Fault):  # the others hear of it when it starts
            await self._bus.publish_ephemeral(f"{DISPATCH_SUBJECTS}.{notice.processor_id}", msgspec.json.encode(notice))

    async def _read_limits(self, processor_id: str) -> None:
        if self._queues.knows_limits(processor_id):
            return
        processor = None
        with suppress(NotFound):
            processor = await self._find_processor(processor_id)
        self._queues.set_limits(processor_id, processor)

    async def _fill_in_background(self, processor_id: str) -> None:
        try:
            await self.fill(processor_id)
        except (Fault, Refusal) as error:  # the next sweep tries again
            log.info("held runs wait", processor=processor_id, error=error.detail)
        except Exception:
            log.exception("held runs could not be admitted", processor=processor_id)
        finally:
            del self._filling[processor_id]
            if processor_id in self._again:
                self._again.discard(processor_id)
                self.fill_soon(processor_id)

    def _on_timer(self, processor_id: str) -> None:
        del self._timers[processor_id]
        self.fill_soon(processor_id)
