"""Who hears what: one subscription for each user who has a device here, one frame for all devices."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from reyna.domain.event import LIVE_SUBJECTS
from reyna.ports import Bus, Heard, Position, Subscription
from reyna.studio.frames import Frame, framed

log: Final = structlog.get_logger("reyna.studio.fanout")
SESSION_ENDED: Final = "session.ended"  # told, not stored: sockets of a session that was signed out


class Device(Protocol):
    """Whatever frames are handed to; it must not block."""

    def hear(self, frame: Frame) -> None: ...

    def session_ended(self, session: str) -> None: ...


class Audience:
    """The devices of one user on this gateway."""

    __slots__ = ("devices", "ready", "subscription")

    def __init__(self) -> None:
        self.devices: set[Device] = set()
        self.subscription: Subscription | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Fanout:
    """Routes by owner: a gateway never hears about users it does not hold."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._audiences: dict[str, Audience] = {}
        self.epoch = ""

    @property
    def devices(self) -> int:
        return sum(len(audience.devices) for audience in self._audiences.values())

    def count(self, user_id: str) -> int:
        audience = self._audiences.get(user_id)
        return len(audience.devices) if audience else 0

    async def position(self) -> Position:
        position = await self._bus.position()
        self.epoch = position.epoch
        return position

    async def join(self, user_id: str, device: Device) -> None:
        """Returns when the device hears everything that happens from now on."""
        if not self.epoch:
            await self.position()
        audience = self._audiences.get(user_id)
        if audience is not None:
            audience.devices.add(device)
            await asyncio.shield(audience.ready)
            return
        audience = self._audiences[user_id] = Audience()
        audience.devices.add(device)
        try:
            audience.subscription = await self._bus.listen(f"{LIVE_SUBJECTS}.{user_id}.>", self._hears(audience))
        except BaseException as error:
            self._audiences.pop(user_id, None)
            audience.ready.set_exception(error)
            audience.ready.exception()  # whoever waits sees it; nobody waiting is no second error
            raise
        audience.ready.set_result(None)

    async def leave(self, user_id: str, device: Device) -> None:
        audience = self._audiences.get(user_id)
        if audience is None:
            return
        audience.devices.discard(device)
        if not audience.devices and audience.subscription is not None:
            del self._audiences[user_id]
            await audience.subscription.stop()

    def _hears(self, audience: Audience) -> Callable[[Heard], None]:
        def hear(heard: Heard) -> None:
            if heard.sequence is None and heard.subject.endswith(SESSION_ENDED):
                for device in tuple(audience.devices):
                    device.session_ended(heard.body.decode())
                return
            try:
                frame = framed(heard, self.epoch)
            except ValueError:  # what we cannot read must not end the subscription for everyone
                log.exception("unreadable", subject=heard.subject)
                return
            for device in tuple(audience.devices):
                device.hear(frame)

        return hear
