"""An API key from its creation to its end: shown once, good wherever a session is, rotated and revoked."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final, cast

import httpx
import pytest

from reyna.services.studio.gateway.close_codes import NOT_SIGNED_IN
from reyna.services.studio.keys.key_text import is_well_formed, key_text_of
from reyna.services.studio.records import KEYS, SESSIONS
from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import bearer
from tests.services.studio.fake_websocket import connect
from tests.services.studio.harness import StudioHarness
from tests.transport.http.test_problems import is_a_problem

ALL: Final = ["read", "write", "processors", "admin"]
NOTE: Final = {"schema_id": "text-input-v1", "data": {"content": "The ship sailed."}}


def with_key(issued: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {issued['key']}"}


async def create_key(api: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/api/keys", json={"name": "Script"} | fields)
    assert answer.status_code == 201, answer.text
    return cast(dict[str, Any], answer.json())


@pytest.fixture
async def program(harness: StudioHarness) -> AsyncIterator[httpx.AsyncClient]:
    """A program without a token of its own."""
    transport = httpx.ASGITransport(cast(Any, harness.app), client=("192.0.2.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as program:
        yield program


async def test_a_key_is_good_wherever_a_session_is(
    harness: StudioHarness, api: httpx.AsyncClient, program: httpx.AsyncClient, anas: SignedIn
) -> None:
    key = await create_key(api, scopes=ALL)
    assert (await program.get("/api/me", headers=with_key(key))).json()["user"]["id"] == anas.user.id
    made = await program.post("/api/blobs", json=NOTE, headers=with_key(key))
    assert made.json()["user_id"] == anas.user.id
    async with connect(harness.websocket_app, with_key(key)) as device:
        assert (await device.next_frame())["user_id"] == anas.user.id


async def test_the_text_of_a_key_is_shown_once_and_stored_nowhere(
    harness: StudioHarness, api: httpx.AsyncClient, anas: SignedIn
) -> None:
    key = await create_key(api, name=" Backup script ", scopes=["write", "read"])
    (listed,) = (await api.get("/api/keys")).json()["items"]
    assert listed == {name: value for name, value in key.items() if name != "key"}
    assert (listed["name"], listed["scopes"], listed["buckets"]) == ("Backup script", ["read", "write"], None)
    assert key["key"].startswith(listed["hint"]) and listed["hint"].startswith("reyna_")
    stored = [*await harness.store.find(KEYS, anas.user.id), *await harness.store.find(SESSIONS, "house")]
    assert key["key"] not in str(stored)


async def test_keys_have_a_checksum_so_that_a_misspelt_one_is_told_apart(program: httpx.AsyncClient) -> None:
    key = key_text_of(b"secret", "anything")
    assert is_well_formed(key)
    assert key != key_text_of(b"other", "anything")
    for position in range(len("reyna_"), len(key)):
        other = "x" if key[position] != "x" else "y"
        assert not is_well_formed(key[:position] + other + key[position + 1 :])
    refused = await program.get("/api/me", headers={"authorization": f"Bearer {key[:-1]}"})
    is_a_problem(refused, 401, "forbidden", "not_signed_in")
    assert "misspelt" in refused.json()["detail"]


async def test_a_revoked_key_is_refused_and_its_sockets_end_on_every_gateway(
    harness: StudioHarness, api: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    key, other = await create_key(api, scopes=["read"]), await create_key(api, scopes=["read"])
    elsewhere = harness.copy()
    async with (
        connect(harness.websocket_app, with_key(key)) as here,
        connect(elsewhere.websocket_app, with_key(key)) as there,
        connect(elsewhere.websocket_app, with_key(other)) as stays,
    ):
        for device in (here, there, stays):
            await device.wait_until_live()
        assert (await api.delete(f"/api/keys/{key['id']}")).status_code == 204
        assert (await here.closed)[0] == NOT_SIGNED_IN
        assert (await there.closed)[0] == NOT_SIGNED_IN
        assert not stays.closed.done()
    is_a_problem(await program.get("/api/me", headers=with_key(key)), 401, "forbidden", "not_signed_in")
    assert [one["id"] for one in (await api.get("/api/keys")).json()["items"]] == [other["id"]]
    is_a_problem(await api.delete(f"/api/keys/{key['id']}"), 404, "not_found", "not_found")


async def test_after_a_rotation_the_earlier_text_is_good_until_its_grace_ends(
    harness: StudioHarness, api: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    old = await create_key(api, scopes=["read"])
    new = (await api.post(f"/api/keys/{old['id']}/rotate", json={"grace_seconds": 3600})).json()
    assert new["id"] == old["id"] and new["key"] != old["key"]
    for key in (old, new):
        assert (await program.get("/api/me", headers=with_key(key))).status_code == 200
    harness.clock.advance(timedelta(seconds=3600))
    assert (await program.get("/api/me", headers=with_key(old))).status_code == 401
    assert (await program.get("/api/me", headers=with_key(new))).status_code == 200


async def test_a_rotation_without_grace_ends_the_earlier_text_at_once(
    harness: StudioHarness, api: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    old = await create_key(api, scopes=["read"])
    async with connect(harness.websocket_app, with_key(old)) as device:
        await device.wait_until_live()
        new = (await api.post(f"/api/keys/{old['id']}/rotate", json={"grace_seconds": 0})).json()
        assert (await device.closed)[0] == NOT_SIGNED_IN
    assert (await program.get("/api/me", headers=with_key(old))).status_code == 401
    assert (await program.get("/api/me", headers=with_key(new))).status_code == 200


async def test_an_expired_key_is_refused_but_still_listed(
    harness: StudioHarness, api: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    end = harness.clock() + timedelta(days=1)
    key = await create_key(api, expires_at=end.isoformat())
    assert (await program.get("/api/me", headers=with_key(key))).status_code == 200
    harness.clock.advance(timedelta(days=1))
    assert (await program.get("/api/me", headers=with_key(key))).status_code == 401
    assert len((await api.get("/api/keys")).json()["items"]) == 1
    is_a_problem(await api.post(f"/api/keys/{key['id']}/rotate"), 409, "conflict", "conflict")


async def test_it_is_known_when_a_key_was_used_last(
    harness: StudioHarness, api: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    key = await create_key(api)
    assert key["last_used_at"] is None
    harness.clock.advance(timedelta(hours=1))
    await program.get("/api/me", headers=with_key(key))
    (listed,) = (await api.get("/api/keys")).json()["items"]
    assert listed["last_used_at"] == harness.clock().isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"name": " "}, "/name"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"buckets": []}, "/buckets"),
        ({"buckets": ["bucket-1"], "scopes": ["admin"]}, "/scopes"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(api: httpx.AsyncClient, fields: dict[str, Any], path: str) -> None:
    answer = await api.post("/api/keys", json={"name": "Script"} | fields)
    is_a_problem(answer, 422, "invalid", "invalid")
    assert answer.json()["errors"][0]["path"] == path


async def test_bo_neither_sees_nor_ends_nor_rotates_a_key_of_anas(
    harness: StudioHarness, api: httpx.AsyncClient, program: httpx.AsyncClient, bos: SignedIn
) -> None:
    key = await create_key(api)
    bo = bearer(bos)
    assert (await program.get("/api/keys", headers=bo)).json()["items"] == []
    refused = [
        await program.delete(f"/api/keys/{key['id']}", headers=bo),
        await program.post(f"/api/keys/{key['id']}/rotate", headers=bo),
    ]
    for answer in refused:
        is_a_problem(answer, 404, "not_found", "not_found")
    assert (await program.get("/api/me", headers=with_key(key))).status_code == 200


async def test_signing_out_with_a_key_does_not_end_it(api: httpx.AsyncClient, program: httpx.AsyncClient) -> None:
    key = await create_key(api)
    await program.post("/api/auth/logout", headers=with_key(key))
    assert (await program.get("/api/me", headers=with_key(key))).status_code == 200


async def test_a_key_outlives_a_new_password(api: httpx.AsyncClient, program: httpx.AsyncClient) -> None:
    key = await create_key(api)
    change = {"password": "a wholly new password", "old_password": "correct horse battery"}
    assert (await api.patch("/api/me", json=change)).status_code == 200
    assert (await program.get("/api/me", headers=with_key(key))).status_code == 200
