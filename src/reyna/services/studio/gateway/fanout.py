"""Fan-out of live events: one bus subscription per connected user, one frame for all devices of the user."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

import structlog

from reyna.domain.errors import Fault
from reyna.domain.event import LIVE_SUBJECTS
from reyna.ports.bus import Bus, ReceivedMessage, StreamPosition
from reyna.services.studio.gateway.bucket_tree import BucketTree
from reyna.services.studio.gateway.frames import Frame, decode_frame
from reyna.services.studio.sign_in.session_cache import SESSION_ENDED

REPLAYED_FRAMES_PER_TURN: Final = 128  # of all replays in one turn of the event loop: about 4 ms
EPOCH_CHECK_SECONDS: Final = 5.0
log: Final = structlog.get_logger("reyna.services.studio.gateway.fanout")


class FrameReceiver(Protocol):
    """A device that frames are delivered to. Its methods must not block."""

    def receive_frame(self, frame: Frame) -> None: ...

    def end_session(self, session_id: str) -> None: ...

    def reset(self, position: StreamPosition) -> None:
        """All earlier cursors are invalid; cursors from this position on are valid."""


class UserSubscription:
    """The devices of one user on this gateway, and the bus subscription they share."""

    __slots__ = ("devices", "last_sequence", "subscribing", "tree")

    def __init__(self, bus: Bus, user_id: str, deliver: Callable[["UserSubscription", ReceivedMessage], None]) -> None:
        self.devices: set[FrameReceiver] = set()
        self.last_sequence = 0  # of the last message that was delivered
        self.tree: BucketTree | None = None  # until a device filters by buckets, nobody needs it
        # A task of its own, since all devices wait for it: the first one may leave without cancelling it.
        self.subscribing = asyncio.ensure_future(bus.listen(f"{LIVE_SUBJECTS}.{user_id}.>", partial(deliver, self)))

    async def stop(self) -> None:
        with suppress(Fault):  # subscribing failed, and every device that waited has got the fault
            await (await self.subscribing).stop()


class Replays:
    """Counts the replays in progress, which share the time of the gateway so that live frames never wait long."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> "Replays":
        self.count += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.count -= 1

    def frames_per_turn(self) -> int:
        """Returns the number of frames after which one replay yields to everything else."""
        return max(1, REPLAYED_FRAMES_PER_TURN // self.count)


class Fanout:
    """Delivers the events of each user to the devices of that user on this gateway."""

    def __init__(self, bus: Bus, *, check_seconds: float = EPOCH_CHECK_SECONDS) -> None:
        self._bus, self._check_seconds = bus, check_seconds
        self._subscriptions: dict[str, UserSubscription] = {}
        self._replays = Replays()
        self._epoch_checks: asyncio.Task[None] | None = None
        self._check_now = asyncio.Event()
        self.epoch = ""

    @property
    def device_count(self) -> int:
        return sum(len(subscription.devices) for subscription in self._subscriptions.values())

    def device_count_of(self, user_id: str) -> int:
        subscription = self._subscriptions.get(user_id)
        return len(subscription.devices) if subscription else 0

    async def position(self) -> StreamPosition:
        """Returns the current position of the stream. When its epoch has changed, all devices are reset."""
        position = await self._bus.position()
        last_epoch, self.epoch = self.epoch, position.epoch
        if last_epoch not in ("", position.epoch):
            log.warning("the epoch of the event stream has changed; devices must reload", devices=self.device_count)
            for subscription in tuple(self._subscriptions.values()):
                subscription.last_sequence = 0
                for device in tuple(subscription.devices):
                    device.reset(position)
        return position

    def tree_of(self, user_id: str) -> BucketTree:
        """Returns the bucket tree of a user who has a device here; it is kept up to date from now on."""
        subscription = self._subscriptions[user_id]
        if subscription.tree is None:
            subscription.tree = BucketTree()
        return subscription.tree

    def replay(self) -> Replays:
        """Returns the context in which one device replays events."""
        return self._replays

    async def join(self, user_id: str, device: FrameReceiver) -> None:
        """Returns when the device receives every event from now on. Raises Fault."""
        if not self.epoch:
            await self.position()
        subscription = self._subscriptions.get(user_id)
        if subscription is None:
            subscription = self._subscriptions[user_id] = UserSubscription(self._bus, user_id, self._deliver)
        subscription.devices.add(device)
        if self._epoch_checks is None:
            self._epoch_checks = asyncio.create_task(self._check_epoch(), name="check the epoch of the events")
        try:
            await asyncio.shield(subscription.subscribing)
        except BaseException:
            await self.leave(user_id, device)
            raise

    async def leave(self, user_id: str, device: FrameReceiver) -> None:
        """Removes the device, and the user's subscription with the last device."""
        subscription = self._subscriptions.get(user_id)
        if subscription is None:
            return
        subscription.devices.discard(device)
        if not subscription.devices:
            del self._subscriptions[user_id]
            if not self._subscriptions and self._epoch_checks is not None:
                self._epoch_checks.cancel()
                self._epoch_checks = None
            await subscription.stop()

    async def _check_epoch(self) -> None:
        """Reads the epoch again and again: a stream that lost its end repeats sequences, which are ignored here."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._check_seconds):
                    await self._check_now.wait()
            self._check_now.clear()
            with suppress(Fault):
                await self.position()

    def _deliver(self, subscription: UserSubscription, message: ReceivedMessage) -> None:
        if message.sequence is None and message.subject.endswith(SESSION_ENDED):
            for device in tuple(subscription.devices):
                device.end_session(message.body.decode())
            return
        if message.sequence is not None:
            if message.sequence <= subscription.last_sequence:
                self._check_now.set()  # delivered again after an outage, or the stream repeats its sequences
                return
            subscription.last_sequence = message.sequence
        frame = decode_frame(message, self.epoch)
        if frame is not None:
            if subscription.tree is not None:
                subscription.tree.update(frame)
            for device in tuple(subscription.devices):
                device.receive_frame(frame)
