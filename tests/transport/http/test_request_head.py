"""What counts once is refused when it is sent twice: which of the two was meant would be anybody's guess."""

from typing import Final

import httpx
import pytest

from tests.transport.http.test_problems import is_a_problem

SINGLE: Final = {
    "Authorization": ("Bearer ana", "Bearer bo"),
    "Content-Type": ("application/json", "text/plain"),
    "Content-Encoding": ("identity", "gzip"),
    "Cookie": ("reyna_session=ana", "reyna_session=bo"),
    "Host": ("studio.test", "elsewhere.test"),
    "Idempotency-Key": ("a", "b"),
    "If-Match": ('"1"', '"2"'),
    "Origin": ("http://studio.test", "http://elsewhere.test"),
    "X-Reyna-CSRF": ("1", "0"),
}


@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("name", SINGLE)
async def test_a_header_that_counts_once_may_be_sent_once(client: httpx.AsyncClient, name: str, same: bool) -> None:
    one, other = SINGLE[name]
    known = [] if name == "Authorization" else [("authorization", "Bearer ana")]
    twice = [(name, one), (name.lower(), one if same else other)]
    answer = await client.post("/things", json={"name": "a"}, headers=httpx.Headers([*known, *twice]))
    problem = is_a_problem(answer, 400, "invalid", "malformed")
    assert problem["header"] == name.lower()


async def test_other_headers_may_come_as_often_as_they_like(ana_s: httpx.AsyncClient) -> None:
    twice = httpx.Headers([("authorization", "Bearer ana"), ("x-forwarded-for", "a"), ("x-forwarded-for", "b")])
    assert (await ana_s.get("/things", headers=twice)).status_code == 200


@pytest.mark.parametrize("query", ["limit=1&limit=2", "name=a&name=a", "cursor=a&limit=1&cursor="])
async def test_a_parameter_may_be_given_once(ana_s: httpx.AsyncClient, query: str) -> None:
    problem = is_a_problem(await ana_s.get(f"/things?{query}"), 422, "invalid", "invalid")
    assert problem["errors"][0]["path"] == f"/{query.partition('=')[0]}"
    assert "only once" in problem["detail"]


async def test_a_parameter_that_takes_many_takes_many(ana_s: httpx.AsyncClient) -> None:
    answer = await ana_s.post("/lines?word=a&word=b", content=b"")
    assert answer.json()["words"] == ["a", "b"]
