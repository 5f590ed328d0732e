"""Numbers are stored to the digit, or refused at the door that they come in by."""

from typing import Any, Final

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from reyna.domain.blob import NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.schema import NewSchema
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.service import State
from reyna.services.studio.gateway.protocol import parse_message
from tests.services.state.legacy_import.test_legacy_import import brought_in
from tests.services.state.test_routes import client  # noqa: F401 - a fixture

Client = AsyncTestClient[Litestar]
KEPT: Final = (
    *("0", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615"),
    *("0.1", "-0.0", "1e22", "1.5e300", "5e-324", "0.30000000000000004", "1.0"),
)
CHANGED: Final = ("1e-400", "1e400", "123456789012345678901234567890.5", "3.141592653589793238", "1e99999")
TOO_LONG: Final = ("18446744073709551616", "-9223372036854775809", "123456789012345678901234567890")


def as_written(data: Any) -> bytes:
    return msgspec.json.encode(data)


async def stored(state: State, schemas: Schemas, ana: Caller) -> None:
    """What was stored is, to the digit, what was sent."""
    await schemas.versions.register(ana, NewSchema(name="numbers", json_schema={}))
    data = msgspec.json.decode("[" + ",".join(KEPT) + "]")
    blob = await state.blobs.create(ana, NewBlob(schema_id="numbers-v1", data=data))
    assert as_written((await state.blobs.get(ana, blob.id)).data) == as_written(data)


async def test_numbers_come_back_to_the_digit(state: State, schemas: Schemas, ana: Caller) -> None:
    await stored(state, schemas, ana)


async def test_numbers_come_back_to_the_digit_from_postgres(
    postgres_store: Store, schemas: Schemas, ana: Caller
) -> None:
    await stored(State(postgres_store, schemas), schemas, ana)


@pytest.mark.parametrize("number", [*CHANGED, *TOO_LONG])
async def test_over_rest_a_number_that_would_be_changed_is_refused(
    client: Client,  # noqa: F811
    number: str,
) -> None:
    body = f'{{"schema_id":"text-input-v1","data":{{"content":"a","n":[0.5,{number}]}}}}'
    answer = await client.post("/blobs", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert any("number" in error["message"].lower() for error in answer.json()["errors"])
    bucket = f'{{"name":"A","type":"shelf","metadata":{{"n":{number}}}}}'
    answer = await client.post("/buckets", content=bucket, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    bulk = f'{{"operations":[{{"action":"create_blob","schema_id":"text-input-v1","data":{{"content":{number}}}}}]}}'
    answer = await client.post("/bulk", content=bulk, headers={"content-type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("number", CHANGED)
def test_on_the_socket_it_is_refused(number: str) -> None:
    with pytest.raises(Invalid, match=r"[Nn]umber"):
        parse_message(f'{{"action":"create_blob","schema_id":"text-input-v1","data":{{"n":{number}}}}}')


@pytest.mark.parametrize("number", CHANGED)
async def test_in_a_legacy_file_its_line_is_rejected_with_the_reason(state: State, ana: Caller, number: str) -> None:
    line = f'{{"id":"1","content":"The ship sailed.","n":{number}}}'.encode()
    report = await brought_in(state, ana, line, {"id": "2", "content": "It came back."})
    assert (report.created, report.rejected) == (1, 1)
    assert "number" in report.notes[0].reason.lower()


@pytest.mark.parametrize(
    "message",
    [
        {"action": "subscribe", "buckets": ["b" * 201]},
        {"action": "run_processor", "processor_id": "a", "blob_ids": ["blob-1"] * 1_001},
        {"action": "subscribe", "types": ["blob.*"] * 101},
    ],
)
def test_lists_on_the_socket_are_bounded(message: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        parse_message(msgspec.json.encode(message))
    shorter = {
        name: value[:1] if isinstance(value, list) and len(value) > 1 else value for name, value in message.items()
    }
    if shorter != message:
        parse_message(msgspec.json.encode(shorter))


async def test_lists_over_rest_are_bounded(client: Client) -> None:  # noqa: F811
    blob = {"schema_id": "text-input-v1", "data": {"content": "a"}, "bucket_ids": ["bucket-1"] * 101}
    answer = await client.post("/blobs", json=blob)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "/bucket_ids")
    one = {"action": "trash_blob", "blob_id": "blob-1"}
    answer = await client.post("/bulk", json={"operations": [one] * 1_001})
    assert answer.status_code == 422
