"""Reads archives that the studio has exported."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import msgspec

from reyna.domain.errors import Invalid, Refusal
from reyna.domain.schema import NewSchema
from reyna.services.state.transfer.formats.history_lines import read_history
from reyna.services.state.transfer.layout.documents import read_json, read_markdown
from reyna.services.state.transfer.layout.entry_names import (
    BUCKET_DOCUMENT,
    DEEP,
    FILE_INDEX,
    FILES,
    LIBRARY,
    MANIFEST,
    READ_ME,
    REVISIONS,
    SCHEMAS,
    UNPLACED,
)
from reyna.services.state.transfer.layout.facts import (
    FORMAT_VERSION,
    ArchiveBlob,
    ArchiveBucket,
    ArchiveFile,
    ArchiveManifest,
    BucketDocument,
)
from reyna.services.state.transfer.reading.items import (
    IncomingBlob,
    IncomingBucket,
    IncomingFile,
    IncomingIds,
    IncomingItem,
    IncomingPlace,
    IncomingSchema,
    TakeNote,
)
from reyna.services.state.transfer.reading.opened_archive import BadArchive, OpenedArchive

CONTENT_FOLDERS: Final = (LIBRARY, UNPLACED, DEEP)
KNOWN_FOLDERS: Final = (*CONTENT_FOLDERS, FILES, REVISIONS, SCHEMAS)
MAX_INDEX_BYTES: Final = 256 * 1024 * 1024  # of the manifest, of the index of files and of the document of a bucket


def is_reyna_archive(archive: OpenedArchive) -> bool:
    """Tells whether the studio wrote the archive."""
    return archive.is_zip and MANIFEST in archive and READ_ME in archive


def read_reyna_archive(archive: OpenedArchive, name: str, note: TakeNote) -> Iterator[IncomingItem]:
    """Yields what an archive of ours holds; what was written into it by others is noted."""
    manifest = read_manifest(archive)
    _check_entries(archive, manifest, note)
    yield from _read_schemas(archive, note)
    yield from _read_files(archive)
    documents = _read_buckets(archive)
    places: defaultdict[str, list[IncomingPlace]] = defaultdict(list)
    for path, document in documents:
        facts = document.bucket
        yield _planned_bucket(path, facts)
        for item in document.items:
            if item.kind == "blob":
                places[item.id].append(
                    IncomingPlace(bucket=facts.id, position=item.position, label=item.label, placed_at=item.placed_at)
                )
    unplaced = [path for path in archive.paths if path.startswith(f"{UNPLACED}/") and _is_blob_document(path)]
    ids = {document.bucket.id for _, document in documents} | places.keys() | _ids_of(archive, unplaced)
    yield IncomingIds(frozenset(ids))
    seen: set[str] = set()
    for path in archive.paths:
        if not _is_blob_document(path):
            continue
        try:
            facts_of_blob, data = _read_document(archive, path)
        except Refusal as refusal:
            note(path, "rejected", refusal.detail)
            continue
        if facts_of_blob.id in seen:
            note(path, "ignored", "The archive has this blob twice: it was moved while it was exported.")
            continue
        seen.add(facts_of_blob.id)
        yield _planned_blob(archive, path, facts_of_blob, data, tuple(places.get(facts_of_blob.id, ())))


def read_manifest(archive: OpenedArchive) -> ArchiveManifest:
    """Returns the manifest. Raises BadArchive for another format, or one from a later version."""
    if MANIFEST not in archive:
        raise BadArchive("The archive has no manifest.json at its end: it is not whole, or not an export of a studio.")
    try:
        manifest = msgspec.json.decode(archive.read(MANIFEST, MAX_INDEX_BYTES), type=ArchiveManifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadArchive(f"manifest.json is not that of an export: {error}") from error
    if manifest.format_version > FORMAT_VERSION:
        raise BadArchive("The archive was exported by a later version of the studio.")
    return manifest


def _check_entries(archive: OpenedArchive, manifest: ArchiveManifest, note: TakeNote) -> None:
    listed = {entry.path for entry in manifest.entries} | {MANIFEST}
    if missing := sorted(listed.difference(archive.paths)):
        raise BadArchive(f"The archive is not whole: {missing[0]} is missing, and {len(missing) - 1:,} more.")
    for path in archive.paths:
        if path not in listed and path.partition("/")[0] not in KNOWN_FOLDERS:
            note(path, "not_understood", "It is not part of the export.")


def _read_schemas(archive: OpenedArchive, note: TakeNote) -> Iterator[IncomingSchema]:
    found: list[tuple[tuple[int, ...], IncomingSchema]] = []
    for path in archive.paths:
        if path.startswith(f"{SCHEMAS}/"):
            try:
                new = msgspec.json.decode(archive.read(path), type=NewSchema)
                order = tuple(int(part) for part in (new.version or "0").partition("-")[0].split("."))
            except (msgspec.MsgspecError, ValueError) as error:
                note(path, "rejected", f"It is no schema: {error}")
                continue
            found.append((order, IncomingSchema(path=path, new=new)))
    for _, schema in sorted(found, key=lambda one: (one[1].new.name, one[0])):
        yield schema


def _read_files(archive: OpenedArchive) -> Iterator[IncomingFile]:
    if FILE_INDEX not in archive:
        return
    try:
        index = msgspec.json.decode(archive.read(FILE_INDEX, MAX_INDEX_BYTES), type=dict[str, list[ArchiveFile]])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadArchive(f"{FILE_INDEX} cannot be read: {error}") from error
    for file in index.get("files", []):
        if file.path not in archive:
            raise BadArchive(f"The archive is not whole: {file.path} is missing.")
        facts: dict[str, Any] = {
            name: getattr(file, name) for name in ("created_at", "width", "height", "duration", "peaks")
        }
        facts["created_by"] = file.created_by
        yield IncomingFile(path=file.path, name=file.name, facts=facts)


def _read_buckets(archive: OpenedArchive) -> list[tuple[str, BucketDocument]]:
    """Returns the documents of the buckets, each behind that of its parent. Raises BadArchive for a loop."""
    found: dict[str, tuple[str, BucketDocument]] = {}
    for path in archive.paths:
        if path.rpartition("/")[2] == BUCKET_DOCUMENT and path.partition("/")[0] in CONTENT_FOLDERS:
            try:
                document = msgspec.json.decode(archive.read(path, MAX_INDEX_BYTES), type=BucketDocument)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise BadArchive(f"{path} cannot be read: {error}") from error
            if document.bucket.id in found:
                raise BadArchive(f"{path} is a bucket that the archive has twice.")
            found[document.bucket.id] = path, document
    children: defaultdict[str | None, list[str]] = defaultdict(list)
    for id, (_, document) in found.items():
        parent = document.bucket.parent
        children[parent if parent in found else None].append(id)
    order = list(children[None])
    for id in order:  # grows while it is walked
        order += children[id]
    if len(order) != len(found):
        raise BadArchive("The archive has buckets that contain themselves.")
    return [found[id] for id in order]


def _planned_bucket(path: str, facts: ArchiveBucket) -> IncomingBucket:
    return IncomingBucket(
        key=facts.id,
        parent=facts.parent,
        position=facts.position,
        name=facts.name,
        type=facts.type,
        metadata=facts.metadata,
        created_at=facts.created_at,
        updated_at=facts.updated_at,
        path=path,
    )


def _is_blob_document(path: str) -> bool:
    folder, _, rest = path.partition("/")
    name = rest.rpartition("/")[2]
    return folder in CONTENT_FOLDERS and name != BUCKET_DOCUMENT and name.endswith((".md", ".json"))


def _read_document(archive: OpenedArchive, path: str) -> tuple[ArchiveBlob, Any]:
    content = archive.read(path)
    if path.endswith(".json"):
        return read_json(content)
    try:
        return read_markdown(content.decode())
    except UnicodeDecodeError as error:
        raise Invalid("is not UTF-8") from error


def _ids_of(archive: OpenedArchive, paths: list[str]) -> set[str]:
    """Returns the ids of the blobs at these paths."""
    found: set[str] = set()
    for path in paths:
        with suppress(Refusal):  # the blob itself will be noted
            found.add(_read_document(archive, path)[0].id)
    return found


def _planned_blob(
    archive: OpenedArchive, path: str, facts: ArchiveBlob, data: Any, places: tuple[IncomingPlace, ...]
) -> IncomingBlob:
    return IncomingBlob(
        key=facts.id,
        path=path,
        places=places,
        data=data,
        schema_id=facts.schema,
        version=facts.version,
        processor_id=facts.processor,
        parent=facts.parent,
        parent_revision=facts.parent_revision,
        created_by=facts.created_by,
        changed_by=facts.changed_by,
        author_kind=facts.author_kind,
        created_at=facts.created_at,
        updated_at=facts.updated_at,
        sequence=facts.sequence,
        legacy=facts.legacy,
        history=read_history(archive, facts),
    )
