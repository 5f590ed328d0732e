"""Every service answers at its own door: whether it is well, what it can do, and to the same token."""

import pytest

from tests.journeys.house import SERVICES, House
from tests.journeys.people import Person, of, rest

# what each service can be asked at its own door, with a token of the studio
OWN = {
    "schemas": "/schemas/text-input-v1",
    "state": "/buckets",
    "processors": "/processors/text-expansion",
    "studio": "/api/me",
}


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_says_that_it_is_well_and_what_it_needs(house: House, service: str) -> None:
    async with rest(house.door(service)) as door:
        assert of(await door.get("/healthz")) == {"status": "up"}
        assert of(await door.get("/readyz")) == {"ready": True, "dependencies": {"nats": "up", "store": "up"}}


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_can_be_measured(house: House, service: str) -> None:
    async with rest(house.door(service)) as door:
        of(await door.get("/healthz"))
        measured = await door.get("/metrics")
    assert measured.headers["content-type"].startswith("text/plain")
    assert 'reyna_http_requests_total{method="GET",route="/healthz",status="200"}' in measured.text


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_describes_itself(house: House, service: str) -> None:
    async with rest(house.door(service)) as door:
        described = of(await door.get("/schema/openapi.json"))
        page = await door.get("/schema")
    assert described["openapi"].startswith("3.1")
    assert OWN[service].rpartition("/")[0] + "/{id}" in described["paths"] or OWN[service] in described["paths"]
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_knows_me_by_the_same_token_and_nobody_without(
    house: House, ana: Person, service: str
) -> None:
    async with rest(house.door(service), ana.token) as mine, rest(house.door(service)) as nobodys:
        of(await mine.get(OWN[service]))
        refused = await nobodys.get(OWN[service])
        guessed = await nobodys.get(OWN[service], headers={"Authorization": "Bearer guessed"})
    for answer in (refused, guessed):
        assert (answer.status_code, answer.json()["reason"]) == (401, "not_signed_in")


async def test_what_i_create_at_the_door_of_the_state_service_is_told_on_my_devices(house: House, ana: Person) -> None:
    device = await ana.device()
    async with rest(house.door("state"), ana.token) as door:
        bucket = of(await door.post("/buckets", json={"name": "Chapter", "type": "scene"}))
        note = {"schema_id": "text-input-v1", "data": {"content": "The ship."}, "bucket_ids": [bucket["id"]]}
        blob = of(await door.post("/blobs", json=note))
    event = await device.hears("blob.created", blob_id=blob["id"])
    assert event["bucket_ids"] == [bucket["id"]]
    assert (await ana.get(f"/blobs/{blob['id']}"))["data"] == note["data"]


async def test_a_token_that_was_signed_out_opens_no_door_any_more(house: House, ana: Person) -> None:
    await ana.post("/auth/logout")
    for service in SERVICES:
        async with rest(house.door(service), ana.token) as door:
            assert (await door.get(OWN[service])).status_code == 401


async def test_a_schema_of_mine_is_in_force_at_once_in_every_service(house: House, ana: Person) -> None:
    name = f"mood-{ana.id[-6:]}"
    strict = {"type": "object", "properties": {"mood": {"enum": ["calm", "wild"]}}, "required": ["mood"]}
    async with rest(house.door("schemas"), ana.token) as door:
        of(await door.post("/schemas", json={"name": name, "json_schema": strict}))
    refused = await ana.rest.post("/blobs", json={"schema_id": f"{name}-v1", "data": {"mood": "grey"}})
    assert refused.status_code == 422
    blob = await ana.post("/blobs", {"schema_id": f"{name}-v1", "data": {"mood": "calm"}})
    assert blob["schema_version"] == "1.0.0"
