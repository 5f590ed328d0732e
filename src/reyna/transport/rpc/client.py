"""The calling side of calls: an object with the verbs of a service that runs somewhere else."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar, cast

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.errors import (
    ClockSkew,
    Fault,
    Gone,
    StorageFull,
    StoringOutputs,
    Unavailable,
    Unserved,
    refusal_from_problem,
)
from reyna.domain.ids import new_id
from reyna.ports.bus import Bus, RpcReply
from reyna.transport.rpc.messages import CALLER_HEADER, ENCODER, FAULT_CODE, UNAVAILABLE_CODE
from reyna.transport.rpc.repeatable import CREATES, is_repeatable
from reyna.transport.rpc.verbs import Verb, parts_of, verbs_of

S = TypeVar("S")
RPC_TIMEOUT_SECONDS: Final = 10.0
UNAVAILABLE_KINDS: Final = {kind.reason: kind for kind in (StorageFull, StoringOutputs)}
START_WAIT_SECONDS: Final = 30  # for a service that is started at the same time


def remote(
    verbs: type[S], name: str, bus: Bus, sign: Callable[[Caller], str], *, timeout: float = RPC_TIMEOUT_SECONDS
) -> S:
    """Returns an object with the same verbs and parts, which calls any running copy of the service.

    `sign` returns the signed token of a caller. A verb raises the same Refusal as the service itself would, TimedOut
    when no answer came within `timeout` seconds (longer for a `long_running` verb), Unserved when no copy is running,
    and Fault with its id when the verb failed. When the called copy is gone before it answers, another copy is called
    where that does no harm; otherwise the verb raises Gone.
    """

    def create_proxy(of: type, prefix: str) -> object:
        # An instance of a subclass, so that it passes for a service where types are checked; it uses nothing of it.
        proxy: object = object.__new__(type(f"Remote{of.__name__}", (of,), {}))
        for verb in verbs_of(of).values():
            remote_verb = RemoteVerb(verb, name, f"{prefix}{verb.name}", bus, sign, max(timeout, verb.min_timeout))
            vars(proxy)[verb.name] = remote_verb.call
        return proxy

    service = create_proxy(verbs, "")
    for part, of in parts_of(verbs).items():
        vars(service)[part] = create_proxy(of, f"{part}.")
    return cast(S, service)


async def retry_until_served(call: Callable[[], Awaitable[S]], *, seconds: int = START_WAIT_SECONDS) -> S:
    """Calls a service that may still be starting, again every second. Raises Unserved when it does not come up."""
    for _ in range(seconds):
        try:
            return await call()
        except Unserved:
            await asyncio.sleep(1)
    return await call()


class RemoteVerb:
    """Calls one verb of a remote service. `address` is its name on the bus, `part.verb` for a verb of a part."""

    def __init__(
        self, verb: Verb, service: str, address: str, bus: Bus, sign: Callable[[Caller], str], timeout: float
    ) -> None:
        self._verb, self._service, self._address = verb, service, address
        self._bus, self._sign, self._timeout = bus, sign, timeout
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(verb.return_type)

    async def call(self, caller: Caller, *args: Any, **kwargs: Any) -> Any:
        """Returns what the verb returns, and raises what it raises."""
        arguments = self._verb.bind(args, kwargs)
        if (kind := CREATES.get(self._address)) is not None:
            arguments.setdefault("id", new_id(kind))
        body = ENCODER.encode(arguments)
        headers = {CALLER_HEADER: self._sign(caller)}
        try:
            reply = await self._request(body, headers)
        except Gone:
            if not is_repeatable(self._address, arguments):
                raise
            reply = await self._request(body, headers)
        if reply.error is not None:
            raise self._error_of(reply, reply.error[0])
        try:
            return self._decoder.decode(reply.body)
        except msgspec.MsgspecError as error:
            raise Fault(f"{self._service}.{self._address} answered in another shape than was agreed.") from error

    def _request(self, body: bytes, headers: Mapping[str, str]) -> Awaitable[RpcReply]:
        return self._bus.request(self._service, self._address, body, headers, timeout=self._timeout)

    def _error_of(self, reply: RpcReply, code: str) -> Exception:
        try:
            problem = msgspec.json.decode(reply.body)
            if code == UNAVAILABLE_CODE:
                return UNAVAILABLE_KINDS.get(problem["reason"], Unavailable)(problem["detail"])
            return self._fault_of(problem) if code == FAULT_CODE else refusal_from_problem(problem)
        except (msgspec.MsgspecError, KeyError, TypeError):
            return Fault(f"{self._service}.{self._address} failed without saying how.")

    def _fault_of(self, problem: dict[str, Any]) -> Fault:
        if "detail" in problem:
            return ClockSkew(f"{problem['detail']} (Answered by {self._service}.)", id=problem["id"])
        return Fault(id=problem["id"])
