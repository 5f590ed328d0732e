"""The pitch writer as a run: from an idea, from a book, drafted again, and refused."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.schema import NewSchema
from reyna.library.pitch import pitch_writer
from reyna.library.pitch.settings import PART_NAMES
from reyna.ports.language import Prompt
from reyna.sdk import Refuse
from reyna.sdk.testing import USER, MemorySteps, RunResult, a_blob, run
from reyna.services.schemas.system import system_schemas
from reyna.validation.validator import Validator
from tests.library.pitch.writing_model import IDEA, LOGLINE, words, write
from tests.library.scripted_model import Scripted

NOW: Final = datetime(2026, 5, 1, tzinfo=UTC)
(PITCH,) = (new for new in system_schemas() if new.name == "pitch")


def check(pitch: Any, schema: NewSchema = PITCH) -> None:
    assert Validator(schema.json_schema).errors(pitch) == ()


def an_idea(content: str = IDEA, **fields: Any) -> Blob:
    return a_blob("text-input-v1", {"content": content}, **({"id": "blob-idea"} | fields))


def a_bucket(id: str, name: str, parent: str | None = None) -> Bucket:
    return Bucket(
        id=id, user_id=USER, name=name, type="chapter", parent_bucket_id=parent, rank=id, created_at=NOW, updated_at=NOW
    )


async def pitch(blob: Blob, model: Scripted | None = None, **given: Any) -> RunResult:
    ran = await run(pitch_writer, blob, language=model or Scripted(write), **given)
    check(ran.data)
    return ran


async def test_an_idea_becomes_a_pitch_with_every_part() -> None:
    model = Scripted(write)
    ran = await pitch(an_idea(), model)
    data = ran.data
    assert set(PART_NAMES) <= data.keys()
    assert data["logline"] == LOGLINE
    assert data["characters"] == [{"name": "Ilse", "description": "The keeper, who wants her brother back."}]
    assert data["selling_points"][0] == "A ghost story about work."
    assert (data["remarks"], data["source"]) == ([], {"blob_id": "blob-idea", "revision": 1})
    assert len(model.prompts) == len(PART_NAMES)
    assert all(IDEA in prompt.user for prompt in model.prompts)
    assert ran.reports[-1][0] == 1.0


async def test_comparable_works_are_suggestions_until_somebody_has_checked_them() -> None:
    data = (await pitch(an_idea())).data
    assert [work["checked"] for work in data["suggested_comparables"]] == [False]
    assert "comparables" not in data


async def test_one_part_is_drafted_again_and_all_others_stay() -> None:
    first = (await pitch(an_idea())).data
    model = Scripted(lambda prompt: "A keeper of the light must let her brother drown a second time to save a coast.")
    settings = {"parts": ["logline"]}
    again = (await pitch(a_blob("pitch-v1", first), model, settings=settings, blobs=[an_idea()])).data
    assert again["logline"].startswith("A keeper of the light")
    changed = {"logline", "drafted", "tokens"}
    assert {name: again[name] for name in again.keys() - changed} == {
        name: first[name] for name in first.keys() - changed
    }
    assert len(model.prompts) == 1
    assert IDEA in model.prompts[0].user


async def test_what_a_person_edited_is_kept_when_the_rest_is_drafted_again() -> None:
    first = (await pitch(an_idea())).data
    mine = first | {"synopsis": "Mine.", "author_note": "I was a keeper.", "query_letter": first["query_letter"]}
    model = Scripted(write)
    again = (await pitch(a_blob("pitch-v1", mine), model, blobs=[an_idea()])).data
    assert (again["synopsis"], again["author_note"]) == ("Mine.", "I was a keeper.")
    assert len(model.prompts) == len(PART_NAMES) - 1
    third = (await pitch(a_blob("pitch-v1", again), blobs=[an_idea()])).data
    assert third["synopsis"] == "Mine."
    named = await pitch(a_blob("pitch-v1", again), settings={"parts": ["synopsis"]}, blobs=[an_idea()])
    assert named.data["synopsis"] != "Mine."


async def test_a_pitch_whose_text_is_gone_speaks_for_itself() -> None:
    written = {"title": "Sea", "logline": LOGLINE, "sections": [{"heading": "Tone", "content": "Cold and bright."}]}
    model = Scripted(write)
    data = (await pitch(a_blob("pitch-v1", written | {"source": {"blob_id": "blob-gone"}}), model)).data
    assert data["logline"] == LOGLINE
    assert "Cold and bright." in model.prompts[0].user


async def test_a_length_that_was_missed_is_asked_for_once_more_and_then_said() -> None:
    def answer(prompt: Prompt) -> str:
        return words(30) if "Your last draft had 3 words" in prompt.user else "Far too short."

    model = Scripted(answer)
    data = (await pitch(an_idea(), model, settings={"parts": ["logline"]})).data
    assert (len(model.prompts), data["remarks"]) == (2, [])
    stubborn = Scripted(lambda prompt: "Far too short.")
    data = (await pitch(an_idea(), stubborn, settings={"parts": ["logline"]})).data
    assert len(stubborn.prompts) == 2
    assert data["remarks"] == [{"part": "logline", "text": "It has 3 words; 12 to 45 were wanted."}]


async def test_a_book_is_read_in_its_order_and_summarised_within_the_budget() -> None:
    book = a_bucket("bucket-book", "The Light")
    one, two = (a_bucket(f"bucket-{number}", name, book.id) for number, name in ((1, "One"), (2, "Two")))
    chapters = [an_idea(words(1_500), id=f"blob-{number}", bucket_ids=(f"bucket-{number}",)) for number in (1, 2)]
    model, steps = Scripted(write), MemorySteps()
    settings = {"bucket_id": "bucket-book", "material_tokens": 600, "parts": ["logline", "synopsis"]}
    ran = await pitch(chapters[0], model, settings=settings, blobs=chapters[1:], buckets=[book, one, two], steps=steps)
    asked = [prompt for prompt in model.prompts if "Summarise this part" in prompt.user]
    assert len(asked) > 2
    assert "One\n\n" in asked[0].user
    assert all(len(prompt.user) < 4 * 600 * 1.5 for prompt in model.prompts)
    assert "Summaries of the book “The Light”" in model.prompts[-1].user
    (output,) = ran.outputs
    assert (output.bucket_ids, ran.data["title"]) == (("bucket-book",), "The Light")
    assert ran.data["source"] == {"bucket_id": "bucket-book", "texts": 2}
    repeated = Scripted(write)
    await pitch(chapters[0], repeated, settings=settings, blobs=chapters[1:], buckets=[book, one, two], steps=steps)
    assert repeated.prompts == []


@pytest.mark.parametrize("variant", ["film", "album", "research-grant"])
async def test_each_variant_has_its_own_parts(variant: str) -> None:
    model = Scripted(write)
    data = (await pitch(an_idea(), model, settings={"variant": variant})).data
    assert data["variant"] == variant
    assert ("characters" in data) == (variant == "film")
    again = (await pitch(a_blob("pitch-v1", data), settings={"parts": ["audience"]}, blobs=[an_idea()])).data
    assert again["variant"] == variant


@pytest.mark.parametrize("content", ["", "   ", "A sad clown.", "…"])
async def test_there_must_be_something_to_write_about(content: str) -> None:
    model = Scripted(write)
    with pytest.raises(Refuse, match=r"There is nothing to write a pitch about"):
        await pitch(an_idea(content), model)
    assert model.prompts == []


async def test_a_part_that_the_variant_does_not_have_is_refused() -> None:
    with pytest.raises(Refuse, match=r"has no characters"):
        await pitch(an_idea(), settings={"variant": "album", "parts": ["characters"]})
    with pytest.raises(Refuse, match=r"no bucket of yours"):
        await pitch(an_idea(), settings={"bucket_id": "bucket-nowhere"})


async def test_a_list_that_the_model_cannot_write_is_left_out_and_said() -> None:
    model = Scripted(lambda prompt: "No list." if "main characters" in prompt.user else write(prompt))
    data = (await pitch(an_idea(), model)).data
    assert "characters" not in data
    assert data["remarks"] == [{"part": "characters", "text": "The model's answer was no list of this kind."}]
    broken = Scripted(lambda prompt: "")
    with pytest.raises(Refuse, match=r"drafted none of the parts"):
        await pitch(an_idea(), broken)


async def test_the_demonstration_model_writes_no_pitch() -> None:
    model = Scripted(write)
    with pytest.raises(Refuse, match=r"Connect a model"):
        await pitch(an_idea(), model, demonstration=True)
    assert model.prompts == []


def test_the_answers_of_the_model_fit() -> None:
    assert json.loads(write(Prompt(system="", user="main characters", max_tokens=1)))["items"]
