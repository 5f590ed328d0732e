"""A service behind the access of API keys: each verb is called only with the scope, and on the buckets, of the key.

Everybody comes through it: routes, sockets and other services. What a service calls in itself does not.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar, cast

from reyna.domain.caller import Caller, OutsideOfKey
from reyna.transport.rpc.verbs import Verb, parts_of, verbs_of
from reyna.transport.scopes import verb_scope

S = TypeVar("S")


class KeyCall:
    """The call of a verb with a key that is limited to buckets; `arguments` are by name."""

    def __init__(self, caller: Caller, method: Callable[..., Awaitable[Any]], arguments: dict[str, Any]) -> None:
        self.caller, self.arguments, self._method = caller, arguments, method

    async def proceed(self, **changed: Any) -> Any:
        """Calls the verb, with some of its arguments changed, and returns its result."""
        return await self._method(self.caller, **self.arguments | changed)


KeyRule = Callable[[KeyCall], Awaitable[Any]]
"""Checks and changes the call of a verb with a key that is limited to buckets, and narrows its result."""


async def pass_on(call: KeyCall) -> Any:
    """The rule of a verb that has nothing to do with buckets."""
    return await call.proceed()


async def refuse(call: KeyCall) -> Any:
    """The rule of a verb that a key that is limited to buckets cannot call. Raises OutsideOfKey."""
    raise OutsideOfKey


class GuardedVerb:
    """Calls one verb, with the checks that a key needs."""

    __slots__ = ("_method", "_rule", "_scope", "_verb")

    def __init__(self, method: Callable[..., Awaitable[Any]], verb: Verb, service: str, address: str, rule: KeyRule):
        self._method, self._verb, self._rule = method, verb, rule
        self._scope: Final = verb_scope(service, address)

    def call(self, caller: Caller, *args: Any, **kwargs: Any) -> Awaitable[Any]:
        """Returns what the verb returns, and raises what it raises."""
        if caller.access is None:
            return self._method(caller, *args, **kwargs)
        return self._call_with_key(caller, args, kwargs)

    async def _call_with_key(self, caller: Caller, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        caller.check_scope(self._scope)
        if caller.bucket_ids is None:
            return await self._method(caller, *args, **kwargs)
        return await self._rule(KeyCall(caller, self._method, self._verb.bind(args, kwargs)))


def guarded(service: S, name: str, rules: Mapping[str, KeyRule]) -> S:
    """Returns an object with the same parts and verbs, called as `rules` (by `part.verb`) say for a key that is limited
    to buckets. A verb without a rule is refused to it."""

    def create_guard(target: object, of: type, prefix: str) -> Any:
        # An instance of a subclass, so that it passes for the service where types are checked, as in `remote`.
        guard: object = object.__new__(type(f"Guarded{of.__name__}", (of,), {"__slots__": ()}))
        for verb in verbs_of(of).values():
            address = f"{prefix}{verb.name}"
            call = GuardedVerb(getattr(target, verb.name), verb, name, address, rules.get(address, refuse)).call
            vars(guard)[verb.name] = call
        return guard

    of = type(service)
    guard = create_guard(service, of, "")
    for part, part_type in parts_of(of).items():
        vars(guard)[part] = create_guard(getattr(service, part), part_type, f"{part}.")
    return cast(S, guard)
