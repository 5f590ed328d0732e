"""The entries of blobs and buckets."""

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.search.entry import Entry
from reyna.domain.search.extraction import title_and_text_of_blob, title_and_text_of_bucket
from reyna.domain.search.languages import detected_language, named_language


def entry_of_blob(blob: Blob, bucket_ids: tuple[str, ...], language: str | None = None) -> Entry:
    """Returns the entry of a blob in these buckets; without a `language`, it is detected."""
    title, text = title_and_text_of_blob(blob.schema_id, blob.data)
    return Entry(
        id=blob.id,
        user_id=blob.user_id,
        kind="blob",
        revision=blob.revision,
        data_since=blob.data_since,
        schema_id=blob.schema_id,
        processor_id=blob.processor_id,
        parent_id=blob.parent_id,
        parent_revision=blob.parent_revision,
        bucket_ids=bucket_ids,
        language=language or detected_language(text),
        title=title,
        text=text,
        created_at=blob.created_at,
        updated_at=blob.updated_at,
        is_trashed=blob.trashed_at is not None,
    )


def entry_of_bucket(bucket: Bucket) -> Entry:
    title, text = title_and_text_of_bucket(bucket)
    return Entry(
        id=bucket.id,
        user_id=bucket.user_id,
        kind="bucket",
        revision=bucket.revision,
        type=bucket.type,
        bucket_ids=(bucket.parent_bucket_id,) if bucket.parent_bucket_id else (),
        language=named_language(bucket.metadata.get("language")),
        title=title,
        text=text,
        created_at=bucket.created_at,
        updated_at=bucket.updated_at,
        is_trashed=bucket.trashed_at is not None,
    )
