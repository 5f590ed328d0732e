"""Access to the schema service for commands: over REST with an API key, or over the bus as the system."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from reyna.cli.execution import exit_with_error
from reyna.cli.rest_client import RestClient, local_url
from reyna.domain.caller import Caller
from reyna.domain.requests.page import MAX_PAGE_SIZE, Page
from reyna.domain.schema import NewSchema, Schema, Verdict
from reyna.services.schemas.dry_run.reports import Checked, ToCheck

if TYPE_CHECKING:
    from reyna.services.schemas.service import Schemas

T = TypeVar("T")
SchemaAccess: TypeAlias = "RestSchemas | Schemas"
"""The schema service as a command uses it."""


class RestVersions:
    """The part `versions` of the schema service over the studio's REST API."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def register(self, caller: Caller, new: NewSchema) -> Schema:
        return await _ask(self._client, Schema, "POST", "/schemas", new)

    async def list(self, caller: Caller, *, limit: int = MAX_PAGE_SIZE, cursor: str | None = None) -> Page[Schema]:
        query = urlencode({"limit": limit} | ({"cursor": cursor} if cursor else {}))
        return await _ask(self._client, Page[Schema], "GET", f"/schemas?{query}")

    async def get(self, caller: Caller, id: str, version: str | None = None) -> Schema:
        path = f"/schemas/{quote(id)}" + (f"/versions/{quote(version)}" if version else "")
        return await _ask(self._client, Schema, "GET", path)


class RestCompatibility:
    """The part `compatibility` of the schema service over the studio's REST API."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def check(self, caller: Caller, check: ToCheck) -> Checked:
        return await _ask(self._client, Checked, "POST", "/schemas/check", check)


class RestValidation:
    """The part `validation` of the schema service over the studio's REST API."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def validate(self, caller: Caller, id: str, data: Any, version: str | None = None) -> Verdict:
        body = {"data": data} | ({"version": version} if version else {})
        return await _ask(self._client, Verdict, "POST", f"/schemas/{quote(id)}/validate", body)


class RestSchemas:
    """The parts of the schema service that the commands use, over the studio's REST API."""

    def __init__(self, url: str, token: str) -> None:
        client = RestClient(url, token)
        self.versions = RestVersions(client)
        self.compatibility = RestCompatibility(client)
        self.validation = RestValidation(client)


async def _ask(client: RestClient, answer: type[T], method: str, path: str, body: Any = None) -> T:
    sent = None if body is None else msgspec.json.encode(body)
    return await asyncio.to_thread(client.ask, answer, method, path, sent)


@asynccontextmanager
async def open_schemas(url: str | None, token: str | None) -> AsyncIterator[SchemaAccess]:
    """Yields the schema service: over REST as a user when there is a token, else over the bus as the system."""
    if token is not None:
        yield RestSchemas(url or local_url(), token)
        return
    if url is not None:
        exit_with_error("With --url, give a --token too.")
    # Imports the bus and the service: several times what a command over REST needs.
    from reyna.cli.schema.bus_access import connect_schemas

    async with connect_schemas() as schemas:
        yield schemas
