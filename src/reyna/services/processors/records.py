"""The collections of the processor service, and the paging of its lists."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from reyna.domain.costs.cost import CostDay
from reyna.domain.costs.spending import Reservation, StoredCap
from reyna.domain.processing.batch import RunBatch, SkippedBlob
from reyna.domain.processing.model import StoredModel
from reyna.domain.processing.pipeline import Pipeline
from reyna.domain.processing.processor import Instance, Processor
from reyna.domain.processing.prompts.prompt import StoredPrompt
from reyna.domain.processing.run import DeadLetter, Run
from reyna.domain.processing.step import RunStep
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.ports.store import Collection, Record, Store
from reyna.storage.idempotency import idempotency_collection

R = TypeVar("R", bound=Record)


class ProcessorVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A registered version of a processor, as it was described last."""

    id: str
    user_id: str
    processor_id: str
    version: str
    processor: Processor
    revision: int = 1
    updated_at: datetime


def version_of(processor: Processor) -> ProcessorVersion:
    return ProcessorVersion(
        id=f"{processor.id}:{processor.version}",
        user_id=processor.user_id,
        processor_id=processor.id,
        version=processor.version,
        processor=processor,
        updated_at=processor.updated_at,
    )


PROCESSORS: Final = Collection("processors.processors", Processor)
PROCESSOR_VERSIONS: Final = Collection("processors.versions", ProcessorVersion, ("processor_id", "updated_at"))
INSTANCES: Final = Collection("processors.instances", Instance, ("processor_id", "bucket_id", "enabled", "created_at"))
RUNS: Final = Collection(
    "processors.runs",
    Run,
    (
        "processor_id",
        "blob_id",
        "status",
        "requested_at",
        "lease_ends_at",
        "queue_position",
        "batch_id",
        "batch_position",
    ),
)
DEAD_LETTERS: Final = Collection("processors.dead", DeadLetter, ("processor_id", "run_id", "created_at"))
STEPS: Final = Collection("processors.steps", RunStep, ("run_id", "finished_at"))
PROMPTS: Final = Collection("processors.prompts", StoredPrompt, ("run_id", "sent_at", "characters", "quoted_blobs"))
MODELS: Final = Collection("processors.models", StoredModel, ("created_at",))
PIPELINES: Final = Collection("processors.pipelines", Pipeline, ("created_at",))
BATCHES: Final = Collection("processors.batches", RunBatch, ("status", "pipeline_id", "bucket_id", "requested_at"))
SKIPPED_BLOBS: Final = Collection("processors.skipped", SkippedBlob, ("batch_id", "stage", "blob_id", "skipped_at"))
COST_DAYS: Final = Collection("processors.costs", CostDay)
SPENDING_CAPS: Final = Collection("processors.spending_caps", StoredCap)
RESERVATIONS: Final = Collection("processors.reservations", Reservation, ("expires_at",))

IDEMPOTENCY_RECORDS: Final = idempotency_collection("processors.requests")

COLLECTIONS: Final[tuple[Collection[Any], ...]] = (
    PROCESSORS,
    PROCESSOR_VERSIONS,
    INSTANCES,
    RUNS,
    DEAD_LETTERS,
    STEPS,
    PROMPTS,
    MODELS,
    PIPELINES,
    BATCHES,
    SKIPPED_BLOBS,
    COST_DAYS,
    SPENDING_CAPS,
    RESERVATIONS,
    IDEMPOTENCY_RECORDS,
)


async def newest_first(
    store: Store,
    collection: Collection[R],
    user_id: str,
    where: Mapping[str, Any],
    *,
    by: str,
    limit: int,
    cursor: str | None,
) -> Page[R]:
    """Returns one page of a user's matching records, ordered by the time in the field `by`, newest first."""
    found = await store.find(
        collection,
        user_id,
        where,
        order=(by,),
        descending=True,
        after=decode_cursor(cursor, datetime, str),
        limit=check_limit(limit) + 1,
    )
    items = tuple(found[:limit])
    last = items[-1] if len(found) > limit else None
    return Page(items=items, next_cursor=encode_cursor(getattr(last, by), last.id) if last else None)
