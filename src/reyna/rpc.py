"""A service's verbs over the bus: `serve` answers them, `remote` gives an object that asks them."""

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast, get_type_hints

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, NotSignedIn, Refusal, Unserved, revived
from reyna.domain.ids import new_id
from reyna.domain.reading import read
from reyna.ports import Bus, Reply, Request, Subscription

LOG: Final = logging.getLogger(__name__)
S = TypeVar("S")
V = TypeVar("V", bound=Callable[..., Awaitable[Any]])
CALLER_HEADER: Final = "Reyna-Caller"
FAULT: Final = "500"  # the error code of a fault; a refusal has its own status
SECRET_BYTES: Final = 32  # as long as the digest of HS256 (RFC 7518, section 3.2)
SKEW: Final = 5  # seconds that the clocks of two machines may differ
PURPOSE: Final = "reyna.rpc"  # so that no other token signed with the same secret passes for a caller
REMEMBERED: Final = 4096  # verified passes; a worker shows the same one with every verb of a run
LONG: Final = 120.0  # seconds for the answer of a verb that may work on many thousands of records
STARTING: Final = 30  # seconds that one service waits for another when all are started at the same time
ENCODER: Final = msgspec.json.Encoder()


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a pass says: who is calling, and the seconds since the epoch between which it holds."""

    aud: str
    iat: int
    exp: int
    caller: Caller


class Signer:
    """Turns a caller into a signed pass (JWT, HS256) and back."""

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        if len(secret) < SECRET_BYTES:
            raise ValueError(f"The secret must be at least {SECRET_BYTES} bytes.")
        self._key = OctKey.import_key(secret)
        self._clock = clock
        self._verified: dict[str, Claims] = {}

    def sign(self, caller: Caller, seconds: int = 60) -> str:
        now = int(self._clock())
        claims = Claims(aud=PURPOSE, iat=now, exp=now + seconds, caller=caller)
        return jwt.encode({"alg": "HS256"}, msgspec.to_builtins(claims), self._key)

    def verify(self, token: str) -> Caller:
        """Who the pass was signed for; raises NotSignedIn when it was not signed here or does not hold now."""
        claims = self._verified.get(token) or self._decoded(token)
        now = self._clock()
        if not claims.iat - SKEW <= now < claims.exp + SKEW:
            raise NotSignedIn("This pass does not hold any longer.")
        return claims.caller

    def _decoded(self, token: str) -> Claims:
        try:
            claims = msgspec.convert(jwt.decode(token, self._key, algorithms=["HS256"]).claims, Claims)
        except (JoseError, ValueError) as error:
            raise NotSignedIn("This pass is not one of ours.") from error
        if claims.aud != PURPOSE:
            raise NotSignedIn("This pass is for something else.")
        if len(self._verified) >= REMEMBERED:
            self._verified.clear()
        self._verified[token] = claims
        return claims


# --- verbs ---


def takes_long(verb: V) -> V:
    """Marks a verb of a service whose answer may take two minutes: who asks for it over the bus waits so long."""
    vars(verb)["seconds"] = LONG
    return verb


class Verb:
    """One verb's wire shape, read from its signature: arguments by name, and the type it returns."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        hints = get_type_hints(function, include_extras=True)
        _, _, *parameters = inspect.signature(function).parameters.values()  # without self and caller
        self.name = name
        self.parameters = parameters
        self.names = [parameter.name for parameter in parameters]
        self.hints = hints
        self.returns = hints["return"]
        self.seconds: float = getattr(function, "seconds", 0.0)  # that it may take, where more than is usual

    def arguments(self) -> type[msgspec.Struct]:
        """A struct with a field for each parameter."""
        fields: list[Any] = [
            (parameter.name, self.hints[parameter.name])
            if parameter.default is parameter.empty
            else (parameter.name, self.hints[parameter.name], parameter.default)
            for parameter in self.parameters
        ]
        return msgspec.defstruct(self.name, fields, kw_only=True, forbid_unknown_fields=True)

    def bound(self, args: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name, without those that are left out; raises TypeError as a call would."""
        if args or not named.keys() <= set(self.names):
            signature = inspect.Signature([p.replace(annotation=p.empty) for p in self.parameters])
            named = signature.bind(*args, **named).arguments
        for parameter in self.parameters:
            if parameter.default is parameter.empty and parameter.name not in named:
                raise TypeError(f"{self.name}() misses the argument '{parameter.name}'")
        return {name: value for name, value in named.items() if value is not msgspec.UNSET}


def verbs_of(service: type) -> dict[str, Verb]:
    """Every public async method whose first parameter is the caller."""
    found = {}
    for name, function in inspect.getmembers(service, inspect.iscoroutinefunction):
        if not name.startswith("_") and [*inspect.signature(function).parameters][1:2] == ["caller"]:
            found[name] = Verb(name, function)
    return found


# --- the side that answers ---


async def serve(service: object, name: str, version: str, bus: Bus, signer: Signer) -> Subscription:
    """Answer every verb of this object under the service's name, until the subscription is stopped."""
    answers = {
        verb.name: _Answer(getattr(service, verb.name), verb, signer) for verb in verbs_of(type(service)).values()
    }

    async def answer(request: Request) -> Reply:
        return await answers[request.verb](request)

    return await bus.serve(name, version, [*answers], answer)


class _Answer:
    """Checks the pass, decodes the arguments, calls the verb, and encodes what came of it."""

    def __init__(self, call: Callable[..., Awaitable[Any]], verb: Verb, signer: Signer) -> None:
        self._call, self._verb, self._signer = call, verb, signer
        self._decoder = msgspec.json.Decoder(verb.arguments())

    async def __call__(self, request: Request) -> Reply:
        try:
            caller = self._signer.verify(request.headers.get(CALLER_HEADER, ""))
            arguments = read(self._decoder, request.body)
            value = await self._call(caller, **{name: getattr(arguments, name) for name in self._verb.names})
            return Reply(ENCODER.encode(value))
        except Refusal as refusal:
            return self._refused(refusal)
        except Fault as fault:
            return self._broken(fault, fault.id)
        except Exception as error:
            return self._broken(error, "")

    def _refused(self, refusal: Refusal) -> Reply:
        try:
            return Reply(ENCODER.encode(refusal.problem()), (str(refusal.status), refusal.reason))
        except Exception as error:  # a fact that is not JSON
            return self._broken(error, "")

    def _broken(self, error: Exception, id: str) -> Reply:
        """The trace stays in our log, under the id that is all the other side gets."""
        id = id or new_id("fault")
        LOG.error("The verb %s broke (%s)", self._verb.name, id, exc_info=error)
        return Reply(ENCODER.encode({"id": id}), (FAULT, "fault"))


# --- the side that asks ---


def remote(verbs: type[S], name: str, bus: Bus, passes: Callable[[Caller], str], *, timeout: float = 10.0) -> S:
    """An object with the same verbs, asked of whichever copy of the service answers.

    `passes` gives the signed pass of a caller. A verb raises the same Refusal as the service itself would, TimedOut
    when no answer came within `timeout` seconds (or as long as a verb that `takes_long` may need), Unserved when no
    copy is running, and Fault with its id when it broke.
    """
    # An instance of a subclass, so that whoever checks what it was given is content; nothing of the class is used.
    asking: object = object.__new__(type(f"Remote{verbs.__name__}", (verbs,), {}))
    for verb in verbs_of(verbs).values():
        vars(asking)[verb.name] = _Question(verb, name, bus, passes, max(timeout, verb.seconds)).ask
    return cast(S, asking)


async def patiently(ask: Callable[[], Awaitable[S]], *, seconds: int = STARTING) -> S:
    """What is asked of a service that may still be starting. Raises Unserved when it does not come."""
    for _ in range(seconds):
        try:
            return await ask()
        except Unserved:
            await asyncio.sleep(1)
    return await ask()


class _Question:
    def __init__(self, verb: Verb, service: str, bus: Bus, passes: Callable[[Caller], str], timeout: float) -> None:
        self._verb, self._service = verb, service
        self._bus, self._passes, self._timeout = bus, passes, timeout
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(verb.returns)

    async def ask(self, caller: Caller, *args: Any, **named: Any) -> Any:
        body = ENCODER.encode(self._verb.bound(args, named))
        headers = {CALLER_HEADER: self._passes(caller)}
        reply = await self._bus.ask(self._service, self._verb.name, body, headers, timeout=self._timeout)
        if reply.error is not None:
            raise self._told(reply, reply.error[0])
        try:
            return self._decoder.decode(reply.body)
        except msgspec.MsgspecError as error:
            raise Fault(f"{self._service}.{self._verb.name} answered in another shape than was agreed.") from error

    def _told(self, reply: Reply, code: str) -> Exception:
        try:
            problem = msgspec.json.decode(reply.body)
            return Fault(id=problem["id"]) if code == FAULT else revived(problem)
        except (msgspec.MsgspecError, KeyError, TypeError):
            return Fault(f"{self._service}.{self._verb.name} broke without saying how.")
