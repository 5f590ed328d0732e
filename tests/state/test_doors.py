"""The REST door of the state service, as a client on the other side of it sees it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from reyna.adapters.memory import MemoryStore
from reyna.domain.caller import Caller
from reyna.domain.errors import NotSignedIn
from reyna.http import door
from reyna.schemas.service import Schemas
from reyna.state.records import COLLECTIONS
from reyna.state.routes import routes
from reyna.state.service import State


async def identify(token: str) -> Caller:
    if token != "user-ana":
        raise NotSignedIn
    return Caller(user_id=token)


@pytest.fixture
async def client(schemas: Schemas) -> AsyncIterator[AsyncTestClient[Litestar]]:
    store = MemoryStore(COLLECTIONS)
    state = State(store, schemas)
    app = door(
        title="state",
        version="0",
        routes=routes,
        identify=identify,
        verbs={"content": state},
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
