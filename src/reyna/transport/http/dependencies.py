"""Dependencies of route handlers: the caller, the idempotency key, the decoded body, and checked query parameters."""

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromQuery, HeaderParameter, QueryParameter

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotSignedIn
from reyna.domain.json.reading import decode_json, pointer
from reyna.domain.requests.idempotency import HEADER, IdempotencyKey, fingerprint, parse_key
from reyna.domain.requests.page import MAX_PAGE_SIZE
from reyna.transport.http.request_head import Head

# Annotations of handler parameters
CurrentCaller: TypeAlias = NamedDependency[Caller]
IdempotencyKeyHeader: TypeAlias = NamedDependency[IdempotencyKey | None]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE_SIZE)]
Cursor: TypeAlias = FromQuery[str | None]
GATEWAY_PREFIX: Final = "/api"  # under which the studio serves the paths that a service serves at its own port


class JsonRequest(Request[Any, Any, Any]):
    """A request whose JSON body is decoded strictly into the type that its handler takes."""

    @property
    def head(self) -> Head:
        """The headers that this package reads."""
        head: Head = self.scope["head"]  # type: ignore[typeddict-item]  # set by HttpApplication
        return head

    @property
    def is_head(self) -> bool:
        """True when only the headers of the answer are sent: the handler of GET answers HEAD as well."""
        return bool(self.scope.get("is_head"))

    @property
    def sent_token(self) -> str | None:
        """The token of the request, or None."""
        token: str | None = self.scope["token"]  # type: ignore[typeddict-item]  # set by RequestGuard
        return token

    @property
    def token(self) -> str:
        """The token of the request. Raises NotSignedIn."""
        if (token := self.sent_token) is None:
            raise NotSignedIn
        return token

    async def json(self) -> Any:
        field = self.route_handler.parsed_data_field
        return decode_json(decoder_of(field.annotation if field else Any), await self.body())


def get_caller(request: Request[Any, Any, Any]) -> Caller:
    """Returns the caller that the request guard has identified."""
    caller: Caller = request.scope["caller"]  # type: ignore[typeddict-item]  # set by RequestGuard
    return caller


async def get_idempotency_key(
    request: Request[Any, Any, Any],
    idempotency_key: Annotated[str | None, HeaderParameter(name=HEADER)] = None,
) -> IdempotencyKey | None:
    """Returns the Idempotency-Key of a request with the fingerprint of the request. Raises Invalid."""
    if idempotency_key is None:
        return None
    query, path = request.query_params.multi_items(), request.scope["path"]
    return idempotency_key_of(idempotency_key, request.method, path, query, await request.body())


def idempotency_key_of(
    text: str, method: str, path: str, query: Iterable[tuple[str, Any]], body: bytes
) -> IdempotencyKey:
    """Returns the Idempotency-Key `text` with the fingerprint of its request. Raises Invalid."""
    parse_key(text)
    parameters = "&".join(sorted(f"{name}={value}" for name, value in query))
    return IdempotencyKey(text, fingerprint(method, f"{path.removeprefix(GATEWAY_PREFIX)}?{parameters}", body))


@cache
def decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    """Returns the strict decoder of a body of this type."""
    return msgspec.json.Decoder(kind)


async def check_query(request: Request[Any, Any, Any]) -> None:
    """Raises Invalid for query parameters that the handler does not have, since a misspelt filter must not return
    everything, and for those that are given twice, unless the handler takes several."""
    if not request.scope["query_string"]:
        return
    known = _parameters_of(request.route_handler)
    if known is None:
        return
    seen = set[str]()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            raise Invalid.at(pointer(name), "is not a parameter of this address")
        if name in seen and not known[name]:
            raise Invalid.at(pointer(name), "may be given only once")
        seen.add(name)


@cache
def _parameters_of(handler: Any) -> dict[str, bool] | None:
    """Returns the query parameters of a handler, and True for those that may be given several times; None for a handler
    outside the OpenAPI document, which takes any."""
    if not handler.resolve_include_in_schema():
        return None
    return {
        as_declared.name or name: parameter.is_non_string_sequence
        # a parameter may be called on the wire what Python cannot call it
        for name, parameter in handler.parsed_fn_signature.parameters.items()
        if isinstance(as_declared := parameter.kwarg_definition, QueryParameter)
    }
