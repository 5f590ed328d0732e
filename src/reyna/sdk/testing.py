"""Running a processor alone, without services or a bus, for its author's own tests."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.ids import new_id
from reyna.domain.processing.prompts.estimate import RehearsalReport
from reyna.domain.processing.prompts.prompt import KeptPrompts, NewPrompts, RunPrompt
from reyna.domain.processing.run import Cost, Output
from reyna.domain.requests.page import Page
from reyna.domain.tree_item import ItemKind, TreeItem
from reyna.ports.language import Language
from reyna.sdk.context import BlobReads, BucketReads, ContentsReads, Context, SearchReads
from reyna.sdk.files.memory_files import SavedFiles
from reyna.sdk.memory_search import MemorySearch
from reyna.sdk.processor import Processor
from reyna.sdk.prompts import rehearsal
from reyna.sdk.steps.memory_steps import MemorySteps

__all__ = ["USER", "MemorySteps", "RunResult", "SavedFiles", "a_blob", "rehearse", "run"]

S = TypeVar("S", bound=msgspec.Struct | None)
USER = "user-ana"


class RunResult(msgspec.Struct, frozen=True):
    """The result of a run: the outputs, every progress report (fraction, text) in order, the cost of the model, and the
    prompts that it was sent, in order, each with its parts and its answer."""

    outputs: list[Output]
    reports: list[tuple[float, str | None]]
    cost: Cost
    prompts: list[RunPrompt] = []

    @property
    def data(self) -> Any:
        """Returns the data of the only output."""
        (output,) = self.outputs
        return output.data


def a_blob(schema_id: str, data: Any, **fields: Any) -> Blob:
    """Returns a blob of user-ana with this data; any other field may be given."""
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "id": new_id("blob"),
        "user_id": USER,
        "processor_id": "user-input",
        "schema_id": schema_id,
        "schema_version": "1.0.0",
        "data": data,
        "size": len(msgspec.json.encode(data)),
        "created_by": USER,
        "changed_by": USER,
        "created_at": now,
        "updated_at": now,
    }
    return Blob(**(given | fields))


async def run(
    processor: Processor[S],
    blob: Blob,
    *,
    language: Language | None = None,
    settings: Mapping[str, Any] | None = None,
    blobs: Sequence[Blob] = (),
    buckets: Sequence[Bucket] = (),
    steps: MemorySteps | None = None,
    files: SavedFiles | None = None,
    demonstration: bool = False,
) -> RunResult:
    """Runs the processor on the blob; its context contains `blobs` and `buckets` besides.

    `files` are those that it can open, and those that it saves.

    `steps` are the finished steps that it finds, and those that it finishes: given to a second run, it goes on where
    the first one ended. `demonstration`: the model is the one that comes with the studio. Raises what the processor
    raises: Refuse, Retry, or anything else. Outputs are not checked against a schema.
    """
    reports: list[tuple[float, str | None]] = []
    prompts: dict[int, RunPrompt] = {}

    async def keep_prompts(new: NewPrompts) -> KeptPrompts:
        prompts.update((prompt.number, prompt) for prompt in new.prompts)
        return KeptPrompts(kept=len(new.prompts))

    async def send_progress(fraction: float, text: str | None) -> None:
        reports.append((fraction, text))

    context = Context(
        processor.settings_from(settings or {}),
        language=language,
        caller=Caller(user_id=blob.user_id, kind="processor", processor_id=processor.id),
        state=_MemoryState(_with_source(blob, blobs), buckets),
        send_progress=send_progress,
        files=files,
        steps=steps,
        send_prompts=keep_prompts,
        report_interval=0.0,
        demonstration=demonstration,
    )
    try:
        outputs = await processor.run(blob, context)
    except BaseException:
        await context.end(send=False)
        raise
    await context.end(send=True)
    return RunResult(outputs, reports, context.cost, [prompts[number] for number in sorted(prompts)])


async def rehearse(
    processor: Processor[S],
    blob: Blob,
    *,
    settings: Mapping[str, Any] | None = None,
    blobs: Sequence[Blob] = (),
    buckets: Sequence[Bucket] = (),
) -> RehearsalReport:
    """Returns the prompts that a run on this blob would send, as the studio shows them before it begins."""
    return await rehearsal.rehearse(
        processor,
        blob,
        processor.settings_from(settings or {}),
        caller=Caller(user_id=blob.user_id, kind="processor", processor_id=processor.id),
        state=_MemoryState(_with_source(blob, blobs), buckets),
    )


def _with_source(blob: Blob, blobs: Sequence[Blob]) -> Sequence[Blob]:
    """Returns the blobs with the processed one among them: first, unless it has its place there already."""
    return blobs if any(one.id == blob.id for one in blobs) else [blob, *blobs]


class _MemoryState:
    """The state service's verbs over blobs and buckets in memory."""

    def __init__(self, blobs: Sequence[Blob], buckets: Sequence[Bucket]) -> None:
        self.blobs: BlobReads = _MemoryBlobs(blobs)
        self.buckets: BucketReads = _MemoryBuckets(buckets)
        self.contents: ContentsReads = _MemoryContents(blobs, buckets)
        self.search: SearchReads = MemorySearch(blobs, buckets)


class _MemoryBuckets:
    def __init__(self, buckets: Sequence[Bucket]) -> None:
        self._buckets = {bucket.id: bucket for bucket in buckets}

    async def get(self, caller: Caller, id: str) -> Bucket:
        if id not in self._buckets:
            raise NotFound(id=id)
        return self._buckets[id]


class _MemoryBlobs:
    def __init__(self, blobs: Sequence[Blob]) -> None:
        self._blobs = {blob.id: blob for blob in blobs}

    async def get(self, caller: Caller, id: str) -> Blob:
        if id not in self._blobs:
            raise NotFound(id=id)
        return self._blobs[id]

    async def list(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]:
        found = [
            blob
            for blob in self._blobs.values()
            if (bucket_id is None or bucket_id in blob.bucket_ids) and schema_id in (None, blob.schema_id)
        ]
        start = int(cursor or 0)
        more = str(start + limit) if start + limit < len(found) else None
        return Page(items=tuple(found[start : start + limit]), next_cursor=more)


class _MemoryContents:
    """The contents of buckets: child buckets by their rank, then the blobs in the order in which they were given."""

    def __init__(self, blobs: Sequence[Blob], buckets: Sequence[Bucket]) -> None:
        self._blobs, self._buckets = blobs, sorted(buckets, key=lambda bucket: (bucket.rank, bucket.id))

    async def list(
        self,
        caller: Caller,
        id: str,
        *,
        kind: ItemKind | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[TreeItem]:
        found = [item for item in self._items(id) if kind is None or (item.bucket is None) == (kind == "blob")]
        start = int(cursor or 0)
        more = str(start + limit) if start + limit < len(found) else None
        return Page(items=tuple(found[start : start + limit]), next_cursor=more)

    def _items(self, id: str) -> Iterator[TreeItem]:
        root = next((bucket for bucket in self._buckets if bucket.id == id), None)
        if root is None:
            raise NotFound(id=id)
        stack = [TreeItem(depth=0, bucket=root, parent_bucket_id=root.parent_bucket_id)]
        while stack:
            item = stack.pop()
            yield item
            if item.bucket is not None:
                stack.extend(reversed(self._inside(item.bucket.id, item.depth + 1)))

    def _inside(self, bucket_id: str, depth: int) -> Sequence[TreeItem]:
        facts: dict[str, Any] = {"depth": depth, "parent_bucket_id": bucket_id}
        buckets = [TreeItem(bucket=one, **facts) for one in self._buckets if one.parent_bucket_id == bucket_id]
        return buckets + [TreeItem(blob=blob, **facts) for blob in self._blobs if bucket_id in blob.bucket_ids]
