"""A micro service of NATS: answers the verbs of a service, and can be discovered (NATS ADR-32)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from time import perf_counter_ns
from typing import Any, Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.micro.request import ERROR_CODE_HEADER, ERROR_HEADER
from nats.micro.service import (
    DEFAULT_QUEUE_GROUP,
    EndpointInfo,
    EndpointStats,
    ServiceInfo,
    ServicePing,
    ServiceStats,
    ServiceVerb,
    control_subject,
)

from reyna.adapters.nats.connection import InlineCallback, end_subscription, round_trip, send
from reyna.adapters.nats.inbox import MORE
from reyna.domain.errors import Fault
from reyna.domain.ids import new_id
from reyna.ports.bus import RpcReply, RpcRequest

LOG: Final = logging.getLogger(__name__)
RPC_SUBJECTS: Final = "reyna.rpc"
INBOXES: Final = "_INBOX"  # begins the subjects for answers
MAX_PART_BYTES: Final = 1024 * 1024  # of an answer in one message; a page of long blobs exceeds every max_payload
INTERNAL_ERROR: Final = "500"
WORKING: Final = "-working"  # a request to all copies: who works on the answer for this subject? No verb has this name


class Endpoint:
    """One verb and its statistics."""

    def __init__(self, service: str, verb: str) -> None:
        self.verb = verb
        self.name = verb.replace(".", "_")  # a name of nats.micro takes no dots (NATS ADR-32)
        self.subject = f"{RPC_SUBJECTS}.{service}.{verb}"
        self.requests = self.errors = self.nanoseconds = 0
        self.last_error = ""

    def stats(self) -> EndpointStats:
        return EndpointStats(
            name=self.name,
            subject=self.subject,
            queue_group=DEFAULT_QUEUE_GROUP,
            num_requests=self.requests,
            num_errors=self.errors,
            processing_time=self.nanoseconds,
            average_processing_time=self.nanoseconds // max(1, self.requests),
            last_error=self.last_error,
        )

    def info(self) -> EndpointInfo:
        return EndpointInfo(name=self.name, subject=self.subject, queue_group=DEFAULT_QUEUE_GROUP)


class MicroService:
    """One copy of a service, with the wire format of `nats.micro`.

    The library's own endpoint answers one request after the other, and drops those that are under way when it stops.
    Here every request is a task, and stopping waits for all of them.
    """

    def __init__(
        self,
        connection: Client,
        service: str,
        version: str,
        verbs: Sequence[str],
        answer: Callable[[RpcRequest], Awaitable[RpcReply]],
        on_stopped: Callable[["MicroService"], None],
    ) -> None:
        self._connection, self._answer, self._on_stopped = connection, answer, on_stopped
        self._service, self._version = service, version
        self._id = new_id("service")
        self._started = datetime.now(UTC)
        self._endpoints = [Endpoint(service, verb) for verb in verbs]
        self._subscriptions: list[Subscription] = []
        self._running: set[asyncio.Task[None]] = set()
        self._working: set[str] = set()  # the reply subjects of the requests under way

    async def start(self) -> None:
        for endpoint in self._endpoints:
            self._subscriptions.append(
                await self._connection.subscribe(
                    endpoint.subject, queue=DEFAULT_QUEUE_GROUP, future=InlineCallback(self._request_handler(endpoint))
                )
            )
        working = f"{RPC_SUBJECTS}.{self._service}.{WORKING}"
        self._subscriptions.append(
            await self._connection.subscribe(working, future=InlineCallback(self._on_working_request))
        )
        for verb, describe in (
            (ServiceVerb.PING, self._ping),
            (ServiceVerb.INFO, self._info),
            (ServiceVerb.STATS, self._stats),
        ):
            for name, id in ((None, None), (self._service, None), (self._service, self._id)):
                self._subscriptions.append(
                    await self._connection.subscribe(
                        control_subject(verb, name, id), future=InlineCallback(self._control_handler(describe))
                    )
                )
        await round_trip(self._connection)

    async def stop(self) -> None:
        subscriptions, self._subscriptions = self._subscriptions, []
        await asyncio.gather(*(end_subscription(self._connection, subscription) for subscription in subscriptions))
        if self._running:
            await asyncio.wait(self._running)
        self._on_stopped(self)

    def _request_handler(self, endpoint: Endpoint) -> Callable[[Msg], None]:
        def on_request(message: Msg) -> None:
            if _asks_for_answer(message):
                self._run(self._serve(endpoint, message))

        return on_request

    def _on_working_request(self, message: Msg) -> None:
        if _asks_for_answer(message) and message.data.decode() in self._working:
            self._run(self._respond(message, RpcReply(b"")))

    def _control_handler(self, describe: Callable[[], Mapping[str, Any]]) -> Callable[[Msg], None]:
        def on_request(message: Msg) -> None:
            if _asks_for_answer(message):
                self._run(self._respond(message, RpcReply(msgspec.json.encode(describe()))))

        return on_request

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _serve(self, endpoint: Endpoint, message: Msg) -> None:
        started = perf_counter_ns()
        self._working.add(message.reply)
        try:
            reply = await self._answer(RpcRequest(endpoint.verb, message.data, message.headers or {}))
        except Exception:
            LOG.exception("Answering %s failed", endpoint.subject)
            reply = RpcReply(b"", (INTERNAL_ERROR, "fault"))
        endpoint.requests += 1
        endpoint.nanoseconds += perf_counter_ns() - started
        if reply.error is not None:
            endpoint.errors += 1
            endpoint.last_error = ":".join(reply.error)
        await self._respond(message, reply)
        self._working.discard(message.reply)

    async def _respond(self, message: Msg, reply: RpcReply) -> None:
        body, headers = reply.body, None
        if reply.error is not None:
            headers = {ERROR_CODE_HEADER: reply.error[0], ERROR_HEADER: reply.error[1]}
        try:
            while len(body) > MAX_PART_BYTES:
                await send(self._connection, message.reply, body[:MAX_PART_BYTES], headers={MORE: "1"})
                body = body[MAX_PART_BYTES:]
            await send(self._connection, message.reply, body, headers=headers)
        except Fault as fault:
            LOG.warning("An answer to %s was lost: %s", message.subject, fault)

    def _ping(self) -> dict[str, Any]:
        return ServicePing(id=self._id, name=self._service, version=self._version).to_dict()

    def _info(self) -> dict[str, Any]:
        return ServiceInfo(
            name=self._service,
            id=self._id,
            version=self._version,
            endpoints=[endpoint.info() for endpoint in self._endpoints],
        ).to_dict()

    def _stats(self) -> dict[str, Any]:
        return ServiceStats(
            id=self._id,
            name=self._service,
            version=self._version,
            started=self._started,
            endpoints=[endpoint.stats() for endpoint in self._endpoints],
        ).to_dict()


def _asks_for_answer(message: Msg) -> bool:
    """Returns whether a request is to be answered: its answer goes to an inbox.

    We may publish on every subject, and a worker with a credential on few: it must not have us publish for it.
    """
    if message.reply.startswith(INBOXES):
        return True
    LOG.warning("Dropped a request on %s whose answer was to go to %r", message.subject, message.reply)
    return False
