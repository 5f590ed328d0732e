"""The rules that decide which switched-on instances a new or changed blob is for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from reyna.domain.blob import Blob
from reyna.domain.processing.input_range import parse_input_range
from reyna.domain.processing.processor import Instance, Processor
from reyna.domain.processing.schema_patterns import takes_schema

# Causes of events about a blob that came together with its derived blobs, that has the same content in a new form, or
# that a template has made to begin with.
CAUSES_WITHOUT_RUNS: Final = frozenset({"import", "copy", "upgrade", "template"})


def sets_off_runs(cause: str | None) -> bool:
    """Returns False for the cause of an event about a blob whose derived blobs came along with it."""
    return cause not in CAUSES_WITHOUT_RUNS


def is_eligible(blob: Blob) -> bool:
    """Returns True unless the blob is in the trash or was imported.

    An import brings its derived blobs along; deriving them again would double them, at the user's cost.
    """
    return blob.trashed_at is None and blob.author_kind != "import"


def takes(processor: Processor, schema_id: str) -> bool:
    """Returns True when new blobs of this schema trigger the processor."""
    return processor.trigger == "event" and takes_schema(processor.input_schemas, schema_id)


def is_in_range(processor: Processor, data: Any) -> bool:
    """Returns True when the length of the data is in the processor's `range`, or when it names no range."""
    meant = parse_input_range(processor.range)
    return meant is None or meant.accepts(data)


def match_instances(
    instances: Iterable[Instance],
    processors: Mapping[str, Processor],
    *,
    schema_id: str,
    data: Any,
    containing: Sequence[str],
    lineage: Iterable[str],
) -> list[Instance]:
    """Returns the enabled instances to run, at most one per processor: the one nearest to the blob.

    `containing` are the buckets around the blob, nearest first; an instance for everywhere is the farthest.
    `lineage` are the processors that made the blob or an ancestor of it: they do not take it again, which would never
    end, unless they state the depth at which it does.
    """
    derived_by = set(lineage)
    return [
        instance
        for instance in _nearest_instances(instances, processors, schema_id, containing)
        if instance.enabled
        and (instance.processor_id not in derived_by or processors[instance.processor_id].max_depth is not None)
        and is_in_range(processors[instance.processor_id], data)
    ]


def _nearest_instances(
    instances: Iterable[Instance], processors: Mapping[str, Processor], schema_id: str, containing: Sequence[str]
) -> list[Instance]:
    distance: dict[str | None, int] = {None: len(containing)} | {id: place for place, id in enumerate(containing)}
    nearest: dict[str, Instance] = {}
    for instance in instances:
        processor = processors.get(instance.processor_id)
        if processor is None or not takes(processor, schema_id) or instance.bucket_id not in distance:
            continue
        rival = nearest.get(processor.id)
        if rival is None or distance[instance.bucket_id] < distance[rival.bucket_id]:
            nearest[processor.id] = instance
    return list(nearest.values())
