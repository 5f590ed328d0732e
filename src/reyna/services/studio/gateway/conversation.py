"""The conversation with one device: greeting, requests and their answers."""

from functools import partial
from typing import Any, Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Invalid, Refusal, Unavailable
from reyna.domain.ids import new_id
from reyna.services.studio.events.filters import parse_type_filter
from reyna.services.studio.gateway import frames, protocol
from reyna.services.studio.gateway.actions import Actions
from reyna.services.studio.gateway.close_codes import SocketClosed
from reyna.services.studio.gateway.event_delivery import EventDelivery
from reyna.services.studio.gateway.fanout import Fanout
from reyna.services.studio.gateway.key_frames import KeyFrames
from reyna.services.studio.gateway.socket import Socket

HOLD_SECONDS: Final = 2.0  # live frames wait so long for the first message, which may be a `resume`
HOLD_AFTER_SUBSCRIBE_SECONDS: Final = 0.25  # a `subscribe` is often sent just before the `resume`
MAX_SUBSCRIBED_BUCKETS: Final = 1_000
log: Final = structlog.get_logger("reyna.services.studio.gateway.socket")


class Conversation:
    """Greets a signed-in device, and answers each of its messages with one frame."""

    __slots__ = ("_actions", "_caller", "_delivery", "_fanout", "_socket")

    def __init__(
        self, socket: Socket, caller: Caller, delivery: EventDelivery, fanout: Fanout, actions: Actions
    ) -> None:
        self._socket, self._caller, self._delivery = socket, caller, delivery
        self._fanout, self._actions = fanout, actions

    async def run(self, authenticate_id: str | int | None = None, cursor: str | None = None) -> None:
        """Greets the device and answers until the connection is closed; `authenticate_id` is the request_id of the
        message that signed it in. Raises SocketClosed and Fault.

        With a `cursor` the device first receives what it missed. Without one, live frames wait until its first message
        is answered or HOLD_SECONDS are over: when that message is a `resume`, nothing newer has moved its cursor.
        """
        await self._delivery.start()
        try:
            await self._limit_to_key()
            present = await self._delivery.current_cursor()
            self._greet(present if cursor is None else cursor)
            if authenticate_id is not None:
                self._socket.write(frames.ok_frame(authenticate_id, {}))
            if cursor is not None:
                await self._delivery.resume(cursor)
            else:
                self._delivery.schedule_release(HOLD_SECONDS)
            while (text := await self._socket.read()) is not None:
                await self._answer(text)
                await self._socket.wait_for_room()
        finally:
            await self._delivery.stop()
            self._socket.stop_writing()

    def _greet(self, cursor: str) -> None:
        """Sends the greeting. The cursor is where the device goes on from: it may keep it before anything is
        replayed."""
        hello = {
            "type": "hello",
            "protocol": frames.PROTOCOL_VERSION,
            "user_id": self._caller.user_id,
            "cursor": cursor,
        }
        self._socket.write(frames.encode(hello).decode())

    async def _answer(self, text: str | bytes) -> None:
        request_id: str | int | None = None
        try:
            message = protocol.parse_message(text)
            request_id = message.request_id
            # `type(…) is`: an isinstance that does not hold takes 0.1 us, and most messages are none of these.
            if type(message) is protocol.ResumeMessage:
                await self._delivery.cancel_release()
                await self._delivery.resume(message.cursor, request_id=request_id)
                return
            if type(message) is protocol.SubscribeMessage:
                await self._subscribe(message)
                self._socket.write(frames.ok_frame(request_id, {}))
                if self._delivery.is_release_scheduled:
                    self._delivery.schedule_release(HOLD_AFTER_SUBSCRIBE_SECONDS)
                return
            if type(message) is protocol.AuthenticateMessage:
                raise Invalid("You are signed in already.")
            self._socket.write(
                frames.ok_frame(request_id, await self._actions.perform(self._caller_of(request_id), message))
            )
        except SocketClosed:
            raise
        except Refusal as refusal:
            refused_id = request_id if request_id is not None else protocol.request_id_of(text)
            self._socket.write(frames.refusal_frame(refused_id, refusal))
        except Exception as error:
            self._socket.write(frames.error_frame(request_id, _fault_problem(error)))
        if self._delivery.is_release_scheduled:
            self._delivery.release_now()

    def _caller_of(self, request_id: str | int | None) -> Caller:
        """Returns the caller, as the origin of the events that this request causes."""
        if request_id is None:
            return self._caller
        return msgspec.structs.replace(self._caller, origin=frames.origin_of(self._socket.id, request_id))

    async def _limit_to_key(self) -> None:
        """Narrows what is delivered to what the caller's key reaches, while live frames are held back."""
        if self._caller.bucket_ids is None:
            return
        tree = self._fanout.tree_of(self._caller.user_id)
        await tree.load(self._read_parents)
        roots, check_blob = frozenset(self._caller.bucket_ids), partial(self._actions.reaches_blob, self._caller)
        self._delivery.limit_to_key(KeyFrames(roots, tree, check_blob))

    async def _read_parents(self) -> dict[str, str | None]:
        """Returns the parents of all buckets of the user, also for a key that does not reach them all: the tree is
        shared by all devices of the user, and no device is shown it."""
        return await self._actions.bucket_parents(Caller(user_id=self._caller.user_id))

    async def _subscribe(self, message: protocol.SubscribeMessage) -> None:
        """Filters what is delivered. Raises Invalid."""
        types = None if message.types is None else parse_type_filter(message.types, "/types")
        tree = None
        if message.buckets is not None:
            if len(message.buckets) > MAX_SUBSCRIBED_BUCKETS:
                raise Invalid.at("/buckets", f"are more than {MAX_SUBSCRIBED_BUCKETS:,}")
            tree = self._fanout.tree_of(self._caller.user_id)
            await tree.load(self._read_parents)
        self._delivery.set_filter(types, message.buckets, tree)


def _fault_problem(error: Exception) -> dict[str, Any]:
    """Logs a fault under its id, and returns the fields of its answer."""
    if isinstance(error, Unavailable):
        return error.problem()
    id = (error.id if isinstance(error, Fault) else "") or new_id("fault")
    log.error("fault", id=id, exc_info=error)
    detail = error.detail if isinstance(error, Fault) else Fault().detail
    return {"code": "fault", "reason": "fault", "detail": detail, "id": id}
