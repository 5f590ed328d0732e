"""What does not fit its schema is stored by no verb."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.schema import NewSchema, Upgrade
from reyna.services.state.records import BLOBS
from tests.services.state.rules.rest_client import FIT, Desk, OpensDesk, answered

UNFIT: Final = {"content": 5}  # text-input-v1 wants a text
LETTER: Final = {"type": "object", "required": ["text"], "additionalProperties": False, "properties": {"text": {}}}
LETTER_2: Final = {"type": "object", "required": ["body"], "properties": {"body": {"type": "string"}}}
MISLED: Final = Upgrade(patch=({"op": "move", "from": "/text", "path": "/body"},))  # also where the text is a number

Act = Callable[[Desk], Awaitable[Any]]


async def create(desk: Desk) -> Any:
    return await answered(desk.ana, "POST", "/blobs", {"schema_id": "text-input-v1", "data": UNFIT})


async def change(desk: Desk) -> Any:
    note = await desk.note()
    return await answered(desk.ana, "PATCH", f"/blobs/{note['id']}", {"data": UNFIT, "base_revision": 1})


async def merge_patch(desk: Desk) -> Any:
    note = await desk.note()
    return await answered(desk.ana, "PATCH", f"/blobs/{note['id']}", {"merge_patch": UNFIT, "base_revision": 1})


async def merge_patch_that_removes(desk: Desk) -> Any:
    note = await desk.note()
    removal = {"merge_patch": {"content": None}, "base_revision": 1}
    return await answered(desk.ana, "PATCH", f"/blobs/{note['id']}", removal)


async def json_patch(desk: Desk) -> Any:
    note = await desk.note()
    patch = {"json_patch": [{"op": "replace", "path": "/content", "value": 5}], "base_revision": 1}
    return await answered(desk.ana, "PATCH", f"/blobs/{note['id']}", patch)


async def save_that_comes_too_late(desk: Desk) -> Any:
    """A late text is kept beside the newest: it must fit as well."""
    note = await desk.note()
    await answered(desk.ana, "PATCH", f"/blobs/{note['id']}", {"data": FIT | {"title": "A"}, "base_revision": 1})
    return await answered(desk.ana, "PATCH", f"/blobs/{note['id']}", {"data": UNFIT, "base_revision": 1})


def bulk(atomic: bool, operation: Callable[[str], dict[str, Any]]) -> Act:
    async def in_bulk(desk: Desk) -> Any:
        note = await desk.note()
        body = {"atomic": atomic, "operations": [operation(note["id"])]}
        answer = await answered(desk.ana, "POST", "/bulk", body)
        return answer if atomic else Single(answer.json()["results"][0])

    return in_bulk


class Single:
    """The outcome of one operation, read like an answer."""

    def __init__(self, outcome: dict[str, Any]) -> None:
        self.status_code = (
            200 if outcome["ok"] else {"invalid": 422, "not_found": 404, "too_much": 429}[outcome["code"]]
        )
        self.text = str(outcome)


def create_operation(_: str) -> dict[str, Any]:
    return {"action": "create_blob", "schema_id": "text-input-v1", "data": UNFIT}


def update_operation(**changed: Any) -> Callable[[str], dict[str, Any]]:
    return lambda blob_id: {"action": "update_blob", "blob_id": blob_id, "base_revision": 1, **changed}


IN_BULK: Final = {
    "create": create_operation,
    "data": update_operation(data=UNFIT),
    "merge_patch": update_operation(merge_patch=UNFIT),
    "json_patch": update_operation(json_patch=[{"op": "remove", "path": "/content"}]),
}
WAYS_IN: Final[dict[str, Act]] = {
    "create": create,
    "change": change,
    "merge_patch": merge_patch,
    "merge_patch_that_removes": merge_patch_that_removes,
    "json_patch": json_patch,
    "save_that_comes_too_late": save_that_comes_too_late,
    **{f"bulk_{name}_atomic": bulk(True, operation) for name, operation in IN_BULK.items()},
    **{f"bulk_{name}_each_for_itself": bulk(False, operation) for name, operation in IN_BULK.items()},
}


@pytest.mark.parametrize("way", WAYS_IN)
async def test_what_does_not_fit_is_stored_by_no_verb(way: str, open_desk: OpensDesk) -> None:
    desk = await open_desk()
    answer = await WAYS_IN[way](desk)
    assert answer.status_code == 422, answer.text
    await desk.assert_everything_fits()


async def test_an_import_stores_no_blob_that_does_not_fit_the_schema_it_names(
    open_desk: OpensDesk,
) -> None:
    desk = await open_desk()
    lines = [
        {"id": "1", "schema_id": "text-input-v1", "data": UNFIT},
        {"id": "2", "content": 5},
        {"id": "3", "data": []},
    ]
    file = b"\n".join(map(msgspec.json.encode, lines))
    answer = await desk.ana.post("/migrate/legacy", content=file, headers={"content-type": "application/x-ndjson"})
    assert answer.status_code in (200, 201), answer.text
    await desk.assert_everything_fits()
    stored = await desk.store.find(BLOBS, "user-ana")
    assert len(stored) + answer.json()["rejected"] + answer.json()["skipped"] == len(lines)


@pytest.mark.parametrize("how", ["read", "task"])
async def test_an_upgrade_stores_nothing_that_does_not_fit(how: str, open_desk: OpensDesk, ana: Caller) -> None:
    desk = await open_desk()
    await desk.schemas.versions.register(ana, NewSchema(name="letter", json_schema=LETTER))
    new = {"schema_id": "letter-v1", "data": {"text": 5}}
    letter = await answered(desk.ana, "POST", "/blobs", new, status=201)
    await desk.schemas.versions.register(ana, NewSchema(name="letter", json_schema=LETTER_2, upgrade=MISLED))
    if how == "read":
        assert (await answered(desk.ana, "GET", f"/blobs/{letter['id']}?schema_version=2")).status_code == 422
    else:
        task = await answered(desk.ana, "POST", "/upgrades", {"from": "letter-v1", "to": "letter-v2"}, status=202)
        await desk.state.upgrades.advance(Caller(user_id="user-ana", kind="house"), task["id"])
        assert (await answered(desk.ana, "GET", f"/upgrades/{task['id']}", status=200))["failed"] == 1
    assert (await answered(desk.ana, "GET", f"/blobs/{letter['id']}", status=200))["schema_id"] == "letter-v1"
    await desk.assert_everything_fits()


@pytest.mark.parametrize("verb", ["create", "change", "bulk"])
async def test_metadata_that_does_not_fit_the_schema_of_its_type_is_stored_by_no_verb(
    verb: str, open_desk: OpensDesk
) -> None:
    desk = await open_desk()
    wrong = {"target_words": "many"}
    if verb == "create":
        answer = await answered(desk.ana, "POST", "/buckets", {"name": "B", "type": "book", "metadata": wrong})
    elif verb == "change":
        book = await desk.bucket(type="book")
        change = {"metadata": wrong, "base_revision": book["revision"]}
        answer = await answered(desk.ana, "PATCH", f"/buckets/{book['id']}", change)
    else:
        make = {"action": "create_bucket", "name": "B", "type": "book", "metadata": wrong}
        answer = await answered(desk.ana, "POST", "/bulk", {"operations": [make]})
    assert answer.status_code == 422, answer.text
    assert all(one.get("metadata") != wrong for one in (await desk.kept()).values())
