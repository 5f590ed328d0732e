"""Skipped blobs: those that a stage of a batch does not take, each with the reason in words for the user."""

from datetime import datetime

from reyna.domain.blob import Blob
from reyna.domain.ids import derive_id
from reyna.domain.processing.batch import RunBatch, SkippedBlob
from reyna.domain.processing.pipeline import PipelineStage
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.schema_patterns import takes_schema
from reyna.services.processors.pipelines.conditions.evaluation import accepts_blob

GONE = "It is in the trash, or not there any more."


def skip(batch: RunBatch, stage: int, blob_id: str, reason: str, now: datetime) -> SkippedBlob:
    """Returns the record of a skipped blob; the same one again has the same id."""
    return SkippedBlob(
        id=derive_id("skipped", batch.id, stage, blob_id),
        user_id=batch.user_id,
        batch_id=batch.id,
        stage=stage,
        blob_id=blob_id,
        reason=reason,
        skipped_at=now,
    )


async def reason_to_skip(stage: PipelineStage, processor: Processor | None, blob: Blob | None) -> str | None:
    """Returns why the blob is not for this stage; None when it is."""
    if processor is None:
        return f"The processor {stage.processor_id} is not there any more."
    if blob is None or blob.trashed_at is not None:
        return GONE
    if not takes_schema(processor.input_schemas, blob.schema_id):
        return f"It is {blob.schema_id}, which {processor.id} does not take."
    return None if await accepts_blob(stage.when, blob) else condition_is_false(stage)


def condition_is_false(stage: PipelineStage) -> str:
    return f"The condition is false: {stage.when}"
