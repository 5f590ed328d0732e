"""The REST routes of the processor service, as a client sees them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from reyna.domain.caller import Caller, system_caller
from reyna.domain.costs.cost import CostReport, ModelUse
from reyna.domain.errors import NotSignedIn
from reyna.domain.processing.processor import Beat
from reyna.services.processors.routes import routes
from reyna.transport.http import create_app
from tests.services.processors.neighbours import a_blob
from tests.services.processors.service_in_memory import Service

CALLERS = {
    "ana": Caller(user_id="user-ana"),
    "bo": Caller(user_id="user-bo"),
    "house": system_caller(),
}
STYLE_ANALYZER = {
    "id": "style-analyzer",
    "version": "1.0.0",
    "name": "Style analyzer",
    "input_schemas": ["expanded-text-v1"],
    "output_schema": "style-analysis-v1",
}


async def identify(token: str) -> Caller:
    if token not in CALLERS:
        raise NotSignedIn
    return CALLERS[token]


@pytest.fixture
async def client(service: Service) -> AsyncIterator[AsyncTestClient[Litestar]]:
    app = create_app(
        title="processors",
        version="0",
        routes=routes,
        identify=identify,
        services={"processors": service.processors},
        checks={"store": service.store.check},
    )
    async with AsyncTestClient(app) as client:
        yield client


async def sent(
    client: AsyncTestClient[Litestar], method: str, path: str, body: Any = None, *, by: str = "ana", status: int = 200
) -> Any:
    answer = await client.request(method, path, json=body, headers={"authorization": f"Bearer {by}"})
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def test_a_processor_is_registered_and_shown_with_its_health(
    client: AsyncTestClient[Litestar], service: Service
) -> None:
    made = await sent(client, "POST", "/processors", STYLE_ANALYZER, by="house", status=201)
    assert made["revision"] == 1
    service.processors.worker_health.record_beat(Beat(processor_id="style-analyzer", worker_id="worker-1"))
    shown = await sent(client, "GET", "/processors/style-analyzer")
    assert shown.items() >= made.items()
    assert shown["live_workers"] == 1
    assert {"last_beat", "queue_length", "success_rate", "p50", "p95"} <= shown.keys()
    listed = await sent(client, "GET", "/processors?limit=1")
    assert [one["id"] for one in listed["items"]] == ["style-analyzer"]
    rest = await sent(client, "GET", f"/processors?cursor={listed['next_cursor']}")
    assert [one["id"] for one in rest["items"]] == ["text-expansion"]


async def test_a_processor_is_switched_on_changed_and_dropped(client: AsyncTestClient[Litestar]) -> None:
    new = {"processor_id": "text-expansion", "settings": {"style": "noir"}}
    made = await sent(client, "POST", "/instances", new, status=201)
    again = await sent(client, "POST", "/instances", new, status=409)
    assert again["reason"] == "already_there"
    off = await sent(client, "PATCH", f"/instances/{made['id']}", {"enabled": False})
    assert (off["enabled"], off["settings"]) == (False, {"style": "noir"})
    assert (await sent(client, "GET", "/instances"))["items"] == [off]
    assert (await sent(client, "GET", "/instances", by="bo"))["items"] == []
    await sent(client, "DELETE", f"/instances/{made['id']}", status=204)
    await sent(client, "DELETE", f"/instances/{made['id']}", status=404)


async def test_runs_are_requested_found_cancelled_and_retried(
    client: AsyncTestClient[Litestar], service: Service
) -> None:
    blob = service.state.keep(a_blob("user-ana"))
    asked = {"processor_id": "text-expansion", "blob_ids": [blob.id]}
    (run,) = (await sent(client, "POST", "/runs", asked, status=201))["items"]
    assert await sent(client, "GET", f"/runs/{run['id']}") == run
    assert (await sent(client, "GET", f"/runs?status=requested&blob_id={blob.id}"))["items"] == [run]
    assert (await sent(client, "POST", f"/runs/{run['id']}/cancel"))["status"] == "cancelled"
    conflict = await sent(client, "POST", f"/runs/{run['id']}/cancel", status=409)
    assert conflict["current"]["id"] == run["id"]
    assert (await sent(client, "POST", f"/runs/{run['id']}/retry"))["status"] == "requested"
    await sent(client, "GET", f"/runs/{run['id']}", by="bo", status=404)


async def test_a_run_has_the_promised_fields(client: AsyncTestClient[Litestar], service: Service) -> None:
    blob = service.state.keep(a_blob("user-ana"))
    asked = {"processor_id": "text-expansion", "blob_ids": [blob.id]}
    (run,) = (await sent(client, "POST", "/runs", asked, status=201))["items"]
    promised = (
        "id user_id processor_id processor_version blob_id blob_revision status attempt progress error "
        "output_blob_ids cost requested_at started_at finished_at"
    )
    assert run.keys() >= set(promised.split())
    assert run["cost"].keys() >= {"model", "input_tokens", "output_tokens", "cached_tokens", "amount", "currency"}


async def test_dead_letters_are_listed_replayed_and_discarded(
    client: AsyncTestClient[Litestar], service: Service, ana: Caller
) -> None:
    for _ in range(2):
        worker, run = await service.claim_run(ana)
        await service.processors.execution.fail(worker, run.id, "Broken.", final=True)
    one, two = (await sent(client, "GET", "/dead"))["items"]
    assert (await sent(client, "POST", f"/dead/{one['id']}/replay"))["status"] == "requested"
    replayed = await sent(client, "POST", f"/dead/{two['id']}/replay", {"data": {"content": "Long enough now."}})
    assert replayed["blob_revision"] == 2
    assert (await sent(client, "GET", "/dead"))["items"] == []
    worker = await service.worker_of(await service.processors.runs.get(ana, replayed["id"]))
    await service.processors.execution.fail(worker, replayed["id"], "Broken again.", final=True)
    await sent(client, "DELETE", f"/dead/{two['id']}", status=204, by="ana")
    await sent(client, "DELETE", f"/dead/{two['id']}", status=404)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/processors", STYLE_ANALYZER | {"colour": "red"}),
        ("POST", "/instances", {"processor_id": "text-expansion", "buckets": []}),
        ("POST", "/instances", {"processor_id": "text-expansion", "settings": {"ratio": 50}}),
        ("POST", "/runs", {"processor_id": "text-expansion"}),
        ("POST", "/runs", {"processor_id": "text-expansion", "blob_id": "blob-1"}),
        ("GET", "/runs?status=asleep", None),
        ("GET", "/runs?state=running", None),
        ("GET", "/runs?limit=0", None),
        ("GET", "/runs?cursor=nonsense", None),
    ],
)
async def test_what_does_not_fit_is_refused_as_a_problem(
    client: AsyncTestClient[Litestar], method: str, path: str, body: Any
) -> None:
    by = "house" if path == "/processors" else "ana"
    problem = await sent(client, method, path, body, by=by, status=422)
    assert problem["code"] == "invalid"
    assert problem["errors"][0]["path"].startswith("/")


async def test_a_user_registers_and_removes_a_processor_of_their_own(client: AsyncTestClient[Litestar]) -> None:
    made = await sent(client, "POST", "/processors", STYLE_ANALYZER, status=201)
    assert (made["scope"], made["user_id"]) == ("user", "user-ana")
    assert (await sent(client, "GET", "/processors/style-analyzer")).items() >= made.items()
    listed = (await sent(client, "GET", "/processors"))["items"]
    assert [(one["id"], one["scope"]) for one in listed] == [("style-analyzer", "user"), ("text-expansion", "system")]
    for method in ("GET", "DELETE"):
        await sent(client, method, "/processors/style-analyzer", by="bo", status=404)
    await sent(client, "DELETE", "/processors/text-expansion", status=403)
    await sent(client, "DELETE", "/processors/style-analyzer", status=204)
    await sent(client, "GET", "/processors/style-analyzer", status=404)


async def test_the_id_of_a_processor_of_the_system_is_taken(client: AsyncTestClient[Litestar]) -> None:
    problem = await sent(client, "POST", "/processors", STYLE_ANALYZER | {"id": "text-expansion"}, status=409)
    assert problem["detail"] == "The id text-expansion belongs to a processor of the system; choose another."


async def test_a_stranger_may_do_nothing(client: AsyncTestClient[Litestar]) -> None:
    await sent(client, "POST", "/processors", STYLE_ANALYZER, by="stranger", status=401)
    await sent(client, "GET", "/runs", by="stranger", status=401)


async def test_costs_are_listed_and_a_cap_is_set_shown_and_removed(
    client: AsyncTestClient[Litestar], service: Service, ana: Caller
) -> None:
    worker, run = await service.claim_run(ana)
    use = ModelUse(model="big", calls=1, input_tokens=10)
    await service.processors.costs.report(worker, run.id, CostReport(attempt="a", models=(use,)))
    for by, key in (("day", "day"), ("processor", "processor_id"), ("model", "model")):
        page = await sent(client, "GET", f"/costs?by={by}&since=2020-01-01&until=2100-01-01")
        assert (page["total"]["calls"], page["next_cursor"]) == (1, None)
        assert {name for name in ("day", "processor_id", "model") if page["items"][0][name] is not None} == {key}
    assert (await sent(client, "GET", "/costs"))["items"][0]["day"] is not None
    assert (await sent(client, "GET", "/costs", by="bo"))["items"] == []
    await sent(client, "GET", "/costs?by=colour", status=422)
    await sent(client, "GET", "/costs?since=yesterday", status=422)

    assert (await sent(client, "GET", "/me/spending-cap"))["amount"] is None
    for amount in ("20", 20, 20.0):
        assert (await sent(client, "PUT", "/me/spending-cap", {"amount": amount}))["amount"] == "20.00"
    await sent(client, "PUT", "/me/spending-cap", {"amount": "1", "currency": "EUR"}, status=422)
    assert (await sent(client, "GET", "/me/spending-cap", by="bo"))["amount"] is None
    await sent(client, "DELETE", "/me/spending-cap", status=204)
    await sent(client, "DELETE", "/me/spending-cap", status=404)
