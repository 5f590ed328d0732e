"""The first tables of the four services, and the function that makes a write fail."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection, namespace

revision = "v0001_first_tables"
down_revision = None
branch_labels = None
depends_on = None

# A write is one statement; this function makes it fail when a condition does not hold. `step` says which.
UNMET = """
create function reyna.unmet(step integer) returns boolean language plpgsql as $$
begin raise exception using errcode = 'RY001', message = step::text; end $$
"""

STATE = [
    collection(
        "state.blobs",
        "schema_id text, processor_id text, parent_id text, created_at timestamptz, trashed_at timestamptz",
        # Listings leave out the trash: kept out of their indexes, a full bin costs them nothing.
        "id where trashed_at is null",
        "schema_id, id where trashed_at is null",
        "processor_id, id where trashed_at is null",
        "parent_id, id where parent_id is not null",
        "trashed_at, id where trashed_at is not null",
    ),
    collection("state.revisions", "blob_id text, number bigint, conflict boolean", "blob_id, number, id"),
    collection(
        "state.buckets",
        "type text, parent_bucket_id text, rank text, name text, trashed_at timestamptz",
        "parent_bucket_id, rank, id",
        "type, rank, id",
        "rank, id where trashed_at is null",
        "trashed_at, id where trashed_at is not null",
    ),
    collection(
        "state.placements",
        "bucket_id text, blob_id text, rank text, trashed_at timestamptz",
        "bucket_id, rank, id where trashed_at is null",
        "blob_id, id",
    ),
    collection("state.trees", ""),
]
SCHEMAS = [
    collection(
        "schemas.versions",
        "schema_id text, name text, major bigint, kind text, scope text, created_at timestamptz, version text, "
        "fingerprint text",
        "schema_id, created_at, id",
        "name, major, id",
        "name, fingerprint",
    ),
    collection("schemas.latest", "name text, kind text, major bigint, version text", "name, id", "kind, id"),
]
PROCESSORS = [
    collection("processors.processors", ""),
    collection(
        "processors.instances",
        "processor_id text, bucket_id text, enabled boolean, created_at timestamptz",
        "created_at, id",
        "bucket_id, id where bucket_id is not null",
    ),
    collection(
        "processors.runs",
        "processor_id text, blob_id text, status text, requested_at timestamptz",
        "requested_at, id",
        "status, requested_at, id",
        "processor_id, requested_at, id",
        "blob_id, requested_at, id",
    ),
    collection(
        "processors.dead", "processor_id text, run_id text, created_at timestamptz", "processor_id, id", "run_id"
    ),
]
STUDIO = [
    collection("studio.users", "email text", "email"),
    collection("studio.emails", ""),
    collection("studio.sessions", "owner_id text, expires_at timestamptz", "owner_id, id", "expires_at, id"),
]


def upgrade() -> None:
    op.execute(UNMET)
    for service, collections in {
        "state": STATE,
        "schemas": SCHEMAS,
        "processors": PROCESSORS,
        "studio": STUDIO,
    }.items():
        for statement in [*namespace(service), *(line for lines in collections for line in lines)]:
            op.execute(statement)
