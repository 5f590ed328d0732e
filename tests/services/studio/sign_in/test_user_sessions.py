"""Where one is signed in: listed, and ended by the user."""

from typing import Any

import httpx

from reyna.services.studio.gateway.close_codes import NOT_SIGNED_IN
from reyna.services.studio.sign_in.sessions import SignedIn
from reyna.services.studio.sign_in.sign_in import Credentials
from reyna.services.studio.sign_in.visitors import Visitor
from tests.services.studio.conftest import PASSWORD, bearer
from tests.services.studio.fake_websocket import connect
from tests.services.studio.harness import StudioHarness
from tests.transport.http.test_problems import is_a_problem

PHONE = Visitor(address="192.0.2.33", agent="Phone/1.0")


async def sign_in(harness: StudioHarness, email: str = "ana@example.test") -> SignedIn:
    return await harness.studio.sign_in.with_password(Credentials(email=email, password=PASSWORD), PHONE)


async def list_sessions(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get("/api/sessions")).json()["items"]
    return items


async def test_all_sessions_are_listed_with_where_they_began(harness: StudioHarness, api: httpx.AsyncClient) -> None:
    phone = await sign_in(harness)
    listed = await list_sessions(api)
    assert sorted((one["current"], one["address"], one["agent"]) for one in listed) == [
        (False, "192.0.2.33", "Phone/1.0"),
        (True, None, None),
    ]
    assert phone.token not in str(listed)
    assert next(one for one in listed if one["current"])["last_used_at"] is not None


async def test_an_ended_session_is_refused_and_its_sockets_close_on_every_gateway(
    harness: StudioHarness, api: httpx.AsyncClient
) -> None:
    phone, elsewhere = await sign_in(harness), harness.copy()
    (ended,) = [one for one in await list_sessions(api) if not one["current"]]
    async with connect(elsewhere.websocket_app, bearer(phone)) as device:
        await device.wait_until_live()
        assert (await api.delete(f"/api/sessions/{ended['id']}")).status_code == 204
        assert (await device.closed)[0] == NOT_SIGNED_IN
    assert (await api.get("/api/me", headers=bearer(phone))).status_code == 401
    assert [one["current"] for one in await list_sessions(api)] == [True]
    is_a_problem(await api.delete(f"/api/sessions/{ended['id']}"), 404, "not_found", "not_found")


async def test_all_other_sessions_end_at_once_and_keys_stay(harness: StudioHarness, api: httpx.AsyncClient) -> None:
    phone, tablet = await sign_in(harness), await sign_in(harness)
    key = (await api.post("/api/keys", json={"name": "Script"})).json()["key"]
    assert (await api.delete("/api/sessions")).status_code == 204
    for other in (phone, tablet):
        assert (await api.get("/api/me", headers=bearer(other))).status_code == 401
    for token in (key, api.headers["authorization"].partition(" ")[2]):
        assert (await api.get("/api/me", headers={"authorization": f"Bearer {token}"})).status_code == 200


async def test_bo_neither_sees_nor_ends_a_session_of_anas(
    harness: StudioHarness, api: httpx.AsyncClient, bos: SignedIn
) -> None:
    (anas,) = await list_sessions(api)
    seen = (await api.get("/api/sessions", headers=bearer(bos))).json()["items"]
    assert anas["id"] not in str(seen)
    refused = await api.delete(f"/api/sessions/{anas['id']}", headers=bearer(bos))
    is_a_problem(refused, 404, "not_found", "not_found")
    await api.delete("/api/sessions", headers=bearer(bos))
    assert [one["id"] for one in await list_sessions(api)] == [anas["id"]]


async def test_a_new_password_ends_all_other_sessions(harness: StudioHarness, api: httpx.AsyncClient) -> None:
    phone = await sign_in(harness)
    new = {"password": "a ship sails at dusk"}
    is_a_problem(await api.post("/api/me/password", json=new), 422, "invalid", "invalid")
    wrong = await api.post("/api/me/password", json=new | {"old_password": "wrong guess"})
    is_a_problem(wrong, 403, "forbidden", "forbidden")
    guessable = await api.post("/api/me/password", json={"password": "password1", "old_password": PASSWORD})
    is_a_problem(guessable, 422, "invalid", "invalid")
    assert (await api.post("/api/me/password", json=new | {"old_password": PASSWORD})).status_code == 200
    assert (await api.get("/api/me", headers=bearer(phone))).status_code == 401
    assert (await api.get("/api/me")).status_code == 200
