"""The page and the API of one application, and the OpenAPI document."""

import re
import warnings
from pathlib import Path
from typing import Any

import httpx
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import bearer, open_browser
from tests.services.studio.fake_websocket import connect
from tests.services.studio.harness import StudioHarness, studio_harness
from tests.transport.http.test_problems import is_a_problem

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<title>The studio</title>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-1a2b.js").write_text("studio()")
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/buckets/bucket-1", "/anything?tab=1", "/buckets/a%20b/c"])
async def test_every_address_of_the_page_is_the_page(page: Path, path: str) -> None:
    async with studio_harness(page=page) as harness, open_browser(harness) as browser:
        answer = await browser.get(path)
        assert (answer.status_code, answer.text) == (200, "<title>The studio</title>")
        assert answer.headers["cache-control"] == "no-cache"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_the_page_is_made_of_may_be_kept_for_ever(page: Path) -> None:
    async with studio_harness(page=page) as harness, open_browser(harness) as browser:
        script = await browser.get("/assets/main-1a2b.js")
        assert (script.status_code, script.text) == (200, "studio()")
        assert "immutable" in script.headers["cache-control"]
        is_a_problem(await browser.get("/assets/gone.js"), 404, "not_found", "not_found")
        is_a_problem(await browser.get("/assets/..%2f..%2f..%2fetc%2fpasswd"), 404, "not_found", "not_found")


@pytest.mark.parametrize(
    "path",
    [
        *("/favicon.ico", "/sitemap.xml", "/.well-known/security.txt", "/.env", "/wp-login.php", "/assets", "/assets/"),
        *("/assets/%00", "/%00", "/a/%00/b", "/assets/%ff", "/%c0%ae%c0%ae/", "/assets/" + "a" * 5_000),
        *("/assets/main-1a2b.js/more", "/..%2f..%2fetc%2fpasswd", "/a/..%5c..%5cwindows", "/%2e%2e/index.html"),
        *("/api/blobs/%00", "/api/blobs/%ff", "/api/blobs/..%2f..", "/schema/%00", "/described/%00", "/healthz/%00"),
    ],
)
async def test_what_is_no_address_of_the_page_is_not_found(page: Path, path: str) -> None:
    async with studio_harness(page=page) as harness, open_browser(harness) as browser:
        is_a_problem(await browser.get(path), 404, "not_found", "not_found")


@pytest.mark.parametrize("query", ["cursor=%00", "bucket_id=a%00b", "bucket_id=%ff", "%00=1", "%c0%80"])
async def test_a_query_that_is_no_text_is_refused(api: httpx.AsyncClient, query: str) -> None:
    is_a_problem(await api.get(f"/api/blobs?{query}"), 400, "invalid", "malformed")


async def test_the_studio_asks_search_engines_to_stay_away(browser: httpx.AsyncClient) -> None:
    robots = await browser.get("/robots.txt")
    assert (robots.status_code, robots.text) == (200, "User-agent: *\nDisallow: /\n")
    assert robots.headers["content-type"].startswith("text/plain")


async def test_the_address_of_the_socket_says_what_it_speaks(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/ws")
    is_a_problem(answer, 426, "invalid", "upgrade_required")
    assert answer.headers["upgrade"] == "websocket"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/assets/main-1a2b.js", "/assets/gone.js", "/robots.txt", "/schema", "/schema/openapi.json"),
        *("/schema/start.js", "/healthz", "/readyz", "/metrics", "/ws", "/api/me", "/api/nothing", "/api/auth/login"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
async def test_every_answer_is_kept_out_of_the_pages_of_others(page: Path, method: str, path: str) -> None:
    async with studio_harness(page=page) as harness, open_browser(harness) as browser:
        answer = await browser.request(method, path)
        is_safe(answer)
        policy = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in policy.partition("style-src")[0], "no script may stand in a page"


def is_safe(answer: httpx.Response) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_the_page_of_the_api_holds_no_script(browser: httpx.AsyncClient) -> None:
    shown = await browser.get("/schema")
    assert re.findall(r"<script(?![^>]*src=)", shown.text) == []
    assert "script-src 'self';" in shown.headers["content-security-policy"]
    assert (await browser.get("/schema/start.js")).headers["content-type"].startswith("text/javascript")


async def test_options_and_a_refused_method_tell_the_same_methods(
    harness: StudioHarness, browser: httpx.AsyncClient
) -> None:
    told = dict[str, tuple[str, str]]()
    for path in {
        re.sub(r"{\w+:int}", "1", re.sub(r"{\w+:(str|path)}", "x", route.path)) for route in harness.app.routes
    }:
        answers = [await browser.request(method, path) for method in ("OPTIONS", "PROPFIND")]
        assert [answer.status_code for answer in answers] == [204, 405], path
        told[path] = (answers[0].headers["allow"], answers[1].headers["allow"])
    assert len(told) > 40
    assert [path for path, (one, other) in told.items() if one != other] == []
    assert told["/api/blobs/x"][0] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert told["/api/blobs/x/revisions/1/name"][0] == "DELETE, OPTIONS, PUT"


async def test_a_page_that_is_not_built_says_so(browser: httpx.AsyncClient) -> None:
    assert "make web" in (await browser.get("/")).text


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/api/blobs/blob-1/nothing", "/api/auth"])
async def test_an_address_of_the_api_that_is_not_there_is_no_page(
    api: httpx.AsyncClient, method: str, path: str
) -> None:
    is_a_problem(await api.request(method, path), 404, "not_found", "not_found")


async def test_the_description_is_valid_and_holds_every_address(
    harness: StudioHarness, browser: httpx.AsyncClient
) -> None:
    description: Any = (await browser.get("/schema/openapi.json")).json()
    assert description["openapi"].startswith("3.1")
    assert [*OPENAPI_31_VALIDATOR.iter_errors(description)] == []
    told = {(method.upper(), path) for path, methods in description["paths"].items() for method in methods}
    there = {
        (method, re.sub(r":\w+}", "}", route.path))
        for route in harness.app.routes
        for method in getattr(route, "methods", ())
        if route.path.startswith("/api/") and method != "OPTIONS"
    }
    assert told == there
    assert len(there) > 40


async def test_the_description_is_in_our_words(browser: httpx.AsyncClient) -> None:
    description: Any = (await browser.get("/schema/openapi.json")).json()
    operations = [one for methods in description["paths"].values() for one in methods.values()]
    assert all(one["description"] for one in operations)
    assert all(one["responses"].keys() >= {"4XX", "5XX"} and "400" not in one["responses"] for one in operations)
    assert all(re.fullmatch(r"\w+", noun) for noun in description["components"]["schemas"])
    bodies = [one["requestBody"]["content"]["application/json"]["schema"] for one in operations if "requestBody" in one]
    nouns = [kind["$ref"].rpartition("/")[2] for body in bodies for kind in body.get("oneOf", [body]) if "$ref" in kind]
    nouns += ["TrashBlob", "UpgradeStep"]  # within the bodies of a bulk and of an upgrade
    assert all(description["components"]["schemas"][noun]["additionalProperties"] is False for noun in nouns)


async def test_the_doors_are_built_without_a_warning(harness: StudioHarness) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert harness.app.routes


async def test_the_description_can_be_browsed(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/schema")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_open_lines_are_counted(harness: StudioHarness, anas: SignedIn, browser: httpx.AsyncClient) -> None:
    async with connect(harness.app, bearer(anas)) as device:
        await device.frames_until("hello")
        assert "reyna_sockets 1.0" in (await browser.get("/metrics")).text
    assert "reyna_sockets 0.0" in (await browser.get("/metrics")).text


async def test_a_saved_note_is_read_again_with_its_tag(api: httpx.AsyncClient) -> None:
    made = await api.post("/api/blobs", json={"schema_id": "text-input-v1", "data": {"content": "The ship sailed."}})
    assert made.status_code == 201
    read = await api.get(f"/api/blobs/{made.json()['id']}")
    assert read.json() == made.json()
    again = await api.get(f"/api/blobs/{made.json()['id']}", headers={"if-none-match": read.headers["etag"]})
    assert again.status_code == 304


async def test_a_stale_save_is_answered_with_what_is_there(api: httpx.AsyncClient) -> None:
    made = (await api.post("/api/blobs", json={"schema_id": "text-input-v1", "data": {"content": "One."}})).json()
    path = f"/api/blobs/{made['id']}"
    await api.patch(path, json={"data": {"content": "Two."}, "base_revision": 1})
    lost = await api.patch(path, json={"data": {"content": "Three."}, "base_revision": 1})
    problem = is_a_problem(lost, 409, "conflict", "stale_revision")
    assert problem["current"]["data"] == {"content": "Two."}


async def test_content_that_does_not_fit_is_named_by_its_place(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/blobs", json={"schema_id": "text-input-v1", "data": {"content": 7}})
    problem = is_a_problem(answer, 422, "invalid", "invalid")
    assert problem["errors"][0]["path"].endswith("/content")
    assert problem["schema_id"] == "text-input-v1"
