"""An attempt that is refused is the last one; one that fails, or waits for somebody, is followed by another."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from reyna.domain.errors import (
    DataError,
    Fault,
    Forbidden,
    NotFound,
    NotSignedIn,
    RunningElsewhere,
    StoringOutputs,
    TimedOut,
    TooMuch,
    Unserved,
)
from reyna.ports.language import Completion, EndpointFault, EndpointUnavailable, Prompt
from reyna.sdk import Blob, Context, Refuse, Retry
from reyna.sdk.run_attempt import MAX_FAILED_ATTEMPTS
from tests.sdk.conftest import REDELIVERY_SECONDS, Stage, shout
from tests.sdk.services_in_memory import publish_work, wait_until_idle
from tests.support.collector import Collector


async def test_settings_that_do_not_fit_are_refused_in_words(stage: Stage) -> None:
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.services.new_run(stage.note, "shout", {"marks": "many"}))
    assert "marks" in await stage.services.wait_for_call("refuse")


async def test_a_refusal_is_final_and_says_why(stage: Stage) -> None:
    async def refuse(blob: Blob, context: Context[Any]) -> Any:
        raise Refuse("This is no text.")

    await stage.start_worker(refuse)
    await publish_work(stage.bus, stage.work)
    assert await stage.services.wait_for_call("refuse") == "This is no text."
    await wait_until_idle()
    assert not any(seconds != REDELIVERY_SECONDS for seconds, _ in stage.timers.set.items)


async def test_a_refusal_of_a_service_in_the_middle_of_the_work_is_final_too(stage: Stage) -> None:
    async def ask(blob: Blob, context: Context[Any]) -> Any:
        raise Forbidden("The language model did not accept the key.")

    await stage.start_worker(ask)
    await publish_work(stage.bus, stage.work)
    assert await stage.services.wait_for_call("fail") == ("The language model did not accept the key.", True)


async def test_too_much_for_now_comes_again_when_there_is_room(stage: Stage) -> None:
    tries = Collector[int]()

    async def ask(blob: Blob, context: Context[Any]) -> Any:
        tries(1)
        if len(tries.items) == 1:
            raise TooMuch("Wait a moment.", retry_after=7)
        return {"content": "done"}

    await stage.start_worker(ask)
    await publish_work(stage.bus, stage.work)
    (await stage.timers.after(7.0))()
    await stage.services.wait_for_call("complete")
    assert "fail" not in {verb for verb, _ in stage.services.calls.items}


async def test_a_model_that_is_left_alone_for_a_while_is_waited_for_without_a_failure(stage: Stage) -> None:
    tries = Collector[int]()

    async def ask(blob: Blob, context: Context[Any]) -> Any:
        tries(1)
        if len(tries.items) == 1:
            raise EndpointUnavailable("model.example", 7.0)
        return {"content": "done"}

    await stage.start_worker(ask)
    await publish_work(stage.bus, stage.work)
    (await stage.timers.after(7.0))()
    await stage.services.wait_for_call("complete")
    assert "fail" not in {verb for verb, _ in stage.services.calls.items}


async def test_a_blob_of_another_schema_is_refused(stage: Stage) -> None:
    await stage.start_worker(shout)
    stage.services.stored_blobs[stage.note.id] = msgspec.structs.replace(stage.note, schema_id="pitch-v1")
    await publish_work(stage.bus, stage.work)
    assert "pitch-v1" in await stage.services.wait_for_call("refuse")


async def test_a_fault_is_tried_again_after_longer_and_longer_and_given_up_after_the_fifth(stage: Stage) -> None:
    async def stumble(blob: Blob, context: Context[Any]) -> Any:
        raise ZeroDivisionError("secret")

    await stage.start_worker(stumble)
    await publish_work(stage.bus, stage.work)
    for seconds in (1.0, 5.0, 30.0, 120.0):
        (await stage.timers.after(seconds))()
    reasons = [await stage.services.wait_for_call("fail", times=n + 1) for n in range(MAX_FAILED_ATTEMPTS)]
    assert [final for _, final in reasons] == [False, False, False, False, True]
    assert all("secret" not in reason and "shout" in reason for reason, _ in reasons)
    assert stage.services.runs[stage.work.run_id].status == "failed"


async def test_a_fault_that_passes_does_no_harm(stage: Stage) -> None:
    tries = Collector[int]()

    async def stumble_once(blob: Blob, context: Context[Any]) -> Any:
        tries(1)
        if len(tries.items) == 1:
            raise Fault("The language model cannot be reached.")
        return {"content": "done"}

    await stage.start_worker(stumble_once)
    await publish_work(stage.bus, stage.work)
    (await stage.timers.after(1.0))()
    await stage.services.wait_for_call("complete")
    assert await stage.services.wait_for_call("fail") == ("The language model cannot be reached.", False)


async def test_a_processor_may_ask_to_come_later_without_having_failed(stage: Stage) -> None:
    async def wait(blob: Blob, context: Context[Any]) -> Any:
        raise Retry(after=7)

    await stage.start_worker(wait)
    await publish_work(stage.bus, stage.work)
    for times in range(1, MAX_FAILED_ATTEMPTS + 2):
        (await stage.timers.after(7, times=times))()
    assert "fail" not in {verb for verb, _ in stage.services.calls.items}


async def test_asking_to_come_later_has_an_end(stage: Stage) -> None:
    async def wait(blob: Blob, context: Context[Any]) -> Any:
        raise Retry(after=7)

    await stage.start_worker(wait)
    await publish_work(stage.bus, stage.work)
    for times in range(1, 51):
        (await stage.timers.after(7, times=times))()
    reason, final = await stage.services.wait_for_call("fail")
    assert final
    assert "50" in reason


async def test_a_run_that_waited_often_still_has_its_five_attempts(stage: Stage) -> None:
    turns = Collector[int]()

    async def wait_then_stumble(blob: Blob, context: Context[Any]) -> Any:
        turns(1)
        if len(turns.items) <= MAX_FAILED_ATTEMPTS:
            raise Retry(after=7)
        raise Fault("broken")

    await stage.start_worker(wait_then_stumble)
    await publish_work(stage.bus, stage.work)
    for times in range(1, MAX_FAILED_ATTEMPTS + 1):
        (await stage.timers.after(7, times=times))()
    assert await stage.services.wait_for_call("fail") == ("broken", False)


async def test_work_waits_for_a_service_that_is_gone(stage: Stage) -> None:
    stage.services.errors["claim"] = Unserved("nobody there")
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.work)
    again = await stage.timers.after(1.0)
    del stage.services.errors["claim"]
    again()
    await stage.services.wait_for_call("complete")


async def test_work_waits_for_the_note_when_the_service_that_keeps_it_is_gone(stage: Stage) -> None:
    stage.services.errors["blob"] = Unserved("nobody there")
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.work)
    again = await stage.timers.after(1.0)
    del stage.services.errors["blob"]
    again()
    await stage.services.wait_for_call("complete")
    assert "fail" not in {verb for verb, _ in stage.services.calls.items}


async def test_a_note_that_is_gone_is_refused(stage: Stage) -> None:
    await stage.start_worker(shout)
    del stage.services.stored_blobs[stage.note.id]
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("refuse")


async def test_a_processor_that_cancels_itself_has_failed(stage: Stage) -> None:
    async def give_up(blob: Blob, context: Context[Any]) -> Any:
        raise asyncio.CancelledError

    await stage.start_worker(give_up)
    await publish_work(stage.bus, stage.work)
    assert await stage.services.wait_for_call("fail") == ("shout cancelled itself.", False)


async def test_what_does_not_fit_the_output_schema_is_never_stored(stage: Stage) -> None:
    stage.services.validation_error = DataError(path="/content", message="is missing")
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.work)
    reason, final = await stage.services.wait_for_call("fail")
    assert final
    assert "/content: is missing" in reason
    assert stage.services.outputs == {}


@pytest.mark.parametrize("made", [None, 5, "text", b"bytes", [{"content": "one"}, None], {"content": object()}])
async def test_what_is_no_output_at_all_fails_for_good(stage: Stage, made: Any) -> None:
    async def make(blob: Blob, context: Context[Any]) -> Any:
        return made

    await stage.start_worker(make)
    await publish_work(stage.bus, stage.work)
    reason, final = await stage.services.wait_for_call("fail")
    assert final
    assert reason.startswith("shout made ")
    assert stage.services.outputs == {}


@pytest.mark.parametrize("verb", ["validate", "store"])
async def test_what_may_not_be_stored_fails_for_good(stage: Stage, verb: str) -> None:
    stage.services.errors[verb] = NotFound("There is no schema 'nonsense-v1'.")
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.work)
    assert await stage.services.wait_for_call("fail") == ("There is no schema 'nonsense-v1'.", True)


async def test_a_note_out_of_the_range_of_its_processor_is_refused_in_words(stage: Stage) -> None:
    await stage.start_worker(shout, range="10 to 20 words")
    await publish_work(stage.bus, stage.work)
    assert await stage.services.wait_for_call("refuse") == "Shout needs 10 to 20 words; this has 6."


async def test_a_run_whose_token_is_refused_is_done_with_a_new_one(stage: Stage) -> None:
    stage.services.expired.add(stage.work.run_id)
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert stage.services.tokens[-1] == f"new token of {stage.work.run_id}"


async def test_what_was_made_is_not_lost_when_the_token_expires_before_it_is_stored(stage: Stage) -> None:
    tries = Collector[int]()

    async def work_long(blob: Blob, context: Context[Any]) -> Any:
        tries(1)
        stage.services.expired.add(stage.work.run_id)
        return {"content": "done"}

    await stage.start_worker(work_long)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert len(tries.items) == 1


async def test_a_run_waits_when_its_worker_is_not_known_any_more(stage: Stage) -> None:
    stage.services.expired.add(stage.work.run_id)
    await stage.start_worker(shout)
    stage.services.errors["renew_token"] = NotSignedIn("This token was not signed here.")
    await publish_work(stage.bus, stage.work)
    again = await stage.timers.after(1.0)
    del stage.services.errors["renew_token"]
    again()
    await stage.services.wait_for_call("complete")


@pytest.mark.parametrize("verb", ["store", "refuse", "fail"])
async def test_a_worker_that_comes_back_late_leaves_the_message_to_the_one_that_follows_it(
    stage: Stage, verb: str
) -> None:
    async def end(blob: Blob, context: Context[Any]) -> Any:
        match verb:
            case "refuse":
                raise Refuse("not for me")
            case "fail":
                raise ValueError("broke")
        return {"content": "done"}

    stage.services.errors[verb] = RunningElsewhere()
    await stage.start_worker(end)
    await publish_work(stage.bus, stage.work)
    await stage.timers.after(REDELIVERY_SECONDS / 3)


class FailingModel:
    """A language model whose calls raise these errors, one after the other."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    async def complete(self, prompt: Prompt) -> Completion:
        raise self._errors.pop(0)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        yield await self.complete(prompt)


async def ask_twice(blob: Blob, context: Context[Any]) -> Any:
    prompt = Prompt(system="", user="", max_tokens=1)
    with suppress(Fault):
        await context.language.complete(prompt)
    return {"content": (await context.language.complete(prompt)).text}


async def test_an_attempt_in_which_the_model_was_asked_and_failed_counts_as_failed(stage: Stage) -> None:
    model = FailingModel(Fault("The model broke."), EndpointUnavailable("model.example", 7.0))
    await stage.start_worker(ask_twice, language=model)
    await publish_work(stage.bus, stage.work)
    assert await stage.services.wait_for_call("fail") == ("The model broke.", False)


async def test_a_run_that_waits_for_its_model_says_so(stage: Stage) -> None:
    left_alone = EndpointUnavailable("model.example", 7.0)
    await stage.start_worker(ask_twice, language=FailingModel(left_alone, left_alone))
    await publish_work(stage.bus, stage.work)
    assert await stage.services.wait_for_call("release") == left_alone.detail
    await stage.timers.after(7.0)


async def test_a_busy_model_is_waited_for_as_long_as_it_asks_without_a_failure(stage: Stage) -> None:
    busy = EndpointFault("Too many requests.", status=429, retry_after=40.0)
    await stage.start_worker(ask_twice, language=FailingModel(busy, busy))
    await publish_work(stage.bus, stage.work)
    assert await stage.services.wait_for_call("release") == "Too many requests."
    await stage.timers.after(40.0)
    assert "fail" not in {verb for verb, _ in stage.services.calls.items}


async def test_a_failure_counts_also_while_outputs_may_still_be_stored(stage: Stage) -> None:
    stage.services.errors |= {"store": TimedOut(), "fail": StoringOutputs()}
    await stage.start_worker(shout, retry_delays=(7.0,))
    await publish_work(stage.bus, stage.work)
    await stage.timers.after(7.0)
    assert stage.services.calls.items[-1][0] == "release"


async def test_a_run_fails_for_good_once_it_is_known_that_nothing_was_stored(stage: Stage) -> None:
    stage.services.errors |= {"store": TimedOut(), "fail": StoringOutputs()}
    waited = Collector[float]()

    async def wait(seconds: float) -> None:
        waited(seconds)
        if len(waited.items) == 3:
            del stage.services.errors["fail"]

    await stage.start_worker(shout, retry_delays=(), sleep=wait)
    await publish_work(stage.bus, stage.work)
    assert (await stage.services.wait_for_call("fail"))[1]
    assert waited.items == [StoringOutputs.RETRY_AFTER_SECONDS] * 3
