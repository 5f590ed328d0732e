"""Files over HTTP: up as a body or in a form, and down as a whole or in ranges."""

import hashlib

import httpx
import pytest

from reyna.domain.files.file import PART_BYTES
from tests.services.state.files.conftest import upload

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


async def test_a_file_comes_back_as_it_was_sent(api: httpx.AsyncClient) -> None:
    content = PNG * 4000  # more than one part
    assert len(content) > PART_BYTES
    file = await upload(api, content, "cover.png")
    assert file | {"created_at": "", "created_by": ""} == {
        "id": file["id"],
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "media_type": "image/png",
        "name": "cover.png",
        "created_at": "",
        "created_by": "",
        "width": None,
        "height": None,
        "duration": None,
        "peaks": None,
    }
    assert (await api.get(f"/files/{file['id']}")).content == content
    assert (await api.get(f"/files/{file['id']}/meta")).json() == file
    assert file in (await api.get("/files")).json()["items"]


async def test_a_form_holds_one_file(api: httpx.AsyncClient) -> None:
    answer = await api.post("/files", data={"note": "x"}, files={"file": ("übersicht.txt", b"hello", "image/png")})
    assert (answer.status_code, answer.json()["name"], answer.json()["media_type"]) == (
        201,
        "übersicht.txt",
        "text/plain",
    )
    two = [("file", ("a", b"1")), ("file", ("b", b"2"))]
    assert (await api.post("/files", files=two)).status_code == 422
    assert (await api.post("/files", data={"note": "x"}, files={})).status_code in (201, 422)


async def test_the_same_content_is_one_file_of_its_user(api: httpx.AsyncClient, bos: httpx.AsyncClient) -> None:
    first = await upload(api, b"the same bytes", "one.txt")
    usage = (await api.get("/me")).json()["usage"]
    again = await upload(api, b"the same bytes", "two.txt")
    assert again == first
    assert (await api.get("/me")).json()["usage"] == usage
    for path in ("", "/meta"):
        assert (await bos.get(f"/files/{first['id']}{path}")).status_code == 404
    assert (await bos.get("/files")).json()["items"] == []


@pytest.mark.parametrize(
    ("wanted", "status", "expected", "described"),
    [
        ("bytes=0-3", 206, slice(0, 4), "bytes 0-3/1000"),
        ("bytes=990-", 206, slice(990, 1000), "bytes 990-999/1000"),
        ("bytes=990-5000", 206, slice(990, 1000), "bytes 990-999/1000"),
        ("bytes=-10", 206, slice(990, 1000), "bytes 990-999/1000"),
        ("bytes=-5000", 206, slice(0, 1000), "bytes 0-999/1000"),
        ("bytes=1000-", 416, slice(0, 0), "bytes */1000"),
        ("bytes=-0", 416, slice(0, 0), "bytes */1000"),
        ("bytes=5-2", 200, slice(0, 1000), None),
        ("bytes=0-1,4-5", 200, slice(0, 1000), None),
        ("lines=1-2", 200, slice(0, 1000), None),
        ("bytes=a-b", 200, slice(0, 1000), None),
    ],
)
async def test_a_range_of_a_file_is_sent(
    api: httpx.AsyncClient, wanted: str, status: int, expected: slice, described: str | None
) -> None:
    content = bytes(number % 251 for number in range(1000))
    id = (await upload(api, content))["id"]
    answer = await api.get(f"/files/{id}", headers={"range": wanted})
    assert (answer.status_code, answer.headers.get("content-range")) == (status, described)
    if status != 416:
        assert answer.content == content[expected]
        assert answer.headers["content-length"] == str(len(answer.content))
        assert answer.headers["accept-ranges"] == "bytes"


async def test_a_range_counts_only_for_the_representation_that_the_client_has(api: httpx.AsyncClient) -> None:
    file = await upload(api, b"0123456789")
    whole = await api.get(f"/files/{file['id']}")
    tag, modified = whole.headers["etag"], whole.headers["last-modified"]
    assert tag == f'"{file["sha256"]}"'
    for sent, status in ((tag, 206), (modified, 206), ('"another"', 200), (f"W/{tag}", 200)):
        answer = await api.get(f"/files/{file['id']}", headers={"range": "bytes=1-2", "if-range": sent})
        assert answer.status_code == status, sent
    known = await api.get(f"/files/{file['id']}", headers={"if-none-match": f'"x", {tag}', "range": "bytes=1-2"})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)


async def test_head_tells_the_length_and_sends_nothing(api: httpx.AsyncClient) -> None:
    id = (await upload(api, b"0123456789"))["id"]
    answer = await api.head(f"/files/{id}")
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "10", b"")
    assert (await api.head("/files/file-00000000000000000000000000")).status_code == 404


@pytest.mark.parametrize(
    ("content", "media_type", "inline"),
    [
        (PNG, "image/png", True),
        (b"%PDF-1.7\nrest", "application/pdf", True),
        (b"plain words", "text/plain", True),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "image/svg+xml", False),
        (b"<?xml version='1.0'?><!-- x --><svg onload='alert(1)'/>", "image/svg+xml", False),
        (b"\n <!doctype html><script>alert(1)</script>", "text/html", False),
        (b"words and then <script>alert(1)</script>", "text/html", False),
        (b"GIF89a/*<script>alert(1)</script>*/", "text/html", False),
        (b"MZ\x90\x00\x03" + bytes(100), "application/octet-stream", False),
        (b"\x00\x01\x02", "application/octet-stream", False),
    ],
)
async def test_what_could_run_in_the_studio_is_downloaded(
    api: httpx.AsyncClient, content: bytes, media_type: str, inline: bool
) -> None:
    answer = await api.post("/files", content=content, headers={"content-type": "text/html"}, params={"name": "x.html"})
    assert answer.json()["media_type"] == media_type
    served = (await api.get(f"/files/{answer.json()['id']}")).headers
    assert served["content-disposition"].startswith("inline;" if inline else "attachment;")
    assert served["content-type"].partition(";")[0] == media_type
    assert served["x-content-type-options"] == "nosniff"
    policy = served["content-security-policy"]
    assert "default-src 'none'" in policy
    assert ("sandbox" in policy) is (media_type != "application/pdf")


@pytest.mark.parametrize(
    ("name", "kept", "disposition"),
    [
        ("song.wav", "song.wav", 'filename="song.wav"'),
        ("../../etc/passwd", "passwd", 'filename="passwd"'),
        ("C:\\Windows\\x.txt", "x.txt", 'filename="x.txt"'),
        ("..", "file", 'filename="file"'),
        ("", "file", 'filename="file"'),
        ('a"; filename="b.html', 'a"; filename="b.html', 'filename="a__ filename=_b.html"'),
        ("line\r\nset-cookie: x=1", "line set-cookie: x=1", 'filename="line set-cookie_ x=1"'),
        ("größe €.wav", "größe €.wav", "filename*=UTF-8''gr%C3%B6%C3%9Fe%20%E2%82%AC.wav"),
        ("evil\u202egpj.exe", "evilgpj.exe", 'filename="evilgpj.exe"'),
        ("50%20off.txt", "50%20off.txt", "filename*=UTF-8''50%2520off.txt"),
    ],
)
async def test_a_name_is_kept_and_does_no_harm(api: httpx.AsyncClient, name: str, kept: str, disposition: str) -> None:
    file = await upload(api, f"named {name}".encode(), name)
    assert file["name"] == kept
    served = await api.get(f"/files/{file['id']}")
    assert disposition in served.headers["content-disposition"]
    assert "set-cookie" not in served.headers
