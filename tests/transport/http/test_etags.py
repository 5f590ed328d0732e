"""What the asker has already is not sent again."""

import httpx
import pytest


async def test_an_answer_carries_a_tag_and_may_not_be_kept_by_others(ana_s: httpx.AsyncClient) -> None:
    answer = await ana_s.get("/things")
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*", '"other",W/{}'])
async def test_what_is_there_already_is_not_sent_again(ana_s: httpx.AsyncClient, form: str) -> None:
    tag = (await ana_s.get("/things")).headers["etag"]
    again = await ana_s.get("/things", headers={"if-none-match": form.format(tag)})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert "content-type" not in again.headers


@pytest.mark.parametrize("wanted", ['"other"', "", "other", '"*"'])
async def test_another_tag_is_answered_in_full(ana_s: httpx.AsyncClient, wanted: str) -> None:
    answer = await ana_s.get("/things", headers={"if-none-match": wanted})
    assert (answer.status_code, answer.json()["by"]) == (200, "user-ana")


async def test_another_answer_has_another_tag(ana_s: httpx.AsyncClient) -> None:
    tags = {(await ana_s.get("/things", params={"limit": limit})).headers["etag"] for limit in (1, 2, 1)}
    assert len(tags) == 2


async def test_a_refusal_has_no_tag(ana_s: httpx.AsyncClient) -> None:
    refused = await ana_s.get("/refused/not_found", headers={"if-none-match": "*"})
    assert refused.status_code == 404
    assert "etag" not in refused.headers


async def test_head_is_answered_as_get_without_the_body(ana_s: httpx.AsyncClient) -> None:
    whole = await ana_s.get("/things")
    head = await ana_s.head("/things")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers
