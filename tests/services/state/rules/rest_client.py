"""A desk at the door of one state service: two users, and a look at all that is stored."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import jsonschema_rs
import msgspec
from litestar import Litestar
from litestar.testing import AsyncTestClient

from reyna.domain.caller import Caller
from reyna.ports.store import Collection, Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS
from reyna.services.state.service import State
from tests.services.state.invariants import assert_sound

Client: TypeAlias = AsyncTestClient[Litestar]
FIT: Final = {"content": "The ship sailed."}


class Desk:
    """Ana's and Bo's clients at the door of one state service, and what the service keeps."""

    def __init__(self, store: Store, schemas: Schemas, state: State, ana: Client, bo: Client) -> None:
        self.store, self.schemas, self.state, self.ana, self.bo = store, schemas, state, ana, bo

    async def note(self, *buckets: str, **data: Any) -> dict[str, Any]:
        body = {"schema_id": "text-input-v1", "data": FIT | data, "bucket_ids": buckets}
        made: dict[str, Any] = await answered(self.ana, "POST", "/blobs", body, status=201)
        return made

    async def bucket(self, **more: Any) -> dict[str, Any]:
        new = {"name": "Chapter", "type": "scene"} | more
        made: dict[str, Any] = await answered(self.ana, "POST", "/buckets", new, status=201)
        return made

    async def kept(self) -> dict[str, Any]:
        """All records of ana, as they are stored."""
        found = {}
        collections: tuple[Collection[Any], ...] = (BLOBS, BUCKETS, PLACEMENTS)
        for collection in collections:
            for record in await self.store.find(collection, "user-ana"):
                found[record.id] = msgspec.to_builtins(record)
        return found

    async def assert_everything_fits(self) -> None:
        """Every revision of every blob fits the version of the schema that it names, and all sums agree."""
        caller = Caller(user_id="user-ana")
        for blob in await self.store.find(BLOBS, "user-ana"):
            revisions = (await self.state.revisions.list(caller, blob.id)).items
            kept: list[Any] = [blob, *revisions]
            for one in kept:
                version = await self.schemas.versions.get(caller, one.schema_id, one.schema_version)
                assert jsonschema_rs.is_valid(version.json_schema, one.data), (one.id, one.data)
        await assert_sound(self.store, "user-ana")


async def answered(client: Client, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
    answer = await client.request(method, path, json=body)
    assert status is None or answer.status_code == status, (method, path, answer.text)
    return answer.json() if status is not None else answer


async def furnished(desk: Desk) -> dict[str, str]:
    """Ana's ids of one thing of each kind, in and out of the trash, and a bucket and a note of Bo's."""
    bucket, gone = await desk.bucket(), await desk.bucket(name="Gone")
    note, trashed = await desk.note(bucket["id"]), await desk.note()
    await answered(desk.ana, "DELETE", f"/blobs/{trashed['id']}", status=200)
    await answered(desk.ana, "DELETE", f"/buckets/{gone['id']}", status=200)
    mine = await answered(desk.bo, "POST", "/buckets", {"name": "Mine", "type": "scene"}, status=201)
    my_note = await answered(desk.bo, "POST", "/blobs", {"schema_id": "text-input-v1", "data": FIT}, status=201)
    ids = {"bucket": bucket, "note": note, "trashed": trashed, "trashed_bucket": gone, "mine": mine, "my_note": my_note}
    return {name: record["id"] for name, record in ids.items()}


OpensDesk: TypeAlias = Callable[..., Awaitable[Desk]]
"""Opens a desk; what is given says how much each user may keep."""
Tries: TypeAlias = Callable[[dict[str, str]], tuple[str, str, Any]]
"""From the ids of what is there, method, path and body of a request."""
