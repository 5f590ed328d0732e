"""The spending cap: a call is reserved before it is made, and settled after it; no number of calls exceeds the cap."""

import asyncio
from datetime import timedelta

import pytest

from reyna.domain.caller import Caller
from reyna.domain.costs.cost import CostReport, ModelUse, Price
from reyna.domain.costs.spending import CallReservation, NewSpendingCap
from reyna.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    SpendingCapReached,
    UnknownPrice,
)
from reyna.domain.requests.precondition import IfMatch
from reyna.ports.prices import PricedModel
from tests.services.processors.neighbours import list_events
from tests.services.processors.service_in_memory import Service

ANA, BO = Caller(user_id="user-ana"), Caller(user_id="user-bo")
CALL_DOLLARS = "1.00"  # of the worst case of a call below


@pytest.fixture
def priced(service: Service) -> Service:
    service.models.system = PricedModel(
        provider="openai", url="https://model.example/v1", model="big", price=Price(1, 1)
    )
    return service


def a_call(id: str = "call-1") -> CallReservation:
    return CallReservation(id=id, input_tokens=600_000, max_tokens=400_000)


async def reserve(service: Service, worker: Caller, id: str = "call-1") -> None:
    assert worker.run_id is not None
    await service.processors.spending.reserve(worker, worker.run_id, a_call(id))


async def settle(service: Service, worker: Caller, *ids: str, tokens: int = 0) -> None:
    assert worker.run_id is not None
    use = ModelUse(model="big", calls=len(ids), input_tokens=tokens)
    await service.processors.costs.report(worker, worker.run_id, CostReport(attempt="a", models=(use,), settles=ids))


async def set_cap(service: Service, amount: str | float, user: Caller = ANA) -> None:
    await service.processors.spending.set_cap(user, NewSpendingCap(amount=amount))


async def test_a_hundred_parallel_calls_never_exceed_the_cap(priced: Service) -> None:
    await set_cap(priced, 7)
    worker, _ = await priced.claim_run(ANA)
    calls = [reserve(priced, worker, f"call-{number}") for number in range(100)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert results.count(None) == 7
    assert sum(isinstance(result, SpendingCapReached) for result in results) == 93
    shown = await priced.processors.spending.get_cap(ANA)
    assert (shown.amount, shown.spent, shown.reserved, shown.left) == ("7.00", "0.00", "7.00", "0.00")
    assert len(await list_events(priced.store, "quota.exceeded")) == 1


async def test_a_settled_call_counts_with_what_it_really_cost(priced: Service) -> None:
    await set_cap(priced, "1.5")
    worker, _ = await priced.claim_run(ANA)
    await reserve(priced, worker)
    with pytest.raises(SpendingCapReached):
        await reserve(priced, worker, "call-2")
    await settle(priced, worker, "call-1", tokens=200_000)
    await settle(priced, worker, "call-1", tokens=200_000)
    shown = await priced.processors.spending.get_cap(ANA)
    assert (shown.spent, shown.reserved, shown.left) == ("0.20", "0.00", "1.30")
    await reserve(priced, worker, "call-2")


async def test_a_call_that_is_reserved_twice_is_reserved_once(priced: Service) -> None:
    await set_cap(priced, 5)
    worker, _ = await priced.claim_run(ANA)
    await reserve(priced, worker)
    await reserve(priced, worker)
    assert (await priced.processors.spending.get_cap(ANA)).reserved == CALL_DOLLARS


async def test_the_reservation_of_a_worker_that_died_is_released(priced: Service) -> None:
    await set_cap(priced, 1)
    worker, _ = await priced.claim_run(ANA)
    await reserve(priced, worker)
    priced.clock.now += timedelta(minutes=29)
    with pytest.raises(SpendingCapReached):
        await reserve(priced, worker, "call-2")
    priced.clock.now += timedelta(minutes=2)
    await reserve(priced, worker, "call-2")
    assert (await priced.processors.spending.get_cap(ANA)).reserved == CALL_DOLLARS


async def test_what_was_spent_before_the_cap_was_set_counts(priced: Service) -> None:
    worker, _ = await priced.claim_run(ANA)
    await settle(priced, worker, tokens=900_000)
    await set_cap(priced, 1)
    with pytest.raises(SpendingCapReached, match=r"1\.00 US dollars.*0\.90 are spent.*Raise the cap, or wait"):
        await reserve(priced, worker)


async def test_a_new_month_begins_at_nothing(priced: Service) -> None:
    await set_cap(priced, 1)
    worker, _ = await priced.claim_run(ANA)
    await settle(priced, worker, tokens=1_000_000)
    shown = await priced.processors.spending.get_cap(ANA)
    priced.clock.now = shown.ends_at
    await reserve(priced, worker)


async def test_without_a_cap_nothing_is_reserved(priced: Service) -> None:
    worker, run = await priced.claim_run(ANA)
    assert not run.has_spending_cap
    await reserve(priced, worker)
    shown = await priced.processors.spending.get_cap(ANA)
    assert (shown.amount, shown.reserved, shown.left) == (None, "0.00", None)


async def test_a_claim_says_that_calls_are_to_be_reserved(priced: Service) -> None:
    other = priced.new_copy()
    await set_cap(priced, 1)
    assert (await priced.claim_run(ANA))[1].has_spending_cap
    assert not (await priced.claim_run(BO))[1].has_spending_cap
    assert await other.spending.has_cap(ANA.user_id)
    await priced.processors.spending.remove_cap(ANA)
    assert not (await priced.claim_run(ANA))[1].has_spending_cap
    other.cap_cache.invalidate(ANA.user_id)
    assert not await other.spending.has_cap(ANA.user_id)


async def test_a_higher_cap_lets_calls_through_and_its_end_is_told_again(priced: Service) -> None:
    await set_cap(priced, 1)
    worker, _ = await priced.claim_run(ANA)
    await reserve(priced, worker)
    for _ in range(3):
        with pytest.raises(SpendingCapReached):
            await reserve(priced, worker, "call-2")
    await set_cap(priced, 2)
    await reserve(priced, worker, "call-2")
    with pytest.raises(SpendingCapReached):
        await reserve(priced, worker, "call-3")
    first, second = await list_events(priced.store, "quota.exceeded")
    assert (first.data["what"], first.data["used"], first.data["allowed"]) == ("spending", "1.00", "1.00")
    assert (second.userid, second.data["allowed"]) == (ANA.user_id, "2.00")


async def test_a_model_without_a_known_price_is_not_called_below_a_cap(priced: Service) -> None:
    await set_cap(priced, 100)
    worker, _ = await priced.claim_run(ANA)
    priced.models.system = PricedModel(provider="openai", url="https://model.example/v1", model="big")
    with pytest.raises(UnknownPrice, match="Set a price, or remove the cap"):
        await reserve(priced, worker)


async def test_a_free_model_is_called_below_any_cap(service: Service) -> None:
    await set_cap(service, 0)
    worker, _ = await service.claim_run(ANA)
    await reserve(service, worker)


async def test_the_cap_of_ana_is_not_bos(priced: Service) -> None:
    await set_cap(priced, 0)
    theirs, _ = await priced.claim_run(BO)
    await reserve(priced, theirs)
    assert (await priced.processors.spending.get_cap(BO)).amount is None
    mine, run = await priced.claim_run(ANA)
    with pytest.raises(Forbidden):
        await priced.processors.spending.reserve(theirs, run.id, a_call())
    await set_cap(priced, 5)
    await reserve(priced, mine, "call-of-ana")
    await settle(priced, theirs, "call-of-ana")
    assert (await priced.processors.spending.get_cap(ANA)).reserved == CALL_DOLLARS


async def test_a_run_that_has_ended_reserves_nothing(priced: Service) -> None:
    await set_cap(priced, 5)
    worker, run = await priced.claim_run(ANA)
    await priced.processors.runs.cancel(ANA, run.id)
    with pytest.raises(Conflict):
        await reserve(priced, worker)


async def test_a_cap_is_set_on_condition_and_removed_once(priced: Service) -> None:
    spending = priced.processors.spending
    await set_cap(priced, 5)
    with pytest.raises(PreconditionFailed):
        await spending.set_cap(ANA, NewSpendingCap(amount=6), if_match=IfMatch((7,)))
    assert (await spending.set_cap(ANA, NewSpendingCap(amount=6), if_match=IfMatch((1,)))).revision == 2
    await spending.remove_cap(ANA)
    with pytest.raises(NotFound):
        await spending.remove_cap(ANA)
    events = await list_events(priced.store, "spending-cap.changed")
    assert [event.data.get("dropped") for event in events] == [None, None, True]


@pytest.mark.parametrize("amount", ["-1", "much", "NaN", 1e30])
async def test_what_is_no_amount_is_no_cap(service: Service, amount: str | float) -> None:
    with pytest.raises(Invalid):
        await set_cap(service, amount)


async def test_a_processor_does_not_change_the_cap_of_its_user(priced: Service) -> None:
    worker, _ = await priced.claim_run(ANA)
    with pytest.raises(Forbidden):
        await priced.processors.spending.set_cap(worker, NewSpendingCap(amount=9))
    with pytest.raises(Forbidden):
        await priced.processors.spending.remove_cap(worker)
