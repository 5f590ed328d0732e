"""The state service: everything a user made, and how it is arranged."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple

from reyna.ports.embeddings import Embeddings
from reyna.ports.files import FileStorage
from reyna.ports.passages import PassageIndex
from reyna.ports.search import SearchIndex
from reyna.ports.store import Store
from reyna.services.state.acceptance.acceptances import Acceptances
from reyna.services.state.acceptance.accepted_text import AcceptedTextWriter
from reyna.services.state.bulk.bulk import Bulk
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.content.blob_writer import BlobWriter
from reyna.services.state.content.blobs import Blobs
from reyna.services.state.content.earlier_data import EarlierData
from reyna.services.state.content.lineage import LineageVerbs
from reyna.services.state.content.schema_cache import SchemaCache, SchemaVerbs
from reyna.services.state.content.usage_counting_store import UsageCountingStore
from reyna.services.state.files.file_collection import FileCollector
from reyna.services.state.files.file_references import FileReferences
from reyna.services.state.files.files import Files
from reyna.services.state.files.parts import PartStorage
from reyna.services.state.files.uploads import Uploads
from reyna.services.state.history.act_reversal import ActReversal
from reyna.services.state.history.journal import Journal
from reyna.services.state.integrity.examination import Integrity
from reyna.services.state.key_access.reach import KeyReach
from reyna.services.state.legacy_import.legacy_import import LegacyImport
from reyna.services.state.quota import Quota, QuotaUsage
from reyna.services.state.records import REQUESTS
from reyna.services.state.revisions.revisions import Revisions
from reyna.services.state.search.indexer import Indexer
from reyna.services.state.search.meaning import SemanticSearch
from reyna.services.state.search.search import Search
from reyna.services.state.structure.bucket_reader import BucketReader
from reyna.services.state.structure.buckets import Buckets
from reyna.services.state.structure.contents import Contents
from reyna.services.state.structure.copies import Copies
from reyna.services.state.structure.placements import Placements
from reyna.services.state.templates.document_reading import DocumentReader
from reyna.services.state.templates.template_use import TemplateUses
from reyna.services.state.templates.templates import Templates
from reyna.services.state.transfer.exports.verbs import Exports
from reyna.services.state.transfer.imports.import_run import ImportParts
from reyna.services.state.transfer.imports.import_worker import ImportWorker
from reyna.services.state.transfer.imports.verbs import Imports
from reyna.services.state.trash.purging import Purging
from reyna.services.state.trash.trash import Trash
from reyna.services.state.trash.trash_units import TrashUnits
from reyna.services.state.upgrades.upgrades import Upgrades
from reyna.storage.idempotency import IdempotencyKeys
from reyna.storage.logical_clock import LogicalClock
from reyna.validation.sandbox.sandbox import ValidationSandbox

FILE_GRACE: Final = timedelta(days=7)


class Environment(NamedTuple):
    """The collaborators that all parts of one state service share, on whatever store they are built."""

    schemas: SchemaCache
    quota: Quota
    clock: LogicalClock
    idempotency_keys: IdempotencyKeys
    retention: timedelta | None

    def decorate(self, store: Store) -> Store:
        """Returns the store with the quota enforced and the order of each user kept."""
        return self.clock.wrap(self.quota.enforce_on(store))


class EditingParts:
    """The parts that change blobs and buckets, built on one store: the service's own, or the unit of work of a bulk."""

    def __init__(self, environment: Environment, store: Store) -> None:
        schemas, quota, clock, idempotency_keys, retention = environment
        store = environment.decorate(store)
        self.store = store
        self.blob_reader, self.bucket_reader = BlobReader(store), BucketReader(store)
        self.blob_writer = BlobWriter(store, self.blob_reader, quota)
        self.trash_units = TrashUnits(store, clock)
        self.revisions, files = Revisions(store, self.blob_reader), FileReferences(store)
        self.blobs = Blobs(
            store, schemas, quota, clock, idempotency_keys, self.blob_reader, self.blob_writer, self.revisions, files
        )
        self.buckets = Buckets(store, schemas, quota, clock, idempotency_keys, self.bucket_reader)
        self.placements = Placements(store, clock, self.blob_reader, self.bucket_reader)
        self.contents = Contents(store, self.blob_reader, self.bucket_reader)
        self.copies = Copies(store, quota, clock, idempotency_keys, self.bucket_reader)
        accepted = AcceptedTextWriter(
            store, schemas, quota, clock, idempotency_keys, self.blob_reader, self.blob_writer
        )
        self.acceptances = Acceptances(store, idempotency_keys, self.blob_reader, self.revisions, accepted)
        earlier = EarlierData(schemas, self.blob_reader, self.blob_writer, self.revisions)
        self.trash = Trash(store, clock, self.blob_reader, self.bucket_reader, self.trash_units, earlier, retention)


class State:
    """The state service. Each attribute is one group of verbs."""

    blobs: Blobs
    acceptances: Acceptances
    revisions: Revisions
    lineage: LineageVerbs
    buckets: Buckets
    placements: Placements
    contents: Contents
    copies: Copies
    trash: Trash
    purging: Purging
    journal: Journal
    bulk: Bulk
    upgrades: Upgrades
    legacy_import: LegacyImport
    integrity: Integrity
    quota: QuotaUsage
    uploads: Uploads
    files: Files
    search: Search
    templates: Templates
    template_uses: TemplateUses
    exports: Exports
    imports: Imports

    def __init__(
        self,
        store: Store,
        schemas: SchemaVerbs,
        *,
        allowed: Mapping[str, int | None] = {},
        keeps_trash: timedelta | None = None,
        sandbox: ValidationSandbox | None = None,
        clock: Callable[[], int] = time.time_ns,
        file_storage: FileStorage | None = None,
        max_file_bytes: int | None = None,
        file_grace: timedelta = FILE_GRACE,
        search_index: SearchIndex | None = None,
        passages: PassageIndex | None = None,
        embeddings: Embeddings | None = None,
    ) -> None:
        """`allowed`: how many `blobs`, `bytes` and `buckets` each user may keep; `keeps_trash`: how long, None for
        ever. `sandbox`: where costly data is validated; `clock` gives nanoseconds since 1970. `file_storage` holds the
        content of files, of at most `max_file_bytes` each; without it, none can be kept. `file_grace`: how long one is
        kept that no blob refers to. `search_index`: where content is found by its words; without it, search is a
        fault. `passages` and `embeddings`: where and by which model content is found by its meaning."""
        self.schema_cache = SchemaCache(schemas, sandbox)
        counting = UsageCountingStore(store, self.schema_cache.counts)
        quota, order, idempotency_keys = Quota(counting, allowed), LogicalClock(clock), IdempotencyKeys(store, REQUESTS)
        environment = Environment(self.schema_cache, quota, order, idempotency_keys, keeps_trash)
        editing = EditingParts(environment, counting)
        store, units = editing.store, editing.trash_units
        self.blobs, self.revisions, self.buckets = editing.blobs, editing.revisions, editing.buckets
        self.placements, self.contents = editing.placements, editing.contents
        self.copies, self.trash = editing.copies, editing.trash
        self.acceptances, self.lineage = editing.acceptances, LineageVerbs(store, editing.blob_reader)
        self.journal = Journal(store, order, idempotency_keys, ActReversal(store, order, environment.decorate), units)
        self.bulk = Bulk(store, order, idempotency_keys, units, partial(EditingParts, environment))
        self.upgrades = Upgrades(
            store, self.schema_cache, order, idempotency_keys, editing.blob_reader, editing.blob_writer
        )
        self.purging, self.legacy_import = Purging(store, quota), LegacyImport(store, self.schema_cache, quota, order)
        self.integrity, self.key_reach, self.quota = Integrity(store), KeyReach(store), QuotaUsage(store, quota)
        parts = PartStorage(file_storage)
        self.uploads, self.files = Uploads(store, quota, parts, max_file_bytes), Files(store, parts)
        self.indexer = None if search_index is None else Indexer(store, search_index, passages=passages)
        semantic = None if passages is None or embeddings is None else SemanticSearch(passages, embeddings)
        self.search = Search(store, search_index, self.indexer, editing.bucket_reader, semantic)
        self.templates = Templates(store, order, idempotency_keys, DocumentReader(store, editing.bucket_reader))
        self.template_uses = TemplateUses(store, self.schema_cache, quota, order, idempotency_keys, self.templates)
        self.file_collector = FileCollector(store, quota, parts, self.uploads, file_grace)
        self.exports = Exports(store, self.schema_cache, editing.blob_reader, editing.bucket_reader)
        importing = ImportParts(store, self.schema_cache, schemas, quota, order, self.uploads, self.file_collector)
        self._add_imports(importing, parts)

    def _add_imports(self, importing: ImportParts, parts: PartStorage) -> None:
        self.imports = Imports(importing.store, importing.order, importing.uploads)
        self.import_worker = ImportWorker(importing.store, parts, importing)
