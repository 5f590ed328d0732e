"""Two copies of the service on one PostgreSQL: neither the cap nor the counting of costs loses a race."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from reyna.adapters.postgres.migrations import migrate
from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.store import PostgresStore
from reyna.domain.caller import Caller
from reyna.domain.costs.cost import CostReport, ModelUse, Price
from reyna.domain.costs.spending import CallReservation, NewSpendingCap
from reyna.domain.errors import SpendingCapReached
from reyna.ports.prices import PricedModel
from reyna.services.processors.records import COLLECTIONS
from tests.services.processors.neighbours import list_events
from tests.services.processors.service_in_memory import Service

USE = ModelUse(model="big", calls=1, input_tokens=1_000_000)


@pytest.fixture
async def stored_service(database_url: str) -> AsyncIterator[Service]:
    """The service on PostgreSQL, whose model costs one US dollar for a million tokens."""
    await migrate(database_url)
    pool = await open_pool(database_url)
    store = PostgresStore(pool, "processors", COLLECTIONS)
    await store.verify()
    service = Service(store=store)
    service.models.system = PricedModel(
        provider="openai", url="https://model.example/v1", model="big", price=Price(1, 1)
    )
    await service.register()
    yield service
    await pool.close()


async def test_a_hundred_parallel_calls_never_exceed_the_cap(stored_service: Service, ana: Caller, bo: Caller) -> None:
    copies = stored_service.processors, stored_service.new_copy()
    worker, run = await stored_service.claim_run(ana)
    theirs, their_run = await stored_service.claim_run(bo)
    for user in (ana, bo):
        await copies[0].spending.set_cap(user, NewSpendingCap(amount=7 if user == ana else 100))

    async def reserve(number: int) -> None:
        call = CallReservation(id=f"call-{number}", input_tokens=999_999, max_tokens=1)
        await copies[number % 2].spending.reserve(worker, run.id, call)

    results = await asyncio.gather(*(reserve(number) for number in range(100)), return_exceptions=True)
    assert results.count(None) == 7
    assert sum(isinstance(result, SpendingCapReached) for result in results) == 93
    shown = await copies[1].spending.get_cap(ana)
    assert (shown.reserved, shown.left) == ("7.00", "0.00")
    assert len(await list_events(stored_service.store, "quota.exceeded")) == 1
    call = CallReservation(id="call-1", input_tokens=1_000_000, max_tokens=0)
    await copies[0].spending.reserve(theirs, their_run.id, call)
    assert (await copies[0].spending.get_cap(bo)).reserved == "1.00"


async def test_reports_of_two_copies_all_count_once(stored_service: Service, ana: Caller) -> None:
    copies = stored_service.processors.costs, stored_service.new_copy().costs
    workers = [(await stored_service.claim_run(ana))[0] for _ in range(10)]
    reports = [
        copies[number % 2].report(worker, worker.run_id or "", CostReport(attempt="a", models=(USE,)))
        for worker in workers
        for number in range(4)
    ]
    await asyncio.gather(*reports)
    page = await copies[0].list(ana)
    assert (page.total.calls, page.total.amount) == (10, "10.00")
    assert (await stored_service.processors.spending.get_cap(ana)).spent == "10.00"
