"""Which switched-on instances a new blob is for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from reyna.domain.blob import Blob
from reyna.domain.processor import Instance, Processor

# Causes of events: it came with all that belongs to it, or is the same as before in a new form.
IN_WHOLE: Final = frozenset({"import", "copy", "upgrade"})


def came_in_whole(cause: str | None) -> bool:
    """Whether an event tells of something that came with what was derived from it, so that nothing need be derived."""
    return cause in IN_WHOLE


def is_offered(blob: Blob) -> bool:
    """Whether processors are to hear of this blob by themselves: not from the trash, nor when it was brought in whole.

    What is imported comes with what was derived from it; deriving all of it again would double it, at the user's cost.
    """
    return blob.trashed_at is None and blob.author_kind != "import"


def takes(processor: Processor, schema_id: str) -> bool:
    """Whether the processor wants to be woken by new blobs of this schema."""
    return processor.trigger == "event" and schema_id in processor.input_schemas


def matching(
    instances: Iterable[Instance],
    processors: Mapping[str, Processor],
    *,
    schema_id: str,
    containing: Sequence[str],
    lineage: Iterable[str],
) -> list[Instance]:
    """One instance at most per processor, the one nearest to the blob, if that is switched on.

    `containing` are the buckets around the blob, nearest first; the instance for everywhere is the farthest.
    `lineage` are the processors that had a hand in the blob: none of them takes it again, or they would never end.
    """
    distance: dict[str | None, int] = {None: len(containing)} | {id: place for place, id in enumerate(containing)}
    nearest: dict[str, Instance] = {}
    for instance in instances:
        processor = processors.get(instance.processor_id)
        if processor is None or not takes(processor, schema_id) or instance.bucket_id not in distance:
            continue
        rival = nearest.get(processor.id)
        if rival is None or distance[instance.bucket_id] < distance[rival.bucket_id]:
            nearest[processor.id] = instance
    passed = set(lineage)
    return [instance for instance in nearest.values() if instance.enabled and instance.processor_id not in passed]
