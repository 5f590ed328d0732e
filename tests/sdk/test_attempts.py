"""An attempt that is refused is the last one; one that fails, or waits for somebody, is followed by another."""

import asyncio
from typing import Any

import msgspec

from reyna.domain.errors import DataError, Fault, Forbidden, Unserved
from reyna.sdk import Blob, Context, Refuse, Retry
from reyna.sdk.worker import ATTEMPTS
from tests.collected import Collected
from tests.sdk.around import hand_over, settled
from tests.sdk.conftest import PATIENCE, Stage, shout


async def test_settings_that_do_not_fit_are_refused_in_words(stage: Stage) -> None:
    await stage.hire(shout)
    await hand_over(stage.bus, stage.services.a_run(stage.note, "shout", {"marks": "many"}))
    assert "marks" in await stage.services.hear("refuse")


async def test_a_refusal_is_final_and_says_why(stage: Stage) -> None:
    async def refuse(blob: Blob, context: Context[Any]) -> Any:
        raise Refuse("This is no text.")

    await stage.hire(refuse)
    await hand_over(stage.bus, stage.work)
    assert await stage.services.hear("refuse") == "This is no text."
    await settled()
    assert not any(seconds != PATIENCE for seconds, _ in stage.timers.set.items)


async def test_a_refusal_of_the_house_in_the_middle_of_the_work_is_final_too(stage: Stage) -> None:
    async def ask(blob: Blob, context: Context[Any]) -> Any:
        raise Forbidden("The language model did not accept the key.")

    await stage.hire(ask)
    await hand_over(stage.bus, stage.work)
    assert await stage.services.hear("refuse") == "The language model did not accept the key."


async def test_a_blob_of_another_schema_is_refused(stage: Stage) -> None:
    await stage.hire(shout)
    stage.services.blobs_there[stage.note.id] = msgspec.structs.replace(stage.note, schema_id="pitch-v1")
    await hand_over(stage.bus, stage.work)
    assert "pitch-v1" in await stage.services.hear("refuse")


async def test_a_fault_is_tried_again_after_longer_and_longer_and_given_up_after_the_fifth(stage: Stage) -> None:
    async def stumble(blob: Blob, context: Context[Any]) -> Any:
        raise ZeroDivisionError("secret")

    await stage.hire(stumble)
    await hand_over(stage.bus, stage.work)
    for seconds in (1.0, 5.0, 30.0, 120.0):
        (await stage.timers.after(seconds))()
    reasons = [await stage.services.hear("fail", times=n + 1) for n in range(ATTEMPTS)]
    assert [final for _, final in reasons] == [False, False, False, False, True]
    assert all("secret" not in reason and "shout" in reason for reason, _ in reasons)
    assert stage.services.runs[stage.work.run_id].status == "failed"


async def test_a_fault_that_passes_does_no_harm(stage: Stage) -> None:
    tries = Collected[int]()

    async def stumble_once(blob: Blob, context: Context[Any]) -> Any:
        tries(1)
        if len(tries.items) == 1:
            raise Fault("The language model cannot be reached.")
        return {"content": "done"}

    await stage.hire(stumble_once)
    await hand_over(stage.bus, stage.work)
    (await stage.timers.after(1.0))()
    await stage.services.hear("complete")
    assert await stage.services.hear("fail") == ("The language model cannot be reached.", False)


async def test_a_processor_may_ask_to_come_later_without_having_failed(stage: Stage) -> None:
    async def wait(blob: Blob, context: Context[Any]) -> Any:
        raise Retry(after=7)

    await stage.hire(wait)
    await hand_over(stage.bus, stage.work)
    for times in range(1, ATTEMPTS + 2):
        (await stage.timers.after(7, times=times))()
    assert "fail" not in {verb for verb, _ in stage.services.said.items}


async def test_asking_to_come_later_has_an_end(stage: Stage) -> None:
    async def wait(blob: Blob, context: Context[Any]) -> Any:
        raise Retry(after=7)

    await stage.hire(wait)
    await hand_over(stage.bus, stage.work)
    for times in range(1, 51):
        (await stage.timers.after(7, times=times))()
    reason, final = await stage.services.hear("fail")
    assert final
    assert "50" in reason


async def test_a_run_that_waited_often_still_has_its_five_attempts(stage: Stage) -> None:
    turns = Collected[int]()

    async def wait_then_stumble(blob: Blob, context: Context[Any]) -> Any:
        turns(1)
        if len(turns.items) <= ATTEMPTS:
            raise Retry(after=7)
        raise Fault("broken")

    await stage.hire(wait_then_stumble)
    await hand_over(stage.bus, stage.work)
    for times in range(1, ATTEMPTS + 1):
        (await stage.timers.after(7, times=times))()
    assert await stage.services.hear("fail") == ("broken", False)


async def test_work_waits_for_a_service_that_is_gone(stage: Stage) -> None:
    stage.services.gone["claim"] = Unserved("nobody there")
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    again = await stage.timers.after(1.0)
    del stage.services.gone["claim"]
    again()
    await stage.services.hear("complete")


async def test_work_waits_for_the_note_when_the_service_that_keeps_it_is_gone(stage: Stage) -> None:
    stage.services.gone["blob"] = Unserved("nobody there")
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    again = await stage.timers.after(1.0)
    del stage.services.gone["blob"]
    again()
    await stage.services.hear("complete")
    assert "fail" not in {verb for verb, _ in stage.services.said.items}


async def test_a_note_that_is_gone_is_refused(stage: Stage) -> None:
    await stage.hire(shout)
    del stage.services.blobs_there[stage.note.id]
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("refuse")


async def test_a_processor_that_cancels_itself_has_failed(stage: Stage) -> None:
    async def give_up(blob: Blob, context: Context[Any]) -> Any:
        raise asyncio.CancelledError

    await stage.hire(give_up)
    await hand_over(stage.bus, stage.work)
    assert await stage.services.hear("fail") == ("shout cancelled itself.", False)


async def test_what_does_not_fit_the_output_schema_is_never_stored(stage: Stage) -> None:
    stage.services.misfit = DataError(path="/content", message="is missing")
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    reason, final = await stage.services.hear("fail")
    assert not final
    assert "/content: is missing" in reason
    assert stage.services.made == {}
