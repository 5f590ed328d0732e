"""Before a run: what it will send, by the word of a live worker, and what many of them will use and cost."""

from typing import Any

import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.costs.cost import Price
from reyna.domain.errors import Forbidden, Invalid, NotFound
from reyna.domain.processing.batch import RunRequest
from reyna.domain.processing.prompts.estimate import EstimatedCost, RehearsalReport, RehearsalRequest, TokenEstimate
from reyna.domain.processing.prompts.prompt import CountedPart, RunPrompt
from reyna.domain.processing.run import Cost, NewRuns, Output
from reyna.ports.bus import RpcReply
from reyna.ports.prices import PricedModel
from tests.services.processors.neighbours import a_blob
from tests.services.processors.service_in_memory import Service

TOKENS = TokenEstimate(input_tokens=100, output_tokens=400, calls=2)
PART = CountedPart(text="Write.", source="instruction", tokens=2, characters=6)
PROMPT = RunPrompt(number=1, state="planned", parts=(PART,), max_tokens=10, temperature=0.5, input_tokens=2)


class Worker:
    """Answers every rehearsal with this report; `asked` are the requests."""

    def __init__(self, service: Service, **report: Any) -> None:
        self.asked: list[RehearsalRequest] = []
        self._report = RehearsalReport(**report)
        service.bus.answer = self._answer

    async def _answer(self, body: bytes) -> RpcReply:
        self.asked.append(msgspec.json.decode(body, type=RehearsalRequest))
        return RpcReply(msgspec.json.encode(self._report))


def request_for(service: Service, user: Caller, blobs: int = 1, **other: Any) -> RunRequest:
    ids = tuple(service.state.keep(a_blob(user.user_id)).id for _ in range(blobs))
    return RunRequest(**{"processor_id": "text-expansion", "blob_ids": ids} | other)


async def test_a_run_that_has_not_begun_shows_what_a_worker_says_that_it_will_send(
    service: Service, ana: Caller
) -> None:
    worker = Worker(service, prompts=(PROMPT,))
    run = await service.request_run(ana)
    shown = await service.processors.prompts.get(ana, run.id)
    assert (shown.state, shown.complete) == ("planned", False)
    assert shown.detail == "These are the first prompts; what follows depends on the answers."
    assert [(prompt.parts, prompt.model) for prompt in shown.items] == [((PART,), "small")]
    (asked,) = worker.asked
    assert (asked.blob.id, asked.only_tokens) == (run.blob_id, False)


async def test_the_worker_may_read_for_the_user_and_nothing_else(service: Service, ana: Caller) -> None:
    worker = Worker(service, prompts=(PROMPT,))
    run = await service.request_run(ana)
    await service.processors.prompts.get(ana, run.id)
    reader = msgspec.json.decode(worker.asked[0].token, type=Caller)
    assert (reader.user_id, reader.kind, reader.processor_id) == (ana.user_id, "processor", "text-expansion")
    assert reader.run_id != run.id
    with pytest.raises(Forbidden):
        await service.processors.execution.claim(reader, run.id)
    with pytest.raises(NotFound):
        await service.processors.execution.claim(reader, str(reader.run_id))


async def test_without_a_worker_it_is_said_plainly(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    shown = await service.processors.prompts.get(ana, run.id)
    assert (shown.state, shown.items) == ("unknown", ())
    assert shown.detail == "No worker of Text expansion is running that could say what it will ask a language model."


async def test_a_processor_of_ones_own_is_known_only_after_it_was_sent(service: Service, ana: Caller) -> None:
    worker = Worker(service, prompts=(PROMPT,))
    await service.register_own(ana)
    blob = service.state.keep(a_blob(ana.user_id))
    new = NewRuns(processor_id="shouting", blob_ids=(blob.id,))
    (run,) = await service.processors.runs.request(ana, new)
    shown = await service.processors.prompts.get(ana, run.id)
    assert shown.state == "unknown"
    assert shown.detail is not None
    assert "only after it was sent" in shown.detail
    assert worker.asked == []


async def test_the_tokens_of_many_runs_are_added_up(service: Service, ana: Caller) -> None:
    Worker(service, tokens=TOKENS, complete=True)
    found = await service.processors.estimates.compute(ana, request_for(service, ana, 3))
    assert (found.runs, found.calls, found.input_tokens, found.output_tokens) == (3, 6, 300, 1200)
    assert (found.sampled, found.refused) == (3, 0)


async def test_the_cost_follows_from_the_price_of_the_model(service: Service, ana: Caller) -> None:
    Worker(service, tokens=TOKENS, complete=True)
    free = await service.processors.estimates.compute(ana, request_for(service, ana))
    assert (free.model, free.cost) == ("small", EstimatedCost(amount="0.00", currency="USD"))
    service.models.system = PricedModel(provider="openai", model="big", price=Price(1.0, 2.0))
    priced = await service.processors.estimates.compute(ana, request_for(service, ana, 2))
    assert (priced.model, priced.cost) == ("big", EstimatedCost(amount="0.0018", currency="USD"))
    service.models.system = PricedModel(provider="openai", model="big")
    unknown = await service.processors.estimates.compute(ana, request_for(service, ana))
    assert (unknown.cost, unknown.notes) == (None, ("The price of big is not known.",))


async def test_of_a_pipeline_the_first_processor_is_counted_and_it_says_so(service: Service, ana: Caller) -> None:
    Worker(service, tokens=TOKENS, complete=True)
    await service.register("style-analysis", input_schemas=("expanded-text-v1",), output_schema="style-analysis-v1")
    chain = ("text-expansion", "style-analysis")
    request = request_for(service, ana, 2, processor_id=None, pipeline=chain)
    found = await service.processors.estimates.compute(ana, request)
    assert (found.runs, found.input_tokens) == (2, 200)
    assert found.notes == (
        "Only Text expansion, the first of 2 stages, is estimated; the input of later ones does not exist yet.",
    )


async def test_of_very_many_blobs_some_are_looked_at_and_it_says_so(service: Service, ana: Caller) -> None:
    worker = Worker(service, tokens=TOKENS, complete=True)
    found = await service.processors.estimates.compute(ana, request_for(service, ana, 400))
    assert (found.runs, found.input_tokens, found.sampled, len(worker.asked)) == (400, 40_000, 100, 100)
    assert "Computed from 100 of 400 blobs." in found.notes


async def test_runs_that_would_be_refused_cost_nothing(service: Service, ana: Caller) -> None:
    Worker(service, refused="Too short.")
    found = await service.processors.estimates.compute(ana, request_for(service, ana, 2))
    assert (found.input_tokens, found.refused) == (0, 2)
    assert "2 of the runs are likely to be refused." in found.notes


async def test_a_rehearsal_says_what_its_figures_are_worth(service: Service, ana: Caller) -> None:
    Worker(service, tokens=TOKENS, is_at_most=True)
    found = await service.processors.estimates.compute(ana, request_for(service, ana))
    assert len([note for note in found.notes if "first prompts" in note or "most" in note]) == 2


async def test_without_a_worker_the_last_runs_tell_or_nothing_does(service: Service, ana: Caller, bo: Caller) -> None:
    unknown = await service.processors.estimates.compute(ana, request_for(service, ana))
    assert (unknown.input_tokens, unknown.output_tokens, unknown.cost) == (None, None, None)
    assert unknown.notes
    worker, run = await service.claim_run(ana)
    cost = Cost(model="small", input_tokens=10, output_tokens=30)
    await service.processors.execution.complete(worker, run.id, [Output(data={"expanded": "a"})], cost)
    known = await service.processors.estimates.compute(ana, request_for(service, ana, 2))
    assert (known.input_tokens, known.output_tokens) == (20, 60)
    assert "Estimated from your latest runs of Text expansion (1)." in known.notes
    assert (await service.processors.estimates.compute(bo, request_for(service, bo))).input_tokens is None


async def test_an_estimate_is_refused_as_its_request_would_be(service: Service, ana: Caller, bo: Caller) -> None:
    worker = Worker(service, tokens=TOKENS)
    with pytest.raises(NotFound):
        await service.processors.estimates.compute(bo, request_for(service, ana))
    with pytest.raises(Invalid):
        await service.processors.estimates.compute(ana, request_for(service, ana, settings={"ratio": 50}))
    with pytest.raises(Invalid):
        await service.processors.estimates.compute(ana, RunRequest(processor_id="text-expansion"))
    run = await service.request_run(ana)
    with pytest.raises(Forbidden):
        await service.processors.estimates.compute(await service.worker_of(run), request_for(service, ana))
    assert worker.asked == []
