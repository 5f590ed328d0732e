"""Stored messages, read from their stream directly and in batches: no consumer is created that could be left behind."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import msgspec
from nats.aio.msg import Msg

from reyna.adapters.nats.connection import Connection, send, status_of
from reyna.adapters.nats.inbox import Inbox
from reyna.adapters.nats.jetstream_api import (
    ALREADY_GONE,
    API_SUBJECTS,
    API_TIMEOUT_SECONDS,
    NO_MESSAGE,
    ApiRefused,
    JetStreamApi,
)
from reyna.adapters.nats.publisher import MESSAGE_ID
from reyna.adapters.nats.stream_info import EPOCH_RENEWALS, STREAM_INFO, StreamInfo
from reyna.domain.errors import Fault
from reyna.domain.event import EVENT_SUBJECTS
from reyna.domain.text.clusters import truncate
from reyna.ports.bus import ReceivedMessage, Stream, StreamExtent, StreamPosition

SEQUENCE: Final = "Nats-Sequence"
SUBJECT: Final = "Nats-Subject"
PENDING_COUNT: Final = "Nats-Num-Pending"
BATCH_MESSAGES: Final = 250  # in one request: what one slow reader keeps in memory
READ_TIMEOUT_SECONDS: Final = 5.0  # for the next message
END_OF_BATCH: Final = "204"
NOT_FOUND: Final = "404"
END_OF_STREAM: Final = 2**62


class EventStream:
    """Reads the stream EVENTS, and removes messages from any stream."""

    def __init__(self, connection: Connection, inbox: Inbox, api: JetStreamApi) -> None:
        self._connection, self._inbox, self._api = connection, inbox, api

    async def info(self, body: Any = None, *, timeout: float = API_TIMEOUT_SECONDS) -> StreamInfo:
        message = await self._api.request("STREAM.INFO.EVENTS", body, timeout=timeout)
        try:
            return STREAM_INFO.decode(message.data)
        except msgspec.ValidationError:
            answer = truncate(message.data.decode(errors="replace"), 200)
            raise Fault(f"The stream EVENTS does not answer: {answer}") from None

    async def position(self) -> StreamPosition:
        return (await self.info()).position

    async def extent(self) -> StreamExtent:
        info = await self.info()
        if info.state.num_deleted:
            info = await self.info({"deleted_details": True})
        return info.extent

    async def sequence_at(self, moment: datetime) -> int:
        """Returns the sequence of the first event stored at this moment or later, or else the next sequence."""
        message = await self._api.request(
            "DIRECT.GET.EVENTS", {"start_time": moment, "next_by_subj": f"{EVENT_SUBJECTS}.>"}
        )
        if status_of(message) == NOT_FOUND:
            return (await self.position()).last + 1
        if message.headers is None or SEQUENCE not in message.headers:
            raise Fault(f"Reading stored events: {message.headers}")
        return int(message.headers[SEQUENCE])

    async def get(self, sequence: int) -> ReceivedMessage | None:
        """Returns the event with this sequence, as the leader has it where the stream has replicas."""
        try:
            answer = await self._api.call("STREAM.MSG.GET.EVENTS", {"seq": sequence})
        except ApiRefused as refused:
            if refused.error.err_code == NO_MESSAGE:
                return None
            raise
        message = answer["message"]
        return ReceivedMessage(message["subject"], b64decode(message.get("data") or ""), sequence)

    async def replay(self, subject: str, after: int, until: int) -> AsyncIterator[ReceivedMessage]:
        async for sequence, message in self._read("EVENTS", subject, after, until):
            yield ReceivedMessage((message.headers or {})[SUBJECT], message.data, sequence)

    async def remove(self, stream: Stream, subject: str, id: str) -> None:
        """Removes the message that was published on this subject under this id, if it is stored."""
        async for sequence, message in self._read(stream, subject, 0, END_OF_STREAM):
            if (message.headers or {}).get(MESSAGE_ID) != id:
                continue
            try:
                await self._api.call(f"STREAM.MSG.DELETE.{stream}", {"seq": sequence, "no_erase": True})
            except ApiRefused as refused:
                if refused.error.err_code not in ALREADY_GONE:
                    raise
            return

    async def renew_epoch(self) -> None:
        config = (await self._api.call("STREAM.INFO.EVENTS"))["config"]
        metadata = config.get("metadata") or {}
        renewed = {EPOCH_RENEWALS: str(int(metadata.get(EPOCH_RENEWALS, 0)) + 1)}
        await self._api.call("STREAM.UPDATE.EVENTS", config | {"metadata": metadata | renewed})

    async def _read(self, stream: Stream, subject: str, after: int, until: int) -> AsyncIterator[tuple[int, Msg]]:
        """Yields each message of this subject with its sequence, after < sequence <= until, in order. Raises Fault."""
        arrived: asyncio.Queue[Msg] = asyncio.Queue()
        while after < until:
            batch = {"seq": after + 1, "next_by_subj": subject, "batch": min(BATCH_MESSAGES, until - after)}
            reply = self._inbox.expect(arrived.put_nowait)
            try:
                await send(self._connection, f"{API_SUBJECTS}DIRECT.GET.{stream}", msgspec.json.encode(batch), reply)
                while True:
                    message = await _next(arrived)
                    status = status_of(message)
                    if status == END_OF_BATCH:
                        break
                    if status == NOT_FOUND:
                        return
                    if status is not None or message.headers is None:
                        raise Fault(f"Reading stored messages of {stream}: {message.headers}")
                    after = int(message.headers[SEQUENCE])
                    if after > until:
                        return
                    yield after, message
            finally:
                self._inbox.forget(reply)
            if message.headers is None or message.headers.get(PENDING_COUNT) == "0":
                return


async def _next(arrived: asyncio.Queue[Msg]) -> Msg:
    try:
        async with asyncio.timeout(READ_TIMEOUT_SECONDS):
            return await arrived.get()
    except TimeoutError:
        raise Fault(f"JetStream did not answer within {READ_TIMEOUT_SECONDS:g} s.") from None
