"""Durable steps: a finished step is not repeated by a later attempt, and its cost is counted once."""

import asyncio
import threading
from typing import Any

import msgspec
import pytest

from reyna.domain.errors import Invalid, NotFound, TooLarge
from reyna.domain.processing.run import Cost
from reyna.ports.language import Completion, Prompt
from reyna.sdk import Blob, Context, Processor
from reyna.sdk.steps.memory_steps import MemorySteps
from reyna.sdk.testing import run
from tests.library.scripted_model import Scripted
from tests.sdk.conftest import Loudness, Stage
from tests.sdk.services_in_memory import a_note, publish_work

PROMPT = Prompt(system="You are a novelist.", user="Go on.", max_tokens=50)


class Calls:
    """Counts the calls of steps; the step named `breaks_at` fails."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.breaks_at: str | None = None

    async def make(self, name: str) -> str:
        if name == self.breaks_at:
            raise RuntimeError("killed")
        self.names.append(name)
        return f"text of {name}"


def three_chapters(calls: Calls) -> Processor[None]:
    book = Processor("book", takes="text-input-v1", makes="edited-text-v1")

    @book
    async def write(blob: Blob, context: Context[None]) -> dict[str, Any]:
        texts = [await context.step(name, lambda name=name: calls.make(name)) for name in ("one", "two", "three")]
        return {"content": " ".join(texts)}

    return book


@pytest.mark.parametrize("breaks_at", ["one", "two", "three"])
async def test_an_attempt_after_a_failure_repeats_no_finished_step(breaks_at: str) -> None:
    calls, steps = Calls(), MemorySteps()
    book, note = three_chapters(calls), a_note()
    calls.breaks_at = breaks_at
    with pytest.raises(RuntimeError):
        await run(book, note, steps=steps)
    calls.breaks_at = None
    result = await run(book, note, steps=steps)
    assert result.data == {"content": "text of one text of two text of three"}
    assert calls.names == ["one", "two", "three"]


async def test_a_worker_that_takes_the_run_over_goes_on_behind_the_finished_steps(stage: Stage) -> None:
    calls = Calls()

    async def write(blob: Blob, context: Context[Loudness]) -> dict[str, Any]:
        first = await context.step("one", lambda: calls.make("one"))
        return {"content": first + await context.step("two", lambda: calls.make("two"))}

    calls.breaks_at = "two"
    await stage.start_worker(write)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("fail")
    calls.breaks_at = None
    (await stage.timers.after(1.0))()
    await stage.services.wait_for_call("complete")
    assert calls.names == ["one", "two"]


async def test_the_whole_cost_of_a_resumed_run_is_reported_once() -> None:
    model, steps, note = Scripted(lambda prompt: "one two three"), MemorySteps(), a_note()
    fails = True
    book = Processor("book", takes="text-input-v1", makes="edited-text-v1")

    @book
    async def write(blob: Blob, context: Context[None]) -> dict[str, Any]:
        for name in ("one", "one", "two"):
            await context.step(name, lambda: context.language.complete(PROMPT))
        if fails:
            raise RuntimeError("killed")
        completion = await context.step("three", lambda: context.language.complete(PROMPT), returns=Completion)
        return {"content": completion.text}

    with pytest.raises(RuntimeError):
        await run(book, note, steps=steps, language=model)
    fails = False
    result = await run(book, note, steps=steps, language=model)
    assert result.data == {"content": "one two three"}
    assert result.cost == Cost(model="scripted", input_tokens=30, output_tokens=9)
    assert [step.cost.output_tokens for step in steps.finished.values()] == [3, 3, 3]


async def test_two_steps_at_once_each_keep_their_own_cost() -> None:
    model, steps = Scripted(lambda prompt: "one two three"), MemorySteps()
    book = Processor("book", takes="text-input-v1", makes="edited-text-v1")

    @book
    async def write(blob: Blob, context: Context[None]) -> dict[str, Any]:
        async def twice() -> str:
            await context.language.complete(PROMPT)
            return (await context.language.complete(PROMPT)).text

        made = await asyncio.gather(
            context.step("twice", twice), context.step("plain", lambda: "plain"), context.step("twice", twice)
        )
        return {"content": " ".join(made)}

    result = await run(book, a_note(), steps=steps, language=model)
    assert result.data == {"content": "one two three plain one two three"}
    assert (steps.finished["twice"].cost.output_tokens, steps.finished["plain"].cost.output_tokens) == (6, 0)
    assert result.cost.output_tokens == 6


async def test_a_plain_function_has_steps_of_its_own() -> None:
    model, steps = Scripted(lambda prompt: "one two three"), MemorySteps()
    book = Processor("book", takes="text-input-v1", makes="edited-text-v1")
    threads = set[str]()

    @book
    def write(blob: Blob, context: Context[None]) -> dict[str, Any]:
        def ask() -> str:
            threads.add(threading.current_thread().name)
            return context.wait(context.language.complete(PROMPT)).text

        return {"content": context.wait(context.step("ask", ask))}

    for _ in range(2):
        result = await run(book, a_note(), steps=steps, language=model)
        assert result.data == {"content": "one two three"}
        assert result.cost.output_tokens == 3
    assert threads == {"step ask"}


async def test_a_result_comes_back_as_it_is_stored_also_the_first_time() -> None:
    class Pair(msgspec.Struct):
        one: int

    book = Processor("book", takes="text-input-v1", makes="edited-text-v1")

    @book
    async def write(blob: Blob, context: Context[None]) -> dict[str, Any]:
        assert await context.step("tuple", lambda: (1, 2)) == [1, 2]  # type: ignore[comparison-overlap]
        assert await context.step("struct", lambda: Pair(3)) == {"one": 3}  # type: ignore[comparison-overlap]
        assert await context.step("struct", lambda: Pair(4), returns=Pair) == Pair(3)
        return {"content": "done"}

    await run(book, a_note())


@pytest.mark.parametrize(
    ("name", "result", "error"),
    [
        ("", 1, Invalid),
        ("  ", 1, Invalid),
        ("n" * 201, 1, Invalid),
        ("object", object(), Invalid),
        ("large", "x" * (4 * 1024 * 1024), TooLarge),
    ],
)
async def test_a_step_that_cannot_be_stored_is_refused(name: str, result: Any, error: type[Exception]) -> None:
    book = Processor("book", takes="text-input-v1", makes="edited-text-v1")

    @book
    async def write(blob: Blob, context: Context[None]) -> dict[str, Any]:
        await context.step(name, lambda: result)
        return {}

    with pytest.raises(error):
        await run(book, a_note())


async def test_a_step_cannot_be_part_of_itself() -> None:
    book = Processor("book", takes="text-input-v1", makes="edited-text-v1")

    @book
    async def write(blob: Blob, context: Context[None]) -> dict[str, Any]:
        async def again() -> Any:
            return await context.step("one", lambda: 1)

        await context.step("one", again)
        return {}

    with pytest.raises(Invalid, match="part of itself"):
        await run(book, a_note())


async def test_a_step_that_fails_is_carried_out_again_in_the_same_attempt() -> None:
    book, calls = Processor("book", takes="text-input-v1", makes="edited-text-v1"), list[int]()

    @book
    async def write(blob: Blob, context: Context[None]) -> dict[str, Any]:
        def fail_once() -> int:
            calls.append(1)
            if len(calls) == 1:
                raise NotFound
            return len(calls)

        with pytest.raises(NotFound):
            await context.step("one", fail_once)
        return {"content": str(await context.step("one", fail_once))}

    assert (await run(book, a_note())).data == {"content": "2"}
