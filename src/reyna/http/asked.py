"""What is asked: bodies read into nouns, and only query parameters that the address knows."""

from functools import cache
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import MediaType, Request
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromQuery, QueryParameter

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.page import MOST
from reyna.domain.reading import pointer, read

# How a handler says what it is given
Asking: TypeAlias = NamedDependency[Caller]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=MOST)]
Cursor: TypeAlias = FromQuery[str | None]


class Asked(Request[Any, Any, Any]):
    """A request whose body is read, strictly, straight into the noun that its handler takes."""

    async def json(self) -> Any:
        sent = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if sent and sent != MediaType.JSON and not sent.endswith("+json"):
            raise HTTPException(status_code=415, detail=f"Send {MediaType.JSON.value}, not {sent[:100]}.")
        field = self.route_handler.parsed_data_field
        return read(_decoder_of(field.annotation if field else Any), await self.body())


@cache
def _decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


async def check_query(request: Request[Any, Any, Any]) -> None:
    """Refuse query parameters that the handler does not know; a misspelt filter must not answer everything."""
    if not request.query_params or not request.route_handler.resolve_include_in_schema():
        return
    known = {
        as_declared.name or name  # a parameter may be called on the wire what Python cannot call it
        for name, parameter in request.route_handler.parsed_fn_signature.parameters.items()
        if isinstance(as_declared := parameter.kwarg_definition, QueryParameter)
    }
    for name in request.query_params:
        if name not in known:
            raise Invalid.at(pointer(name), "is not a parameter of this address")
