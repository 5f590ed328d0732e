"""The REST door of the state service, as a client on the other side of it sees it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller
from reyna.domain.errors import NotSignedIn
from reyna.domain.schema import NewSchema, Upgrade, UpgradeStep
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import COLLECTIONS
from reyna.services.state.routes import routes
from reyna.services.state.service import State
from reyna.transport.http import create_app


async def identify(token: str) -> Caller:
    if token != "user-ana":
        raise NotSignedIn
    return Caller(user_id=token)


@pytest.fixture
async def client(schemas: Schemas) -> AsyncIterator[AsyncTestClient[Litestar]]:
    store = MemoryStore(COLLECTIONS)
    state = State(store, schemas)
    app = create_app(
        title="state",
        version="0",
        routes=routes,
        identify=identify,
        services={"content": state},
        checks={"store": store.check},
    )
    async with AsyncTestClient(app) as client:
        client.headers["authorization"] = "Bearer user-ana"
        yield client


async def sent(
    client: AsyncTestClient[Litestar], method: str, path: str, body: Any = None, *, status: int = 200
) -> Any:
    answer = await client.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_bucket_goes_to_the_trash_and_comes_back_elsewhere(client: AsyncTestClient[Litestar]) -> None:
    book = await sent(client, "POST", "/buckets", {"name": "book", "type": "draft"}, status=201)
    below = {"name": "chapter", "type": "scene", "parent_bucket_id": book["id"]}
    chapter = await sent(client, "POST", "/buckets", below, status=201)
    assert (await sent(client, "DELETE", f"/buckets/{chapter['id']}"))["trashed_at"] is not None
    await sent(client, "DELETE", f"/buckets/{book['id']}")
    page = await sent(client, "GET", "/trash?limit=1")
    assert [item["id"] for item in page["items"]] == [book["id"]]
    page = await sent(client, "GET", f"/trash?limit=1&cursor={page['next_cursor']}")
    assert [(item["kind"], item["bucket"]["name"]) for item in page["items"]] == [("bucket", "chapter")]
    refused = await sent(client, "POST", f"/buckets/{chapter['id']}/restore", status=409)
    assert refused["parent_bucket_id"] == book["id"]
    back = await sent(client, "POST", f"/buckets/{chapter['id']}/restore", {"parent_bucket_id": None})
    assert (back["parent_bucket_id"], back["trashed_at"]) == (None, None)
    assert (await sent(client, "POST", f"/buckets/{book['id']}/restore"))["name"] == "book"


async def test_undo_and_redo_answer_what_was_turned_back(client: AsyncTestClient[Litestar]) -> None:
    book = await sent(client, "POST", "/buckets", {"name": "book", "type": "draft"}, status=201)
    undone = await sent(client, "POST", "/undo")
    assert (undone["act"], undone["bucket_id"], undone["undone"]) == ("create_bucket", book["id"], True)
    assert (await sent(client, "GET", "/journal"))["items"] == [undone]
    assert await sent(client, "POST", "/redo") == undone | {"undone": False}
    nothing = await sent(client, "POST", "/redo", status=409)
    assert nothing["code"] == "conflict"


async def test_a_note_tells_where_it_stands_what_it_led_to_and_what_changed(client: AsyncTestClient[Litestar]) -> None:
    book = await sent(client, "POST", "/buckets", {"name": "book", "type": "draft"}, status=201)
    new = {"schema_id": "text-input-v1", "data": {"content": "The ship sailed."}, "bucket_ids": [book["id"]]}
    note = await sent(client, "POST", "/blobs", new, status=201)
    change = {"data": {"content": "The ship sank."}, "base_revision": 1}
    await sent(client, "PATCH", f"/blobs/{note['id']}", change)
    here = {"id": book["id"], "name": "book", "type": "draft"}
    assert await sent(client, "GET", f"/blobs/{note['id']}/places") == {"items": [[here]], "next_cursor": None}
    assert (await sent(client, "GET", f"/blobs/{note['id']}/lineage"))["descendants"] == []
    diff = await sent(client, "GET", f"/blobs/{note['id']}/diff?from=1&to=2")
    assert diff == await sent(client, "GET", f"/blobs/{note['id']}/diff?from=1")
    assert (diff["from_revision"], diff["to_revision"]) == (1, 2)
    pieces = [{"kind": "same", "text": "The ship "}, {"kind": "removed", "text": "sailed"}]
    pieces += [{"kind": "added", "text": "sank"}, {"kind": "same", "text": "."}]
    assert diff["differences"] == [{"path": "/content", "kind": "changed", "pieces": pieces}]
    await sent(client, "GET", f"/blobs/{note['id']}/diff?from=7", status=404)
    await sent(client, "GET", f"/blobs/{note['id']}/diff?from=0", status=422)
    await sent(client, "GET", f"/blobs/{note['id']}/diff", status=422)


async def test_a_note_is_patched_named_and_compared_with_a_save_that_came_too_late(
    client: AsyncTestClient[Litestar],
) -> None:
    new = {"schema_id": "text-input-v1", "data": {"content": "one"}}
    note = await sent(client, "POST", "/blobs", new, status=201)
    at = f"/blobs/{note['id']}"
    patch = [{"op": "replace", "path": "/content", "value": "two"}]
    await sent(client, "PATCH", at, {"json_patch": patch, "base_revision": 1})
    wrong = await sent(client, "PATCH", at, {"json_patch": [{"op": "jump"}], "base_revision": 2}, status=422)
    assert wrong["errors"][0]["path"] == "/json_patch/0/op"
    named = await sent(client, "PUT", f"{at}/revisions/1/name", {"name": "First draft"})
    assert (named["name"], named["data"], named["schema_id"]) == ("First draft", {"content": "one"}, "text-input-v1")
    page = await sent(client, "GET", f"{at}/revisions?named=true")
    assert [(one["number"], one["name"]) for one in page["items"]] == [(1, "First draft")]
    assert (await sent(client, "DELETE", f"{at}/revisions/1/name"))["name"] is None
    await sent(client, "PUT", f"{at}/revisions/9/name", {"name": "x"}, status=404)
    late = await sent(client, "PATCH", at, {"data": {"content": "late"}, "base_revision": 1}, status=409)
    assert (await sent(client, "GET", f"{at}/revisions/{late['kept_as']}"))["data"] == {"content": "late"}
    assert len((await sent(client, "GET", f"{at}/diff?from={late['kept_as']}&to=2"))["differences"]) == 1
    back = await sent(client, "POST", f"{at}/restore", {"revision": late["kept_as"]})
    assert (back["data"], back["revision"]) == ({"content": "late"}, 3)


async def test_notes_are_upgraded_one_by_one_and_all_at_once(
    client: AsyncTestClient[Litestar], schemas: Schemas
) -> None:
    ana = Caller(user_id="user-ana")
    for json_schema in ({"type": "object"}, {"type": "object", "required": ["body"]}):
        await schemas.versions.register(ana, NewSchema(name="letter", json_schema=json_schema))
    rename = Upgrade(steps=(UpgradeStep(do="rename", path="/text", to="body"),))
    await schemas.upgrades.change(ana, "letter-v2", rename)
    letter = await sent(client, "POST", "/blobs", {"schema_id": "letter-v1", "data": {"text": "Dear"}}, status=201)
    read = await sent(client, "GET", f"/blobs/{letter['id']}?schema_version=2")
    assert (read["schema_id"], read["data"], read["revision"]) == ("letter-v2", {"body": "Dear"}, 2)
    refused = await sent(client, "GET", f"/blobs/{letter['id']}?schema_version=1", status=422)
    assert refused["errors"][0]["path"] == "/schema_version"
    task = await sent(client, "POST", "/upgrades", {"from": "letter-v1", "to": "letter-v2"}, status=202)
    assert (task["from"], task["to"], task["status"], task["total"]) == ("letter-v1", "letter-v2", "requested", 0)
    assert (await sent(client, "GET", f"/upgrades/{task['id']}")) == task
    assert (await sent(client, "GET", "/upgrades"))["items"] == [task]
    assert (await sent(client, "POST", f"/upgrades/{task['id']}/cancel"))["status"] == "cancelled"
    await sent(client, "POST", "/upgrades", {"from": "letter-v2", "to": "letter-v1"}, status=422)


async def test_many_things_are_done_at_once_and_undone_as_one(client: AsyncTestClient[Litestar]) -> None:
    operations = [
        {"action": "create_bucket", "name": "book", "type": "draft", "as": "book"},
        {"action": "create_blob", "schema_id": "text-input-v1", "data": {"content": "x"}, "bucket_ids": ["$book"]},
        {"action": "trash_blob", "blob_id": "blob-nowhere"},
    ]
    refused = await sent(client, "POST", "/bulk", {"atomic": True, "operations": operations}, status=404)
    assert (refused["code"], refused["index"]) == ("not_found", 2)
    assert (await sent(client, "GET", "/buckets"))["items"] == []
    client.headers["idempotency-key"] = "once"
    done = await sent(client, "POST", "/bulk", {"atomic": False, "operations": operations})
    assert await sent(client, "POST", "/bulk", {"atomic": False, "operations": operations}) == done
    assert [result["ok"] for result in done["results"]] == [True, True, False]
    book = done["results"][0]["result"]["bucket"]
    assert done["results"][0] == {"index": 0, "ok": True, "result": {"bucket": {"id": book["id"], "revision": 1}}}
    assert done["results"][2].keys() == {"index", "ok", "code", "reason", "detail"}
    assert (await sent(client, "GET", f"/buckets/{book['id']}"))["blob_count"] == 1
    del client.headers["idempotency-key"]
    assert (await sent(client, "POST", "/undo"))["id"] == done["entry_id"]
    assert (await sent(client, "GET", "/buckets"))["items"] == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"operations": [{"action": "explode"}]}, "/operations/0/action"),
        ({"operations": [{"action": "trash_blob"}]}, "/operations/0/blob_id"),
        ({"operations": [{"action": "trash_blob", "blob_id": "x", "request_id": 7}]}, "/operations/0/request_id"),
        ({"operations": [{"action": "trash_blob", "blob_id": "x", "as": "y"}]}, "/operations/0/as"),
        ({"atomic": True}, "/operations"),
    ],
)
async def test_operations_that_are_none_are_refused_by_path(
    client: AsyncTestClient[Litestar], body: Any, path: str
) -> None:
    refused = await sent(client, "POST", "/bulk", body, status=422)
    assert [error["path"] for error in refused["errors"]] == [path]


async def test_a_bucket_is_copied_and_the_same_key_copies_it_once(client: AsyncTestClient[Litestar]) -> None:
    book = await sent(client, "POST", "/buckets", {"name": "book", "type": "draft"}, status=201)
    client.headers["idempotency-key"] = "once"
    copy = await sent(client, "POST", f"/buckets/{book['id']}/copy", {"deep": True}, status=201)
    assert (copy["name"], copy["parent_bucket_id"]) == ("book (copy)", None)
    again = await sent(client, "POST", f"/buckets/{book['id']}/copy", {"deep": True}, status=201)
    assert again["id"] == copy["id"]
    del client.headers["idempotency-key"]
    inside = {"parent_bucket_id": book["id"], "after": None, "deep": False}
    assert (await sent(client, "POST", f"/buckets/{book['id']}/copy", inside, status=201))["name"] == "book"
    assert (await client.post(f"/buckets/{book['id']}/copy")).json()["name"] == "book (copy 2)"


async def test_whoever_cannot_undo_is_told_how_to_go_on(client: AsyncTestClient[Litestar]) -> None:
    book = await sent(client, "POST", "/buckets", {"name": "book", "type": "draft"}, status=201)
    new = {"schema_id": "text-input-v1", "data": {"content": "since"}, "bucket_ids": [book["id"]]}
    note = await sent(client, "POST", "/blobs", new, status=201)
    refused = await sent(client, "POST", "/undo", status=409)
    assert (refused["reason"], refused["blob_id"]) == ("came_in_since", note["id"])
    undone = await sent(client, "POST", "/undo", {"anyway": refused["entry_id"]})
    assert undone["undone"]
    assert (await sent(client, "GET", "/trash"))["items"][0]["blob_count"] == 1
    await sent(client, "POST", "/redo")
    passed = await sent(client, "POST", "/undo", {"skip": refused["entry_id"]})
    assert (passed["undone"], passed["passed"]) == (False, True)
    assert (await sent(client, "POST", "/undo", status=409))["detail"] == "There is nothing to undo."


async def test_an_export_is_sent_as_a_file_that_is_downloaded(client: AsyncTestClient[Litestar]) -> None:
    book = await sent(client, "POST", "/buckets", {"name": "book", "type": "draft"}, status=201)
    answer = await client.get(f"/export?bucket_id={book['id']}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="reyna-export.zip"'
    assert answer.content.startswith(b"PK\x03\x04")
    assert (await client.get("/export?bucket_id=bucket-none")).status_code == 404
