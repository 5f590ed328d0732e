"""The routes of API keys."""

from typing import Final

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.studio.keys.api_keys import IssuedKey, KeyInfo, KeyRotation, NewKey
from reyna.services.studio.service import Studio
from reyna.transport.http import CurrentCaller, Cursor, IdempotencyKeyHeader, Limit

KeysDependency = NamedDependency[Studio]


@post("/keys")
async def create_key(
    studio: KeysDependency, caller: CurrentCaller, data: JSONBody[NewKey], key: IdempotencyKeyHeader
) -> IssuedKey:
    """Create an API key. Its text is in this answer and in no other."""
    return await studio.keys.create(caller, data, key=key)


@get("/keys")
async def list_keys(
    studio: KeysDependency, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[KeyInfo]:
    """Your API keys without their texts, newest first."""
    return await studio.keys.list(caller, limit=limit, cursor=cursor)


@post("/keys/{id:str}/rotate", status_code=200)
async def rotate_key(
    studio: KeysDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    key: IdempotencyKeyHeader,
    data: JSONBody[KeyRotation | None] = None,
) -> IssuedKey:
    """Give an API key a new text. The earlier one is good for `grace_seconds` more (a day unless you say otherwise)."""
    return await studio.keys.rotate(caller, id, data or KeyRotation(), key=key)


@delete("/keys/{id:str}")
async def revoke_key(studio: KeysDependency, caller: CurrentCaller, id: FromPath[str]) -> None:
    """Revoke an API key: requests with it are refused at once, and its sockets are closed."""
    await studio.keys.revoke(caller, id)


key_routes: Final = [create_key, list_keys, rotate_key, revoke_key]
