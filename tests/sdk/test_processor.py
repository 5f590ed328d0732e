"""A processor as its author sees it: declared in a line, and tested with nothing else running."""

from typing import Annotated, Any

import msgspec
import pytest

from reyna.domain.bucket import Bucket
from reyna.domain.errors import Fault, Invalid
from reyna.sdk import Blob, Context, Derived, Processor, Prompt, Refuse, Retry
from reyna.sdk.testing import a_blob, run
from tests.library.scripted_model import Scripted
from tests.sdk.services_in_memory import NOW, a_note


class Loudness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    marks: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1


def a_processor() -> Processor[Loudness]:
    shout = Processor("shout-it-out", takes=("text-input-v1", "pitch-v1"), makes="edited-text-v1", settings=Loudness)

    @shout
    async def work(blob: Blob, context: Context[Loudness]) -> dict[str, Any]:
        await context.progress(0.5, "half")
        answer = await context.language.complete(prompt_for(blob))
        return {"content": answer.text.upper() + "!" * context.settings.marks}

    return shout


def prompt_for(blob: Blob) -> Prompt:
    return Prompt(system="Shout.", user=blob.data["content"], max_tokens=10)


async def test_a_processor_runs_with_nothing_else_running() -> None:
    ran = await run(a_processor(), a_note(), language=Scripted(lambda prompt: "ahoy"), settings={"marks": 3})
    assert ran.data == {"content": "AHOY!!!"}
    assert ran.reports == [(0.5, "half")]
    assert (ran.cost.model, ran.cost.output_tokens) == ("scripted", 1)


def test_a_processor_of_whole_buckets_needs_a_setting_for_the_bucket() -> None:
    class OfBucket(msgspec.Struct):
        bucket_id: str | None = None

    facts: dict[str, Any] = {"takes": "text-input-v1", "makes": "pitch-v1", "whole_bucket": True}
    assert Processor("bind", settings=OfBucket, **facts).registration.whole_bucket
    with pytest.raises(Invalid, match="bucket_id"):
        Processor("bind", settings=Loudness, **facts)
    with pytest.raises(Invalid, match="bucket_id"):
        Processor("bind", **facts)


async def test_settings_are_checked_there_too() -> None:
    with pytest.raises(Refuse, match="marks"):
        await run(a_processor(), a_note(), settings={"marks": 10})


async def test_a_blob_it_does_not_take_is_refused() -> None:
    with pytest.raises(Refuse, match="audio-stem-v1"):
        await run(a_processor(), a_blob("audio-stem-v1", {}))


async def test_it_finds_the_blobs_and_buckets_that_a_test_puts_around_it() -> None:
    compile = Processor("compile", takes="text-input-v1", makes="compiled-book-v1")

    @compile
    async def work(blob: Blob, context: Context[None]) -> Derived:
        book = await context.bucket("bucket-book")
        texts = [other.data["content"] async for other in context.blobs(bucket=book.id)]
        return Derived({"title": book.name, "texts": texts}, buckets=(book.id,))

    book = Bucket(
        id="bucket-book", user_id="user-ana", name="Storms", type="book", rank="a", created_at=NOW, updated_at=NOW
    )
    chapters = [a_blob("text-input-v1", {"content": str(n)}, bucket_ids=("bucket-book",)) for n in range(250)]
    ran = await run(compile, a_note(), blobs=chapters, buckets=[book])
    assert ran.data == {"title": "Storms", "texts": [str(n) for n in range(250)]}
    assert ran.outputs[0].bucket_ids == ("bucket-book",)


@pytest.mark.parametrize("error", [Refuse("no"), Retry(after=3), Fault("broken")])
async def test_what_it_raises_comes_out(error: Exception) -> None:
    stubborn = Processor("stubborn", takes="text-input-v1", makes="edited-text-v1")

    @stubborn
    async def work(blob: Blob, context: Context[None]) -> dict[str, Any]:
        raise error

    with pytest.raises(type(error)):
        await run(stubborn, a_note())


def test_its_registration_says_what_it_is() -> None:
    registration = a_processor().registration
    assert registration.name == "Shout it out"
    assert registration.input_schemas == ("text-input-v1", "pitch-v1")
    assert registration.settings_schema is not None
    assert registration.settings_schema["$defs"]["Loudness"]["properties"]["marks"]["maximum"] == 9


def test_a_name_that_is_no_slug_is_refused() -> None:
    with pytest.raises(Invalid):
        Processor("Shout!", takes="text-input-v1", makes="edited-text-v1")


async def test_a_processor_without_a_function_is_a_fault() -> None:
    with pytest.raises(Fault, match="no function"):
        await run(Processor("empty", takes="text-input-v1", makes="edited-text-v1"), a_note())
