"""The prompts of a run are recorded as they are sent, and handed on beside the work."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from reyna.domain.errors import Fault, Forbidden
from reyna.domain.processing.prompts.prompt import KeptPrompts, NewPrompts, RunPrompt
from reyna.ports.language import Completion, Language, Prompt
from reyna.sdk import Blob, Context, Processor, PromptPart
from reyna.sdk.language.recorded import RecordedLanguage
from reyna.sdk.prompts.prompt_log import PromptLog
from reyna.sdk.testing import run
from tests.library.scripted_model import Scripted
from tests.sdk.conftest import Stage
from tests.sdk.services_in_memory import a_note, publish_work
from tests.support.collector import Collector

PROMPT = Prompt.of_parts(
    [
        PromptPart(text="Be brief. ", source="instruction", role="system", reason="It is the task."),
        PromptPart(text="The ship.", source="note", blob_id="blob-1"),
    ],
    max_tokens=50,
)


class Receiver:
    """Receives prompts; `errors` are raised for the next batches, one each."""

    def __init__(self, *errors: Exception) -> None:
        self.batches = Collector[NewPrompts]()
        self._errors = list(errors)

    async def __call__(self, new: NewPrompts) -> KeptPrompts:
        if self._errors:
            raise self._errors.pop(0)
        self.batches(new)
        return KeptPrompts(kept=len(new.prompts))

    async def prompts(self, batches: int = 1) -> list[RunPrompt]:
        return [prompt for batch in await self.batches.first(batches) for prompt in batch.prompts]


class Waiting(Scripted):
    """A model that answers when the test lets it."""

    def __init__(self) -> None:
        super().__init__(lambda prompt: "Yes.")
        self.released = asyncio.Event()

    async def complete(self, prompt: Prompt) -> Completion:
        await self.released.wait()
        return await super().complete(prompt)


class Uncounted(Scripted):
    async def complete(self, prompt: Prompt) -> Completion:
        return Completion(text="Yes.", model="m", input_tokens=5, output_tokens=1, counted=False)


async def recorded(language: Language, *errors: Exception) -> tuple[PromptLog, RecordedLanguage, Receiver]:
    receiver = Receiver(*errors)
    log = PromptLog(receiver, interval=0.0)
    return log, RecordedLanguage(language, log), receiver


async def test_a_call_is_recorded_with_its_parts_its_tokens_and_its_answer() -> None:
    log, language, receiver = await recorded(Scripted(lambda prompt: "one two"))
    await language.complete(PROMPT)
    await log.finish()
    (prompt,) = await receiver.prompts()
    assert [(part.text, part.source, part.blob_id) for part in prompt.parts] == [
        ("Be brief. ", "instruction", None),
        ("The ship.", "note", "blob-1"),
    ]
    assert (prompt.state, prompt.answer, prompt.model, prompt.number) == ("answered", "one two", "scripted", 1)
    assert (prompt.input_tokens, prompt.output_tokens, prompt.estimated) == (10, 2, False)
    assert sum(part.tokens for part in prompt.parts) == 10
    assert prompt.sent_at is not None
    assert prompt.seconds is not None


async def test_tokens_that_the_endpoint_does_not_count_are_marked_as_an_estimate() -> None:
    log, language, receiver = await recorded(Uncounted(lambda prompt: ""))
    await language.complete(PROMPT)
    await log.finish()
    assert (await receiver.prompts())[0].estimated


async def test_an_open_call_is_seen_before_it_is_answered() -> None:
    model = Waiting()
    log, language, receiver = await recorded(model)
    call = asyncio.create_task(language.complete(PROMPT))
    (sent,) = await receiver.prompts()
    assert (sent.state, sent.answer) == ("sent", None)
    model.released.set()
    await call
    answered = (await receiver.prompts(2))[1]
    assert (answered.number, answered.state) == (sent.number, "answered")
    await log.finish()


async def test_a_stream_that_is_left_early_is_recorded_as_far_as_it_came() -> None:
    log, language, receiver = await recorded(Scripted(lambda prompt: "one two three"))
    async with aclosing(language.stream(PROMPT)) as pieces:
        await anext(pieces)
    await log.finish()
    (prompt,) = await receiver.prompts()
    assert (prompt.state, prompt.answer, prompt.complete) == ("broken_off", "one ", False)


async def test_a_call_that_fails_is_recorded_with_its_reason() -> None:
    log, language, receiver = await recorded(Scripted(lambda prompt: Fault("It is busy.")))
    with pytest.raises(Fault):
        await language.complete(PROMPT)
    await log.finish()
    (prompt,) = await receiver.prompts()
    assert (prompt.state, prompt.error) == ("failed", "It is busy.")


async def test_what_could_not_be_sent_is_sent_again() -> None:
    log, language, receiver = await recorded(Scripted(lambda prompt: "Yes."), Fault("away"), Fault("away"))
    await language.complete(PROMPT)
    (prompt,) = await receiver.prompts()
    assert prompt.state == "answered"
    await log.finish()


async def test_a_studio_that_keeps_no_prompts_does_not_stop_the_run() -> None:
    log, language, receiver = await recorded(Scripted(lambda prompt: "Yes."), Forbidden("No."))
    await language.complete(PROMPT)
    await log.finish()
    await language.complete(PROMPT)
    assert receiver.batches.items == []


async def test_a_test_shows_the_prompts_of_a_run_and_the_mended_ones_too() -> None:
    asker = Processor("asker", takes="text-input-v1", makes="edited-text-v1")

    @asker
    async def ask(blob: Blob, context: Context[None]) -> Any:
        return {"content": await context.language.complete_json(PROMPT, {"type": "string"})}

    answers = iter(["not JSON", '"fine"'])
    result = await run(asker, a_note(), language=Scripted(lambda prompt: next(answers)))
    first, second = result.prompts
    assert [part.source for part in first.parts] == ["instruction", "note", "schema of the answer"]
    assert [part.source for part in second.parts][-2:] == ["last answer", "instruction"]
    assert second.answer == '"fine"'


async def test_the_prompts_of_a_run_reach_the_studio_before_it_completes(stage: Stage) -> None:
    async def ask(blob: Blob, context: Context[Any]) -> Any:
        return {"content": (await context.language.complete(PROMPT)).text}

    await stage.start_worker(ask, language=Scripted(lambda prompt: "Yes."))
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert stage.services.kept_prompts[stage.work.run_id, 1].answer == "Yes."


async def test_a_plain_function_in_its_thread_is_recorded_as_well(stage: Stage) -> None:
    def ask(blob: Blob, context: Context[Any]) -> Any:
        texts = [piece for piece in context.iterate(context.language.stream(PROMPT)) if isinstance(piece, str)]
        return {"content": "".join(texts)}

    await stage.start_worker(ask, language=Scripted(lambda prompt: "Yes, indeed."))
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert stage.services.kept_prompts[stage.work.run_id, 1].answer == "Yes, indeed."


async def test_a_studio_without_room_for_prompts_does_not_make_the_run_fail(stage: Stage) -> None:
    stage.services.errors["prompts"] = Fault("The disk is full.")

    async def ask(blob: Blob, context: Context[Any]) -> Any:
        return {"content": (await context.language.complete(PROMPT)).text}

    await stage.start_worker(ask, language=Scripted(lambda prompt: "Yes."))
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert stage.services.runs[stage.work.run_id].status == "completed"
