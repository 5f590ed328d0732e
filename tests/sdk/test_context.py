"""The context of a run: a model whose tokens are counted, and the blobs and buckets of its user."""

from contextlib import aclosing
from typing import Any

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, NotFound
from reyna.domain.processing.run import Cost
from reyna.domain.requests.page import Page
from reyna.ports.language import Completion, Prompt
from reyna.sdk import Blob, Context, TreeItem
from tests.library.scripted_model import Scripted
from tests.sdk.services_in_memory import BlobsInMemory, NoContents, ServicesInMemory, a_note

PROMPT = Prompt(system="You are a novelist.", user="Go on.", max_tokens=50)


def a_context(language: Scripted | None = None, services: ServicesInMemory | None = None) -> Context[None]:
    async def ignore(fraction: float, text: str | None) -> None:
        pass

    return Context(
        None,
        language=language,
        caller=Caller(user_id="user-ana"),
        state=services or ServicesInMemory(),
        send_progress=ignore,
    )


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
    assert await a_context(services=ServicesInMemory(note)).blob(note.id) == note


async def test_blobs_of_the_user_are_found_by_their_words() -> None:
    storm, calm = a_note("A storm at sea."), a_note("A calm sea.")
    context = a_context(services=ServicesInMemory(storm, calm))
    (hit,) = await context.search("sea strom")
    assert (hit.id, hit.found_by) == (storm.id, ("typo",))
    assert len(await context.search("sea", limit=1)) == 1
    with pytest.raises(NotFound):
        await context.search("sea", bucket="bucket-1")


async def test_a_bucket_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        await a_context().bucket("bucket-1")


async def test_all_blobs_of_a_bucket_come_however_many_pages_they_are() -> None:
    class Paged(BlobsInMemory):
        async def list(self, caller: Caller, **wanted: Any) -> Page[Blob]:
            number = int(wanted["cursor"] or 0)
            asked.append(wanted["bucket_id"])
            return Page(items=(notes[number],), next_cursor=str(number + 1) if number < 2 else None)

    notes, asked = [a_note() for _ in range(3)], list[str]()
    services = ServicesInMemory()
    services.blobs = Paged(services)
    assert [blob async for blob in a_context(services=services).blobs(bucket="bucket-1")] == notes
    assert asked == ["bucket-1"] * 3


async def test_a_tree_is_read_in_pages_with_its_depths() -> None:
    class Paged(NoContents):
        async def list(self, caller: Caller, id: str, **wanted: Any) -> Page[TreeItem]:
            asked.append((id, wanted["kind"], wanted["cursor"]))
            number = int(wanted["cursor"] or 0)
            return Page(items=(items[number],), next_cursor=str(number + 1) if number < 2 else None)

    items, asked = [TreeItem(depth=depth, blob=a_note()) for depth in range(3)], list[Any]()
    services = ServicesInMemory()
    services.contents = Paged()
    assert [item async for item in a_context(services=services).tree("bucket-1", kind="blob")] == items
    assert asked == [("bucket-1", "blob", None), ("bucket-1", "blob", "1"), ("bucket-1", "blob", "2")]
