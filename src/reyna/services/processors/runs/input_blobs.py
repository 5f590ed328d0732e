"""The blobs that a run is requested for: read, and checked against the schemas that the processor takes."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import DataError, Invalid, NotFound, TooMuch
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.schema_patterns import is_pattern, takes_schema
from reyna.domain.processing.whole_bucket import is_source, settings_for_bucket
from reyna.domain.requests.page import MAX_PAGE_SIZE
from reyna.services.processors.neighbours import SchemaLookup, StateVerbs
from reyna.services.processors.registry.registration_check import majors_of

MAX_RUNS_PER_REQUEST: Final = 1_000  # which are written at once


class InputNames(Protocol):
    """The part of a request that names its input: blobs or a bucket."""

    @property
    def blob_ids(self) -> tuple[str, ...]: ...
    @property
    def bucket_id(self) -> str | None: ...


class RunInput(NamedTuple):
    """The blobs to run on, one run each, and the settings of these runs."""

    blobs: list[Blob]
    settings: dict[str, Any]


class InputBlobs:
    """Reads the input of runs from the state service."""

    def __init__(self, state: StateVerbs, schemas: SchemaLookup) -> None:
        self._state, self._schemas = state, schemas

    async def find(self, caller: Caller, processor: Processor, named: InputNames, settings: dict[str, Any]) -> RunInput:
        """Returns the input that a request names. For a processor of whole buckets, a bucket is one run.

        Raises NotFound, Invalid (by path), and TooMuch.
        """
        if named.bucket_id is None:
            return RunInput(await self.get_many(caller, processor, named.blob_ids), settings)
        if not processor.whole_bucket:
            return RunInput(await self.list_in_bucket(caller, processor, named.bucket_id), settings)
        settings = settings_for_bucket(settings, named.bucket_id)
        return RunInput([await self._first_in_bucket(caller, processor, named.bucket_id)], settings)

    async def get(self, caller: Caller, processor: Processor, blob_id: str, path: str) -> Blob:
        """Returns the blob. Raises NotFound, also for one in the trash, and Invalid for a schema that is not taken.

        `path` is the place of the id in the request, for the error.
        """
        try:
            blob = await self._state.blobs.get_stored(caller, blob_id)
        except NotFound:
            blob = None
        if blob is None or blob.trashed_at is not None:
            message = "there is no blob of yours under this id" if blob is None else "this blob is in the trash"
            error = DataError(path=path, message=message)
            raise NotFound(f"{path.lstrip('/')}: {message}", errors=[error], id=blob_id) from None
        if not takes_schema(processor.input_schemas, blob.schema_id):
            taken = ", ".join(processor.input_schemas)
            raise Invalid.at(path, f"is {blob.schema_id}, which {processor.id} does not take", expected=taken)
        return blob

    async def get_many(self, caller: Caller, processor: Processor, blob_ids: tuple[str, ...]) -> list[Blob]:
        """Returns each of these blobs once. Raises TooMuch, and as `get`."""
        _check_count(len(blob_ids))
        wanted = dict.fromkeys(blob_ids)
        paths = {blob_id: f"/blob_ids/{blob_ids.index(blob_id)}" for blob_id in wanted}
        return [await self.get(caller, processor, blob_id, paths[blob_id]) for blob_id in wanted]

    async def list_in_bucket(self, caller: Caller, processor: Processor, bucket_id: str) -> list[Blob]:
        """Returns each blob in the bucket's subtree that the processor takes. Raises NotFound and TooMuch."""
        blobs: dict[str, Blob] = {}
        schema_ids = await self._taken_schemas(caller, processor)
        bucket_ids = subtree_of(bucket_id, await self._state.buckets.parents(caller))
        cursor: str | None = None
        while True:
            page = await self._state.blobs.list_in_buckets(
                caller, bucket_ids, schema_ids, limit=MAX_PAGE_SIZE, cursor=cursor
            )
            blobs |= {blob.id: blob for blob in page.items}
            _check_count(len(blobs))
            if (cursor := page.next_cursor) is None:
                return list(blobs.values())

    async def _first_in_bucket(self, caller: Caller, processor: Processor, bucket_id: str) -> Blob:
        """Returns the first blob in reading order that a run on the whole bucket starts from.

        Raises NotFound, Conflict for a bucket in the trash, and Invalid when there is none.
        """
        cursor: str | None = None
        while True:
            page = await self._state.contents.list(caller, bucket_id, kind="blob", limit=MAX_PAGE_SIZE, cursor=cursor)
            for item in page.items:
                if item.blob is not None and is_source(processor, item.blob.schema_id):
                    return item.blob
            if (cursor := page.next_cursor) is None:
                message = f"there is nothing in this bucket that {processor.name} takes"
                raise Invalid.at("/bucket_id", message, expected=", ".join(processor.input_schemas))

    async def _taken_schemas(self, caller: Caller, processor: Processor) -> list[str]:
        """Returns the ids of the schemas that the processor takes, with every major in the place of a pattern."""
        taken: dict[str, None] = {}
        for pattern in processor.input_schemas:
            ids = await majors_of(self._schemas, caller, pattern) if is_pattern(pattern) else [pattern]
            taken |= dict.fromkeys(ids)
        return list(taken)


def subtree_of(bucket_id: str, parents: Mapping[str, str | None]) -> list[str]:
    """Returns the bucket and all below it, nearest first."""
    children: dict[str | None, list[str]] = {}
    for id, parent in parents.items():
        children.setdefault(parent, []).append(id)
    found = {bucket_id: None}
    waiting = [bucket_id]
    while waiting:
        waiting = [child for id in waiting for child in children.get(id, ()) if child not in found]
        found |= dict.fromkeys(waiting)
    return list(found)


def _check_count(runs: int) -> None:
    if runs > MAX_RUNS_PER_REQUEST:
        raise TooMuch(f"At most {MAX_RUNS_PER_REQUEST:,} runs can be requested at once.", allowed=MAX_RUNS_PER_REQUEST)
