"""The codex proposer reads a text or a book, tells its places exactly, and changes nothing."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from reyna.domain.errors import Fault
from reyna.library.codex_proposer import codex_proposer
from reyna.ports.language import Completion, Prompt
from reyna.sdk import Blob, Bucket, Refuse
from reyna.sdk.testing import a_blob, run
from reyna.services.schemas.system import system_schemas
from reyna.validation.validator import Validator
from tests.library.codex_proposer.chapter import CHAPTER

(SCHEMA,) = (new.json_schema for new in system_schemas() if new.name == "codex-proposals")
EMOJI: Final = "😀 They met Ada in Rome. “Come,” said Ada."


def note(text: str, **fields: Any) -> Blob:
    return a_blob("text-input-v1", {"content": text}, **fields)


def bucket(id: str, **fields: Any) -> Bucket:
    now = datetime.now(UTC)
    given: dict[str, Any] = {"id": id, "user_id": "user-ana", "name": id, "type": "chapter", "rank": "m"}
    return Bucket(**(given | {"created_at": now, "updated_at": now} | fields))


async def propose(blob: Blob, **other: Any) -> dict[str, Any]:
    """Returns the data of the output, which fits its schema."""
    data: dict[str, Any] = (await run(codex_proposer, blob, **other)).data
    assert Validator(SCHEMA).errors(data) == ()
    return data


class Refining:
    """A model that takes the first name of each prompt for an object."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    async def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        entries = [
            {"number": 1, "kind": "object", "description": "A clock\n of brass."},
            {"number": 99, "kind": "place", "description": "Nowhere."},
        ]
        return Completion(text=json.dumps({"entries": entries}), model="large", input_tokens=5, output_tokens=5)

    def stream(self, prompt: Prompt) -> Any:
        raise NotImplementedError


async def test_each_passage_is_at_its_place() -> None:
    ada, rome = (await propose(note(EMOJI)))["proposals"]
    units = EMOJI.encode("utf-16-le")
    for passage in (*ada["passages"], *rome["passages"]):
        assert units[2 * passage["start"] : 2 * passage["end"]].decode("utf-16-le") == passage["quote"]
    assert (ada["name"], ada["kind"], ada["count"], ada["signs"]) == ("Ada", "character", 2, ["speech"])
    assert (rome["name"], rome["kind"]) == ("Rome", "place")
    assert ada["bucket"] == {"name": "Ada", "type": "character", "metadata": {"aliases": []}}


async def test_a_chapter_fits_the_schema_and_needs_no_model() -> None:
    data = await propose(note(CHAPTER))
    assert data["not_available"] == []
    agnes = next(one for one in data["proposals"] if one["name"] == "Agnes Thorne")
    assert "Agnes" in {alias["name"] for alias in agnes["aliases"]}
    assert len(agnes["passages"]) == 5


async def test_a_whole_book_with_what_its_codex_knows_already() -> None:
    first, second = note("They met Ada.", bucket_ids=["b-1"]), note("He saw Ada, and Bo.", bucket_ids=["b-2"])
    entry = note("Ada Lovelace of London.", bucket_ids=["b-ada"])
    buckets = [
        bucket("b-book", type="book"),
        bucket("b-1", parent_bucket_id="b-book"),
        bucket("b-2", parent_bucket_id="b-book"),
        bucket("b-ada", parent_bucket_id="b-book", type="character", name="Countess", metadata={"aliases": "Ada, A."}),
    ]
    settings = {"bucket_id": "b-book"}
    result = await run(codex_proposer, second, blobs=[first, entry], buckets=buckets, settings=settings)
    (output,) = result.outputs
    assert output.bucket_ids == ("b-book",)
    assert Validator(SCHEMA).errors(output.data) == ()
    ada = output.data["proposals"][0]
    assert (ada["name"], ada["count"], ada["texts"], ada["known_bucket_id"]) == ("Ada", 2, 2, "b-ada")
    assert output.data["texts"] == 2


@pytest.mark.parametrize("settings", [{"bucket_id": "b-of-bo"}, {"bucket_id": "b-other"}])
async def test_a_bucket_that_is_not_there_or_without_any_text_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(Refuse, match="bucket"):
        await run(codex_proposer, note("Ada."), buckets=[bucket("b-other")], settings=settings)


async def test_a_model_refines_and_is_marked() -> None:
    language = Refining()
    ada, rome = (await propose(note(EMOJI), language=language, settings={"refine": True}))["proposals"]
    assert (ada["kind"], ada["model_kind"], ada["description"]) == ("character", "object", "A clock of brass.")
    assert ada["bucket"]["type"] == "object"
    assert "model_kind" not in rome
    assert [part.source for part in language.prompts[-1].sent_parts][1:3] == ["passages", "passages"]


async def test_without_a_model_the_proposals_are_there_and_the_reason_is_said() -> None:
    data = await propose(note(EMOJI), settings={"refine": True})
    assert len(data["proposals"]) == 2
    assert "model" in data["not_available"][0]["reason"]


async def test_the_demonstration_model_is_not_asked() -> None:
    language = Refining()
    data = await propose(note(EMOJI), language=language, settings={"refine": True}, demonstration=True)
    assert len(data["proposals"]) == 2
    assert "demonstration" in data["not_available"][0]["reason"]
    assert language.prompts == []


async def test_a_model_that_breaks_leaves_the_proposals() -> None:
    class Breaking(Refining):
        async def complete(self, prompt: Prompt) -> Completion:
            raise Fault("The model is gone.")

    data = await propose(note(EMOJI), language=Breaking(), settings={"refine": True})
    assert data["not_available"] == [{"field": "description", "reason": "The model is gone."}]


async def test_a_script_without_capitals_says_so() -> None:
    data = await propose(note("太郎は花子に会った。"))
    assert data["proposals"] == []
    assert "capitals" in data["not_available"][0]["reason"]
