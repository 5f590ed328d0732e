"""Static files over HTTP: compressed for whoever takes it, and kept by the browser."""

import gzip
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from reyna.transport.http.static_files import chosen_encoding, read_files, static_files_route

SCRIPT = b"// " + b"the ship sailed into the storm " * 40
IMMUTABLE = {"cache-control": "max-age=31536000, immutable, public"}
BROTLI = b"what brotli makes of it"


@pytest.fixture
def client(tmp_path: Path) -> TestClient[Litestar]:
    (tmp_path / "page.js").write_bytes(SCRIPT)
    (tmp_path / "page.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "page.js.br").write_bytes(BROTLI)
    (tmp_path / "font.woff2").write_bytes(b"a font")
    (tmp_path / "archive.gz").write_bytes(b"no other form of anything")
    return TestClient(Litestar([static_files_route("/assets", tmp_path, IMMUTABLE)]))


def test_whoever_takes_it_gets_a_compressed_file(client: TestClient[Litestar]) -> None:
    answer = client.get("/assets/page.js", headers={"accept-encoding": "gzip"})
    assert answer.content == SCRIPT
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == IMMUTABLE["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert int(answer.headers["content-length"]) < len(SCRIPT)


def test_each_form_of_a_file_has_its_own_etag(client: TestClient[Litestar]) -> None:
    forms = [client.get("/assets/page.js", headers={"accept-encoding": coding}) for coding in ("gzip", "identity")]
    assert forms[0].headers["etag"] != forms[1].headers["etag"]
    assert "content-encoding" not in forms[1].headers
    assert forms[1].headers["vary"] == "Accept-Encoding"


def test_a_file_without_other_forms_is_sent_as_it_is(client: TestClient[Litestar], tmp_path: Path) -> None:
    answer = client.get("/assets/font.woff2", headers={"accept-encoding": "gzip, br"})
    assert (answer.content, "vary" in answer.headers) == (b"a font", False)
    assert client.get("/assets/archive.gz").content == b"no other form of anything"
    assert sorted(read_files(tmp_path)) == ["archive.gz", "font.woff2", "page.js"]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", None),
        ("identity", None),
        ("", None),
        ("GZIP", "gzip"),
        ("br;q=much", None),
    ],
)
def test_the_coding_is_what_the_client_prefers(accepted: str, coding: str | None) -> None:
    assert chosen_encoding(accepted, {"br": BROTLI, "gzip": b""}) == coding
