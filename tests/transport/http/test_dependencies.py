"""What is sent is read strictly, and what does not fit is named by its place."""

from typing import Any

import httpx
import pytest

from tests.transport.http.test_problems import is_a_problem

DEEP = 2_000


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "wants a JSON document"),
        (b"{", "not JSON"),
        (b"nonsense", "not JSON"),
        (b'{"name":"a"} x', "not JSON"),
        (b'{"name": NaN}', "not JSON"),
        (b'{"name":"a","data":Infinity}', "not JSON"),
        (b'{"name":"a\x01"}', "not JSON"),
        (b'{"name":"\xff"}', "not UTF-8"),
        (b'{"name":"a","data":"\xc3\x28"}', "not UTF-8"),
        (b'{"name":"\\ud800"}', "surrogate"),
        (b'{"name":"a","data":"\\udc00"}', "surrogate"),
        (b'{"name":"a","data":' + b"[" * DEEP + b"]" * DEEP + b"}", "too deep"),
        (b'{"name":"a","data":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}", "too deep"),
    ],
)
async def test_what_is_not_json_is_refused_in_words(ana_s: httpx.AsyncClient, body: bytes, told: str) -> None:
    problem = is_a_problem(await ana_s.post("/things", content=body), 422, "invalid", "invalid")
    assert told in problem["detail"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], ""),
        ("name", ""),
        ({}, "/name"),
        ({"name": 1}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "a", "count": "1"}, "/count"),
        ({"name": "a", "count": 1.5}, "/count"),
        ({"name": "a", "count": True}, "/count"),
        ({"name": "a", "tags": "red"}, "/tags"),
        ({"name": "a", "tags": ["red", 2]}, "/tags/1"),
        ({"name": "a", "maker": {}}, "/maker/name"),
        ({"name": "a", "maker": {"name": "b", "born": "long ago"}}, "/maker/born"),
        ({"name": "a", "maker": {"name": "b", "died": 1}}, "/maker/died"),
        ({"name": "a", "colour": "red"}, "/colour"),
        ({"name": "a", "a/b~c": "red"}, "/a~1b~0c"),
        ({"name": "a", "": "red"}, "/"),
    ],
)
async def test_what_does_not_fit_is_named_by_its_json_pointer(ana_s: httpx.AsyncClient, body: Any, path: str) -> None:
    problem = is_a_problem(await ana_s.post("/things", json=body), 422, "invalid", "invalid")
    assert [error["path"] for error in problem["errors"]] == [path]


async def test_what_fits_arrives_as_it_was_sent(ana_s: httpx.AsyncClient) -> None:
    sent = {
        "name": "a",
        "count": 2,
        "tags": ["x"],
        "maker": {"name": "b", "born": None},
        "data": [{"a": [1, 2.5, "x"]}],
    }
    assert (await ana_s.post("/things", json=sent)).json() == sent


async def test_a_body_that_may_be_left_out_may_be_left_out(ana_s: httpx.AsyncClient) -> None:
    assert (await ana_s.patch("/things/1")).json() == {"id": "1", "data": None}
    assert (await ana_s.patch("/things/1", json=None, content=b"null")).json() == {"id": "1", "data": None}


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=abc", "/limit"),
        ("limit=", "/limit"),
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=99999999999999999999999999", "/limit"),
        ("colour=red", "/colour"),
        ("nmae=a", "/nmae"),
        ("caller=user-bo", "/caller"),
        ("data=1", "/data"),
        ("a%2Fb=1", "/a~1b"),
    ],
)
async def test_a_query_that_does_not_fit_is_named_by_its_parameter(
    ana_s: httpx.AsyncClient, query: str, path: str
) -> None:
    problem = is_a_problem(await ana_s.get(f"/things?{query}"), 422, "invalid", "invalid")
    assert [error["path"] for error in problem["errors"]] == [path]


async def test_a_query_that_fits_is_read(ana_s: httpx.AsyncClient) -> None:
    answer = await ana_s.get("/things?limit=200&name=%C3%84hre&cursor=x")
    assert answer.json() == {"limit": 200, "cursor": "x", "name": "Ähre", "by": "user-ana"}
