"""Reactions of the state service to events: new schema versions and requested upgrades."""

import time
from typing import Any, Final, Protocol

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, NotFound
from reyna.domain.event import DECODER, EVENT_SUBJECTS, LIVE_SUBJECTS
from reyna.ports.bus import Bus, Delivery, ReceivedMessage, Subscription
from reyna.services.state.content.schema_cache import SchemaCache
from reyna.services.state.records import UpgradeTask

TAKEOVER_SECONDS: Final = 10.0  # without progress until another copy takes an upgrade over; a page takes less
PROGRESS_INTERVAL_SECONDS: Final = 0.25  # between two reports of an upgrade
MAX_PARALLEL_UPGRADES: Final = 2  # in one copy, so that those of one user do not hold up all others
log: Final = structlog.get_logger("reyna.services.state")


async def follow_schemas(bus: Bus, schemas: SchemaCache) -> Subscription:
    """Drops the newest version from the cache whenever one is registered or its terms change."""

    def forget(message: ReceivedMessage) -> None:
        event = DECODER.decode(message.body)
        data = msgspec.convert(event.data, Registered)
        schemas.forget(event.userid, data.schema_id.rpartition("-v")[0])

    return await bus.listen(f"{LIVE_SUBJECTS}.*.schema.*", forget)


class Registered(msgspec.Struct, frozen=True):
    schema_id: str


class UpgradeVerbs(Protocol):
    """The verb that advances an upgrade task."""

    async def advance(self, caller: Caller, id: str) -> UpgradeTask: ...


async def follow_upgrades(bus: Bus, upgrades: UpgradeVerbs) -> Subscription:
    """Runs requested upgrades; copies of the service share them and take over those of a copy that dies."""

    async def work(delivery: Delivery) -> None:
        try:
            event = DECODER.decode(delivery.body)
            request = msgspec.convert(event.data, UpgradeRequested)
        except msgspec.MsgspecError as error:
            log.error("event cannot be read", subject=delivery.subject, error=str(error))
            return
        caller, reported_at = Caller(user_id=event.userid, kind="house"), 0.0
        try:
            while (task := await upgrades.advance(caller, request.upgrade_id)).finished_at is None:
                await delivery.in_progress()
                if time.monotonic() - reported_at >= PROGRESS_INTERVAL_SECONDS:
                    reported_at = time.monotonic()
                    await _publish_progress(bus, task)
        except NotFound:
            log.warning("there is no such upgrade", upgrade_id=request.upgrade_id, user_id=event.userid)

    subject = f"{EVENT_SUBJECTS}.*.upgrade.requested"
    return await bus.subscribe(
        "EVENTS", "state-upgrades", subject, work, parallel=MAX_PARALLEL_UPGRADES, ack_wait=TAKEOVER_SECONDS
    )


class UpgradeRequested(msgspec.Struct, frozen=True):
    upgrade_id: str


async def _publish_progress(bus: Bus, task: UpgradeTask) -> None:
    progress: dict[str, Any] = {
        "upgrade_id": task.id,
        "from": task.from_,
        "to": task.to,
        "total": task.total,
        "done": task.done,
        "failed": task.failed,
    }
    try:
        await bus.publish_ephemeral(f"{LIVE_SUBJECTS}.{task.user_id}.upgrade.progress", msgspec.json.encode(progress))
    except Fault as fault:  # the next report, or the end, says more than this one
        log.info("upgrade progress cannot be published", error=fault.detail)
