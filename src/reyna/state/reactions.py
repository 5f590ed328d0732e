"""What the state service does when it hears that something happened."""

import time
from typing import Any, Final, Protocol

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, NotFound
from reyna.domain.event import DECODER, EVENT_SUBJECTS, LIVE_SUBJECTS
from reyna.ports import Bus, Delivery, Heard, Subscription
from reyna.state.records import UpgradeTask
from reyna.state.shapes import Shapes

PATIENCE: Final = 10.0  # seconds without a sign of life until another copy takes an upgrade over; a page takes less
EVERY: Final = 0.25  # seconds between two reports of how far an upgrade is
PARALLEL: Final = 2  # upgrades at a time in one copy, so that those of one user do not hold up all others
log: Final = structlog.get_logger("reyna.state")


async def follow_schemas(bus: Bus, shapes: Shapes) -> Subscription:
    """Forget the newest version whenever one is registered or its terms change; versions themselves never change."""

    def hear(heard: Heard) -> None:
        event = DECODER.decode(heard.body)
        data = msgspec.convert(event.data, Registered)
        shapes.forget(event.userid, data.schema_id.rpartition("-v")[0])

    return await bus.listen(f"{LIVE_SUBJECTS}.*.schema.*", hear)


class Registered(msgspec.Struct, frozen=True):
    schema_id: str


class Upgrading(Protocol):
    """Takes the next page of an upgrade."""

    async def go_on_upgrading(self, caller: Caller, id: str) -> UpgradeTask: ...


async def follow_upgrades(bus: Bus, state: Upgrading) -> Subscription:
    """Work off upgrades that were asked for; copies of the service share them, and one that dies is taken over from."""

    async def work(delivery: Delivery) -> None:
        try:
            event = DECODER.decode(delivery.body)
            asked = msgspec.convert(event.data, Asked)
        except msgspec.MsgspecError as error:
            log.error("event cannot be read", subject=delivery.subject, error=str(error))
            return
        caller, told = Caller(user_id=event.userid, kind="house"), 0.0
        try:
            while (task := await state.go_on_upgrading(caller, asked.upgrade_id)).finished_at is None:
                await delivery.in_progress()
                if time.monotonic() - told >= EVERY:
                    told = time.monotonic()
                    await _tell(bus, task)
        except NotFound:
            log.warning("there is no such upgrade", upgrade_id=asked.upgrade_id, user_id=event.userid)

    subject = f"{EVENT_SUBJECTS}.*.upgrade.requested"
    return await bus.subscribe("EVENTS", "state-upgrades", subject, work, parallel=PARALLEL, patience=PATIENCE)


class Asked(msgspec.Struct, frozen=True):
    upgrade_id: str


async def _tell(bus: Bus, task: UpgradeTask) -> None:
    progress: dict[str, Any] = {
        "upgrade_id": task.id,
        "from": task.from_,
        "to": task.to,
        "total": task.total,
        "done": task.done,
        "failed": task.failed,
    }
    try:
        await bus.tell(f"{LIVE_SUBJECTS}.{task.user_id}.upgrade.progress", msgspec.json.encode(progress))
    except Fault as fault:  # the next report, or the end, says more than this one
        log.info("no progress could be told", error=fault.detail)
