"""The costs of an attempt: whatever its end, what it has used is reported; below a cap each call is reserved first."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from reyna.domain.costs.cost import CostReport, Price
from reyna.domain.costs.spending import CallReservation
from reyna.domain.errors import SpendingCapReached, UnknownPrice, Unserved
from reyna.ports.language import Completion, Prompt
from reyna.sdk import Blob, Context, Retry
from reyna.sdk.language.attempt_costs import AttemptCosts, most_tokens_of
from reyna.sdk.language.metered import MeteredLanguage
from tests.sdk.conftest import Stage
from tests.sdk.services_in_memory import cancel, publish_work

PROMPT = Prompt(system="Be kind.", user="Hello!", max_tokens=50)


class Model:
    """Answers everything alike, and counts its calls."""

    calls = 0

    async def complete(self, prompt: Prompt) -> Completion:
        self.calls += 1
        return Completion(text="Hi.", model="m", input_tokens=10, output_tokens=3, cached_tokens=4)

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Completion]:
        yield "Hi."
        yield await self.complete(prompt)


async def ask(blob: Blob, context: Context[Any]) -> Any:
    await context.language.complete(PROMPT)
    return {"content": "done"}


async def the_report(stage: Stage) -> tuple[str | None, int, int, int, int]:
    (use,) = (await stage.services.wait_for_call("report")).models
    return use.model, use.calls, use.input_tokens, use.output_tokens, use.cached_tokens


async def test_a_completed_attempt_is_reported_before_it_is_completed(stage: Stage) -> None:
    await stage.start_worker(ask, language=Model())
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert await the_report(stage) == ("m", 1, 10, 3, 4)
    verbs = [verb for verb, _ in stage.services.calls.items]
    assert verbs.index("report") < verbs.index("complete")
    assert "reserve" not in verbs


async def test_an_attempt_without_a_call_reports_nothing(stage: Stage) -> None:
    async def idle(blob: Blob, context: Context[Any]) -> Any:
        return {"content": "done"}

    await stage.start_worker(idle, language=Model())
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert "report" not in {verb for verb, _ in stage.services.calls.items}


@pytest.mark.parametrize("error", [Retry(after=7), RuntimeError("broken"), ValueError("worse")])
async def test_an_attempt_that_ends_otherwise_is_reported_too(stage: Stage, error: Exception) -> None:
    async def ask_and_break(blob: Blob, context: Context[Any]) -> Any:
        await context.language.complete(PROMPT)
        raise error

    await stage.start_worker(ask_and_break, language=Model())
    await publish_work(stage.bus, stage.work)
    assert await the_report(stage) == ("m", 1, 10, 3, 4)


async def test_a_cancelled_attempt_is_reported_too(stage: Stage) -> None:
    called = asyncio.Event()

    async def ask_and_wait(blob: Blob, context: Context[Any]) -> Any:
        await context.language.complete(PROMPT)
        called.set()
        await asyncio.Event().wait()

    await stage.start_worker(ask_and_wait, language=Model())
    await publish_work(stage.bus, stage.work)
    await called.wait()
    await cancel(stage.bus, stage.work)
    assert await the_report(stage) == ("m", 1, 10, 3, 4)


async def test_a_capped_call_is_reserved_first_and_settled_after_it(stage: Stage) -> None:
    stage.services.has_spending_cap = True
    await stage.start_worker(ask, language=Model())
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    reserved: CallReservation = await stage.services.wait_for_call("reserve")
    assert (reserved.input_tokens, reserved.max_tokens) == (most_tokens_of(PROMPT), 50)
    report: CostReport = await stage.services.wait_for_call("report")
    assert report.settles == (reserved.id,)


@pytest.mark.parametrize("refusal", [SpendingCapReached(), UnknownPrice()])
async def test_a_call_that_the_cap_does_not_allow_is_never_made_and_the_run_is_refused(
    stage: Stage, refusal: Exception
) -> None:
    model, stage.services.has_spending_cap = Model(), True
    stage.services.errors["reserve"] = refusal
    await stage.start_worker(ask, language=model)
    await publish_work(stage.bus, stage.work)
    assert "cap" in await stage.services.wait_for_call("refuse")
    assert model.calls == 0
    assert "fail" not in {verb for verb, _ in stage.services.calls.items}


class Calls:
    """The calls of an attempt, of which the first reports fail."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.reports: list[CostReport] = []

    async def reserve_call(self, call: CallReservation) -> None: ...

    async def report_costs(self, report: CostReport) -> None:
        if self.failures:
            self.failures -= 1
            raise Unserved("The processor service cannot be reached.")
        self.reports.append(report)


async def rest(seconds: float) -> None: ...


async def test_a_report_is_tried_again_while_the_service_is_away() -> None:
    calls = Calls(failures=3)
    costs = AttemptCosts(calls, sleep=rest)
    await MeteredLanguage(Model(), costs).complete(PROMPT)
    await costs.finish()
    await costs.finish()
    assert len(calls.reports) == 1


async def test_a_stream_is_settled_also_when_it_is_broken_off() -> None:
    calls = Calls()
    costs = AttemptCosts(calls, has_cap=True)
    stream = MeteredLanguage(Model(), costs).stream(PROMPT)
    assert await anext(stream) == "Hi."
    await stream.aclose()
    await costs.finish()
    (report,) = calls.reports
    assert (len(report.settles), report.models[0].calls, report.models[0].output_tokens) == (1, 1, 1)


async def test_a_long_attempt_reports_from_time_to_time() -> None:
    calls = Calls()
    costs = AttemptCosts(calls, interval=0)
    language = MeteredLanguage(Model(), costs)
    await language.complete(PROMPT)
    await asyncio.sleep(0)
    await language.complete(PROMPT)
    await costs.finish()
    assert [report.models[0].calls for report in calls.reports][-1] == 2
    assert len({report.attempt for report in calls.reports}) == 1


async def test_a_worker_that_pays_its_model_says_what_it_cost() -> None:
    calls = Calls()
    costs = AttemptCosts(calls, price=Price(1, 2))
    await MeteredLanguage(Model(), costs).complete(PROMPT)
    await costs.finish()
    assert calls.reports[0].models[0].amount == "0.000016"


def test_a_prompt_is_reserved_with_more_tokens_than_it_has() -> None:
    english = Prompt(system="", user="word " * 1_000, max_tokens=1)
    assert most_tokens_of(english) > 1_250
