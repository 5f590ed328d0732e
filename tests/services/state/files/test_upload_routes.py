"""Resumable uploads over HTTP: the tus protocol with creation, checksum, expiration and termination."""

import base64
import hashlib
from typing import Any

import httpx
import pytest

from reyna.domain.files.file import PART_BYTES
from tests.services.state.files.conftest import upload

TUS = {"tus-resumable": "1.0.0"}
CHUNK = TUS | {"content-type": "application/offset+octet-stream"}
STORM = b"The ship sailed into the storm."


def in_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def begin(api: httpx.AsyncClient, size: int | None, name: str = "storm.txt") -> str:
    length = {"upload-defer-length": "1"} if size is None else {"upload-length": str(size)}
    metadata = {"upload-metadata": f"filename {in_base64(name.encode())},filetype {in_base64(b'text/html')},empty"}
    answer = await api.post("/files/uploads", headers=TUS | length | metadata)
    assert answer.status_code == 201, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["location"].startswith("/api/files/uploads/upload-")
    return f"/files/uploads/{answer.json()['id']}"


async def send(api: httpx.AsyncClient, path: str, offset: int, content: bytes, **more: str) -> httpx.Response:
    headers = CHUNK | {"upload-offset": str(offset)} | {name.replace("_", "-"): value for name, value in more.items()}
    return await api.patch(path, content=content, headers=headers)


async def offset_of(api: httpx.AsyncClient, path: str) -> int:
    answer = await api.head(path, headers=TUS)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return int(answer.headers["upload-offset"])


async def test_an_upload_in_chunks_becomes_a_file(api: httpx.AsyncClient) -> None:
    content = b"chunk after chunk " * 400_000
    assert len(content) > 2 * PART_BYTES
    path, at = await begin(api, len(content), "long.txt"), 0
    for end in (1, PART_BYTES - 1, PART_BYTES + 5, len(content)):
        answer = await send(api, path, at, content[at:end])
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end)), answer.text
        at = end
        assert await offset_of(api, path) == end
    file = (await api.get(f"/files/{answer.headers['reyna-file-id']}/meta")).json()
    assert (file["name"], file["media_type"], file["sha256"]) == (
        "long.txt",
        "text/plain",
        hashlib.sha256(content).hexdigest(),
    )
    assert (await api.get(f"/files/{file['id']}")).content == content
    assert (await api.get(path)).json()["file_id"] == file["id"]


async def test_an_upload_whose_size_comes_later(api: httpx.AsyncClient) -> None:
    path = await begin(api, None)
    assert (await send(api, path, 0, STORM[:5])).headers["upload-defer-length"] == "1"
    done = await send(api, path, 5, STORM[5:], upload_length=str(len(STORM)))
    assert done.headers["reyna-file-id"]
    refused = await send(api, await begin(api, 3), 0, b"abc", upload_length="4")
    assert refused.status_code == 422


async def test_an_empty_upload_is_complete_at_once(api: httpx.AsyncClient) -> None:
    answer = await api.get(await begin(api, 0, "empty"))
    assert (await api.get(f"/files/{answer.json()['file_id']}")).content == b""


async def test_the_same_content_again_is_the_same_file_and_takes_no_room(api: httpx.AsyncClient) -> None:
    file = await upload(api, b"uploaded twice")
    used = (await api.get("/me")).json()["usage"]
    done = await send(api, await begin(api, 14), 0, b"uploaded twice")
    assert done.headers["reyna-file-id"] == file["id"]
    assert (await api.get("/me")).json()["usage"] == used


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"tus-resumable": "0.2.1"}, 412),
        ({"tus-resumable": None}, 412),
        ({"content-type": "application/json"}, 415),
        ({"upload-offset": "3"}, 409),
        ({"upload-offset": "-1"}, 400),
        ({"upload-offset": None}, 400),
        ({"upload-checksum": "crc32 AAAA"}, 400),
        ({"upload-checksum": "sha256 !!"}, 400),
        ({"upload-checksum": "sha256 AAAA"}, 460),
    ],
)
async def test_a_chunk_that_does_not_fit_is_refused(
    api: httpx.AsyncClient, change: dict[str, str | None], status: int
) -> None:
    path = await begin(api, len(STORM))
    headers: dict[str, Any] = CHUNK | {"upload-offset": "0"} | change
    sent = {name: value for name, value in headers.items() if value is not None}
    answer = await api.patch(path, content=STORM, headers=sent)
    assert answer.status_code == status, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert await offset_of(api, path) == 0
    assert (await send(api, path, 0, STORM)).status_code == 204


async def test_more_than_was_announced_is_refused(api: httpx.AsyncClient) -> None:
    assert (await send(api, await begin(api, 3), 0, b"four")).status_code == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"upload-length": "10"}, 412),
        (TUS, 400),
        (TUS | {"upload-length": "x"}, 400),
        (TUS | {"upload-length": "-1"}, 400),
        (TUS | {"upload-length": "1", "upload-defer-length": "1"}, 400),
        (TUS | {"upload-length": "1", "upload-metadata": "filename ???"}, 400),
    ],
)
async def test_a_creation_that_does_not_fit_is_refused(
    api: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await api.post("/files/uploads", headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers.get("tus-version") == ("1.0.0" if status == 412 else None)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "sha1", "md5"])
async def test_a_chunk_with_its_checksum_is_kept(api: httpx.AsyncClient, algorithm: str) -> None:
    path = await begin(api, len(STORM))
    for start, end in ((0, 10), (10, len(STORM))):
        checksum = in_base64(hashlib.new(algorithm, STORM[start:end]).digest())
        answer = await send(api, path, start, STORM[start:end], upload_checksum=f"{algorithm} {checksum}")
        assert answer.status_code == 204, answer.text
    assert answer.headers["reyna-file-id"]


async def test_a_damaged_chunk_is_dropped_wherever_it_begins(api: httpx.AsyncClient) -> None:
    content = b"0123456789abcdef" * 300_000
    path = await begin(api, len(content))
    await send(api, path, 0, content[:1000])
    damaged = content[1000:-1] + b"X"
    checksum = f"sha1 {in_base64(hashlib.sha1(content[1000:], usedforsecurity=False).digest())}"
    answer = await send(api, path, 1000, damaged, upload_checksum=checksum)
    assert answer.status_code == 460
    assert await offset_of(api, path) == 1000
    answer = await send(api, path, 1000, content[1000:], upload_checksum=checksum)
    assert answer.status_code == 204
    assert (await api.get(f"/files/{answer.headers['reyna-file-id']}")).content == content


async def test_an_upload_that_is_given_up_is_gone(api: httpx.AsyncClient) -> None:
    path = await begin(api, 100)
    used = (await api.get("/me")).json()["usage"]
    await send(api, path, 0, b"not all of it")
    assert (await api.delete(path, headers=TUS)).status_code == 204
    assert (await api.head(path, headers=TUS)).status_code == 404
    assert (await send(api, path, 0, b"x")).status_code == 404
    assert (await api.get("/me")).json()["usage"] == used


async def test_nobody_else_reaches_an_upload(api: httpx.AsyncClient, bos: httpx.AsyncClient) -> None:
    path = await begin(api, 100)
    answers = [await bos.head(path, headers=TUS), await send(bos, path, 0, b"x"), await bos.delete(path, headers=TUS)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_options_describe_the_protocol(api: httpx.AsyncClient) -> None:
    answer = await api.options("/files/uploads")
    assert (answer.status_code, answer.headers["tus-version"]) == (204, "1.0.0")
    extensions = answer.headers["tus-extension"].split(",")
    assert {"creation", "checksum", "expiration", "termination"} <= set(extensions)
