"""A service's verbs over NATS, discoverable as a micro service (NATS ADR-32)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
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

from reyna.adapters.nats_inbox import MORE, Ear, round_trip, send
from reyna.adapters.nats_pull import let_go
from reyna.domain.errors import Fault
from reyna.domain.ids import new_id
from reyna.ports import Reply, Request

LOG: Final = logging.getLogger(__name__)
RPC_SUBJECTS: Final = "reyna.rpc"
PART: Final = 1024 * 1024  # bytes of an answer in one message; a page of long blobs is larger than any max_payload
INTERNAL_ERROR: Final = "500"


class Endpoint:
    """One verb, and what is counted about it."""

    def __init__(self, service: str, verb: str) -> None:
        self.verb = verb
        self.subject = f"{RPC_SUBJECTS}.{service}.{verb}"
        self.requests = self.errors = self.nanoseconds = 0
        self.last_error = ""

    def stats(self) -> EndpointStats:
        return EndpointStats(
            name=self.verb,
            subject=self.subject,
            queue_group=DEFAULT_QUEUE_GROUP,
            num_requests=self.requests,
            num_errors=self.errors,
            processing_time=self.nanoseconds,
            average_processing_time=self.nanoseconds // max(1, self.requests),
            last_error=self.last_error,
        )

    def info(self) -> EndpointInfo:
        return EndpointInfo(name=self.verb, subject=self.subject, queue_group=DEFAULT_QUEUE_GROUP)


class Served:
    """The wire shapes of `nats.micro`, around endpoints of our own.

    The library's endpoint answers one request after the other, and drops what is on its way when it stops. Here every
    request is a task, and stopping drains.
    """

    def __init__(
        self,
        connection: Client,
        service: str,
        version: str,
        verbs: Sequence[str],
        answer: Callable[[Request], Awaitable[Reply]],
        ended: Callable[["Served"], None],
    ) -> None:
        self._connection, self._answer, self._ended = connection, answer, ended
        self._service, self._version = service, version
        self._id = new_id("service")
        self._started = datetime.now(UTC)
        self._endpoints = [Endpoint(service, verb) for verb in verbs]
        self._subscriptions: list[Subscription] = []
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        for endpoint in self._endpoints:
            self._subscriptions.append(
                await self._connection.subscribe(
                    endpoint.subject, queue=DEFAULT_QUEUE_GROUP, future=Ear(self._asked(endpoint))
                )
            )
        for verb, tell in (
            (ServiceVerb.PING, self._ping),
            (ServiceVerb.INFO, self._info),
            (ServiceVerb.STATS, self._stats),
        ):
            for name, id in ((None, None), (self._service, None), (self._service, self._id)):
                self._subscriptions.append(
                    await self._connection.subscribe(control_subject(verb, name, id), future=Ear(self._told(tell)))
                )
        await round_trip(self._connection)

    async def stop(self) -> None:
        subscriptions, self._subscriptions = self._subscriptions, []
        await asyncio.gather(*(let_go(self._connection, subscription) for subscription in subscriptions))
        if self._running:
            await asyncio.wait(self._running)
        self._ended(self)

    def _asked(self, endpoint: Endpoint) -> Callable[[Msg], None]:
        def heard(message: Msg) -> None:
            self._run(self._serve(endpoint, message))

        return heard

    def _told(self, tell: Callable[[], Mapping[str, Any]]) -> Callable[[Msg], None]:
        def heard(message: Msg) -> None:
            self._run(self._respond(message, Reply(msgspec.json.encode(tell()))))

        return heard

    def _run(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _serve(self, endpoint: Endpoint, message: Msg) -> None:
        began = perf_counter_ns()
        try:
            reply = await self._answer(Request(endpoint.verb, message.data, message.headers or {}))
        except Exception:
            LOG.exception("Answering %s failed", endpoint.subject)
            reply = Reply(b"", (INTERNAL_ERROR, "fault"))
        endpoint.requests += 1
        endpoint.nanoseconds += perf_counter_ns() - began
        if reply.error is not None:
            endpoint.errors += 1
            endpoint.last_error = ":".join(reply.error)
        await self._respond(message, reply)

    async def _respond(self, message: Msg, reply: Reply) -> None:
        body, headers = reply.body, None
        if reply.error is not None:
            headers = {ERROR_CODE_HEADER: reply.error[0], ERROR_HEADER: reply.error[1]}
        try:
            while len(body) > PART:
                await send(self._connection, message.reply, body[:PART], headers={MORE: "1"})
                body = body[PART:]
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
