"""Costs of runs: counted once for the run, the day, the processor and the model, however the run ends."""

import asyncio
from datetime import date, timedelta

import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.costs.cost import MAX_COUNT, CostReport, ModelUse, Price
from reyna.domain.errors import Forbidden, Invalid
from reyna.domain.processing.run import Cost, NewRuns, Run
from reyna.ports.prices import PricedModel
from reyna.services.processors.costs.cost_counting import MAX_KEPT_ATTEMPTS
from tests.services.processors.neighbours import NOON, a_blob
from tests.services.processors.service_in_memory import Service

ANA, BO = Caller(user_id="user-ana"), Caller(user_id="user-bo")
BIG, SMALL = ModelUse(model="big", calls=1, input_tokens=1_000, output_tokens=100), ModelUse(model="small", calls=2)
TODAY = NOON.date().isoformat()


@pytest.fixture
def priced(service: Service) -> Service:
    """The model of the installation costs 2 and 10 US dollars for a million tokens."""
    service.models.system = PricedModel(
        provider="openai", url="https://model.example/v1", model="big", price=Price(2, 10)
    )
    return service


async def report(service: Service, worker: Caller, *models: ModelUse, attempt: str = "attempt-1") -> Run:
    assert worker.run_id is not None
    return await service.processors.costs.report(worker, worker.run_id, CostReport(attempt=attempt, models=models))


async def test_a_report_that_is_sent_twice_counts_once(priced: Service) -> None:
    worker, _ = await priced.claim_run(ANA)
    await report(priced, worker, BIG)
    run = await report(priced, worker, BIG)
    assert (run.cost.input_tokens, run.cost.output_tokens, run.cost.amount) == (1_000, 100, "0.003")
    run = await report(priced, worker, BIG.plus(BIG))
    assert (run.cost.input_tokens, run.cost.amount) == (2_000, "0.006")
    assert (await priced.processors.costs.list(ANA)).total.amount == "0.006"


async def test_every_attempt_counts_also_of_a_run_that_fails_or_is_cancelled(priced: Service) -> None:
    worker, run = await priced.claim_run(ANA)
    await report(priced, worker, BIG, attempt="attempt-1")
    await priced.processors.execution.fail(worker, run.id, "broken", final=False)
    await report(priced, worker, BIG, attempt="attempt-2")
    await priced.processors.runs.cancel(ANA, run.id)
    ended = await report(priced, worker, BIG, attempt="attempt-3")
    assert (ended.status, ended.cost.input_tokens, ended.cost.amount) == ("cancelled", 3_000, "0.009")
    assert (await priced.processors.costs.list(ANA)).total.calls == 3


async def test_a_run_keeps_two_models_apart(priced: Service) -> None:
    worker, _ = await priced.claim_run(ANA)
    run = await report(priced, worker, BIG, SMALL)
    assert [(use.model, use.calls) for use in run.cost.models] == [("big", 1), ("small", 2)]
    by_model = await priced.processors.costs.list(ANA, by="model")
    assert [(one.model, one.calls) for one in by_model.items] == [("big", 1), ("small", 2)]


async def test_an_unknown_price_is_said_to_be_unknown(service: Service) -> None:
    service.models.system = PricedModel(provider="openai", url="https://model.example/v1", model="big")
    worker, _ = await service.claim_run(ANA)
    run = await report(service, worker, BIG)
    assert (run.cost.input_tokens, run.cost.amount) == (1_000, None)
    total = (await service.processors.costs.list(ANA)).total
    assert (total.amount, total.unpriced_tokens) == (None, 1_100)


async def test_the_embedded_model_costs_nothing(service: Service) -> None:
    worker, _ = await service.claim_run(ANA)
    assert (await report(service, worker, BIG)).cost.amount == "0.00"


async def test_a_cost_that_comes_with_the_outputs_alone_counts_once(priced: Service) -> None:
    worker, run = await priced.claim_run(ANA)
    for _ in range(2):
        done = await priced.processors.execution.complete(
            worker, run.id, [], Cost(model="big", input_tokens=1_000, output_tokens=100)
        )
    assert done.cost.amount == "0.003"
    assert (await priced.processors.costs.list(ANA)).total.input_tokens == 1_000


async def test_a_cost_that_was_reported_does_not_count_again_with_the_outputs(priced: Service) -> None:
    worker, run = await priced.claim_run(ANA)
    await report(priced, worker, BIG)
    done = await priced.processors.execution.complete(worker, run.id, [], Cost(model="big", input_tokens=1_000))
    assert (done.status, done.cost.input_tokens) == ("completed", 1_000)


async def test_the_worker_of_a_users_own_processor_says_what_its_models_cost(service: Service) -> None:
    await service.register_own(ANA)
    worker = await own_worker(service)
    said = ModelUse(model="mine", calls=1, input_tokens=10, amount="0.25")
    assert (await report(service, worker, said)).cost.amount == "0.25"
    more = ModelUse(model="mine", calls=2, input_tokens=20, amount="0.40")
    assert (await report(service, worker, more)).cost.amount == "0.40"
    assert (await service.processors.costs.list(ANA, by="processor")).items[0].amount == "0.40"


async def own_worker(service: Service) -> Caller:

    blob = service.state.keep(a_blob(ANA.user_id))
    (run,) = await service.processors.runs.request(ANA, NewRuns(processor_id="shouting", blob_ids=(blob.id,)))
    return Caller(user_id=ANA.user_id, kind="processor", processor_id="shouting", run_id=run.id)


async def test_nobody_sees_the_costs_of_others_and_only_the_worker_of_a_run_reports(priced: Service) -> None:
    worker, run = await priced.claim_run(ANA)
    await report(priced, worker, BIG)
    theirs, _ = await priced.claim_run(BO)
    for caller in (ANA, BO, theirs):
        with pytest.raises(Forbidden):
            await priced.processors.costs.report(caller, run.id, CostReport(attempt="a", models=(BIG,)))
    page = await priced.processors.costs.list(BO)
    assert (page.items, page.total.calls) == ((), 0)


async def test_many_reports_at_once_all_count(priced: Service) -> None:
    workers = [(await priced.claim_run(ANA))[0] for _ in range(30)]
    copies = [priced.processors.costs, priced.new_copy().costs]
    await asyncio.gather(
        *(
            copies[number % 2].report(worker, worker.run_id or "", CostReport(attempt="a", models=(BIG,)))
            for number, worker in enumerate(workers)
        )
    )
    assert (await priced.processors.costs.list(ANA)).total.calls == 30


async def test_a_long_history_comes_in_pages_with_the_total_of_all(priced: Service) -> None:
    worker, _ = await priced.claim_run(ANA)
    for number in range(7):
        await report(priced, worker, BIG, attempt=f"attempt-{number}")
        priced.clock.now += timedelta(days=1)
    days, cursor = [], None
    while True:
        page = await priced.processors.costs.list(ANA, limit=3, cursor=cursor)
        days += [item.day for item in page.items]
        assert page.total.calls == 7
        if (cursor := page.next_cursor) is None:
            break
    assert days == [(NOON.date() + timedelta(days=number)).isoformat() for number in reversed(range(7))]


async def test_the_first_and_the_last_day_are_included(priced: Service) -> None:
    worker, _ = await priced.claim_run(ANA)
    for number in range(4):
        await report(priced, worker, BIG, attempt=f"attempt-{number}")
        priced.clock.now += timedelta(days=1)
    second = NOON.date() + timedelta(days=1)
    page = await priced.processors.costs.list(ANA, by="processor", since=second, until=second + timedelta(days=1))
    assert [(item.processor_id, item.calls) for item in page.items] == [("text-expansion", 2)]
    with pytest.raises(Invalid):
        await priced.processors.costs.list(ANA, since=second, until=date.min)


async def test_a_run_is_readable_whatever_its_attempts_add_up_to(priced: Service) -> None:
    worker, run = await priced.claim_run(ANA)
    most = ModelUse(model="big", input_tokens=MAX_COUNT)
    for number in range(3):
        await report(priced, worker, most, most, attempt=f"attempt-{number}")
    found = await priced.processors.runs.get(ANA, run.id)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Run) == found
    assert found.cost.input_tokens == 6 * MAX_COUNT


@pytest.mark.parametrize("use", [ModelUse(input_tokens=MAX_COUNT + 1), ModelUse(calls=-1), ModelUse(model="m" * 201)])
async def test_a_report_out_of_bounds_is_refused(priced: Service, use: ModelUse) -> None:
    worker, _ = await priced.claim_run(ANA)
    with pytest.raises(Invalid) as refused:
        await report(priced, worker, use)
    assert refused.value.errors[0].path.startswith("/models/0/")


async def test_what_a_worker_says_with_its_outputs_is_kept_within_bounds(priced: Service) -> None:
    worker, run = await priced.claim_run(ANA)
    cost = Cost(model="m" * 300, input_tokens=10**15, output_tokens=-1, amount="much")
    done = await priced.processors.execution.complete(worker, run.id, [], cost)
    assert (done.cost.model, done.cost.input_tokens, done.cost.output_tokens) == ("m" * 200, MAX_COUNT, 0)


async def test_of_very_many_attempts_the_oldest_are_kept_as_one_sum(priced: Service) -> None:
    worker, _ = await priced.claim_run(ANA)
    for number in range(MAX_KEPT_ATTEMPTS + 20):
        run = await report(priced, worker, BIG, attempt=f"attempt-{number}")
    assert len(run.attempt_costs) == MAX_KEPT_ATTEMPTS + 1
    assert run.cost.input_tokens == (MAX_KEPT_ATTEMPTS + 20) * 1_000
