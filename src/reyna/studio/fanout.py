"""Who hears what: one subscription for each user who has a device here, one frame for all devices."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

from reyna.domain.errors import Fault
from reyna.domain.event import LIVE_SUBJECTS
from reyna.ports import Bus, Heard, Position
from reyna.studio.frames import Frame, read

SESSION_ENDED: Final = "session.ended"  # told, not stored: sockets of a session that was signed out


class Device(Protocol):
    """Whatever frames are handed to; it must not block."""

    def hear(self, frame: Frame) -> None: ...

    def session_ended(self, session: str) -> None: ...


class Audience:
    """The devices of one user on this gateway, and the subscription they share."""

    __slots__ = ("devices", "listening")

    def __init__(self, bus: Bus, user_id: str, hear: Callable[["Audience", Heard], None]) -> None:
        self.devices: set[Device] = set()
        # A task of its own, so that it belongs to all who wait for it: one that goes away does not take it along.
        self.listening = asyncio.ensure_future(bus.listen(f"{LIVE_SUBJECTS}.{user_id}.>", partial(hear, self)))

    async def stop(self) -> None:
        with suppress(Fault):  # it never came to listen; whoever waited was told
            await (await self.listening).stop()


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
        if audience is None:
            audience = self._audiences[user_id] = Audience(self._bus, user_id, self._hear)
        audience.devices.add(device)
        try:
            await asyncio.shield(audience.listening)
        except BaseException:
            await self.leave(user_id, device)
            raise

    async def leave(self, user_id: str, device: Device) -> None:
        audience = self._audiences.get(user_id)
        if audience is None:
            return
        audience.devices.discard(device)
        if not audience.devices:
            del self._audiences[user_id]
            await audience.stop()

    def _hear(self, audience: Audience, heard: Heard) -> None:
        if heard.sequence is None and heard.subject.endswith(SESSION_ENDED):
            for device in tuple(audience.devices):
                device.session_ended(heard.body.decode())
            return
        frame = read(heard, self.epoch)
        if frame is not None:
            for device in tuple(audience.devices):
                device.hear(frame)
