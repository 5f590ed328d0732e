"""Descriptions of parameters, by name; `path/name` where a name means something else at that address."""

from collections.abc import Mapping
from typing import Final

PARAMETERS: Final[Mapping[str, str]] = {
    "id": "The id of the record.",
    "blob_id": "Only what belongs to this blob.",
    "bucket_id": "Only what is placed directly in this bucket.",
    "parent_bucket_id": "Only buckets directly inside this one; `none` for those at the top.",
    "parent_id": "Only blobs derived from this one.",
    "schema_id": "Only blobs of this schema.",
    "processor_id": "Only what was made by, or belongs to, this processor.",
    "schema_version": "The version of the schema to bring the data to before it is answered.",
    "kind": "Only schemas for blobs, or only for buckets.",
    "name": "Only schemas of this name.",
    "version": "The version, such as `1.2.0`.",
    "type": "Only of this type.",
    "q": "Words that must all stand in the name, in any case, with or without accents; at most 200 characters.",
    "status": "Only runs with this status.",
    "named": "Only revisions that have a name.",
    "number": "The revision, by number, id or name.",
    "depth": "How many levels of buckets to answer; all when left out.",
    "from": "The first one.",
    "to": "The last one.",
    "since": "Behind this cursor, or from this time (RFC 3339) on.",
    "limit": "Items on a page, from 1 to 200.",
    "cursor": "`next_cursor` of the page before.",
    "map": "A field that becomes buckets: `field=type[:parent_field]`; `field=` for none.",
    "dry_run": "Write nothing; say what would be done.",
    "If-Match": 'The revisions that this is meant for, as `"3"`, or the ETag of the record; else the answer is 412.',
    "Idempotency-Key": "1 to 200 printable ASCII characters of the client's choosing, by which the request may be "
    "repeated for 7 days: the same again gets the same answer, another one 422, one still running 409.",
    "/buckets/{id}/blobs/{blob_id}/blob_id": "The blob.",
    "/blobs/{id}/diff/from": "The older revision; the one before `to` when left out.",
    "/blobs/{id}/diff/to": "The newer revision; the newest when left out.",
    "/work/{processor_id}/claim/processor_id": "A processor of your own.",
    "/runs/{id}/steps/{name}/name": "The name of the step.",
    "/schemas/{id}/usage/from": "The first day (UTC).",
    "/schemas/{id}/usage/to": "The last day (UTC).",
    "/events/type": "Only events of this type; `blob.*` for all of an entity.",
}
