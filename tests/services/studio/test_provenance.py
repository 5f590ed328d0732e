"""Who made a blob is never what a client says of itself: tried over every interface."""

from typing import Any, Final

import httpx
import pytest

from tests.services.studio.fake_websocket import FakeDevice
from tests.transport.http.test_problems import is_a_problem

FORGED: Final[dict[str, Any]] = {
    "schema_id": "text-input-v1",
    "data": {"content": "Not by a machine."},
    "processor_id": "text-expansion",
}


async def test_rest_takes_no_forged_maker(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/blobs", json=FORGED)
    is_a_problem(answer, 422, "invalid", "invalid")
    assert answer.json()["errors"][0]["path"] == "/processor_id"
    assert (await api.get("/api/blobs")).json()["items"] == []


@pytest.mark.parametrize("atomic", [True, False])
async def test_a_bulk_takes_no_forged_maker(api: httpx.AsyncClient, atomic: bool) -> None:
    operations = [FORGED | {"action": "create_blob"}]
    answer = await api.post("/api/bulk", json={"atomic": atomic, "operations": operations})
    assert answer.status_code == (422 if atomic else 200)
    assert (await api.get("/api/blobs")).json()["items"] == []


async def test_a_socket_takes_no_forged_maker(device: FakeDevice, api: httpx.AsyncClient) -> None:
    answer = await device.request({"action": "create_blob", "request_id": "1"} | FORGED)
    assert (answer["type"], answer["code"]) == ("error", "invalid")
    assert answer["errors"][0]["path"] == "/processor_id"
    assert (await api.get("/api/blobs")).json()["items"] == []


async def test_an_import_says_that_it_is_one_whatever_its_lines_name(api: httpx.AsyncClient) -> None:
    device = b'{"id": 1, "content": "Expanded elsewhere.", "processor_id": "text-expansion"}'
    answer = await api.post("/api/migrate/legacy", content=device)
    assert answer.json()["created"] == 1
    (blob,) = (await api.get("/api/blobs")).json()["items"]
    assert (blob["processor_id"], blob["author_kind"]) == ("text-expansion", "import")
    assert blob["created_by"].startswith("user-")
