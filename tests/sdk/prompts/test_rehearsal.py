"""Rehearsals: the prompts of a run are found out before it begins, without a model."""

import asyncio
from contextlib import suppress
from typing import Any

import msgspec

from reyna.domain.processing.prompts.estimate import RehearsalReport, RehearsalRequest
from reyna.domain.text.tokens import estimate_tokens
from reyna.library.text_expansion import text_expansion
from reyna.ports.language import Prompt
from reyna.sdk import Blob, Context, Processor, Refuse, TokenEstimate
from reyna.sdk.processor import Description
from reyna.sdk.prompts.rehearsal import estimate
from reyna.sdk.testing import rehearse, run
from tests.library.scripted_model import Scripted
from tests.sdk.conftest import Stage
from tests.sdk.services_in_memory import a_note

TEXT = "The old lighthouse keeper climbed the winding stairs and lit the lamp. The sea was black below him. "


def a_prompt(text: str) -> Prompt:
    return Prompt(system="Be brief.", user=text, max_tokens=50)


def asker(function: Any, **about: Any) -> Processor[None]:
    description: Description = about  # type: ignore[assignment]
    processor = Processor("asker", takes="text-input-v1", makes="edited-text-v1", **description)
    processor(function)
    return processor


async def ask_twice(blob: Blob, context: Context[None]) -> Any:
    first = await context.language.complete(a_prompt("One"))
    second = await context.language.complete(a_prompt(f"Two {first.text}"))
    return {"content": second.text}


async def test_the_first_prompt_is_found_and_more_may_follow() -> None:
    report = await rehearse(asker(ask_twice), a_note())
    assert [(prompt.parts[1].text, prompt.state, prompt.number) for prompt in report.prompts] == [("One", "planned", 1)]
    assert (report.complete, report.unknown, report.refused) == (False, None, None)


async def test_a_processor_that_goes_on_shows_all_of_them() -> None:
    report = await rehearse(asker(ask_twice, rehearsal="all"), a_note())
    assert [prompt.parts[-1].text for prompt in report.prompts] == ["One", "Two "]
    assert report.complete


async def test_prompts_side_by_side_are_all_found() -> None:
    async def ask(blob: Blob, context: Context[None]) -> Any:
        await asyncio.gather(*(context.language.complete(a_prompt(str(number))) for number in range(5)))

    report = await rehearse(asker(ask), a_note())
    assert [prompt.parts[1].text for prompt in report.prompts] == ["0", "1", "2", "3", "4"]


async def test_a_plain_function_is_stopped_at_its_call_whatever_it_catches() -> None:
    begun: list[object] = []

    def ask(blob: Blob, context: Context[None]) -> Any:
        begun.append(context.is_rehearsal)
        with suppress(Exception):
            context.wait(context.language.complete(a_prompt("One")))
        begun.append("went on")

    report = await rehearse(asker(ask), a_note())
    assert len(report.prompts) == 1
    assert begun == [True]


async def test_one_that_refuses_asks_nobody_or_breaks_says_so() -> None:
    async def refuse(blob: Blob, context: Context[None]) -> Any:
        raise Refuse("Not mine.")

    async def make(blob: Blob, context: Context[None]) -> Any:
        return {"content": "made"}

    async def break_down(blob: Blob, context: Context[None]) -> Any:
        raise ValueError("secret detail")

    assert (await rehearse(asker(refuse), a_note())).refused == "Not mine."
    assert await rehearse(asker(make), a_note()) == RehearsalReport(complete=True)
    broken = await rehearse(asker(break_down), a_note())
    assert broken.unknown
    assert "secret" not in broken.unknown


async def test_one_that_must_not_be_rehearsed_is_not() -> None:
    begun = []

    async def send_mail(blob: Blob, context: Context[None]) -> Any:
        begun.append(blob)

    assert (await rehearse(asker(send_mail, rehearsal="never"), a_note())).unknown
    assert begun == []


async def test_tokens_are_those_of_the_author_or_of_the_rehearsal() -> None:
    processor, note = asker(ask_twice), a_note()
    counted = await estimate(processor, note, None, caller=None, state=None)  # type: ignore[arg-type]
    assert counted.tokens == TokenEstimate(input_tokens=4, output_tokens=50, calls=1)
    assert (counted.is_at_most, counted.complete) == (True, False)
    processor.estimate(lambda blob, settings: TokenEstimate(input_tokens=7, output_tokens=8))
    told = await estimate(processor, note, None, caller=None, state=None)  # type: ignore[arg-type]
    assert told == RehearsalReport(tokens=TokenEstimate(input_tokens=7, output_tokens=8), complete=True)


async def test_a_worker_answers_rehearsals_beside_its_runs(stage: Stage) -> None:
    async def ask(blob: Blob, context: Context[Any]) -> Any:
        other = await context.blob(blob.id)
        await context.language.complete(a_prompt(other.data["content"] + "!" * context.settings.marks))

    await stage.start_worker(ask)
    request = RehearsalRequest(id="rehearsal-1", blob=stage.note, settings={"marks": 2}, token="token")
    reply = await stage.bus.request("worker-shout", "rehearse", msgspec.json.encode(request), {}, timeout=30)
    report = msgspec.json.decode(reply.body, type=RehearsalReport)
    assert report.prompts[0].parts[1].text == "The ship sailed into the storm.!!"
    wrong = await stage.bus.request("worker-shout", "rehearse", b"{}", {}, timeout=30)
    assert wrong.error is not None


async def test_text_expansion_shows_the_exact_prompts_that_it_sends() -> None:
    model = Scripted(lambda prompt: TEXT * 4)
    note = a_note(TEXT * 20)
    planned = await rehearse(text_expansion, note)
    with suppress(Refuse):  # this model writes the same again and again
        await run(text_expansion, note, language=model)
    sent = [(prompt.system, prompt.user) for prompt in model.prompts]
    shown = [
        tuple("".join(part.text for part in prompt.parts if part.role == role) for role in ("system", "user"))
        for prompt in planned.prompts
    ]
    assert shown == sent[: len(shown)]
    assert len(shown) > 5
    assert {part.blob_id for prompt in planned.prompts for part in prompt.parts if part.source == "note"} == {note.id}


async def test_the_estimate_of_text_expansion_is_near_what_it_uses() -> None:
    for times in (1, 10, 40):
        note = a_note(TEXT * times)
        settings = text_expansion.settings_from({})
        told = await estimate(text_expansion, note, settings, caller=None, state=None)  # type: ignore[arg-type]
        planned = await rehearse(text_expansion, note)
        assert told.tokens is not None
        assert told.tokens.input_tokens == sum(prompt.input_tokens for prompt in planned.prompts)
        assert told.tokens.calls == len(planned.prompts)
        assert 3.9 <= told.tokens.output_tokens / estimate_tokens(TEXT * times) <= 4.1
    short = await estimate(text_expansion, a_note("Too short."), settings, caller=None, state=None)  # type: ignore[arg-type]
    assert short.refused
