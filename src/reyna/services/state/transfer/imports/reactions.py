"""The reaction to a requested import: it is carried out, by one of the copies of the service."""

import asyncio
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.event import DECODER, EVENT_SUBJECTS
from reyna.ports.bus import Bus, Delivery, Subscription
from reyna.services.state.transfer.imports.import_worker import ImportWorker

TAKEOVER_SECONDS: Final = 20.0  # without a sign of life until another copy takes an import over
BEAT_SECONDS: Final = 5.0
MAX_PARALLEL_IMPORTS: Final = 2  # in one copy, each of which reads an archive in a thread
MAX_ATTEMPTS: Final = 5  # at an import during which the service dies
log: Final = structlog.get_logger("reyna.services.state")


class ImportRequested(msgspec.Struct, frozen=True):
    task_id: str


async def follow_imports(bus: Bus, worker: ImportWorker) -> Subscription:
    """Carries requested imports out; copies of the service share them and take over those of a copy that dies."""

    async def work(delivery: Delivery) -> None:
        try:
            event = DECODER.decode(delivery.body)
            request = msgspec.convert(event.data, ImportRequested)
        except msgspec.MsgspecError as error:
            log.error("event cannot be read", subject=delivery.subject, error=str(error))
            return
        caller = Caller(user_id=event.userid, kind="import")
        beating = asyncio.create_task(_beat(delivery))
        try:
            if delivery.attempt > MAX_ATTEMPTS:
                await worker.give_up(caller, request.task_id)
            else:
                await worker.run(caller, request.task_id)
        except NotFound:
            log.warning("there is no such task", task_id=request.task_id, user_id=event.userid)
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    subject = f"{EVENT_SUBJECTS}.*.task.requested"
    return await bus.subscribe(
        "EVENTS", "state-imports", subject, work, parallel=MAX_PARALLEL_IMPORTS, ack_wait=TAKEOVER_SECONDS
    )


async def _beat(delivery: Delivery) -> None:
    """Says that the work goes on, until it is cancelled."""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        await delivery.in_progress()
