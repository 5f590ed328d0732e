"""Delivery of events to one device: live, replayed and held back, in order and without a gap."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.domain.event import EVENT_SUBJECTS
from reyna.ports.bus import Bus, StreamPosition
from reyna.services.studio.events.cursors import cursor_at, sequence_of, unusable_reason
from reyna.services.studio.events.filters import TypeFilter
from reyna.services.studio.gateway.bucket_tree import BucketTree
from reyna.services.studio.gateway.close_codes import NOT_SIGNED_IN, TRY_AGAIN_LATER, SocketClosed
from reyna.services.studio.gateway.fanout import Fanout
from reyna.services.studio.gateway.frames import Frame, decode_frame, encode
from reyna.services.studio.gateway.held_frames import HeldFrames
from reyna.services.studio.gateway.key_frames import KeyFrames
from reyna.services.studio.gateway.socket import Socket
from reyna.transport.http.server.websocket_protocol import TOO_MANY

MAX_CONNECTIONS_PER_USER: Final = 100  # on one gateway


class EventDelivery:
    """The events of one user on their way to one socket.

    Live frames are held back from `start` on, and during every replay, until `go_live` or a timer releases them.
    """

    __slots__ = (
        "_buckets",
        "_bus",
        "_caller",
        "_fanout",
        "_held",
        "_key_frames",
        "_last_sequence",
        "_release",
        "_release_timer",
        "_session_id",
        "_socket",
        "_tree",
        "_types",
    )

    def __init__(self, socket: Socket, caller: Caller, session_id: str, bus: Bus, fanout: Fanout) -> None:
        self._socket, self._caller, self._session_id = socket, caller, session_id
        self._bus, self._fanout = bus, fanout
        self._held: HeldFrames | None = None
        self._last_sequence = 0  # everything up to it was sent, replayed, or is older than the greeting
        self._release_timer: asyncio.TimerHandle | None = None  # until live frames are released without a message
        self._release: asyncio.Task[None] | None = None
        self._types: TypeFilter | None = None
        self._buckets: frozenset[str] | None = None
        self._tree: BucketTree | None = None  # while `_buckets` is set
        self._key_frames: KeyFrames | None = None  # for a key that is limited to buckets

    # --- live frames ---

    def receive_frame(self, frame: Frame) -> None:
        """Called for every event of the user; never blocks."""
        if self._held is not None:
            self._held.add(frame)
        elif (frame.sequence is None or frame.sequence > self._last_sequence) and self._is_wanted(frame):
            if self._key_frames is None:
                self._socket.write(frame.for_connection(self._socket.id))
            else:
                self._receive_with_key(frame, self._key_frames)

    def _receive_with_key(self, frame: Frame, key_frames: KeyFrames) -> None:
        """Sends what the key may see of a live frame; that of a run once it is known whether the key reaches its
        blob."""
        if (answer := key_frames.run_blob_of(frame)) is None:
            if (narrowed := key_frames.narrow(frame)) is not None:
                self._socket.write(narrowed.for_connection(self._socket.id))
        elif not answer.done():
            answer.add_done_callback(lambda answer: self._write_if(answer, frame))
        else:
            self._write_if(answer, frame)

    def _write_if(self, answer: "asyncio.Task[bool]", frame: Frame) -> None:
        if not answer.cancelled() and answer.exception() is None and answer.result():
            self._socket.write(frame.for_connection(self._socket.id))

    async def _text_of(self, frame: Frame) -> str | None:
        """Returns the text of a frame that is replayed or was held back, or None when it is not wanted."""
        if not self._is_wanted(frame):
            return None
        seen: Frame | None = frame
        if self._key_frames is not None:
            answer = self._key_frames.run_blob_of(frame)
            seen = self._key_frames.narrow(frame) if answer is None else frame if await answer else None
        return None if seen is None else seen.for_connection(self._socket.id)

    def end_session(self, session_id: str) -> None:
        """Closes the socket when it belongs to this session."""
        if session_id == self._session_id:
            self._socket.close_soon(SocketClosed(NOT_SIGNED_IN, "signed out"))

    def reset(self, position: StreamPosition) -> None:
        """Tells the device that the stream has lost events: its cursors are invalid."""
        if self._held is not None:
            if self._last_sequence:  # a resume answers with a reset; before the greeting no cursor was sent
                self._socket.close_soon(SocketClosed(TRY_AGAIN_LATER, "the events have another epoch; resume"))
            return
        self._last_sequence = 0
        cursor = cursor_at(position.epoch, position.last)
        self._socket.write(encode({"type": "reset", "reason": "the cursor is unknown", "cursor": cursor}).decode())

    def _is_wanted(self, frame: Frame) -> bool:
        if self._types is not None and not self._types.matches(frame.full_type):
            return False
        if self._buckets is None or not frame.buckets or not self._buckets.isdisjoint(frame.buckets):
            return True
        return self._tree is not None and self._tree.concerns(frame, self._buckets)

    # --- start and end ---

    async def start(self) -> None:
        """Subscribes to the user's events, and holds live frames back. Raises SocketClosed when the user has too many
        connections, and Fault."""
        if self._fanout.device_count_of(self._caller.user_id) >= MAX_CONNECTIONS_PER_USER:
            raise SocketClosed(TOO_MANY, f"more than {MAX_CONNECTIONS_PER_USER} connections")
        self._held = HeldFrames()
        await self._fanout.join(self._caller.user_id, self)

    async def current_cursor(self) -> str:
        """Returns the cursor of the present for the greeting. Held frames of earlier events are dropped later: they are
        older than this cursor. Raises Fault."""
        position = await self._fanout.position()
        self._last_sequence = position.last
        return cursor_at(position.epoch, position.last)

    async def stop(self) -> None:
        """Unsubscribes from the user's events."""
        await self._fanout.leave(self._caller.user_id, self)
        await self.cancel_release()

    def limit_to_key(self, key_frames: KeyFrames) -> None:
        """Delivers only what a key that is limited to buckets reaches."""
        self._key_frames = key_frames

    def set_filter(self, types: TypeFilter | None, buckets: Iterable[str] | None, tree: BucketTree | None) -> None:
        """Delivers only events of these types in these buckets; None lifts the limit."""
        self._types, self._tree = types, tree
        self._buckets = None if buckets is None else frozenset(buckets)

    # --- release of held frames ---

    @property
    def is_release_scheduled(self) -> bool:
        return self._release_timer is not None

    def schedule_release(self, seconds: float) -> None:
        """Releases the held frames after so many seconds, whatever was scheduled before."""
        if self._release_timer is not None:
            self._release_timer.cancel()
        self._release_timer = asyncio.get_running_loop().call_later(seconds, self._begin_release)

    def release_now(self) -> None:
        """Releases the held frames. When there are none, the next frame is delivered at once, however many follow it:
        progress reports beyond MAX_HELD_FRAMES would be lost while held."""
        if self._held is None or not self._held.is_empty:
            self.schedule_release(0.0)
            return
        self._held = None
        if self._release_timer is not None:
            self._release_timer.cancel()
            self._release_timer = None

    async def cancel_release(self) -> None:
        """Cancels a release that is scheduled or in progress: what it has not sent stays held back."""
        if self._release_timer is not None:
            self._release_timer.cancel()
            self._release_timer = None
        if self._release is not None:
            self._release.cancel()
            await asyncio.wait([self._release])
            self._release = None

    def _begin_release(self) -> None:
        self._release_timer = None
        self._release = asyncio.get_running_loop().create_task(self._release_held())

    async def _release_held(self) -> None:
        try:
            await self._go_live()
        except SocketClosed as closed:
            self._socket.close_soon(closed)
        except Fault as fault:
            self._socket.close_soon(SocketClosed(TRY_AGAIN_LATER, fault.detail))

    # --- replay ---

    async def resume(self, cursor: str, **answer_fields: Any) -> None:
        """Replays the events after the cursor in order, then the live frames that were held back meanwhile.

        Raises SocketClosed when the bus fails in between: going on would leave a gap.
        """
        if self._held is None:
            self._held = HeldFrames()
        try:
            position = await self._fanout.position()
            after = sequence_of(cursor, position.epoch)
            answer: dict[str, Any]
            if reason := unusable_reason(after, position):
                answer = {"type": "reset", "reason": reason}
            else:
                answer = {"type": "resumed", "replayed": await self._replay(after or 0, position)}
            self._last_sequence = position.last
            answer |= {"cursor": cursor_at(position.epoch, position.last)} | answer_fields
            self._socket.write(encode(answer).decode())
            await self._go_live()
        except Fault as fault:
            raise SocketClosed(TRY_AGAIN_LATER, fault.detail) from fault

    async def _replay(self, after: int, position: StreamPosition) -> int:
        """Sends the stored events after a sequence, as fast as the client reads and the gateway has time, and returns
        their number."""
        replayed = passed = 0
        subject = f"{EVENT_SUBJECTS}.{self._caller.user_id}.>"
        with self._fanout.replay() as replays:
            async for message in self._bus.replay(subject, after=after, until=position.last):
                frame = decode_frame(message, position.epoch)
                if frame is not None and (text := await self._text_of(frame)) is not None:
                    await self._socket.write_in_turn(text)
                    replayed += 1
                passed += 1
                if passed % replays.frames_per_turn() == 0:
                    await asyncio.sleep(0)  # a fast client and a full page would never yield
        return replayed

    async def _go_live(self) -> None:
        """Sends what was held back, in order, until there is no more; what was dropped is replayed."""
        while (held := self._held) is not None:
            if held.is_incomplete:
                self._held = HeldFrames()  # before the position is read: what comes later is not replayed
                position = await self._fanout.position()
                await self._replay(self._last_sequence, position)
                self._last_sequence = position.last
            elif held.frames:
                frame = held.frames.popleft()
                if frame.sequence is not None:
                    if frame.sequence <= self._last_sequence:
                        continue
                    self._last_sequence = frame.sequence
                if (text := await self._text_of(frame)) is not None:
                    await self._socket.write_in_turn(text)
            else:
                self._held = None
