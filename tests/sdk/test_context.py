"""What a processor is given: a model whose tokens are counted, its neighbours, and a way to say how far it is."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, NotFound
from reyna.domain.page import Page
from reyna.domain.run import Cost
from reyna.ports import Completion, Prompt
from reyna.sdk import Blob, Context
from reyna.sdk.context import Reports
from tests.collected import Collected
from tests.library.scripted import Scripted
from tests.sdk.around import Services, a_note

PROMPT = Prompt(system="You are a novelist.", user="Go on.", max_tokens=50)
Told = Collected[tuple[float, str | None]]


def a_context(language: Scripted | None = None, services: Services | None = None) -> Context[None]:
    async def tell(fraction: float, text: str | None) -> None:
        pass

    return Context(
        None, language=language, caller=Caller(user_id="user-ana"), content=services or Services(), tell=tell
    )


def reports_to(told: Told, *, every: float) -> Reports:
    async def tell(fraction: float, text: str | None) -> None:
        told((fraction, text))

    return Reports(tell, every=every)


async def test_tokens_are_added_up_over_all_calls_of_a_run() -> None:
    context = a_context(Scripted(lambda prompt: "one two three"))
    await context.language.complete(PROMPT)
    pieces = [piece async for piece in context.language.stream(PROMPT)]
    assert isinstance(pieces[-1], Completion)
    assert context.cost == Cost(model="scripted", input_tokens=20, output_tokens=6)


async def test_an_answer_that_is_broken_off_is_counted_as_far_as_it_went_and_the_model_stops() -> None:
    language = Scripted(lambda prompt: "one two three four")
    context = a_context(language)
    async with aclosing(context.language.stream(PROMPT)) as pieces:
        await anext(pieces)
        await anext(pieces)
    assert context.cost.output_tokens == 2
    assert context.cost.input_tokens > 0
    assert language.now == 0


async def test_without_a_model_the_processor_fails_in_words() -> None:
    with pytest.raises(Fault, match="REYNA_LLM_URL"):
        await a_context().language.complete(PROMPT)


async def test_another_blob_of_the_user_can_be_read() -> None:
    note = a_note()
    assert await a_context(services=Services(note)).blob(note.id) == note


async def test_a_bucket_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        await a_context().bucket("bucket-1")


async def test_all_blobs_of_a_bucket_come_however_many_pages_they_are() -> None:
    class Paged(Services):
        async def blobs(self, caller: Caller, **wanted: Any) -> Page[Blob]:
            number = int(wanted["cursor"] or 0)
            asked.append(wanted["bucket_id"])
            return Page(items=(notes[number],), next_cursor=str(number + 1) if number < 2 else None)

    notes, asked = [a_note() for _ in range(3)], list[str]()
    assert [blob async for blob in a_context(services=Paged()).blobs(bucket="bucket-1")] == notes
    assert asked == ["bucket-1"] * 3


async def test_the_first_report_goes_out_at_once_and_the_last_is_never_lost() -> None:
    told = Told()
    reports = reports_to(told, every=3600)
    for step in range(10):
        await reports.report(step / 10, str(step))
    assert told.items == [(0.0, "0")]
    await reports.finish()
    assert told.items == [(0.0, "0"), (0.9, "9")]


async def test_a_report_that_had_to_wait_goes_out_by_itself() -> None:
    told = Told()
    reports = reports_to(told, every=0.01)
    await reports.report(0.1, "one")
    await reports.report(0.2, "two")
    assert await told.first(2) == [(0.1, "one"), (0.2, "two")]
    await reports.finish()


async def test_a_report_that_comes_while_another_is_being_sent_is_not_lost() -> None:
    told, sending, go_on = Told(), asyncio.Event(), asyncio.Event()

    async def tell(fraction: float, text: str | None) -> None:
        if text == "two":
            sending.set()
            await go_on.wait()
        told((fraction, text))

    reports = Reports(tell, every=0.001)
    await reports.report(0.1, "one")
    await reports.report(0.2, "two")
    await sending.wait()
    await reports.report(0.3, "three")
    go_on.set()
    assert (await told.first(3))[-1] == (0.3, "three")
    await reports.finish()


async def test_what_still_waits_can_be_dropped() -> None:
    told = Told()
    reports = reports_to(told, every=3600)
    await reports.report(0.1, "one")
    await reports.report(0.2, "two")
    await reports.finish(send=False)
    assert told.items == [(0.1, "one")]


async def test_a_fraction_is_kept_between_nothing_and_all() -> None:
    told = Told()
    reports = reports_to(told, every=0)
    await reports.report(-1, None)
    await reports.report(7, None)
    assert [fraction for fraction, _ in told.items] == [0.0, 1.0]
