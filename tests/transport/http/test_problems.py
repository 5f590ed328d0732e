"""Every refusal and every fault is a problem of one shape, whoever found it."""

import io
from typing import Any

import httpx
import pytest

from reyna.domain.errors import BY_REASON
from reyna.transport.http.problems import MAX_BODY_BYTES

PROBLEM = "application/problem+json"


def is_a_problem(answer: httpx.Response, status: int, code: str, reason: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert (body["type"], body["status"], body["code"], body["reason"]) == ("about:blank", status, code, reason)
    assert isinstance(body["detail"], str)
    return body


@pytest.mark.parametrize("reason", sorted(BY_REASON))
async def test_a_refusal_keeps_its_code_its_reason_and_its_facts(client: httpx.AsyncClient, reason: str) -> None:
    answer = await client.get(f"/refused/{reason}")
    family = BY_REASON[reason]
    problem = is_a_problem(answer, family.status, family.code, reason)
    assert (problem["detail"], problem["thing_id"]) == ("Not like this.", "thing-1")
    assert answer.headers["retry-after"] == "7"
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)


@pytest.mark.parametrize(("how", "status"), [("fault", 500), ("late", 504), ("bug", 500)])
async def test_a_fault_tells_its_id_and_nothing_else_of_itself(
    client: httpx.AsyncClient, written: io.StringIO, how: str, status: int
) -> None:
    answer = await client.get(f"/broken/{how}")
    problem = is_a_problem(answer, status, "fault", "fault")
    assert problem["id"]
    assert problem["id"] in written.getvalue()
    assert '"exception":"Traceback' in written.getvalue()
    for inside in ("geheim", "Traceback", "RuntimeError", "doorway.py"):
        assert inside not in answer.text


async def test_what_is_away_says_when_to_ask_again_and_leaves_no_trace(
    client: httpx.AsyncClient, written: io.StringIO
) -> None:
    answer = await client.get("/broken/away")
    is_a_problem(answer, 503, "fault", "unavailable")
    assert answer.headers["retry-after"] == "2"
    assert "Traceback" not in written.getvalue()


async def test_a_fault_that_has_an_id_keeps_it(client: httpx.AsyncClient) -> None:
    assert (await client.get("/broken/fault")).json()["id"] == "fault-1"


@pytest.mark.parametrize("path", ["/nothing", "/things/a/b", "/refused", "/%00", "/things/../../etc/passwd"])
async def test_an_address_that_is_not_there_is_not_found(ana_s: httpx.AsyncClient, path: str) -> None:
    is_a_problem(await ana_s.get(path), 404, "not_found", "not_found")


async def test_a_method_that_is_not_there_is_refused_and_told_which_are(ana_s: httpx.AsyncClient) -> None:
    answer = await ana_s.delete("/things")
    is_a_problem(answer, 405, "not_found", "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


async def test_a_body_above_the_limit_is_too_much(ana_s: httpx.AsyncClient) -> None:
    is_a_problem(await ana_s.post("/things", content=b" " * (MAX_BODY_BYTES + 1)), 413, "too_much", "too_large")


async def test_a_body_of_unknown_length_is_not_read_beyond_the_limit(ana_s: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(MAX_BODY_BYTES // 65536 + 1):
            yield b" " * 65536

    is_a_problem(await ana_s.post("/things", content=endless()), 413, "too_much", "too_large")


@pytest.mark.parametrize("type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"])
async def test_another_content_type_is_refused(ana_s: httpx.AsyncClient, type: str) -> None:
    answer = await ana_s.post("/things", content=b'{"name":"a"}', headers={"content-type": type})
    is_a_problem(answer, 415, "invalid", "unsupported_media_type")


@pytest.mark.parametrize(
    "type", ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"]
)
async def test_json_by_any_name_is_taken(ana_s: httpx.AsyncClient, type: str) -> None:
    answer = await ana_s.post("/things", content=b'{"name":"a"}', headers={"content-type": type})
    assert answer.status_code == 201


async def test_a_body_without_a_type_is_taken_for_json(ana_s: httpx.AsyncClient) -> None:
    assert (await ana_s.post("/things", content=b'{"name":"a"}')).status_code == 201
