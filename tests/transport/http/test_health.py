"""Whether the service is up, whether it is ready, and how much it does."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from reyna.domain.errors import Fault
from reyna.transport.http import Check
from tests.transport.http.sample_service import sample_app


async def up() -> None:
    return


async def down() -> None:
    raise Fault("PostgreSQL cannot be reached.")


async def odd() -> None:
    raise OSError("password=geheim")


async def ready(checks: Mapping[str, Check]) -> tuple[int, Any]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(sample_app(checks)), base_url="http://studio.test"
    ) as client:
        answer = await client.get("/readyz")
        return answer.status_code, answer.json()


async def test_it_is_up_as_long_as_it_answers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "up", "service": "Things"})


async def test_it_is_ready_when_everything_it_needs_is_there() -> None:
    assert await ready({"nats": up, "store": up}) == (
        200,
        {"ready": True, "dependencies": {"nats": "up", "store": "up"}},
    )


async def test_what_is_missing_is_named() -> None:
    status, body = await ready({"nats": up, "store": down})
    assert (status, body["ready"]) == (503, False)
    assert body["dependencies"] == {"nats": "up", "store": "PostgreSQL cannot be reached."}


async def test_a_check_that_breaks_hides_neither_the_others_nor_tells_a_secret() -> None:
    status, body = await ready({"odd": odd, "nats": up, "store": down})
    assert status == 503
    assert body["dependencies"]["nats"] == "up"
    assert body["dependencies"]["store"] == "PostgreSQL cannot be reached."
    assert "geheim" not in str(body)


async def test_checks_do_not_wait_for_each_other() -> None:
    both = asyncio.Barrier(2)

    async def meets() -> None:
        await both.wait()

    assert (await ready({"one": meets, "two": meets}))[0] == 200


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/things", 'reyna_http_requests_total{method="GET",route="/things",status="200"} 1.0'),
        ("/things?limit=0", 'reyna_http_requests_total{method="GET",route="/things",status="422"} 1.0'),
        ("/broken/bug", 'reyna_http_requests_total{method="GET",route="/broken/{how}",status="500"} 1.0'),
    ],
)
async def test_requests_are_counted_by_route_and_status(ana_s: httpx.AsyncClient, path: str, line: str) -> None:
    await ana_s.get(path)
    metrics = await ana_s.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert line in metrics.text


async def test_ids_make_no_new_series(ana_s: httpx.AsyncClient) -> None:
    for id in ("a", "b"):
        await ana_s.patch(f"/things/{id}")
    assert 'route="/things/{id}",status="200"} 2.0' in (await ana_s.get("/metrics")).text
