"""A POST whose answer was lost may be sent again: tried on every POST that the API describes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final, NamedTuple, cast

import httpx
import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller
from reyna.domain.event import Message
from reyna.ports.store import Put, Step
from reyna.storage.idempotency import KEY_RETENTION, IdempotencyKeys, IdempotencyRecord, idempotency_collection
from tests.repository.reference import openapi_document
from tests.services.studio.conftest import bearer, create_account
from tests.services.studio.harness import StudioHarness, studio_harness
from tests.transport.http.test_problems import is_a_problem

NUMBERS: Final = count(1)
KEY: Final = {"idempotency-key": "try-1"}
NOTE: Final = {"schema_id": "text-input-v1", "data": {"content": "The ship sailed."}}
DIARY: Final = {"name": "diary", "json_schema": {"type": "object"}}


class Case(NamedTuple):
    """A request, one that differs from it, where what it made is listed, and how many there are of it after it."""

    path: str
    body: Any
    other: Any
    list_path: str
    many: int = 1


async def blob(api: httpx.AsyncClient) -> Case:
    return Case("/blobs", NOTE, NOTE | {"data": {"content": "Another text."}}, "/blobs")


async def acceptance(api: httpx.AsyncClient) -> Case:
    note = (await post(api, "/blobs", NOTE))["id"]
    data = {"original": "x", "expanded": "One.\n\nTwo.", "expansion_ratio": 2}
    derived = await post(api, "/blobs", {"schema_id": "expanded-text-v1", "data": data, "parent_id": note})
    new = {"derived_blob_id": derived["id"]}
    return Case(f"/blobs/{note}/accept", new, new | {"paragraphs": [1]}, "/blobs?schema_id=edited-text-v1")


async def bucket(api: httpx.AsyncClient) -> Case:
    return Case("/buckets", {"name": "Book", "type": "book"}, {"name": "Other", "type": "book"}, "/buckets")


async def copy(api: httpx.AsyncClient) -> Case:
    id = (await post(api, "/buckets", {"name": "Book", "type": "book"}))["id"]
    chapter = (await post(api, "/buckets", {"name": "One", "type": "scene", "parent_bucket_id": id}))["id"]
    await post(api, "/blobs", NOTE | {"bucket_ids": [id, chapter]})
    return Case(f"/buckets/{id}/copy", {"deep": True}, {"deep": False}, "/buckets", 4)


async def bulk(api: httpx.AsyncClient) -> Case:
    creation = NOTE | {"action": "create_blob"}
    return Case("/bulk", {"operations": [creation]}, {"operations": [creation, creation]}, "/blobs")


async def undo(api: httpx.AsyncClient) -> Case:
    for name in ("One", "Two"):
        await post(api, "/buckets", {"name": name, "type": "scene"})
    return Case("/undo", None, {"skip": "act-of-another"}, "/buckets")


async def redo(api: httpx.AsyncClient) -> Case:
    await undo(api)
    for _ in range(2):
        await post(api, "/undo", None)
    return Case("/redo", None, {"skip": "act-of-another"}, "/buckets")


async def upgrade(api: httpx.AsyncClient) -> Case:
    await post(api, "/schemas", DIARY)
    changed = {"type": "object", "required": ["day"]}
    steps = [{"do": "set", "path": "/day", "value": 1}]
    await post(api, "/schemas", DIARY | {"json_schema": changed, "upgrade": {"steps": steps}})
    return Case(
        "/upgrades", {"from": "diary-v1", "to": "diary-v2"}, {"from": "diary-v2", "to": "diary-v3"}, "/upgrades"
    )


async def schema(api: httpx.AsyncClient) -> Case:
    return Case("/schemas", DIARY, DIARY | {"json_schema": {"type": "array"}}, "/schemas?name=diary")


async def instance(api: httpx.AsyncClient) -> Case:
    id = (await post(api, "/buckets", {"name": "Book", "type": "book"}))["id"]
    new = {"processor_id": "text-expansion", "bucket_id": id}
    return Case("/instances", new, new | {"enabled": False}, "/instances", 2)  # one they had from the start


async def api_key(api: httpx.AsyncClient) -> Case:
    new = {"name": "Script", "scopes": ["read"]}
    return Case("/keys", new, new | {"scopes": ["write"]}, "/keys")


async def key_rotation(api: httpx.AsyncClient) -> Case:
    id = (await post(api, "/keys", {"name": "Script", "scopes": ["read"]}))["id"]
    return Case(f"/keys/{id}/rotate", {"grace_seconds": 60}, {"grace_seconds": 0}, "/keys")


async def run(api: httpx.AsyncClient) -> Case:
    ids = [(await post(api, "/blobs", NOTE))["id"] for _ in range(2)]
    new = {"processor_id": "text-expansion", "blob_ids": ids[:1]}
    return Case("/runs", new, new | {"blob_ids": ids[1:]}, "/runs")


async def processor(api: httpx.AsyncClient) -> Case:
    new: dict[str, Any] = {"id": "shout", "version": "1.0.0", "name": "Shout", "trigger": "manual"}
    new |= {"input_schemas": ["text-input-v1"], "output_schema": "text-input-v1"}
    return Case("/processors", new, new | {"id": "whisper"}, "/processors", 2)  # one of the system


async def model(api: httpx.AsyncClient) -> Case:
    new = {"name": "Mine", "provider": "anthropic", "model": "a-model", "key": "a-key-of-nobody"}
    return Case("/models", new, new | {"name": "Other"}, "/models", 2)  # that of the installation, too


async def webhook(api: httpx.AsyncClient) -> Case:
    new = {"url": "https://93.184.215.14/hook", "types": ["blob.*"]}
    return Case("/webhooks", new, new | {"types": ["*"]}, "/webhooks")


async def pipeline(api: httpx.AsyncClient) -> Case:
    new = {"name": "Expand", "stages": [{"processor_id": "text-expansion"}]}
    return Case("/pipelines", new, new | {"name": "Other"}, "/pipelines")


async def template(api: httpx.AsyncClient) -> Case:
    id = (await post(api, "/buckets", {"name": "Book", "type": "book"}))["id"]
    new = {"bucket_id": id, "name": "Mine"}
    return Case("/templates", new, new | {"name": "Other"}, "/templates?limit=200", 15)  # those of the studio, too


async def imported_template(api: httpx.AsyncClient) -> Case:
    new = {"name": "Mine", "root": {"kind": "bucket", "name": "{title}", "type": "draft"}}
    return Case("/templates/import", new, new | {"name": "Other"}, "/templates?limit=200", 15)


async def template_use(api: httpx.AsyncClient) -> Case:
    return Case("/templates/pitch/instantiate", {"name": "Mine"}, {"name": "Other"}, "/buckets", 5)


CASES: Final = {
    "/schemas": schema,
    "/blobs": blob,
    "/blobs/{id}/accept": acceptance,
    "/upgrades": upgrade,
    "/buckets": bucket,
    "/undo": undo,
    "/redo": redo,
    "/buckets/{id}/copy": copy,
    "/bulk": bulk,
    "/instances": instance,
    "/runs": run,
    "/keys": api_key,
    "/keys/{id}/rotate": key_rotation,
    "/processors": processor,
    "/models": model,
    "/pipelines": pipeline,
    "/templates": template,
    "/templates/import": imported_template,
    "/templates/{id}/instantiate": template_use,
    "/webhooks": webhook,
}
# Why a key is no use at the others.
NEED_NO_KEY: Final = {
    "/schemas/{id}/validate": "answers a question",
    "/schemas/check": "answers a question",
    "/blobs/{id}/restore": "again, it finds the blob restored, or the same data as before",
    "/upgrades/{id}/cancel": "again, it finds the upgrade cancelled",
    "/buckets/{id}/move": "again, it finds the bucket moved",
    "/buckets/{id}/restore": "again, it finds the bucket restored",
    "/migrate/legacy": "every line is the same blob, however often it comes",
    "/import": "what was imported is there already, however often it comes",
    "/files/uploads": "begins one more upload, which expires by itself",
    "/files": "the same content is the same file",
    "/models/{id}/test": "answers a question",
    "/webhooks/{id}/test": "sends one more test event",
    "/webhooks/{id}/deliveries/{number}/retry": "again, it finds the delivery pending",
    "/batches/{id}/cancel": "again, it finds the batch cancelled",
    "/runs/estimate": "answers a question",
    "/runs/{id}/cancel": "again, it finds the run cancelled",
    "/runs/{id}/retry": "again, it finds the run requested",
    "/dead/{id}/replay": "again, it finds the letter gone",
    "/dead/replay": "again, it finds the letters gone",
    "/work/{processor_id}/claim": "a claim whose answer was lost is given back when its lease ends",
    "/runs/{id}/beat": "again, it moves the end of the lease once more",
    "/runs/{id}/costs": "again, it finds the costs counted",
    "/runs/{id}/progress": "again, it shows the same progress",
    "/runs/{id}/complete": "again, it finds the run completed",
    "/runs/{id}/refuse": "again, it finds the run refused",
    "/runs/{id}/fail": "again, it finds the run given back or failed",
    "/auth/register": "an address has one account, and the second registration is told so; a token is shown once",
    "/me/password": "again, it is refused, since the old password is another one by then",
    "/auth/login": "a session more, for who knows the password",
    "/auth/link": "a link is good once",
    "/auth/logout": "again, it finds the session ended",
}


class GatedStore(MemoryStore):
    """A store whose writes wait while the gate is closed."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.gate, self.waiting = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        self.waiting.set()
        await self.gate.wait()
        await super().write(*steps, messages=messages)


@pytest.fixture(scope="module")
def gated_stores() -> list[GatedStore]:
    """The stores of the studio, all of them open."""
    return []


@pytest.fixture(scope="module")
async def harness(gated_stores: list[GatedStore]) -> AsyncIterator[StudioHarness]:
    """One for all these tests, each of which has people of its own."""

    def store(collections: Any) -> GatedStore:
        gated_stores.append(GatedStore(collections))
        return gated_stores[-1]

    async with studio_harness(kept_in=store) as harness:
        yield harness


@asynccontextmanager
async def open_client(harness: StudioHarness) -> AsyncIterator[httpx.AsyncClient]:
    """A program of somebody new."""
    headers = bearer(await create_account(harness, f"number-{next(NUMBERS)}@example.test"))
    transport = httpx.ASGITransport(cast(Any, harness.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test/api", headers=headers) as api:
        yield api


async def post(api: httpx.AsyncClient, path: str, body: Any) -> Any:
    answer = await api.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def count_items(api: httpx.AsyncClient, case: Case) -> int:
    return len((await api.get(case.list_path)).json()["items"])


def post_operations() -> dict[str, Any]:
    return {
        path.removeprefix("/api"): ways["post"] for path, ways in openapi_document()["paths"].items() if "post" in ways
    }


def test_every_post_takes_a_key_or_says_why_it_needs_none() -> None:
    described = post_operations()
    with_key = {
        path
        for path, operation in described.items()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
    }
    assert with_key == set(CASES), "say in this file how to try it"
    assert described.keys() - with_key == set(NEED_NO_KEY), "take an Idempotency-Key, or say in this file why not"


@pytest.mark.parametrize("path", CASES)
async def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(harness: StudioHarness, path: str) -> None:
    async with open_client(harness) as api:
        case = await CASES[path](api)
        first = await api.post(case.path, json=case.body, headers=KEY)
        assert first.is_success, first.text
        again = await api.post(case.path, json=case.body, headers=KEY)
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert await count_items(api, case) == case.many


@pytest.mark.parametrize("path", CASES)
async def test_another_request_under_the_same_key_is_refused_and_makes_nothing(
    harness: StudioHarness, path: str
) -> None:
    async with open_client(harness) as api, open_client(harness) as other:
        case = await CASES[path](api)
        first = await api.post(case.path, json=case.body, headers=KEY)
        is_a_problem(await api.post(case.path, json=case.other, headers=KEY), 422, "invalid", "key_reused")
        assert await count_items(api, case) == case.many
        again = await api.post(case.path, json=case.body, headers=KEY)
        assert again.json() == first.json()
        bos = await CASES[path](other)  # whose keys are his own
        assert (await other.post(bos.path, json=bos.body, headers=KEY)).is_success


@pytest.mark.parametrize("path", CASES)
async def test_while_it_is_worked_on_the_same_request_is_told_to_wait(
    harness: StudioHarness, gated_stores: list[GatedStore], path: str
) -> None:
    async with open_client(harness) as api:
        case = await CASES[path](api)
        for store in gated_stores:
            store.gate.clear()
            store.waiting.clear()
        first = asyncio.create_task(api.post(case.path, json=case.body, headers=KEY))
        held = [asyncio.create_task(store.waiting.wait()) for store in gated_stores]
        try:
            await asyncio.wait([first, *held], return_when=asyncio.FIRST_COMPLETED)
            again = await api.post(case.path, json=case.body, headers=KEY)
            is_a_problem(again, 409, "conflict", "still_running")
            assert again.headers["retry-after"] == "1"
            is_a_problem(await api.post(case.path, json=case.other, headers=KEY), 422, "invalid", "key_reused")
        finally:
            for store in gated_stores:
                store.gate.set()
            for task in held:
                task.cancel()
        assert (await first).is_success
        assert (await api.post(case.path, json=case.body, headers=KEY)).json() == (await first).json()


@pytest.mark.parametrize("path", CASES)
async def test_a_key_that_cannot_be_used_is_refused_before_anything_is_done(harness: StudioHarness, path: str) -> None:
    async with open_client(harness) as api:
        case = await CASES[path](api)
        before = await count_items(api, case)
        answer = await api.post(case.path, json=case.body, headers={"idempotency-key": "x" * 201})
        is_a_problem(answer, 422, "invalid", "invalid")
        assert await count_items(api, case) == before


async def test_the_answer_is_the_one_that_was_given_even_when_much_has_happened_since(harness: StudioHarness) -> None:
    async with open_client(harness) as api:
        book = (await api.post("/buckets", json={"name": "Book", "type": "book"}, headers=KEY)).json()
        note = NOTE | {"bucket_ids": [book["id"]]}
        key = {"idempotency-key": "try-2"}
        first = (await api.post("/blobs", json=note, headers=key)).json()
        await api.patch(f"/blobs/{first['id']}", json={"data": {"content": "Changed."}, "base_revision": 1})
        await api.patch(f"/buckets/{book['id']}", json={"name": "Renamed", "base_revision": 1})
        await api.delete(f"/buckets/{book['id']}")
        assert (await api.post("/blobs", json=note, headers=key)).json() == first
        again = await api.post("/buckets", json={"name": "Book", "type": "book"}, headers=KEY)
        assert again.json() == book


async def test_what_was_purged_is_not_quoted_by_a_repeat(harness: StudioHarness) -> None:
    async with open_client(harness) as api:
        new = {"name": "Secret name", "type": "book"}
        book = (await api.post("/buckets", json=new, headers=KEY)).json()
        note = NOTE | {"bucket_ids": [book["id"]]}
        await api.post("/blobs", json=note, headers={"idempotency-key": "try-2"})
        await api.delete(f"/buckets/{book['id']}")
        await api.delete("/trash")
        is_a_problem(await api.post("/buckets", json=new, headers=KEY), 404, "not_found", "not_found")
        again = await api.post("/blobs", json=note, headers={"idempotency-key": "try-2"})
        is_a_problem(again, 404, "not_found", "not_found")


async def test_the_order_of_keys_and_white_space_make_no_other_request(harness: StudioHarness) -> None:
    async with open_client(harness) as api:
        ways = (
            b'{"schema_id":"text-input-v1","data":{"content":"a","title":"b"}}',
            b'{ "data": {"title": "b", "content": "a"},\n "schema_id": "text-input-v1" }',
        )
        headers = KEY | {"content-type": "application/json"}
        answers = [await api.post("/blobs", content=way, headers=headers) for way in ways]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()


async def test_another_path_under_the_same_key_is_another_request(harness: StudioHarness) -> None:
    async with open_client(harness) as api:
        await api.post("/blobs", json=NOTE, headers=KEY)
        answer = await api.post("/buckets", json={"name": "Book", "type": "book"}, headers=KEY)
        is_a_problem(answer, 422, "invalid", "key_reused")


async def test_a_refused_request_uses_no_key_up(harness: StudioHarness) -> None:
    async with open_client(harness) as api:
        refused = await api.post("/blobs", json=NOTE | {"bucket_ids": ["bucket-nowhere"]}, headers=KEY)
        assert refused.status_code == 404
        assert (await api.post("/blobs", json=NOTE, headers=KEY)).status_code == 201


async def test_keys_are_forgotten_after_a_week(ana: Caller) -> None:
    requests = idempotency_collection("state.requests")
    store, now = MemoryStore([requests]), datetime(2026, 5, 4, tzinfo=UTC)
    for age, key in ((KEY_RETENTION + timedelta(seconds=1), "old"), (KEY_RETENTION - timedelta(seconds=1), "young")):
        await store.write(
            Put(requests, IdempotencyRecord(id=key, user_id=ana.user_id, made_id="", created_at=now - age))
        )
    keys = IdempotencyKeys(store, requests, lambda: now)
    assert await keys.delete_expired(ana.user_id) == 1
    assert [request.id for request in await store.find(requests, ana.user_id)] == ["young"]
