"""Services at their own ports: health, description, and the same tokens and cookies."""

import pytest

from tests.journeys.application import SERVICES, Application
from tests.journeys.people import PASSWORD, Person, body_of, rest

# a request that each service answers at its own port, with a token of the studio
OWN = {
    "schemas": "/schemas/text-input-v1",
    "state": "/buckets",
    "processors": "/processors/text-expansion",
    "studio": "/api/me",
}
# as each presents itself
TITLES = {
    "schemas": "ReYNa Studio: schemas",
    "state": "ReYNa Studio: state",
    "processors": "ReYNa Studio: processors",
    "studio": "ReYNa Studio",
}


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_says_that_it_is_well_and_what_it_needs(application: Application, service: str) -> None:
    async with rest(application.url_of(service)) as client:
        assert body_of(await client.get("/healthz")) == {"status": "up", "service": TITLES[service]}
        found = body_of(await client.get("/readyz"))
    assert found["ready"] is True
    model = {"model"} if "up" in application.processes else set()  # a worker's, where services stand on their own
    assert {"nats", "store", "events", *SERVICES} - {service} | model <= set(found["dependencies"])
    assert set(found["dependencies"].values()) == {"up"}


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_can_be_measured(application: Application, service: str) -> None:
    async with rest(application.url_of(service)) as client:
        body_of(await client.get("/healthz"))
        measured = await client.get("/metrics")
    assert measured.headers["content-type"].startswith("text/plain")
    assert 'reyna_http_requests_total{method="GET",route="/healthz",status="200"}' in measured.text


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_describes_itself(application: Application, service: str) -> None:
    async with rest(application.url_of(service)) as client:
        described = body_of(await client.get("/schema/openapi.json"))
        page = await client.get("/schema")
    assert described["openapi"].startswith("3.1")
    assert OWN[service].rpartition("/")[0] + "/{id}" in described["paths"] or OWN[service] in described["paths"]
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_knows_me_by_the_same_token_and_nobody_without(
    application: Application, ana: Person, service: str
) -> None:
    async with rest(application.url_of(service), ana.token) as mine, rest(application.url_of(service)) as nobodys:
        body_of(await mine.get(OWN[service]))
        refused = await nobodys.get(OWN[service])
        guessed = await nobodys.get(OWN[service], headers={"Authorization": "Bearer guessed"})
    for answer in (refused, guessed):
        assert (answer.status_code, answer.json()["reason"]) == (401, "not_signed_in")


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_knows_the_cookie_of_this_installation(
    application: Application, ana: Person, service: str
) -> None:
    async with rest(f"{application.address}/api") as anybody:
        body_of(await anybody.post("/auth/login", json={"email": ana.email, "password": PASSWORD}))
        (name,) = [name for name in anybody.cookies if name.startswith("reyna_session_")]
        cookie = f"{name}={anybody.cookies[name]}"
    async with rest(application.url_of(service)) as client:
        body_of(await client.get(OWN[service], headers={"Cookie": cookie}))
        meant = await client.get(OWN[service], headers={"Cookie": cookie, "X-Reyna-User": "user-another"})
    assert (meant.status_code, meant.json()["reason"]) == (409, "another_user")


async def test_what_i_create_at_the_door_of_the_state_service_is_told_on_my_devices(
    application: Application, ana: Person
) -> None:
    device = await ana.device()
    async with rest(application.url_of("state"), ana.token) as client:
        bucket = body_of(await client.post("/buckets", json={"name": "Chapter", "type": "scene"}))
        note = {"schema_id": "text-input-v1", "data": {"content": "The ship."}, "bucket_ids": [bucket["id"]]}
        blob = body_of(await client.post("/blobs", json=note))
    event = await device.wait_for("blob.created", blob_id=blob["id"])
    assert event["bucket_ids"] == [bucket["id"]]
    assert (await ana.get(f"/blobs/{blob['id']}"))["data"] == note["data"]


async def test_a_token_that_was_signed_out_opens_no_door_any_more(application: Application, ana: Person) -> None:
    await ana.post("/auth/logout")
    for service in SERVICES:
        async with rest(application.url_of(service), ana.token) as client:
            assert (await client.get(OWN[service])).status_code == 401


async def test_a_schema_of_mine_is_in_force_at_once_in_every_service(application: Application, ana: Person) -> None:
    name = f"mood-{ana.id[-6:]}"
    strict = {"type": "object", "properties": {"mood": {"enum": ["calm", "wild"]}}, "required": ["mood"]}
    async with rest(application.url_of("schemas"), ana.token) as client:
        body_of(await client.post("/schemas", json={"name": name, "json_schema": strict}))
    refused = await ana.rest.post("/blobs", json={"schema_id": f"{name}-v1", "data": {"mood": "grey"}})
    assert refused.status_code == 422
    blob = await ana.post("/blobs", {"schema_id": f"{name}-v1", "data": {"mood": "calm"}})
    assert blob["schema_version"] == "1.0.0"
