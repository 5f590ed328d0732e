"""A processor of whole buckets has one run on a bucket, wherever runs are requested."""

from typing import Any

import pytest
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.processing.batch import RunRequest
from reyna.domain.processing.pipeline import NewPipelineRuns
from reyna.domain.processing.run import NewRuns
from tests.services.processors.neighbours import a_blob, list_work
from tests.services.processors.service_in_memory import Service

SETTINGS = {
    "$ref": "#/$defs/Book",
    "$defs": {"Book": {"type": "object", "properties": {"bucket_id": {"type": ["string", "null"]}, "title": {}}}},
}
BOOK = NewRuns(processor_id="binder", bucket_id="bucket-book")


@pytest.fixture
async def service() -> Service:
    """With a processor of whole buckets, and a book of ana's with two texts behind an earlier pitch."""
    service = Service()
    schemas = ("text-input-v1", "pitch-v1")
    await service.register(
        "binder", input_schemas=schemas, output_schema="pitch-v1", settings_schema=SETTINGS, whole_bucket=True
    )
    return service


@pytest.fixture
def texts(service: Service, ana: Caller) -> list[str]:
    """Returns the ids of the texts of the book, in reading order; before them stands an earlier result."""
    place = (service.state.bucket(ana.user_id, "bucket-book"),)
    service.state.keep(a_blob(ana.user_id, schema_id="pitch-v1", bucket_ids=place))
    service.state.keep(a_blob(ana.user_id, schema_id="image-v1", bucket_ids=place))
    return [service.state.keep(a_blob(ana.user_id, bucket_ids=place)).id for _ in range(2)]


async def test_a_bucket_is_one_run_that_finds_the_bucket_in_its_settings(
    service: Service, ana: Caller, texts: list[str]
) -> None:
    (run,) = await service.processors.runs.request(ana, replace(BOOK, settings={"title": "Sea"}))
    assert (run.blob_id, run.settings) == (texts[0], {"title": "Sea", "bucket_id": "bucket-book"})
    assert (run.priority, run.batch_id) == ("interactive", None)
    (work,) = await list_work(service.store)
    assert work.settings == run.settings


async def test_the_first_text_is_found_behind_many_other_things(service: Service, ana: Caller) -> None:
    place = (service.state.bucket(ana.user_id, "bucket-book"),)
    for _ in range(201):
        service.state.keep(a_blob(ana.user_id, schema_id="image-v1", bucket_ids=place))
    text = service.state.keep(a_blob(ana.user_id, bucket_ids=place))
    assert [run.blob_id for run in await service.processors.runs.request(ana, BOOK)] == [text.id]


async def test_texts_that_are_named_have_a_run_each(service: Service, ana: Caller, texts: list[str]) -> None:
    new = NewRuns(processor_id="binder", blob_ids=tuple(texts))
    assert [run.settings for run in await service.processors.runs.request(ana, new)] == [{}, {}]


async def test_a_bucket_without_a_text_is_refused_and_no_result_counts_as_one(service: Service, ana: Caller) -> None:
    place = (service.state.bucket(ana.user_id, "bucket-book"),)
    service.state.keep(a_blob(ana.user_id, schema_id="pitch-v1", bucket_ids=place))
    with pytest.raises(Invalid) as refusal:
        await service.processors.runs.request(ana, BOOK)
    assert refusal.value.errors[0].path == "/bucket_id"
    with pytest.raises(Invalid):
        await service.processors.estimates.compute(ana, RunRequest(processor_id="binder", bucket_id="bucket-book"))
    assert await list_work(service.store) == []


async def test_a_bucket_of_somebody_else_is_not_there(service: Service, bo: Caller, texts: list[str]) -> None:
    with pytest.raises(NotFound):
        await service.processors.runs.request(bo, BOOK)


async def test_settings_that_name_another_bucket_are_refused(service: Service, ana: Caller, texts: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        await service.processors.runs.request(ana, replace(BOOK, settings={"bucket_id": "bucket-other"}))
    assert refusal.value.errors[0].path == "/settings/bucket_id"


async def test_an_estimate_is_of_one_run(service: Service, ana: Caller, texts: list[str]) -> None:
    estimate = await service.processors.estimates.compute(
        ana, RunRequest(processor_id="binder", bucket_id="bucket-book")
    )
    assert estimate.runs == 1


async def test_a_pipeline_begins_with_one_run_on_the_bucket(service: Service, ana: Caller, texts: list[str]) -> None:
    new = NewPipelineRuns(pipeline=("binder", "binder"), bucket_id="bucket-book")
    requested = await service.processors.batches.request(ana, new)
    (run,) = requested.items
    assert (run.blob_id, run.settings) == (texts[0], {"bucket_id": "bucket-book"})
    batch = await service.processors.batches.get(ana, requested.batch_id or "")
    assert [stage.settings for stage in batch.stages] == [{"bucket_id": "bucket-book"}, {}]


@pytest.mark.parametrize(
    "settings", [None, {"type": "object"}, {"$ref": "#/$defs/No", "$defs": {}}, {"properties": {"a": {}}}]
)
async def test_its_settings_must_have_room_for_the_bucket(service: Service, settings: dict[str, Any] | None) -> None:
    with pytest.raises(Invalid) as refusal:
        await service.register("other", settings_schema=settings, whole_bucket=True)
    assert refusal.value.errors[0].path.startswith("/settings_schema")
