"""Data that the version of 27 November 2026 wrote: read, undone, restored and continued by the version of today.

`earlier_version.json` holds the rows of its database, and its answers to some requests.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
import pytest

from reyna.adapters.postgres.migrations import migrate
from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from tests.journeys.application import Application
from tests.journeys.conftest import NO_MODEL, SECRET, running_application
from tests.journeys.people import PASSWORD, Person, body_of, rest


class EarlierVersion(msgspec.Struct, forbid_unknown_fields=True):
    """Rows by table, at the migration that was the newest; answers by path, as ana got them."""

    migration: str
    tables: dict[str, list[dict[str, Any]]]
    answers: dict[str, Any]


EARLIER: Final = msgspec.json.decode(Path(__file__).with_name("earlier_version.json").read_bytes(), type=EarlierVersion)


@pytest.fixture
async def application(database_url: str, tmp_path: Path) -> AsyncIterator[Application]:
    """Today's version on the database of the earlier one, and on a nats-server that has lost everything."""
    await migrate(database_url, to=EARLIER.migration)
    connection = await asyncpg.connect(database_url)
    for table, rows in EARLIER.tables.items():
        await connection.execute(
            f"insert into {table} select * from json_populate_recordset(null::{table}, $1)",  # noqa: S608
            msgspec.json.encode(rows).decode(),
        )
    await connection.close()
    nats = Nats(Home(tmp_path / "nats"))
    await nats.start()
    try:
        environment = {"REYNA_POSTGRES_URL": database_url, "REYNA_NATS_URL": nats.url, "REYNA_SECRET": SECRET}
        async with running_application(Application(tmp_path, environment | NO_MODEL)) as application:
            yield application
    finally:
        await nats.stop()


@pytest.fixture
async def ana(application: Application) -> AsyncIterator[Person]:
    """The ana of then, who signs in with her password."""
    credentials = {"email": "ana@example.org", "password": PASSWORD}
    async with rest(f"{application.address}/api") as anybody:
        signed_in = body_of(await anybody.post("/auth/login", json=credentials))
    person = Person(application.address, signed_in["user"]["id"], signed_in["token"], "ana@example.org")
    yield person
    await person.leave()


def as_then(today: Any, then: Any) -> Any:
    """Returns today's answer without the fields that did not exist then: fields are added, and never taken away."""
    match today, then:
        case dict(), dict():
            return {name: as_then(value, then[name]) for name, value in today.items() if name in then}
        case list(), list() if len(today) == len(then):
            return [as_then(*pair) for pair in zip(today, then, strict=True)]
    return today


async def test_everything_is_as_it_was_and_work_goes_on(ana: Person) -> None:
    for path, answer in EARLIER.answers.items():
        today = body_of(await ana.rest.get(path))
        assert as_then(today, answer) == answer, path

    book: dict[str, Any] = next(
        answer for path, answer in EARLIER.answers.items() if path.startswith("/buckets/bucket-")
    )
    (second,) = [item["id"] for item in await ana.all("/buckets") if item["name"] == "Chapter 2"]
    await ana.post("/undo")  # the first of the two moves: Chapter 2 was before Chapter 1
    assert (await ana.get(f"/buckets/{book['id']}"))["child_bucket_ids"][0] == second

    for item in (await ana.get("/trash"))["items"]:
        kind = "bucket" if item.get("bucket") else "blob"
        await ana.post(f"/{kind}s/{item[kind]['id']}/restore")
    assert (await ana.get("/trash"))["items"] == []

    first = {"schema_id": "text-input-v1", "data": {"content": "The ship sailed into the storm."}}
    note = next(path for path in EARLIER.answers if path.startswith("/blobs/") and path.count("/") == 2)
    in_buckets = {"bucket_ids": EARLIER.answers[note]["bucket_ids"]}
    repeated = await ana.rest.post("/blobs", json=first | in_buckets, headers={"Idempotency-Key": "first-note"})
    assert (repeated.status_code, repeated.json()["id"]) == (201, EARLIER.answers[note]["id"])

    device = await ana.device()
    change = {"data": {"content": "The storm is over."}, "base_revision": EARLIER.answers[note]["revision"]}
    body_of(await ana.rest.patch(note, json=change))
    frame = await device.wait_for("blob.updated", blob_id=EARLIER.answers[note]["id"])
    assert frame["revision"] == EARLIER.answers[note]["revision"] + 1
