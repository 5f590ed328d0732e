"""What is in the trash is changed by no verb; every change says what it saw; nothing goes over the quota."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest

from reyna.services.state.records import BLOBS
from tests.services.state.invariants import assert_sound
from tests.services.state.rules.rest_client import FIT, OpensDesk, Tries, answered, furnished

# --- trash: what is in it is changed by no verb but restoring and purging ---

IN_TRASH: Final[dict[str, Tries]] = {
    "change_blob": lambda ids: (
        "PATCH",
        f"/blobs/{ids['trashed']}",
        {"data": FIT | {"title": "x"}, "base_revision": 2},
    ),
    "merge_blob": lambda ids: (
        "PATCH",
        f"/blobs/{ids['trashed']}",
        {"merge_patch": {"title": "x"}, "base_revision": 2},
    ),
    "place": lambda ids: ("PUT", f"/buckets/{ids['bucket']}/blobs/{ids['trashed']}", {}),
    "place_in": lambda ids: ("PUT", f"/buckets/{ids['trashed_bucket']}/blobs/{ids['note']}", {}),
    "create_in": lambda ids: (
        "POST",
        "/blobs",
        {"schema_id": "text-input-v1", "data": FIT, "bucket_ids": [ids["trashed_bucket"]]},
    ),
    "change_bucket": lambda ids: ("PATCH", f"/buckets/{ids['trashed_bucket']}", {"name": "x", "base_revision": 2}),
    "create_bucket_under": lambda ids: (
        "POST",
        "/buckets",
        {"name": "x", "type": "x", "parent_bucket_id": ids["trashed_bucket"]},
    ),
    "move": lambda ids: ("POST", f"/buckets/{ids['trashed_bucket']}/move", {"parent_bucket_id": None}),
    "move_into": lambda ids: ("POST", f"/buckets/{ids['bucket']}/move", {"parent_bucket_id": ids["trashed_bucket"]}),
    "copy": lambda ids: ("POST", f"/buckets/{ids['trashed_bucket']}/copy", {"deep": True}),
    "copy_into": lambda ids: ("POST", f"/buckets/{ids['bucket']}/copy", {"parent_bucket_id": ids["trashed_bucket"]}),
}


@pytest.mark.parametrize("verb", IN_TRASH)
async def test_what_is_in_the_trash_is_changed_by_no_verb(verb: str, open_desk: OpensDesk) -> None:
    desk = await open_desk()
    ids = await furnished(desk)
    before = await desk.kept()
    method, path, body = IN_TRASH[verb](ids)
    answer = await answered(desk.ana, method, path, body)
    assert answer.status_code in (404, 409), answer.text
    kept = await desk.kept()
    assert {id: kept[id] for id in before} == before, answer.text
    await assert_sound(desk.store, "user-ana")


# --- revision: every change says what it saw, and makes the next one ---

CHANGES: Final[dict[str, Callable[[int], dict[str, Any]]]] = {
    "data": lambda base: {"data": {"content": "The ship sank."}, "base_revision": base},
    "merge_patch": lambda base: {"merge_patch": {"content": "The ship sank."}, "base_revision": base},
    "json_patch": lambda base: {
        "json_patch": [{"op": "replace", "path": "/content", "value": "The ship sank."}],
        "base_revision": base,
    },
}


@pytest.mark.parametrize("through", ["rest", "bulk"])
@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_makes_the_next_revision_and_a_late_one_is_a_conflict_that_loses_no_text(
    kind: str, through: str, open_desk: OpensDesk
) -> None:
    desk = await open_desk()
    note = await desk.note()

    async def changed(base: int) -> Any:
        if through == "rest":
            return await answered(desk.ana, "PATCH", f"/blobs/{note['id']}", CHANGES[kind](base))
        operation = {"action": "update_blob", "blob_id": note["id"], **CHANGES[kind](base)}
        return await answered(desk.ana, "POST", "/bulk", {"operations": [operation]})

    assert (await changed(1)).status_code == 200
    now = await answered(desk.ana, "GET", f"/blobs/{note['id']}", status=200)
    assert (now["revision"], now["data"]["content"]) == (2, "The ship sank.")
    first = await answered(desk.ana, "GET", f"/blobs/{note['id']}/revisions/1", status=200)
    assert first["data"] == FIT
    await answered(desk.ana, "PATCH", f"/blobs/{note['id']}", {"data": FIT, "base_revision": 2}, status=200)
    late = await changed(1)
    assert late.status_code == 409, late.text
    now = await answered(desk.ana, "GET", f"/blobs/{note['id']}", status=200)
    assert (now["revision"], now["data"]) == (3, FIT)
    await desk.assert_everything_fits()


async def test_a_late_change_of_a_bucket_is_a_conflict(open_desk: OpensDesk) -> None:
    desk = await open_desk()
    bucket = await desk.bucket()
    rename = {"name": "One", "base_revision": bucket["revision"]}
    renamed = await answered(desk.ana, "PATCH", f"/buckets/{bucket['id']}", rename, status=200)
    assert renamed["revision"] == bucket["revision"] + 1
    late = await answered(desk.ana, "PATCH", f"/buckets/{bucket['id']}", rename | {"name": "Two"}, status=409)
    assert (late["current"]["name"], late["yours"]) == ("One", bucket["revision"])


# --- quota: no verb that keeps more goes over it ---

TOO_MUCH: Final[dict[str, tuple[str, Tries]]] = {
    "create_blob": ("blobs", lambda ids: ("POST", "/blobs", {"schema_id": "text-input-v1", "data": FIT})),
    "bulk_create_blob": (
        "blobs",
        lambda ids: (
            "POST",
            "/bulk",
            {"operations": [{"action": "create_blob", "schema_id": "text-input-v1", "data": FIT}]},
        ),
    ),
    "deep_copy": ("blobs", lambda ids: ("POST", f"/buckets/{ids['bucket']}/copy", {"deep": True})),
    "create_bucket": ("buckets", lambda ids: ("POST", "/buckets", {"name": "x", "type": "x"})),
    "copy_bucket": ("buckets", lambda ids: ("POST", f"/buckets/{ids['bucket']}/copy", {"deep": False})),
    "bulk_create_bucket": (
        "buckets",
        lambda ids: ("POST", "/bulk", {"operations": [{"action": "create_bucket", "name": "x", "type": "x"}]}),
    ),
    "bulk_copy_bucket": (
        "buckets",
        lambda ids: ("POST", "/bulk", {"operations": [{"action": "copy_bucket", "bucket_id": ids["bucket"]}]}),
    ),
    "change_blob": (
        "bytes",
        lambda ids: ("PATCH", f"/blobs/{ids['note']}", {"data": {"content": "long " * 50}, "base_revision": 1}),
    ),
    "merge_blob": (
        "bytes",
        lambda ids: ("PATCH", f"/blobs/{ids['note']}", {"merge_patch": {"title": "long " * 30}, "base_revision": 1}),
    ),
    "bulk_change_blob": (
        "bytes",
        lambda ids: (
            "POST",
            "/bulk",
            {
                "operations": [
                    {
                        "action": "update_blob",
                        "blob_id": ids["note"],
                        "data": {"content": "long " * 50},
                        "base_revision": 1,
                    }
                ]
            },
        ),
    ),
}


@pytest.mark.parametrize("verb", TOO_MUCH)
async def test_no_verb_keeps_more_than_is_allowed(verb: str, open_desk: OpensDesk) -> None:
    what, tries = TOO_MUCH[verb]
    desk = await open_desk(**({"blobs": 2, "buckets": 2} | ({"bytes": 100} if what == "bytes" else {})))
    ids = await furnished(desk)
    before = await desk.kept()
    method, path, body = tries(ids)
    answer = await answered(desk.ana, method, path, body)
    assert answer.status_code == 429, answer.text
    assert answer.json()["what"] == what
    assert await desk.kept() == before
    await assert_sound(desk.store, "user-ana")


async def test_an_import_keeps_no_more_than_is_allowed(open_desk: OpensDesk) -> None:
    desk = await open_desk(blobs=2)
    file = b"\n".join(msgspec.json.encode({"id": str(n), "content": "The ship."}) for n in range(5))
    answer = await desk.ana.post("/migrate/legacy", content=file, headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 429, answer.text
    assert len(await desk.store.find(BLOBS, "user-ana")) <= 2
    await assert_sound(desk.store, "user-ana")
