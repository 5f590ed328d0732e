"""The sums of users, names of revisions, upgrade tasks, use of schemas, and the revision of a blob's data."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection, sums

revision = "v0005_sums_and_history"
down_revision = "v0004_requests"
branch_labels = None
depends_on = None

SERVICES = ("schemas", "state", "processors", "studio")
# How a write takes itself back when a sum would exceed its bound; its message is the name of the sum.
OVER = """
create function reyna.over(sum text) returns boolean language plpgsql as $$
begin raise exception using errcode = 'RY002', message = sum; end $$
"""
COLLECTIONS = [
    collection("state.names", "blob_id text, number bigint", "blob_id, number, id"),
    collection("state.upgrades", "created_at timestamptz", "created_at, id"),
    collection("schemas.usage", "schema_id text, day text", "schema_id, day, id"),
]
# A blob of before has no other mark of it than its revision, which is never too small.
DATA_REVISION = [
    "alter table state.blobs add column data_revision bigint, add column size bigint",
    "update state.blobs set data_revision = revision, size = coalesce((body::jsonb ->> 'size')::bigint, 0)",
]
PURGING = [
    "alter table state.trash add column purging boolean",
    "update state.trash set purging = false",
    "create index trash_purging on state.trash (user_id, id) where purging",
]
SO_FAR = [
    "insert into state.sums select user_id, 'blobs', count(*) from state.blobs group by 1",
    "insert into state.sums select user_id, 'bytes', sum(size) from state.blobs group by 1",
    "insert into state.sums select user_id, 'buckets', count(*) from state.buckets group by 1",
]


def upgrade() -> None:
    op.execute(OVER)
    for service in SERVICES:
        for statement in sums(service):
            op.execute(statement)
    for lines in COLLECTIONS:
        for statement in lines:
            op.execute(statement)
    for statement in [*DATA_REVISION, *PURGING, *SO_FAR]:
        op.execute(statement)
