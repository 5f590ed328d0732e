"""The serving side of calls: decodes a request, calls the verb, and encodes the result, refusal or fault."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from reyna.domain.errors import ClockSkew, Fault, Refusal, Unavailable
from reyna.domain.ids import new_id
from reyna.domain.json.reading import decode_json
from reyna.ports.bus import Bus, RpcReply, RpcRequest, Subscription
from reyna.transport.rpc.messages import CALLER_HEADER, ENCODER, FAULT_CODE, UNAVAILABLE_CODE
from reyna.transport.rpc.signer import Signer
from reyna.transport.rpc.verbs import Verb, parts_of, verbs_of

LOG: Final = logging.getLogger("reyna.transport.rpc")


async def serve(service: object, name: str, version: str, bus: Bus, signer: Signer) -> Subscription:
    """Answers every verb of this object, and of its parts as `part.verb`, until the subscription is stopped."""
    handlers = _handlers_of(service, type(service), "", signer)
    for part, verbs in parts_of(type(service)).items():
        handlers |= _handlers_of(getattr(service, part), verbs, f"{part}.", signer)

    async def handle(request: RpcRequest) -> RpcReply:
        return await handlers[request.verb].handle(request)

    return await bus.serve(name, version, [*handlers], handle)


def _handlers_of(target: object, verbs: type, prefix: str, signer: Signer) -> "dict[str, VerbHandler]":
    return {
        f"{prefix}{name}": VerbHandler(getattr(target, name), verb, signer) for name, verb in verbs_of(verbs).items()
    }


class VerbHandler:
    """Handles the requests for one verb."""

    def __init__(self, method: Callable[..., Awaitable[Any]], verb: Verb, signer: Signer) -> None:
        self._method, self._verb, self._signer = method, verb, signer
        self._decoder = msgspec.json.Decoder(verb.arguments_struct())

    async def handle(self, request: RpcRequest) -> RpcReply:
        """Returns the result of the verb, or the refusal or fault that it raised."""
        try:
            caller = self._signer.verify(request.headers.get(CALLER_HEADER, ""))
            arguments = decode_json(self._decoder, request.body)
            kwargs = {name: getattr(arguments, name) for name in self._verb.parameter_names}
            return RpcReply(ENCODER.encode(await self._method(caller, **kwargs)))
        except Refusal as refusal:
            return self._refusal_reply(refusal)
        except Unavailable as unavailable:
            return RpcReply(ENCODER.encode(unavailable.problem()), (UNAVAILABLE_CODE, unavailable.reason))
        except Fault as fault:
            return self._fault_reply(fault, fault.id)
        except Exception as error:
            return self._fault_reply(error, "")

    def _refusal_reply(self, refusal: Refusal) -> RpcReply:
        try:
            return RpcReply(ENCODER.encode(refusal.problem()), (str(refusal.status), refusal.reason))
        except Exception as error:  # a fact of the refusal is not JSON
            return self._fault_reply(error, "")

    def _fault_reply(self, error: Exception, id: str) -> RpcReply:
        """Logs the trace under the id of the fault, which is all that the caller gets."""
        id = id or new_id("fault")
        LOG.error("The verb %s failed (%s)", self._verb.name, id, exc_info=error)
        detail = {"detail": error.detail} if isinstance(error, ClockSkew) else {}  # the caller's side has to fix it
        return RpcReply(ENCODER.encode({"id": id} | detail), (FAULT_CODE, "fault"))
