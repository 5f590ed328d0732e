"""A change that says for which revision it is meant changes no other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx
import pytest

from tests.transport.http.test_problems import is_a_problem

NOTE: Final = {"schema_id": "text-input-v1", "data": {"content": "One."}}
Made = tuple[str, dict[str, Any] | None, int]  # address, body, revision


async def of(asking: Awaitable[httpx.Response]) -> Any:
    answer = await asking
    assert answer.status_code < 300, answer.text
    return answer.json()


async def a_blob(api: httpx.AsyncClient) -> Made:
    blob = await of(api.post("/api/blobs", json=NOTE))
    await of(api.patch(f"/api/blobs/{blob['id']}", json={"data": {"content": "Two."}, "base_revision": 1}))
    return f"/api/blobs/{blob['id']}", {"data": {"content": "Three."}, "base_revision": 2}, 2


async def a_bucket(api: httpx.AsyncClient) -> Made:
    bucket = await of(api.post("/api/buckets", json={"name": "One", "type": "scene"}))
    address = f"/api/buckets/{bucket['id']}"
    changed = await of(api.patch(address, json={"name": "Two", "base_revision": bucket["revision"]}))
    return address, {"name": "Three", "base_revision": changed["revision"]}, changed["revision"]


async def a_placement(api: httpx.AsyncClient) -> Made:
    bucket = await of(api.post("/api/buckets", json={"name": "One", "type": "scene"}))
    blob = await of(api.post("/api/blobs", json=NOTE | {"bucket_ids": [bucket["id"]]}))
    address = f"/api/buckets/{bucket['id']}/blobs/{blob['id']}"
    placed = await of(api.put(address, json={"label": "Two"}))
    return address, {"label": "Three"}, placed["revision"]


async def an_instance(api: httpx.AsyncClient) -> Made:
    (instance, *_) = (await of(api.get("/api/instances")))["items"]
    address = f"/api/instances/{instance['id']}"
    changed = await of(api.patch(address, json={"enabled": False}))
    return address, {"enabled": True}, changed["revision"]


async def a_pipeline(api: httpx.AsyncClient) -> Made:
    new = {"name": "Expand", "stages": [{"processor_id": "text-expansion"}]}
    address = f"/api/pipelines/{(await of(api.post('/api/pipelines', json=new)))['id']}"
    changed = await of(api.patch(address, json={"name": "Expand it"}))
    return address, {"name": "Expand all"}, changed["revision"]


CHANGES: Final[dict[str, tuple[str, Callable[[httpx.AsyncClient], Awaitable[Made]]]]] = {
    "a blob is changed": ("PATCH", a_blob),
    "a blob is trashed": ("DELETE", a_blob),
    "a bucket is changed": ("PATCH", a_bucket),
    "a bucket is trashed": ("DELETE", a_bucket),
    "a blob is placed": ("PUT", a_placement),
    "a blob is taken out": ("DELETE", a_placement),
    "an instance is changed": ("PATCH", an_instance),
    "an instance is dropped": ("DELETE", an_instance),
    "a pipeline is changed": ("PATCH", a_pipeline),
    "a pipeline is deleted": ("DELETE", a_pipeline),
}
NOT_MEANT: Final = ['"{before}"', '"{after}"', 'W/"{now}"', '"{before}", "{after}"', '"other"', "", '"', "{before}"]
MEANT: Final = ['"{now}"', "{now}", "*", '"{before}", "{now}"', '"other","{now}"', " * ", 'W/"{now}", "{now}"']


async def changed(api: httpx.AsyncClient, what: str, if_match: str) -> httpx.Response:
    method, make = CHANGES[what]
    address, body, revision = await make(api)
    header = if_match.format(before=revision - 1, now=revision, after=revision + 1)
    sent = {"json": body} if method != "DELETE" else {}
    return await api.request(method, address, headers={"if-match": header}, **sent)  # type: ignore[arg-type]


@pytest.mark.parametrize("what", CHANGES)
async def test_another_revision_is_left_as_it_is(api: httpx.AsyncClient, what: str) -> None:
    for if_match in NOT_MEANT:
        is_a_problem(await changed(api, what, if_match), 412, "conflict", "precondition_failed")


@pytest.mark.parametrize("what", [what for what in CHANGES if "instance" not in what])
async def test_the_revision_that_is_meant_is_changed(api: httpx.AsyncClient, what: str) -> None:
    for if_match in MEANT:
        answer = await changed(api, what, if_match)
        assert answer.status_code < 300, f"{if_match}: {answer.text}"


@pytest.mark.parametrize("if_match", ['"{now}"', "*"])
@pytest.mark.parametrize("what", [what for what in CHANGES if "instance" in what])
async def test_the_instance_that_is_meant_is_changed(api: httpx.AsyncClient, what: str, if_match: str) -> None:
    assert (await changed(api, what, if_match)).status_code < 300


@pytest.mark.parametrize("make", [a_blob, a_bucket])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_the_tag_of_a_record_stands_for_what_was_read(
    api: httpx.AsyncClient, make: Callable[[httpx.AsyncClient], Awaitable[Made]], method: str
) -> None:
    address, body, _ = await make(api)
    read = await api.get(address)
    sent: Any = {"json": body} if method == "PATCH" else {}
    weak = await api.request(method, address, headers={"if-match": f"W/{read.headers['etag']}"}, **sent)
    assert weak.status_code == 412
    first = await api.request(method, address, headers={"if-match": read.headers["etag"]}, **sent)
    assert first.status_code == 200
    again = await api.request(method, address, headers={"if-match": read.headers["etag"]}, **sent)
    assert again.status_code == 412


@pytest.mark.parametrize("make", [a_blob, a_bucket, an_instance])
async def test_of_many_at_once_that_mean_the_same_revision_one_comes_first(
    api: httpx.AsyncClient, make: Callable[[httpx.AsyncClient], Awaitable[Made]]
) -> None:
    address, _, revision = await make(api)
    headers = {"if-match": f'"{revision}"'}
    answers = await asyncio.gather(*(api.delete(address, headers=headers) for _ in range(10)))
    assert sum(answer.status_code < 300 for answer in answers) == 1
    assert {answer.status_code for answer in answers if answer.status_code >= 300} <= {404, 412}


async def test_what_does_not_stand_there_is_not_put_there_for_a_revision(api: httpx.AsyncClient) -> None:
    bucket = await of(api.post("/api/buckets", json={"name": "One", "type": "scene"}))
    blob = await of(api.post("/api/blobs", json=NOTE))
    address = f"/api/buckets/{bucket['id']}/blobs/{blob['id']}"
    for if_match in ("*", '"1"'):
        answer = await api.put(address, json={}, headers={"if-match": if_match})
        is_a_problem(answer, 412, "conflict", "precondition_failed")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/api/me", {"name": "Ann"}),
        ("DELETE", "/api/trash", None),
        ("PUT", "/api/schemas/text-input-v1/compatibility", {"mode": "none"}),
    ],
)
async def test_where_nothing_has_revisions_none_is_taken_for_meant(
    api: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    answer = await api.request(method, path, json=body, headers={"if-match": '"1"'})
    is_a_problem(answer, 412, "conflict", "precondition_failed")


async def test_what_is_anothers_is_not_found_whatever_is_meant(api: httpx.AsyncClient) -> None:
    for path in ("/api/blobs/blob-1", "/api/buckets/bucket-1", "/api/instances/instance-1"):
        for if_match in ("*", '"1"', '"tag"'):
            answer = await api.delete(path, headers={"if-match": if_match})
            is_a_problem(answer, 404, "not_found", "not_found")
