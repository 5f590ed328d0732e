"""A worker over HTTPS keeps to what is left of its user's spending cap, for all its runs together."""

import pytest

from reyna.domain.costs.cost import CostReport, ModelUse, Price
from reyna.domain.costs.spending import Budget, CallReservation
from reyna.domain.errors import CannotStart, SpendingCapReached
from reyna.sdk.command.running import price_of_model
from reyna.sdk.rest.budgets import WorkerBudgets

DOLLAR_A_MILLION = Price(1.0, 1.0)
ANA = "user-ana"


def call(id: str, tokens: int = 1_000_000) -> CallReservation:
    return CallReservation(id=id, input_tokens=tokens, max_tokens=0)


def report(*settled: str, attempt: str = "attempt-1", amount: str = "0.50") -> CostReport:
    use = ModelUse(model="m", calls=1, input_tokens=500_000, amount=amount)
    return CostReport(attempt=attempt, models=(use,), settles=settled)


def test_calls_at_a_time_share_what_is_left() -> None:
    budgets = WorkerBudgets(DOLLAR_A_MILLION)
    budgets.begin(ANA, Budget(amount="2.50"))
    budgets.reserve(ANA, call("one"))
    budgets.begin(ANA, Budget(amount="2.50"))  # the claim of another run
    budgets.reserve(ANA, call("two"))
    with pytest.raises(SpendingCapReached, match=r"0\.50 US dollars are left"):
        budgets.reserve(ANA, call("three"))
    budgets.reserve("user-bo", call("of bo"))


def test_what_a_call_did_not_use_is_there_again() -> None:
    budgets = WorkerBudgets(DOLLAR_A_MILLION)
    budgets.begin(ANA, Budget(amount="1.60"))
    budgets.reserve(ANA, call("one"))
    budgets.settle(ANA, report("one"))
    budgets.reserve(ANA, call("two"))
    budgets.settle(ANA, report("two", amount="1.50"))
    with pytest.raises(SpendingCapReached):
        budgets.reserve(ANA, call("three", 100_001))
    budgets.reserve(ANA, call("four", 100_000))


def test_without_a_cap_or_a_price_nothing_is_held_back() -> None:
    budgets = WorkerBudgets(DOLLAR_A_MILLION)
    budgets.begin(ANA, Budget(amount="0.00"))
    budgets.begin(ANA, None)
    budgets.reserve(ANA, call("one"))
    unpriced = WorkerBudgets(None)
    unpriced.begin(ANA, Budget(amount="0.00"))
    unpriced.reserve(ANA, call("one"))


def test_the_price_is_that_of_the_environment() -> None:
    prices = {"REYNA_LLM_PRICE_INPUT": "0.5", "REYNA_LLM_PRICE_OUTPUT": "2"}
    assert price_of_model({}) is None
    assert price_of_model(prices) == Price(0.5, 2.0)
    for wrong in ({"REYNA_LLM_PRICE_INPUT": "1"}, prices | {"REYNA_LLM_PRICE_INPUT": "-1"}):
        with pytest.raises(CannotStart, match="REYNA_LLM_PRICE"):
            price_of_model(wrong)
