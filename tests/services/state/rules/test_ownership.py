"""With the ids of another user every verb finds nothing, and changes nothing."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest

from reyna.domain.requests.operation import NewBulk
from tests.services.state.rules.rest_client import FIT, OpensDesk, Tries, answered, furnished

OTHERS: Final[dict[str, Tries]] = {
    "get_blob": lambda ids: ("GET", f"/blobs/{ids['note']}", None),
    "change_blob": lambda ids: ("PATCH", f"/blobs/{ids['note']}", {"data": FIT, "base_revision": 1}),
    "merge_blob": lambda ids: ("PATCH", f"/blobs/{ids['note']}", {"merge_patch": {"title": "x"}, "base_revision": 1}),
    "trash_blob": lambda ids: ("DELETE", f"/blobs/{ids['note']}", None),
    "restore_blob": lambda ids: ("POST", f"/blobs/{ids['trashed']}/restore", None),
    "restore_revision": lambda ids: ("POST", f"/blobs/{ids['note']}/restore", {"revision": 1}),
    "revisions": lambda ids: ("GET", f"/blobs/{ids['note']}/revisions", None),
    "revision": lambda ids: ("GET", f"/blobs/{ids['note']}/revisions/1", None),
    "name_revision": lambda ids: ("PUT", f"/blobs/{ids['note']}/revisions/1/name", {"name": "x"}),
    "diff": lambda ids: ("GET", f"/blobs/{ids['note']}/diff?from=1&to=1", None),
    "lineage": lambda ids: ("GET", f"/blobs/{ids['note']}/lineage", None),
    "places": lambda ids: ("GET", f"/blobs/{ids['note']}/places", None),
    "place": lambda ids: ("PUT", f"/buckets/{ids['bucket']}/blobs/{ids['note']}", {}),
    "place_in_mine": lambda ids: ("PUT", f"/buckets/{ids['mine']}/blobs/{ids['note']}", {}),
    "place_mine": lambda ids: ("PUT", f"/buckets/{ids['bucket']}/blobs/{ids['my_note']}", {}),
    "take_out": lambda ids: ("DELETE", f"/buckets/{ids['bucket']}/blobs/{ids['note']}", None),
    "create_in": lambda ids: (
        "POST",
        "/blobs",
        {"schema_id": "text-input-v1", "data": FIT, "bucket_ids": [ids["bucket"]]},
    ),
    "derive_from": lambda ids: (
        "POST",
        "/blobs",
        {"schema_id": "text-input-v1", "data": FIT, "parent_id": ids["note"]},
    ),
    "get_bucket": lambda ids: ("GET", f"/buckets/{ids['bucket']}", None),
    "change_bucket": lambda ids: ("PATCH", f"/buckets/{ids['bucket']}", {"name": "mine", "base_revision": 1}),
    "create_bucket_under": lambda ids: (
        "POST",
        "/buckets",
        {"name": "x", "type": "x", "parent_bucket_id": ids["bucket"]},
    ),
    "move": lambda ids: ("POST", f"/buckets/{ids['bucket']}/move", {"parent_bucket_id": None}),
    "move_into_mine": lambda ids: ("POST", f"/buckets/{ids['bucket']}/move", {"parent_bucket_id": ids["mine"]}),
    "move_mine_into": lambda ids: ("POST", f"/buckets/{ids['mine']}/move", {"parent_bucket_id": ids["bucket"]}),
    "copy": lambda ids: ("POST", f"/buckets/{ids['bucket']}/copy", {"deep": True}),
    "copy_mine_into": lambda ids: ("POST", f"/buckets/{ids['mine']}/copy", {"parent_bucket_id": ids["bucket"]}),
    "trash_bucket": lambda ids: ("DELETE", f"/buckets/{ids['bucket']}", None),
    "restore_bucket": lambda ids: ("POST", f"/buckets/{ids['trashed_bucket']}/restore", None),
    "tree": lambda ids: ("GET", f"/buckets/{ids['bucket']}/tree", None),
    "items": lambda ids: ("GET", f"/buckets/{ids['bucket']}/items", None),
    "purge": lambda ids: ("DELETE", f"/trash/{ids['trashed']}", None),
}
OTHERS_IN_BULK: Final[dict[str, Callable[[dict[str, str]], dict[str, Any]]]] = {
    "update_blob": lambda ids: {"action": "update_blob", "blob_id": ids["note"], "data": FIT, "base_revision": 1},
    "trash_blob": lambda ids: {"action": "trash_blob", "blob_id": ids["note"]},
    "restore_blob": lambda ids: {"action": "restore_blob", "blob_id": ids["trashed"]},
    "place_blob": lambda ids: {"action": "place_blob", "bucket_id": ids["mine"], "blob_id": ids["note"]},
    "take_out_blob": lambda ids: {"action": "take_out_blob", "bucket_id": ids["bucket"], "blob_id": ids["note"]},
    "update_bucket": lambda ids: {
        "action": "update_bucket",
        "bucket_id": ids["bucket"],
        "name": "x",
        "base_revision": 1,
    },
    "move_bucket": lambda ids: {"action": "move_bucket", "bucket_id": ids["bucket"], "parent_bucket_id": ids["mine"]},
    "copy_bucket": lambda ids: {"action": "copy_bucket", "bucket_id": ids["bucket"], "deep": True},
    "trash_bucket": lambda ids: {"action": "trash_bucket", "bucket_id": ids["bucket"]},
    "restore_bucket": lambda ids: {"action": "restore_bucket", "bucket_id": ids["trashed_bucket"]},
}


def in_bulk(operation: Callable[[dict[str, str]], dict[str, Any]]) -> Tries:
    return lambda ids: ("POST", "/bulk", {"operations": [operation(ids)]})


ALL: Final = OTHERS | {f"bulk_{name}": in_bulk(operation) for name, operation in OTHERS_IN_BULK.items()}


@pytest.mark.parametrize("verb", ALL)
async def test_with_ids_of_another_user_nothing_is_found_and_nothing_changes(verb: str, open_desk: OpensDesk) -> None:
    desk = await open_desk()
    ids = await furnished(desk)
    before = await desk.kept()
    method, path, body = ALL[verb](ids)
    theirs = await answered(desk.bo, method, path, body)
    assert theirs.status_code == 404, theirs.text
    assert await desk.kept() == before
    nowhere = {name: f"{id[:-6]}zzzzzz" if name not in ("mine", "my_note") else id for name, id in ids.items()}
    method, path, body = ALL[verb](nowhere)
    missing = await answered(desk.bo, method, path, body)
    assert without_ids(theirs.text, ids) == without_ids(missing.text, nowhere)


def without_ids(text: str, ids: dict[str, str]) -> str:
    for name, id in ids.items():
        text = text.replace(id, name)
    return text


def test_every_operation_is_in_the_tables() -> None:
    """An operation that is added later must be added to the tables too."""
    info = msgspec.json.schema(NewBulk)["$defs"]
    known = {one["properties"]["action"]["enum"][0] for one in info.values() if "action" in one.get("properties", {})}
    assert known == {*OTHERS_IN_BULK, "create_blob", "create_bucket"}, "these two name no record of another user"
