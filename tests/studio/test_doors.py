"""The page and the API side by side behind one door, and the description of the whole."""

import re
import warnings
from pathlib import Path
from typing import Any

import httpx
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from reyna.studio.accounts import SignedIn
from tests.http.test_problems import is_a_problem
from tests.studio.around import Whole, whole
from tests.studio.conftest import a_browser, bearer
from tests.studio.lines import connected

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<title>The studio</title>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-1a2b.js").write_text("studio()")
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/buckets/bucket-1", "/anything?tab=1", "/buckets/a%20b/c"])
async def test_every_address_of_the_page_is_the_page(page: Path, path: str) -> None:
    async with whole(page=page) as house, a_browser(house) as browser:
        answer = await browser.get(path)
        assert (answer.status_code, answer.text) == (200, "<title>The studio</title>")
        assert answer.headers["cache-control"] == "no-cache"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_the_page_is_made_of_may_be_kept_for_ever(page: Path) -> None:
    async with whole(page=page) as house, a_browser(house) as browser:
        script = await browser.get("/assets/main-1a2b.js")
        assert (script.status_code, script.text) == (200, "studio()")
        assert "immutable" in script.headers["cache-control"]
        is_a_problem(await browser.get("/assets/gone.js"), 404, "not_found", "not_found")
        is_a_problem(await browser.get("/assets/..%2f..%2f..%2fetc%2fpasswd"), 404, "not_found", "not_found")


async def test_a_page_that_is_not_built_says_so(browser: httpx.AsyncClient) -> None:
    assert "make web" in (await browser.get("/")).text


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/api/blobs/blob-1/nothing", "/api/auth"])
async def test_an_address_of_the_api_that_is_not_there_is_no_page(
    api: httpx.AsyncClient, method: str, path: str
) -> None:
    is_a_problem(await api.request(method, path), 404, "not_found", "not_found")


async def test_the_description_is_valid_and_holds_every_address(house: Whole, browser: httpx.AsyncClient) -> None:
    description: Any = (await browser.get("/schema/openapi.json")).json()
    assert description["openapi"].startswith("3.1")
    assert [*OPENAPI_31_VALIDATOR.iter_errors(description)] == []
    told = {(method.upper(), path) for path, methods in description["paths"].items() for method in methods}
    there = {
        (method, re.sub(r":\w+}", "}", route.path))
        for route in house.app.routes
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


async def test_the_doors_are_built_without_a_warning(house: Whole) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert house.app.routes


async def test_the_description_can_be_browsed(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/schema")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_open_lines_are_counted(house: Whole, anas: SignedIn, browser: httpx.AsyncClient) -> None:
    async with connected(house.app, bearer(anas)) as line:
        await line.until("hello")
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
