"""The legacy import part: brings in the content of a legacy system, batch by batch, every line exactly once."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Invalid, Refusal, TooMuch
from reyna.ports.store import RequirementNotMet, Store
from reyna.services.state.content.schema_cache import CompiledSchema, SchemaCache
from reyna.services.state.files.file_references import FileReferences
from reyna.services.state.legacy_import.batch import Batch, DryRunResult
from reyna.services.state.legacy_import.bucket_builder import BucketBuilder, origin_of
from reyna.services.state.legacy_import.line_content import content_fingerprint, metadata_fits
from reyna.services.state.legacy_import.lines import BucketField, Line, bucket_ids
from reyna.services.state.legacy_import.report import Report
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS, BUCKETS
from reyna.services.state.structure.tree_counter import MAX_TREE_CHANGE_ATTEMPTS, TREE_BUSY, advance_tree_counter
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind
from reyna.transport.rpc import long_running


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The report of one batch; `dry_run` only of a dry run, to be given to the batches that follow."""

    report: Report
    dry_run: DryRunResult = DryRunResult()


class LegacyImport:
    """The verb that imports legacy lines.

    All ids are derived from the user and the legacy ids: repeating it, resuming it after a crash and two at once come
    to the same. A batch is one write. What it makes stands in no journal: it is not undone, but trashed.
    """

    def __init__(self, store: Store, schemas: SchemaCache, quota: Quota, clock: LogicalClock) -> None:
        self._store, self._schemas, self._quota, self._clock = store, schemas, quota, clock

    @long_running
    @retry_when_clock_is_behind
    async def migrate(
        self,
        caller: Caller,
        lines: list[Line],
        fields: dict[str, BucketField],
        *,
        dry_run: bool = False,
        assumed: DryRunResult = DryRunResult(),
    ) -> BatchResult:
        """Writes a blob for each line and buckets for the values of `fields`, and returns the report.

        Raises TooMuch over the quota, and Invalid for a type of bucket whose metadata must hold more than its origin.
        """
        acting = replace(caller, kind="import")
        without_origin = await self._types_without_origin(acting, fields)
        for _ in range(MAX_TREE_CHANGE_ATTEMPTS):
            batch = Batch(acting, lines, fields, self._clock)
            await self._load_existing(batch, assumed, without_origin)
            await self._add_lines(batch)
            if dry_run:
                return BatchResult(report=replace(batch.report(), dry_run=True), dry_run=batch.dry_run_result())
            steps = [*batch.steps(), self._clock.step(caller.user_id, self._clock.next(caller.user_id))]
            steps += self._quota.increments_of(caller.user_id, steps)
            steps += await FileReferences(self._store).mention_steps(batch.blobs)
            if batch.bucket_builder.has_moves:
                steps.append(await advance_tree_counter(self._store, acting.user_id))
            try:
                await self._store.write(*steps, messages=batch.messages())
            except RequirementNotMet:
                continue  # somebody else made some of it, or moved or trashed a bucket: look again
            return BatchResult(report=batch.report())
        raise Conflict(TREE_BUSY)

    async def _types_without_origin(self, caller: Caller, fields: Mapping[str, BucketField]) -> frozenset[str]:
        """Returns the types of buckets whose metadata must not hold their origin."""
        types = set()
        for kind in fields.values():
            schema = await self._schemas.for_bucket_type(caller, kind.type)
            if schema is not None and not await metadata_fits(caller, schema, origin_of()):
                if not await metadata_fits(caller, schema, {}):
                    raise Invalid.at("/map", f"a bucket of type {kind.type} needs metadata that no legacy line has")
                types.add(kind.type)
        return frozenset(types)

    async def _load_existing(self, batch: Batch, assumed: DryRunResult, without_origin: frozenset[str]) -> None:
        """Loads what exists already of all that the batch may create."""
        user_id = batch.caller.user_id
        wanted = sorted({id for legacy in batch.legacies for id in bucket_ids(user_id, legacy)})
        buckets = {bucket.id: bucket for bucket in await self._store.find(BUCKETS, user_id, {"id": wanted})}
        buckets |= {bucket.id: bucket for bucket in assumed.buckets}
        nested = [id for id, bucket in buckets.items() if bucket.parent_bucket_id is not None]
        walked = await self._store.walk(BUCKETS, user_id, nested, "parent_bucket_id", toward="parents")
        parents = {bucket.id: bucket.parent_bucket_id for _, bucket in walked}
        batch.bucket_builder = BucketBuilder(batch.caller, buckets.values(), without_origin, parents, self._clock)
        ids = [batch.id_of(legacy) for legacy in batch.legacies]
        batch.fingerprints = dict(assumed.blobs)
        for blob in await self._store.find(BLOBS, user_id, {"id": ids}):
            # One that was changed since says nothing any more about the line that it was made of.
            batch.fingerprints[blob.id] = (
                content_fingerprint(blob.schema_id, blob.data) if blob.author_kind == "import" else None
            )

    async def _add_lines(self, batch: Batch) -> None:
        schemas: dict[str, CompiledSchema | Invalid] = {}
        for legacy in batch.legacies:
            if legacy.schema_id not in schemas:
                schemas[legacy.schema_id] = await self._find_schema(batch.caller, legacy.schema_id)
            try:
                await batch.add(legacy, schemas[legacy.schema_id])
            except Refusal as refusal:
                if type(refusal) is TooMuch:  # the machine is busy, which says nothing about the line
                    raise
                batch.leave_out(legacy.number, "rejected", refusal.detail, legacy.id)
        await self._break_loops(batch)

    async def _find_schema(self, caller: Caller, schema_id: str) -> CompiledSchema | Invalid:
        try:
            return await self._schemas.latest(caller, schema_id)
        except Invalid as missing:
            return missing

    async def _break_loops(self, batch: Batch) -> None:
        """Removes the parent of blobs that would come from themselves.

        A blob that existed before can only be part of a loop if it comes from a line.
        """
        user_id, ids = batch.caller.user_id, {blob.id for blob in batch.blobs}
        walked: list[tuple[int, Blob]] = []
        if ids and await self._store.select(BLOBS, user_id, ("id",), {"parent_id": ids}):
            starts = {blob.parent_id for blob in batch.blobs if blob.parent_id is not None} - ids
            walked = await self._store.walk(BLOBS, user_id, sorted(starts), "parent_id", toward="parents")
        batch.break_loops({blob.id: blob.parent_id for _, blob in walked})
