"""The prompts of runs: kept once however often they are sent, shown to their user alone, and deleted when old."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Forbidden, NotFound, TooLarge
from reyna.domain.processing.prompts.prompt import (
    MAX_PROMPTS_PER_BATCH,
    MAX_PROMPTS_PER_RUN,
    MAX_RUN_CHARACTERS,
    CountedPart,
    NewPrompts,
    RunPrompt,
)
from reyna.domain.processing.run import Run
from tests.services.processors.neighbours import NOON
from tests.services.processors.service_in_memory import Service


@pytest.fixture
async def at_work(service: Service, ana: Caller) -> tuple[Caller, Run]:
    return await service.claim_run(ana)


def a_prompt(number: int = 1, text: str = "Write.", **other: Any) -> RunPrompt:
    part = CountedPart(text=text, source="instruction", tokens=2, characters=len(text))
    plain: dict[str, Any] = {
        "state": "sent",
        "parts": (part,),
        "max_tokens": 10,
        "temperature": 0.5,
        "input_tokens": 2,
        "sent_at": NOON + timedelta(seconds=number),
    }
    return RunPrompt(number=number, **plain | other)


def answered(prompt: RunPrompt, answer: str = "Yes.") -> RunPrompt:
    return replace(prompt, state="answered", answer=answer, answer_characters=len(answer), estimated=False)


def batch(*prompts: RunPrompt, attempt: str = "attempt-1") -> NewPrompts:
    return NewPrompts(attempt_id=attempt, prompts=prompts)


async def test_what_was_sent_is_shown_in_its_order_with_the_attempt(
    service: Service, ana: Caller, at_work: tuple[Caller, Run]
) -> None:
    worker, run = at_work
    kept = await service.processors.prompts.put(worker, run.id, batch(a_prompt(2), a_prompt(1)))
    assert (kept.kept, kept.is_full) == (2, False)
    shown = await service.processors.prompts.get(ana, run.id)
    assert (shown.state, shown.complete, shown.detail) == ("sent", False, None)
    assert [(prompt.number, prompt.attempt) for prompt in shown.items] == [(1, 1), (2, 1)]
    assert shown.items[0].requested_at == run.requested_at


async def test_a_prompt_is_kept_once_and_its_answer_stays(
    service: Service, ana: Caller, at_work: tuple[Caller, Run]
) -> None:
    worker, run = at_work
    for prompt in (a_prompt(), answered(a_prompt()), a_prompt(), answered(a_prompt(), "Another answer.")):
        await service.processors.prompts.put(worker, run.id, batch(prompt))
    (shown,) = (await service.processors.prompts.get(ana, run.id)).items
    assert (shown.state, shown.answer, shown.estimated) == ("answered", "Yes.", False)


async def test_the_prompts_of_every_attempt_are_kept(
    service: Service, ana: Caller, at_work: tuple[Caller, Run]
) -> None:
    worker, run = at_work
    await service.processors.prompts.put(worker, run.id, batch(a_prompt()))
    await service.processors.execution.fail(worker, run.id, "broke", final=False)
    await service.processors.execution.claim(worker, run.id, "another worker")
    later = a_prompt(1, sent_at=NOON + timedelta(minutes=1))
    await service.processors.prompts.put(worker, run.id, batch(later, attempt="attempt-2"))
    shown = await service.processors.prompts.get(ana, run.id)
    assert [prompt.attempt for prompt in shown.items] == [1, 2]


async def test_the_last_prompts_are_kept_when_the_run_has_ended(
    service: Service, ana: Caller, at_work: tuple[Caller, Run]
) -> None:
    worker, run = at_work
    await service.processors.runs.cancel(ana, run.id)
    await service.processors.prompts.put(worker, run.id, batch(a_prompt()))
    shown = await service.processors.prompts.get(ana, run.id)
    assert (len(shown.items), shown.complete) == (1, True)


async def test_only_the_owner_sees_them_and_only_the_worker_of_the_run_stores_them(
    service: Service, ana: Caller, bo: Caller, at_work: tuple[Caller, Run]
) -> None:
    worker, run = at_work
    await service.processors.prompts.put(worker, run.id, batch(a_prompt()))
    with pytest.raises(NotFound):
        await service.processors.prompts.get(bo, run.id)
    other, _ = await service.claim_run(ana)
    with pytest.raises(Forbidden):
        await service.processors.prompts.get(other, run.id)
    for caller in (ana, bo, other):
        with pytest.raises(Forbidden):
            await service.processors.prompts.put(caller, run.id, batch(a_prompt(2)))


async def test_a_run_that_has_not_begun_and_one_without_a_model_say_so(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    waiting = await service.processors.prompts.get(ana, run.id)
    assert (waiting.state, waiting.items) == ("unknown", ())
    worker = await service.worker_of(run)
    await service.processors.execution.claim(worker, run.id)
    begun = await service.processors.prompts.get(ana, run.id)
    assert (begun.state, begun.complete) == ("sent", False)
    await service.processors.execution.refuse(worker, run.id, "Not mine.")
    ended = await service.processors.prompts.get(ana, run.id)
    assert (ended.state, ended.complete) == ("sent", True)
    assert begun.detail and ended.detail and begun.detail != ended.detail


async def test_they_come_in_pages(service: Service, ana: Caller, at_work: tuple[Caller, Run]) -> None:
    worker, run = at_work
    await service.processors.prompts.put(worker, run.id, batch(*map(a_prompt, range(1, 6))))
    first = await service.processors.prompts.get(ana, run.id, limit=3)
    second = await service.processors.prompts.get(ana, run.id, limit=3, cursor=first.next_cursor)
    assert [prompt.number for prompt in (*first.items, *second.items)] == [1, 2, 3, 4, 5]
    assert second.next_cursor is None


async def test_a_run_keeps_so_many_and_says_so(service: Service, ana: Caller, at_work: tuple[Caller, Run]) -> None:
    worker, run = at_work
    for begin in range(0, MAX_PROMPTS_PER_RUN, MAX_PROMPTS_PER_BATCH):
        prompts = (a_prompt(begin + number) for number in range(MAX_PROMPTS_PER_BATCH))
        assert not (await service.processors.prompts.put(worker, run.id, batch(*prompts))).is_full
    assert (await service.processors.prompts.put(worker, run.id, batch(a_prompt(5000)))).is_full
    answer = await service.processors.prompts.put(worker, run.id, batch(answered(a_prompt(1))))
    assert (answer.kept, answer.is_full) == (1, False)  # of what is there, the answer is still kept
    shown = await service.processors.prompts.get(ana, run.id)
    assert shown.detail == "Only the first 2,000 prompts of a run are kept."


async def test_texts_that_are_too_long_are_refused(service: Service, at_work: tuple[Caller, Run]) -> None:
    worker, run = at_work
    part = CountedPart(text="a" * 20_000, source="note", tokens=1, characters=20_000)
    with pytest.raises(TooLarge):
        await service.processors.prompts.put(worker, run.id, batch(a_prompt(parts=(part,) * 5)))
    body = msgspec.json.encode(batch(a_prompt(text="a" * 20_001)))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=NewPrompts)


async def test_old_ones_are_deleted(service: Service, ana: Caller, at_work: tuple[Caller, Run]) -> None:
    worker, run = at_work
    await service.processors.prompts.put(worker, run.id, batch(a_prompt(1)))
    service.clock.pass_by(timedelta(days=20).total_seconds())
    await service.processors.prompts.put(worker, run.id, batch(a_prompt(2, sent_at=NOON + timedelta(days=20))))
    service.clock.pass_by(timedelta(days=10, hours=1).total_seconds())
    retention = service.processors.prompt_retention()
    assert await retention.delete_expired() == 1
    assert await retention.delete_expired() == 0
    (left,) = (await service.processors.prompts.get(ana, run.id)).items
    assert left.number == 2


@pytest.mark.parametrize("said", [NOON.replace(tzinfo=None), NOON + timedelta(days=400)])
async def test_a_time_that_a_prompt_cannot_have_been_sent_at_is_not_kept(
    service: Service, ana: Caller, at_work: tuple[Caller, Run], said: datetime
) -> None:
    worker, run = at_work
    await service.processors.prompts.put(worker, run.id, batch(a_prompt(sent_at=said)))
    (shown,) = (await service.processors.prompts.get(ana, run.id)).items
    assert shown.sent_at == service.clock()


def long_prompt(number: int) -> RunPrompt:
    part = CountedPart(text="a" * 20_000, source="note", tokens=1, characters=20_000)
    return a_prompt(number, parts=(part,) * 3)


async def test_a_run_keeps_so_many_characters_and_says_so(
    service: Service, ana: Caller, at_work: tuple[Caller, Run]
) -> None:
    worker, run = at_work
    fitting, prompts = MAX_RUN_CHARACTERS // 60_000, service.processors.prompts
    for begin in range(0, fitting, 37):
        assert not (await prompts.put(worker, run.id, batch(*map(long_prompt, range(begin, begin + 37))))).is_full
    await prompts.put(worker, run.id, batch(a_prompt(400)))
    refused = await prompts.put(worker, run.id, batch(long_prompt(500), a_prompt(501)))
    assert (refused.kept, refused.is_full) == (1, True)
    for number in (0, 1):
        await prompts.put(worker, run.id, batch(answered(long_prompt(number), "b" * 15_000)))
    shown = await prompts.get(ana, run.id, limit=2)
    answers = [(prompt.state, len(prompt.answer or "")) for prompt in shown.items]
    assert answers == [
        ("answered", 15_000),
        ("answered", 0),
    ]
    assert shown.items[1].answer_characters == 15_000
    assert shown.detail == "Only the first 20,000,000 characters of the prompts of a run are kept."
