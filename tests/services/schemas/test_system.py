"""The system schemas."""

from typing import Any

import msgspec
import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import AlreadyThere
from reyna.domain.schema import NewSchema
from reyna.services.schemas.service import Schemas
from reyna.services.schemas.system import install, system_schemas
from reyna.validation.keywords import walk_schemas
from reyna.validation.validator import Validator
from tests.support.times import FAR_FUTURE

BLOBS = {
    *("text-input", "expanded-text", "style-analysis", "compiled-book", "research-query", "research-results"),
    *(
        "codex-proposals",
        "research-source",
        "exported-document",
        "edited-text",
        "pitch",
        "audio-stem",
        "audio-master",
        "image",
        "legacy",
    ),
}
# By fields that were added.
GROWN = {"research-results", "style-analysis", "edited-text", "compiled-book", "expanded-text", "pitch"}
FILES = {"audio-stem", "audio-master", "image"}  # 1.0.1 says that their `file_id` is that of a file
BUCKETS = {"book", "chapter", "album", "track"}


def test_everything_that_was_promised_is_there() -> None:
    assert {new.name for new in system_schemas() if new.kind == "blob"} == BLOBS
    assert {new.name for new in system_schemas() if new.kind == "bucket"} == BUCKETS
    assert {new.version for new in system_schemas() if new.name not in GROWN | FILES} == {"1.0.0"}


async def test_installing_again_changes_nothing(store: MemoryStore, schemas: Schemas) -> None:
    before = await store.list_unsent(before=FAR_FUTURE, limit=1_000)
    assert await install(schemas) == await install(schemas)
    assert await store.list_unsent(before=FAR_FUTURE, limit=1_000) == before


async def test_a_file_that_changed_without_its_version_stops_the_start(schemas: Schemas) -> None:
    changed = msgspec.structs.replace(system_schemas()[0], json_schema={"type": "object"})
    with pytest.raises(AlreadyThere):
        await schemas.versions.register(system_caller(), changed)


@pytest.mark.parametrize("new", system_schemas(), ids=lambda new: new.name)
def test_the_examples_fit(new: NewSchema) -> None:
    for path, schema in walk_schemas(new.json_schema):
        for example in schema.get("examples", ()):
            assert Validator(schema).errors(example) == (), (path, example)


@pytest.mark.parametrize("new", system_schemas(), ids=lambda new: new.name)
def test_every_property_has_a_title_and_a_description(new: NewSchema) -> None:
    assert new.json_schema["examples"]
    for path, schema in walk_schemas(new.json_schema):
        assert schema["title"], path
        assert schema["description"].endswith("."), path


async def test_a_note_may_start_empty_and_grow_to_a_million_characters(schemas: Schemas, ana: Caller) -> None:
    assert (await schemas.validation.validate(ana, "text-input-v1", {"content": ""})).valid
    assert (await schemas.validation.validate(ana, "text-input-v1", {"content": "x" * 1_000_000})).valid
    assert not (await schemas.validation.validate(ana, "text-input-v1", {"content": "x" * 1_000_001})).valid


EXPANDED: dict[str, Any] = {
    "original": "The ship sailed.",
    "expanded": "The mighty vessel sailed on.",
    "expansion_ratio": 1.7,
}
MEASURED: dict[str, Any] = {
    "metrics": {"words": 5, "sentences": 1, "reading_ease": -3.5, "grade_level": 12, "tone": "tense"},
    "model": "SmolLM2-135M-Instruct",
}


@pytest.mark.parametrize(
    "data", [EXPANDED, EXPANDED | MEASURED, EXPANDED | MEASURED | {"tokens": {"input": 20, "output": 9}}]
)
async def test_an_expanded_text_fits(schemas: Schemas, ana: Caller, data: dict[str, Any]) -> None:
    assert (await schemas.validation.validate(ana, "expanded-text-v1", data)).valid


@pytest.mark.parametrize("name", sorted(BUCKETS))
async def test_a_bucket_takes_properties_of_the_users_own(schemas: Schemas, ana: Caller, name: str) -> None:
    assert (await schemas.validation.validate(ana, f"{name}-v1", {})).valid
    assert (await schemas.validation.validate(ana, f"{name}-v1", {"mood": ["dark"], "status": "draft"})).valid
    assert not (await schemas.validation.validate(ana, f"{name}-v1", {"status": 3})).valid
