"""Every route, action of the socket and verb, with keys of too small a scope, expired, revoked and invented ones.

They are read from the OpenAPI document, the protocol and the services: a new one fails here until it is declared.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final, cast, get_args

import httpx
import msgspec
import pytest

from reyna.app.services import SERVICES
from reyna.domain.caller import Caller, KeyAccess, MissingScope, Scope
from reyna.services.guarded_service import GuardedVerb
from reyna.services.studio.gateway import protocol
from reyna.services.studio.gateway.actions import ACTION_SCOPES
from reyna.services.studio.sign_in.sessions import SignedIn
from reyna.transport.rpc import parts_of, verbs_of
from reyna.transport.scopes import is_declared, route_scope, verb_scope
from tests.repository.reference import openapi_document
from tests.services.studio.conftest import bearer, create_account
from tests.services.studio.fake_websocket import connect
from tests.services.studio.harness import StudioHarness, studio_harness
from tests.services.studio.keys.test_api_keys import create_key, with_key
from tests.transport.http.test_problems import is_a_problem

SCOPES: Final[tuple[Scope, ...]] = ("read", "write", "processors", "admin")
# Without a caller: who signs in has no token yet.
OPEN_ROUTES: Final = {
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/link",
    "POST /auth/logout",
    "GET /auth/registration",
}
# What is said on the socket by anybody who is let in: it reads, and every scope includes that.
SAID_BY_ALL: Final = {"authenticate", "subscribe", "resume", "ping"}
CONTENT_ACTIONS: Final = {
    *("accept_blob", "bulk", "create_blob", "name_revision", "restore_blob", "trash_blob", "update_blob"),
    *("copy_bucket", "create_bucket", "move_bucket", "restore_bucket", "trash_bucket", "update_bucket"),
    *("place_blob", "redo", "take_out_blob", "undo"),
}


def described_routes() -> list[str]:
    """Returns every route such as `GET /blobs/{id}`."""
    return sorted(
        f"{method.upper()} {path.removeprefix('/api')}"
        for path, methods in openapi_document()["paths"].items()
        for method in methods
        if path.startswith("/api/") and method != "parameters"
    )


ROUTES: Final = [route for route in described_routes() if route not in OPEN_ROUTES]


def narrower_than(needed: Scope) -> list[Scope]:
    return [scope for scope in SCOPES if not KeyAccess(key_id="", scopes=(scope,)).allows(needed)]


@pytest.fixture(scope="module")
async def harness() -> AsyncIterator[StudioHarness]:
    async with studio_harness() as harness:
        yield harness


@pytest.fixture(scope="module")
async def anas(harness: StudioHarness) -> SignedIn:
    return await create_account(harness)


@pytest.fixture(scope="module")
async def program(harness: StudioHarness) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(cast(Any, harness.app), client=("192.0.2.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as program:
        yield program


@pytest.fixture(scope="module")
async def keys(program: httpx.AsyncClient, anas: SignedIn) -> dict[str, dict[str, Any]]:
    """One key of ana's for each scope."""
    program.headers.update(bearer(anas))
    keys: dict[str, dict[str, Any]] = {scope: await create_key(program, name=scope, scopes=[scope]) for scope in SCOPES}
    del program.headers["authorization"]
    return keys


async def send(program: httpx.AsyncClient, route: str, headers: dict[str, str]) -> httpx.Response:
    method, _, path = route.partition(" ")
    filled = path.replace("{number}", "1").replace("{", "").replace("}", "-nobody-has")
    return await program.request(method, f"/api{filled}", headers=headers)


@pytest.mark.parametrize("route", ROUTES)
async def test_a_route_refuses_keys_of_too_small_a_scope_and_no_others(
    program: httpx.AsyncClient, keys: dict[str, dict[str, Any]], route: str
) -> None:
    method, _, path = route.partition(" ")
    assert is_declared(path), f"declare in transport/scopes.py which scopes {route} needs"
    needed = route_scope(method, path)
    for scope in narrower_than(needed):
        refused = await send(program, route, with_key(keys[scope]))
        is_a_problem(refused, 403, "forbidden", "missing_scope")
        assert refused.json()["scope"] == needed
    if method == "GET":
        allowed = await send(program, route, with_key(keys[needed]))
        assert b'"missing_scope"' not in allowed.content


async def test_no_route_lets_in_an_expired_a_revoked_or_an_invented_key_or_nobody(
    harness: StudioHarness, program: httpx.AsyncClient, anas: SignedIn
) -> None:
    program.headers.update(bearer(anas))
    end = harness.clock() + timedelta(seconds=5)
    expired = await create_key(program, scopes=["admin"], expires_at=end.isoformat())
    revoked = await create_key(program, scopes=["admin"])
    await program.delete(f"/api/keys/{revoked['id']}")
    del program.headers["authorization"]
    harness.clock.advance(timedelta(seconds=5))
    invented = harness.copy().studio.keys.text_of(Caller(user_id=anas.user.id), revoked["id"], None)
    bad = [with_key(expired), with_key(revoked), with_key({"key": invented}), with_key({"key": "reyna_x"}), {}]
    let_in = [(route, headers) for route in ROUTES for headers in bad if await is_let_in(program, route, headers)]
    assert let_in == []


async def is_let_in(program: httpx.AsyncClient, route: str, headers: dict[str, str]) -> bool:
    return (await send(program, route, headers)).status_code != 401


async def test_the_socket_refuses_actions_beyond_the_scope(
    harness: StudioHarness, keys: dict[str, dict[str, Any]]
) -> None:
    actions = {str(kind.__struct_config__.tag): kind for kind in get_args(protocol.Message)}
    needed: dict[str, Scope] = {action: ACTION_SCOPES.get(action, "write") for action in actions.keys() - SAID_BY_ALL}
    assert {action for action, scope in needed.items() if scope == "write"} == CONTENT_ACTIONS, "say which scope"
    samples: dict[str, Any] = {"base_revision": 1, "number": 1, "operations": [], "data": {}}
    for scope in SCOPES:
        async with connect(harness.websocket_app, with_key(keys[scope])) as device:
            await device.wait_until_live()
            for action, kind in actions.items():
                if action in SAID_BY_ALL or scope not in narrower_than(needed[action]):
                    continue
                required = [field for field in msgspec.structs.fields(kind) if field.required]
                fields = {field.encode_name: samples.get(field.name, "nothing") for field in required}
                device.send_message({"action": action, "request_id": action} | fields)
                answer = await device.next_frame()
                assert (answer["type"], answer["reason"], answer["scope"]) == ("error", "missing_scope", needed[action])


@pytest.mark.parametrize("service", [service.name for service in SERVICES if service.name != "studio"])
async def test_every_verb_of_a_service_refuses_keys_of_too_small_a_scope(service: str) -> None:
    (description,) = [one for one in SERVICES if one.name == service]

    async def done(caller: Caller, **arguments: Any) -> str:
        return "done"

    async def outside(call: Any) -> str:
        return "limited"

    verbs = {f"{part}.{verb.name}": verb for part, of in parts_of(description.offered).items()
             for verb in verbs_of(of).values()}  # fmt: skip
    assert verbs
    for address, verb in verbs.items():
        needed = verb_scope(service, address)
        assert needed != "admin"
        guarded = GuardedVerb(done, verb, service, address, outside)
        for scope in SCOPES:
            caller = Caller(user_id="user-ana", access=KeyAccess(key_id="key-1", scopes=(scope,)))
            if scope in narrower_than(needed):
                with pytest.raises(MissingScope):
                    await guarded.call(caller)
            else:
                assert await guarded.call(caller) == "done"
