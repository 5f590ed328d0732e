"""One rule for names wherever one is sent: invisible characters, and characters that reverse a line, are refused."""

# ruff: noqa: RUF001 - letters of many scripts are what this is about
import json
import unicodedata
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from reyna.domain.caller import system_caller
from reyna.domain.errors import Invalid
from reyna.domain.processing.processor import NewProcessor
from tests.services.studio.fake_websocket import FakeDevice
from tests.services.studio.harness import EXPANSION, StudioHarness

BAD = [
    "",
    " ",
    "\u200b",
    "\u3164",
    "\u0301",
    "a\nb",
    "a\u2028b",
    "a\x1bb",
    "a\u202eb",
    "a\u202ab",
    "a\u2066b",
    "a\u2069b",
]
GOOD = ["глава", "章 1", "می\u200cخواهم", "👨‍👩‍👧", "Cafe\u0301", "हिन्दी"]


@pytest.fixture
async def ids(api: httpx.AsyncClient) -> dict[str, str]:
    """A bucket, and a note that stands in none."""
    bucket = (await api.post("/api/buckets", json={"name": "Book", "type": "novel"})).json()
    new = {"schema_id": "text-input-v1", "data": {"content": "A storm."}}
    note = (await api.post("/api/blobs", json=new)).json()
    return {"bucket": bucket["id"], "note": note["id"]}


# operation: method, path, what is sent, and the field in which the name is
REST: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "bucket": ("POST", "/api/buckets", {"type": "novel"}, "name"),
    "type": ("POST", "/api/buckets", {"name": "Book"}, "type"),
    "rename": ("PATCH", "/api/buckets/{bucket}", {"base_revision": 1}, "name"),
    "other type": ("PATCH", "/api/buckets/{bucket}", {"base_revision": 1}, "type"),
    "label": ("PUT", "/api/buckets/{bucket}/blobs/{note}", {}, "label"),
    "revision": ("PUT", "/api/blobs/{note}/revisions/1/name", {}, "name"),
    "account": ("PATCH", "/api/me", {}, "name"),
    "registration": ("POST", "/api/auth/register", {"email": "cy@example.test", "password": "a long one"}, "name"),
}
SOCKET: dict[str, tuple[dict[str, Any], str]] = {
    "bucket": ({"action": "create_bucket", "type": "novel"}, "name"),
    "type": ({"action": "create_bucket", "name": "Book"}, "type"),
    "rename": ({"action": "update_bucket", "bucket_id": "{bucket}", "base_revision": 1}, "name"),
    "other type": ({"action": "update_bucket", "bucket_id": "{bucket}", "base_revision": 1}, "type"),
    "label": ({"action": "place_blob", "bucket_id": "{bucket}", "blob_id": "{note}"}, "label"),
    "revision": ({"action": "name_revision", "blob_id": "{note}", "number": 1}, "name"),
}


def filled(said: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    return {field: value.format(**ids) if isinstance(value, str) else value for field, value in said.items()}


@pytest.mark.parametrize("operation", REST)
async def test_what_is_no_name_is_refused_over_rest(
    api: httpx.AsyncClient, ids: dict[str, str], operation: str
) -> None:
    method, path, sent, field = REST[operation]
    for name in BAD:
        answer = await api.request(method, path.format(**ids), json=sent | {field: name})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, f"/{field}"), name


@pytest.mark.parametrize("operation", REST)
async def test_a_name_of_any_script_is_taken_as_nfc(
    api: httpx.AsyncClient, ids: dict[str, str], operation: str
) -> None:
    method, path, sent, field = REST[operation]
    for number, name in enumerate(GOOD, 1):
        said = sent | {field: name} | ({"base_revision": number} if "base_revision" in sent else {})
        if "email" in said:
            said["email"] = f"cy{number}@example.test"
        answer = await api.request(method, path.format(**ids), json=said)
        assert answer.is_success, answer.text
        kept = answer.json().get("user", answer.json())[field]
        assert kept == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("operation", SOCKET)
async def test_what_is_no_name_is_refused_over_the_socket_and_in_bulk(
    api: httpx.AsyncClient, device: FakeDevice, ids: dict[str, str], operation: str
) -> None:
    said, field = SOCKET[operation]
    for name in BAD:
        action = filled(said, ids) | {field: name}
        refused = await device.request(action)
        assert (refused["type"], refused["code"], refused["errors"][0]["path"]) == ("error", "invalid", f"/{field}")
        if operation == "revision":
            continue  # no part of a bulk
        done = await api.post("/api/bulk", json={"atomic": False, "operations": [action]})
        assert (done.json()["results"][0]["ok"], done.json()["results"][0]["code"]) == (False, "invalid")


async def test_undo_gives_a_name_back_as_it_was(api: httpx.AsyncClient, ids: dict[str, str]) -> None:
    for number, name in enumerate(GOOD, 1):
        await api.patch(f"/api/buckets/{ids['bucket']}", json={"name": name, "base_revision": number})
    await api.post("/api/undo")
    read = (await api.get(f"/api/buckets/{ids['bucket']}")).json()
    assert read["name"] == unicodedata.normalize("NFC", GOOD[-2])


async def test_an_import_replaces_what_is_no_name_and_says_so(api: httpx.AsyncClient) -> None:
    lines = [
        {"id": str(number), "content": "x", "book_id": f"b{number}", "book_title": bad}
        for number, bad in enumerate(BAD)
    ]
    body = "\n".join(map(json.dumps, lines))
    report = (
        await api.post("/api/migrate/legacy", content=body, headers={"content-type": "application/x-ndjson"})
    ).json()
    assert report["created"] == len(BAD)
    told = {note["line"] - 1 for note in report["notes"] if note["what"] == "renamed"}
    assert told == {number for number, bad in enumerate(BAD) if bad.strip() and bad != "a\nb" and bad != "a\u2028b"}
    roots = (await api.get("/api/buckets?parent_bucket_id=none&limit=200")).json()["items"]
    assert sorted(bucket["name"] for bucket in roots) == sorted(
        ["b0", "b1", "b2", "b3", "b4", "a b", "a b", "a b", "ab", "ab", "ab", "ab"]
    )


@pytest.mark.parametrize("field", ["name", "description", "range", "version"])
async def test_a_processor_says_nothing_that_cannot_be_shown(harness: StudioHarness, field: str) -> None:
    new: NewProcessor = replace(EXPANSION, **{field: "a\u202eb"})
    with pytest.raises(Invalid) as refused:
        await harness.processors.registry.register(system_caller(), new)
    assert refused.value.errors[0].path == f"/{field}"


async def test_the_description_of_a_schema_turns_no_line_round(api: httpx.AsyncClient) -> None:
    new = {"name": "poem", "json_schema": {"description": "one\n\u202etwo"}}
    answer = await api.post("/api/schemas", json=new | {"description": "a\u202eb"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "/description")
    assert (await api.post("/api/schemas", json=new)).json()["description"] == "one\ntwo"


async def test_names_are_searched_over_rest(api: httpx.AsyncClient, ids: dict[str, str]) -> None:
    await api.post("/api/buckets", json={"name": "Café Übersee", "type": "novel"})
    found = (await api.get("/api/buckets", params={"q": "cafe\u0301 UBER"})).json()["items"]
    assert [bucket["name"] for bucket in found] == ["Café Übersee"]
    found = (await api.get("/api/blobs", params={"q": "Ｓtorm"})).json()["items"]
    assert [blob["id"] for blob in found] == [ids["note"]]
    refused = await api.get("/api/buckets", params={"q": "x" * 201})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "/q")
